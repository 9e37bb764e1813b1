//! The keeper for machines without a keychain: `identity.txt`, an ordinary age identity file, and `anchor.txt` beside
//! it, both 0600 in keyctl's own folder.
//!
//! It protects from other users and from whoever gets the store alone. It does not protect from whoever copies the
//! whole folder: `status` and `doctor` say so.

use std::path::{Path, PathBuf};

use super::{
    PREFIX, anchor,
    keeper::{Held, Item, Keeper},
};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    platform,
    secret::Secret,
};

const LARGEST: usize = 16 * 1024;

/// The two files of a store without a keychain.
pub struct IdentityFile {
    identity: PathBuf,
    anchor: PathBuf,
}

impl IdentityFile {
    /// In keyctl's own folder.
    #[must_use]
    pub fn in_home(home: &Home) -> Self {
        Self { identity: home.file("identity.txt"), anchor: home.file("anchor.txt") }
    }

    fn path(&self, item: Item) -> &PathBuf {
        match item {
            Item::Identity => &self.identity,
            Item::Anchor => &self.anchor,
        }
    }

    /// One of the two lines, if it is there.
    ///
    /// # Errors
    /// `Disk`.
    pub(super) fn line(&self, item: Item) -> Result<Option<Secret>> {
        let Some(text) = private(self.path(item))? else { return Ok(None) };
        let Some(text) = text.expose_text() else { return Ok(None) };
        Ok(match item {
            Item::Identity => join_lines(text),
            Item::Anchor => pick_line(text, anchor::PREFIX),
        })
    }
}

/// A file of keyctl's own that nobody else may read or change; nothing where there is none.
///
/// # Errors
/// `Disk`.
pub(super) fn private(path: &Path) -> Result<Option<Secret>> {
    let Some((bytes, facts)) = home::read(path, LARGEST)? else { return Ok(None) };
    let text = Secret::new(bytes);
    let access = platform::access(&facts);
    if access.by_other || access.writable_by_others || access.readable_by_others {
        return Err(open_to_others(path, access.by_other));
    }
    Ok(Some(text))
}

/// The failure for a file that others may read or change, or that is theirs.
pub(super) fn open_to_others(path: &Path, by_other: bool) -> Failure {
    let shown = path.display();
    if by_other {
        return Failure::new(Kind::Disk, format!("`{shown}` belongs to another user"))
            .hint("call keyctl as that user, or make the file yours with `chown`");
    }
    Failure::new(Kind::Disk, format!("other users may read or change `{shown}`"))
        .hint(platform::how_to_make_private(path, false))
}

/// The one line that begins with `prefix`; age's identity files have comments beside it.
#[must_use]
pub fn pick_line(text: &str, prefix: &str) -> Option<Secret> {
    text.lines()
        .map(str::trim_end)
        .find(|line| line.starts_with(prefix))
        .map(|line| Secret::new(line.as_bytes().to_vec()))
}

/// All identities of a file on one line. There is one, or two while it is being changed.
pub(super) fn join_lines(text: &str) -> Option<Secret> {
    let mut joined = Vec::with_capacity(text.len());
    for line in text.lines().map(str::trim_end).filter(|line| line.starts_with(PREFIX)) {
        if !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(line.as_bytes());
    }
    (!joined.is_empty()).then(|| Secret::new(joined))
}

impl Keeper for IdentityFile {
    fn read(&self) -> Result<Held> {
        Ok(Held { identity: self.line(Item::Identity)?, anchor: self.line(Item::Anchor)? })
    }

    fn write(&self, item: Item, line: &Secret) -> Result<()> {
        let comment: &[u8] = match item {
            Item::Identity => b"# the age identity of keyctl's store beside this file: whoever reads this opens that\n",
            Item::Anchor => b"# what keyctl's store and history beside this file must not fall behind\n",
        };
        let mut text = [comment, line.expose(), b"\n"].concat();
        if item == Item::Identity {
            // Two identities are two lines of an ordinary age identity file, so that `age -i` tries both.
            text[comment.len()..].iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'\n');
        }
        let text = Secret::new(text);
        home::replace(self.path(item), text.expose())
    }

    fn remove(&self, item: Item) -> Result<()> {
        match std::fs::remove_file(self.path(item)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::disk("remove", self.path(item), &error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_was_removed_is_gone() {
        let folder = tempfile::tempdir().expect("folder");
        let keeper = IdentityFile::in_home(&Home::at(folder.path()));
        let line = Secret::new(format!("{PREFIX}ABC").into_bytes());
        keeper.write(Item::Identity, &line).expect("write");
        assert!(keeper.read().expect("read").identity.expect("there").same_as(&line));
        keeper.remove(Item::Identity).expect("remove");
        keeper.remove(Item::Identity).expect("twice is no failure");
        assert!(keeper.read().expect("read").identity.is_none());
    }

    #[test]
    fn two_identities_lie_on_a_line_each_and_are_read_back_as_one_line() {
        let folder = tempfile::tempdir().expect("folder");
        let keeper = IdentityFile::in_home(&Home::at(folder.path()));
        let line = Secret::new(format!("{PREFIX}ABC {PREFIX}DEF").into_bytes());
        keeper.write(Item::Identity, &line).expect("write");
        let text = std::fs::read_to_string(&keeper.identity).expect("read");
        assert!(text.ends_with(&format!("\n{PREFIX}ABC\n{PREFIX}DEF\n")), "{text}");
        assert!(keeper.read().expect("read").identity.expect("there").same_as(&line));
    }

    #[cfg(unix)]
    #[test]
    fn an_identity_that_others_may_read_is_refused_with_the_chmod() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let keeper = IdentityFile::in_home(&Home::at(folder.path()));
        keeper.write(Item::Identity, &Secret::new(format!("{PREFIX}ABC").into_bytes())).expect("write");
        std::fs::set_permissions(&keeper.identity, std::fs::Permissions::from_mode(0o604)).expect("chmod");
        let refused = keeper.read().err().expect("refused");
        assert_eq!(refused.hints, [format!("chmod 600 '{}'", keeper.identity.display())]);
    }
}
