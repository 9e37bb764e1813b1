//! A merge of a store that is one person's, held against what this machine knows of it. With others each member notes what held a
//! key back (holding.rs); here that is the store's own file, or a side that could stand in its place.

use std::{collections::BTreeSet, path::Path};

use crate::{
    commands::{
        narrowing::{self, Scene},
        opening::Kept,
        unbound,
    },
    config,
    failure::Result,
    history::Action,
    home::Home,
    name::KeyName,
    plain::first_names,
    rotation::Settings,
    store::{
        bygone::{Known, Rule},
        facts::Facts,
        file::SealedFile,
        payload::{Key, Payload},
    },
    terminal::Terminal,
};

use super::MOST_NAMES;

/// Makes sure that a person agrees where a key may be used for more by what was merged, or comes from a version that may be an
/// older one: a secret that is not known here may be one that was held back, and was wiped.
///
/// # Errors
/// As [`narrowing::need_person`]; as the configuration has them.
pub fn hold(home: &Home, kept: &Kept, merged: &Payload, sides: [&Path; 2], terminal: &Terminal) -> Result<()> {
    let here = home.store_file();
    // A side that could stand in the store's place needs no merge for that: so what is in one of these is no more than there
    // was. In a rebase the store's file is another's for a while, and a side is what was here.
    let known: Vec<Payload> =
        [here.as_path()].into_iter().chain(sides).filter_map(|file| as_pinned(home, file, kept)).collect();
    let settings = config::read(home)?.rotation;
    let rule = unbound::guard(&settings);
    let more = known.iter().map(|known| more_than(known, merged, &settings, &rule));
    let names = more.reduce(|all, more| &all & &more).unwrap_or_else(|| merged.keys.keys().collect());
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<&KeyName> = names.into_iter().collect();
    let listed = first_names(&names, MOST_NAMES);
    terminal.warn(&format!(
        "by this merge keys may be used for more than is known here, or come from an older copy: {listed}"
    ));
    let scene = Scene { home, kept, payload: merged, action: Action::Store };
    narrowing::need_person(&scene, &names, &format!("let {listed} be used as the merged versions say"), terminal)
}

/// A file's content, if it would be taken as the store.
fn as_pinned(home: &Home, file: &Path, kept: &Kept) -> Option<Payload> {
    SealedFile::read_at(home, file).ok()??.open(&kept.identity, &kept.anchor).ok()?.read().ok()
}

/// The keys that may be used for more than a store knows of them, and those that may be what was wiped of it.
fn more_than<'m>(known: &Payload, merged: &'m Payload, settings: &Settings, rule: Rule) -> BTreeSet<&'m KeyName> {
    let before = Known::of(known);
    let kept = merged.keys.iter().map(|(name, key)| (name, key, before.before(name, key)));
    let removed = merged.removed.iter().map(|removed| (&removed.name, &removed.key, before.before_removed(removed)));
    let is_widened = |(name, key, known): &(&'m KeyName, &Key, Vec<(&KeyName, Facts)>)| {
        let mut known = known.iter().cloned();
        known.any(|was| narrowing::is_widened(&[was, (*name, key.facts.clone())], settings))
    };
    let widened = kept.chain(removed).filter(is_widened).map(|(name, ..)| name);
    widened.chain(before.strangers(merged, rule)).collect()
}
