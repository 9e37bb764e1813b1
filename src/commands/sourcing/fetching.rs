//! The list of what happens where keys lie in sources: credentials, what is kept, the rest at once, and each in its place.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;

use crate::{
    config::sources::Source,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::Fetch,
    name::{KeyName, SourceName},
    plain::first_names,
    reference::Remote,
    secret::Secret,
    source::{
        self, Lease, Means,
        fetching::{self, All, Given, Open, all, together},
        leasing::{Held as OneLease, Keeper},
    },
    terminal::Terminal,
};

use super::{
    Asking, Fetched, Referring, credentials,
    interrupting::{Interruption, interrupted},
    record_failure,
    remembering::{self, Caches},
};
use crate::commands::{reminded, using::Used};

/// How long a source may take to be told that it is done with.
const CLOSING: Duration = Duration::from_secs(2);

/// What was made for this use and ends, and the sources that can end it. Dropping it ends all of it: whoever gives it away takes it
/// apart first.
#[derive(Default)]
pub struct Held {
    /// The sources, open.
    sources: BTreeMap<SourceName, Open>,
    /// What is good only for a time.
    leases: Vec<Lent>,
    /// Signals are held back as long as somebody has to give it back.
    signals: Option<Interruption>,
}

/// What is good only for a time.
pub struct Lent {
    /// Which source lent it.
    pub source: SourceName,
    /// By which it is renewed and given back.
    pub lease: Lease,
    /// The keys that are of it.
    pub keys: Vec<String>,
    /// Since when.
    pub since: Instant,
}

impl Held {
    /// Whether there is nothing that ends.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Whoever gives it back, and the signals that are held back until then.
    #[must_use]
    pub fn into_parts(mut self) -> (Keeper, Option<Interruption>) {
        (self.keeper(), self.signals.take())
    }

    fn keeper(&mut self) -> Keeper {
        let sources: BTreeMap<SourceName, Open> = std::mem::take(&mut self.sources);
        let one = |Lent { source, lease, keys, since }| {
            Some(OneLease { source: Arc::clone(&sources.get(&source)?.source), lease, of: keys, since })
        };
        let held = std::mem::take(&mut self.leases).into_iter().filter_map(one).collect();
        Keeper::new(held, sources.into_values().map(|open| open.source).collect())
    }

    /// Signals end this process as ever from here on, right before something is given away. One that came meanwhile does so now,
    /// and what was made is given back.
    ///
    /// # Errors
    /// `Interrupted` where it cannot end so.
    pub fn heed_signals(&mut self) -> Result<()> {
        let Some(signals) = self.signals.take() else { return Ok(()) };
        if signals.came() {
            let _ = self.end();
        }
        signals.end()
    }

    /// Leaves it to whoever reads what is printed, and says that it ends and nobody renews it.
    pub fn leave(mut self, terminal: &Terminal) {
        for Lent { source, lease, keys, .. } in std::mem::take(&mut self.leases) {
            let (keys, time) = (first_names(&keys, 3), remembering::in_words(lease.lasts));
            terminal.warn(&format!("source `{source}` made {keys} for {time}, and nobody renews it"));
        }
        // Their tokens stay: what a token was lent ends with it.
        self.sources.clear();
    }

    /// Ends all that was made, where nothing is given after all. What could not be ended is told.
    fn end(&mut self) -> Vec<Failure> {
        self.keeper().end_within(CLOSING)
    }

    /// The failure of what is not given after all, with what could not be given back of what was made for it.
    fn unwanted(&mut self, failure: Failure) -> Failure {
        self.end().into_iter().fold(failure, |failure, left| failure.hint(left.message))
    }

    /// Gives back what sources made for the time that they are open, where nothing of theirs is held.
    fn close(&mut self) {
        let leases = &self.leases;
        self.sources.retain(|name, open| {
            let is_held = leases.iter().any(|lent| lent.source == *name);
            if !is_held {
                open.source.close(Instant::now() + CLOSING);
            }
            is_held
        });
    }
}

