//! age plugins: programs that hold a key which is nowhere else, on a `YubiKey`, in a TPM or an enclave, or behind any HSM.
//!
//! The protocol is age's (C2SP, "Plugin system for age"), and age does all cryptography: here a program is started and spoken
//! with. The `age` crate could do that too; but it looks for the program on `PATH` each time, so that whoever can put one there
//! gets the keys of files, it waits for ever, and it prints what is secret where `AGEDEBUG` says so.

pub mod kept;
mod machine;
pub mod name;
pub mod place;
pub mod talk;
mod wire;

use std::{
    cell::{OnceCell, RefCell},
    collections::HashSet,
    path::PathBuf,
};

use age_core::format::{FileKey, Stanza};

use super::{
    asking::{self, Person},
    unlocked,
    wrapping::Wrapper,
};
use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
};
use kept::PluginPlace;
use name::{PluginLine, To};
use talk::{Patience, Talk};

/// The stanzas that are age's own, which no plugin has a part in.
const NATIVE: &[&str] = &["X25519", "scrypt", "mlkem768x25519", "ssh-ed25519", "ssh-rsa"];

/// A plugin with the line that leads it to its key, which is read once it is needed.
pub struct Plugin {
    place: PluginPlace,
    file: PathBuf,
    line: OnceCell<PluginLine>,
    person: &'static dyn Person,
    patience: Patience,
    trouble: RefCell<Option<Failure>>,
}

impl Plugin {
    /// The plugin of a store.
    #[must_use]
    pub fn of(home: &Home, place: &PluginPlace) -> Self {
        Self {
            place: place.clone(),
            file: place.line_file(home),
            line: place.held().map_or_else(OnceCell::new, OnceCell::from),
            person: asking::person(),
            patience: Patience::USUAL,
            trouble: RefCell::default(),
        }
    }

    fn line(&self) -> Result<&PluginLine> {
        if let Some(line) = self.line.get() {
            return Ok(line);
        }
        let line = kept::read(&self.file, &self.place.name)?;
        Ok(self.line.get_or_init(|| line))
    }

    fn talk(&self, machine: &str) -> Result<Talk> {
        let program = &self.place.program;
        match place::judged(program) {
            Ok(file) => Talk::start(program, &file, machine, self.patience),
            Err(flaw) => Err(place::refused(program, &flaw)),
        }
    }

    fn unwrap(&self, stanzas: &[Stanza], person: &dyn Person) -> Result<Option<FileKey>> {
        if !person.may_wait() {
            return Err(closed());
        }
        let line = self.line()?.line.expose_text().unwrap_or_default();
        machine::unwrap(self.talk("identity-v1")?, line, stanzas, person)
    }

    fn wrap(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>)> {
        let line = self.line()?;
        let add = match &line.to {
            To::Recipient(recipient) => ("add-recipient", recipient.as_str()),
            To::Tagged(_) | To::Identity => ("add-identity", line.line.expose_text().unwrap_or_default()),
        };
        machine::wrap(self.talk("recipient-v1")?, add, key, self.person)
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::new(Kind::Keychain, format!("the plugin `{}` {what}", self.place.name.program()))
    }

    /// age's failures have no room for the words of others: they wait here until they are asked for.
    fn remember(&self, failure: Failure) {
        *self.trouble.borrow_mut() = Some(failure);
    }
}

impl Wrapper for Plugin {
    /// Of whatever kind the plugin has: that is its own affair, and not told beforehand.
    fn stanzas(&self) -> &'static [&'static str] {
        &[]
    }

    fn knows(&self, stanza: &str) -> bool {
        !NATIVE.contains(&stanza)
    }

    fn recipient(&self) -> Result<Box<dyn age::Recipient + '_>> {
        if let To::Tagged(recipient) = &self.line()?.to {
            let recipient = recipient.parse::<age::tag::Recipient>();
            return recipient
                .map(|recipient| Box::new(recipient) as Box<dyn age::Recipient>)
                .map_err(|_| self.failure("has a recipient that age does not know"));
        }
        Ok(Box::new(Making(self)))
    }

    fn identity<'w>(&'w self, person: &'w dyn Person) -> Result<Box<dyn age::Identity + 'w>> {
        Ok(Box::new(Opening { plugin: self, person }))
    }

    fn trouble(&self) -> Option<Failure> {
        self.trouble.take()
    }

    fn prepare(&self) -> Result<()> {
        self.place.held().map_or(Ok(()), |line| self.place.write(&self.file, &line))
    }

    fn forget(&self) -> Result<()> {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::disk("remove", &self.file, &error))
            }
            _ => Ok(()),
        }
    }
}

/// A plugin as the private half of age's.
struct Opening<'p> {
    plugin: &'p Plugin,
    person: &'p dyn Person,
}

impl age::Identity for Opening<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<std::result::Result<FileKey, age::DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<std::result::Result<FileKey, age::DecryptError>> {
        match self.plugin.unwrap(stanzas, self.person) {
            Ok(key) => {
                // Heard of only if the file does not open with it.
                let wrong = "gives a key that does not open the identity: it is a wrong one, or the file is damaged";
                self.plugin.remember(match &key {
                    Some(_) => self.plugin.failure(wrong),
                    None => self.plugin.failure("has no key that opens the identity: another device may have it"),
                });
                key.map(Ok)
            }
            Err(failure) => {
                self.plugin.remember(failure);
                Some(Err(age::DecryptError::DecryptionFailed))
            }
        }
    }
}

/// A plugin as the public half.
struct Making<'p>(&'p Plugin);

impl age::Recipient for Making<'_> {
    fn wrap_file_key(&self, key: &FileKey) -> std::result::Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        self.0.wrap(key).map_err(|failure| {
            self.0.remember(failure);
            age::EncryptError::MissingRecipients
        })
    }
}

fn closed() -> Failure {
    unlocked::closed("a plugin", "and nobody is to be asked now")
}

#[cfg(all(test, unix))]
mod tests;
