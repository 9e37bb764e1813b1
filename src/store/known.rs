//! What is noted of the keys of a version: what stands for the secret of each, and what holds it back. And what of that holds on
//! for the keys of the next one.
//!
//! A key of the same name with the same secret is the one that was noted, and what was noted of it counts. To any other counts
//! all that was noted of its name, and all that was noted of its secret, whatever that was called. What was noted of a name with a
//! secret that are not there together any more waits for that secret, whoever took it away; and so does what a version says of
//! its former secrets and its removed keys.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    facts::Facts,
    holding::{self, HeldOn, Holds, Judge},
    payload::{Key, Payload},
};
use crate::{name::KeyName, secret::Secret};

/// Of so many keys the secrets are noted; of a store that has more those alone that are held back.
pub(super) const MOST_KEYS: usize = 10_000;
/// So many bytes are noted of what is gone: enough for the secrets of some ten thousand replaced keys. The latest stay.
const MOST_GONE: usize = 4 * 1024 * 1024;

/// What is gone and takes more than that is long.
const LONG: usize = 512;

/// What is noted of a version's keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What stands for the secret of each key; nothing where there are too many.
    pub(super) keys: Option<BTreeMap<String, String>>,
    /// What is noted of those of which anything is. A keyctl of before noted nothing, or not all of it.
    pub(super) held: Option<BTreeMap<String, Held>>,
    /// What holds back more than this version says.
    pub(super) held_on: Vec<HeldOn>,
    /// What stood for the secrets when nothing was held on yet: what a yes is told the differences from.
    pub(super) agreed: Option<BTreeMap<String, String>>,
}

/// What is noted of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    /// What stands for its limits; empty without any.
    pub limits: String,
    pub revoked: bool,
    pub leaked: bool,
    /// All of it. A keyctl of before noted only that there is something.
    #[serde(default)]
    pub holds: Option<Holds>,
    /// What stands for its secret, which a keyctl of before noted elsewhere alone.
    #[serde(default)]
    pub secret: Option<String>,
    /// What stands for all that holds it back, where that is noted in few words: a key of which just that is said is as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

impl Held {
    /// What holds the key back, in as many words as its store has them where just that is said there still.
    fn of(&self, name: &str, now: &Payload) -> Option<Holds> {
        let is_it = |(known, _): &(&KeyName, &Key)| known.as_str() == name;
        let key = self.whole.as_ref().and_then(|_| now.keys.iter().find(is_it));
        let now = key.map(|(_, key)| Holds::of(&key.facts)).filter(|holds| self.whole == Some(holds.mark()));
        now.or_else(|| self.holds.clone())
    }

    /// Whether no proxy may use the key.
    pub(super) fn is_frozen(&self) -> bool {
        self.holds.as_ref().is_some_and(Holds::freezes)
    }
}

/// Who made the next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Anybody: what it says less counts once a person says yes.
    Anybody,
    /// Its user himself, who was asked where it is for more.
    Owner,
}

/// One name with one secret, and all that is known to hold it back.
struct Entry<'k> {
    name: &'k str,
    secret: &'k str,
    is_gone: bool,
    /// As the version says.
    noted: Holds,
    /// As the version and what holds on say.
    itself: Holds,
    /// With what its user's settings add to that.
    whole: Holds,
    /// What held on already, for what is there or waits.
    on: Option<&'k Holds>,
}

impl Entry<'_> {
    /// Whether it says more than a key does, by itself or with its settings, which its user has made of it. That a proxy may use
    /// it again says nothing of the rest.
    fn is_lifted_for(&self, name: &KeyName, key: &Key, judge: Judge) -> bool {
        let noted = self.noted.clone().unfrozen().with_settings(self.name, judge);
        noted.is_more_than(&judge(name.as_str(), &key.facts).0)
    }

    /// What waits for its secret once it is there no more.
    fn bygone(&self, judge: Judge) -> Holds {
        self.whole.clone().of_the_bygone(self.name, judge)
    }
}

