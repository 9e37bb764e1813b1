//! Whether the time goes on from entry to entry, or went back: somebody has put the clock back, or right.
//!
//! The order of entries is that of their numbers, whatever their times say; so this is a remark and no flaw. A few minutes
//! are none: an entry is dated when a command began, and is written when it was answered.

use super::event::Event;
use crate::date::Moment;

/// How many seconds earlier than the one before it an entry may be dated without a remark.
const TOLERATED: i64 = 5 * 60;
/// What an entry begins with, as this version writes it.
const BEGINS: &[u8] = b"{\"t\":\"";
/// The bytes of a moment: `2026-11-25T10:00:00Z`.
const LENGTH: usize = 20;

/// The time of the last entry that has one, as entries are gone over in their order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    last: [u8; LENGTH],
}

impl Times {
    /// Goes on to an entry, and gives by how many seconds the time went back with it, if that is worth a remark.
    pub(super) fn follow(&mut self, json: &[u8]) -> Option<u64> {
        let text = time_of(json)?;
        let before = std::mem::replace(&mut self.last, text);
        // Moments of one length are in the order of their letters, so hardly any of them has to be read.
        if text >= before {
            return None;
        }
        let back = seconds(&before)?.saturating_sub(seconds(&text)?);
        u64::try_from(back).ok().filter(|_| back > TOLERATED)
    }
}

/// The time of an entry, without reading the rest of it if it is one that this version wrote.
fn time_of(json: &[u8]) -> Option<[u8; LENGTH]> {
    let quick = json.strip_prefix(BEGINS).and_then(|rest| rest.split_at_checked(LENGTH));
    match quick {
        Some((text, rest)) if text.ends_with(b"Z") && rest.starts_with(b"\"") => text.try_into().ok(),
        _ => Event::from_json(json).moment?.to_string().as_bytes().try_into().ok(),
    }
}

fn seconds(text: &[u8]) -> Option<i64> {
    Some(std::str::from_utf8(text).ok()?.parse::<Moment>().ok()?.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_went_back_by_more_than_minutes_is_told_once_and_by_how_much() {
        let mut times = Times::default();
        let mut told = |json: &str| times.follow(json.as_bytes());
        for (json, expected) in [
            ("{\"t\":\"2026-11-25T10:00:00Z\",\"ev\":\"run\"}", None),
            ("{\"t\":\"2026-11-25T09:55:00Z\",\"ev\":\"run\"}", None),
            ("{\"t\":\"2026-11-25T09:49:59Z\",\"ev\":\"run\"}", Some(301)),
            ("{\"t\":\"2026-11-25T09:50:00Z\",\"ev\":\"run\"}", None),
            ("{\"ev\":\"run\",\"t\":\"2026-11-25T08:50:00Z\"}", Some(3_600)),
            ("{\"ev\":\"run\"}", None),
            ("not json", None),
            ("{\"t\":\"2025-11-25T08:50:00+00:00\",\"ev\":\"run\"}", Some(365 * 86_400)),
            ("{\"t\":\"9999-12-30T22:00:00Z\",\"ev\":\"run\"}", None),
            ("{\"t\":\"0001-01-01T00:00:00Z\"}", Some(315_537_804_000)),
            ("{\"t\":\"aaaa-01-01T00:00:00Z\"}", None),
        ] {
            assert_eq!(told(json), expected, "{json}");
        }
    }
}
