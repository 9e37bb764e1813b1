//! The watch: looks at each use as it happens, against what it remembers in `alerts.state`.
//!
//! It never reads the whole history and never keeps a use from happening. The state is one small sealed file, read once a
//! use and written when something new was learnt. Where it is missing, damaged or of another history, the last entries are
//! learnt from instead; unless no key was ever used, that is an alert, once for each loss.
//!
//! Looking needs no lock. Only where something is to be told of or was learnt is the state changed, under one and as it is by
//! then (memory.rs): so of many uses at the same moment one tells of what they have in common.
//!
//! What is told of a use is judged before the use is recorded, so that both become entries in one write, under one lock. Where
//! that fails, nothing is tried again: the alerts wait in the state and are the first that the history gets when it can
//! be added to again, by the next use, by `history repair` or by `alerts list`. Rather twice than never: two that find them
//! waiting at the same moment both add them.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, SystemTime},
};

use crate::{
    alert::{Alert, End, LONGEST_LATE, Rule, Seen, Settings, State, judge, judge_history, judge_memory},
    commands::{
        caller,
        record::{self, Recorded, Strictness},
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log, Verdict, lives::Turn, unmade::made},
    home::{Home, Lock},
    name::KeyName,
    terminal::{Terminal, count},
};

use super::{
    deliver::{self, Message},
    memory::Memory,
};

/// How many of the last entries a lost state is learnt from.
const LEARNT_FROM: usize = 400;
/// How often to look for the state again where it should be, and how long to wait before that.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);
/// In a burst some entry follows another within this time, so nothing is counted where none does.
const QUICK: Duration = Duration::from_secs(2);
/// Uses within so many seconds are counted.
const BURST_SECONDS: i64 = 60;

/// What is needed to look at uses.
pub struct Watch<'w> {
    /// Where the state lies.
    pub home: &'w Home,
    /// The history of the keys.
    pub log: &'w Log,
    /// What the user wants to be told.
    pub settings: &'w Settings,
    /// Where it is said.
    pub terminal: &'w Terminal,
}

/// A use that is about to be recorded, or an attempt at one.
#[derive(Clone, Copy)]
pub struct Use<'u> {
    /// Its entry, signed.
    pub event: &'u Event,
    /// The folder of the project that asks for the keys, where one does.
    pub project: Option<&'u Path>,
    /// Those of the keys that have ended.
    pub ended: &'u [(KeyName, End)],
}

/// An alert that waits for the history: as the state has it, and as an entry.
type Late = (Vec<u8>, Event);

/// What is to be recorded with a use, and told of it.
#[derive(Default)]
pub struct Sight {
    /// What is remembered, this use included; nothing where nobody wants to be told, or it was no use.
    state: Option<State>,
    /// What was remembered before it, where that it is told of is remembered already.
    before: Option<State>,
    /// The right to change it, where that is kept until the history has what waits for it.
    lock: Option<Lock>,
    /// Alerts that the history did not take when they were told.
    late: Vec<Late>,
    /// What is told of this use, with the entries.
    told: Vec<(Alert, Event)>,
}

impl Sight {
    /// All entries, in the order in which they are added.
    #[must_use]
    pub fn entries<'s>(&'s self, event: &'s Event) -> Vec<&'s Event> {
        self.late.iter().map(|(_, late)| late).chain([event]).chain(self.told.iter().map(|(_, entry)| entry)).collect()
    }

    /// How many entries come after that of the use.
    #[must_use]
    pub fn told_after(&self) -> usize {
        self.told.len()
    }
}

