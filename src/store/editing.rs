//! Changes to a store's keys. All of them go through an [`Editing`], which notes on the way what taking them back needs.

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    name::{KeyName, SourceName},
    reference::Remote,
    secret::Secret,
};

use super::{
    facts::{Facts, Leaked, LeftWith, Revoked},
    journal::{Deed, Revived, Step},
    payload::{Former, Key, Payload, Removed, remote_of},
};

/// What [`Editing::set`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The key is new.
    Added,
    /// The former secret is kept beside the new one.
    Replaced,
    /// It held this very secret already.
    Same,
}

/// What a key's secret was before another one was written where it lies.
pub enum Before {
    /// It is still there, in this version.
    There(Remote),
    /// It is kept here, since the source keeps no versions.
    Here(Secret),
}

/// One step's changes, while they are made.
pub struct Editing<'p> {
    payload: &'p mut Payload,
    step: Step,
}

impl Payload {
    /// Makes the changes of one step. If they fail, the payload is not to be written.
    ///
    /// # Errors
    /// As the changes have them.
    pub fn step<T>(&mut self, deed: Deed, now: Moment, changes: impl FnOnce(&mut Editing) -> Result<T>) -> Result<T> {
        let step = Step::new(self.next_number(), deed, now);
        let mut editing = Editing { payload: self, step };
        let answer = changes(&mut editing)?;
        let step = editing.step;
        if !step.is_empty() {
            self.steps.push(step);
        }
        Ok(answer)
    }

    /// A number above all that a step ever had, as far as anything is left of it.
    fn next_number(&self) -> u64 {
        let keys = self.keys.values().chain(self.removed.iter().map(|removed| &removed.key));
        let former = keys.flat_map(|key| &key.former).filter_map(|former| former.step);
        let removed = self.removed.iter().filter_map(|removed| removed.step);
        let steps = self.steps.iter().map(|step| step.number);
        steps.chain(former).chain(removed).max().map_or(1, |last| last.saturating_add(1))
    }

    /// What is known of this very secret, wherever it is or was kept: that it was revoked, that it was found, with whom it left.
    fn said_of(&self, value: &Secret) -> (Option<Revoked>, Option<Leaked>, Option<LeftWith>) {
        (self.revocation_of(value), self.leak_of(value), self.left_with(value))
    }

    /// Keeps a secret among the former ones of a key whose current one it never was, such as one that a program gave and
    /// nobody took. No step takes it away again.
    pub fn keep_beside(&mut self, name: &KeyName, value: Secret, since: Moment, now: Moment) {
        let (revoked, leaked, left_with) = self.said_of(&value);
        let Some(key) = self.keys.get_mut(name) else { return };
        let is_known = key.value.same_as(&value) || key.former.iter().any(|former| former.value.same_as(&value));
        if !is_known {
            let since = since.min(now);
            key.former.push(Former {
                value,
                since,
                until: now,
                expires: None,
                revoked,
                leaked,
                left_with,
                source: None,
                wipe: None,
                step: None,
            });
        }
    }

    /// Wipes everything that was ever kept under a name, also what was removed.
    ///
    /// # Errors
    /// `Missing` when there is nothing.
    pub fn forget(&mut self, name: &KeyName) -> Result<()> {
        let former = self.forget_former(name);
        match self.keys.remove(name) {
            Some(key) => self.leave_marks(self.marks_of(key.secrets())),
            None if former == 0 => return Err(self.missing(name)),
            None => {}
        }
        Ok(())
    }
}

