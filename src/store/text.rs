//! How a store's content is written down: TOML that a person can read after `age -d`.
//!
//! keyctl always writes it in one form: first the facts of the store, then one table a key, sorted by name, every value
//! on one line. So `run` can cut out the tables of the keys it needs and need not parse the thousands it does not need
//! ([`pick`]). A text that a person has edited and sealed again may hold multi-line strings, in which a line could look
//! like a table's head: it is parsed whole.
//!
//! Unknown fields and newer formats are refused: an older keyctl must not drop what a newer one wrote. No error carries
//! a piece of the text, since any piece of it may be a secret.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use memchr::memmem;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};
use zeroize::Zeroizing;

use super::payload::{Former, Key, Payload, Recovery, Removed};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    identity::anchor::Id,
    name::KeyName,
    secret::Secret,
};

/// The format this keyctl writes, and the newest it reads.
pub const FORMAT: u32 = 1;
/// Texts are filled up to a multiple of this, so that a file's size says little about what changed.
const BLOCK: usize = 1024;

/// Writes a store's content down.
#[must_use]
pub fn write(payload: &Payload) -> Zeroizing<String> {
    // Reserved at once: a text that grows would leave copies of secrets behind.
    let mut text = Zeroizing::new(String::with_capacity(estimate(payload)));
    let Payload { id, generation, seal, log, .. } = payload;
    text.push_str("# a store of keyctl, one table a key; to change it by hand keep the facts below as they are\n");
    let _ = writeln!(
        text,
        "format = {FORMAT}\nid = \"{id}\"\ngeneration = {generation}\nseal = \"{seal}\"\nlog = \"{log}\""
    );
    if let Some(mark) = &payload.history {
        let _ = writeln!(text, "history = \"{mark}\"");
    }
    if let Some(Recovery { created, verified }) = &payload.recovery {
        let verified = verified.map(|moment| format!(", verified = \"{moment}\"")).unwrap_or_default();
        let _ = writeln!(text, "recovery = {{ created = \"{created}\"{verified} }}");
    }
    for (name, key) in &payload.keys {
        let _ = writeln!(text, "\n[key.\"{name}\"]");
        write_key(&mut text, key, &format!("key.\"{name}\".former"));
    }
    for Removed { name, removed, key } in &payload.removed {
        let _ = writeln!(text, "\n[[removed]]\nname = \"{name}\"\nremoved = \"{removed}\"");
        write_key(&mut text, key, "removed.former");
    }
    let full = (text.len() + 1).next_multiple_of(BLOCK);
    while text.len() + 1 < full {
        text.push(' ');
    }
    text.push('\n');
    text
}

fn write_key(text: &mut String, key: &Key, former_table: &str) {
    write_value(text, &key.value);
    let _ = writeln!(text, "created = \"{}\"", key.created);
    if key.changed != key.created {
        let _ = writeln!(text, "changed = \"{}\"", key.changed);
    }
    for Former { value, until } in &key.former {
        let _ = writeln!(text, "[[{former_table}]]");
        write_value(text, value);
        let _ = writeln!(text, "until = \"{until}\"");
    }
}

/// A secret on one line: as text where it is UTF-8, else in base64.
fn write_value(text: &mut String, value: &Secret) {
    let Some(plain) = value.expose_text() else {
        text.push_str("base64 = \"");
        BASE64.encode_string(value.expose(), text);
        text.push_str("\"\n");
        return;
    };
    text.push_str("value = \"");
    for c in plain.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push_str("\"\n");
}

/// At least as many bytes as [`write`] needs: six for the worst escape of each byte of a secret.
fn estimate(payload: &Payload) -> usize {
    let secret = |value: &Secret| value.len() * 6 + 160;
    let key = |key: &Key| {
        secret(&key.value) + 320 + key.former.iter().map(|former| secret(&former.value) + 240).sum::<usize>()
    };
    payload.keys.values().map(key).sum::<usize>()
        + payload.removed.iter().map(|removed| key(&removed.key) + 240).sum::<usize>()
        + 2 * BLOCK
}