impl Watch<'_> {
    /// Looks at a use that is about to be recorded.
    #[must_use]
    pub fn look_at(&self, use_: &Use) -> Sight {
        let Some(seen) = seen(use_.event) else { return Sight::default() };
        if !self.settings.watches_anything() {
            // What was used while nobody wanted to be told is not forgotten later, as it never was remembered.
            if !self.memory().is_there() {
                self.memory().write(&State::default());
            }
            return Sight::default();
        }
        let mut state = self.state(use_.event);
        let late = late(&state);
        let told = self.judge(&mut state, use_, seen.clone());
        let sight = Sight { state: Some(state), late, told, ..Sight::default() };
        if sight.told.is_empty() && sight.late.is_empty() { sight } else { self.look_again(use_, seen, sight) }
    }

    /// Looks once more at a use that is to be told of, or finds what waits for the history, now that nobody else does: others
    /// may have told of the same meanwhile, and nobody who comes after this one shall.
    fn look_again(&self, use_: &Use, seen: Seen, sight: Sight) -> Sight {
        let Some(lock) = self.memory().lock() else { return sight };
        let Some(before) = self.memory().read() else { return sight };
        let mut state = before.clone();
        let (late, told) = (late(&before), self.judge(&mut state, use_, seen));
        let before = Some(before).filter(|_| !told.is_empty() && self.memory().write(&state));
        // What waits for the history is added by this one alone.
        let lock = Some(lock).filter(|_| !late.is_empty());
        Sight { state: Some(state), before, lock, late, told }
    }

    /// Remembers a use, if it is not remembered yet, and what else the change does.
    fn remember<T>(&self, use_: &Use, sight: &Sight, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.memory().change_under(sight.lock.as_ref(), sight.state.clone(), |state| {
            if sight.before.is_none() {
                self.learn(state, use_, &sight.told);
            }
            change(state)
        })
    }

    /// Tells of a use, once it was recorded or could not be. Nothing of that may keep the use from happening.
    pub fn tell(&self, use_: &Use, sight: Sight, recorded: &Result<Recorded>) {
        let Some(state) = &sight.state else { return };
        match recorded {
            Ok(Recorded::As { last, gap }) => {
                // Of a use that was not recorded it was told when that happened; here it was something else.
                let gap = gap.filter(|_| sight.late.is_empty());
                let is_known = sight.before.is_some() || !state.has_changed();
                if !is_known || !sight.late.is_empty() {
                    self.remember(use_, &sight, |state| forget(state, &sight.late));
                }
                let first = last + 1 - sight.told.len() as u64;
                self.say((first..).map(Some).zip(sight.told));
                drop(sight.lock);
                if let Some(lost) = gap {
                    self.tell_of_history(use_.event, GAP, lost.to_string());
                }
            }
            Ok(Recorded::Not(failure)) => self.unrecorded(use_, sight, failure, true),
            Err(failure) => self.unrecorded(use_, sight, failure, false),
        }
    }

    /// Tells that a use was not recorded, and what else is to be told of it; all of that waits for the history.
    fn unrecorded(&self, use_: &Use, sight: Sight, failure: &Failure, happens: bool) {
        let moment = moment(use_.event);
        let what =
            if happens { "a use was not recorded" } else { "a use was refused because it could not be recorded" };
        let sort = match failure.kind {
            Kind::Busy => "busy",
            Kind::Store => "store",
            _ => "disk",
        };
        let what = format!("{what}: {}", failure.message);
        let wait = |state: &mut State, told: &[(Alert, Event)]| {
            let trouble = judge_history(state, self.settings, moment, sort, what);
            // The gap in the history is explained by that.
            let _ = judge_history(state, self.settings, moment, GAP, String::new());
            let trouble = trouble.map(|alert| told_of(alert, use_.event));
            let told: Vec<_> = trouble.into_iter().chain(told.iter().cloned()).collect();
            for (_, entry) in &told {
                state.keep_late(&entry.to_json(LONGEST_LATE));
            }
            told
        };
        let told = if happens {
            self.remember(use_, &sight, |state| wait(state, &sight.told))
        } else {
            // It was not used, so nothing of it is known. What another has learnt in these moments is learnt again.
            let lock = sight.lock.or_else(|| self.memory().lock());
            let _ = sight.before.as_ref().is_some_and(|before| self.memory().write(before));
            self.memory().change_under(lock.as_ref(), sight.before, |state| wait(state, &[]))
        };
        self.say(told.unwrap_or_default().into_iter().map(|told| (None, told)));
    }

    /// What is told of a use, with the entries.
    fn judge(&self, state: &mut State, use_: &Use, seen: Seen) -> Vec<(Alert, Event)> {
        let burst = self.burst(state, seen.moment);
        self.hold_against(state, use_, Seen { burst, ..seen })
    }

    /// Remembers a use of which all is told that there is to tell.
    fn learn(&self, state: &mut State, use_: &Use, told: &[(Alert, Event)]) {
        let Some(seen) = seen(use_.event) else { return };
        let burst = told.iter().any(|(alert, _)| alert.rule == Rule::Burst).then_some(1);
        self.hold_against(state, use_, Seen { burst, ..seen });
    }

    fn hold_against(&self, state: &mut State, use_: &Use, seen: Seen) -> Vec<(Alert, Event)> {
        let project = use_.project.map(Path::to_string_lossy);
        let ended = use_.ended.iter().map(|(name, end)| (name.as_str(), *end)).collect();
        let seen = Seen { project: project.as_deref(), ended, ..seen };
        let alerts = judge(state, self.settings, &seen).into_iter();
        alerts.map(|alert| told_of(alert, use_.event)).collect()
    }

    /// How many uses there were within a minute, this one included, if there were many. The one entry that lies so far back
    /// is looked at first: only if it is young, all of them are counted.
    fn burst(&self, state: &State, now: Moment) -> Option<u64> {
        if !self.settings.watches(Rule::Burst) || state.has_told(Rule::Burst, now) || !is_quick(self.log) {
            return None;
        }
        let many = usize::try_from(self.settings.burst).ok()?;
        let is_young = |moment: Moment| now.seconds().saturating_sub(moment.seconds()) <= BURST_SECONDS;
        self.log.moment_before(many.checked_sub(2)?).filter(|moment| is_young(*moment))?;
        let counts = |event: &Event| seen(event).is_some() && event.moment.is_some_and(is_young);
        // There may be as many others between them: alerts, changes.
        let uses = 1 + self.log.last(2 * many).iter().filter(|(_, event)| counts(event)).count();
        (uses >= many).then_some(uses as u64)
    }

    /// Tells that something is wrong with the history, once a day of each sort.
    fn tell_of_history(&self, event: &Event, sort: &str, what: String) {
        let judged = |state: &mut State| judge_history(state, self.settings, moment(event), sort, what);
        let Some(alert) = self.memory().change(None, judged).flatten() else { return };
        let (alert, entry) = told_of(alert, event);
        let number = self.add_or_keep(&entry);
        self.say([(number, (alert, entry))]);
    }

    /// Adds an alert to the history, and gives its number; where that does not take it, it waits.
    fn add_or_keep(&self, entry: &Event) -> Option<u64> {
        let number = self.add(std::slice::from_ref(entry)).ok();
        if number.is_none() {
            self.memory().change(None, |state| state.keep_late(&entry.to_json(LONGEST_LATE)));
        }
        number
    }

    fn memory(&self) -> Memory<'_> {
        Memory::of(self.home, self.log)
    }

    /// Adds alerts to the history, and gives the number of the last.
    fn add(&self, entries: &[Event]) -> Result<u64> {
        let entries: Vec<&Event> = entries.iter().collect();
        let patience = Strictness::default().patience();
        record::append(self.log, &entries, false, patience, self.terminal).map(|appended| appended.mark.seq)
    }

    /// Says alerts, and sends them on their way.
    fn say(&self, told: impl IntoIterator<Item = (Option<u64>, (Alert, Event))>) {
        let mut messages = Vec::new();
        for (number, (alert, entry)) in told {
            if !alert.rule.is_said_already() {
                let away = number.map(|number| format!(" (seen it? `keyctl alerts ack {number}`)")).unwrap_or_default();
                self.terminal.warn(&format!("alert: {alert}{away}"));
            }
            messages.push(Message::of(&entry, number));
        }
        deliver::start(self.settings, messages);
    }

    /// What is remembered. Where nothing is, the last entries are learnt from, and that is told with this event: but not
    /// where no key was ever used, for then there was nothing to remember.
    fn state(&self, event: &Event) -> State {
        let memory = self.memory();
        if let Some(state) = memory.read() {
            return state;
        }
        let last = self.log.last(LEARNT_FROM);
        let is_new = memory.is_just_written();
        let has_begun = last.iter().any(|(_, event)| was_looked_at(event)) && !is_new && !memory.is_out_of_reach();
        for _ in 0..if has_begun { LOOKS } else { 0 } {
            // Another keyctl may just be writing it, or have made the first use of all.
            sleep(PAUSE);
            if let Some(state) = memory.read() {
                return state;
            }
        }
        // Of all that find it gone at once only one tells of that: who comes next finds it.
        let _lock = memory.lock();
        if let Some(state) = memory.read().filter(|_| has_begun) {
            return state;
        }
        let mut state = learn(&last, self.settings);
        let told = judge_memory(self.settings).filter(|_| has_begun).map(|alert| told_of(alert, event));
        if let Some((_, entry)) = &told {
            state.keep_late(&entry.to_json(LONGEST_LATE));
        }
        let is_kept = !is_new && memory.write(&state);
        if let Some((alert, entry)) = told {
            // Where it cannot be kept, each use finds it gone: one that nobody has looked at yet stands for all then.
            let is_seen = |number: &u64| last.iter().any(|(_, event)| event.of.contains(number));
            let is_this = |event: &Event| event.action == Action::Alert && event.note == entry.note;
            let is_told = last.iter().any(|(number, event)| is_this(event) && !is_seen(number));
            if !is_kept && is_told {
                return learn(&last, self.settings);
            }
            self.terminal.warn(&format!("alert: {alert}"));
            self.say([(None, (alert, entry))]);
        }
        state
    }
}

