//! What held the keys of a store with members back when its user last knew of it, and holds on where a later version says less.
//!
//! A version that follows on the one that was seen need not know of it: two branches are merged by whoever calls git, and
//! writing twice on an older copy makes a newer one. So a limit, a revocation or the mark of a leak that is there no more is not
//! taken as gone: here it stays, for the key of that name and for the secret under any other name, until a person says yes to
//! that at a terminal. What its user does here by himself was asked for where it was done.

use serde::{Deserialize, Serialize};

use crate::{date::Moment, hex, name::KeyName, secret::Secret};

use super::{
    facts::{Facts, Leaked, Revoked},
    limits::Limits,
    payload::{Key, Payload},
};

/// What holds a key back, as it is noted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    revoked: Option<(Moment, Option<String>)>,
    #[serde(default)]
    leaked: Option<(Moment, String)>,
}

/// What holds a key back still, though its store says less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOn {
    name: String,
    /// What stands for its secret.
    secret: String,
    /// Whether there is no key of that name: then it is for the secret, wherever it comes again.
    is_gone: bool,
    holds: Holds,
}

impl Holds {
    /// What holds a key back by what is known of it.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        Self {
            limits: facts.limits.clone(),
            revoked: facts.revoked.as_ref().map(|revoked| (revoked.at, revoked.reason.clone())),
            leaked: facts.leaked.as_ref().map(|leaked| (leaked.at, leaked.place.clone())),
        }
    }

    /// The same for a key with another secret: it was not revoked, and was not found.
    fn of_another_secret(self) -> Self {
        Self { revoked: None, leaked: None, ..self }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            limits: self.limits.and(&other.limits),
            revoked: self.revoked.or_else(|| other.revoked.clone()),
            leaked: self.leaked.or_else(|| other.leaked.clone()),
        }
    }

    /// Whether what is known of a key holds it back less.
    fn is_more_than(&self, facts: &Facts) -> bool {
        facts.limits.are_looser_than(&self.limits)
            || (self.revoked.is_some() && facts.revoked.is_none())
            || (self.leaked.is_some() && facts.leaked.is_none())
    }

    fn apply_to(&self, facts: &mut Facts) {
        facts.limits = facts.limits.and(&self.limits);
        let revoked = self.revoked.clone().map(|(at, reason)| Revoked { at, reason });
        let leaked = self.leaked.clone().map(|(at, place)| Leaked { at, place });
        facts.revoked = facts.revoked.take().or(revoked);
        facts.leaked = facts.leaked.take().or(leaked);
    }
}

impl HeldOn {
    /// What held a key back that there was under this name, with the secret that this stands for.
    #[must_use]
    pub fn new(name: &str, secret: &str, holds: Holds) -> Self {
        Self { name: name.to_owned(), secret: secret.to_owned(), is_gone: false, holds }
    }

    /// Whether it is for what is there no more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// The key that it is for, as it is called in the store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it means for a key of this name with this secret.
    fn for_key(&self, name: &KeyName, secret: &str) -> Option<Holds> {
        let (is_it, is_same) = (!self.is_gone && self.name == name.as_str(), self.secret == secret);
        let holds = || if is_same { self.holds.clone() } else { self.holds.clone().of_another_secret() };
        (is_it || is_same).then(holds)
    }
}

/// What stands for a secret of this store.
pub(super) fn mark(payload: &Payload, secret: &Secret) -> String {
    hex::encode(&payload.mark_of(secret).0[..8])
}

/// What of all that held keys back holds on for those that there are now, and what waits for a secret to come again.
#[must_use]
pub fn held_on(before: &[HeldOn], now: &Payload) -> Vec<HeldOn> {
    if before.is_empty() {
        return Vec::new();
    }
    let of_key = |(name, key): (&KeyName, &Key)| {
        let secret = mark(now, &key.value);
        let all = before.iter().filter_map(|one| one.for_key(name, &secret));
        let holds = all.reduce(|all, one| all.and(&one)).filter(|holds| holds.is_more_than(&key.facts));
        holds.map(|holds| HeldOn::new(name.as_str(), &secret, holds))
    };
    let is_there = |name: &str| now.keys.keys().any(|key| key.as_str() == name);
    let gone = before.iter().filter(|one| one.is_gone || !is_there(&one.name));
    let gone = gone.map(|one| HeldOn { is_gone: true, ..one.clone() });
    now.keys.iter().filter_map(of_key).chain(gone).collect()
}

