//! `keyctl env`: a profile's keys in another program's form.

use std::{io::IsTerminal, process::ExitCode};

use crate::{
    cli, config,
    date::Moment,
    exchange::export,
    failure::{Failure, Kind},
    history::{Action, Event},
    home::Home,
    terminal::Terminal,
};

use super::{choosing, limiting::Taker};

/// Prints the variables, every value so that its reader gets the same bytes back, or none at all.
///
/// # Errors
/// As `run` has them; `Usage` for a value that the format cannot carry.
pub fn env(arguments: &cli::Env, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if std::io::stdout().is_terminal() && !arguments.show && !terminal.confirm("show the secrets on this screen?")? {
        return Err(Failure::new(Kind::Negative, "not shown")
            .hint("into a command instead: `keyctl run -- myapp`")
            .into());
    }
    let home = Home::find()?;
    let config = config::read(&home)?;
    let wanted = choosing::wanted(&home, &arguments.choice, &[], &config, terminal)?;
    if let Some((variable, _)) = wanted.sources().find(|(_, source)| !source.form().is_variable()) {
        return Err(Failure::new(Kind::Usage, format!("`{variable}` is given as a file, which cannot be printed"))
            .hint("print the others with `--only VARIABLE,...`, or give it to a command: `keyctl run -- myapp`")
            .into());
    }
    let reason = arguments.choice.reason.as_ref();
    let event = Event::new(Action::Env, Moment::now()).note(arguments.format.name()).reason(reason);
    let approved = choosing::approved(&home, wanted, &event, &config, terminal)?;
    let mut chosen = choosing::keys(approved, &arguments.choice, terminal)?;
    let event = chosen.hold_to_policy(Taker::Reader, &config, reason, &event, terminal)?.sign(event);
    chosen.say_missing(terminal);
    if chosen.given.is_empty() {
        return Err(Failure::new(Kind::Negative, "there is nothing to print").into());
    }
    let pairs: Vec<_> = chosen.given.iter().map(|(name, value)| (name.clone(), value)).collect();
    let text = export::write(arguments.format, &pairs)?;
    let numbers = chosen.record(&event, &[], &config, terminal)?;
    chosen.heed_signals()?;
    if let Err(failure) = terminal.data(&text) {
        let ended = |number| event.clone().not_given(number, &failure.message);
        chosen.record_failure(ended, &[], &numbers, terminal);
        return Err(failure.into());
    }
    chosen.leave_lent(terminal);
    Ok(ExitCode::SUCCESS)
}
