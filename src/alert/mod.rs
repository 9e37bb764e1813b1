//! Alerts: what is unusual about a use of keys, decided from a small state and from nothing else.
//!
//! Decisions only: no file, no clock, no terminal. The state (state.rs) remembers which program, project and agent each key
//! was used by and at which hours, never by name. What was alerted once is known from then on, so an alert comes once and
//! not each time. Everything is learnt silently for a week, and again for each new key, so that a normal week has next to
//! none; what needs no knowledge (an ended or leaked key, a refused attempt, a burst, a history that is not written) is told from the
//! first day.

mod bytes;
mod names;
mod state;

#[cfg(test)]
mod month_tests;

use std::fmt;

use state::{Hour, Name};

pub use state::{LARGEST, LONGEST_LATE, State};

use crate::{date::Moment, plain::first_names};

/// How many days the watch only learns, at its beginning and for each new key.
const LEARNING_DAYS: u32 = 7;
/// On how many of them something has to be used: a week away teaches nothing.
const LEARNING_USES: u8 = 3;
/// After how many days of its use the hours of a key are known.
const HOURS_KNOWN: u8 = 10;
/// How many hours a use may lie off the usual ones.
const HOURS_OFF: u32 = 2;
/// How many uses within a minute are a burst, if the user says nothing else: a script may use a key each second.
const BURST: u32 = 90;
/// An expired key in daily use is told of once in so many days, and so is one that was found in the clear; a revoked one
/// each day.
const EXPIRED_AGAIN: u32 = 7;
/// Of more keys than this that are refused together it is told as of one thing: a project file may name thousands that there
/// are not, and what is remembered of them must not push out what is known of those that there are.
const REFUSED_EACH: usize = 4;

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $word:literal,)*) => {
        /// What an alert comes from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),*];

            /// The word in the history and in `config.toml`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$rule => $word),* }
            }
        }
    };
}

rules! {
    /// A key was given to a program for the first time, or taken out in another way.
    Program = "new_program",
    /// A key was used in a project for the first time.
    Project = "new_project",
    /// A coding agent used a key for the first time.
    Agent = "agent",
    /// Many uses in a short time.
    Burst = "burst",
    /// An expired or revoked key was used.
    Ended = "ended",
    /// A key was used whose secret was found in the clear.
    Leaked = "leaked",
    /// A key was used at an hour that is not usual for it.
    Hour = "hour",
    /// A key was asked for and refused.
    Refused = "refused",
    /// A use was not recorded, or the history was found to be changed, cut or not provable.
    History = "history",
}

impl Rule {
    /// Whether keyctl has just said the same on standard error by itself.
    #[must_use]
    pub fn is_said_already(self) -> bool {
        matches!(self, Self::Ended | Self::Leaked | Self::Refused | Self::History)
    }
}

/// `[alerts]` of the user's config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The rules that are switched off.
    pub off: Vec<Rule>,
    /// How many uses within a minute are a burst.
    pub burst: u32,
    /// An alert is shown on the desktop too.
    pub notify: bool,
    /// A program that is told too, and its arguments.
    pub program: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { off: Vec::new(), burst: BURST, notify: false, program: None }
    }
}

impl Settings {
    /// Whether a rule is on.
    #[must_use]
    pub fn watches(&self, rule: Rule) -> bool {
        !self.off.contains(&rule)
    }

    /// Whether any rule is on.
    #[must_use]
    pub fn watches_anything(&self) -> bool {
        Rule::ALL.iter().any(|rule| self.watches(*rule))
    }
}

/// How a key has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its issuer has ended it.
    Expired,
    /// Its owner has.
    Revoked,
    /// Nobody has yet, though its secret was found in the clear.
    Leaked,
}

