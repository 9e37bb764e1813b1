//! The files of a timer: which of them are keyctl's own, and writing and removing just those.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::MARK;
use crate::{
    failure::{Failure, Kind, Result},
    home,
};

/// No timer's file comes near it.
const LARGEST: usize = 64 * 1024;

/// What is at a file's place.
pub(super) enum Found {
    Nothing,
    Ours(String),
    Foreign,
}

/// Looks at a file. What is none, as the link to `/dev/null` by which systemd masks a unit, is somebody else's.
pub(super) fn look(path: &Path) -> Result<Found> {
    if path.symlink_metadata().is_ok() && !path.is_file() {
        return Ok(Found::Foreign);
    }
    let Some((bytes, _)) = home::read(path, LARGEST)? else { return Ok(Found::Nothing) };
    Ok(match decode(&bytes) {
        Some(text) if text.contains(MARK) => Found::Ours(text),
        _ => Found::Foreign,
    })
}

/// Refuses to go on where somebody else's file is in the place of one of these.
pub(super) fn refuse_foreign<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Result<()> {
    for path in paths {
        if matches!(look(path)?, Found::Foreign) {
            return Err(Failure::new(Kind::Disk, format!("`{}` was not written by keyctl", path.display()))
                .hint("look at what it says, and move it away if you do not need it"));
        }
    }
    Ok(())
}

/// Writes those of the files that are not there just so, unless one is somebody else's; says whether any was written.
pub(super) fn write(files: &[(PathBuf, Vec<u8>)]) -> Result<bool> {
    refuse_foreign(files.iter().map(|(path, _)| path))?;
    let mut changed = false;
    for (path, bytes) in files {
        if home::read(path, LARGEST)?.is_some_and(|(old, _)| old == *bytes) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Failure::disk("make the folder", folder, &error))?;
        }
        home::replace(path, bytes)?;
        changed = true;
    }
    Ok(changed)
}

/// Removes a file or link, if it is there; says whether it was.
pub(super) fn remove(path: &Path) -> Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::disk("remove", path, &error)),
    }
}

/// UTF-8, or UTF-16 as Windows writes it.
fn decode(bytes: &[u8]) -> Option<String> {
    match bytes.strip_prefix(b"\xff\xfe") {
        Some(units) => {
            let units = units.chunks(2).map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
            char::decode_utf16(units).collect::<std::result::Result<_, _>>().ok()
        }
        None => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// A text as Windows writes it in files: UTF-16, little-endian, with a byte order mark.
pub(super) fn encode_utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
