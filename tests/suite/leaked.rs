//! What becomes of a key that a scan has found: it is marked, and who uses it or looks at it is told; what was accepted is
//! counted and not told.

use crate::{
    repository::Repository,
    sandbox::{Sandbox, contains},
    undoing::{dateless, text},
};

const SECRET: &str = "sk-planted-3f9a71c2e8b04d56";
const NEW: &str = "sk-planted-new-83ab52f0c1d7";

/// A key, and a file in the project that holds it.
fn planted() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", SECRET), ("B", "another-secret-7c1f")]);
    sandbox.may_lie_in(&sandbox.file(".env", format!("# settings\nKEY={SECRET}\n")));
    sandbox
}

fn scan(sandbox: &Sandbox) {
    assert_eq!(sandbox.call(&["scan", "--quiet"]).run().code(), 1);
}

/// The key as `show` has it.
#[track_caller]
fn leaked(sandbox: &Sandbox, name: &str) -> serde_json::Value {
    let ran = sandbox.call(&["show", name, "--json"]).run();
    let shown: serde_json::Value = serde_json::from_slice(&ran.output.stdout).expect("JSON");
    shown["leaked"].clone()
}

#[track_caller]
fn is_leaked(sandbox: &Sandbox, name: &str) -> bool {
    !leaked(sandbox, name).is_null()
}

const FOUND: &str = "KEY  FORM  WHERE\nA    raw   .env:2\n";

#[test]
fn a_key_that_is_found_is_marked_once_and_everybody_says_so() {
    let sandbox = planted();
    let said = "keyctl: found 1 key in 1 place; 1 file, 43 bytes scanned\n\
                keyctl: marked as leaked until it is replaced: `A`\n\
                keyctl: hint: replace it first: `keyctl rotate A`; then take it out of there\n\
                keyctl: hint: if nobody else can have seen it: `keyctl edit A --not-leaked`\n";
    sandbox.call(&["scan"]).run().says(FOUND, said, 1);
    let before = text(&sandbox);
    assert!(contains(&before, b"format = 6\n") && contains(&before, b"place = "));
    sandbox.call(&["scan"]).run().says(
        FOUND,
        "keyctl: found 1 key in 1 place; 1 file, 43 bytes scanned\n\
         keyctl: hint: replace it first: `keyctl rotate A`; then take it out of there\n",
        1,
    );
    assert!(text(&sandbox) == before, "what is marked is not written again");
    let place = leaked(&sandbox, "A")["place"].as_str().expect("a place").to_owned();
    assert_eq!(place, format!("{}/.env:2", sandbox.project().display()));
    assert!(!is_leaked(&sandbox, "B"));
    let status = sandbox.call(&["status"]).run();
    let line = "leaked         `A`, in `~/project/.env:2`, found just now: `keyctl rotate A`\n";
    assert!(status.stdout().contains(line), "{}", status.stdout());
    let due = sandbox.call(&["due"]).run();
    let rows: Vec<Vec<String>> =
        due.stdout().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(rows[1][..2], ["A", "leaked"], "{}", due.stdout());
    let shown = sandbox.call(&["show", "A"]).run().stdout();
    assert!(
        shown.contains("state") && dateless(&shown).contains("found DATE (just now) in `~/project/.env:2`"),
        "{shown}"
    );
    sandbox.call(&["due", "--fail-on", "due", "--quiet"]).run().says(&due.stdout(), "keyctl: 1 key leaked\n", 1);
    assert_eq!(sandbox.call(&["due", "--fail-on", "expired", "--quiet"]).run().code(), 0);
    let due = sandbox.call(&["due", "--json"]).run();
    let report: serde_json::Value = serde_json::from_slice(&due.output.stdout).expect("JSON");
    assert_eq!((&report["due"], &report["keys"][0]["state"]), (&1.into(), &"leaked".into()));
    let history = sandbox.call(&["history", "--json", "--action", "edit"]).run().stdout();
    assert!(
        history.contains("\"note\":\"marked as leaked\"") || history.contains("\"note\": \"marked as leaked\""),
        "{history}"
    );
}

