//! The recovery copy: made, proven, and used where the identity or the machine is lost.
#![cfg(unix)]

use std::{fs, process::Command};

use crate::sandbox::{NO_KEYCHAIN, Sandbox};

const PHRASE: &str = "correct horse battery";
const OPENS: &str = "the recovery copy opens this store without its keeper: 2 keys\n";
const AGAIN: &str = "keyctl: the store opens again: 2 keys; its identity is kept in `identity.txt`\n";
const WRONG: &str = "keyctl: the recovery copy does not open: wrong passphrase, or a mistyped line\n";

fn kept() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    sandbox.secret(PHRASE);
    sandbox
}

/// A store with a recovery copy `copy.age`.
fn copied() -> Sandbox {
    let sandbox = kept();
    let said = "keyctl: wrote the recovery copy to `copy.age`\nkeyctl: hint: keep it off this machine, and its passphrase apart from it\nkeyctl: hint: it opens the store and does not hold it: back up `~/.local/share/keyctl/store.age` too\nkeyctl: hint: prove it from where you keep it: `keyctl recovery verify copy.age`\n";
    sandbox.call(&["recovery", "create", "copy.age"]).input(PHRASE).run().says("", said, 0);
    make_cheap(&sandbox, "", "copy.age", PHRASE);
    sandbox
}

/// Puts a copy of the same in the place of the recovery copy of this name, in the project's folder: one that is opened at once,
/// since each that `create` made takes more than a second of work to open. A file in `folder` keeps the identity.
pub fn make_cheap(sandbox: &Sandbox, folder: &str, name: &str, phrase: &str) {
    let read = |name: &str| fs::read_to_string(sandbox.data(folder).join(name)).expect("read");
    let (identity, anchor) = (read("identity.txt"), read("anchor.txt"));
    let line = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("a line");
    let anchor = anchor.lines().find(|line| line.starts_with("keyctl-anchor 1 ")).expect("a line");
    let anchor: Vec<&str> = anchor.split(' ').collect();
    let head = "# keyctl recovery copy 1\n# created: 2026-01-01T00:00:00Z";
    let text = format!("{head}\n# store: {}\n# seal: {}\n{line}\n", anchor[2], anchor[3]);
    let path = sandbox.project().join(name);
    assert!(path.exists());
    fs::write(path, crate::keepers::wrapped_in(phrase, &text)).expect("write");
}

fn restore<'s>(sandbox: &'s Sandbox, more: &[&str]) -> crate::sandbox::Ran<'s> {
    sandbox.call(&[&["recovery", "restore", "copy.age"][..], more].concat()).input(format!("{PHRASE}\n")).run()
}

#[test]
fn until_a_copy_is_proven_status_and_doctor_say_so() {
    let sandbox = kept();
    let row = |words: &[&str]| {
        let said = sandbox.call(words).run();
        let line = said.stdout().lines().find(|line| line.contains("recovery copy")).expect("a row").to_owned();
        let hint = said.stderr().lines().find(|line| line.contains("recovery")).unwrap_or_default().to_owned();
        (line, hint)
    };
    let (line, hint) = row(&["status"]);
    assert_eq!(hint, "keyctl: hint: make a recovery copy: `keyctl recovery create`");
    assert!(line.ends_with("none: if the identity is lost, so are the keys"), "{line}");
    let (line, hint) = row(&["doctor"]);
    assert_eq!(hint, "keyctl: hint: make a recovery copy: `keyctl recovery create`");
    assert!(line.starts_with("care"), "{line}");
    assert_eq!(sandbox.call(&["recovery", "create", "copy.age"]).input(PHRASE).run().code(), 0);
    make_cheap(&sandbox, "", "copy.age", PHRASE);
    for (words, said) in [
        (&["status"], "keyctl: hint: prove the recovery copy from where you keep it: `keyctl recovery verify FILE`"),
        (&["doctor"], "keyctl: hint: prove the recovery copy from where you keep it: `keyctl recovery verify FILE`"),
    ] {
        let (line, hint) = row(words);
        assert!(line.ends_with("made just now, never proven"), "{line}");
        assert_eq!(hint, said);
    }
    sandbox.call(&["recovery", "verify", "copy.age"]).input(PHRASE).run().says(OPENS, "", 0);
    assert!(row(&["status"]).0.ends_with("made just now, proven just now"), "{:?}", row(&["status"]));
    assert_eq!(row(&["doctor"]).1, "");
}

