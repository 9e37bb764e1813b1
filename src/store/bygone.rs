//! What a store knows of keys that older copies of its file have still.
//!
//! The identity opens every copy that was ever made. So a limit that keeps a key from whoever can only call keyctl has to
//! outlive the key: where one that took a person, or the proxy, is wiped, its name stays, and another way into the store goes on
//! asking. What stands for the secrets of a limited one stays too: what brings one back asks, be it a merge, a removed key that
//! was never limited and has the same secret, or, in a store with members, another version of the file. And what comes out of
//! another version is held against what is known here, of the name and of the secret.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    facts::Facts,
    journal::Deed,
    limits::Limits,
    payload::{Former, Key, Payload, Removed},
};
use crate::{identity::anchor::Id, name::KeyName, secret::Secret};

/// What stands for so many wiped secrets is kept. Who has more is asked of every secret that is not known.
const MOST_SECRETS: usize = 1000;

/// How far a key is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Not at all.
    Nothing,
    /// It is limited, or stopped.
    Limits,
    /// It takes a person, or the proxy.
    Person,
}

/// What tells how far one is.
pub type Rule<'r> = &'r dyn Fn(&KeyName, &Facts) -> Guard;

/// What tells it where only the store is known.
#[must_use]
pub fn limits_alone(_: &KeyName, facts: &Facts) -> Guard {
    match &facts.limits {
        limits if limits.want_a_person() => Guard::Person,
        limits if limits.is_empty() => Guard::Nothing,
        _ => Guard::Limits,
    }
}

/// A key that is held back, with its secrets.
struct Held {
    name: KeyName,
    /// Whether it is in use, and not a removed one.
    is_kept: bool,
    guard: Guard,
    limits: Limits,
    value: Secret,
    former: Vec<Secret>,
}

/// The keys of a store that are held back, kept and removed ones.
pub struct Guarded {
    held: Vec<Held>,
    /// The names of all keys that are in use, held back or not; none where nothing is held back.
    names: BTreeSet<KeyName>,
}

impl Guarded {
    /// Those of a store.
    pub fn of(payload: &Payload, rule: Rule) -> Self {
        let kept = payload.keys.iter().map(|(name, key)| (name, key, true));
        let removed = payload.removed.iter().map(|removed| (&removed.name, &removed.key, false));
        let held = kept.chain(removed).filter_map(|(name, key, is_kept)| {
            let guard = rule(name, &key.facts);
            let former = || key.former.iter().map(|former| former.value.copy()).collect();
            (guard > Guard::Nothing).then(|| Held {
                name: name.clone(),
                is_kept,
                guard,
                limits: key.facts.limits.clone(),
                value: key.value.copy(),
                former: former(),
            })
        });
        let held: Vec<Held> = held.collect();
        let names = if held.is_empty() { BTreeSet::new() } else { payload.keys.keys().cloned().collect() };
        Self { held, names }
    }

    /// Has a store remember those that were wiped of it: by their names where it has neither the secret nor a key of the name that
    /// is held back as far any more, and by what stands for each secret that is there as far no more. A removed key or a former
    /// secret that was never limited is not the same: it can come back.
    pub fn note_wiped(&self, payload: &mut Payload, rule: Rule) {
        let (mut names, mut secrets) = (Vec::new(), Vec::new());
        for held in &self.held {
            let is_named = |name: &KeyName, key: &Key| *name == held.name && rule(name, &key.facts) >= held.guard;
            if !is_in(payload, &held.name, is_named) && !self.is_left(payload, held, &held.value, rule) {
                names.push((held.guard, held.name.clone()));
            }
            let all = held.former.iter().chain([&held.value]);
            let gone = all.filter(|value| !self.is_left(payload, held, value, rule));
            secrets.extend(gone.map(|value| payload.mark_of(value)));
        }
        for (guard, name) in names {
            match guard {
                Guard::Person => payload.wiped_guarded.insert(name),
                _ => payload.members.is_empty() && payload.wiped_limited.insert(name),
            };
        }
        payload.note_wiped_secrets(secrets);
    }

