//! Where a plugin's program lies, and whether it may be trusted to lie there.
//!
//! It is looked for on `PATH` once, when a store is given to it, and its absolute path is recorded. A program of the same name
//! that somebody puts earlier on `PATH` later gets nothing.

use std::{
    ffi::OsString,
    fs::Metadata,
    path::{Path, PathBuf},
};

use super::name::PluginName;
use crate::{
    failure::{Failure, Kind, Result, reason},
    platform::{self, ProgramFile},
};

/// What may be wrong with where a program lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// There is none.
    Gone,
    /// It cannot be executed.
    NotExecutable,
    /// Others than this user and the administrator can put another in its place: here.
    Open(PathBuf),
    /// It could not be looked at, and why.
    Unseen(String),
}

/// The first program of this plugin's name on `PATH`; folders that are not absolute are passed over.
#[must_use]
pub fn first_on_path(name: &PluginName) -> Option<PathBuf> {
    first_in(name, &std::env::var_os("PATH")?)
}

fn first_in(name: &PluginName, folders: &OsString) -> Option<PathBuf> {
    let program = OsString::from(name.program());
    std::env::split_paths(folders)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| platform::program_names(&program).into_iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file() && platform::is_executable(path))
}

/// Finds the program of a plugin that a store is to be given to.
///
/// # Errors
/// `Keychain` where there is none, or others can put another in its place.
pub fn find(name: &PluginName) -> Result<PathBuf> {
    let Some(path) = first_on_path(name) else {
        return Err(Failure::new(Kind::Keychain, format!("there is no program `{}` on `PATH`", name.program()))
            .hint("install the plugin, or put the folder it lies in on `PATH`"));
    };
    match flaw(&path) {
        None => Ok(path),
        Some(flaw) => Err(refused(&path, &flaw)),
    }
}

/// What is wrong with a program that was recorded, if anything is.
#[must_use]
pub fn flaw(path: &Path) -> Option<Flaw> {
    judged(path).err()
}

/// The file of a program that was recorded, if nobody else can put another in its place. It is that file which is started.
///
/// # Errors
/// What is wrong with it.
pub fn judged(path: &Path) -> std::result::Result<ProgramFile, Flaw> {
    let unseen = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Flaw::Gone,
        _ => Flaw::Unseen(reason(&error)),
    };
    let passed = platform::way_to(path).map_err(unseen)?;
    let file = ProgramFile::open(path).map_err(unseen)?;
    if !file.is_file() || !platform::is_executable(file.path()) {
        return Err(Flaw::NotExecutable);
    }
    // Whoever may turn a link on the way, or write in a folder that one leads through, says what is started.
    if let Some((place, _)) = passed.iter().find(|(_, facts)| is_open(facts)) {
        return Err(Flaw::Open(place.clone()));
    }
    if passed.last().is_some_and(|(last, _)| last != file.path()) {
        return Err(Flaw::Unseen("its links lead elsewhere each time".into()));
    }
    // Nor may anybody else say what runs it, where it is a script.
    for program in file.run_by() {
        let passed = platform::way_to(program).map_err(unseen)?;
        if let Some((place, _)) = passed.iter().find(|(_, facts)| is_open(facts)) {
            return Err(Flaw::Open(place.clone()));
        }
    }
    Ok(file)
}

/// Whether others than this user and the administrator can change what lies here. In a shared folder whose files each belong
/// to who made them (`/tmp`) nobody else can.
fn is_open(facts: &Metadata) -> bool {
    let access = platform::access(facts);
    // What a link leads to is looked at by itself; its own mode says nothing.
    let is_writable = access.writable_by_others && !facts.is_symlink() && !(facts.is_dir() && access.sticky);
    is_writable || (access.by_other && !access.by_root)
}

/// The failure for a program that is not started.
#[must_use]
pub fn refused(path: &Path, flaw: &Flaw) -> Failure {
    let failure = |what: String| Failure::new(Kind::Keychain, what);
    match flaw {
        Flaw::Gone => failure(format!("the plugin `{}` is gone", path.display())).hint(
            "install it there again, or bring the identity back with the recovery copy: `keyctl recovery restore FILE`",
        ),
        Flaw::NotExecutable => failure(format!("the plugin `{}` is not executable", path.display())),
        Flaw::Open(place) if place == path => {
            failure(format!("others than you may change the plugin `{}`", path.display())).hint(how_to_close(place))
        }
        Flaw::Open(place) => failure(format!(
            "others than you may put another program in the place of the plugin `{}`: `{}` is open to them",
            path.display(),
            place.display()
        ))
        .hint(how_to_close(place)),
        Flaw::Unseen(why) => failure(format!("cannot look at the plugin `{}`: {why}", path.display())),
    }
}

