//! What cannot be meant as the new secret of a key.

use zeroize::Zeroizing;

use crate::{
    commands::set::{looks_like_a_placeholder, refuse_unfit},
    failure::{Failure, Kind, Result},
    issuer::{self, Checksum},
    name::KeyName,
    secret::Secret,
    store::payload::Key,
};

/// Whether this was meant for a question that needs a yes, and not as a secret.
fn is_an_answer(new: &Secret) -> bool {
    let text = new.expose_text().unwrap_or_default().trim();
    ["y", "n", "yes", "no"].iter().any(|answer| text.eq_ignore_ascii_case(answer))
}

/// Whether a line is hardly a secret though its program ended well: a word for nothing, a placeholder, a key of a known kind
/// that was cut short, an error, a piece of a document, or the old secret in other clothes. One word without blanks is taken for
/// a secret.
pub(super) fn is_hardly_a_secret(new: &Secret, old: &Secret) -> bool {
    const NOTHING: [&str; 9] =
        ["null", "(null)", "undefined", "none", "nil", "nan", "true", "false", "[object object]"];
    let text = new.expose_text().unwrap_or_default().trim();
    NOTHING.iter().any(|word| text.eq_ignore_ascii_case(word))
        || is_an_answer(new)
        || looks_like_a_placeholder(new)
        || issuer::recognise(new).is_some_and(|recognised| recognised.checksum == Checksum::Wrong)
        || text.len() < SHORTEST
        || text.chars().any(|c| c.is_control() || c == '\u{feff}')
        || is_of_a_document(text)
        || is_a_sentence(text)
        || is_the_old_one(text, old)
        || is_unlike(new, old)
}

/// So many bytes a secret of an issuer has at least.
const SHORTEST: usize = 8;

/// Whether it is JSON, HTML, XML, a quoted text or an assignment, in which a secret may lie.
fn is_of_a_document(text: &str) -> bool {
    let is_within = |(open, close): &(char, char)| text.starts_with(*open) && text.ends_with(*close);
    let words: Vec<&str> = text.split_whitespace().collect();
    let assigned = match words[..] {
        ["export" | "set", one] | [one] => Some(one),
        _ => None,
    };
    // Base64 ends with `=`, and has none before its end.
    let is_variable = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let is_assignment = assigned
        .and_then(|one| one.split_once('='))
        .is_some_and(|(name, value)| is_variable(name) && !value.trim_start_matches('=').is_empty());
    [('{', '}'), ('[', ']'), ('<', '>'), ('"', '"'), ('\'', '\''), ('`', '`')].iter().any(is_within)
        || is_assignment
        || text.starts_with("export ")
}

/// Whether it is more than two words, or two of which one is of an error.
fn is_a_sentence(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "error",
        "denied",
        "expired",
        "failed",
        "failure",
        "invalid",
        "unauthorized",
        "forbidden",
        "warning",
        "usage",
        "cannot",
        "missing",
    ];
    let mut words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let is_of_an_error = |word: &str| WORDS.iter().any(|other| word.eq_ignore_ascii_case(other));
    match (words.next(), words.next(), words.next()) {
        (Some(one), Some(other), None) => is_of_an_error(one) || is_of_an_error(other),
        (.., third) => third.is_some(),
    }
}

/// Whether the old secret is in it, whatever the case of its letters, or it is a piece of the old one.
fn is_the_old_one(text: &str, old: &Secret) -> bool {
    let Some(old) = old.expose_text().map(str::trim).filter(|old| old.len() >= SHORTEST) else { return false };
    let (new, old) = (in_small_letters(text), in_small_letters(old));
    new.contains(old.as_str()) || old.starts_with(new.as_str())
}

/// A text in small letters, of which nothing is left anywhere once it goes.
fn in_small_letters(text: &str) -> Zeroizing<String> {
    // Room for all of it: what grows leaves what it held behind. One letter becomes three at most (Unicode, SpecialCasing).
    let mut small = Zeroizing::new(String::with_capacity(3 * text.len()));
    small.extend(text.chars().flat_map(char::to_lowercase));
    small
}

/// Whether the old secret is of a kind that is known, and the new one is of none, or far shorter.
fn is_unlike(new: &Secret, old: &Secret) -> bool {
    issuer::recognise(old).is_some() && (issuer::recognise(new).is_none() || new.len() * 2 < old.len())
}

