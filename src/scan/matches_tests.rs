//! What is told of rows of finds that overlap, beside the rule for a whole, however the row is cut.

use proptest::prelude::*;

use super::*;
use crate::{issuer, secret::Secret};

/// The longest find.
const LONGEST: u64 = 20;

/// How far behind the one before it a find begins, its length, its secret or none, how much it has, and whether that is all.
type One = (u64, u64, Option<usize>, usize, bool);

fn rows() -> impl Strategy<Value = Vec<One>> {
    let one = (0..9_u64, 1..=LONGEST, proptest::option::weighted(0.7, 0..3_usize), 0..9_usize, any::<bool>());
    proptest::collection::vec(one, 0..60)
}

fn finds(row: &[One]) -> Vec<Find> {
    let (_, samples, _) = issuer::samples().next().expect("a kind");
    let sample = Secret::new(samples[0].clone().into_bytes());
    let kind = issuer::recognise(&sample).expect("known").kind;
    let (mut at, mut finds) = (0, Vec::new());
    for (number, (gap, length, secret, bytes, whole)) in (0..).zip(row) {
        at += gap;
        let what = match secret {
            Some(secret) => Sort::Key { secret: *secret, pattern: number, bytes: *bytes, whole: *whole },
            None => Sort::Shape { kind, anchor: *bytes, mark: None },
        };
        finds.push(Find { start: at, end: at + length, line: u64::from(number), what });
    }
    finds
}

/// Of those that overlap the best: each takes the place of the one before it that lies under it, or gives way to it.
fn alone(mut finds: Vec<Find>) -> Vec<Find> {
    finds.sort_by_key(|one| (one.start, Reverse(one.end), one.line));
    let mut alone: Vec<Find> = Vec::new();
    for one in finds {
        match alone.last_mut().filter(|last| last.end > one.start) {
            Some(last) if last.worth() < one.worth() => *last = one,
            Some(_) => {}
            None => alone.push(one),
        }
    }
    alone
}

/// The rule for a whole.
fn told_of_the_whole(finds: &[Find]) -> Vec<u64> {
    let of = |secret| alone(finds.iter().filter(|one| one.secret() == secret).copied().collect());
    let keys: Vec<Find> = (0..3).flat_map(|secret| of(Some(secret))).collect();
    let lies_on_a_key = |one: &Find| keys.iter().any(|key| key.start < one.end && one.start < key.end);
    let mut all = keys.clone();
    all.extend(of(None).into_iter().filter(|one| !lies_on_a_key(one)));
    all.sort_by_key(|one| one.start);
    all.iter().map(|one| one.line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_told_is_the_same_wherever_a_row_is_cut_and_little_is_held(row in rows(), cuts in proptest::collection::vec(1..60_u64, 1..40)) {
        let finds = finds(&row);
        let (mut held, mut told, mut from) = (Held::default(), Vec::new(), 0);
        for length in cuts {
            let to = from + length;
            held.add(finds.iter().filter(|one| (from..to).contains(&one.start)).copied().collect());
            told.extend(held.settled(Some(to)));
            prop_assert!(held.finds.iter().all(|one| one.start + 2 * LONGEST > to), "{held:?} at {to}");
            from = to;
        }
        held.add(finds.iter().filter(|one| one.start >= from).copied().collect());
        told.extend(held.settled(None));
        prop_assert!(held.is_empty());
        prop_assert_eq!(told.iter().map(|one| one.line).collect::<Vec<_>>(), told_of_the_whole(&finds));
    }
}

#[test]
fn of_a_row_without_end_in_which_each_is_better_than_the_one_before_it_one_is_held() {
    let row: Vec<One> = (0..10_000).map(|number| (10, 12, Some(0), number, false)).collect();
    let mut held = Held::default();
    for find in finds(&row) {
        held.add(vec![find]);
        assert!(held.settled(Some(find.start + 1)).is_empty() && held.finds.len() == 1);
    }
    assert_eq!(held.settled(None)[0].line, 9_999);
}