impl Known {
    /// What is to be noted of a version's keys.
    #[must_use]
    pub fn of(payload: &Payload) -> Self {
        let is_noted = payload.keys.len() <= MOST_KEYS;
        let keys = is_noted.then(|| secrets(payload));
        Self { keys, held: Some(held(payload)), held_on: bygone(payload), agreed: None }
    }

    /// The same, also with keys that only their user's settings hold back, where not all are noted.
    #[must_use]
    pub fn judged(mut self, payload: &Payload, judge: Judge) -> Self {
        let (None, Some(held)) = (&self.keys, &mut self.held) else { return self };
        for (name, key) in &payload.keys {
            let (facts, stops) = judge(name.as_str(), &key.facts);
            let by_itself = holding::by_itself(name.as_str(), &key.facts).1;
            if facts.limits != key.facts.limits || stops.are_more_than(by_itself) {
                held.entry(name.as_str().to_owned()).or_insert_with(|| Held {
                    holds: Some(Holds::of(&key.facts)),
                    secret: Some(holding::mark(payload, &key.value)),
                    ..Held::default()
                });
            }
        }
        self
    }

    /// The same, with what holds keys back though the version says less.
    #[must_use]
    pub fn with(self, held_on: Vec<HeldOn>) -> Self {
        let mut held_on = once_each(self.held_on.into_iter().chain(held_on));
        drop_first(&mut held_on);
        Self { held_on, ..self }
    }

    /// Takes less room for what is gone, and for what is long of what is there: whoever writes a version with much of it keeps
    /// nobody from noting that.
    pub(super) fn shorten(&mut self) {
        shorten(&mut self.held_on);
        for held in self.held.iter_mut().flat_map(BTreeMap::values_mut) {
            if let Some(holds) =
                held.holds.take_if(|holds| serde_json::to_vec(holds).is_ok_and(|text| text.len() > LONG))
            {
                held.whole = Some(holds.mark());
                held.holds = Some(holds.in_short());
            }
        }
    }

    /// What of it, and of what held on already, holds on for another version, and what waits for a secret to come again.
    #[must_use]
    pub fn holds_on(&self, now: &Payload, judge: Judge) -> Vec<HeldOn> {
        self.next(now, By::Anybody, judge)
    }

    /// The same for the version that its user makes of this one by himself: what he made of a key was asked for there.
    #[must_use]
    pub fn holds_on_by_owner(&self, now: &Payload, judge: Judge) -> Vec<HeldOn> {
        self.next(now, By::Owner, judge)
    }

    /// Whether what was noted leaves out what a keyctl of today notes.
    #[must_use]
    pub fn is_of_before(&self) -> bool {
        self.held.iter().flatten().any(|(_, held)| held.holds.is_none() || held.secret.is_none())
    }

