//! Another way into a store: limits of its keys are held by keyctl, and whoever can open the file itself is not bound by them.

use crate::{
    failure::Result,
    name::KeyName,
    store::{limits::Limits, payload::Payload},
    terminal::{Terminal, count},
};

use super::narrowing::{Scene, need_person};

/// So many keys are named; the rest are counted.
const NAMED: usize = 5;

/// Says which keys have limits that do not bind who gets a way into the store. Where some of them ask each time or are for the
/// proxy alone, a person at the terminal has to want it: no option stands for that yes.
///
/// # Errors
/// As [`need_person`].
pub fn hold(scene: &Scene, who: &str, terminal: &Terminal) -> Result<()> {
    let limited = of(scene.payload, |limits| !limits.are_of_time_and_reason_alone());
    if limited.is_empty() {
        return Ok(());
    }
    let have = if limited.len() == 1 { "has" } else { "have" };
    let keys = count(limited.len(), "key");
    terminal.warn(&format!("{keys} {have} limits, which do not bind {who}: {}", listed(&limited)));
    let guarded = of(scene.payload, |limits| limits.ask || limits.proxy_only);
    if guarded.is_empty() {
        return Ok(());
    }
    need_person(scene, &guarded, &format!("let {who} read {} all the same", listed(&guarded)), terminal)
}

fn of(payload: &Payload, is_meant: impl Fn(&Limits) -> bool) -> Vec<&KeyName> {
    payload.keys.iter().filter(|(_, key)| is_meant(&key.facts.limits)).map(|(name, _)| name).collect()
}

fn listed(names: &[&KeyName]) -> String {
    let shown = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
