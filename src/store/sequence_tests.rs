//! Whatever is done to a store, in whatever order: taking it back loses no secret, and a revoked one is known by all.

use proptest::prelude::*;

use super::{
    facts::{Facts, Leaked, Revoked},
    journal::Deed,
    payload::Payload,
    tests::{all_say_so, at, empty, name, secret, secrets, seen},
};
use crate::date::Moment;

/// One thing to do, with names and secrets out of a few.
#[derive(Debug, Clone)]
enum Doing {
    Set(u8, u8),
    Rotate(u8, u8),
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
        (key(), 0_u8..6).prop_map(|(key, value)| Doing::Rotate(key, value)),
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
        Doing::Rotate(k, v) if there(store, k) => {
            store.step(Deed::Rotate, now, |edit| edit.replace(&key(k), value(v), None)).expect("rotate");
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
