//! What a store holds, and the changes that can be made to it. No file, no clock.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    identity::anchor::Id,
    name::KeyName,
    secret::Secret,
};

/// Everything in a store.
pub struct Payload {
    /// Which store this is; the keeper has its identity under this id.
    pub id: Id,
    /// How often it was written.
    pub generation: u64,
    /// What only its owner knows: a file without it was not written by the owner.
    pub seal: Id,
    /// Which history belongs to it.
    pub log: Id,
    /// How far the history had come at the last write: the mark of its last entry.
    pub history: Option<String>,
    /// The recovery copy, if one was made.
    pub recovery: Option<Recovery>,
    /// The keys.
    pub keys: BTreeMap<KeyName, Key>,
    /// Keys that were removed, oldest first; they are kept until they are forgotten.
    pub removed: Vec<Removed>,
}

/// What is known of the recovery copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// When it was made.
    pub created: Moment,
    /// When it was last proven to open this store.
    pub verified: Option<Moment>,
}

/// One key.
pub struct Key {
    /// Its secret.
    pub value: Secret,
    /// When the key was first kept.
    pub created: Moment,
    /// When its secret was last replaced.
    pub changed: Moment,
    /// Its former secrets, oldest first.
    pub former: Vec<Former>,
}

/// A secret that was replaced.
pub struct Former {
    /// The secret.
    pub value: Secret,
    /// Until when it was the key's.
    pub until: Moment,
}

/// A key that was removed, with everything it had.
pub struct Removed {
    /// The name it had.
    pub name: KeyName,
    /// When it was removed.
    pub removed: Moment,
    /// The key.
    pub key: Key,
}

/// What [`Payload::set`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The key is new.
    Added,
    /// The former secret is kept beside the new one.
    Replaced,
    /// It held this very secret already.
    Same,
}

impl Payload {
    /// An empty store that was never written.
    #[must_use]
    pub fn new(id: Id, seal: Id, log: Id) -> Self {
        Self { id, generation: 0, seal, log, history: None, recovery: None, keys: BTreeMap::new(), removed: Vec::new() }
    }

    /// A key by its name.
    ///
    /// # Errors
    /// `Missing`, with names that are close.
    pub fn key(&self, name: &KeyName) -> Result<&Key> {
        self.keys.get(name).ok_or_else(|| self.missing(name))
    }

    /// The failure for a name that is not in the store.
    #[must_use]
    pub fn missing(&self, name: &KeyName) -> Failure {
        if name.looks_like_a_secret() {
            return Failure::new(Kind::Missing, "no key of that name; what was given looks like a secret")
                .hint("say the name of a key here, as in `-k VARIABLE=KEY`; `keyctl list` shows the names")
                .hint("if it was a secret: take this line out of the shell's history, and replace it at its issuer");
        }
        let failure = Failure::new(Kind::Missing, format!("no key named `{name}`"));
        match self.closest(name) {
            Some(close) => failure.hint(format!("did you mean `{close}`?")),
            None => failure.hint(format!("keep it with `keyctl set {name}`")),
        }
    }

    /// The name that was most likely meant: equal but for case, or one or two letters away.
    fn closest(&self, name: &KeyName) -> Option<&KeyName> {
        let distance = |other: &KeyName| edits(&name.as_str().to_lowercase(), &other.as_str().to_lowercase());
        let close =
            |(edits, other): &(usize, &KeyName)| *edits <= 2 && *edits < other.as_str().len().min(name.as_str().len());
        self.keys.keys().map(|other| (distance(other), other)).filter(close).min().map(|(_, other)| other)
    }

    /// Keeps a secret under a name.
    ///
    /// # Errors
    /// `Negative` when the name exists and may not be replaced, or differs from an existing one only in case where
    /// variables' names do not tell case apart (Windows).
    pub fn set(&mut self, name: &KeyName, value: Secret, replace: bool, now: Moment) -> Result<Set> {
        if let Some(key) = self.keys.get_mut(name) {
            if key.value.same_as(&value) {
                return Ok(Set::Same);
            }
            if !replace {
                return Err(exists(name));
            }
            let value = std::mem::replace(&mut key.value, value);
            key.former.push(Former { value, until: now });
            key.changed = now;
            return Ok(Set::Replaced);
        }
        let key = Key { value, created: now, changed: now, former: Vec::new() };
        self.keys.insert(name.clone(), key);
        Ok(Set::Added)
    }

    /// Another key's name that holds this very secret.
    #[must_use]
    pub fn holder_of(&self, value: &Secret, except: &KeyName) -> Option<&KeyName> {
        self.keys.iter().find(|(name, key)| *name != except && key.value.same_as(value)).map(|(name, _)| name)
    }

