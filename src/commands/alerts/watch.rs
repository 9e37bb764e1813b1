//! The watch: looks at each use as it happens, against what it remembers in `alerts.state`.
//!
//! It never reads the whole history and never keeps a use from happening. The state is one small sealed file, read once a
//! use and written when something new was learnt. Where it is missing, damaged or of another history, the last entries are
//! learnt from instead, and nobody is bothered with that. Two that write at once leave the state of one; what the other
//! has learnt is learnt again.

use std::time::{Duration, SystemTime};

use crate::{
    alert::{Alert, Rule, Seen, Settings, State, judge},
    commands::{record::Recorded, using::Used},
    date::Moment,
    history::{Action, Event, Log},
    home::{self, Home},
    platform,
    terminal::Terminal,
};

use super::deliver::{self, Message};

const FILE: &str = "alerts.state";
/// What the state is sealed as.
const WHAT: &str = "alerts";
/// The most bytes of the file.
const LARGEST: usize = 65 * 1024;
/// How much of the history a lost state is learnt from: some hundred uses.
const LEARNT_FROM: u64 = 128 * 1024;
/// In a burst some entry follows another within this time, so nothing is counted where none does.
const QUICK: Duration = Duration::from_secs(2);
/// Where they are counted: more than the most that can be asked for.
const COUNTED_IN: u64 = 256 * 1024;
/// Uses within so many seconds are counted.
const BURST_SECONDS: i64 = 60;
/// How the outcome of what was refused begins.
const REFUSED: &str = "refused: ";

/// Whether the last entry was made only just now.
#[must_use]
pub fn is_quick(log: &Log) -> bool {
    let since = |then: SystemTime| SystemTime::now().duration_since(then).unwrap_or_default();
    log.last_written().is_some_and(|then| since(then) <= QUICK)
}

/// What is needed to look at a use.
pub struct Watch<'w> {
    /// The keys, and where they are kept.
    pub used: &'w Used,
    /// Their history.
    pub log: &'w Log,
    /// What the user wants to be told.
    pub settings: &'w Settings,
    /// Where it is said.
    pub terminal: &'w Terminal,
}

impl Watch<'_> {
    /// Looks at a use that was just recorded, or could not be.
    pub fn look_at(&self, event: &Event, recorded: &Recorded, is_quick: bool) {
        if !self.settings.watches_anything() {
            return;
        }
        let number = if let Recorded::As(number) = recorded { *number } else { u64::MAX };
        let home = &self.used.home;
        let mut state = read(home, self.log).unwrap_or_else(|| learn(self.log, number, self.settings));
        let trouble = match recorded {
            Recorded::As(_) => None,
            Recorded::Not(why) => Some(format!("a use was not recorded: {why}")),
        };
        let project = self.used.project.as_ref().map(|folder| folder.to_string_lossy());
        let Some(seen) = seen(event) else { return };
        let counts = is_quick && self.settings.watches(Rule::Burst) && !state.has_told(Rule::Burst, seen.moment);
        let burst = if counts { self.burst(seen.moment) } else { None };
        let seen = Seen {
            project: project.as_deref(),
            ended: self.used.ended.iter().map(|(name, end)| (name.as_str(), *end)).collect(),
            burst,
            trouble: trouble.as_deref(),
            ..seen
        };
        let alerts = judge(&mut state, self.settings, &seen);
        if state.has_changed() {
            write(home, self.log, &state);
        }
        for alert in alerts {
            self.tell(&alert, event);
        }
    }

    /// How many uses there were within a minute, if there were many. The one entry that lies so far back is looked at
    /// first: only if it is young, all of them are counted.
    fn burst(&self, now: Moment) -> Option<u64> {
        let many = u64::from(self.settings.burst);
        let is_young = |moment: Moment| now.seconds().saturating_sub(moment.seconds()) <= BURST_SECONDS;
        self.log.moment_before(many - 1).filter(|moment| is_young(*moment))?;
        let counts = |event: &Event| seen(event).is_some() && event.moment.is_some_and(is_young);
        let uses = self.log.recent(COUNTED_IN).iter().filter(|(_, event)| counts(event)).count() as u64;
        (uses >= many).then_some(uses)
    }

    /// Records an alert, says it, and sends it on its way. Nothing of that may keep the use from happening.
    fn tell(&self, alert: &Alert, event: &Event) {
        let told = Event { action: Action::Alert, names: alert.keys.clone(), more: 0, ..event.clone() };
        let told = Event { reason: None, outcome: None, ..told }.rule(alert.rule.word()).note(alert.to_string());
        let number = self.log.append(&told, false).ok().map(|appended| appended.mark.seq);
        if !alert.rule.is_said_already() {
            let away = number.map(|number| format!(" (seen it? `keyctl alerts ack {number}`)")).unwrap_or_default();
            self.terminal.warn(&format!("alert: {alert}{away}"));
        }
        deliver::start(self.settings, &Message::of(&told, number));
    }
}

/// An entry as the watch sees it; nothing for one that is no use.
fn seen(event: &Event) -> Option<Seen<'_>> {
    let refused = event.outcome.as_deref().and_then(|outcome| outcome.strip_prefix(REFUSED));
    if !event.action.is_use() && refused.is_none() {
        return None;
    }
    let keys = event.names.iter().map(String::as_str).collect();
    let moment = event.moment.unwrap_or_else(Moment::now);
    Some(Seen {
        program: event.program.as_deref(),
        agent: event.agent.as_deref(),
        refused,
        ..Seen::new(moment, event.action.as_str(), keys)
    })
}

fn read(home: &Home, log: &Log) -> Option<State> {
    let (sealed, _) = home::read(&home.file(FILE), LARGEST).ok()??;
    State::from_bytes(&log.open_beside(WHAT, &sealed)?)
}

/// A state from the last entries before this one. What they would have told is past.
fn learn(log: &Log, before: u64, settings: &Settings) -> State {
    let mut state = State::default();
    for (_, event) in log.recent(LEARNT_FROM).iter().filter(|(number, _)| *number < before) {
        let Some(seen) = seen(event) else { continue };
        // Whether the folder was a project's is not told by an entry, so both are known from now on.
        for project in [None, event.project.as_deref().or(event.folder.as_deref())] {
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

/// Best effort: what is not remembered is learnt again.
fn write(home: &Home, log: &Log, state: &State) {
    let Ok(sealed) = log.seal_beside(WHAT, &state.to_bytes()) else { return };
    let path = home.file(FILE);
    if !platform::overwrite(&path, &sealed).is_ok_and(|written| written) {
        let _ = home::replace_file(&path, &sealed, false);
    }
}
