//! Whom to ask, where an identity opens with a passphrase.
//!
//! This layer knows no terminal: who runs keyctl introduces the person once, at the start. It is a fact of the process as
//! its terminal is one, so it is not handed through every command that opens a store.

use std::sync::OnceLock;

use crate::{
    failure::{Failure, Kind, Result},
    platform,
    secret::Secret,
};

/// Someone who may know a passphrase.
pub trait Person: Send + Sync {
    /// Whether there is anybody to ask.
    fn is_there(&self) -> bool;

    /// Whether this call may take as long as a person does who looks for a device and touches it: there need be none to ask.
    fn may_wait(&self) -> bool {
        true
    }

    /// Asks for what is not shown while it is typed.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C, `Usage` when there is nobody or no answer.
    fn passphrase(&self, question: &str) -> Result<Secret>;

    /// Asks for a line that may be seen.
    ///
    /// # Errors
    /// As [`Person::passphrase`].
    fn line(&self, _question: &str) -> Result<String> {
        Err(nobody())
    }

    /// Asks which of two it is, or for the one that there is; says whether it is the first.
    ///
    /// # Errors
    /// As [`Person::passphrase`].
    fn choose(&self, _question: &str, _yes: &str, _no: Option<&str>) -> Result<bool> {
        Err(nobody())
    }

    /// Says a line that must not be overlooked.
    fn say(&self, text: &str);
}

fn nobody() -> Failure {
    let why = if platform::is_asking_forbidden() {
        "`KEYCTL_NO_PROMPT` is set, so nothing is asked"
    } else {
        "there is no terminal to ask on"
    };
    Failure::new(Kind::Usage, why)
}

/// Where nobody can be asked, or nobody is to be.
pub struct Nobody;

impl Person for Nobody {
    fn is_there(&self) -> bool {
        false
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn passphrase(&self, _: &str) -> Result<Secret> {
        Err(nobody())
    }

    fn say(&self, _: &str) {}
}

static PERSON: OnceLock<Box<dyn Person>> = OnceLock::new();

/// Says who is to be asked; the first one stays.
pub fn introduce(person: Box<dyn Person>) {
    let _ = PERSON.set(person);
}

/// Who is to be asked.
#[must_use]
pub fn person() -> &'static dyn Person {
    PERSON.get().map_or(&Nobody, AsRef::as_ref)
}

/// Why nobody was asked, in words that go behind what would have been.
#[must_use]
pub fn why_nobody() -> &'static str {
    if platform::is_asking_forbidden() {
        return "and `KEYCTL_NO_PROMPT` is set, so nothing is asked";
    }
    if person().is_there() { "and this asks nobody" } else { "and there is no terminal to ask on" }
}

#[cfg(test)]
pub(crate) mod scripted {
    //! Someone who has learnt the answers by heart.

    use std::sync::Mutex;

    use super::{Nobody, Person, Result, Secret};

    /// What is still to be answered, and what was asked and said.
    #[derive(Default)]
    pub struct Scripted {
        answers: Mutex<Vec<&'static str>>,
        heard: Mutex<Vec<String>>,
    }

    impl Scripted {
        /// Someone with these answers, who outlives the test as a real one does.
        pub fn who_says(answers: &[&'static str]) -> &'static Self {
            let answers = Mutex::new(answers.iter().rev().copied().collect());
            Box::leak(Box::new(Self { answers, heard: Mutex::default() }))
        }

        /// What was asked and said.
        pub fn heard(&self) -> Vec<String> {
            std::mem::take(&mut self.heard.lock().expect("lock"))
        }
    }

    impl Person for Scripted {
        fn is_there(&self) -> bool {
            true
        }

        fn passphrase(&self, question: &str) -> Result<Secret> {
            self.heard.lock().expect("lock").push(question.to_owned());
            let answer = self.answers.lock().expect("lock").pop();
            answer.map_or_else(|| Nobody.passphrase(question), |answer| Ok(Secret::new(answer.as_bytes().to_vec())))
        }

        fn say(&self, text: &str) {
            self.heard.lock().expect("lock").push(text.to_owned());
        }
    }
}
