//! What the watch remembers: a few kilobytes that its keeper seals.
//!
//! ```text
//! "kaw3"  began:u32  days:u8  last_day:u32  forgot:u32           days since 1970, all numbers big-endian
//! keys    count:u16, each  hash:u64 first:u32 last:u32 days:u8 month:u16 hours:u32 before:u32
//! facts   count:u16, each  hash:u64 day:u32
//! late    count:u8, each   length:u16 and so many bytes: alerts that the history did not take
//! names   count:u16, each  of 29 bytes: names that mean another key than they did (names.rs)
//! zeros up to a multiple of 1 KiB, so that its size tells little and it is mostly written over in place
//! ```
//!
//! Names stand in it as 64-bit hashes (FNV-1a, which anybody can compute: it keeps the state small and not the names
//! secret, as sealing does that; and who wants to pass for a known program has only to take its name). A hash that two
//! names share makes the watch miss one alert. Keys and facts are in the order of their hashes and stay the bytes they are,
//! so that one is found without a look at the others: each use of keys pays for that. Hours are those of UTC: where the clock is changed twice a year, the two hours of grace cover it.
//!
//! A clock that was ahead for a while must not silence the watch until that day has come: what lies ahead is brought back.
//!
//! It is to be written only when something new was learnt: in a steady week that is a few times a day.

use std::cmp::Reverse;

use super::{
    HOURS_KNOWN, HOURS_OFF, LEARNING_DAYS, LEARNING_USES, Rule,
    bytes::{many, number, take},
    names::Names,
};
use crate::{date::Moment, history::lives::Turn};

const MAGIC: &[u8; 4] = b"kaw3";
/// What a state without names began with.
const FORMER_MAGIC: &[u8; 4] = b"kaw2";
/// The most keys and facts that are remembered; the ones that were longest unused go first. Of what went not long ago nobody
/// can say any more whether it is new, so for [`MONTH`] days nothing is called new then.
const MOST_KEYS: usize = 1_000;
const MOST_FACTS: usize = 10_000;
/// The most alerts that wait for the history, and the most bytes of all of them. The first one says since when and why they
/// wait, so of the others the oldest go first.
const MOST_LATE: usize = 200;
const LARGEST_LATE: usize = 24 * 1024;
/// The most bytes of one of them.
pub const LONGEST_LATE: usize = 1_536;
/// Its bytes are a multiple of this.
const BLOCK: usize = 1024;
/// What a state may have at most.
pub const LARGEST: usize = 192 * 1024;
/// How many days a month has here: hours that were usual are forgotten after one to two of them.
const MONTH: u32 = 30;
/// When a fact was last true is remembered this roughly: else each use would have to be written down.
const ROUGHLY: u32 = 14;
/// Bytes of a key and of a fact.
const KEY: usize = 27;
const FACT: usize = 12;

/// What is known of the use of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    began: u32,
    days: u8,
    last_day: u32,
    /// When the youngest fact that had to be forgotten was last true.
    forgot: u32,
    keys: Rows<KEY>,
    facts: Rows<FACT>,
    late: Vec<Vec<u8>>,
    names: Names,
    changed: bool,
}

/// Rows of one size that begin with their hash, in the order of the hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rows<const SIZE: usize>(Vec<u8>);

impl<const SIZE: usize> Rows<SIZE> {
    fn len(&self) -> usize {
        self.0.len() / SIZE
    }

