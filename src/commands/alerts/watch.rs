//! The watch: looks at each use as it happens, against what it remembers in `alerts.state`.
//!
//! It never reads the whole history and never keeps a use from happening. The state is one small sealed file, read once a
//! use and written when something new was learnt. Where it is missing, damaged or of another history, the last entries are
//! learnt from instead; unless no key was ever used, that is an alert, once. Two that write at once leave the state of one;
//! what the other has learnt is learnt again.
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
    alert::{self, Alert, End, LONGEST_LATE, Rule, Seen, Settings, State, judge, judge_history, judge_memory},
    commands::{
        caller,
        record::{self, Recorded, Strictness},
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log, Verdict, lives::Turn},
    home::{self, Home},
    name::KeyName,
    platform,
    terminal::{Terminal, count},
};

use super::deliver::{self, Message};

const FILE: &str = "alerts.state";
/// What the state is sealed as.
const WHAT: &str = "alerts";
/// The most bytes of the file.
const LARGEST: usize = alert::LARGEST + 1024;
/// How many of the last entries a lost state is learnt from.
const LEARNT_FROM: usize = 400;
/// How often to look for the state again where it should be, and how long to wait before that.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);
/// A state that was written within this time is not lost, whoever can open it: the next use will tell.
const JUST_NOW: Duration = Duration::from_secs(5);
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

/// What is to be recorded with a use, and told of it.
#[derive(Default)]
pub struct Sight {
    /// What is remembered, this use included; nothing where nobody wants to be told, or it was no use.
    state: Option<State>,
    /// Alerts that the history did not take when they were told.
    late: Vec<Event>,
    /// What is told of this use, with the entries.
    told: Vec<(Alert, Event)>,
}

impl Sight {
    /// All entries, in the order in which they are added.
    #[must_use]
    pub fn entries<'s>(&'s self, event: &'s Event) -> Vec<&'s Event> {
        self.late.iter().chain([event]).chain(self.told.iter().map(|(_, entry)| entry)).collect()
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
        let seen = if self.settings.watches_anything() { seen(use_.event) } else { None };
        let Some(seen) = seen else { return Sight::default() };
        let mut state = self.state(use_.event);
        let late = late(&state);
        let told = self.judge(&mut state, use_, seen);
        Sight { state: Some(state), late, told }
    }

    /// Tells of a use, once it was recorded or could not be. Nothing of that may keep the use from happening.
    pub fn tell(&self, use_: &Use, sight: Sight, recorded: &Result<Recorded>) {
        let Some(mut state) = sight.state else { return };
        match recorded {
            Ok(Recorded::As { last, gap }) => {
                state.forget_late();
                let first = last + 1 - sight.told.len() as u64;
                self.say((first..).map(Some).zip(sight.told));
                // Of a use that was not recorded it was told when that happened; here it was something else.
                if let Some(lost) = gap.as_ref().filter(|_| sight.late.is_empty()) {
                    self.tell_of_history(&mut state, use_.event, GAP, lost.to_string());
                }
            }
            Ok(Recorded::Not(failure)) => state = self.unrecorded(use_, failure, true),
            Err(failure) => state = self.unrecorded(use_, failure, false),
        }
        self.write(&state);
    }

    /// Tells that a use was not recorded, and what else is to be told of it; all of that waits for the history.
    fn unrecorded(&self, use_: &Use, failure: &Failure, happens: bool) -> State {
        // Waiting for another keyctl took time, in which that may have learnt something.
        let mut state = self.state(use_.event);
        let moment = moment(use_.event);
        let what =
            if happens { "a use was not recorded" } else { "a use was refused because it could not be recorded" };
        let sort = match failure.kind {
            Kind::Busy => "busy",
            Kind::Store => "store",
            _ => "disk",
        };
        let what = format!("{what}: {}", failure.message);
        let trouble = judge_history(&mut state, self.settings, moment, sort, what);
        // The gap in the history is explained by that.
        let _ = judge_history(&mut state, self.settings, moment, GAP, String::new());
        let mut told: Vec<_> = trouble.map(|alert| told_of(alert, use_.event)).into_iter().collect();
        if let Some(seen) = seen(use_.event).filter(|_| happens) {
            told.extend(self.judge(&mut state, use_, seen));
        }
        for (_, entry) in &told {
            state.keep_late(&entry.to_json(LONGEST_LATE));
        }
        self.say(told.into_iter().map(|told| (None, told)));
        state
    }

