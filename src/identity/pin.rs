//! The pin: which store belongs to a folder, written in the keychain when the keychain keeps that store.
//!
//! Record, identity file, anchor and store all lie in one folder. Whoever can write there, a sync service for one, could
//! put a whole set of their own in its place, all parts fitting together, and the next `set` would encrypt to them. They
//! cannot write the keychain: so where it knows a store of this folder, a folder that says otherwise is noticed, and a
//! folder that lost everything is not taken for a new one.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{
    anchor::{Anchor, Id},
    keeper::{Item, Keeper},
    keychain::OsKeychain,
};
use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
};

/// The keychain's item for a folder, by a hash of its path: `keyctl-home:<32 hexadecimal digits>`.
fn item(home: &Home) -> OsKeychain {
    let path: PathBuf = home.data().canonicalize().unwrap_or_else(|_| home.data().to_owned());
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let mut id = Id::default();
    id.0.copy_from_slice(&digest[..16]);
    OsKeychain::of_folder(id)
}

/// The store that the keychain knows for this folder, if it answers without asking anybody.
#[must_use]
pub fn read(home: &Home) -> Option<Id> {
    let held = item(home).read_quietly().ok()?;
    held.anchor.as_ref().and_then(Anchor::parse).map(|pin| pin.store)
}

/// Writes down that this store belongs to this folder.
///
/// # Errors
/// As the keychain has them.
pub fn write(home: &Home, store: Id) -> Result<()> {
    // An anchor's line without its secrets: one form to read and write, and nothing in it that opens anything.
    item(home).write(Item::Anchor, &Anchor::first(store, Id::default()).line())
}

/// Takes it back, where the keychain is not to keep this folder's store any more.
///
/// # Errors
/// As the keychain has them.
pub fn remove(home: &Home) -> Result<()> {
    item(home).remove(Item::Anchor)
}

/// The failure for a folder whose files say otherwise than the keychain.
#[must_use]
pub fn contradicted() -> Failure {
    Failure::new(Kind::Store, "the keychain keeps another store for this folder than the one that lies here")
        .hint("someone may have put other files in the place of yours: put your own copy of the folder back")
        .hint("if you want the one that lies here: `keyctl recovery restore FILE`, with its identity file or recovery copy")
}

/// The failure for a folder that lost its store.
#[must_use]
pub fn lost() -> Failure {
    Failure::new(
        Kind::Store,
        "the keychain keeps the identity of a store for this folder, but the store's files are gone",
    )
    .hint("put your copy of `store.age` and `keeper.toml` back")
    .hint("to begin with an empty store all the same: `keyctl store create --anew`")
}
