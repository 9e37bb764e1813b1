//! What a store holds. No file, no clock. Changes to it are in `editing.rs`, taking them back in `journal.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    facts::{Facts, Leaked, LeftWith, Revoked},
    holding::HeldOn,
    journal::Step,
    members::Member,
    revoking::Mark,
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    identity::{
        anchor::Id,
        retired::{Aside, Retired},
    },
    name::{KeyName, SourceName, StoreName, distance},
    reference::Remote,
    secret::Secret,
};

/// Everything in a store.
pub struct Payload {
    /// Which store this is; the keeper has its identity under this id.
    pub id: Id,
    /// How often it was written.
    pub generation: u64,
    /// Of what git merged for its own use, which counts no change: how many a side of it counted at most.
    pub reached: Option<u64>,
    /// What only its owner knows: a file without it was not written by the owner.
    pub seal: Id,
    /// Marks of the seals it had before, the latest last.
    pub seals: Vec<Id>,
    /// Which history belongs to it.
    pub log: Id,
    /// The keys that earlier entries of the history are sealed with, the earliest first: one for each change of identity.
    pub retired: Vec<Retired>,
    /// Histories that were set aside, the earliest first.
    pub aside: Vec<Aside>,
    /// How far the history had come at the last write: the mark of its last entry.
    pub history: Option<String>,
    /// The recovery copy, if one was made.
    pub recovery: Option<Recovery>,
    /// Who may open it; nobody is named where it is one person's.
    pub members: Vec<Member>,
    /// The keys.
    pub keys: BTreeMap<KeyName, Key>,
    /// Keys that were removed, oldest first; they are kept until they are forgotten.
    pub removed: Vec<Removed>,
    /// What was done lately, the latest last.
    pub steps: Vec<Step>,
    /// What is left of revoked secrets that were wiped.
    pub marks: Vec<Mark>,
    /// Keys that took a person, or the proxy, and were wiped: older copies of the file have them still (bygone.rs).
    pub wiped_guarded: BTreeSet<KeyName>,
    /// The same of those that were limited in another way.
    pub wiped_limited: BTreeSet<KeyName>,
    /// What stands for wiped secrets of keys that were.
    pub wiped_secrets: BTreeSet<Id>,
    /// When the store was last written.
    pub written: Option<Moment>,
    /// What holds its keys back here though it says less: noted beside it, and never in it.
    pub held_on: Vec<HeldOn>,
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
    /// Its secret; or where that is, where the facts name a source (see [`Key::remote`]).
    pub value: Secret,
    /// What is known of it.
    pub facts: Facts,
    /// Its former secrets, oldest first.
    pub former: Vec<Former>,
}

/// A secret that was replaced.
pub struct Former {
    /// The secret.
    pub value: Secret,
    /// Since when it was the key's.
    pub since: Moment,
    /// Until when it was the key's.
    pub until: Moment,
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// That it must not be used any more.
    pub revoked: Option<Revoked>,
    /// That it was found lying in the clear.
    pub leaked: Option<Leaked>,
    /// That somebody has it who may not open the store any more.
    pub left_with: Option<LeftWith>,
    /// The source in which it lies, where it is only referred to.
    pub source: Option<SourceName>,
    /// When it is to be wiped; never, if nothing is said.
    pub wipe: Option<Moment>,
    /// The step that replaced it, by which it is found when that is taken back.
    pub step: Option<u64>,
}

/// A key that was removed, with everything it had.
pub struct Removed {
    /// The name it had.
    pub name: KeyName,
    /// When it was removed.
    pub removed: Moment,
    /// The step that removed it.
    pub step: Option<u64>,
    /// The key.
    pub key: Key,
}

impl Key {
    /// Puts another secret in the place of the current one, which becomes the latest former one.
    pub(super) fn retire(&mut self, value: Secret, now: Moment, step: Option<u64>) {
        let Facts { changed: since, expires, revoked, leaked, left_with, source, .. } = self.facts.clone();
        let value = std::mem::replace(&mut self.value, value);
        let former = Former { value, since, until: now, expires, revoked, leaked, left_with, source, wipe: None, step };
        self.former.push(former);
    }

