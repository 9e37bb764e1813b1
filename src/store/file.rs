//! The sealed file: reading it with every doubt cleared, and putting a new one in its place.
//!
//! age says whether a file is whole. It does not say who wrote it: anybody who learns the recipient can make a file that
//! opens. So the text inside must carry the seal that the keeper pins, and its generation must not be behind the anchor. Where
//! it names members, the file must be made for just as many identities, and these be the ones that were accepted; and it must
//! not be behind the newest version that this member has opened.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    accepted::{self, Accepted, Difference, SealIs},
    holding::{self, HeldOn, Judge},
    members::{MOST, Member},
    payload::Payload,
    seen::{self, Seen, Version},
    text,
};
use crate::{
    failure::{Failure, Kind, Result},
    home::{self, Home},
    identity::{self, Closed, Identity, anchor::Anchor, given},
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
    /// Where its owner notes what he accepted of its members, and what he has seen.
    folder: PathBuf,
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
    /// Which version it is, where it has members and is newer than what was seen of it.
    pub unseen: Option<Version>,
    /// What holds its keys back, though it says less than what was seen of it.
    pub held_on: Vec<HeldOn>,
    /// What was seen of it before, where this is another version.
    known: Option<Seen>,
}

/// Stands for a file as it was read: what is to take its place takes that of no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print([u8; 32]);

