//! The history of a command's doing: where the store's log lies, and what happens when it cannot be written.

use std::{path::Path, time::Duration};

use crate::{
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{
        Action, Appended, Event, Log, Loss, Mark, Unrecorded, Verdict,
        unmade::{LOOKED_AT, NOT_CONFIRMED, NOT_THERE},
    },
    home::{self, Home, Lock},
    identity::{
        anchor::{Anchor, Id},
        keeper::{Item, KeeperKind},
        retired::{Aside, Retired},
    },
    platform,
    store::{
        machine::{self, Machine, System},
        members::Whose,
        payload::Payload,
    },
    terminal::{Terminal, count},
};

use super::{
    alerts::watch,
    caller,
    opening::{self, Kept, Other},
};

/// How long a use waits for another keyctl that is adding an entry. That takes milliseconds; where it takes longer something
/// is wrong, and a use must not be kept waiting by that unless its user wants no use unrecorded.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many changes of the store's identity a use may meet with while it is recorded.
const CHANGES: u32 = 4;

/// What to say where a home lies on another system than before.
const MOVED: &str = "keyctl's folder was copied here from another machine, or the system is new: from now on its history is this \
     machine's, and what the other one records is not looked for in it";

/// How strict a use is about being recorded: the user's config says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    /// Nothing goes on unrecorded.
    pub required: bool,
    /// Nothing goes on before the disk has it.
    pub sync: bool,
}

impl Strictness {
    /// How long another keyctl is waited for.
    #[must_use]
    pub fn patience(self) -> Duration {
        if self.required || self.sync { home::LOCK_DEADLINE } else { PATIENCE }
    }
}

impl From<&Config> for Strictness {
    fn from(config: &Config) -> Self {
        Self { required: config.history.required, sync: config.history.sync }
    }
}

/// What became of recording a use.
#[derive(Debug)]
pub enum Recorded {
    /// It stands in the history.
    As {
        /// The number of the last entry that was added with it, or its own.
        last: u64,
        /// How many entries before it could not be recorded.
        gap: Option<Unrecorded>,
    },
    /// It does not, and why.
    Not(Failure),
}

impl Recorded {
    /// The number of the last entry that was added.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        match self {
            Self::As { last, .. } => Some(*last),
            Self::Not(_) => None,
        }
    }
}

/// The history that belongs to an opened store: of a member who did not make it, one of his own, which the store knows
/// nothing of.
#[must_use]
pub fn log(home: &Home, kept: &Kept, payload: &Payload) -> Log {
    let line = kept.identity.line().expose();
    if !is_own(kept, payload) {
        return Log::new(home.data(), kept.identity.log_of(payload.id).0, line).expecting(known(&kept.anchor));
    }
    let own = Own::of(home, kept, payload);
    Log::new(home.data(), own.log.0, line)
        .with_retired(own.retired)
        .changing(matches!(kept.other, Some(Other::Former(_))))
        .expecting(known(&kept.anchor))
        .known_to_the_store(more_than_anchored(home, kept, payload))
        .beginning_with(first(&own))
}

/// What the store says of this machine's history, and of no other's.
pub struct Own<'p> {
    /// Which it is.
    pub log: Id,
    /// The keys that its earlier entries are sealed with.
    pub retired: &'p [Retired],
    /// What was set aside here, the earliest first.
    pub aside: Vec<&'p Aside>,
}

impl<'p> Own<'p> {
    /// Of an opened store.
    #[must_use]
    pub fn of(home: &Home, kept: &Kept, payload: &'p Payload) -> Self {
        // Where nothing was ever set aside and no identity changed there is nothing that could be another machine's.
        let is_plain = payload.aside.is_empty() && payload.retired.is_empty();
        let machine = if is_plain { None } else { Machine::read(home, &kept.identity, payload.id) };
        let Some(machine) = machine else {
            return Self { log: payload.log, retired: &payload.retired, aside: payload.aside.iter().collect() };
        };
        let log = machine.log().unwrap_or(payload.log);
        // Another machine may have set aside for itself what is gone on with here.
        let elsewhere = payload.aside.iter().find(|aside| aside.log == log).filter(|_| log != payload.log);
        let retired = elsewhere.map_or(&payload.retired, |aside| &aside.retired);
        let aside = payload.aside.iter().filter(|aside| machine.has_set_aside(aside)).collect();
        Self { log, retired: machine.retired_of(retired), aside }
    }
}

