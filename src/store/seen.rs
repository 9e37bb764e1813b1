//! The newest version of a store with members that one of them has opened, as he notes it for himself: by it an older copy is
//! known when somebody puts it back, also by whoever only reads.
//!
//! A version is its generation and a mark of its content: two members may write the same generation in two branches, and
//! what joins them has a later one. Whoever comes from one of the two to the other has left something behind, and is told.
//! Beside it stand a mark of each secret, and what holds it back, by which it is told what differs when there is something to
//! say yes to: an older copy may lack a limit, or that a secret was revoked.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    failure::Result,
    home::Home,
    identity::{Identity, anchor::Id},
    name::KeyName,
    plain::first_names,
};

use super::{
    holding::{self, HeldOn, Holds},
    noted::Note,
    payload::Payload,
};

/// The file's name in the store's folder.
pub const NAME: &str = "seen";
const NOTE: Note = Note { head: "keyctl-seen 1 ", purpose: "keyctl/seen/v1", largest: 4 * 1024 * 1024 };
/// Of so many keys the secrets are noted; of a store that has more none.
const MOST_KEYS: usize = 2000;
/// So many names are said in one sentence.
const MOST_NAMES: usize = 8;

/// One version of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// How often it was written.
    pub generation: u64,
    /// What stands for its content.
    pub content: Id,
}

/// The newest one, and what it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub version: Version,
    /// What stands for the secret of each key; nothing where there are too many.
    keys: Option<BTreeMap<String, String>>,
    /// What holds back those that anything does. Nothing was noted by a keyctl of before.
    held: Option<BTreeMap<String, Held>>,
    /// What holds back more than this version says.
    held_on: Vec<HeldOn>,
}

/// What holds a key back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    /// What stands for its limits; empty without any.
    limits: String,
    revoked: bool,
    leaked: bool,
    /// All of it. A keyctl of before noted only that there is something.
    #[serde(default)]
    holds: Option<Holds>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    generation: u64,
    content: String,
    keys: Option<BTreeMap<String, String>>,
    #[serde(default)]
    held: Option<BTreeMap<String, Held>>,
    #[serde(default)]
    held_on: Vec<HeldOn>,
}

impl Version {
    /// The version that has this text.
    #[must_use]
    pub fn of(generation: u64, text: &[u8]) -> Self {
        let digest = Sha256::digest(text);
        Self { generation, content: Id(std::array::from_fn(|at| digest[at])) }
    }

    /// Whether this one takes the place of the other, or is it.
    #[must_use]
    pub fn is_in_order_after(&self, other: &Self) -> bool {
        self.generation > other.generation || self == other
    }
}

impl Seen {
    /// This version with the secrets in it.
    #[must_use]
    pub fn of(payload: &Payload, version: Version) -> Self {
        let is_noted = payload.keys.len() <= MOST_KEYS;
        let (keys, held) = (is_noted.then(|| secrets(payload)), is_noted.then(|| held(payload)));
        Self { version, keys, held, held_on: Vec::new() }
    }

    /// The same, with what holds keys back all the same.
    #[must_use]
    pub fn with(self, held_on: Vec<HeldOn>) -> Self {
        Self { held_on, ..self }
    }

    /// Reads what was noted; nothing where nothing was, or not by this identity.
    #[must_use]
    pub fn read(path: &Path, identity: &Identity, store: Id) -> Option<Self> {
        let Text { generation, content, keys, held, held_on } = NOTE.read(path, identity, store)?;
        Some(Self { version: Version { generation, content: Id::parse(&content)? }, keys, held, held_on })
    }

