//! Which files a secret can be taken out of, and how: a `.env` file loses the lines, a shell's history only the secret.
//!
//! In a history a word stands in the secret's place, so that each command keeps its words and each entry its lines. The word
//! is ASCII without a quote, a backslash or a space: it needs no encoding in any of them, not in fish's, which escapes
//! backslashes and line breaks, nor in zsh's, which writes a byte from 0x83 to 0xa2 as 0x83 and another one. A command with
//! it that is run again fails at a service or, as a pattern that no file is like, in the shell.

use std::{ops::Range, path::Path};

use zeroize::Zeroizing;

use crate::name::VariableName;

/// What stands in a history in a secret's place.
pub const MARK: &str = "[taken-out-by-keyctl]";
/// What zsh writes before a byte that it changes.
const META: u8 = 0x83;
/// What secrets have in them beside letters and digits, so that one may go on behind it.
const OF_SECRETS: &[u8] = b"-_./+=!#%*^~$";
/// Histories of shells, by their names.
const HISTORIES: &[&str] = &[
    ".bash_history",
    ".zsh_history",
    ".zhistory",
    ".histfile",
    ".history",
    ".sh_history",
    ".ash_history",
    "fish_history",
];
/// Folders in which a shell keeps a history for each window.
const SESSIONS: &[&str] = &[".bash_sessions", ".zsh_sessions"];

/// A file that secrets can be taken out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Variables, a line each.
    Variables,
    /// What was typed at a shell.
    History,
}

/// What a file is by its name, or because the user's shell keeps its history there; nothing for one that is left alone.
#[must_use]
pub fn sort_of(path: &Path, history_file: Option<&Path>) -> Option<Sort> {
    let name = path.file_name()?.to_str()?;
    let in_sessions = || {
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        folder.is_some_and(|folder| SESSIONS.contains(&folder)) && name.ends_with(".history")
    };
    if HISTORIES.contains(&name) || history_file == Some(path) || in_sessions() {
        return Some(Sort::History);
    }
    // `.envrc` is a script of direnv's.
    let is_variables = (name.starts_with(".env") && !name.starts_with(".envrc"))
        || path.extension() == Some("env".as_ref())
        || name.starts_with(".dev.vars");
    is_variables.then_some(Sort::Variables)
}

/// Whether what stands there in a history can be replaced by itself: one line as it was typed, with nothing escaped.
#[must_use]
pub fn is_plain(bytes: &[u8], range: &Range<usize>) -> bool {
    let is_changed = range.start.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&META);
    let has_escape = bytes.get(range.clone()).is_none_or(|text| text.iter().any(|byte| b"\n\r\\\0".contains(byte)));
    !is_changed && !has_escape
}

/// Whether what stands there in a history is not a part of a longer word, which may be another secret. Quotes end no word. In
/// front of it may stand what a value follows: `NAME=`, an option of one letter (`-p`), or `https://`.
#[must_use]
pub fn stands_alone(bytes: &[u8], range: &Range<usize>) -> bool {
    let (Some(before), Some(after)) = (bytes.get(..range.start), bytes.get(range.end..)) else { return false };
    !is_joined_before(before) && !is_joined_behind(after)
}

fn is_joined_before(before: &[u8]) -> bool {
    let end = before.iter().rposition(|byte| !b"'\"\\".contains(byte)).map_or(0, |at| at + 1);
    let before = &before[..end];
    let from = before.iter().rposition(|byte| !is_of_secrets(*byte)).map_or(0, |at| at + 1);
    let word = &before[from..];
    if let Some(name) = word.strip_suffix(b"=") {
        let name = name.strip_prefix(b"$").unwrap_or(name);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let is_one = !name.is_empty() && name.iter().all(is_name);
        // An option that takes an assignment: `--from-literal=NAME=`.
        return !is_one && !name.starts_with(b"--");
    }
    let is_option = || matches!(word, [b'-', letter] if letter.is_ascii_alphabetic());
    let is_address = || word.ends_with(b"//") && before[..from].ends_with(b":");
    !word.is_empty() && !is_option() && !is_address()
}

fn is_joined_behind(mut after: &[u8]) -> bool {
    loop {
        let escapes = after.iter().take_while(|byte| **byte == b'\\').count();
        match after.get(escapes) {
            Some(b'\'' | b'"') => after = &after[escapes + 1..],
            // What fish and zsh write for a line break.
            Some(b'n' | b'\n' | b'\r') | None if escapes > 0 => return false,
            Some(byte) => return escapes > 0 || is_of_secrets(*byte),
            None => return false,
        }
    }
}

fn is_of_secrets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || OF_SECRETS.contains(&byte)
}

/// The bytes with the mark in the place of each of these, which are in order and apart.
#[must_use]
pub fn replaced(bytes: &[u8], ranges: &[Range<usize>]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() + ranges.len() * MARK.len()));
    let mut from = 0;
    for range in ranges {
        text.extend_from_slice(&bytes[from..range.start]);
        text.extend_from_slice(MARK.as_bytes());
        from = range.end;
    }
    text.extend_from_slice(&bytes[from..]);
    text
}