impl Print {
    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
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
            folder: home.data().to_owned(),
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
        if facts.id != anchor.store || (facts.members.is_empty() && facts.seal != anchor.seal) {
            return Err(Failure::new(
                Kind::Store,
                "the store was not written by its owner: its seal is not the one that is pinned",
            )
            .hint("someone put another file in its place; put your own copy of `store.age` back"));
        }
        let version = text.version(&facts);
        let known = version.and_then(|_| Seen::read(&self.folder.join(seen::NAME), identity, facts.id));
        let seen = known.as_ref().map(|seen| seen.version);
        if let Some(older) = older(facts.generation, seen, anchor) {
            return Err(self.with_ways_out(older, &facts));
        }
        if let Some(forged) = seen::too_far(facts.generation, seen, anchor) {
            return Err(forged.hint(self.own_copy()));
        }
        // The personal store never has any.
        let accepted = || Accepted::read(&self.folder.join(accepted::NAME), identity, facts.id);
        let had_members = || self.store.is_some() && accepted::had_members(&self.folder, identity, facts.id);
        if facts.members.is_empty() && had_members() {
            return Err(accepted::without_members(&self.name()).hint(self.own_copy()));
        }
        if !facts.members.is_empty() {
            let accepted = accepted();
            text.new_members = self.judge(accepted::difference(accepted.as_ref(), &facts, anchor))?;
        }
        if let Some(another) = another(version, seen) {
            return Err(self.with_ways_out(another, &facts));
        }
        let is_seen = seen == version;
        text.held_on = match &known {
            Some(known) if is_seen => known.held_on().to_vec(),
            Some(known) => known.holds_on(&text.read_as_written()?, version, &holding::by_itself),
            None => Vec::new(),
        };
        text.unseen = version.filter(|_| !is_seen || known.as_ref().is_some_and(Seen::lacks_holds));
        text.known = known.filter(|_| !is_seen);
        Ok(text)
    }

    /// What to do about an older copy. Where git writes the file, most who have one did not mean any harm.
    fn with_ways_out(&self, older: Failure, facts: &Payload) -> Failure {
        let older = if self.is_elsewhere {
            older
                .hint("git checkout, revert, reset and stash put such a file there, and so does whoever puts an older copy back")
                .hint("get the newest back: from the branch that has it (or merge that), from a stash (`git stash pop`), or in a conflict from its other side (`git checkout --theirs`)")
        } else {
            older.hint("put the newest copy of `store.age` back")
        };
        if facts.members.is_empty() {
            return older.hint(if given::is_given() {
                "if you want this older copy: remove `anchor.txt` beside it"
            } else {
                "if you want this older copy: `keyctl recovery restore FILE --accept-older`"
            });
        }
        let name = self.name();
        older.hint(format!("if you know of it and want this one: `keyctl store recipients accept {name} --older`"))
    }

    fn name(&self) -> String {
        self.store.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// What becomes of a store whose members are others than those that were accepted.
    fn judge(&self, difference: Difference) -> Result<Vec<Member>> {
        if difference.is_none() || difference.is_addition() {
            return Ok(difference.added);
        }
        let name = self.name();
        let said = format!("the members of the store `{name}` are not those that you said yes to: ");
        let failure = Failure::new(Kind::Store, said + &difference.lines().join("; "));
        let failure = match difference.seal {
            SealIs::Former | SealIs::Strange => failure
                .hint("it may be of a branch that does not know of a removal: merge it with the file that you had"),
            SealIs::Later => failure.hint(format!("to go on with it: `keyctl store recipients accept {name}`")),
            SealIs::Known | SealIs::New => {
                difference.to_be_heard().into_iter().fold(failure, Failure::hint).hint(format!(
                    "ask the others whether that is so; then say yes to it: `keyctl store recipients accept {name}`"
                ))
            }
        };
        Err(failure.hint(format!("if nobody knows of it, somebody else wrote the file: {}", self.own_copy())))
    }

    fn own_copy(&self) -> String {
        format!("put your own copy of `{}` back", self.path.display())
    }

    /// What stands for the file as it was read.
    #[must_use]
    pub fn print(&self) -> Print {
        Print::of(&self.bytes)
    }

    /// Whether this identity opens the file, as far as age's header says.
    #[must_use]
    pub fn is_made_for(&self, identity: &Identity) -> bool {
        !matches!(identity.decrypt(&self.bytes), Err(Closed::OtherIdentity))
    }

    /// Opens the file without an anchor, so that a forged or older one opens too. Whoever calls this proves the file otherwise,
    /// or only looks: `recovery` by the copy's own seal and a yes, `accept` and `merge` by what this clone has seen and a yes,
    /// `join` by the fingerprint that it shows, and a given identity has no anchor to hold it against.
    ///
    /// # Errors
    /// `Store`.
    pub fn open_unpinned(&self, identity: &Identity) -> Result<OpenText> {
        let text = identity.decrypt(&self.bytes).map_err(|closed| self.closed(closed, identity))?;
        let (store, readers) = (self.store.clone(), self.readers);
        Ok(OpenText { text, store, readers, new_members: Vec::new(), unseen: None, held_on: Vec::new(), known: None })
    }

    fn closed(&self, closed: Closed, identity: &Identity) -> Failure {
        match closed {
            Closed::OtherIdentity => {
                let which = given::giver().map_or("is kept".to_owned(), |giver| format!("{giver} gives"));
                let what = format!("the store was made for another identity than the one that {which}");
                let failure = Failure::new(Kind::Store, format!("{what} ({})", identity.fingerprint())).hint(
                    if given::is_given() {
                        "give the identity that it is made for, or put the matching `store.age` back"
                    } else {
                        "put the matching `store.age` back, or the matching identity: `keyctl recovery restore FILE`"
                    },
                );
                match &self.store {
                    Some(name) => failure.hint(format!(
                        "if a member has removed you, it opens no more: `keyctl store remove {name}` takes it off this machine"
                    )),
                    None => failure,
                }
            }
            Closed::Damaged => damaged(&format!("`{}` is damaged", self.path.display())),
        }
    }
}

/// What is wrong with a version that is behind the anchor, or behind what was seen.
#[must_use]
pub fn older(generation: u64, seen: Option<Version>, anchor: &Anchor) -> Option<Failure> {
    let expected = seen.map_or(anchor.generation, |seen| seen.generation.max(anchor.generation));
    let what = format!("the store is an older copy: generation {generation}, but {expected} was written before");
    (generation < expected).then(|| Failure::new(Kind::Store, what))
}

/// What is wrong with one that is as old as what was seen, and another.
#[must_use]
pub fn another(version: Option<Version>, seen: Option<Version>) -> Option<Failure> {
    let (version, seen) = version.zip(seen)?;
    let what = format!("the store is not the one that you had, but another of generation {}", version.generation);
    (!version.is_in_order_after(&seen)).then(|| Failure::new(Kind::Store, what))
}

impl OpenText {
    /// Which version it is, where it has members.
    #[must_use]
    pub fn version(&self, facts: &Payload) -> Option<Version> {
        (!facts.members.is_empty()).then(|| Version::of(facts.generation, &self.text))
    }