/// A secret of a key, and how old it is where it was kept.
type Value = (Secret, Option<Duration>);

pub(super) fn fetch(
    stores: &mut [(&mut Used, Vec<KeyName>)],
    referring: &[Referring],
    asking: Asking,
) -> Result<Fetched> {
    let names: BTreeSet<&SourceName> = referring.iter().map(|key| &key.remote.source).collect();
    let sources: Vec<&Source> = names.iter().filter_map(|name| asking.config.sources.get(*name)).collect();
    let mut found = credentials::of(&sources, stores, asking)?;
    let means = Means { credentials: std::mem::take(&mut found.secrets), clock: Moment::now };
    let mut caches = Caches::new(asking.config, &means, Moment::now());
    let mut values: Vec<Option<Value>> = Vec::new();
    for key in referring {
        let kept = caches.get(key, stores[key.at].0);
        values.push(kept.map(|(secret, age)| (secret, Some(age))));
    }
    let is_missing = |(_, value): &(&Referring, &Option<Value>)| value.is_none();
    let wanted: BTreeSet<Remote> =
        referring.iter().zip(&values).filter(is_missing).map(|(key, _)| key.remote.clone()).collect();
    if asking.offline && !wanted.is_empty() {
        return Err(not_kept(referring, &wanted, asking));
    }
    let mut held = Held::default();
    if !wanted.is_empty() {
        let asked = sources.iter().filter(|source| wanted.iter().any(|remote| remote.source == source.name));
        let (opened, mut failed) = open(asked.copied(), &wanted, &found, &means);
        held.sources = opened;
        let signals = Interruption::hold();
        let All { given, leases, failed: unfetched, unanswered } = ask(&held, &wanted, signals.as_ref(), asking);
        held.leases = leases.into_iter().map(|lent| with_names(referring, lent)).collect();
        if let Some(signals) = signals {
            if signals.came() {
                return Err(break_off(held, signals, &unanswered, (&*stores, referring), asking));
            }
            held.signals = Some(signals);
        }
        failed.extend(unfetched);
        if !failed.is_empty() {
            return Err(held.unwanted(together(with_keys(referring, failed))));
        }
        put(&given, referring, stores, &mut values, &mut caches, &held.leases);
        say_ends(&given, referring, stores, asking);
        held.close();
        caches.write(stores, asking.terminal);
        if held.is_empty() {
            held.heed_signals()?;
        }
    }
    say_ages(referring, &values, asking.terminal);
    let from = from(stores.len(), referring, &values, asking);
    let remotes = place(stores, referring, values);
    Ok(Fetched { from, remotes, held })
}

/// Asks for what lies in sources that are open. A signal ends that, once what may be lent by then is known.
fn ask(held: &Held, wanted: &BTreeSet<Remote>, signals: Option<&Interruption>, asking: Asking) -> All {
    let open = |remote: &&Remote| held.sources.contains_key(&remote.source);
    let wanted: BTreeSet<Remote> = wanted.iter().filter(open).cloned().collect();
    let may_lend = |remote: &&Remote| held.sources[&remote.source].source.may_lend(&remote.reference.place);
    let lenders: BTreeSet<&SourceName> = wanted.iter().filter(may_lend).map(|remote| &remote.source).collect();
    all(&held.sources, &wanted, &|| signals?.until(&lenders, asking.terminal))
}