    /// Another key whose name differs only in case.
    #[must_use]
    pub fn same_but_for_case(&self, name: &KeyName) -> Option<&KeyName> {
        self.keys.keys().find(|other| *other != name && other.as_str().eq_ignore_ascii_case(name.as_str()))
    }

    /// Takes a key out; it is kept among the removed ones.
    ///
    /// # Errors
    /// `Missing`.
    pub fn remove(&mut self, name: &KeyName, now: Moment) -> Result<()> {
        let key = self.keys.remove(name).ok_or_else(|| self.missing(name))?;
        self.removed.push(Removed { name: name.clone(), removed: now, key });
        Ok(())
    }

    /// Wipes everything that was ever kept under a name, also what was removed.
    ///
    /// # Errors
    /// `Missing` when there is nothing.
    pub fn forget(&mut self, name: &KeyName) -> Result<()> {
        let before = self.removed.len();
        self.removed.retain(|removed| removed.name != *name);
        if self.keys.remove(name).is_none() && self.removed.len() == before {
            return Err(self.missing(name));
        }
        Ok(())
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// `Missing`, or `Negative` when the new name is taken.
    pub fn rename(&mut self, old: &KeyName, new: &KeyName) -> Result<()> {
        if self.keys.contains_key(new) {
            return Err(Failure::new(Kind::Negative, format!("a key named `{new}` exists already"))
                .hint(format!("choose another name, or remove that one first: `keyctl remove {new}`")));
        }
        let key = self.keys.remove(old).ok_or_else(|| self.missing(old))?;
        self.keys.insert(new.clone(), key);
        Ok(())
    }

    /// Those of the names that are not in the store.
    #[must_use]
    pub fn lacking<'n>(&self, names: impl IntoIterator<Item = &'n KeyName>) -> BTreeSet<&'n KeyName> {
        names.into_iter().filter(|name| !self.keys.contains_key(*name)).collect()
    }
}

fn exists(name: &KeyName) -> Failure {
    Failure::new(Kind::Negative, format!("a key named `{name}` exists already"))
        .hint("to replace its secret: `--replace`; the former one is kept")
}

/// How many letters have to be added, removed or changed to make one word of the other (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> KeyName {
        text.parse().expect("good")
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn empty() -> Payload {
        Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]))
    }

    const NOW: fn() -> Moment = || Moment::from_seconds(1_800_000_000);

    #[test]
    fn a_replaced_secret_is_kept_beside_the_new_one() {
        let mut store = empty();
        assert_eq!(store.set(&name("a"), secret("1"), false, NOW()).expect("new"), Set::Added);
        assert_eq!(store.set(&name("a"), secret("1"), false, NOW()).expect("same"), Set::Same);
        assert_eq!(store.set(&name("a"), secret("2"), false, NOW()).expect_err("exists").kind, Kind::Negative);
        assert_eq!(store.set(&name("a"), secret("2"), true, NOW()).expect("replace"), Set::Replaced);
        let key = store.key(&name("a")).expect("there");
        assert!(key.value.same_as(&secret("2")) && key.former[0].value.same_as(&secret("1")));
    }

    #[test]
    fn a_removed_key_is_kept_until_it_is_forgotten() {
        let mut store = empty();
        store.set(&name("a"), secret("1"), false, NOW()).expect("new");
        store.remove(&name("a"), NOW()).expect("remove");
        assert!(store.keys.is_empty() && store.removed.len() == 1);
        store.forget(&name("a")).expect("forget");
        assert!(store.removed.is_empty());
        assert_eq!(store.forget(&name("a")).expect_err("nothing left").kind, Kind::Missing);
    }

    #[test]
    fn a_name_never_takes_anothers_place() {
        let mut store = empty();
        store.set(&name("a"), secret("1"), false, NOW()).expect("new");
        store.set(&name("b"), secret("2"), false, NOW()).expect("new");
        assert_eq!(store.rename(&name("a"), &name("b")).expect_err("taken").kind, Kind::Negative);
        assert_eq!(store.rename(&name("c"), &name("d")).expect_err("missing").kind, Kind::Missing);
        store.rename(&name("a"), &name("c")).expect("free");
        assert_eq!(store.keys.keys().map(KeyName::as_str).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn a_mistyped_name_gets_the_name_that_was_meant() {
        let mut store = empty();
        store.set(&name("GITHUB_TOKEN"), secret("1"), false, NOW()).expect("new");
        for (typed, hint) in [
            ("GITHUB_TOKE", "did you mean `GITHUB_TOKEN`?"),
            ("github_token", "did you mean `GITHUB_TOKEN`?"),
            ("NPM", "keep it with `keyctl set NPM`"),
        ] {
            assert_eq!(store.missing(&name(typed)).hints, [hint]);
        }
    }
}