/// Reads a whole text.
///
/// # Errors
/// `Store`: not what keyctl writes, or a newer format.
pub fn read(text: &str) -> Result<Payload> {
    parse(text, 0)
}

/// Reads the facts alone: what stands before the first table.
///
/// # Errors
/// As [`read`].
pub fn facts(text: &str) -> Result<Payload> {
    parse(tables(text).next().unwrap_or_default(), 0)
}

/// Reads the facts and the tables of these keys alone, in one pass over the text.
///
/// # Errors
/// As [`read`].
pub fn pick(text: &str, wanted: &[&KeyName]) -> Result<Payload> {
    let has = |mark: &str| memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    if has("\"\"\"") || has("'''") {
        return read(text);
    }
    let mut picked = Zeroizing::new(String::with_capacity(text.len().min(64 * 1024)));
    for table in tables(text) {
        let head = table.lines().next().unwrap_or_default();
        let name = head.strip_prefix("[key.\"").and_then(|rest| rest.strip_suffix("\"]"));
        let is_fact = !table.starts_with('[');
        if !is_fact && name.is_none() && !is_our_head(head) {
            return read(text);
        }
        if is_fact || name.is_some_and(|name| wanted.iter().any(|wanted| wanted.as_str() == name)) {
            if picked.len() + table.len() > picked.capacity() {
                return read(text);
            }
            picked.push_str(table);
        }
    }
    parse(&picked, usize::MAX)
}

/// Whether keyctl writes tables with this head, beside those of keys. Another hand may write TOML in other ways.
fn is_our_head(head: &str) -> bool {
    let former = head.starts_with("[[key.\"") && head.ends_with("\".former]]");
    former || head == "[[removed]]" || head == "[[removed.former]]"
}

/// The names of all keys, without looking at a value.
#[must_use]
pub fn names(text: &str) -> Vec<String> {
    let name = |table: &str| Some(table.lines().next()?.strip_prefix("[key.\"")?.strip_suffix("\"]")?.to_owned());
    tables(text).filter_map(name).collect()
}

/// Splits a text before each line that begins with `[`. The first piece is what stands before any table.
fn tables(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let head = memmem::Finder::new("\n[");
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = head.find(rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        let (table, after) = rest.split_at(end);
        rest = after;
        Some(table)
    })
}

/// Parses the text. Where it was cut out of another (`usize::MAX`), a line's number would mislead and is not said.
fn parse(text: &str, cut: usize) -> Result<Payload> {
    let content: Content = toml::from_str(text).map_err(|error| {
        let newer = toml::from_str::<Format>(text).is_ok_and(|format| format.format > FORMAT);
        let line =
            error.span().filter(|_| cut == 0).map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        unreadable(newer, line)
    })?;
    if content.format != FORMAT {
        return Err(unreadable(content.format > FORMAT, None));
    }
    content.into_payload().ok_or_else(|| unreadable(false, None))
}

