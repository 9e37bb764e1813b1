//! Where the secret that is replaced lies beside the store: in the files of the projects that use it, in whatever form.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    name::KeyName,
    scan::{
        engine::Engine,
        finding::{Finding, Place, What},
        needles::{Form, Kept, Needles, Which},
        tree::{self, Bounds, Seen},
        untold,
    },
    secret::Secret,
    terminal::count,
};

/// How long they are looked for while somebody waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that are told; more are counted.
const MOST: usize = 100;

/// What a search found, and how far it came.
pub struct Copies {
    findings: Vec<Finding>,
    more: usize,
    seen: Seen,
}

impl Copies {
    /// Looks through every file below these folders, also those that git ignores: that is where secrets lie. `None` for a
    /// secret that is too short to be told from other words.
    #[must_use]
    pub fn find(folders: &[PathBuf], name: &KeyName, secret: &Secret) -> Option<Self> {
        let kept = Kept { name: name.as_str().into(), which: Which::Current, secret };
        let engine = Engine::new(Needles::of([kept]), false);
        if !engine.needles().too_short().is_empty() {
            return None;
        }
        let bounds = Bounds { ignored_too: true, leave_out_made: true, until: Some(Instant::now() + PATIENCE) };
        let (mut findings, mut seen) = tree::look_within(&engine, &roots(folders), bounds);
        let untold = std::mem::take(&mut seen.rest).tell(&mut findings, &|_| false);
        let more = number(untold.more) + findings.len().saturating_sub(MOST);
        findings.truncate(MOST);
        let findings = findings.iter().map(|finding| untold::finding(&engine, finding)).collect();
        Some(Self { findings, more, seen: untold::seen(&engine, seen) })
    }

    /// Each with its place and in what form the secret lies there.
    pub fn rows(&self) -> impl Iterator<Item = (String, String)> {
        self.findings.iter().map(|finding| (finding.whereabouts(), form(finding)))
    }

    /// The places, with a line for those that are only counted.
    #[must_use]
    pub fn places(&self) -> (Vec<String>, Option<String>) {
        let more = (self.more > 0).then(|| count(self.more, "more place"));
        (self.findings.iter().map(Finding::whereabouts).collect(), more)
    }

    /// The places for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let one = |finding: &Finding| {
            let (What::Key { form, .. }, Place::File(file)) = (&finding.what, &finding.place) else { return None };
            Some(json!({ "file": file.to_string_lossy(), "line": finding.line, "form": form.as_str() }))
        };
        self.findings.iter().filter_map(one).collect()
    }

    /// Where it was not looked.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.more > 0 {
            notes.push(format!("and {} in files", count(self.more, "more place")));
        }
        if self.seen.cut_short {
            notes.push(format!("the search for copies was cut short after {}", count(number(self.seen.files), "file")));
        }
        let unreadable = self.seen.unreadable.len() + number(self.seen.more_unreadable);
        if unreadable > 0 {
            notes.push(format!("not searched for copies: {}, not readable", count(unreadable, "file")));
        }
        notes
    }
}

fn number(of: u64) -> usize {
    usize::try_from(of).unwrap_or(usize::MAX)
}

fn form(finding: &Finding) -> String {
    match &finding.what {
        What::Key { partial: Some((has, of)), .. } => format!("holds {has} of the {of} bytes of the secret"),
        What::Key { form: Form::Raw | Form::Word, .. } | What::Shape { .. } => "holds the secret in clear".to_owned(),
        What::Key { form, .. } => format!("holds the secret, written as {form}"),
    }
}

/// The folders as they really lie, without those that lie in another one.
fn roots(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut real: Vec<PathBuf> = folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
    real.sort();
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in real {
        if !roots.iter().any(|root: &PathBuf| folder.starts_with(Path::new(root))) {
            roots.push(folder);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(top: &Path, secret: &str) -> Option<Copies> {
        Copies::find(&[top.to_owned(), top.join("in")], &"a".parse().expect("name"), &Secret::new(secret.into()))
    }

    // Its paths are those of Unix.
    #[cfg(unix)]
    #[test]
    fn each_line_that_holds_the_secret_is_told_once_with_its_form() {
        let kept = tempfile::tempdir().expect("folder");
        let top = kept.path().canonicalize().expect("real");
        let secret = "3Hq9ZbT7mWx2LcR5vYk8";
        std::fs::create_dir(top.join("in")).expect("make");
        std::fs::write(top.join(".env"), format!("A=1\nK={secret} # {secret}\n")).expect("write");
        std::fs::write(top.join("in/hex"), crate::hex::encode(secret.as_bytes())).expect("write");
        std::fs::write(top.join("in/part"), &secret[..16]).expect("write");
        let copies = find(&top, secret).expect("long enough");
        let rows: Vec<(String, String)> =
            copies.rows().map(|(place, how)| (place.replace(&format!("{}/", top.display()), ""), how)).collect();
        let row = |place: &str, how: &str| (place.to_owned(), how.to_owned());
        assert_eq!(
            rows,
            [
                row(".env:2", "holds the secret in clear"),
                row("in/hex:1", "holds the secret, written as hex"),
                row("in/part:1", "holds 16 of the 20 bytes of the secret"),
            ]
        );
        assert_eq!((copies.notes(), copies.seen.files), (vec![], 3));
    }

    #[test]
    fn what_is_found_a_thousand_times_is_told_a_hundred_times_and_counted() {
        let kept = tempfile::tempdir().expect("folder");
        std::fs::write(kept.path().join("many"), "the-secret-12\n".repeat(1000)).expect("write");
        let copies = find(kept.path(), "the-secret-12").expect("long enough");
        assert_eq!((copies.places().0.len(), copies.places().1.as_deref()), (100, Some("900 more places")));
        assert_eq!(copies.notes(), ["and 900 more places in files"]);
    }

    #[test]
    fn a_word_that_may_lie_anywhere_is_not_looked_for() {
        assert!(find(Path::new("/nowhere"), "1234567").is_none());
        assert!(find(Path::new("/nowhere"), "12345678").is_some());
    }
}
