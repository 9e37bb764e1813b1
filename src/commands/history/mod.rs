//! `keyctl history`: what was done, and the proof that nothing of it was changed.

use std::process::ExitCode;

use crate::{
    cli::{self, HistoryVerb},
    home::Home,
    terminal::Terminal,
};

use super::{mending, opening, record};

mod graph;
mod list;
mod report;
mod verify;

/// Lists events, or verifies them.
///
/// # Errors
/// As the store has them; `Negative` and `Keychain` for a history that is not whole.
pub fn history(arguments: cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kept = opening::identity(&home)?;
    let store = opening::store(&home, &kept, terminal)?;
    let payload = store.pick(&[])?;
    let log = record::log(&home, &kept, payload.log);
    match arguments.verb {
        Some(HistoryVerb::Repair { yes }) => mending::repair(&home, yes, terminal),
        Some(HistoryVerb::Verify(report)) => verify::verify(&home, &kept, &log, report.json, terminal),
        Some(HistoryVerb::Page(arguments)) => report::report(&home, &kept, &store.read()?, &arguments, terminal),
        None if arguments.graph => graph::graph(&log, terminal),
        None => list::list(&log, &arguments, terminal),
    }
}