/// Refuses what cannot be meant as a new secret, whatever the key has.
pub(super) fn can_be_meant(new: &Secret, name: &KeyName) -> Result<()> {
    if is_an_answer(new) {
        return Err(Failure::new(Kind::Usage, "this looks like an answer and not like a secret; nothing was replaced")
            .hint(format!("the new secret is asked for: `keyctl rotate {name}`")));
    }
    if new.is_empty() {
        return Err(Failure::new(Kind::Usage, "the new secret is empty; nothing was replaced")
            .hint(format!("pipe it in, or enter it when asked: `keyctl rotate {name}`")));
    }
    refuse_unfit(new, "the new secret")
}

/// Refuses what cannot be meant as the new secret of a key.
pub(super) fn fit(new: &Secret, key: &Key, name: &KeyName) -> Result<()> {
    can_be_meant(new, name)?;
    if key.value.same_as(new) {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{name}` holds this very secret already; nothing was replaced"),
        )
        .hint("make a new one at its issuer first"));
    }
    if let Some((at, former)) = key.former.iter().rev().enumerate().find(|(_, former)| former.value.same_as(new)) {
        let to = if at == 0 { String::new() } else { format!(" --to {}", at + 1) };
        return Err(Failure::new(
            Kind::Negative,
            format!(
                "this is the former secret of `{name}` that was replaced on {}; nothing was replaced",
                former.until.local()
            ),
        )
        .hint(format!("if it shall be used again: `keyctl rollback {name}{to}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        date::Moment,
        identity::anchor::Id,
        store::{journal::Deed, payload::Payload},
    };

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn an_error_a_document_and_the_old_secret_in_other_clothes_are_hardly_secrets() {
        let hardly = |text: &str| is_hardly_a_secret(&secret(text), &secret("first-old-secret"));
        for text in [
            "short",
            "undefined",
            "<your-token>",
            "xxxxxxxxxxxx",
            "a-bell\u{7}-in-it",
            "{\"token\":\"abcdefgh1\"}",
            "<html>no</html>",
            "\"abcdefgh-1\"",
            "TOKEN=abcdefgh1",
            "export TOKEN=abcdefgh1",
            "Error: expired",
            "token is not valid",
            "\u{feff}abcdefgh1",
            "first-old-secret ",
            "FIRST-OLD-SECRET",
            "Access DENIED!",
            "'first-old-secret'",
            "first-old",
            "key=first-old-secret",
        ] {
            assert!(hardly(text), "{text}");
        }
        for text in ["correct-horse-battery", "two words", "aGVsbG8gd29ybGQgaGVsbG8=", "QUJDREVG=", "abc=def/ghi+jkl="]
        {
            assert!(!hardly(text), "{text}");
        }
    }

    #[test]
    fn the_way_back_to_a_former_secret_leads_to_that_one() {
        let name: KeyName = "a".parse().expect("good");
        let mut payload = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
        for value in ["alpha", "beta", "gamma", "beta", "delta"] {
            payload.step(Deed::Set, Moment::from_seconds(0), |edit| edit.set(&name, secret(value), true)).expect("set");
        }
        let hint = |value: &str| fit(&secret(value), &payload.keys[&name], &name).expect_err("known").hints.remove(0);
        for (value, to) in [("alpha", " --to 4"), ("beta", ""), ("gamma", " --to 2")] {
            assert_eq!(hint(value), format!("if it shall be used again: `keyctl rollback a{to}`"));
        }
    }

    #[test]
    fn what_is_not_of_the_kind_of_the_old_secret_or_far_shorter_is_hardly_one() {
        let token = |letters: usize| {
            secret(&format!("eyJhbGciOiJIUzI1NiJ9.{}{}.{}", "eyJ", "a".repeat(letters), "b".repeat(40)))
        };
        let (old, plain) = (token(100), secret("first-old-secret"));
        assert!(issuer::recognise(&old).is_some());
        assert!(is_hardly_a_secret(&secret(&"another-of-its-own-".repeat(9)), &old));
        assert!(is_hardly_a_secret(&token(4), &old));
        assert!(!is_hardly_a_secret(&token(90), &old) && !is_hardly_a_secret(&token(4), &plain));
    }
}
