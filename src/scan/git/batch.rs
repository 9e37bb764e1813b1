//! The contents of objects, one after the other from one `git cat-file --batch`: each a line that says what it is, then its
//! bytes, then a line end (git-cat-file(1), "BATCH OUTPUT"). Large ones are read in pieces.

use std::io::{self, BufRead, Read};

use super::{Git, cut_short};
use crate::failure::{Failure, Kind, Result, reason};

/// The longest line in front of an object: an id of 64 digits, a word, a number.
const LONGEST_HEAD: u64 = 256;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A file's content.
    Blob,
    /// A folder's list of names.
    Tree,
    /// A commit.
    Commit,
    /// A tag with a message.
    Tag,
}

/// What is said of an object before its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'l> {
    /// Its id.
    pub id: &'l str,
    /// What it is.
    pub is: Type,
    /// How many bytes it has.
    pub size: u64,
}

/// How many objects there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// That were read.
    pub objects: u64,
    /// That are not here.
    pub missing: u64,
}

impl Git {
    /// Hands the contents of these objects to `visit`, in this order.
    ///
    /// # Errors
    /// `Disk` where git fails or ends too early, and what `visit` says.
    pub fn contents<'i>(
        &self,
        ids: &[&'i str],
        visit: &mut dyn FnMut(Object<'_>, &mut dyn Read) -> Result<()>,
    ) -> Result<Counts> {
        let mut read = Counts::default();
        if ids.is_empty() {
            return Ok(read);
        }
        self.stream(
            &["cat-file", "--batch", "--buffer"],
            &|pipe| {
                let mut pipe = io::BufWriter::new(pipe);
                ids.iter()
                    .try_for_each(|id: &&'i str| io::Write::write_all(&mut pipe, format!("{id}\n").as_bytes()))?;
                io::Write::flush(&mut pipe)
            },
            &mut |printed| {
                read = each(printed, visit)?;
                Ok(())
            },
        )?;
        if read.objects + read.missing < ids.len() as u64 {
            return Err(cut_short());
        }
        Ok(read)
    }

    /// Hands every object that is here to `visit`, each once, in the order in which they lie on the disk.
    ///
    /// # Errors
    /// As [`Git::contents`].
    pub fn all_objects(&self, visit: &mut dyn FnMut(Object<'_>, &mut dyn Read) -> Result<()>) -> Result<Counts> {
        let mut read = Counts::default();
        let words = ["cat-file", "--batch-all-objects", "--batch", "--buffer", "--unordered"];
        self.stream(&words, &|_| Ok(()), &mut |printed| {
            read = each(printed, visit)?;
            Ok(())
        })?;
        Ok(read)
    }
}

/// Reads one object after the other. What `visit` leaves of one is read over.
fn each(printed: &mut dyn BufRead, visit: &mut dyn FnMut(Object<'_>, &mut dyn Read) -> Result<()>) -> Result<Counts> {
    let failed =
        |error: io::Error| Failure::new(Kind::Disk, format!("git's answer cannot be read: {}", reason(&error)));
    let mut read = Counts::default();
    let mut head = Vec::new();
    loop {
        head.clear();
        if (&mut *printed).take(LONGEST_HEAD).read_until(b'\n', &mut head).map_err(failed)? == 0 {
            return Ok(read);
        }
        let line = head.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok()).ok_or_else(cut_short)?;
        let mut words = line.split(' ');
        let (Some(id), Some(is)) = (words.next(), words.next()) else { return Err(cut_short()) };
        let Some(size) = words.next() else {
            // "missing", and "submodule" for what belongs to another repository.
            read.missing += 1;
            continue;
        };
        let size = size.parse().map_err(|_| cut_short())?;
        let is = match is {
            "blob" => Type::Blob,
            "tree" => Type::Tree,
            "commit" => Type::Commit,
            "tag" => Type::Tag,
            _ => return Err(cut_short()),
        };
        let mut body = (&mut *printed).take(size);
        visit(Object { id, is, size }, &mut body)?;
        io::copy(&mut body, &mut io::sink()).map_err(failed)?;
        let mut end = [0];
        if body.limit() > 0 || printed.read_exact(&mut end).is_err() || end != *b"\n" {
            return Err(cut_short());
        }
        read.objects += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = Vec<(String, Type, Vec<u8>)>;

    fn seen(mut printed: &[u8], take: u64) -> Result<(Seen, Counts)> {
        let mut seen = Vec::new();
        let read = each(&mut printed, &mut |object, reader| {
            let mut bytes = Vec::new();
            reader.take(take).read_to_end(&mut bytes).expect("memory");
            seen.push((object.id.to_owned(), object.is, bytes));
            Ok(())
        })?;
        Ok((seen, read))
    }

    #[test]
    fn objects_come_with_their_bytes_and_what_is_missing_is_counted() {
        let printed = b"aa blob 3\na\nb\nbb missing\ncc commit 0\n\ndd submodule\nee tree 2\n\0\n\n";
        let all = [("aa", Type::Blob, &b"a\nb"[..]), ("cc", Type::Commit, b""), ("ee", Type::Tree, b"\0\n")];
        let all: Vec<_> = all.map(|(id, is, bytes)| (id.to_owned(), is, bytes.to_vec())).into();
        assert_eq!(seen(printed, 99).unwrap(), (all.clone(), Counts { objects: 3, missing: 2 }));
        let (half, _) = seen(printed, 1).unwrap();
        assert_eq!(half.iter().map(|(_, _, bytes)| bytes.len()).collect::<Vec<_>>(), [1, 0, 1]);
        assert_eq!(seen(b"", 9).unwrap().1, Counts::default());
    }

    #[test]
    fn an_answer_that_ends_too_early_or_is_none_is_a_failure() {
        for bad in [
            &b"aa blob 3\na\n"[..],
            b"aa blob 3\nabc",
            b"aa blob 3\nabcd",
            b"aa blob x\n",
            b"aa",
            b"aa note 1\na\n",
            b"\xff\n",
        ] {
            assert_eq!(seen(bad, 9).unwrap_err().kind, Kind::Disk, "{bad:?}");
        }
        assert!(seen(&[b'a'; 1000], 9).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read_without_a_panic(printed in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = seen(&printed, 9);
        }

        #[test]
        fn what_is_in_objects_does_not_matter(bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..9)) {
            let printed: Vec<u8> = bodies.iter()
                .flat_map(|body| [format!("aa blob {}\n", body.len()).into_bytes(), body.clone(), b"\n".to_vec()].concat())
                .collect();
            let (found, _) = seen(&printed, 99).unwrap();
            prop_assert_eq!(found.into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>(), bodies);
        }
    }
}
