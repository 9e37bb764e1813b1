//! `keyctl revoke`: a key is marked as not to be used. Its secret stays, so that it can still be looked for.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    rotation::Reaction,
    store::{facts::Revoked, journal::Deed, payload::Key},
    terminal::Terminal,
};

use super::{
    change::{Outcome, change},
    details::{refuse_within, words},
    opening,
    rotate::touched::Touched,
    versions::{need_someone, need_yes},
};

/// Says who will notice, asks, and marks the key.
///
/// # Errors
/// `Usage` without a yes; as the store has them.
pub fn revoke(arguments: &cli::Revoke, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let now = Moment::now();
    let name = arguments.name.name();
    let reason = arguments.reason.as_deref().map(|text| words("a reason", text)).transpose()?;
    need_someone(arguments.yes, terminal, &format!("revoking `{name}`"))?;
    let config = config::read(&home)?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let secret = &payload.key(name)?.value;
    let all =
        || payload.keys.values().flat_map(|key| key.former.iter().map(|former| &former.value).chain([&key.value]));
    reason.as_deref().map_or(Ok(()), |reason| all().try_for_each(|secret| refuse_within(secret, reason)))?;
    let twins = payload.twins_of(name);
    let touched = Touched::by(name, &home, &kept, &payload, &config);
    say_who_notices(name, &touched, now, terminal);
    need_yes(arguments.yes, terminal, &format!("revoking `{name}`"), || {
        let with = if twins.is_empty() { String::new() } else { format!(" (and {}, the same secret)", listed(&twins)) };
        format!("let no command use `{name}`{with} any more?")
    })?;
    let revocation = change(&home, terminal, now, |payload| {
        // What the user was asked about, and not what has that name by now.
        if !arguments.yes && !payload.key(name)?.value.same_as(secret) {
            return Err(Failure::new(
                Kind::Negative,
                format!("`{name}` was changed meanwhile and has another secret now; nothing was revoked"),
            )
            .hint(format!("look again: `keyctl versions {name}`, and `keyctl undo --list`")));
        }
        let revoked = Revoked { at: now, reason: reason.clone() };
        let revocation = payload.step(Deed::Revoke, now, |edit| edit.revoke(name, &revoked))?;
        let changed = revocation.before.is_none() || !revocation.twins.is_empty();
        let event = Event::new(Action::Revoke, now).names([name].into_iter().chain(&revocation.twins));
        let event = match &reason {
            Some(reason) => event.note(reason),
            None => event,
        };
        Ok(if changed { Outcome::changed(revocation, event) } else { Outcome::AsItWas(revocation) })
    })?;
    if arguments.json {
        let mut report = touched.json();
        report["name"] = name.as_str().into();
        report["changed"] = json!(revocation.before.is_none());
        report["with_it"] = json!(revocation.twins);
        terminal.json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(before) = &revocation.before {
        say_what_stands(name, before, reason.as_deref(), terminal);
    } else {
        let plan = config.rotation.plan(name, &payload.key(name)?.facts);
        terminal.say(&match plan.revoked {
            Reaction::Stop => format!("revoked `{name}`: `run` and `env` give it to nothing any more"),
            Reaction::Warn => format!("revoked `{name}`: commands still get it with a warning, as `config.toml` says"),
        });
    }
    if !revocation.twins.is_empty() {
        let holds = if revocation.twins.len() == 1 { "holds" } else { "hold" };
        let is = if revocation.twins.len() == 1 { "is" } else { "are" };
        terminal.say(&format!("{} {holds} the same secret and {is} revoked with it", listed(&revocation.twins)));
    }
    for twin in &revocation.twins {
        let is_warned = |key: &Key| config.rotation.plan(twin, &key.facts).revoked == Reaction::Warn;
        if payload.keys.get(twin).is_some_and(is_warned) {
            terminal
                .warn(&format!("commands still get `{twin}`, the same secret, with a warning, as `config.toml` says"));
        }
    }
    if revocation.before.is_none() {
        terminal.hint(&format!("end it at its issuer too; then `keyctl rotate {name}`"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A second word changes nothing of the first.
fn say_what_stands(name: &KeyName, before: &Revoked, reason: Option<&str>, terminal: &Terminal) {
    let why = before.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    terminal.say(&format!("`{name}` was revoked already on {}{why}", before.at.local()));
    if reason.is_some() && reason != before.reason.as_deref() {
        terminal.hint(&format!("that stands; to say it anew: `keyctl edit {name} --not-revoked` first"));
    }
}

fn listed(names: &[KeyName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn say_who_notices(name: &KeyName, touched: &Touched, now: Moment, terminal: &Terminal) {
    let rows = touched.rows(now);
    if !rows.is_empty() {
        terminal.say(&format!("revoking `{name}` touches:"));
        terminal.say_rows(&rows);
    }
    touched.notes.iter().for_each(|note| terminal.say(note));
}
