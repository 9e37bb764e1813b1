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
    sandbox::{Sandbox, bend, contains, put_program},
};

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
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
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
    run(&sandbox, LATER, "true", FORGOTTEN);
    run(&sandbox, LATER, "sync", &first("sync", 8));
    assert_eq!(alerts(&sandbox)[0], "history: the watch's memory was lost: it learns anew");
    // Each loss is told of, whether somebody has looked at the one before it or not.
    for _ in 0..2 {
        fs::remove_file(&state).expect("remove");
        run(&sandbox, LATER, "sync", FORGOTTEN);
        run(&sandbox, LATER, "sync", "");
    }
    let losses = || alerts(&sandbox).iter().filter(|alert| alert.contains("memory was lost")).count();
    assert_eq!(losses(), 3);
    // Where it cannot be kept, each use finds it gone: that is told of until somebody has looked at it, once.
    fs::remove_file(&state).expect("remove");
    assert_eq!(sandbox.call(&["alerts", "ack", "--all"]).at(LATER).run().code(), 0);
    fs::create_dir(&state).expect("make");
    run(&sandbox, LATER, "true", FORGOTTEN);
    run(&sandbox, LATER, "true", "");
    assert_eq!(losses(), 4);
    assert_eq!(sandbox.call(&["alerts", "ack", "--all"]).at(LATER).run().code(), 0);
    run(&sandbox, LATER, "true", FORGOTTEN);
}

#[test]
fn of_many_uses_at_once_one_tells_what_they_have_in_common() {
    let sandbox = learnt();
    sandbox.configure("[alerts]\nburst = 10\n");
    let told = |words: &str| alerts(&sandbox).iter().filter(|alert| alert.contains(words)).count();
    // Each of those that come then is the tenth within a minute, as far as it knows.
    (0..9).for_each(|_| run(&sandbox, LATER, "true", ""));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).at(LATER).run();
                assert_eq!(ran.code(), 0, "{}", ran.stderr());
            });
        }
    });
    assert_eq!((told("uses within a minute"), told("given to `sync`"), alerts(&sandbox).len()), (1, 1, 2));
    // A loss that they find together is one.
    fs::remove_file(sandbox.data("alerts.state")).expect("remove");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).at(LATER).run().code());
        }
    });
    assert_eq!(told("memory was lost"), 1);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn who_holds_the_memory_keeps_no_use_waiting_and_silences_nothing() {
    let sandbox = learnt();
    run(&sandbox, LATER, "true", "");
    let lock = fs::File::options().write(true).create(true).truncate(false).open(sandbox.data("alerts.lock"));
    let lock = lock.expect("open");
    lock.lock().expect("lock");
    // Under the clock that they have, as a lock is waited for.
    let begun = Instant::now();
    let use_it = || sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).run();
    use_it().says("", &first("sync", 7), 0);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(lock);
    use_it().says("", "", 0);
}

const FORGOTTEN: &str = "keyctl: alert: the watch's memory was lost: it learns anew\n";

#[test]
fn a_first_use_is_no_loss_of_memory() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert!(alerts(&sandbox).is_empty());
}

