//! Reading an entry of `pass`, `gopass` or `passage`: the secret is the first line ("Data Organization", pass's manual), and the
//! lines below it are the owner's own, `name: value` as a rule.

use super::moved::{Beside, Moving};
use crate::secret::Secret;

/// How an entry begins that gopass wrote before its version 1.10.
const OLD_FORM: &[u8] = b"GOPASS-SECRET-1.0";

/// Takes an entry along under the path that it has.
pub fn take(path: &str, text: &Secret, moving: &mut Moving) {
    let mut lines = text.expose().split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    if first == OLD_FORM {
        moving.left_out("entry of gopass's old form", 1);
        return;
    }
    let mut beside = Beside::default();
    for line in lines {
        let line = line.trim_ascii();
        if line.is_empty() || line == b"---" {
            continue;
        }
        if line.starts_with(b"otpauth://") || named(line, &["totp", "otpauth"]).is_some() {
            moving.left_out("one-time code", 1);
        } else if let Some(url) = named(line, &["url", "website", "site"]).filter(|_| beside.url.is_none()) {
            beside.url = std::str::from_utf8(url).ok().map(str::to_owned);
        } else {
            beside.notes.push(Secret::new(line.to_vec()));
        }
    }
    moving.take(&[path], Secret::new(first.to_vec()), beside, 0);
}

/// What stands behind one of these names and a colon.
fn named<'l>(line: &'l [u8], names: &[&str]) -> Option<&'l [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let is_one = names.iter().any(|name| line[..colon].eq_ignore_ascii_case(name.as_bytes()));
    is_one.then(|| line[colon + 1..].trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_secret_and_the_others_are_what_is_known_of_it() {
        let mut moving = Moving::default();
        for (path, text) in [
            ("a", "one"),
            ("b", "two\n"),
            ("c/d", "three \r\nURL: https://example.com\r\nlogin: kim\n\n---\notpauth://totp/x?secret=SEED\nlast\n"),
            ("e", "\nlogin: kim"),
            ("f", "GOPASS-SECRET-1.0\nPassword: x\n\n"),
            ("g", "four\nrecovery: sk-abcdefghijkl\n"),
        ] {
            take(path, &Secret::new(text.as_bytes().to_vec()), &mut moving);
        }
        let values: Vec<&[u8]> = moving.keys.iter().map(|key| key.entry.value.expose()).collect();
        assert_eq!(values, [&b"one"[..], b"two", b"three ", b"", b"four"]);
        let third = &moving.keys[2];
        assert_eq!(
            (third.url.as_deref(), third.note.as_deref()),
            (Some("https://example.com"), Some("login: kim; last"))
        );
        let left: Vec<_> = moving.left.iter().map(|(what, times)| (*what, *times)).collect();
        let expected = [("entry of gopass's old form", 1), ("note that may hold a secret", 1), ("one-time code", 1)];
        assert_eq!(left, expected);
    }
}
