//! The same for a shell that only stands in a project: nobody has called, so nobody is asked, and what its owner has limited
//! in any way is not for everything that the shell will start.

use crate::{
    config::{Config, projects::reason_in},
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyName, VariableName},
    rotation::ReasonFrom,
    secret::Secret,
    store::{limits::Limits, payload::Key},
};

use super::{Approved, Chosen, Wish, confirmed, homes};
use crate::commands::opening;

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

impl Chosen {
    /// Takes out the keys that are not for just any use, and gives their variables.
    pub fn leave_out_limited(&mut self, config: &Config) -> Vec<VariableName> {
        let here =
            self.place.reason.max(reason_in(&config.projects, self.place.folder.as_deref().unwrap_or("".as_ref())));
        let is_limited = |name: &KeyName, key: &Key| {
            let limits = || config.rotation.limits_for(name, &key.facts).map(|(_, limits)| limits);
            here.max(config.rotation.reason_for(name, &key.facts)) == ReasonFrom::Everybody
                || limits().chain([&key.facts.limits]).any(narrows)
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

    /// Takes out what is given as a file: its place is open in one command, or taken away behind it. Gives their variables.
    pub fn leave_out_files(&mut self) -> Vec<VariableName> {
        let files: Vec<VariableName> = self.files.drain(..).map(|file| file.variable).collect();
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
        let objections = self.given.iter().filter_map(|(name, value)| Some((name.clone(), objection(name, value)?)));
        let objections: Vec<(VariableName, &'static str)> = objections.collect();
        let stays = |name: &VariableName| !objections.iter().any(|(other, _)| other == name);
        self.given.retain(|(name, _)| stays(name));
        for taken in &mut self.taken {
            taken.given.retain(|(name, _)| stays(name));
        }
        objections
    }
}

/// Whether a key is for some uses alone: where it is used is looked at in a moment, by what and before whom never again.
fn narrows(limits: &Limits) -> bool {
    limits.programs.is_some() || limits.terminal || limits.ask || limits.proxy_only || limits.hide_from_agents
}
