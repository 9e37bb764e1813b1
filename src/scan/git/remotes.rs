//! Which references tell what a remote has. git keeps one for each branch of a remote where that remote's fetches write
//! (`remote.NAME.fetch`, git-config(1)): mostly below `refs/remotes/NAME/`, where those of a remote called `NAME/other` lie
//! too. So one counts only where no other remote writes it.

/// Where the fetches of one remote write, and those of all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tracking {
    own: Vec<String>,
    others: Vec<String>,
}

impl Tracking {
    /// Reads `remote.NAME.fetch`, a line end, the value and a NUL for each, as `git config -z` prints them.
    pub(super) fn of(printed: &str, remote: &str) -> Self {
        let mut tracking = Self::default();
        for (name, value) in printed.split('\0').filter_map(|entry| entry.split_once('\n')) {
            let name = name.strip_prefix("remote.").and_then(|name| name.strip_suffix(".fetch"));
            // `^` leaves out, and what has no colon is not kept.
            let into = value.split_once(':').map(|(_, into)| into).filter(|into| !into.is_empty());
            let (Some(name), Some(into)) = (name, into) else { continue };
            let list = if name == remote { &mut tracking.own } else { &mut tracking.others };
            list.push(into.to_owned());
        }
        tracking
    }

    /// Whether nothing is known of the remote.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    fn has(&self, reference: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| is_match(pattern, reference));
        any(&self.own) && !any(&self.others)
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

/// The ids of the references that count, of lines `id reference other`: one that only leads to another one does not.
pub(super) fn names(printed: &[u8], tracking: &Tracking) -> Vec<String> {
    let printed = String::from_utf8_lossy(printed);
    let counts = |line: &str| {
        let mut words = line.split(' ');
        let (id, reference) = (words.next()?, words.next()?);
        let leads_on = words.next().is_some_and(|other| !other.is_empty());
        (!leads_on && tracking.has(reference)).then(|| id.to_owned())
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
        names(KNOWN, &Tracking::of(SET, remote))
    }

    #[test]
    fn only_what_this_remote_alone_writes_is_known_of_it() {
        assert_eq!(known("origin"), ["1"]);
        // A branch `mirror/main` of origin would lie there too.
        assert_eq!(known("origin/mirror"), [""; 0]);
        assert_eq!(known("one"), ["4"]);
        for remote in ["none", "", "other", "*", "https://example.com/a.git"] {
            assert!(Tracking::of(SET, remote).is_empty() && known(remote).is_empty(), "{remote}");
        }
    }
}
