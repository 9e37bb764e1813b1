//! The history: what it lists, what it proves, and what is said when it is not whole.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
};

use crate::sandbox::{Sandbox, bend};

/// Three entries: set A, set B, run.
fn three() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    sandbox
}

#[track_caller]
fn verified(sandbox: &Sandbox, stdout: &str, stderr: &str, code: i32) {
    sandbox.call(&["history", "verify"]).run().says(stdout, stderr, code);
}

fn events(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let ran = sandbox.call(&["history", "--json"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    ran.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

#[test]
fn every_use_is_listed_with_names_and_program_and_no_argument() {
    let sandbox = three();
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    sandbox.secret("argument-secret");
    sandbox.call(&["run", "-k", "X=A", "--", "sh", "-c", "true", "argument-secret"]).run().says("", "", 0);
    let listed = sandbox.call(&["history"]).run();
    assert_eq!((listed.stderr().as_str(), listed.code()), ("", 0));
    let rows: Vec<Vec<String>> = listed
        .stdout()
        .lines()
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert_eq!(rows[0], ["#", "WHEN", "WHAT", "KEYS", "BY", "WHERE"]);
    let told: Vec<String> = rows[1..].iter().map(|row| [&row[..1], &row[2..]].concat().join(" ")).collect();
    assert_eq!(told, ["1 set A", "2 set B", "3 run A true ~/project", "4 get B ~/project", "5 run A sh ~/project"]);
    assert!(!listed.stdout().contains("argument-secret"));
    let last = sandbox.call(&["history", "-n", "2"]).run().stdout();
    assert!(last.lines().count() == 3 && last.contains("\n4  ") && last.contains("\n5  "), "{last}");
    let events = events(&sandbox);
    assert_eq!(
        (events[2]["n"].as_u64(), &events[2]["ev"], &events[2]["prog"], &events[2]["names"]),
        (Some(3), &"run".into(), &"true".into(), &serde_json::json!(["A"]))
    );
    verified(&sandbox, "the history is intact (5 entries, end proven, anchored at #2)\n", "", 0);
    verified(&sandbox, "the history is intact (5 entries, end proven, anchored at #5)\n", "", 0);
    sandbox.call(&["history", "verify", "--json"]).run().says(
        "{\n  \"anchored_at\": 5,\n  \"answer\": \"intact\",\n  \"entries\": 5,\n  \"lost\": 0,\n  \"lost_at_least\": false,\n  \"pruned\": null,\n  \"went_back\": 0\n}\n",
        "",
        0,
    );
}

#[test]
fn a_use_is_written_down_before_the_secret_leaves() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for words in [&["get", "A"][..], &["env", "-k", "A"], &["run", "-k", "A", "--", "true"]] {
        let (ran, trace) = sandbox.call(words).traced("write,pwrite64,execve");
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let at =
            |what: &dyn Fn(&str) -> bool| trace.lines().position(what).unwrap_or_else(|| panic!("{words:?}: {trace}"));
        let recorded = at(&|line| line.contains("/history.log>"));
        let left =
            at(&|line| line.contains("write(1<") || (line.contains("execve(") && line.contains("A=first-secret")));
        assert!(recorded < left, "{words:?}: {trace}");
    }
}

#[test]
fn a_changed_dropped_swapped_or_doubled_entry_is_found_with_its_number() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 3);
    let flipped = {
        let mut changed = lines[1].to_vec();
        bend(&mut changed[40]);
        changed
    };
    for (at, content) in [
        (2, [lines[0], &flipped, lines[2]].concat()),
        (2, [lines[0], lines[2]].concat()),
        (1, [lines[1], lines[0], lines[2]].concat()),
        (3, [lines[0], lines[1], lines[1], lines[2]].concat()),
        (3, [lines[0], lines[1], b"\n", lines[2]].concat()),
        (4, [&whole, &b"{\"ev\":\"get\"}\n"[..]].concat()),
    ] {
        fs::write(&log, &content).expect("write");
        let ran = sandbox.call(&["history", "verify"]).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 1), "{}", ran.stderr());
        assert!(ran.stderr().starts_with(&format!("keyctl: the history is tampered at #{at}: ")), "{}", ran.stderr());
        let json = sandbox.call(&["history", "verify", "--json"]).run();
        let json: serde_json::Value = serde_json::from_slice(&json.output.stdout).expect("json");
        assert_eq!((&json["answer"], json["at"].as_u64()), (&"tampered".into(), Some(at)));
    }
    fs::write(&log, &whole).expect("write");
    verified(&sandbox, "the history is intact (3 entries, end proven, anchored at #2)\n", "", 0);
}

#[test]
fn an_unfinished_entry_is_moved_aside_by_the_next_one_and_that_is_said_once() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let file = fs::OpenOptions::new().write(true).open(&log).expect("open");
    let end = file.metadata().expect("facts").len();
    file.write_all_at(b"1.4.unfinished", end).expect("write");
    verified(
        &sandbox,
        "",
        "keyctl: the history is not provable: an unfinished entry stands at the end; the next one moves it aside\n",
        4,
    );
    let mended = "keyctl: the history was mended: an unfinished entry of 14 bytes was moved to `history.torn`\n";
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", mended, 0);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert_eq!(fs::read(sandbox.data("history.torn")).expect("kept"), b"1.4.unfinished");
    let told: Vec<_> = events(&sandbox).iter().map(|event| event["ev"].as_str().expect("text").to_owned()).collect();
    assert_eq!(told, ["set", "set", "run", "repair", "run", "run"]);
    verified(&sandbox, "the history is intact (6 entries, end proven, anchored at #2)\n", "", 0);
}

