//! `keyctl revoke`: a key is marked as not to be used. Its secret stays, so that it can still be looked for.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli, config,
    date::Moment,
    history::{Action, Event},
    home::Home,
    name::KeyName,
    rotation::Reaction,
    store::{facts::Revoked, journal::Deed},
    terminal::{Terminal, columns},
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
    let home = Home::find()?;
    let now = Moment::now();
    let name = &arguments.name;
    let reason = arguments.reason.as_deref().map(|text| words("a reason", text)).transpose()?;
    need_someone(arguments.yes, terminal, &format!("revoking `{name}`"))?;
    let config = config::read(&home)?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let secret = &payload.key(name)?.value;
    reason.as_deref().map_or(Ok(()), |reason| refuse_within(secret, reason))?;
    let touched = Touched::by(name, &home, &kept, &payload, &config);
    say_who_notices(name, &touched, now, terminal);
    need_yes(arguments.yes, terminal, &format!("revoking `{name}`"), || {
        format!("let no command use `{name}` any more?")
    })?;
    let changed = change(&home, terminal, now, |payload| {
        let changed = payload.step(Deed::Revoke, now, |edit| {
            edit.change(name, |facts| {
                // Since when it must not be used stays what it was.
                let before = facts.revoked.take();
                let at = before.as_ref().map_or(now, |revoked| revoked.at);
                let reason = reason.clone().or_else(|| before.and_then(|revoked| revoked.reason));
                facts.revoked = Some(Revoked { at, reason });
            })
        })?;
        let event = Event::new(Action::Revoke, now).names([name]);
        let event = match &reason {
            Some(reason) => event.note(reason),
            None => event,
        };
        Ok(if changed { Outcome::changed(true, event) } else { Outcome::AsItWas(false) })
    })?;
    if arguments.json {
        let mut report = touched.json();
        report["name"] = name.as_str().into();
        report["changed"] = json!(changed);
        terminal.json(&report)?;
    } else if changed {
        let plan = config.rotation.plan(name, &payload.key(name)?.facts);
        terminal.say(&match plan.revoked {
            Reaction::Stop => format!("revoked `{name}`: `run` and `env` give it to nothing any more"),
            Reaction::Warn => format!("revoked `{name}`: commands still get it with a warning, as `config.toml` says"),
        });
        terminal.hint(&format!("end it at its issuer too; then `keyctl rotate {name}`"));
    } else {
        terminal.say(&format!("`{name}` is revoked already"));
    }
    Ok(ExitCode::SUCCESS)
}

fn say_who_notices(name: &KeyName, touched: &Touched, now: Moment, terminal: &Terminal) {
    let rows = touched.rows(now);
    if !rows.is_empty() {
        terminal.say(&format!("revoking `{name}` touches:"));
        columns(&rows).lines().for_each(|line| terminal.say(&format!("  {line}")));
    }
    touched.notes.iter().for_each(|note| terminal.say(note));
}
