//! Another way into a store, or a key's way into another one: limits of keys are held by keyctl, and whoever can open the file
//! itself is not bound by them.

use std::collections::BTreeMap;

use crate::{
    config,
    failure::Result,
    name::KeyName,
    plain::first_names,
    rotation::Settings,
    store::{facts::Facts, limits::Limits, payload::Payload},
    terminal::{Terminal, count},
};

use super::narrowing::{Scene, need_person};

/// So many keys are named; the rest are counted.
const NAMED: usize = 5;

/// Says which keys have limits that do not bind who gets a way into the store: also keys that were removed, which are in it still,
/// and also limits that stand in `config.toml`. Where some of them are for when a person is there, or for the proxy alone, a
/// person at the terminal has to want it: no option stands for that yes.
///
/// # Errors
/// As [`need_person`]; as the configuration has them.
pub fn hold(scene: &Scene, who: &str, terminal: &Terminal) -> Result<()> {
    let limited = Limited::of(all(scene.payload), &config::read(scene.home)?.rotation);
    limited.hold(scene, who, terminal)
}

/// The same of one key, which goes to another store.
///
/// # Errors
/// As [`hold`].
pub fn hold_one(scene: &Scene, name: &KeyName, who: &str, terminal: &Terminal) -> Result<()> {
    let own = scene.payload.keys.get_key_value(name).map(|(name, key)| (name, &key.facts));
    let limited = Limited::of(own.into_iter(), &config::read(scene.home)?.rotation);
    limited.hold(scene, who, terminal)
}

/// Every key that is in the store, be it removed.
fn all(payload: &Payload) -> impl Iterator<Item = (&KeyName, &Facts)> {
    let kept = payload.keys.iter().map(|(name, key)| (name, &key.facts));
    kept.chain(payload.removed.iter().map(|removed| (&removed.name, &removed.key.facts)))
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
                *limited.entry(name).or_default() |= all().any(is_guarded);
            }
        }
        Self(limited)
    }

    fn guarded(&self) -> Vec<&'p KeyName> {
        self.0.iter().filter(|(_, is_guarded)| **is_guarded).map(|(name, _)| *name).collect()
    }

    fn hold(&self, scene: &Scene, who: &str, terminal: &Terminal) -> Result<()> {
        let names: Vec<&KeyName> = self.0.keys().copied().collect();
        if names.is_empty() {
            return Ok(());
        }
        let have = if names.len() == 1 { "has" } else { "have" };
        let keys = count(names.len(), "key");
        terminal.warn(&format!("{keys} {have} limits, which do not bind {who}: {}", first_names(&names, NAMED)));
        let guarded = self.guarded();
        if guarded.is_empty() {
            return Ok(());
        }
        need_person(scene, &guarded, &format!("let {who} read {} all the same", first_names(&guarded, NAMED)), terminal)
    }
}

fn is_guarded(limits: &Limits) -> bool {
    limits.ask || limits.proxy_only || limits.terminal || limits.hide_from_agents
}
