//! Whether the programs that `config.toml` names for a key may have its secret, as the store limits its use.

use std::path::PathBuf;

use crate::{
    commands::{
        caller, limiting,
        named::{self, Part},
        project,
        record::{self, Strictness},
        using,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    name::KeyName,
    rotation::Plan,
    rotator::program::Called,
};

use super::{Opened, Scene, trying::event};

/// What AWS is called where a program would be.
const AWS: &str = "AWS";

/// What a person has said yes to: a program for a key.
pub(super) type Agreed = (KeyName, PathBuf);

/// A program, if it may have the key's secret: a person is asked where its limits want one, once for each program.
///
/// # Errors
/// As [`named::hold`]; `Policy` for a no.
pub(super) fn one<'c>(
    scene: &Scene,
    name: &KeyName,
    (part, command): (Part, &'c [String]),
    opened: &Opened,
) -> Result<Called<'c>> {
    let key = (using::Opened::by_nobody(&scene.home, &opened.kept, &opened.payload), vec![name.clone()]);
    let entry = || project::here(event(scene, name, part.action(), command));
    let (mut called, held) =
        named::hold(&key, (part, command), true, &scene.config, entry, scene.terminal).map_err(|failure| {
            match (failure.kind, part) {
                (Kind::Policy, Part::Rotator) => by_hand(failure, name),
                (Kind::Policy, Part::Check) => {
                    failure.hint(format!("to take a new secret untried: `keyctl rotate {name} --no-check`"))
                }
                _ => failure,
            }
        })?;
    if let Some(program) = &mut called.judged {
        let agreed = (name.clone(), program.file()?.path().to_owned());
        let is_new = !scene.agreed.borrow().contains(&agreed);
        if is_new && held.ask(std::slice::from_ref(&key), &scene.config, entry, scene.terminal)?.was_asked {
            scene.agreed.borrow_mut().push(agreed);
        }
    }
    Ok(called)
}

fn by_hand(failure: Failure, name: &KeyName) -> Failure {
    failure.hint(format!("to replace it by hand: `keyctl rotate {name} --by-hand`"))
}

/// Makes sure that keyctl itself may use both halves of an access key at AWS, and that this is recorded before it does: once for
/// each call. A person is asked where their limits want one.
///
/// # Errors
/// As [`limiting::hold`]; `Policy` for a no; where the history is required and cannot be written.
pub(super) fn at_aws(scene: &Scene, names: &[KeyName], opened: &Opened) -> Result<()> {
    let place = PathBuf::from(AWS);
    if names.iter().all(|name| scene.agreed.borrow().contains(&(name.clone(), place.clone()))) {
        return Ok(());
    }
    let keys = [(using::Opened::by_nobody(&scene.home, &opened.kept, &opened.payload), names.to_vec())];
    let action = if scene.arguments.finish { Action::Check } else { Action::Rotate };
    let event = || {
        let event = Event::new(action.clone(), Moment::now()).names(names).program(AWS.as_ref());
        project::here(event.reason(scene.arguments.reason.as_ref()))
    };
    let held = limiting::hold(&keys, limiting::Taker::Issuer(AWS, true), &scene.config, event, scene.terminal);
    let held = held.map_err(|failure| by_hand(failure, &names[0]))?;
    let leave = held.ask(&keys, &scene.config, event, scene.terminal)?;
    let event = caller::sign(leave.sign(event().outcome("begun")));
    let log = record::log(&scene.home, &opened.kept, &opened.payload);
    let strictness = Strictness { sync: true, ..Strictness::from(&scene.config) };
    record::usage(&scene.home, &opened.kept, &log, &[&event], strictness, scene.terminal)?;
    scene.agreed.borrow_mut().extend(names.iter().map(|name| (name.clone(), place.clone())));
    Ok(())
}

/// The rotator of a key, if it may have the secret, and its check may too: nothing is made that nobody may try.
///
/// # Errors
/// As [`one`].
pub(super) fn both<'c>(
    scene: &Scene,
    name: &KeyName,
    command: &'c [String],
    plan: &Plan,
    opened: &Opened,
) -> Result<Called<'c>> {
    let rotator = one(scene, name, (Part::Rotator, command), opened)?;
    if let Some(check) = plan.check.as_ref().filter(|_| !scene.arguments.no_check) {
        one(scene, name, (Part::Check, check), opened)?;
    }
    Ok(rotator)
}