    /// Where its secret lies, if it is in a source and not here. What it holds is that reference then, as text: so versions,
    /// steps back, names and merges do with it what they do with a secret; and only what gives a secret out has to ask.
    #[must_use]
    pub fn remote(&self) -> Option<Remote> {
        remote(&self.value, self.facts.source.as_ref())
    }

    /// Its secret, if that is here.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.facts.source.is_none().then_some(&self.value)
    }
}

impl Former {
    /// Where it lies, if it is in a source and not here.
    #[must_use]
    pub fn remote(&self) -> Option<Remote> {
        remote(&self.value, self.source.as_ref())
    }
}

/// The reference that a value is, where it is one.
fn remote(value: &Secret, source: Option<&SourceName>) -> Option<Remote> {
    source?;
    remote_of(value)
}

/// The reference that a value says, which has to be one.
pub(super) fn remote_of(value: &Secret) -> Option<Remote> {
    value.expose_text()?.parse().ok()
}

/// A secret that a name had before.
pub struct Version<'p> {
    /// The secret.
    pub value: &'p Secret,
    /// Since when it was the key's.
    pub since: Moment,
    /// Until when it was the key's.
    pub until: Moment,
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// That it must not be used any more.
    pub revoked: Option<&'p Revoked>,
    /// That it was found lying in the clear.
    pub leaked: Option<&'p Leaked>,
    /// That somebody has it who may not open the store any more.
    pub left_with: Option<&'p LeftWith>,
    /// The source in which it lies, where it is only referred to.
    pub source: Option<&'p SourceName>,
    /// When it is to be wiped.
    pub wipe: Option<Moment>,
    /// When the key was removed that had it, where the name was used again since.
    pub removed: Option<Moment>,
    /// What was known of that key.
    pub of_removed: Option<&'p Facts>,
}

impl Version<'_> {
    /// Where it lies, if it is in a source and not here.
    #[must_use]
    pub fn remote(&self) -> Option<Remote> {
        remote(self.value, self.source)
    }
}

impl<'p> From<&'p Former> for Version<'p> {
    fn from(former: &'p Former) -> Self {
        let Former { value, since, until, expires, revoked, leaked, left_with, source, wipe, .. } = former;
        let (since, until, expires, wipe) = (*since, *until, *expires, *wipe);
        let (revoked, leaked, left_with) = (revoked.as_ref(), leaked.as_ref(), left_with.as_ref());
        let source = source.as_ref();
        Self { value, since, until, expires, revoked, leaked, left_with, source, wipe, removed: None, of_removed: None }
    }
}

impl Removed {
    /// What the key had: its last secret and those before it.
    fn versions(&self) -> impl Iterator<Item = Version<'_>> {
        let (Key { value, facts, former }, removed) = (&self.key, Some(self.removed));
        let of_removed = Some(facts);
        let last = Version {
            value,
            since: facts.changed,
            until: self.removed,
            expires: facts.expires,
            revoked: facts.revoked.as_ref(),
            leaked: facts.leaked.as_ref(),
            left_with: facts.left_with.as_ref(),
            source: facts.source.as_ref(),
            wipe: None,
            removed,
            of_removed,
        };
        let former = former.iter().rev().map(move |former| Version { removed, of_removed, ..former.into() });
        [last].into_iter().chain(former)
    }
}

