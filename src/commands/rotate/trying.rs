//! Giving a secret to a program of the user's, which the history knows before it happens; and the program that tries new
//! secrets, the key's check.

use std::time::Duration;

use crate::{
    commands::{
        caller,
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

use super::{Opened, Scene};

/// How long a check may take.
const CHECK: Duration = Duration::from_mins(1);

/// Records that a program is given a secret, before it is: on the disk when this returns.
pub(super) fn record_use(
    scene: &Scene,
    name: &KeyName,
    action: Action,
    command: &[String],
    opened: &Opened,
    outcome: Option<&str>,
) -> Result<()> {
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    let event = Event::new(action, Moment::now()).names([name]).reason(scene.arguments.reason.as_ref());
    let event = command.first().into_iter().fold(event, |event, program| event.program(program.as_ref()));
    let event = outcome.into_iter().fold(event, Event::outcome);
    let strictness = Strictness { sync: true, ..Strictness::from(&scene.config) };
    let event = caller::sign(event);
    record::usage(&scene.home, &opened.kept, &log, &[&event], strictness, scene.terminal).map(drop)
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
    record_use(scene, name, Action::Check, program, opened, None)?;
    check(program, name, new, CHECK).map_err(refused)
}
