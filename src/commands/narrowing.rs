//! What a key may be used for, by what `edit` is told of it, by its name and by its tags. To narrow that takes no word; to widen
//! it takes the yes of a person, on the terminal: whoever can only call keyctl cannot lift what keeps a key from them.

use std::{collections::BTreeSet, path::Path};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind, Result, reason},
    history::{Action, Event},
    home::Home,
    launch::program::Program,
    name::KeyName,
    plain::first_names,
    platform::{self, OnPath, ProgramFile},
    rotation::{Change as Covered, Coverage, Reaction, Settings},
    store::{
        facts::Facts,
        limits::{Limits, MOST_TEXTS},
        payload::Payload,
    },
    terminal::Terminal,
};

use super::{
    asking, caller, differences,
    limiting::resolved,
    opening::{self, Kept},
    project, using,
};

/// Says of each program of these limits that is a script which of the programs that run it is found by its name alone, and of
/// one that cannot be started for the key why not.
pub fn say_found_on_path(limits: &Limits, terminal: &Terminal) {
    for path in limits.programs.iter().flatten() {
        let by = match ProgramFile::open(Path::new(path)) {
            Err(error) => {
                terminal.warn(&format!("`{path}` cannot be started with this key: {}", reason(&error)));
                continue;
            }
            Ok(file) => match file.found_on_path() {
                None => continue,
                Some(OnPath::Name(name)) => format!("by the `{}` that is first on `PATH`", name.to_string_lossy()),
                Some(OnPath::Unclear) => "by what `env` finds, which its first line does not say plainly".to_owned(),
            },
        };
        terminal.warn(&format!("`{path}` is run {by}: whoever starts it says which"));
    }
}

/// A key by its name, with what is known of it.
type Known<'k> = (&'k KeyName, Facts);

/// What is to become of a limit: nothing, or this from now on.
type Change<T> = Option<Option<T>>;

/// What is to become of limits; nothing said leaves each as it is.
#[derive(Default)]
pub struct Narrowing {
    projects: Change<BTreeSet<String>>,
    programs: Change<BTreeSet<String>>,
    variables: Option<BTreeSet<String>>,
    terminal: Option<bool>,
    ask: Option<bool>,
    proxy_only: Option<bool>,
    reason: Option<bool>,
    stop_expired: Option<bool>,
    hide_from_agents: Option<bool>,
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
            variables: (given.without_variables || !given.variables.is_empty())
                .then(|| given.variables.iter().cloned().collect()),
            terminal: flag(given.needs_terminal, given.no_needs_terminal),
            ask: flag(given.ask, given.no_ask),
            proxy_only: flag(given.proxy_only, given.no_proxy_only),
            reason: flag(given.require_reason, given.no_require_reason),
            stop_expired: flag(given.stop_expired, given.no_stop_expired),
            hide_from_agents: flag(given.hide_from_agents, given.no_hide_from_agents),
        })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { projects, programs, variables, terminal, ask, proxy_only, reason, stop_expired, hide_from_agents } =
            self;
        let flags = [terminal, ask, proxy_only, reason, stop_expired, hide_from_agents];
        projects.is_none() && programs.is_none() && variables.is_none() && flags.into_iter().all(Option::is_none)
    }

    /// What it makes of a key's limits.
    #[must_use]
    pub fn on(&self, limits: &Limits) -> Limits {
        let programs = self.programs.clone().unwrap_or_else(|| limits.programs.clone());
        let variables = || self.variables.clone().unwrap_or_else(|| limits.variables.clone());
        Limits {
            projects: self.projects.clone().unwrap_or_else(|| limits.projects.clone()),
            variables: programs.as_ref().map(|_| variables()).unwrap_or_default(),
            programs,
            terminal: self.terminal.unwrap_or(limits.terminal),
            ask: self.ask.unwrap_or(limits.ask),
            proxy_only: self.proxy_only.unwrap_or(limits.proxy_only),
            reason: self.reason.unwrap_or(limits.reason),
            stop_expired: self.stop_expired.unwrap_or(limits.stop_expired),
            hide_from_agents: self.hide_from_agents.unwrap_or(limits.hide_from_agents),
        }
    }

    /// The paths and variables that were named.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let paths = [&self.projects, &self.programs].into_iter().flatten().flatten().flatten();
        paths.chain(self.variables.iter().flatten()).map(String::as_str)
    }

    /// Refuses variables to be let through for a key that every program may have: they would say nothing. And more than is noted.
    ///
    /// # Errors
    /// `Usage`.
    pub fn refuse_in_vain(&self, limits: &Limits, name: &KeyName) -> Result<()> {
        let Limits { projects, programs, variables, .. } = self.on(limits);
        let lists = [(projects.as_ref(), "projects"), (programs.as_ref(), "programs"), (Some(&variables), "variables")];
        let is_long = |(list, _): &(Option<&BTreeSet<String>>, &str)| list.is_some_and(|list| list.len() > MOST_TEXTS);
        if let Some((_, what)) = lists.into_iter().find(is_long) {
            return Err(Failure::new(
                Kind::Usage,
                format!("`{name}` would be limited to more than {MOST_TEXTS} {what}"),
            ));
        }
        let is_said = self.variables.as_ref().is_some_and(|variables| !variables.is_empty());
        if !is_said || self.on(limits).programs.is_some() {
            return Ok(());
        }
        let why = format!("`--with-variable`: nothing is left out for `{name}`, which every program may have");
        let both = "say both, as in `--only-program /usr/bin/node --with-variable NODE_OPTIONS`";
        Err(Failure::new(Kind::Usage, why).hint(both))
    }

    /// Whether a key may be used for more by it, whatever its limits are.
    #[must_use]
    pub fn may_widen(&self) -> bool {
        self.on(&everything()).are_looser_than(&everything())
    }
}

