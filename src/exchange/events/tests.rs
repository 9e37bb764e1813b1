//! Each form with an ordinary entry, with every field, and with texts that try to break out.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    history::{Action, Fetch},
    name::KeyName,
};

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
    event.other.insert("reason".into(), "two\r\nlines\u{2028}\u{202e}".into());
    event.other.insert("later".into(), json!({ "a": [1] }));
    event
}

fn line(form: Form, number: u64, event: &Event) -> String {
    form.line(number, event)
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
        "n,time,action,keys,more,profile,program,started_by,agent,folder,project,terminal,pid,reason,outcome,note,lost,rule,alerts,other,went_back,arguments,took_ms,exit,sources\r\n"
    );
    assert_eq!(
        line(Form::Csv, 5, &run()),
        "5,2026-11-24T09:00:00Z,run,\"openai/dev, b\",,,node,,,/home/me/shop,,true,7,,,,,,,,,,,,\r\n"
    );
    assert_eq!(
        line(Form::Csv, 6, &hostile()),
        "6,2026-11-24T09:00:00Z,failed,,,,'=cmd|'C'!A1\\u{a}<110>1 -,\"'-x, a,b\",,\"/a,\"\"b\"\"/c]d\\e=f\\u{1b}[31m\",,,,two\\u{d}\\u{a}lines\\u{2028}\\u{202e},refused: expired,,,,,\"{\"\"later\"\":{\"\"a\"\":[1]}}\",,,,,\r\n"
    );
}

