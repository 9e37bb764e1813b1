//! iCalendar (RFC 5545): the dates of keys, for any calendar program to show and to remind of.
//!
//! A day of replacement is a day, and so is an end at midnight, which is how a typed date is kept; any other end is a
//! moment. The same key has the same UID in every calendar that is written, so importing it again moves its entry.
//! Nothing but names, dates and pages comes in: a calendar is often kept by somebody else.

use jiff::{
    civil::{DateTime, Time},
    tz::TimeZone,
};
use sha2::{Digest, Sha256};

use crate::{date::Moment, hex, identity::anchor::Id, name::KeyName};

/// The most octets a line has (RFC 5545, 3.1).
const LINE: usize = 75;
/// When an alarm for a day sounds: at nine, not at midnight.
const MORNING: i64 = 9;

/// What a date of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Its issuer ends it.
    End,
    /// Its owner's plan says that it is to be replaced.
    Replacement,
}

/// A store as it was written last: the same store gives the same entries.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Which store.
    pub store: Id,
    /// A number that grows with each write.
    pub revision: u64,
    /// When that was.
    pub at: Moment,
}

/// One date of one key.
pub struct Entry<'k> {
    /// The key's store.
    pub of: Written,
    /// The key.
    pub name: &'k KeyName,
    /// What happens.
    pub what: What,
    /// When.
    pub at: Moment,
    /// From when on it is near: then the alarm sounds.
    pub soon: Moment,
    /// Since when the key has its secret.
    pub since: Moment,
    /// The page where the key is replaced.
    pub url: Option<&'k str>,
}

