//! A signal that comes while sources are asked: what they have made by then is given back before this process ends by it.

use std::{
    cell::Cell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    name::SourceName,
    platform::{self, HeldSignals},
    terminal::Terminal,
};

/// How long a source that may lend is waited for: what it lends can be given back only once it is known.
const PATIENCE: Duration = Duration::from_secs(3);

/// Signals that are held back from before a source is asked.
pub struct Interruption {
    held: HeldSignals,
    /// The first that came, and until when what is on its way is waited for.
    came: Cell<Option<(i32, Instant)>>,
}

impl Interruption {
    /// Holds signals back. Not where somebody does so already: whoever that is ends this process.
    #[must_use]
    pub fn hold() -> Option<Self> {
        if platform::are_signals_held() {
            return None;
        }
        // Where they cannot be held back it is as it always was.
        Some(Self { held: platform::hold_signals().ok()?, came: Cell::new(None) })
    }

    /// Until when what is on its way is waited for, once a signal came; a second one ends that. `lenders` may be making something.
    pub fn until(&self, lenders: &BTreeSet<&SourceName>, terminal: &Terminal) -> Option<Instant> {
        if let Some(signal) = self.held.take() {
            let is_first = self.came.get().is_none();
            let wait = if is_first && !lenders.is_empty() { PATIENCE } else { Duration::ZERO };
            self.came.set(Some((signal, Instant::now() + wait)));
            if !wait.is_zero() {
                let names: Vec<String> = lenders.iter().map(|name| format!("source `{name}`")).collect();
                let (names, seconds) = (names.join(", "), wait.as_secs());
                let said = format!("waiting for {names} to give back what is being made; at most {seconds} seconds");
                terminal.warn(&said);
            }
        }
        self.came.get().map(|(_, until)| until)
    }

    /// Whether a signal came.
    #[must_use]
    pub fn came(&self) -> bool {
        self.came.get().is_some() || self.held.came().is_some()
    }

    /// Holds nothing back any more. If a signal came, this process ends by it.
    ///
    /// # Errors
    /// `Interrupted` where it cannot end so.
    pub fn end(self) -> Result<()> {
        if let Some((signal, _)) = self.came.get() {
            self.held.give_back(signal);
        }
        self.held.follow().map_err(|error| interrupted().hint(reason(&error)))
    }
}

/// The failure of what a signal kept from being given.
#[must_use]
pub fn interrupted() -> Failure {
    Failure::new(Kind::Interrupted, "interrupted by a signal")
}
