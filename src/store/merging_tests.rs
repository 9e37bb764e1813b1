//! Two versions become one: nothing is lost, and whose turn it was makes no difference.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    bygone::limits_alone,
    facts::{Facts, Revoked},
    journal::Deed,
    members::Member,
    merging::{Merged, Said, Side, merge},
    payload::Payload,
    sequence_tests::is_renamed,
    tests::{all_say_so, at, empty, name, secret, secrets, set},
    text,
};
use crate::{
    failure::Result,
    identity::{Identity, anchor::Id},
    name::{KeyName, MemberName},
};

fn copy(store: &Payload) -> Payload {
    text::read(&text::write(store)).expect("reads")
}

fn merged(base: &Payload, ours: &Payload, theirs: &Payload) -> Merged {
    merge(Some(base), ours, theirs, at(99), &limits_alone).expect("merges")
}

fn said(base: &Payload, ours: &Payload, theirs: &Payload) -> Vec<Said> {
    let one = merged(base, ours, theirs);
    let other = merged(base, theirs, ours);
    assert!(
        text::write(&one.payload).as_str() == text::write(&other.payload).as_str(),
        "it makes a difference whose turn it was"
    );
    assert_eq!(one.said.len(), other.said.len());
    one.said.into_iter().collect()
}

/// The current secret and the former ones, the latest first.
fn all_of(store: &Payload, key: &str) -> Vec<String> {
    let key = &store.keys[&name(key)];
    let former = key.former.iter().rev().map(|former| &former.value);
    [&key.value].into_iter().chain(former).map(|value| value.expose_text().expect("text").to_owned()).collect()
}

fn base() -> Payload {
    let mut base = empty();
    set(&mut base, "a", "a1", 0);
    set(&mut base, "b", "b1", 0);
    base
}

#[test]
fn what_one_side_changed_is_taken_and_what_both_did_alike_is_done() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    set(&mut ours, "a", "a2", 1);
    set(&mut ours, "c", "c1", 1);
    set(&mut theirs, "d", "d1", 2);
    theirs.step(Deed::Remove, at(2), |edit| edit.remove(&name("b"))).expect("there");
    assert_eq!(said(&base, &ours, &theirs), []);
    let payload = merged(&base, &ours, &theirs).payload;
    assert_eq!(payload.keys.keys().map(KeyName::as_str).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert_eq!((all_of(&payload, "a"), payload.removed.len()), (vec!["a2".to_owned(), "a1".into()], 1));
    assert!(payload.steps.is_empty() && payload.generation == 1);
    // The same once more changes nothing.
    let again = merged(&base, &payload, &payload);
    assert!(again.said.is_empty() && secrets(&again.payload) == secrets(&payload));
}

#[test]
fn of_two_new_secrets_the_later_is_current_and_the_other_a_former_one() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    set(&mut ours, "a", "ours", 2);
    set(&mut theirs, "a", "theirs", 1);
    theirs
        .step(Deed::Edit, at(3), |edit| edit.change(&name("a"), |facts| facts.note = Some("noted".into())))
        .expect("there");
    assert_eq!(said(&base, &ours, &theirs), [Said::Replaced(name("a"))]);
    let payload = merged(&base, &ours, &theirs).payload;
    // The one of before both, which ended on both sides, is there once.
    let mut all = all_of(&payload, "a");
    all[1..].sort();
    assert_eq!(all, ["ours", "a1", "theirs"]);
    assert_eq!(payload.keys[&name("a")].facts.note.as_deref(), Some("noted"));
    // Also where both began to keep it.
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    set(&mut ours, "n", "ours", 1);
    set(&mut theirs, "n", "theirs", 2);
    assert_eq!(said(&base, &ours, &theirs), [Said::Replaced(name("n"))]);
    assert_eq!(all_of(&merged(&base, &ours, &theirs).payload, "n"), ["theirs", "ours"]);
}

