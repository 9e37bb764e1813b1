//! What a walk through a repository's folder does not come to: files that git keeps although one of its rules ignores them,
//! and the repository's own settings, whose addresses of remotes can hold tokens.

use std::path::{Component, Path, PathBuf};

use super::{Git, path_of};
use crate::{failure::Result, home};

/// The longest file that only names a folder.
const LONGEST_LINK: usize = 16 * 1024;

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

/// Whether a folder lies in a repository, as far as that can be told without git.
#[must_use]
pub fn is_in_repository(folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|real| real.ancestors().any(|folder| folder.join(".git").exists()))
}

/// Whether this is a file of the folder's own: none behind a link, and none that lies elsewhere.
#[must_use]
pub fn is_own_file(folder: &Path, path: &Path) -> bool {
    let mut at = folder.to_owned();
    for component in path.components() {
        let Component::Normal(name) = component else { return false };
        at.push(name);
        if !at.symlink_metadata().is_ok_and(|facts| facts.is_dir() || facts.is_file()) {
            return false;
        }
    }
    at.is_file()
}

/// The settings of the repository whose files lie in this folder; those of a worktree lie where the repository does.
#[must_use]
pub fn settings(folder: &Path) -> Vec<PathBuf> {
    let link = folder.join(".git");
    let own = if link.is_dir() { Some(link) } else { named(&link, "gitdir: ").map(|own| folder.join(own)) };
    let Some(own) = own else { return Vec::new() };
    let common = named(&own.join("commondir"), "").map(|common| own.join(common));
    let common = common.and_then(|common| common.canonicalize().ok()).unwrap_or_else(|| own.clone());
    let files = [common.join("config"), own.join("config.worktree")];
    files.into_iter().filter(|file| file.symlink_metadata().is_ok_and(|facts| facts.is_file())).collect()
}

/// The folder that a file names, behind these words.
fn named(file: &Path, words: &str) -> Option<PathBuf> {
    let (text, _) = home::read(file, LONGEST_LINK).ok()??;
    Some(path_of(text.strip_prefix(words.as_bytes())?.trim_ascii_end()))
}
