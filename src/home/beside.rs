//! New content for files that are not keyctl's own: they lie in folders of the user's, among what git takes along and backups
//! copy, and may hold secrets in clear.
//!
//! So a new one has no name until it is whole, where the system has such files. If none has its name yet, it gets that; else one
//! that nobody can guess, for just as long as it takes to rename it, and signals wait meanwhile. Where it needs a name from the
//! start, they wait until all is done. What a SIGKILL or a power cut leaves is removed by the next one who writes there: who is
//! still at work holds a lock on its file, which the system frees with its holder.

use std::{
    fs::{File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{is_temporary_of, synced, temporary_beside};
use crate::{
    failure::{Failure, Result},
    platform::{self, HeldSignals},
};

/// A new file that is going to take a place. Where it does not come to that, nothing of it is left.
struct NewFile {
    file: File,
    name: Option<PathBuf>,
    held: Option<HeldSignals>,
}

impl NewFile {
    fn beside(target: &Path) -> io::Result<Self> {
        sweep(target);
        let (file, name, held) = if let Some(file) = platform::create_unnamed(folder_of(target)) {
            (file, None, None)
        } else {
            let held = platform::hold_signals()?;
            let name = temporary_beside(target)?;
            (platform::create_private(&name)?, Some(name), Some(held))
        };
        // A file system without locks has nobody who would sweep it away either.
        let _ = platform::try_lock(&file);
        Ok(Self { file, name, held })
    }

    /// Takes the place of what is there, or the free place.
    fn put_at(mut self, target: &Path) -> io::Result<File> {
        self.hold()?;
        let name = match self.name.take() {
            Some(name) => name,
            None => match platform::give_name(&self.file, target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let name = temporary_beside(target)?;
                    platform::give_name(&self.file, &name)?;
                    name
                }
                named => return named.and_then(|()| self.file.try_clone()),
            },
        };
        self.name = Some(name.clone());
        platform::rename(&name, target)?;
        self.name = None;
        self.file.try_clone()
    }

    fn hold(&mut self) -> io::Result<()> {
        if self.held.is_none() {
            self.held = Some(platform::hold_signals()?);
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = std::fs::remove_file(name);
        }
        // Whoever wanted this process to end has waited for that. Where somebody else holds signals back too, they end it.
        if let Some(held) = self.held.take() {
            let _ = held.follow();
        }
    }
}

/// Puts new content, for its owner alone, in the place of a file that the user named, or where none is.
///
/// # Errors
/// When anything fails; before the rename the old file is there, and nothing lies beside it.
pub fn replace_named(target: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: &io::Error| Failure::disk("write", target, error);
    let written = (|| {
        let mut new = NewFile::beside(target)?;
        new.file.write_all(bytes)?;
        new.file.sync_all()?;
        new.put_at(target)
    })();
    written.map_err(|error| failed(&error).hint("what was there before is still there"))?;
    synced(target, target)
}

/// Puts new content in the place of a file that is not keyctl's own: the new one has the rights that `like` has, and nothing
/// is put there if `is_unchanged` says no just before. Says whether it was.
///
/// # Errors
/// When anything fails; before the rename the old file is there and the temporary one is gone.
pub fn replace_alike(
    target: &Path,
    bytes: &[u8],
    like: &Metadata,
    is_unchanged: impl FnOnce() -> io::Result<bool>,
) -> Result<bool> {
    let failed = |error: &io::Error| Failure::disk("write", target, error);
    let written = (|| {
        let mut new = NewFile::beside(target)?;
        platform::forget_access_list(&new.file)?;
        new.file.write_all(bytes)?;
        new.file.sync_all()?;
        let is_unchanged = is_unchanged()?;
        if !is_unchanged {
            return Ok(None);
        }
        // Not before: what a kill leaves lying is its owner's alone.
        platform::make_alike(&new.file, like)?;
        new.put_at(target).map(Some)
    })();
    let replaced = written.map_err(|error: io::Error| failed(&error).hint("what was there before is still there"))?;
    let is_there = replaced.is_some();
    if let Some(file) = replaced {
        // Its modes are not on the disk yet.
        file.sync_all().map_err(|error| failed(&error))?;
        platform::sync_folder(folder_of(target)).map_err(|error| failed(&error))?;
    }
    Ok(is_there)
}

/// Makes a new file with this content, whole or not at all, never opening one that is there.
///
/// # Errors
/// When anything fails; there is no file then.
pub fn create_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(mut file) = platform::create_unnamed(folder_of(path)) {
        file.write_all(bytes)?;
        file.sync_all()?;
        return platform::give_name(&file, path);
    }
    let held = platform::hold_signals()?;
    let mut file = platform::create_private(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let written = written.inspect_err(|_| drop(std::fs::remove_file(path)));
    // Where somebody else holds signals back too, they end this process.
    let _ = held.follow();
    written
}

/// The folder of a bare name is the one that this runs in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what a killed keyctl left beside a file. Best effort.
fn sweep(target: &Path) {
    let folder = folder_of(target);
    for name in platform::names_in(folder).into_iter().filter(|name| is_temporary_of(name, target)) {
        let left = folder.join(name);
        let Ok(file) = platform::open_untrusted(&left) else { continue };
        let is_own = file.metadata().is_ok_and(|facts| facts.is_file() && !platform::access(&facts).by_other);
        if is_own && platform::try_lock(&file).is_ok() && platform::is_at(&file, &left) {
            let _ = std::fs::remove_file(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            platform::names_in(folder).into_iter().map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_takes_its_place_whole_and_what_a_killed_one_left_is_swept_but_for_who_is_at_work() {
        let folder = tempfile::tempdir().expect("folder");
        let out = folder.path().join("out");
        let left = [".out.0123456789abcdef.tmp", ".out.fedcba9876543210.tmp"].map(|name| folder.path().join(name));
        for path in &left {
            std::fs::write(path, "secret").expect("write");
        }
        std::fs::write(folder.path().join(".other.0123456789abcdef.tmp"), "").expect("write");
        let at_work = File::open(&left[1]).expect("open");
        at_work.lock().expect("lock");
        replace_named(&out, b"one").expect("first");
        assert_eq!(std::fs::read(&out).expect("read"), b"one");
        let beside = [".other.0123456789abcdef.tmp", ".out.fedcba9876543210.tmp", "out"];
        assert_eq!(names(folder.path()), beside);
        drop(at_work);
        replace_named(&out, b"two").expect("second");
        assert_eq!(std::fs::read(&out).expect("read"), b"two");
        assert_eq!(names(folder.path()), [beside[0], "out"]);
    }

    #[test]
    fn what_is_not_put_in_its_place_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let out = folder.path().join("out");
        std::fs::create_dir(&out).expect("make");
        replace_named(&out, b"one").expect_err("a folder is there");
        assert_eq!(names(folder.path()), ["out"]);
        create_whole(&out, b"one").expect_err("something is there");
        create_whole(&folder.path().join("new"), b"two").expect("free");
        assert_eq!(std::fs::read(folder.path().join("new")).expect("read"), b"two");
        assert_eq!(names(folder.path()), ["new", "out"]);
    }
}