/// A use of keys, or an attempt at one.
#[derive(Debug, Clone)]
pub struct Seen<'s> {
    /// When.
    pub moment: Moment,
    /// Which keys.
    pub keys: Vec<&'s str>,
    /// What was done with them: the word of the event.
    pub action: &'s str,
    /// The program they were given to.
    pub program: Option<&'s str>,
    /// The folder of the project, where there is one.
    pub project: Option<&'s str>,
    /// The coding agent that perhaps asked.
    pub agent: Option<&'s str>,
    /// Those of the keys that have ended.
    pub ended: Vec<(&'s str, End)>,
    /// Why they were refused, if they were.
    pub refused: Option<&'s str>,
    /// How many uses there were within the last minute, if there were many.
    pub burst: Option<u64>,
}

impl<'s> Seen<'s> {
    /// A use of keys without anything else.
    #[must_use]
    pub fn new(moment: Moment, action: &'s str, keys: Vec<&'s str>) -> Self {
        Self {
            moment,
            keys,
            action,
            program: None,
            project: None,
            agent: None,
            ended: Vec::new(),
            refused: None,
            burst: None,
        }
    }
}

/// Something unusual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// By which rule.
    pub rule: Rule,
    /// The keys it is about.
    pub keys: Vec<String>,
    /// What is unusual, without the keys.
    what: String,
}

impl fmt::Display for Alert {
    /// One line: the keys and what is unusual about them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMED: usize = 3;
        let keys = first_names(&self.keys, NAMED);
        match (self.keys.is_empty(), self.rule) {
            (true, _) => f.write_str(&self.what),
            (false, Rule::Burst) => write!(f, "{}, last of {keys}", self.what),
            (false, _) => write!(f, "{keys} {}", self.what),
        }
    }
}

/// Holds a use against what is known, and learns from it. At most one alert a rule.
pub fn judge(state: &mut State, settings: &Settings, seen: &Seen) -> Vec<Alert> {
    let day = day_of(seen.moment);
    let mut alerts = Vec::new();
    let mut tell = |rule: Rule, keys: &[&str], what: String| {
        if settings.watches(rule) {
            alerts.push(Alert { rule, keys: keys.iter().map(|key| (*key).to_owned()).collect(), what });
        }
    };
    if let Some(why) = seen.refused {
        let mut first = |key: &str| state.is_first_in(Rule::Refused, &format!("{key} {why}"), day, 1);
        let keys: Vec<&str> = if seen.keys.len() > REFUSED_EACH {
            if first(&seen.keys.join(" ")) { seen.keys.clone() } else { Vec::new() }
        } else {
            seen.keys.iter().copied().filter(|key| first(key)).collect()
        };
        if !keys.is_empty() {
            tell(Rule::Refused, &keys, format!("{} asked for and refused: {why}", was(&keys)));
        }
        // What was refused teaches nothing: it must not be usual when it succeeds.
        return alerts;
    }
    state.see_day(day);
    for (end, rule, word, again) in [
        (End::Revoked, Rule::Ended, "revoked", 1),
        (End::Expired, Rule::Ended, "expired", EXPIRED_AGAIN),
        (End::Leaked, Rule::Leaked, "marked as leaked", EXPIRED_AGAIN),
    ] {
        let of = seen.ended.iter().filter(|(_, other)| *other == end).map(|(key, _)| *key);
        let keys: Vec<&str> = of.filter(|key| state.is_first_in(rule, key, day, again)).collect();
        if !keys.is_empty() {
            let it = if keys.len() == 1 { "it is" } else { "they are" };
            tell(rule, &keys, format!("{} used though {it} {word}", was(&keys)));
        }
    }
    if let Some(uses) = seen.burst.filter(|_| state.is_first_in(Rule::Burst, "", day, 1)) {
        tell(Rule::Burst, &seen.keys, format!("{uses} uses within a minute"));
    }
    let fresh = Fresh::of(state, seen, day);
    if !fresh.agent.is_empty() {
        let agent = seen.agent.unwrap_or_default();
        tell(
            Rule::Agent,
            &fresh.agent,
            format!("{} used by an agent for the first time: perhaps {agent}", was(&fresh.agent)),
        );
    }
    if !fresh.project.is_empty() {
        let place = seen.project.map_or("outside of any project".to_owned(), |folder| format!("in `{folder}`"));
        tell(Rule::Project, &fresh.project, format!("{} used {place} for the first time", was(&fresh.project)));
    }
    // What is new in a new project or for a new agent is new with them, and said with them.
    let program: Vec<&str> =
        fresh.program.into_iter().filter(|key| !fresh.project.contains(key) && !fresh.agent.contains(key)).collect();
    if !program.is_empty() {
        tell(Rule::Program, &program, format!("{} {} for the first time", was(&program), done(seen)));
    }
    if !fresh.hour.is_empty() && state.is_first_in(Rule::Hour, "", day, 1) {
        let time = seen.moment.local();
        let time = time.rsplit(' ').next().unwrap_or_default();
        tell(Rule::Hour, &fresh.hour, format!("{} used at an unusual hour ({time})", was(&fresh.hour)));
    }
    alerts
}

