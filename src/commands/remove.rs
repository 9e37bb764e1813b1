//! `keyctl remove`: keys go from the list, or for good.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    store::{journal::Deed, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    opening,
    rotate::pending,
    sourcing, stores,
    versions::{changed_meanwhile, is_as_seen, need_someone},
};

/// Removes keys: all of them or, if one is missing, none.
///
/// # Errors
/// As the store has them; `Usage` without a yes.
pub fn remove(arguments: &cli::Remove, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = stores::of_all(&arguments.names)?;
    let mut names: Vec<KeyName> = arguments.names.iter().map(|path| path.name().clone()).collect();
    names.sort();
    names.dedup();
    let names = &names;
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut seen = None;
    if !arguments.yes {
        need_someone(false, terminal, &format!("removing {listed}"))?;
        seen = Some(look_for(&home, names, arguments.forget, terminal)?);
        let what = if arguments.forget { "for good, with every former secret" } else { "from the list of keys" };
        if !terminal.confirm(&format!("remove {listed} {what}?"))? {
            return Err(Failure::new(Kind::Negative, "nothing was removed").into());
        }
    }
    // A rotator that is at work comes to its end first.
    let turn = if arguments.forget { Some(pending::turn(&home)?) } else { None };
    let now = Moment::now();
    let unfinished = change(&home, terminal, now, |payload| {
        // What the user has said yes to: the name may be another key's by now, or have another secret.
        if let Some(name) = seen.as_ref().and_then(|seen| names.iter().find(|name| !is_as_seen(seen, payload, name))) {
            return Err(changed_meanwhile(name, "nothing was removed"));
        }
        let mut unfinished = Vec::new();
        if arguments.forget {
            unfinished = pending::of(&home, names, payload)?;
            names.iter().try_for_each(|name| payload.forget(name))?;
        } else {
            payload.step(Deed::Remove, now, |edit| names.iter().try_for_each(|name| edit.remove(name)))?;
        }
        Ok(Outcome::changed(unfinished, Event::new(Action::Remove, now).names(names)))
    })?;
    if turn.is_some() {
        pending::forget(&home, unfinished, terminal)?;
    }
    if arguments.json {
        terminal.json(
            &json!({ "removed": names.iter().map(KeyName::as_str).collect::<Vec<_>>(), "forgotten": arguments.forget }),
        )?;
    } else if arguments.forget {
        terminal.say(&format!("removed {listed} for good"));
    } else {
        let (them, those) = if names.len() == 1 { ("it", "its secret") } else { ("them", "their secrets") };
        terminal.say(&format!(
            "removed {}: {listed}; `keyctl undo` brings {them} back, `keyctl forget` wipes {those}",
            count(names.len(), "key")
        ));
    }
    sourcing::say_of_credentials(&home, names, terminal);
    Ok(ExitCode::SUCCESS)
}

/// Makes sure that there is something to ask about: nobody is asked about a name that is not there, which may be a slip
/// and may be a secret. Gives what there was when somebody was asked.
fn look_for(home: &Home, names: &[KeyName], forget: bool, terminal: &Terminal) -> Result<Payload> {
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    let was_removed = |name: &KeyName| payload.removed.iter().any(|removed| removed.name == *name);
    let is_there = |name: &KeyName| payload.keys.contains_key(name) || (forget && was_removed(name));
    match names.iter().find(|name| !is_there(name)) {
        Some(name) => Err(payload.missing(name)),
        None => Ok(payload),
    }
}
