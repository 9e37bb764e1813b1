//! `run --watch`: the command is started anew when one of its keys is replaced.
//!
//! Twice a second it is looked whether a store's file is another one; only then the store is opened, and only where a secret
//! that the command has is another one by now, the command is asked to end (SIGTERM), killed if it does not within ten seconds,
//! and started with what there is now. Before that the project's file and the user's approval of it are looked at again: a
//! command whose project was denied since gets nothing new. Whatever goes wrong with that leaves the command as it is, and is said.
//!
//! While the command ends all of that may change once more. So it is looked at a last time when it has ended, and what would not
//! be given then is not given: nothing is started any more.
//!
//! Nobody is asked meanwhile. Where a store's keeper would ask, as for a passphrase, that is said at the start, and again when
//! its file changes; `keyctl unlock` lets it be opened without.

use std::{
    collections::BTreeSet,
    fmt::Display,
    fs::Metadata,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    launch::outcome::{Fault, Launched},
    name::{KeyPath, VariableName},
    platform::{self, Attendant, Wish},
};

use super::{
    choosing::{self, Chosen, Renewed},
    limiting::{Leave, Taker},
    preparing::{Call, Ready},
    sourcing::Leases,
    staying::Sought,
};

/// How often it is looked whether a store has changed.
const TURN: Duration = Duration::from_millis(500);
/// How long a command has to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a store that cannot be read is tried: it may be in the middle of a change.
const TRIES: u32 = 4;

/// A command that is started anew, as often as it takes.
pub struct Watched<'c> {
    /// What is the same at each start.
    pub call: &'c Call<'c>,
    /// Where the user's approvals are.
    pub home: &'c Home,
    /// What is asked for, as project and profile have it by now.
    pub wish: &'c dyn Fn() -> Result<choosing::Wish>,
}

impl<'c> Watched<'c> {
    /// Runs it until it ends by itself. Of whichever start something went wrong with, that start's own entries say so.
    ///
    /// # Errors
    /// As [`Ready::launch`].
    pub fn run(&self, first: Ready<'c>) -> Launched {
        let (mut ready, mut changed) = (first, Vec::new());
        // It stays masked: logs and caches of the command have it still, and for a while its keys work still.
        let mut former = Sought::default();
        // What a source lent for one start may be in use in all later ones.
        let mut lent = Vec::new();
        let launched = loop {
            if let Some(sought) = &ready.sought {
                former.take_in(sought);
            }
            let mut watch = Watch::of(self, &ready, &former, changed);
            let launched = ready.launch(Some(&mut watch));
            if launched.is_ok() {
                watch.say_that_it_started();
            }
            // Whoever asked keyctl to end wants no other command either.
            let goes_on = launched.is_ok() && platform::signal_that_came().is_none();
            let next = watch.next.take();
            let again = next.filter(|_| goes_on).map(|next| watch.look_again(next, &mut lent));
            ready.take_away();
            match again {
                None => break launched,
                Some(Err(failure)) => break Err(Fault::NotStarted(failure)),
                Some(Ok(next)) => (ready, changed) = next,
            }
        };
        for leases in lent {
            leases.end(self.call.terminal);
        }
        launched
    }

    /// Holds new keys against the policy, as those before them were.
    fn hold(&self, chosen: &mut Chosen) -> Result<(Event, Leave)> {
        let Call { program, masks, config, reason, terminal, .. } = *self.call;
        let event = self.event();
        // Whoever is there may be typing something for the command.
        let leave = chosen.hold_to_policy_unasked(Taker::of(program, masks), config, reason, &event, terminal)?;
        Ok((event.note("started anew"), leave))
    }

    fn event(&self) -> Event {
        Event::new(Action::Run, Moment::now()).program(self.call.program.name().as_ref()).reason(self.call.reason)
    }
}

fn listed(names: impl IntoIterator<Item = impl Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What a command is started with next.
struct Next<'c> {
    ready: Ready<'c>,
    changed: Vec<VariableName>,
    leases: Leases,
}

/// What tells one version of a file from another.
pub type Print = Option<(u64, Option<SystemTime>)>;

/// The one of a file now.
pub fn print(path: &PathBuf) -> Print {
    std::fs::metadata(path).ok().map(|facts: Metadata| (facts.len(), facts.modified().ok()))
}

/// Looks after the keys of a command.
struct Watch<'w, 'c> {
    of: &'w Watched<'c>,
    ready: &'w Ready<'c>,
    /// All that was sought in its output so far.
    former: &'w Sought,
    /// The variables that it was started anew for, as long as that is not said.
    changed: Vec<VariableName>,
    files: Vec<PathBuf>,
    /// The files as they were last; none before the first look, which is for what happened since the keys were taken.
    prints: Option<Vec<Print>>,
    tries: u32,
    next: Option<Next<'c>>,
    /// What it does not get, as its project is not allowed any more.
    refused: Option<Box<Chosen>>,
    /// The keys of which was said that they are revoked.
    revoked: BTreeSet<KeyPath>,
    /// Since when the command has been asked to end.
    asked: Option<Instant>,
}

impl<'w, 'c> Watch<'w, 'c> {
    fn of(of: &'w Watched<'c>, ready: &'w Ready<'c>, former: &'w Sought, changed: Vec<VariableName>) -> Self {
        let files = ready.chosen.store_files().collect();
        let (next, refused, revoked, asked) = (None, None, BTreeSet::new(), None);
        Self { of, ready, former, changed, files, prints: None, tries: 0, next, refused, revoked, asked }
    }

    fn say_that_it_started(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        if !changed.is_empty() {
            self.of.call.terminal.say(&format!("started anew with what is kept now: {}", listed(&changed)));
        }
    }

