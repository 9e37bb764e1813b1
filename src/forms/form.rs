//! The words for the forms of a secret.

use std::fmt;

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
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Word => "word",
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
