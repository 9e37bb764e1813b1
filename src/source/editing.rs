//! One field of a secret that is a JSON object, made another: all else stays as it was written.

use super::failure;
use crate::{
    failure::Result,
    json::{
        Members,
        writing::{Writing, room_for},
    },
    name::SourceName,
    reference::Reference,
    secret::Secret,
};

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
    let room = current.len() + room_for(field.len()) + room_for(text.len()) + 2 * members.0.len() + 4;
    let mut written = Writing::with_room(room);
    let mut separator = "{";
    let mut is_there = false;
    for (member, raw) in &members.0 {
        let is_it = member == field;
        if is_it && is_there {
            continue;
        }
        is_there |= is_it;
        written.raw(separator);
        written.text(member);
        written.raw(":");
        if is_it {
            written.text(text);
        } else {
            written.raw(raw.get());
        }
        separator = ",";
    }
    if !is_there {
        written.raw(separator);
        written.text(field);
        written.raw(":");
        written.text(text);
    }
    written.raw("}");
    Ok(Secret::new(std::mem::take(&mut *written.done())))
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
