//! A list of what to ignore that is a symbolic link (`.gitignore`): git does not follow it, as it could lead out of the
//! repository (gitignore(5)). The walk does; what it leaves out for such a list alone is asked of git.

use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;

use super::{Git, path_of};
use crate::failure::Result;

/// The name of such a list.
const LIST: &str = ".gitignore";

/// Whether the list of a folder is a link.
#[must_use]
pub fn is_in(folder: &Path) -> bool {
    folder.join(LIST).symlink_metadata().is_ok_and(|facts| facts.is_symlink())
}

/// The folders from this one up to the top of its repository whose list is a link; the folder itself is not looked at.
#[must_use]
pub fn above(folder: &Path) -> Vec<PathBuf> {
    let Ok(real) = folder.canonicalize() else { return Vec::new() };
    let tops: Vec<&Path> = real.ancestors().collect();
    let Some(top) = tops.iter().position(|folder| folder.join(".git").exists()) else { return Vec::new() };
    tops[..=top].iter().skip(1).filter(|folder| is_in(folder)).map(|folder| (*folder).to_owned()).collect()
}

/// The files below a folder that are left out by this list alone, as git sees them. `list_of` is the folder of the list.
///
/// # Errors
/// As [`Git::output`].
pub fn left_out(folder: &Path, list_of: &Path) -> Result<Vec<PathBuf>> {
    let mut builder = GitignoreBuilder::new(list_of);
    // A line that cannot be read leaves nothing out.
    let _ = builder.add(list_of.join(LIST));
    let Ok(list) = builder.build() else { return Ok(Vec::new()) };
    let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let printed = Git::at(folder)?.output(&words)?;
    let paths = printed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| folder.join(path_of(path)));
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let is_left_out = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let from_list = if list_of == folder { list_of.join(below) } else { real.join(below) };
        list.matched_path_or_any_parents(from_list, false).is_ignore()
    };
    Ok(paths.filter(is_left_out).collect())
}
