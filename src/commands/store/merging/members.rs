//! What a merge has made of a store with members, held against what its user has said yes to and has seen: who may open it, and
//! what its keys may be used for.

use crate::{
    commands::{
        opening::{self, Kept},
        recipients,
    },
    home::Home,
    plain::first_names,
    rotation::Settings,
    store::{
        accepted::{self, Accepted, Difference},
        file,
        holding::HeldOn,
        payload::Payload,
        seen::{self, Seen, Version},
    },
    terminal::Terminal,
};

use super::MOST_NAMES;

/// What is new about what was merged, against what was accepted and seen here. What is not the newest lacks what came later, and
/// is held against nothing yet.
pub struct Members {
    /// What is noted of the newest version.
    seen: Option<Seen>,
    /// Which version it is itself.
    version: Option<Version>,
    difference: Difference,
    /// The keys that may be used for more by it.
    freed: Vec<String>,
    is_behind: bool,
}

impl Members {
    /// Holds it against these.
    #[must_use]
    pub fn of(
        home: &Home,
        kept: &Kept,
        (payload, version): (&Payload, Option<Version>),
        settings: &Settings,
        is_behind: bool,
    ) -> Self {
        if payload.members.is_empty() {
            return Self { seen: None, version, difference: Difference::default(), freed: Vec::new(), is_behind };
        }
        let accepted = Accepted::read(&home.file(accepted::NAME), &kept.identity, payload.id);
        let difference = accepted::difference(accepted.as_ref(), payload, &kept.anchor);
        let seen = Seen::read(&home.file(seen::NAME), &kept.identity, payload.id);
        let held_on = seen.iter().flat_map(|seen| seen.holds_on(payload, version, &opening::judge(home, settings)));
        // What holds on already is said of the store itself, and is not by this merge.
        let known = |one: &HeldOn| seen.iter().flat_map(Seen::held_on).any(|known| known.is_as(one));
        let freed = held_on.filter(|one| !one.is_gone() && !is_behind && !known(one));
        let freed = freed.map(|one| one.name().to_owned()).collect();
        Self { seen, version, difference, freed, is_behind }
    }

    /// Whether its members are those that were accepted, and nothing holds a key back less.
    #[must_use]
    pub fn are_accepted(&self) -> bool {
        self.difference.is_none() && self.freed.is_empty()
    }

    /// Says it.
    pub fn say(&self, kept: &Kept, payload: &Payload, name: &str, terminal: &Terminal) {
        let Self { seen, difference, freed, is_behind, .. } = self;
        // Else that is said with the secrets that differ.
        if !is_behind && (difference.is_none() || difference.is_addition()) {
            for line in seen.iter().flat_map(|seen| seen.holding(payload)) {
                terminal.warn(&format!("against what you had: {line}"));
            }
        }
        if !difference.is_none() {
            let differ =
                if difference.is_addition() { Vec::new() } else { recipients::other_secrets(seen.as_ref(), payload) };
            let lines = [difference.lines(), differ].concat().join("; ");
            terminal.warn(&format!("its members are not those that you said yes to: {lines}"));
            difference.to_be_heard().iter().for_each(|hint| terminal.hint(hint));
            terminal.hint(&self.when_to_accept(kept, payload, name));
        }
        if !freed.is_empty() {
            let keys = first_names(freed, MOST_NAMES);
            terminal.warn(&format!(
                "by it keys may be used for more than you said yes to: {keys}; here what held them back holds on"
            ));
            terminal.hint(&format!(
                "if that is meant, say yes once it is done, at a terminal: `keyctl store recipients accept {name}`"
            ));
        }
    }

    /// A rebase merges one commit after the other, and only the last one is newer than what was there before.
    fn when_to_accept(&self, kept: &Kept, payload: &Payload, name: &str) -> String {
        let known = self.seen.as_ref().map(|seen| seen.version);
        let is_older = file::older(payload.generation, known, &kept.anchor).is_some()
            || file::another(self.version, known).is_some();
        if is_older {
            format!(
                "it is not the newest yet: in a rebase go on, and before you push: `keyctl store recipients accept {name}`"
            )
        } else {
            format!("before you commit it: `keyctl store recipients accept {name}`")
        }
    }
}
