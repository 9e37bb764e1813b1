//! Alerts: what is told of an unusual use as it happens, where it goes, and how it is put away.
#![cfg(target_os = "linux")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    clock::keep,
    sandbox::{Sandbox, contains, put_program},
};

fn configure(sandbox: &Sandbox, text: &str) {
    let folder = sandbox.home().join(".config/keyctl");
    fs::create_dir_all(&folder).expect("make");
    fs::write(folder.join("config.toml"), text).expect("write");
}

#[track_caller]
fn run(sandbox: &Sandbox, moment: &str, program: &str, stderr: &str) {
    sandbox.call(&["run", "-k", "V=stripe/prod", "--", program]).at(moment).run().says("", stderr, 0);
}

/// A key that was used by `true` on three days of a week.
fn learnt() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, "stripe/prod", "2020-11-01T10:00:00Z", &[]);
    for day in ["02", "03", "05"] {
        run(&sandbox, &format!("2020-11-{day}T10:00:00Z"), "true", "");
    }
    sandbox
}

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let ran = sandbox.call(&["history", "--json"]).run();
    ran.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

fn alerts(sandbox: &Sandbox) -> Vec<String> {
    let told = events(sandbox).into_iter().filter(|event| event["ev"] == "alert");
    told.map(|event| {
        format!("{}: {}", event["rule"].as_str().expect("a rule"), event["note"].as_str().expect("a text"))
    })
    .collect()
}

const LATER: &str = "2020-11-12T10:00:00Z";

fn first(program: &str, number: u64) -> String {
    format!(
        "keyctl: alert: `stripe/prod` was given to `{program}` for the first time (seen it? `keyctl alerts ack {number}`)\n"
    )
}

