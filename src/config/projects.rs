//! `[[projects]]`: what the user has set for whatever is done in some folders.
//!
//! ```toml
//! [[projects]]
//! folder = "~/work/shop"       # this one and all below it
//! require_reason = "always"    # or "agents": whoever uses a key here says why
//! ```

use std::path::{Path, PathBuf};

use crate::{
    profile::table::{Reader, Table, Value},
    rotation::ReasonFrom,
};

/// What holds in a folder and below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFolder {
    /// Which folder.
    pub folder: PathBuf,
    /// Who has to say there why a key is used.
    pub reason: ReasonFrom,
}

/// Who has to say in this folder why a key is used: of all entries that are about it, the strictest counts.
#[must_use]
pub fn reason_in(entries: &[InFolder], folder: &Path) -> ReasonFrom {
    entries.iter().filter(|entry| folder.starts_with(&entry.folder)).map(|entry| entry.reason).max().unwrap_or_default()
}

pub(super) fn look(reader: &mut Reader, table: &Table, home: Option<&Path>) -> Vec<InFolder> {
    let entries = table.get("projects").map(|value| reader.list(value)).unwrap_or_default();
    entries.iter().filter_map(|value| entry(reader, value, home)).collect()
}

fn entry(reader: &mut Reader, value: &Value, home: Option<&Path>) -> Option<InFolder> {
    let fields = reader.table(value, &["folder", "require_reason"])?;
    let Some(folder) = fields.get("folder") else {
        reader.wrong(value.span().start, "`folder` has to be here");
        return None;
    };
    let reason = fields.get("require_reason").and_then(|value| reader.parsed(value)).unwrap_or_default();
    let text = reader.text(folder)?;
    let path = match (text.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(text),
    };
    if !path.is_absolute() {
        reader.wrong(folder.span().start, "this is no folder by its whole path, nor one that begins with `~/`");
        return None;
    }
    // Links are followed once, as they are where the project is found; a folder that is not there yet stays as it is.
    Some(InFolder { folder: path.canonicalize().unwrap_or(path), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_entry_that_is_about_a_folder_counts() {
        let entry = |folder: &str, reason| InFolder { folder: folder.into(), reason };
        let entries = [
            entry("/work", ReasonFrom::Agents),
            entry("/work/shop", ReasonFrom::Everybody),
            entry("/work/shop/play", ReasonFrom::Nobody),
        ];
        for (folder, reason) in [
            ("/work/blog", ReasonFrom::Agents),
            ("/work/shop", ReasonFrom::Everybody),
            ("/work/shop/play", ReasonFrom::Everybody),
            ("/work/shops", ReasonFrom::Agents),
            ("/", ReasonFrom::Nobody),
        ] {
            assert_eq!(reason_in(&entries, Path::new(folder)), reason, "{folder}");
        }
    }
}
