//! What a place in a template may do with a secret: write it so that the text around it stays what it was.
//!
//! A filter that a format has quotes for writes them too (`json`, `shell`), so that nothing in a secret can end the quotes it
//! stands in. Each makes a buffer of its full size at once: growing would leave copies behind that nobody wipes.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::{name::distance, secret::Secret};

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Base64 (RFC 4648, section 4), padded.
    Base64,
    /// Base64 with `-` and `_` (section 5), without padding.
    Base64Url,
    /// Two small hexadecimal digits a byte.
    Hex,
    /// A whole JSON string, quotes and all (RFC 8259).
    Json,
    /// A whole word of a POSIX shell, in single quotes.
    Shell,
    /// Without white space at both ends.
    Trim,
    /// For any part of a URL: all but letters, digits and `-._~` as `%XX` (RFC 3986).
    Url,
}

/// Each by its name, sorted.
const ALL: &[(&str, Filter)] = &[
    ("base64", Filter::Base64),
    ("base64url", Filter::Base64Url),
    ("hex", Filter::Hex),
    ("json", Filter::Json),
    ("shell", Filter::Shell),
    ("trim", Filter::Trim),
    ("url", Filter::Url),
];

const HEX: &[u8; 16] = b"0123456789abcdef";
const HEX_OF_URLS: &[u8; 16] = b"0123456789ABCDEF";
/// Names so much unlike each other are not taken for mistyped.
const ALIKE: usize = 2;

impl Filter {
    /// The filter of this name.
    ///
    /// # Errors
    /// What is wrong with the name, and what may have been meant.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, filter)) = ALL.iter().find(|(known, _)| *known == name) {
            return Ok(*filter);
        }
        // What is long or odd may be anything, also a secret.
        let is_word = name.len() <= 16 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let nearest = ALL.iter().map(|(known, _)| (distance(known, name), known)).min();
        let hint = match nearest {
            Some((far, known)) if is_word && far <= ALIKE => format!("did you mean `{known}`?"),
            _ => {
                format!("there are {}", ALL.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        Err(match (name.is_empty(), is_word) {
            (true, _) => format!("after `|` comes a filter; {hint}"),
            (_, true) => format!("there is no filter `{name}`; {hint}"),
            _ => format!("there is no such filter; {hint}"),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(_, filter)| *filter == self).map_or("", |(name, _)| name)
    }

    /// How many bytes it makes of so many at most.
    #[must_use]
    pub fn most(self, bytes: usize) -> usize {
        let times = |times: usize| bytes.saturating_mul(times).saturating_add(2);
        match self {
            Self::Trim => bytes,
            Self::Base64 | Self::Base64Url | Self::Hex => times(2).saturating_add(2),
            Self::Url => times(3),
            Self::Shell => times(4),
            Self::Json => times(6),
        }
    }

    /// What it makes of these bytes.
    ///
    /// # Errors
    /// What it cannot carry, in words.
    pub fn apply(self, bytes: &[u8]) -> Result<Secret, &'static str> {
        Ok(Secret::new(match self {
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            Self::Hex => hex(bytes),
            Self::Json => json(std::str::from_utf8(bytes).map_err(|_| "is no text")?),
            Self::Shell if bytes.contains(&0) => return Err("has a NUL byte"),
            Self::Shell => shell(bytes),
            Self::Trim => bytes.trim_ascii().to_vec(),
            Self::Url => url(bytes),
        }))
    }
}

fn digit(table: &[u8; 16], value: u8) -> u8 {
    table[usize::from(value & 15)]
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        made.extend([digit(HEX, byte >> 4), digit(HEX, *byte)]);
    }
    made
}

fn url(bytes: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            made.push(*byte);
        } else {
            made.extend([b'%', digit(HEX_OF_URLS, byte >> 4), digit(HEX_OF_URLS, *byte)]);
        }
    }
    made
}