#[test]
fn a_copy_is_private_new_and_opened_by_nothing_but_its_passphrase() {
    let sandbox = copied();
    let copy = sandbox.project().join("copy.age");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&copy).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let ran = sandbox.call(&["recovery", "create", "copy.age"]).input(PHRASE).run();
    ran.says("", "keyctl: `copy.age` exists already\nkeyctl: hint: name another file\n", 1);
    sandbox.call(&["recovery", "verify", "copy.age"]).input("wrong").run().says("", WRONG, 2);
    let empty = "keyctl: the passphrase is empty or no text\nkeyctl: hint: give it on standard input, or with `--passphrase-file FILE`\n";
    sandbox.call(&["recovery", "verify", "copy.age"]).run().says("", empty, 2);
    sandbox.call(&["recovery", "create", "other.age"]).run().says("", empty, 2);
    assert!(!sandbox.project().join("other.age").exists());
    let phrase = sandbox.outside().join("phrase");
    fs::write(&phrase, format!("{PHRASE}\n")).expect("write");
    sandbox.may_lie_in(&phrase);
    let verify = ["recovery", "verify", "copy.age", "--passphrase-file", phrase.to_str().expect("text")];
    sandbox.call(&verify).run().says(OPENS, "", 0);
    let text = fs::read_to_string(&copy).expect("read");
    let damaged = text.replacen("\n-----END", "x\n-----END", 1);
    sandbox.file("damaged.age", damaged);
    assert_eq!(sandbox.call(&["recovery", "verify", "damaged.age"]).input(PHRASE).run().code(), 2);
    sandbox.call(&["recovery", "verify", "none.age"]).input(PHRASE).run().says(
        "",
        "keyctl: there is no file `none.age`\n",
        7,
    );
}

#[test]
fn a_lost_identity_file_is_called_lost_and_comes_back() {
    let sandbox = copied();
    fs::remove_file(sandbox.data("identity.txt")).expect("lose");
    let said = "keyctl: `identity.txt` has no identity for this store any more\nkeyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE`\n";
    sandbox.call(&["get", "A"]).run().says("", said, 4);
    sandbox.set("C", "third-secret").says("", said, 4);
    assert!(!sandbox.data("identity.txt").exists(), "no new identity is made where a store exists");
    let ran = sandbox.call(&["recovery", "restore", "copy.age"]).input("wrong").run();
    ran.says("", WRONG, 2);
    restore(&sandbox, &[]).says("", AGAIN, 0);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.call(&["history", "verify"]).run().says(
        "the history is intact (5 entries, end proven, anchored at #4)\n",
        "",
        0,
    );
    let told = sandbox.call(&["history"]).run().stdout();
    assert!(told.contains("recovery (restored)"), "{told}");
}

#[test]
fn the_printed_page_is_a_copy_too() {
    let sandbox = kept();
    let printed = sandbox.call(&["recovery", "create", "--print"]).input(PHRASE).run();
    assert_eq!(printed.code(), 0, "{}", printed.stderr());
    // As typed off paper: with other text round it, and spaces at line ends.
    let page = format!("page one\n\n{}\n", printed.stdout().replace('\n', "  \r\n"));
    sandbox.file("copy.age", page);
    sandbox.call(&["recovery", "verify", "copy.age"]).input(PHRASE).run().says(OPENS, "", 0);
    fs::remove_file(sandbox.data("identity.txt")).expect("lose");
    restore(&sandbox, &[]).says("", AGAIN, 0);
}

