//! A command made ready with its keys, for its first start and for each one anew (`run --watch`).
//!
//! Whatever can go wrong before the command is there goes wrong while it is made ready: the files, the environment and its
//! size, what is masked. Only then its use is recorded, by whoever starts it, and with that its entry says what became of it.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    config::Config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Reason},
    launch::{
        environment::{Environment, LEFT, Rules},
        files::Files,
        outcome::{Fault, Launched},
        program::Program,
    },
    mask::{self, Masker},
    mcp::own_failure,
    name::VariableName,
    plain::first_names,
    platform::Attendant,
    secret::Secret,
    terminal::Terminal,
};

use super::{
    choosing::Chosen,
    limiting::Leave,
    proxying,
    rendering::Pages,
    run::{Variable, callers_variables, passed_on},
    staying::{self, Sought},
};

/// What is the same at every start of a command.
pub struct Call<'c> {
    /// What is run.
    pub program: &'c Program,
    /// What is started for that: itself, or what confines itself first and then becomes it.
    pub started: &'c Program,
    /// Whether what it prints is masked.
    pub masks: bool,
    /// How the caller's variables are treated.
    pub rules: Rules,
    /// The templates that it gets filled in.
    pub pages: &'c Pages,
    /// The variables by which it knows what it runs in.
    pub signs: &'c [Variable],
    /// Those by which it finds the proxy.
    pub way: &'c [(VariableName, Secret)],
    /// What the user has set.
    pub config: &'c Config,
    /// Why the keys are used.
    pub reason: Option<&'c Reason>,
    /// Where to say what happens.
    pub terminal: &'c Terminal,
}

/// A command that only has to be started.
pub struct Ready<'c> {
    call: &'c Call<'c>,
    /// What it gets.
    pub chosen: Chosen,
    /// The caller's variables that it goes without, by their names.
    pub left_out: Vec<OsString>,
    /// The caller's variables in whose place it gets others.
    pub replaced: Vec<VariableName>,
    /// Those that are left as the caller has them.
    pub kept: Vec<VariableName>,
    /// What is looked for in its output, if that is masked.
    pub sought: Option<Sought>,
    caller: Vec<Variable>,
    files: Files,
    /// The variables that say where the files are.
    paths: Vec<(VariableName, Secret)>,
    masker: Option<Arc<Masker>>,
    /// What the history will have of it.
    pub event: Event,
}

impl Call<'_> {
    /// Makes it ready to be started with these keys, among them what the templates come to. What was `former`ly sought in its
    /// output is sought in it still.
    ///
    /// # Errors
    /// `NotExecutable` for a program that cannot be looked at, `Disk` where there are no files in memory or GitHub cannot be told,
    /// `Usage` for what no environment can carry; as [`Chosen::refuse_other_code`].
    pub fn prepare(&self, chosen: Chosen, leave: &Leave, event: Event, former: &Sought) -> Result<Ready<'_>> {
        let event = leave.sign(event);
        chosen.refuse_other_code(leave, &event, self.config, self.terminal)?;
        let judged = if leave.is_for_programs() { Some(self.program.file()?.path()) } else { None };
        let (caller, left_out) = callers_variables(leave, judged);
        let mut caller = proxying::leave_out(self.way, passed_on(caller, self.signs, &chosen));
        let (mut files, paths) = Files::put(&chosen.files, |variable| self.rules.leave(&caller, variable))?;
        let event = event.args(chosen.arguments(self.program, self.config));
        self.refuse_what_stays_in_clear(&chosen, &event)?;
        let sought = || Sought::of(&chosen, self.pages, &caller, self.rules);
        // Only of a text another keyctl cannot tell what in it is secret.
        let to_leave = (chosen.texts().next().is_some() || !self.pages.are_none()).then(sought);
        let left = to_leave.as_ref().and_then(|sought| files.add_for_inner(&sought.to_leave()));
        let sought = self.masks.then(|| to_leave.unwrap_or_else(sought));
        if let Some(left) = left {
            caller.retain(|(name, _)| name != LEFT);
            caller.push((LEFT.into(), left.into()));
        }
        let (replaced, kept, masker) = (Vec::new(), Vec::new(), None);
        let mut ready =
            Ready { call: self, chosen, left_out, replaced, kept, sought, caller, files, paths, masker, event };
        let Environment { replaced, kept, .. } = ready.environment()?;
        (ready.replaced, ready.kept) = (replaced, kept);
        ready.masker = ready.sought.as_ref().map(|sought| sought.masker(former, self.terminal)).transpose()?;
        Ok(ready)
    }

    /// A server's agent is to see no secret, and of a masked command's output it would see those that are too short to be masked.
    fn refuse_what_stays_in_clear(&self, chosen: &Chosen, event: &Event) -> Result<()> {
        if !(self.masks && own_failure::is_asked_for()) {
            return Ok(());
        }
        let short = chosen.secrets().filter(|(_, secret)| !mask::is_masked(secret)).map(|(name, _)| name.to_string());
        let short: Vec<String> = short.collect();
        if short.is_empty() {
            return Ok(());
        }
        chosen.record_refusal(&event.clone().refused("too short to be masked"), &[], self.config, self.terminal);
        let names = first_names(short, usize::MAX);
        let what =
            format!("{names}: a secret of fewer than {} bytes cannot be masked in what an agent reads", mask::SHORTEST);
        Err(Failure::new(Kind::Policy, what).hint("a person can run the command"))
    }
}

