//! What could not be recorded leaves a mark each in `history.gap`, and the next entry says how many there were.
//!
//! A mark is a byte. A full disk takes none, but lets most files be longer than what is written in them, so that the length
//! counts there too. Where a file can be no longer either, a byte that is there says that there were more, and one that
//! has none counts as one of nobody knows how many. The file is not sealed, so only so much of it is believed, and what is no
//! regular file is none of ours.

use std::{
    fmt,
    io::{self, Read, Write},
    thread::sleep,
    time::{Duration, SystemTime},
};

use super::Log;
use crate::{
    failure::{Kind, Result},
    home::Lock,
    platform,
};

/// So many entries are believed to be unrecorded at most.
const MOST: u64 = 100_000;
/// A mark.
const MARK: u8 = b'.';
/// The time of a file that could not be given any.
const REFUSED: SystemTime = SystemTime::UNIX_EPOCH;
/// Stands in the place of a mark where others could not be made.
const AND_MORE: u8 = b'+';
/// How often to ask for the lock before a file is made longer, and how long to wait in between. Two at once count as one.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(1);
/// So many things that are no files may lie where a file of ours belongs, one after the other.
const MOST_OTHERS: u32 = 99;

/// How many entries could not be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrecorded {
    /// So many are known of.
    pub entries: u64,
    /// There may be more.
    pub and_more: bool,
}

impl fmt::Display for Unrecorded {
    /// `2 events could not be recorded`, `at least 1 event could not be recorded, how many is not known`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, and_more } = self;
        let least = if *and_more { "at least " } else { "" };
        let events = if *entries == 1 { "event" } else { "events" };
        let unknown = if *and_more { ", how many is not known" } else { "" };
        write!(f, "{least}{entries} {events} could not be recorded{unknown}")
    }
}

impl Log {
    /// How many entries could not be recorded since the last one.
    #[must_use]
    pub fn gap(&self) -> Option<Unrecorded> {
        let path = self.file("gap");
        let length = std::fs::symlink_metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
        let mut marks = Vec::new();
        let all = platform::open_untrusted(&path).and_then(|file| file.take(MOST).read_to_end(&mut marks));
        let and_more = length == 0 || length > MOST || all.is_err() || marks.contains(&AND_MORE);
        Some(Unrecorded { entries: length.clamp(1, MOST), and_more })
    }

    /// Leaves a mark that something could not be recorded; the next entry is then preceded by a `gap`. Best effort, for
    /// a command that goes on without its entry.
    pub fn note_gap(&self) {
        self.note_gaps(1);
    }

    fn note_gaps(&self, entries: u64) {
        let path = self.file("gap");
        self.clear_the_way("gap");
        let marks = vec![MARK; usize::try_from(entries).unwrap_or_default()];
        loop {
            let Ok(mut file) = platform::open_or_create_private(&path, true) else { return };
            let was_refused = file.metadata().and_then(|facts| Ok(facts.len() == 0 && facts.modified()? == REFUSED));
            let written = match was_refused {
                Ok(true) => file.write_all(&[&[AND_MORE], &marks[..]].concat()),
                _ => file.write_all(&marks),
            };
            // Whoever adds an entry may have taken the file away and counted it just before it was written to.
            if written.or_else(|_| self.lengthen(entries)).is_err() || platform::is_at(&file, &path) {
                return;
            }
        }
    }

    /// Makes the file longer by so much without anything in it, or at least says of it that there were more.
    fn lengthen(&self, entries: u64) -> io::Result<()> {
        // Windows lets no handle that appends do it.
        let mut file = platform::open_or_create_private(&self.file("gap"), false)?;
        for _ in 0..LOOKS {
            if platform::try_lock(&file).is_ok() {
                break;
            }
            sleep(PAUSE);
        }
        let length = file.metadata()?.len();
        file.set_len(length + entries).or_else(|error| {
            if length > 0 {
                return file.write_all(&[AND_MORE]);
            }
            file.set_modified(REFUSED).and(Err(error))
        })
    }

    /// Takes the marks away of what is noted now. Whoever cannot record something marks that without the lock, so there may
    /// be more by now: first nobody finds them any more, then what is too many is marked anew.
    pub(super) fn clear_gap(&self, noted: Unrecorded) {
        let (gap, taken) = (self.file("gap"), self.file("gap.noted"));
        self.clear_the_way("gap.noted");
        if platform::rename(&gap, &taken).is_err() {
            // Left where it is, it is noted again: rather twice than never.
            return;
        }
        let marked = std::fs::symlink_metadata(&taken).map_or(0, |facts| facts.len());
        // More than is ever believed was not written by us.
        let more = marked.min(MOST).saturating_sub(noted.entries);
        if more > 0 {
            self.note_gaps(more);
        }
        let _ = std::fs::remove_file(&taken);
    }

    /// The right to add an entry. What is no file and keeps the lock from being one is taken out of the way.
    ///
    /// # Errors
    /// As [`Lock::acquire`].
    pub(super) fn lock(&self, patience: Duration) -> Result<Lock> {
        let path = self.file("lock");
        match Lock::acquire_within(&path, patience) {
            Err(failure) if failure.kind == Kind::Disk => {
                self.clear_the_way("lock");
                Lock::acquire_within(&path, patience)
            }
            locked => locked,
        }
    }

    /// Takes what is no file, and so none of ours, out of the way: it must not keep anything from being recorded.
    pub(super) fn clear_the_way(&self, ending: &str) {
        let path = self.file(ending);
        if std::fs::symlink_metadata(&path).map_or(true, |facts| facts.is_file()) {
            return;
        }
        let is_free = |other: &std::path::PathBuf| std::fs::symlink_metadata(other).is_err();
        let names = (1..=MOST_OTHERS).map(|number| match number {
            1 => format!("{ending}.other"),
            _ => format!("{ending}.other-{number}"),
        });
        if let Some(other) = names.map(|name| self.file(&name)).find(is_free) {
            let _ = platform::rename(&path, &other);
        }
    }
}
