//! The place that an approval is bound to.
//!
//! Outside git it is the folder. Inside a repository it is the repository and the folder's path in it, so that all
//! worktrees of one repository share what was approved. A worktree says where it belongs in a `.git` file, which is
//! nothing but a text: any folder could claim to be a worktree of a repository that the user trusts. So the claim counts
//! only if the repository says the same: the named folder lies in the repository's own `worktrees`, and its `gitdir`
//! names this very `.git` file. Whatever does not add up is just a folder. git itself is never run: it would run what
//! a repository's configuration tells it to.

use std::path::{Component, Path, PathBuf};

use crate::{home, platform, profile::encode};

/// The most bytes that one of git's pointers may have.
const LARGEST_POINTER: usize = 8 * 1024;

/// A place; equal ones share their approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The shared git folder, if it is a repository, and else the folder.
    anchor: PathBuf,
    /// Where in the repository; `None` outside of one.
    within: Option<PathBuf>,
}

impl Place {
    /// A folder that belongs to no repository.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        Self { anchor: folder.to_owned(), within: None }
    }

    /// The folder that the place is called after: of a repository's worktrees the first one, whichever is worked in.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        let Some(within) = &self.within else { return self.anchor.clone() };
        let root = self.anchor.parent().filter(|_| self.anchor.ends_with(".git")).unwrap_or(&self.anchor);
        if within.as_os_str().is_empty() { root.to_owned() } else { root.join(within) }
    }

    /// Bytes that no other place has.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let anchor = self.anchor.as_os_str().as_encoded_bytes();
        match &self.within {
            None => encode(&[b"folder", anchor]),
            Some(within) => encode(&[b"repository", anchor, within.as_os_str().as_encoded_bytes()]),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.within {
            Some(within) if within.as_os_str().is_empty() => write!(f, "{}", self.anchor.display()),
            Some(within) => write!(f, "{} {}", self.anchor.display(), within.display()),
            None => write!(f, "{}", self.anchor.display()),
        }
    }
}

/// The folder that a place, written as above, stands for, if it is there: of a repository's worktrees the first one.
#[must_use]
pub fn folder_of(words: &str) -> Option<PathBuf> {
    let inner = format!("{0}.git ", std::path::MAIN_SEPARATOR);
    let within = words.match_indices(&inner).map(|(at, mark)| Path::new(&words[..at]).join(&words[at + mark.len()..]));
    let root = Path::new(words).parent().filter(|_| words.ends_with(inner.trim_end())).map(Path::to_owned);
    root.into_iter().chain(within).chain([PathBuf::from(words)]).find(|folder| folder.is_dir())
}

/// The folder that a place, written as above, stood for when it was there.
#[must_use]
pub fn gone_folder(words: &str) -> PathBuf {
    let inner = format!("{0}.git ", std::path::MAIN_SEPARATOR);
    match (words.split_once(&inner), words.strip_suffix(inner.trim_end())) {
        (Some((root, within)), _) => Path::new(root).join(within),
        (None, Some(root)) => PathBuf::from(root),
        (None, None) => PathBuf::from(words),
    }
}

/// The place of a canonical folder. `ends_before` says where the search for a repository's root ends on the way up.
#[must_use]
pub fn of(folder: &Path, ends_before: impl Fn(&Path) -> bool) -> Place {
    for root in folder.ancestors() {
        if root != folder && ends_before(root) {
            break;
        }
        let dot_git = root.join(".git");
        // The entry itself is asked: a link could lead into the repository of another project.
        let Ok(facts) = std::fs::symlink_metadata(&dot_git) else { continue };
        let shared =
            if facts.is_dir() { Some(dot_git) } else { facts.is_file().then(|| worktree_of(&dot_git)).flatten() };
        let within = folder.strip_prefix(root).unwrap_or(folder).to_owned();
        return match shared {
            Some(anchor) => Place { anchor, within: Some(within) },
            None => Place::folder(folder),
        };
    }
    Place::folder(folder)
}

