//! Two versions of one store become one, by what both come from: as git merges a file, but key by key, since nobody can merge
//! what is encrypted. Pure: no file, no clock.
//!
//! What one side alone changed is taken. Where both did, the later secret is the current one and the other a former one, so no
//! secret of either side is lost, and the person is told. Only what one side wiped and the other left as it was stays wiped.
//! What is said of a key holds for it under its new name too. The result is the same whichever side is called ours.
//!
//! Steps do not come along: what they would take back is not what is there any more. `versions` and `rollback` still have all.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    identity::{
        anchor::Id,
        retired::{Aside, Retired},
    },
    name::{KeyName, MemberName},
    secret::Secret,
};

use super::{
    bygone::{Guarded, Rule},
    facts::{Facts, LeftWith},
    members::{MOST, Member},
    payload::{Former, Key, Payload, Removed},
    seals,
    seen::FARTHEST,
};
use keys::{both_have, one_key};

mod facts;
mod kept;
mod keys;
mod renames;
mod revived;

/// One of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The one that is merged into.
    Ours,
    /// The one that is merged.
    Theirs,
}

/// What a person is told, because both sides had a hand in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Both gave the key another secret: the later one is current, the other a former one.
    Replaced(KeyName),
    /// Changed on this side, and removed or renamed on the other: it is kept.
    Kept(KeyName, Side),
    /// Both changed what is known of it: these fields.
    Edited(KeyName, Vec<&'static str>),
    /// Renamed on both sides, on ours to the first: it is kept under both names.
    Renamed(KeyName, [KeyName; 2]),
    /// Removed on this side, and wiped on the other: it is kept among the removed ones.
    Unwiped(KeyName, Side),
    /// A secret of it was wiped on this side, and is there again, since the other has brought it back.
    Revived(KeyName, Side),
}

/// What came of it.
pub struct Merged {
    /// The store.
    pub payload: Payload,
    /// What a person has to look at.
    pub said: BTreeSet<Said>,
    /// Whether there were steps that cannot be taken back any more.
    pub had_steps: bool,
    /// Members who were removed on one side while the other still wrote for them.
    pub removed: BTreeSet<MemberName>,
    /// Whether each side removed all of these, without knowing it of the other.
    pub removed_twice: bool,
    /// What the side changed that did not know of it: it may have been one of them.
    pub unaware: BTreeSet<KeyName>,
}

/// Merges two versions. By the rule is known what wiped keys were held back by.
///
/// # Errors
/// `Store` for versions of different stores, one that is older than what both come from, and one whose seal nobody who was in
/// it can have given to it.
pub fn merge(base: Option<&Payload>, ours: &Payload, theirs: &Payload, now: Moment, rule: Rule) -> Result<Merged> {
    refuse_what_cannot_be(base, ours, theirs)?;
    let (members, removed) = members(base, ours, theirs)?;
    let (seal, seals) = seals::merged(base, ours, theirs)?;
    let mut merged = Payload { seals, ..Payload::new(ours.id, seal, ours.log) };
    merged.generation = ours.generation.max(theirs.generation).saturating_add(1);
    merged.reached = [Some(ours), Some(theirs), base].into_iter().flatten().map(Payload::reach).max();
    merged.written = ours.written.max(theirs.written);
    merged.members = members;
    let mut said = BTreeSet::new();
    let names: BTreeSet<&KeyName> = ours.keys.keys().chain(theirs.keys.keys()).collect();
    let mark = |value: &Secret| ours.mark_of(value);
    for name in names {
        let [base, ours, theirs] =
            [base, Some(ours), Some(theirs)].map(|side| side.and_then(|side| side.keys.get(name)));
        if let Some(key) = one_key(name, [base, ours, theirs], &mark, &mut said) {
            merged.keys.insert(name.clone(), key);
        }
    }
    if let Some(base) = base {
        renames::follow(base, [ours, theirs], &mut merged, &mut said);
    }
    kept::limit([ours, theirs], &mut merged, &said);
    merged.removed = removed_keys(base, ours, theirs, &mark, &mut said);
    if let Some(base) = base {
        revived::say(base, [ours, theirs], &merged, &mut said);
    }
    merged.marks = marks(base, ours, theirs);
    founders_own(base, ours, theirs, &mut merged);
    for side in [Some(ours), Some(theirs), base].into_iter().flatten() {
        merged.wiped_guarded.extend(side.wiped_guarded.iter().cloned());
        merged.wiped_limited.extend(side.wiped_limited.iter().cloned());
        merged.note_wiped_secrets(side.wiped_secrets.iter().copied());
        Guarded::of(side, rule).note_wiped(&mut merged, rule);
    }
    let unaware = mark_what_left(base, [ours, theirs], &mut merged, &removed, now);
    merged.settle_revocations();
    merged.settle_leaks();
    merged.settle_departures();
    let had_steps = !ours.steps.is_empty() || !theirs.steps.is_empty();
    let is_by = |name: &MemberName, side: Side| removed.contains(&(name.clone(), side));
    Ok(Merged {
        payload: merged,
        said,
        had_steps,
        removed_twice: removed.iter().all(|(name, _)| is_by(name, Side::Ours) && is_by(name, Side::Theirs)),
        removed: removed.iter().map(|(name, _)| name.clone()).collect(),
        unaware,
    })
}

