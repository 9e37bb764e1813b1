//! A key's life on a line of time: from when it was first kept to what its issuer and its owner have planned.

use std::collections::BTreeMap;

use super::tally::Change;
use crate::{
    date::Moment,
    rotation::{Outlook, State},
};

/// How far ahead and back a line shows: one year and three.
const AHEAD: i64 = 366 * 86_400;
const BACK: i64 = 3 * 366 * 86_400;

/// What the store knows of a key's dates.
pub struct Life {
    /// The key's name.
    pub name: String,
    /// How it stands, in words; nothing of a key that is no longer kept.
    pub words: Option<&'static str>,
    /// Its dates, as long as it is kept.
    pub outlook: Option<Outlook>,
    /// Its secrets' times, oldest first.
    pub terms: Vec<Term>,
}

/// The time of one secret of a key.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Since when it was the key's.
    pub since: Moment,
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// Since when it must not be used.
    pub revoked: Option<Moment>,
}

/// What stands at a moment of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Done(Change),
    Expires,
    Due,
}

/// A moment of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) at: Moment,
    pub(super) what: What,
}

/// The course of a key's life, ready to be drawn.
#[derive(Debug)]
pub(super) struct Course {
    /// What happened and what is to come, in its order.
    pub(super) marks: Vec<Mark>,
    /// From when until when it could be used.
    pub(super) lived: (Moment, Moment),
    /// Until when it stands on after it should not be used any more.
    pub(super) outlived: Option<Moment>,
    /// Until when its plan reaches.
    pub(super) planned: Option<Moment>,
}

impl What {
    /// The word for it, with a day behind.
    pub(super) fn word(self, is_past: bool) -> &'static str {
        match self {
            Self::Done(Change::Set) => "kept",
            Self::Done(Change::Rotated) => "rotated",
            Self::Done(Change::Restored) => "brought back",
            Self::Done(Change::Revoked) => "revoked",
            Self::Done(Change::Removed) => "removed",
            Self::Expires if is_past => "expired",
            Self::Expires => "expires",
            Self::Due if is_past => "due since",
            Self::Due => "due",
        }
    }
}

impl Course {
    /// The line of a key by what the store and the history know; `None` where neither knows a moment.
    pub(super) fn of(life: &Life, changes: &[(Moment, Change)], now: Moment) -> Option<Self> {
        let mut marks: Vec<Mark> =
            changes.iter().map(|(at, change)| Mark { at: *at, what: What::Done(*change) }).collect();
        // The history calls by its right name what the store only has the moment of.
        let told = |at: Moment, marks: &[Mark]| marks.iter().any(|mark| mark.at == at);
        for term in &life.terms {
            if !told(term.since, &marks) {
                marks.push(Mark { at: term.since, what: What::Done(Change::Set) });
            }
            if let Some(at) = term.revoked.filter(|at| !told(*at, &marks)) {
                marks.push(Mark { at, what: What::Done(Change::Revoked) });
            }
        }
        // The end of a secret that was replaced before it is of no more interest.
        let replaced = life.terms.iter().skip(1).map(|next| Some(next.since)).chain([None]);
        let ends = life.terms.iter().zip(replaced).filter_map(|(term, replaced)| Some((term.expires?, replaced)));
        let reached = ends.filter(|(end, replaced)| replaced.is_none_or(|replaced| *end <= replaced));
        marks.extend(reached.map(|(at, _)| Mark { at, what: What::Expires }));
        let outlook = life.outlook.as_ref();
        marks.extend(outlook.and_then(|outlook| outlook.rotate_by).map(|at| Mark { at, what: What::Due }));
        marks.sort_unstable();
        marks.dedup();
        let first = marks.first()?.at.min(now);
        let removed = marks.iter().rev().find(|mark| mark.what == What::Done(Change::Removed)).map(|mark| mark.at);
        let ended = match outlook.map(|outlook| outlook.state) {
            None => removed.or(marks.last().map(|mark| mark.at)),
            Some(State::Expired) => outlook.and_then(|outlook| outlook.expires),
            Some(State::Revoked) => life.terms.last().and_then(|term| term.revoked),
            _ => None,
        };
        let planned = outlook.filter(|outlook| outlook.state < State::Due).and_then(Outlook::first);
        let until = ended.unwrap_or(now).min(now).max(first);
        let outlived = (ended.is_some() && outlook.is_some()).then_some(now);
        Some(Self { marks, lived: (first, until), outlived, planned })
    }

