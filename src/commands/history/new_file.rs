//! A new file for what the history is written to: readable by its owner alone, and never in the place of another.

use std::{fs::File, io, path::Path};

use crate::{
    failure::{Failure, Kind, Result},
    platform,
};

/// Makes the file. `hint` says what to do where one is there.
///
/// # Errors
/// `Negative` where one is there; `Disk`.
pub fn create(path: &Path, hint: &str) -> Result<File> {
    platform::create_private(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path, hint),
        _ => Failure::disk("write", path, &error),
    })
}

/// The refusal of a file that is there.
#[must_use]
pub fn exists(path: &Path, hint: &str) -> Failure {
    Failure::new(Kind::Negative, format!("`{}` exists already; nothing was written", path.display())).hint(hint)
}
