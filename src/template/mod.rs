//! Texts with places for keys: `{{ NAME | FILTER }}` in a variable that is composed, `{{ keyctl "NAME" | FILTER }}` in a file.
//!
//! The grammar is our own, and all there is to it: a name, and filters after it. Template engines bring conditions, loops,
//! includes and expressions (`db/password` is a division to them); what comes with a repository is to say where a key goes and
//! not to compute with it, and every line of it has to be understood by who allows it.
//!
//! A composed variable is keyctl's own text: whatever stands in `{{ }}` there is a place for a key, or a mistake. A file is
//! somebody else's, and Helm, Jinja and GitHub have `{{ }}` too: there only `{{ keyctl … }}` is a place, a mistyped one is
//! a mistake, and every other byte goes through as it is.
//!
//! What is filled in is not looked at again: a secret with `{{ }}` in it is a secret with braces in it.

mod filter;
mod grammar;

use std::collections::BTreeSet;

pub use filter::Filter;

use crate::{
    failure::{Failure, Kind, Result},
    name::KeyPath,
    secret::Secret,
};

/// The most bytes a template may have: as many as a secret.
pub const LARGEST: usize = crate::secret::LARGEST;
/// The most bytes it may come to: a page of names must not come to more than the memory has.
const LARGEST_FILLED: usize = 16 * 1024 * 1024;
/// The most filters of a place: each may make several times as much of what it gets.
const MOST_FILTERS: usize = 4;
/// The most mistakes that a file is looked through for.
pub const MOST_MISTAKES: usize = 64;

/// A text with places for keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// What stays as it is.
    Text(Vec<u8>),
    /// The place of a key.
    Place(Place),
}

/// The place of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Where it begins, in bytes.
    at: usize,
    name: KeyPath,
    filters: Vec<Filter>,
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes from the start.
    pub at: usize,
    /// What; a piece of the text is quoted only where it can be no secret.
    pub what: String,
}

impl Template {
    /// Whether a variable's text is one of these, and no key's name.
    #[must_use]
    pub fn is_composed(text: &str) -> bool {
        text.contains("{{")
    }

    /// Reads the text of a composed variable.
    ///
    /// # Errors
    /// The first mistake.
    pub fn composed(text: &str) -> std::result::Result<Self, Mistake> {
        let parts = grammar::composed(text)?;
        let template = Self { parts };
        if template.places().next().is_none() {
            return Err(Mistake { at: 0, what: "no key is named here: a plain text is a `value`".into() });
        }
        Ok(template)
    }

    /// Reads a template file.
    ///
    /// # Errors
    /// Every mistake, in the order of the text, up to [`MOST_MISTAKES`].
    pub fn file(bytes: &[u8]) -> std::result::Result<Self, Vec<Mistake>> {
        grammar::file(bytes).map(|parts| Self { parts })
    }

    /// Whether a file has a place that is one in a composed variable alone: it stays as it is, and perhaps a key was meant.
    #[must_use]
    pub fn is_as_in_texts(bytes: &[u8]) -> bool {
        grammar::is_as_in_texts(bytes)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// The keys that it names, each once.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&KeyPath> {
        self.places().map(|place| &place.name).collect()
    }

    /// The keys that it names, each where it stands first, in bytes.
    pub fn first_places(&self) -> impl Iterator<Item = (&KeyPath, usize)> {
        let mut seen = BTreeSet::new();
        self.places().filter(move |place| seen.insert(&place.name)).map(|place| (&place.name, place.at))
    }

    /// The text with the secrets in their places.
    ///
    /// # Errors
    /// `Missing` for a secret that is not there, `Usage` for one that its filter cannot carry or a text that comes to too much.
    pub fn fill<'s>(&self, secret: impl Fn(&KeyPath) -> Option<&'s Secret>) -> Result<Secret> {
        let mut made: Vec<Secret> = Vec::new();
        let mut length = self.parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum();
        for place in self.places() {
            let secret = secret(&place.name)
                .ok_or_else(|| Failure::new(Kind::Missing, format!("no key named `{}`", place.name)))?;
            let filtered = place.filtered(secret)?;
            length += filtered.len();
            if length > LARGEST_FILLED {
                return Err(Failure::new(Kind::Usage, format!("the text comes to more than {LARGEST_FILLED} bytes")));
            }
            made.push(filtered);
        }
        // Of its full size at once: a buffer that grows leaves copies behind.
        let mut text = Vec::with_capacity(length);
        let mut made = made.iter();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.extend_from_slice(plain),
                Part::Place(_) => text.extend_from_slice(made.next().map_or(&[], Secret::expose)),
            }
        }
        Ok(Secret::new(text))
    }

    /// What filters make of the secrets in it, by themselves: a program that takes the text apart may print that. Of what one
    /// cannot carry there is nothing. What could not be filled in has been refused by then, so it is no more than that.
    #[must_use]
    pub fn filtered<'s>(&self, secret: impl Fn(&KeyPath) -> Option<&'s Secret>) -> Vec<Secret> {
        let places = self.places().filter(|place| !place.filters.is_empty());
        places.filter_map(|place| place.filtered(secret(&place.name)?).ok()).collect()
    }
}