#[test]
fn what_is_usual_goes_with_a_key_to_its_new_name_and_not_to_another_key_of_its_name() {
    let sandbox = learnt();
    let say = |words: &[&str]| {
        let ran = sandbox.call(words).at(LATER).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    say(&["rename", "stripe/prod", "stripe/live"]);
    let run_live = |program: &str, stderr: &str| {
        sandbox.call(&["run", "-k", "V=stripe/live", "--", program]).at(LATER).run().says("", stderr, 0);
    };
    run_live("true", "");
    let told = |number: u64| first("sync", number).replace("stripe/prod", "stripe/live");
    run_live("sync", &told(8));
    // Of another key of that name nothing is known yet, so nothing of it is unusual.
    say(&["remove", "stripe/live", "--yes"]);
    keep(&sandbox, "stripe/live", LATER, &[]);
    run_live("cat", "");
}

#[test]
fn a_state_that_cannot_be_written_or_read_keeps_no_use_from_happening() {
    let sandbox = learnt();
    sandbox.configure("[alerts]\nnew_program = false\n");
    let state = sandbox.data("alerts.state");
    let trace = sandbox.outside().join("trace");
    let (file, to) = (state.to_str().expect("text"), trace.to_str().expect("text"));
    let options = ["strace", "-f", "-qq", "-o", to, "-P", file, "-e"];
    for inject in
        ["inject=openat:error=EACCES", "inject=read:error=EIO", "inject=write,pwrite64,renameat2,rename:error=ENOSPC"]
    {
        let words = [&options[..], &[inject]].concat();
        // Something new is learnt, so that it is to be written too.
        let program = sandbox.outside().join(&inject[7..12]);
        put_program(b"#!/bin/sh\necho done\n", &program);
        let call = ["run", "-k", "V=stripe/prod", "--", program.to_str().expect("text")];
        sandbox.call(&call).under(&words).run().says("done\n", "", 0);
        let seen = fs::read_to_string(&trace).expect("a trace");
        assert!(seen.contains("(INJECTED)"), "{inject}: {seen}");
    }
    fs::remove_file(&state).expect("remove");
    fs::create_dir(&state).expect("make");
    sandbox.call(&["get", "stripe/prod"]).run().says("sk-secret-of-stripe/prod", FORGOTTEN, 0);
    sandbox.call(&["get", "stripe/prod"]).run().says("sk-secret-of-stripe/prod", "", 0);
}

#[test]
fn a_state_that_another_keyctl_has_just_written_is_not_called_lost() {
    let sandbox = learnt();
    sandbox.configure("[alerts]\nnew_program = false\n");
    let state = sandbox.data("alerts.state");
    let touch = |file: &str| fs::File::options().write(true).open(sandbox.data(file)).expect("open");
    touch("store.age").set_modified(std::time::SystemTime::now()).expect("set");
    fs::write(&state, b"sealed for another identity").expect("write");
    sandbox.call(&["get", "stripe/prod"]).run().says("sk-secret-of-stripe/prod", "", 0);
    assert_eq!(fs::read(&state).expect("a state"), b"sealed for another identity");
    let earlier = std::time::SystemTime::now() - std::time::Duration::from_secs(30);
    fs::File::options().write(true).open(&state).expect("open").set_modified(earlier).expect("set");
    sandbox.call(&["get", "stripe/prod"]).run().says("sk-secret-of-stripe/prod", FORGOTTEN, 0);
}

#[test]
fn a_rule_can_be_switched_off_or_tuned() {
    let sandbox = learnt();
    sandbox.configure("[alerts]\nnew_program = false\n");
    run(&sandbox, LATER, "sync", "");
    assert_eq!(alerts(&sandbox), Vec::<String>::new());
    let get = || sandbox.call(&["get", "stripe/prod"]).run();
    sandbox.configure("[alerts]\nnew_program = false\nnew_project = false\nhour = false\nburst = 10\n");
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
    sandbox.configure("[policy]\nrevoked = \"warn\"\n");
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
    sandbox.configure(&format!("[alerts]\nprogram = [\"sh\", \"-c\", \"{script}\"]\n"));
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
    sandbox.configure("[alerts]\nprogram = [\"/nowhere/tell\"]\nnotify = true\n");
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
    sandbox.configure(&format!("[alerts]\nprogram = [\"sh\", \"-c\", \"cat >'{}'\"]\n", told.display()));
    sandbox.call(&["alerts", "test"]).run().says("", &format!("{trial}keyctl: `sh` was told\n"), 0);
    assert!(fs::read_to_string(&told).expect("told").contains("\"rule\":\"test\""));
    sandbox.configure("[alerts]\nprogram = [\"false\"]\nnotify = true\n");
    let ran = sandbox.call(&["alerts", "test"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 10));
    let said = "keyctl: the alert program `false` ended with exit code 1\n\
                keyctl: cannot show a notification: there is no session bus\n";
    assert_eq!(
        ran.stderr().lines().filter(|line| !line.contains("hint")).collect::<Vec<_>>().join("\n") + "\n",
        format!("{trial}{said}")
    );
}

/// What the store says of a history that a test has taken the end from.
const CUT: &str = "keyctl: not recorded in the history: the end of the history is not sealed: `history.head` is missing\n\
                   keyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\n";

#[test]
fn a_held_lock_delays_a_use_once_and_what_is_told_then_stands_in_the_history_later() {
    let sandbox = learnt();
    let lock = fs::File::options().write(true).open(sandbox.data("history.lock")).expect("open");
    lock.lock().expect("lock");
    let begun = Instant::now();
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).run();
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(9), "{took:?}");
    let said = ran.stderr();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 3 && ran.code() == 0, "{said}");
    assert!(lines[0].starts_with("keyctl: not recorded in the history: another program holds the lock "), "{said}");
    assert!(lines[0].ends_with("/history.lock`; waited 2 s"), "{said}");
    assert_eq!(lines[2], "keyctl: alert: `stripe/prod` was given to `sync` for the first time");
    assert_eq!(alerts(&sandbox), Vec::<String>::new());
    lock.unlock().expect("unlock");
    sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).run().says("", "", 0);
    let told = alerts(&sandbox);
    assert!(
        told.len() == 2 && told[0].starts_with("history: a use was not recorded: another program holds"),
        "{told:?}"
    );
    assert_eq!(told[1], "new_program: `stripe/prod` was given to `sync` for the first time");
    let all = events(&sandbox);
    let last: Vec<_> = all[4..].iter().map(|event| event["ev"].as_str().expect("text")).collect();
    assert_eq!(last, ["gap", "alert", "alert", "run"]);
    // They are told as of when they happened, and not again.
    assert!(all[5]["t"].as_str() < all[7]["t"].as_str());
    sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).run().says("", "", 0);
    assert_eq!(alerts(&sandbox).len(), 2);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn a_removed_head_is_an_alert_once_a_day_that_the_history_has_after_its_repair() {
    let sandbox = learnt();
    let told = sandbox.outside().join("told");
    sandbox.configure(&format!("[alerts]\nprogram = [\"sh\", \"-c\", \"cat >>'{}'\"]\n", told.display()));
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    run(&sandbox, LATER, "true", CUT);
    run(&sandbox, LATER, "true", CUT);
    let alert: Value = serde_json::from_str(&wait_for(&told)).expect("one line");
    assert_eq!((&alert["n"], &alert["rule"], &alert["prog"]), (&json!(null), &json!("history"), &json!("true")));
    let why = "a use was not recorded: the end of the history is not sealed: `history.head` is missing";
    assert_eq!(alert["note"], why);
    let waits = format!(
        "keyctl: 1 alert cannot be added to the history: {}keyctl: what they say:\n  {why}\n\
         keyctl: the history may not be all there: its sealed end is missing\nkeyctl: hint: `keyctl history verify` says what can still be relied on\n",
        CUT.strip_prefix("keyctl: not recorded in the history: ").expect("a prefix")
    );
    sandbox.call(&["alerts", "list"]).run().says("", &waits, 5);
    let sealed = "keyctl: sealed the end of the history anew; an entry in it says so\nkeyctl: hint: `verify` tells of what is missing until you say yes to it: `keyctl history repair --accept`\n";
    sandbox.call(&["history", "repair", "--yes"]).run().says("", sealed, 0);
    let table = format!("#  WHEN              RULE     WHAT\n7  2020-11-12 10:00  history  {why}\n");
    sandbox.call(&["alerts", "list"]).run().says(&table, "", 0);
    let all: Vec<Value> = events(&sandbox);
    let last: Vec<_> = all[4..].iter().map(|event| event["ev"].as_str().expect("text")).collect();
    assert_eq!(last, ["gap", "repair", "alert"]);
    assert_eq!(fs::read_to_string(&told).expect("told").lines().count(), 1);
}

