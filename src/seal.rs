//! Sealing: what keyctl writes outside the store and must find again unread and unchanged, such as the history and the
//! approvals.
//!
//! A key is derived from the identity for one purpose: HKDF-SHA256 (RFC 5869) with the identity's secret as input, a
//! random salt and the purpose as info. So what is sealed for one purpose opens for no other, and whoever lacks the
//! identity can neither read nor write it. Sealed bytes are a random 24-byte nonce and then XChaCha20-Poly1305's
//! ciphertext (draft-irtf-cfrg-xchacha-03); the nonce is long enough to be drawn anew each time without counting.

use std::ops::Range;

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use keyctl_aead::{NONCE, TAG};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result},
    random,
    secret::Secret,
};

/// How many bytes sealing adds: the nonce and the 16 bytes of the tag.
pub const OVERHEAD: usize = NONCE + TAG;

/// A key for one purpose, wiped on drop. It has no `Debug` and no `Clone` on purpose.
pub struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// The key of this identity for this purpose. The same three always give the same key.
    #[must_use]
    pub fn derive(identity_secret: &[u8], salt: &[u8], purpose: &str) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // HKDF-SHA256 gives up to 8160 bytes (RFC 5869, 2.3), so 32 are always to be had.
        Hkdf::<Sha256>::new(Some(salt), identity_secret)
            .expand(purpose.as_bytes(), key.as_mut())
            .expect("32 bytes are within what HKDF-SHA256 gives");
        Self(key)
    }

    /// The key itself, for whoever keeps it where its owner alone reads.
    #[must_use]
    pub fn to_kept(&self) -> Secret {
        Secret::new(self.0.to_vec())
    }

    /// A key that was kept; `None` for what is none.
    #[must_use]
    pub fn from_kept(kept: &Secret) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        (kept.len() == key.len()).then(|| key.copy_from_slice(kept.expose()))?;
        Some(Self(key))
    }

    /// Seals `plain`; `associated` is not kept, but opening needs the very same.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.seal_with(random::bytes()?, associated, plain)
            .ok_or_else(|| Failure::new(Kind::Disk, "there is more to seal than one seal can hold"))
    }

    /// What was sealed, if this key sealed it with the same `associated` and nothing was changed since.
    #[must_use]
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut opened = Zeroizing::new(sealed.to_vec());
        let text = self.open_in_place(associated, &mut opened)?;
        opened.truncate(text.end);
        opened.drain(..text.start);
        Some(opened)
    }

    /// As [`SealKey::open`], where the sealed bytes lie: for whoever opens a great many. Gives where in them the text now is.
    #[must_use]
    pub fn open_in_place(&self, associated: &[u8], sealed: &mut [u8]) -> Option<Range<usize>> {
        keyctl_aead::open_in_place(&self.0, associated, sealed)
    }

    /// Sixteen bytes that stand for a text: always the same with this key, and told by nobody who lacks it (the first
    /// half of HMAC-SHA256, RFC 2104).
    #[must_use]
    pub fn mark(&self, text: &[u8]) -> [u8; 16] {
        // HMAC takes a key of any length, so there is always a code.
        let mut hmac = <Hmac<Sha256> as Mac>::new_from_slice(&*self.0).expect("a key of any length");
        hmac.update(text);
        let code = hmac.finalize().into_bytes();
        std::array::from_fn(|at| code[at])
    }

    fn seal_with(&self, nonce: [u8; NONCE], associated: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        keyctl_aead::seal(&self.0, &nonce, associated, plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 5869, appendix A, tests 1 to 3; the first 32 bytes, as an HKDF of fewer bytes is the beginning of a longer.
    #[test]
    fn the_key_is_what_rfc_5869_says() {
        let numbers = |from: u8, count: u8| (from..=from + (count - 1)).collect::<Vec<u8>>();
        let cases = [
            (
                vec![0x0b; 22],
                numbers(0, 13),
                numbers(0xf0, 10),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            (
                numbers(0, 80),
                numbers(0x60, 80),
                numbers(0xb0, 80),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
            ),
            (vec![0x0b; 22], vec![], vec![], "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
        ];
        for (secret, salt, info, expected) in cases {
            let mut key = [0; 32];
            Hkdf::<Sha256>::new(Some(&salt), &secret).expand(&info, &mut key).unwrap();
            assert_eq!(key[..], bytes(expected)[..]);
            // The same through the door that takes text, where the info is text.
            if let Ok(purpose) = std::str::from_utf8(&info) {
                assert_eq!(SealKey::derive(&secret, &salt, purpose).0[..], bytes(expected)[..]);
            }
        }
    }

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn sealed_bytes_are_what_the_xchacha_draft_says() {
        let key = SealKey(Zeroizing::new(std::array::from_fn(|at| 0x80 + u8::try_from(at).unwrap())));
        let nonce: [u8; NONCE] = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        let associated = bytes("50515253c0c1c2c3c4c5c6c7");
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let expected = bytes(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52e\
             c0875924c1c7987947deafd8780acf49",
        );
        let sealed = key.seal_with(nonce, &associated, plain).unwrap();
        assert_eq!(sealed[..NONCE], nonce);
        assert_eq!(sealed[NONCE..], expected);
        assert_eq!(key.open(&associated, &sealed).unwrap()[..], plain[..]);
    }

    #[test]
    fn nothing_opens_but_what_was_sealed_by_the_same_key_for_the_same_place() {
        let key = SealKey::derive(b"AGE-SECRET-KEY-1TEST", &[7; 16], "keyctl/test/v1");
        let sealed = key.seal(b"here", b"text").unwrap();
        assert_eq!(sealed.len(), 4 + OVERHEAD);
        assert_eq!(key.open(b"here", &sealed).unwrap()[..], b"text"[..]);
        assert!(key.open(b"there", &sealed).is_none());
        for (secret, salt, purpose) in [
            (&b"AGE-SECRET-KEY-1OTHER"[..], [7; 16], "keyctl/test/v1"),
            (b"AGE-SECRET-KEY-1TEST", [8; 16], "keyctl/test/v1"),
            (b"AGE-SECRET-KEY-1TEST", [7; 16], "keyctl/other/v1"),
        ] {
            assert!(SealKey::derive(secret, &salt, purpose).open(b"here", &sealed).is_none());
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"here", &changed).is_none(), "bit {bit}");
            assert!(key.open_in_place(b"here", &mut changed).is_none(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_none(), "{length} bytes");
            assert!(key.open_in_place(b"here", &mut sealed[..length].to_vec()).is_none(), "{length} bytes");
        }
        assert!(key.seal(b"here", b"text").unwrap() != sealed, "each seal has a nonce of its own");
    }

    /// RFC 4231, test case 4: a key of 25 bytes there, of which HMAC makes the same as of 32 with zeros at the end.
    #[test]
    fn a_mark_is_half_of_what_hmac_says() {
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate().take(25) {
            *byte = u8::try_from(at + 1).unwrap();
        }
        let key = SealKey(Zeroizing::new(key));
        assert_eq!(key.mark(&[0xcd; 50])[..], bytes("82558a389a443c0ea4cc819899f2083a")[..]);
        assert_ne!(key.mark(b"a"), key.mark(b"b"));
    }

    #[test]
    fn a_key_that_was_kept_opens_what_it_sealed_and_what_is_no_key_is_none() {
        let key = SealKey::derive(b"secret", b"salt", "purpose");
        let sealed = key.seal(b"here", b"text").unwrap();
        let back = SealKey::from_kept(&key.to_kept()).unwrap();
        assert_eq!(back.open(b"here", &sealed).unwrap()[..], b"text"[..]);
        for length in [0, 31, 33] {
            assert!(SealKey::from_kept(&Secret::new(vec![0; length])).is_none());
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain: Vec<u8>, associated: Vec<u8>) {
            let key = SealKey::derive(b"secret", b"salt", "purpose");
            let mut sealed = key.seal(&associated, &plain).unwrap();
            prop_assert_eq!(&key.open(&associated, &sealed).unwrap()[..], &plain[..]);
            let text = key.open_in_place(&associated, &mut sealed).unwrap();
            prop_assert_eq!(&sealed[text], &plain[..]);
        }
    }
}
