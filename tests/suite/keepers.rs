//! Who keeps an identity, beside a keychain and a plain file: a passphrase, or a key of another kind.
#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Instant};

use crate::{
    pty::{Screen, on_a_terminal},
    sandbox::{KEYCTL, Sandbox},
};

const PHRASE: &str = "correct horse battery";
const ASKED: &str = "keyctl: the store's passphrase: \n";
const CLOSED: &str = "keyctl: the store is closed: a passphrase opens it, and there is no terminal to ask on\nkeyctl: hint: open it at a terminal first: `keyctl unlock`\n";
/// Gives the key to a command: `get` would ask whether it may be shown on a screen.
const USE: &[&str] = &["run", "-k", "A", "--", "sh", "-c", "printf %s \"$A\""];
const WRAPPED: &str = "identity-0badcafe.age";

/// Puts the identity of a store into a file under a passphrase as an older machine would have: for so little work that a test
/// can open it often. What keyctl itself makes takes it a second.
fn put_under_passphrase(sandbox: &Sandbox, passphrase: &str) {
    sandbox.secret(passphrase);
    let identity = fs::read_to_string(sandbox.data("identity.txt")).expect("a file keeps it");
    sandbox.secret(identity.lines().last().expect("a line"));
    write_wrapped(sandbox, passphrase, &identity);
    let record = fs::read_to_string(sandbox.data("keeper.toml")).expect("record");
    let record = record.replace("format = 1", "format = 2").replace("\"file\"", "\"passphrase\"");
    fs::write(sandbox.data("keeper.toml"), format!("{record}identity = \"{WRAPPED}\"\n")).expect("write");
    fs::remove_file(sandbox.data("identity.txt")).expect("remove");
}

fn write_wrapped(sandbox: &Sandbox, passphrase: &str, identity: &str) {
    let mut recipient = age::scrypt::Recipient::new(passphrase.into());
    recipient.set_work_factor(2);
    put(sandbox, age::encrypt_and_armor(&recipient, identity.as_bytes()).expect("wrapped"));
}

fn put(sandbox: &Sandbox, bytes: impl AsRef<[u8]>) {
    fs::write(sandbox.data(WRAPPED), bytes).expect("write");
    fs::set_permissions(sandbox.data(WRAPPED), fs::Permissions::from_mode(0o600)).expect("chmod");
}

/// A store with one key, under a passphrase.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    put_under_passphrase(&sandbox, PHRASE);
    sandbox
}

/// A file with a passphrase in it.
fn phrase_file(sandbox: &Sandbox, passphrase: &str) -> String {
    sandbox.secret(passphrase);
    let path = sandbox.outside().join("phrase");
    fs::write(&path, format!("{passphrase}\n")).expect("write");
    sandbox.may_lie_in(&path);
    path.to_str().expect("text").to_owned()
}

/// keyctl at a terminal; what is typed is not shown.
#[track_caller]
fn at_terminal(sandbox: &Sandbox, words: &[&str], steps: &[(&str, &str)]) -> Screen {
    let screen = on_a_terminal(sandbox, &[&[KEYCTL], words].concat(), steps);
    assert!(!screen.shown.contains(PHRASE), "{}", screen.shown);
    screen
}

/// The wrapped identities that lie in the store's folder.
fn wrapped(sandbox: &Sandbox) -> Vec<PathBuf> {
    let names = fs::read_dir(sandbox.data("")).expect("list").flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().expect("named").to_string_lossy().into_owned();
        name.starts_with("identity-")
    };
    names.filter(is_one).collect()
}

fn record(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.data("keeper.toml")).expect("record")
}

