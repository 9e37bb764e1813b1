//! What an entry says of keys whose secrets came from a source: which source, and whether it was asked. Never where in it.

use serde::{Deserialize, Serialize};

/// A source that secrets came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fetch {
    /// Its name.
    pub name: String,
    /// How many seconds old the oldest of them was that was kept here; nothing where all were fetched for this use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_s: Option<u64>,
    /// The keys that it was asked with: its credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
}

impl Fetch {
    /// The source, and how old what was kept of it was: `corp`, `corp, kept for 720 s`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.cached_s {
            Some(age) => format!("{}, kept for {age} s", self.name),
            None => self.name.clone(),
        }
    }
}