#[test]
fn a_log_without_its_sealed_end_is_not_proven_and_takes_no_entry() {
    let sandbox = three();
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    verified(&sandbox, "", "keyctl: the history is not provable: the end of 3 entries is not sealed\n", 4);
    let said = "keyctl: not recorded in the history: the end of the history is not sealed: `history.head` is missing\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\n";
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", said, 0);
    sandbox.configure("[history]\nrequired = true\n");
    let said = "keyctl: the end of the history is not sealed: `history.head` is missing [E05]\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\nkeyctl: hint: `history.required` in `config.toml` asks for it\n";
    sandbox.call(&["run", "-k", "A", "--", "touch", "started"]).run().says("", said, 125);
    assert!(!sandbox.project().join("started").exists());
    fs::remove_file(sandbox.data("history.log")).expect("remove");
    let said = said.replace(
        "the end of the history is not sealed: `history.head` is missing",
        "the history is gone, but 2 entries are known",
    );
    sandbox.call(&["run", "-k", "A", "--", "touch", "started"]).run().says("", &said, 125);
    assert!(!sandbox.data("history.log").exists());
}

#[test]
fn a_cut_log_is_found_by_its_sealed_end_and_by_the_anchor() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    fs::write(&log, &whole[..ends[0]]).expect("cut");
    verified(&sandbox, "", "keyctl: the history is tampered at #2: 1 entry missing: the anchor knows #2\n", 1);
    let said = "keyctl: not recorded in the history: the history is shorter than its sealed end\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\n";
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", said, 0);
    fs::write(&log, &whole[..ends[1]]).expect("cut");
    let said = "keyctl: the history is not provable: the last entry is missing, lost in a power cut or cut off; the disk was not waited for\n";
    verified(&sandbox, "", said, 4);
}

