//! The recovery copy: a file that opens the store without the keychain, on this machine or on another.
//!
//! It is an age file in armor, encrypted to a passphrase (scrypt), whose text is an age identity file: plain
//! `age -d -i recovery.age store.age` asks for the passphrase and gives everything back, without keyctl. Comment lines in
//! it name the store and its seal, so that a restored store is known not to be a forgery. The printable form is the same
//! armor on a page with instructions; both forms are read.

use age::secrecy::SecretString;
use std::io::{Read, Write};
use zeroize::Zeroizing;

use super::{Identity, PREFIX, anchor::Id, file::pick_line};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    random,
    secret::Secret,
};

/// scrypt's cost as a power of two (age's specification, "The scrypt recipient type"): about a second on a laptop of 2024.
pub const WORK: u8 = 18;
/// The most work that a copy may ask for, so that a hostile file cannot keep the machine busy: about 20 seconds.
const MOST_WORK: u8 = 22;
/// The fewest characters of a passphrase that a person types: NIST SP 800-63B asks for 8 where a service counts the wrong
/// ones, and nobody counts here.
pub const SHORTEST: usize = 12;
/// No recovery copy comes near it.
pub const LARGEST: usize = 64 * 1024;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// What a recovery copy holds.
pub struct RecoveryCopy {
    /// The identity.
    pub identity: Identity,
    /// Which store it was made for, and that store's seal; a bare age identity file does not say.
    pub made_for: Option<(Id, Id)>,
}

/// A passphrase of 100 random bits, in four groups that can be read aloud (Crockford's base 32).
///
/// # Errors
/// When the system has no randomness.
pub fn new_passphrase() -> Result<Secret> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = Zeroizing::new([0_u8; 20]);
    random::fill(random.as_mut())?;
    let mut text = Vec::with_capacity(23);
    for (at, byte) in random.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push(b'-');
        }
        text.push(LETTERS[usize::from(byte % 32)]);
    }
    Ok(Secret::new(text))
}

/// Makes the copy: armored text for a file.
///
/// # Errors
/// When age cannot, which is not known to happen.
pub fn wrap(identity: &Identity, store: Id, seal: Id, now: Moment, passphrase: &Secret) -> Result<String> {
    let mut plain = Zeroizing::new(Vec::with_capacity(512));
    let head = format!("# keyctl recovery copy 1\n# created: {now}\n# store: {store}\n# seal: {seal}\n");
    plain.extend_from_slice(head.as_bytes());
    plain.extend_from_slice(identity.line().expose());
    plain.push(b'\n');
    encrypt(&plain, passphrase).map_err(|_| Failure::new(Kind::Store, "age could not make the recovery copy"))
}

fn encrypt(plain: &[u8], passphrase: &Secret) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut recipient = age::scrypt::Recipient::new(phrase(passphrase));
    recipient.set_work_factor(WORK);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))?;
    let mut armored = Vec::new();
    let armor = age::armor::ArmoredWriter::wrap_output(&mut armored, age::armor::Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(plain)?;
    writer.finish()?.finish()?;
    Ok(String::from_utf8(armored)?)
}

fn phrase(passphrase: &Secret) -> SecretString {
    SecretString::from(passphrase.expose_text().unwrap_or_default().to_owned())
}

/// Whether this text needs a passphrase: it does unless it is a bare identity file.
#[must_use]
pub fn needs_passphrase(text: &str) -> bool {
    pick_line(text, PREFIX).is_none()
}

