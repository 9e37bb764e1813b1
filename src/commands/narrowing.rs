//! What `edit` is told of what a key may be used for. To narrow that takes no word; to widen it takes the yes of a person, on
//! the terminal: whoever can only call keyctl cannot lift what keeps a key from them.

use std::{collections::BTreeSet, path::Path};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    launch::program::Program,
    name::KeyName,
    platform,
    store::{limits::Limits, payload::Payload},
    terminal::Terminal,
};

use super::{
    caller, differences,
    opening::{self, Kept},
    project, using,
};

/// What is to become of a limit: nothing, or this from now on.
type Change<T> = Option<Option<T>>;

/// What is to become of limits; nothing said leaves each as it is.
#[derive(Default)]
pub struct Narrowing {
    projects: Change<BTreeSet<String>>,
    programs: Change<BTreeSet<String>>,
    terminal: Option<bool>,
    ask: Option<bool>,
    proxy_only: Option<bool>,
    reason: Option<bool>,
    stop_expired: Option<bool>,
}

impl Narrowing {
    /// What was said.
    ///
    /// # Errors
    /// `Usage` for a folder or a program that is not there, or a program by its name alone.
    pub fn of(given: &cli::Limits) -> Result<Self> {
        let flag = |on: bool, off: bool| (on || off).then_some(on);
        let paths = |paths: &[std::path::PathBuf], any: bool, whole: fn(&Path) -> Result<String>| {
            if any {
                return Ok(Some(None));
            }
            let whole = paths.iter().map(|path| whole(path)).collect::<Result<BTreeSet<String>>>()?;
            Ok::<_, Failure>((!whole.is_empty()).then_some(Some(whole)))
        };
        Ok(Self {
            projects: paths(&given.projects, given.any_project, folder)?,
            programs: paths(&given.programs, given.any_program, program)?,
            terminal: flag(given.needs_terminal, given.no_needs_terminal),
            ask: flag(given.ask, given.no_ask),
            proxy_only: flag(given.proxy_only, given.no_proxy_only),
            reason: flag(given.require_reason, given.no_require_reason),
            stop_expired: flag(given.stop_expired, given.no_stop_expired),
        })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { projects, programs, terminal, ask, proxy_only, reason, stop_expired } = self;
        let flags = [terminal, ask, proxy_only, reason, stop_expired];
        projects.is_none() && programs.is_none() && flags.into_iter().all(Option::is_none)
    }

    /// What it makes of a key's limits.
    #[must_use]
    pub fn on(&self, limits: &Limits) -> Limits {
        Limits {
            projects: self.projects.clone().unwrap_or_else(|| limits.projects.clone()),
            programs: self.programs.clone().unwrap_or_else(|| limits.programs.clone()),
            terminal: self.terminal.unwrap_or(limits.terminal),
            ask: self.ask.unwrap_or(limits.ask),
            proxy_only: self.proxy_only.unwrap_or(limits.proxy_only),
            reason: self.reason.unwrap_or(limits.reason),
            stop_expired: self.stop_expired.unwrap_or(limits.stop_expired),
        }
    }

    /// The paths that were named.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        [&self.projects, &self.programs].into_iter().flatten().flatten().flatten().map(String::as_str)
    }

    /// Makes sure that a person agrees where a key may be used for more by it. Gives the limits that were seen then.
    ///
    /// # Errors
    /// As [`need_person`]; as opening the store has them.
    pub fn agreed(&self, home: &Home, name: &KeyName, terminal: &Terminal) -> Result<Option<Limits>> {
        // What only narrows is known without a look.
        if !self.on(&everything()).are_looser_than(&everything()) {
            return Ok(None);
        }
        let kept = opening::identity(home)?;
        let payload = opening::store(home, &kept, terminal)?.read()?;
        let before = payload.key(name)?.facts.limits.clone();
        let after = self.on(&before);
        if !after.are_looser_than(&before) {
            return Ok(None);
        }
        let words = differences::in_words(&differences::limits_between(&before, &after));
        let question = format!("let `{name}` be used for more: {words}");
        let scene = Scene { home, kept: &kept, payload: &payload, action: Action::Edit };
        need_person(&scene, &[name], &question, terminal)?;
        Ok(Some(before))
    }

    /// Makes sure that a yes was one to what is being done now.
    ///
    /// # Errors
    /// `Negative` where another keyctl was faster.
    pub fn hold(&self, name: &KeyName, before: &Limits, agreed: Option<&Limits>) -> Result<()> {
        if self.on(before).are_looser_than(before) && agreed != Some(before) {
            return Err(Failure::new(Kind::Negative, format!("`{name}` was changed meanwhile; nothing was changed"))
                .hint(format!("look again: `keyctl show {name}`")));
        }
        Ok(())
    }
}

