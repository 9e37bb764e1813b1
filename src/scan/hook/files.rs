//! The files of hooks: which are keyctl's own, and writing, putting aside and putting back so that a kill at any moment
//! leaves a hook in force.

use std::{io, path::Path};

use super::script::MARK;
use crate::{
    failure::{Failure, Kind, Result},
    home, platform,
};

/// No hook that is written by hand comes near it.
const LARGEST: usize = 4 * 1024 * 1024;

/// What is at a hook's place.
pub(super) enum Found {
    Nothing,
    Ours(String),
    Foreign(Vec<u8>),
}

/// Looks at a hook. A link is somebody else's whatever it leads to.
pub(super) fn look(path: &Path) -> Result<Found> {
    let Ok(facts) = path.symlink_metadata() else { return Ok(Found::Nothing) };
    if facts.is_symlink() {
        // What it leads to tells which tool wrote it; where it leads nowhere git starts nothing.
        return Ok(Found::Foreign(
            home::read(path, LARGEST).ok().flatten().map(|(bytes, _)| bytes).unwrap_or_default(),
        ));
    }
    let Some((bytes, _)) = home::read(path, LARGEST)? else { return Ok(Found::Nothing) };
    match String::from_utf8(bytes) {
        Ok(text) if text.lines().nth(1).is_some_and(|line| line.contains(MARK)) => Ok(Found::Ours(text)),
        Ok(text) => Ok(Found::Foreign(text.into_bytes())),
        Err(error) => Ok(Found::Foreign(error.into_bytes())),
    }
}

/// Whether git would start it.
pub(super) fn is_executable(path: &Path) -> bool {
    platform::is_executable(path)
}

/// Gives a hook a second name, under which it will be found when the first one is keyctl's: the same file with its mode.
pub(super) fn keep(hook: &Path, aside: &Path) -> Result<()> {
    let failed = |error: &io::Error| Failure::disk("put aside", hook, error).hint("nothing was changed");
    if aside.symlink_metadata().is_ok() {
        // An installation that was killed leaves the same hook there; another one must not be lost.
        if !is_same(hook, aside) {
            return Err(Failure::new(
                Kind::Disk,
                format!("`{}` is there already, and is another hook", aside.display()),
            )
            .hint("it was put aside before; look at both, and move away the one that you do not need"));
        }
        std::fs::remove_file(aside).map_err(|error| failed(&error))?;
    }
    if hook.symlink_metadata().is_ok_and(|facts| facts.is_symlink()) {
        return platform::copy_link(hook, aside).map_err(|error| failed(&error));
    }
    // Where a file can have one name only, a copy takes its mode along.
    std::fs::hard_link(hook, aside).or_else(|_| std::fs::copy(hook, aside).map(drop)).map_err(|error| failed(&error))
}

/// Whether two hooks are the same: links that lead to one place, or files with one content.
fn is_same(hook: &Path, aside: &Path) -> bool {
    match (std::fs::read_link(hook), std::fs::read_link(aside)) {
        (Ok(hook), Ok(aside)) => hook == aside,
        (Err(_), Err(_)) => {
            let content = |path| home::read(path, LARGEST).ok().flatten().map(|(bytes, _)| bytes);
            content(hook).is_some_and(|bytes| Some(bytes) == content(aside))
        }
        _ => false,
    }
}

/// Puts keyctl's hook in the place of whatever is there, in one step.
pub(super) fn write(hook: &Path, text: &str) -> Result<()> {
    // The old hook may be a link: its place is taken, and not that of what it leads to.
    home::replace_program(hook, text.as_bytes())
}

/// Puts back what was put aside, whether keyctl's hook took its place or not.
pub(super) fn undo(aside: &Path, hook: &Path) -> Result<()> {
    // A rename leaves both names of one file.
    if is_same(hook, aside) {
        return std::fs::remove_file(aside).map_err(|error| Failure::disk("remove", aside, &error));
    }
    put_back(aside, hook)
}

/// Puts back what was put aside, in one step; where there was nothing, nothing is left.
pub(super) fn put_back(aside: &Path, hook: &Path) -> Result<()> {
    let failed = |error: &io::Error| Failure::disk("put back", hook, error);
    match platform::rename(aside, hook) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::remove_file(hook).map_err(|error| failed(&error))?;
        }
        Err(error) => return Err(failed(&error)),
    }
    platform::sync_folder(hook.parent().unwrap_or(Path::new("."))).map_err(|error| failed(&error))
}
