//! Findings as SARIF 2.1.0, which code hosts and editors read.

use std::{
    fmt::Write as _,
    path::{Component, Path},
};

use serde_json::{Value, json};

use super::finding::{Finding, Place, What};

/// The rule of a secret that is kept.
const KEPT: &str = "kept-key";

/// A run with these findings, and what it could not look for. `said` makes the sentence about a finding.
#[must_use]
pub fn write(findings: &[Finding], missed: &[String], said: impl Fn(&Finding) -> String) -> Value {
    let mut rules: Vec<(&str, String)> =
        vec![(KEPT, "A key that keyctl keeps lies where others may read it".to_owned())];
    for finding in findings {
        if let What::Shape { kind, id } = finding.what
            && !rules.iter().any(|(known, _)| *known == id)
        {
            rules.push((id, format!("A text that looks like a key: {kind}")));
        }
    }
    let rule = |(id, text): &(&str, String)| json!({ "id": id, "shortDescription": { "text": text } });
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &said(finding))).collect();
    let mut report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keyctl",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    if !missed.is_empty() {
        let notice = |text: &String| json!({ "level": "error", "message": { "text": text } });
        let notices: Vec<Value> = missed.iter().map(notice).collect();
        // It ended as it should have: what is missing is said, and the exit code says it too.
        report["runs"][0]["invocations"] =
            json!([{ "executionSuccessful": true, "toolExecutionNotifications": notices }]);
    }
    report
}

fn result(finding: &Finding, said: &str) -> Value {
    let (rule, level) = match finding.what {
        What::Key { .. } => (KEPT, "error"),
        What::Shape { id, .. } => (id, "warning"),
    };
    json!({ "ruleId": rule, "level": level, "message": { "text": said }, "locations": [location(finding)] })
}

fn location(finding: &Finding) -> Value {
    let logical = |name: String, kind: &str| json!({ "fullyQualifiedName": name, "kind": kind });
    let place = finding.place.outermost();
    let (mut location, mut names) = (json!({}), Vec::new());
    match place {
        Place::File(path) | Place::Staged(path) | Place::Object { path, .. } => {
            location["physicalLocation"] = json!({ "artifactLocation": { "uri": address(path) } });
            // What is in its name is in no line of it; and an archive has no lines.
            if !finding.is_name() && finding.place.names().is_empty() {
                location["physicalLocation"]["region"] = json!({ "startLine": finding.line });
            }
            if let Place::Object { commit, .. } = place {
                names.push(logical(commit.clone(), "module"));
            }
        }
        Place::Loose(_) => names.push(logical(place.to_string(), "object")),
        Place::Reference(name) => names.push(logical(name.clone(), "module")),
        Place::Process { .. } => names.push(logical(place.to_string(), "variable")),
        Place::Input | Place::Within { .. } => names.push(logical(place.to_string(), "resource")),
    }
    if !finding.place.names().is_empty() {
        names.push(logical(inner(finding), "member"));
    }
    if !names.is_empty() {
        location["logicalLocations"] = names.into();
    }
    location
}

/// Where it is in an archive: the names, and the line.
#[must_use]
pub fn inner(finding: &Finding) -> String {
    let names: Vec<_> = finding.place.names().iter().map(|name| name.to_string_lossy()).collect();
    let line = if finding.is_name() { String::new() } else { format!(":{}", finding.line) };
    names.join("!") + &line
}

/// A path as a URI (RFC 3986): relative ones stay so.
fn address(path: &Path) -> String {
    let mut address = String::from(if path.is_absolute() { "file://" } else { "" });
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(prefix) => Some(prefix.as_os_str().to_string_lossy()),
        Component::RootDir | Component::CurDir => None,
    });
    for (at, name) in names.enumerate() {
        if at > 0 || path.is_absolute() {
            address.push('/');
        }
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_for_is_told_as_a_notice_of_the_run() {
        let report = |missed: &[String]| write(&[], missed, |_| String::new())["runs"][0]["invocations"].clone();
        assert!(report(&[]).is_null());
        let notice = json!({ "level": "error", "message": { "text": "`ops` is locked" } });
        assert_eq!(
            report(&["`ops` is locked".to_owned()]),
            json!([{ "executionSuccessful": true, "toolExecutionNotifications": [notice] }])
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_path_becomes_an_address_that_leads_back_to_it() {
        for (path, uri) in [
            ("src/a b.rs", "src/a%20b.rs"),
            ("/home/me/ä#?%:", "file:///home/me/%C3%A4%23%3F%25%3A"),
            ("../x", "../x"),
            ("./x", "x"),
            ("a\nb", "a%0Ab"),
        ] {
            assert_eq!(address(Path::new(path)), uri);
        }
    }
}
