//! Changes to a store and taking them back.

use std::collections::BTreeMap;

use super::{
    editing::Set,
    facts::{Facts, Leaked, Revoked},
    journal::Deed,
    overlap_tests::tidy,
    payload::{Key, Payload},
    revoking::Revocation,
};
use crate::{date::Moment, failure::Kind, identity::anchor::Id, name::KeyName, secret::Secret};

pub(super) fn name(text: &str) -> KeyName {
    text.parse().expect("good")
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

pub(super) fn empty() -> Payload {
    Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]))
}

pub(super) fn at(days: i64) -> Moment {
    Moment::from_seconds(1_800_000_000 + days * 86_400)
}

pub(super) fn set(store: &mut Payload, key: &str, value: &str, day: i64) -> Set {
    store.step(Deed::Set, at(day), |edit| edit.set(&name(key), secret(value), true)).expect("set")
}

fn revoke(store: &mut Payload, key: &str, day: i64) -> Revocation {
    let revoked = Revoked { at: at(day), reason: None };
    store.step(Deed::Revoke, at(day), |edit| edit.revoke(&name(key), &revoked)).expect("revoke")
}

/// Every key whose secret is known to be revoked or found says so itself.
pub(super) fn all_say_so(store: &Payload) -> bool {
    let revoked = |key: &Key| key.facts.revoked.is_some() || store.revocation_of(&key.value).is_none();
    let leaked = |key: &Key| key.facts.leaked.is_some() || store.leak_of(&key.value).is_none();
    let left = |key: &Key| key.facts.left_with.is_some() || store.left_with(&key.value).is_none();
    store.keys.values().all(|key| revoked(key) && leaked(key) && left(key))
}

/// Names, secrets and facts, as a command would see them.
pub(super) fn seen(store: &Payload) -> BTreeMap<String, (Vec<u8>, Facts)> {
    let seen = |(name, key): (&KeyName, &Key)| (name.to_string(), (key.value.expose().to_vec(), key.facts.clone()));
    store.keys.iter().map(seen).collect()
}

/// Every secret that is still there, wherever.
pub(super) fn secrets(store: &Payload) -> Vec<Vec<u8>> {
    let keys = store.keys.values().chain(store.removed.iter().map(|removed| &removed.key));
    let values = keys.flat_map(|key| key.former.iter().map(|former| &former.value).chain([&key.value]));
    let mut all: Vec<Vec<u8>> = values.map(|value| value.expose().to_vec()).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn a_replaced_secret_is_kept_beside_the_new_one() {
    let mut store = empty();
    assert_eq!(set(&mut store, "a", "1", 0), Set::Added);
    assert_eq!(set(&mut store, "a", "1", 1), Set::Same);
    let refused = store.step(Deed::Set, at(1), |edit| edit.set(&name("a"), secret("2"), false));
    assert_eq!(refused.expect_err("exists").kind, Kind::Negative);
    assert_eq!(set(&mut store, "a", "2", 2), Set::Replaced);
    let key = store.key(&name("a")).expect("there");
    assert!(key.value.same_as(&secret("2")) && key.former[0].value.same_as(&secret("1")));
    assert_eq!((key.former[0].since, key.former[0].until), (at(0), at(2)));
    assert_eq!(store.steps.len(), 2, "what changes nothing is no step");
}

#[test]
fn a_removed_key_is_kept_until_it_is_forgotten() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    store.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("remove");
    assert!(store.keys.is_empty() && store.removed.len() == 1);
    store.forget(&name("a")).expect("forget");
    assert!(store.removed.is_empty() && store.steps.is_empty());
    assert_eq!(store.forget(&name("a")).expect_err("nothing left").kind, Kind::Missing);
}

