//! What was done to the store in the last thirty days, with what taking it back needs.
//!
//! A step names the keys it changed and, for those whose facts it changed, the facts before it. It holds no secret: a
//! replaced secret lies among the key's former ones and a removed key among the removed ones, each marked with the
//! step's number. So a step is small, and wiping a former secret wipes it everywhere.
//!
//! Steps are taken back from the latest to the first. What was current then becomes a former secret in its turn: an
//! undone change loses nothing either.

use std::sync::Arc;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    name::{KeyName, StoreName},
};

use super::{
    facts::Facts,
    payload::{Former, Key, Payload, Removed},
};

/// How long a step can be taken back, in seconds: 30 days.
pub const KEPT_SECONDS: i64 = 30 * 86_400;
/// A clock this far ahead of all that is known has leapt, or the store was left alone: 30 days.
const LEAP_SECONDS: i64 = 30 * 86_400;

/// What was done in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A key was kept, or its secret replaced.
    Set,
    /// Keys came from a file.
    Import,
    /// What is known of keys was changed.
    Edit,
    /// Keys were removed.
    Remove,
    /// A key got another name.
    Rename,
    /// A key was replaced at its issuer too.
    Rotate,
    /// A former secret or a removed key came back.
    Rollback,
    /// A secret was marked as not to be used.
    Revoke,
    /// Secrets were marked as found in the clear.
    Leak,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Set,
        Self::Import,
        Self::Edit,
        Self::Remove,
        Self::Rename,
        Self::Rotate,
        Self::Rollback,
        Self::Revoke,
        Self::Leak,
    ];

    /// The word for it, as the command is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Import => "import",
            Self::Edit => "edit",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Rotate => "rotate",
            Self::Rollback => "rollback",
            Self::Revoke => "revoke",
            Self::Leak => "leaked",
        }
    }
}

/// How a key that came back had been removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revived {
    /// When.
    pub removed: Moment,
    /// By which step.
    pub step: Option<u64>,
}

/// One step. Each key is named once in it, for what taking it back has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number; later steps have higher ones.
    pub number: u64,
    /// When it was done.
    pub at: Moment,
    /// What was done.
    pub deed: Deed,
    /// Keys that were not there before.
    pub added: Vec<KeyName>,
    /// That the added key was a removed one.
    pub revived: Option<Revived>,
    /// Keys that were there before, and are among the removed ones.
    pub removed: Vec<KeyName>,
    /// A key's name before and after.
    pub renamed: Option<(KeyName, KeyName)>,
    /// Keys whose secret was replaced, with what was known of them before.
    pub replaced: Vec<(KeyName, Facts)>,
    /// Keys of which something else is known now, with what was known before.
    pub edited: Vec<(KeyName, Facts)>,
}

impl Step {
    /// A step that has done nothing yet.
    #[must_use]
    pub fn new(number: u64, deed: Deed, at: Moment) -> Self {
        Self {
            number,
            at,
            deed,
            added: Vec::new(),
            revived: None,
            removed: Vec::new(),
            renamed: None,
            replaced: Vec::new(),
            edited: Vec::new(),
        }
    }

    /// Lets the names know which store they are of.
    pub(super) fn of_store(&mut self, store: Option<&Arc<StoreName>>) {
        let renamed = self.renamed.iter_mut().flat_map(|(from, to)| [from, to]);
        let facts = self.replaced.iter_mut().chain(&mut self.edited).map(|(name, _)| name);
        let names = self.added.iter_mut().chain(&mut self.removed).chain(renamed).chain(facts);
        names.for_each(|name| *name = name.clone().of(store));
    }

    /// The names of the keys, as they are called after it.
    pub fn names(&self) -> impl Iterator<Item = &KeyName> {
        let facts = self.replaced.iter().chain(&self.edited).map(|(name, _)| name);
        self.added.iter().chain(&self.removed).chain(self.renamed.iter().map(|(_, to)| to)).chain(facts)
    }

    /// The same, with the name that a key had before it.
    fn all_names(&self) -> impl Iterator<Item = &KeyName> {
        self.names().chain(self.renamed.iter().map(|(from, _)| from))
    }

    /// Whether it is not too old to be taken back.
    #[must_use]
    pub fn can_be_taken_back(&self, now: Moment) -> bool {
        !is_old(self, now)
    }

    /// Whether taking it back would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    /// Whether it has to do with a key, under this name or the one before.
    fn concerns(&self, name: &KeyName) -> bool {
        self.all_names().any(|other| other == name)
    }

    /// Leaves a key out, because there is nothing left to take back with.
    fn leave_out(&mut self, name: &KeyName) {
        for names in [&mut self.added, &mut self.removed] {
            names.retain(|other| other != name);
        }
        for facts in [&mut self.replaced, &mut self.edited] {
            facts.retain(|(other, _)| other != name);
        }
        if self.renamed.as_ref().is_some_and(|(from, to)| from == name || to == name) {
            self.renamed = None;
        }
    }
}

impl Payload {
    /// The latest step, if it is not too old to be taken back.
    #[must_use]
    pub fn latest_step(&self, now: Moment) -> Option<&Step> {
        self.steps.last().filter(|step| !is_old(step, now))
    }

