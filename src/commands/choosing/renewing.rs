//! What a command has, held against what its stores have by now.

use crate::{
    failure::Result,
    name::{KeyName, VariableName},
    terminal::Terminal,
};

use super::{
    super::{opening, using},
    Chosen, Taken, of_store,
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
        let mut taken = Vec::with_capacity(self.taken.len());
        for Taken { used, given } in &self.taken {
            let home = &used.home;
            let kept = opening::identity_quietly(home).map_err(|failure| of_store(failure, home))?;
            let names: Vec<&KeyName> = given.iter().map(|(_, name)| name).collect();
            let mut anew =
                using::keys_of(home, kept, &names, &names, terminal).map_err(|failure| of_store(failure, home))?;
            anew.project.clone_from(&used.project);
            taken.push(Taken { used: anew, given: given.clone() });
        }
        let (mut given, mut changed, mut gone) = (Vec::with_capacity(self.given.len()), Vec::new(), Vec::new());
        for (variable, secret) in &self.given {
            let key = taken.iter().find_map(|Taken { used, given }| {
                let (_, name) = given.iter().find(|(of, _)| of == variable)?;
                Some(used.payload.keys.get(name))
            });
            let now = match key {
                Some(Some(key)) => key.value.copy(),
                Some(None) => {
                    gone.push(variable.clone());
                    secret.copy()
                }
                // A plain setting.
                None => secret.copy(),
            };
            if !now.same_as(secret) && !left.contains(variable) {
                changed.push(variable.clone());
            }
            given.push((variable.clone(), now));
        }
        if !gone.is_empty() {
            return Ok(Renewed::Gone(gone));
        }
        if changed.is_empty() {
            return Ok(Renewed::Same);
        }
        let (missing, masks, profile, place) =
            (self.missing.clone(), self.masks, self.profile.clone(), self.place.clone());
        Ok(Renewed::Changed(Box::new(Self { given, missing, masks, taken, profile, place }), changed))
    }

    /// The files of the stores that the keys are of.
    pub fn files(&self) -> impl Iterator<Item = std::path::PathBuf> {
        self.taken.iter().filter(|taken| !taken.given.is_empty()).map(|taken| taken.used.home.store_file())
    }
}
