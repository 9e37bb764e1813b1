//! Shades of numbers, and weeks of days.

use std::collections::BTreeMap;

use jiff::{Span, ToSpan, civil::Date};

/// The weeks of a year and the days around it: as many as are shown at once.
pub(super) const YEAR: i32 = 53;
/// How many shades there are beside none.
pub(super) const LEVELS: usize = 4;

/// From which number on each shade begins: a quarter of the days with any use each, so that a single wild day does not
/// make all others pale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Levels {
    /// The highest number of each shade.
    tops: [u64; LEVELS],
}

impl Levels {
    pub(super) fn of(numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut numbers: Vec<u64> = numbers.into_iter().filter(|number| *number > 0).collect();
        numbers.sort_unstable();
        let at = |quarter: usize| numbers.get((numbers.len() * quarter / LEVELS).max(1) - 1).copied();
        Self { tops: [1, 2, 3, 4].map(|quarter| at(quarter).unwrap_or_default()) }
    }

    /// The shade of a number, from 0 for none.
    pub(super) fn level(&self, number: u64) -> usize {
        if number == 0 {
            return 0;
        }
        self.tops.iter().position(|top| number <= *top).map_or(LEVELS, |at| at + 1)
    }

    /// Each shade that any number has, with its lowest and highest number.
    pub(super) fn ranges(&self) -> Vec<(usize, u64, u64)> {
        let mut ranges = Vec::new();
        let mut below = 0;
        for (at, top) in self.tops.into_iter().enumerate() {
            if top > below {
                ranges.push((at + 1, below + 1, top));
                below = top;
            }
        }
        ranges
    }
}

/// The Monday of a day's week; the calendar's first day where it begins within a week.
pub(super) fn monday(day: Date) -> Date {
    let back = i32::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(back.days()).unwrap_or(Date::MIN)
}

/// A day so many weeks later, or earlier; at the calendar's ends it stops there.
pub(super) fn weeks_on(day: Date, weeks: i32) -> Date {
    let end = if weeks < 0 { Date::MIN } else { Date::MAX };
    Span::new().try_weeks(weeks).and_then(|span| day.checked_add(span)).unwrap_or(end)
}

/// How many uses there were in each of these weeks, of which the first begins on this Monday.
pub(super) fn weekly(days: &BTreeMap<Date, u64>, first: Date, weeks: i32) -> Vec<u64> {
    let mut sums = vec![0; usize::try_from(weeks).unwrap_or_default()];
    for (day, uses) in days.range(first..) {
        let passed = first.until(*day).map(|span| span.get_days()).unwrap_or_default();
        if let Some(sum) = sums.get_mut(usize::try_from(passed / 7).unwrap_or(usize::MAX)) {
            *sum += uses;
        }
    }
    sums
}

/// The columns in which a month's name stands: the first week that begins in it, and how many there are.
pub(super) fn months(first: Date, weeks: i32) -> Vec<(Date, u8)> {
    let mut months: Vec<(Date, u8)> = Vec::new();
    for week in 0..weeks {
        let begins = weeks_on(first, week);
        match months.last_mut() {
            Some((month, count)) if month.first_of_month() == begins.first_of_month() => *count += 1,
            _ => months.push((begins, 1)),
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn a_quarter_of_the_days_has_each_shade_and_one_wild_day_changes_little() {
        let levels = Levels::of([0, 0, 1, 2, 3, 4, 5, 6, 7, 900]);
        assert_eq!(levels.ranges(), [(1, 1, 2), (2, 3, 4), (3, 5, 6), (4, 7, 900)]);
        assert_eq!([0, 1, 3, 6, 7, 900, 901].map(|number| levels.level(number)), [0, 1, 2, 3, 4, 4, 4]);
    }

    #[test]
    fn few_numbers_have_few_shades_and_none_has_none() {
        assert_eq!(Levels::of([]).ranges(), []);
        assert_eq!(Levels::of([0]).level(0), 0);
        assert_eq!(Levels::of([5]).ranges(), [(1, 1, 5)]);
        assert_eq!(Levels::of([5, 5, 5]).level(5), 1);
        assert_eq!(Levels::of([1, 9]).ranges(), [(1, 1, 1), (4, 2, 9)]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(monday(day("2026-11-25")), day("2026-11-23"));
        assert_eq!(monday(day("2026-11-23")), day("2026-11-23"));
        assert_eq!(monday(day("2026-11-29")), day("2026-11-23"));
        let days = [(day("2026-11-22"), 1), (day("2026-11-23"), 2), (day("2026-11-29"), 3), (day("2026-11-30"), 4)];
        assert_eq!(weekly(&days.into(), day("2026-11-23"), 2), [5, 4]);
        assert_eq!(weekly(&days.into(), day("2026-11-16"), 2), [1, 5]);
        let months = months(day("2026-10-26"), 6);
        assert_eq!(months, [(day("2026-10-26"), 1), (day("2026-11-02"), 5)]);
    }

    proptest! {
        #[test]
        fn a_higher_number_has_no_lower_shade_and_the_ranges_hold_every_number(numbers in prop::collection::vec(0_u64..50, 0..60)) {
            let levels = Levels::of(numbers.iter().copied());
            for number in numbers.iter().copied().filter(|number| *number > 0) {
                prop_assert!(levels.level(number) <= levels.level(number + 1));
                let held = levels.ranges().into_iter().find(|(_, low, high)| (low..=high).contains(&&number));
                prop_assert_eq!(held.map(|(level, ..)| level), Some(levels.level(number)));
            }
        }

        #[test]
        fn no_day_of_the_calendar_panics(year in -9999_i16..=9999, month in 1_i8..=12, weeks in 0_i32..100) {
            let day = Date::new(year, month, 1).expect("a first");
            let first = monday(day);
            prop_assert_eq!(weekly(&[(day, 1)].into(), first, weeks).iter().sum::<u64>(), u64::from(weeks > 0));
            months(first, weeks);
            weeks_on(first, i32::MIN);
        }
    }
}
