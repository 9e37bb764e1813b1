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

use crate::{
    date::{Moment, Period},
    hex,
    identity::anchor::Id,
    name::KeyName,
};

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

/// One date of one key.
pub struct Entry<'k> {
    /// The key.
    pub name: &'k KeyName,
    /// What happens.
    pub what: What,
    /// When.
    pub at: Moment,
    /// How long before that the alarm is.
    pub soon: Period,
    /// The page where the key is replaced.
    pub url: Option<&'k str>,
}

/// A calendar of these dates. `revision` grows with each write of the store, and `revised` is when that was: the same
/// store gives the same calendar.
#[must_use]
pub fn write(store: Id, revision: u64, revised: Moment, zone: &TimeZone, entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut line = |content: &str| fold(&mut text, content);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line(concat!("PRODID:-//keyctl//keyctl ", env!("CARGO_PKG_VERSION"), "//EN"));
    line("CALSCALE:GREGORIAN");
    line("X-WR-CALNAME:API keys");
    for entry in entries {
        let summary = escape(&entry.summary());
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", entry.uid(store)));
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
    fn uid(&self, store: Id) -> String {
        let what: &[u8] = match self.what {
            What::End => b"end",
            What::Replacement => b"replacement",
        };
        let parts = [b"keyctl-calendar-1".as_slice(), &store.0, what, self.name.as_str().as_bytes()];
        let digest = Sha256::digest(parts.join(&0));
        hex::encode(&digest[..16])
    }

    /// When it is, and how long before or after that the alarm sounds.
    fn start_and_trigger(&self, zone: &TimeZone) -> (String, String) {
        const HOUR: i64 = 3_600;
        let there = self.at.there(zone);
        let ahead = (self.at.seconds() - self.soon.before(self.at, &TimeZone::UTC).seconds()) / HOUR;
        if self.what == What::End && there.time() != Time::midnight() {
            return (format!("DTSTART:{}", utc(self.at)), duration(-ahead));
        }
        let start = format!("DTSTART;VALUE=DATE:{}", there.date().strftime("%Y%m%d"));
        (start, duration(MORNING - ahead / 24 * 24))
    }
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

    #[test]
    fn a_calendar_has_days_for_plans_and_moments_for_ends() {
        let (one, two): (KeyName, KeyName) = ("openai/dev".parse().expect("good"), "stripe".parse().expect("good"));
        let soon = Period::days(14);
        let entries = [
            Entry {
                name: &one,
                what: What::Replacement,
                at: moment("2026-12-04T23:30:00Z"),
                soon,
                url: Some("https://platform.openai.com/api-keys"),
            },
            Entry { name: &two, what: What::End, at: moment("2027-01-30T23:00:00Z"), soon, url: None },
            Entry { name: &two, what: What::End, at: moment("2027-01-31T12:30:15Z"), soon, url: Some("https://a b") },
        ];
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone every tzdata has");
        let text = write(Id([7; 16]), 12, moment("2026-11-25T10:00:00Z"), &berlin, &entries);
        let expected = "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//keyctl//keyctl 0.1.0//EN|CALSCALE:GREGORIAN|\
            X-WR-CALNAME:API keys|\
            BEGIN:VEVENT|UID:ONE|DTSTAMP:20261125T100000Z|SEQUENCE:12|DTSTART;VALUE=DATE:20261205|\
            SUMMARY:Replace openai/dev|URL:https://platform.openai.com/api-keys|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P13DT15H|DESCRIPTION:Replace openai/dev|END:VALARM|END:VEVENT|\
            BEGIN:VEVENT|UID:TWO|DTSTAMP:20261125T100000Z|SEQUENCE:12|DTSTART;VALUE=DATE:20270131|\
            SUMMARY:stripe expires|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P13DT15H|DESCRIPTION:stripe expires|END:VALARM|END:VEVENT|\
            BEGIN:VEVENT|UID:TWO|DTSTAMP:20261125T100000Z|SEQUENCE:12|DTSTART:20270131T123015Z|\
            SUMMARY:stripe expires|TRANSP:TRANSPARENT|\
            BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-P14D|DESCRIPTION:stripe expires|END:VALARM|END:VEVENT|\
            END:VCALENDAR|";
        let [first, second] = [&entries[0], &entries[1]].map(|entry| entry.uid(Id([7; 16])));
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
                        name,
                        what,
                        at: Moment::from_seconds(seconds),
                        soon: Period::days(1),
                        url: None,
                    };
                    assert_eq!(at(0).uid(store), at(1_000_000).uid(store));
                    uids.insert(at(0).uid(store));
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

    proptest! {
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
        fn no_moment_and_no_period_panics(seconds in any::<i64>(), days in 1_u16..36_500) {
            let name: KeyName = "a".parse().expect("good");
            for what in [What::End, What::Replacement] {
                let entry = Entry { name: &name, what, at: Moment::from_seconds(seconds), soon: Period::days(days), url: None };
                let _ = entry.start_and_trigger(&TimeZone::UTC);
            }
        }
    }
}