/// What this machine is called where others may have the store too, each with a history of its own; noted now where it was not, or
/// on another system.
///
/// # Errors
/// `Disk`.
pub fn machine(home: &Home, kept: &Kept, payload: &Payload, terminal: &Terminal) -> Result<Option<Machine>> {
    let (identity, system) = (&kept.identity, platform::system_id());
    let system = system.as_deref();
    let Some(machine) = Machine::read(home, identity, payload.id) else {
        let may_be_anothers = home.is_elsewhere() || !payload.members.is_empty();
        return may_be_anothers.then(|| Machine::begin(home, identity, payload, system)).transpose();
    };
    match machine.is_of(system) {
        System::Same => Ok(machine),
        System::Unnoted => machine.note_system(home, identity, payload.id, system),
        System::Another => {
            terminal.warn(MOVED);
            machine.moved(home, identity, payload, system)
        }
    }
    .map(Some)
}

/// Whether what the store says of a history and of a recovery copy is said of this identity's.
#[must_use]
pub fn is_own(kept: &Kept, payload: &Payload) -> bool {
    // A machine that only ever is given the identity has a history of its own, which the store knows nothing of.
    kept.record.kind() != KeeperKind::Given && payload.whose_log(&kept.identity) == Whose::Own
}

/// What the store itself says of how far this machine's history has come.
fn known_to_the_store(home: &Home, kept: &Kept, payload: &Payload) -> Option<Mark> {
    let (written, mark) = in_the_store(kept, payload)?;
    let machine = Machine::read(home, &kept.identity, payload.id);
    let is_own = |machine: Machine| {
        // On another system than its own it is of the machine which this home was copied from.
        let is_from_elsewhere = || machine.is_of(platform::system_id().as_deref()) == System::Another;
        machine.may_have_written(written) && !is_from_elsewhere()
    };
    machine.is_none_or(is_own).then_some(mark)
}

/// The same where it is more than the anchor knows, or something else.
fn more_than_anchored(home: &Home, kept: &Kept, payload: &Payload) -> Option<Mark> {
    let anchor = &kept.anchor;
    let (_, mark) = in_the_store(kept, payload)?;
    let is_known = mark.seq < anchor.entries || (mark.seq == anchor.entries && mark.hash == anchor.hash);
    if is_known { None } else { known_to_the_store(home, kept, payload) }
}

/// The mark of a history that is in the store, whichever machine has written it there: as it is written, and as it is.
fn in_the_store<'p>(kept: &Kept, payload: &'p Payload) -> Option<(&'p str, Mark)> {
    let written = payload.history.as_deref().filter(|_| is_own(kept, payload))?;
    Some((written, machine::unsigned(written).parse().ok()?))
}

/// A mark of this machine's history for the store, which says whose it is where others may write the store too.
#[must_use]
pub fn for_the_store(home: &Home, kept: &Kept, payload: &Payload, mark: &Mark, terminal: &Terminal) -> String {
    let machine = machine(home, kept, payload, terminal).ok().flatten();
    machine.map_or_else(|| mark.to_string(), |machine| machine.sign(&mark.to_string()))
}

/// Where a history was set aside, what the one after it begins with.
fn first(own: &Own) -> Option<Event> {
    let note = |aside: &Aside| format!("a new history; the former one was set aside in `{}`", aside.folder);
    own.aside.last().map(|aside| Event::beginning_anew(note(aside)))
}

/// What is odd about an anchor that lies before what the store knows of the history, if it does.
#[must_use]
pub fn behind(home: &Home, kept: &Kept, payload: &Payload) -> Option<String> {
    let (anchor, store) = (kept.anchor.entries, more_than_anchored(home, kept, payload)?.seq);
    (anchor < store).then(|| {
        format!("the anchor knows #{anchor} of the history, the store #{store}: not renewed, put back, or changed")
    })
}

