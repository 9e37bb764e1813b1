//! `keyctl history who`: which programs use a key where, and so what breaks when it is replaced.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{
    cli::HistoryWho,
    date::Moment,
    history::{Lineage, Log, Use},
    terminal::{Terminal, count},
};

use super::list::GIVE_WAY;

/// So many of the programs above are shown; the others are in JSON.
const NEAREST: usize = 3;

/// Shows who uses a key, the latest first.
///
/// # Errors
/// As reading the history has them.
pub fn who(
    log: &Log,
    key: Lineage,
    arguments: &HistoryWho,
    now: Moment,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let name = &arguments.name;
    let others: Vec<String> = key.other_names().into_iter().map(str::to_owned).collect();
    let cut = key.cut();
    let (uses, flaw) = log.uses_of(key, &mut super::reading(terminal))?;
    if arguments.json {
        terminal.json(&json!({
            "key": name.as_str(),
            "other_names": others,
            "uses": uses.iter().map(as_json).collect::<Vec<_>>(),
            "cut": cut,
        }))?;
        return super::ended(flaw);
    }
    if let Some(words) = super::cut_words(cut) {
        terminal.warn(&words);
    }
    if uses.is_empty() {
        if cut == 0 && flaw.is_none() {
            terminal.say(&format!("nobody used `{name}` yet"));
        } else if flaw.is_none() {
            terminal.say(&format!("no entry names `{name}` as used"));
        }
        return super::ended(flaw);
    }
    terminal.table(&table(&uses, now), GIVE_WAY)?;
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        terminal.say(&format!("also as {}, which is what it was or is called", names.join(", ")));
    }
    super::ended(flaw)
}

fn table(uses: &[Use], now: Moment) -> Vec<Vec<String>> {
    let mut rows = vec![["TIMES", "LAST", "HOW", "PROGRAM", "WHERE"].map(str::to_owned).to_vec()];
    rows.extend(uses.iter().map(|used| {
        vec![
            used.times.to_string(),
            used.moment.map(|moment| moment.ago(now)).unwrap_or_default(),
            used.action.to_string(),
            used.program.clone().unwrap_or_default(),
            used.folder.clone().unwrap_or_default(),
        ]
    }));
    if uses.iter().any(|used| !used.by.is_empty() || used.agent.is_some()) {
        rows[0].push("STARTED BY".into());
        for (row, used) in rows[1..].iter_mut().zip(uses) {
            row.push(started_by(used));
        }
    }
    rows
}

/// `npm < zsh < tmux`, the first of such chains, how many more there are, and the agent.
fn started_by(used: &Use) -> String {
    let first = used.by.first().map(|chain| chain[..chain.len().min(NEAREST)].join(" < ")).unwrap_or_default();
    let more = match used.by.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {}", count(more, "other way")),
    };
    let agent = used.agent.as_ref().map(|agent| format!(" (perhaps {agent})")).unwrap_or_default();
    format!("{first}{more}{agent}").trim_start().to_owned()
}

fn as_json(used: &Use) -> Value {
    json!({
        "action": used.action.as_str(),
        "program": used.program,
        "folder": used.folder,
        "times": used.times,
        "first": used.first,
        "last": used.moment,
        "by": used.by,
        "agents": used.agent.iter().collect::<Vec<_>>(),
    })
}
