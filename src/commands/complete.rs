//! Completion while typing: names of keys and profiles, asked of keyctl by the shell.
//!
//! It never prompts, says nothing, and reads no value: of the opened store only the tables' heads are looked at. Where
//! the keychain is locked or does not answer at once, there is nothing to complete.

use std::ffi::{OsStr, OsString};

use clap::{Command, CommandFactory};
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate, PathCompleter, engine::ValueCompleter};

use crate::{
    cli::Cli,
    config,
    failure::Result,
    home::Home,
    name::{KeyName, PERSONAL, StoreName},
    platform,
    store::file::SealedFile,
};

use super::{completions, opening, project};

/// If a shell asks for completions, answers it and ends; else does nothing and costs one look at the environment.
pub fn answer_shell() {
    if std::env::var_os(completions::VARIABLE).is_some() {
        CompleteEnv::with_factory(command).var(completions::VARIABLE).complete();
    }
}

/// The command line, with those who know the names.
fn command() -> Command {
    with_names(Cli::command(), false)
}

/// `is_of_store` is for what is below `store`: there a name is that of a store.
fn with_names(command: Command, is_of_store: bool) -> Command {
    let verb = command.get_name().to_owned();
    let is_of_stores = is_of_store || verb == "store";
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let with = |command| with_names(command, is_of_stores);
    let command = below.into_iter().fold(command, |command, name| command.mut_subcommand(name, with));
    command.mut_args(move |argument| match (verb.as_str(), argument.get_id().as_str()) {
        // What does not exist yet cannot be completed.
        ("create", "name") => argument,
        (_, "name") if is_of_store => argument.add(ArgValueCompleter::new(stores)),
        (_, "store") | ("move", "to") => argument.add(ArgValueCompleter::new(stores)),
        ("rename", "old") | ("move", "key") | (_, "name" | "names") => argument.add(ArgValueCompleter::new(keys)),
        (_, "profile") => argument.add(ArgValueCompleter::new(profiles)),
        ("run" | "env" | "render" | "shell", "keys") | ("run", "files") => argument.add(ArgValueCompleter::new(extras)),
        ("run" | "shell", "command") => argument.add(ArgValueCompleter::new(program_or_file)),
        _ => argument,
    })
}

fn stores(typed: &OsStr) -> Vec<CompletionCandidate> {
    let others = Home::all().unwrap_or_default().into_iter().map(|name| name.to_string());
    candidates(typed, [PERSONAL.to_owned()].into_iter().chain(others).collect())
}

fn keys(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, names(typed))
}

/// After `VARIABLE=` the names of keys; before it too, for `-k NAME`.
fn extras(typed: &OsStr) -> Vec<CompletionCandidate> {
    let text = typed.to_string_lossy();
    match text.split_once('=') {
        Some((variable, key)) => {
            candidates(typed, names(key.as_ref()).into_iter().map(|name| format!("{variable}={name}")).collect())
        }
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

/// The names of the personal store's keys, and of those of the stores that what was typed may begin with.
fn names(typed: &OsStr) -> Vec<String> {
    let typed = typed.to_string_lossy();
    let may_begin = |store: &StoreName| {
        let prefix = format!("{store}:");
        prefix.starts_with(&*typed) || typed.starts_with(&prefix)
    };
    let mut names = names_of(None).unwrap_or_default();
    for store in Home::all().unwrap_or_default().iter().filter(|store| may_begin(store)) {
        let of_store = names_of(Some(store)).unwrap_or_default();
        names.extend(of_store.into_iter().map(|name| format!("{store}:{name}")));
    }
    names
}

fn names_of(store: Option<&StoreName>) -> Result<Vec<String>> {
    let home = Home::of(store)?;
    let kept = opening::identity_quietly(&home)?;
    let Some(sealed) = SealedFile::read(&home)? else { return Ok(Vec::new()) };
    let names = sealed.open(&kept.identity, &kept.anchor)?.names()?;
    // A text that a person has edited may hold anything, and a shell puts this on its command line.
    Ok(names.into_iter().filter(|name| name.parse::<KeyName>().is_ok()).collect())
}

fn profile_names() -> Result<Vec<String>> {
    let home = Home::find()?;
    let config = config::read(&home)?;
    let project = project::find(&home, None, None)?;
    Ok(super::profile::names(project.as_ref(), &config))
}

/// The word after `--` is a program, those behind it may be files.
fn program_or_file(typed: &OsStr) -> Vec<CompletionCandidate> {
    if is_first_of_command() && !typed.to_string_lossy().contains(std::path::is_separator) {
        return programs(&typed.to_string_lossy());
    }
    PathCompleter::any().complete(typed)
}

/// Whether the word being typed stands right behind `--`. The first `--` parts the shell's call from what was typed.
fn is_first_of_command() -> bool {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let at = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let at: usize = at.unwrap_or(words.len().saturating_sub(1));
    words.iter().position(|word| word == "--").is_some_and(|dashes| dashes + 1 == at)
}

fn programs(typed: &str) -> Vec<CompletionCandidate> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let entries = std::env::split_paths(&path).filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let found = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let mut names: Vec<String> = found
        .filter(|(name, path)| name.starts_with(typed) && path.is_file() && platform::is_executable(path))
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}
