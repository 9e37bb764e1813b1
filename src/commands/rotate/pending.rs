//! Rotations that were begun and not finished, for commands that would leave them behind. They are found by the names of
//! their keys, and may hold the only copy of a new secret.

use std::time::Duration;

use crate::{
    commands::{
        opening::{self, Kept},
        record,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, unmade::LEFT_BY_A_ROTATOR},
    home::{Home, Lock},
    name::KeyName,
    rotator::unfinished::{self, Found, Intention, Unfinished},
    secret::Secret,
    store::payload::{Key, Payload, Removed},
    terminal::Terminal,
};

use super::{
    aside::{self, ASIDE},
    unfinished_key,
};

/// A rotation that was begun and not finished.
pub struct Pending {
    /// The keys that are replaced together.
    pub names: Vec<KeyName>,
    /// When it was begun.
    pub begun: Moment,
    /// Whether there is a new secret, which lies beside the store.
    pub has_secret: bool,
    /// Where that may be none, what came after it was printed.
    pub doubt: Option<&'static str>,
    /// The file whose secret does not open any more.
    pub damaged: Option<String>,
    /// What became of its key.
    pub key: Whose,
    /// What there is to do where its key has got another secret meanwhile.
    ways_out: Vec<String>,
}

/// What became of the key that a rotation is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// It is there.
    Present,
    /// It was removed, and can come back under its name.
    Removed,
    /// It was removed, and can come back once the key that has its name by now has another one.
    Replaced,
    /// It was removed, and another key of its name after it.
    Buried,
    /// It is gone for good.
    Gone,
}

impl Whose {
    /// What is true of a removed key.
    pub(super) fn of_removed(removed: &Removed, payload: &Payload) -> Self {
        let mut later = payload.removed.iter().rev().take_while(|other| !std::ptr::eq(*other, removed));
        if later.any(|other| other.name == removed.name) {
            Self::Buried
        } else if payload.keys.contains_key(&removed.name) {
            Self::Replaced
        } else {
            Self::Removed
        }
    }
}

/// How what a rotator gave for a removed key comes into use.
#[must_use]
pub fn way_back(name: &KeyName, key: Whose) -> Option<String> {
    let back = format!("`keyctl rollback {name}`");
    match key {
        Whose::Removed => Some(format!("its key was removed; to go on, bring that back: {back}")),
        Whose::Replaced => Some(format!(
            "its key was removed; to go on, bring that back: `keyctl rename {name} OTHER`, {back}, then `keyctl rotate {name}`"
        )),
        Whose::Buried => Some(format!(
            "its key was removed, and another `{name}` after it; to go on, bring that back: `keyctl undo` as often as needed"
        )),
        Whose::Present | Whose::Gone => None,
    }
}

/// What the next `rotate` does with a new secret whose key has got another one meanwhile, and what brings that new secret into
/// use. `is_given` tells the secret that the rotator got.
pub(super) fn ways_out(
    name: &KeyName,
    key: &Key,
    payload: &Payload,
    is_given: impl Fn(&Secret) -> bool,
) -> Vec<String> {
    let former = key.former.iter().rposition(|former| is_given(&former.value));
    let number = former.map_or(1, |at| key.former.len() - at);
    let is_last_step = || {
        let step = payload.steps.last().filter(|step| step.names().count() == 1);
        step.is_some_and(|step| key.former.last().is_some_and(|former| former.step == Some(step.number)))
    };
    let back = if number == 1 && is_last_step() { "undo".into() } else { format!("rollback {name} --to {number}") };
    vec![
        format!("the rotator's new secret {ASIDE}; the next `keyctl rotate {name}` keeps it as a former one"),
        format!("if it is the one in force: `keyctl {back}`, then `keyctl rotate {name}`"),
    ]
}

