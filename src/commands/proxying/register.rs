//! Which proxies run: each writes down what it does in a small file of every store that its keys are of, sealed with the
//! store's identity as it has names in it. Beside that lies one that its proxy holds locked as long as it lives: the system
//! frees the lock with its holder, however that ends, and so neither process numbers nor times are needed to tell. It has the
//! process's number, and nothing else.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    date::Moment,
    failure::{Failure, Result},
    hex,
    home::{self, Home},
    identity::{Identity, anchor::Id},
    platform,
    proxy::journal,
    random,
    seal::SealKey,
    terminal::Terminal,
};

use super::{super::opening, freezing, left};

/// The folder of these in a store's.
pub const FOLDER: &str = "proxies";
/// What they are sealed for.
const PURPOSE: &str = "keyctl/proxies/v1";
/// What the names of those end with that are locked.
pub const LOCK: &str = ".lock";
/// The most bytes of a file.
const LARGEST: usize = 1024 * 1024;
/// So often one is made that nobody sweeps away in the same moment.
const TRIES: usize = 8;

/// What a proxy did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests that are over.
    pub requests: u64,
    /// Those of them that were not let through.
    pub refused: u64,
}

/// A proxy that runs.
pub struct Entry {
    /// The number of the keyctl that it runs in.
    pub process: Option<u32>,
    /// What it says of itself, where that can be read.
    pub said: Option<Said>,
}

/// What a proxy says of itself.
pub struct Said {
    /// The command's name.
    pub program: String,
    /// Since when it runs.
    pub since: Moment,
    /// The keys that it keeps.
    pub keys: Vec<String>,
    /// What it did so far.
    pub count: Count,
}

/// A running proxy's own place in the register of one store; it goes with it.
pub struct Place {
    run: String,
    path: PathBuf,
    lock: PathBuf,
    _held: File,
    key: SealKey,
    said: Said,
}

/// A name for one run.
///
/// # Errors
/// When the system gives no randomness.
pub fn name() -> Result<String> {
    Ok(hex::encode(&random::bytes::<8>()?))
}

impl Place {
    /// Takes it, under the name of the run.
    ///
    /// # Errors
    /// `Disk` where nothing can be written.
    pub fn take(home: &Home, (identity, store): (&Identity, Id), run: &str, said: Said) -> Result<Self> {
        let folder = home.file(FOLDER);
        let lock = folder.join(format!("{run}{LOCK}"));
        let held = hold(&folder, &lock).map_err(|error| Failure::disk("lock", &lock, &error))?;
        let place = Self {
            run: run.to_owned(),
            path: folder.join(run),
            lock,
            _held: held,
            key: sealed_by(identity, store),
            said,
        };
        place.write()?;
        Ok(place)
    }

    /// Writes down what was done by now, if that is more.
    ///
    /// # Errors
    /// `Disk`.
    pub fn count(&mut self, count: Count) -> Result<()> {
        if self.said.count == count {
            return Ok(());
        }
        self.said.count = count;
        self.write()
    }

