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
        finding::Finding,
        needles::{self, Needles, Which},
        tree::Seen,
    },
    store::payload::{Key, Payload},
    terminal::{Terminal, count},
};

use super::{
    accepting::{self, Accepted},
    marking,
};

/// A scan that may begin.
pub struct Search {
    /// What looks.
    pub engine: Engine,
    /// The store it looks for the keys of; none where no key was ever kept.
    store: Option<Opened>,
    home: Home,
    /// What was accepted, where anything was.
    accepted: Option<Accepted>,
}

struct Opened {
    kept: Kept,
    /// The store's keys, unless who opened it needs them elsewhere.
    payload: Option<Payload>,
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
                return Ok(Self { engine, store: None, home: home.clone(), accepted: None });
            }
            other => other?,
        };
        let payload = opening::store(home, &kept, terminal)?.read()?;
        let mut search = Self::of(home, kept, &payload, config, shapes, terminal)?;
        if let Some(opened) = &mut search.store {
            opened.payload = Some(payload);
        }
        Ok(search)
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
        let opened = Opened { kept, payload: None, log, config };
        opened.record(home, event(), terminal)?;
        let engine = Engine::new(Needles::of(secrets(payload)), shapes);
        Ok(Self { engine, store: Some(opened), home: home.clone(), accepted: None })
    }

    /// The same, and what was accepted is told apart from what is found: if anything was, or is about to be.
    ///
    /// # Errors
    /// Where something is about to be: `Missing` without a store, `Disk` where what was accepted cannot be read.
    pub fn minding_accepted(self, is_wanted: bool, terminal: &Terminal) -> Result<Self> {
        let Some(opened) = &self.store else {
            let failure = Failure::new(Kind::Missing, "without a key that is kept nothing can be accepted");
            return if is_wanted { Err(failure.hint("keep one with `keyctl set NAME`")) } else { Ok(self) };
        };
        if !is_wanted && !Accepted::is_there(&self.home) {
            return Ok(self);
        }
        match Accepted::read(&self.home, &opened.kept) {
            Ok(accepted) => {
                let engine = self.engine.marking(accepting::key_of_texts(&opened.kept));
                Ok(Self { engine, accepted: Some(accepted), ..self })
            }
            Err(failure) if !is_wanted => {
                terminal.warn(&failure.message);
                failure.hints.iter().for_each(|hint| terminal.hint(hint));
                Ok(self)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The same, and archives are looked into.
    #[must_use]
    pub fn deep(self, is_deep: bool) -> Self {
        Self { engine: self.engine.deep(is_deep), ..self }
    }

    /// Those of the findings that are accepted, and the others.
    pub fn split(&self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
        match &self.accepted {
            Some(accepted) => accepted.split(findings),
            None => (Vec::new(), findings),
        }
    }

    /// Tells what was found beyond the first findings, as far as there is room, and counts what is left of it; see [`Seen::rest`].
    pub fn tell_rest(&self, findings: &mut Vec<Finding>, seen: &mut Seen) {
        let untold = std::mem::take(&mut seen.rest).tell(findings, &|finding| self.is_accepted(finding));
        seen.more += untold.more;
        seen.again += untold.again;
        seen.more_accepted += untold.accepted;
    }

    /// Whether this is accepted.
    pub fn is_accepted(&self, finding: &Finding) -> bool {
        self.accepted.as_ref().is_some_and(|accepted| accepted.has(finding))
    }

    /// Accepts these, and writes that down.
    ///
    /// # Errors
    /// `Busy`, `Disk`.
    pub fn accept(&self, findings: &[Finding], terminal: &Terminal) -> Result<()> {
        let (Some(opened), Some(accepted)) = (&self.store, &self.accepted) else { return Ok(()) };
        let event = event().names(&names(findings)).outcome(format!("accepted {}", count(findings.len(), "place")));
        opened.record(&self.home, event, terminal)?;
        accepted.add(&self.home, findings)
    }

    /// Marks the keys that lie there in the clear as leaked, and gives those that were not yet.
    pub fn mark_leaked(&self, findings: &[Finding], terminal: &Terminal) -> Vec<KeyName> {
        let Some(payload) = self.payload() else { return Vec::new() };
        marking::mark(&self.home, payload, findings, terminal)
    }

    /// The store as it was opened.
    pub fn payload(&self) -> Option<&Payload> {
        self.store.as_ref()?.payload.as_ref()
    }

    /// The keys that were found and are marked as leaked already.
    pub fn marked_before(&self, findings: &[Finding]) -> Vec<KeyName> {
        let Some(payload) = self.payload() else { return Vec::new() };
        let mut names = names(findings);
        names.retain(|name| payload.keys.get(name).is_some_and(|key| key.facts.leaked.is_some()));
        names
    }

    /// Writes down that keys are taken out of a file, or are not after all.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record_taken_out(&self, names: &[KeyName], outcome: &str, terminal: &Terminal) -> Result<()> {
        let Some(opened) = &self.store else { return Ok(()) };
        opened.record(&self.home, event().names(names).outcome(outcome), terminal)
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
        let Some(opened) = self.store.as_ref().filter(|_| !findings.is_empty() || more > 0) else { return Ok(()) };
        let found = findings.len() + usize::try_from(more).unwrap_or(usize::MAX);
        let event = event().names(&names(findings)).outcome(format!("found {}", count(found, "place")));
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

/// The keys that were found, each once.
fn names(findings: &[Finding]) -> Vec<KeyName> {
    let names: BTreeSet<&Arc<str>> = findings.iter().filter_map(Finding::key).collect();
    names.into_iter().filter_map(|name| name.parse().ok()).collect()
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
pub(super) fn secrets(payload: &Payload) -> Vec<needles::Kept<'_>> {
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
