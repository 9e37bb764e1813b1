//! All that a run needs from its sources, fetched at once: each place once, however many keys refer to it or to fields of it; on
//! a bounded number of threads; up to each source's own deadline, which counts from the start. What fails is all told, not only
//! what failed first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Fetched, Lease, Source, Version, failure};
use crate::{
    failure::{Failure, Kind, Result},
    name::SourceName,
    reference::{Place, Remote},
    secret::Secret,
    subprocess::no_thread,
};

/// The most places that are asked for at the same time.
const MOST_AT_ONCE: usize = 32;

/// A source that is open, and how long it is waited for.
pub struct Open {
    /// The source.
    pub source: Box<dyn Source>,
    /// Its deadline, from the start of all.
    pub timeout: Duration,
}

/// What came of one reference.
pub struct Given {
    /// What was referred to.
    pub remote: Remote,
    /// The secret.
    pub value: Secret,
    /// Its version.
    pub version: Option<Version>,
}

/// What was lent with one place.
pub struct Lent {
    /// By which source.
    pub source: SourceName,
    /// The lease.
    pub lease: Lease,
    /// What was fetched with it.
    pub remotes: Vec<Remote>,
}

/// What came of all.
#[derive(Default)]
pub struct All {
    /// What was fetched.
    pub given: Vec<Given>,
    /// What is for a time only, each once.
    pub leases: Vec<Lent>,
    /// What could not be fetched, and why.
    pub failed: Vec<(Remote, Failure)>,
}

/// One place of one source, and the fields of it that are needed.
struct Job<'w> {
    open: &'w Open,
    place: &'w Place,
    wanted: Vec<&'w Remote>,
}

/// Fetches all that is wanted. `sources` has every source that is named there.
#[must_use]
pub fn all(sources: &BTreeMap<SourceName, Open>, wanted: &BTreeSet<Remote>) -> All {
    let start = Instant::now();
    let mut all = All::default();
    let jobs = jobs(sources, wanted, &mut all.failed);
    let done: Vec<Mutex<Option<Result<Fetched>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < jobs.len()) {
            let fetched = jobs[at].fetch(start);
            *done[at].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(fetched);
        }
    };
    // One place alone, as most runs have it, takes no thread of its own.
    let mut unstarted = None;
    thread::scope(|scope| {
        for _ in 1..jobs.len().min(MOST_AT_ONCE) {
            unstarted = thread::Builder::new().spawn_scoped(scope, work).err().or(unstarted.take());
        }
        work();
    });
    for (job, fetched) in jobs.iter().zip(done) {
        let fetched = fetched.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let missed = || unstarted.as_ref().map_or_else(|| failure(job.open.source.name(), "was not asked"), no_thread);
        job.sort(fetched.unwrap_or_else(|| Err(missed())), &mut all);
    }
    all
}

fn jobs<'w>(
    sources: &'w BTreeMap<SourceName, Open>,
    wanted: &'w BTreeSet<Remote>,
    failed: &mut Vec<(Remote, Failure)>,
) -> Vec<Job<'w>> {
    let mut jobs: Vec<Job> = Vec::new();
    for remote in wanted {
        let Some(open) = sources.get(&remote.source) else {
            failed.push((remote.clone(), failure(&remote.source, "it was not opened")));
            continue;
        };
        // In order, so that what lies at one place stands together.
        match jobs
            .last_mut()
            .filter(|job| job.wanted[0].source == remote.source && *job.place == remote.reference.place)
        {
            Some(job) => job.wanted.push(remote),
            None => jobs.push(Job { open, place: &remote.reference.place, wanted: vec![remote] }),
        }
    }
    jobs
}

impl Job<'_> {
    fn fetch(&self, start: Instant) -> Result<Fetched> {
        let fields: Vec<Option<&str>> = self.wanted.iter().map(|remote| remote.reference.field.as_deref()).collect();
        self.open.source.fetch(self.place, &fields, start + self.open.timeout)
    }

    fn sort(&self, fetched: Result<Fetched>, all: &mut All) {
        let Fetched { values, version, lease } = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                let failed = |remote: &&Remote| ((*remote).clone(), copy(&failure));
                all.failed.extend(self.wanted.iter().map(failed));
                return;
            }
        };
        all.leases.extend(lease.map(|lease| Lent {
            source: self.open.source.name().clone(),
            lease,
            remotes: self.wanted.iter().map(|remote| (*remote).clone()).collect(),
        }));
        for (remote, value) in self.wanted.iter().zip(values) {
            let remote = (*remote).clone();
            match value {
                Ok(value) => all.given.push(Given { remote, value, version: version.clone() }),
                Err(failure) => all.failed.push((remote, failure)),
            }
        }
    }
}

