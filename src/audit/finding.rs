//! One finding: what is wrong, with what, where, and how it is mended.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{Rule, Severity};
use crate::{
    failure::for_store,
    name::StoreName,
    plain::{self, first_names, shell_word},
};

/// So many names are told of a list; the rest are counted.
pub(super) const NAMED: usize = 3;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What, in words; never a secret.
    pub what: String,
    /// The keys it is about.
    pub keys: Vec<String>,
    /// The folders and files it is about; a file with its line where that says something.
    pub places: Vec<String>,
    /// How it is mended.
    pub mend: Mend,
    /// What `--fix` does about it, where that is safe.
    pub repair: Option<Repair>,
}

/// The way to mend something: words, and the command that they lead to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mend {
    /// What to do, where the command does not say that.
    pub words: String,
    /// The command to type.
    pub command: Option<String>,
}

/// What can be mended without a decision of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// A file or a folder is closed to other users.
    Close {
        /// Which.
        path: PathBuf,
        /// Whether it is a folder.
        folder: bool,
    },
    /// What was allowed in a place that is gone is taken back.
    TakeBack {
        /// The place, as the approvals have it.
        place: String,
        /// The folder that it was.
        folder: PathBuf,
        /// The keys that were allowed there.
        keys: Vec<String>,
    },
}

impl Finding {
    /// One by a rule, with nothing to be told of it yet but this.
    #[must_use]
    pub fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            what: what.into(),
            keys: Vec::new(),
            places: Vec::new(),
            mend: Mend::default(),
            repair: None,
        }
    }

    /// About these keys.
    #[must_use]
    pub fn keys<'k>(mut self, names: impl IntoIterator<Item = &'k str>) -> Self {
        self.keys = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// In these places.
    #[must_use]
    pub fn places(mut self, places: impl IntoIterator<Item = String>) -> Self {
        self.places = places.into_iter().collect();
        self
    }

    /// To be mended by what these words say.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.mend.words = words.into();
        self
    }

    /// To be mended by this command.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.mend.command = Some(command.into());
        self
    }
}

impl Finding {
    /// With the command that mends it said for another store than the personal one.
    pub fn say_for(&mut self, store: &StoreName) {
        if let Some(command) = &mut self.mend.command {
            let said = for_store(&format!("`{command}`"), store.as_str()).into_owned();
            said.trim_matches('`').clone_into(command);
        }
    }
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.command, self.words.as_str()) {
            (None, words) => f.write_str(words),
            (Some(command), "") => write!(f, "`{command}`"),
            (Some(command), words) => write!(f, "{words}: `{command}`"),
        }
    }
}

/// Names in backticks, the first few of them: `a`, `b`, `c` and 2 more.
pub(super) fn listed<N: fmt::Display>(names: &[N]) -> String {
    match names {
        [first, last] => format!("`{first}` and `{last}`"),
        names => first_names(names, NAMED),
    }
}

/// A path as a word of a command: in quotes where a shell would take it apart.
pub(super) fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%:,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into_owned();
    }
    // What a terminal would not show as it is, is written by its numbers.
    if plain::printable(&text) != text {
        let letter = |byte: u8| match byte {
            b'\'' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        return format!("$'{}'", text.bytes().map(letter).collect::<String>());
    }
    shell_word(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_counted() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b"]), "`a` and `b`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b`, `c`");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "`a`, `b`, `c` and 2 more");
    }

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(word(Path::new("/home/me/shop")), "/home/me/shop");
        assert_eq!(word(Path::new("/a b/$(id)")), "'/a b/$(id)'");
        assert_eq!(word(Path::new("/it's")), r"'/it'\''s'");
        assert_eq!(word(Path::new("/it's a\n\u{1b}[31m/\u{e4}")), r"$'/it\'s a\x0a\x1b[31m/\xc3\xa4'");
    }

    #[test]
    fn the_way_to_mend_it_is_words_a_command_or_both() {
        let mend = |words: &str, command: Option<&str>| {
            Mend { words: words.into(), command: command.map(str::to_owned) }.to_string()
        };
        assert_eq!(mend("", Some("keyctl rotate a")), "`keyctl rotate a`");
        assert_eq!(mend("replace it", Some("keyctl rotate a")), "replace it: `keyctl rotate a`");
        assert_eq!(mend("ask its owner", None), "ask its owner");
    }
}