    /// Notes it.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, home: &Home, identity: &Identity, store: Id) -> Result<()> {
        let Version { generation, content } = self.version;
        let (keys, held, held_on) = (self.keys.clone(), self.held.clone(), self.held_on.clone());
        let text = Text { generation, content: content.to_string(), keys, held, held_on };
        NOTE.write(&home.file(NAME), &text, identity, store)
    }

    /// Whether what held a key back was noted by a keyctl of before, which noted only that something does.
    #[must_use]
    pub fn lacks_holds(&self) -> bool {
        self.held.iter().flatten().any(|(_, held)| held.holds.is_none())
    }

    /// What holds the keys of the very version back that was noted, though it says less.
    #[must_use]
    pub fn held_on(&self) -> &[HeldOn] {
        &self.held_on
    }

    /// What holds the keys of another version back, though that says less.
    #[must_use]
    pub fn holds_on(&self, payload: &Payload) -> Vec<HeldOn> {
        let is_held_on = |name: &str| self.held_on.iter().any(|one| !one.is_gone() && one.name() == name);
        let noted = self.held.iter().flatten().filter(|(name, _)| !is_held_on(name)).filter_map(|(name, held)| {
            let secret = self.keys.as_ref()?.get(name)?;
            Some(HeldOn::new(name, secret, held.holds.clone()?))
        });
        holding::held_on(&self.held_on.iter().cloned().chain(noted).collect::<Vec<_>>(), payload)
    }

    /// What the keys of a store are against what was noted, a line for each way in which they differ.
    #[must_use]
    pub fn differences(&self, payload: &Payload) -> Vec<String> {
        let Some(before) = &self.keys else { return vec!["too many keys to tell which of them differ".to_owned()] };
        let now = secrets(payload);
        let named = |name: &String| {
            let is_it = |key: &&KeyName| key.as_str() == *name;
            payload.keys.keys().find(is_it).map_or_else(|| name.clone(), ToString::to_string)
        };
        let is_other = |(name, mark): &(&String, &String)| before.get(*name).is_some_and(|known| known != *mark);
        let other = now.iter().filter(is_other).map(|(name, _)| named(name));
        let new = now.keys().filter(|name| !before.contains_key(*name)).map(named);
        let gone = before.keys().filter(|name| !now.contains_key(*name)).cloned();
        let lines = [
            ("another secret than you had before", other.collect::<Vec<_>>()),
            ("new", new.collect()),
            ("gone", gone.collect()),
        ];
        let mut said: Vec<_> =
            lines.iter().filter_map(|(words, names)| Some(format!("{words}: {}", list(names)?))).collect();
        if said.is_empty() {
            said.push("no key has another secret than you had before".to_owned());
        }
        said.extend(self.holding(payload));
        said
    }

    /// Where a key that is still there is held back in another way than was noted, a line for each way.
    #[must_use]
    pub fn holding(&self, payload: &Payload) -> Vec<String> {
        let (Some(before), Some(keys)) = (&self.held, &self.keys) else { return Vec::new() };
        let (now, nothing) = (held(payload), Held::default());
        let differ = |is_so: fn(&Held, &Held) -> bool| {
            let both = payload.keys.keys().filter(|name| keys.contains_key(name.as_str()));
            let is_it = |name: &&KeyName| {
                let [was, is] = [before, &now].map(|side| side.get(name.as_str()).unwrap_or(&nothing));
                is_so(was, is)
            };
            list(&both.filter(is_it).map(ToString::to_string).collect::<Vec<_>>())
        };
        let lines = [
            ("no limits any more", differ(|was, is| !was.limits.is_empty() && is.limits.is_empty())),
            ("other limits than before", differ(|was, is| was.limits != is.limits && !is.limits.is_empty())),
            ("not marked as revoked any more", differ(|was, is| was.revoked && !is.revoked)),
            ("revoked since", differ(|was, is| !was.revoked && is.revoked)),
            ("not marked as leaked any more", differ(|was, is| was.leaked && !is.leaked)),
            ("marked as leaked since", differ(|was, is| !was.leaked && is.leaked)),
        ];
        lines.into_iter().filter_map(|(words, names)| Some(format!("{words}: {}", names?))).collect()
    }
}

