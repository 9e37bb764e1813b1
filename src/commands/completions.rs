//! `keyctl completions` and `keyctl man`: what a shell and a reader of manuals need, made from the command line itself.

use std::{io::Write, path::Path, process::ExitCode};

use clap::CommandFactory;

use crate::{
    cli::{self, Cli},
    failure::{Failure, Kind},
    terminal::Terminal,
};

/// The variable through which a shell asks for completions while typing.
pub const VARIABLE: &str = "KEYCTL_COMPLETE";

/// Prints a shell's script.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(arguments: &cli::Completions, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    if arguments.dynamic {
        let shells = clap_complete::env::Shells::builtins();
        let shell = shells
            .completer(&arguments.shell.to_string())
            .ok_or_else(|| Failure::new(Kind::Usage, "this shell has no dynamic completion"))?;
        shell.write_registration(VARIABLE, "keyctl", "keyctl", terminal.program(), &mut script)?;
    } else {
        clap_complete::generate(arguments.shell, &mut Cli::command(), "keyctl", &mut script);
    }
    terminal.data(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the main page, or writes a page for each command to a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(arguments: &cli::Man, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match &arguments.out {
        Some(folder) => write_pages(folder, terminal)?,
        None => terminal.data(&page(Cli::command())?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn page(command: clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}

fn write_pages(folder: &Path, terminal: &Terminal) -> anyhow::Result<()> {
    let failed = |error: &std::io::Error| Failure::disk("write", folder, error);
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut written = 0;
    for (name, command) in pages(&command, "keyctl") {
        let mut file = std::fs::File::create(folder.join(format!("{name}.1"))).map_err(|error| failed(&error))?;
        file.write_all(&page(command)?).map_err(|error| failed(&error))?;
        written += 1;
    }
    terminal.say(&format!("wrote {} to `{}`", crate::terminal::count(written, "page"), folder.display()));
    Ok(())
}

/// The command and those below it, each with its page's name.
fn pages(command: &clap::Command, name: &str) -> Vec<(String, clap::Command)> {
    // clap takes names that live as long as the program; these few are made once.
    let mut all = vec![(name.to_owned(), command.clone().display_name(name.to_owned()))];
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        all.extend(pages(below, &format!("{name}-{}", below.get_name())));
    }
    all
}
