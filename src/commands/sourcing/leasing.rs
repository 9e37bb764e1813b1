//! What sources lent for a command: looked after while it runs, and given back at its end.

use crate::{source::leasing::Keeper, terminal::Terminal};

use super::{Held, interrupting::Interruption};

/// What a command's sources lent, if they did. Dropping it gives all back; nothing is said of that then.
pub struct Leases(Option<Lent>);

/// Whoever looks after it, and the signals that are held back from when it was made: who stays beside the command hears them.
struct Lent(Keeper, #[expect(dead_code, reason = "held as long as this lives")] Option<Interruption>);

/// Takes over what was lent, if anything was. Without a lease every source is closed by now.
#[must_use]
pub fn leases(held: Held) -> Leases {
    if held.is_empty() {
        return Leases(None);
    }
    let (keeper, signals) = held.into_parts();
    Leases(Some(Lent(keeper, signals)))
}

impl Leases {
    /// Whether there is anything to stay beside the command for.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// Renews them from now on, up to [`Leases::end`].
    pub fn renew(&mut self, terminal: &Terminal) {
        if let Some(Lent(keeper, _)) = &mut self.0 {
            let terminal = terminal.clone();
            keeper.renew(Box::new(move |said| terminal.warn(said)));
        }
    }

    /// Gives all back. What could not be given back is said.
    pub fn end(mut self, terminal: &Terminal) {
        for failure in self.0.iter_mut().flat_map(|Lent(keeper, _)| keeper.end()) {
            terminal.warn(&failure.message);
            failure.hints.iter().for_each(|hint| terminal.hint(hint));
        }
    }
}
