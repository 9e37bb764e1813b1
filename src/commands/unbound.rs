//! Another way into a store, or a key's way into another one: limits of keys are held by keyctl, and whoever can open the file
//! itself is not bound by them. Whoever has a way into the store can open its older copies too: keys that were wiped count as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config,
    failure::Result,
    name::KeyName,
    plain::first_names,
    rotation::Settings,
    store::{bygone::Guard, facts::Facts, holding::Stops, limits::Limits, payload::Key},
    terminal::{Terminal, count},
};

use super::narrowing::{Scene, need_person};

/// So many keys are named; the rest are counted.
const NAMED: usize = 5;

/// Says which keys have limits that do not bind who gets a way into the store: also keys that were removed, which are in it still,
/// those that older copies alone have, as they were wiped or a version without them was taken, and also limits that stand in
/// `config.toml`. Where some of them are for when a person is there, or for the proxy alone, a person at the terminal has to
/// want it: no option stands for that yes.
///
/// # Errors
/// As [`need_person`]; as the configuration has them.
pub fn hold(scene: &Scene, who: &str, terminal: &Terminal) -> Result<()> {
    let settings = config::read(scene.home)?.rotation;
    let limited = Limited::of(scene.payload.all().map(|(name, key)| (name, &key.facts)), &settings);
    let of_store = |name: &str| Some(name.parse::<KeyName>().ok()?.of(scene.home.store()));
    let waiting = scene.payload.guarded_elsewhere().filter_map(of_store);
    let elsewhere = waiting.chain(scene.payload.wiped_guarded.iter().cloned()).collect();
    limited.hold(scene, &elsewhere, who, terminal)
}

/// The same of one key, which goes to another store. Its former secrets go with it, and could come back there: what other keys have
/// these, or had them and were wiped, is not known there.
///
/// # Errors
/// As [`hold`].
pub fn hold_one(scene: &Scene, name: &KeyName, who: &str, terminal: &Terminal) -> Result<()> {
    let Some((name, key)) = scene.payload.keys.get_key_value(name) else { return Ok(()) };
    let former = || key.former.iter().map(|former| &former.value).filter(|value| !key.value.same_as(value));
    let others = || scene.payload.all().filter(|(_, other)| former().any(|value| other.holds(value)));
    let keys = others().map(|(name, other)| (name, &other.facts)).chain([(name, &key.facts)]);
    let settings = config::read(scene.home)?.rotation;
    let mut limited = Limited::of(keys, &settings);
    // What another key is limited to does not go along, whatever it is.
    let other_limits = |(other, its): &(&KeyName, &Key)| {
        let is_said = settings.limits_for(other, &its.facts).next().is_some();
        *other != name && (is_said || its.facts.limits != key.facts.limits)
    };
    limited.guard(others().filter(other_limits).map(|(other, _)| other));
    let payload = scene.payload;
    let is_wiped = former().any(|value| payload.wiped_as(value).is_some() || payload.waits_for(value));
    let wiped = is_wiped.then(|| name.clone()).into_iter().collect();
    limited.hold(scene, &wiped, who, terminal)
}

/// What tells how far a key is held back, by what is said of it and by its user's settings.
pub fn guard(settings: &Settings) -> impl Fn(&KeyName, &Facts) -> Guard {
    move |name, facts| {
        if is_guarded(name, facts, settings) {
            return Guard::Person;
        }
        let (said, stops) = settings.as_said((name, facts));
        let there = [facts.expires.is_some(), facts.revoked.is_some(), facts.leaked.is_some()];
        let Stops { expired, revoked, leaked, .. } = stops.where_there_is(there);
        let is_stopped = expired || revoked || leaked;
        // A reason that is asked of every key is asked of what comes back too.
        let is_asked = settings.reason_for(name, facts) > settings.reason;
        let is_limited = !Limits { reason: false, ..said.limits }.is_empty();
        if is_limited || is_stopped || is_asked { Guard::Limits } else { Guard::Nothing }
    }
}

/// Whether any limit of a key wants a person, or the proxy.
fn is_guarded(name: &KeyName, facts: &Facts, settings: &Settings) -> bool {
    facts.limits.want_a_person() || settings.limits_for(name, facts).any(|(_, limits)| limits.want_a_person())
}

/// Keys with limits, and whether those want a person or the proxy.
struct Limited<'p>(BTreeMap<&'p KeyName, bool>);

impl<'p> Limited<'p> {
    fn of(keys: impl Iterator<Item = (&'p KeyName, &'p Facts)>, settings: &Settings) -> Self {
        let mut limited = BTreeMap::new();
        for (name, facts) in keys {
            let all = || settings.limits_for(name, facts).map(|(_, limits)| limits).chain([&facts.limits]);
            if all().any(|limits| !limits.are_of_time_and_reason_alone()) {
                // One of that name may have been removed.
                *limited.entry(name).or_default() |= is_guarded(name, facts, settings);
            }
        }
        Self(limited)
    }

    /// Takes those of these that have limits for such as want a person.
    fn guard(&mut self, names: impl Iterator<Item = &'p KeyName>) {
        for name in names {
            if let Some(is_guarded) = self.0.get_mut(name) {
                *is_guarded = true;
            }
        }
    }

    fn guarded(&self) -> Vec<&'p KeyName> {
        self.0.iter().filter(|(_, is_guarded)| **is_guarded).map(|(name, _)| *name).collect()
    }

    fn hold(&self, scene: &Scene, elsewhere: &BTreeSet<KeyName>, who: &str, terminal: &Terminal) -> Result<()> {
        let names: Vec<&KeyName> = self.0.keys().copied().collect();
        if !names.is_empty() {
            let have = if names.len() == 1 { "has" } else { "have" };
            let keys = count(names.len(), "key");
            terminal.warn(&format!("{keys} {have} limits, which do not bind {who}: {}", first_names(&names, NAMED)));
        }
        let mut guarded = self.guarded();
        let elsewhere: Vec<&KeyName> = elsewhere.iter().filter(|name| !guarded.contains(name)).collect();
        if !elsewhere.is_empty() {
            terminal.warn(&format!(
                "older copies of the store still have what it has no more, and the limits of that do not bind {who}: {}",
                first_names(&elsewhere, NAMED)
            ));
            guarded.extend(elsewhere);
        }
        if guarded.is_empty() {
            return Ok(());
        }
        need_person(scene, &guarded, &format!("let {who} read {} all the same", first_names(&guarded, NAMED)), terminal)
    }
}
