//! A store gets another identity: everything goes on, and the former one is of no use any more.

#![expect(clippy::print_stdout, reason = "how often someone was told to try again is a result")]

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::Value;

use crate::{
    clock::keep,
    pty::on_a_terminal,
    recovering::make_cheap,
    rotating::{unfinished, with_rotator},
    sandbox::{KEYCTL, Ran, Sandbox, bend},
    segmenting::{close_some, in_order},
};

const DONE: &str = "keyctl: the store has a new identity; `identity.txt` keeps it, and the former one no more\n";
const HINTS: &str = "keyctl: hint: no recovery copy opens it yet: make one with `keyctl recovery create`\n\
     keyctl: hint: copies of `store.age` from before still open with the former identity\n\
     keyctl: hint: if that one leaked, so did the keys in them: replace each at its issuer, `keyctl rotate NAME`\n";
const BACK: &str = "keyctl: a change of the store's identity was cut short; the identity is the one it was\n";
const FORTH: &str = "keyctl: a change of the store's identity was cut short and is done now\n";
const OTHERS: &str =
    "keyctl: hint: put the matching `store.age` back, or the matching identity: `keyctl recovery restore FILE`\n";
const PHRASE: &str = "correct horse battery";

/// The identity that lies beside the store.
fn identity(sandbox: &Sandbox) -> String {
    let text = fs::read_to_string(sandbox.data("identity.txt")).expect("an identity");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 1, "one identity");
    lines[0].to_owned()
}

/// Changes the identity. The former one may then lie nowhere and be said nowhere.
#[track_caller]
fn rekey(sandbox: &Sandbox) {
    let former = identity(sandbox);
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", &format!("{DONE}{HINTS}"), 0);
    assert_ne!(identity(sandbox), former);
    sandbox.secret(former);
}

/// Everything in the data folder, to be put back.
fn files(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(sandbox.data("")).expect("list").flatten().filter(|entry| entry.path().is_file());
    entries
        .map(|entry| (entry.file_name().into_string().expect("text"), fs::read(entry.path()).expect("read")))
        .collect()
}

fn put_back(sandbox: &Sandbox, files: &[(String, Vec<u8>)], which: impl Fn(&str) -> bool) {
    for (name, bytes) in files.iter().filter(|(name, _)| which(name)) {
        fs::write(sandbox.data(name), bytes).expect("write");
    }
}

fn entries(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let listed = sandbox.call(&[&["history", "--json"], words].concat()).run();
    assert_eq!(listed.code(), 0, "{}", listed.stderr());
    let event =
        |line: &str| serde_json::from_str::<Value>(line).expect("json")["ev"].as_str().expect("text").to_owned();
    listed.stdout().lines().map(event).collect()
}

fn verified(sandbox: &Sandbox) -> Ran<'_> {
    sandbox.call(&["history", "verify"]).run()
}

/// A key, and a project that is allowed to have it.
fn with_project() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    runs(&sandbox, "");
    sandbox
}

#[track_caller]
fn runs(sandbox: &Sandbox, said: &str) {
    sandbox.call(&["run", "--", "sh", "-c", "printf %s \"$A\""]).run().says("first-secret", said, 0);
}

fn age_opens(identity: &Path, store: &Path) -> bool {
    let age = Command::new("age").args(["-d", "-i"]).arg(identity).arg(store).output();
    age.expect("age: apt-get install age").status.success()
}