#[test]
fn a_key_that_was_removed_on_one_side_and_changed_on_the_other_is_kept() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    set(&mut ours, "a", "a2", 1);
    theirs.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
    theirs.step(Deed::Rename, at(1), |edit| edit.rename(&name("b"), &name("z"))).expect("free");
    ours.step(Deed::Edit, at(1), |edit| edit.change(&name("b"), |facts| facts.note = Some("n".into()))).expect("there");
    assert_eq!(said(&base, &ours, &theirs), [Said::Kept(name("a"), Side::Ours)]);
    let payload = merged(&base, &ours, &theirs).payload;
    assert_eq!(payload.keys.keys().map(KeyName::as_str).collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!((all_of(&payload, "a"), payload.removed.len()), (vec!["a2".to_owned(), "a1".into()], 1));
}

#[test]
fn fields_are_merged_one_by_one_and_what_both_changed_is_said() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    let edit = |store: &mut Payload, change: &dyn Fn(&mut Facts)| {
        store.step(Deed::Edit, at(1), |edit| edit.change(&name("a"), change)).expect("there");
    };
    edit(&mut ours, &|facts| {
        facts.url = Some("https://a".into());
        facts.note = Some("x".into());
        facts.tags.insert("t1".parse().expect("good"));
        facts.expires = Some(at(9));
    });
    edit(&mut theirs, &|facts| {
        facts.note = Some("y".into());
        facts.tags.insert("t2".parse().expect("good"));
        facts.expires = Some(at(8));
    });
    let revoked = Revoked { at: at(2), reason: None };
    theirs.step(Deed::Revoke, at(2), |edit| edit.revoke(&name("a"), &revoked)).expect("there");
    assert_eq!(said(&base, &ours, &theirs), [Said::Edited(name("a"), vec!["note", "end"])]);
    let facts = merged(&base, &ours, &theirs).payload.keys[&name("a")].facts.clone();
    assert_eq!((facts.url.as_deref(), facts.note.as_deref(), facts.tags.len()), (Some("https://a"), Some("x / y"), 2));
    assert_eq!((facts.expires, facts.revoked), (Some(at(8)), Some(revoked)));
}

#[test]
fn what_one_side_wiped_and_the_other_left_alone_stays_wiped() {
    let mut base = base();
    set(&mut base, "a", "a2", 1);
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    ours.forget_former(&name("a"));
    set(&mut ours, "a", "a3", 2);
    theirs
        .step(Deed::Edit, at(2), |edit| edit.change(&name("a"), |facts| facts.note = Some("n".into())))
        .expect("there");
    assert_eq!(said(&base, &ours, &theirs), []);
    assert_eq!(all_of(&merged(&base, &ours, &theirs).payload, "a"), ["a3", "a2"]);
    let mut theirs = copy(&base);
    theirs.forget(&name("b")).expect("there");
    let payload = merged(&base, &base, &theirs).payload;
    assert!(!payload.keys.contains_key(&name("b")) && payload.removed.is_empty());
}

#[test]
fn a_secret_that_was_brought_back_on_one_side_is_not_lost_where_the_other_wiped_it() {
    let mut base = base();
    set(&mut base, "a", "a2", 1);
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    ours.forget_former(&name("a"));
    set(&mut ours, "a", "a3", 3);
    theirs.step(Deed::Rollback, at(2), |edit| edit.roll_back(&name("a"), 1)).expect("former");
    assert_eq!(said(&base, &ours, &theirs), [Said::Replaced(name("a")), Said::Revived(name("a"), Side::Ours)]);
    assert_eq!(all_of(&merged(&base, &ours, &theirs).payload, "a"), ["a3", "a2", "a1"]);
    // Also where it was replaced again there.
    set(&mut theirs, "a", "a4", 4);
    assert_eq!(all_of(&merged(&base, &ours, &theirs).payload, "a"), ["a4", "a3", "a1", "a2"]);
}

#[test]
fn what_one_side_removed_and_the_other_wiped_is_said() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    ours.forget(&name("a")).expect("there");
    theirs.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
    assert_eq!(said(&base, &ours, &theirs), [Said::Unwiped(name("a"), Side::Theirs)]);
    assert_eq!(merged(&base, &ours, &theirs).payload.removed.len(), 1);
}

fn edit(store: &mut Payload, key: &str, change: impl Fn(&mut Facts)) {
    store.step(Deed::Edit, at(1), |edit| edit.change(&name(key), change)).expect("there");
}

