//! A history of several files: what it says, what pruning takes and tells, and the marks that are kept elsewhere.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use keyctl::{
    commands::{opening, record},
    date::Moment,
    history::{Action, Event, Log},
    home::Home,
    store::file::SealedFile,
};

use crate::sandbox::{Sandbox, bend};

/// The history in a data folder whose identity lies beside it, as the program itself opens it.
fn log(data: &Path) -> Log {
    let home = Home::at(data);
    let kept = opening::identity(&home).expect("identity");
    let sealed = SealedFile::read(&home).expect("store").expect("there");
    let payload = sealed.open_unpinned(&kept.identity).expect("opens").read().expect("whole");
    record::log(&home, &kept, &payload)
}

/// An entry of three minutes ago: no entry of now is far from it.
fn event(note: &str) -> Event {
    Event::new(Action::Get, Moment::from_seconds(Moment::now().seconds() - 180)).note(note)
}

/// Fills the log's file so far that one entry more makes it so many bytes. With changes: of uses the watch would know.
pub fn fill(data: &Path, bytes: u64) {
    let (log, file) = (log(data), data.join("history.log"));
    let left = || bytes - fs::metadata(&file).expect("there").len();
    let much = "x".repeat(5_800);
    for (note, most) in [(much.as_str(), 8 * 1024), ("", 230)] {
        while left() > most {
            log.append(&Event { action: Action::Edit, ..event(note) }, false).expect("added");
        }
    }
}

/// Closes so many files after an entry each.
pub fn close_some(data: &Path, files: usize) {
    let log = log(data).closing_at(1);
    for _ in 0..files {
        log.append(&event(""), true).expect("added");
    }
}

/// Three closed files and one more entry.
fn four_files() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    close_some(&sandbox.data(""), 3);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox
}

fn today() -> String {
    Moment::now().to_string()[..10].to_owned()
}

#[test]
fn a_history_that_fills_its_file_goes_on_in_another_and_is_listed_and_proven_as_one() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    fill(&sandbox.data(""), 4 * 1024 * 1024);
    let before = sandbox.call(&["history", "--json"]).run().stdout().lines().count();
    assert!(!sandbox.data("history-0001.log").exists());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    assert!(fs::metadata(sandbox.data("history-0001.log")).expect("closed").len() > 4 * 1024 * 1024);
    assert_eq!(fs::metadata(sandbox.data("history.log")).expect("begun").len(), 0);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    let listed = sandbox.call(&["history", "-n", "3", "--json"]).run().stdout();
    let told: Vec<(u64, String)> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("json"))
        .map(|event| (event["n"].as_u64().expect("number"), event["ev"].as_str().expect("text").to_owned()))
        .collect();
    let number = before as u64;
    assert_eq!(told, [(number + 1, "get".into()), (number + 2, "segment".into()), (number + 3, "run".into())]);
    let said = format!("the history is intact ({} entries, end proven, anchored at #1)\n", number + 3);
    sandbox.call(&["history", "verify"]).run().says(&said, "", 0);
}

#[test]
fn who_follows_a_history_is_taken_along_into_the_next_file() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    fill(&sandbox.data(""), 4 * 1024 * 1024);
    let mut call = sandbox.call(&["history", "--follow", "-n", "1", "--json"]);
    let mut child = call.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    let mut next = || {
        let line = lines.next().expect("a line");
        let event = serde_json::from_str::<serde_json::Value>(&line).expect("json");
        (event["n"].as_u64().expect("number"), event["ev"].as_str().expect("text").to_owned())
    };
    let (first, _) = next();
    for _ in 0..2 {
        sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    }
    let told = [next(), next(), next()];
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert!(sandbox.data("history-0001.log").exists());
    assert_eq!(told, [(first + 1, "get".into()), (first + 2, "segment".into()), (first + 3, "get".into())]);
}

