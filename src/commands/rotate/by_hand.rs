//! A new secret that somebody brings: typed, piped in, from a file, or made here.

use crate::{
    commands::policy::in_the_reason,
    commands::set::{from_file, from_standard_input, generate, looks_like_a_placeholder},
    date::Moment,
    failure::{Failure, Result},
    history::{Action, Event},
    home::Lock,
    name::KeyName,
    rotation::Plan,
    rotator::unfinished::Unfinished,
    secret::Secret,
    store::payload::Payload,
};

use super::{
    Meant, Opened, Scene,
    aside::{self, FINISHED, Standing},
    calling::wait_for_earlier,
    fitness::fit,
    keeping::{self, Done, New},
    means::Means,
    trying::try_out,
};

/// Takes the new secret, tries it, and puts it into the store.
pub(super) fn replace(scene: &Scene, name: &KeyName, plan: &Plan, means: &Means, opened: &Opened) -> Result<Done> {
    drop(turn(scene, name)?);
    take_over(scene, name, plan, means, take(scene, name, means)?, opened)
}

/// Asks for the new secret, and takes none for an answer.
pub(super) fn ask(scene: &Scene, name: &KeyName) -> Result<Option<Secret>> {
    drop(turn(scene, name)?);
    let question = format!("new secret for `{name}` (not shown; Enter alone leaves it as it is): ");
    Ok(Some(scene.terminal.ask_secret(&question)?).filter(|new| !new.is_empty()))
}

/// The turn, once no rotator is at work on the key any more. Also waited for before a question: where another one is at work for
/// long, nobody types a secret for nothing.
fn turn(scene: &Scene, name: &KeyName) -> Result<Lock> {
    let turn = scene.turn()?;
    if Unfinished::are_there(&scene.home) {
        wait_for_earlier(scene, name, &scene.open()?)?;
    }
    Ok(turn)
}

/// Tries a new secret, and puts it into the store. A rotator that is at work on the key comes to its end first, also one that
/// was called since the question.
pub(super) fn take_over(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    means: &Means,
    new: Secret,
    opened: &Opened,
) -> Result<Done> {
    let _turn = turn(scene, name)?;
    let key = opened.payload.key(name)?;
    fit(&new, key, name)?;
    if scene.arguments.reason.as_ref().is_some_and(|reason| new.is_within(reason.as_str())) {
        return Err(in_the_reason(name));
    }
    if looks_like_a_placeholder(&new) {
        scene.terminal.warn("this looks like a placeholder, not like a secret; taken all the same");
    }
    if let Some(other) = opened.payload.holder_of(&new, name) {
        scene.terminal.warn(&format!("`{other}` holds the same secret"));
    }
    try_out(scene, name, plan, &new, opened, |failure| untried(failure, name, plan, means))?;
    // As the store is now: another one may have replaced the key while this one waited.
    let (strays, doubtful, over) = lying_aside(scene, name, &new)?;
    let now = Moment::now();
    let new = New { name: name.clone(), value: new, longer: None };
    let asked = Meant::of(name, &opened.payload)?;
    let look = |payload: &mut Payload| {
        let now_there = payload.key(name)?;
        // It may have the secret again that it had then, or had it before; but another key's place is not taken.
        if !asked.is(now_there) && !asked.was_replaced(now_there) {
            return Err(asked.is_another());
        }
        if asked.was_replaced(now_there) {
            scene.terminal.warn(&format!(
                "`{name}` was replaced by another keyctl meanwhile; that secret is kept as a former one"
            ));
        }
        aside::keep(payload, name, &strays, now);
        Ok(())
    };
    let done = keeping::keep(scene, &[new], plan, None, means.word(), look, |now| Event::new(Action::Rotate, now))?;
    aside::say_left(scene, name, &strays, &doubtful);
    aside::end(scene, opened, strays.into_iter().chain(over).collect(), FINISHED);
    Ok(done)
}

/// What a check that said no leaves of a secret that lies nowhere else: whoever brought it has it, or it is gone.
pub(super) fn untried(failure: Failure, name: &KeyName, plan: &Plan, means: &Means) -> Failure {
    let failure = failure.hint("nothing was replaced; the old secret stays in force");
    if let Means::Generated(length) = means {
        return failure.hint(format!(
            "that secret is kept nowhere; to make another one, and take it untried: `keyctl rotate {name} --generate={length} --no-check`"
        ));
    }
    let how = if plan.rotator.is_some() { " --by-hand" } else { "" };
    failure.hint(format!("to take it untried, give it once more: `keyctl rotate {name}{how} --no-check`"))
}

/// What lies aside for a key that gets a secret by hand: secrets that nobody took, doubtful lines, and what is over with
/// this one.
fn lying_aside(
    scene: &Scene,
    name: &KeyName,
    new: &Secret,
) -> Result<(Vec<Unfinished>, Vec<Unfinished>, Vec<Unfinished>)> {
    let (mut strays, mut doubtful, mut over) = (Vec::new(), Vec::new(), Vec::new());
    if !Unfinished::are_there(&scene.home) {
        return Ok((strays, doubtful, over));
    }
    let all = match aside::of(scene, name, &scene.open()?) {
        Ok(all) => all,
        Err(failure) => {
            // It is nothing to this secret, and stays where it is.
            scene.terminal.warn(&failure.message);
            return Ok((strays, doubtful, over));
        }
    };
    for (standing, work) in all {
        let is_this = work.made.as_ref().is_some_and(|made| made.is(new));
        match standing {
            _ if is_this => over.push(work),
            Standing::Live | Standing::Stray => strays.push(work),
            Standing::Doubtful | Standing::StrayDoubtful => doubtful.push(work),
            Standing::Over | Standing::Lost => over.push(work),
            Standing::Copy => aside::clear_copy(scene, name, work),
            Standing::Damaged => aside::say_damaged(scene, name, &work),
        }
    }
    Ok((strays, doubtful, over))
}

pub(super) fn take(scene: &Scene, name: &KeyName, means: &Means) -> Result<Secret> {
    let mut secret = match means {
        Means::Generated(length) => return generate(*length),
        Means::Typed => return scene.terminal.ask_secret(&format!("new secret for `{name}` (not shown): ")),
        Means::File(file) => from_file(file)?,
        _ => from_standard_input()?,
    };
    if secret.trim_added_line_ending() {
        scene.terminal.say("took one line ending off the secret's end");
    }
    Ok(secret)
}
