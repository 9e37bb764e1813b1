//! Which machine has written how far its history has come into a store: one person may have it on several, each with a history of
//! its own under the same identity, and what is known of the one says nothing of another.
//!
//! Each notes a number of its own, sealed, and puts it behind the mark that it writes. A mark counts here unless this machine
//! knows it to be another's: where nothing is noted any more it counts, so that nothing is gained by taking the note away. What a
//! store says of histories beside the mark is held against the note likewise: which one it is, what opens its earlier entries, and
//! which ones were set aside. So a machine that mends its own history leaves that of the others as it is.
//!
//! A home may be copied whole, and the number with it. So what stands for the system's own is noted beside it: on another system
//! the number is that of the machine which it came from, and another one begins.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    failure::Result,
    hex,
    home::Home,
    identity::{
        Identity,
        anchor::Id,
        retired::{Aside, Retired},
    },
};

use super::{noted::Note, payload::Payload};

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
    /// Which history it had then, or has begun: another machine may give the store another one.
    #[serde(default)]
    log: Option<String>,
    /// How many keys of former identities the store had then that no entry of this history is sealed with.
    #[serde(default)]
    passes_over: usize,
    /// Whether the store came here without its history, so that all there was of one is another machine's.
    #[serde(default)]
    came: bool,
    /// The numbers that it had before, each until it began another history.
    #[serde(default)]
    before: Vec<String>,
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

    /// Notes a new number for a machine on which the store lies already, with its history, and on which system.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin(home: &Home, identity: &Identity, store: &Payload, system: Option<&str>) -> Result<Self> {
        let log = Some(store.log.to_string());
        Self::new(log)?.note_system(home, identity, store.id, system)
    }

    /// The same for one to which the store came without it: what the store says of a history is another machine's.
    ///
    /// # Errors
    /// `Disk`.
    pub fn come(home: &Home, identity: &Identity, store: &Payload, system: Option<&str>) -> Result<Self> {
        let (found, passes_over) = (store.history.clone(), store.retired.len());
        let machine = Self { found, passes_over, came: true, ..Self::new(Some(store.log.to_string()))? };
        machine.note_system(home, identity, store.id, system)
    }

    /// The same for one to which all of another machine's came, its history too, which goes on here by itself.
    ///
    /// # Errors
    /// `Disk`.
    pub fn moved(self, home: &Home, identity: &Identity, store: &Payload, system: Option<&str>) -> Result<Self> {
        let Self { log, passes_over, came, .. } = self;
        let (found, log) = (store.history.clone(), log.or_else(|| Some(store.log.to_string())));
        Self { found, passes_over, came, ..Self::new(log)? }.note_system(home, identity, store.id, system)
    }

    fn new(log: Option<String>) -> Result<Self> {
        let id = Id::random()?.to_string();
        Ok(Self { id, found: None, log, passes_over: 0, came: false, before: Vec::new(), system: None })
    }

    /// Notes the system beside the same number.
    ///
    /// # Errors
    /// `Disk`.
    pub fn note_system(self, home: &Home, identity: &Identity, store: Id, system: Option<&str>) -> Result<Self> {
        let machine = Self { system: system.map(|system| self.digest(system)), ..self };
        machine.write(home, identity, store)?;
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

    /// Notes that another history has begun here, which no identity of before has sealed: it gets a new number, so that no mark
    /// of the one before counts.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin_another(self, home: &Home, identity: &Identity, store: &Payload, system: Option<&str>) -> Result<()> {
        let before = self.before.into_iter().chain([self.id]).collect();
        let machine = Self { id: Id::random()?.to_string(), before, passes_over: store.retired.len(), ..self };
        // A number that is older than this note of which history it is.
        let log = machine.log.clone().or_else(|| Some(store.log.to_string()));
        Self { log, ..machine }.note_system(home, identity, store.id, system).map(drop)
    }

    /// Lets the next identity of a store know it, which by then has no key that is passed over.
    ///
    /// # Errors
    /// `Disk`.
    pub fn hand_over(home: &Home, [former, next]: [&Identity; 2], store: Id) -> Result<()> {
        match Self::read(home, former, store) {
            Some(machine) => Self { passes_over: 0, ..machine }.write(home, next, store),
            None => Ok(()),
        }
    }

    fn write(&self, home: &Home, identity: &Identity, store: Id) -> Result<()> {
        NOTE.write(&home.file(NAME), self, identity, store)
    }

    /// What this machine is called.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
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

    /// Whether it has set this history aside.
    #[must_use]
    pub fn has_set_aside(&self, aside: &Aside) -> bool {
        let is_called = |id: &String| *id == self.id || self.before.contains(id);
        aside.machine.as_ref().map_or(!self.came, is_called)
    }

    /// Which history it has.
    #[must_use]
    pub fn log(&self) -> Option<Id> {
        Id::parse(self.log.as_ref()?)
    }

    /// Those of the keys of former identities that its history may be sealed with.
    #[must_use]
    pub fn retired_of<'r>(&self, all: &'r [Retired]) -> &'r [Retired] {
        &all[self.passes_over.min(all.len())..]
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
    use crate::secret::Secret;

    #[test]
    fn a_mark_is_another_machines_only_where_that_is_known() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity, store) = (Home::at(folder.path()), Identity::generate(), Id([1; 16]));
        assert!(Machine::read(&home, &identity, store).is_none());
        let mut payload = Payload { history: Some("7.ab".into()), ..Payload::new(store, Id([2; 16]), Id([3; 16])) };
        payload.retired.push(Retired { key: Secret::new(vec![7; 32]), last: 9, hash: [1; 32] });
        let one = Machine::begin(&home, &identity, &payload, None).expect("noted");
        assert_eq!(Machine::read(&home, &identity, store), Some(one.clone()));
        assert!(Machine::read(&home, &Identity::generate(), store).is_none());
        let other = Machine::come(&home, &identity, &payload, None).expect("noted");
        assert!(one.may_have_written("7.ab") && !other.may_have_written("7.ab") && other.may_have_written("8.cd"));
        assert_eq!([&one, &other].map(|machine| machine.retired_of(&payload.retired).len()), [1, 0]);
        let signed = one.sign("9.ef");
        assert!(one.may_have_written(&signed) && !other.may_have_written(&signed));
        assert_eq!([unsigned(&signed), unsigned("9.ef"), unsigned("9")], ["9.ef", "9.ef", "9"]);
        // What was set aside is its own under each number that it had.
        let aside = |machine: Option<&Machine>| Aside {
            folder: "history-1".into(),
            log: Id([3; 16]),
            machine: machine.map(|machine| machine.id().to_owned()),
            known: None,
            key: Secret::new(vec![7; 32]),
            retired: Vec::new(),
        };
        let all = [aside(None), aside(Some(&one)), aside(Some(&other))];
        let own = |machine: &Machine| all.each_ref().map(|aside| machine.has_set_aside(aside));
        assert_eq!([own(&one), own(&other)], [[true, true, false], [false, false, true]]);
        other.begin_another(&home, &identity, &payload, Some("a")).expect("noted");
        let next = Identity::generate();
        Machine::hand_over(&home, [&identity, &next], store).expect("noted");
        let later = Machine::read(&home, &next, store).expect("noted");
        assert!(own(&later) == [false, false, true] && !later.may_have_written(&one.sign("9.ef")));
        assert_eq!((later.log(), later.retired_of(&payload.retired).len()), (Some(Id([3; 16])), 1));
    }

    #[test]
    fn a_number_is_another_machines_where_the_system_is_another_one() {
        let folder = tempfile::tempdir().expect("folder");
        let (home, identity, store) = (Home::at(folder.path()), Identity::generate(), Id([1; 16]));
        let mut payload = Payload::new(store, Id([2; 16]), Id([3; 16]));
        let old = Machine::begin(&home, &identity, &payload, None).expect("noted");
        assert_eq!([old.is_of(None), old.is_of(Some("a"))], [System::Same, System::Unnoted]);
        let noted = old.clone().note_system(&home, &identity, store, Some("a")).expect("noted");
        assert!(noted.id == old.id && Machine::read(&home, &identity, store) == Some(noted.clone()));
        let all = [noted.is_of(None), noted.is_of(Some("a")), noted.is_of(Some("b"))];
        assert_eq!(all, [System::Same, System::Same, System::Another]);
        // It is not told which one that is, nor that two stores were noted on one.
        let other = Machine::begin(&home, &identity, &payload, Some("a")).expect("noted");
        assert!(other.system.is_some() && other.system != noted.system && other.is_of(Some("a")) == System::Same);
        // Where all of it was copied to, it goes on under another number, and what the first one writes is not looked for.
        payload.history = Some(noted.sign("7.ab"));
        let moved = noted.clone().moved(&home, &identity, &payload, Some("b")).expect("noted");
        assert!(moved.id != noted.id && moved.is_of(Some("b")) == System::Same && moved.log() == noted.log());
        assert!(!moved.may_have_written(&noted.sign("7.ab")) && !moved.may_have_written(&noted.sign("8.cd")));
    }
}
