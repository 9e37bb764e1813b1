//! Names that were checked once, at the edge: of keys, stores, variables and profiles.
//!
//! All are ASCII, so no two names can look alike, and none can carry a control character into a terminal, a shell or a
//! kernel structure. A refused text is not quoted back: what stands where a name should may be a secret.

mod member;
mod nearest;
mod source;

use std::{borrow::Borrow, cmp::Ordering, fmt, hash, ops::Deref, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use member::check_member;
use source::check_source;

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
    /// A store: a lower-case letter, then lower-case letters, digits, `_` and `-`, at most 32 characters. It is a folder's name
    /// too, so no two may be one folder on a system that does not tell case apart, and none is a device of Windows.
    StoreName, check_store
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
    /// A member of a store: a lower-case letter, then lower-case letters, digits, `_`, `-` and `.`, at most 32 characters.
    MemberName, check_member
);
name!(
    /// A source that keys are fetched from: a lower-case letter, then lower-case letters, digits, `_` and `-`, at most 32 characters.
    SourceName, check_source
);
name!(
    /// A tag that keys are sorted by: letters, digits, `_` and `-`, at most 64 characters.
    Tag, check_tag
);

/// The store that keys are in where no other is named.
pub const PERSONAL: &str = "personal";

/// A key's name in its store: begins with a letter or `_`; then letters, digits and `_ - . / +`; at most 128.
/// So it never begins with `@` or `%` and is never a number, as keyutils' key ids do.
///
/// It may know which store it is of, if that is another than the personal one, and is shown as `STORE:KEY` then: so whatever
/// says to type something about the key says what works. That is all: what it is found by, compared by and written down as is
/// the name alone. Where keys of several stores meet, [`KeyPath`] tells them apart.
#[derive(Debug, Clone)]
pub struct KeyName {
    text: String,
    store: Option<Arc<StoreName>>,
}

impl KeyName {
    /// The name as text, without its store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The store; none for the personal one, and where that is not known.
    #[must_use]
    pub fn store(&self) -> Option<&StoreName> {
        self.store.as_deref()
    }

    /// The name as one of this store's.
    #[must_use]
    pub fn of(self, store: Option<&Arc<StoreName>>) -> Self {
        Self { text: self.text, store: store.cloned() }
    }
}

impl PartialEq for KeyName {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for KeyName {}

impl PartialOrd for KeyName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeyName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl hash::Hash for KeyName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for KeyName {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl FromStr for KeyName {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        check_key(text)?;
        Ok(Self { text: text.to_owned(), store: None })
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(store) = &self.store {
            write!(f, "{store}:")?;
        }
        f.write_str(&self.text)
    }
}

impl Serialize for KeyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A key of one of several stores, as it is written: `STORE:KEY`, or `KEY` for one of the personal store.
#[derive(Debug, Clone)]
pub struct KeyPath(KeyName);

impl KeyPath {
    /// The key's name, which knows its store.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.0
    }

    /// The store; none for the personal one.
    #[must_use]
    pub fn store(&self) -> Option<&StoreName> {
        self.0.store.as_deref()
    }
}

/// Everything that is asked of a key in its store is asked of its name.
impl Deref for KeyPath {
    type Target = KeyName;
    fn deref(&self) -> &KeyName {
        &self.0
    }
}

impl PartialEq for KeyPath {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for KeyPath {}

impl PartialOrd for KeyPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeyPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.store().cmp(&other.store()).then_with(|| self.0.cmp(&other.0))
    }
}