    fn next(&self, now: &Payload, by: By, judge: Judge) -> Vec<HeldOn> {
        let entries = self.entries(now, judge);
        let all = Index::of(&entries);
        let (mut on, mut pairs, mut lifted) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        // What its user says of a key himself is said of its former secrets too: what is noted of them is what it says then.
        let mut lifted_former = BTreeSet::new();
        for (name, key) in &now.keys {
            let secret = holding::mark(now, &key.value);
            let pair = all.pair(name.as_str(), &secret);
            let holds = match (pair, by) {
                (Some(entry), By::Owner) => {
                    if entry.is_lifted_for(name, key, judge) {
                        lifted.insert(entry.secret);
                        let former = key.former.iter().map(|former| holding::mark(now, &former.value));
                        lifted_former.extend(former.map(|secret| (name.as_str(), secret)));
                    }
                    let holds_more = |on: &&Holds| on.is_more_than(&key.facts) || on.lacks_tags(&key.facts);
                    entry.on.filter(holds_more).cloned()
                }
                (Some(entry), By::Anybody) => {
                    left(name, &key.facts, (entry.itself.clone(), entry.whole.clone()), judge)
                }
                (None, _) => {
                    // What it was called before, where he was asked for what his settings say no more of it.
                    if by == By::Owner {
                        let before = all.left_by(&secret, now).filter(|entry| entry.is_lifted_for(name, key, judge));
                        lifted.extend(before.map(|entry| entry.secret));
                    }
                    all.of_other((name.as_str(), &secret), now, by).and_then(|both| left(name, &key.facts, both, judge))
                }
            };
            on.extend(holds.map(|holds| HeldOn::new(name.as_str(), &secret, holds)));
            pairs.insert((name.as_str(), secret));
        }
        let is_there = |name: &str, secret: &str| pairs.contains(&(name, secret.to_owned()));
        // What its user says of a secret by himself is said of it wherever it comes again.
        let is_lifted = |one: &HeldOn| {
            let mut keys = now.keys.values();
            lifted.contains(one.secret())
                && keys
                    .any(|key| holding::mark(now, &key.value) == one.secret() && one.holds().is_more_than(&key.facts))
        };
        let is_lifted_former = |one: &HeldOn| lifted_former.contains(&(one.name(), one.secret().to_owned()));
        let waiting = self.held_on.iter().filter(|one| one.is_gone() && !is_lifted_former(one)).cloned();
        // Where not all wiped secrets are known to the store, each that is gone from it may have been limited before.
        let all = if now.has_too_many_wiped() { all_secrets(now) } else { BTreeSet::new() };
        let may_be_wiped = |entry: &&Entry| now.has_too_many_wiped() && !all.contains(entry.secret);
        let gone = entries.iter().filter(|entry| !entry.is_gone).filter_map(|entry| {
            let holds = entry.bygone(judge);
            let holds = if may_be_wiped(&entry) { holds.and(&Holds::asking()) } else { holds };
            let is_something = !entry.whole.is_nothing() || may_be_wiped(&entry);
            is_something.then(|| HeldOn::new(entry.name, entry.secret, holds).gone())
        });
        let gone = waiting.chain(gone).filter(|one| !is_there(one.name(), one.secret()) && !is_lifted(one));
        on.extend(gone);
        on
    }

    /// Every name with its secret, and all of before that wait for one.
    fn entries<'k>(&'k self, now: &Payload, judge: Judge) -> Vec<Entry<'k>> {
        let on: BTreeMap<&str, &HeldOn> =
            self.held_on.iter().filter(|one| !one.is_gone()).map(|one| (one.name(), one)).collect();
        let mut pairs: BTreeMap<&str, &str> =
            self.keys.iter().flatten().map(|(name, secret)| (name.as_str(), secret.as_str())).collect();
        let with_secret = |(name, held): (&'k String, &'k Held)| Some((name.as_str(), held.secret.as_deref()?));
        pairs.extend(self.held.iter().flatten().filter_map(with_secret));
        pairs.extend(on.values().map(|one| (one.name(), one.secret())));
        let of_pair = |(name, secret): (&'k str, &'k str)| {
            let held = self.held.as_ref().and_then(|held| held.get(name)).and_then(|held| held.of(name, now));
            let on = on.get(name).map(|one| one.holds());
            let noted = held.unwrap_or_default();
            let itself = on.iter().fold(noted.clone(), |held, on| held.and(on));
            let whole = itself.with_settings(name, judge);
            Entry { name, secret, is_gone: false, noted, itself, whole, on }
        };
        let of_gone = |one: &'k HeldOn| {
            let [noted, itself] = std::array::from_fn(|_| one.holds().clone());
            let whole = itself.with_settings(one.name(), judge);
            Entry { name: one.name(), secret: one.secret(), is_gone: true, noted, itself, whole, on: Some(one.holds()) }
        };
        let gone = self.held_on.iter().filter(|one| one.is_gone()).map(of_gone);
        pairs.into_iter().map(of_pair).chain(gone).collect()
    }
}