    /// The place of the row with this hash, or the one where it would be.
    fn find(&self, hash: u64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let here = self.0[middle * SIZE..].first_chunk().map_or(0, |here| u64::from_be_bytes(*here));
            if here == hash {
                return Ok(middle);
            }
            if here < hash { low = middle + 1 } else { high = middle }
        }
        Err(low)
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.0[at * SIZE..(at + 1) * SIZE]
    }

    fn put(&mut self, at: usize, row: &[u8; SIZE]) {
        self.0[at * SIZE..(at + 1) * SIZE].copy_from_slice(row);
    }

    fn insert(&mut self, at: usize, row: &[u8; SIZE]) {
        self.0.splice(at * SIZE..at * SIZE, row.iter().copied());
    }

    /// Leaves the rows with the greatest of what is said of each, and gives what is said of the first that had to go.
    fn keep<O: Ord>(&mut self, most: usize, of: impl Fn(&[u8; SIZE]) -> O) -> Option<O> {
        let (rows, _) = self.0.as_chunks::<SIZE>();
        if rows.len() <= most {
            return None;
        }
        let mut rows = rows.to_vec();
        rows.sort_by_key(|row| Reverse(of(row)));
        let first = rows.drain(most..).next().map(|row| of(&row));
        rows.sort_unstable();
        self.0 = rows.concat();
        first
    }

    /// Writes how many there are, and all of them.
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(u16::try_from(self.len()).unwrap_or_default().to_be_bytes());
        bytes.extend(&self.0);
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        many(rest, SIZE).map(|bytes| Self(bytes.to_vec()))
    }
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

/// What was known of a key when it was seen again.
pub(super) struct Look {
    /// It is not new to the watch.
    pub is_known: bool,
    /// It is far from the hours at which it is used.
    pub is_unusual_hour: bool,
}

/// A name as the state has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(u64);

impl Name {
    /// A key, or what it is used by; `what` keeps one sort of names from another.
    pub(super) fn of(what: &str, name: &str) -> Self {
        Self(hash(&[what, name]))
    }

    /// Both together.
    fn with(self, other: Self) -> u64 {
        mixed(self.0, other.0)
    }
}

/// Two hashes as one.
pub(super) fn mixed(one: u64, other: u64) -> u64 {
    (one.rotate_left(29) ^ other).wrapping_mul(PRIME)
}

impl State {
    /// Whether it has to be written down.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// The key that has this name now.
    pub(super) fn key(&self, name: &str) -> Name {
        Name(self.names.key(hash_of_key(name)))
    }

    /// Follows what an entry says of the lives of keys, so that what is usual goes with a key and not with its name.
    pub fn follow(&mut self, turn: &Turn, moment: Moment) {
        let day = super::day_of(moment);
        let mut each = |names: &[String], act: &mut dyn FnMut(&mut Names, u64) -> bool| {
            for name in names {
                self.changed |= act(&mut self.names, hash_of_key(name));
            }
        };
        match turn {
            Turn::Kept(names) => each(names, &mut |all, name| all.keep(name)),
            Turn::Back(names) => each(names, &mut |all, name| all.bring_back(name, day, true)),
            Turn::Restored(names) => each(names, &mut |all, name| all.bring_back(name, day, false)),
            Turn::Removed(names) => each(names, &mut |all, name| {
                all.remove(name, day);
                true
            }),
            Turn::Unkept(names) => each(names, &mut |all, name| {
                all.unkeep(name, day);
                true
            }),
            Turn::Renamed(old, new) => {
                self.names.rename(hash_of_key(old), hash_of_key(new), day);
                self.changed = true;
            }
        }
    }

    /// Takes note of a day with a use.
    pub(super) fn see_day(&mut self, day: u32) {
        if self.days == 0 || day < self.began {
            self.began = day;
            self.changed = true;
        }
        if (self.days == 0 || day != self.last_day) && self.days < LEARNING_USES {
            self.days += 1;
            self.last_day = day;
            self.changed = true;
        }
        if self.forgot > day {
            self.forgot = day;
            self.changed = true;
        }
    }

    /// Whether enough was seen to call something unusual, and what was seen is still known.
    pub(super) fn has_learnt(&self, day: u32) -> bool {
        let remembers = self.forgot == 0 || day > self.forgot.saturating_add(MONTH);
        self.days >= LEARNING_USES && day >= self.began.saturating_add(LEARNING_DAYS) && remembers
    }