    /// What is told of a use, with the entries.
    fn judge(&self, state: &mut State, use_: &Use, seen: Seen) -> Vec<(Alert, Event)> {
        let project = use_.project.map(Path::to_string_lossy);
        let burst = self.burst(state, seen.moment);
        let ended = use_.ended.iter().map(|(name, end)| (name.as_str(), *end)).collect();
        let seen = Seen { project: project.as_deref(), ended, burst, ..seen };
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
    fn tell_of_history(&self, state: &mut State, event: &Event, sort: &str, what: String) {
        let Some(alert) = judge_history(state, self.settings, moment(event), sort, what) else { return };
        let entry = entry(&alert, event);
        let number = self.add(&[&late(state)[..], std::slice::from_ref(&entry)].concat()).ok();
        if number.is_some() {
            state.forget_late();
        } else {
            state.keep_late(&entry.to_json(LONGEST_LATE));
        }
        self.say([(number, (alert, entry))]);
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
        if let Some(state) = read(self.home, self.log) {
            return state;
        }
        let last = self.log.last(LEARNT_FROM);
        let is_new = is_just_written(self.home);
        let has_begun = last.iter().any(|(_, event)| seen(event).is_some()) && !is_new && !is_out_of_reach(self.home);
        for _ in 0..if has_begun { LOOKS } else { 0 } {
            // Another keyctl may just be writing it, or have made the first use of all.
            sleep(PAUSE);
            if let Some(state) = read(self.home, self.log) {
                return state;
            }
        }
        let mut state = learn(&last, self.settings);
        // One that nobody has looked at yet stands for this one too.
        let is_seen = |number: &u64| last.iter().any(|(_, event)| event.of.contains(number));
        let is_told = |alert: &Alert| {
            let is_this = |event: &Event| event.action == Action::Alert && event.note == Some(alert.to_string());
            last.iter().any(|(number, event)| is_this(event) && !is_seen(number))
        };
        if has_begun && let Some(alert) = judge_memory(self.settings).filter(|alert| !is_told(alert)) {
            self.terminal.warn(&format!("alert: {alert}"));
            let told = told_of(alert, event);
            state.keep_late(&told.1.to_json(LONGEST_LATE));
            self.say([(None, told)]);
        }
        if !is_new {
            // At once: whoever comes next finds it, and does not tell of it too.
            write(self.home, self.log, &state);
        }
        state
    }

    /// Best effort: what is not remembered is learnt again.
    fn write(&self, state: &State) {
        if state.has_changed() && (!is_just_written(self.home) || read(self.home, self.log).is_some()) {
            write(self.home, self.log, state);
        }
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
    let mut state = watch.state(&event);
    let found = judge_history(&mut state, &settings, now, FOUND, format!("the history is {verdict}"));
    if let Some(alert) = found {
        let told = told_of(alert, &event);
        state.keep_late(&told.1.to_json(LONGEST_LATE));
        watch.say([(None, told)]);
    }
    watch.write(&state);
}

/// Tells that entries were found to be gone, when that was noted: once for each time, as each is another loss.
pub fn lost(log: &Log, entries: u64, terminal: &Terminal) {
    let Ok(home) = Home::find() else { return };
    let settings = config::read(&home).map(|config| config.alerts).unwrap_or_default();
    let watch = Watch { home: &home, log, settings: &settings, terminal };
    let now = Moment::now();
    let entries = count(usize::try_from(entries).unwrap_or(usize::MAX), "entry");
    let are = if entries.starts_with("1 ") { "is" } else { "are" };
    let what = format!("{entries} of the history {are} gone, lost in a power cut or cut off");
    let Some(alert) = judge_history(&mut State::default(), &settings, now, FOUND, what) else { return };
    let (alert, entry) = told_of(alert, &caller::sign(Event::new(Action::Alert, now)));
    let number = watch.add(std::slice::from_ref(&entry)).ok();
    if number.is_none()
        && let Some(mut state) = read(&home, log)
    {
        state.keep_late(&entry.to_json(LONGEST_LATE));
        watch.write(&state);
    }
    watch.say([(number, (alert, entry))]);
}

/// Follows what a change says of the lives of keys: what is usual goes with a key, and not with its name.
pub fn follow(log: &Log, event: &Event) {
    let Some(turn) = Turn::of(event) else { return };
    let Ok(home) = Home::find() else { return };
    let Some(mut state) = read(&home, log) else { return };
    state.follow(&turn, moment(event));
    if state.has_changed() {
        write(&home, log, &state);
    }
}

/// Adds the alerts that the history did not take when they were told.
///
/// # Errors
/// Where it does not take them now either, with what they say.
pub fn catch_up(home: &Home, log: &Log, terminal: &Terminal) -> std::result::Result<(), (Vec<Event>, Failure)> {
    let Some(mut state) = read(home, log) else { return Ok(()) };
    let late = late(&state);
    if late.is_empty() {
        return Ok(());
    }
    let settings = Settings::default();
    let watch = Watch { home, log, settings: &settings, terminal };
    if let Err(failure) = watch.add(&late) {
        return Err((late, failure));
    }
    state.forget_late();
    watch.write(&state);
    Ok(())
}

/// Remembers the same for another history of the same store, which begins anew.
pub fn carry_over(home: &Home, from: &Log, to: &Log) {
    if let Some(state) = read(home, from) {
        write(home, to, &state);
    }
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
fn late(state: &State) -> Vec<Event> {
    state.late().iter().map(|alert| Event::from_json(alert)).collect()
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

fn read(home: &Home, log: &Log) -> Option<State> {
    let (sealed, _) = home::read(&home.file(FILE), LARGEST).ok()??;
    State::from_bytes(&log.open_beside(WHAT, &sealed)?)
}

/// Whether the file is there and the system does not let it be read: that loses nothing.
fn is_out_of_reach(home: &Home) -> bool {
    let path = home.file(FILE);
    std::fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_file()) && home::read(&path, LARGEST).is_err()
}

/// Whether it was written a moment ago, as by a change of identity under whoever began with the former one.
fn is_just_written(home: &Home) -> bool {
    let facts = std::fs::symlink_metadata(home.file(FILE)).ok().filter(std::fs::Metadata::is_file);
    let written = facts.and_then(|facts| facts.modified().ok());
    written.is_some_and(|then| SystemTime::now().duration_since(then).is_ok_and(|age| age < JUST_NOW))
}

/// A state from the last entries. What they would have told is past.
fn learn(last: &[(u64, Event)], settings: &Settings) -> State {
    let mut state = State::default();
    for (_, event) in last {
        if let Some(turn) = Turn::of(event) {
            state.follow(&turn, moment(event));
        }
        let Some(seen) = seen(event) else { continue };
        // Whether the folder was a project's is not told by an entry, so both are known from now on.
        for project in [None, event.place().map(String::as_str)] {
            judge(&mut state, settings, &Seen { project, ..seen.clone() });
        }
    }
    state
}

/// Seals what is remembered with the key that the history has now; a change of identity shall not make the watch forget.
pub fn reseal(home: &Home, log: &Log) {
    if let Some(state) = read(home, log) {
        write(home, log, &state);
    }
}

fn write(home: &Home, log: &Log, state: &State) {
    let Ok(sealed) = log.seal_beside(WHAT, &state.to_bytes()) else { return };
    let path = home.file(FILE);
    if !platform::overwrite(&path, &sealed).is_ok_and(|written| written) {
        let _ = home::replace_file(&path, &sealed, false);
    }
}
