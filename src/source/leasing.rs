//! What is lent for the time of a command: renewed by a thread while it runs, and given back when it ends.
//!
//! Renewing is done beside whoever attends the command, so that no slow server holds up a signal. Whoever has the [`Keeper`] gives
//! back what it holds by `end`, or by dropping it, also where the command was never started. A keyctl that is killed gives nothing
//! back: then each lease ends by itself, when its time is over.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Lease, Source};
use crate::{failure::Failure, plain::first_names};

/// How long giving back may take, all of it together.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long one renewal may take.
const RENEWAL: Duration = Duration::from_secs(10);
/// The shortest pause between two tries of a renewal.
const SHORTEST: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);

/// One lease, and what it is of.
pub struct Held {
    /// Who lent it.
    pub source: Arc<dyn Source>,
    /// The lease.
    pub lease: Lease,
    /// What messages call it: the keys that are of it.
    pub of: Vec<String>,
    /// When it was lent.
    pub since: Instant,
}

/// Says what a user has to know while a command runs.
pub type Say = Box<dyn Fn(&str) + Send + Sync>;

/// Looks after leases.
pub struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    sources: Vec<Arc<dyn Source>>,
}

struct Shared {
    /// Those that are still held; none once they are given back.
    held: Mutex<Vec<Held>>,
    is_over: Mutex<bool>,
    wake: Condvar,
}

impl Keeper {
    /// Holds these, and does not renew them yet. `sources` are closed at the end, whether they have lent something or not.
    #[must_use]
    pub fn new(held: Vec<Held>, sources: Vec<Arc<dyn Source>>) -> Self {
        let shared = Shared { held: Mutex::new(held), is_over: Mutex::new(false), wake: Condvar::new() };
        Self { shared: Arc::new(shared), thread: None, sources }
    }

