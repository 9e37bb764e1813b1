//! What a source is called.

use super::{BadName, check};

pub(super) fn check_source(text: &str) -> Result<(), BadName> {
    let allowed = "use a lower-case letter, then lower-case letters, digits, `_` or `-`";
    let later = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    check(text, "a source's name", 32, |c| c.is_ascii_lowercase(), later, allowed)
}