/// Gives back what was made before a signal came, records that nothing is given, and ends this process by that signal. What stays
/// is said.
fn break_off(
    mut held: Held,
    signals: Interruption,
    unanswered: &BTreeSet<SourceName>,
    (stores, referring): (&[(&mut Used, Vec<KeyName>)], &[Referring]),
    asking: Asking,
) -> Failure {
    let open = |key: &&Referring| unanswered.contains(&key.remote.source);
    let may_lend = |key: &&Referring| {
        let source = held.sources.get(&key.remote.source);
        source.is_some_and(|open| open.source.may_lend(&key.remote.reference.place))
    };
    let silent: BTreeSet<&SourceName> =
        referring.iter().filter(open).filter(may_lend).map(|key| &key.remote.source).collect();
    for name in silent {
        let said = format!("source `{name}` had not answered: if it makes something all the same, that ends by itself");
        asking.terminal.warn(&said);
    }
    for left in held.end() {
        asking.terminal.warn(&left.message);
    }
    let failure = interrupted();
    record_failure(stores, referring, &failure, asking);
    signals.end().err().unwrap_or(failure)
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.end();
        if let Some(signals) = self.signals.take() {
            // What could be done was done.
            let _ = signals.end();
        }
    }
}

/// Opens the sources that are asked. What lies in one that cannot be opened is told with all else that fails.
fn open<'s>(
    asked: impl Iterator<Item = &'s Source>,
    wanted: &BTreeSet<Remote>,
    found: &credentials::Found,
    means: &Means,
) -> (BTreeMap<SourceName, Open>, Vec<(Remote, Failure)>) {
    let (mut opened, mut failed) = (BTreeMap::new(), Vec::new());
    for source in asked {
        match found.lacking(source).map_or_else(|| source::open(source, means), Err) {
            Ok(open) => drop(opened.insert(source.name.clone(), Open { source: open.into(), timeout: source.timeout })),
            Err(failure) => {
                let of_it = wanted.iter().filter(|remote| remote.source == source.name);
                failed.extend(of_it.map(|remote| (remote.clone(), failure.again())));
            }
        }
    }
    (opened, failed)
}

/// What was fetched, for each key that refers to it. What is good for a time only is not kept.
fn put(
    given: &[Given],
    referring: &[Referring],
    stores: &[(&mut Used, Vec<KeyName>)],
    values: &mut [Option<Value>],
    caches: &mut Caches,
    leases: &[Lent],
) {
    for (key, value) in referring.iter().zip(values).filter(|(_, value)| value.is_none()) {
        let Some(given) = given.iter().find(|given| given.remote == key.remote) else { continue };
        let is_of = |lent: &Lent| lent.source == key.remote.source && lent.keys.contains(&key.name.to_string());
        if !leases.iter().any(is_of) {
            caches.put(key, stores[key.at].0, &given.value);
        }
        *value = Some((given.value.copy(), None));
    }
}

/// One line for each key whose secret ends soon or has ended, as its source says; what the key itself knows of it is said
/// elsewhere. Once a day, as for the end of any key.
fn say_ends(given: &[Given], referring: &[Referring], stores: &[(&mut Used, Vec<KeyName>)], asking: Asking) {
    let now = Moment::now();
    for Referring { at, name, remote } in referring {
        let used = &*stores[*at].0;
        let end = given.iter().find(|given| given.remote == *remote).and_then(|given| given.expires);
        let known = used.payload.keys.get(name).and_then(|key| key.facts.expires);
        let Some(end) = end.filter(|end| known.is_none_or(|known| *end < known)) else { continue };
        let is_soon = asking.config.rotation.soon.before(end, &TimeZone::UTC) <= now;
        if !is_soon || reminded::first_today(used, vec![(name, "ends at its source")], now).is_empty() {
            continue;
        }
        let ends = if end <= now { "ended" } else { "ends" };
        asking.terminal.warn(&format!("`{name}` {ends} {}, as source `{}` says", end.from_now(now), remote.source));
    }
}

