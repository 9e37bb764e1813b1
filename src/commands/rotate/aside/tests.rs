//! Whose it is what a rotator left: each way by which that is told, where the ways before it tell nothing.

use super::*;
use crate::{identity::anchor::Id, store::journal::Deed};

fn name(text: &str) -> KeyName {
    text.parse().expect("good")
}

fn secret() -> Secret {
    Secret::new(b"the-first-secret".to_vec())
}

fn at(seconds: i64) -> Moment {
    Moment::from_seconds(1_800_000_000 + seconds)
}

fn sealing() -> unfinished::Key {
    unfinished::Key::derive(b"AGE-SECRET-KEY-1ME", &[1; 16])
}

/// A store with keys that were made at these seconds, all with the same secret.
fn store(keys: &[(&str, i64)]) -> Payload {
    let mut store = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
    for (key, second) in keys {
        store.step(Deed::Set, at(*second), |edit| edit.set(&name(key), secret(), false)).expect("set");
    }
    store
}

fn remove(store: &mut Payload, key: &str, second: i64) {
    store.step(Deed::Remove, at(second), |edit| edit.remove(&name(key))).expect("removed");
}

fn replace(store: &mut Payload, key: &str, second: i64) {
    let other = Secret::new(format!("another-of-{key}").into_bytes());
    store.step(Deed::Set, at(second), |edit| edit.set(&name(key), other, true)).expect("set");
}

/// What became of `a`, whose rotator was called after the first step; in words. A version before wrote no dates.
fn told(store: &Payload, is_dated: bool) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let intention = Intention {
        names: vec![name("a")],
        begun: at(5),
        replaces: Some(sealing().mark(&secret())),
        created: is_dated.then(|| at(1)),
        after: is_dated.then_some(1),
        by: None,
        from: None,
        before: Vec::new(),
    };
    let work = Unfinished::begin(&Home::at(folder.path()), &sealing(), intention).expect("written");
    match fate(&work, store, &sealing()) {
        Fate::Present(name) => format!("present {name}"),
        Fate::Removed(removed) => format!("removed {}", removed.name),
        Fate::Unclear(names) => {
            format!("unclear {}", names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "))
        }
        Fate::Gone => "gone".to_owned(),
    }
}

#[test]
fn a_key_that_was_removed_is_not_the_one_of_its_name_that_came_in_the_same_second_with_the_same_secret() {
    let mut store = store(&[("a", 1)]);
    remove(&mut store, "a", 1);
    store.step(Deed::Set, at(1), |edit| edit.set(&name("a"), secret(), false)).expect("set");
    // Whatever was before the rotator was called does not count.
    let after = store.steps[0].number;
    assert_eq!((after, told(&store, true)), (1, "removed a".to_owned()));
}

#[test]
fn the_name_counts_for_more_than_another_key_with_the_same_secret() {
    let mut store = store(&[("a", 1), ("c", 1)]);
    assert_eq!([told(&store, true), told(&store, false)], ["present a", "present a"]);
    replace(&mut store, "a", 6);
    assert_eq!([told(&store, true), told(&store, false)], ["present a", "present a"]);
    store.step(Deed::Rename, at(7), |edit| edit.rename(&name("a"), &name("b"))).expect("renamed");
    assert_eq!([told(&store, true), told(&store, false)], ["present b", "present b"]);
}

#[test]
fn a_key_is_known_by_its_date_once_its_secret_is_wiped() {
    let mut store = store(&[("a", 1), ("c", 2)]);
    replace(&mut store, "a", 6);
    store.forget_former(&name("a"));
    assert_eq!(told(&store, true), "present a");
    // One that was made later has only the name.
    remove(&mut store, "a", 7);
    store.forget(&name("a")).expect("forgotten");
    store.step(Deed::Set, at(8), |edit| edit.set(&name("a"), secret(), false)).expect("set");
    assert_eq!(told(&store, true), "gone");
}

#[test]
fn a_removed_key_counts_for_more_than_another_one_with_the_same_secret_also_where_no_step_tells_of_it() {
    let mut store = store(&[("a", 1), ("c", 1)]);
    remove(&mut store, "a", 6);
    store.steps.clear();
    assert_eq!([told(&store, true), told(&store, false)], ["removed a", "removed a"]);
}

#[test]
fn where_no_step_tells_of_a_new_name_the_secret_does_if_it_is_of_one_key_of_that_time() {
    let renamed = |keys: &[(&str, i64)]| {
        let mut store = store(keys);
        store.step(Deed::Rename, at(6), |edit| edit.rename(&name("a"), &name("b"))).expect("renamed");
        store.steps.clear();
        store
    };
    assert_eq!(told(&renamed(&[("a", 1), ("c", 2)]), true), "present b", "the other one was made later");
    let mut store = renamed(&[("a", 1), ("c", 1)]);
    assert_eq!([told(&store, true), told(&store, false)], ["unclear b c", "unclear b c"]);
    // One that has it goes before one that had it.
    replace(&mut store, "c", 7);
    assert_eq!([told(&store, true), told(&store, false)], ["present b", "present b"]);
    assert_eq!(told(&renamed(&[("a", 2), ("c", 2)]), true), "gone", "none is of that time");
}
