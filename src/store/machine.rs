//! Which machine has written how far its history has come into a store: one person may have it on several, each with a history of
//! its own under the same identity, and what is known of the one says nothing of another.
//!
//! Each notes a number of its own, sealed, and puts it behind the mark that it writes. A mark counts here unless this machine
//! knows it to be another's: where nothing is noted any more it counts, so that nothing is gained by taking the note away.

use serde::{Deserialize, Serialize};

use crate::{
    failure::Result,
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
}

impl Machine {
    /// What this one has noted for a store.
    #[must_use]
    pub fn read(home: &Home, identity: &Identity, store: Id) -> Option<Self> {
        NOTE.read(&home.file(NAME), identity, store)
    }

    /// Notes a new number, and the mark that another machine has left.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin(home: &Home, identity: &Identity, store: Id, found: Option<&str>) -> Result<Self> {
        let machine = Self { id: Id::random()?.to_string(), found: found.map(str::to_owned) };
        NOTE.write(&home.file(NAME), &machine, identity, store)?;
        Ok(machine)
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
        let one = Machine::begin(&home, &identity, store, None).expect("noted");
        assert_eq!(Machine::read(&home, &identity, store), Some(one.clone()));
        assert!(Machine::read(&home, &Identity::generate(), store).is_none());
        let other = Machine::begin(&home, &identity, store, Some("7.ab")).expect("noted");
        assert!(one.may_have_written("7.ab") && !other.may_have_written("7.ab") && other.may_have_written("8.cd"));
        let signed = one.sign("9.ef");
        assert!(one.may_have_written(&signed) && !other.may_have_written(&signed));
        assert_eq!([unsigned(&signed), unsigned("9.ef"), unsigned("9")], ["9.ef", "9.ef", "9"]);
    }
}