impl Editing<'_> {
    /// The store as it is by now.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        self.payload
    }

    /// Keeps a secret under a name.
    ///
    /// # Errors
    /// `Negative` when the name exists and may not be replaced.
    pub fn set(&mut self, name: &KeyName, value: Secret, replace: bool) -> Result<Set> {
        self.keep(name, value, None, replace)
    }

    /// Keeps under a name where its secret lies.
    ///
    /// # Errors
    /// As [`Editing::set`].
    pub fn refer(&mut self, name: &KeyName, to: &Remote, replace: bool) -> Result<Set> {
        self.keep(name, Secret::new(to.text().into_bytes()), Some(to.source.clone()), replace)
    }

    fn keep(&mut self, name: &KeyName, value: Secret, source: Option<SourceName>, replace: bool) -> Result<Set> {
        let to = source.as_ref().and_then(|_| remote_of(&value));
        let said = to.as_ref().map(|to| self.payload.said_of_place(to)).unwrap_or_default();
        if let Some(key) = self.payload.keys.get(name) {
            if key.value.same_as(&value) && key.facts.source == source {
                return Ok(Set::Same);
            }
            if !replace {
                return Err(exists(name));
            }
            let here = to.as_ref().and_then(|to| Some((key.remote()?, to)));
            let expires = key.facts.expires.filter(|_| here.is_some_and(|(here, to)| here.covers(to)));
            self.put_in_place(name, value, source, None)?;
            let Some(key) = self.payload.keys.get_mut(name) else { return Ok(Set::Replaced) };
            key.facts.expires = expires;
            key.facts.take_on(said);
            return Ok(Set::Replaced);
        }
        let (revoked, leaked, left_with) = self.payload.said_of(&value);
        let mut facts = Facts { revoked, leaked, left_with, source, ..Facts::new(self.step.at) };
        facts.take_on(said);
        self.payload.keys.insert(name.clone(), Key { value, facts, former: Vec::new() });
        self.step.added.push(name.clone());
        Ok(Set::Added)
    }

    /// Gives a key another secret. The former one is kept: up to a moment, or until it is forgotten.
    ///
    /// # Errors
    /// `Missing`.
    pub fn replace(&mut self, name: &KeyName, value: Secret, wipe: Option<Moment>) -> Result<()> {
        self.put_in_place(name, value, None, wipe)
    }

    /// Keeps the same secret elsewhere: here instead of in a source, or there instead of here. What is said of it goes with it, and
    /// so does since when the key has it: by that the two are known as one (`referred.rs`).
    ///
    /// # Errors
    /// `Missing`.
    pub fn bring(&mut self, name: &KeyName, value: Secret, source: Option<SourceName>) -> Result<()> {
        let before = self.payload.key(name)?.facts.clone();
        self.put_in_place(name, value, source, None)?;
        let Some(key) = self.payload.keys.get_mut(name) else { return Ok(()) };
        key.facts.expires = before.expires;
        key.facts.changed = before.changed;
        key.facts.take_on((before.revoked, before.leaked, before.left_with));
        Ok(())
    }

    /// Notes that the secret of a key that refers to a source was replaced there: the reference stays, and what it led to before
    /// becomes the latest former one, where that is known. What was said of that one is not said of the new one; of one that was
    /// `again` brought from a former version, what is said of that.
    ///
    /// # Errors
    /// `Missing`.
    pub fn note_written(
        &mut self,
        name: &KeyName,
        before: Option<Before>,
        again: Option<&Remote>,
        wipe: Option<Moment>,
    ) -> Result<()> {
        let key = self.payload.key(name)?;
        let (value, source) = (key.value.copy(), key.facts.source.clone());
        let said = again.map(|then| self.payload.said_of(&Secret::new(then.text().into_bytes()))).unwrap_or_default();
        self.put_in_place(name, value, source, wipe)?;
        let former = self.payload.keys.get_mut(name).and_then(|key| key.former.last_mut());
        match (former, before) {
            (Some(former), Some(Before::There(remote))) => {
                former.value = Secret::new(remote.text().into_bytes());
                former.source = Some(remote.source);
            }
            (Some(former), Some(Before::Here(secret))) => {
                former.value = secret;
                former.source = None;
            }
            _ => {}
        }
        self.say_anew(name, &said)
    }

    fn put_in_place(
        &mut self,
        name: &KeyName,
        value: Secret,
        source: Option<SourceName>,
        wipe: Option<Moment>,
    ) -> Result<()> {
        let (now, number) = (self.step.at, self.note_replaced(name)?);
        let (revoked, leaked, left_with) = self.payload.said_of(&value);
        let Some(key) = self.payload.keys.get_mut(name) else { return Ok(()) };
        key.retire(value, now, number);
        if let Some(former) = key.former.last_mut() {
            former.wipe = wipe;
        }
        key.facts.begin_anew(now);
        key.facts.source = source;
        (key.facts.revoked, key.facts.leaked, key.facts.left_with) = (revoked, leaked, left_with);
        Ok(())
    }

    /// Gives a key that this very step made a secret that it had elsewhere before; the earliest comes first. What takes the
    /// step back takes these with the key.
    pub fn add_former(&mut self, name: &KeyName, value: Secret, until: Moment) {
        let (revoked, leaked, left_with) = self.payload.said_of(&value);
        let until = until.min(self.step.at);
        let Some(key) = self.payload.keys.get_mut(name).filter(|_| self.step.added.contains(name)) else { return };
        let since = key.former.last().map_or(until, |before| before.until);
        key.former.push(Former {
            value,
            since,
            until,
            expires: None,
            revoked,
            leaked,
            left_with,
            source: None,
            wipe: None,
            step: None,
        });
    }

    /// Takes a whole key of another store over, with all that is known of it.
    ///
    /// # Errors
    /// `Negative` when there is another key of this name.
    pub fn take_over(&mut self, name: &KeyName, mut key: Key) -> Result<()> {
        if self.payload.keys.contains_key(name) {
            return Err(Failure::new(Kind::Negative, format!("a key named `{name}` exists already"))
                .hint(format!("give that one another name first: `keyctl rename {name} OTHER`")));
        }
        key.facts.revoked = key.facts.revoked.or_else(|| self.payload.revocation_of(&key.value));
        key.facts.leaked = key.facts.leaked.or_else(|| self.payload.leak_of(&key.value));
        key.facts.left_with = key.facts.left_with.or_else(|| self.payload.left_with(&key.value));
        // The numbers are those of the other store's steps.
        key.former.iter_mut().for_each(|former| former.step = None);
        self.payload.keys.insert(name.clone(), key);
        self.step.added.push(name.clone());
        Ok(())
    }

    /// Changes what is known of a key. Says whether that made a difference.
    ///
    /// # Errors
    /// `Missing`.
    pub fn change(&mut self, name: &KeyName, change: impl FnOnce(&mut Facts)) -> Result<bool> {
        let before = self.payload.key(name)?.facts.clone();
        let Some(key) = self.payload.keys.get_mut(name) else { return Ok(false) };
        change(&mut key.facts);
        let differs = key.facts != before;
        if differs && !self.step.names().any(|other| other == name) {
            self.step.edited.push((name.clone(), before));
        }
        Ok(differs)
    }

    /// Takes a key out; it is kept among the removed ones.
    ///
    /// # Errors
    /// `Missing`.
    pub fn remove(&mut self, name: &KeyName) -> Result<()> {
        let key = self.payload.keys.remove(name).ok_or_else(|| self.payload.missing(name))?;
        let (removed, step) = (self.step.at, Some(self.step.number));
        self.payload.removed.push(Removed { name: name.clone(), removed, step, key });
        self.step.removed.push(name.clone());
        Ok(())
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// `Missing`, or `Negative` when the new name is taken.
    pub fn rename(&mut self, old: &KeyName, new: &KeyName) -> Result<()> {
        if self.payload.keys.contains_key(new) {
            return Err(Failure::new(Kind::Negative, format!("a key named `{new}` exists already"))
                .hint(format!("choose another name, or remove that one first: `keyctl remove {new}`")));
        }
        let key = self.payload.keys.remove(old).ok_or_else(|| self.payload.missing(old))?;
        self.payload.keys.insert(new.clone(), key);
        self.step.renamed = Some((old.clone(), new.clone()));
        Ok(())
    }

    /// Brings a former secret back into use; the current one becomes a former one. The number counts from the latest
    /// former secret, which is 1, as [`Payload::versions_of`] lists them. For a name that has no key any more, the last removed one comes back.
    ///
    /// # Errors
    /// `Missing` when there is no such secret.
    pub fn roll_back(&mut self, name: &KeyName, version: usize) -> Result<()> {
        if !self.payload.keys.contains_key(name) {
            return self.bring_back(name);
        }
        let versions = self.payload.versions_of(name);
        let Some(version) = version.checked_sub(1).and_then(|at| versions.get(at)) else {
            return Err(Failure::new(Kind::Missing, format!("`{name}` has no such former secret"))
                .hint(format!("see what there is: `keyctl versions {name}`")));
        };
        // A copy, so that the former secrets stay the whole story, and each step still finds its own among them.
        let value = version.value.copy();
        let (since, expires) = (version.since, version.expires);
        let revoked = version.revoked.cloned().or_else(|| self.payload.revocation_of(&value));
        let leaked = version.leaked.cloned().or_else(|| self.payload.leak_of(&value));
        // A secret of a key that was removed brings that one's limits along, or another key of its name would lift them: also
        // those that are set for its tags.
        let (limits, tags) = version.of_removed.map(|of| (of.limits.clone(), of.tags.clone())).unwrap_or_default();
        let left_with = version.left_with.cloned().or_else(|| self.payload.left_with(&value));
        let source = version.source.cloned();
        let elsewhere = self.payload.said_elsewhere(name, since, source.is_some());
        let (now, number) = (self.step.at, self.note_replaced(name)?);
        let Some(key) = self.payload.keys.get_mut(name) else { return Ok(()) };
        key.retire(value, now, number);
        key.facts.begin_anew(since);
        key.facts.source = source;
        key.facts.expires = expires;
        key.facts.limits = key.facts.limits.and(&limits);
        key.facts.tags.extend(tags);
        (key.facts.revoked, key.facts.leaked, key.facts.left_with) = (revoked, leaked, left_with);
        key.facts.take_on(elsewhere);
        Ok(())
    }

    /// Takes the word back that a key's secret was revoked, also where it is kept no more.
    pub(super) fn clear_revocation(&mut self, name: &KeyName) {
        self.payload.clear_revocation(name);
    }

    /// Takes the word back that a key's secret was found, also where it is kept no more.
    pub(super) fn clear_leak(&mut self, name: &KeyName) {
        self.payload.clear_leak(name);
    }

    fn bring_back(&mut self, name: &KeyName) -> Result<()> {
        let at = self.payload.removed.iter().rposition(|removed| removed.name == *name);
        let at = at.ok_or_else(|| self.payload.missing(name))?;
        let Removed { mut key, removed, step, .. } = self.payload.removed.remove(at);
        // It may have been revoked, or found, under another name meanwhile.
        key.facts.revoked = key.facts.revoked.or_else(|| self.payload.revocation_of(&key.value));
        key.facts.leaked = key.facts.leaked.or_else(|| self.payload.leak_of(&key.value));
        key.facts.left_with = key.facts.left_with.or_else(|| self.payload.left_with(&key.value));
        self.payload.keys.insert(name.clone(), key);
        self.step.added.push(name.clone());
        self.step.revived = Some(Revived { removed, step });
        Ok(())
    }

    /// Notes that a key's secret is about to be replaced, and gives the number by which the former one is found again. Only
    /// what was before the whole step counts for taking it back.
    fn note_replaced(&mut self, name: &KeyName) -> Result<Option<u64>> {
        let before = self.payload.key(name)?.facts.clone();
        if let Some(at) = self.step.edited.iter().position(|(other, _)| other == name) {
            let before = self.step.edited.remove(at);
            self.step.replaced.push(before);
        } else if self.step.names().any(|other| other == name) {
            return Ok(None);
        } else {
            self.step.replaced.push((name.clone(), before));
        }
        Ok(Some(self.step.number))
    }
}

fn exists(name: &KeyName) -> Failure {
    Failure::new(Kind::Negative, format!("a key named `{name}` exists already"))
        .hint("to replace its secret: `--replace`; the former one is kept")
}
