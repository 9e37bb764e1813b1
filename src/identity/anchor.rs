//! The anchor: what must not be rolled back, kept beside the identity and away from the files it vouches for.
//!
//! One ASCII line, because some keychains keep text only and lose line breaks:
//! `keyctl-anchor 1 <store id> <seal> <generation> <history entries> <hash of the last entry> <day>`,
//! where ids and seal are 32 and the hash is 64 hexadecimal digits, and the day counts from 1970-01-01.

use std::fmt;

use crate::{date::Moment, failure::Result, hex, random, secret::Secret};

/// Sixteen random bytes that name a store, a seal or a log; printed as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// From the operating system's randomness.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn random() -> Result<Self> {
        random::bytes().map(Self)
    }

    /// Reads 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text).map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// What was true when this store was last written and its history last vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Which store.
    pub store: Id,
    /// What the store must carry inside; only its owner knows it.
    pub seal: Id,
    /// The least generation the store may have.
    pub generation: u64,
    /// How many entries the history had.
    pub entries: u64,
    /// The hash of its last entry.
    pub hash: [u8; 32],
    /// The day this was written, counted from 1970-01-01.
    pub day: i64,
}

/// How an anchor's line begins.
pub const PREFIX: &str = "keyctl-anchor ";

impl Anchor {
    /// A store's first anchor: no generation was acknowledged yet, and no event.
    #[must_use]
    pub fn first(store: Id, seal: Id) -> Self {
        Self { store, seal, generation: 0, entries: 0, hash: [0; 32], day: 0 }
    }

    /// When it was written, to the day: keyctl was used then.
    #[must_use]
    pub fn renewed(&self) -> Moment {
        Moment::from_seconds(self.day.saturating_mul(86_400))
    }

    /// Reads what [`Anchor::line`] wrote.
    #[must_use]
    pub fn parse(line: &Secret) -> Option<Self> {
        let mut words = line.expose_text()?.strip_prefix(PREFIX)?.split(' ');
        if words.next()? != "1" {
            return None;
        }
        let anchor = Self {
            store: Id::parse(words.next()?)?,
            seal: Id::parse(words.next()?)?,
            generation: words.next()?.parse().ok()?,
            entries: words.next()?.parse().ok()?,
            hash: hex::decode(words.next()?)?,
            day: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(anchor)
    }

    /// The one line to keep. It holds the seal, so it is kept like a secret.
    #[must_use]
    pub fn line(&self) -> Secret {
        let Self { store, seal, generation, entries, hash, day } = self;
        let hash = hex::encode(hash);
        Secret::new(format!("{PREFIX}1 {store} {seal} {generation} {entries} {hash} {day}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_anchor_reads_back_as_it_was_written(store: [u8; 16], seal: [u8; 16], generation: u64, entries: u64, hash: [u8; 32], day: i64) {
            let anchor = Anchor { store: Id(store), seal: Id(seal), generation, entries, hash, day };
            prop_assert_eq!(Anchor::parse(&anchor.line()), Some(anchor));
        }

        #[test]
        fn any_other_text_is_no_anchor_and_no_panic(text in "(keyctl-anchor 1 )?[0-9a-f ]{0,200}") {
            let _ = Anchor::parse(&Secret::new(text.into_bytes()));
        }
    }
}
