//! Windows: a folder's access list keeps other users out, there are no modes to check, and a command is a child.

use std::{
    convert::Infallible,
    ffi::{OsStr, OsString},
    fs::{File, Metadata, OpenOptions, TryLockError},
    io,
    os::windows::{
        ffi::OsStrExt,
        fs::OpenOptionsExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION,
        STILL_ACTIVE,
    },
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY,
        LockFileEx,
    },
    System::{
        IO::{OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0},
        Threading::{GetExitCodeProcess, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION},
    },
};

mod folders;

pub use folders::{create_private_folder, make_private_folder};

use super::{Access, Input, signals_windows::hold_signals};

/// `FILE_FLAG_OPEN_REPARSE_POINT` (CreateFileW): open a link itself and not what it leads to.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
/// `FILE_FLAG_BACKUP_SEMANTICS` (CreateFileW): open a folder too.
const OPEN_FOLDER: u32 = 0x0200_0000;
/// For so long a file is tried to be replaced that somebody has open.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Gives a file another name, in the place of what has that. Where somebody has either open who does not let that happen, it
/// is tried again for a while: a keyctl that reads has it for a moment, a virus scanner a little longer.
///
/// # Errors
/// As `MoveFileExW` has them.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let (started, mut pause) = (Instant::now(), Duration::from_millis(1));
    loop {
        match std::fs::rename(from, to) {
            Err(error) if is_of_one_who_has_it_open(&error) && started.elapsed() < PATIENCE && !to.is_dir() => {
                std::thread::sleep(pause);
            }
            done => return done,
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn is_of_one_who_has_it_open(error: &io::Error) -> bool {
    let code = error.raw_os_error().and_then(|code| u32::try_from(code).ok());
    code.is_some_and(|code| [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION].contains(&code))
}

/// Takes the lock of an open file, if nobody has it. The lock of std is on all bytes, which nobody can read or write then, not
/// even to see who has it; this one is on a byte far behind the last. The two exclude each other.
///
/// # Errors
/// `WouldBlock`, else as `LockFileEx` has them.
#[expect(unsafe_code, reason = "LockFileEx with the handle of an open file and a place to write to")]
pub fn try_lock(file: &File) -> Result<(), TryLockError> {
    let at = OVERLAPPED_0_0 { Offset: u32::MAX - 1, OffsetHigh: u32::MAX >> 1 };
    let mut place = OVERLAPPED { Anonymous: OVERLAPPED_0 { Anonymous: at }, ..OVERLAPPED::default() };
    let how = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open as long as `file` is, and `place` outlives the call, which does not wait (LockFileEx).
    if unsafe { LockFileEx(file.as_raw_handle(), how, 0, 1, 0, &raw mut place) } != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error().and_then(|code| u32::try_from(code).ok()) {
        Some(ERROR_LOCK_VIOLATION | ERROR_IO_PENDING) => Err(TryLockError::WouldBlock),
        _ => Err(TryLockError::Error(error)),
    }
}

/// Whether there is a process of this number, as far as the system tells.
#[must_use]
#[expect(unsafe_code, reason = "OpenProcess and GetExitCodeProcess with a handle that is closed right after")]
pub fn may_be_running(process: u32) -> bool {
    // SAFETY: it takes numbers; what it gives is a handle or null (OpenProcess).
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process) };
    if handle.is_null() {
        return io::Error::last_os_error().raw_os_error() != i32::try_from(ERROR_INVALID_PARAMETER).ok();
    }
    // SAFETY: the handle was just given to this process, and nobody else has it (OpenProcess).
    let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut code = 0;
    // SAFETY: the handle is open and `code` outlives the call (GetExitCodeProcess).
    let is_told = unsafe { GetExitCodeProcess(handle.as_raw_handle(), &raw mut code) } != 0;
    !is_told || code == STILL_ACTIVE.cast_unsigned()
}

/// Whether an open file is still the one at this path.
#[must_use]
pub fn is_at(file: &File, path: &Path) -> bool {
    let there = OpenOptions::new().access_mode(0).custom_flags(OPEN_REPARSE_POINT | OPEN_FOLDER).open(path);
    there.and_then(|there| Ok(place_of(&there)? == place_of(file)?)).unwrap_or(false)
}

/// The number of the disk that a file lies on, and its own there.
#[expect(unsafe_code, reason = "GetFileInformationByHandle with the handle of an open file and a place to write to")]
fn place_of(file: &File) -> io::Result<(u32, u64)> {
    let mut facts = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open as long as `file` is, and `facts` outlives the call (GetFileInformationByHandle).
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut facts) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let number = u64::from(facts.nFileIndexHigh) << 32 | u64::from(facts.nFileIndexLow);
    Ok((facts.dwVolumeSerialNumber, number))
}

/// What tells an open file from the one that takes its place, and what is to be kept so that no other gets that number. Here a
/// number is not given again for long (NTFS counts its uses), and a file that is kept open could not be replaced everywhere.
///
/// # Errors
/// As `GetFileInformationByHandle` has them.
pub fn number_and_hold(file: &File) -> io::Result<(u64, Option<File>)> {
    Ok((place_of(file)?.1, None))
}

/// What tells a file from the one that takes its place, beside its size and time: nothing here.
#[must_use]
pub fn file_number(_: &Metadata) -> u64 {
    0
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

/// Runs the command as a child and ends with its exit code: Windows cannot replace a process. Ctrl-C goes to all on the
/// console, so the child gets it from the system; this process only waits.
///
/// # Errors
/// Only when the system would not start it.
pub fn become_command(command: &mut Command, called: &OsStr) -> io::Result<Infallible> {
    // Before it is started: a key that is pressed right then is for the command.
    let _held = hold_signals()?;
    let status = start_command(command, called)?.wait()?;
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

/// From now on the system asks this handler what to do at a Ctrl-C and the like. What is started does not have it.
#[expect(unsafe_code, reason = "SetConsoleCtrlHandler keeps the address of a function that stays where it is")]
pub(super) fn hear_console(handler: extern "system" fn(u32) -> i32) {
    // SAFETY: the handler is a function of this program, for as long as it runs (SetConsoleCtrlHandler, Win32 console API).
    unsafe { windows_sys::Win32::System::Console::SetConsoleCtrlHandler(Some(handler), 1) };
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

/// Links are not followed for a write: the store's own path is the only one.
///
/// # Errors
/// Always.
pub fn follow_own_link(_: &Path) -> io::Result<PathBuf> {
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a link"))
}

/// Whether what is written there goes to a file: nobody asks where masking is not there.
#[must_use]
pub fn is_file<S>(_: &S) -> bool {
    false
}

#[cfg(test)]
mod tests;
