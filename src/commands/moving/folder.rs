//! A password store: a folder of files, one a secret, each encrypted with `GnuPG` (`pass`, `gopass`) or age (`passage`, `gopass`).
//!
//! What `GnuPG` encrypted is opened by `gpg` itself, which has the keys and asks for their passphrase; what age encrypted, by
//! the age that is linked here. Nothing is written anywhere, and no secret is in an argument.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use zeroize::Zeroizing;

use super::identities::{self, Identities};
use crate::{
    exchange::{moved::Moving, pass},
    failure::{Failure, Kind, Result, reason},
    home,
    secret::{LARGEST, Secret},
    subprocess::Program,
};

/// How long `gpg` may take for one file: somebody may have to type a passphrase.
const DEADLINE: Duration = Duration::from_mins(1);
/// So many files no password store has.
const MOST: usize = 10_000;
/// Nor folders so deep.
const DEEPEST: usize = 32;

/// A file of the store.
struct Entry {
    name: String,
    file: PathBuf,
    is_gpg: bool,
}

/// What a folder plainly is.
pub(super) fn is_one(folder: &Path) -> bool {
    [".gpg-id", ".age-recipients"].iter().any(|mark| folder.join(mark).is_file())
}

/// Reads a whole password store.
///
/// # Errors
/// The first file that cannot be opened; then nothing is taken.
pub(super) fn read(folder: &Path, identities: &mut Identities) -> Result<Moving> {
    let (mut entries, mut moving) = (Vec::new(), Moving::default());
    walk(folder, "", 0, &mut entries, &mut moving)?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let gpg = if entries.iter().any(|entry| entry.is_gpg) { Some(gpg()?) } else { None };
    for Entry { name, file, is_gpg } in entries {
        let Some((sealed, _)) = home::read_named(&file, LARGEST)? else {
            return Err(Failure::new(Kind::Disk, format!("`{}` is gone", file.display())));
        };
        let text = match gpg.as_ref().filter(|_| is_gpg) {
            Some(gpg) => by_gpg(gpg, sealed, &file)?,
            None => identities::open(identities, &sealed, &file.display().to_string())?,
        };
        pass::take(&name, &text, &mut moving);
    }
    Ok(moving)
}

fn walk(folder: &Path, above: &str, depth: usize, entries: &mut Vec<Entry>, moving: &mut Moving) -> Result<()> {
    if depth > DEEPEST {
        return Err(Failure::new(
            Kind::Disk,
            format!("`{}` has folders in more than {DEEPEST} levels", folder.display()),
        ));
    }
    let listed = std::fs::read_dir(folder).map_err(|error| Failure::disk("list", folder, &error))?;
    for found in listed {
        let found = found.map_err(|error| Failure::disk("list", folder, &error))?;
        let (name, path) = (found.file_name().to_string_lossy().into_owned(), found.path());
        let unread = |error: std::io::Error| {
            Failure::new(Kind::Disk, format!("cannot read `{}`: {}", path.display(), reason(&error)))
        };
        let kind = found.file_type().map_err(unread)?;
        if kind.is_dir() {
            // What is hidden belongs to git and to the program itself.
            if !name.starts_with('.') {
                walk(&path, &format!("{above}{name}/"), depth + 1, entries, moving)?;
            }
            continue;
        }
        let ending = path.extension().and_then(OsStr::to_str);
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let is_file = kind.is_file() || path.metadata().is_ok_and(|facts| facts.is_file());
        match ending {
            Some(ending @ ("gpg" | "age")) if is_file => {
                let is_gpg = ending == "gpg";
                entries.push(Entry { name: format!("{above}{stem}"), file: path, is_gpg });
            }
            _ if kind.is_symlink() && !is_file => moving.left_out("link to a folder", 1),
            _ if !name.starts_with('.') => moving.left_out("file without `.gpg` or `.age`", 1),
            _ => {}
        }
        if entries.len() > MOST {
            return Err(Failure::new(Kind::Disk, format!("there are more than {MOST} files in the folder")));
        }
    }
    Ok(())
}

fn gpg() -> Result<Program> {
    let command = ["gpg", "--batch", "--quiet", "--decrypt"].map(str::to_owned);
    Program::find(&command, "program").map_err(|failure| Failure {
        hints: vec!["these files are encrypted with GnuPG: install that, and have the key there".into()],
        ..failure
    })
}

fn by_gpg(gpg: &Program, sealed: Vec<u8>, file: &Path) -> Result<Secret> {
    let closed = |why: &str| {
        Failure::new(Kind::Disk, format!("`{}` cannot be opened: {why}; nothing was imported", file.display()))
    };
    let opened = gpg.succeed(Zeroizing::new(sealed), Stdio::piped(), DEADLINE);
    let opened = opened.map_err(|failure| closed(&failure.message).hint("what `gpg` says stands above"))?;
    // Of a file that was cut `gpg` 2.2 says nothing, and ends well: so it did for the first 400 of 498 bytes.
    if opened.is_empty() {
        return Err(closed("`gpg` found nothing in it").hint("it may have been cut: look at it with `pass show`"));
    }
    Ok(Secret::new(opened.to_vec()))
}
