//! A hit with its place, for every source of bytes. Reports, JSON and SARIF are made from it.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::needles::{Form, Which};

/// Something that was found in bytes, and where in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The offset of its first byte.
    pub at: u64,
    /// How many bytes it has there.
    pub length: usize,
    /// The line, from 1, in which it begins.
    pub line: u64,
    /// What it is.
    pub what: What,
    /// What stands for the text that was found, where the engine was asked to mark it.
    pub mark: Option<[u8; 16]>,
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
    /// What a commit brought in under this path; without one it is the commit's message.
    Object {
        /// The commit.
        commit: String,
        /// The path in it.
        path: PathBuf,
        /// Whether a remote has the commit, as far as the repository knows.
        pushed: bool,
    },
    /// An object of a repository that is in no commit.
    Loose(String),
    /// The name of a branch or a tag.
    Reference(String),
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
    /// An entry of an archive, which never lies in an archive itself.
    Within {
        /// Where the archive lies.
        archive: Box<Place>,
        /// The entry's name, after those of the archives in that one that it lies in.
        names: Vec<PathBuf>,
    },
}

impl Place {
    /// The entry of these names in what lies here; without any it is this place.
    #[must_use]
    pub fn within(&self, names: &[PathBuf]) -> Self {
        if names.is_empty() {
            return self.clone();
        }
        Self::Within { archive: Box::new(self.clone()), names: names.to_owned() }
    }

    /// The place that is in no archive: this one, or the one in which the archive lies.
    #[must_use]
    pub fn outermost(&self) -> &Self {
        if let Self::Within { archive, .. } = self { archive } else { self }
    }

    /// The names of the archives in that place, and of the entry, if it is one.
    #[must_use]
    pub fn names(&self) -> &[PathBuf] {
        if let Self::Within { names, .. } = self { names } else { &[] }
    }

    /// Whether it is in a commit that a remote has, as far as the repository knows.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        match self.outermost() {
            Self::Object { pushed, .. } => *pushed,
            Self::Reference(name) => name.starts_with("refs/remotes/"),
            _ => false,
        }
    }
}

/// A path with the names of what lies within that: `a.zip!b.tar!c`.
#[must_use]
pub fn path_within(path: &Path, names: &[PathBuf]) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    for name in names {
        whole.push("!");
        whole.push(name);
    }
    whole.into()
}

/// Something that was found, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// The line, from 1, in which it begins; 0 where it is in the name of the file or folder.
    pub line: u64,
    /// What.
    pub what: What,
    /// What stands for the text that was found, where the engine was asked to mark it.
    pub mark: Option<[u8; 16]>,
}

impl Finding {
    /// A hit in this place.
    #[must_use]
    pub fn new(place: Place, hit: Hit) -> Self {
        Self { place, line: hit.line, what: hit.what, mark: hit.mark }
    }

    /// The name of the key that was found; none for a text that only looks like one.
    #[must_use]
    pub fn key(&self) -> Option<&Arc<str>> {
        match &self.what {
            What::Key { name, .. } => Some(name),
            What::Shape { .. } => None,
        }
    }

    /// Whether it is in the name of a file or a folder.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.line == 0
    }

    /// Where it is, with the line where that says something.
    #[must_use]
    pub fn whereabouts(&self) -> String {
        match self.place {
            Place::Loose(_) if self.is_name() => format!("{} (a name in it)", self.place),
            _ if self.is_name() => format!("{} (its name)", self.place),
            Place::Process { .. } | Place::Loose(_) => self.place.to_string(),
            Place::Object { ref path, .. } if path.as_os_str().is_empty() => self.place.to_string(),
            _ => format!("{}:{}", self.place, self.line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Staged(path) => path.display().fmt(f),
            Self::Object { commit, path, .. } if path.as_os_str().is_empty() => {
                write!(f, "message of {}", short(commit))
            }
            Self::Object { commit, path, .. } => write!(f, "{}:{}", short(commit), path.display()),
            Self::Reference(name) => f.write_str(name),
            Self::Loose(id) => write!(f, "object {} in no commit", short(id)),
            Self::Process { pid, program, variable } => write!(f, "{program} ({pid}): {variable}"),
            Self::Input => f.write_str("standard input"),
            Self::Within { archive, names } => {
                archive.fmt(f)?;
                names.iter().try_for_each(|name| write!(f, "!{}", name.display()))
            }
        }
    }
}

/// As many digits of an id as tell it from others.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