    /// Whether a secret of such a key is still in a store, and no less held back than its user has made of it: in use, or of that
    /// very key, kept or removed, whatever it is called now. Another one is limited in its own way, which may be any.
    fn is_left(&self, payload: &Payload, held: &Held, value: &Secret, rule: Rule) -> bool {
        let is_it = |name: &KeyName, key: &Key| {
            let is_as_far = || key.facts.limits == held.limits && rule(name, &key.facts) >= held.guard;
            *name == held.name && key.holds(value) && is_as_far()
        };
        let in_use = |name: &KeyName, key: &Key| {
            let is_it = *name == held.name || (!payload.keys.contains_key(&held.name) && !self.names.contains(name));
            key.value.same_as(value) || (held.is_kept && is_it && key.holds(value))
        };
        is_in(payload, &held.name, is_it) || payload.keys.iter().any(|(name, key)| in_use(name, key))
    }
}

/// Whether a store has such a key, kept or removed; the one of this name, which it most often is, is looked at first.
fn is_in(payload: &Payload, name: &KeyName, is_it: impl Fn(&KeyName, &Key) -> bool) -> bool {
    payload.keys.get_key_value(name).is_some_and(|(name, key)| is_it(name, key))
        || payload.all().any(|(name, key)| is_it(name, key))
}

/// What a store knows of names and of secrets, by which another version of it is judged.
pub struct Known<'p> {
    payload: &'p Payload,
    by_secret: BTreeMap<Id, Vec<(&'p KeyName, Facts)>>,
}

impl<'p> Known<'p> {
    /// All that it knows.
    #[must_use]
    pub fn of(payload: &'p Payload) -> Self {
        let mut by_secret: BTreeMap<Id, Vec<(&KeyName, Facts)>> = BTreeMap::new();
        for (name, key) in payload.all() {
            let mut note =
                |value: &Secret, facts| by_secret.entry(payload.mark_of(value)).or_default().push((name, facts));
            note(&key.value, key.facts.clone());
            key.former.iter().for_each(|former| note(&former.value, key.facts_with(former)));
        }
        Self { payload, by_secret }
    }

    /// As what it knows a key of another version: by its name, and by its secret wherever that was. What it has just so, under
    /// the same name, is that key and no other.
    #[must_use]
    pub fn before(&self, name: &KeyName, key: &Key) -> Vec<(&'p KeyName, Facts)> {
        let named =
            self.payload.keys.get_key_value(name).map(|(known, was)| (known, was, was.value.same_as(&key.value)));
        if let Some((known, was, true)) = named {
            return vec![(known, was.facts.clone())];
        }
        // An end, a revocation and a leak are the other secret's own.
        let Facts { expires, revoked, leaked, .. } = key.facts.clone();
        let named = named.map(|(known, was, _)| (known, Facts { expires, revoked, leaked, ..was.facts.clone() }));
        let same = self.by_secret.get(&self.payload.mark_of(&key.value)).cloned().unwrap_or_default();
        named.into_iter().chain(same).collect()
    }

    /// The same of one that was removed; one that it has removed too, at that moment, is that one.
    #[must_use]
    pub fn before_removed(&self, removed: &Removed) -> Vec<(&'p KeyName, Facts)> {
        let Removed { name, key, .. } = removed;
        let is_it = |known: &&Removed| {
            known.name == *name && known.removed == removed.removed && known.key.value.same_as(&key.value)
        };
        match self.payload.removed.iter().find(is_it) {
            Some(known) => vec![(&known.name, known.key.facts.clone())],
            None => self.before(name, key),
        }
    }

