//! The keys that are frozen. The store says which, sealed and held against being put back as all of it is; what a store says can
//! be read only where it is opened. So there is news beside it: a small sealed file that every running proxy looks at for each
//! request, with the keys that are frozen by the store's latest freeze, and which version of the store that was. `proxy freeze`
//! takes hold of the next request with that, wherever it is made, and needs to reach no process.
//!
//! News counts where it is newer than what a proxy knows of the store, and until it knows more. So nothing is gained by taking
//! the file away or by putting an older one in its place. A file that cannot be read, or was not written by the owner of the
//! store, freezes all keys of the store: it is there because somebody wanted one frozen.

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
pub const PURPOSE: &str = "keyctl/proxy-frozen/v2";
/// The most bytes of it.
const LARGEST: usize = 1024 * 1024;

/// What tells one version of a file from another.
type Print = Option<(u64, Option<SystemTime>, u64)>;

/// What is known of one store's frozen keys.
pub struct Frozen {
    path: PathBuf,
    key: SealKey,
    seen: Mutex<Seen>,
}

struct Seen {
    print: Print,
    found: Found,
    /// What the store says, and by which of its versions; then what the news did.
    known: News,
}

/// The keys that are frozen by one version of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The version's number.
    pub generation: u64,
    /// The keys.
    pub names: BTreeSet<String>,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    Nothing,
    /// This.
    News(News),
    /// It cannot be told.
    Unknown,
}

impl Frozen {
    /// The list that lies there, sealed with this key; and what the store says.
    #[must_use]
    pub fn of(path: PathBuf, key: SealKey, known: News) -> Self {
        Self { path, key, seen: Mutex::new(Seen { print: None, found: Found::Nothing, known }) }
    }

    /// The store says this by now.
    pub fn know(&self, of_store: News) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if of_store.generation >= seen.known.generation {
            seen.known = of_store;
        }
    }

    /// Whether a key is frozen.
    #[must_use]
    pub fn has(&self, name: &KeyName) -> bool {
        let now = print(&self.path);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.print != now {
            (seen.print, seen.found) = (now, self.read());
            if let Found::News(news) = &seen.found
                && news.generation > seen.known.generation
            {
                seen.known = news.clone();
            }
        }
        seen.found == Found::Unknown || seen.known.names.contains(name.as_str())
    }

    /// What the file says now.
    #[must_use]
    pub fn read(&self) -> Found {
        match home::read(&self.path, LARGEST) {
            Ok(None) if self.path.symlink_metadata().is_err() => Found::Nothing,
            Ok(Some((sealed, _))) => {
                let text = self.key.open(FILE.as_bytes(), &sealed);
                text.and_then(|text| News::parse(std::str::from_utf8(&text).ok()?)).map_or(Found::Unknown, Found::News)
            }
            _ => Found::Unknown,
        }
    }

    /// Writes it anew.
    ///
    /// # Errors
    /// As the disk has them.
    pub fn write(&self, news: &News) -> Result<()> {
        let sealed = self.key.seal(FILE.as_bytes(), news.text().as_bytes())?;
        home::replace(&self.path, &sealed)
    }

    /// Takes it away: whoever opens the store from now on knows all of it.
    ///
    /// # Errors
    /// As the disk has them.
    pub fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(crate::failure::Failure::disk("remove", &self.path, &error))
            }
            _ => Ok(()),
        }
    }
}

impl News {
    fn text(&self) -> String {
        let names = self.names.iter().map(String::as_str);
        std::iter::once(self.generation.to_string().as_str()).chain(names).collect::<Vec<_>>().join("\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let generation = lines.next()?.parse().ok()?;
        Some(Self { generation, names: lines.map(str::to_owned).collect() })
    }
}

fn print(path: &Path) -> Print {
    let facts = std::fs::symlink_metadata(path).ok()?;
    Some((facts.len(), facts.modified().ok(), platform::file_number(&facts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(generation: u64, names: &[&str]) -> News {
        News { generation, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn name(text: &str) -> KeyName {
        text.parse().unwrap()
    }

    fn list(path: &Path, known: News) -> Frozen {
        Frozen::of(path.to_owned(), SealKey::derive(b"identity", b"salt", PURPOSE), known)
    }

    #[test]
    fn what_is_frozen_is_seen_at_once_and_what_cannot_be_read_freezes_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let (reader, writer) = (list(&path, news(4, &["z"])), list(&path, News::default()));
        assert!(!reader.has(&name("a")) && reader.has(&name("z")));
        writer.write(&news(5, &["a"])).unwrap();
        assert!(reader.has(&name("a")) && !reader.has(&name("b")) && !reader.has(&name("z")));
        writer.write(&news(6, &["b"])).unwrap();
        assert!(!reader.has(&name("a")) && reader.has(&name("b")));
        let sealed = std::fs::read(&path).unwrap();
        std::fs::write(&path, b"6\na\n").unwrap();
        assert!(reader.has(&name("a")) && reader.has(&name("c")), "forged");
        std::fs::write(&path, &sealed).unwrap();
        assert!(!reader.has(&name("c")) && reader.has(&name("b")));
        writer.write(&news(7, &[])).unwrap();
        assert!(!reader.has(&name("b")));
    }

    #[test]
    fn taking_the_file_away_or_an_older_one_lifts_nothing_and_what_the_store_says_later_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let (reader, writer) = (list(&path, news(4, &[])), list(&path, News::default()));
        writer.write(&news(3, &["b"])).unwrap();
        assert!(!reader.has(&name("b")), "the store is newer");
        let older = std::fs::read(&path).unwrap();
        writer.write(&news(5, &["a"])).unwrap();
        assert!(reader.has(&name("a")));
        writer.remove().unwrap();
        assert!(reader.has(&name("a")) && !path.exists());
        std::fs::write(&path, older).unwrap();
        assert!(reader.has(&name("a")));
        reader.know(news(4, &[]));
        assert!(reader.has(&name("a")), "an older version of the store");
        reader.know(news(6, &[]));
        assert!(!reader.has(&name("a")));
    }
}