#[test]
fn a_semicolon_begins_no_cell_either() {
    let odd = event(Action::Run).folder(Path::new("/x;=cmd()"));
    assert_eq!(line(Form::Csv, 1, &odd).split(',').nth(9), Some("\"/x;=cmd()\""));
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
fn no_field_of_syslog_or_cef_ends_before_its_end() {
    assert_eq!(
        line(Form::Syslog, 6, &hostile()),
        "<108>1 2026-11-24T09:00:00Z - keyctl - failed [keyctl@32473 n=\"6\" program=\"=cmd|'C'!A1\\\\u{a}<110>1 -\" started_by=\"-x, a,b\" folder=\"/a,\\\"b\\\"/c\\]d\\\\e=f\\\\u{1b}[31m\" reason=\"two\\\\u{d}\\\\u{a}lines\\\\u{2028}\\\\u{202e}\" outcome=\"refused: expired\" other=\"{\\\"later\\\":{\\\"a\\\":[1\\]}}\"] failed by =cmd|'C'!A1\\u{a}<110>1 -: refused: expired\n"
    );
    let text = line(Form::Cef, 6, &hostile());
    let (_, extension) = text.split_once("|failed|keyctl failed|7|").expect("a head");
    assert_eq!(
        extension,
        "externalId=6 rt=1795510800000 act=failed sproc=\\=cmd|'C'!A1\\\\u{a}<110>1 - cs3=-x, a,b cs3Label=started_by filePath=/a,\"b\"/c]d\\\\e\\=f\\\\u{1b}[31m reason=two\\\\u{d}\\\\u{a}lines\\\\u{2028}\\\\u{202e} outcome=refused: expired cs6={\"later\":{\"a\":[1]}} cs6Label=other\n"
    );
}

#[test]
fn a_line_of_cef_has_its_own_names_and_labels() {
    let text = line(Form::Cef, 5, &run());
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        text,
        format!(
            "CEF:0|keyctl|keyctl|{version}|run|keyctl run|3|externalId=5 rt=1795510800000 act=run cs1=openai/dev, b cs1Label=keys sproc=node filePath=/home/me/shop cn3=1 cn3Label=terminal spid=7\n"
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

/// An entry with all that one can have; a field that is new has to be given here, and so in the table of the fields.
fn full() -> Event {
    Event {
        moment: run().moment,
        action: Action::Run,
        names: vec!["a".into()],
        more: 2,
        profile: Some("prod".into()),
        program: Some("node".into()),
        args: vec!["server.js".into(), "--port".into()],
        by: vec!["zsh".into(), "tmux".into()],
        agent: Some("Claude Code".into()),
        folder: Some("/shop-fix".into()),
        project: Some("/shop".into()),
        terminal: Some(false),
        process: Some(7),
        reason: Some("deploy".into()),
        outcome: Some("refused".into()),
        took: Some(1_200),
        exit: Some(3),
        note: Some("noted".into()),
        lost: Some(3),
        sources: vec![Fetch { name: "corp".into(), cached_s: Some(720), with: vec!["corp/token".into()] }],
        rule: Some("burst".into()),
        of: vec![4, 5],
        other: Map::from_iter([("last".to_owned(), json!(6))]),
        went_back: Some(301),
    }
}

#[test]
fn every_field_of_an_entry_stands_in_the_table_and_every_form_has_it_by_the_name_that_is_given_there() {
    let sealed: Value = serde_json::from_str(&line(Form::Jsonl, 5, &full())).expect("json");
    let sealed: Vec<&str> = sealed.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut known: Vec<&str> = schema::all().map(|field| field.sealed).filter(|name| !name.is_empty()).collect();
    known.push("last");
    known.sort_unstable();
    assert_eq!(sealed, known);
    let names: Vec<&str> = schema::all().map(|field| field.name).collect();
    assert_eq!(Form::Csv.head(), format!("{}\r\n", names.join(",")));
    let row = line(Form::Csv, 5, &full());
    assert!(!row.contains(",,") && !row.ends_with(",\r\n"), "{row}");
    let text = line(Form::Syslog, 5, &full());
    for name in names.iter().filter(|name| !["time", "action", "pid"].contains(name)) {
        assert!(text.contains(&format!(" {name}=\"")), "{name}: {text}");
    }
    assert_eq!(text.matches("=\"").count(), names.len() - 3, "{text}");
    let text = line(Form::Cef, 5, &full());
    for field in schema::all() {
        let label =
            if schema::is_custom(field.cef) { format!(" {}Label={} ", field.cef, field.name) } else { String::new() };
        let ending = text.replace('\n', " ");
        assert!(
            ending.replace('|', " ").contains(&format!(" {}=", field.cef)) && ending.contains(&label),
            "{}: {text}",
            field.name
        );
    }
    let otel: Value = serde_json::from_str(&line(Form::Otel, 5, &full())).expect("json");
    let record = &otel["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    let has: std::collections::BTreeSet<String> = record["attributes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["key"].as_str().expect("text").to_owned())
        .collect();
    let expected = names.iter().filter(|name| **name != "time").map(|name| format!("keyctl.{name}"));
    assert_eq!(has, expected.collect());
    // Every key of CEF is used for one thing.
    let keys: std::collections::BTreeSet<&str> = schema::all().map(|field| field.cef).collect();
    assert_eq!(keys.len(), names.len());
}

#[test]
fn the_schema_in_words_has_every_name_and_fits_a_screen() {
    let text = described();
    for field in schema::all() {
        assert!(
            text.contains(&format!("\n  {:<10}  {:<6}  {}\n", field.name, field.kind, field.meaning)),
            "{}",
            field.name
        );
        assert!(text.contains(&format!("  {:<11} {}", field.cef, field.name)), "{}", field.cef);
        assert!(
            field.name == field.sealed
                || field.sealed.is_empty()
                || text.contains(&format!("  {:<11} {}", field.sealed, field.name)),
            "{}",
            field.sealed
        );
        assert!(["number", "text", "list", "flag", "moment", "object"].contains(&field.kind));
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80 && !line.ends_with(' ')), "{text}");
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
            prop_assert!(matches!(form, Form::Jsonl | Form::Otel) || !inside.chars().any(char::is_control), "{:?}: {}", form, text);
            let breaks = inside.contains(['\r', '\n', '\u{202e}', '\u{2028}']);
            prop_assert!(!breaks, "{:?}: {}", form, text);
        }
    }
}
