//! `keyctl rename`: a key gets another name. What `config.toml` says of keys by their names may hold no more for it then.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::{KeyName, StoreName},
    plain::first_few,
    rotation::{Change, Settings},
    store::{journal::Deed, payload::Payload},
    terminal::Terminal,
};

use super::{
    change::{Outcome, change_as},
    details::refuse_as_name,
    naming, narrowing, opening,
    rotate::{pending, touched},
    sourcing,
    versions::{changed_meanwhile, is_as_seen, need_yes},
};

/// Renames a key.
///
/// # Errors
/// As the store has them; `Usage` without a yes to the loss of a protection.
pub fn rename(arguments: &cli::Rename, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.old.store())?;
    let now = Moment::now();
    let (old, new) = (arguments.old.name(), &new_name(arguments)?.of(home.store()));
    let config = config::read(&home)?;
    let settings = &config.rotation;
    let seen = ask(&home, [old, new], settings, arguments.yes, terminal)?;
    let _turn = pending::turn(&home)?;
    pending::refuse_while_unfinished(&home, old, Some(new), "nothing was renamed", terminal)?;
    let renamed = change_as(&home, terminal, now, |kept, payload| {
        let key = payload.key(old)?;
        if old == new {
            return Ok(Outcome::AsItWas(None));
        }
        let former = key.former.iter().map(|former| &former.value);
        former.chain([&key.value]).try_for_each(|secret| refuse_as_name(secret, new))?;
        let covered = settings.change((old, &key.facts), (new, &key.facts));
        // A yes is one to what was said of this very key.
        let is_agreed = |(seen, said): &(Payload, Change)| *said == covered && is_as_seen(seen, payload, old);
        if is_to_be_asked(&covered, arguments.yes) && !seen.as_ref().is_some_and(is_agreed) {
            return Err(changed_meanwhile(old, "nothing was renamed"));
        }
        naming::tell_apart(payload.keys.keys().filter(|name| *name != old), [new], terminal)?;
        let asking = touched::asked_for_by(old, &home, kept, &config);
        payload.step(Deed::Rename, now, |edit| edit.rename(old, new))?;
        Ok(Outcome::changed(Some((covered, asking)), Event::new(Action::Rename, now).names([old, new])))
    })?;
    let (renamed, asking) = renamed.unzip();
    let entries = |is_new: bool| -> Vec<&str> {
        let entries = renamed.iter().flat_map(|covered| &covered.entries);
        entries.filter(|one| one.is_new == is_new).map(|one| one.entry.as_str()).collect()
    };
    if arguments.json {
        terminal.json(&json!({
            "from": old.as_str(), "to": new.as_str(),
            "no_longer_covered_by": entries(false), "newly_covered_by": entries(true),
        }))?;
    } else if renamed.is_none() {
        terminal.say(&format!("`{new}` is called so already"));
    } else {
        terminal.say(&format!("renamed `{old}` to `{new}`"));
        let asking = asking.unwrap_or_default();
        if !asking.is_empty() {
            terminal.hint(&format!("what still asks for `{old}`: {}", first_few(&asking, 5)));
        }
    }
    if renamed.is_some() {
        sourcing::say_of_credentials(&home, std::slice::from_ref(old), terminal);
    }
    // Whoever was asked has read it.
    if let Some(covered) = renamed.filter(|_| seen.is_none()) {
        narrowing::say(&covered, &under(new), terminal);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether somebody has to agree. A yes beforehand stands for no person where the key may be used for more.
fn is_to_be_asked(covered: &Change, yes: bool) -> bool {
    if yes { covered.widens } else { covered.loses_protection }
}

/// A key under its new name, as it is said of.
pub(super) fn under(new: &KeyName) -> String {
    format!("as `{new}` the key")
}

/// The new name, which is one in the same store.
fn new_name(arguments: &cli::Rename) -> Result<KeyName> {
    let store = |store: Option<&StoreName>| store.and_then(|store| store.clone().other());
    let other = arguments.new.store.as_ref().filter(|other| store(Some(other)) != store(arguments.old.store()));
    let Some(other) = other else { return Ok(arguments.new.name.clone()) };
    Err(Failure::new(Kind::Usage, "a key is renamed in its own store; nothing was renamed")
        .hint(format!("to put it into the other one: `keyctl store move {} --to {other}`", arguments.old)))
}

/// Asks where the key would lose a protection by its new name. Gives what there was then, and what was said.
fn ask(
    home: &Home,
    [old, new]: [&KeyName; 2],
    settings: &Settings,
    yes: bool,
    terminal: &Terminal,
) -> Result<Option<(Payload, Change)>> {
    if old == new || settings.rules.is_empty() {
        return Ok(None);
    }
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    let facts = &payload.key(old)?.facts;
    let covered = settings.change((old, facts), (new, facts));
    // Of a name that is taken nobody is asked.
    if !is_to_be_asked(&covered, yes) || payload.keys.contains_key(new) {
        return Ok(None);
    }
    narrowing::say(&covered, &under(new), terminal);
    let question = "rename it all the same";
    if covered.widens {
        let scene = narrowing::Scene { home, kept: &kept, payload: &payload, action: Action::Rename };
        narrowing::need_person(&scene, &[old], question, terminal)?;
    } else {
        need_yes(yes, terminal, &format!("renaming `{old}` to `{new}`"), || format!("{question}?"))?;
    }
    Ok(Some((payload, covered)))
}
