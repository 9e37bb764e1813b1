//! `keyctl history`: what was done, and the proof that nothing of it was changed.

use std::{collections::VecDeque, process::ExitCode};

use serde_json::json;

use crate::{
    cli::{self, HistoryVerb},
    date::Moment,
    history::{Event, Log, Verdict},
    home::Home,
    terminal::Terminal,
};

use super::{
    opening::{self, Kept},
    record,
};

/// Lists events, or verifies them.
///
/// # Errors
/// As the store has them; `Negative` and `Keychain` for a history that is not whole.
pub fn history(arguments: cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.pick(&[])?;
    let log = record::log(&home, &kept, payload.log);
    match arguments.verb {
        Some(HistoryVerb::Repair { yes }) => super::mending::repair(&home, yes, terminal),
        Some(HistoryVerb::Verify(report)) => verify(&home, &kept, &log, report.json, terminal),
        None => list(&log, &arguments, terminal),
    }
}

fn list(log: &Log, arguments: &cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let mut last: VecDeque<(u64, Event)> = VecDeque::new();
    let most = arguments.last.unwrap_or(usize::MAX);
    for entry in log.read()? {
        let entry = entry?;
        if last.len() >= most {
            last.pop_front();
        }
        if most > 0 {
            last.push_back(entry);
        }
    }
    if arguments.json {
        for (number, event) in last {
            let mut value = event.to_value();
            value["n"] = number.into();
            terminal.data(format!("{}\n", crate::terminal::printable_json(&value.to_string())).as_bytes())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if last.is_empty() {
        terminal.say("nothing was recorded yet");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["#", "WHEN", "WHAT", "KEYS", "BY", "WHERE"].map(str::to_owned).to_vec()];
    rows.extend(last.into_iter().map(|(number, event)| row(number, event)));
    terminal.table(&rows, &[2, 3, 4, 5])?;
    Ok(ExitCode::SUCCESS)
}

fn row(number: u64, event: Event) -> Vec<String> {
    let mut names = event.names.join(", ");
    if event.more > 0 {
        names = format!("{names} and {} more", event.more);
    }
    let notes: Vec<String> = [event.note, event.outcome].into_iter().flatten().collect();
    let note = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(": ")) };
    vec![
        number.to_string(),
        event.moment.map(Moment::local).unwrap_or_default(),
        format!("{}{note}", event.action),
        names,
        event.program.unwrap_or_default(),
        event.folder.unwrap_or_default(),
    ]
}

fn verify(home: &Home, kept: &Kept, log: &Log, as_json: bool, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let verdict = log.verify(record::known(&kept.anchor));
    if as_json {
        terminal.json(&match &verdict {
            Verdict::Intact { entries, anchored_at, lost } => {
                json!({ "answer": "intact", "entries": entries, "anchored_at": anchored_at, "lost": lost })
            }
            Verdict::Tampered { at, why } => json!({ "answer": "tampered", "at": at, "why": why }),
            Verdict::NotProvable { why } => json!({ "answer": "not provable", "why": why }),
        })?;
    }
    if let Some(failure) = record::not_whole(&verdict) {
        return Err(failure.into());
    }
    if !as_json {
        terminal.report(&format!("the history is {verdict}"))?;
    }
    // What was just proven is vouched for from now on, where the keeper can be written.
    if let Ok(Some(mark)) = log.settle() {
        record::renew_anchor(home, kept, mark, Moment::now());
    }
    Ok(ExitCode::SUCCESS)
}