/// The order that a power cut is survived by, read from a trace: what the steps at the head of append.rs say.
#[test]
fn what_a_step_relies_on_is_on_the_disk_before_it() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    fill(&sandbox.data(""), 4 * 1024 * 1024);
    let (ran, trace) = sandbox.call(&["get", "A"]).traced("fsync,fdatasync,rename,unlink,unlinkat");
    ran.says("first-secret", "", 0);
    let log = in_order(&trace, &["fdatasync(", "/history.log>"], 0);
    let closed = in_order(&trace, &["rename(", "/history.head\""], log);
    let put_down = in_order(&trace, &["fsync(", "/keyctl>"], closed);
    let numbered = in_order(&trace, &["rename(", "/history.log\"", "/history-0001.log\""], put_down);
    let kept = in_order(&trace, &["fsync(", "/keyctl>"], numbered);
    let begun = in_order(&trace, &["rename(", "/history.head\""], kept);
    in_order(&trace, &["fsync(", "/keyctl>"], begun);
    assert!(!trace.lines().take(numbered - 1).any(|line| line.contains("/history-0001.log")), "{trace}");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let call = sandbox.call(&["history", "prune", "--keep-segments", "0", "--yes"]);
    let (ran, trace) = call.traced("fsync,fdatasync,rename,unlink,unlinkat");
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let log = in_order(&trace, &["fdatasync(", "/history.log>"], 0);
    let noted = in_order(&trace, &["rename(", "/history.head\""], log);
    let put_down = in_order(&trace, &["fsync(", "/keyctl>"], noted);
    in_order(&trace, &["unlink", "/history-0001.log\""], put_down);
    assert!(!trace.lines().take(put_down).any(|line| line.contains("/history-0001.log")), "{trace}");
}

/// Behind which line of a trace the next call stands that all of these words are in.
#[track_caller]
pub fn in_order(trace: &str, words: &[&str], from: usize) -> usize {
    let at = trace.lines().skip(from).position(|line| words.iter().all(|word| line.contains(word)));
    from + at.unwrap_or_else(|| panic!("no {words:?} behind line {from}: {trace}")) + 1
}

#[test]
fn a_segment_that_is_missing_swapped_or_doubled_is_named() {
    let sandbox = four_files();
    let file = |number: u32| sandbox.data(&format!("history-000{number}.log"));
    let whole = [1, 2, 3].map(|number| fs::read(file(number)).expect("read"));
    let verified = |said: &str| sandbox.call(&["history", "verify"]).run().says("", said, 1);
    fs::remove_file(file(2)).expect("remove");
    verified("keyctl: the history is tampered at #4: its segment `history-0002.log` is missing\n");
    fs::write(file(2), &whole[2]).expect("write");
    let said = "keyctl: the history is tampered at #4: `history-0002.log` does not go on from the entry before; a segment is missing, doubled or in another's place\n";
    verified(said);
    fs::write(file(2), &whole[0]).expect("write");
    verified(said);
    fs::write(file(2), &whole[1]).expect("write");
    fs::write(file(8), &whole[1]).expect("write");
    verified("keyctl: the history is tampered at #9: `history-0008.log` is none of its segments\n");
    fs::remove_file(file(8)).expect("remove");
    let said = "the history is intact (8 entries, end proven, anchored at #1)\n";
    sandbox.call(&["history", "verify"]).run().says(said, "", 0);
}

