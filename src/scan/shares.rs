//! Work on many things at once, on as many cores as there are.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
    thread,
};

/// The most threads: from there on they wait for memory more than they work.
const MOST: usize = 4;

/// How many shares there are of so many things, of which `few` are not worth a thread: a power of two.
pub(super) fn of(things: usize, few: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let worth = (things / few.max(1)).min(cores).clamp(1, MOST);
    1 << worth.ilog2()
}

/// Cuts so many things into shares and does the work of each; what comes of them is in their order.
pub(super) fn each<T: Send>(things: usize, shares: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let bound = |share: usize| things * share / shares;
    taken((0..shares).map(|share| bound(share)..bound(share + 1)), work)
}

/// Does the work of all items, on a thread for each; what comes of them is in their order.
pub(super) fn taken<I: Send, T: Send>(
    items: impl ExactSizeIterator<Item = I> + Send,
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    let (threads, items) = (items.len(), Mutex::new(items.enumerate()));
    let done = Mutex::new(Vec::with_capacity(threads));
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let until_all_is_done = || {
        while let Some((number, item)) = next() {
            let what = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((number, what));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where the system gives no thread, the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, until_all_is_done);
        }
        until_all_is_done();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_is_worked_on_once_and_what_comes_of_it_is_in_order() {
        for (things, shares) in [(0, 1), (0, 4), (1, 4), (7, 2), (1000, 4)] {
            let all: Vec<usize> = each(things, shares, Iterator::collect::<Vec<_>>).concat();
            assert!(all.into_iter().eq(0..things), "{things} in {shares}");
        }
    }

    #[test]
    fn few_things_are_worth_no_thread() {
        assert_eq!((of(0, 100), of(99, 100), of(199, 100)), (1, 1, 1));
        assert!([1, 2, 4].contains(&of(100_000, 100)));
    }
}
