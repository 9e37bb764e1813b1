//! Linux and macOS: modes, owners, open flags, and replacing the process.

use std::{
    convert::Infallible,
    ffi::{OsStr, OsString},
    fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::fs::OFlags;

use super::{Access, Input};
use crate::plain::shell_word;

/// Keeps the kernel from writing this process's memory to a core file, and on Linux other processes of the same user from
/// reading it. Linux takes that back by itself when the process becomes another program; elsewhere [`become_command`] does.
pub fn harden() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(not(target_os = "linux"))]
    allow_no_core();
}

/// The limit for core files that this process was started with, where it is another one now.
#[cfg(not(target_os = "linux"))]
static CORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Lets nothing be written to a core file, where there is no other way to say so than the limit for its size.
#[cfg(not(target_os = "linux"))]
fn allow_no_core() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Core);
    if limit.current != Some(0) && setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit }).is_ok() {
        let _ = CORE.set(limit);
    }
}

/// Opens for reading what someone else may have put there: no symbolic link, and no waiting on a pipe.
///
/// # Errors
/// As `open(2)` has them; a symbolic link is `ELOOP`, see [`is_symbolic_link`].
pub fn open_untrusted(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Opens for reading what should be a regular file, and does not wait if it is a pipe.
///
/// # Errors
/// As `open(2)` has them.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    // A terminal does not become that of this session by it.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Opens a file to hold it and to look at it, though it may only be executed.
///
/// # Errors
/// As `open(2)` has them.
pub fn open_to_look(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    let flags = OFlags::PATH;
    // Elsewhere it has to be readable, as nearly all programs are.
    #[cfg(not(target_os = "linux"))]
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    // With musl std takes `O_PATH` out of the flags, as part of how a file may be accessed.
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC, rustix::fs::Mode::empty())?.into())
}

/// Whether [`open_untrusted`] failed because the last part of the path is a symbolic link.
#[must_use]
pub fn is_symbolic_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Makes a new file that only its owner may read, never opening one that is there.
///
/// # Errors
/// As `open(2)` has them; the file's being there is `EEXIST`.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // A umask such as 0777 takes bits away from the mode above.
    rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    Ok(file)
}

/// Lets everybody run a file, and read it, which a script needs.
///
/// # Errors
/// As `fchmod(2)` has them.
pub fn make_executable(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, rustix::fs::Mode::from_raw_mode(0o755))?)
}

/// Gives a new file the group and the modes of another one; where it cannot have the group, that gets no rights.
///
/// # Errors
/// As `fchmod(2)` has them.
pub fn make_alike(file: &File, like: &Metadata) -> io::Result<()> {
    let is_same_group = file.metadata()?.gid() == like.gid();
    let has_group = is_same_group || std::os::unix::fs::fchown(file, None, Some(like.gid())).is_ok();
    let kept = if has_group { 0o777 } else { 0o707 };
    file.set_permissions(std::fs::Permissions::from_mode(like.mode() & kept))
}

/// Whether files can be put into a folder.
#[must_use]
pub fn may_write_in(folder: &Path) -> bool {
    use rustix::fs::Access;
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Makes a symbolic link that leads where another one does.
///
/// # Errors
/// As `readlink(2)` and `symlink(2)` have them.
pub fn copy_link(link: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(std::fs::read_link(link)?, to)
}

/// Makes a new file with the modes that the user's umask gives, never opening one that is there: for files to commit.
/// Nobody else may write it, as keyctl would refuse it then.
///
/// # Errors
/// As `open(2)` has them.
pub fn create_shared(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)
}

/// Opens a private file for reading and writing, made if it is not there. Its old content stays.
///
/// # Errors
/// As `open(2)` has them.
pub fn open_or_create_private(path: &Path, append: bool) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags).append(append).write(!append);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = options.create(true).mode(0o600).open(path)?;
            rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
            Ok(file)
        }
        other => other,
    }
}