#[test]
fn a_cut_that_the_next_entry_heals_stays_a_doubt_and_is_one_alert() {
    let sandbox = three();
    for _ in 0..2 {
        sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    }
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    fs::write(&log, &whole[..ends[2]]).expect("cut");
    let mended = "keyctl: the history was mended: 2 entries that the disk was not waited for are gone\n";
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", mended, 0);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    let told: Vec<_> = events(&sandbox).iter().map(|event| event["ev"].as_str().expect("text").to_owned()).collect();
    assert_eq!(told, ["set", "set", "run", "repair", "run", "alert", "run"]);
    let listed = sandbox.call(&["alerts", "list"]).run().stdout();
    assert!(
        listed.ends_with("history  2 entries of the history are gone, lost in a power cut or cut off\n"),
        "{listed}"
    );
    let doubt = "2 entries after #3 are gone (noted in #4)";
    let hint = "keyctl: hint: if you know of that, say yes to it: `keyctl history repair --accept`\n";
    verified(&sandbox, "", &format!("keyctl: the history is not provable: {doubt}\n{hint}"), 4);
    let status = sandbox.call(&["status"]).run();
    assert!(
        status.stdout().contains(&format!("\nhistory        the history is not provable: {doubt}\n")),
        "{}",
        status.stdout()
    );
    assert!(status.stdout().contains("\nalerts         1 alert not looked at yet: `keyctl alerts list`\n"));
    assert!(status.stderr().ends_with(hint));
    let doctor = sandbox.call(&["doctor"]).run();
    for row in [
        &format!("care  history            not provable: {doubt}\n"),
        "care  alerts             1 alert not looked at yet\n",
    ] {
        assert!(doctor.stdout().contains(row), "{}", doctor.stdout());
    }
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.call(&["status", "--json"]).run().stdout()).expect("json");
    let missing = format!("the history is not provable: {doubt}");
    assert_eq!(json["history"], serde_json::json!({ "alerts": 1, "missing": missing }));
    let json = sandbox.call(&["history", "verify", "--json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.stdout()).expect("json");
    assert_eq!(
        (&json["losses"][0]["n"], &json["losses"][0]["after"], &json["losses"][0]["lost"]),
        (&4.into(), &3.into(), &2.into())
    );
    // None is given to be kept, and nothing is pruned, before the owner has said yes.
    assert_eq!(sandbox.call(&["history", "anchor"]).run().code(), 4);
    assert_eq!(sandbox.call(&["history", "repair", "--accept", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["alerts", "ack", "--all"]).run().code(), 0);
    verified(&sandbox, "the history is intact (9 entries, end proven, anchored at #2, 2 noted as lost)\n", "", 0);
    let status = sandbox.call(&["status"]).run().stdout();
    assert!(!status.contains("\nhistory") && !status.contains("\nalerts"), "{status}");
}

#[test]
fn a_limit_on_the_size_of_files_ends_no_call_and_loses_nothing() {
    let sandbox = three();
    let limited = |trap: &str| ["sh".to_owned(), "-c".into(), format!("{trap}ulimit -f 1; exec \"$@\""), "sh".into()];
    let said =
        "keyctl: not recorded in the history: cannot write `~/.local/share/keyctl/history.log`: file too large\n";
    // The command gets what whoever started keyctl has set for the signal: number 25 (signal(7)).
    for (trap, ignored) in [("", "0"), ("trap '' XFSZ; ", "1")] {
        let script = "echo $(( 0x$(sed -n 's/SigIgn:.//p' /proc/self/status) >> 24 & 1 ))";
        let ran = sandbox.call(&["run", "-k", "A", "--", "sh", "-c", script]).under(&limited(trap)).run();
        ran.says(&format!("{ignored}\n"), said, 0);
    }
    let state = fs::read(sandbox.data("alerts.state")).expect("read");
    sandbox.secret("third-secret");
    let ran = sandbox.call(&["set", "C"]).input("third-secret").under(&limited("")).run();
    let store = "keyctl: cannot write `~/.local/share/keyctl/store.age`: file too large\nkeyctl: hint: what was there before is still there\n";
    ran.says("", &format!("{said}{said}{store}"), 7);
    assert!(state == fs::read(sandbox.data("alerts.state")).expect("read"), "half of it was written over");
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    let noted = events(&sandbox).iter().find(|event| event["ev"] == "gap").expect("a gap")["lost"].clone();
    assert_eq!(noted, 4);
    let ran = sandbox.call(&["history", "verify"]).run();
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
    // Where there is no limit nothing is asked of the system for it but the limit.
    let (_, trace) = sandbox.call(&["run", "-k", "A", "--", "true"]).traced("rt_sigaction,openat");
    assert!(!trace.contains("SIGXFSZ") && !trace.contains("self/status"), "{trace}");
}

#[test]
fn a_whole_history_rolled_back_is_found_by_the_anchor_that_lies_elsewhere() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let files = ["history.log", "history.head"];
    let old: Vec<Vec<u8>> = files.iter().map(|file| fs::read(sandbox.data(file)).expect("read")).collect();
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    for (file, content) in files.iter().zip(&old) {
        fs::write(sandbox.data(file), content).expect("write");
    }
    verified(&sandbox, "", "keyctl: the history is tampered at #2: 1 entry missing: the anchor knows #2\n", 1);
    let said = "keyctl: not recorded in the history: the history ends 1 entry before one that is known\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\nkeyctl: kept `C`\n";
    sandbox.set("C", "third-secret").says("", said, 0);
    for file in files {
        fs::remove_file(sandbox.data(file)).expect("remove");
    }
    let ran = sandbox.call(&["history", "verify"]).run();
    assert_eq!(ran.code(), 1, "{}", ran.stderr());
    let doctor = sandbox.call(&["doctor"]).run();
    assert!(doctor.stdout().contains("tampered at #1: 2 entries missing: the anchor knows #2"), "{}", doctor.stdout());
    assert_eq!(doctor.code(), 1);
}

/// Where the anchor is a file it can be changed together with the history; what the store says of it cannot.
#[test]
fn a_history_that_is_gone_or_rolled_back_together_with_its_anchor_is_found_by_the_store() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let files = ["history.log", "history.head"];
    let old = files.map(|file| fs::read(sandbox.data(file)).expect("read"));
    let anchor = || fs::read_to_string(sandbox.data("anchor.txt")).expect("read");
    let words = |anchor: &str| anchor.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let former = words(&anchor());
    let [.., entries, hash, _] = &former[..] else { panic!("no anchor") };
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    let edit = |entries: &str, hash: &str| {
        let mut line = words(&anchor());
        let last = line.len() - 1;
        (line[last - 2], line[last - 1]) = (entries.to_owned(), hash.to_owned());
        fs::write(sandbox.data("anchor.txt"), line.join(" ")).expect("write");
    };
    edit(entries, hash);
    verified(&sandbox, "the history is intact (2 entries, end proven, anchored at #2)\n", "", 0);
    edit(entries, hash);
    let behind = "the anchor knows #1 of the history, the store #2: not renewed, put back, or changed";
    let doctor = sandbox.call(&["doctor"]).run().stdout();
    assert!(doctor.contains(behind), "{doctor}");
    for (file, content) in files.iter().zip(&old) {
        fs::write(sandbox.data(file), content).expect("write");
    }
    let found = |least: u64, missing: &str| {
        let said = format!("tampered at #{least}: {missing} missing: the store knows #2");
        verified(&sandbox, "", &format!("keyctl: the history is {said}\n"), 1);
        assert!(sandbox.call(&["doctor"]).run().stdout().contains(&said));
        let ran = sandbox.call(&["run", "-k", "A", "--", "true"]).run();
        assert!(ran.stderr().starts_with("keyctl: not recorded in the history: the history "), "{}", ran.stderr());
        assert_eq!(sandbox.call(&["history", "anchor"]).run().code(), 1);
        for words in [&["status"][..], &["history"], &["history", "usage"]] {
            let ran = sandbox.call(words).run();
            let all = format!("{}{}", ran.stdout(), ran.stderr());
            assert!(all.contains("the store knows #2") || all.contains("the history is gone"), "{words:?}: {all}");
        }
    };
    found(2, "1 entry");
    for file in files {
        fs::remove_file(sandbox.data(file)).expect("remove");
    }
    edit("0", &"0".repeat(64));
    let _ = fs::remove_file(sandbox.data("alerts.state"));
    found(1, "2 entries");
}

