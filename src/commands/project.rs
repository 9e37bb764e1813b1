//! The project that a command stands in: its file, read once, and what the user has approved of it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    failure::{Failure, Kind, Result},
    history::Event,
    home::Home,
    name::{KeyPath, StoreName},
    profile::{self, Grant, Source},
    project::{
        file::{self, ProjectFile},
        find,
        place::{self, Place},
        trust::{Approvals, Approved},
    },
    store::payload::Payload,
    terminal::Terminal,
};

use super::opening::Kept;

/// The project file that counts here, or in another folder, with what is approved so far.
pub struct Project {
    /// What it says.
    pub file: ProjectFile,
    /// What was approved, as far as that can be known without the identity.
    pub approvals: Approvals,
}

impl Project {
    /// Those of the grants that are not approved, as far as can be told without the identities: in the list of each store what
    /// is of its keys. Of a store that is not there nothing is approved.
    #[must_use]
    pub fn unapproved(&self, grants: &[Grant]) -> Vec<Grant> {
        self.unapproved_in(&self.file.place, grants)
    }

    /// The same for another place than this one.
    #[must_use]
    pub fn unapproved_in(&self, place: &Place, grants: &[Grant]) -> Vec<Grant> {
        let mut unapproved = self.approvals.unapproved(place, grants);
        for store in stores_of(grants).into_iter().filter(|store| Some(*store) != self.approvals.store()) {
            let approvals = Home::of(Some(store)).and_then(|home| Approvals::read(&home));
            let of_store = || grants.iter().filter(|grant| grant.source.is_of(Some(store))).cloned().collect();
            let of_list: Vec<Grant> =
                approvals.map_or_else(|_| of_store(), |approvals| approvals.unapproved(place, grants));
            // A text with keys of several stores is asked for once.
            unapproved.extend(of_list.into_iter().filter(|grant| !unapproved.contains(grant)).collect::<Vec<_>>());
        }
        unapproved
    }

    /// Makes sure that those of these approvals that stand in a store's list are the user's own word.
    ///
    /// # Errors
    /// As [`Approvals::confirm`].
    pub fn confirm(&self, grants: &[Grant], home: &Home, kept: &Kept) -> Result<()> {
        let confirm = |approvals: &Approvals| {
            let key = approvals.key(kept.identity.line().expose());
            approvals.confirm(&self.file.place, grants, &key)
        };
        if self.approvals.store() == home.store().map(Arc::as_ref) {
            return confirm(&self.approvals);
        }
        confirm(&Approvals::read(home)?)
    }

    /// What was approved here before, as far as the lists of these stores and this one's open.
    #[must_use]
    pub fn approved_before(&self, opened: &[(Home, Kept)]) -> Vec<Grant> {
        let list = |(home, kept): &(Home, Kept)| {
            let approvals = Approvals::read(home).ok()?;
            let key = approvals.key(kept.identity.line().expose());
            Some(approvals.of_place(&self.file.place, &key))
        };
        let mut grants: Vec<Grant> = opened.iter().filter_map(list).flatten().collect();
        grants.sort();
        grants
    }
}

/// The stores beside the personal one that these grants are of keys of.
#[must_use]
pub fn stores_of(grants: &[Grant]) -> BTreeSet<&StoreName> {
    grants.iter().flat_map(|grant| grant.source.stores()).collect()
}

/// Finds and reads the project file. No keychain and no network is touched.
///
/// # Errors
/// `Project` for a file that is refused, `Disk` for one that cannot be read.
pub fn find(home: &Home, folder: Option<&Path>, terminal: Option<&Terminal>) -> Result<Option<Project>> {
    let Some(found) = find::nearest(&start(folder)?, dirs::home_dir().as_deref())? else { return Ok(None) };
    let approvals = Approvals::read(home)?;
    if let (Some(note), Some(terminal)) = (approvals.note(), terminal) {
        terminal.warn(&note);
    }
    let place = found.place.clone();
    // Which variables may be set is said in the personal store's list, whichever store is asked about.
    let personal = if home.store().is_some() { Some(Approvals::read(&Home::find()?)?) } else { None };
    let excepts = |variable: &_| personal.as_ref().unwrap_or(&approvals).excepts(&place, variable);
    let file = file::parse(found, excepts)?;
    Ok(Some(Project { file, approvals }))
}

