//! The keys that were taken, held against what their owner and the store have them used for.

use std::path::Path;

use crate::{
    config::{Config, projects::reason_in},
    date::Moment,
    failure::Result,
    history::{Event, Reason},
    terminal::Terminal,
};

use super::{
    super::{
        limiting::{self, Held, Leave, Taker},
        policy::{self, Why},
    },
    Chosen, held,
};

impl Chosen {
    /// Holds the keys against the user's policy: a key may need a reason, be for other uses than this, or need a yes; and one
    /// that is expired, revoked or leaked may not be given, or not unsaid. Gives how they may be given.
    ///
    /// # Errors
    /// `Policy`.
    pub fn hold_to_policy(
        &mut self,
        taker: Taker,
        config: &Config,
        reason: Option<&Reason>,
        event: &Event,
        terminal: &Terminal,
    ) -> Result<Leave> {
        let limited = self.hold(taker, config, reason, event, terminal)?;
        let placed = || self.place.sign(event.clone(), self.profile.as_ref());
        limited.ask(&held(&self.taken), config, placed, terminal)
    }

    /// The same where nobody is to be asked, whoever is there.
    ///
    /// # Errors
    /// `Policy`, also for keys that need a yes.
    pub fn hold_to_policy_unasked(
        &mut self,
        taker: Taker,
        config: &Config,
        reason: Option<&Reason>,
        event: &Event,
        terminal: &Terminal,
    ) -> Result<Leave> {
        self.hold(taker, config, reason, event, terminal)?.unasked()
    }

    fn hold(
        &mut self,
        taker: Taker,
        config: &Config,
        reason: Option<&Reason>,
        event: &Event,
        terminal: &Terminal,
    ) -> Result<Held> {
        let Self { taken, place, profile, .. } = self;
        let now = event.moment.unwrap_or_else(Moment::now);
        let placed = || place.sign(event.clone(), profile.as_ref());
        let folder = place.folder.as_deref().unwrap_or(Path::new(""));
        let why = Why { reason, here: place.reason.max(reason_in(&config.projects, folder)) };
        // Whether the reason holds a secret of any store is known before the history of one has it.
        for taken in &*taken {
            why.hold(&taken.used, &taken.names(&[]), config, placed, terminal)?;
        }
        let limited = limiting::hold(&held(taken), taker, config, placed, terminal)?;
        for taken in &mut *taken {
            let names = taken.names(&[]);
            policy::hold(&mut taken.used, &names, config, now, placed, terminal)?;
        }
        Ok(limited)
    }
}