#[test]
fn what_waits_to_be_noted_as_not_recorded_is_said() {
    let sandbox = three();
    fs::write(sandbox.data("history.gap"), "..").expect("write");
    let words = "2 events could not be recorded; the next entry says so";
    let whole = "the history is intact (3 entries, end proven, anchored at #2)\n";
    verified(&sandbox, whole, &format!("keyctl: {words}\n"), 0);
    assert!(sandbox.call(&["history", "verify", "--json"]).run().stdout().contains("\"unrecorded\": 2"));
    for call in ["status", "doctor"] {
        let ran = sandbox.call(&[call]).run();
        assert!(ran.stdout().contains(words), "{}", ran.stdout());
    }
    assert!(sandbox.call(&["history", "anchor"]).run().stderr().contains(words));
}

#[test]
fn uses_on_a_full_disk_are_counted_though_it_takes_no_marks_of_them() {
    let sandbox = three();
    let [log, gap] = ["history.log", "history.gap"].map(|name| sandbox.data(name).display().to_string());
    let run = |refused: &str| {
        let inject = format!("inject={refused}:error=ENOSPC");
        let options = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &log, "-P", &gap, "-e", &inject];
        let ran = sandbox.call(&["run", "-k", "A", "--", "true"]).under(&options).run();
        assert!(ran.code() == 0 && ran.stderr().contains("no space left"), "{}", ran.stderr());
    };
    let use_it = || assert_eq!(sandbox.call(&["run", "-k", "A", "--", "true"]).run().code(), 0);
    (0..3).for_each(|_| run("write"));
    use_it();
    verified(&sandbox, "the history is intact (6 entries, end proven, anchored at #2, 3 noted as lost)\n", "", 0);
    // Where a file can be no longer either, nobody knows.
    (0..3).for_each(|_| run("write,ftruncate"));
    let words = "at least 1 event could not be recorded, how many is not known";
    let waits = format!("keyctl: {words}; the next entry says so\n");
    let whole = "the history is intact (6 entries, end proven, anchored at #6, 3 noted as lost)\n";
    verified(&sandbox, whole, &waits, 0);
    let json = sandbox.call(&["history", "verify", "--json"]).run().stdout();
    assert!(json.contains("\"unrecorded\": 1,") && json.contains("\"unrecorded_at_least\": true"), "{json}");
    use_it();
    let table = sandbox.call(&["history", "-n", "3"]).run().stdout();
    assert!(table.contains(&format!("gap ({words})")), "{table}");
    let lost = "at least 4 noted as lost, how many is not known";
    let whole = format!("the history is intact (8 entries, end proven, anchored at #6, {lost})\n");
    verified(&sandbox, &whole, "", 0);
    let json = sandbox.call(&["history", "verify", "--json"]).run().stdout();
    assert!(json.contains("\"lost\": 4,") && json.contains("\"lost_at_least\": true"), "{json}");
}

#[test]
fn a_change_that_was_ended_before_the_store_was_written_is_told_of_by_the_next_one() {
    let sandbox = three();
    let keep = |name: &str| {
        sandbox.secret(format!("secret-of-{name}"));
        sandbox.call(&["set", name]).input(format!("secret-of-{name}"))
    };
    let broken = |name: &str, how: &str| {
        // The first rename is the one that puts the new store into its place.
        let inject = format!("inject=rename:{how}:when=1");
        keep(name).under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject]).run().code()
    };
    assert_ne!(broken("C", "error=EIO:signal=KILL"), 0);
    assert_eq!(sandbox.call(&["get", "C"]).run().code(), 3);
    assert_eq!(sandbox.call(&["run", "-k", "A", "--", "true"]).run().code(), 0);
    keep("D").run().says("", "keyctl: kept `D`\n", 0);
    // What is known not to be written needs no second word, and what is told of is told of once.
    assert_eq!(broken("E", "error=ENOSPC"), 7);
    keep("F").run().says("", "keyctl: kept `F`\n", 0);
    let all = events(&sandbox);
    let told: Vec<_> = all.iter().map(|event| event["ev"].as_str().expect("text")).collect();
    assert_eq!(told, ["set", "set", "run", "set", "run", "failed", "set", "set", "failed", "set"]);
    let why = "not confirmed: ended before the store was written";
    let failed = ["names", "of", "note", "outcome"].map(|field| all[5][field].clone());
    assert_eq!(failed, [serde_json::json!(["C"]), serde_json::json!([4]), "set".into(), why.into()]);
    assert!(sandbox.call(&["history"]).run().stdout().contains(&format!("failed (set: {why})  C")));
    // A change of identity is the next change too.
    assert_ne!(broken("G", "error=EIO:signal=KILL"), 0);
    assert_eq!(sandbox.call(&["store", "rekey", "--yes"]).run().code(), 0);
    let all = events(&sandbox);
    let told: Vec<_> = all[10..13].iter().map(|event| (event["ev"].clone(), event["of"].clone())).collect();
    let (none, of) = (serde_json::Value::Null, serde_json::json!([11]));
    assert_eq!(told, [("set".into(), none.clone()), ("failed".into(), of), ("rekey".into(), none)]);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn changes_that_an_older_store_does_not_have_are_told_of_as_that() {
    let sandbox = three();
    let files =
        ["store.age", "anchor.txt"].map(|file| (sandbox.data(file), fs::read(sandbox.data(file)).expect("read")));
    for call in [&["revoke", "A", "--yes"][..], &["edit", "A", "--note", "x"], &["run", "-k", "B", "--", "true"]] {
        assert_eq!(sandbox.call(call).run().code(), 0);
    }
    for (path, content) in files {
        fs::write(path, content).expect("write");
    }
    let said = "keyctl: the history knows 2 changes that the store does not: the store is an older copy\nkeyctl: hint: if you did not put it back yourself: put your newest copy of `store.age` back\n";
    let ran = sandbox.call(&["edit", "B", "--note", "y"]).run();
    assert!(ran.code() == 0 && ran.stderr().starts_with(said), "{}", ran.stderr());
    let failed = events(&sandbox).into_iter().find(|event| event["ev"] == "failed").expect("one");
    let outcome = "not in the store: it is an older copy than the one that the history knows";
    assert_eq!((&failed["of"], &failed["outcome"]), (&serde_json::json!([4, 5]), &outcome.into()));
}

