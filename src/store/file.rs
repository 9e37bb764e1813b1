//! The sealed file: reading it with every doubt cleared, and putting a new one in its place.
//!
//! age says whether a file is whole. It does not say who wrote it: anybody who learns the recipient can make a file that
//! opens. So the text inside must carry the seal that the keeper pins, and its generation must not be behind the anchor. Where
//! it names members, the file must be made for just as many identities, and these be the ones that were accepted.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use zeroize::Zeroizing;

use super::{
    accepted::{self, Accepted, Difference},
    members::{MOST, Member},
    payload::Payload,
    text,
};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{self, Closed, Identity, anchor::Anchor},
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
    /// What of its members is accepted.
    accepted: PathBuf,
    store: Option<Arc<StoreName>>,
    /// How many identities it is made for.
    readers: usize,
    /// Whether it lies in no folder of keyctl's, but in a repository, for one.
    is_elsewhere: bool,
    /// What is wrong with who may change it; reading goes on, writing does not.
    pub exposed: Option<Failure>,
}

/// A text that was opened and proven to be the owner's newest.
pub struct OpenText {
    text: Zeroizing<Vec<u8>>,
    store: Option<Arc<StoreName>>,
    readers: usize,
    /// Members whom nobody has said yes to here: reading goes on, writing does not.
    pub new_members: Vec<Member>,
}

impl SealedFile {
    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// `Disk` when it cannot be read or is too large, `Store` when it is empty or not of the one kind a store is.
    pub fn read(home: &Home) -> Result<Option<Self>> {
        Self::read_at(home, &path(home))
    }

    /// Reads another file of this store: a version of it that git has taken out.
    ///
    /// # Errors
    /// As [`SealedFile::read`].
    pub fn read_at(home: &Home, path: &Path) -> Result<Option<Self>> {
        let path = path.to_owned();
        let Some((bytes, facts)) = home::read(&path, LARGEST)? else { return Ok(None) };
        if bytes.is_empty() {
            return Err(damaged("the store is empty"));
        }
        let readers = check_header(&bytes, if home.store().is_some() { MOST } else { 1 })?;
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
        Ok(Some(Self {
            bytes,
            path,
            accepted: home.file(accepted::NAME),
            store: home.store().cloned(),
            readers,
            is_elsewhere: home.is_elsewhere(),
            exposed,
        }))
    }

    /// Opens the file and holds it against the anchor.
    ///
    /// # Errors
    /// `Store`: damaged, of another identity, forged, or an older copy; each in its own words.
    pub fn open(&self, identity: &Identity, anchor: &Anchor) -> Result<OpenText> {
        let mut text = self.open_unpinned(identity)?;
        let facts = text.facts()?;
        let is_older = facts.generation < anchor.generation;
        if facts.id != anchor.store || (facts.members.is_empty() && facts.seal != anchor.seal) {
            return Err(Failure::new(
                Kind::Store,
                "the store was not written by its owner: its seal is not the one that is pinned",
            )
            .hint("someone put another file in its place; put your own copy of `store.age` back"));
        }
        if is_older {
            let (found, expected) = (facts.generation, anchor.generation);
            return Err(Failure::new(
                Kind::Store,
                format!("the store is an older copy: generation {found}, but {expected} was written before"),
            )
            .hint(if self.is_elsewhere {
                "get the newest file back; in a repository, merge what has it into what is checked out"
            } else {
                "put the newest copy of `store.age` back"
            })
            .hint("if you want this older copy: `keyctl recovery restore FILE --accept-older`"));
        }
        if !facts.members.is_empty() {
            let accepted = Accepted::read(&self.accepted, identity, facts.id);
            text.new_members = self.judge(accepted::difference(accepted.as_ref(), &facts, anchor))?;
        }
        Ok(text)
    }

    /// What becomes of a store whose members are others than those that were accepted.
    fn judge(&self, difference: Difference) -> Result<Vec<Member>> {
        if difference.is_none() || difference.is_addition() {
            return Ok(difference.added);
        }
        let name = self.store.as_ref().map(ToString::to_string).unwrap_or_default();
        let said = format!("the members of the store `{name}` are not those that you said yes to: ");
        Err(Failure::new(Kind::Store, said + &difference.lines().join("; "))
            .hint(format!(
                "ask the others whether that is so; then say yes to it: `keyctl store recipients accept {name}`"
            ))
            .hint(format!(
                "if nobody knows of it, somebody else wrote the file: put your own copy of `{}` back",
                self.path.display()
            )))
    }

