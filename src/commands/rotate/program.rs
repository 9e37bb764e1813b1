//! A new secret from the program that the user's config names for the key, its rotator; and the program that tries new
//! secrets, its check.

use std::time::Duration;

use crate::{
    commands::record,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::Plan,
    rotator::{
        program::{check, rotate},
        unfinished::{Intention, Made, Unfinished},
    },
};

use super::{
    Opened, Scene,
    by_hand::fit,
    keeping::{self, Done, New},
};
use crate::secret::Secret;

/// How long a rotator may take.
const ROTATOR: Duration = Duration::from_mins(2);
/// How long a check may take.
const CHECK: Duration = Duration::from_mins(1);

/// A new secret that the store does not have yet.
struct Fresh {
    value: Secret,
    unfinished: Unfinished,
    /// Whether it lies on the disk, sealed.
    is_aside: bool,
}

/// Lets the program replace the key, and puts what it gives into the store. A secret that it gave before, and that the
/// store never got, is taken first.
pub(super) fn replace(scene: &Scene, name: &KeyName, plan: &Plan, command: &[String], seen: &Opened) -> Result<Done> {
    let _turn = scene.turn()?;
    let opened = scene.open()?;
    let key = opened.payload.key(name)?;
    if !key.value.same_as(&seen.payload.key(name)?.value) {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{name}` was replaced by another keyctl meanwhile; this one did nothing"),
        ));
    }
    let fresh = match earlier(scene, name, &opened) {
        Some(fresh) => fresh,
        None => call(scene, name, command, &opened)?,
    };
    if let Err(failure) = fit(&fresh.value, key, name) {
        end(scene, fresh.unfinished);
        return Err(failure);
    }
    let new = New { name: name.clone(), value: Secret::new(fresh.value.expose().to_vec()), longer: None };
    let event = |now| Event::new(Action::Rotate, now).program(command[0].as_ref());
    let kept = try_out(scene, name, plan, &fresh.value)
        .and_then(|()| keeping::keep(scene, &[new], plan, None, "rotator", |_| Ok(()), event));
    match kept {
        Ok(done) => {
            end(scene, fresh.unfinished);
            Ok(done)
        }
        Err(failure) if fresh.is_aside => {
            Err(failure.hint(format!("the new secret lies beside the store, sealed; to go on: `keyctl rotate {name}`")))
        }
        Err(failure) => Err(rescue(scene, name, &fresh.value, failure)),
    }
}

/// What was begun before for this key. Of two the later one counts.
fn earlier(scene: &Scene, name: &KeyName, opened: &Opened) -> Option<Fresh> {
    let key = opened.payload.keys.get(name)?;
    let mut found = None;
    for unfinished in Unfinished::all(&scene.home, &opened.unfinished_key()) {
        if unfinished.intention.names != [name.clone()] {
            continue;
        }
        let begun = unfinished.intention.begun;
        match &unfinished.made {
            Some(made) if made.secret.same_as(&key.value) => end(scene, unfinished),
            _ if key.facts.changed > begun => drop_it(scene, name, unfinished),
            Some(made) => {
                scene.terminal.say(&format!("going on with the secret that the rotator gave on {}", begun.local()));
                let value = Secret::new(made.secret.expose().to_vec());
                found = Some(Fresh { value, unfinished, is_aside: true });
            }
            None => {
                scene.terminal.warn(&format!(
                    "on {} the rotator of `{name}` was broken off: if it had made a new secret, that is lost",
                    begun.local()
                ));
                end(scene, unfinished);
            }
        }
    }
    found
}

/// Calls the program, after it is written down that it will be called.
fn call(scene: &Scene, name: &KeyName, command: &[String], opened: &Opened) -> Result<Fresh> {
    let sealing = opened.unfinished_key();
    let intention = Intention { names: vec![name.clone()], begun: Moment::now(), from: None, before: Vec::new() };
    let mut unfinished = Unfinished::begin(&scene.home, &sealing, intention)?;
    let value = match rotate(command, name, &opened.payload.key(name)?.value, ROTATOR) {
        Ok(value) => value,
        Err(failure) => {
            // It got the old secret all the same, and the history has to know who did.
            let log = record::log(&scene.home, &opened.kept, opened.payload.log);
            let event = Event::new(Action::Failed, Moment::now()).names([name]).program(command[0].as_ref());
            record::change(&log, &event.outcome("not replaced"), scene.terminal);
            end(scene, unfinished);
            return Err(failure);
        }
    };
    let made = Made { secret: Secret::new(value.expose().to_vec()), id: None };
    let aside = unfinished.has_made(&sealing, made);
    if let Err(failure) = &aside {
        scene.terminal.warn(&failure.message);
    }
    Ok(Fresh { value, unfinished, is_aside: aside.is_ok() })
}

/// Neither the store nor the file beside it took the secret, and the old one may be dead: a person can keep it.
fn rescue(scene: &Scene, name: &KeyName, value: &Secret, failure: Failure) -> Failure {
    scene.terminal.warn(&failure.message);
    let question = format!("the new secret of `{name}` can be kept nowhere; show it here, so that it is not lost?");
    let shown = scene.terminal.can_ask()
        && scene.terminal.confirm(&question).is_ok_and(|yes| yes)
        && scene
            .terminal
            .ask(&format!("{} (Enter clears nothing; write it down) ", value.expose_text().unwrap_or_default()))
            .is_ok();
    let hint = if shown {
        format!("keep it as soon as the disk can be written: `keyctl rotate {name} --by-hand`")
    } else {
        format!("the new secret is lost: replace `{name}` at its issuer by hand, then `keyctl rotate {name} --by-hand`")
    };
    failure.hint(hint)
}

/// Lets the user's check try the new secret, if there is one.
pub(super) fn try_out(scene: &Scene, name: &KeyName, plan: &Plan, new: &Secret) -> Result<()> {
    let Some(program) = plan.check.as_ref().filter(|_| !scene.arguments.no_check) else { return Ok(()) };
    check(program, name, new, CHECK).map_err(|failure| {
        failure.hint("nothing was replaced in the store; to take the new secret untried: `--no-check`")
    })
}

/// Forgets what was begun for a key that has a new secret now by other means.
pub(super) fn drop_unfinished(scene: &Scene, name: &KeyName, opened: &Opened) {
    for unfinished in Unfinished::all(&scene.home, &opened.unfinished_key()) {
        if unfinished.intention.names == [name.clone()] {
            drop_it(scene, name, unfinished);
        }
    }
}

fn drop_it(scene: &Scene, name: &KeyName, unfinished: Unfinished) {
    if unfinished.made.is_some() {
        let begun = unfinished.intention.begun.local();
        scene.terminal.warn(&format!("dropped a secret of `{name}` that its rotator gave on {begun} and nobody took"));
    }
    end(scene, unfinished);
}

/// What is finished needs no file. One that cannot be removed is found once more, which does no harm.
pub(super) fn end(scene: &Scene, unfinished: Unfinished) {
    if let Err(failure) = unfinished.end() {
        scene.terminal.warn(&failure.message);
    }
}
