//! Requests and the history: each that is over is written down, and what was written down before counts towards budgets.

use std::{
    collections::BTreeMap,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use crate::{
    config::{Config, proxy::HTTPS},
    date::Moment,
    history::{Action, Event, request::Request},
    name::KeyName,
    proxy::{
        gate::{Gate, Guarded},
        refusal::Refusal,
        tally::Done,
    },
    terminal::Terminal,
};

use super::{
    super::{
        caller,
        choosing::Chosen,
        record::{self, Strictness},
        using::Used,
    },
    register::Count,
};

/// So many entries are looked back through for what was used up.
const LOOKED_AT: usize = 20_000;
/// So many are written at once.
const AT_ONCE: usize = 500;
/// The same is told again after so long.
const AGAIN: Duration = Duration::from_mins(1);
/// So many strangers' requests are written down of one run: they cost whoever sends them nothing.
const STRANGERS: u32 = 20;

/// Counts what other runs have asked for towards the budgets of this one.
pub fn remember(guarded: &[Guarded], stores: &[usize], chosen: &Chosen) {
    let now = Moment::now();
    for (at, used) in chosen.stores().enumerate() {
        let of_store = || guarded.iter().zip(stores).filter(|(_, store)| **store == at).map(|(key, _)| key);
        let Some(reach) = of_store().map(Guarded::reach).max().filter(|reach| !reach.is_zero()) else { continue };
        let entries = record::log(&used.home, &used.kept, &used.payload).last(LOOKED_AT);
        for key in of_store() {
            let one = |(_, event): &(u64, Event)| {
                let ago = now.seconds().saturating_sub(event.moment?.seconds());
                let ago = Duration::from_secs(u64::try_from(ago).unwrap_or_default());
                let is_its = event.action == Action::Proxy && event.names.iter().any(|name| name == key.name.as_str());
                let (host, port) = split(event.answered_by().filter(|_| is_its && ago < reach)?);
                Some((host.to_owned(), port, ago))
            };
            key.remember(&entries.iter().filter_map(one).collect::<Vec<_>>());
        }
    }
}

/// A host and its port, as the history has them.
fn split(named: &str) -> (&str, u16) {
    let split = named.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    split.unwrap_or((named, HTTPS))
}

/// Writes down what a proxy did.
pub struct Writer<'w> {
    chosen: &'w Chosen,
    stores: Vec<usize>,
    config: &'w Config,
    terminal: &'w Terminal,
    /// What is the same in each entry.
    like: Event,
    /// What was told lately, and when.
    told: BTreeMap<String, Instant>,
    strangers: u32,
    /// What came so far.
    pub count: Count,
}

impl<'w> Writer<'w> {
    /// For the command that `event` is of.
    pub fn new(
        chosen: &'w Chosen,
        stores: Vec<usize>,
        event: &Event,
        config: &'w Config,
        terminal: &'w Terminal,
    ) -> Self {
        let mut like = Event::new(Action::Proxy, Moment::now());
        like.program.clone_from(&event.program);
        like.reason.clone_from(&event.reason);
        let like = caller::sign(chosen.placed(like));
        Self { chosen, stores, config, terminal, like, told: BTreeMap::new(), strangers: 0, count: Count::default() }
    }

    /// Writes down what is over by now, in so many goes at the most: a command that asks and asks must not keep whoever calls
    /// this from what else is to be done.
    pub fn write(&mut self, gate: &Gate, over: &Receiver<Done>, goes: usize) {
        for _ in 0..goes {
            let some: Vec<Done> = over.try_iter().take(AT_ONCE).collect();
            if some.is_empty() {
                return;
            }
            gate.waits(0, some.len() as u64);
            self.count.requests += some.len() as u64;
            self.count.refused += some.iter().filter(|done| done.refusal.is_some()).count() as u64;
            for (at, used) in self.chosen.stores().enumerate() {
                let of_store: Vec<&Done> = some.iter().filter(|done| self.store_of(done) == at).collect();
                self.write_to(at, used, &of_store, gate);
            }
        }
    }

    /// The store that a request is written down for: that of its first key.
    fn store_of(&self, done: &Done) -> usize {
        done.keys.first().or(self.stores.first().map(|_| &0)).map_or(0, |key| self.stores[*key])
    }

    fn write_to(&mut self, at: usize, used: &Used, some: &[&Done], gate: &Gate) {
        let mut events = Vec::new();
        for done in some {
            let names: Vec<KeyName> = done
                .keys
                .iter()
                .filter(|key| self.stores[**key] == at)
                .map(|key| gate.guarded[*key].name.name().clone())
                .collect();
            match done.refusal {
                Some(why) if why.is_alarming() && self.is_new(done, why) => self.tell(used, done, why, &names),
                Some(Refusal::Stranger | Refusal::Rebound) => {
                    self.strangers += 1;
                    if self.strangers <= STRANGERS {
                        events.push(self.event(done, &names));
                    }
                }
                _ => events.push(self.event(done, &names)),
            }
        }
        if events.is_empty() {
            return;
        }
        let log = record::log(&used.home, &used.kept, &used.payload);
        let all: Vec<&Event> = events.iter().collect();
        let strictness = Strictness { sync: false, ..self.config.into() };
        let recorded = record::usage(&used.home, &used.kept, &log, &all, strictness, self.terminal);
        // What could not be recorded is said already; where nothing goes on unrecorded, nothing does.
        if let Err(failure) = recorded {
            gate.shut();
            self.terminal.warn(&format!("the proxy lets nothing through any more: {}", failure.message));
        }
    }

    fn event(&self, done: &Done, names: &[KeyName]) -> Event {
        let request = Request {
            host: done.host.clone(),
            method: done.method.clone(),
            path: done.path.clone(),
            status: done.status,
            sent: done.sent,
            received: done.received,
        };
        let mut event = self.like.clone().names(names).request(&request).ended(done.took, None);
        event.moment = Some(Moment::at(done.at));
        let cut = if done.is_cut { ", cut short" } else { "" };
        match (done.refusal, done.status) {
            (Some(why), _) => event.outcome(format!("refused: {}", why.word())),
            (None, Some(status)) => event.outcome(format!("{status}{cut}")),
            (None, None) => event.outcome(format!("no answer{cut}")),
        }
    }

    /// Whether the same was not told a moment ago.
    fn is_new(&mut self, done: &Done, why: Refusal) -> bool {
        let what = format!("{} {} {:?}", why.word(), done.host, done.keys);
        let now = Instant::now();
        let is_new = self.told.get(&what).is_none_or(|then| now.duration_since(*then) >= AGAIN);
        if is_new {
            self.told.insert(what, now);
        }
        is_new
    }

    /// Notes what its owner is to be told of, and tells.
    fn tell(&self, used: &Used, done: &Done, why: Refusal, names: &[KeyName]) {
        let host = shown(&done.host);
        let what = format!("{}: `{host}`", why.word());
        let keys: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let of = if keys.is_empty() { String::new() } else { format!(" of {}", keys.join(", ")) };
        self.terminal.warn(&format!("refused a request{of} for `{host}`: {}", why.word()));
        let mut event = self.event(done, &[]);
        event.took = None;
        let event = event.refused(&what).names(names);
        used.record_refusal(event, self.config, self.terminal);
    }
}

/// A host as it can be shown: it came from the command.
fn shown(host: &str) -> String {
    host.chars().filter(|c| c.is_ascii_graphic() && *c != '`').take(100).collect()
}
