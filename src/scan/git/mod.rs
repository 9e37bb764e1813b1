//! What a git repository holds, asked of the `git` program: what is staged, every object, and what a push would send.
//!
//! A repository may be somebody else's, and its configuration can name programs. So only commands that look are called, the
//! plumbing where there is a choice, and what could run something is switched off in the call itself, which counts for more
//! than any file: the file system monitor and hooks; filters, text conversion, external diffs, pagers and signature checks
//! are never asked for; aliases cannot replace a command of git's own. Nothing is fetched: a partial clone's missing objects
//! stay missing. Nor can it hide anything: replaced objects (`refs/replace`) and `diff.relative` do not count. A repository
//! of another user is refused by git itself, and that is passed on.

pub mod batch;
pub mod changes;
pub mod history;
pub mod pushing;
mod remotes;
pub mod staged;
pub mod unwalked;

use std::{
    ffi::{OsStr, OsString},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    platform,
    subprocess::no_thread,
};

/// What git's messages are cut to.
const LONGEST_MESSAGE: u64 = 64 * 1024;
/// In one read of what git prints.
const BLOCK: usize = 64 * 1024;

/// Settings for this call that win over those of the repository.
const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.alternateRefsCommand=true",
    "core.quotePath=true",
    "diff.orderFile=/dev/null",
    "log.showSignature=false",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Variables that make git take another repository than the one around the folder, or other settings (`git rev-parse
/// --local-env-vars`).
const OF_ONE_REPOSITORY: &[&str] = &[
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
];

/// The repository around a folder.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    folder: PathBuf,
    /// The top of the repository, where no other one is meant whatever the environment says.
    top: Option<PathBuf>,
}

/// What is not here of a repository, by its own word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// A clone without the older commits.
    pub shallow: bool,
    /// A clone that fetches what it needs when it needs it.
    pub partial: bool,
}

impl Git {
    /// The repository around this folder, which a later call finds or fails to find.
    ///
    /// # Errors
    /// `NotFound` where there is no git.
    pub fn at(folder: &Path) -> Result<Self> {
        let folders = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
        // A folder by a relative path would be one of the repository's.
        let program = std::env::split_paths(&folders)
            .filter(|folder| folder.is_absolute())
            .flat_map(|folder| platform::program_names("git".as_ref()).into_iter().map(move |name| folder.join(name)))
            .find(|path| path.is_file() && platform::is_executable(path));
        let missing =
            || Failure::new(Kind::NotFound, "git is not found").hint("`PATH` has to name the folder it lies in");
        Ok(Self { program: program.ok_or_else(missing)?, folder: folder.to_owned(), top: None })
    }

