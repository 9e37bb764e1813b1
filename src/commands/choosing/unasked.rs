//! The same for a shell that only stands in a project: nobody has called, so nobody is asked, and what its owner has limited
//! in any way is not for everything that the shell will start.

use std::path::Path;

use crate::{
    config::{Config, projects::reason_in},
    date::Moment,
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyName, VariableName},
    rotation::{Reaction, ReasonFrom},
    secret::Secret,
    store::{
        limits::{Limits, lies_in_one},
        payload::Key,
    },
};

use super::{Approved, Chosen, Wish, confirmed, homes};
use crate::commands::{limiting::resolved, opening};

impl Wish {
    /// Makes sure that everything the project wants seems allowed, with nothing opened.
    ///
    /// # Errors
    /// `Project`.
    pub fn is_allowed(&self) -> Result<()> {
        let Some(project) = &self.project else { return Ok(()) };
        if project.unapproved(&self.grants()).is_empty() {
            return Ok(());
        }
        let path = project.file.path.display();
        Err(Failure::new(Kind::Project, format!("`{path}` is not allowed"))
            .hint("look at what it asks for: `keyctl allow`"))
    }
}

/// Proves that what the project wants is allowed, where no person is needed to open the stores.
///
/// # Errors
/// As [`super::approved`], and `Keychain` for a store that somebody would be asked for.
pub fn approved_unasked(home: &Home, wish: Wish) -> Result<Approved> {
    wish.is_allowed()?;
    let grants = wish.grants();
    let homes = homes(home, &wish, &grants)?;
    confirmed(wish, &grants, homes, opening::identity_unasked)
}

/// What stands for a secret that was not fetched yet.
fn nothing_yet() -> Secret {
    Secret::new(Vec::new())
}

impl Chosen {
    /// Takes out the keys that are not for just any use, and gives their variables.
    pub fn leave_out_limited(&mut self, config: &Config) -> Vec<VariableName> {
        let folder = self.place.folder.as_deref().unwrap_or("".as_ref());
        let here = self.place.reason.max(reason_in(&config.projects, folder));
        let is_limited = |name: &KeyName, key: &Key| {
            // As they are held against a use: those of the store as they are written down.
            let limits = || config.rotation.limits_for(name, &key.facts).map(|(_, limits)| resolved(limits));
            here.max(config.rotation.reason_for(name, &key.facts)) == ReasonFrom::Everybody
                || limits()
                    .chain([key.facts.limits.clone()])
                    .any(|limits| narrows(&limits) || is_for_a_part(&limits, folder))
        };
        let mut limited = Vec::new();
        for taken in &self.taken {
            let keys = taken
                .given
                .iter()
                .filter_map(|(variable, name)| Some((variable, taken.used.payload.keys.get_key_value(name)?)));
            limited.extend(keys.filter(|(_, (name, key))| is_limited(name, key)).map(|(variable, _)| variable.clone()));
        }
        self.leave_out(|name, _| limited.contains(name).then_some("")).into_iter().map(|(name, _)| name).collect()
    }

    /// When the first of the keys ends that are to be used until their end alone.
    pub fn first_end(&self, config: &Config, now: Moment) -> Option<Moment> {
        let of = |taken: &super::Taken| {
            let keys = taken.given.iter().filter_map(|(_, name)| taken.used.payload.keys.get_key_value(name));
            let stops =
                |(name, key): &(&KeyName, &Key)| config.rotation.plan(name, &key.facts).expired == Reaction::Stop;
            keys.filter(stops).filter_map(|(_, key)| key.facts.expires).filter(|end| *end > now).min()
        };
        self.taken.iter().filter_map(of).min()
    }

    /// Takes out what is given as a file: its place is open in one command, or taken away behind it. Gives their variables.
    pub fn leave_out_files(&mut self) -> Vec<VariableName> {
        let waiting = self.waiting.extract_if(.., |(_, source)| !source.form().is_variable()).map(|(name, _)| name);
        let files: Vec<VariableName> = self.files.drain(..).map(|file| file.variable).chain(waiting).collect();
        for taken in &mut self.taken {
            taken.given.retain(|(name, _)| !files.contains(name));
        }
        files
    }

    /// Takes out what there is an objection to, and gives the objections.
    pub fn leave_out(
        &mut self,
        objection: impl Fn(&VariableName, &Secret) -> Option<&'static str>,
    ) -> Vec<(VariableName, &'static str)> {
        // What was not fetched yet is held against the objection again once it is there.
        let (nothing, waiting) = (nothing_yet(), self.waiting.iter().map(|(name, _)| name));
        let all = self.given.iter().map(|(name, value)| (name, value)).chain(waiting.map(|name| (name, &nothing)));
        let objections = all.filter_map(|(name, value)| Some((name.clone(), objection(name, value)?)));
        let objections: Vec<(VariableName, &'static str)> = objections.collect();
        let stays = |name: &VariableName| !objections.iter().any(|(other, _)| other == name);
        self.given.retain(|(name, _)| stays(name));
        self.waiting.retain(|(name, _)| stays(name));
        for taken in &mut self.taken {
            taken.given.retain(|(name, _)| stays(name));
        }
        objections
    }
}

/// Whether a key is for a part of a project alone: a shell moves in and out of it, and takes along what it has.
fn is_for_a_part(limits: &Limits, folder: &Path) -> bool {
    let Some(folders) = &limits.projects else { return false };
    let is_for_all = folder.to_str().is_some_and(|folder| lies_in_one(folders, folder));
    !is_for_all && folders.iter().any(|one| Path::new(one).starts_with(folder))
}

/// Whether a key is for some uses alone: where it is used is looked at in a moment, by what and before whom never again.
fn narrows(limits: &Limits) -> bool {
    limits.programs.is_some() || limits.terminal || limits.ask || limits.proxy_only || limits.hide_from_agents
}
