//! What went wrong, as a kind that scripts can rely on, a sentence, and the way out.
//!
//! Everything below `commands` returns a [`Failure`]; `main` alone turns it into words and an exit code. A message names
//! things in backticks, begins in lower case, has no full stop, and never quotes what was read from a secret place.

use std::{borrow::Cow, fmt};

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
    /// The user's policy says stop: a key is expired, revoked or leaked, is for other uses, or needs a reason or a yes.
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

impl Kind {
    const ALL: [Self; 13] = [
        Self::Negative,
        Self::Usage,
        Self::Missing,
        Self::Keychain,
        Self::Store,
        Self::Project,
        Self::Disk,
        Self::Busy,
        Self::Policy,
        Self::Remote,
        Self::NotExecutable,
        Self::NotFound,
        Self::Interrupted,
    ];

    /// The kind that has this exit code.
    #[must_use]
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i32 == number)
    }
}

/// What each exit code means, for the manual page and the README.
pub const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "a negative answer: not removed, not intact, exists already, found by `scan`"),
    ("2", "a call that cannot be meant, or one for the kernel's `keyctl`"),
    ("3", "no such key, store, profile or project file"),
    ("4", "the keychain is locked, denies access or cannot be reached, or the history is not provable"),
    ("5", "the store or the history is damaged, forged or an older copy"),
    ("6", "the project file is not allowed or is refused"),
    ("7", "a file cannot be read or written"),
    ("8", "another keyctl holds the lock"),
    ("9", "the policy says stop: a key is expired, revoked or leaked, is for other uses, or needs a reason or a yes"),
    ("10", "a remote service cannot be reached or refuses"),
    ("125", "`run`: one of the above, whose number stands behind the message"),
    ("126", "`run`: the command cannot be executed"),
    ("127", "`run`: the command was not found"),
    ("129", "`store merge` for git: one of the above, by which git gives the merge up"),
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

    /// The same failure once more, for another who waited for the same.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { kind: self.kind, message: self.message.clone(), hints: self.hints.clone() }
    }

    /// The same failure with one more way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same failure as one of a store that is not the only one in question: it is named, and what is to be typed is for it.
    #[must_use]
    pub fn of_store(self, store: &str) -> Self {
        let hints = self.hints.iter().map(|hint| for_store(hint, store).into_owned()).collect();
        let message = for_store(&self.message, store);
        let is_named = message.contains(&format!("`{store}:"));
        let message = if is_named { message.into_owned() } else { format!("store `{store}`: {message}") };
        Self { kind: self.kind, message, hints }
    }

    /// A file that could not be read or written: what was being done, to what, and the system's reason.
    pub fn disk(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Kind::Disk, format!("cannot {doing} `{}`: {}", path.display(), reason(error)))
    }
}

/// The commands that are about a store, and are told which by `--store`.
const ABOUT_A_STORE: &[&str] =
    &["list", "due", "scan", "status", "doctor", "history", "alerts", "undo", "import", "recovery", "audit"];

/// A text with what it says to type, in backticks, said for this store instead of the personal one.
#[must_use]
pub fn for_store<'t>(text: &'t str, store: &str) -> Cow<'t, str> {
    if !text.contains("`keyctl ") {
        return Cow::Borrowed(text);
    }
    let spans = text.split('`').enumerate().map(|(at, span)| {
        let is_quoted = at % 2 == 1;
        let said = if is_quoted { command_for_store(span, store) } else { None };
        said.map_or(Cow::Borrowed(span), Cow::Owned)
    });
    Cow::Owned(spans.collect::<Vec<_>>().join("`"))
}

/// The commands whose first word is a key's name.
const ABOUT_A_KEY: &[&str] =
    &["set", "get", "show", "copy", "remove", "rename", "edit", "rotate", "versions", "rollback", "forget", "revoke"];

