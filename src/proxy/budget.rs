//! What all runs together have used up of a store's keys, where a rule has a limit: a small sealed file beside the store, which
//! each run holds locked for the moment in which it takes one more. A key that no rule limits touches none of it.
//!
//! What a run knows it knows until it ends: of a file that was taken away, cut or put back it writes what is missing again. A run
//! that begins holds the file against the history, and what stands there and not here it adds. So the file is no way to a new
//! budget; it is there so that runs side by side see each other.

use std::{
    collections::BTreeMap,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use crate::{home, platform, random, seal::SealKey};

use super::records;

/// Its name beside the store.
pub const FILE: &str = "proxy.used";
/// The one that is locked; it has nothing in it.
const LOCK: &str = "proxy.used.lock";
/// What it is sealed for.
pub const PURPOSE: &str = "keyctl/proxy-used/v1";
/// No limit is of a longer time; one that says none counts for so long.
const REACH: Duration = Duration::from_hours(24);
/// A file that has grown by so many bytes is written anew, without what counts no more.
const LONG: u64 = 128 * 1024;

/// One request that a key went out with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// For how many it counts: for as long as the longest limit of its rule looks back. So there are never more of these than
    /// the limits have it, however many requests there are.
    pub counts: u64,
    /// The key.
    pub name: String,
    /// The host, with its port where that is not the usual one.
    pub host: String,
    /// Which of the key's rules it went by.
    pub rule: String,
}

impl Use {
    fn until(&self) -> u64 {
        self.at.saturating_add(self.counts)
    }
}

/// The file of one store.
pub struct Budget {
    folder: PathBuf,
    key: SealKey,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By when they count no more, and number, so that none counts twice.
    uses: BTreeMap<(u64, u64), Use>,
    /// What others have used up that nobody was told of yet.
    news: Vec<Use>,
    /// The number of the file that was read, and what keeps any other from getting that; and how far it was read.
    file: Option<(u64, Option<File>)>,
    read: u64,
    /// How long it was when it was written anew.
    anew: u64,
}

/// Why nothing can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// Another run takes something just now.
    Busy,
    /// It cannot be read or written.
    Disk,
}

impl From<io::Error> for Hindrance {
    fn from(_: io::Error) -> Self {
        Self::Disk
    }
}

/// The file, held locked.
pub struct Held<'b> {
    budget: &'b Budget,
    /// Closed where another one is about to take its place: one that is open could not be replaced on every Windows.
    file: Option<File>,
    _lock: File,
}

/// So many milliseconds.
#[must_use]
pub fn milliseconds(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}

/// Now.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    milliseconds(since)
}

impl Budget {
    /// The file in this folder, sealed with this key.
    #[must_use]
    pub fn of(folder: PathBuf, key: SealKey) -> Self {
        Self { folder, key, known: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Takes hold of it, and looks what others have added.
    ///
    /// # Errors
    /// `Busy` while another run has hold of it.
    pub fn hold(&self) -> Result<Held<'_>, Hindrance> {
        let path = self.folder.join(LOCK);
        let lock = records::open(&path)?;
        match platform::try_lock(&lock) {
            Ok(()) if platform::is_at(&lock, &path) => {}
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(Hindrance::Busy),
            Err(TryLockError::Error(_)) => return Err(Hindrance::Disk),
        }
        let mut held = Held { budget: self, file: Some(records::open(&self.path())?), _lock: lock };
        held.look()?;
        Ok(held)
    }
}

impl Held<'_> {
    fn look(&mut self) -> Result<(), Hindrance> {
        let mut known = self.budget.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *known;
        let file = self.file.as_ref().ok_or(Hindrance::Disk)?;
        let (number, hold) = platform::number_and_hold(file)?;
        let is_same = known.file.as_ref().is_some_and(|(its, _)| *its == number);
        let goes_on = is_same && file.metadata()?.len() >= known.read;
        let from = if goes_on { known.read } else { 0 };
        let found = records::read(file, from, &self.budget.key, FILE)?;
        let now = now();
        while known.uses.first_key_value().is_some_and(|((until, _), _)| *until <= now) {
            known.uses.pop_first();
        }
        let mut there = BTreeMap::new();
        for (number, used) in found.texts.iter().filter_map(|text| parse(text)) {
            if used.until() > now {
                there.insert((used.until(), number), used);
            }
        }
        let is_new = |(place, _): &(&(u64, u64), &Use)| !known.uses.contains_key(place);
        let news: Vec<Use> = there.iter().filter(is_new).map(|(_, used)| used.clone()).collect();
        known.news.extend(news);
        let lacks_some = !goes_on && known.uses.keys().any(|place| !there.contains_key(place));
        known.uses.extend(there);
        if !goes_on {
            known.file = Some((number, hold));
        }
        known.read = found.end;
        // Each run finds out for itself how much of a file counts still.
        let is_long = found.end > LONG + 2 * known.anew;
        if found.is_damaged || lacks_some || is_long {
            self.write_anew(known)?;
        }
        Ok(())
    }

    /// Writes down all that is known, in the place of what is there.
    fn write_anew(&mut self, known: &mut Known) -> Result<(), Hindrance> {
        let mut bytes = Vec::new();
        for ((_, number), used) in &known.uses {
            bytes.extend(records::sealed(&self.budget.key, FILE, &text(*number, used))?);
        }
        let path: &Path = &self.budget.path();
        self.file = None;
        home::replace_file(path, &bytes, false)?;
        let file = records::open(path)?;
        known.file = Some(platform::number_and_hold(&file)?);
        self.file = Some(file);
        (known.read, known.anew) = (bytes.len() as u64, bytes.len() as u64);
        Ok(())
    }

