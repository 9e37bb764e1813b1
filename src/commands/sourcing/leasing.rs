//! What sources lent for a command: looked after while it runs, and given back at its end.

use std::{sync::Arc, time::Instant};

use crate::{
    source::{
        Source,
        leasing::{Held as OneLease, Keeper},
    },
    terminal::Terminal,
};

use super::{Held, fetching::Lent};

/// What a command's sources lent, if they did. Dropping it gives all back; nothing is said of that then.
pub struct Leases(Option<Keeper>);

/// Takes over what was lent, if anything was. Without a lease every source is closed by now.
#[must_use]
pub fn leases(held: Held) -> Leases {
    if held.is_empty() {
        return Leases(None);
    }
    let (sources, leases) = held.into_parts();
    let sources: Vec<Arc<dyn Source>> = sources.into_iter().map(Arc::from).collect();
    let since = Instant::now();
    let one = |Lent { source, lease, keys }| {
        let source = sources.iter().find(|known| *known.name() == source)?;
        Some(OneLease { source: Arc::clone(source), lease, of: keys, since })
    };
    let held = leases.into_iter().filter_map(one).collect();
    Leases(Some(Keeper::new(held, sources)))
}

impl Leases {
    /// Whether there is anything to stay beside the command for.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// Renews them from now on, up to [`Leases::end`].
    pub fn renew(&mut self, terminal: &Terminal) {
        if let Some(keeper) = &mut self.0 {
            let terminal = terminal.clone();
            keeper.renew(Box::new(move |said| terminal.warn(said)));
        }
    }

    /// Gives all back. What could not be given back is said.
    pub fn end(mut self, terminal: &Terminal) {
        for failure in self.0.iter_mut().flat_map(Keeper::end) {
            terminal.warn(&failure.message);
            failure.hints.iter().for_each(|hint| terminal.hint(hint));
        }
    }
}
