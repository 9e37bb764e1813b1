//! One key of two versions of it: the later secret is current, and all others are former ones.

use std::collections::BTreeSet;

use super::{Said, Side, facts};
use crate::{
    identity::anchor::Id,
    name::KeyName,
    secret::Secret,
    store::payload::{Former, Key},
};

/// One name's key, of what both come from, of ours and of theirs.
pub(super) fn one_key(
    name: &KeyName,
    [base, ours, theirs]: [Option<&Key>; 3],
    mark: &dyn Fn(&Secret) -> Id,
    said: &mut BTreeSet<Said>,
) -> Option<Key> {
    let (key, side) = match (ours, theirs) {
        (Some(ours), Some(theirs)) => return Some(both_have(name, base, [ours, theirs], mark, said)),
        (Some(key), None) => (key, Side::Ours),
        (None, Some(key)) => (key, Side::Theirs),
        (None, None) => return None,
    };
    match base {
        Some(base) if base.is_as(key) => None,
        Some(_) => {
            said.insert(Said::Kept(name.clone(), side));
            Some(key.unnumbered())
        }
        None => Some(key.unnumbered()),
    }
}

pub(super) fn both_have(
    name: &KeyName,
    base: Option<&Key>,
    [ours, theirs]: [&Key; 2],
    mark: &dyn Fn(&Secret) -> Id,
    said: &mut BTreeSet<Said>,
) -> Key {
    if ours.is_as(theirs) || base.is_some_and(|base| base.is_as(theirs)) {
        return ours.unnumbered();
    }
    if base.is_some_and(|base| base.is_as(ours)) {
        return theirs.unnumbered();
    }
    let is_replaced = |key: &Key| base.is_none_or(|base| !base.value.same_as(&key.value));
    let is_same = ours.value.same_as(&theirs.value);
    let order = |key: &Key| (key.facts.changed, mark(&key.value));
    let (current, other) = match (is_replaced(ours), is_replaced(theirs)) {
        (false, true) => (theirs, ours),
        (true, true) | (false, false) if order(theirs) > order(ours) => (theirs, ours),
        _ => (ours, theirs),
    };
    if !is_same && is_replaced(ours) && is_replaced(theirs) {
        said.insert(Said::Replaced(name.clone()));
    }
    let (facts, fields) = facts::merge(base.map(|base| &base.facts), &current.facts, &other.facts, is_same);
    if !fields.is_empty() {
        said.insert(Said::Edited(name.clone(), fields));
    }
    let former = former(base, current, other, mark);
    Key { value: current.value.copy(), facts, former }
}

/// The former secrets of both, and the one that is not current any more. What was there before and one side has nowhere was
/// wiped there: if the other left it as it was, and did not bring it back into use, it stays so.
fn former(base: Option<&Key>, current: &Key, other: &Key, mark: &dyn Fn(&Secret) -> Id) -> Vec<Former> {
    let is_wiped = |value: &Secret, by: &Key| base.is_some_and(|base| base.holds(value)) && !by.holds(value);
    let same_time = |one: &Former, other: &Former| one.value.same_as(&other.value) && one.since == other.since;
    let is_of_before = |one: &Former| {
        let is_it = |before: &Former| same_time(before, one) && before.until == one.until;
        base.is_some_and(|base| base.former.iter().any(is_it))
    };
    let was_current = |value: &Secret| base.is_some_and(|base| base.value.same_as(value));
    let mut all: Vec<Former> = Vec::new();
    let both = current.former.iter().map(|former| (former, other));
    for (former, elsewhere) in both.chain(other.former.iter().map(|former| (former, current))) {
        let is_left_alone = is_of_before(former) || was_current(&former.value);
        if is_left_alone && is_wiped(&former.value, elsewhere) {
            continue;
        }
        // What was current before is replaced on both sides, at one moment here and at another there: that is one end of it.
        let is_new = !is_of_before(former);
        let is_it = |known: &&mut Former| {
            same_time(known, former) && (known.until == former.until || (is_new && !is_of_before(known)))
        };
        match all.iter_mut().find(is_it) {
            Some(known) => facts::say_of_former(known, former),
            None => all.push(former.unnumbered()),
        }
    }
    let stays_wiped = was_current(&other.value) && is_wiped(&other.value, current);
    if !current.value.same_as(&other.value) && !stays_wiped {
        let until = current.facts.changed.max(other.facts.changed);
        let replaced = other.as_former(until);
        match all.iter_mut().find(|known| known.value.same_as(&replaced.value)) {
            Some(known) => facts::say_of_former(known, &replaced),
            None => all.push(replaced),
        }
    }
    all.sort_by_cached_key(|former| (former.until, former.since, mark(&former.value)));
    all
}
