//! Spans of the calendar, as people write them: `90d`, `12 weeks`, `6 months`, `1y`.
//!
//! A month is a month of the calendar and not thirty days: six months after 31 August is the last day of February. So a
//! period is added in a time zone, where days have their true length, and never turned into seconds before.

use std::{fmt, str::FromStr};

use jiff::{Span, ToSpan, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Moment;

/// What a period counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// The units with all the words for each, of which the first is written back, and the most of each: a hundred years.
/// Nobody plans further, and no calendar ends before.
const UNITS: &[(Unit, &[&str; 3], i32)] = &[
    (Unit::Hour, &["h", "hour", "hours"], 876_000),
    (Unit::Day, &["d", "day", "days"], 36_500),
    (Unit::Week, &["w", "week", "weeks"], 5_200),
    (Unit::Month, &["mo", "month", "months"], 1_200),
    (Unit::Year, &["y", "year", "years"], 100),
];

/// A span of the calendar, from one hour to a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    count: i32,
    unit: Unit,
}

impl Period {
    /// So many days.
    #[must_use]
    pub const fn days(count: u16) -> Self {
        Self { count: count as i32, unit: Unit::Day }
    }

    /// In words: `90 days`, `1 year`.
    #[must_use]
    pub fn words(&self) -> String {
        let (_, words, _) = UNITS[self.unit as usize];
        format!("{} {}", self.count, words[if self.count == 1 { 1 } else { 2 }])
    }

    /// The moment this long after another, by the calendar of a zone: the same time of day, on the last day of the month
    /// where the day does not exist. At the calendar's end it stops there.
    #[must_use]
    pub fn after(self, moment: Moment, zone: &TimeZone) -> Moment {
        self.add(moment, zone, self.count)
    }

    /// The moment this long before another.
    #[must_use]
    pub fn before(self, moment: Moment, zone: &TimeZone) -> Moment {
        self.add(moment, zone, -self.count)
    }

    fn add(self, moment: Moment, zone: &TimeZone, count: i32) -> Moment {
        let span: Span = match self.unit {
            Unit::Hour => count.hours(),
            Unit::Day => count.days(),
            Unit::Week => count.weeks(),
            Unit::Month => count.months(),
            Unit::Year => count.years(),
        };
        let ends = if count < 0 { i64::MIN } else { i64::MAX };
        let there = moment.0.to_zoned_datetime(zone.clone()).checked_add(span);
        there.map_or(Moment::from_seconds(ends), |there| Moment::from_seconds(there.timestamp().as_second()))
    }
}

impl FromStr for Period {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, word) = text.split_at(digits);
        let word = word.trim_start().to_ascii_lowercase();
        let found = UNITS.iter().find(|(_, words, _)| words.contains(&word.as_str()));
        let Some(&(unit, _, most)) = found.filter(|_| digits > 0) else {
            let why = if word == "m" { ": `m` could be minutes or months; months are `mo`" } else { "" };
            return Err(format!("write a number and a unit, such as `90d`, `12w`, `6mo` or `1y`{why}"));
        };
        match number.parse() {
            Ok(0) => Err("a period of nothing cannot be meant".into()),
            Ok(count) if count <= most => Ok(Self { count, unit }),
            _ => Err("a period has at most a hundred years".into()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, words, _) = UNITS[self.unit as usize];
        write!(f, "{}{}", self.count, words[0])
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn period(text: &str) -> Period {
        text.parse().expect(text)
    }

    fn moment(text: &str) -> Moment {
        text.parse().expect(text)
    }

    #[test]
    fn a_period_is_read_in_every_way_it_is_written() {
        for (text, plain) in [
            ("90d", "90d"),
            ("90 days", "90d"),
            ("1 day", "1d"),
            ("12w", "12w"),
            ("6mo", "6mo"),
            ("6 Months", "6mo"),
            (" 1y ", "1y"),
            ("24h", "24h"),
        ] {
            assert_eq!(period(text).to_string(), plain);
        }
        assert_eq!([period("1y").words(), period("90d").words()], ["1 year", "90 days"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            "",
            "0d",
            "d",
            "90",
            "-1d",
            "1e9d",
            "1000000000d",
            "99999999999999999999d",
            "101y",
            "1.5y",
            "5m",
            "5 d ays",
            "９d",
        ] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }

    #[test]
    fn months_end_where_they_end_and_leap_days_are_days() {
        for (from, text, to) in [
            ("2026-08-31T10:00:00Z", "6mo", "2027-02-28T10:00:00Z"),
            ("2027-08-31T10:00:00Z", "6mo", "2028-02-29T10:00:00Z"),
            ("2028-02-29T23:59:59Z", "1y", "2029-02-28T23:59:59Z"),
            ("2026-12-31T00:00:00Z", "1d", "2027-01-01T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1mo", "1970-01-31T23:59:59Z"),
        ] {
            assert_eq!(period(text).after(moment(from), &TimeZone::UTC), moment(to), "{from} {text}");
        }
    }

    #[test]
    fn a_day_over_the_change_of_clocks_ends_at_the_same_time_of_day() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone every tzdata has");
        // Summer time ends on 25 October 2026 and begins on 28 March 2027.
        for (from, to) in
            [("2026-10-24T10:00:00Z", "2026-10-25T11:00:00Z"), ("2027-03-27T11:00:00Z", "2027-03-28T10:00:00Z")]
        {
            assert_eq!(period("1d").after(moment(from), &berlin), moment(to));
        }
        assert_eq!(period("24h").after(moment("2026-10-24T10:00:00Z"), &berlin), moment("2026-10-25T10:00:00Z"));
    }

    proptest! {
        #[test]
        fn a_longer_period_never_ends_earlier_and_nothing_panics(
            seconds in -62_135_596_800_i64..253_402_300_799, count in 1_i32..36_500, more in 0_i32..36_500, unit in 0_usize..5,
        ) {
            let (unit, _, most) = UNITS[unit];
            let short = Period { count: count.min(most), unit };
            let long = Period { count: (count + more).min(most), unit };
            let from = Moment::from_seconds(seconds);
            prop_assert!(short.after(from, &TimeZone::UTC) <= long.after(from, &TimeZone::UTC));
            prop_assert!(short.after(from, &TimeZone::UTC) >= from);
            prop_assert!(short.before(from, &TimeZone::UTC) <= from);
            prop_assert_eq!(long.to_string().parse::<Period>(), Ok(long));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = text.parse::<Period>();
        }
    }
}
