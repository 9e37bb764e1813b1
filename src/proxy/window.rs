//! How many requests there may be: at most so many in any stretch of so long, each of them remembered. A bucket that fills up
//! again would let twice as many through around its fullest moment, and what is counted here is somebody's budget.

use std::{collections::VecDeque, time::Duration};

use crate::config::proxy::Rate;

/// The limits of one key by one rule.
#[derive(Debug, Default)]
pub struct Windows {
    all: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    rate: Rate,
    /// When there were requests, the oldest first.
    times: VecDeque<Duration>,
}

impl Windows {
    /// With nothing used up.
    #[must_use]
    pub fn new(rates: &[Rate]) -> Self {
        Self { all: rates.iter().map(|rate| Window { rate: *rate, times: VecDeque::new() }).collect() }
    }

    /// Lets one more through at this moment, or says how long to wait for that.
    ///
    /// # Errors
    /// The time to wait; nothing is used up then.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        if let Some(wait) = self.wait(now) {
            return Err(wait);
        }
        self.add(now);
        Ok(())
    }

    /// How long to wait until there may be one more, if there may be none now.
    pub fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.all.iter_mut().filter_map(|window| window.wait(now)).max()
    }

    /// There is one more.
    pub fn add(&mut self, now: Duration) {
        for window in &mut self.all {
            window.times.push_back(now);
        }
    }

    /// Remembers what was used up before, in any order.
    pub fn remember(&mut self, mut before: Vec<Duration>) {
        before.sort_unstable();
        for window in &mut self.all {
            window.times.extend(&before);
            // Most often they are the latest anyway.
            if !window.times.iter().is_sorted() {
                window.times.make_contiguous().sort_unstable();
            }
        }
    }

    /// How far back anything counts.
    #[must_use]
    pub fn reach(&self) -> Duration {
        self.all.iter().map(|window| window.rate.period).max().unwrap_or_default()
    }
}

impl Window {
    /// How long until there is room, if there is none now.
    fn wait(&mut self, now: Duration) -> Option<Duration> {
        while self.times.front().is_some_and(|first| *first + self.rate.period <= now) {
            self.times.pop_front();
        }
        let over = (self.times.len() + 1).checked_sub(self.rate.count as usize).filter(|over| *over > 0)?;
        let frees = self.times[over - 1] + self.rate.period;
        Some(frees.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn windows(rates: &[&str]) -> Windows {
        Windows::new(&rates.iter().map(|text| text.parse().expect("rate")).collect::<Vec<_>>())
    }

    #[test]
    fn one_more_than_allowed_waits_until_the_first_is_old() {
        let mut all = windows(&["2/s", "3/min"]);
        let at = Duration::from_millis;
        assert_eq!(all.take(at(0)), Ok(()));
        assert_eq!(all.take(at(100)), Ok(()));
        assert_eq!(all.take(at(200)), Err(at(800)));
        assert_eq!(all.take(at(1000)), Ok(()));
        assert_eq!(all.take(at(2500)), Err(at(57_500)));
        assert_eq!(all.take(at(60_000)), Ok(()));
        assert_eq!(windows(&[]).take(at(0)), Ok(()));
    }

    #[test]
    fn what_was_used_up_before_counts() {
        let mut all = windows(&["2/h"]);
        all.remember(vec![Duration::from_mins(50), Duration::from_secs(10)]);
        assert_eq!(all.take(Duration::from_hours(1)), Err(Duration::from_secs(10)));
        assert_eq!(all.take(Duration::from_secs(3610)), Ok(()));
        assert_eq!(all.reach(), Duration::from_hours(1));
    }

    proptest! {
        #[test]
        fn no_stretch_ever_has_more_than_allowed(steps in prop::collection::vec(0u64..900, 1..200), count in 1u32..6) {
            let mut all = Windows::new(&[Rate { count, period: Duration::from_secs(1) }]);
            let (mut now, mut let_through) = (Duration::ZERO, Vec::new());
            for step in steps {
                now += Duration::from_millis(step);
                match all.take(now) {
                    Ok(()) => let_through.push(now),
                    Err(wait) => prop_assert!(!wait.is_zero() && wait <= Duration::from_secs(1)),
                }
            }
            for first in &let_through {
                let in_reach = |time: &&Duration| **time >= *first && **time < *first + Duration::from_secs(1);
                prop_assert!(let_through.iter().filter(in_reach).count() <= count as usize);
            }
        }
    }
}
