//! Looking into archives: zip and what is one under another name (jar, whl, docx), tar, and what gzip, bzip2, xz, lzma and
//! zstd have packed. What a file is, its first bytes say and not its name; only a zip may stand behind something else. What
//! was packed is looked at as it is, too, for what stands beside the content.
//!
//! An archive is made by anybody. So each looks through in bounded memory, archives within one another to a bounded depth, and
//! what comes out of one file is bounded too ([`limits`]); where a bound is met, where an entry is encrypted, damaged or packed
//! in an unknown way, that is told with its name: nothing is passed over in silence. Names in it are nobody's paths: they are
//! told and never opened. Nothing is written anywhere, and nothing in an archive is ever changed.

mod beside;
mod limits;
mod packed;
mod tar;
mod zip;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Cursor, Read, Seek},
    path::{Path, PathBuf},
    rc::Rc,
};

use zeroize::Zeroizing;

use super::{
    engine::{Buffer, Engine},
    finding::{Hit, What},
    git::path_of,
    names, untold,
};
use crate::{failure::reason, secret::Secret};
use beside::sort;
use limits::Limits;

/// How many archives may lie in one another.
pub const DEEPEST: usize = 4;
/// The largest zip that is looked into where it is no file of its own: it is read from its end.
const LARGEST_ZIP: u64 = 64 * 1024 * 1024;
/// What has no more bytes is read whole, so that it is seen whether it ends as a zip does.
const SMALL: usize = 1024 * 1024;
/// How many of the first bytes tell what something is: a head of tar's.
const HEAD: usize = tar::BLOCK;
/// The longest name that is told; longer ones are cut.
const LONGEST_NAME: usize = 1024;
/// What is in a file that only packs another one.
const UNPACKED: &str = "unpacked";

#[cfg(test)]
#[path = "fuzz_tests.rs"]
mod fuzz_tests;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;

/// What is told of a place in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something was found there.
    Found(Hit),
    /// It could not be looked at, and why.
    Unread(String),
}

/// Who is told: of what lies under these names, the outermost first. Without any it is in the bytes that were given.
pub type Tell<'t> = &'t mut dyn FnMut(&[PathBuf], Told);

/// How much was looked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many bytes, as they were given.
    pub bytes: u64,
    /// How many entries of archives.
    pub entries: u64,
}

/// What some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
    /// One that is known and not looked into.
    Other(&'static str),
}

impl Kind {
    fn of(head: &[u8]) -> Option<Self> {
        const HEADS: &[(&[u8], Kind)] = &[
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"PK\x07\x08PK\x03\x04", Kind::Zip),
            (b"\x1f\x8b\x08", Kind::Gzip),
            (b"\xfd7zXZ\0", Kind::Xz),
            (b"\x28\xb5\x2f\xfd", Kind::Zstd),
            (b"7z\xbc\xaf\x27\x1c", Kind::Other("7z")),
            (b"Rar!\x1a\x07", Kind::Other("rar")),
            (packed::LZ4, Kind::Other("lz4")),
            (b"LZIP\x01", Kind::Other("lzip")),
            (b"!<arch>\ndebian-binary", Kind::Other("deb")),
            (b"\xed\xab\xee\xdb", Kind::Other("rpm")),
        ];
        // `BZh`, a digit, and then what a block or the end begins with.
        let is_bzip2 = head.strip_prefix(b"BZh").is_some_and(|rest| {
            let blocks = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
            rest.first().is_some_and(u8::is_ascii_digit) && blocks.iter().any(|block| rest[1..].starts_with(*block))
        });
        if is_bzip2 {
            return Some(Self::Bzip2);
        }
        // Frames to be skipped may come first; pzstd begins with one.
        if matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
            return Some(Self::Zstd);
        }
        if packed::is_lzma(head) {
            return Some(Self::Lzma);
        }
        let known = HEADS.iter().find(|(start, _)| head.starts_with(start)).map(|(_, kind)| *kind);
        known.or_else(|| tar::is_head(head).then_some(Self::Tar))
    }
}

