//! Refused requests for the history: a command can make thousands in a second, which must not be an entry each. The first of
//! its like has one at once; those that come within a minute after it have one together, with their number.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::history::Event;

/// So long those of a like are gathered.
const TOGETHER: Duration = Duration::from_mins(1);
/// So many likes are told apart; what comes beside them is of one, which has no host, method or path.
const LIKES: usize = 100;
/// What is said of that one.
const MANY: &str = "requests of many kinds";

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
    pub fn take(&mut self, like: String, rough: String, store: usize, mut event: Event, now: Instant) -> Option<Event> {
        let is_rough = self.likes.len() >= LIKES && !self.likes.contains_key(&like);
        let Some(known) = self.likes.get_mut(if is_rough { &rough } else { &like }) else {
            self.likes.insert(if is_rough { rough } else { like }, Like { since: now, more: 0, latest: None });
            return Some(event);
        };
        if is_rough && let Some((_, before)) = known.latest.take() {
            event = of_many(event, before);
        }
        known.more += 1;
        known.latest = Some((store, event));
        None
    }

    /// How many are gathered for a store and not written down.
    #[must_use]
    pub fn waiting(&self, store: usize) -> u64 {
        let its = self.likes.values().filter(|like| like.latest.as_ref().is_some_and(|(other, _)| *other == store));
        its.map(|like| like.more).sum()
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

/// What is true of this one and of those before it: why they were refused, and their keys.
fn of_many(mut event: Event, before: Event) -> Event {
    for name in ["host", "method", "path", "sent", "received"] {
        event.other.remove(name);
    }
    let more: Vec<String> = before.names.into_iter().filter(|name| !event.names.contains(name)).collect();
    event.names.extend(more);
    event.note(MANY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        date::Moment,
        history::{Action, request::Request},
        name::KeyName,
    };

    #[test]
    fn thousands_of_a_like_are_two_entries_and_thousands_of_different_likes_are_few() {
        let request = |path: &str| Request {
            host: "a.example".to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            status: None,
            sent: 0,
            received: 0,
        };
        let event = |text: &str| Event::new(Action::Proxy, Moment::from_seconds(0)).request(&request(text));
        let of = |name: &str, text| event(text).names([&name.parse::<KeyName>().unwrap()]);
        let (mut refused, now) = (Refused::default(), Instant::now());
        let mut at_once = 0;
        for number in 0..5000 {
            let like = if number % 2 == 0 { "same".to_owned() } else { format!("path {number}") };
            let one = if number % 4 == 1 { of("KEY", "/x") } else { of("OTHER", "/y") };
            at_once += usize::from(refused.take(like, "any".into(), 0, one, now).is_some());
        }
        assert_eq!(at_once, LIKES + 1);
        assert!(refused.due(now).is_empty());
        let later = refused.due(now + TOGETHER);
        let times: Vec<_> = later.iter().map(|(_, event)| event.other["times"].as_u64().unwrap()).collect();
        assert_eq!(times, [2500 - (LIKES as u64 - 1) - 1, 2499]);
        let (many, same) = (&later[0].1, &later[1].1);
        assert_eq!(same.host(), Some("a.example"));
        assert_eq!((many.host(), many.names.len()), (None, 2), "it says of all what is true of all");
        assert_eq!(many.note.as_deref(), Some("requests of many kinds, 2400 times"));
        assert!(refused.take("same".into(), "any".into(), 0, event("x"), now + TOGETHER).is_some());
        assert!(refused.rest().is_empty());
        // One more of a like is one more entry.
        refused.take("a".into(), "any".into(), 1, event("first"), now);
        refused.take("a".into(), "any".into(), 1, event("second"), now);
        assert_eq!((refused.waiting(0), refused.waiting(1)), (0, 1));
        assert_eq!(refused.rest(), [(1, event("second"))]);
    }
}
