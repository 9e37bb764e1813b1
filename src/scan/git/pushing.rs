//! What a push would send: the commits that the remote does not have yet, and what they brought in.
//!
//! git tells a pre-push hook on its standard input what goes where, a line for each: `local-ref local-id remote-ref
//! remote-id` (githooks(5)). The pre-commit framework tells it in variables instead.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Git, path_of, staged::SUBMODULE};
use crate::failure::{Failure, Kind, Result};

/// One reference on its way: the commit that is pushed, and the one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The commit that is pushed.
    pub local: String,
    /// The commit that the remote's reference is at, if there is such a reference.
    pub remote: Option<String>,
}

/// What is pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Each content with the first commit that brings it in, and its path there; a commit itself has no path.
    pub contents: Vec<(String, String, PathBuf)>,
    /// Every path that something is brought in under, with a commit that does so.
    pub paths: BTreeMap<PathBuf, String>,
    /// How many commits there are.
    pub commits: usize,
    /// How many submodules were changed: what they hold is not pushed from here.
    pub submodules: usize,
}

/// Reads the lines of a pre-push hook's standard input. Removing a reference sends nothing.
///
/// # Errors
/// `Usage` for a line that is none of git's.
pub fn updates(lines: &str) -> Result<Vec<Update>> {
    let mut updates = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, local, _, remote] = words[..] else { return Err(no_update()) };
        if !is_id(local) || !is_id(remote) {
            return Err(no_update());
        }
        if !is_zero(local) {
            updates.push(Update { local: local.to_owned(), remote: Some(remote.to_owned()).filter(|id| !is_zero(id)) });
        }
    }
    Ok(updates)
}

fn no_update() -> Failure {
    Failure::new(Kind::Usage, "standard input is not what git tells a pre-push hook")
        .hint("this is for the hook that `keyctl scan install-hook` writes")
}

fn is_id(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}

impl Update {
    /// What the pre-commit framework says of a push in its variables.
    #[must_use]
    pub fn of_framework(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let id = |name: &str| variable(name).filter(|id| is_id(id) && !is_zero(id));
        Some(Self { local: id("PRE_COMMIT_TO_REF")?, remote: id("PRE_COMMIT_FROM_REF") })
    }
}

impl Git {
    /// What a push of these to this remote would send. Only what that remote has counts as sent; of one that is named by its
    /// address nothing is known but what git said.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn outgoing(&self, updates: &[Update], remote: &str) -> Result<Outgoing> {
        let mut outgoing = Outgoing::default();
        if updates.is_empty() {
            return Ok(outgoing);
        }
        // A pattern of its own making could leave out other remotes' branches too.
        let is_plain = !remote.is_empty() && !remote.contains(['*', '?', '[', '\\', ':']);
        let known = format!("--remotes={remote}");
        let mut words = vec!["--ignore-missing"];
        words.extend(updates.iter().map(|update| update.local.as_str()));
        words.push("--not");
        words.extend(updates.iter().filter_map(|update| update.remote.as_deref()));
        if is_plain {
            words.push(&known);
        }
        let commits = self.commits(&words)?;
        let mut seen = std::collections::HashSet::new();
        self.changes(&commits, &mut |commit, entry, path| {
            outgoing.paths.entry(path_of(path)).or_insert_with(|| commit.to_owned());
            if entry.mode == SUBMODULE {
                outgoing.submodules += 1;
            } else if seen.insert(entry.id.to_owned()) {
                outgoing.contents.push((entry.id.to_owned(), commit.to_owned(), path_of(path)));
            }
        })?;
        for commit in String::from_utf8_lossy(&commits).lines() {
            outgoing.commits += 1;
            outgoing.contents.push((commit.to_owned(), commit.to_owned(), PathBuf::new()));
        }
        Ok(outgoing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "90d0d8afd0ef5d2bf24db0ef1ac347c49fd5cba4";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn a_line_says_what_is_pushed_and_what_is_there_and_removing_sends_nothing() {
        let lines = format!(
            "refs/heads/a {A} refs/heads/a {NONE}\n(delete) {NONE} refs/heads/b {A}\nHEAD {A} refs/heads/c {A}\n"
        );
        let update = |remote: Option<&str>| Update { local: A.into(), remote: remote.map(str::to_owned) };
        assert_eq!(updates(&lines).unwrap(), [update(None), update(Some(A))]);
        assert_eq!(updates("").unwrap(), []);
        for bad in ["a b c d", "refs/heads/a --all refs/heads/a --all", A] {
            assert_eq!(updates(bad).unwrap_err().kind, Kind::Usage, "{bad}");
        }
    }

    #[test]
    fn the_framework_says_it_in_variables() {
        let told = |to: Option<&str>, from: Option<&str>| {
            let value = |name: &str| if name.ends_with("TO_REF") { to } else { from };
            Update::of_framework(|name| value(name).map(str::to_owned))
        };
        assert_eq!(told(Some(A), Some(NONE)), Some(Update { local: A.into(), remote: None }));
        assert_eq!(told(Some(A), Some(A)), Some(Update { local: A.into(), remote: Some(A.into()) }));
        assert_eq!((told(None, Some(A)), told(Some("main"), None)), (None, None));
    }
}