/// Writes over the whole of a file, if it is there and of just this size; says whether it was.
///
/// # Errors
/// As `open(2)` and `pwrite(2)` have them.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    // Without waiting for a reader, should a pipe lie there.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().write(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let facts = file.metadata()?;
    let same_size = facts.is_file() && facts.len() == bytes.len() as u64;
    // Also within a file that is there a write ends at the limit, and would leave half of either.
    if same_size && file_limit().is_some_and(|limit| limit < facts.len()) {
        return Err(rustix::io::Errno::FBIG.into());
    }
    if same_size {
        file.write_all_at(bytes, 0)?;
    }
    Ok(same_size)
}

/// How large a file may become that this process writes, where that has a limit.
#[must_use]
pub fn file_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

/// Whether there is a process of this number, as far as the system tells.
#[must_use]
pub fn may_be_running(process: u32) -> bool {
    let process = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

/// Whether an open file is still the one at this path.
#[must_use]
pub fn is_at(file: &File, path: &Path) -> bool {
    let place = |facts: Metadata| (facts.dev(), facts.ino());
    file.metadata().ok().map(place) == std::fs::symlink_metadata(path).ok().map(place)
}

/// What tells an open file from the one that takes its place, and what is to be kept so that no other gets that number.
///
/// # Errors
/// As `fstat(2)` and `fcntl(2)` have them.
pub fn number_and_hold(file: &File) -> io::Result<(u64, Option<File>)> {
    Ok((file_number(&file.metadata()?), Some(file.try_clone()?)))
}

/// Gives a file another name, in the place of what has that.
///
/// # Errors
/// As `rename(2)` has them.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Takes the lock of an open file, if nobody has it.
///
/// # Errors
/// `WouldBlock`, else as `flock(2)` has them.
pub fn try_lock(file: &File) -> Result<(), TryLockError> {
    file.try_lock()
}

/// What tells a file from the one that takes its place.
#[must_use]
pub fn file_number(facts: &Metadata) -> u64 {
    facts.ino() ^ facts.ctime_nsec().unsigned_abs()
}

/// Makes a folder, and those above it, that only their owner may enter.
///
/// # Errors
/// As `mkdir(2)` has them.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.is_dir()).collect();
    // From the top, each with its mode set at once: a umask such as 0777 would shut the next one out.
    for folder in missing.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
        match DirBuilder::new().mode(0o700).create(folder) {
            // Another keyctl was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made.and_then(|()| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)))?,
        }
    }
    Ok(())
}

/// Makes a new folder that only its owner may enter, never taking one that is there.
///
/// # Errors
/// As `mkdir(2)` has them.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    // A umask such as 0777 takes bits away from the mode above.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

/// The names in a folder, as far as they can be read. Not by std, which panics when the folder's closing fails.
#[must_use]
pub fn names_in(folder: &Path) -> Vec<OsString> {
    let Ok(handle) = File::open(folder) else { return Vec::new() };
    let entries = rustix::fs::Dir::read_from(&handle).into_iter().flatten().flatten();
    let names = entries.map(|entry| OsString::from_vec(entry.file_name().to_bytes().to_vec()));
    names.filter(|name| name != "." && name != "..").collect()
}

/// Waits until a folder's entries are on the disk.
///
/// # Errors
/// As `open(2)` and `fsync(2)` have them.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Who may do what with a file or folder.
#[must_use]
pub fn access(facts: &Metadata) -> Access {
    let user = rustix::process::geteuid().as_raw();
    let mode = facts.mode();
    // Debian, Ubuntu and Fedora give each user a group of the same number and a umask of 002: such a group is no other.
    let own_group = facts.gid() == user;
    let others = if own_group { 0o007 } else { 0o077 };
    Access {
        by_other: facts.uid() != user,
        by_root: facts.uid() == 0,
        writable_by_others: mode & others & 0o022 != 0,
        readable_by_others: mode & others & 0o055 != 0,
        linked_elsewhere: !facts.is_dir() && facts.nlink() > 1,
        sticky: mode & 0o1000 != 0,
        device: facts.dev(),
        owner: facts.uid(),
    }
}

