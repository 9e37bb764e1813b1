//! zip: entries, and at the end a directory of them (PKWARE's APPNOTE.TXT). What the directory names is looked into; all the
//! rest, such as comments, is looked at as it stands there.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use flate2::Crc;
use zeroize::Zeroizing;

use super::{Looking, damaged, drain, packed, too_early};

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// Behind the end a comment of so many bytes may stand.
const LONGEST_COMMENT: usize = 0xffff;
const WIDE_END: &[u8] = b"PK\x06\x06";
const WIDE_END_LENGTH: usize = 56;
const WIDE_PLACE: &[u8] = b"PK\x06\x07";
const WIDE_PLACE_LENGTH: usize = 20;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
/// The largest directory: that of a million entries with usual names.
const LARGEST_DIRECTORY: u64 = 128 * 1024 * 1024;

const ENCRYPTED: &str = "it is encrypted";
const TOO_LONG: &str = "its list of entries is too long";
const SPLIT: &str = "it is a part of an archive that was split";

/// Where a zip is read from.
pub(super) trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// Whether something ends as a zip does, however it begins: with a directory, and perhaps a comment or a signature behind it.
pub(super) fn is_at_end(source: &mut dyn Source) -> io::Result<bool> {
    let directory = Directory::find(source)?;
    Ok(directory.size > 0 && read_at(source, directory.at, ENTRY.len() as u64)?.starts_with(ENTRY))
}

fn two(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn four(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8).and_then(<[u8]>::first_chunk).map(|bytes| u64::from_le_bytes(*bytes))
}

/// Reads so many bytes from a place.
fn read_at(source: &mut dyn Source, at: u64, length: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length { Err(too_early()) } else { Ok(bytes) }
}

/// Where the directory is.
struct Directory {
    at: u64,
    size: u64,
    /// What stands before the archive, which its own places do not count.
    before: u64,
}

impl Directory {
    fn find(source: &mut dyn Source) -> io::Result<Self> {
        let all = source.seek(SeekFrom::End(0))?;
        let length = all.min((END_LENGTH + LONGEST_COMMENT) as u64);
        let tail = read_at(source, all - length, length)?;
        // Nearly all that is no zip does not have this at all, and that is soon seen.
        memchr::memmem::find(&tail, END).ok_or_else(too_early)?;
        let is_end = |at: &usize| tail[*at..].len() >= END_LENGTH + usize::from(two(&tail, at + END_LENGTH - 2));
        let end = memchr::memmem::rfind_iter(&tail, END).find(|at| tail.len() - at >= END_LENGTH && is_end(at));
        let end = end.ok_or_else(too_early)?;
        let (record, mut behind) = (&tail[end..], all - length + end as u64);
        if two(record, 4) != two(record, 6) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, SPLIT));
        }
        let (mut size, mut at) = (u64::from(four(record, 12)), u64::from(four(record, 16)));
        let place = end.checked_sub(WIDE_PLACE_LENGTH).map(|at| &tail[at..end]);
        if let Some(place) = place.filter(|place| place.starts_with(WIDE_PLACE)) {
            let said = eight(place, 8).ok_or_else(damaged)?;
            let near = behind.checked_sub((WIDE_PLACE_LENGTH + WIDE_END_LENGTH) as u64);
            // Where something stands before the archive, it is not where it says.
            let places = [Some(said), near].into_iter().flatten();
            let is_there = |bytes: &Zeroizing<Vec<u8>>| bytes.starts_with(WIDE_END);
            let found = places.map(|at| (at, read_at(source, at, WIDE_END_LENGTH as u64)));
            let mut found = found.filter_map(|(at, read)| Some((at, read.ok().filter(is_there)?)));
            let (wide_at, wide) = found.next().ok_or_else(damaged)?;
            (size, at) = eight(&wide, 40).zip(eight(&wide, 48)).ok_or_else(damaged)?;
            behind = wide_at;
        }
        // The directory ends where the record begins that tells of it.
        let begins = behind.checked_sub(size).ok_or_else(damaged)?;
        Ok(Self { at: begins, size, before: begins.checked_sub(at).ok_or_else(damaged)? })
    }
}

