//! Finding the program before anything is opened for it, so that a mistyped command costs no keychain call.

use std::{
    cell::OnceCell,
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    platform::{self, ProgramFile},
};

use super::environment::Environment;

/// A command that was found.
pub struct Program {
    path: PathBuf,
    called: OsString,
    arguments: Vec<OsString>,
    file: OnceCell<ProgramFile>,
}

impl Program {
    /// Finds a command as `execvp(3)` does: along `PATH`, unless its name has a slash.
    ///
    /// # Errors
    /// `NotFound` (127) and `NotExecutable` (126), as shells tell them apart.
    pub fn find(command: &[OsString], search_path: Option<&OsStr>) -> Result<Self> {
        let Some((called, arguments)) = command.split_first() else {
            return Err(
                Failure::new(Kind::Usage, "no command was given").hint("put it after `--`: `keyctl run -- myapp`")
            );
        };
        let found = |path| Self { path, called: called.clone(), arguments: arguments.to_vec(), file: OnceCell::new() };
        let shown = || format!("`{}`", called.to_string_lossy());
        let mut not_executable = None;
        for path in candidates(called, search_path) {
            if path.is_file() && platform::is_executable(&path) {
                return Ok(found(path));
            }
            if path.exists() {
                not_executable.get_or_insert(path);
            }
        }
        match not_executable {
            Some(path) if path.is_dir() => Err(Failure::new(Kind::NotExecutable, format!("{} is a folder", shown()))),
            Some(_) => Err(Failure::new(Kind::NotExecutable, format!("{} is not executable", shown()))),
            None => Err(Failure::new(Kind::NotFound, format!("no command {}", shown()))),
        }
    }

    /// A command that another process of ours has found.
    #[must_use]
    pub fn found(path: PathBuf, called: OsString, arguments: Vec<OsString>) -> Self {
        Self { path, called, arguments, file: OnceCell::new() }
    }

    /// The program's name for the history: what comes after the last slash, never an argument.
    #[must_use]
    pub fn name(&self) -> String {
        Path::new(&self.called).file_name().unwrap_or(&self.called).to_string_lossy().into_owned()
    }

    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its file, which is opened for keys that are not for every program. From then on that file is started and no other.
    ///
    /// # Errors
    /// `NotExecutable` where it cannot be opened.
    pub fn file(&self) -> Result<&ProgramFile> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = ProgramFile::open(&self.path).map_err(|error| self.not_started(&reason(&error)))?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Its file, where it was opened.
    #[must_use]
    pub fn opened(&self) -> Option<&ProgramFile> {
        self.file.get()
    }

    /// The command and its arguments.
    pub fn words(&self) -> impl Iterator<Item = &OsStr> {
        std::iter::once(self.called.as_os_str()).chain(self.arguments.iter().map(OsString::as_os_str))
    }

    /// What follows the command.
    #[must_use]
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Becomes the program. Nothing can follow: on success this never returns.
    ///
    /// # Errors
    /// `NotExecutable` when the system does not start it.
    pub fn become_it(&self, environment: &Environment<'_>) -> Result<std::convert::Infallible> {
        let started = self.command(environment).and_then(|mut own| {
            let error = match platform::become_command(&mut own, &self.called) {
                Ok(never) => match never {},
                Err(error) => error,
            };
            if !platform::is_for_the_shell(&error) {
                return Err(error);
            }
            platform::become_command(&mut self.by_the_shell(&own, environment), OsStr::new("sh"))
        });
        started.map_err(|error| self.failed(&error))
    }

    /// Starts the program as a child, just as this process would become it. `set` says what its streams are, perhaps twice.
    ///
    /// # Errors
    /// `NotExecutable` when the system does not start it.
    pub fn start(&self, environment: &Environment<'_>, set: impl Fn(&mut Command) -> io::Result<()>) -> Result<Child> {
        let launch = |command: &mut Command, called: &OsStr| {
            set(command)?;
            platform::start_command(command, called)
        };
        let started = self.command(environment).and_then(|mut own| match launch(&mut own, &self.called) {
            Err(error) if platform::is_for_the_shell(&error) => {
                launch(&mut self.by_the_shell(&own, environment), OsStr::new("sh"))
            }
            started => started,
        });
        started.map_err(|error| self.failed(&error))
    }

