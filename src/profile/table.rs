//! The TOML that profiles are written in, read strictly: `[env]` and `[profiles.NAME]`, in a project file and in the
//! user's own configuration.
//!
//! Every entry is looked at, and all that is wrong is said at once, each with its line and column. An unknown field is a
//! mistake, not a thing to skip: an older keyctl must not ignore what a newer one restricts. What is said quotes a field's
//! name at most, never a value: somebody will paste a secret where a key's name should stand.

use std::{collections::BTreeMap, path::Path, str::FromStr};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{Composed, Form, Profile, Profiles, Source};
use crate::{
    failure::{Failure, Kind},
    name::{BadName, ProfileName, VariableName},
    platform,
    template::Template,
};

/// The most bytes a file that a user writes may have, checked before it is parsed.
pub const LARGEST: usize = 64 * 1024;
/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

/// The most mistakes that are told one by one.
const MOST_TOLD: usize = 20;

/// Mistakes as one failure: the first is the message, the others follow.
#[must_use]
pub fn failure(kind: Kind, path: &Path, mistakes: &[Mistake]) -> Failure {
    let path = path.display();
    let Some((first, others)) = mistakes.split_first() else {
        return Failure::new(kind, format!("`{path}` is refused"));
    };
    let mut failure = Failure::new(kind, format!("`{path}`, {first}"));
    for other in others.iter().take(MOST_TOLD) {
        failure = failure.hint(format!("also {other}"));
    }
    match others.len().saturating_sub(MOST_TOLD) {
        0 => failure,
        more => failure.hint(format!("and {more} more")),
    }
}

/// Whether a variable may be set from this source by the file that is read; if not, why.
pub type Policy<'p> = &'p dyn Fn(&VariableName, &Source) -> Result<(), String>;

/// A file's bytes as text. A byte order mark is dropped; anything but UTF-8 without NUL is a mistake.
///
/// # Errors
/// Where the bytes stop being text.
pub fn decode(bytes: &[u8]) -> Result<&str, Mistake> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Mistake { line: 1, column: 1, what: "this is UTF-16; save it as UTF-8".into() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        mistake(std::str::from_utf8(good).unwrap_or_default(), good.len(), "this is not UTF-8".into())
    })?;
    match text.find('\0') {
        Some(at) => Err(mistake(text, at, "there is a NUL here; this is not plain text".into())),
        None => Ok(text),
    }
}

fn mistake(text: &str, at: usize, what: String) -> Mistake {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Mistake { line, column, what }
}

/// One table of TOML: its entries by their names.
pub type Table<'t> = DeTable<'t>;
/// One value with its place in the text.
pub type Value<'t> = Spanned<DeValue<'t>>;

/// Parses a text and lets `read` look at it.
///
/// # Errors
/// All mistakes, in the order of the text.
pub fn read<T>(text: &str, policy: Policy, look: impl FnOnce(&mut Reader, &Table) -> T) -> Result<T, Vec<Mistake>> {
    let mut reader = Reader { text, policy, mistakes: Vec::new() };
    // The parser goes 80 levels deep, in names and in values, and no further; `file.rs` tests it.
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        // The parser's own words are fixed texts, without a piece of what it read.
        reader.wrong(error.span().map_or(0, |span| span.start), error.message().to_owned());
    }
    // What could not be parsed has nothing more to say than that.
    if !reader.mistakes.is_empty() {
        return Err(reader.finish());
    }
    let found = look(&mut reader, table.get_ref());
    if reader.mistakes.is_empty() { Ok(found) } else { Err(reader.finish()) }
}

