//! A folder in memory for files that have to have a name: tmpfs, its owner's alone, gone when the command ends.
//!
//! It lies in `XDG_RUNTIME_DIR` or in `/dev/shm`, whichever is in memory first; where none is, nothing is written. keyctl stays
//! beside the command and takes the folder away however that ends. A keyctl that is killed at once (SIGKILL) cannot: then the
//! next one that makes such a folder does. A folder that belongs to somebody is locked, and the system unlocks it when they
//! die, so it needs neither process numbers nor times to tell; that also holds between containers.
//!
//! Its name cannot be guessed, as `/dev/shm` is everybody's: nobody can be there first.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    hex, platform, random,
};

/// How the names of such folders begin.
const BEGINNING: &str = "keyctl-files-";
/// Each of these that is in memory is looked through, and the first is written to.
const EVERYBODYS: &str = "/dev/shm";
/// So often it is tried to make one that nobody sweeps away in the same moment.
const TRIES: usize = 8;

/// A folder that is there as long as this is.
pub struct PrivateFolder {
    path: PathBuf,
    /// Locked as long as the folder is somebody's.
    lock: File,
}

impl PrivateFolder {
    /// Makes a folder, and takes those away whose owners died.
    ///
    /// # Errors
    /// `Disk` where there is none in memory.
    pub fn make() -> Result<Self> {
        let homes = homes(std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
        let Some(home) = homes.first() else {
            return Err(Failure::new(Kind::Disk, "there is no folder in memory here for a file with a name: neither `XDG_RUNTIME_DIR` nor `/dev/shm` is a tmpfs")
                .hint("where the program opens the file itself, `file` needs no name and no folder"));
        };
        for home in &homes {
            sweep(home);
        }
        Self::make_in(home)
    }

    fn make_in(home: &Path) -> Result<Self> {
        for _ in 0..TRIES {
            let path = home.join(format!("{BEGINNING}{}", hex::encode(&random::bytes::<12>()?)));
            let failed = |error: &io::Error| Failure::disk("make the folder", &path, error);
            platform::make_private_folder(&path).map_err(|error| failed(&error))?;
            if let Some(made) = Self::claim(path.clone()).map_err(|error| failed(&error))? {
                return Ok(made);
            }
        }
        Err(Failure::new(Kind::Busy, format!("cannot keep a folder in `{}`", home.display())))
    }

    /// Takes a folder that was just made. Before it is locked, somebody may take it for one that nobody has any more; then there
    /// is none.
    fn claim(path: PathBuf) -> io::Result<Option<Self>> {
        let lock = match platform::open_untrusted(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let _ = std::fs::remove_dir(&path);
                return Err(error);
            }
        };
        let is_locked = platform::try_lock(&lock).is_ok();
        // From here on it is taken away again, whatever comes.
        let made = Self { path, lock };
        let is_there = is_locked && platform::is_at(&made.lock, &made.path);
        Ok(is_there.then_some(made))
    }

    /// Puts a file in it, readable by its owner alone, and gives its path.
    ///
    /// # Errors
    /// `Disk` when it cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let path = self.path.join(name);
        let written = platform::create_private(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| Failure::disk("write", &path, &error))?;
        let text = path.into_os_string().into_string();
        text.map_err(|_| Failure::new(Kind::Disk, "the path of `XDG_RUNTIME_DIR` is not UTF-8"))
    }
}

impl PrivateFolder {
    /// Takes it away, with all that is in it.
    ///
    /// # Errors
    /// `Disk` where it stays.
    pub fn take_away(self) -> Result<()> {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let what = format!("`{}` is left, with secrets in it: {}", self.path.display(), reason(&error));
                Err(Failure::new(Kind::Disk, what).hint("remove it"))
            }
            _ => Ok(()),
        }
    }
}

/// Where keyctl fails in between.
impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Whether a file has its name in such a folder.
#[must_use]
pub fn is_in_one(path: &Path) -> bool {
    let name = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    path.is_absolute() && name.is_some_and(|name| name.starts_with(BEGINNING))
}

/// Opens such a file. Whoever says that it is one may mean another, such as a pipe that nobody writes to.
#[must_use]
pub fn open(path: &Path) -> Option<File> {
    let file = platform::open_untrusted(path).ok()?;
    let is_own = file.metadata().is_ok_and(|facts| facts.is_file() && !platform::access(&facts).by_other);
    is_own.then_some(file)
}

