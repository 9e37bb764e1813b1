//! Log records of OpenTelemetry: each line is one `LogsData` with one record, in the JSON of OTLP 1, as its file exporter
//! writes them. A collector's `otlpjsonfile` receiver takes such a file; the same line can be posted to `/v1/logs`.
//!
//! The JSON is that of proto3 with OTLP's own rules: names in camel case, 64-bit numbers as text, enumerations as numbers.
//! `timeUnixNano` is left out where the moment is not known or cannot be said so (before 1970, after 2554). The severity is
//! 9, `INFO`, or 13, `WARN`; the fields are attributes under their names with `keyctl.` before them.

use serde_json::{Value, json};

use super::{Entry, Weight, schema};

pub(super) fn line(entry: &Entry) -> String {
    let (severity, name) = match entry.weight {
        Weight::Usual => (9, "INFO"),
        Weight::Warning => (13, "WARN"),
    };
    let mut record = json!({
        "severityNumber": severity,
        "severityText": name,
        "eventName": format!("keyctl.{}", entry.action),
        "body": { "stringValue": entry.words() },
        "attributes": attributes(entry),
    });
    let nanoseconds = entry.moment.and_then(|moment| u64::try_from(moment.seconds()).ok()?.checked_mul(1_000_000_000));
    if let Some(nanoseconds) = nanoseconds {
        record["timeUnixNano"] = nanoseconds.to_string().into();
        record["observedTimeUnixNano"] = nanoseconds.to_string().into();
    }
    let version = env!("CARGO_PKG_VERSION");
    let resource = [attribute("service.name", &"keyctl".into()), attribute("service.version", &version.into())];
    let scope = json!({ "name": "keyctl.history", "version": version });
    let scoped = json!({ "scope": scope, "logRecords": [record] });
    let resource = json!({ "resource": { "attributes": resource }, "scopeLogs": [scoped] });
    format!("{}\n", json!({ "resourceLogs": [resource] }))
}

fn attributes(entry: &Entry) -> Vec<Value> {
    let mut attributes =
        vec![attribute("keyctl.n", &entry.number.into()), attribute("keyctl.action", &entry.action.as_str().into())];
    if !entry.keys.is_empty() {
        attributes.push(attribute("keyctl.keys", &json!(entry.keys)));
    }
    if entry.more > 0 {
        attributes.push(attribute("keyctl.more", &entry.more.into()));
    }
    for name in schema::plain_fields().map(|field| field.name) {
        attributes.extend(entry.fields.get(name).map(|value| attribute(&format!("keyctl.{name}"), value)));
    }
    attributes.extend(entry.other().map(|other| attribute("keyctl.other", &other.into())));
    attributes
}

fn attribute(name: &str, value: &Value) -> Value {
    json!({ "key": name, "value": any_value(value) })
}

/// A value as OTLP's `AnyValue`.
fn any_value(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Array(list) => json!({ "arrayValue": { "values": list.iter().map(any_value).collect::<Vec<_>>() } }),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!({ "intValue": whole.to_string() }),
            None => json!({ "stringValue": number.to_string() }),
        },
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    }
}
