//! Launches that came to nothing: what `run` could not start was given no key, and is no use of one.
//!
//! The entry of a use is made before the command is started, so that none goes without; where the system then does not start
//! it, a `failed` entry follows that says why, and of which.

use super::{
    Action, Event,
    unmade::{Made, made},
};
use crate::failure::Result;

/// How the outcome of a command begins that was not started.
const NOT_STARTED: &str = "not started: ";

impl Event {
    /// The same use, which came to nothing as the command was not started; `number` is that of its entry.
    #[must_use]
    pub fn not_started(self, number: Option<u64>, why: &str) -> Self {
        let of = number.into_iter().collect();
        Self { action: Action::Failed, args: Vec::new(), of, ..self }.outcome(format!("{NOT_STARTED}{why}"))
    }

    /// Whether it says that the use of this number came to nothing.
    #[must_use]
    pub fn undoes(&self, number: u64) -> bool {
        self.action == Action::Failed
            && self.of.contains(&number)
            && self.outcome.as_deref().is_some_and(|outcome| outcome.starts_with(NOT_STARTED))
    }
}

/// Entries without the uses that came to nothing; the entry that says so stays. Where another keyctl has added one in
/// between, the use counts.
pub struct Started<I: Iterator> {
    entries: I,
    held: Option<I::Item>,
}

/// Leaves such uses out, and makes changes that came to nothing entries of nothing.
pub fn started<I: Iterator<Item = Result<(u64, Event)>>>(entries: I) -> Started<Made<I>> {
    Started { entries: made(entries), held: None }
}

impl<I: Iterator<Item = Result<(u64, Event)>>> Iterator for Started<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = self.held.take().or_else(|| self.entries.next())?;
            let run = entry.as_ref().ok().filter(|(_, event)| event.action == Action::Run).map(|(number, _)| *number);
            let Some(number) = run else { return Some(entry) };
            self.held = self.entries.next();
            if !matches!(&self.held, Some(Ok((_, next))) if next.undoes(number)) {
                return Some(entry);
            }
        }
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
        assert_eq!(left(&[run(), failed(7), run(), event(Action::Failed).of(vec![3]), run()]), [1, 2, 3, 4, 5]);
    }
}
