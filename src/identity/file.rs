//! The keeper for machines without a keychain: `identity.txt`, an ordinary age identity file, and `anchor.txt` beside
//! it, both 0600 in keyctl's own folder.
//!
//! It protects from other users and from whoever gets the store alone. It does not protect from whoever copies the
//! whole folder: `status` and `doctor` say so.

use std::path::PathBuf;

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

    fn line(&self, item: Item) -> Result<Option<Secret>> {
        let path = self.path(item);
        let Some((bytes, facts)) = home::read(path, LARGEST)? else { return Ok(None) };
        let text = Secret::new(bytes);
        let access = platform::access(&facts);
        if access.by_other || access.writable_by_others || access.readable_by_others {
            return Err(Failure::new(Kind::Disk, format!("other users may read or change `{}`", path.display()))
                .hint(platform::how_to_make_private(path, false)));
        }
        let prefix = match item {
            Item::Identity => PREFIX,
            Item::Anchor => anchor::PREFIX,
        };
        Ok(text.expose_text().and_then(|text| pick_line(text, prefix)))
    }
}

/// The one line that begins with `prefix`; age's identity files have comments beside it.
#[must_use]
pub fn pick_line(text: &str, prefix: &str) -> Option<Secret> {
    text.lines()
        .map(str::trim_end)
        .find(|line| line.starts_with(prefix))
        .map(|line| Secret::new(line.as_bytes().to_vec()))
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
        let text = Secret::new([comment, line.expose(), b"\n"].concat());
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