/// The command that takes other users' rights away.
#[must_use]
pub fn how_to_make_private(path: &Path, folder: bool) -> String {
    let chmod = format!("chmod {} {}", if folder { "700" } else { "600" }, shell_word(&path.display().to_string()));
    if may_lack_modes(path) {
        return format!("{chmod} (if that changes nothing, as on FAT and exFAT: mount the disk with `umask=077`)");
    }
    chmod
}

/// Takes other users' rights to a file or folder away; a link is not followed.
///
/// # Errors
/// As `open(2)` and `fchmod(2)` have them.
pub fn make_private(path: &Path, folder: bool) -> io::Result<()> {
    let mode = if folder { 0o700 } else { 0o600 };
    open_untrusted(path)?.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Whether a file's access rights may be those of the whole mount: FAT, exFAT, NTFS, or anything by FUSE (the numbers of
/// statfs(2), "magic.h" of Linux and the file systems' own headers).
#[cfg(target_os = "linux")]
fn may_lack_modes(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|facts| matches!(facts.f_type, 0x4d44 | 0x2011_bab0 | 0x7366_746e | 0x6573_5546))
}

#[cfg(not(target_os = "linux"))]
fn may_lack_modes(_: &Path) -> bool {
    false
}

/// Whether a file can be executed by this user.
#[must_use]
pub fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// The names under which a program may lie in a folder of the search path.
#[must_use]
pub fn program_names(name: &OsStr) -> Vec<OsString> {
    vec![name.to_owned()]
}

/// Becomes the command: no parent stays, so signals, the terminal and the exit code are the command's own.
///
/// # Errors
/// Only when the system would not start it.
pub fn become_command(command: &mut Command, called: &OsStr) -> io::Result<Infallible> {
    give_core_back();
    Err(command.arg0(called).exec())
}

/// Starts the command as a child, with all that it would have if this process became it.
///
/// # Errors
/// Only when the system would not start it.
pub fn start_command(command: &mut Command, called: &OsStr) -> io::Result<std::process::Child> {
    give_core_back();
    let started = command.arg0(called).spawn();
    #[cfg(not(target_os = "linux"))]
    allow_no_core();
    started
}

/// Whether a program was not started as it is a script that does not say what runs it.
#[must_use]
pub fn is_for_the_shell(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// Takes back what [`harden`] did that a program would inherit: nothing on Linux.
fn give_core_back() {
    #[cfg(not(target_os = "linux"))]
    if let Some(limit) = CORE.get() {
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, *limit);
    }
}

/// Lets a child outlive the terminal's job: a Ctrl-C there is not for it.
pub fn detach(command: &mut Command) {
    command.process_group(0);
}

/// Makes a child the head of a process group of its own, which [`kill_group`] can end as a whole.
pub fn lead_group(command: &mut Command) {
    command.process_group(0);
}

/// Kills a child that was not waited for yet, and all of its process group.
pub fn kill_group(child: &mut std::process::Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// How long a pipe that says nothing is waited for.
const SILENCE: rustix::event::Timespec = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };

/// What waits on standard input that nobody has read. A program that has only just been started beside this one gets a
/// moment to say something, or to close its end.
#[must_use]
pub fn waiting_input() -> Input {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        fs::{FileType, fstat},
    };
    let input = io::stdin();
    let waits = || rustix::io::ioctl_fionread(&input).is_ok_and(|bytes| bytes > 0);
    match fstat(&input).map(|facts| FileType::from_raw_mode(facts.st_mode)) {
        Ok(FileType::RegularFile) if waits() => Input::Waits,
        Ok(FileType::Fifo | FileType::Socket) => {
            let mut asked = [PollFd::new(&input, PollFlags::IN)];
            let answer = loop {
                match poll(&mut asked, Some(&SILENCE)) {
                    Err(rustix::io::Errno::INTR) => {}
                    answer => break answer,
                }
            };
            match answer {
                Ok(0) => Input::MayCome,
                _ if waits() => Input::Waits,
                _ => Input::Nothing,
            }
        }
        _ => Input::Nothing,
    }
}

