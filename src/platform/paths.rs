//! What lies at a path, beyond what std tells of it on every system.

use std::path::Path;

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
