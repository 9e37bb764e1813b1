//! One approval: how it is found by its hash, and what its sealed part says.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::Place;
use crate::{
    date::Moment,
    name::{KeyPath, ProfileName, StoreName, VariableName},
    profile::{Grant, Source, encode, variables},
};

/// What a line is found by.
pub(super) type Hash = [u8; 32];
/// What makes the hashes of one list unlike those of another.
pub(super) type Salt = [u8; 16];

/// What a sealed part says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileName>,
    variable: VariableName,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    t: Moment,
}

/// One approved thing: a grant, or an exception for a variable that projects may not set.
#[derive(Clone, Copy)]
pub(super) enum Item<'i> {
    Grant(&'i Grant),
    Exception(&'i VariableName),
}

/// Makes the hashes of one list in one place. What all of them begin with is hashed once.
pub(super) struct Finder(Sha256);

impl Finder {
    pub(super) fn new(salt: &Salt, place: &Place) -> Self {
        Self(Sha256::new_with_prefix(encode(&[salt, &place.encode()])))
    }

    pub(super) fn hash(&self, item: Item) -> Hash {
        let item = match item {
            Item::Grant(grant) => encode(&[b"grant", &grant.encode()]),
            Item::Exception(variable) => encode(&[b"exception", variable.as_str().as_bytes()]),
        };
        self.0.clone().chain_update(encode(&[&item])).finalize().into()
    }
}

impl Item<'_> {
    pub(super) fn record(self, place: &Place, t: Moment) -> Record {
        let place = place.to_string();
        match self {
            Self::Exception(variable) => {
                Record { place, profile: None, variable: variable.clone(), key: None, value: None, t }
            }
            Self::Grant(Grant { profile, variable, source }) => {
                let (key, value) = match source {
                    Source::Key { name, .. } => (Some(name.clone()), None),
                    Source::Value(text) => (None, Some(text.clone())),
                };
                Record { place, profile: Some(profile.clone()), variable: variable.clone(), key, value, t }
            }
        }
    }

    pub(super) fn variable(&self) -> &VariableName {
        match self {
            Self::Grant(grant) => &grant.variable,
            Self::Exception(variable) => variable,
        }
    }
}

impl Record {
    /// The place, in words.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Since when.
    pub(super) fn since(&self) -> Moment {
        self.t
    }
}

/// What a sealed record approved; `None` in place of the grant for an exception.
pub(super) fn approved(record: Record) -> Option<(Option<Grant>, VariableName)> {
    let Record { profile, variable, key, value, .. } = record;
    let source = match (key, value) {
        (Some(name), None) => Source::Key { name, optional: false },
        (None, Some(text)) => Source::Value(text),
        (None, None) if profile.is_none() => return Some((None, variable)),
        _ => return None,
    };
    Some((Some(Grant { profile: profile?, variable: variable.clone(), source }), variable))
}

/// Whether this sets a variable that projects may not: then an exception has to be made for it.
#[must_use]
pub fn needs_exception(grant: &Grant) -> bool {
    match &grant.source {
        Source::Key { .. } => variables::refused_for_key(&grant.variable),
        Source::Value(_) => variables::refused_for_value(&grant.variable),
    }
}

/// What a set of grants needs to be approved in the list of this store: each that is of its keys. Settings, and an exception
/// for each variable that projects may not set, are in the personal store's.
pub(super) fn needed<'g>(grants: &'g [Grant], store: Option<&StoreName>) -> impl Iterator<Item = Item<'g>> {
    grants.iter().flat_map(move |grant| {
        let exception = (store.is_none() && needs_exception(grant)).then_some(Item::Exception(&grant.variable));
        let is_here = grant.source.store() == store;
        is_here.then_some(Item::Grant(grant)).into_iter().chain(exception)
    })
}