    /// The whole line in words.
    pub(super) fn words(&self, now: Moment, day: impl Fn(Moment) -> String) -> String {
        let word = |mark: &Mark| format!("{} {}", mark.what.word(mark.at <= now), day(mark.at));
        self.marks.iter().map(word).collect::<Vec<_>>().join("; ")
    }
}

/// The stretch of time that all keys share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) from: Moment,
    pub(super) to: Moment,
}

impl Axis {
    /// From the first moment of any course to the last, within bounds, with room on both sides of now.
    pub(super) fn of(courses: &BTreeMap<&str, Course>, since: Option<Moment>, now: Moment) -> Self {
        let seconds = now.seconds();
        let marks = || courses.values().flat_map(|course| course.marks.iter().map(|mark| mark.at.seconds()));
        let earliest = since.map_or_else(|| marks().min().unwrap_or(seconds), Moment::seconds);
        let from = earliest.clamp(seconds.saturating_sub(BACK), seconds.saturating_sub(30 * 86_400));
        let room = (seconds - from) / 12;
        let latest = marks().filter(|at| *at <= seconds.saturating_add(AHEAD)).max().unwrap_or(seconds);
        let to = latest.saturating_add(room / 3).clamp(seconds.saturating_add(room), seconds.saturating_add(AHEAD));
        Self { from: Moment::from_seconds(from), to: Moment::from_seconds(to) }
    }

    /// Where a moment stands, in hundredths; `None` outside.
    pub(super) fn place(self, at: Moment) -> Option<f64> {
        (self.from <= at && at <= self.to).then(|| self.clamped(at))
    }