    /// The same repository, seen from another folder of it.
    #[must_use]
    pub fn from_folder(&self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self.clone() }
    }

    /// The repository with this top, and no other one: neither that of a hook which called keyctl, nor one further up.
    #[must_use]
    pub fn of(&self, top: &Path) -> Self {
        Self { top: Some(top.to_owned()), ..self.clone() }
    }

    /// The folder in which git is called.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is not here of the repository.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn gaps(&self) -> Result<Gaps> {
        let shallow = self.output(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true");
        let pattern = r"^(extensions\.partialclone|remote\..*\.promisor)$";
        let partial = self.answer(&["config", "--get-regexp", pattern])?.is_some();
        Ok(Gaps { shallow, partial })
    }

    /// What git prints, all of it.
    ///
    /// # Errors
    /// `Usage` where the folder is in no repository, `Disk` with git's own words.
    pub fn output(&self, words: &[&str]) -> Result<Vec<u8>> {
        let output = self.command(words).output().map_err(|error| cannot_start(&error))?;
        if output.status.success() { Ok(output.stdout) } else { Err(refused(output.status, &output.stderr)) }
    }

    /// What git prints, or `None` where it says no by its exit code alone.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn answer(&self, words: &[&str]) -> Result<Option<Vec<u8>>> {
        let output = self.command(words).output().map_err(|error| cannot_start(&error))?;
        match output.status.code() {
            Some(0) => Ok(Some(output.stdout)),
            Some(1) => Ok(None),
            _ => Err(refused(output.status, &output.stderr)),
        }
    }

    /// The path that git prints, from the root on.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn path(&self, words: &[&str]) -> Result<PathBuf> {
        let printed = self.output(words)?;
        Ok(self.folder.join(path_of(printed.strip_suffix(b"\n").unwrap_or(&printed))))
    }

    /// Gives git something to read, and hands what it prints to `read`, piece by piece.
    fn stream(
        &self,
        words: &[&str],
        input: &(dyn Fn(&mut dyn Write) -> io::Result<()> + Sync),
        read: &mut dyn FnMut(&mut dyn BufRead) -> Result<()>,
    ) -> Result<()> {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(|error| cannot_start(&error))?;
        let (pipe, printed, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            let begin = || thread::Builder::new();
            // That git stopped reading early shows in its exit code.
            let feed = begin().spawn_scoped(scope, move || pipe.map(|mut pipe| drop(input(&mut pipe))));
            let listen = begin().spawn_scoped(scope, move || said.map(all_of).unwrap_or_default());
            let (Ok(_), Ok(listen)) = (&feed, listen) else {
                end(&mut child);
                return Err(no_thread(&io::Error::from(io::ErrorKind::WouldBlock)));
            };
            let mut printed = BufReader::with_capacity(BLOCK, printed.ok_or_else(cut_short)?);
            let done = read(&mut printed);
            if done.is_err() {
                end(&mut child);
            }
            drop(printed);
            let status = child.wait().map_err(|error| cannot_start(&error))?;
            let said = listen.join().unwrap_or_default();
            // Where git failed, that is why what it printed could not be read on.
            let stopped_here = done.is_err() && status.code().is_none();
            if status.success() || stopped_here { done } else { Err(refused(status, &said)) }
        })
    }

    fn command(&self, words: &[&str]) -> Command {
        self.command_with(SETTINGS.iter().copied(), words)
    }

    fn command_with<'s>(&self, settings: impl Iterator<Item = &'s str>, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(["--no-pager", "--no-replace-objects", "--literal-pathspecs"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // An older git that does not know the first of these still has no protocol to fetch by.
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none").env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C").env_remove("GIT_EXTERNAL_DIFF");
        if let Some(top) = &self.top {
            for name in OF_ONE_REPOSITORY {
                command.env_remove(name);
            }
            command.env("GIT_CEILING_DIRECTORIES", top.parent().unwrap_or(top));
        }
        command
    }

    /// Like [`Git::command`], with the repository's own answer to where hooks lie.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn hooks_folder(&self) -> Result<PathBuf> {
        // `rev-parse` runs no hook, so this one setting may count here.
        let settings = SETTINGS.iter().copied().filter(|setting| !setting.starts_with("core.hooksPath="));
        let mut command = self.command_with(settings, &["rev-parse", "--git-path", "hooks"]);
        let output = command.output().map_err(|error| cannot_start(&error))?;
        if !output.status.success() {
            return Err(refused(output.status, &output.stderr));
        }
        Ok(self.folder.join(path_of(output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout))))
    }

    /// Sets or unsets the user's own `core.hooksPath`.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn set_global_hooks(&self, folder: Option<&Path>) -> Result<()> {
        let mut command = self.command(&["config", "--global"]);
        match folder {
            Some(folder) => command.arg("core.hooksPath").arg(folder),
            None => command.args(["--unset", "core.hooksPath"]),
        };
        let output = command.output().map_err(|error| cannot_start(&error))?;
        if output.status.success() { Ok(()) } else { Err(refused(output.status, &output.stderr)) }
    }

    /// The user's own `core.hooksPath`, if it is set.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn global_hooks(&self) -> Result<Option<PathBuf>> {
        let printed = self.answer(&["config", "--global", "--type=path", "--get", "core.hooksPath"])?;
        Ok(printed.map(|printed| path_of(printed.strip_suffix(b"\n").unwrap_or(&printed))))
    }

    /// The folder that the repository's files are worked on in; of a bare one the repository itself.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn top(&self) -> Result<PathBuf> {
        match self.path(&["rev-parse", "--show-toplevel"]) {
            Err(failure) if failure.kind == Kind::Disk => self.path(&["rev-parse", "--absolute-git-dir"]),
            other => other,
        }
    }

    /// Whether a file of this folder, by its name, is one that git keeps. Only git's exit code says so: std panics where a
    /// program's pipes cannot be read, and this is asked while secrets are on their way.
    ///
    /// # Errors
    /// `NotExecutable` where git cannot be started.
    pub fn keeps(&self, name: &OsStr) -> Result<bool> {
        let mut command = self.command(&["ls-files", "--error-unmatch", "--"]);
        let status = command.arg(name).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.map(|status| status.success()).map_err(|error| cannot_start(&error))
    }

    /// Whether git would take a file of this folder that it does not keep yet (see [`Git::keeps`]), by its name, into a commit:
    /// it does not ignore it.
    #[must_use]
    pub fn may_take(&self, name: &OsStr) -> bool {
        // Not `check-ignore`, which takes no names as they are: a file that is neither kept nor ignored is among the others.
        let mut command = self.command(&["ls-files", "--others", "--exclude-standard", "--error-unmatch", "--"]);
        let status = command.arg(name).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// The folders of all worktrees of the repository.
    ///
    /// # Errors
    /// As [`Git::output`].
    pub fn worktrees(&self) -> Result<Vec<PathBuf>> {
        let printed = self.output(&["worktree", "list", "--porcelain", "-z"])?;
        Ok(printed.split(|byte| *byte == 0).filter_map(|line| line.strip_prefix(b"worktree ")).map(path_of).collect())
    }
}

/// A path as git writes it.
#[must_use]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    platform::variable_value(bytes).map_or_else(|| String::from_utf8_lossy(bytes).into_owned().into(), PathBuf::from)
}

fn all_of(mut said: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = said.by_ref().take(LONGEST_MESSAGE).read_to_end(&mut bytes);
    // Whoever has more to say must not wait for a reader.
    let _ = io::copy(&mut said, &mut io::sink());
    bytes
}

fn end(child: &mut Child) {
    let _ = child.kill();
}

fn cannot_start(error: &io::Error) -> Failure {
    Failure::new(Kind::NotExecutable, format!("git cannot be started: {}", reason(error)))
}

/// The failure of an answer that ends too early or is none.
fn cut_short() -> Failure {
    Failure::new(Kind::Disk, "git's answer cannot be read to its end")
}

/// The failure that git's own words tell.
fn refused(status: ExitStatus, said: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")));
    let line = line.or_else(|| said.lines().next()).unwrap_or_default().trim();
    if line.starts_with("not a git repository") {
        return Failure::new(Kind::Usage, "this folder is in no git repository")
            .hint("go into one; files anywhere: `keyctl scan PATH`, a hook for all of them: `keyctl scan install-hook --global`");
    }
    if line.contains("dubious ownership") {
        return Failure::new(Kind::Disk, format!("git refuses: {line}"))
            .hint("it belongs to another user; look at it first, then allow it with git's `safe.directory`");
    }
    if line.is_empty() {
        let code = status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
        return Failure::new(Kind::Disk, format!("git ended {code}"));
    }
    Failure::new(Kind::Disk, format!("git says: {line}"))
}
