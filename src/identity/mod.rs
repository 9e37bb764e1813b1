//! The age identity that opens a store, and who keeps it.
//!
//! `age` does all the cryptography. A store of one person has one X25519 identity; its recipient is written nowhere in
//! clear, so nobody but its owner can make a file that this identity opens and that carries the store's seal. A store that
//! has members is made for the identities of all of them, each of which its own member keeps.

pub mod anchor;
pub mod asking;
pub mod file;
pub mod foreign;
pub mod given;
pub mod keeper;
pub mod keychain;
pub mod passphrase;
pub mod pin;
pub mod plugin;
pub mod recipient;
pub mod record;
pub mod recovery;
pub mod retired;
#[cfg(target_os = "linux")]
mod secret_service;
pub mod ssh;
pub mod unlocked;
pub mod wrapped_file;
pub mod wrapped_item;
pub mod wrapping;

use std::io::{Read, Write};

use age::secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result},
    hex, platform,
    seal::SealKey,
    secret::Secret,
};

use anchor::Id;
use recipient::Recipient;

/// How an age identity's text begins (age's specification, "The X25519 recipient type").
pub const PREFIX: &str = "AGE-SECRET-KEY-1";

/// The most bytes of an age file's header that are looked at; one of 64 recipients and some grease has 15,000.
const LONGEST_HEADER: u64 = 64 * 1024;

/// age's private half.
pub struct Identity {
    line: Secret,
    age: age::x25519::Identity,
}

/// Why a file was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It was made for another identity.
    OtherIdentity,
    /// It is not what age wrote.
    Damaged,
}

impl Identity {
    /// A new identity from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        let age = age::x25519::Identity::generate();
        let line = Secret::new(age.to_string().expose_secret().as_bytes().to_vec());
        Self { line, age }
    }

    /// Reads the one line `AGE-SECRET-KEY-1…`; a wrong checksum, spaces or anything beside it is refused.
    ///
    /// # Errors
    /// `Keychain`, without the text.
    pub fn parse(line: Secret) -> Result<Self> {
        let parsed = line.expose_text().filter(|text| text.starts_with(PREFIX)).and_then(|text| text.parse().ok());
        match parsed {
            Some(age) => {
                platform::keep_from_swap(line.expose());
                Ok(Self { line, age })
            }
            None => Err(Failure::new(Kind::Keychain, "what is kept as the store's identity is no age identity")
                .hint("bring the identity back: `keyctl recovery restore FILE`")),
        }
    }

    /// The identity's text, to hand to a keeper, and to derive other keys from.
    #[must_use]
    pub fn line(&self) -> &Secret {
        &self.line
    }

    /// Reads what a keeper has: one identity, or while it is being changed two with a space between, the former one first.
    ///
    /// # Errors
    /// As [`Identity::parse`].
    pub fn parse_kept(line: Secret) -> Result<(Self, Option<Self>)> {
        let Some(at) = line.expose().iter().position(|byte| *byte == b' ') else {
            return Ok((Self::parse(line)?, None));
        };
        let [former, next] = [&line.expose()[..at], &line.expose()[at + 1..]].map(|half| Secret::new(half.to_vec()));
        Ok((Self::parse(former)?, Some(Self::parse(next)?)))
    }

    /// The line for a keeper while another identity is taking this one's place.
    #[must_use]
    pub fn line_with(&self, next: &Self) -> Secret {
        Secret::new([self.line.expose(), b" ", next.line.expose()].concat())
    }

    /// The seal of a store that was made for this identity in another's place. It needs to be kept nowhere else: nobody but
    /// who has the identity can tell it.
    #[must_use]
    pub fn seal_of(&self, store: Id) -> Id {
        Id(SealKey::derive(self.line.expose(), &store.0, "keyctl/store-seal/v1").mark(b"seal"))
    }

    /// The id of a new store's history. Where the making of the store is cut short behind its first entry, the next call has the
    /// same one: an entry that was made for another would count as tampered with for ever.
    #[must_use]
    pub fn log_of(&self, store: Id) -> Id {
        Id(SealKey::derive(self.line.expose(), &store.0, "keyctl/store-log/v1").mark(b"log"))
    }

    /// Eight hexadecimal digits that tell identities apart and give nothing else away.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.age.to_public().to_string())[..4])
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient::of(&self.age.to_public())
    }

    /// An age v1 file that only this identity opens.
    ///
    /// # Errors
    /// None that are known; age's interface has them.
    pub fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>> {
        age::encrypt(&self.age.to_public(), plain)
            .map_err(|_| Failure::new(Kind::Store, "age could not encrypt the store"))
    }

    /// What an age v1 file holds, in binary form or in armor.
    ///
    /// # Errors
    /// Which of two reasons kept it closed.
    pub fn decrypt(&self, file: &[u8]) -> std::result::Result<Zeroizing<Vec<u8>>, Closed> {
        let closed = |error: age::DecryptError| match error {
            age::DecryptError::NoMatchingKeys => Closed::OtherIdentity,
            _ => Closed::Damaged,
        };
        // As large as the file, so that the text never moves and leaves no copy behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(file.len()));
        platform::keep_from_swap(plain.spare_capacity_mut());
        let mut read = |reader: &mut dyn std::io::Read| reader.read_to_end(&mut plain).map_err(|_| Closed::Damaged);
        if file.starts_with(b"-----") {
            let decryptor = age::Decryptor::new_buffered(age::armor::ArmoredReader::new(file)).map_err(closed)?;
            read(&mut decryptor.decrypt(std::iter::once(&self.age as &dyn age::Identity)).map_err(closed)?)?;
        } else {
            let decryptor = age::Decryptor::new_buffered(file).map_err(closed)?;
            read(&mut decryptor.decrypt(std::iter::once(&self.age as &dyn age::Identity)).map_err(closed)?)?;
        }
        Ok(plain)
    }
}

