//! What a source's credential may do, as `source test` says it.

use crate::reference::Reference;

/// What a source tells of a credential.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Whose it is, in the source's words.
    pub who: Option<String>,
    /// What it may do with each reference.
    pub of: Vec<Ability>,
    /// What it may do that nobody needs to fetch what is referenced; each in words that go after "it".
    pub more: Vec<String>,
    /// What cannot be known, and why; each a sentence.
    pub unknown: Vec<String>,
}

/// What may be done with one reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Ability {
    /// Which one.
    pub reference: Reference,
    /// Whether it may be read; nothing where the source does not tell.
    pub read: Option<bool>,
    /// Whether a new version may be written.
    pub write: Option<bool>,
}
