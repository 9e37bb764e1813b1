//! What a command gets: profile and project resolved, approved, and taken from the store. Shared by `run` and `env`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    sync::Arc,
};

use crate::{
    cli::Choice,
    config::Config,
    failure::{Failure, Kind, Result},
    history::{Event, Fetch},
    home::Home,
    identity::keeper::{KeeperKind, Record},
    launch::{files::Handed, program::Program},
    name::{KeyName, KeyPath, ProfileName, VariableName},
    platform,
    profile::{self, Extra, Grant, Origin, Source, Wanted},
    project::trust::needs_exception,
    reference::Remote,
    rotation::Settings,
    secret::Secret,
    terminal::Terminal,
};

use super::{
    allow,
    limiting::Keys,
    opening::{self, Kept},
    project::{self, Project},
    show,
    sourcing::{self, Leases},
    using::{self, Used},
};

mod fetching;
mod giving;
mod holding;
mod place;
#[cfg(feature = "proxy")]
pub mod proxied;
mod renewing;
mod unasked;

use place::Place;
pub use renewing::Renewed;
pub use unasked::approved_unasked;

/// What stands in the history for an argument, or the end of one, that is left out.
const LEFT_OUT: &str = "…";
/// The most arguments that the history has of a program.
const MOST_ARGUMENTS: usize = 32;
/// The most letters of one.
const LONGEST_ARGUMENT: usize = 160;

/// What was asked for; nothing of it is approved or opened yet.
#[derive(Default)]
pub struct Wish {
    wanted: Vec<Wanted>,
    project: Option<Project>,
    profile: Option<ProfileName>,
    masks: bool,
}

/// What may be given: everything the project wants is approved, and each store that is needed was asked for once.
pub struct Approved {
    wish: Wish,
    kept: Vec<(Home, Kept)>,
    /// The keys that are credentials of sources: taken out with the others, in case that one is needed.
    credentials: Vec<KeyPath>,
}

/// What the command gets.
pub struct Chosen {
    /// Variable and secret, or plain setting.
    pub given: Vec<(VariableName, Secret)>,
    /// What it gets as a file.
    pub files: Vec<Handed>,
    /// Keys that are not there and may be missing.
    pub missing: Vec<KeyPath>,
    /// Whether the profile wants masked what the command prints.
    pub masks: bool,
    /// What was asked for: each variable, and what it is made of.
    wanted: Vec<(VariableName, Source)>,
    /// What each store gave.
    taken: Vec<Taken>,
    profile: Option<ProfileName>,
    place: Place,
    /// What waits for its sources; see [`Chosen::fetch`].
    waiting: Vec<(VariableName, Source)>,
    /// Whether no source is asked.
    offline: bool,
    /// The keys that are credentials of sources, taken out with the others.
    credentials: Vec<KeyPath>,
    /// What sources gave for a time only.
    pub held: sourcing::Held,
}

/// What one store gave.
struct Taken {
    used: Used,
    /// The keys that the command gets of it, each with the variable that it is for.
    given: Vec<(VariableName, KeyName)>,
    /// Where those of them lay that were fetched.
    remotes: BTreeMap<KeyName, Remote>,
    /// What the history says of that.
    from: Vec<Fetch>,
}

impl Taken {
    fn new(used: Used) -> Self {
        Self { used, given: Vec::new(), remotes: BTreeMap::new(), from: Vec::new() }
    }

