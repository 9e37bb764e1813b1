//! Text from outside, made plain: whoever shows it shows text and nothing more.

use std::{borrow::Cow, fmt};

/// A text that no terminal and no page takes for more than text: control characters, and those that turn the writing
/// direction or are invisible, are shown as `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| if is_unsafe(c) { c.escape_unicode().to_string() } else { c.to_string() });
    Cow::Owned(escaped.collect())
}

/// JSON in which no terminal finds more than text. Its own line ends stay; all else that is unsafe stands inside strings,
/// where JSON has `\uXXXX` for it.
#[must_use]
pub fn printable_json(text: &str) -> String {
    use std::fmt::Write as _;
    let mut units = [0; 2];
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_unsafe(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

/// The first few of a list, and how many more there are: `a, b, c and 2 more`.
#[must_use]
pub fn first_few<T: fmt::Display>(all: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut all = all.into_iter();
    let shown: Vec<String> = all.by_ref().take(most).map(|one| one.to_string()).collect();
    match all.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The same of names, each in backticks.
#[must_use]
pub fn first_names<N: fmt::Display>(names: impl IntoIterator<Item = N>, most: usize) -> String {
    first_few(names.into_iter().map(|name| format!("`{name}`")), most)
}

/// Unicode's control characters, bidirectional controls (UAX #9), and zero-width ones.
/// A text as one word of a POSIX shell's, whatever stands in it: no character but the quote itself means anything between quotes.
#[must_use]
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_printed_has_no_control_and_no_turning_character(text in any::<String>()) {
            prop_assert!(!printable(&text).chars().any(is_unsafe));
        }
    }

    #[test]
    fn of_a_long_list_the_first_few_are_named_and_the_rest_is_counted() {
        let said: Vec<String> = (0..5).map(|length| first_names(["a", "b", "c", "d"].iter().take(length), 2)).collect();
        assert_eq!(said, ["", "`a`", "`a`, `b`", "`a`, `b` and 1 more", "`a`, `b` and 2 more"]);
        assert_eq!(first_few([7, 8, 9], 2), "7, 8 and 1 more");
    }

    #[test]
    fn what_would_speak_to_the_terminal_is_shown_instead() {
        assert_eq!(printable("a\x1b]52;c;x\x07\u{202e}b"), "a\\u{1b}]52;c;x\\u{7}\\u{202e}b");
        assert_eq!(printable("plain ü"), "plain ü");
    }
}
