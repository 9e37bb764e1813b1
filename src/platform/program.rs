//! A program's file: looked at once, and what was looked at is what is started.
//!
//! A path only says where to look, and between two looks a link may lead elsewhere or a file be exchanged. So a program that a
//! decision hangs on is opened, and held open: the path that its links lead to is what is judged, asked about and started, after
//! a last look that this very file lies there still.
//!
//! A path may also lead where its links do not say. `/proc/PID/root` reads as `/`, and who goes there is in another mount
//! namespace. So the file that the system opens by the path has to be the one that lies where the links lead.
//!
//! It is started by that path and not by `/proc/self/fd/N`, though that would be the file to the last: a script would find
//! itself at a path that is closed by then, and in `ps` every program would be called by a number. What is left is the moment
//! between the last look and the start, for those who may write where the program lies, and they may exchange it at any time.
//!
//! A script is run by another program, which its first line names, and may be run by a third one that `env` finds. These are opened
//! with it, and have to lie there still as well. Which one `env` finds is a matter of `PATH`: whoever sets that says it. One that is
//! named by a path that does not begin at the root is another one in each folder, so a script that names such a one is not opened.
//!
//! A script is started by its path without links as well, though it finds itself at that one then. The path that it was called by
//! may go through a link of anybody's, and would be followed once more: by the system, after the last look.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

#[cfg(unix)]
use super::interpreter::Interpreter;
use super::{is_at, open_to_look, open_without_waiting};

/// A program's file, held open.
pub struct ProgramFile {
    called: PathBuf,
    real: PathBuf,
    file: File,
    content: Content,
    #[cfg_attr(not(unix), expect(dead_code, reason = "a script there is run by its ending"))]
    is_script: bool,
    run_by: Vec<ProgramFile>,
    on_path: Option<OnPath>,
}

/// What `env` is to find along `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnPath {
    /// A program of this name.
    Name(OsString),
    /// What is told in a way that is not understood here.
    Unclear,
}

/// So often a script may be run by a script, as the kernel has it (`execve(2)`).
#[cfg(unix)]
const MOST_SCRIPTS: usize = 5;

impl ProgramFile {
    /// Opens the file that a path leads to.
    ///
    /// # Errors
    /// As `open(2)` has them; where the path leads elsewhere than its links.
    pub fn open(path: &Path) -> io::Result<Self> {
        let program = Self::open_alone(path)?;
        #[cfg(unix)]
        let program = program.with_what_runs_it()?;
        Ok(program)
    }

    #[cfg(unix)]
    fn with_what_runs_it(self) -> io::Result<Self> {
        let (run_by, on_path) = if self.is_script { run_by(&self.real)? } else { (Vec::new(), None) };
        Ok(Self { run_by, on_path, ..self })
    }

    fn open_alone(path: &Path) -> io::Result<Self> {
        let file = open_to_look(path)?;
        let real = path.canonicalize()?;
        if !is_at(&file, &real) {
            return Err(io::Error::other("it leads to another file than its links say"));
        }
        let facts = file.metadata()?;
        let is_script = facts.is_file() && is_script(&real);
        let (run_by, on_path) = (Vec::new(), None);
        Ok(Self { called: path.to_owned(), real, content: content(&facts), file, is_script, run_by, on_path })
    }