/// What to say of uses that wait to be noted as not recorded, if there are any.
#[must_use]
pub fn unrecorded_words(log: &Log) -> Option<String> {
    Some(format!("{}; the next entry says so", log.gap()?))
}

/// The folders of histories that were set aside which are gone, or have nothing in them any more.
#[must_use]
pub fn missing_aside(home: &Home, kept: &Kept, payload: &Payload) -> Vec<String> {
    if !is_own(kept, payload) {
        return Vec::new();
    }
    let has_any = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    let is_missing = |aside: &&&Aside| {
        let folder = home.data().join(&aside.folder);
        if aside.known.is_some() { !has_any(&folder) } else { !folder.is_dir() }
    };
    Own::of(home, kept, payload).aside.iter().filter(is_missing).map(|aside| aside.folder.clone()).collect()
}

/// What to say of one of those.
#[must_use]
pub fn missing_words(folder: &str) -> String {
    format!("the history that was set aside in `{folder}` is not there any more")
}

/// What the anchor vouches for.
#[must_use]
pub fn known(anchor: &Anchor) -> Option<Mark> {
    (anchor.entries > 0).then_some(Mark { seq: anchor.entries, hash: anchor.hash })
}

/// Records a change to the store, and waits for the disk. What cannot be recorded is said and does not stop it.
pub fn change(log: &Log, event: &Event, terminal: &Terminal) -> Option<Appended> {
    let event = caller::sign(event.clone());
    let appended = written(log, &[&event], true, home::LOCK_DEADLINE, terminal);
    appended
        .inspect(|appended| say_doubt(appended, terminal))
        .map_err(|failure| unrecorded(log, &failure, terminal))
        .ok()
}

/// Records which changes the history has that did not come into the store, as it knows how far the history was when it was
/// last written: whoever made one was ended in between. The store's lock is held, so nobody is just about to. Best effort: of
/// thousands of entries since then, or where a file of the history was closed in between, the last ones are looked at.
pub fn note_unconfirmed(home: &Home, log: &Log, kept: &Kept, payload: &Payload, now: Moment, terminal: &Terminal) {
    let Some(mark) = known_to_the_store(home, kept, payload) else { return };
    let later = log.last_after(mark.seq, LOOKED_AT);
    let is_known =
        |number: u64, event: &Event| later.iter().any(|(after, other)| *after > number && other.unmakes(number, event));
    let unconfirmed = later.iter().filter(|(number, event)| event.is_change() && !is_known(*number, event));
    let mut failed = Event::new(Action::Failed, now).outcome(NOT_CONFIRMED);
    let mut words: Vec<&str> = Vec::new();
    for (number, event) in unconfirmed {
        failed.of.push(*number);
        failed.more += event.more;
        failed
            .names
            .extend(event.names.iter().filter(|name| !failed.names.contains(name)).cloned().collect::<Vec<_>>());
        words.extend(Some(event.action.as_str()).filter(|word| !words.contains(word)));
    }
    if failed.of.len() > 1 {
        terminal.warn(&format!(
            "the history knows {} that the store does not: the store is an older copy",
            count(failed.of.len(), "change")
        ));
        terminal.hint("if you did not put it back yourself: put your newest copy of `store.age` back");
        failed = failed.outcome(NOT_THERE);
    }
    if !failed.of.is_empty() {
        let failed = caller::sign(failed.note(words.join(", ")));
        if let Ok(appended) = log.append_all(&[&failed], false, home::LOCK_DEADLINE) {
            say_mended(log, &appended, terminal);
        }
    }
}