/// The variable that a command sets to what begins at this place: `NAME=…`, or fish's `set -x NAME …`.
#[must_use]
pub fn variable_of(bytes: &[u8], at: usize) -> Option<VariableName> {
    let before = bytes.get(..at)?;
    let before = before.strip_suffix(b"'").or_else(|| before.strip_suffix(b"\"")).unwrap_or(before);
    let (text, is_assignment) = match before.strip_suffix(b"=") {
        Some(text) => (text, true),
        None => (before.strip_suffix(b" ")?, false),
    };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let from = text.iter().rposition(|byte| !is_of_name(byte)).map_or(0, |at| at + 1);
    let is_alone = text[..from].last().is_none_or(|byte| b" \t\n;&|(`'\"".contains(byte));
    let is_set = || {
        let line = text[..from].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut words = line.split(|byte| *byte == b' ').rev().filter(|word| !word.is_empty());
        let first = words.find(|word| !word.starts_with(b"-"));
        first.is_some_and(|word| word == b"set")
    };
    if !is_alone || !(is_assignment || is_set()) {
        return None;
    }
    str::from_utf8(&text[from..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_and_code_is_none() {
        let sort = |path: &str| sort_of(Path::new(path), Some(Path::new("/h/mine")));
        for path in [".env", "a/.env.local", "prod.env", ".env~", ".dev.vars", "/w/.dev.vars.staging"] {
            assert_eq!(sort(path), Some(Sort::Variables), "{path}");
        }
        let histories =
            ["/h/.bash_history", "/h/.zsh_history", "fish/fish_history", "/h/.zsh_sessions/a-b.history", "/h/mine"];
        for path in histories {
            assert_eq!(sort(path), Some(Sort::History), "{path}");
        }
        for path in [".envrc", "env", "a.json", ".npmrc", ".netrc", "x.history", ".python_history", "mine", ""] {
            assert_eq!(sort(path), None, "{path}");
        }
    }

    #[test]
    fn the_variable_that_a_command_sets_is_found_and_no_other_word() {
        for (text, name) in [
            ("export A_KEY=", Some("A_KEY")),
            ("A=1 B='", Some("B")),
            ("x; C=\"", Some("C")),
            (": 1700000000:0;D=", Some("D")),
            ("- cmd: set -gx E ", Some("E")),
            ("set -x F \"", Some("F")),
            ("curl --key=", None),
            ("curl -H 'Bearer ", None),
            ("echo G ", None),
            ("a.b=", None),
            ("https://x.test/?k=", None),
            ("1A=", None),
            ("", None),
        ] {
            let found = variable_of(text.as_bytes(), text.len());
            assert_eq!(found.as_ref().map(VariableName::as_str), name, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_longer_word_does_not_stand_alone() {
        let alone = |text: &str| {
            let at = text.find("KEY").expect("there");
            stands_alone(text.as_bytes(), &(at..at + 3))
        };
        for text in [
            "KEY",
            "a KEY b",
            "A=KEY",
            "export A='KEY'",
            "set -x A \"KEY\"",
            "curl -u KEY: x",
            "-u \"me:KEY\" x",
            "https://me:KEY@x.test",
            "https://KEY@x.test",
            "https://x/?k=KEY&b=1",
            "mysql -pKEY x",
            "--key=KEY;ls",
            "--from-literal=a=KEY",
            "$env:A=KEY",
            "$A=\"KEY\"",
            "-d \"{\\\"k\\\":\\\"KEY\\\"}\"",
            "KEY\\nls",
            "KEY\\\nls",
            "KEY\\",
            "`KEY`",
            "$(KEY)",
            "a\nKEY\nb",
            "KEY|x",
            "A=KEY\\",
            "k: KEY,",
        ] {
            assert!(alone(text), "{text:?}");
        }
        for text in [
            "KEY-2",
            "xKEY",
            "KEYx",
            "1KEY",
            "KEY_",
            "-KEY",
            "KEY.x",
            "KEY/x",
            "x/KEY",
            "KEY+",
            "KEY=",
            "a+KEY",
            "a.KEY",
            "A=b=KEY",
            "==KEY",
            "'KEY'-2",
            "'KEY'\"x\"",
            "x'KEY'",
            "KEY\\-2",
            "KEY!x",
            "KEY$A",
            "KEY\"$A\"",
            "\u{e4}KEY",
            "KEY\u{e4}",
            "-ppKEY",
            "x-pKEY",
            "-p'x'KEY",
            "b#KEY",
            "A=b/c=KEY",
            "/KEY",
            "x//KEY",
        ] {
            assert!(!alone(text), "{text:?}");
        }
    }

    #[test]
    fn only_the_secret_is_replaced_and_only_where_it_stands_as_it_is() {
        let text = b"a=KEY\nb KEY\\\nc\n";
        assert_eq!(*replaced(text, &[2..5, 8..11]), format!("a={MARK}\nb {MARK}\\\nc\n").into_bytes());
        assert_eq!(*replaced(text, &[]), text);
        for (text, plain) in [("xKEYx", true), ("xK\nYx", false), ("xK\\Yx", false)] {
            assert_eq!(is_plain(text.as_bytes(), &(1..4)), plain, "{text:?}");
        }
        // In zsh's file the first byte is half of another one.
        assert!(!is_plain(b"\x83KEY", &(1..4)) && !is_plain(b"KEY", &(2..5)));
        assert!(MARK.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\$`".contains(&byte)));
    }
}