#[test]
fn a_command_that_gets_it_is_told_once_a_day_and_a_policy_keeps_it_back() {
    let sandbox = planted();
    scan(&sandbox);
    let run = || sandbox.call(&["run", "-k", "A", "--", "true"]).run();
    run().says("", "keyctl: `A` was found in `~/project/.env:2` just now: replace it with `keyctl rotate A`\n", 0);
    run().says("", "", 0);
    // The history has it as an alert too, once in a week.
    let history = sandbox.call(&["history"]).run().stdout();
    assert_eq!(history.matches("`A` was used though it is marked as leaked").count(), 1, "{history}");
    // Who takes it out by its name is told each time.
    for _ in 0..2 {
        let got = sandbox.call(&["get", "A"]).run();
        assert!(got.stderr().contains("`A` was found in `~/project/.env:2` just now"), "{}", got.stderr());
    }
    sandbox.configure("[policy]\nleaked = \"stop\"\n");
    let said = |code: &str| {
        format!(
            "keyctl: not given: `A` was found in `~/project/.env:2` just now{code}\n\
             keyctl: hint: replace it with `keyctl rotate A`\n\
             keyctl: hint: if nobody else can have seen it: `keyctl edit A --not-leaked`\n"
        )
    };
    run().says("", &said(" [E09]"), 125);
    sandbox.call(&["env", "-k", "A", "--format", "dotenv"]).run().says("", &said(""), 9);
    let history = sandbox.call(&["history"]).run().stdout();
    assert!(history.contains("refused: leaked"), "{history}");
    sandbox.configure("[policy]\nleaked = \"stop\"\n[[keys]]\nmatch = \"A\"\nleaked = \"warn\"\n");
    run().says("", "", 0);
    sandbox.configure("[policy]\nleaked = \"never\"\n");
    assert_eq!(run().code(), 125);
}

#[test]
fn one_that_has_ended_too_is_kept_back_as_leaked_where_only_that_is_asked_for() {
    let sandbox = planted();
    scan(&sandbox);
    assert_eq!(sandbox.call(&["edit", "A", "--expires", "2020-01-01", "--quiet"]).run().code(), 0);
    sandbox.configure("[policy]\nleaked = \"stop\"\n");
    let ran = sandbox.call(&["run", "-k", "A", "--", "true"]).run();
    let first = ran.stderr().lines().next().expect("a line").to_owned();
    assert!(
        first.starts_with("keyctl: not given: `A` expired ")
            && first.ends_with(" and was found in `~/project/.env:2` [E09]")
    );
    assert_eq!(ran.code(), 125);
    let history = sandbox.call(&["history"]).run().stdout();
    assert!(history.contains("refused: leaked"), "{history}");
    // What keeps it back here is not for anybody to lift who can only call keyctl, nor by another key of the same secret.
    assert_eq!(sandbox.call(&["set", "twin", "--quiet"]).input(SECRET).run().code(), 0);
    for name in ["A", "twin"] {
        let ran = sandbox.call(&["edit", name, "--not-leaked"]).under(&["setsid", "-w"]).run();
        assert!(ran.code() == 9 && is_leaked(&sandbox, "A"), "{name}: {}", ran.stderr());
    }
    let steps =
        [("keyctl: let `A` (and `twin`, the same secret) be used for more: not leaked any more? [y/N] ", "y\r")];
    let screen = crate::pty::on_a_terminal(&sandbox, &[crate::sandbox::KEYCTL, "edit", "A", "--not-leaked"], &steps);
    assert!(screen.code == 0 && !is_leaked(&sandbox, "A"), "{}", screen.shown);
}

