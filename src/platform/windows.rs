//! Windows: the profile folder's access list keeps other users out, there are no modes to check, and a command is a child.

use std::{
    convert::Infallible,
    ffi::{OsStr, OsString},
    fs::{File, Metadata, OpenOptions},
    io,
    os::windows::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{Access, Input};
use crate::secret::Secret;

/// Whether this is a console that shows what comes as it is; here none is made so.
#[must_use]
pub fn shows_as_it_is<S>(_: &S) -> bool {
    false
}

/// `FILE_FLAG_OPEN_REPARSE_POINT` (CreateFileW): open a link itself and not what it leads to.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// Keeps the heap out of the reports that Windows makes of a program that crashed. Other processes of the same user can read
/// this one's memory whatever it asks for.
#[expect(unsafe_code, reason = "WerSetFlags only sets a flag of this process")]
pub fn harden() {
    use windows_sys::Win32::System::ErrorReporting::{WER_FAULT_REPORTING_FLAG_NOHEAP, WerSetFlags};
    // SAFETY: it takes a number and nothing else (Windows Error Reporting, "WerSetFlags").
    let _ = unsafe { WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP) };
}

/// Nothing to do: no signal ends this process for the size of a file.
pub fn outlive_file_limit() {}

/// Opens for reading what someone else may have put there, not following a symbolic link.
///
/// # Errors
/// As `CreateFileW` has them; a symbolic link is `FilesystemLoop`, see [`is_symbolic_link`].
pub fn open_untrusted(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OPEN_REPARSE_POINT).open(path)?;
    if file.metadata()?.is_symlink() {
        return Err(io::Error::from(io::ErrorKind::InvalidFilename));
    }
    Ok(file)
}

/// Opens for reading what should be a regular file.
///
/// # Errors
/// As `CreateFileW` has them.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file to hold it and to look at it.
///
/// # Errors
/// As `CreateFileW` has them.
pub fn open_to_look(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether [`open_untrusted`] failed because the last part of the path is a symbolic link.
#[must_use]
pub fn is_symbolic_link(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidFilename
}

/// Makes a new file, never opening one that is there.
///
/// # Errors
/// As `CreateFileW` has them.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Nothing to do: what can be run is decided by the name.
///
/// # Errors
/// None.
pub fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file has the rights that its folder gives it.
///
/// # Errors
/// None.
pub fn make_alike(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Whether files can be put into a folder: that shows when it is tried.
#[must_use]
pub fn may_write_in(_: &Path) -> bool {
    true
}

/// Makes a symbolic link that leads where another one does.
///
/// # Errors
/// As `CreateSymbolicLinkW` has them; an ordinary user may not be allowed to.
pub fn copy_link(link: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(std::fs::read_link(link)?, to)
}

/// Makes a new file to commit, never opening one that is there.
///
/// # Errors
/// As `CreateFileW` has them.
pub fn create_shared(path: &Path) -> io::Result<File> {
    create_private(path)
}

/// Opens a file for reading and writing, made if it is not there. Its old content stays.
///
/// # Errors
/// As `CreateFileW` has them.
pub fn open_or_create_private(path: &Path, append: bool) -> io::Result<File> {
    OpenOptions::new().read(true).append(append).write(!append).create(true).truncate(false).open(path)
}

/// Writes over the whole of a file, if it is there and of just this size; says whether it was.
///
/// # Errors
/// As `CreateFileW` and `WriteFile` have them.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    use std::io::Write;
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let same_size = file.metadata()?.len() == bytes.len() as u64;
    if same_size {
        file.write_all(bytes)?;
    }
    Ok(same_size)
}

/// Whether there is a process of this number: the system is not asked for that.
#[must_use]
pub fn may_be_running(_: u32) -> bool {
    true
}

/// Whether an open file is still the one at this path. What tells files apart here takes `unsafe`, so there is one, or none.
#[must_use]
pub fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// What tells a file from the one that takes its place, beside its size and time: nothing here.
#[must_use]
pub fn file_number(_: &Metadata) -> u64 {
    0
}

/// Makes a folder and those above it; it inherits the profile's access list.
///
/// # Errors
/// As `CreateDirectoryW` has them.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a new folder, never taking one that is there.
///
/// # Errors
/// As the system has them.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

/// The names in a folder, as far as they can be read.
#[must_use]
pub fn names_in(folder: &Path) -> Vec<OsString> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect()
}