/// The event with where it is: the folder of the project whose file is the nearest, whatever stands in it, or else the
/// working folder.
#[must_use]
pub fn here(event: Event) -> Event {
    let Ok(folder) = std::env::current_dir() else { return event };
    match find::nearest(&folder, dirs::home_dir().as_deref()) {
        Ok(Some(found)) => event.folder(&found.folder).project(&found.place.home()),
        _ => event.folder(&folder),
    }
}

/// Everything that is approved anywhere with this identity.
///
/// # Errors
/// As [`Approvals::read`].
pub fn approved_anywhere(home: &Home, kept: &Kept) -> Result<Vec<Approved>> {
    let approvals = Approvals::read(home)?;
    let key = approvals.key(kept.identity.line().expose());
    Ok(approvals.all(&key))
}

/// How a project stands, for `status`.
pub struct Standing {
    /// Its file.
    pub file: PathBuf,
    /// Whether everything that it asks for is approved.
    pub allowed: bool,
    /// Whether something was approved here, but not all that it asks for now.
    pub changed: bool,
    /// The keys it asks for, in all profiles.
    pub keys: Vec<String>,
    /// Those that the store does not have, if it could be opened.
    pub missing: Vec<String>,
}

/// Looks at the project here.
///
/// # Errors
/// As [`find`].
pub fn standing(home: &Home, opened: Option<&(Kept, Payload)>) -> Result<Option<Standing>> {
    let Some(project) = find(home, None, None)? else { return Ok(None) };
    let listed = project.unapproved(&project.file.grants).is_empty();
    let allowed = listed && opened.is_none_or(|(kept, _)| project.confirm(&project.file.grants, home, kept).is_ok());
    let changed = !allowed
        && opened.is_some_and(|(kept, _)| {
            let key = project.approvals.key(kept.identity.line().expose());
            !project.approvals.of_place(&project.file.place, &key).is_empty()
        });
    let file = project.file;
    let mut keys: Vec<_> = file
        .grants
        .iter()
        .flat_map(|grant| grant.source.keys().into_iter().map(|name| (name, grant.source.is_optional())))
        .collect();
    keys.sort();
    keys.dedup_by(|one, other| one.0 == other.0);
    // What another store has is not looked at here.
    let is_here = |name: &KeyPath| name.store() == home.store().map(Arc::as_ref);
    let lacking =
        |name: &KeyPath| is_here(name) && opened.is_some_and(|(_, payload)| !payload.keys.contains_key(name.name()));
    let missing =
        keys.iter().filter(|(name, optional)| !optional && lacking(name)).map(|(name, _)| name.to_string()).collect();
    Ok(Some(Standing {
        file: file.path,
        allowed,
        changed,
        keys: keys.iter().map(|(name, _)| name.to_string()).collect(),
        missing,
    }))
}

/// A source as scripts read it.
#[must_use]
pub fn as_json(source: &Source) -> Value {
    let mut said = match source {
        Source::Key { name, optional, .. } => json!({ "key": name, "optional": optional }),
        Source::Composed { text, .. } => json!({ "text": text.as_str(), "keys": source.keys() }),
        Source::Value(text) => json!({ "value": text }),
    };
    if let Some(form) = source.form().word() {
        said["as"] = form.into();
    }
    said
}

/// A grant in words: `OPENAI_API_KEY <- openai/dev`, with its profile where that is not the default one.
#[must_use]
pub fn describe(grant: &Grant) -> String {
    let source = match &grant.source {
        Source::Key { .. } => grant.source.to_string(),
        Source::Composed { text, .. } => format!("the text {:?}{}", text.as_str(), grant.source.remarks()),
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
/// `Disk` where there is no such folder.
pub fn place(folder: Option<&Path>) -> Result<Place> {
    let here = start(folder)?;
    if let Ok(Some(found)) = find::nearest(&here, dirs::home_dir().as_deref()) {
        return Ok(found.place);
    }
    // The file may be gone, or be none that counts; what was allowed here can be taken back all the same.
    let folder = here.canonicalize().map_err(|error| Failure::disk("find the folder", &here, &error))?;
    Ok(place::of(&folder, |above| above.parent().is_none()))
}

/// The failure where there is no project file.
#[must_use]
pub fn none_here() -> Failure {
    Failure::new(Kind::Missing, format!("there is no `{}` here or above, up to the repository's root", find::NAME))
        .hint("write one with `keyctl init`")
}

fn start(folder: Option<&Path>) -> Result<PathBuf> {
    match folder {
        Some(folder) => Ok(folder.to_owned()),
        None => std::env::current_dir().map_err(|error| Failure::disk("find the folder", Path::new("."), &error)),
    }
}
