//! `keyctl unlock`: a store whose keeper asks is opened once, for a while, and the next commands ask nobody.
//!
//! What is kept for them is the identity, in the system's memory (identity/unlocked.rs); the store's own file is opened anew by
//! each of them, as ever.

use std::process::ExitCode;

use crate::{
    cli,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        given,
        keeper::Record,
        unlocked::{self, Lease},
    },
    name::StoreName,
    terminal::{Terminal, count},
};

use super::{
    opening::{self, Kept},
    record,
};

#[cfg(target_os = "linux")]
pub mod watch;

/// Opens a store for a while.
///
/// # Errors
/// As keeper and store have them; `Negative` for a store that asks nobody, `Keychain` where nothing can be kept open.
pub fn unlock(arguments: &cli::Unlock, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.store.as_ref())?;
    if given::is_given() {
        return Err(given::refused("nothing has to be opened for a while").into());
    }
    if let Some(record) = Record::read(&home)?.filter(Record::asks_nobody) {
        return Err(asks_nobody(&record).into());
    }
    unlocked::is_possible()?;
    // Asked is also where it is open: who extends the time shows again who they are.
    unlocked::ask_anew();
    let kept = opening::identity(&home)?;
    let payload = opening::store(&home, &kept, terminal)?.pick(&[])?;
    let now = Moment::now();
    let until = Moment::from_seconds(now.seconds().saturating_add_unsigned(arguments.time.as_secs()));
    let lease = lease(&kept, until)?;
    let log = record::log(&home, &kept, &payload);
    let event = Event::new(Action::Unlock, now).note(format!("for {}", words_of(arguments.time.as_secs())));
    let recorded = record::change(&log, &event, terminal);
    if let Err(failure) = lease.keep(kept.record.store, now) {
        let failed = Event { action: Action::Failed, ..event }.outcome(&failure.message);
        record::change(&log, &failed.of(recorded.iter().map(|appended| appended.mark.seq).collect()), terminal);
        return Err(failure.into());
    }
    let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
    terminal.say(&format!("the store{which} is open until {}", shown(until, now)));
    #[cfg(target_os = "linux")]
    if let Err(why) = watch::start(kept.record.store, arguments.time.as_secs()) {
        terminal.warn(&format!("locking the screen does not end that here: {why}"));
        terminal.hint("to end it before its time: `keyctl lock`");
    }
    #[cfg(not(target_os = "linux"))]
    terminal.hint("locking the screen does not end that; to end it before its time: `keyctl lock`");
    Ok(ExitCode::SUCCESS)
}

/// What is to be kept: all that the keeper has, bound to the bytes that it was wrapped in.
fn lease(kept: &Kept, until: Moment) -> Result<Lease> {
    let gone =
        || Failure::new(Kind::Busy, "the store's identity was being changed just now").hint("do the same once more");
    let wrapped = kept.keeper.mark()?.ok_or_else(gone)?;
    let line = unlocked::find(kept.record.store, wrapped).ok_or_else(gone)?;
    Ok(Lease { wrapped, until, line })
}

fn asks_nobody(record: &Record) -> Failure {
    let kept = record.kind().place();
    Failure::new(
        Kind::Negative,
        format!("the store asks nobody: its identity is kept in {kept}; there is nothing to unlock"),
    )
    .hint("for one that asks: `keyctl store keeper --to passphrase`")
}

/// A time in words: `15 minutes`.
fn words_of(seconds: u64) -> String {
    let number = |seconds: u64| usize::try_from(seconds).unwrap_or(usize::MAX);
    match seconds {
        seconds if seconds % 3600 == 0 => count(number(seconds / 3600), "hour"),
        seconds if seconds % 60 == 0 => count(number(seconds / 60), "minute"),
        seconds => count(number(seconds), "second"),
    }
}

/// A moment of today or tomorrow as the clock shows it.
#[must_use]
pub fn shown(until: Moment, now: Moment) -> String {
    let (day, now) = (until.local(), now.local());
    match (day.split_once(' '), now.split_once(' ')) {
        (Some((day, minute)), Some((today, _))) if day == today => minute.to_owned(),
        _ => day,
    }
}

/// The stores beside the personal one that are open for a while, each with its end.
#[must_use]
pub fn open_others(now: Moment) -> Vec<(StoreName, Moment)> {
    let until = |name: &StoreName| {
        let home = Home::named(Some(name)).ok().filter(|home| !home.is_being_removed())?;
        until(&Record::read(&home).ok()??, &home, now)
    };
    let all = Home::all().unwrap_or_default().into_iter();
    all.filter_map(|name| until(&name).map(|until| (name, until))).collect()
}

/// Until when a store is open that asks, if it is.
#[must_use]
pub fn until(record: &Record, home: &Home, now: Moment) -> Option<Moment> {
    if record.asks_nobody() {
        return None;
    }
    // A keychain is asked only where there is something to hold against what it has.
    let lease = unlocked::any_lease(record.store, now)?;
    let wrapped = record.open(home).mark().ok()??;
    (lease.wrapped == wrapped).then_some(lease.until)
}