fn how_to_close(place: &Path) -> String {
    format!("if it is yours: `chmod go-w '{}'`; else install the plugin elsewhere", place.display())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn put(folder: &Path, mode: u32) -> PathBuf {
        let path = folder.join("age-plugin-x");
        std::fs::write(&path, "#!/bin/sh\n").expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
        path
    }

    #[test]
    fn the_first_of_absolute_folders_is_found() {
        let (one, two) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        let name = PluginName::parse("x").expect("name");
        put(one.path(), 0o644);
        let path = put(two.path(), 0o755);
        let folders = std::env::join_paths([Path::new("."), one.path(), two.path()]).expect("path");
        assert_eq!(first_in(&name, &folders), Some(path));
        assert_eq!(first_in(&name, &OsString::from("bin:.")), None);
    }

    #[test]
    fn what_runs_a_plugin_that_is_a_script_may_not_be_open_to_others_either() {
        let folder = tempfile::tempdir().expect("folder");
        let mode =
            |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
        mode(folder.path(), 0o755);
        let (path, own) = (put(folder.path(), 0o755), folder.path().join("python"));
        std::fs::write(&own, "no script").expect("write");
        mode(&own, 0o755);
        std::fs::write(&path, format!("#! {} -u\n", own.display())).expect("write");
        assert_eq!(flaw(&path), None);
        mode(&own, 0o777);
        assert_eq!(flaw(&path), Some(Flaw::Open(own.clone())));
        mode(&own, 0o755);
        let open = folder.path().join("open");
        std::fs::create_dir(&open).expect("make");
        mode(&open, 0o777);
        symlink(&own, open.join("python")).expect("link");
        std::fs::write(&path, format!("#!{}\n", open.join("python").display())).expect("write");
        assert_eq!(flaw(&path), Some(Flaw::Open(open)));
    }

    #[test]
    fn a_program_that_others_can_exchange_is_refused_wherever_they_can() {
        let folder = tempfile::tempdir().expect("folder");
        let own = folder.path().join("a/b");
        std::fs::create_dir_all(&own).expect("make");
        let mode =
            |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
        mode(folder.path(), 0o755);
        let path = put(&own, 0o755);
        assert_eq!(flaw(&path), None);
        mode(&path, 0o757);
        assert_eq!(flaw(&path), Some(Flaw::Open(path.clone())));
        mode(&path, 0o755);
        mode(&folder.path().join("a"), 0o777);
        assert_eq!(flaw(&path), Some(Flaw::Open(folder.path().join("a"))));
        mode(&folder.path().join("a"), 0o1777);
        assert_eq!(flaw(&path), None);
        mode(&path, 0o644);
        // Root may execute what anybody may.
        assert_eq!(flaw(&path), Some(Flaw::NotExecutable));
        mode(&path, 0o755);
        let link = folder.path().join("age-plugin-x");
        symlink(&path, &link).expect("link");
        assert_eq!(flaw(&link), None);
        mode(&own, 0o777);
        assert_eq!(flaw(&link), Some(Flaw::Open(own.clone())));
        mode(&own, 0o755);
        // A link that leads there through a folder of everybody's: what it leads to is theirs to say.
        let (hop, far) = (folder.path().join("c"), folder.path().join("far"));
        std::fs::create_dir(&hop).expect("make");
        mode(&hop, 0o777);
        symlink(&path, hop.join("hop")).expect("link");
        symlink("c/hop", &far).expect("link");
        assert_eq!(flaw(&far), Some(Flaw::Open(hop.clone())));
        mode(&hop, 0o755);
        assert_eq!(judged(&far).ok().map(|file| file.path().to_owned()), Some(path.clone()));
        std::fs::remove_file(&path).expect("remove");
        assert_eq!(flaw(&link), Some(Flaw::Gone));
    }
}
