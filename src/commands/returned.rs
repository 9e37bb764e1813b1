//! A secret that comes back into use, as a key that was removed or as what a key had before. Limits are said of keys, and another
//! one may have the same secret by now and be used for less: so it is held against every key that has the secret or had it, and
//! coming back for more takes a person.

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

/// What comes back for more than a key that has the same secret may be used for: that key, and what comes back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Freed(Vec<[(KeyName, Facts); 2]>);

impl Freed {
    /// Of what comes back in a store.
    ///
    /// # Errors
    /// As the configuration has them, which is read where another key has a secret that comes back.
    pub fn of(home: &Home, payload: &Payload, returned: &[Returned]) -> Result<Self> {
        let pairs = returned.iter().flat_map(|Returned { name, value, facts }| {
            let others = payload.having(value).map(|(other, was)| [(other, was), (*name, facts.clone())]);
            others.filter(|[was, is]| was != is)
        });
        let pairs: Vec<_> = pairs.collect();
        if pairs.is_empty() {
            return Ok(Self::default());
        }
        let settings = config::read(home)?.rotation;
        let freed = pairs.into_iter().filter(|pair| narrowing::is_widened(pair, &settings));
        Ok(Self(freed.map(|pair| pair.map(|(name, facts)| (name.clone(), facts))).collect()))
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What comes back.
    #[must_use]
    pub fn names(&self) -> Vec<&KeyName> {
        let mut names: Vec<&KeyName> = self.0.iter().map(|[_, (name, _)]| name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What is to be said of it before anybody is asked.
    #[must_use]
    pub fn words(&self) -> String {
        let mut others: Vec<&KeyName> = self.0.iter().map(|[(other, _), _]| other).collect();
        others.sort();
        others.dedup();
        let has = if others.len() == 1 { "has" } else { "have" };
        let [names, others] = [self.names(), others].map(|names| first_names(names, NAMED));
        format!("by coming back {names} may be used for more than {others}, which {has} or had the same secret")
    }

    /// Makes sure that a person at the terminal wants it: no option stands for that yes.
    ///
    /// # Errors
    /// As [`narrowing::need_person`].
    pub fn hold(&self, scene: &Scene, terminal: &Terminal) -> Result<()> {
        let (names, words) = (self.names(), self.words());
        terminal.warn(&words);
        let question = format!("bring {} back all the same", first_names(&names, NAMED));
        let refused = Failure::new(Kind::Policy, "that takes a yes at a terminal; nothing was brought back");
        narrowing::need_person_or(scene, &names, &question, refused, terminal)
    }
}
