//! A store's file in a merge that git could not end: it has one side alone, which looks like any store.

use super::{Finding, Grade};
use crate::{home::Home, scan::git::Git};

/// The merge that waits.
pub(super) fn finding(home: &Home) -> Option<Finding> {
    if !home.is_elsewhere() {
        return None;
    }
    let file = home.store_file();
    let name = file.file_name()?.to_str()?;
    let git = Git::at(file.parent()?).ok()?;
    let waiting = git.output(&["ls-files", "--unmerged", "--", name]).ok()?;
    (!waiting.is_empty()).then(|| {
        let seen = format!("git could not merge `{}`, which has the keys of one side alone", file.display());
        Finding::new("merge", Grade::Bad, seen)
            .hint("give the merge up with `git merge --abort` (or `git rebase --abort`), call `keyctl store merge --install`, then merge again")
    })
}