    /// Whether this was not told yet within so many days; from now on it was.
    pub(super) fn is_first_in(&mut self, rule: Rule, of: &str, day: u32, days: u32) -> bool {
        let hash = said(rule, of);
        match self.facts.find(hash) {
            // A clock that was put back by a day counts as the same day, and one that was ahead as none.
            Ok(at) if is_within(day_in(self.facts.row(at)), day, days) => return false,
            Ok(at) => self.facts.put(at, &fact(hash, day)),
            Err(at) => self.facts.insert(at, &fact(hash, day)),
        }
        self.changed = true;
        true
    }

    /// Whether a rule that speaks once a day has spoken on this one.
    #[must_use]
    pub fn has_told(&self, rule: Rule, moment: Moment) -> bool {
        let told = self.facts.find(said(rule, "")).map(|at| day_in(self.facts.row(at)));
        told.is_ok_and(|told| is_within(told, super::day_of(moment), 1))
    }

    /// Whether this was never so for the key; from now on it was.
    pub(super) fn is_new(&mut self, key: Name, of: Name, day: u32) -> bool {
        let hash = key.with(of);
        match self.facts.find(hash) {
            Ok(at) => {
                let known = day_in(self.facts.row(at));
                if day >= known.saturating_add(ROUGHLY) || known > day.saturating_add(1) {
                    self.facts.put(at, &fact(hash, day));
                    self.changed = true;
                }
                false
            }
            Err(at) => {
                self.facts.insert(at, &fact(hash, day));
                self.changed = true;
                true
            }
        }
    }

    /// Learns that a key was used on this day at this hour.
    pub(super) fn see_key(&mut self, key: Name, day: u32, hour: Hour) -> Look {
        let month = u16::try_from(day / MONTH).unwrap_or(u16::MAX);
        let at = self.keys.find(key.0);
        let before = at.ok().map(|at| Key::read(self.keys.row(at)));
        let new = Key { hash: key.0, first: day, last: day, days: 1, month, hours: 0, before: 0 };
        let mut key = before.unwrap_or(new);
        key.first = key.first.min(day);
        let look = Look {
            is_known: day >= key.first.saturating_add(LEARNING_DAYS),
            is_unusual_hour: key.days >= HOURS_KNOWN && (key.hours | key.before) & hour.around == 0,
        };
        if day != key.last && key.days < HOURS_KNOWN {
            key.days += 1;
            key.last = day;
        }
        if month > key.month {
            key.before = if month == key.month + 1 { key.hours } else { 0 };
            // Whoever comes back after months has hours to be learnt anew.
            key.days = if key.before == 0 { 1 } else { key.days };
            (key.hours, key.last) = (0, day);
        }
        key.month = month;
        key.hours |= hour.itself;
        if before != Some(key) {
            match at {
                Ok(at) => self.keys.put(at, &key.row()),
                Err(at) => self.keys.insert(at, &key.row()),
            }
            self.changed = true;
        }
        look
    }

    /// Keeps an alert that the history did not take, as text that its keeper understands; one that is too long is dropped.
    pub fn keep_late(&mut self, alert: &[u8]) {
        if alert.len() > LONGEST_LATE {
            return;
        }
        self.late.push(alert.to_vec());
        while self.late.len() > MOST_LATE || self.late.iter().map(Vec::len).sum::<usize>() > LARGEST_LATE {
            self.late.remove(1);
        }
        self.changed = true;
    }

    /// The alerts that wait for the history, the oldest first.
    #[must_use]
    pub fn late(&self) -> &[Vec<u8>] {
        &self.late
    }

    /// Forgets those of them that stand in the history now.
    pub fn forget_late(&mut self, is_added: impl Fn(&[u8]) -> bool) {
        let before = self.late.len();
        self.late.retain(|alert| !is_added(alert));
        self.changed |= self.late.len() < before;
    }

