//! Segments: a history that grows long lies in several files, of which the chain makes one.
//!
//! `history.log` is the last of them. Once it has [`LONGEST`] bytes it gets a `segment` entry, which is always the last of
//! its file, and becomes `history-0001.log`, the next one `history-0002.log`. The first line of a file is bound to the last
//! line of the one before it, as any line is to the line before. Old ones are removed by pruning only, from the oldest on,
//! after a sealed `prune` entry that says which was the last entry removed, and its chain value: from there the chain of
//! what is left begins.

use std::{ffi::OsStr, io, path::PathBuf, sync::LazyLock};

use memchr::memmem;

use super::{
    Log,
    chain::Position,
    event::{Action, Event},
};
use crate::{date::Moment, hex, platform};

/// From how many bytes on a file is closed.
pub(super) const LONGEST: u64 = 4 * 1024 * 1024;

/// The fields of a `segment` and a `prune` entry: which file, and for `prune` the last entry in it and its chain value.
const FILE: &str = "segment";
const LAST: &str = "last";
const HASH: &str = "hash";
/// What stands before the word of an entry's action.
const ACTION_FIELD: &[u8] = b"\"ev\":\"";

/// What the end of the log has to know of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Files {
    /// The number that `history.log` gets when it is closed, from 1.
    pub current: u64,
    /// Whether the last entry of `history.log` is the one that closes it.
    pub closed: bool,
    /// The number of the last file that was pruned, or 0.
    pub pruned: u64,
    /// The place after the last entry that was pruned: where the chain begins.
    pub base: Position,
    /// From which number on pruned files may still lie there. Above `pruned` none do.
    pub left: u64,
}

impl Files {
    /// One file, nothing pruned.
    pub(super) fn first(start: Position) -> Self {
        Self { current: 1, closed: false, pruned: 0, base: start, left: 1 }
    }

    /// Follows what an entry says of the files.
    pub(super) fn follow(&mut self, turn: Option<Turn>) {
        match turn {
            None => {}
            Some(Turn::Closes) => self.closed = true,
            Some(Turn::Prunes(pruned)) => {
                self.pruned = pruned.file;
                self.base = Position { seq: pruned.last, offset: 0, hash: pruned.hash };
            }
        }
    }
}

/// What a `prune` entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pruned {
    pub file: u64,
    pub last: u64,
    pub hash: [u8; 32],
    pub moment: Option<Moment>,
}

/// An entry after which the files are others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Closes,
    Prunes(Pruned),
}

impl Turn {
    /// The few entries that are one are found without reading the others as JSON: within a text its quotes are escaped.
    pub(super) fn of(json: &[u8]) -> Option<Self> {
        static ACTION: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new(ACTION_FIELD));
        let is_one = |at: usize| {
            let word = &json[at + ACTION_FIELD.len()..];
            word.starts_with(b"segment\"") || word.starts_with(b"prune\"")
        };
        if !ACTION.find_iter(json).any(is_one) {
            return None;
        }
        let event = Event::from_json(json);
        let number = |name| event.other.get(name)?.as_u64();
        match event.action {
            Action::Segment => Some(Self::Closes),
            Action::Prune => Some(Self::Prunes(Pruned {
                file: number(FILE)?,
                last: number(LAST)?,
                hash: hex::decode(event.other.get(HASH)?.as_str()?)?,
                moment: event.moment,
            })),
            _ => None,
        }
    }
}

/// The entry that closes a file.
pub(super) fn closing(file: u64, moment: Moment) -> Event {
    let mut event = Event::new(Action::Segment, moment);
    event.other.insert(FILE.into(), file.into());
    event
}

/// The entry that says which files are about to be removed.
pub(super) fn pruning(file: u64, base: Position, moment: Moment) -> Event {
    let mut event = Event::new(Action::Prune, moment);
    event.other.insert(FILE.into(), file.into());
    event.other.insert(LAST.into(), base.seq.into());
    event.other.insert(HASH.into(), hex::encode(&base.hash).into());
    event
}

/// What a closed file is called.
pub(super) fn name(number: u64) -> String {
    format!("history-{number:04}.log")
}

/// The number of a closed file. One that was set aside by an earlier version has ten digits and is none.
fn number(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_prefix("history-")?.strip_suffix(".log")?;
    let number = digits.parse().ok().filter(|_| digits.len() < 10)?;
    (self::name(number) == name.to_str()?).then_some(number)
}

impl Log {
    /// Where a closed file lies.
    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.folder.join(name(number))
    }

    /// Whether a closed file of this number lies there.
    pub(super) fn has_segment(&self, number: u64) -> bool {
        std::fs::symlink_metadata(self.segment(number)).is_ok()
    }

    /// The numbers of all closed files that lie there.
    pub(super) fn segments(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = platform::names_in(&self.folder).iter().filter_map(|name| number(name)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Removes the pruned files that may still lie there.
    pub(super) fn remove_pruned(&self, files: &Files) -> io::Result<()> {
        for number in files.left..=files.pruned {
            match std::fs::remove_file(self.segment(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        platform::sync_folder(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_file_is_told_by_its_name_and_nothing_else_is() {
        assert_eq!([name(1), name(12_345)], ["history-0001.log", "history-12345.log"]);
        for (text, expected) in [("history-0001.log", Some(1)), ("history-12345.log", Some(12_345))] {
            assert_eq!(number(OsStr::new(text)), expected);
        }
        for other in
            ["history.log", "history-1.log", "history-01234.log", "history-0001.head", "history-1764090000.log"]
        {
            assert_eq!(number(OsStr::new(other)), None, "{other}");
        }
    }

    #[test]
    fn a_text_that_looks_like_the_end_of_a_file_is_none() {
        let moment = Moment::from_seconds(0);
        let closes = |event: &Event| matches!(Turn::of(&event.to_json(4096)), Some(Turn::Closes));
        assert!(closes(&closing(1, moment)));
        let text = "\"ev\":\"segment\"";
        assert!(!closes(&Event::new(Action::Run, moment).note(text).program(OsStr::new(text))));
        let mut nested = Event::new(Action::Run, moment);
        nested.other.insert("x".into(), serde_json::json!({"ev": "segment"}));
        assert!(!closes(&nested));
    }
}