/// Opens a page of the web in the user's browser, by the program that each desktop has for it.
///
/// # Errors
/// When that program cannot be started.
pub fn open_page(address: &str) -> io::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    detach(&mut command);
    command.spawn().map(drop)
}

/// How long this thread was at work so far, whatever else the machine did meanwhile.
#[must_use]
pub fn time_of_thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// The signal that ended a process.
#[must_use]
pub fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The most bytes one `NAME=VALUE` may have with its closing NUL: `MAX_ARG_STRLEN`, 32 pages, on Linux (execve(2)).
pub const LONGEST_VARIABLE: Option<usize> = if cfg!(target_os = "linux") { Some(32 * 4096) } else { None };

/// The most bytes arguments and environment may have together, with a pointer for each. Linux: a quarter of the stack
/// limit, at least 128 KiB and at most 6 MiB (execve(2)); macOS: `ARG_MAX`, 1 MiB.
#[must_use]
pub fn largest_launch() -> Option<usize> {
    if cfg!(not(target_os = "linux")) {
        return Some(1024 * 1024);
    }
    let stack = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let quarter = stack.map_or(usize::MAX, |bytes| usize::try_from(bytes / 4).unwrap_or(usize::MAX));
    Some(quarter.clamp(128 * 1024, 6 * 1024 * 1024))
}

/// A secret's bytes as the value of a variable, where they lie: a copy would not be wiped.
#[must_use]
pub fn variable_value(bytes: &[u8]) -> Option<&OsStr> {
    Some(OsStr::from_bytes(bytes))
}

/// The bytes of a variable's value.
#[must_use]
pub fn value_bytes(value: &OsStr) -> Vec<u8> {
    value.as_bytes().to_vec()
}

/// How many bytes a word takes in the environment or the arguments.
#[must_use]
pub fn width(word: &OsStr) -> usize {
    word.as_bytes().len()
}

/// Whether two names mean the same variable.
#[must_use]
pub fn same_variable(one: &OsStr, other: &OsStr) -> bool {
    one == other
}

/// The variable that names a user's shell (POSIX, "8. Environment Variables"), and the shell that every system has.
pub const SHELL_VARIABLE: &str = "SHELL";
/// See [`SHELL_VARIABLE`].
pub const USUAL_SHELL: &str = "/bin/sh";

/// Variables without which programs cannot work at all, kept by `run --clean` beside the usual ones.
pub const ESSENTIAL_VARIABLES: &[&str] = &[];

/// Variables that name the folders of programs (XDG Base Directory Specification); macOS has its own.
pub const FOLDER_VARIABLES: &[&str] =
    if cfg!(target_os = "macos") { &[] } else { &["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] };

/// The terminal that belongs to this session, whatever standard input is: not to ask anything on, see [`terminal`].
///
/// # Errors
/// When there is none.
pub fn controlling_terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

/// The same, to ask on, where anything may be asked.
///
/// # Errors
/// When there is none, or nothing is to be asked.
pub fn terminal() -> io::Result<File> {
    super::may_ask()?;
    controlling_terminal()
}

/// The real file that a path leads to through symbolic links, if the link can be trusted: the file and the folder it
/// lies in belong to this user.
///
/// # Errors
/// When it leads nowhere, or to what is not the user's.
pub fn follow_own_link(path: &Path) -> io::Result<PathBuf> {
    let real = std::fs::canonicalize(path)?;
    let folder = real.parent().unwrap_or(Path::new("/"));
    if access(&std::fs::metadata(&real)?).by_other || access(&std::fs::metadata(folder)?).by_other {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it links to what is not yours"));
    }
    Ok(real)
}
/// Whether what is written there goes to a file on a disk or in memory.
#[must_use]
pub fn is_file(stream: &impl std::os::fd::AsFd) -> bool {
    let facts = rustix::fs::fstat(stream);
    facts.is_ok_and(|facts| rustix::fs::FileType::from_raw_mode(facts.st_mode).is_file())
}
