//! The texts in a secret that is JSON, as a program has them that reads it: a service account's file holds a private key in one
//! line, and what a command prints of it is that key alone, with its lines undone.

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// The values in a JSON text that are strings, without their quotes and escapes; none where it is no JSON object or array.
/// Names of members are left out: they are the same in everybody's file.
pub(super) fn strings(text: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let is_nested = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_nested || serde_json::from_slice::<IgnoredAny>(text).is_err() {
        return Vec::new();
    }
    let (mut found, mut rest) = (Vec::new(), text);
    // That it is JSON is known, so each quote begins a string or ends one.
    while let Some(begin) = memchr::memchr(b'"', rest) {
        let (string, behind) = unescaped(&rest[begin + 1..]);
        if behind.trim_ascii_start().first() != Some(&b':') {
            found.push(string);
        }
        rest = behind;
    }
    found
}

/// A string up to its closing quote, and what is behind that.
fn unescaped(text: &[u8]) -> (Zeroizing<Vec<u8>>, &[u8]) {
    let end = end(text);
    let mut rest = &text[..end];
    // An escape is never shorter than what it stands for, so this never grows.
    let mut string = Zeroizing::new(Vec::with_capacity(end));
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let (true, Some((sign, behind))) = (*byte == b'\\', rest.split_first()) else {
            string.push(*byte);
            continue;
        };
        rest = behind;
        match sign {
            b'n' => string.push(b'\n'),
            b't' => string.push(b'\t'),
            b'r' => string.push(b'\r'),
            b'b' => string.push(8),
            b'f' => string.push(12),
            b'u' => {
                let (letter, behind) = letter(rest);
                string.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = behind;
            }
            other => string.push(*other),
        }
    }
    (string, text.get(end + 1..).unwrap_or_default())
}

/// Where the quote stands that closes a string.
fn end(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(sign) = text.get(at).filter(|sign| **sign != b'"') {
        at += if *sign == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// The letter of four hexadecimal digits, or of two such escapes that are halves of one, and what is behind that.
fn letter(text: &[u8]) -> (char, &[u8]) {
    let unit = |text: &[u8]| u16::from_str_radix(std::str::from_utf8(text.get(..4)?).ok()?, 16).ok();
    let second = text.get(4..).and_then(|text| text.strip_prefix(b"\\u")).and_then(unit);
    let mut units = unit(text).into_iter().chain(second);
    let mut letters = char::decode_utf16(&mut units);
    let letter = letters.next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER);
    let length = if letter.len_utf16() == 2 { 10 } else { 4 };
    (letter, text.get(length..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        strings(text.as_bytes()).iter().map(|found| String::from_utf8(found.to_vec()).expect("text")).collect()
    }

    #[test]
    fn strings_come_without_quotes_escapes_and_names() {
        let text = r#" {"a" : "x\ny\\\"z\/", "b":["\u00e9\ud83d\udd11\u0041", 7, null, ""], "c":{"d":"\\"}}"#;
        assert_eq!(texts(text), ["x\ny\\\"z/", "é\u{1f511}A", "", "\\"]);
        for none in ["", "\"alone\"", "{\"a\":\"b\"", "sk-live", "{'a':'b'}", "7"] {
            assert_eq!(texts(none), [""; 0], "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_by_another_is_read_back(all in proptest::collection::vec(any::<String>(), 0..5)) {
            prop_assert_eq!(texts(&serde_json::to_string(&all).expect("json")), all);
        }
    }
}