    /// Where it lies: a path without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.real
    }

    /// The programs that run it, where it is a script: each by the path that it is named by or was found at.
    pub fn run_by(&self) -> impl Iterator<Item = &Path> {
        self.run_by.iter().map(|program| program.called.as_path())
    }

    /// What `env` finds along `PATH` to run it.
    #[must_use]
    pub fn found_on_path(&self) -> Option<&OnPath> {
        self.on_path.as_ref()
    }

    /// Whether it is a file, and not a folder or a pipe.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file.metadata().is_ok_and(|facts| facts.is_file())
    }

    /// What starts it, under the name that it was called by.
    ///
    /// # Errors
    /// Where another file lies in its place by now, or it was written to.
    pub fn command(&self, called: &OsStr) -> io::Result<Command> {
        let path = &self.real;
        // Opened anew, so that the system's way there is again the one that the links say.
        let now = Self::open(path)?;
        self.is_still(&now)?;
        let same = self.run_by.len() == now.run_by.len();
        let all = self.run_by.iter().zip(&now.run_by).try_for_each(|(before, now)| before.is_still(now));
        if !same || all.is_err() {
            return Err(io::Error::other("another program would run it by now"));
        }
        let command = Command::new(path);
        #[cfg(unix)]
        let command = {
            let mut command = command;
            std::os::unix::process::CommandExt::arg0(&mut command, called);
            command
        };
        #[cfg(not(unix))]
        let _ = called;
        Ok(command)
    }
}

impl ProgramFile {
    /// Whether what lies at its path now is this very file, as it was.
    fn is_still(&self, now: &Self) -> io::Result<()> {
        if !is_at(&self.file, &now.real) {
            return Err(io::Error::other("another file lies in its place by now"));
        }
        if content(&self.file.metadata()?) != self.content {
            return Err(io::Error::other("it was changed meanwhile"));
        }
        Ok(())
    }
}

