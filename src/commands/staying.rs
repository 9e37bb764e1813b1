//! The part of `run` that stays beside the command, where what it prints is masked.

use std::{io::Write, sync::Arc};

use crate::{
    failure::{Failure, Kind, Result, reason},
    launch::{attended, environment::Environment, masked, program::Program},
    mask::{self, Masker, github},
    name::VariableName,
    platform::{self, Attendant, Ended},
    secret::Secret,
    terminal::Terminal,
};

use super::{caller, choosing::Chosen, rendering::Pages};

/// Makes ready what is masked, `former` secrets of the same command among it, and says of which secrets it is not. GitHub Actions, whose log masks what it is told, is told.
///
/// # Errors
/// `Disk` where nobody could tell it.
pub fn masker(
    chosen: &Chosen,
    pages: &Pages,
    former: &[(VariableName, Secret)],
    terminal: &Terminal,
) -> Result<Arc<Masker>> {
    let made: Vec<(VariableName, Secret)> = chosen.filtered().into_iter().chain(pages.filtered(chosen)).collect();
    let made =
        || made.iter().filter(|(_, secret)| secret.len() >= mask::SHORTEST_MADE).map(|(name, made)| (name, made));
    let former =
        former.iter().map(|(name, secret)| (name, secret)).filter(|(_, secret)| secret.len() >= mask::SHORTEST);
    let secrets = chosen.secrets().chain(made()).chain(former).map(|(name, secret)| (name.as_str(), secret));
    let texts = chosen.texts().map(|(name, text)| (name.as_str(), text));
    let masker = Masker::of(secrets, texts.filter(|(_, text)| text.len() >= mask::SHORTEST_MADE));
    let short = masker.too_short();
    if !short.is_empty() {
        let names = short.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        terminal.warn(&format!("{names}: a secret of fewer than {} bytes, which is not masked", mask::SHORTEST));
    }
    // An agent reads what is printed before any log does.
    let is_in_actions = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    if is_in_actions && caller::agent().is_none() {
        let secrets = chosen.secrets().chain(made()).map(|(_, secret)| secret);
        tell_github(&github::lines(secrets), terminal)?;
    }
    Ok(masker)
}

/// By standard error, which its runner reads as well: standard output is the command's, and may go to a file or a variable.
fn tell_github(lines: &[u8], terminal: &Terminal) -> Result<()> {
    let stderr = std::io::stderr();
    if platform::is_file(&stderr) {
        terminal.warn("GitHub is not told what to mask, as standard error goes to a file");
        return Ok(());
    }
    stderr
        .lock()
        .write_all(lines)
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
pub fn lead(arguments: crate::cli::LeadSession) -> anyhow::Result<std::process::ExitCode> {
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