fn copy(failure: &Failure) -> Failure {
    Failure { kind: failure.kind, message: failure.message.clone(), hints: failure.hints.clone() }
}

/// All that failed as one failure: the first is the message, the others follow, and each is said once with the keys that it
/// concerns.
#[must_use]
pub fn together(failed: Vec<(Vec<String>, Failure)>) -> Failure {
    let mut told: Vec<(Vec<String>, Failure)> = Vec::new();
    for (keys, failure) in failed {
        match told.iter_mut().find(|(_, other)| other.message == failure.message) {
            Some((known, _)) => known.extend(keys),
            None => told.push((keys, failure)),
        }
    }
    let mut told = told.into_iter().map(|(mut keys, failure)| {
        keys.sort();
        let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        (format!("cannot fetch {}: {}", keys.join(", "), failure.message), failure)
    });
    let Some((message, first)) = told.next() else { return Failure::new(Kind::Remote, "nothing was fetched") };
    let mut whole = Failure { kind: first.kind, message, hints: first.hints };
    for (message, failure) in told {
        whole.hints.push(format!("also: {message}"));
        let new = failure.hints.into_iter().filter(|hint| !whole.hints.contains(hint)).collect::<Vec<_>>();
        whole.hints.extend(new);
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::{reference::Reference, source::Abilities};

    /// Gives the path back after a while, and counts how often it was asked.
    struct Echo(SourceName, AtomicU32);

    impl Source for Echo {
        fn fetch(&self, place: &Place, fields: &[Option<&str>], _: Instant) -> Result<Fetched> {
            self.1.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(30));
            if place.path == "bad" {
                return Err(failure(&self.0, "no"));
            }
            let value =
                |field: Option<&str>| Ok(Secret::new(format!("{}{}", place.path, field.unwrap_or("")).into_bytes()));
            let lease = Lease { id: place.path.clone(), lasts: Duration::from_secs(1), is_renewable: false };
            Ok(Fetched { values: fields.iter().copied().map(value).collect(), version: None, lease: Some(lease) })
        }
        fn abilities(&self, _: &[&Reference], _: Instant) -> Result<Abilities> {
            Ok(Abilities::default())
        }
        fn name(&self) -> &SourceName {
            &self.0
        }
    }

    #[test]
    fn all_are_fetched_at_once_and_each_place_once() {
        let name: SourceName = "corp".parse().expect("name");
        let source = Echo(name.clone(), AtomicU32::new(0));
        let sources = BTreeMap::from([(name, Open { source: Box::new(source), timeout: Duration::from_secs(9) })]);
        let mut wanted: BTreeSet<Remote> = (0..20).map(|at| format!("corp:p{at:02}").parse().expect("good")).collect();
        wanted.extend(
            ["corp:p00#a", "corp:p00#b", "corp:bad", "corp:bad#x", "gone:p"].map(|text| text.parse().expect("good")),
        );
        let start = Instant::now();
        let all = all(&sources, &wanted);
        assert!(start.elapsed() < Duration::from_millis(400), "{:?}", start.elapsed());
        let given: Vec<(String, &str)> =
            all.given.iter().map(|given| (given.remote.text(), given.value.expose_text().expect("text"))).collect();
        assert_eq!(given.len(), 22);
        assert!(given.contains(&("corp:p00#b".into(), "p00b")) && given.contains(&("corp:p19".into(), "p19")));
        assert_eq!(all.leases.len(), 20, "a lease a place");
        let of_first: Vec<String> = all.leases[0].remotes.iter().map(Remote::text).collect();
        assert_eq!(of_first, ["corp:p00", "corp:p00#a", "corp:p00#b"]);
        let failed: Vec<_> = all.failed.into_iter().map(|(remote, failure)| (vec![remote.text()], failure)).collect();
        let failure = together(failed);
        assert_eq!(failure.message, "cannot fetch `gone:p`: source `gone`: it was not opened");
        assert_eq!(failure.hints, ["also: cannot fetch `corp:bad`, `corp:bad#x`: source `corp`: no"]);
    }
}