impl Payload {
    /// The secrets that a name had before, the latest first: those of its key, then those of removed keys that were called
    /// so. They are counted from 1.
    #[must_use]
    pub fn versions_of(&self, name: &KeyName) -> Vec<Version<'_>> {
        let former = self.keys.get(name).into_iter().flat_map(|key| key.former.iter().rev().map(Version::from));
        let removed = self.removed.iter().rev().filter(|removed| removed.name == *name);
        former.chain(removed.flat_map(Removed::versions)).collect()
    }

    /// An empty store that was never written.
    #[must_use]
    pub fn new(id: Id, seal: Id, log: Id) -> Self {
        Self {
            id,
            generation: 0,
            reached: None,
            seal,
            seals: Vec::new(),
            log,
            retired: Vec::new(),
            aside: Vec::new(),
            history: None,
            recovery: None,
            members: Vec::new(),
            keys: BTreeMap::new(),
            removed: Vec::new(),
            steps: Vec::new(),
            marks: Vec::new(),
            wiped_guarded: BTreeSet::new(),
            wiped_limited: BTreeSet::new(),
            wiped_secrets: BTreeSet::new(),
            written: None,
            held_on: Vec::new(),
        }
    }

    /// The same with names that know which store they are of.
    #[must_use]
    pub fn of_store(mut self, store: Option<&Arc<StoreName>>) -> Self {
        if store.is_none() {
            return self;
        }
        let keys = std::mem::take(&mut self.keys);
        self.keys = keys.into_iter().map(|(name, key)| (name.of(store), key)).collect();
        for removed in &mut self.removed {
            removed.name = removed.name.clone().of(store);
        }
        for names in [&mut self.wiped_guarded, &mut self.wiped_limited] {
            *names = std::mem::take(names).into_iter().map(|name| name.of(store)).collect();
        }
        self.steps.iter_mut().for_each(|step| step.of_store(store));
        self
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
        if self.removed.iter().any(|removed| removed.name == *name) {
            return failure.hint(format!("it was removed; bring it back: `keyctl rollback {name}`"));
        }
        if let Some(now) = self.renamed_to(name) {
            return failure.hint(format!("it was renamed, and is `{now}` now"));
        }
        match self.closest(name) {
            Some(close) => failure.hint(format!("did you mean `{close}`?")),
            None => failure.hint(format!("keep it with `keyctl set {name}`")),
        }
    }

    /// The name that a key has now which was called so before, as far as the steps tell.
    fn renamed_to(&self, name: &KeyName) -> Option<&KeyName> {
        let renamed = self.steps.iter().filter_map(|step| step.renamed.as_ref());
        let now = renamed.fold(name, |now, (from, to)| if from == now { to } else { now });
        self.keys.get_key_value(now).map(|(now, _)| now)
    }

    /// The name that was most likely meant: equal but for case, or one or two letters away.
    fn closest(&self, name: &KeyName) -> Option<&KeyName> {
        let edits = |other: &KeyName| distance(&name.as_str().to_lowercase(), &other.as_str().to_lowercase());
        let close =
            |(edits, other): &(usize, &KeyName)| *edits <= 2 && *edits < other.as_str().len().min(name.as_str().len());
        self.keys.keys().map(|other| (edits(other), other)).filter(close).min().map(|(_, other)| other)
    }

    /// Another key's name that holds this very secret.
    #[must_use]
    pub fn holder_of(&self, value: &Secret, except: &KeyName) -> Option<&KeyName> {
        self.keys.iter().find(|(name, key)| *name != except && key.value.same_as(value)).map(|(name, _)| name)
    }

    /// Those of the names that are not in the store.
    #[must_use]
    pub fn lacking<'n>(&self, names: impl IntoIterator<Item = &'n KeyName>) -> BTreeSet<&'n KeyName> {
        names.into_iter().filter(|name| !self.keys.contains_key(*name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::Deed;

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
    fn a_mistyped_name_gets_the_name_that_was_meant() {
        let mut store = empty();
        store.step(Deed::Set, NOW(), |edit| edit.set(&name("GITHUB_TOKEN"), secret("1"), false)).expect("new");
        for (typed, hint) in [
            ("GITHUB_TOKE", "did you mean `GITHUB_TOKEN`?"),
            ("github_token", "did you mean `GITHUB_TOKEN`?"),
            ("NPM", "keep it with `keyctl set NPM`"),
        ] {
            assert_eq!(store.missing(&name(typed)).hints, [hint]);
        }
    }
}
