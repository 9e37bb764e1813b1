//! That a secret was found lying in the clear.
//!
//! It is said of the secret, as that it was revoked is (revoking.rs): what holds the same one is marked with it, a new one
//! is not, and a former one that comes back brings the word with it. Of a secret that is wiped nothing is left to say so: a
//! scan finds it again where it lies.

use super::{
    editing::Editing,
    facts::Leaked,
    journal::Deed,
    payload::{Key, Payload},
};
use crate::{failure::Result, name::KeyName, secret::Secret};

impl Key {
    /// All its secrets, each with the word that it was found.
    fn leaks(&self) -> impl Iterator<Item = (&Secret, Option<&Leaked>)> {
        let former = self.former.iter().map(|former| (&former.value, former.leaked.as_ref()));
        former.chain([(&self.value, self.facts.leaked.as_ref())])
    }

    fn clear_leak(&mut self, value: &Secret) {
        if self.value.same_as(value) {
            self.facts.leaked = None;
        }
        for former in self.former.iter_mut().filter(|former| former.value.same_as(value)) {
            former.leaked = None;
        }
    }
}

impl Payload {
    /// That this very secret was found in the clear, wherever it is or was kept.
    #[must_use]
    pub fn leak_of(&self, value: &Secret) -> Option<Leaked> {
        self.leaks().find(|(other, _)| other.same_as(value)).map(|(_, leaked)| leaked.clone())
    }

    fn leaks(&self) -> impl Iterator<Item = (&Secret, &Leaked)> {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        keys.flat_map(Key::leaks).filter_map(|(value, leaked)| Some((value, leaked?)))
    }

    /// Whether anything in it says that a secret was found, be it only what a step knows of how it was before.
    #[must_use]
    pub(super) fn speaks_of_leaks(&self) -> bool {
        let facts = self.steps.iter().flat_map(|step| step.replaced.iter().chain(&step.edited));
        self.leaks().next().is_some()
            || self.steps.iter().any(|step| step.deed == Deed::Leak)
            || facts.into_iter().any(|(_, facts)| facts.leaked.is_some())
    }

    /// Takes the word back for a key's secret, wherever that is or was kept.
    pub(super) fn clear_leak(&mut self, name: &KeyName) {
        let Some(key) = self.keys.get(name) else { return };
        let value = key.value.copy();
        let removed = self.removed.iter_mut().map(|removed| &mut removed.key);
        self.keys.values_mut().chain(removed).for_each(|key| key.clear_leak(&value));
    }

    /// Sees to it that every key says of itself what is known of its secret.
    pub(super) fn settle_leaks(&mut self) {
        if self.leaks().next().is_none() {
            return;
        }
        let unmarked = self.keys.iter().filter(|(_, key)| key.facts.leaked.is_none());
        let found: Vec<(KeyName, Leaked)> =
            unmarked.filter_map(|(name, key)| Some((name.clone(), self.leak_of(&key.value)?))).collect();
        for (name, leaked) in found {
            if let Some(key) = self.keys.get_mut(&name) {
                key.facts.leaked = Some(leaked);
            }
        }
    }
}

impl Editing<'_> {
    /// Marks a key's secret as found in the clear, under every name that it is kept under now. What was said first stands.
    /// Gives the keys that were marked by it.
    ///
    /// # Errors
    /// `Missing`.
    pub fn mark_leaked(&mut self, name: &KeyName, leaked: &Leaked) -> Result<Vec<KeyName>> {
        let mut marked = self.payload().twins_of(name);
        self.payload().key(name)?;
        marked.insert(0, name.clone());
        marked.retain(|name| self.payload().keys.get(name).is_some_and(|key| key.facts.leaked.is_none()));
        for name in &marked {
            self.change(name, |facts| facts.leaked = Some(leaked.clone()))?;
        }
        Ok(marked)
    }

    /// Takes back that a key's secret was found, under every name. Gives the other keys that this was true of.
    ///
    /// # Errors
    /// `Missing`.
    pub fn unmark_leaked(&mut self, name: &KeyName) -> Result<Vec<KeyName>> {
        self.change(name, |facts| facts.leaked = None)?;
        let mut twins = self.payload().twins_of(name);
        twins.retain(|twin| self.payload().keys.get(twin).is_some_and(|key| key.facts.leaked.is_some()));
        for twin in &twins {
            self.change(twin, |facts| facts.leaked = None)?;
        }
        self.clear_leak(name);
        Ok(twins)
    }
}
