//! Every file below some folders, within bounds: files of each folder before those of its subfolders, so that what lies
//! near the top (`.env`) is seen even where the bounds end the walk.
//!
//! Files that git ignores are looked at too; that is where secrets lie. Left out are [`LEFT_OUT`], which hold what tools
//! have made. No symbolic link is followed, no pipe is waited on, and no other file system is entered.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::{home, platform};

/// Folders that are not entered: git's own, and what package managers and compilers fill.
pub const LEFT_OUT: &[&str] = &[".git", "node_modules", "target"];

/// How far a walk goes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The most bytes of a file; larger ones are counted and not read.
    pub bytes: usize,
    /// The most files.
    pub files: usize,
    /// The longest time.
    pub time: Duration,
}

impl Default for Bounds {
    /// 4 MiB a file, which no file with a key in it comes near; 50,000 files; ten seconds.
    fn default() -> Self {
        Self { bytes: 4 * 1024 * 1024, files: 50_000, time: Duration::from_secs(10) }
    }
}

/// How far a walk came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// Files that were read.
    pub files: usize,
    /// Files that were too large.
    pub too_large: usize,
    /// Files that could not be read.
    pub unreadable: usize,
    /// Whether the bounds ended it.
    pub cut_short: bool,
}

/// Hands every file below these folders to `visit`, with its bytes. Folders that lie in another of them are walked once.
pub fn each_file(folders: &[PathBuf], bounds: &Bounds, visit: &mut dyn FnMut(&Path, &[u8])) -> Walked {
    let begun = Instant::now();
    let mut walked = Walked::default();
    for root in roots(folders) {
        let Ok(device) = std::fs::symlink_metadata(&root).map(|facts| platform::access(&facts).device) else {
            continue;
        };
        let mut waiting = VecDeque::from([root]);
        while let Some(folder) = waiting.pop_front() {
            let mut names = platform::names_in(&folder);
            names.sort();
            for name in names {
                if walked.files >= bounds.files || begun.elapsed() >= bounds.time {
                    walked.cut_short = true;
                    return walked;
                }
                let path = folder.join(&name);
                let Ok(facts) = std::fs::symlink_metadata(&path) else { continue };
                let left_out = || LEFT_OUT.iter().any(|other| name == *other);
                if facts.is_dir() && platform::access(&facts).device == device && !left_out() {
                    waiting.push_back(path);
                } else if facts.is_file() {
                    walked.look(&path, bounds, visit);
                }
            }
        }
    }
    walked
}

impl Walked {
    fn look(&mut self, path: &Path, bounds: &Bounds, visit: &mut dyn FnMut(&Path, &[u8])) {
        let read = platform::open_untrusted(path).and_then(|mut file| {
            let facts = file.metadata()?;
            // It may have become a pipe since its name was looked at.
            if !facts.is_file() {
                return Err(std::io::ErrorKind::InvalidInput.into());
            }
            home::read_bounded(&mut file, &facts, bounds.bytes)
        });
        match read {
            Ok(Some(bytes)) => {
                self.files += 1;
                visit(path, &Zeroizing::new(bytes));
            }
            Ok(None) => self.too_large += 1,
            Err(_) => self.unreadable += 1,
        }
    }
}

/// The folders as they really lie, without those that lie in another one.
fn roots(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut real: Vec<PathBuf> = folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
    real.sort();
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in real {
        if !roots.iter().any(|root| folder.starts_with(root)) {
            roots.push(folder);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().expect("folder");
        let top = kept.path().canonicalize().expect("real");
        for (name, text) in files {
            let path = top.join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
            std::fs::write(path, text).expect("write");
        }
        (kept, top)
    }

    fn seen(folders: &[PathBuf], top: &Path, bounds: &Bounds) -> (Vec<String>, Walked) {
        let mut seen = Vec::new();
        let walked = each_file(folders, bounds, &mut |path, _| {
            seen.push(path.strip_prefix(top).expect("inside").to_string_lossy().replace('\\', "/"));
        });
        (seen, walked)
    }

    #[test]
    fn files_near_the_top_come_first_and_what_tools_have_made_is_left_out() {
        let (_kept, top) = folder(&[
            ("a/deep/one", ""),
            (".env", ""),
            ("z", ""),
            (".git/config", ""),
            ("node_modules/x/y", ""),
            ("a/target/o", ""),
            ("b/.gitignored", ""),
        ]);
        let (files, walked) = seen(std::slice::from_ref(&top), &top, &Bounds::default());
        assert_eq!(files, [".env", "z", "b/.gitignored", "a/deep/one"]);
        assert_eq!(walked, Walked { files: 4, ..Walked::default() });
    }

    #[test]
    fn a_folder_in_another_one_is_walked_once_and_one_that_is_gone_not_at_all() {
        let (_kept, top) = folder(&[("a/b/one", ""), ("a/two", "")]);
        let folders = [top.join("a/b"), top.join("a"), top.join("gone"), top.join("a")];
        assert_eq!(seen(&folders, &top, &Bounds::default()).0, ["a/two", "a/b/one"]);
    }

    #[test]
    fn the_bounds_end_the_walk_and_say_so() {
        let (_kept, top) = folder(&[("a", "12345"), ("b", "1234"), ("c", "1"), ("d", "1")]);
        let bounds = Bounds { bytes: 4, files: 2, ..Bounds::default() };
        let (files, walked) = seen(std::slice::from_ref(&top), &top, &bounds);
        assert_eq!(files, ["b", "c"]);
        assert_eq!(walked, Walked { files: 2, too_large: 1, unreadable: 0, cut_short: true });
        let none = Bounds { time: Duration::ZERO, ..Bounds::default() };
        assert_eq!(
            seen(std::slice::from_ref(&top), &top, &none),
            (vec![], Walked { cut_short: true, ..Walked::default() })
        );
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_and_no_pipe_is_waited_on() {
        let (_kept, top) = folder(&[("real/one", "")]);
        std::os::unix::fs::symlink(top.join("real"), top.join("folder")).expect("link");
        std::os::unix::fs::symlink(top.join("real/one"), top.join("file")).expect("link");
        std::os::unix::fs::symlink("..", top.join("real/round")).expect("link");
        let made = std::process::Command::new("mkfifo").arg(top.join("pipe")).status().expect("mkfifo");
        assert!(made.success());
        let (files, walked) = seen(std::slice::from_ref(&top), &top, &Bounds::default());
        assert_eq!((files, walked.unreadable), (vec!["real/one".to_owned()], 0));
    }
}
