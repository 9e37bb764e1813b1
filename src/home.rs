//! Where keyctl's files live, and how they are read, replaced and locked: privately, atomically, with a deadline.
//!
//! Every file of ours is 0600 in a 0700 folder. A change is a new file in the same folder, made with `O_EXCL`, written,
//! synced, renamed over the old one, and the folder synced; only then may "done" be said. Reading never needs a lock, so
//! it works on a read-only disk.

use std::{
    ffi::OsStr,
    fs::{File, Metadata},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    hex,
    name::StoreName,
    platform, random,
};

mod beside;
mod locking;
mod stores;

pub use beside::{create_whole, replace_alike, replace_named};
pub use locking::{LOCK_DEADLINE, Lock};
use stores::{ELSEWHERE, REMOVED, STORES};

/// How old a temporary file must be before it is taken for left over.
const LEFT_OVER_AFTER: Duration = Duration::from_hours(24);
/// The same beside a file that others may be about to replace.
const LEFT_BESIDE_AFTER: Duration = Duration::from_hours(1);
/// How temporary files end; a dot begins them.
const TEMPORARY: &str = ".tmp";

/// The names of what keyctl keeps in its folder, and how those begin of which there may be several.
const OWN: &[&str] = &[
    "store.age",
    "lock",
    "identity.txt",
    "anchor.txt",
    "keeper.toml",
    "config.toml",
    "allowed",
    "allowed.unreadable",
    "accepted",
    "alerts.state",
    "alerts.lock",
    "due.txt",
    "reminded",
    "remind-task.xml",
    "rotate.lock",
    "told",
    "proxy.frozen",
    "proxies",
    "git-hooks",
    "members",
    "seen",
    "machine",
    "joining",
    STORES,
    ELSEWHERE,
    REMOVED,
    "sources.cache",
    "sources.let-go",
];
const OWN_BEGIN: &[&str] = &["history.", "history-", "unfinished-"];

/// The folders that hold everything of one store, and where its age file is.
#[derive(Debug, Clone)]
pub struct Home {
    data: PathBuf,
    config: PathBuf,
    store: Option<Arc<StoreName>>,
    elsewhere: Option<PathBuf>,
}

impl Home {
    /// `KEYCTL_HOME` if it is set, else the platform's folders for local data and for configuration.
    ///
    /// # Errors
    /// When there is no home folder, or `KEYCTL_HOME` is not absolute: nothing is ever written to the current folder.
    pub fn find() -> Result<Self> {
        if let Some(home) = std::env::var_os("KEYCTL_HOME").filter(|home| !home.is_empty()) {
            let home = from_user(home.into());
            if !home.is_absolute() {
                return Err(Failure::new(Kind::Disk, "`KEYCTL_HOME` is not an absolute path")
                    .hint("give the whole path, from the root"));
            }
            return Ok(Self { config: home.clone(), data: home, store: None, elsewhere: None });
        }
        let absolute = |path: Option<PathBuf>| path.filter(|path| path.is_absolute()).map(|path| path.join("keyctl"));
        match (absolute(dirs::data_local_dir()), absolute(dirs::config_dir())) {
            (Some(data), Some(config)) => Ok(Self { data, config, store: None, elsewhere: None }),
            _ => Err(Failure::new(Kind::Disk, "there is no home folder to keep keys in")
                .hint("set `HOME`, or `KEYCTL_HOME` to a folder of your own")),
        }
    }

    /// What to say of the variables that ought to name a folder and are ignored, because they hold no absolute path (XDG
    /// Base Directory Specification 0.8: "consider the path invalid and ignore it"). Said where a store is made or none is
    /// found, and by `status` and `doctor`: to those the folder matters, and no start of a command pays for it.
    #[must_use]
    pub fn ignored() -> Vec<String> {
        if std::env::var_os("KEYCTL_HOME").is_some_and(|home| !home.is_empty()) {
            return Vec::new();
        }
        let relative = |name: &&&str| {
            std::env::var_os(name).is_some_and(|folder| !folder.is_empty() && !Path::new(&folder).is_absolute())
        };
        let said = |name: &&str| format!("`{name}` is not an absolute path and is ignored");
        platform::FOLDER_VARIABLES.iter().filter(relative).map(said).collect()
    }

