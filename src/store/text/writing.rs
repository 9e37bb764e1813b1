//! Writing a store's content down, always in the one form that `pick` relies on.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use super::{
    ASIDE_FORMAT, COMMON_FORMAT, FORMAT, FROZEN_FORMAT, LEAKS_FORMAT, LIMITS_FORMAT, MARKS_FORMAT, RETIRED_FORMAT,
    SOURCES_FORMAT, VARIABLES_FORMAT, members, remote,
};
use crate::{
    hex,
    identity::{
        anchor::Id,
        retired::{Aside, Retired},
    },
    name::{KeyName, SourceName},
    secret::Secret,
    store::{
        facts::{Facts, Leaked, Revoked},
        journal::{Revived, Step},
        limits::Limits,
        payload::{Former, Key, Payload, Recovery, Removed},
        revoking::Mark,
    },
};

/// Texts are filled up to a multiple of this, so that a file's size says little about what changed.
pub(super) const BLOCK: usize = 1024;

/// Writes a store's content down.
#[must_use]
pub fn write(payload: &Payload) -> Zeroizing<String> {
    // Reserved at once: a text that grows would leave copies of secrets behind.
    let mut text = Zeroizing::new(String::with_capacity(estimate(payload)));
    write_head(&mut text, payload);
    for (name, key) in &payload.keys {
        let name = name.as_str();
        let _ = writeln!(text, "\n[key.\"{name}\"]");
        write_key(&mut text, key, &format!("key.\"{name}\".former"));
    }
    for Removed { name, removed, step, key } in &payload.removed {
        let name = name.as_str();
        let _ = writeln!(text, "\n[[removed]]\nname = \"{name}\"\nremoved = \"{removed}\"");
        write_number(&mut text, *step);
        write_key(&mut text, key, "removed.former");
    }
    payload.steps.iter().for_each(|step| write_step(&mut text, step));
    payload.marks.iter().for_each(|mark| write_mark(&mut text, mark));
    let full = (text.len() + 1).next_multiple_of(BLOCK);
    while text.len() + 1 < full {
        text.push(' ');
    }
    text.push('\n');
    text
}

fn write_head(text: &mut String, payload: &Payload) {
    let Payload { id, generation, seal, log, .. } = payload;
    let needs = [
        (!payload.wiped_limited.is_empty() || !payload.wiped_secrets.is_empty(), FORMAT),
        (payload.aside.iter().any(|aside| aside.machine.is_some()), FORMAT),
        (payload.speaks_of(|facts| facts.frozen) || !payload.wiped_guarded.is_empty(), FROZEN_FORMAT),
        (remote::is_spoken_of(payload), SOURCES_FORMAT),
        (payload.speaks_of_limits(|limits| !limits.variables.is_empty() || limits.hide_from_agents), VARIABLES_FORMAT),
        (payload.speaks_of_limits(|limits| !limits.is_empty()) || payload.speaks_of_departures(), LIMITS_FORMAT),
        (!payload.members.is_empty() || !payload.seals.is_empty(), LIMITS_FORMAT),
        (payload.speaks_of_leaks(), LEAKS_FORMAT),
        (!payload.aside.is_empty(), ASIDE_FORMAT),
        (!payload.retired.is_empty(), RETIRED_FORMAT),
        (!payload.marks.is_empty(), MARKS_FORMAT),
    ];
    let format = needs.into_iter().find(|(is_needed, _)| *is_needed).map_or(COMMON_FORMAT, |(_, format)| format);
    text.push_str("# a store of keyctl, one table a key; to change it by hand keep the facts below as they are\n");
    let _ = writeln!(
        text,
        "format = {format}\nid = \"{id}\"\ngeneration = {generation}\nseal = \"{seal}\"\nlog = \"{log}\""
    );
    // In no version of a store, so that no format is newer by it.
    if let Some(reached) = payload.reached {
        let _ = writeln!(text, "reached = {reached}");
    }
    if !payload.retired.is_empty() {
        text.push_str("retired = ");
        write_retired(text, &payload.retired);
        text.push('\n');
    }
    write_aside(text, &payload.aside);
    write_ids(text, "seals", payload.seals.iter());
    members::write(text, &payload.members);
    write_names(text, "wiped_guarded", &payload.wiped_guarded.iter().collect());
    write_names(text, "wiped_limited", &payload.wiped_limited.iter().collect());
    write_ids(text, "wiped_secrets", payload.wiped_secrets.iter());
    if let Some(written) = payload.written {
        let _ = writeln!(text, "written = \"{written}\"");
    }
    if let Some(mark) = &payload.history {
        let _ = writeln!(text, "history = \"{mark}\"");
    }
    if let Some(Recovery { created, verified }) = &payload.recovery {
        let verified = verified.map(|moment| format!(", verified = \"{moment}\"")).unwrap_or_default();
        let _ = writeln!(text, "recovery = {{ created = \"{created}\"{verified} }}");
    }
}

