//! `keyctl undo`: take the last change to the store back.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    store::journal::{self, Deed, Step},
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    opening,
    rotate::{old_key::say_switched_off, pending},
    versions::{need_someone, need_yes},
};

/// Takes the latest step back, lets it stand for good, or lists what there is.
///
/// # Errors
/// `Negative` when there is nothing to take back; `Usage` without a yes; as the store has them.
pub fn undo(arguments: &cli::Undo, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let now = Moment::now();
    let doing = if arguments.skip { "letting a change stand" } else { "taking a change back" };
    need_someone(arguments.yes || arguments.list, terminal, doing)?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    if arguments.list {
        return list(&payload.steps, arguments.json, now, terminal);
    }
    let Some(latest) = payload.latest_step(now) else {
        return Err(journal::nothing().into());
    };
    if latest.deed == Deed::Rotate && !arguments.skip {
        terminal.hint("this changes nothing at the issuer: make sure that the former secret still works there");
        let pairs = config::read(&home)?.rotation.aws_iam;
        for pair in &pairs {
            let key = payload.keys.get(&pair.id).filter(|_| latest.names().any(|name| *name == pair.id));
            if let Some(former) = key.and_then(|key| key.former.iter().rfind(|f| f.step == Some(latest.number))) {
                say_switched_off(&pairs, &payload, &pair.id, former, terminal);
            }
        }
    }
    let what = format!("{}, {}", in_words(latest), latest.at.ago(now));
    let question = match payload.standing_with_latest() {
        _ if !arguments.skip => format!("take back: {what}?"),
        0 => format!("let this stand for good: {what}?"),
        more => format!("let this stand for good: {what}, and {} of the same before it?", count(more, "change")),
    };
    need_yes(arguments.yes, terminal, doing, || question)?;
    let meant = latest.clone();
    let _turn = match &meant.renamed {
        Some((from, to)) if !arguments.skip => {
            let turn = pending::turn(&home)?;
            pending::refuse_to_rename(&home, to, from)?;
            Some(turn)
        }
        _ => None,
    };
    let step = change(&home, terminal, now, |payload| {
        // What the user has said yes to, and not what another keyctl has done since.
        if payload.latest_step(now) != Some(&meant) {
            return Err(Failure::new(Kind::Negative, "the store was changed meanwhile; nothing was taken back")
                .hint("look again: `keyctl undo --list`"));
        }
        let names = |step: &Step| -> Vec<KeyName> { step.names().cloned().collect() };
        if arguments.skip {
            let step = payload.pass_over_latest_step()?;
            let event = Event::new(Action::Undo, now).names(&names(&step)).outcome("passed over");
            return Ok(Outcome::changed(step, event));
        }
        let step = payload.undo(now)?;
        let event = Event::new(Action::Undo, now).names(&names(&step)).note(in_words(&step));
        Ok(Outcome::changed(step, event))
    })?;
    if arguments.json {
        terminal.json(&as_json(&step))?;
    } else if arguments.skip {
        terminal.say(&format!("stands for good: {}", in_words(&step)));
    } else {
        terminal.say(&format!("took back: {}", in_words(&step)));
    }
    Ok(ExitCode::SUCCESS)
}

fn list(steps: &[Step], as_list: bool, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let latest_first = || steps.iter().rev().filter(|step| step.can_be_taken_back(now));
    if as_list {
        terminal.json(&latest_first().map(as_json).collect::<Vec<Value>>().into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if latest_first().next().is_none() {
        terminal.say(&journal::nothing().message);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["WHEN", "WHAT"].map(str::to_owned).to_vec()];
    rows.extend(latest_first().map(|step| vec![step.at.ago(now), in_words(step)]));
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

/// A step in words: `rename of a to b`, `import of 12 keys (a, b, c, …)`.
fn in_words(step: &Step) -> String {
    if let Some((from, to)) = &step.renamed {
        return format!("rename of `{from}` to `{to}`");
    }
    let mut names: Vec<&KeyName> = step.names().collect();
    names.sort();
    let deed = step.deed.word();
    if let [name] = names[..] {
        let new = if step.deed == Deed::Set && !step.added.is_empty() { "the new key " } else { "" };
        return format!("{deed} of {new}`{name}`");
    }
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 3 { ", …" } else { "" };
    format!("{deed} of {} ({}{more})", count(names.len(), "key"), shown.join(", "))
}

fn as_json(step: &Step) -> Value {
    let names: Vec<&str> = step.names().map(KeyName::as_str).collect();
    json!({ "at": step.at, "deed": step.deed.word(), "names": names, "renamed_from": step.renamed.as_ref().map(|(from, _)| from.as_str()) })
}
