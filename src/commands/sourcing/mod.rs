//! The one door for keys whose secrets lie in a source: what was taken out of the stores is looked through, and a reference gives
//! way to what it refers to. Where no key is one nothing is loaded, opened or asked.
//!
//! It comes after limits and policy have said yes, and before anything is given or written down.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{Config, sources::Source},
    failure::{Failure, Kind, Result},
    history::{Event, Fetch, Reason},
    home::Home,
    name::{KeyName, KeyPath, SourceName, StoreName},
    reference::Remote,
    terminal::Terminal,
};

use super::{
    opening, policy,
    using::{self, Used},
};

#[cfg(not(feature = "sources"))]
mod absent;
#[cfg(feature = "sources")]
mod credentials;
#[cfg(feature = "sources")]
mod fetching;
#[cfg(feature = "sources")]
mod interrupting;
#[cfg(feature = "sources")]
mod leasing;
#[cfg(feature = "sources")]
mod remembering;
#[cfg(feature = "sources")]
pub mod returning;
#[cfg(feature = "sources")]
pub mod writing;

#[cfg(not(feature = "sources"))]
use absent as fetching;
#[cfg(not(feature = "sources"))]
pub use absent::{Leases, forget_unused, leases};
pub use fetching::Held;
#[cfg(feature = "sources")]
pub use leasing::{Leases, leases};
#[cfg(feature = "sources")]
pub use remembering::{forget_source, forget_unused, keep_nothing_on_its_way};

/// How what is missing is fetched.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "sources"), expect(dead_code, reason = "without sources nobody is asked"))]
pub struct Asking<'a> {
    /// The user's settings, with the sources.
    pub config: &'a Config,
    /// Nobody is asked: what is kept has to do.
    pub offline: bool,
    /// What it is for, for the history.
    pub event: &'a dyn Fn() -> Event,
    /// Where to say how old what is kept is.
    pub terminal: &'a Terminal,
}

/// What came of it.
#[derive(Default)]
pub struct Fetched {
    /// What the history says of it, for each store.
    pub from: Vec<Vec<Fetch>>,
    /// What each key referred to, for each store.
    pub remotes: Vec<BTreeMap<KeyName, Remote>>,
    /// What is good only for a time.
    pub held: Held,
}

/// One key that refers to a source: of which store by its place among them, and under which name.
struct Referring {
    at: usize,
    name: KeyName,
    remote: Remote,
}

/// Puts in the place of each reference what it refers to, for these keys of each store.
///
/// # Errors
/// `Missing` for a source that the user does not have, `Policy` for one that is not for this store, `Remote` with all that could
/// not be fetched; then nothing of it is given.
pub fn fetch(stores: &mut [(&mut Used, Vec<KeyName>)], asking: Asking) -> Result<Fetched> {
    let referring = referring(stores);
    if referring.is_empty() {
        return Ok(Fetched::default());
    }
    let fetched = refuse_unserved(stores, &referring, asking.config);
    let fetched = fetched.and_then(|()| fetching::fetch(stores, &referring, asking));
    fetched.inspect_err(|failure| record_failure(stores, &referring, failure, asking))
}

/// Records that nothing was given, as a source may have been asked with the user's credential all the same.
fn record_failure(stores: &[(&mut Used, Vec<KeyName>)], referring: &[Referring], failure: &Failure, asking: Asking) {
    for (at, (used, names)) in stores.iter().enumerate() {
        let sources: BTreeSet<&SourceName> =
            referring.iter().filter(|key| key.at == at).map(|key| &key.remote.source).collect();
        if sources.is_empty() {
            continue;
        }
        let fetch = |name: &&SourceName| {
            let with = asking.config.sources.get(*name).map(Source::credentials).unwrap_or_default();
            let with = with.iter().map(ToString::to_string).collect();
            Fetch { name: name.to_string(), cached_s: None, with }
        };
        let event = (asking.event)().sources(sources.iter().map(fetch).collect());
        let event = match failure.kind {
            Kind::Policy => event.refused(&failure.message),
            _ => event.not_given(None, &failure.message),
        };
        let event = if event.names.is_empty() { event.names(names) } else { event };
        used.record_failure(event, asking.terminal);
    }
}

/// The credentials of one source, opened for themselves.
///
/// # Errors
/// As [`fetch`] has them.
#[cfg(feature = "sources")]
pub fn credentials_of(source: &Source, asking: Asking) -> Result<BTreeMap<KeyPath, crate::secret::Secret>> {
    credentials::of_one(source, asking)
}

/// Takes one key out, with the credentials of sources that may be needed for it.
///
/// # Errors
/// As [`using::keys`].
pub fn take_out(home: &Home, name: &KeyName, config: &Config, terminal: &Terminal) -> Result<Used> {
    let kept = opening::identity(home)?;
    let store = home.store().map(AsRef::as_ref);
    let credentials = credentials(config);
    let beside: Vec<&KeyName> =
        credentials.iter().filter(|path| path.store() == store && path.name() != name).map(KeyPath::name).collect();
    let names: Vec<&KeyName> = [name].into_iter().chain(beside.iter().copied()).collect();
    using::keys_of(home, kept, &names, &beside, terminal)
}

