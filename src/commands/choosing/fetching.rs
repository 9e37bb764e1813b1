//! What a command gets of keys that lie in a source: fetched once everything else has said yes.

use std::collections::BTreeMap;

use crate::{
    config::Config,
    date::Moment,
    failure::Result,
    history::{Event, Fetch, Reason},
    name::{KeyName, VariableName},
    reference::Remote,
    terminal::Terminal,
};

use super::{
    super::{
        limiting::{self, Taker},
        policy,
        sourcing::{self, Asking, Fetched},
        using::Used,
    },
    Chosen, Taken, held,
};

impl Chosen {
    /// Whether a variable waits for a source.
    pub(super) fn waits_for(&self, variable: &VariableName) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == variable)
    }

    /// Fetches what the command waits for, and holds it against what can only be judged with the secret itself: that the reason
    /// does not hold it, and that it is long enough to be masked where it has to be.
    ///
    /// # Errors
    /// As [`sourcing::fetch`]; `Usage` and `Policy`.
    pub(super) fn fetch(
        &mut self,
        taker: Taker,
        config: &Config,
        reason: Option<&Reason>,
        event: &Event,
        terminal: &Terminal,
    ) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let Self { taken, place, profile, offline, .. } = self;
        let placed = || place.sign(event.clone(), profile.as_ref());
        let names: Vec<Vec<KeyName>> = taken.iter().map(|taken| taken.names(&[])).collect();
        let mut stores: Vec<(&mut Used, Vec<KeyName>)> =
            taken.iter_mut().map(|taken| &mut taken.used).zip(names.iter().cloned()).collect();
        let asking = Asking { config, offline: *offline, event: &placed, terminal };
        let Fetched { from, remotes, held: kept } = sourcing::fetch(&mut stores, asking)?;
        for ((taken, from), remotes) in taken.iter_mut().zip(from).zip(remotes) {
            for (name, key) in remotes.keys().filter_map(|name| taken.used.payload.keys.get_key_value(name)) {
                if reason.is_some_and(|reason| key.value.is_within(reason.as_str())) {
                    return Err(policy::in_the_reason(name));
                }
            }
            taken.remotes.extend(remotes);
            taken.from = from;
        }
        limiting::hold(&held(taken), taker, config, placed, terminal)?;
        self.held = kept;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().try_for_each(|(variable, source)| self.fill(variable, &source))
    }
}

impl Taken {
    /// Takes over what was fetched before for keys that refer to the same still and were not replaced since: another change of the
    /// store asks no source again.
    pub(super) fn keep_fetched(&mut self, before: &Used, remotes: &BTreeMap<KeyName, Remote>, from: &[Fetch]) {
        for (name, remote) in remotes {
            let known = before.payload.keys.get(name);
            let (Some(known), Some(key)) = (known, self.used.payload.keys.get_mut(name)) else { continue };
            // Two changes within one second have the same moment, so of a change that is that new nothing is taken over.
            let is_settled = key.facts.changed.seconds().saturating_add(2) < Moment::now().seconds();
            let is_same = key.facts.changed == known.facts.changed && is_settled;
            if is_same && key.remote().as_ref() == Some(remote) {
                key.value = known.value.copy();
                key.facts.source = None;
                self.remotes.insert(name.clone(), remote.clone());
                self.from = from.to_vec();
            }
        }
    }
}
