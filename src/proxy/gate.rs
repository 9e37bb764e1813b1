//! The gate: whether a request goes through, and with which keys. Pure but for the list of frozen keys, which is looked at for
//! each request: no socket, no clock but the one that is passed in.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hyper::{HeaderMap, header::HeaderName};
use memchr::memmem;

use crate::{
    date::Moment,
    failure::Result,
    hex,
    name::{KeyPath, VariableName},
    random,
};

use super::{
    foreign,
    frozen::Frozen,
    inject::{self, Secrets},
    refusal::{Refusal, Stop},
    rule::Rule,
    signing::{self, Part},
    window::Windows,
};

/// What stands in each placeholder behind its beginning, so that a person knows it.
const SIGN: &str = "keyctl";
/// What a run begins to count from, so that there is room for what was before it.
const EARLIER: Duration = Duration::from_hours(7 * 24);
/// So many requests may wait to be written down.
const MOST_WAITING: u64 = 20_000;

/// A key that the command uses without holding it.
pub struct Guarded {
    /// The key.
    pub name: KeyPath,
    /// The variable that the placeholder is in; the first, if there are several.
    pub variable: VariableName,
    /// What the command has in its place.
    pub placeholder: String,
    /// Where it may go.
    pub rules: Vec<Rule>,
    /// What it is for where requests are signed with it.
    pub part: Option<Part>,
    windows: Vec<Mutex<Windows>>,
    used: AtomicU64,
}

impl Guarded {
    /// Draws a placeholder for a key.
    ///
    /// # Errors
    /// When the system gives no randomness; `Usage` for what signs and does not say how.
    pub fn new(name: KeyPath, variable: VariableName, rules: Vec<Rule>) -> Result<Self> {
        let is_signing = rules.iter().any(|rule| rule.signs);
        let part = is_signing.then(|| Part::of(variable.as_str())).transpose()?;
        let beginning = rules.first().map(|rule| rule.placeholder.as_str()).unwrap_or_default();
        let placeholder = format!("{beginning}{SIGN}{}", hex::encode(&random::bytes::<16>()?));
        let windows = rules.iter().map(|rule| Mutex::new(Windows::new(&rule.limits))).collect();
        Ok(Self { name, variable, placeholder, rules, part, windows, used: AtomicU64::new(0) })
    }

    /// How far back its budgets count.
    #[must_use]
    pub fn reach(&self) -> Duration {
        self.windows.iter().map(|windows| lock(windows).reach()).max().unwrap_or_default()
    }

    /// Counts requests that other runs made before this one, each to a host and so long ago, towards what there may be.
    pub fn remember(&self, before: &[(String, u16, Duration)]) {
        for (rule, windows) in self.rules.iter().zip(&self.windows) {
            let counts = before.iter().filter(|(host, port, _)| rule.covers(host, *port));
            lock(windows).remember(counts.map(|(_, _, ago)| EARLIER.saturating_sub(*ago)).collect());
        }
    }

    /// How many requests went through with it.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// What is true of a key for now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// Why it is not used.
    pub stop: Option<Stop>,
    /// When it ends, where that stops it.
    pub ends: Option<Moment>,
}

/// Which way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an address of the proxy's own, which belongs to this key and this rule of it.
    Base(usize, usize),
    /// By the proxy that the command was told of.
    Connect,
}

/// What is asked, but for the headers.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The way it came.
    pub way: Way,
    /// The host that it is for.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// What stands behind the path.
    pub query: &'a str,
    /// The length of the body, where it is said.
    pub length: Option<u64>,
}

/// A request that goes through.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// The keys that are put in.
    pub keys: Vec<usize>,
    /// The most bytes of its body.
    pub max_body: Option<u64>,
}

/// Decides on the requests of one run.
pub struct Gate {
    /// What every request of this run carries: in its path, or as the proxy's password.
    pub token: String,
    /// The keys.
    pub guarded: Vec<Guarded>,
    strict: bool,
    now: RwLock<(Arc<Secrets>, Vec<Standing>)>,
    /// The list of the store that each key is of.
    frozen: Vec<Arc<Frozen>>,
    is_shut: AtomicBool,
    waiting: AtomicU64,
    started: Instant,
}

