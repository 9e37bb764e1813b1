//! How a key stands at a moment, and when that changes.

use std::{fmt, str::FromStr};

use jiff::tz::TimeZone;

use crate::{
    date::{Moment, Period},
    store::facts::Facts,
};

use super::Plan;

/// How a key stands. Time alone only makes it worse, in this order. That it was found or revoked is no matter of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is to be done.
    Fresh,
    /// Its end or its planned replacement is near.
    Soon,
    /// Its plan says: now; or somebody has it who may not open the store any more.
    Due,
    /// Its secret was found lying in the clear.
    Leaked,
    /// Its issuer has ended it.
    Expired,
    /// Its owner has said that it must not be used.
    Revoked,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Soon => "soon",
            Self::Due => "due",
            Self::Leaked => "leaked",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key's dates, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// How it stands.
    pub state: State,
    /// How often it is to be replaced.
    pub every: Option<Period>,
    /// When its plan says that it is to be replaced.
    pub rotate_by: Option<Moment>,
    /// When its issuer ends it.
    pub expires: Option<Moment>,
    /// Whether its issuer has ended it, whatever else is true of it.
    pub has_ended: bool,
    /// From when on it is called soon due: the earlier of the two below.
    pub soon_from: Option<Moment>,
    /// From when on its planned replacement is near.
    pub replaced_soon_from: Option<Moment>,
    /// From when on its end is near.
    pub ends_soon_from: Option<Moment>,
    /// Whether that is so by now, also where its plan comes first.
    pub is_ending: bool,
    /// Since when somebody has it who may not open the store any more.
    pub left: Option<Moment>,
    /// Whether its secret is the first it ever had.
    pub never_rotated: bool,
    /// Until when reminders leave it out, if that is still to come.
    pub snoozed: Option<Moment>,
}

/// How a key stands at a moment, by its plan.
#[must_use]
pub fn look(facts: &Facts, plan: &Plan, now: Moment) -> Outlook {
    let rotate_by = plan.every.map(|every| every.after(facts.changed, &TimeZone::UTC));
    let soon_before = |moment: Moment| plan.soon.before(moment, &TimeZone::UTC);
    // Of a short plan at most the second half, or the key would be due soon for all of its life.
    let half = |by: Moment| Moment::from_seconds(by.seconds() - (by.seconds() - facts.changed.seconds()) / 2);
    let replaced_soon_from = rotate_by.map(|by| half(by).max(soon_before(by)));
    let ends_soon_from = facts.expires.map(soon_before);
    let soon_from = [replaced_soon_from, ends_soon_from].into_iter().flatten().min();
    let reached = |moment: Option<Moment>| moment.is_some_and(|moment| moment <= now);
    let state = if facts.revoked.is_some() {
        State::Revoked
    } else if reached(facts.expires) {
        State::Expired
    } else if facts.leaked.is_some() {
        State::Leaked
    } else if facts.left_with.is_some() || reached(rotate_by) {
        State::Due
    } else if reached(soon_from) {
        State::Soon
    } else {
        State::Fresh
    };
    Outlook {
        state,
        every: plan.every,
        rotate_by,
        expires: facts.expires,
        has_ended: reached(facts.expires),
        soon_from,
        replaced_soon_from,
        ends_soon_from,
        is_ending: reached(ends_soon_from),
        left: facts.left_with.as_ref().map(|left| left.at),
        never_rotated: facts.changed == facts.created,
        snoozed: facts.snoozed.filter(|until| *until > now),
    }
}

impl Outlook {
    /// Whether its owner has not said when it is to be replaced, and its issuer not when it ends.
    #[must_use]
    pub fn is_without_plan(&self) -> bool {
        self.first().is_none()
    }

    /// What comes first: its end, or its planned replacement.
    #[must_use]
    pub fn first(&self) -> Option<Moment> {
        [self.rotate_by, self.expires].into_iter().flatten().min()
    }

    /// Whether it ends before, or when, it is to be replaced.
    #[must_use]
    pub fn ends_first(&self) -> bool {
        self.expires.is_some() && self.expires == self.first()
    }