/// Looks through a stream, and into it where it is an archive.
///
/// # Errors
/// When it cannot be read.
pub fn look_through(engine: &Engine, buffer: &mut Buffer, reader: &mut dyn Read, tell: Tell<'_>) -> io::Result<Amount> {
    let limits = Rc::new(Limits::of_stream());
    let mut looking = Looking::new(engine, buffer, tell, &limits);
    looking.stream(&mut limits.coming_in(reader))?;
    Ok(limits.amount())
}

/// The same for a file, which a zip may end that begins in another way.
///
/// # Errors
/// When it cannot be read.
pub fn look_through_file(engine: &Engine, buffer: &mut Buffer, file: &mut File, tell: Tell<'_>) -> io::Result<Amount> {
    let mut head = [0; HEAD];
    let filled = fill(file, &mut head)?;
    let size = file.metadata()?.len();
    let kind = match Kind::of(&head[..filled]) {
        None if size > SMALL as u64 && zip::is_at_end(file).unwrap_or(false) => Some(Kind::Zip),
        kind => kind,
    };
    file.rewind()?;
    let limits = Rc::new(Limits::of_size(size));
    let mut looking = Looking::new(engine, buffer, tell, &limits);
    match kind {
        None => {
            let bytes = looking.unknown(&[], file)?;
            return Ok(Amount { bytes, ..limits.amount() });
        }
        Some(Kind::Zip) => {
            looking.depth += 1;
            let ended = looking.zip(file);
            looking.say_failure(ended);
        }
        Some(kind) => looking.archive(kind, file),
    }
    Ok(limits.amount())
}

/// Whether these bytes begin as a zip with entries does.
#[must_use]
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// What is in the entry of this name of a zip, at most so many bytes; nothing where it has none.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn entry_of_zip(bytes: &[u8], name: &str, most: usize) -> Result<Option<Secret>, String> {
    let content = zip::content(&mut Cursor::new(bytes), name.as_bytes(), most as u64);
    content
        .map(|content| content.map(|mut bytes| Secret::new(std::mem::take(&mut *bytes))))
        .map_err(|error| why(&error))
}

/// One that looks into archives, with where it is.
struct Looking<'l> {
    engine: &'l Engine,
    buffer: &'l mut Buffer,
    tell: Tell<'l>,
    /// The names under which it looks, the outermost first.
    names: Vec<PathBuf>,
    /// How many archives are around what it looks at.
    depth: usize,
    limits: Rc<Limits>,
    /// What was told: what of it is found again in packed bytes is the same.
    told: BTreeSet<What>,
    /// Room for what is small.
    rooms: Vec<Zeroizing<Vec<u8>>>,
}

impl<'l> Looking<'l> {
    fn new(engine: &'l Engine, buffer: &'l mut Buffer, tell: Tell<'l>, limits: &Rc<Limits>) -> Self {
        let (names, told, rooms, limits) = (Vec::new(), BTreeSet::new(), Vec::new(), limits.clone());
        Self { engine, buffer, tell, names, depth: 0, limits, told, rooms }
    }

    /// Looks through bytes, whatever they are.
    fn stream(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        let mut head = [0; HEAD];
        let filled = self.start(reader, &mut head)?;
        if filled == 0 {
            return Ok(());
        }
        let Some(kind) = Kind::of(&head[..filled]) else {
            return self.unknown(&head[..filled], reader).map(drop);
        };
        let mut whole = (&head[..filled]).chain(reader);
        if self.depth >= DEEPEST {
            self.unread(format!("more than {DEEPEST} archives lie in one another"));
            return self.plain(&mut whole).map(drop);
        }
        self.archive(kind, &mut whole);
        Ok(())
    }

