//! What could change what a shell gets: looked at before each prompt, so with nothing opened but the project file.

use std::{ffi::OsStr, path::Path, time::UNIX_EPOCH};

use crate::{
    activation::state::{Print, Project, Sight, State},
    commands::caller,
    date::Moment,
    failure::Result,
    home::Home,
    project::{
        find::{self, Found},
        trust,
    },
};

/// What is there.
pub struct Look {
    /// Where keys are kept.
    pub home: Option<Home>,
    /// The project file, or why it is refused.
    pub found: Result<Option<Found>>,
    /// The coding agent that perhaps works in this shell.
    pub agent: Option<String>,
}

impl Look {
    /// Looks around. Where the folder itself is gone there is nothing.
    pub fn around() -> Self {
        let Ok(folder) = std::env::current_dir() else { return Self::away() };
        let found = if folder.is_dir() { find::nearest(&folder, dirs::home_dir().as_deref()) } else { Ok(None) };
        let agent = if matches!(found, Ok(None)) { None } else { caller::agent() };
        Self { home: Home::find().ok(), found, agent }
    }

    /// A look that sees no project.
    pub fn away() -> Self {
        Self { home: None, found: Ok(None), agent: None }
    }

    /// Whether nothing has changed since the shell was last told something, and nothing that it has is at its end.
    pub fn sees_what_was_seen(&self, before: &State) -> bool {
        self.sight(before.again) == before.sight && !before.is_over(Moment::now())
    }

    /// The project, by its place and its folder.
    pub fn project(&self) -> Option<Project> {
        let found = self.found.as_ref().ok()?.as_ref()?;
        Some(Print::of(&[&found.place.encode(), found.folder.as_os_str().as_encoded_bytes()]))
    }

    /// All that matters; nothing where there is no project. `again`: also what changes with each use of a store.
    pub fn sight(&self, again: bool) -> Option<Sight> {
        let mut parts: Vec<Vec<u8>> = vec![variable("KEYCTL_PROFILE"), self.agent.clone().unwrap_or_default().into()];
        match &self.found {
            Ok(None) => return None,
            Ok(Some(found)) => {
                parts.push(found.path.as_os_str().as_encoded_bytes().to_vec());
                parts.push(found.place.encode());
                parts.push(found.bytes.clone());
            }
            Err(failure) => parts.push(failure.message.clone().into()),
        }
        if let Some(home) = &self.home {
            parts.push(home.data().as_os_str().as_encoded_bytes().to_vec());
            parts.push(facts(&home.config_file()));
            for home in std::iter::once(home.clone()).chain(beside(home)) {
                let files = [home.store_file(), home.file(trust::NAME)];
                parts.extend(files.iter().map(|file| facts(file)));
                if again {
                    parts.push(facts(&home.file("history.log")));
                }
            }
        }
        Some(Print::of(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }
}

/// The stores beside the personal one, a project may want keys of.
fn beside(home: &Home) -> impl Iterator<Item = Home> {
    let names = home.folders_beside().into_iter().filter_map(|folder| folder.file_name()?.to_str()?.parse().ok());
    names.filter_map(|name| Home::named(Some(&name)).ok())
}

fn variable(name: &str) -> Vec<u8> {
    std::env::var_os(name).as_deref().map(OsStr::as_encoded_bytes).unwrap_or_default().to_vec()
}

/// When a file was changed and how long it is: each change of keyctl's own makes a new file.
fn facts(path: &Path) -> Vec<u8> {
    let Ok(facts) = std::fs::metadata(path) else { return Vec::new() };
    let since = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    [since.as_nanos().to_le_bytes().as_slice(), &facts.len().to_le_bytes()].concat()
}
