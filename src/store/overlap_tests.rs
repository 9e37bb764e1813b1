//! When former secrets are wiped, and when they are not: overlaps, and clocks that are wrong.

use super::{
    journal::Deed,
    payload::Payload,
    tests::{at, empty, name, secret, secrets, set},
};
use crate::date::Moment;

/// As a write does, of a store that was not used since it was last written.
pub(super) fn tidy(store: &mut Payload, now: Moment) -> usize {
    store.tidy(now, Moment::from_seconds(0))
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

#[test]
fn a_clock_that_leapt_takes_nothing_away_on_its_first_day() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("2"), Some(at(60)))).expect("rotate");
    tidy(&mut store, at(0));
    for value in ["3", "4"] {
        set(&mut store, "b", value, 90);
        assert_eq!(tidy(&mut store, at(90)), 0);
        // Nor where keyctl was used before, on that day.
        assert_eq!(store.tidy(at(90), at(90)), 0);
        assert!(store.steps.len() >= 3 && store.latest_step(at(0)).is_some(), "the clock may be set right now");
    }
    assert_eq!((store.written, tidy(&mut store, at(91))), (Some(at(0)), 1));
    assert_eq!((store.written, store.steps.len()), (Some(at(91)), 2));
}

#[test]
fn a_clock_that_was_once_behind_for_years_delays_no_end_of_an_overlap() {
    for knows_steps in [true, false] {
        let mut store = empty();
        set(&mut store, "a", "1", 0);
        tidy(&mut store, at(0));
        assert_eq!((tidy(&mut store, at(-3_000)), store.written), (0, Some(at(-3_000))));
        store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("2"), Some(at(1)))).expect("rotate");
        tidy(&mut store, at(0));
        if !knows_steps {
            store.steps.clear();
        }
        assert_eq!(store.tidy(at(2), at(if knows_steps { -3_000 } else { 0 })), 1);
    }
}

#[test]
fn a_store_that_is_changed_seldom_is_tidied_by_what_the_change_before_has_shown() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    store.step(Deed::Rotate, at(0), |edit| edit.replace(&name("a"), secret("2"), Some(at(7)))).expect("rotate");
    tidy(&mut store, at(0));
    set(&mut store, "b", "3", 40);
    assert_eq!(tidy(&mut store, at(40)), 0);
    set(&mut store, "b", "4", 80);
    assert_eq!((tidy(&mut store, at(80)), store.written), (1, Some(at(40))));
}

#[test]
fn an_overlap_ends_with_the_first_write_after_it_and_not_because_a_clock_is_wrong() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    tidy(&mut store, at(0));
    store.step(Deed::Rotate, at(1), |edit| edit.replace(&name("a"), secret("2"), Some(at(8)))).expect("rotate");
    assert_eq!(tidy(&mut store, Moment::from_seconds(at(8).seconds() - 1)), 0);
    for _ in 0..9 {
        assert_eq!(tidy(&mut store, at(27_000)), 0, "seventy years later is a wrong clock, however often it says so");
    }
    assert_eq!(store.steps.len(), 2);
    assert_eq!(tidy(&mut store, at(8)), 1);
    assert_eq!(secrets(&store), [b"2"]);
    let refused = store.undo(at(9)).expect_err("wiped");
    assert_eq!(refused.message, "the last change (`rotate`) cannot be taken back: what `a` was before is wiped");
}

#[test]
fn a_store_that_was_left_alone_for_years_is_tidied_on_the_second_day() {
    let mut store = empty();
    set(&mut store, "a", "1", 0);
    tidy(&mut store, at(0));
    store.step(Deed::Rotate, at(1), |edit| edit.replace(&name("a"), secret("2"), Some(at(8)))).expect("rotate");
    let mut change = |value: &str, day: i64| {
        set(&mut store, "b", value, day);
        tidy(&mut store, at(day))
    };
    assert_eq!((change("3", 902), change("4", 902), change("5", 903)), (0, 0, 1));
    // Where it was used on the day before, nothing is in doubt.
    store.step(Deed::Rotate, at(903), |edit| edit.replace(&name("a"), secret("6"), Some(at(910)))).expect("rotate");
    assert_eq!((tidy(&mut store, at(903)), store.tidy(at(1_500), at(1_499))), (0, 1));
}
