//! The change of identity: from some entry on the history is sealed with the key of another identity.
//!
//! The former identity's part ends with a closed file: its last entries are the one that says that the identity is changed
//! and a `segment` entry. What is kept of it is the key, not the identity, with the number and the chain value of the last
//! entry ([`Retired`]); the new store carries that, and the store's being replaced is the moment at which the identity is
//! changed. Then the head is sealed anew. Nobody adds an entry from the closing of the file until then, so that none comes to
//! stand behind the end of the former key.
//!
//! ```text
//! killed before the store is replaced   the former key is the key, and a file was closed for nothing
//! killed before the head is sealed      the former key sealed the head, and it ends where that key ends
//! ```
//!
//! Only while the change is known to be unfinished ([`Log::changing`]) the second is a history that is whole; ever after, a head
//! of the former key is one that was changed, and so is a line of it behind its end. Whoever has the former identity and gets
//! at the files can therefore read the entries from before the change, and that is all: to have changed or taken away one of
//! them they had to be there before the change, as the chain value in the store stands for all of them. A history that they
//! had forged before, where no mark kept elsewhere contradicts it, is taken over as it is.

use super::{Appended, Log, Mark, append::Writer, event::Event};
use crate::{
    date::Moment,
    failure::Result,
    home::{LOCK_DEADLINE, Lock},
    identity::retired::Retired,
};

/// A history whose part under one key is closed. While this is held, nobody adds an entry.
pub struct Handover {
    _lock: Lock,
    /// The entry that says so, with what had to be mended for it.
    added: Appended,
    mark: Mark,
    /// The entry that everything up to it was pruned with.
    pruned: u64,
}

impl Log {
    /// Ends the part of the history that is sealed with this key: adds the entry that says so, and closes the file.
    ///
    /// # Errors
    /// As [`Log::append`]. The key stays the key then, and what was added stays in the history.
    pub fn hand_over(&self, event: &Event) -> Result<Handover> {
        let lock = self.lock(LOCK_DEADLINE)?;
        let mut writer = Writer::open(self)?;
        let moment = event.moment.unwrap_or(Moment::from_seconds(0));
        let added = writer.add_at_once(&[event], moment, true)?.sure()?;
        writer.close_long_file(moment)?;
        let head = writer.head();
        let mark = Mark { seq: head.end.seq, hash: head.end.hash };
        Ok(Handover { _lock: lock, added, mark, pruned: head.files.base.seq })
    }

    /// Seals the end anew with this key, where the one before it did. The same as [`Handover::to`], where that was cut short.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn take_over(&self) -> Result<()> {
        let _lock = self.lock(LOCK_DEADLINE)?;
        self.seal_the_end()
    }

    fn seal_the_end(&self) -> Result<()> {
        let writer = Writer::open(self)?;
        self.put_head(&writer.head())
    }
}

impl Handover {
    /// The last entry that is sealed with the key; it is on the disk.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Takes the key in among those that are kept, and leaves out such as open only what was pruned.
    pub fn retire(&self, log: &Log, retired: &mut Vec<Retired>) {
        retired.retain(|former| former.last > self.pruned);
        retired.push(Retired { key: log.key.to_kept(), last: self.mark.seq, hash: self.mark.hash });
    }

    /// Gives the history to the new key, once the store is made for it; `log` has that key and the retired ones. Gives what
    /// was added when it was closed, and what kept the end from being sealed, as [`Log::append`] has it.
    pub fn to(self, log: &Log) -> (Appended, Result<()>) {
        let sealed = log.seal_the_end();
        (self.added, sealed)
    }
}
