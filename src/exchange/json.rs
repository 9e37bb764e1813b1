//! Reading a flat JSON object: `{"NAME": "value", …}`, as other managers export it.
//!
//! The parser checks the grammar and hands out each member's own text; the strings are turned into bytes here, because
//! `serde_json` decodes through a buffer that is not wiped, and because numbers have to arrive digit for digit (an account
//! number of 25 digits is no float). Its errors quote what they met, so that only their line and column are used.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{error::Category, value::RawValue};

use super::{
    Broken, Entry, Gathering, Reading, as_text,
    moved::{Beside, Moving},
    unreadable,
};
use crate::{
    failure::{Failure, Kind, Result},
    json::{Members, decoded, text_of},
    name::KeyName,
    secret::Secret,
};

/// Reads a flat JSON object. Numbers and booleans are taken as their text; every other value that is not a string, a bad
/// name and a name that comes again are refused.
///
/// # Errors
/// When the text is not a JSON object, or members cannot be taken: all of them are reported, none is quoted.
pub fn read(text: &[u8]) -> Result<Reading> {
    let text = as_text(text)?;
    let Members(members) = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    let mut gathering = Gathering::default();
    let mut broken = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for (name, value) in members {
        let at = value.get().as_ptr().addr() - text.as_ptr().addr();
        line += text[counted..at].matches('\n').count();
        counted = at;
        match entry(&name, value.get(), line) {
            Ok(entry) if gathering.places.contains_key(&entry.name) => {
                broken.push(Broken { line, reason: format!("`{}` is there already", entry.name) });
            }
            Ok(entry) => gathering.keep(entry),
            Err(reason) => broken.push(Broken { line, reason }),
        }
    }
    if broken.is_empty() { Ok(gathering.reading) } else { Err(unreadable(&broken)) }
}

/// So deep is no text of keys.
const DEEPEST: usize = 32;

/// Reads a JSON text of any shape: what lies deeper is called by all that stands above it, `db/password` or `list/0`.
///
/// # Errors
/// When the text is not JSON, or a string in it holds half a character; nothing is quoted.
pub fn read_nested(text: &[u8]) -> Result<Moving> {
    let text = as_text(text)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    let mut moving = Moving::default();
    nested(whole, &mut Vec::new(), &mut moving)?;
    Ok(moving)
}

fn nested(value: &RawValue, above: &mut Vec<String>, moving: &mut Moving) -> Result<()> {
    let text = value.get();
    if above.len() > DEEPEST {
        return Err(Failure::new(Kind::Usage, format!("the JSON text goes deeper than {DEEPEST} levels")));
    }
    let members: Vec<(String, &RawValue)> = match text.as_bytes() {
        [b'{', ..] => serde_json::from_str::<Members>(text).map_err(|error| malformed(&error))?.0,
        [b'[', ..] => {
            let all: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
            all.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
        }
        [b'n', ..] => {
            moving.left_out("empty value", 1);
            return Ok(());
        }
        _ => {
            let words: Vec<&str> = above.iter().map(String::as_str).collect();
            let value = text_of(value)
                .ok_or_else(|| Failure::new(Kind::Usage, "a string of the JSON text holds half a surrogate pair"))?;
            moving.take(&words, value, Beside::default(), 0);
            return Ok(());
        }
    };
    for (name, value) in members {
        above.push(name);
        nested(value, above, moving)?;
        above.pop();
    }
    Ok(())
}

/// What is wrong with the text as a whole: the place, never the parser's own words.
fn malformed(error: &serde_json::Error) -> Failure {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => Failure::new(Kind::Usage, "the JSON text is not an object of names and values"),
        Category::Eof => Failure::new(Kind::Usage, format!("line {line}: the JSON text ends too early")),
        _ => Failure::new(Kind::Usage, format!("line {line}, column {column}: this is not JSON")),
    }
}

/// One member as a key.
fn entry(name: &str, value: &str, line: usize) -> std::result::Result<Entry, String> {
    let name: KeyName = name.parse().map_err(|bad| format!("{bad}"))?;
    let refuse = |what: &str| Err(format!("`{name}` is {what}; give it a string"));
    let bytes = match value.as_bytes() {
        [b'"', ..] => decoded(value).ok_or_else(|| format!("`{name}` holds half a surrogate pair"))?,
        [b'n', ..] => return refuse("null"),
        [b'[', ..] => return refuse("an array"),
        [b'{', ..] => return refuse("an object"),
        number_or_boolean => number_or_boolean.to_vec(),
    };
    Ok(Entry { name, value: Secret::new(bytes), line })
}

/// A text of a larger JSON text, which may be a secret; also a number or a boolean, as it stands there.
pub(super) struct Text(pub(super) Secret);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = <&RawValue>::deserialize(deserializer)?;
        text_of(value).map(Self).ok_or_else(|| D::Error::custom("no text"))
    }
}

