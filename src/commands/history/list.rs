//! `keyctl history`: the entries, oldest first.

use std::{collections::VecDeque, process::ExitCode};

use crate::{
    cli,
    date::Moment,
    history::{Event, Log},
    terminal::Terminal,
};

/// Shows the last entries.
///
/// # Errors
/// As reading the history has them.
pub fn list(log: &Log, arguments: &cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
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