    /// Whether its issuer is about to end it, whatever its plan: after that it is too late for a word.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.state == State::Soon && self.is_ending
    }

    /// Whether it is to be replaced now: it is due, was found in the clear, has ended, or ends soon.
    #[must_use]
    pub fn is_to_be_replaced(&self) -> bool {
        matches!(self.state, State::Due | State::Leaked | State::Expired) || self.ends_soon()
    }

    /// Whether a reminder speaks of it: it is to be replaced, and not put off.
    #[must_use]
    pub fn is_to_be_said(&self) -> bool {
        self.is_to_be_replaced() && self.snoozed.is_none()
    }

    /// When it will be to be said, if that is still to come.
    fn said_from(&self, now: Moment) -> Option<Moment> {
        if self.state == State::Revoked || self.is_to_be_said() {
            return None;
        }
        // What is no matter of time is put off, and comes back when that is over.
        if self.state == State::Leaked || self.left.is_some() {
            return self.snoozed;
        }
        let from = [self.ends_soon_from, self.rotate_by].into_iter().flatten().min();
        from.map(|from| self.snoozed.map_or(from, |until| until.max(from))).filter(|moment| *moment > now)
    }
}

/// What a prompt may know without opening the store: numbers and a moment, no names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many keys are due, found, expired, or ended soon by their issuers.
    pub count: usize,
    /// When the next one will be.
    pub next: Option<Moment>,
}

impl Summary {
    /// The summary of these keys, each at the moment by which it was judged.
    #[must_use]
    pub fn of<'o>(outlooks: impl IntoIterator<Item = (&'o Outlook, Moment)>) -> Self {
        let mut summary = Self::default();
        for (outlook, now) in outlooks {
            summary.count += usize::from(outlook.is_to_be_said());
            summary.next = [summary.next, outlook.said_from(now)].into_iter().flatten().min();
        }
        summary
    }
}

/// How a summary's line begins, with the number of its form.
const SUMMARY: &str = "keyctl-due 1";

impl fmt::Display for Summary {
    /// One line: `keyctl-due 1 <count> <next as RFC 3339, or ->`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next {
            Some(next) => write!(f, "{SUMMARY} {} {next}", self.count),
            None => write!(f, "{SUMMARY} {} -", self.count),
        }
    }
}

impl FromStr for Summary {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (count, next) =
            text.trim_end().strip_prefix(SUMMARY).and_then(|rest| rest.strip_prefix(' ')?.split_once(' ')).ok_or(())?;
        let next = if next == "-" { None } else { Some(next.parse().map_err(drop)?) };
        Ok(Self { count: count.parse().map_err(drop)?, next })
    }
}