/// What runs the script that lies here, one after the other, and what of it `env` finds by its name. What is not there is left
/// out: nothing starts without it.
#[cfg(unix)]
fn run_by(script: &Path) -> io::Result<(Vec<ProgramFile>, Option<OnPath>)> {
    let (mut programs, mut on_path) = (Vec::new(), None);
    let mut next = Interpreter::of(script);
    while let Some(named) = next.take().filter(|_| programs.len() < MOST_SCRIPTS) {
        if named.is_relative() {
            return Err(io::Error::other("what its first line names is another program in each folder"));
        }
        let found = named.on_path.as_ref().and_then(|_| named.found_in(&std::env::var_os("PATH")?));
        on_path = named.on_path.or(on_path);
        for path in [Some(named.path), found].into_iter().flatten() {
            match ProgramFile::open_alone(&path) {
                Ok(program) => {
                    // A pipe or a device would be waited for, and a terminal's input taken.
                    next = program.is_script.then(|| Interpreter::of(&program.real)).flatten();
                    programs.push(program);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok((programs, on_path))
}

/// What is another where a file was written to: its size, and when it was changed.
type Content = (u64, Option<SystemTime>, [i64; 2]);

fn content(facts: &Metadata) -> Content {
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt;
        [facts.ctime(), facts.ctime_nsec()]
    };
    #[cfg(not(unix))]
    let changed = [0; 2];
    (facts.len(), facts.modified().ok(), changed)
}

/// Whether a file begins with `#!`. One that cannot be read is none: nobody could start it.
#[must_use]
pub fn is_script(path: &Path) -> bool {
    head(path, 2).is_ok_and(|first| first == b"#!")
}

/// The first bytes of a regular file. What else may lie here by now is not read, and not waited for.
pub(super) fn head(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_without_waiting(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut head = Vec::new();
    file.take(most).read_to_end(&mut head)?;
    Ok(head)
}

/// Everything that is passed on the way to a file: each folder that a name is looked up in, each link, and the file, last.
///
/// # Errors
/// As `lstat(2)` and `readlink(2)` have them; `ELOOP`.
#[cfg(unix)]
pub fn way_to(path: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    use std::path::Component;
    /// As the kernel has it (`path_resolution(7)`).
    const MOST_LINKS: usize = 40;
    let parts = |path: &Path| -> Vec<_> { path.components().rev().map(|part| part.as_os_str().to_owned()).collect() };
    let (mut passed, mut links) = (Vec::new(), 0);
    let mut at = PathBuf::new();
    let mut ahead = parts(&std::path::absolute(path)?);
    while let Some(part) = ahead.pop() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => at = PathBuf::from("/"),
            Some(Component::Normal(name)) => at.push(name),
            // No links are left in what was passed, so the folder above is the one that is meant.
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            _ => continue,
        }
        let facts = std::fs::symlink_metadata(&at)?;
        let is_link = facts.is_symlink();
        passed.push((at.clone(), facts));
        if is_link {
            links += 1;
            if links > MOST_LINKS {
                return Err(rustix::io::Errno::LOOP.into());
            }
            ahead.extend(parts(&std::fs::read_link(&at)?));
            at.pop();
        }
    }
    Ok(passed)
}

/// The file alone: who may write where is said by access lists, which are inherited and not read here.
///
/// # Errors
/// As `CreateFileW` has them.
#[cfg(not(unix))]
pub fn way_to(path: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let real = path.canonicalize()?;
    let facts = std::fs::symlink_metadata(&real)?;
    Ok(vec![(real, facts)])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn told(path: &Path) -> String {
        ProgramFile::open(path).map_or_else(|error| error.to_string(), |_| "opened".to_owned())
    }

    #[test]
    fn what_was_opened_is_started_by_the_path_without_links_or_not_at_all() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().canonicalize().expect("real");
        let (link, file) = (inner.join("link"), inner.join("file"));
        std::fs::write(&file, "no script").expect("write");
        symlink(&file, &link).expect("link");
        let program = ProgramFile::open(&link).expect("opened");
        assert!(program.path() == file && program.is_file());
        let command = program.command(OsStr::new("called")).expect("still there");
        assert_eq!(command.get_program(), file);
        // The link may lead wherever it wants by now.
        std::fs::remove_file(&link).expect("remove");
        symlink("/bin/sh", &link).expect("link");
        assert_eq!(program.command(OsStr::new("called")).expect("still there").get_program(), file);
        std::fs::write(inner.join("other"), "#!/bin/sh\n").expect("write");
        std::fs::rename(inner.join("other"), &file).expect("rename");
        let refused = program.command(OsStr::new("called")).expect_err("another one");
        assert_eq!(refused.to_string(), "another file lies in its place by now");
        assert!(told(&inner.join("none")).starts_with("No such file"));
    }

    #[test]
    fn a_script_too_is_started_by_the_path_without_links_and_not_by_the_link_that_was_called() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().canonicalize().expect("real");
        let (link, file) = (inner.join("link"), inner.join("file"));
        std::fs::write(&file, "#!/bin/sh\n").expect("write");
        symlink(&file, &link).expect("link");
        let program = ProgramFile::open(&link).expect("opened");
        assert!(program.path() == file);
        assert_eq!(program.command(OsStr::new("called")).expect("still there").get_program(), file);
        std::fs::remove_file(&link).expect("remove");
        symlink("/bin/sh", &link).expect("link");
        assert_eq!(program.command(OsStr::new("called")).expect("still there").get_program(), file);
    }

    #[test]
    fn a_script_that_is_run_by_a_pipe_a_terminal_or_a_program_of_any_folder_is_waited_for_by_nobody() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().canonicalize().expect("real");
        let (pipe, script) = (inner.join("pipe"), inner.join("script"));
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        std::fs::set_permissions(&pipe, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
        for named in [pipe.display().to_string(), "/dev/tty".into(), "/dev/ptmx".into()] {
            std::fs::write(&script, format!("#!{named}\n")).expect("write");
            assert_eq!(told(&script), "opened");
        }
        std::fs::write(&script, "#!rel\n").expect("write");
        assert_eq!(told(&script), "what its first line names is another program in each folder");
    }

    #[test]
    fn what_was_written_to_since_it_was_opened_is_not_started() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        for (first, then) in [("no script", "another!!"), ("#!/bin/sh\n", "#!/bin/ls\n")] {
            std::fs::write(&path, first).expect("write");
            let program = ProgramFile::open(&path).expect("opened");
            assert!(program.command(OsStr::new("called")).is_ok());
            // As coarse as clocks of file systems are.
            std::thread::sleep(std::time::Duration::from_millis(20));
            std::fs::write(&path, then).expect("write");
            let refused = program.command(OsStr::new("called")).expect_err("another content");
            assert_eq!(refused.to_string(), "it was changed meanwhile");
        }
    }

    #[test]
    fn what_runs_a_script_has_to_lie_there_still_as_well() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().canonicalize().expect("real");
        let (script, own, other) = (inner.join("script"), inner.join("own"), inner.join("other"));
        std::fs::write(&own, "no script").expect("write");
        std::fs::write(&other, "no script").expect("write");
        std::fs::write(&script, format!("#!{} -e\n", own.display())).expect("write");
        let program = ProgramFile::open(&script).expect("opened");
        assert_eq!((program.run_by().collect::<Vec<_>>(), program.found_on_path()), (vec![own.as_path()], None));
        assert!(program.command(OsStr::new("script")).is_ok());
        std::fs::rename(&other, &own).expect("rename");
        let refused = program.command(OsStr::new("script")).expect_err("another one");
        assert_eq!(refused.to_string(), "another program would run it by now");
        // One that is not there yet may not come meanwhile either.
        std::fs::remove_file(&own).expect("remove");
        let program = ProgramFile::open(&script).expect("opened");
        std::fs::write(&own, "no script").expect("write");
        let refused = program.command(OsStr::new("script")).expect_err("another one");
        assert_eq!(refused.to_string(), "another program would run it by now");
        // A script is run by what runs the script that runs it.
        std::fs::write(&own, "#!/bin/sh\n").expect("write");
        let program = ProgramFile::open(&script).expect("opened");
        assert_eq!(program.run_by().collect::<Vec<_>>(), [own.as_path(), Path::new("/bin/sh")]);
        std::fs::write(&own, format!("#!{}\n", script.display())).expect("write");
        assert_eq!(ProgramFile::open(&script).expect("round and round").run_by().count(), MOST_SCRIPTS);
        std::fs::write(&script, "#!/usr/bin/env sh\n").expect("write");
        let program = ProgramFile::open(&script).expect("opened");
        assert!(program.run_by().count() == 2 && program.found_on_path() == Some(&OnPath::Name("sh".into())));
    }

    /// A link of the kernel's that reads as a file which is not the one it leads to.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_that_leads_elsewhere_than_its_links_say_is_not_opened() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "one").expect("write");
        let held = File::open(&path).expect("open");
        let by_number = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held)));
        assert_eq!(told(&by_number), "opened");
        // Its link reads as `… (deleted)` now, so somebody may put another file there.
        std::fs::remove_file(&path).expect("remove");
        std::fs::write(folder.path().join("file (deleted)"), "another").expect("write");
        assert_eq!(told(&by_number), "it leads to another file than its links say");
    }

    #[test]
    fn every_folder_and_link_on_the_way_is_passed() {
        let folder = tempfile::tempdir().expect("folder");
        let inner = folder.path().canonicalize().expect("real");
        for made in ["good", "open", "plug/deep"] {
            std::fs::create_dir_all(inner.join(made)).expect("make");
        }
        std::fs::write(inner.join("plug/program"), "").expect("write");
        symlink("../open/hop", inner.join("good/program")).expect("link");
        symlink(inner.join("plug/deep/../program"), inner.join("open/hop")).expect("link");
        let passed = way_to(&inner.join("good/program")).expect("there");
        let passed: Vec<_> = passed.iter().filter_map(|(path, _)| path.strip_prefix(&inner).ok()).collect();
        let parts = ["", "good", "good/program", "open", "open/hop", "", "plug", "plug/deep", "plug/program"];
        assert_eq!(passed, parts.map(Path::new));
        symlink("round", inner.join("round")).expect("link");
        assert!(way_to(&inner.join("round")).is_err() && way_to(&inner.join("none")).is_err());
    }
}
