//! `keyctl edit` and `keyctl revoke`: what is known of a key changes, its secret does not.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    history::{Action, Event},
    home::Home,
    store::{facts::Revoked, journal::Deed},
    terminal::Terminal,
};

use super::{
    change::{Outcome, change},
    details::{Details, in_words, words},
    versions::need_yes,
};

/// Changes a key's details.
///
/// # Errors
/// `Usage` for what cannot be meant; as the store has them.
pub fn edit(arguments: &cli::Edit, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let now = Moment::now();
    let name = &arguments.name;
    let details = Details::of_edit(arguments, now, terminal)?;
    let (changed, dates) = change(&home, terminal, now, |payload| {
        let changed = payload.step(Deed::Edit, now, |edit| edit.change(name, |facts| details.put(facts, None)))?;
        let answer = (changed, in_words(&payload.key(name)?.facts));
        Ok(if changed {
            Outcome::changed(answer, Event::new(Action::Edit, now).names([name]))
        } else {
            Outcome::AsItWas(answer)
        })
    })?;
    if arguments.json {
        terminal.json(&json!({ "name": name.as_str(), "changed": changed }))?;
    } else if changed {
        terminal.say(&format!("changed `{name}`{dates}"));
    } else {
        terminal.say(&format!("`{name}` is so already"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Marks a key as not to be used. Its secret stays, so that it can still be looked for.
///
/// # Errors
/// `Usage` without a yes; as the store has them.
pub fn revoke(arguments: &cli::Revoke, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let now = Moment::now();
    let name = &arguments.name;
    let reason = arguments.reason.as_deref().map(|text| words("a reason", text)).transpose()?;
    need_yes(arguments.yes, terminal, &format!("revoking `{name}`"), || {
        format!("let no command use `{name}` any more?")
    })?;
    let changed = change(&home, terminal, now, |payload| {
        let changed = payload.step(Deed::Revoke, now, |edit| {
            edit.change(name, |facts| {
                // Since when it must not be used stays what it was.
                let at = facts.revoked.as_ref().map_or(now, |revoked| revoked.at);
                facts.revoked = Some(Revoked { at, reason: reason.clone() });
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
        terminal.json(&json!({ "name": name.as_str(), "revoked": true, "changed": changed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if changed {
        terminal.say(&format!("revoked `{name}`: no command gets it any more"));
        terminal.hint(&format!("end it at its issuer too; then `keyctl rotate {name}`"));
    } else {
        terminal.say(&format!("`{name}` is revoked already"));
    }
    Ok(ExitCode::SUCCESS)
}
