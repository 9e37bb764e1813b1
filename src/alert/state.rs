//! What the watch remembers: a few kilobytes that its keeper seals.
//!
//! ```text
//! "kaw1"  began:u32  days:u8  last_day:u32                       days since 1970, all numbers big-endian
//! keys    count:u16, each  hash:u64 first:u32 last:u32 days:u8 month:u16 hours:u32 before:u32
//! facts   count:u16, each  hash:u64 day:u32
//! zeros up to a multiple of 1 KiB, so that its size tells little and it is mostly written over in place
//! ```
//!
//! Names stand in it as 64-bit hashes (FNV-1a, which anybody can compute: it keeps the state small and not the names
//! secret, as sealing does that; and who wants to pass for a known program has only to take its name). A hash that two
//! names share makes the watch miss one alert. Hours are those of UTC: where the clock is changed twice a year, the
//! two hours of grace cover it.
//!
//! It is to be written only when something new was learnt: in a steady week that is a few times a day.

use super::{HOURS_KNOWN, HOURS_OFF, LEARNING_DAYS, LEARNING_USES, Rule};
use crate::date::Moment;

const MAGIC: &[u8; 4] = b"kaw1";
/// The most keys and facts that are remembered; the ones that were longest unused go first.
const MOST_KEYS: usize = 500;
const MOST_FACTS: usize = 2_000;
/// Its bytes are a multiple of this.
const BLOCK: usize = 1024;
/// What a state may have at most.
pub(super) const LARGEST: usize = 64 * 1024;
/// How many days a month has here: hours that were usual are forgotten after one to two of them.
const MONTH: u32 = 30;
/// When a fact was last true is remembered this roughly: else each use would have to be written down.
const ROUGHLY: u32 = 14;

/// What is known of the use of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    began: u32,
    days: u8,
    last_day: u32,
    keys: Vec<Key>,
    facts: Vec<Fact>,
    changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    hash: u64,
    first: u32,
    last: u32,
    days: u8,
    month: u16,
    hours: u32,
    before: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fact {
    hash: u64,
    day: u32,
}

/// What was known of a key when it was seen again.
pub(super) struct Look {
    /// It is not new to the watch.
    pub is_known: bool,
    /// It is far from the hours at which it is used.
    pub is_unusual_hour: bool,
}

impl State {
    /// Whether it has to be written down.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// Takes note of a day with a use.
    pub(super) fn see_day(&mut self, day: u32) {
        if self.days == 0 {
            self.began = day;
        }
        if (self.days == 0 || day != self.last_day) && self.days < LEARNING_USES {
            self.days += 1;
            self.last_day = day;
            self.changed = true;
        }
    }

    /// Whether enough was seen to call something unusual.
    pub(super) fn has_learnt(&self, day: u32) -> bool {
        self.days >= LEARNING_USES && day >= self.began.saturating_add(LEARNING_DAYS)
    }

    /// Whether this was not told yet within so many days; from now on it was.
    pub(super) fn is_first_in(&mut self, rule: Rule, of: &str, day: u32, days: u32) -> bool {
        let hash = hash(&["said", rule.word(), of]);
        match self.facts.iter_mut().find(|fact| fact.hash == hash) {
            // A clock that was put back counts as the same day.
            Some(fact) if day < fact.day.saturating_add(days) => return false,
            Some(fact) => fact.day = day,
            None => self.facts.push(Fact { hash, day }),
        }
        self.changed = true;
        true
    }

    /// Whether a rule that speaks once a day has spoken on this one.
    #[must_use]
    pub fn has_told(&self, rule: Rule, moment: Moment) -> bool {
        let hash = hash(&["said", rule.word(), ""]);
        self.facts.iter().any(|fact| fact.hash == hash && super::day_of(moment) <= fact.day)
    }

    /// Whether this was never so for the key; from now on it was.
    pub(super) fn is_new(&mut self, what: &str, key: &str, value: &str, day: u32) -> bool {
        let hash = hash(&[what, key, value]);
        if let Some(fact) = self.facts.iter_mut().find(|fact| fact.hash == hash) {
            if day >= fact.day.saturating_add(ROUGHLY) {
                fact.day = day;
                self.changed = true;
            }
            return false;
        }
        self.facts.push(Fact { hash, day });
        self.changed = true;
        true
    }

    /// Learns that a key was used on this day at this hour.
    pub(super) fn see_key(&mut self, key: &str, day: u32, hour: u32) -> Look {
        let month = u16::try_from(day / MONTH).unwrap_or(u16::MAX);
        let hash = hash(&["key", key]);
        let at = self.keys.iter().position(|key| key.hash == hash).unwrap_or_else(|| {
            self.keys.push(Key { hash, first: day, last: day, days: 1, month, hours: 0, before: 0 });
            self.changed = true;
            self.keys.len() - 1
        });
        let key = &mut self.keys[at];
        let look = Look {
            is_known: day >= key.first.saturating_add(LEARNING_DAYS),
            is_unusual_hour: key.days >= HOURS_KNOWN && (key.hours | key.before) & around(hour) == 0,
        };
        let before = *key;
        if day != key.last && key.days < HOURS_KNOWN {
            key.days += 1;
            key.last = day;
        }
        if month > key.month {
            key.before = if month == key.month + 1 { key.hours } else { 0 };
            // Whoever comes back after months has hours to be learnt anew.
            key.days = if key.before == 0 { 1 } else { key.days };
            (key.hours, key.month, key.last) = (0, month, day);
        }
        key.hours |= 1 << hour;
        self.changed |= *key != before;
        look
    }

