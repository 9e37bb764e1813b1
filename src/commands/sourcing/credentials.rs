//! The credentials of sources: keys of the user's stores, which are held to what they may be used for as all others are.

use std::collections::{BTreeMap, BTreeSet};

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
    policy,
    using::{self, Used},
};

/// The secrets of these sources' credentials. A store that is open already is not asked for again.
///
/// # Errors
/// `Missing` for a key that is not there, `Policy` for one that may not be used so, and as the stores have them.
pub(super) fn of(
    sources: &[&Source],
    stores: &mut [(&mut Used, Vec<KeyName>)],
    asking: Asking,
) -> Result<BTreeMap<KeyPath, Secret>> {
    let needed: BTreeSet<&KeyPath> = sources.iter().flat_map(|source| source.credentials()).collect();
    let mut found = BTreeMap::new();
    let mut elsewhere: BTreeMap<Option<_>, Vec<&KeyPath>> = BTreeMap::new();
    for path in needed {
        let is_of = |used: &Used| used.home.store().map(AsRef::as_ref) == path.store();
        match stores.iter_mut().find(|(used, _)| is_of(used)) {
            Some((used, _)) => {
                let secret = one(used, path, asking)?;
                found.insert(path.clone(), secret);
            }
            None => elsewhere.entry(path.store()).or_default().push(path),
        }
    }
    for (store, paths) in elsewhere {
        let home = Home::of(store)?;
        let names: Vec<&KeyName> = paths.iter().map(|path| path.name()).collect();
        let mut used = using::keys(&home, &names, asking.terminal)?;
        for path in paths {
            let secret = one(&mut used, path, asking)?;
            found.insert(path.clone(), secret);
        }
    }
    Ok(found)
}

/// One of them, if it may be used: keyctl itself asks the source with it, as the user's own settings say.
fn one(used: &mut Used, path: &KeyPath, asking: Asking) -> Result<Secret> {
    let name = path.name();
    let Some(key) = used.payload.keys.get(name) else {
        return Err(Failure::new(
            Kind::Missing,
            format!("no key named `{name}`, which is to be the credential of a source"),
        )
        .hint(format!("keep it with `keyctl set {name}`")));
    };
    if key.remote().is_some() {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{name}` is the credential of a source and lies in a source itself"),
        )
        .hint(format!("keep it here: `keyctl set {name} --replace`")));
    }
    let Asking { config, event, terminal, .. } = asking;
    let names = [name.clone()];
    policy::hold(used, &names, config, crate::date::Moment::now(), event, terminal)?;
    let held = [(used.opened(), names.to_vec())];
    let limited = limiting::hold(&held, Taker::Issuer("keyctl", true), config, event, terminal)?;
    limited.ask(&held, config, event, terminal)?;
    Ok(used.payload.key(name)?.value.copy())
}
