//! How the keys of an opened store stand, by the clock that can be believed and by what the user has set.

use serde_json::{Value, json};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    issuer,
    name::{KeyName, Tag},
    rotation::{Outlook, Plan, Settings, State, Summary, judged_at, look},
    store::payload::{Key, Payload},
    terminal::count,
};

use super::opening::Kept;

/// A clock that is behind by less than this was only set right: one minute.
const SLACK_SECONDS: i64 = 60;
/// A clock that is ahead of the last use by more than this may be wrong: two years.
const AHEAD_SECONDS: i64 = 731 * 86_400;

/// What the clock says, and the moment by which keys are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What the system's clock says.
    pub now: Moment,
    /// The same, or when keyctl was last used if the clock is behind that.
    pub judged: Moment,
    /// When keyctl was last used, where the clock is years ahead of that.
    pub ahead_of: Option<Moment>,
}

impl Clock {
    /// The clock, held against when the store was last written and its anchor last renewed.
    #[must_use]
    pub fn of(kept: &Kept, payload: &Payload, now: Moment) -> Self {
        let seen = judged_at(kept.anchor.renewed(), payload.written);
        let is_ahead = now.seconds().saturating_sub(seen.seconds()) > AHEAD_SECONDS;
        Self { now, judged: judged_at(now, [seen]), ahead_of: is_ahead.then_some(seen) }
    }

    /// What a clock says that nothing is held against.
    #[must_use]
    pub fn alone(now: Moment) -> Self {
        Self { now, judged: now, ahead_of: None }
    }

    /// That the clock is behind, or years ahead, in words for a warning, and the way out.
    #[must_use]
    pub fn doubt(&self) -> Option<(String, &'static str)> {
        if let Some(seen) = self.ahead_of {
            let said = format!("the clock says {}, and keyctl was last used on {}", self.now.local(), seen.local_day());
            return Some((
                said,
                "if that is not today, set the clock right: nothing is wiped on its word before tomorrow",
            ));
        }
        let is_behind = self.judged.seconds().saturating_sub(self.now.seconds()) > SLACK_SECONDS;
        is_behind.then(|| {
            (
                format!(
                    "the clock says {}, but keyctl was used on {}: judged by the later",
                    self.now.local(),
                    self.judged.local()
                ),
                "set the clock right; if it was wrong then, any change to the store sets this straight",
            )
        })
    }
}

/// A key, and how it stands.
pub struct Judged<'p> {
    /// Its name.
    pub name: &'p KeyName,
    /// What is kept.
    pub key: &'p Key,
    /// What holds for it.
    pub plan: Plan,
    /// How it stands.
    pub outlook: Outlook,
    /// The moment by which that was judged.
    pub at: Moment,
}

/// All keys, by their names.
#[must_use]
pub fn all<'p>(payload: &'p Payload, settings: &Settings, clock: Clock) -> Vec<Judged<'p>> {
    payload.keys.iter().map(|(name, key)| Judged::new(name, key, settings, clock)).collect()
}

/// Those with a tag, or all where none is asked for.
///
/// # Errors
/// `Missing` when there are keys and none has the tag: a slip in a tag must not look like a day without work.
pub fn tagged<'p>(mut judged: Vec<Judged<'p>>, tag: Option<&Tag>) -> Result<Vec<Judged<'p>>> {
    let Some(tag) = tag.filter(|_| !judged.is_empty()) else { return Ok(judged) };
    judged.retain(|judged| judged.key.facts.tags.contains(tag));
    if judged.is_empty() {
        return Err(Failure::new(Kind::Missing, format!("no key has the tag `{tag}`"))
            .hint("give it: `keyctl edit NAME --tag TAG`"));
    }
    Ok(judged)
}

/// What a prompt may know of them.
#[must_use]
pub fn summary(judged: &[Judged]) -> Summary {
    Summary::of(judged.iter().map(|judged| (&judged.outlook, judged.at)))
}

/// How many there are of whom these words are true: `1 key expired, 2 keys due, 1 key ends soon`; nothing where none is.
#[must_use]
pub fn in_numbers(judged: &[Judged], words: &[&'static str]) -> Option<String> {
    let number = |word| judged.iter().filter(|key| key.words() == word).count();
    let part = |word: &&'static str| match number(*word) {
        0 => None,
        1 => Some(format!("1 key {word}")),
        number => Some(format!("{} {}", count(number, "key"), if *word == "ends soon" { "end soon" } else { *word })),
    };
    let parts: Vec<String> = words.iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl<'p> Judged<'p> {
    /// One key.
    #[must_use]
    pub fn new(name: &'p KeyName, key: &'p Key, settings: &Settings, clock: Clock) -> Self {
        let plan = settings.plan(name, &key.facts);
        let outlook = look(&key.facts, &plan, clock.judged);
        Self { name, key, plan, outlook, at: clock.judged }
    }

    /// The moment that made it what it is, or that will change it; none without a plan.
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        match self.outlook.state {
            State::Revoked => self.key.facts.revoked.as_ref().map(|revoked| revoked.at),
            State::Expired => self.outlook.expires,
            State::Leaked => self.key.facts.leaked.as_ref().map(|leaked| leaked.at),
            State::Due => self.outlook.left.or(self.outlook.rotate_by),
            State::Soon if self.outlook.ends_soon() => self.outlook.expires,
            State::Soon | State::Fresh => self.outlook.first(),
        }
    }

    /// How it stands, in words that say which of the two it is: the issuer's end, or the owner's plan.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.outlook.state {
            State::Soon if self.outlook.ends_soon() => "ends soon",
            State::Soon => "due soon",
            State::Fresh if self.outlook.is_without_plan() => "no plan",
            other => other.word(),
        }
    }

    /// Where its plan comes from: `key`, or `config` where the user's settings make one; nothing without a plan.
    #[must_use]
    pub fn plan_of(&self) -> Option<&'static str> {
        self.plan.every.map(|_| if self.key.facts.rotate_every.is_some() { "key" } else { "config" })
    }

    /// The page where it is replaced: the owner's, else the one of the issuer whose key it looks like.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        let of_kind = || issuer::recognise(self.key.secret()?).and_then(|recognised| recognised.kind.url());
        self.key.facts.url.as_deref().or_else(of_kind)
    }

    /// What reports say of it, the same in all of them.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let (facts, outlook) = (&self.key.facts, &self.outlook);
        json!({
            "name": self.name.as_str(),
            "state": outlook.state.word(),
            "has_plan": !outlook.is_without_plan(),
            "created": facts.created,
            "changed": facts.changed,
            "never_rotated": outlook.never_rotated,
            "expires": outlook.expires,
            "rotate_every": outlook.every,
            "rotate_every_of": self.plan_of(),
            "rotate_by": outlook.rotate_by,
            "soon_from": outlook.soon_from,
            "snoozed": outlook.snoozed,
            "revoked": facts.revoked.as_ref().map(|revoked| json!({ "at": revoked.at, "reason": revoked.reason })),
            "leaked": facts.leaked.as_ref().map(|leaked| json!({ "at": leaked.at, "place": leaked.place })),
            "left_with": facts.left_with.as_ref().map(|left| json!({ "at": left.at, "who": left.who })),
            "url": facts.url,
            "page": self.page(),
            "note": facts.note,
            "tags": facts.tags,
        })
    }
}
