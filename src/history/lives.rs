//! The lives of keys: where one that has a name ends, and another that is called so begins. A key that was removed takes its
//! uses along; its name's next key begins with none. A rename does not end a life, and what is brought back goes on with it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Event, query::renamed};

/// How a removal is called in the note of the entry that took it back.
const REMOVAL: &str = "remove of ";
/// And the keeping of a new key.
const NEW_KEY: &str = "set of the new key ";

/// What an entry says of the lives of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn<'e> {
    /// A key was kept under each of these names, or replaced there.
    Kept(&'e [String]),
    /// The keys of these names were removed.
    Removed(&'e [String]),
    /// That these were kept was taken back.
    Unkept(&'e [String]),
    /// The removal of these was taken back.
    Back(&'e [String]),
    /// A secret came back, and its key too if that was removed.
    Restored(&'e [String]),
    /// A key got another name.
    Renamed(&'e str, &'e str),
}

impl<'e> Turn<'e> {
    /// What the entry says; nothing for the most of them.
    #[must_use]
    pub fn of(event: &'e Event) -> Option<Self> {
        if let Some((old, new)) = renamed(event) {
            return Some(Self::Renamed(old, new));
        }
        let names = event.names.as_slice();
        let begins = |with: &str| event.note.as_deref().is_some_and(|note| note.starts_with(with));
        match event.action {
            Action::Set | Action::Import => Some(Self::Kept(names)),
            Action::Remove => Some(Self::Removed(names)),
            Action::Rollback => Some(Self::Restored(names)),
            Action::Undo if begins(REMOVAL) => Some(Self::Back(names)),
            Action::Undo if begins(NEW_KEY) => Some(Self::Unkept(names)),
            _ => None,
        }
    }
}

/// One name of a key, after which entry it became the key's, and with which one it ended.
pub(super) type Span = (String, u64, u64);

/// The lives of all keys, as entries go by.
#[derive(Default)]
pub(super) struct Lives {
    /// The names of each key, one after the other.
    keys: Vec<Vec<Span>>,
    /// Which key has a name now.
    alive: BTreeMap<String, usize>,
    /// Which keys had it and were removed, the latest last.
    gone: BTreeMap<String, Vec<usize>>,
}

impl Lives {
    /// Follows an entry, if it says anything of them.
    pub(super) fn follow_entry(&mut self, number: u64, event: &Event) {
        if let Some(turn) = Turn::of(event) {
            self.follow(number, &turn);
        }
    }

    /// Follows what an entry says.
    pub(super) fn follow(&mut self, number: u64, turn: &Turn) {
        match turn {
            Turn::Kept(names) => {
                for name in *names {
                    self.of(name, number);
                }
            }
            Turn::Removed(names) => {
                for name in *names {
                    let life = self.of(name, number);
                    self.end(name, life, number);
                    self.gone.entry(name.clone()).or_default().push(life);
                }
            }
            Turn::Unkept(names) => {
                for name in *names {
                    let life = self.of(name, number);
                    self.end(name, life, number);
                    self.gone.entry(name.clone()).or_default();
                }
            }
            Turn::Back(names) => names.iter().for_each(|name| self.bring_back(name, number)),
            Turn::Restored(names) => {
                for name in *names {
                    if !self.alive.contains_key(name) {
                        self.bring_back(name, number);
                    }
                }
            }
            Turn::Renamed(old, new) => {
                let life = self.of(old, number);
                self.end(old, life, number);
                // Who is called so from now on, if anybody, is another key.
                self.gone.entry((*old).to_owned()).or_default();
                if let Some(other) = self.alive.get(*new).copied() {
                    self.end(new, other, number);
                }
                self.begin(new, life, number);
            }
        }
    }

    /// The names of the key that has this name, or else had it last; this one first.
    pub(super) fn names_of(mut self, name: &str) -> Vec<Span> {
        let last = || self.keys.iter().rposition(|spans| spans.iter().any(|(own, ..)| own == name));
        match self.alive.get(name).copied().or_else(last) {
            Some(life) => {
                let mut spans = self.keys.swap_remove(life);
                spans.sort_by_key(|(own, ..)| own != name);
                spans
            }
            None => vec![(name.to_owned(), 0, u64::MAX)],
        }
    }

    /// The key of a name; one that is not known began before all that is.
    fn of(&mut self, name: &str, number: u64) -> usize {
        if let Some(life) = self.alive.get(name) {
            return *life;
        }
        let from = if self.gone.contains_key(name) { number } else { 0 };
        self.keys.push(Vec::new());
        let life = self.keys.len() - 1;
        self.begin(name, life, from);
        life
    }

    fn begin(&mut self, name: &str, life: usize, from: u64) {
        self.keys[life].push((name.to_owned(), from, u64::MAX));
        self.alive.insert(name.to_owned(), life);
    }

    fn end(&mut self, name: &str, life: usize, number: u64) {
        if let Some((.., to)) = self.keys[life].iter_mut().rfind(|(own, _, to)| own == name && *to == u64::MAX) {
            *to = number;
        }
        self.alive.remove(name);
    }

    fn bring_back(&mut self, name: &str, number: u64) {
        let Some(life) = self.gone.get_mut(name).and_then(Vec::pop) else { return };
        if let Some(other) = self.alive.get(name).copied() {
            self.end(name, other, number);
        }
        self.begin(name, life, number);
    }
}

/// Which names have no key now, for whoever counts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    gone: BTreeSet<String>,
    /// The removals of a name that were not taken back: whether another key began after each.
    removals: BTreeMap<String, Vec<bool>>,
}

/// What becomes of what was counted for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<'e> {
    /// It was another key's: the name begins with nothing.
    BeginsAnew(&'e str),
    /// The key that was removed goes on with what it had.
    GoesOn(&'e str),
    /// It goes to the other name.
    MovesTo(&'e str, &'e str),
}

impl Ended {
    /// Follows an entry, and says what becomes of what was counted.
    pub fn follow<'e>(&mut self, event: &'e Event) -> Vec<Counted<'e>> {
        let Some(turn) = Turn::of(event) else { return Vec::new() };
        match turn {
            Turn::Kept(names) => names.iter().filter_map(|name| self.begin(name)).collect(),
            Turn::Removed(names) => {
                for name in names {
                    self.gone.insert(name.clone());
                    self.removals.entry(name.clone()).or_default().push(false);
                }
                Vec::new()
            }
            Turn::Unkept(names) => {
                self.gone.extend(names.iter().cloned());
                Vec::new()
            }
            Turn::Back(names) => {
                let goes_on = |name: &&String| {
                    self.gone.remove(*name);
                    self.removals.get_mut(*name).and_then(Vec::pop).unwrap_or_default()
                };
                names.iter().filter(goes_on).map(|name| Counted::GoesOn(name)).collect()
            }
            Turn::Restored(names) => {
                for name in names.iter().filter(|name| self.gone.contains(*name)) {
                    // It is the latest of those that were removed; none was kept since, or it would not be gone.
                    self.removals.get_mut(name).and_then(Vec::pop);
                }
                self.gone.retain(|name| !names.contains(name));
                Vec::new()
            }
            Turn::Renamed(old, new) => self.begin(new).into_iter().chain([Counted::MovesTo(old, new)]).collect(),
        }
    }

    fn begin<'e>(&mut self, name: &'e str) -> Option<Counted<'e>> {
        if !self.gone.remove(name) {
            return None;
        }
        if let Some(last) = self.removals.get_mut(name).and_then(|removals| removals.last_mut()) {
            *last = true;
        }
        Some(Counted::BeginsAnew(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::Moment, history::Lineage, name::KeyName};

    fn event(action: Action, names: &[&str]) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(action, Moment::from_seconds(0)).names(&names)
    }

    /// The entries, of these numbers from 1, that are about the key of this name.
    fn of(name: &str, events: &[Event]) -> Vec<u64> {
        let mut lives = Lives::default();
        for (event, number) in events.iter().zip(1..) {
            if let Some(turn) = Turn::of(event) {
                lives.follow(number, &turn);
            }
        }
        let key = Lineage::with(lives.names_of(name));
        let is_meant = |(event, number): &(&Event, u64)| event.names.iter().any(|name| key.has(name, *number));
        events.iter().zip(1..).filter(is_meant).map(|(_, number)| number).collect()
    }

    #[test]
    fn a_removed_key_takes_its_uses_along_and_what_is_brought_back_goes_on_with_them() {
        let (set, run) = (|| event(Action::Set, &["a"]), || event(Action::Run, &["a"]));
        let remove = || event(Action::Remove, &["a"]);
        assert_eq!(of("a", &[set(), run(), set(), run()]), [1, 2, 3, 4], "what is replaced is one key");
        assert_eq!(of("a", &[set(), run(), remove()]), [1, 2, 3], "the last one there was");
        assert_eq!(of("a", &[set(), run(), remove(), set(), run()]), [4, 5]);
        let back = event(Action::Undo, &["a"]).note("remove of `a`");
        assert_eq!(of("a", &[run(), remove(), back.clone(), run()]), [1, 2, 3, 4]);
        assert_eq!(of("a", &[run(), remove(), event(Action::Rollback, &["a"]), run()]), [1, 2, 3, 4]);
        // Another was kept meanwhile, and that was taken back first.
        let other = event(Action::Undo, &["a"]).note("set of the new key `a`");
        assert_eq!(of("a", &[run(), remove(), set(), run(), other, back, run()]), [1, 2, 6, 7]);
        assert_eq!(of("b", &[run()]), [] as [u64; 0]);
    }

    #[test]
    fn a_renamed_key_goes_on_and_its_former_name_is_free() {
        let rename = |old: &str, new: &str| event(Action::Rename, &[old, new]);
        let run = |name: &str| event(Action::Run, &[name]);
        let set = |name: &str| event(Action::Set, &[name]);
        let events = [run("a"), rename("a", "b"), run("b"), set("a"), run("a"), run("b")];
        assert_eq!(of("b", &events), [1, 2, 3, 6]);
        assert_eq!(of("a", &events), [4, 5]);
        assert_eq!(of("a", &events[..3]), [1, 2, 3], "who asks by the former name means it too");
        // A key gets the name of one that was removed.
        let events = [run("b"), event(Action::Remove, &["b"]), run("a"), rename("a", "b"), run("b")];
        assert_eq!(of("b", &events), [3, 4, 5]);
        let undone = event(Action::Undo, &["a", "b"]).note("rename of `a` to `b`");
        assert_eq!(of("a", &[run("a"), rename("a", "b"), run("b"), undone, run("a")]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_was_counted_for_a_name_follows_the_key() {
        let mut ended = Ended::default();
        let (set, remove) = (event(Action::Set, &["a"]), event(Action::Remove, &["a"]));
        let (back, rename) = (event(Action::Undo, &["a"]).note("remove of `a`"), event(Action::Rename, &["a", "b"]));
        assert_eq!(ended.follow(&set), []);
        assert_eq!(ended.follow(&remove), []);
        assert_eq!(ended.follow(&set), [Counted::BeginsAnew("a")]);
        assert_eq!(ended.follow(&set), []);
        assert_eq!(ended.follow(&event(Action::Undo, &["a"]).note("set of the new key `a`")), []);
        assert_eq!(ended.follow(&back), [Counted::GoesOn("a")]);
        assert_eq!(ended.follow(&remove), []);
        assert_eq!(ended.follow(&back), [], "it has what it had");
        assert_eq!(ended.follow(&event(Action::Remove, &["b"])), []);
        assert_eq!(ended.follow(&rename), [Counted::BeginsAnew("b"), Counted::MovesTo("a", "b")]);
    }
}
