//! Profiles: which variables a command gets, and from where. Decisions only: no file is read here and nothing is fetched.
//!
//! A profile may come from a project or from the user, and the difference is kept to the end: what came from a project
//! needs the user's approval, and a project can neither take the place of a profile of the user's nor extend one.

pub mod table;
pub mod variables;

mod resolve;

use std::{borrow::Cow, collections::BTreeMap};

use sha2::{Digest, Sha256};

use crate::name::{KeyPath, ProfileName, StoreName, VariableName};

pub use resolve::{masks, resolve};

/// The profile that is taken when none is chosen; a project's `[env]` is this one.
pub const DEFAULT: &str = "default";
/// The most grants one file may ask for, profiles times variables: nobody can look through more.
const MOST_GRANTS: usize = 4096;

/// Where a variable's text comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A key of a store.
    Key {
        /// Its name, and which store it is of.
        name: KeyPath,
        /// Whether the command may start without it.
        optional: bool,
    },
    /// A plain setting, written in the file.
    Value(String),
}

/// One profile as it is written, before what it extends is added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Whose variables it takes over first.
    pub extends: Option<ProfileName>,
    /// Its own variables.
    pub env: BTreeMap<VariableName, Source>,
    /// Whether what the command prints is masked, where this profile says so.
    pub mask: Option<bool>,
}

/// The profiles of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles(pub BTreeMap<ProfileName, Profile>);

/// One line of what is asked: in this profile, this variable from that source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The profile.
    pub profile: ProfileName,
    /// The variable.
    pub variable: VariableName,
    /// What it becomes.
    pub source: Source,
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The project file: nothing happens before the user has approved it.
    Project,
    /// The user's own configuration or command line.
    User,
}

/// One variable of the command that is about to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is wanted. Of what the project wants, exactly this is to be found among the project's [`grants`].
    pub grant: Grant,
    /// Who wants it.
    pub origin: Origin,
}

/// Why a profile cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// There is no such profile; `by` extends it, if any does.
    Missing {
        /// The name.
        name: ProfileName,
        /// Who extends it.
        by: Option<ProfileName>,
    },
    /// It extends itself, by way of these.
    Cycle(Vec<ProfileName>),
    /// More than [`MOST_GRANTS`].
    TooMany,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { name, by: None } => write!(f, "there is no profile `{name}`"),
            Self::Missing { name, by: Some(by) } => write!(f, "profile `{by}` extends `{name}`, which is not there"),
            Self::Cycle(names) => {
                let chain: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "profiles extend each other in a circle: {}", chain.join(" extends "))
            }
            Self::TooMany => write!(f, "more than {MOST_GRANTS} variables are asked for"),
        }
    }
}

impl Source {
    /// The encoding that approvals and hashes are made of. Whether a key is optional is no part of it: it hands out
    /// nothing more, it only says what happens when the key is not there.
    fn parts(&self) -> [Cow<'_, str>; 2] {
        match self {
            // No key's name holds a colon: what is of another store is never the same as what is not.
            Self::Key { name, .. } if name.store().is_some() => ["key".into(), name.to_string().into()],
            Self::Key { name, .. } => ["key".into(), name.as_str().into()],
            Self::Value(text) => ["value".into(), text.into()],
        }
    }

    /// The store that this is a key of, if that is another than the personal one.
    #[must_use]
    pub fn store(&self) -> Option<&StoreName> {
        match self {
            Self::Key { name, .. } => name.store(),
            Self::Value(_) => None,
        }
    }
}

impl Grant {
    /// Bytes that no other grant has: each part after its length.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let [kind, text] = self.source.parts();
        encode(&[self.profile.as_str(), self.variable.as_str(), &kind, &text].map(str::as_bytes))
    }
}

/// Parts one after the other, each after its length as 8 bytes, so that no two lists of parts have the same bytes.
#[must_use]
pub fn encode(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// All that the profiles of a file ask for, sorted. What a profile takes over from another counts as asked for by it: who
/// makes `default` extend `prod` asks for new keys under `default`, although every line of the file was there before.
///
/// # Errors
/// When a profile extends what is not there or itself, or there is more than anyone could look through.
pub fn grants(profiles: &Profiles) -> Result<Vec<Grant>, Broken> {
    let mut all = Vec::new();
    for profile in profiles.0.keys() {
        for (variable, source) in resolve::effective(profiles, profile)? {
            if all.len() == MOST_GRANTS {
                return Err(Broken::TooMany);
            }
            all.push(Grant { profile: profile.clone(), variable, source });
        }
    }
    all.sort();
    Ok(all)
}

/// A fingerprint of a set of grants: neither order nor repetition changes it, nor whether a key is optional.
#[must_use]
pub fn digest(grants: &[Grant]) -> [u8; 32] {
    let mut encoded: Vec<Vec<u8>> = grants.iter().map(Grant::encode).collect();
    encoded.sort();
    encoded.dedup();
    let mut hash = Sha256::new_with_prefix(b"keyctl/grants/v1\0");
    for grant in &encoded {
        hash.update((grant.len() as u64).to_le_bytes());
        hash.update(grant);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn grant(profile: &str, variable: &str, key: &str) -> Grant {
        let source = Source::Key { name: key.parse().unwrap(), optional: false };
        Grant { profile: profile.parse().unwrap(), variable: variable.parse().unwrap(), source }
    }

    #[test]
    fn a_key_and_a_text_of_the_same_letters_are_different_grants() {
        let key = grant("default", "A", "x");
        let value = Grant { source: Source::Value("x".into()), ..key.clone() };
        assert_ne!(key.encode(), value.encode());
        assert_ne!(digest(&[key]), digest(&[value]));
    }

    #[test]
    fn a_grant_of_another_store_is_another_grant_and_one_of_the_personal_store_is_what_it_was() {
        let (plain, team) = (grant("default", "A", "x"), grant("default", "A", "team:x"));
        assert_ne!(plain.encode(), team.encode());
        assert_eq!(grant("default", "A", "personal:x").encode(), plain.encode());
        // What approvals were made of before there were other stores.
        let before = encode(&[b"default", b"A", b"key", b"x"]);
        assert_eq!(plain.encode(), before);
    }

    #[test]
    fn optional_or_not_is_the_same_grant() {
        let needed = grant("default", "A", "x");
        let optional = Grant { source: Source::Key { name: "x".parse().unwrap(), optional: true }, ..needed.clone() };
        assert_eq!(digest(&[needed]), digest(&[optional]));
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let source = prop_oneof![
            ("[a-c]{1,2}", any::<bool>())
                .prop_map(|(name, optional)| Source::Key { name: name.parse().unwrap(), optional }),
            any::<String>().prop_map(Source::Value)
        ];
        ("[a-c]{1,2}", "[A-C]{1,2}", source).prop_map(|(profile, variable, source)| Grant {
            profile: profile.parse().unwrap(),
            variable: variable.parse().unwrap(),
            source,
        })
    }

    proptest! {
        #[test]
        fn the_order_of_grants_changes_no_digest(grants in prop::collection::vec(any_grant(), 0..8), turn in 0_usize..8) {
            let mut other = grants.clone();
            other.reverse();
            other.rotate_left(turn.min(grants.len()));
            prop_assert_eq!(digest(&grants), digest(&other));
        }

        #[test]
        fn one_more_grant_changes_the_digest(grants in prop::collection::vec(any_grant(), 0..8), more in any_grant()) {
            let known = grants.iter().any(|grant| grant.encode() == more.encode());
            let mut other = grants.clone();
            other.push(more);
            prop_assert_eq!(digest(&grants) == digest(&other), known);
        }
    }
}
