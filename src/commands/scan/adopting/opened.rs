//! A file that is about to be written anew: what keeps it from that, and how it is known again just before.

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    failure::{Result, reason},
    home,
    platform::{self, Beside},
    scan::git::Git,
    secret::Secret,
};

/// The largest file that is written anew: 64 MiB.
const LARGEST: usize = 64 * 1024 * 1024;
/// What editors and people put behind a file's name when they keep what was in it.
const BACKUPS: &[&str] = &["~", ".bak", ".orig", ".old", ".save", ".swp"];

const HAS_ACCESS_LIST: &str = "it has an access list (ACL), which a new file in its place would not have";
const HAS_ATTRIBUTES: &str = "it has extended attributes, which a new file in its place would not have";

/// A file as it was opened.
pub struct Opened {
    file: File,
    facts: Metadata,
    /// What is in it.
    pub bytes: Secret,
}

impl Opened {
    /// Opens a file that may be written anew, or says what keeps it from that.
    pub fn open(path: &Path) -> std::result::Result<Self, String> {
        let mut file = match platform::open_untrusted(path) {
            Ok(file) => file,
            Err(error) if platform::is_symbolic_link(&error) => {
                return Err("it is a symbolic link; name the file itself".into());
            }
            Err(error) => return Err(reason(&error)),
        };
        let facts = file.metadata().map_err(|error| reason(&error))?;
        let access = platform::access(&facts);
        let why = if !facts.is_file() {
            "it is no regular file"
        } else if access.by_other {
            "it belongs to another user"
        } else if access.linked_elsewhere {
            "it has another name too (a hard link), which would keep it"
        } else if facts.permissions().readonly() {
            "it is read-only"
        } else if !platform::may_write_in(folder_of(path)) {
            "its folder cannot be written to"
        } else {
            ""
        };
        if !why.is_empty() {
            return Err(why.into());
        }
        match platform::beside(&file).map_err(|error| reason(&error))? {
            None => {}
            Some(Beside::AccessList) => return Err(HAS_ACCESS_LIST.into()),
            Some(Beside::Attributes) => return Err(HAS_ATTRIBUTES.into()),
        }
        if let Some(mark) = mark_of_editor(path) {
            return Err(format!("an editor has it open, as `{}` says; close it there first", mark.display()));
        }
        match home::read_bounded(&mut file, &facts, LARGEST).map_err(|error| reason(&error))? {
            Some(bytes) => Ok(Self { file, facts, bytes: Secret::new(bytes) }),
            None => Err("it is larger than keyctl rewrites".into()),
        }
    }

    /// Puts new content in the file's place, if it is still the file that was opened with just what was in it then. Says
    /// whether it was.
    ///
    /// # Errors
    /// `Disk`; the old content is then there.
    pub fn replace(&self, path: &Path, after: &[u8]) -> Result<bool> {
        home::replace_alike(path, after, &self.facts, || self.is_unchanged(path))
    }

    /// Whether the file is still what was opened, with just what was in it then.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn is_unchanged(&self, path: &Path) -> io::Result<bool> {
        let mut file = match platform::open_untrusted(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound || platform::is_symbolic_link(&error) => {
                return Ok(false);
            }
            other => other?,
        };
        let facts = file.metadata()?;
        let bytes = home::read_bounded(&mut file, &facts, LARGEST)?.map(Secret::new);
        let is_same = bytes.is_some_and(|bytes| bytes.same_as(&self.bytes));
        Ok(is_same && platform::is_at(&self.file, path) && !platform::access(&facts).linked_elsewhere)
    }
}

/// Whether git keeps the file; where that cannot be told, no.
pub fn is_tracked(path: &Path) -> bool {
    let Ok(whole) = std::path::absolute(path) else { return false };
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return false };
    Git::at(folder).and_then(|git| git.keeps(name)).unwrap_or(false)
}

/// The files beside one that editors and people keep what was in it in, and which hold one of these secrets.
pub fn backups(path: &Path, secrets: &[&Secret]) -> Vec<PathBuf> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
    let names = BACKUPS.iter().flat_map(|end| [format!("{name}{end}"), format!(".{name}{end}")]);
    let beside = names.chain([format!("#{name}#")]).map(|name| path.with_file_name(name));
    let holds = |path: &PathBuf| {
        let opened = platform::open_untrusted(path).and_then(|mut file| {
            let facts = file.metadata()?;
            if facts.is_file() { home::read_bounded(&mut file, &facts, LARGEST) } else { Ok(None) }
        });
        let bytes = Zeroizing::new(opened.ok().flatten().unwrap_or_default());
        secrets.iter().any(|secret| secret.is_part_of(&bytes))
    };
    beside.filter(holds).collect()
}

/// The file that an editor keeps beside one that it has open: Vim's swap file, Emacs' lock.
fn mark_of_editor(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    // Vim puts a dot in front where there is none yet.
    let swap = if name.starts_with('.') { format!("{name}.swp") } else { format!(".{name}.swp") };
    let marks = [swap, format!(".#{name}")].map(|name| path.with_file_name(name));
    marks.into_iter().find(|mark| mark.symlink_metadata().is_ok())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
