//! An identity wrapped in an age file of its own, which only a passphrase or another key opens.
//!
//! Wrapped is an ordinary age identity file, so that age itself gives everything back: `age -d -i identity-1a2b3c4d.age
//! store.age` for a passphrase, else `age -d -i <(age -d -i KEY identity-1a2b3c4d.age) store.age`. The store's own file
//! stays what it is. age does all the cryptography; a [`Wrapper`] brings its two halves.

use std::{
    cell::RefCell,
    io::{Read, Write},
};

use age::{DecryptError, Decryptor, Encryptor, armor};
use age_core::format::{FileKey, Stanza};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{asking::Person, file::join_lines};
use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// The most bytes of a wrapped identity: even of two, in armor, with any recipient that age knows, it has far fewer.
pub const LARGEST: usize = 16 * 1024;

/// A hash of a wrapped identity as it lies there, SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What an identity is wrapped with: age's two halves of it.
pub trait Wrapper {
    /// The kinds of the one stanza that a file of its has in its header, one of these.
    fn stanzas(&self) -> &'static [&'static str];

    /// Whether a stanza of this kind is one of them.
    fn knows(&self, stanza: &str) -> bool {
        self.stanzas().contains(&stanza)
    }

    /// The public half, for wrapping.
    ///
    /// # Errors
    /// `Keychain` or `Usage` when it cannot be had.
    fn recipient(&self) -> Result<Box<dyn age::Recipient + '_>>;

    /// The private half, for unwrapping. It is called when the header of the file is known to be of this kind, so that no
    /// file makes it work or ask in vain.
    ///
    /// # Errors
    /// `Keychain` when it cannot be had.
    fn identity<'w>(&'w self, person: &'w dyn Person) -> Result<Box<dyn age::Identity + 'w>>;

    /// What the private half knows of why it did not open a file; age's own errors say little.
    fn trouble(&self) -> Option<Failure> {
        None
    }

    /// Whether the public half can be had without opening what is wrapped at present.
    fn is_ready(&self) -> bool {
        true
    }

    /// Puts beside the wrapped identity what it needs there, just before that one is put in its place.
    ///
    /// # Errors
    /// `Disk`.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Takes away what lies beside the wrapped identity for it alone.
    ///
    /// # Errors
    /// `Disk`.
    fn forget(&self) -> Result<()> {
        Ok(())
    }
}

/// How a wrapped identity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In armor and with a comment, for a file.
    File,
    /// As short as can be, for the keychain.
    Item,
}

/// Wraps the line of a keeper: one identity, or two with a space between.
///
/// # Errors
/// As the wrapper has them.
pub fn wrap(wrapper: &dyn Wrapper, line: &Secret, form: Form) -> Result<Vec<u8>> {
    let comment: &[u8] = match form {
        Form::File => b"# the age identity of keyctl's store beside this file: whoever reads this opens that\n",
        Form::Item => b"",
    };
    let mut plain = Zeroizing::new([comment, line.expose(), b"\n"].concat());
    // Two identities are two lines of an ordinary age identity file, so that `age -i` tries both.
    plain[comment.len()..].iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'\n');
    let recipient = wrapper.recipient()?;
    let encrypted = encrypt(recipient.as_ref(), &plain, form);
    encrypted.map_err(|_| {
        let failed = || Failure::new(Kind::Keychain, "age could not wrap the store's identity");
        wrapper.trouble().unwrap_or_else(failed)
    })
}

fn encrypt(
    recipient: &dyn age::Recipient,
    plain: &[u8],
    form: Form,
) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error>> {
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient))?;
    let format = match form {
        Form::File => armor::Format::AsciiArmor,
        Form::Item => armor::Format::Binary,
    };
    let mut wrapped = Vec::new();
    let mut writer = encryptor.wrap_output(armor::ArmoredWriter::wrap_output(&mut wrapped, format)?)?;
    writer.write_all(plain)?;
    writer.finish()?.finish()?;
    if form == Form::File {
        wrapped.push(b'\n');
    }
    Ok(wrapped)
}

/// The keeper's line out of a wrapped identity. `place` names it in a sentence.
///
/// # Errors
/// `Store` for what is damaged or not of the wrapper's kind, which is refused before any work; else as the wrapper has them.
pub fn unwrap(wrapper: &dyn Wrapper, person: &dyn Person, bytes: &[u8], place: &str) -> Result<Secret> {
    let damaged = || {
        Failure::new(Kind::Store, format!("{place} is damaged"))
            .hint("put your own copy of it back, or bring the identity back: `keyctl recovery restore FILE`")
    };
    let decryptor = Decryptor::new_buffered(armor::ArmoredReader::new(bytes)).map_err(|_| damaged())?;
    let looked = Looked { wrapper, person, place, refused: RefCell::default() };
    let opened = decryptor.decrypt(std::iter::once(&looked as &dyn age::Identity));
    let reader = opened.map_err(|error| {
        let known = looked.refused.take().or_else(|| wrapper.trouble());
        known.unwrap_or_else(|| if is_of_another(&error) { of_another(place) } else { damaged() })
    })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(LARGEST));
    reader.take(LARGEST as u64).read_to_end(&mut plain).map_err(|_| damaged())?;
    std::str::from_utf8(&plain).ok().and_then(join_lines).ok_or_else(damaged)
}

