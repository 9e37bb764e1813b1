//! Where a variable's text comes from, and in which form the command gets it.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    name::{KeyPath, StoreName},
    template::{Mistake, Template},
};

/// Where a variable's text comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A key of a store.
    Key {
        /// Its name, and which store it is of.
        name: KeyPath,
        /// Whether the command may start without it.
        optional: bool,
        /// What the command gets.
        form: Form,
    },
    /// A text with keys in it, written in the file.
    Composed {
        /// The text.
        text: Composed,
        /// What the command gets.
        form: Form,
    },
    /// A plain setting, written in the file.
    Value(String),
}

/// What a command gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The secret, as the variable's text.
    #[default]
    Variable,
    /// The path of a file in memory that has no name: it goes with the last process that has it open.
    File,
    /// The number of a descriptor that such a file is open as.
    #[serde(rename = "fd")]
    Descriptor,
    /// The path of a file in a private folder in memory, for programs that close what they did not open themselves.
    NamedFile,
}

/// The words for the forms that are files.
pub const FORMS: [(&str, Form); 3] = [("file", Form::File), ("fd", Form::Descriptor), ("named-file", Form::NamedFile)];

impl Form {
    /// The word in a project file; none for a plain variable.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        FORMS.iter().find(|(_, form)| *form == self).map(|(word, _)| *word)
    }

    /// The same for those who read it.
    fn said(self) -> Option<&'static str> {
        match self {
            Self::Variable => None,
            Self::File => Some("as a file"),
            Self::Descriptor => Some("as a descriptor"),
            Self::NamedFile => Some("as a named file"),
        }
    }

    /// Whether the variable has the secret itself.
    #[must_use]
    pub fn is_variable(&self) -> bool {
        *self == Self::Variable
    }
}

impl FromStr for Form {
    type Err = &'static str;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = FORMS.iter().find(|(known, _)| *known == word);
        found.map(|(_, form)| *form).ok_or("a key can be given as `file`, `fd` or `named-file`")
    }
}

/// The text of a composed variable, which was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    text: String,
    template: Template,
}

impl Composed {
    /// Reads such a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        Ok(Self { text: text.to_owned(), template: Template::composed(text)? })
    }

    /// It as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }
}

impl PartialOrd for Composed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Composed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Source {
    /// A key that has to be there, as a variable.
    #[must_use]
    pub fn key(name: KeyPath) -> Self {
        Self::Key { name, optional: false, form: Form::Variable }
    }

    /// The encoding that approvals and hashes are made of. Whether a key is optional is no part of it: it hands out
    /// nothing more, it only says what happens when the key is not there. In which form it is handed out is one.
    pub(super) fn parts(&self) -> [Cow<'_, str>; 2] {
        let kind = |kind: &'static str, form: &Form| match form.word() {
            Some(word) => Cow::Owned(format!("{kind} as {word}")),
            // What approvals were made of before there were other forms.
            None => kind.into(),
        };
        match self {
            // No key's name holds a colon: what is of another store is never the same as what is not.
            Self::Key { name, form, .. } if name.store().is_some() => [kind("key", form), name.to_string().into()],
            Self::Key { name, form, .. } => [kind("key", form), name.as_str().into()],
            Self::Composed { text, form } => [kind("text", form), text.as_str().into()],
            Self::Value(text) => ["value".into(), text.into()],
        }
    }

    /// In which form the command gets it.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Self::Key { form, .. } | Self::Composed { form, .. } => *form,
            Self::Value(_) => Form::Variable,
        }
    }

    /// The keys it is made of, each once.
    #[must_use]
    pub fn keys(&self) -> Vec<&KeyPath> {
        match self {
            Self::Key { name, .. } => vec![name],
            Self::Composed { text, .. } => text.template.names().into_iter().collect(),
            Self::Value(_) => Vec::new(),
        }
    }

    /// Whether the command may start without its key.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Key { optional: true, .. })
    }

    /// The stores that its keys are of, but for the personal one.
    pub fn stores(&self) -> impl Iterator<Item = &StoreName> {
        self.keys().into_iter().filter_map(KeyPath::store)
    }

    /// Whether its approval stands in the list of this store, none being the personal one: a store's list has what is made of
    /// its keys. A text with keys of several stores needs the word of each.
    #[must_use]
    pub fn is_of(&self, store: Option<&StoreName>) -> bool {
        match self {
            Self::Key { name, .. } => name.store() == store,
            Self::Composed { .. } => self.keys().into_iter().any(|name| name.store() == store),
            Self::Value(_) => store.is_none(),
        }
    }

    /// Its form and whether it has to be there, for those who read it: ` (as a file, optional)`, or nothing.
    #[must_use]
    pub fn remarks(&self) -> String {
        let optional = self.is_optional().then_some("optional");
        let remarks: Vec<&str> = self.form().said().into_iter().chain(optional).collect();
        if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) }
    }
}

/// For those who read it: `key gcp/sa (as a file)`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { name, .. } => write!(f, "key {name}{}", self.remarks()),
            Self::Composed { text, .. } => write!(f, "text {}{}", text.as_str(), self.remarks()),
            Self::Value(text) => write!(f, "setting {text}"),
        }
    }
}