    /// What has become of its keys; that they are others by now only as long as it may have these.
    fn renewed(&mut self) -> Result<Renewed> {
        let Watched { call, home, wish } = *self.of;
        let renewed = self.ready.chosen.renewed(&self.ready.kept, call.terminal)?;
        let Renewed::Changed(chosen, changed) = renewed else { return Ok(renewed) };
        if let Err(failure) = self.ready.chosen.is_still_allowed(home, wish()?) {
            self.refused = Some(chosen).filter(|_| failure.kind == Kind::Project);
            return Err(failure);
        }
        Ok(Renewed::Changed(chosen, changed))
    }

    /// The history has it as it has what a project asks for that was never allowed.
    fn record_refusal(&mut self) {
        if let Some(chosen) = self.refused.take() {
            let Call { config, terminal, .. } = *self.of.call;
            chosen.record_refusal(&self.of.event().refused("not allowed"), &self.ready.kept, config, terminal);
        }
    }

    /// Makes ready what the command is to be started anew with, if there is anything.
    fn next(&mut self, renewed: Renewed) -> Result<Option<Next<'c>>> {
        match renewed {
            Renewed::Same => {}
            Renewed::Gone(names, _) => self.runs_on(&format!("gone from the store: {}", listed(&names))),
            Renewed::Revoked(names) => {
                if names != self.revoked {
                    self.runs_on(&format!("revoked: {}", listed(&names)));
                    self.revoked = names;
                }
            }
            Renewed::Changed(mut chosen, changed) => {
                let (event, leave) = self.of.hold(&mut chosen)?;
                let leases = chosen.leases();
                let changed = chosen.differing(&self.ready.chosen, changed);
                if changed.is_empty() {
                    leases.end(self.of.call.terminal);
                    return Ok(None);
                }
                return self.prepared(*chosen, (event, &leave), leases, changed).map(Some);
            }
        }
        Ok(None)
    }

    fn prepared(
        &self,
        mut chosen: Chosen,
        (event, leave): (Event, &Leave),
        mut leases: Leases,
        changed: Vec<VariableName>,
    ) -> Result<Next<'c>> {
        let call = self.of.call;
        leases.renew(call.terminal);
        call.pages.hand(&mut chosen)?;
        let ready = call.prepare(chosen, leave, event, self.former)?;
        Ok(Next { ready, changed, leases })
    }

    /// What is started in the place of a command that has ended: what was made ready for it, or what there is by now, if that is
    /// something else. What was lent for either is added to `lent`.
    fn look_again(mut self, next: Next<'c>, lent: &mut Vec<Leases>) -> Result<(Ready<'c>, Vec<VariableName>)> {
        let Next { ready, changed, leases } = next;
        lent.push(leases);
        let again = self.by_now(&ready, &changed);
        if again.is_err() {
            self.record_refusal();
        }
        let again = again.map_err(|failure| Failure {
            message: format!("the command is not started anew: {}", failure.message),
            ..failure
        })?;
        let Some(Next { ready: other, leases, .. }) = again else { return Ok((ready, changed)) };
        lent.push(leases);
        ready.take_away();
        Ok((other, changed))
    }

    /// What a command gets that was to get this; none where that is as it was.
    fn by_now(&mut self, ready: &Ready<'c>, changed: &[VariableName]) -> Result<Option<Next<'c>>> {
        let Watched { call, home, wish } = *self.of;
        let allowed = wish().and_then(|wish| ready.chosen.is_still_allowed(home, wish));
        if let Err(failure) = allowed {
            if failure.kind == Kind::Project {
                self.refused = ready.chosen.taken_anew(call.terminal).ok().map(Box::new);
            }
            return Err(failure);
        }
        if self.prints.as_ref().is_some_and(|prints| self.files.iter().map(print).eq(prints.iter().copied())) {
            return Ok(None);
        }
        let mut chosen = ready.chosen.taken_anew(call.terminal)?;
        let gone = ready.chosen.gone_since(&chosen);
        if !gone.is_empty() {
            return Err(Failure::new(Kind::Missing, format!("gone from the store: {}", listed(&gone))));
        }
        let revoked = ready.chosen.revoked_since(&chosen, &ready.kept);
        if !revoked.is_empty() {
            return Err(Failure::new(Kind::Policy, format!("revoked: {}", listed(&revoked))));
        }
        let (event, leave) = self.of.hold(&mut chosen)?;
        let leases = chosen.leases();
        self.prepared(chosen, (event, &leave), leases, changed.to_vec()).map(Some)
    }

    fn runs_on(&self, why: &str) {
        self.of.call.terminal.warn(&format!("the command runs on with the keys it has: {why}"));
    }
}

impl Attendant for Watch<'_, '_> {
    fn pause(&self) -> Option<Duration> {
        Some(TURN)
    }

    fn look(&mut self) -> Option<Wish> {
        self.say_that_it_started();
        if let Some(asked) = self.asked {
            return (asked.elapsed() >= PATIENCE).then_some(Wish::EndNow);
        }
        let prints = Some(self.files.iter().map(print).collect());
        if prints == self.prints {
            return None;
        }
        let next = match self.renewed() {
            Err(_) if self.tries + 1 < TRIES => {
                self.tries += 1;
                return None;
            }
            renewed => renewed.and_then(|renewed| self.next(renewed)),
        };
        (self.prints, self.tries) = (prints, 0);
        match next {
            Ok(next) => self.next = next,
            Err(failure) => {
                self.record_refusal();
                self.runs_on(&failure.message);
            }
        }
        self.asked = self.next.is_some().then(Instant::now);
        self.asked.map(|_| Wish::End)
    }
}
