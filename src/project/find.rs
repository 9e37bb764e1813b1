//! Finding the project file: upwards from the working directory, and not one folder further than is the user's project.
//!
//! The search ends at the root of the repository, before the user's home folder, before a folder on another device, of
//! another owner or shared by everyone (as `/tmp`), and before `/`: what lies there speaks for no project. The folder
//! that the user stands in is looked into wherever it is, but for `/`.
//!
//! In each folder there is one attempt to open, which follows no link and waits on no pipe; nothing is asked of the path
//! before. Owner, mode and kind are asked of the open file, and the bytes are read once: what was checked, what is
//! hashed and what is parsed cannot differ (swapping the file between two looks is the classic of this trade).

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
};

use super::place::{self, Place};
use crate::{
    failure::{Failure, Kind, Result},
    home,
    plain::shell_word,
    platform::{self, Access},
    profile::table::LARGEST,
};

/// The project file's name.
pub const NAME: &str = ".keyctl.toml";

/// A project file that was found and may be parsed, as far as its place and owner go.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The folder it is for.
    pub folder: PathBuf,
    /// What approvals are bound to.
    pub place: Place,
    /// What was read, once.
    pub bytes: Vec<u8>,
}

/// The project file that counts for `start`; `home_folder` is the user's own, which belongs to no project.
///
/// # Errors
/// `Project` for a file that is refused: a link, no regular file, too large, another user's, or open to changes by
/// others. `Disk` when a folder or file cannot be read: a file that cannot be looked at is not a file that is not there.
pub fn nearest(start: &Path, home_folder: Option<&Path>) -> Result<Option<Found>> {
    let start = start.canonicalize().map_err(|error| Failure::disk("find the folder", start, &error))?;
    let home_folder = home_folder.and_then(|home| home.canonicalize().ok());
    let first = facts(&start)?;
    for folder in start.ancestors() {
        let here = if folder == start { first } else { facts(folder)? };
        if folder.parent().is_none() || (folder != start && ends_before(folder, home_folder.as_deref(), here, first)) {
            return Ok(None);
        }
        let path = folder.join(NAME);
        match platform::open_untrusted(&path) {
            Ok(file) => {
                let bytes = read(file, &path, folder, here)?;
                let place = place::of(folder, |above| {
                    above.parent().is_none()
                        || facts(above).map_or(true, |there| ends_before(above, home_folder.as_deref(), there, first))
                });
                return Ok(Some(Found { path, folder: folder.to_owned(), place, bytes }));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if platform::is_symbolic_link(&error) => {
                return Err(refused(&path, "is a symbolic link, so it could change without the project")
                    .hint("put the file itself there"));
            }
            Err(error) => return Err(Failure::disk("read the project file", &path, &error)),
        }
        if std::fs::symlink_metadata(folder.join(".git")).is_ok() {
            return Ok(None);
        }
    }
    Ok(None)
}

fn facts(folder: &Path) -> Result<Access> {
    let facts = std::fs::metadata(folder).map_err(|error| Failure::disk("look at the folder", folder, &error))?;
    Ok(platform::access(&facts))
}

/// Whether the way up from the first folder ends before this one.
fn ends_before(folder: &Path, home_folder: Option<&Path>, here: Access, first: Access) -> bool {
    Some(folder) == home_folder
        || here.device != first.device
        || here.owner != first.owner
        || (here.sticky && here.writable_by_others)
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(Kind::Project, format!("`{}` {why}", path.display()))
}

/// Checks the open file and reads it.
fn read(mut file: File, path: &Path, folder: &Path, around: Access) -> Result<Vec<u8>> {
    let failed = |error: &io::Error| Failure::disk("read the project file", path, error);
    let facts = file.metadata().map_err(|error| failed(&error))?;
    check(&facts, path, folder, around)?;
    let bytes = home::read_bounded(&mut file, &facts, LARGEST).map_err(|error| failed(&error))?;
    bytes.ok_or_else(|| refused(path, "is larger than 64 KiB, which no project file needs to be"))
}

fn check(facts: &Metadata, path: &Path, folder: &Path, around: Access) -> Result<()> {
    if !facts.is_file() {
        return Err(refused(path, "is not a regular file"));
    }
    let access = platform::access(facts);
    if access.by_other && !access.by_root {
        return Err(refused(path, "belongs to another user")
            .hint("look at what it says; if that is what you want, copy it into a file of your own"));
    }
    if access.writable_by_others {
        return Err(refused(path, "can be changed by other users").hint(take_away(path)));
    }
    if around.writable_by_others && !around.sticky {
        return Err(
            refused(path, "lies in a folder where other users can put another in its place").hint(take_away(folder))
        );
    }
    Ok(())
}

/// The command that takes the right to write away from others and leaves the rest.
fn take_away(path: &Path) -> String {
    format!("look at what it says, then run: chmod go-w {}", shell_word(&path.display().to_string()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    const TEXT: &str = "[env]\nA = \"a\"\n";

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn said(start: &Path) -> (Kind, String, Vec<String>) {
        let failure = nearest(start, None).unwrap_err();
        (failure.kind, failure.message, failure.hints)
    }

    #[test]
    fn the_nearest_file_counts_and_the_search_ends_at_the_root_of_the_repository() {
        let (_kept, top) = folder();
        fs::create_dir_all(top.join("repository/.git")).unwrap();
        fs::create_dir_all(top.join("repository/a/b")).unwrap();
        fs::write(top.join(NAME), TEXT).unwrap();
        assert!(nearest(&top.join("repository/a/b"), None).unwrap().is_none());
        fs::write(top.join("repository").join(NAME), TEXT).unwrap();
        let found = nearest(&top.join("repository/a/b"), None).unwrap().unwrap();
        assert_eq!((found.folder, found.bytes), (top.join("repository"), TEXT.into()));
        fs::write(top.join("repository/a").join(NAME), "[env]\n").unwrap();
        assert_eq!(nearest(&top.join("repository/a/b"), None).unwrap().unwrap().folder, top.join("repository/a"));
    }

    #[test]
    fn the_home_folder_is_looked_into_only_by_who_stands_in_it() {
        let (_kept, home) = folder();
        fs::create_dir(home.join("work")).unwrap();
        fs::write(home.join(NAME), TEXT).unwrap();
        assert!(nearest(&home.join("work"), Some(&home)).unwrap().is_none());
        assert!(nearest(&home, Some(&home)).unwrap().is_some());
        assert!(nearest(&home.join("work"), None).unwrap().is_some());
    }

    #[test]
    fn a_shared_folder_above_and_the_root_of_the_disk_are_never_looked_into() {
        let (_kept, top) = folder();
        fs::create_dir(top.join("work")).unwrap();
        fs::write(top.join(NAME), TEXT).unwrap();
        set_mode(&top, 0o1777);
        assert!(nearest(&top.join("work"), None).unwrap().is_none());
        assert!(nearest(Path::new("/"), None).unwrap().is_none());
    }

    #[test]
    fn another_owner_or_another_device_above_ends_the_search() {
        let mine = Access {
            by_other: false,
            by_root: false,
            writable_by_others: false,
            readable_by_others: true,
            linked_elsewhere: false,
            sticky: false,
            device: 1,
            owner: 1000,
        };
        let ends = |here| ends_before(Path::new("/x"), None, here, mine);
        assert!(!ends(mine));
        assert!(ends(Access { device: 2, ..mine }));
        assert!(ends(Access { owner: 0, ..mine }));
    }

    #[test]
    fn a_symbolic_link_is_refused_even_a_broken_one() {
        let (_kept, top) = folder();
        symlink("elsewhere", top.join(NAME)).unwrap();
        let message =
            format!("`{}` is a symbolic link, so it could change without the project", top.join(NAME).display());
        assert_eq!(said(&top), (Kind::Project, message, vec!["put the file itself there".into()]));
    }

    #[test]
    fn a_folder_and_a_pipe_are_refused_and_a_pipe_is_not_waited_for() {
        let (_kept, top) = folder();
        let message = format!("`{}` is not a regular file", top.join(NAME).display());
        fs::create_dir(top.join(NAME)).unwrap();
        assert_eq!(said(&top), (Kind::Project, message.clone(), vec![]));
        fs::remove_dir(top.join(NAME)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(top.join(NAME)).status().unwrap().success());
        assert_eq!(said(&top), (Kind::Project, message, vec![]));
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_parsed() {
        let (_kept, top) = folder();
        fs::write(top.join(NAME), vec![b'#'; LARGEST]).unwrap();
        assert!(nearest(&top, None).unwrap().is_some());
        let file = fs::OpenOptions::new().write(true).open(top.join(NAME)).unwrap();
        file.set_len(50_000_000).unwrap();
        let message =
            format!("`{}` is larger than 64 KiB, which no project file needs to be", top.join(NAME).display());
        assert_eq!(said(&top), (Kind::Project, message, vec![]));
    }

    #[test]
    fn a_file_that_others_may_change_is_refused_with_the_command_that_ends_it() {
        let (_kept, top) = folder();
        let path = top.join(NAME);
        fs::write(&path, TEXT).unwrap();
        set_mode(&path, 0o646);
        assert_eq!(
            said(&top),
            (
                Kind::Project,
                format!("`{}` can be changed by other users", path.display()),
                vec![format!("look at what it says, then run: chmod go-w '{}'", path.display())]
            )
        );
        set_mode(&path, 0o644);
        set_mode(&top, 0o757);
        assert_eq!(
            said(&top),
            (
                Kind::Project,
                format!("`{}` lies in a folder where other users can put another in its place", path.display()),
                vec![format!("look at what it says, then run: chmod go-w '{}'", top.display())]
            )
        );
        set_mode(&top, 0o1757);
        assert!(nearest(&top, None).unwrap().is_some());
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let (_kept, top) = folder();
        fs::write(top.join(NAME), TEXT).unwrap();
        // Only an administrator can give files away.
        if std::os::unix::fs::chown(top.join(NAME), Some(12_345), None).is_err() {
            return;
        }
        let (kind, message, _) = said(&top);
        assert_eq!((kind, message), (Kind::Project, format!("`{}` belongs to another user", top.join(NAME).display())));
    }

    #[test]
    fn what_cannot_be_looked_at_is_a_failure_and_not_the_absence_of_a_file() {
        let (_kept, top) = folder();
        fs::write(top.join(NAME), TEXT).unwrap();
        set_mode(&top.join(NAME), 0);
        // An administrator may read everything.
        if fs::read(top.join(NAME)).is_err() {
            let message = format!("cannot read the project file `{}`: permission denied", top.join(NAME).display());
            assert_eq!(said(&top), (Kind::Disk, message, vec![]));
        }
        let gone = top.join("gone");
        let message = format!("cannot find the folder `{}`: no such file or directory", gone.display());
        assert_eq!(said(&gone), (Kind::Disk, message, vec![]));
    }

    #[test]
    fn no_other_file_of_the_program_opens_a_project_file() {
        fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() { sources(&entry, all) } else { all.push(entry) }
            }
            // A schema opens nothing.
            all.retain(|path| path.extension() != Some("json".as_ref()));
        }
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let call = ["open_untrusted", "("].concat();
        let opens = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains(&call);
        let mut openers: Vec<String> =
            all.iter().filter(opens).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
        openers.sort();
        assert!(openers.contains(&"find.rs".to_owned()));
        let name = [".keyctl", ".toml\""].concat();
        for path in all.iter().filter(|path| fs::read_to_string(path).unwrap().contains(&name)) {
            assert!(path.ends_with("project/find.rs"), "{} names the project file", path.display());
        }
    }
}