/// Makes sure that a person agrees where a key may be used for more once this is known of it. Gives what was known of it then.
///
/// # Errors
/// As [`need_person`]; as opening the store has them.
pub fn agreed(home: &Home, name: &KeyName, put: impl Fn(&mut Facts), terminal: &Terminal) -> Result<Option<Facts>> {
    let kept = opening::identity(home)?;
    let payload = opening::store(home, &kept, terminal)?.read()?;
    let before = payload.key(name)?.facts.clone();
    let mut after = before.clone();
    put(&mut after);
    let pair = [(name, before.clone()), (name, after.clone())];
    let settings = settings_for(home, std::slice::from_ref(&pair))?;
    let covered = change_of(&pair, &settings);
    if !covered.widens {
        return Ok(None);
    }
    if payload.held_on_for(name).is_some() {
        return Err(yes_first(home, name, "nothing was changed"));
    }
    say(&covered, &format!("`{name}`"), terminal);
    let stops = settings.plan(name, &before).expired == Reaction::Stop;
    let expires = if stops { after.expires } else { before.expires };
    let lifts =
        (before.revoked.is_some() && after.revoked.is_none()) || (before.leaked.is_some() && after.leaked.is_none());
    // It is said of the secret, so it is lifted of each key that holds it.
    let twins = if lifts { payload.twins_of(name) } else { Vec::new() };
    let with = first_names(&twins, usize::MAX);
    let with = if twins.is_empty() { String::new() } else { format!(" (and {with}, the same secret)") };
    let Facts { tags, limits, revoked, leaked, .. } = after;
    let widened = Facts { expires, tags, revoked, leaked, limits, ..before.clone() };
    let words = differences::in_words(&differences::between(&before, &widened));
    let scene = Scene { home, kept: &kept, payload: &payload, action: Action::Edit };
    need_person(&scene, &[name], &format!("let `{name}`{with} be used for more: {words}"), terminal)?;
    Ok(Some(before))
}