    /// Where a moment stands, or the end that it lies beyond.
    #[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
    pub(super) fn clamped(self, at: Moment) -> f64 {
        let (from, to) = (self.from.seconds(), self.to.seconds());
        let passed = at.seconds().clamp(from, to) - from;
        passed as f64 * 100.0 / (to - from).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(text: &str) -> Moment {
        format!("{text}T12:00:00Z").parse().expect(text)
    }

    fn term(since: &str, expires: Option<&str>, revoked: Option<&str>) -> Term {
        Term { since: moment(since), expires: expires.map(moment), revoked: revoked.map(moment) }
    }

    fn outlook(state: State, expires: Option<&str>, rotate_by: Option<&str>) -> Outlook {
        Outlook {
            state,
            every: None,
            rotate_by: rotate_by.map(moment),
            expires: expires.map(moment),
            has_ended: false,
            soon_from: None,
            replaced_soon_from: None,
            ends_soon_from: None,
            is_ending: false,
            left: None,
            never_rotated: false,
            snoozed: None,
        }
    }

    fn said(life: &Life, changes: &[(&str, Change)]) -> (String, Course) {
        let now = moment("2026-11-25");
        let changes: Vec<_> = changes.iter().map(|(at, change)| (moment(at), *change)).collect();
        let course = Course::of(life, &changes, now).expect("a line");
        (course.words(now, |at| at.to_string()[..10].to_owned()), course)
    }

    #[test]
    fn a_life_is_what_the_store_knows_called_as_the_history_calls_it() {
        let life = Life {
            name: "a".into(),
            words: Some("fresh"),
            outlook: Some(outlook(State::Fresh, Some("2027-03-01"), Some("2027-01-01"))),
            terms: vec![
                term("2025-10-01", Some("2025-12-20"), None),
                term("2026-01-01", Some("2026-05-01"), None),
                term("2026-04-01", Some("2027-03-01"), None),
            ],
        };
        let (words, course) = said(&life, &[("2026-01-01", Change::Set), ("2026-04-01", Change::Rotated)]);
        assert_eq!(
            words,
            "kept 2025-10-01; expired 2025-12-20; kept 2026-01-01; rotated 2026-04-01; due 2027-01-01; expires 2027-03-01"
        );
        assert_eq!(course.lived, (moment("2025-10-01"), moment("2026-11-25")));
        assert_eq!((course.outlived, course.planned), (None, Some(moment("2027-01-01"))));
        assert_eq!(said(&life, &[]).0, words.replace("rotated", "kept"));
    }

    #[test]
    fn what_ended_was_alive_until_then_and_stands_on_since() {
        let ended = Life {
            name: "a".into(),
            words: Some("expired"),
            outlook: Some(outlook(State::Expired, Some("2026-11-20"), None)),
            terms: vec![term("2026-01-01", Some("2026-11-20"), None)],
        };
        let (words, course) = said(&ended, &[]);
        assert_eq!(words, "kept 2026-01-01; expired 2026-11-20");
        assert_eq!((course.lived.1, course.outlived), (moment("2026-11-20"), Some(moment("2026-11-25"))));
        let gone = Life { name: "b".into(), words: None, outlook: None, terms: Vec::new() };
        let (words, course) = said(&gone, &[("2026-02-01", Change::Set), ("2026-03-01", Change::Removed)]);
        assert_eq!(words, "kept 2026-02-01; removed 2026-03-01");
        assert_eq!((course.lived.1, course.outlived), (moment("2026-03-01"), None));
        assert!(Course::of(&gone, &[], moment("2026-11-25")).is_none());
    }

    #[test]
    fn the_axis_holds_every_mark_of_three_years_back_and_one_ahead() {
        let now = moment("2026-11-25");
        let life = |since: &str, expires: &str| Life {
            name: "a".into(),
            words: Some("fresh"),
            outlook: Some(outlook(State::Fresh, Some(expires), None)),
            terms: vec![term(since, Some(expires), None)],
        };
        let axis = |since, expires, from: Option<&str>| {
            let course = Course::of(&life(since, expires), &[], now).expect("a line");
            Axis::of(&[("a", course)].into(), from.map(moment), now)
        };
        let near = axis("2026-01-25", "2027-06-01", None);
        assert!(near.place(moment("2026-01-25")) == Some(0.0) && near.place(moment("2027-06-01")).is_some());
        let far = axis("1990-01-01", "2090-01-01", None);
        assert_eq!((far.place(moment("1990-01-01")), far.clamped(moment("1990-01-01"))), (None, 0.0));
        assert_eq!((far.place(moment("2090-01-01")), far.clamped(moment("2090-01-01"))), (None, 100.0));
        assert!(far.place(now).is_some());
        assert_eq!(axis("2026-01-25", "2027-06-01", Some("2026-06-01")).from, moment("2026-06-01"));
    }

    proptest! {
        #[test]
        fn no_moment_panics_or_lies_outside(a in any::<i64>(), b in any::<i64>(), now in any::<i64>()) {
            let [a, b, now] = [a, b, now].map(Moment::from_seconds);
            let life = Life { name: "a".into(), words: None, outlook: None, terms: vec![Term { since: a, expires: Some(b), revoked: None }] };
            let course = Course::of(&life, &[(b, Change::Rotated)], now).expect("a line");
            prop_assert!(course.lived.0 <= course.lived.1);
            let axis = Axis::of(&[("a", course)].into(), None, now);
            for at in [a, b, now] {
                prop_assert!((0.0..=100.0).contains(&axis.clamped(at)));
            }
        }
    }
}