/// What was said with the seconds and the power of two taken out, which are the machine's own.
fn without_cost(text: &str) -> String {
    let said = |line: &str| match line.split_once("opening takes about ") {
        Some((before, rest)) if rest.contains(" s on this machine (scrypt 2^") => {
            format!("{before}opening takes a while\n")
        }
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(said).collect()
}

#[test]
fn a_store_is_made_under_a_passphrase_which_age_opens_too() {
    let sandbox = Sandbox::new();
    sandbox.secret("other-secret");
    let phrase = phrase_file(&sandbox, PHRASE);
    let made = sandbox.call(&["store", "create", "--keeper", "passphrase", "--passphrase-file", &phrase]).run();
    let said = "keyctl: made the store; its identity is kept in a file under a passphrase\n\
        keyctl: opening takes a while\n\
        keyctl: hint: if the passphrase is forgotten, so are the keys: make a recovery copy, `keyctl recovery create`\n";
    assert_eq!((without_cost(&made.stderr()).as_str(), made.code()), (said, 0));
    let [file] = wrapped(&sandbox).try_into().expect("one file");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let name = file.file_name().expect("named").to_str().expect("text");
    assert!(
        record(&sandbox).ends_with(&format!("keeper = \"passphrase\"\nidentity = \"{name}\"\n")),
        "{}",
        record(&sandbox)
    );
    assert!(!sandbox.data("identity.txt").exists());
    // Without keyctl: age asks for the passphrase and has everything.
    let words = ["age", "-d", "-i", file.to_str().expect("text"), sandbox.data("store.age").to_str().expect("text")]
        .map(str::to_owned);
    let screen = on_a_terminal(&sandbox, &words, &[("assphrase", &format!("{PHRASE}\r"))]);
    assert!(screen.code == 0 && screen.shown.contains("seal = "), "{}", screen.shown);
}

#[test]
fn at_a_terminal_the_passphrase_is_asked_once_and_opens_the_store() {
    let sandbox = sandbox();
    let typed = &[("passphrase: ", "correct horse battery\r")];
    at_terminal(&sandbox, USE, typed).says(&format!("{ASKED}first-secret"), 0);
    at_terminal(&sandbox, &["run", "-k", "A", "--", "sh", "-c", "echo got $A"], typed)
        .says(&format!("{ASKED}got first-secret\n"), 0);
    // A change opens the store more than once, and asks once.
    at_terminal(&sandbox, &["set", "B", "--generate", "--quiet"], typed).says(ASKED, 0);
    at_terminal(&sandbox, &["list", "--quiet"], typed)
        .says(&format!("{ASKED}NAME  CHANGED   FORMER\nA     just now\nB     just now\n"), 0);
    at_terminal(&sandbox, &["history", "verify"], typed)
        .says(&format!("{ASKED}the history is intact (4 entries, end proven, anchored at #4)\n"), 0);
}

#[test]
fn without_a_terminal_it_is_closed_and_what_only_looks_asks_nobody() {
    let sandbox = sandbox();
    sandbox.call(&["get", "A"]).run().says("", CLOSED, 4);
    sandbox.set("B", "second-secret").says("", CLOSED, 4);
    let closed = CLOSED.replacen(" ask on\n", " ask on [E04]\n", 1);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", &closed, 125);
    // Nor does it where keyctl's words go into a file: then nobody is at that terminal for it.
    on_a_terminal(&sandbox, &["sh", "-c", &format!("{KEYCTL} get A 2>said; echo $?; cat said")], &[])
        .says(&format!("4\n{CLOSED}"), 0);
    let status = at_terminal(&sandbox, &["status"], &[]);
    assert!(
        status.code == 0 && status.shown.starts_with("store    the store is closed: a passphrase opens it"),
        "{}",
        status.shown
    );
    let listed = "NAME      KEEPER      FILE\npersonal  passphrase  ~/.local/share/keyctl/store.age\n";
    sandbox.call(&["store", "list"]).run().says(listed, "", 0);
    let shown = at_terminal(&sandbox, &["store", "show"], &[]).shown;
    assert!(shown.contains("identity  kept in a file under a passphrase\n"), "{shown}");
}

#[test]
fn a_wrong_passphrase_is_called_wrong_and_may_be_typed_three_times() {
    let sandbox = sandbox();
    sandbox.secret("wrong-phrase");
    let wrong = ("passphrase: ", "wrong-phrase\r");
    let not = "keyctl: that is not the passphrase\n";
    let end = "keyctl: the passphrase is wrong; the store stays closed\n\
        keyctl: hint: if it is forgotten, the recovery copy opens the store: `keyctl recovery restore FILE`\n";
    at_terminal(&sandbox, &["get", "A"], &[wrong, wrong, wrong])
        .says(&format!("{ASKED}{not}{ASKED}{not}{ASKED}{end}"), 4);
    let right = ("passphrase: ", "correct horse battery\r");
    at_terminal(&sandbox, USE, &[wrong, right]).says(&format!("{ASKED}{not}{ASKED}first-secret"), 0);
    at_terminal(&sandbox, &["get", "A"], &[("passphrase: ", "wrong\x03")])
        .says(&format!("{ASKED}keyctl: interrupted; nothing was changed\n"), 130);
}

#[test]
fn what_lies_in_the_place_of_a_wrapped_identity_is_looked_at_before_any_work() {
    let sandbox = sandbox();
    let good = fs::read(sandbox.data(WRAPPED)).expect("read");
    let refused = |bytes: &[u8], said: &str, code: i32| {
        put(&sandbox, bytes);
        let begun = Instant::now();
        let screen = at_terminal(&sandbox, &["get", "A"], &[]);
        assert!(screen.shown.starts_with(&format!("keyctl: {said}")), "{}", screen.shown);
        assert!(screen.code == code && begun.elapsed().as_secs() < 5, "{}", screen.code);
    };
    let (key, mac) = ("A".repeat(43), "A".repeat(43));
    let header = |stanzas: &str| format!("age-encryption.org/v1\n{stanzas}--- {mac}\n0123456789abcdef").into_bytes();
    let scrypt = |work: &str| header(&format!("-> scrypt AAAAAAAAAAAAAAAAAAAAAA {work}\n{key}\n"));
    refused(
        &scrypt("30"),
        "the file of the identity asks for more work than an honest one does (scrypt 2^30); nothing was tried\n",
        5,
    );
    let x25519 = format!("-> X25519 {key}\n{key}\n");
    let other =
        "`~/.local/share/keyctl/identity-0badcafe.age` is protected in another way than the store's keeper is\n";
    refused(&header(&x25519), other, 5);
    refused(&header("-> piv-p256 AAAAAA AAAA\nAAAA\n"), other, 5);
    let damaged = "`~/.local/share/keyctl/identity-0badcafe.age` is damaged\n";
    refused(
        &header(&x25519.repeat(1000)),
        "`~/.local/share/keyctl/identity-0badcafe.age` is larger than 16384 bytes\n",
        7,
    );
    refused(&good[..100], damaged, 5);
    refused(b"AGE-SECRET-KEY-1QQ", damaged, 5);
    fs::remove_file(sandbox.data(WRAPPED)).expect("remove");
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: `identity-0badcafe.age` has no identity for this store any more\n\
         keyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE`\n",
        4,
    );
    put(&sandbox, good);
    fs::set_permissions(sandbox.data(WRAPPED), fs::Permissions::from_mode(0o604)).expect("chmod");
    let said = "keyctl: other users may read or change `~/.local/share/keyctl/identity-0badcafe.age`\n\
        keyctl: hint: chmod 600 '~/.local/share/keyctl/identity-0badcafe.age'\n";
    sandbox.call(&["get", "A"]).run().says("", said, 7);
}

#[test]
fn a_new_passphrase_takes_the_place_of_the_old_one() {
    let sandbox = sandbox();
    sandbox.secret("another-phrase");
    let old = ("store's passphrase: ", "correct horse battery\r");
    let twice = |one: &'static str, other: &'static str| [old, ("for the store: ", one), ("once more: ", other)];
    let words = ["store", "keeper", "--to", "passphrase"];
    let asked = format!("{ASKED}keyctl: a new passphrase for the store: \nkeyctl: the same once more: \n");
    at_terminal(&sandbox, &words, &twice("another-phrase\r", "another-phrasE\r"))
        .says(&format!("{asked}keyctl: the two passphrases differ; nothing was changed\n"), 2);
    let empty = "keyctl: the passphrase is empty or no text; nothing was changed\n";
    at_terminal(&sandbox, &words, &[old, ("for the store: ", "\r")])
        .says(&format!("{ASKED}keyctl: a new passphrase for the store: \n{empty}"), 2);
    let needed = "keyctl: a new passphrase is needed, and there is no terminal to ask on\n\
        keyctl: hint: give it in a file: `--passphrase-file FILE`\n";
    let create = sandbox.call(&["store", "create", "team", "--keeper", "passphrase"]).run();
    create.says("", needed, 2);
    assert!(!sandbox.data("stores/team").exists() && wrapped(&sandbox) == [sandbox.data(WRAPPED)]);
    let done = at_terminal(&sandbox, &words, &twice("another-phrase\r", "another-phrase\r"));
    let said = "keyctl: a file under a passphrase keeps the identity now\nkeyctl: opening takes a while\n\
        keyctl: hint: if the passphrase is forgotten, so are the keys: make a recovery copy, `keyctl recovery create`\n";
    assert_eq!((without_cost(&done.shown), done.code), (format!("{asked}{said}"), 0));
    let files = wrapped(&sandbox);
    assert!(files.len() == 1 && files[0] != sandbox.data(WRAPPED), "{files:?}");
    at_terminal(&sandbox, USE, &[old, ("passphrase: ", "another-phrase\r")])
        .says(&format!("{ASKED}keyctl: that is not the passphrase\n{ASKED}first-secret"), 0);
}

#[test]
fn an_identity_under_a_passphrase_goes_back_into_a_file() {
    let sandbox = sandbox();
    let typed = &[("passphrase: ", "correct horse battery\r")];
    at_terminal(&sandbox, &["store", "keeper", "--to", "file"], typed)
        .says(&format!("{ASKED}keyctl: `identity.txt` keeps the identity now\n"), 0);
    assert!(wrapped(&sandbox).is_empty() && record(&sandbox).contains("format = 1\n"));
    sandbox.may_lie_in(&sandbox.data("identity.txt"));
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn a_new_identity_is_wrapped_with_the_passphrase_that_was_typed() {
    let sandbox = sandbox();
    let before = fs::read(sandbox.data(WRAPPED)).expect("read");
    let typed = &[("passphrase: ", "correct horse battery\r")];
    let done = at_terminal(&sandbox, &["store", "rekey", "--yes"], typed);
    let said = "keyctl: the store has a new identity; a file under a passphrase keeps it, and the former one no more\n";
    assert!(done.code == 0 && done.shown.starts_with(&format!("{ASKED}{said}")), "{}", done.shown);
    assert!(wrapped(&sandbox) == [sandbox.data(WRAPPED)] && fs::read(sandbox.data(WRAPPED)).expect("read") != before);
    at_terminal(&sandbox, USE, typed).says(&format!("{ASKED}first-secret"), 0);
}

#[test]
fn a_forgotten_passphrase_is_replaced_with_the_recovery_copy() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    assert_eq!(sandbox.call(&["recovery", "create", "copy.age"]).input("recovery-passphrase\n").run().code(), 0);
    put_under_passphrase(&sandbox, "forgotten-phrase");
    let phrase = phrase_file(&sandbox, PHRASE);
    let words = ["recovery", "restore", "copy.age", "--keeper-passphrase-file", &phrase];
    sandbox.call(&words).input("recovery-passphrase\n").run().says(
        "",
        "keyctl: the store opens again: 1 key; its identity is kept in a file under a passphrase\n",
        0,
    );
    at_terminal(&sandbox, USE, &[("passphrase: ", "correct horse battery\r")]).says(&format!("{ASKED}first-secret"), 0);
}
