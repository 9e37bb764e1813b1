//! What is done while a command runs by the proxy: requests are written down, and what becomes of its keys in the store
//! meanwhile holds for the next request.

use std::{path::PathBuf, time::Duration};

use crate::{
    config::Config,
    date::Moment,
    failure::{Kind, Result},
    history::Event,
    home::Home,
    launch::outcome::Launched,
    platform::{self, Attendant, Wish},
    proxy::{gate::Standing, inject::Secrets, refusal::Stop},
    secret::Secret,
    terminal::Terminal,
};

use super::{
    super::{
        choosing::{self, Chosen, Renewed},
        preparing::Ready,
        watching::{Print, print},
    },
    Gateway, freezing,
    register::{Count, Place, Said},
    requests::Writer,
    standing,
};

/// How often it is looked.
const TURN: Duration = Duration::from_millis(200);
/// How often a store that cannot be read is tried: it may be in the middle of a change.
const TRIES: u32 = 5;

/// Who does it.
pub struct Beside<'b> {
    gateway: &'b mut Gateway,
    chosen: &'b Chosen,
    config: &'b Config,
    terminal: &'b Terminal,
    home: &'b Home,
    /// What is asked for, as project and profile have it by then.
    wish: &'b dyn Fn() -> Result<choosing::Wish>,
    writer: Writer<'b>,
    files: Vec<PathBuf>,
    prints: Vec<Print>,
    tries: u32,
    /// Where this run is written down, in each store.
    places: Vec<Place>,
    has_begun: bool,
}

impl Gateway {
    /// Starts the command and looks after the proxy while it runs.
    ///
    /// # Errors
    /// As [`Ready::launch`].
    pub fn launch(
        &mut self,
        ready: Ready<'_>,
        of: (&Home, &dyn Fn() -> Result<choosing::Wish>),
        config: &Config,
        terminal: &Terminal,
    ) -> Launched {
        let mut beside = self.beside(&ready.chosen, &ready.event, of, config, terminal);
        let launched = ready.launch(Some(&mut beside));
        beside.end();
        ready.take_away();
        launched
    }

    /// Begins to look after it, for the command that `event` is of.
    fn beside<'b>(
        &'b mut self,
        chosen: &'b Chosen,
        event: &Event,
        (home, wish): (&'b Home, &'b dyn Fn() -> Result<choosing::Wish>),
        config: &'b Config,
        terminal: &'b Terminal,
    ) -> Beside<'b> {
        let writer = Writer::new(chosen, self.stores.clone(), event, config, terminal);
        let files: Vec<PathBuf> = chosen.store_files().collect();
        let prints = files.iter().map(print).collect();
        let places = self.places(chosen, event).unwrap_or_else(|failure| {
            terminal.warn(&format!("`proxy status` does not show this one: {}", failure.message));
            Vec::new()
        });
        Beside {
            gateway: self,
            chosen,
            config,
            terminal,
            home,
            wish,
            writer,
            files,
            prints,
            tries: 0,
            places,
            has_begun: false,
        }
    }

    /// Takes a place in the register of each store whose keys are kept back.
    fn places(&self, chosen: &Chosen, event: &Event) -> Result<Vec<Place>> {
        let (run, since) = (&self.run, Moment::now());
        let guarded = &self.running.gate.guarded;
        let mut places = Vec::new();
        for (at, used) in chosen.stores().enumerate() {
            let of_store = guarded.iter().zip(&self.stores).filter(|(_, store)| **store == at);
            let keys: Vec<String> = of_store.map(|(key, _)| key.name.to_string()).collect();
            if !keys.is_empty() {
                let program = event.program.clone().unwrap_or_default();
                let said = Said { program, since, keys, count: Count::default() };
                places.push(Place::take(&used.home, (&used.kept.identity, used.payload.id), run, said)?);
            }
        }
        Ok(places)
    }
}

