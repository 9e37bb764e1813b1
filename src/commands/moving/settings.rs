//! What stands in a project's `.env` beside its keys: the plain settings, which `keyctl init` wrote into the project's file as they
//! are. They are no keys, so an import of that file leaves them where they were written.

use std::path::Path;

use crate::{
    exchange::moved::Moved,
    profile::{Profiles, Source},
    project::{file, find},
    secret::Secret,
};

/// Takes out of the keys what the project file around `place` sets to the very same text, and gives the names of that. Where the
/// project file cannot be read nothing is a setting.
pub(in crate::commands) fn take_out(keys: &mut Vec<Moved>, place: &Path) -> Vec<String> {
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(Some(found)) = find::nearest(folder, dirs::home_dir().as_deref()) else { return Vec::new() };
    let Ok(project) = file::parse(found, |_| true) else { return Vec::new() };
    split(keys, &project.profiles)
}

fn split(keys: &mut Vec<Moved>, profiles: &Profiles) -> Vec<String> {
    let is_setting = |key: &Moved| {
        let texts =
            profiles.0.values().flat_map(|profile| &profile.env).filter_map(|(variable, source)| match source {
                Source::Value(text) if variable.as_str() == key.entry.name.as_str() => Some(text),
                _ => None,
            });
        texts.into_iter().any(|text| key.entry.value.same_as(&Secret::new(text.clone().into_bytes())))
    };
    let (settings, rest): (Vec<_>, Vec<_>) = std::mem::take(keys).into_iter().partition(is_setting);
    *keys = rest;
    settings.iter().map(|key| format!("`{}`", key.entry.name)).collect()
}