    /// The keys that a command gets of which these variables are left as they are, sorted.
    fn names(&self, left: &[VariableName]) -> Vec<KeyName> {
        let given = self.given.iter().filter(|(variable, _)| !left.contains(variable));
        let mut names: Vec<KeyName> = given.map(|(_, name)| name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What each store gives, to be held against what it may be used for.
fn held(taken: &[Taken]) -> Vec<Keys<'_>> {
    taken.iter().map(|taken| (taken.used.opened(), taken.names(&[]))).collect()
}

impl Wish {
    /// What the project wants.
    fn grants(&self) -> Vec<Grant> {
        let of_project = self.wanted.iter().filter(|wanted| wanted.origin == Origin::Project);
        of_project.map(|wanted| wanted.grant.clone()).collect()
    }

    /// Variable and source of each, for showing, with what the settings say that the key may be used for.
    pub fn rows(&self, settings: &Settings) -> impl Iterator<Item = Vec<String>> {
        self.wanted.iter().map(|wanted| {
            let Grant { variable, source, .. } = &wanted.grant;
            let keys = source.keys();
            let limits = keys.iter().flat_map(|name| settings.limits_by_name(name.name())).map(|(_, limits)| limits);
            vec![variable.to_string(), source.to_string(), show::limits_in_short(limits)]
        })
    }

    /// The variables and what they become.
    pub fn sources(&self) -> impl Iterator<Item = (&VariableName, &Source)> {
        self.wanted.iter().map(|wanted| (&wanted.grant.variable, &wanted.grant.source))
    }

    /// Only these variables of it.
    #[must_use]
    pub fn only(mut self, variables: &BTreeSet<VariableName>) -> Self {
        self.wanted.retain(|wanted| variables.contains(&wanted.grant.variable));
        self
    }
}

/// Reads the project file, if there is one, and resolves the profile. Nothing secret is touched.
///
/// # Errors
/// As project and profile have them.
pub fn wanted(home: &Home, choice: &Choice, more: &[Extra], config: &Config, terminal: &Terminal) -> Result<Wish> {
    let named = choice.keys.iter().map(|(variable, name)| (variable.clone(), Source::key(name.clone())));
    let extra: Vec<Extra> = named.chain(more.iter().cloned()).collect();
    let project = if choice.no_project { None } else { project::find(home, None, Some(terminal))? };
    let profiles = project.as_ref().map(|project| &project.file.profiles);
    let profile = chosen_profile(choice)?;
    let wanted = profile::resolve(profile.as_ref(), profiles, &config.profiles, &extra, &choice.only)
        .map_err(|failure| if failure.kind == Kind::Missing { profile_elsewhere(failure) } else { failure })?;
    let masks = profile::masks(profile.as_ref(), profiles, &config.profiles);
    Ok(Wish { wanted, project, profile, masks })
}

/// A profile that is missing may be in a `config.toml` under another folder.
fn profile_elsewhere(failure: Failure) -> Failure {
    Home::ignored().into_iter().fold(failure, Failure::hint)
}

/// The profile of the call, else of the variable; an empty variable is none, as scripts leave them.
fn chosen_profile(choice: &Choice) -> Result<Option<ProfileName>> {
    let variable = || std::env::var("KEYCTL_PROFILE").ok().filter(|name| !name.is_empty());
    match (&choice.profile, variable()) {
        (Some(profile), _) => Ok(Some(profile.clone())),
        (None, Some(name)) => {
            name.parse().map(Some).map_err(|why| Failure::new(Kind::Usage, format!("`KEYCTL_PROFILE`: {why}")))
        }
        (None, None) => Ok(None),
    }
}

/// Makes sure that the user has said yes to what the project wants. What was never approved touches no keychain; what
/// seems approved is proven to be the user's own word once the identity is known.
///
/// # Errors
/// `Project` for what is not approved, which the history has as a failed `event` where its key is at hand.
pub fn approved(home: &Home, mut wish: Wish, event: &Event, config: &Config, terminal: &Terminal) -> Result<Approved> {
    let grants = wish.grants();
    let homes = homes(home, &wish, &grants)?;
    if let Some(project) = &mut wish.project
        && !project.unapproved(&grants).is_empty()
    {
        let refused = allow::ask_or_refuse(home, project, &grants, terminal);
        if let Err(failure) = refused {
            if failure.kind == Kind::Project {
                for home in &homes {
                    record_refusal(home, &wish, event, config, terminal);
                }
            }
            return Err(failure);
        }
    }
    let approved = confirmed(wish, &grants, homes, opening::identity)?;
    Ok(Approved { credentials: sourcing::credentials(config), ..approved })
}

/// Asks for each store that is needed, and proves with that what seems approved.
fn confirmed(
    wish: Wish,
    grants: &[Grant],
    homes: Vec<Home>,
    identity: impl Fn(&Home) -> Result<Kept>,
) -> Result<Approved> {
    let mut kept = Vec::with_capacity(homes.len());
    for home in homes {
        let held = identity(&home).map_err(|failure| of_store(failure, &home))?;
        if let Some(project) = &wish.project {
            let proven = project.confirm(grants, &home, &held);
            proven.map_err(|failure| of_store(opening::given_another(&home, &held).unwrap_or(failure), &home))?;
        }
        kept.push((home, held));
    }
    Ok(Approved { wish, kept, credentials: Vec::new() })
}

/// The stores whose identities are needed. Approvals are proven with the identity where a key or an exception rests on them.
/// Plain settings alone open nothing, and what needs no secret touches no keychain.
fn homes(home: &Home, wish: &Wish, grants: &[Grant]) -> Result<Vec<Home>> {
    let sources = || wish.wanted.iter().map(|wanted| &wanted.grant.source);
    let is_personal = |source: &Source| source.keys().iter().any(|name| name.store().is_none());
    let needs_personal = sources().any(is_personal) || grants.iter().any(needs_exception);
    let mut homes = if needs_personal { vec![home.clone()] } else { Vec::new() };
    for store in sources().flat_map(Source::stores).collect::<BTreeSet<_>>() {
        homes.push(Home::of(Some(store))?);
    }
    Ok(homes)
}

/// Where a command may get keys of several stores, a failure says of which one it is.
fn of_store(failure: Failure, home: &Home) -> Failure {
    let Some(store) = home.store() else { return failure };
    let Failure { kind, message, hints } = failure.of_store(store.as_str());
    let said = |text: &String| home.said_of_file(text).into_owned();
    Failure { kind, message: said(&message), hints: hints.iter().map(said).collect() }
}

/// The name, if it is of this home's store.
fn in_home<'n>(name: &'n KeyPath, home: &Home) -> Option<&'n KeyName> {
    (name.store() == home.store().map(Arc::as_ref)).then(|| name.name())
}

