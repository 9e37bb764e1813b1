//! `keyctl edit`: what is known of a key changes, its secret does not.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    history::{Action, Event},
    home::Home,
    store::journal::Deed,
    terminal::Terminal,
};

use super::{
    change::{Outcome, change},
    details::{Details, in_words},
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
    let (changed, dates, twins) = change(&home, terminal, now, |payload| {
        payload.key(name)?;
        for key in payload.keys.values() {
            details.refuse_secret(&key.value)?;
            key.former.iter().try_for_each(|former| details.refuse_secret(&former.value))?;
        }
        let (changed, twins) = payload.step(Deed::Edit, now, |edit| {
            let changed = edit.change(name, |facts| details.put(facts, None))?;
            // It was said of the secret, so it is taken back of the secret, under every name.
            let twins = if details.not_revoked() { edit.unrevoke(name)? } else { Vec::new() };
            Ok((changed || !twins.is_empty(), twins))
        })?;
        let event = Event::new(Action::Edit, now).names([name].into_iter().chain(&twins));
        let answer = (changed, in_words(&payload.key(name)?.facts), twins);
        Ok(if changed { Outcome::changed(answer, event) } else { Outcome::AsItWas(answer) })
    })?;
    if arguments.json {
        terminal.json(&json!({ "name": name.as_str(), "changed": changed }))?;
    } else if changed {
        terminal.say(&format!("changed `{name}`{dates}"));
    } else {
        terminal.say(&format!("`{name}` is so already"));
    }
    for twin in twins {
        terminal.say(&format!("`{twin}` holds the same secret and is not revoked any more either"));
    }
    Ok(ExitCode::SUCCESS)
}
