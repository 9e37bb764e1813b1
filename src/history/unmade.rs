//! Changes that did not come into the store, though their entries stand here: each is made before the store is written, so
//! that no change goes without, and a `failed` entry that comes later says which of them came to nothing.

use std::collections::VecDeque;

use super::{Action, Event};
use crate::failure::Result;

/// The outcome of a change for which the store could not be written.
pub const NOT_WRITTEN: &str = "not written";
/// And of one that was ended before it was, as far as anybody knows.
pub const NOT_CONFIRMED: &str = "not confirmed: ended before the store was written";
/// And of several, of which the next change would each time have said so of the one before: the store is an older one.
pub const NOT_THERE: &str = "not in the store: it is an older copy than the one that the history knows";
/// What is told of what a rotator left behind, which lies beside the store.
pub const LEFT_BY_A_ROTATOR: &str = "what its rotator left";
/// What a change is called that came to nothing, where entries are counted.
const UNMADE: &str = "unmade";
/// So many entries behind a change are looked at for one that says that it came to nothing.
pub const LOOKED_AT: u64 = 4000;
/// So many are held until then: what is added together with that one comes before it.
const HELD: usize = 4200;

impl Event {
    /// Whether this is never recorded but when the store is about to be written, and says nothing yet of how that ended.
    /// Rotations, and what they left behind, also come to their ends otherwise.
    #[must_use]
    pub fn is_change(&self) -> bool {
        let keeps =
            matches!(self.action, Action::Set | Action::Import | Action::Edit | Action::Rename | Action::Revoke);
        let turns = matches!(self.action, Action::Remove | Action::Rollback | Action::Undo | Action::Rotate);
        let wipes = self.action == Action::Forget && self.note.as_deref() != Some(LEFT_BY_A_ROTATOR);
        (keeps || turns || wipes) && self.outcome.is_none()
    }

    /// Whether it says that a change, the entry of this number before it, did not come into the store.
    #[must_use]
    pub fn unmakes(&self, number: u64, change: &Event) -> bool {
        if self.action != Action::Failed || !change.is_change() {
            return false;
        }
        match self.outcome.as_deref() {
            // Of the latest one with just these keys, as earlier versions wrote no number.
            Some(NOT_WRITTEN) if self.of.is_empty() => self.names == change.names && self.note == change.note,
            Some(NOT_WRITTEN | NOT_CONFIRMED | NOT_THERE) => self.of.contains(&number),
            _ => false,
        }
    }
}

/// Entries among which a change that did not come into the store is none.
pub struct Made<I: Iterator> {
    entries: I,
    held: VecDeque<I::Item>,
    is_over: bool,
}

/// Makes such changes entries of nothing.
pub fn made<I: Iterator<Item = Result<(u64, Event)>>>(entries: I) -> Made<I> {
    Made { entries, held: VecDeque::new(), is_over: false }
}

impl<I: Iterator<Item = Result<(u64, Event)>>> Made<I> {
    /// Takes the next entry in, and gives whether what is first is decided by that.
    fn take(&mut self) -> bool {
        let Some(entry) = self.entries.next() else {
            self.is_over = true;
            return true;
        };
        let mut decides = true;
        if let Ok((_, event)) = &entry {
            let is_full = self.held.len() >= HELD;
            let unmade = |held: &&mut I::Item| matches!(held, Ok((number, change)) if event.unmakes(*number, change));
            let unmade = (event.action == Action::Failed).then(|| self.held.iter_mut().rev().find(unmade)).flatten();
            // Whoever makes the next change says first what came of the one before.
            decides = unmade.is_some() || event.is_change() || is_full;
            if let Some(Ok((_, change))) = unmade {
                change.action = Action::Other(UNMADE.to_owned());
            }
        }
        self.held.push_back(entry);
        decides
    }
}

impl<I: Iterator<Item = Result<(u64, Event)>>> Iterator for Made<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        if self.held.is_empty() && !self.is_over {
            self.take();
        }
        let is_open = |entry: &I::Item| matches!(entry, Ok((_, event)) if event.is_change());
        let is_decided = |held: &VecDeque<I::Item>| held.len() > 1 && held.iter().skip(1).any(is_open);
        if self.held.front().is_some_and(is_open) && !is_decided(&self.held) {
            while !self.is_over && !self.take() {}
        }
        self.held.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::Moment, failure::Failure, failure::Kind, name::KeyName};

    fn event(action: Action, names: &[&str]) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(action, Moment::from_seconds(0)).names(&names)
    }

    fn failed(of: &[u64], outcome: &str, names: &[&str]) -> Event {
        event(Action::Failed, names).of(of.to_vec()).outcome(outcome)
    }

    fn words(events: Vec<Event>) -> Vec<String> {
        let entries = events.into_iter().zip(1..).map(|(event, number)| Ok((number, event)));
        made(entries).map(|entry| entry.expect("good")).map(|(at, event)| format!("{at} {}", event.action)).collect()
    }

    #[test]
    fn a_change_is_none_where_a_later_entry_says_so_and_all_else_stays_in_its_place() {
        let get = || event(Action::Get, &["a"]);
        let rename = || event(Action::Rename, &["a", "b"]);
        let killed =
            vec![get(), rename(), get(), failed(&[2], NOT_CONFIRMED, &["a", "b"]), event(Action::Set, &["c"]), get()];
        assert_eq!(words(killed), ["1 get", "2 unmade", "3 get", "4 failed", "5 set", "6 get"]);
        for of in [&[2][..], &[]] {
            let full =
                vec![event(Action::Remove, &["a"]), rename(), failed(of, NOT_WRITTEN, &["a", "b"]), rename(), get()];
            assert_eq!(words(full), ["1 remove", "2 unmade", "3 failed", "4 rename", "5 get"]);
        }
        let others = vec![rename(), failed(&[1], "not started: x", &["a"]), failed(&[7], NOT_CONFIRMED, &["a"]), get()];
        assert_eq!(words(others), ["1 rename", "2 failed", "3 failed", "4 get"]);
        let many = |uses: usize| [vec![rename()], vec![get(); uses], vec![failed(&[1], NOT_CONFIRMED, &[])]].concat();
        assert_eq!((words(many(4_000))[0].as_str(), words(many(4_000)).len()), ("1 unmade", 4_002));
        assert_eq!((words(many(9_000))[0].as_str(), words(many(9_000)).len()), ("1 rename", 9_002));
    }

    #[test]
    fn what_ends_the_reading_comes_last() {
        let entries = [Ok((1, event(Action::Remove, &["a"]))), Err(Failure::new(Kind::Store, "cut"))];
        let given: Vec<_> =
            made(entries.into_iter()).map(|entry| entry.map(|(number, _)| number).map_err(drop)).collect();
        assert_eq!(given, [Ok(1), Err(())]);
    }

    #[test]
    fn a_change_is_what_has_an_entry_only_with_the_store() {
        for action in [Action::Rotate, Action::Forget, Action::Undo, Action::Set] {
            assert!(event(action.clone(), &["a"]).is_change());
            assert!(!event(action, &["a"]).outcome("finished").is_change());
        }
        assert!(!event(Action::Forget, &["a"]).note(LEFT_BY_A_ROTATOR).is_change());
        assert!(event(Action::Forget, &["a"]).note("deleted at AWS").is_change());
        assert!(!event(Action::Run, &["a"]).is_change() && !event(Action::Rekey, &[]).is_change());
    }
}
