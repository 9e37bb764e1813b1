//! `[sources.NAME]` of `type = "azure-key-vault"`.

use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
};

/// Whether this type is there. Until then it is refused as unknown.
pub(super) const IS_THERE: bool = false;

/// Its own fields.
pub(super) const FIELDS: &[&str] = &[];

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Azure {}

impl Azure {
    /// The keys of stores that it needs itself.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        Vec::new()
    }
}

pub(super) fn look(_: &mut Reader, _: &Value, _: &Table) -> Option<Azure> {
    None
}