#[test]
fn a_new_secret_ends_it_and_what_is_taken_back_brings_it_back() {
    let sandbox = planted();
    // The same secret under another name is as leaked.
    assert_eq!(sandbox.call(&["set", "twin", "--quiet"]).input(SECRET).run().code(), 0);
    scan(&sandbox);
    assert!(is_leaked(&sandbox, "A") && is_leaked(&sandbox, "twin"));
    sandbox.secret(NEW);
    assert_eq!(sandbox.call(&["rotate", "A", "--yes", "--quiet"]).input(NEW).run().code(), 0);
    assert!(!is_leaked(&sandbox, "A") && is_leaked(&sandbox, "twin"));
    // What is not in use any more is found, and marks nothing.
    sandbox.call(&["scan", "--quiet"]).run();
    assert!(!is_leaked(&sandbox, "A"));
    assert_eq!(sandbox.call(&["rollback", "A", "--yes", "--quiet"]).run().code(), 0);
    assert!(is_leaked(&sandbox, "A"));
    for _ in 0..2 {
        assert_eq!(sandbox.call(&["undo", "--yes", "--quiet"]).run().code(), 0);
    }
    let list = sandbox.call(&["undo", "--list"]).run().stdout();
    assert!(list.lines().nth(1).is_some_and(|line| line.ends_with("leak mark of 2 keys (`A`, `twin`)")), "{list}");
    sandbox.call(&["edit", "A", "--not-leaked"]).run().says(
        "",
        "keyctl: changed `A`, which is not leaked any more\nkeyctl: `twin` holds the same secret and is not leaked any more either\n",
        0,
    );
    assert!(!is_leaked(&sandbox, "A") && !is_leaked(&sandbox, "twin"));
    sandbox.call(&["undo", "--yes", "--quiet"]).run();
    assert!(is_leaked(&sandbox, "A") && is_leaked(&sandbox, "twin"));
    sandbox.call(&["undo", "--yes"]).run().says("", "keyctl: took back: leak mark of 2 keys (`A`, `twin`)\n", 0);
    assert!(!is_leaked(&sandbox, "A") && !is_leaked(&sandbox, "twin"));
    assert!(!contains(&text(&sandbox), b"leaked"));
}

#[test]
fn what_went_nowhere_and_what_was_not_to_be_marked_is_not_marked() {
    let sandbox = planted();
    let repository = Repository::new(&sandbox);
    repository.git(&["add", ".env"]);
    for words in [&["scan", "--staged"][..], &["scan", "--no-mark"]] {
        assert_eq!(sandbox.call(words).run().code(), 1);
    }
    let piped = sandbox.call(&["scan", "-"]).input(format!("x {SECRET}")).run();
    assert_eq!(piped.code(), 1);
    // Half of it is no key, and not to be marked as one.
    sandbox.may_lie_in(&sandbox.file("half", &SECRET[..20]));
    assert_eq!(sandbox.call(&["scan", "half"]).run().code(), 1);
    assert!(!is_leaked(&sandbox, "A"));
    repository.git(&["commit", "-q", "--no-verify", "-m", "first"]);
    let (_, _, said) = repository.scan(&["--history"]);
    let hint = "keyctl: hint: none of it was pushed, as far as is known here: rewrite those commits before they are\n";
    assert!(said.contains(hint), "{said}");
    let place = leaked(&sandbox, "A")["place"].as_str().expect("a place").to_owned();
    assert!(place.contains(":.env:2 of ") && !place.contains("pushed"), "{place}");
}

#[test]
fn a_store_that_cannot_be_written_keeps_no_finding_back() {
    let sandbox = planted();
    // At once, where somebody who holds the lock would be waited for.
    std::fs::remove_file(sandbox.data("lock")).expect("remove");
    std::fs::create_dir(sandbox.data("lock")).expect("make");
    let ran = sandbox.call(&["scan"]).run();
    std::fs::remove_dir(sandbox.data("lock")).expect("remove");
    assert_eq!((ran.code(), ran.stdout().as_str()), (1, FOUND));
    assert!(ran.stderr().starts_with("keyctl: what was found is not marked as leaked: "), "{}", ran.stderr());
    assert!(!is_leaked(&sandbox, "A"));
}

