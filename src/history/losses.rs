//! Losses: what notes of the history say is missing from it. A healed cut looks whole, so that each note keeps the proof
//! open until the owner has said yes to just that loss, which is an entry too.
//!
//! A note is a `repair` entry with `after`, the last entry before what is missing, and `lost`, how many are, where that is
//! known. The yes is a `repair` entry with `of`, the numbers of the notes that it is for. Both are sealed as all entries
//! are: nobody without the identity can make one, or take one away unseen.

use std::{fmt, sync::LazyLock};

use memchr::memmem;

use super::{
    event::{Action, Event},
    verify::count,
};
use crate::date::Moment;

/// The field of the entry before what is missing.
const AFTER: &str = "after";
/// So many losses are named one by one.
const NAMED: usize = 3;

/// One loss, as a note says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The note's number.
    pub noted: u64,
    /// The entry behind which something is missing; 0 where the whole history before was set aside.
    pub after: u64,
    /// How many are, where that is known.
    pub entries: Option<u64>,
    /// When it was noted, if the note says so.
    pub moment: Option<Moment>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { noted, after, entries, .. } = self;
        match (after, entries) {
            (_, Some(entries)) => {
                write!(f, "{} after #{after} {} gone", count(*entries), if *entries == 1 { "is" } else { "are" })?;
            }
            (0, None) => f.write_str("it was begun anew, and the one before it was set aside")?,
            (_, None) => write!(f, "what was cut off after #{after}, if anything was, is not known")?,
        }
        write!(f, " (noted in #{noted})")
    }
}

impl Loss {
    /// The loss that an entry notes.
    fn noted_by(number: u64, event: &Event) -> Option<Self> {
        let after = event.other.get(AFTER).and_then(serde_json::Value::as_u64);
        let entries = event.lost.filter(|lost| *lost > 0);
        (after.is_some() || entries.is_some()).then(|| Self {
            noted: number,
            after: after.unwrap_or(number.saturating_sub(1)),
            entries,
            moment: event.moment,
        })
    }
}

/// Losses in words, at most a few of them one by one.
#[must_use]
pub fn in_words(losses: &[Loss]) -> String {
    let named: Vec<String> = losses.iter().take(NAMED).map(Loss::to_string).collect();
    let more = match losses.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{}{more}", named.join("; "))
}

/// The losses that nobody has said yes to, as entries go by.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

impl Losses {
    /// Sees an entry; the few that are about a loss are found without reading the others as JSON.
    pub(super) fn see(&mut self, number: u64, json: &[u8]) {
        static REPAIR: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new(b"\"ev\":\"repair\""));
        if REPAIR.find(json).is_none() {
            return;
        }
        let event = Event::from_json(json);
        if event.action != Action::Repair {
            return;
        }
        self.0.retain(|loss| !event.of.contains(&loss.noted));
        self.0.extend(Loss::noted_by(number, &event));
    }

    /// Those that are left.
    pub(super) fn left(self) -> Vec<Loss> {
        self.0
    }
}

impl Event {
    /// What a history begins with that takes the place of one that was set aside.
    #[must_use]
    pub fn beginning_anew(note: String) -> Self {
        Self::empty(Action::Repair).note(note).missing_after(0)
    }

    /// With the entry behind which others are missing: that stays a doubt until the owner has said yes to it.
    #[must_use]
    pub fn missing_after(mut self, number: u64) -> Self {
        self.other.insert(AFTER.into(), number.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(events: &[Event]) -> Vec<Loss> {
        let mut losses = Losses::default();
        for (event, number) in events.iter().zip(1..) {
            losses.see(number, &event.to_json(4096));
        }
        losses.left()
    }

    fn event(action: Action) -> Event {
        Event::new(action, Moment::from_seconds(0))
    }

    #[test]
    fn a_loss_stays_until_just_that_one_is_said_yes_to() {
        let two = event(Action::Repair).lost(2).missing_after(3);
        let unknown = event(Action::Repair).missing_after(5);
        let torn = event(Action::Repair).note("an unfinished entry of 3 bytes was moved to `history.torn`");
        let words = |events: &[Event]| in_words(&left(events));
        assert_eq!(words(&[torn, two.clone()]), "2 entries after #3 are gone (noted in #2)");
        assert_eq!(
            words(&[two.clone(), unknown.clone()]),
            "2 entries after #3 are gone (noted in #1); what was cut off after #5, if anything was, is not known (noted in #2)"
        );
        let yes = |of: u64| event(Action::Repair).of(vec![of]);
        assert_eq!(left(&[two.clone(), unknown.clone(), yes(1)]).len(), 1);
        assert_eq!(left(&[two.clone(), unknown.clone(), yes(1), yes(2)]), []);
        assert_eq!(left(&[two.clone(), yes(3), yes(7)]).len(), 1, "another number is another loss");
        // Only what is a repair notes one or says yes, and a gap is none.
        assert_eq!(left(&[two.clone(), event(Action::Acknowledge).of(vec![1])]).len(), 1);
        assert_eq!(left(&[event(Action::Gap).lost(3), event(Action::Run).note("\"ev\":\"repair\"").lost(1)]), []);
        assert_eq!(words(&vec![two; 5]).matches("noted").count(), 3);
        assert!(words(&[event(Action::Repair).missing_after(0)]).starts_with("it was begun anew"));
        // What an earlier version noted has no place but its own.
        assert_eq!(
            words(&[event(Action::Run), event(Action::Repair).lost(1)]),
            "1 entry after #1 is gone (noted in #2)"
        );
    }
}
