//! A key that is kept since one side changed it, though the other has removed or renamed it: whoever changed it need not have known
//! what that one had said of it before.

use std::collections::BTreeSet;

use super::{Said, Side};
use crate::store::{
    facts::Facts,
    payload::{Key, Payload},
};

/// Gives each the limits that it had there too.
pub(super) fn limit([ours, theirs]: [&Payload; 2], merged: &mut Payload, said: &BTreeSet<Said>) {
    for one in said {
        let Said::Kept(name, side) = one else { continue };
        let other = if *side == Side::Ours { theirs } else { ours };
        let Some(key) = merged.keys.get_mut(name) else { continue };
        let is_it = |there: &&Key| {
            there.facts.created == key.facts.created && (there.holds(&key.value) || key.holds(&there.value))
        };
        let all = other.keys.values().chain(other.removed.iter().map(|removed| &removed.key));
        let strict = all.filter(is_it).map(|key| &key.facts);
        key.facts = strict.fold(key.facts.clone(), with_limits_of);
    }
}

fn with_limits_of(mut facts: Facts, other: &Facts) -> Facts {
    facts.limits = facts.limits.and(&other.limits);
    facts.frozen |= other.frozen;
    if facts.limits.stop_expired {
        facts.expires = [facts.expires, other.expires].into_iter().flatten().min();
    }
    facts
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
    fn what_is_kept_against_a_removal_or_a_new_name_has_the_limits_that_were_given_to_it_there() {
        let copy = |store: &Payload| text::read(&text::write(store)).expect("reads");
        let mut base = empty();
        set(&mut base, "a", "secret-of-a", 0);
        set(&mut base, "z", "secret-of-z", 0);
        let mut theirs = copy(&base);
        theirs.keys.get_mut(&name("a")).expect("there").facts.note = Some("of the shop".into());
        for is_removed in [true, false] {
            let mut ours = copy(&base);
            ours.keys.get_mut(&name("a")).expect("there").facts.limits.ask = true;
            ours.keys.get_mut(&name("a")).expect("there").facts.frozen = true;
            let step = ours.step(Deed::Remove, at(1), |edit| {
                if is_removed { edit.remove(&name("a")) } else { edit.rename(&name("a"), &name("b")) }
            });
            step.expect("done");
            for [one, other] in [[&ours, &theirs], [&theirs, &ours]] {
                let merged = merge(Some(&base), one, other, at(2), &limits_alone).expect("merges").payload;
                let limits = |key: &str| merged.keys.get(&name(key)).map(|key| key.facts.limits.ask);
                assert_eq!([limits("a"), limits("b")], [is_removed.then_some(true), (!is_removed).then_some(true)]);
                assert_eq!(limits("z"), Some(false));
                let frozen = |key: &str| merged.keys.get(&name(key)).map(|key| key.facts.frozen);
                assert_eq!([frozen("a"), frozen("b")], [is_removed.then_some(true), (!is_removed).then_some(true)]);
                assert_eq!(frozen("z"), Some(false));
            }
        }
    }

    #[test]
    fn a_side_without_members_is_nobodys_where_what_both_come_from_had_some() {
        let member = |store: &mut Payload| {
            let identity = crate::identity::Identity::generate();
            let founder = crate::store::members::Member {
                name: "alice".parse().expect("good"),
                recipient: identity.recipient(),
                added: at(0),
                by: None,
                founder: true,
            };
            store.add_member(founder).expect("new");
        };
        let (bare, mut with) = (empty(), empty());
        member(&mut with);
        let refused = |base: Option<&Payload>, one: &Payload, other: &Payload| {
            merge(base, one, other, at(1), &limits_alone)
                .err()
                .map(|failure| failure.message.split(" names").next().map(str::to_owned))
        };
        let [this, other] = ["this side", "the other side"].map(|side| Some(Some(side.to_owned())));
        assert_eq!(
            [refused(Some(&with), &bare, &with), refused(Some(&with), &with, &bare)],
            [this.clone(), other.clone()]
        );
        assert_eq!([refused(None, &bare, &with), refused(None, &with, &bare)], [this, other]);
        assert_eq!([refused(Some(&bare), &bare, &with), refused(Some(&bare), &with, &bare)], [None, None]);
    }
}
