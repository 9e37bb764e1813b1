//! One change to the store, the same for every command that makes one: lock, open, change, record, write, anchor, done.
//!
//! The event comes before the file, so that no change is without one; if the file then cannot be written, a `failed`
//! event follows, by the next change where this one was ended in between. The anchor comes last: a store that is ahead of its
//! anchor is sound, one behind it is a rollback. Of a store with members, what is accepted of them and the version that was
//! seen follow on it. A file that lies elsewhere takes the place of the very one that was read: git may have put another there.

use std::sync::Arc;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, unmade::NOT_WRITTEN},
    home::{Home, Lock},
    identity::{
        Identity,
        anchor::Anchor,
        keeper::{Item, Record},
    },
    platform,
    store::{
        bygone::Guarded,
        file::{self, Print},
        payload::Payload,
        seen::Version,
    },
    terminal::{Terminal, count},
};

use super::{
    alerts::watch,
    creating,
    judging::Clock,
    keepers::Wish,
    opening::{self, Kept},
    prompt, recipients, record, sourcing, unbound,
};

/// What a change came to.
pub enum Outcome<T> {
    /// The store is to be written; the event says what was done.
    Changed(T, Box<Event>),
    /// There was nothing to change.
    AsItWas(T),
}

impl<T> Outcome<T> {
    /// A change, with the event that says what it was.
    pub fn changed(answer: T, event: Event) -> Self {
        Self::Changed(answer, Box::new(event))
    }
}

/// Makes one change. The store is made if there is none and `create` says so.
///
/// # Errors
/// Whatever kept it from being made; then the store is as it was, and nothing was acknowledged.
pub fn change<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    act: impl FnOnce(&mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    change_as(home, terminal, now, |_, payload| act(payload))
}

/// Like [`change`], where it matters who makes it.
///
/// # Errors
/// As [`change`].
pub fn change_as<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    act: impl FnOnce(&Kept, &mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    opening::ask_first(home)?;
    let _lock = lock(home)?;
    let (kept, payload) = creating::open_existing(home, terminal)?;
    apply(home, terminal, now, &kept, payload, |payload| act(&kept, payload))
}

/// Like [`change`], and makes the personal store first if there is none. Another one is made by its user alone.
///
/// # Errors
/// As [`change`].
pub fn change_or_create<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    act: impl FnOnce(&mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    change_or_create_as(home, terminal, now, |_, payload| act(payload))
}

/// Like [`change_or_create`], where it matters who makes it.
///
/// # Errors
/// As [`change`].
pub fn change_or_create_as<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    act: impl FnOnce(&Kept, &mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    opening::ask_first(home)?;
    let _lock = lock(home)?;
    if home.store().is_some() && Record::read(home)?.is_none() {
        return Err(removed_meanwhile(home));
    }
    let (kept, payload) = creating::open_or_create(home, &Wish::default(), terminal)?;
    apply(home, terminal, now, &kept, payload, |payload| act(&kept, payload))
}

/// Makes the store, and goes on where that was cut short.
///
/// # Errors
/// As [`change`].
pub fn make<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    wish: &Wish,
    act: impl FnOnce(&mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    let _lock = lock(home)?;
    // Where its file is to be was said before the lock was had.
    if Home::named(home.store().map(Arc::as_ref))?.store_file() != home.store_file() {
        return Err(Failure::new(Kind::Busy, "another keyctl is making this store just now")
            .hint("look at it: `keyctl store list`"));
    }
    let (kept, payload) = creating::open_or_create(home, wish, terminal)?;
    apply(home, terminal, now, &kept, payload, act)
}

/// The right to write, on a folder that is ready for it.
///
/// # Errors
/// `Busy`, `Disk`.
pub fn lock(home: &Home) -> Result<Lock> {
    home.prepare()?;
    let mut lock = Lock::acquire(&home.file("lock"))?;
    if home.store().is_some() && home.is_being_removed() {
        return Err(removed_meanwhile(home));
    }
    home.sweep();
    if home.is_elsewhere() {
        lock = lock.with_folder_of(&file::path(home))?;
    }
    home.sweep_beside(&file::path(home), &lock);
    Ok(lock)
}

