//! What went wrong, as a kind that scripts can rely on, a sentence, and the way out.
//!
//! Everything below `commands` returns a [`Failure`]; `main` alone turns it into words and an exit code. A message names
//! things in backticks, begins in lower case, has no full stop, and never quotes what was read from a secret place.

use std::fmt;

/// The kinds of failure. Each is an exit code; `run` reports its own failures as 125 and says the kind as `[E04]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A negative answer to a question: verify failed, it exists already.
    Negative = 1,
    /// A call that cannot be meant.
    Usage = 2,
    /// No such key or profile, or no store yet.
    Missing = 3,
    /// The keychain is locked, denies, does not answer or lacks the item.
    Keychain = 4,
    /// The store or the history is damaged, forged or rolled back.
    Store = 5,
    /// The project file is not allowed or is refused.
    Project = 6,
    /// A file cannot be read or written.
    Disk = 7,
    /// Another keyctl holds the lock.
    Busy = 8,
    /// The user's policy says stop: a key is expired, revoked or leaked, or needs a reason.
    Policy = 9,
    /// A remote service cannot be reached or refuses.
    Remote = 10,
    /// The command was found but cannot be executed.
    NotExecutable = 126,
    /// The command was not found.
    NotFound = 127,
    /// The user interrupted a question.
    Interrupted = 130,
}

/// What each exit code means, for the manual page and the README.
pub const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "a negative answer: not removed, not intact, exists already, found by `scan`"),
    ("2", "a call that cannot be meant, or one for the kernel's `keyctl`"),
    ("3", "no such key, profile or project file"),
    ("4", "the keychain is locked, denies access or cannot be reached, or the history is not provable"),
    ("5", "the store or the history is damaged, forged or an older copy"),
    ("6", "the project file is not allowed or is refused"),
    ("7", "a file cannot be read or written"),
    ("8", "another keyctl holds the lock"),
    ("9", "the policy says stop: a key is expired, revoked or leaked, or needs a reason"),
    ("10", "a remote service cannot be reached or refuses"),
    ("125", "`run`: one of the above, whose number stands behind the message"),
    ("126", "`run`: the command cannot be executed"),
    ("127", "`run`: the command was not found"),
    ("130", "interrupted at a question"),
];

/// One failure on its way to the user.
#[derive(Debug)]
pub struct Failure {
    /// What a script may decide on.
    pub kind: Kind,
    /// What happened, in one line.
    pub message: String,
    /// What to do about it, a line each.
    pub hints: Vec<String>,
}

/// The result of everything below `commands`.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// The same failure with one more way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A file that could not be read or written: what was being done, to what, and the system's reason.
    pub fn disk(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Kind::Disk, format!("cannot {doing} `{}`: {}", path.display(), reason(error)))
    }
}

/// The system's reason without Rust's `(os error N)`.
#[must_use]
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !text.starts_with("I/O") => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
