//! That a secret must not be used any more.
//!
//! It is said of the secret and not of the name it was kept under: what holds the same secret is revoked with it, and so is
//! whatever gets it later. Each key carries the word on itself, so that a command that is given a key need not look at all
//! the others. A revoked secret that is wiped leaves a [`Mark`], by which it is known when it comes again.

use super::{
    editing::Editing,
    facts::Revoked,
    payload::{Key, Payload},
};
use crate::{failure::Result, hex, identity::anchor::Id, name::KeyName, seal::SealKey, secret::Secret};

/// What is left of a revoked secret that was wiped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Stands for the secret, and does not show it: a keyed code, which only this store makes of it.
    pub mark: Id,
    /// Since when and why it must not be used.
    pub revoked: Revoked,
}

/// What [`Editing::revoke`] found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What had been said of it before; that stands.
    pub before: Option<Revoked>,
    /// The other keys that hold the same secret and were marked with it.
    pub twins: Vec<KeyName>,
}

impl Key {
    /// All its secrets, each with the word that it was revoked.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&Secret, Option<&Revoked>)> {
        self.former_secrets().chain([(&self.value, self.facts.revoked.as_ref())])
    }

    /// Its former secrets alone.
    pub(super) fn former_secrets(&self) -> impl Iterator<Item = (&Secret, Option<&Revoked>)> {
        self.former.iter().map(|former| (&former.value, former.revoked.as_ref()))
    }

    fn clear_revocation(&mut self, value: &Secret) {
        if self.value.same_as(value) {
            self.facts.revoked = None;
        }
        for former in self.former.iter_mut().filter(|former| former.value.same_as(value)) {
            former.revoked = None;
        }
    }
}

impl Payload {
    /// That this very secret was revoked, wherever it is or was kept: it does not become usable by being kept again.
    #[must_use]
    pub fn revocation_of(&self, value: &Secret) -> Option<Revoked> {
        let kept = self.revoked_secrets().find(|(other, _)| other.same_as(value)).map(|(_, revoked)| revoked);
        kept.or_else(|| self.marked(value)).cloned()
    }

    fn revoked_secrets(&self) -> impl Iterator<Item = (&Secret, &Revoked)> {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        keys.flat_map(Key::secrets).filter_map(|(value, revoked)| Some((value, revoked?)))
    }

    fn marked(&self, value: &Secret) -> Option<&Revoked> {
        // Most stores have no mark, and most secrets are held against none.
        let mark = if self.marks.is_empty() { return None } else { self.mark_of(value) };
        self.marks.iter().find(|known| known.mark == mark).map(|known| &known.revoked)
    }

    /// What stands for a secret in this store, and in no other.
    pub(super) fn mark_of(&self, value: &Secret) -> Id {
        Id(SealKey::derive(&self.id.0, &[], "keyctl/revoked/v1").mark(value.expose()))
    }

    /// Eight letters by which a person tells the secrets of a key apart. They say nothing of the secret, and stand for it in
    /// this store alone.
    #[must_use]
    pub fn fingerprint(&self, value: &Secret) -> String {
        let mark = SealKey::derive(&self.seal.0, &self.id.0, "keyctl/fingerprint/v1").mark(value.expose());
        hex::encode(&mark[..4])
    }

    /// The marks of those secrets that are revoked, to be left when they are wiped.
    pub(super) fn marks_of<'s>(&self, secrets: impl Iterator<Item = (&'s Secret, Option<&'s Revoked>)>) -> Vec<Mark> {
        let mark = |(value, revoked): (&Secret, Option<&Revoked>)| {
            revoked.map(|revoked| Mark { mark: self.mark_of(value), revoked: revoked.clone() })
        };
        secrets.filter_map(mark).collect()
    }

    /// Leaves marks, each once.
    pub(super) fn leave_marks(&mut self, marks: Vec<Mark>) {
        for mark in marks {
            if self.marks.iter().all(|known| known.mark != mark.mark) {
                self.marks.push(mark);
            }
        }
    }

    /// Takes the word back for a key's secret, wherever that is or was kept.
    pub(super) fn clear_revocation(&mut self, name: &KeyName) {
        let Some(key) = self.keys.get(name) else { return };
        let value = key.value.copy();
        let mark = self.mark_of(&value);
        self.marks.retain(|known| known.mark != mark);
        let removed = self.removed.iter_mut().map(|removed| &mut removed.key);
        self.keys.values_mut().chain(removed).for_each(|key| key.clear_revocation(&value));
    }

    /// Sees to it that every key says of itself what is known of its secret: what was taken back may have brought an older
    /// word with it.
    pub(super) fn settle_revocations(&mut self) {
        if self.marks.is_empty() && self.revoked_secrets().next().is_none() {
            return;
        }
        let unmarked = self.keys.iter().filter(|(_, key)| key.facts.revoked.is_none());
        let found: Vec<(KeyName, Revoked)> =
            unmarked.filter_map(|(name, key)| Some((name.clone(), self.revocation_of(&key.value)?))).collect();
        for (name, revoked) in found {
            if let Some(key) = self.keys.get_mut(&name) {
                key.facts.revoked = Some(revoked);
            }
        }
    }

    /// The other keys that hold the very secret of this one.
    #[must_use]
    pub fn twins_of(&self, name: &KeyName) -> Vec<KeyName> {
        let Some(own) = self.keys.get(name) else { return Vec::new() };
        let same = self.keys.iter().filter(|(other, key)| *other != name && key.value.same_as(&own.value));
        same.map(|(other, _)| other.clone()).collect()
    }
}

impl Editing<'_> {
    /// Marks a key's secret as not to be used, under every name that it is kept under now. What was said first stands.
    ///
    /// # Errors
    /// `Missing`.
    pub fn revoke(&mut self, name: &KeyName, revoked: &Revoked) -> Result<Revocation> {
        let before = self.payload().key(name)?.facts.revoked.clone();
        let revoked = before.as_ref().unwrap_or(revoked).clone();
        self.change(name, |facts| facts.revoked = Some(revoked.clone()))?;
        let mut twins = self.payload().twins_of(name);
        twins.retain(|twin| self.payload().keys.get(twin).is_some_and(|key| key.facts.revoked.is_none()));
        for twin in &twins {
            self.change(twin, |facts| facts.revoked = Some(revoked.clone()))?;
        }
        Ok(Revocation { before, twins })
    }

    /// Takes back that a key's secret was revoked, under every name. Gives the other keys that this was true of.
    ///
    /// # Errors
    /// `Missing`.
    pub fn unrevoke(&mut self, name: &KeyName) -> Result<Vec<KeyName>> {
        self.change(name, |facts| facts.revoked = None)?;
        let mut twins = self.payload().twins_of(name);
        twins.retain(|twin| self.payload().keys.get(twin).is_some_and(|key| key.facts.revoked.is_some()));
        for twin in &twins {
            self.change(twin, |facts| facts.revoked = None)?;
        }
        self.clear_revocation(name);
        Ok(twins)
    }
}