    /// Whether it is another version than the one that was seen, so that what is in it is to be held against that.
    #[must_use]
    pub fn is_another(&self) -> bool {
        self.known.is_some()
    }

    /// Holds its keys back also by what its user's settings say of them.
    ///
    /// # Errors
    /// `Store`.
    pub fn hold_on(&mut self, judge: Judge) -> Result<()> {
        if let Some(known) = &self.known {
            self.held_on = known.holds_on(&self.read_as_written()?, self.unseen, judge);
        }
        Ok(())
    }

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

    /// Everything in the store, with its keys as they may be used here.
    ///
    /// # Errors
    /// `Store`.
    pub fn read(&self) -> Result<Payload> {
        Ok(self.read_as_written()?.with_held_on())
    }

    /// Everything in the store as it stands there: what is to be changed.
    ///
    /// # Errors
    /// `Store`.
    pub fn read_as_written(&self) -> Result<Payload> {
        let payload = self.made_for_its_members(text::read(self.as_str()?)?)?.of_store(self.store.as_ref());
        Ok(Payload { held_on: self.held_on.clone(), ..payload })
    }

    /// The store's facts and these keys alone.
    ///
    /// # Errors
    /// `Store`.
    pub fn pick(&self, wanted: &[&KeyName]) -> Result<Payload> {
        let payload = text::pick(self.as_str()?, wanted)?.of_store(self.store.as_ref());
        Ok(Payload { held_on: self.held_on.clone(), ..payload }.with_held_on())
    }

    /// The names of all keys.
    ///
    /// # Errors
    /// `Store`.
    pub fn names(&self) -> Result<Vec<String>> {
        Ok(text::names(self.as_str()?))
    }
}

/// Puts the content in the file's place, on the disk when this returns; in that of `over` alone, where it is said what was
/// read. Gives the version that it has with members.
///
/// # Errors
/// `Disk`, and `Busy` where another file lies there by now; what was there before is then still there, unless the message says
/// otherwise.
pub fn write(home: &Home, payload: &Payload, identity: &Identity, over: Option<Print>) -> Result<Option<Version>> {
    let (path, (sealed, version)) = (path(home), sealed(payload, identity)?);
    let is_there = || home::read(&path, LARGEST).ok().flatten().map(|(bytes, _)| Print::of(&bytes));
    if home::replace_if(&path, &sealed, || over.is_none_or(|over| is_there() == Some(over)))? {
        return Ok(version);
    }
    Err(Failure::new(Kind::Busy, format!("`{}` was changed meanwhile; nothing was written", path.display()))
        .hint("do the same once more"))
}

/// The content as a file that all who may open the store can open, and the version that it has with members.
///
/// # Errors
/// `Disk` where it would be too large to be read again.
pub fn sealed(payload: &Payload, identity: &Identity) -> Result<(Vec<u8>, Option<Version>)> {
    let text = text::write(payload);
    platform::keep_from_swap(text.as_bytes());
    let members: Vec<_> = payload.members.iter().map(|member| &member.recipient).collect();
    let (sealed, version) = if members.is_empty() {
        (identity.encrypt(text.as_bytes())?, None)
    } else {
        let version = Version::of(payload.generation, text.as_bytes());
        (identity::encrypt_to(&members, text.as_bytes())?, Some(version))
    };
    // Measured as it is read: what is written must never be too large to be read again.
    if sealed.len() > LARGEST {
        return Err(Failure::new(Kind::Disk, format!("the store would be larger than {} MiB", LARGEST >> 20))
            .hint("wipe keys with `keyctl remove NAME --forget`"));
    }
    Ok((sealed, version))
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
        write(&home, &payload(1, Id([2; 16])), &identity, None).expect("write");
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
        write(&bench.home, &payload(9, Id([9; 16])), &bench.identity, None).expect("write");
        refused("the store was not written by its owner");
        write(&bench.home, &payload(0, Id([2; 16])), &bench.identity, None).expect("write");
        refused("the store is an older copy: generation 0, but 1 was written before");
        write(&bench.home, &payload(1, Id([2; 16])), &Identity::generate(), None).expect("write");
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
