//! Sealing the end anew, where only that is lost: over what is there, and with a note that more may have been.

use std::io;

use super::{
    Log,
    append::{Appended, Writer, stopped},
    chain::Position,
    event::{Action, Event},
    head::{Found, Head},
    read::{Step, Walk, bad_line},
    segment::{self, Files},
    verify::count,
};
use crate::{
    date::Moment,
    failure::{Failure, Result},
    home,
};

impl Log {
    /// Seals the end anew where the head is lost, over all lines that are there if each of them opens, and says so in a
    /// `repair` entry. `None` if the head is there. What was cut off before it can no longer be found except by an anchor.
    ///
    /// # Errors
    /// As [`Log::append_all`].
    pub fn reseal(&self, moment: Moment) -> Result<Option<Appended>> {
        let _lock = self.lock(home::LOCK_DEADLINE)?;
        if let Found::Head(_) = self.read_head()? {
            return Ok(None);
        }
        let (from, files) = self.survey()?;
        let file = self.open_for_append()?;
        let mut writer = Writer::at(self, file, from, Head { end: from, synced: from, lost: 0, files });
        writer.roll_forward()?;
        writer.compare_with_anchor()?;
        let note = format!("the sealed end was missing; {} found", count(writer.head().end.seq));
        let event = Event::new(Action::Repair, moment).note(note).missing_after(writer.head().end.seq);
        writer.add(&[&event], true)?.sure().map(Some)
    }

    /// Goes over all closed files, without a head that says how many there are, and gives the beginning of the last file.
    fn survey(&self) -> Result<(Position, Files)> {
        let failed = |error: &io::Error| Failure::disk("read", &self.file("log"), error);
        let mut files = self.beginning(&Found::Nothing).map_err(|error| failed(&error))?;
        files.left = 1;
        let mut walk = Walk::new(self, &files);
        loop {
            match walk.step().map_err(|error| failed(&error))? {
                Step::File if walk.numbered => {}
                Step::Entry => files.follow(walk.turn),
                Step::Flaw(why) => return Err(bad_line(walk.chain.at.seq + 1, &why)),
                Step::File | Step::Rest | Step::End => break,
            }
        }
        // A file that the walk does not come to goes on from one that is missing.
        if let Some(stray) = self.segments().into_iter().find(|number| *number >= walk.number) {
            return Err(stopped(format!("`{}` does not go on from the entry before", segment::name(stray))));
        }
        files.current = walk.number;
        files.closed = false;
        Ok((walk.chain.at, files))
    }
}
