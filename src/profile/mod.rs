//! Profiles: which variables a command gets, and from where. Decisions only: no file is read here and nothing is fetched.
//!
//! A profile may come from a project or from the user, and the difference is kept to the end: what came from a project
//! needs the user's approval, and a project can neither take the place of a profile of the user's nor extend one.

pub mod loading;
pub mod table;
pub mod variables;

mod resolve;
mod source;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::name::{ProfileName, VariableName};

pub use resolve::{Extra, masks, resolve};
pub use source::{Composed, FORMS, Form, Source};

/// The profile that is taken when none is chosen; a project's `[env]` is this one.
pub const DEFAULT: &str = "default";
/// The most grants one file may ask for, profiles times variables: nobody can look through more.
const MOST_GRANTS: usize = 4096;

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
        let source = Source::key(key.parse().unwrap());
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
    fn a_key_as_a_file_and_a_text_around_it_are_other_grants_than_the_key() {
        let text = |text: &str, form| Source::Composed { text: Composed::read(text).unwrap(), form };
        let key = |form| Source::Key { name: "x".parse().unwrap(), optional: false, form };
        let sources = [
            key(Form::Variable),
            key(Form::File),
            key(Form::Descriptor),
            key(Form::NamedFile),
            text("{{ x }}", Form::Variable),
            text("{{x}}", Form::Variable),
            text("{{ x }}", Form::File),
            Source::Value("{{ x }}".into()),
        ];
        let grant = |source| Grant { source, ..grant("default", "A", "x") };
        let encoded: std::collections::BTreeSet<_> = sources.into_iter().map(|source| grant(source).encode()).collect();
        assert_eq!(encoded.len(), 8);
    }

    #[test]
    fn optional_or_not_is_the_same_grant() {
        let needed = grant("default", "A", "x");
        let source = Source::Key { name: "x".parse().unwrap(), optional: true, form: Form::Variable };
        let optional = Grant { source, ..needed.clone() };
        assert_eq!(digest(&[needed]), digest(&[optional]));
    }

    fn any_form() -> impl Strategy<Value = Form> {
        prop::sample::select(vec![Form::Variable, Form::File, Form::Descriptor, Form::NamedFile])
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let source = prop_oneof![
            ("[a-c]{1,2}", any::<bool>(), any_form()).prop_map(|(name, optional, form)| Source::Key {
                name: name.parse().unwrap(),
                optional,
                form
            }),
            ("[a-c]{1,2}", any_form()).prop_map(|(name, form)| Source::Composed {
                text: Composed::read(&format!("{{{{ {name} }}}}")).unwrap(),
                form
            }),
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
