//! What one entry says: an action, when, which names, by which program. Never a secret, and a program's arguments only for
//! keys that the user asks that for.
//!
//! Sealed as JSON of one object: `t` (RFC 3339), `ev`, and where they apply `names`, `more` (names that did not fit),
//! `profile`, `prog`, `args` (its arguments, where they are asked for), `by` (the programs above keyctl, nearest first),
//! `agent` (the coding agent that perhaps asked), `cwd`, `project` (where that is another folder), `tty`, `pid`, `reason`,
//! `outcome`, `note`, `sources` (where secrets came from that lie elsewhere), `lost`, `rule` (an alert's) and `of` (the alerts that were seen, the entries that came to nothing); of a program that keyctl waited for
//! `took_ms` and `exit`; of a gap `at_least` where nobody knows how many more are `lost`. What another version wrote beside them, or wrote in another form, is kept as it is and shown, never
//! a reason to fail.

use std::{ffi::OsStr, fmt, path::Path, time::Duration};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Fetch, Reason, Unrecorded};
use crate::{
    date::Moment,
    name::{KeyName, ProfileName},
};

/// What few entries have beside the fields of all: the rotations that are over.
pub(super) const ENDED: &str = "ended";
/// That more may be missing than `lost` says.
const AT_LEAST: &str = "at_least";
/// How the outcome of what was refused begins.
const REFUSED: &str = "refused: ";

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $action,)*
            /// What another version of keyctl calls by this word.
            Other(String),
        }

        impl Action {
            /// The word that stands in the entry.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$action => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for Action {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$action,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        /// Every action that this version writes.
        pub const ACTIONS: &[Action] = &[$(Action::$action),*];
    };
}

actions! {
    /// A command was given keys.
    Run = "run",
    /// A secret was printed.
    Get = "get",
    /// A secret went to the clipboard.
    Copy = "copy",
    /// Secrets were printed as variables.
    Env = "env",
    /// Secrets were written into a template.
    Render = "render",
    /// A shell was given keys, for as long as it stands in a project.
    Activate = "activate",
    /// A key was kept or replaced.
    Set = "set",
    /// A key was removed.
    Remove = "remove",
    /// A key got another name.
    Rename = "rename",
    /// Keys came from a file.
    Import = "import",
    /// What is known of a key was changed.
    Edit = "edit",
    /// A key was replaced at its issuer too.
    Rotate = "rotate",
    /// A former secret or a removed key came back.
    Rollback = "rollback",
    /// A change to the store was taken back.
    Undo = "undo",
    /// Former secrets were wiped for good.
    Forget = "forget",
    /// A key was marked as not to be used.
    Revoke = "revoke",
    /// A secret was written to a source.
    Push = "push",
    /// A secret was tried where it was issued.
    Check = "check",
    /// A request went through the proxy, or was refused there.
    Proxy = "proxy",
    /// Files were looked through for secrets that are kept.
    Scan = "scan",
    /// A project was allowed.
    Allow = "allow",
    /// A project was denied.
    Deny = "deny",
    /// A recovery copy was made or used.
    Recovery = "recovery",
    /// A store was made or changed.
    Store = "store",
    /// The store got another identity.
    Rekey = "rekey",
    /// A store that asks was opened for a while.
    Unlock = "unlock",
    /// What was open for a while was closed.
    Lock = "lock",
    /// What was done before this could not be recorded.
    Gap = "gap",
    /// The history itself was mended.
    Repair = "repair",
    /// A file of the history was closed; it goes on in another.
    Segment = "segment",
    /// Old files of the history were removed.
    Prune = "prune",
    /// Something was tried and failed, or was refused.
    Failed = "failed",
    /// Something looked unusual.
    Alert = "alert",
    /// The user has seen alerts.
    Acknowledge = "ack",
}

