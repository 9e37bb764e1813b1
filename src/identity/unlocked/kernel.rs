//! The kernel's keyring of this user (Linux, keyrings(7)): memory that is never written to a disk, that other users cannot
//! read, and that the kernel itself wipes when the time is up.
//!
//! A key is made in a keyring that only this process has, gets its time and its rights there, and is then put into the user's:
//! whatever ends this process in between, no key without an end is left behind. One of the same name makes way for it.

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, LinkNode, Permission};
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result},
    identity::anchor::Id,
    secret::Secret,
};

/// No text that is kept comes near it.
const LARGEST: usize = 4096;
/// So many keys are looked through at most, far more than a user may have (keyrings(7): 200, and root has few).
const MOST_KEYS: usize = 1 << 16;
/// "Function not implemented" (errno(3)), as kernels and sandboxes without keyrings have it.
const NO_SUCH_CALL: i32 = 38;

/// Where a store's text lies, and what marks it: the next one that is kept has another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(Key);

/// How the names of what is kept begin.
const NAMES: &str = "keyctl-unlocked:";

fn name(store: Id) -> String {
    format!("{NAMES}{store}")
}

fn of_user() -> std::result::Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}

/// Whether there is a keyring to keep anything in; asked before a person is.
///
/// # Errors
/// `Keychain`: why there is none.
pub fn is_usable() -> Result<()> {
    let tried = KeyRing::from_special_id(KeyRingIdentifier::Process, true).and_then(|own| {
        let key = own.add_key("keyctl-probe", b"x")?;
        of_user()?;
        own.unlink_key(key)
    });
    tried.map_err(explain)
}

/// Keeps a text for a store, for so many seconds; what was kept before is taken away.
///
/// # Errors
/// `Keychain` where the kernel keeps none.
pub fn keep(store: Id, text: &Secret, seconds: u32) -> Result<()> {
    let former = number(store);
    let kept = KeyRing::from_special_id(KeyRingIdentifier::Process, true).and_then(|own| {
        let key = own.add_key(&name(store), text.expose())?;
        key.set_timeout(seconds as usize)?;
        // For the user also where no keyring of the session leads to the user's, as in services of systemd; and for nobody the
        // right to give it more time.
        let use_it = || Permission::VIEW | Permission::READ | Permission::SEARCH;
        let rights = KeyPermissionsBuilder::builder().posessor(use_it() | Permission::LINK).user(use_it());
        key.set_perms(rights.build())?;
        of_user()?.link_key(key)?;
        own.unlink_key(key)
    });
    kept.map_err(explain)?;
    // It has made way, but is only forgotten when the kernel comes to it.
    former.map_or(Ok(()), |Number(key)| key.invalidate().map_err(explain))
}

/// The text that is kept for a store, if its time is not up.
#[must_use]
pub fn find(store: Id) -> Option<Secret> {
    let Number(key) = number(store)?;
    let mut room = Zeroizing::new([0; LARGEST]);
    let length = key.read(&mut room).ok()?;
    Some(Secret::new(room.get(..length)?.to_vec()))
}

/// Where the text of a store lies, if there is one.
#[must_use]
pub fn number(store: Id) -> Option<Number> {
    of_user().and_then(|ring| ring.search(&name(store))).ok().map(Number)
}

/// Takes away what is kept for a store, at once; says whether there was anything.
///
/// # Errors
/// `Keychain` where it is there and stays.
pub fn take_away(store: Id) -> Result<bool> {
    let Some(Number(key)) = number(store) else { return Ok(false) };
    key.invalidate().map_err(explain)?;
    if number(store).is_some_and(|Number(left)| left == key) {
        return Err(Failure::new(Kind::Keychain, "the kernel's keyring does not let go of the identity"));
    }
    Ok(true)
}

/// Takes away what is kept for any store of this user's, also for one that is nowhere any more; says for how many.
///
/// # Errors
/// `Keychain` where something is there and stays.
pub fn take_all_away() -> Result<usize> {
    // Without a keyring nothing is in one.
    of_user().map_or(Ok(0), take_all_from)
}

