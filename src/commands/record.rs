//! The history of a command's doing: where the store's log lies, and what happens when it cannot be written.

use std::time::Duration;

use crate::{
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Appended, Event, Log, Mark, Verdict},
    home::{Home, Lock},
    identity::{
        anchor::{Anchor, Id},
        keeper::Item,
    },
    terminal::Terminal,
};

use super::{caller, opening::Kept};

/// How strict a use is about being recorded: the user's config says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    /// Nothing goes on unrecorded.
    pub required: bool,
    /// Nothing goes on before the disk has it.
    pub sync: bool,
}

impl From<&Config> for Strictness {
    fn from(config: &Config) -> Self {
        Self { required: config.history.required, sync: config.history.sync }
    }
}

/// What became of recording a use.
#[derive(Debug)]
pub enum Recorded {
    /// It stands in the history, under this number.
    As(u64),
    /// It does not, and why.
    Not(String),
}

/// The history that belongs to an opened store.
#[must_use]
pub fn log(home: &Home, kept: &Kept, log: Id) -> Log {
    Log::new(home.data(), log.0, kept.identity.line().expose()).expecting(known(&kept.anchor))
}

/// What the anchor vouches for.
#[must_use]
pub fn known(anchor: &Anchor) -> Option<Mark> {
    (anchor.entries > 0).then_some(Mark { seq: anchor.entries, hash: anchor.hash })
}

/// Records a change to the store, and waits for the disk. What cannot be recorded is said and does not stop it.
pub fn change(log: &Log, event: &Event, terminal: &Terminal) -> Option<Mark> {
    let appended = append(log, event, true, terminal).map_err(|failure| unrecorded(log, &failure, terminal));
    appended.ok().map(|appended| appended.mark)
}

/// Records a use of keys before it happens, and moves the anchor forward once a day.
///
/// # Errors
/// Only where the user's config requires a history and there is none to be had.
pub fn usage(
    home: &Home,
    kept: &Kept,
    log: &Log,
    event: &Event,
    strictness: Strictness,
    terminal: &Terminal,
) -> Result<Recorded> {
    let now = event.moment.unwrap_or_else(Moment::now);
    // A keychain takes tens of milliseconds to write, so not each time; and only what the disk has may be vouched for.
    let new_day = kept.anchor.day < now.day();
    match append(log, event, strictness.sync || new_day, terminal) {
        Ok(appended) => {
            if new_day {
                renew_anchor(home, kept, appended.mark, now);
            }
            Ok(Recorded::As(appended.mark.seq))
        }
        Err(failure) if strictness.required => Err(failure.hint("`history.required` in `config.toml` asks for it")),
        Err(failure) => {
            unrecorded(log, &failure, terminal);
            Ok(Recorded::Not(failure.message))
        }
    }
}

fn append(log: &Log, event: &Event, durable: bool, terminal: &Terminal) -> Result<Appended> {
    let appended = log.append(&caller::sign(event), durable)?;
    if let Some(repaired) = &appended.repaired {
        terminal.warn(&format!("the history was mended: {repaired}"));
    }
    Ok(appended)
}

fn unrecorded(log: &Log, failure: &Failure, terminal: &Terminal) {
    log.note_gap();
    terminal.warn(&format!("not recorded in the history: {}", failure.message));
    failure.hints.iter().for_each(|hint| terminal.hint(hint));
}

/// Moves the anchor's history forward. Best effort: who cannot do it now does it next time.
pub fn renew_anchor(home: &Home, kept: &Kept, mark: Mark, now: Moment) {
    // A writer that holds the lock renews the anchor itself; and what it has written since must not be taken back.
    let Ok(_lock) = Lock::acquire_within(&home.file("lock"), Duration::ZERO) else { return };
    let Ok(held) = kept.keeper.read() else { return };
    if let Some(newest) = held.anchor.as_ref().and_then(Anchor::parse).filter(|newest| newest.entries < mark.seq) {
        let anchor = Anchor { entries: mark.seq, hash: mark.hash, day: newest.day.max(now.day()), ..newest };
        let _ = kept.keeper.write(Item::Anchor, &anchor.line());
    }
}

/// The failure for a history that is not whole.
#[must_use]
pub fn not_whole(verdict: &Verdict) -> Option<Failure> {
    match verdict {
        Verdict::Intact { .. } => None,
        Verdict::Tampered { .. } => Some(Failure::new(Kind::Negative, format!("the history is {verdict}"))),
        Verdict::NotProvable { .. } => Some(Failure::new(Kind::Keychain, format!("the history is {verdict}"))),
    }
}
