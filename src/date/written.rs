//! Dates as people type them: `2027-01-31`, `2027-01-31 12:00`, RFC 3339, `90d`, `in 6 months`.
//!
//! A date without a time is the beginning of that day in the machine's time zone: a reminder had better be a day early
//! than late.

use jiff::{ToSpan, civil, tz::TimeZone};

use super::{Moment, Period};

/// What to write, for errors.
const FORMS: &str = "write a date (`2027-01-31`), a moment (`2027-01-31T12:00:00Z`) or a period (`90d`, `in 6 months`)";

/// What a date that stands for "never" is told.
const NEVER: &str = "that is no date; what never ends has none: leave it out, or take it away with `--no-expires`";

/// The moment a text means, now and in this zone.
///
/// # Errors
/// Why it means none, in words that go after what was typed.
pub fn read(text: &str, now: Moment, zone: &TimeZone) -> Result<Moment, String> {
    let text = text.trim();
    let period = match text.split_at_checked(3) {
        Some((word, rest)) if word.eq_ignore_ascii_case("in ") => rest,
        _ => text,
    };
    if text.eq_ignore_ascii_case("never") || text.eq_ignore_ascii_case("none") {
        return Err(NEVER.into());
    }
    if is_another_form(text) {
        return Err("write a date as `2026-12-31`: the year, the month, the day".into());
    }
    if !begins_with_a_year(text) {
        return match period.parse::<Period>() {
            Ok(period) => Ok(period.after(now, zone)),
            Err(why) if period.starts_with(|c: char| c.is_ascii_digit()) && !period.contains('-') => Err(why),
            Err(_) => Err(FORMS.into()),
        };
    }
    on_the_calendar(text, zone, FORMS).and_then(|(moment, _)| in_bounds(moment))
}

/// The first and the last second of what a text means in the past: a date is all of its day, and so are `today` and
/// `yesterday`; a period is the moment so long ago.
///
/// # Errors
/// As [`read`].
pub fn read_past(text: &str, now: Moment, zone: &TimeZone) -> Result<(Moment, Moment), String> {
    const FORMS: &str = "write a date (`2026-11-24`), a moment (`2026-11-24T12:00:00Z`), a period back from now (`7d`, `12h`), `today` or `yesterday`";
    let text = text.trim();
    let today = now.there(zone).date();
    match text.to_ascii_lowercase().as_str() {
        "today" => return Ok(whole_day(today, zone)),
        "yesterday" => return Ok(whole_day(today.saturating_sub(1.day()), zone)),
        _ => {}
    }
    if !begins_with_a_year(text) {
        let period = text.strip_suffix(" ago").unwrap_or(text);
        return match period.parse::<Period>() {
            Ok(period) => Ok(period.before(now, zone)).map(|moment| (moment, moment)),
            Err(why) if period.starts_with(|c: char| c.is_ascii_digit()) && !period.contains('-') => Err(why),
            Err(_) => Err(FORMS.into()),
        };
    }
    let (moment, day) = on_the_calendar(text, zone, FORMS)?;
    Ok(day.map_or((moment, moment), |day| whole_day(day, zone)))
}

/// The first and the last second of a day in a zone.
fn whole_day(day: civil::Date, zone: &TimeZone) -> (Moment, Moment) {
    let begin = |day: civil::Date, or: i64| {
        let there = day.to_datetime(civil::Time::midnight()).to_zoned_datetime(zone.clone());
        there.map_or(or, |there| there.timestamp().as_second())
    };
    let end = day.tomorrow().map_or(i64::MAX, |next| begin(next, i64::MAX) - 1);
    (Moment::from_seconds(begin(day, i64::MIN)), Moment::from_seconds(end))
}

fn begins_with_a_year(text: &str) -> bool {
    text.get(..5).is_some_and(|year| year.ends_with('-') && year.bytes().take(4).all(|byte| byte.is_ascii_digit()))
}

