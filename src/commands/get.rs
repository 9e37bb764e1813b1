//! `keyctl get`: print a key's secret.

use std::{io::IsTerminal, process::ExitCode};

use crate::{
    cli, config,
    date::Moment,
    failure::{Failure, Kind},
    history::{Action, Event},
    home::Home,
    terminal::Terminal,
};

use super::{
    limiting, policy, project,
    sourcing::{self, Asking},
};

/// Prints the secret: as it is into a pipe or a file, with a line ending on a terminal, after a yes.
///
/// # Errors
/// As the store has them; `Usage` for a no.
pub fn get(arguments: &cli::Get, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.name.store())?;
    let config = config::read(&home)?;
    let mut used = sourcing::take_out(&home, &arguments.name, &config, terminal)?;
    let event = Event::new(Action::Get, Moment::now()).names([arguments.name.name()]).reason(arguments.reason.as_ref());
    let event = project::here(event);
    let was_asked = policy::ask(&mut used, &arguments.name, &config, arguments.reason.as_ref(), &event, terminal)?;
    let event = limiting::signed(event, was_asked);
    let on_screen = std::io::stdout().is_terminal();
    if on_screen
        && !arguments.show
        && !was_asked
        && !terminal.confirm(&format!("show the secret of `{}` on this screen?", arguments.name))?
    {
        return Err(Failure::new(Kind::Negative, "not shown")
            .hint(format!("on the clipboard instead: `{} copy {}`", terminal.program(), arguments.name))
            .into());
    }
    let asking = Asking { config: &config, offline: arguments.offline, event: &|| event.clone(), terminal };
    let (from, mut held) = sourcing::fetch_one(&mut used, &arguments.name, arguments.reason.as_ref(), asking)?;
    let event = event.sources(from);
    let number = used.record(event.clone(), &config, terminal)?;
    held.heed_signals()?;
    let printed = terminal.data(used.payload.key(&arguments.name)?.value.expose());
    let printed = printed.and_then(|()| if on_screen { terminal.data(b"\n") } else { Ok(()) });
    if let Err(failure) = printed {
        used.record_failure(event.not_given(number, &failure.message), terminal);
        return Err(failure.into());
    }
    held.leave(terminal);
    Ok(ExitCode::SUCCESS)
}