/// A calendar of these dates.
#[must_use]
pub fn write(zone: &TimeZone, entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut line = |content: &str| fold(&mut text, content);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line(concat!("PRODID:-//keyctl//keyctl ", env!("CARGO_PKG_VERSION"), "//EN"));
    line("CALSCALE:GREGORIAN");
    line("X-WR-CALNAME:API keys");
    for entry in entries {
        let (summary, Written { revision, at: revised, .. }) = (escape(&entry.summary()), entry.of);
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", entry.uid()));
        line(&format!("DTSTAMP:{}", utc(revised)));
        line(&format!("SEQUENCE:{revision}"));
        let (start, trigger) = entry.start_and_trigger(zone);
        line(&start);
        line(&format!("SUMMARY:{summary}"));
        if let Some(url) = entry.url.filter(|url| url.bytes().all(|byte| byte.is_ascii_graphic())) {
            line(&format!("URL:{url}"));
        }
        // It takes up no time: whoever looks for a free hour finds this day free.
        line("TRANSP:TRANSPARENT");
        line("BEGIN:VALARM");
        line("ACTION:DISPLAY");
        line(&format!("TRIGGER:{trigger}"));
        line(&format!("DESCRIPTION:{summary}"));
        line("END:VALARM");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

impl Entry<'_> {
    fn summary(&self) -> String {
        match self.what {
            What::End => format!("{} expires", self.name),
            What::Replacement => format!("Replace {}", self.name),
        }
    }

    /// Names the entry for ever, and says of the store no more than the summary does.
    fn uid(&self) -> String {
        let what: &[u8] = match self.what {
            What::End => b"end",
            What::Replacement => b"replacement",
        };
        let parts = [b"keyctl-calendar-1".as_slice(), &self.of.store.0, what, self.name.as_str().as_bytes()];
        let digest = Sha256::digest(parts.join(&0));
        hex::encode(&digest[..16])
    }

    /// When it is, and how long before or after that the alarm sounds: when it is near, in the morning where it is a day.
    /// It cannot sound before the key had its secret, nor, of what is still to come, before the store was last changed;
    /// then it sounds on the next morning. After the end it would be too late.
    fn start_and_trigger(&self, zone: &TimeZone) -> (String, String) {
        let revised = self.of.at;
        let there = self.at.there(zone);
        let is_end = self.what == What::End;
        let is_day = !is_end || there.time() == Time::midnight();
        let start = if is_day { Moment::midnight(there.date(), zone) } else { self.at };
        let ahead = hours_between(self.soon, self.at).max(0);
        let earliest = if self.at > revised { self.since.max(revised) } else { self.since };
        // Rounded up, as all of these are hours after the start.
        let earliest = -hours_between(earliest, start);
        let last = if is_end { 0 } else { hours_between(start, self.at) };
        let last_morning = if is_end { MORNING - 24 } else { MORNING };
        let usual = MORNING - ahead / 24 * 24;
        let usual = if is_day && usual <= last_morning { usual } else { -ahead };
        let next_morning = MORNING - (MORNING - earliest).div_euclid(24) * 24;
        let alarm = if usual >= earliest {
            usual
        } else if is_day && next_morning <= last_morning {
            next_morning
        } else {
            earliest.min(last)
        };
        let start = if is_day {
            format!("DTSTART;VALUE=DATE:{}", there.date().strftime("%Y%m%d"))
        } else {
            format!("DTSTART:{}", utc(self.at))
        };
        (start, duration(alarm))
    }
}

/// How many whole hours lie between two moments.
fn hours_between(one: Moment, other: Moment) -> i64 {
    other.seconds().saturating_sub(one.seconds()).div_euclid(3_600)
}

/// A moment in the basic form of ISO 8601.
fn utc(moment: Moment) -> String {
    let there: DateTime = moment.there(&TimeZone::UTC);
    there.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Hours as a duration (RFC 5545, 3.3.6): `-P13DT15H`, `PT9H`.
fn duration(hours: i64) -> String {
    let sign = if hours < 0 { "-" } else { "" };
    match (hours.abs() / 24, hours.abs() % 24) {
        (0, hours) => format!("{sign}PT{hours}H"),
        (days, 0) => format!("{sign}P{days}D"),
        (days, hours) => format!("{sign}P{days}DT{hours}H"),
    }
}

/// A text's own commas, semicolons, backslashes and line ends (RFC 5545, 3.3.11).
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Adds a line, cut where it is longer than a line may be; a space begins what goes on. No character is cut in two.
fn fold(text: &mut String, content: &str) {
    let mut left = LINE;
    for c in content.chars() {
        if c.len_utf8() > left {
            text.push_str("\r\n ");
            left = LINE - 1;
        }
        text.push(c);
        left -= c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Moment {
        text.parse().expect(text)
    }

    fn written(at: Moment) -> Written {
        Written { store: Id([7; 16]), revision: 12, at }
    }

    #[test]
    fn a_calendar_has_days_for_plans_and_moments_for_ends() {
        let (one, two): (KeyName, KeyName) = ("openai/dev".parse().expect("good"), "stripe".parse().expect("good"));
        let entry = |name, what, at, url| {
            let at = moment(at);
            let soon = Moment::from_seconds(at.seconds() - 14 * 86_400);
            Entry {
                of: written(moment("2026-11-10T10:00:00Z")),
                name,
                what,
                at,
                soon,
                since: moment("2026-01-01T00:00:00Z"),
                url,
            }
        };
        let entries = [
            entry(&one, What::Replacement, "2026-12-04T23:30:00Z", Some("https://platform.openai.com/api-keys")),
            entry(&two, What::End, "2027-01-30T23:00:00Z", None),
            entry(&two, What::End, "2027-01-31T12:30:15Z", Some("https://a b")),
        ];
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone every tzdata has");
        let text = write(&berlin, &entries);
        let expected = "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//keyctl//keyctl 0.1.0//EN|CALSCALE:GREGORIAN|\
            X-WR-CALNAME:API keys|\
            BEGIN:VEVENT|UID:ONE|DTSTAMP:20261110T100000Z|SEQUENCE:12|DTSTART;VALUE=DATE:20261205|\
            SUMMARY:Replace openai/dev|URL:https://platform.openai.com/api-keys|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P13DT15H|DESCRIPTION:Replace openai/dev|END:VALARM|END:VEVENT|\
            BEGIN:VEVENT|UID:TWO|DTSTAMP:20261110T100000Z|SEQUENCE:12|DTSTART;VALUE=DATE:20270131|\
            SUMMARY:stripe expires|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P13DT15H|DESCRIPTION:stripe expires|END:VALARM|END:VEVENT|\
            BEGIN:VEVENT|UID:TWO|DTSTAMP:20261110T100000Z|SEQUENCE:12|DTSTART:20270131T123015Z|\
            SUMMARY:stripe expires|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P14D|DESCRIPTION:stripe expires|END:VALARM|END:VEVENT|\
            END:VCALENDAR|";
        let [first, second] = [&entries[0], &entries[1]].map(Entry::uid);
        let expected = expected.replace("ONE", &first).replace("TWO", &second).replace('|', "\r\n");
        assert_eq!(text, expected);
    }

    #[test]
    fn an_entry_is_told_from_every_other_and_known_again() {
        let names: [KeyName; 2] = ["a".parse().expect("good"), "b".parse().expect("good")];
        let mut uids = std::collections::BTreeSet::new();
        for store in [Id([1; 16]), Id([2; 16])] {
            for name in &names {
                for what in [What::End, What::Replacement] {
                    let at = |seconds| Entry {
                        of: Written { store, ..written(Moment::from_seconds(0)) },
                        name,
                        what,
                        at: Moment::from_seconds(seconds),
                        soon: Moment::from_seconds(seconds - 86_400),
                        since: Moment::from_seconds(0),
                        url: None,
                    };
                    assert_eq!(at(0).uid(), at(1_000_000).uid());
                    uids.insert(at(0).uid());
                }
            }
        }
        assert_eq!(uids.len(), 8);
        assert!(uids.iter().all(|uid| uid.len() == 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn an_alarm_is_in_the_morning_or_to_the_hour() {
        let hours = [MORNING - 14 * 24, MORNING, -36, -24, -1, 0];
        assert_eq!(hours.map(duration), ["-P13DT15H", "PT9H", "-P1DT12H", "-P1D", "-PT1H", "PT0H"]);
    }

    #[test]
    fn an_alarm_sounds_neither_before_the_key_is_there_nor_after_its_end() {
        let trigger = |what, since: &str, soon: &str, at: &str, revised: &str| {
            let name: KeyName = "a".parse().expect("good");
            let ([since, soon, at], of) = ([since, soon, at].map(moment), written(moment(revised)));
            Entry { of, name: &name, what, at, soon, since, url: None }.start_and_trigger(&TimeZone::UTC).1
        };
        let kept = "2026-11-26T06:00:00Z";
        // A plan of seven days, of which the second half is near; one of twelve hours, and one of a day.
        let plan = |soon, at| trigger(What::Replacement, kept, soon, at, kept);
        assert_eq!(plan("2026-11-29T18:00:00Z", "2026-12-03T06:00:00Z"), "-P2DT15H");
        assert_eq!(plan("2026-11-26T12:00:00Z", "2026-11-26T18:00:00Z"), "PT9H");
        assert_eq!(plan("2026-11-26T18:00:00Z", "2026-11-27T06:00:00Z"), "PT9H");
        let late = "2026-11-26T10:20:00Z";
        assert_eq!(trigger(What::Replacement, late, late, "2026-11-26T22:20:00Z", late), "PT11H");
        // An end at midnight of which half a day before is soon enough, and one that is nearer than what is near.
        let end = |soon, at, revised| trigger(What::End, kept, soon, at, revised);
        assert_eq!(end("2027-01-30T12:00:00Z", "2027-01-31T00:00:00Z", kept), "-PT12H");
        assert_eq!(end("2026-11-17T00:00:00Z", "2026-12-01T00:00:00Z", kept), "-P4DT15H");
        assert_eq!(end("2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z", kept), "-PT15H");
        assert_eq!(end("2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z", "2026-11-26T20:30:00Z"), "-PT3H");
        assert_eq!(end("2026-11-13T10:30:00Z", "2026-11-27T10:30:00Z", "2026-11-26T20:30:00Z"), "-PT14H");
        // What was changed since moves the alarm to the next morning; what is over is left where it was.
        assert_eq!(end("2026-12-18T00:00:00Z", "2027-01-01T00:00:00Z", "2026-12-20T09:00:00Z"), "-P11DT15H");
        assert_eq!(end("2026-12-18T00:00:00Z", "2027-01-01T00:00:00Z", "2026-12-20T09:00:01Z"), "-P10DT15H");
        assert_eq!(end("2026-12-18T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"), "-P13DT15H");
    }

    proptest! {
        #[test]
        fn an_alarm_is_neither_before_its_time_nor_after_the_end(
            since in 0_i64..2_000_000_000, soon in 0_i64..40_000_000, left in 0_i64..40_000_000, changed in 0_i64..90_000_000, is_end in any::<bool>(),
        ) {
            let name: KeyName = "a".parse().expect("good");
            let [since, soon, at, revised] = [since, since + soon, since + soon + left, since + changed].map(Moment::from_seconds);
            let what = if is_end { What::End } else { What::Replacement };
            let entry = Entry { of: written(revised), name: &name, what, at, soon, since, url: None };
            let (start, trigger) = entry.start_and_trigger(&TimeZone::UTC);
            let start = if start.contains("VALUE=DATE") { at.day() * 86_400 } else { at.seconds() };
            let span: jiff::Span = trigger.parse().expect("a duration");
            let alarm = start + (i64::from(span.get_days()) * 24 + i64::from(span.get_hours())) * 3_600;
            let earliest = if at > revised { since.max(revised) } else { since };
            // Less than an hour before the end nothing but the end is left.
            prop_assert!(alarm >= earliest.seconds() || at.seconds() - earliest.seconds() < 3_600, "{trigger}");
            prop_assert!(!is_end || alarm <= at.seconds(), "{trigger}");
        }

        #[test]
        fn a_folded_line_unfolds_to_what_it_was(content in "[ -~äß€😀]{0,300}") {
            let mut text = String::new();
            fold(&mut text, &content);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= LINE));
            prop_assert_eq!(text.replace("\r\n ", ""), format!("{content}\r\n"));
        }

        #[test]
        fn an_escaped_text_has_no_mark_of_its_own_left(text in "[a,;\\\\\n]{0,20}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains('\n'));
            let (mut plain, mut letters) = (String::new(), escaped.chars());
            while let Some(c) = letters.next() {
                prop_assert!(!matches!(c, ',' | ';'));
                plain.push(if c == '\\' { letters.next().map(|c| if c == 'n' { '\n' } else { c }).expect("pair") } else { c });
            }
            prop_assert_eq!(plain, text);
        }

        #[test]
        fn no_moment_panics(at in any::<i64>(), soon in any::<i64>(), since in any::<i64>(), revised in any::<i64>()) {
            let name: KeyName = "a".parse().expect("good");
            let [at, soon, since, revised] = [at, soon, since, revised].map(Moment::from_seconds);
            for what in [What::End, What::Replacement] {
                let entry = Entry { of: written(revised), name: &name, what, at, soon, since, url: None };
                let _ = entry.start_and_trigger(&TimeZone::UTC);
            }
        }
    }
}
