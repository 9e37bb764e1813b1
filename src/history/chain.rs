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
//! So a seal opens only at its own number, in its own log, after exactly the entries it was written after. One text only
//! is right for each line: the number as the next in plain digits, base64 with its padding and no bits left over, lower
//! case hex. The padding hides how long names are. The body is bounded, so reading is, too.

use base64::{Engine as _, engine::general_purpose::STANDARD};
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

/// The chain at one place: the next line is written or checked there, and moves it on.
pub(super) struct Chain<'a> {
    key: &'a SealKey,
    id: &'a LogId,
    pub at: Position,
}

impl<'a> Chain<'a> {
    pub(super) fn new(key: &'a SealKey, id: &'a LogId, at: Position) -> Self {
        Self { key, id, at }
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
    pub(super) fn open(&mut self, line: &[u8]) -> std::result::Result<Zeroizing<Vec<u8>>, &'static str> {
        let rest = line.strip_prefix(b"1.").ok_or("it is not a line of version 1")?;
        let numbered = rest.strip_prefix(format!("{}.", self.at.seq + 1).as_bytes());
        let rest = numbered.ok_or("its number is not the next one")?;
        let dot = rest.iter().position(|&byte| byte == b'.').ok_or("it has no chain value")?;
        let body = STANDARD.decode(&rest[..dot]).map_err(|_| "it is not base64")?;
        let hash = self.hash_after(&body);
        if rest[dot + 1..] != *hex::encode(&hash).as_bytes() {
            return Err("its chain value is wrong");
        }
        let plain = self.key.open(&self.associated(), &body).ok_or("its seal does not open")?;
        self.move_on(hash, line.len() + 1);
        Ok(plain)
    }

    fn associated(&self) -> Vec<u8> {
        [DOMAIN, self.id, &[0], &(self.at.seq + 1).to_be_bytes(), &self.at.hash].concat()
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