/// Nothing to do: NTFS journals a rename by itself, and a folder cannot be flushed.
///
/// # Errors
/// None.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Access lists are inherited from the user's profile, so nothing is read here but the names.
#[must_use]
pub fn access(_: &Metadata) -> Access {
    Access {
        by_other: false,
        by_root: false,
        writable_by_others: false,
        readable_by_others: false,
        linked_elsewhere: false,
        sticky: false,
        device: 0,
        owner: 0,
    }
}

/// The command that takes other users' rights away.
#[must_use]
pub fn how_to_make_private(path: &Path, _folder: bool) -> String {
    format!("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:F\"", path.display())
}

/// Access lists are left to who knows what they are for.
///
/// # Errors
/// Always.
pub fn make_private(_: &Path, _: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a file can be executed: Windows decides by the name's extension, which [`program_names`] adds.
#[must_use]
pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// The names under which a program may lie in a folder of the search path.
#[must_use]
pub fn program_names(name: &OsStr) -> Vec<OsString> {
    if Path::new(name).extension().is_some() {
        return vec![name.to_owned()];
    }
    [".exe", ".com", ".bat", ".cmd"]
        .iter()
        .map(|extension| {
            let mut full = name.to_owned();
            full.push(extension);
            full
        })
        .collect()
}

/// Runs the command as a child and ends with its exit code: Windows cannot replace a process. Ctrl-C goes to the whole
/// console group, so the child gets it from the system; this process only waits.
///
/// # Errors
/// Only when the system would not start it.
pub fn become_command(command: &mut Command, called: &OsStr) -> io::Result<Infallible> {
    let mut child = start_command(command, called)?;
    ignore_interrupts();
    let status = child.wait()?;
    end_with(status.code().unwrap_or(1))
}

/// Starts the command as a child.
///
/// # Errors
/// Only when the system would not start it.
pub fn start_command(command: &mut Command, _called: &OsStr) -> io::Result<std::process::Child> {
    command.spawn()
}

/// There is no such shell here.
#[must_use]
pub fn is_for_the_shell(_: &io::Error) -> bool {
    false
}

/// Ends with a code that has more bits than std's `ExitCode`.
#[expect(clippy::exit, reason = "the child's exit code is this process's; nothing may follow")]
pub(super) fn end_with(code: i32) -> ! {
    std::process::exit(code)
}

#[expect(unsafe_code, reason = "SetConsoleCtrlHandler with no handler only sets a flag of this process")]
pub(super) fn ignore_interrupts() {
    // SAFETY: a null handler with TRUE makes this process ignore Ctrl-C (SetConsoleCtrlHandler, Win32 console API).
    unsafe { windows_sys::Win32::System::Console::SetConsoleCtrlHandler(None, 1) };
}

/// Lets a child outlive the console's job: `CREATE_NEW_PROCESS_GROUP` and `CREATE_NO_WINDOW` (`CreateProcessW`).
pub fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    command.creation_flags(0x0000_0200 | 0x0800_0000);
}

/// Windows has no process groups: a child is ended by itself.
pub fn lead_group(_: &mut Command) {}

/// Kills a child; what it started goes on, and is no longer waited for.
pub fn kill_group(child: &mut std::process::Child) {
    let _ = child.kill();
}

/// What waits on standard input. Not to be told here.
#[must_use]
pub fn waiting_input() -> Input {
    Input::Nothing
}

/// Opens a page of the web in the user's browser. Not by `start`, which is a word of a shell that would read the address.
///
/// # Errors
/// When the program for it cannot be started.
pub fn open_page(address: &str) -> io::Result<()> {
    Command::new("rundll32.exe").arg("url.dll,FileProtocolHandler").arg(address).spawn().map(drop)
}

/// Windows has no signals: this holds nothing.
pub struct HeldSignals(());

/// Windows has no signals to hold back.
///
/// # Errors
/// Never.
pub fn hold_signals() -> io::Result<HeldSignals> {
    Ok(HeldSignals(()))
}

/// Nobody holds any.
#[must_use]
pub fn are_signals_held() -> bool {
    false
}

impl HeldSignals {
    /// None comes.
    #[must_use]
    pub fn came(&self) -> Option<i32> {
        None
    }

