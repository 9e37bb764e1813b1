//! What is about all keys looks at every store: each that opens without asking, and the others are named.

use std::fs;

use serde_json::{Value, json};

use crate::{
    clock::keep, keepers::put_store_under_passphrase, repository::Repository, rotating::script, sandbox::Sandbox,
};

const MINE: &str = "3Hq9ZbT7mWx2LcR5vYk8";
const TEAMS: &str = "aB3dE5fG7hJ9kL1mN2pQ";
const OPS: &str = "pL6qW8eR2tY4uI9oA1sD";
const NOW: &str = "2026-11-25T10:00:00Z";

/// Makes stores beside the personal one: `team`, whose age file lies in a repository, and `ops`.
fn with_stores(sandbox: &Sandbox) {
    fs::create_dir(sandbox.home().join("repo")).expect("make");
    for (name, path) in [("team", &["--path", "../repo/team.age"][..]), ("ops", &[])] {
        let made = sandbox.call(&[&["store", "create", name, "--keeper", "file", "-q"], path].concat()).run();
        assert_eq!(made.code(), 0, "{}", made.stderr());
    }
}

/// From now on opening it asks for a passphrase.
fn lock_ops(sandbox: &Sandbox) {
    put_store_under_passphrase(sandbox, "stores/ops", "correct horse battery");
}

/// Three stores that each have a key, two of them of one name, and the last one locked.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", MINE)]);
    with_stores(&sandbox);
    sandbox.set("team:A", TEAMS).says("", "keyctl: kept `team:A`\n", 0);
    sandbox.set("ops:deploy", OPS).says("", "keyctl: kept `ops:deploy`\n", 0);
    lock_ops(&sandbox);
    sandbox
}

fn plant(sandbox: &Sandbox, name: &str, text: &str) {
    sandbox.may_lie_in(&sandbox.file(name, text));
}

fn json_of(sandbox: &Sandbox, words: &[&str]) -> Value {
    serde_json::from_str(&sandbox.call(words).run().stdout()).expect("JSON")
}

const NOT_LOOKED_FOR: &str = "keyctl: `ops` is locked: its keys were not looked for; `keyctl unlock ops`\n";

#[test]
fn a_scan_looks_for_the_keys_of_every_open_store_and_marks_each_in_its_own() {
    let sandbox = sandbox();
    // Where the place of a team's key is noted nobody of the team learns a secret of another store.
    plant(&sandbox, &format!("a/{MINE}/b"), &format!("{TEAMS}\n{OPS}\n"));
    let found = "KEY     FORM  WHERE\n\
                 A       raw   a/[secret of A] (its name)\n\
                 team:A  raw   a/[secret of A]/b:1\n";
    let said = "keyctl: found 2 keys in 2 places; 1 file, 42 bytes scanned\n\
                keyctl: marked as leaked until they are replaced: `A`, `team:A`\n\
                keyctl: hint: replace each first: `keyctl rotate NAME`; then take it out of there\n";
    sandbox.call(&["scan", "a"]).run().says(found, &format!("{NOT_LOOKED_FOR}{said}"), 1);
    assert!(!json_of(&sandbox, &["show", "A", "--json"])["leaked"].is_null());
    let place = json_of(&sandbox, &["show", "team:A", "--json"])["leaked"]["place"].clone();
    assert_eq!(place, "a place whose name holds a secret");
    for (store, names) in [("personal", json!(["A"])), ("team", json!(["A"]))] {
        let ran = sandbox.call(&["history", "--json", "--action", "scan", "--store", store]).run().stdout();
        let events: Vec<Value> = ran.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(events.len() == 2 && events[0]["names"].is_null() && events[1]["names"] == names, "{store}: {ran}");
    }
    let report = json_of(&sandbox, &["scan", "a", "--json"]);
    let reason = "store `ops`: the store is closed: a passphrase opens it, and there is no terminal to ask on";
    assert_eq!(report["left_out"], json!([{ "store": "ops", "locked": true, "reason": reason }]));
    let keys: Vec<&Value> =
        report["findings"].as_array().expect("list").iter().map(|found| &found["what"]["key"]).collect();
    assert_eq!(keys, ["A", "team:A"]);
    // One store alone.
    let one = "KEY     FORM  WHERE\nteam:A  raw   a/3Hq9ZbT7mWx2LcR5vYk8/b:1\n";
    let said = "keyctl: found 1 key in 1 place; 1 file, 42 bytes scanned\n\
                keyctl: hint: replace it first: `keyctl rotate team:A`; then take it out of there\n";
    sandbox.call(&["scan", "a", "--store", "team"]).run().says(one, said, 1);
    let none = "keyctl: there is no store `tem`\n\
                keyctl: hint: beside the personal one there are `ops`, `team`\n\
                keyctl: hint: make it with `keyctl store create tem`, or join it with `keyctl store join tem --path FILE`\n";
    sandbox.call(&["scan", "--store", "tem"]).run().says("", none, 3);
}

