//! Moments: kept in UTC to the second, shown in local time. Nothing here asks the clock but [`Moment::now`], which only
//! `commands` call.

mod period;
pub mod written;
pub mod zone;

use std::{fmt, str::FromStr, time::SystemTime};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use period::Period;

/// A moment, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// What the system's clock says, also before 1970.
    #[must_use]
    pub fn now() -> Self {
        Self::at(SystemTime::now())
    }

    /// A moment of the system's clock; beyond what a calendar carries it stops at the first or last one.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                // To the second that had begun.
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                -whole.saturating_add(i64::from(before.subsec_nanos() > 0))
            }
        };
        Self::from_seconds(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z; beyond what a calendar carries it stops at the first or last moment.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let whole = |moment: Timestamp| Timestamp::from_second(moment.as_second()).unwrap_or(moment);
        Self(Timestamp::from_second(seconds).unwrap_or_else(|_| whole(nearest)))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The day, counted from 1970-01-01 in UTC.
    #[must_use]
    pub fn day(self) -> i64 {
        self.seconds().div_euclid(86_400)
    }

    /// The day as `2026-11-24` and the minute as `14:05`, in the machine's time zone (UTC where it has none).
    #[must_use]
    pub fn local(self) -> String {
        self.0.to_zoned_datetime(zone::here()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The same with the second: `2026-11-24 14:05:09`.
    #[must_use]
    pub fn local_second(self) -> String {
        self.0.to_zoned_datetime(zone::here()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The day as `2026-11-24`, in the machine's time zone.
    #[must_use]
    pub fn local_day(self) -> String {
        self.there(&zone::here()).date().to_string()
    }

    /// The beginning of a day in a zone; the calendar's first or last moment where that lies beyond it.
    #[must_use]
    pub fn midnight(day: civil::Date, zone: &TimeZone) -> Self {
        let end = if day.year() < 0 { i64::MIN } else { i64::MAX };
        let there = day.to_datetime(civil::Time::midnight()).to_zoned_datetime(zone.clone());
        Self::from_seconds(there.map_or(end, |there| there.timestamp().as_second()))
    }

    /// What calendar and clock of a zone show.
    #[must_use]
    pub fn there(self, zone: &TimeZone) -> civil::DateTime {
        self.0.to_zoned_datetime(zone.clone()).datetime()
    }

    /// How far this is from `now`, in one unit: as [`Moment::ago`] says it, or `in 5 minutes`, `in 9 days`.
    ///
    /// What is to come is rounded: a day that begins in eight and a half days is called the ninth from today, and what was
    /// planned for ninety days from now is not in eighty-nine a second later.
    #[must_use]
    pub fn from_now(self, now: Moment) -> String {
        let left = self.seconds().saturating_sub(now.seconds());
        let rounded = |unit: i64| left.saturating_add(unit / 2) / unit;
        let (count, unit) = match left {
            ..=0 => return self.ago(now),
            1..3_600 => (rounded(60).max(1), "minute"),
            3_600..86_400 => (rounded(3_600), "hour"),
            86_400..5_184_000 => (rounded(86_400), "day"),
            5_184_000..63_072_000 => (rounded(2_629_746), "month"),
            _ => (rounded(31_556_952), "year"),
        };
        format!("in {count} {unit}{}", if count == 1 { "" } else { "s" })
    }

    /// How long before `now` this was, in one unit: `just now`, `5 minutes ago`, `3 days ago`; or `in the future`.
    #[must_use]
    pub fn ago(self, now: Moment) -> String {
        let passed = now.seconds().saturating_sub(self.seconds());
        let (count, unit) = match passed {
            ..=-60 => return "in the future".into(),
            -59..60 => return "just now".into(),
            60..3_600 => (passed / 60, "minute"),
            3_600..86_400 => (passed / 3_600, "hour"),
            _ => match self.months_until(now) {
                ..2 => (passed / 86_400, "day"),
                months @ ..24 => (months, "month"),
                months => (months / 12, "year"),
            },
        };
        format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
    }

    /// How many whole months of the calendar lie between.
    fn months_until(self, later: Self) -> i64 {
        // Without their zone, which is the same: to hold two against each other jiff has a table of all that there are, and each
        // start of the program would correct its addresses.
        let [from, to] = [self.0, later.0].map(|moment| moment.to_zoned_datetime(TimeZone::UTC).datetime());
        from.until((jiff::Unit::Month, to)).map_or(0, |span| span.get_months().into())
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 in UTC: `2026-11-24T14:05:09Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let moment: Timestamp = text.parse().map_err(|_| "not a moment as RFC 3339 writes it".to_owned())?;
        Ok(Self::from_seconds(moment.as_second()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_says_how_long_ago_it_was_in_one_unit() {
        let now = Moment::from_seconds(1_000_000_000);
        for (seconds, said) in [
            (0, "just now"),
            (-3, "just now"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400, "1 day ago"),
            (5_184_000, "60 days ago"),
            (5_443_200, "2 months ago"),
            (31_535_999, "11 months ago"),
            (31_536_000, "12 months ago"),
            (70_000_000, "2 years ago"),
            (-3_600, "in the future"),
        ] {
            assert_eq!(Moment::from_seconds(1_000_000_000 - seconds).ago(now), said);
        }
    }

    #[test]
    fn a_moment_says_how_far_it_is_to_come_in_one_unit() {
        let now = Moment::from_seconds(1_000_000_000);
        for (seconds, said) in [
            (0, "just now"),
            (-7_200, "2 hours ago"),
            (1, "in 1 minute"),
            (89, "in 1 minute"),
            (90, "in 2 minutes"),
            (3_599, "in 60 minutes"),
            (3_600, "in 1 hour"),
            (86_399, "in 24 hours"),
            (86_400, "in 1 day"),
            // A week in which the clocks change is an hour shorter or longer, and still a week.
            (7 * 86_400 - 3_600, "in 7 days"),
            (7 * 86_400 + 3_600, "in 7 days"),
            (90 * 86_400 - 1, "in 3 months"),
            (59 * 86_400 - 1, "in 59 days"),
            (70_000_000, "in 2 years"),
        ] {
            assert_eq!(Moment::from_seconds(1_000_000_000 + seconds).from_now(now), said, "{seconds}");
        }
    }

    #[test]
    fn a_clock_beyond_the_calendar_stops_at_its_ends() {
        use std::time::Duration;
        let after = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(Moment::at);
        let before = |millis| SystemTime::UNIX_EPOCH.checked_sub(Duration::from_millis(millis)).map(Moment::at);
        assert_eq!(after(1_800_000_000).map(Moment::seconds), Some(1_800_000_000));
        for seconds in [253_402_300_799, 253_402_300_800, 300_000_000_000] {
            assert_eq!(after(seconds), Some(Moment::from_seconds(i64::MAX)), "{seconds}");
        }
        assert_eq!([1_000, 1_001].map(|millis| before(millis).map(Moment::seconds)), [Some(-1), Some(-2)]);
        // A clock of Windows has no such times.
        let most = after(i64::MAX.unsigned_abs() / 2);
        assert!(
            most.is_none_or(|moment| moment == Moment::from_seconds(i64::MAX)) && (most.is_some() || cfg!(windows))
        );
        let least = before(400_000_000_000_000);
        assert!(
            least.is_none_or(|moment| moment == Moment::from_seconds(i64::MIN)) && (least.is_some() || cfg!(windows))
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(seconds in -62_000_000_000_i64..253_000_000_000) {
            let moment = Moment::from_seconds(seconds);
            prop_assert_eq!(moment.to_string().parse::<Moment>(), Ok(moment));
        }

        #[test]
        fn no_number_of_seconds_panics(a in any::<i64>(), b in any::<i64>()) {
            let _ = Moment::from_seconds(a).ago(Moment::from_seconds(b));
            let _ = Moment::from_seconds(a).from_now(Moment::from_seconds(b));
            let _ = Moment::from_seconds(a).local();
            let _ = Moment::from_seconds(a).local_day();
        }
    }
}