/// A command, if it has to say which store it is about and does not yet.
fn command_for_store(command: &str, store: &str) -> Option<String> {
    let words: Vec<&str> = command.strip_prefix("keyctl ")?.split(' ').collect();
    let (verb, rest) = words.split_first()?;
    let is_of_store = |word: &&str| word.strip_prefix(store).is_some_and(|rest| rest.starts_with(':'));
    if rest.iter().any(|word| *word == "--store" || *word == "--help" || is_of_store(word)) {
        return None;
    }
    if *verb == "store" {
        let (deed, rest) = rest.split_first()?;
        let rest = rest.strip_prefix(&["personal"]).unwrap_or(rest);
        let named = ["create", "keeper", "rekey", "show", "remove"].contains(deed) && rest.first() != Some(&store);
        return named.then(|| [&["keyctl", "store", deed, store], rest].concat().join(" "));
    }
    if ["unlock", "lock"].contains(verb) && rest.is_empty() {
        return Some(format!("{command} {store}"));
    }
    // The hooks are for whatever is kept.
    let is_of_hooks = *verb == "scan" && rest.first().is_some_and(|word| word.contains("hook"));
    let is_of_all = ABOUT_A_STORE.contains(verb) && !is_of_hooks || *verb == "rotate" && rest.contains(&"--due");
    if is_of_all {
        return Some(format!("{command} --store {store}"));
    }
    if !ABOUT_A_KEY.contains(verb) || rest.first()?.starts_with('-') {
        return None;
    }
    let names = if ["remove", "forget"].contains(verb) { rest.len() } else { 1 };
    let said = |(at, word): (usize, &&str)| {
        if at < names && !word.starts_with('-') { format!("{store}:{word}") } else { (*word).to_owned() }
    };
    let words: Vec<String> = rest.iter().enumerate().map(said).collect();
    Some(format!("keyctl {verb} {}", words.join(" ")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_is_said_for_the_store_that_it_is_about() {
        for (text, said) in [
            ("see `keyctl history verify`", "see `keyctl history verify --store team`"),
            ("`keyctl recovery restore FILE`, then", "`keyctl recovery restore FILE --store team`, then"),
            ("`keyctl undo --list`", "`keyctl undo --list --store team`"),
            ("`keyctl store create --anew`", "`keyctl store create team --anew`"),
            ("`keyctl store create personal --keeper file`", "`keyctl store create team --keeper file`"),
            ("`keyctl unlock`, then `keyctl lock`", "`keyctl unlock team`, then `keyctl lock team`"),
            ("`keyctl set NAME` or `keyctl list`", "`keyctl set team:NAME` or `keyctl list --store team`"),
            ("`keyctl rotate team:x`", "`keyctl rotate team:x`"),
            ("`keyctl edit x --rotate-every 90d`", "`keyctl edit team:x --rotate-every 90d`"),
            ("`keyctl remove a b --forget`", "`keyctl remove team:a team:b --forget`"),
            ("`keyctl rotate --due`", "`keyctl rotate --due --store team`"),
            ("`keyctl scan --all` shows them", "`keyctl scan --all --store team` shows them"),
            ("`keyctl scan install-hook`", "`keyctl scan install-hook`"),
            ("`keyctl history --help`", "`keyctl history --help`"),
            ("`keyctl history team:x`", "`keyctl history team:x`"),
            ("`keyctl list --store team`", "`keyctl list --store team`"),
            ("`keyctl store remove team`", "`keyctl store remove team`"),
            ("keyctl list, and `list`", "keyctl list, and `list`"),
            ("`keyctl run -- myapp`", "`keyctl run -- myapp`"),
        ] {
            assert_eq!(for_store(text, "team"), said);
        }
        let failure = Failure::new(Kind::Store, "it is gone").hint("`keyctl doctor`").of_store("team");
        assert_eq!(failure.message, "store `team`: it is gone");
        assert_eq!(failure.hints, ["`keyctl doctor --store team`"]);
        let failure = Failure::new(Kind::Missing, "no key named `team:x`").of_store("team");
        assert_eq!(failure.message, "no key named `team:x`");
    }
}
