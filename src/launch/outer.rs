//! What an outer keyctl gave, in whose command this one runs: secrets that the next command has too, though nobody asked for
//! them in this call.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::Read,
    path::Path,
};

use super::{
    environment::{LEFT, MARKER},
    private_folder,
};
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
/// nobody says. Of variables that are replaced, the command has what stands in files that stay open.
#[must_use]
pub fn given(
    caller: &[(OsString, OsString)],
    is_replaced: impl Fn(&VariableName) -> bool,
) -> Vec<(VariableName, Secret)> {
    let given = names(|name| value(caller, name)).into_iter();
    let given = given.filter_map(|name| Some((value(caller, name.as_str())?, name)));
    let secret = |(value, name): (OsString, VariableName)| {
        let secret = match open_number(&value) {
            Some(number) => in_memory(number)?,
            None if is_replaced(&name) => return None,
            None if private_folder::is_in_one(Path::new(&value)) => content(private_folder::open(Path::new(&value))?)?,
            None => Secret::new(value.into_encoded_bytes()),
        };
        Some((name, secret))
    };
    given.filter_map(secret).collect()
}

/// What it left there for this one to look for.
#[must_use]
pub fn left(caller: &[(OsString, OsString)]) -> Option<Secret> {
    in_memory(open_number(&value(caller, LEFT)?)?)
}

fn value(caller: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    caller.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
}

/// Has those of its files that have no name closed in what this process starts.
pub fn keep_files_from_children() {
    let names = names(|name| std::env::var_os(name));
    let values = names.iter().map(VariableName::as_str).chain([LEFT]).filter_map(std::env::var_os);
    for value in values {
        if let Some(number) = open_number(&value) {
            platform::close_on_exec(number);
        }
    }
}

/// The number of the file in memory that a variable's value names, by its path or by the number alone.
fn open_number(value: &OsStr) -> Option<i32> {
    let text = value.to_str()?;
    let number: i32 = text.strip_prefix(OPEN).unwrap_or(text).parse().ok()?;
    let leads_to = std::fs::read_link(format!("{OPEN}{number}")).ok()?;
    leads_to.to_str().is_some_and(|path| path.starts_with(IN_MEMORY)).then_some(number)
}

fn in_memory(number: i32) -> Option<Secret> {
    content(File::open(format!("{OPEN}{number}")).ok()?)
}

fn content(file: File) -> Option<Secret> {
    let length = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    // Of its full size at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(length).ok().filter(|length| *length <= secret::LARGEST)? + 1);
    file.take(length).read_to_end(&mut bytes).ok()?;
    Some(Secret::new(bytes))
}
