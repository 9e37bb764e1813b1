//! What every source that keeps versions refuses before and after it is written to.

use super::{Version, Written, failure};
use crate::{
    failure::{Failure, Kind, Result},
    name::SourceName,
    reference::Reference,
};

/// A reference to one version is to what was, which nobody can write.
pub(super) fn fixed(name: &SourceName, reference: &Reference, version: &str) -> Failure {
    let what =
        format!("source `{name}`: `{}` is version `{version}`, and a version is never another", reference.place.path);
    Failure::new(Kind::Usage, what).hint("leave `@VERSION` out of the reference to write a new one")
}

/// That nobody has written since the caller looked.
pub(super) fn changed(
    name: &SourceName,
    reference: &Reference,
    expected: Option<&str>,
    now: Option<&str>,
) -> Result<()> {
    if expected == now {
        return Ok(());
    }
    let word =
        |version: Option<&str>| version.map_or_else(|| "nothing".to_owned(), |version| format!("version `{version}`"));
    let what = format!(
        "`{}` has changed meanwhile: there is {} and not {}; nothing was written",
        reference.place.path,
        word(now),
        word(expected)
    );
    Err(failure(name, &what).hint("look who changed it, then try again"))
}

/// What was written where versions are numbers: they have to have gone on by one, or somebody wrote between the look and the writing.
pub(super) fn numbered(before: Option<u64>, made: u64) -> Written {
    let other = before.filter(|before| made.checked_sub(1).is_some_and(|last| last > *before));
    Written { version: Version(made.to_string()), overtaken: other.map(|_| Version((made - 1).to_string())) }
}
