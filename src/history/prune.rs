//! Pruning: whole old files are removed, after an entry that says so for ever.

use std::io;

use super::{
    Appended, Log,
    append::{Writer, stopped},
    chain::Position,
    event::Event,
    read::{Step, Walk, bad_line},
    segment::{self, Turn},
};
use crate::{
    date::Moment,
    failure::{Failure, Result},
    home,
};

/// A closed file of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// Its first entry.
    pub first: u64,
    /// Its last entry.
    pub last: u64,
    /// When that was, if it says so.
    pub moment: Option<Moment>,
    end: Position,
}

impl Segment {
    /// What its file is called.
    #[must_use]
    pub fn name(&self) -> String {
        segment::name(self.number)
    }
}

impl Log {
    /// All closed files that can be removed, from the oldest; each of their entries is checked. One that nothing follows yet
    /// is none of them: the `prune` entry would be the first of what is left, and to open that its chain value is needed.
    ///
    /// # Errors
    /// As [`Log::read`] and its entries have them.
    pub fn closed_files(&self) -> Result<Vec<Segment>> {
        let failed = |error: &io::Error| Failure::disk("read", &self.file("log"), error);
        let files = self.find_head().and_then(|found| self.beginning(&found)).map_err(|error| failed(&error))?;
        let mut walk = Walk::new(self, &files);
        let mut first = files.base.seq + 1;
        let (mut closed, mut followed) = (Vec::new(), true);
        loop {
            match walk.step().map_err(|error| failed(&error))? {
                Step::Entry if walk.turn == Some(Turn::Closes) && walk.numbered => {
                    let (end, moment) = (walk.chain.at, Event::from_json(walk.chain.json()).moment);
                    closed.push(Segment { number: walk.number, first, last: end.seq, moment, end });
                    first = end.seq + 1;
                    followed = false;
                }
                Step::Flaw(why) => return Err(bad_line(walk.chain.at.seq + 1, &why)),
                Step::File => {}
                Step::Entry => followed = true,
                Step::Rest | Step::End => break,
            }
        }
        closed.truncate(closed.len().saturating_sub(usize::from(!followed)));
        Ok(closed)
    }

    /// Removes a closed file and all before it. That they were there, and up to which entry, stays known: their removal
    /// is an entry, and the chain of what is left begins with the chain value in it.
    ///
    /// # Errors
    /// As [`Log::append_all`]. After `Disk` the entry may be there; then the next one to add an entry removes the files.
    pub fn prune(&self, through: &Segment, moment: Moment) -> Result<Appended> {
        let _lock = self.lock(home::LOCK_DEADLINE)?;
        let writer = Writer::open(self)?;
        let files = writer.files();
        let unfollowed = through.number + 1 == files.current && !writer.has_entries();
        if through.number <= files.pruned || through.number >= files.current || unfollowed {
            return Err(stopped(format!("`{}` is not there any more", through.name())));
        }
        writer.prune(through.number, through.end, moment)
    }
}
