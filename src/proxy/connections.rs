//! The connections to a proxy that have not shown yet that they are its command's. Every user of this machine can open some, and
//! say nothing: so each has little time, and of many those go that have waited longest. The command's own ask at once.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// How long a connection may take until it has shown the token of the run.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many may wait longer than a moment: fewer than any system lets a process have open.
const MOST: usize = 100;
/// That moment.
const MOMENT: Duration = Duration::from_secs(1);

/// Those that wait.
#[derive(Default)]
pub struct Strangers {
    waiting: Mutex<VecDeque<(Instant, Arc<Connection>)>>,
}

/// One of them.
#[derive(Default)]
pub struct Connection {
    is_ours: AtomicBool,
    ends: Notify,
}

impl Connection {
    /// It has shown the token.
    pub fn is_ours(&self) {
        self.is_ours.store(true, Ordering::Relaxed);
    }

    /// Does its work: to the end where it is the command's, and else for as long as it may wait.
    pub async fn serve(&self, work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        let mut wait = pin!(tokio::time::timeout(PATIENCE, self.ends.notified()));
        let is_done = poll_fn(|context| {
            if work.as_mut().poll(context).is_ready() {
                return Poll::Ready(true);
            }
            wait.as_mut().poll(context).map(|_| false)
        });
        if !is_done.await && self.is_ours.load(Ordering::Relaxed) {
            work.await;
        }
    }
}

impl Strangers {
    /// Takes another one in.
    pub fn take_in(&self) -> Arc<Connection> {
        let new = Arc::new(Connection::default());
        self.lock().push_back((Instant::now(), Arc::clone(&new)));
        self.make_room(MOMENT);
        new
    }

    /// Ends those that have waited for so long, where there are too many.
    pub fn make_room(&self, waited: Duration) {
        let mut waiting = self.lock();
        if waiting.len() <= MOST {
            return;
        }
        waiting.retain(|(_, one)| !one.is_ours.load(Ordering::Relaxed) && Arc::strong_count(one) > 1);
        while waiting.len() > MOST && waiting.front().is_some_and(|(since, _)| since.elapsed() >= waited) {
            if let Some((_, oldest)) = waiting.pop_front() {
                oldest.ends.notify_one();
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Instant, Arc<Connection>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_those_that_wait_longest_go_and_the_commands_own_stay() {
        let strangers = Strangers::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let own = strangers.take_in();
            own.is_ours();
            let all: Vec<_> = (0..=MOST).map(|_| strangers.take_in()).collect();
            let served = |one: &Arc<Connection>| {
                let one = Arc::clone(one);
                tokio::spawn(async move { one.serve(std::future::pending()).await })
            };
            let (first, second, own) = (served(&all[0]), served(&all[1]), served(&own));
            tokio::task::yield_now().await;
            assert!(!first.is_finished(), "all of a moment may be the command's");
            strangers.make_room(Duration::ZERO);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert!(first.is_finished() && !second.is_finished() && !own.is_finished());
        });
    }
}
