//! The stanzas that age and its plugins speak in: text lines with a body in base64. age's own reader reads them.

use age_core::format::{Stanza, read::age_stanza};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use zeroize::Zeroizing;

/// The columns of a body's line; the last line of each body is shorter, and may be empty.
const COLUMNS: usize = 64;

/// A stanza as it is sent. It may carry a key or a PIN, so it is wiped.
#[must_use]
pub fn written(tag: &str, arguments: &[&str], body: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
    let head = arguments.iter().map(|argument| argument.len() + 1).sum::<usize>() + tag.len() + 4;
    let mut text = Zeroizing::new(Vec::with_capacity(head + encoded.len() + encoded.len() / COLUMNS + 1));
    text.extend_from_slice(b"-> ");
    text.extend_from_slice(tag.as_bytes());
    for argument in arguments {
        text.push(b' ');
        text.extend_from_slice(argument.as_bytes());
    }
    text.push(b'\n');
    let mut lines = encoded.as_bytes().chunks_exact(COLUMNS);
    for line in lines.by_ref() {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(lines.remainder());
    text.push(b'\n');
    text
}

/// What the beginning of a text is.
pub enum Read {
    /// A stanza of so many bytes.
    Stanza(Stanza, usize),
    /// Perhaps the beginning of one.
    Begun,
    /// None.
    Garbage,
}

/// Reads the stanza that a text begins with.
#[must_use]
pub fn read(text: &[u8]) -> Read {
    // Only whole lines: what has no end yet may still become anything.
    match age_stanza(text) {
        Ok((rest, stanza)) => Read::Stanza(stanza.into(), text.len() - rest.len()),
        Err(error) if error.is_incomplete() => Read::Begun,
        Err(_) => Read::Garbage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_back(tag in "[!-~]{1,9}", arguments in prop::collection::vec("[!-~]{1,40}", 0..4), body: Vec<u8>) {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut text = written(&tag, &arguments, &body).to_vec();
            let length = text.len();
            text.extend_from_slice(b"-> next");
            let Read::Stanza(stanza, taken) = read(&text) else { panic!("not read") };
            prop_assert_eq!((stanza.tag.as_str(), taken), (tag.as_str(), length));
            prop_assert_eq!((stanza.args, stanza.body), (arguments.iter().map(|text| (*text).to_owned()).collect(), body));
            prop_assert!(matches!(read(&text[..length - 1]), Read::Begun));
        }

        #[test]
        fn any_other_text_is_no_panic(text: Vec<u8>) {
            let _ = read(&text);
            let _ = read(&[b"-> ok\n".as_slice(), &text].concat());
        }
    }
}
