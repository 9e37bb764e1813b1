//! The history: what was done with which key, when and by which program, so that a change to it is found.
//!
//! Without the identity nobody can read, change, cut, reorder or add entries unnoticed. These files lie in the data folder,
//! all 0600, the last two only when something was broken off or could not be recorded:
//!
//! ```text
//! history.log    one sealed line per entry, each bound to all before it        chain.rs
//! history-0001.log, …  what was the log before it grew long                    segment.rs
//! history.head   where the log ends, sealed; without it the end is not proven  head.rs
//! history.lock   held while one entry is added
//! history.torn   the unfinished rest of a write that a kill or a power cut broke off
//! history.gap    one byte for each entry that could not be recorded; unsealed, so best effort (gap.rs). It becomes
//!                `history.gap.noted` once an entry says so, and goes
//! ```
//!
//! An entry is added at the end without reading what was there (append.rs). Reading and verifying need no lock and
//! write nothing, so they work on a read-only disk. The key is `HKDF-SHA256(identity, salt = log id,
//! info = "keyctl/history/v1")`; the log id is 16 random bytes that the store keeps.
//!
//! Where the identity was changed, entries up to some one are sealed with the key of the former identity, which the store
//! keeps, and all later ones and the head with the new key (rekey.rs).
//!
//! Log and head put back together as they were is found only by a [`Mark`] kept elsewhere: the anchor in the keychain and
//! in the store, or a line that its owner put away (mark.rs). Whoever holds the identity can write a history of their own after the last anchor; nothing here stops
//! that.
//!
//! What is found missing or changed stops adding with [`Kind::Store`], except for what a crash does by itself. Whole
//! lines that the head does not know yet are taken in, nothing being lost; an unfinished last line, and a log that ends
//! between what was surely on the disk and its head (head.rs), are mended and said in a sealed `repair` entry. A missing
//! log is begun only if no anchor knows of entries; else adding stops, as it does when only the head is missing. The ways
//! out are deliberate ones: [`Log::reseal`] and [`Log::set_aside`].

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, Result},
    identity::retired::Retired,
    platform,
    seal::SealKey,
};

#[cfg(test)]
use crate::{date::Moment, failure::Kind};

use chain::Former;
use ends::Ends;
use head::Found;
use read::Walk;

mod append;
mod aside;
mod beside;
mod chain;
mod endings;
mod ends;
mod event;
mod fetch;
mod gap;
mod head;
mod json;
pub mod lives;
mod losses;
mod mark;
mod prune;
pub mod query;
mod read;
mod reason;
mod recent;
mod rekey;
pub mod request;
mod reseal;
mod segment;
mod settle;
mod standing;
mod started;
mod times;
pub mod unmade;
pub mod usage;
mod uses;
mod verify;

#[cfg(test)]
mod aside_tests;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod gap_tests;
#[cfg(test)]
mod prune_tests;
#[cfg(test)]
mod rekey_tests;
#[cfg(test)]
mod segment_tests;
#[cfg(test)]
mod tamper_tests;
#[cfg(test)]
mod tests;

pub use append::Appended;
pub use chain::LogId;
pub use event::{ACTIONS, Action, Event};
pub use fetch::Fetch;
pub use gap::Unrecorded;
pub use losses::{Loss, in_words as losses_in_words};
pub use mark::Mark;
pub use prune::Segment;
pub use query::{Lineage, Query};
pub use read::{Place, Reader};
pub use reason::Reason;
pub use rekey::Handover;
pub use standing::Standing;
pub use started::started;
pub use uses::Use;
pub use verify::{Pruned, Verdict, Watch};

/// What the key of the history is derived for.
const PURPOSE: &str = "keyctl/history/v1";

/// The history of one store.
pub struct Log {
    folder: PathBuf,
    id: LogId,
    key: SealKey,
    /// The keys of earlier entries, the earliest first.
    former: Vec<Former>,
    /// Whether the last of them may have sealed the head still.
    changing: bool,
    known: Option<Mark>,
    /// Who knows that.
    knower: &'static str,
    /// What a history begins with that takes the place of another.
    first: Option<Event>,
    /// From how many bytes on a file is closed.
    longest: u64,
}