fn refuse_what_cannot_be(base: Option<&Payload>, ours: &Payload, theirs: &Payload) -> Result<()> {
    if theirs.id != ours.id || base.is_some_and(|base| base.id != ours.id) {
        return Err(Failure::new(Kind::Store, "these are versions of different stores"));
    }
    for (side, words) in [(ours, "this side"), (theirs, "the other side")] {
        // A side that git merged for its own use, as what two versions come from, counts none.
        if let Some(base) = base.filter(|base| (1..base.reach()).contains(&side.generation)) {
            let (found, expected) = (side.generation, base.reach());
            let what = format!("{words} is an older copy than what both come from: generation {found}, not {expected}");
            return Err(Failure::new(Kind::Store, what)
                .hint("git revert and cherry-pick ask for that, and a merge where somebody put an older copy back")
                .hint("to take a change back: `keyctl rollback`; to have a branch's changes: merge the whole branch")
                .hint("where that is meant: `git -c merge.keyctl.driver=false merge BRANCH`, take the file of one side, and set the keys that only the other has"));
        }
    }
    // What both come from had members, and so has every version since.
    let had_members = |other: &Payload| !base.unwrap_or(other).members.is_empty();
    for (side, other, words) in [(ours, theirs, "this side"), (theirs, ours, "the other side")] {
        if side.members.is_empty() && had_members(other) {
            let what = format!("{words} names no members any more, and keyctl writes no such file: it was forged");
            return Err(Failure::new(Kind::Store, what).hint("leave that side alone, and ask whoever pushed it"));
        }
    }
    // Nobody changes a store so often; who makes such a number up would have every later file called an older one.
    let least = base.unwrap_or(if ours.generation < theirs.generation { ours } else { theirs }).reach();
    if ours.generation.max(theirs.generation).saturating_sub(least) > FARTHEST {
        return Err(Failure::new(
            Kind::Store,
            "one side counts more changes than anybody can have made: it was forged",
        )
        .hint("leave that side alone, and ask whoever pushed it"));
    }
    Ok(())
}

fn has(members: &[Member], one: &Member) -> bool {
    members.iter().any(|member| member.name == one.name && member.recipient == one.recipient)
}

/// Who was removed, and on which side.
type Gone = Vec<(MemberName, Side)>;

/// Whom either side added, without whom either side removed; and those, with the side that did it.
fn members(base: Option<&Payload>, ours: &Payload, theirs: &Payload) -> Result<(Vec<Member>, Gone)> {
    let before = base.map(|base| base.members.as_slice()).unwrap_or_default();
    let mut all: Vec<Member> = Vec::new();
    let both = [(ours, theirs), (theirs, ours)];
    for (side, other) in both {
        for member in &side.members {
            let is_removed = has(before, member) && !has(&other.members, member);
            let is_it = |known: &&mut Member| known.name == member.name && known.recipient == member.recipient;
            match all.iter_mut().find(is_it) {
                // Removed and added again on one side: what was said last stands, whoever merges.
                Some(known) if known.added < member.added => *known = member.clone(),
                None if !is_removed => all.push(member.clone()),
                _ => {}
            }
        }
    }
    all.sort_by(|one, other| (one.added, &one.name).cmp(&(other.added, &other.name)));
    let is_twice = |(at, member): (usize, &Member)| {
        all[..at].iter().find(|other| other.name == member.name || other.recipient == member.recipient)
    };
    if let Some(twice) = all.iter().enumerate().find_map(is_twice) {
        return Err(Failure::new(
            Kind::Store,
            format!("both sides have a member `{}`, and not the same one", twice.name),
        )
        .hint("take one side, and add the other member anew, under another name"));
    }
    if all.len() > MOST {
        return Err(Failure::new(Kind::Store, format!("together both sides have more than {MOST} members")));
    }
    let gone = |side: Side, members: &[Member]| {
        let gone = before.iter().filter(|member| !has(members, member)).map(|member| (member.name.clone(), side));
        gone.collect::<Vec<_>>()
    };
    let removed = [gone(Side::Ours, &ours.members), gone(Side::Theirs, &theirs.members)].concat();
    Ok((all, removed))
}

