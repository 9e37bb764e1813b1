//! `keyctl history`: what was done, and the proof that nothing of it was changed.

use std::process::ExitCode;

use crate::{
    cli::{self, HistoryVerb},
    home::Home,
    terminal::Terminal,
};

use super::{mending, opening, record};

mod anchor;
mod list;
mod prune;
mod verify;

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
        Some(HistoryVerb::Repair { yes }) => mending::repair(&home, yes, terminal),
        Some(HistoryVerb::Verify(arguments)) => verify::verify(&home, &kept, &log, &arguments, terminal),
        Some(HistoryVerb::Anchor(report)) => anchor::anchor(&log, report.json, terminal),
        Some(HistoryVerb::Prune(arguments)) => prune::prune(&home, &kept, &log, &arguments, terminal),
        None => list::list(&log, &arguments, terminal),
    }
}
