//! `keyctl undo`: take the last change to the store back.

use std::{collections::BTreeMap, process::ExitCode, sync::Arc};

use serde_json::{Value, json};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind},
    history::{Action, Event, query::rename_in_words},
    home::Home,
    name::KeyName,
    secret::Secret,
    store::{
        bearers::{Bearer, Named},
        facts::Facts,
        journal::{self, Deed, Step},
        payload::Payload,
    },
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    differences::{self, Difference, SNOOZE},
    narrowing, opening, rename,
    returned::Freed,
    rotate::{old_key::say_switched_off, pending},
    versions::{need_someone, need_yes},
};

/// Takes the latest step back, lets it stand for good, or lists what there is.
///
/// # Errors
/// `Negative` when there is nothing to take back; `Usage` without a yes; as the store has them.
pub fn undo(arguments: &cli::Undo, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let now = Moment::now();
    let doing = if arguments.skip { "letting a change stand" } else { "taking a change back" };
    need_someone(arguments.yes || arguments.list, terminal, doing)?;
    let kept = opening::identity(&home)?;
    // As it stands there, like what is changed: what holds on beside it goes on doing so.
    let payload = opening::store(&home, &kept, terminal)?.read_as_written()?;
    if arguments.list {
        return list(&payload, arguments.json, now, terminal);
    }
    let Some(latest) = payload.latest_step(now) else {
        return Err(journal::nothing().into());
    };
    if !arguments.skip {
        refuse_at_source(&payload, latest)?;
    }
    if latest.deed == Deed::Rotate && !arguments.skip {
        terminal.hint("this changes nothing at the issuer: make sure that the former secret still works there");
        let mut pairs = config::read(&home)?.rotation.aws_iam;
        pairs.retain(|pair| pair.id.store() == home.store().map(Arc::as_ref));
        for pair in &pairs {
            let key = payload.keys.get(&pair.id).filter(|_| latest.names().any(|name| *name == pair.id));
            if let Some(former) = key.and_then(|key| key.former.iter().rfind(|f| f.step == Some(latest.number))) {
                say_switched_off(&home, &pairs, &payload, &pair.id, former, terminal);
            }
        }
    }
    let fields = edited_fields(&payload).remove(&latest.number).unwrap_or_default();
    let bearers = payload.bearers();
    let of_latest = bearers.get(&latest.number).map(Vec::as_slice).unwrap_or_default();
    let words = in_words(latest, &fields);
    let what = format!("{words}, {}", latest.at.ago(now));
    if let Some((from, to)) = latest.renamed.as_ref().filter(|_| !arguments.skip)
        && let Some(key) = payload.keys.get(to)
    {
        let covered = config::read(&home)?.rotation.change((to, &key.facts), (from, &key.facts));
        narrowing::say(&covered, &rename::under(from), terminal);
    }
    let standing = payload.standing_with_latest(now);
    let question = match standing {
        _ if !arguments.skip => format!("take back: {what}?"),
        0 => format!("let this stand for good: {what}?"),
        more => format!("let this stand for good: {what}, and {} of the same before it?", count(more, "change")),
    };
    let freed_in = |payload: &Payload| {
        let returned = if arguments.skip { Vec::new() } else { payload.returned_by_undo() };
        Freed::of(&home, payload, &returned)
    };
    let freed = freed_in(&payload)?;
    let mut widened = if arguments.skip { Vec::new() } else { narrowing::widened(&home, &payload, true)? };
    if !freed.is_empty() {
        freed.say(terminal);
        widened.extend(freed.names().into_iter().filter(|name| !widened.contains(name)).collect::<Vec<_>>());
    }
    if widened.is_empty() {
        need_yes(arguments.yes, terminal, doing, || question)?;
    } else {
        let scene = narrowing::Scene { home: &home, kept: &kept, payload: &payload, action: Action::Undo };
        narrowing::need_person(&scene, &widened, question.trim_end_matches('?'), terminal)?;
    }
    let (meant, seen) = (latest.clone(), &payload);
    let _turn = match &meant.renamed {
        Some((_, to)) if !arguments.skip => {
            let turn = pending::turn(&home)?;
            // It has had the other name before.
            pending::refuse_while_unfinished(&home, to, None, "nothing was renamed", terminal)?;
            Some(turn)
        }
        _ => None,
    };
    let step = change(&home, terminal, now, |payload| {
        // What the user has said yes to, and not what another keyctl has done since.
        if payload.latest_step(now) != Some(&meant) || !is_as_seen(&meant, seen, payload) || freed_in(payload)? != freed
        {
            let nothing = if arguments.skip { "nothing was changed" } else { "nothing was taken back" };
            return Err(Failure::new(Kind::Negative, format!("the store was changed meanwhile; {nothing}"))
                .hint("look again: `keyctl undo --list`"));
        }
        let names = |step: &Step| -> Vec<KeyName> { step.names().cloned().collect() };
        if arguments.skip {
            let step = payload.pass_over_latest_step()?;
            let event = Event::new(Action::Undo, now).names(&names(&step)).outcome("passed over");
            return Ok(Outcome::changed(step, event));
        }
        let step = payload.undo(now)?;
        let event = Event::new(Action::Undo, now).names(&names(&step)).note(&words);
        Ok(Outcome::changed(step, event))
    })?;
    if arguments.json {
        let mut report = as_json(&step, &fields, of_latest);
        report["with_it"] = if arguments.skip { standing.into() } else { Value::Null };
        terminal.json(&report)?;
    } else if arguments.skip {
        let with_it =
            if standing == 0 { String::new() } else { format!(", and {} before it", count(standing, "change")) };
        terminal.say(&format!("stands for good: {words}{with_it}"));
    } else {
        terminal.say(&format!("took back: {words}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was written to a source is not taken back by what the store has: there the new secret would go on.
fn refuse_at_source(payload: &Payload, step: &Step) -> Result<(), Failure> {
    let is_written = |name: &&KeyName| {
        let Some(key) = payload.keys.get(*name) else { return false };
        let former = key.former.iter().rfind(|former| former.step == Some(step.number));
        let now = key.remote();
        former.zip(now).is_some_and(|(former, now)| match former.remote() {
            Some(before) => before != now && before.source == now.source && before.is_version_of(&now),
            None => false,
        })
    };
    match step.names().find(is_written) {
        None => Ok(()),
        Some(name) => {
            let said = format!("the secret of `{name}` was replaced in its source, which `undo` does not change");
            Err(Failure::new(Kind::Negative, said)
                .hint(format!("to write the former one there again, as the newest: `keyctl rollback {name}`"))
                .hint("to let the change stand: `keyctl undo --skip`"))
        }
    }
}

/// Whether a step did what it was seen to have done: one that is taken back leaves its number to the next, which can be of the
/// same second, too.
fn is_as_seen(step: &Step, seen: &Payload, payload: &Payload) -> bool {
    let is_same = |name: &KeyName| match (seen.keys.get(name), payload.keys.get(name)) {
        (None, None) => true,
        (Some(one), Some(other)) => one.value.same_as(&other.value) && one.facts == other.facts,
        _ => false,
    };
    // Removed ones lie with its number.
    let removed = |payload: &Payload| -> Vec<Secret> {
        let of_step = payload.removed.iter().filter(|removed| removed.step == Some(step.number));
        of_step.map(|removed| removed.key.value.copy()).collect()
    };
    let (before, after) = (removed(seen), removed(payload));
    step.names().chain(step.renamed.iter().map(|(from, _)| from)).all(is_same)
        && before.len() == after.len()
        && before.iter().zip(&after).all(|(one, other)| one.same_as(other))
}

fn list(payload: &Payload, as_list: bool, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let fields = edited_fields(payload);
    let of = |step: &Step| fields.get(&step.number).map(Vec::as_slice).unwrap_or_default();
    let bearers = payload.bearers();
    let named = |step: &Step| bearers.get(&step.number).map(Vec::as_slice).unwrap_or_default();
    let latest_first = || payload.steps.iter().rev().filter(|step| step.can_be_taken_back(now));
    if as_list {
        terminal
            .json(&latest_first().map(|step| as_json(step, of(step), named(step))).collect::<Vec<Value>>().into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if latest_first().next().is_none() {
        terminal.say(&journal::nothing().message);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["WHEN", "WHAT"].map(str::to_owned).to_vec()];
    rows.extend(
        latest_first()
            .map(|step| vec![step.at.ago(now), format!("{}{}", in_words(step, of(step)), of_other_keys(named(step)))]),
    );
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

/// What each edit has changed, by its number: what was known before it, held against what was known before the next change
/// to that key, or is known now.
fn edited_fields(payload: &Payload) -> BTreeMap<u64, Vec<Difference>> {
    let mut after: BTreeMap<&KeyName, &Facts> = payload.keys.iter().map(|(name, key)| (name, &key.facts)).collect();
    let mut fields = BTreeMap::new();
    for step in payload.steps.iter().rev() {
        let mut changed: Vec<Difference> = Vec::new();
        for (name, before) in &step.edited {
            let differences = after.get(name).map(|after| differences::between(before, after)).unwrap_or_default();
            changed.extend(differences.into_iter().filter(|one| !changed.contains(one)).collect::<Vec<_>>());
        }
        fields.insert(step.number, changed);
        after.extend(step.edited.iter().chain(&step.replaced).map(|(name, before)| (name, before)));
        for name in &step.added {
            after.remove(name);
        }
        if let Some((from, to)) = &step.renamed
            && let Some(facts) = after.remove(to)
        {
            after.insert(from, facts);
        }
        let removed = payload.removed.iter().filter(|removed| removed.step == Some(step.number));
        after.extend(removed.map(|removed| (&removed.name, &removed.key.facts)));
    }
    fields
}

/// A step in words: `rename of a to b`, `import of 12 keys (a, b, c, …)`, `edit of a (plan none -> 90 days, note)`.
fn in_words(step: &Step, fields: &[Difference]) -> String {
    let is_snooze = step.deed == Deed::Edit && matches!(fields, [one] if one.field == SNOOZE);
    let deed = match step.deed {
        _ if is_snooze => SNOOZE,
        // The leak itself is not what is taken back.
        Deed::Leak => "leak mark",
        deed => deed.word(),
    };
    let said = differences::in_words(fields);
    let what = match said.strip_prefix(SNOOZE).filter(|_| is_snooze) {
        Some(said) => format!(" ({})", said.trim_start()),
        None if deed == Deed::Edit.word() && !fields.is_empty() => format!(" ({said})"),
        None => String::new(),
    };
    format!("{}{what}", of_names(step, deed))
}

/// Which key is meant where another one has its name by now.
fn of_other_keys(named: &[Named]) -> String {
    let words = |one: &Named| {
        let which = match one.bearer.as_ref().filter(|_| one.is_earlier)? {
            Bearer::Present(now) => format!("now `{now}`"),
            Bearer::Removed(moment) => format!("the one removed on {}", moment.local_second()),
        };
        Some(if named.len() == 1 { format!(", {which}") } else { format!(", `{}` being {which}", one.name) })
    };
    named.iter().filter_map(words).collect()
}

fn of_names(step: &Step, deed: &str) -> String {
    if let Some((from, to)) = &step.renamed {
        return rename_in_words(from, to);
    }
    let mut names: Vec<&KeyName> = step.names().collect();
    names.sort();
    if let [name] = names[..] {
        let new = if step.deed == Deed::Set && !step.added.is_empty() { "the new key " } else { "" };
        return format!("{deed} of {new}`{name}`");
    }
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 3 { ", …" } else { "" };
    format!("{deed} of {} ({}{more})", count(names.len(), "key"), shown.join(", "))
}

fn as_json(step: &Step, fields: &[Difference], bearers: &[Named]) -> Value {
    let fields = if step.deed == Deed::Edit { fields } else { &[] };
    let changed: Vec<&str> = fields.iter().map(|one| one.field).collect();
    let words: Vec<&str> = fields.iter().map(|one| one.words.as_str()).collect();
    let names: Vec<&str> = step.names().map(KeyName::as_str).collect();
    let now = |one: &Named| match &one.bearer {
        Some(Bearer::Present(now)) => Value::from(now.as_str()),
        _ => Value::Null,
    };
    let names_now: Vec<Value> = bearers.iter().map(now).collect();
    json!({ "at": step.at, "deed": step.deed.word(), "names": names, "names_now": names_now, "changed": changed, "differences": words, "renamed_from": step.renamed.as_ref().map(|(from, _)| from.as_str()) })
}
