//! The credentials of sources: keys of the user's stores, which are held to what they may be used for as all others are.

use std::collections::BTreeMap;

use crate::{
    config::sources::Source,
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyName, KeyPath},
    secret::Secret,
};

use super::Asking;
use crate::commands::{
    limiting::{self, Taker},
    opening, policy,
    using::{self, Used},
};

/// The secrets that sources are opened with.
#[derive(Default)]
pub(super) struct Found {
    pub(super) secrets: BTreeMap<KeyPath, Secret>,
    /// Those that are not there, or are no secrets themselves.
    lacking: BTreeMap<KeyPath, Failure>,
}

impl Found {
    /// Why a source cannot be opened, if one of its credentials is not there.
    pub(super) fn lacking(&self, source: &Source) -> Option<Failure> {
        source.credentials().into_iter().find_map(|key| self.lacking.get(key)).map(Failure::again)
    }
}

/// The secrets of these sources' credentials. A store that is open already is not asked for again.
///
/// # Errors
/// `Policy` for one that may not be used so, and as the stores have them.
pub(super) fn of(sources: &[&Source], stores: &mut [(&mut Used, Vec<KeyName>)], asking: Asking) -> Result<Found> {
    let needed: BTreeMap<&KeyPath, &Source> =
        sources.iter().flat_map(|source| source.credentials().into_iter().map(|key| (key, *source))).collect();
    let mut found = Found::default();
    let mut elsewhere: BTreeMap<Option<_>, Vec<(&KeyPath, &Source)>> = BTreeMap::new();
    for (path, source) in needed {
        let is_of = |used: &Used| used.home.store().map(AsRef::as_ref) == path.store();
        match stores.iter_mut().find(|(used, _)| is_of(used)) {
            Some((used, _)) => found.take(used, path, source, asking)?,
            None => elsewhere.entry(path.store()).or_default().push((path, source)),
        }
    }
    for (store, paths) in elsewhere {
        let home = Home::of(store)?;
        let names: Vec<&KeyName> = paths.iter().map(|(path, _)| path.name()).collect();
        let mut used = using::keys_of(&home, opening::identity(&home)?, &names, &names, asking.terminal)?;
        for (path, source) in paths {
            found.take(&mut used, path, source, asking)?;
        }
    }
    Ok(found)
}

/// The same for one source, all of whose credentials have to be there.
///
/// # Errors
/// As [`of`]; `Missing` for one that is not there, `Usage` for one that lies in a source itself.
pub(super) fn of_one(source: &Source, asking: Asking) -> Result<BTreeMap<KeyPath, Secret>> {
    let found = of(&[source], &mut [], asking)?;
    found.lacking(source).map_or(Ok(found.secrets), Err)
}

impl Found {
    /// Takes one, if it may be used: keyctl itself asks the source with it, as the user's own settings say.
    fn take(&mut self, used: &mut Used, path: &KeyPath, source: &Source, asking: Asking) -> Result<()> {
        let name = path.name();
        if let Some(failure) = lacks(used, name, source) {
            self.lacking.insert(path.clone(), failure);
            return Ok(());
        }
        let Asking { config, event, terminal, .. } = asking;
        let names = [name.clone()];
        policy::hold(used, &names, config, crate::date::Moment::now(), event, terminal)?;
        let held = [(used.opened(), names.to_vec())];
        let limited = limiting::hold(&held, Taker::Issuer("keyctl", true), config, event, terminal)?;
        limited.ask(&held, config, event, terminal)?;
        self.secrets.insert(path.clone(), used.payload.key(name)?.value.copy());
        Ok(())
    }
}

fn lacks(used: &Used, name: &KeyName, source: &Source) -> Option<Failure> {
    let of = &source.name;
    let Some(key) = used.payload.keys.get(name) else {
        let said = format!("no key named `{name}`, which is to be a credential of source `{of}`");
        let failure = Failure::new(Kind::Missing, said);
        return Some(match source.log_in_for() {
            Some(_) => failure.hint(format!("log in, and it is kept: `keyctl source login {of}`")),
            None => failure.hint(format!("keep it with `keyctl set {name}`")),
        });
    };
    key.remote().is_some().then(|| {
        let said = format!("`{name}` is a credential of source `{of}` and lies in a source itself");
        Failure::new(Kind::Usage, said).hint(format!("keep it here: `keyctl set {name} --replace`"))
    })
}
