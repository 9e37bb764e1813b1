//! The Common Event Format, version 0, as `ArcSight` describes it ("Implementing `ArcSight` Common Event Format"):
//!
//! ```text
//! CEF:0|keyctl|keyctl|0.1.0|run|keyctl run|3|rt=1795510800000 externalId=5 act=run sproc=node …
//! ```
//!
//! The severity is 3, or 7 for what failed, was refused, is missing or looked unusual. The fields stand under CEF's own
//! names where it has them, and else in its custom ones, each with its label:
//!
//! ```text
//! rt          time, in milliseconds since 1970     cs1  keys        flexString1  rule
//! externalId  n            outcome  outcome        cs2  profile     flexString2  alerts
//! act         action       reason   reason         cs3  started_by  cn1          lost
//! sproc       program      msg      note           cs4  agent       cn2          more
//! spid        pid          filePath folder         cs5  project     cs6          other
//! cn3         terminal, as 1 or 0
//! ```

use std::fmt::Write as _;

use super::{Entry, Plain, Weight};

/// CEF's own names for fields.
const OWN: [(&str, &str); 6] = [
    ("sproc", "program"),
    ("spid", "pid"),
    ("filePath", "folder"),
    ("outcome", "outcome"),
    ("reason", "reason"),
    ("msg", "note"),
];

/// Fields of others' making, which say what they are.
const CUSTOM: [(&str, &str); 7] = [
    ("cs2", "profile"),
    ("cs3", "started_by"),
    ("cs4", "agent"),
    ("cs5", "project"),
    ("cn1", "lost"),
    ("flexString1", "rule"),
    ("flexString2", "alerts"),
];

pub(super) fn line(entry: &Entry, plain: Plain) -> String {
    let severity = match entry.weight() {
        Weight::Usual => 3,
        Weight::Warning => 7,
    };
    // Nothing from outside stands in the head: not every reader knows the escapes there.
    let action = in_head(&plain(&entry.action));
    let version = env!("CARGO_PKG_VERSION");
    let mut line = format!("CEF:0|keyctl|keyctl|{version}|{action}|keyctl {action}|{severity}|");
    let mut add = |name: &str, value: &str| {
        let _ = write!(line, "{name}={} ", in_extension(&plain(value)));
    };
    if let Some(moment) = entry.moment {
        add("rt", &(i128::from(moment.seconds()) * 1000).to_string());
    }
    add("externalId", &entry.number.to_string());
    add("act", &entry.action);
    for (own, name) in OWN {
        if let Some(value) = entry.text(name) {
            add(own, &value);
        }
    }
    let mut add_custom = |custom: &str, name: &str, value: Option<String>| {
        if let Some(value) = value {
            add(custom, &value);
            add(&format!("{custom}Label"), name);
        }
    };
    add_custom("cs1", "keys", (!entry.keys.is_empty()).then(|| entry.keys()));
    for (custom, name) in CUSTOM {
        add_custom(custom, name, entry.text(name));
    }
    add_custom("cn2", "more", (entry.more > 0).then(|| entry.more.to_string()));
    let terminal = entry.fields.get("terminal").and_then(serde_json::Value::as_bool);
    add_custom("cn3", "terminal", terminal.map(|terminal| u8::from(terminal).to_string()));
    add_custom("cs6", "other", entry.other());
    line.truncate(line.trim_end().len());
    line + "\n"
}

fn in_head(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

fn in_extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=")
}