    /// What others have used up since this was asked last. It stays until then, whatever comes between.
    #[must_use]
    pub fn news(&self) -> Vec<Use> {
        let mut known = self.budget.known.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut known.news)
    }

    /// All that is known to be used up, of the time that counts; none of it is news then.
    #[must_use]
    pub fn all(&self) -> Vec<Use> {
        let mut known = self.budget.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.news.clear();
        known.uses.values().cloned().collect()
    }

    /// Adds one.
    ///
    /// # Errors
    /// As the disk has them; then it may count all the same.
    pub fn add(&self, used: Use) -> Result<(), Hindrance> {
        let number = u64::from_le_bytes(random::bytes().map_err(|_| Hindrance::Disk)?);
        let file = self.file.as_ref().ok_or(Hindrance::Disk)?;
        let mut known = self.budget.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.read += records::add(file, &self.budget.key, FILE, &text(number, &used))?;
        known.uses.insert((used.until(), number), used);
        Ok(())
    }
}

fn text(number: u64, used: &Use) -> String {
    format!("{}+{} {number} {} {} {}", used.at, used.counts, used.host, used.rule, used.name)
}

fn parse(text: &str) -> Option<(u64, Use)> {
    let mut words = text.splitn(5, ' ');
    let (when, number) = (words.next()?, words.next()?.parse().ok()?);
    let (at, counts) = match when.split_once('+') {
        Some((at, counts)) => (at.parse().ok()?, counts.parse().ok()?),
        None => (when.parse().ok()?, milliseconds(REACH)),
    };
    let mut text = || words.next().map(str::to_owned);
    let (host, rule, name) = (text()?, text()?, text()?);
    Some((number, Use { at, counts, name, host, rule }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(folder: &Path) -> Budget {
        Budget::of(folder.to_owned(), SealKey::derive(b"i", b"s", PURPOSE))
    }

    fn used(name: &str, ago: u64) -> Use {
        let (host, rule) = ("a.example".to_owned(), "r".to_owned());
        Use { at: now() - ago, counts: milliseconds(REACH), name: name.to_owned(), host, rule }
    }

    fn names(uses: &[Use]) -> Vec<&str> {
        uses.iter().map(|used| used.name.as_str()).collect()
    }

    impl Budget {
        /// Holds it, once nobody else does: a program that another test is just starting has its descriptors for a moment.
        fn held(&self) -> Held<'_> {
            loop {
                match self.hold() {
                    Err(Hindrance::Busy) => std::thread::sleep(Duration::from_millis(1)),
                    held => return held.unwrap(),
                }
            }
        }
    }

    #[test]
    fn runs_side_by_side_see_each_other_and_hold_it_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (budget(folder.path()), budget(folder.path()));
        let held = one.held();
        held.add(used("a", 0)).unwrap();
        assert!(matches!(other.hold(), Err(Hindrance::Busy)));
        drop(held);
        let held = other.held();
        assert_eq!(names(&held.news()), ["a"]);
        held.add(used("b", 0)).unwrap();
        drop(held);
        drop(one.held());
        let held = one.held();
        assert_eq!(names(&held.news()), ["b"]);
        drop(held);
        assert!(one.held().news().is_empty(), "its own and what it has seen is no news");
        let old = milliseconds(REACH) + 1000;
        one.held().add(used("old", old)).unwrap();
        assert_eq!(budget(folder.path()).held().all().len(), 2);
    }

    #[test]
    fn a_file_that_is_taken_away_cut_put_back_or_spoilt_gets_again_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let (one, other) = (budget(folder.path()), budget(folder.path()));
        one.held().add(used("a", 30)).unwrap();
        let older = std::fs::read(&path).unwrap();
        one.held().add(used("b", 20)).unwrap();
        for harm in 0..4 {
            match harm {
                0 => std::fs::remove_file(&path).unwrap(),
                1 => std::fs::write(&path, &older).unwrap(),
                2 => std::fs::write(&path, b"not a record at all").unwrap(),
                _ => {
                    let bytes = std::fs::read(&path).unwrap();
                    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
                }
            }
            assert!(one.held().news().is_empty());
            assert_eq!(names(&budget(folder.path()).held().all()), ["a", "b"], "{harm}");
        }
        assert_eq!(names(&other.held().all()), ["a", "b"]);
    }

    #[test]
    fn what_counts_for_a_moment_is_kept_for_a_moment_and_an_older_record_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let (one, other) = (budget(folder.path()), budget(folder.path()));
        one.held().add(used("long", 10)).unwrap();
        for number in 0..3000 {
            let brief = Use { counts: 1000, ..used("brief", 2000 - number % 2) };
            one.held().add(brief).unwrap();
        }
        let length = || std::fs::metadata(&path).unwrap().len();
        assert!(length() < LONG + LONG / 2, "{}", length());
        assert_eq!(names(&other.held().news()), ["long"]);
        assert_eq!(other.known.lock().unwrap().uses.len(), 1);
        let now = Use { counts: 60_000, ..used("now", 0) };
        other.held().add(now).unwrap();
        assert_eq!(names(&one.held().news()), ["now"], "though the file was written anew meanwhile");
        let (number, before) = parse("1800000000000 7 a.example r k").unwrap();
        assert_eq!((number, before.at, before.counts), (7, 1_800_000_000_000, milliseconds(REACH)));
        assert_eq!(parse(&text(7, &before)), Some((7, before)));
    }
}
