//! Where in a home folder keys come to lie: histories of shells, settings of tools, what editors and agents write down, and
//! the files of projects that hold variables.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::tree::LEFT_OUT;
use crate::platform;

mod table;

use table::PLACES;

/// Files of projects that hold variables, by name.
const PROJECT_FILES: &[&str] = &[
    ".env*",
    "*.env",
    ".envrc*",
    ".dev.vars*",
    ".npmrc",
    ".pypirc",
    ".netrc",
    "*.tfvars",
    "local.settings.json",
    "secrets.toml",
    ".aider*",
];
/// How many folders below the home folder a project may lie.
const DEEPEST: usize = 6;
/// Folders in which no project lies that somebody works on, beside what tools have made.
const NO_PROJECTS: &[&str] = &[
    ".cache", ".cargo", ".rustup", ".npm", ".nvm", ".pyenv", ".rbenv", ".local", ".venv", "venv", "Library", "AppData",
    "go", "snap",
];

/// The folders that paths begin with.
#[derive(Debug, Clone)]
pub struct Bases {
    /// The home folder.
    pub home: PathBuf,
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    cache: PathBuf,
    app: PathBuf,
}

impl Bases {
    /// The user's own, if there is a home folder.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let home = dirs::home_dir().filter(|home| home.is_absolute())?;
        let folder = |variable: &str, usual: &str| {
            let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
            set.unwrap_or_else(|| home.join(usual))
        };
        Some(Self {
            config: folder("XDG_CONFIG_HOME", ".config"),
            data: folder("XDG_DATA_HOME", ".local/share"),
            state: folder("XDG_STATE_HOME", ".local/state"),
            cache: folder("XDG_CACHE_HOME", ".cache"),
            app: dirs::config_dir().filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(".config")),
            home,
        })
    }

    /// All in one home folder, as on Linux.
    #[must_use]
    pub fn below(home: &Path) -> Self {
        let at = |name: &str| home.join(name);
        let (config, data, state) = (at(".config"), at(".local/share"), at(".local/state"));
        Self { home: home.to_owned(), app: config.clone(), config, data, state, cache: at(".cache") }
    }

    /// The folder that a place begins with, and the names after it.
    fn split<'p>(&self, place: &'p str) -> (&Path, &'p str) {
        let (base, rest) = place.split_once('/').unwrap_or((place, ""));
        let folder = match base {
            "$CONFIG" => &self.config,
            "$DATA" => &self.data,
            "$STATE" => &self.state,
            "$CACHE" => &self.cache,
            "$APP" => &self.app,
            _ => &self.home,
        };
        (folder, rest)
    }
}

/// The places that are there. What `HISTFILE` names is one of them.
#[must_use]
pub fn places(bases: &Bases, history_file: Option<PathBuf>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        history_file.filter(|path| path.is_absolute() && path.is_file()).into_iter().collect();
    for place in PLACES {
        let (folder, names) = bases.split(place);
        let mut paths = vec![folder.to_owned()];
        for name in names.split('/') {
            paths = paths.iter().flat_map(|folder| matching(folder, name)).collect();
        }
        found.extend(paths);
    }
    // Two bases may be one folder, and a folder may hold another place.
    found.sort();
    found.dedup_by(|later, earlier| later.starts_with(&*earlier));
    found
}

/// What is in a folder under this name, which may have stars.
fn matching(folder: &Path, name: &str) -> Vec<PathBuf> {
    if !name.contains('*') {
        return Some(folder.join(name)).filter(|path| path.symlink_metadata().is_ok()).into_iter().collect();
    }
    let mut names = platform::names_in(folder);
    names.sort();
    names.into_iter().filter(|other| is_like(other, name)).map(|name| folder.join(name)).collect()
}