fn rename(store: &mut Payload, from: &str, to: &str) {
    store.step(Deed::Rename, at(1), |edit| edit.rename(&name(from), &name(to))).expect("free");
}

#[test]
fn what_a_key_may_be_used_for_holds_for_it_under_the_name_that_the_other_side_gave_it() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    edit(&mut ours, "a", |facts| {
        facts.limits.ask = true;
        facts.tags.insert("prod".parse().expect("good"));
    });
    rename(&mut theirs, "a", "z");
    edit(&mut theirs, "z", |facts| facts.limits.terminal = true);
    assert_eq!(said(&base, &ours, &theirs), [Said::Edited(name("z"), vec!["limits"])]);
    let facts = merged(&base, &ours, &theirs).payload.keys[&name("z")].facts.clone();
    assert!(facts.limits.ask && facts.limits.terminal && facts.tags.len() == 1);
    // To widen it was said on the side that knew of no other limit.
    let mut narrow = copy(&base);
    edit(&mut narrow, "a", |facts| facts.limits.ask = true);
    let (mut ours, mut theirs) = (copy(&narrow), copy(&narrow));
    edit(&mut ours, "a", |facts| facts.limits.ask = false);
    rename(&mut theirs, "a", "z");
    assert!(!merged(&narrow, &ours, &theirs).payload.keys[&name("z")].facts.limits.ask);
    // A new key has the name meanwhile, and the other one's limits go with that.
    set(&mut theirs, "a", "another", 2);
    edit(&mut ours, "a", |facts| facts.limits.proxy_only = true);
    assert!(merged(&narrow, &ours, &theirs).payload.keys[&name("z")].facts.limits.proxy_only);
}

#[test]
fn a_key_that_both_sides_renamed_or_one_removed_is_kept_and_that_is_said() {
    let base = base();
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    rename(&mut ours, "a", "o");
    edit(&mut ours, "o", |facts| facts.limits.ask = true);
    rename(&mut theirs, "a", "t");
    rename(&mut ours, "b", "z");
    rename(&mut theirs, "b", "z");
    assert_eq!(said(&base, &ours, &theirs), [Said::Renamed(name("a"), [name("o"), name("t")])]);
    let payload = merged(&base, &ours, &theirs).payload;
    assert_eq!(payload.keys.keys().map(KeyName::as_str).collect::<Vec<_>>(), ["o", "t", "z"]);
    assert!(payload.keys[&name("t")].facts.limits.ask);
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    ours.step(Deed::Remove, at(1), |edit| edit.remove(&name("a"))).expect("there");
    rename(&mut theirs, "a", "t");
    assert_eq!(said(&base, &ours, &theirs), [Said::Kept(name("t"), Side::Theirs)]);
}

fn member(name: &str) -> Member {
    let (name, recipient) = (name.parse().expect("good"), Identity::generate().recipient());
    Member { name, recipient, added: at(0), by: None, founder: false }
}

fn names(store: &Payload) -> Vec<&str> {
    store.members.iter().map(|member| member.name.as_str()).collect()
}

