//! What a walk through a repository's folder does not come to: files that git keeps although one of its rules ignores them,
//! and the repository's own settings, whose addresses of remotes can hold tokens.

use std::path::{Component, Path, PathBuf};

use super::{Git, path_of};
use crate::{failure::Result, home, platform};

/// The longest file that only names a folder.
const LONGEST_LINK: usize = 16 * 1024;
/// How many folders deep submodules are looked for among what a repository keeps of them.
const DEEPEST_MODULE: usize = 16;

impl Git {
    /// The files below the folder that are in the index and ignored, seen from the folder.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn kept_though_ignored(&self) -> Result<Vec<PathBuf>> {
        let printed = self.output(&["ls-files", "-z", "-c", "-i", "--exclude-standard"])?;
        Ok(printed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(path_of).collect())
    }
}

/// Whether the files of a repository lie in this folder, as git sees it: a `.git` with all that makes one, or a file that
/// leads there.
#[must_use]
pub fn is_repository(folder: &Path) -> bool {
    let Some((own, common)) = folders(folder) else { return false };
    let head = own.join("HEAD");
    let is_head = || match head.symlink_metadata() {
        Ok(facts) if facts.is_symlink() => head.read_link().is_ok_and(|to| to.starts_with("refs")),
        Ok(_) => home::read(&head, LONGEST_LINK).ok().flatten().is_some_and(|(text, _)| {
            text.starts_with(b"ref:") || text.get(..40).is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit))
        }),
        Err(_) => false,
    };
    common.join("objects").is_dir() && common.join("refs").is_dir() && is_head()
}

/// Whether this is a file of the folder's own: none behind a link, and none that lies elsewhere.
#[must_use]
pub fn is_own_file(folder: &Path, path: &Path) -> bool {
    is_own(folder, path) && folder.join(path).is_file()
}

/// The same of a folder.
#[must_use]
pub fn is_own_folder(folder: &Path, path: &Path) -> bool {
    is_own(folder, path) && folder.join(path).is_dir()
}

fn is_own(folder: &Path, path: &Path) -> bool {
    let mut at = folder.to_owned();
    path.components().all(|component| {
        let Component::Normal(name) = component else { return false };
        at.push(name);
        at.symlink_metadata().is_ok_and(|facts| facts.is_dir() || facts.is_file())
    })
}

/// The settings of the repository whose files lie in this folder, and of its submodules; those of a worktree lie where the
/// repository does.
#[must_use]
pub fn settings(folder: &Path) -> Vec<PathBuf> {
    let Some((own, common)) = folders(folder) else { return Vec::new() };
    let mut files = vec![common.join("config"), own.join("config.worktree")];
    of_modules(&common.join("modules"), 0, &mut files);
    files.retain(|file| file.symlink_metadata().is_ok_and(|facts| facts.is_file()));
    files
}

/// The settings of submodules: each lies below a path that is its name, and may have others.
fn of_modules(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let is_real = |path: &Path| path.symlink_metadata().is_ok_and(|facts| facts.is_dir());
    for name in platform::names_in(folder) {
        let path = folder.join(name);
        if depth >= DEEPEST_MODULE || !is_real(&path) {
            continue;
        }
        if path.join("HEAD").is_file() {
            files.extend(["config", "config.worktree"].map(|name| path.join(name)));
            of_modules(&path.join("modules"), depth + 1, files);
        } else {
            of_modules(&path, depth + 1, files);
        }
    }
}

/// The repository's own list of what to ignore.
#[must_use]
pub fn exclude(folder: &Path) -> Option<PathBuf> {
    folders(folder).map(|(_, common)| common.join("info/exclude"))
}

/// The folder that git keeps for these files, and the one of the whole repository.
fn folders(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let link = folder.join(".git");
    let own = if link.is_dir() { link } else { folder.join(named(&link, "gitdir: ")?) };
    let common = named(&own.join("commondir"), "").map(|common| own.join(common));
    let common = common.and_then(|common| common.canonicalize().ok()).unwrap_or_else(|| own.clone());
    Some((own, common))
}

/// The folder that a file names, behind these words.
fn named(file: &Path, words: &str) -> Option<PathBuf> {
    let (text, _) = home::read(file, LONGEST_LINK).ok()??;
    Some(path_of(text.strip_prefix(words.as_bytes())?.trim_ascii_end()))
}
