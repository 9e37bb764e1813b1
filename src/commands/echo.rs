//! Errors do not say back what looks like a secret and was typed where a name, a profile or a file belongs: what an error
//! says stays on screens and in logs.

use std::ffi::OsString;

use crate::{
    failure::{Failure, Kind},
    name,
};

/// The failure, without those of the arguments that look like a secret.
#[must_use]
pub fn without_secrets(failure: &Failure, arguments: &[OsString]) -> Option<Failure> {
    // Where a key was found by its name, that is one.
    if !matches!(failure.kind, Kind::Usage | Kind::Missing | Kind::Project | Kind::Disk) {
        return None;
    }
    let words = arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let mut shown = failure.message.clone();
    let mut hints = failure.hints.clone();
    let mut found = false;
    for word in words {
        for text in parts(&word).into_iter().filter(|text| name::may_be_a_secret(text)) {
            for line in hints.iter_mut().chain([&mut shown]).filter(|line| line.contains(text)) {
                *line = line.replace(text, "…");
                found = true;
            }
        }
    }
    let hint =
        "what was given looks like a secret: take this line out of the shell's history, and replace it at its issuer";
    found.then(|| Failure { kind: failure.kind, message: shown, hints }.hint(hint))
}

/// What a word may say: itself, the value behind `=`, and the one that hangs on a short option.
fn parts(word: &str) -> Vec<&str> {
    let value = word.split_once('=').map(|(_, value)| value);
    let behind = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).and_then(|rest| rest.get(1..));
    let itself = Some(word).filter(|word| !word.starts_with('-'));
    // A store's name, or a key's behind it.
    let (store, key) = value.or(itself).and_then(|text| text.split_once(':')).unzip();
    [itself, value, behind, store, key].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str, words: &[&str]) -> Option<(String, usize)> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let failure = without_secrets(&Failure::new(Kind::Missing, message), &words)?;
        Some((failure.message, failure.hints.len()))
    }

    #[test]
    fn what_looks_like_a_secret_is_not_said_back_and_all_else_is() {
        let masked = Some(("no profile `…`".to_owned(), 1));
        assert_eq!(said("no profile `sk-live-abc`", &["k", "run", "-P", "sk-live-abc"]), masked);
        assert_eq!(said("no profile `sk-live-abc`", &["k", "run", "-Psk-live-abc"]), masked);
        assert_eq!(said("no profile `sk-live-abc`", &["k", "run", "--profile=sk-live-abc"]), masked);
        assert_eq!(said("no profile `sk-live-abc`", &["k", "run", "--", "sk-live-abc"]), None);
        assert_eq!(said("no file `keys-2026-11-25.env`", &["k", "import", "keys-2026-11-25.env"]), None);
        let masked = Some(("there is no store `…`".to_owned(), 1));
        assert_eq!(said("there is no store `sk-live-abc`", &["k", "get", "sk-live-abc:x"]), masked);
        assert_eq!(said("there is no store `sk-live-abc`", &["k", "run", "-k", "A=sk-live-abc:x"]), masked);
        let typed = "a8f3k2l9s0d7f6g5";
        assert!(said(&format!("no file `/p/{typed}`"), &["k", "import", typed]).is_some());
    }
}
