//! What held the keys of a store with members back when its user last knew of it, and holds on where a later version says less.
//!
//! A version that follows on the one that was seen need not know of it: two branches are merged by whoever calls git, and
//! writing twice on an older copy makes a newer one. So a limit, a revocation or the mark of a leak that is there no more is not
//! taken as gone: here it stays, for the key of that name and for the secret under any other name, until a person says yes to
//! that at a terminal. What its user does here by himself was asked for where it was done; but what he takes away or replaces
//! can come again with an older copy, so that is not forgotten with it either.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{date::Moment, hex, identity::anchor::Id, name::KeyName, secret::Secret};

use super::{
    facts::{Facts, Leaked, Revoked},
    limits::Limits,
    payload::Payload,
};

/// So much of a place is noted where there is little room.
const SHORT: usize = 64;

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

/// What is known of a key with what its user's own settings add to that by its name and tags, and what stops it.
pub type Judge<'j> = &'j dyn Fn(&str, &Facts) -> (Facts, Stops);

/// What keeps a key from being given, if it is so; and whether an agent has to say why it wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for a field of the settings")]
pub struct Stops {
    /// That it has ended.
    pub expired: bool,
    /// That it was revoked.
    pub revoked: bool,
    /// That it was found leaked.
    pub leaked: bool,
    /// That an agent says no reason.
    pub unreasoned: bool,
}

impl Stops {
    /// Those that do something: where there is an end, where it was revoked, where it was leaked.
    #[must_use]
    pub fn where_there_is(self, [end, revocation, leak]: [bool; 3]) -> Self {
        let Self { expired, revoked, leaked, unreasoned } = self;
        Self { expired: expired && end, revoked: revoked && revocation, leaked: leaked && leak, unreasoned }
    }

    /// Whether something stops a key that does not by the other.
    #[must_use]
    pub fn are_more_than(self, other: Self) -> bool {
        let Self { expired, revoked, leaked, unreasoned } = self;
        (expired && !other.expired)
            || (revoked && !other.revoked)
            || (leaked && !other.leaked)
            || (unreasoned && !other.unreasoned)
    }
}

