//! `keyctl edit`: what is known of a key changes, its secret does not.

use std::{collections::BTreeSet, process::ExitCode};

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    history::{Action, Event},
    home::Home,
    name::KeyName,
    store::{facts::Facts, journal::Deed, payload::Payload},
    terminal::Terminal,
};

use super::{
    change::{Outcome, change_as},
    details::{Details, in_words},
    differences,
    narrowing::{self, Scene},
};

/// Changes a key's details.
///
/// # Errors
/// `Usage` for what cannot be meant; as the store has them.
pub fn edit(arguments: &cli::Edit, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let now = Moment::now();
    let name = arguments.name.name();
    let details = Details::of_edit(arguments, now, terminal)?;
    let put = |facts: &mut Facts| details.put(facts, None);
    let agreed = if details.may_widen() { narrowing::agreed(&home, name, put, terminal)? } else { None };
    let (changed, lifted, dates) = change_as(&home, terminal, now, |kept, payload| {
        details.refuse_in_vain(&payload.key(name)?.facts, name)?;
        for key in payload.keys.values() {
            details.refuse_secret(&key.value)?;
            key.former.iter().try_for_each(|former| details.refuse_secret(&former.value))?;
        }
        let before = payload.key(name)?.facts.clone();
        let (changed, usable, clean) = payload.step(Deed::Edit, now, |edit| {
            let changed = edit.change(name, put)?;
            // It was said of the secret, so it is taken back of the secret, under every name.
            let usable = if details.not_revoked() { edit.unrevoke(name)? } else { Vec::new() };
            let clean = if details.not_leaked() { edit.unmark_leaked(name)? } else { Vec::new() };
            Ok((changed || !usable.is_empty() || !clean.is_empty(), usable, clean))
        })?;
        if changed {
            narrowing::hold(&home, payload, name, &before, agreed.as_ref())?;
            if agreed.is_none() {
                // What it lifts of other keys that hold the same secret was said by nobody.
                narrowing::refuse_more(&Scene { home: &home, kept, payload, action: Action::Edit }, terminal)?;
            }
        }
        let facts = &payload.key(name)?.facts;
        // That a key may be used again must not look like another tag.
        let lifted: Vec<(&str, Vec<KeyName>)> = [
            (details.not_revoked(), "revoked", before.revoked.is_some(), usable),
            (details.not_leaked(), "leaked", before.leaked.is_some(), clean),
        ]
        .into_iter()
        .filter(|(is_asked, _, was, twins)| *is_asked && (*was || !twins.is_empty()))
        .map(|(_, word, _, twins)| (word, twins))
        .collect();
        let mut words = differences::in_words(&differences::between(&before, facts));
        if words.is_empty() && !lifted.is_empty() {
            words = lifted.iter().map(|(word, _)| format!("not {word} any more")).collect::<Vec<_>>().join(", ");
        }
        let twins: BTreeSet<&KeyName> = lifted.iter().flat_map(|(_, twins)| twins).collect();
        let event = Event::new(Action::Edit, now).names([name].into_iter().chain(twins)).note(words);
        if before.limits != facts.limits {
            say_of_limits(payload, name, terminal);
        }
        let answer = (changed, lifted, in_words(facts));
        Ok(if changed { Outcome::changed(answer, event) } else { Outcome::AsItWas(answer) })
    })?;
    if arguments.json {
        terminal.json(&json!({ "name": name.as_str(), "changed": changed }))?;
    } else if !lifted.is_empty() {
        let words = lifted.iter().map(|(word, _)| format!("not {word} any more")).collect::<Vec<_>>().join(" and ");
        terminal.say(&format!("changed `{name}`, which is {words}{dates}"));
    } else if changed {
        terminal.say(&format!("changed `{name}`{dates}"));
    } else {
        terminal.say(&format!("nothing was changed: `{name}` is as you said already"));
    }
    for (word, twins) in lifted {
        for twin in twins {
            terminal.say(&format!("`{twin}` holds the same secret and is not {word} any more either"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says of what a key may be used for now what is not to be seen in the call: for whom it holds, and what it leaves open.
fn say_of_limits(payload: &Payload, name: &KeyName, terminal: &Terminal) {
    let members = payload.members.len();
    if members > 1 {
        terminal.say(&format!("that holds for all {members} members of the store, each on his own machine"));
    }
    if let Some(key) = payload.keys.get(name) {
        narrowing::say_found_on_path(&key.facts.limits, terminal);
    }
}