/// What is wrong with a text that another program should have written: the place, never the parser's own words.
pub(super) fn misshapen(error: &serde_json::Error, program: &str) -> Failure {
    if error.classify() == Category::Data {
        let (line, column) = (error.line(), error.column());
        let said = format!("line {line}, column {column}: this is not what {program} exports");
        return Failure::new(Kind::Usage, said);
    }
    malformed(error)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::failure::Kind;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String, usize)> {
        let reading = read(text.as_bytes()).unwrap_or_else(|failure| panic!("{text:?}: {failure:?}"));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        reading.entries.iter().map(|e| (e.name.to_string(), text(e.value.expose()), e.line)).collect()
    }

    #[test]
    fn strings_numbers_and_booleans_arrive_as_their_text() {
        let text = r#"{ "A": "b", "openai/dev": "sk",
            "C": 1234567890123456789012345.10, "D": -1E400, "E": true,
            "F": "", "G\/h": "\"\\\/\b\f\n\r\t\u00e9\ud83d\udd11\u0000é" }"#;
        let own = |name: &str, value: &str, line| (name.to_owned(), value.to_owned(), line);
        assert_eq!(
            pairs(text),
            [
                own("A", "b", 1),
                own("openai/dev", "sk", 1),
                own("C", "1234567890123456789012345.10", 2),
                own("D", "-1E400", 2),
                own("E", "true", 2),
                own("F", "", 3),
                own("G/h", "\"\\/\u{8}\u{c}\n\r\té\u{1f511}\0é", 3),
            ]
        );
        assert_eq!(pairs("\u{feff}{}"), []);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line_and_never_quoted() {
        for (text, said) in [
            (r#"{"A": null}"#, "line 1: `A` is null; give it a string"),
            (r#"{"A": ["SECRET"]}"#, "line 1: `A` is an array; give it a string"),
            ("{\n\"A\": {\"B\": \"SECRET\"}}", "line 2: `A` is an object; give it a string"),
            (r#"{"A": "SECRET", "A": "SECRET"}"#, "line 1: `A` is there already"),
            (r#"{"A": "SECRET", "\u0041": "SECRET"}"#, "line 1: `A` is there already"),
            (r#"{"A": "SECRET\ud83d"}"#, "line 1: `A` holds half a surrogate pair"),
            (r#"{"A": "\udd11\ud83d SECRET"}"#, "line 1: `A` holds half a surrogate pair"),
            (r#"{"A": "\ud83d\u0041 SECRET"}"#, "line 1: `A` holds half a surrogate pair"),
            (r#""SECRET""#, "the JSON text is not an object of names and values"),
            (r#"["SECRET"]"#, "the JSON text is not an object of names and values"),
            ("17", "the JSON text is not an object of names and values"),
            ("", "line 1: the JSON text ends too early"),
            (r#"{"A": "SECRET"#, "line 1: the JSON text ends too early"),
            ("{\n\"A\": SECRET}", "line 2, column 6: this is not JSON"),
            (r#"{"A": "SECRET"} SECRET"#, "line 1, column 17: this is not JSON"),
            ("{\"A\": \"SECRET\n\"}", "line 1, column 13: this is not JSON"),
            (r#"{"A": "SECRET\x"}"#, "line 1, column 15: this is not JSON"),
        ] {
            let failure = read(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said, "{text:?}");
            assert_eq!(failure.kind, Kind::Usage);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
        let failure = read(b"{\"A\": \"\xff\"}").err().expect("not UTF-8");
        assert_eq!(failure.message, "line 1: this is not UTF-8 text");
    }

    #[test]
    fn what_lies_deeper_is_called_by_what_stands_above_it() {
        let text = r#"{"a": {"b c": "one\n"}, "list": ["two", 3, {"x": true}], "none": null, "": "four"}"#;
        let moving = super::read_nested(text.as_bytes()).expect("read");
        let keys: Vec<_> = moving.keys.iter().map(|key| (key.entry.name.as_str(), key.entry.value.expose())).collect();
        let own: [(&str, &[u8]); 5] =
            [("a/b-c", b"one\n"), ("list/0", b"two"), ("list/1", b"3"), ("list/2/x", b"true"), ("unnamed", b"four")];
        assert_eq!(keys, own);
        assert_eq!(moving.left["empty value"], 1);
        for (text, said) in [
            ("[".repeat(40) + "\"SECRET\"" + &"]".repeat(40), "the JSON text goes deeper than 32 levels"),
            ("{\"a\": \"SECRET\\ud800\"}".into(), "a string of the JSON text holds half a surrogate pair"),
            ("{\"a\": SECRET".into(), "line 1, column 7: this is not JSON"),
        ] {
            assert_eq!(super::read_nested(text.as_bytes()).err().expect("refused").message, said);
        }
    }

    #[test]
    fn all_that_cannot_be_read_is_told() {
        let failure = read(b"{\"A\": null,\n\"b c\": \"d\",\n\"E\": \"f\", \"E\": 1}").err().expect("broken");
        assert_eq!(failure.message, "3 entries cannot be read");
        assert_eq!(
            failure.hints,
            [
                "line 1: `A` is null; give it a string",
                "line 2: a key's name cannot hold a space; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`",
                "line 3: `E` is there already",
            ]
        );
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back(value in any::<String>()) {
            let text = serde_json::json!({ "A": value }).to_string();
            prop_assert_eq!(pairs(&text), [("A".to_owned(), value, 1)]);
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_being_quoted(before in "[{\"\\\\A: \\[,\n]{0,9}", after in "[ -~]{0,9}") {
            if let Err(failure) = read(format!("{before}hunter2-is-secret{after}").as_bytes()) {
                let told = format!("{failure:?}");
                prop_assert!(!told.contains("hunter2"));
            }
        }
    }
}
