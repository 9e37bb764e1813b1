//! `keyctl activate`: a project's keys in a shell, for as long as it stands in the project's folder.
//!
//! Most calls of `hook-env` find that nothing has changed, and end: no store and no keychain was touched, and of files a few
//! were looked at. Nobody is ever asked for anything here, since nobody has called: what is not allowed, not open or not for
//! a shell is said in one line, once, and gives nothing.

mod entering;
mod look;

use std::{io::IsTerminal, process::ExitCode};

use crate::{
    activation::{
        answer::{self, Step},
        changes::{self, Changes},
        hook,
        state::{self, State},
    },
    cli,
    failure::{Failure, Kind},
    launch::environment::MARKER,
    name::VariableName,
    secret::Secret,
    terminal::Terminal,
};

use zeroize::Zeroizing;

use super::other_keyctl;
use entering::Entered;
use look::Look;

/// Prints what a shell has to load once.
///
/// # Errors
/// `Disk` where it is not known where this program lies, or nothing can be written.
pub fn activate(arguments: &cli::Activate, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let path = other_keyctl::path_as_called()?;
    let path = path.to_str().ok_or_else(|| Failure::new(Kind::Disk, "keyctl lies at a path that is no text"))?;
    terminal.data(hook::text(arguments.shell, path, arguments.off).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Tells a shell what has to change.
///
/// # Errors
/// `Disk` when the answer cannot be written. All else is said, and nothing is given.
pub fn hook_env(arguments: &cli::HookEnv, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    // Whoever types this wants to see what it does, and would see the secrets.
    if std::io::stdout().is_terminal() {
        return Err(Failure::new(Kind::Usage, "what a shell is told has secrets in it, and is not for a screen")
            .hint("a shell is told by its hook: `keyctl activate --help` says how it gets one")
            .hint("to see keys: `keyctl env`")
            .into());
    }
    let before = State::parse(&text_of(state::VARIABLE));
    let look = Look::around();
    if !arguments.off && look.sees_what_was_seen(&before) {
        return Ok(ExitCode::SUCCESS);
    }
    let look = if arguments.off { Look::away() } else { look };
    let mut next = before.next(look.sight(false), look.project())?;
    let entered = entering::enter(&look, &before, &mut next, arguments.shell, terminal);
    let outer = injected();
    let mut changes = changes_of(&entered, &before, &next, &outer);
    let recorded = entered.record(&changes.fresh, terminal).unwrap_or_else(|failure| {
        entering::say(&failure, &look, &mut next, terminal);
        changes = changes::between(&before, &next, &[], &outer, value_of);
        None
    });
    let Changes { mut steps, given, injected, .. } = changes;
    next.given = given;
    next.until = if entered.stays { before.until } else { entered.first_end() };
    if entered.is_to_be_tried_again {
        (next.again, next.sight) = (true, look.sight(true));
    }
    if arguments.off {
        next = State::default();
    }
    let own = [Own::new(MARKER, injected.join(",")), Own::new(state::VARIABLE, next.text())];
    steps.extend(own.iter().filter_map(Own::step));
    let written = answer::write(arguments.shell, &steps).and_then(|text| terminal.data(&text));
    written.inspect_err(|failure| entered.record_failure(recorded.as_ref(), failure, terminal))?;
    Ok(ExitCode::SUCCESS)
}

/// What has to change in this shell.
fn changes_of<'e>(entered: &'e Entered, before: &'e State, next: &State, outer: &[String]) -> Changes<'e> {
    if entered.stays {
        return Changes::none(before, outer.to_vec());
    }
    changes::between(before, next, entered.given(), outer, value_of)
}

/// A variable of keyctl's own, with the text that it is to have.
struct Own(VariableName, Secret, bool);

impl Own {
    fn new(name: &str, text: String) -> Self {
        let is_other = text != text_of(name);
        Self(name.parse().expect("a name"), Secret::new(text.into_bytes()), is_other)
    }

    fn step(&self) -> Option<Step<'_>> {
        let Self(name, text, is_other) = self;
        is_other.then(|| if text.is_empty() { Step::Remove(name) } else { Step::Give(name, text) })
    }
}

fn text_of(variable: &str) -> String {
    std::env::var(variable).unwrap_or_default()
}

/// What a variable has: a key that was given, mostly.
fn value_of(name: &VariableName) -> Option<Zeroizing<Vec<u8>>> {
    std::env::var_os(name.as_str()).map(|value| Zeroizing::new(value.into_encoded_bytes()))
}

/// The variables that a keyctl has given to this shell or around it.
fn injected() -> Vec<String> {
    text_of(MARKER).split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
