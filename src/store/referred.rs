//! What is said of a secret that lies in a source. The store has only where it lies, and that can be written in more than one way;
//! and when another one is written there, nothing that was said of the former one holds any more, under any name.

use super::{
    editing::Editing,
    facts::{Facts, Said},
    payload::{Former, Key, Payload},
};
use crate::{date::Moment, failure::Result, name::KeyName, reference::Remote};

/// Where a secret lies, and what is said of it.
fn places(key: &Key) -> impl Iterator<Item = (Remote, Said)> {
    let Facts { revoked, leaked, left_with, .. } = &key.facts;
    let now = key.remote().map(|remote| (remote, (revoked.clone(), leaked.clone(), left_with.clone())));
    let of = |former: &Former| {
        let Former { revoked, leaked, left_with, .. } = former;
        Some((former.remote()?, (revoked.clone(), leaked.clone(), left_with.clone())))
    };
    key.former.iter().filter_map(of).chain(now)
}

impl Payload {
    /// What is said of the secret at a place of a source, wherever and however the store refers to it.
    pub(super) fn said_of_place(&self, to: &Remote) -> Said {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let all = keys.flat_map(places).filter(|(remote, _)| remote.covers(to)).map(|(_, said)| said);
        all.fold(Said::default(), both)
    }

    /// What is said of a key's secret where it was kept elsewhere: in a source, or here. `Editing::bring` leaves it since when the key
    /// has it; a new secret is younger.
    pub(super) fn said_elsewhere(&self, name: &KeyName, since: Moment, is_in_source: bool) -> Said {
        let Some(Key { facts, former, .. }) = self.keys.get(name) else { return Said::default() };
        let now = (facts.changed, facts.source.is_some(), &facts.revoked, &facts.leaked, &facts.left_with);
        let former = former.iter().map(|former| {
            let Former { since, source, revoked, leaked, left_with, .. } = former;
            (*since, source.is_some(), revoked, leaked, left_with)
        });
        let is_it = |at: Moment, in_source: bool| at == since && in_source != is_in_source;
        let all = former.chain([now]).filter(|(at, in_source, ..)| is_it(*at, *in_source));
        let said = all.map(|(_, _, revoked, leaked, left)| (revoked.clone(), leaked.clone(), left.clone()));
        said.fold(Said::default(), both)
    }
}

/// What is said of the one and of the other, which are the same; the first word stands.
fn both(one: Said, other: Said) -> Said {
    (one.0.or(other.0), one.1.or(other.1), one.2.or(other.2))
}

impl Editing<'_> {
    /// Says this of the secret that a key refers to, and nothing else: another one lies there now, for all that refer to it.
    pub(super) fn say_anew(&mut self, name: &KeyName, said: &Said) -> Result<()> {
        let Some(to) = self.payload().key(name)?.remote() else { return Ok(()) };
        self.clear_revocation(name);
        self.clear_leak(name);
        let keys = self.payload().keys.iter();
        let is_it = |key: &Key| {
            key.remote().is_some_and(|remote| remote.reference.place.version.is_none() && remote.covers(&to))
        };
        let twins: Vec<KeyName> = keys.filter(|(_, key)| is_it(key)).map(|(twin, _)| twin.clone()).collect();
        for twin in &twins {
            self.change(twin, |facts| (facts.revoked, facts.leaked, facts.left_with) = said.clone())?;
        }
        Ok(())
    }
}