/// What holds a key back that says less, if anything does: what its store said where that is enough, as what is in its user's
/// settings holds by itself; else both. And the tags by which its settings stopped it.
fn left(name: &KeyName, facts: &Facts, (itself, whole): (Holds, Holds), judge: Judge) -> Option<Holds> {
    let tags = itself.tags_that_stop(name.as_str(), facts, judge);
    let is_more = |facts: &Facts| whole.is_more_than(&judge(name.as_str(), facts).0);
    if !whole.is_more_than(facts) || !is_more(facts) {
        return (!tags.is_empty()).then(|| Holds::default().with_tags(tags));
    }
    let mut with = facts.clone();
    let itself = itself.with_tags(tags.clone());
    itself.apply_to(&mut with);
    Some(if is_more(&with) { whole.with_tags(tags) } else { itself })
}

/// Entries by what they are looked for.
struct Index<'e> {
    names: BTreeMap<&'e str, &'e Entry<'e>>,
    secrets: BTreeMap<&'e str, Vec<&'e Entry<'e>>>,
}

impl<'e> Index<'e> {
    fn of(entries: &'e [Entry<'e>]) -> Self {
        let names = entries.iter().filter(|entry| !entry.is_gone).map(|entry| (entry.name, entry)).collect();
        let mut secrets: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in entries {
            secrets.entry(entry.secret).or_default().push(entry);
        }
        Self { names, secrets }
    }

    fn pair(&self, name: &str, secret: &str) -> Option<&'e Entry<'e>> {
        self.names.get(name).copied().filter(|entry| entry.secret == secret)
    }

    /// The names that had a secret and have it no more.
    fn left_by<'n>(&'n self, secret: &'n str, now: &'n Payload) -> impl Iterator<Item = &'e Entry<'e>> + 'n {
        let has_it = move |name: &str| now.keys.get(name).is_some_and(|key| holding::mark(now, &key.value) == secret);
        let all = self.secrets.get(secret).into_iter().flatten().copied();
        all.filter(move |entry| !entry.is_gone && !has_it(entry.name))
    }

    /// All that counts for a name with a secret that were not noted together. A new name in the place of one that had the secret
    /// is that key, and what counted for its twins does not for it. What its user himself gives a name or a secret, and takes from
    /// another one, he was asked for.
    fn of_other(&self, (name, secret): (&str, &str), now: &Payload, by: By) -> Option<(Holds, Holds)> {
        let of_entry = |entry: &&Entry| match by {
            By::Anybody => Some((entry.itself.clone(), entry.whole.clone())),
            By::Owner => entry.on.map(|on| (on.clone(), on.clone())),
        };
        let of_name = self.names.get(name).and_then(of_entry);
        let of_name = of_name.map(|(itself, whole)| (itself.of_another_secret(), whole.of_another_secret()));
        let is_new = !self.names.contains_key(name) && by == By::Anybody;
        let mut before: Vec<&Entry> = if is_new { self.left_by(secret, now).collect() } else { Vec::new() };
        if before.is_empty() {
            before = self.secrets.get(secret).into_iter().flatten().copied().collect();
        }
        let of_secret = before.iter().filter_map(of_entry);
        of_name.into_iter().chain(of_secret).reduce(|(one, two), (itself, whole)| (one.and(&itself), two.and(&whole)))
    }
}

fn size(one: &HeldOn) -> usize {
    serde_json::to_vec(one).map_or(0, |text| text.len() + 1)
}

/// Notes what is long of what is gone in few words.
fn shorten(held_on: &mut [HeldOn]) {
    for one in held_on.iter_mut().filter(|one| one.is_gone() && size(one) > LONG) {
        *one = one.clone().in_short();
    }
}

/// Leaves the last of what is gone, as many as there is room for: where that is short what is long is noted in few words, so
/// that nothing else goes for it.
fn drop_first(held_on: &mut Vec<HeldOn>) {
    let gone = held_on.iter().filter(|one| one.is_gone());
    if gone.map(size).sum::<usize>() > MOST_GONE {
        shorten(held_on);
    }
    let mut room = MOST_GONE;
    let mut fits: Vec<bool> = Vec::with_capacity(held_on.len());
    for one in held_on.iter().rev() {
        let left = if one.is_gone() { room.checked_sub(size(one)) } else { Some(room) };
        fits.push(left.is_some());
        room = left.unwrap_or(room);
    }
    let mut fits = fits.into_iter().rev();
    held_on.retain(|_| fits.next().unwrap_or_default());
}

