//! What a writer finds before it writes. That nothing is there is said only where the source itself says so: a read that failed, or
//! what lies there and is no secret of a key, is a failure, so that nobody's secret is ever written over as if there were none.

use std::time::Instant;

use super::{
    Source,
    fetched::{Lease, Version, field_of, fields_of_text},
};
use crate::{
    date::Moment,
    failure::Result,
    json::Members,
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
};

/// What lies at a reference.
#[derive(Default)]
pub struct Found {
    /// The secret; none where the source says that there is no such place, or no such field.
    pub value: Option<Secret>,
    /// The version of the place; none where there is nothing, or the source keeps none.
    pub version: Option<Version>,
    /// That it was made for this look alone. The secret is not given then.
    pub lease: Option<Lease>,
    /// When it ends, where the source says so.
    pub expires: Option<Moment>,
}

/// What a write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The version that was made.
    pub version: Version,
    /// A version of somebody else's that came to be between the look and the write.
    pub overtaken: Option<Version>,
}

impl From<Version> for Written {
    fn from(version: Version) -> Self {
        Self { version, overtaken: None }
    }
}

/// Looks by fetching, for a source that does not tell what is not there from what fails.
///
/// # Errors
/// As [`Source::fetch`].
pub fn by_fetching<S: Source + ?Sized>(source: &S, reference: &Reference, until: Instant) -> Result<Found> {
    let mut fetched = source.fetch(&reference.place, &[reference.field.as_deref()], until)?;
    let value = fetched.values.remove(0);
    if fetched.lease.is_some() {
        return Ok(Found { lease: fetched.lease, ..Found::default() });
    }
    Ok(Found { value: Some(value?), version: fetched.version, lease: None, expires: fetched.expires })
}

/// A text, or its member of this name; nothing where there is no such member.
pub(super) fn in_text(name: &SourceName, place: &Place, text: &[u8], field: Option<&str>) -> Result<Option<Secret>> {
    match (field, Members::read(text)) {
        (Some(field), Some(members)) => in_members(name, place, &members, field),
        _ => fields_of_text(name, place, text, &[field]).remove(0).map(Some),
    }
}

/// A member; nothing where there is none of this name.
pub(super) fn in_members(name: &SourceName, place: &Place, members: &Members, field: &str) -> Result<Option<Secret>> {
    members.get(field).is_some().then(|| field_of(name, place, members, field)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_what_is_not_there_and_never_what_cannot_be_given() {
        let (name, place) = ("corp".parse().expect("name"), Place { path: "a".into(), version: None });
        let look = |text: &str, field: Option<&str>| {
            in_text(&name, &place, text.as_bytes(), field).map(|value| value.map(|value| value.len())).map_err(|_| ())
        };
        let text = r#"{"p":"v1","o":{"a":"SECRET"},"l":["SECRET"],"n":null,"e":""}"#;
        assert_eq!((look(text, Some("p")), look(text, Some("q"))), (Ok(Some(2)), Ok(None)));
        for field in ["o", "l", "n", "e"] {
            assert_eq!(look(text, Some(field)), Err(()), "{field}");
        }
        assert_eq!((look("plain", Some("p")), look("plain", None), look("", None)), (Err(()), Ok(Some(5)), Err(())));
    }
}
