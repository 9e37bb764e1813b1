//! `keyctl history usage`: how much is used, and what nobody uses any more.

use std::{collections::BTreeSet, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    cli::{HistoryUsage, UsageBy},
    date::{Moment, Period, zone},
    history::{
        Log,
        usage::{By, Tally, Usage},
    },
    store::payload::Payload,
    terminal::{Terminal, count},
};

use super::question;

/// What counts as unused if nothing else is said.
const USUALLY_UNUSED_FOR: Period = Period::days(90);

/// One key, program or project, in a row.
struct Row<'u> {
    name: &'u str,
    usage: &'u Usage,
    /// Since when it is kept; `None` for what is no key, and for a key that is not kept any more.
    created: Option<Moment>,
}

impl Row<'_> {
    /// Whether nobody used it from this moment on, though it could have been.
    fn is_unused_since(&self, moment: Moment) -> bool {
        self.created.is_some_and(|created| self.usage.last.unwrap_or(created).max(created) < moment)
    }
}

/// Counts the uses.
///
/// # Errors
/// As reading the history has them; `Tally` for what is no date.
pub fn usage(
    payload: &Payload,
    log: &Log,
    arguments: &HistoryUsage,
    now: Moment,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let mut watch = super::reading(terminal);
    let since = arguments.since.as_deref().map(|text| question::date("--since", text, now)).transpose()?;
    let by = match arguments.by {
        UsageBy::Key => By::Key,
        UsageBy::Program => By::Program,
        UsageBy::Project => By::Project,
    };
    let entries = log.read()?.watched(&mut watch);
    let (counted, flaw) = Tally::count(entries, by, since.map(|(first, _)| first));
    drop(watch);
    let unused = Unused::new(arguments.unused_for, &counted, now);
    let never = Usage::default();
    let mut rows = rows(payload, &counted, by, &never);
    if arguments.unused_for.is_some() {
        rows.retain(|row| row.is_unused_since(unused.since));
    }
    // What was used last stands last, as in the history itself.
    rows.sort_by_key(|row| (row.usage.last, row.created, row.name));
    if arguments.json {
        terminal.json(&as_json(&rows, by, &counted, &unused))?;
        return super::ended(flaw);
    }
    if !rows.is_empty() {
        let table = if arguments.unused_for.is_some() { unused_table(&rows, now) } else { table(&rows, by, now) };
        terminal.table(&table, &[0])?;
    }
    match (rows.len(), arguments.unused_for) {
        // What is not there may have been used, so nothing is said of that.
        (0, _) if flaw.is_some() => {}
        (0, None) => terminal.say("nothing was used yet"),
        (0, Some(period)) => terminal.say(&format!("no key has gone unused for {}", period.words())),
        (number, Some(_)) => {
            terminal.say(&format!("{}: remove with `keyctl remove NAME` what is not needed", candidates(number)));
        }
        // A shorter time than the one that is judged by says nothing of what is unused.
        (_, None) if by == By::Key && since.is_none() => say_unused(&rows, &unused, terminal),
        _ => {}
    }
    unused.say_how_far_it_is_known(terminal, &rows);
    if by == By::Key && counted.cut > 0 {
        say_cut(counted.cut, terminal);
    }
    super::ended(flaw)
}

/// What is judged to be unused.
struct Unused {
    period: Period,
    since: Moment,
    reaches_back_to: Option<Moment>,
}

impl Unused {
    fn new(period: Option<Period>, counted: &Tally, now: Moment) -> Self {
        let period = period.unwrap_or(USUALLY_UNUSED_FOR);
        let since = period.before(now, &zone::here());
        Self { period, since, reaches_back_to: counted.reaches_back_to }
    }

