//! Finding the placeholders in the headers of a request, and putting the keys in their places. The only room of the proxy that
//! opens a secret.
//!
//! The same library sends its key in different headers by version, so a placeholder is looked for in the value of each, as it
//! is and within the base64 of HTTP's Basic. What hyper copies of a header on its way out is wiped by nobody; nobody else may
//! look at this process's memory (`platform::harden`).

use std::sync::Arc;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use memchr::memmem;
use zeroize::Zeroizing;

use crate::{
    mask::{self, Masker},
    name::VariableName,
    secret::Secret,
};

/// base64 as clients write it: with its end or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secrets of a run as they are now, a place each; one that is gone is not there.
pub struct Secrets {
    values: Vec<Option<Secret>>,
    masker: Arc<Masker>,
}

impl Secrets {
    /// These, each with the variable that the command has its placeholder in.
    #[must_use]
    pub fn of(all: Vec<(VariableName, Option<Secret>)>) -> Self {
        let given = all.iter().filter_map(|(variable, secret)| Some((variable.as_str(), secret.as_ref()?)));
        let masker = Masker::of(given, []);
        Self { values: all.into_iter().map(|(_, secret)| secret).collect(), masker }
    }

    /// What takes them out of an answer.
    #[must_use]
    pub fn masker(&self) -> &Arc<Masker> {
        &self.masker
    }

    /// Whether this one is there.
    #[must_use]
    pub fn has(&self, key: usize) -> bool {
        self.values.get(key).is_some_and(Option::is_some)
    }

    /// This one, for what is signed with it.
    #[must_use]
    pub fn get(&self, key: usize) -> Option<&Secret> {
        self.values.get(key)?.as_ref()
    }

    /// Puts these keys in the places of their placeholders; `None` where one cannot stand in a header.
    #[must_use]
    pub fn put(&self, headers: &mut HeaderMap, placeholders: &[&str], keys: &[usize]) -> Option<()> {
        for value in headers.values_mut() {
            for key in keys {
                let secret = self.values.get(*key)?.as_ref()?;
                let Some(new) = replaced(value.as_bytes(), placeholders[*key].as_bytes(), secret) else { continue };
                let mut new = HeaderValue::from_bytes(&new).ok()?;
                new.set_sensitive(true);
                *value = new;
            }
        }
        Some(())
    }

    /// Takes them out of the headers of an answer, or of what comes after its end.
    pub fn take_out(&self, headers: &mut HeaderMap) {
        let odd: Vec<HeaderName> = headers.keys().filter(|name| self.is_within(name)).cloned().collect();
        for name in odd {
            headers.remove(name);
        }
        for value in headers.values_mut() {
            if self.masker.is_in(value.as_bytes()) {
                let masked = self.masker.masked(value.as_bytes());
                *value = HeaderValue::from_bytes(&masked).unwrap_or(HeaderValue::from_static("[keyctl]"));
            }
        }
    }
}

impl Secrets {
    /// Whether one stands in the name of a header, which is in small letters.
    fn is_within(&self, name: &HeaderName) -> bool {
        // Most names are shorter than any secret.
        let is_short = |secret: &Secret| secret.expose().trim_ascii().len() <= name.as_str().len();
        let fits = |secret: &&Secret| is_short(secret) && mask::is_masked(secret);
        let mut small = self
            .values
            .iter()
            .flatten()
            .filter(fits)
            .map(|secret| Zeroizing::new(secret.expose().trim_ascii().to_ascii_lowercase()));
        small.any(|secret| memmem::find(name.as_str().as_bytes(), &secret).is_some())
    }
}

/// Which placeholders stand in which headers.
#[must_use]
pub fn find(headers: &HeaderMap, placeholders: &[&str]) -> Vec<(usize, HeaderName)> {
    let mut found = Vec::new();
    for (name, value) in headers {
        let basic = decoded(value.as_bytes());
        for (key, placeholder) in placeholders.iter().enumerate() {
            let is_in = |text: &[u8]| memmem::find(text, placeholder.as_bytes()).is_some();
            if is_in(value.as_bytes()) || basic.as_ref().is_some_and(|text| is_in(text)) {
                found.push((key, name.clone()));
            }
        }
    }
    found
}

/// Whether a placeholder stands in this value, of whichever key.
#[must_use]
pub fn has_any(value: &[u8], placeholders: &[&str]) -> bool {
    let basic = decoded(value);
    let is_in = |text: &[u8]| placeholders.iter().any(|one| memmem::find(text, one.as_bytes()).is_some());
    is_in(value) || basic.is_some_and(|text| is_in(&text))
}

