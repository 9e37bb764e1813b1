//! The file that the watch's memory lies in, `alerts.state`: read without a lock, and changed under one.
//!
//! Where the lock is not to be had within moments, as on a file system that has none, things go on without it: then two that
//! write at once leave the state of one, and what the other has learnt is learnt again.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{
    alert::{self, State},
    history::Log,
    home::{self, Home, Lock},
    platform,
    store::file,
};

const FILE: &str = "alerts.state";
const LOCK: &str = "alerts.lock";
/// What the state is sealed as.
const WHAT: &str = "alerts";
/// The most bytes of the file.
const LARGEST: usize = alert::LARGEST + 1024;
/// How long another is waited for that changes it, which takes a millisecond: no use of keys may wait for this.
const PATIENCE: Duration = Duration::from_millis(100);
/// A state that was written within this time is not lost, whoever can open it: the next use will tell.
const JUST_NOW: Duration = Duration::from_secs(5);

/// Where the memory lies, and what it is sealed by.
#[derive(Clone, Copy)]
pub struct Memory<'m> {
    home: &'m Home,
    log: &'m Log,
}

impl<'m> Memory<'m> {
    /// The memory that belongs to a history.
    #[must_use]
    pub fn of(home: &'m Home, log: &'m Log) -> Self {
        Self { home, log }
    }

    /// What is remembered, if anything can be read.
    #[must_use]
    pub fn read(self) -> Option<State> {
        let (sealed, _) = home::read(&self.home.file(FILE), LARGEST).ok()??;
        State::from_bytes(&self.log.open_beside(WHAT, &sealed)?)
    }

    /// Keeps everybody else from changing it until it is dropped, if that can be had soon.
    #[must_use]
    pub fn lock(self) -> Option<Lock> {
        Lock::acquire_within(&self.home.file(LOCK), PATIENCE).ok()
    }

    /// Changes what is remembered now, and gives what the change says. Where nothing can be read, this is changed instead and
    /// not written: that it is gone is to be found.
    pub fn change<T>(self, instead: Option<State>, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.change_under(None, instead, change)
    }

    /// The same for who may have the lock already; else it is asked for.
    pub fn change_under<T>(
        self,
        held: Option<&Lock>,
        instead: Option<State>,
        change: impl FnOnce(&mut State) -> T,
    ) -> Option<T> {
        let _lock = if held.is_some() { None } else { self.lock() };
        let Some(mut state) = self.read() else { return instead.map(|mut state| change(&mut state)) };
        let said = change(&mut state);
        if state.has_changed() {
            self.write(&state);
        }
        Some(said)
    }

    /// Writes it down, and says whether it could: what is not remembered is learnt again.
    pub fn write(self, state: &State) -> bool {
        let Ok(sealed) = self.log.seal_beside(WHAT, &state.to_bytes()) else { return false };
        let path = self.home.file(FILE);
        platform::overwrite(&path, &sealed).is_ok_and(|written| written)
            || home::replace_file(&path, &sealed, false).is_ok()
    }

    /// Whether the file is there and the system does not let it be read: that loses nothing.
    #[must_use]
    pub fn is_out_of_reach(self) -> bool {
        let path = self.home.file(FILE);
        // One that is too large was not written by keyctl: what was in it is gone.
        let is_ours = |facts: std::fs::Metadata| facts.is_file() && facts.len() <= LARGEST as u64;
        std::fs::symlink_metadata(&path).is_ok_and(is_ours) && home::read(&path, LARGEST).is_err()
    }

    /// Whether anything is in its place.
    #[must_use]
    pub fn is_there(self) -> bool {
        std::fs::symlink_metadata(self.home.file(FILE)).is_ok()
    }

    /// Whether it was written a moment ago by a change of identity, under whoever began with the former one: then the store
    /// was written too.
    #[must_use]
    pub fn is_just_written(self) -> bool {
        let is_young = |path: &Path| {
            let facts = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file);
            let written = facts.and_then(|facts| facts.modified().ok());
            written.is_some_and(|then| SystemTime::now().duration_since(then).is_ok_and(|age| age < JUST_NOW))
        };
        is_young(&self.home.file(FILE)) && is_young(&file::path(self.home))
    }
}
