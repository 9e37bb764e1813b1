//! Each form with an ordinary entry, with every field, and with texts that try to break out.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{history::Action, name::KeyName};

/// Stands in for the terminal's own rule.
fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(
            text.chars().map(|c| if c.is_control() { c.escape_unicode().to_string() } else { c.into() }).collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

fn event(action: Action) -> Event {
    Event::new(action, "2026-11-24T09:00:00Z".parse().expect("good"))
}

fn run() -> Event {
    let names: Vec<KeyName> = ["openai/dev", "b"].iter().map(|name| name.parse().expect("good")).collect();
    event(Action::Run)
        .names(&names)
        .program("node".as_ref())
        .folder(Path::new("/home/me/shop"))
        .terminal(true)
        .process(7)
}

fn hostile() -> Event {
    let mut event = event(Action::Failed).program("=cmd|'C'!A1\n<110>1 -".as_ref());
    event = event.folder(Path::new("/a,\"b\"/c]d\\e=f\x1b[31m")).outcome("refused: expired");
    event.other.insert("by".into(), json!(["-x", "a,b"]));
    event.other.insert("reason".into(), "two\r\nlines\u{2028}".into());
    event.other.insert("later".into(), json!({ "a": [1] }));
    event
}

fn line(form: Form, number: u64, event: &Event) -> String {
    form.line(number, event, plain)
}

#[test]
fn json_lines_are_what_was_sealed_and_the_number() {
    let text = "{\"cwd\":\"/home/me/shop\",\"ev\":\"run\",\"n\":5,\"names\":[\"openai/dev\",\"b\"],\"pid\":7,\"prog\":\"node\",\"t\":\"2026-11-24T09:00:00Z\",\"tty\":true}\n";
    assert_eq!(line(Form::Jsonl, 5, &run()), text);
}

#[test]
fn a_table_has_one_column_for_each_field_and_no_formula() {
    assert_eq!(
        Form::Csv.head(),
        "n,time,action,keys,more,profile,program,started_by,agent,folder,project,terminal,pid,reason,outcome,note,lost,rule,alerts,other\r\n"
    );
    assert_eq!(
        line(Form::Csv, 5, &run()),
        "5,2026-11-24T09:00:00Z,run,\"openai/dev, b\",,,node,,,/home/me/shop,,true,7,,,,,,,\r\n"
    );
    assert_eq!(
        line(Form::Csv, 6, &hostile()),
        "6,2026-11-24T09:00:00Z,failed,,,,'=cmd|'C'!A1\\u{a}<110>1 -,\"'-x, a,b\",,\"/a,\"\"b\"\"/c]d\\e=f\\u{1b}[31m\",,,,two\\u{d}\\u{a}lines\u{2028},refused: expired,,,,,\"{\"\"later\"\":{\"\"a\"\":[1]}}\"\r\n"
    );
}

#[test]
fn a_line_of_syslog_has_the_fields_as_structured_data() {
    assert_eq!(
        line(Form::Syslog, 5, &run()),
        "<110>1 2026-11-24T09:00:00Z - keyctl 7 run [keyctl@32473 n=\"5\" keys=\"openai/dev, b\" program=\"node\" folder=\"/home/me/shop\" terminal=\"true\"] run of openai/dev, b by node\n"
    );
    let odd = Event { moment: None, ..event(Action::Other("fly away".into())) };
    assert_eq!(
        line(Form::Syslog, 1, &odd),
        "<110>1 - - keyctl - - [keyctl@32473 n=\"1\" action=\"fly away\"] fly away\n"
    );
}

#[test]
fn a_line_of_cef_has_its_own_names_and_labels() {
    let text = line(Form::Cef, 5, &run());
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        text,
        format!(
            "CEF:0|keyctl|keyctl|{version}|run|keyctl run|3|rt=1795510800000 externalId=5 act=run sproc=node spid=7 filePath=/home/me/shop cs1=openai/dev, b cs1Label=keys cn3=1 cn3Label=terminal\n"
        )
    );
}

#[test]
fn a_record_of_opentelemetry_has_numbers_as_text() {
    let value: Value = serde_json::from_str(&line(Form::Otel, 5, &run())).expect("json");
    let record = &value["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["timeUnixNano"], "1795510800000000000");
    assert_eq!((&record["severityNumber"], &record["severityText"]), (&9.into(), &"INFO".into()));
    assert_eq!(record["attributes"][0], json!({ "key": "keyctl.n", "value": { "intValue": "5" } }));
    let keys = json!({ "values": [{ "stringValue": "openai/dev" }, { "stringValue": "b" }] });
    assert_eq!(record["attributes"][2], json!({ "key": "keyctl.keys", "value": { "arrayValue": keys } }));
    let old = Event { moment: Some(Moment::from_seconds(-1)), ..run() };
    assert!(!line(Form::Otel, 5, &old).contains("imeUnixNano"));
}

#[test]
fn an_entry_is_one_line_whatever_it_holds() {
    for (_, form) in Form::ALL {
        let text = line(form, 6, &hostile());
        let end = if form == Form::Csv { "\r\n" } else { "\n" };
        let inside = text.strip_suffix(end).expect("an end");
        assert!(!inside.chars().any(char::is_control), "{form:?}: {text}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_out_of_its_line(program in "\\PC*|[\\x00-\\x7f]{0,20}", reason in any::<String>(), key in any::<String>(), action in any::<String>()) {
        let mut event = event(Action::Other(action));
        event.program = Some(program);
        event.names = vec![key];
        event.other.insert("reason".into(), reason.into());
        for (_, form) in Form::ALL {
            let text = line(form, 6, &event);
            let inside = text.trim_end_matches(['\r', '\n']);
            prop_assert!(text.len() <= inside.len() + 2);
            prop_assert!(form.is_json() || !inside.chars().any(char::is_control), "{:?}: {}", form, text);
            prop_assert!(!inside.contains(['\r', '\n']));
        }
    }
}