#[test]
fn members_of_both_are_added_and_a_removal_wins_with_its_seal() {
    let mut base = base();
    base.members = ["alice", "bob", "carol", "dora"].map(member).to_vec();
    let remove = |store: &mut Payload, who: &str, seal: u8| {
        store.remove_member(&who.parse::<MemberName>().expect("good"), Id([seal; 16]), at(3)).expect("there");
    };
    let (mut ours, mut theirs) = (copy(&base), copy(&base));
    ours.add_member(member("emil")).expect("new");
    theirs.add_member(member("fred")).expect("new");
    remove(&mut theirs, "carol", 5);
    set(&mut ours, "n", "new", 4);
    let both = merged(&base, &ours, &theirs);
    assert_eq!((names(&both.payload), both.payload.seal), (vec!["alice", "bob", "dora", "emil", "fred"], Id([5; 16])));
    // What our side kept meanwhile was written for Carol too.
    let left = |payload: &Payload, key: &str| {
        payload.keys[&name(key)].facts.left_with.clone().map(|left| left.who.to_string())
    };
    assert_eq!((left(&both.payload, "a"), left(&both.payload, "n")), (Some("carol".into()), Some("carol".into())));
    assert_eq!(
        (both.unaware, both.removed),
        (BTreeSet::from([name("n")]), BTreeSet::from(["carol".parse().expect("good")]))
    );
    let mut later = copy(&theirs);
    set(&mut later, "m", "after", 4);
    assert_eq!(left(&merged(&base, &ours, &later).payload, "m"), None);
    // Both removed one: each of the two knows the other's seal, and neither the one that both make of them.
    remove(&mut ours, "dora", 6);
    let both = merged(&base, &ours, &theirs);
    assert_eq!(names(&both.payload), ["alice", "bob", "emil", "fred"]);
    assert!(!both.removed_twice && [2, 5, 6].into_iter().all(|seal| both.payload.follows(Id([seal; 16]))));
    said(&base, &ours, &theirs);
    // Whoever goes on from there and whoever has one of the two meet again, and so do two who both merged.
    let (mut joined, mut later) = (copy(&both.payload), copy(&ours));
    set(&mut joined, "j", "joined", 5);
    set(&mut later, "l", "later", 5);
    later.generation += 1;
    let again = merged(&ours, &later, &joined);
    assert_eq!((again.payload.seal, again.payload.keys.len()), (both.payload.seal, 5));
    assert_eq!(merged(&base, &joined, &merged(&base, &theirs, &ours).payload).payload.seal, both.payload.seal);
    // Both removed the same one, and one removed and added again: nobody is called anything.
    let (mut one, mut other) = (copy(&base), copy(&base));
    remove(&mut one, "bob", 5);
    remove(&mut other, "bob", 6);
    assert!(merged(&base, &one, &other).removed_twice);
    let mut anew = copy(&base);
    remove(&mut anew, "bob", 7);
    anew.add_member(Member { added: at(4), ..base.members[1].clone() }).expect("gone");
    said(&base, &base, &anew);
    assert_eq!(merged(&base, &base, &anew).payload.seal, Id([7; 16]));
    // Another seal without a removal, a name for two, an old copy, another store: somebody else's doing.
    let refused = |base: Option<&Payload>, ours: &Payload, theirs: &Payload| {
        merge(base, ours, theirs, at(9), &limits_alone).err().expect("refused").message
    };
    let mut bad = copy(&base);
    bad.seal = Id([7; 16]);
    assert!(refused(Some(&base), &base, &bad).contains("the other side has a seal that does not follow on that of"));
    assert!(refused(None, &base, &bad).contains("the two sides have other seals"));
    let mut bad = copy(&base);
    bad.add_member(member("emil")).expect("new");
    assert!(refused(Some(&base), &ours, &bad).contains("both sides have a member `emil`, and not the same one"));
    let (newer, older) = (Payload { generation: 4, ..copy(&base) }, Payload { generation: 3, ..copy(&base) });
    assert!(refused(Some(&newer), &newer, &older).contains("the other side is an older copy"));
    let mut other = copy(&base);
    other.id = Id([8; 16]);
    assert!(refused(Some(&base), &base, &other).contains("different stores"));
}

#[derive(Debug, Clone)]
enum Doing {
    Set(u8),
    Remove(u8),
    Rename(u8, u8),
    Rollback(u8, u8),
    Note(u8, u8),
    Revoke(u8),
    Forget(u8),
    Overlap(u8),
}

fn doing() -> impl Strategy<Value = Doing> {
    let key = || 0_u8..3;
    prop_oneof![
        4 => key().prop_map(Doing::Set),
        2 => key().prop_map(Doing::Remove),
        1 => (key(), key()).prop_map(|(from, to)| Doing::Rename(from, to)),
        2 => (key(), 1_u8..3).prop_map(|(key, version)| Doing::Rollback(key, version)),
        1 => (key(), 0_u8..3).prop_map(|(key, note)| Doing::Note(key, note)),
        1 => key().prop_map(Doing::Revoke),
        1 => key().prop_map(Doing::Forget),
        1 => key().prop_map(Doing::Overlap),
    ]
}