    fn write(&self) -> Result<()> {
        let Said { program, since, keys, count } = &self.said;
        let text = json!({
            "program": program, "since": since, "keys": keys,
            "requests": count.requests, "refused": count.refused,
        });
        let sealed = self.key.seal(self.run.as_bytes(), text.to_string().as_bytes())?;
        // After a power cut nothing runs.
        home::replace_file(&self.path, &sealed, false).map_err(|error| Failure::disk("write", &self.path, &error))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(&self.lock);
        if let Some(folder) = self.lock.parent() {
            // Where others are in it, it stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Makes a file with this process's number that is held locked.
fn hold(folder: &Path, path: &Path) -> io::Result<File> {
    for _ in 0..TRIES {
        platform::create_private_folder(folder)?;
        let mut file = match platform::create_private(path) {
            Ok(file) => file,
            // The last one of others took the folder away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        // Before it is locked, somebody may take it for one that nobody has any more.
        if platform::try_lock(&file).is_ok() && platform::is_at(&file, path) {
            file.write_all(std::process::id().to_string().as_bytes())?;
            return Ok(file);
        }
        let _ = std::fs::remove_file(path);
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// What it is sealed with.
pub fn sealed_by(identity: &Identity, store: Id) -> SealKey {
    freezing::key_for(identity, store, PURPOSE)
}

/// All that run, of all stores; what the dead have left is taken away. An identity is looked for only where one runs, and
/// nobody is asked.
///
/// # Errors
/// As the folders of the stores have them.
pub fn all(terminal: &Terminal) -> Result<Vec<Entry>> {
    let mut found: BTreeMap<String, Entry> = BTreeMap::new();
    let others = Home::all()?;
    for store in std::iter::once(None).chain(others.iter().map(Some)) {
        // One whose removal was cut short has none.
        let Ok(home) = Home::of(store) else { continue };
        left::write_down_unasked(&home, terminal);
        let alive = living(&home.file(FOLDER));
        if alive.is_empty() {
            continue;
        }
        let key = key(&home, terminal);
        if let Err(failure) = &key {
            terminal.warn(&format!("what these proxies do cannot be read: {}", failure.message));
        }
        for (run, process) in alive {
            let said = key.as_ref().ok().and_then(|key| read(&home.file(FOLDER).join(&run), key, &run));
            let entry = found.entry(run).or_insert(Entry { process, said: None });
            match (&mut entry.said, said) {
                (Some(all), Some(more)) => all.keys.extend(more.keys),
                (none @ None, some) => *none = some,
                (Some(_), None) => {}
            }
        }
    }
    let mut all: Vec<Entry> = found.into_values().collect();
    all.sort_by_key(|entry| (entry.said.as_ref().map(|said| said.since), entry.process));
    Ok(all)
}

fn key(home: &Home, terminal: &Terminal) -> Result<SealKey> {
    let kept = opening::identity_unasked(home)?;
    let payload = opening::store(home, &kept, terminal)?.pick(&[])?;
    Ok(sealed_by(&kept.identity, payload.id))
}

/// The runs whose proxies live, each with its process; what belongs to no one of them goes.
fn living(folder: &Path) -> Vec<(String, Option<u32>)> {
    let names = platform::names_in(folder);
    let names: Vec<&str> = names.iter().filter_map(|name| name.to_str()).collect();
    let (mut alive, mut is_any_left) = (Vec::new(), false);
    let is_run = |run: &&str| hex::decode::<8>(run).is_some();
    for run in names.iter().filter_map(|name| name.strip_suffix(LOCK)).filter(is_run) {
        let path = folder.join(format!("{run}{LOCK}"));
        let Ok(mut file) = platform::open_untrusted(&path) else { continue };
        if platform::try_lock(&file).is_err() {
            let mut text = String::new();
            let _ = io::Read::by_ref(&mut file).take(16).read_to_string(&mut text);
            alive.push((run.to_owned(), text.parse().ok()));
        } else if platform::is_at(&file, &path) {
            // What it has begun is for the history, and whoever writes that takes it away.
            if names.iter().any(|name| name.strip_suffix(journal::ENDING) == Some(run)) {
                continue;
            }
            let left = names.iter().filter(|name| name.contains(run) && !name.ends_with(LOCK));
            left.for_each(|name| {
                let _ = std::fs::remove_file(folder.join(name));
            });
            let _ = std::fs::remove_file(&path);
            is_any_left = true;
        }
    }
    if is_any_left && alive.is_empty() {
        let _ = std::fs::remove_dir(folder);
    }
    alive
}

/// What a run says of itself.
pub fn read(path: &Path, key: &SealKey, run: &str) -> Option<Said> {
    let (sealed, _) = home::read(path, LARGEST).ok()??;
    let value: Value = serde_json::from_slice(&key.open(run.as_bytes(), &sealed)?).ok()?;
    let number = |name: &str| value[name].as_u64();
    let keys = value["keys"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Some(Said {
        program: value["program"].as_str()?.to_owned(),
        since: value["since"].as_str()?.parse().ok()?,
        keys,
        count: Count { requests: number("requests")?, refused: number("refused")? },
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn said(count: Count) -> Said {
        Said { program: "sh".into(), since: Moment::from_seconds(1_800_000_000), keys: vec!["a".into()], count }
    }

    #[test]
    fn a_proxy_is_there_as_long_as_it_lives_and_what_the_dead_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (home, identity) = (Home::at(folder.path()), Identity::generate());
        let (store, key) = (Id([1; 16]), sealed_by(&identity, Id([1; 16])));
        let proxies = home.file(FOLDER);
        let mut place = Place::take(&home, (&identity, store), "0123012301230123", said(Count::default())).unwrap();
        let count = Count { requests: 3, refused: 1 };
        place.count(count).unwrap();
        std::fs::write(proxies.join("4444444444444444.lock"), "1").unwrap();
        for left in ["4444444444444444", ".4444444444444444.00112233.tmp"] {
            std::fs::write(proxies.join(left), "left").unwrap();
        }
        assert_eq!(living(&proxies), [("0123012301230123".to_owned(), Some(std::process::id()))]);
        assert_eq!(platform::names_in(&proxies).len(), 2, "what the dead one left is gone");
        let now = read(&proxies.join("0123012301230123"), &key, "0123012301230123").unwrap();
        assert_eq!((now.program.as_str(), now.keys, now.count), ("sh", vec!["a".to_owned()], count));
        let other = sealed_by(&Identity::generate(), store);
        assert!(
            read(&proxies.join("0123012301230123"), &other, "0123012301230123").is_none()
                && read(&proxies.join("0123012301230123"), &key, "9999").is_none()
        );
        drop(place);
        assert!(!proxies.exists());
    }
}