/// All flags set and nothing allowed: what anything that widens is looser than.
fn everything() -> Limits {
    Limits {
        projects: Some(BTreeSet::new()),
        programs: Some(BTreeSet::new()),
        terminal: true,
        ask: true,
        proxy_only: true,
        reason: true,
        stop_expired: true,
    }
}

/// What is about to widen a limit.
pub struct Scene<'s> {
    /// Of which store.
    pub home: &'s Home,
    /// What its keeper gave.
    pub kept: &'s Kept,
    /// What is in it.
    pub payload: &'s Payload,
    /// By what.
    pub action: Action,
}

/// Makes sure that a person at the terminal wants what lets keys be used for more: no option stands for that yes.
///
/// # Errors
/// `Policy` where there is no terminal, `Negative` for a no; the history has either as a failed event.
pub fn need_person(scene: &Scene, names: &[&KeyName], question: &str, terminal: &Terminal) -> Result<()> {
    let (why, failure) = if platform::terminal().is_err() {
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!("to use {listed} for more takes a yes at a terminal; nothing was changed");
        ("nobody to ask", Failure::new(Kind::Policy, message).hint("do it yourself, at a terminal"))
    } else {
        let agent = caller::agent().map(|agent| format!(", as perhaps {agent} wants")).unwrap_or_default();
        match terminal.consent(&format!("{question}{agent}?")) {
            Ok(true) => return Ok(()),
            Ok(false) => ("answered no", Failure::new(Kind::Negative, "nothing was changed")),
            Err(failure) => ("no answer", failure),
        }
    };
    let config = config::read(scene.home)?;
    let event =
        project::here(Event::new(scene.action.clone(), Moment::now())).refused(why).names(names.iter().copied());
    using::record_refusal(scene.home, scene.kept, scene.payload, event, &config, terminal);
    Err(failure)
}

/// Says that a key that was just kept has none of the limits that a removed one of its name had.
pub fn say_of_removed(payload: &Payload, name: &KeyName, terminal: &Terminal) {
    let mut removed = payload.removed.iter().rev().filter(|removed| removed.name == *name);
    if removed.next().is_some_and(|removed| !removed.key.facts.limits.is_empty()) {
        terminal.warn(&format!("the removed key `{name}` had limits of its use, and this one has none"));
        terminal.hint(&format!("to limit it too: `keyctl edit {name}` with `--only-program` and the like"));
    }
}

/// A folder by its whole path.
fn folder(path: &Path) -> Result<String> {
    let failed = |why: &str| Failure::new(Kind::Usage, format!("`--only-project`: `{}` {why}", path.display()));
    let whole = if path.components().any(|part| part == std::path::Component::ParentDir) {
        path.canonicalize()
    } else {
        std::path::absolute(path)
    };
    let whole = whole.ok().filter(|path| path.is_dir()).ok_or_else(|| failed("is no folder"))?;
    text(&whole).ok_or_else(|| failed("is no text, which the store cannot keep"))
}

/// A program by its whole path. Its links are followed each time it is started, so that an update changes nothing.
fn program(path: &Path) -> Result<String> {
    let failed = |why: &str| Failure::new(Kind::Usage, format!("`--only-program`: `{}` {why}", path.display()));
    let is_name_alone = path.components().count() == 1 && !path.to_string_lossy().contains(std::path::is_separator);
    if is_name_alone {
        let found = Program::find(&[path.as_os_str().to_owned()], std::env::var_os("PATH").as_deref());
        let whole = found.ok().and_then(|program| text(&std::path::absolute(program.path()).ok()?));
        let failure = failed("is a name, and a path has to stand here");
        return Err(match whole {
            Some(whole) => failure.hint(format!("it would be `--only-program {whole}`")),
            None => failure.hint("such as `--only-program /usr/bin/gh`"),
        });
    }
    let whole = std::path::absolute(path).map_err(|_| failed("is no path"))?;
    if !whole.is_file() || !platform::is_executable(&whole) {
        return Err(failed("is no program"));
    }
    text(&whole).ok_or_else(|| failed("is no text, which the store cannot keep"))
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}
