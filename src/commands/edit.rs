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
    let (changed, dates) = change(&home, terminal, now, |payload| {
        details.refuse_secret(&payload.key(name)?.value)?;
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
