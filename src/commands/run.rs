//! `keyctl run`: give a command its keys, and become it; or stay beside it, where a file has to be taken away after it, what it
//! prints is masked, or its keys are watched.

use std::{ffi::OsString, path::Path, process::ExitCode};

use crate::{
    activation::state::{self, State},
    cli,
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result, reason},
    history::{Action, Event},
    home::Home,
    launch::{environment::Rules, files, program::Program},
    name::{KeyPath, VariableName},
    platform::{self, HeldSignals},
    profile::{Extra, Form, Source},
    terminal::Terminal,
};

use super::{
    choosing::{self, Chosen},
    limiting::{Leave, Taker},
    named,
    preparing::{Call, Ready},
    proxying::{self, By},
    rendering::{self, Pages},
    staying::{self, Sought},
    watching::Watched,
};

/// A variable and its value.
pub type Variable = (OsString, OsString);

/// Gives a command its keys.
///
/// # Errors
/// As [`marked`].
pub fn run(arguments: &cli::Run, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    marked(arguments, &[], terminal)
}

/// The same in a shell, or in whatever else a command is to know itself to be in.
///
/// # Errors
/// As [`keeping_back`].
pub fn marked(arguments: &cli::Run, signs: &[Variable], terminal: &Terminal) -> anyhow::Result<ExitCode> {
    keeping_back(arguments, signs, By::Limits, terminal)
}

/// The list of what happens; the last step does not return, unless something is to be done while the command runs. `signs` are
/// variables by which the command knows what it runs in, and `by` says which keys it uses by the proxy alone.
///
/// # Errors
/// Whatever kept the command from being started with all its keys.
pub fn keeping_back(arguments: &cli::Run, signs: &[Variable], by: By, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let program = Program::find(&arguments.command, std::env::var_os("PATH").as_deref())?;
    rendering::refuse_stray_form(&arguments.files)?;
    let home = Home::find()?;
    let config = config::read(&home)?;
    let wish = || choosing::wanted(&home, &arguments.choice, &as_files(&arguments.files), &config, terminal);
    let wanted = wish()?;
    let pages = Pages::read(&arguments.files, &wanted)?;
    if arguments.dry_run {
        return preview(&wanted, &pages, &config, &arguments.command, terminal);
    }
    let reason = arguments.choice.reason.as_ref();
    let event = Event::new(Action::Run, Moment::now()).program(program.name().as_ref()).reason(reason);
    let approved = choosing::approved(&home, wanted, &event, &config, terminal)?;
    let mut chosen = choosing::keys(approved, &arguments.choice, terminal)?;
    let proxied = proxying::take_aside(&mut chosen, by, reason, &config, terminal)?;
    let (masks, is_followed) = (arguments.staying.masking.masks(chosen.masks), arguments.staying.watch);
    let taker = Taker::of(&program, masks);
    let leave = chosen.hold_to_policy(taker, &config, reason, &event, terminal)?;
    let mut leases = chosen.leases();
    if is_followed && leave.was_asked {
        return Err(needs_a_yes().into());
    }
    if is_followed && proxied.is_some() {
        return Err(proxying::no_need_to_watch().into());
    }
    pages.hand(&mut chosen)?;
    // From before there is something to take away again.
    let stays = files::need_attending(&chosen.files) || leases.are_there() || proxied.is_some();
    let held = if stays { Some(hold_signals()?) } else { None };
    let mut gateway = proxied.map(|proxied| proxied.start(&chosen, by, &config, terminal)).transpose()?;
    let confined = proxying::confined(by, gateway.as_ref(), &program, &home)?;
    let way = proxying::variables(gateway.as_ref());
    let event = proxying::sign(gateway.as_ref(), event, terminal);
    let rules = Rules { clean: arguments.clean, keep: arguments.keep };
    let (started, way) = (confined.as_ref().unwrap_or(&program), &*way);
    let call =
        Call { program: &program, started, masks, rules, pages: &pages, signs, way, config: &config, reason, terminal };
    let ready = call.prepare(chosen, &leave, event, &Sought::default())?;
    say_what_differs(&ready, &program, arguments, terminal);
    leases.renew(terminal);
    let launched = if is_followed {
        Watched { call: &call, home: &home, wish: &wish }.run(ready)
    } else if let Some(gateway) = &mut gateway {
        gateway.launch(ready, (&home, &wish), &config, terminal)
    } else {
        ready.once(held.is_some())
    };
    // Ending may be by a signal, after which nothing is done.
    leases.end(terminal);
    drop((gateway, held));
    staying::end_as(launched)
}

