//! Rotations that were begun and not finished: what must survive a kill between the moment at which a new secret comes
//! to be outside and the moment at which the store has it.
//!
//! A rotation writes what it is about to do into a file beside the store before anything is done outside, and what comes
//! to be outside into the same file as soon as it arrives, piece by piece. Only then is the new secret tried and put into
//! the store; at last the file goes away. Whoever comes later, after a kill or a full disk, finds the file and goes on.
//!
//! ```text
//! unfinished-<16 hex digits>    "keyctl-unfinished 2\n"
//!                               the intention, sealed: which keys, when, and what was there before
//!                               room for what came to be, sealed; not to be opened while there is none
//!                               the same room once more
//! ```
//!
//! The file has its full size from the start, so that a disk that is full by then cannot keep the secret out, and is
//! always of one size, so that it tells nothing. The intention is on the disk, under the file's name, before anything is
//! done outside. What came to be is written into the two rooms by turns, each time with a higher number: a write that is
//! cut off leaves the one before it. (The first form of these files had one room, without a number.) The key is
//! `HKDF-SHA256(identity, salt = store id, info = "keyctl/unfinished/v1")`: nobody else can plant a new secret.
//!
//! Which secret a program was given to replace stands in the intention as a keyed mark. So it is known by the secret itself,
//! and by no clock and no name, which key this is about and whether the store still has that one.

use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    home::{self, Home},
    name::KeyName,
    platform, random,
    seal::{OVERHEAD, SealKey},
    secret::Secret,
};

/// How the files' names begin.
const NAME: &str = "unfinished-";
/// How the files begin.
const HEAD: &[u8] = b"keyctl-unfinished 2\n";
/// How they began at first.
const FIRST_HEAD: &[u8] = b"keyctl-unfinished 1\n";
/// What the key is derived for.
const PURPOSE: &str = "keyctl/unfinished/v1";
/// What the key of the marks is derived for.
const MARKS: &str = "keyctl/unfinished-marks/v1";
/// The word for a secret that came into the store.
const KEPT: &[u8] = b"kept";
/// The word for what was printed by a program that did not end well, as far as is known.
const DOUBTFUL: &[u8] = b"doubtful";
/// The word before what a source had that keeps no versions.
const FORMER: &[u8] = b"former";
/// The word after it for what was printed by a program that was not seen to end.
const UNENDED: &[u8] = b"unended";
/// Bytes of an intention before it is sealed: two names and a few ids.
const INTENTION: usize = 2 * 1024;
/// Bytes of what was made before it is sealed: 64 KiB, the most a rotator prints, an id, their lengths and a number.
const MADE: usize = 66 * 1024;
/// Where the rooms for it begin, and how large each of them is.
const ROOMS: usize = HEAD.len() + INTENTION + OVERHEAD;
const ROOM: usize = MADE + OVERHEAD;
/// Bytes of a file.
const WHOLE: usize = ROOMS + 2 * ROOM;

/// What a rotation is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intention {
    /// The keys that are replaced together.
    pub names: Vec<KeyName>,
    /// When it was begun.
    pub begun: Moment,
    /// The mark of the secret that a program was given to replace; versions before did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Since when the key was in the store, and the number of the last step by then; versions before did not write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Moment>,
    /// See `created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The name of the program that was called; versions before did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// At AWS: the id of the access key that is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// At AWS: the ids of all access keys that the user had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// What came to be outside.
pub struct Made {
    /// The new secret.
    pub secret: Secret,
    /// At AWS: the id that belongs to it.
    pub id: Option<String>,
    /// Whether it came into the store. Once it did, it is not put there again: it may have been taken back since.
    pub kept: bool,
    /// Whether it is all that a program printed, as it came, which went wrong or was not seen to end. It may be no secret at
    /// all, and is never taken without being tried or asked about.
    pub doubtful: bool,
    /// Whether the program was still at work, as far as is known.
    pub unended: bool,
    /// At a source that keeps no versions: what it had before, which is nowhere else once the new one is written.
    pub former: Option<Secret>,
}

impl Made {
    /// What a program gave.
    #[must_use]
    pub fn by_program(secret: Secret, doubtful: bool) -> Self {
        Self { secret, id: None, kept: false, doubtful, unended: false, former: None }
    }