/// The failure for what would be said of a key whose store says less of it than holds on here: it would not count.
#[must_use]
pub fn yes_first(home: &Home, name: &KeyName, but: &str) -> Failure {
    let store = home.store().map(ToString::to_string).unwrap_or_default();
    let said = format!("in its store `{name}` may be used for more than you said yes to; {but}");
    Failure::new(Kind::Store, said)
        .hint(format!("say yes to that first, at a terminal: `keyctl store recipients accept {store}`"))
}

/// Makes sure that a yes was one to what is being done now.
///
/// # Errors
/// `Negative` where another keyctl was faster.
pub fn hold(home: &Home, payload: &Payload, name: &KeyName, before: &Facts, agreed: Option<&Facts>) -> Result<()> {
    if agreed == Some(before) || !widened(home, payload, false)?.contains(&name) {
        return Ok(());
    }
    Err(Failure::new(Kind::Negative, format!("`{name}` was changed meanwhile; nothing was changed"))
        .hint(format!("look again: `keyctl show {name}`")))
}

/// Refuses what the latest step did beside what it was called for, where a key may be used for more by that.
///
/// # Errors
/// `Policy`; the history has it as a failed event.
pub fn refuse_more(scene: &Scene, terminal: &Terminal) -> Result<()> {
    let names = widened(scene.home, scene.payload, false)?;
    let Some(first) = names.first() else { return Ok(()) };
    record(scene, &names, "nobody was asked", terminal)?;
    Err(takes_a_person(&names).hint(format!("say that by itself, at a terminal: `keyctl edit {first}`")))
}

/// The keys that may be used for more by the latest step, or once it is taken back.
///
/// # Errors
/// As the configuration has them, which is read where names or tags are others.
pub fn widened<'p>(home: &Home, payload: &'p Payload, is_taken_back: bool) -> Result<Vec<&'p KeyName>> {
    let mut pairs = by_latest_step(payload);
    if is_taken_back {
        for pair in &mut pairs {
            pair.reverse();
        }
    }
    let settings = settings_for(home, &pairs)?;
    Ok(pairs.iter().filter(|pair| change_of(pair, &settings).widens).map(|[(name, _), _]| *name).collect())
}

/// Each key of which the latest step has changed the name, the secret or what is known of it, before and after it. The end of a
/// new secret is its own, and so are its revocation and its leak: they are held against no other.
fn by_latest_step(payload: &Payload) -> Vec<[Known<'_>; 2]> {
    let Some(step) = payload.steps.last() else { return Vec::new() };
    let now = |name: &KeyName| payload.keys.get(name).map(|key| key.facts.clone());
    let edited = step.edited.iter().filter_map(|(name, before)| Some([(name, before.clone()), (name, now(name)?)]));
    let replaced = step.replaced.iter().filter_map(|(name, before)| {
        let now = now(name)?;
        let (expires, revoked, leaked) = (now.expires, now.revoked.clone(), now.leaked.clone());
        Some([(name, Facts { expires, revoked, leaked, ..before.clone() }), (name, now)])
    });
    let renamed = step.renamed.iter().filter_map(|(from, to)| Some([(from, now(to)?), (to, now(to)?)]));
    edited.chain(replaced).chain(renamed).collect()
}

