//! Requests and the history: each that is over is written down, and what was written down before counts towards budgets.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use crate::{
    config::{Config, proxy::HTTPS},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Log, request::Request},
    name::KeyName,
    proxy::{
        budget::{self, Budget, Hindrance, Use},
        gate::{Gate, Guarded},
        journal::Begun,
        refusal::Refusal,
        rule::Rule,
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
    left,
    refused::Refused,
    register::Count,
    told::{New, Told},
};

/// So many entries are looked back through for what was used up; then more, up to so many.
const LOOKED_AT: usize = 1000;
const MOST_LOOKED_AT: usize = 512_000;
/// How long another run is waited for that has hold of a budget.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many are written at once.
const AT_ONCE: usize = 500;

/// Counts what other runs have asked for towards the budgets of this one: what they wrote down beside the store, and what stands
/// in the history or is under way and not there.
///
/// # Errors
/// `Disk` where that cannot be read.
pub fn remember(gate: &Gate, used: &Used, budget: &Arc<Budget>) -> Result<()> {
    let of_store: Vec<&Guarded> =
        gate.guarded.iter().filter(|key| key.name.store() == used.home.store().map(Arc::as_ref)).collect();
    let Some(reach) = of_store.iter().map(|key| key.reach()).max().filter(|reach| !reach.is_zero()) else {
        return Ok(());
    };
    let oldest = budget::now().saturating_sub(budget::milliseconds(reach));
    // First what is under way: what ends meanwhile stands in the history then.
    let mut asked: Vec<Begun> = left::under_way(&used.home, &used.kept, &used.payload);
    asked.retain(|begun| begun.at >= oldest);
    let log = record::log(&used.home, &used.kept, &used.payload);
    asked.extend(lately(&log, oldest).iter().map(asked_by));
    // The earliest first: then each takes the earliest use that can be its own, and none takes another's last one.
    asked.sort_by_key(|asked| asked.at);
    let held = hold(budget)?;
    let mut known = held.all();
    let mut unmatched = Unmatched::of(&known);
    for (used, is_limited) in asked.iter().flat_map(|asked| uses(asked, &of_store)) {
        if !unmatched.take(&used) && is_limited {
            held.add(used.clone()).map_err(|_| unread())?;
            known.push(used);
        }
    }
    gate.remember(budget, &known);
    Ok(())
}

/// So many seconds there may be between the moment that a request has in the history and the one in which it was counted.
const APART: u64 = 2;

/// Uses that were counted and are matched with no request yet: the seconds in which they were, by key and host.
struct Unmatched(HashMap<(String, String), BTreeMap<u64, usize>>);

impl Unmatched {
    fn of(uses: &[Use]) -> Self {
        let mut all = HashMap::<_, BTreeMap<u64, usize>>::new();
        for used in uses {
            let its = all.entry((used.name.clone(), used.host.clone())).or_default();
            *its.entry(used.at / 1000).or_default() += 1;
        }
        Self(all)
    }

    /// Takes the earliest that is this one, if there is any: an entry has the second in which it came, or in which it went out.
    fn take(&mut self, used: &Use) -> bool {
        let Some(its) = self.0.get_mut(&(used.name.clone(), used.host.clone())) else { return false };
        let second = used.at / 1000;
        let mut near = its.range_mut(second.saturating_sub(APART)..=second + APART);
        let Some((second, count)) = near.next().map(|(second, count)| (*second, count)) else { return false };
        *count -= 1;
        if *count == 0 {
            its.remove(&second);
        }
        true
    }
}

/// The requests that went through since then, the latest first; all that a history may have of a day.
fn lately(log: &Log, oldest: u64) -> Vec<Event> {
    let is_late = |event: &Event| event.moment.is_some_and(|moment| milliseconds(moment) >= oldest);
    let mut wanted = LOOKED_AT;
    loop {
        let entries = log.last(wanted);
        let reaches_back = entries.len() < wanted || entries.first().is_some_and(|(_, event)| !is_late(event));
        if reaches_back || wanted >= MOST_LOOKED_AT {
            let went = |event: &Event| event.action == Action::Proxy && is_late(event) && has_gone_out(event);
            return entries.into_iter().map(|(_, event)| event).filter(went).collect();
        }
        wanted *= 8;
    }
}

/// Whether a request went to its host, whatever came of it.
fn has_gone_out(event: &Event) -> bool {
    let unanswered = [Refusal::Upstream.word(), Refusal::TooLate.word()];
    event.refusal().is_none_or(|why| unanswered.contains(&why))
}

/// What a request of the history was, when it began.
fn asked_by(event: &Event) -> Begun {
    let text = |name: &str| event.other.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Begun {
        at: event.moment.map(milliseconds).unwrap_or_default(),
        names: event.names.iter().map(ToString::to_string).collect(),
        host: text("host"),
        method: text("method"),
        path: text("path"),
    }
}

/// What a request used up: of each of its keys one, by the rule that has it, and whether that has a limit.
fn uses(asked: &Begun, of_store: &[&Guarded]) -> Vec<(Use, bool)> {
    let (host, port) = split(&asked.host);
    let its = of_store.iter().filter(|key| asked.names.iter().any(|name| name == key.name.name().as_str()));
    let of_key = |key: &&&Guarded| {
        let about = || key.rules.iter().enumerate().filter(|(_, rule)| rule.covers(host, port));
        let fits = |rule: &Rule| rule.allows_method(&asked.method) && rule.allows_path(&asked.path);
        let (number, rule) = about().find(|(_, rule)| fits(rule)).or_else(|| about().next())?;
        let name = key.name.name().as_str().to_owned();
        let counts = budget::milliseconds(key.reach());
        let used = Use { at: asked.at, counts, name, host: asked.host.clone(), rule: key.label(number) };
        Some((used, !rule.limits.is_empty()))
    };
    its.filter_map(|key| of_key(&key)).collect()
}

