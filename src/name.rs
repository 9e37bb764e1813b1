//! Names that were checked once, at the edge: of keys, variables and profiles.
//!
//! All are ASCII, so no two names can look alike, and none can carry a control character into a terminal, a shell or a
//! kernel structure. A refused text is not quoted back: what stands where a name should may be a secret.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The most characters a name of a key or a variable may have.
pub const LONGEST: usize = 128;

/// Why a text is not a name, in words that go after "the name".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName(String);

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadName {}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

name!(
    /// A key's name in the store: begins with a letter or `_`; then letters, digits and `_ - . / +`; at most 128.
    /// So it never begins with `@` or `%` and is never a number, as keyutils' key ids do.
    KeyName, check_key
);
name!(
    /// An environment variable: letters, digits and `_`, no digit first, at most 128 characters.
    VariableName, check_variable
);
name!(
    /// A profile: a letter, then letters, digits, `_` and `-`, at most 64 characters.
    ProfileName, check_profile
);
name!(
    /// A tag that keys are sorted by: letters, digits, `_` and `-`, at most 64 characters.
    Tag, check_tag
);

fn check(
    text: &str,
    what: &str,
    longest: usize,
    first: fn(char) -> bool,
    later: fn(char) -> bool,
    allowed: &str,
) -> Result<(), BadName> {
    let bad = |why: String| Err(BadName(format!("{what} {why}")));
    let Some(start) = text.chars().next() else {
        return bad("cannot be empty".into());
    };
    if text.chars().count() > longest {
        return bad(format!("has more than {longest} characters"));
    }
    if let Some(odd) = text.chars().find(|&c| !later(c) && !first(c)) {
        return bad(format!("cannot hold {}; {allowed}", describe(odd)));
    }
    if !first(start) {
        return bad(format!("cannot begin with {}; {allowed}", describe(start)));
    }
    Ok(())
}

/// A character in words that are safe on any terminal.
fn describe(c: char) -> String {
    match c {
        ' ' => "a space".into(),
        '\n' | '\r' => "a line break".into(),
        '\t' => "a tab".into(),
        c if c.is_ascii_graphic() => format!("`{c}`"),
        c => format!("U+{:04X}", u32::from(c)),
    }
}

fn check_key(text: &str) -> Result<(), BadName> {
    let later = |c: char| c.is_ascii_alphanumeric() || "_-./+".contains(c);
    let allowed = "use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`";
    check(text, "a key's name", LONGEST, |c| c.is_ascii_alphabetic() || c == '_', later, allowed)
}

fn check_variable(text: &str) -> Result<(), BadName> {
    let allowed = "use letters, digits and `_`";
    check(
        text,
        "a variable's name",
        LONGEST,
        |c| c.is_ascii_alphabetic() || c == '_',
        |c| c.is_ascii_alphanumeric() || c == '_',
        allowed,
    )
}

fn check_profile(text: &str) -> Result<(), BadName> {
    let allowed = "use a letter, then letters, digits, `_` or `-`";
    check(
        text,
        "a profile's name",
        64,
        |c| c.is_ascii_alphabetic(),
        |c| c.is_ascii_alphanumeric() || c == '_' || c == '-',
        allowed,
    )
}

fn check_tag(text: &str) -> Result<(), BadName> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    check(text, "a tag", 64, |c| c.is_ascii_alphanumeric(), letter, "use letters, digits, `_` or `-`")
}

/// How secrets of well-known issuers begin.
const BEGINNINGS: &[&str] = &[
    "sk-",
    "sk_",
    "rk_",
    "pk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xox",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "npm_",
    "pypi-",
    "SG.",
    "eyJ",
];

/// Whether a text that was given for something else may be a secret: it begins as issuers' keys do, or a piece of it is
/// as dense as they are. Dates and words with numbers in file names are not.
#[must_use]
pub fn may_be_a_secret(text: &str) -> bool {
    let count = |piece: &str, of: fn(&u8) -> bool| piece.bytes().filter(of).count();
    let dense = |piece: &str| {
        piece.len() >= 16 && count(piece, u8::is_ascii_digit) >= 3 && count(piece, u8::is_ascii_alphabetic) >= 4
    };
    let begins = BEGINNINGS.iter().any(|beginning| text.len() >= 8 && text.starts_with(beginning));
    begins || text.split(|c: char| !c.is_ascii_alphanumeric()).any(dense)
}

