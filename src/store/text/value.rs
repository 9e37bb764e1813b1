//! What a key holds, as it is written down: `value`, `base64`, or `ref` of a source.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};

use super::remote;
use crate::{name::SourceName, secret::Secret};

/// A string that becomes a [`Secret`] without a copy where the parser hands its own over.
pub(super) struct SecretText(pub(super) Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Take;
        impl Visitor<'_> for Take {
            type Value = SecretText;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<SecretText, E> {
                Ok(SecretText(Secret::new(text.as_bytes().to_vec())))
            }
            fn visit_string<E: serde::de::Error>(self, text: String) -> std::result::Result<SecretText, E> {
                Ok(SecretText(Secret::new(text.into_bytes())))
            }
        }
        deserializer.deserialize_string(Take).map_err(|_| D::Error::custom("no string"))
    }
}

/// A secret, or its reference where it lies in a source: one of the three, and a source just with the last.
pub(super) fn secret(
    value: Option<SecretText>,
    base64: Option<SecretText>,
    reference: Option<String>,
    source: Option<&SourceName>,
) -> Option<Secret> {
    match (value, base64, reference, source) {
        (Some(value), None, None, None) => Some(value.0),
        (None, Some(text), None, None) => BASE64.decode(text.0.expose()).ok().map(Secret::new),
        (None, None, Some(reference), Some(source)) => remote::read(source, &reference),
        _ => None,
    }
}
