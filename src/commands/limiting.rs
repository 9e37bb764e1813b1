//! What keys may be used for: held against each use before the keys are given, and asked for where a yes is needed.
//!
//! What is not limited costs nothing here: no folder, no link and no terminal is looked at for it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    config::Config,
    failure::{Failure, Kind, Result},
    history::Event,
    launch::program::Program,
    name::KeyName,
    platform,
    policy::{self, Limit, Use, Verdict},
    rotation::Selector,
    store::{facts::Facts, limits::Limits},
    terminal::Terminal,
};

use super::{caller, using::Used};

/// What the history has of a use that a person has said yes to.
const ASKED: &str = "asked for, with a yes";

/// So many programs or folders are named of a list; the rest are counted.
const NAMED: usize = 3;

/// Some keys of a store that was opened.
pub type Keys<'u> = (&'u Used, Vec<KeyName>);

/// Who gets the keys.
#[derive(Clone, Copy)]
pub enum Taker<'p> {
    /// A program, in its environment.
    Program(&'p Program),
    /// Whoever reads what is printed, or what lies on the clipboard.
    Reader,
}

/// Where a limit stands.
#[derive(Clone, Copy)]
enum Place<'s> {
    Store,
    Config(&'s Selector),
}

/// A use as it is now.
struct Scene {
    program: Option<PathBuf>,
    folder: Option<PathBuf>,
    has_terminal: bool,
    agent: Option<String>,
}

/// A key that is kept back, by what, and where that is said.
struct KeptBack<'s> {
    name: &'s KeyName,
    limits: &'s Limits,
    broken: Vec<Limit>,
    place: Place<'s>,
}

/// What is left to be asked before keys are given.
pub struct Question {
    /// Of each store, by its place among those that were held, the keys that need a yes.
    keys: Vec<(usize, Vec<KeyName>)>,
    scene: Scene,
}

impl Scene {
    fn now(taker: Taker) -> Self {
        let program = match taker {
            Taker::Program(program) => Some(followed(program.path())),
            Taker::Reader => None,
        };
        let folder = std::env::current_dir().ok().map(|folder| followed(&folder));
        Self { program, folder, has_terminal: platform::terminal().is_ok(), agent: caller::agent() }
    }

    fn wanted(&self) -> Use<'_> {
        let (program, folder) = (self.program.as_deref(), self.folder.as_deref());
        Use { program, folder, has_terminal: self.has_terminal, is_agent: self.agent.is_some() }
    }
}

/// A path with its links followed; what is not there stays as it is.
fn followed(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Limits with the links in their paths followed.
fn resolved(limits: &Limits) -> Limits {
    let all = |paths: &Option<BTreeSet<String>>| {
        let follow = |path: &String| followed(Path::new(path)).to_str().map(str::to_owned);
        paths.as_ref().map(|paths| paths.iter().filter_map(follow).collect())
    };
    Limits { projects: all(&limits.projects), programs: all(&limits.programs), ..limits.clone() }
}

/// All that is said of what a key may be used for.
fn said<'s>(name: &'s KeyName, facts: &'s Facts, config: &'s Config) -> impl Iterator<Item = (Place<'s>, &'s Limits)> {
    let own = Some((Place::Store, &facts.limits)).filter(|(_, limits)| !limits.are_of_time_and_reason_alone());
    let config = config.rotation.limits_for(name, facts);
    own.into_iter().chain(config.map(|(of, limits)| (Place::Config(of), limits)))
}