/// The alert for a history that is not what it should be: of each sort of trouble one a day.
pub fn judge_history(
    state: &mut State,
    settings: &Settings,
    moment: Moment,
    sort: &str,
    what: String,
) -> Option<Alert> {
    let is_told = settings.watches(Rule::History) && state.is_first_in(Rule::History, sort, day_of(moment), 1);
    is_told.then_some(Alert { rule: Rule::History, keys: Vec::new(), what })
}

/// What is said where nothing is remembered any more.
const FORGOTTEN: &str = "the watch's memory was lost: it learns anew";

/// The alert for a memory that was lost: whoever takes it away makes everything usual that happens from then on.
#[must_use]
pub fn judge_memory(settings: &Settings) -> Option<Alert> {
    let alert = Alert { rule: Rule::History, keys: Vec::new(), what: FORGOTTEN.to_owned() };
    settings.watches(Rule::History).then_some(alert)
}

fn was(keys: &[&str]) -> &'static str {
    if keys.len() == 1 { "was" } else { "were" }
}

fn done(seen: &Seen) -> String {
    match (seen.action, seen.program) {
        (_, Some(program)) => format!("given to `{program}`"),
        ("copy", _) => "copied".into(),
        ("env", _) => "printed as variables".into(),
        ("render", _) => "written into a template".into(),
        _ => "printed".into(),
    }
}

/// The keys about which something is new.
struct Fresh<'s> {
    program: Vec<&'s str>,
    project: Vec<&'s str>,
    agent: Vec<&'s str>,
    hour: Vec<&'s str>,
}

impl<'s> Fresh<'s> {
    /// Learns from a use, and gives what may be told of it.
    fn of(state: &mut State, seen: &Seen<'s>, day: u32) -> Self {
        let hour = u32::try_from(seen.moment.seconds().rem_euclid(86_400) / 3_600).unwrap_or_default();
        let hour = Hour::new(hour);
        let knows = state.has_learnt(day);
        let program = Name::of("program", seen.program.unwrap_or(seen.action));
        let project = Name::of("project", seen.project.unwrap_or_default());
        let agent = seen.agent.map(|agent| Name::of("agent", agent));
        let mut fresh = Self { program: Vec::new(), project: Vec::new(), agent: Vec::new(), hour: Vec::new() };
        for key in &seen.keys {
            let name = state.key(key);
            let look = state.see_key(name, day, hour);
            let judged = knows && look.is_known;
            // Each of these learns, whether it is told of or not.
            let new_program = state.is_new(name, program, day);
            let new_project = state.is_new(name, project, day);
            let new_agent = agent.is_some_and(|agent| state.is_new(name, agent, day));
            if new_program && judged {
                fresh.program.push(*key);
            }
            if new_project && judged {
                fresh.project.push(*key);
            }
            if new_agent && knows {
                fresh.agent.push(*key);
            }
            if look.is_unusual_hour && judged {
                fresh.hour.push(*key);
            }
        }
        fresh
    }
}

fn day_of(moment: Moment) -> u32 {
    u32::try_from(moment.day()).unwrap_or_default()
}
