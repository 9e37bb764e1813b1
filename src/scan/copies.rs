//! The places in files where a secret that is known lies as it is.

use std::path::{Path, PathBuf};

use memchr::{memchr_iter, memmem::Finder};

use super::walk::{self, Bounds, Walked};
use crate::secret::Secret;

/// The fewest bytes of a secret that is looked for: shorter ones are words that lie anywhere.
pub const SHORTEST: usize = 8;
/// The most places that are told; more are counted.
const MOST: usize = 100;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, in which the secret begins.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What a search found, and how far it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// The first places, in the order in which they were come upon.
    pub places: Vec<Place>,
    /// How many more there are.
    pub more: usize,
    /// How far the search came.
    pub walked: Walked,
}

/// Looks for a secret, as it is, in every file below these folders. `None` for one that is too short to be told from
/// other words.
#[must_use]
pub fn find(folders: &[PathBuf], secret: &Secret, bounds: &Bounds) -> Option<Copies> {
    if secret.len() < SHORTEST {
        return None;
    }
    let finder = Finder::new(secret.expose());
    let mut copies = Copies::default();
    copies.walked = walk::each_file(folders, bounds, &mut |path, bytes| copies.look(path, bytes, &finder));
    Some(copies)
}

impl Copies {
    fn look(&mut self, path: &Path, bytes: &[u8], finder: &Finder) {
        let (mut line, mut counted, mut told) = (1, 0, 0);
        for at in finder.find_iter(bytes) {
            line += memchr_iter(b'\n', &bytes[counted..at]).count();
            counted = at;
            if line == told {
                continue;
            }
            told = line;
            if self.places.len() < MOST {
                self.places.push(Place { file: path.to_owned(), line });
            } else {
                self.more += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn each_line_that_holds_the_secret_is_told_once_also_among_bytes_that_are_no_text() {
        let kept = tempfile::tempdir().expect("folder");
        let top = kept.path().canonicalize().expect("real");
        std::fs::write(top.join(".env"), "A=1\nK=the-secret # the-secret\n\nB=\"the-secret\"\n").expect("write");
        std::fs::write(top.join("binary"), b"\xff\x00the-secret\x00\n").expect("write");
        std::fs::write(top.join("other"), "the-secre\nt").expect("write");
        let copies = find(std::slice::from_ref(&top), &secret("the-secret"), &Bounds::default()).expect("long enough");
        let place = |file: &str, line| Place { file: top.join(file), line };
        assert_eq!(copies.places, [place(".env", 2), place(".env", 4), place("binary", 1)]);
        assert_eq!((copies.more, copies.walked.files), (0, 3));
    }

    #[test]
    fn what_is_found_a_thousand_times_is_told_a_hundred_times_and_counted() {
        let kept = tempfile::tempdir().expect("folder");
        std::fs::write(kept.path().join("many"), "the-secret\n".repeat(1000)).expect("write");
        let copies = find(&[kept.path().to_owned()], &secret("the-secret"), &Bounds::default()).expect("long enough");
        assert_eq!((copies.places.len(), copies.more, copies.places[99].line), (100, 900, 100));
    }

    #[test]
    fn a_word_that_may_lie_anywhere_is_not_looked_for() {
        assert_eq!(find(&[], &secret("1234567"), &Bounds::default()), None);
        assert_eq!(find(&[], &secret("12345678"), &Bounds::default()), Some(Copies::default()));
    }
}
