//! What a shell has of keyctl's, in a variable that it carries: enough to tell at once that nothing has changed, and whose
//! variables are whose. No path, no name of a key and no value stands in it.
//!
//! Of each value there is a mark of 16 bits, made with a number of this shell's own. It tells keyctl's value from one that
//! the user has put in its place (but for one time in 65,536), and tells whoever gets hold of it next to nothing.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{date::Moment, failure::Result, hex, name::VariableName, random, secret::Secret};

/// The variable.
pub const VARIABLE: &str = "KEYCTL_ACTIVE";
/// How it begins: what another version wrote counts for nothing.
const VERSION: &str = "2";
/// Behind what was seen, where it is worth trying once more as soon as keyctl was used for something else.
const AGAIN: char = '+';
/// So many things that were said are remembered.
const REMEMBERED: usize = 16;

/// What stands for something that was looked at, or said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print<const N: usize>([u8; N]);

impl<const N: usize> Print<N> {
    /// The print of these parts, each for itself.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let mut print = [0; N];
        print.copy_from_slice(&hash.finalize()[..N]);
        Self(print)
    }
}

impl<const N: usize> fmt::Display for Print<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// All that could change what a shell gets.
pub type Sight = Print<8>;
/// A project.
pub type Project = Print<4>;
/// Something that was said.
pub type Told = Print<4>;

/// What a shell has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// What was seen when it was last told something.
    pub sight: Option<Sight>,
    /// Whether a failure was met that may be over once keyctl was used for something else.
    pub again: bool,
    /// The project whose variables it has.
    pub project: Option<Project>,
    /// Its variables, each with the mark of the value that keyctl gave it.
    pub given: Vec<(VariableName, Mark)>,
    /// When one of them is not to be used any more, though nothing changes then but the time.
    pub until: Option<Moment>,
    salt: [u8; 4],
    told: Vec<Told>,
}

/// What stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 2]);

