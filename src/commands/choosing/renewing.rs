//! What a command has, held against what its stores have by now.

use std::collections::BTreeSet;

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyName, KeyPath, VariableName},
    secret::Secret,
    store::payload::Key,
    terminal::Terminal,
};

use super::{
    super::{opening, sourcing, using},
    Chosen, Taken, Wish, confirmed, homes, in_home, of_store,
};

/// What has become of a command's keys.
pub enum Renewed {
    /// It has what there is.
    Same,
    /// These variables have other secrets by now; here is what the command gets with them.
    Changed(Box<Chosen>, Vec<VariableName>),
    /// These keys are not in their stores any more; here is what the command gets without them.
    Gone(BTreeSet<KeyPath>, Box<Chosen>),
    /// These keys have been revoked since.
    Revoked(BTreeSet<KeyPath>),
}

impl Chosen {
    /// Takes the same keys anew, without asking anybody, and compares. Variables that the command has from elsewhere do not count.
    ///
    /// # Errors
    /// As [`Chosen::taken_anew`].
    pub fn renewed(&self, left: &[VariableName], terminal: &Terminal) -> Result<Renewed> {
        let anew = self.taken_anew(terminal)?;
        let gone = self.gone_since(&anew);
        if !gone.is_empty() {
            return Ok(Renewed::Gone(gone, Box::new(anew)));
        }
        let is_other = |variable: &VariableName| {
            let before = self.content(variable);
            let is_same = |before| anew.content(variable).is_some_and(|now: &Secret| now.same_as(before));
            !left.contains(variable) && before.is_some_and(|before| anew.waits_for(variable) || !is_same(before))
        };
        let variables = self.wanted.iter().map(|(variable, _)| variable);
        let changed: Vec<VariableName> = variables.filter(|variable| is_other(variable)).cloned().collect();
        if !changed.is_empty() {
            return Ok(Renewed::Changed(Box::new(anew), changed));
        }
        let revoked = self.revoked_since(&anew, left);
        Ok(if revoked.is_empty() { Renewed::Same } else { Renewed::Revoked(revoked) })
    }

    /// Takes the same keys anew, without asking anybody.
    ///
    /// # Errors
    /// As the stores have them; `Keychain` where somebody would have to be asked.
    pub fn taken_anew(&self, terminal: &Terminal) -> Result<Self> {
        let mut anew = Self {
            given: Vec::new(),
            files: Vec::new(),
            missing: Vec::new(),
            masks: self.masks,
            wanted: self.wanted.clone(),
            taken: Vec::with_capacity(self.taken.len()),
            profile: self.profile.clone(),
            place: self.place.clone(),
            waiting: Vec::new(),
            offline: self.offline,
            credentials: self.credentials.clone(),
            held: sourcing::Held::default(),
        };
        for Taken { used, remotes, from, .. } in &self.taken {
            let home = &used.home;
            let kept = opening::identity_quietly(home).map_err(|failure| of_store(failure, home))?;
            let keys = self.wanted.iter().flat_map(|(_, source)| source.keys());
            // What is to be fetched anew takes the credentials of sources, as at the start.
            let keys = keys.chain(&self.credentials);
            let names: Vec<&KeyName> = keys.filter_map(|name| in_home(name, home)).collect();
            let taken = using::keys_of(home, kept, &names, &names, terminal);
            let mut taken = taken.map_err(|failure| of_store(failure, home))?;
            taken.project.clone_from(&used.project);
            let mut taken = Taken::new(taken);
            taken.keep_fetched(used, remotes, from);
            anew.taken.push(taken);
        }
        anew.give_all()?;
        Ok(anew)
    }

    /// The keys that the command has and that are not in their stores any more.
    #[must_use]
    pub fn gone_since(&self, anew: &Self) -> BTreeSet<KeyPath> {
        let has = |variable: &VariableName| self.content(variable).is_some();
        let lacks = |variable: &VariableName| anew.content(variable).is_none() && !anew.waits_for(variable);
        let lacking = self.wanted.iter().filter(|(variable, _)| has(variable) && lacks(variable));
        let names = lacking.flat_map(|(_, source)| source.keys());
        names.filter(|name| anew.key(name).is_none()).cloned().collect()
    }

    /// Those of these variables that are others than before, now that what lies in a source is here.
    #[must_use]
    pub fn differing(&self, before: &Self, variables: Vec<VariableName>) -> Vec<VariableName> {
        let is_same = |variable: &VariableName| match (self.content(variable), before.content(variable)) {
            (Some(now), Some(before)) => now.same_as(before),
            (now, before) => now.is_none() && before.is_none(),
        };
        variables.into_iter().filter(|variable| !is_same(variable)).collect()
    }

    /// The keys that the command has of which it is said now, and was not before, that they are revoked.
    #[must_use]
    pub fn revoked_since(&self, anew: &Self, left: &[VariableName]) -> BTreeSet<KeyPath> {
        let is_revoked = |key: Option<&Key>| key.is_some_and(|key| key.facts.revoked.is_some());
        let has = |variable: &VariableName| !left.contains(variable) && self.content(variable).is_some();
        let names = self.wanted.iter().filter(|(variable, _)| has(variable)).flat_map(|(_, source)| source.keys());
        names.filter(|name| is_revoked(anew.key(name)) && !is_revoked(self.key(name))).cloned().collect()
    }

    /// Makes sure that everything the command has of a project is asked for there still, as it was, and is allowed still,
    /// without asking anybody. What the project asks for beside that is for the next one who starts it.
    ///
    /// # Errors
    /// `Project` where it is not; `Keychain` where somebody would have to be asked.
    pub fn is_still_allowed(&self, home: &Home, now: Wish) -> Result<()> {
        let is_asked_for = |of: &VariableName| {
            let before = self.wanted.iter().find(|(variable, _)| variable == of).map(|(_, source)| source);
            now.sources().find(|(variable, _)| *variable == of).map(|(_, source)| source) == before
        };
        let other: Vec<String> = self
            .wanted
            .iter()
            .filter(|(variable, _)| !is_asked_for(variable))
            .map(|(variable, _)| format!("`{variable}`"))
            .collect();
        if !other.is_empty() {
            let are = if other.len() == 1 { "is" } else { "are" };
            let what = format!("{} {are} not asked for here any more as at its start", other.join(", "));
            return Err(Failure::new(Kind::Project, what));
        }
        let now = now.only(&self.wanted.iter().map(|(variable, _)| variable.clone()).collect());
        let Some(project) = &now.project else { return Ok(()) };
        let grants = now.grants();
        if !project.unapproved(&grants).is_empty() {
            let path = project.file.path.display();
            return Err(Failure::new(Kind::Project, format!("`{path}` is not allowed any more")));
        }
        let homes = homes(home, &now, &grants)?;
        confirmed(now, &grants, homes, opening::identity_quietly).map(drop)
    }

    /// The files of the stores that the keys are of.
    pub fn store_files(&self) -> impl Iterator<Item = std::path::PathBuf> {
        self.taken.iter().filter(|taken| !taken.given.is_empty()).map(|taken| taken.used.home.store_file())
    }
}