/// How many letters have to be added, removed or changed to make one word of the other (Levenshtein).
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

impl KeyName {
    /// Whether this looks more like a secret that was given where a name belongs. Then it is not said back: what an error
    /// says stays on screens and in logs.
    #[must_use]
    pub fn looks_like_a_secret(&self) -> bool {
        let text = self.as_str();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        let dense = text.len() >= 20 && digits >= 4 && letters >= 4 && !text.contains('/');
        dense || BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
    }
}

/// What a key is called whose title has no letter that a name could have.
const UNNAMED: &str = "unnamed";

impl KeyName {
    /// The name a key can have that is nearest to what another program calls it: what a name cannot hold becomes a `-`, and
    /// a `_` begins what no name can begin with.
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        let parts = text.split('/').map(|part| plain(part, "_-.+")).filter(|part| !part.is_empty());
        let mut name = parts.collect::<Vec<_>>().join("/");
        if name.is_empty() {
            UNNAMED.clone_into(&mut name);
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            name.insert(0, '_');
        }
        name.truncate(LONGEST);
        Self(name)
    }

    /// This name with a number behind it, shortened where it would be too long.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let end = format!("-{number}");
        let most = self.0.len().min(LONGEST - end.len());
        Self(format!("{}{end}", &self.0[..most]))
    }
}

impl Tag {
    /// The tag nearest to what another program calls it, if there is any.
    #[must_use]
    pub fn nearest(text: &str) -> Option<Self> {
        plain(text, "_-").trim_start_matches(['_', '-']).parse().ok()
    }
}

/// A text of letters, digits and these alone; what lies between is one `-`.
fn plain(text: &str, others: &str) -> String {
    let text = text.trim();
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || others.contains(c) {
            plain.push(c);
        } else if !plain.ends_with('-') {
            plain.push('-');
        }
    }
    let begin = if text.starts_with('-') { plain.as_str() } else { plain.trim_start_matches('-') };
    if text.ends_with('-') { begin.to_owned() } else { begin.trim_end_matches('-').to_owned() }
}

impl From<VariableName> for KeyName {
    /// Every variable's name is a key's name too.
    fn from(variable: VariableName) -> Self {
        Self(variable.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_names_are_taken_as_they_are() {
        for good in ["OPENAI_API_KEY", "openai/dev", "stripe/test.v2", "_x", "a+b-c"] {
            assert_eq!(good.parse::<KeyName>().expect("good").as_str(), good);
        }
    }

    #[test]
    fn a_bad_name_is_refused_with_the_reason_and_without_its_text() {
        for (bad, why) in [
            ("", "a key's name cannot be empty"),
            ("A=sk-123", "a key's name cannot hold `=`"),
            ("a\0b", "a key's name cannot hold U+0000"),
            ("a\u{9b}b", "a key's name cannot hold U+009B"),
            ("a\nb", "a key's name cannot hold a line break"),
            ("9a", "a key's name cannot begin with `9`"),
            ("123", "a key's name cannot begin with `1`"),
            ("-n", "a key's name cannot begin with `-`"),
            ("--help", "a key's name cannot begin with `-`"),
            (".a", "a key's name cannot begin with `.`"),
            (" a", "a key's name cannot hold a space"),
            ("a ", "a key's name cannot hold a space"),
            ("@u", "a key's name cannot hold `@`"),
            ("%:x", "a key's name cannot hold `%`"),
            ("../../etc/x", "a key's name cannot begin with `.`"),
            ("/abs", "a key's name cannot begin with `/`"),
            ("a:b", "a key's name cannot hold `:`"),
            ("\u{41e}PENAI", "a key's name cannot hold U+041E"),
        ] {
            let said = bad.parse::<KeyName>().expect_err(bad).to_string();
            assert!(said.starts_with(why), "{said}");
            assert!(!said.contains("sk-123"));
        }
        assert_eq!(
            "x".repeat(10_000).parse::<KeyName>().expect_err("long").to_string(),
            "a key's name has more than 128 characters"
        );
    }

    proptest! {
        #[test]
        fn a_variable_that_parses_has_no_equals_sign_no_nul_and_no_space(text in any::<String>()) {
            if let Ok(name) = text.parse::<VariableName>() {
                prop_assert_eq!(name.as_str(), text.as_str());
                prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                prop_assert!(!text.as_bytes()[0].is_ascii_digit());
            }
        }
    }
}
