//! Why a key is used, in the user's own words.

use std::{fmt, str::FromStr};

/// The most characters of a reason: it is a line in a table, not a report.
pub const LONGEST: usize = 200;
/// Letters by Unicode's book that nobody sees (`Default_Ignorable_Code_Point` in its `DerivedCoreProperties`).
const FILLERS: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// One line that says why. It is shown, so it must not hold a secret: whoever takes one in compares it with the keys that
/// are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_said = text.chars().any(|c| c.is_alphanumeric() && !FILLERS.contains(&c));
        if !is_said || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(format!("a reason is one line of text with at most {LONGEST} characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        let read = |text: &str| text.parse::<Reason>().map(|reason| reason.to_string());
        assert_eq!(read("  deploy of 12.3 "), Ok("deploy of 12.3".into()));
        assert!(read(&"é".repeat(LONGEST)).is_ok());
        for bad in [
            "",
            "  ",
            "two\nlines",
            "\u{1b}[31mred",
            "a\tb",
            "\u{200b}",
            "\u{2800}",
            "\u{3164}",
            "\u{ad} ...",
            &"é".repeat(LONGEST + 1),
        ] {
            assert_eq!(read(bad), Err("a reason is one line of text with at most 200 characters".into()), "{bad:?}");
        }
    }
}
