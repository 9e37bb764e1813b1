//! `keyctl history`: what was done, and the proof that nothing of it was changed.

use std::{io::IsTerminal as _, path::Path, process::ExitCode};

use crate::{
    cli::{self, HistoryVerb},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Log, Query},
    home::Home,
    store::file::OpenText,
    terminal::{Terminal, count},
};

use super::{mending, opening, proxying, record, stores};

mod anchor;
mod aside;
mod export;
mod follow;
mod graph;
mod list;
mod new_file;
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
    stores::agree(&arguments)?;
    let home = Home::of(stores::of_history(&arguments))?;
    let now = Moment::now();
    let query = question::query(&arguments.filter, now)?;
    let kept = opening::identity(&home)?;
    let store = opening::store(&home, &kept, terminal)?;
    let payload = store.pick(&[])?;
    if arguments.verb.is_none() && from(&arguments).is_none() {
        proxying::write_down_left(&home, &kept, &payload, terminal);
    }
    let log = record::log(&home, &kept, &payload);
    let log = match from(&arguments) {
        Some(folder) => aside::log(&home, &payload, log, folder)?,
        None => log,
    };
    let missing = record::missing_aside(&home, &kept, &payload);
    let opened = Opened { home, kept, store, log, missing };
    // What does not open may be another identity's by now.
    let is_doubt = |failure: &Failure| matches!(failure.kind, Kind::Store | Kind::Negative | Kind::Keychain);
    match answer(&opened, arguments, &query, now, terminal) {
        Err(error)
            if error.downcast_ref().is_some_and(is_doubt) && opening::is_superseded(&opened.home, &opened.kept) =>
        {
            Err(opening::superseded().into())
        }
        answered => answered,
    }
}

/// The folder of a history that was set aside, where one is asked.
fn from(arguments: &cli::History) -> Option<&Path> {
    let aside = match &arguments.verb {
        None => &arguments.aside,
        Some(HistoryVerb::Verify(arguments)) => &arguments.aside,
        Some(HistoryVerb::Usage(arguments)) => &arguments.aside,
        Some(HistoryVerb::Who(arguments)) => &arguments.aside,
        Some(HistoryVerb::Export(arguments)) => &arguments.aside,
        Some(_) => return None,
    };
    aside.from.as_deref()
}

/// The history that is asked, and the store that it belongs to.
struct Opened {
    home: Home,
    kept: opening::Kept,
    store: OpenText,
    log: Log,
    /// The folders of histories that were set aside and are gone.
    missing: Vec<String>,
}

fn answer(
    Opened { home, kept, store, log, missing }: &Opened,
    arguments: cli::History,
    query: &Query,
    now: Moment,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    match arguments.verb {
        Some(HistoryVerb::Repair { accept, yes }) => mending::repair(home, accept, yes, terminal),
        Some(HistoryVerb::Verify(arguments)) => verify::verify(home, kept, (log, missing), &arguments, terminal),
        Some(HistoryVerb::Anchor(report)) => anchor::anchor(log, report.json, terminal),
        Some(HistoryVerb::Prune(arguments)) => prune::prune(home, kept, log, &arguments, terminal),
        Some(HistoryVerb::Usage(arguments)) => usage::usage(&store.read()?, log, &arguments, now, terminal),
        Some(HistoryVerb::Who(arguments)) => {
            // What another key of that name was used by does not break when this one is replaced.
            question::key(&arguments.name, log, store, &mut reading(terminal))?;
            let (key, _) = log.life(&arguments.name, &mut reading(terminal))?;
            who::who(log, key, &arguments, now, terminal)
        }
        Some(HistoryVerb::Report(arguments)) => report::report(home, kept, &store.read()?, &arguments, terminal),
        Some(HistoryVerb::Export(arguments)) => export::export(log, &arguments, now, terminal),
        Some(HistoryVerb::Import { .. }) => Err(no_import().into()),
        None => {
            let about = |log: &Log, store: &OpenText| -> Result<Query> {
                let key = arguments.name.as_ref();
                let key = key.map(|name| question::key(name, log, store, &mut reading(terminal))).transpose()?;
                Ok(Query { key, ..query.clone() })
            };
            let query = about(log, store)?;
            if arguments.graph {
                return graph::graph(log, &query, now, terminal);
            }
            if arguments.follow {
                let reopened = || {
                    let kept = opening::identity(home)?;
                    let store = opening::store(home, &kept, terminal)?;
                    let log = record::log(home, &kept, &store.pick(&[])?);
                    let query = about(&log, &store)?;
                    Ok((log, query))
                };
                return follow::follow(home, reopened()?, &reopened, &arguments, terminal);
            }
            list::list(log, &query, &arguments, terminal)
        }
    }
}

/// Who says how far a proof has come, where it takes long.
fn checking(terminal: &Terminal) -> impl FnMut(u64, u64) + use<> {
    let mut progress = terminal.progress("checking the history");
    move |done, total| progress.at(done, total)
}

/// Who says how far reading has come, where it takes long and nothing else is shown meanwhile.
fn reading(terminal: &Terminal) -> impl FnMut(u64, u64) + use<> {
    let mut progress = terminal.progress("reading the history");
    move |done, total| progress.at(done, total)
}

/// The same for what is written to standard output as it is read: on a screen it shows that itself.
fn writing(terminal: &Terminal) -> impl FnMut(u64, u64) + use<> {
    let mut progress = (!std::io::stdout().is_terminal()).then(|| reading(terminal));
    move |done, total| {
        if let Some(progress) = &mut progress {
            progress(done, total);
        }
    }
}

/// The end of a question to the history: what it was answered from is all there, or this is what is wrong with it.
fn ended(flaw: Option<Failure>) -> anyhow::Result<ExitCode> {
    flaw.map_or(Ok(ExitCode::SUCCESS), |failure| Err(failure.into()))
}

/// What to say of uses that a key may have had, of more keys than an entry has room for.
#[must_use]
pub fn cut_words(uses: u64) -> Option<String> {
    let were = if uses == 1 { "was" } else { "were" };
    let uses = (uses > 0).then(|| count(usize::try_from(uses).unwrap_or(usize::MAX), "use"))?;
    Some(format!("{uses} {were} of more keys than an entry names; this one may be among those"))
}

fn no_import() -> Failure {
    Failure::new(Kind::Usage, "the history takes no entries from outside: they are only ever made, by what is done")
        .hint("`keyctl history export` writes them for other programs")
}
