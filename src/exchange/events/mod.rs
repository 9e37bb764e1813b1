//! The history as other programs read it: one entry a line, in five forms.
//!
//! What stands in the forms is the same, and stays: schema.rs has the fields and what they are called. A reader has to pass
//! over what it does not know.
//!
//! Programs, folders and reasons may hold anything. No text breaks a line or ends a field early: a control character
//! stands as `\u{1b}` in `csv`, `syslog` and `cef`, as `\u001b` in JSON, where a reader gets it back as it was. What was no
//! UTF-8 was replaced when it was recorded.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::{
    date::Moment,
    history::{Action, Event, Fetch},
    plain::printable_json,
};

pub use schema::described;

mod cef;
mod csv;
mod otel;
mod schema;
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

    /// An entry as one line, with its end.
    #[must_use]
    pub fn line(self, number: u64, event: &Event) -> String {
        let entry = || Entry::new(number, event);
        match self {
            Self::Jsonl => {
                let mut value = event.to_value();
                value["n"] = number.into();
                printable_json(&format!("{value}\n"))
            }
            Self::Csv => csv::line(&entry()),
            Self::Syslog => syslog::line(&entry()),
            Self::Cef => cef::line(&entry()),
            Self::Otel => printable_json(&otel::line(&entry())),
        }
    }
}

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
    weight: Weight,
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
        if !event.sources.is_empty() {
            other.insert("sources".to_owned(), event.sources.iter().map(Fetch::words).collect());
        }
        let mut fields = Map::new();
        for field in schema::plain_fields() {
            if other.get(field.sealed).is_some_and(is_plain) {
                fields.extend(other.remove(field.sealed).map(|value| (field.name.to_owned(), value)));
            }
        }
        let weight = match event.action {
            Action::Failed | Action::Gap | Action::Repair | Action::Alert => Weight::Warning,
            _ => Weight::Usual,
        };
        let (moment, action) = (event.moment, event.action.to_string());
        Self { number, moment, action, keys: event.names.clone(), more: event.more, weight, fields, other }
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

    /// Any field but the first ones, as text.
    fn rest(&self, name: &str) -> Option<String> {
        if name == schema::OTHER.name { self.other() } else { self.text(name) }
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