    /// A key that is older than the history, which was set aside or shortened, may have been used before.
    fn say_how_far_it_is_known(&self, terminal: &Terminal, rows: &[Row<'_>]) {
        let Some(from) = self.reaches_back_to.filter(|from| *from > self.since) else { return };
        let is_older = |row: &Row| row.created.is_some_and(|created| created < from) && row.is_unused_since(self.since);
        if rows.iter().any(is_older) {
            terminal.warn(&format!("the history reaches back to {}: uses before that are not known", from.local_day()));
        }
    }
}

/// A key that is not named may look unused, and be put away for that.
fn say_cut(uses: u64, terminal: &Terminal) {
    let were = if uses == 1 { "was" } else { "were" };
    let uses = count(usize::try_from(uses).unwrap_or(usize::MAX), "use");
    terminal.warn(&format!("{uses} {were} of more keys than an entry names, and counted for those alone"));
}

fn candidates(number: usize) -> String {
    format!("{} for removal", count(number, "candidate"))
}

fn say_unused(rows: &[Row], unused: &Unused, terminal: &Terminal) {
    let names: Vec<&str> = rows.iter().filter(|row| row.is_unused_since(unused.since)).map(|row| row.name).collect();
    let (number, shown) = (names.len(), names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>());
    if number > 0 {
        let more = if number > shown.len() { ", …" } else { "" };
        let were = if number == 1 { "was" } else { "were" };
        let key = count(number, "key");
        let period = unused.period.words();
        terminal.say(&format!("{key} {were} not used for {period}: {}{more}", shown.join(", ")));
        terminal.hint(&format!("`keyctl history usage --unused-for {}` shows what may be removed", unused.period));
    }
}

fn rows<'u>(payload: &'u Payload, counted: &'u Tally, by: By, never: &'u Usage) -> Vec<Row<'u>> {
    let created = |name: &str| payload.keys.get(name).map(|key| key.facts.created);
    let used = counted.usages.iter().map(|(name, usage)| {
        let created = if by == By::Key { created(name) } else { None };
        Row { name, usage, created }
    });
    let unused = payload.keys.iter().filter(|(name, _)| by == By::Key && !counted.usages.contains_key(name.as_str()));
    let unused = unused.map(|(name, key)| Row { name: name.as_str(), usage: never, created: Some(key.facts.created) });
    let former = counted.former.iter().map(|(name, usage)| Row { name, usage, created: None });
    used.chain(unused).chain(former).collect()
}

fn table(rows: &[Row], by: By, now: Moment) -> Vec<Vec<String>> {
    let [name, one, other] = match by {
        By::Key => ["KEY", "PROGRAMS", "PROJECTS"],
        By::Program => ["PROGRAM", "KEYS", "PROJECTS"],
        By::Project => ["PROJECT", "KEYS", "PROGRAMS"],
    };
    let mut table = vec![[name, "USES", "FIRST", "LAST", one, other].map(str::to_owned).to_vec()];
    table.extend(rows.iter().map(|row| {
        let Usage { uses, first, last, keys, programs, projects } = row.usage;
        let [one, other] = match by {
            By::Key => [programs, projects],
            By::Program => [keys, projects],
            By::Project => [keys, programs],
        };
        let is_removed = by == By::Key && row.created.is_none();
        let numbers = |set: &BTreeSet<String>| if *uses == 0 { String::new() } else { set.len().to_string() };
        vec![
            row.name.to_owned(),
            uses.to_string(),
            first.map(Moment::local_day).unwrap_or_default(),
            if *uses == 0 { "never".into() } else { last.map(|last| last.ago(now)).unwrap_or_default() },
            numbers(one),
            numbers(other),
            if is_removed { "removed".into() } else { String::new() },
        ]
    }));
    table
}

fn unused_table(rows: &[Row], now: Moment) -> Vec<Vec<String>> {
    let mut table = vec![["KEY", "KEPT", "LAST USED", "USES"].map(str::to_owned).to_vec()];
    table.extend(rows.iter().map(|row| {
        vec![
            row.name.to_owned(),
            row.created.map(|created| created.ago(now)).unwrap_or_default(),
            row.usage.last.map_or_else(|| "never".into(), |last| last.ago(now)),
            row.usage.uses.to_string(),
        ]
    }));
    table
}

fn as_json(rows: &[Row], by: By, counted: &Tally, unused: &Unused) -> Value {
    let items: Vec<Value> = rows
        .iter()
        .map(|row| {
            let Usage { uses, first, last, keys, programs, projects } = row.usage;
            let mut item = json!({ "name": row.name, "uses": uses, "first": first, "last": last });
            let sets =
                [("keys", keys, By::Key), ("programs", programs, By::Program), ("projects", projects, By::Project)];
            for (name, set, _) in sets.into_iter().filter(|(_, _, own)| *own != by) {
                item[name] = json!(set);
            }
            if by == By::Key {
                item["created"] = json!(row.created);
                item["removed"] = row.created.is_none().into();
                item["unused"] = row.is_unused_since(unused.since).into();
            }
            item
        })
        .collect();
    let by = match by {
        By::Key => "key",
        By::Program => "program",
        By::Project => "project",
    };
    json!({
        "by": by,
        "reaches_back_to": counted.reaches_back_to,
        "unused_since": unused.since,
        "cut": counted.cut,
        "items": items,
    })
}
