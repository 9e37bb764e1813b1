//! What a command is given of the keys that were taken out: as variables, as files, or within a text.

use std::collections::BTreeSet;

use crate::{
    commands::limiting::Leave,
    config::Config,
    failure::{Failure, Kind, Result},
    history::Event,
    launch::files::Handed,
    name::{KeyPath, VariableName},
    profile::{Form, Source},
    secret::Secret,
    store::payload::Key,
    terminal::Terminal,
};

use super::{Chosen, Taken, in_home};

impl Chosen {
    /// Whether the command gets nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.files.is_empty()
    }

    /// The variables that it gets.
    #[must_use]
    pub fn variables(&self) -> Vec<VariableName> {
        let files = self.files.iter().map(|file| &file.variable);
        self.given.iter().map(|(variable, _)| variable).chain(files).cloned().collect()
    }

    /// What this variable stands for: its text, or what is in its file.
    #[must_use]
    pub fn content(&self, variable: &VariableName) -> Option<&Secret> {
        let given = self.given.iter().find(|(given, _)| given == variable).map(|(_, secret)| secret);
        given.or_else(|| self.files.iter().find(|file| file.variable == *variable).map(|file| &file.secret))
    }

    /// What filters made of the secrets in the texts that it gets, each with its variable.
    #[must_use]
    pub fn filtered(&self) -> Vec<(VariableName, Secret)> {
        let made = |(variable, source): &(VariableName, Source)| match source {
            Source::Composed { text, .. } => {
                let made = text.template().filtered(|name| self.secret(name)).into_iter();
                made.map(|secret| (variable.clone(), secret)).collect()
            }
            _ => Vec::new(),
        };
        self.wanted.iter().flat_map(made).collect()
    }

    /// The texts with secrets in them that it gets, each with its variable.
    pub fn texts(&self) -> impl Iterator<Item = (&VariableName, &Secret)> {
        let is_text = |(_, source): &&(VariableName, Source)| matches!(source, Source::Composed { .. });
        self.wanted.iter().filter(is_text).filter_map(|(variable, _)| Some((variable, self.content(variable)?)))
    }

    /// Gives the command one more file, made of what these variables stand for.
    pub fn hand(&mut self, file: Handed, made_of: &BTreeSet<VariableName>) {
        for Taken { given, .. } in &mut self.taken {
            let used = given.iter().filter(|(variable, _)| made_of.contains(variable));
            let used: Vec<_> = used.map(|(_, name)| (file.variable.clone(), name.clone())).collect();
            given.extend(used);
        }
        self.files.push(file);
    }

    /// Refuses what would have a program load other code, where a key is for certain programs and this is one: what the caller
    /// has of it is left out, and what he has keyctl give comes from him as well.
    ///
    /// # Errors
    /// `Policy` with each by its name, which the history of each store has as a failed `event`.
    pub fn refuse_other_code(&self, leave: &Leave, event: &Event, config: &Config, terminal: &Terminal) -> Result<()> {
        let given = self.given.iter().map(|(variable, secret)| (variable, Some(secret)));
        let files = self.files.iter().map(|file| (&file.variable, None));
        let refused = given.chain(files).filter(|(variable, secret)| leave.refuses(variable, *secret));
        let names: Vec<&VariableName> = refused.map(|(variable, _)| variable).collect();
        let Some(first) = names.first() else { return Ok(()) };
        for taken in &self.taken {
            let event =
                self.place.sign(event.clone(), self.profile.as_ref()).refused("a variable that loads other code");
            taken.used.record_refusal(event.names(&taken.names(&[])), config, terminal);
        }
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message =
            format!("not given, as a key is for certain programs alone: {listed} can have one load other code");
        Err(Failure::new(Kind::Policy, message)
            .hint(format!("leave it out, or let it through, at a terminal: `keyctl edit KEY --with-variable {first}`")))
    }

    /// Gives the command all that was asked for.
    pub(super) fn give_all(&mut self) -> Result<()> {
        let wanted = std::mem::take(&mut self.wanted);
        let given = wanted.iter().try_for_each(|(variable, source)| self.give(variable.clone(), source));
        self.wanted = wanted;
        given
    }

    /// Gives the command a variable, or notes which of its keys are missing.
    fn give(&mut self, variable: VariableName, source: &Source) -> Result<()> {
        let keys = source.keys();
        let lacking: Vec<&KeyPath> = keys.iter().copied().filter(|name| self.secret(name).is_none()).collect();
        if !lacking.is_empty() {
            let is_new = |name: &&KeyPath| !self.missing.contains(name);
            self.missing.extend(lacking.into_iter().filter(is_new).cloned().collect::<Vec<_>>());
            return Ok(());
        }
        let secret =
            match source {
                Source::Value(text) => Some(Secret::new(text.clone().into_bytes())),
                Source::Key { name, .. } => self.secret(name).map(Secret::copy),
                Source::Composed { text, .. } => {
                    let filled = text.template().fill(|name| self.secret(name));
                    Some(filled.map_err(|failure| Failure {
                        message: format!("`{variable}`: {}", failure.message),
                        ..failure
                    })?)
                }
            };
        for Taken { used, given } in &mut self.taken {
            let of_store = keys.iter().filter_map(|name| in_home(name, &used.home));
            given.extend(of_store.map(|name| (variable.clone(), name.clone())));
        }
        match (secret, source.form()) {
            (None, _) => {}
            (Some(secret), Form::Variable) => self.given.push((variable, secret)),
            (Some(secret), form) => self.files.push(Handed { variable, secret, form }),
        }
        Ok(())
    }

    /// A key's secret, as its store has it.
    fn secret(&self, name: &KeyPath) -> Option<&Secret> {
        self.key(name).map(|key| &key.value)
    }

    /// A key, as its store has it.
    pub(super) fn key(&self, name: &KeyPath) -> Option<&Key> {
        let stores = self.taken.iter().map(|taken| &taken.used);
        let mut keys = stores.filter_map(|used| used.payload.keys.get(in_home(name, &used.home)?));
        keys.next()
    }
}