#[test]
fn a_new_machine_needs_the_store_and_the_copy_and_nothing_else() {
    let (old, new) = (copied(), Sandbox::new());
    new.secret("first-secret");
    fs::copy(old.project().join("copy.age"), new.project().join("copy.age")).expect("copy");
    let said = "keyctl: there is no store in `~/.local/share/keyctl`\nkeyctl: hint: a recovery copy opens a store, it does not hold one: put your copy of `store.age` there first\n";
    restore(&new, &[]).says("", said, 3);
    fs::create_dir_all(new.data("")).expect("make");
    fs::copy(old.data("store.age"), new.data("store.age")).expect("copy");
    let said = "keyctl: there is a store, but not `keeper.toml`, which says who keeps its identity, in `~/.local/share/keyctl`\nkeyctl: hint: bring the identity back: `keyctl recovery restore FILE`\nkeyctl: hint: where it is given, as in CI: put it into `KEYCTL_IDENTITY`\n";
    new.call(&["get", "A"]).run().says("", said, 5);
    new.set("C", "third-secret").says("", said, 5);
    let taken = "keyctl: taken as it lies here, generation 3: nothing is left that would tell an older copy\n";
    restore(&new, &[]).says("", &format!("{NO_KEYCHAIN}{taken}{AGAIN}"), 0);
    new.call(&["get", "A"]).run().says("first-secret", "", 0);
    new.set("C", "third-secret").says("", "keyctl: kept `C`\n", 0);
    new.call(&["run", "-k", "C", "--", "printenv", "C"]).run().says("third-secret\n", "", 0);
    let ran = new.call(&["history", "verify"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
}

#[test]
fn an_identity_of_another_store_opens_nothing_and_replaces_nothing() {
    let (sandbox, other) = (copied(), copied());
    fs::copy(other.project().join("copy.age"), sandbox.project().join("other.age")).expect("copy");
    let ran = sandbox.call(&["recovery", "restore", "other.age"]).input(PHRASE).run();
    let said = "keyctl: this recovery copy is for another store than the one in `~/.local/share/keyctl`\nkeyctl: hint: make one for this store: `keyctl recovery create`\n";
    ran.says("", said, 1);
    sandbox.call(&["recovery", "verify", "other.age"]).input(PHRASE).run().says("", said, 1);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    fs::copy(other.data("identity.txt"), sandbox.data("identity.txt")).expect("plant");
    let ran = sandbox.call(&["get", "A"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 5));
    assert!(
        ran.stderr().starts_with("keyctl: the store was made for another identity than the one that is kept ("),
        "{}",
        ran.stderr()
    );
    let said = "keyctl: `identity.txt` holds another identity for this store; it is left alone\nkeyctl: hint: move that file away if it is wrong, then try again\n";
    restore(&sandbox, &[]).says("", said, 4);
    fs::remove_file(sandbox.data("identity.txt")).expect("remove");
    restore(&sandbox, &[]).says("", AGAIN, 0);
}

#[test]
fn an_older_store_is_refused_until_it_is_accepted() {
    let sandbox = copied();
    let old = fs::read(sandbox.data("store.age")).expect("read");
    sandbox.set("C", "third-secret").says("", "keyctl: kept `C`\n", 0);
    fs::write(sandbox.data("store.age"), old).expect("put back");
    let ran = sandbox.call(&["get", "A"]).run();
    assert!(
        ran.stderr().starts_with("keyctl: the store is an older copy: generation 3, but 4 was written before\n"),
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.code(), 5);
    let said = "keyctl: the store is an older copy: generation 3, but 4 was written before\nkeyctl: hint: put the newest `store.age` back, or accept this one: `--accept-older`\n";
    restore(&sandbox, &[]).says("", said, 5);
    restore(&sandbox, &["--accept-older"]).says("", AGAIN, 0);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    assert_eq!(sandbox.call(&["get", "C"]).run().code(), 3);
    sandbox.set("D", "fourth-secret").says("", "keyctl: kept `D`\n", 0);
    sandbox.call(&["get", "D"]).run().says("fourth-secret", "", 0);
}

#[test]
fn a_store_that_was_forged_is_not_taken_for_the_copys_own() {
    let (sandbox, stranger) = (copied(), Sandbox::new());
    // The stranger learned the recipient: the text of a store of its own, encrypted to the owner.
    let identity = fs::read_to_string(sandbox.data("identity.txt")).expect("read");
    let line = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("a line");
    fs::write(stranger.outside().join("owner.txt"), line).expect("write");
    let recipient = age(&["age-keygen", "-y", stranger.outside().join("owner.txt").to_str().expect("text")], &[]);
    assert_eq!(stranger.set("EVIL", "evil-secret").code(), 0);
    let text = age(
        &[
            "age",
            "-d",
            "-i",
            stranger.data("identity.txt").to_str().expect("text"),
            stranger.data("store.age").to_str().expect("text"),
        ],
        &[],
    );
    let forged = age(&["age", "-r", String::from_utf8_lossy(&recipient).trim()], &text);
    fs::write(sandbox.data("store.age"), forged).expect("put in its place");
    let ran = restore(&sandbox, &[]);
    let said = "keyctl: the store opens, but it is not the one this copy was made for: its seal differs\nkeyctl: hint: put your own copy of `store.age` back\n";
    ran.says("", said, 5);
    let said = "keyctl: the store was not written by its owner: its seal is not the one that is pinned\nkeyctl: hint: someone put another file in its place; put your own copy of `store.age` back\n";
    sandbox.call(&["get", "EVIL"]).run().says("", said, 5);
}

/// What a program of age's prints for this input.
fn age(words: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("age: apt-get install age");
    child.stdin.take().expect("piped").write_all(input).expect("write");
    let output = child.wait_with_output().expect("age");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn plain_age_opens_the_store_with_the_copy_and_the_passphrase() {
    let sandbox = kept();
    assert_eq!(sandbox.call(&["recovery", "create", "copy.age"]).input(PHRASE).run().code(), 0);
    let script = format!("exec age -d -i copy.age {}", sandbox.data("store.age").display());
    let screen = crate::pty::on_a_terminal(&sandbox, &["sh", "-c", &script], &[("passphrase", &format!("{PHRASE}\r"))]);
    assert!(screen.shown.contains("first-secret") && screen.shown.contains("second-secret"), "{}", screen.shown);
    assert_eq!(screen.code, 0);
}

#[test]
fn an_age_identity_file_brings_the_store_back_too() {
    let sandbox = kept();
    let saved = sandbox.outside().join("saved.txt");
    fs::rename(sandbox.data("identity.txt"), &saved).expect("move");
    let ran = sandbox.call(&["recovery", "restore", saved.to_str().expect("text")]).run();
    ran.says("", AGAIN, 0);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}