fn shell(bytes: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(bytes.len() * 4 + 2);
    made.push(b'\'');
    for byte in bytes {
        if *byte == b'\'' { made.extend(b"'\\''") } else { made.push(*byte) }
    }
    made.push(b'\'');
    made
}

fn json(text: &str) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len() * 6 + 2);
    made.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => made.extend([b'\\', byte]),
            b'\n' => made.extend(b"\\n"),
            b'\r' => made.extend(b"\\r"),
            b'\t' => made.extend(b"\\t"),
            // U+007F is no control character to JSON; escaped it harms nobody.
            0..0x20 | 0x7f => made.extend([b'\\', b'u', b'0', b'0', digit(HEX, byte >> 4), digit(HEX, byte)]),
            _ => made.push(byte),
        }
    }
    made.push(b'"');
    made
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(name: &str, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        Filter::named(name).expect("known").apply(bytes).map(|secret| secret.expose().to_vec())
    }

    #[test]
    fn each_filter_writes_what_its_format_says() {
        for (name, given, wanted) in [
            ("base64", &b"\xff\xfe?"[..], "//4/"),
            ("base64", b"a", "YQ=="),
            ("base64url", b"\xff\xfe?a", "__4_YQ"),
            ("hex", b"\0\xffz", "00ff7a"),
            ("json", b"a\"\\\n\x1b\xc3\xbc", "\"a\\\"\\\\\\n\\u001b\u{fc}\""),
            ("shell", b"it's $(id)\n", "'it'\\''s $(id)\n'"),
            ("shell", b"", "''"),
            ("trim", b" \n a b\r\n", "a b"),
            ("url", b"a/b?c=d&~-._\xff @:", "a%2Fb%3Fc%3Dd%26~-._%FF%20%40%3A"),
        ] {
            assert_eq!(made(name, given), Ok(wanted.as_bytes().to_vec()), "{name}");
        }
        assert_eq!(made("json", b"\xff"), Err("is no text"));
        assert_eq!(made("shell", b"a\0b"), Err("has a NUL byte"));
    }

    #[test]
    fn an_unknown_filter_is_named_with_the_nearest_and_what_is_odd_is_not_quoted() {
        let said = |name| Filter::named(name).expect_err("unknown");
        assert_eq!(said("base46"), "there is no filter `base46`; did you mean `base64`?");
        assert_eq!(said("urll"), "there is no filter `urll`; did you mean `url`?");
        let all = "there are `base64`, `base64url`, `hex`, `json`, `shell`, `trim`, `url`";
        assert_eq!(said("rot13"), format!("there is no filter `rot13`; {all}"));
        assert_eq!(said("sk-live-0123456789abcdef"), format!("there is no such filter; {all}"));
        assert_eq!(said(""), format!("after `|` comes a filter; {all}"));
    }

    #[test]
    fn no_filter_makes_more_than_it_says() {
        for (_, filter) in ALL {
            for bytes in [&b""[..], b"a", b"'", b"\x01", b"\x7f\x7f", b"\x27\x27", b"\0\0\0"] {
                let made = filter.apply(bytes).map_or(0, |made| made.len());
                assert!(made <= filter.most(bytes.len()), "{filter:?} of {bytes:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_a_filter_wrote_its_reader_reads_back(bytes: Vec<u8>, text: String) {
            prop_assert_eq!(STANDARD.decode(made("base64", &bytes).unwrap()).unwrap(), bytes.clone());
            prop_assert_eq!(URL_SAFE_NO_PAD.decode(made("base64url", &bytes).unwrap()).unwrap(), bytes.clone());
            prop_assert_eq!(String::from_utf8(made("hex", &bytes).unwrap()).unwrap(), crate::hex::encode(&bytes));
            prop_assert_eq!(serde_json::from_slice::<String>(&made("json", text.as_bytes()).unwrap()).unwrap(), text);
        }
    }
}
