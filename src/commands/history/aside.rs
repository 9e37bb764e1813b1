//! A history that `repair` set aside, to be read where it lies.

use std::path::{Path, PathBuf};

use crate::{
    failure::{Failure, Kind, Result},
    history::Log,
    home::Home,
    identity::retired::Aside,
    store::payload::Payload,
};

/// The history in this folder: its path, or its name in the store's folder. `current` is the one that the store has, which
/// may lie there too if a kill came before the store could forget it.
///
/// # Errors
/// `Missing` where there is none that the store knows the key of.
pub fn log(home: &Home, payload: &Payload, current: Log, folder: &Path) -> Result<Log> {
    let folder = find(home, payload, folder)?;
    let name = folder.file_name().unwrap_or_default();
    let logs = || payload.aside.iter().filter_map(|aside| Some((aside, Log::set_aside_in(&folder, aside)?)));
    // Several of one machine may have been sealed with one key.
    let named = |aside: &Aside| name == aside.folder.as_str();
    let found = logs().find(|(aside, log)| named(aside) && log.opens());
    if let Some((_, log)) = found.or_else(|| logs().find(|(_, log)| log.opens())) {
        return Ok(log);
    }
    let current = current.lying_in(&folder);
    if current.opens() {
        return Ok(current);
    }
    // What is so damaged that nothing of it opens is told by its folder's name.
    logs().find(|(aside, _)| named(aside)).map(|(_, log)| log).ok_or_else(|| none(payload, &folder))
}

fn find(home: &Home, payload: &Payload, folder: &Path) -> Result<PathBuf> {
    [folder.to_owned(), home.data().join(folder)]
        .into_iter()
        .find(|folder| folder.is_dir())
        .ok_or_else(|| none(payload, folder))
}

fn none(payload: &Payload, folder: &Path) -> Failure {
    let failure = Failure::new(Kind::Missing, format!("no history of this store lies in `{}`", folder.display()));
    let known: Vec<String> = payload.aside.iter().map(|aside| format!("`{}`", aside.folder)).collect();
    if known.is_empty() {
        return failure.hint("none was ever set aside");
    }
    failure.hint(format!("set aside were: {}", known.join(", ")))
}
