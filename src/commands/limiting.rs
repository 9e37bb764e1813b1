//! What keys may be used for: held against each use before the keys are given, and asked for where a yes is needed.
//!
//! What is not limited costs nothing here: no folder, no link and no terminal is looked at for it.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    config::Config,
    failure::{Failure, Kind, Result},
    history::Event,
    launch::program::Program,
    mask,
    name::KeyName,
    plain::first_names,
    platform::{self, ProgramFile},
    policy::{self, Limit, Use, Verdict},
    rotation::Selector,
    store::{facts::Facts, limits::Limits, payload::Payload},
    terminal::Terminal,
};

use super::{caller, using::Opened};

mod leave;
mod refusing;

use leave::signed_by;
pub use leave::{Leave, signed};

/// So many programs or folders are named of a list; the rest are counted.
const NAMED: usize = 3;

/// Some keys of a store that was opened.
pub type Keys<'u> = (Opened<'u>, Vec<KeyName>);

/// Who gets the keys.
#[derive(Clone, Copy)]
pub enum Taker<'p> {
    /// A program, in its environment.
    Program(&'p Program),
    /// The same, and in what it prints the secrets are masked.
    Masked(&'p Program),
    /// A program that `config.toml` names to replace a key or to try it, and whether a person may be asked about it. What
    /// `config.toml` limits is for others: it names this one itself.
    Named(&'p ProgramFile, bool),
    /// keyctl itself, which `config.toml` has replace a key at its issuer or try it there, by the issuer's name; else the same.
    Issuer(&'static str, bool),
    /// Whoever reads what is printed, or what lies on the clipboard.
    Reader,
}

/// Where a limit stands.
#[derive(Clone, Copy)]
enum Place<'s> {
    Store,
    Config(&'s Selector),
}

/// A limit of a key, and where it stands.
type Said<'s> = (&'s KeyName, Place<'s>, &'s Limits);

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
    /// Whether its store says less by now, and what was known of it holds on.
    is_held_on: bool,
}

/// What is left to be asked before keys are given.
struct Question {
    /// Of each store, by its place among those that were held, the keys that need a yes.
    keys: Vec<(usize, Vec<KeyName>)>,
    scene: Scene,
    /// What a yes goes beyond.
    despite: Vec<String>,
}

/// What may be given, after a question if there is one.
#[derive(Default)]
pub struct Held {
    question: Option<Question>,
    leave: Leave,
}

impl<'p> Taker<'p> {
    /// A program, and whether the secrets are masked in what it prints.
    #[must_use]
    pub fn of(program: &'p Program, masks: bool) -> Self {
        if masks { Self::Masked(program) } else { Self::Program(program) }
    }

    fn is_named(self) -> bool {
        matches!(self, Self::Named(..) | Self::Issuer(..))
    }

    /// Whether whoever asks may come to see the secret. What is too short is not masked.
    fn shows(self, payload: &Payload, name: &KeyName) -> bool {
        // One that lies in a source is looked at again once it was fetched.
        let of_key = || payload.keys.get(name).and_then(|key| key.secret());
        let is_short = || of_key().is_some_and(|value| !mask::is_masked(value));
        match self {
            Self::Program(_) | Self::Reader => true,
            Self::Masked(_) => is_short(),
            Self::Named(..) | Self::Issuer(..) => false,
        }
    }

    fn heeds(self, place: Place) -> bool {
        matches!(place, Place::Store) || !self.is_named()
    }
}

impl Scene {
    /// How it is now; the program's file is opened where it matters which one it is.
    fn now(taker: Taker, is_asked_which: bool) -> Result<Self> {
        let program = match taker {
            Taker::Program(program) | Taker::Masked(program) if is_asked_which => {
                Some(program.file()?.path().to_owned())
            }
            Taker::Program(_) | Taker::Masked(_) | Taker::Reader => None,
            Taker::Named(file, _) => Some(file.path().to_owned()),
            Taker::Issuer(name, _) => Some(name.into()),
        };
        let folder = std::env::current_dir().ok().map(|folder| followed(&folder));
        let may_ask = !matches!(taker, Taker::Named(_, false) | Taker::Issuer(_, false));
        Ok(Self { program, folder, has_terminal: may_ask && platform::terminal().is_ok(), agent: caller::agent() })
    }

    fn wanted(&self, is_seen: bool, by_proxy: bool) -> Use<'_> {
        let (program, folder) = (self.program.as_deref(), self.folder.as_deref());
        let (has_terminal, is_agent) = (self.has_terminal, self.agent.is_some());
        Use { program, folder, has_terminal, is_agent, is_seen: is_seen && !by_proxy, by_proxy }
    }

    /// The verdict, and the limits that a yes would go beyond.
    fn judge(
        &self,
        limits: &Limits,
        place: Place,
        taker: Taker,
        (is_seen, by_proxy): (bool, bool),
    ) -> (Verdict, Vec<Limit>) {
        let limits = &match place {
            // Written down as it led then: what became a link since leads where somebody else may have said.
            Place::Store => Limits { projects: limits.projects.clone(), ..resolved(limits) },
            Place::Config(_) => resolved(limits),
        };
        match policy::judge(limits, &self.wanted(is_seen, by_proxy)) {
            Verdict::Allowed if taker.is_named() && limits.terminal => (Verdict::Asked, Vec::new()),
            Verdict::Refused(broken)
                if taker.is_named()
                    && self.has_terminal
                    && broken.iter().all(|limit| limit.gives_way_to_a_person()) =>
            {
                (Verdict::Asked, broken)
            }
            verdict => (verdict, Vec::new()),
        }
    }

    /// An event with the program that was looked at.
    fn sign(&self, event: Event) -> Event {
        signed_by(event, self.program.as_deref())
    }
}

