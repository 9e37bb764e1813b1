//! What an outer keyctl gave, in whose command this one runs: secrets that the next command has too, though nobody asked for
//! them in this call.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::{environment::MARKER, private_folder};
use crate::{
    name::VariableName,
    platform,
    secret::{self, Secret},
};

/// Where a process finds what it has open.
const OPEN: &str = "/proc/self/fd/";
/// What Linux calls keyctl's files that have no name (`memfd_create(2)`).
const IN_MEMORY: &str = "/memfd:keyctl";

/// The variables that it gave.
pub fn names(variable: impl Fn(&str) -> Option<OsString>) -> Vec<VariableName> {
    let all = variable(MARKER).unwrap_or_default();
    all.to_string_lossy().split(',').filter_map(|name| name.parse().ok()).collect()
}

/// What it gave by these of the caller's variables, in them or in the files that they name. Which of them are plain settings
/// nobody says.
#[must_use]
pub fn given(caller: &[(OsString, OsString)]) -> Vec<(VariableName, Secret)> {
    let of = |name: &str| caller.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let given = names(of).into_iter().filter_map(|name| Some((of(name.as_str())?, name)));
    let secret = |(value, name): (OsString, VariableName)| {
        let secret = match file(&value) {
            Some(path) => content(&path)?,
            None => Secret::new(value.into_encoded_bytes()),
        };
        Some((name, secret))
    };
    given.filter_map(secret).collect()
}

/// Has those of its files that have no name closed in what this process starts.
pub fn keep_files_from_children() {
    for value in names(|name| std::env::var_os(name)).iter().filter_map(|name| std::env::var_os(name.as_str())) {
        if let Some(number) = open_number(&value) {
            platform::close_on_exec(number);
        }
    }
}

/// The file of keyctl's that a variable's value names.
fn file(value: &OsStr) -> Option<PathBuf> {
    let in_memory = || open_number(value).map(|number| PathBuf::from(format!("{OPEN}{number}")));
    in_memory().or_else(|| private_folder::is_in_one(Path::new(value)).then(|| value.into()))
}

/// By its path, or its number alone.
fn open_number(value: &OsStr) -> Option<i32> {
    let text = value.to_str()?;
    let number: i32 = text.strip_prefix(OPEN).unwrap_or(text).parse().ok()?;
    let leads_to = std::fs::read_link(format!("{OPEN}{number}")).ok()?;
    leads_to.to_str().is_some_and(|path| path.starts_with(IN_MEMORY)).then_some(number)
}

fn content(path: &Path) -> Option<Secret> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    // Of its full size at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(length).ok().filter(|length| *length <= secret::LARGEST)? + 1);
    file.take(length).read_to_end(&mut bytes).ok()?;
    Some(Secret::new(bytes))
}
