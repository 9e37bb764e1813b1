//! Whatever is done to a store, in whatever order: taking it back loses no secret, and a revoked one is known by all.

use proptest::prelude::*;

use super::{
    facts::{Facts, Leaked, Revoked},
    journal::Deed,
    payload::Payload,
    tests::{all_say_so, at, empty, name, secret, secrets, seen},
};
use crate::{date::Moment, name::KeyName};

/// Whether one side of a merge has renamed a key that the other changed: then it is one key, under its new name, that has what
/// the other made of it.
pub(super) fn is_renamed([base, ours, theirs, merged]: [&Payload; 4], name: &KeyName) -> bool {
    let (changed, other) = match (ours.keys.get(name), theirs.keys.get(name)) {
        (Some(key), None) => (key, theirs),
        (None, Some(key)) => (key, ours),
        _ => return false,
    };
    base.keys.get(name).is_some_and(|before| {
        let mut renamed = other.keys.iter().filter(|(to, key)| *to != name && key.holds(&before.value));
        renamed.any(|(to, _)| merged.keys.get(to).is_some_and(|key| key.holds(&changed.value)))
    })
}

/// One thing to do, with names and secrets out of a few.
#[derive(Debug, Clone)]
enum Doing {
    Set(u8, u8),
    /// With an overlap of so many days; for good where that is 0.
    Rotate(u8, u8, u8),
    Remove(u8),
    Rename(u8, u8),
    Edit(u8, u8),
    Revoke(u8),
    Unrevoke(u8),
    Leak(u8),
    Unleak(u8),
    Rollback(u8, u8),
    Import(Vec<(u8, u8)>),
    Skip,
    Forget(u8),
}

fn doing() -> impl Strategy<Value = Doing> {
    let key = || 0_u8..4;
    prop_oneof![
        (key(), 0_u8..6).prop_map(|(key, value)| Doing::Set(key, value)),
        (key(), 0_u8..6, 0_u8..4).prop_map(|(key, value, days)| Doing::Rotate(key, value, days)),
        key().prop_map(Doing::Remove),
        (key(), key()).prop_map(|(from, to)| Doing::Rename(from, to)),
        (key(), 1_u8..5).prop_map(|(key, days)| Doing::Edit(key, days)),
        key().prop_map(Doing::Revoke),
        key().prop_map(Doing::Unrevoke),
        key().prop_map(Doing::Leak),
        key().prop_map(Doing::Unleak),
        (key(), 1_u8..4).prop_map(|(key, version)| Doing::Rollback(key, version)),
        prop::collection::vec((key(), 0_u8..6), 1..4).prop_map(Doing::Import),
        Just(Doing::Skip),
        key().prop_map(Doing::Forget),
    ]
}

/// What has to do with overlaps, of two keys: so that often a secret is back in use when its overlap ends.
fn lapsing() -> impl Strategy<Value = Doing> {
    let key = || 0_u8..2;
    prop_oneof![
        2 => (key(), 0_u8..4).prop_map(|(key, value)| Doing::Set(key, value)),
        4 => (key(), 0_u8..4, 0_u8..3).prop_map(|(key, value, days)| Doing::Rotate(key, value, days)),
        4 => (key(), 1_u8..3).prop_map(|(key, version)| Doing::Rollback(key, version)),
        1 => (key(), 1_u8..5).prop_map(|(key, days)| Doing::Edit(key, days)),
        1 => key().prop_map(Doing::Remove),
        1 => (key(), key()).prop_map(|(from, to)| Doing::Rename(from, to)),
    ]
}