/// On one line, as all facts are: a line that begins with a bracket would look like a table.
fn write_retired(text: &mut String, retired: &[Retired]) {
    for (at, Retired { key, last, hash }) in retired.iter().enumerate() {
        let _ =
            write!(text, "{}{{ last = {last}, hash = \"{}\", ", if at == 0 { "[" } else { ", " }, hex::encode(hash));
        write_seal_key(text, key);
        text.push_str(" }");
    }
    text.push_str(if retired.is_empty() { "[]" } else { "]" });
}

fn write_aside(text: &mut String, aside: &[Aside]) {
    for (at, Aside { folder, log, machine, known, key, retired }) in aside.iter().enumerate() {
        text.push_str(if at == 0 { "aside = [{ folder = " } else { ", { folder = " });
        write_string(text, folder);
        let _ = write!(text, ", log = \"{log}\", ");
        if let Some(machine) = machine {
            text.push_str("machine = ");
            write_string(text, machine);
            text.push_str(", ");
        }
        if let Some(known) = known {
            let _ = write!(text, "known = \"{known}\", ");
        }
        write_seal_key(text, key);
        text.push_str(", retired = ");
        write_retired(text, retired);
        text.push_str(" }");
    }
    if !aside.is_empty() {
        text.push_str("]\n");
    }
}

fn write_seal_key(text: &mut String, key: &Secret) {
    text.push_str("key = \"");
    BASE64.encode_string(key.expose(), text);
    text.push('"');
}

fn write_key(text: &mut String, key: &Key, former_table: &str) {
    write_value(text, &key.value, key.facts.source.as_ref());
    write_facts(text, &key.facts);
    for Former { value, since, until, expires, revoked, leaked, left_with, source, wipe, step } in &key.former {
        let _ = writeln!(text, "[[{former_table}]]");
        write_value(text, value, source.as_ref());
        remote::write_source(text, source.as_ref());
        let _ = writeln!(text, "since = \"{since}\"\nuntil = \"{until}\"");
        for (field, moment) in [("expires", expires), ("wipe", wipe)] {
            if let Some(moment) = moment {
                let _ = writeln!(text, "{field} = \"{moment}\"");
            }
        }
        write_revoked(text, revoked.as_ref());
        write_leaked(text, leaked.as_ref());
        members::write_left(text, left_with.as_ref());
        write_number(text, *step);
    }
}

