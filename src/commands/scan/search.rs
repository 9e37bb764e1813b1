//! What a scan looks for: every secret of every store that opens without asking, all at once. That it looks is written down
//! before it does, in the history of each; and what it finds is written down, marked and accepted where its key is kept.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    commands::{
        caller,
        opening::Kept,
        record,
        several::{self, LeftOut, Stores},
    },
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log},
    home::Home,
    name::{KeyName, KeyPath, StoreName},
    scan::{
        engine::{Engine, Marks},
        finding::Finding,
        git::Git,
        hook,
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
    /// The stores it looks for the keys of; none where no key was ever kept. What looks like a key is the first one's matter.
    stores: Vec<Opened>,
    /// Those that were not opened.
    pub left_out: Vec<LeftOut>,
    config: Config,
}

struct Opened {
    home: Home,
    kept: Kept,
    /// The store's keys, unless who opened it needs them elsewhere.
    payload: Option<Payload>,
    log: Log,
    /// What was accepted of it, where anything was.
    accepted: Option<Accepted>,
}

impl Search {
    /// Opens the stores, writes down that a scan begins, and makes their secrets ready to be looked for. Where no key is kept
    /// yet, what looks like one is looked for all the same.
    ///
    /// With `may_lack`, for a hook, the personal store has to open as ever, unless the user has set that what looks like a key
    /// may suffice where the keychain is locked; of the others those that lie in the repository have to be in order.
    ///
    /// # Errors
    /// As opening the stores has them; `Missing` where there is nothing to look for at all.
    pub fn begin(said: Option<&StoreName>, shapes: bool, may_lack: bool, terminal: &Terminal) -> Result<Self> {
        let homes = several::homes(said)?;
        let config = config::read(&Home::find()?)?;
        let opened = if may_lack { homes.open_with_first(terminal) } else { homes.open(terminal) };
        let stores = match opened {
            Err(failure) if shapes && goes_on_without(&failure, may_lack, &config) => {
                let stores = several::homes(said)?.beside(&Home::of(said)?).quietly(terminal);
                let only = "looking only for what looks like a key";
                let then = if stores.open.is_empty() { only } else { "its keys are not looked for" };
                terminal.warn(&format!("{}: {then}", failure.message));
                stores
            }
            other => other?,
        };
        let Stores { open, mut left_out } = stores;
        if may_lack {
            let top = if left_out.iter().all(LeftOut::is_closed) { None } else { repository() };
            for left in &mut left_out {
                left.pass_unless_in(top.as_deref());
            }
        }
        let (mut opened, mut payloads) = (Vec::new(), Vec::new());
        for several::Opened { home, kept, payload } in open {
            opened.push((home, kept));
            payloads.push(payload);
        }
        let mut search = Self::of(opened, &payloads.iter().collect::<Vec<_>>(), config, shapes, terminal)?;
        for (opened, payload) in search.stores.iter_mut().zip(payloads) {
            opened.payload = Some(payload);
        }
        Ok(Self { left_out, ..search })
    }

