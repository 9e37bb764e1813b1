//! Where in a repository's history a content lies: the commits that brought it in, and whether they were pushed.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::BufRead,
    path::PathBuf,
};

use super::{Git, cut_short, path_of};
use crate::failure::Result;

/// A commit that brought a content in, and under which path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The commit's id.
    pub commit: String,
    /// The path in that commit.
    pub path: PathBuf,
    /// Whether the commit is in a branch of a remote, as far as this repository knows.
    pub pushed: bool,
}

impl Git {
    /// The commits that brought these contents in, the oldest first, on every branch and in what git remembers of branches
    /// that were moved. What is in no commit has no entry.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn holders(&self, contents: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<Holder>>> {
        let mut holders: BTreeMap<String, Vec<Holder>> = BTreeMap::new();
        if contents.is_empty() {
            return Ok(holders);
        }
        let commits = self.commits(&["--all", "--reflog"])?;
        self.changes(&commits, &mut |commit, entry, path| {
            if contents.contains(entry.id) {
                let holder = Holder { commit: commit.to_owned(), path: path_of(path), pushed: false };
                holders.entry(entry.id.to_owned()).or_default().push(holder);
            }
        })?;
        let all = holders.values().flatten().map(|holder| holder.commit.clone()).collect();
        let local = self.local(&all)?;
        for holder in holders.values_mut().flatten() {
            holder.pushed = !local.contains(&holder.commit);
        }
        Ok(holders)
    }

    /// Where in the history files and folders have one of these names: each path once, with the commit that brought it in
    /// first, or the first that was pushed.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn named(&self, names: &BTreeSet<&[u8]>) -> Result<Vec<Holder>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut commits_of: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
        let commits = self.commits(&["--all", "--reflog"])?;
        self.changes(&commits, &mut |commit, _, path| {
            let mut from = 0;
            for name in path.split(|byte| *byte == b'/') {
                let to = from + name.len();
                if names.contains(name) {
                    let commits = commits_of.entry(path[..to].to_owned()).or_default();
                    if commits.last().is_none_or(|last| last != commit) {
                        commits.push(commit.to_owned());
                    }
                }
                from = to + 1;
            }
        })?;
        let local = self.local(&commits_of.values().flatten().cloned().collect())?;
        let holder = |(path, commits): (Vec<u8>, Vec<String>)| {
            let is_pushed = |commit: &&String| !local.contains(*commit);
            let commit = commits.iter().find(is_pushed).or(commits.first())?;
            Some(Holder { commit: commit.clone(), path: path_of(&path), pushed: is_pushed(&commit) })
        };
        Ok(commits_of.into_iter().filter_map(holder).collect())
    }

    /// Those of the commits that are in no branch of a remote.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn local(&self, commits: &BTreeSet<String>) -> Result<HashSet<String>> {
        if commits.is_empty() {
            return Ok(HashSet::new());
        }
        let mut local = HashSet::new();
        let input = commits.iter().fold(String::new(), |input, commit| input + commit + "\n");
        // `--not` twice: what is read from standard input counts again.
        let words = ["rev-list", "--not", "--remotes", "--not", "--stdin"];
        self.stream(&words, &|pipe| pipe.write_all(input.as_bytes()), &mut |printed| {
            each_line(printed, &mut |line| {
                if commits.contains(line) {
                    local.insert(line.to_owned());
                }
            })
        })?;
        Ok(local)
    }

    /// The names of all branches and tags that are known here.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn references(&self) -> Result<Vec<String>> {
        let printed = self.output(&["for-each-ref", "--format=%(refname)"])?;
        Ok(String::from_utf8_lossy(&printed).lines().map(str::to_owned).collect())
    }

    /// The commit that a tag leads to, if it is on one.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn tagged(&self, tag: &str) -> Result<Option<String>> {
        let printed = self.answer(&["rev-parse", "--verify", "--quiet", &format!("{tag}^{{commit}}")])?;
        Ok(printed.map(|printed| String::from_utf8_lossy(printed.trim_ascii_end()).into_owned()))
    }

    /// The paths in the index that have these contents.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn in_index(&self, contents: &BTreeSet<String>) -> Result<BTreeMap<String, PathBuf>> {
        // From below the top git would list what is below alone.
        let printed = self.from_folder(&self.top()?).output(&["ls-files", "--stage", "-z", "--full-name"])?;
        let entry = |entry: &[u8]| {
            let tab = entry.iter().position(|byte| *byte == b'\t')?;
            let id = str::from_utf8(&entry[..tab]).ok()?.split(' ').nth(1)?;
            contents.contains(id).then(|| (id.to_owned(), path_of(&entry[tab + 1..])))
        };
        Ok(printed.split(|byte| *byte == 0).filter_map(entry).collect())
    }
}

/// Reads lines up to the end. What cannot be read is no end: the commits behind it would be taken for pushed.
fn each_line(printed: &mut dyn BufRead, visit: &mut dyn FnMut(&str)) -> Result<()> {
    let mut line = String::new();
    while printed.read_line(&mut line).map_err(|_| cut_short())? > 0 {
        visit(line.trim_end());
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, BufReader, Read};

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_end_of_the_commits() {
        let mut seen = Vec::new();
        let read = each_line(&mut &b"one\ntwo\n"[..], &mut |line| seen.push(line.to_owned()));
        assert!(read.is_ok() && seen == ["one", "two"], "{seen:?}");
        assert!(each_line(&mut BufReader::new(b"one\n".chain(Broken)), &mut |_| {}).is_err());
        assert!(each_line(&mut &b"\xff\n"[..], &mut |_| {}).is_err());
    }
}
