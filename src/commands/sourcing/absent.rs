//! A keyctl that was built without sources: it says so where a key needs one.

use crate::{
    failure::{Failure, Kind, Result},
    name::KeyName,
};

use super::{Asking, Fetched, Referring};
use crate::commands::using::Used;

/// Nothing is ever held.
#[derive(Default)]
pub struct Held;

pub(super) fn fetch(_: &mut [(&mut Used, Vec<KeyName>)], referring: &[Referring], _: Asking) -> Result<Fetched> {
    let names: Vec<String> = referring.iter().map(|key| format!("`{}`", key.name)).collect();
    Err(Failure::new(
        Kind::Remote,
        format!("this keyctl was built without sources, and needs one for {}", names.join(", ")),
    )
    .hint("take a keyctl with the feature `sources`"))
}
