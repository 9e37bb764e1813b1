//! Tasks that lead to further tasks, done on all cores: the folders of a tree and what lies in them.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// The most tasks that a thread takes at once.
const AT_ONCE: usize = 16;

/// Tasks that wait, for several threads. The last ones come first, so that a tree is gone through in depth and few wait.
struct Tasks<T> {
    state: Mutex<State<T>>,
    more: Condvar,
}

struct State<T> {
    waiting: Vec<T>,
    /// How many threads are at work, from which more may come.
    busy: usize,
    threads: usize,
    is_over: bool,
}

impl<T> Tasks<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what came of a thread's tasks, and takes some more; none when all is done.
    fn next(&self, made: &mut Vec<T>, taken: &mut Vec<T>) {
        let mut state = self.lock();
        state.busy -= 1;
        if made.len() > 1 {
            self.more.notify_all();
        }
        state.waiting.append(made);
        while state.waiting.is_empty() && state.busy > 0 && !state.is_over {
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_over || state.waiting.is_empty() {
            state.is_over = true;
            self.more.notify_all();
            return;
        }
        state.busy += 1;
        let share = (state.waiting.len() / (2 * state.threads)).clamp(1, AT_ONCE);
        let from = state.waiting.len() - share;
        taken.extend(state.waiting.drain(from..).rev());
    }
}

/// Does these tasks and all that come of them. Each thread has a worker of its own; a worker that says `false` ends all.
pub(super) fn done<T: Send, W: FnMut(T, &mut Vec<T>) -> bool>(first: Vec<T>, worker: impl Fn() -> W + Sync) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    // Each thread counts as busy until it asks for the first time; those that the system does not give are not counted.
    let state = State { waiting: first, busy: 1, threads, is_over: false };
    let tasks = Tasks { state: state.into(), more: Condvar::new() };
    let work = || {
        let (mut work, mut made, mut taken) = (worker(), Vec::new(), Vec::new());
        loop {
            tasks.next(&mut made, &mut taken);
            if taken.is_empty() {
                return;
            }
            if !taken.drain(..).all(|task| work(task, &mut made)) {
                tasks.lock().is_over = true;
                made.clear();
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            tasks.lock().busy += 1;
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                tasks.lock().busy -= 1;
            }
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_comes_of_tasks_is_done_too_and_each_once() {
        let (sum, count) = (AtomicUsize::new(0), AtomicUsize::new(0));
        done(vec![1_usize], || {
            |number: usize, made: &mut Vec<usize>| {
                sum.fetch_add(number, Ordering::Relaxed);
                count.fetch_add(1, Ordering::Relaxed);
                made.extend([2 * number, 2 * number + 1].into_iter().filter(|next| *next < 20_000));
                true
            }
        });
        assert_eq!((sum.into_inner(), count.into_inner()), (19_999 * 10_000, 19_999));
        done(Vec::<usize>::new(), || |_: usize, _: &mut Vec<usize>| unreachable!());
    }

    #[test]
    fn one_that_has_enough_ends_all() {
        let count = AtomicUsize::new(0);
        done(vec![0; 10_000], || |_, _: &mut Vec<i32>| count.fetch_add(1, Ordering::Relaxed) < 10);
        assert!(count.into_inner() < 10 + 64 * AT_ONCE);
    }
}