/// Removed keys of both; without those that one side wiped or brought back, where the other left them alone.
fn removed_keys(
    base: Option<&Payload>,
    ours: &Payload,
    theirs: &Payload,
    mark: &dyn Fn(&Secret) -> Id,
    said: &mut BTreeSet<Said>,
) -> Vec<Removed> {
    fn find<'p>(side: &'p Payload, one: &Removed) -> Option<&'p Removed> {
        let is_it = |other: &&Removed| {
            other.name == one.name && other.removed == one.removed && other.key.value.same_as(&one.key.value)
        };
        side.removed.iter().find(is_it)
    }
    let mut all: Vec<Removed> = Vec::new();
    for (which, side, other) in [(Side::Ours, ours, theirs), (Side::Theirs, theirs, ours)] {
        for one in &side.removed {
            let before = base.and_then(|base| find(base, one)).map(|before| &before.key);
            let key = match (find(other, one), before) {
                (Some(_), _) if which == Side::Theirs => continue,
                (Some(there), before) => {
                    both_have(&one.name, before, [&one.key, &there.key], mark, &mut BTreeSet::new())
                }
                (None, Some(before)) if before.is_as(&one.key) => continue,
                (None, _) => {
                    let value = &one.key.value;
                    if base.is_some_and(|base| base.holds(value)) && !other.holds(value) {
                        said.insert(Said::Unwiped(one.name.clone(), which));
                    }
                    one.key.unnumbered()
                }
            };
            all.push(Removed { name: one.name.clone(), removed: one.removed, step: None, key });
        }
    }
    all.sort_by_cached_key(|removed| (removed.removed, removed.name.clone(), mark(&removed.key.value)));
    all
}

/// What is left of revoked secrets that were wiped, on either side; without what one side has taken back.
fn marks(base: Option<&Payload>, ours: &Payload, theirs: &Payload) -> Vec<super::revoking::Mark> {
    let before: BTreeSet<Id> = base.iter().flat_map(|base| &base.marks).map(|mark| mark.mark).collect();
    let of = |side: &Payload| side.marks.iter().map(|mark| (mark.mark, mark.clone())).collect::<BTreeMap<_, _>>();
    let has_removal = ours.seal != theirs.seal;
    let (ours, theirs) = (of(ours), of(theirs));
    let mut all = BTreeMap::new();
    for (mark, is_on_both) in
        ours.keys().chain(theirs.keys()).map(|id| (id, ours.contains_key(id) && theirs.contains_key(id)))
    {
        let earliest = [ours.get(mark), theirs.get(mark)].into_iter().flatten().min_by_key(|mark| mark.revoked.at);
        // What a side has dropped that did not know of a removal may have been dropped by whoever was removed.
        if let Some(earliest) = earliest.filter(|_| is_on_both || !before.contains(mark) || has_removal) {
            all.insert(*mark, earliest.clone());
        }
    }
    all.into_values().collect()
}

/// The fields that are the founder's own: they grow on one machine, so one side has all that the other has.
fn founders_own(base: Option<&Payload>, ours: &Payload, theirs: &Payload, merged: &mut Payload) {
    let reach = |side: &Payload| {
        let is_another = base.is_some_and(|base| base.log != side.log);
        let entries = side.history.as_ref().and_then(|mark| mark.split('.').next()?.parse::<u64>().ok());
        (is_another, side.aside.len(), entries, side.history.clone())
    };
    // A side that did not know of a removal may be by whoever was removed: it says nothing of a history.
    let newer = match (merged.seal == ours.seal, merged.seal == theirs.seal) {
        (true, false) => ours,
        (false, true) => theirs,
        _ if reach(theirs) > reach(ours) => theirs,
        _ => ours,
    };
    merged.log = newer.log;
    merged.history.clone_from(&newer.history);
    merged.retired = newer.retired.iter().map(Retired::copy).collect();
    merged.aside = newer.aside.iter().map(Aside::copy).collect();
    // Each machine has set aside its own.
    for aside in ours.aside.iter().chain(&theirs.aside).filter(|aside| aside.machine.is_some()) {
        let is_it = |known: &Aside| known.folder == aside.folder && known.machine == aside.machine;
        if !merged.aside.iter().any(is_it) {
            merged.aside.push(aside.copy());
        }
    }
    let before = base.and_then(|base| base.recovery);
    merged.recovery = match (ours.recovery, theirs.recovery) {
        (ours, theirs) if ours == before => theirs,
        (ours, theirs) if theirs == before => ours,
        (Some(one), Some(other)) => Some(if one.created >= other.created { one } else { other }),
        _ => None,
    };
}

