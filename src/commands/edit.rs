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
    differences,
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
    let (changed, lifted, dates, twins) = change(&home, terminal, now, |payload| {
        payload.key(name)?;
        for key in payload.keys.values() {
            details.refuse_secret(&key.value)?;
            key.former.iter().try_for_each(|former| details.refuse_secret(&former.value))?;
        }
        let before = payload.key(name)?.facts.clone();
        let (changed, twins) = payload.step(Deed::Edit, now, |edit| {
            let changed = edit.change(name, |facts| details.put(facts, None))?;
            // It was said of the secret, so it is taken back of the secret, under every name.
            let twins = if details.not_revoked() { edit.unrevoke(name)? } else { Vec::new() };
            Ok((changed || !twins.is_empty(), twins))
        })?;
        let facts = &payload.key(name)?.facts;
        // That a key may be used again must not look like another tag.
        let lifted = details.not_revoked() && (before.revoked.is_some() || !twins.is_empty());
        let mut words = differences::in_words(&differences::between(&before, facts));
        if lifted && before.revoked.is_none() {
            words = "not revoked any more".into();
        }
        let event = Event::new(Action::Edit, now).names([name].into_iter().chain(&twins)).note(words);
        let answer = (changed, lifted, in_words(facts), twins);
        Ok(if changed { Outcome::changed(answer, event) } else { Outcome::AsItWas(answer) })
    })?;
    if arguments.json {
        terminal.json(&json!({ "name": name.as_str(), "changed": changed }))?;
    } else if lifted {
        terminal.say(&format!("changed `{name}`, which is not revoked any more{dates}"));
    } else if changed {
        terminal.say(&format!("changed `{name}`{dates}"));
    } else {
        terminal.say(&format!("nothing was changed: `{name}` is as you said already"));
    }
    for twin in twins {
        terminal.say(&format!("`{twin}` holds the same secret and is not revoked any more either"));
    }
    Ok(ExitCode::SUCCESS)
}
