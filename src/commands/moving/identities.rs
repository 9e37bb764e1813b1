//! The age identities that open what other programs keep: where they are, and a passphrase if they have one. They are read when
//! the first file needs them.

use std::path::PathBuf;

use super::LARGEST;
use crate::{
    failure::{Failure, Kind, Result},
    home,
    identity::{Closed, foreign::Foreign},
    plain::printable,
    secret::Secret,
    terminal::Terminal,
};

/// Where identities are, and once they are read, these.
pub(super) struct Identities<'t> {
    from: From,
    read: Option<Foreign>,
    terminal: &'t Terminal,
}

/// Where they are.
pub(super) enum From {
    /// In a file.
    File(PathBuf),
    /// In a variable, as it was read from there.
    Variable(Secret),
    /// Nobody has said.
    Nowhere,
}

impl<'t> Identities<'t> {
    pub(super) fn of(from: From, terminal: &'t Terminal) -> Self {
        Self { from, read: None, terminal }
    }

    fn get(&mut self) -> Result<&Foreign> {
        if self.read.is_none() {
            self.read = Some(self.find()?);
        }
        self.read.as_ref().ok_or_else(nowhere)
    }

    fn find(&self) -> Result<Foreign> {
        let path = match &self.from {
            From::Variable(text) => return Foreign::read(text),
            From::File(path) => home::from_user(path.clone()),
            From::Nowhere => return Err(nowhere()),
        };
        let Some((bytes, _)) = home::read_named(&path, LARGEST)? else {
            let said = format!("there is no file of identities `{}`", path.display());
            return Err(Failure::new(Kind::Disk, said).hint("say where it is: `--identity FILE`"));
        };
        let mut file = Secret::new(bytes);
        if Foreign::needs_passphrase(&file) {
            let passphrase = self.terminal.ask_secret(&format!("passphrase of `{}` (not shown): ", path.display()))?;
            file = Foreign::unwrap(&file, &passphrase)?;
        }
        Foreign::read(&file)
    }
}

fn nowhere() -> Failure {
    Failure::new(Kind::Usage, "which age identity opens this?").hint("say where it is: `--identity FILE`")
}

/// What an age file holds.
pub(super) fn open(identities: &mut Identities, file: &[u8], shown: &str) -> Result<Secret> {
    identities.get()?.open(file).map_err(|closed| {
        let why = match closed {
            Closed::OtherIdentity => "it was made for another identity",
            Closed::Damaged => "it is damaged, or no age file",
        };
        Failure::new(Kind::Disk, format!("`{}` cannot be opened: {why}; nothing was imported", printable(shown)))
            .hint("to open it with another identity: `--identity FILE`")
    })
}
