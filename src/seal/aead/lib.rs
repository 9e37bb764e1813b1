//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) for keyctl's seals: `RustCrypto`'s, without its generics, so that all of
//! it is compiled here and for speed. Who verifies a history opens a million seals.

use std::ops::Range;

use chacha20poly1305::{
    KeyInit, Tag, XChaCha20Poly1305, XNonce,
    aead::{Aead, AeadInOut, Payload},
};

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce; long enough to be drawn anew each time without counting.
pub const NONCE: usize = 24;
/// Bytes of the tag that a ciphertext ends with.
pub const TAG: usize = 16;

/// The nonce, then the ciphertext of `plain` and its tag. `None` where there is more than one seal can hold (2^38 bytes).
#[must_use]
pub fn seal(key: &[u8; KEY], nonce: &[u8; NONCE], associated: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg: plain, aad: associated };
    let ciphertext = XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(*nonce), payload).ok()?;
    Some([&nonce[..], &ciphertext].concat())
}

/// Opens what [`seal`] gave where it lies, and says where in it the text now is. `None` for whatever this key has not
/// sealed with the same `associated`; the bytes are then as they were.
#[must_use]
pub fn open_in_place(key: &[u8; KEY], associated: &[u8], sealed: &mut [u8]) -> Option<Range<usize>> {
    let (rest, tag) = sealed.split_last_chunk_mut::<TAG>()?;
    let (nonce, text) = rest.split_first_chunk_mut::<NONCE>()?;
    let text_length = text.len();
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt_inout_detached(&XNonce::from(*nonce), associated, text.into(), &Tag::from(*tag)).ok()?;
    Some(NONCE..NONCE + text_length)
}