fn write_facts(text: &mut String, facts: &Facts) {
    let Facts { created, changed, expires, rotate_every, url, note, tags, revoked, leaked, left_with, .. } = facts;
    let Facts { source, snoozed, frozen, limits, .. } = facts;
    let _ = writeln!(text, "created = \"{created}\"");
    if changed != created {
        let _ = writeln!(text, "changed = \"{changed}\"");
    }
    for (field, moment) in [("expires", expires), ("snoozed", snoozed)] {
        if let Some(moment) = moment {
            let _ = writeln!(text, "{field} = \"{moment}\"");
        }
    }
    if *frozen {
        text.push_str("frozen = true\n");
    }
    if let Some(period) = rotate_every {
        let _ = writeln!(text, "rotate_every = \"{period}\"");
    }
    for (field, words) in [("url", url), ("note", note)] {
        if let Some(words) = words {
            let _ = write!(text, "{field} = ");
            write_string(text, words);
            text.push('\n');
        }
    }
    if !tags.is_empty() {
        let tags: Vec<String> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let _ = writeln!(text, "tags = [{}]", tags.join(", "));
    }
    write_revoked(text, revoked.as_ref());
    write_leaked(text, leaked.as_ref());
    write_limits(text, limits);
    members::write_left(text, left_with.as_ref());
    remote::write_source(text, source.as_ref());
}

fn write_revoked(text: &mut String, revoked: Option<&Revoked>) {
    let Some(Revoked { at, reason }) = revoked else { return };
    let _ = write!(text, "revoked = {{ at = \"{at}\"");
    if let Some(reason) = reason {
        text.push_str(", reason = ");
        write_string(text, reason);
    }
    text.push_str(" }\n");
}

fn write_leaked(text: &mut String, leaked: Option<&Leaked>) {
    let Some(Leaked { at, place }) = leaked else { return };
    let _ = write!(text, "leaked = {{ at = \"{at}\", place = ");
    write_string(text, place);
    text.push_str(" }\n");
}

fn write_limits(text: &mut String, limits: &Limits) {
    let Limits { projects, programs, variables, terminal, ask, proxy_only, reason, stop_expired, hide_from_agents } =
        limits;
    let mut lead = "limits = { ";
    let variables = Some(variables).filter(|variables| !variables.is_empty());
    let lists = [("projects", projects.as_ref()), ("programs", programs.as_ref()), ("with_variables", variables)];
    for (field, texts) in lists {
        let Some(texts) = texts else { continue };
        let _ = write!(text, "{lead}{field} = [");
        for (at, said) in texts.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { ", " });
            write_string(text, said);
        }
        text.push(']');
        lead = ", ";
    }
    let flags = [
        ("terminal", terminal),
        ("ask", ask),
        ("proxy_only", proxy_only),
        ("require_reason", reason),
        ("stop_expired", stop_expired),
        ("hide_from_agents", hide_from_agents),
    ];
    for (field, _) in flags.into_iter().filter(|(_, is_set)| **is_set) {
        let _ = write!(text, "{lead}{field} = true");
        lead = ", ";
    }
    if !limits.is_empty() {
        text.push_str(" }\n");
    }
}

fn write_number(text: &mut String, step: Option<u64>) {
    if let Some(step) = step {
        let _ = writeln!(text, "step = {step}");
    }
}

fn write_step(text: &mut String, step: &Step) {
    let Step { number, at, deed, added, revived, removed, renamed, replaced, edited } = step;
    let _ = writeln!(text, "\n[[step]]\nnumber = {number}\nat = \"{at}\"\ndeed = \"{}\"", deed.word());
    let renamed = renamed.iter().flat_map(|(from, to)| [from, to]).collect();
    for (field, names) in
        [("added", added.iter().collect()), ("removed", removed.iter().collect()), ("renamed", renamed)]
    {
        write_names(text, field, &names);
    }
    if let Some(Revived { removed, step }) = revived {
        let step = step.map(|step| format!(", step = {step}")).unwrap_or_default();
        let _ = writeln!(text, "revived = {{ removed = \"{removed}\"{step} }}");
    }
    for (field, changed) in [("replaced", replaced), ("edited", edited)] {
        for (name, before) in changed {
            let name = name.as_str();
            let _ = writeln!(text, "[[step.{field}]]\nname = \"{name}\"");
            write_facts(text, before);
        }
    }
}

