//! `keyctl history --follow`: the last entries, and then each new one as it comes, until nobody reads any more.
//!
//! No lock is held and nothing is asked of the system but how the files of the history stand, four times a second. What is
//! new is read from where reading ended; where the log went on in another file, from its beginning.

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    thread::sleep,
    time::{Duration, SystemTime},
};

use crate::{
    history::{Log, Query},
    home::Home,
    terminal::Terminal,
};

use super::list::{GIVE_WAY, line, row, table};

/// So many entries are shown first if nothing else is said.
const FIRST: usize = 10;
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Shows entries until it is ended.
///
/// # Errors
/// As reading the history has them.
pub fn follow(
    home: &Home,
    log: &Log,
    query: &Query,
    last: Option<usize>,
    as_json: bool,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let files = ["history.head", "history.log"].map(|name| home.file(name));
    let mut seen = state(&files);
    let mut found = log.find(query)?;
    let (entries, _) = found.take_last(last.unwrap_or(FIRST))?;
    let mut place = found.place();
    // The rows that come later are laid out as if they stood in this table; one that is not shown leaves them room.
    let room = ["1000", "2026-11-24 12:00", "rotate", "openai/project", "program", ""].map(str::to_owned).to_vec();
    let shown = table(&entries);
    let above = [vec![room], shown.clone()].concat();
    let mut is_read = if as_json {
        let lines: String = entries.iter().map(|(number, event)| line(*number, event)).collect();
        terminal.stream(lines.as_bytes())?
    } else {
        terminal.table_below(&above[..1], &shown, GIVE_WAY)?
    };
    while is_read {
        sleep(PAUSE);
        let now = state(&files);
        if now == seen {
            continue;
        }
        seen = now;
        let mut found = log.find_after(&place, query)?;
        while let Some(entry) = found.next().filter(|_| is_read) {
            let (number, event) = entry?;
            is_read = if as_json {
                terminal.stream(line(number, &event).as_bytes())?
            } else {
                terminal.table_below(&above, &[row(number, &event)], GIVE_WAY)?
            };
        }
        // A log that is being set aside is not there for a moment; what was shown is not shown again.
        if found.place().number() >= place.number() {
            place = found.place();
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How the files stand: another entry changes the length of the log, another file its moment too.
fn state(files: &[PathBuf]) -> Vec<Option<(u64, Option<SystemTime>)>> {
    let stand = |file: &PathBuf| fs::metadata(file).ok().map(|facts| (facts.len(), facts.modified().ok()));
    files.iter().map(stand).collect()
}