    /// What a program has printed that is still at work.
    #[must_use]
    pub fn so_far(secret: Secret) -> Self {
        Self { unended: true, ..Self::by_program(secret, true) }
    }

    /// The secret once more, for the store.
    #[must_use]
    pub fn copy(&self) -> Secret {
        Secret::new(self.secret.expose().to_vec())
    }

    /// The lines of what a program printed, as a person can judge them: without colours, and without blanks around them.
    #[must_use]
    pub fn lines(&self) -> Vec<Secret> {
        let lines = self.secret.expose().split(|byte| *byte == b'\n' || *byte == b'\r').map(without_colours);
        lines.filter(|line| !line.is_empty()).collect()
    }

    /// The one line that a program printed, if it is one, and can be a secret.
    #[must_use]
    pub fn sole_line(&self) -> Option<Secret> {
        let mut lines = self.lines();
        lines.pop().filter(|line| lines.is_empty() && is_plain(line))
    }

    /// Whether the secret, or the one line that was printed, is this one.
    #[must_use]
    pub fn is(&self, secret: &Secret) -> bool {
        self.secret.same_as(secret) || (self.doubtful && self.sole_line().is_some_and(|line| line.same_as(secret)))
    }

    /// The number, the secret and the id, the word where it came into the store or is doubtful, and what was there before, each
    /// after its length as 4 bytes.
    fn write(&self, number: u64) -> Zeroizing<Vec<u8>> {
        // Room for all of it: a vector that grows leaves what it held behind.
        let former = self.former.as_ref().map_or(&[][..], Secret::expose);
        let mut plain = Zeroizing::new(Vec::with_capacity(MADE.max(self.secret.len() + former.len() + 1024)));
        let id = self.id.as_deref().unwrap_or_default().as_bytes();
        let word = if self.kept { Some(KEPT) } else { self.doubtful.then_some(DOUBTFUL) };
        plain.extend_from_slice(&number.to_le_bytes());
        let unended = (self.doubtful && self.unended && !self.kept).then_some(UNENDED);
        let former = self.former.is_some().then_some([FORMER, former]).into_iter().flatten();
        for part in [self.secret.expose(), id].into_iter().chain(word).chain(unended).chain(former) {
            plain.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            plain.extend_from_slice(part);
        }
        plain
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let part = |bytes: &mut &[u8]| {
            let (length, rest) = bytes.split_first_chunk()?;
            let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            *bytes = rest;
            Some(part.to_vec())
        };
        let mut rest = plain;
        let secret = Secret::new(part(&mut rest)?);
        let id = String::from_utf8(part(&mut rest)?).ok()?;
        let id = Some(id).filter(|id| !id.is_empty());
        let mut made = Self { secret, id, kept: false, doubtful: false, unended: false, former: None };
        // What fills the file up is no length that fits.
        while let Some(word) = part(&mut rest) {
            match word.as_slice() {
                KEPT => made.kept = true,
                DOUBTFUL => made.doubtful = true,
                UNENDED => made.unended = made.doubtful,
                FORMER => made.former = part(&mut rest).map(Secret::new),
                _ => break,
            }
        }
        Some(made)
    }
}

/// Whether a line can be a secret as it is.
#[must_use]
pub fn is_plain(line: &Secret) -> bool {
    line.expose_text().is_some_and(|text| !text.chars().any(char::is_control))
}

/// A line without the escape sequences that terminals take for colours (ECMA-48, 5.4), and without blanks around it.
fn without_colours(line: &[u8]) -> Secret {
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match after.strip_prefix(b"[").filter(|_| *byte == 0x1b) {
            Some(sequence) => {
                let end = sequence.iter().position(|byte| (0x40..=0x7e).contains(byte));
                rest = end.map_or(&[], |end| &sequence[end + 1..]);
            }
            None => plain.push(*byte),
        }
    }
    let plain = Zeroizing::new(plain);
    Secret::new(plain.trim_ascii().to_vec())
}

/// The key that a store's unfinished rotations are sealed with.
pub struct Key {
    seal: SealKey,
    marks: SealKey,
}

impl Key {
    /// The key of this identity for this store.
    #[must_use]
    pub fn derive(identity: &[u8], store: &[u8]) -> Self {
        let derive = |purpose| SealKey::derive(identity, store, purpose);
        Self { seal: derive(PURPOSE), marks: derive(MARKS) }
    }