/// A path with its links followed; what is not there stays as it is.
fn followed(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Limits with the links in their paths followed.
#[must_use]
pub fn resolved(limits: &Limits) -> Limits {
    let all = |paths: &Option<BTreeSet<String>>| {
        let follow = |path: &String| followed(Path::new(path)).to_str().map(str::to_owned);
        paths.as_ref().map(|paths| paths.iter().filter_map(follow).collect())
    };
    Limits { projects: all(&limits.projects), programs: all(&limits.programs), ..limits.clone() }
}

/// All that is said of what a key may be used for.
fn said<'s>(name: &'s KeyName, facts: &'s Facts, config: &'s Config) -> impl Iterator<Item = Said<'s>> {
    let own = Some((Place::Store, &facts.limits)).filter(|(_, limits)| !limits.are_of_time_and_reason_alone());
    let config = config.rotation.limits_for(name, facts).map(|(of, limits)| (Place::Config(of), limits));
    own.into_iter().chain(config).map(move |(place, limits)| (name, place, limits))
}

/// The same of some keys, as far as it is for who gets them.
fn said_of<'s>((opened, names): &Keys<'s>, taker: Taker, config: &'s Config) -> Vec<Said<'s>> {
    let keys = names.iter().filter_map(|name| opened.payload.keys.get_key_value(name));
    keys.flat_map(|(name, key)| said(name, &key.facts, config)).filter(|said| taker.heeds(said.1)).collect()
}

/// Holds keys against what they may be used for.
///
/// # Errors
/// `Policy` with every key that is kept back and why, `NotExecutable` for a program that cannot be looked at; the history of
/// each store has it as a failed `event`.
pub fn hold(
    stores: &[Keys],
    taker: Taker,
    config: &Config,
    event: impl Fn() -> Event,
    terminal: &Terminal,
) -> Result<Held> {
    let all: Vec<Vec<Said>> = stores.iter().map(|keys| said_of(keys, taker, config)).collect();
    if all.iter().all(Vec::is_empty) {
        return Ok(Held::default());
    }
    let for_programs = all.iter().flatten().map(|(_, _, limits)| *limits).filter(|limits| limits.programs.is_some());
    let for_programs = for_programs.cloned().reduce(|all, limits| all.and(&limits));
    let is_asked_which = for_programs.is_some() || all.iter().flatten().any(|(_, _, limits)| limits.ask);
    let scene = Scene::now(taker, is_asked_which).inspect_err(|_| {
        for ((opened, _), said) in stores.iter().zip(&all).filter(|(_, said)| !said.is_empty()) {
            let event = event().refused(refusing::in_a_word(Limit::Program)).names(names_of(said));
            opened.record_refusal(event, config, terminal);
        }
    })?;
    let (mut kept_back, mut asked, mut despite) = (Vec::new(), Vec::new(), Vec::new());
    for (at, said) in all.iter().enumerate() {
        let (mut refused, mut asks) = (Vec::new(), Vec::new());
        for &(name, place, limits) in said {
            let opened = stores[at].0;
            let seen = (taker.shows(opened.payload, name), opened.proxied.contains(name));
            let (verdict, beyond) = scene.judge(limits, place, taker, seen);
            let is_held_on = opened.payload.held_on_for(name).is_some();
            let key = |broken| KeptBack { name, limits, broken, place, is_held_on };
            match verdict {
                Verdict::Allowed => {}
                Verdict::Asked => {
                    asks.push(name.clone());
                    despite.extend((!beyond.is_empty()).then(|| key(beyond).why(&scene)));
                }
                Verdict::Refused(broken) => refused.push(key(broken)),
            }
        }
        if !refused.is_empty() {
            stores[at].0.record_refusal(refusing::event(scene.sign(event()), &refused), config, terminal);
        }
        asks.dedup();
        asked.push((at, asks));
        kept_back.extend(refused);
    }
    if !kept_back.is_empty() {
        return Err(refusing::refusal(&kept_back, &scene, taker));
    }
    asked.retain(|(_, names)| !names.is_empty());
    let leave = Leave { was_asked: false, for_programs, program: scene.program.clone() };
    Ok(Held { question: (!asked.is_empty()).then_some(Question { keys: asked, scene, despite }), leave })
}

