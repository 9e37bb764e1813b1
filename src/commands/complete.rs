//! Completion while typing: names of keys and profiles, asked of keyctl by the shell.
//!
//! It never prompts, says nothing, and reads no value: of the opened store only the tables' heads are looked at. Where
//! the keychain is locked or does not answer at once, there is nothing to complete.

use std::ffi::OsStr;

use clap::{Command, CommandFactory};
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate};

use crate::{cli::Cli, config, failure::Result, home::Home, store::file::SealedFile};

use super::{completions, opening, project};

/// If a shell asks for completions, answers it and ends; else does nothing and costs one look at the environment.
pub fn answer_shell() {
    if std::env::var_os(completions::VARIABLE).is_some() {
        CompleteEnv::with_factory(command).var(completions::VARIABLE).complete();
    }
}

/// The command line, with those who know the names.
fn command() -> Command {
    with_names(Cli::command())
}

fn with_names(command: Command) -> Command {
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = below.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_names));
    let verb = command.get_name().to_owned();
    command.mut_args(move |argument| match (verb.as_str(), argument.get_id().as_str()) {
        ("set" | "get" | "show" | "copy", "name") | ("remove", "names") | ("rename", "old") => {
            argument.add(ArgValueCompleter::new(keys))
        }
        (_, "profile") => argument.add(ArgValueCompleter::new(profiles)),
        ("run" | "env", "keys") => argument.add(ArgValueCompleter::new(extras)),
        _ => argument,
    })
}

fn keys(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, names().unwrap_or_default())
}

/// After `VARIABLE=` the names of keys; before it too, for `-k NAME`.
fn extras(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    match text.split_once('=') {
        Some((variable, _)) => candidates(
            typed,
            names().unwrap_or_default().into_iter().map(|name| format!("{variable}={name}")).collect(),
        ),
        None => keys(typed),
    }
}

fn profiles(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, profile_names().unwrap_or_default())
}

fn candidates(typed: &OsStr, names: Vec<String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names.into_iter().filter(|name| name.starts_with(&*typed)).map(CompletionCandidate::new).collect()
}

fn names() -> Result<Vec<String>> {
    let home = Home::find()?;
    let kept = opening::identity(&home)?;
    let Some(sealed) = SealedFile::read(&home)? else { return Ok(Vec::new()) };
    sealed.open(&kept.identity, &kept.anchor)?.names()
}

fn profile_names() -> Result<Vec<String>> {
    let home = Home::find()?;
    let config = config::read(&home)?;
    let project = project::find(&home, None, None)?;
    Ok(super::profile::names(project.as_ref(), &config))
}
