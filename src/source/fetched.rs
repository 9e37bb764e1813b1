//! What a source gave: secrets, the version they are of, and a lease where they are for a time only.

use std::time::Duration;

use super::failure;
use crate::{
    date::Moment,
    failure::Result,
    json::Members,
    name::{KeyName, SourceName},
    reference::Place,
    secret::{LARGEST, Secret},
};

/// What lies at a place.
pub struct Fetched {
    /// One for each field that was asked for, in that order.
    pub values: Vec<Result<Secret>>,
    /// The version that it is.
    pub version: Option<Version>,
    /// That it is for a time only.
    pub lease: Option<Lease>,
    /// When it ends, where the source says so of what it keeps.
    pub expires: Option<Moment>,
}

/// A version in the source's own words: a number of Vault's, an id of AWS's. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

impl Version {
    /// What a write gives where the source keeps no versions.
    #[must_use]
    pub fn none() -> Self {
        Self(String::new())
    }
}

/// A secret that was made for this use, and ends.
#[derive(Clone)]
pub struct Lease {
    /// How the source calls it. Whoever has it can end it, so it is not shown.
    pub id: String,
    /// How long it is good for, from when it was fetched or renewed.
    pub lasts: Duration,
    /// Whether it can be made to last longer.
    pub is_renewable: bool,
}

/// The text of a secret, and of its members where it is a JSON object: what `#field` means wherever a source keeps one text a place.
///
/// # Errors
/// Each value's own: no JSON object, no such member, more than a key may have.
pub fn fields_of_text(name: &SourceName, place: &Place, text: &[u8], fields: &[Option<&str>]) -> Vec<Result<Secret>> {
    let members = Members::read(text);
    let value = |field: Option<&str>| match field {
        None => fit(name, place, Secret::new(text.to_vec())),
        Some(field) => match &members {
            Some(members) => field_of(name, place, members, field),
            None => {
                Err(failure(name, &format!("what lies at `{place}` is no JSON object, so it has no field `{field}`"))
                    .hint("leave `#FIELD` out to have all of it"))
            }
        },
    };
    fields.iter().copied().map(value).collect()
}

/// One member of an object of secrets.
///
/// # Errors
/// `Remote`, with the names that there are.
pub fn field_of(name: &SourceName, place: &Place, members: &Members, field: &str) -> Result<Secret> {
    if let Some(value) = members.text(field) {
        return fit(name, place, value);
    }
    if members.get(field).is_some() {
        return Err(failure(name, &format!("the field `{field}` of `{place}` is neither a text nor a number")));
    }
    let failure = failure(name, &format!("there is no field `{field}` at `{place}`"));
    // Names alone, and only such as are names: in an object of other making a secret may stand where they should.
    let is_name = |name: &&str| {
        name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
            && name.parse::<KeyName>().is_ok_and(|name| !name.looks_like_a_secret())
    };
    let names: Vec<String> = members.names().filter(is_name).take(10).map(|name| format!("`{name}`")).collect();
    Err(if names.is_empty() { failure } else { failure.hint(format!("it has {}", names.join(", "))) })
}

/// A value that a key may have.
pub(super) fn fit(name: &SourceName, place: &Place, value: Secret) -> Result<Secret> {
    if value.is_empty() {
        return Err(failure(name, &format!("what lies at `{place}` is empty")));
    }
    if value.len() > LARGEST {
        return Err(failure(name, &format!("what lies at `{place}` is more than 1 MiB")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_member_and_the_whole_is_the_text() {
        let (name, place) = ("corp".parse().expect("name"), Place { path: "a".into(), version: None });
        let text = br#"{"user":"u","pass":"p1","n":3,"o":{}}"#;
        let fields = [None, Some("pass"), Some("n"), Some("o"), Some("q")];
        let said = fields_of_text(&name, &place, text, &fields).into_iter().map(|value| match value {
            Ok(value) => value.expose_text().expect("text").to_owned(),
            Err(failure) => [failure.message, failure.hints.concat()].join("; "),
        });
        let said: Vec<String> = said.collect();
        assert_eq!(said[0].len(), text.len());
        assert_eq!(
            said[1..],
            [
                "p1",
                "3",
                "source `corp`: the field `o` of `a` is neither a text nor a number; ",
                "source `corp`: there is no field `q` at `a`; it has `user`, `pass`, `n`, `o`"
            ]
        );
        let object = br#"{"sk_live_51H8aBcDeFgHiJkL":"a","user":"u"}"#;
        let hints = fields_of_text(&name, &place, object, &[Some("x")]).remove(0).err().expect("none").hints;
        assert_eq!(hints, ["it has `user`"], "what looks like a secret is not said back");
        let of_text = fields_of_text(&name, &place, b"plain", &[Some("x")]).remove(0).err().expect("no object");
        assert_eq!(of_text.message, "source `corp`: what lies at `a` is no JSON object, so it has no field `x`");
        assert!(fields_of_text(&name, &place, b"", &[None]).remove(0).is_err());
    }
}