#[test]
fn a_new_program_is_told_of_once_and_put_away() {
    let sandbox = learnt();
    sandbox.call(&["alerts", "list"]).run().says("", "keyctl: there is no alert to look at\n", 0);
    run(&sandbox, LATER, "true", "");
    run(&sandbox, LATER, "/usr/bin/sync", &first("sync", 7));
    run(&sandbox, LATER, "/usr/bin/sync", "");
    let all = events(&sandbox);
    assert_eq!(
        ["ev", "rule", "names", "prog", "note"].map(|field| all[6][field].clone()),
        [
            json!("alert"),
            json!("new_program"),
            json!(["stripe/prod"]),
            json!("sync"),
            json!("`stripe/prod` was given to `sync` for the first time"),
        ]
    );
    let table = "#  WHEN              RULE         WHAT\n\
                 7  2020-11-12 10:00  new_program  `stripe/prod` was given to `sync` for the first time\n";
    sandbox.call(&["alerts", "list"]).run().says(table, "", 0);
    let listed: Value =
        serde_json::from_str(&sandbox.call(&["alerts", "list", "--json"]).run().stdout()).expect("json");
    assert_eq!(
        (&listed[0]["n"], &listed[0]["seen"], &listed[0]["rule"]),
        (&json!(7), &json!(false), &json!("new_program"))
    );
    let none = "keyctl: there is no alert 6\nkeyctl: hint: `keyctl alerts list` shows them with their numbers\n";
    sandbox.call(&["alerts", "ack", "7", "6"]).run().says("", none, 3);
    sandbox.call(&["alerts", "ack", "7"]).run().says("", "keyctl: put away: 1 alert\n", 0);
    sandbox.call(&["alerts", "ack", "7"]).run().says("", "keyctl: put away already\n", 0);
    sandbox.call(&["alerts", "ack", "--all"]).run().says("", "keyctl: there is no alert to look at\n", 0);
    sandbox.call(&["alerts", "list"]).run().says("", "keyctl: there is no alert to look at\n", 0);
    let last = events(&sandbox).pop().expect("an event");
    assert_eq!((&last["ev"], &last["of"]), (&json!("ack"), &json!([7])));
    let table = table.replace("#  WHEN", "#  SEEN  WHEN").replace("7  2020", "7  yes   2020");
    sandbox.call(&["alerts", "list", "--all"]).run().says(&table, "", 0);
    assert_eq!(sandbox.call(&["alerts", "ack"]).run().code(), 2);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn a_lost_or_damaged_state_is_learnt_anew_from_the_history_and_hides_nothing() {
    let sandbox = learnt();
    let state = sandbox.data("alerts.state");
    let kept = fs::read(&state).expect("a state");
    assert!(kept.len() < 2 * 1024 && !contains(&kept, b"stripe") && !contains(&kept, b"true"));
    fs::write(&state, b"garbage").expect("write");
    run(&sandbox, LATER, "true", "");
    run(&sandbox, LATER, "sync", &first("sync", 7));
    fs::remove_file(&state).expect("remove");
    run(&sandbox, LATER, "sync", "");
    fs::remove_file(&state).expect("remove");
    let words = ["run", "-k", "V=stripe/prod", "--", "sh", "-c", "true"];
    sandbox.call(&words).at(LATER).run().says("", &first("sh", 10), 0);
}

#[test]
fn a_state_that_cannot_be_written_or_read_keeps_no_use_from_happening() {
    let sandbox = learnt();
    configure(&sandbox, "[alerts]\nnew_program = false\n");
    let state = sandbox.data("alerts.state");
    let options = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", state.to_str().expect("text"), "-e"];
    for inject in
        ["inject=openat:error=EACCES", "inject=read:error=EIO", "inject=write,pwrite64,renameat2,rename:error=ENOSPC"]
    {
        let words = [&options[..], &[inject]].concat();
        sandbox.call(&["get", "stripe/prod"]).under(&words).run().says("sk-secret-of-stripe/prod", "", 0);
    }
    fs::remove_file(&state).expect("remove");
    fs::create_dir(&state).expect("make");
    sandbox.call(&["get", "stripe/prod"]).run().says("sk-secret-of-stripe/prod", "", 0);
}

#[test]
fn a_rule_can_be_switched_off_or_tuned() {
    let sandbox = learnt();
    configure(&sandbox, "[alerts]\nnew_program = false\n");
    run(&sandbox, LATER, "sync", "");
    assert_eq!(alerts(&sandbox), Vec::<String>::new());
    let get = || sandbox.call(&["get", "stripe/prod"]).run();
    configure(&sandbox, "[alerts]\nnew_program = false\nnew_project = false\nhour = false\nburst = 10\n");
    let mut said = String::new();
    for _ in 0..12 {
        let ran = get();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("sk-secret-of-stripe/prod", 0));
        said += &ran.stderr();
    }
    assert_eq!(alerts(&sandbox), ["burst: 10 uses within a minute, last of `stripe/prod`"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("keyctl: alert: 10 uses within a minute, last of `stripe/prod` (seen it? "), "{said}");
}

#[test]
fn what_was_refused_or_has_ended_is_an_alert_that_is_not_said_twice() {
    let sandbox = learnt();
    let revoke = ["revoke", "stripe/prod", "--yes"];
    assert_eq!(sandbox.call(&revoke).at("2020-11-11T10:00:00Z").run().code(), 0);
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "true"]).at(LATER).run();
    assert!(ran.code() == 125 && !ran.stderr().contains("alert"), "{}", ran.stderr());
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).at(LATER).run();
    assert_eq!(ran.code(), 125);
    configure(&sandbox, "[policy]\nrevoked = \"warn\"\n");
    let warned = "keyctl: `stripe/prod` was revoked 1 day ago: replace it with `keyctl rotate stripe/prod`\n";
    run(&sandbox, LATER, "true", warned);
    run(&sandbox, LATER, "true", warned);
    assert_eq!(
        alerts(&sandbox),
        [
            "refused: `stripe/prod` was asked for and refused: revoked",
            "ended: `stripe/prod` was used though it is revoked"
        ]
    );
}