#[test]
fn a_new_identity_opens_everything_and_the_former_one_nothing() {
    let sandbox = with_project();
    let (former, before) = (sandbox.outside().join("former.txt"), files(&sandbox));
    fs::copy(sandbox.data("identity.txt"), &former).expect("copy");
    sandbox.may_lie_in(&former);
    assert!(age_opens(&former, &sandbox.data("store.age")));
    rekey(&sandbox);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    runs(&sandbox, "");
    assert!(age_opens(&sandbox.data("identity.txt"), &sandbox.data("store.age")));
    assert!(!age_opens(&former, &sandbox.data("store.age")));
    assert_eq!(entries(&sandbox, &[]), ["set", "allow", "run", "rekey", "segment", "get", "run"]);
    verified(&sandbox).says("the history is intact (7 entries, end proven, anchored at #5)\n", "", 0);
    // Neither the former store nor the former identity is taken in the place of what there is.
    let kept = files(&sandbox);
    put_back(&sandbox, &before, |name| name == "store.age");
    let ran = sandbox.call(&["get", "A"]).run();
    assert!(ran.stderr().starts_with("keyctl: the store was made for another identity than the one that is kept ("));
    assert!(ran.stderr().ends_with(OTHERS) && ran.code() == 5, "{}", ran.stderr());
    put_back(&sandbox, &kept, |name| name == "store.age");
    put_back(&sandbox, &before, |name| name == "identity.txt");
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 5);
    put_back(&sandbox, &kept, |name| name == "identity.txt");
    put_back(&sandbox, &before, |name| name == "allowed");
    let ran = sandbox.call(&["run", "--", "true"]).run();
    assert!(ran.stderr().contains("was not written with your identity: it is forged"), "{}", ran.stderr());
    put_back(&sandbox, &kept, |_| true);
    runs(&sandbox, "");
}

#[test]
fn nobody_changes_the_identity_without_being_asked() {
    let sandbox = Sandbox::new();
    let none = "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", none, 3);
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let before = identity(&sandbox);
    let said = "keyctl: changing the store's identity needs a yes\nkeyctl: hint: recovery copies made so far will not open the store any more\nkeyctl: hint: without a terminal: `--yes`\n";
    sandbox.call(&["store", "rekey"]).run().says("", said, 2);
    let question = "keyctl: the store gets a new identity; recovery copies made so far will not open it any more\nkeyctl: change the identity? [y/N] ";
    on_a_terminal(&sandbox, &[KEYCTL, "store", "rekey"], &[("[y/N]", "\r")])
        .says(&format!("{question}\nkeyctl: the identity was not changed\n"), 1);
    assert_eq!(identity(&sandbox), before);
    on_a_terminal(&sandbox, &[KEYCTL, "store", "rekey"], &[("[y/N]", "y\r")])
        .says(&format!("{question}y\n{DONE}{HINTS}"), 0);
    sandbox.secret(before);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn a_history_over_two_changes_and_several_files_is_listed_exported_proven_and_pruned_as_one() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    let uses = |times: usize| (0..times).for_each(|_| sandbox.call(&["get", "A"]).run().says("first-secret", "", 0));
    uses(2);
    close_some(&sandbox.data(""), 2);
    rekey(&sandbox);
    uses(2);
    let mark = sandbox.call(&["history", "anchor"]).run().stdout();
    close_some(&sandbox.data(""), 1);
    uses(1);
    rekey(&sandbox);
    uses(3);
    sandbox.call(&["rename", "A", "Z"]).run().says("", "keyctl: renamed `A` to `Z`\n", 0);
    let gets = |words: &[&str]| entries(&sandbox, words).iter().filter(|event| *event == "get").count();
    let all = entries(&sandbox, &[]).len();
    assert_eq!((gets(&["Z"]), gets(&["--action", "get"])), (8, 11), "three of the others only close files");
    let exported = sandbox.call(&["history", "export", "--format", "jsonl"]).run().stdout();
    assert_eq!(exported.lines().count(), all);
    let said = format!("the history is intact ({all} entries, end proven, anchored at #{all})\n");
    verified(&sandbox).says(&said, "", 0);
    let against = sandbox.call(&["history", "verify", "--against", mark.trim()]).run();
    assert_eq!(against.code(), 0, "{}{}", against.stdout(), against.stderr());
    // The first identity's files go, and one of the second's.
    assert_eq!(sandbox.call(&["history", "prune", "--keep-segments", "1", "--yes"]).run().code(), 0);
    let left = entries(&sandbox, &[]);
    assert_eq!(left.iter().filter(|event| *event == "rekey").count(), 1, "{left:?}");
    let ran = verified(&sandbox);
    assert!(ran.stdout().contains("earlier ones pruned on") && ran.code() == 0, "{}", ran.stdout());
    rekey(&sandbox);
    assert_eq!(sandbox.call(&["history", "prune", "--keep-segments", "0", "--yes"]).run().code(), 0);
    assert_eq!(verified(&sandbox).code(), 0);
    sandbox.call(&["get", "Z"]).run().says("first-secret", "", 0);
    assert_eq!(verified(&sandbox).code(), 0);
}