    /// Whether there is anything to look after.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !locked(&self.shared.held).is_empty()
    }

    /// Begins to renew them. Without a thread to be had they end by themselves, which is said.
    pub fn renew(&mut self, say: Say) {
        if self.thread.is_some() || !self.is_needed() {
            return;
        }
        let (shared, say) = (Arc::clone(&self.shared), Arc::new(say));
        let own = Arc::clone(&say);
        match thread::Builder::new().name("leases".into()).spawn(move || look_after(&shared, &own)) {
            Ok(thread) => self.thread = Some(thread),
            Err(_) => say("there is no thread to be had: what a source lent is not renewed, and ends by itself"),
        }
    }

    /// Gives all back, and closes the sources. What could not be given back is said, each a failure.
    pub fn end(&mut self) -> Vec<Failure> {
        self.end_within(FAREWELL)
    }

    /// The same, which takes no longer than this.
    pub fn end_within(&mut self, time: Duration) -> Vec<Failure> {
        *locked(&self.shared.is_over) = true;
        self.shared.wake.notify_all();
        let until = Instant::now() + time;
        // A renewal that is under way holds no lock; whatever it brings is nobody's any more.
        let held = std::mem::take(&mut *locked(&self.shared.held));
        drop(self.thread.take());
        let sources = std::mem::take(&mut self.sources);
        thread::scope(|scope| {
            // Without a thread to be had one comes after the other.
            let start =
                |held| thread::Builder::new().spawn_scoped(scope, move || revoke(held, until)).map_err(|_| held);
            let revoked: Vec<_> = held.iter().map(start).collect();
            let end = |started: Result<thread::ScopedJoinHandle<_>, _>| match started {
                Ok(thread) => thread.join().ok().flatten(),
                Err(held) => revoke(held, until),
            };
            let failed = revoked.into_iter().filter_map(end).collect();
            for source in &sources {
                if thread::Builder::new().spawn_scoped(scope, move || source.close(until)).is_err() {
                    source.close(until);
                }
            }
            failed
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn revoke(held: &Held, until: Instant) -> Option<Failure> {
    let failure = held.source.revoke(&held.lease, until).err()?;
    let names = first_names(&held.of, 3);
    let left = held.lease.lasts.saturating_sub(held.since.elapsed()).as_secs();
    let Failure { kind, message, hints } = failure;
    let message = format!("what {names} got was not given back and ends by itself within {left} seconds: {message}");
    Some(Failure { kind, message, hints })
}

/// Renews each when half of its time is over, and again soon where that failed.
fn look_after(shared: &Shared, say: &Say) {
    let mut plans: Vec<Plan> = locked(&shared.held).iter().map(Plan::of).collect();
    loop {
        let Some(next) = plans.iter().filter_map(|plan| plan.next).min() else { return };
        let over = locked(&shared.is_over);
        let wait = next.saturating_duration_since(Instant::now());
        let (over, _) =
            shared.wake.wait_timeout_while(over, wait, |over| !*over).unwrap_or_else(PoisonError::into_inner);
        if *over {
            return;
        }
        drop(over);
        for (at, plan) in plans.iter_mut().enumerate().filter(|(_, plan)| plan.is_due()) {
            let Some((source, lease, of)) = copy(shared, at) else { return };
            let until = Instant::now() + RENEWAL.min(plan.left().max(SHORTEST));
            let renewed = if lease.is_renewable { source.renew(&lease, until).ok() } else { None };
            match plan.after(&lease, renewed.as_ref(), &first_names(&of, 3)) {
                Some(said) if !*locked(&shared.is_over) => say(&said),
                _ => {}
            }
            if let (Some(lease), Some(held)) = (renewed, locked(&shared.held).get_mut(at)) {
                held.lease = lease;
                held.since = Instant::now();
            }
        }
    }
}

fn copy(shared: &Shared, at: usize) -> Option<(Arc<dyn Source>, Lease, Vec<String>)> {
    let held = locked(&shared.held);
    let held = held.get(at)?;
    Some((Arc::clone(&held.source), held.lease.clone(), held.of.clone()))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When one lease is looked after next.
struct Plan {
    next: Option<Instant>,
    /// When it ends.
    end: Instant,
    /// How long it lasted at first.
    whole: Duration,
    /// Whether the user knows already that it will end.
    is_said: bool,
}

impl Plan {
    fn of(held: &Held) -> Self {
        let end = held.since + held.lease.lasts;
        Self { next: Some(held.since + held.lease.lasts / 2), end, whole: held.lease.lasts, is_said: false }
    }

    fn is_due(&self) -> bool {
        self.next.is_some_and(|next| next <= Instant::now())
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// What comes after a try, and what is to be said of it. A server gives less than was asked for where the longest time of a lease
    /// is near: then it ends, and nothing helps.
    fn after(&mut self, lease: &Lease, renewed: Option<&Lease>, of: &str) -> Option<String> {
        let now = Instant::now();
        match renewed {
            Some(renewed) if lease.is_renewable && renewed.lasts > self.whole / 4 => {
                self.end = now + renewed.lasts;
                self.next = Some(now + renewed.lasts / 2);
                self.is_said = false;
                None
            }
            _ if now >= self.end => {
                self.next = None;
                Some(format!("the lease of {of} is over while the command runs: what it was given is good no more"))
            }
            _ => {
                let can_be_renewed = lease.is_renewable && renewed.is_none();
                let soon = (self.left() / 4).clamp(SHORTEST, LONGEST);
                self.next = Some(if can_be_renewed { now + soon } else { self.end });
                let is_new = !std::mem::replace(&mut self.is_said, true);
                let left = self.left().as_secs();
                let why = if can_be_renewed { "cannot be renewed just now" } else { "can be renewed no more" };
                is_new.then(|| format!("the lease of {of} {why}; it is over in {left} seconds"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        failure::{Kind, Result},
        name::SourceName,
        reference::{Place, Reference},
        source::{Abilities, Fetched},
    };

    /// Lends for so long, renews so often, and counts.
    struct Lender {
        name: SourceName,
        renewals: AtomicUsize,
        most: usize,
        revoked: AtomicUsize,
        closed: AtomicUsize,
    }

    impl Source for Lender {
        fn fetch(&self, _: &Place, _: &[Option<&str>], _: Instant) -> Result<Fetched> {
            Err(Failure::new(Kind::Remote, "not here"))
        }

        fn abilities(&self, _: &[&Reference], _: Instant) -> Result<Abilities> {
            Ok(Abilities::default())
        }

        fn renew(&self, lease: &Lease, _: Instant) -> Result<Lease> {
            if self.renewals.fetch_add(1, Ordering::SeqCst) < self.most {
                Ok(lease.clone())
            } else {
                Err(Failure::new(Kind::Remote, "no more"))
            }
        }

        fn revoke(&self, _: &Lease, _: Instant) -> Result<()> {
            self.revoked.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }

        fn close(&self, _: Instant) {
            self.closed.fetch_add(1, Ordering::SeqCst);
        }

        fn name(&self) -> &SourceName {
            &self.name
        }
    }

    fn lender(most: usize) -> Arc<Lender> {
        let zero = AtomicUsize::default;
        Arc::new(Lender {
            name: "corp".parse().expect("name"),
            renewals: zero(),
            most,
            revoked: zero(),
            closed: zero(),
        })
    }

    fn keeper(lender: &Arc<Lender>, lasts: Duration) -> Keeper {
        let source: Arc<dyn Source> = Arc::<Lender>::clone(lender);
        let lease = Lease { id: "x".into(), lasts, is_renewable: true };
        let held = Held { source: Arc::clone(&source), lease, of: vec!["db/password".into()], since: Instant::now() };
        Keeper::new(vec![held], vec![source])
    }

    #[test]
    fn a_lease_is_renewed_while_it_is_held_and_given_back_once() {
        let lender = lender(usize::MAX);
        let mut keeper = keeper(&lender, Duration::from_millis(60));
        keeper.renew(Box::new(|said| panic!("{said}")));
        let until = Instant::now() + Duration::from_secs(10);
        while lender.renewals.load(Ordering::SeqCst) < 3 && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(lender.renewals.load(Ordering::SeqCst) >= 3);
        assert!(keeper.end().is_empty());
        drop(keeper);
        assert_eq!((lender.revoked.load(Ordering::SeqCst), lender.closed.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn what_was_never_renewed_is_given_back_too() {
        let lender = lender(0);
        drop(keeper(&lender, Duration::from_mins(1)));
        assert_eq!((lender.revoked.load(Ordering::SeqCst), lender.closed.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn that_a_lease_ends_is_said_once_before_and_once_after() {
        let lender = lender(0);
        let mut keeper = keeper(&lender, Duration::from_millis(1200));
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        keeper.renew(Box::new(move |text| heard.lock().expect("lock").push(text.to_owned())));
        let until = Instant::now() + Duration::from_secs(10);
        while said.lock().expect("lock").len() < 2 && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        let said = said.lock().expect("lock").clone();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].starts_with("the lease of `db/password` cannot be renewed just now; it is over in "),
            "{said:?}"
        );
        assert!(said[1].starts_with("the lease of `db/password` is over while the command runs"), "{said:?}");
    }
}
