//! `keyctl proxy status`: which proxies run for this user, and what they did so far.

use serde_json::{Value, json};

use crate::{
    commands::proxying::{Entry, running},
    failure::Result,
    terminal::Terminal,
};

/// Shows them.
///
/// # Errors
/// As the folders of the stores have them.
pub fn status(as_json: bool, terminal: &Terminal) -> Result<()> {
    let all = running(terminal)?;
    if as_json {
        return terminal.json(&json!({ "proxies": all.iter().map(of_entry).collect::<Vec<Value>>() }));
    }
    if all.is_empty() {
        terminal.say("no proxy runs here");
        return Ok(());
    }
    let mut rows = vec![["PROCESS", "COMMAND", "SINCE", "REQUESTS", "REFUSED", "KEYS"].map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(row));
    terminal.table(&rows, &[5])
}

fn row(entry: &Entry) -> Vec<String> {
    let process = entry.process.map_or_else(|| "?".to_owned(), |process| process.to_string());
    let Some(said) = &entry.said else {
        return [process.as_str(), "?", "?", "?", "?", "not to be read"].map(str::to_owned).to_vec();
    };
    let (requests, refused) = (said.count.requests.to_string(), said.count.refused.to_string());
    vec![process, said.program.clone(), said.since.local(), requests, refused, said.keys.join(", ")]
}

fn of_entry(entry: &Entry) -> Value {
    let said = entry.said.as_ref();
    json!({
        "process": entry.process,
        "program": said.map(|said| &said.program),
        "since": said.map(|said| said.since),
        "keys": said.map(|said| &said.keys),
        "requests": said.map(|said| said.count.requests),
        "refused": said.map(|said| said.count.refused),
    })
}
