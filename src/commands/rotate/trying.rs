//! Giving a secret to a program of the user's, which the history knows before it happens; and the program that tries new
//! secrets, the key's check.

use std::time::{Duration, Instant};

use crate::{
    commands::{
        caller, limiting,
        named::{self, Part},
        record::{self, Strictness},
    },
    date::Moment,
    failure::{Failure, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::Plan,
    rotator::program::check,
    secret::Secret,
};

use super::{Opened, Scene, leave};

/// How long a check may take.
const CHECK: Duration = Duration::from_mins(1);

/// Records that a program is given a secret, before it is: on the disk when this returns. Gives the number of the last entry.
pub(super) fn record_use(
    scene: &Scene,
    name: &KeyName,
    action: Action,
    command: &[String],
    opened: &Opened,
    outcome: Option<&str>,
) -> Result<Option<u64>> {
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    let event = event(scene, name, action, command);
    let event = outcome.into_iter().fold(event, Event::outcome);
    let event = limiting::signed(event, scene.agreed.borrow().iter().any(|(agreed, _)| agreed == name));
    let strictness = Strictness { sync: true, ..Strictness::from(&scene.config) };
    let event = caller::sign(event);
    record::usage(&scene.home, &opened.kept, &log, &[&event], strictness, scene.terminal)
        .map(|recorded| recorded.last())
}

/// The event of a program's getting a secret.
pub(super) fn event(scene: &Scene, name: &KeyName, action: Action, command: &[String]) -> Event {
    let event = Event::new(action, Moment::now()).names([name]).reason(scene.arguments.reason.as_ref());
    command.first().into_iter().fold(event, |event, program| event.program(program.as_ref()))
}

/// Records how the check that an entry is of has ended.
fn record_answer(scene: &Scene, opened: &Opened, event: Event, tried: &Result<()>) {
    let said = match (tried, event.exit) {
        (Ok(()), _) => "works".to_owned(),
        (Err(_), Some(_)) => "does not work".to_owned(),
        (Err(failure), None) => format!("no answer: {}", failure.message),
    };
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    // That it was tried stands there already, whatever is required.
    let strictness = Strictness::default();
    let event = caller::sign(event.outcome(said));
    let _ = record::usage(&scene.home, &opened.kept, &log, &[&event], strictness, scene.terminal);
}

/// Lets the user's check try the new secret, if there is one; `refused` says what holds where it does not work.
pub(super) fn try_out(
    scene: &Scene,
    name: &KeyName,
    plan: &Plan,
    new: &Secret,
    opened: &Opened,
    refused: impl FnOnce(Failure) -> Failure,
) -> Result<()> {
    let Some(program) = plan.check.as_ref().filter(|_| !scene.arguments.no_check) else { return Ok(()) };
    let (tried, _) = answer(scene, name, program, new, opened)?;
    tried.map_err(refused)
}

/// Whether the check says that a secret works. It says no with its exit code alone.
///
/// # Errors
/// Where it gave no answer: it cannot be started or its use not be recorded, it is late or was killed.
pub(super) fn works(scene: &Scene, name: &KeyName, check: &[String], secret: &Secret, opened: &Opened) -> Result<bool> {
    match answer(scene, name, check, secret, opened)? {
        (Ok(()), _) => Ok(true),
        (Err(_), Some(_)) => Ok(false),
        (Err(failure), None) => Err(failure),
    }
}

/// What the check says, as [`check`] gives it, with an entry before and one after.
fn answer(
    scene: &Scene,
    name: &KeyName,
    program: &[String],
    new: &Secret,
    opened: &Opened,
) -> Result<(Result<()>, Option<i32>)> {
    let called = leave::one(scene, name, (Part::Check, program), opened)?;
    named::say_left_out(called.left_out(), scene.terminal);
    let number = record_use(scene, name, Action::Check, program, opened, None)?;
    let started = Instant::now();
    let (tried, exit) = check(called, name, new, CHECK);
    let event = event(scene, name, Action::Check, program).of(number.into_iter().collect());
    record_answer(scene, opened, event.ended(started.elapsed(), exit), &tried);
    Ok((tried, exit))
}