fn take_all_from(ring: KeyRing) -> Result<usize> {
    let is_ours = |key: &Key| key.metadata().is_ok_and(|facts| facts.get_description().starts_with(NAMES));
    let links = ring.get_links(MOST_KEYS).map_err(explain)?;
    let ours: Vec<Key> = links.iter().filter_map(LinkNode::as_key).filter(is_ours).collect();
    ours.iter().try_for_each(Key::invalidate).map_err(explain)?;
    Ok(ours.len())
}

fn explain(error: KeyError) -> Failure {
    let none = |why: &str| {
        Failure::new(Kind::Keychain, format!("nothing can be kept open here: {why}"))
            .hint("each command asks anew; keyctl writes what is open to no disk")
    };
    match error {
        KeyError::QuotaExceeded => Failure::new(Kind::Keychain, "the kernel's keyring has no room left for this user")
            .hint("see what fills it: `/proc/key-users`, `/proc/keys`"),
        KeyError::PermissionDenied | KeyError::AccessDenied => {
            none("the kernel's keyring is closed to programs, as in most containers")
        }
        KeyError::OperationNotSupported | KeyError::Unknown(NO_SUCH_CALL) => none("this kernel has no keyring"),
        other => none(&format!("the kernel's keyring answered with an error ({other:?})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{thread::sleep, time::Duration};

    fn text(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_text_is_kept_until_its_time_is_up_or_it_is_taken_away() {
        if is_usable().is_err() {
            return;
        }
        let (store, other) = (Id::random().expect("id"), Id::random().expect("id"));
        assert!(find(store).is_none() && !take_away(store).expect("nothing"));
        keep(store, &text("first"), 60).expect("kept");
        let first = number(store);
        assert!(find(store).is_some_and(|kept| kept.same_as(&text("first"))) && find(other).is_none());
        keep(store, &text("second"), 60).expect("kept");
        assert!(find(store).is_some_and(|kept| kept.same_as(&text("second"))) && number(store) != first);
        let keys = std::fs::read_to_string("/proc/keys").expect("keys");
        let is_valid = |line: &&str| line.contains(&name(store)) && line.split(' ').nth(1) == Some("I--Q---");
        let lines: Vec<&str> = keys.lines().filter(is_valid).collect();
        assert!(lines.len() == 1 && lines[0].contains(" 1b0b0000 "), "{lines:?}");
        assert!(take_away(store).expect("taken") && find(store).is_none() && number(store).is_none());
        keep(store, &text("third"), 1).expect("kept");
        sleep(Duration::from_millis(2100));
        assert!(find(store).is_none());
    }

    #[test]
    fn all_that_is_kept_is_taken_away_and_nothing_else() {
        if is_usable().is_err() {
            return;
        }
        // One of this process's own: the user's may have what is open just now.
        let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true).expect("a keyring");
        let stores = [Id::random().expect("id"), Id::random().expect("id")];
        for kept in [name(stores[0]), name(stores[1]), "of-somebody-else".to_owned()] {
            own.add_key(&kept, b"text").expect("kept");
        }
        assert_eq!(take_all_from(own).expect("taken"), 2);
        assert!(stores.iter().all(|store| own.search(&name(*store)).is_err()));
        assert!(own.search("of-somebody-else").is_ok() && take_all_from(own).expect("none") == 0);
    }

    #[test]
    fn each_way_of_having_no_keyring_has_its_words() {
        for (error, said) in [
            (KeyError::QuotaExceeded, "the kernel's keyring has no room left for this user"),
            (
                KeyError::PermissionDenied,
                "nothing can be kept open here: the kernel's keyring is closed to programs, as in most containers",
            ),
            (KeyError::Unknown(38), "nothing can be kept open here: this kernel has no keyring"),
        ] {
            let failure = explain(error);
            assert_eq!((failure.kind, failure.message.as_str()), (Kind::Keychain, said));
        }
    }
}