fn names_of<'s>(said: &[Said<'s>]) -> Vec<&'s KeyName> {
    let mut names: Vec<&KeyName> = said.iter().map(|(name, ..)| *name).collect();
    names.dedup();
    names
}

impl Held {
    /// As [`Leave::leaves_out`].
    #[must_use]
    pub fn leaves_out(&self, program: &Path, variable: &(OsString, OsString)) -> bool {
        self.leave.leaves_out(program, variable)
    }

    /// How the keys may be given where nobody is to be asked.
    ///
    /// # Errors
    /// `Policy` where somebody has to be.
    pub fn unasked(self) -> Result<Leave> {
        let Some(question) = self.question else { return Ok(self.leave) };
        let needs = if question.names().count() == 1 { "needs" } else { "need" };
        let what = format!("{} {needs} a yes at each use", listed(question.names()));
        Err(Failure::new(Kind::Policy, what))
    }

    /// Asks on the terminal whether the keys are to be given where that is to be asked, once for all of them.
    ///
    /// # Errors
    /// `Policy` without a yes, which the history of each store has as a failed `event`.
    pub fn ask(
        self,
        stores: &[Keys],
        config: &Config,
        event: impl Fn() -> Event,
        terminal: &Terminal,
    ) -> Result<Leave> {
        let Some(question) = &self.question else { return Ok(self.leave) };
        let answer = terminal.consent(&question.words());
        if matches!(answer, Ok(true)) {
            return Ok(Leave { was_asked: true, ..self.leave });
        }
        for (at, names) in &question.keys {
            let why = if answer.is_ok() { "answered no" } else { "no answer" };
            let event = question.scene.sign(event()).refused(why).names(names);
            stores[*at].0.record_refusal(event, config, terminal);
        }
        answer.and_then(|_| Err(Failure::new(Kind::Policy, format!("not given: {}", question.no()))))
    }
}

impl Question {
    /// What is asked: which keys, for what, where, and by whom if that can be told.
    fn words(&self) -> String {
        let names = listed(self.names());
        let done = match &self.scene.program {
            Some(program) => format!("give {names} to {}", quoted(program)),
            None => format!("show {names}"),
        };
        let folder = self.scene.folder.as_deref().map(|folder| format!(" in {}", quoted(folder))).unwrap_or_default();
        let agent = self.scene.agent.as_ref().map(|agent| format!(", perhaps for {agent}")).unwrap_or_default();
        let despite = self.despite.first().map(|why| format!(", though it {why}")).unwrap_or_default();
        format!("{done}{folder}{agent}{despite}?")
    }

    fn no(&self) -> String {
        format!("you said no to {}", listed(self.names()))
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.keys.iter().flat_map(|(_, names)| names).map(ToString::to_string)
    }
}

/// Names in backticks: all of them, since they are what is decided about.
fn listed(names: impl Iterator<Item = String>) -> String {
    first_names(names, usize::MAX)
}

/// A path in backticks that none in the path itself can end.
fn quoted(path: &Path) -> String {
    format!("`{}`", path.display().to_string().replace('`', "\\`"))
}
