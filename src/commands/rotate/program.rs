//! A new secret from the program that the user's config names for the key, its rotator (called in `calling.rs`), on its way
//! into the store; and the program that tries new secrets, its check.

use std::{cell::Cell, time::Duration};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::Plan,
    rotator::{program::check, unfinished::Unfinished},
    secret::Secret,
    store::payload::{self, Payload},
};

use super::{
    Opened, Scene,
    aside::{self, ASIDE, Standing, Word, end},
    calling::{Fresh, call, record_use, rescue},
    fit::fit,
    keeping::{self, Done, New},
};

/// How long a check may take.
const CHECK: Duration = Duration::from_mins(1);

/// A call within this many seconds of a rotation that was broken off after the store was written is the same wish.
const SAME_WISH_SECONDS: i64 = 3600;

/// What lies aside beside the one that is gone on with, until a new secret is in the store.
#[derive(Default)]
struct Others {
    strays: Vec<Unfinished>,
    doubtful: Vec<Unfinished>,
}

/// Lets the program replace the key, and puts what it gives into the store. A secret that it gave before, and that the
/// store never got, is taken first; a doubtful one only if the word or the check says so.
pub(super) fn replace(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    command: &[String],
    seen: &Opened,
    word: &Word,
) -> Result<Done> {
    let _turn = scene.turn()?;
    let opened = scene.open()?;
    let key = opened.payload.key(name)?;
    if !key.value.same_as(&seen.payload.key(name)?.value) {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{name}` was replaced by another keyctl meanwhile; this one did nothing"),
        ));
    }
    let (earlier, others) = earlier(scene, name, plan, &opened, word)?;
    let mut fresh = match earlier {
        Some(fresh) => fresh,
        None => call(scene, name, command, &opened)?,
    };
    // The store may have it already, where keyctl ended just after writing it.
    let is_new = !fresh.value.same_as(&key.value);
    if let Err(failure) = if is_new { fit(&fresh.value, key, name) } else { Ok(()) } {
        end(scene, fresh.unfinished);
        return Err(failure);
    }
    let tried = if is_new && !fresh.is_tried { try_out(scene, name, plan, &fresh.value, &opened) } else { Ok(()) };
    let kept = tried
        .map_err(|failure| aside_of(scene, name, &fresh, failure))
        .and_then(|()| keep(scene, name, plan, command, key, &fresh, &others));
    let done =
        kept.map_err(|failure| if fresh.is_aside { failure } else { rescue(scene, name, &fresh.value, failure) })?;
    // From here on it is over, and never put into the store again; whoever comes later may have taken it back.
    if is_new && let Err(failure) = fresh.unfinished.is_kept(&opened.unfinished_key()) {
        scene.terminal.warn(&failure.message);
    }
    end(scene, fresh.unfinished);
    if is_new {
        aside::clear(scene, name, others.strays, others.doubtful, word);
    }
    Ok(done)
}

/// Puts the new secret into the store, if that still has the one that the rotator was given.
fn keep(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    command: &[String],
    given: &payload::Key,
    fresh: &Fresh,
    others: &Others,
) -> Result<Done> {
    let new = New { name: name.clone(), value: fresh.value.copy(), longer: None };
    let event = |now| {
        let event = Event::new(Action::Rotate, now).program(command[0].as_ref());
        fresh.took.into_iter().fold(event, |event, took| event.ended(took, Some(0)))
    };
    let is_other = Cell::new(false);
    let look = |payload: &mut Payload| {
        if !payload.key(name)?.value.same_as(&given.value) {
            is_other.set(true);
            return Err(Failure::new(
                Kind::Negative,
                format!("`{name}` was replaced by another keyctl meanwhile; nothing was changed"),
            ));
        }
        aside::keep(payload, name, &others.strays, Moment::now());
        Ok(())
    };
    keeping::keep(scene, &[new], plan, None, "rotator", look, event).map_err(|failure| {
        if !fresh.is_aside {
            failure
        } else if is_other.get() {
            failure
                .hint(format!(
                    "the rotator's new secret {ASIDE}; the next `keyctl rotate {name}` keeps it as a former one"
                ))
                .hint(format!("if it is the one in force: `keyctl undo`, then `keyctl rotate {name}`"))
        } else {
            failure.hint(format!("the new secret {ASIDE}; to go on: `keyctl rotate {name}`"))
        }
    })
}

/// The failure of a check, with both ways out.
fn aside_of(scene: &Scene, name: &KeyName, fresh: &Fresh, failure: Failure) -> Failure {
    if !fresh.is_aside || scene.arguments.no_check {
        return failure;
    }
    failure
        .hint(format!("the new secret {ASIDE}; to go on: `keyctl rotate {name}`"))
        .hint(format!("to drop it, and let the rotator make another one: `keyctl rotate {name} --discard`"))
}

/// What was begun before for this key: what is to be gone on with, if there is anything, and what else lies aside. Of two
/// the later one counts.
fn earlier(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    opened: &Opened,
    word: &Word,
) -> Result<(Option<Fresh>, Others)> {
    let key = opened.payload.key(name)?;
    let (mut found, mut others) = (None, Others::default());
    aside::say_unreadable(scene, opened);
    for (standing, unfinished) in aside::of(scene, name, opened) {
        let begun = unfinished.intention.begun;
        match standing {
            Standing::Over => {
                let is_current = unfinished.made.as_ref().is_some_and(|made| made.secret.same_as(&key.value));
                let is_just_now = Moment::now().seconds().abs_diff(begun.seconds()) <= SAME_WISH_SECONDS.unsigned_abs();
                if is_current && is_just_now && !scene.is_due(name, opened)? {
                    scene.terminal.say(&format!(
                        "`{name}` holds the secret already that its rotator gave on {}; it is not called again",
                        begun.local()
                    ));
                    found = going_on(unfinished);
                } else {
                    end(scene, unfinished);
                }
            }
            Standing::Lost => {
                scene.terminal.warn(&format!(
                    "on {} the rotator of `{name}` was broken off: if it had made a new secret, that is lost",
                    begun.local()
                ));
                end(scene, unfinished);
            }
            Standing::Damaged => aside::say_damaged(scene, name, &unfinished),
            Standing::Live => {
                scene.terminal.say(&format!("going on with the secret that the rotator gave on {}", begun.local()));
                let before: Option<Fresh> = std::mem::replace(&mut found, going_on(unfinished));
                others.strays.extend(before.map(|fresh| fresh.unfinished));
            }
            Standing::Stray => others.strays.push(unfinished),
            Standing::Doubtful | Standing::StrayDoubtful => others.doubtful.push(unfinished),
        }
    }
    if found.is_none() {
        found = of_doubtful(scene, name, plan, opened, &mut others.doubtful, word)?;
    }
    Ok((found, others))
}

fn going_on(unfinished: Unfinished) -> Option<Fresh> {
    let value = unfinished.made.as_ref()?.secret.copy();
    Some(Fresh { value, unfinished, is_aside: true, is_tried: false, took: None })
}

/// A doubtful line that a person has taken, or that the check says works. Nobody else takes one.
///
/// # Errors
/// `Negative` where nobody was asked and nothing tells what a line is worth: it may be the secret in force, and the rotator
/// would make one more each time.
fn of_doubtful(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    opened: &Opened,
    doubtful: &mut Vec<Unfinished>,
    word: &Word,
) -> Result<Option<Fresh>> {
    let key = opened.payload.key(name)?;
    let sealing = opened.unfinished_key();
    let may_be_tried = word.is_unattended() && plan.check.is_some() && !scene.arguments.no_check;
    let mut untold = None;
    for at in (0..doubtful.len()).rev() {
        let line = &doubtful[at];
        let is_meant = word.take == Some(line.path());
        if !is_meant && Standing::of(line, key, &sealing) != Standing::Doubtful {
            continue;
        }
        let works = || {
            let made = line.made.as_ref()?;
            try_out(scene, name, plan, &made.secret, opened).ok()
        };
        if is_meant || (may_be_tried && works().is_some()) {
            let begun = line.intention.begun.local();
            scene
                .terminal
                .warn(&format!("going on with the line that the rotator printed on {begun} before it went wrong"));
            let fresh = going_on(doubtful.remove(at));
            return Ok(fresh.map(|fresh| Fresh { is_tried: !is_meant, ..fresh }));
        }
        if !may_be_tried {
            untold = untold.or(Some(line.intention.begun));
        }
    }
    match untold.filter(|_| word.is_unattended()) {
        Some(begun) => Err(Failure::new(
            Kind::Negative,
            format!(
                "the rotator of `{name}` printed a line on {} before it went wrong, which may be the secret in force; it is not called again",
                begun.local()
            ),
        )
        .hint(format!("to be asked about that line: `keyctl rotate {name}` at a terminal"))
        .hint(format!("to drop it, and let the rotator make another one: `keyctl rotate {name} --discard`"))),
        None => Ok(None),
    }
}

/// Lets the user's check try the new secret, if there is one. That it was given the secret is recorded first.
pub(super) fn try_out(scene: &Scene, name: &KeyName, plan: &Plan, new: &Secret, opened: &Opened) -> Result<()> {
    let Some(program) = plan.check.as_ref().filter(|_| !scene.arguments.no_check) else { return Ok(()) };
    record_use(scene, name, Action::Check, program, opened, None)?;
    check(program, name, new, CHECK).map_err(|failure| {
        failure.hint(format!(
            "nothing was replaced in the store; to take the new secret untried: `keyctl rotate {name} --no-check`"
        ))
    })
}
