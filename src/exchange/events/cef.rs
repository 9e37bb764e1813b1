//! The Common Event Format, version 0, as `ArcSight` describes it ("Implementing `ArcSight` Common Event Format"):
//!
//! ```text
//! CEF:0|keyctl|keyctl|0.1.0|run|keyctl run|3|externalId=5 rt=1795510800000 act=run sproc=node …
//! ```
//!
//! The severity is 3, or 7 for what failed, was refused, is missing or looked unusual. The fields stand under CEF's own
//! names where it has them, and else in its custom ones, each with its label; schema.rs says which. `rt` is in milliseconds
//! since 1970, `terminal` is 1 or 0.

use std::fmt::Write as _;

use super::{Entry, Weight, schema};
use crate::plain::printable;

pub(super) fn line(entry: &Entry) -> String {
    let severity = match entry.weight {
        Weight::Usual => 3,
        Weight::Warning => 7,
    };
    // Nothing from outside stands in the head: not every reader knows the escapes there.
    let action = in_head(&printable(&entry.action));
    let version = env!("CARGO_PKG_VERSION");
    let mut line = format!("CEF:0|keyctl|keyctl|{version}|{action}|keyctl {action}|{severity}|");
    for field in schema::all() {
        let Some(value) = value(entry, field.name) else { continue };
        let _ = write!(line, "{}={} ", field.cef, in_extension(&printable(&value)));
        if schema::is_custom(field.cef) {
            let _ = write!(line, "{}Label={} ", field.cef, field.name);
        }
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

/// A field as CEF has it.
fn value(entry: &Entry, name: &str) -> Option<String> {
    match name {
        "n" => Some(entry.number.to_string()),
        "time" => entry.moment.map(|moment| (i128::from(moment.seconds()) * 1000).to_string()),
        "action" => Some(entry.action.clone()),
        "keys" => (!entry.keys.is_empty()).then(|| entry.keys()),
        "more" => (entry.more > 0).then(|| entry.more.to_string()),
        "terminal" => entry.fields.get(name)?.as_bool().map(|terminal| u8::from(terminal).to_string()),
        other => entry.rest(other),
    }
}

fn in_head(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

fn in_extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=")
}
