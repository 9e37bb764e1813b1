//! How keys may be given, once they were held against their limits: what a person was asked, and what goes along.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{history::Event, name::VariableName, profile::loading, secret::Secret, store::limits::Limits};

/// What the history has of a use that a person has said yes to.
const ASKED: &str = "asked for, with a yes";

/// How keys may be given.
#[derive(Default)]
pub struct Leave {
    /// Whether a person was asked, and said yes.
    pub was_asked: bool,
    /// What holds of all that are for certain programs alone, if one of them is.
    pub(super) for_programs: Option<Limits>,
    /// Where the program lies, where it matters which one it is.
    pub(super) program: Option<PathBuf>,
}

impl Leave {
    /// Whether one of them is for certain programs alone.
    #[must_use]
    pub fn is_for_programs(&self) -> bool {
        self.for_programs.is_some()
    }

    /// Whether this program, of which a key is, goes without a variable of the caller's: by it a caller has it load other code,
    /// and not all limits let it through.
    #[must_use]
    pub fn leaves_out(&self, program: &Path, (name, value): &(OsString, OsString)) -> bool {
        let goes_without = |limits: &Limits| loading::loads_code(name, program) && !limits.let_through(name, value);
        self.for_programs.as_ref().is_some_and(goes_without)
    }

    /// Whether this program gets no variable of this name by what the call itself says: from `-k`, `--file`, a template or a
    /// profile. It is what of the caller's would be left out, and whoever calls says it just as well.
    #[must_use]
    pub fn refuses(&self, name: &VariableName, value: Option<&Secret>) -> bool {
        let (Some(limits), Some(program)) = (&self.for_programs, &self.program) else { return false };
        loading::loads_code(name.as_str().as_ref(), program) && !limits.let_through_given(name.as_str(), value)
    }

    /// The event of a use: with the program that it is for, and what a person has said yes to.
    #[must_use]
    pub fn sign(&self, event: Event) -> Event {
        signed(signed_by(event, self.program.as_deref()), self.was_asked)
    }
}

/// The event of what a person has said yes to, if anybody was asked.
#[must_use]
pub fn signed(event: Event, was_asked: bool) -> Event {
    if !was_asked {
        return event;
    }
    let note = event.note.as_ref().map_or_else(|| ASKED.to_owned(), |note| format!("{note}; {ASKED}"));
    event.note(note)
}

pub(super) fn signed_by(event: Event, program: Option<&Path>) -> Event {
    program.into_iter().fold(event, |event, program| event.program(program.as_os_str()))
}