#[test]
fn a_name_never_takes_anothers_place() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    set(&mut store, "b", "2", 0);
    let mut rename = |from: &str, to: &str| store.step(Deed::Rename, at(1), |edit| edit.rename(&name(from), &name(to)));
    assert_eq!(rename("a", "b").expect_err("taken").kind, Kind::Negative);
    assert_eq!(rename("c", "d").expect_err("missing").kind, Kind::Missing);
    rename("a", "c").expect("free");
    assert_eq!(store.keys.keys().map(KeyName::as_str).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn an_end_and_a_revocation_belong_to_the_secret_and_a_plan_to_the_key() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    let facts = |facts: &mut Facts| {
        facts.expires = Some(at(9));
        facts.revoked = Some(Revoked { at: at(1), reason: Some("leaked".into()) });
        facts.rotate_every = "90d".parse().ok();
        facts.note = Some("mine".into());
    };
    store.step(Deed::Edit, at(1), |edit| edit.change(&name("a"), facts)).expect("edit");
    set(&mut store, "a", "2", 2);
    let key = &store.keys["a"];
    assert_eq!((key.facts.expires, &key.facts.revoked, key.facts.changed), (None, &None, at(2)));
    assert!(key.facts.rotate_every.is_some() && key.facts.note.is_some());
    assert!(key.former[0].expires == Some(at(9)) && key.former[0].revoked.is_some());
    store.step(Deed::Rollback, at(3), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    let key = &store.keys["a"];
    assert!(key.value.same_as(&secret("1")) && key.former[1].value.same_as(&secret("2")) && key.former.len() == 2);
    assert!(key.facts.expires == Some(at(9)) && key.facts.revoked.is_some() && key.facts.changed == at(0));
}

#[test]
fn a_revoked_secret_stays_revoked_wherever_it_is_kept_again() {
    let mut store = empty();
    set(&mut store, "a", "leaked", 0);
    revoke(&mut store, "a", 1);
    set(&mut store, "a", "new", 2);
    assert!(store.keys["a"].facts.revoked.is_none());
    set(&mut store, "a", "leaked", 3);
    set(&mut store, "b", "leaked", 3);
    assert!(store.keys["a"].facts.revoked.is_some() && store.keys["b"].facts.revoked.is_some());
}

#[test]
fn what_holds_the_secret_of_a_revoked_key_is_revoked_with_it() {
    let mut store = empty();
    for key in ["a", "b", "c"] {
        set(&mut store, key, if key == "c" { "other" } else { "leaked" }, 0);
    }
    assert_eq!(revoke(&mut store, "a", 1).twins, [name("b")]);
    let is_revoked = |store: &Payload, key: &str| store.keys[key].facts.revoked.is_some();
    assert!(is_revoked(&store, "a") && is_revoked(&store, "b") && !is_revoked(&store, "c"));
    // A second word changes nothing of the first.
    let again = revoke(&mut store, "b", 2);
    assert_eq!(
        (again.before.expect("was").at, again.twins, store.keys["a"].facts.revoked.clone().expect("is").at),
        (at(1), vec![], at(1))
    );
    assert_eq!(store.undo(at(3)).expect("the first").deed, Deed::Revoke);
    assert!(!is_revoked(&store, "a") && !is_revoked(&store, "b"));
    revoke(&mut store, "a", 3);
    store.step(Deed::Edit, at(4), |edit| edit.unrevoke(&name("b"))).expect("unrevoke");
    assert!(!is_revoked(&store, "a") && !is_revoked(&store, "b"));
}

#[test]
fn a_former_or_removed_secret_that_comes_back_is_revoked_if_it_was_under_another_name() {
    let mut store = empty();
    set(&mut store, "a", "leaked", 0);
    set(&mut store, "a", "new", 0);
    set(&mut store, "r", "leaked", 0);
    store.step(Deed::Remove, at(0), |edit| edit.remove(&name("r"))).expect("remove");
    set(&mut store, "b", "leaked", 0);
    revoke(&mut store, "b", 1);
    store.step(Deed::Rollback, at(2), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    store.step(Deed::Rollback, at(2), |edit| edit.roll_back(&name("r"), 1)).expect("bring back");
    assert!(store.keys["a"].facts.revoked.is_some() && store.keys["r"].facts.revoked.is_some());
    // Also where taking back brings it.
    store.undo(at(3)).expect("bring back");
    store.undo(at(3)).expect("roll back");
    store.pass_over_latest_step().expect("revoke");
    store.step(Deed::Remove, at(4), |edit| edit.remove(&name("a"))).expect("remove");
    store.undo(at(4)).expect("remove");
    store.step(Deed::Rollback, at(4), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    assert!(store.keys["a"].facts.revoked.is_some());
}

#[test]
fn a_revoked_secret_is_known_again_after_it_was_wiped() {
    let wipes: [fn(&mut Payload); 3] = [
        |store| {
            set(store, "a", "new", 2);
            assert_eq!(store.forget_former(&name("a")), 1);
        },
        |store| store.forget(&name("a")).expect("there"),
        |store| {
            store
                .step(Deed::Rotate, at(2), |edit| edit.replace(&name("a"), secret("new"), Some(at(3))))
                .expect("rotate");
            tidy(store, at(2));
            assert_eq!(tidy(store, at(4)), 1);
        },
    ];
    for wipe in wipes {
        let mut store = empty();
        set(&mut store, "a", "leaked", 0);
        revoke(&mut store, "a", 1);
        wipe(&mut store);
        assert!(!secrets(&store).contains(&b"leaked".to_vec()) && store.marks.len() == 1);
        let mut store = super::text::read(&super::text::write(&store)).expect("reads");
        set(&mut store, "b", "leaked", 5);
        assert_eq!(store.keys["b"].facts.revoked.as_ref().expect("known").at, at(1));
        set(&mut store, "c", "another", 5);
        assert!(store.keys["c"].facts.revoked.is_none());
        store.step(Deed::Edit, at(6), |edit| edit.unrevoke(&name("b"))).expect("unrevoke");
        assert!(store.marks.is_empty() && store.revocation_of(&secret("leaked")).is_none());
    }
}

#[test]
fn a_former_secret_is_chosen_by_its_number_and_a_removed_key_comes_back() {
    let mut store = empty();
    for (day, value) in ["1", "2", "3"].into_iter().enumerate() {
        set(&mut store, "a", value, i64::try_from(day).expect("small"));
    }
    let mut roll_back = |version| store.step(Deed::Rollback, at(5), |edit| edit.roll_back(&name("a"), version));
    assert_eq!(roll_back(0).expect_err("the current one").kind, Kind::Missing);
    assert_eq!(roll_back(3).expect_err("too many").kind, Kind::Missing);
    roll_back(2).expect("there");
    assert!(store.keys["a"].value.same_as(&secret("1")));
    store.step(Deed::Remove, at(6), |edit| edit.remove(&name("a"))).expect("remove");
    store.step(Deed::Rollback, at(7), |edit| edit.roll_back(&name("a"), 1)).expect("bring back");
    assert!(store.keys["a"].value.same_as(&secret("1")) && store.removed.is_empty());
    store.undo(at(7)).expect("undo");
    assert!(store.keys.is_empty() && store.removed.len() == 1);
}

#[test]
fn a_step_is_taken_back_within_thirty_days_and_no_later() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    assert!(store.latest_step(at(30)).is_some());
    let later = Moment::from_seconds(at(30).seconds() + 1);
    assert!(store.latest_step(later).is_none());
    assert_eq!(store.undo(later).expect_err("too old").kind, Kind::Negative);
    set(&mut store, "b", "2", 31);
    tidy(&mut store, at(31));
    assert_eq!(store.steps.len(), 1);
    store.undo(at(31)).expect("the newer one");
    assert_eq!(seen(&store).into_keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn forgetting_leaves_the_current_secret_and_no_other() {
    let mut store = empty();
    set(&mut store, "b", "x", 0);
    store.step(Deed::Remove, at(0), |edit| edit.remove(&name("b"))).expect("remove");
    set(&mut store, "b", "1", 1);
    set(&mut store, "b", "2", 2);
    set(&mut store, "c", "3", 3);
    assert_eq!(store.forget_former(&name("b")), 2);
    assert_eq!(secrets(&store), [b"2", b"3"]);
    store.undo(at(4)).expect("what has to do with `c` alone");
    assert_eq!(store.undo(at(4)).expect_err("what was done to `b` stands").kind, Kind::Negative);
    assert_eq!(seen(&store).into_keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn what_is_known_of_a_wiped_secret_does_not_come_back_for_the_next_one() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    let ends = |facts: &mut Facts| facts.expires = Some(at(9));
    store.step(Deed::Edit, at(0), |edit| edit.change(&name("a"), ends)).expect("edit");
    let noted = |facts: &mut Facts| facts.note = Some("mine".into());
    store.step(Deed::Edit, at(0), |edit| edit.change(&name("a"), noted)).expect("edit");
    set(&mut store, "a", "2", 1);
    store.forget_former(&name("a"));
    assert!(store.undo(at(2)).is_err());
    assert!(store.keys["a"].facts.expires.is_none() && store.keys["a"].facts.changed == at(1));
}

#[test]
fn what_was_wiped_stops_taking_back_until_it_is_passed_over() {
    let mut store = empty();
    set(&mut store, "b", "x", 0);
    set(&mut store, "a", "1", 0);
    set(&mut store, "a", "2", 1);
    let wiped = |store: &Payload| {
        let mut store = super::text::read(&super::text::write(store)).expect("reads");
        store.keys.get_mut("a").expect("there").former.clear();
        store
    };
    assert_eq!(wiped(&store).undo(at(2)).expect_err("wiped").kind, Kind::Negative);
    let mut store = wiped(&store);
    store.pass_over_latest_step().expect("the one that is left");
    store.undo(at(2)).expect("what was done to `b`");
    assert_eq!(seen(&store).into_keys().collect::<Vec<_>>(), ["a"], "what was done to `a` before stands too");
}

#[test]
fn what_would_stand_with_the_latest_step_is_counted_under_all_names_that_the_key_had() {
    let mut store = empty();
    set(&mut store, "c", "0", 0);
    set(&mut store, "a", "1", 1);
    set(&mut store, "a", "2", 1);
    store.step(Deed::Rename, at(1), |edit| edit.rename(&name("a"), &name("b"))).expect("rename");
    set(&mut store, "b", "3", 1);
    assert_eq!((store.standing_with_latest(at(1)), store.standing_with_latest(at(32))), (3, 0));
    store.pass_over_latest_step().expect("there");
    assert_eq!(store.steps.len(), 1, "what was done to `c` alone is left");
}

#[test]
fn what_stands_is_not_written_over_by_what_is_taken_back() {
    for first in [Deed::Remove, Deed::Rename] {
        let mut store = empty();
        set(&mut store, "a", "1", 0);
        if first == Deed::Remove {
            store.step(first, at(0), |edit| edit.remove(&name("a"))).expect("remove");
        } else {
            store.step(first, at(0), |edit| edit.rename(&name("a"), &name("b"))).expect("rename");
        }
        set(&mut store, "a", "2", 0);
        store.pass_over_latest_step().expect("there");
        assert!(store.undo(at(0)).is_err());
        assert_eq!(secrets(&store), [b"1", b"2"]);
    }
}

fn leaked(day: i64) -> Leaked {
    Leaked { at: at(day), place: "/w/.env:2".into() }
}

fn mark(store: &mut Payload, key: &str, day: i64) -> Vec<KeyName> {
    store.step(Deed::Leak, at(day), |edit| edit.mark_leaked(&name(key), &leaked(day))).expect("mark")
}

fn is_leaked(store: &Payload, key: &str) -> bool {
    store.keys[key].facts.leaked.is_some()
}

#[test]
fn that_a_secret_was_found_is_true_of_all_that_hold_it_and_of_no_other() {
    let mut store = empty();
    for (key, value) in [("a", "1"), ("b", "1"), ("c", "2")] {
        set(&mut store, key, value, 0);
    }
    assert_eq!(mark(&mut store, "a", 1), [name("a"), name("b")]);
    assert!(is_leaked(&store, "a") && is_leaked(&store, "b") && !is_leaked(&store, "c"));
    // What was said first stands, and is no step of its own.
    let steps = store.steps.len();
    assert_eq!(mark(&mut store, "b", 2), []);
    assert!(store.keys["b"].facts.leaked == Some(leaked(1)) && store.steps.len() == steps);
    // Kept anew under another name it is the same secret.
    set(&mut store, "d", "1", 3);
    assert!(is_leaked(&store, "d"));
    store.undo(at(3)).expect("the set");
    store.undo(at(3)).expect("the mark");
    assert!(!is_leaked(&store, "a") && !is_leaked(&store, "b"));
    // The removed `d` does not bring it back.
    set(&mut store, "e", "1", 4);
    assert!(!is_leaked(&store, "e"));
}

#[test]
fn a_new_secret_was_not_found_and_the_old_one_comes_back_with_the_word() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    mark(&mut store, "a", 1);
    set(&mut store, "a", "2", 2);
    assert!(!is_leaked(&store, "a"));
    assert_eq!(store.keys["a"].former[0].leaked, Some(leaked(1)));
    store.step(Deed::Rollback, at(3), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    assert!(is_leaked(&store, "a"));
    store.undo(at(3)).expect("the rollback");
    assert!(!is_leaked(&store, "a"));
    store.undo(at(3)).expect("the replacement");
    assert!(is_leaked(&store, "a"));
    store.step(Deed::Remove, at(4), |edit| edit.remove(&name("a"))).expect("remove");
    set(&mut store, "b", "1", 4);
    assert!(is_leaked(&store, "b"), "a removed key knows it too");
    let twins = store.step(Deed::Edit, at(5), |edit| edit.unmark_leaked(&name("b"))).expect("edit");
    assert!(twins.is_empty() && !is_leaked(&store, "b"));
    store.step(Deed::Rollback, at(6), |edit| edit.roll_back(&name("a"), 1)).expect("bring back");
    assert!(!is_leaked(&store, "a"), "it was taken back of the secret");
}

#[test]
fn a_secret_of_a_removed_key_brings_its_limits_and_tags_to_another_key_of_its_name() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    let limited = |facts: &mut Facts| {
        facts.limits.ask = true;
        facts.tags.insert("prod".parse().expect("good"));
    };
    store.step(Deed::Edit, at(0), |edit| edit.change(&name("a"), limited)).expect("there");
    store.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
    set(&mut store, "a", "2", 2);
    store.step(Deed::Rollback, at(3), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    assert!(store.keys["a"].facts.limits.ask && store.keys["a"].facts.tags.len() == 1);
}
