//! Refusals that their owner is told of. Each is an alert and a line, and takes its time; so a command that makes up hosts must
//! not get one for each: the same is told once a minute, and of all not more than so many.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The same is told again after so long.
const AGAIN: Duration = Duration::from_mins(1);
/// So many are told within that time; the others are in the history alone.
const MOST: usize = 20;

/// What was told lately, and when.
#[derive(Default)]
pub struct Told {
    all: BTreeMap<String, Instant>,
    /// When it was said that there are more.
    more: Option<Instant>,
}

/// Whether something is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// It is.
    Yes,
    /// It was told a moment ago, or there is too much.
    No,
    /// There is too much, and that was not said yet.
    TooMany,
}

impl Told {
    /// Whether this is to be told; then it counts as told.
    pub fn is_new(&mut self, what: String, now: Instant) -> New {
        let is_late = |then: &Instant| now.duration_since(*then) < AGAIN;
        if self.all.get(&what).is_some_and(is_late) {
            return New::No;
        }
        self.all.retain(|_, then| is_late(then));
        if self.all.len() < MOST {
            self.all.insert(what, now);
            return New::Yes;
        }
        if self.more.as_ref().is_some_and(is_late) {
            return New::No;
        }
        self.more = Some(now);
        New::TooMany
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_a_minute_and_thousands_are_told_as_twenty_and_more() {
        let (mut told, now) = (Told::default(), Instant::now());
        let mut of = |name: &str, now| told.is_new(name.to_owned(), now);
        assert_eq!([of("a", now), of("a", now)], [New::Yes, New::No]);
        let all: Vec<New> = (0..5000).map(|number| of(&number.to_string(), now)).collect();
        let many = |what| all.iter().filter(|one| **one == what).count();
        assert_eq!((many(New::Yes), many(New::TooMany)), (MOST - 1, 1));
        assert_eq!(of("a", now + AGAIN), New::Yes);
        assert!(told.all.len() <= MOST);
    }
}