/// Does it, if it can be done. What cannot be done may leave a payload half changed: it is not written then, so a copy of
/// what was written before goes on.
fn act(store: &mut Payload, doing: &Doing, now: Moment) {
    let key = |number: u8| name(&format!("k{number}"));
    let value = |number: u8| secret(&format!("v{number}"));
    let there = |store: &Payload, number: u8| store.keys.contains_key(&key(number));
    match *doing {
        Doing::Set(k, v) => {
            store.step(Deed::Set, now, |edit| edit.set(&key(k), value(v), true)).expect("set");
        }
        Doing::Import(ref keys) => store
            .step(Deed::Import, now, |edit| {
                keys.iter().try_for_each(|(k, v)| edit.set(&key(*k), value(*v), true).map(|_| ()))
            })
            .expect("import"),
        Doing::Skip => drop(store.pass_over_latest_step()),
        Doing::Forget(k) => {
            store.forget_former(&key(k));
        }
        Doing::Rotate(k, v, days) if there(store, k) => {
            let wipe = (days > 0).then(|| Moment::from_seconds(now.seconds() + i64::from(days) * 86_400));
            store.step(Deed::Rotate, now, |edit| edit.replace(&key(k), value(v), wipe)).expect("rotate");
        }
        Doing::Remove(k) if there(store, k) => {
            store.step(Deed::Remove, now, |edit| edit.remove(&key(k))).expect("remove");
        }
        Doing::Rename(from, to) if there(store, from) && !there(store, to) => {
            store.step(Deed::Rename, now, |edit| edit.rename(&key(from), &key(to))).expect("rename");
        }
        Doing::Edit(k, days) if there(store, k) => {
            let change = |facts: &mut Facts| facts.expires = Some(at(days.into()));
            store.step(Deed::Edit, now, |edit| edit.change(&key(k), change)).expect("edit");
        }
        Doing::Revoke(k) if there(store, k) => {
            let revoked = Revoked { at: now, reason: None };
            store.step(Deed::Revoke, now, |edit| edit.revoke(&key(k), &revoked)).expect("revoke");
        }
        Doing::Unrevoke(k) if there(store, k) => {
            store.step(Deed::Edit, now, |edit| edit.unrevoke(&key(k))).expect("unrevoke");
        }
        Doing::Leak(k) if there(store, k) => {
            let leaked = Leaked { at: now, place: "/w/.env:2".into() };
            store.step(Deed::Leak, now, |edit| edit.mark_leaked(&key(k), &leaked)).expect("mark");
        }
        Doing::Unleak(k) if there(store, k) => {
            store.step(Deed::Edit, now, |edit| edit.unmark_leaked(&key(k))).expect("unmark");
        }
        Doing::Rollback(k, version) => {
            let former = store.keys.get(&key(k)).map_or(1, |key| key.former.len());
            if usize::from(version) <= former
                && (there(store, k) || store.removed.iter().any(|removed| removed.name == key(k)))
            {
                store.step(Deed::Rollback, now, |edit| edit.roll_back(&key(k), version.into())).expect("roll back");
            }
        }
        _ => {}
    }
}

/// What no step can take back: nothing is done that drops steps.
fn keeps_steps(doing: &Doing) -> bool {
    !matches!(doing, Doing::Skip | Doing::Forget(_))
}

/// Secrets that no end of an overlap may take away: those in use, also of removed keys, and former ones without an end.
fn safe(store: &Payload) -> Vec<Vec<u8>> {
    let keys = || store.keys.values().chain(store.removed.iter().map(|removed| &removed.key));
    let for_good = keys().flat_map(|key| key.former.iter().filter(|former| former.wipe.is_none()));
    let all = keys().map(|key| &key.value).chain(for_good.map(|former| &former.value));
    all.map(|value| value.expose().to_vec()).collect()
}

