//! The project that a command stands in: its file, read once, and what the user has approved of it.

use std::path::{Path, PathBuf};

use crate::{
    config::Config,
    failure::{Failure, Kind, Result},
    home::Home,
    profile::{self, Grant, Source},
    project::{
        file::{self, ProjectFile},
        find,
        place::Place,
        trust::Approvals,
    },
    store::payload::Payload,
    terminal::Terminal,
};

/// The project file that counts here, or in another folder, with what is approved so far.
pub struct Project {
    /// What it says.
    pub file: ProjectFile,
    /// What was approved, as far as that can be known without the identity.
    pub approvals: Approvals,
}

/// Finds and reads the project file. No keychain and no network is touched.
///
/// # Errors
/// `Project` for a file that is refused, `Disk` for one that cannot be read.
pub fn find(home: &Home, folder: Option<&Path>, terminal: Option<&Terminal>) -> Result<Option<Project>> {
    let Some(found) = find::nearest(&here(folder)?, dirs::home_dir().as_deref())? else { return Ok(None) };
    let approvals = Approvals::read(home)?;
    if let (Some(note), Some(terminal)) = (approvals.note(), terminal) {
        terminal.warn(&note);
    }
    let place = found.place.clone();
    let file = file::parse(found, |variable| approvals.excepts(&place, variable))?;
    Ok(Some(Project { file, approvals }))
}

/// How a project stands, for `status`.
pub struct Standing {
    /// Its file.
    pub file: PathBuf,
    /// Whether everything that the default profile asks for is approved.
    pub allowed: bool,
    /// The keys it asks for, in all profiles.
    pub keys: Vec<String>,
    /// Those that the store does not have, if it could be opened.
    pub missing: Vec<String>,
}

/// Looks at the project here.
///
/// # Errors
/// As [`find`].
pub fn standing(home: &Home, _config: &Config, payload: Option<&Payload>) -> Result<Option<Standing>> {
    let Some(Project { file, approvals }) = find(home, None, None)? else { return Ok(None) };
    let mut keys: Vec<_> = file
        .grants
        .iter()
        .filter_map(|grant| match &grant.source {
            Source::Key { name, optional } => Some((name, *optional)),
            Source::Value(_) => None,
        })
        .collect();
    keys.sort();
    keys.dedup_by(|one, other| one.0 == other.0);
    let lacking = |name: &crate::name::KeyName| payload.is_some_and(|payload| !payload.keys.contains_key(name));
    let missing =
        keys.iter().filter(|(name, optional)| !optional && lacking(name)).map(|(name, _)| name.to_string()).collect();
    let allowed = approvals.unapproved(&file.place, &file.grants).is_empty();
    Ok(Some(Standing {
        file: file.path,
        allowed,
        keys: keys.iter().map(|(name, _)| name.to_string()).collect(),
        missing,
    }))
}

/// A grant in words: `OPENAI_API_KEY <- openai/dev`, with its profile where that is not the default one.
#[must_use]
pub fn describe(grant: &Grant) -> String {
    let source = match &grant.source {
        Source::Key { name, optional: false } => format!("key {name}"),
        Source::Key { name, optional: true } => format!("key {name} (optional)"),
        Source::Value(text) => format!("the setting {text:?}"),
    };
    let profile = if grant.profile.as_str() == profile::DEFAULT {
        String::new()
    } else {
        format!("  in profile {}", grant.profile)
    };
    format!("{} <- {source}{profile}", grant.variable)
}

/// Where the project here, or in another folder, has its place. Its file need not be one that can be understood.
///
/// # Errors
/// As [`find`]; `Missing` where there is no project file.
pub fn place(folder: Option<&Path>) -> Result<Place> {
    find::nearest(&here(folder)?, dirs::home_dir().as_deref())?.map(|found| found.place).ok_or_else(none_here)
}

/// The failure where there is no project file.
#[must_use]
pub fn none_here() -> Failure {
    Failure::new(Kind::Missing, format!("there is no `{}` here or above, up to the repository's root", find::NAME))
        .hint("write one with `keyctl init`")
}

fn here(folder: Option<&Path>) -> Result<PathBuf> {
    match folder {
        Some(folder) => Ok(folder.to_owned()),
        None => std::env::current_dir().map_err(|error| Failure::disk("find the folder", Path::new("."), &error)),
    }
}
