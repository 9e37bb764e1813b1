//! The text of a key: a type that can't be printed, cloned, compared or logged.
//!
//! There is one door, [`Secret::expose`]. A test lists the files that may use it. The bytes are wiped when the value is
//! dropped. Growing a buffer would leave copies behind, so a `Secret` is built once and never grows.

use zeroize::Zeroizing;

/// The most bytes a secret may have: 1 MiB. No issuer's key comes near it; the kernel carries far less.
pub const LARGEST: usize = 1024 * 1024;

/// A secret's bytes, wiped on drop. It has no `Debug`, `Clone`, `PartialEq` or `Serialize` on purpose.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; the caller's vector becomes the wiped one, nothing is copied.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The same once more, in a place of its own; a method and not `Clone`, so that nothing copies it unseen.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The one door to the bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, where they are UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether the bytes are UTF-8.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.expose_text().is_some()
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same bytes. A method and not `==`, so that no derive and no assertion macro finds it.
    #[must_use]
    pub fn same_as(&self, other: &Secret) -> bool {
        self.0 == other.0
    }

    /// Whether a text holds the whole of it; never for fewer than 6 bytes, which turn up by chance.
    #[must_use]
    pub fn is_within(&self, text: &str) -> bool {
        self.len() >= 6 && self.expose_text().is_some_and(|secret| text.contains(secret))
    }

    /// Whether it is part of these bytes, however short it is.
    #[must_use]
    pub fn is_part_of(&self, bytes: &[u8]) -> bool {
        !self.0.is_empty() && memchr::memmem::find(bytes, &self.0).is_some()
    }

    /// Whether the other one is part of it, or the same.
    #[must_use]
    pub fn has_within(&self, other: &Secret) -> bool {
        other.is_part_of(&self.0)
    }

    /// Takes one line ending off the end, as `echo` and clipboards add it. Says whether there was one.
    pub fn trim_line_ending(&mut self) -> bool {
        let before = self.0.len();
        if self.0.last() == Some(&b'\n') {
            self.0.pop();
            if self.0.last() == Some(&b'\r') {
                self.0.pop();
            }
        }
        self.0.len() != before
    }

    /// The same for a new secret. A private key in PEM keeps its own last line ending: OpenSSH reads no key without.
    pub fn trim_added_line_ending(&mut self) -> bool {
        !self.ends_as_private_pem() && self.trim_line_ending()
    }

    /// Whether it is a private key in PEM, with one line ending after its last line.
    fn ends_as_private_pem(&self) -> bool {
        let Some(text) = self.expose_text().and_then(|text| text.strip_suffix('\n')) else { return false };
        let text = text.strip_suffix('\r').unwrap_or(text);
        let is_mark = |line: &str, word: &str| {
            line.strip_prefix(word).is_some_and(|rest| rest.contains("PRIVATE KEY") && rest.ends_with("-----"))
        };
        let (first, last) = (text.lines().next().unwrap_or_default(), text.rsplit('\n').next().unwrap_or_default());
        is_mark(first, "-----BEGIN ") && is_mark(last, "-----END ")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn exactly_one_line_ending_is_taken_off() {
        for (given, kept, said) in
            [("k\n", "k", true), ("k\r\n", "k", true), ("k\n\n", "k\n", true), ("k", "k", false), ("k\r", "k\r", false)]
        {
            let mut secret = Secret::new(given.as_bytes().to_vec());
            assert_eq!(secret.trim_line_ending(), said);
            assert!(secret.expose() == kept.as_bytes());
        }
    }

    #[test]
    fn a_private_key_in_pem_keeps_its_last_line_ending() {
        let key = |kind: &str, end: &str| format!("-----BEGIN {kind}-----\nbody\n-----END {kind}-----{end}");
        for (given, is_trimmed) in [
            (key("OPENSSH PRIVATE KEY", "\n"), false),
            (key("RSA PRIVATE KEY", "\r\n"), false),
            (key("PRIVATE KEY", ""), false),
            (key("PRIVATE KEY", "\n\n"), true),
            (key("CERTIFICATE", "\n"), true),
            ("-----BEGIN PRIVATE KEY-----\nbody\n".into(), true),
            ("a -----END PRIVATE KEY-----\n".into(), true),
            ("\n".into(), true),
        ] {
            assert_eq!(Secret::new(given.clone().into_bytes()).trim_added_line_ending(), is_trimmed, "{given:?}");
        }
    }
}