/// Records that a project asked for keys it was not allowed, if that takes nobody's leave: a refused project must bring up
/// no keychain's question and make no use of one. So it is recorded where the identity lies in a file, and else not.
fn record_refusal(home: &Home, wish: &Wish, event: &Event, config: &Config, terminal: &Terminal) {
    if !Record::read(home).is_ok_and(|record| record.is_some_and(|record| record.kind() == KeeperKind::File)) {
        return;
    }
    let names: Vec<KeyName> = wish
        .wanted
        .iter()
        .filter(|wanted| wanted.origin == Origin::Project)
        .flat_map(|wanted| wanted.grant.source.keys())
        .filter_map(|name| in_home(name, home).cloned())
        .collect();
    let place = Place::of(wish.project.as_ref());
    let refused = place.sign(event.clone().refused("not allowed").names(&names), wish.profile.as_ref());
    let used = opening::identity(home).and_then(|kept| using::keys_of(home, kept, &[], &[], terminal));
    // There may be no store yet: then nothing was ever recorded, and no key could have been given.
    if let Ok(mut used) = used {
        used.project = place.allowed;
        used.record_refusal(refused, config, terminal);
    }
}

/// Takes the keys from their stores: all that must be there, or none.
///
/// # Errors
/// As the stores have them; `Missing` names every key that is not there.
pub fn keys(approved: Approved, choice: &Choice, terminal: &Terminal) -> Result<Chosen> {
    let Approved { wish: Wish { wanted, project, profile, masks }, kept, credentials } = approved;
    let place = Place::of(project.as_ref());
    let wanted =
        wanted.into_iter().map(|Wanted { grant: Grant { variable, source, .. }, .. }| (variable, source)).collect();
    let mut chosen = Chosen {
        given: Vec::new(),
        files: Vec::new(),
        missing: Vec::new(),
        masks,
        wanted,
        taken: Vec::new(),
        profile,
        place,
        waiting: Vec::new(),
        offline: choice.offline,
        credentials,
        held: sourcing::Held::default(),
    };
    for (home, kept) in kept {
        let sources = chosen.wanted.iter().map(|(_, source)| source);
        let asked = sources.flat_map(|source| {
            let may_lack = source.is_optional() || choice.allow_missing;
            source.keys().into_iter().map(move |name| (name, may_lack))
        });
        let asked: Vec<(&KeyName, bool)> =
            asked.filter_map(|(name, may_lack)| Some((in_home(name, &home)?, may_lack))).collect();
        let beside = chosen.credentials.iter().filter_map(|name| in_home(name, &home));
        let names: Vec<&KeyName> = asked.iter().map(|(name, _)| *name).chain(beside).collect();
        let is_needed = |name: &KeyName| asked.iter().any(|(other, may_lack)| *other == name && !may_lack);
        let optional: Vec<&KeyName> = names.iter().copied().filter(|name| !is_needed(name)).collect();
        let used = using::keys_of(&home, kept, &names, &optional, terminal);
        let mut used = used.map_err(|failure| of_store(failure, &home))?;
        used.project.clone_from(&chosen.place.allowed);
        chosen.taken.push(Taken::new(used));
    }
    chosen.give_all()?;
    Ok(chosen)
}

impl Chosen {
    /// The secrets that the command gets, each with the variable that it is in: as it is, in a text or in a file.
    pub fn secrets(&self) -> impl Iterator<Item = (&VariableName, &Secret)> + Clone {
        self.taken.iter().flat_map(|taken| {
            let keys = &taken.used.payload.keys;
            taken.given.iter().filter_map(|(variable, name)| Some((variable, &keys.get(name)?.value)))
        })
    }

    /// What sources lent for the command, to be looked after while it runs.
    pub fn leases(&mut self) -> Leases {
        sourcing::leases(std::mem::take(&mut self.held))
    }