    /// What stands for a secret in an intention.
    #[must_use]
    pub fn mark(&self, secret: &Secret) -> String {
        hex::encode(&self.marks.mark(secret.expose()))
    }
}

/// One rotation that was begun.
pub struct Unfinished {
    path: PathBuf,
    sealed: Vec<u8>,
    /// How often something was written down of it; none of a file in the first form, which becomes one in the present form.
    written: Option<u64>,
    /// What it was about to do.
    pub intention: Intention,
    /// What came to be outside, as far as keyctl has learned of it.
    pub made: Option<Made>,
    /// Whether something was written down of it that does not open.
    pub is_damaged: bool,
}

/// What lies beside a store.
#[derive(Default)]
pub struct Found {
    /// The rotations that were begun, the earliest first.
    pub all: Vec<Unfinished>,
    /// The names of files that do not open: they are damaged, or another store's.
    pub unreadable: Vec<String>,
}

impl Unfinished {
    /// Whether any lie beside the store: told without a key.
    #[must_use]
    pub fn are_there(home: &Home) -> bool {
        platform::names_in(home.data()).iter().any(|name| name.to_str().is_some_and(|name| name.starts_with(NAME)))
    }

    /// All that lie beside the store, the earliest first. What cannot be opened is left out, see [`Unfinished::find`].
    #[must_use]
    pub fn all(home: &Home, key: &Key) -> Vec<Self> {
        Self::find(home, key).all
    }

    /// All that lie beside the store. What cannot be opened was not written by this identity, or is damaged; it is left
    /// alone.
    #[must_use]
    pub fn find(home: &Home, key: &Key) -> Found {
        let mut found = Found::default();
        for name in platform::names_in(home.data()) {
            let Some(name) = name.to_str().filter(|name| name.starts_with(NAME)) else { continue };
            match home::read(&home.data().join(name), WHOLE) {
                // Ended meanwhile.
                Ok(None) => {}
                Ok(Some((bytes, _))) => match Self::open(&home.data().join(name), &bytes, key) {
                    Some(work) => found.all.push(work),
                    None => found.unreadable.push(name.to_owned()),
                },
                Err(_) => found.unreadable.push(name.to_owned()),
            }
        }
        found.all.sort_by(|one, other| (one.intention.begun, &one.path).cmp(&(other.intention.begun, &other.path)));
        found.unreadable.sort();
        found
    }

    /// Makes sure that a file's bytes can be read, whether they open or not.
    ///
    /// # Errors
    /// `Disk`.
    pub fn is_readable(home: &Home, name: &str) -> Result<()> {
        home::read(&home.data().join(name), WHOLE).map(drop)
    }

    fn open(path: &Path, bytes: &[u8], key: &Key) -> Option<Self> {
        let is_first_form = bytes.starts_with(FIRST_HEAD);
        let sealed = bytes.strip_prefix(if is_first_form { FIRST_HEAD } else { HEAD })?;
        let (intention, rooms) = sealed.split_at_checked(INTENTION + OVERHEAD)?;
        let own = path.file_name()?.as_encoded_bytes();
        let open = |part: &[u8], sealed: &[u8]| key.seal.open(&[part, own].concat(), sealed);
        let made = |room: &[u8]| {
            let plain = open(b"made", room)?;
            let (number, made) = if is_first_form { (&[0; 8], &plain[..]) } else { plain.split_first_chunk()? };
            Some((u64::from_le_bytes(*number), Made::read(made)?))
        };
        let latest = rooms.chunks(ROOM).filter_map(made).max_by_key(|(number, _)| *number);
        let is_damaged = latest.is_none() && rooms.iter().any(|byte| *byte != 0);
        let plain = open(b"intention", intention)?;
        let intention_text = serde_json::from_slice(plain.trim_ascii_end()).ok()?;
        Some(Self {
            path: path.to_owned(),
            sealed: intention.to_vec(),
            written: (!is_first_form).then(|| latest.as_ref().map_or(0, |(number, _)| number + 1)),
            intention: intention_text,
            made: latest.map(|(_, made)| made),
            is_damaged,
        })
    }

