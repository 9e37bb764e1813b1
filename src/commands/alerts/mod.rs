//! `keyctl alerts`: what was unusual, from the history; what was looked at is put away with an entry of its own.

pub mod deliver;
mod memory;
pub mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

use serde_json::{Value, json};

use crate::{
    cli::{self, AlertsVerb},
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log},
    home::{self, Home},
    terminal::{Terminal, count},
};

use super::{caller, opening, record};

/// The most numbers in one entry, so that it fits into its line.
const AT_ONCE: usize = 200;

/// Lists alerts, puts them away, or sends a trial one.
///
/// # Errors
/// As the store and the history have them.
pub fn alerts(arguments: cli::Alerts, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.store.as_ref())?;
    match arguments.verb {
        AlertsVerb::List { all, json } => list(&log(&home, terminal)?, all, json, terminal)?,
        AlertsVerb::Ack { numbers, all, json } => {
            acknowledge(&log(&home, terminal)?, &numbers, all, json, terminal)?;
        }
        AlertsVerb::Test { json } => deliver::test(&config::read(&home)?.alerts, json, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The history, with the alerts in it that it did not take when they were told. Those that it does not take now either are
/// said here.
fn log(home: &Home, terminal: &Terminal) -> Result<Log> {
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.pick(&[])?;
    let log = record::log(home, &kept, &payload);
    if let Err((late, failure)) = watch::catch_up(home, &log, terminal) {
        terminal.warn(&format!("{} cannot be added to the history: {}", count(late.len(), "alert"), failure.message));
        failure.hints.iter().for_each(|hint| terminal.hint(hint));
        let lines: Vec<String> = late.iter().filter_map(|alert| alert.note.clone()).collect();
        terminal.say_lines("what they say:", &lines);
    }
    Ok(log)
}

/// What the history says of alerts.
struct Told {
    /// All of them, by their numbers.
    alerts: BTreeMap<u64, Event>,
    /// Those that were put away.
    seen: BTreeSet<u64>,
    /// What ended the reading early, if something did.
    flaw: Option<Failure>,
}

fn read(log: &Log) -> Result<Told> {
    let mut told = Told { alerts: BTreeMap::new(), seen: BTreeSet::new(), flaw: None };
    for entry in log.read()? {
        match entry {
            Ok((number, event)) if event.action == Action::Alert => drop(told.alerts.insert(number, event)),
            Ok((_, event)) if event.action == Action::Acknowledge => told.seen.extend(event.of),
            Ok(_) => {}
            Err(failure) => told.flaw = Some(failure),
        }
    }
    Ok(told)
}

fn list(log: &Log, all: bool, as_json: bool, terminal: &Terminal) -> Result<()> {
    let Told { alerts, seen, flaw } = read(log)?;
    let shown: Vec<(u64, Event)> = alerts.into_iter().filter(|(number, _)| all || !seen.contains(number)).collect();
    if as_json {
        let report = shown.iter().map(|(number, event)| {
            let mut value = event.to_value();
            value["n"] = (*number).into();
            value["seen"] = seen.contains(number).into();
            value
        });
        terminal.json(&report.collect::<Vec<Value>>().into())?;
        return flaw.map_or(Ok(()), Err);
    }
    if shown.is_empty() {
        if let Some(flaw) = flaw {
            return Err(flaw);
        }
        terminal.say(if all { "there never was an alert" } else { "there is no alert to look at" });
        return Ok(());
    }
    let mut head = ["#", "WHEN", "RULE", "WHAT"].map(str::to_owned).to_vec();
    if all {
        head.insert(1, "SEEN".into());
    }
    let rows = shown.into_iter().map(|(number, event)| {
        let mut row = vec![
            number.to_string(),
            event.moment.map(Moment::local).unwrap_or_default(),
            event.rule.unwrap_or_default(),
            event.note.unwrap_or_default(),
        ];
        if all {
            row.insert(1, if seen.contains(&number) { "yes" } else { "no" }.into());
        }
        row
    });
    terminal.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>(), &[])?;
    flaw.map_or(Ok(()), Err)
}

fn acknowledge(log: &Log, numbers: &[u64], all: bool, as_json: bool, terminal: &Terminal) -> Result<()> {
    let Told { alerts, seen, flaw } = read(log)?;
    if let Some(flaw) = flaw {
        return Err(flaw);
    }
    if let Some(number) = numbers.iter().find(|number| !alerts.contains_key(number)) {
        return Err(Failure::new(Kind::Missing, format!("there is no alert {number}"))
            .hint("`keyctl alerts list` shows them with their numbers"));
    }
    let open = alerts.keys().filter(|number| !seen.contains(number) && (all || numbers.contains(number)));
    let open: Vec<u64> = open.copied().collect();
    for numbers in open.chunks(AT_ONCE) {
        let event = caller::sign(Event::new(Action::Acknowledge, Moment::now()).of(numbers.to_vec()));
        record::append(log, &[&event], true, home::LOCK_DEADLINE, terminal)?;
    }
    if as_json {
        return terminal.json(&json!({ "seen": open }));
    }
    terminal.say(&match open.len() {
        0 if all => "there is no alert to look at".to_owned(),
        0 => "put away already".to_owned(),
        number => format!("put away: {}", count(number, "alert")),
    });
    Ok(())
}
