//! Findings that the user has accepted: `accepted`, a file in the data folder. Later scans count them and tell of the others.
//!
//! `keyctl-accepted 1`, and below it a mark of 32 hexadecimal digits a line. A mark stands for a text and the file that it
//! lies in, not for the line: it says nothing to who lacks the identity, and nobody else can make one. What is accepted in a
//! file is not accepted in git: a file that git ignores may hold what must never be committed. With another identity
//! (`store rekey`) all is to be accepted anew.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    commands::{change, opening::Kept},
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::anchor::Id,
    scan::{
        finding::{Finding, Place, What},
        git::Git,
    },
    seal::SealKey,
};

/// The file's name in the data folder.
pub const FILE: &str = "accepted";
const HEAD: &str = "keyctl-accepted 1";
/// Some hundred thousand findings.
const LARGEST: usize = 4 * 1024 * 1024;

/// What was accepted.
pub struct Accepted {
    key: SealKey,
    marks: BTreeSet<Id>,
    /// The folder of the repository, once it was asked for.
    top: PathBuf,
}

impl Accepted {
    /// Whether anything ever was.
    pub fn is_there(home: &Home) -> bool {
        home.file(FILE).exists()
    }

    /// Reads it.
    ///
    /// # Errors
    /// `Disk` where it cannot be read, or is nothing that this keyctl writes.
    pub fn read(home: &Home, kept: &Kept) -> Result<Self> {
        let here = std::env::current_dir().unwrap_or_default();
        let top = Git::at(&here).and_then(|git| git.top()).unwrap_or(here);
        Ok(Self { key: key(kept, "keyctl/accepted/v1"), marks: marks(home)?, top })
    }

    /// Whether this one is accepted.
    pub fn has(&self, finding: &Finding) -> bool {
        self.mark(finding).is_some_and(|mark| self.marks.contains(&mark))
    }

    /// Accepts these too.
    ///
    /// # Errors
    /// `Busy`, `Disk`.
    pub fn add(&self, home: &Home, findings: &[&Finding]) -> Result<()> {
        let _lock = change::lock(home)?;
        // Another keyctl may have accepted something meanwhile.
        let mut all = marks(home)?;
        all.extend(findings.iter().filter_map(|finding| self.mark(finding)));
        let lines: Vec<String> = all.iter().map(Id::to_string).collect();
        let text = format!("{HEAD}\n{}\n", lines.join("\n"));
        if text.len() > LARGEST {
            return Err(Failure::new(Kind::Disk, "more is accepted than keyctl keeps"));
        }
        home::replace(&home.file(FILE), text.as_bytes())
    }

    /// What stands for a finding; nothing for one that has no place to come back to.
    fn mark(&self, finding: &Finding) -> Option<Id> {
        let (sort, path): (&[u8], PathBuf) = match finding.place.outermost() {
            Place::File(path) if finding.is_name() => (b"file's name", std::path::absolute(path).ok()?),
            Place::File(path) => (b"file", std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok()?),
            Place::Staged(path) | Place::Object { path, .. } if finding.is_name() => {
                (b"name in git", self.top.join(path))
            }
            Place::Staged(path) | Place::Object { path, .. } => (b"git", self.top.join(path)),
            Place::Loose(id) => (b"object", self.top.join(id)),
            Place::Reference(name) => (b"reference", self.top.join(name)),
            Place::Process { .. } | Place::Input | Place::Within { .. } => return None,
        };
        // What only looked like a key is another thing once it is kept.
        let what: &[u8] = match finding.what {
            What::Key { partial: None, .. } => b"key",
            What::Key { .. } => b"part",
            What::Shape { .. } => b"shape",
        };
        let mut text = [&finding.mark?[..], sort, &[0], what, &[0], path.as_os_str().as_encoded_bytes()].concat();
        for name in finding.place.names() {
            text.push(0);
            text.extend_from_slice(name.as_os_str().as_encoded_bytes());
        }
        Some(Id(self.key.mark(&text)))
    }
}

/// The key by which the engine marks what it finds, so that nothing of it has to be kept.
#[must_use]
pub fn key_of_texts(kept: &Kept) -> SealKey {
    key(kept, "keyctl/accepted/text/v1")
}

fn key(kept: &Kept, purpose: &str) -> SealKey {
    SealKey::derive(kept.identity.line().expose(), &kept.record.store.0, purpose)
}

fn marks(home: &Home) -> Result<BTreeSet<Id>> {
    let path = home.file(FILE);
    let Some((bytes, _)) = home::read(&path, LARGEST)? else { return Ok(BTreeSet::new()) };
    let lines = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix(HEAD)?.strip_prefix('\n'));
    let marks = lines.and_then(|lines| lines.lines().map(Id::parse).collect::<Option<BTreeSet<Id>>>());
    marks.ok_or_else(|| unreadable(&path))
}

fn unreadable(path: &Path) -> Failure {
    Failure::new(Kind::Disk, format!("`{}` is not what this keyctl writes", path.display()))
        .hint("remove it, and accept anew what is accepted: `keyctl scan --accept`")
}