    /// What names it, in the history too.
    #[must_use]
    pub fn number(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()?.strip_prefix(NAME)).unwrap_or_default()
    }

    /// The file it lies in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down what is about to be done, on the disk when this returns.
    ///
    /// # Errors
    /// `Disk`; then nothing may be done outside.
    pub fn begin(home: &Home, key: &Key, intention: Intention) -> Result<Self> {
        let path = home.file(&format!("{NAME}{}", hex::encode(&random::bytes::<8>()?)));
        let plain = serde_json::to_vec(&intention)
            .map_err(|_| Failure::new(Kind::Disk, "what is about to be done cannot be written down"))?;
        let sealed = seal(key, b"intention", &path, Zeroizing::new(plain), INTENTION)?;
        let mut bytes = [HEAD, &sealed].concat();
        bytes.resize(WHOLE, 0);
        home::replace(&path, &bytes)?;
        Ok(Self { path, sealed, written: Some(0), intention, made: None, is_damaged: false })
    }

    /// Writes down what came to be, on the disk when this returns. It is remembered here in any case.
    ///
    /// # Errors
    /// `Disk`.
    pub fn has_made(&mut self, key: &Key, made: Made) -> Result<()> {
        self.made = Some(made);
        self.write(key)
    }

    /// Writes down that the store has what was made.
    ///
    /// # Errors
    /// `Disk`.
    pub fn is_kept(&mut self, key: &Key) -> Result<()> {
        if let Some(made) = &mut self.made {
            made.kept = true;
        }
        self.write(key)
    }

    fn write(&mut self, key: &Key) -> Result<()> {
        let number = self.written.unwrap_or_default();
        let Some(plain) = self.made.as_ref().map(|made| made.write(number)) else { return Ok(()) };
        let sealed = seal(key, b"made", &self.path, plain, MADE)?;
        let failed = |error: std::io::Error| Failure::disk("write", &self.path, &error);
        if self.written.is_none() {
            let mut bytes = [HEAD, &self.sealed, &sealed].concat();
            bytes.resize(WHOLE, 0);
            home::replace(&self.path, &bytes)?;
        } else {
            // In place and never cut: the bytes are there already, and those of the write before stay as they are.
            let place = (ROOMS + if number.is_multiple_of(2) { 0 } else { ROOM }) as u64;
            let mut file = OpenOptions::new().write(true).open(&self.path).map_err(failed)?;
            let written = file.seek(SeekFrom::Start(place)).and_then(|_| file.write_all(&sealed));
            written.and_then(|()| file.sync_all()).map_err(failed)?;
        }
        self.written = Some(number + 1);
        Ok(())
    }

    /// Forgets it: it is finished, or there is nothing to go on with.
    ///
    /// # Errors
    /// `Disk`; then the next one finds it once more, which does no harm.
    pub fn end(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|error| Failure::disk("remove", &self.path, &error))
    }
}

