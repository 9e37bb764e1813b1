//! `keyctl set NAME --source SOURCE --ref REF`: keep where a secret lies, and no secret.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::SourceName,
    reference::{Reference, Remote},
    store::{editing::Set, journal::Deed},
    terminal::Terminal,
};

use super::super::{
    change::{Outcome, change_or_create_as},
    details::{self, Details, in_words},
    naming,
    narrowing::{self, Scene},
    sourcing,
};

/// Keeps the reference. Nothing is asked of the source.
pub(super) fn refer(
    arguments: &cli::Set,
    home: &Home,
    source: &SourceName,
    reference: &Reference,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let now = Moment::now();
    let name = arguments.name.name();
    let remote = Remote { source: source.clone(), reference: reference.clone() };
    let details = Details::of_set(&arguments.details, now, terminal)?;
    refuse_source(&remote, home)?;
    sourcing::refuse_credential(&config::read(&Home::named(None)?)?, home, name)?;
    let (set, facts) = change_or_create_as(home, terminal, now, |kept, payload| {
        naming::tell_apart(payload.keys.keys(), [name], terminal)?;
        let (set, edited) = payload.step(Deed::Set, now, |edit| {
            Ok((edit.refer(name, &remote, arguments.replace)?, edit.change(name, |facts| details.put(facts, None))?))
        })?;
        if edited {
            narrowing::refuse_more(&Scene { home, kept, payload, action: Action::Set }, terminal)?;
        }
        if set == Set::Added {
            narrowing::say_of_removed(payload, name, terminal);
        }
        let answer = (set, payload.key(name)?.facts.clone());
        let event = |action| Event::new(action, now).names([name]);
        Ok(match set {
            Set::Same if !edited => Outcome::AsItWas(answer),
            Set::Same => Outcome::changed(answer, event(Action::Edit)),
            _ => Outcome::changed(answer, event(Action::Set).note(format!("refers to source `{source}`"))),
        })
    })?;
    let dates = in_words(&facts);
    let (word, sentence) = match set {
        Set::Added => ("added", format!("`{name}` refers to `{reference}` in source `{source}`{dates}")),
        Set::Replaced => (
            "replaced",
            format!("`{name}` refers to `{reference}` in source `{source}` now; its former secret is kept{dates}"),
        ),
        Set::Same => ("same", format!("`{name}` refers to that already{dates}")),
    };
    if arguments.json {
        let expires = facts.expires;
        terminal.json(&json!({
            "name": name.as_str(), "done": word, "bytes": null, "kind": null, "expires": expires,
            "source": source.as_str(), "ref": reference.to_string(),
        }))?;
    } else {
        terminal.say(&sentence);
    }
    details::say_of_new_secret(name, &facts, None, terminal);
    Ok(ExitCode::SUCCESS)
}

/// Makes sure that the source is there, and for this store.
fn refuse_source(remote: &Remote, home: &Home) -> Result<()> {
    let config = config::read(&Home::named(None)?)?;
    let Some(source) = config.sources.get(&remote.source) else {
        return Err(Failure::new(Kind::Missing, format!("there is no source `{}`; nothing was kept", remote.source))
            .hint(format!("set it up: `keyctl source add {} --type TYPE`", remote.source)));
    };
    let store = home.store().map(AsRef::as_ref);
    if let Some(store) = store.filter(|_| !source.serves(store)) {
        let said = format!("source `{}` is not for keys of the store `{store}`; nothing was kept", source.name);
        return Err(Failure::new(Kind::Policy, said).hint(format!(
            "if it is to be: `stores = [\"{store}\"]` in `[sources.{}]` of `config.toml`",
            source.name
        )));
    }
    let path = &remote.reference.place.path;
    if !source.serves_place(store, &remote.reference) {
        let said = format!(
            "`{path}` of source `{}` is not for the store `{}`; nothing was kept",
            source.name,
            home.store().map(ToString::to_string).unwrap_or_default()
        );
        return Err(Failure::new(Kind::Policy, said)
            .hint(format!("`paths` in `[sources.{}]` of `config.toml` says what is", source.name)));
    }
    Ok(())
}
