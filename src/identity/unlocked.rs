//! What is open already, so that nobody is asked for it once more: what this process has opened.
//!
//! An identity is found by a hash of the bytes it was wrapped in, so whatever wraps it anew makes what was open void.

use std::sync::{Mutex, PoisonError};

use super::{anchor::Id, wrapping::Hash};
use crate::secret::Secret;

static OPENED: Mutex<Vec<(Hash, Secret)>> = Mutex::new(Vec::new());

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

/// What another process has opened: none can yet.
fn elsewhere(_store: Id, _wrapped: Hash) -> Option<Secret> {
    None
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
