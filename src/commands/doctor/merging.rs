//! A store's file in a merge that git could not end: it has one side alone, which looks like any store.

use super::{Finding, Grade};
use crate::{home::Home, scan::git::Git};

/// The merge that waits. Where keyctl has merged, git calls that a conflict too if somebody is to look; the file is neither side's
/// then.
pub(super) fn finding(home: &Home) -> Option<Finding> {
    if !home.is_elsewhere() {
        return None;
    }
    let file = home.store_file();
    let name = file.file_name()?.to_str()?;
    let git = Git::at(file.parent()?).ok()?;
    let waiting = git.output(&["ls-files", "--unmerged", "--", name]).ok()?;
    if waiting.is_empty() {
        return None;
    }
    let lies_there = git.output(&["hash-object", "--no-filters", "--", name]).ok()?;
    let lies_there = String::from_utf8(lies_there).ok()?;
    let waiting = String::from_utf8_lossy(&waiting).into_owned();
    // A mode, what the file is there, and which side that is.
    let mut sides = waiting.lines().filter_map(|line| line.split(' ').nth(1));
    sides.any(|side| side == lies_there.trim_end()).then(|| {
        let seen = format!("git could not merge `{}`, which has the keys of one side alone", file.display());
        Finding::new("merge", Grade::Bad, seen)
            .hint("give the merge up (`git status` says what git is at, and how that is aborted), call `keyctl store merge --install`, then merge again")
    })
}
