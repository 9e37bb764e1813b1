//! The last entries, read from the log's end without what was before: for whoever must not wait for the whole.
//!
//! Each line ends with its chain value in plain digits, so a line can be opened where the one before it can be read. That
//! proves that it was written after just that value, and not that it is the last or that none is missing. Only the file that is
//! written to is looked into, so just after a long history was continued in another one there is little to be read.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Log,
    chain::{Position, claimed},
    event::Event,
    open_file,
};
use crate::{date::Moment, hex, seal::SealKey};

/// The most that is read from the end.
const MOST: u64 = 256 * 1024;

impl Log {
    /// The entries in the last `bytes` of the log, the oldest first; none where they cannot be read.
    #[must_use]
    pub fn recent(&self, bytes: u64) -> Vec<(u64, Event)> {
        let Some(tail) = self.tail(bytes) else { return Vec::new() };
        let mut lines = tail.split(|byte| *byte == b'\n');
        let Some(mut before) = lines.next().and_then(after) else { return Vec::new() };
        let mut entries = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let Some((event, at)) = self.open_after(before, line) else { break };
            entries.push((at.seq, event));
            before = at;
        }
        entries
    }

    /// When the entry was made that lies so many before the last one, if that is not far from the log's end.
    #[must_use]
    pub fn moment_before(&self, entries: u64) -> Option<Moment> {
        let tail = self.tail(MOST)?;
        let lines: Vec<&[u8]> = tail.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let at = lines.len().checked_sub(usize::try_from(entries).ok()? + 1).filter(|at| *at > 0)?;
        self.open_after(after(lines[at - 1])?, lines[at])?.0.moment
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
        let former = self.former.last().filter(|_| self.changing);
        let open = |key: &SealKey| key.open(&self.beside(what), sealed);
        open(&self.key).or_else(|| open(&former?.key))
    }

    fn beside(&self, what: &str) -> Vec<u8> {
        [b"keyctl-beside-history-v1\0", what.as_bytes(), &[0], &self.id[..]].concat()
    }

    fn open_after(&self, before: Position, line: &[u8]) -> Option<(Event, Position)> {
        let mut chain = self.chain(before);
        chain.open(line).ok()?;
        Some((Event::from_json(chain.json()), chain.at))
    }

    /// The last bytes of the log.
    fn tail(&self, bytes: u64) -> Option<Vec<u8>> {
        let mut file = open_file(&self.file("log")).ok()??;
        let length = file.metadata().ok()?.len();
        let bytes = bytes.min(MOST);
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes))).ok()?;
        file.take(bytes).read_to_end(&mut tail).ok()?;
        if length <= bytes && tail.starts_with(b"1.1.") {
            // The log's own beginning stands for the line before the first. In a file that goes on from another nothing
            // does, and its first entry is left out.
            let start = self.start();
            tail.splice(0..0, format!("1.{}..{}\n", start.seq, hex::encode(&start.hash)).into_bytes());
        }
        if length > bytes {
            // A piece of a line is no line.
            let end = tail.iter().position(|byte| *byte == b'\n')?;
            tail.drain(..=end);
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
        assert_eq!((log.recent(4096).len(), log.moment_before(0)), (0, None));
        for number in 1..=100 {
            log.append(&event(number), false).unwrap();
        }
        let all = log.recent(u64::MAX);
        assert_eq!(all.len(), 100);
        let some = log.recent(4096);
        assert!(some.len() > 5 && some.len() < 30, "{}", some.len());
        assert_eq!(some[..], all[100 - some.len()..]);
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
        let some = log.recent(u64::MAX);
        assert!(!some.is_empty() && some.len() < 40, "{}", some.len());
        assert_eq!(some.last().unwrap().1, event(60));
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
            assert!(log.recent(u64::MAX).len() < 3);
        }
        let sealed = log.seal_beside("x", b"text").unwrap();
        assert_eq!(log.open_beside("x", &sealed).unwrap()[..], b"text"[..]);
        assert!(log.open_beside("y", &sealed).is_none());
    }
}
