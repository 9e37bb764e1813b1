//! `keyctl versions`, `rollback` and `forget`: the secrets a key had before.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::KeyName,
    rotation::Settings,
    rotator::unfinished::Unfinished,
    store::{
        journal::Deed,
        payload::{Payload, Version},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    details, opening,
    rotate::{old_key::say_switched_off, pending},
};

/// Lists a key's secrets by their dates: the current one, and the former ones from the latest on.
///
/// # Errors
/// As the store has them.
pub fn versions(arguments: &cli::Versions, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let name = &arguments.name;
    let Some(key) = payload.keys.get(name) else {
        let removed = payload.removed.iter().rfind(|removed| removed.name == *name);
        let removed = removed.ok_or_else(|| payload.missing(name))?;
        return Err(Failure::new(Kind::Missing, format!("`{name}` was removed on {}", removed.removed.local()))
            .hint(format!("bring it back: `keyctl rollback {name}`"))
            .into());
    };
    let all = payload.versions_of(name);
    let former = || all.iter().enumerate();
    if arguments.json {
        let version = |(at, former): (usize, &Version)| {
            json!({
                "version": at + 1, "since": former.since, "until": former.until, "expires": former.expires,
                "revoked": former.revoked.as_ref().map(|revoked| revoked.at), "wiped_from": former.wipe,
                "removed": former.removed,
            })
        };
        let current = json!({ "since": key.facts.changed, "expires": key.facts.expires });
        let former: Vec<Value> = former().map(version).collect();
        terminal.json(&json!({ "name": name.as_str(), "current": current, "former": former }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["VERSION", "SINCE", "UNTIL", ""].map(str::to_owned).to_vec()];
    rows.push(vec!["current".into(), key.facts.changed.local()]);
    rows.extend(
        former().map(|(at, former)| {
            vec![(at + 1).to_string(), former.since.local(), former.until.local(), remarks(former)]
        }),
    );
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be known of a former secret beside its dates.
#[must_use]
pub fn remarks(former: &Version) -> String {
    let remarks = [
        former.removed.map(|_| "of the removed key".to_owned()),
        former.revoked.as_ref().map(|_| "revoked".to_owned()),
        former.expires.map(|moment| format!("expires {}", moment.local())),
        former.wipe.map(|moment| format!("kept until {}", moment.local())),
    ];
    remarks.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Brings a former secret, or a removed key, back.
///
/// # Errors
/// `Missing` when there is none; `Usage` without a yes.
pub fn rollback(arguments: &cli::Rollback, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let now = Moment::now();
    let name = &arguments.name;
    let doing = format!("bringing a former secret of `{name}` back");
    need_someone(arguments.yes, terminal, &doing)?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let is_removed = !payload.keys.contains_key(name);
    if is_removed && !payload.removed.iter().any(|removed| removed.name == *name) {
        return Err(payload.missing(name).into());
    }
    if !is_removed && payload.versions_of(name).len() < arguments.to.unwrap_or(1) {
        return Err(Failure::new(Kind::Missing, format!("`{name}` has no such former secret"))
            .hint(format!("see what there is: `keyctl versions {name}`"))
            .into());
    }
    if is_removed && arguments.to.is_some() {
        return Err(Failure::new(Kind::Usage, format!("`{name}` has no key now, so there is nothing to choose from"))
            .hint(format!("bring it back as it was removed: `keyctl rollback {name}`"))
            .into());
    }
    let settings = config::read(&home)?.rotation;
    say_of_pair(name, &settings, terminal);
    let former = payload.keys.get(name).map(|key| key.former.as_slice()).unwrap_or_default();
    if let Some(former) = former.len().checked_sub(arguments.to.unwrap_or(1)).and_then(|at| former.get(at)) {
        say_switched_off(&home, &settings.aws_iam, &payload, name, former, terminal);
    }
    need_yes(arguments.yes, terminal, &doing, || {
        let which = match arguments.to {
            None | Some(1) => "the secret before this one".to_owned(),
            Some(number) => format!("former secret {number}"),
        };
        if is_removed {
            format!("bring `{name}` back as it was when it was removed?")
        } else {
            format!("use {which} of `{name}` again? The current one is kept")
        }
    })?;
    let (since, removed) = change(&home, terminal, now, |payload| {
        let removed = !payload.keys.contains_key(name);
        payload.step(Deed::Rollback, now, |edit| edit.roll_back(name, arguments.to.unwrap_or(1)))?;
        let key = payload.key(name)?;
        details::warn_of_texts(&key.value, payload, terminal);
        let facts = &key.facts;
        if facts.revoked.is_some() {
            terminal.warn(&format!("this secret of `{name}` is revoked"));
        } else if facts.expires.is_some_and(|moment| moment <= now) {
            terminal.warn(&format!("this secret of `{name}` is expired"));
        }
        Ok(Outcome::changed((facts.changed, removed), Event::new(Action::Rollback, now).names([name])))
    })?;
    if arguments.json {
        terminal.json(&json!({ "name": name.as_str(), "since": since, "was_removed": removed }))?;
    } else if removed {
        terminal.say(&format!("`{name}` is back"));
    } else {
        terminal.say(&format!("`{name}` has the secret again that was kept on {}", since.local()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Half of an access key is none: the other half has to follow.
fn say_of_pair(name: &KeyName, settings: &Settings, terminal: &Terminal) {
    if let Some(pair) = settings.aws_iam.iter().find(|pair| pair.id == *name || pair.secret == *name) {
        let other = if pair.id == *name { &pair.secret } else { &pair.id };
        terminal.warn(&format!("`{name}` and `{other}` are one access key of AWS: `{other}` stays as it is"));
        terminal.hint("`keyctl undo` takes both back; a key that was replaced is switched off at AWS");
    }
}

/// Wipes former secrets for good.
///
/// # Errors
/// `Usage` without a yes; as the store has them.
pub fn forget(arguments: &cli::Forget, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let now = Moment::now();
    let listed = arguments.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let whose = if arguments.all { "all keys".to_owned() } else { listed };
    let doing = format!("wiping the former secrets of {whose}");
    need_someone(arguments.yes, terminal, &doing)?;
    if !arguments.yes {
        let kept = opening::identity(&home)?;
        to_forget(&opening::store(&home, &kept, terminal)?.read()?, arguments)?;
    }
    need_yes(arguments.yes, terminal, &doing, || {
        format!("wipe the former secrets of {whose} for good, and what was removed under these names?")
    })?;
    let _turn = pending::turn(&home)?;
    let (wiped, without_key, over) = change(&home, terminal, now, |payload| {
        let names = to_forget(payload, arguments)?;
        let without_key: Vec<KeyName> =
            names.iter().filter(|name| !payload.keys.contains_key(*name)).cloned().collect();
        let over = pending::about_to_be_wiped(&home, &names, payload, terminal)?;
        let wiped: usize = names.iter().map(|name| payload.forget_former(name)).sum();
        let event = Event::new(Action::Forget, now).names(&names);
        let answer = (wiped, without_key, over);
        Ok(if wiped == 0 { Outcome::AsItWas(answer) } else { Outcome::changed(answer, event) })
    })?;
    over.into_iter().try_for_each(Unfinished::end)?;
    // Where a key is left, what is unfinished may be its only live secret.
    pending::forget(&home, &without_key, terminal)?;
    if arguments.json {
        terminal.json(&json!({ "wiped": wiped }))?;
    } else if wiped == 0 {
        terminal.say("there are no former secrets");
    } else {
        terminal.say(&format!("wiped {} for good; the current ones stay", count(wiped, "former secret")));
        terminal.hint("older copies of `store.age`, such as backups, still hold them");
    }
    Ok(ExitCode::SUCCESS)
}

/// The names whose former secrets are to be wiped. Each must be one that a key has or had.
fn to_forget(payload: &Payload, arguments: &cli::Forget) -> Result<Vec<KeyName>> {
    let removed = payload.removed.iter().map(|removed| &removed.name);
    if arguments.all {
        let with_former = payload.keys.iter().filter(|(_, key)| !key.former.is_empty()).map(|(name, _)| name);
        let mut names: Vec<KeyName> = with_former.chain(removed).cloned().collect();
        names.sort();
        names.dedup();
        return Ok(names);
    }
    let unknown = arguments.names.iter().find(|name| {
        !payload.keys.contains_key(*name) && !payload.removed.iter().any(|removed| removed.name == **name)
    });
    match unknown {
        Some(name) => Err(payload.missing(name)),
        None => Ok(arguments.names.clone()),
    }
}

/// Makes sure that a yes was given or can be, before anything is opened for the question.
///
/// # Errors
/// `Usage` where there is nobody to ask.
pub(super) fn need_someone(given: bool, terminal: &Terminal, doing: &str) -> Result<()> {
    if given || terminal.can_ask() {
        return Ok(());
    }
    Err(Failure::new(Kind::Usage, format!("{doing} needs a yes")).hint("without a terminal: `--yes`"))
}

/// Asks for a yes where none was given.
///
/// # Errors
/// `Usage` where there is nobody to ask, `Negative` for a no.
pub(super) fn need_yes(given: bool, terminal: &Terminal, doing: &str, question: impl FnOnce() -> String) -> Result<()> {
    if given {
        return Ok(());
    }
    need_someone(given, terminal, doing)?;
    if terminal.confirm(&question())? { Ok(()) } else { Err(Failure::new(Kind::Negative, "nothing was changed")) }
}
