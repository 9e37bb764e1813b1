//! Where keys are used, for limits and the history.

use std::path::PathBuf;

use crate::{history::Event, name::ProfileName, rotation::ReasonFrom};

use super::super::project::Project;

/// Where keys are used.
#[derive(Clone)]
pub(super) struct Place {
    /// The project's folder, or the working folder.
    pub(super) folder: Option<PathBuf>,
    /// The folder that the project was allowed in.
    pub(super) allowed: Option<PathBuf>,
    /// Who has to say here why, as the project file asks.
    pub(super) reason: ReasonFrom,
}

impl Place {
    pub(super) fn of(project: Option<&Project>) -> Self {
        let file = project.map(|project| &project.file);
        Self {
            folder: file.map(|file| file.folder.clone()).or_else(|| std::env::current_dir().ok()),
            allowed: file.map(|file| file.place.home()),
            reason: file.map(|file| file.reason).unwrap_or_default(),
        }
    }

    /// The event with the place and the profile that chose the keys.
    pub(super) fn sign(&self, event: Event, profile: Option<&ProfileName>) -> Event {
        let event = event.profile(profile);
        let event = match &self.folder {
            Some(folder) => event.folder(folder),
            None => event,
        };
        match &self.allowed {
            Some(allowed) => event.project(allowed),
            None => event,
        }
    }
}