#[test]
fn what_could_not_be_handed_over_was_not_used() {
    let sandbox = three();
    for call in [&["get", "A"][..], &["env", "-k", "A", "--format", "json"]] {
        let full = ["sh", "-c", "exec \"$@\" >/dev/full", "sh"];
        let said = "keyctl: cannot write to standard output: no space left on device\n";
        sandbox.call(call).under(&full).run().says("", said, 7);
    }
    let told: Vec<_> = events(&sandbox)[3..].iter().map(|event| (event["ev"].clone(), event["of"].clone())).collect();
    let (none, of) = (serde_json::Value::Null, |number: u64| serde_json::json!([number]));
    let pair = |action: &str, number| [(action.into(), none.clone()), ("failed".into(), of(number))];
    assert_eq!(told, [pair("get", 4), pair("env", 6)].concat());
    let usage: serde_json::Value =
        serde_json::from_str(&sandbox.call(&["history", "usage", "--json"]).run().stdout()).expect("json");
    let uses: u64 = usage["items"].as_array().expect("items").iter().filter_map(|item| item["uses"].as_u64()).sum();
    assert_eq!(uses, 1, "the one by `true`");
}

#[test]
fn what_could_not_be_recorded_is_noted_by_the_next_entry() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let options = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        log.to_str().expect("text"),
        "-e",
        "inject=write:error=ENOSPC",
    ];
    let run = || sandbox.call(&["run", "-k", "A", "--", "echo", "went on"]);
    let said = "keyctl: not recorded in the history: cannot write `~/.local/share/keyctl/history.log`: no space left on device\n";
    run().under(&options).run().says("went on\n", said, 0);
    run().under(&options).run().says("went on\n", said, 0);
    run().run().says("went on\n", "", 0);
    let events = events(&sandbox);
    let told: Vec<_> = events.iter().map(|event| event["ev"].as_str().expect("text")).collect();
    assert_eq!(told, ["set", "set", "run", "gap", "alert", "run"]);
    assert_eq!(events[3]["lost"], 2);
    verified(&sandbox, "the history is intact (6 entries, end proven, anchored at #2, 2 noted as lost)\n", "", 0);
    sandbox.configure("[history]\nrequired = true\n");
    let said = "keyctl: cannot write `~/.local/share/keyctl/history.log`: no space left on device [E07]\nkeyctl: hint: `history.required` in `config.toml` asks for it\n";
    run().under(&options).run().says("", said, 125);
    let ran = sandbox.call(&["get", "A"]).under(&options).run();
    ran.says("", &said.replace(" [E07]", ""), 7);
}

#[test]
fn eight_writers_at_once_lose_no_key_and_no_entry() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let each = 6;
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for at in 0..each {
                    let name = format!("W{writer}/{at}");
                    sandbox.set(&name, &format!("secret-{name}")).says("", &format!("keyctl: kept `{name}`\n"), 0);
                    sandbox.call(&["run", "-k", &format!("K={name}"), "--", "true"]).run().says("", "", 0);
                }
            });
        }
    });
    let listed = sandbox.call(&["list", "--json"]).run().stdout();
    assert_eq!(listed.matches("\"name\": \"W").count(), 8 * each);
    let events = events(&sandbox);
    assert_eq!(events.len(), 1 + 2 * 8 * each);
    assert!(events.iter().zip(1..).all(|(event, number)| event["n"].as_u64() == Some(number)));
    let ran = sandbox.call(&["history", "verify"]).run();
    assert!(
        ran.stdout()
            .starts_with(&format!("the history is intact ({} entries, end proven, anchored at #", events.len())),
        "{}",
        ran.stderr()
    );
}

