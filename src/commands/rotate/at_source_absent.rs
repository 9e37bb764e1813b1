//! A keyctl that was built without sources: it says so where a key lies in one.

use super::{Done, Failure, KeyName, Kind, Means, Opened, Plan, Result, Scene};

pub(super) fn replace(_: &Scene, name: &KeyName, _: &Plan, _: &Means, _: &Opened) -> Result<Done> {
    let said = format!("the secret of `{name}` lies in a source, and this keyctl was built without them");
    Err(Failure::new(Kind::Usage, said).hint("take a keyctl with the feature `sources`"))
}