fn milliseconds(moment: Moment) -> u64 {
    u64::try_from(moment.seconds()).unwrap_or_default().saturating_mul(1000)
}

fn hold(budget: &Budget) -> Result<budget::Held<'_>> {
    let begun = Instant::now();
    loop {
        match budget.hold() {
            Ok(held) => return Ok(held),
            Err(Hindrance::Busy) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return Err(unread()),
        }
    }
}

fn unread() -> Failure {
    Failure::new(Kind::Disk, format!("cannot read or write what is used up of a limit, in `{}`", budget::FILE))
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
    told: Told,
    /// The refusals that were written down lately, each with those like it that came since.
    refused: Refused,
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
        Self {
            chosen,
            stores,
            config,
            terminal,
            like,
            told: Told::default(),
            refused: Refused::default(),
            count: Count::default(),
        }
    }

    /// Writes down what is over by now, for so long at the most: a command that asks and asks must not keep whoever calls this
    /// from what else is to be done.
    pub fn write(&mut self, gate: &Gate, over: &Receiver<Done>, time: Duration) {
        let begun = Instant::now();
        let due = self.refused.due(Instant::now());
        self.write_gathered(&due, gate);
        while begun.elapsed() < time {
            let some: Vec<Done> = over.try_iter().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            gate.waits(0, some.len() as u64);
            self.count.requests += some.len() as u64;
            self.count.refused += some.iter().filter(|done| done.refusal.is_some()).count() as u64;
            for (at, used) in self.chosen.stores().enumerate() {
                let of_store: Vec<&Done> = some.iter().filter(|done| self.is_for(done, at)).collect();
                self.write_to(at, used, &of_store, gate);
            }
        }
        self.say_gathered(gate);
    }

    /// Whoever ends keyctl before these are written down leaves their number at least.
    fn say_gathered(&self, gate: &Gate) {
        for (key, store) in self.stores.iter().enumerate() {
            if !self.stores[..key].contains(store) {
                gate.gathered(key, self.refused.waiting(*store));
            }
        }
    }

    /// Whether a request is written down for this store: one that has a key in it, and without a key the first.
    fn is_for(&self, done: &Done, at: usize) -> bool {
        match done.keys.as_slice() {
            [] => self.stores.first().map_or(0, |first| *first) == at,
            keys => keys.iter().any(|key| self.stores[*key] == at),
        }
    }

    fn write_to(&mut self, at: usize, used: &Used, some: &[&Done], gate: &Gate) {
        let (mut events, now) = (Vec::new(), Instant::now());
        for done in some {
            let names: Vec<KeyName> = done
                .keys
                .iter()
                .filter(|key| self.stores[**key] == at)
                .map(|key| gate.guarded[*key].name.name().clone())
                .collect();
            match done.refusal {
                Some(why) if why.is_alarming() && self.is_new(at, done, why) => self.tell(used, done, why, &names),
                // What went out is for itself, whatever came of it.
                Some(why) if done.begun.is_empty() => {
                    let like =
                        format!("{at} {} {} {} {} {:?}", why.word(), done.host, done.method, done.path, done.keys);
                    let rough = format!("{at} {}", why.word());
                    events.extend(self.refused.take(like, rough, at, self.event(done, &names), now));
                }
                _ => events.push(self.event(done, &names)),
            }
        }
        if self.record(used, &events, gate) {
            let begun = some.iter().flat_map(|done| &done.begun).filter(|(key, _)| self.stores[*key] == at);
            let (keys, numbers): (Vec<usize>, Vec<u64>) = begun.copied().unzip();
            // One journal has all of a store.
            keys.first().into_iter().for_each(|key| gate.is_recorded(*key, &numbers));
        }
    }

    /// Whether they are recorded.
    fn record(&self, used: &Used, events: &[Event], gate: &Gate) -> bool {
        if events.is_empty() {
            return true;
        }
        let log = record::log(&used.home, &used.kept, &used.payload);
        let all: Vec<&Event> = events.iter().collect();
        let strictness = Strictness { sync: false, ..self.config.into() };
        match record::usage(&used.home, &used.kept, &log, &all, strictness, self.terminal) {
            Ok(recorded) => recorded.last().is_some(),
            // What could not be recorded is said already; where nothing goes on unrecorded, nothing does.
            Err(failure) => {
                gate.shut();
                self.terminal.warn(&format!("the proxy lets nothing through any more: {}", failure.message));
                false
            }
        }
    }

    /// Writes down the refused requests that were gathered until now.
    fn write_gathered(&self, gathered: &[(usize, Event)], gate: &Gate) {
        for (at, used) in self.chosen.stores().enumerate() {
            let its = gathered.iter().filter(|(store, _)| *store == at).map(|(_, event)| event.clone());
            self.record(used, &its.collect::<Vec<_>>(), gate);
        }
    }

    /// It is all over.
    pub fn finish(&mut self, gate: &Gate) {
        let rest = self.refused.rest();
        self.write_gathered(&rest, gate);
        self.say_gathered(gate);
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

    /// Whether the same was not told a moment ago, nor too much else.
    fn is_new(&mut self, at: usize, done: &Done, why: Refusal) -> bool {
        let is_new = self.told.is_new(format!("{at} {} {} {:?}", why.word(), done.host, done.keys), Instant::now());
        if is_new == New::TooMany {
            self.terminal.warn("more requests than these are refused just now; the history has them");
        }
        is_new == New::Yes
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
