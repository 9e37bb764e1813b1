//! What is weak about a secret, told without saying any of it. No rule measures how random it looks: only what nobody's key
//! is counts, so that a good key of an unknown kind is never called weak.

use std::collections::BTreeSet;

use crate::{issuer, secret::Secret};

/// A secret of fewer bytes can be guessed: twelve random letters and digits are 71 bits.
const SHORTEST: usize = 12;
/// A secret with fewer different bytes was typed, not made.
const FEWEST: usize = 5;

/// What is weak about a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// There is none.
    Empty,
    /// It stands where a secret should be put in.
    Placeholder,
    /// It is short enough to be guessed.
    Short,
    /// It is of few different characters.
    Uniform,
}

/// What is weak about it, if anything. A key of a known kind is as its issuer makes it.
#[must_use]
pub fn of_secret(secret: &Secret, is_placeholder: bool) -> Option<Weakness> {
    if secret.is_empty() {
        return Some(Weakness::Empty);
    }
    if is_placeholder {
        return Some(Weakness::Placeholder);
    }
    if issuer::recognise(secret).is_some() {
        return None;
    }
    let different = secret.expose().iter().collect::<BTreeSet<_>>().len();
    match secret.len() {
        length if length < SHORTEST => Some(Weakness::Short),
        _ if different < FEWEST => Some(Weakness::Uniform),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobodys_key_is_is_weak_and_nothing_else() {
        let of = |text: &str| of_secret(&Secret::new(text.as_bytes().to_vec()), text == "changeme");
        assert_eq!(of(""), Some(Weakness::Empty));
        assert_eq!(of("changeme"), Some(Weakness::Placeholder));
        assert_eq!(of("hunter2"), Some(Weakness::Short));
        assert_eq!(of("k3v8Zq1xLw0"), Some(Weakness::Short));
        assert_eq!(of("k3v8Zq1xLw0P"), None);
        assert_eq!(of("0000000000000000"), Some(Weakness::Uniform));
        assert_eq!(of("abababcdabababcd"), Some(Weakness::Uniform));
        assert_eq!(of("abcdeabcdeabcde"), None);
        assert_eq!(of("correct horse battery staple"), None);
    }
}
