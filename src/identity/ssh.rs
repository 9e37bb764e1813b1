//! An identity wrapped for an SSH key that the user has already: age's `ssh-ed25519` and `ssh-rsa` recipients.
//!
//! The private key stays where it is; the record has its path. Its public half is read from the same file, so nothing that
//! lies beside the store says whom a new identity is wrapped for.

use std::{
    cell::{Cell, RefCell},
    io::BufReader,
    path::{Path, PathBuf},
};

use age::{
    DecryptError,
    ssh::{Identity, ParseRecipientKeyError, Recipient, UnsupportedKey},
};

use super::{
    anchor::Id,
    asking::{Person, why_nobody},
    passphrase::{TRIES, held, hold},
    recovery::phrase,
    unlocked,
    wrapping::Wrapper,
};
use crate::{
    failure::{Failure, Kind, Result},
    home, platform,
    secret::Secret,
};

/// No private key comes near it.
const LARGEST: usize = 64 * 1024;

/// What a private key's file is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Others may read or change it.
    pub exposed: bool,
    /// A passphrase protects it.
    pub encrypted: bool,
}

/// The private key that opens one place.
pub struct SshKey {
    path: PathBuf,
    store: Id,
    place: String,
    proven: Cell<bool>,
    trouble: RefCell<Option<Failure>>,
}

impl SshKey {
    /// The key in this file, for this place.
    #[must_use]
    pub fn at(path: &Path, store: Id, place: &str) -> Self {
        let (path, place) = (path.to_owned(), place.to_owned());
        Self { path, store, place, proven: Cell::default(), trouble: RefCell::default() }
    }

    fn shown(&self) -> String {
        format!("`{}`", self.path.display())
    }

    fn read(&self) -> Result<Identity> {
        read(&self.path).map(|(identity, _)| identity)
    }

    /// The key, with its passphrase if it has one.
    fn opened(&self, person: &dyn Person) -> Result<Identity> {
        let encrypted = match self.read()? {
            Identity::Encrypted(key) => key,
            other => return Ok(other),
        };
        let tried = |passphrase: &Secret| encrypted.decrypt(phrase(passphrase)).ok().map(Identity::from);
        let given = held(self.store, &self.place);
        if let Some(opened) = given.as_ref().and_then(tried) {
            return Ok(opened);
        }
        if !person.is_there() {
            return Err(if given.is_some() { self.wrong() } else { self.closed() });
        }
        for attempt in 1..=TRIES {
            let passphrase = person.passphrase(&format!("the passphrase of the SSH key {}: ", self.shown()))?;
            let is_one = passphrase.expose_text().is_some_and(|text| !text.is_empty());
            if let Some(opened) = is_one.then(|| tried(&passphrase)).flatten() {
                hold(self.store, &self.place, &passphrase);
                return Ok(opened);
            }
            if attempt < TRIES {
                person.say("that is not the passphrase");
            }
        }
        Err(self.wrong())
    }

    fn closed(&self) -> Failure {
        let why = format!("which has a passphrase, {}", why_nobody());
        unlocked::closed(&format!("the SSH key {}", self.shown()), &why)
    }

    fn wrong(&self) -> Failure {
        Failure::new(Kind::Keychain, format!("the passphrase of {} is wrong; the store stays closed", self.shown()))
            .hint("if it is forgotten, the recovery copy opens the store: `keyctl recovery restore FILE`")
    }
}

/// Reads a private key and looks at its file.
///
/// # Errors
/// `Keychain` where it is not there; `Usage` where age cannot use it, with what can be done.
pub fn look(path: &Path) -> Result<Look> {
    let (identity, exposed) = read(path)?;
    let encrypted = matches!(identity, Identity::Encrypted(_));
    recipient(identity, path)?;
    Ok(Look { exposed, encrypted })
}

