//! `[agents]`: which commands a coding agent may have run with keys. Nothing said is none.
//!
//! ```toml
//! [agents]
//! commands = ["npm test", "cargo test *"]   # word for word; `*` at the end stands for any more words
//! profiles = ["default", "test"]            # with these profiles; with the default one if nothing is said
//! ```
//!
//! A project's file cannot say it: an agent may write that file, and what a repository says is not the user's word.

use crate::{
    name::ProfileName,
    profile::{
        DEFAULT,
        table::{Reader, Table, Value},
    },
};

/// What stands for any more words.
const ANY: &str = "*";

/// `[agents]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agents {
    /// The commands that an agent may have run.
    pub commands: Vec<Pattern>,
    /// The profiles that it may name; the default one where nothing is said.
    profiles: Option<Vec<ProfileName>>,
}

/// A command, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    words: Vec<String>,
    goes_on: bool,
}

impl Agents {
    /// Whether a command may be run.
    #[must_use]
    pub fn may_run<W: AsRef<str>>(&self, words: &[W]) -> bool {
        self.commands.iter().any(|pattern| pattern.fits(words))
    }

    /// Whether it may be run with this profile.
    #[must_use]
    pub fn may_use(&self, profile: &ProfileName) -> bool {
        match &self.profiles {
            Some(profiles) => profiles.contains(profile),
            None => profile.as_str() == DEFAULT,
        }
    }
}

impl Pattern {
    /// Reads one: words with blanks between them. There is no quoting, so what needs some cannot be meant.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut words: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        let goes_on = words.last().is_some_and(|word| word == ANY);
        if goes_on {
            words.pop();
        }
        if words.is_empty() {
            return Err("a program has to stand here, as in `npm test`".to_owned());
        }
        if let Some(odd) = words.iter().find(|word| word.contains(['\'', '"', '\\', '*'])) {
            return Err(format!("`{odd}`: there is no shell here, so no quotes and no `*` but as the last word"));
        }
        Ok(Self { words, goes_on })
    }

    fn fits<W: AsRef<str>>(&self, words: &[W]) -> bool {
        let begins =
            words.len() >= self.words.len() && words.iter().zip(&self.words).all(|(one, other)| one.as_ref() == other);
        begins && (self.goes_on || words.len() == self.words.len())
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))?;
        if self.goes_on { write!(f, " {ANY}") } else { Ok(()) }
    }
}

pub(super) fn look(reader: &mut Reader, table: &Table) -> Agents {
    let Some(fields) = table.get("agents").and_then(|value| reader.table(value, &["commands", "profiles"])) else {
        return Agents::default();
    };
    let commands = fields.get("commands").map(|value| all(reader, value, Pattern::read)).unwrap_or_default();
    let profile = |text: &str| text.parse().map_err(|bad: crate::name::BadName| bad.to_string());
    let profiles = fields.get("profiles").map(|value| all(reader, value, profile));
    Agents { commands, profiles }
}

fn all<T>(reader: &mut Reader, value: &Value, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
    let mut found = Vec::new();
    for value in reader.list(value) {
        let Some(text) = reader.text(value) else { continue };
        match read(text) {
            Ok(one) => found.push(one),
            Err(why) => reader.wrong(value.span().start, why),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_allowed_word_for_word_and_goes_on_only_where_that_is_said() {
        let commands = ["npm  test", "cargo test *"].map(|text| Pattern::read(text).expect(text)).to_vec();
        let agents = Agents { commands, profiles: None };
        for (command, may_run) in [
            ("npm test", true),
            ("npm test x", false),
            ("npm", false),
            ("npm testx", false),
            ("cargo test", true),
            ("cargo test --workspace x", true),
            ("cargo testx", false),
            ("/usr/bin/npm test", false),
        ] {
            assert_eq!(agents.may_run(&command.split(' ').collect::<Vec<_>>()), may_run, "{command}");
        }
        assert_eq!(agents.commands[0].to_string() + ", " + &agents.commands[1].to_string(), "npm test, cargo test *");
        assert!(!Agents::default().may_run(&["npm"]) && !agents.may_run::<&str>(&[]));
        for wrong in ["", "  ", "*", "a 'b c'", "a * b", "npm*"] {
            assert!(Pattern::read(wrong).is_err(), "{wrong}");
        }
    }
}
