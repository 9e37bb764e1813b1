//! The commands: each reads, decides and speaks. They alone know all the others.

pub mod activate;
pub mod agent;
pub mod alerts;
pub mod allow;
pub mod asking;
pub mod audit;
pub mod caller;
pub mod change;
pub mod choosing;
pub mod complete;
pub mod completions;
pub mod copy;
pub mod creating;
pub mod details;
mod differences;
pub mod doctor;
pub mod due;
pub mod echo;
pub mod edit;
pub mod env;
pub mod get;
pub mod given;
pub mod history;
pub mod import;
pub mod init;
pub mod judging;
pub mod keepers;
pub mod limiting;
pub mod lock;
pub mod mcp;
pub mod mending;
pub mod mistyped;
mod moving;
pub mod named;
pub mod naming;
pub mod narrowing;
pub mod online;
pub mod opening;
pub mod other_keyctl;
pub mod policy;
pub mod preparing;
pub mod profile;
pub mod project;
pub mod prompt;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "proxy")]
pub mod proxying;
#[cfg(not(feature = "proxy"))]
#[path = "without_proxy.rs"]
pub mod proxying;
pub mod recipients;
pub mod record;
pub mod recovery;
pub mod rekey;
pub mod remind;
pub mod reminded;
pub mod remove;
pub mod rename;
pub mod render;
pub mod rendering;
pub mod returned;
pub mod revoke;
pub mod rotate;
pub mod run;
pub mod scan;
pub mod schema;
pub mod set;
pub mod several;
pub mod shell;
pub mod show;
mod source;
mod sourcing;
pub mod status;
pub mod staying;
pub mod store;
pub mod stores;
#[cfg(feature = "sources")]
pub mod transfer;
#[cfg(not(feature = "sources"))]
#[path = "transfer_absent.rs"]
pub mod transfer;
pub mod unbound;
pub mod undo;
pub mod unlock;
pub mod using;
pub mod versions;
pub mod watching;

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
};

use clap::{
    CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    cli::{self, Cli, Due, Global, HookEnv, RunAlone, RunVerb, Verb, plain},
    failure::{Failure, Kind},
    terminal::Terminal,
};

/// What the arguments came to.
pub enum Called {
    /// A command.
    Command(Box<Cli>),
    /// Help or the version, for standard output.
    Text(String),
    /// A call that cannot be meant, and the exit code of all its failures if it has one.
    Wrong(Failure, Option<u8>),
}

/// The name this program was called by, for its messages: a distribution may have renamed it.
#[must_use]
pub fn called_by(first: Option<&OsString>) -> String {
    let name = first.map(Path::new).and_then(Path::file_name).unwrap_or(OsStr::new("keyctl")).to_string_lossy();
    name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(&name).to_owned()
}

/// Reads the arguments.
#[must_use]
pub fn parse(arguments: &[OsString]) -> Called {
    let runs = arguments
        .iter()
        .skip(1)
        .find(|word| !word.to_string_lossy().starts_with('-'))
        .is_some_and(|word| word == "run" || word == "exec" || word == "shell");
    // What every start of a program waits for is read without clap as it is called most, and else without all other commands.
    if let Some(run) = plain::run(arguments) {
        return Called::Command(Box::new(Cli { global: Global::default(), verb: Verb::Run(run) }));
    }
    if runs && let Ok(alone) = RunAlone::try_parse_from(arguments) {
        let RunVerb::Run(run) = alone.verb;
        return Called::Command(Box::new(Cli { global: alone.global, verb: Verb::Run(run) }));
    }
    // A prompt waits for this after every command: of its one form nothing has to be parsed.
    if arguments.iter().skip(1).eq(["due", "--prompt"]) {
        let verb = Verb::Due(Due { prompt: true, ..Due::default() });
        return Called::Command(Box::new(Cli { global: Global::default(), verb }));
    }
    // And for this too.
    if let [_, verb, shell] = arguments
        && verb == "hook-env"
        && let Some(shell) = shell.to_str().and_then(|shell| shell.parse().ok())
    {
        let verb = Verb::HookEnv(HookEnv { shell, off: false });
        return Called::Command(Box::new(Cli { global: Global::default(), verb }));
    }
    if let Some(name) = name_of_assignment(arguments) {
        return Called::Wrong(set::in_the_arguments(&name), None);
    }
    if let Some(failure) = other_keyctl::meant(&arguments[1.min(arguments.len())..]) {
        return Called::Wrong(failure, None);
    }
    let one_code = runs.then_some(cli::RUN_FAILED);
    match Cli::try_parse_from(arguments) {
        Ok(command) => match mistyped::found(&command) {
            Some(failure) => Called::Wrong(failure, one_code),
            None => Called::Command(Box::new(command)),
        },
        Err(error) if !error.use_stderr() => Called::Text(render(&error)),
        Err(error) => Called::Wrong(explain(&error, arguments), one_code),
    }
}

