//! `keyctl history --graph`: a heat map of use, and a sparkline for each of the keys used most.

use std::process::ExitCode;

use crate::{
    date::{Moment, zone},
    history::{Log, Query},
    report::{self, Drawn, Strokes, Tally},
    terminal::Terminal,
};

/// How wide it is where there is no screen.
const USUAL_WIDTH: usize = 80;

/// Draws the uses that a question is about, as many weeks of them as fit.
///
/// # Errors
/// As reading the history has them.
pub fn graph(log: &Log, query: &Query, now: Moment, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::new(zone::here(), None);
    let flaw = tally.add_all(log.find(query)?.watched(&mut super::reading(terminal)));
    if tally.uses == 0 {
        if flaw.is_some() {
            return super::ended(flaw);
        }
        terminal.say(if query.is_all() { "no use was recorded yet" } else { "no use is like that" });
        return Ok(ExitCode::SUCCESS);
    }
    let width = terminal.width().unwrap_or(USUAL_WIDTH);
    let strokes = if terminal.has_blocks() { Strokes::Blocks } else { Strokes::Digits };
    let Drawn { map, lines } = report::draw(&tally, now, width, strokes);
    terminal.report(&map)?;
    if !lines.is_empty() {
        terminal.data(b"\n")?;
        terminal.table(&lines, &[0])?;
    }
    super::ended(flaw)
}
