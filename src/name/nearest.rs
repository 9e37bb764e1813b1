//! The names that are nearest to what other programs call their keys.

use super::{BadName, KeyName, LONGEST, Tag, VariableName};

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
        Self { text: name, store: None }
    }

    /// This name with a number behind it, shortened where it would be too long.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let end = format!("-{number}");
        let most = self.text.len().min(LONGEST - end.len());
        Self { text: format!("{}{end}", &self.text[..most]), store: self.store.clone() }
    }
}

impl VariableName {
    /// The variable that a key's name reads as, as in `OPENAI_DEV` for `openai/dev`, if there is any.
    #[must_use]
    pub fn nearest(text: &str) -> Option<Self> {
        text.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_").parse().ok()
    }
}

impl BadName {
    /// The same, with a way out behind it.
    #[must_use]
    pub fn and(self, way_out: &str) -> Self {
        Self(format!("{}; {way_out}", self.0))
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
