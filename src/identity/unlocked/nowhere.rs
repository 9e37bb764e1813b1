//! Where the operating system has no place that ends with the session, is bound to no program's signature, and has an end of its
//! own: on macOS a keychain item is on the disk, and stays. So nothing is kept.
#![expect(clippy::unnecessary_wraps, reason = "where there is a place it can fail")]

use crate::{
    failure::{Failure, Kind, Result},
    identity::anchor::Id,
    secret::Secret,
};

/// Whether there is a place: there is none.
///
/// # Errors
/// `Keychain`.
pub fn is_usable() -> Result<()> {
    let system = if cfg!(target_os = "macos") { "macOS" } else { "this system" };
    Err(Failure::new(
        Kind::Keychain,
        format!("nothing can be kept open on {system} yet: it has no place for it that ends by itself"),
    )
    .hint("each command asks anew; the keeper `keychain` asks nobody while you are logged in"))
}

/// Keeps nothing.
///
/// # Errors
/// `Keychain`.
pub fn keep(_: Id, _: &Secret, _: u32) -> Result<()> {
    is_usable()
}

/// Nothing is kept.
#[must_use]
pub fn find(_: Id) -> Option<Secret> {
    None
}

/// Nothing is kept.
///
/// # Errors
/// None.
pub fn take_away(_: Id) -> Result<bool> {
    Ok(false)
}

/// Nothing is kept.
///
/// # Errors
/// None.
pub fn take_all_away() -> Result<usize> {
    Ok(0)
}