    /// Takes the latest step back.
    ///
    /// # Errors
    /// `Negative` when there is none, or when what it replaced was wiped since.
    pub fn undo(&mut self, now: Moment) -> Result<Step> {
        let step = self.steps.pop().filter(|step| !is_old(step, now)).ok_or_else(nothing)?;
        for (name, before) in &step.edited {
            let facts = &mut self.keys.get_mut(name).ok_or_else(|| wiped(&step, name))?.facts;
            // That a secret was revoked, or found, is taken back by taking back that it was revoked, and by nothing else.
            let revoked = facts.revoked.take().filter(|_| step.deed != Deed::Revoke);
            let leaked = facts.leaked.take().filter(|_| step.deed != Deed::Leak);
            let left_with = facts.left_with.take();
            *facts = before.clone();
            facts.left_with = facts.left_with.take().or(left_with);
            facts.revoked = facts.revoked.take().or(revoked);
            facts.leaked = facts.leaked.take().or(leaked);
            let (is_revoked, is_leaked) = (facts.revoked.is_some(), facts.leaked.is_some());
            if step.deed == Deed::Revoke && !is_revoked {
                self.clear_revocation(name);
            }
            if step.deed == Deed::Leak && !is_leaked {
                self.clear_leak(name);
            }
        }
        for (name, before) in &step.replaced {
            self.put_former_back(name, &step, before, now)?;
        }
        if let Some((from, to)) = &step.renamed {
            let key = self.keys.remove(to).ok_or_else(|| wiped(&step, to))?;
            self.put(from, key)?;
        }
        for name in &step.removed {
            let at =
                self.removed.iter().rposition(|removed| removed.name == *name && removed.step == Some(step.number));
            let Removed { key, .. } = self.removed.remove(at.ok_or_else(|| wiped(&step, name))?);
            self.put(name, key)?;
        }
        for name in &step.added {
            let key = self.keys.remove(name).ok_or_else(|| wiped(&step, name))?;
            let Revived { removed, step } = step.revived.unwrap_or(Revived { removed: now, step: None });
            self.removed.push(Removed { name: name.clone(), removed, step, key });
        }
        self.settle_revocations();
        self.settle_leaks();
        self.settle_departures();
        Ok(step)
    }

    /// How many steps would stand with the latest one, in whole or in part, if that were to stand for good.
    #[must_use]
    pub fn standing_with_latest(&self, now: Moment) -> usize {
        let Some((latest, before)) = self.steps.split_last() else { return 0 };
        let mut after = before.to_vec();
        latest.all_names().for_each(|name| leave_out(&mut after, name));
        before.iter().zip(&after).filter(|(before, after)| before != after && !is_old(before, now)).count()
    }

    /// Lets the latest step stand for good. What was done to its keys before stands with it: it cannot be taken back from
    /// under a change that stays.
    ///
    /// # Errors
    /// `Negative` when there is none.
    pub fn pass_over_latest_step(&mut self) -> Result<Step> {
        let step = self.steps.pop().ok_or_else(nothing)?;
        step.all_names().for_each(|name| self.leave_out_of_steps(name));
        Ok(step)
    }

    /// Puts a key where it was. Nothing else can be there, as steps are taken back in turn.
    fn put(&mut self, name: &KeyName, key: Key) -> Result<()> {
        if self.keys.contains_key(name) {
            return Err(Failure::new(
                Kind::Negative,
                format!("a key named `{name}` exists by now; nothing was taken back"),
            )
            .hint(format!("rename that one first: `keyctl rename {name} OTHER`")));
        }
        self.keys.insert(name.clone(), key);
        Ok(())
    }

    fn put_former_back(&mut self, name: &KeyName, step: &Step, before: &Facts, now: Moment) -> Result<()> {
        let key = self.keys.get_mut(name).ok_or_else(|| wiped(step, name))?;
        let at = key.former.iter().rposition(|former| former.step == Some(step.number));
        let Some(at) = at else {
            let failure = wiped(step, name);
            return Err(if key.former.is_empty() {
                failure
            } else {
                failure.hint(format!("to see what is left: `keyctl versions {name}`"))
            });
        };
        let former = key.former.remove(at);
        let left_with = former.left_with;
        key.retire(former.value, now, None);
        // A secret that a rollback had brought back is among the former ones already.
        if let Some((undone, others)) = key.former.split_last_mut()
            && let Some(same) = others.iter_mut().find(|other| other.value.same_as(&undone.value))
        {
            // It was in use until now. An overlap of before, which ends soon or has ended meanwhile, must not wipe it.
            same.wipe = None;
            same.revoked = same.revoked.take().or(undone.revoked.take());
            same.leaked = same.leaked.take().or(undone.leaked.take());
            same.left_with = same.left_with.take().or(undone.left_with.take());
            key.former.pop();
        }
        key.facts = before.clone();
        key.facts.left_with = key.facts.left_with.take().or(left_with);
        Ok(())
    }

