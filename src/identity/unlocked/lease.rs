//! What a person has opened for a while: a store's identity, the bytes that it was wrapped in, and until when. One line of text
//! in a place of the operating system's that ends with the session, and is never on a disk.

use super::place;
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    identity::{anchor::Id, wrapping::Hash},
    secret::Secret,
};

const PREFIX: &str = "keyctl-unlocked 1 ";
/// How much later than it was to end a lease is found at most: clocks are set now and then.
const LONGEST: i64 = 12 * 60 * 60;

/// A store's identity that is open for a while.
pub struct Lease {
    /// A hash of the bytes that it was wrapped in: what is wrapped anew makes it void.
    pub wrapped: Hash,
    /// When it ends.
    pub until: Moment,
    /// What the keeper has: one identity, or two while it is being changed.
    pub line: Secret,
}

impl Lease {
    /// Keeps it for a store until its end, and returns once it was read back.
    ///
    /// # Errors
    /// `Keychain` where there is no place for it.
    pub fn keep(&self, store: Id, now: Moment) -> Result<()> {
        let seconds = u32::try_from(self.until.seconds() - now.seconds()).unwrap_or_default();
        place::keep(store, &self.text(), seconds)?;
        let is_back = Self::find(store, now).is_some_and(|back| {
            back.line.same_as(&self.line) && back.wrapped == self.wrapped && back.until == self.until
        });
        if is_back {
            return Ok(());
        }
        let _ = place::take_away(store);
        Err(Failure::new(Kind::Keychain, "what was to be kept open does not come back; the store stays closed"))
    }

    /// What is kept for a store, if its time is not up.
    #[must_use]
    pub fn find(store: Id, now: Moment) -> Option<Self> {
        Self::parse(&place::find(store)?).filter(|lease| lease.is_valid(now))
    }

    /// The system ends it; this holds where that has no time-outs, and where a clock was set back.
    fn is_valid(&self, now: Moment) -> bool {
        (1..=LONGEST).contains(&(self.until.seconds() - now.seconds()))
    }

    fn text(&self) -> Secret {
        let head = format!("{PREFIX}{} {} ", hex::encode(&self.wrapped.0), self.until.seconds());
        Secret::new([head.as_bytes(), self.line.expose()].concat())
    }

    fn parse(text: &Secret) -> Option<Self> {
        let mut words = text.expose_text()?.strip_prefix(PREFIX)?.splitn(3, ' ');
        let wrapped = Hash(hex::decode(words.next()?)?);
        let until = Moment::from_seconds(words.next()?.parse().ok()?);
        Some(Self { wrapped, until, line: Secret::new(words.next()?.as_bytes().to_vec()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(line: &str) -> Lease {
        let (wrapped, until) = (Hash::of(b"wrapped"), Moment::from_seconds(1_800_000_000));
        Lease { wrapped, until, line: Secret::new(line.as_bytes().to_vec()) }
    }

    #[test]
    fn a_lease_reads_back_as_it_was_written_and_nothing_else_is_one() {
        for line in ["AGE-SECRET-KEY-1X", "AGE-SECRET-KEY-1X AGE-SECRET-KEY-1Y"] {
            let back = Lease::parse(&lease(line).text()).expect("a lease");
            assert!(back.line.expose() == line.as_bytes() && back.wrapped == Hash::of(b"wrapped"));
            assert_eq!(back.until.seconds(), 1_800_000_000);
        }
        for text in ["", "keyctl-unlocked 1 ", "keyctl-unlocked 1 00 1 x", "keyctl-unlocked 2 ", "AGE-SECRET-KEY-1X"] {
            assert!(Lease::parse(&Secret::new(text.as_bytes().to_vec())).is_none(), "{text}");
        }
    }

    #[test]
    fn it_is_valid_up_to_its_end_and_never_for_longer_than_any_can_be() {
        let (lease, end) = (lease("x"), 1_800_000_000);
        for (now, valid) in
            [(end, false), (end - 1, true), (end - LONGEST, true), (end - LONGEST - 1, false), (end + 1, false)]
        {
            assert_eq!(lease.is_valid(Moment::from_seconds(now)), valid, "{now}");
        }
    }
}