#[test]
fn whoever_has_the_former_identity_and_gets_at_the_history_is_found() {
    let sandbox = with_project();
    let before = files(&sandbox);
    rekey(&sandbox);
    runs(&sandbox, "");
    let kept = files(&sandbox);
    let of_history = |name: &str| name.starts_with("history");
    // The whole history as it was before the change, with the end that the former identity sealed.
    fs::remove_file(sandbox.data("history-0001.log")).expect("remove");
    put_back(&sandbox, &before, of_history);
    let ran = verified(&sandbox);
    assert_eq!((ran.code(), ran.stdout().as_str()), (1, ""), "{}", ran.stderr());
    // The same without any end.
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    assert_eq!(verified(&sandbox).code(), 1);
    let ran = sandbox.call(&["get", "A"]).run();
    assert!(ran.stderr().starts_with("keyctl: not recorded in the history: "), "{}", ran.stderr());
    put_back(&sandbox, &kept, |_| true);
    fs::remove_file(sandbox.data("history.gap")).expect("noted");
    assert_eq!(verified(&sandbox).code(), 0);
}

#[test]
fn a_recovery_copy_from_before_opens_nothing_and_is_called_that() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret(PHRASE);
    assert_eq!(sandbox.call(&["recovery", "create", "old.age"]).input(PHRASE).run().code(), 0);
    make_cheap(&sandbox, "", "old.age", PHRASE);
    assert_eq!(sandbox.call(&["recovery", "verify", "old.age"]).input(PHRASE).run().code(), 0);
    rekey(&sandbox);
    let status = sandbox.call(&["status"]).run();
    assert!(status.stdout().contains("none: if the identity is lost, so are the keys"), "{}", status.stdout());
    assert!(status.stderr().contains("make a recovery copy: `keyctl recovery create`"), "{}", status.stderr());
    let said = "keyctl: this recovery copy is of another identity than the one that opens the store in `~/.local/share/keyctl`\nkeyctl: hint: if the identity was changed since it was made, make a new one: `keyctl recovery create`\n";
    for verb in ["verify", "restore"] {
        sandbox.call(&["recovery", verb, "old.age"]).input(PHRASE).run().says("", said, 1);
    }
    assert_eq!(sandbox.call(&["recovery", "create", "new.age"]).input(PHRASE).run().code(), 0);
    make_cheap(&sandbox, "", "new.age", PHRASE);
    fs::remove_file(sandbox.data("identity.txt")).expect("lose");
    let again = "keyctl: the store opens again: 1 key; its identity is kept in `identity.txt`\n";
    sandbox.call(&["recovery", "restore", "new.age"]).input(PHRASE).run().says("", again, 0);
    assert_eq!(entries(&sandbox, &["--action", "set,rekey"]), ["set", "rekey"]);
    assert_eq!(verified(&sandbox).code(), 0);
    // On a new machine, without the history: another one begins.
    let new = Sandbox::new();
    new.secret("first-secret");
    fs::create_dir_all(new.data("")).expect("make");
    fs::copy(sandbox.data("store.age"), new.data("store.age")).expect("copy");
    fs::copy(sandbox.project().join("new.age"), new.project().join("new.age")).expect("copy");
    assert_eq!(new.call(&["recovery", "restore", "new.age"]).input(PHRASE).run().code(), 0);
    new.call(&["get", "A"]).run().says("first-secret", "", 0);
    assert_eq!(entries(&new, &[]), ["recovery", "get"]);
    verified(&new).says("the history is intact (2 entries, end proven, anchored at #1)\n", "", 0);
    rekey(&new);
    assert_eq!(verified(&new).code(), 0);
}

#[test]
fn while_a_rotation_is_not_finished_the_identity_stays() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    sandbox.secret("then-new-secret");
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    assert_eq!(unfinished(&sandbox), 1);
    let before = identity(&sandbox);
    let ran = sandbox.call(&["store", "rekey", "--yes"]).run();
    assert!(ran.stderr().starts_with("keyctl: a rotation of `shop/key`, begun on "), "{}", ran.stderr());
    let rest = "is not finished; the identity was not changed\nkeyctl: hint: to go on with it: `keyctl rotate shop/key`\nkeyctl: hint: to drop what it has made: `keyctl rotate shop/key --discard`\n";
    assert!(ran.stderr().ends_with(rest) && ran.code() == 1, "{}", ran.stderr());
    assert_eq!(identity(&sandbox), before);
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--discard", "--yes"]).run().code(), 0);
    rekey(&sandbox);
}