#[test]
fn that_a_store_was_not_looked_for_is_no_clean_bill_and_holds_up_no_commit() {
    let sandbox = sandbox();
    let repository = Repository::new(&sandbox);
    repository.stage("a", "nothing\n");
    let nothing = "keyctl: nothing found; 1 file, 8 bytes scanned\n";
    sandbox.call(&["scan", "a"]).run().says("", &format!("{NOT_LOOKED_FOR}{nothing}"), 7);
    sandbox.call(&["scan", "a", "--store", "personal"]).run().says("", nothing, 0);
    let staged = "keyctl: nothing found; 1 staged file, 8 bytes scanned\n";
    sandbox.call(&["scan", "--staged"]).run().says("", &format!("{NOT_LOOKED_FOR}{staged}"), 0);
    // The personal store has to open for a hook, as ever; else it is one of several.
    let (identity, aside) = (sandbox.data("identity.txt"), sandbox.home().join("aside"));
    fs::rename(&identity, &aside).expect("move");
    assert_eq!(sandbox.call(&["scan", "--staged"]).run().code(), 4);
    let ran = sandbox.call(&["scan", "a"]).run();
    let gone = "has no identity for this store any more: its keys were not looked for\n";
    assert!(ran.code() == 7 && ran.stderr().contains(gone) && ran.stderr().ends_with(nothing), "{}", ran.stderr());
    fs::rename(&aside, &identity).expect("move");
    // One that cannot be read is another matter than one that is locked.
    fs::write(sandbox.home().join("repo/team.age"), "no store").expect("write");
    // Where its file lies elsewhere it is named in a line, and holds nothing up.
    let ran = sandbox.call(&["scan", "--staged"]).run();
    assert!(ran.code() == 0 && ran.stderr().contains("\nkeyctl: store `team`: "), "{}", ran.stderr());
    assert!(ran.stderr().ends_with(staged) && ran.stderr().lines().count() == 3, "{}", ran.stderr());
    let there = sandbox.home().join("repo");
    fs::rename(sandbox.project().join(".git"), there.join(".git")).expect("move");
    let ran = sandbox.call(&["scan", "--staged"]).inside(&there).run();
    assert!(
        ran.code() == 7 && ran.stderr().contains(": its keys were not looked for\nkeyctl: hint: "),
        "{}",
        ran.stderr()
    );
    let stopped = "keyctl: the commit is stopped, as the store `team` lies in this repository and cannot be read; \
                   to go on unchecked: `git commit --no-verify`\n";
    assert!(ran.stderr().ends_with(&format!("{staged}{stopped}")), "{}", ran.stderr());
    let said = "keyctl: other stores: `ops`, `team`; see `keyctl audit --store NAME`\n";
    assert!(sandbox.call(&["audit"]).run().stderr().ends_with(said));
    let due = sandbox.call(&["due"]).run();
    assert!(due.code() == 5 && due.stderr().contains("keyctl: the answer is without the store `team`\n"));
    // Where none opens that is what the call comes to.
    fs::rename(&identity, &aside).expect("move");
    let none = sandbox.call(&["scan", "a"]).run();
    assert!(none.code() == 4 && none.stderr().contains(" has no identity for this store any more\n"));
}