/// All of it, each name with its secret once: what was said of it last stands where that was said.
fn once_each(all: impl Iterator<Item = HeldOn>) -> Vec<HeldOn> {
    let mut each: BTreeMap<(String, String, bool), (usize, HeldOn)> = BTreeMap::new();
    for (at, one) in all.enumerate() {
        let of = (one.name().to_owned(), one.secret().to_owned(), one.is_gone());
        let both = match each.remove(&of) {
            Some((_, before)) => one.and(before.holds()),
            None => one,
        };
        each.insert(of, (at, both));
    }
    let mut all: Vec<(usize, HeldOn)> = each.into_values().collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, one)| one).collect()
}

/// What holds the former secrets of a version and its removed keys back, and what is left of wiped ones: another version may have
/// them in use.
fn bygone(payload: &Payload) -> Vec<HeldOn> {
    let of = |name: &KeyName, value: &Secret, facts: &Facts| {
        let holds = Holds::of(facts).of_the_bygone_unjudged();
        (!holds.is_nothing()).then(|| HeldOn::new(name.as_str(), &holding::mark(payload, value), holds).gone())
    };
    let former = payload.all().flat_map(|(name, key)| {
        key.former.iter().filter_map(move |former| {
            let (expires, revoked, leaked) = (former.expires, former.revoked.clone(), former.leaked.clone());
            of(name, &former.value, &Facts { expires, revoked, leaked, ..key.facts.clone() })
        })
    });
    let removed =
        payload.removed.iter().filter_map(|removed| of(&removed.name, &removed.key.value, &removed.key.facts));
    let wiped = payload
        .marks
        .iter()
        .map(|mark| HeldOn::new("", &holding::short(mark.mark), Holds::revoking(&mark.revoked)).gone());
    // How far these were held back is not known any more. One that is in use again is what its store says of it.
    let in_use: BTreeSet<String> = if payload.wiped_secrets.is_empty() {
        BTreeSet::new()
    } else {
        payload.keys.values().map(|key| holding::mark(payload, &key.value)).collect()
    };
    let limited = payload.wiped_secrets.iter().map(|mark| holding::short(*mark));
    let limited = limited.filter(|mark| !in_use.contains(mark));
    let limited = limited.map(|mark| HeldOn::new("", &mark, Holds::asking()).gone());
    // Of these no secret is known, so that they are for whoever gets another way into the store.
    let guarded = payload.wiped_guarded.iter().map(|name| HeldOn::new(name.as_str(), "", Holds::asking()).gone());
    former.chain(removed).chain(wiped).chain(limited).chain(guarded).collect()
}

/// What stands for every secret of a store, also for former ones and those of removed keys.
fn all_secrets(payload: &Payload) -> BTreeSet<String> {
    let all = payload.all().flat_map(|(_, key)| key.secrets());
    all.map(|(value, _)| holding::mark(payload, value)).collect()
}

/// What is to be noted of the keys of which anything is.
pub(super) fn held(payload: &Payload) -> BTreeMap<String, Held> {
    let of = |(name, key): (&KeyName, &Key)| {
        let (facts, holds) = (&key.facts, Holds::of(&key.facts));
        let limits = facts.limits.mark().unwrap_or_default();
        (holds != Holds::default()).then(|| {
            let held = Held {
                limits,
                revoked: facts.revoked.is_some(),
                leaked: facts.leaked.is_some(),
                holds: Some(holds),
                secret: Some(holding::mark(payload, &key.value)),
                whole: None,
            };
            (name.as_str().to_owned(), held)
        })
    };
    payload.keys.iter().filter_map(of).collect()
}

/// What stands for the secret of each key.
pub(super) fn secrets(payload: &Payload) -> BTreeMap<String, String> {
    let mark = |(name, key): (&KeyName, &Key)| (name.as_str().to_owned(), holding::mark(payload, &key.value));
    payload.keys.iter().map(mark).collect()
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