    /// Looks through what does not begin as an archive. What is small is looked into where it ends as a zip.
    fn unknown(&mut self, head: &[u8], reader: &mut dyn Read) -> io::Result<u64> {
        // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
        let mut room = self.rooms.pop().unwrap_or_else(|| Vec::with_capacity(SMALL + 64).into());
        room.clear();
        room.extend_from_slice(head);
        let read = (&mut *reader).take((SMALL + 1 - head.len()) as u64).read_to_end(&mut room);
        let is_whole = read.is_ok() && room.len() <= SMALL;
        let is_zip = is_whole && self.depth < DEEPEST && zip::is_at_end(&mut Cursor::new(&**room)).unwrap_or(false);
        let looked = if is_zip {
            self.depth += 1;
            let ended = self.zip(&mut Cursor::new(&**room));
            self.depth -= 1;
            self.say_failure(ended);
            Ok(room.len() as u64)
        } else if is_whole {
            self.plain(&mut room.as_slice())
        } else {
            self.plain(&mut room.as_slice().chain(&mut *reader))
        };
        self.rooms.push(room);
        read.and(looked)
    }

    /// Reads the start of something; of what cannot be read further than that it is looked through.
    fn start(&mut self, reader: &mut dyn Read, head: &mut [u8]) -> io::Result<usize> {
        let mut reader = UpToFailure { reader, failed: None };
        let filled = fill(&mut reader, head)?;
        match reader.failed {
            Some(error) => self.plain(&mut &head[..filled]).and(Err(error)),
            None => Ok(filled),
        }
    }

    /// Looks through bytes as they are. What came before they could not be read further is looked through too.
    fn plain(&mut self, reader: &mut dyn Read) -> io::Result<u64> {
        let (tell, names, told) = (&mut *self.tell, &self.names, &mut self.told);
        let mut reader = UpToFailure { reader, failed: None };
        let mut found = |hit: Hit| {
            told.insert(sort(&hit.what));
            tell(names, Told::Found(hit));
        };
        let read = self.engine.look_through_with(self.buffer, &mut reader, &mut found)?;
        reader.failed.map_or(Ok(read), Err)
    }

    /// Looks into an archive; that it could not be read to its end is told.
    fn archive(&mut self, kind: Kind, reader: &mut dyn Read) {
        self.depth += 1;
        let ended = match kind {
            Kind::Tar => self.tar(reader),
            Kind::Zip => self.zip_within(reader),
            Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Lzma | Kind::Zstd => self.packed_and_beside(kind, reader),
            Kind::Other(what) => {
                self.unread(format!("keyctl does not look into {what}"));
                self.plain(reader).map(drop)
            }
        };
        self.depth -= 1;
        self.say_failure(ended);
    }

    /// Looks into what was packed. A tar in it is what the file is to everybody; it has no name of its own.
    fn packed(&mut self, kind: Kind, reader: &mut dyn Read) -> io::Result<()> {
        let mut unpacked = self.limits.coming_out(packed::unpacking(kind, reader)?);
        let mut head = [0; HEAD];
        let filled = self.within(UNPACKED.into(), |looking| looking.start(&mut unpacked, &mut head))?;
        let mut whole = (&head[..filled]).chain(&mut unpacked);
        if Kind::of(&head[..filled]) == Some(Kind::Tar) {
            return self.tar(&mut whole);
        }
        self.limits.entry()?;
        self.within(UNPACKED.into(), |looking| looking.stream(&mut whole))?;
        drain(&mut whole)
    }

    /// Looks into a zip that is no file of its own.
    fn zip_within(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Zeroizing::new(Vec::new());
        let room = self.limits.room(LARGEST_ZIP);
        let read = reader.take(room + 1).read_to_end(&mut bytes);
        let length = bytes.len() as u64;
        self.limits.take_room(length);
        let looked = if length > room {
            self.unread(format!("a zip larger than {} MB is only looked into where it is a file", LARGEST_ZIP >> 20));
            self.plain(&mut bytes.as_slice().chain(reader)).map(drop)
        } else {
            // Of one that was cut off its beginning may tell something.
            self.zip(&mut Cursor::new(bytes.as_slice()))
        };
        self.limits.give_room_back(length);
        looked.and(read.map(drop))
    }