/// The folders in memory that may have such ones.
fn homes(own: Option<PathBuf>) -> Vec<PathBuf> {
    let is_ours = |folder: &PathBuf| {
        let access = std::fs::metadata(folder).map(|facts| platform::access(&facts));
        folder.is_absolute() && access.is_ok_and(|access| !access.by_other && !access.writable_by_others)
    };
    // Where others may write, a folder stays its owner's by the sticky bit.
    let is_kept = |folder: &PathBuf| {
        std::fs::metadata(folder).is_ok_and(|facts| {
            let access = platform::access(&facts);
            (access.by_root || !access.by_other) && (access.sticky || !access.writable_by_others)
        })
    };
    let everybodys = Some(PathBuf::from(EVERYBODYS)).filter(is_kept);
    let all = own.filter(is_ours).into_iter().chain(everybodys);
    all.filter(|folder| platform::is_in_memory(folder)).collect()
}

/// Takes away what belongs to nobody any more: of this user's, what is not locked.
fn sweep(home: &Path) {
    let names = platform::names_in(home);
    for path in names.iter().filter(|name| name.to_string_lossy().starts_with(BEGINNING)).map(|name| home.join(name)) {
        let Ok(folder) = platform::open_untrusted(&path) else { continue };
        let is_own = folder.metadata().is_ok_and(|facts| facts.is_dir() && !platform::access(&facts).by_other);
        if is_own && platform::try_lock(&folder).is_ok() && platform::is_at(&folder, &path) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn modes(path: &Path) -> u32 {
        path.metadata().expect("there").permissions().mode() & 0o7777
    }

    #[test]
    fn a_folder_and_its_files_are_their_owners_alone_and_go_with_it() {
        let home = tempfile::tempdir().expect("folder");
        let folder = PrivateFolder::make_in(home.path()).expect("made");
        let file = PathBuf::from(folder.put("KEY", b"bytes").expect("put"));
        assert_eq!((modes(&folder.path), modes(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read(&file).expect("read"), b"bytes");
        drop(folder);
        assert_eq!(platform::names_in(home.path()).len(), 0);
    }

    #[test]
    fn a_folder_that_somebody_swept_away_before_it_was_locked_is_none_and_no_failure() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join(format!("{BEGINNING}new"));
        assert!(PrivateFolder::claim(path.clone()).expect("no failure").is_none());
        std::fs::create_dir(&path).expect("make");
        let sweeper = platform::open_untrusted(&path).expect("open");
        sweeper.lock().expect("lock");
        assert!(PrivateFolder::claim(path.clone()).expect("no failure").is_none() && !path.exists());
        std::fs::create_dir(&path).expect("make");
        assert!(PrivateFolder::claim(path).expect("no failure").is_some());
    }

    #[test]
    fn what_cannot_be_taken_away_is_said() {
        let home = tempfile::tempdir().expect("folder");
        let folder = PrivateFolder::make_in(home.path()).expect("made");
        let path = folder.path.clone();
        std::fs::rename(&path, home.path().join("elsewhere")).expect("rename");
        std::fs::write(&path, "no folder").expect("write");
        let failure = folder.take_away().expect_err("left");
        let wanted = format!("`{}` is left, with secrets in it: ", path.display());
        assert!(failure.message.starts_with(&wanted), "{failure:?}");
        let gone = PrivateFolder::make_in(home.path()).expect("made");
        std::fs::remove_dir(&gone.path).expect("remove");
        assert!(gone.take_away().is_ok());
    }

    #[test]
    fn only_what_belongs_to_nobody_any_more_is_swept_away() {
        let home = tempfile::tempdir().expect("folder");
        let alive = PrivateFolder::make_in(home.path()).expect("made");
        let dead = home.path().join(format!("{BEGINNING}dead"));
        std::fs::create_dir(&dead).expect("make");
        std::fs::write(dead.join("KEY"), "bytes").expect("write");
        let others = home.path().join("other");
        std::fs::create_dir(&others).expect("make");
        let link = home.path().join(format!("{BEGINNING}link"));
        std::os::unix::fs::symlink(&others, &link).expect("link");
        sweep(home.path());
        assert!(alive.path.is_dir() && others.is_dir() && link.is_symlink() && !dead.exists());
    }

    #[test]
    fn what_is_on_a_disk_or_not_ones_own_is_no_home() {
        assert_eq!(homes(None), [Path::new("/dev/shm")]);
        assert_eq!(homes(Some("relative".into())), [Path::new("/dev/shm")]);
        assert_eq!(homes(Some("/proc".into())), [Path::new("/dev/shm")]);
        let own = tempfile::tempdir_in("/dev/shm").expect("folder");
        assert_eq!(homes(Some(own.path().into())), [own.path(), Path::new("/dev/shm")]);
        std::fs::set_permissions(own.path(), std::fs::Permissions::from_mode(0o777)).expect("set");
        assert_eq!(homes(Some(own.path().into())), [Path::new("/dev/shm")]);
    }
}
