//! A credential of this logon session (Windows): it is in memory alone, other users cannot read it, and it is gone when the user
//! signs out. It has no end of its own, so that stands in it.
#![expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]

use crate::{
    failure::Result,
    identity::{anchor::Id, keychain::OsKeychain},
    secret::Secret,
};

/// Whether there is a place: each session has one.
///
/// # Errors
/// None that are known; other systems have some.
pub fn is_usable() -> Result<()> {
    Ok(())
}

/// Keeps a text for a store.
///
/// # Errors
/// `Keychain`.
pub fn keep(store: Id, text: &Secret, _: u32) -> Result<()> {
    OsKeychain::of_session(store).keep(text)
}

/// The text that is kept for a store.
#[must_use]
pub fn find(store: Id) -> Option<Secret> {
    OsKeychain::of_session(store).find()
}

/// Takes away what is kept for a store; says whether there was anything.
///
/// # Errors
/// `Keychain`.
pub fn take_away(store: Id) -> Result<bool> {
    let place = OsKeychain::of_session(store);
    let was_there = place.find().is_some();
    place.take_away().map(|()| was_there)
}

/// Nothing more than what is taken away of each store: the system lists no credentials of a session to `keyring`.
///
/// # Errors
/// None.
pub fn take_all_away() -> Result<usize> {
    Ok(0)
}