/// Help, with escape sequences only where a terminal reads them.
fn render(error: &clap::Error) -> String {
    use std::io::IsTerminal;
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let text = error.render();
    if no_colour || !std::io::stdout().is_terminal() { text.to_string() } else { text.ansi().to_string() }
}

/// Those of a command's words that are neither options nor their values, as clap knows its options.
fn plain_words<'w>(verb: &str, words: &'w [OsString]) -> Vec<&'w OsString> {
    let all = Cli::command();
    let own = all.find_subcommand(verb).into_iter().flat_map(clap::Command::get_arguments);
    let options: Vec<&clap::Arg> = own.chain(all.get_arguments()).collect();
    let option = |word: &str| -> Option<&clap::Arg> {
        let long = word.strip_prefix("--").and_then(|long| long.split('=').next());
        let short = word.strip_prefix('-').and_then(|short| short.chars().next());
        let is_it = |arg: &&&clap::Arg| match long {
            Some(long) => arg.get_long() == Some(long),
            None => short.is_some() && arg.get_short() == short,
        };
        options.iter().find(is_it).copied()
    };
    let takes_next = |arg: &clap::Arg, word: &str| {
        let is_alone = if word.starts_with("--") { !word.contains('=') } else { word.len() == 2 };
        arg.get_action().takes_values() && !arg.is_require_equals_set() && is_alone
    };
    let (mut plain, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            plain.extend(words);
            break;
        }
        match option(&text) {
            None => plain.push(word),
            Some(arg) if takes_next(arg, &text) => drop(words.next()),
            Some(_) => {}
        }
    }
    plain
}

/// `keyctl set NAME=secret`, as a shell sets variables: the name, if that was typed.
fn name_of_assignment(arguments: &[OsString]) -> Option<String> {
    if arguments.get(1)? != "set" {
        return None;
    }
    let assigned = |word: &str| !word.starts_with('-') && word.contains('=');
    // Only then clap is asked: it takes its time to know all commands.
    arguments[2..].iter().filter_map(|word| word.to_str()).find(|word| assigned(word))?;
    let plain = plain_words("set", &arguments[2..]);
    let assigned = plain.into_iter().filter_map(|word| word.to_str()).find(|word| assigned(word))?;
    let name = assigned.split('=').next().unwrap_or_default();
    Some(name.parse::<crate::name::KeyPath>().map_or_else(|_| "NAME".to_owned(), |name| name.to_string()))
}

/// Whether a text looks like an option or a placeholder of ours, and not like a pasted secret.
fn is_word_of_ours(text: &str) -> bool {
    let letters = text.chars().all(|c| c.is_ascii_alphabetic() || "-_<>.[], ".contains(c));
    letters && text.len() <= 40
}

