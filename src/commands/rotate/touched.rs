//! What replacing a key touches: who asks for it, who uses it, and where the secret lies beside the store. Whatever
//! cannot be looked at is said and holds nothing up.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use super::copies::Copies;
use crate::{
    commands::{history::cut_words, opening::Kept, project, record},
    config::Config,
    date::Moment,
    history::{Action, Use},
    home::Home,
    name::{KeyName, KeyPath, VariableName},
    profile::{self, Grant, Profiles},
    project::{place, trust::Approvals},
    store::payload::{Key, Payload},
};

/// How many uses are told.
const USES: usize = 5;

/// What replacing a key touches.
pub struct Touched {
    /// The file of each profile, as it is shown, and what it asks for.
    profiles: Vec<(String, Grant)>,
    /// Each allowed place, in words, and what it was allowed.
    allowed: Vec<(String, Grant)>,
    uses: Vec<Use>,
    /// Other keys that hold the same secret.
    pub twins: Vec<KeyName>,
    /// Where the secret lies; `None` where it is too short to be looked for.
    pub copies: Option<Copies>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// Your own profiles and the allowed places that ask for a key, each once, in words.
pub fn asked_for_by(name: &KeyName, home: &Home, kept: &Kept, config: &Config) -> Vec<String> {
    let own = grants(&config.profiles).iter().any(|grant| is_of(grant, name));
    let own = own.then(|| format!("`{}`", home.config_file().display()));
    let allowed =
        Approvals::read(home).map(|approvals| approvals.of_key(name, &approvals.key(kept.identity.line().expose())));
    let places = allowed
        .unwrap_or_default()
        .into_iter()
        .map(|(place, _)| if place.contains('`') { place } else { format!("`{place}`") });
    let mut all: Vec<String> = own.into_iter().chain(places).collect();
    all.dedup();
    all
}

impl Touched {
    /// Looks around for a key that is in the store.
    #[must_use]
    pub fn by(name: &KeyName, home: &Home, kept: &Kept, payload: &Payload, config: &Config) -> Self {
        let mut notes = Vec::new();
        let mut profiles = Vec::new();
        let mut folders: Vec<PathBuf> = Vec::new();
        match project::find(home, None, None) {
            Ok(Some(project)) => {
                let file = project.file.path.display().to_string();
                profiles.extend(
                    project
                        .file
                        .grants
                        .iter()
                        .filter(|grant| is_of(grant, name))
                        .map(|grant| (file.clone(), grant.clone())),
                );
                folders.push(project.file.folder);
            }
            Ok(None) => {}
            Err(failure) => notes.push(format!("the project here is not looked at: {}", failure.message)),
        }
        let file = home.config_file().display().to_string();
        profiles.extend(
            grants(&config.profiles).into_iter().filter(|grant| is_of(grant, name)).map(|grant| (file.clone(), grant)),
        );
        let allowed = match Approvals::read(home) {
            Ok(approvals) => approvals.of_key(name, &approvals.key(kept.identity.line().expose())),
            Err(failure) => {
                notes.push(format!("what was allowed is not looked at: {}", failure.message));
                Vec::new()
            }
        };
        folders.extend(allowed.iter().filter_map(|(place, _)| place::folder_of(place)));
        let uses = record::log(home, kept, payload).uses(name, USES);
        let (uses, cut, flaw) = uses.unwrap_or_else(|failure| (Vec::new(), 0, Some(failure)));
        notes.extend(cut_words(cut));
        notes.extend(flaw.map(|failure| format!("the last uses are not all known: {}", failure.message)));
        // What only refers to a source lies in no file.
        let secret = payload.keys.get(name).and_then(Key::secret);
        let is_twin = |key: &Key| secret.is_some_and(|secret| key.value.same_as(secret));
        let twins = payload.keys.iter().filter(|(other, key)| *other != name && is_twin(key));
        let twins = twins.map(|(other, _)| other.clone()).collect();
        let copies = secret.and_then(|secret| Copies::find(&folders, name, secret));
        match &copies {
            None if secret.is_some() => notes.push("the secret is too short to be looked for in files".into()),
            _ => notes.extend(copies.iter().flat_map(Copies::notes)),
        }
        Self { profiles, allowed, uses, twins, copies, notes }
    }