fn removed_meanwhile(home: &Home) -> Failure {
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    Failure::new(Kind::Missing, format!("the store `{name}` was removed meanwhile; nothing was changed"))
}

/// Says that the clock is behind the last change: dates that are counted from now would be too early.
fn warn_of_the_clock(kept: &Kept, payload: &Payload, now: Moment, terminal: &Terminal) {
    let clock = Clock::of(kept, payload, now);
    if let Some((said, hint)) = clock.doubt().filter(|_| clock.ahead_of.is_none()) {
        terminal.warn(&said);
        terminal.hint(hint);
    }
}

fn apply<T>(
    home: &Home,
    terminal: &Terminal,
    now: Moment,
    kept: &Kept,
    mut payload: Payload,
    act: impl FnOnce(&mut Payload) -> Result<Outcome<T>>,
) -> Result<T> {
    let settings = opening::settings(home);
    let (rule, judge) = (unbound::guard(&settings), opening::judge(home, &settings));
    let guarded = Guarded::of(&payload, &rule);
    let known = recipients::known_before(&payload, &judge);
    let (answer, event) = match act(&mut payload)? {
        Outcome::Changed(answer, event) => (answer, event),
        Outcome::AsItWas(answer) => return Ok(answer),
    };
    warn_of_the_clock(kept, &payload, now, terminal);
    let wiped = payload.tidy(now, kept.anchor.renewed());
    guarded.note_wiped(&mut payload, &rule);
    payload.settle_wiped();
    let noted = recipients::to_be_noted(home, kept, known.as_ref(), &payload, &judge)?;
    let log = record::log(home, kept, &payload);
    record::note_unconfirmed(home, &log, kept, &payload, now, terminal);
    let recorded = record::change(&log, &event, terminal);
    let mark = recorded.as_ref().map(|recorded| recorded.mark);
    payload.generation = payload.generation.max(kept.anchor.generation).saturating_add(1);
    if let Some(mark) = mark.as_ref().filter(|_| record::is_own(kept, &payload)) {
        payload.history = Some(record::for_the_store(home, kept, &payload, mark, terminal));
    }
    let version = match write(home, &payload, &kept.identity, kept.print, terminal) {
        Ok(version) => version,
        Err(failure) => {
            let failed = Event { action: Action::Failed, ..*event }.outcome(NOT_WRITTEN);
            record::change(&log, &failed.of(mark.iter().map(|mark| mark.seq).collect()), terminal);
            return Err(failure);
        }
    };
    watch::follow(&log, &event);
    if wiped > 0 {
        terminal.say(&format!("wiped {} whose overlap has ended", count(wiped, "former secret")));
    }
    let (seal, generation) = (payload.seal, payload.generation);
    let mut anchor = Anchor { seal, generation, day: now.day(), ..kept.anchor.clone() };
    let sure = recorded.filter(|recorded| recorded.doubt.is_none()).map(|recorded| recorded.mark);
    if let Some(mark) = sure.filter(|mark| mark.seq > anchor.entries) {
        anchor.entries = mark.seq;
        anchor.hash = mark.hash;
    }
    match kept.keeper.write(Item::Anchor, &anchor.line()) {
        Ok(()) => recipients::settle(home, kept, noted, (&payload, version), terminal),
        // The store is written and stays: only its being rolled back to the one before would go unnoticed until then.
        Err(failure) => terminal.warn(&format!("kept, but the anchor was not renewed: {}", failure.message)),
    }
    prompt::leave_for(home, &payload, now);
    sourcing::forget_unused(home, kept, &payload);
    Ok(answer)
}

/// Puts the content in the store's place, and says it where the file had another name: the new file has one only.
///
/// # Errors
/// As [`file::write`].
pub fn write(
    home: &Home,
    payload: &Payload,
    identity: &Identity,
    over: Option<Print>,
    terminal: &Terminal,
) -> Result<Option<Version>> {
    let path = file::path(home);
    let linked = std::fs::metadata(&path).is_ok_and(|facts| platform::access(&facts).linked_elsewhere);
    let version = file::write(home, payload, identity, over)?;
    if linked {
        terminal.warn(&format!(
            "`{}` had another name too (a hard link); that one keeps the older content from now on",
            path.display()
        ));
    }
    Ok(version)
}
