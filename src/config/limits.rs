//! What keys may be used for, as an entry of `[[keys]]` says it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    name::VariableName,
    platform,
    profile::table::{Reader, Table, Value},
    store::limits::Limits,
};

pub(super) fn look(reader: &mut Reader, fields: &Table) -> Limits {
    let mut paths = |name: &str, whole: fn(&str) -> Result<PathBuf, String>| {
        fields.get(name).and_then(|value| paths(reader, value, whole))
    };
    let (projects, programs) = (paths("projects", folder), paths("programs", program));
    let variables = variables(reader, fields, programs.is_some());
    let mut truth = |name: &str| fields.get(name).is_some_and(|value| reader.truth(value));
    let (terminal, ask, proxy_only) = (truth("terminal"), truth("ask"), truth("proxy_only"));
    let hide_from_agents = truth("hide_from_agents");
    Limits { projects, programs, variables, terminal, ask, proxy_only, hide_from_agents, ..Limits::default() }
}

/// What is let through to the entry's programs.
fn variables(reader: &mut Reader, fields: &Table, has_programs: bool) -> BTreeSet<String> {
    let Some(value) = fields.get("with_variables") else { return BTreeSet::new() };
    if !has_programs {
        reader.wrong(value.span().start, "this lets variables through to `programs`, which the entry does not name");
    }
    let mut found = BTreeSet::new();
    for value in reader.list(value) {
        let Some(text) = reader.text(value) else { continue };
        match text.split('=').next().unwrap_or_default().parse::<VariableName>() {
            Ok(_) => found.extend([text.to_owned()]),
            Err(error) => reader.wrong(value.span().start, error.to_string()),
        }
    }
    found
}

/// Links are not followed yet: that is done for the keys alone that are to be used.
fn paths(reader: &mut Reader, value: &Value, whole: fn(&str) -> Result<PathBuf, String>) -> Option<BTreeSet<String>> {
    let texts = reader.list(value);
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        reader.wrong(value.span().start, "a path has to stand here; without this field there is no such limit");
    }
    let mut found = BTreeSet::new();
    for text in texts {
        match whole(reader.text(text)?) {
            Ok(path) => found.extend(path.to_str().map(str::to_owned)),
            Err(why) => reader.wrong(text.span().start, why),
        }
    }
    Some(found)
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = from_home(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(format!("`{text}` is no folder by its whole path, nor one that begins with `~/`"))
    }
}

fn program(text: &str) -> Result<PathBuf, String> {
    let path = from_home(text);
    if path.is_absolute() {
        return Ok(path);
    }
    let no = format!("`{text}` is no program by its whole path");
    Err(match on_search_path(text) {
        Some(found) => format!("{no}; it would be `{}`", found.display()),
        None => format!("{no}, such as `/usr/bin/gh`"),
    })
}

fn from_home(text: &str) -> PathBuf {
    match text.strip_prefix("~/").zip(dirs::home_dir()) {
        Some((below, home)) => home.join(below),
        None => PathBuf::from(text),
    }
}

/// The program that a shell would start by this name.
fn on_search_path(name: &str) -> Option<PathBuf> {
    if name.is_empty() || Path::new(name).components().count() != 1 || name.contains('/') {
        return None;
    }
    let folders = std::env::var_os("PATH")?;
    let names = platform::program_names(name.as_ref());
    let mut found = std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>());
    found.find(|path| path.is_file() && platform::is_executable(path))
}