/// Whether it is a date as other countries or programs write it: `31.12.2026`, `12/31/2026`, `20261231`.
fn is_another_form(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parted = |by: char| text.split(by).count() == 3 && text.split(by).all(number);
    parted('.') || parted('/') || (text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether it is written as a date, and the calendar has no such day: `2026-02-30`.
fn names_no_day(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else { return false };
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date && (rest.is_empty() || rest.starts_with(['T', ' '])) && date.parse::<civil::Date>().is_err()
}

/// The moment that a date or a moment means, and the day where it says no more than that.
fn on_the_calendar(text: &str, zone: &TimeZone, forms: &str) -> Result<(Moment, Option<civil::Date>), String> {
    // Nor a zone behind it, which the calendar's own reader passes over.
    if text.contains('[') {
        return Err(forms.into());
    }
    // The calendar's own reader takes a leap second for the one before; a plan has no use for either.
    if text.contains(":60") || text.get(11..14) == Some("24:") {
        return Err("a day has the hours 00 to 23, and a minute the seconds 00 to 59".into());
    }
    // Nor an offset of more than 23 hours (RFC 3339, 5.6), of which that reader takes a few.
    let offset = text.get(11..).and_then(|time| time.rsplit_once(['+', '-'])).map_or("", |(_, offset)| offset);
    if offset.get(..2).and_then(|hours| hours.parse::<u8>().ok()).is_some_and(|hours| hours > 23) {
        return Err("an offset has the hours 00 to 23".into());
    }
    if let Ok(moment) = text.parse() {
        return Ok((moment, None));
    }
    if names_no_day(text) {
        return Err("there is no such day".into());
    }
    let (civil, day) = match text.parse::<civil::Date>() {
        Ok(date) if text.len() == 10 => (date.to_datetime(civil::Time::midnight()), Some(date)),
        _ => (text.parse::<civil::DateTime>().map_err(|_| forms.to_owned())?, None),
    };
    let moment = match civil.to_zoned_datetime(zone.clone()) {
        Ok(there) => Moment::from_seconds(there.timestamp().as_second()),
        // The last hours of the calendar, which stand for "never" elsewhere: they would not come back as they were given.
        Err(_) if civil.year() == 9999 => return Err(NEVER.into()),
        Err(_) => return Err(forms.into()),
    };
    Ok((moment, day))
}

/// No API key ended before the year 2000: such a date is a slip.
fn in_bounds(moment: Moment) -> Result<Moment, String> {
    const YEAR_2000: i64 = 946_684_800;
    if moment.seconds() < YEAR_2000 { Err("that is before the year 2000".into()) } else { Ok(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: fn() -> Moment = || "2026-11-24T10:00:00Z".parse().expect("good");

    fn utc(text: &str) -> Result<String, String> {
        read(text, NOW(), &TimeZone::UTC).map(|moment| moment.to_string())
    }

    #[test]
    fn what_stands_for_never_is_refused_with_what_to_do() {
        for text in ["never", "None", "9999-12-31", "9999-12-31 23:59:59"] {
            assert_eq!(utc(text), Err(NEVER.to_owned()), "{text}");
        }
    }

    #[test]
    fn dates_moments_and_periods_are_read() {
        for (text, moment) in [
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31 12:30", "2027-01-31T12:30:00Z"),
            ("2027-01-31T12:30:15", "2027-01-31T12:30:15Z"),
            ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"),
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
            ("90d", "2027-02-22T10:00:00Z"),
            ("in 6 months", "2027-05-24T10:00:00Z"),
            ("in 1y", "2027-11-24T10:00:00Z"),
            ("9999-12-30", "9999-12-30T00:00:00Z"),
            ("In 2 Weeks", "2026-12-08T10:00:00Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn a_date_is_the_beginning_of_its_day_here() {
        let tokyo = TimeZone::get("Asia/Tokyo").expect("a zone every tzdata has");
        assert_eq!(
            read("2027-01-31", NOW(), &tokyo).map(|moment| moment.to_string()),
            Ok("2027-01-30T15:00:00Z".into())
        );
    }

    #[test]
    fn what_is_no_date_is_refused_with_the_way_to_write_one() {
        for bad in [
            "",
            "tomorrow",
            "31.01.2027",
            "2027-02-29",
            "2027-13-01",
            "2027-01-31T24:00",
            "2027-01-31T24:00:00Z",
            "2027-01-05T12:00+25:00",
            "2027-01-05T12:00:00-24:00",
            "2026-12-31T23:59:60",
            "2026-12-31T23:59:60Z",
            "0000-01-01",
            "10000-01-01",
            "-2027-01-01",
            "1970-01-01",
            "0d",
            "in",
            "in 0 days",
            "2027-1-1",
            "2027-01-31T12:00:00Zjunk",
            "2027-01-31junk",
            "2027-01-31[Foo/Bar]",
        ] {
            assert!(utc(bad).is_err(), "{bad}: {:?}", utc(bad));
        }
        for other in ["31.12.2026", "12/31/2026", "20270105", "2026/12/31"] {
            assert_eq!(utc(other), Err("write a date as `2026-12-31`: the year, the month, the day".into()), "{other}");
        }
        for none in ["2026-02-30", "2027-02-29 12:00", "2026-13-01T00:00:00Z"] {
            assert_eq!(utc(none), Err("there is no such day".into()), "{none}");
        }
        assert_eq!(utc("5m"), Err("write a number and a unit, such as `90d`, `12w`, `6mo` or `1y`: `m` could be minutes or months; months are `mo`".into()));
    }

    #[test]
    fn what_is_past_is_a_day_a_moment_or_so_long_ago() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone every tzdata has");
        for (text, first, last) in [
            ("2026-11-24", "2026-11-23T23:00:00Z", "2026-11-24T22:59:59Z"),
            ("today", "2026-11-23T23:00:00Z", "2026-11-24T22:59:59Z"),
            ("Yesterday", "2026-11-22T23:00:00Z", "2026-11-23T22:59:59Z"),
            // The day on which the clocks are set back has 25 hours.
            ("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
            ("1969-12-31", "1969-12-30T23:00:00Z", "1969-12-31T22:59:59Z"),
            ("2026-11-24 09:30", "2026-11-24T08:30:00Z", "2026-11-24T08:30:00Z"),
            ("2026-11-24T09:30:00Z", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00Z"),
            ("7d", "2026-11-17T10:00:00Z", "2026-11-17T10:00:00Z"),
            (" 12 hours ago", "2026-11-23T22:00:00Z", "2026-11-23T22:00:00Z"),
            ("1mo", "2026-10-24T09:00:00Z", "2026-10-24T09:00:00Z"),
        ] {
            let read = read_past(text, NOW(), &berlin).map(|(first, last)| (first.to_string(), last.to_string()));
            assert_eq!(read, Ok((first.to_owned(), last.to_owned())), "{text}");
        }
        for bad in
            ["", "tomorrow", "in 6 months", "0d", "24.11.2026", "2026-02-30", "2026-11-24T24:00", "5m", "last week"]
        {
            assert!(read_past(bad, NOW(), &berlin).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = utc(&text);
            let _ = read_past(&text, NOW(), &TimeZone::UTC);
        }

        #[test]
        fn what_is_printed_reads_back(seconds in 946_684_800_i64..253_400_000_000) {
            let moment = Moment::from_seconds(seconds);
            prop_assert_eq!(read(&moment.to_string(), NOW(), &TimeZone::UTC), Ok(moment));
        }
    }
}