impl Ready<'_> {
    /// Starts it, and stays beside it if somebody `has_to_stay` or its output is masked; else this process becomes it. What was
    /// there for it is taken away behind it.
    ///
    /// # Errors
    /// As [`Ready::launch`].
    pub fn once(self, has_to_stay: bool) -> Launched {
        let launched = self.launch(has_to_stay.then_some(&mut ()));
        self.take_away();
        launched
    }

    /// Records the use before it happens, starts the command, with somebody beside it if there is one, and records it where the
    /// command was not started after all.
    ///
    /// # Errors
    /// What went wrong with it; `NotStarted` also where its use cannot be recorded and has to be.
    pub fn launch(&self, attendant: Option<&mut dyn Attendant>) -> Launched {
        let Call { config, reason, terminal, .. } = *self.call;
        let environment = self.environment()?;
        // It may have been made ready for a command whose forerunner took its time to end.
        let event = Event { moment: Some(Moment::now()), ..self.event.clone() };
        let numbers = self.chosen.record(&event, &self.kept, config, terminal)?;
        // Not before: nothing else that is started has any business with them.
        let open = self.files.leave_open().map_err(Fault::from);
        let launched = open.and_then(|()| self.start(&environment, attendant));
        if let Some(why) = launched.as_ref().err().and_then(Fault::why_not_started) {
            let program = self.event.program.as_deref().unwrap_or_default();
            let event = Event::new(Action::Run, Moment::now()).program(OsStr::new(program)).reason(reason);
            let ended = |number| event.clone().not_started(number, why);
            self.chosen.record_failure(ended, &self.kept, &numbers, terminal);
        }
        launched
    }

    fn start(&self, environment: &Environment<'_>, attendant: Option<&mut dyn Attendant>) -> Launched {
        let (program, masker) = (self.call.started, self.masker.as_ref());
        match attendant {
            Some(attendant) => staying::run_once(program, environment, masker, attendant),
            None if masker.is_some() => staying::run_once(program, environment, masker, &mut ()),
            None => program.become_it(environment).map(|never| match never {}).map_err(Fault::from),
        }
    }

    fn environment(&self) -> Result<Environment<'_>> {
        // What leads to the proxy leads there, whatever a project says and whoever is to be left as he is.
        let is_way = |name: &VariableName| self.call.way.iter().any(|(own, _)| own == name);
        let given = self.chosen.given.iter().chain(&self.paths).filter(|(name, _)| !is_way(name)).chain(self.call.way);
        let environment = Environment::join(self.caller.iter().cloned(), given, self.call.rules)?;
        environment.check_limits(self.call.started.words())?;
        Ok(environment)
    }

    /// Takes away what was there for it, and says what stays.
    pub fn take_away(self) {
        if let Err(failure) = self.files.take_away() {
            self.call.terminal.warn(&failure.message);
            failure.hints.iter().for_each(|hint| self.call.terminal.hint(hint));
        }
    }
}