#[test]
fn the_watch_still_knows_what_is_usual_after_a_change() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "A", "2020-11-01T10:00:00Z", &[]);
    let run = |moment: &str, program: &str| {
        let ran = sandbox.call(&["run", "-k", "V=A", "--", program]).at(moment).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 0));
        ran.stderr()
    };
    for day in ["02", "03", "05"] {
        assert_eq!(run(&format!("2020-11-{day}T10:00:00Z"), "true"), "");
    }
    let former = identity(&sandbox);
    assert_eq!(sandbox.call(&["store", "rekey", "--yes"]).at("2020-11-06T10:00:00Z").run().code(), 0);
    sandbox.secret(former);
    assert_eq!(run("2020-11-12T10:00:00Z", "true"), "");
    let told = run("2020-11-12T10:01:00Z", "cat");
    assert!(told.contains("alert: `A` was given to `cat` for the first time"), "{told}");
}

#[test]
fn a_change_that_was_cut_short_is_said_by_doctor_and_ended_by_whatever_changes_the_store() {
    let sandbox = with_project();
    let former = identity(&sandbox);
    let other = Sandbox::with(&[("A", "first-secret")]);
    // Cut short before the store was made for it: the next one is only known to the keeper.
    let planned = identity(&other);
    let both = format!("{former}\n{planned}\n");
    fs::write(sandbox.data("identity.txt"), &both).expect("write");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    runs(&sandbox, "");
    let doctor = sandbox.call(&["doctor"]).run();
    let line =
        "care  identity           a change of the identity was cut short; the next change to the store ends it\n";
    assert!(doctor.stdout().contains(line), "{}", doctor.stdout());
    assert!(doctor.stderr().contains("keyctl: hint: to end it now: `keyctl store rekey`\n"), "{}", doctor.stderr());
    sandbox.set("B", "second-secret").says("", &format!("{BACK}keyctl: kept `B`\n"), 0);
    sandbox.secret(planned);
    assert_eq!(identity(&sandbox), former);
    assert!(!sandbox.call(&["doctor"]).run().stdout().contains("cut short"));
    runs(&sandbox, "");
    assert_eq!(verified(&sandbox).code(), 0);
    let failed = entries(&sandbox, &["--action", "failed"]);
    assert_eq!(failed.len(), 1);
    // Cut short after it was: what the keeper, the anchor and the approvals were before is there once more.
    let approvals = fs::read(sandbox.data("allowed")).expect("read");
    let anchor = fs::read(sandbox.data("anchor.txt")).expect("read");
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", &format!("{DONE}{HINTS}"), 0);
    let next = identity(&sandbox);
    fs::write(sandbox.data("identity.txt"), format!("{former}\n{next}\n")).expect("write");
    fs::write(sandbox.data("anchor.txt"), anchor).expect("write");
    let sealed = fs::read_to_string(sandbox.data("allowed")).expect("read");
    let of_former = String::from_utf8(approvals).expect("text");
    let (_, lines) = of_former.split_once('\n').expect("a head");
    fs::write(sandbox.data("allowed"), sealed + lines).expect("write");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    runs(&sandbox, "");
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", &format!("{FORTH}{HINTS}"), 0);
    assert_eq!(identity(&sandbox), next, "it is ended, and not changed once more");
    let left = fs::read_to_string(sandbox.data("allowed")).expect("read");
    assert_eq!(left.lines().count(), 2, "{left}");
    sandbox.secret(former);
    runs(&sandbox, "");
    assert_eq!(verified(&sandbox).code(), 0);
}