/// Each secret in the place of its reference, and what that was, for each store.
fn place(
    stores: &mut [(&mut Used, Vec<KeyName>)],
    referring: &[Referring],
    values: Vec<Option<Value>>,
) -> Vec<BTreeMap<KeyName, Remote>> {
    let mut remotes: Vec<BTreeMap<KeyName, Remote>> = stores.iter().map(|_| BTreeMap::new()).collect();
    for (Referring { at, name, remote }, value) in referring.iter().zip(values) {
        let (Some((value, _)), Some(key)) = (value, stores[*at].0.payload.keys.get_mut(name)) else { continue };
        key.value = value;
        key.facts.source = None;
        remotes[*at].insert(name.clone(), remote.clone());
    }
    remotes
}

/// What the history of each store says: a line for each source.
fn from(count: usize, referring: &[Referring], values: &[Option<Value>], asking: Asking) -> Vec<Vec<Fetch>> {
    let mut from: Vec<Vec<Fetch>> = vec![Vec::new(); count];
    for (key, value) in referring.iter().zip(values) {
        let cached_s = value.as_ref().and_then(|(_, age)| *age).map(|age| age.as_secs());
        let name = key.remote.source.to_string();
        if let Some(fetch) = from[key.at].iter_mut().find(|fetch| fetch.name == name) {
            fetch.cached_s = fetch.cached_s.max(cached_s);
        } else {
            let credentials = asking.config.sources.get(&key.remote.source).map(Source::credentials);
            let with = remembering::names(&credentials.unwrap_or_default());
            from[key.at].push(Fetch { name, cached_s, with });
        }
    }
    from
}

/// One line for each source of which something kept is given: how old the oldest is.
fn say_ages(referring: &[Referring], values: &[Option<Value>], terminal: &Terminal) {
    let mut oldest: BTreeMap<&SourceName, (Duration, Vec<String>)> = BTreeMap::new();
    for (key, value) in referring.iter().zip(values) {
        let Some((_, Some(age))) = value else { continue };
        let (known, names) = oldest.entry(&key.remote.source).or_default();
        *known = (*known).max(*age);
        names.push(format!("`{}`", key.name));
    }
    for (source, (age, names)) in oldest {
        let age = remembering::in_words(age);
        terminal.say(&format!("{} from source `{source}` as fetched {age} ago", names.join(", ")));
    }
}

/// The failure of `--offline` for what is not kept.
fn not_kept(referring: &[Referring], wanted: &BTreeSet<Remote>, asking: Asking) -> Failure {
    let missing: Vec<&Referring> = referring.iter().filter(|key| wanted.contains(&key.remote)).collect();
    let names: Vec<String> = missing.iter().map(|key| format!("`{}`", key.name)).collect();
    let failure = Failure::new(Kind::Remote, format!("nothing that is new enough is kept of {}", names.join(", ")));
    let keeps_nothing =
        |key: &&&Referring| asking.config.sources.get(&key.remote.source).is_some_and(|source| source.cache.is_none());
    match missing.iter().find(keeps_nothing) {
        Some(key) => {
            let source = &key.remote.source;
            failure.hint(format!(
                "source `{source}` keeps nothing; have it do so with `cache = \"1h\"` in `[sources.{source}]`"
            ))
        }
        None => failure.hint("run it once without `--offline`"),
    }
}

/// What was lent, by the names of the keys that are of it.
fn with_names(referring: &[Referring], lent: fetching::Lent) -> Lent {
    let fetching::Lent { source, lease, remotes } = lent;
    let of_it = referring.iter().filter(|key| remotes.contains(&key.remote));
    let keys = of_it.map(|key| key.name.to_string()).collect();
    Lent { source, lease, keys, since: Instant::now() }
}

/// What failed, by the names of the keys.
fn with_keys(referring: &[Referring], failed: Vec<(Remote, Failure)>) -> Vec<(Vec<String>, Failure)> {
    let names = |remote: &Remote| {
        let keys = referring.iter().filter(|key| key.remote == *remote);
        keys.map(|key| key.name.to_string()).collect()
    };
    failed.into_iter().map(|(remote, failure)| (names(&remote), failure)).collect()
}