/// The sort of trouble that a gap in the history is.
const GAP: &str = "gap";
/// The sort that looking for it brings up.
const FOUND: &str = "found";

/// Tells that the history was found to be changed, cut or not provable. That is said already where it was found, and to
/// look for it must not change the history: the alert waits in the state.
pub fn history_is(home: &Home, log: &Log, verdict: &Verdict, terminal: &Terminal) {
    if !verdict.is_trouble() {
        return;
    }
    let settings = config::read(home).map(|config| config.alerts).unwrap_or_default();
    let watch = Watch { home, log, settings: &settings, terminal };
    let now = Moment::now();
    let event = caller::sign(Event::new(Action::Alert, now));
    let known = watch.state(&event);
    let found = watch.memory().change(Some(known), |state| {
        let alert = judge_history(state, &settings, now, FOUND, format!("the history is {verdict}"))?;
        let told = told_of(alert, &event);
        state.keep_late(&told.1.to_json(LONGEST_LATE));
        Some(told)
    });
    if let Some(told) = found.flatten() {
        watch.say([(None, told)]);
    }
}

/// Tells that entries were found to be gone, when that was noted: once for each time, as each is another loss.
pub fn lost(log: &Log, entries: u64, terminal: &Terminal) {
    let Ok(home) = Home::in_folder(log.folder()) else { return };
    let settings = config::read(&home).map(|config| config.alerts).unwrap_or_default();
    let watch = Watch { home: &home, log, settings: &settings, terminal };
    let now = Moment::now();
    let entries = count(usize::try_from(entries).unwrap_or(usize::MAX), "entry");
    let are = if entries.starts_with("1 ") { "is" } else { "are" };
    let what = format!("{entries} of the history {are} gone, lost in a power cut or cut off");
    let Some(alert) = judge_history(&mut State::default(), &settings, now, FOUND, what) else { return };
    let (alert, entry) = told_of(alert, &caller::sign(Event::new(Action::Alert, now)));
    let number = watch.add_or_keep(&entry);
    watch.say([(number, (alert, entry))]);
}

