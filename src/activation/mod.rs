//! Keys that come into a shell with the folder it stands in, and go with it: what the shell is told.
//!
//! A shell keeps no process of keyctl's. Its prompt calls `keyctl hook-env`, which looks at the folder, compares it with the
//! [`state::State`] that the shell carries in a variable, and says nothing where nothing has changed. What changes is said in an
//! [`answer`], which names variables and carries values and does nothing else: fish reads it as commands whose values stand in
//! single quotes (the quoting of `keyctl env`, tested byte for byte), all others as lines of data. So no value is ever
//! evaluated, no trap of the user's is told one, and what a shell would heed by itself ([`heeded`]) it does not get. What an
//! answer sets never reaches what a hook itself works with: that is positional, or has a name that is refused to everybody.
//!
//! Where the program is gone the hook brings back what was: nobody else would take the keys out of the shell then.
//!
//! What a variable was before is kept by the shell itself in a variable that it exports to nobody: it may be a secret, and
//! in the state every program would see it once more. A shell that was started inside has the state and not those, and
//! there a variable that goes is gone.

pub mod answer;
pub mod changes;
mod heeded;
pub mod hook;
pub mod state;

use std::{fmt, str::FromStr};

use crate::{
    exchange::export::{self, Format},
    failure::{Failure, Kind, Result},
    name::VariableName,
    secret::Secret,
};

/// A shell that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// bash, from 3.2 on.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// `PowerShell`, the Windows one and the newer one.
    Powershell,
    /// Nushell.
    Nu,
}

impl Shell {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Shell; 5] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell, Shell::Nu];

    /// What it is called, as a word and as a program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Powershell => "powershell",
            Shell::Nu => "nu",
        }
    }

    /// The form whose rules its values have to keep.
    fn format(self) -> Format {
        match self {
            Shell::Bash => Format::Bash,
            Shell::Zsh => Format::Zsh,
            Shell::Fish => Format::Fish,
            Shell::Powershell => Format::Powershell,
            Shell::Nu => Format::Json,
        }
    }

    /// Why it cannot have this value under this name, if it cannot.
    #[must_use]
    pub fn objection(self, name: &VariableName, value: &Secret) -> Option<&'static str> {
        let own = heeded::by(self, name.as_str()).then_some("a variable of this name is the shell's own");
        own.or_else(|| export::objection(self.format(), name, value))
    }
}

impl fmt::Display for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shell {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|shell| shell.name() == text).ok_or_else(|| {
            let names: Vec<String> = Self::ALL.iter().map(|shell| format!("`{shell}`")).collect();
            Failure::new(Kind::Usage, "keyctl does not know this shell")
                .hint(format!("use one of {}", names.join(", ")))
        })
    }
}
