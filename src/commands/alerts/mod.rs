//! `keyctl alerts`: what was unusual, from the history; what was looked at is put away with an entry of its own.

pub mod deliver;
pub mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

use serde_json::Value;

use crate::{
    cli::{self, AlertsVerb},
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log},
    home::Home,
    terminal::{Terminal, count},
};

use super::{opening, record};

/// The most numbers in one entry, so that it fits into its line.
const AT_ONCE: usize = 200;

/// Lists alerts, puts them away, or sends a trial one.
///
/// # Errors
/// As the store and the history have them.
pub fn alerts(arguments: cli::Alerts, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    match arguments.verb {
        AlertsVerb::List { all, json } => list(&log(&home, terminal)?, all, json, terminal)?,
        AlertsVerb::Ack { numbers, all } => acknowledge(&log(&home, terminal)?, &numbers, all, terminal)?,
        AlertsVerb::Test => deliver::test(&config::read(&home)?.alerts, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn log(home: &Home, terminal: &Terminal) -> Result<Log> {
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.pick(&[])?;
    Ok(record::log(home, &kept, &payload))
}

/// All alerts by their numbers, and the numbers of those that were put away.
fn read(log: &Log) -> Result<(BTreeMap<u64, Event>, BTreeSet<u64>)> {
    let (mut alerts, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for entry in log.read()? {
        let (number, event) = entry?;
        match event.action {
            Action::Alert => drop(alerts.insert(number, event)),
            Action::Acknowledge => seen.extend(event.of),
            _ => {}
        }
    }
    Ok((alerts, seen))
}

fn list(log: &Log, all: bool, json: bool, terminal: &Terminal) -> Result<()> {
    let (alerts, seen) = read(log)?;
    let shown: Vec<(u64, Event)> = alerts.into_iter().filter(|(number, _)| all || !seen.contains(number)).collect();
    if json {
        let report = shown.iter().map(|(number, event)| {
            let mut value = event.to_value();
            value["n"] = (*number).into();
            value["seen"] = seen.contains(number).into();
            value
        });
        return terminal.json(&report.collect::<Vec<Value>>().into());
    }
    if shown.is_empty() {
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
    terminal.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>(), &[])
}

fn acknowledge(log: &Log, numbers: &[u64], all: bool, terminal: &Terminal) -> Result<()> {
    let (alerts, seen) = read(log)?;
    if let Some(number) = numbers.iter().find(|number| !alerts.contains_key(number)) {
        return Err(Failure::new(Kind::Missing, format!("there is no alert {number}"))
            .hint("`keyctl alerts list` shows them with their numbers"));
    }
    let open = alerts.keys().filter(|number| !seen.contains(number) && (all || numbers.contains(number)));
    let open: Vec<u64> = open.copied().collect();
    for numbers in open.chunks(AT_ONCE) {
        log.append(&super::caller::sign(&Event::new(Action::Acknowledge, Moment::now()).of(numbers.to_vec())), true)?;
    }
    terminal.say(&match open.len() {
        0 if all => "there is no alert to look at".to_owned(),
        0 => "put away already".to_owned(),
        number => format!("put away: {}", count(number, "alert")),
    });
    Ok(())
}