    /// None comes.
    #[must_use]
    pub fn take(&self) -> Option<i32> {
        None
    }

    /// None came.
    pub fn give_back(&self, _: i32) {}

    /// Nothing to follow.
    ///
    /// # Errors
    /// Never.
    pub fn follow(self) -> io::Result<()> {
        Ok(())
    }
}

/// How long this thread was at work: to be asked for takes `unsafe` here.
#[must_use]
pub fn time_of_thread() -> Option<std::time::Duration> {
    None
}

/// Windows has no signals.
#[must_use]
pub fn signal_of(_: std::process::ExitStatus) -> Option<i32> {
    None
}

/// The most characters one variable may have: 32,767 (`SetEnvironmentVariableW`).
pub const LONGEST_VARIABLE: Option<usize> = Some(32_767);

/// The environment block has no limit of its own since Windows Vista (`CreateProcessW`).
#[must_use]
pub fn largest_launch() -> Option<usize> {
    None
}

/// A secret's bytes as the value of a variable: text only, as Windows keeps UTF-16.
#[must_use]
pub fn variable_value(bytes: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(bytes).ok().map(OsStr::new)
}

/// The bytes of a variable's value.
#[must_use]
pub fn value_bytes(value: &OsStr) -> Vec<u8> {
    value.to_string_lossy().into_owned().into_bytes()
}

/// How many UTF-16 units a word takes in the environment or the arguments.
#[must_use]
pub fn width(word: &OsStr) -> usize {
    word.encode_wide().count()
}

/// Whether two names mean the same variable: Windows does not tell `Path` from `PATH`.
#[must_use]
pub fn same_variable(one: &OsStr, other: &OsStr) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The variable that names the command interpreter, and the one that every system has.
pub const SHELL_VARIABLE: &str = "COMSPEC";
/// See [`SHELL_VARIABLE`].
pub const USUAL_SHELL: &str = "cmd.exe";

/// Variables without which programs cannot work at all, kept by `run --clean` beside the usual ones.
pub const ESSENTIAL_VARIABLES: &[&str] = &[
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "TEMP",
    "TMP",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
    "OS",
];

/// Variables that name the folders of programs: the system is asked for them instead.
pub const FOLDER_VARIABLES: &[&str] = &[];

/// The console, to ask on while standard input is data.
///
/// # Errors
/// When there is none.
pub fn terminal() -> io::Result<File> {
    super::may_ask()?;
    OpenOptions::new().read(true).write(true).open("CONIN$")
}

/// Links are not followed for a write: the store's own path is the only one.
///
/// # Errors
/// Always.
pub fn follow_own_link(_: &Path) -> io::Result<PathBuf> {
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a link"))
}

/// Asks on the console and reads up to the end of the line, with or without echo.
///
/// # Errors
/// `Interrupted` on Ctrl-C, else as the console has them.
pub fn read_line(question: &str, echo: bool) -> io::Result<Secret> {
    super::may_ask()?;
    let question = question.trim_end();
    let answer = if echo {
        eprint_question(question)?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        dialoguer::Password::new()
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false)
            .interact()
            .map_err(|dialoguer::Error::IO(error)| error)?
    };
    Ok(Secret::new(answer.into_bytes()))
}

/// Asks on the console itself, whatever standard input is, for so long at most. What is typed is shown.
///
/// # Errors
/// `TimedOut`, `UnexpectedEof` on Ctrl-Z, else as the console has them.
pub fn read_line_within(question: &str, patience: Duration) -> io::Result<Secret> {
    use std::io::{BufRead, BufReader, Write};
    let console = terminal()?;
    let mut screen = OpenOptions::new().read(true).write(true).open("CONOUT$")?;
    screen.write_all(question.as_bytes())?;
    // A read of the console cannot be given up: the thread that waits for it ends with this process.
    let (answer, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let read = BufReader::new(console).read_until(b'\n', &mut line);
        let _ = answer.send(read.map(|_| line));
    });
    let line = answers.recv_timeout(patience).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Secret::new(line.trim_ascii_end().to_vec()))
}

fn eprint_question(question: &str) -> io::Result<()> {
    use std::io::Write;
    write!(io::stderr(), "{question} ")
}
/// Whether what is written there goes to a file: nobody asks where masking is not there.
#[must_use]
pub fn is_file<S>(_: &S) -> bool {
    false
}