fn unreadable(newer: bool, line: Option<usize>) -> Failure {
    if newer {
        return Failure::new(Kind::Store, "the store was written by a newer keyctl")
            .hint("update keyctl; nothing was changed");
    }
    let place = line.map(|line| format!(" (line {line})")).unwrap_or_default();
    Failure::new(Kind::Store, format!("the store opens, but its content is not what keyctl writes{place}"))
        .hint("see it with `age -d -i IDENTITY store.age`, or put a good copy of `store.age` back")
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: u32,
    id: String,
    generation: u64,
    seal: String,
    log: String,
    history: Option<String>,
    recovery: Option<RecoveryText>,
    #[serde(default)]
    key: BTreeMap<KeyName, KeyText>,
    #[serde(default)]
    removed: Vec<RemovedText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryText {
    created: Moment,
    verified: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    value: Option<SecretText>,
    base64: Option<SecretText>,
    created: Moment,
    changed: Option<Moment>,
    #[serde(default)]
    former: Vec<FormerText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormerText {
    value: Option<SecretText>,
    base64: Option<SecretText>,
    until: Moment,
}

// `flatten` cannot be used with `deny_unknown_fields`, so a removed key names its fields again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemovedText {
    name: KeyName,
    removed: Moment,
    value: Option<SecretText>,
    base64: Option<SecretText>,
    created: Moment,
    changed: Option<Moment>,
    #[serde(default)]
    former: Vec<FormerText>,
}

/// A string that becomes a [`Secret`] without a copy where the parser hands its own over.
struct SecretText(Secret);

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

fn secret(value: Option<SecretText>, base64: Option<SecretText>) -> Option<Secret> {
    match (value, base64) {
        (Some(value), None) => Some(value.0),
        (None, Some(text)) => BASE64.decode(text.0.expose()).ok().map(Secret::new),
        _ => None,
    }
}

fn key(value: Option<Secret>, created: Moment, changed: Option<Moment>, former: Vec<FormerText>) -> Option<Key> {
    let former =
        former.into_iter().map(|text| Some(Former { value: secret(text.value, text.base64)?, until: text.until }));
    Some(Key { value: value?, created, changed: changed.unwrap_or(created), former: former.collect::<Option<_>>()? })
}

impl Content {
    fn into_payload(self) -> Option<Payload> {
        let keys = self.key.into_iter().map(|(name, text)| {
            Some((name, key(secret(text.value, text.base64), text.created, text.changed, text.former)?))
        });
        let removed = self.removed.into_iter().map(|text| {
            let key = key(secret(text.value, text.base64), text.created, text.changed, text.former)?;
            Some(Removed { name: text.name, removed: text.removed, key })
        });
        Some(Payload {
            id: Id::parse(&self.id)?,
            generation: self.generation,
            seal: Id::parse(&self.seal)?,
            log: Id::parse(&self.log)?,
            history: self.history,
            recovery: self.recovery.map(|text| Recovery { created: text.created, verified: text.verified }),
            keys: keys.collect::<Option<_>>()?,
            removed: removed.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment() -> impl Strategy<Value = Moment> {
        (0_i64..4_000_000_000).prop_map(Moment::from_seconds)
    }

    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            any::<Vec<u8>>(),
            "[\\[\\]\"'\\\\\n\r\t key.=]{0,40}".prop_map(String::into_bytes)
        ]
    }

    type Parts = (Vec<u8>, Moment, Moment, Vec<(Vec<u8>, Moment)>);

    fn any_key() -> impl Strategy<Value = Parts> {
        (value(), moment(), moment(), prop::collection::vec((value(), moment()), 0..3))
    }

    fn build((value, created, changed, former): Parts) -> Key {
        let former = former.into_iter().map(|(value, until)| Former { value: Secret::new(value), until }).collect();
        Key { value: Secret::new(value), created, changed, former }
    }

    fn same(one: &Key, other: &Key) -> bool {
        let former = |(a, b): (&Former, &Former)| a.value.same_as(&b.value) && a.until == b.until;
        one.value.same_as(&other.value)
            && one.created == other.created
            && one.changed == other.changed
            && one.former.len() == other.former.len()
            && one.former.iter().zip(&other.former).all(former)
    }

    proptest! {
        #[test]
        fn every_store_reads_back_as_it_was_written(
            keys in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_./+-]{0,20}", any_key(), 0..6),
            removed in prop::collection::vec(("[A-Za-z_][A-Za-z0-9_./+-]{0,20}", moment(), any_key()), 0..3),
            generation: u64, history in prop::option::of(any::<u32>()), recovery in prop::option::of((moment(), prop::option::of(moment()))),
        ) {
            // TOML's integers are 64 bits with a sign; a generation never comes near that.
            let mut payload = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
            payload.generation = generation >> 1;
            payload.history = history.map(|entries| format!("{entries}.{}", "ab".repeat(32)));
            payload.recovery = recovery.map(|(created, verified)| Recovery { created, verified });
            payload.keys = keys.into_iter().map(|(name, key)| (name.parse().expect("good"), build(key))).collect();
            payload.removed = removed.into_iter().map(|(name, removed, key)| Removed { name: name.parse().expect("good"), removed, key: build(key) }).collect();
            let text = write(&payload);
            prop_assert!(text.len().is_multiple_of(BLOCK) && text.capacity() >= text.len());
            prop_assert!(estimate(&payload) >= text.len(), "the text grew");
            let back = read(&text).expect("reads");
            prop_assert_eq!((back.id, back.generation, back.seal, back.log, &back.history, back.recovery), (payload.id, payload.generation, payload.seal, payload.log, &payload.history, payload.recovery));
            prop_assert!(back.keys.len() == payload.keys.len() && back.keys.iter().zip(&payload.keys).all(|(a, b)| a.0 == b.0 && same(a.1, b.1)));
            prop_assert!(back.removed.len() == payload.removed.len() && back.removed.iter().zip(&payload.removed).all(|(a, b)| a.name == b.name && a.removed == b.removed && same(&a.key, &b.key)));
            prop_assert_eq!(names(&text), payload.keys.keys().map(ToString::to_string).collect::<Vec<_>>());
            for (name, key) in &payload.keys {
                let picked = pick(&text, &[name]).expect("picks");
                prop_assert!(picked.keys.len() == 1 || text.contains("\"\"\"") || text.contains("'''"));
                prop_assert!(picked.keys[name].value.same_as(&key.value));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic_or_quote_it(text in "(format = 1\n)?[a-z\\[\\]\"'= \n\\\\{}.0-9]{0,200}") {
            if let Err(failure) = read(&text) {
                prop_assert!(failure.message.starts_with("the store opens, but") || failure.message.contains("newer"));
            }
        }
    }

    #[test]
    fn a_newer_format_and_an_unknown_field_are_refused_by_name() {
        let good = write(&Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16])));
        let newer = good.replace("format = 1", "format = 2\nnew_thing = true");
        assert_eq!(read(&newer).err().expect("newer").message, "the store was written by a newer keyctl");
        for bad in [
            good.replace("log =", "lag ="),
            good.replace("generation = 0", "generation = nan"),
            good.replace("generation = 0", "generation = -1"),
            format!("{}generation = 1\n", good.as_str()),
            String::new(),
        ] {
            let said = read(&bad).err().expect("bad").message;
            assert!(said.starts_with("the store opens, but its content is not what keyctl writes"), "{said}");
        }
    }

    #[test]
    fn a_key_that_another_hand_has_written_in_its_own_way_is_found() {
        let text = write(&Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16])));
        for head in ["[key.a]", "[ key.\"a\" ]", "[key.\"a\"] # mine", "[key]\n[key.a]"] {
            let text = format!("{}{head}\nvalue = \"v\"\ncreated = \"2026-01-01T00:00:00Z\"\n", text.as_str());
            let name: KeyName = "a".parse().expect("good");
            assert_eq!(pick(&text, &[&name]).expect("reads").keys.len(), 1, "{head}");
        }
    }

    #[test]
    fn a_hand_edited_text_with_a_multi_line_string_cannot_fool_the_picker() {
        let mut payload = Payload::new(Id([1; 16]), Id([2; 16]), Id([3; 16]));
        let name: KeyName = "a".parse().expect("good");
        payload.keys.insert(
            name.clone(),
            build((b"real".to_vec(), Moment::from_seconds(0), Moment::from_seconds(0), Vec::new())),
        );
        let text =
            write(&payload).replace("value = \"real\"", "value = \"\"\"\nreal\n[key.\"a\"]\nvalue = 'planted'\n\"\"\"");
        assert!(pick(&text, &[&name]).expect("picks").keys[&name].value.expose().starts_with(b"real"));
    }
}
