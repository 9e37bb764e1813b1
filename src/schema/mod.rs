//! What keyctl's files and reports look like, as JSON Schemas (draft 2020-12): editors complete and check the two files that a
//! user writes, and programs know what a `--json` report has. They are text and no code, as whoever reads them sees them; the
//! tests hold the files' against the reader of those files, and every report that a test asks for against its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The two files that a user writes, by the names that their schemas are asked for.
pub const FILES: &[(&str, &str)] =
    &[("project", "`.keyctl.toml`, which a project has"), ("config", "`config.toml`, your own settings")];

const PROJECT: &str = include_str!("project.json");
const CONFIG: &str = include_str!("config.json");
/// All reports in one, for what they have in common: `reports` has one a name, `$defs` the rest.
const REPORTS: &str = include_str!("reports.json");

/// The names of the reports: the words of the command with `-` between.
#[must_use]
pub fn reports() -> Vec<String> {
    read(REPORTS)["reports"].as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// The schema of a file or a report; none of any other name.
#[must_use]
pub fn of(name: &str) -> Option<Value> {
    match name {
        "project" => Some(read(PROJECT)),
        "config" => Some(read(CONFIG)),
        _ => report(&read(REPORTS), name),
    }
}

/// The words that a report is asked for with: `scan-hook-status` is `scan hook-status`.
#[must_use]
pub fn command(name: &str) -> String {
    name.replace('-', " ").replace("hook status", "hook-status")
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A report's schema, with as much of what is common to all as it needs.
fn report(all: &Value, name: &str) -> Option<Value> {
    let report = all["reports"].as_object()?.get(name)?;
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), all["$schema"].clone());
    schema.insert("title".to_owned(), format!("keyctl {} --json", command(name)).into());
    schema.extend(report.as_object()?.clone());
    let mut needed = BTreeSet::new();
    need(report, &all["$defs"], &mut needed);
    if !needed.is_empty() {
        let parts: Map<String, Value> =
            needed.into_iter().map(|part| (part.clone(), all["$defs"][&part].clone())).collect();
        schema.insert("$defs".to_owned(), parts.into());
    }
    Some(schema.into())
}

/// The names of the parts that a schema refers to, and those that they refer to.
fn need(schema: &Value, parts: &Value, needed: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let named = fields.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
            if let Some(part) = named.filter(|part| needed.insert((*part).to_owned())) {
                need(&parts[part], parts, needed);
            }
            fields.values().for_each(|field| need(field, parts, needed));
        }
        Value::Array(items) => items.iter().for_each(|item| need(item, parts, needed)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schema_is_there_and_brings_all_that_it_refers_to_and_nothing_else() {
        for name in FILES.iter().map(|(name, _)| (*name).to_owned()).chain(reports()) {
            let schema = of(&name).expect("there");
            let (mut needed, parts) = (BTreeSet::new(), &schema["$defs"]);
            need(&schema, parts, &mut needed);
            let brought: BTreeSet<String> = parts.as_object().into_iter().flat_map(Map::keys).cloned().collect();
            assert_eq!(needed, brought, "{name}");
        }
        assert!(of("no-such").is_none() && of("$schema").is_none());
    }
}