#[test]
fn its_files_are_private_and_an_odd_count_is_a_wrong_call() {
    let sandbox = three();
    for file in ["history.log", "history.head"] {
        let mode = fs::metadata(sandbox.data(file)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    sandbox.call(&["history", "-n", "0"]).run().says("", "keyctl: none of 3 entries is shown\n", 0);
    let ran = sandbox.call(&["history", "-n", "x"]).run();
    assert_eq!(ran.code(), 2, "{}", ran.stderr());
}

/// What a question to the history is answered with when it is not all there: what there is, and then what is missing.
#[track_caller]
fn answers_and_says(sandbox: &Sandbox, stdout: &dyn Fn(&str) -> bool, words: &[&str], what: &str) {
    let ran = sandbox.call(words).run();
    let said = format!("keyctl: {what}\nkeyctl: hint: `keyctl history verify` says what can still be relied on\n");
    assert_eq!((ran.stderr().as_str(), ran.code()), (said.as_str(), 5), "{words:?}");
    assert!(stdout(&ran.stdout()), "{words:?}: {}", ran.stdout());
}

#[test]
fn every_question_to_a_history_that_was_cut_is_answered_and_says_what_is_missing() {
    let sandbox = three();
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    verified(&sandbox, "the history is intact (4 entries, end proven, anchored at #2)\n", "", 0);
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    fs::write(&log, &whole[..ends[2]]).expect("cut");
    let what = "the history is not all there: it ends with #3, and the anchor knows #4";
    for (words, shown) in [
        (&["history"][..], "\n3  "),
        (&["history", "--json"], "\"n\":3,"),
        (&["history", "A"], "\n3  "),
        (&["history", "-n", "1"], "\n3  "),
        (&["history", "-n", "1", "--json"], "\"n\":3,"),
        (&["history", "--follow"], "3     "),
        (&["history", "--graph"], "1 use in"),
        (&["history", "usage"], "\nA    1     "),
        (&["history", "usage", "--json"], "\"uses\": 1"),
        (&["history", "who", "A"], "run  true"),
        (&["history", "who", "A", "--json"], "\"times\": 1"),
        (&["history", "export", "--format", "csv"], "\r\n3,"),
    ] {
        answers_and_says(&sandbox, &|text| text.contains(shown), words, what);
    }
    for words in
        [&["history", "--action", "get"][..], &["history", "who", "B"], &["history", "-n", "0"], &["alerts", "list"]]
    {
        answers_and_says(&sandbox, &str::is_empty, words, what);
    }
    let ran = sandbox.call(&["history", "export", "--format", "csv", "-o", "out.csv"]).run();
    assert!(ran.code() == 5 && ran.stderr().starts_with(&format!("keyctl: {what}\n")), "{}", ran.stderr());
    assert!(!sandbox.project().join("out.csv").exists(), "a part would pass for the whole");
    // A name that is not found may be one of those that are missing.
    answers_and_says(&sandbox, &str::is_empty, &["history", "C"], what);
}

#[test]
fn a_history_that_is_gone_or_lost_its_end_is_not_taken_for_one_that_was_never_begun() {
    let sandbox = three();
    let head = fs::read(sandbox.data("history.head")).expect("read");
    let not_sealed = "the history may not be all there: its sealed end is missing";
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    answers_and_says(&sandbox, &|text| text.lines().count() == 4, &["history"], not_sealed);
    fs::write(sandbox.data("history.head"), &head[1..]).expect("write");
    let not_opening = "the history may not be all there: its sealed end does not open";
    answers_and_says(&sandbox, &|text| text.lines().count() == 4, &["history"], not_opening);
    fs::write(sandbox.data("history.head"), &head).expect("write");
    sandbox.call(&["history", "--action", "set", "--json"]).run();
    fs::remove_file(sandbox.data("history.log")).expect("remove");
    let gone = "the history is gone, but 3 entries are known";
    answers_and_says(&sandbox, &str::is_empty, &["history"], gone);
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    let gone = "the history is gone, but 2 entries are known";
    for words in
        [&["history"][..], &["history", "--json"], &["history", "usage", "--by", "program"], &["history", "--graph"]]
    {
        answers_and_says(&sandbox, &str::is_empty, words, gone);
    }
    answers_and_says(&sandbox, &|text| text.contains("never"), &["history", "usage"], gone);
}

#[test]
fn a_history_put_back_with_another_end_is_found_by_who_only_asks() {
    let sandbox = three();
    let files = ["history.log", "history.head"];
    let old: Vec<Vec<u8>> = files.iter().map(|file| fs::read(sandbox.data(file)).expect("read")).collect();
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    verified(&sandbox, "the history is intact (4 entries, end proven, anchored at #2)\n", "", 0);
    for (file, content) in files.iter().zip(&old) {
        fs::write(sandbox.data(file), content).expect("write");
    }
    let what = "the history is not all there: it ends with #3, and the anchor knows #4";
    answers_and_says(&sandbox, &|text| text.contains("\n3  "), &["history"], what);
    // One entry more, as whoever has the identity can write it where nothing is known of an anchor.
    let log = keyctl::home::Home::at(&sandbox.data(""));
    let kept = keyctl::commands::opening::identity(&log).expect("kept");
    let store = keyctl::store::file::SealedFile::read(&log).expect("store").expect("there");
    let payload = store.open_unpinned(&kept.identity).expect("opens").read().expect("whole");
    let other = keyctl::history::Log::new(log.data(), payload.log.0, kept.identity.line().expose());
    let event = keyctl::history::Event::new(keyctl::history::Action::Run, keyctl::date::Moment::now());
    other.append(&event, true).expect("added");
    let what = "the history was changed: entry 4 is not the one that the anchor knows";
    answers_and_says(&sandbox, &|text| text.contains("\n4  "), &["history"], what);
}

#[test]
fn what_was_read_before_a_changed_entry_is_shown_first() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let mut bytes = fs::read(&log).expect("read");
    let end = bytes.len();
    bend(&mut bytes[end - 30]);
    fs::write(&log, bytes).expect("write");
    let what = "the history was changed at entry 3: its chain value is wrong";
    for (words, shown) in [
        (&["history"][..], "\n2  "),
        (&["history", "B"], "\n2  "),
        (&["history", "--json"], "\"n\":2,"),
        (&["history", "-n", "1", "--json"], "\"n\":2,"),
        (&["history", "usage"], "never"),
        (&["history", "export", "--format", "syslog"], " set of B\n"),
        (&["history", "export", "--format", "otel"], "\"intValue\":\"2\""),
    ] {
        answers_and_says(&sandbox, &|text| text.contains(shown), words, what);
    }
}

#[test]
fn the_last_entries_of_all_are_read_from_the_end_alone() {
    let sandbox = three();
    let (whole, log) = (sandbox.call(&["history"]).run().stdout(), sandbox.data("history.log"));
    let mut bytes = fs::read(&log).expect("read");
    bend(&mut bytes[30]);
    fs::write(&log, bytes).expect("write");
    let last = sandbox.call(&["history", "-n", "1"]).run();
    assert_eq!((last.stderr().as_str(), last.code()), ("", 0));
    assert_eq!(last.stdout().lines().last(), whole.lines().last());
    assert_eq!(sandbox.call(&["history", "-n", "1", "--action", "run"]).run().code(), 5);
    assert_eq!(sandbox.call(&["history"]).run().code(), 5);
}

#[test]
fn no_mark_is_given_of_a_history_that_is_not_proven_and_nothing_is_mended_for_one() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let refused = |why: &str, code: i32| {
        let verdict = sandbox.call(&["history", "verify"]).run();
        assert_eq!(verdict.stderr(), format!("keyctl: the history is {why}\n"));
        let said = format!("{}keyctl: hint: only a history that is intact has a mark to keep\n", verdict.stderr());
        for words in [&["history", "anchor"][..], &["history", "anchor", "--json"]] {
            sandbox.call(words).run().says("", &said, code);
        }
    };
    fs::write(&log, [&whole, &b"1.4.unfinished"[..]].concat()).expect("write");
    refused("not provable: an unfinished entry stands at the end; the next one moves it aside", 4);
    assert_eq!(fs::read(&log).expect("read").len(), whole.len() + 14, "it is left where it is");
    assert!(!sandbox.data("history.torn").exists());
    let mut changed = whole.clone();
    bend(&mut changed[whole.len() - 30]);
    fs::write(&log, &changed).expect("write");
    refused("tampered at #3: its chain value is wrong", 1);
    fs::remove_file(&log).expect("remove");
    refused("tampered at #1: 2 entries missing: the anchor knows #2", 1);
    fs::write(&log, &whole).expect("write");
    let ran = sandbox.call(&["history", "anchor"]).run();
    assert!(ran.code() == 0 && ran.stdout().contains(".3."), "{}", ran.stderr());
}