/// Holds keys against what they may be used for. Gives what a person has to be asked before they are given, if anything.
///
/// # Errors
/// `Policy` with every key that is kept back and why; the history of each store has it as a failed `event`.
pub fn hold(
    stores: &[Keys],
    taker: Taker,
    config: &Config,
    event: impl Fn() -> Event,
    terminal: &Terminal,
) -> Result<Option<Question>> {
    let keys = |at: usize| {
        let (used, names): &Keys = &stores[at];
        names.iter().filter_map(|name| Some((name, &used.payload.keys.get(name)?.facts)))
    };
    let is_limited = |at: usize| keys(at).any(|(name, facts)| said(name, facts, config).next().is_some());
    if !(0..stores.len()).any(is_limited) {
        return Ok(None);
    }
    let scene = Scene::now(taker);
    let (mut kept_back, mut asked) = (Vec::new(), Vec::new());
    for (at, (used, _)) in stores.iter().enumerate() {
        let (mut refused, mut asks) = (Vec::new(), Vec::new());
        for (name, facts) in keys(at) {
            for (place, limits) in said(name, facts, config) {
                match policy::judge(&resolved(limits), &scene.wanted()) {
                    Verdict::Allowed => {}
                    Verdict::Asked => asks.push(name.clone()),
                    Verdict::Refused(broken) => refused.push(KeptBack { name, limits, broken, place }),
                }
            }
        }
        if !refused.is_empty() {
            used.record_refusal(refusal_event(event(), &refused), config, terminal);
        }
        asks.dedup();
        asked.push((at, asks));
        kept_back.extend(refused);
    }
    if !kept_back.is_empty() {
        return Err(refusal(&kept_back, &scene));
    }
    asked.retain(|(_, names)| !names.is_empty());
    Ok((!asked.is_empty()).then_some(Question { keys: asked, scene }))
}

impl Question {
    /// Asks on the terminal whether the keys are to be given, once for all of them. Gives the event with the yes.
    ///
    /// # Errors
    /// `Policy` without one, which the history of each store has as a failed `event`.
    pub fn ask(&self, stores: &[Keys], config: &Config, event: impl Fn() -> Event, terminal: &Terminal) -> Result<()> {
        let answer = terminal.consent(&self.words());
        if matches!(answer, Ok(true)) {
            return Ok(());
        }
        for (at, names) in &self.keys {
            let why = if answer.is_ok() { "answered no" } else { "no answer" };
            stores[*at].0.record_refusal(event().refused(why).names(names), config, terminal);
        }
        answer.and_then(|_| Err(Failure::new(Kind::Policy, format!("not given: {}", self.no()))))
    }

    /// What is asked: which keys, for what, where, and by whom if that can be told.
    fn words(&self) -> String {
        let names = listed(self.names());
        let done = match &self.scene.program {
            Some(program) => format!("give {names} to {}", quoted(program)),
            None => format!("show {names}"),
        };
        let folder = self.scene.folder.as_deref().map(|folder| format!(" in {}", quoted(folder))).unwrap_or_default();
        let agent = self.scene.agent.as_ref().map(|agent| format!(", perhaps for {agent}")).unwrap_or_default();
        format!("{done}{folder}{agent}?")
    }

    fn no(&self) -> String {
        format!("you said no to {}", listed(self.names()))
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.keys.iter().flat_map(|(_, names)| names).map(ToString::to_string)
    }
}

/// The event of what a person has said yes to, if anybody was asked.
#[must_use]
pub fn signed(event: Event, was_asked: bool) -> Event {
    if !was_asked {
        return event;
    }
    let note = event.note.as_ref().map_or_else(|| ASKED.to_owned(), |note| format!("{note}; {ASKED}"));
    event.note(note)
}

/// Names in backticks: all of them, since they are what is decided about.
fn listed(names: impl Iterator<Item = String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A path in backticks that none in the path itself can end.
fn quoted(path: &Path) -> String {
    format!("`{}`", path.display().to_string().replace('`', "\\`"))
}

fn refusal_event(event: Event, refused: &[KeptBack]) -> Event {
    let mut broken: Vec<Limit> = refused.iter().flat_map(|key| key.broken.iter().copied()).collect();
    broken.sort_unstable();
    broken.dedup();
    let why: Vec<&str> = broken.into_iter().map(in_a_word).collect();
    let mut names: Vec<&KeyName> = refused.iter().map(|key| key.name).collect();
    names.dedup();
    event.refused(&why.join(", ")).names(names)
}

/// Why, for the history.
fn in_a_word(limit: Limit) -> &'static str {
    match limit {
        Limit::Proxy => "proxy only",
        Limit::Project => "project",
        Limit::Program => "program",
        Limit::Terminal => "no terminal",
        Limit::Ask => "nobody to ask",
        Limit::Agent => "agent",
    }
}

