//! Whether the programs that `config.toml` names for a key may have its secret, as the store limits its use.

use std::path::PathBuf;

use crate::{
    commands::{
        named::{self, Part},
        project, using,
    },
    failure::{Kind, Result},
    name::KeyName,
    rotation::Plan,
    rotator::program::Called,
};

use super::{Opened, Scene, trying::event};

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
                (Kind::Policy, Part::Rotator) => {
                    failure.hint(format!("to replace it by hand: `keyctl rotate {name} --by-hand`"))
                }
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