impl Pending {
    /// Whether its key has got another secret meanwhile: then the next `rotate` does not go on with it.
    #[must_use]
    pub fn is_stray(&self) -> bool {
        !self.ways_out.is_empty()
    }

    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let Some(name) = self.names.first() else { return Vec::new() };
        if self.is_stray() {
            let drop = format!("to drop what it has made: `keyctl rotate {name} --discard`");
            return self.ways_out.iter().cloned().chain([drop]).collect();
        }
        let go_on = match (self.key, self.names.len()) {
            (Whose::Present, _) => Some(format!("to go on with it: `keyctl rotate {name}`")),
            (Whose::Gone, 1) => Some("the key that it was for is gone".to_owned()),
            (Whose::Gone, _) => Some("one of the two is gone; give that key its name back to go on".to_owned()),
            (removed, _) => way_back(name, removed),
        };
        // What was begun at AWS is there.
        let drop =
            (self.names.len() == 1).then(|| format!("to drop what it has made: `keyctl rotate {name} --discard`"));
        go_on.into_iter().chain(drop).collect()
    }
}

/// The right to replace keys outside, or to move them away under a rotation. Two rotations at once would each ask the
/// issuer for a new secret.
///
/// # Errors
/// `Busy` after ten seconds, `Disk`.
pub fn turn(home: &Home) -> Result<Lock> {
    home.prepare()?;
    Lock::acquire(&home.file("rotate.lock"))
}

/// Whether another keyctl is just replacing a key: what is unfinished then is likely its.
#[must_use]
pub fn is_at_work(home: &Home) -> bool {
    Unfinished::are_there(home)
        && Lock::acquire_within(&home.file("rotate.lock"), Duration::ZERO)
            .is_err_and(|failure| failure.kind == Kind::Busy)
}

/// All of them, by the names that their keys have now, and the names of files that do not open: damaged ones, or another
/// store's. What is of a removed key, and belongs to a secret that this one had not any more when it was removed, is nothing
/// to go on with.
#[must_use]
pub fn find(home: &Home, kept: &Kept, payload: &Payload) -> (Vec<Pending>, Vec<String>) {
    let sealing = unfinished_key(kept);
    let (mut all, unreadable) = not_over(home, kept, payload);
    all.retain(|work| !aside::is_superseded(work, payload, &sealing));
    (all.iter().filter_map(|work| pending(work, payload, &sealing)).collect(), unreadable)
}

/// What lies beside the store and is not known to be over, and the names of files that do not open.
fn not_over(home: &Home, kept: &Kept, payload: &Payload) -> (Vec<Unfinished>, Vec<String>) {
    let sealing = unfinished_key(kept);
    let Found { mut all, unreadable } = Unfinished::find(home, &sealing);
    all.retain(|work| !aside::is_over(work, payload, &sealing));
    if all.iter().any(|work| work.made.is_some()) {
        // Where the history does not tell, none of them is known to be.
        let ended = aside::ended(home, kept, payload).unwrap_or_default();
        all.retain(|work| !ended.contains(work.number()));
    }
    (all, unreadable)
}

fn pending(work: &Unfinished, payload: &Payload, sealing: &unfinished::Key) -> Option<Pending> {
    // What a program gave and the store has is only not cleared away yet; at AWS there is more to do.
    if work.intention.names.len() == 1 && work.made.as_ref().is_some_and(|made| made.kept) {
        return None;
    }
    let there = |name: &KeyName| payload.keys.contains_key(name);
    let (names, key) = match (aside::owner(work, payload, sealing), aside::removed(work, payload, sealing)) {
        (Some(owner), _) => (vec![owner.clone()], Whose::Present),
        (None, Some(removed)) => (vec![removed.name.clone()], Whose::of_removed(removed, payload)),
        (None, None) => {
            let names = work.intention.names.clone();
            let is_there = names.len() > 1 && names.iter().all(there);
            (names, if is_there { Whose::Present } else { Whose::Gone })
        }
    };
    let key_now = names.first().filter(|_| names.len() == 1).and_then(|name| Some((name, payload.keys.get(name)?)));
    let stray = key_now.filter(|(_, now)| key == Whose::Present && aside::is_stray(work, now, sealing));
    let is_given = |secret: &Secret| work.intention.replaces == Some(sealing.mark(secret));
    Some(Pending {
        ways_out: stray.map_or_else(Vec::new, |(name, now)| ways_out(name, now, payload, is_given)),
        has_secret: work.made.as_ref().is_some_and(|made| !made.kept),
        doubt: work.made.as_ref().filter(|made| made.doubtful).map(|made| aside::what_came([made.unended])),
        damaged: work.is_damaged.then(|| work.path().file_name().unwrap_or_default().to_string_lossy().into_owned()),
        names,
        begun: work.intention.begun,
        key,
    })
}