    /// The same for stores that are open already, each with what is in it.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn of(
        opened: Vec<(Home, Kept)>,
        payloads: &[&Payload],
        config: Config,
        shapes: bool,
        terminal: &Terminal,
    ) -> Result<Self> {
        let mut stores = Vec::new();
        for ((home, kept), payload) in opened.into_iter().zip(payloads) {
            let log = record::log(&home, &kept, payload);
            let opened = Opened { home, kept, payload: None, log, accepted: None };
            opened.record(event(), &config, terminal)?;
            stores.push(opened);
        }
        let all = stores.iter().zip(payloads).flat_map(|(opened, payload)| secrets(&opened.home, payload));
        let engine = Engine::new(Needles::of(all), shapes);
        Ok(Self { engine, stores, left_out: Vec::new(), config })
    }

    /// The same, and what was accepted is told apart from what is found: if anything was, or is about to be.
    ///
    /// # Errors
    /// Where something is about to be: `Missing` without a store, `Disk` where what was accepted cannot be read.
    pub fn minding_accepted(mut self, is_wanted: bool, terminal: &Terminal) -> Result<Self> {
        if self.stores.is_empty() && is_wanted {
            let failure = Failure::new(Kind::Missing, "without a key that is kept nothing can be accepted");
            return Err(failure.hint("keep one with `keyctl set NAME`"));
        }
        let mut marks = Marks::default();
        for (at, opened) in self.stores.iter_mut().enumerate() {
            if !is_wanted && !Accepted::is_there(&opened.home) {
                continue;
            }
            match Accepted::read(&opened.home, &opened.kept) {
                Ok(accepted) => {
                    marks.of_keys.insert(opened.name().to_owned(), accepting::key_of_texts(&opened.kept));
                    if at == 0 {
                        marks.of_shapes = Some(accepting::key_of_texts(&opened.kept));
                    }
                    opened.accepted = Some(accepted);
                }
                Err(failure) if !is_wanted => {
                    terminal.warn(&failure.message);
                    failure.hints.iter().for_each(|hint| terminal.hint(hint));
                }
                Err(failure) => return Err(failure),
            }
        }
        let engine = self.engine.marking(marks);
        Ok(Self { engine, ..self })
    }

    /// The same, and archives are looked into.
    #[must_use]
    pub fn deep(self, is_deep: bool) -> Self {
        Self { engine: self.engine.deep(is_deep), ..self }
    }

    /// Those of the findings that are accepted, and the others.
    pub fn split(&self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
        findings.into_iter().partition(|finding| self.is_accepted(finding))
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
        let accepted = self.place_of(finding).and_then(|at| self.stores[at].accepted.as_ref());
        accepted.is_some_and(|accepted| accepted.has(finding))
    }

    /// The store that a finding is the matter of.
    fn place_of(&self, finding: &Finding) -> Option<usize> {
        let Some(name) = finding.key() else { return (!self.stores.is_empty()).then_some(0) };
        let store = name.split_once(':').map_or("", |(store, _)| store);
        self.stores.iter().position(|opened| opened.name() == store)
    }

    /// The findings of each store.
    fn apart<'f>(&self, findings: &'f [Finding]) -> BTreeMap<usize, Vec<&'f Finding>> {
        let mut apart = BTreeMap::<_, Vec<_>>::new();
        for finding in findings {
            if let Some(at) = self.place_of(finding) {
                apart.entry(at).or_default().push(finding);
            }
        }
        apart
    }

    /// Accepts these, and writes that down.
    ///
    /// # Errors
    /// `Busy`, `Disk`.
    pub fn accept(&self, findings: &[Finding], terminal: &Terminal) -> Result<()> {
        for (at, findings) in self.apart(findings) {
            let opened = &self.stores[at];
            let Some(accepted) = &opened.accepted else { continue };
            let event =
                event().names(&names(&findings)).outcome(format!("accepted {}", count(findings.len(), "place")));
            opened.record(event, &self.config, terminal)?;
            accepted.add(&opened.home, &findings)?;
        }
        Ok(())
    }

    /// Marks the keys that lie there in the clear as leaked, and gives those that were not yet.
    pub fn mark_leaked(&self, findings: &[Finding], terminal: &Terminal) -> Vec<KeyPath> {
        self.mark_leaked_in(&BTreeMap::new(), findings, terminal)
    }

    /// The same where some of the stores were read again since.
    pub fn mark_leaked_in(
        &self,
        anew: &BTreeMap<Option<StoreName>, Payload>,
        findings: &[Finding],
        terminal: &Terminal,
    ) -> Vec<KeyPath> {
        // A store that was made meanwhile is among those that were read.
        let all: BTreeMap<Option<&StoreName>, &Payload> = self
            .stores
            .iter()
            .filter_map(|opened| Some((opened.home.store().map(Arc::as_ref), opened.payload.as_ref()?)))
            .chain(anew.iter().map(|(store, payload)| (store.as_ref(), payload)))
            .collect();
        let mut marked = Vec::new();
        for store in all.keys() {
            let Ok(home) = Home::named(*store) else { continue };
            marked.extend(marking::mark(&home, &all, findings, terminal));
        }
        marked
    }

    /// A store as it was opened.
    pub fn payload(&self, store: Option<&StoreName>) -> Option<&Payload> {
        let opened = self.stores.iter().find(|opened| opened.home.store().map(Arc::as_ref) == store)?;
        opened.payload.as_ref()
    }

    /// The keys that were found and are marked as leaked already.
    pub fn marked_before(&self, findings: &[Finding]) -> Vec<KeyPath> {
        let findings: Vec<&Finding> = findings.iter().collect();
        let mut paths = paths(&findings);
        paths.retain(|path| {
            let key = self.payload(path.store()).and_then(|payload| payload.keys.get(path.name()));
            key.is_some_and(|key| key.facts.leaked.is_some())
        });
        paths
    }

    /// Writes down that keys are taken out of a file, or are not after all.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record_taken_out(&self, paths: &[KeyPath], outcome: &str, terminal: &Terminal) -> Result<()> {
        for opened in &self.stores {
            let own = paths.iter().filter(|path| path.store().map_or("", StoreName::as_str) == opened.name());
            let names: Vec<&KeyName> = own.map(KeyPath::name).collect();
            if !names.is_empty() {
                opened.record(event().names(names).outcome(outcome), &self.config, terminal)?;
            }
        }
        Ok(())
    }

    /// How many keys are not looked for as their secrets lie in a source: only their places are here, and none is asked.
    pub fn elsewhere(&self) -> usize {
        let payloads = self.stores.iter().filter_map(|opened| opened.payload.as_ref());
        payloads.flat_map(|payload| payload.keys.values()).filter(|key| key.remote().is_some()).count()
    }

    /// What to tell of the stores that were not opened.
    pub fn left_out_words(&self) -> Vec<String> {
        self.left_out.iter().map(|left| left.words("were not looked for")).collect()
    }

    /// The stores without which this is no clean bill, or none for a hook.
    pub fn missed(&self, event: Option<hook::Event>) -> Vec<&str> {
        let missed = self.left_out.iter().filter(|left| event.is_none() || !left.is_passed);
        missed.map(|left| &*left.name).collect()
    }

    /// Whether all that was to be looked at was, for the keys of all the stores that count here.
    pub fn saw_all(&self, seen: &Seen, event: Option<hook::Event>) -> bool {
        seen.unreadable.is_empty() && seen.unasked.is_empty() && self.missed(event).is_empty()
    }

    /// Whether there is a store whose keys it looks for.
    #[must_use]
    pub fn knows_keys(&self) -> bool {
        !self.stores.is_empty()
    }

    /// Writes down which keys were found, if any was; what there was no room to list is the first store's matter.
    ///
    /// # Errors
    /// Only where the user's config requires a history and there is none to be had.
    pub fn record(&self, findings: &[Finding], more: u64, terminal: &Terminal) -> Result<()> {
        let mut apart = self.apart(findings);
        if more > 0 && !self.stores.is_empty() {
            apart.entry(0).or_default();
        }
        for (at, findings) in apart {
            let more = if at == 0 { usize::try_from(more).unwrap_or(usize::MAX) } else { 0 };
            let found = count(findings.len().saturating_add(more), "place");
            let event = event().names(&names(&findings)).outcome(format!("found {found}"));
            self.stores[at].record(event, &self.config, terminal)?;
        }
        Ok(())
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

/// The folder of the repository that a hook is called in.
fn repository() -> Option<PathBuf> {
    Git::at(&std::env::current_dir().ok()?).ok()?.top().ok()
}

/// Says last why a hook stops what git was about to do, where nothing was found.
pub(super) fn say_stopped(event: hook::Event, missed: &[&str], terminal: &Terminal) {
    let what = if event == hook::Event::Push { "push" } else { "commit" };
    let names = missed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let why = match missed {
        [] => "not all of it could be looked at".to_owned(),
        [_] => format!("the store {names} lies in this repository and cannot be read"),
        _ => format!("the stores {names} lie in this repository and cannot be read"),
    };
    terminal.warn(&format!("the {what} is stopped, as {why}; to go on unchecked: `{}`", event.without()));
}

/// The keys that were found, each once.
fn paths(findings: &[&Finding]) -> Vec<KeyPath> {
    let names: BTreeSet<&Arc<str>> = findings.iter().filter_map(|finding| finding.key()).collect();
    names.into_iter().filter_map(|name| name.parse().ok()).collect()
}

/// The same by their names in the one store that all of them are in.
fn names(findings: &[&Finding]) -> Vec<KeyName> {
    paths(findings).into_iter().map(|path| path.name().clone()).collect()
}

impl Opened {
    /// The store's name as it stands before the names of its keys.
    fn name(&self) -> &str {
        self.home.store().map_or("", |name| name.as_str())
    }

    fn record(&self, event: Event, config: &Config, terminal: &Terminal) -> Result<()> {
        let event = caller::sign(event);
        record::usage(&self.home, &self.kept, &self.log, &[&event], config.into(), terminal).map(drop)
    }
}

fn event() -> Event {
    let event = Event::new(Action::Scan, Moment::now());
    match std::env::current_dir() {
        Ok(folder) => event.folder(&folder),
        Err(_) => event,
    }
}

/// Every secret that a store has, with its name as it is told: also those that are not in use any more, which their issuers
/// may still take.
pub(super) fn secrets<'p>(home: &Home, payload: &'p Payload) -> Vec<needles::Kept<'p>> {
    let is_personal = home.store().is_none();
    let told = |name: &'p KeyName| -> Cow<'p, str> {
        if is_personal { name.as_str().into() } else { name.to_string().into() }
    };
    let mut secrets = Vec::new();
    for (name, key) in &payload.keys {
        secrets.extend(of_key(&told(name), key, None));
    }
    for removed in &payload.removed {
        secrets.extend(of_key(&told(&removed.name), &removed.key, Some(Which::Removed)));
    }
    secrets
}

fn of_key<'p>(name: &Cow<'p, str>, key: &'p Key, instead: Option<Which>) -> Vec<needles::Kept<'p>> {
    let which = |is_revoked: bool, usual| if is_revoked { Which::Revoked } else { instead.unwrap_or(usual) };
    let kept = |secret, which| needles::Kept { name: name.clone(), which, secret };
    // Of what lies in a source only the place is here, and that is no secret.
    let current = key.secret().map(|value| kept(value, which(key.facts.revoked.is_some(), Which::Current)));
    let here = key.former.iter().filter(|former| former.source.is_none());
    let former = here.map(|former| kept(&former.value, which(former.revoked.is_some(), Which::Former)));
    current.into_iter().chain(former).collect()
}