    /// Wipes everything but the current secret that was ever kept under a name: former secrets and removed keys.
    /// Says how many secrets that were.
    pub fn forget_former(&mut self, name: &KeyName) -> usize {
        let gone =
            self.removed.iter().filter(|removed| removed.name == *name).flat_map(|removed| removed.key.secrets());
        let former = self.keys.get(name).into_iter().flat_map(Key::former_secrets);
        self.leave_marks(self.marks_of(gone.chain(former)));
        let removed: usize = self
            .removed
            .iter()
            .filter(|removed| removed.name == *name)
            .map(|removed| 1 + removed.key.former.len())
            .sum();
        self.removed.retain(|removed| removed.name != *name);
        let former = self.keys.get_mut(name).map(|key| std::mem::take(&mut key.former)).unwrap_or_default();
        // What was known of a wiped secret must not come back for the one that is left.
        self.leave_out_of_steps(name);
        removed + former.len()
    }

    /// Leaves a key out of every step that has to do with its name: what was done to it stands.
    pub(super) fn leave_out_of_steps(&mut self, name: &KeyName) {
        leave_out(&mut self.steps, name);
        self.steps.retain(|step| !step.is_empty());
    }

    /// What each write does on the way: steps that are too old are dropped, and former secrets whose time is over are
    /// wiped. Both are judged by a moment that can be believed. `used` is when keyctl was last used, as far as its anchor
    /// knows. Says how many secrets were wiped.
    pub fn tidy(&mut self, now: Moment, used: Moment) -> usize {
        let now = self.believed(now, used);
        self.written = Some(now);
        self.steps.retain(|step| !is_old(step, now));
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let over = keys.flat_map(|key| key.former.iter().filter(|former| key.is_over(former, now)));
        let marks = self.marks_of(over.map(|former| (&former.value, former.revoked.as_ref())));
        self.leave_marks(marks);
        let removed = self.removed.iter_mut().map(|removed| &mut removed.key);
        self.keys.values_mut().chain(removed).map(|key| key.wipe_over(now)).sum()
    }
}

impl Payload {
    /// The clock, unless it is far ahead of the last write, of all changes before today and of the last use before today:
    /// then the latest of these. So a clock that leapt takes nothing away on its first day, however often it is asked, and
    /// a store that was left alone is tidied on the second day on which it is changed.
    fn believed(&self, now: Moment, used: Moment) -> Moment {
        let Some(written) = self.written else { return now };
        let changed = self.steps.iter().map(|step| step.at);
        let before_today = changed.chain([used]).filter(|moment| moment.day() < now.day());
        let known = before_today.fold(written, Moment::max);
        if now.seconds().saturating_sub(known.seconds()) <= LEAP_SECONDS { now } else { known }
    }
}

impl Key {
    /// Whether a former secret is to be wiped by now. One that is in use again, or lies a second time among the former ones
    /// and is kept longer there, is not: wiping one copy would take nothing away but what taking a step back finds.
    fn is_over(&self, former: &Former, now: Moment) -> bool {
        let has_ended = |former: &Former| former.wipe.is_some_and(|wipe| wipe <= now);
        let same = |other: &&Former| other.value.same_as(&former.value);
        has_ended(former) && !self.value.same_as(&former.value) && self.former.iter().filter(same).all(has_ended)
    }

    /// Wipes former secrets whose time is over. Says how many these were.
    fn wipe_over(&mut self, now: Moment) -> usize {
        let is_over: Vec<bool> = self.former.iter().map(|former| self.is_over(former, now)).collect();
        if !is_over.contains(&true) {
            return 0;
        }
        let marked = std::mem::take(&mut self.former).into_iter().zip(is_over);
        let (over, kept): (Vec<_>, Vec<_>) = marked.partition(|(_, is_over)| *is_over);
        self.former = kept.into_iter().map(|(former, _)| former).collect();
        let is_first = |at: &usize| over[..*at].iter().all(|(other, _)| !other.value.same_as(&over[*at].0.value));
        (0..over.len()).filter(is_first).count()
    }
}

/// Leaves a key out of these steps, also under the names that it had before: there those cannot be taken back either.
fn leave_out(steps: &mut [Step], name: &KeyName) {
    let mut names = vec![name.clone()];
    for step in steps.iter_mut().rev() {
        if let Some((from, to)) = &step.renamed
            && names.contains(to)
        {
            names.push(from.clone());
        }
        for name in names.iter().filter(|name| step.concerns(name)).cloned().collect::<Vec<_>>() {
            step.leave_out(&name);
        }
    }
}

/// The failure where there is nothing to take back.
#[must_use]
pub fn nothing() -> Failure {
    Failure::new(Kind::Negative, "nothing was changed in the last 30 days that could be taken back")
}

fn is_old(step: &Step, now: Moment) -> bool {
    now.seconds().saturating_sub(step.at.seconds()) > KEPT_SECONDS
}

fn wiped(step: &Step, name: &KeyName) -> Failure {
    Failure::new(
        Kind::Negative,
        format!("the last change (`{}`) cannot be taken back: what `{name}` was before is wiped", step.deed.word()),
    )
    .hint("to let it stand and go on with the change before it: `keyctl undo --skip`")
}