    /// Those of another version's keys, kept and removed ones, that have a secret which it does not know, and that may be what was
    /// wiped of it: each where one that took a person may be, else those that were limited. And those that are in use there and
    /// have what it knows too, but not in use any more, where a limited key had the same and was wiped.
    #[must_use]
    pub fn strangers<'k>(&self, other: &'k Payload, rule: Rule) -> BTreeSet<&'k KeyName> {
        let Payload { keys, wiped_guarded, wiped_limited, wiped_secrets, .. } = self.payload;
        let is_guarded = |(name, key): (&KeyName, &Key)| rule(name, &key.facts) == Guard::Person;
        let any = !wiped_guarded.is_empty() || self.payload.has_too_many_wiped() || self.payload.all().any(is_guarded);
        if !any && wiped_limited.is_empty() && wiped_secrets.is_empty() {
            return BTreeSet::new();
        }
        let was_limited = |name: &KeyName| wiped_limited.contains(name) && !keys.contains_key(name);
        let is_strange = |name: &KeyName, value: &Secret| {
            let mark = self.payload.mark_of(value);
            !self.by_secret.contains_key(&mark) && (any || was_limited(name) || wiped_secrets.contains(&mark))
        };
        let strange = other.all().filter(|(name, key)| key.secrets().any(|(value, _)| is_strange(name, value)));
        let in_use = if wiped_secrets.is_empty() { BTreeSet::new() } else { self.payload.in_use() };
        let has_come_back = |value: &Secret| self.payload.wiped_as(value).is_some_and(|mark| !in_use.contains(&mark));
        let back = other.keys.iter().filter(|(_, key)| has_come_back(&key.value));
        strange.chain(back).map(|(name, _)| name).collect()
    }
}

/// A secret that comes back into use, as which key, with what is known of it then.
pub struct Returned<'p> {
    /// The key.
    pub name: &'p KeyName,
    /// The secret.
    pub value: &'p Secret,
    /// What is known of it.
    pub facts: Facts,
}

impl Key {
    /// What is known of it as it counts for a former secret: an end, a revocation and a leak are that one's own.
    fn facts_with(&self, former: &Former) -> Facts {
        let (expires, revoked, leaked) = (former.expires, former.revoked.clone(), former.leaked.clone());
        Facts { expires, revoked, leaked, ..self.facts.clone() }
    }
}