#[test]
fn what_was_accepted_is_counted_and_not_told_wherever_its_line_goes() {
    let sandbox = planted();
    sandbox.call(&["scan", "--accept"]).run().says(
        "",
        "keyctl: accepting what was found needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["scan", "--accept", "--yes"]).run().says(
        FOUND,
        "keyctl: accepted 1 place; `keyctl scan --all` shows them again\n",
        0,
    );
    assert!(!is_leaked(&sandbox, "A"));
    let nothing =
        "keyctl: nothing else found; 1 file, 43 bytes scanned\nkeyctl: 1 accepted one is not shown: `--all`\n";
    sandbox.call(&["scan"]).run().says("", nothing, 0);
    let all = "KEY           FORM  WHERE\nA (accepted)  raw   .env:2\n";
    sandbox.call(&["scan", "--all"]).run().says(all, "keyctl: nothing else found; 1 file, 43 bytes scanned\n", 0);
    // Another line of the same file, from another folder.
    sandbox.may_lie_in(&sandbox.file(".env", format!("\n\n\n# moved\nKEY={SECRET}\n")));
    assert_eq!(sandbox.call(&["scan"]).run().code(), 0);
    assert_eq!(sandbox.call(&["scan", "project"]).inside(sandbox.home()).run().code(), 0);
    // Another file, another secret in the same file, and the same file in git.
    sandbox.may_lie_in(&sandbox.file("other", format!("KEY={SECRET}\n")));
    let (code, report) = json(&sandbox, &["--no-mark"]);
    assert_eq!((code, &report["findings"][0]["place"]["path"]), (1, &"other".into()));
    assert_eq!(
        (report["findings"].as_array().map(Vec::len), report["accepted"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    std::fs::remove_file(sandbox.project().join("other")).expect("remove");
    sandbox.file(".env", format!("KEY={SECRET}\nB=another-secret-7c1f\n"));
    let (code, report) = json(&sandbox, &["--no-mark"]);
    assert_eq!((code, &report["findings"][0]["what"]["key"]), (1, &"B".into()));
    let repository = Repository::new(&sandbox);
    repository.git(&["add", "-f", ".env"]);
    assert_eq!(repository.places(&["--staged"]), [".env:1", ".env:2"]);
}

fn json(sandbox: &Sandbox, words: &[&str]) -> (i32, serde_json::Value) {
    let ran = sandbox.call(&[&["scan", "--json"], words].concat()).run();
    (ran.code(), serde_json::from_slice(&ran.output.stdout).expect("JSON"))
}

#[test]
fn what_is_accepted_says_nothing_to_others_and_lies_outside_of_the_repository() {
    let sandbox = planted();
    let shape = &["ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"].concat();
    sandbox.secret(shape);
    sandbox.may_lie_in(&sandbox.file("notes", format!("{shape}\n")));
    let before = sandbox.files().len();
    assert_eq!(sandbox.call(&["scan", "--accept", "--yes"]).run().code(), 0);
    let kept = std::fs::read_to_string(sandbox.data("accepted")).expect("accepted");
    let lines: Vec<&str> = kept.lines().collect();
    assert!(
        lines.len() == 3 && lines[0] == "keyctl-accepted 1" && lines[1..].iter().all(|line| line.len() == 32),
        "{kept}"
    );
    assert_eq!(sandbox.files().len(), before + 1);
    assert_eq!(sandbox.call(&["scan"]).run().code(), 0);
    // A text that looked like a key and was accepted is another thing once it is kept.
    assert_eq!(sandbox.call(&["set", "C", "--quiet"]).input(shape).run().code(), 0);
    let (code, report) = json(&sandbox, &[]);
    assert_eq!((code, &report["findings"][0]["what"]["key"]), (1, &"C".into()));
    // What another hand wrote is said, and accepts nothing.
    std::fs::write(sandbox.data("accepted"), "keyctl-accepted 1\nall\n").expect("write");
    let ran = sandbox.call(&["scan", "--no-mark"]).run();
    assert!(ran.code() == 1 && ran.stderr().contains("accepted` is not what this keyctl writes"), "{}", ran.stderr());
    // Nothing to come back to, and no store to keep it for.
    let piped = sandbox.call(&["scan", "-", "--accept", "--yes"]).input("x").run();
    assert_eq!(piped.code(), 2);
    let empty = Sandbox::new();
    assert_eq!(empty.call(&["scan", "--accept", "--yes"]).run().code(), 3);
}

#[test]
fn a_commit_passes_with_what_was_accepted_in_git() {
    let sandbox = planted();
    let repository = Repository::new(&sandbox);
    repository.git(&["add", ".env"]);
    assert_eq!(sandbox.call(&["scan", "--staged", "--accept", "--yes"]).run().code(), 0);
    assert_eq!(repository.places(&["--staged"]), [""; 0]);
    repository.git(&["commit", "-q", "--no-verify", "-m", "first"]);
    assert_eq!(repository.places(&["--history"]), [""; 0]);
    // In the folder it lies all the same.
    assert_eq!(repository.places(&["--no-mark"]), [".env:2"]);
}

#[test]
fn no_number_of_accepted_places_hides_a_key() {
    let sandbox = planted();
    let repository = Repository::new(&sandbox);
    let decoys = format!("x={SECRET}\n").repeat(10_050);
    repository.stage("fixtures.txt", &decoys);
    let ran = sandbox.call(&["scan", "--staged", "--accept", "--yes"]).run();
    assert_eq!(
        (ran.stderr().as_str(), ran.code()),
        ("keyctl: accepted 10050 places; `keyctl scan --all` shows them again\n", 0)
    );
    let hidden = "keyctl: 10050 accepted ones are not shown: `keyctl scan --staged --all`\n";
    let said = format!("keyctl: nothing else found; 1 staged file, 301 kB scanned\n{hidden}");
    sandbox.call(&["scan", "--staged"]).run().says("", &said, 0);
    repository.stage("fixtures.txt", format!("{decoys}B=another-secret-7c1f\n"));
    let (code, found, said) = repository.scan(&["--staged"]);
    assert_eq!((code, found.as_str()), (1, "KEY  FORM  WHERE\nB    raw   fixtures.txt:10051\n"));
    assert!(said.starts_with("keyctl: found 1 key in 1 place; ") && said.ends_with(hidden), "{said}");
    repository.git(&["commit", "-q", "--no-verify", "-m", "first"]);
    // What was staged before lies in no commit, and is none of what was accepted.
    let places = repository.places(&["--history"]);
    assert!(places.iter().any(|place| place.ends_with(":fixtures.txt:10051")), "{} places", places.len());
}

#[test]
fn no_number_of_places_hides_another_key_which_is_told_and_marked() {
    let sandbox = planted();
    let text = format!("{}B=another-secret-7c1f\n", format!("x={SECRET}\n").repeat(10_050));
    sandbox.may_lie_in(&sandbox.file("fixtures.txt", text));
    let ran = sandbox.call(&["scan", "fixtures.txt"]).run();
    assert_eq!((ran.code(), ran.stdout().lines().last()), (1, Some("B    raw   fixtures.txt:10051")));
    let said = "keyctl: found 2 keys in 10001 places; 1 file, 301 kB scanned\n\
                keyctl: and 50 more places, not listed\n\
                keyctl: marked as leaked until they are replaced: `A`, `B`\n";
    assert!(ran.stderr().starts_with(said), "{}", ran.stderr());
    assert!(is_leaked(&sandbox, "A") && is_leaked(&sandbox, "B"));
    let (code, report) = json(&sandbox, &["fixtures.txt"]);
    assert_eq!((code, &report["more"]), (1, &50.into()));
}
