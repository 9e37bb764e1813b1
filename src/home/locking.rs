//! Who may write just now: one keyctl in a home, and one of all homes that have the same file.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use super::read;
use crate::{
    failure::{Failure, Kind, Result},
    platform,
};

/// How long a writer waits for another before it gives up.
pub const LOCK_DEADLINE: Duration = Duration::from_secs(10);

/// The right to write, held until it is dropped. The system frees it when its holder dies, so none is ever stale.
pub struct Lock {
    _own: File,
    beside: Beside,
}

/// What keeps other homes from a file that lies elsewhere, and that they may have too.
enum Beside {
    /// The lock in the home itself: no other home has the file.
    Nothing,
    /// A lock on the folder that the file lies in. It leaves nothing there, which git would find.
    Folder(#[expect(dead_code, reason = "held for its drop")] Arc<File>),
    /// Nothing: this system, or this file system, gives no lock on a folder.
    Nobody,
}

/// The folders that this process has locked: two stores may lie in one, and whoever has both has it once.
static FOLDERS: Mutex<Vec<(PathBuf, Weak<File>)>> = Mutex::new(Vec::new());

impl Lock {
    /// Waits up to ten seconds for the lock file at `path`.
    ///
    /// # Errors
    /// `Busy` with the holder's process number; `Disk` when the file system has no locks or cannot be written.
    pub fn acquire(path: &Path) -> Result<Self> {
        Self::acquire_within(path, LOCK_DEADLINE)
    }

    /// Like [`Lock::acquire`] with another deadline; zero asks once.
    ///
    /// # Errors
    /// As [`Lock::acquire`].
    pub fn acquire_within(path: &Path, deadline: Duration) -> Result<Self> {
        let failed = |error: &io::Error| Failure::disk("lock", path, error);
        let mut file = platform::open_or_create_private(path, false).map_err(|error| failed(&error))?;
        match wait_for(&file, deadline) {
            Ok(None) => {}
            Ok(Some(waited)) => return Err(busy(path, waited)),
            Err(error) => {
                return Err(failed(&error)
                    .hint("this file system may have no locks; set `KEYCTL_HOME` to a folder on a local disk"));
            }
        }
        // Only to name the holder to others who wait: losing it loses nothing. Always of one length, so that it is written
        // over and never cut: ext4 writes a file that was cut to the disk when it is closed.
        let _ = file.write_all(format!("{:<10}\n", std::process::id()).as_bytes());
        Ok(Self { _own: file, beside: Beside::Nothing })
    }

    /// Keeps other homes out too, which may have this file that lies elsewhere: by its folder, the same for each of them. Where
    /// that cannot be locked, what is to take the file's place is held against what was read ([`super::replace_if`]).
    ///
    /// # Errors
    /// `Busy`.
    pub fn with_folder_of(self, path: &Path) -> Result<Self> {
        let real = std::fs::canonicalize(path);
        let folder = real.as_deref().unwrap_or(path).parent().unwrap_or(Path::new("/"));
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|(_, held)| held.strong_count() > 0);
        if let Some(held) = folders.iter().find(|(path, _)| path == folder).and_then(|(_, held)| held.upgrade()) {
            return Ok(Self { beside: Beside::Folder(held), ..self });
        }
        let locked = File::open(folder).and_then(|file| Ok((wait_for(&file, LOCK_DEADLINE)?, file)));
        let beside = match locked {
            Ok((None, file)) => {
                let file = Arc::new(file);
                folders.push((folder.to_owned(), Arc::downgrade(&file)));
                Beside::Folder(file)
            }
            Ok((Some(waited), _)) => return Err(busy(folder, waited)),
            Err(_) => Beside::Nobody,
        };
        Ok(Self { beside, ..self })
    }

    /// Whether no other home writes either as long as this is held.
    #[must_use]
    pub fn is_of_all_homes(&self) -> bool {
        !matches!(self.beside, Beside::Nobody)
    }
}

