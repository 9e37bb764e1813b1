//! `keyctl lock`: what was opened for a while is closed at once.

use std::process::ExitCode;

use crate::{
    activation::state,
    cli,
    date::Moment,
    failure::Result,
    history::{Action, Event},
    home::Home,
    identity::{keeper::Record, unlocked},
    name::PERSONAL,
    terminal::{Terminal, count},
};

use super::{opening, record};

/// Closes a store, or all that are open, wherever they lie.
///
/// # Errors
/// `Missing` for a store that there is not; `Keychain` where one cannot be closed.
pub fn lock(arguments: &cli::Lock, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let homes = match &arguments.store {
        Some(store) => vec![Home::of(Some(store))?],
        None => all()?,
    };
    let now = Moment::now();
    let mut closed = Vec::new();
    let mut failed = None;
    // First all are closed, then it is said and recorded.
    for home in homes {
        match close(&home, now) {
            Ok(true) => closed.push(home),
            Ok(false) => {}
            Err(failure) => failed = Some(failure),
        }
    }
    // Also what no folder is of here, or one that cannot be read: what is open for a while lies in the system's memory.
    let others = if arguments.store.is_none() { unlocked::close_all() } else { Ok(0) };
    for home in &closed {
        note(home, now, terminal);
        terminal.say(&format!("closed: the store `{}`", home.store().map_or(PERSONAL, |name| name.as_str())));
    }
    let others = others?;
    if others > 0 {
        terminal.say(&format!("closed: {} that cannot be told any more from here", count(others, "store")));
    }
    if (!closed.is_empty() || others > 0) && std::env::var_os(state::VARIABLE).is_some_and(|state| !state.is_empty()) {
        terminal.hint("what runs keeps the keys that it has: this shell until it leaves the folder");
    }
    if let Some(failure) = failed {
        return Err(failure.into());
    }
    if closed.is_empty() && others == 0 {
        terminal.say(if arguments.store.is_some() { "the store was not open" } else { "no store was open" });
    }
    Ok(ExitCode::SUCCESS)
}

fn all() -> Result<Vec<Home>> {
    let others = Home::all()?;
    let others = others.iter().filter_map(|name| Home::named(Some(name)).ok());
    Ok(std::iter::once(Home::find()?).chain(others).collect())
}

/// Closes one; this process keeps what it needs to say so in the history.
fn close(home: &Home, now: Moment) -> Result<bool> {
    let Some(record) = Record::read(home)? else { return Ok(false) };
    let lease = unlocked::any_lease(record.store, now);
    let was_there = unlocked::close(record.store)?;
    if let Some(lease) = &lease {
        unlocked::hold(lease.wrapped, &lease.line);
    }
    Ok(was_there && lease.is_some())
}

/// Best effort: the store is closed in any case.
fn note(home: &Home, now: Moment, terminal: &Terminal) {
    let Ok(kept) = opening::identity_quietly(home) else { return };
    let Ok(payload) = opening::store(home, &kept, terminal).and_then(|store| store.pick(&[])) else { return };
    record::change(&record::log(home, &kept, &payload), &Event::new(Action::Lock, now), terminal);
}
