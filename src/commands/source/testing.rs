//! `source test`: asks a source what its credential may do with what keys refer to, and warns where it may do far more.

use std::{process::ExitCode, time::Instant};

use serde_json::{Value, json};

use crate::{
    config,
    date::Moment,
    failure::{Failure, Kind},
    history::{Action, Event, Fetch, Reason},
    home::Home,
    name::{KeyName, SourceName},
    reference::Reference,
    source::{self, Abilities, Means, abilities::Ability},
    terminal::{Terminal, count},
};

use super::{named, referring};
use crate::commands::sourcing::{self, Asking};

pub(super) fn test(
    home: &Home,
    name: &SourceName,
    reason: Option<&Reason>,
    as_json: bool,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let config = config::read(home)?;
    let settings = named(&config, name)?;
    let event = || Event::new(Action::Check, Moment::now()).program(name.as_str().as_ref()).reason(reason);
    let mut revoked = Vec::new();
    let mut keys = referring(home, settings, terminal, |opened, keys| {
        let is_revoked =
            |name: &&KeyName| opened.payload.keys.get(*name).is_some_and(|key| key.facts.revoked.is_some());
        revoked.extend(keys.iter().map(|(name, _)| name).filter(is_revoked).cloned());
        let fetch = Fetch { name: name.to_string(), cached_s: None, with: Vec::new() };
        let event = event().names(keys.iter().map(|(name, _)| name).filter(|name| !revoked.contains(*name)));
        let event = event.sources(vec![fetch]);
        if keys.is_empty() { Ok(()) } else { opened.record(event, &config, terminal).map(drop) }
    })?;
    // What must not be used is not asked for either.
    keys.retain(|(name, _)| !revoked.contains(name));
    for name in revoked {
        terminal.warn(&format!("`{name}` was revoked, and is not looked for"));
    }
    let asking = Asking { config: &config, offline: false, event: &event, terminal };
    let credentials = sourcing::credentials_of(settings, asking)?;
    let source = source::open(settings, &Means { credentials, clock: Moment::now })?;
    let references: Vec<&Reference> = keys.iter().map(|(_, reference)| reference).collect();
    let until = Instant::now() + settings.timeout;
    let abilities = source.abilities(&references, until);
    source.close(until);
    let abilities = abilities?;
    let unreadable = abilities.of.iter().filter(|ability| ability.read == Some(false)).count();
    if as_json {
        terminal.json(&as_json_of(name, &abilities, &keys))?;
    } else {
        tell(name, &abilities, &keys, terminal)?;
    }
    if unreadable > 0 {
        let said = format!("{} of source `{name}` cannot be read", count(unreadable, "reference"));
        return Err(Failure::new(Kind::Negative, said).into());
    }
    Ok(ExitCode::SUCCESS)
}

fn names<'k>(ability: &Ability, keys: &'k [(KeyName, Reference)]) -> Vec<&'k KeyName> {
    keys.iter().filter(|(_, reference)| *reference == ability.reference).map(|(name, _)| name).collect()
}

fn tell(
    name: &SourceName,
    abilities: &Abilities,
    keys: &[(KeyName, Reference)],
    terminal: &Terminal,
) -> crate::failure::Result<()> {
    match &abilities.who {
        Some(who) => terminal.say(&format!("source `{name}` answers; the credential is that of {who}")),
        None => terminal.say(&format!("source `{name}` answers")),
    }
    if !abilities.of.is_empty() {
        let word = |may: Option<bool>| match may {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let mut rows = vec![["KEY", "REFERENCE", "READ", "WRITE"].map(str::to_owned).to_vec()];
        for ability in &abilities.of {
            let names: Vec<String> = names(ability, keys).iter().map(ToString::to_string).collect();
            let (read, write) = (word(ability.read).to_owned(), word(ability.write).to_owned());
            rows.push(vec![names.join(", "), ability.reference.to_string(), read, write]);
        }
        terminal.table(&rows, &[])?;
    }
    if keys.is_empty() {
        terminal.hint(&format!("no key refers to it yet: `keyctl set NAME --source {name} --ref REF`"));
    }
    for more in &abilities.more {
        terminal.warn(&format!("the credential of source `{name}` may do more than is needed: it {more}"));
    }
    for unknown in &abilities.unknown {
        terminal.say(&format!("not known: {unknown}"));
    }
    Ok(())
}

fn as_json_of(name: &SourceName, abilities: &Abilities, keys: &[(KeyName, Reference)]) -> Value {
    let of = |ability: &Ability| {
        let keys: Vec<String> = names(ability, keys).iter().map(ToString::to_string).collect();
        json!({ "ref": ability.reference.to_string(), "keys": keys, "read": ability.read, "write": ability.write })
    };
    json!({
        "name": name.as_str(),
        "who": abilities.who,
        "references": abilities.of.iter().map(of).collect::<Vec<_>>(),
        "more": abilities.more,
        "unknown": abilities.unknown,
    })
}
