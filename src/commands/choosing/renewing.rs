//! What a command has, held against what its stores have by now.

use crate::{
    failure::Result,
    name::{KeyName, VariableName},
    terminal::Terminal,
};

use super::{
    super::{opening, using},
    Chosen, Taken, in_home, of_store,
};

/// What has become of a command's keys.
pub enum Renewed {
    /// It has what there is.
    Same,
    /// These variables have other secrets by now; here is what the command gets with them.
    Changed(Box<Chosen>, Vec<VariableName>),
    /// The keys of these variables are not in the store any more.
    Gone(Vec<VariableName>),
}

impl Chosen {
    /// Takes the same keys anew, without asking anybody. Variables that the command has from elsewhere do not count.
    ///
    /// # Errors
    /// As the stores have them; `Keychain` where somebody would have to be asked.
    pub fn renewed(&self, left: &[VariableName], terminal: &Terminal) -> Result<Renewed> {
        let mut anew = Self {
            given: Vec::new(),
            files: Vec::new(),
            missing: Vec::new(),
            masks: self.masks,
            wanted: self.wanted.clone(),
            taken: Vec::with_capacity(self.taken.len()),
            profile: self.profile.clone(),
            place: self.place.clone(),
        };
        for Taken { used, .. } in &self.taken {
            let home = &used.home;
            let kept = opening::identity_quietly(home).map_err(|failure| of_store(failure, home))?;
            let keys = self.wanted.iter().flat_map(|(_, source)| source.keys());
            let names: Vec<&KeyName> = keys.filter_map(|name| in_home(name, home)).collect();
            let taken = using::keys_of(home, kept, &names, &names, terminal);
            let mut taken = taken.map_err(|failure| of_store(failure, home))?;
            taken.project.clone_from(&used.project);
            anew.taken.push(Taken { used: taken, given: Vec::new() });
        }
        anew.give_all()?;
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (variable, _) in &self.wanted {
            let Some(before) = self.content(variable) else { continue };
            match anew.content(variable) {
                None => gone.push(variable.clone()),
                Some(now) if !now.same_as(before) && !left.contains(variable) => changed.push(variable.clone()),
                Some(_) => {}
            }
        }
        if !gone.is_empty() {
            return Ok(Renewed::Gone(gone));
        }
        if changed.is_empty() {
            return Ok(Renewed::Same);
        }
        Ok(Renewed::Changed(Box::new(anew), changed))
    }

    /// The files of the stores that the keys are of.
    pub fn store_files(&self) -> impl Iterator<Item = std::path::PathBuf> {
        self.taken.iter().filter(|taken| !taken.given.is_empty()).map(|taken| taken.used.home.store_file())
    }
}
