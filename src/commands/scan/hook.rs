//! `keyctl scan install-hook`, `uninstall-hook` and `hook-status`: the git hooks that look before a commit and a push.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use serde_json::{Value, json};

use crate::{
    cli::{self, HookChoice},
    commands::several,
    failure::{Failure, Kind, Result, reason},
    home::Home,
    platform,
    scan::{
        engine::Engine,
        git::Git,
        hook::{self, Call, Event, Place, State, script::CHECK},
        needles::Needles,
        untold,
    },
    terminal::Terminal,
};

use super::search::secrets;
use crate::commands::other_keyctl;

/// The hooks that were chosen.
fn events(choice: &HookChoice) -> Vec<Event> {
    let chosen = |event: &Event| match event {
        Event::Commit | Event::Merge | Event::Patch => !choice.pre_push || choice.pre_commit,
        Event::Push => !choice.pre_commit || choice.pre_push,
    };
    Event::ALL.into_iter().filter(chosen).collect()
}

fn names(events: &[Event]) -> String {
    let names: Vec<String> = events.iter().map(|event| format!("`{}`", event.name())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn here() -> Result<Git> {
    let folder = std::env::current_dir()
        .map_err(|error| Failure::new(Kind::Disk, format!("the current folder cannot be told: {}", reason(&error))))?;
    Git::at(&folder)
}

/// keyctl's own folder of hooks for all repositories.
fn own_folder() -> Result<PathBuf> {
    Ok(Home::find()?.file(hook::FOLDER))
}

fn place(global: bool, git: &Git) -> Result<Place> {
    if global { Place::of_all(git, &own_folder()?) } else { Place::of(git, &own_folder()?) }
}

/// Finds what is kept, and what looks like a key, in what is shown. Where somebody would be asked for it a store stays closed:
/// a hook is put in without it too.
fn finder(terminal: &Terminal) -> Engine {
    let stores = several::homes(None).map(|homes| homes.quietly(terminal)).unwrap_or_default();
    let secrets = stores.open.iter().flat_map(|opened| secrets(&opened.home, &opened.payload));
    Engine::new(Needles::of(secrets), true)
}

/// A path as it is shown.
fn shown(engine: &Engine, path: &Path) -> String {
    untold::path(engine, path).display().to_string()
}

/// Puts the hooks in, and sees to it that they work.
///
/// # Errors
/// As [`hook::install`], and `Disk` where the hook that was written does not call keyctl.
pub fn install(arguments: &cli::InstallHook, terminal: &Terminal) -> Result<ExitCode> {
    let engine = finder(terminal);
    installed(arguments, &engine, terminal).map_err(|failure| untold::failure(&engine, failure))
}

fn installed(arguments: &cli::InstallHook, engine: &Engine, terminal: &Terminal) -> Result<ExitCode> {
    let git = here()?;
    let place = place(arguments.global, &git)?;
    let events = events(&arguments.choice);
    let program = other_keyctl::path_as_called()?;
    let home = if std::env::var_os("KEYCTL_HOME").is_some_and(|home| !home.is_empty()) {
        Some(Home::find()?.data().to_owned())
    } else {
        None
    };
    if place.dispatches {
        Home::find()?.prepare()?;
    }
    let written = hook::install(&place, &events, &Call { program, home })?;
    let checked = events.iter().try_for_each(|event| check(&place, *event));
    if let Err(failure) = checked {
        hook::uninstall(&place, &written)?;
        return Err(failure);
    }
    if place.dispatches && git.global_hooks()?.is_none() {
        git.set_global_hooks(Some(&place.folder))?;
    }
    let state = if written.is_empty() { "there already" } else { "installed" };
    let hooks = if events.len() == 1 { "the hook" } else { "the hooks" };
    let are = if events.len() == 1 { "is" } else { "are" };
    terminal.say(&format!("{hooks} {} {are} {state} in `{}`", names(&events), shown(engine, &place.folder)));
    for event in &events {
        if let State::Ours { before: Some(before), .. } = hook::status(&place, *event)? {
            terminal.say(&format!("`{}` is called first, as it was", shown(engine, &before)));
        }
    }
    if place.shared {
        terminal
            .warn("this folder is one of the project's own: others would get these hooks with it, do not commit them");
    }
    if place.common && !arguments.global {
        terminal.warn("git uses this folder in all of your repositories (`core.hooksPath`)");
    } else if place.dispatches {
        terminal.hint("they hold in all repositories but those with a `core.hooksPath` of their own; a repository's own hooks are called first");
    }
    Ok(ExitCode::SUCCESS)
}

/// Calls a hook as a program with windows would, and asks it what it calls.
fn check(place: &Place, event: Event) -> Result<()> {
    let Some(file) = hook::file_of(place, event)? else {
        return Err(Failure::new(Kind::Disk, format!("the hook `{}` is not there", place.file(event).display())));
    };
    if cfg!(windows) {
        return Ok(());
    }
    let bad =
        |what: &str| Failure::new(Kind::Disk, format!("the hook `{}` {what}; it was taken away again", file.display()));
    if !platform::is_executable(&file) {
        return Err(bad("cannot be executed there").hint("that disk may be mounted with `noexec`"));
    }
    let mut command = Command::new(&file);
    command.env_clear().env("PATH", "/usr/bin:/bin").env(CHECK, "check").current_dir("/");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| bad(&format!("cannot be started: {}", reason(&error))))?;
    let expected = format!(" {}", env!("CARGO_PKG_VERSION"));
    if !output.status.success() || !String::from_utf8_lossy(&output.stdout).contains(&expected) {
        return Err(bad("does not reach this keyctl"));
    }
    Ok(())
}

/// Takes the hooks out, and puts back what was there.
///
/// # Errors
/// As [`hook::uninstall`]; `Usage` where the hooks are those of all repositories and only this one was meant.
pub fn uninstall(arguments: &cli::InstallHook, terminal: &Terminal) -> Result<ExitCode> {
    let engine = finder(terminal);
    uninstalled(arguments, &engine, terminal).map_err(|failure| untold::failure(&engine, failure))
}

fn uninstalled(arguments: &cli::InstallHook, engine: &Engine, terminal: &Terminal) -> Result<ExitCode> {
    let git = here()?;
    let mut place = place(arguments.global, &git)?;
    let events = events(&arguments.choice);
    if place.common && !arguments.global {
        let own = Place::of_repository(&git)?;
        if !has_any(&own, &events)? && has_any(&place, &events)? {
            let what = format!("the hooks in `{}` are those of all repositories", place.folder.display());
            return Err(Failure::new(Kind::Usage, format!("{what}; nothing was taken away"))
                .hint("to take them away from all: `keyctl scan uninstall-hook --global`"));
        }
        place = own;
    }
    let all = events.len() == Event::ALL.len();
    hook::refuse_if_changed(&Place { dispatches: place.dispatches && all, ..place.clone() }, &events)?;
    // git is told first: a folder that is gone would be in force otherwise.
    if place.dispatches && all && git.global_hooks()?.as_deref() == Some(&place.folder) {
        git.set_global_hooks(None)?;
    }
    let place = Place { dispatches: place.dispatches && all, ..place };
    let removed = hook::uninstall(&place, &events)?;
    let said = match removed.len() {
        0 => "no hook of keyctl's was there".to_owned(),
        1 => format!("the hook {} is taken away from `{}`", names(&removed), shown(engine, &place.folder)),
        _ => format!("the hooks {} are taken away from `{}`", names(&removed), shown(engine, &place.folder)),
    };
    terminal.say(&said);
    for event in &removed {
        if place.file(*event).symlink_metadata().is_ok() {
            terminal.say(&format!("`{}` is as it was before", shown(engine, &place.file(*event))));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether one of these hooks of keyctl's is there.
fn has_any(place: &Place, events: &[Event]) -> Result<bool> {
    for event in events {
        if hook::file_of(place, *event)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Shows which hooks are in force. A negative answer where none of keyctl's looks before a commit.
///
/// # Errors
/// As git has them.
pub fn status(as_json: bool, terminal: &Terminal) -> Result<ExitCode> {
    let engine = finder(terminal);
    looked_at(as_json, &engine, terminal).map_err(|failure| untold::failure(&engine, failure))
}

fn looked_at(as_json: bool, engine: &Engine, terminal: &Terminal) -> Result<ExitCode> {
    let git = here()?;
    let place = Place::of(&git, &own_folder()?)?;
    let states = Event::ALL.map(|event| Ok((event, hook::status(&place, event)?)));
    let states = states.into_iter().collect::<Result<Vec<_>>>()?;
    let in_force = |state: &State| matches!(state, State::Ours { callable: true, executable: true, .. });
    let code = if in_force(&states[0].1) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if as_json {
        let hooks: Vec<Value> = states.iter().map(|(event, state)| as_value(*event, state, engine)).collect();
        let folder = shown(engine, &place.folder);
        terminal.json(
            &json!({ "folder": folder, "all_repositories": place.common, "shared": place.shared, "hooks": hooks }),
        )?;
        return Ok(code);
    }
    let whose = if place.common { ", for all repositories" } else { "" };
    let mut rows = vec![vec!["hooks".to_owned(), format!("`{}`{whose}", shown(engine, &place.folder))]];
    for (event, state) in &states {
        let words = match state {
            State::Absent => "not installed".to_owned(),
            State::Foreign => "another program's".to_owned(),
            State::Ours { callable: false, .. } => "installed, but the program is gone".to_owned(),
            State::Ours { executable: false, .. } => "installed, but not executable: git ignores it".to_owned(),
            State::Ours { before: Some(_), .. } => "installed; what was there is called first".to_owned(),
            State::Ours { .. } => "installed".to_owned(),
        };
        rows.push(vec![event.name().to_owned(), words]);
    }
    for (_, state) in states.iter().take(1) {
        if let State::Ours { program, .. } = state {
            rows.push(vec!["calls".into(), format!("`{}`", shown(engine, program))]);
        }
    }
    terminal.table(&rows, &[])?;
    if !in_force(&states[0].1) {
        terminal.hint("let commits be looked through: `keyctl scan install-hook`");
    } else if !states[1..3].iter().all(|(_, state)| in_force(state)) {
        terminal.hint("let those of merges and patches be looked through too: `keyctl scan install-hook`");
    }
    Ok(code)
}

fn as_value(event: Event, state: &State, engine: &Engine) -> Value {
    let path = |path: &Path| shown(engine, path);
    match state {
        State::Absent => json!({ "hook": event.name(), "state": "absent" }),
        State::Foreign => json!({ "hook": event.name(), "state": "foreign" }),
        State::Ours { program, callable, executable, before } => {
            let word = match (callable, executable) {
                (false, _) => "program gone",
                (_, false) => "not executable",
                _ => "installed",
            };
            json!({
                "hook": event.name(), "state": word, "calls": path(program), "before": before.as_deref().map(path),
            })
        }
    }
}
