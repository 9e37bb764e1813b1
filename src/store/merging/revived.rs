//! What was wiped for good on one side and is there again: nothing that somebody uses is lost by a merge, so it has to be said.

use std::collections::BTreeSet;

use super::{Said, Side};
use crate::{identity::anchor::Id, name::KeyName, store::payload::Payload};

/// Says of each key that has a secret which both sides come from and one of them has nowhere any more, if nothing was said of
/// that key already by which it is known.
pub(super) fn say(base: &Payload, [ours, theirs]: [&Payload; 2], merged: &Payload, said: &mut BTreeSet<Said>) {
    let before = all(base);
    for (side, payload) in [(Side::Ours, ours), (Side::Theirs, theirs)] {
        let there = all(payload);
        let wiped: BTreeSet<&Id> = before.iter().map(|(_, mark)| mark).collect();
        let still: BTreeSet<&Id> = there.iter().map(|(_, mark)| mark).collect();
        if wiped.is_subset(&still) {
            continue;
        }
        let is_back = |mark: &Id| wiped.contains(mark) && !still.contains(mark);
        for (name, _) in all(merged).into_iter().filter(|(_, mark)| is_back(mark)) {
            let is_known = said.iter().any(|known| match known {
                Said::Kept(of, _) | Said::Unwiped(of, _) | Said::Renamed(of, _) => *of == name,
                _ => false,
            });
            if !is_known {
                said.insert(Said::Revived(name, side));
            }
        }
    }
}

/// What stands for each secret that is in it, with the name that it is or was kept under.
fn all(payload: &Payload) -> Vec<(KeyName, Id)> {
    let removed = payload.removed.iter().map(|removed| (&removed.name, &removed.key));
    let keys = payload.keys.iter().chain(removed);
    keys.flat_map(|(name, key)| key.secrets().map(|(value, _)| (name.clone(), payload.mark_of(value)))).collect()
}

#[cfg(test)]
mod tests {
    use crate::store::{
        bygone::limits_alone,
        merging::{Said, Side, merge},
        payload::Payload,
        tests::{at, empty, name, set},
        text,
    };

    #[test]
    fn a_wiped_secret_that_an_undo_brings_back_is_in_use_and_said_and_one_that_stays_wiped_is_not() {
        let copy = |store: &Payload| text::read(&text::write(store)).expect("reads");
        let mut base = empty();
        set(&mut base, "a", "a1", 0);
        set(&mut base, "a", "a2", 1);
        let (mut ours, mut theirs) = (copy(&base), copy(&base));
        ours.forget_former(&name("a"));
        let merged = |theirs: &Payload| merge(Some(&base), &ours, theirs, at(9), &limits_alone).expect("merges");
        assert!(merged(&theirs).said.is_empty());
        theirs.undo(at(2)).expect("a step");
        let merged = merged(&theirs);
        assert_eq!(merged.said.into_iter().collect::<Vec<_>>(), [Said::Revived(name("a"), Side::Ours)]);
        assert_eq!(merged.payload.keys[&name("a")].value.expose_text(), Some("a1"));
    }
}
