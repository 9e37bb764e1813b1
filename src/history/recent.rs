//! The last entries, read from the log's end without what was before: for whoever must not wait for the whole.
//!
//! Each line ends with its chain value in plain digits, so a line can be opened where the one before it can be read. That
//! proves that it was written after just that value, and not that it is the last or that none is missing. Only the file that is
//! written to is looked into, so just after a long history was continued in another one there is little to be read.

use std::io::{Read, Seek, SeekFrom};

use memchr::arch::all::memchr::One;

use super::{
    Log,
    chain::{LONGEST_LINE, Position, claimed},
    ends::Ends,
    event::Event,
    head::Found,
    open_file,
    times::Times,
};
use crate::{date::Moment, hex};

/// How much is read first, from the end; then as much again as there is already.
const BLOCK: u64 = 16 * 1024;
/// More entries than a file has.
const MOST: usize = 1 << 20;

impl Log {
    /// So many of the last entries, the oldest first; fewer where there are no more, or where they cannot be read.
    #[must_use]
    pub fn last(&self, entries: usize) -> Vec<(u64, Event)> {
        self.open_last(entries, entries).unwrap_or_default()
    }

    /// The last entries that come after this number, at most so many.
    #[must_use]
    pub fn last_after(&self, number: u64, most: u64) -> Vec<(u64, Event)> {
        let later = self.last(1).last().map_or(0, |(last, _)| last.saturating_sub(number)).min(most);
        let mut entries = if later == 0 { Vec::new() } else { self.last(usize::try_from(later).unwrap_or_default()) };
        entries.retain(|(own, _)| *own > number);
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
        let tail = self.tail(entries.min(MOST) + 1)?;
        let lines: Vec<&[u8]> = tail.strip_suffix(b"\n")?.split(|byte| *byte == b'\n').collect();
        // One before them is opened for its time, and of the one before that there has to be the chain value.
        let from = lines.len().saturating_sub(entries.saturating_add(2));
        let (first, lines) = lines[from..].split_first()?;
        let mut at = after(first)?;
        let is_whole = at.seq == 0;
        let mut ends = Ends::new(Found::Head(head), self.known, self.knower);
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

    /// When the entry was made that lies so many before the last one.
    #[must_use]
    pub fn moment_before(&self, entries: usize) -> Option<Moment> {
        self.open_last(entries + 1, 1)?.first()?.1.moment
    }

    /// Of so many of the last entries the first few. For the first alone all of them must be there.
    fn open_last(&self, entries: usize, few: usize) -> Option<Vec<(u64, Event)>> {
        let tail = self.tail(entries)?;
        let ends: Vec<usize> = One::new(b'\n').iter(&tail).collect();
        let line = |at: usize| &tail[at.checked_sub(1).map_or(0, |before| ends[before] + 1)..ends[at]];
        let from = match ends.len().checked_sub(entries + 1) {
            Some(from) => from,
            None if few == entries && !ends.is_empty() => 0,
            None => return None,
        };
        let mut chain = self.chain(after(line(from))?);
        let mut opened = Vec::new();
        for at in (from + 1..ends.len()).take(few) {
            if chain.open(line(at)).is_err() {
                break;
            }
            opened.push((chain.at.seq, Event::from_json(chain.json())));
        }
        Some(opened)
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
            let own = One::new(b'\n').count(&block);
            if own == 0 && block.len() > LONGEST_LINE {
                // No entry is that long, so there is none: what is only long is not read to its beginning.
                return None;
            }
            ends += own;
            block.append(&mut tail);
            tail = block;
        }
        if from > 0 {
            // A piece of a line is no line.
            let end = One::new(b'\n').find(&tail)?;
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
    use super::super::{
        Event, Mark, Moment,
        tests::{event, history_of, log_in, put},
    };

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
        // More than a few entries behind the sealed end are for the whole reading to judge.
        let (folder, log, _) = history_of(5);
        let head = folder.path().join("history.head");
        let old = std::fs::read(&head).unwrap();
        (6..=9).for_each(|number| drop(log.append(&event(number), false).unwrap()));
        put(&head, &old);
        assert_eq!((log.newest(2), log.newest(4).map(|newest| newest.len())), (None, Some(4)));
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
    fn a_file_that_is_only_long_has_no_last_entry_and_is_not_read_to_its_beginning() {
        let (folder, log, _) = history_of(3);
        let path = folder.path().join("history.log");
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let whole = file.metadata().unwrap().len();
        file.set_len(whole + (1 << 20)).unwrap();
        assert_eq!((log.last(2).len(), log.moment_before(1), log.newest(2)), (0, None, None));
        assert_eq!(log.last_after(1, 400), []);
        file.set_len(whole).unwrap();
        assert_eq!(log.last(2).len(), 2);
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
            assert!(log.last(10).len() < 3);
        }
    }
}