/// Follows what a change says of the lives of keys: what is usual goes with a key, and not with its name.
pub fn follow(log: &Log, event: &Event) {
    let Some(turn) = Turn::of(event) else { return };
    let Ok(home) = Home::in_folder(log.folder()) else { return };
    Memory::of(&home, log).change(None, |state| state.follow(&turn, moment(event)));
}

/// Adds the alerts that the history did not take when they were told.
///
/// # Errors
/// Where it does not take them now either, with what they say.
pub fn catch_up(home: &Home, log: &Log, terminal: &Terminal) -> std::result::Result<(), (Vec<Event>, Failure)> {
    let memory = Memory::of(home, log);
    let late = memory.read().as_ref().map(late).unwrap_or_default();
    if late.is_empty() {
        return Ok(());
    }
    let settings = Settings::default();
    let watch = Watch { home, log, settings: &settings, terminal };
    let entries: Vec<Event> = late.iter().map(|(_, entry)| entry.clone()).collect();
    if let Err(failure) = watch.add(&entries) {
        return Err((entries, failure));
    }
    memory.change(None, |state| forget(state, &late));
    Ok(())
}

/// Remembers the same for another history of the same store, which begins anew.
pub fn carry_over(home: &Home, from: &Log, to: &Log) {
    if let Some(state) = Memory::of(home, from).read() {
        Memory::of(home, to).write(&state);
    }
}

