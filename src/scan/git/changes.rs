//! What commits brought in: `git diff-tree` as it prints raw entries, for one commit after the other. A merge brings in only
//! what none of its parents had.

use std::io::BufRead;

use super::{Git, cut_short};
use crate::failure::Result;

/// The longest entry: a path may have 4,096 bytes, and a merge many parents.
const LONGEST: u64 = 64 * 1024;

/// What one raw entry says (git-diff(1), "RAW OUTPUT FORMAT").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'l> {
    /// The mode of the content that is there now.
    pub mode: &'l str,
    /// Its id; zeros where there is none any more.
    pub id: &'l str,
    /// The letters that say what happened.
    pub status: &'l str,
    former: &'l str,
}

impl<'l> Entry<'l> {
    /// Reads `:mode mode id id status`, with more modes and ids for a merge.
    #[must_use]
    pub fn parse(head: &'l [u8]) -> Option<Self> {
        let text = str::from_utf8(head).ok()?;
        let parents = text.bytes().take_while(|byte| *byte == b':').count();
        let words: Vec<&str> = text[parents..].split(' ').collect();
        let count = 2 * (parents + 1) + 1;
        if parents == 0 || words.len() != count {
            return None;
        }
        let (mode, former, id) = (words[parents], words[parents + 1], words[2 * parents + 1]);
        let is_id = |id: &str| id.len() >= 40 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
        (is_id(id) && is_id(former)).then_some(Self { mode, id, status: words[count - 1], former })
    }

    /// Whether there is a content now that was not at this place before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.id != self.former && self.id.bytes().any(|digit| digit != b'0')
    }
}

impl Git {
    /// The ids of commits, one a line, as `rev-list` prints them with these words, the oldest first.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub(super) fn commits(&self, words: &[&str]) -> Result<Vec<u8>> {
        self.output(&[&["rev-list", "--reverse", "--topo-order"], words].concat())
    }

    /// Hands each content that these commits, one a line, brought in to `visit`: the commit, the entry, the path.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub(super) fn changes(&self, commits: &[u8], visit: &mut dyn FnMut(&str, Entry<'_>, &[u8])) -> Result<()> {
        if commits.is_empty() {
            return Ok(());
        }
        let words = [
            "diff-tree",
            "--stdin",
            "-r",
            "--root",
            "-c",
            "-z",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
        ];
        self.stream(&words, &|pipe| pipe.write_all(commits), &mut |printed| each(printed, visit))
    }
}

/// Reads words that end with NUL: a commit's id, or an entry and then its path.
fn each(printed: &mut dyn BufRead, visit: &mut dyn FnMut(&str, Entry<'_>, &[u8])) -> Result<()> {
    let (mut commit, mut head, mut path) = (String::new(), Vec::new(), Vec::new());
    while word(printed, &mut head)? {
        if !head.starts_with(b":") {
            commit = String::from_utf8(head.clone()).map_err(|_| cut_short())?;
            continue;
        }
        if !word(printed, &mut path)? {
            return Err(cut_short());
        }
        let entry = Entry::parse(&head).ok_or_else(cut_short)?;
        if entry.is_new() {
            visit(&commit, entry, &path);
        }
    }
    Ok(())
}

/// The next word, without its NUL; `false` at the end.
fn word(printed: &mut dyn BufRead, word: &mut Vec<u8>) -> Result<bool> {
    word.clear();
    let read = std::io::Read::take(&mut *printed, LONGEST).read_until(0, word).map_err(|_| cut_short())?;
    if read == 0 {
        return Ok(false);
    }
    if word.pop() == Some(0) { Ok(true) } else { Err(cut_short()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "90d0d8afd0ef5d2bf24db0ef1ac347c49fd5cba4";
    const B: &str = "78981922613b2afb6025042ff6bd878ac1994e85";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn seen(mut printed: &[u8]) -> Result<Vec<(String, String, Vec<u8>)>> {
        let mut seen = Vec::new();
        each(&mut printed, &mut |commit, entry, path| seen.push((commit.into(), entry.id.into(), path.into())))?;
        Ok(seen)
    }

    #[test]
    fn what_a_commit_brought_in_is_told_with_its_path_whatever_that_is_called() {
        let printed = format!(
            "{A}\0:000000 100644 {NONE} {B} A\0:a\n{A}\0:100644 000000 {B} {NONE} D\0gone\0\
             {B}\0::100644 100644 100755 {B} {B} {A} MM\0merged\0:100644 100755 {B} {B} M\0mode\0"
        );
        let added = (A.to_owned(), B.to_owned(), format!(":a\n{A}").into_bytes());
        let merged = (B.to_owned(), A.to_owned(), b"merged".to_vec());
        assert_eq!(seen(printed.as_bytes()).unwrap(), [added, merged]);
    }

    #[test]
    fn an_answer_that_is_cut_off_is_a_failure() {
        for bad in [format!("{A}\0:000000 100644 {NONE} {B} A\0"), format!(":000000 {B} A\0a\0"), "x".to_owned()] {
            assert!(seen(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read_without_a_panic(printed in proptest::collection::vec(any::<u8>(), 0..200), colons in 0..4_usize) {
            let _ = seen(&[":".repeat(colons).as_bytes(), &printed, b"\0"].concat());
        }
    }
}
