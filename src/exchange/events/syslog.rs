//! Lines of syslog (RFC 5424) with all fields as structured data:
//!
//! ```text
//! <110>1 2026-11-24T09:00:00Z - keyctl 4711 run [keyctl@32473 n="5" keys="openai/dev" program="node"] run of openai/dev by node
//! ```
//!
//! The facility is 13, "log audit"; the severity 6, "informational", or 4, "warning", for what failed, was refused, is
//! missing or looked unusual. No host is named: entries do not say it. The number behind the `@` is the one that RFC 5612
//! keeps for examples, as keyctl has none of its own. The names of the parameters are those of schema.rs.

use std::fmt::Write as _;

use super::{Entry, Weight, schema};
use crate::plain::printable;

/// Facility 13, times eight.
const AUDIT: u8 = 13 * 8;

pub(super) fn line(entry: &Entry) -> String {
    let severity = match entry.weight {
        Weight::Usual => 6,
        Weight::Warning => 4,
    };
    // The standard's years have four digits.
    let time = entry.moment.map(|moment| moment.to_string()).filter(|time| time.len() == 20);
    let time = time.unwrap_or_else(|| "-".into());
    let process = entry.fields.get("pid").and_then(serde_json::Value::as_u64);
    let process = process.map_or_else(|| "-".into(), |pid| pid.to_string());
    let mut line = format!("<{}>1 {time} - keyctl {process} {} [keyctl@32473", AUDIT + severity, word(&entry.action));
    let mut add = |name: &str, value: &str| {
        let _ = write!(line, " {name}=\"{}\"", escaped(&printable(value)));
    };
    add("n", &entry.number.to_string());
    if word(&entry.action) != entry.action {
        add("action", &entry.action);
    }
    if !entry.keys.is_empty() {
        add("keys", &entry.keys());
    }
    if entry.more > 0 {
        add("more", &entry.more.to_string());
    }
    for name in schema::all().skip(schema::FIRST.len()).map(|field| field.name).filter(|name| *name != "pid") {
        if let Some(value) = entry.rest(name) {
            add(name, &value);
        }
    }
    let _ = writeln!(line, "] {}", printable(&entry.words()));
    line
}

/// A text as the kind of a message: up to 32 visible letters of ASCII, or nothing.
fn word(text: &str) -> &str {
    let fits = !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { text } else { "-" }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}