/// Seals what is remembered with the key that the history has now; a change of identity shall not make the watch forget.
pub fn reseal(home: &Home, log: &Log) {
    carry_over(home, log, log);
}

/// Whether the last entry was made only just now.
fn is_quick(log: &Log) -> bool {
    let since = |then: SystemTime| SystemTime::now().duration_since(then).unwrap_or_default();
    log.last_written().is_some_and(|then| since(then) <= QUICK)
}

fn moment(event: &Event) -> Moment {
    event.moment.unwrap_or_else(Moment::now)
}

fn told_of(alert: Alert, event: &Event) -> (Alert, Event) {
    let entry = entry(&alert, event);
    (alert, entry)
}

/// The entry of an alert: who asked, when and where are those of the use.
fn entry(alert: &Alert, event: &Event) -> Event {
    let told = Event { action: Action::Alert, names: alert.keys.clone(), more: 0, ..event.clone() };
    Event { reason: None, outcome: None, args: Vec::new(), ..told }.rule(alert.rule.word()).note(alert.to_string())
}

/// The alerts that wait for the history.
fn late(state: &State) -> Vec<Late> {
    state.late().iter().map(|alert| (alert.clone(), Event::from_json(alert))).collect()
}

/// These stand in the history now.
fn forget(state: &mut State, late: &[Late]) {
    state.forget_late(|alert| late.iter().any(|(waited, _)| waited == alert));
}

/// An entry as the watch sees it; nothing for one that is no use.
fn seen(event: &Event) -> Option<Seen<'_>> {
    let refused = event.refusal();
    if !event.action.is_use() && refused.is_none() {
        return None;
    }
    let keys = event.names.iter().map(String::as_str).collect();
    Some(Seen {
        program: event.program.as_deref(),
        agent: event.agent.as_deref(),
        refused,
        ..Seen::new(moment(event), event.action.as_str(), keys)
    })
}

/// Whether an entry is of a use that the watch has looked at, and so remembered something. What is refused where no use
/// begins has no folder: earlier versions recorded that without it.
fn was_looked_at(event: &Event) -> bool {
    event.action.is_use() || (event.refusal().is_some() && event.folder.is_some())
}

/// A state from the last entries. What they would have told is past.
fn learn(last: &[(u64, Event)], settings: &Settings) -> State {
    let mut state = State::default();
    for (_, event) in made(last.iter().cloned().map(Ok)).flatten() {
        if let Some(turn) = Turn::of(&event) {
            state.follow(&turn, moment(&event));
        }
        let Some(seen) = seen(&event) else { continue };
        // Whether the folder was a project's is not told by an entry, so both are known from now on.
        for project in [None, event.place().map(String::as_str)] {
            judge(&mut state, settings, &Seen { project, ..seen.clone() });
        }
    }
    state
}
