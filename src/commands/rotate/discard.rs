//! `keyctl rotate NAME --discard`: drops what lies aside for a key, also for one that is gone.

use std::process::ExitCode;

use serde_json::json;

use crate::{
    commands::versions::need_yes,
    failure::{Failure, Kind, Result},
    name::KeyName,
    rotator::unfinished::Unfinished,
};

use super::{Opened, Scene, aside, asking};

/// Drops what lies aside for a key. Nobody waits for a person who is asked: what was asked about is held against what lies
/// there once it is this call's turn.
pub(super) fn discard(scene: &Scene, name: &KeyName) -> Result<ExitCode> {
    let mut seen = None;
    if !scene.arguments.yes {
        let works = lying(scene, name, &scene.open()?)?;
        if !works.is_empty() {
            let dates = works.iter().map(|work| work.intention.begun.local()).collect::<Vec<_>>().join(", ");
            let what = format!("what the rotator of `{name}` left beside the store ({dates})");
            need_yes(false, scene.terminal, &format!("dropping {what}"), || {
                format!("drop {what}? It may be a secret in force")
            })?;
        }
        seen = Some(works);
    }
    let _turn = scene.turn()?;
    let opened = scene.open()?;
    let works = lying(scene, name, &opened)?;
    if seen.is_some_and(|seen| !asking::is_as_seen(&seen, &works)) {
        let said = format!("what lies beside the store for `{name}` was changed meanwhile; nothing was dropped");
        return Err(Failure::new(Kind::Negative, said)
            .hint(format!("to be asked about what lies there now: `keyctl rotate {name} --discard`")));
    }
    let number = works.len();
    if number > 0 {
        aside::discard(scene, &opened, name, works)?;
    }
    if scene.arguments.json {
        scene.terminal.json(&json!({ "names": [name.as_str()], "discarded": number }))?;
    } else if number == 0 {
        scene.terminal.say(&format!("nothing lies beside the store for `{name}`"));
    } else {
        scene.terminal.say(&format!("dropped what the rotator of `{name}` left beside the store"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What lies there to be dropped.
fn lying(scene: &Scene, name: &KeyName, opened: &Opened) -> Result<Vec<Unfinished>> {
    let sealing = opened.unfinished_key();
    let mut works = Unfinished::all(&scene.home, &sealing);
    if works.iter().any(|work| work.intention.names.len() > 1 && work.intention.names.contains(name)) {
        return Err(Failure::new(Kind::Usage, format!("the rotation of `{name}` was begun at AWS; it is not dropped"))
            .hint(format!("to go on with it: `keyctl rotate {name}`")));
    }
    works.retain(|work| aside::is_of(work, name, &opened.payload, &sealing));
    if works.is_empty() && !opened.payload.keys.contains_key(name) {
        return Err(opened.payload.missing(name));
    }
    Ok(works)
}