impl FromStr for KeyPath {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let Some((store, name)) = text.split_once(':') else { return text.parse().map(Self) };
        let store: StoreName = store.parse()?;
        let name: KeyName = name.parse()?;
        Ok(Self(name.of(store.other().map(Arc::new).as_ref())))
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for KeyPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl From<KeyName> for KeyPath {
    fn from(name: KeyName) -> Self {
        Self(name)
    }
}

impl StoreName {
    /// The name, unless it is that of the personal store.
    #[must_use]
    pub fn other(self) -> Option<Self> {
        (self.0 != PERSONAL).then_some(self)
    }
}

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

fn check_store(text: &str) -> Result<(), BadName> {
    let allowed = "use a lower-case letter, then lower-case letters, digits, `_` or `-`";
    let later = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    check(text, "a store's name", 32, |c| c.is_ascii_lowercase(), later, allowed)?;
    // "Naming Files, Paths, and Namespaces" (Win32): a folder cannot be called so.
    let numbered = |device: &str| {
        text.strip_prefix(device).is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
    };
    if ["con", "prn", "aux", "nul"].contains(&text) || numbered("com") || numbered("lpt") {
        return Err(BadName("a store's name cannot be that of a device of Windows".into()));
    }
    Ok(())
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

impl From<VariableName> for KeyName {
    /// Every variable's name is a key's name too.
    fn from(variable: VariableName) -> Self {
        Self { text: variable.0, store: None }
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

    #[test]
    fn a_store_is_a_word_that_is_a_folder_on_every_system() {
        for good in ["team", "a", "prod-2", "x_y", "com", "com10", "personal", &"x".repeat(32)] {
            assert_eq!(good.parse::<StoreName>().expect("good").as_str(), good);
        }
        for (bad, why) in [
            ("", "a store's name cannot be empty"),
            ("Team", "a store's name cannot hold `T`"),
            ("2nd", "a store's name cannot begin with `2`"),
            ("a/b", "a store's name cannot hold `/`"),
            ("..", "a store's name cannot hold `.`"),
            ("a b", "a store's name cannot hold a space"),
            (&"x".repeat(33), "a store's name has more than 32 characters"),
            ("nul", "a store's name cannot be that of a device of Windows"),
            ("lpt1", "a store's name cannot be that of a device of Windows"),
        ] {
            let said = bad.parse::<StoreName>().expect_err(bad).to_string();
            assert!(said.starts_with(why), "{said}");
        }
    }

    #[test]
    fn a_key_of_another_store_is_shown_with_it_and_found_without() {
        let path = |text: &str| text.parse::<KeyPath>().expect("good");
        let (plain, team) = (path("stripe/test"), path("team:stripe/test"));
        assert_eq!((plain.to_string().as_str(), team.to_string().as_str()), ("stripe/test", "team:stripe/test"));
        assert_eq!(team.as_str(), "stripe/test");
        assert_eq!(path("personal:stripe/test"), plain);
        assert_eq!(path("personal:stripe/test").to_string(), "stripe/test");
        assert!(team != plain && team > plain && team.name() == plain.name(), "two keys, one name");
        assert!(path("ops:z") < path("team:a"));
        assert_eq!(serde_json::to_string(&team).expect("text"), "\"team:stripe/test\"");
        assert_eq!(serde_json::to_string(team.name()).expect("text"), "\"stripe/test\"");
        assert_eq!(serde_json::from_str::<KeyPath>("\"team:stripe/test\"").expect("a path"), team);
    }

    #[test]
    fn what_is_no_key_of_a_store_is_refused_with_the_reason() {
        for (bad, why) in [
            ("team:", "a key's name cannot be empty"),
            (":a", "a store's name cannot be empty"),
            ("a:b:c", "a key's name cannot hold `:`"),
            ("Team:a", "a store's name cannot hold `T`"),
            ("../x:a", "a store's name cannot hold `.`"),
            ("%:a", "a store's name cannot hold `%`"),
        ] {
            let said = bad.parse::<KeyPath>().expect_err(bad).to_string();
            assert!(said.starts_with(why), "{said}");
        }
    }

    proptest! {
        #[test]
        fn a_path_reads_back_as_it_was_shown(store in "[a-z][a-z0-9_-]{0,8}", key in "[A-Za-z_][A-Za-z0-9_./+-]{0,20}") {
            prop_assume!(store.parse::<StoreName>().is_ok());
            let path: KeyPath = format!("{store}:{key}").parse().expect("good");
            prop_assert_eq!(path.to_string().parse::<KeyPath>().expect("good"), path);
        }

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
