//! The part of `run` that stays beside the command, where what it prints is masked.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    launch::{
        attended,
        environment::{Environment, Rules},
        masked,
        outcome::{Fault, Launched},
        outer,
        program::Program,
    },
    mask::{
        self, Masker, github,
        left::{self, Named},
    },
    name::VariableName,
    platform::{self, Attendant, Ended},
    secret::Secret,
    terminal::Terminal,
};

use super::{caller, choosing::Chosen, rendering::Pages, run::Variable};

/// What is looked for in the output of a command.
#[derive(Default)]
pub struct Sought {
    /// The secrets that it has.
    secrets: Vec<Named>,
    /// What filters made of them.
    made: Vec<Named>,
    /// The texts that they stand in.
    texts: Vec<Named>,
}

impl Sought {
    /// For a command that gets these keys, and passes on these variables of its caller: among them may be what an outer keyctl
    /// gave, and where that has left what to look for.
    #[must_use]
    pub fn of(chosen: &Chosen, pages: &Pages, caller: &[Variable], rules: Rules) -> Self {
        let copied = |(name, secret): (&VariableName, &Secret)| (name.clone(), secret.copy());
        let is_long = |(_, secret): &Named| secret.len() >= mask::SHORTEST_MADE;
        let mut sought = Self {
            secrets: chosen.secrets().map(copied).collect(),
            made: chosen.filtered().into_iter().chain(pages.filtered(chosen)).filter(is_long).collect(),
            texts: chosen.texts().map(copied).filter(is_long).collect(),
        };
        let left = outer::left(caller).and_then(|left| left::read(&left));
        if let Some([secrets, made, texts]) = left {
            sought.take_in(&Self { secrets, made, texts });
        }
        let own = chosen.variables();
        let outer = outer::given(caller, |name| own.contains(name) && !rules.leave(caller, name));
        // In what was made of what it left, these parts are looked for and not the whole.
        let outer = outer.into_iter().filter(|(_, secret)| mask::is_masked(secret) && !sought.is_in(secret));
        let outer: Vec<Named> = outer.collect();
        sought.secrets.extend(outer);
        sought
    }

    fn is_in(&self, text: &Secret) -> bool {
        let parts = || self.secrets.iter().chain(&self.made).map(|(_, part)| part);
        parts().any(|part| mask::is_masked(part) && text.has_within(part))
    }

    /// As it is left for a keyctl within the command.
    #[must_use]
    pub fn to_leave(&self) -> Secret {
        left::write([&self.secrets, &self.made, &self.texts])
    }

    /// Takes in what another one has beside this. What is not masked is left.
    pub fn take_in(&mut self, other: &Self) {
        let add = |to: &mut Vec<Named>, from: &[Named]| {
            for (name, secret) in from {
                if !to.iter().any(|(_, known)| known.same_as(secret)) {
                    to.push((name.clone(), secret.copy()));
                }
            }
        };
        let masked = other.secrets.iter().filter(|(_, secret)| mask::is_masked(secret));
        let masked: Vec<Named> = masked.map(|(name, secret)| (name.clone(), secret.copy())).collect();
        add(&mut self.secrets, &masked);
        add(&mut self.made, &other.made);
        add(&mut self.texts, &other.texts);
    }

    /// Makes ready to look for all of it, and for what was `former`ly sought, and says which secrets are not masked. GitHub
    /// Actions, whose log masks what it is told, is told.
    ///
    /// # Errors
    /// `Disk` where nobody could tell it.
    pub fn masker(&self, former: &Self, terminal: &Terminal) -> Result<Arc<Masker>> {
        let secrets = self.secrets.iter().chain(&self.made).chain(&former.secrets).chain(&former.made);
        let masker = Masker::of(secrets.map(as_text), self.texts.iter().chain(&former.texts).map(as_text));
        let short = masker.too_short();
        if !short.is_empty() {
            let names = short.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            terminal.warn(&format!("{names}: a secret of fewer than {} bytes, which is not masked", mask::SHORTEST));
        }
        // An agent reads what is printed before any log does, and on a screen no runner reads.
        if is_in_actions() && !std::io::stderr().is_terminal() && caller::agent().is_none() {
            let secrets = self.secrets.iter().chain(&self.made).map(|(_, secret)| secret);
            tell_github(&github::lines(secrets), terminal)?;
        }
        Ok(masker)
    }
}