/// clap's finding in our words. clap quotes what it could not use, and that may be a secret; here only the names of
/// options and commands are quoted.
fn explain(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let option = || {
        text(ContextKind::InvalidArg)
            .map(|name| name.trim_start_matches('[').split(['=', '[', ' ', ']']).next().unwrap_or_default().to_owned())
            .filter(|name| is_word_of_ours(name))
            .unwrap_or_else(|| "that".to_owned())
    };
    let verb = arguments
        .get(1)
        .and_then(|word| word.to_str())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    let path = path_of(arguments);
    let words: Vec<&str> = ["keyctl"].into_iter().chain(path.iter().map(String::as_str)).chain(["--help"]).collect();
    let help = format!("see `{}`", words.join(" "));
    let suggested = text(ContextKind::SuggestedSubcommand)
        .or_else(|| (error.kind() == ErrorKind::InvalidSubcommand).then(String::new))
        .and_then(|names| {
            let typed = arguments.get(path.len() + 1).and_then(|typed| typed.to_str());
            mistyped::nearest(&names, typed, &path)
        })
        .or_else(|| text(ContextKind::SuggestedArg))
        .map(|name| format!("did you mean `{}`?", name.replace(", ", "` or `")));
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => "there is no such command".to_owned(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command was given".to_owned()
        }
        ErrorKind::UnknownArgument if option().starts_with('-') => format!("there is no option `{}` here", option()),
        ErrorKind::UnknownArgument => "there is an argument too many".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("missing: `{}`", option()),
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(prior) => {
                let prior =
                    if prior.starts_with(['[', '<']) { prior.trim_matches(['[', ']', '<', '>', '.']) } else { &prior };
                format!("`{}` cannot stand beside `{prior}`", option())
            }
            None => format!("`{}` cannot be used here", option()),
        },
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            // What Rust says of that names neither the value nor what it should be.
            Some(why) if why.is::<std::num::ParseIntError>() => format!("`{}` takes a whole number", option()),
            Some(why) => format!("`{}`: {why}", option()),
            None => format!("`{}` does not take this value", option()),
        },
        ErrorKind::InvalidValue => match text(ContextKind::ValidValue) {
            Some(valid) if !valid.is_empty() => format!("`{}` takes one of: {valid}", option()),
            _ => format!("`{}` needs a value", option()),
        },
        ErrorKind::InvalidUtf8 => "an argument is no text: it is not valid UTF-8".to_owned(),
        ErrorKind::NoEquals => format!("write `{}` with `=` and its value", option()),
        _ => format!("`{}` cannot be used like this", option()),
    };
    let failure = Failure::new(Kind::Usage, message);
    let no_dashes = text(ContextKind::InvalidArg).is_some_and(|name| name.contains("COMMAND"))
        || (verb == Some("run") && !arguments.iter().any(|word| word == "--"));
    let no_dashes_of_shell =
        verb == Some("shell") && error.kind() == ErrorKind::UnknownArgument && !option().starts_with('-');
    let failure = match (no_dashes, no_dashes_of_shell) {
        (true, _) => failure.hint("put the command after `--`: `keyctl run -- myapp`"),
        (false, true) => failure.hint("put the shell after `--`: `keyctl shell -- zsh`"),
        (false, false) => failure,
    };
    let failure = match period_of_snooze(&path, arguments) {
        Some(period) if suggested.is_none() => {
            failure.hint(format!("for how long goes with `--for`: `--for {period}`"))
        }
        _ => failure,
    };
    match suggested {
        Some(suggested) => failure.hint(suggested),
        None => failure.hint(help),
    }
}

/// The names of the commands that were called, each below the one before: `history`, `export`.
fn path_of(arguments: &[OsString]) -> Vec<String> {
    let mut command = Cli::command();
    let mut path = Vec::new();
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()).filter(|word| !word.starts_with('-')) {
        let Some(below) = command.find_subcommand(word).cloned() else { break };
        path.push(below.get_name().to_owned());
        command = below;
    }
    path
}

/// A period among the names that are to be left alone for a while.
fn period_of_snooze<'a>(path: &[String], arguments: &'a [OsString]) -> Option<&'a str> {
    let words = || arguments.iter().filter_map(|word| word.to_str());
    let is_period = |word: &&str| word.parse::<crate::date::Period>().is_ok();
    words().find(is_period).filter(|_| path == ["remind", "snooze"] && !words().any(|word| word.starts_with("--for")))
}

