//! What a scan looks for: every secret of the store, opened once. That it looks is written down before it does.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    commands::{
        caller,
        opening::{self, Kept},
        record,
    },
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log},
    home::Home,
    name::KeyName,
    scan::{
        engine::Engine,
        finding::{Finding, What},
        needles::{self, Needles, Which},
    },
    store::payload::{Key, Payload},
    terminal::{Terminal, count},
};

/// A scan that may begin.
pub struct Search {
    /// What looks.
    pub engine: Engine,
    /// The store it looks for the keys of; none where no key was ever kept.
    store: Option<Opened>,
    home: Home,
}

struct Opened {
    kept: Kept,
    log: Log,
    config: Config,
}

impl Search {
    /// Opens the store, writes down that a scan begins, and makes its secrets ready to be looked for. Where no key is kept
    /// yet, what looks like one is looked for all the same.
    ///
    /// `may_lack` says that what looks like a key may suffice where the keychain is locked, if the user has set that.
    ///
    /// # Errors
    /// As opening the store has them; `Missing` where there is nothing to look for at all.
    pub fn begin(home: &Home, shapes: bool, may_lack: bool, terminal: &Terminal) -> Result<Self> {
        let config = config::read(home)?;
        let kept = match opening::identity(home) {
            Err(failure) if shapes && goes_on_without(&failure, may_lack, &config) => {
                terminal.warn(&format!("{}: looking only for what looks like a key", failure.message));
                let engine = Engine::new(Needles::of([]), shapes);
                return Ok(Self { engine, store: None, home: home.clone() });
            }
            other => other?,
        };
        let payload = opening::store(home, &kept, terminal)?.read()?;
        Self::of(home, kept, &payload, config, shapes, terminal)
    }

    /// The same for a store that is open already.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn of(
        home: &Home,
        kept: Kept,
        payload: &Payload,
        config: Config,
        shapes: bool,
        terminal: &Terminal,
    ) -> Result<Self> {
        let log = record::log(home, &kept, payload);
        let opened = Opened { kept, log, config };
        opened.record(home, event(), terminal)?;
        let engine = Engine::new(Needles::of(secrets(payload)), shapes);
        Ok(Self { engine, store: Some(opened), home: home.clone() })
    }

    /// Whether there is a store whose keys it looks for.
    #[must_use]
    pub fn knows_keys(&self) -> bool {
        self.store.is_some()
    }

    /// Writes down which keys were found, if any was.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record(&self, findings: &[Finding], more: u64, terminal: &Terminal) -> Result<()> {
        let Some(opened) = self.store.as_ref().filter(|_| !findings.is_empty()) else { return Ok(()) };
        let names: BTreeSet<&Arc<str>> = findings.iter().filter_map(key_of).collect();
        let names: Vec<KeyName> = names.into_iter().filter_map(|name| name.parse().ok()).collect();
        let found = findings.len() + usize::try_from(more).unwrap_or(usize::MAX);
        let event = event().names(&names).outcome(format!("found {}", count(found, "place")));
        opened.record(&self.home, event, terminal)
    }
}

/// Whether a scan goes on without a store: where none was ever made, or where the user said so for one that is locked.
fn goes_on_without(failure: &Failure, may_lack: bool, config: &Config) -> bool {
    match failure.kind {
        Kind::Missing => true,
        Kind::Keychain => may_lack && config.scan.shapes_when_locked,
        _ => false,
    }
}

/// The name of the key that was found.
fn key_of(finding: &Finding) -> Option<&Arc<str>> {
    match &finding.what {
        What::Key { name, .. } => Some(name),
        What::Shape { .. } => None,
    }
}

impl Opened {
    fn record(&self, home: &Home, event: Event, terminal: &Terminal) -> Result<()> {
        let event = caller::sign(event);
        record::usage(home, &self.kept, &self.log, &[&event], (&self.config).into(), terminal).map(drop)
    }
}

fn event() -> Event {
    let event = Event::new(Action::Scan, Moment::now());
    match std::env::current_dir() {
        Ok(folder) => event.folder(&folder),
        Err(_) => event,
    }
}

/// Every secret that a store has, with its name: also those that are not in use any more, which their issuers may still take.
fn secrets(payload: &Payload) -> Vec<needles::Kept<'_>> {
    let mut secrets = Vec::new();
    let mut add = |name, key, which| secrets.extend(of_key(name, key, which));
    for (name, key) in &payload.keys {
        add(name, key, None);
    }
    for removed in &payload.removed {
        add(&removed.name, &removed.key, Some(Which::Removed));
    }
    secrets
}

fn of_key<'p>(name: &'p KeyName, key: &'p Key, instead: Option<Which>) -> Vec<needles::Kept<'p>> {
    let which = |is_revoked: bool, usual| if is_revoked { Which::Revoked } else { instead.unwrap_or(usual) };
    let kept = |secret, which| needles::Kept { name: name.as_str(), which, secret };
    let current = kept(&key.value, which(key.facts.revoked.is_some(), Which::Current));
    let former = key.former.iter().map(|former| kept(&former.value, which(former.revoked.is_some(), Which::Former)));
    [current].into_iter().chain(former).collect()
}