/// What holds back the keys that anything does.
fn held(payload: &Payload) -> BTreeMap<String, Held> {
    let of = |(name, key): (&KeyName, &super::payload::Key)| {
        let facts = &key.facts;
        let held = Held {
            limits: facts.limits.mark().unwrap_or_default(),
            revoked: facts.revoked.is_some(),
            leaked: facts.leaked.is_some(),
            holds: None,
        };
        let is_held = held != Held::default();
        is_held.then(|| (name.as_str().to_owned(), Held { holds: Some(Holds::of(facts)), ..held }))
    };
    payload.keys.iter().filter_map(of).collect()
}

/// What stands for the secret of each key.
fn secrets(payload: &Payload) -> BTreeMap<String, String> {
    let mark =
        |(name, key): (&KeyName, &super::payload::Key)| (name.as_str().to_owned(), holding::mark(payload, &key.value));
    payload.keys.iter().map(mark).collect()
}

/// The names, as many as can be said.
fn list(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| first_names(names, MOST_NAMES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{empty, name, set};

    #[test]
    fn a_later_version_is_in_order_and_another_of_the_same_age_is_not() {
        let seen = Version::of(6, b"one");
        let is_good = |generation, text: &[u8]| Version::of(generation, text).is_in_order_after(&seen);
        assert!(is_good(6, b"one") && is_good(7, b"two"));
        assert!(!is_good(6, b"two") && !is_good(5, b"one") && !is_good(0, b""));
    }

    #[test]
    fn what_is_noted_reads_back_for_its_owner_and_tells_what_differs_by_name() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity) = (Home::at(folder.path()), Identity::generate());
        let mut store = empty();
        for key in ["a", "b", "c"] {
            set(&mut store, key, "one", 0);
        }
        let seen = Seen::of(&store, Version::of(6, b"text"));
        seen.write(&home, &identity, store.id).expect("written");
        let read = Seen::read(&home.file(NAME), &identity, store.id);
        assert!(
            read.as_ref() == Some(&seen) && Seen::read(&home.file(NAME), &Identity::generate(), store.id).is_none()
        );
        assert_eq!(seen.differences(&store), ["no key has another secret than you had before"]);
        set(&mut store, "a", "two", 1);
        store.keys.remove(&name("b"));
        assert!(seen.holding(&store).is_empty());
        for at in 0..10 {
            set(&mut store, &format!("n{at}"), "new", 1);
        }
        let names = (0..8).map(|at| format!("`n{at}`")).collect::<Vec<_>>().join(", ");
        assert_eq!(
            seen.differences(&store),
            [
                "another secret than you had before: `a`".to_owned(),
                format!("new: {names} and 2 more"),
                "gone: `b`".into()
            ]
        );
        // What holds a key back, or does not any more.
        let facts = &mut store.keys.get_mut(&name("a")).expect("there").facts;
        facts.limits.ask = true;
        facts.leaked =
            Some(crate::store::facts::Leaked { at: crate::date::Moment::from_seconds(0), place: "f".into() });
        let held = Seen::of(&store, seen.version);
        held.write(&home, &identity, store.id).expect("written");
        let held = Seen::read(&home.file(NAME), &identity, store.id).expect("noted");
        assert!(held.holding(&store).is_empty());
        let facts = &mut store.keys.get_mut(&name("a")).expect("there").facts;
        facts.limits.terminal = true;
        assert_eq!(held.holding(&store), ["other limits than before: `a`"]);
        let facts = &mut store.keys.get_mut(&name("a")).expect("there").facts;
        (facts.limits, facts.leaked) = (crate::store::limits::Limits::default(), None);
        let gone = ["no limits any more: `a`", "not marked as leaked any more: `a`"];
        assert_eq!(held.holding(&store), gone);
        assert!(held.differences(&store).ends_with(&gone.map(str::to_owned)));
        assert_eq!(seen.holding(&store), Vec::<String>::new());
        let many = (0..=MOST_KEYS).map(|at| (name(&format!("m{at}")), store.keys[&name("a")].copy()));
        store.keys = many.collect();
        assert!(Seen::of(&store, seen.version).differences(&store)[0].starts_with("too many keys"));
    }
}
