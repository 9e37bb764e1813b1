//! What is said of keys that are kept back: to the person, and to the history.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, Kind},
    history::Event,
    name::KeyName,
    plain::first_few,
    policy::Limit,
};

use super::{super::asking, KeptBack, NAMED, Place, Scene, Taker, quoted};

/// The event of a refusal: which keys, and why.
pub(super) fn event(event: Event, refused: &[KeptBack]) -> Event {
    let mut broken: Vec<Limit> = refused.iter().flat_map(|key| key.broken.iter().copied()).collect();
    broken.sort_unstable();
    broken.dedup();
    let why: Vec<&str> = broken.into_iter().map(in_a_word).collect();
    let mut names: Vec<&KeyName> = refused.iter().map(|key| key.name).collect();
    names.dedup();
    event.refused(&why.join(", ")).names(names)
}

/// Why, for the history.
pub(super) fn in_a_word(limit: Limit) -> &'static str {
    match limit {
        Limit::Proxy => "proxy only",
        Limit::Project => "project",
        Limit::Program => "program",
        Limit::Terminal => "no terminal",
        Limit::Ask => "nobody to ask",
        Limit::Agent => "agent",
        Limit::Hidden => "hidden",
    }
}

/// The failure: every key that is kept back, and the way out.
pub(super) fn refusal(kept_back: &[KeptBack], scene: &Scene, taker: Taker) -> Failure {
    let phrases: Vec<String> = kept_back.iter().map(|key| key.phrase(scene)).collect();
    let mut failure = Failure::new(Kind::Policy, format!("not given: {}", phrases.join("; ")));
    // A person at a terminal gets no more where something else keeps it back too.
    let by_person = |limit: &Limit| {
        let gives_way = taker.is_named() && limit.gives_way_to_a_person();
        gives_way || matches!(limit, Limit::Ask | Limit::Terminal | Limit::Agent | Limit::Hidden)
    };
    if kept_back.iter().all(|key| key.broken.iter().all(by_person)) {
        failure = failure.hint(asking::by_hand());
    }
    let is_hidden = kept_back.iter().any(|key| key.broken.contains(&Limit::Hidden));
    if is_hidden && matches!(taker, Taker::Program(_)) {
        failure = failure.hint("an agent gives it to a program whose output is masked: `keyctl run --mask -- myapp`");
    }
    let of_stores = kept_back.iter().filter(|key| matches!(key.place, Place::Store));
    let (held_on, own): (Vec<&KeptBack>, Vec<&KeptBack>) = of_stores.partition(|key| key.is_held_on);
    let mut yes: Vec<String> = held_on.iter().map(|key| asking::yes_to_what_it_says(key.name)).collect();
    yes.dedup();
    failure = yes.into_iter().fold(failure, Failure::hint);
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
        let of = match self.place {
            Place::Store if self.is_held_on => "as it did when you last said yes",
            Place::Store => "as the store says",
            Place::Config(_) => "as `config.toml` says",
        };
        format!("`{}` {}, {of}", self.name, self.why(scene))
    }

    pub(super) fn why(&self, scene: &Scene) -> String {
        let all: Vec<String> = self.broken.iter().map(|limit| self.why_of(*limit, scene)).collect();
        all.join(", ")
    }

    fn why_of(&self, limit: Limit, scene: &Scene) -> String {
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
            Limit::Hidden => {
                let agent = scene.agent.as_deref().unwrap_or("an agent");
                format!("is hidden from agents, and perhaps {agent} asks for it")
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
        Limit::Hidden => "--no-hide-from-agents",
    }
}

/// Paths in backticks, the first few of them.
fn places(paths: Option<&BTreeSet<String>>) -> String {
    match paths.filter(|paths| !paths.is_empty()) {
        None => "nothing".to_owned(),
        Some(paths) => first_few(paths.iter().map(|path| quoted(Path::new(path))), NAMED),
    }
}
