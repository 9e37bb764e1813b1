//! Who keeps a store's identity and anchor: the one seam between keyctl and the outside's keeping places.
//!
//! A store records its keeper once, in `keeper.toml` beside it, and never falls back to another: an identity that
//! cannot be reached is a failure with a name, not an invitation to look elsewhere or to make a new one.

use serde::{Deserialize, Serialize};

use super::{anchor::Id, file::IdentityFile, keychain::OsKeychain};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    secret::Secret,
};

/// The two things that are kept, one ASCII line each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The age identity; while it is being changed two of them, with a space between.
    Identity,
    /// The anchor, see [`super::anchor`].
    Anchor,
}

impl Item {
    /// The item's name in a keeping place.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Anchor => "anchor",
        }
    }
}

/// What a keeper has of one store.
#[derive(Default)]
pub struct Held {
    /// The identity's line, see [`super::Identity::parse_kept`].
    pub identity: Option<Secret>,
    /// The anchor's line.
    pub anchor: Option<Secret>,
}

/// A place that keeps identity and anchor of one store.
pub trait Keeper {
    /// Reads both in one go. What is not there is `None`; what cannot be reached is a failure.
    ///
    /// # Errors
    /// `Keychain`: locked, denied, silent past the deadline; `Disk` for a file.
    fn read(&self) -> Result<Held>;

    /// Like [`Keeper::read`], and gives up where a person would be asked or made to wait.
    ///
    /// # Errors
    /// As [`Keeper::read`].
    fn read_quietly(&self) -> Result<Held> {
        self.read()
    }

    /// Puts one line in place and returns once it is kept.
    ///
    /// # Errors
    /// As [`Keeper::read`].
    fn write(&self, item: Item, line: &Secret) -> Result<()>;

    /// Removes one line; its not being there is no failure.
    ///
    /// # Errors
    /// As [`Keeper::read`].
    fn remove(&self, item: Item) -> Result<()>;
}

/// The kinds of keeper a store may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeeperKind {
    /// The operating system's keychain.
    Keychain,
    /// A file that only its owner may read, for machines without a keychain.
    File,
}

impl KeeperKind {
    /// The place, in words for a sentence.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Self::Keychain => "the keychain",
            Self::File => "`identity.txt`",
        }
    }

    /// The word for it in commands and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
        }
    }
}

/// What `keeper.toml` says: which store this is and who keeps its identity. Nothing in it is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The store's id, under which the keeper has it.
    pub store: Id,
    /// Who keeps it.
    pub keeper: KeeperKind,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    format: u32,
    store: String,
    keeper: KeeperKind,
}

const FILE: &str = "keeper.toml";
const LARGEST: usize = 4096;

impl Record {
    /// Reads the record; `None` where no store was ever made.
    ///
    /// # Errors
    /// `Store` when it is damaged or of a newer keyctl, `Disk` when it cannot be read.
    pub fn read(home: &Home) -> Result<Option<Self>> {
        let path = home.file(FILE);
        let Some((bytes, _)) = home::read(&path, LARGEST)? else { return Ok(None) };
        let damaged = || {
            Failure::new(Kind::Store, format!("`{}` is damaged", path.display()))
                .hint("bring the store back with its recovery copy: `keyctl recovery restore FILE`")
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
        let record: RecordText = toml::from_str(text).map_err(|_| damaged())?;
        if record.format != 1 {
            return Err(Failure::new(Kind::Store, format!("`{}` was written by a newer keyctl", path.display()))
                .hint("update keyctl"));
        }
        Ok(Some(Self { store: Id::parse(&record.store).ok_or_else(damaged)?, keeper: record.keeper }))
    }

    /// Writes the record.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, home: &Home) -> Result<()> {
        let text = format!(
            "# which store this is, and who keeps its age identity; written by keyctl\nformat = 1\nstore = \"{}\"\nkeeper = \"{}\"\n",
            self.store,
            self.keeper.word()
        );
        home::replace(&home.file(FILE), text.as_bytes())
    }

