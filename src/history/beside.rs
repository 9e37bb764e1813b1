//! What lies beside the history and belongs to it alone.

use zeroize::Zeroizing;

use super::Log;
use crate::{failure::Result, seal::SealKey};

impl Log {
    /// When the log was last written to, and nothing where it was not.
    #[must_use]
    pub fn last_written(&self) -> Option<std::time::SystemTime> {
        std::fs::symlink_metadata(self.file("log")).and_then(|facts| facts.modified()).ok()
    }

    /// Seals what belongs to this history and lies beside it; `what` says what it is.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal_beside(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>> {
        self.key.seal(&self.beside(what), plain)
    }

    /// Opens what [`Log::seal_beside`] sealed.
    #[must_use]
    pub fn open_beside(&self, what: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let former = self.former.last().filter(|_| self.changing);
        let open = |key: &SealKey| key.open(&self.beside(what), sealed);
        open(&self.key).or_else(|| open(&former?.key))
    }

    fn beside(&self, what: &str) -> Vec<u8> {
        [b"keyctl-beside-history-v1\0", what.as_bytes(), &[0], &self.id[..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{IDENTITY, history_of, log_in};
    use super::*;

    #[test]
    fn what_is_sealed_beside_a_history_opens_there_and_as_what_it_is_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = log_in(folder.path());
        assert_eq!(log.last_written(), None);
        let sealed = log.seal_beside("x", b"text").unwrap();
        assert_eq!(log.open_beside("x", &sealed).unwrap()[..], b"text"[..]);
        assert!(log.open_beside("y", &sealed).is_none());
        assert!(Log::new(folder.path(), [8; 16], IDENTITY).open_beside("x", &sealed).is_none());
        assert!(history_of(1).1.last_written().is_some());
    }
}
