//! A new secret from the program that the user's config names for the key, its rotator; and the program that tries new
//! secrets, its check.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{
    commands::record,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    platform::{self, HeldSignals},
    rotation::Plan,
    rotator::{
        program::{NotRotated, check, rotate},
        unfinished::{Intention, Key, Made, Unfinished},
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
/// How often it is looked whether a signal came.
const TICK: Duration = Duration::from_millis(50);

/// Where a new secret lies that the store has not got.
const ASIDE: &str = "lies beside the store, sealed";

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
    // The store may have it already, where keyctl ended just after writing it.
    let is_new = !fresh.value.same_as(&key.value);
    if let Err(failure) = if is_new { fit(&fresh.value, key, name) } else { Ok(()) } {
        end(scene, fresh.unfinished);
        return Err(failure);
    }
    let new = New { name: name.clone(), value: Secret::new(fresh.value.expose().to_vec()), longer: None };
    let event = |now| Event::new(Action::Rotate, now).program(command[0].as_ref());
    let kept = if is_new { try_out(scene, name, plan, &fresh.value) } else { Ok(()) }
        .and_then(|()| keeping::keep(scene, &[new], plan, None, "rotator", |_| Ok(()), event));
    match kept {
        Ok(done) => {
            end(scene, fresh.unfinished);
            Ok(done)
        }
        Err(failure) if fresh.is_aside => {
            Err(failure.hint(format!("the new secret {ASIDE}; to go on: `keyctl rotate {name}`")))
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
            Some(made) if made.secret.same_as(&key.value) => {
                scene.terminal.say(&format!(
                    "`{name}` holds the secret already that its rotator gave on {}; it is not called again",
                    begun.local()
                ));
                let value = Secret::new(made.secret.expose().to_vec());
                found = Some(Fresh { value, unfinished, is_aside: true });
            }
            _ if key.facts.changed > begun => drop_it(scene, name, unfinished),
            Some(made) if made.doubtful => {
                scene
                    .terminal
                    .warn(&format!("going on with what the rotator printed on {} before it failed", begun.local()));
                scene.terminal.hint("if it does not work: `keyctl undo`");
                let value = Secret::new(made.secret.expose().to_vec());
                found = Some(Fresh { value, unfinished, is_aside: true });
            }
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
    // The rotator goes on where this process ends, and only this one can keep what it gives.
    let signals = platform::hold_signals().map_err(|error| {
        Failure::new(Kind::Disk, format!("signals cannot be held back: {}", crate::failure::reason(&error)))
    })?;
    let value = match rotate_to_the_end(scene, name, command, &opened.payload.key(name)?.value, &signals) {
        Ok(value) => value,
        Err(not) => {
            let NotRotated { failure, printed } = *not;
            // It got the old secret all the same, and the history has to know who did.
            let log = record::log(&scene.home, &opened.kept, opened.payload.log);
            let event = Event::new(Action::Failed, Moment::now()).names([name]).program(command[0].as_ref());
            let event = event.reason(scene.arguments.reason.as_ref());
            record::change(&log, &event.outcome("not replaced"), scene.terminal);
            let failure = if let Some(printed) = printed {
                put_aside(scene, name, printed, unfinished, &sealing, failure)
            } else {
                end(scene, unfinished);
                failure
            };
            if signals.came().is_some() {
                scene.terminal.failure(&failure, None);
            }
            follow(signals)?;
            return Err(failure);
        }
    };
    let made = Made { secret: Secret::new(value.expose().to_vec()), id: None, kept: false, doubtful: false };
    let aside = unfinished.has_made(&sealing, made);
    match &aside {
        Ok(()) => {
            if signals.came().is_some() {
                scene.terminal.warn(&format!("the new secret of `{name}` {ASIDE}"));
                scene.terminal.hint(&format!("to go on: `keyctl rotate {name}`"));
            }
            follow(signals)?;
        }
        // Whatever came, the store may still take it.
        Err(failure) => scene.terminal.warn(&failure.message),
    }
    Ok(Fresh { value, unfinished, is_aside: aside.is_ok() })
}

/// Keeps what the program printed before it ended badly: it may be the only copy of a secret that is in force outside.
fn put_aside(
    scene: &Scene,
    name: &KeyName,
    printed: Secret,
    mut unfinished: Unfinished,
    sealing: &Key,
    failure: Failure,
) -> Failure {
    let shown = Secret::new(printed.expose().to_vec());
    match unfinished.has_made(sealing, Made { secret: printed, id: None, kept: false, doubtful: true }) {
        Ok(()) => failure.hint(format!("what it had printed {ASIDE}; to take that: `keyctl rotate {name}`")),
        Err(other) => {
            scene.terminal.warn(&other.message);
            rescue(scene, name, &shown, failure)
        }
    }
}

/// Calls the program, and says to whoever wants this process to end that it waits.
fn rotate_to_the_end(
    scene: &Scene,
    name: &KeyName,
    command: &[String],
    old: &Secret,
    signals: &HeldSignals,
) -> std::result::Result<Secret, Box<NotRotated>> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                if signals.came().is_some() {
                    let seconds = ROTATOR.as_secs();
                    scene.terminal.warn(&format!(
                        "waiting for the rotator of `{name}`, so that its new secret is not lost; at most {seconds} seconds"
                    ));
                    return;
                }
                thread::sleep(TICK);
            }
        });
        let new = rotate(command, name, old, ROTATOR);
        is_over.store(true, Ordering::SeqCst);
        new
    })
}

/// Ends the process if a signal came meanwhile.
fn follow(signals: HeldSignals) -> Result<()> {
    signals.follow().map_err(|error| {
        Failure::new(Kind::Interrupted, format!("interrupted by a signal: {}", crate::failure::reason(&error)))
    })
}

/// Neither the store nor the file beside it took the secret, and the old one may be dead: a person can keep it.
fn rescue(scene: &Scene, name: &KeyName, value: &Secret, failure: Failure) -> Failure {
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
        failure.hint(format!(
            "nothing was replaced in the store; to take the new secret untried: `keyctl rotate {name} --no-check`"
        ))
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
