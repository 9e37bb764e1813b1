//! Looking through files and folders on all cores.
//!
//! Left out is what git ignores, by git's own rules, unless that is asked for too, and git's own folder. A repository has no
//! other way to keep a file from being looked at: no list of its own is read. Hidden files are looked at. No symbolic link
//! is followed but one that the user named, pipes and devices are counted and not opened, and no other file system is
//! entered; what could not be read is named.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};

use super::{
    archive::{self, Amount, Told},
    engine::{Buffer, Engine},
    finding::{Finding, Place, path_within},
    names,
    rest::Rest,
    walk::Walk,
};
use crate::{failure::reason, platform};

/// The most findings that are kept one by one; of more see [`Rest`].
pub const MOST: usize = 10_000;
/// The most files that are named because they could not be read; more are counted.
const MOST_NAMED: usize = 1000;

/// Folders of what tools have made: git's own, and what package managers and compilers fill.
pub const LEFT_OUT: &[&str] = &[".git", "node_modules", "target"];

/// How far a look goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Whether what git ignores is looked at too.
    pub ignored_too: bool,
    /// Whether [`LEFT_OUT`] is left out; else only git's own is.
    pub leave_out_made: bool,
    /// After this moment no further file is opened in a folder.
    pub until: Option<Instant>,
}

/// What was looked through, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many entries of archives, where these are looked into.
    pub entries: u64,
    /// What is no file: pipes, sockets, devices.
    pub no_files: u64,
    /// Folders on other file systems, which were not entered.
    pub elsewhere: Vec<PathBuf>,
    /// What could not be read, and why: the first of them.
    pub unreadable: Vec<(PathBuf, String)>,
    /// How many more there are.
    pub more_unreadable: u64,
    /// Repositories that git says nothing of, and why: whether it keeps what its lists ignore is not known.
    pub unasked: Vec<(PathBuf, String)>,
    /// What was found beyond the first [`MOST`].
    pub rest: Rest,
    /// How many findings there are beyond those that are told.
    pub more: u64,
    /// How many of these are a text that is told in the same place.
    pub again: u64,
    /// How many more there are that are accepted.
    pub more_accepted: u64,
    /// Whether the time did not suffice to look through all.
    pub cut_short: bool,
}

impl Seen {
    /// Notes what could not be read.
    pub fn fail(&mut self, path: &Path, why: impl Into<String>) {
        if self.unreadable.len() < MOST_NAMED {
            self.unreadable.push((path.to_owned(), why.into()));
        } else {
            self.more_unreadable += 1;
        }
    }

    /// Takes over what another one saw.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.entries += other.entries;
        self.no_files += other.no_files;
        self.elsewhere.extend(other.elsewhere);
        self.unasked.extend(other.unasked);
        self.more_unreadable += other.more_unreadable;
        self.rest.join(other.rest);
        self.more += other.more;
        self.again += other.again;
        self.more_accepted += other.more_accepted;
        self.cut_short |= other.cut_short;
        other.unreadable.into_iter().for_each(|(path, why)| self.fail(&path, why));
    }

    /// Puts a finding to the others, or to the rest.
    pub fn keep(&mut self, finding: Finding, findings: &mut Vec<Finding>) {
        // A key that is twice in a line is told once.
        if findings.last() == Some(&finding) {
            return;
        }
        self.keep_all(finding, 1, findings);
    }

    /// Takes what is told of an archive that lies in a place.
    pub fn take(&mut self, place: &Place, names: &[PathBuf], told: Told, findings: &mut Vec<Finding>) {
        match told {
            Told::Found(hit) => self.keep(Finding::new(place.within(names), hit), findings),
            Told::Unread(why) => {
                let path = if let Place::File(path) = place { path.clone() } else { place.to_string().into() };
                self.fail(&path_within(&path, names), why);
            }
        }
    }

    /// The same for one that is there so often.
    pub fn keep_all(&mut self, finding: Finding, times: u64, findings: &mut Vec<Finding>) {
        if findings.len() >= MOST || times > 1 { self.rest.add(finding, times) } else { findings.push(finding) }
    }
}

/// Looks through files and folders, all of them. Findings are sorted by place.
#[must_use]
pub fn look(engine: &Engine, paths: &[PathBuf], ignored_too: bool) -> (Vec<Finding>, Seen) {
    look_within(engine, paths, Bounds { ignored_too, ..Bounds::default() })
}

/// The same within bounds.
#[must_use]
pub fn look_within(engine: &Engine, paths: &[PathBuf], bounds: Bounds) -> (Vec<Finding>, Seen) {
    let all = Mutex::default();
    let (mut folders, mut own) = (Vec::new(), Worker::new(engine, &all));
    for path in paths {
        match std::fs::metadata(path) {
            Ok(facts) if facts.is_dir() => folders.push((path, platform::access(&facts).device)),
            // One that was named is opened through a link too.
            Ok(facts) if facts.is_file() => {
                own.name(path);
                own.file(path, platform::open_without_waiting(path));
            }
            Ok(_) => own.seen.fail(path, "neither a file nor a folder"),
            Err(error) => own.seen.fail(path, reason(&error)),
        }
    }
    for (folder, device) in folders {
        Walk::new(engine, &all, device, bounds).through(folder);
    }
    drop(own);
    let (mut findings, mut seen) = all.into_inner().unwrap_or_default();
    findings.sort();
    findings.dedup();
    seen.unreadable.sort();
    seen.unasked.sort();
    seen.elsewhere.sort();
    (findings, seen)
}

