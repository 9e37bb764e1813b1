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
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        Identity,
        anchor::{Anchor, Id},
    },
    name::KeyName,
    plain::first_names,
};

use super::{
    holding::{HeldOn, Judge},
    known::{self, Held, Known},
    noted::Note,
    payload::Payload,
};

/// The file's name in the store's folder.
pub const NAME: &str = "seen";
const NOTE: Note = Note { head: "keyctl-seen 1 ", purpose: "keyctl/seen/v1", largest: 16 * 1024 * 1024 };
/// How far a version may have come from the one that is known, in changes.
pub const FARTHEST: u64 = 1 << 32;
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
    /// What is noted of its keys.
    pub known: Known,
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
    #[serde(default)]
    agreed: Option<BTreeMap<String, String>>,
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

/// What is wrong with a version that counts more changes than anybody can have made since what is known of it: who makes such a
/// number up would have every later file called an older one.
#[must_use]
pub fn too_far(generation: u64, seen: Option<Version>, anchor: &Anchor) -> Option<Failure> {
    let known = seen.map_or(anchor.generation, |seen| seen.generation.max(anchor.generation));
    let what =
        format!("the store counts more changes than anybody can have made since generation {known}: it was forged");
    (generation.saturating_sub(known) > FARTHEST).then(|| Failure::new(Kind::Store, what))
}

impl Seen {
    /// This version with the secrets in it.
    #[must_use]
    pub fn of(payload: &Payload, version: Version) -> Self {
        Self { version, known: Known::of(payload) }
    }

    /// The same, also with what only its user's settings hold back.
    #[must_use]
    pub fn judged(self, payload: &Payload, judge: Judge) -> Self {
        Self { known: self.known.judged(payload, judge), ..self }
    }

    /// The same, with what holds keys back all the same. As long as it does so for any that is there, the differences are told
    /// from what there was before.
    #[must_use]
    pub fn with(mut self, held_on: Vec<HeldOn>, before: Option<&Self>) -> Self {
        let is_waiting = held_on.iter().any(|one| !one.is_gone());
        let before = before.filter(|_| is_waiting).map(|before| &before.known);
        self.known.agreed = before.and_then(|known| known.agreed.as_ref().or(known.keys.as_ref())).cloned();
        self.known = self.known.with(held_on);
        if !NOTE.holds(&self.text()) {
            self.known.shorten();
        }
        self
    }

    /// Reads what was noted; nothing where nothing was, or not by this identity.
    #[must_use]
    pub fn read(path: &Path, identity: &Identity, store: Id) -> Option<Self> {
        let Text { generation, content, keys, held, held_on, agreed } = NOTE.read(path, identity, store)?;
        let version = Version { generation, content: Id::parse(&content)? };
        Some(Self { version, known: Known { keys, held, held_on, agreed } })
    }

