//! Files that are on no disk: one in memory without a name, and whether a folder lies in memory.
//!
//! Linux has both (`memfd_create(2)`, `tmpfs(5)`). macOS has neither: its `/dev/shm` does not exist, and a RAM disk looks like any
//! other. What cannot be had is said to be so, and no disk is taken in its place.

use std::{fs::File, io, path::Path};

/// A file in memory with these bytes that nobody can change any more. It is readable by its owner alone, and closed when this
/// process becomes another program, until [`leave_open`].
///
/// # Errors
/// `Unsupported` where the system has no such files; else as `memfd_create(2)` and `write(2)` have them.
#[cfg(target_os = "linux")]
pub fn memory_file(bytes: &[u8]) -> io::Result<File> {
    use std::io::{Seek, Write};

    use rustix::{
        fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create},
        io::{Errno, fcntl_dupfd_cloexec},
    };
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let made = match memfd_create(c"keyctl", flags | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3.
        Err(Errno::INVAL) => memfd_create(c"keyctl", flags),
        other => other,
    };
    let made = match made {
        Err(Errno::NOSYS) => return Err(io::ErrorKind::Unsupported.into()),
        other => other?,
    };
    // A script that opens a descriptor of its own takes a small number, and would take the place of this one.
    let mut file = File::from(fcntl_dupfd_cloexec(&made, LOWEST).unwrap_or(made));
    fchmod(&file, Mode::RUSR | Mode::WUSR)?;
    file.write_all(bytes)?;
    file.rewind()?;
    fcntl_add_seals(&file, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(file)
}

/// Shells take those below 10 for redirections and a few above for themselves; the limit for a process is seldom below 256.
#[cfg(target_os = "linux")]
const LOWEST: i32 = 64;

/// There is none here.
///
/// # Errors
/// `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn memory_file(_: &[u8]) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Leaves a file open for the program that this process becomes or starts.
///
/// # Errors
/// As `fcntl(2)` has them.
#[cfg(target_os = "linux")]
pub fn leave_open(file: &File) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?)
}

/// There is none here.
///
/// # Errors
/// `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn leave_open(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The number of an open file.
#[cfg(unix)]
#[must_use]
pub fn number_of(file: &File) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(file)
}

/// There is none here.
#[cfg(not(unix))]
#[must_use]
pub fn number_of(_: &File) -> i32 {
    -1
}

/// Whether what lies in this folder is kept in memory and on no disk: tmpfs or ramfs, by the numbers in "magic.h" of Linux. Both
/// may be swapped out, as the memory of every program may.
#[cfg(target_os = "linux")]
#[must_use]
pub fn is_in_memory(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|facts| matches!(facts.f_type, 0x0102_1994 | 0x8584_58f6))
}

/// Not as far as this can be told here.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn is_in_memory(_: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{Read, Write},
        os::unix::fs::PermissionsExt,
    };

    use super::*;

    #[test]
    fn a_file_in_memory_is_read_by_its_owner_and_changed_by_nobody() {
        let mut file = memory_file(b"bytes\0\xff").expect("Linux");
        assert!(number_of(&file) >= LOWEST);
        assert_eq!(file.metadata().expect("facts").permissions().mode() & 0o7777, 0o600);
        let mut read = Vec::new();
        file.read_to_end(&mut read).expect("read");
        assert_eq!(read, b"bytes\0\xff");
        assert!(file.write_all(b"more").is_err() && file.set_len(0).is_err() && file.set_len(99).is_err());
        let again = std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{}", number_of(&file)));
        assert!(again.expect("opened").write_all(b"other").is_err());
    }

    #[test]
    fn a_folder_in_memory_is_told_from_others() {
        assert!(is_in_memory(Path::new("/dev/shm")));
        assert!(!is_in_memory(Path::new("/proc")) && !is_in_memory(Path::new("/nowhere")));
    }
}