/// Each secret with the name that it is under, also of removed keys and former ones.
fn named(store: &Payload) -> Vec<(KeyName, Vec<u8>)> {
    let removed = store.removed.iter().map(|removed| (&removed.name, &removed.key));
    let all =
        store.keys.iter().chain(removed).flat_map(|(name, key)| key.secrets().map(move |(value, _)| (name, value)));
    all.map(|(name, value)| (name.clone(), value.expose().to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn an_overlap_that_ends_meanwhile_takes_no_secret_that_is_in_use_and_no_step_whose_secret_is_there(
        doings in prop::collection::vec((prop::option::weighted(0.7, lapsing()), 0_i64..3), 4..15),
    ) {
        let (mut store, mut before, mut wiped, mut day) = (empty(), Vec::new(), Vec::new(), 0);
        // What was wiped of a key, which another one may have still.
        let mut wiped_of: Vec<(KeyName, Vec<u8>)> = Vec::new();
        for (doing, days) in &doings {
            day += days;
            let (state, steps, safe, all) = (seen(&store), store.steps.len(), safe(&store), secrets(&store));
            if let Some(doing) = doing {
                act(&mut store, doing, at(day));
                if store.steps.len() > steps {
                    before.push(state);
                    if let Some((from, to)) = store.steps.last().and_then(|step| step.renamed.clone()) {
                        wiped_of.iter_mut().filter(|(name, _)| *name == from).for_each(|(name, _)| *name = to.clone());
                    }
                }
            } else if let Some(step) = store.steps.last().cloned() {
                let state = before.pop().expect("one for each step");
                let is_there = |(name, _): &(KeyName, Facts)| {
                    let meant = &state[name.as_str()].0;
                    // A secret that was wiped once is another one when it comes again.
                    store.keys[name].former.iter().any(|former| former.value.expose() == meant)
                        && !wiped.contains(meant)
                        && !wiped_of.contains(&(name.clone(), meant.clone()))
                };
                let are_there = step.replaced.iter().all(is_there);
                if store.undo(at(day)).is_err() {
                    prop_assert!(!are_there, "{:?}", step);
                    break;
                }
                prop_assert_eq!(seen(&store), state);
                if let Some((from, to)) = step.renamed {
                    wiped_of.iter_mut().filter(|(name, _)| *name == to).for_each(|(name, _)| *name = from.clone());
                }
            }
            let had = named(&store);
            // As each write does.
            store.tidy(at(day), at(0));
            let has = named(&store);
            wiped_of.extend(had.into_iter().filter(|one| !has.contains(one)));
            let left = secrets(&store);
            for secret in &safe {
                prop_assert!(left.contains(secret), "{:?} wiped {:?}", doing, String::from_utf8_lossy(secret));
            }
            wiped.extend(all.into_iter().filter(|secret| !left.contains(secret)));
            store = super::text::read(&super::text::write(&store)).expect("reads");
        }
    }
}

proptest! {
    #[test]
    fn steps_taken_back_one_by_one_lead_through_every_state_and_lose_no_secret(
        doings in prop::collection::vec((doing().prop_filter("drops steps", keeps_steps), 0_i64..2), 1..14),
    ) {
        let mut store = empty();
        let mut before = Vec::new();
        let mut day = 0;
        for (doing, days) in &doings {
            // Often in the same second, as scripts do.
            day += days;
            let (state, steps) = (seen(&store), store.steps.len());
            act(&mut store, doing, at(day));
            prop_assert!(all_say_so(&store), "after {:?}", doing);
            if store.steps.len() > steps {
                before.push(state);
            }
            // Through the file, as between two commands.
            store = super::text::read(&super::text::write(&store)).expect("reads");
        }
        let all = secrets(&store);
        while let Some(state) = before.pop() {
            store.undo(at(day)).expect("undo");
            prop_assert_eq!(seen(&store), state);
            prop_assert_eq!(secrets(&store), all.clone());
            store = super::text::read(&super::text::write(&store)).expect("reads");
        }
        prop_assert!(store.undo(at(day)).is_err());
    }

    #[test]
    fn whatever_was_let_stand_or_forgotten_taking_back_loses_no_secret(
        doings in prop::collection::vec((doing(), 0_i64..2), 1..18),
    ) {
        let mut store = empty();
        let mut day = 0;
        for (doing, days) in &doings {
            day += days;
            act(&mut store, doing, at(day));
            prop_assert!(all_say_so(&store), "after {:?}", doing);
            store = super::text::read(&super::text::write(&store)).expect("reads");
        }
        let all = secrets(&store);
        while let Ok(step) = store.undo(at(day)) {
            prop_assert_eq!(secrets(&store), all.clone(), "after {:?}", step);
            prop_assert!(all_say_so(&store), "after {:?}", step);
        }
    }
}
