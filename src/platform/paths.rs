//! What lies at a path, beyond what std tells of it on every system.

use std::{fs::File, io, path::Path, time::Duration};

/// Whether a pipe with a name lies there, which waits until somebody writes to it, and perhaps for ever. The shells' own pipes
/// (`<(...)`, standard input) have somebody who does.
#[cfg(unix)]
#[must_use]
pub fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_open = ["/dev/fd", "/dev/stdin", "/proc"].iter().any(|folder| path.starts_with(folder));
    !is_open && std::fs::metadata(path).is_ok_and(|facts| facts.file_type().is_fifo())
}

/// Pipes are not among the files here.
#[cfg(not(unix))]
#[must_use]
pub fn is_named_pipe(_: &Path) -> bool {
    false
}

/// Whether two paths lead to one file, by links too.
#[cfg(unix)]
#[must_use]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |path| std::fs::metadata(path).ok().map(|facts| (facts.dev(), facts.ino()));
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Whether two paths lead to one file, by symbolic links too; hard links are not seen.
#[cfg(not(unix))]
#[must_use]
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Opens a pipe with a name for reading once somebody has written to it, and waits for that so long at most.
///
/// # Errors
/// `TimedOut`; else as `open(2)` and `poll(2)` have them.
#[cfg(unix)]
pub fn open_once_written(path: &Path, patience: Duration) -> io::Result<File> {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fs::{OFlags, fcntl_setfl},
        io::Errno,
    };
    let (file, begun) = (super::open_without_waiting(path)?, std::time::Instant::now());
    loop {
        let left = Timespec::try_from(patience.saturating_sub(begun.elapsed())).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&file, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The rest is waited for.
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

/// Pipes are not among the files here.
///
/// # Errors
/// As opening a file has them.
#[cfg(not(unix))]
pub fn open_once_written(path: &Path, _: Duration) -> io::Result<File> {
    File::open(path)
}

/// The numbers under which this process has open what a path leads to, also by links; none where that is a device, as a
/// terminal is, or a folder.
#[cfg(unix)]
#[must_use]
pub fn open_numbers(path: &Path) -> Vec<i32> {
    use std::os::unix::fs::FileTypeExt;
    let has_content = |facts: std::fs::Metadata| {
        let kind = facts.file_type();
        kind.is_file() || kind.is_fifo() || kind.is_socket()
    };
    if !std::fs::metadata(path).is_ok_and(has_content) {
        return Vec::new();
    }
    let open = Path::new("/dev/fd");
    let names = super::names_in(open).into_iter().filter(|name| are_one_file(path, &open.join(name)));
    names.filter_map(|name| name.to_str()?.parse().ok()).collect()
}

/// There are no such numbers here.
#[cfg(not(unix))]
#[must_use]
pub fn open_numbers(_: &Path) -> Vec<i32> {
    Vec::new()
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_pipe_that_nobody_writes_to_is_given_up_and_another_one_is_read_to_its_end() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        assert!(is_named_pipe(&path));
        let nobody = open_once_written(&path, Duration::from_millis(20));
        assert_eq!(nobody.expect_err("nobody writes").kind(), io::ErrorKind::TimedOut);
        let at = path.clone();
        let writer = std::thread::spawn(move || {
            let mut pipe = std::fs::OpenOptions::new().write(true).open(at).expect("open");
            pipe.write_all(b"one, ").expect("write");
            std::thread::sleep(Duration::from_millis(20));
            pipe.write_all(b"two").expect("write");
        });
        let mut text = String::new();
        let mut pipe = open_once_written(&path, Duration::from_secs(20)).expect("somebody writes");
        pipe.read_to_string(&mut text).expect("read");
        writer.join().expect("writes");
        assert_eq!(text, "one, two");
    }

    #[test]
    fn what_is_open_is_found_by_each_of_its_names() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "x").expect("write");
        assert!(open_numbers(&path).is_empty());
        let file = File::open(&path).expect("open");
        let number = crate::platform::number_of(&file);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(format!("/dev/fd/{number}"), &link).expect("link");
        for name in [path.clone(), link, format!("/dev/fd/../fd/{number}").into(), format!("/dev/fd/{number}").into()] {
            assert_eq!(open_numbers(&name), [number], "{}", name.display());
        }
        assert_eq!((open_numbers(Path::new("/dev/null")), open_numbers(folder.path())), (vec![], vec![]));
    }
}
