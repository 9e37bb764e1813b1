//! Which key a step is about. A name can be used again once its key was renamed or removed; then steps of before name
//! another key than the one that has the name now.

use std::collections::BTreeMap;

use crate::{date::Moment, name::KeyName};

use super::{journal::Step, payload::Payload};

/// The key that a name stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// It is there, under this name by now.
    Present(KeyName),
    /// It was removed then.
    Removed(Moment),
}

/// A name in a step, and the key that it stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, as the key was called after the step.
    pub name: KeyName,
    /// The key; unknown where what was done to it since is not listed any more.
    pub bearer: Option<Bearer>,
    /// Whether the name stands for another key by now, or stood for another one later.
    pub is_earlier: bool,
}

impl Payload {
    /// The names in each step, by its number, with the keys that they stood for. Told by going back from what is there now.
    #[must_use]
    pub fn bearers(&self) -> BTreeMap<u64, Vec<Named>> {
        let mut bearers: BTreeMap<KeyName, Bearer> =
            self.keys.keys().map(|name| (name.clone(), Bearer::Present(name.clone()))).collect();
        let mut latest = bearers.clone();
        // Keys that came back later, by the step that had removed them.
        let mut back: BTreeMap<(KeyName, Option<u64>), Bearer> = BTreeMap::new();
        let mut named = BTreeMap::new();
        for step in self.steps.iter().rev() {
            for name in &step.removed {
                let is_back = back.remove(&(name.clone(), Some(step.number)));
                bearers.insert(name.clone(), is_back.unwrap_or(Bearer::Removed(step.at)));
            }
            let look = |name: &KeyName| {
                let bearer = bearers.get(name).cloned();
                let last = bearer.clone().map(|bearer| latest.entry(name.clone()).or_insert(bearer).clone());
                Named { name: name.clone(), is_earlier: last != bearer, bearer }
            };
            named.insert(step.number, step.names().map(look).collect());
            go_back(step, &mut bearers, &mut back);
        }
        named
    }
}

impl Payload {
    /// What a name's key is called by now, or was when it was removed, and the step that removed it. `after` is the number of
    /// the last step before `since`, where that is known.
    #[must_use]
    pub fn became(&self, name: &KeyName, since: Moment, after: Option<u64>) -> (KeyName, Option<u64>) {
        // A step that was taken back leaves its number to the next one.
        let is_later = |step: &&Step| match after {
            Some(after) => step.number > after || step.at > since,
            None => step.at >= since,
        };
        let (mut now, mut removed) = (name.clone(), None);
        for step in self.steps.iter().filter(is_later) {
            if removed.is_some() {
                let is_back = step.revived.is_some_and(|revived| revived.step == removed) && step.added.contains(&now);
                removed = removed.filter(|_| !is_back);
            } else if let Some((_, to)) = step.renamed.as_ref().filter(|(from, _)| *from == now) {
                now = to.clone();
            } else if step.removed.contains(&now) {
                removed = Some(step.number);
            }
        }
        (now, removed)
    }
}

/// What the names stood for before a step.
fn go_back(step: &Step, bearers: &mut BTreeMap<KeyName, Bearer>, back: &mut BTreeMap<(KeyName, Option<u64>), Bearer>) {
    if let Some((from, to)) = &step.renamed
        && let Some(bearer) = bearers.remove(to)
    {
        bearers.insert(from.clone(), bearer);
    }
    for name in &step.added {
        if let (Some(bearer), Some(revived)) = (bearers.remove(name), step.revived) {
            back.insert((name.clone(), revived.step), bearer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        journal::Deed,
        tests::{at, empty, name, secret},
    };

    fn set(store: &mut Payload, key: &str, day: i64) {
        store.step(Deed::Set, at(day), |edit| edit.set(&name(key), secret(key), true)).expect("set");
    }

    fn remove(store: &mut Payload, key: &str, day: i64) {
        store.step(Deed::Remove, at(day), |edit| edit.remove(&name(key))).expect("remove");
    }

    fn rename(store: &mut Payload, from: &str, to: &str, day: i64) {
        store.step(Deed::Rename, at(day), |edit| edit.rename(&name(from), &name(to))).expect("rename");
    }

    /// In the order in which it was done: the name, and what it stood for if that is another key by now.
    fn told(store: &Payload) -> Vec<(String, Option<Bearer>)> {
        let told = |one: Named| (one.name.to_string(), one.bearer.filter(|_| one.is_earlier));
        store.bearers().into_values().flatten().map(told).collect()
    }

    #[test]
    fn a_name_that_was_used_again_stands_for_the_key_of_its_time() {
        let mut store = empty();
        set(&mut store, "d", 0);
        remove(&mut store, "d", 1);
        set(&mut store, "d", 2);
        rename(&mut store, "d", "e", 3);
        set(&mut store, "d", 4);
        let (first, second) = (Some(Bearer::Removed(at(1))), Some(Bearer::Present(name("e"))));
        let d = |bearer: &Option<Bearer>| ("d".to_owned(), bearer.clone());
        assert_eq!(told(&store), [d(&first), d(&first), d(&second), ("e".into(), None), d(&None)]);
    }

    #[test]
    fn a_key_is_followed_to_its_new_names_and_no_other_that_takes_its_old_one() {
        let mut store = empty();
        set(&mut store, "a", 0);
        set(&mut store, "b", 1);
        let became = |store: &Payload| {
            let (now, removed) = store.became(&name("a"), at(1), Some(2));
            (now.to_string(), removed)
        };
        assert_eq!(became(&store), ("a".into(), None));
        // In the very second in which it was begun, too.
        rename(&mut store, "a", "c", 1);
        rename(&mut store, "b", "a", 1);
        assert_eq!(became(&store), ("c".into(), None));
        remove(&mut store, "c", 2);
        set(&mut store, "c", 3);
        rename(&mut store, "c", "d", 3);
        assert_eq!(became(&store), ("c".into(), Some(5)));
        store.step(Deed::Rollback, at(4), |edit| edit.roll_back(&name("c"), 1)).expect("back");
        assert_eq!(became(&store), ("c".into(), None));
    }

    #[test]
    fn a_key_that_came_back_is_the_one_it_was() {
        let mut store = empty();
        set(&mut store, "d", 0);
        remove(&mut store, "d", 1);
        store.step(Deed::Rollback, at(2), |edit| edit.roll_back(&name("d"), 1)).expect("back");
        assert!(told(&store).iter().all(|(_, other)| other.is_none()), "{:?}", told(&store));
        // A key that is gone, whose name no other has, is no other one.
        remove(&mut store, "d", 3);
        assert!(told(&store).iter().all(|(_, other)| other.is_none()), "{:?}", told(&store));
    }
}
