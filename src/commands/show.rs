//! `keyctl show` and `keyctl list`: what is known of keys, never their secrets.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::Kind as FailureKind,
    home::Home,
    issuer::{self, Kind},
    name::Tag,
    rotation::State,
    store::payload::{Former, Key},
    terminal::{Terminal, count},
};

use super::{
    judging::{self, Clock, Judged},
    opening, versions,
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
        terminal.json(&as_json(&judged))?;
        return Ok(ExitCode::SUCCESS);
    }
    let form = if key.value.is_text() { "text" } else { "bytes that are no text" };
    let bytes = count(key.value.len(), "byte");
    let print = format!("{} get {}", terminal.program(), arguments.name);
    let mut rows = vec![
        vec!["name".to_owned(), arguments.name.to_string()],
        vec!["secret".into(), format!("{bytes}, {form} (to print it: `{print}`)")],
    ];
    rows.extend(dates(&judged, clock));
    rows.extend(notes(&judged));
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
    rows
}

fn notes(judged: &Judged) -> Vec<Vec<String>> {
    let facts = &judged.key.facts;
    let kind = issuer::recognise(&judged.key.value).map(|recognised| recognised.kind);
    let usual = kind.and_then(Kind::period).filter(|_| judged.plan.every.is_none());
    let usual = usual.map(|period| format!("; usually replaced every {}", period.words())).unwrap_or_default();
    let what = kind.map(|kind| format!("{}{usual}", kind.name()));
    let page = facts.url.as_deref().or(kind.and_then(Kind::url)).map(str::to_owned);
    let tags: Vec<&str> = facts.tags.iter().map(Tag::as_str).collect();
    let tags = (!tags.is_empty()).then(|| tags.join(", "));
    let notes = [("kind", what), ("page", page), ("note", facts.note.clone()), ("tags", tags)];
    notes.into_iter().filter_map(|(about, said)| Some(row(about, said?))).collect()
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
        other => other.map_err(|failure| match others(&home) {
            Some(others) if failure.kind == FailureKind::Missing => failure.hint(others),
            _ => failure,
        })?,
    };
    let payload = opening::store(&home, &kept, terminal)?.read()?;
    let clock = Clock::of(&kept, &payload, Moment::now());
    let judged = judging::tagged(judging::all(&payload, &settings, clock), arguments.tag.as_ref())?;
    if arguments.json {
        terminal.json(&judged.iter().map(as_json).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if judged.is_empty() {
        terminal.say("no key is kept");
    } else {
        terminal.table(&table(&judged, clock), &[])?;
    }
    if let Some(others) = others(&home) {
        terminal.say(&others);
    }
    Ok(ExitCode::SUCCESS)
}

/// That there are keys in other stores too, for who looks at the personal one.
fn others(home: &Home) -> Option<String> {
    let others = if home.store().is_some() { Vec::new() } else { Home::all().unwrap_or_default() };
    let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("other stores: {}; see `keyctl list --store NAME`", names.join(", ")))
}

/// A row for each key, with what is next for it where any key has a date.
fn table(judged: &[Judged], clock: Clock) -> Vec<Vec<String>> {
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

fn as_json(judged: &Judged) -> Value {
    let Key { value, former, .. } = judged.key;
    let mut facts = judged.as_json();
    facts["bytes"] = value.len().into();
    facts["text"] = value.is_text().into();
    facts["kind"] = issuer::recognise(value).map(|recognised| recognised.kind.id()).into();
    facts["former"] = former.iter().map(former_as_json).collect();
    facts
}

fn former_as_json(former: &Former) -> Value {
    json!({
        "since": former.since,
        "until": former.until,
        "expires": former.expires,
        "revoked": former.revoked.as_ref().map(|revoked| revoked.at),
        "leaked": former.leaked.as_ref().map(|leaked| leaked.at),
        "left_with": former.left_with.as_ref().map(|left| &left.who),
        "wiped_from": former.wipe,
    })
}