    /// One row for each thing: what, where, and how.
    #[must_use]
    pub fn rows(&self, now: Moment) -> Vec<Vec<String>> {
        let used = |used: &Use| {
            let how = match &used.action {
                Action::Run | Action::Activate => format!("by {}", used.program.as_deref().unwrap_or("a command")),
                Action::Copy => "copied".into(),
                _ => "printed".into(),
            };
            let agent = used.agent.as_ref().map(|agent| format!(" (perhaps {agent})")).unwrap_or_default();
            let when = used.moment.map(|moment| format!(", {}", moment.ago(now))).unwrap_or_default();
            vec![
                "used".to_owned(),
                used.folder.clone().unwrap_or_else(|| "-".to_owned()),
                format!("{how}{agent}{when}"),
            ]
        };
        let copies = self.copies.iter().flat_map(Copies::rows);
        let copies = copies.map(|(place, how)| vec!["copy".to_owned(), place, how]);
        let rows = grouped("profile", &self.profiles).into_iter().chain(grouped("allowed", &self.allowed));
        let twins =
            self.twins.iter().map(|twin| vec!["key".to_owned(), twin.to_string(), "holds the same secret".into()]);
        rows.chain(self.uses.iter().map(used)).chain(twins).chain(copies).collect()
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let grants = |place: &str, grants: &[(String, Grant)]| -> Vec<Value> {
            grants.iter().map(|(words, grant)| json!({ place: words, "profile": grant.profile.as_str(), "variable": grant.variable.as_str() })).collect()
        };
        let uses: Vec<Value> = self.uses.iter().map(|used| {
            json!({ "action": used.action.as_str(), "at": used.moment, "program": used.program, "folder": used.folder })
        }).collect();
        json!({
            "profiles": grants("file", &self.profiles), "allowed": grants("place", &self.allowed), "uses": uses,
            "same_secret": self.twins.iter().map(KeyName::as_str).collect::<Vec<_>>(),
            "copies": self.copies.as_ref().map(Copies::json), "notes": self.notes,
        })
    }
}

/// One row for each place, with its variables and, but for the default one alone, their profiles.
fn grouped(what: &str, grants: &[(String, Grant)]) -> Vec<Vec<String>> {
    let mut places: BTreeMap<&str, BTreeMap<&VariableName, Vec<&str>>> = BTreeMap::new();
    for (place, Grant { profile, variable, .. }) in grants {
        places.entry(place).or_default().entry(variable).or_default().push(profile.as_str());
    }
    let words = |(variable, profiles): (&VariableName, Vec<&str>)| match profiles[..] {
        [profile::DEFAULT] => format!("as {variable}"),
        _ => format!("as {variable} in {}", profiles.join(", ")),
    };
    let row = |(place, variables): (&str, BTreeMap<_, _>)| {
        vec![what.to_owned(), place.to_owned(), variables.into_iter().map(words).collect::<Vec<_>>().join("; ")]
    };
    places.into_iter().map(row).collect()
}

fn is_of(grant: &Grant, name: &KeyName) -> bool {
    // Another store may have a key of the same name.
    let name = KeyPath::from(name.clone());
    grant.source.keys().contains(&&name)
}

/// What the user's own profiles ask for. Where they do not fit together, which `run` says, each is taken by itself.
fn grants(profiles: &Profiles) -> Vec<Grant> {
    profile::grants(profiles).unwrap_or_else(|_| {
        let own = profiles
            .0
            .iter()
            .flat_map(|(name, profile)| profile.env.iter().map(move |(variable, source)| (name, variable, source)));
        own.map(|(name, variable, source)| Grant {
            profile: name.clone(),
            variable: variable.clone(),
            source: source.clone(),
        })
        .collect()
    })
}
