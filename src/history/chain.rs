//! The chain: how one entry becomes one line, and what makes a line the only one that can stand where it stands.
//!
//! ```text
//! line   1.<n>.<base64(body)>.<hex h_n>\n                 at most 8 KiB; 1 is the format's version, n counts from 1
//! body   nonce || ciphertext                              the event's JSON, padded with spaces to a multiple of 64
//! h_0    SHA256("keyctl-history-v1\0" || log id)
//! h_n    SHA256(h_(n-1) || be64(n) || be64(length of body) || body)
//! seal   associated with "keyctl-history-v1\0" || log id || 0 || be64(n) || h_(n-1)
//! ```
//!
//! Which key a line's seal is of is told by its number alone: entries up to the one that a former key ends with are of that
//! key (rekey.rs), all others of the identity's.
//!
//! So a seal opens only at its own number, in its own log, after exactly the entries it was written after. One text only
//! is right for each line: the number as the next in plain digits, base64 with its padding and no bits left over, lower
//! case hex. The padding hides how long names are. The body is bounded, so reading is, too.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use memchr::arch::all::memchr::One;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    failure::Result,
    hex,
    seal::{OVERHEAD, SealKey},
};

/// The most bytes one line may have, its line break included.
pub(super) const LONGEST_LINE: usize = 8 * 1024;
/// Entries are padded to multiples of this.
const BLOCK: usize = 64;
/// The most bytes of JSON that fit: what `1.`, 20 digits, two dots, 64 hex digits and `\n` leave, as base64 and sealed.
pub(super) const LONGEST_PLAIN: usize = ((LONGEST_LINE - 89) / 4 * 3 - OVERHEAD) / BLOCK * BLOCK;
/// What every hash and seal of this version begins with.
const DOMAIN: &[u8] = b"keyctl-history-v1\0";
/// Bytes that a seal is associated with.
const ASSOCIATED: usize = DOMAIN.len() + 16 + 1 + 8 + 32;
/// What is wrong with a line that another belongs before, or that stood here already.
pub(super) const OUT_OF_ORDER: &str = "its number is not the next one";

/// What is wrong with the entry that a former key ends with.
pub(super) const NOT_THE_LAST: &str = "it is not the entry that the identity was changed after";

/// Which log, as the store keeps it: 16 random bytes.
pub type LogId = [u8; 16];

/// A place between two lines: after entry `seq`, whose chain value is `hash`, at byte `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub seq: u64,
    pub offset: u64,
    pub hash: [u8; 32],
}

impl Position {
    /// The beginning of a log.
    pub(super) fn start(id: &LogId) -> Self {
        let hash = Sha256::new().chain_update(DOMAIN).chain_update(id).finalize().into();
        Self { seq: 0, offset: 0, hash }
    }
}

/// A key that entries were sealed with before the identity was changed.
pub(super) struct Former {
    pub key: SealKey,
    /// The last entry that it sealed.
    pub last: u64,
    /// The chain value of that entry.
    pub hash: [u8; 32],
}

