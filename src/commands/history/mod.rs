//! `keyctl history`: what was done, and the proof that nothing of it was changed.

use std::process::ExitCode;

use crate::{
    cli::{self, HistoryVerb},
    date::Moment,
    failure::{Failure, Kind},
    home::Home,
    terminal::Terminal,
};

use super::{mending, opening, record};

mod anchor;
mod export;
mod follow;
mod graph;
mod list;
mod prune;
mod question;
mod report;
mod usage;
mod verify;
mod who;

/// Lists events, answers questions about them, or verifies them.
///
/// # Errors
/// As the store has them; `Negative` and `Keychain` for a history that is not whole.
pub fn history(arguments: cli::History, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if let Some(HistoryVerb::Import { .. }) = arguments.verb {
        return Err(no_import().into());
    }
    let home = Home::find()?;
    let now = Moment::now();
    let mut query = question::query(&arguments.filter, now)?;
    let kept = opening::identity(&home)?;
    let store = opening::store(&home, &kept, terminal)?;
    let log = record::log(&home, &kept, &store.pick(&[])?);
    match arguments.verb {
        Some(HistoryVerb::Repair { yes }) => mending::repair(&home, yes, terminal),
        Some(HistoryVerb::Verify(arguments)) => verify::verify(&home, &kept, &log, &arguments, terminal),
        Some(HistoryVerb::Anchor(report)) => anchor::anchor(&log, report.json, terminal),
        Some(HistoryVerb::Prune(arguments)) => prune::prune(&home, &kept, &log, &arguments, terminal),
        Some(HistoryVerb::Usage(arguments)) => usage::usage(&store.read()?, &log, &arguments, now, terminal),
        Some(HistoryVerb::Who(arguments)) => {
            let key = question::key(&arguments.name, &log, &store)?;
            who::who(&log, key, &arguments, now, terminal)
        }
        Some(HistoryVerb::Report(arguments)) => report::report(&home, &kept, &store.read()?, &arguments, terminal),
        Some(HistoryVerb::Export(arguments)) => export::export(&log, &arguments, now, terminal),
        Some(HistoryVerb::Import { .. }) => Err(no_import().into()),
        None if arguments.graph => graph::graph(&log, terminal),
        None => {
            query.key = arguments.name.as_ref().map(|name| question::key(name, &log, &store)).transpose()?;
            if arguments.follow {
                return follow::follow(&home, &log, &query, arguments.last, arguments.json, terminal);
            }
            list::list(&log, &query, &arguments, terminal)
        }
    }
}

fn no_import() -> Failure {
    Failure::new(Kind::Usage, "the history takes no entries from outside: they are only ever made, by what is done")
        .hint("`keyctl history export` writes them for other programs")
}