    /// Signals end this process from here on, also one that came since a source lent something: then that is given back.
    ///
    /// # Errors
    /// `Interrupted` where it cannot end so.
    pub fn heed_signals(&mut self) -> Result<()> {
        self.held.heed_signals()
    }

    /// Leaves what sources lent to whoever reads what is printed: once this process has ended nobody can renew it or give it back.
    pub fn leave_lent(&mut self, terminal: &Terminal) {
        std::mem::take(&mut self.held).leave(terminal);
    }

    /// Says which keys are missing that may be.
    pub fn say_missing(&self, terminal: &Terminal) {
        if !self.missing.is_empty() {
            let missing: Vec<String> = self.missing.iter().map(|name| format!("`{name}`")).collect();
            terminal.say(&format!("goes on without {}", missing.join(", ")));
        }
    }

    /// The program's arguments for the history, where the user asks for them with one of the keys: none that holds one of
    /// the secrets, or what is no text, and no more than fit.
    #[must_use]
    pub fn arguments(&self, program: &Program, config: &Config) -> Vec<String> {
        let settings = &config.rotation;
        if !settings.rules.iter().any(|rule| rule.arguments.is_some()) {
            return Vec::new();
        }
        let names = || self.taken.iter().flat_map(|taken| taken.given.iter().map(move |(_, name)| (taken, name)));
        let keys = || names().filter_map(|(taken, name)| Some((name, taken.used.payload.keys.get(name)?)));
        if !keys().any(|(name, key)| settings.records_arguments(name, &key.facts)) {
            return Vec::new();
        }
        let shown = |argument: &OsString| {
            let bytes = platform::value_bytes(argument);
            let holds_one = keys().any(|(_, key)| key.value.is_part_of(&bytes));
            let text = argument.to_str().filter(|_| !holds_one).unwrap_or(LEFT_OUT);
            match text.char_indices().nth(LONGEST_ARGUMENT) {
                Some((end, _)) => format!("{}{LEFT_OUT}", &text[..end]),
                None => text.to_owned(),
            }
        };
        let mut arguments: Vec<String> = program.arguments().iter().take(MOST_ARGUMENTS).map(shown).collect();
        if program.arguments().len() > MOST_ARGUMENTS {
            arguments.push(LEFT_OUT.to_owned());
        }
        arguments
    }

    /// What the stores give, and the keys of each that a command gets of which these variables are left as they are.
    fn giving(&self, left: &[VariableName]) -> impl Iterator<Item = (&Taken, Vec<KeyName>)> {
        let all = self.taken.iter().map(|taken| (taken, taken.names(left)));
        all.filter(|(_, names)| !names.is_empty())
    }

    /// Records the use before it happens, in the history of each store that keys are of, and gives the numbers of its entries.
    /// What these variables are for is not given, as they are left as they are. A command that gets no key leaves no entry:
    /// there is nothing to tell, and no identity to seal it with.
    ///
    /// # Errors
    /// Where the user's config requires a history and there is none to be had; no history has it as done then.
    pub fn record(
        &self,
        event: &Event,
        left: &[VariableName],
        config: &Config,
        terminal: &Terminal,
    ) -> Result<Vec<Option<u64>>> {
        let mut numbers = Vec::new();
        for (Taken { used, from, .. }, names) in self.giving(left) {
            let event = event.clone().sources(from.clone());
            let entry = self.place.sign(event.clone().names(&names), self.profile.as_ref());
            match used.record(entry, config, terminal) {
                Ok(number) => numbers.push(number),
                Err(failure) => {
                    let ended = |number| event.clone().not_started(number, &failure.message);
                    self.record_failure(ended, left, &numbers, terminal);
                    return Err(of_store(failure, &used.home));
                }
            }
        }
        Ok(numbers)
    }

    /// Records that the keys were refused, which were at hand already.
    pub fn record_refusal(&self, event: &Event, left: &[VariableName], config: &Config, terminal: &Terminal) {
        for (taken, names) in self.giving(left) {
            let refused = self.place.sign(event.clone().names(&names), self.profile.as_ref());
            taken.used.record_refusal(refused, config, terminal);
        }
    }

    /// Records that the use came to nothing after all; `numbers` are those of its entries, and `event` says so of each.
    pub fn record_failure(
        &self,
        event: impl Fn(Option<u64>) -> Event,
        left: &[VariableName],
        numbers: &[Option<u64>],
        terminal: &Terminal,
    ) {
        for ((Taken { used, .. }, names), number) in self.giving(left).zip(numbers) {
            used.record_failure(self.place.sign(event(*number).names(&names), self.profile.as_ref()), terminal);
        }
    }
}
