//! Keys that a command uses without holding them: each is given a text in its place, in variables, files and texts alike, before
//! anything is made of them.

use crate::{
    failure::Result,
    history::Event,
    name::{KeyName, KeyPath, VariableName},
    secret::Secret,
    store::payload::Key,
};

use super::{super::using::Used, Chosen, Taken};

/// A key that a command is to get.
pub struct Given<'c> {
    /// The place of its store among those that gave keys.
    pub store: usize,
    /// Its name there.
    pub name: &'c KeyName,
    /// Its name everywhere.
    pub path: KeyPath,
    /// The first variable that it is for.
    pub variable: &'c VariableName,
    /// The key.
    pub key: &'c Key,
}

impl Chosen {
    /// Each key that the command gets, once.
    #[must_use]
    pub fn keys_given(&self) -> Vec<Given<'_>> {
        let mut all: Vec<Given> = Vec::new();
        for (store, Taken { used, given, .. }) in self.taken.iter().enumerate() {
            for (variable, name) in given {
                let Some(key) = used.payload.keys.get(name) else { continue };
                let path = name.clone().of(used.home.store()).to_string().parse();
                if let Ok(path) = path
                    && !all.iter().any(|other| other.store == store && other.name == name)
                {
                    all.push(Given { store, name, path, variable, key });
                }
            }
        }
        all
    }

    /// Gives the command these texts in the places of the keys, and gives the secrets back.
    ///
    /// # Errors
    /// As giving has them.
    pub fn stand_in(&mut self, texts: Vec<(usize, KeyName, Secret)>) -> Result<Vec<Secret>> {
        let mut secrets = Vec::with_capacity(texts.len());
        for (store, name, text) in texts {
            let used = &mut self.taken[store].used;
            let Some(key) = used.payload.keys.get_mut(&name) else { continue };
            secrets.push(std::mem::replace(&mut key.value, text));
            used.proxied.push(name);
        }
        self.given.clear();
        self.files.clear();
        self.missing.clear();
        self.waiting.clear();
        self.taken.iter_mut().for_each(|taken| taken.given.clear());
        self.give_all()?;
        Ok(secrets)
    }

    /// The stores that gave keys.
    pub fn stores(&self) -> impl Iterator<Item = &Used> {
        self.taken.iter().map(|taken| &taken.used)
    }

    /// An event with the place and the profile.
    #[must_use]
    pub fn placed(&self, event: Event) -> Event {
        self.place.sign(event, self.profile.as_ref())
    }
}