/// What counts for these keys. Under one name, with the same tags and as fit for use as before it is the same entries of
/// `config.toml`, so none are read.
fn settings_for(home: &Home, pairs: &[[Known<'_>; 2]]) -> Result<Settings> {
    let is_elsewhere = |[(old, before), (new, after)]: &[Known<'_>; 2]| {
        let is_fitter = before.expires != after.expires
            || before.revoked.is_some() != after.revoked.is_some()
            || before.leaked.is_some() != after.leaked.is_some();
        old != new || before.tags != after.tags || is_fitter
    };
    if pairs.iter().any(is_elsewhere) { Ok(config::read(home)?.rotation) } else { Ok(Settings::default()) }
}

/// What it makes of what holds for a key that it was the one and is the other. Paths are held against each other as they are
/// written, since a link may lead elsewhere later, and as they lead now, since a link may lead out of a folder.
fn change_of([(old, before), (new, after)]: &[Known<'_>; 2], settings: &Settings) -> Covered {
    let mut covered = settings.change((old, before), (new, after));
    if !covered.widens && before.limits != after.limits {
        covered.widens = resolved(&after.limits).are_looser_than(&resolved(&before.limits));
        covered.loses_protection |= covered.widens;
    }
    covered
}

/// Whether a key may be used for more as the second than as the first.
#[must_use]
pub fn is_widened(pair: &[(&KeyName, Facts); 2], settings: &Settings) -> bool {
    change_of(pair, settings).widens
}

/// Says what of `config.toml` holds no more for a key, which is what is said of, and what newly holds.
pub fn say(covered: &Covered, key: &str, terminal: &Terminal) {
    for Coverage { entry, is_new, settings } in &covered.entries {
        let is = if *is_new { "is newly covered" } else { "is no longer covered" };
        let settings = if settings.is_empty() { String::new() } else { format!(": {}", settings.join(", ")) };
        let said = format!("{key} {is} by `{entry}`{settings}");
        if covered.loses_protection {
            terminal.warn(&said);
        } else {
            terminal.say(&said);
        }
    }
}

/// All flags set and nothing allowed: what anything that widens is looser than.
fn everything() -> Limits {
    Limits {
        projects: Some(BTreeSet::new()),
        programs: Some(BTreeSet::new()),
        variables: BTreeSet::new(),
        terminal: true,
        ask: true,
        proxy_only: true,
        reason: true,
        stop_expired: true,
        hide_from_agents: true,
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
    need_person_or(scene, names, question, takes_a_person(names), terminal)
}

/// The same of anything else that would let more be done than a person has said yes to: the failure says what, where nobody is
/// there.
///
/// # Errors
/// As [`need_person`].
pub fn need_person_or(
    scene: &Scene,
    names: &[&KeyName],
    question: &str,
    refused: Failure,
    terminal: &Terminal,
) -> Result<()> {
    let (why, failure) = if platform::terminal().is_err() {
        ("nobody to ask", refused.hint(asking::by_hand()))
    } else {
        let agent = caller::agent().map(|agent| format!(", as perhaps {agent} wants")).unwrap_or_default();
        match terminal.consent(&format!("{question}{agent}?")) {
            Ok(true) => return Ok(()),
            Ok(false) => ("answered no", Failure::new(Kind::Negative, "nothing was changed")),
            Err(failure) => ("no answer", failure),
        }
    };
    record(scene, names, why, terminal)?;
    Err(failure)
}

fn takes_a_person(names: &[&KeyName]) -> Failure {
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let message = format!("to use {listed} for more takes a yes at a terminal; nothing was changed");
    Failure::new(Kind::Policy, message)
}

/// Records that keys were not to be used for more.
fn record(
    Scene { home, kept, payload, action }: &Scene,
    names: &[&KeyName],
    why: &str,
    terminal: &Terminal,
) -> Result<()> {
    let config = config::read(home)?;
    let event = project::here(Event::new(action.clone(), Moment::now())).refused(why).names(names.iter().copied());
    using::record_refusal(home, kept, payload, event, &config, terminal);
    Ok(())
}

/// Says that a key that was just kept has none of the limits that a removed one of its name had.
pub fn say_of_removed(payload: &Payload, name: &KeyName, terminal: &Terminal) {
    let mut removed = payload.removed.iter().rev().filter(|removed| removed.name == *name);
    if removed.next().is_some_and(|removed| !removed.key.facts.limits.is_empty()) {
        terminal.warn(&format!("the removed key `{name}` had limits of its use, and this one has none"));
        terminal.hint(&format!("to limit it too: `keyctl edit {name}` with `--only-program` and the like"));
    }
}

/// A folder by its whole path without links: one that becomes a link later is another folder.
fn folder(path: &Path) -> Result<String> {
    let failed = |why: &str| Failure::new(Kind::Usage, format!("`--only-project`: `{}` {why}", path.display()));
    let whole = path.canonicalize().ok().filter(|path| path.is_dir()).ok_or_else(|| failed("is no folder"))?;
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