fn write_mark(text: &mut String, Mark { mark, revoked: Revoked { at, reason } }: &Mark) {
    let _ = writeln!(text, "\n[[revoked]]\nmark = \"{mark}\"\nat = \"{at}\"");
    if let Some(reason) = reason {
        text.push_str("reason = ");
        write_string(text, reason);
        text.push('\n');
    }
}

fn write_names(text: &mut String, field: &str, names: &Vec<&KeyName>) {
    if !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.as_str())).collect();
        let _ = writeln!(text, "{field} = [{}]", names.join(", "));
    }
}

fn write_ids<'i>(text: &mut String, field: &str, ids: impl Iterator<Item = &'i Id>) {
    let ids: Vec<String> = ids.map(|id| format!("\"{id}\"")).collect();
    if !ids.is_empty() {
        let _ = writeln!(text, "{field} = [{}]", ids.join(", "));
    }
}

/// A secret on one line: as text where it is UTF-8, else in base64. Where it lies in a source, its reference there.
fn write_value(text: &mut String, value: &Secret, source: Option<&SourceName>) {
    if let (Some(plain), Some(source)) = (value.expose_text(), source) {
        return remote::write_reference(text, plain, source);
    }
    let Some(plain) = value.expose_text() else {
        text.push_str("base64 = \"");
        BASE64.encode_string(value.expose(), text);
        text.push_str("\"\n");
        return;
    };
    text.push_str("value = ");
    write_string(text, plain);
    text.push('\n');
}

/// A basic string of TOML (1.0, "String"), on one line whatever is in it.
pub(super) fn write_string(text: &mut String, plain: &str) {
    text.push('"');
    for c in plain.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // Three of them would look like the start of a string over several lines; see `pick`.
            '\'' if text.ends_with("''") => text.push_str("\\u0027"),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// At least as many bytes as [`write`] needs: six for the worst escape of each byte of a text.
pub(super) fn estimate(payload: &Payload) -> usize {
    let secret = |value: &Secret| value.len() * 6 + 20;
    let words = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() * 6);
    let reason = |revoked: &Option<Revoked>| revoked.as_ref().map_or(0, |revoked| words(&revoked.reason));
    let place = |leaked: &Option<Leaked>| leaked.as_ref().map_or(0, |leaked| leaked.place.len() * 6 + 80);
    let facts = |facts: &Facts| {
        let said = words(&facts.url) + words(&facts.note) + reason(&facts.revoked) + place(&facts.leaked);
        let limits: usize = facts.limits.texts().map(|text| text.len() * 6 + 4).sum();
        950 + said + facts.tags.len() * 70 + limits
    };
    let former = |former: &Former| 650 + secret(&former.value) + reason(&former.revoked) + place(&former.leaked);
    let key = |key: &Key| 320 + secret(&key.value) + facts(&key.facts) + key.former.iter().map(former).sum::<usize>();
    let step = |step: &Step| {
        let changed = step.replaced.iter().chain(&step.edited).map(|(_, before)| 200 + facts(before));
        400 + step.names().count() * 140 + changed.sum::<usize>()
    };
    payload.keys.values().map(key).sum::<usize>()
        + payload.removed.iter().map(|removed| key(&removed.key) + 300).sum::<usize>()
        + payload.steps.iter().map(step).sum::<usize>()
        + payload.retired.len() * 200
        + payload
            .aside
            .iter()
            .map(|aside| {
                500 + aside.folder.len() * 6
                    + aside.machine.as_ref().map_or(0, |id| id.len() * 6)
                    + aside.retired.len() * 200
            })
            .sum::<usize>()
        + payload.members.len() * 300
        + payload.seals.len() * 40
        + payload.wiped_guarded.iter().chain(&payload.wiped_limited).map(|name| name.as_str().len() + 4).sum::<usize>()
        + payload.wiped_secrets.len() * 40
        + payload.marks.iter().map(|mark| 160 + words(&mark.revoked.reason)).sum::<usize>()
        + 2 * BLOCK
}