impl Gate {
    /// For these keys; `frozen` has a list for each of them.
    ///
    /// # Errors
    /// When the system gives no randomness; `Usage` where a part is missing of what signs.
    pub fn new(guarded: Vec<Guarded>, secrets: Secrets, frozen: Vec<Arc<Frozen>>, strict: bool) -> Result<Self> {
        signing::are_whole(&guarded)?;
        let standings = vec![Standing::default(); guarded.len()];
        Ok(Self {
            token: hex::encode(&random::bytes::<16>()?),
            guarded,
            strict,
            now: RwLock::new((Arc::new(secrets), standings)),
            frozen,
            is_shut: AtomicBool::new(false),
            waiting: AtomicU64::new(0),
            started: Instant::now(),
        })
    }

    /// Whether only the hosts of rules may be reached.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The secrets as they are now.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The placeholders, a place each.
    #[must_use]
    pub fn placeholders(&self) -> Vec<&str> {
        self.guarded.iter().map(|key| key.placeholder.as_str()).collect()
    }

    /// From now on these secrets are used, and the keys stand so.
    pub fn renew(&self, secrets: Secrets, standings: Vec<Standing>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(secrets), standings);
    }

    /// From now on the keys stand so.
    pub fn stand(&self, change: impl FnOnce(&mut Vec<Standing>)) {
        change(&mut self.now.write().unwrap_or_else(PoisonError::into_inner).1);
    }

    /// Nothing goes through any more, as it could not be written down.
    pub fn shut(&self) {
        self.is_shut.store(true, Ordering::Relaxed);
    }

    /// One more waits to be written down, or so many do no more.
    pub fn waits(&self, more: u64, fewer: u64) {
        self.waiting.fetch_add(more, Ordering::Relaxed);
        self.waiting.fetch_sub(fewer, Ordering::Relaxed);
    }

    /// Whether so many wait that what was refused is not noted any more, but for what its owner is told of. What is let through
    /// ends before.
    #[must_use]
    pub fn is_full(&self, is_alarming: bool) -> bool {
        let most = if is_alarming { 3 * MOST_WAITING } else { 2 * MOST_WAITING };
        self.waiting.load(Ordering::Relaxed) > most
    }

    /// Whether this is the token of the run; how long that takes does not tell how much of it is right.
    #[must_use]
    pub fn is_token(&self, text: &str) -> bool {
        let differs = text.bytes().zip(self.token.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
        text.len() == self.token.len() && std::hint::black_box(differs) == 0
    }

    /// The key and the rule that an address of the proxy's own belongs to.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<(usize, usize)> {
        let mut all = self.routes();
        all.find(|(_, _, route)| route == name).map(|(key, rule, _)| (key, rule))
    }

    /// All of these, each with its name: that of the rule, and its number where that is taken.
    pub fn routes(&self) -> impl Iterator<Item = (usize, usize, String)> {
        let mut taken: Vec<&str> = Vec::new();
        let all =
            self.guarded.iter().enumerate().flat_map(|(key, guarded)| {
                guarded.rules.iter().enumerate().map(move |(number, rule)| (key, number, rule))
            });
        all.filter(|(_, _, rule)| rule.host().is_some()).map(move |(key, number, rule)| {
            let before = taken.iter().filter(|name| **name == rule.name).count();
            taken.push(&rule.name);
            let name = if before == 0 { rule.name.clone() } else { format!("{}-{}", rule.name, before + 1) };
            (key, number, name)
        })
    }

    /// Whether any rule is about this host.
    #[must_use]
    pub fn rule_for(&self, host: &str, port: u16) -> Option<&Rule> {
        self.guarded.iter().flat_map(|key| &key.rules).find(|rule| rule.covers(host, port))
    }

    /// The rule by which this key goes to this host.
    #[must_use]
    pub fn rule_of(&self, key: usize, host: &str, port: u16) -> Option<&Rule> {
        self.place_of(key, host, port).map(|number| &self.guarded[key].rules[number])
    }

    fn place_of(&self, key: usize, host: &str, port: u16) -> Option<usize> {
        self.guarded.get(key)?.rules.iter().position(|rule| rule.covers(host, port))
    }

    /// Whether a request goes through, and the keys of which placeholders stand in it.
    pub fn judge(&self, asked: &Asked, headers: &HeaderMap) -> (Vec<usize>, std::result::Result<Pass, Refusal>) {
        let found = inject::find(headers, &self.placeholders());
        let in_address = self.keys_in(asked.path).chain(self.keys_in(asked.query));
        let mut keys: Vec<usize> = found.iter().map(|(key, _)| *key).chain(in_address).collect();
        keys.sort_unstable();
        keys.dedup();
        let judged = self.weigh(asked, headers, &found, &keys);
        (signing::used(&self.guarded, &keys), judged)
    }

    fn keys_in<'s>(&'s self, text: &'s str) -> impl Iterator<Item = usize> + 's {
        let is_in = move |key: &Guarded| memmem::find(text.as_bytes(), key.placeholder.as_bytes()).is_some();
        self.guarded.iter().enumerate().filter(move |(_, key)| is_in(key)).map(|(at, _)| at)
    }

    fn weigh(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        found: &[(usize, HeaderName)],
        keys: &[usize],
    ) -> std::result::Result<Pass, Refusal> {
        if self.is_shut.load(Ordering::Relaxed) || self.waiting.load(Ordering::Relaxed) > MOST_WAITING {
            return Err(Refusal::Unrecorded);
        }
        let Asked { host, port, .. } = *asked;
        if keys.iter().any(|key| self.place_of(*key, host, port).is_none()) {
            return Err(Refusal::Elsewhere);
        }
        if keys.iter().any(|key| !found.iter().any(|(other, _)| other == key)) {
            return Err(if signing::is_presigned(asked.query) { signing::PRESIGNED } else { Refusal::InAddress });
        }
        signing::hold(&self.guarded, found)?;
        if keys.is_empty() {
            return self.weigh_without_key(asked, headers);
        }
        let keys = &signing::used(&self.guarded, keys);
        // The one placeholder may stand there for show, and the request be another's.
        if self.strict && foreign::is_any(asked, headers, &self.placeholders()) {
            return Err(Refusal::OwnKey);
        }
        let mut pass = Pass { keys: keys.clone(), max_body: None };
        for key in keys {
            let number = self.place_of(*key, host, port).ok_or(Refusal::Elsewhere)?;
            let rule = &self.guarded[*key].rules[number];
            let names = found.iter().filter(|(other, _)| other == key).map(|(_, name)| name);
            hold(rule, asked, names)?;
            self.hold_standing(*key)?;
            pass.max_body = pass.max_body.into_iter().chain(rule.max_body).min();
        }
        // Only what is let through for all else uses anything up.
        for key in keys {
            let number = self.place_of(*key, host, port).ok_or(Refusal::Elsewhere)?;
            let taken = lock(&self.guarded[*key].windows[number]).take(EARLIER + self.started.elapsed());
            taken.map_err(Refusal::Limit)?;
        }
        for key in keys {
            self.guarded[*key].used.fetch_add(1, Ordering::Relaxed);
        }
        Ok(pass)
    }

    /// What has no key of this run goes to the proxy's own addresses never, and elsewhere where that may be reached at all.
    fn weigh_without_key(&self, asked: &Asked, headers: &HeaderMap) -> std::result::Result<Pass, Refusal> {
        if matches!(asked.way, Way::Base(..)) {
            return Err(Refusal::NoKey);
        }
        let rule = self.rule_for(asked.host, asked.port);
        if self.strict && rule.is_none() {
            return Err(Refusal::Host);
        }
        if self.strict && foreign::is_any(asked, headers, &[]) {
            return Err(Refusal::OwnKey);
        }
        if let Some(rule) = rule {
            hold(rule, asked, std::iter::empty())?;
        }
        Ok(Pass { keys: Vec::new(), max_body: rule.and_then(|rule| rule.max_body) })
    }

    fn hold_standing(&self, key: usize) -> std::result::Result<(), Refusal> {
        let name = &self.guarded[key].name;
        if self.frozen.get(key).is_none_or(|list| list.has(name.name())) {
            return Err(Refusal::Stopped(Stop::Frozen));
        }
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        let standing = now.1.get(key).copied().unwrap_or_default();
        let has_ended = || standing.ends.is_some_and(|end| end <= Moment::now());
        match standing.stop {
            Some(stop) => Err(Refusal::Stopped(stop)),
            None if has_ended() => Err(Refusal::Stopped(Stop::Expired)),
            None if !now.0.has(key) => Err(Refusal::Stopped(Stop::Gone)),
            None => Ok(()),
        }
    }
}

/// Holds a request against a rule.
fn hold<'h>(
    rule: &Rule,
    asked: &Asked,
    mut headers: impl Iterator<Item = &'h HeaderName>,
) -> std::result::Result<(), Refusal> {
    if rule.header.as_ref().is_some_and(|only| headers.any(|name| name.as_str() != only)) {
        return Err(Refusal::Header);
    }
    if !rule.allows_method(asked.method) {
        return Err(Refusal::Method);
    }
    if !rule.allows_path(asked.path) {
        return Err(Refusal::Path);
    }
    if rule.max_body.zip(asked.length).is_some_and(|(most, length)| length > most) {
        return Err(Refusal::TooLarge);
    }
    Ok(())
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