impl Place {
    fn filtered(&self, secret: &Secret) -> Result<Secret> {
        let mut now = secret.copy();
        for filter in &self.filters {
            if filter.most(now.len()) > LARGEST_FILLED {
                let what = format!("`{}` comes to too much for `{}`", self.name, filter.name());
                return Err(Failure::new(Kind::Usage, what).hint("write it with fewer filters"));
            }
            now = filter.apply(now.expose()).map_err(|why| {
                let filter = filter.name();
                let failure =
                    Failure::new(Kind::Usage, format!("`{}` {why}, which `{filter}` cannot carry", self.name));
                failure.hint("`base64` and `hex` carry every byte")
            })?;
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &Template, secret: &[u8]) -> std::result::Result<Vec<u8>, String> {
        let secret = Secret::new(secret.to_vec());
        template.fill(|_| Some(&secret)).map(|text| text.expose().to_vec()).map_err(|failure| failure.message)
    }

    #[test]
    fn keys_stand_in_their_places_and_all_else_stays() {
        let template = Template::composed("postgres://app:{{ db/password | url }}@localhost/{{x}}").expect("good");
        assert_eq!(template.names().iter().map(ToString::to_string).collect::<Vec<_>>(), ["db/password", "x"]);
        assert_eq!(filled(&template, b"a/b").as_deref(), Ok(&b"postgres://app:a%2Fb@localhost/a/b"[..]));
        let template = Template::composed("{{\"{{\"}} matrix.os }} {{ a }}").expect("good");
        assert_eq!(filled(&template, b"b").as_deref(), Ok(&b"{{ matrix.os }} b"[..]));
        assert!(Template::composed("{{ \"{{\" }} x }}").is_err(), "it names no key");
        let file = b"\xff{{ .Values.x }} ${{ secrets.X }} {% if %}\r\nkey: {{ keyctl \"team:x\" | trim | json }}}}";
        let template = Template::file(file).expect("good");
        assert_eq!(template.names().iter().map(ToString::to_string).collect::<Vec<_>>(), ["team:x"]);
        assert_eq!(
            filled(&template, b" {{ keyctl \"y\" }}\n").as_deref(),
            Ok(&b"\xff{{ .Values.x }} ${{ secrets.X }} {% if %}\r\nkey: \"{{ keyctl \\\"y\\\" }}\"}}"[..])
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_said_without_the_secret() {
        let template = Template::composed("{{ a | json }}").expect("good");
        assert_eq!(filled(&template, b"sk-\xff"), Err("`a` is no text, which `json` cannot carry".into()));
        assert_eq!(template.fill(|_| None).map(drop).map_err(|failure| failure.kind), Err(Kind::Missing));
        let much = Template::composed(&"{{ a | url }}".repeat(6)).expect("good");
        assert_eq!(filled(&much, &vec![0; LARGEST]), Err("the text comes to more than 16777216 bytes".into()));
        let much = Template::composed("{{ a | json | json | url | json }}").expect("good");
        assert_eq!(filled(&much, &vec![0; LARGEST]), Err("`a` comes to too much for `json`".into()));
        let largest = Secret::new(vec![0; LARGEST]);
        assert!(much.filtered(|_| Some(&largest)).is_empty());
    }

    proptest! {
        #[test]
        fn a_file_without_our_places_passes_byte_for_byte(bytes: Vec<u8>, words in prop::collection::vec("\\{\\{|\\}\\}|\\{|\\}| |\n|key|\"|\\||é|\\$", 0..32)) {
            for text in [bytes, words.concat().into_bytes()] {
                let template = Template::file(&text).expect("nothing of ours");
                prop_assert_eq!(filled(&template, b"secret"), Ok(text));
            }
        }

        #[test]
        fn what_stands_around_places_and_what_is_in_them_comes_out_as_it_is(
            pieces in prop::collection::vec("[^{]{0,6}", 1..6),
            secret: Vec<u8>,
        ) {
            let text = pieces.join("{{ keyctl \"a\" }}");
            let wanted = pieces.iter().map(String::as_bytes).collect::<Vec<_>>().join(&secret[..]);
            prop_assert_eq!(filled(&Template::file(text.as_bytes()).expect("good"), &secret), Ok(wanted));
        }

        #[test]
        fn no_text_of_our_words_makes_it_panic(words in prop::collection::vec("\\{\\{|\\}\\}| |keyctl|\"|\\||a|url|\n|é|-", 0..24)) {
            let text = words.concat();
            let _ = (Template::composed(&text), Template::file(text.as_bytes()));
        }
    }
}
