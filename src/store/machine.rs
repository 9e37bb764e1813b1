//! Which machine has written how far its history has come into a store: one person may have it on several, each with a history of
//! its own under the same identity, and what is known of the one says nothing of another.
//!
//! Each notes a number of its own, sealed, and puts it behind the mark that it writes. A mark counts here unless this machine
//! knows it to be another's: where nothing is noted any more it counts, so that nothing is gained by taking the note away.
//!
//! A home may be copied whole, and the number with it. So what stands for the system's own is noted beside it: on another system
//! the number is that of the machine which it came from, and another one begins.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    failure::Result,
    hex,
    home::Home,
    identity::{Identity, anchor::Id},
};

use super::noted::Note;

/// The file's name in the store's folder.
const NAME: &str = "machine";
const NOTE: Note = Note { head: "keyctl-machine 1 ", purpose: "keyctl/machine/v1", largest: 64 * 1024 };

/// What a machine notes of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    id: String,
    /// The mark that was there when the store came here without its history.
    #[serde(default)]
    found: Option<String>,
    /// What stands for the system that it was noted on, where that has a number. A keyctl of before noted none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
}

/// What a number is on the system that it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// It was noted here, or that cannot be told.
    Same,
    /// It was noted here or before that was noted too: it is to be, from now on.
    Unnoted,
    /// It was noted on another one.
    Another,
}

impl Machine {
    /// What this one has noted for a store.
    #[must_use]
    pub fn read(home: &Home, identity: &Identity, store: Id) -> Option<Self> {
        NOTE.read(&home.file(NAME), identity, store)
    }

    /// Notes a new number, the mark that another machine has left, and on which system.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin(
        home: &Home,
        identity: &Identity,
        store: Id,
        found: Option<&str>,
        system: Option<&str>,
    ) -> Result<Self> {
        let machine = Self { id: Id::random()?.to_string(), found: found.map(str::to_owned), system: None };
        machine.note_system(home, identity, store, system)
    }

    /// Notes the system beside the same number.
    ///
    /// # Errors
    /// `Disk`.
    pub fn note_system(self, home: &Home, identity: &Identity, store: Id, system: Option<&str>) -> Result<Self> {
        let machine = Self { system: system.map(|system| self.digest(system)), ..self };
        NOTE.write(&home.file(NAME), &machine, identity, store)?;
        Ok(machine)
    }

    /// Whether it was noted on this system.
    #[must_use]
    pub fn is_of(&self, system: Option<&str>) -> System {
        match (&self.system, system.map(|system| self.digest(system))) {
            (None, Some(_)) => System::Unnoted,
            (Some(noted), Some(now)) if *noted != now => System::Another,
            _ => System::Same,
        }
    }

    /// What stands for a system's number, and tells nobody which one it is.
    fn digest(&self, system: &str) -> String {
        let digest = Sha256::new().chain_update("keyctl/system/v1").chain_update(&self.id).chain_update(system);
        hex::encode(&digest.finalize()[..16])
    }

    /// A mark of this machine's history, as it writes it into the store.
    #[must_use]
    pub fn sign(&self, mark: &str) -> String {
        format!("{mark}.{}", self.id)
    }

    /// Whether a mark in the store may be of this machine's history.
    #[must_use]
    pub fn may_have_written(&self, mark: &str) -> bool {
        let by = mark.splitn(3, '.').nth(2);
        self.found.as_deref() != Some(mark) && by.is_none_or(|by| by == self.id)
    }
}

/// A mark without what says whose it is.
#[must_use]
pub fn unsigned(mark: &str) -> &str {
    mark.match_indices('.').nth(1).map_or(mark, |(at, _)| &mark[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_another_machines_only_where_that_is_known() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity, store) = (Home::at(folder.path()), Identity::generate(), Id([1; 16]));
        assert!(Machine::read(&home, &identity, store).is_none());
        let one = Machine::begin(&home, &identity, store, None, None).expect("noted");
        assert_eq!(Machine::read(&home, &identity, store), Some(one.clone()));
        assert!(Machine::read(&home, &Identity::generate(), store).is_none());
        let other = Machine::begin(&home, &identity, store, Some("7.ab"), None).expect("noted");
        assert!(one.may_have_written("7.ab") && !other.may_have_written("7.ab") && other.may_have_written("8.cd"));
        let signed = one.sign("9.ef");
        assert!(one.may_have_written(&signed) && !other.may_have_written(&signed));
        assert_eq!([unsigned(&signed), unsigned("9.ef"), unsigned("9")], ["9.ef", "9.ef", "9"]);
    }

    #[test]
    fn a_number_is_another_machines_where_the_system_is_another_one() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity, store) = (Home::at(folder.path()), Identity::generate(), Id([1; 16]));
        let old = Machine::begin(&home, &identity, store, None, None).expect("noted");
        assert_eq!([old.is_of(None), old.is_of(Some("a"))], [System::Same, System::Unnoted]);
        let noted = old.clone().note_system(&home, &identity, store, Some("a")).expect("noted");
        assert!(noted.id == old.id && Machine::read(&home, &identity, store) == Some(noted.clone()));
        let all = [noted.is_of(None), noted.is_of(Some("a")), noted.is_of(Some("b"))];
        assert_eq!(all, [System::Same, System::Same, System::Another]);
        // It is not told which one that is, nor that two stores were noted on one.
        let other = Machine::begin(&home, &identity, store, None, Some("a")).expect("noted");
        assert!(other.system.is_some() && other.system != noted.system && other.is_of(Some("a")) == System::Same);
    }
}