#[test]
fn a_log_that_is_only_long_hangs_nothing_and_is_refused_as_too_long() {
    let sandbox = three();
    let log = sandbox.data("history.log");
    let file = fs::OpenOptions::new().write(true).open(&log).expect("open");
    let whole = file.metadata().expect("facts").len();
    file.set_len(4 << 30).expect("longer");
    // As of a moment that is still to come, it counts as just written.
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(1 << 30)).expect("set");
    let limited = ["sh", "-c", "ulimit -v 1500000; exec \"$@\"", "sh"];
    let why = "the history was changed at entry 4: it is longer than 8 KiB";
    let said = format!(
        "keyctl: not recorded in the history: {why}\nkeyctl: hint: `keyctl history verify` says what can still be relied on\n"
    );
    let ran = sandbox.call(&["run", "-k", "A", "--", "echo", "hi"]).under(&limited).run();
    ran.says("hi\n", &said, 0);
    sandbox.call(&["get", "A"]).under(&limited).run().says("first-secret", &said, 0);
    let ran = sandbox.call(&["history", "-n", "2"]).under(&limited).run();
    assert_eq!((ran.stdout().lines().count(), ran.code()), (3, 5), "{}", ran.stderr());
    sandbox.secret("third-secret");
    let ran = sandbox.call(&["set", "C"]).input("third-secret").under(&limited).run();
    ran.says("", &format!("{said}keyctl: kept `C`\n"), 0);
    file.set_len(whole).expect("shorter");
}

