//! What a shell gets in a project: the same steps as for `run`, but nobody is asked, what is not for a shell is left out, and
//! what went wrong is said in one line, once for each folder and content.

use std::ffi::OsStr;

use crate::{
    activation::{Shell, state::State},
    cli::Choice,
    commands::{
        choosing::{self, Chosen},
        limiting::Taker,
    },
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    launch::environment::{Environment, Rules},
    name::VariableName,
    secret::Secret,
    terminal::Terminal,
};

use super::look::Look;

/// What a shell is to have.
#[derive(Default)]
pub struct Entered {
    got: Option<Got>,
    /// Whether it may be another thing once keyctl was used for something else.
    pub is_to_be_tried_again: bool,
    /// Whether it keeps what it has, whatever that is.
    pub stays: bool,
}

/// What was taken out, and how its use is recorded.
struct Got {
    chosen: Chosen,
    config: Config,
    event: Event,
}

/// What was recorded: the variables that it is not about, and the numbers of the entries.
pub type Recorded = (Vec<VariableName>, Vec<Option<u64>>);

/// Takes a project's keys out for a shell.
pub fn enter(look: &Look, before: &State, next: &mut State, shell: Shell, terminal: &Terminal) -> Entered {
    let taken = match &look.found {
        Ok(None) => return Entered::default(),
        Ok(Some(_)) => taken(look, next, shell, terminal),
        Err(failure) => {
            say(failure, look, next, terminal);
            return Entered::default();
        }
    };
    match taken {
        Ok(got) => Entered { got, ..Entered::default() },
        Err(failure) => {
            say(&failure, look, next, terminal);
            let may_be_over = matches!(failure.kind, Kind::Keychain | Kind::Busy);
            // What it has of this very project stays while the store cannot be asked, and not beyond its end.
            let stays = may_be_over && before.project == next.project && !before.is_over(Moment::now());
            Entered { got: None, is_to_be_tried_again: may_be_over, stays }
        }
    }
}

/// The list of what happens.
fn taken(look: &Look, next: &mut State, shell: Shell, terminal: &Terminal) -> Result<Option<Got>> {
    let home = Home::find()?;
    let config = config::read(&home)?;
    let choice = Choice::default();
    let wish = choosing::wanted(&home, &choice, &[], &config, terminal)?;
    wish.is_allowed()?;
    if let Some(agent) = &look.agent {
        say_of_agent(agent, look, next, terminal);
        return Ok(None);
    }
    let approved = choosing::approved_unasked(&home, wish)?;
    let mut chosen = choosing::keys(approved, &choice, terminal)?;
    let limited = chosen.leave_out_limited(&config);
    let files = chosen.leave_out_files().into_iter().map(|name| (name, AS_FILE));
    let mut unfit: Vec<_> =
        chosen.leave_out(|name, value| shell.objection(name, value)).into_iter().chain(files).collect();
    let event = Event::new(Action::Activate, Moment::now()).program(shell.name().as_ref());
    chosen.hold_to_policy(Taker::Reader, &config, None, &event, terminal)?;
    unfit.extend(chosen.leave_out(|name, value| shell.objection(name, value)));
    fits(&chosen)?;
    chosen.leave_lent(terminal);
    say_left_out(&limited, &unfit, &chosen, look, next, terminal);
    Ok(Some(Got { chosen, config, event }))
}

/// Compares with what the kernel carries: a shell that has too much could start nothing any more.
fn fits(chosen: &Chosen) -> Result<()> {
    let environment = Environment::join(std::env::vars_os(), &chosen.given, Rules::default())?;
    environment.check_limits(std::iter::once(OsStr::new("command")))
}

impl Entered {
    /// The variables that the shell is to have.
    pub fn given(&self) -> &[(VariableName, Secret)] {
        self.got.as_ref().map(|got| got.chosen.given.as_slice()).unwrap_or_default()
    }

    /// When the first of them is not to be used any more.
    pub fn first_end(&self) -> Option<Moment> {
        self.got.as_ref().and_then(|Got { chosen, config, .. }| chosen.first_end(config, Moment::now()))
    }

    /// Records that the shell gets these of them, before it does: when it comes in, and when a value is another.
    ///
    /// # Errors
    /// Where the user's config requires a history and there is none to be had.
    pub fn record(&self, fresh: &[VariableName], terminal: &Terminal) -> Result<Option<Recorded>> {
        let Some(Got { chosen, config, event }) = self.got.as_ref().filter(|_| !fresh.is_empty()) else {
            return Ok(None);
        };
        let names = chosen.given.iter().map(|(name, _)| name);
        let left: Vec<VariableName> = names.filter(|name| !fresh.contains(name)).cloned().collect();
        let numbers = chosen.record(event, &left, config, terminal)?;
        Ok(Some((left, numbers)))
    }

    /// Records that it came to nothing after all.
    pub fn record_failure(&self, recorded: Option<&Recorded>, failure: &Failure, terminal: &Terminal) {
        if let (Some(Got { chosen, event, .. }), Some((left, numbers))) = (&self.got, recorded) {
            let ended = |number| event.clone().not_given(number, &failure.message);
            chosen.record_failure(ended, left, numbers, terminal);
        }
    }
}

/// Says why a shell gets nothing here: once for each project and what stands in its file.
pub fn say(failure: &Failure, look: &Look, next: &mut State, terminal: &Terminal) {
    let hint = failure.hints.first().map(|hint| format!("; {hint}")).unwrap_or_default();
    once(&format!("no keys for this shell: {}{hint}", failure.message), look, next, terminal);
}

fn say_of_agent(agent: &str, look: &Look, next: &mut State, terminal: &Terminal) {
    let said = format!("no keys for this shell: perhaps {agent} works in it; give them to one command: {RUN}");
    once(&said, look, next, terminal);
}

fn say_left_out(
    limited: &[VariableName],
    unfit: &[(VariableName, &'static str)],
    chosen: &Chosen,
    look: &Look,
    next: &mut State,
    terminal: &Terminal,
) {
    if !limited.is_empty() {
        let names: Vec<String> = limited.iter().map(|name| format!("`{name}`")).collect();
        let said = format!(
            "not for a whole shell, as their use is limited: {}; give them to one command: {RUN}",
            names.join(", ")
        );
        once(&said, look, next, terminal);
    }
    for (name, why) in unfit {
        once(&format!("this shell does not get `{name}`: {why}"), look, next, terminal);
    }
    if !chosen.missing.is_empty() {
        let missing: Vec<String> = chosen.missing.iter().map(|name| format!("`{name}`")).collect();
        once(&format!("goes on without {}", missing.join(", ")), look, next, terminal);
    }
}

/// Why a shell does not get what is a file.
const AS_FILE: &str = "it is given as a file, to one command: `keyctl run -- COMMAND`";
/// How one command gets keys.
const RUN: &str = "`keyctl run -- COMMAND`";

fn once(said: &str, look: &Look, next: &mut State, terminal: &Terminal) {
    let found = look.found.as_ref().ok().and_then(Option::as_ref);
    let place = found.map(|found| (found.path.as_os_str().as_encoded_bytes(), found.bytes.as_slice()));
    let (path, bytes) = place.unwrap_or_default();
    if next.is_news(&[said.as_bytes(), path, bytes]) {
        terminal.warn(said);
    }
}
