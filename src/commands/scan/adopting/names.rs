//! Under which name a secret is kept that was found: the variable's, as `import` has it, or what its issuer's kind is called.

use std::sync::Arc;

use crate::{
    failure::Result,
    name::{KeyName, KeyPath, StoreName, VariableName},
    scan::finding::What,
    secret::Secret,
    store::payload::Payload,
    terminal::Terminal,
};

/// How many names with a number are tried.
const MOST: usize = 1000;

/// The names that are taken, and those that were given so far.
pub struct Names<'s> {
    /// The store that new keys go into.
    store: Option<&'s Arc<StoreName>>,
    payload: Option<&'s Payload>,
    prefix: &'s str,
    /// Whom to ask for another name.
    asked: Option<&'s Terminal>,
    new: Vec<(KeyName, Secret)>,
}

/// A name with its store, and whether it is a new key's; or why there is none.
type Named = std::result::Result<(KeyPath, bool), String>;

impl<'s> Names<'s> {
    /// Nothing is given yet.
    pub fn new(
        store: Option<&'s Arc<StoreName>>,
        payload: Option<&'s Payload>,
        prefix: &'s str,
        asked: Option<&'s Terminal>,
    ) -> Self {
        Self { store, payload, prefix, asked, new: Vec::new() }
    }

    /// The name for the value of a variable in a file, which says what it is called: where that is taken by another secret
    /// the user is asked for another one.
    ///
    /// # Errors
    /// `Interrupted`.
    pub fn of_variable(&mut self, what: &What, secret: &Secret, variable: &VariableName) -> Result<Named> {
        if let Some(known) = self.known(what, secret) {
            return Ok(Ok(known));
        }
        let mut name = match self.parse(variable.as_str()) {
            Ok(name) => name,
            Err(why) => return Ok(Err(why)),
        };
        while self.is_taken(&name) {
            let why = format!("a key named `{name}` has another secret");
            let Some(terminal) = self.asked else {
                return Ok(Err(format!("{why}; to keep them apart: `--prefix PROJECT/`")));
            };
            let typed = terminal.ask(&format!("{why}; the name for this one (none: leave it there): "))?;
            if typed.trim().is_empty() {
                return Ok(Err(why));
            }
            match typed.trim().parse::<KeyName>() {
                Ok(other) => name = other.of(self.store),
                Err(bad) => terminal.warn(&format!("{bad}")),
            }
        }
        Ok(Ok(self.give(name, secret)))
    }

    /// The name for a secret in a command: nobody chose one, so where it is taken it gets a number.
    pub fn of_command(&mut self, what: &What, secret: &Secret, variable: Option<&VariableName>) -> Named {
        if let Some(known) = self.known(what, secret) {
            return Ok(known);
        }
        let base = match (what, variable) {
            (_, Some(variable)) => variable.as_str(),
            (What::Shape { id, .. }, None) => id,
            (What::Key { name, .. }, None) => name,
        };
        let first = self.parse(base)?;
        let numbered = (2..MOST).filter_map(|number| format!("{}-{number}", first.as_str()).parse().ok());
        let numbered = numbered.map(|name: KeyName| name.of(self.store));
        let free = [first.clone()].into_iter().chain(numbered).find(|name| !self.is_taken(name));
        Ok(self.give(free.ok_or("there is no name left for it")?, secret))
    }

    /// The name that a secret has already, in the store or among those that were given.
    fn known(&self, what: &What, secret: &Secret) -> Option<(KeyPath, bool)> {
        if let What::Key { name, .. } = what {
            return name.parse().ok().map(|name| (name, false));
        }
        let given = self.new.iter().find(|(_, other)| other.same_as(secret));
        given.map(|(name, _)| (name.clone().into(), true))
    }

    fn parse(&self, name: &str) -> std::result::Result<KeyName, String> {
        let name = format!("{}{name}", self.prefix).parse::<KeyName>();
        name.map(|name| name.of(self.store)).map_err(|why| format!("with this prefix {why}"))
    }

    fn is_taken(&self, name: &KeyName) -> bool {
        let is_kept = self.payload.is_some_and(|payload| payload.keys.contains_key(name));
        is_kept || self.new.iter().any(|(other, _)| other == name)
    }

    fn give(&mut self, name: KeyName, secret: &Secret) -> (KeyPath, bool) {
        self.new.push((name.clone(), secret.copy()));
        (name.into(), true)
    }
}
