//! What a command gets: profile and project resolved, approved, and taken from the store. Shared by `run` and `env`.

use std::path::PathBuf;

use crate::{
    cli::Choice,
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::Event,
    home::Home,
    name::{KeyName, ProfileName, VariableName},
    profile::{self, Grant, Origin, Source, Wanted, variables},
    secret::Secret,
    terminal::Terminal,
};

use super::{
    allow,
    opening::{self, Kept},
    policy,
    project::{self, Project},
    record::Strictness,
    using::{self, Used},
};

/// What was asked for; nothing of it is approved or opened yet.
pub struct Wish {
    wanted: Vec<Wanted>,
    project: Option<Project>,
    profile: Option<ProfileName>,
}

/// What may be given: everything the project wants is approved.
pub struct Approved {
    wish: Wish,
    kept: Option<Kept>,
}

/// What the command gets.
pub struct Chosen {
    /// Variable and secret, or plain setting.
    pub given: Vec<(VariableName, Secret)>,
    /// Keys that are not there and may be missing.
    pub missing: Vec<KeyName>,
    names: Vec<KeyName>,
    used: Option<Used>,
    profile: Option<ProfileName>,
    folder: Option<PathBuf>,
}

impl Wish {
    /// Variable and source of each, for showing.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.wanted.iter().map(|wanted| {
            let source = match &wanted.grant.source {
                Source::Key { name, optional } => format!("key {name}{}", if *optional { " (optional)" } else { "" }),
                Source::Value(text) => format!("setting {text}"),
            };
            vec![wanted.grant.variable.to_string(), source]
        })
    }
}

/// Reads the project file, if there is one, and resolves the profile. Nothing secret is touched.
///
/// # Errors
/// As project and profile have them.
pub fn wanted(home: &Home, choice: &Choice, config: &Config, terminal: &Terminal) -> Result<Wish> {
    let project = if choice.no_project { None } else { project::find(home, None, Some(terminal))? };
    let profiles = project.as_ref().map(|project| &project.file.profiles);
    let profile = chosen_profile(choice)?;
    let wanted = profile::resolve(profile.as_ref(), profiles, &config.profiles, &choice.keys, &choice.only)
        .map_err(|failure| if failure.kind == Kind::Missing { profile_elsewhere(failure) } else { failure })?;
    Ok(Wish { wanted, project, profile })
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
/// `Project` for what is not approved.
pub fn approved(home: &Home, mut wish: Wish, terminal: &Terminal) -> Result<Approved> {
    let grants: Vec<Grant> = wish
        .wanted
        .iter()
        .filter(|wanted| wanted.origin == Origin::Project)
        .map(|wanted| wanted.grant.clone())
        .collect();
    // Approvals are proven with the identity where a key or an exception rests on them. Plain settings alone open nothing,
    // and what needs no secret touches no keychain.
    let needs_identity = wish.wanted.iter().any(|wanted| matches!(wanted.grant.source, Source::Key { .. }))
        || grants.iter().any(|grant| variables::refused_for_value(&grant.variable));
    if let Some(project) = &mut wish.project
        && !project.approvals.unapproved(&project.file.place, &grants).is_empty()
    {
        allow::ask_or_refuse(home, project, &grants, terminal)?;
    }
    let kept = if needs_identity { Some(opening::identity(home)?) } else { None };
    if let (Some(project), Some(kept)) = (&wish.project, &kept) {
        project.confirm(&grants, kept)?;
    }
    Ok(Approved { wish, kept })
}

/// Takes the keys from the store: all that must be there, or none.
///
/// # Errors
/// As the store has them; `Missing` names every key that is not there.
pub fn keys(home: &Home, approved: Approved, choice: &Choice, terminal: &Terminal) -> Result<Chosen> {
    let Approved { wish: Wish { wanted, project, profile }, kept } = approved;
    let name = |wanted: &Wanted| match &wanted.grant.source {
        Source::Key { name, optional } => Some((name.clone(), *optional || choice.allow_missing)),
        Source::Value(_) => None,
    };
    let asked: Vec<(KeyName, bool)> = wanted.iter().filter_map(name).collect();
    let names: Vec<&KeyName> = asked.iter().map(|(name, _)| name).collect();
    let optional: Vec<&KeyName> = asked.iter().filter(|(_, optional)| *optional).map(|(name, _)| name).collect();
    let mut used = match kept {
        Some(kept) => Some(using::keys_of(home, kept, &names, &optional, terminal)?),
        None => None,
    };
    let mut chosen = Chosen {
        given: Vec::new(),
        missing: Vec::new(),
        names: Vec::new(),
        used: None,
        profile,
        folder: project.map(|project| project.file.folder),
    };
    for Wanted { grant: Grant { variable, source, .. }, .. } in wanted {
        match source {
            Source::Value(text) => chosen.given.push((variable, Secret::new(text.into_bytes()))),
            Source::Key { name, .. } => match used.as_ref().and_then(|used| used.payload.keys.get(&name)) {
                Some(key) => {
                    chosen.given.push((variable, Secret::new(key.value.expose().to_vec())));
                    chosen.names.push(name);
                }
                None => chosen.missing.push(name),
            },
        }
    }
    chosen.names.sort();
    chosen.names.dedup();
    chosen.used = used.take();
    Ok(chosen)
}

impl Chosen {
    /// Holds the keys against the user's policy: a key that is expired or revoked may not be given, or not unsaid.
    ///
    /// # Errors
    /// `Policy`.
    pub fn hold_to_policy(&self, config: &Config, event: &Event, terminal: &Terminal) -> Result<()> {
        match &self.used {
            Some(used) => {
                let now = event.moment.unwrap_or_else(Moment::now);
                policy::hold(used, &self.names, config, now, || self.placed(event.clone()), terminal)
            }
            None => Ok(()),
        }
    }

    /// Records the use before it happens. A command that gets no key leaves no entry: there is nothing to tell, and no
    /// identity to seal it with.
    ///
    /// # Errors
    /// Where the user's config requires a history and there is none to be had.
    pub fn record(&self, event: Event, strictness: Strictness, terminal: &Terminal) -> Result<()> {
        let Some(used) = self.used.as_ref().filter(|_| !self.names.is_empty()) else { return Ok(()) };
        used.record(&self.placed(event.names(&self.names)), strictness, terminal)
    }

    /// The event with the place and the profile that chose the keys.
    fn placed(&self, event: Event) -> Event {
        let event = event.profile(self.profile.as_ref());
        match self.folder.clone().or_else(|| std::env::current_dir().ok()) {
            Some(folder) => event.folder(&folder),
            None => event,
        }
    }
}
