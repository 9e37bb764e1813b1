//! `keyctl history --follow`: the last entries, and then each new one as it comes, until nobody reads any more.
//!
//! No lock is held and nothing is asked of the system but how the files of the history stand, four times a second. What is
//! new is read from where reading ended; where the log went on in another file, from its beginning. Where `repair` set the
//! history aside, the one that was begun is followed; where the store got another identity, the same one with that; and a
//! key that gets another name, under that too.

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    thread::sleep,
    time::{Duration, SystemTime},
};

use crate::{
    cli,
    failure::Result,
    history::{Action, Event, Log, Place, Query},
    home::Home,
    terminal::Terminal,
};

use super::list::{GIVE_WAY, line, row, table};

/// So many entries are shown first if nothing else is said.
const FIRST: usize = 10;
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// How often to look for the history that was begun instead of one that cannot be read any further.
const LOOKS: u32 = 8;

/// A history and what is asked of it.
type Asked = (Log, Query);

/// Shows entries until it is ended. `reopened` gives the history that the store has by then.
///
/// # Errors
/// As reading the history has them.
pub fn follow(
    home: &Home,
    (mut log, mut query): Asked,
    reopened: &dyn Fn() -> Result<Asked>,
    arguments: &cli::History,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let files = ["history.head", "history.log"].map(|name| home.file(name));
    let mut seen = state(&files);
    let mut found = log.find(&query)?;
    let last = found.take_last(arguments.last.unwrap_or(FIRST));
    let mut place = Some(found.place());
    let shown = Shown::new(terminal, arguments.json, &last.entries);
    let mut is_read = shown.first(&last.entries)?;
    if let Some(failure) = last.flaw {
        return Err(failure.into());
    }
    while is_read {
        sleep(PAUSE);
        let now = state(&files);
        if now == seen {
            continue;
        }
        seen = now;
        if is_renamed(&log, &query, place)
            && let Ok(other) = reopened()
        {
            (log, query) = other;
        }
        match shown.new_ones(&log, &query, &mut place) {
            Ok(read) => is_read = read,
            Err(failure) => match begun_instead(&log, reopened) {
                Some(Instead::Another(other)) => {
                    terminal.warn("the history was set aside; here is the one that was begun");
                    (log, query) = other;
                    place = None;
                    is_read = shown.new_ones(&log, &query, &mut place)?;
                }
                Some(Instead::SameOpened(other)) => {
                    (log, query) = other;
                    is_read = shown.new_ones(&log, &query, &mut place)?;
                }
                None => return Err(failure.into()),
            },
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the key that is asked for got another name since.
fn is_renamed(log: &Log, query: &Query, place: Option<Place>) -> bool {
    let (Some(key), Some(place)) = (&query.key, place) else { return false };
    let query = Query { key: Some(key.clone()), actions: vec![Action::Rename, Action::Undo], ..Query::default() };
    log.find_after(&place, &query).is_ok_and(|mut found| found.any(|entry| entry.is_ok()))
}

/// What is read instead of a history that cannot be read any further.
enum Instead {
    /// Another one, which the store has now.
    Another(Asked),
    /// The same one, as whoever has the identity that the store got since can read it.
    SameOpened(Asked),
}

/// What the store has instead, or is just getting.
fn begun_instead(log: &Log, reopened: &dyn Fn() -> Result<Asked>) -> Option<Instead> {
    for look in 0..LOOKS {
        if look > 0 {
            sleep(PAUSE);
        }
        match reopened() {
            Ok(other) if other.0.name() != log.name() => return Some(Instead::Another(other)),
            Ok(other) if !log.is_sealed_as(&other.0) && other.0.opens() => return Some(Instead::SameOpened(other)),
            _ => {}
        }
    }
    None
}

/// How entries are shown: the rows that come later are laid out as if they stood in the table of the first ones.
struct Shown<'t> {
    terminal: &'t Terminal,
    as_json: bool,
    above: Vec<Vec<String>>,
}

impl<'t> Shown<'t> {
    fn new(terminal: &'t Terminal, as_json: bool, entries: &[(u64, Event)]) -> Self {
        // A row that is not shown leaves room for later ones.
        let room = ["1000", "2026-11-24 12:00", "rotate", "openai/project", "program", ""].map(str::to_owned).to_vec();
        Self { terminal, as_json, above: [vec![room], table(entries)].concat() }
    }

    fn first(&self, entries: &[(u64, Event)]) -> Result<bool> {
        if self.as_json {
            let lines: String = entries.iter().map(|(number, event)| line(*number, event)).collect();
            return self.terminal.stream(lines.as_bytes());
        }
        self.terminal.table_below(&self.above[..1], &self.above[1..], GIVE_WAY)
    }

    /// Shows what comes after a place, which moves on; all of it where there is none. `false` when nobody reads any more.
    fn new_ones(&self, log: &Log, query: &Query, place: &mut Option<Place>) -> Result<bool> {
        let mut found = match place {
            Some(place) => log.find_after(place, query)?,
            None => log.find(query)?,
        };
        let mut is_read = true;
        while let Some(entry) = found.next().filter(|_| is_read) {
            let (number, event) = entry?;
            is_read = if self.as_json {
                self.terminal.stream(line(number, &event).as_bytes())?
            } else {
                self.terminal.table_below(&self.above, &[row(number, &event)], GIVE_WAY)?
            };
            *place = Some(found.place());
        }
        // A log that is being set aside is not there for a moment; what was shown is not shown again.
        if place.is_none_or(|place| found.place().number() >= place.number()) {
            *place = Some(found.place());
        }
        Ok(is_read)
    }
}

/// How the files stand: another entry changes the length of the log, another file its moment too.
fn state(files: &[PathBuf]) -> Vec<Option<(u64, Option<SystemTime>)>> {
    let stand = |file: &PathBuf| fs::metadata(file).ok().map(|facts| (facts.len(), facts.modified().ok()));
    files.iter().map(stand).collect()
}