#[test]
fn a_change_or_a_cut_that_is_found_is_an_alert_and_the_next_use_puts_it_into_the_history() {
    let sandbox = learnt();
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let mut changed = whole.clone();
    bend(&mut changed[40]);
    fs::write(&log, &changed).expect("write");
    let verify = || sandbox.call(&["history", "verify"]).at(LATER).run();
    let said = verify();
    assert_eq!(said.code(), 1);
    let what = said.stderr().trim_end().trim_start_matches("keyctl: ").to_owned();
    assert!(what.starts_with("the history is tampered at #1: "), "{what}");
    assert_eq!(verify().stderr(), said.stderr());
    assert_eq!(sandbox.call(&["doctor"]).at(LATER).run().code(), 1);
    assert_eq!(fs::read(&log).expect("read"), changed, "to look at it changes nothing");
    fs::write(&log, &whole).expect("write");
    run(&sandbox, LATER, "true", "");
    assert_eq!(alerts(&sandbox), [format!("history: {what}")]);
    // Another day, another word; `doctor` alone says it too.
    fs::write(&log, &changed).expect("write");
    assert_eq!(sandbox.call(&["doctor"]).at("2020-11-13T10:00:00Z").run().code(), 1);
    let named = sandbox.call(&["alerts", "list", "--json"]).run();
    assert_eq!(named.code(), 5, "{}", named.stderr());
    // An unfinished entry is what a kill leaves, and nothing there is nothing wrong.
    let sandbox = learnt();
    let log = sandbox.data("history.log");
    let torn = [&fs::read(&log).expect("read")[..], b"1.5.torn"].concat();
    fs::write(&log, torn).expect("write");
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 4);
    let mended = "keyctl: the history was mended: an unfinished entry of 8 bytes was moved to `history.torn`\n";
    run(&sandbox, LATER, "true", mended);
    assert_eq!(alerts(&sandbox), Vec::<String>::new());
    assert_eq!(events(&sandbox).len(), 6);
}