/// Whether a name is like a pattern in which `*` stands for any letters.
fn is_like(name: &OsStr, pattern: &str) -> bool {
    let (name, pattern) = (name.as_encoded_bytes(), pattern.as_bytes());
    let (mut at, mut in_pattern, mut star) = (0, 0, None);
    while at < name.len() {
        if pattern.get(in_pattern) == Some(&b'*') {
            star = Some((in_pattern, at));
            in_pattern += 1;
        } else if pattern.get(in_pattern) == Some(&name[at]) {
            (at, in_pattern) = (at + 1, in_pattern + 1);
        } else if let Some((after, taken)) = star {
            (in_pattern, at) = (after + 1, taken + 1);
            star = Some((after, taken + 1));
        } else {
            return false;
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

/// The files below the home folder that hold a project's variables, and whether the time did not suffice to see all. Only
/// names are read here. No link is followed, and no other file system is entered.
#[must_use]
pub fn project_files(home: &Path, time: Duration) -> (Vec<PathBuf>, bool) {
    let begun = Instant::now();
    let device = |path: &Path| std::fs::symlink_metadata(path).map(|facts| platform::access(&facts).device).ok();
    let own = device(home);
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([(home.to_owned(), 0)]);
    while let Some((folder, depth)) = waiting.pop_front() {
        if begun.elapsed() >= time {
            return (found, true);
        }
        let mut entries: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (name, kind) = (entry.file_name(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_file) {
                if PROJECT_FILES.iter().any(|pattern| is_like(&name, pattern)) {
                    found.push(entry.path());
                }
            } else if kind.is_ok_and(|kind| kind.is_dir()) && depth < DEEPEST {
                let left_out = LEFT_OUT.iter().chain(NO_PROJECTS).any(|other| name == *other);
                let path = entry.path();
                if !left_out && device(&path) == own {
                    waiting.push_back((path, depth + 1));
                }
            }
        }
    }
    (found, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().expect("folder");
        let top = kept.path().canonicalize().expect("real");
        for name in files {
            let path = top.join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
            std::fs::write(path, "").expect("write");
        }
        (kept, top)
    }

    fn names(paths: &[PathBuf], top: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(top).expect("below").to_string_lossy().replace('\\', "/");
        paths.iter().map(name).collect()
    }

    #[test]
    fn what_is_there_is_found_and_what_is_missing_is_fine() {
        let (_kept, top) = home(&[
            ".bash_history",
            ".bash_history-00123.tmp",
            ".claude/projects/a/b.jsonl",
            ".claude.json.backup",
            ".config/Code - Insiders/User/settings.json",
            ".cache/JetBrains/Idea2026/log/idea.log",
            ".cache/JetBrains/Idea2026/index/large",
            ".docker/config.json",
            ".docker/buildx/refs",
            "unrelated",
            "own-history",
        ]);
        let found = places(&Bases::below(&top), Some(top.join("own-history")));
        let mut found = names(&found, &top);
        found.sort();
        assert_eq!(
            found,
            [
                ".bash_history",
                ".bash_history-00123.tmp",
                ".cache/JetBrains/Idea2026/log",
                ".claude",
                ".claude.json.backup",
                ".config/Code - Insiders/User",
                ".docker/config.json",
                "own-history"
            ]
        );
        let (_kept, empty) = home(&[]);
        assert!(places(&Bases::below(&empty), Some(empty.join("gone"))).is_empty());
    }

    #[test]
    fn settings_are_found_where_the_user_has_moved_them() {
        let (_kept, top) = home(&["moved/goose/config.yaml", "moved/crush/crush.json", ".config/goose/config.yaml"]);
        let bases = Bases { config: top.join("moved"), ..Bases::below(&top) };
        assert_eq!(names(&places(&bases, None), &top), ["moved/crush", "moved/goose"]);
    }

    #[test]
    fn files_of_projects_are_found_by_their_names_and_not_among_what_tools_made() {
        let (_kept, top) = home(&[
            ".env",
            "work/shop/.env.local",
            "work/shop/api/prod.env",
            "work/shop/src/environment.rs",
            "work/shop/node_modules/x/.env",
            ".cache/x/.env",
            "a/b/c/d/e/f/.env",
            "a/b/c/d/e/f/g/.env",
        ]);
        let (found, cut_short) = project_files(&top, Duration::from_mins(1));
        assert!(!cut_short);
        assert_eq!(names(&found, &top), [".env", "work/shop/.env.local", "work/shop/api/prod.env", "a/b/c/d/e/f/.env"]);
        assert!(project_files(&top, Duration::ZERO).1);
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        let like = |name: &str, pattern| is_like(OsStr::new(name), pattern);
        assert!(like(".env", ".env*") && like(".env.local", ".env*") && like("a.b.env", "*.env") && like("x", "*"));
        assert!(like("aXbXc", "a*b*c") && like("abcbc", "a*bc") && like("", "") && like("ab", "a*b"));
        assert!(!like("env", ".env*") && !like("a.envx", "*.env") && !like("ac", "a*b*c") && !like("x", ""));
    }

    #[test]
    fn every_place_begins_with_a_known_folder_and_stands_there_once() {
        let mut all: Vec<&str> = PLACES.to_vec();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a place stands twice");
        for place in all {
            let base = place.split('/').next().expect("a part");
            assert!(["~", "$CONFIG", "$DATA", "$STATE", "$CACHE", "$APP"].contains(&base), "{place}");
        }
    }
}