/// Seals a text, filled up to a length.
fn seal(key: &Key, part: &[u8], path: &Path, mut plain: Zeroizing<Vec<u8>>, length: usize) -> Result<Vec<u8>> {
    if plain.len() > length {
        return Err(Failure::new(Kind::Disk, "there is more to write down than a rotation has room for"));
    }
    plain.resize(length, b' ');
    let own = path.file_name().unwrap_or_default().as_encoded_bytes();
    key.seal.seal(&[part, own].concat(), &plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::derive(b"AGE-SECRET-KEY-1ME", &[1; 16])
    }

    fn intention(begun: i64) -> Intention {
        Intention {
            names: vec!["aws/id".parse().expect("good"), "aws/secret".parse().expect("good")],
            begun: Moment::from_seconds(begun),
            replaces: None,
            created: None,
            after: None,
            by: None,
            from: Some("AKIAOLD".into()),
            before: vec!["AKIAOLD".into()],
        }
    }

    fn made(text: &str) -> Made {
        let secret = Secret::new(text.as_bytes().to_vec());
        Made { secret, id: Some("AKIANEW".into()), kept: false, doubtful: true, unended: false, former: None }
    }

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().expect("folder");
        let home = Home::at(folder.path());
        (folder, home)
    }

    #[test]
    fn what_was_begun_and_made_is_found_again_until_it_is_ended() {
        let (_kept, home) = home();
        Unfinished::begin(&home, &key(), intention(2)).expect("written");
        let mut first = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        first.has_made(&key(), made("the-new-secret")).expect("written");
        let found = Unfinished::all(&home, &key());
        assert_eq!(found.iter().map(|one| one.intention.begun.seconds()).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(found[0].intention, intention(1));
        let back = found[0].made.as_ref().expect("made");
        assert!(back.secret.expose() == b"the-new-secret" && back.id.as_deref() == Some("AKIANEW") && !back.kept);
        assert!(back.doubtful);
        assert!(back.former.is_none());
        first
            .has_made(&key(), Made { former: Some(Secret::new(b"the-old".to_vec())), ..made("the-new-secret") })
            .expect("written");
        let found = Unfinished::all(&home, &key());
        let back = found[0].made.as_ref().expect("made");
        assert!(back.doubtful && back.former.as_ref().is_some_and(|former| former.expose() == b"the-old"));
        first.is_kept(&key()).expect("written");
        let found = Unfinished::all(&home, &key());
        let back = found[0].made.as_ref().expect("made");
        assert!(back.secret.expose() == b"the-new-secret" && back.id.as_deref() == Some("AKIANEW") && back.kept);
        assert!(!back.doubtful, "what the store has was taken");
        assert!(found[1].made.is_none());
        for one in found {
            one.end().expect("removed");
        }
        assert_eq!(std::fs::read_dir(home.data()).expect("list").count(), 0);
    }

    #[test]
    fn what_was_printed_by_a_program_that_was_not_seen_to_end_is_told_from_the_rest() {
        let (_kept, home) = home();
        let mut one = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        let now = || Unfinished::all(&home, &key())[0].made.as_ref().map(|made| (made.doubtful, made.unended));
        one.has_made(&key(), Made::so_far(Secret::new(b"ne".to_vec()))).expect("written");
        assert_eq!(now(), Some((true, true)));
        one.has_made(&key(), Made::by_program(Secret::new(b"new".to_vec()), true)).expect("written");
        assert_eq!(now(), Some((true, false)));
    }

    #[test]
    fn the_file_shows_no_name_and_no_secret_and_always_has_one_size() {
        let (_kept, home) = home();
        let mut one = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        let before = std::fs::read(&one.path).expect("read");
        one.has_made(&key(), made(&"x".repeat(64 * 1024))).expect("the largest fits");
        let after = std::fs::read(&one.path).expect("read");
        assert_eq!((before.len(), after.len()), (WHOLE, WHOLE));
        for text in [&b"aws"[..], b"AKIA", b"xxxx"] {
            assert!(!after.windows(text.len()).any(|window| window == text));
        }
    }

    #[test]
    fn a_write_of_the_secret_that_was_cut_off_leaves_the_intention() {
        let (_kept, home) = home();
        let mut one = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        let before = std::fs::read(&one.path).expect("read");
        one.has_made(&key(), made("the-new-secret")).expect("written");
        let after = std::fs::read(&one.path).expect("read");
        for cut in [0, 10, HEAD.len() + 5, HEAD.len() + INTENTION, ROOMS + ROOM - 100, ROOMS + ROOM - 1] {
            std::fs::write(&one.path, [&after[..cut], &before[cut..]].concat()).expect("write");
            let found = Unfinished::all(&home, &key());
            assert!(found.len() == 1 && found[0].made.is_none() && found[0].intention == intention(1), "{cut}");
            assert_eq!(found[0].is_damaged, cut > HEAD.len() + INTENTION + OVERHEAD, "{cut}");
        }
    }

    #[test]
    fn a_write_that_was_cut_off_leaves_the_one_before_it() {
        let (_kept, home) = home();
        let mut one = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        let texts = ["ne", "new", "new-se", "new-secret"];
        for (at, text) in texts.iter().enumerate() {
            let before = std::fs::read(&one.path).expect("read");
            one.has_made(&key(), made(text)).expect("written");
            let after = std::fs::read(&one.path).expect("read");
            let now = || Unfinished::all(&home, &key())[0].made.as_ref().map(|made| made.secret.expose().to_vec());
            for cut in (0..WHOLE).step_by(9973).chain([ROOMS, ROOMS + 1, ROOMS + ROOM, ROOMS + ROOM + 1, WHOLE]) {
                std::fs::write(&one.path, [&after[..cut], &before[cut..]].concat()).expect("write");
                let (kept, whole) = (now(), text.as_bytes());
                let is_before = at > 0 && kept.as_deref() == Some(texts[at - 1].as_bytes());
                assert!(is_before || kept.as_deref() == Some(whole) || (at == 0 && kept.is_none()), "{text} {cut}");
            }
            assert_eq!(now().as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn a_file_in_the_first_form_is_read_and_goes_on_in_the_present_one() {
        let (_kept, home) = home();
        let mut one = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        let mut bytes = std::fs::read(&one.path).expect("read");
        bytes[..FIRST_HEAD.len()].copy_from_slice(FIRST_HEAD);
        bytes.truncate(ROOMS + ROOM);
        let plain = made("the-new-secret").write(0)[8..].to_vec();
        let sealed = seal(&key(), b"made", &one.path, Zeroizing::new(plain), MADE).expect("sealed");
        bytes[ROOMS..].copy_from_slice(&sealed);
        std::fs::write(&one.path, &bytes).expect("write");
        let secret = |found: &Unfinished| found.made.as_ref().map(|made| (made.secret.expose().to_vec(), made.kept));
        one = Unfinished::all(&home, &key()).pop().expect("one");
        assert_eq!(secret(&one), Some((b"the-new-secret".to_vec(), false)));
        one.is_kept(&key()).expect("written");
        assert_eq!(std::fs::read(&one.path).expect("read").len(), WHOLE);
        one = Unfinished::all(&home, &key()).pop().expect("one");
        assert_eq!(secret(&one), Some((b"the-new-secret".to_vec(), true)));
    }

    #[test]
    fn what_a_program_printed_is_read_line_by_line_without_what_is_around_it() {
        let lines = |text: &str| -> Vec<String> {
            let lines = made(text).lines().into_iter();
            lines.map(|line| line.expose_text().expect("text").to_owned()).collect()
        };
        assert_eq!(lines("created:\r\n  NEW\t\n\n"), ["created:", "NEW"]);
        assert_eq!(lines("\u{1b}[1;32mNEW\u{1b}[0m"), ["NEW"]);
        assert_eq!(lines("a\u{7}b\u{1b}[3"), ["a\u{7}b"]);
        assert!(lines(" \n\n").is_empty());
        let sole = |text: &str| made(text).sole_line().map(|line| line.expose_text().expect("text").to_owned());
        assert_eq!(sole("\nNEW\n\n").as_deref(), Some("NEW"));
        assert_eq!((sole("one\ntwo"), sole("a\u{7}b"), sole("")), (None, None, None));
    }

    #[test]
    fn what_another_identity_wrote_or_what_was_moved_counts_for_nothing() {
        let (_kept, home) = home();
        let mut planted =
            Unfinished::begin(&home, &Key::derive(b"AGE-SECRET-KEY-1YOU", &[1; 16]), intention(1)).expect("written");
        planted.has_made(&key(), made("planted")).expect("written");
        let mut mine = Unfinished::begin(&home, &key(), intention(1)).expect("written");
        mine.has_made(&key(), made("the-new-secret")).expect("written");
        std::fs::rename(&mine.path, home.file("unfinished-other")).expect("rename");
        std::fs::write(home.file("unfinished-empty"), b"").expect("write");
        let Found { all, unreadable } = Unfinished::find(&home, &key());
        assert!(all.is_empty());
        let planted = planted.path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let mut expected = [planted, "unfinished-empty".into(), "unfinished-other".into()];
        expected.sort();
        assert_eq!(unreadable, expected);
    }

    #[test]
    fn a_secret_has_one_mark_under_one_identity_and_an_intention_without_one_is_still_read() {
        let mark =
            |identity: &[u8], text: &str| Key::derive(identity, &[1; 16]).mark(&Secret::new(text.as_bytes().to_vec()));
        assert_eq!(mark(b"me", "old"), mark(b"me", "old"));
        assert!(mark(b"me", "old") != mark(b"me", "other") && mark(b"me", "old") != mark(b"you", "old"));
        let earlier = r#"{"names":["shop/key"],"begun":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(serde_json::from_str::<Intention>(earlier).expect("read").replaces, None);
    }
}
