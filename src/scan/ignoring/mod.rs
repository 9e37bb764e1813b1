//! What git ignores, by its own lists and by its own rules (gitignore(5)): those of a folder and of the folders above it in
//! its repository, what the repository itself names (`info/exclude`), and what the user has set for all (`core.excludesFile`,
//! which git is asked for). A folder is a repository only where git takes it for one: nobody hides files behind an empty
//! `.git`. Of what decides wrongly there is one sort that matters: a file left out that git would keep. So a list that cannot
//! be read leaves nothing out.

mod pattern;

#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::git::{Git, path_of, unwalked};
use crate::home;
use pattern::{Named, Pattern};

/// The name of a folder's list.
pub const LIST: &str = ".gitignore";
/// The longest list that is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// A repository that a walk is in.
#[derive(Debug)]
pub struct Repository {
    /// The folder from which on it is walked: its top, or a folder in it.
    pub folder: PathBuf,
    /// Its top.
    pub top: PathBuf,
    left_out: AtomicBool,
}

impl Repository {
    /// Whether anything of it was left out.
    pub fn has_left_out(&self) -> bool {
        self.left_out.load(Ordering::Relaxed)
    }
}

/// What counts in a folder of a repository.
#[derive(Debug, Clone)]
pub struct Ignoring {
    /// The repository.
    pub repository: Arc<Repository>,
    lists: Option<Arc<Lists>>,
    /// The folder's path in the repository, with a slash behind each name.
    below: Vec<u8>,
}

/// A list, and those that count where it says nothing.
#[derive(Debug)]
struct Lists {
    patterns: Vec<Pattern>,
    /// So many bytes of a path lead to where the list lies.
    at: usize,
    above: Option<Arc<Lists>>,
}

impl Ignoring {
    /// What counts in the folder above one from which a walk begins, if that lies in a repository.
    pub fn above(folder: &Path) -> Option<Self> {
        let real = folder.canonicalize().ok()?;
        let top = real.ancestors().skip(1).find(|above| unwalked::is_repository(above))?;
        let mut ignoring = Self::of_repository(top, folder);
        let mut at = top.to_owned();
        let names: Vec<_> = real.strip_prefix(top).ok()?.iter().collect();
        for name in names {
            if at.join(LIST).symlink_metadata().is_ok_and(|facts| facts.is_file()) {
                ignoring = ignoring.with_list(&at.join(LIST));
            }
            ignoring = ignoring.in_folder(name);
            at.push(name);
        }
        Some(ignoring)
    }

    /// What counts at the top of a repository, which is walked from a folder on.
    pub fn of_repository(top: &Path, folder: &Path) -> Self {
        let left_out = AtomicBool::new(false);
        let repository = Repository { folder: folder.to_owned(), top: real(top), left_out };
        let mut ignoring = Self { repository: Arc::new(repository), lists: None, below: Vec::new() };
        // What was set for all counts least. Where git does not say what that is, it leaves nothing out.
        let set = Git::at(top).and_then(|git| git.of(&real(top)).excludes_file()).unwrap_or_default();
        let own = unwalked::exclude(top);
        for list in set.into_iter().chain(own) {
            ignoring = ignoring.with_list(&list);
        }
        ignoring
    }

    /// The same with a list, which counts more.
    pub fn with_list(&self, list: &Path) -> Self {
        let Ok(Some((text, _))) = home::read(list, LONGEST) else { return self.clone() };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let patterns: Vec<Pattern> = lines.filter_map(Pattern::read).collect();
        if patterns.is_empty() {
            return self.clone();
        }
        let lists = Lists { patterns, at: self.below.len(), above: self.lists.clone() };
        Self { lists: Some(Arc::new(lists)), ..self.clone() }
    }

    /// What counts in a folder of this one, but for its own list.
    pub fn in_folder(&self, name: &OsStr) -> Self {
        let below = [&*self.below, name.as_encoded_bytes(), b"/"].concat();
        Self { below, ..self.clone() }
    }

    /// Whether this is left out here; `path` is room for its path.
    pub fn leaves_out(&self, name: &OsStr, is_folder: bool, path: &mut Vec<u8>) -> bool {
        let Some(mut lists) = self.lists.as_deref() else { return false };
        let name = name.as_encoded_bytes();
        path.clear();
        path.extend_from_slice(&self.below);
        path.extend_from_slice(name);
        loop {
            let named = Named { name, path: &path[lists.at..], is_folder };
            if let Some(last) = lists.patterns.iter().rev().find(|pattern| pattern.is_about(named)) {
                if !last.takes_back {
                    self.repository.left_out.store(true, Ordering::Relaxed);
                }
                return !last.takes_back;
            }
            match lists.above.as_deref() {
                Some(above) => lists = above,
                None => return false,
            }
        }
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Git {
    /// The list of what the user ignores everywhere, as this repository has it; none where he wants none.
    ///
    /// # Errors
    /// As [`Git::output`].
    fn excludes_file(&self) -> crate::failure::Result<Option<PathBuf>> {
        let set = self.answer(&["config", "--type=path", "--get", "core.excludesFile"])?;
        let Some(set) = set else { return Ok(usual_excludes_file()) };
        let set = path_of(set.strip_suffix(b"\n").unwrap_or(&set));
        Ok(Some(set).filter(|path| !path.as_os_str().is_empty()).map(|path| self.folder().join(path)))
    }
}

/// Where that list lies if nothing else is set (git-config(1)).
fn usual_excludes_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join("git/ignore"))
}
