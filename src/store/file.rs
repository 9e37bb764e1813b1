//! The sealed file: reading it with every doubt cleared, and putting a new one in its place.
//!
//! age says whether a file is whole. It does not say who wrote it: anybody who learns the recipient can make a file that
//! opens. So the text inside must carry the seal that the keeper pins, and its generation must not be behind the anchor.

use std::{path::PathBuf, sync::Arc};

use zeroize::Zeroizing;

use super::{payload::Payload, text};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{Closed, Identity, anchor::Anchor},
    name::{KeyName, StoreName},
    platform,
};

/// The most bytes a store may have: 64 MiB, some 300,000 keys.
pub const LARGEST: usize = 64 * 1024 * 1024;

/// The store's file.
#[must_use]
pub fn path(home: &Home) -> PathBuf {
    home.store_file()
}

/// Whether there is certainly no store: nothing of its name, not even a link that leads nowhere just now.
#[must_use]
pub fn is_absent(home: &Home) -> bool {
    std::fs::symlink_metadata(path(home)).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// A store's file as it lies on the disk.
pub struct SealedFile {
    bytes: Vec<u8>,
    path: PathBuf,
    store: Option<Arc<StoreName>>,
    /// What is wrong with who may change it; reading goes on, writing does not.
    pub exposed: Option<Failure>,
}

/// A text that was opened and proven to be the owner's newest.
pub struct OpenText {
    text: Zeroizing<Vec<u8>>,
    store: Option<Arc<StoreName>>,
}

impl SealedFile {
    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// `Disk` when it cannot be read or is too large, `Store` when it is empty or not of the one kind a personal store is.
    pub fn read(home: &Home) -> Result<Option<Self>> {
        let path = path(home);
        let Some((bytes, facts)) = home::read(&path, LARGEST)? else { return Ok(None) };
        if bytes.is_empty() {
            return Err(damaged("the store is empty"));
        }
        check_header(&bytes)?;
        let access = platform::access(&facts);
        let why = if access.by_other {
            Some("belongs to another user")
        // Where others are to have it too, in a repository, it is readable: nobody opens it without the identity.
        } else if access.writable_by_others || (access.readable_by_others && !home.is_elsewhere()) {
            Some("is open to other users")
        } else {
            None
        };
        let exposed = why.map(|why| {
            Failure::new(Kind::Disk, format!("`{}` {why}", path.display())).hint(if access.by_other {
                "if its content is what you want, copy it into a file of your own".to_owned()
            } else {
                platform::how_to_make_private(&path, false)
            })
        });
        Ok(Some(Self { bytes, path, store: home.store().cloned(), exposed }))
    }

    /// Opens the file and holds it against the anchor.
    ///
    /// # Errors
    /// `Store`: damaged, of another identity, forged, or an older copy; each in its own words.
    pub fn open(&self, identity: &Identity, anchor: &Anchor) -> Result<OpenText> {
        let text = self.open_unpinned(identity)?;
        let facts = text::facts(text.as_str()?)?;
        if facts.seal != anchor.seal || facts.id != anchor.store {
            return Err(Failure::new(
                Kind::Store,
                "the store was not written by its owner: its seal is not the one that is pinned",
            )
            .hint("someone put another file in its place; put your own copy of `store.age` back"));
        }
        if facts.generation < anchor.generation {
            let (found, expected) = (facts.generation, anchor.generation);
            return Err(Failure::new(
                Kind::Store,
                format!("the store is an older copy: generation {found}, but {expected} was written before"),
            )
            .hint("put the newest copy of `store.age` back")
            .hint("if you want this older copy: `keyctl recovery restore FILE --accept-older`"));
        }
        Ok(text)
    }

    /// Whether this identity opens the file, as far as age's header says.
    #[must_use]
    pub fn is_made_for(&self, identity: &Identity) -> bool {
        !matches!(identity.decrypt(&self.bytes), Err(Closed::OtherIdentity))
    }

    /// Opens the file without an anchor, for `recovery` alone, which brings its own proof.
    ///
    /// # Errors
    /// `Store`.
    pub fn open_unpinned(&self, identity: &Identity) -> Result<OpenText> {
        let text = identity.decrypt(&self.bytes).map_err(|closed| self.closed(closed, identity))?;
        Ok(OpenText { text, store: self.store.clone() })
    }

    fn closed(&self, closed: Closed, identity: &Identity) -> Failure {
        match closed {
            Closed::OtherIdentity => Failure::new(
                Kind::Store,
                format!(
                    "the store was made for another identity than the one that is kept ({})",
                    identity.fingerprint()
                ),
            )
            .hint("put the matching `store.age` back, or the matching identity: `keyctl recovery restore FILE`"),
            Closed::Damaged => damaged(&format!("`{}` is damaged", self.path.display())),
        }
    }
}

impl OpenText {
    fn as_str(&self) -> Result<&str> {
        std::str::from_utf8(&self.text).map_err(|_| damaged("the store opens, but its content is no text"))
    }

    /// Everything in the store.
    ///
    /// # Errors
    /// `Store`.
    pub fn read(&self) -> Result<Payload> {
        Ok(text::read(self.as_str()?)?.of_store(self.store.as_ref()))
    }

    /// The store's facts and these keys alone.
    ///
    /// # Errors
    /// `Store`.
    pub fn pick(&self, wanted: &[&KeyName]) -> Result<Payload> {
        Ok(text::pick(self.as_str()?, wanted)?.of_store(self.store.as_ref()))
    }

    /// The names of all keys.
    ///
    /// # Errors
    /// `Store`.
    pub fn names(&self) -> Result<Vec<String>> {
        Ok(text::names(self.as_str()?))
    }
}

/// Puts the content in the file's place, on the disk when this returns.
///
/// # Errors
/// `Disk`; what was there before is then still there, unless the message says otherwise.
pub fn write(home: &Home, payload: &Payload, identity: &Identity) -> Result<()> {
    let text = text::write(payload);
    platform::keep_from_swap(text.as_bytes());
    let sealed = identity.encrypt(text.as_bytes())?;
    // Measured as it is read: what is written must never be too large to be read again.
    if sealed.len() > LARGEST {
        return Err(Failure::new(Kind::Disk, format!("the store would be larger than {} MiB", LARGEST >> 20))
            .hint("wipe keys with `keyctl remove NAME --forget`"));
    }
    home::replace(&path(home), &sealed)
}

fn damaged(what: &str) -> Failure {
    Failure::new(Kind::Store, what).hint("put a good copy of `store.age` back; nothing was changed")
}

/// A personal store has exactly one X25519 recipient, and age's own grease beside it. Anything else is refused before
/// any work is done on it: no plugin is started, no scrypt is computed.
fn check_header(bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(b"-----BEGIN AGE") {
        // In armor the header cannot be looked at yet; only an X25519 identity is ever tried on it.
        return Ok(());
    }
    if !bytes.starts_with(b"age-encryption.org/v1\n") {
        return Err(damaged("the store is no age file").hint("an editor or a sync tool may have changed it"));
    }
    let mut ours = 0;
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        if line.starts_with(b"---") {
            break;
        }
        let Some(stanza) = line.strip_prefix(b"-> ") else { continue };
        let kind = stanza.split(|byte| *byte == b' ').next().unwrap_or_default();
        match kind {
            b"X25519" => ours += 1,
            grease if grease.ends_with(b"-grease") => {}
            _ => {
                return Err(Failure::new(
                    Kind::Store,
                    "the store is protected in a way that a personal store never is",
                )
                .hint("put your own copy of `store.age` back"));
            }
        }
    }
    if ours == 1 {
        Ok(())
    } else {
        Err(Failure::new(Kind::Store, format!("the store has {ours} recipients where a personal one has 1"))
            .hint("put your own copy of `store.age` back"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{date::Moment, identity::anchor::Id, secret::Secret, store::journal::Deed};

    struct Bench {
        _folder: tempfile::TempDir,
        home: Home,
        identity: Identity,
        anchor: Anchor,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        let (identity, anchor) =
            (Identity::generate(), Anchor { generation: 1, ..Anchor::first(Id([1; 16]), Id([2; 16])) });
        write(&home, &payload(1, Id([2; 16])), &identity).expect("write");
        Bench { _folder: folder, home, identity, anchor }
    }

    fn payload(generation: u64, seal: Id) -> Payload {
        let mut payload = Payload::new(Id([1; 16]), seal, Id([3; 16]));
        payload.generation = generation;
        let now = Moment::from_seconds(1_800_000_000);
        let (name, secret) = ("a".parse().expect("good"), Secret::new(b"kept-secret".to_vec()));
        payload.step(Deed::Set, now, |edit| edit.set(&name, secret, false)).expect("new");
        payload
    }

    fn open(bench: &Bench) -> Result<Payload> {
        SealedFile::read(&bench.home)?.expect("there").open(&bench.identity, &bench.anchor)?.read()
    }

    #[test]
    fn the_owners_newest_file_opens() {
        assert_eq!(open(&bench()).expect("opens").keys.len(), 1);
    }

    #[test]
    fn a_forged_an_older_a_foreign_and_a_damaged_file_are_told_apart() {
        let bench = bench();
        let refused = |said: &str| {
            let failure = open(&bench).err().expect("refused");
            assert_eq!(failure.kind, Kind::Store);
            assert!(failure.message.starts_with(said), "{failure}");
        };
        write(&bench.home, &payload(9, Id([9; 16])), &bench.identity).expect("write");
        refused("the store was not written by its owner");
        write(&bench.home, &payload(0, Id([2; 16])), &bench.identity).expect("write");
        refused("the store is an older copy: generation 0, but 1 was written before");
        write(&bench.home, &payload(1, Id([2; 16])), &Identity::generate()).expect("write");
        refused("the store was made for another identity");
        let file = path(&bench.home);
        let good = bench.identity.encrypt(&[b'x'; 2000]).expect("encrypt");
        std::fs::write(&file, &good[..good.len() - 1]).expect("write");
        refused(&format!("`{}` is damaged", file.display()));
        std::fs::write(&file, b"").expect("write");
        refused("the store is empty");
        std::fs::write(&file, b"\xef\xbb\xbfage-encryption.org/v1\n").expect("write");
        refused("the store is no age file");
        std::fs::write(&file, b"age-encryption.org/v1\n-> scrypt AAAA 30\n--- x\n").expect("write");
        refused("the store is protected in a way that a personal store never is");
        std::fs::write(&file, ["age-encryption.org/v1\n", &"-> X25519 A\nB\n".repeat(1000), "--- x\n"].concat())
            .expect("write");
        refused("the store has 1000 recipients where a personal one has 1");
    }
}