/// What is known of a key, where nothing is added to it.
#[must_use]
pub fn by_itself(_name: &str, facts: &Facts) -> (Facts, Stops) {
    let expired = facts.limits.stop_expired;
    (facts.clone(), Stops { expired, revoked: false, leaked: false, unreasoned: facts.limits.reason })
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
    /// That it takes a yes each time.
    pub(super) fn asking() -> Self {
        Self { limits: Limits { ask: true, ..Limits::default() }, ..Self::default() }
    }

    /// That the secret was revoked.
    pub(super) fn revoking(revoked: &Revoked) -> Self {
        Self { revoked: Some((revoked.at, revoked.reason.clone())), ..Self::default() }
    }

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
        facts
    }

    /// The same with what its user's settings added to it.
    pub(super) fn with_settings(&self, name: &str, judge: Judge) -> Self {
        let (facts, stops) = judge(name, &self.facts());
        Self { limits: facts.limits, stops: stops.expired, ..self.clone() }
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

    /// The same for a secret that is there no more. Its user's settings have been looked at by then; of its tags those stay by
    /// which they stop it.
    pub(super) fn of_the_bygone(self, name: &str, judge: Judge) -> Self {
        let mut bare = self.facts();
        bare.tags.clear();
        let tags = self.tags_that_stop(name, &bare, judge);
        self.with_tags(tags)
    }

    /// The same where nobody's settings are at hand: of what may stop it its tags stay.
    pub(super) fn of_the_bygone_unjudged(self) -> Self {
        let may_be_stopped = self.revoked.is_some() || self.leaked.is_some() || self.expires.is_some();
        if may_be_stopped { self } else { self.with_tags(BTreeSet::new()) }
    }

    /// The same without a freeze.
    pub(super) fn unfrozen(self) -> Self {
        Self { frozen: false, ..self }
    }

    /// The same in few words, where there is no room for all: what is limited to some uses takes a yes each time.
    pub(super) fn in_short(self) -> Self {
        let Limits { terminal, ask, proxy_only, reason, stop_expired, hide_from_agents, .. } = self.limits;
        let ask = ask || self.limits.texts().next().is_some() || !self.tags.is_empty();
        let limits = Limits { terminal, ask, proxy_only, reason, stop_expired, hide_from_agents, ..Limits::default() };
        let place = |place: String| place.chars().take(SHORT).collect();
        let revoked = self.revoked.map(|(at, _)| (at, None));
        let leaked = self.leaked.map(|(at, said)| (at, place(said)));
        Self { limits, revoked, leaked, tags: BTreeSet::new(), ..self }
    }

    /// What stands for all of it.
    pub(super) fn mark(&self) -> String {
        hex::encode(&Sha256::digest(serde_json::to_vec(self).unwrap_or_default())[..8])
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

    /// The tags that a key has not, if its user's settings stop it by them where they do not without; else none.
    pub(super) fn tags_that_stop(&self, name: &str, facts: &Facts, judge: Judge) -> BTreeSet<String> {
        let lost: BTreeSet<String> = self.tags_beyond(facts).cloned().collect();
        if lost.is_empty() {
            return lost;
        }
        let mut with = facts.clone();
        with.tags.extend(lost.iter().filter_map(|tag| tag.parse().ok()));
        // What it does at an end or a mark counts where there is one, of the key or in what is noted.
        let there = [
            facts.expires.or(self.expires).is_some(),
            facts.revoked.is_some() || self.revoked.is_some(),
            facts.leaked.is_some() || self.leaked.is_some(),
        ];
        let [with, without] = [&with, facts].map(|facts| judge(name, facts).1.where_there_is(there));
        if with.are_more_than(without) { lost } else { BTreeSet::new() }
    }

    /// Whether it has tags that the key has not.
    pub(super) fn lacks_tags(&self, facts: &Facts) -> bool {
        self.tags_beyond(facts).next().is_some()
    }

    fn tags_beyond<'h>(&'h self, facts: &'h Facts) -> impl Iterator<Item = &'h String> {
        self.tags.iter().filter(|tag| !facts.tags.iter().any(|has| has.as_str() == **tag))
    }

    /// The same with these tags alone.
    pub(super) fn with_tags(self, tags: BTreeSet<String>) -> Self {
        Self { tags, ..self }
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
        facts.tags.extend(self.tags.iter().filter_map(|tag| tag.parse().ok()));
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

    /// The same in few words.
    pub(super) fn in_short(self) -> Self {
        Self { holds: self.holds.in_short(), ..self }
    }

    /// What holds it back by both.
    pub(super) fn and(self, other: &Holds) -> Self {
        Self { holds: self.holds.and(other), ..self }
    }

    /// Whether it is for the same key with the same secret, there or gone.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        (&self.name, &self.secret, self.is_gone) == (&other.name, &other.secret, other.is_gone)
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
    short(payload.mark_of(secret))
}

/// The same of what a store has left of one.
pub(super) fn short(mark: Id) -> String {
    hex::encode(&mark.0[..8])
}

impl Payload {
    /// The keys that are not in it with their secrets, and whose limits want a person or the proxy: older copies have them.
    pub fn guarded_elsewhere(&self) -> impl Iterator<Item = &str> {
        let here: BTreeSet<String> = self.all().map(|(_, key)| mark(self, &key.value)).collect();
        let waiting = self.held_on.iter().filter(|one| one.is_gone && one.holds.limits.want_a_person());
        // Of a secret that has no name its store has the name among the wiped ones.
        waiting.filter(move |one| !one.name.is_empty() && !here.contains(&one.secret)).map(HeldOn::name)
    }

    /// Whether a limit waits for this secret, wherever it comes again.
    #[must_use]
    pub fn waits_for(&self, value: &Secret) -> bool {
        let waiting = || self.held_on.iter().filter(|one| one.is_gone);
        waiting().next().is_some() && {
            let its = mark(self, value);
            waiting().any(|one| one.secret == its)
        }
    }

    /// Whether something waits for a former secret of the key of its name, and that is as much revoked, leaked and ended as it
    /// was: then what is said yes to of the key is said of that secret too.
    #[must_use]
    pub fn has_as_former(&self, one: &HeldOn) -> bool {
        let Holds { revoked, leaked, expires, stops, .. } = &one.holds;
        let key = self.keys.iter().find(|(name, _)| name.as_str() == one.name).map(|(_, key)| key);
        key.into_iter().flat_map(|key| &key.former).any(|former| {
            let is_less = (revoked.is_some() && former.revoked.is_none())
                || (leaked.is_some() && former.leaked.is_none())
                || (*stops && ends_later(*expires, former.expires));
            !is_less && mark(self, &former.value) == one.secret
        })
    }

    /// What holds a key back still, though it says less itself.
    #[must_use]
    pub fn held_on_for(&self, name: &KeyName) -> Option<&HeldOn> {
        self.held_on.iter().find(|one| !one.is_gone && one.name == name.as_str())
    }

    /// The same as its keys may be used here.
    pub(super) fn with_held_on(mut self) -> Self {
        let here = self.held_on.iter().filter(|one| !one.is_gone);
        let here: BTreeMap<&str, &Holds> = here.map(|one| (one.name.as_str(), &one.holds)).collect();
        if !here.is_empty() {
            let keys = self.keys.iter_mut();
            let held = keys.filter_map(|(name, key)| Some((here.get(name.as_str())?, key)));
            held.for_each(|(holds, key)| holds.apply_to(&mut key.facts));
        }
        self
    }
}
