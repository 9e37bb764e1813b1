//! A hit with its place, for every source of bytes. Reports, JSON and SARIF are made from it.

use std::{fmt, path::PathBuf, sync::Arc};

use super::needles::{Form, Which};

/// Something that was found in bytes, and where in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The offset of its first byte.
    pub at: u64,
    /// The line, from 1, in which it begins.
    pub line: u64,
    /// What it is.
    pub what: What,
}

/// What was found. None of it holds a secret or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A secret that is kept, or was.
    Key {
        /// The name of its key.
        name: Arc<str>,
        /// Which of the key's secrets.
        which: Which,
        /// How it is written there.
        form: Form,
        /// Where not all of it is there: how many of its bytes are, and how many it has.
        partial: Option<(usize, usize)>,
    },
    /// A text that looks like an issuer's key and is none of those kept.
    Shape {
        /// What its issuer calls it.
        kind: &'static str,
        /// The short name that does not change: `github-classic`.
        id: &'static str,
    },
}

/// Where bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// What is staged for the next commit under this path.
    Staged(PathBuf),
    /// What a commit holds under this path.
    Object {
        /// The commit.
        commit: String,
        /// The path in it.
        path: PathBuf,
    },
    /// A variable of a process.
    Process {
        /// Its number.
        pid: u32,
        /// Its program's name.
        program: String,
        /// The variable.
        variable: String,
    },
    /// Standard input.
    Input,
}

/// Something that was found, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// The line, from 1, in which it begins.
    pub line: u64,
    /// What.
    pub what: What,
}

impl Finding {
    /// A hit in this place.
    #[must_use]
    pub fn new(place: Place, hit: Hit) -> Self {
        Self { place, line: hit.line, what: hit.what }
    }

    /// Where it is, with the line where that says something.
    #[must_use]
    pub fn whereabouts(&self) -> String {
        match self.place {
            Place::Process { .. } => self.place.to_string(),
            _ => format!("{}:{}", self.place, self.line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Staged(path) => path.display().fmt(f),
            Self::Object { commit, path } => write!(f, "{}:{}", commit.get(..12).unwrap_or(commit), path.display()),
            Self::Process { pid, program, variable } => write!(f, "{program} ({pid}): {variable}"),
            Self::Input => f.write_str("standard input"),
        }
    }
}