fn refusal(kept_back: &[KeptBack], scene: &Scene) -> Failure {
    let phrases: Vec<String> = kept_back.iter().map(|key| key.phrase(scene)).collect();
    let mut failure = Failure::new(Kind::Policy, format!("not given: {}", phrases.join("; ")));
    // A person at a terminal gets no more where something else keeps it back too.
    let by_person = |limit: &Limit| matches!(limit, Limit::Ask | Limit::Terminal | Limit::Agent);
    if kept_back.iter().all(|key| key.broken.iter().all(by_person)) {
        failure = failure.hint("do it yourself, at a terminal");
    }
    let own: Vec<&KeptBack> = kept_back.iter().filter(|key| matches!(key.place, Place::Store)).collect();
    match own[..] {
        [] => {}
        [key] => failure = failure.hint(format!("to change that, at a terminal: `{}`", key.way_out())),
        _ => failure = failure.hint("to change that, at a terminal: `keyctl edit NAME`; see `keyctl edit --help`"),
    }
    let mut entries: Vec<String> = kept_back.iter().filter_map(KeptBack::entry).collect();
    entries.dedup();
    entries.into_iter().fold(failure, |failure, entry| failure.hint(format!("that stands in `config.toml`: `{entry}`")))
}

impl KeptBack<'_> {
    /// What keeps it back, in words.
    fn phrase(&self, scene: &Scene) -> String {
        let why: Vec<String> = self.broken.iter().map(|limit| self.why(*limit, scene)).collect();
        let of = match self.place {
            Place::Store => "as the store says",
            Place::Config(_) => "as `config.toml` says",
        };
        format!("`{}` {}, {of}", self.name, why.join(", "))
    }

    fn why(&self, limit: Limit, scene: &Scene) -> String {
        let here = |path: &Option<PathBuf>| path.as_deref().map_or_else(|| "what is gone".into(), quoted);
        match limit {
            Limit::Proxy => "is for the proxy alone".to_owned(),
            Limit::Project => {
                format!("is only for {} and not for {}", places(self.limits.projects.as_ref()), here(&scene.folder))
            }
            Limit::Program if scene.program.is_none() => {
                format!("is only for {} and not to be shown", places(self.limits.programs.as_ref()))
            }
            Limit::Program => {
                format!("is only for {} and not for {}", places(self.limits.programs.as_ref()), here(&scene.program))
            }
            Limit::Terminal => "needs a terminal".to_owned(),
            Limit::Ask => "needs a yes at a terminal".to_owned(),
            Limit::Agent => {
                let agent = scene.agent.as_deref().unwrap_or("an agent");
                format!("is shown to a person alone, and perhaps {agent} asks for it")
            }
        }
    }

    /// The command that lifts what keeps it back.
    fn way_out(&self) -> String {
        let mut options: Vec<&str> = self.broken.iter().map(|limit| lifted_by(*limit)).collect();
        options.dedup();
        format!("keyctl edit {} {}", self.name, options.join(" "))
    }

    fn entry(&self) -> Option<String> {
        match self.place {
            Place::Store => None,
            Place::Config(of) => Some(of.to_string()),
        }
    }
}

fn lifted_by(limit: Limit) -> &'static str {
    match limit {
        Limit::Proxy => "--no-proxy-only",
        Limit::Project => "--any-project",
        Limit::Program => "--any-program",
        Limit::Terminal => "--no-needs-terminal",
        Limit::Ask | Limit::Agent => "--no-ask",
    }
}

/// Paths in backticks, the first few of them.
fn places(paths: Option<&BTreeSet<String>>) -> String {
    let all: Vec<String> = paths.into_iter().flatten().map(|path| quoted(Path::new(path))).collect();
    match (&all[..], all.len().saturating_sub(NAMED)) {
        ([], _) => "nothing".to_owned(),
        (_, 0) => all.join(", "),
        (_, more) => format!("{} and {more} more", all[..NAMED].join(", ")),
    }
}
