//! What is known of one key on two sides. What belongs to the secret goes with it; the rest is merged field by field.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::date::{Moment, Period};

use super::super::{
    facts::{Facts, LONGEST_TEXT, Leaked, LeftWith, Revoked},
    limits::Limits,
    payload::Former,
};

/// One field: what one side alone changed; else what `choose` makes of both, and that it had to.
fn field<T: Clone + PartialEq>(base: Option<&T>, one: &T, other: &T, choose: impl FnOnce(&T, &T) -> T) -> (T, bool) {
    if one == other || base == Some(other) {
        (one.clone(), false)
    } else if base == Some(one) {
        (other.clone(), false)
    } else {
        (choose(one, other), true)
    }
}

/// The facts of a key that both sides changed: `current` of the side whose secret is the current one. Where both have the same
/// secret, what is known of it is merged too. Gives the fields in which both sides say something else.
pub(super) fn merge(base: Option<&Facts>, current: &Facts, other: &Facts, is_same: bool) -> (Facts, Vec<&'static str>) {
    let mut said = Vec::new();
    let mut merged = current.clone();
    macro_rules! merge_field {
        ($name:ident, $words:literal, $choose:expr) => {
            let (value, is_both) = field(base.map(|base| &base.$name), &current.$name, &other.$name, $choose);
            merged.$name = value;
            // Two keys that were kept under one name at the same time were told of already.
            if is_both && base.is_some() {
                said.push($words);
            }
        };
    }
    merged.created = current.created.min(other.created);
    let day = |every: &Period| every.after(Moment::from_seconds(0), &TimeZone::UTC);
    merge_field!(rotate_every, "plan", |one, other| [*one, *other].into_iter().flatten().min_by_key(day));
    merge_field!(url, "page", |one, other| one.clone().max(other.clone()));
    merge_field!(note, "note", |one, other| both_notes(one.as_deref(), other.as_deref()));
    merge_field!(limits, "limits", Limits::and);
    merge_field!(frozen, "freeze", |one, other| *one || *other);
    let (one, two) = (&current.tags, &other.tags);
    let before = base.map(|base| base.tags.clone()).unwrap_or_default();
    let is_kept = |tag: &&_| !before.contains(*tag) || (one.contains(*tag) && two.contains(*tag));
    merged.tags = one.union(two).filter(is_kept).cloned().collect::<BTreeSet<_>>();
    if !is_same {
        return (merged, said);
    }
    merged.changed = current.changed.min(other.changed);
    merge_field!(expires, "end", |one, other| [*one, *other].into_iter().flatten().min());
    merge_field!(snoozed, "snooze", |one, other| [*one, *other].into_iter().flatten().min());
    merged.revoked = field(base.map(|base| &base.revoked), &current.revoked, &other.revoked, |one, other| {
        first_revoked(one.as_ref(), other.as_ref())
    })
    .0;
    merged.leaked = field(base.map(|base| &base.leaked), &current.leaked, &other.leaked, |one, other| {
        first_leaked(one.as_ref(), other.as_ref())
    })
    .0;
    merged.left_with = field(base.map(|base| &base.left_with), &current.left_with, &other.left_with, |one, other| {
        first_left(one.as_ref(), other.as_ref())
    })
    .0;
    (merged, said)
}

/// Both notes, where there is room for them.
fn both_notes(one: Option<&str>, other: Option<&str>) -> Option<String> {
    match (one.min(other), one.max(other)) {
        (Some(one), Some(other)) if one.len() + other.len() + 3 <= LONGEST_TEXT => Some(format!("{one} / {other}")),
        (_, other) => other.map(str::to_owned),
    }
}

fn first_revoked(one: Option<&Revoked>, other: Option<&Revoked>) -> Option<Revoked> {
    let both = [one, other].into_iter().flatten();
    both.min_by(|one, other| (one.at, &one.reason).cmp(&(other.at, &other.reason))).cloned()
}

fn first_leaked(one: Option<&Leaked>, other: Option<&Leaked>) -> Option<Leaked> {
    let both = [one, other].into_iter().flatten();
    both.min_by(|one, other| (one.at, &one.place).cmp(&(other.at, &other.place))).cloned()
}

fn first_left(one: Option<&LeftWith>, other: Option<&LeftWith>) -> Option<LeftWith> {
    let both = [one, other].into_iter().flatten();
    both.min_by(|one, other| (one.at, &one.who).cmp(&(other.at, &other.who))).cloned()
}

/// What another says of the same former secret. Where one of them keeps it for good, it is kept.
pub(super) fn say_of_former(known: &mut Former, other: &Former) {
    known.until = known.until.max(other.until);
    known.revoked = first_revoked(known.revoked.as_ref(), other.revoked.as_ref());
    known.leaked = first_leaked(known.leaked.as_ref(), other.leaked.as_ref());
    known.left_with = first_left(known.left_with.as_ref(), other.left_with.as_ref());
    known.expires = [known.expires, other.expires].into_iter().flatten().min();
    known.wipe = known.wipe.zip(other.wipe).map(|(one, other)| one.max(other));
}
