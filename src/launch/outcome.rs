//! How a launch came out. Whether the command was there at all is what a history of uses has to know, and no kind of failure
//! tells it: the same disk fails before a command is started and while it runs.

use crate::{failure::Failure, platform::Ended};

/// How a command ended, or why nobody can say so.
pub type Launched = std::result::Result<Ended, Fault>;

/// What went wrong with a command.
#[derive(Debug)]
pub enum Fault {
    /// It was not started.
    NotStarted(Failure),
    /// It was not started either: before it was, this signal asked keyctl to end.
    CalledOff(i32),
    /// It was started, and what went wrong is beside it.
    Beside(Failure),
}

impl Fault {
    /// Why it was not started, where it was not.
    #[must_use]
    pub fn why_not_started(&self) -> Option<&str> {
        match self {
            Self::NotStarted(failure) => Some(&failure.message),
            Self::CalledOff(_) => Some("keyctl was asked to end"),
            Self::Beside(_) => None,
        }
    }
}

/// As long as nothing else is said, a command is not there yet.
impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::NotStarted(failure)
    }
}
