//! What is kept of an identity that was changed for another: not the identity, but the key that its history was sealed with,
//! and where that ends.
//!
//! It lies in the store, so whoever opens the store reads the entries from before the change. The entry that a key ends with
//! is pinned by its chain value, which stands for all entries before it: whoever has the former identity can read those
//! where they get hold of the files, but can change none of them, take none away and add none any more.

use super::anchor::Id;
use crate::secret::Secret;

/// The key that entries up to one of them are sealed with.
pub struct Retired {
    /// The key, of 32 bytes.
    pub key: Secret,
    /// The last entry that is sealed with it.
    pub last: u64,
    /// The chain value of that entry.
    pub hash: [u8; 32],
}

impl Retired {
    /// The same once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        let Self { key, last, hash } = self;
        Self { key: key.copy(), last: *last, hash: *hash }
    }
}

/// What is kept of a history that was set aside, so that its owner can still read it: also once the identity is another.
pub struct Aside {
    /// The folder it was moved to, in the one of the store.
    pub folder: String,
    /// Which history it is.
    pub log: Id,
    /// Which machine has it, where others have one of their own.
    pub machine: Option<String>,
    /// How far it was vouched for: the mark of an entry.
    pub known: Option<String>,
    /// The key that its last entries are sealed with, of 32 bytes.
    pub key: Secret,
    /// The keys of earlier entries, the earliest first.
    pub retired: Vec<Retired>,
}

impl Aside {
    /// The same once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        let Self { folder, log, machine, known, key, retired } = self;
        let (folder, machine, known) = (folder.clone(), machine.clone(), known.clone());
        let retired = retired.iter().map(Retired::copy).collect();
        Self { folder, log: *log, machine, known, key: key.copy(), retired }
    }
}
