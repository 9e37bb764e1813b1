//! A key that one side has renamed is the key it was: what the other has said of it meanwhile, such as what it may be used for,
//! holds for it under its new name too.

use std::collections::BTreeSet;

use super::{Said, Side, facts, keys::both_have};
use crate::{
    name::KeyName,
    store::payload::{Key, Payload},
};

/// Sees to it for each renamed key, and says where the other side has removed it, or given it another name.
pub(super) fn follow(base: &Payload, [ours, theirs]: [&Payload; 2], merged: &mut Payload, said: &mut BTreeSet<Said>) {
    for (which, side, other) in [(Side::Ours, ours, theirs), (Side::Theirs, theirs, ours)] {
        for (name, key) in &side.keys {
            let Some((from, before)) = origin(base, side, name, key) else { continue };
            let Some((there, elsewhere)) = bearer(base, other, from, before) else {
                said.insert(Said::Kept(name.clone(), which));
                continue;
            };
            if there == name {
                continue;
            }
            if there != from {
                let names = if which == Side::Ours { [name, there] } else { [there, name] };
                said.insert(Said::Renamed(from.clone(), names.map(KeyName::clone)));
            }
            if there == from && !side.keys.contains_key(from) && !other.keys.contains_key(name) {
                // It is one key, with what both did to it.
                let both = if which == Side::Ours { [key, elsewhere] } else { [elsewhere, key] };
                let both = both_have(name, Some(before), both, &|value| base.mark_of(value), said);
                merged.keys.remove(from);
                merged.keys.insert(name.clone(), both);
                said.retain(|said| !matches!(said, Said::Kept(kept, _) if kept == from));
                continue;
            }
            let Some(key) = merged.keys.get_mut(name) else { continue };
            if other.keys.contains_key(name) {
                // Another key of theirs has that name, so it is both. The stricter counts, whichever comes first.
                key.facts.limits = key.facts.limits.and(&elsewhere.facts.limits);
                key.facts.frozen |= elsewhere.facts.frozen;
            } else {
                let is_same = key.value.same_as(&elsewhere.value);
                (key.facts, _) = facts::merge(Some(&before.facts), &key.facts, &elsewhere.facts, is_same);
            }
        }
    }
}

/// The key of before that this one is, if a side has given it this name.
fn origin<'b>(base: &'b Payload, side: &Payload, name: &KeyName, key: &Key) -> Option<(&'b KeyName, &'b Key)> {
    if base.keys.get(name).is_some_and(|before| is_it(before, key)) {
        return None;
    }
    let is_gone = |from: &KeyName, before: &Key| side.keys.get(from).is_none_or(|there| !is_it(before, there));
    base.keys.iter().find(|(from, before)| is_it(before, key) && is_gone(from, before))
}

/// The key that a side has of one of before, and what it is called there.
fn bearer<'s>(base: &Payload, side: &'s Payload, from: &KeyName, before: &Key) -> Option<(&'s KeyName, &'s Key)> {
    let is_still_called_so = side.keys.get_key_value(from).filter(|(_, key)| key.facts.created == before.facts.created);
    let is_from =
        |(name, key): &(&KeyName, &Key)| origin(base, side, name, key).is_some_and(|(other, _)| other == from);
    is_still_called_so.or_else(|| side.keys.iter().find(is_from))
}

/// Whether a key is one of before: kept at the same moment, and has or had its secret.
fn is_it(before: &Key, key: &Key) -> bool {
    before.facts.created == key.facts.created && key.holds(&before.value)
}

#[cfg(test)]
mod tests {
    use crate::store::{
        bygone::limits_alone,
        journal::Deed,
        merging::merge,
        payload::Payload,
        tests::{at, empty, name, set},
        text,
    };

    #[test]
    fn a_key_that_one_side_renames_and_the_other_edits_or_replaces_is_one_key_with_both() {
        let copy = |store: &Payload| text::read(&text::write(store)).expect("reads");
        let mut base = empty();
        set(&mut base, "a", "a1", 0);
        let mut renamed = copy(&base);
        renamed.step(Deed::Rename, at(1), |edit| edit.rename(&name("a"), &name("b"))).expect("done");
        renamed.keys.get_mut(&name("b")).expect("there").facts.url = Some("https://example.org".into());
        let mut edited = copy(&base);
        set(&mut edited, "a", "a2", 2);
        edited.keys.get_mut(&name("a")).expect("there").facts.note = Some("of the shop".into());
        for [one, other] in [[&renamed, &edited], [&edited, &renamed]] {
            let merged = merge(Some(&base), one, other, at(9), &limits_alone).expect("merges");
            assert!(merged.said.is_empty(), "{:?}", merged.said);
            let keys: Vec<_> = merged.payload.keys.keys().map(ToString::to_string).collect();
            assert_eq!(keys, ["b"]);
            let key = &merged.payload.keys[&name("b")];
            assert_eq!((key.value.expose_text(), key.former.len()), (Some("a2"), 1));
            assert_eq!(
                (key.facts.note.as_deref(), key.facts.url.as_deref()),
                (Some("of the shop"), Some("https://example.org"))
            );
        }
    }
}
