//! `keyctl history`: the entries that were asked for, oldest first.
//!
//! As JSON they are written as they are read. A table's columns are as wide as their widest cell, so all of its rows are
//! held: it has no more than the last thousand unless more are asked for, and says so. The last few of all entries are read
//! from the end alone ([`Log::newest`]).

use std::{borrow::Cow, process::ExitCode};

use crate::{
    cli,
    date::Moment,
    exchange::events::Form,
    failure::Result,
    history::{Event, Fetch, Log, Query},
    terminal::{Terminal, count},
};

/// So many rows a table has if nothing else is said.
const ROWS: usize = 1000;
/// The columns that are cut on a screen that is too narrow.
pub const GIVE_WAY: &[usize] = &[2, 3, 4, 5];

/// Shows the entries.
///
/// # Errors
/// As reading the history has them.
pub fn list(log: &Log, query: &Query, arguments: &cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if arguments.json && arguments.last.is_none() {
        let mut watch = super::writing(terminal);
        let mut lines = Lines::new(terminal);
        let mut flaw = None;
        for entry in log.find(query)?.watched(&mut watch) {
            match entry {
                Ok((number, event)) if lines.add(&line(number, &event))? => {}
                Ok(_) => break,
                Err(failure) => flaw = Some(failure),
            }
        }
        lines.finish()?;
        return super::ended(flaw);
    }
    if let Some(count) = arguments.last.filter(|count| *count > 0 && query.is_all())
        && let Some(entries) = log.newest(count)
    {
        show(&entries, arguments.json, terminal)?;
        return Ok(ExitCode::SUCCESS);
    }
    let last = log.find(query)?.watched(&mut super::reading(terminal)).take_last(arguments.last.unwrap_or(ROWS));
    show(&last.entries, arguments.json, terminal)?;
    let entries = || count(usize::try_from(last.all).unwrap_or(usize::MAX), "entry");
    if arguments.last.is_none() && last.all > last.entries.len() as u64 {
        terminal.say(&format!("the last {ROWS} of {}; `-n COUNT` shows more, `--json` all", entries()));
    } else if last.entries.is_empty() && last.flaw.is_none() && !arguments.json {
        terminal.say(&match last.all {
            0 if query.is_all() => "nothing was recorded yet".to_owned(),
            0 => "no entry is like that".to_owned(),
            _ => format!("none of {} is shown", entries()),
        });
    }
    if let Some(words) = query.key.as_ref().and_then(|key| super::cut_words(key.cut())).filter(|_| !arguments.json) {
        terminal.warn(&words);
    }
    super::ended(last.flaw)
}

/// Shows these entries, as lines of JSON or as a table.
///
/// # Errors
/// As [`Terminal::data`].
pub fn show(entries: &[(u64, Event)], as_json: bool, terminal: &Terminal) -> Result<()> {
    if as_json {
        let mut lines = Lines::new(terminal);
        for (number, event) in entries {
            lines.add(&line(*number, event))?;
        }
        lines.finish()?;
    } else if !entries.is_empty() {
        terminal.table(&table(entries), GIVE_WAY)?;
    }
    Ok(())
}

/// The rows of a table, with its head.
#[must_use]
pub fn table(entries: &[(u64, Event)]) -> Vec<Vec<String>> {
    let mut rows = vec![["#", "WHEN", "WHAT", "KEYS", "BY", "WHERE"].map(str::to_owned).to_vec()];
    rows.extend(entries.iter().map(|(number, event)| row(*number, event)));
    rows
}

/// One entry as a row.
#[must_use]
pub fn row(number: u64, event: &Event) -> Vec<String> {
    let mut names = event.names.join(", ");
    if event.more > 0 {
        names = format!("{names} and {} more", event.more);
    }
    let took = event.took.map(|took| format!("{took} ms"));
    let ended = event.exit.map(|code| format!("exit code {code}"));
    let ended: Vec<String> = took.into_iter().chain(ended).collect();
    let ended = Some(ended.join(", ")).filter(|ended| !ended.is_empty());
    let lost = event.unrecorded().map(|unrecorded| unrecorded.to_string());
    let from = event.sources.iter().map(Fetch::words).collect::<Vec<_>>().join("; ");
    let from = Some(format!("from {from}")).filter(|_| !event.sources.is_empty());
    let notes: Vec<&str> =
        [&lost, &event.note, &from, &event.outcome, &ended].into_iter().flatten().map(String::as_str).collect();
    let note = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(": ")) };
    let back = if event.went_back.is_some() { " (time went back)" } else { "" };
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let words = event.program.iter().chain(&event.args).map(|word| shown(word)).collect::<Vec<_>>();
    let by = words.join(" ");
    let by = match &event.agent {
        Some(agent) => format!("{by} (perhaps {agent})").trim_start().to_owned(),
        None => by,
    };
    vec![
        number.to_string(),
        event.moment.map(Moment::local).unwrap_or_default(),
        format!("{}{back}{note}{reason}", event.action),
        names,
        by,
        event.folder.clone().unwrap_or_default(),
    ]
}

/// A word of a command, so that it can be told where it ends.
fn shown(word: &str) -> Cow<'_, str> {
    if word.is_empty() || word.contains([' ', '\'', '"']) { format!("{word:?}").into() } else { word.into() }
}

/// One entry as a line of JSON: the fields it was sealed with, its number as `n`, and `went_back` if it is dated before the
/// entry before it.
#[must_use]
pub fn line(number: u64, event: &Event) -> String {
    Form::Jsonl.line(number, event)
}

/// Lines on their way to standard output, many at a time.
pub struct Lines<'t> {
    terminal: &'t Terminal,
    held: Vec<u8>,
}

impl<'t> Lines<'t> {
    /// None yet.
    #[must_use]
    pub fn new(terminal: &'t Terminal) -> Self {
        Self { terminal, held: Vec::new() }
    }

    /// Adds a text; `false` when nobody reads any more.
    ///
    /// # Errors
    /// As [`Terminal::stream`].
    pub fn add(&mut self, text: &str) -> Result<bool> {
        const ENOUGH: usize = 64 * 1024;
        self.held.extend_from_slice(text.as_bytes());
        if self.held.len() < ENOUGH { Ok(true) } else { self.pass_on() }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Terminal::stream`].
    pub fn finish(mut self) -> Result<bool> {
        self.pass_on()
    }

    fn pass_on(&mut self) -> Result<bool> {
        let is_read = self.terminal.stream(&self.held)?;
        self.held.clear();
        Ok(is_read)
    }
}
