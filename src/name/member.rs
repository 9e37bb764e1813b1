//! What a member of a store is called.

use super::{BadName, MemberName, check};

pub(super) fn check_member(text: &str) -> Result<(), BadName> {
    let allowed = "use a lower-case letter, then lower-case letters, digits, `_`, `-` or `.`";
    let later = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    check(text, "a member's name", 32, |c| c.is_ascii_lowercase(), later, allowed)
}

impl MemberName {
    /// The name that somebody has by what he is called elsewhere: `Alice Example` is `alice-example`. None where nothing of it
    /// can stand in a name.
    #[must_use]
    pub fn from_words(words: &str) -> Option<Self> {
        let letter = |c: char| match c {
            ' ' => Some('-'),
            c if c.is_ascii_alphanumeric() || "_-.".contains(c) => Some(c.to_ascii_lowercase()),
            _ => None,
        };
        let name: String = words.trim().chars().filter_map(letter).take(32).collect();
        name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches(['-', '.']).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_is_called_elsewhere_makes_a_name_if_anything_of_it_can() {
        for (words, name) in [
            ("Alice Example", Some("alice-example")),
            (" bob\n", Some("bob")),
            ("J\u{f6}rg M.", Some("jrg-m")),
            ("9 lives", Some("lives")),
            ("\u{5f20}\u{4f1f}", None),
            ("", None),
            ("A very long name of somebody who has many", Some("a-very-long-name-of-somebody-who")),
        ] {
            assert_eq!(MemberName::from_words(words).map(|name| name.to_string()).as_deref(), name, "{words}");
        }
        for bad in ["", "Alice", "9a", "a b", "-a", &"a".repeat(33)] {
            assert!(bad.parse::<MemberName>().is_err(), "{bad}");
        }
    }
}