/// Runs a call of which some calls to the system fail for a file, or end it.
fn broken(sandbox: &Sandbox, words: &[&str], file: Option<&str>, inject: &str) -> (String, i32) {
    let inject = format!("inject={inject}");
    let path = file.map(|file| sandbox.data(file).display().to_string());
    let mut options = vec!["strace", "-f", "-qq", "-o", "/dev/null"];
    options.extend(path.iter().flat_map(|path| ["-P", path.as_str()]));
    options.extend(["-e", &inject]);
    let ran = sandbox.call(words).input("another-secret").under(&options).run();
    (ran.stderr(), ran.code())
}

#[test]
fn a_change_whose_entry_is_written_but_not_certain_to_stay_is_no_failed_one() {
    for (file, inject, why) in [
        ("history.log", "fdatasync:error=EIO", "cannot sync"),
        ("history.head", "pwrite64:error=ENOSPC", "cannot write"),
    ] {
        let sandbox = three();
        sandbox.secret("another-secret");
        let (said, code) = broken(&sandbox, &["set", "C"], Some(file), inject);
        let doubt =
            format!("keyctl: recorded in the history, but not for certain: {why} `~/.local/share/keyctl/{file}`: ");
        assert!(said.starts_with(&doubt) && said.ends_with("keyctl: kept `C`\n") && code == 0, "{said}");
        assert!(!sandbox.data("history.gap").exists());
        sandbox.set("D", "fourth-secret").says("", "keyctl: kept `D`\n", 0);
        let told: Vec<_> =
            events(&sandbox).iter().map(|event| event["ev"].as_str().expect("text").to_owned()).collect();
        assert_eq!(told, ["set", "set", "run", "set", "set"], "{file}");
        assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
        // A use that is written is not called unrecorded.
        let inject = if file == "history.head" { "pwrite64:error=ENOSPC" } else { "write:error=EIO" };
        let (said, code) = broken(&sandbox, &["run", "-k", "A", "--", "true"], Some(file), inject);
        assert_eq!((said.contains("not for certain"), code), (file == "history.head", 0), "{said}");
        assert_eq!(sandbox.data("history.gap").exists(), file != "history.head");
    }
}

#[test]
fn a_removal_or_rename_that_did_not_come_into_the_store_ends_no_life() {
    for words in [&["rename", "A", "Z"][..], &["remove", "A", "--yes"]] {
        for inject in ["rename:error=EIO:signal=KILL:when=1", "rename:error=ENOSPC:when=1"] {
            let sandbox = three();
            sandbox.secret("another-secret");
            assert_ne!(broken(&sandbox, words, None, inject).1, 0);
            for _ in 0..3 {
                sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
            }
            sandbox.set("C", "third-secret").says("", "keyctl: kept `C`\n", 0);
            let who = sandbox.call(&["history", "who", "A", "--json"]).run().stdout();
            let who: serde_json::Value = serde_json::from_str(&who).expect("json");
            let times: Vec<_> = who["uses"].as_array().expect("list").iter().map(|row| row["times"].as_u64()).collect();
            assert_eq!(times, [Some(3), Some(1)], "{words:?} {inject}");
            assert_eq!(who["other_names"], serde_json::json!([]));
            let usage = sandbox.call(&["history", "usage", "--json"]).run().stdout();
            assert!(usage.contains("\"uses\": 4") && !usage.contains("\"Z\""), "{usage}");
            let rows = sandbox.call(&["history", "usage"]).run().stdout();
            assert!(!rows.contains("removed"), "{rows}");
            let touched = sandbox.call(&["rotate", "A", "--dry-run"]).run().stdout();
            assert_eq!(touched.matches("used ").count(), 2, "{touched}");
            // The watch knows what it knew: nothing is new of the same program in the same place.
            sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
        }
    }
}

#[test]
fn wiping_or_replacing_that_did_not_come_into_the_store_is_told_of_too() {
    let sandbox = three();
    sandbox.secret("another-secret");
    assert_eq!(sandbox.call(&["rotate", "A", "--generate", "--yes"]).run().code(), 0);
    let killed = "rename:error=EIO:signal=KILL:when=1";
    assert_ne!(broken(&sandbox, &["forget", "A", "--yes"], None, killed).1, 0);
    sandbox.set("C", "third-secret").says("", "keyctl: kept `C`\n", 0);
    let failed = || {
        let ran = sandbox.call(&["history", "--outcome", "failed", "--json"]).run().stdout();
        let events = ran.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("json"));
        events
            .map(|event| (event["note"].as_str().unwrap_or_default().to_owned(), event["of"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(failed(), [("forget".to_owned(), serde_json::json!([5]))]);
    assert_ne!(broken(&sandbox, &["rotate", "A", "--generate", "--yes"], None, killed).1, 0);
    sandbox.set("D", "fourth-secret").says("", "keyctl: kept `D`\n", 0);
    assert_eq!(failed().last().expect("one").0, "rotate");
    assert_eq!(failed().len(), 2);
}

#[test]
fn what_is_no_file_does_not_keep_the_history_from_being_locked() {
    let sandbox = three();
    fs::remove_file(sandbox.data("history.lock")).expect("remove");
    fs::create_dir(sandbox.data("history.lock")).expect("make");
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert!(sandbox.data("history.lock.other").is_dir() && sandbox.data("history.lock").is_file());
    assert_eq!(events(&sandbox).len(), 4);
}