impl State {
    /// What a shell carries; what cannot be read is nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::understand(text).unwrap_or_default()
    }

    fn understand(text: &str) -> Option<Self> {
        let [version, sight, project, salt, given, told, until] = text.split(';').collect::<Vec<_>>()[..] else {
            return None;
        };
        if version != VERSION {
            return None;
        }
        let (sight, again) = sight.strip_suffix(AGAIN).map_or((sight, false), |sight| (sight, true));
        let parts = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let variable = |part: String| {
            let (name, mark) = part.split_once('=')?;
            Some((name.parse().ok()?, Mark(hex::decode(mark)?)))
        };
        let print = |text: &str| hex::decode(text).map(Print);
        Some(Self {
            sight: if sight.is_empty() { None } else { Some(Print(hex::decode(sight)?)) },
            again,
            project: if project.is_empty() { None } else { Some(print(project)?) },
            given: parts(given).into_iter().map(variable).collect::<Option<_>>()?,
            salt: hex::decode(salt)?,
            told: parts(told).iter().map(|part| print(part)).collect::<Option<_>>()?,
            until: if until.is_empty() { None } else { Some(Moment::from_seconds(until.parse().ok()?)) },
        })
    }

    /// The one after this, which remembers what was said, has no variables yet and makes marks of its own.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn next(&self, sight: Option<Sight>, project: Option<Project>) -> Result<Self> {
        let salt = if self.given.is_empty() { random::bytes()? } else { self.salt };
        Ok(Self { sight, again: false, project, given: Vec::new(), until: None, salt, told: self.told.clone() })
    }

    /// What the shell carries; nothing where there is nothing to carry.
    #[must_use]
    pub fn text(&self) -> String {
        let is_empty = self.sight.is_none() && self.given.is_empty() && self.told.is_empty();
        if is_empty { String::new() } else { self.to_string() }
    }

    /// The same without these variables: they are somebody else's now.
    #[must_use]
    pub fn without(mut self, names: &[&VariableName]) -> Self {
        self.given.retain(|(given, _)| !names.contains(&given));
        self
    }

    /// Whether the time is over for something that it has.
    #[must_use]
    pub fn is_over(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// What stands for a value in this shell.
    #[must_use]
    pub fn mark(&self, value: &[u8]) -> Mark {
        let Print(print) = Print::<2>::of(&[b"keyctl/active", &self.salt, value]);
        Mark(print)
    }

    /// What stands for a secret in this shell.
    #[must_use]
    pub fn mark_of(&self, secret: &Secret) -> Mark {
        self.mark(secret.expose())
    }

    /// The mark of what keyctl gave a variable.
    #[must_use]
    pub fn of(&self, name: &VariableName) -> Option<Mark> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, mark)| *mark)
    }

    /// Whether this was not said yet; it counts as said from now on.
    pub fn is_news(&mut self, parts: &[&[u8]]) -> bool {
        let told = Print::of(parts);
        let is_news = !self.told.contains(&told);
        if is_news {
            self.told.push(told);
            self.told.drain(..self.told.len().saturating_sub(REMEMBERED));
        }
        is_news
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let print = |print: Option<String>| print.unwrap_or_default();
        let given: Vec<String> =
            self.given.iter().map(|(name, Mark(mark))| format!("{name}={}", hex::encode(mark))).collect();
        let told: Vec<String> = self.told.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{VERSION};{}{};{};{};{};{};{}",
            print(self.sight.as_ref().map(ToString::to_string)),
            if self.again { AGAIN.to_string() } else { String::new() },
            print(self.project.as_ref().map(ToString::to_string)),
            hex::encode(&self.salt),
            given.join(","),
            told.join(","),
            print(self.until.map(|until| until.seconds().to_string()))
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> VariableName {
        text.parse().expect("good")
    }

    #[test]
    fn what_a_shell_carries_is_read_back() {
        let first = State::default().next(Some(Print::of(&[b"a"])), Some(Print::of(&[b"p"]))).expect("random");
        let mut state = State { again: true, ..first };
        assert_eq!(State::parse(&state.to_string()), state);
        state.given = vec![(name("A"), state.mark(b"1")), (name("B_2"), state.mark(b"2"))];
        assert!(state.is_news(&[b"x"]) && state.is_news(&[b"y"]) && !state.is_news(&[b"x"]));
        state.until = Some(Moment::from_seconds(1_800_000_000));
        assert_eq!(State::parse(&state.to_string()), state);
        let is_over = |second| state.is_over(Moment::from_seconds(second));
        assert!(
            !is_over(1_799_999_999) && is_over(1_800_000_000) && !State::default().is_over(Moment::from_seconds(0))
        );
        assert_eq!((state.of(&name("A")), state.of(&name("C"))), (Some(state.mark(b"1")), None));
    }

    #[test]
    fn outside_of_projects_nothing_is_carried_but_what_was_said() {
        let mut state = State::default().next(None, None).expect("random");
        assert_eq!(state.text(), "");
        assert!(state.is_news(&[b"x"]));
        assert_eq!(State::parse(&state.text()), state);
    }

    #[test]
    fn it_holds_no_value_and_the_marks_of_one_value_differ_between_shells() {
        let of = |value: &[u8]| {
            let mut state = State::default().next(None, None).expect("random");
            state.given = vec![(name("A"), state.mark(value))];
            state.to_string()
        };
        assert!(!of(b"sk-secret").contains("secret"));
        let all: std::collections::BTreeSet<String> = (0..8).map(|_| of(b"x")).collect();
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn what_was_said_is_remembered_and_not_without_end() {
        let mut state = State::default();
        for number in 0..100_u8 {
            assert!(state.is_news(&[&[number]]));
        }
        assert!(!state.is_news(&[&[99]]) && state.is_news(&[&[0]]));
        assert!(state.to_string().len() < 200, "{state}");
    }

    #[test]
    fn what_is_no_state_of_ours_counts_for_nothing() {
        let good = "2;0011223344556677;00112233;00112233;A=0011;00112233;1800000000";
        assert_ne!(State::parse(good), State::default());
        assert_eq!(State::parse(good).to_string(), good);
        for bad in [
            "",
            "2",
            "1;0011223344556677;00112233;00112233;A=0011;00112233",
            "3;0011223344556677;00112233;00112233;A=0011;00112233;",
            "2;0011223344556677;00112233;00112233;A=0011;",
            "2;00;00112233;00112233;A=0011;;",
            "2;0011223344556677;00112233;00112233;A;;",
            "2;0011223344556677;00112233;00112233;A=00;;",
            "2;0011223344556677;00112233;00112233;A B=0011;;",
            "2;0011223344556677;xx;00112233;;;",
            "2;0011223344556677;00112233;00112233;A=0011;;soon",
        ] {
            assert_eq!(State::parse(bad), State::default(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = State::parse(&text);
        }
    }
}