fn read(path: &Path) -> Result<(Identity, bool)> {
    let shown = path.display();
    let Some((bytes, facts)) = home::read(path, LARGEST)? else {
        return Err(Failure::new(Kind::Keychain, format!("the SSH key `{shown}` is not there"))
            .hint("put it back; or bring the identity back without it: `keyctl recovery restore FILE --keeper file`"));
    };
    let bytes = Secret::new(bytes);
    let access = platform::access(&facts);
    let exposed = access.writable_by_others || access.readable_by_others;
    // age's parser knows one kind of line end.
    let mut text = Vec::with_capacity(bytes.len());
    text.extend(bytes.expose().iter().filter(|byte| **byte != b'\r'));
    let text = Secret::new(text);
    let parsed = Identity::from_buffer(BufReader::new(text.expose()), None);
    let unfit = |why: &str| Failure::new(Kind::Usage, format!("the SSH key `{shown}` cannot be used: {why}"));
    match parsed {
        Ok(Identity::Unsupported(UnsupportedKey::EncryptedPem)) => {
            let old = unfit("it is encrypted in an old form that age does not read");
            Err(old.hint(format!("write it in today's form, with the same passphrase: `ssh-keygen -p -f {shown}`")))
        }
        Ok(Identity::Unsupported(UnsupportedKey::EncryptedSsh(_))) => {
            let cipher = unfit("it is encrypted with a cipher that age does not know");
            Err(cipher.hint(format!("write it with the usual one: `ssh-keygen -p -Z aes256-ctr -f {shown}`")))
        }
        Ok(Identity::Unsupported(UnsupportedKey::Hardware(_))) => {
            Err(unfit("a security key signs, and cannot decrypt").hint(NEEDED))
        }
        Ok(Identity::Unsupported(UnsupportedKey::Type(_))) => {
            Err(unfit("it is neither an ssh-ed25519 nor an ssh-rsa key, and age takes no other").hint(NEEDED))
        }
        Ok(identity) => Ok((identity, exposed)),
        Err(_) if text.expose().starts_with(b"ssh-") || text.expose().starts_with(b"ecdsa-") => {
            Err(unfit("it is the public half").hint("name the private one: the same file without `.pub`"))
        }
        Err(_) => Err(unfit("it is not a private key as `ssh-keygen` writes it").hint(NEEDED)),
    }
}

const NEEDED: &str = "an ssh-ed25519 or ssh-rsa key is needed, in a file: an agent cannot decrypt";

fn recipient(identity: Identity, path: &Path) -> Result<Recipient> {
    Recipient::try_from(identity).map_err(|error| {
        let why = match error {
            ParseRecipientKeyError::RsaModulusTooSmall => "an ssh-rsa key needs 2048 bits or more",
            ParseRecipientKeyError::RsaModulusTooLarge => "an ssh-rsa key of so many bits is more than age takes",
            _ => "age does not know its public half",
        };
        Failure::new(Kind::Usage, format!("the SSH key `{}` cannot be used: {why}", path.display())).hint(NEEDED)
    })
}

impl Wrapper for SshKey {
    fn stanzas(&self) -> &'static [&'static str] {
        &["ssh-ed25519", "ssh-rsa"]
    }

    fn recipient(&self) -> Result<Box<dyn age::Recipient + '_>> {
        Ok(Box::new(recipient(self.read()?, &self.path)?))
    }

    fn identity<'w>(&'w self, person: &'w dyn Person) -> Result<Box<dyn age::Identity + 'w>> {
        Ok(Box::new(Proving { key: self, identity: self.opened(person)? }))
    }

    fn trouble(&self) -> Option<Failure> {
        self.trouble.take()
    }

    fn is_ready(&self) -> bool {
        self.proven.get()
    }
}

/// age's private half, which tells when it has opened something.
struct Proving<'k> {
    key: &'k SshKey,
    identity: Identity,
}

impl age::Identity for Proving<'_> {
    fn unwrap_stanza(
        &self,
        stanza: &age_core::format::Stanza,
    ) -> Option<std::result::Result<age_core::format::FileKey, DecryptError>> {
        let opened = self.identity.unwrap_stanza(stanza);
        if let Some(Ok(_)) = &opened {
            self.key.proven.set(true);
        } else {
            let said = format!("the identity was wrapped for another SSH key than {}", self.key.shown());
            let failure = Failure::new(Kind::Keychain, said);
            *self.key.trouble.borrow_mut() =
                Some(failure.hint("put that key back, or bring the identity back: `keyctl recovery restore FILE`"));
        }
        opened
    }
}
