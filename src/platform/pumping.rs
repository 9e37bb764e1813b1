//! Reading what a command prints as it comes: waiting for it with a deadline, and writing it on.

use std::{
    io::{self, IoSlice},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

/// What there is after waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// Something to read, or the end of it.
    Something,
    /// The word that it is over.
    Over,
    /// Nothing for so long.
    Nothing,
}

/// Waits for something to read, or for the other end of `over` to be closed.
///
/// # Errors
/// As `poll(2)` has them.
pub fn wait(from: &impl AsFd, over: Option<&OwnedFd>, patience: Option<Duration>) -> io::Result<Ready> {
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    let mut asked = vec![PollFd::new(from, PollFlags::IN)];
    asked.extend(over.map(|over| PollFd::new(over, PollFlags::IN)));
    loop {
        match poll(&mut asked, patience.as_ref()) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(Ready::Nothing),
            // That it is over comes first: what is there to read then was written before.
            Ok(_) if asked.get(1).is_some_and(|over| !over.revents().is_empty()) => return Ok(Ready::Over),
            Ok(_) => return Ok(Ready::Something),
        }
    }
}

/// Reads what is there: none where there is no more to come.
///
/// # Errors
/// As `read(2)` has them.
pub fn read_some(from: &impl AsFd, room: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match rustix::io::read(from, &mut *room) {
            // The end of a terminal that nobody has open any more is EIO on Linux.
            Ok(0) | Err(Errno::IO) => return Ok(None),
            Ok(read) => return Ok(Some(read)),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                wait(from, None, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes all parts, one behind the other.
///
/// # Errors
/// As `writev(2)` has them.
pub fn write_parts(to: &impl AsFd, parts: &[&[u8]]) -> io::Result<()> {
    /// As many parts as the system takes at once (`IOV_MAX`).
    const MOST: usize = 1024;
    let mut slices: Vec<IoSlice> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        let most = left.len().min(MOST);
        match rustix::io::writev(to, &left[..most]) {
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(to, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A pipe for what a command prints: four times the usual size, so that both sides seldom wait for each other. Of a larger one
/// fewer pages are still in a core's own cache when they are read: of 1 MiB, with reads of 256 KiB, a copy took twice as long.
///
/// # Errors
/// As `pipe(2)` has them.
pub fn wide_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, 256 * 1024);
    Ok((reader, writer))
}

/// A pipe whose writing end is open in whatever this process starts.
///
/// # Errors
/// As `pipe(2)` and `fcntl(2)` have them.
pub fn pipe_for_children() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty())?;
    Ok((reader.into(), writer.into()))
}

/// How many bytes wait to be read.
pub fn waiting_bytes(from: &impl AsFd) -> usize {
    rustix::io::ioctl_fionread(from).ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}

/// Whether two streams are one and the same file or pipe, so that what is written to both has an order.
#[must_use]
pub fn are_one(one: &impl AsFd, other: &impl AsFd) -> bool {
    let place = |stream: &dyn Fn() -> rustix::io::Result<rustix::fs::Stat>| {
        stream().map(|facts| (facts.st_dev, facts.st_ino)).ok()
    };
    let (one, other) = (place(&|| rustix::fs::fstat(one)), place(&|| rustix::fs::fstat(other)));
    one.is_some() && one == other
}
