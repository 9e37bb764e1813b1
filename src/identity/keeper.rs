//! Who keeps a store's identity and anchor: the one seam between keyctl and the outside's keeping places.
//!
//! A store records its keeper once, in `keeper.toml` beside it, and never falls back to another: an identity that
//! cannot be reached is a failure with a name, not an invitation to look elsewhere or to make a new one.

use serde::{Deserialize, Serialize};

use super::wrapping::Hash;
use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

pub use super::record::{Keeping, Record};

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

    /// Like [`Keeper::read`], and leaves an identity out that a person would be asked for.
    ///
    /// # Errors
    /// As [`Keeper::read`].
    fn peek(&self) -> Result<Held> {
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

    /// What marks the identity as it lies wrapped just now; nothing where it is not.
    ///
    /// # Errors
    /// As [`Keeper::read`].
    fn mark(&self) -> Result<Option<Hash>> {
        Ok(None)
    }
}

/// The kinds of keeper a store may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeeperKind {
    /// The operating system's keychain.
    Keychain,
    /// A file that only its owner may read, for machines without a keychain.
    File,
    /// A file that a passphrase opens.
    Passphrase,
    /// The keychain, which has it under a passphrase.
    #[serde(rename = "keychain+passphrase")]
    KeychainPassphrase,
    /// A file that an SSH key opens.
    Ssh,
    /// A file that an age plugin opens: a key on a device, for one.
    Plugin,
    /// Nobody here: each call is given it, see [`super::given`].
    Given,
}

impl KeeperKind {
    /// All that may be chosen, as they are offered.
    pub const ALL: &[Self] =
        &[Self::Keychain, Self::File, Self::Passphrase, Self::KeychainPassphrase, Self::Ssh, Self::Plugin];

    /// The place, in words for a sentence.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Self::Keychain => "the keychain",
            Self::File => "`identity.txt`",
            Self::Passphrase => "a file under a passphrase",
            Self::KeychainPassphrase => "the keychain under a passphrase",
            Self::Ssh => "a file under an SSH key",
            Self::Plugin => "a file that a plugin opens",
            Self::Given => "`KEYCTL_IDENTITY` of each call",
        }
    }

    /// The word for it in commands and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
            Self::Passphrase => "passphrase",
            Self::KeychainPassphrase => "keychain+passphrase",
            Self::Ssh => "ssh",
            Self::Plugin => "plugin",
            Self::Given => "given",
        }
    }

    /// Whether the keychain has a part in it: then it has the anchor, and knows which store belongs to the folder.
    #[must_use]
    pub fn uses_keychain(self) -> bool {
        match self {
            Self::Keychain | Self::KeychainPassphrase => true,
            Self::File | Self::Passphrase | Self::Ssh | Self::Plugin | Self::Given => false,
        }
    }

    /// Whether it may ask a person for a passphrase or a touch.
    #[must_use]
    pub fn may_ask(self) -> bool {
        match self {
            Self::Keychain | Self::File | Self::Given => false,
            Self::Passphrase | Self::KeychainPassphrase | Self::Ssh | Self::Plugin => true,
        }
    }

    /// Whether a passphrase of the store's own opens it.
    #[must_use]
    pub fn has_passphrase(self) -> bool {
        matches!(self, Self::Passphrase | Self::KeychainPassphrase)
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
}
