//! What a request uses up of its keys' budgets, for all runs together; and that it goes out, written down before it does.

use std::sync::Arc;

use super::{
    super::{
        budget::{self, Budget, Hindrance, Use},
        journal::Begun,
        refusal::Refusal,
    },
    EARLIER, Gate, Guarded, Ordering, Pass, lock,
};

/// Why nothing is taken.
#[derive(Debug)]
pub enum Untaken {
    /// Another run takes something just now: in a moment it can be tried again.
    Busy,
    /// For good.
    Refused(Refusal),
}

impl Gate {
    /// Takes what a request uses up: of each key one by its rule, or nothing of any.
    ///
    /// # Errors
    /// `Limit` where there is nothing left; `Unrecorded` where that cannot be written down.
    pub fn take(&self, pass: &Pass, host: &str) -> Result<(), Untaken> {
        let pairs: Vec<(usize, usize)> = pass.keys.iter().copied().zip(pass.rules.iter().copied()).collect();
        let has_limit = |(key, number): &&(usize, usize)| !self.guarded[*key].rules[*number].limits.is_empty();
        let limited: Vec<(usize, usize)> = pairs.iter().filter(has_limit).copied().collect();
        if !limited.is_empty() {
            self.take_limited(&limited, host)?;
        }
        for key in &pass.keys {
            self.guarded[*key].used.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn take_limited(&self, limited: &[(usize, usize)], host: &str) -> Result<(), Untaken> {
        let mut budgets: Vec<&Arc<Budget>> = Vec::new();
        for (key, _) in limited {
            let its = self.beside.get(*key).map(|beside| &beside.budget);
            budgets.extend(its.filter(|its| !budgets.iter().any(|other| Arc::ptr_eq(other, its))));
        }
        let held = budgets.iter().map(|budget| budget.hold()).collect::<Result<Vec<_>, _>>().map_err(untaken)?;
        let (now, clock) = (EARLIER + self.started.elapsed(), budget::now());
        for (held, budget) in held.iter().zip(&budgets) {
            let news = held.news();
            for key in self.keys_of(budget) {
                key.remember(&news, (now, clock));
            }
        }
        let windows = |(key, number): &(usize, usize)| lock(&self.guarded[*key].windows[*number]);
        if let Some(wait) = limited.iter().filter_map(|one| windows(one).wait(now)).max() {
            return Err(Untaken::Refused(Refusal::Limit(wait)));
        }
        for one in limited {
            windows(one).add(now);
            let key = &self.guarded[one.0];
            let its = self.beside.get(one.0).map(|beside| &beside.budget);
            let at = its.and_then(|its| budgets.iter().position(|other| Arc::ptr_eq(other, its)));
            if let Some(at) = at {
                let counts = budget::milliseconds(windows(one).reach());
                let (name, rule) = (key.name.name().as_str().to_owned(), key.label(one.1));
                held[at].add(Use { at: clock, counts, name, host: host.to_owned(), rule }).map_err(untaken)?;
            }
        }
        Ok(())
    }

    /// The keys of a store.
    fn keys_of<'g>(&'g self, budget: &'g Arc<Budget>) -> impl Iterator<Item = &'g Guarded> {
        let all = self.guarded.iter().zip(&self.beside);
        all.filter(|(_, beside)| Arc::ptr_eq(&beside.budget, budget)).map(|(key, _)| key)
    }

    /// Counts what was used up before this run began.
    pub fn remember(&self, budget: &Arc<Budget>, uses: &[Use]) {
        let moment = (EARLIER + self.started.elapsed(), budget::now());
        self.keys_of(budget).for_each(|key| key.remember(uses, moment));
    }

    /// Writes down that a request goes out with keys, to this host, with this method and path; in each store that has one of
    /// them. What is written down is in `begun` then: the first key of the store, and the number.
    ///
    /// # Errors
    /// `Unrecorded` where nothing goes on unrecorded.
    pub fn begin(
        &self,
        keys: &[usize],
        (host, method, path): (&str, &str, &str),
        begun: &mut Vec<(usize, u64)>,
    ) -> Result<(), Refusal> {
        let beside = |key: usize| self.beside.get(key);
        let is_same = |one: usize, other: usize| {
            beside(one).zip(beside(other)).is_some_and(|(one, other)| Arc::ptr_eq(&one.journal, &other.journal))
        };
        let (at, mut written) = (budget::now(), Vec::new());
        for key in keys {
            let Some(its) = beside(*key) else { continue };
            if written.iter().any(|first| is_same(*first, *key)) {
                continue;
            }
            written.push(*key);
            let of_store = keys.iter().filter(|other| is_same(**other, *key));
            let names = of_store.map(|other| self.guarded[*other].name.name().as_str().to_owned()).collect();
            let (host, method, path) = (host.to_owned(), method.to_owned(), path.to_owned());
            match its.journal.begin(&Begun { at, names, host, method, path }) {
                Ok(number) => begun.push((*key, number)),
                Err(_) if its.required => return Err(Refusal::Unrecorded),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// The run has ended, and all that was over is recorded.
    pub fn close(&self) {
        self.beside.iter().for_each(|beside| beside.journal.close());
    }

    /// So many refused requests of this key's store are gathered to be recorded together.
    pub fn gathered(&self, key: usize, refused: u64) {
        if let Some(beside) = self.beside.get(key) {
            beside.journal.gathered(refused);
        }
    }

    /// What was begun with this key under these numbers stands in the history by now.
    pub fn is_recorded(&self, key: usize, numbers: &[u64]) {
        if let Some(beside) = self.beside.get(key) {
            beside.journal.over(numbers);
        }
    }
}

fn untaken(why: Hindrance) -> Untaken {
    match why {
        Hindrance::Busy => Untaken::Busy,
        Hindrance::Disk => Untaken::Refused(Refusal::Unrecorded),
    }
}
