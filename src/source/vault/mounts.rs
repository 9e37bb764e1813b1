//! What is mounted where: a reference's path does not say whether it is KV 2, whose paths have `data` in them, KV 1 or an engine
//! that makes credentials. The server says so to whoever may read anything there (`sys/internal/ui/mounts`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::{Vault, document::Mount, talk::Asked};
use crate::{config::sources::vault as config, failure::Result, reference::Place};

/// How what lies at a place is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// KV 2, mounted at so many of the path's first parts.
    Versioned(usize),
    /// KV 1, at the path as it is.
    Kept,
    /// An engine that makes something, at the path as it is.
    Made,
}

impl At {
    /// What it most often is.
    pub(super) fn guess(_: &Place) -> Self {
        Self::Versioned(1)
    }

    /// The path as it is.
    pub(super) fn plain() -> Self {
        Self::Made
    }

    /// Whether versions are kept there.
    pub(super) fn keeps_versions(&self) -> bool {
        matches!(self, Self::Versioned(_))
    }

    /// Whether what is given there was there before.
    pub(super) fn keeps(&self) -> bool {
        !matches!(self, Self::Made)
    }

    /// The segments below `/v1` by which a place is read.
    pub(super) fn path<'p>(&self, place: &'p Place) -> Vec<&'p str> {
        self.path_of(place, "data")
    }

    /// The same for another word than `data`.
    pub(super) fn path_of<'p>(&self, place: &'p Place, word: &'p str) -> Vec<&'p str> {
        let mut path: Vec<&str> = place.segments().collect();
        if let Self::Versioned(parts) = self {
            path.insert((*parts).min(path.len()), word);
        }
        path
    }
}

/// What is known of the mounts. None lies within another one, so the first that fits is the one.
#[derive(Default)]
pub(super) struct Mounts {
    known: Mutex<Vec<(Vec<String>, Kind)>>,
    /// For each first part of a path: held while one asks. Most places of a run lie in one mount, and then the others need not.
    asking: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Versioned,
    Kept,
    Made,
}

impl Mounts {
    /// With what the source's table says.
    pub(super) fn of(mount: Option<&config::Mount>) -> Self {
        let mounts = Self::default();
        if let Some(mount) = mount {
            mounts.add(&mount.path, if mount.keeps_versions { Kind::Versioned } else { Kind::Kept });
        }
        mounts
    }

    fn add(&self, path: &str, kind: Kind) {
        let parts = path.trim_matches('/').split('/').map(str::to_owned).collect();
        held(&self.known).push((parts, kind));
    }

    /// How a place is read, where that is known.
    pub(super) fn known(&self, place: &Place) -> Option<At> {
        let known = held(&self.known);
        let path: Vec<&str> = place.segments().collect();
        let lies_in = |parts: &[String]| parts.len() < path.len() && parts.iter().zip(&path).all(|(a, b)| a == b);
        let (parts, kind) = known.iter().find(|(parts, _)| lies_in(parts))?;
        Some(match kind {
            Kind::Versioned => At::Versioned(parts.len()),
            Kind::Kept => At::Kept,
            Kind::Made => At::Made,
        })
    }

    /// Asks the server what is mounted where a place is; nothing where it does not say, or where what is there is its own.
    ///
    /// # Errors
    /// As the server has them.
    pub(super) fn ask(&self, vault: &Vault, place: &Place, until: Instant) -> Result<Option<At>> {
        let first = place.segments().next().unwrap_or_default().to_owned();
        let turn = Arc::clone(held(&self.asking).entry(first).or_default());
        let _turn = held(&turn);
        if let Some(at) = self.known(place) {
            return Ok(Some(at));
        }
        let path: Vec<&str> = ["sys", "internal", "ui", "mounts"].into_iter().chain(place.segments()).collect();
        let answer = vault.ask(Asked::get(&path), until)?;
        let Some(mount) = (answer.status == 200).then(|| Mount::read(&answer.body)).flatten() else { return Ok(None) };
        if mount.is_own() {
            return Ok(None);
        }
        let kind = match &mount {
            mount if mount.keeps_versions() => Kind::Versioned,
            mount if mount.is_kv() => Kind::Kept,
            _ => Kind::Made,
        };
        self.add(&mount.path, kind);
        Ok(self.known(place))
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        Place { path: path.into(), version: None }
    }

    #[test]
    fn a_path_has_its_word_behind_the_mount() {
        let mounts = Mounts::default();
        assert_eq!(mounts.known(&place("secret/a")), None);
        mounts.add("secret/", Kind::Versioned);
        mounts.add("team/kv/", Kind::Versioned);
        mounts.add("old/", Kind::Kept);
        mounts.add("database/", Kind::Made);
        let path = |text: &str| mounts.known(&place(text)).map(|at| at.path(&place(text)).join("/"));
        assert_eq!(path("secret/db/prod").as_deref(), Some("secret/data/db/prod"));
        assert_eq!(path("/secret/db").as_deref(), Some("secret/data/db"));
        assert_eq!(path("team/kv/db").as_deref(), Some("team/kv/data/db"));
        assert_eq!(path("old/db").as_deref(), Some("old/db"));
        assert_eq!(path("database/creds/app").as_deref(), Some("database/creds/app"));
        for other in ["secrets/a", "secret", "team/other/a", "team"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(At::guess(&place("a/b/c")).path(&place("a/b/c")).join("/"), "a/data/b/c");
    }
}