/// A member who was removed on one side was still written for on the other: what that one kept meanwhile is his too. Gives the
/// keys that it changed.
fn mark_what_left(
    base: Option<&Payload>,
    [ours, theirs]: [&Payload; 2],
    merged: &mut Payload,
    removed: &[(MemberName, Side)],
    now: Moment,
) -> BTreeSet<KeyName> {
    let mut unaware = BTreeSet::new();
    for (side, knows, other) in [(Side::Ours, ours, theirs), (Side::Theirs, theirs, ours)] {
        let names: Vec<&MemberName> = removed.iter().filter(|(_, by)| *by == side).map(|(name, _)| name).collect();
        let Some(who) = names.first().map(|name| (*name).clone()) else { continue };
        let gone = LeftWith { who, at: now };
        merged.mark_departures(&gone, |value| other.holds(value) && !knows.holds(value));
        let before = |name: &KeyName| base.and_then(|base| base.keys.get(name));
        let all: BTreeSet<&KeyName> = other.keys.keys().chain(base.iter().flat_map(|base| base.keys.keys())).collect();
        let is_changed = |name: &&&KeyName| match (before(name), other.keys.get(**name)) {
            // That somebody left with it is no change of anybody's.
            (Some(before), Some(after)) => !before.without_departures().is_as(&after.without_departures()),
            _ => true,
        };
        unaware.extend(all.iter().filter(is_changed).map(|name| (*name).clone()));
    }
    unaware
}

impl Key {
    /// Whether this is that key in all that is kept and known of it. Which step did what is no part of it.
    fn is_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&Former, &Former)| {
            let known = |former: &Former| {
                let Former { since, until, expires, wipe, revoked, leaked, left_with, source, .. } = former;
                let of_secret = (revoked.clone(), leaked.clone(), left_with.clone(), source.clone());
                (*since, *until, *expires, *wipe, of_secret)
            };
            one.value.same_as(&other.value) && known(one) == known(other)
        };
        self.value.same_as(&other.value)
            && self.facts == other.facts
            && self.former.len() == other.former.len()
            && self.former.iter().zip(&other.former).all(same)
    }

    /// The same, as if nobody had left with any of its secrets.
    fn without_departures(&self) -> Self {
        let mut key = self.copy();
        key.facts.left_with = None;
        key.former.iter_mut().for_each(|former| former.left_with = None);
        key
    }

    /// Whether this is or was its secret.
    #[must_use]
    pub fn holds(&self, value: &Secret) -> bool {
        self.value.same_as(value) || self.former.iter().any(|former| former.value.same_as(value))
    }

    /// The same without the numbers of steps.
    fn unnumbered(&self) -> Self {
        let mut key = self.copy();
        key.former.iter_mut().for_each(|former| former.step = None);
        key
    }

    /// Its current secret as one that was replaced.
    fn as_former(&self, until: Moment) -> Former {
        let Facts { changed: since, expires, revoked, leaked, left_with, source, .. } = self.facts.clone();
        let value = self.value.copy();
        Former { value, since, until, expires, revoked, leaked, left_with, source, wipe: None, step: None }
    }
}

impl Former {
    fn unnumbered(&self) -> Self {
        Self { step: None, ..self.copy() }
    }
}

impl Payload {
    /// How many changes it counts, or, where git merged it for its own use, a side of it counted at most.
    fn reach(&self) -> u64 {
        if self.generation == 0 { self.reached.unwrap_or_default() } else { self.generation }
    }

    /// Whether this is or was a secret of any key, also of one that was removed.
    fn holds(&self, value: &Secret) -> bool {
        self.keys.values().chain(self.removed.iter().map(|removed| &removed.key)).any(|key| key.holds(value))
    }
}