/// What the directory says of an entry.
struct Entry<'d> {
    name: &'d [u8],
    /// Where the name is in the directory.
    name_at: usize,
    is_encrypted: bool,
    method: u16,
    sum: u32,
    packed: u64,
    size: u64,
    at: u64,
}

impl<'d> Entry<'d> {
    /// The entry at a place of the directory, and where the next one is.
    fn read(directory: &'d [u8], at: usize) -> Option<(Self, usize)> {
        let head = directory.get(at..at + ENTRY_LENGTH).filter(|head| head.starts_with(ENTRY))?;
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(two(head, at)));
        let name_at = at + ENTRY_LENGTH;
        let (extra_at, next) = (name_at + name, name_at + name + extra + comment);
        let (name, extra) = (directory.get(name_at..extra_at)?, directory.get(extra_at..extra_at + extra)?);
        let [packed, size, local] = [20, 24, 42].map(|at| u64::from(four(head, at)));
        let (flags, method, sum) = (two(head, 8), two(head, 10), four(head, 16));
        let is_encrypted = flags & (1 | 1 << 6 | 1 << 13) != 0;
        let mut entry = Self { name, name_at, is_encrypted, method, sum, packed, size, at: local };
        entry.widen(extra)?;
        Some((entry, next))
    }

    /// Takes numbers that have no room in four bytes from where they are then.
    fn widen(&mut self, mut extra: &[u8]) -> Option<()> {
        while extra.len() >= 4 {
            let (id, length) = (two(extra, 0), usize::from(two(extra, 2)));
            let field = extra.get(4..4 + length).unwrap_or_default();
            if id == 1 {
                let mut at = 0;
                for number in [&mut self.size, &mut self.packed, &mut self.at] {
                    if *number == u64::from(u32::MAX) {
                        *number = eight(field, at)?;
                        at += 8;
                    }
                }
                return Some(());
            }
            extra = extra.get(4 + length..).unwrap_or_default();
        }
        Some(())
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with(b"/") && self.size == 0
    }

    /// How long the name is that it has for itself, and where its content begins.
    fn own_head(&self, source: &mut dyn Source) -> io::Result<(u64, u64)> {
        let head = read_at(source, self.at, LOCAL_LENGTH as u64)?;
        if !head.starts_with(LOCAL) {
            return Err(damaged());
        }
        let (name, extra) = (u64::from(two(&head, 26)), u64::from(two(&head, 28)));
        Ok((name, self.at + LOCAL_LENGTH as u64 + name + extra))
    }

    /// What its content unpacks to.
    fn unpacked<'r>(&self, packed: &'r mut dyn Read) -> io::Result<Box<dyn Read + 'r>> {
        if self.is_encrypted {
            return Err(io::Error::new(io::ErrorKind::Unsupported, ENCRYPTED));
        }
        packed::unpacking_entry(self.method, packed).ok_or_else(|| {
            let what = format!("it is packed by a method that keyctl does not know ({})", self.method);
            io::Error::new(io::ErrorKind::Unsupported, what)
        })
    }
}

