//! Paths, and what other programs say, without the secrets that are in them: a name can hold one as a content can, and is
//! told.

use std::path::{Path, PathBuf};

use super::{
    engine::Engine,
    finding::{Finding, Place, What},
    git::path_of,
    tree::Seen,
};
use crate::{failure::Failure, platform};

/// A path with the name of what it is in the place of each secret in it, and of what looks like one.
#[must_use]
pub fn path(engine: &Engine, path: &Path) -> PathBuf {
    let bytes = platform::value_bytes(path.as_os_str());
    let mut hits = Vec::new();
    let mut look = |from: usize, text: &[u8]| {
        engine.look(text, &mut |hit| {
            let start = from + usize::try_from(hit.at).unwrap_or(usize::MAX);
            hits.push((start, start.saturating_add(hit.length).min(bytes.len()), hit.what));
        });
    };
    look(0, &bytes);
    // Each name by itself too, as they are looked at: for some kinds of keys it counts what stands before them.
    let mut at = 0;
    for name in bytes.split(|byte| std::path::is_separator(char::from(*byte))) {
        look(at, name);
        at += name.len() + 1;
    }
    if hits.is_empty() {
        return path.to_owned();
    }
    hits.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let (mut told, mut from) = (Vec::new(), 0);
    for (start, end, what) in hits {
        // A secret of two keys is found twice; of what goes on behind another one nothing is told either.
        if start >= from {
            let what = match &what {
                What::Key { name, .. } => format!("[secret of {name}]"),
                What::Shape { kind, .. } => format!("[like: {kind}]"),
            };
            told.extend_from_slice(&bytes[from..start]);
            told.extend_from_slice(what.as_bytes());
        }
        from = end.max(from);
    }
    told.extend_from_slice(&bytes[from..]);
    path_of(&told)
}

/// A text, like a path.
#[must_use]
pub fn text(engine: &Engine, text: &str) -> String {
    path(engine, Path::new(text)).to_string_lossy().into_owned()
}

/// A failure that can be told: git's own words name branches, and others folders.
#[must_use]
pub fn failure(engine: &Engine, mut failure: Failure) -> Failure {
    failure.message = text(engine, &failure.message);
    failure.hints.iter_mut().for_each(|hint| *hint = text(engine, hint));
    failure
}

/// A finding whose place can be told.
#[must_use]
pub fn finding(engine: &Engine, finding: &Finding) -> Finding {
    Finding { place: place(engine, &finding.place), ..finding.clone() }
}

/// A place that can be told.
fn place(engine: &Engine, place: &Place) -> Place {
    let mut told = place.clone();
    match &mut told {
        Place::File(name) | Place::Staged(name) | Place::Object { path: name, .. } => *name = path(engine, name),
        Place::Within { archive, names } => {
            **archive = self::place(engine, archive);
            for name in names {
                *name = path(engine, name);
            }
        }
        Place::Reference(name) => *name = text(engine, name),
        Place::Loose(_) | Place::Process { .. } | Place::Input => {}
    }
    told
}

/// What was looked through, with paths that can be told.
#[must_use]
pub fn seen(engine: &Engine, mut seen: Seen) -> Seen {
    let named = seen.unreadable.iter_mut().map(|(path, _)| path).chain(&mut seen.elsewhere);
    named.for_each(|name| *name = path(engine, name));
    for (folder, why) in &mut seen.unasked {
        *folder = path(engine, folder);
        *why = text(engine, why);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scan::needles::{Kept, Needles, Which},
        secret::Secret,
    };

    #[test]
    fn a_path_is_told_without_the_secrets_in_it() {
        let secret = Secret::new(b"3Hq9ZbT7mWx2LcR5vYk8".to_vec());
        let kept = ["a/one", "two"].map(|name| Kept { name: name.into(), which: Which::Current, secret: &secret });
        let engine = Engine::new(Needles::of(kept), true);
        let stripe = ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat();
        for (name, told) in [
            ("src/.env", "src/.env".to_owned()),
            ("", String::new()),
            ("3Hq9ZbT7mWx2LcR5vYk8", "[secret of a/one]".to_owned()),
            ("x/3Hq9ZbT7mWx2LcR5vYk8.d/y 3Hq9ZbT7mWx2LcR5vYk8", "x/[secret of a/one].d/y [secret of a/one]".to_owned()),
            ("334871395a6254376d5778324c63523576596b38.log", "[secret of a/one].log".to_owned()),
            (&format!("logs/{stripe}.txt"), "logs/[like: Stripe secret key].txt".to_owned()),
        ] {
            assert_eq!(path(&engine, Path::new(name)), Path::new(&told), "{name}");
        }
    }
}
