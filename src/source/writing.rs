//! What every source that keeps versions refuses before and after it is written to.

use super::failure;
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

/// Somebody wrote between the look and the writing.
pub(super) fn overtaken(name: &SourceName, reference: &Reference, other: &str, made: &str) -> Failure {
    let path = &reference.place.path;
    failure(
        name,
        &format!("`{path}` was written by somebody else in the same moment: version `{other}`, before ours, `{made}`"),
    )
    .hint(format!("ours is in force; theirs can be read as `{path}@{other}`"))
}