    /// A script that does not say what runs it is run by the shell, as by shells and the execvp(3) of glibc; that of musl and
    /// `posix_spawn(3)` leave that out.
    fn by_the_shell(&self, own: &Command, environment: &Environment<'_>) -> Command {
        let mut command = Command::new("/bin/sh");
        let variables = environment.variables.iter().map(|(name, value)| (name, value));
        // By the path that was judged, and no other.
        command.arg(own.get_program()).args(&self.arguments).env_clear().envs(variables);
        command
    }

    /// Starts a program of ours that starts this one, with these words before its path and its own.
    ///
    /// # Errors
    /// As [`Program::start`].
    pub fn start_by(
        &self,
        by: &Path,
        words: &[&str],
        environment: &Environment<'_>,
        set: impl FnOnce(&mut Command),
    ) -> Result<Child> {
        let started = self.command(environment).and_then(|inner| {
            let mut command = Command::new(by);
            let variables = environment.variables.iter().map(|(name, value)| (name, value));
            command.args(words).arg(inner.get_program()).args(self.words()).env_clear().envs(variables);
            set(&mut command);
            platform::start_command(&mut command, OsStr::new("keyctl"))
        });
        started.map_err(|error| self.failed(&error))
    }

    fn command(&self, environment: &Environment<'_>) -> io::Result<Command> {
        let command = self.file.get().map_or_else(|| Ok(Command::new(&self.path)), |file| file.command(&self.called));
        let mut command = command?;
        let variables = environment.variables.iter().map(|(name, value)| (name, value));
        command.args(&self.arguments).env_clear().envs(variables);
        Ok(command)
    }

    fn failed(&self, error: &io::Error) -> Failure {
        // The file is there, so it is its interpreter that is not.
        let lacks = error.kind() == ErrorKind::NotFound && platform::is_script(&self.path);
        let why = if lacks { "its `#!` program is not there".to_owned() } else { reason(error) };
        self.not_started(&why)
    }

    fn not_started(&self, why: &str) -> Failure {
        Failure::new(Kind::NotExecutable, format!("cannot start `{}`: {why}", self.called.to_string_lossy()))
    }
}

fn candidates(called: &OsStr, search_path: Option<&OsStr>) -> Vec<PathBuf> {
    if called.is_empty() {
        return Vec::new();
    }
    let names = platform::program_names(called);
    if Path::new(called).components().count() > 1 || called.to_string_lossy().contains('/') {
        return names.into_iter().map(PathBuf::from).collect();
    }
    let folders: Vec<PathBuf> =
        std::env::split_paths(search_path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"))).collect();
    let in_folder = |folder: &PathBuf| -> Vec<PathBuf> {
        // An empty part of `PATH` means the current folder (execvp(3)).
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        names.iter().map(|name| folder.join(name)).collect()
    };
    folders.iter().flat_map(in_folder).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_missing_a_folder_or_not_executable_is_told_apart() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("plain"), "text").expect("write");
        std::fs::create_dir(folder.path().join("inner")).expect("make");
        let find = |name: &str| {
            Program::find(&[name.into()], Some(folder.path().as_os_str()))
                .err()
                .map(|failure| (failure.kind, failure.message))
        };
        assert_eq!(find("nothing"), Some((Kind::NotFound, "no command `nothing`".into())));
        assert_eq!(find("plain"), Some((Kind::NotExecutable, "`plain` is not executable".into())));
        assert_eq!(find("inner"), Some((Kind::NotExecutable, "`inner` is a folder".into())));
        assert_eq!(find(""), Some((Kind::NotFound, "no command ``".into())));
        assert_eq!(find("/bin/sh"), None);
        assert_eq!(Program::find(&[], None).err().map(|failure| failure.kind), Some(Kind::Usage));
    }
}
