//! What was fetched before and is kept for a while, where the user asks for that.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    config::Config,
    date::Moment,
    home::Home,
    name::KeyPath,
    reference::Remote,
    secret::Secret,
    source::{
        Means,
        cache::{self, Cache},
    },
    store::payload::{self, Payload},
    terminal::{Terminal, count},
};

use super::Referring;
use crate::commands::{opening::Kept, using::Used};

/// The caches of the stores, each read when it is first asked.
pub(super) struct Caches<'c> {
    config: &'c Config,
    means: &'c Means,
    now: Moment,
    read: BTreeMap<usize, Cache>,
}

impl<'c> Caches<'c> {
    pub(super) fn new(config: &'c Config, means: &'c Means, now: Moment) -> Self {
        Self { config, means, now, read: BTreeMap::new() }
    }

    /// What is kept for a key, and how old it is; nothing where its source keeps nothing.
    pub(super) fn get(&mut self, key: &Referring, used: &Used) -> Option<(Secret, Duration)> {
        let (cache, mark, limit) = self.of(key, used)?;
        cache.get(&mark, Moment::now(), limit).map(|(value, age)| (value.copy(), age))
    }

    /// Keeps what was fetched, where its source keeps anything.
    pub(super) fn put(&mut self, key: &Referring, used: &Used, value: &Secret) {
        let now = self.now;
        if let Some((cache, mark, limit)) = self.of(key, used) {
            cache.put(mark, &key.remote, value, now, limit);
        }
    }

    /// Writes down what changed. That it cannot be kept stops nothing, and is said.
    pub(super) fn write(&mut self, terminal: &Terminal) {
        for cache in self.read.values_mut() {
            if let Err(failure) = cache.write(self.now) {
                terminal.warn(&format!("what was fetched is not kept: {}", failure.message));
            }
        }
    }

    fn of(&mut self, key: &Referring, used: &Used) -> Option<(&mut Cache, String, Duration)> {
        let source = self.config.sources.get(&key.remote.source)?;
        let limit = source.cache?;
        let read = || Cache::read(&used.home, &used.kept.identity, used.kept.record.store);
        let cache = self.read.entry(key.at).or_insert_with(read);
        let mark = cache.mark(source, self.means, &key.remote);
        Some((cache, mark, limit))
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