/// The chain at one place: the next line is written or checked there, and moves it on.
pub(super) struct Chain<'a> {
    key: &'a SealKey,
    /// Keys of earlier entries, the earliest first.
    former: &'a [Former],
    id: &'a LogId,
    pub at: Position,
    /// The body of the last line that was opened, and where in it its JSON lies. One for all lines, so that a million of
    /// them need no more memory than one, and what was opened is wiped.
    body: Zeroizing<Vec<u8>>,
    plain: Range<usize>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(key: &'a SealKey, former: &'a [Former], id: &'a LogId, at: Position) -> Self {
        Self { key, former, id, at, body: Zeroizing::default(), plain: 0..0 }
    }

    /// The next line, with its line break.
    pub(super) fn seal(&mut self, json: &[u8]) -> Result<Vec<u8>> {
        let mut plain = json.to_vec();
        plain.resize(json.len().next_multiple_of(BLOCK), b' ');
        let body = self.key.seal(&self.associated(), &plain)?;
        let hash = self.hash_after(&body);
        let line = format!("1.{}.{}.{}\n", self.at.seq + 1, STANDARD.encode(&body), hex::encode(&hash)).into_bytes();
        self.move_on(hash, line.len());
        Ok(line)
    }

    /// Opens what must be the next line, without its line break. On a flaw the chain stays where it is.
    pub(super) fn open(&mut self, line: &[u8]) -> std::result::Result<(), &'static str> {
        self.plain = 0..0;
        let rest = line.strip_prefix(b"1.").ok_or("it is not a line of version 1")?;
        let rest = without_number(rest, self.at.seq + 1).ok_or(OUT_OF_ORDER)?;
        // Not the fastest there is, which asks the processor first what it can do: in a virtual one that takes as long as a line.
        let dot = One::new(b'.').find(rest).ok_or("it has no chain value")?;
        self.body.clear();
        // At once what the longest needs: a buffer that grows leaves pieces of itself behind.
        self.body.reserve(LONGEST_LINE);
        STANDARD.decode_vec(&rest[..dot], &mut self.body).map_err(|_| "it is not base64")?;
        let hash = self.hash_after(&self.body);
        if rest[dot + 1..] != digits(&hash) {
            return Err("its chain value is wrong");
        }
        let associated = self.associated();
        let key = self.key_of_next(&hash)?;
        self.plain = key.open_in_place(&associated, &mut self.body).ok_or("its seal does not open")?;
        self.move_on(hash, line.len() + 1);
        Ok(())
    }

    /// The JSON of the line that was opened last.
    pub(super) fn json(&self) -> &[u8] {
        &self.body[self.plain.clone()]
    }

    /// Goes on at the beginning of another file.
    pub(super) fn next_file(&mut self) {
        self.at.offset = 0;
    }

    /// The key of the next line, which would have this chain value.
    fn key_of_next(&self, hash: &[u8; 32]) -> std::result::Result<&'a SealKey, &'static str> {
        match self.former.iter().find(|former| self.at.seq < former.last) {
            None => Ok(self.key),
            Some(former) if self.at.seq + 1 == former.last && former.hash != *hash => Err(NOT_THE_LAST),
            Some(former) => Ok(&former.key),
        }
    }

    fn associated(&self) -> [u8; ASSOCIATED] {
        let mut bytes = [0; ASSOCIATED];
        let mut rest = bytes.as_mut_slice();
        for part in [DOMAIN, self.id, &[0], &(self.at.seq + 1).to_be_bytes(), &self.at.hash] {
            let (here, after) = rest.split_at_mut(part.len());
            here.copy_from_slice(part);
            rest = after;
        }
        bytes
    }

    fn hash_after(&self, body: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.at.hash)
            .chain_update((self.at.seq + 1).to_be_bytes())
            .chain_update((body.len() as u64).to_be_bytes())
            .chain_update(body)
            .finalize()
            .into()
    }

    fn move_on(&mut self, hash: [u8; 32], length: usize) {
        self.at = Position { seq: self.at.seq + 1, offset: self.at.offset + length as u64, hash };
    }
}

/// What follows `number.`, if the line has just this number.
fn without_number(line: &[u8], number: u64) -> Option<&[u8]> {
    let mut decimal = [0; 20];
    let mut from = decimal.len();
    let mut left = number;
    loop {
        from -= 1;
        decimal[from] = b'0' + u8::try_from(left % 10).ok()?;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    line.strip_prefix(&decimal[from..])?.strip_prefix(b".")
}

/// What [`hex::encode`] gives, without asking for memory.
fn digits(hash: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (two, byte) in text.chunks_exact_mut(2).zip(hash) {
        two[0] = DIGITS[usize::from(byte >> 4)];
        two[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// The number and the chain value that a line claims to have. Nothing is proven by it.
pub(super) fn claimed(line: &[u8]) -> Option<(u64, [u8; 32])> {
    let mut fields = std::str::from_utf8(line).ok()?.strip_prefix("1.")?.split('.');
    let number = fields.next()?.parse().ok()?;
    Some((number, hex::decode(fields.nth(1)?)?))
}