/// Records a use of keys before it happens, with what belongs to it, and moves the anchor forward once a day.
///
/// # Errors
/// Only where the user's config requires a history and there is none to be had.
pub fn usage(
    home: &Home,
    kept: &Kept,
    log: &Log,
    events: &[&Event],
    strictness: Strictness,
    terminal: &Terminal,
) -> Result<Recorded> {
    let now = events.last().and_then(|event| event.moment).unwrap_or_else(Moment::now);
    // A keychain takes tens of milliseconds to write, so not each time; and only what the disk has may be vouched for.
    let new_day = kept.anchor.day < now.day();
    let add = |log: &Log| written(log, events, strictness.sync || new_day, strictness.patience(), terminal);
    let mut appended = add(log);
    let mut newer: Option<(Kept, Log)> = None;
    for _ in 0..CHANGES {
        // Only an end that does not open can be another identity's: nothing else is worth asking the keeper again.
        if !appended.as_ref().is_err_and(|failure| failure.kind == Kind::Store) {
            break;
        }
        let Some(next) = again(home, newer.as_ref().map_or(kept, |(kept, _)| kept), terminal) else { break };
        appended = add(&next.1);
        newer = Some(next);
    }
    match appended {
        Ok(Appended { doubt: Some(doubt), .. }) if strictness.required => Err(required(doubt)),
        Ok(appended) => {
            say_doubt(&appended, terminal);
            if new_day && appended.doubt.is_none() {
                renew_anchor(home, kept, appended.mark, now);
            }
            Ok(Recorded::As { last: appended.mark.seq, gap: appended.gap })
        }
        Err(failure) if strictness.required => {
            // That it was asked for is an event too.
            log.note_gap();
            Err(required(failure))
        }
        Err(failure) => {
            unrecorded(log, &failure, terminal);
            Ok(Recorded::Not(failure))
        }
    }
}

/// The history as it is to be opened now, if the store got another identity since it was opened.
fn again(home: &Home, kept: &Kept, terminal: &Terminal) -> Option<(Kept, Log)> {
    if !opening::is_superseded(home, kept) {
        return None;
    }
    let kept = opening::identity(home).ok()?;
    let payload = opening::store(home, &kept, terminal).ok()?.pick(&[]).ok()?;
    let log = log(home, &kept, &payload);
    Some((kept, log))
}

/// Adds entries that are signed already, and says what had to be mended for that.
///
/// # Errors
/// As [`Log::append`].
pub fn append(
    log: &Log,
    events: &[&Event],
    durable: bool,
    patience: Duration,
    terminal: &Terminal,
) -> Result<Appended> {
    written(log, events, durable, patience, terminal)?.sure()
}

/// The same where a doubt is no failure.
fn written(log: &Log, events: &[&Event], durable: bool, patience: Duration, terminal: &Terminal) -> Result<Appended> {
    let appended = log.append_perhaps(events, durable, patience)?;
    say_mended(log, &appended, terminal);
    Ok(appended)
}

fn required(failure: Failure) -> Failure {
    failure.hint("`history.required` in `config.toml` asks for it")
}

/// Says that what is recorded may not stay so.
fn say_doubt(appended: &Appended, terminal: &Terminal) {
    if let Some(doubt) = &appended.doubt {
        terminal.warn(&format!("recorded in the history, but not for certain: {}", doubt.message));
    }
}

/// Says once what had to be mended; that entries are gone becomes an alert too.
pub fn say_mended(log: &Log, appended: &Appended, terminal: &Terminal) {
    if let Some(repaired) = &appended.repaired {
        terminal.warn(&format!("the history was mended: {repaired}"));
    }
    if appended.lost > 0 {
        watch::lost(log, appended.lost, terminal);
    }
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
    let Ok(held) = kept.keeper.peek() else { return };
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
        Verdict::Unaccepted { losses } => not_accepted(losses.clone()),
        Verdict::NotProvable { .. } => Some(Failure::new(Kind::Keychain, format!("the history is {verdict}"))),
    }
}

/// The failure for what is missing and nobody has said yes to, if there is anything.
#[must_use]
pub fn not_accepted(losses: Vec<Loss>) -> Option<Failure> {
    if losses.is_empty() {
        return None;
    }
    let failure = Failure::new(Kind::Keychain, format!("the history is {}", Verdict::Unaccepted { losses }));
    Some(failure.hint("if you know of that, say yes to it: `keyctl history repair --accept`"))
}