fn as_text((name, secret): &Named) -> (&str, &Secret) {
    (name.as_str(), secret)
}

/// Whether a runner of GitHub Actions says so itself, and not a project or a profile whose variables a keyctl has given.
fn is_in_actions() -> bool {
    const SAYS_SO: &str = "GITHUB_ACTIONS";
    let is_given = outer::names(|name| std::env::var_os(name)).iter().any(|name| name.as_str() == SAYS_SO);
    !is_given && std::env::var_os(SAYS_SO).is_some_and(|value| value == "true")
}

/// By standard error, which its runner reads as well: standard output is the command's, and may go to a file or a variable.
fn tell_github(lines: &[u8], terminal: &Terminal) -> Result<()> {
    let stderr = std::io::stderr();
    if platform::is_file(&stderr) {
        terminal.warn("GitHub is not told what to mask, as standard error goes to a file");
        return Ok(());
    }
    stderr
        .lock()
        .write_all(lines)
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot tell GitHub what to mask: {}", reason(&error))))
}

/// Runs the command to its end.
///
/// # Errors
/// As [`attended::run`] and [`masked::run`].
pub fn run_once(
    program: &Program,
    environment: &Environment<'_>,
    masker: Option<&Arc<Masker>>,
    attendant: &mut dyn Attendant,
) -> Launched {
    match masker {
        Some(masker) => masked::run(program, environment, masker, attendant),
        None => attended::run(program, environment, attendant),
    }
}

/// Ends as the command did, or as whoever called it off wanted.
///
/// # Errors
/// What went wrong with it.
pub fn end_as(launched: Launched) -> anyhow::Result<ExitCode> {
    match launched {
        Ok(ended) => Ok(attended::end_as(ended)),
        Err(Fault::CalledOff(signal)) => Ok(attended::end_as(Ended::Signal(signal))),
        Err(Fault::NotStarted(failure) | Fault::Beside(failure)) => Err(failure.into()),
    }
}

/// Starts the command on the terminal that was made for it, and ends as it does; or is to become it there.
///
/// # Errors
/// As [`masked::lead`] and [`Program::become_it`].
#[cfg(unix)]
pub fn lead(arguments: crate::cli::LeadSession) -> anyhow::Result<ExitCode> {
    use crate::launch::environment::Rules;
    let mut words = arguments.command.into_iter();
    let (Some(path), Some(called)) = (words.next(), words.next()) else {
        return Err(Failure::new(Kind::Usage, "this is started by `keyctl run`, with a command").into());
    };
    let program = Program::found(path.into(), called, words.collect());
    let environment = Environment::join(std::env::vars_os(), &[], Rules::default())?;
    let launched = if arguments.follow {
        platform::close_on_exec(arguments.say_to);
        masked::wait_for_terminal();
        program.become_it(&environment).map(|never| match never {}).map_err(Fault::from)
    } else {
        masked::lead(&program, &environment, arguments.say_to)
    };
    match launched {
        // The keyctl that has the history says it.
        Err(Fault::NotStarted(failure)) if masked::say(arguments.say_to, &failure) => {
            Ok(ExitCode::from(failure.kind as u8))
        }
        launched => end_as(launched),
    }
}

/// Masks what those print that outlive a command, until there is nobody left. There is nobody to tell what went wrong with it.
#[cfg(unix)]
pub fn mask_rest() -> ExitCode {
    masked::mask_rest().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