#[test]
fn a_store_whose_keychain_is_locked_is_left_out_with_the_way_to_open_it() {
    let (sandbox, keychain) = crate::keychain::desktop();
    for words in [["personal", "--keeper", "file"], ["team", "--keeper", "keychain"]] {
        let made = sandbox.call(&[&["store", "create", "-q"][..], &words].concat()).run();
        assert_eq!(made.code(), 0, "{}", made.stderr());
    }
    sandbox.set("A", MINE).says("", "keyctl: kept `A`\n", 0);
    sandbox.set("team:A", TEAMS).says("", "keyctl: kept `team:A`\n", 0);
    plant(&sandbox, "a", TEAMS);
    assert_eq!(sandbox.call(&["scan", "--no-mark", "-q", "a"]).run().code(), 1);
    keychain.lock();
    let said = "keyctl: `team` is locked: its keys were not looked for; unlock the keychain\n\
                keyctl: nothing found; 1 file, 20 bytes scanned\n";
    sandbox.call(&["scan", "a"]).run().says("", said, 7);
}

#[test]
fn what_is_accepted_or_adopted_of_a_store_is_so_in_that_one() {
    let sandbox = sandbox();
    plant(&sandbox, "kept", &format!("{MINE}\n{TEAMS}\n"));
    let ran = sandbox.call(&["scan", "--accept", "--yes", "-q", "kept"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(sandbox.data("accepted").exists() && sandbox.data("stores/team/accepted").exists());
    let two = "keyctl: nothing else found; 1 file, 42 bytes scanned\nkeyctl: 2 accepted ones are not shown: `--all`\n";
    sandbox.call(&["scan", "kept"]).run().says("", &format!("{NOT_LOOKED_FOR}{two}"), 7);
    let one = two.replace("2 accepted ones are", "1 accepted one is");
    sandbox.call(&["scan", "kept", "--store", "team"]).run().says("", &one, 0);
    // A key of a team's goes out of the file, and what is new into the personal store.
    let new = ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat();
    sandbox.secret(&new);
    let file = sandbox.file(".env", format!("ONE={TEAMS}\nNEW={new}\n"));
    let ran = sandbox.call(&["scan", "--adopt", "--yes", ".env"]).run();
    let said = format!(
        "{NOT_LOOKED_FOR}keyctl: `team:A` was kept already, and is out of `.env` (line 1)\n\
         keyctl: `NEW` is kept now, and is out of `.env` (line 2)\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `ONE = \"team:A\"`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `NEW = \"NEW\"`\n\
         keyctl: hint: if anybody else had these files: replace each: `keyctl rotate NAME`\n"
    );
    assert_eq!((ran.stderr(), ran.code()), (said, 7));
    assert_eq!(fs::read_to_string(file).expect("read"), "");
    sandbox.call(&["get", "NEW"]).run().says(&new, "", 0);
    sandbox.call(&["get", "team:NEW"]).run().says(
        "",
        "keyctl: no key named `team:NEW`\nkeyctl: hint: keep it with `keyctl set team:NEW`\n",
        3,
    );
}

/// Three stores with keys that have ended, and the last one locked.
fn ended() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, "A", "2026-11-01T10:00:00Z", &["--expires", "2026-11-20"]);
    with_stores(&sandbox);
    keep(&sandbox, "team:A", "2026-11-01T10:00:00Z", &["--expires", "2026-11-22"]);
    keep(&sandbox, "ops:deploy", "2026-11-01T10:00:00Z", &["--expires", "2026-11-24"]);
    lock_ops(&sandbox);
    sandbox
}