/// Looks through a stream of this place.
///
/// # Errors
/// When it cannot be read.
pub fn look_through(engine: &Engine, place: &Place, reader: &mut dyn Read) -> io::Result<(Vec<Finding>, Seen)> {
    let (mut findings, mut seen) = (Vec::new(), Seen::default());
    let amount = if engine.is_deep() {
        let mut tell = |names: &[PathBuf], told| seen.take(place, names, told, &mut findings);
        archive::look_through(engine, &mut Buffer::default(), reader, &mut tell)?
    } else {
        let mut keep = |hit| seen.keep(Finding::new(place.clone(), hit), &mut findings);
        Amount { bytes: engine.look_through(reader, &mut keep)?, entries: 0 }
    };
    (seen.bytes, seen.entries) = (amount.bytes, amount.entries);
    findings.sort();
    findings.dedup();
    Ok((findings, seen))
}

/// What one thread found; put to the others' when it ends.
pub(super) struct Worker<'e> {
    engine: &'e Engine,
    buffer: Buffer,
    findings: Vec<Finding>,
    /// What it has seen.
    pub(super) seen: Seen,
    all: &'e Mutex<(Vec<Finding>, Seen)>,
}

impl<'e> Worker<'e> {
    /// One that has found nothing yet.
    pub(super) fn new(engine: &'e Engine, all: &'e Mutex<(Vec<Finding>, Seen)>) -> Self {
        Self { engine, buffer: Buffer::default(), findings: Vec::new(), seen: Seen::default(), all }
    }

    /// Looks at the name of a file or folder.
    pub(super) fn name(&mut self, path: &Path) {
        let (findings, seen) = (&mut self.findings, &mut self.seen);
        let Some(name) = path.file_name() else { return };
        names::look(self.engine, name, &mut |hit| {
            let path = path.strip_prefix(".").unwrap_or(path);
            seen.keep(Finding::new(Place::File(path.to_owned()), hit), findings);
        });
    }

    /// Looks through a file that was opened, or says why that failed.
    pub(super) fn file(&mut self, path: &Path, opened: io::Result<std::fs::File>) {
        let (findings, seen) = (&mut self.findings, &mut self.seen);
        // A walk of `.` names each file as the user would.
        let own = path.strip_prefix(".").unwrap_or(path);
        let read = opened.and_then(|mut file| {
            if self.engine.is_deep() {
                let place = Place::File(own.to_owned());
                let mut tell = |names: &[PathBuf], told| seen.take(&place, names, told, findings);
                return archive::look_through_file(self.engine, &mut self.buffer, &mut file, &mut tell);
            }
            let mut keep = |hit| seen.keep(Finding::new(Place::File(own.to_owned()), hit), findings);
            let bytes = self.engine.look_through_with(&mut self.buffer, &mut file, &mut keep)?;
            Ok(Amount { bytes, entries: 0 })
        });
        match read {
            Ok(Amount { bytes, entries }) => {
                self.seen.files += 1;
                self.seen.bytes += bytes;
                self.seen.entries += entries;
            }
            // What went away meanwhile cannot leak any more; what became a link is none of the files.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.seen.fail(path, reason(&error)),
        }
    }

    /// Looks at what a link says, which is not where it leads.
    pub(super) fn link(&mut self, path: &Path) {
        let Ok(to) = std::fs::read_link(path) else { return };
        let (findings, seen) = (&mut self.findings, &mut self.seen);
        let place = Place::File(path.strip_prefix(".").unwrap_or(path).to_owned());
        self.engine.look(to.as_os_str().as_encoded_bytes(), &mut |hit| {
            seen.keep(Finding::new(place.clone(), hit), findings);
        });
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if let Ok(mut all) = self.all.lock() {
            let (findings, seen) = &mut *all;
            self.findings.drain(..).for_each(|finding| seen.keep(finding, findings));
            seen.add(std::mem::take(&mut self.seen));
        }
    }
}

#[cfg(test)]
mod with_git_tests;

#[cfg(test)]
mod tests {
    use std::path::MAIN_SEPARATOR;

    use super::*;
    use crate::{
        scan::needles::{Kept, Needles, Which},
        secret::Secret,
    };

    pub(super) const KEY: &str = "3Hq9ZbT7mWx2LcR5vYk8";
    const OTHER: &str = "5vYk8Pf4Gd6Jn1Rb3Xt7";

    fn engine() -> Engine {
        let secret = Secret::new(KEY.as_bytes().to_vec());
        Engine::new(Needles::of([Kept { name: "KEY".into(), which: Which::Current, secret: &secret }]), false)
    }