/// Whether this is a name without a password: clients that know one of two say that before they ask for the other.
#[must_use]
pub fn is_name_alone(value: &[u8]) -> bool {
    decoded(value).is_some_and(|text| text.ends_with(b":") && text.len() <= LONGEST_NAME)
}

/// The most bytes of a name that is no key.
const LONGEST_NAME: usize = 16;

/// Name and password of HTTP's Basic (RFC 7617).
fn decoded(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    LENIENT.decode(rest.trim_ascii()).ok().map(Zeroizing::new)
}

/// A value with the secret in the place of each placeholder, if it has one.
fn replaced(value: &[u8], placeholder: &[u8], secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(text) = decoded(value) {
        let text = within(&text, placeholder, secret)?;
        let mut new = Zeroizing::new(b"Basic ".to_vec());
        new.extend_from_slice(Zeroizing::new(STANDARD.encode(&*text)).as_bytes());
        return Some(new);
    }
    within(value, placeholder, secret)
}

fn within(text: &[u8], placeholder: &[u8], secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    // Most values have none, and a single search in little text prepares nothing.
    memmem::find(text, placeholder)?;
    let secret = secret.expose();
    let places: Vec<usize> = memmem::find_iter(text, placeholder).collect();
    let mut new = Zeroizing::new(Vec::with_capacity(text.len() + places.len() * secret.len()));
    let mut from = 0;
    for at in places {
        new.extend_from_slice(&text[from..at]);
        new.extend_from_slice(secret);
        from = at + placeholder.len();
    }
    new.extend_from_slice(&text[from..]);
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        let one =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        all.iter().map(one).collect()
    }

    fn secrets(all: &[&str]) -> Secrets {
        let one = |text: &&str| ("KEY".parse().unwrap(), Some(Secret::new(text.as_bytes().to_vec())));
        Secrets::of(all.iter().map(one).collect())
    }

    #[test]
    fn a_placeholder_is_found_and_replaced_in_any_header() {
        let placeholders = ["sk-one", "sk-two"];
        let basic = format!("Basic {}", STANDARD.encode("x-access-token:sk-two"));
        let unpadded = format!("basic {}", STANDARD.encode("user:sk-one").trim_end_matches('='));
        let mut given = headers(&[
            ("authorization", "Bearer sk-one"),
            ("x-api-key", "sk-two"),
            ("x-basic", &basic),
            ("x-lower", &unpadded),
            ("x-own", "Bearer sk-other"),
            ("x-two", "sk-one,sk-one"),
        ]);
        let found: Vec<_> =
            find(&given, &placeholders).into_iter().map(|(key, name)| (key, name.to_string())).collect();
        let expected = [(0, "authorization"), (1, "x-api-key"), (1, "x-basic"), (0, "x-lower"), (0, "x-two")];
        assert_eq!(found, expected.map(|(key, name)| (key, name.to_owned())));
        secrets(&["real-1", "real-2"]).put(&mut given, &placeholders, &[0, 1]).unwrap();
        let value = |name: &str| given[name].to_str().unwrap().to_owned();
        assert_eq!((value("authorization"), value("x-api-key")), ("Bearer real-1".into(), "real-2".into()));
        assert_eq!(value("x-basic"), format!("Basic {}", STANDARD.encode("x-access-token:real-2")));
        assert_eq!(value("x-lower"), format!("Basic {}", STANDARD.encode("user:real-1")));
        assert_eq!((value("x-own"), value("x-two")), ("Bearer sk-other".into(), "real-1,real-1".into()));
    }

    #[test]
    fn a_key_that_is_not_meant_stays_a_placeholder_and_one_that_breaks_lines_is_refused() {
        let mut given = headers(&[("a", "sk-one sk-two")]);
        secrets(&["real-1", "real-2"]).put(&mut given, &["sk-one", "sk-two"], &[1]).unwrap();
        assert_eq!(given["a"], "sk-one real-2");
        assert!(secrets(&["a\nb"]).put(&mut headers(&[("a", "sk-one")]), &["sk-one"], &[0]).is_none());
    }

    #[test]
    fn a_secret_that_comes_back_in_a_header_is_taken_out() {
        let mut answer = headers(&[("x-echo", "you sent real-secret-1"), ("x-other", "text")]);
        secrets(&["real-secret-1"]).take_out(&mut answer);
        assert_eq!(
            (answer["x-echo"].to_str().unwrap(), &answer["x-other"]),
            ("you sent [keyctl:KEY]", &HeaderValue::from_static("text"))
        );
    }
}
