//! The head: a small sealed file that says where the log ends, so that a cut end is found.
//!
//! Sealed with "keyctl-history-head-v1" associated: `n offset hex(h_n) m offset hex(h_m) lost file closed pruned left b
//! hex(h_b)`, where `n` is the last entry, `m` the last one that was surely on the disk, and `lost` how many were found
//! missing and are not yet noted in the log. `file` is the number that the log's file gets when it is closed, `closed` is 1
//! where its last entry closes it; `pruned` is the last file that was pruned, `left` the first that may still lie there,
//! and `b` the last entry that was pruned. Before there were segments a head ended with `lost`; it is read as one of a
//! first file.
//!
//! It is filled up with spaces so that every head has the same size. So it can be written over the former one in one call of
//! less than a disk's sector: a kill leaves the old or the new one, and so does a power cut on a disk that writes sectors
//! whole. A new file and a rename in its stead made `run` wait: ext4 writes a file out when it is renamed over another
//! (3.6 ms of 4 in a measurement). Not synced but where files change: a head that is behind is rolled forward over the lines
//! after it. The second half is there because `run` does not wait for the disk: after a power cut the log may end before
//! `n`, and that must neither pass for a whole log nor for a forged one. Such a head is replaced, and synced, before the log
//! grows again: else the head's end would come to lie in the middle of a new line.

use std::{
    io::{self, Read},
    path::Path,
};

use super::{chain::Position, segment::Files};
use crate::{failure::Result, hex, home, platform, seal::SealKey};

const ASSOCIATED: &[u8] = b"keyctl-history-head-v1";
/// Bytes of a head before it is sealed: ten numbers and three times 64 hex digits and the spaces fit in.
const PLAIN: usize = 448;
/// A head has 488 bytes; more is none, and a sector of a disk has at least this many.
const LARGEST: usize = 512;

/// Where the log ends and how far it was on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub end: Position,
    pub synced: Position,
    pub lost: u64,
    pub files: Files,
}

/// What stands where the head should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Head(Head),
    /// No file, or one of no bytes, as a power cut may leave it.
    Nothing,
    /// A file that this identity did not seal for this log.
    Foreign,
}

/// Reads the head: one open, one read.
pub(super) fn read(path: &Path, key: &SealKey, start: Position) -> io::Result<Found> {
    let mut file = match platform::open_untrusted(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; LARGEST];
    let length = file.read(&mut bytes)?;
    if length == 0 {
        return Ok(Found::Nothing);
    }
    let plain = key.open(ASSOCIATED, &bytes[..length]);
    let head = plain.and_then(|plain| parse(std::str::from_utf8(&plain).ok()?, start));
    Ok(head.map_or(Found::Foreign, Found::Head))
}

/// The head's bytes.
pub(super) fn seal(head: &Head, key: &SealKey) -> Result<Vec<u8>> {
    let one = |at: &Position| format!("{} {} {}", at.seq, at.offset, hex::encode(&at.hash));
    let Head { end, synced, lost, files } = head;
    let Files { current, closed, pruned, left, base } = files;
    let ends = format!("{} {} {lost}", one(end), one(synced));
    let closed = u8::from(*closed);
    let text = format!("{ends} {current} {closed} {pruned} {left} {} {}", base.seq, hex::encode(&base.hash));
    key.seal(ASSOCIATED, format!("{text:<PLAIN$}").as_bytes())
}

/// Puts sealed bytes in the head's place: over the former head where there is a whole one and the disk is not waited for,
/// else as a new file.
pub(super) fn replace(path: &Path, sealed: &[u8], sync: bool) -> io::Result<()> {
    if !sync && platform::overwrite(path, sealed)? {
        return Ok(());
    }
    home::replace_file(path, sealed, sync)
}

fn parse(text: &str, start: Position) -> Option<Head> {
    let mut words = text.trim_end().split(' ');
    let mut one = || {
        let seq = words.next()?.parse().ok()?;
        let offset = words.next()?.parse().ok()?;
        Some(Position { seq, offset, hash: hex::decode(words.next()?)? })
    };
    let (end, synced) = (one()?, one()?);
    let lost = words.next()?.parse().ok()?;
    let Some(current) = words.next() else {
        return Some(Head { end, synced, lost, files: Files::first(start) });
    };
    let mut number = || words.next()?.parse().ok();
    let (closed, pruned, left, seq) = (number()?, number()?, number()?, number()?);
    let base = Position { seq, offset: 0, hash: hex::decode(words.next()?)? };
    let files = Files { current: current.parse().ok()?, closed: closed == 1, pruned, base, left };
    words.next().is_none().then_some(Head { end, synced, lost, files })
}
