//! What is open already, so that nobody is asked for it once more: what this process has opened, and what another one keeps open
//! for a while because its user wants that (`keyctl unlock`).
//!
//! An identity is found by a hash of the bytes it was wrapped in, so whatever wraps it anew makes what was open void.

mod lease;
#[cfg(not(any(target_os = "linux", windows)))]
mod nowhere;
#[cfg(windows)]
mod session;

#[cfg(target_os = "linux")]
pub mod kernel;
#[cfg(target_os = "linux")]
pub mod logind;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{anchor::Id, wrapping::Hash};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    secret::Secret,
};

#[cfg(target_os = "linux")]
use kernel as place;
pub use lease::Lease;
#[cfg(not(any(target_os = "linux", windows)))]
use nowhere as place;
#[cfg(windows)]
use session as place;

static OPENED: Mutex<Vec<(Hash, Secret)>> = Mutex::new(Vec::new());
static ASKS_ANEW: AtomicBool = AtomicBool::new(false);
static PASSED_OVER: AtomicBool = AtomicBool::new(false);

/// The identity of a store that was wrapped in these bytes, if it is open.
#[must_use]
pub fn find(store: Id, wrapped: Hash) -> Option<Secret> {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let here = opened.iter().find(|(hash, _)| *hash == wrapped).map(|(_, line)| line.copy());
    drop(opened);
    here.or_else(|| elsewhere(store, wrapped))
}

/// Keeps it open for as long as this process lives.
pub fn hold(wrapped: Hash, line: &Secret) {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if opened.iter().all(|(hash, _)| *hash != wrapped) {
        opened.push((wrapped, line.copy()));
    }
}

/// What another process has opened.
fn elsewhere(store: Id, wrapped: Hash) -> Option<Secret> {
    let lease = lease(store, wrapped, Moment::now())?;
    if ASKS_ANEW.load(Ordering::Relaxed) {
        pass_over();
        return None;
    }
    Some(lease.line)
}

/// Why a store is closed to this process: what opens it, and why nobody was asked for that.
#[must_use]
pub fn closed(opens: &str, why: &str) -> Failure {
    if PASSED_OVER.load(Ordering::Relaxed) {
        // To open it, as it is already, would not help.
        let said = format!("that the store is open for a while does not do for this: {opens} opens it anew, {why}");
        return Failure::new(Kind::Keychain, said).hint("do it yourself, at a terminal");
    }
    Failure::new(Kind::Keychain, format!("the store is closed: {opens} opens it, {why}"))
        .hint("open it at a terminal first: `keyctl unlock`")
}

/// What is open for a while of a store that is wrapped in these bytes.
#[must_use]
pub fn lease(store: Id, wrapped: Hash, now: Moment) -> Option<Lease> {
    any_lease(store, now).filter(|lease| lease.wrapped == wrapped)
}

/// The same, whatever it was wrapped in.
#[must_use]
pub fn any_lease(store: Id, now: Moment) -> Option<Lease> {
    Lease::find(store, now)
}

/// From now on this process takes nothing that another has opened.
pub fn ask_anew() {
    ASKS_ANEW.store(true, Ordering::Relaxed);
}

/// Says that for what is done now it does not do that a store is open for a while: whoever does it has to be who can open it.
pub fn pass_over() {
    PASSED_OVER.store(true, Ordering::Relaxed);
}

/// Whether anything can be kept open for a while on this machine.
///
/// # Errors
/// `Keychain`: why not.
pub fn is_possible() -> Result<()> {
    place::is_usable()
}

/// Closes what is open for a while of a store, whatever it was wrapped in; says whether there was anything.
///
/// # Errors
/// `Keychain` where it cannot be closed.
pub fn close(store: Id) -> Result<bool> {
    place::take_away(store)
}

/// Closes whatever is open for a while of this user's, also what no store is known of any more; says how much there was. Windows
/// lists nothing: there it is gone with the session.
///
/// # Errors
/// `Keychain` where it cannot be closed.
pub fn close_all() -> Result<usize> {
    place::take_all_away()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_is_found_by_the_bytes_it_was_wrapped_in_alone() {
        let (one, other) = (Hash::of(b"some bytes"), Hash::of(b"other bytes"));
        assert!(find(Id([1; 16]), one).is_none());
        hold(one, &Secret::new(b"AGE-SECRET-KEY-1X".to_vec()));
        assert!(find(Id([1; 16]), one).is_some_and(|line| line.expose() == b"AGE-SECRET-KEY-1X"));
        assert!(find(Id([1; 16]), other).is_none());
    }
}