    /// The keeping place that this record names.
    #[must_use]
    pub fn open(&self, home: &Home) -> Box<dyn Keeper> {
        match self.keeper {
            KeeperKind::Keychain => Box::new(OsKeychain::of_store(self.store)),
            KeeperKind::File => Box::new(IdentityFile::in_home(home)),
        }
    }
}

/// Puts a line into a keeping place and says "done" only after it was read back from there.
///
/// # Errors
/// `Keychain` when another line comes back, else as the keeper has them.
pub fn write_and_read_back(keeper: &dyn Keeper, item: Item, line: &Secret) -> Result<()> {
    keeper.write(item, line)?;
    let held = keeper.read()?;
    let back = match item {
        Item::Identity => held.identity,
        Item::Anchor => held.anchor,
    };
    if back.is_some_and(|back| back.same_as(line)) {
        return Ok(());
    }
    Err(Failure::new(Kind::Keychain, format!("the keychain took the {} but does not give it back", item.name()))
        .hint("keep the identity in a file instead: `keyctl store create personal --keeper file`"))
}

#[cfg(test)]
pub(crate) mod scripted {
    //! A keeping place whose faults a test writes down: slow, locked, forgetful.

    use std::cell::RefCell;

    use super::{Failure, Held, Item, Keeper, Kind, Result, Secret};

    /// What the next calls will do wrong.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub enum Fault {
        None,
        Locked,
        ForgetsWrites,
        GivesOldValue,
    }

    pub struct Scripted {
        pub fault: Fault,
        pub lines: RefCell<[Option<Vec<u8>>; 2]>,
    }

    impl Keeper for Scripted {
        fn read(&self) -> Result<Held> {
            if self.fault == Fault::Locked {
                return Err(Failure::new(Kind::Keychain, "the keychain is locked"));
            }
            let lines = self.lines.borrow();
            let line = |item: Item| lines[item as usize].clone().map(Secret::new);
            Ok(Held { identity: line(Item::Identity), anchor: line(Item::Anchor) })
        }
        fn write(&self, item: Item, line: &Secret) -> Result<()> {
            let kept = match self.fault {
                Fault::ForgetsWrites => None,
                Fault::GivesOldValue => Some(b"AGE-SECRET-KEY-1OLD".to_vec()),
                _ => Some(line.expose().to_vec()),
            };
            self.lines.borrow_mut()[item as usize] = kept;
            Ok(())
        }
        fn remove(&self, item: Item) -> Result<()> {
            self.lines.borrow_mut()[item as usize] = None;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{scripted::*, *};

    #[test]
    fn done_is_said_only_after_the_line_came_back() {
        let line = Secret::new(b"AGE-SECRET-KEY-1X".to_vec());
        for (fault, message) in [
            (Fault::None, None),
            (Fault::ForgetsWrites, Some("the keychain took the identity but does not give it back")),
            (Fault::GivesOldValue, Some("the keychain took the identity but does not give it back")),
            (Fault::Locked, Some("the keychain is locked")),
        ] {
            let keeper = Scripted { fault, lines: std::cell::RefCell::default() };
            let result = write_and_read_back(&keeper, Item::Identity, &line);
            assert_eq!(result.err().map(|failure| failure.message).as_deref(), message);
        }
    }

    #[test]
    fn a_record_reads_back_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        assert_eq!(Record::read(&home).expect("none yet"), None);
        let record = Record { store: Id([7; 16]), keeper: KeeperKind::File };
        record.write(&home).expect("write");
        assert_eq!(Record::read(&home).expect("read"), Some(record));
        for (text, message) in [
            ("", "damaged"),
            ("format = 1\nstore = \"x\"\nkeeper = \"file\"", "damaged"),
            ("format = 1\nstore = \"07070707070707070707070707070707\"\nkeeper = \"cloud\"", "damaged"),
            ("format = 2\nstore = \"\"\nkeeper = \"file\"", "newer"),
        ] {
            std::fs::write(home.file(FILE), text).expect("write");
            assert!(Record::read(&home).expect_err(text).message.contains(message), "{text}");
        }
    }
}
