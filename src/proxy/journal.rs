//! The requests of one run that a key goes out with, written down before their first byte does: whoever ends keyctl in the middle
//! leaves them there. What becomes of each is in the history when it is over, and then it is done with here; what is left of a
//! run that is dead goes into the history as it is.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{home, seal::SealKey};

use super::records;

/// What the names of such files end with.
pub const ENDING: &str = ".begun";
/// What they are sealed for.
pub const PURPOSE: &str = "keyctl/proxy-begun/v1";
/// A file that has grown by so many bytes is written anew, with what is under way and no more: one request that takes hours must
/// not keep all that were over meanwhile.
const LONG: u64 = 64 * 1024;

/// A request that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The keys that went with it.
    pub names: Vec<String>,
    /// The host, with its port where that is not the usual one.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, without what only this request has.
    pub path: String,
}

/// The same as it is written down.
#[derive(Serialize)]
struct Said<'b> {
    n: u64,
    at: u64,
    names: &'b [String],
    host: &'b str,
    method: &'b str,
    path: &'b str,
}

/// The file of one run and one store.
pub struct Journal {
    path: PathBuf,
    run: String,
    key: SealKey,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<File>,
    next: u64,
    /// What is under way, as it was written down.
    under_way: BTreeMap<u64, String>,
    /// How long the file is, and how long it was when it was written anew.
    length: u64,
    anew: u64,
    /// How many refused requests wait to be written down together.
    refused: u64,
}

impl Journal {
    /// The file of a run in the folder of those that run.
    #[must_use]
    pub fn of(folder: &Path, run: &str, key: SealKey) -> Self {
        Self { path: folder.join(format!("{run}{ENDING}")), run: run.to_owned(), key, state: Mutex::default() }
    }

