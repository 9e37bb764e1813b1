//! A keyctl that was built without sources: it says so where a key needs one.

use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    name::KeyName,
    store::payload::Payload,
    terminal::Terminal,
};

use super::{Asking, Fetched, Referring};
use crate::commands::{opening::Kept, using::Used};

/// Nothing is ever held.
#[derive(Default)]
pub struct Held(());

#[expect(clippy::unused_self, reason = "called as what a keyctl with sources has")]
impl Held {
    /// None are held back.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::unnecessary_wraps, reason = "called as what a keyctl with sources has")]
    pub fn heed_signals(&mut self) -> Result<()> {
        Ok(())
    }

    /// Nothing is left to anybody.
    pub fn leave(self, _: &Terminal) {}
}

/// Nothing is ever lent.
pub struct Leases(());

/// Nothing was lent.
#[must_use]
pub fn leases(_: Held) -> Leases {
    Leases(())
}

#[expect(clippy::unused_self, reason = "called as what a keyctl with sources has")]
impl Leases {
    /// Nothing is there.
    #[must_use]
    pub fn are_there(&self) -> bool {
        false
    }

    /// Nothing is renewed.
    pub fn renew(&mut self, _: &Terminal) {}

    /// Nothing is given back.
    pub fn end(self, _: &Terminal) {}
}

/// Nothing is ever kept.
pub fn forget_unused(_: &Home, _: &Kept, _: &Payload) {}

pub(super) fn fetch(_: &mut [(&mut Used, Vec<KeyName>)], referring: &[Referring], _: Asking) -> Result<Fetched> {
    let names: Vec<String> = referring.iter().map(|key| format!("`{}`", key.name)).collect();
    Err(Failure::new(
        Kind::Remote,
        format!("this keyctl was built without sources, and needs one for {}", names.join(", ")),
    )
    .hint("take a keyctl with the feature `sources`"))
}