    /// The state as bytes, for sealing.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut keys, mut facts) = (self.keys.clone(), self.facts.clone());
        keys.keep(MOST_KEYS, |row| (Key::read(row).month, Key::read(row).last));
        let forgot = facts.keep(MOST_FACTS, |row| day_in(row)).map_or(self.forgot, |day| day.max(self.forgot));
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.began.to_be_bytes());
        bytes.push(self.days);
        bytes.extend(self.last_day.to_be_bytes());
        bytes.extend(forgot.to_be_bytes());
        keys.write(&mut bytes);
        facts.write(&mut bytes);
        bytes.push(u8::try_from(self.late.len()).unwrap_or_default());
        for alert in &self.late {
            bytes.extend(u16::try_from(alert.len()).unwrap_or_default().to_be_bytes());
            bytes.extend(alert);
        }
        self.names.write(&mut bytes);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }

    /// Reads a state; `None` for anything that is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let has_names = bytes.starts_with(MAGIC);
        let mut rest = bytes.strip_prefix(MAGIC).or_else(|| bytes.strip_prefix(FORMER_MAGIC))?;
        let rest = &mut rest;
        let (began, days, last_day) = (number(rest)?, take::<1>(rest)?[0], number(rest)?);
        let forgot = number(rest)?;
        let (keys, facts) = (Rows::read(rest)?, Rows::read(rest)?);
        let late = (0..take::<1>(rest)?[0]).map(|_| many(rest, 1).map(<[u8]>::to_vec)).collect::<Option<Vec<_>>>()?;
        let names = if has_names { Names::read(rest)? } else { Names::default() };
        Some(Self { began, days, last_day, forgot, keys, facts, late, names, changed: false })
    }
}

/// Whether a day is the same as one before, or less than `days` after it. One that lies more than a day ahead was never.
fn is_within(then: u32, day: u32, days: u32) -> bool {
    day < then.saturating_add(days) && then <= day.saturating_add(1)
}

impl Key {
    fn read(row: &[u8]) -> Self {
        let number = |at: usize| u32::from_be_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        Self {
            hash: u64::from(number(0)) << 32 | u64::from(number(4)),
            first: number(8),
            last: number(12),
            days: row[16],
            month: u16::from_be_bytes([row[17], row[18]]),
            hours: number(19),
            before: number(23),
        }
    }

    fn row(&self) -> [u8; KEY] {
        let mut row = [0; KEY];
        row[..8].copy_from_slice(&self.hash.to_be_bytes());
        row[8..12].copy_from_slice(&self.first.to_be_bytes());
        row[12..16].copy_from_slice(&self.last.to_be_bytes());
        row[16] = self.days;
        row[17..19].copy_from_slice(&self.month.to_be_bytes());
        row[19..23].copy_from_slice(&self.hours.to_be_bytes());
        row[23..].copy_from_slice(&self.before.to_be_bytes());
        row
    }
}

/// A fact's row: something was last so on this day.
fn fact(hash: u64, day: u32) -> [u8; FACT] {
    let mut row = [0; FACT];
    row[..8].copy_from_slice(&hash.to_be_bytes());
    row[8..].copy_from_slice(&day.to_be_bytes());
    row
}

/// When a fact was last true.
fn day_in(row: &[u8]) -> u32 {
    u32::from_be_bytes([row[8], row[9], row[10], row[11]])
}

/// An hour of the day, as a bit, and those around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hour {
    itself: u32,
    around: u32,
}

impl Hour {
    pub(super) fn new(hour: u32) -> Self {
        Self { itself: 1 << hour, around: around(hour) }
    }
}

/// The hours around one, as bits; the day goes round.
fn around(hour: u32) -> u32 {
    (0..=2 * HOURS_OFF).map(|off| 1 << ((hour + 24 - HOURS_OFF + off) % 24)).sum()
}

/// What it is remembered as that a rule has spoken.
fn said(rule: Rule, of: &str) -> u64 {
    hash(&["said", rule.word(), of])
}

fn hash_of_key(name: &str) -> u64 {
    hash(&["key", name])
}

const PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a over texts, each ended by a byte that no text has (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn hash(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        for byte in text.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        hash = (hash ^ 0xff).wrapping_mul(PRIME);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(name: &str) -> Name {
        Name::of("key", name)
    }

    fn program(name: &str) -> Name {
        Name::of("program", name)
    }

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
        assert_ne!(key("a").with(program("b")), key("b").with(program("a")));
    }

    #[test]
    fn the_hours_around_midnight_are_neighbours() {
        assert_eq!(around(0), 0b111 | 1 << 23 | 1 << 22);
        assert_eq!(around(12), 0b11111 << 10);
    }

    #[test]
    fn a_state_comes_back_and_is_small() {
        let mut state = State::default();
        for number in 0..15 {
            let key = key(&format!("key{number}"));
            state.see_key(key, 20_000, Hour::new(9));
            for program in 0..6 {
                assert!(state.is_new(key, Name::of("program", &format!("p{program}")), 20_000));
            }
        }
        state.see_day(20_000);
        assert!(state.has_changed());
        let bytes = state.to_bytes();
        assert_eq!(bytes.len(), 2 * 1024);
        let mut again = State::from_bytes(&bytes).expect("a state");
        assert!(!again.has_changed());
        assert_eq!(again.to_bytes(), bytes);
        assert!(!again.is_new(key("key3"), program("p5"), 20_000) && !again.has_changed());
        assert!(again.is_new(key("key3"), program("other"), 20_000) && again.has_changed());
    }

    #[test]
    fn what_was_longest_unused_is_forgotten_and_the_state_stays_bounded() {
        let mut state = State::default();
        for number in 0..20_000_u32 {
            let key = key(&format!("key{number}"));
            state.see_key(key, 20_000 + number / 10, Hour::new(9));
            state.is_new(key, program("p"), 20_000 + number / 10);
        }
        for _ in 0..100 {
            state.keep_late(&[b'x'; LONGEST_LATE]);
        }
        let bytes = state.to_bytes();
        assert!(bytes.len() <= LARGEST, "{}", bytes.len());
        let mut again = State::from_bytes(&bytes).expect("a state");
        assert!(!again.is_new(key("key19999"), program("p"), 22_000));
        assert!(again.is_new(key("key1"), program("p"), 22_000));
        assert_eq!(again.late().len(), LARGEST_LATE / LONGEST_LATE);
        // Of short ones all stay that there may be, and the first of all in any case.
        let mut state = State::default();
        (0..1_000_u32).for_each(|number| state.keep_late(&number.to_be_bytes()));
        let numbers: Vec<u32> =
            state.late().iter().filter_map(|alert| Some(u32::from_be_bytes(*alert.first_chunk()?))).collect();
        assert_eq!((numbers.len(), numbers[..2].to_vec(), numbers[199]), (MOST_LATE, vec![0, 801], 999));
    }

    #[test]
    fn what_had_to_be_forgotten_is_not_called_new_each_time_it_comes_back() {
        let mut state = State { began: 19_000, days: LEARNING_USES, ..State::default() };
        let use_all = |state: &mut State, day: u32| {
            state.see_day(day);
            for number in 0..12_000 {
                state.is_new(key("a"), program(&number.to_string()), day);
            }
            *state = State::from_bytes(&state.to_bytes()).expect("a state");
        };
        use_all(&mut state, 20_000);
        for day in [20_001, 20_020, 20_030] {
            assert!(!state.has_learnt(day), "{day}");
        }
        assert!(state.has_learnt(20_031));
        // As long as more is in use than can be remembered.
        use_all(&mut state, 20_040);
        assert!(!state.has_learnt(20_070) && state.has_learnt(20_071));
    }

    #[test]
    fn what_is_usual_goes_with_a_key_to_its_next_name_and_ends_with_it() {
        let mut state = State::default();
        let (a, day) = (state.key("a"), 20_000);
        state.see_key(a, day, Hour::new(9));
        assert!(state.is_new(a, program("p"), day));
        let at = Moment::from_seconds(i64::from(day) * 86_400);
        let named = |name: &str| vec![name.to_owned()];
        state.follow(&Turn::Renamed("a", "b"), at);
        let mut state = State::from_bytes(&state.to_bytes()).expect("a state");
        assert!(state.key("b") == a && state.see_key(a, day + 7, Hour::new(9)).is_known);
        let other = state.key("a");
        assert!(!state.see_key(other, day + 7, Hour::new(9)).is_known);
        state.follow(&Turn::Removed(&named("b")), at);
        let next = state.key("b");
        assert!(state.is_new(next, program("p"), day) && state.has_changed());
        state.follow(&Turn::Back(&named("b")), at);
        let back = state.key("b");
        assert!(!state.is_new(back, program("p"), day));
        let mut calm = State::from_bytes(&state.to_bytes()).expect("a state");
        calm.follow(&Turn::Kept(&named("c")), at);
        assert!(!calm.has_changed(), "what says nothing new is not written down");
        // What was written before there were names is read.
        let former = [b"kaw2", &State::default().to_bytes()[4..]].concat();
        assert_eq!(State::from_bytes(&former), Some(State::default()));
    }

    #[test]
    fn thousands_of_facts_are_remembered() {
        let mut state = State::default();
        for number in 0..9_000 {
            state.is_new(key("a"), program(&number.to_string()), 20_000);
        }
        let mut again = State::from_bytes(&state.to_bytes()).expect("a state");
        assert!((0..9_000).all(|number| !again.is_new(key("a"), program(&number.to_string()), 20_000)));
    }

    #[test]
    fn a_clock_that_was_ahead_silences_nothing_once_it_is_right_again() {
        let ahead = 30_000;
        let mut state = State::default();
        for day in [ahead, 20_000, 20_001, 20_007] {
            state.see_day(day);
            state.see_key(key("a"), day, Hour::new(9));
        }
        assert!(state.has_learnt(20_007), "the week is over");
        assert!(state.see_key(key("a"), 20_007, Hour::new(9)).is_known);
        assert!(state.is_first_in(Rule::Refused, "a", ahead, 1));
        assert!(state.is_first_in(Rule::Refused, "a", 20_007, 1) && !state.is_first_in(Rule::Refused, "a", 20_007, 1));
        assert!(state.is_first_in(Rule::Burst, "", ahead, 1));
        assert!(!state.has_told(Rule::Burst, Moment::from_seconds(20_007 * 86_400)));
        // By a day only, as travellers and dead batteries have it, it is the same day.
        assert!(state.is_first_in(Rule::Ended, "a", 20_008, 1) && !state.is_first_in(Rule::Ended, "a", 20_007, 1));
        // What was learnt then is known, and its day is brought back.
        assert!(state.is_new(key("a"), program("p"), ahead) && !state.is_new(key("a"), program("p"), 20_007));
        let at = state.facts.find(key("a").with(program("p"))).expect("known");
        assert_eq!(day_in(state.facts.row(at)), 20_007);
    }

    #[test]
    fn hours_that_were_seen_under_a_clock_that_was_ahead_do_not_stay_for_ever() {
        let mut state = State::default();
        for day in 20_000..20_020 {
            state.see_key(key("a"), day, Hour::new(9));
        }
        assert!(state.see_key(key("a"), 20_020, Hour::new(3)).is_unusual_hour);
        state.see_key(key("a"), 30_000, Hour::new(22));
        for day in 20_021..20_100 {
            state.see_key(key("a"), day, Hour::new(9));
        }
        assert!(state.see_key(key("a"), 20_100, Hour::new(22)).is_unusual_hour);
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_fail_in_another_way(bytes: Vec<u8>, cut in 0_usize..2048) {
            let _ = State::from_bytes(&bytes);
            let _ = State::from_bytes(&[MAGIC.as_slice(), &bytes].concat());
            let mut state = State::default();
            state.see_key(key("a"), 1, Hour::new(2));
            let whole = state.to_bytes();
            prop_assert!(State::from_bytes(&whole[..cut.min(44)]).is_none());
        }
    }
}