impl Beside<'_> {
    /// The command has ended: so does the proxy, and the last is written down.
    pub fn end(mut self) {
        self.gateway.running.end();
        self.write(Duration::MAX);
        self.writer.finish(&self.gateway.running.gate);
        self.gateway.running.gate.close();
    }

    fn write(&mut self, time: Duration) {
        self.writer.write(&self.gateway.running.gate, &self.gateway.running.done, time);
        for place in &mut self.places {
            // What cannot be written down of this is in the history all the same.
            let _ = place.count(self.writer.count);
        }
    }

    /// Takes the keys anew.
    fn renew(&mut self) -> Result<()> {
        let gate = &self.gateway.running.gate;
        let stop_all = |why: Stop| gate.stand(|all| all.iter_mut().for_each(|standing| standing.stop = Some(why)));
        match self.chosen.renewed(&[], self.terminal)? {
            // What is gone is among the keys no more; what became of the others holds all the same.
            Renewed::Gone(_, anew) | Renewed::Changed(anew, _) => {
                if let Err(failure) = (self.wish)().and_then(|now| self.chosen.is_still_allowed(self.home, now)) {
                    stop_all(Stop::Denied);
                    self.terminal.warn(&format!("the proxy lets nothing through any more: {}", failure.message));
                    return Ok(());
                }
                for (used, list) in anew.stores().zip(&self.gateway.lists) {
                    list.know(freezing::said_by(&used.payload));
                }
                self.take(&anew);
            }
            Renewed::Same | Renewed::Revoked(_) => {}
        }
        Ok(())
    }

    fn take(&self, anew: &Chosen) {
        let gate = &self.gateway.running.gate;
        let (mut secrets, mut standings) = (Vec::new(), Vec::new());
        let now = anew.keys_given();
        for key in &gate.guarded {
            let found = now.iter().find(|given| given.path.to_string() == key.name.to_string());
            // What lies in a source by now is there no more for the proxy: what is here of it is where it lies.
            let found = found.filter(|given| given.key.secret().is_some());
            let secret: Option<Secret> = found.map(|given| given.key.value.copy());
            let stands = found.map(|given| standing(given.name, given.key, &self.config.rotation));
            standings.push(stands.unwrap_or(Standing { stop: Some(Stop::Gone), ends: None }));
            secrets.push((key.variable.clone(), secret));
        }
        gate.renew(Secrets::of(secrets), standings);
    }
}

impl Attendant for Beside<'_> {
    fn pause(&self) -> Option<Duration> {
        Some(TURN)
    }

    fn look(&mut self) -> Option<Wish> {
        if !std::mem::replace(&mut self.has_begun, true) {
            // Two for each request at the same time; the command is there by now, and keeps to what it was given.
            platform::take_all_descriptors();
        }
        // The store first: however much there is to be written down, a key that was revoked is used no more.
        self.look_at_stores();
        self.write(TURN);
        None
    }
}

impl Beside<'_> {
    fn look_at_stores(&mut self) {
        let prints: Vec<Print> = self.files.iter().map(print).collect();
        if prints == self.prints {
            return;
        }
        match self.renew() {
            Ok(()) => (self.prints, self.tries) = (prints, 0),
            Err(_) if self.tries + 1 < TRIES => self.tries += 1,
            Err(failure) if failure.kind == Kind::Keychain => {
                (self.prints, self.tries) = (prints, 0);
                // As for a passphrase, which nobody is asked for meanwhile.
                self.terminal
                    .warn(&format!("what changed in the store is not known to the proxy: {}", failure.message));
                self.terminal.hint("its keys are used as they were; `keyctl proxy freeze NAME` stops one at once");
            }
            Err(failure) => {
                (self.prints, self.tries) = (prints, 0);
                // What the store says by now is not known, so what it said before does not hold.
                let gate = &self.gateway.running.gate;
                gate.stand(|all| all.iter_mut().for_each(|standing| standing.stop = Some(Stop::Denied)));
                self.terminal.warn(&format!("the proxy lets nothing through any more: {}", failure.message));
            }
        }
    }
}
