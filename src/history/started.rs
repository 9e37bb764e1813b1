//! Uses that came to nothing: what `run` could not start, and `get`, `copy` and `env` could not hand over, was given to nobody.
//!
//! The entry of a use is made before it happens, so that none goes without; where it then does not, a `failed` entry follows
//! that says why, and of which.

use std::collections::VecDeque;

use super::{
    Action, Event,
    unmade::{Made, made},
};
use crate::failure::Result;

/// How the outcome of a use begins that did not happen: a command that was not started, a secret that was not handed over.
const NOT_STARTED: &str = "not started: ";
const NOT_GIVEN: &str = "not given: ";
/// So many entries behind a use are looked at for one that says that it came to nothing: what others add meanwhile.
const AHEAD: usize = 200;

impl Event {
    /// The same use, which came to nothing as the command was not started; `number` is that of its entry.
    #[must_use]
    pub fn not_started(self, number: Option<u64>, why: &str) -> Self {
        self.came_to_nothing(number, NOT_STARTED, why)
    }

    /// The same use, which came to nothing as the secret could not be handed over.
    #[must_use]
    pub fn not_given(self, number: Option<u64>, why: &str) -> Self {
        self.came_to_nothing(number, NOT_GIVEN, why)
    }

    fn came_to_nothing(self, number: Option<u64>, how: &str, why: &str) -> Self {
        let of = number.into_iter().collect();
        Self { action: Action::Failed, args: Vec::new(), of, ..self }.outcome(format!("{how}{why}"))
    }

    /// Whether it says that this use, the entry of this number, came to nothing. No other entry of a failure is of a use: those of
    /// changes are of changes (see [`Event::unmakes`]).
    #[must_use]
    pub fn undoes(&self, number: u64, used: &Event) -> bool {
        self.action == Action::Failed && self.of.contains(&number) && used.action.is_use()
    }
}

/// Entries without the uses that came to nothing; the entry that says so stays.
pub struct Started<I: Iterator> {
    entries: I,
    held: VecDeque<I::Item>,
}

/// Leaves such uses out, and makes changes that came to nothing entries of nothing.
pub fn started<I: Iterator<Item = Result<(u64, Event)>>>(entries: I) -> Started<Made<I>> {
    Started { entries: made(entries), held: VecDeque::new() }
}

impl<I: Iterator<Item = Result<(u64, Event)>>> Iterator for Started<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        while self.held.len() <= AHEAD
            && let Some(entry) = self.entries.next()
        {
            if let Ok((_, event)) = &entry
                && event.action == Action::Failed
            {
                let undone = |(number, other): &(u64, Event)| event.undoes(*number, other);
                self.held.retain(|held| !held.as_ref().is_ok_and(undone));
            }
            self.held.push_back(entry);
        }
        self.held.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Moment;

    #[test]
    fn only_the_use_that_came_to_nothing_is_left_out() {
        let event = |action| Event::new(action, Moment::from_seconds(0));
        let run = || event(Action::Run);
        let failed = |number| run().not_started(Some(number), "exec format error");
        assert_eq!(failed(3).outcome.as_deref(), Some("not started: exec format error"));
        let left = |events: &[Event]| {
            let entries = events.iter().cloned().zip(1..).map(|(event, number)| Ok((number, event)));
            started(entries).map(|entry| entry.expect("good").0).collect::<Vec<_>>()
        };
        assert_eq!(left(&[run(), failed(1), run(), run(), event(Action::Get)]), [2, 3, 4, 5]);
        assert_eq!(left(&[run(), run(), failed(2), run()]), [1, 3, 4]);
        // What is said of it is for people.
        let in_other_words = event(Action::Failed).of(vec![1]).outcome("came to nothing: exec format error");
        assert_eq!(left(&[run(), in_other_words]), [2]);
        assert_eq!(left(&[run(), failed(7), run(), event(Action::Acknowledge).of(vec![3]), run()]), [1, 2, 3, 4, 5]);
        // Others come in between, and alerts of keyctl's own.
        assert_eq!(left(&[run(), event(Action::Alert), run(), failed(1), failed(3)]), [2, 4, 5]);
        let copy = event(Action::Copy).not_given(Some(1), "no clipboard");
        assert_eq!(left(&[event(Action::Copy), run(), copy]), [2, 3]);
        // What is no use is not taken away by such an entry.
        assert_eq!(left(&[event(Action::Set), failed(1)]), [1, 2]);
        let many = |uses: usize| left(&[vec![run()], vec![event(Action::Get); uses], vec![failed(1)]].concat()).len();
        assert_eq!((many(150), many(1_000)), (151, 1_002));
    }
}
