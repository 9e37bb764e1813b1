//! Sealed records, one behind the other in a file that is only added to: each by one call, so that a kill leaves it whole or a
//! part of it at the end. What is cut off at the end is not seen from the records alone; who needs to know holds them against
//! something else.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use crate::{platform, seal::SealKey};

/// The most bytes that are read at once.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How many bytes say how long a record is.
const HEAD: usize = 4;

/// What a file has from some place on.
pub struct Records {
    /// The records that open.
    pub texts: Vec<String>,
    /// Where the last whole one ends.
    pub end: u64,
    /// Whether there is something that does not open, or a part of a record behind the last.
    pub is_damaged: bool,
}

/// A record as it is written.
///
/// # Errors
/// When the system gives no randomness.
pub fn sealed(key: &SealKey, of: &str, text: &str) -> io::Result<Vec<u8>> {
    let sealed = key.seal(of.as_bytes(), text.as_bytes()).map_err(|failure| io::Error::other(failure.message))?;
    let length = u32::try_from(sealed.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok([&length.to_le_bytes()[..], &sealed].concat())
}

/// Adds a record at the end of a file that was opened for that.
///
/// # Errors
/// As the disk has them.
pub fn add(mut file: &File, key: &SealKey, of: &str, text: &str) -> io::Result<u64> {
    let bytes = sealed(key, of, text)?;
    file.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}

/// Reads what stands there from this place on.
///
/// # Errors
/// As the disk has them.
pub fn read(mut file: &File, from: u64, key: &SealKey, of: &str) -> io::Result<Records> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    let mut records = Records { texts: Vec::new(), end: from, is_damaged: false };
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let head = rest.get(..HEAD).and_then(|head| <[u8; HEAD]>::try_from(head).ok());
        let length = head.and_then(|head| usize::try_from(u32::from_le_bytes(head)).ok());
        let Some(sealed) = length.and_then(|length| rest.get(HEAD..HEAD.checked_add(length)?)) else {
            records.is_damaged = true;
            break;
        };
        match key.open(of.as_bytes(), sealed).and_then(|text| String::from_utf8(text.to_vec()).ok()) {
            Some(text) => records.texts.push(text),
            None => records.is_damaged = true,
        }
        records.end += (HEAD + sealed.len()) as u64;
        rest = &rest[HEAD + sealed.len()..];
    }
    Ok(records)
}

/// Opens such a file for reading and adding; it is made where there is none, its owner's alone.
///
/// # Errors
/// As the disk has them.
pub fn open(path: &std::path::Path) -> io::Result<File> {
    platform::open_or_create_private(path, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_from_any_place_and_what_is_no_record_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let key = SealKey::derive(b"i", b"s", "records");
        let file = open(&path).unwrap();
        let first = add(&file, &key, "x", "one").unwrap();
        add(&file, &key, "x", "two").unwrap();
        let all = read(&file, 0, &key, "x").unwrap();
        assert_eq!((all.texts, all.is_damaged), (vec!["one".to_owned(), "two".to_owned()], false));
        assert_eq!(read(&file, first, &key, "x").unwrap().texts, ["two"]);
        assert!(read(&file, 0, &key, "y").unwrap().is_damaged);
        (&file).write_all(b"\x50\0\0\0part").unwrap();
        let cut = read(&file, 0, &key, "x").unwrap();
        assert_eq!((cut.texts.len(), cut.end, cut.is_damaged), (2, all.end, true));
    }
}