/// Reads a copy: the file, the printed page, or a bare age identity file (for which the passphrase is not used).
///
/// # Errors
/// `Usage` when it is none of these or the passphrase is wrong.
pub fn unwrap(text: &str, passphrase: &Secret) -> Result<RecoveryCopy> {
    if !needs_passphrase(text) {
        return read_plain(text);
    }
    let armor = find_armor(text).ok_or_else(|| {
        Failure::new(Kind::Usage, "this is no recovery copy: it has no age file in armor, and no age identity")
            .hint("give the file that `keyctl recovery create` made, or the page it printed")
    })?;
    let wrong = || Failure::new(Kind::Usage, "the recovery copy does not open: wrong passphrase, or a mistyped line");
    let decryptor =
        age::Decryptor::new_buffered(age::armor::ArmoredReader::new(armor.as_bytes())).map_err(|_| wrong())?;
    if !decryptor.is_scrypt() {
        return Err(Failure::new(
            Kind::Usage,
            "this age file is not protected by a passphrase, so it is no recovery copy",
        ));
    }
    let mut opener = age::scrypt::Identity::new(phrase(passphrase));
    opener.set_max_work_factor(MOST_WORK);
    let mut plain = Zeroizing::new(String::with_capacity(LARGEST));
    let reader = decryptor.decrypt(std::iter::once(&opener as &dyn age::Identity)).map_err(|_| wrong())?;
    reader.take(LARGEST as u64).read_to_string(&mut plain).map_err(|_| wrong())?;
    read_plain(&plain)
}

fn read_plain(text: &str) -> Result<RecoveryCopy> {
    let line =
        pick_line(text, PREFIX).ok_or_else(|| Failure::new(Kind::Usage, "there is no age identity in this file"))?;
    let comment = |name: &str| text.lines().find_map(|line| Id::parse(line.strip_prefix(name)?.trim()));
    let made_for = comment("# store:").zip(comment("# seal:"));
    Ok(RecoveryCopy { identity: Identity::parse(line)?, made_for })
}

/// The armor in a text that may have other text round it and spaces at its line ends.
fn find_armor(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != BEGIN);
    let mut armor = String::new();
    for line in lines {
        if !line.is_empty() {
            armor.push_str(line);
            armor.push('\n');
        }
        if line == END {
            return Some(armor);
        }
    }
    None
}

/// The copy as a page to print and put away.
#[must_use]
pub fn page(armored: &str, store: Id, now: Moment) -> String {
    format!(
        "keyctl recovery copy\n\
         ====================\n\
         Made {now} for the store {store}.\n\n\
         It opens that store together with its passphrase, which is not on this page.\n\
         It does not hold the keys: they are in store.age, so keep a copy of that\n\
         file too.\n\
         Keep the two apart, and neither of them on the machine that holds the store.\n\n\
         To use it: type or scan the block below into a file, recovery.age, then\n\n\
         \x20   keyctl recovery restore recovery.age          with keyctl, or\n\
         \x20   age -d -i recovery.age store.age              with age alone\n\n\
         Every line must be exact; O and 0, l and 1 differ.\n\n\
         {armored}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_and_the_printed_page_both_open_with_the_passphrase_and_with_no_other() {
        let identity = Identity::generate();
        let (store, seal, now) = (Id([1; 16]), Id([2; 16]), Moment::from_seconds(1_800_000_000));
        let passphrase = new_passphrase().expect("random");
        let file = wrap(&identity, store, seal, now, &passphrase).expect("wrap");
        let typed = page(&file, store, now).replace('\n', "  \r\n");
        for form in [file, typed] {
            let copy = unwrap(&form, &passphrase).expect("opens");
            assert!(copy.identity.line().same_as(identity.line()));
            assert_eq!(copy.made_for, Some((store, seal)));
            let wrong = unwrap(&form, &Secret::new(b"wrong".to_vec())).err().expect("refused");
            assert_eq!(wrong.message, "the recovery copy does not open: wrong passphrase, or a mistyped line");
        }
    }

    #[test]
    fn a_bare_identity_file_is_a_recovery_copy_that_names_no_store() {
        let identity = Identity::generate();
        let text = format!("# comment\n{}\n", identity.line().expose_text().expect("ascii"));
        assert!(!needs_passphrase(&text));
        let copy = unwrap(&text, &Secret::new(Vec::new())).expect("reads");
        assert!(copy.identity.line().same_as(identity.line()) && copy.made_for.is_none());
    }

    #[test]
    fn a_file_that_is_neither_is_refused() {
        let said = unwrap("hello", &Secret::new(Vec::new())).err().expect("refused").message;
        assert_eq!(said, "this is no recovery copy: it has no age file in armor, and no age identity");
    }
}