#[test]
fn a_new_agent_is_told_of_as_a_guess() {
    let sandbox = learnt();
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "true"]).env("GEMINI_CLI", "1").at(LATER).run();
    let said = "keyctl: alert: `stripe/prod` was used by an agent for the first time: perhaps Gemini CLI (seen it? `keyctl alerts ack 6`)\n";
    ran.says("", said, 0);
}

#[test]
fn a_programs_name_does_not_reach_the_terminal_as_it_is() {
    let sandbox = learnt();
    let script = sandbox.project().join("evil\u{1b}[31m\nkeyctl: all is well");
    put_program(b"#!/bin/sh\n", &script);
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", script.to_str().expect("text")]).at(LATER).run();
    assert!(
        ran.code() == 0 && ran.stderr().lines().count() == 1 && !ran.stderr().contains('\u{1b}'),
        "{:?}",
        ran.stderr()
    );
    let listed = sandbox.call(&["alerts", "list"]).run().stdout();
    assert!(listed.lines().count() == 2 && !listed.contains('\u{1b}'), "{listed:?}");
}

#[track_caller]
fn wait_for(path: &Path) -> String {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{} did not come", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::read_to_string(path).expect("read")
}

#[test]
fn the_users_program_is_told_in_the_background_and_nobody_waits_for_it() {
    let sandbox = learnt();
    let (told, go) = (sandbox.outside().join("told"), sandbox.outside().join("go"));
    let script = format!(
        "cat >'{0}.part'; while [ ! -e '{1}' ]; do sleep 0.05; done; mv '{0}.part' '{0}'",
        told.display(),
        go.display()
    );
    configure(&sandbox, &format!("[alerts]\nprogram = [\"sh\", \"-c\", \"{script}\"]\n"));
    // Not at the test's moment: `strace` waits for all that it follows.
    sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).run().says("", &first("sync", 6), 0);
    assert!(!told.exists());
    fs::write(&go, "").expect("write");
    let text = wait_for(&told);
    let alert: Value = serde_json::from_str(&text).expect("json");
    assert!(text.ends_with("}\n") && text.lines().count() == 1);
    assert_eq!(
        ["n", "rule", "names", "prog"].map(|field| alert[field].clone()),
        [json!(6), json!("new_program"), json!(["stripe/prod"]), json!("sync")]
    );
}

#[test]
fn a_program_that_is_not_there_keeps_nothing_from_happening() {
    let sandbox = learnt();
    configure(&sandbox, "[alerts]\nprogram = [\"/nowhere/tell\"]\nnotify = true\n");
    run(&sandbox, LATER, "sync", &first("sync", 6));
}

#[test]
fn a_trial_alert_goes_every_way_that_is_set() {
    let sandbox = Sandbox::new();
    let trial = "keyctl: alert: this is a trial; nothing has happened\n";
    let hint = "keyctl: alerts are shown where they happen and stand in the history; no other way is set\n\
                keyctl: hint: in `config.toml`, under `[alerts]`: `notify = true`, or `program = [\"/path/to/program\"]`\n";
    sandbox.call(&["alerts", "test"]).run().says("", &format!("{trial}{hint}"), 0);
    let told = sandbox.outside().join("told");
    configure(&sandbox, &format!("[alerts]\nprogram = [\"sh\", \"-c\", \"cat >'{}'\"]\n", told.display()));
    sandbox.call(&["alerts", "test"]).run().says("", &format!("{trial}keyctl: `sh` was told\n"), 0);
    assert!(fs::read_to_string(&told).expect("told").contains("\"rule\":\"test\""));
    configure(&sandbox, "[alerts]\nprogram = [\"false\"]\nnotify = true\n");
    let ran = sandbox.call(&["alerts", "test"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 10));
    let said = "keyctl: the alert program `false` ended with exit code 1\n\
                keyctl: cannot show a notification: there is no session bus\n";
    assert_eq!(
        ran.stderr().lines().filter(|line| !line.contains("hint")).collect::<Vec<_>>().join("\n") + "\n",
        format!("{trial}{said}")
    );
}