/// Does what the command says.
///
/// # Errors
/// A [`Failure`], or what a library says that none was expected of.
pub fn dispatch(command: Cli, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    asking::introduce(terminal);
    match command.verb {
        Verb::Run(arguments) => run::run(&arguments, terminal),
        Verb::Shell(arguments) => shell::shell(arguments, terminal),
        Verb::Activate(arguments) => activate::activate(&arguments, terminal),
        Verb::HookEnv(arguments) => activate::hook_env(&arguments, terminal),
        Verb::Set(arguments) => set::set(&arguments, terminal),
        Verb::Get(arguments) => get::get(&arguments, terminal),
        Verb::Show(arguments) => show::show(&arguments, terminal),
        Verb::List(arguments) => show::list(&arguments, terminal),
        Verb::Remove(arguments) => remove::remove(&arguments, terminal),
        Verb::Rename(arguments) => rename::rename(&arguments, terminal),
        Verb::Copy(arguments) => copy::copy(&arguments, terminal),
        Verb::Edit(arguments) => edit::edit(&arguments, terminal),
        Verb::Revoke(arguments) => revoke::revoke(&arguments, terminal),
        Verb::Versions(arguments) => versions::versions(&arguments, terminal),
        Verb::Rollback(arguments) => versions::rollback(&arguments, terminal),
        Verb::Undo(arguments) => undo::undo(&arguments, terminal),
        Verb::Forget(arguments) => versions::forget(&arguments, terminal),
        Verb::Due(arguments) => due::due(&arguments, terminal),
        Verb::Rotate(arguments) => rotate::rotate(&arguments, terminal),
        Verb::Push(arguments) => transfer::push(&arguments, terminal),
        Verb::Pull(arguments) => transfer::pull(&arguments, terminal),
        Verb::Remind(arguments) => remind::remind(arguments, terminal),
        Verb::Env(arguments) => env::env(&arguments, terminal),
        Verb::Render(arguments) => render::render(&arguments, terminal),
        Verb::Import(arguments) => import::import(&arguments, terminal),
        Verb::Init(arguments) => init::init(&arguments, terminal),
        Verb::Allow(arguments) => allow::allow(&arguments, terminal),
        Verb::Deny(arguments) => allow::deny(&arguments, terminal),
        Verb::Profile(arguments) => profile::profile(arguments, terminal),
        Verb::History(arguments) => history::history(*arguments, terminal),
        Verb::Alerts(arguments) => alerts::alerts(arguments, terminal),
        Verb::Scan(arguments) => scan::scan(&arguments, terminal),
        Verb::Recovery(arguments) => recovery::recovery(arguments, terminal),
        Verb::Store(arguments) => store::store(&arguments, terminal),
        Verb::Source(arguments) => source::source(arguments, terminal),
        Verb::Unlock(arguments) => unlock::unlock(&arguments, terminal),
        Verb::Lock(arguments) => lock::lock(&arguments, terminal),
        Verb::Status(arguments) => status::status(&arguments, terminal),
        Verb::Doctor(arguments) => doctor::doctor(&arguments, terminal),
        Verb::Audit(arguments) => audit::audit(&arguments, terminal),
        Verb::Agent(arguments) => agent::agent(arguments, terminal),
        #[cfg(feature = "proxy")]
        Verb::Proxy(arguments) => proxy::proxy(arguments, terminal),
        #[cfg(not(feature = "proxy"))]
        Verb::Proxy(_) => Err(proxying::not_there().into()),
        #[cfg(all(any(target_os = "linux", target_os = "macos"), feature = "proxy"))]
        Verb::Confine(arguments) => proxying::confine(arguments),
        #[cfg(all(any(target_os = "linux", target_os = "macos"), not(feature = "proxy")))]
        Verb::Confine(_) => Err(proxying::not_there().into()),
        Verb::Mcp => mcp::mcp(terminal),
        Verb::Schema(arguments) => schema::schema(&arguments, terminal),
        Verb::Completions(arguments) => completions::completions(&arguments, terminal),
        Verb::Man(arguments) => completions::man(&arguments, terminal),
        Verb::HoldClipboard(arguments) => copy::hold(&arguments, terminal),
        #[cfg(target_os = "linux")]
        Verb::CloseOnLock(arguments) => unlock::watch::watch(&arguments, terminal),
        #[cfg(unix)]
        Verb::LeadSession(arguments) => staying::lead(arguments),
        #[cfg(unix)]
        Verb::MaskRest => Ok(staying::mask_rest()),
        Verb::DeliverAlert(arguments) => alerts::deliver::deliver(&arguments, terminal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_neither_options_nor_their_values() {
        for (verb, words, plain) in [
            ("set", "a --url https://x?y=z --note b=c --json", "a"),
            ("set", "--note=b=c -q --tag d a", "a"),
            ("set", "--from-file e=f --generate a", "a"),
            ("set", "A=b --note c=d", "A=b"),
            ("set", "--note c=d -- A=b --x", "A=b --x"),
            ("set", "--unknown A=b", "--unknown A=b"),
            ("rotate", "a/b --overlap 7d -yq --reason why", "a/b"),
            ("rotate", "-secret --yes", "-secret"),
        ] {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            let found: Vec<&str> = plain_words(verb, &words).into_iter().filter_map(|word| word.to_str()).collect();
            assert_eq!(found.join(" "), plain, "{verb} {words:?}");
        }
    }

    #[test]
    fn a_secret_behind_the_sign_of_an_assignment_is_found_and_no_value_of_an_option() {
        let name = |words: &str| name_of_assignment(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(name("keyctl set NAME=secret").as_deref(), Some("NAME"));
        assert_eq!(name("keyctl set --note a=b NAME=secret").as_deref(), Some("NAME"));
        assert_eq!(name("keyctl set OTHER NAME=secret").as_deref(), Some("NAME"));
        assert_eq!(name("keyctl set NAME --note a=b --url https://x/?y=z#t=u --from-file a=b.txt"), None);
        assert_eq!(name("keyctl edit NAME=secret"), None);
    }
}
