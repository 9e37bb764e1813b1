//! age identities that are not keyctl's: a file of them as other programs keep it, and what they open.
//!
//! Read are X25519 identities, one a line, and a file of these that age protected with a passphrase. Those of plugins, SSH
//! keys and post-quantum ones are passed over and counted.

use std::io::Read;

use age::armor::ArmoredReader;
use zeroize::Zeroizing;

use super::{
    Closed, Identity, PREFIX,
    recovery::{MOST_WORK, phrase},
};
use crate::{
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// The most bytes a protected file of identities may hold: 64 KiB.
const LARGEST: usize = 64 * 1024;
/// How an age file begins (age's specification), and how one in armor does.
const BEGINNINGS: &[&[u8]] = &[b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----"];
/// How the lines of those begin that are passed over.
const OTHERS: &[&str] =
    &["AGE-PLUGIN-", "AGE-SECRET-KEY-PQ-", "-----BEGIN OPENSSH PRIVATE KEY", "-----BEGIN RSA PRIVATE KEY"];

/// The identities of a file.
pub struct Foreign(Vec<Identity>);

impl Foreign {
    /// Whether a file of identities is protected with a passphrase.
    #[must_use]
    pub fn needs_passphrase(file: &Secret) -> bool {
        BEGINNINGS.iter().any(|begin| file.expose().trim_ascii_start().starts_with(begin))
    }

    /// What a protected file holds.
    ///
    /// # Errors
    /// `Usage` when the passphrase is wrong, or it is not protected by one.
    pub fn unwrap(file: &Secret, passphrase: &Secret) -> Result<Secret> {
        let wrong =
            || Failure::new(Kind::Usage, "the file of identities does not open: wrong passphrase, or it is damaged");
        let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(file.expose())).map_err(|_| wrong())?;
        if !decryptor.is_scrypt() {
            return Err(Failure::new(Kind::Usage, "the file of identities is encrypted, and not with a passphrase"));
        }
        let mut opener = age::scrypt::Identity::new(phrase(passphrase));
        opener.set_max_work_factor(MOST_WORK);
        let mut plain = Zeroizing::new(Vec::with_capacity(LARGEST));
        let reader = decryptor.decrypt(std::iter::once(&opener as &dyn age::Identity)).map_err(|_| wrong())?;
        reader.take(LARGEST as u64).read_to_end(&mut plain).map_err(|_| wrong())?;
        Ok(Secret::new(plain.to_vec()))
    }

    /// Reads the identities of a file.
    ///
    /// # Errors
    /// `Usage` when there is none that can be used here; nothing of it is quoted.
    pub fn read(file: &Secret) -> Result<Self> {
        let none = || Failure::new(Kind::Usage, "there is no age identity in the file of identities");
        let text = file.expose_text().ok_or_else(none)?;
        let lines = || text.lines().map(str::trim);
        let own = lines().filter(|line| line.starts_with(PREFIX)).map(|line| Secret::new(line.as_bytes().to_vec()));
        let read = own.map(Identity::parse).collect::<Result<Vec<_>>>();
        let identities =
            read.map_err(|_| Failure::new(Kind::Usage, "an identity in the file of identities is damaged"))?;
        if !identities.is_empty() {
            return Ok(Self(identities));
        }
        if lines().any(|line| OTHERS.iter().any(|other| line.starts_with(other))) {
            return Err(Failure::new(
                Kind::Usage,
                "the file of identities has those of a plugin, of SSH or for post-quantum keys alone, which this cannot use",
            )
            .hint("open each with age itself: `age -d -i IDENTITIES FILE.age | keyctl set NAME`"));
        }
        Err(none())
    }

    /// What an age file holds that was made for one of these.
    ///
    /// # Errors
    /// Why none of them opens it.
    pub fn open(&self, file: &[u8]) -> std::result::Result<Secret, Closed> {
        let mut closed = Closed::OtherIdentity;
        for identity in &self.0 {
            match identity.decrypt(file) {
                Ok(plain) => return Ok(Secret::new(plain.to_vec())),
                Err(Closed::OtherIdentity) => {}
                Err(Closed::Damaged) => closed = Closed::Damaged,
            }
        }
        Err(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn line(identity: &Identity) -> String {
        identity.line().expose_text().expect("text").to_owned()
    }

    #[test]
    fn each_identity_of_a_file_opens_what_was_made_for_it() {
        let (one, two, other) = (Identity::generate(), Identity::generate(), Identity::generate());
        let text = format!("# created: today\n{}\r\n\nAGE-PLUGIN-YUBIKEY-1XXX\n{}\n", line(&one), line(&two));
        let identities = Foreign::read(&file(&text)).expect("identities");
        for identity in [&one, &two] {
            let sealed = identity.encrypt(b"text").expect("encrypt");
            assert!(identities.open(&sealed).expect("open").expose() == b"text");
            assert_eq!(identities.open(&sealed[..sealed.len() - 1]).err(), Some(Closed::Damaged));
        }
        assert_eq!(identities.open(&other.encrypt(b"text").expect("encrypt")).err(), Some(Closed::OtherIdentity));
        assert_eq!(identities.open(b"no age file").err(), Some(Closed::Damaged));
    }

    #[test]
    fn a_protected_file_opens_with_its_passphrase_alone() {
        let (identity, passphrase) = (Identity::generate(), file("correct horse"));
        let id = super::super::anchor::Id([1; 16]);
        let now = crate::date::Moment::from_seconds(1_800_000_000);
        let copy = super::super::recovery::wrap(&identity, id, id, now, &passphrase).expect("wrapped");
        assert!(Foreign::needs_passphrase(&file(&copy)) && !Foreign::needs_passphrase(&file(&line(&identity))));
        let plain = Foreign::unwrap(&file(&copy), &passphrase).expect("opened");
        let sealed = identity.encrypt(b"text").expect("encrypt");
        assert!(Foreign::read(&plain).expect("identities").open(&sealed).expect("open").expose() == b"text");
        let refused =
            |copy: &str, passphrase: &str| Foreign::unwrap(&file(copy), &file(passphrase)).err().expect("refused");
        for failure in [refused(&copy, "wrong horse"), refused(&copy[..copy.len() / 2], "correct horse")] {
            assert_eq!(failure.message, "the file of identities does not open: wrong passphrase, or it is damaged");
        }
        let sealed = String::from_utf8_lossy(&sealed).into_owned();
        assert!(Foreign::needs_passphrase(&file(&sealed)));
    }

    #[test]
    fn a_file_without_an_identity_that_can_be_used_is_told_and_never_quoted() {
        let damaged = line(&Identity::generate()).replace('Q', "P") + "SECRET";
        for (text, said) in [
            ("", "there is no age identity in the file of identities"),
            ("SECRET", "there is no age identity in the file of identities"),
            (&damaged, "an identity in the file of identities is damaged"),
            (
                "AGE-PLUGIN-SECRET\n",
                "the file of identities has those of a plugin, of SSH or for post-quantum keys alone, which this cannot use",
            ),
        ] {
            let failure = Foreign::read(&file(text)).err().expect("refused");
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Usage, said));
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }
}
