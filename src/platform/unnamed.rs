//! Files that have no name until they are whole, so that no end of this process leaves a part of one.
//!
//! Linux has them (`O_TMPFILE`, open(2)) on the usual file systems. Elsewhere a file has a name from the start.

use std::{fs::File, io, path::Path};

/// A new file on the disk of a folder, without a name and for its owner alone; none where that cannot be had. That the folder
/// is not there or not to be written to is another's to say, who makes a file with a name.
#[cfg(target_os = "linux")]
#[must_use]
pub fn create_unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, fchmod, open};
    let mode = Mode::RUSR | Mode::WUSR;
    let file = File::from(open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode).ok()?);
    // A umask such as 0777 takes bits away from the mode above.
    fchmod(&file, mode).ok()?;
    // By that path it gets its name, which needs no right that only an administrator has.
    std::fs::metadata(way_to(&file)).is_ok().then_some(file)
}

/// There is none here.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn create_unnamed(_: &Path) -> Option<File> {
    None
}

/// Gives a file of [`create_unnamed`] a name that nothing has yet.
///
/// # Errors
/// As `linkat(2)` has them; what has the name already is `AlreadyExists`.
#[cfg(target_os = "linux")]
pub fn give_name(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    Ok(linkat(CWD, way_to(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// There is no such file here.
///
/// # Errors
/// `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn way_to(file: &File) -> String {
    format!("/proc/self/fd/{}", super::number_of(file))
}