/// The same as [`fetch`] for one key that was taken out. Gives what the history says of it, and what was lent for it, which is
/// the caller's to leave to whoever gets the secret.
///
/// # Errors
/// As [`fetch`]; `Usage` where the reason holds the secret.
pub fn fetch_one(
    used: &mut Used,
    name: &KeyName,
    reason: Option<&Reason>,
    asking: Asking,
) -> Result<(Vec<Fetch>, Held)> {
    let mut fetched = fetch(&mut [(used, vec![name.clone()])], asking)?;
    let value = &used.payload.key(name)?.value;
    if reason.is_some_and(|reason| !fetched.from.is_empty() && value.is_within(reason.as_str())) {
        return Err(policy::in_the_reason(name));
    }
    Ok((fetched.from.pop().unwrap_or_default(), fetched.held))
}

/// The keys of sources' credentials: they may be taken out with the others, so that a store is opened once.
#[must_use]
pub fn credentials(config: &Config) -> Vec<KeyPath> {
    if cfg!(not(feature = "sources")) {
        return Vec::new();
    }
    let mut all: Vec<KeyPath> = config.sources.values().flat_map(Source::credentials).cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// The sources that have a key as their credential.
#[must_use]
pub fn opened_with<'c>(config: &'c Config, home: &Home, name: &KeyName) -> Vec<&'c SourceName> {
    let store = home.store().map(AsRef::as_ref);
    let is_it = |path: &KeyPath| path.store() == store && path.name() == name;
    let sources = config.sources.values().filter(|source| source.credentials().into_iter().any(is_it));
    sources.map(|source| &source.name).collect()
}

/// Makes sure that a key is no source's credential: were it in a source itself, nothing could be fetched with it any more.
///
/// # Errors
/// `Usage`.
pub fn refuse_credential(config: &Config, home: &Home, name: &KeyName) -> Result<()> {
    let Some(source) = opened_with(config, home, name).into_iter().next() else { return Ok(()) };
    Err(Failure::new(
        Kind::Usage,
        format!("`{name}` is the credential of source `{source}`, and cannot lie in a source itself"),
    )
    .hint(format!("let `[sources.{source}]` in `config.toml` name another key first")))
}

/// Says which sources need a key that is gone from its name.
pub fn say_of_credentials(home: &Home, names: &[KeyName], terminal: &Terminal) {
    let Ok(config) = crate::config::read(home) else { return };
    for name in names {
        for source in opened_with(&config, home, name) {
            terminal.warn(&format!(
                "source `{source}` has `{name}` as its credential; nothing can be fetched from it without"
            ));
            terminal.hint(&format!("let `[sources.{source}]` in `config.toml` name another key"));
        }
    }
}

fn referring(stores: &[(&mut Used, Vec<KeyName>)]) -> Vec<Referring> {
    let of = |(at, (used, names)): (usize, &(&mut Used, Vec<KeyName>))| {
        let remote = |name: &KeyName| used.payload.keys.get(name)?.remote();
        let found = names.iter().filter_map(|name| Some(Referring { at, name: name.clone(), remote: remote(name)? }));
        found.collect::<Vec<_>>()
    };
    stores.iter().enumerate().flat_map(of).collect()
}

/// Makes sure that a source is for the store whose key refers to it, and this place of it: others may have written that.
fn hold(source: &Source, store: Option<&StoreName>, name: &KeyName, remote: &Remote) -> Result<()> {
    let Some(store) = store else { return Ok(()) };
    if !source.serves(Some(store)) {
        let said = format!("source `{}` is not for keys of the store `{store}`, which `{name}` is of", source.name);
        return Err(Failure::new(Kind::Policy, said).hint(format!(
            "others may write into that store; if they may have you fetch from it: `stores = [\"{store}\"]` in `[sources.{}]`",
            source.name
        )));
    }
    if !source.serves_place(Some(store), &remote.reference) {
        let said =
            format!("`{name}` refers to a place of source `{}` that is not for the store `{store}`", source.name);
        return Err(Failure::new(Kind::Policy, said)
            .hint(format!("`paths` in `[sources.{}]` of `config.toml` says which are", source.name)));
    }
    Ok(())
}

/// The same for a key of this home's store. A source that there is not is for whoever opens it to say.
///
/// # Errors
/// `Policy`.
#[cfg(feature = "sources")]
pub fn hold_to_store(config: &Config, home: &Home, name: &KeyName, remote: &Remote) -> Result<()> {
    let Some(source) = config.sources.get(&remote.source) else { return Ok(()) };
    hold(source, home.store().map(AsRef::as_ref), name, remote)
}

/// Makes sure that the user has each source, and that it is for the store whose key refers to it.
fn refuse_unserved(stores: &[(&mut Used, Vec<KeyName>)], referring: &[Referring], config: &Config) -> Result<()> {
    let mut unknown: BTreeMap<&SourceName, Vec<String>> = BTreeMap::new();
    for Referring { at, name, remote } in referring {
        let Some(source) = config.sources.get(&remote.source) else {
            unknown.entry(&remote.source).or_default().push(format!("`{name}`"));
            continue;
        };
        hold(source, stores[*at].0.home.store().map(AsRef::as_ref), name, remote)?;
    }
    let said = |(source, names): (&SourceName, Vec<String>)| {
        let lie = if names.len() == 1 { "the secret of" } else { "the secrets of" };
        let way = format!("set it up: `keyctl source add {source} --type TYPE`");
        (format!("there is no source `{source}`, where {lie} {} should lie", names.join(", ")), way)
    };
    let mut all = unknown.into_iter().map(said);
    let Some((first, way)) = all.next() else { return Ok(()) };
    let failure = Failure::new(Kind::Missing, first).hint(way);
    Err(all.fold(failure, |failure, (said, way)| failure.hint(format!("also: {said}")).hint(way)))
}
