//! The part of `run` that stays beside the command, where what it prints is masked.

use std::{io::Write, process::ExitCode, sync::Arc};

use crate::{
    cli,
    failure::{Failure, Kind, Result, reason},
    launch::{attended, environment::Environment, masked, program::Program},
    mask::{Masker, github},
    platform::{self, Attendant, Ended},
    terminal::Terminal,
};

use super::{caller, choosing::Chosen};

/// Makes ready what is masked, and says of which secrets it is not. GitHub Actions, whose log masks what it is told, is told.
///
/// # Errors
/// `Disk` where nobody could tell it.
pub fn masker(chosen: &Chosen, terminal: &Terminal) -> Result<Arc<Masker>> {
    let masker = Masker::of(chosen.secrets().map(|(variable, secret)| (variable.as_str(), secret)));
    let short = masker.too_short();
    if !short.is_empty() {
        let names = short.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        terminal.warn(&format!("{names}: a secret of fewer than {} bytes, which is not masked", crate::mask::SHORTEST));
    }
    // An agent reads what is printed before any log does.
    let is_in_actions = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    if is_in_actions && caller::agent().is_none() {
        tell_github(chosen, terminal)?;
    }
    Ok(masker)
}

/// By standard error, which its runner reads as well: standard output is the command's, and may go to a file or a variable.
fn tell_github(chosen: &Chosen, terminal: &Terminal) -> Result<()> {
    let stderr = std::io::stderr();
    if platform::is_file(&stderr) {
        terminal.warn("GitHub is not told what to mask, as standard error goes to a file");
        return Ok(());
    }
    let lines = github::lines(chosen.secrets().map(|(_, secret)| secret));
    stderr
        .lock()
        .write_all(&lines)
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot tell GitHub what to mask: {}", reason(&error))))
}

/// Runs the command to its end.
///
/// # Errors
/// As [`attended::run`] and [`masked::run`].
pub fn run_once(
    program: &Program,
    environment: &Environment<'_>,
    masker: Option<&Arc<Masker>>,
    attendant: &mut dyn Attendant,
) -> Result<Ended> {
    match masker {
        Some(masker) => masked::run(program, environment, masker, attendant),
        None => attended::run(program, environment, attendant),
    }
}

/// Starts the command on the terminal that was made for it, and ends as it does; or is to become it there.
///
/// # Errors
/// As [`masked::lead`] and [`Program::become_it`].
#[cfg(unix)]
pub fn lead(arguments: cli::LeadSession) -> anyhow::Result<ExitCode> {
    use crate::launch::environment::Rules;
    let mut words = arguments.command.into_iter();
    let (Some(path), Some(called)) = (words.next(), words.next()) else {
        return Err(Failure::new(Kind::Usage, "this is started by `keyctl run`, with a command").into());
    };
    let program = Program::found(path.into(), called, words.collect());
    let environment = Environment::join(std::env::vars_os(), &[], Rules::default())?;
    if arguments.follow {
        masked::wait_for_terminal();
        return program.become_it(&environment).map(|never| match never {}).map_err(Into::into);
    }
    Ok(attended::end_as(masked::lead(&program, &environment)?))
}
