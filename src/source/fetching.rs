//! All that a run needs from its sources, fetched at once: each place once, however many keys refer to it or to fields of it; on
//! a bounded number of threads; up to each source's own deadline, which counts from the start. What fails is all told, not only
//! what failed first.
//!
//! Whoever waits may want an end of it. Then nothing more is asked, and what is on its way is waited for just so long: its thread
//! ends with this process, whatever it waits for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Fetched, Lease, Source, Version, failure};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    name::SourceName,
    reference::{Place, Remote},
    secret::Secret,
};

/// The most places that are asked for at the same time.
const MOST_AT_ONCE: usize = 32;
/// How often it is looked whether somebody wants an end.
const TICK: Duration = Duration::from_millis(20);

/// A source that is open, and how long it is waited for.
#[derive(Clone)]
pub struct Open {
    /// The source.
    pub source: Arc<dyn Source>,
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
    /// When it ends, where the source says so.
    pub expires: Option<Moment>,
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
    /// The sources that had not answered when an end was wanted.
    pub unanswered: BTreeSet<SourceName>,
}

/// One place of one source, and the fields of it that are needed.
struct Job {
    open: Open,
    place: Place,
    wanted: Vec<Remote>,
}

/// What threads share.
struct Work {
    jobs: Vec<Job>,
    /// The first that nobody has begun.
    next: AtomicUsize,
    start: Instant,
}

/// What came of a job, by its place among all.
type Done = (usize, Result<Fetched>);

/// Fetches all that is wanted. `sources` has every source that is named there. `end` says until when it is waited, once somebody
/// wants an end.
#[must_use]
pub fn all(sources: &BTreeMap<SourceName, Open>, wanted: &BTreeSet<Remote>, end: &dyn Fn() -> Option<Instant>) -> All {
    let mut all = All::default();
    let jobs = jobs(sources, wanted, &mut all.failed);
    let work = Arc::new(Work { jobs, next: AtomicUsize::new(0), start: Instant::now() });
    let mut done = work.done(end);
    for (at, job) in work.jobs.iter().enumerate() {
        let fetched = done.remove(&at).unwrap_or_else(|| {
            all.unanswered.insert(job.open.source.name().clone());
            Err(failure(job.open.source.name(), "was not waited for"))
        });
        job.sort(fetched, &mut all);
    }
    all
}

fn jobs(
    sources: &BTreeMap<SourceName, Open>,
    wanted: &BTreeSet<Remote>,
    failed: &mut Vec<(Remote, Failure)>,
) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for remote in wanted {
        let Some(open) = sources.get(&remote.source) else {
            failed.push((remote.clone(), failure(&remote.source, "it was not opened")));
            continue;
        };
        // In order, so that what lies at one place stands together.
        let is_its = |job: &&mut Job| job.wanted[0].source == remote.source && job.place == remote.reference.place;
        if let Some(job) = jobs.last_mut().filter(is_its) {
            job.wanted.push(remote.clone());
        } else {
            let place = remote.reference.place.clone();
            jobs.push(Job { open: open.clone(), place, wanted: vec![remote.clone()] });
        }
    }
    jobs
}

impl Work {
    /// What comes of all of it, or of what is there when an end is wanted.
    fn done(self: &Arc<Self>, end: &dyn Fn() -> Option<Instant>) -> BTreeMap<usize, Result<Fetched>> {
        let (say, heard) = channel();
        let mut is_begun = false;
        for _ in 0..self.jobs.len().min(MOST_AT_ONCE) {
            let (work, say) = (Arc::clone(self), say.clone());
            is_begun |= thread::Builder::new().spawn(move || work.go(&say)).is_ok();
        }
        if !is_begun {
            // Without a thread to be had one comes after the other.
            self.go(&say);
        }
        drop(say);
        let mut done = BTreeMap::new();
        loop {
            match heard.recv_timeout(TICK) {
                Ok((at, fetched)) => drop(done.insert(at, fetched)),
                Err(RecvTimeoutError::Disconnected) => return done,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(until) = end() {
                self.next.store(self.jobs.len(), Ordering::Relaxed);
                if Instant::now() >= until {
                    done.extend(heard.try_iter());
                    return done;
                }
            }
        }
    }

    fn go(&self, say: &Sender<Done>) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(at) else { return };
            // Whoever waits no more has ended all of it.
            if say.send((at, job.fetch(self.start))).is_err() {
                return;
            }
        }
    }
}

