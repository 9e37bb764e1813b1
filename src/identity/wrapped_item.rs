//! The keeper that has the identity in the keychain, wrapped: who can read the keychain needs the passphrase too, and who
//! knows the passphrase needs the keychain. The anchor is the keychain's item as ever.
//!
//! The item is one ASCII line, `keyctl-wrapped 1 <slot> <base64 of a binary age file>`. There are two such items, of which
//! the record names one: so old and new are beside each other while the passphrase is changed.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    anchor::Id,
    asking::{self, Nobody, Person},
    keeper::{Held, Item, Keeper},
    keychain::OsKeychain,
    unlocked,
    wrapping::{Form, Hash, Wrapper, unwrap, wrap},
};
use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// Which of the two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The one.
    A,
    /// The other.
    B,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The item's name in the keychain.
    #[must_use]
    pub fn item(self) -> &'static str {
        match self {
            Self::A => "wrapped-a",
            Self::B => "wrapped-b",
        }
    }

    /// How the item's line begins.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::A => "keyctl-wrapped 1 a ",
            Self::B => "keyctl-wrapped 1 b ",
        }
    }

    /// The slot of an item's name.
    #[must_use]
    pub fn parse(item: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.item() == item)
    }
}

/// The item of an identity, and what opens it.
pub struct WrappedItem {
    store: Id,
    slot: Slot,
    keychain: OsKeychain,
    wrapper: Box<dyn Wrapper>,
    person: &'static dyn Person,
}

const PLACE: &str = "the identity in the keychain";

impl WrappedItem {
    /// This item of a store.
    #[must_use]
    pub fn new(store: Id, slot: Slot, wrapper: Box<dyn Wrapper>) -> Self {
        let keychain = OsKeychain::of_wrapped(store, slot.item(), slot.prefix());
        Self { store, slot, keychain, wrapper, person: asking::person() }
    }

    /// The identity in what the keychain gave.
    fn opened(&self, held: Held, person: &dyn Person) -> Result<Held> {
        let Some(line) = held.identity else { return Ok(held) };
        let hash = Hash::of(line.expose());
        if let Some(identity) = unlocked::find(self.store, hash) {
            return Ok(Held { identity: Some(identity), ..held });
        }
        let identity = unwrap(self.wrapper.as_ref(), person, &self.bytes(&line)?, PLACE)?;
        unlocked::hold(hash, &identity);
        Ok(Held { identity: Some(identity), ..held })
    }

    fn bytes(&self, line: &Secret) -> Result<Vec<u8>> {
        let text = line.expose_text().and_then(|text| text.strip_prefix(self.slot.prefix()));
        text.and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or_else(|| {
            Failure::new(Kind::Store, format!("{PLACE} is damaged"))
                .hint("bring the identity back: `keyctl recovery restore FILE`")
        })
    }
}

impl Keeper for WrappedItem {
    fn read(&self) -> Result<Held> {
        self.opened(self.keychain.read()?, self.person)
    }

    fn read_quietly(&self) -> Result<Held> {
        self.opened(self.keychain.read_quietly()?, &Nobody)
    }

    fn peek(&self) -> Result<Held> {
        let Held { identity, anchor } = self.keychain.read()?;
        let opened = self.opened(Held { identity, anchor: None }, &Nobody).unwrap_or_default();
        Ok(Held { anchor, ..opened })
    }

    fn write(&self, item: Item, line: &Secret) -> Result<()> {
        if item == Item::Anchor {
            return self.keychain.write(item, line);
        }
        if !self.wrapper.is_ready()
            && let Some(present) = self.keychain.read()?.identity
        {
            // As in wrapped_file.rs.
            unlocked::pass_over();
            unwrap(self.wrapper.as_ref(), self.person, &self.bytes(&present)?, PLACE)?;
        }
        let wrapped = BASE64_STANDARD.encode(wrap(self.wrapper.as_ref(), line, Form::Item)?);
        self.keychain.write(item, &Secret::new([self.slot.prefix(), &wrapped].concat().into_bytes()))?;
        // As in wrapped_file.rs.
        let _ = unlocked::close(self.store);
        Ok(())
    }

    fn remove(&self, item: Item) -> Result<()> {
        if item == Item::Identity {
            let _ = unlocked::close(self.store);
        }
        self.keychain.remove(item)
    }

    fn mark(&self) -> Result<Option<Hash>> {
        Ok(self.keychain.read()?.identity.map(|line| Hash::of(line.expose())))
    }
}