impl Action {
    /// Whether this gives a secret to somebody.
    #[must_use]
    pub fn is_use(&self) -> bool {
        matches!(self, Self::Run | Self::Get | Self::Copy | Self::Env | Self::Render | Self::Activate)
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// When, if the entry says so in a way this version reads.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
    /// What was done.
    #[serde(rename = "ev")]
    pub action: Action,
    /// Which keys, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many names were left out because the line has an end.
    #[serde(skip_serializing_if = "is_none")]
    pub more: u64,
    /// The profile that chose the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The program's file name.
    #[serde(rename = "prog", skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The program's arguments, where the user asks for them; `…` for one that is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The names of the programs above keyctl, the nearest first, as far as the system tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// The coding agent that perhaps asked; only a guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The project's folder, or the working directory where there is no project.
    #[serde(rename = "cwd", skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The folder that the project was allowed in, where `folder` is another worktree of its repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Whether a person was at a terminal.
    #[serde(rename = "tty", skip_serializing_if = "Option::is_none")]
    pub terminal: Option<bool>,
    /// The process number.
    #[serde(rename = "pid", skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// Why, in the user's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How many milliseconds the program took, where keyctl waited for it.
    #[serde(rename = "took_ms", skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// With which exit code it ended then; none where a signal ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What an entry adds: what a repair did, what was taken back, what an alert says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How many entries a repair found missing, or how many could not be recorded before a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
    /// The sources that secrets came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Fetch>,
    /// The rule that an alert comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The numbers of the alerts that were seen, or of the entries that came to nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<u64>,
    /// What other versions of keyctl wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
    /// By how many seconds the time went back with it: what reading finds, and is not sealed.
    #[serde(skip)]
    pub went_back: Option<u64>,
}

impl Event {
    /// An entry that says no more than what was done and when.
    #[must_use]
    pub fn new(action: Action, moment: Moment) -> Self {
        Self { moment: Some(moment), ..Self::empty(action) }
    }

    pub(super) fn empty(action: Action) -> Self {
        Self {
            moment: None,
            action,
            names: Vec::new(),
            more: 0,
            profile: None,
            program: None,
            args: Vec::new(),
            by: Vec::new(),
            agent: None,
            folder: None,
            project: None,
            terminal: None,
            process: None,
            reason: None,
            outcome: None,
            took: None,
            exit: None,
            note: None,
            lost: None,
            sources: Vec::new(),
            rule: None,
            of: Vec::new(),
            other: Map::new(),
            went_back: None,
        }
    }

    /// With the names of keys, in this order, beside those that it has; none of those comes twice. Only names can be given, so
    /// no secret can.
    #[must_use]
    pub fn names<'a>(mut self, names: impl IntoIterator<Item = &'a KeyName>) -> Self {
        let had = self.names.len();
        for name in names {
            if !self.names[..had].iter().any(|other| other == name.as_str()) {
                self.names.push(name.as_str().to_owned());
            }
        }
        self
    }

    /// With the profile that chose the keys.
    #[must_use]
    pub fn profile(mut self, profile: Option<&ProfileName>) -> Self {
        self.profile = profile.map(ProfileName::to_string);
        self
    }

    /// With the program's file name: the folder it lies in is left out.
    #[must_use]
    pub fn program(mut self, program: &OsStr) -> Self {
        let name = Path::new(program).file_name().unwrap_or(program);
        self.program = Some(name.to_string_lossy().into_owned());
        self
    }

    /// With the program's arguments, none of which may hold a secret: few enough and short enough for a line.
    #[must_use]
    pub fn args(mut self, arguments: Vec<String>) -> Self {
        self.args = arguments;
        self
    }

    /// With how long the program took that keyctl waited for, and its exit code.
    #[must_use]
    pub fn ended(mut self, took: Duration, exit: Option<i32>) -> Self {
        self.took = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        self.exit = exit;
        self
    }

    /// With the programs above keyctl.
    #[must_use]
    pub fn by(mut self, programs: Vec<String>) -> Self {
        self.by = programs;
        self
    }

