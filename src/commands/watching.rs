//! `run --watch`: the command is started anew when one of its keys is replaced.
//!
//! Twice a second it is looked whether a store's file is another one; only then the store is opened, and only where a secret
//! that the command has is another one by now, the command is asked to end (SIGTERM), killed if it does not within ten seconds,
//! and started with what there is now. Before that the project's file and the user's approval of it are looked at again: a
//! command whose project was denied since gets nothing new. Whatever goes wrong with that leaves the command as it is, and is said.
//!
//! Nobody is asked meanwhile. Where a store's keeper would ask, as for a passphrase, that is said at the start, and again when
//! its file changes; `keyctl unlock` lets it be opened without.

use std::{
    collections::BTreeSet,
    fmt::Display,
    fs::Metadata,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    config::Config,
    date::Moment,
    failure::{Failure, Result},
    history::{Action, Event, Reason},
    home::Home,
    launch::{
        environment::{Environment, Rules},
        files::Files,
        program::Program,
    },
    mask::Masker,
    name::{KeyPath, VariableName},
    platform::{self, Attendant, Ended, Wish},
    secret::Secret,
    terminal::Terminal,
};

use super::{
    choosing::{self, Chosen, Renewed},
    limiting::{Leave, Taker},
    rendering::Pages,
    run::{Variable, callers_variables, passed_on},
    staying,
};

/// How often it is looked whether a store has changed.
const TURN: Duration = Duration::from_millis(500);
/// How long a command has to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a store that cannot be read is tried: it may be in the middle of a change.
const TRIES: u32 = 4;

/// A command that is started anew, as often as it takes.
pub struct Watched<'w> {
    /// What is started.
    pub program: &'w Program,
    /// Whether what it prints is masked.
    pub masks: bool,
    /// How the caller's variables are treated.
    pub rules: Rules,
    /// The templates that it gets filled in.
    pub pages: &'w Pages,
    /// The variables by which it knows what it runs in.
    pub signs: &'w [Variable],
    /// What the user has set.
    pub config: &'w Config,
    /// Why the keys are used.
    pub reason: Option<&'w Reason>,
    /// Where the user's approvals are.
    pub home: &'w Home,
    /// What is asked for, as project and profile have it by now.
    pub wish: &'w dyn Fn() -> Result<choosing::Wish>,
    /// Where to say what happens.
    pub terminal: &'w Terminal,
}

impl Watched<'_> {
    /// Runs it until it ends by itself.
    ///
    /// # Errors
    /// As [`staying::run_once`].
    pub fn run(&self, environment: &Environment<'_>, chosen: &Chosen, masker: Option<&Arc<Masker>>) -> Result<Ended> {
        let mut watch = Watch::of(self, chosen, &environment.kept);
        let mut ended = staying::run_once(self.program, environment, masker, &mut watch)?;
        // They stay masked: logs and caches of the command have them still, and for a while they work still.
        let mut former = copies(chosen);
        let mut next = watch.next;
        while let Some(Next { mut chosen, changed, event, leave }) = next.take() {
            // Whoever asked keyctl to end wants no other command either.
            if platform::signal_that_came().is_some() {
                return Ok(ended);
            }
            self.terminal.say(&format!("started anew with what is kept now: {}", listed(&changed)));
            let judged = self.program.opened().map(platform::ProgramFile::path);
            self.pages.hand(&mut chosen)?;
            chosen.refuse_other_code(&leave, &event, self.config, self.terminal)?;
            let caller = passed_on(callers_variables(&leave, judged).0, self.signs, &chosen);
            let files = Files::put(&chosen.files, |variable| self.rules.leave(&caller, variable))?;
            let given = chosen.given.iter().chain(&files.variables);
            let environment = Environment::join(caller.into_iter(), given, self.rules)?;
            environment.check_limits(self.program.words())?;
            let event = event.args(chosen.arguments(self.program, self.config));
            chosen.record(&event, &environment.kept, self.config, self.terminal)?;
            files.leave_open()?;
            let masker = masker.map(|_| staying::masker(&chosen, self.pages, &former, self.terminal)).transpose()?;
            former.extend(copies(&chosen));
            let mut watch = Watch::of(self, &chosen, &environment.kept);
            ended = staying::run_once(self.program, &environment, masker.as_ref(), &mut watch)?;
            next = watch.next;
        }
        Ok(ended)
    }

    /// Holds new keys against the policy, as those before them were.
    fn hold(&self, chosen: &mut Chosen) -> Result<(Event, Leave)> {
        let event = Event::new(Action::Run, Moment::now()).program(self.program.name().as_ref()).reason(self.reason);
        let taker = Taker::of(self.program, self.masks);
        let leave = chosen.hold_to_policy(taker, self.config, self.reason, &event, self.terminal)?;
        Ok((leave.sign(event).note("started anew"), leave))
    }
}

