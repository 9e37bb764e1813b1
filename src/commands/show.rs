//! `keyctl show` and `keyctl list`: what is known of keys, never their secrets.

use std::{collections::BTreeSet, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::Kind as FailureKind,
    home::Home,
    issuer::{self, Kind},
    name::Tag,
    reference::Remote,
    rotation::{Reaction, ReasonFrom, Settings, State},
    store::{
        limits::Limits,
        payload::{Former, Key},
    },
    terminal::{Terminal, count},
};

use super::{
    judging::{self, Clock, Judged},
    opening, several, versions,
};

/// So many former secrets are shown with their dates; `versions` shows all.
const SHOWN: usize = 3;

/// Shows one key.
///
/// # Errors
/// As the store has them.
pub fn show(arguments: &cli::Show, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let settings = config::read(&home)?.rotation;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let key = payload.key(&arguments.name)?;
    let clock = Clock::of(&kept, &payload, Moment::now());
    let judged = Judged::new(&arguments.name, key, &settings, clock);
    if arguments.json {
        terminal.json(&as_json(&judged, &settings))?;
        return Ok(ExitCode::SUCCESS);
    }
    let print = format!("to print it: `{} get {}`", terminal.program(), arguments.name);
    let secret = if let Some(Remote { source, reference }) = key.remote() {
        format!("in source `{source}`, at `{reference}` ({print})")
    } else {
        let form = if key.value.is_text() { "text" } else { "bytes that are no text" };
        format!("{}, {form} ({print})", count(key.value.len(), "byte"))
    };
    let mut rows = vec![row("name", arguments.name.to_string()), row("secret", secret)];
    rows.extend(dates(&judged, clock));
    rows.extend(notes(&judged));
    rows.extend(limits(&judged, &settings));
    rows.extend(former(&judged));
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

fn row(about: &str, said: impl Into<String>) -> Vec<String> {
    vec![about.to_owned(), said.into()]
}

fn dates(judged: &Judged, clock: Clock) -> Vec<Vec<String>> {
    let (facts, outlook) = (&judged.key.facts, &judged.outlook);
    let when = |moment: Moment| format!("{} ({})", moment.local(), moment.from_now(clock.judged));
    let mut rows = vec![row("kept since", when(facts.created))];
    if !outlook.never_rotated {
        rows.push(row("changed", when(facts.changed)));
    }
    if outlook.state != State::Fresh {
        rows.push(row("state", judged.words()));
    }
    if let Some(revoked) = &facts.revoked {
        let why = revoked.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        rows.push(row("revoked", when(revoked.at) + &why));
    }
    if let Some(leaked) = &facts.leaked {
        rows.push(row("leaked", format!("found {} in `{}`", when(leaked.at), leaked.place)));
    }
    if let Some(left) = &facts.left_with {
        rows.push(row("left", format!("with `{}`, who was removed {}", left.who, when(left.at))));
    }
    if let Some(expires) = outlook.expires {
        rows.push(row("expires", when(expires)));
    }
    if let (Some(every), Some(rotate_by)) = (outlook.every, outlook.rotate_by) {
        let of = if judged.plan_of() == Some("config") { ", as `config.toml` says" } else { "" };
        rows.push(row("replace", format!("every {}{of}: {}", every.words(), when(rotate_by))));
    }
    if let Some(until) = outlook.snoozed {
        rows.push(row("snoozed", format!("until {}", when(until))));
    }
    if facts.frozen {
        rows.push(row("frozen", "for the proxy: none uses it (`keyctl proxy unfreeze`)"));
    }
    rows
}

fn notes(judged: &Judged) -> Vec<Vec<String>> {
    let facts = &judged.key.facts;
    let kind = judged.key.secret().and_then(issuer::recognise).map(|recognised| recognised.kind);
    let usual = kind.and_then(Kind::period).filter(|_| judged.plan.every.is_none());
    let usual = usual.map(|period| format!("; usually replaced every {}", period.words())).unwrap_or_default();
    let what = kind.map(|kind| format!("{}{usual}", kind.name()));
    let page = facts.url.as_deref().or(kind.and_then(Kind::url)).map(str::to_owned);
    let tags: Vec<&str> = facts.tags.iter().map(Tag::as_str).collect();
    let tags = (!tags.is_empty()).then(|| tags.join(", "));
    let notes = [("kind", what), ("page", page), ("note", facts.note.clone()), ("tags", tags)];
    notes.into_iter().filter_map(|(about, said)| Some(row(about, said?))).collect()
}

/// What it may be used for, a row each, and where that is said.
fn limits(judged: &Judged, settings: &Settings) -> Vec<Vec<String>> {
    let (facts, plan) = (&judged.key.facts, &judged.plan);
    let mut said = limits_in_words(&facts.limits);
    let of_config = settings.limits_for(judged.name, facts).flat_map(|(_, limits)| limits_in_words(limits));
    let reason = match plan.reason {
        _ if facts.limits.reason => None,
        ReasonFrom::Nobody => None,
        ReasonFrom::Agents => Some("needs a reason of agents".to_owned()),
        ReasonFrom::Everybody => Some(REASON.to_owned()),
    };
    let ends = plan.expired == Reaction::Stop && !facts.limits.stop_expired;
    let of_config = of_config.chain(reason).chain(ends.then(|| ENDED.to_owned()));
    said.extend(of_config.map(|said| format!("{said}, as `config.toml` says")));
    let about = |at| if at == 0 { "limits" } else { "" };
    said.into_iter().enumerate().map(|(at, said)| row(about(at), said)).collect()
}

const REASON: &str = "needs a reason";
const ENDED: &str = "not given once it has ended";

fn limits_in_words(limits: &Limits) -> Vec<String> {
    let Limits { projects, programs, variables, terminal, ask, proxy_only, reason, stop_expired, hide_from_agents } =
        limits;
    let paths = |lead: &str, paths: &Option<BTreeSet<String>>| {
        let paths: Vec<String> = paths.as_ref()?.iter().map(|path| format!("`{path}`")).collect();
        Some(format!("{lead} {}", if paths.is_empty() { "nothing".to_owned() } else { paths.join(", ") }))
    };
    let flags = [
        (proxy_only, "for the proxy alone"),
        (terminal, "needs a terminal"),
        (ask, "needs a yes each time"),
        (reason, REASON),
        (stop_expired, ENDED),
        (hide_from_agents, "hidden from agents"),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| **is_set).map(|(_, words)| words.to_owned());
    let variables = Some(variables.clone()).filter(|variables| !variables.is_empty());
    let paths = [paths("only in", projects), paths("only for", programs), paths("lets through", &variables)];
    paths.into_iter().flatten().chain(flags).collect()
}

/// The same for a column: a word each, whoever says it.
#[must_use]
pub fn limits_in_short<'l>(all: impl Iterator<Item = &'l Limits>) -> String {
    let all = all.fold(Limits::default(), |all, limits| all.and(limits));
    let words = [
        (all.projects.is_some(), "projects"),
        (all.programs.is_some(), "programs"),
        (all.proxy_only, "proxy"),
        (all.terminal, "terminal"),
        (all.ask, "ask"),
        (all.reason, "reason"),
        (all.stop_expired, "until its end"),
        (all.hide_from_agents, "hidden"),
    ];
    words.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

fn limits_as_json(of: &str, entry: Option<&str>, limits: &Limits) -> Value {
    let Limits { projects, programs, variables, terminal, ask, proxy_only, reason, stop_expired, hide_from_agents } =
        limits;
    json!({
        "of": of,
        "entry": entry,
        "projects": projects,
        "programs": programs,
        "with_variables": variables,
        "terminal": terminal,
        "ask": ask,
        "proxy_only": proxy_only,
        "require_reason": reason,
        "stop_expired": stop_expired,
        "hide_from_agents": hide_from_agents,
    })
}

fn former(Judged { name, key, .. }: &Judged) -> Vec<Vec<String>> {
    let line = |(at, former): (usize, &Former)| {
        let remarks = versions::remarks(&former.into());
        let remarks = if remarks.is_empty() { remarks } else { format!("; {remarks}") };
        row(&format!("former {}", at + 1), format!("{} to {}{remarks}", former.since.local(), former.until.local()))
    };
    let mut rows: Vec<_> = key.former.iter().rev().enumerate().take(SHOWN).map(line).collect();
    if let more @ 1.. = key.former.len().saturating_sub(SHOWN) {
        rows.push(row("", format!("and {more} more: `keyctl versions {name}`")));
    }
    rows
}

/// Lists all keys.
///
/// # Errors
/// As the store has them. That no key was ever kept is a failure, but an empty list in JSON.
pub fn list(arguments: &cli::List, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let settings = config::read(&home)?.rotation;
    let kept = match opening::identity(&home) {
        Err(failure) if arguments.json && failure.kind == FailureKind::Missing => {
            terminal.json(&Value::Array(Vec::new()))?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other.map_err(|failure| several::hint_others(failure, &home, "list"))?,
    };
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let clock = Clock::of(&kept, &payload, Moment::now());
    let judged = judging::tagged(judging::all(&payload, &settings, clock), arguments.tag.as_ref())?;
    if arguments.json {
        terminal.json(&judged.iter().map(|key| as_json(key, &settings)).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if judged.is_empty() {
        terminal.say("no key is kept");
    } else {
        terminal.table(&table(&judged, &settings, clock), &[])?;
    }
    several::say_others(&home, "list", terminal);
    Ok(ExitCode::SUCCESS)
}

/// A row for each key, with what is next for it where any key has a date.
fn table(judged: &[Judged], settings: &Settings, clock: Clock) -> Vec<Vec<String>> {
    let mut rows = vec![["NAME", "CHANGED", "FORMER"].map(str::to_owned).to_vec()];
    rows.extend(judged.iter().map(|Judged { name, key, .. }| {
        let former = if key.former.is_empty() { String::new() } else { key.former.len().to_string() };
        vec![name.to_string(), key.facts.changed.ago(clock.judged), former]
    }));
    if judged.iter().any(|key| key.moment().is_some()) {
        let due = judged.iter().map(|key| next(key, clock));
        for (row, due) in rows.iter_mut().zip(["DUE".to_owned()].into_iter().chain(due)) {
            row.insert(2, due);
        }
    }
    if judged.iter().any(|key| key.key.facts.source.is_some()) {
        let source = |key: &Judged| key.key.facts.source.as_ref().map(ToString::to_string).unwrap_or_default();
        for (row, source) in rows.iter_mut().zip(["SOURCE".to_owned()].into_iter().chain(judged.iter().map(source))) {
            row.push(source);
        }
    }
    let limits = judged.iter().map(|Judged { name, key, .. }| {
        let config = settings.limits_for(name, &key.facts).map(|(_, limits)| limits);
        limits_in_short([&key.facts.limits].into_iter().chain(config))
    });
    let limits: Vec<String> = limits.collect();
    if limits.iter().any(|limits| !limits.is_empty()) {
        for (row, limits) in rows.iter_mut().zip(["LIMITS".to_owned()].into_iter().chain(limits)) {
            row.push(limits);
        }
    }
    rows
}

fn next(key: &Judged, clock: Clock) -> String {
    let when = key.moment().map(|moment| moment.from_now(clock.judged)).unwrap_or_default();
    match key.outlook.state {
        State::Revoked => "revoked".to_owned(),
        State::Leaked => "leaked".to_owned(),
        State::Expired => format!("expired {when}"),
        State::Due | State::Soon | State::Fresh => when,
    }
}

fn as_json(judged: &Judged, settings: &Settings) -> Value {
    let Key { value, former, facts: own } = judged.key;
    let own_limits =
        Some(&own.limits).filter(|limits| !limits.is_empty()).map(|limits| limits_as_json("key", None, limits));
    let of_config = settings.limits_for(judged.name, own);
    let of_config = of_config.map(|(of, limits)| limits_as_json("config", Some(&of.to_string()), limits));
    let mut facts = judged.as_json();
    let (remote, here) = (judged.key.remote(), own.source.is_none());
    facts["bytes"] = here.then(|| value.len()).into();
    facts["text"] = here.then(|| value.is_text()).into();
    facts["kind"] = issuer::recognise(value).filter(|_| here).map(|recognised| recognised.kind.id()).into();
    if let Some(Remote { source, reference }) = remote {
        facts["source"] = source.to_string().into();
        facts["ref"] = reference.to_string().into();
    }
    facts["limits"] = own_limits.into_iter().chain(of_config).collect();
    facts["former"] = former.iter().map(former_as_json).collect();
    facts
}

fn former_as_json(former: &Former) -> Value {
    let mut said = json!({
        "since": former.since,
        "until": former.until,
        "expires": former.expires,
        "revoked": former.revoked.as_ref().map(|revoked| revoked.at),
        "leaked": former.leaked.as_ref().map(|leaked| leaked.at),
        "left_with": former.left_with.as_ref().map(|left| &left.who),
        "wiped_from": former.wipe,
    });
    if let Some(source) = &former.source {
        said["source"] = source.as_str().into();
    }
    said
}
