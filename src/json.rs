//! Reading JSON that may hold secrets: the parser checks the grammar and hands out each member's own text.
//!
//! Strings are turned into bytes here, because `serde_json` decodes through a buffer that is not wiped, and because numbers have
//! to arrive digit for digit (an account number of 25 digits is no float). The parser's errors quote what they met, so that
//! only their line and column may be used.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::secret::Secret;

pub mod writing;

/// The members in their order, each value as it stands in the text.
pub struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Collector)
    }
}

struct Collector;

impl<'de> Visitor<'de> for Collector {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut members: Vec<(String, &'de RawValue)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

impl<'a> Members<'a> {
    /// Reads an object; nothing where the text is none.
    #[must_use]
    pub fn read(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// A member by its name. One that comes twice is none: two readers might not mean the same.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut found = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| *value);
        found.next().filter(|_| found.next().is_none())
    }

    /// A member that is an object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?.get().as_bytes())
    }

    /// A member that is a string, a number or a boolean, as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Secret> {
        text_of(self.get(name)?).filter(|_| self.get(name).is_some_and(|value| value.get() != "null"))
    }

    /// A member that is a string and no secret.
    #[must_use]
    pub fn plain(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A member that is a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.get().parse().ok()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// A string, a number or a boolean as text; nothing for what has parts.
#[must_use]
pub fn text_of(value: &RawValue) -> Option<Secret> {
    let text = value.get();
    let bytes = match text.as_bytes() {
        [b'"', ..] => decoded(text)?,
        [b'[' | b'{', ..] => return None,
        number_or_boolean => number_or_boolean.to_vec(),
    };
    Some(Secret::new(bytes))
}

/// The bytes of a JSON string that the parser has found well formed; nothing where it escapes half a character. They are
/// never more than the text has, so that the buffer never grows.
#[must_use]
pub fn decoded(quoted: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = &quoted[1..quoted.len() - 1];
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (c, length) = escape(&rest[at..])?;
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// The character that an escape stands for, and how long the escape is.
fn escape(text: &str) -> Option<(char, usize)> {
    let simple = match text.as_bytes().get(1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(text),
        literal => char::from(*literal),
    };
    Some((simple, 2))
}

/// `\uXXXX`, or two of them where the first is one half of a character.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let unit = |from: usize| u16::from_str_radix(text.get(from..from + 4)?, 16).ok();
    let first = unit(2)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, 6));
    }
    let second = text.get(6..8).filter(|prefix| *prefix == "\\u").and_then(|_| unit(8))?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_their_names_and_never_one_of_two() {
        let members =
            Members::read(br#"{"a":"x\n\u00e9","n":12,"o":{"b":"c"},"z":null,"d":1,"d":2,"l":[1]}"#).expect("object");
        let text = |name: &str| members.text(name).map(|text| text.expose_text().expect("text").to_owned());
        assert_eq!(text("a").as_deref(), Some("x\n\u{e9}"));
        assert_eq!((text("n").as_deref(), members.number("n")), (Some("12"), Some(12)));
        assert_eq!(members.object("o").and_then(|object| object.plain("b")).as_deref(), Some("c"));
        assert!(["z", "d", "l", "o", "q"].into_iter().all(|name| text(name).is_none()));
        assert!(Members::read(b"[1]").is_none() && Members::read(b"{\"a\":").is_none() && Members::read(b"").is_none());
    }
}