#[test]
fn pruning_removes_whole_segments_asks_first_and_stays_on_record() {
    let sandbox = four_files();
    let prune = |words: &[&str]| sandbox.call(&[&["history", "prune"], words].concat()).run();
    prune(&["--keep-segments", "2"]).says(
        "",
        "keyctl: pruning the history needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    prune(&["--before", "2026-01-01", "--yes"]).says(
        "",
        "keyctl: nothing to prune: no closed segment ends before that\n",
        0,
    );
    prune(&["--keep-segments", "3", "--json"]).says("{\n  \"segments\": 0\n}\n", "", 0);
    prune(&["--before", "never", "--yes"]).says(
        "",
        "keyctl: `--before`: write a date (`2026-11-24`), a moment (`2026-11-24T12:00:00Z`), a period back from now (`7d`, `12h`), `today` or `yesterday`\n",
        2,
    );
    prune(&["--before", "2026-02-30", "--yes"]).says("", "keyctl: `--before`: there is no such day\n", 2);
    prune(&["--before", "2999-01-01", "--yes"]).says("", "keyctl: `--before`: that is still to come\n", 2);
    assert_eq!(prune(&["--before", "in 6 months", "--yes"]).code(), 2);
    assert!(sandbox.data("history-0001.log").exists());
    assert_eq!(prune(&["--yes"]).code(), 2);
    assert_eq!(prune(&["--before", "90d", "--keep-segments", "1", "--yes"]).code(), 2);
    let said = "keyctl: removed 2 segments: entries #1 to #5; an entry says so\nkeyctl: hint: a mark that you kept of one of these can no longer be compared: `keyctl history anchor`\n";
    prune(&["--keep-segments", "1", "--yes"]).says("", said, 0);
    assert_eq!(
        [1, 2, 3].map(|number| sandbox.data(&format!("history-000{number}.log")).exists()),
        [false, false, true]
    );
    let day = today();
    let said = format!(
        "the history is intact (4 entries, #6 to #9, earlier ones pruned on {day}, end proven, anchored at #9)\n"
    );
    sandbox.call(&["history", "verify"]).run().says(&said, "", 0);
    let json = sandbox.call(&["history", "verify", "--json"]).run();
    let json: serde_json::Value = serde_json::from_slice(&json.output.stdout).expect("json");
    assert_eq!((&json["entries"], &json["pruned"]["last"]), (&4.into(), &5.into()));
    let listed = sandbox.call(&["history", "--json"]).run().stdout();
    let numbers: Vec<_> = listed.lines().map(|line| line.contains("\"ev\":\"prune\"")).collect();
    assert_eq!(numbers, [false, false, false, true]);
    prune(&["--before", &Moment::now().to_string(), "--yes", "--json"]).says(
        "{\n  \"first\": 6,\n  \"last\": 7,\n  \"segments\": 1\n}\n",
        "",
        0,
    );
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn a_month_before_is_one_of_the_calendar_and_takes_no_day_more() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let log = log(&sandbox.data("")).closing_at(1);
    for moment in ["2026-02-27T12:00:00Z", "2026-02-28T12:00:00Z"] {
        log.append(&Event::new(Action::Get, moment.parse().expect("good")), true).expect("added");
    }
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 0);
    let prune = sandbox.call(&["history", "prune", "--before", "1mo", "--yes"]).at("2026-03-31T10:00:00Z").run();
    assert!(prune.stderr().starts_with("keyctl: removed 1 segment: entries #1 to #3; "), "{}", prune.stderr());
    assert!(!sandbox.data("history-0001.log").exists() && sandbox.data("history-0002.log").exists());
    let prune = sandbox.call(&["history", "prune", "--before", "yesterday", "--yes"]).at("2026-03-02T10:00:00Z").run();
    assert!(prune.stderr().starts_with("keyctl: removed 1 segment: entries #4 to #5; "), "{}", prune.stderr());
}

#[test]
fn only_a_history_that_is_intact_is_pruned_and_its_head_may_be_lost_afterwards() {
    let sandbox = four_files();
    let path = sandbox.data("history-0001.log");
    let whole = fs::read(&path).expect("read");
    let mut changed = whole.clone();
    bend(&mut changed[30]);
    fs::write(&path, changed).expect("write");
    let call = ["history", "prune", "--keep-segments", "1", "--yes"];
    let ran = sandbox.call(&call).run();
    assert!(
        ran.stderr().starts_with("keyctl: the history is tampered at #1: ")
            && ran.stderr().ends_with("\nkeyctl: hint: only a history that is intact is pruned\n"),
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.code(), 1);
    fs::write(&path, whole).expect("write");
    assert_eq!(sandbox.call(&call).run().code(), 0);
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    sandbox.call(&["history", "verify"]).run().says(
        "",
        "keyctl: the history is not provable: the end of 4 entries is not sealed\n",
        4,
    );
    let said = "keyctl: sealed the end of the history anew; an entry in it says so\nkeyctl: accepted: what was cut off after #9, if anything was, is not known (noted in #10)\n";
    sandbox.call(&["history", "repair", "--accept", "--yes"]).run().says("", said, 0);
    let said = format!("the history is intact (7 entries, #6 to #12, earlier ones pruned on {}, end proven", today());
    let ran = sandbox.call(&["history", "verify"]).run();
    assert!(ran.stdout().starts_with(&said), "{} {}", ran.stdout(), ran.stderr());
}