/// An age v1 file that the identity of each of these recipients opens.
///
/// # Errors
/// `Store` for no recipient at all; otherwise none that are known.
pub fn encrypt_to(recipients: &[&Recipient], plain: &[u8]) -> Result<Vec<u8>> {
    let failed = || Failure::new(Kind::Store, "age could not encrypt the store");
    let read: Vec<age::x25519::Recipient> = recipients.iter().filter_map(|recipient| recipient.to_age()).collect();
    if read.is_empty() || read.len() != recipients.len() {
        return Err(failed());
    }
    let all = read.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).map_err(|_| failed())?;
    let mut sealed = Vec::with_capacity(plain.len() + plain.len() / 1024 + 256 * (1 + recipients.len()));
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|_| failed())?;
    writer.write_all(plain).map_err(|_| failed())?;
    writer.finish().map_err(|_| failed())?;
    Ok(sealed)
}

/// What an age file in armor begins with, as far as its header can reach: to be looked at before any work is done on it.
#[must_use]
pub fn header_in_armor(file: &[u8]) -> Option<Vec<u8>> {
    let mut header = Vec::new();
    age::armor::ArmoredReader::new(file).take(LONGEST_HEADER).read_to_end(&mut header).ok()?;
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_to_several_opens_for_each_of_them_and_nobody_else() {
        let all: Vec<Identity> = (0..3).map(|_| Identity::generate()).collect();
        let recipients: Vec<Recipient> = all[..2].iter().map(Identity::recipient).collect();
        let file = encrypt_to(&recipients.iter().collect::<Vec<_>>(), b"text").expect("encrypt");
        for identity in &all[..2] {
            assert_eq!(identity.decrypt(&file).expect("opens").as_slice(), b"text");
        }
        assert_eq!(all[2].decrypt(&file).err(), Some(Closed::OtherIdentity));
        assert!(encrypt_to(&[], b"text").is_err());
    }

    #[test]
    fn an_identity_opens_what_it_made_and_nothing_that_another_made() {
        let (mine, other) = (Identity::generate(), Identity::generate());
        let file = mine.encrypt(b"text").expect("encrypt");
        assert_eq!(mine.decrypt(&file).expect("mine").as_slice(), b"text");
        assert_eq!(other.decrypt(&file).err(), Some(Closed::OtherIdentity));
        assert_ne!(mine.fingerprint(), other.fingerprint());
    }

    #[test]
    fn every_prefix_every_flipped_bit_and_every_tail_is_refused() {
        let identity = Identity::generate();
        let file = identity.encrypt(b"text").expect("encrypt");
        for cut in 0..file.len() {
            assert!(identity.decrypt(&file[..cut]).is_err(), "cut at {cut}");
        }
        for bit in 0..file.len() * 8 {
            let mut bent = file.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(identity.decrypt(&bent).is_err(), "bit {bit}");
        }
        for tail in [&b"x"[..], b"\n", &[0; 100], &file] {
            assert!(identity.decrypt(&[&file, tail].concat()).is_err(), "a tail of {} bytes", tail.len());
        }
    }

    #[test]
    fn two_identities_on_a_line_are_read_as_the_former_one_and_the_next() {
        let (former, next) = (Identity::generate(), Identity::generate());
        let (one, other) = Identity::parse_kept(former.line_with(&next)).expect("two");
        assert!(one.line().same_as(former.line()) && other.expect("two").line().same_as(next.line()));
        let alone = Secret::new(former.line().expose().to_vec());
        assert!(Identity::parse_kept(alone).expect("one").1.is_none());
        for text in
            [b" ".to_vec(), [former.line().expose(), b" "].concat(), [former.line_with(&next).expose(), b" x"].concat()]
        {
            assert!(Identity::parse_kept(Secret::new(text)).is_err());
        }
        let seals = [former.seal_of(Id([1; 16])), former.seal_of(Id([2; 16])), next.seal_of(Id([1; 16]))];
        assert!(seals[0] != seals[1] && seals[0] != seals[2] && seals[0] == former.seal_of(Id([1; 16])));
    }

    #[test]
    fn what_is_no_identity_is_refused_without_being_quoted() {
        let good = Identity::generate();
        let text = good.line().expose_text().expect("ascii").to_owned();
        for bad in [
            text.to_lowercase(),
            format!("{text} "),
            format!("{text}\r\n"),
            format!(" {text}"),
            text.replace("1Q", "1P"),
            text[..40].to_owned(),
            "AGE-SECRET-KEY-PQ-1QQ".into(),
            String::new(),
        ] {
            if bad == text {
                continue;
            }
            let refused = Identity::parse(Secret::new(bad.clone().into_bytes())).err().expect("refused");
            assert_eq!(refused.message, "what is kept as the store's identity is no age identity");
        }
    }
}