/// Does it, if it can be done; each new secret is one that there was never before.
fn act(store: &mut Payload, doing: &Doing, day: i64, whose: &str) -> Result<()> {
    let key = |number: u8| name(&format!("k{number}"));
    let new = || secret(&format!("{whose}{day}"));
    match *doing {
        Doing::Set(k) => store.step(Deed::Set, at(day), |edit| edit.set(&key(k), new(), true)).map(drop),
        Doing::Remove(k) => store.step(Deed::Remove, at(day), |edit| edit.remove(&key(k))),
        Doing::Rename(from, to) if from != to => {
            store.step(Deed::Rename, at(day), |edit| edit.rename(&key(from), &key(to)))
        }
        Doing::Rename(..) => Ok(()),
        Doing::Rollback(k, version) => {
            store.step(Deed::Rollback, at(day), |edit| edit.roll_back(&key(k), version.into()))
        }
        Doing::Note(k, note) => {
            let change = |facts: &mut Facts| facts.note = Some(format!("n{note}"));
            store.step(Deed::Edit, at(day), |edit| edit.change(&key(k), change)).map(drop)
        }
        Doing::Revoke(k) => {
            let revoked = Revoked { at: at(day), reason: None };
            store.step(Deed::Revoke, at(day), |edit| edit.revoke(&key(k), &revoked)).map(drop)
        }
        Doing::Forget(k) => {
            store.forget_former(&key(k));
            Ok(())
        }
        Doing::Overlap(k) => store.step(Deed::Rotate, at(day), |edit| edit.replace(&key(k), new(), Some(at(day + 2)))),
    }
}

fn after(base: &Payload, doings: &[Doing], whose: &str, day: i64) -> Payload {
    let mut store = copy(base);
    for (doing, day) in doings.iter().zip(day..) {
        let mut next = copy(&store);
        if act(&mut next, doing, day, whose).is_ok() {
            next.generation += 1;
            store = next;
        }
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("KEYCTL_TEST_LONG").is_some() { 5000 } else { 50 }))]
    #[test]
    fn no_secret_is_lost_and_it_makes_no_difference_whose_turn_it_is(
        before in prop::collection::vec(doing(), 0..8),
        ours in prop::collection::vec(doing(), 0..6),
        theirs in prop::collection::vec(doing(), 0..6),
    ) {
        let base = after(&empty(), &before, "b", 0);
        let (ours, theirs) = (after(&base, &ours, "o", 10), after(&base, &theirs, "t", 10));
        let both = merged(&base, &ours, &theirs);
        let other = merged(&base, &theirs, &ours);
        prop_assert!(text::write(&both.payload).as_str() == text::write(&other.payload).as_str());
        let [before, one, two, all] = [&base, &ours, &theirs, &both.payload].map(|store| secrets(store).into_iter().collect::<BTreeSet<_>>());
        // Only what one side has wiped that was there before may be gone.
        for secret in one.union(&two).filter(|secret| !all.contains(*secret)) {
            prop_assert!(before.contains(secret) && !(one.contains(secret) && two.contains(secret)), "{} is lost", String::from_utf8_lossy(secret));
        }
        prop_assert!(all.iter().all(|secret| one.contains(secret) || two.contains(secret)), "one came from nowhere");
        for (name, key) in ours.keys.iter().chain(&theirs.keys) {
            // Under whichever name: the key may be renamed since.
            let was_in_use = base.keys.values().any(|before| before.value.same_as(&key.value));
            prop_assert!(was_in_use || all.contains(key.value.expose()), "the secret in use of {name} is lost");
        }
        prop_assert!(all_say_so(&both.payload) && both.payload.steps.is_empty());
        let is_kept = |name: &KeyName| {
            let was_left_alone = |side: &Payload| {
                side.keys.get(name).is_none_or(|key| base.keys.get(name).is_some_and(|before| before.is(key)))
            };
            both.payload.keys.contains_key(name) || (was_left_alone(&ours) && was_left_alone(&theirs)) || is_renamed([&base, &ours, &theirs, &both.payload], name)
        };
        prop_assert!(ours.keys.keys().chain(theirs.keys.keys()).all(is_kept), "a key is gone");
        // With what both come from, a side is as it is.
        let alone = merged(&base, &ours, &base);
        prop_assert!(alone.said.is_empty() && secrets(&alone.payload) == secrets(&ours) && alone.payload.keys.len() == ours.keys.len());
        copy(&both.payload);
    }
}