    /// Notes it. What is more than can be read again is not noted: then what was noted before stays, and holds.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, home: &Home, identity: &Identity, store: Id) -> Result<()> {
        NOTE.write(&home.file(NAME), &self.text(), identity, store)
    }

    /// Makes sure that it can be noted: what is not is not known of an older version.
    ///
    /// # Errors
    /// `Store`.
    pub fn refuse_what_is_too_much(&self) -> Result<()> {
        if NOTE.holds(&self.text()) {
            return Ok(());
        }
        let said = "what the store says of its keys' limits and tags is more than can be noted, so an older version would not be known by it";
        Err(Failure::new(Kind::Store, said).hint("take tags, projects or programs away from its keys"))
    }

    fn text(&self) -> Text {
        let (Version { generation, content }, known) = (self.version, self.known.clone());
        let Known { keys, held, held_on, agreed } = known;
        Text { generation, content: content.to_string(), keys, held, held_on, agreed }
    }

    /// Whether what held a key back was noted by a keyctl of before, which noted less of it.
    #[must_use]
    pub fn lacks_holds(&self) -> bool {
        self.known.is_of_before()
    }

    /// What holds the keys of the very version back that was noted, though it says less.
    #[must_use]
    pub fn held_on(&self) -> &[HeldOn] {
        &self.known.held_on
    }

    /// What holds the keys of a version back, though that says less.
    #[must_use]
    pub fn holds_on(&self, payload: &Payload, version: Option<Version>, judge: Judge) -> Vec<HeldOn> {
        if version == Some(self.version) {
            return self.held_on().to_vec();
        }
        self.known.holds_on(payload, judge)
    }

    /// What the keys of a store are against what was noted, a line for each way in which they differ.
    #[must_use]
    pub fn differences(&self, payload: &Payload) -> Vec<String> {
        let Known { keys, agreed, .. } = &self.known;
        let Some(before) = agreed.as_ref().or(keys.as_ref()) else {
            return vec!["too many keys to tell which of them differ".to_owned()];
        };
        let now = known::secrets(payload);
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
        let (Some(before), Some(keys)) = (&self.known.held, &self.known.keys) else { return Vec::new() };
        let (now, nothing) = (known::held(payload), Held::default());
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
            ("not frozen for the proxy any more", differ(|was, is| was.is_frozen() && !is.is_frozen())),
            ("frozen for the proxy since", differ(|was, is| !was.is_frozen() && is.is_frozen())),
        ];
        lines.into_iter().filter_map(|(words, names)| Some(format!("{words}: {}", names?))).collect()
    }
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
        let many = (0..=known::MOST_KEYS).map(|at| (name(&format!("m{at}")), store.keys[&name("a")].copy()));
        store.keys = many.collect();
        assert!(Seen::of(&store, seen.version).differences(&store)[0].starts_with("too many keys"));
    }

    #[test]
    fn a_version_with_more_than_can_be_noted_is_noted_in_few_words_and_held_against_them() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity) = (Home::at(folder.path()), Identity::generate());
        let mut store = empty();
        for key in 0..40 {
            set(&mut store, &format!("k{key}"), "one", 0);
            let programs = (0..100).map(|at| format!("/{at}/{}", "x".repeat(4000))).collect();
            store.keys.get_mut(&name(&format!("k{key}"))).expect("there").facts.limits.programs = Some(programs);
        }
        let seen = Seen::of(&store, Version::of(6, b"text")).with(Vec::new(), None);
        seen.refuse_what_is_too_much().expect("few words");
        seen.write(&home, &identity, store.id).expect("written");
        let seen = Seen::read(&home.file(NAME), &identity, store.id).expect("noted");
        assert!(!seen.lacks_holds() && seen.holding(&store).is_empty());
        let by_itself = &crate::store::holding::by_itself;
        assert!(seen.holds_on(&store, None, by_itself).is_empty());
        // Of which something else is said, that takes a yes; and nothing but that.
        store.keys.get_mut(&name("k1")).expect("there").facts.limits.programs = None;
        let held_on = seen.holds_on(&store, None, by_itself);
        assert!(held_on.len() == 1 && held_on[0].on(&store.keys[&name("k1")].facts).limits.ask);
    }

    #[test]
    fn what_a_keyctl_of_before_has_noted_is_read_and_holds() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity) = (Home::at(folder.path()), Identity::generate());
        let mut store = empty();
        set(&mut store, "a", "one", 0);
        let mark = known::secrets(&store)["a"].clone();
        let holds = serde_json::json!({ "limits": { "ask": true }, "revoked": null, "leaked": null });
        let noted = |holds: &serde_json::Value, held_on: &serde_json::Value| {
            let held = serde_json::json!({ "a": { "limits": "x", "revoked": false, "leaked": false, "holds": holds } });
            let content = Version::of(6, b"text").content.to_string();
            let text = serde_json::json!({
                "generation": 6, "content": content, "keys": { "a": mark }, "held": held, "held_on": held_on
            });
            NOTE.write(&home.file(NAME), &text, &identity, store.id).expect("written");
            Seen::read(&home.file(NAME), &identity, store.id).expect("noted")
        };
        let held_on = serde_json::json!([{ "name": "a", "secret": mark, "is_gone": false, "holds": holds }]);
        let nothing = serde_json::json!([]);
        for seen in [noted(&holds, &nothing), noted(&serde_json::json!({}), &held_on)] {
            assert!(seen.lacks_holds());
            let held_on = seen.holds_on(&store, None, &crate::store::holding::by_itself);
            assert!(held_on[0].on(&store.keys[&name("a")].facts).limits.ask);
        }
        assert!(noted(&serde_json::Value::Null, &nothing).lacks_holds());
        assert!(!Seen::of(&store, Version::of(6, b"text")).lacks_holds());
    }

    #[test]
    fn so_many_changes_as_nobody_makes_are_made_up() {
        let anchor = |generation| Anchor { generation, ..Anchor::first(Id([1; 16]), Id([2; 16])) };
        let is_far = |generation, seen: u64| too_far(generation, Some(Version::of(seen, b"")), &anchor(3)).is_some();
        assert!(!is_far(9, 6) && !is_far(0, 6) && !is_far(FARTHEST + 6, 6) && !is_far(u64::MAX, u64::MAX - 1));
        assert!(is_far(FARTHEST + 7, 6) && is_far(u64::MAX, 6) && too_far(u64::MAX, None, &anchor(3)).is_some());
    }
}