/// Reads tables and remembers what is wrong with them.
pub struct Reader<'r> {
    text: &'r str,
    policy: Policy<'r>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    /// Remembers something wrong at a byte of the text.
    pub fn wrong(&mut self, at: usize, what: impl Into<String>) {
        self.mistakes.push(mistake(self.text, at, what.into()));
    }

    /// Whether nothing was wrong up to now.
    #[must_use]
    pub fn is_content(&self) -> bool {
        self.mistakes.is_empty()
    }

    fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort();
        self.mistakes.dedup();
        self.mistakes
    }

    /// A value that must be a table with these fields and no other.
    pub fn table<'v, 't>(&mut self, value: &'v Value<'t>, known: &[&str]) -> Option<&'v Table<'t>> {
        let table = value.get_ref().as_table();
        match table {
            Some(table) => self.known(table, known),
            None => self.wrong(value.span().start, expected("a table", value)),
        }
        table
    }

    /// Refuses every field that is not among the known ones.
    pub fn known(&mut self, table: &Table, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
            let name = shown(key).map_or("this field".to_owned(), |name| format!("the field `{name}`"));
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            self.wrong(key.span().start, format!("{name} is not known here, only {}", known.join(", ")));
        }
    }

    /// A value that must be true or false.
    pub fn truth(&mut self, value: &Value) -> bool {
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(value.span().start, expected("`true` or `false`", value));
            false
        })
    }

    /// A value that must be a text.
    pub fn text<'v>(&mut self, value: &'v Value) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span().start, expected("a text in quotes", value));
        }
        text
    }

    /// A value that must be a text with a meaning of its own, such as a name or a period.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, value: &Value) -> Option<T> {
        let text = self.text(value)?;
        text.parse().map_err(|why: T::Err| self.wrong(value.span().start, why.to_string())).ok()
    }

    /// A value that must be a list.
    pub fn list<'v, 't>(&mut self, value: &'v Value<'t>) -> &'v [Value<'t>] {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value.span().start, expected("a list", value));
            return &[];
        };
        list
    }

    /// A value that must be a list of texts.
    pub fn texts(&mut self, value: &Value) -> Option<Vec<String>> {
        let list = value.get_ref().as_array();
        if list.is_none() {
            self.wrong(value.span().start, expected("a list of texts", value));
        }
        list?.iter().map(|value| self.text(value).map(str::to_owned)).collect()
    }

    fn name<T: FromStr<Err = BadName>>(&mut self, text: &str, at: usize) -> Option<T> {
        text.parse().map_err(|bad: BadName| self.wrong(at, bad.to_string())).ok()
    }

    /// `[profiles]`: a profile a name.
    pub fn profiles(&mut self, value: &Value) -> Profiles {
        let mut all = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value.span().start, expected("a table", value));
            return Profiles(all);
        };
        for (key, value) in table {
            let name = self.name::<ProfileName>(key.get_ref(), key.span().start);
            let Some(fields) = self.table(value, &["extends", "env", "mask"]) else { continue };
            let extends = fields.get("extends").and_then(|value| {
                let text = self.text(value)?;
                self.name(text, value.span().start)
            });
            let env = fields.get("env").map(|value| self.env(value)).unwrap_or_default();
            let mask = fields.get("mask").map(|value| self.truth(value));
            if let Some(name) = name {
                all.insert(name, Profile { extends, env, mask });
            }
        }
        Profiles(all)
    }

    /// `[env]`: a source a variable.
    pub fn env(&mut self, value: &Value) -> BTreeMap<VariableName, Source> {
        let mut env: BTreeMap<VariableName, Source> = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value.span().start, expected("a table", value));
            return env;
        };
        for (key, value) in table {
            let at = key.span().start;
            if key.get_ref() == "mask" && value.get_ref().is_bool() {
                self.wrong(at, "`mask` belongs above `[env]`, or into a profile; below it stand variables");
                continue;
            }
            let variable = self.name::<VariableName>(key.get_ref(), at);
            let source = self.source(value);
            let (Some(variable), Some(source)) = (variable, source) else { continue };
            let same = |known: &&VariableName| {
                platform::same_variable(known.as_str().as_ref(), variable.as_str().as_ref()) && **known != variable
            };
            if let Some(known) = env.keys().find(same) {
                self.wrong(at, format!("`{known}` and `{variable}` are one variable on this system"));
            } else if let Err(why) = (self.policy)(&variable, &source) {
                self.wrong(at, why);
            } else {
                env.insert(variable, source);
            }
        }
        env
    }

    /// `"key"`, `"a text with {{ key }}"`, `{ key = "key", as = "file", optional = true }`, `{ text = "…", as = "file" }` or
    /// `{ value = "text" }`.
    fn source(&mut self, value: &Value) -> Option<Source> {
        let at = value.span().start;
        if let Some(text) = value.get_ref().as_str() {
            if Template::is_composed(text) {
                return self.composed(value, Form::Variable);
            }
            return self.name(text, at).map(Source::key);
        }
        if !value.get_ref().is_table() {
            self.wrong(at, expected("a key's name in quotes, `{ key = \"…\" }` or `{ value = \"…\" }`", value));
            return None;
        }
        let fields = self.table(value, &["key", "text", "value", "optional", "as"])?;
        let optional = fields.get("optional").map(|value| self.truth(value));
        let form = match fields.get("as") {
            Some(value) => Some(self.parsed::<Form>(value)?),
            None => None,
        };
        let named = ["key", "text", "value"].into_iter().filter(|field| fields.contains_key(*field));
        match named.collect::<Vec<_>>()[..] {
            ["key"] => {
                let key = fields.get("key")?;
                let text = self.text(key)?;
                let name = self.name(text, key.span().start)?;
                Some(Source::Key { name, optional: optional.unwrap_or(false), form: form.unwrap_or_default() })
            }
            [field] => {
                if optional.is_some() {
                    self.wrong(at, format!("a `{field}` is always there, so it cannot be `optional`"));
                }
                let value = fields.get(field)?;
                if field == "text" {
                    return self.composed(value, form.unwrap_or_default());
                }
                if form.is_some() {
                    self.wrong(at, "a `value` is a variable, so it has no `as`");
                }
                let text = self.text(value)?;
                self.without_nul(text, value)?;
                Some(Source::Value(text.to_owned()))
            }
            [one, other, ..] => {
                self.wrong(at, format!("`{one}` and `{other}` exclude each other"));
                None
            }
            [] => {
                self.wrong(at, "either `key`, `text` or `value` has to be here");
                None
            }
        }
    }

    /// A text with keys in it.
    fn composed(&mut self, value: &Value, form: Form) -> Option<Source> {
        let text = self.text(value)?;
        self.without_nul(text, value)?;
        match Composed::read(text) {
            Ok(text) => Some(Source::Composed { text, form }),
            Err(wrong) => {
                // Where it is in the line cannot be told: the text may be written with escapes.
                let letter = text[..wrong.at].chars().count() + 1;
                self.wrong(value.span().start, format!("at character {letter} of the text: {}", wrong.what));
                None
            }
        }
    }

    fn without_nul(&mut self, text: &str, value: &Value) -> Option<()> {
        if text.contains('\0') {
            self.wrong(value.span().start, "a variable cannot hold a NUL");
            return None;
        }
        Some(())
    }
}

fn expected(what: &str, value: &Value) -> String {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("expected {what}, found {found}")
}

/// A field's name, if it is one that can be shown: short, and nothing in it that a terminal obeys.
fn shown<'k>(key: &'k Spanned<DeString>) -> Option<&'k str> {
    let name: &str = key.get_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (name.len() <= 32 && !name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_mistakes_than_anyone_reads_are_counted() {
        let mistakes: Vec<Mistake> = (1..=30).map(|line| Mistake { line, column: 1, what: "wrong".into() }).collect();
        let failure = failure(Kind::Project, Path::new("/p"), &mistakes);
        assert_eq!(failure.message, "`/p`, line 1, column 1: wrong");
        assert_eq!(failure.hints.len(), 21);
        assert_eq!(failure.hints[19..], ["also line 21, column 1: wrong", "and 9 more"]);
    }
}