/// Refuses to give a key another name or place while a rotation of it is not finished, or one that was begun under the name it
/// is to have. `nothing` says what was not done for that. Asked with the [`turn`] held.
///
/// # Errors
/// `Negative`, with the way out; as the store has them.
pub fn refuse_while_unfinished(
    home: &Home,
    old: &KeyName,
    new: Option<&KeyName>,
    nothing: &str,
    terminal: &Terminal,
) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    let kept = opening::identity(home)?;
    let (payload, sealing) = (opening::store(home, &kept, terminal)?.read()?, unfinished_key(&kept));
    for work in Unfinished::all(home, &sealing) {
        let is_over = work.intention.names.len() == 1 && work.made.as_ref().is_some_and(|made| made.kept);
        // What a rotator printed that went wrong is found again by the secret that it was given, whatever the key is called.
        if is_over || work.made.as_ref().is_some_and(|made| made.doubtful) {
            continue;
        }
        let Intention { names, begun, .. } = &work.intention;
        // A key that was removed is another one than the one which has its name by now.
        let is_of = |name: &&KeyName| {
            let has_key = || names.len() > 1 || aside::removed(&work, &payload, &sealing).is_none();
            names.contains(name) && (*name != old || has_key())
        };
        let Some(name) = [Some(old), new].into_iter().flatten().find(is_of) else { continue };
        let failure = Failure::new(
            Kind::Negative,
            format!("a rotation of `{name}`, begun on {}, is not finished; {nothing}", begun.local()),
        );
        return Err(if name == old {
            let failure = failure.hint(format!("to go on with it: `keyctl rotate {name}`"));
            // What was begun at AWS is there.
            let can_be_dropped = names.len() == 1;
            if can_be_dropped {
                failure.hint(format!("to drop what it has made: `keyctl rotate {name} --discard`"))
            } else {
                failure
            }
        } else {
            failure.hint("choose another name")
        });
    }
    Ok(())
}

/// Records the end of those whose secret came into the store and is about to be wiped there, and gives them. Their files are
/// removed with the [`turn`] held, once it is wiped.
///
/// # Errors
/// As the identity's keeper has them.
pub fn record_end_of_wiped(
    home: &Home,
    names: &[KeyName],
    payload: &Payload,
    terminal: &Terminal,
) -> Result<Vec<Unfinished>> {
    if !Unfinished::are_there(home) {
        return Ok(Vec::new());
    }
    let kept = opening::identity(home)?;
    let sealing = unfinished_key(&kept);
    let mut all = Unfinished::all(home, &sealing);
    all.retain(|work| {
        let owner = aside::owner(work, payload, &sealing).filter(|owner| names.contains(owner));
        let key = owner.and_then(|owner| payload.keys.get(owner));
        let former = key.map(|key| key.former.as_slice()).unwrap_or_default();
        work.made.as_ref().is_some_and(|made| former.iter().any(|former| made.is(&former.value)))
    });
    if let Some(event) = aside::of_the_end(Action::Rotate, &all, payload, &sealing) {
        record::change(&record::log(home, &kept, payload), &event.outcome(aside::FINISHED), terminal);
    }
    Ok(all)
}