#[test]
fn a_mark_that_was_kept_proves_what_was_up_to_it_and_finds_a_whole_history_rolled_back() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    // With the anchor rolled back too: whoever keeps the identity in a file has nothing else.
    let files = ["history.log", "history.head", "anchor.txt"];
    let old: Vec<Vec<u8>> = files.iter().map(|file| fs::read(sandbox.data(file)).expect("read")).collect();
    let early = sandbox.call(&["history", "anchor"]).run();
    assert_eq!((early.stderr().as_str(), early.code()), ("", 0));
    let early = early.stdout();
    assert!(early.lines().count() == 1 && early.len() < 80 && early.contains(".2."), "{early}");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let json = sandbox.call(&["history", "anchor", "--json"]).run();
    let json: serde_json::Value = serde_json::from_slice(&json.output.stdout).expect("json");
    let late = json["mark"].as_str().expect("text").to_owned();
    let (name, number, hash) = (&json["log"], &json["n"], &json["hash"]);
    assert_eq!(late, format!("{}.{number}.{}", name.as_str().expect("text"), hash.as_str().expect("text")));
    let against = |mark: &str| sandbox.call(&["history", "verify", "--against", mark]).run();
    against(early.trim()).says("the history is intact (3 entries, end proven, anchored at #2)\n", "", 0);
    against(&late).says("the history is intact (3 entries, end proven, anchored at #3)\n", "", 0);
    let both = sandbox.file("marks", format!("# from the safe\n{early}\n{late}\n"));
    against("marks").says("the history is intact (3 entries, end proven, anchored at #3)\n", "", 0);
    let piped = sandbox.call(&["history", "verify", "--against", "-"]).input(fs::read(both).expect("read")).run();
    piped.says("the history is intact (3 entries, end proven, anchored at #3)\n", "", 0);
    for (file, content) in files.iter().zip(&old) {
        fs::write(sandbox.data(file), content).expect("write");
    }
    against(early.trim()).says("the history is intact (2 entries, end proven, anchored at #2)\n", "", 0);
    let said = "keyctl: the history is tampered at #3: 1 entry missing: a mark that was kept knows #3\n";
    against(&late).says("", said, 1);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let said =
        "keyctl: the history is tampered at #3: rewritten: a mark that was kept knows another entry of this number\n";
    against(&late).says("", said, 1);
    let json = sandbox.call(&["history", "verify", "--json", "--against", &late]).run();
    assert!(json.code() == 1 && json.stdout().contains("\"answer\": \"tampered\""), "{}", json.stdout());
}

#[test]
fn a_mark_of_another_history_or_of_what_was_pruned_proves_nothing_and_other_texts_are_wrong_calls() {
    let sandbox = four_files();
    let mark = sandbox.call(&["history", "anchor"]).run().stdout();
    let against = |mark: &str| sandbox.call(&["history", "verify", "--against", mark]).run();
    let (name, rest) = mark.trim().split_once('.').expect("a dot");
    let other = format!("00000000.{rest}");
    let said = format!(
        "keyctl: the history is not provable: the mark is of another history, `00000000`; this one is `{name}`\n"
    );
    against(&other).says("", &said, 4);
    let no_mark = "keyctl: this is no mark of a history\nkeyctl: hint: `keyctl history anchor` prints one\n";
    sandbox.file("none", "nothing of the kind\n");
    against("none").says("", no_mark, 2);
    let said = "keyctl: what to verify against is neither a mark nor a file\nkeyctl: hint: `keyctl history anchor` prints a mark\n";
    against("elsewhere").says("", said, 2);
    sandbox.call(&["history", "verify", "--against", "-"]).input("\n").run().says("", no_mark, 2);
    assert_eq!(sandbox.call(&["history", "prune", "--keep-segments", "0", "--yes"]).run().code(), 0);
    assert_eq!(against(mark.trim()).code(), 0, "the last entry is still there");
    let old = format!("{name}.3.{}", rest.split_once('.').expect("a dot").1);
    let said = format!(
        "keyctl: the history is not provable: entry 3, which a mark that was kept knows, was pruned on {}\n",
        today()
    );
    against(&old).says("", &said, 4);
}
