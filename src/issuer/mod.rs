//! Whose key a secret is, told by its shape: who issued it, where it is replaced, how often it should be, whether it was
//! mistyped, and the end that some keys carry in themselves. Nobody is asked; what is known stands in `kinds.toml`.
//!
//! A shape is a hint and no proof: others may issue texts that look the same. So nothing is refused because of it.

mod check;
mod expiry;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod within;

use std::ops::Range;

use crate::{date::Moment, secret::Secret};

pub use table::Kind;
#[cfg(test)]
pub use table::samples;
pub use within::{Anchors, Found};

/// What the check characters in a key say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// It has none, or its issuer does not say how they are made.
    NoneKnown,
    /// They belong to the rest.
    Right,
    /// They do not, or are not all there: it was mistyped or cut short.
    Wrong,
}

/// A secret whose shape is known.
#[derive(Debug, Clone, Copy)]
pub struct Recognised {
    /// What it looks like.
    pub kind: &'static Kind,
    /// What its check characters say.
    pub checksum: Checksum,
}

/// Tells by its shape what a secret is: the whole of it, and the kind with the longest prefix if several fit. What begins
/// like a key with check characters and is too short is that key, with wrong ones.
#[must_use]
pub fn recognise(secret: &Secret) -> Option<Recognised> {
    table::recognise(table::kinds(), secret.expose()).map(|(kind, checksum)| Recognised { kind, checksum })
}

/// The end that a key carries in itself, where its issuer documents that: the `exp` of a JSON Web Token, the `se` of an
/// Azure shared access signature. The text is the only witness; no signature is checked.
#[must_use]
pub fn own_expiry(secret: &Secret) -> Option<Moment> {
    expiry::of(secret.expose())
}

/// Which parts of a secret its issuer puts into others of its kind too: `sk-proj-`, and what stands in the middle.
#[must_use]
pub fn constants(secret: &[u8]) -> Vec<Range<usize>> {
    within::constants(secret)
}