/// Waits for the lock of an open file; says how long, if in vain.
fn wait_for(file: &File, deadline: Duration) -> io::Result<Option<Duration>> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match platform::try_lock(file) {
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) if started.elapsed() < deadline => std::thread::sleep(pause),
            Err(TryLockError::WouldBlock) => return Ok(Some(started.elapsed())),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn busy(path: &Path, waited: Duration) -> Failure {
    // Nobody but a keyctl has reason to write there, and it writes one number.
    let text = read(path, 64).ok().flatten().and_then(|(bytes, _)| String::from_utf8(bytes).ok());
    let holder = text.and_then(|text| text.trim().parse::<u32>().ok());
    // What holds it without writing its number there may be anything, and the number is that of one who had it before.
    let holder = holder.filter(|pid| platform::may_be_running(*pid));
    let holder = holder.map_or_else(|| "another program".to_owned(), |pid| format!("another keyctl (process {pid})"));
    Failure::new(Kind::Busy, format!("{holder} holds the lock `{}`; waited {} s", path.display(), waited.as_secs()))
        .hint("let it finish, or end it; the lock frees itself then")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;

    #[test]
    fn a_held_lock_is_waited_for_up_to_the_deadline_and_its_holder_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("lock");
        let held = Lock::acquire(&path).expect("free");
        let refused = Lock::acquire_within(&path, Duration::from_millis(20)).err().expect("held");
        assert_eq!(refused.kind, Kind::Busy);
        assert!(refused.message.contains(&format!("process {}", std::process::id())), "{refused}");
        // Who holds it now has not written its number there, and the one whose number it is ended long ago. (No system has so many.)
        std::fs::write(&path, "4194305").expect("write");
        let refused = Lock::acquire_within(&path, Duration::ZERO).err().expect("held");
        assert!(refused.message.starts_with("another program holds the lock"), "{refused}");
        drop(held);
        Lock::acquire_within(&path, Duration::ZERO).expect("free again");
    }

    /// Elsewhere a folder gives no lock.
    #[cfg(unix)]
    #[test]
    fn two_homes_with_one_file_write_one_after_the_other_and_sweep_what_another_left() {
        let folder = tempfile::tempdir().expect("folder");
        let shared = folder.path().join("repo");
        std::fs::create_dir(&shared).expect("made");
        let (file, left) = (shared.join("team.age"), shared.join(".team.age.0123456789abcdef.tmp"));
        std::fs::write(&left, "x").expect("written");
        let own = |name: &str| Lock::acquire(&folder.path().join(name)).expect("free");
        let held = own("one").with_folder_of(&file).expect("free");
        let other = File::open(&shared).expect("there");
        assert!(wait_for(&other, Duration::ZERO).expect("asked").is_some() && held.is_of_all_homes());
        assert_eq!(std::fs::read_dir(&shared).expect("list").count(), 1, "the lock leaves something behind");
        // Whoever writes another store that lies there too has it already.
        let other_store = own("three").with_folder_of(&shared.join("ops.age")).expect("its own");
        drop((held, other_store));
        assert!(wait_for(&other, Duration::ZERO).expect("asked").is_none());
        other.unlock().expect("unlocked");
        Home::at(folder.path()).sweep_beside(&file, &own("two").with_folder_of(&file).expect("free"));
        assert!(!left.exists());
    }

    #[test]
    fn where_a_folder_gives_no_lock_what_lies_there_may_be_a_living_writers_until_it_is_old() {
        let folder = tempfile::tempdir().expect("folder");
        let [file, left] = ["team.age", ".team.age.0123456789abcdef.tmp"].map(|name| folder.path().join(name));
        std::fs::write(&left, "x").expect("written");
        let home = Home::at(folder.path());
        let beside = if cfg!(unix) { "gone/team.age" } else { "team.age" };
        let own = Lock::acquire(&folder.path().join("lock")).expect("free");
        let unlocked = own.with_folder_of(&folder.path().join(beside)).expect("goes on");
        assert!(!unlocked.is_of_all_homes());
        home.sweep_beside(&file, &unlocked);
        assert!(left.exists());
        let long_ago = std::time::SystemTime::now() - Duration::from_hours(2);
        File::options().write(true).open(&left).expect("open").set_modified(long_ago).expect("set");
        home.sweep_beside(&file, &unlocked);
        assert!(!left.exists());
    }
}
