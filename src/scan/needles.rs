//! What is looked for: each secret of the store in every form in which it is usually written down. Built once per scan and
//! wiped when that is over.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The fewest bytes of a secret that is looked for at all: shorter ones are words that lie anywhere.
pub const SHORTEST: usize = 8;
/// From here on a secret is found wherever it stands; a shorter one only as a word of its own.
pub const SURE: usize = 12;

/// A secret to look for.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// The name of its key.
    pub name: &'a str,
    /// Which of the key's secrets.
    pub which: Which,
    /// The secret.
    pub secret: &'a Secret,
}

/// Which of a key's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The one in use.
    Current,
    /// One that was replaced.
    Former,
    /// One of a key that was removed, and is still kept.
    Removed,
    /// One that must not be used any more.
    Revoked,
}

impl Which {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Former => "former",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it is.
    Raw,
    /// As it is, and so short that it counts only as a word of its own: weak evidence.
    Word,
    /// With backslashes, as in JSON and most programming languages.
    Escaped,
    /// With percent signs, as in URLs.
    Percent,
    /// In hexadecimal digits.
    Hex,
    /// In base 64, with `+` and `/` or without either.
    Base64,
    /// In base 64, with `-` and `_`.
    Base64Url,
    /// In UTF-16.
    Utf16,
}

impl Form {
    /// The words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "as it is",
            Self::Word => "short word",
            Self::Escaped => "escaped",
            Self::Percent => "percent",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Utf16 => "utf-16",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The secrets of a store, ready to be looked for.
pub struct Needles {
    pub(super) secrets: Vec<(Zeroizing<Vec<u8>>, Vec<(Arc<str>, Which)>)>,
    too_short: Vec<Arc<str>>,
}

impl Needles {
    /// Makes them ready.
    pub fn of<'a>(kept: impl IntoIterator<Item = Kept<'a>>) -> Self {
        let mut needles = Self { secrets: Vec::new(), too_short: Vec::new() };
        for Kept { name, which, secret } in kept {
            if secret.len() < SHORTEST {
                needles.too_short.push(name.into());
            } else {
                needles.secrets.push((Zeroizing::new(secret.expose().to_vec()), vec![(name.into(), which)]));
            }
        }
        needles
    }

    /// The keys that have a secret too short to look for, each once.
    #[must_use]
    pub fn too_short(&self) -> &[Arc<str>] {
        &self.too_short
    }
}
