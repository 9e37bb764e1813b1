//! One field of a secret that is a JSON object, made another: all else stays as it was written.

use zeroize::Zeroizing;

use super::failure;
use crate::{failure::Result, json::Members, name::SourceName, reference::Reference, secret::Secret};

/// What a place is to hold: the value itself, or the object that lies there with this member another.
///
/// # Errors
/// `Remote` where there is no object to put the field into, or the value is no text.
pub(super) fn with_field(
    name: &SourceName,
    reference: &Reference,
    value: &Secret,
    current: Option<&[u8]>,
) -> Result<Secret> {
    let Some(field) = &reference.field else { return Ok(value.copy()) };
    let text =
        value.expose_text().ok_or_else(|| failure(name, "a field can only hold a text, and the value is none"))?;
    let current = current.unwrap_or(b"{}");
    let members = Members::read(current).ok_or_else(|| {
        failure(
            name,
            &format!("what lies at `{}` is no JSON object, so its field `{field}` cannot be written", reference.place),
        )
        .hint("leave `#FIELD` out to write all of it")
    })?;
    // All the room it may need from the start: a vector that grows leaves what it held behind.
    let mut written = Zeroizing::new(Vec::with_capacity(
        current.len() + quoted_room(field) + quoted_room(text) + 2 * members.0.len() + 4,
    ));
    written.push(b'{');
    let mut is_there = false;
    for (member, raw) in &members.0 {
        let is_it = member == field;
        if is_it && is_there {
            continue;
        }
        is_there |= is_it;
        put(&mut written, member, |written| {
            if is_it { quote(written, text) } else { written.extend_from_slice(raw.get().as_bytes()) }
        });
    }
    if !is_there {
        put(&mut written, field, |written| quote(written, text));
    }
    written.push(b'}');
    Ok(Secret::new(std::mem::take(&mut *written)))
}

fn put(written: &mut Vec<u8>, member: &str, value: impl FnOnce(&mut Vec<u8>)) {
    if written.len() > 1 {
        written.push(b',');
    }
    quote(written, member);
    written.push(b':');
    value(written);
}

/// How many bytes a text takes at most as a JSON string: each may become `\u00XX`.
pub(super) fn quoted_room(text: &str) -> usize {
    6 * text.len() + 2
}

/// Writes a text as a JSON string, straight into the room that is there.
pub(super) fn quote(written: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(written, text).expect("a vector takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reference: &str, value: &str, current: Option<&str>) -> Result<String> {
        let (name, reference) = ("corp".parse().expect("a name"), reference.parse().expect("good"));
        let value = Secret::new(value.as_bytes().to_vec());
        let written = with_field(&name, &reference, &value, current.map(str::as_bytes))?;
        Ok(written.expose_text().expect("text").to_owned())
    }

    #[test]
    fn one_field_becomes_another_and_the_rest_stays_as_it_was_written() {
        for (reference, current, wanted) in [
            ("a", Some("{\"x\":1}"), "new\"\n"),
            ("a#x", None, "{\"x\":\"new\\\"\\n\"}"),
            (
                "a#x",
                Some("{ \"b\" : 1.50, \"x\" : [2], \"c\": {\"d\": \"\\u00e9\"} }"),
                "{\"b\":1.50,\"x\":\"new\\\"\\n\",\"c\":{\"d\": \"\\u00e9\"}}",
            ),
            ("a#x", Some("{\"x\":1,\"x\":2}"), "{\"x\":\"new\\\"\\n\"}"),
            ("a#z", Some("{\"x\":1}"), "{\"x\":1,\"z\":\"new\\\"\\n\"}"),
        ] {
            assert_eq!(written(reference, "new\"\n", current).expect("written"), wanted);
        }
        let refused = written("a#x", "v", Some("plain")).expect_err("no object");
        assert_eq!(
            refused.message,
            "source `corp`: what lies at `a` is no JSON object, so its field `x` cannot be written"
        );
    }
}
