//! What the next commit would add: the contents in the index that differ from those of `HEAD`. The files as they lie in the
//! folder do not matter.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Git, changes::Entry, cut_short, path_of};
use crate::failure::{Kind, Result};

/// The mode of a submodule in an index.
pub(super) const SUBMODULE: &str = "160000";

/// What is staged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// The files by the id of their content.
    pub contents: BTreeMap<String, Vec<PathBuf>>,
    /// How many submodules: their content is in a repository of its own.
    pub submodules: usize,
}

impl Staged {
    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> usize {
        self.contents.values().map(Vec::len).sum()
    }

    fn add(&mut self, mode: &str, id: &str, path: &[u8]) {
        if mode == SUBMODULE {
            self.submodules += 1;
        } else if id.bytes().any(|digit| digit != b'0') {
            self.contents.entry(id.to_owned()).or_default().push(path_of(path));
        }
    }
}

impl Git {
    /// What is staged: compared with `HEAD`, or all of the index before the first commit.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn staged(&self) -> Result<Staged> {
        let compare =
            ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "HEAD", "--"];
        match self.output(&compare) {
            Ok(printed) => self.changed(&printed),
            // There is no commit yet, or what the branch is at cannot be read: then all that is in the index may be new.
            Err(failure) if failure.kind == Kind::Disk => self.listed(&["ls-files", "--stage", "-z", "--full-name"]),
            Err(failure) => Err(failure),
        }
    }

    fn changed(&self, printed: &[u8]) -> Result<Staged> {
        let mut staged = Staged::default();
        let mut unmerged = false;
        let mut words = printed.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        while let (Some(head), path) = (words.next(), words.next()) {
            let (Some(entry), Some(path)) = (Entry::parse(head), path) else { return Err(cut_short()) };
            unmerged |= entry.status.starts_with('U');
            // Another mode alone adds nothing.
            if entry.is_new() {
                staged.add(entry.mode, entry.id, path);
            }
        }
        if unmerged {
            let other = self.listed(&["ls-files", "--unmerged", "-z", "--full-name"])?;
            for (id, paths) in other.contents {
                staged.contents.entry(id).or_default().extend(paths);
            }
            staged.submodules += other.submodules;
        }
        Ok(staged)
    }

    /// Entries of the index, of all stages: `mode id stage\tpath`.
    fn listed(&self, words: &[&str]) -> Result<Staged> {
        // From below the top git would list what is below alone.
        let printed = self.from_folder(&self.top()?).output(words)?;
        let mut staged = Staged::default();
        for entry in printed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let tab = entry.iter().position(|byte| *byte == b'\t').ok_or_else(cut_short)?;
            let facts = str::from_utf8(&entry[..tab]).map_err(|_| cut_short())?;
            let mut facts = facts.split(' ');
            let (Some(mode), Some(id)) = (facts.next(), facts.next()) else { return Err(cut_short()) };
            staged.add(mode, id, &entry[tab + 1..]);
        }
        Ok(staged)
    }
}
