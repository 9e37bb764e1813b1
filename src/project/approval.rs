//! One approval: how it is found by its hash, and what its sealed part says.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::Place;
use crate::{
    date::Moment,
    name::{KeyPath, ProfileName, StoreName, VariableName},
    profile::{Composed, Form, Grant, Source, encode, variables},
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
    /// A text with keys in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Form::is_variable")]
    form: Form,
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
        let (profile, variable) = match self {
            Self::Exception(variable) => (None, variable.clone()),
            Self::Grant(grant) => (Some(grant.profile.clone()), grant.variable.clone()),
        };
        let (mut key, mut value, mut text, mut form) = (None, None, None, Form::Variable);
        if let Self::Grant(grant) = self {
            form = grant.source.form();
            match &grant.source {
                Source::Key { name, .. } => key = Some(name.clone()),
                Source::Composed { text: composed, .. } => text = Some(composed.as_str().to_owned()),
                Source::Value(plain) => value = Some(plain.clone()),
            }
        }
        Record { place: place.to_string(), profile, variable, key, value, text, form, t }
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
    let Record { profile, variable, key, value, text, form, .. } = record;
    let source = match (key, value, text) {
        (Some(name), None, None) => Source::Key { name, optional: false, form },
        (None, Some(text), None) => Source::Value(text),
        (None, None, Some(text)) => Source::Composed { text: Composed::read(&text).ok()?, form },
        (None, None, None) if profile.is_none() => return Some((None, variable)),
        _ => return None,
    };
    Some((Some(Grant { profile: profile?, variable: variable.clone(), source }), variable))
}

/// Whether this is a key of the store and nothing around it: such a one only its owner chooses.
pub(super) fn is_key_alone(source: &Source) -> bool {
    matches!(source, Source::Key { form: Form::Variable, .. })
}

/// Whether a project may not set this variable in this way. What is a path, or a text with a key in it, is as much the
/// project's own word as a plain setting, and has a key's worth in it all the same.
pub(super) fn refuses(variable: &VariableName, source: &Source) -> bool {
    match source {
        Source::Value(_) => variables::refused_for_value(variable),
        source if is_key_alone(source) => variables::refused_for_key(variable),
        _ => variables::refused_for_key(variable) || variables::refused_for_value(variable),
    }
}

/// Whether this sets a variable that projects may not: then an exception has to be made for it.
#[must_use]
pub fn needs_exception(grant: &Grant) -> bool {
    refuses(&grant.variable, &grant.source)
}

/// What a set of grants needs to be approved in the list of this store: each that is of its keys. Settings, and an exception
/// for each variable that projects may not set, are in the personal store's.
pub(super) fn needed<'g>(grants: &'g [Grant], store: Option<&StoreName>) -> impl Iterator<Item = Item<'g>> {
    grants.iter().flat_map(move |grant| {
        let exception = (store.is_none() && needs_exception(grant)).then_some(Item::Exception(&grant.variable));
        grant.source.is_of(store).then_some(Item::Grant(grant)).into_iter().chain(exception)
    })
}
