//! `keyctl completions` and `keyctl man`: what a shell and a reader of manuals need, made from the command line itself.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::roff::{Roff, roman};

use crate::{
    cli::{self, Cli},
    failure::{EXIT_CODES, Failure, Kind},
    plain::shell_word,
    terminal::Terminal,
};

/// The variable through which a shell asks for completions while typing.
pub const VARIABLE: &str = "KEYCTL_COMPLETE";

/// Bash splits words where clap's own script does not expect it, so that `-k VARIABLE=` would complete nothing.
const BASH: &str = include_str!("complete.bash");

/// Prints a shell's script.
///
/// # Errors
/// When standard output cannot be written.
pub fn completions(arguments: &cli::Completions, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let program = terminal.program();
    let mut script = Vec::new();
    if !arguments.dynamic {
        clap_complete::generate(arguments.shell, &mut visible(), program, &mut script);
    } else if arguments.shell == Shell::Bash {
        script = bash(program, &completer(program)).into_bytes();
    } else {
        let shells = clap_complete::env::Shells::builtins();
        let shell = shells
            .completer(&arguments.shell.to_string())
            .ok_or_else(|| Failure::new(Kind::Usage, "this shell has no dynamic completion"))?;
        shell.write_registration(VARIABLE, program, program, &completer(program), &mut script)?;
    }
    terminal.data(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// The command line without what is hidden, which clap's scripts would offer.
fn visible() -> clap::Command {
    let all = Cli::command();
    let shown: Vec<_> = all.get_subcommands().filter(|below| !below.is_hide_set()).cloned().collect();
    let visible = clap::Command::new("keyctl").version(env!("CARGO_PKG_VERSION"));
    visible.args(all.get_arguments().cloned()).subcommands(shown)
}

/// What the shell asks: the name that it finds this program by or, if it was called by a path, that path; the name alone
/// might be the other `keyctl`.
fn completer(program: &str) -> String {
    let called = std::env::args_os().next().map(PathBuf::from).filter(|called| called.components().count() > 1);
    called
        .and_then(|called| std::path::absolute(called).ok()?.to_str().map(str::to_owned))
        .unwrap_or(program.to_owned())
}

fn bash(program: &str, completer: &str) -> String {
    let function = format!("{}_complete", program.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    BASH.replace("FUNCTION", &function)
        .replace("VARIABLE", VARIABLE)
        .replace("PROGRAM", &shell_word(program))
        .replace("COMPLETER", &shell_word(completer))
}

/// Prints the main page, or writes a page for each command to a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(arguments: &cli::Man, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let mut command = Cli::command().bin_name(terminal.program().to_owned()).disable_help_subcommand(true);
    command.build();
    let pages = pages(&command, terminal.program());
    match &arguments.out {
        Some(folder) => write_pages(folder, pages, terminal)?,
        None => {
            if let Some((_, command)) = pages.into_iter().next() {
                terminal.data(&page(command, terminal)?)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn page(command: clap::Command, terminal: &Terminal) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    let notes = command.get_after_help().map(ToString::to_string);
    let is_main = command.get_subcommands().any(|below| below.get_name() == "run");
    let has_commands = command.get_subcommands().any(|below| !below.is_hide_set());
    let man = clap_mangen::Man::new(command);
    let man = man.source(format!("{} {}", terminal.program(), env!("CARGO_PKG_VERSION"))).manual("API keys");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut rest = Roff::new();
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    if is_main {
        rest.control("SH", ["EXIT STATUS"]);
        for (code, meaning) in EXIT_CODES {
            rest.control("TP", []).text([roman(*code)]).text([roman(*meaning)]);
        }
    }
    if let Some(notes) = notes {
        rest.control("SH", ["NOTES"]).control("nf", []);
        for line in terminal.named(&notes).lines() {
            rest.text([roman(line)]);
        }
        rest.control("fi", []);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

fn write_pages(folder: &Path, pages: Vec<(String, clap::Command)>, terminal: &Terminal) -> anyhow::Result<()> {
    let failed = |error: &std::io::Error| Failure::disk("write", folder, error);
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let written = pages.len();
    for (name, command) in pages {
        std::fs::write(folder.join(format!("{name}.1")), page(command, terminal)?).map_err(|error| failed(&error))?;
    }
    terminal.say(&format!("wrote {} to `{}`", crate::terminal::count(written, "page"), folder.display()));
    Ok(())
}

/// The command and those below it, each with its page's name.
fn pages(command: &clap::Command, name: &str) -> Vec<(String, clap::Command)> {
    let own = command.clone().display_name(name.to_owned());
    let mut all = vec![(name.to_owned(), own.subcommand_value_name("command").subcommand_help_heading("COMMANDS"))];
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        all.extend(pages(below, &format!("{name}-{}", below.get_name())));
    }
    all
}
