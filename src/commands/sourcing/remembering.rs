//! What was fetched before and is kept for a while, where the user asks for that.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::Config,
    date::Moment,
    failure::Result,
    home::{Home, Lock},
    name::{KeyName, KeyPath, SourceName},
    reference::{Place, Remote},
    secret::Secret,
    source::{
        Means,
        cache::{self, Cache},
    },
    store::{
        file::SealedFile,
        payload::{self, Payload},
    },
    terminal::{Terminal, count},
};

use super::Referring;
use crate::commands::{
    opening::{Kept, identity_quietly},
    using::Used,
};

/// How long a change of the store is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The caches of the stores, each read when it is first asked.
pub(super) struct Caches<'c> {
    config: &'c Config,
    means: &'c Means,
    now: Moment,
    read: BTreeMap<usize, Cache>,
    /// By what each was sought before it was fetched.
    marks: BTreeMap<(usize, Remote), String>,
}

impl<'c> Caches<'c> {
    pub(super) fn new(config: &'c Config, means: &'c Means, now: Moment) -> Self {
        Self { config, means, now, read: BTreeMap::new(), marks: BTreeMap::new() }
    }

    /// What is kept for a key, and how old it is; nothing where its source keeps nothing.
    pub(super) fn get(&mut self, key: &Referring, used: &Used) -> Option<(Secret, Duration)> {
        let since = used.payload.keys.get(&key.name)?.facts.changed;
        let (cache, mark, limit) = self.of(key, used)?;
        let kept = cache.get(&mark, since, Moment::now(), limit).map(|(value, age)| (value.copy(), age));
        self.marks.insert((key.at, key.remote.clone()), mark);
        kept
    }

    /// Keeps what was fetched, where its source keeps anything, and would be asked with the same credential still.
    pub(super) fn put(&mut self, key: &Referring, used: &Used, value: &Secret) {
        let now = self.now;
        let before = self.marks.get(&(key.at, key.remote.clone())).cloned();
        if let Some((cache, mark, limit)) = self.of(key, used)
            && before.as_ref() == Some(&mark)
        {
            cache.put(mark, &key.remote, value, now, limit);
        }
    }

    /// Writes down what was fetched. That it cannot be kept stops nothing, and is said.
    pub(super) fn write(&mut self, stores: &[(&mut Used, Vec<KeyName>)], terminal: &Terminal) {
        for (at, cache) in &mut self.read {
            if let Err(failure) = write_one(cache, stores[*at].0, self.now) {
                terminal.warn(&format!("what was fetched is not kept: {}", failure.message));
            }
        }
    }

    fn of(&mut self, key: &Referring, used: &Used) -> Option<(&mut Cache, String, Duration)> {
        let source = self.config.sources.get(&key.remote.source)?;
        let limit = source.cache?;
        let read = || Cache::read(&used.home, &used.kept.identity, used.kept.record.store);
        let cache = self.read.entry(key.at).or_insert_with(read);
        let mark = cache.mark(source, self.means, &key.remote)?;
        Some((cache, mark, limit))
    }
}

/// Nothing is kept where the store was changed meanwhile: a key may be gone, revoked or replaced.
fn write_one(cache: &mut Cache, used: &Used, now: Moment) -> Result<()> {
    let _lock = Lock::acquire_within(&used.home.file("lock"), PATIENCE)?;
    let Some(sealed) = SealedFile::read(&used.home)? else { return Ok(()) };
    let there = sealed.open_unpinned(&used.kept.identity)?.pick(&[])?;
    if there.generation != used.payload.generation {
        return Ok(());
    }
    cache.write_fresh(now)
}

/// Lets go what is kept of a place of a source, in any store: something else is about to be written there.
pub(super) fn forget_place(source: &SourceName, place: &Place) {
    let path = place.path.trim_matches('/');
    forget(|remote| {
        remote.source == *source && remote.reference.place.path.trim_matches('/').eq_ignore_ascii_case(path)
    });
}

/// Lets go what is kept of a source, in any store.
pub fn forget_source(source: &SourceName) {
    forget(|remote| remote.source == *source);
}

/// Sees to it that nothing which is on its way is kept: all that is kept is about to go.
///
/// # Errors
/// `Disk`.
pub fn keep_nothing_on_its_way(home: &Home, config: &Config) -> Result<()> {
    if keeps_any(config) { cache::leave_mark(home) } else { Ok(()) }
}

/// Where no source keeps anything, nothing is on its way to be kept.
fn keeps_any(config: &Config) -> bool {
    config.sources.values().any(|source| source.cache.is_some())
}

/// Where an identity is not to be had without asking somebody, all that its store keeps goes.
fn forget(is_it: impl Fn(&Remote) -> bool) {
    let others = Home::all().unwrap_or_default().into_iter().filter_map(|store| Home::named(Some(&store)).ok());
    let own = Home::find().ok();
    let is_any = own.as_ref().is_some_and(|home| crate::config::read(home).is_ok_and(|config| keeps_any(&config)));
    for home in own.into_iter().chain(others) {
        let path = home.file(cache::NAME);
        if is_any {
            // On a disk that cannot be written nothing that is on its way is kept either.
            let _ = cache::leave_mark(&home);
        }
        if !path.exists() {
            continue;
        }
        let Ok(kept) = identity_quietly(&home) else {
            let _ = std::fs::remove_file(path);
            continue;
        };
        let mut cache = Cache::read(&home, &kept.identity, kept.record.store);
        cache.keep_only(|text| !text.parse().is_ok_and(|remote| is_it(&remote)));
        if cache.write(Moment::now()).is_err() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Lets go what was fetched for references that a store has no more, or whose key must not be used any more: after each change.
pub fn forget_unused(home: &Home, kept: &Kept, payload: &Payload) {
    if !home.file(cache::NAME).exists() {
        return;
    }
    let mut cache = Cache::read(home, &kept.identity, kept.record.store);
    let used = payload.keys.values().filter(|key| key.facts.revoked.is_none()).filter_map(payload::Key::remote);
    let used: Vec<String> = used.map(|remote: Remote| remote.text()).collect();
    cache.keep_only(|remote| used.iter().any(|used| used == remote));
    // What stays behind is sealed, and nothing finds it any more.
    let _ = cache.write(Moment::now());
}

/// How old something is, as it is said: `12 minutes`.
pub(super) fn in_words(age: Duration) -> String {
    let seconds = usize::try_from(age.as_secs()).unwrap_or(usize::MAX);
    match seconds {
        0..60 => count(seconds, "second"),
        60..7_200 => count(seconds / 60, "minute"),
        7_200..172_800 => count(seconds / 3_600, "hour"),
        _ => count(seconds / 86_400, "day"),
    }
}

/// The names of a source's credentials, for the history.
pub(super) fn names(keys: &[&KeyPath]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