impl Looking<'_> {
    /// Looks through a zip and what is in it.
    pub(super) fn zip(&mut self, source: &mut dyn Source) -> io::Result<()> {
        let mut looked_into = Vec::new();
        let ended = self.entries(source, &mut looked_into);
        source.rewind()?;
        let looked_into = joined(looked_into);
        let (tell, names, told) = (&mut *self.tell, &self.names, &mut self.told);
        self.engine.look_through_with(self.buffer, source, &mut |hit| {
            // What is told of an entry is not told of the whole again.
            let is_known = |range: &Range<u64>| range.start <= hit.at && hit.at + hit.length as u64 <= range.end;
            let next = looked_into.partition_point(|range| range.end <= hit.at);
            if !looked_into.get(next).is_some_and(is_known) {
                told.insert(super::beside::sort(&hit.what));
                tell(names, super::Told::Found(hit));
            }
        })?;
        ended
    }

    /// Looks into each entry. Ranges of the file that hold what was looked at are put to the others.
    fn entries(&mut self, source: &mut dyn Source, looked_into: &mut Vec<Range<u64>>) -> io::Result<()> {
        let place = Directory::find(source)?;
        if place.size > LARGEST_DIRECTORY {
            return Err(io::Error::new(io::ErrorKind::Unsupported, TOO_LONG));
        }
        let directory = read_at(source, place.at, place.size)?;
        let (mut at, mut last) = (0, Vec::new());
        while at < directory.len() {
            let Some((mut entry, next)) = Entry::read(&directory, at) else { return Err(damaged()) };
            self.limits.entry()?;
            let name = self.name(entry.name, &mut last);
            let name_at = place.at + entry.name_at as u64;
            looked_into.push(name_at..name_at + entry.name.len() as u64);
            entry.at = entry.at.saturating_add(place.before);
            if !entry.is_folder() {
                self.within(name, |looking| {
                    let looked = looking.entry(source, &entry, looked_into);
                    let is_over = looking.limits.met().is_some();
                    looking.say_failure(looked);
                    if is_over { Err(damaged()) } else { Ok(()) }
                })?;
            }
            at = next;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        source: &mut dyn Source,
        entry: &Entry<'_>,
        looked_into: &mut Vec<Range<u64>>,
    ) -> io::Result<()> {
        let (name, content_at) = entry.own_head(source)?;
        let name_at = entry.at + LOCAL_LENGTH as u64;
        // What the entry calls itself may be another name than the directory's.
        if *read_at(source, name_at, name)? == entry.name {
            looked_into.push(name_at..name_at + name);
        }
        source.seek(SeekFrom::Start(content_at))?;
        let mut packed = source.take(entry.packed);
        let unpacked = entry.unpacked(&mut packed)?;
        let mut unpacked = Summed { reader: self.limits.coming_out(unpacked), sum: Crc::new(), size: 0 };
        self.stream(&mut unpacked)?;
        drain(&mut unpacked)?;
        if unpacked.size != entry.size || unpacked.sum.sum() != entry.sum {
            return Err(if unpacked.size < entry.size { too_early() } else { damaged() });
        }
        if entry.method == 0 {
            looked_into.push(content_at..content_at + entry.packed);
        }
        Ok(())
    }
}

/// What is in the one entry of this name, at most so many bytes; nothing where there is none.
pub(super) fn content(source: &mut dyn Source, name: &[u8], most: u64) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let place = Directory::find(source)?;
    if place.size > LARGEST_DIRECTORY {
        return Err(io::Error::new(io::ErrorKind::Unsupported, TOO_LONG));
    }
    let directory = read_at(source, place.at, place.size)?;
    let (mut at, mut found) = (0, None);
    while at < directory.len() {
        let (entry, next) = Entry::read(&directory, at).ok_or_else(damaged)?;
        // Which of two is meant nobody can tell.
        if entry.name == name && found.replace(entry).is_some() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "it has two entries of one name"));
        }
        at = next;
    }
    let Some(mut entry) = found else { return Ok(None) };
    entry.at = entry.at.saturating_add(place.before);
    if entry.size > most {
        return Err(io::Error::new(io::ErrorKind::Unsupported, format!("it has more than {} MiB", most >> 20)));
    }
    let (_, content_at) = entry.own_head(source)?;
    source.seek(SeekFrom::Start(content_at))?;
    let mut packed = source.take(entry.packed);
    let mut unpacked = entry.unpacked(&mut packed)?.take(entry.size + 1);
    // With all the room that is needed: what grows leaves a copy behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(entry.size + 1).map_err(|_| damaged())?));
    unpacked.read_to_end(&mut bytes)?;
    let mut sum = Crc::new();
    sum.update(&bytes);
    if bytes.len() as u64 != entry.size || sum.sum() != entry.sum {
        return Err(damaged());
    }
    Ok(Some(bytes))
}

/// Ranges in order and apart.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut().filter(|last| last.end > range.start) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

/// A reader that adds up what it reads.
struct Summed<R> {
    reader: R,
    sum: Crc,
    size: u64,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.sum.update(&bytes[..read]);
        self.size += read as u64;
        Ok(read)
    }
}