fn is_of_another(error: &DecryptError) -> bool {
    matches!(error, DecryptError::NoMatchingKeys)
}

fn of_another(place: &str) -> Failure {
    Failure::new(Kind::Keychain, format!("{place} was wrapped for another key than the one that is to open it"))
        .hint("bring the identity back: `keyctl recovery restore FILE`")
}

/// The private half behind a look at the header: age hands over all of its stanzas before anything is done with one.
struct Looked<'l> {
    wrapper: &'l dyn Wrapper,
    person: &'l dyn Person,
    place: &'l str,
    refused: RefCell<Option<Failure>>,
}

impl age::Identity for Looked<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<std::result::Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<std::result::Result<FileKey, DecryptError>> {
        let refuse = |failure| {
            *self.refused.borrow_mut() = Some(failure);
            Some(Err(DecryptError::InvalidHeader))
        };
        // age adds a stanza of random content, so that no reader comes to rely on there being none it does not know.
        let mut ours = stanzas.iter().filter(|stanza| !stanza.tag.ends_with("-grease"));
        let is_known = |stanza: &&Stanza| self.wrapper.knows(&stanza.tag);
        match (ours.next().filter(is_known), ours.next(), stanzas.len()) {
            (Some(stanza), None, 1..=2) => match self.wrapper.identity(self.person) {
                Ok(identity) => identity.unwrap_stanza(stanza),
                Err(failure) => refuse(failure),
            },
            _ => refuse(
                Failure::new(
                    Kind::Store,
                    format!("{} is protected in another way than the store's keeper is", self.place),
                )
                .hint("put your own copy of it back, or bring the identity back: `keyctl recovery restore FILE`"),
            ),
        }
    }
}

#[cfg(test)]
pub(crate) mod plain {
    //! A wrapper that needs nobody: an identity of age's own kind.

    use super::{Person, Result, Wrapper};

    pub struct Plain(pub age::x25519::Identity);

    impl Wrapper for Plain {
        fn stanzas(&self) -> &'static [&'static str] {
            &["X25519"]
        }
        fn recipient(&self) -> Result<Box<dyn age::Recipient + '_>> {
            Ok(Box::new(self.0.to_public()))
        }
        fn identity<'w>(&'w self, _: &'w dyn Person) -> Result<Box<dyn age::Identity + 'w>> {
            Ok(Box::new(self.0.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{plain::Plain, *};
    use crate::identity::{Identity, asking::Nobody};

    fn plain() -> Plain {
        Plain(age::x25519::Identity::generate())
    }

    #[test]
    fn one_identity_or_two_come_back_as_they_were_wrapped_and_another_key_opens_neither() {
        let (one, two, mine, other) = (Identity::generate(), Identity::generate(), plain(), plain());
        for line in [one.line().copy(), one.line_with(&two)] {
            for form in [Form::File, Form::Item] {
                let wrapped = wrap(&mine, &line, form).expect("wrapped");
                assert!(unwrap(&mine, &Nobody, &wrapped, "it").expect("opens").same_as(&line));
                let refused = unwrap(&other, &Nobody, &wrapped, "it").err().expect("refused");
                assert_eq!(refused.message, "it was wrapped for another key than the one that is to open it");
                assert_eq!(wrapped.starts_with(b"-----BEGIN AGE"), form == Form::File);
            }
        }
    }

    #[test]
    fn a_keychain_takes_two_identities_under_a_passphrase_also_on_windows() {
        let (one, two, mine) = (Identity::generate(), Identity::generate(), plain());
        let wrapped = wrap(&mine, &one.line_with(&two), Form::Item).expect("wrapped");
        // A scrypt stanza is shorter than this one with its grease; base64 makes four letters of three bytes.
        assert!(wrapped.len().div_ceil(3) * 4 + 40 < 1280, "{} bytes", wrapped.len());
    }

    #[test]
    fn what_has_another_header_is_refused_and_a_damaged_one_too() {
        let (identity, mine, other) = (Identity::generate(), plain(), plain());
        let recipients = [mine.0.to_public(), other.0.to_public()];
        let both = Encryptor::with_recipients(recipients.iter().map(|one| one as &dyn age::Recipient)).expect("two");
        let mut two = Vec::new();
        let mut writer = both.wrap_output(&mut two).expect("wrap");
        writer.write_all(identity.line().expose()).and_then(|()| writer.finish().map(drop)).expect("written");
        let scrypt = b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789abcdef";
        for other in [two.as_slice(), scrypt] {
            let refused = unwrap(&mine, &Nobody, other, "it").err().expect("refused");
            let said = "it is protected in another way than the store's keeper is";
            assert_eq!((refused.kind, refused.message.as_str()), (Kind::Store, said));
        }
        let good = wrap(&mine, identity.line(), Form::Item).expect("wrapped");
        for cut in (0..good.len()).step_by(7) {
            let refused = unwrap(&mine, &Nobody, &good[..cut], "it").err().expect("refused");
            assert_eq!((refused.kind, refused.message.as_str()), (Kind::Store, "it is damaged"), "cut at {cut}");
        }
        let empty = mine.recipient().map(|key| encrypt(key.as_ref(), b"no identity", Form::Item));
        let refused = unwrap(&mine, &Nobody, &empty.expect("key").expect("wrapped"), "it").err().expect("refused");
        assert_eq!(refused.message, "it is damaged");
    }
}