    /// A home in one folder.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { data: folder.to_owned(), config: folder.to_owned(), store: None, elsewhere: None }
    }

    /// The folder of the store, the history and the approvals.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A file in the data folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Whether this is the name of a file or folder of keyctl's own in the data folder, also of one that is being replaced. A
    /// folder that `KEYCTL_HOME` names may hold what is the user's too.
    #[must_use]
    pub fn is_own(name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        let replaced = name.strip_prefix('.').and_then(|name| name.strip_suffix(TEMPORARY)?.rsplit_once('.'));
        let name = replaced.map_or(name, |(name, _)| name);
        OWN.contains(&name) || OWN_BEGIN.iter().any(|begin| name.starts_with(begin)) || is_wrapped_identity(name)
    }

    /// Whether this is the name of what may be a copy of a file of keyctl's own that somebody made: `identity.txt.bak`.
    #[must_use]
    pub fn is_copy(name: &OsStr) -> bool {
        let of = ["store", "identity", "anchor", "keeper", "history"];
        !Self::is_own(name) && name.to_str().is_some_and(|name| of.iter().any(|begin| name.starts_with(begin)))
    }

    /// The user's own settings.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Makes the data folder if it is not there, and refuses one that others may change.
    ///
    /// # Errors
    /// When it cannot be made, or others may write to it.
    pub fn prepare(&self) -> Result<()> {
        self.refuse_foreign_home()?;
        platform::create_private_folder(&self.data)
            .map_err(|error| Failure::disk("make the folder", &self.data, &error))?;
        let facts =
            std::fs::metadata(&self.data).map_err(|error| Failure::disk("read the folder", &self.data, &error))?;
        let access = platform::access(&facts);
        if access.writable_by_others {
            return Err(Failure::new(
                Kind::Disk,
                format!("other users may change the folder `{}`", self.data.display()),
            )
            .hint(platform::how_to_make_private(&self.data, true)));
        }
        Ok(())
    }

    /// Under `sudo` with the caller's `HOME`, files made here would be the administrator's and shut the user out.
    fn refuse_foreign_home(&self) -> Result<()> {
        let nearest = self.data.ancestors().find_map(|folder| Some((folder, std::fs::metadata(folder).ok()?)));
        match nearest {
            Some((folder, facts)) if platform::access(&facts).by_other && !platform::access(&facts).by_root => {
                Err(Failure::new(Kind::Disk, format!("`{}` belongs to another user", folder.display()))
                    .hint("run keyctl as the user whose keys these are (not through `sudo`), or set `KEYCTL_HOME`"))
            }
            _ => Ok(()),
        }
    }

    /// Removes what a killed keyctl left behind when it was about to replace a file that is only written under the lock,
    /// which the caller holds: so nobody is at it, and what lies there may hold secrets that were wiped since. Where the lock
    /// does not keep other homes out, only what no writer can still be at. Best effort.
    pub fn sweep_beside(&self, path: &Path, lock: &Lock) {
        let target = platform::follow_own_link(path).unwrap_or_else(|_| path.to_owned());
        for file in [path, &target] {
            let Some(folder) = file.parent() else { continue };
            for name in platform::names_in(folder) {
                let is_ours = is_temporary_of(&name, file);
                let left = folder.join(&name);
                if is_ours && (lock.is_of_all_homes() || is_older_than(&left, LEFT_BESIDE_AFTER)) {
                    let _ = std::fs::remove_file(left);
                }
            }
        }
    }

    /// Removes temporary files that a killed keyctl left behind, once they are a day old. Best effort.
    pub fn sweep(&self) {
        for name in platform::names_in(&self.data) {
            let ours = name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(TEMPORARY));
            let path = self.data.join(name);
            if ours && is_older_than(&path, LEFT_OVER_AFTER) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// Whether a file was last written so long ago.
fn is_older_than(path: &Path, age: Duration) -> bool {
    let written = std::fs::symlink_metadata(path).and_then(|facts| facts.modified());
    written.ok().and_then(|then| SystemTime::now().duration_since(then).ok()).is_some_and(|since| since > age)
}

/// Whether this is the name of an identity's file that a passphrase or another key opens: `identity-1a2b3c4d.age`.
fn is_wrapped_identity(name: &str) -> bool {
    let digits = name.strip_prefix("identity-").and_then(|name| name.strip_suffix(".age"));
    digits.is_some_and(|digits| hex::decode::<4>(digits).is_some())
}

/// A path as a user writes it: `~` for the home folder, also where no shell was there to put that in (`--from-file=~/key`,
/// a variable in a unit file, `cmd.exe`). A folder that is really named `~` is `./~`.
#[must_use]
pub fn from_user(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), dirs::home_dir()) {
        (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home,
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// A whole file of ours, at most `limit` bytes, with what the system says of it. `None` if there is none.
///
/// # Errors
/// When it cannot be read, is larger than `limit`, or is no regular file: nothing is waited for in a pipe's place.
pub fn read(path: &Path, limit: usize) -> Result<Option<(Vec<u8>, Metadata)>> {
    read_opened(path, limit, platform::open_without_waiting(path), true)
}

/// A whole file that the user named, which may be a pipe of the shell's.
///
/// # Errors
/// When it cannot be read or is larger than `limit`.
pub fn read_named(path: &Path, limit: usize) -> Result<Option<(Vec<u8>, Metadata)>> {
    read_open(path, limit, File::open(path))
}

/// The same of a file that was opened already.
///
/// # Errors
/// As [`read_named`].
pub fn read_open(path: &Path, limit: usize, opened: io::Result<File>) -> Result<Option<(Vec<u8>, Metadata)>> {
    read_opened(path, limit, opened, false)
}

fn read_opened(path: &Path, limit: usize, opened: io::Result<File>, ours: bool) -> Result<Option<(Vec<u8>, Metadata)>> {
    let failed = |error: &io::Error| Failure::disk("read", path, error);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let facts = file.metadata().map_err(|error| failed(&error))?;
    if ours && !facts.is_file() {
        return Err(Failure::new(Kind::Disk, format!("`{}` is not a regular file", path.display())));
    }
    let bytes = read_bounded(&mut file, &facts, limit).map_err(|error| failed(&error))?;
    match bytes {
        Some(bytes) => Ok(Some((bytes, facts))),
        None => Err(Failure::new(Kind::Disk, format!("`{}` is larger than {limit} bytes", path.display()))),
    }
}

/// Reads at most `limit` bytes from an open file; `None` if there are more.
///
/// # Errors
/// When reading fails.
pub fn read_bounded(file: &mut impl Read, facts: &Metadata, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let expected = usize::try_from(facts.len()).unwrap_or(usize::MAX);
    if expected > limit {
        return Ok(None);
    }
    // One byte more than there should be, so that one call both reads the file and sees that it ends there. A pipe does not
    // tell how much it has, and a vector that grows leaves what it held behind.
    let mut bytes = Vec::with_capacity(if facts.is_file() { expected + 1 } else { limit + 2 });
    bytes.resize(expected + 1, 0);
    let first = loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    bytes.truncate(first);
    if first != expected {
        file.take((limit + 1).saturating_sub(first) as u64).read_to_end(&mut bytes)?;
    }
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// Puts new content in a file's place: old or new at any moment, and on the disk when this returns.
///
/// A symbolic link stays a link and its target is replaced, if both are the user's own.
///
/// # Errors
/// When anything fails before the rename, the old file is there and the temporary one is gone.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_if(path, bytes, || true).map(drop)
}

/// Like [`replace`], and only if `is_wanted` says so just before. Says whether it did.
///
/// # Errors
/// As [`replace`].
pub fn replace_if(path: &Path, bytes: &[u8], is_wanted: impl FnOnce() -> bool) -> Result<bool> {
    let failed = |error: &io::Error| Failure::disk("write", path, error);
    let linked = std::fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink());
    let target =
        if linked { platform::follow_own_link(path).map_err(|error| failed(&error))? } else { path.to_owned() };
    let is_put = put(&target, bytes, true, |_| Ok(()), is_wanted);
    if !is_put.map_err(|error| failed(&error).hint("what was there before is still there"))? {
        return Ok(false);
    }
    synced(&target, path)?;
    Ok(true)
}

/// Waits until the folder of a file that was replaced is on the disk; `path` is what the user calls the file.
fn synced(target: &Path, path: &Path) -> Result<()> {
    // The folder of a bare name is the one that this runs in.
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    platform::sync_folder(folder).map_err(|error| {
        Failure::new(Kind::Disk, format!("cannot be sure that `{}` is on the disk: {}", path.display(), reason(&error)))
            .hint("the new content is in place but may not survive a power cut; do it again")
    })
}

/// The part of [`replace`] up to the rename. Without `sync` the content may be lost in a power cut, never torn by a kill.
///
/// # Errors
/// When anything fails; the temporary file is then removed.
pub fn replace_file(target: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
    put(target, bytes, sync, |_| Ok(()), || true).map(drop)
}

/// Like [`replace`], for a script that others may run: it can be executed, and a link in its place is replaced by it.
///
/// # Errors
/// When anything fails; the old file is then there.
pub fn replace_program(target: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: &io::Error| Failure::disk("write", target, error);
    put(target, bytes, true, platform::make_executable, || true).map_err(|error| failed(&error))?;
    platform::sync_folder(target.parent().unwrap_or(Path::new("."))).map_err(|error| failed(&error))
}

fn put(
    target: &Path,
    bytes: &[u8],
    sync: bool,
    prepare: fn(&File) -> io::Result<()>,
    is_wanted: impl FnOnce() -> bool,
) -> io::Result<bool> {
    let temporary = temporary_beside(target)?;
    let written = (|| {
        let mut file = platform::create_private(&temporary)?;
        file.write_all(bytes)?;
        prepare(&file)?;
        if sync {
            file.sync_all()?;
        }
        drop(file);
        let is_wanted = is_wanted();
        if is_wanted {
            platform::rename(&temporary, target)?;
        }
        Ok(is_wanted)
    })();
    if !matches!(written, Ok(true)) {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Whether this is the name of a temporary file that was to take that one's place.
fn is_temporary_of(name: &OsStr, target: &Path) -> bool {
    let begins = format!(".{}.", target.file_name().unwrap_or_default().to_string_lossy());
    let random = name.to_str().and_then(|name| name.strip_prefix(&begins)?.strip_suffix(TEMPORARY));
    random.is_some_and(|random| random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A name in the same folder that nobody can guess: rename stays on one device, and no link can wait there.
fn temporary_beside(target: &Path) -> io::Result<PathBuf> {
    let random = random::bytes::<8>().map_err(io::Error::other)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    Ok(target.with_file_name(format!(".{name}.{}{TEMPORARY}", hex::encode(&random))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_tell_how_much_it_has_is_read_into_room_for_all_of_it() {
        // As a pipe: no file, and of no length.
        let facts = std::fs::metadata(std::env::temp_dir()).expect("facts");
        let limit = usize::try_from(facts.len()).expect("small") + 1000;
        let read = |text: &[u8]| read_bounded(&mut &text[..], &facts, limit).expect("read");
        let bytes = read(&vec![b'x'; limit]).expect("not too many");
        assert!(bytes.len() == limit && bytes.capacity() == limit + 2, "{}", bytes.capacity());
        assert!(read(&vec![b'x'; limit + 1]).is_none());
    }

    #[test]
    fn a_replaced_file_has_the_new_content_and_nothing_lies_beside_it() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("store.age");
        replace(&path, b"one").expect("first");
        replace(&path, b"two").expect("second");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn a_name_of_the_users_is_none_of_ours() {
        let own = ["store.age", ".store.age.0123456789abcdef.tmp", "history.log", "history-0001.log", "git-hooks"];
        assert!(own.into_iter().all(|name| Home::is_own(name.as_ref()) && !Home::is_copy(name.as_ref())));
        let copies = ["identity.txt.bak", "store (1).age", "identity"];
        assert!(copies.into_iter().all(|name| Home::is_copy(name.as_ref()) && !Home::is_own(name.as_ref())));
        for name in ["deploy.sh", ".env", "locked", "", ".tmp"] {
            assert!(!Home::is_own(name.as_ref()) && !Home::is_copy(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("large");
        std::fs::write(&path, [0; 11]).expect("write");
        assert_eq!(read(&path, 10).expect_err("too large").kind, Kind::Disk);
        assert_eq!(read(&path, 11).expect("fits").expect("there").0.len(), 11);
        assert!(read(&folder.path().join("none"), 10).expect("no error").is_none());
    }

    #[test]
    fn a_tilde_is_the_home_folder_at_the_beginning_of_a_path_and_nowhere_else() {
        let home = dirs::home_dir().expect("home");
        assert_eq!(from_user("~".into()), home);
        assert_eq!(from_user("~/a/~".into()), home.join("a").join("~"));
        for other in ["./~", "~other/a", "a/~/b", "/~", "", "a~"] {
            assert_eq!(from_user(other.into()), Path::new(other), "{other}");
        }
    }
}