impl Log {
    /// The history in a data folder, for whoever has the identity (its text, as age writes it). Touches no file.
    #[must_use]
    pub fn new(folder: &Path, id: LogId, identity_secret: &[u8]) -> Self {
        let key = SealKey::derive(identity_secret, &id, PURPOSE);
        let (folder, longest) = (folder.to_owned(), segment::LONGEST);
        let (former, known, knower, first) = (Vec::new(), None, ends::ANCHOR, None);
        Self { folder, id, key, former, changing: false, known, knower, first, longest }
    }

    /// The folder it lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// With the keys that are kept of former identities, the earliest first; one that is none is left out, and its entries
    /// then do not open.
    #[must_use]
    pub fn with_retired(mut self, retired: &[Retired]) -> Self {
        let former = |Retired { key, last, hash }: &Retired| {
            Some(Former { key: SealKey::from_kept(key)?, last: *last, hash: *hash })
        };
        self.former = retired.iter().filter_map(former).collect();
        self
    }

    /// While the identity is being changed: then the end may still be sealed with the former key, if it is the end of that.
    #[must_use]
    pub fn changing(mut self, changing: bool) -> Self {
        self.changing = changing;
        self
    }

    /// With the anchor: [`Log::append_all`] then refuses a history that lacks or contradicts it.
    #[must_use]
    pub fn expecting(mut self, known: Option<Mark>) -> Self {
        self.known = known;
        self
    }

    /// With what the store itself knows of its history: where that is more than the anchor knows, or something else, it
    /// counts. The anchor may be a file that whoever changes the history can change too; the store is sealed.
    #[must_use]
    pub fn known_to_the_store(mut self, mark: Option<Mark>) -> Self {
        if let Some(mark) = mark
            && self.known.is_none_or(|known| mark.seq > known.seq || (mark.seq == known.seq && mark.hash != known.hash))
        {
            (self.known, self.knower) = (Some(mark), ends::STORE);
        }
        self
    }

    /// With the entry that it begins with, as it takes the place of another one: whoever makes the first entry of all puts
    /// that before it, and until then nothing is proven.
    #[must_use]
    pub fn beginning_with(mut self, first: Option<Event>) -> Self {
        self.first = first;
        self
    }

    /// With another length from which on a file is closed than 4 MiB, for tests and benches.
    #[must_use]
    pub fn closing_at(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    /// All entries from the first, each checked as it comes; an unfinished last line is left out. What is wrong comes as
    /// an error behind what could be read: a line that does not open, or an end that is not the one which the sealed head
    /// and the anchor know (ends.rs). [`Log::verify`] looks closer.
    ///
    /// # Errors
    /// When the log is there but cannot be opened.
    pub fn read(&self) -> Result<Reader<'_>> {
        let unread = |file: &str| {
            let path = self.file(file);
            move |error: io::Error| Failure::disk("read", &path, &error)
        };
        let found = self.find_head().map_err(unread("head"))?;
        let walk = Walk::new(self, &self.beginning(&found).map_err(unread("log"))?);
        Ok(Reader::new(walk, Ends::new(found, self.known, self.knower)))
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("history.{ending}"))
    }

    fn start(&self) -> chain::Position {
        chain::Position::start(&self.id)
    }

    fn chain(&self, at: chain::Position) -> chain::Chain<'_> {
        chain::Chain::new(&self.key, &self.former, &self.id, at)
    }

    fn find_head(&self) -> io::Result<Found> {
        let (path, start) = (self.file("head"), self.start());
        let found = head::read(&path, &self.key, start)?;
        match (found, self.former.last()) {
            (Found::Foreign, Some(former)) if self.changing => {
                let left = head::read(&path, &former.key, start)?;
                let is_its_end = |head: &head::Head| (head.end.seq, head.end.hash) == (former.last, former.hash);
                Ok(if matches!(left, Found::Head(head) if is_its_end(&head)) { left } else { found })
            }
            _ => Ok(found),
        }
    }

    /// The latest entry that is known to have been there: of the anchor, or what a former key ends with.
    fn least(&self) -> Option<Mark> {
        let former = self.former.last().map(|former| Mark { seq: former.last, hash: former.hash });
        former.into_iter().chain(self.known).max_by_key(|mark| mark.seq)
    }
}

/// A file for reading; `None` where there is none.
fn open_file(path: &Path) -> io::Result<Option<File>> {
    match platform::open_untrusted(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