impl Job {
    fn fetch(&self, start: Instant) -> Result<Fetched> {
        let fields: Vec<Option<&str>> = self.wanted.iter().map(|remote| remote.reference.field.as_deref()).collect();
        self.open.source.fetch(&self.place, &fields, start + self.open.timeout)
    }

    fn sort(&self, fetched: Result<Fetched>, all: &mut All) {
        let Fetched { values, version, lease, expires } = match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                let failed = |remote: &Remote| (remote.clone(), copy(&failure));
                all.failed.extend(self.wanted.iter().map(failed));
                return;
            }
        };
        let source = self.open.source.name().clone();
        all.leases.extend(lease.map(|lease| Lent { source, lease, remotes: self.wanted.clone() }));
        for (remote, value) in self.wanted.iter().zip(values) {
            let remote = remote.clone();
            match value {
                Ok(value) => all.given.push(Given { remote, value, version: version.clone(), expires }),
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
    use std::sync::{OnceLock, atomic::AtomicU32};

    use super::*;
    use crate::{reference::Reference, source::Abilities};

    /// Gives the path back after a while (longer for `slow`), and counts how often it was asked.
    struct Echo(SourceName, AtomicU32);

    impl Echo {
        fn begun(&self) -> usize {
            usize::try_from(self.1.load(Ordering::SeqCst)).expect("few")
        }
    }

    impl Source for Echo {
        fn fetch(&self, place: &Place, fields: &[Option<&str>], _: Instant) -> Result<Fetched> {
            self.1.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(if place.path == "slow" { 3000 } else { 30 }));
            if place.path == "bad" {
                return Err(failure(&self.0, "no"));
            }
            let value =
                |field: Option<&str>| Ok(Secret::new(format!("{}{}", place.path, field.unwrap_or("")).into_bytes()));
            let lease = Lease { id: place.path.clone(), lasts: Duration::from_secs(1), is_renewable: false };
            Ok(Fetched {
                values: fields.iter().copied().map(value).collect(),
                version: None,
                lease: Some(lease),
                expires: None,
            })
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
        let sources = BTreeMap::from([(name, Open { source: Arc::new(source), timeout: Duration::from_secs(9) })]);
        let mut wanted: BTreeSet<Remote> = (0..20).map(|at| format!("corp:p{at:02}").parse().expect("good")).collect();
        wanted.extend(
            ["corp:p00#a", "corp:p00#b", "corp:bad", "corp:bad#x", "gone:p"].map(|text| text.parse().expect("good")),
        );
        let start = Instant::now();
        let all = all(&sources, &wanted, &|| None);
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

    #[test]
    fn whoever_wants_an_end_gets_what_is_there_by_then_and_nothing_more_is_asked() {
        let name: SourceName = "corp".parse().expect("name");
        let source = Arc::new(Echo(name.clone(), AtomicU32::new(0)));
        let asked = Arc::clone(&source);
        let sources = BTreeMap::from([(name.clone(), Open { source, timeout: Duration::from_secs(9) })]);
        let texts = (0..60).map(|at| format!("corp:p{at:02}")).chain(["corp:a".into(), "corp:slow".into()]);
        let wanted: BTreeSet<Remote> = texts.map(|text| text.parse().expect("good")).collect();
        let start = Instant::now();
        // Wanted as soon as as many as can be at once have begun, however long a machine takes to start so many: they are waited for.
        let end = OnceLock::new();
        let all = all(&sources, &wanted, &|| {
            (asked.begun() >= MOST_AT_ONCE).then(|| *end.get_or_init(|| Instant::now() + Duration::from_millis(300)))
        });
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        let begun = asked.begun();
        assert!((MOST_AT_ONCE..wanted.len()).contains(&begun), "{begun}");
        assert_eq!(all.leases.len(), begun, "what was made is known");
        assert_eq!(
            (all.given.len() + all.failed.len(), all.unanswered),
            (wanted.len(), BTreeSet::from([name.clone()]))
        );
        // One that does not answer is left.
        let start = Instant::now();
        let slow = BTreeSet::from(["corp:slow".parse().expect("good")]);
        let all = super::all(&sources, &slow, &|| Some(start + Duration::from_millis(100)));
        assert!(start.elapsed() < Duration::from_secs(2) && all.leases.is_empty());
        assert_eq!(all.unanswered, BTreeSet::from([name]));
    }
}