fn listed(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn copies(chosen: &Chosen) -> Vec<(VariableName, Secret)> {
    chosen.secrets().map(|(name, secret)| (name.clone(), secret.copy())).collect()
}

/// What a command is started with next.
struct Next {
    chosen: Box<Chosen>,
    changed: Vec<VariableName>,
    event: Event,
    leave: Leave,
}

/// What tells one version of a file from another.
type Print = Option<(u64, Option<SystemTime>)>;

fn print(path: &PathBuf) -> Print {
    std::fs::metadata(path).ok().map(|facts: Metadata| (facts.len(), facts.modified().ok()))
}

/// Looks after the keys of a command.
struct Watch<'w> {
    of: &'w Watched<'w>,
    chosen: &'w Chosen,
    /// The variables that it has from elsewhere.
    left: &'w [VariableName],
    files: Vec<PathBuf>,
    /// The files as they were last; none before the first look, which is for what happened since the keys were taken.
    prints: Option<Vec<Print>>,
    tries: u32,
    next: Option<Next>,
    /// The keys of which was said that they are revoked.
    revoked: BTreeSet<KeyPath>,
    /// Since when the command has been asked to end.
    asked: Option<Instant>,
}

impl<'w> Watch<'w> {
    fn of(of: &'w Watched<'w>, chosen: &'w Chosen, left: &'w [VariableName]) -> Self {
        let files = chosen.store_files().collect();
        Self { of, chosen, left, files, prints: None, tries: 0, next: None, revoked: BTreeSet::new(), asked: None }
    }

    /// Whether there is something to start the command anew for.
    fn is_due(&mut self) -> Result<bool> {
        match self.chosen.renewed(self.left, self.of.terminal)? {
            Renewed::Same => Ok(false),
            Renewed::Gone(names) => {
                self.runs_on(&format!("gone from the store: {}", listed(&names)));
                Ok(false)
            }
            Renewed::Revoked(names) => {
                if names != self.revoked {
                    self.runs_on(&format!("revoked: {}", listed(&names)));
                    self.revoked = names;
                }
                Ok(false)
            }
            Renewed::Changed(mut chosen, changed) => {
                self.chosen.is_still_allowed(self.of.home, (self.of.wish)()?)?;
                let (event, leave) = self.of.hold(&mut chosen)?;
                self.next = Some(Next { chosen, changed, event, leave });
                Ok(true)
            }
        }
    }

    fn runs_on(&self, why: &str) {
        self.of.terminal.warn(&format!("the command runs on with the keys it has: {why}"));
    }
}

impl Attendant for Watch<'_> {
    fn pause(&self) -> Option<Duration> {
        Some(TURN)
    }

    fn look(&mut self) -> Option<Wish> {
        if let Some(asked) = self.asked {
            return (asked.elapsed() >= PATIENCE).then_some(Wish::EndNow);
        }
        let prints = Some(self.files.iter().map(print).collect());
        if prints == self.prints {
            return None;
        }
        match self.is_due() {
            Ok(true) => {
                self.asked = Some(Instant::now());
                return Some(Wish::End);
            }
            Err(failure) if self.tries + 1 < TRIES => {
                let _: Failure = failure;
                self.tries += 1;
                return None;
            }
            Err(failure) => self.runs_on(&failure.message),
            Ok(false) => {}
        }
        (self.prints, self.tries) = (prints, 0);
        None
    }
}