    /// The state as bytes, for sealing.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut keys, mut facts) = (self.keys.clone(), self.facts.clone());
        keys.sort_by_key(|key| std::cmp::Reverse((key.month, key.last)));
        keys.truncate(MOST_KEYS);
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.day));
        facts.truncate(MOST_FACTS);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.began.to_be_bytes());
        bytes.push(self.days);
        bytes.extend(self.last_day.to_be_bytes());
        bytes.extend(u16::try_from(keys.len()).unwrap_or_default().to_be_bytes());
        for key in &keys {
            bytes.extend(key.hash.to_be_bytes());
            bytes.extend(key.first.to_be_bytes());
            bytes.extend(key.last.to_be_bytes());
            bytes.push(key.days);
            bytes.extend(key.month.to_be_bytes());
            bytes.extend(key.hours.to_be_bytes());
            bytes.extend(key.before.to_be_bytes());
        }
        bytes.extend(u16::try_from(facts.len()).unwrap_or_default().to_be_bytes());
        for fact in &facts {
            bytes.extend(fact.hash.to_be_bytes());
            bytes.extend(fact.day.to_be_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }

    /// Reads a state; `None` for anything that is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let rest = &mut rest;
        let (began, days, last_day) = (u32::from_be_bytes(take(rest)?), take::<1>(rest)?[0], take(rest)?);
        let keys = (0..u16::from_be_bytes(take(rest)?)).map(|_| Key::read(rest)).collect::<Option<Vec<Key>>>()?;
        let facts = (0..u16::from_be_bytes(take(rest)?))
            .map(|_| Some(Fact { hash: u64::from_be_bytes(take(rest)?), day: u32::from_be_bytes(take(rest)?) }))
            .collect::<Option<Vec<Fact>>>()?;
        Some(Self { began, days, last_day: u32::from_be_bytes(last_day), keys, facts, changed: false })
    }
}

impl Key {
    fn read(rest: &mut &[u8]) -> Option<Self> {
        Some(Self {
            hash: u64::from_be_bytes(take(rest)?),
            first: u32::from_be_bytes(take(rest)?),
            last: u32::from_be_bytes(take(rest)?),
            days: take::<1>(rest)?[0],
            month: u16::from_be_bytes(take(rest)?),
            hours: u32::from_be_bytes(take(rest)?),
            before: u32::from_be_bytes(take(rest)?),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

/// The hours around one, as bits; the day goes round.
fn around(hour: u32) -> u32 {
    (0..=2 * HOURS_OFF).map(|off| 1 << ((hour + 24 - HOURS_OFF + off) % 24)).sum()
}

/// FNV-1a over texts, each ended by a byte that no text has (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_what_its_authors_say() {
        // Their test vectors, "a" and "foobar", with the byte that ends a text after them taken off again.
        let plain = |text: &str| {
            text.bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        };
        assert_eq!((plain("a"), plain("foobar")), (0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8));
        assert_eq!(hash(&["a"]), (plain("a") ^ 0xff).wrapping_mul(0x0100_0000_01b3));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }

    #[test]
    fn the_hours_around_midnight_are_neighbours() {
        assert_eq!(around(0), 0b111 | 1 << 23 | 1 << 22);
        assert_eq!(around(12), 0b11111 << 10);
    }

    #[test]
    fn a_state_comes_back_and_is_small() {
        let mut state = State::default();
        for key in 0..15 {
            state.see_key(&format!("key{key}"), 20_000, 9);
            for program in 0..6 {
                assert!(state.is_new("program", &format!("key{key}"), &format!("p{program}"), 20_000));
            }
        }
        state.see_day(20_000);
        assert!(state.has_changed());
        let bytes = state.to_bytes();
        assert_eq!(bytes.len(), 2 * 1024);
        let mut again = State::from_bytes(&bytes).expect("a state");
        assert!(!again.has_changed());
        assert_eq!(again.to_bytes(), bytes);
        assert!(!again.is_new("program", "key3", "p5", 20_000) && !again.has_changed());
        assert!(again.is_new("program", "key3", "other", 20_000) && again.has_changed());
    }

    #[test]
    fn what_was_longest_unused_is_forgotten_and_the_state_stays_bounded() {
        let mut state = State::default();
        for number in 0..9_000_u32 {
            state.see_key(&format!("key{number}"), 20_000 + number / 10, 9);
            state.is_new("program", &format!("key{number}"), "p", 20_000 + number / 10);
        }
        let bytes = state.to_bytes();
        assert!(bytes.len() <= LARGEST, "{}", bytes.len());
        let mut again = State::from_bytes(&bytes).expect("a state");
        assert!(!again.is_new("program", "key8999", "p", 20_900));
        assert!(again.is_new("program", "key1", "p", 20_900));
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_fail_in_another_way(bytes: Vec<u8>, cut in 0_usize..2048) {
            let _ = State::from_bytes(&bytes);
            let _ = State::from_bytes(&[MAGIC.as_slice(), &bytes].concat());
            let mut state = State::default();
            state.see_key("a", 1, 2);
            let whole = state.to_bytes();
            prop_assert!(State::from_bytes(&whole[..cut.min(40)]).is_none());
        }
    }
}
