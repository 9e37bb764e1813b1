//! The history as other programs read it: one entry a line, in five forms.
//!
//! What stands in the forms is the same, and stays: `n` (the entry's number, from 1), `time` (RFC 3339 in UTC), `action`,
//! `keys`, `more` (how many names had no room), and where they apply
//!
//! ```text
//! profile     chose the keys                     reason   the user's own words
//! program     the program's file name            outcome  how it ended
//! started_by  the programs above, nearest first  note     what an entry adds
//! agent       a guess at the coding agent        lost     how many entries are missing
//! folder      where it was used                  rule     of an alert
//! project     where that is another folder       alerts   the numbers of the alerts that were seen
//! terminal    whether a person was there         other    what other versions wrote, as JSON
//! pid         the process
//! ```
//!
//! `jsonl` has the short names that are sealed (`t`, `ev`, `names`, `prog`, `by`, `cwd`, `tty`, `of`), as `history --json`
//! shows them. Fields may be added behind these; none changes its meaning. A reader has to pass over what it does not know.
//!
//! Programs, folders and reasons may hold anything. No text breaks a line or ends a field early: a control character
//! stands as `\u{1b}` in `csv`, `syslog` and `cef`, as `\u001b` in JSON, where a reader gets it back as it was. What was no
//! UTF-8 was replaced when it was recorded.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::{Map, Value};

use crate::{date::Moment, history::Event};

mod cef;
mod csv;
mod otel;
mod syslog;

#[cfg(test)]
mod tests;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The lines of `history --json`.
    Jsonl,
    /// RFC 4180.
    Csv,
    /// RFC 5424.
    Syslog,
    /// `ArcSight`'s Common Event Format, version 0.
    Cef,
    /// Log records of OpenTelemetry, in the JSON of OTLP.
    Otel,
}

/// What makes a text safe on a terminal and in a line: control characters are shown instead.
pub type Plain = fn(&str) -> Cow<'_, str>;

impl Form {
    /// All of them, with what they are called.
    pub const ALL: [(&'static str, Form); 5] = [
        ("jsonl", Form::Jsonl),
        ("csv", Form::Csv),
        ("syslog", Form::Syslog),
        ("cef", Form::Cef),
        ("otel", Form::Otel),
    ];

    /// What stands before the first entry.
    #[must_use]
    pub fn head(self) -> String {
        if self == Self::Csv { csv::head() } else { String::new() }
    }

    /// An entry as one line, with its end. In JSON only what JSON itself asks for is escaped.
    #[must_use]
    pub fn line(self, number: u64, event: &Event, plain: Plain) -> String {
        if self == Self::Jsonl {
            let mut value = event.to_value();
            value["n"] = number.into();
            return format!("{value}\n");
        }
        let entry = Entry::new(number, event);
        match self {
            Self::Csv => csv::line(&entry, plain),
            Self::Syslog => syslog::line(&entry, plain),
            Self::Cef => cef::line(&entry, plain),
            Self::Jsonl | Self::Otel => otel::line(&entry),
        }
    }

    /// Whether its lines are JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Jsonl | Self::Otel)
    }
}

/// The fields that are not in every entry, in their order, each with the name it is sealed under.
const FIELDS: [(&str, &str); 14] = [
    ("profile", "profile"),
    ("program", "prog"),
    ("started_by", "by"),
    ("agent", "agent"),
    ("folder", "cwd"),
    ("project", "project"),
    ("terminal", "tty"),
    ("pid", "pid"),
    ("reason", "reason"),
    ("outcome", "outcome"),
    ("note", "note"),
    ("lost", "lost"),
    ("rule", "rule"),
    ("alerts", "of"),
];

/// How much an entry asks for somebody's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// A use, or a change that was meant.
    Usual,
    /// Something was refused, failed, is missing or looked unusual.
    Warning,
}

/// An entry taken apart.
struct Entry {
    number: u64,
    moment: Option<Moment>,
    action: String,
    keys: Vec<String>,
    more: u64,
    fields: Map<String, Value>,
    /// What is not known by a name here.
    other: Map<String, Value>,
}

impl Entry {
    fn new(number: u64, event: &Event) -> Self {
        let Value::Object(mut other) = event.to_value() else { unreachable!("an entry is an object") };
        // What is not in the form that this version reads stands under `other` with the rest.
        for (name, is_read) in
            [("t", event.moment.is_some()), ("ev", true), ("names", !event.names.is_empty()), ("more", event.more > 0)]
        {
            if is_read {
                other.remove(name);
            }
        }
        let mut fields = Map::new();
        for (name, sealed) in FIELDS {
            if other.get(sealed).is_some_and(is_plain) {
                fields.extend(other.remove(sealed).map(|value| (name.to_owned(), value)));
            }
        }
        let (moment, action) = (event.moment, event.action.to_string());
        Self { number, moment, action, keys: event.names.clone(), more: event.more, fields, other }
    }

    /// A field as text; lists with a comma between.
    fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(|value| match value {
            Value::Array(list) => list.iter().map(as_text).collect::<Vec<_>>().join(", "),
            value => as_text(value),
        })
    }

    /// What other versions wrote, as JSON.
    fn other(&self) -> Option<String> {
        (!self.other.is_empty()).then(|| Value::Object(self.other.clone()).to_string())
    }

    fn keys(&self) -> String {
        self.keys.join(", ")
    }

    fn weight(&self) -> Weight {
        match self.action.as_str() {
            "failed" | "gap" | "repair" | "alert" => Weight::Warning,
            _ => Weight::Usual,
        }
    }

    /// The entry in a few words: `run of a, b by node`.
    fn words(&self) -> String {
        let mut words = self.action.clone();
        if !self.keys.is_empty() {
            let _ = write!(words, " of {}", self.keys());
        }
        if self.more > 0 {
            let _ = write!(words, " and {} more", self.more);
        }
        if let Some(program) = self.text("program") {
            let _ = write!(words, " by {program}");
        }
        if let Some(outcome) = self.text("outcome") {
            let _ = write!(words, ": {outcome}");
        }
        words
    }
}

/// Whether a value is a text, a number, a yes or no, or a list of such.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().all(|item| !item.is_array() && !item.is_object() && !item.is_null()),
        Value::Null | Value::Object(_) => false,
        _ => true,
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