    /// With the coding agent that perhaps asked.
    #[must_use]
    pub fn agent(mut self, agent: Option<String>) -> Self {
        self.agent = agent;
        self
    }

    /// With the project's folder or the working directory.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_string_lossy().into_owned());
        self
    }

    /// With the folder that the project was allowed in, if it is another than the one it is used in.
    #[must_use]
    pub fn project(mut self, folder: &Path) -> Self {
        self.project =
            Some(folder.to_string_lossy().into_owned()).filter(|project| Some(project) != self.folder.as_ref());
        self
    }

    /// With whether a person was at a terminal.
    #[must_use]
    pub fn terminal(mut self, terminal: bool) -> Self {
        self.terminal = Some(terminal);
        self
    }

    /// Where it was: the folder that the project was allowed in, which of a repository's worktrees stands for all, or else
    /// the folder itself.
    #[must_use]
    pub fn place(&self) -> Option<&String> {
        self.project.as_ref().or(self.folder.as_ref())
    }

    /// With the process number; `run` keeps it when it becomes the command.
    #[must_use]
    pub fn process(mut self, process: u32) -> Self {
        self.process = Some(process);
        self
    }

    /// With the user's reason.
    #[must_use]
    pub fn reason(mut self, reason: Option<&Reason>) -> Self {
        self.reason = reason.map(ToString::to_string);
        self
    }

    /// With how it ended, in keyctl's own words.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = Some(outcome.into());
        self
    }

    /// The same, tried and refused: nothing was done, and with no key so far.
    #[must_use]
    pub fn refused(self, why: &str) -> Self {
        let tried = Self { action: Action::Failed, note: None, names: Vec::new(), ..self };
        tried.outcome(format!("{REFUSED}{why}"))
    }

    /// Why it was refused, if it was.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.outcome.as_deref()?.strip_prefix(REFUSED)
    }

    /// With what it adds.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// With the sources that secrets came from.
    #[must_use]
    pub fn sources(mut self, sources: Vec<Fetch>) -> Self {
        self.sources = sources;
        self
    }

    /// With how many entries are missing.
    #[must_use]
    pub fn lost(mut self, lost: u64) -> Self {
        self.lost = Some(lost);
        self
    }

    /// What comes before an entry where others could not be recorded.
    #[must_use]
    pub fn gap(unrecorded: Unrecorded, moment: Moment) -> Self {
        let mut event = Self::new(Action::Gap, moment).lost(unrecorded.entries);
        if unrecorded.and_more {
            event.other.insert(AT_LEAST.to_owned(), true.into());
        }
        event
    }

    /// Whether more may be missing than it says.
    pub(super) fn is_at_least(&self) -> bool {
        self.other.get(AT_LEAST).and_then(Value::as_bool).unwrap_or_default()
    }

    /// How many could not be recorded before it, if that is what it says.
    #[must_use]
    pub fn unrecorded(&self) -> Option<Unrecorded> {
        let entries = self.lost.filter(|_| self.action == Action::Gap)?;
        Some(Unrecorded { entries, and_more: self.is_at_least() })
    }

    /// With the rule that an alert comes from.
    #[must_use]
    pub fn rule(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }

    /// With the numbers of the alerts that were seen.
    #[must_use]
    pub fn of(mut self, alerts: Vec<u64>) -> Self {
        self.of = alerts;
        self
    }

    /// With the rotations that are over and must not be gone on with, by the numbers of their files beside the store.
    #[must_use]
    pub fn ending(mut self, rotations: Vec<String>) -> Self {
        self.other.insert(ENDED.to_owned(), rotations.into());
        self
    }

    /// The rotations that are over since this.
    pub fn endings(&self) -> impl Iterator<Item = &str> {
        self.other.get(ENDED).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// With what was found out by comparing it with the entry before it.
    pub(super) fn going_back(self, went_back: Option<u64>) -> Self {
        Self { went_back, ..self }
    }
}

/// Whether no name was left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_none(more: &u64) -> bool {
    *more == 0
}
