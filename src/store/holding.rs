//! What held the keys of a store with members back when its user last knew of it, and holds on where a later version says less.
//!
//! A version that follows on the one that was seen need not know of it: two branches are merged by whoever calls git, and
//! writing twice on an older copy makes a newer one. So a limit, a revocation or the mark of a leak that is there no more is not
//! taken as gone: here it stays, for the key of that name and for the secret under any other name, until a person says yes to
//! that at a terminal. What its user does here by himself was asked for where it was done; but what he takes away or replaces
//! can come again with an older copy, so that is not forgotten with it either.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{date::Moment, hex, name::KeyName, secret::Secret};

use super::{
    facts::{Facts, Leaked, Revoked},
    limits::Limits,
    payload::Payload,
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
    /// The end of its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Moment>,
    /// Whether it is not given after that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stops: bool,
    /// Whether no proxy may use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    frozen: bool,
    /// What its user's own settings may go by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    tags: BTreeSet<String>,
}

/// What holds a key back still, though its store says less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOn {
    name: String,
    /// What stands for its secret.
    secret: String,
    /// Whether there is no key of that name with that secret: then it is for the secret, wherever it comes again.
    is_gone: bool,
    holds: Holds,
}

/// What is known of a key with what its user's own settings add to that by its name and tags, and whether its end stops it.
pub type Judge<'j> = &'j dyn Fn(&str, &Facts) -> (Facts, bool);

/// What is known of a key, where nothing is added to it.
#[must_use]
pub fn by_itself(_name: &str, facts: &Facts) -> (Facts, bool) {
    (facts.clone(), facts.limits.stop_expired)
}

/// Whether a key may be used for more: what it is used for before and after, with its end, and whether that stopped it. It is
/// asked of what its user does, and of what others did.
#[must_use]
pub fn is_wider([before, after]: [(&Limits, Option<Moment>); 2], stopped: bool) -> bool {
    after.0.are_looser_than(before.0) || (stopped && ends_later(before.1, after.1))
}

/// Whether an end is put off, or taken away.
fn ends_later(before: Option<Moment>, after: Option<Moment>) -> bool {
    before.is_some_and(|end| after.is_none_or(|later| later > end))
}

impl Holds {
    /// What holds a key back by what is known of it.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        Self {
            limits: facts.limits.clone(),
            revoked: facts.revoked.as_ref().map(|revoked| (revoked.at, revoked.reason.clone())),
            leaked: facts.leaked.as_ref().map(|leaked| (leaked.at, leaked.place.clone())),
            expires: facts.expires,
            stops: facts.limits.stop_expired,
            frozen: facts.frozen,
            tags: facts.tags.iter().map(ToString::to_string).collect(),
        }
    }

    /// What was known of the key, as far as it is noted.
    fn facts(&self) -> Facts {
        let mut facts = Facts::new(Moment::from_seconds(0));
        self.apply_to(&mut facts);
        facts.expires = self.expires;
        facts.tags = self.tags.iter().filter_map(|tag| tag.parse().ok()).collect();
        facts
    }

    /// The same with what its user's settings added to it.
    pub(super) fn with_settings(&self, name: &str, judge: Judge) -> Self {
        let (facts, stops) = judge(name, &self.facts());
        Self { limits: facts.limits, stops, ..self.clone() }
    }

    /// Whether no proxy may use the key.
    pub(super) fn freezes(&self) -> bool {
        self.frozen
    }

    /// Whether it holds nothing back.
    pub(super) fn is_nothing(&self) -> bool {
        let Self { limits, revoked, leaked, expires, stops, frozen, tags: _ } = self;
        let is_used_freely = limits.is_empty() && revoked.is_none() && leaked.is_none() && !frozen;
        is_used_freely && !(*stops && expires.is_some())
    }

    /// The same for a key with another secret: it was not revoked, was not found, and has an end of its own.
    pub(super) fn of_another_secret(self) -> Self {
        Self { revoked: None, leaked: None, expires: None, stops: false, ..self }
    }

    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            limits: self.limits.and(&other.limits),
            revoked: self.revoked.or_else(|| other.revoked.clone()),
            leaked: self.leaked.or_else(|| other.leaked.clone()),
            expires: [self.expires, other.expires].into_iter().flatten().min(),
            stops: self.stops || other.stops,
            frozen: self.frozen || other.frozen,
            tags: self.tags.union(&other.tags).cloned().collect(),
        }
    }

    /// Whether what is known of a key holds it back less.
    pub(super) fn is_more_than(&self, facts: &Facts) -> bool {
        is_wider([(&self.limits, self.expires), (&facts.limits, facts.expires)], self.stops)
            || (self.revoked.is_some() && facts.revoked.is_none())
            || (self.leaked.is_some() && facts.leaked.is_none())
            || (self.frozen && !facts.frozen)
    }

    pub(super) fn apply_to(&self, facts: &mut Facts) {
        facts.limits = facts.limits.and(&self.limits);
        let revoked = self.revoked.clone().map(|(at, reason)| Revoked { at, reason });
        let leaked = self.leaked.clone().map(|(at, place)| Leaked { at, place });
        facts.revoked = facts.revoked.take().or(revoked);
        facts.leaked = facts.leaked.take().or(leaked);
        facts.frozen |= self.frozen;
        if self.stops && ends_later(self.expires, facts.expires) {
            facts.expires = self.expires;
            facts.limits.stop_expired = true;
        }
    }
}

impl HeldOn {
    /// What held a key back that there was under this name, with the secret that this stands for.
    #[must_use]
    pub fn new(name: &str, secret: &str, holds: Holds) -> Self {
        Self { name: name.to_owned(), secret: secret.to_owned(), is_gone: false, holds }
    }

    /// The same, for what is there no more.
    #[must_use]
    pub fn gone(self) -> Self {
        Self { is_gone: true, ..self }
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

    /// What stands for the secret that it is for.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// What it holds.
    pub(super) fn holds(&self) -> &Holds {
        &self.holds
    }

    /// What is known of its key, as it counts here.
    #[must_use]
    pub fn on(&self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        self.holds.apply_to(&mut facts);
        facts
    }
}

/// What stands for a secret of this store.
pub(super) fn mark(payload: &Payload, secret: &Secret) -> String {
    hex::encode(&payload.mark_of(secret).0[..8])
}

impl Payload {
    /// What holds a key back still, though it says less itself.
    #[must_use]
    pub fn held_on_for(&self, name: &KeyName) -> Option<&HeldOn> {
        self.held_on.iter().find(|one| !one.is_gone && one.name == name.as_str())
    }

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