#[test]
fn due_and_the_prompt_speak_of_the_keys_of_every_store() {
    let sandbox = ended();
    let call = |words: &[&str]| sandbox.call(words).at(NOW).run();
    // Each store's file knows how many there are; none is opened for it.
    call(&["due", "--prompt"]).says("at least 3 keys due\n", "", 0);
    let (ran, trace) = sandbox.call(&["due", "--prompt"]).traced("%file,%network");
    assert_eq!(ran.code(), 0);
    let opened = trace.lines().filter(|line| line.contains("open") && line.contains("/due.txt\"")).count();
    let untouched = ["keeper.toml", "store.age", "identity", "socket("];
    assert!(opened == 3 && !untouched.iter().any(|other| trace.contains(other)), "{trace}");
    let table = "KEY     STATE    WHEN        DATE\n\
                 A       expired  5 days ago  2026-11-20\n\
                 team:A  expired  3 days ago  2026-11-22\n";
    let locked = "keyctl: `ops` is locked: its keys are not shown; `keyctl unlock ops`\n";
    call(&["due"]).says(table, locked, 0);
    // What was looked at is exact from now on.
    call(&["due", "--prompt"]).says("at least 3 keys due\n", "", 0);
    call(&["due", "--prompt", "--store", "team"]).says("1 key due\n", "", 0);
    call(&["due", "--fail-on", "due"]).says(table, &format!("{locked}keyctl: 2 keys expired\n"), 1);
    let team = "KEY     STATE    WHEN        DATE\nteam:A  expired  3 days ago  2026-11-22\n";
    call(&["due", "--store", "team"]).says(team, "", 0);
    let report: Value = serde_json::from_str(&call(&["due", "--json"]).stdout()).expect("JSON");
    assert_eq!((&report["due"], &report["left_out"][0]["store"]), (&2.into(), &"ops".into()));
    assert_eq!((&report["keys"][0]["name"], &report["keys"][1]["name"]), (&"A".into(), &"team:A".into()));
    let calendar = call(&["due", "--ics"]).stdout();
    assert!(calendar.contains("SUMMARY:A expires") && calendar.contains("SUMMARY:team:A expires"), "{calendar}");
    // Where nothing that was looked at is due, that is no answer yet.
    call(&["remind", "snooze", "team:A", "-q"]).says("", "", 0);
    for name in ["A", "team:A"] {
        assert_eq!(call(&["edit", name, "--no-expires", "-q"]).code(), 0);
    }
    let none = "keyctl: nothing is due\nkeyctl: 2 keys have no plan: `keyctl due --all` shows them\n";
    let without = "keyctl: the answer is without the store `ops`\nkeyctl: hint: for one store alone: `--store NAME`\n";
    call(&["due", "--fail-on", "due"]).says("", &format!("{none}{locked}{without}"), 4);
    call(&["due", "--fail-on", "due", "--store", "personal"]).says(
        "",
        "keyctl: nothing is due\nkeyctl: 1 key has no plan: `keyctl due --all` shows it\n",
        0,
    );
}

#[test]
fn all_that_is_due_in_every_store_is_replaced_each_in_its_own() {
    let sandbox = Sandbox::new();
    let keep = |name: &str, secret: &str| {
        sandbox.secret(secret);
        assert_eq!(sandbox.call(&["set", name, "-q", "--expires", "2020-01-01"]).input(secret).run().code(), 0);
    };
    keep("A", MINE);
    with_stores(&sandbox);
    keep("team:A", TEAMS);
    keep("ops:deploy", OPS);
    lock_ops(&sandbox);
    let rotator = script(&sandbox, "rotator", "echo \"fresh-$KEYCTL_KEY-$(md5sum | cut -c1-20)\"");
    let own = format!("[[keys]]\nmatch = \"*\"\nrotator = [\"{}\"]\n", rotator.display());
    sandbox.configure(&own);
    let locked = "keyctl: `ops` is locked: its keys are not replaced; `keyctl unlock ops`\n";
    // What the user has set for his own keys is not called for whatever another member calls so.
    let table = "KEY     WHY      BY\nA       expired  ~/rotator\nteam:A  expired  hand\n";
    sandbox.call(&["rotate", "--due", "--dry-run"]).run().says(table, locked, 0);
    sandbox.configure(&format!("{own}{own}store = \"team\"\n"));
    let table = "KEY     WHY      BY\nA       expired  ~/rotator\nteam:A  expired  ~/rotator\n";
    sandbox.call(&["rotate", "--due", "--dry-run"]).run().says(table, locked, 0);
    let team = "KEY     WHY      BY\nteam:A  expired  ~/rotator\n";
    sandbox.call(&["rotate", "--due", "--dry-run", "--store", "team"]).run().says(team, "", 0);
    let ran = sandbox.call(&["rotate", "--due", "--yes", "--json", "-q"]).run();
    let report: Value = serde_json::from_str(&ran.stdout()).expect("JSON");
    assert_eq!((&report[0]["names"], &report[1]["names"]), (&json!(["A"]), &json!(["team:A"])), "{}", ran.stderr());
    let new = ["A", "team:A"].map(|name| sandbox.call(&["get", name]).run().stdout());
    assert!(new[0].starts_with("fresh-A-") && new[1].starts_with("fresh-team:A-"), "{new:?}");
    assert!(ran.code() == 0 && ran.stderr().starts_with(locked), "{}", ran.stderr());
}