    pub(super) fn folder(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().expect("folder");
        let top = kept.path().canonicalize().expect("real");
        for name in files {
            let path = top.join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
            std::fs::write(path, format!("a\nkey={KEY}\n")).expect("write");
        }
        (kept, top)
    }

    pub(super) fn found(top: &Path, ignored_too: bool) -> (Vec<String>, Seen) {
        let (findings, seen) = look(&engine(), &[top.to_owned()], ignored_too);
        let above = format!("{}{MAIN_SEPARATOR}", top.display());
        let place = |finding: &Finding| finding.whereabouts().replace(&above, "").replace(MAIN_SEPARATOR, "/");
        (findings.iter().map(place).collect(), seen)
    }

    #[test]
    fn without_a_repository_nothing_is_ignored_and_an_empty_folder_of_gits_makes_none() {
        let (_kept, top) = folder(&["a", "b", "c/d", "e/f"]);
        for list in [".gitignore", "c/.gitignore", "e/.gitignore"] {
            std::fs::write(top.join(list), "*\n").expect("write");
        }
        std::fs::create_dir(top.join("c/.git")).expect("make");
        std::fs::write(top.join("e/.git"), "gitdir: ../c/.git\n").expect("write");
        assert_eq!(found(&top, false).0, ["a:2", "b:2", "c/d:2", "e/f:2"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_pipes_are_counted_and_not_opened() {
        let (_kept, top) = folder(&["real/one"]);
        std::os::unix::fs::symlink(top.join("real"), top.join("folder")).expect("link");
        std::os::unix::fs::symlink(top.join("real/one"), top.join("file")).expect("link");
        std::os::unix::fs::symlink("..", top.join("real/round")).expect("link");
        let made = std::process::Command::new("mkfifo").arg(top.join("pipe")).status().expect("mkfifo");
        assert!(made.success());
        // What a link says is looked at.
        std::os::unix::fs::symlink(format!("/run/{KEY}"), top.join("said")).expect("link");
        let (places, seen) = found(&top, false);
        assert_eq!(places, ["real/one:2", "said:1"]);
        assert_eq!((seen.files, seen.no_files, seen.unreadable.len()), (1, 1, 0));
        // What the user named is looked at as what it leads to.
        assert_eq!(look(&engine(), &[top.join("file")], false).0.len(), 1);
        let (_, seen) = look(&engine(), &[top.join("pipe"), top.join("gone")], false);
        let why: Vec<&str> = seen.unreadable.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(why, ["no such file or directory", "neither a file nor a folder"]);
    }

    #[test]
    fn when_the_time_is_over_no_further_file_is_opened_and_that_is_said() {
        let (_kept, top) = folder(&["a", "b"]);
        let until = |until| {
            look_within(&engine(), std::slice::from_ref(&top), Bounds { until: Some(until), ..Bounds::default() })
        };
        let (findings, seen) = until(Instant::now());
        assert_eq!((findings.len(), seen.files, seen.cut_short), (0, 0, true));
        let (findings, seen) = until(Instant::now() + std::time::Duration::from_mins(10));
        assert_eq!((findings.len(), seen.files, seen.cut_short), (2, 2, false));
    }

    #[test]
    fn what_tools_have_made_is_left_out_where_that_is_asked_for() {
        let (_kept, top) = folder(&["a", "node_modules/b", "c/target/d", "c/e"]);
        std::fs::write(top.join("node"), KEY).expect("write");
        let bounds = Bounds { ignored_too: true, leave_out_made: true, until: None };
        let (findings, _) = look_within(&engine(), std::slice::from_ref(&top), bounds);
        assert_eq!(findings.iter().filter(|finding| finding.whereabouts().contains(MAIN_SEPARATOR)).count(), 3);
        // A folder that was named is looked at.
        assert_eq!(look_within(&engine(), &[top.join("node_modules")], bounds).0.len(), 1);
    }

    #[test]
    fn more_findings_than_anyone_reads_are_counted_and_hide_no_other() {
        let kept = tempfile::tempdir().expect("folder");
        let many = format!("{KEY} {KEY}\n").repeat(MOST + 5);
        std::fs::write(kept.path().join("many"), format!("{many}\n{OTHER}\n")).expect("write");
        let secrets = [("KEY", KEY), ("OTHER", OTHER)].map(|(name, text)| (name, Secret::new(text.into())));
        let needles = Needles::of(secrets.iter().map(|(name, secret)| Kept {
            name: (*name).into(),
            which: Which::Current,
            secret,
        }));
        let (mut findings, seen) = look(&Engine::new(needles, false), &[kept.path().to_owned()], false);
        assert_eq!(findings.len(), MOST);
        let untold = seen.rest.tell(&mut findings, &|_| false);
        assert_eq!((untold.more, untold.again), (5, 5));
        let other: Vec<u64> = findings
            .iter()
            .filter(|one| one.key().is_some_and(|name| **name == *"OTHER"))
            .map(|one| one.line)
            .collect();
        assert_eq!((findings.len(), other), (MOST + 1, vec![MOST as u64 + 7]));
    }
}
