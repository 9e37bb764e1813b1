//! Refused requests for the history: a command can make thousands in a second, which must not be an entry each. The first of
//! its like has one at once; those that come within a minute after it have one together, with their number.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::history::Event;

/// So long those of a like are gathered.
const TOGETHER: Duration = Duration::from_mins(1);
/// So many likes are told apart; what comes beside them is of one.
const LIKES: usize = 100;

/// Those that were written down lately.
#[derive(Default)]
pub struct Refused {
    likes: BTreeMap<String, Like>,
}

struct Like {
    since: Instant,
    /// How many came since.
    more: u64,
    /// The store that they are written down for, and the latest of them.
    latest: Option<(usize, Event)>,
}

impl Refused {
    /// Takes one in; gives it back where it is the first of its like. `rough` is what it is like where there are too many likes.
    pub fn take(&mut self, like: String, rough: String, store: usize, event: Event, now: Instant) -> Option<Event> {
        let like = if self.likes.len() < LIKES || self.likes.contains_key(&like) { like } else { rough };
        let Some(known) = self.likes.get_mut(&like) else {
            self.likes.insert(like, Like { since: now, more: 0, latest: None });
            return Some(event);
        };
        known.more += 1;
        known.latest = Some((store, event));
        None
    }

    /// Those that were gathered until now for long enough, each with its store.
    pub fn due(&mut self, now: Instant) -> Vec<(usize, Event)> {
        self.gathered(|like| now.duration_since(like.since) >= TOGETHER)
    }

    /// All of them.
    pub fn rest(&mut self) -> Vec<(usize, Event)> {
        self.gathered(|_| true)
    }

    fn gathered(&mut self, is_due: impl Fn(&Like) -> bool) -> Vec<(usize, Event)> {
        let due: Vec<String> =
            self.likes.iter().filter(|(_, like)| is_due(like)).map(|(name, _)| name.clone()).collect();
        let taken = due.iter().filter_map(|name| self.likes.remove(name));
        taken.filter_map(|like| like.latest.map(|(store, event)| (store, event.times(like.more)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::Moment, history::Action};

    #[test]
    fn thousands_of_a_like_are_two_entries_and_thousands_of_different_likes_are_few() {
        let event = |text: &str| Event::new(Action::Proxy, Moment::from_seconds(0)).note(text);
        let (mut refused, now) = (Refused::default(), Instant::now());
        let mut at_once = 0;
        for number in 0..5000 {
            let like = if number % 2 == 0 { "same".to_owned() } else { format!("path {number}") };
            at_once += usize::from(refused.take(like, "any".into(), 0, event("x"), now).is_some());
        }
        assert_eq!(at_once, LIKES + 1);
        assert!(refused.due(now).is_empty());
        let later = refused.due(now + TOGETHER);
        let times: Vec<_> = later.iter().map(|(_, event)| event.other["times"].as_u64().unwrap()).collect();
        assert_eq!(times, [2500 - (LIKES as u64 - 1) - 1, 2499]);
        assert!(refused.take("same".into(), "any".into(), 0, event("x"), now + TOGETHER).is_some());
        assert!(refused.rest().is_empty());
        // One more of a like is one more entry.
        refused.take("a".into(), "any".into(), 1, event("first"), now);
        refused.take("a".into(), "any".into(), 1, event("second"), now);
        assert_eq!(refused.rest(), [(1, event("second"))]);
    }
}