impl Payload {
    /// What the latest step has brought back.
    #[must_use]
    pub fn returned(&self) -> Vec<Returned<'_>> {
        let Some(step) = self.steps.last().filter(|step| step.deed == Deed::Rollback) else { return Vec::new() };
        let names = step.added.iter().chain(step.replaced.iter().map(|(name, _)| name));
        let keys = names.filter_map(|name| self.keys.get_key_value(name));
        keys.map(|(name, key)| Returned { name, value: &key.value, facts: key.facts.clone() }).collect()
    }

    /// What comes back by taking the latest step back.
    #[must_use]
    pub fn returned_by_undo(&self) -> Vec<Returned<'_>> {
        let Some(step) = self.steps.last() else { return Vec::new() };
        let of_step = |removed: &&Removed| removed.step == Some(step.number) && step.removed.contains(&removed.name);
        let removed = self.removed.iter().filter(of_step);
        let removed = removed.map(|Removed { name, key, .. }| (name, &key.value, key.facts.clone()));
        let replaced = step.replaced.iter().filter_map(|(name, before)| {
            let former = self.keys.get(name)?.former.iter().rfind(|former| former.step == Some(step.number))?;
            Some((name, &former.value, before.clone()))
        });
        let returned = |(name, value, facts): (_, _, Facts)| {
            // Whatever was said of the secret meanwhile is said of it then.
            let revoked = facts.revoked.clone().or_else(|| self.revocation_of(value));
            let leaked = facts.leaked.clone().or_else(|| self.leak_of(value));
            Returned { name, value, facts: Facts { revoked, leaked, ..facts } }
        };
        removed.chain(replaced).map(returned).collect()
    }

    /// Every key, kept and removed ones, that has this secret or had it, with what is known of that.
    pub fn having(&self, value: &Secret) -> impl Iterator<Item = (&KeyName, Facts)> {
        self.all().flat_map(move |(name, key)| {
            let own = key.value.same_as(value).then(|| key.facts.clone());
            let former = key.former.iter().filter(move |former| former.value.same_as(value));
            own.into_iter().chain(former.map(|former| key.facts_with(former))).map(move |facts| (name, facts))
        })
    }

    /// Every key that is in it, kept and removed ones.
    pub fn all(&self) -> impl Iterator<Item = (&KeyName, &Key)> {
        self.keys.iter().chain(self.removed.iter().map(|removed| (&removed.name, &removed.key)))
    }

    /// What stands for a secret, if a key that had it was held back and is wiped; or may have been, where not all are known.
    #[must_use]
    pub fn wiped_as(&self, value: &Secret) -> Option<Id> {
        // Most stores have none.
        let mark = if self.wiped_secrets.is_empty() { return None } else { self.mark_of(value) };
        (self.has_too_many_wiped() || self.wiped_secrets.contains(&mark)).then_some(mark)
    }

    /// Whether not all wiped secrets are known.
    pub(super) fn has_too_many_wiped(&self) -> bool {
        self.wiped_secrets.len() >= MOST_SECRETS
    }

    /// Forgets what was noted of secrets that are in use again: what brought them back was asked for, or knew them.
    pub fn settle_wiped(&mut self) {
        // What a full list has no room for is known to nobody: with one less it would pass for never wiped.
        if self.wiped_secrets.is_empty() || self.has_too_many_wiped() {
            return;
        }
        for mark in self.in_use() {
            self.wiped_secrets.remove(&mark);
        }
    }

    /// Forgets what is there for older copies alone, once these do not open any more: what comes back of the store itself is asked
    /// for still.
    pub fn forget_older_copies(&mut self) {
        self.wiped_guarded.clear();
        self.wiped_limited.clear();
        let left = self.all().flat_map(|(_, key)| key.secrets()).filter_map(|(value, _)| self.wiped_as(value));
        self.wiped_secrets = left.collect::<BTreeSet<Id>>().into_iter().take(MOST_SECRETS).collect();
    }

    /// What stands for the secrets that are in use.
    fn in_use(&self) -> BTreeSet<Id> {
        self.keys.values().map(|key| self.mark_of(&key.value)).collect()
    }

    /// Keeps what stands for secrets that were wiped, as many as there is room for.
    pub(super) fn note_wiped_secrets(&mut self, marks: impl IntoIterator<Item = Id>) {
        for mark in marks {
            if self.wiped_secrets.len() < MOST_SECRETS {
                self.wiped_secrets.insert(mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        holding::{by_itself, mark},
        known::Known as Noted,
        merging::merge,
        tests::{at, empty, name, secret, set},
        text,
    };

    fn guarded() -> Payload {
        let mut store = empty();
        set(&mut store, "a", "one", 0);
        store.keys.get_mut(&name("a")).expect("there").facts.limits.ask = true;
        store
    }

    fn copy(store: &Payload) -> Payload {
        text::read(&text::write(store)).expect("reads")
    }

    #[test]
    fn a_key_that_took_a_person_leaves_its_name_when_it_is_wiped_and_no_other_does() {
        let wiped_after = |change: &dyn Fn(&mut Payload)| {
            let mut store = guarded();
            let before = Guarded::of(&store, &limits_alone);
            change(&mut store);
            before.note_wiped(&mut store, &limits_alone);
            store.wiped_guarded.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let remove = |store: &mut Payload| {
            store.step(crate::store::journal::Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
        };
        assert!(wiped_after(&remove).is_empty());
        assert!(
            wiped_after(&|store| {
                set(store, "a", "two", 1);
            })
            .is_empty()
        );
        assert_eq!(wiped_after(&|store| store.forget(&name("a")).expect("there")), ["a"]);
        assert_eq!(
            wiped_after(&|store| {
                remove(store);
                set(store, "a", "two", 2);
                store.forget_former(&name("a"));
            }),
            ["a"]
        );
    }

    #[test]
    fn what_comes_back_is_known_by_every_key_that_has_its_secret_or_had_it() {
        let said = |store: &Payload, returned: Vec<Returned>| -> Vec<(String, Vec<(String, bool)>)> {
            let having =
                |value| store.having(value).map(|(name, facts)| (name.to_string(), facts.limits.ask)).collect();
            returned.into_iter().map(|one| (one.name.to_string(), having(one.value))).collect()
        };
        let pair = |name: &str, ask| (name.to_owned(), ask);
        let mut store = empty();
        set(&mut store, "k", "one", 0);
        store.step(Deed::Remove, at(1), |edit| edit.remove(&name("k"))).expect("there");
        assert_eq!(said(&store, store.returned_by_undo()), [("k".to_owned(), vec![pair("k", false)])]);
        // Another key has the secret, and had it.
        set(&mut store, "j", "one", 2);
        store.keys.get_mut(&name("j")).expect("there").facts.limits.ask = true;
        assert!(store.returned().is_empty() && store.returned_by_undo().is_empty());
        set(&mut store, "j", "two", 3);
        assert_eq!(said(&store, store.returned_by_undo()), [("j".to_owned(), vec![pair("j", true), pair("k", false)])]);
        store.step(Deed::Rollback, at(4), |edit| edit.roll_back(&name("k"), 1)).expect("there");
        assert_eq!(said(&store, store.returned()), [("k".to_owned(), vec![pair("j", true), pair("k", false)])]);
        assert!(store.returned_by_undo().is_empty());
        store.step(Deed::Rollback, at(5), |edit| edit.roll_back(&name("j"), 1)).expect("there");
        let one = vec![pair("j", true), pair("j", true), pair("k", false)];
        assert_eq!(said(&store, store.returned()), [("j".to_owned(), one)]);
        assert_eq!(said(&store, store.returned_by_undo()), [("j".to_owned(), vec![pair("j", true)])]);
    }

    #[test]
    fn the_name_is_written_in_the_newest_format_and_no_merge_loses_it() {
        let (base, mut ours) = (guarded(), copy(&guarded()));
        assert!(text::write(&base).contains("format = 7\n"));
        ours.wiped_guarded.insert(name("b"));
        let written = text::write(&ours);
        assert!(written.contains("format = 10\n") && written.contains("wiped_guarded = [\"b\"]\n"));
        assert_eq!(text::facts(&written).expect("reads").wiped_guarded, ours.wiped_guarded);
        ours.forget(&name("a")).expect("there");
        let merged = merge(Some(&base), &ours, &base, at(9), &limits_alone).expect("merges").payload;
        assert!(merged.keys.is_empty() && merged.wiped_guarded == BTreeSet::from([name("a"), name("b")]));
    }

    #[test]
    fn a_key_of_another_version_is_known_by_its_name_and_by_its_secret() {
        let store = guarded();
        let known = Known::of(&store);
        let mut other = empty();
        for (key, secret) in [("a", "two"), ("b", "one"), ("c", "three")] {
            set(&mut other, key, secret, 0);
        }
        let of = |key: &str| {
            let before = known.before(&name(key), &other.keys[&name(key)]);
            before.iter().map(|(name, facts)| (name.to_string(), facts.limits.ask)).collect::<Vec<_>>()
        };
        let a = [("a".to_owned(), true)];
        assert!(of("a") == a && of("b") == a && of("c").is_empty());
        assert_eq!(known.strangers(&other, &limits_alone), BTreeSet::from([&name("a"), &name("c")]));
    }

    #[test]
    fn a_key_that_was_limited_leaves_its_name_and_what_stands_for_its_secrets_and_comes_again_by_any_name() {
        let mut store = empty();
        for secret in ["one", "two"] {
            set(&mut store, "a", secret, 0);
        }
        store.keys.get_mut(&name("a")).expect("there").facts.limits.programs = Some(BTreeSet::new());
        let mut change = |change: &dyn Fn(&mut Payload)| {
            let before = Guarded::of(&store, &limits_alone);
            change(&mut store);
            before.note_wiped(&mut store, &limits_alone);
            copy(&store)
        };
        assert!(text::write(&change(&|_| ())).contains("format = 7\n"));
        let wiped = change(&|store| {
            store.forget_former(&name("a"));
        });
        assert!(wiped.wiped_limited.is_empty() && wiped.wiped_secrets.len() == 1);
        assert!(text::write(&wiped).contains("format = 11\n"));
        let rename = |store: &mut Payload| {
            let step =
                store.step(crate::store::journal::Deed::Rename, at(1), |edit| edit.rename(&name("a"), &name("b")));
            step.expect("done");
        };
        let renamed = change(&rename);
        assert!(renamed.wiped_limited.is_empty());
        let wiped = change(&|store| store.forget(&name("b")).expect("there"));
        assert!(wiped.wiped_limited == BTreeSet::from([name("b")]) && wiped.wiped_secrets.len() == 2);
        assert!(wiped.wiped_guarded.is_empty());
        let mut other = empty();
        for (key, secret) in [("a", "one"), ("b", "other"), ("c", "two"), ("d", "new")] {
            set(&mut other, key, secret, 0);
        }
        let known = Known::of(&wiped);
        let back = [name("a"), name("b"), name("c")];
        assert_eq!(known.strangers(&other, &limits_alone), back.iter().collect());
        let merged = merge(None, &other, &wiped, at(9), &limits_alone).expect("merges").payload;
        assert_eq!((&merged.wiped_limited, &merged.wiped_secrets), (&wiped.wiped_limited, &wiped.wiped_secrets));
        // Where there are too many of them every secret that is not known may be one.
        let mut many = copy(&wiped);
        many.note_wiped_secrets(
            (0..=MOST_SECRETS).map(|at| Id(std::array::from_fn(|place| at.to_le_bytes()[place % 8]))),
        );
        assert!(
            many.wiped_secrets.len() == MOST_SECRETS && Known::of(&many).strangers(&other, &limits_alone).len() == 4
        );
    }

    #[test]
    fn a_twin_that_was_never_limited_is_no_place_where_a_wiped_secret_still_is() {
        let names = |store: &Payload| store.wiped_guarded.iter().map(ToString::to_string).collect::<Vec<_>>();
        let after = |start: &Payload, change: &dyn Fn(&mut Payload)| {
            let mut store = copy(start);
            let before = Guarded::of(&store, &limits_alone);
            change(&mut store);
            before.note_wiped(&mut store, &limits_alone);
            store
        };
        // `a` has "one" and is asked for; `r`, which is removed, and `f`, formerly, had it without.
        let mut store = guarded();
        set(&mut store, "r", "one", 1);
        store.step(Deed::Remove, at(2), |edit| edit.remove(&name("r"))).expect("there");
        set(&mut store, "f", "one", 3);
        set(&mut store, "f", "two", 4);
        let wiped = after(&store, &|store| store.forget(&name("a")).expect("there"));
        assert_eq!(names(&wiped), ["a"]);
        let one = wiped.keys[&name("f")].former[0].value.copy();
        assert!(wiped.wiped_as(&one).is_some() && wiped.wiped_as(&wiped.keys[&name("f")].value).is_none());
        // Nor does it come back once older copies do not open any more.
        let mut other = copy(&wiped);
        other.note_wiped_secrets([Id([1; 16])]);
        other.forget_older_copies();
        assert!(other.wiped_secrets == BTreeSet::from([wiped.mark_of(&one)]) && other.wiped_guarded.is_empty());
        let mut full = copy(&other);
        full.note_wiped_secrets(
            (0..MOST_SECRETS).map(|at| Id(std::array::from_fn(|place| at.to_le_bytes()[place % 8]))),
        );
        // A full list stays full: what it had no room for must not pass for never wiped.
        let mut settled = copy(&full);
        set(&mut settled, "n", "one", 5);
        settled.settle_wiped();
        assert!(settled.has_too_many_wiped());
        full.forget_older_copies();
        assert!(full.wiped_secrets.contains(&wiped.mark_of(&one)) && !full.has_too_many_wiped());
        // Who keeps the secret anew knows it.
        let mut anew = copy(&wiped);
        set(&mut anew, "n", "one", 5);
        anew.settle_wiped();
        assert!(anew.wiped_as(&one).is_none());
        // What its user makes of the key himself is nothing that was wiped, nor what another key gives away as it is.
        set(&mut store, "a", "three", 5);
        let lifted = |store: &mut Payload| {
            store.keys.get_mut(&name("a")).expect("there").facts.limits.ask = false;
        };
        let lifted_as_another = |store: &mut Payload| {
            lifted(store);
            store.step(Deed::Rename, at(6), |edit| edit.rename(&name("a"), &name("b"))).expect("done");
        };
        for change in [&lifted as &dyn Fn(&mut Payload), &lifted_as_another] {
            let store = after(&store, change);
            assert!(names(&store).is_empty() && store.wiped_secrets.is_empty());
        }
        // With a kept one of the same name the removed one is not that key.
        let mut other = guarded();
        other.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
        set(&mut other, "a", "one", 2);
        set(&mut other, "a", "two", 3);
        let wiped = after(&other, &|store| store.removed.clear());
        assert_eq!(names(&wiped), ["a"]);
    }

    #[test]
    fn what_was_limited_and_wiped_before_anybody_looked_is_asked_for_wherever_it_comes_again() {
        let bare = |key: &str| {
            let mut store = empty();
            set(&mut store, key, "one", 0);
            store
        };
        let then = |known: &Noted, next: &Payload| Noted::of(next).with(known.holds_on(next, &by_itself));
        let asks = |known: &Noted, store: &Payload| {
            let held_on = known.holds_on(store, &by_itself);
            held_on.iter().any(|one| !one.is_gone() && one.on(&Facts::new(at(0))).limits.ask)
        };
        // Somebody limits `a`, of which nothing was known, and wipes it: the file has what stands for its secret.
        let one = empty().mark_of(&secret("one"));
        let mut wiped = empty();
        wiped.note_wiped_secrets([one]);
        let known = then(&Noted::of(&bare("a")), &wiped);
        assert!(asks(&known, &bare("a")) && asks(&known, &bare("b")));
        assert!(Payload { held_on: known.held_on, ..empty() }.guarded_elsewhere().next().is_none());
        // Where it is in use again it is what its store says of it.
        let mut again = bare("a");
        again.note_wiped_secrets([one]);
        let known = then(&Noted::of(&bare("a")), &again);
        assert!(!asks(&known, &again) && known.held_on.is_empty());
        // Where not all are known, every one that is gone may be one; what is there in any way is not.
        let mut full = bare("f");
        full.note_wiped_secrets((0..5000_u64).map(|at| Id(std::array::from_fn(|place| at.to_le_bytes()[place % 8]))));
        let [lost, left] = ["lost", "left"].map(|key| (key.to_owned(), mark(&full, &secret(key))));
        let noted = Noted { keys: Some([lost, left].into()), ..Noted::default() };
        for value in ["left", "other"] {
            set(&mut full, "left", value, 0);
        }
        let held_on = noted.holds_on(&full, &by_itself);
        assert!(held_on.len() == 1 && held_on[0].name() == "lost" && held_on[0].is_gone(), "{held_on:?}");
    }
}