#[test]
fn where_the_history_cannot_go_on_the_identity_stays_until_it_is_repaired() {
    let sandbox = with_project();
    let before = identity(&sandbox);
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    let said = "keyctl: the end of the history is not sealed: `history.head` is missing\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\n";
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", said, 5);
    assert_eq!(identity(&sandbox), before);
    runs(
        &sandbox,
        "keyctl: not recorded in the history: the end of the history is not sealed: `history.head` is missing\nkeyctl: hint: `keyctl history verify` says what can still be relied on, `keyctl history repair` goes on from there\n",
    );
    assert_eq!(sandbox.call(&["history", "repair", "--accept", "--yes"]).run().code(), 0);
    rekey(&sandbox);
    runs(&sandbox, "");
    // A history that is set aside takes its former keys along, and the next one begins with the identity that there is.
    let mut log = fs::read(sandbox.data("history-0001.log")).expect("read");
    bend(&mut log[30]);
    fs::write(sandbox.data("history-0001.log"), log).expect("write");
    assert_eq!(verified(&sandbox).code(), 1);
    assert_eq!(sandbox.call(&["history", "repair", "--accept", "--yes"]).run().code(), 0);
    runs(&sandbox, "");
    assert_eq!(verified(&sandbox).code(), 0);
    rekey(&sandbox);
    assert_eq!(verified(&sandbox).code(), 0);
}

/// What the head of rekey.rs relies on, read from a trace: whatever a step needs is on the disk before it.
#[test]
fn nothing_is_taken_away_before_what_takes_its_place_is_on_the_disk() {
    let sandbox = with_project();
    let former = identity(&sandbox);
    let (ran, trace) = sandbox.call(&["store", "rekey", "--yes"]).traced("fsync,fdatasync,rename");
    ran.says("", &format!("{DONE}{HINTS}"), 0);
    sandbox.secret(former);
    let put = |name: &str, from: usize| {
        let temporary = format!("/.{name}.");
        let synced = in_order(&trace, &["fsync(", &temporary], from);
        let renamed = in_order(&trace, &["rename(", &temporary], synced);
        in_order(&trace, &["fsync(", "/keyctl>"], renamed)
    };
    let both = put("identity.txt", 0);
    let approvals = put("allowed", both);
    let closed = in_order(&trace, &["rename(", "/history.log\"", "/history-0001.log\""], approvals);
    let store = put("store.age", closed);
    let end = put("history.head", store);
    let alone = put("anchor.txt", put("allowed", end));
    put("identity.txt", alone);
    for (name, times) in [("identity.txt", 2), ("store.age", 1), ("allowed", 2), ("anchor.txt", 1)] {
        let renames = trace.lines().filter(|line| line.contains("rename(") && line.contains(&format!("/.{name}.")));
        assert_eq!(renames.count(), times, "{name}");
    }
}

#[test]
fn whoever_uses_keys_while_the_identity_changes_gets_them_or_is_told_to_try_again() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let (done, again, used) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let ran = sandbox.call(&["get", "A"]).run();
                    match ran.code() {
                        0 => {
                            assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("first-secret", ""));
                            used.fetch_add(1, Ordering::Relaxed);
                        }
                        8 => {
                            let said = "keyctl: the store's identity was being changed just now\nkeyctl: hint: do the same once more\n";
                            ran.says("", said, 8);
                            again.fetch_add(1, Ordering::Relaxed);
                        }
                        code => panic!("{code}: {}", ran.stderr()),
                    }
                }
            });
        }
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let ran = sandbox.call(&["history", "verify"]).run();
                assert!([0, 8].contains(&ran.code()), "nobody has changed anything: {}", ran.stderr());
            }
        });
        let changed: Vec<i32> = (0..8).map(|_| sandbox.call(&["store", "rekey", "--yes"]).run().code()).collect();
        done.store(true, Ordering::Relaxed);
        assert_eq!(changed, [0; 8]);
    });
    println!("told to try again: {again:?}");
    // Each use that succeeded stands in the history, whichever identity it began with.
    let recorded = sandbox.call(&["history", "--action", "get", "--json"]).run().stdout();
    assert_eq!(recorded.lines().count(), used.into_inner());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let ran = verified(&sandbox);
    assert!(ran.stdout().starts_with("the history is intact") && ran.code() == 0, "{}{}", ran.stdout(), ran.stderr());
}