/// The shared git folder of the repository that this `.git` file makes a worktree of, if the repository agrees.
fn worktree_of(dot_git: &Path) -> Option<PathBuf> {
    let beside = dot_git.parent()?;
    let text = pointer(dot_git)?;
    let own = beside.join(text.strip_prefix("gitdir:")?.trim()).canonicalize().ok()?;
    let shared = own.join(pointer(&own.join("commondir"))?).canonicalize().ok()?;
    // A folder of the claimer's own making may name any repository as its shared one; being inside it cannot be made up.
    let inside = own.parent() == Some(&shared.join("worktrees"));
    let back = own.join(pointer(&own.join("gitdir"))?);
    let agrees = back.file_name() == dot_git.file_name() && back.parent()?.canonicalize().ok()? == beside;
    (inside && agrees && ordinary(&shared)).then_some(shared)
}

/// Whether a path holds nothing but names, as a canonical one does.
fn ordinary(path: &Path) -> bool {
    path.components().all(|part| !matches!(part, Component::ParentDir | Component::CurDir))
}

/// The one line of a small file of git's.
fn pointer(path: &Path) -> Option<String> {
    let mut file = platform::open_untrusted(path).ok()?;
    let facts = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let bytes = home::read_bounded(&mut file, &facts, LARGEST_POINTER).ok()??;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// These need git, and where there is none they fail: whoever cannot have it leaves them out by this name (`tests/cross`).
#[cfg(test)]
mod with_git_tests {
    use std::{fs, process::Command};

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let done = Command::new("git")
            .current_dir(folder)
            .args(["-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn place(folder: &Path) -> Place {
        of(&folder.canonicalize().unwrap(), |above| above.parent().is_none())
    }

    /// A repository with one commit at `trusted`, in a folder of its own.
    fn trusted() -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().unwrap();
        let top = kept.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("trusted/service")).unwrap();
        git(&top, &["init", "-q", "trusted"]);
        fs::write(top.join("trusted/service/file"), "x").unwrap();
        git(&top.join("trusted"), &["add", "."]);
        git(&top.join("trusted"), &["commit", "-qm", "x"]);
        (kept, top)
    }

    #[test]
    fn outside_of_git_the_place_is_the_folder() {
        let (_kept, top) = trusted();
        fs::create_dir_all(top.join("plain/deep")).unwrap();
        assert_eq!(place(&top.join("plain/deep")), Place::folder(&top.join("plain/deep")));
        assert_ne!(place(&top.join("plain")), place(&top.join("plain/deep")));
    }

    #[test]
    fn worktrees_of_one_repository_share_the_place_and_folders_in_it_do_not() {
        let (_kept, top) = trusted();
        git(&top.join("trusted"), &["worktree", "add", "-q", "../other"]);
        assert_eq!(place(&top.join("other")), place(&top.join("trusted")));
        assert_eq!(place(&top.join("other/service")), place(&top.join("trusted/service")));
        assert_ne!(place(&top.join("trusted")), place(&top.join("trusted/service")));
        assert_eq!(
            place(&top.join("other/service")).to_string(),
            format!("{} service", top.join("trusted/.git").display())
        );
    }

    #[test]
    fn the_words_for_a_place_lead_back_to_its_folder() {
        let (_kept, top) = trusted();
        fs::create_dir_all(top.join("plain folder")).unwrap();
        git(&top.join("trusted"), &["worktree", "add", "-q", "../other"]);
        for (folder, found) in [
            ("trusted", "trusted"),
            ("trusted/service", "trusted/service"),
            ("plain folder", "plain folder"),
            ("other/service", "trusted/service"),
        ] {
            let words = place(&top.join(folder)).to_string();
            assert_eq!(folder_of(&words), Some(top.join(found)), "{words}");
            assert_eq!(place(&top.join(folder)).home(), top.join(found));
        }
        assert_eq!(folder_of(&top.join("gone/.git service").to_string_lossy()), None);
        assert_eq!(folder_of(""), None);
        for (words, folder) in [("/x/.git", "/x"), ("/x/.git a/b", "/x/a/b"), ("/x y", "/x y")] {
            let words = words.replace('/', std::path::MAIN_SEPARATOR_STR);
            assert_eq!(gone_folder(&words), Path::new(folder), "{words}");
        }
    }

    #[test]
    fn a_worktree_with_relative_pointers_is_one_too() {
        let (_kept, top) = trusted();
        git(&top.join("trusted"), &["worktree", "add", "-q", "../other"]);
        fs::write(top.join("other/.git"), "gitdir: ../trusted/.git/worktrees/other\n").unwrap();
        fs::write(top.join("trusted/.git/worktrees/other/gitdir"), "../../../../other/.git\n").unwrap();
        assert_eq!(place(&top.join("other")), place(&top.join("trusted")));
    }

    #[test]
    fn a_folder_that_only_claims_to_be_a_worktree_is_a_folder() {
        let (_kept, top) = trusted();
        git(&top.join("trusted"), &["worktree", "add", "-q", "../other"]);
        let hostile = top.join("hostile");
        fs::create_dir(&hostile).unwrap();
        let own = Place::folder(&hostile);
        // The pointer of a true worktree, of the repository itself, and by a detour.
        for claim in ["trusted/.git/worktrees/other", "trusted/.git", "trusted/.git/worktrees/../worktrees/other"] {
            fs::write(hostile.join(".git"), format!("gitdir: {}\n", top.join(claim).display())).unwrap();
            assert_eq!(place(&hostile), own, "{claim}");
        }
        // A git folder of its own making that points back at it, and at the trusted repository as the shared one.
        fs::create_dir_all(hostile.join("fake/worktrees/w")).unwrap();
        fs::write(hostile.join(".git"), "gitdir: fake/worktrees/w\n").unwrap();
        fs::write(hostile.join("fake/worktrees/w/gitdir"), format!("{}\n", hostile.join(".git").display())).unwrap();
        for shared in [top.join("trusted/.git"), top.join("trusted/.git/worktrees")] {
            fs::write(hostile.join("fake/worktrees/w/commondir"), shared.to_str().unwrap()).unwrap();
            assert_eq!(place(&hostile), own);
        }
        // Nothing, garbage, and what is not text.
        for claim in [&b""[..], b"gitdir:", b"gitdir: \n", b"\xff\xfe", b"gitdir: /\n", b"gitdir: a\0b"] {
            fs::write(hostile.join(".git"), claim).unwrap();
            assert_eq!(place(&hostile), own);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_git_folder_of_a_trusted_repository_gives_nothing() {
        let (_kept, top) = trusted();
        fs::create_dir_all(top.join("hostile/fake")).unwrap();
        std::os::unix::fs::symlink(top.join("trusted/.git"), top.join("hostile/.git")).unwrap();
        assert_eq!(place(&top.join("hostile")), Place::folder(&top.join("hostile")));
    }

    #[test]
    fn a_submodule_is_a_folder_and_does_not_share_the_place_of_its_parent() {
        let (_kept, top) = trusted();
        git(&top, &["init", "-q", "parent"]);
        git(&top.join("parent"), &["submodule", "--quiet", "add", "../trusted", "sub"]);
        assert!(top.join("parent/sub/.git").is_file());
        assert_eq!(place(&top.join("parent/sub")), Place::folder(&top.join("parent/sub")));
        assert_eq!(place(&top.join("parent/sub/service")), Place::folder(&top.join("parent/sub/service")));
    }

    #[test]
    fn a_copied_folder_is_another_place() {
        let (_kept, top) = trusted();
        git(&top, &["clone", "-q", "trusted", "copy"]);
        assert_ne!(place(&top.join("copy")).encode(), place(&top.join("trusted")).encode());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_repository_of_the_same_path_are_encoded_differently() {
        let folder = Place::folder(Path::new("/a"));
        let repository = Place { anchor: "/a".into(), within: Some(PathBuf::new()) };
        assert_ne!(folder.encode(), repository.encode());
    }
}
