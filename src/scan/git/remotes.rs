//! Which references tell what a remote has. git keeps one for each branch of a remote where that remote's fetches write
//! (`remote.NAME.fetch`, git-config(1)): mostly below `refs/remotes/NAME/`, where those of a remote called `NAME/other` lie
//! too. So one counts only where no other remote writes it.

use std::collections::BTreeMap;

/// Where the fetches of one remote write, and those of all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tracking {
    /// What is fetched, and where it is written.
    own: Vec<(String, String)>,
    others: Vec<String>,
}

impl Tracking {
    /// Reads `remote.NAME.fetch`, a line end, the value and a NUL for each, as `git config -z` prints them.
    pub(super) fn of(printed: &str, remote: &str) -> Self {
        let mut tracking = Self::default();
        for (name, value) in printed.split('\0').filter_map(|entry| entry.split_once('\n')) {
            let name = name.strip_prefix("remote.").and_then(|name| name.strip_suffix(".fetch"));
            // `^` leaves out, and what has no colon is not kept.
            let both = value.split_once(':').filter(|(_, into)| !into.is_empty());
            let (Some(name), Some((from, into))) = (name, both) else { continue };
            if name == remote {
                tracking.own.push((from.strip_prefix('+').unwrap_or(from).to_owned(), into.to_owned()));
            } else {
                tracking.others.push(into.to_owned());
            }
        }
        tracking
    }

    /// Whether nothing is known of the remote.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    fn has(&self, reference: &str) -> bool {
        let is_own = self.own.iter().any(|(_, into)| is_match(into, reference));
        is_own && !self.others.iter().any(|into| is_match(into, reference))
    }

    /// Where it is kept what a branch of the remote is at.
    pub(super) fn of_branch(&self, branch: &str) -> Option<String> {
        let (from, into) = self.own.iter().find(|(from, _)| is_match(from, branch))?;
        Some(match from.split_once('*') {
            Some((start, end)) => into.replacen('*', &branch[start.len()..branch.len() - end.len()], 1),
            None => into.clone(),
        })
    }
}

/// Whether a fetch into this writes the reference: one star stands for anything.
fn is_match(pattern: &str, reference: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            reference.strip_prefix(start).is_some_and(|rest| rest.ends_with(end) && rest.len() > end.len())
        }
        None => pattern == reference,
    }
}

/// The references that count and their ids, of lines `id reference other`: one that only leads to another one does not.
pub(super) fn names(printed: &[u8], tracking: &Tracking) -> BTreeMap<String, String> {
    let printed = String::from_utf8_lossy(printed);
    let counts = |line: &str| {
        let mut words = line.split(' ');
        let (id, reference) = (words.next()?, words.next()?);
        let leads_on = words.next().is_some_and(|other| !other.is_empty());
        (!leads_on && tracking.has(reference)).then(|| (reference.to_owned(), id.to_owned()))
    };
    printed.lines().filter_map(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = "remote.origin.fetch\n+refs/heads/*:refs/remotes/origin/*\0remote.origin/mirror.fetch\n\
                       +refs/heads/*:refs/remotes/origin/mirror/*\0remote.one.fetch\n+refs/heads/main:refs/remotes/one/main\0\
                       remote.one.fetch\n^refs/heads/x\0remote.none.fetch\nrefs/heads/main\0";
    const KNOWN: &[u8] = b"1 refs/remotes/origin/main \n2 refs/remotes/origin/mirror/main \n\
                           3 refs/remotes/origin/HEAD refs/remotes/origin/main\n4 refs/remotes/one/main \n5 refs/remotes/one/x \n";

    fn known(remote: &str) -> Vec<String> {
        names(KNOWN, &Tracking::of(SET, remote)).into_values().collect()
    }

    #[test]
    fn only_what_this_remote_alone_writes_is_known_of_it() {
        assert_eq!(known("origin"), ["1"]);
        // A branch `mirror/main` of origin would lie there too.
        assert_eq!(known("origin/mirror"), [""; 0]);
        assert_eq!(known("one"), ["4"]);
        let at = |remote, branch| Tracking::of(SET, remote).of_branch(branch);
        assert_eq!(at("origin", "refs/heads/a/b"), Some("refs/remotes/origin/a/b".into()));
        assert_eq!(at("one", "refs/heads/main"), Some("refs/remotes/one/main".into()));
        assert_eq!(
            (at("one", "refs/heads/x"), at("origin", "refs/tags/a"), at("none", "refs/heads/main")),
            (None, None, None)
        );
        for remote in ["none", "", "other", "*", "https://example.com/a.git"] {
            assert!(Tracking::of(SET, remote).is_empty() && known(remote).is_empty(), "{remote}");
        }
    }
}
