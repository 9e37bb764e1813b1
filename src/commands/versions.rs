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
    secret::Secret,
    store::{
        journal::Deed,
        payload::{Payload, Version},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change, change_as},
    details,
    narrowing::{self, Scene},
    opening,
    returned::Freed,
    rotate::{old_key::say_switched_off, pending},
    stores,
};

/// Lists a key's secrets by their dates: the current one, and the former ones from the latest on. Of a removed key all are.
///
/// # Errors
/// As the store has them.
pub fn versions(arguments: &cli::Versions, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let name = arguments.name.name();
    let key = payload.keys.get(name);
    let removed = payload.removed.iter().rfind(|removed| removed.name == *name);
    if key.is_none() && removed.is_none() {
        return Err(payload.missing(name).into());
    }
    let all = payload.versions_of(name);
    if arguments.json {
        let version = |(at, former): (usize, &Version)| {
            let revoked = former.revoked.cloned().or_else(|| payload.revocation_of(former.value));
            let leaked = former.leaked.cloned().or_else(|| payload.leak_of(former.value));
            json!({
                "version": at + 1, "mark": payload.fingerprint(former.value), "since": former.since,
                "until": former.until, "expires": former.expires, "revoked": revoked.map(|revoked| revoked.at),
                "leaked": leaked.map(|leaked| leaked.at),
                "left_with": payload.left_with(former.value).map(|left| left.who),
                "wiped_from": former.wipe, "removed": former.removed, "is_current": key.is_some_and(|key| former.value.same_as(&key.value)),
            })
        };
        let current = key.map(|key| {
            json!({
                "mark": payload.fingerprint(&key.value), "since": key.facts.changed, "expires": key.facts.expires,
                "revoked": key.facts.revoked.as_ref().map(|revoked| revoked.at),
                "leaked": key.facts.leaked.as_ref().map(|leaked| leaked.at),
                "left_with": key.facts.left_with.as_ref().map(|left| &left.who),
            })
        });
        let former: Vec<Value> = all.iter().enumerate().map(version).collect();
        terminal.json(&json!({ "name": name.as_str(), "current": current, "former": former }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Moment::now();
    let mut rows = vec![["VERSION", "MARK", "SINCE", "UNTIL", "REMARKS"].map(str::to_owned).to_vec()];
    rows.extend(key.map(|key| {
        let of_current = [
            key.facts.revoked.as_ref().map(|_| "revoked".to_owned()),
            key.facts.leaked.as_ref().map(|_| "leaked".to_owned()),
            key.facts.left_with.as_ref().map(|left| format!("left with {}", left.who)),
            key.facts.expires.map(|end| end_in_words(end, now)),
        ];
        let of_current = of_current.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let since = key.facts.changed.local_second();
        vec!["current".into(), payload.fingerprint(&key.value), since, String::new(), of_current]
    }));
    rows.extend(all.iter().enumerate().map(|(at, former)| {
        let (since, until) = (former.since.local_second(), former.until.local_second());
        let said = in_words(former, &payload, now);
        vec![(at + 1).to_string(), payload.fingerprint(former.value), since, until, said]
    }));
    if rows.iter().all(|row| row[4].is_empty() || row[4] == "REMARKS") {
        for row in &mut rows {
            row.truncate(4);
        }
    }
    terminal.table(&rows, &[])?;
    if let Some(removed) = removed.filter(|_| key.is_none()) {
        terminal.say(&format!("`{name}` was removed on {}", removed.removed.local()));
        terminal.hint(&format!("bring it back: `keyctl rollback {name}`"));
    }
    Ok(ExitCode::SUCCESS)
}

fn end_in_words(end: Moment, now: Moment) -> String {
    if end <= now { format!("expired {}", end.local()) } else { format!("expires {}", end.local()) }
}

/// What is to be known of a former secret: also that it is in use again, or was revoked or found under another name.
fn in_words(former: &Version, payload: &Payload, now: Moment) -> String {
    let is_revoked = former.revoked.is_some() || payload.revocation_of(former.value).is_some();
    let is_leaked = former.leaked.is_some() || payload.leak_of(former.value).is_some();
    let is_current = |name: &KeyName| payload.keys.get(name).is_some_and(|key| key.value.same_as(former.value));
    let remarks = [
        at_source(former),
        payload.keys.keys().find(|name| is_current(name)).map(|name| format!("in use as `{name}`")),
        former.removed.map(|_| "of the removed key".to_owned()),
        is_revoked.then(|| "revoked".to_owned()),
        is_leaked.then(|| "leaked".to_owned()),
        payload.left_with(former.value).map(|left| format!("left with {}", left.who)),
        former.expires.map(|end| end_in_words(end, now)),
        former.wipe.map(|moment| format!("kept until {}", moment.local())),
    ];
    remarks.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Where a former secret lies that is not here.
fn at_source(former: &Version) -> Option<String> {
    let remote = former.remote()?;
    Some(match remote.reference.place.version {
        Some(version) => format!("version {version} in source `{}`", remote.source),
        None => format!("in source `{}`", remote.source),
    })
}

/// What is to be known of a former secret beside its dates.
#[must_use]
pub fn remarks(former: &Version) -> String {
    let remarks = [
        former.removed.map(|_| "of the removed key".to_owned()),
        former.revoked.as_ref().map(|_| "revoked".to_owned()),
        former.leaked.as_ref().map(|_| "leaked".to_owned()),
        former.left_with.map(|left| format!("left with {}", left.who)),
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
    let home = Home::of(arguments.name.store())?;
    let now = Moment::now();
    let name = arguments.name.name();
    let doing = format!("bringing a former secret of `{name}` back");
    need_someone(arguments.yes, terminal, &doing)?;
    let kept = opening::identity(&home)?;
    let text = opening::store(&home, &kept, terminal)?;
    let payload = text.read()?;
    let is_removed = !payload.keys.contains_key(name);
    if is_removed && !payload.removed.iter().any(|removed| removed.name == *name) {
        return Err(payload.missing(name).into());
    }
    let to = if is_removed { 1 } else { which(&payload, name, arguments.to.as_ref())? };
    if is_removed && arguments.to.is_some() {
        return Err(Failure::new(Kind::Usage, format!("`{name}` has no key now, so there is nothing to choose from"))
            .hint(format!("bring it back as it was removed: `keyctl rollback {name}`"))
            .into());
    }
    let config = config::read(&home)?;
    #[cfg(feature = "sources")]
    if let Some(back) = super::sourcing::returning::Back::of(&payload, name, to) {
        return back.bring(&home, &config, (&kept, &payload), arguments, terminal);
    }
    let settings = config.rotation;
    say_of_pair(name, &settings, terminal);
    let former = payload.keys.get(name).map(|key| key.former.as_slice()).unwrap_or_default();
    if let Some(former) = former.len().checked_sub(to).and_then(|at| former.get(at)) {
        say_switched_off(&home, &settings.aws_iam, &payload, name, former, terminal);
    }
    let mut after = text.read_as_written()?;
    after.step(Deed::Rollback, now, |edit| edit.roll_back(name, to))?;
    let freed = Freed::of(&home, &after, &after.returned())?;
    let question = || {
        if is_removed {
            let last = payload.removed.iter().rfind(|removed| removed.name == *name);
            let when = last.map(|last| format!(" on {}", last.removed.local())).unwrap_or_default();
            return format!("bring `{name}` back as it was when it was removed{when}?");
        }
        let Some(version) = payload.versions_of(name).into_iter().nth(to - 1) else { return String::new() };
        let remarks = in_words(&version, &payload, now);
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        format!(
            "use secret {to} of `{name}` again, `{}`, which it had from {} to {}{remarks}? The current one is kept",
            payload.fingerprint(version.value),
            version.since.local_second(),
            version.until.local_second(),
        )
    };
    if freed.is_empty() {
        need_yes(arguments.yes, terminal, &doing, question)?;
    } else {
        freed.hold(&Scene { home: &home, kept: &kept, payload: &payload, action: Action::Rollback }, terminal)?;
    }
    let seen = payload;
    let (since, removed) = change_as(&home, terminal, now, |kept, payload| {
        // Also with a yes beforehand: the place that a number or a mark stood for may be another's by now.
        if !is_as_seen(&seen, payload, name) {
            return Err(changed_meanwhile(name, "nothing was brought back"));
        }
        let removed = !payload.keys.contains_key(name);
        payload.step(Deed::Rollback, now, |edit| edit.roll_back(name, to))?;
        if Freed::of(&home, payload, &payload.returned())? != freed {
            return Err(changed_meanwhile(name, "nothing was brought back"));
        }
        narrowing::refuse_more(&Scene { home: &home, kept, payload, action: Action::Rollback }, terminal)?;
        let key = payload.key(name)?;
        details::warn_of_texts(&key.value, payload, terminal);
        let facts = &key.facts;
        if facts.revoked.is_some() {
            terminal.warn(&format!("this secret of `{name}` is revoked"));
        } else if let Some(leaked) = &facts.leaked {
            terminal.warn(&format!("this secret of `{name}` was found in `{}`", leaked.place));
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

/// The number of the former secret that is meant: the latest, or by its number or mark.
fn which(payload: &Payload, name: &KeyName, meant: Option<&cli::Which>) -> Result<usize> {
    let versions = payload.versions_of(name);
    if versions.is_empty() {
        let had_another = payload.keys.get(name).is_some_and(|key| key.facts.changed != key.facts.created);
        let any_more = if had_another { " any more: it was wiped" } else { "" };
        return Err(Failure::new(Kind::Missing, format!("`{name}` has no former secret{any_more}"))
            .hint(format!("keep another one: `keyctl rotate {name}`")));
    }
    let at = match meant {
        None => Some(0),
        Some(cli::Which::Number(number)) => Some(number - 1).filter(|at| *at < versions.len()),
        Some(cli::Which::Mark(mark)) => versions.iter().position(|one| payload.fingerprint(one.value) == *mark),
    };
    at.map(|at| at + 1).ok_or_else(|| {
        Failure::new(Kind::Missing, format!("`{name}` has no such former secret"))
            .hint(format!("see what there is: `keyctl versions {name}`"))
    })
}

/// Half of an access key is none: the other half has to follow.
fn say_of_pair(name: &KeyName, settings: &Settings, terminal: &Terminal) {
    if let Some(pair) = settings.aws_iam.iter().find(|pair| pair.has(name)) {
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
    let home = stores::of_all(&arguments.names)?;
    let now = Moment::now();
    let listed = arguments.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let whose = if arguments.all { "all keys".to_owned() } else { listed };
    let doing = format!("wiping the former secrets of {whose}");
    need_someone(arguments.yes, terminal, &doing)?;
    let kept = opening::identity(&home)?;
    let seen = opening::store(&home, &kept, terminal)?.read()?;
    let has_former = |name: &KeyName| !seen.versions_of(name).is_empty();
    if !arguments.yes && !to_forget(&seen, arguments)?.iter().any(has_former) {
        say_forgotten(0, true, arguments.json, terminal)?;
        return Ok(ExitCode::SUCCESS);
    }
    need_yes(arguments.yes, terminal, &doing, || {
        let these = if arguments.names.len() == 1 { "this name" } else { "these names" };
        let aside = if lies_aside(&home, &kept, &seen, arguments) {
            " A rotator's new secret that lies beside the store goes too; it may be in force."
        } else {
            ""
        };
        format!("wipe the former secrets of {whose} for good, and what was removed under {these}?{aside}")
    })?;
    let _turn = pending::turn(&home)?;
    let (wiped, unfinished, over, is_gone) = change(&home, terminal, now, |payload| {
        let names = to_forget(payload, arguments)?;
        // What the user has said yes to: a secret that was replaced since is perhaps the one in use.
        let is_meant = |name: &KeyName| {
            if arguments.yes { was_former(&seen, payload, name) } else { is_as_seen(&seen, payload, name) }
        };
        if let Some(name) = names.iter().find(|name| !is_meant(name)) {
            return Err(changed_meanwhile(name, "nothing was wiped"));
        }
        let without_key: Vec<KeyName> =
            names.iter().filter(|name| !payload.keys.contains_key(*name)).cloned().collect();
        let over = pending::record_end_of_wiped(&home, &names, payload, terminal)?;
        // Where a key is left, what is unfinished may be its only live secret.
        let unfinished = pending::of(&home, &without_key, payload)?;
        let wiped: usize = names.iter().map(|name| payload.forget_former(name)).sum();
        let event = Event::new(Action::Forget, now).names(&names);
        let is_gone = names.iter().all(|name| without_key.contains(name));
        let answer = (wiped, unfinished, over, is_gone);
        Ok(if wiped == 0 { Outcome::AsItWas(answer) } else { Outcome::changed(answer, event) })
    })?;
    over.into_iter().try_for_each(Unfinished::end)?;
    pending::forget(&home, unfinished, terminal)?;
    say_forgotten(wiped, is_gone, arguments.json, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a new secret lies beside the store for a removed key that is to be forgotten.
fn lies_aside(home: &Home, kept: &opening::Kept, seen: &Payload, arguments: &cli::Forget) -> bool {
    let is_meant = |name: &KeyName| arguments.all || arguments.names.iter().any(|path| path.name() == name);
    let is_removed = |name: &KeyName| !seen.keys.contains_key(name) && is_meant(name);
    pending::find(home, kept, seen).0.iter().any(|work| work.has_secret && work.names.iter().any(is_removed))
}

/// Says how many were wiped, and that current ones stay where there are any.
fn say_forgotten(wiped: usize, is_gone: bool, as_json: bool, terminal: &Terminal) -> Result<()> {
    if as_json {
        return terminal.json(&json!({ "wiped": wiped }));
    }
    if wiped == 0 {
        terminal.say("there are no former secrets");
        return Ok(());
    }
    let stay = if is_gone { "" } else { "; the current ones stay" };
    terminal.say(&format!("wiped {} for good{stay}", count(wiped, "former secret")));
    terminal.hint("older copies of `store.age`, such as backups, still hold them");
    Ok(())
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
    let names: Vec<KeyName> = arguments.names.iter().map(|path| path.name().clone()).collect();
    let unknown = names.iter().find(|name| {
        !payload.keys.contains_key(*name) && !payload.removed.iter().any(|removed| removed.name == **name)
    });
    match unknown {
        Some(name) => Err(payload.missing(name)),
        None => Ok(names),
    }
}

/// Whether all that was ever kept under a name is what it was.
pub fn is_as_seen(seen: &Payload, payload: &Payload, name: &KeyName) -> bool {
    let secrets = |payload: &Payload| -> Vec<Secret> {
        let current = payload.keys.get(name).map(|key| &key.value);
        let versions = payload.versions_of(name);
        current.into_iter().chain(versions.iter().map(|version| version.value)).map(Secret::copy).collect()
    };
    let (before, now) = (secrets(seen), secrets(payload));
    let had_key = seen.keys.contains_key(name);
    had_key == payload.keys.contains_key(name)
        && before.len() == now.len()
        && before.iter().zip(&now).all(|(one, other)| one.same_as(other))
}

/// Whether all that would be wiped under a name was a former secret of it before.
fn was_former(seen: &Payload, payload: &Payload, name: &KeyName) -> bool {
    let before = seen.versions_of(name);
    payload.versions_of(name).iter().all(|version| before.iter().any(|other| other.value.same_as(version.value)))
}

/// The failure for a yes that was said of something else.
pub fn changed_meanwhile(name: &KeyName, what: &str) -> Failure {
    Failure::new(Kind::Negative, format!("`{name}` was changed meanwhile; {what}"))
        .hint(format!("look again: `keyctl versions {name}`"))
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
