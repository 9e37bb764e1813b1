//! Rotations that were begun and not finished, for commands that would leave them behind. They are found by the names of
//! their keys, and may hold the only copy of a new secret.

use crate::{
    commands::opening::{self, Kept},
    date::Moment,
    failure::{Failure, Kind, Result},
    home::{Home, Lock},
    name::KeyName,
    rotator::unfinished::Unfinished,
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
    let all = Unfinished::all(home, &unfinished_key(kept)).into_iter();
    all.map(|work| Pending {
        names: work.intention.names,
        begun: work.intention.begun,
        has_secret: work.made.is_some_and(|made| !made.kept),
    })
    .collect()
}

/// Refuses to give a key another name while a rotation of either name is not finished. Asked with the [`turn`] held.
///
/// # Errors
/// `Negative`, with the way out.
pub fn refuse_to_rename(home: &Home, old: &KeyName, new: &KeyName) -> Result<()> {
    if !Unfinished::are_there(home) {
        return Ok(());
    }
    for pending in all(home, &opening::identity(home)?) {
        let Some(name) = [old, new].into_iter().find(|name| pending.names.contains(name)) else { continue };
        let failure = Failure::new(
            Kind::Negative,
            format!("a rotation of `{name}`, begun on {}, is not finished; nothing was renamed", pending.begun.local()),
        );
        return Err(if name == old {
            failure.hint(format!("to go on with it: `keyctl rotate {name}`"))
        } else {
            failure.hint("choose another name")
        });
    }
    Ok(())
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
