//! Programs that `config.toml` names to replace a key or to try it. Each gets a secret, so what the store says of the key's use
//! holds for them too. Whoever can call keyctl can give it another `config.toml`: what that says lets nobody have more.

use std::ffi::OsString;

use crate::{
    config::Config,
    failure::Result,
    history::{Action, Event},
    plain::first_names,
    rotator::program::Called,
    subprocess::Program,
    terminal::Terminal,
};

use super::limiting::{self, Held, Keys, Taker};

/// What a program is for.
#[derive(Clone, Copy)]
pub enum Part {
    /// To replace the key.
    Rotator,
    /// To say whether its secret works.
    Check,
}

impl Part {
    fn role(self) -> &'static str {
        match self {
            Self::Rotator => "rotator",
            Self::Check => "check",
        }
    }

    /// What the history has of it.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Rotator => Action::Rotate,
            Self::Check => Action::Check,
        }
    }
}

/// Holds one key against its limits for such a program, and gives what is then to be started, and asked before. A key without
/// limits costs nothing.
///
/// # Errors
/// As [`limiting::hold`] has them; as [`Program::find`] for a key that has limits.
pub fn hold<'c>(
    key: &Keys,
    (part, command): (Part, &'c [String]),
    may_ask: bool,
    config: &Config,
    event: impl Fn() -> Event,
    terminal: &Terminal,
) -> Result<(Called<'c>, Held)> {
    let (opened, names) = key;
    let limits = names.iter().filter_map(|name| Some(&opened.payload.keys.get(name)?.facts.limits));
    if limits.into_iter().all(crate::store::limits::Limits::are_of_time_and_reason_alone) {
        return Ok((Called { words: command, judged: None }, Held::default()));
    }
    let mut program = Program::find(command, part.role())?;
    let file = program.file()?;
    let held = limiting::hold(std::slice::from_ref(key), Taker::Named(file, may_ask), config, event, terminal)?;
    let loads = std::env::vars_os().filter(|variable| held.leaves_out(file.path(), variable));
    let names: Vec<OsString> = loads.map(|(name, _)| name).collect();
    program = program.without(names);
    Ok((Called { words: command, judged: Some(program) }, held))
}

/// Says which of the caller's variables a program is about to be started without, also with `--quiet`: it may do other things
/// without them.
pub fn say_left_out(names: &[OsString], terminal: &Terminal) {
    if !names.is_empty() {
        let names = first_names(names.iter().map(|name| name.to_string_lossy()), usize::MAX);
        let way = "`edit --with-variable` lets one through";
        terminal.warn(&format!("left out, as a key is for certain programs alone: {names} ({way})"));
    }
}
