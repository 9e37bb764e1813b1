//! The walk through a folder: which files, names and links come to be looked at, on all cores. What git ignores is left out
//! by what [`super::ignoring`] reads; at the end git is asked what it keeps all the same.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::FileType,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{
    engine::Engine,
    finding::Finding,
    git::{Git, unwalked},
    ignoring::{Ignoring, LIST, Repository},
    tasks,
    tree::{Bounds, LEFT_OUT, Seen, Worker},
};
use crate::{
    failure::{Result, reason},
    platform,
};

/// git's own folder.
const GIT: &str = ".git";

/// A walk through folders of one file system.
pub(super) struct Walk<'w> {
    engine: &'w Engine,
    all: &'w Mutex<(Vec<Finding>, Seen)>,
    device: u64,
    bounds: Bounds,
    /// The repositories it came to, in whole or in part.
    repositories: Mutex<Vec<Arc<Repository>>>,
    /// Files that it came to by another way than from their folder.
    also: Mutex<HashSet<PathBuf>>,
}

enum Task {
    /// A folder, and what counts in it.
    Folder(PathBuf, Option<Ignoring>),
    File(PathBuf),
    /// What git keeps of a repository though it is ignored.
    Kept(Arc<Repository>),
}

impl<'w> Walk<'w> {
    pub fn new(engine: &'w Engine, all: &'w Mutex<(Vec<Finding>, Seen)>, device: u64, bounds: Bounds) -> Self {
        Self { engine, all, device, bounds, repositories: Mutex::default(), also: Mutex::default() }
    }

    /// Walks through a folder.
    pub fn through(&self, folder: &Path) {
        Worker::new(self.engine, self.all).name(folder);
        let is_own = self.bounds.ignored_too || unwalked::is_repository(folder);
        let ignoring = if is_own { None } else { Ignoring::above(folder) };
        if let Some(ignoring) = &ignoring {
            lock(&self.repositories).push(ignoring.repository.clone());
        }
        self.work_off(vec![Task::Folder(folder.to_owned(), ignoring)]);
        let repositories = std::mem::take(&mut *lock(&self.repositories));
        // Where nothing was left out, git can keep nothing else.
        let left_out = repositories.into_iter().filter(|repository| repository.has_left_out());
        self.work_off(left_out.map(Task::Kept).collect());
    }

    fn work_off(&self, tasks: Vec<Task>) {
        if tasks.is_empty() {
            return;
        }
        tasks::done(tasks, || {
            let (mut worker, mut room) = (Worker::new(self.engine, self.all), Vec::new());
            move |task, made: &mut Vec<Task>| {
                if self.bounds.until.is_some_and(|until| Instant::now() >= until) {
                    worker.seen.cut_short = true;
                    return false;
                }
                match task {
                    Task::File(path) => worker.file(&path, platform::open_untrusted(&path)),
                    Task::Folder(path, ignoring) => {
                        if let Err(error) = self.folder(&mut worker, &path, ignoring, &mut room, made) {
                            worker.seen.fail(&path, reason(&error));
                        }
                    }
                    Task::Kept(repository) => self.kept(&mut worker, &repository, made),
                }
                true
            }
        });
    }

    /// Looks at the names in a folder; `room` is room for a path.
    fn folder(
        &self,
        worker: &mut Worker<'w>,
        folder: &Path,
        ignoring: Option<Ignoring>,
        room: &mut Vec<u8>,
        made: &mut Vec<Task>,
    ) -> io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
            // What went away meanwhile cannot leak any more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let known = |entry: std::fs::DirEntry| Some((entry.file_name(), entry.file_type().ok()?));
        let entries: Vec<(OsString, FileType)> = entries.into_iter().filter_map(known).collect();
        let has = |wanted: &str| entries.iter().find(|(name, _)| name == wanted).map(|(_, kind)| *kind);
        let mut ignoring = ignoring;
        if has(GIT).is_some() && unwalked::is_repository(folder) {
            self.settings(worker, folder);
            ignoring = (!self.bounds.ignored_too).then(|| Ignoring::of_repository(folder, folder));
            lock(&self.repositories).extend(ignoring.as_ref().map(|ignoring| ignoring.repository.clone()));
        }
        if has(LIST).is_some_and(|kind| kind.is_file()) {
            ignoring = ignoring.map(|ignoring| ignoring.with_list(&folder.join(LIST)));
        }
        let left_out = if self.bounds.leave_out_made { LEFT_OUT } else { &LEFT_OUT[..1] };
        for (name, kind) in entries {
            let is_left_out = left_out.iter().any(|other| name == *other)
                || ignoring.as_ref().is_some_and(|ignoring| ignoring.leaves_out(&name, kind.is_dir(), room));
            if is_left_out {
                continue;
            }
            let path = folder.join(&name);
            worker.name(&path);
            if kind.is_dir() {
                let is_elsewhere =
                    path.symlink_metadata().is_ok_and(|facts| platform::access(&facts).device != self.device);
                if is_elsewhere {
                    worker.seen.elsewhere.push(path);
                } else {
                    made.push(Task::Folder(path, ignoring.as_ref().map(|ignoring| ignoring.in_folder(&name))));
                }
            } else if kind.is_file() {
                made.push(Task::File(path));
            } else if kind.is_symlink() {
                worker.link(&path);
            } else {
                worker.seen.no_files += 1;
            }
        }
        Ok(())
    }

    /// Looks at the settings of a repository, whose addresses can hold tokens.
    fn settings(&self, worker: &mut Worker<'w>, folder: &Path) {
        for path in unwalked::settings(folder) {
            self.also(worker, &path);
        }
    }

    /// Looks at a file once.
    fn also(&self, worker: &mut Worker<'w>, path: &Path) {
        if lock(&self.also).insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            worker.name(path);
            worker.file(path, platform::open_untrusted(path));
        }
    }

    /// Looks at what git keeps of a repository though it is ignored.
    fn kept(&self, worker: &mut Worker<'w>, repository: &Repository, made: &mut Vec<Task>) {
        let folder = &repository.folder;
        let kept = || -> Result<Vec<PathBuf>> { Git::at(folder)?.of(&repository.top).kept_though_ignored() };
        match kept() {
            Ok(paths) => {
                for path in paths {
                    if unwalked::is_own_file(folder, &path) {
                        self.also(worker, &folder.join(path));
                    } else if unwalked::is_own_folder(folder, &path) && unwalked::is_repository(&folder.join(&path)) {
                        // A submodule.
                        made.push(Task::Folder(folder.join(path), None));
                    }
                }
            }
            Err(failure) => worker.seen.unasked.push((folder.clone(), failure.message)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
