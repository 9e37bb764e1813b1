//! The last entries, read from the log's end without what was before: for whoever must not wait for the whole.
//!
//! Each line ends with its chain value in plain digits, so a line can be opened where the one before it can be read. That
//! proves that it was written after just that value, and not that it is the last or that none is missing. Only the file that is
//! written to is looked into, so just after a long history was continued in another one there is little to be read.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Log,
    chain::{Chain, Position, claimed},
    event::Event,
    open_file,
};
use crate::{date::Moment, hex};

/// How much is read first, from the end; then as much again as there is already.
const BLOCK: u64 = 16 * 1024;

impl Log {
    /// So many of the last entries, the oldest first; fewer where there are no more, or where they cannot be read.
    #[must_use]
    pub fn last(&self, entries: usize) -> Vec<(u64, Event)> {
        self.open_last(entries, entries).unwrap_or_default()
    }

    /// When the entry was made that lies so many before the last one.
    #[must_use]
    pub fn moment_before(&self, entries: usize) -> Option<Moment> {
        self.open_last(entries + 1, 1)?.first()?.1.moment
    }

    /// Of so many of the last entries the first few. For the first alone all of them must be there.
    fn open_last(&self, entries: usize, few: usize) -> Option<Vec<(u64, Event)>> {
        let tail = self.tail(entries)?;
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', &tail).collect();
        let line = |at: usize| &tail[at.checked_sub(1).map_or(0, |before| ends[before] + 1)..ends[at]];
        let from = match ends.len().checked_sub(entries + 1) {
            Some(from) => from,
            None if few == entries && !ends.is_empty() => 0,
            None => return None,
        };
        let mut chain = Chain::new(&self.key, &self.id, after(line(from))?);
        let mut opened = Vec::new();
        for at in (from + 1..ends.len()).take(few) {
            if chain.open(line(at)).is_err() {
                break;
            }
            opened.push((chain.at.seq, Event::from_json(chain.json())));
        }
        Some(opened)
    }

    /// When the log was last written to, and nothing where it was not.
    #[must_use]
    pub fn last_written(&self) -> Option<std::time::SystemTime> {
        std::fs::symlink_metadata(self.file("log")).and_then(|facts| facts.modified()).ok()
    }

    /// Seals what belongs to this history and lies beside it; `what` says what it is.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal_beside(&self, what: &str, plain: &[u8]) -> crate::failure::Result<Vec<u8>> {
        self.key.seal(&self.beside(what), plain)
    }

    /// Opens what [`Log::seal_beside`] sealed.
    #[must_use]
    pub fn open_beside(&self, what: &str, sealed: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.key.open(&self.beside(what), sealed)
    }

    fn beside(&self, what: &str) -> Vec<u8> {
        [b"keyctl-beside-history-v1\0", what.as_bytes(), &[0], &self.id[..]].concat()
    }

    /// The end of the log: so many lines and the one before them, or more, or all there are.
    fn tail(&self, lines: usize) -> Option<Vec<u8>> {
        let mut file = open_file(&self.file("log")).ok()??;
        let mut from = file.metadata().ok()?.len();
        let (mut tail, mut ends) = (Vec::new(), 0);
        // A whole line is known by the end of the one before it.
        while from > 0 && ends < lines + 2 {
            let size = BLOCK.max(tail.len() as u64).min(from);
            from -= size;
            let mut block = vec![0; usize::try_from(size).ok()?];
            file.seek(SeekFrom::Start(from)).ok()?;
            file.read_exact(&mut block).ok()?;
            ends += memchr::memchr_iter(b'\n', &block).count();
            block.append(&mut tail);
            tail = block;
        }
        if from > 0 {
            // A piece of a line is no line.
            let end = memchr::memchr(b'\n', &tail)?;
            tail.drain(..=end);
        } else if tail.starts_with(b"1.1.") {
            // The log's own beginning stands for the line before the first. In a file that goes on from another nothing
            // does, and its first entry is left out.
            let start = self.start();
            tail.splice(0..0, format!("1.{}..{}\n", start.seq, hex::encode(&start.hash)).into_bytes());
        }
        Some(tail)
    }
}

/// The place after a line, as the line itself claims it.
fn after(line: &[u8]) -> Option<Position> {
    let (seq, hash) = claimed(line)?;
    Some(Position { seq, offset: 0, hash })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{event, log_in};

    #[test]
    fn the_last_entries_are_read_from_the_end_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path());
        assert_eq!((log.last(10).len(), log.moment_before(0)), (0, None));
        for number in 1..=100 {
            log.append(&event(number), false).unwrap();
        }
        let all = log.last(1_000);
        assert_eq!((all.len(), all[0].0, &all[0].1), (100, 1, &event(1)));
        for few in [0, 1, 7, 99, 100] {
            assert_eq!(log.last(few)[..], all[100 - few..], "{few}");
        }
        assert_eq!(log.moment_before(0), event(100).moment);
        assert_eq!(log.moment_before(60), event(40).moment);
        assert_eq!(log.moment_before(99), event(1).moment);
        assert_eq!(log.moment_before(100), None);
    }

    #[test]
    fn in_a_file_that_goes_on_from_another_all_but_its_first_entry_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path()).closing_at(8 * 1024);
        for number in 1..=60 {
            log.append(&event(number), false).unwrap();
        }
        let some = log.last(1_000);
        assert!(!some.is_empty() && some.len() < 40, "{}", some.len());
        assert_eq!(some.last().unwrap().1, event(60));
    }

    #[test]
    fn entries_of_the_longest_kind_are_read_as_far_back_as_short_ones() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path());
        for number in 1..=310 {
            log.append(&event(number).note("x".repeat(5_000)), false).unwrap();
        }
        assert!(std::fs::metadata(folder.path().join("history.log")).unwrap().len() > 2 << 20);
        assert_eq!(log.moment_before(300), event(10).moment);
        let some = log.last(300);
        assert_eq!((some.len(), some[0].0, some[299].0), (300, 11, 310));
    }

    #[test]
    fn what_is_not_whole_ends_it_and_what_is_sealed_beside_opens_here_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path());
        for number in 1..=3 {
            log.append(&event(number), false).unwrap();
        }
        let path = folder.path().join("history.log");
        let whole = std::fs::read(&path).unwrap();
        let end = whole.len() - 1;
        for at in [5, end / 2, end - 3] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(log.last(10).len() < 3);
        }
        let sealed = log.seal_beside("x", b"text").unwrap();
        assert_eq!(log.open_beside("x", &sealed).unwrap()[..], b"text"[..]);
        assert!(log.open_beside("y", &sealed).is_none());
    }
}