/// The moment by which keys are judged: now, or the last time keyctl was used if the clock is behind that. A clock that
/// was put back makes no key fresh again.
#[must_use]
pub fn judged_at(now: Moment, last_seen: impl IntoIterator<Item = Moment>) -> Moment {
    last_seen.into_iter().fold(now, Moment::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rotation::Settings,
        store::facts::{Leaked, LeftWith},
    };
    use proptest::prelude::*;

    fn moment(text: &str) -> Moment {
        text.parse().expect(text)
    }

    fn outlook(facts: &Facts, now: Moment) -> Outlook {
        look(facts, &Settings::default().plan(&"a".parse().expect("good"), facts), now)
    }

    fn facts(every: Option<&str>, expires: Option<&str>) -> Facts {
        Facts {
            rotate_every: every.map(|every| every.parse().expect(every)),
            expires: expires.map(moment),
            ..Facts::new(moment("2026-01-31T12:00:00Z"))
        }
    }

    #[test]
    fn an_end_that_is_exactly_now_has_come_and_not_a_second_before() {
        let ends = facts(None, Some("2026-03-01T00:00:00Z"));
        for (now, state) in [
            ("2026-02-14T23:59:59Z", State::Fresh),
            ("2026-02-15T00:00:00Z", State::Soon),
            ("2026-02-28T23:59:59Z", State::Soon),
            ("2026-03-01T00:00:00Z", State::Expired),
            ("2026-03-01T00:00:01Z", State::Expired),
        ] {
            assert_eq!(outlook(&ends, moment(now)).state, state, "{now}");
        }
        let planned = facts(Some("1mo"), None);
        for (now, state) in [
            ("2026-02-14T11:59:59Z", State::Fresh),
            ("2026-02-14T12:00:00Z", State::Soon),
            ("2026-02-28T11:59:59Z", State::Soon),
            ("2026-02-28T12:00:00Z", State::Due),
        ] {
            assert_eq!(outlook(&planned, moment(now)).state, state, "{now}");
        }
    }

    #[test]
    fn a_short_plan_is_due_soon_in_its_second_half() {
        let planned = facts(Some("10d"), None);
        assert_eq!(outlook(&planned, moment("2026-02-05T11:59:59Z")).state, State::Fresh);
        assert_eq!(outlook(&planned, moment("2026-02-05T12:00:00Z")).state, State::Soon);
    }

    #[test]
    fn what_ends_soon_counts_as_due_also_where_its_plan_comes_a_little_earlier() {
        let ends = |every: &str| facts(Some(every), Some("2026-03-01T12:00:00Z"));
        for (every, now, is_said) in [
            ("28d", "2026-02-15T11:59:59Z", false),
            ("28d", "2026-02-15T12:00:00Z", true),
            ("10d", "2026-02-09T12:00:00Z", false),
            ("10d", "2026-02-10T12:00:00Z", true),
            ("1y", "2026-02-15T12:00:00Z", true),
        ] {
            let outlook = outlook(&ends(every), moment(now));
            assert_eq!(
                (outlook.is_to_be_said(), outlook.said_from(moment(now)).is_none()),
                (is_said, is_said),
                "{every}"
            );
        }
        let now = moment("2026-02-01T12:00:00Z");
        let next = |every| Summary::of([(&outlook(&ends(every), now), now)]).next;
        assert_eq!(next("28d"), Some(moment("2026-02-15T12:00:00Z")));
        assert_eq!(next("10d"), Some(moment("2026-02-10T12:00:00Z")));
    }

    #[test]
    fn a_key_without_dates_is_fresh_and_without_a_plan() {
        let nothing = outlook(&facts(None, None), moment("2099-01-01T00:00:00Z"));
        assert!(nothing.state == State::Fresh && nothing.is_without_plan() && nothing.never_rotated);
    }

    #[test]
    fn a_summary_counts_what_is_to_be_said_and_knows_when_the_next_will_be() {
        let now = moment("2026-03-01T00:00:00Z");
        let mut keys = vec![
            facts(Some("1mo"), None),
            facts(None, Some("2026-02-20T00:00:00Z")),
            facts(None, Some("2026-06-01T00:00:00Z")),
            facts(None, Some("2026-04-01T00:00:00Z")),
            facts(None, None),
        ];
        let summary = |keys: &[Facts]| {
            Summary::of(
                keys.iter().map(|facts| outlook(facts, now)).collect::<Vec<_>>().iter().map(|outlook| (outlook, now)),
            )
        };
        // A fortnight before its issuer ends it, and not when it is too late.
        assert_eq!(summary(&keys), Summary { count: 2, next: Some(moment("2026-03-18T00:00:00Z")) });
        keys[0].snoozed = Some(moment("2026-03-05T00:00:00Z"));
        assert_eq!(summary(&keys), Summary { count: 1, next: Some(moment("2026-03-05T00:00:00Z")) });
        let soon = facts(None, Some("2026-03-10T00:00:00Z"));
        assert_eq!(summary(std::slice::from_ref(&soon)), Summary { count: 1, next: None });
        // What the owner plans for soon has time until then.
        assert_eq!(
            summary(&[facts(Some("33d"), None)]),
            Summary { count: 0, next: Some(moment("2026-03-05T12:00:00Z")) }
        );
        let snoozed = Facts { snoozed: Some(moment("2026-03-05T00:00:00Z")), ..soon };
        assert_eq!(summary(&[snoozed]), Summary { count: 0, next: Some(moment("2026-03-05T00:00:00Z")) });
        assert_eq!(summary(&[]), Summary::default());
    }

    #[test]
    fn a_key_that_was_found_is_to_be_replaced_at_once_whatever_its_plan() {
        let now = moment("2026-03-01T00:00:00Z");
        let leaked = Some(Leaked { at: now, place: ".env:2".into() });
        for (every, expires, state) in [
            (None, None, State::Leaked),
            (Some("1y"), Some("2027-01-01T00:00:00Z"), State::Leaked),
            (Some("1d"), None, State::Leaked),
            (None, Some("2026-02-01T00:00:00Z"), State::Expired),
        ] {
            let found = outlook(&Facts { leaked: leaked.clone(), ..facts(every, expires) }, now);
            assert!(
                found.state == state && found.is_to_be_replaced() && found.is_to_be_said(),
                "{every:?} {expires:?}"
            );
        }
        let snoozed = Some(moment("2026-03-05T00:00:00Z"));
        let put_off = outlook(&Facts { leaked, snoozed, ..facts(Some("1y"), None) }, now);
        assert!(put_off.is_to_be_replaced() && !put_off.is_to_be_said());
        assert_eq!(Summary::of([(&put_off, now)]), Summary { count: 0, next: snoozed });
        assert!(State::Leaked > State::Due && State::Leaked < State::Expired);
    }

    #[test]
    fn a_key_that_somebody_left_with_is_due_until_it_is_replaced() {
        let now = moment("2026-03-01T00:00:00Z");
        let left = Some(LeftWith { who: "carol".parse().expect("good"), at: now });
        for every in [None, Some("1y"), Some("1d")] {
            let mut facts = Facts { left_with: left.clone(), ..facts(every, None) };
            let found = outlook(&facts, now);
            assert!(found.state == State::Due && found.is_to_be_said() && found.left == Some(now), "{every:?}");
            facts.begin_anew(now);
            assert_eq!(outlook(&facts, now).state, State::Fresh);
        }
        let snoozed = Some(moment("2026-03-05T00:00:00Z"));
        let put_off = outlook(&Facts { left_with: left, snoozed, ..facts(None, None) }, now);
        assert_eq!(Summary::of([(&put_off, now)]), Summary { count: 0, next: snoozed });
    }

    #[test]
    fn what_is_no_summary_is_none() {
        for text in [
            "",
            "keyctl-due",
            "keyctl-due 1",
            "keyctl-due 1 2",
            "keyctl-due 2 2 -",
            "keyctl-due 1 -1 -",
            "keyctl-due 1 2 soon",
        ] {
            assert_eq!(text.parse::<Summary>(), Err(()), "{text}");
        }
        assert_eq!("keyctl-due 1 2 -".parse(), Ok(Summary { count: 2, next: None }));
    }

    #[test]
    fn a_clock_that_was_put_back_makes_nothing_fresh() {
        let (now, seen) = (moment("2026-01-01T00:00:00Z"), moment("2026-06-01T00:00:00Z"));
        assert_eq!(judged_at(now, [seen]), seen);
        assert_eq!(judged_at(seen, [now]), seen);
        assert_eq!(judged_at(now, []), now);
    }

    proptest! {
        #[test]
        fn time_only_makes_it_worse_and_a_longer_period_is_never_due_earlier(
            changed in -62_135_596_800_i64..253_402_300_799, days in 1_u16..36_500, more in 0_u16..9_000,
            expires in prop::option::of(946_684_800_i64..253_402_300_799), now in any::<i64>(), later in 0_i64..9_000_000_000,
            found in any::<bool>(),
        ) {
            let facts = |days: u16| Facts {
                rotate_every: Some(Period::days(days.min(36_500))),
                expires: expires.map(Moment::from_seconds),
                leaked: found.then(|| Leaked { at: Moment::from_seconds(changed), place: ".env:1".into() }),
                ..Facts::new(Moment::from_seconds(changed))
            };
            let (before, after) = (Moment::from_seconds(now), Moment::from_seconds(now.saturating_add(later)));
            let short = facts(days);
            prop_assert!(outlook(&short, before).state <= outlook(&short, after).state);
            prop_assert!(outlook(&facts(days.saturating_add(more)), before).rotate_by >= outlook(&short, before).rotate_by);
            let summary = Summary::of([(&outlook(&short, before), before)]);
            prop_assert!(summary.next.is_none_or(|next| next > before));
            prop_assert_eq!(summary.to_string().parse(), Ok(summary));
        }
    }
}