    /// Writes down that a request goes out. Gives its number.
    ///
    /// # Errors
    /// As the disk has them.
    pub fn begin(&self, begun: &Begun) -> io::Result<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.next;
        let Begun { at, names, host, method, path } = begun;
        let said = serde_json::to_string(&Said { n: number, at: *at, names, host, method, path })?;
        state.add(&self.path, &self.key, &self.run, &said)?;
        state.next += 1;
        state.under_way.insert(number, said);
        Ok(number)
    }

    /// These stand in the history by now. That it cannot be written down is no failure: they stand there twice then.
    pub fn over(&self, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for number in numbers {
            state.under_way.remove(number);
        }
        state.note(&self.path, &self.key, &self.run, &json!({ "over": numbers }));
    }

    /// So many refused requests are gathered, and stand in no history yet. That it cannot be written down is no failure: none of
    /// them went out.
    pub fn gathered(&self, refused: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.refused != refused {
            state.refused = refused;
            state.note(&self.path, &self.key, &self.run, &json!({ "refused": refused }));
        }
    }

    /// The run has ended. All of it stands in the history, or something does not and is for the next one to write down.
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.under_way.is_empty() && state.refused == 0 && state.file.take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl State {
    fn add(&mut self, path: &Path, key: &SealKey, run: &str, said: &str) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(records::open(path)?);
        }
        if let Some(file) = &self.file {
            self.length += records::add(file, key, run, said)?;
        }
        Ok(())
    }

    /// Adds what is true by now, or where that has become long, writes down nothing but what is true.
    fn note(&mut self, path: &Path, key: &SealKey, run: &str, said: &Value) {
        if self.length < LONG + 2 * self.anew || self.write_anew(path, key, run).is_err() {
            let _ = self.add(path, key, run, &said.to_string());
        }
    }

    /// What is under way, in the place of all that is there: whenever keyctl is killed, the one or the other is.
    fn write_anew(&mut self, path: &Path, key: &SealKey, run: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        let refused = json!({ "refused": self.refused }).to_string();
        for said in self.under_way.values().chain([&refused]) {
            bytes.extend(records::sealed(key, run, said)?);
        }
        // One that is open could not be replaced on every Windows.
        self.file = None;
        home::replace_file(path, &bytes, false)?;
        self.file = Some(records::open(path)?);
        (self.length, self.anew) = (bytes.len() as u64, bytes.len() as u64);
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

/// What a run has left behind.
#[derive(Debug, Default)]
pub struct Left {
    /// What went out, of which nobody knows how it ended.
    pub begun: Vec<Begun>,
    /// How many were refused and stand in no history.
    pub refused: u64,
}

/// What a run has left behind.
///
/// # Errors
/// As the disk has them.
pub fn left(path: &Path, run: &str, key: &SealKey) -> io::Result<Left> {
    let file = crate::platform::open_untrusted(path)?;
    let (mut begun, mut refused) = (BTreeMap::new(), 0);
    for text in records::read(&file, 0, key, run)?.texts {
        let said: Value = serde_json::from_str(&text)?;
        if let Some(over) = said["over"].as_array() {
            over.iter().filter_map(Value::as_u64).for_each(|number| drop(begun.remove(&number)));
        } else if let Some(now) = said["refused"].as_u64() {
            refused = now;
        } else {
            begun.extend(parse(&said));
        }
    }
    Ok(Left { begun: begun.into_values().collect(), refused })
}

fn parse(said: &Value) -> Option<(u64, Begun)> {
    let text = |name: &str| said[name].as_str().map(str::to_owned);
    let names = said["names"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let (host, method, path) = (text("host")?, text("method")?, text("path")?);
    Some((said["n"].as_u64()?, Begun { at: said["at"].as_u64()?, names, host, method, path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_over_is_left_and_a_run_that_ends_well_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let key = || SealKey::derive(b"i", b"s", PURPOSE);
        let begun = |host: &str| Begun {
            at: 7,
            names: vec!["A".to_owned()],
            host: host.to_owned(),
            method: "GET".to_owned(),
            path: "/".to_owned(),
        };
        let path = folder.path().join(format!("0123{ENDING}"));
        let journal = Journal::of(folder.path(), "0123", key());
        let hosts =
            || left(&path, "0123", &key()).unwrap().begun.into_iter().map(|begun| begun.host).collect::<Vec<_>>();
        for host in ["a", "b", "c"] {
            journal.begin(&begun(host)).unwrap();
        }
        journal.over(&[1]);
        assert_eq!(hosts(), ["a", "c"]);
        assert!(left(&path, "4567", &key()).unwrap().begun.is_empty(), "another run's");
        journal.over(&[0, 2]);
        assert!(hosts().is_empty());
        let long = journal.begin(&begun("a-stream.example")).unwrap();
        for _ in 0..2000 {
            let number = journal.begin(&begun("a-host-with-a-longer-name.example")).unwrap();
            journal.over(&[number]);
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 2 * LONG, "though one is under way all the time");
        assert_eq!(hosts(), ["a-stream.example"]);
        let last = journal.begin(&begun("last.example")).unwrap();
        assert_eq!(hosts(), ["a-stream.example", "last.example"]);
        let refused = || left(&path, "0123", &key()).unwrap().refused;
        journal.gathered(7);
        assert_eq!(refused(), 7);
        // A command that is refused all day long is counted anew in each turn.
        (0..4000).for_each(|number| journal.gathered(number));
        assert!(std::fs::metadata(&path).unwrap().len() < 2 * LONG, "though nothing is over");
        assert_eq!((refused(), hosts().len()), (3999, 2));
        journal.gathered(0);
        assert_eq!(refused(), 0);
        journal.over(&[long, last]);
        assert!(hosts().is_empty());
        drop(journal);
        assert!(!path.exists());
        let journal = Journal::of(folder.path(), "0123", key());
        journal.begin(&begun("a")).unwrap();
        drop(journal);
        assert_eq!(hosts(), ["a"]);
    }
}