    /// Does something below a name.
    fn within<T>(&mut self, name: PathBuf, doing: impl FnOnce(&mut Self) -> T) -> T {
        self.names.push(name);
        let done = doing(self);
        self.names.pop();
        done
    }

    /// Looks at a name of an entry, each part of it that the one before did not have; gives it as it is told.
    fn name(&mut self, name: &[u8], before: &mut Vec<u8>) -> PathBuf {
        let same = name.iter().zip(&*before).take_while(|(one, other)| one == other).count();
        let mut at = 0;
        for part in name.split(|byte| *byte == b'/') {
            let end = at + part.len();
            // Up to where they differ both have these parts, if they end there in both.
            let is_known = end < same || end == same && before.get(end).is_none_or(|byte| *byte == b'/');
            if !is_known {
                let mut hits = Vec::new();
                names::look_at(self.engine, part, &mut |hit| hits.push(hit));
                for hit in hits {
                    let path = self.told_name(&name[..end]);
                    self.within(path, |looking| looking.found(hit));
                }
            }
            at = end + 1;
        }
        name.clone_into(before);
        self.told_name(name)
    }

    /// A name as it is told: a long one without its end, and without what a cut secret would tell.
    fn told_name(&self, name: &[u8]) -> PathBuf {
        let path = path_of(name);
        if name.len() <= LONGEST_NAME {
            return path;
        }
        let told = untold::path(self.engine, Path::new(&path)).to_string_lossy().into_owned();
        told.chars().take(LONGEST_NAME).chain(['…']).collect::<String>().into()
    }

    /// Looks at words that an entry has beside its name and its content.
    fn words(&mut self, words: &[u8]) {
        let mut hits = Vec::new();
        names::look_at(self.engine, words, &mut |hit| hits.push(hit));
        for hit in hits {
            self.found(hit);
        }
    }

    fn found(&mut self, hit: Hit) {
        self.told.insert(sort(&hit.what));
        (self.tell)(&self.names, Told::Found(hit));
    }

    fn unread(&mut self, why: impl Into<String>) {
        (self.tell)(&self.names, Told::Unread(why.into()));
    }

    /// Tells why something could not be read, if it could not. A bound that was met is told once.
    fn say_failure(&mut self, ended: io::Result<()>) {
        let Err(error) = ended else { return };
        match self.limits.met() {
            Some(why) if self.limits.is_told() => self.unread(why),
            Some(_) => {}
            None => self.unread(why(&error)),
        }
    }
}

/// Why something could not be read, in the words of who uses it.
fn why(error: &io::Error) -> String {
    match error.kind() {
        _ if error.raw_os_error().is_some() => reason(error),
        io::ErrorKind::UnexpectedEof => "it ends too early".into(),
        io::ErrorKind::OutOfMemory => "it needs more memory than it is given".into(),
        io::ErrorKind::Unsupported => error.to_string(),
        _ => "it is damaged".into(),
    }
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn too_early() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Reads until this is full or there is no more, and says how much there was.
fn fill(reader: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads what is left, so that it is counted, checked and behind.
fn drain(reader: &mut dyn Read) -> io::Result<()> {
    io::copy(reader, &mut io::sink()).map(drop)
}

/// A reader that ends where it fails, so that what came before is not lost.
struct UpToFailure<'r> {
    reader: &'r mut dyn Read,
    failed: Option<io::Error>,
}

impl Read for UpToFailure<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_some() {
            return Ok(0);
        }
        match self.reader.read(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.failed = Some(error);
                Ok(0)
            }
            other => other,
        }
    }
}
