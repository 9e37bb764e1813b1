//! What a member notes for himself about a store, in his own folder for it: one line, sealed with his identity, so that nobody
//! else can write it, and its length says little about names.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    failure::{Failure, Kind, Result},
    home,
    identity::{Identity, anchor::Id},
    seal::SealKey,
};

/// Sealed texts are filled up to a multiple of this.
const BLOCK: usize = 1024;

/// One kind of note.
pub(super) struct Note {
    /// How its file begins.
    pub head: &'static str,
    /// What its sealing key is derived for.
    pub purpose: &'static str,
    /// The most bytes its file may have.
    pub largest: usize,
}

impl Note {
    /// Reads one; nothing where there is no file, or one that this identity did not write for this store.
    pub fn read<T: DeserializeOwned>(&self, path: &Path, identity: &Identity, store: Id) -> Option<T> {
        let (bytes, _) = home::read(path, self.largest).ok()??;
        let text = std::str::from_utf8(&bytes).ok()?.strip_prefix(self.head)?.strip_suffix('\n')?;
        let plain = self.key(identity, store).open(self.head.as_bytes(), &BASE64.decode(text).ok()?)?;
        serde_json::from_slice(&plain).ok()
    }

    /// Whether so much can be read again.
    pub fn holds(&self, content: &impl Serialize) -> bool {
        // Sealed and written in letters it is a third longer.
        serde_json::to_vec(content).is_ok_and(|plain| plain.len() / 3 * 4 + 4 * BLOCK < self.largest)
    }

    /// Writes one down, if it can be read again.
    ///
    /// # Errors
    /// `Disk`.
    pub fn write(&self, path: &Path, content: &impl Serialize, identity: &Identity, store: Id) -> Result<()> {
        let failed = |why: &str| Failure::new(Kind::Disk, format!("`{}` {why}", path.display()));
        let mut plain = serde_json::to_vec(content).map_err(|_| failed("cannot be written down"))?;
        plain.resize(plain.len().next_multiple_of(BLOCK), b' ');
        let sealed = self.key(identity, store).seal(self.head.as_bytes(), &plain)?;
        let text = format!("{}{}\n", self.head, BASE64.encode(sealed));
        if text.len() > self.largest {
            return Err(failed("would be too large to be read again"));
        }
        home::replace(path, text.as_bytes())
    }

    fn key(&self, identity: &Identity, store: Id) -> SealKey {
        SealKey::derive(identity.line().expose(), &store.0, self.purpose)
    }
}
