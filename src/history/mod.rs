//! The history: what was done with which key, when and by which program, so that a change to it is found.
//!
//! Without the identity nobody can read, change, cut, reorder or add entries unnoticed. Four files lie in the data
//! folder, all 0600, and a fifth only when something could not be recorded:
//!
//! ```text
//! history.log    one sealed line per entry, each bound to all before it        chain.rs
//! history.head   where the log ends, sealed; without it the end is not proven  head.rs
//! history.lock   held while one entry is added
//! history.torn   the unfinished rest of a write that a kill or a power cut broke off
//! history.gap    one byte for each entry that could not be recorded; unsealed, so best effort
//! ```
//!
//! An entry is added at the end without reading what was there (append.rs). Reading and verifying need no lock and
//! write nothing, so they work on a read-only disk. The key is `HKDF-SHA256(identity, salt = log id,
//! info = "keyctl/history/v1")`; the log id is 16 random bytes that the store keeps.
//!
//! Log and head put back together as they were is found only by a [`Mark`] kept elsewhere: the anchor in the keychain and
//! in the store. Whoever holds the identity can write a history of their own after the last anchor; nothing here stops
//! that.
//!
//! What is found missing or changed stops adding with [`Kind::Store`], except for what a crash does by itself. Whole
//! lines that the head does not know yet are taken in, nothing being lost; an unfinished last line, and a log that ends
//! between what was surely on the disk and its head (head.rs), are mended and said in a sealed `repair` entry. A missing
//! log is begun only if no anchor knows of entries; else adding stops, as it does when only the head is missing. The ways
//! out are deliberate ones: [`Log::reseal`] and [`Log::set_aside`].

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex, home, platform,
    seal::SealKey,
};

mod append;
mod chain;
mod event;
mod head;
mod read;
mod reason;
mod recent;
mod uses;
mod verify;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tamper_tests;
#[cfg(test)]
mod tests;

pub use append::Appended;
pub use chain::LogId;
pub use event::{Action, Event};
pub use read::Reader;
pub use reason::Reason;
pub use uses::Use;
pub use verify::Verdict;

/// What the key of the history is derived for.
const PURPOSE: &str = "keyctl/history/v1";

/// The history of one store.
pub struct Log {
    folder: PathBuf,
    id: LogId,
    key: SealKey,
    known: Option<Mark>,
}

/// The last entry at some moment: its number and the chain value that stands for it and all before it.
///
/// Kept elsewhere it is an anchor. Only a mark of a durable append may become one: others may be lost in a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The entry's number, from 1.
    pub seq: u64,
    /// The chain value after it.
    pub hash: [u8; 32],
}

impl fmt::Display for Mark {
    /// `12.<64 hex digits>`: one word, for a keychain item or a note on paper.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, hex::encode(&self.hash))
    }
}

impl FromStr for Mark {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let read = || {
            let (seq, hash) = text.split_once('.')?;
            Some(Self { seq: seq.parse().ok()?, hash: hex::decode(hash)? })
        };
        read().ok_or_else(|| "not a mark of the history".to_owned())
    }
}

impl Log {
    /// The history in a data folder, for whoever has the identity (its text, as age writes it). Touches no file.
    #[must_use]
    pub fn new(folder: &Path, id: LogId, identity_secret: &[u8]) -> Self {
        let key = SealKey::derive(identity_secret, &id, PURPOSE);
        Self { folder: folder.to_owned(), id, key, known: None }
    }

    /// With the anchor: [`Log::append`] then refuses a history that lacks or contradicts it.
    #[must_use]
    pub fn expecting(mut self, known: Option<Mark>) -> Self {
        self.known = known;
        self
    }

    /// All entries from the first, each checked as it comes; an unfinished last line is left out. Only [`Log::verify`]
    /// says whether these are all.
    ///
    /// # Errors
    /// When the log is there but cannot be opened.
    pub fn read(&self) -> Result<Reader<'_>> {
        let file = self.open_log().map_err(|error| Failure::disk("read", &self.file("log"), &error))?;
        Ok(Reader::new(file, self.chain(self.start())))
    }

    /// Leaves a mark that something could not be recorded; the next entry is then preceded by a `gap`. Best effort, for
    /// a command that goes on without its entry.
    pub fn note_gap(&self) {
        let marker = platform::open_or_create_private(&self.file("gap"), true);
        let _ = marker.and_then(|mut file| io::Write::write_all(&mut file, b"."));
    }

    /// Puts a history that cannot be continued out of the way, under names with this moment's seconds. The caller then
    /// needs a new log id and a new anchor, so that the old one cannot be put back.
    ///
    /// # Errors
    /// When another keyctl holds the lock, or a file cannot be renamed.
    pub fn set_aside(&self, moment: Moment) -> Result<()> {
        let _lock = home::Lock::acquire(&self.file("lock"))?;
        // The log first: a head without its log still stops adding.
        for ending in ["log", "head"] {
            let (from, to) = (self.file(ending), self.folder.join(format!("history-{}.{ending}", moment.seconds())));
            if to.exists() {
                return Err(Failure::new(Kind::Disk, format!("`{}` is there already", to.display())));
            }
            match std::fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::disk("rename", &from, &error));
                }
                _ => {}
            }
        }
        platform::sync_folder(&self.folder).map_err(|error| Failure::disk("sync", &self.folder, &error))
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("history.{ending}"))
    }

    fn start(&self) -> chain::Position {
        chain::Position::start(&self.id)
    }

    fn chain(&self, at: chain::Position) -> chain::Chain<'_> {
        chain::Chain::new(&self.key, &self.id, at)
    }

    /// The log for reading; `None` where there is none.
    fn open_log(&self) -> io::Result<Option<File>> {
        match platform::open_untrusted(&self.file("log")) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
