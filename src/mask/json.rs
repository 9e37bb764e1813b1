//! The texts in a secret that is JSON, as a program has them that reads it: a service account's file holds a private key in one
//! line, and what a command prints of it is that key alone, with its lines undone.
//!
//! Beside the key stand texts that are no secrets and that every program prints: masked, they would break what reads them. So the
//! names of the members tell: what is named like a secret is one though it is short, and of the others that is left out which is
//! the same in many files or is written for everybody.

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::{SHORTEST, SHORTEST_LINE};

/// Of what is named so a text is masked that is as long as a secret has to be.
const LIKE_SECRETS: [&str; 8] = ["pass", "pwd", "secret", "token", "key", "credential", "authorization", "private"];
/// But not of what is named so in the end: an address of where tokens are had.
const ADDRESSES: [&str; 5] = ["uri", "url", "email", "domain", "endpoint"];
/// What is in such a file for everybody, and often a word.
const PUBLIC: [&str; 4] = ["type", "projectid", "quotaprojectid", "authtype"];
/// The longest part of an address that is no word and no secret either: a version, the name of a place with its number.
const LONGEST_PART: usize = 6;

/// The secrets in a JSON text: its values that are strings, without their quotes and escapes, as far as they are long enough and
/// not for everybody; none where it is no JSON object or array.
pub(super) fn secrets(text: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let is_one = |(name, text): &(String, Zeroizing<Vec<u8>>)| {
        let text = text.trim_ascii();
        if is_like_a_secret(name) {
            return text.len() >= SHORTEST;
        }
        text.len() >= SHORTEST_LINE && !PUBLIC.contains(&name.as_str()) && !is_for_everybody(text)
    };
    strings(text).into_iter().filter(is_one).map(|(_, text)| text).collect()
}

fn is_like_a_secret(name: &str) -> bool {
    LIKE_SECRETS.iter().any(|part| name.contains(part))
        && !PUBLIC.contains(&name)
        && !ADDRESSES.iter().any(|end| name.ends_with(end))
}

/// A name of a host, an address with nothing in it but words, a mail address, or a single word.
fn is_for_everybody(text: &[u8]) -> bool {
    let is_word = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let address = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    if let Some(address) = address {
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let host = host.split_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(host, _)| host);
        return is_host(host) && is_of_words(path);
    }
    is_word(text.as_bytes())
        || is_host(text)
        || text.split_once('@').is_some_and(|(who, host)| is_of_words(who) && is_host(host))
}

/// A name with a dot in it, of words.
fn is_host(text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && !text.contains('@')
        && end.len() > 1
        && end.bytes().all(|byte| byte.is_ascii_lowercase())
        && is_of_words(text)
}

/// Words and what stands between them, and of other letters and digits so few at once that they are no secret.
fn is_of_words(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_word = part.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_number = part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        is_word || (part.len() <= LONGEST_PART && is_number)
    };
    // What stands for another sign in an address has two digits of its own.
    let text = text.replace("%40", "@");
    text.split(['/', '.', '-', '_', '@']).all(is_part)
}

/// The values in a JSON text that are strings, each with the name before it, in small letters and digits alone.
fn strings(text: &[u8]) -> Vec<(String, Zeroizing<Vec<u8>>)> {
    let is_nested = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_nested || serde_json::from_slice::<IgnoredAny>(text).is_err() {
        return Vec::new();
    }
    let (mut found, mut name, mut rest) = (Vec::new(), String::new(), text);
    // That it is JSON is known, so each quote begins a string or ends one.
    while let Some(begin) = memchr::memchr(b'"', rest) {
        let (string, behind) = unescaped(&rest[begin + 1..]);
        if behind.trim_ascii_start().first() == Some(&b':') {
            let letters = string.iter().filter(|byte| byte.is_ascii_alphanumeric());
            name = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
        } else {
            found.push((name.clone(), string));
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
        strings(text.as_bytes()).iter().map(|(_, found)| String::from_utf8(found.to_vec()).expect("text")).collect()
    }

    fn masked(text: &serde_json::Value) -> Vec<String> {
        let found = secrets(text.to_string().as_bytes());
        found.iter().map(|found| String::from_utf8(found.to_vec()).expect("text")).collect()
    }

    #[test]
    fn of_a_service_accounts_file_the_key_is_a_secret_and_what_is_for_everybody_is_none() {
        let file = serde_json::json!({
            "type": "service_account",
            "project_id": "demo-project-123",
            "private_key_id": "0123456789abcdef0123456789abcdef01234567",
            "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n",
            "client_email": "robot-1@demo-project-123.iam.gserviceaccount.com",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url":
                "https://www.googleapis.com/robot/v1/metadata/x509/robot-1%40demo-project-123.iam.gserviceaccount.com",
            "universe_domain": "googleapis.com",
        });
        let found = masked(&file);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|found| found.contains("MIIEvQIBADANBg")));
        assert!(found.iter().any(|found| found.starts_with("0123456789")));
    }

    #[test]
    fn what_is_named_like_a_secret_may_be_short_and_an_address_may_be_one() {
        let short = serde_json::json!({ "db": { "Password": "hunter2xyz", "accessToken": ["tok-1234", "short"] } });
        assert_eq!(masked(&short), ["hunter2xyz", "tok-1234"]);
        assert_eq!(masked(&serde_json::json!({ "name": "hunter2xyz", "token_uri": "x.example" })), [""; 0]);
        for secret in [
            "https://hooks.example.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "https://user:hunter2xyz@db.example.com/app",
            "https://user:letters@db.example.com/app",
            "https://example.com/hook?sig=5e8d71c2",
            "https://example.com/hook/5e8d71c2a90b4f63",
            "https://example.com/550e8400-e29b-41d4-a716-446655440000",
            "correct-horse-battery-staple",
            "AKIAIOSFODNN7EXAMPLE",
            "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
        ] {
            assert_eq!(masked(&serde_json::json!({ "webhook_url": secret })), [secret]);
        }
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