impl Payload {
    /// The same as its keys may be used here.
    pub(super) fn with_held_on(mut self) -> Self {
        for one in self.held_on.iter().filter(|one| !one.is_gone) {
            let mut keys = self.keys.iter_mut();
            if let Some((_, key)) = keys.find(|(name, _)| name.as_str() == one.name) {
                one.holds.apply_to(&mut key.facts);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{empty, name, set};

    fn facts<'p>(payload: &'p mut Payload, key: &str) -> &'p mut Facts {
        &mut payload.keys.get_mut(&name(key)).expect("there").facts
    }

    fn of(payload: &Payload, key: &str) -> HeldOn {
        let it = &payload.keys[&name(key)];
        HeldOn::new(key, &mark(payload, &it.value), Holds::of(&it.facts))
    }

    fn names(held: &[HeldOn]) -> Vec<(&str, bool)> {
        held.iter().map(|one| (one.name(), one.is_gone())).collect()
    }

    fn limited() -> (Payload, HeldOn) {
        let mut store = empty();
        set(&mut store, "a", "one", 0);
        let facts = facts(&mut store, "a");
        facts.limits.ask = true;
        facts.revoked = Some(Revoked { at: Moment::from_seconds(5), reason: Some("sold".into()) });
        let held = of(&store, "a");
        (store, held)
    }

    #[test]
    fn what_is_less_than_before_stays_as_it_was_and_what_is_more_is_taken() {
        let (mut store, held) = limited();
        let before = [held];
        assert!(held_on(&before, &store).is_empty());
        facts(&mut store, "a").limits.terminal = true;
        assert!(held_on(&before, &store).is_empty());
        facts(&mut store, "a").limits.ask = false;
        facts(&mut store, "a").revoked = None;
        let on = held_on(&before, &store);
        assert_eq!(names(&on), [("a", false)]);
        // Nor is it gone in the next version, which says as little.
        assert_eq!(held_on(&on, &store), on);
        store.held_on = on;
        let used = store.with_held_on();
        let facts = &used.keys[&name("a")].facts;
        assert!(
            facts.limits.ask && facts.limits.terminal && facts.revoked.as_ref().is_some_and(|it| it.reason.is_some())
        );
    }

    #[test]
    fn a_secret_is_held_back_under_another_name_and_when_it_comes_again_and_a_name_with_another_secret() {
        let (store, held) = limited();
        let value = store.keys[&name("a")].value.copy();
        let mut other = empty();
        set(&mut other, "b", "one", 0);
        other.keys.get_mut(&name("b")).expect("there").value = value.copy();
        assert_eq!(names(&held_on(std::slice::from_ref(&held), &other)), [("b", false), ("a", true)]);
        let gone = held_on(&[held], &empty());
        assert_eq!(names(&gone), [("a", true)]);
        assert_eq!(names(&held_on(&gone, &other)), [("b", false), ("a", true)]);
        // What is kept anew under a name that was given up is another key.
        let mut anew = empty();
        set(&mut anew, "a", "another", 0);
        assert_eq!(names(&held_on(&gone, &anew)), [("a", true)]);
        // A limit is the name's, a revocation the secret's.
        let (store, held) = limited();
        let mut replaced = store;
        set(&mut replaced, "a", "another", 1);
        *facts(&mut replaced, "a") =
            Facts { limits: Limits::default(), revoked: None, ..facts(&mut replaced, "a").clone() };
        replaced.held_on = held_on(&[held], &replaced);
        let used = replaced.with_held_on();
        let facts = &used.keys[&name("a")].facts;
        assert!(facts.limits.ask && facts.revoked.is_none());
    }
}