#[test]
fn a_history_that_begins_anew_has_the_alerts_of_the_former_one_and_the_watch_knows_what_it_knew() {
    let sandbox = learnt();
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let at = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines");
    fs::write(&log, &whole[..=at]).expect("cut");
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "true"]).at(LATER).run();
    assert!(ran.code() == 0 && ran.stderr().starts_with("keyctl: not recorded in the history: "), "{}", ran.stderr());
    let ran = sandbox.call(&["history", "repair", "--yes"]).at(LATER).run();
    assert!(ran.stderr().contains("began another"), "{}", ran.stderr());
    let told = alerts(&sandbox);
    assert!(told.len() == 1 && told[0].starts_with("history: a use was not recorded: "), "{told:?}");
    run(&sandbox, LATER, "true", "");
    let number = events(&sandbox).len() as u64 + 2;
    run(&sandbox, LATER, "sync", &first("sync", number));
}

#[test]
fn a_history_that_is_required_refuses_the_use_and_that_is_told_too() {
    let sandbox = learnt();
    sandbox.configure("[history]\nrequired = true\n");
    let head = sandbox.data("history.head");
    let kept = fs::read(&head).expect("read");
    fs::remove_file(&head).expect("remove");
    let ran = sandbox.call(&["run", "-k", "V=stripe/prod", "--", "sync"]).at(LATER).run();
    assert_eq!(ran.code(), 125, "{}", ran.stderr());
    fs::write(&head, kept).expect("write");
    // It was not used, so nothing of it is known; that it was asked for and could not be recorded is an entry of its own.
    run(&sandbox, LATER, "sync", &first("sync", 8));
    assert_eq!(events(&sandbox)[4]["lost"], 1);
    let why = "the end of the history is not sealed: `history.head` is missing";
    let told = [
        format!("history: a use was refused because it could not be recorded: {why}"),
        "new_program: `stripe/prod` was given to `sync` for the first time".to_owned(),
    ];
    assert_eq!(alerts(&sandbox), told);
}

#[test]
fn a_gap_that_no_use_has_told_of_is_told_by_the_next_one() {
    let sandbox = learnt();
    fs::write(sandbox.data("history.gap"), "..").expect("write");
    run(&sandbox, LATER, "true", "");
    assert_eq!(alerts(&sandbox), ["history: 2 events could not be recorded"]);
    sandbox.configure("[alerts]\nhistory = false\n");
    fs::write(sandbox.data("history.gap"), "..").expect("write");
    run(&sandbox, "2020-11-13T10:00:00Z", "true", "");
    assert_eq!(alerts(&sandbox).len(), 1);
}

#[test]
fn an_hour_or_a_project_that_is_not_usual_is_told_of() {
    let sandbox = learnt();
    for day in 12..24 {
        run(&sandbox, &format!("2020-11-{day}T10:00:00Z"), "true", "");
    }
    let night = "keyctl: alert: `stripe/prod` was used at an unusual hour (03:00) (seen it? `keyctl alerts ack 18`)\n";
    run(&sandbox, "2020-11-24T03:00:00Z", "true", night);
    sandbox.file(".keyctl.toml", "[env]\nV = \"stripe/prod\"\n");
    sandbox.allow();
    let project =
        "keyctl: alert: `stripe/prod` was used in `~/project` for the first time (seen it? `keyctl alerts ack 21`)\n";
    sandbox.call(&["run", "--", "true"]).at("2020-11-24T10:00:00Z").run().says("", project, 0);
}

