//! The keys that are frozen: a small sealed file beside each store, which every running proxy looks at for each request. So
//! `proxy freeze` takes hold of the next request, wherever it is made, and needs to reach no process.
//!
//! A file that cannot be read, or was not written by the owner of the store, freezes all keys of the store: it is there because
//! somebody wanted one frozen.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::{failure::Result, home, name::KeyName, platform, seal::SealKey};

/// Its name beside the store.
pub const FILE: &str = "proxy.frozen";
/// What it is sealed for.
pub const PURPOSE: &str = "keyctl/proxy-frozen/v1";
/// The most bytes of it.
const LARGEST: usize = 1024 * 1024;

/// What tells one version of a file from another.
type Print = Option<(u64, Option<SystemTime>, u64)>;

/// The list of one store.
pub struct Frozen {
    path: PathBuf,
    key: SealKey,
    seen: Mutex<(Print, Names)>,
}

/// What the list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// These.
    Some(BTreeSet<String>),
    /// It cannot be told which.
    Unknown,
}

impl Frozen {
    /// The list that lies there, sealed with this key.
    #[must_use]
    pub fn of(path: PathBuf, key: SealKey) -> Self {
        Self { path, key, seen: Mutex::new((None, Names::Some(BTreeSet::new()))) }
    }

    /// Whether a key is frozen.
    #[must_use]
    pub fn has(&self, name: &KeyName) -> bool {
        let now = print(&self.path);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != now {
            *seen = (now, self.read());
        }
        match &seen.1 {
            Names::Some(names) => names.contains(name.as_str()),
            Names::Unknown => true,
        }
    }

    /// What it says now.
    #[must_use]
    pub fn read(&self) -> Names {
        match home::read(&self.path, LARGEST) {
            Ok(None) if self.path.symlink_metadata().is_err() => Names::Some(BTreeSet::new()),
            Ok(Some((sealed, _))) => match self.key.open(FILE.as_bytes(), &sealed) {
                Some(text) => Names::Some(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()),
                None => Names::Unknown,
            },
            _ => Names::Unknown,
        }
    }

    /// Writes it anew; nothing frozen leaves no file.
    ///
    /// # Errors
    /// As the disk has them.
    pub fn write(&self, names: &BTreeSet<String>) -> Result<()> {
        if names.is_empty() {
            return match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(crate::failure::Failure::disk("remove", &self.path, &error))
                }
                _ => Ok(()),
            };
        }
        let text: Vec<&str> = names.iter().map(String::as_str).collect();
        let sealed = self.key.seal(FILE.as_bytes(), text.join("\n").as_bytes())?;
        home::replace(&self.path, &sealed)
    }
}

fn print(path: &Path) -> Print {
    let facts = std::fs::symlink_metadata(path).ok()?;
    Some((facts.len(), facts.modified().ok(), platform::file_number(&facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_frozen_is_seen_at_once_and_what_cannot_be_read_freezes_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let list = || Frozen::of(path.clone(), SealKey::derive(b"identity", b"salt", PURPOSE));
        let (reader, name) = (list(), |text: &str| text.parse::<KeyName>().unwrap());
        assert!(!reader.has(&name("a")));
        list().write(&BTreeSet::from(["a".to_owned()])).unwrap();
        assert!(reader.has(&name("a")) && !reader.has(&name("b")));
        list().write(&BTreeSet::from(["b".to_owned()])).unwrap();
        assert!(!reader.has(&name("a")) && reader.has(&name("b")));
        let sealed = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"a\n").unwrap();
        assert!(reader.has(&name("a")) && reader.has(&name("c")), "forged");
        std::fs::write(&path, &sealed).unwrap();
        assert!(!reader.has(&name("c")));
        list().write(&BTreeSet::new()).unwrap();
        assert!(!reader.has(&name("b")) && !path.exists());
    }
}