    /// Opens the file with its facts, for who is about to accept its members: nothing is held against what was accepted.
    ///
    /// # Errors
    /// `Store`.
    pub fn open_to_look(&self, identity: &Identity) -> Result<Payload> {
        self.open_unpinned(identity)?.facts()
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
        Ok(OpenText { text, store: self.store.clone(), readers: self.readers, new_members: Vec::new() })
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

    fn facts(&self) -> Result<Payload> {
        self.made_for_its_members(text::facts(self.as_str()?)?)
    }

    /// Makes sure that the file is made for as many identities as it names members: one more could read it, and one less not.
    fn made_for_its_members(&self, payload: Payload) -> Result<Payload> {
        let (readers, named) = (self.readers, payload.readers());
        if readers == named {
            return Ok(payload);
        }
        Err(Failure::new(
            Kind::Store,
            format!(
                "the store opens for {readers} identities, and names {named}: somebody put another file in its place"
            ),
        )
        .hint("put your own copy of the store's file back"))
    }

    /// Everything in the store.
    ///
    /// # Errors
    /// `Store`.
    pub fn read(&self) -> Result<Payload> {
        Ok(self.made_for_its_members(text::read(self.as_str()?)?)?.of_store(self.store.as_ref()))
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
    home::replace(&path(home), &sealed(payload, identity)?)
}

/// The content as a file that all who may open the store can open.
///
/// # Errors
/// `Disk` where it would be too large to be read again.
pub fn sealed(payload: &Payload, identity: &Identity) -> Result<Vec<u8>> {
    let text = text::write(payload);
    platform::keep_from_swap(text.as_bytes());
    let members: Vec<_> = payload.members.iter().map(|member| &member.recipient).collect();
    let sealed = if members.is_empty() {
        identity.encrypt(text.as_bytes())?
    } else {
        identity::encrypt_to(&members, text.as_bytes())?
    };
    // Measured as it is read: what is written must never be too large to be read again.
    if sealed.len() > LARGEST {
        return Err(Failure::new(Kind::Disk, format!("the store would be larger than {} MiB", LARGEST >> 20))
            .hint("wipe keys with `keyctl remove NAME --forget`"));
    }
    Ok(sealed)
}

fn damaged(what: &str) -> Failure {
    Failure::new(Kind::Store, what).hint("put a good copy of `store.age` back; nothing was changed")
}

/// A store has X25519 recipients alone, a personal one exactly one, and age's own grease beside them. Anything else is refused
/// before any work is done on it: no plugin is started, no scrypt is computed. Gives how many there are.
fn check_header(bytes: &[u8], most: usize) -> Result<usize> {
    let is_armored = bytes.starts_with(b"-----BEGIN AGE");
    let unarmored;
    let bytes = if is_armored {
        unarmored = identity::header_in_armor(bytes).ok_or_else(|| damaged("the store is no age file"))?;
        &unarmored
    } else {
        bytes
    };
    if !bytes.starts_with(b"age-encryption.org/v1\n") {
        return Err(damaged("the store is no age file").hint("an editor or a sync tool may have changed it"));
    }
    let (mut ours, mut is_whole) = (0, false);
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        if line.starts_with(b"---") {
            is_whole = true;
            break;
        }
        let Some(stanza) = line.strip_prefix(b"-> ") else { continue };
        let kind = stanza.split(|byte| *byte == b' ').next().unwrap_or_default();
        match kind {
            b"X25519" => ours += 1,
            grease if grease.ends_with(b"-grease") => {}
            _ => {
                let which = if most == 1 { "a personal store" } else { "a store" };
                return Err(Failure::new(
                    Kind::Store,
                    format!("the store is protected in a way that {which} never is"),
                )
                .hint("put your own copy of `store.age` back"));
            }
        }
    }
    if is_armored && !is_whole {
        return Err(damaged("the store's header is longer than any that keyctl writes"));
    }
    if (1..=most).contains(&ours) {
        return Ok(ours);
    }
    let may = if most == 1 { "a personal one has 1".to_owned() } else { format!("{most} are the most") };
    Err(Failure::new(Kind::Store, format!("the store has {ours} recipients where {may}"))
        .hint("put your own copy of `store.age` back"))
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