#[test]
fn a_file_that_does_not_open_is_named_before_the_identity_changes_and_stays() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    fs::write(sandbox.data("unfinished-foreign"), "keyctl-unfinished 2\n").expect("write");
    let former = identity(&sandbox);
    let said = "keyctl: `unfinished-foreign` is damaged or of another store; it is left as it is\n\
                keyctl: hint: if no new secret of a rotator is missing, remove it: `~/.local/share/keyctl/unfinished-foreign`\n";
    sandbox.call(&["store", "rekey", "--yes"]).run().says("", &format!("{said}{DONE}{HINTS}"), 0);
    sandbox.secret(former);
    assert!(sandbox.data("unfinished-foreign").exists());
    // One that cannot even be read may open with the identity that there is.
    fs::remove_file(sandbox.data("unfinished-foreign")).expect("remove");
    fs::create_dir(sandbox.data("unfinished-foreign")).expect("make");
    let before = identity(&sandbox);
    assert_eq!(sandbox.call(&["store", "rekey", "--yes"]).run().code(), 7);
    assert_eq!(identity(&sandbox), before);
}

#[test]
fn a_rotation_in_the_way_is_named_by_the_name_that_its_key_has_now() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    sandbox.secret("then-new-secret");
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    sandbox.call(&["rename", "shop/key", "shop/two", "-q"]).run().says("", "", 0);
    let ran = sandbox.call(&["store", "rekey", "--yes"]).run();
    assert!(ran.stderr().starts_with("keyctl: a rotation of `shop/two`, begun on "), "{}", ran.stderr());
    let rest = "hint: to go on with it: `keyctl rotate shop/two`\nkeyctl: hint: to drop what it has made: `keyctl rotate shop/two --discard`\n";
    assert!(ran.stderr().ends_with(rest) && ran.code() == 1, "{}", ran.stderr());
    assert_eq!(sandbox.call(&["rotate", "shop/two", "--discard", "--yes"]).run().code(), 0);
    rekey(&sandbox);
}

#[test]
fn a_store_from_before_the_change_is_opened_in_a_folder_of_its_own_and_restore_says_so() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret(PHRASE);
    assert_eq!(sandbox.call(&["recovery", "create", "old.age"]).input(PHRASE).run().code(), 0);
    make_cheap(&sandbox, "", "old.age", PHRASE);
    let old = fs::read(sandbox.data("store.age")).expect("read");
    rekey(&sandbox);
    assert_eq!(sandbox.set("B", "second-secret").code(), 0);
    let (new, present) = (fs::read(sandbox.data("store.age")).expect("read"), identity(&sandbox));
    fs::write(sandbox.data("store.age"), &old).expect("put back");
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 5);
    let said = "keyctl: this store is from before its identity was changed; `identity.txt` pins the one after that, and stays as it is\n\
                keyctl: hint: to go on from there: put the newest `store.age` back; a recovery copy made since then opens it too\n\
                keyctl: hint: to get at this older one: put it alone into a folder, then `KEYCTL_HOME=FOLDER keyctl recovery restore old.age --keeper file`\n";
    let restore = |more: &[&str]| {
        sandbox.call(&[&["recovery", "restore", "old.age"], more].concat()).input(PHRASE).run().says("", said, 5);
    };
    restore(&[]);
    restore(&["--accept-older"]);
    // Also where the present identity is lost: it is not someone else who has written this one.
    let lost = sandbox.data("lost");
    fs::rename(sandbox.data("identity.txt"), &lost).expect("lose");
    restore(&[]);
    fs::rename(&lost, sandbox.data("identity.txt")).expect("find");
    // What the hints say is so.
    let folder = sandbox.home().join("older");
    fs::create_dir(&folder).expect("make");
    fs::copy(sandbox.data("store.age"), folder.join("store.age")).expect("copy");
    let words = ["recovery", "restore", "old.age", "--keeper", "file"];
    let ran = sandbox.call(&words).input(PHRASE).env("KEYCTL_HOME", &folder).run();
    assert!(ran.stderr().ends_with("keyctl: the store opens again: 1 key; its identity is kept in `identity.txt`\n"));
    sandbox.call(&["get", "A"]).env("KEYCTL_HOME", &folder).run().says("first-secret", "", 0);
    assert_eq!(sandbox.call(&["history", "verify"]).env("KEYCTL_HOME", &folder).run().code(), 0);
    sandbox.may_lie_in(&folder.join("identity.txt"));
    fs::write(sandbox.data("store.age"), &new).expect("put back");
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    assert_eq!((identity(&sandbox), verified(&sandbox).code()), (present, 0));
}