/// What was begun for these keys, as they are now: under whatever name it was, and nothing of another key's that had the
/// name before.
///
/// # Errors
/// As the identity's keeper has them.
pub fn of(home: &Home, names: &[KeyName], payload: &Payload) -> Result<Vec<Unfinished>> {
    if !Unfinished::are_there(home) {
        return Ok(Vec::new());
    }
    let sealing = unfinished_key(&opening::identity(home)?);
    let mut works = Unfinished::all(home, &sealing);
    works.retain(|work| {
        let is_of = |name| match work.intention.names.as_slice() {
            [_] => aside::is_of(work, name, payload, &sealing),
            pair => pair.contains(name),
        };
        names.iter().any(is_of)
    });
    Ok(works)
}

/// Ends what was begun for keys that are gone for good, also where it has a new secret. Done with the [`turn`] held.
///
/// # Errors
/// As the identity's keeper has them; `Disk`.
pub fn forget(home: &Home, works: Vec<Unfinished>, terminal: &Terminal) -> Result<()> {
    if works.iter().any(|work| work.made.is_some()) {
        let kept = opening::identity(home)?;
        let payload = opening::store(home, &kept, terminal)?.read()?;
        if let Some(event) = aside::of_the_end(Action::Forget, &works, &payload, &unfinished_key(&kept)) {
            record::change(&record::log(home, &kept, &payload), &event.note(LEFT_BY_A_ROTATOR), terminal);
        }
    }
    for work in works {
        let Some(name) = work.intention.names.first() else { continue };
        let begun = work.intention.begun.local();
        match &work.made {
            Some(made) if made.kept => {}
            Some(made) => {
                terminal.warn(&format!("forgot the new secret too that a rotation of `{name}` had made on {begun}"));
                if let Some(id) = &made.id {
                    terminal
                        .hint(&format!("at AWS it is still there: `aws iam delete-access-key --access-key-id {id}`"));
                }
            }
            None => terminal.warn(&format!("forgot the rotation of `{name}` too that was begun on {begun}")),
        }
        work.end()?;
    }
    Ok(())
}

/// Refuses to give the store another identity while a rotation is not finished: what it has made could not be opened any more.
///
/// # Errors
/// `Negative`, with the way out; `Disk` for a file that cannot be read, and may hold such a thing.
pub fn refuse_to_rekey(home: &Home, kept: &Kept, payload: &Payload) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    let (all, unreadable) = not_over(home, kept, payload);
    unreadable.iter().try_for_each(|file| Unfinished::is_readable(home, file))?;
    let sealing = unfinished_key(kept);
    let Some(pending) = all.iter().find_map(|work| pending(work, payload, &sealing)) else { return Ok(()) };
    let names = pending.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    let begun = pending.begun.local();
    let failure = Failure::new(
        Kind::Negative,
        format!("a rotation of {names}, begun on {begun}, is not finished; the identity was not changed"),
    );
    Err(pending.hints().into_iter().fold(failure, Failure::hint))
}

/// Clears away what is over and was only not cleared away, before the store gets another identity. Done with the [`turn`]
/// held, where nothing was [refused](refuse_to_rekey).
///
/// # Errors
/// `Disk`.
pub fn end_what_is_over(home: &Home, kept: &Kept) -> Result<()> {
    Unfinished::all(home, &unfinished_key(kept)).into_iter().try_for_each(Unfinished::end)
}

/// Names the files that do not open with the store's identity, nor will with another one: they stay where they are.
pub fn say_unreadable(home: &Home, kept: &Kept, terminal: &Terminal) {
    if !Unfinished::are_there(home) {
        return;
    }
    for file in Unfinished::find(home, &unfinished_key(kept)).unreadable {
        let folder = home.data().display();
        terminal.warn(&format!("`{file}` is damaged or of another store; it is left as it is"));
        terminal.hint(&format!("if no new secret of a rotator is missing, remove it: `{folder}/{file}`"));
    }
}
