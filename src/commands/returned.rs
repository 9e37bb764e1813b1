//! A secret that comes back into use, as a key that was removed or as what a key had before. Limits are said of keys, and another
//! one may have the same secret by now and be used for less: so it is held against every key that has the secret or had it, also
//! against those that were wiped, and coming back for more takes a person.

use crate::{
    config,
    failure::{Failure, Kind, Result},
    home::Home,
    name::KeyName,
    plain::first_names,
    store::{bygone::Returned, facts::Facts, payload::Payload},
    terminal::Terminal,
};

use super::narrowing::{self, Scene};

/// So many keys are named; the rest are counted.
const NAMED: usize = 5;

/// What comes back for more than a key with the same secret may be used for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// That key, and what comes back.
    pairs: Vec<[(KeyName, Facts); 2]>,
    /// What comes back where such a key was wiped, or may have been.
    wiped: Vec<KeyName>,
}

impl Freed {
    /// Of what comes back in a store.
    ///
    /// # Errors
    /// As the configuration has them, which is read where another key has a secret that comes back, or had it.
    pub fn of(home: &Home, payload: &Payload, returned: &[Returned]) -> Result<Self> {
        let pairs = returned.iter().flat_map(|Returned { name, value, facts }| {
            let others = payload.having(value).map(|(other, was)| [(other, was), (*name, facts.clone())]);
            others.filter(|[was, is]| was != is)
        });
        let pairs: Vec<_> = pairs.collect();
        // Of a store with members each of them notes what held back what is gone.
        let is_own = payload.members.is_empty();
        let mut wiped = returned.iter().filter(|one| is_own && payload.wiped_as(one.value).is_some()).peekable();
        if pairs.is_empty() && wiped.peek().is_none() {
            return Ok(Self::default());
        }
        let settings = config::read(home)?.rotation;
        // How the wiped one was held back is not known any more: as this one is, or in any other way.
        let wiped = wiped.map(|one| one.name.clone()).collect();
        let freed = pairs.into_iter().filter(|pair| narrowing::is_widened(pair, &settings));
        let pairs = freed.map(|pair| pair.map(|(name, facts)| (name.clone(), facts))).collect();
        Ok(Self { pairs, wiped })
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.wiped.is_empty()
    }

    /// What comes back.
    #[must_use]
    pub fn names(&self) -> Vec<&KeyName> {
        once_each(self.pairs.iter().map(|[_, (name, _)]| name).chain(&self.wiped))
    }

    /// Says of it what is to be said before anybody is asked.
    pub fn say(&self, terminal: &Terminal) {
        if !self.pairs.is_empty() {
            let others = once_each(self.pairs.iter().map(|[(other, _), _]| other));
            let has = if others.len() == 1 { "has" } else { "have" };
            let names = first_names(once_each(self.pairs.iter().map(|[_, (name, _)]| name)), NAMED);
            let others = first_names(&others, NAMED);
            terminal.warn(&format!(
                "by coming back {names} may be used for more than {others}, which {has} or had the same secret"
            ));
        }
        if !self.wiped.is_empty() {
            let names = first_names(once_each(self.wiped.iter()), NAMED);
            terminal.warn(&format!(
                "a key that was limited and is wiped for good had, or may have had, the secret that comes back as {names}"
            ));
        }
    }

    /// Makes sure that a person at the terminal wants it: no option stands for that yes.
    ///
    /// # Errors
    /// As [`narrowing::need_person`].
    pub fn hold(&self, scene: &Scene, terminal: &Terminal) -> Result<()> {
        let names = self.names();
        self.say(terminal);
        let question = format!("bring {} back all the same", first_names(&names, NAMED));
        let refused = Failure::new(Kind::Policy, "that takes a yes at a terminal; nothing was brought back");
        narrowing::need_person_or(scene, &names, &question, refused, terminal)
    }
}

fn once_each<'n>(names: impl Iterator<Item = &'n KeyName>) -> Vec<&'n KeyName> {
    let mut names: Vec<&KeyName> = names.collect();
    names.sort();
    names.dedup();
    names
}
