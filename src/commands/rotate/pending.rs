//! Rotations that were begun and not finished, for commands that would leave them behind. They are found by the names of
//! their keys, and may hold the only copy of a new secret.

use crate::{
    commands::opening::{self, Kept},
    date::Moment,
    failure::{Failure, Kind, Result},
    home::{Home, Lock},
    name::KeyName,
    rotator::unfinished::{Found, Unfinished},
    store::payload::Payload,
    terminal::Terminal,
};

use super::unfinished_key;

/// A rotation that was begun and not finished.
pub struct Pending {
    /// The keys that are replaced together.
    pub names: Vec<KeyName>,
    /// When it was begun.
    pub begun: Moment,
    /// Whether there is a new secret, which lies beside the store.
    pub has_secret: bool,
    /// Whether that may be none: its rotator went wrong.
    pub is_doubtful: bool,
    /// The file whose secret does not open any more.
    pub damaged: Option<String>,
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

/// All of them.
#[must_use]
pub fn all(home: &Home, kept: &Kept) -> Vec<Pending> {
    find(home, kept).0
}

/// All of them, and the names of files that do not open: damaged ones, or another store's.
#[must_use]
pub fn find(home: &Home, kept: &Kept) -> (Vec<Pending>, Vec<String>) {
    let Found { all, unreadable } = Unfinished::find(home, &unfinished_key(kept));
    // What a program gave and the store has is only not cleared away yet; at AWS there is more to do.
    let is_over =
        |work: &Unfinished| work.intention.names.len() == 1 && work.made.as_ref().is_some_and(|made| made.kept);
    let all = all.into_iter().filter(|work| !is_over(work));
    let pending = |work: Unfinished| Pending {
        has_secret: work.made.as_ref().is_some_and(|made| !made.kept),
        is_doubtful: work.made.as_ref().is_some_and(|made| made.doubtful),
        damaged: work.is_damaged.then(|| work.path().file_name().unwrap_or_default().to_string_lossy().into_owned()),
        names: work.intention.names,
        begun: work.intention.begun,
    };
    (all.map(pending).collect(), unreadable)
}

/// Refuses to give a key another name while a rotation of either name is not finished. Asked with the [`turn`] held.
///
/// # Errors
/// `Negative`, with the way out.
pub fn refuse_to_rename(home: &Home, old: &KeyName, new: &KeyName) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    // Also one that left but a doubtful line, which is found by the name: it may be the secret in force.
    for pending in all(home, &opening::identity(home)?) {
        let Some(name) = [old, new].into_iter().find(|name| pending.names.contains(name)) else { continue };
        let failure = Failure::new(
            Kind::Negative,
            format!("a rotation of `{name}`, begun on {}, is not finished; nothing was renamed", pending.begun.local()),
        );
        return Err(if name == old {
            failure
                .hint(format!("to go on with it: `keyctl rotate {name}`"))
                .hint(format!("to drop what it has made: `keyctl rotate {name} --discard`"))
        } else {
            failure.hint("choose another name")
        });
    }
    Ok(())
}

/// Those whose secret came into the store and is about to be wiped there. Ended with the [`turn`] held, once it is.
///
/// # Errors
/// As the identity's keeper has them.
pub fn about_to_be_wiped(home: &Home, names: &[KeyName], payload: &Payload) -> Result<Vec<Unfinished>> {
    if !Unfinished::are_there(home) {
        return Ok(Vec::new());
    }
    let mut all = Unfinished::all(home, &unfinished_key(&opening::identity(home)?));
    all.retain(|work| {
        let [name] = work.intention.names.as_slice() else { return false };
        let Some(made) = work.made.as_ref().filter(|_| names.contains(name)) else { return false };
        let former = payload.keys.get(name).map(|key| key.former.as_slice()).unwrap_or_default();
        former.iter().any(|former| former.value.same_as(&made.secret))
    });
    Ok(all)
}

/// Ends what was begun for keys that are gone for good, also where it has a new secret. Done with the [`turn`] held.
///
/// # Errors
/// As the identity's keeper has them; `Disk`.
pub fn forget(home: &Home, names: &[KeyName], terminal: &Terminal) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    let kept = opening::identity(home)?;
    for work in Unfinished::all(home, &unfinished_key(&kept)) {
        let Some(name) = names.iter().find(|name| work.intention.names.contains(name)) else { continue };
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
/// What is over and only not cleared away is. Asked with the [`turn`] held.
///
/// # Errors
/// `Negative`, with the way out; `Disk`.
pub fn refuse_to_rekey(home: &Home, kept: &Kept) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    if let Some(pending) = all(home, kept).into_iter().next() {
        let names = pending.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let begun = pending.begun.local();
        let failure = Failure::new(
            Kind::Negative,
            format!("a rotation of {names}, begun on {begun}, is not finished; the identity was not changed"),
        );
        return Err(pending.names.first().into_iter().fold(failure, |failure, name| {
            failure
                .hint(format!("to go on with it: `keyctl rotate {name}`"))
                .hint(format!("to drop what it has made: `keyctl rotate {name} --discard`"))
        }));
    }
    Unfinished::all(home, &unfinished_key(kept)).into_iter().try_for_each(Unfinished::end)
}
