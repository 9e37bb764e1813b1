//! What sources lent for a command: looked after while it runs, and given back at its end.

use std::{sync::Arc, time::Instant};

use crate::{
    source::{
        Source,
        leasing::{Held as OneLease, Keeper},
    },
    terminal::Terminal,
};

use super::Held;

/// What a command's sources lent. Dropping it gives all back; nothing is said of that then.
pub struct Leases(Keeper);

/// Takes over what was lent, if anything was. Without a lease every source is closed by now.
#[must_use]
pub fn leases(held: Held) -> Option<Leases> {
    if held.is_empty() {
        return None;
    }
    let (sources, leases) = held.into_parts();
    let sources: Vec<Arc<dyn Source>> = sources.into_iter().map(Arc::from).collect();
    let since = Instant::now();
    let one = |(name, lease)| {
        let source = sources.iter().find(|source| *source.name() == name)?;
        Some(OneLease { source: Arc::clone(source), lease, of: vec![name.to_string()], since })
    };
    let held = leases.into_iter().filter_map(one).collect();
    Some(Leases(Keeper::new(held, sources)))
}

impl Leases {
    /// Renews them from now on, up to [`Leases::end`].
    pub fn renew(&mut self, terminal: &Terminal) {
        let terminal = terminal.clone();
        self.0.renew(Box::new(move |said| terminal.warn(said)));
    }

    /// Gives all back. What could not be given back is said.
    pub fn end(mut self, terminal: &Terminal) {
        for failure in self.0.end() {
            terminal.warn(&failure.message);
            failure.hints.iter().for_each(|hint| terminal.hint(hint));
        }
    }
}
