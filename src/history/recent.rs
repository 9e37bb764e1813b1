//! The last entries, read from the log's end without what was before: for whoever must not wait for the whole.
//!
//! Each line ends with its chain value in plain digits, so a line can be opened where the one before it can be read. That
//! proves that it was written after just that value, and not that it is the last or that none is missing. Only the file that is
//! written to is looked into, so just after a long history was continued in another one there is little to be read.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Log,
    chain::{Chain, Position, claimed},
    ends::Ends,
    event::Event,
    head::Found,
    open_file,
    times::Times,
};
use crate::{date::Moment, hex};

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

    /// The newest entries, so many or all if there are fewer; nothing where they cannot be had from the end alone, and the
    /// whole has to be read.
    ///
    /// That proves that each of these was written after the one before it, and that the last one is where the sealed head
    /// and the anchor know the end. What lies before them is not looked at: a flaw there is not found.
    #[must_use]
    pub fn newest(&self, entries: usize) -> Option<Vec<(u64, Event)>> {
        let Found::Head(head) = self.find_head().ok()? else { return None };
        let tail = self.tail(MOST)?;
        let lines: Vec<&[u8]> = tail.strip_suffix(b"\n")?.split(|byte| *byte == b'\n').collect();
        // One before them is opened for its time, and of the one before that there has to be the chain value.
        let from = lines.len().saturating_sub(entries.saturating_add(2));
        let (first, lines) = lines[from..].split_first()?;
        let mut at = after(first)?;
        let is_whole = at.seq == 0;
        let mut ends = Ends::new(Found::Head(head), self.known);
        let (mut times, mut opened, mut at_head) = (Times::default(), Vec::new(), false);
        ends.see(at);
        for line in lines {
            let mut chain = self.chain(at);
            chain.open(line).ok()?;
            at = chain.at;
            ends.see(at);
            at_head |= (at.seq, at.hash) == (head.end.seq, head.end.hash);
            let went_back = times.follow(chain.json());
            opened.push((at.seq, Event::from_json(chain.json()).going_back(went_back)));
        }
        let enough = is_whole || opened.len() > entries;
        if !at_head || !enough || ends.flaw(self, at).is_some() {
            return None;
        }
        Some(opened.split_off(opened.len().saturating_sub(entries)))
    }

    /// When the entry was made that lies so many before the last one, if that is not far from the log's end.
    #[must_use]
    pub fn moment_before(&self, entries: u64) -> Option<Moment> {
        let tail = self.tail(MOST)?;
        let lines: Vec<&[u8]> = tail.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let at = lines.len().checked_sub(usize::try_from(entries).ok()? + 1).filter(|at| *at > 0)?;
        self.open_after(after(lines[at - 1])?, lines[at])?.0.moment
    }

    fn open_after(&self, before: Position, line: &[u8]) -> Option<(Event, Position)> {
        let mut chain = Chain::new(&self.key, &self.id, before);
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
    use super::super::{
        Event, Mark, Moment,
        tests::{event, history_of, log_in, put},
    };

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
    fn the_newest_are_those_that_the_whole_ends_with_or_are_not_had() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path()).closing_at(16 * 1024);
        assert!(log.newest(1).is_none(), "nothing was recorded yet");
        let mut had = 0;
        for number in 1..=90 {
            let back = if number % 7 == 0 { 2_000 } else { 0 };
            let event =
                Event { moment: Some(Moment::from_seconds(1_000_000_000 + number * 60 - back)), ..event(number) };
            log.append(&event, number % 5 == 0).unwrap();
            let all: Vec<(u64, Event)> = log.read().unwrap().map(Result::unwrap).collect();
            for entries in [1, 2, 5, 20, 200] {
                let Some(newest) = log.newest(entries) else { continue };
                had += 1;
                assert_eq!(newest, all[all.len().saturating_sub(entries)..], "{entries} of {number}");
            }
        }
        assert!(had > 300, "{had}");
    }

    #[test]
    fn the_newest_are_not_had_where_the_end_is_not_the_one_that_is_known() {
        let (folder, log, marks) = history_of(9);
        let [path, head] = ["history.log", "history.head"].map(|name| folder.path().join(name));
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<usize> = (1..=whole.len()).filter(|end| whole[end - 1] == b'\n').collect();
        assert_eq!(log.newest(3).unwrap().len(), 3);
        let known = log_in(folder.path()).expecting(Some(marks[8]));
        assert!(known.newest(3).is_some());
        let other = Mark { hash: [1; 32], ..marks[8] };
        assert!(log_in(folder.path()).expecting(Some(other)).newest(3).is_none());
        let more = Mark { seq: 10, hash: [1; 32] };
        assert!(log_in(folder.path()).expecting(Some(more)).newest(3).is_none());
        let mut changed = whole.clone();
        changed[ends[7] - 30] ^= 1;
        for bytes in [&whole[..ends[7]], &whole[..whole.len() - 1], &[&whole[..], b"1.10.x"].concat(), &changed] {
            put(&path, bytes);
            assert!(log.newest(3).is_none());
        }
        // What lies before them is not looked at.
        let mut changed = whole.clone();
        changed[30] ^= 1;
        put(&path, &changed);
        assert_eq!(log.newest(3).unwrap().len(), 3);
        put(&path, &whole);
        std::fs::remove_file(head).unwrap();
        assert!(log.newest(3).is_none());
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
    fn what_is_not_whole_ends_it() {
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
    }
}
