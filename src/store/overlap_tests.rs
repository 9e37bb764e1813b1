//! When former secrets are wiped, and when they are not.

use super::{
    journal::Deed,
    payload::Payload,
    tests::{at, empty, name, secret, secrets, set},
};
use crate::date::Moment;

/// As a write does.
pub(super) fn tidy(store: &mut Payload, now: Moment) -> usize {
    store.tidy(now)
}

#[test]
fn what_is_undone_is_kept_for_good_also_where_the_same_secret_was_to_be_wiped() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("2"), Some(at(1)))).expect("rotate");
    set(&mut store, "a", "1", 0);
    store.undo(at(0)).expect("undo");
    tidy(&mut store, at(0));
    tidy(&mut store, at(2));
    assert_eq!(secrets(&store), [b"1", b"2"]);
}

#[test]
fn a_secret_that_was_in_use_stays_when_its_rollback_is_taken_back_after_the_end_of_its_overlap() {
    let mut store = empty();
    set(&mut store, "a", "good", 0);
    store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("bad"), Some(at(1)))).expect("rotate");
    store.step(Deed::Rollback, at(0), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    tidy(&mut store, at(0));
    store.undo(at(2)).expect("the rollback");
    assert_eq!(tidy(&mut store, at(2)), 0);
    assert_eq!((secrets(&store), store.keys["a"].former.len()), (vec![b"bad".to_vec(), b"good".to_vec()], 1));
    assert!(store.keys["a"].former[0].wipe.is_none());
}

#[test]
fn a_step_finds_its_secret_where_that_was_in_use_at_the_end_of_its_overlap() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("2"), Some(at(1)))).expect("rotate");
    store.step(Deed::Rollback, at(0), |edit| edit.roll_back(&name("a"), 1)).expect("roll back");
    assert_eq!(tidy(&mut store, at(2)), 0, "it is in use");
    store.undo(at(2)).expect("the rollback");
    store.undo(at(2)).expect("the rotation");
    assert!(store.keys["a"].value.same_as(&secret("1")));
}

#[test]
fn a_secret_that_was_replaced_twice_is_wiped_at_the_later_end_and_counts_once() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    let mut rotate = |value: &str, day: i64, end: i64| {
        store
            .step(Deed::Rotate, at(day), |edit| edit.replace(&name("a"), secret(value), Some(at(end))))
            .expect("rotate");
        tidy(&mut store, at(day))
    };
    assert_eq!((rotate("2", 0, 1), rotate("1", 0, 9), rotate("3", 0, 3)), (0, 0, 0));
    assert_eq!((tidy(&mut store, at(2)), store.keys["a"].former.len()), (0, 3));
    assert_eq!((tidy(&mut store, at(4)), secrets(&store)), (1, vec![b"2".to_vec(), b"3".to_vec()]));
}