fn needs_a_yes() -> Failure {
    Failure::new(Kind::Policy, "one of these keys needs a yes at each use, so `--watch` cannot start the command anew")
        .hint("leave out `--watch`, or leave out that key with `--only`")
}

fn hold_signals() -> Result<HeldSignals> {
    platform::hold_all_signals()
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot stay beside a command: {}", reason(&error))))
}

/// The keys that the call names as files.
fn as_files(files: &cli::Files) -> Vec<Extra> {
    let source = |name: &KeyPath| Source::Key { name: name.clone(), optional: false, form: files.form() };
    files.files.iter().map(|(variable, name)| (variable.clone(), source(name))).collect()
}

/// The caller's variables. For keys that are for certain programs, of which this is one, those by which a caller has it load
/// other code are left out but for what the limits let through, and these are named.
pub fn callers_variables(leave: &Leave, judged: Option<&Path>) -> (Vec<Variable>, Vec<OsString>) {
    let goes_without = |variable: &_| judged.is_some_and(|program| leave.leaves_out(program, variable));
    let (left_out, passed): (Vec<_>, Vec<_>) = std::env::vars_os().partition(goes_without);
    (passed, left_out.into_iter().map(|(name, _)| name).collect())
}

/// They as they are passed on, behind what tells the command what it runs in. What a shell got as it stands in a project (see
/// [`state`]) would be taken away by a shell in the command that stands elsewhere; what the command gets is the command's.
pub fn passed_on(caller: Vec<Variable>, marks: &[Variable], chosen: &Chosen) -> Vec<Variable> {
    let pass = |(name, value): Variable| {
        if name != state::VARIABLE {
            return (name, value);
        }
        let given = chosen.variables();
        let given: Vec<&VariableName> = given.iter().collect();
        (name, State::parse(&value.to_string_lossy()).without(&given).text().into())
    };
    marks.iter().cloned().chain(caller.into_iter().map(pass)).collect()
}

/// What `--dry-run` shows: which key becomes which variable, without opening anything.
fn preview(
    wanted: &choosing::Wish,
    pages: &Pages,
    config: &Config,
    command: &[OsString],
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let mut rows = vec![["VARIABLE", "FROM", "LIMITS"].map(str::to_owned).to_vec()];
    rows.extend(wanted.rows(&config.rotation).chain(pages.rows()));
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
fn say_what_differs(ready: &Ready<'_>, program: &Program, arguments: &cli::Run, terminal: &Terminal) {
    let Ready { chosen, left_out, replaced, kept, .. } = ready;
    let listed = |names: &[VariableName]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !replaced.is_empty() {
        terminal.say(&format!("replaced for the command: {} (`--keep` leaves what is set)", listed(replaced)));
    }
    if !kept.is_empty() {
        terminal.say(&format!("left as it was set: {}", listed(kept)));
    }
    named::say_left_out(left_out, terminal);
    chosen.say_missing(terminal);
    if !chosen.is_empty() && matches!(program.name().as_str(), "sudo" | "doas") {
        terminal.say(&format!(
            "`{}` drops variables that it is not told to keep (`--preserve-env=NAME` keeps one)",
            program.name()
        ));
    }
    if chosen.files.iter().any(|file| file.form != Form::NamedFile) && closes_files(&program.name()) {
        terminal
            .warn(&format!("`{}` closes the files that it did not open itself, and these with them", program.name()));
        terminal.hint("give them a name: `--as named-file`, or `as = \"named-file\"` in the profile");
    }
    if !arguments.yes && !chosen.is_empty() && installs_packages(&program.name(), arguments.command.get(1)) {
        terminal.warn(&format!(
            "the install scripts of every package will see these keys: {}",
            listed(&chosen.variables())
        ));
        terminal.hint("install without keys, or say `--yes`");
    }
}

/// Commands that begin with closing every descriptor above the first three.
fn closes_files(program: &str) -> bool {
    matches!(program, "sudo" | "doas" | "ssh" | "scp" | "sftp" | "sshfs")
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
