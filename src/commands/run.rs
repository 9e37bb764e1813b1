//! `keyctl run`: give a command its keys, and become it, or stay beside it to mask what it prints.

use std::{ffi::OsString, path::Path, process::ExitCode, sync::Arc};

use crate::{
    cli,
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    launch::{
        attended,
        environment::{Environment, Rules},
        program::Program,
    },
    mask::Masker,
    profile::variables,
    terminal::Terminal,
};

use super::{
    choosing::{self, Chosen},
    limiting::Taker,
    named, staying,
    watching::Watched,
};

/// The list of what happens; the last step does not return, unless something is to be done while the command runs.
///
/// # Errors
/// Whatever kept the command from being started with all its keys.
pub fn run(arguments: &cli::Run, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let program = Program::find(&arguments.command, std::env::var_os("PATH").as_deref())?;
    let home = Home::find()?;
    let config = config::read(&home)?;
    let wanted = choosing::wanted(&home, &arguments.choice, &config, terminal)?;
    if arguments.dry_run {
        return preview(&wanted, &config, &arguments.command, terminal);
    }
    let reason = arguments.choice.reason.as_ref();
    let event = Event::new(Action::Run, Moment::now()).program(program.name().as_ref()).reason(reason);
    let approved = choosing::approved(&home, wanted, &event, &config, terminal)?;
    let mut chosen = choosing::keys(approved, &arguments.choice, terminal)?;
    let (masks, watches) = (arguments.staying.masks(chosen.masks), arguments.staying.watch);
    let taker = Taker::of(&program, masks);
    let leave = chosen.hold_to_policy(taker, &config, reason, &event, terminal)?;
    if watches && leave.was_asked {
        return Err(needs_a_yes().into());
    }
    let event = leave.sign(event);
    let rules = Rules { clean: arguments.clean, keep: arguments.keep };
    let judged = if leave.is_for_programs { Some(program.file()?.path()) } else { None };
    let (caller, left_out) = callers_variables(judged);
    let environment = Environment::join(caller, &chosen.given, rules)?;
    environment.check_limits(program.words())?;
    say_what_differs(&environment, &left_out, &program, &chosen, arguments, terminal);
    let event = event.args(chosen.arguments(&program, &config));
    let numbers = chosen.record(&event, &environment.kept, &config, terminal)?;
    let masker = if masks { Some(staying::masker(&chosen, terminal)?) } else { None };
    let name = event.program.unwrap_or_default();
    let watched = Watched { program: &program, masks, rules, config: &config, reason, terminal };
    let ran = if watches {
        watched.run(&environment, &chosen, masker.as_ref()).map(attended::end_as)
    } else {
        start(program, &environment, masker.as_ref())
    };
    let failure = match ran {
        Ok(code) => return Ok(code),
        // It ran; what went wrong is beside it.
        Err(failure) if failure.kind == Kind::Disk => return Err(failure.into()),
        Err(failure) => failure,
    };
    let event = Event::new(Action::Run, Moment::now()).program(name.as_ref()).reason(reason);
    let ended = |number| event.clone().not_started(number, &failure.message);
    chosen.record_failure(ended, &environment.kept, &numbers, terminal);
    Err(failure.into())
}

fn needs_a_yes() -> Failure {
    Failure::new(Kind::Policy, "one of these keys needs a yes at each use, so `--watch` cannot start the command anew")
        .hint("leave out `--watch`, or leave out that key with `--only`")
}

/// Becomes the command, or stays beside it for as long as something has to be done.
fn start(program: Program, environment: &Environment<'_>, masker: Option<&Arc<Masker>>) -> Result<ExitCode> {
    if masker.is_some() {
        return staying::run_once(&program, environment, masker, &mut ()).map(attended::end_as);
    }
    program.become_it(environment).map(|never| match never {})
}

/// The caller's variables. For keys that are for certain programs, of which this is one, those by which a caller has it load
/// other code are left out, and these are named.
pub(super) fn callers_variables(judged: Option<&Path>) -> (impl Iterator<Item = (OsString, OsString)>, Vec<OsString>) {
    let loads = |(name, _): &(OsString, OsString)| judged.is_some_and(|program| variables::loads_code(name, program));
    let (left_out, passed): (Vec<_>, Vec<_>) = std::env::vars_os().partition(loads);
    (passed.into_iter(), left_out.into_iter().map(|(name, _)| name).collect())
}

/// What `--dry-run` shows: which key becomes which variable, without opening anything.
fn preview(
    wanted: &choosing::Wish,
    config: &Config,
    command: &[OsString],
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let mut rows = vec![["VARIABLE", "FROM", "LIMITS"].map(str::to_owned).to_vec()];
    rows.extend(wanted.rows(&config.rotation));
    if rows.iter().skip(1).all(|row| row[2].is_empty()) {
        for row in &mut rows {
            row.truncate(2);
        }
    }
    terminal.table(&rows, &[])?;
    let program = command.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    terminal.say(&format!("would run `{program}`; what the store has was not looked at"));
    Ok(ExitCode::SUCCESS)
}

/// One line each on what a user would not expect. Nothing is said where all is as always.
fn say_what_differs(
    environment: &Environment<'_>,
    left_out: &[OsString],
    program: &Program,
    chosen: &Chosen,
    arguments: &cli::Run,
    terminal: &Terminal,
) {
    let listed = |names: &[crate::name::VariableName]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if !environment.replaced.is_empty() {
        terminal
            .say(&format!("replaced for the command: {} (`--keep` leaves what is set)", listed(&environment.replaced)));
    }
    if !environment.kept.is_empty() {
        terminal.say(&format!("left as it was set: {}", listed(&environment.kept)));
    }
    named::say_left_out(left_out, terminal);
    chosen.say_missing(terminal);
    if !chosen.given.is_empty() && matches!(program.name().as_str(), "sudo" | "doas") {
        terminal.say(&format!(
            "`{}` drops variables that it is not told to keep (`--preserve-env=NAME` keeps one)",
            program.name()
        ));
    }
    if !arguments.yes && !chosen.given.is_empty() && installs_packages(&program.name(), arguments.command.get(1)) {
        terminal.warn(&format!(
            "the install scripts of every package will see these keys: {}",
            listed(&chosen.given.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
        ));
        terminal.hint("install without keys, or say `--yes`");
    }
}

/// Commands that run code of packages nobody has read.
fn installs_packages(program: &str, verb: Option<&OsString>) -> bool {
    let verb = verb.and_then(|verb| verb.to_str()).unwrap_or_default();
    match program {
        "npm" | "pnpm" | "bun" => matches!(verb, "install" | "i" | "ci" | "add" | "update" | "up"),
        "yarn" => matches!(verb, "" | "install" | "add" | "up"),
        "pip" | "pip3" | "uv" | "poetry" => matches!(verb, "install" | "add" | "sync"),
        "cargo" => verb == "install",
        "gem" | "bundle" | "composer" => matches!(verb, "install" | "update" | "require"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::installs_packages;

    #[test]
    fn installing_packages_is_told_from_running_scripts() {
        let installs = |line: &str| {
            let mut words = line.split(' ');
            installs_packages(words.next().unwrap_or_default(), words.next().map(Into::into).as_ref())
        };
        assert!(["npm install", "npm ci", "yarn", "pip install", "uv sync", "cargo install"].into_iter().all(installs));
        assert!(
            !["npm run", "npm test", "yarn dev", "pip list", "cargo run", "myapp install"].into_iter().any(installs)
        );
    }
}
