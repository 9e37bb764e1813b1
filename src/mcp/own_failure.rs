//! How a keyctl that does one call says that a failure is its own, and not the command's: both come by standard error with an
//! exit code, and a command may print what it likes and end as it likes.
//!
//! The server makes up a word for each call. keyctl takes it out of its environment before anything else, so no command ever
//! has it, and says it behind a failure of its own, with the number of its kind.

use std::{
    io::{self, Write},
    process::Command,
    sync::OnceLock,
};

use crate::{
    failure::{Kind, Result},
    hex, platform, random,
};

/// The variable that has the word.
const VARIABLE: &str = "KEYCTL_OWN_FAILURE";

static TAKEN: OnceLock<String> = OnceLock::new();

/// Takes the word out of the environment, while the program has one thread.
pub fn take() {
    if let Some(word) = platform::take_variable(VARIABLE).and_then(|word| word.into_string().ok()) {
        let _ = TAKEN.set(word);
    }
}

/// Whether this keyctl does a call of a server's, whose answer an agent reads.
#[must_use]
pub fn is_asked_for() -> bool {
    TAKEN.get().is_some()
}

/// Says behind a failure that it was this keyctl's, if somebody wants to know.
pub fn tell(kind: Kind) {
    if let Some(word) = TAKEN.get() {
        // Whoever does not hear it takes the failure for the command's, with its text.
        let _ = io::stderr().lock().write_all(line(word, kind).as_bytes());
    }
}

fn line(word: &str, kind: Kind) -> String {
    format!("{word} {}\n", kind as u8)
}

/// The word of one call.
pub struct Word(String);

impl Word {
    /// A new one.
    ///
    /// # Errors
    /// `Disk` where there is no randomness.
    pub fn new() -> Result<Self> {
        Ok(Self(hex::encode(&random::bytes::<16>()?)))
    }

    /// Tells it to a keyctl that is about to be started.
    pub fn to(&self, command: &mut Command) {
        command.env(VARIABLE, &self.0);
    }

    /// What was said before it, and the kind of the failure, if it is there.
    #[must_use]
    pub fn in_what_was_said<'s>(&self, said: &'s str) -> Option<(&'s str, Kind)> {
        let (before, number) = said.rsplit_once(&self.0)?;
        Some((before, Kind::of_number(number.trim().parse().ok()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_word_says_that_a_failure_is_its_own() {
        let (word, other) = (Word::new().expect("random"), Word::new().expect("random"));
        let said = format!("keyctl: no [E04]\nkeyctl: hint: x\n{}", line(&word.0, Kind::Keychain));
        let own = Some(("keyctl: no [E04]\nkeyctl: hint: x\n", Kind::Keychain));
        assert_eq!(word.in_what_was_said(&said), own);
        assert_eq!(other.in_what_was_said(&said), None);
        assert_eq!(word.in_what_was_said("keyctl: no [E04]\n"), None);
    }
}