#[test]
fn a_use_of_very_many_keys_is_told_too_and_leaves_no_child_behind() {
    let sandbox = learnt();
    let told = sandbox.outside().join("told");
    let names: Vec<String> = (0..700).map(|number| format!("K{number:0>120}")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name}=sk-{name}")).collect();
    sandbox.may_lie_in(&sandbox.file(".env", lines.join("\n")));
    assert_eq!(sandbox.call(&["import", ".env"]).at("2020-11-01T10:00:00Z").run().code(), 0);
    let choice: Vec<&str> = names.iter().flat_map(|name| ["-k", name]).collect();
    let call = |program: &[&str]| sandbox.call(&[&["run"], &choice[..], &["--"], program].concat());
    for day in ["02", "03", "05"] {
        call(&["true"]).at(&format!("2020-11-{day}T11:00:00Z")).run().says("", "", 0);
    }
    sandbox.configure(&format!(
        "[alerts]\nprogram = [\"sh\", \"-c\", \"cat >'{0}.part'; mv '{0}.part' '{0}'\"]\n",
        told.display()
    ));
    let ran = call(&["sh", "-c", "ps -o stat= --ppid $$ | grep -c Z"]).run();
    assert_eq!(ran.stdout(), "0\n", "{}", ran.stderr());
    let alert: Value = serde_json::from_str(&wait_for(&told)).expect("json");
    assert_eq!(alert["rule"], "new_program");
    let told = alert["names"].as_array().expect("names").len() as u64;
    assert_eq!(told + alert["more"].as_u64().expect("more"), 700);
}

#[test]
fn what_scripts_read_says_what_was_put_away_and_which_way_was_told() {
    let sandbox = learnt();
    run(&sandbox, LATER, "sync", &first("sync", 6));
    let json = |words: &[&str]| {
        let ran = sandbox.call(words).run();
        (serde_json::from_str::<Value>(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.stderr())), ran.code())
    };
    assert_eq!(json(&["alerts", "ack", "6", "--json"]), (json!({ "seen": [6] }), 0));
    assert_eq!(json(&["alerts", "ack", "--all", "--json"]), (json!({ "seen": [] }), 0));
    assert_eq!(json(&["alerts", "test", "--json"]), (json!({ "told": [] }), 0));
    sandbox.configure("[alerts]\nprogram = [\"true\"]\nnotify = true\n");
    let told = json!({ "told": [
        { "by": "notification", "failure": "cannot show a notification: there is no session bus" },
        { "by": "program", "failure": null },
    ] });
    let (said, code) = json(&["alerts", "test", "--json"]);
    assert_eq!((said, code), (told, 10));
}

#[test]
fn a_refused_replacement_is_told_of_as_any_refused_use_is_and_makes_the_next_use_no_loss() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.configure("[policy]\nrequire_reason = \"always\"\n");
    assert_eq!(sandbox.call(&["rotate", "A", "--generate", "--yes"]).run().code(), 9);
    let told = alerts(&sandbox);
    assert!(told.len() == 1 && told[0].starts_with("refused: "), "{told:?}");
    let failed = events(&sandbox).into_iter().find(|event| event["ev"] == "failed").expect("one");
    assert!(failed["cwd"].as_str().is_some_and(|folder| folder.ends_with("/project")), "{failed}");
    sandbox.call(&["run", "-k", "A=A", "--reason", "x", "--", "true"]).run().says("", "", 0);
    assert_eq!(alerts(&sandbox).len(), 1);
}

#[test]
fn what_was_used_while_no_rule_was_on_is_no_loss_of_memory() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let rules = ["new_program", "new_project", "agent", "ended", "leaked", "hour", "refused", "history", "burst"];
    let off = rules.map(|rule| format!("{rule} = false\n")).concat();
    sandbox.configure(&format!("[alerts]\n{off}"));
    for _ in 0..2 {
        sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    }
    sandbox.configure("");
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert!(alerts(&sandbox).is_empty());
}

#[test]
fn a_memory_that_was_made_too_large_or_junk_just_now_is_a_loss_that_is_told() {
    let sandbox = learnt();
    let state = sandbox.data("alerts.state");
    fs::File::options().write(true).open(&state).expect("open").set_len(1 << 20).expect("longer");
    run(&sandbox, LATER, "true", FORGOTTEN);
    assert!(fs::metadata(&state).expect("there").len() < 1 << 19, "it remembers again");
    // Just now by the clock of the files, and long after the store was written.
    let store = fs::File::options().write(true).open(sandbox.data("store.age")).expect("open");
    store.set_modified(std::time::SystemTime::now() - Duration::from_mins(1)).expect("set");
    fs::write(&state, b"garbage").expect("write");
    sandbox.call(&["run", "-k", "V=stripe/prod", "--", "true"]).run().says("", FORGOTTEN, 0);
}

#[test]
fn where_no_desktop_shows_a_trial_the_hint_names_where_alerts_stand() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.configure("[alerts]\nnotify = true\n");
    let said = sandbox.call(&["alerts", "test"]).run().stderr();
    assert!(said.ends_with("keyctl: hint: `keyctl alerts list` says the same in the terminal\n"), "{said}");
    assert!(!said.contains("keyctl due"));
}
