//! Who keeps an identity, beside a keychain and a plain file: a passphrase, or a key of another kind.
#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "how many kills were tried is the result")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    faults,
    keychain::{desktop, store_id},
    pty::{Screen, answering, on_a_terminal, python},
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
    put_store_under_passphrase(sandbox, "", passphrase);
}

/// The same with the store in this folder below keyctl's own.
pub fn put_store_under_passphrase(sandbox: &Sandbox, folder: &str, passphrase: &str) {
    let data = |name: &str| sandbox.data(folder).join(name);
    sandbox.secret(passphrase);
    let identity = fs::read_to_string(data("identity.txt")).expect("a file keeps it");
    sandbox.secret(identity.lines().last().expect("a line"));
    write(&data(WRAPPED), wrapped_in(passphrase, &identity));
    let record = fs::read_to_string(data("keeper.toml")).expect("record");
    let record = record.replace("format = 1", "format = 2").replace("\"file\"", "\"passphrase\"");
    fs::write(data("keeper.toml"), format!("{record}identity = \"{WRAPPED}\"\n")).expect("write");
    fs::remove_file(data("identity.txt")).expect("remove");
}

/// As cheap as scrypt can be: it is as good as any for who knows the passphrase.
pub fn wrapped_in(passphrase: &str, identity: &str) -> String {
    let mut recipient = age::scrypt::Recipient::new(passphrase.into());
    recipient.set_work_factor(2);
    age::encrypt_and_armor(&recipient, identity.as_bytes()).expect("wrapped")
}

fn put(sandbox: &Sandbox, bytes: impl AsRef<[u8]>) {
    write(&sandbox.data(WRAPPED), bytes);
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
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
        status.code == 0
            && status.shown.starts_with("store    the store is closed: a passphrase opens it, and this asks nobody\n"),
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
        keyctl: hint: if the passphrase is forgotten, so are the keys: make a recovery copy, `keyctl recovery create`\n\
        keyctl: hint: copies from before still open with the former passphrase; if that leaked: `keyctl store rekey`\n";
    assert_eq!((without_cost(&done.shown), done.code), (format!("{asked}{said}"), 0));
    let files = wrapped(&sandbox);
    assert!(files.len() == 1 && files[0] != sandbox.data(WRAPPED), "{files:?}");
    at_terminal(&sandbox, USE, &[("passphrase: ", "another-phrase\r")]).says(&format!("{ASKED}first-secret"), 0);
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
    if !faults::long() {
        // Five times a second of work; a commit changes identities under an SSH key.
        return;
    }
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
    // The simplest copy there is: age's own identity file.
    let copy = sandbox.outside().join("copy.txt");
    fs::copy(sandbox.data("identity.txt"), &copy).expect("copy");
    sandbox.may_lie_in(&copy);
    put_under_passphrase(&sandbox, "forgotten-phrase");
    let phrase = phrase_file(&sandbox, PHRASE);
    let copy = copy.to_str().expect("text");
    sandbox.call(&["recovery", "restore", copy, "--keeper-passphrase-file", &phrase]).run().says(
        "",
        "keyctl: the store opens again: 1 key; its identity is kept in a file under a passphrase\n",
        0,
    );
    at_terminal(&sandbox, USE, &[("passphrase: ", "correct horse battery\r")]).says(&format!("{ASKED}first-secret"), 0);
    // What the forgotten one opens is told of; the next change of keeper takes it away.
    let seen = sandbox.call(&["doctor"]).run().stdout();
    assert!(
        seen.contains(
            "care  identity file      1 file of the identity that a former keeper opens still in the folder\n"
        ),
        "{seen}"
    );
}

/// A private key of its own, outside of the store's folder.
fn ssh_key(sandbox: &Sandbox, name: &str, kind: &str, passphrase: &str) -> String {
    let path = sandbox.outside().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .expect("ssh-keygen: apt-get install openssh-client");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path.to_str().expect("text").to_owned()
}

const NO_PASSPHRASE: &str =
    "keyctl: the SSH key has no passphrase: whoever copies it and keyctl's folder can open the store\n";

#[test]
fn a_store_under_an_ssh_key_opens_with_it_and_with_age_and_without_it_says_so() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for kind in ["ed25519", "rsa"] {
        let key = ssh_key(&sandbox, kind, kind, "");
        sandbox.call(&["store", "keeper", "--to", "ssh", "--ssh-key", &key]).run().says(
            "",
            &format!("{NO_PASSPHRASE}keyctl: a file under an SSH key keeps the identity now\n"),
            0,
        );
        sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
        let [file] = wrapped(&sandbox).try_into().expect("one file");
        assert!(record(&sandbox).ends_with(&format!(".age\"\nssh_key = \"{key}\"\n")), "{}", record(&sandbox));
        // Without keyctl.
        let age = "age -d -i <(age -d -i \"$0\" \"$1\") \"$2\"";
        let age = Command::new("bash").args(["-c", age, &key]).args([file, sandbox.data("store.age")]).output();
        assert!(String::from_utf8_lossy(&age.expect("age").stdout).contains("seal = "));
    }
    assert!(!sandbox.data("identity.txt").exists());
    let status = sandbox.call(&["status"]).run().stdout();
    assert!(status.starts_with("store          1 key; identity kept in a file under an SSH key\n"), "{status}");
    sandbox.call(&["store", "rekey", "--yes", "--quiet"]).run();
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let key = sandbox.outside().join("rsa");
    fs::rename(&key, key.with_extension("away")).expect("move");
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: the SSH key `/sandbox/rsa` is not there\n\
         keyctl: hint: put it back; or bring the identity back without it: `keyctl recovery restore FILE --keeper file`\n",
        4,
    );
    fs::copy(sandbox.outside().join("ed25519"), &key).expect("another");
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: the identity was wrapped for another SSH key than `/sandbox/rsa`\n\
         keyctl: hint: put that key back, or bring the identity back: `keyctl recovery restore FILE`\n",
        4,
    );
}

#[test]
fn an_ssh_key_with_a_passphrase_is_asked_for_it_at_a_terminal_alone() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret(PHRASE);
    let key = ssh_key(&sandbox, "id", "ed25519", PHRASE);
    let asked = "keyctl: the passphrase of the SSH key `/sandbox/id`: \n";
    let typed = &[("/id`: ", "correct horse battery\r")];
    at_terminal(&sandbox, &["store", "keeper", "--to", "ssh", "--ssh-key", &key], typed)
        .says(&format!("{asked}keyctl: a file under an SSH key keeps the identity now\n"), 0);
    at_terminal(&sandbox, USE, typed).says(&format!("{asked}first-secret"), 0);
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: the store is closed: the SSH key `/sandbox/id` opens it, which has a passphrase, and there is no terminal to ask on\n\
         keyctl: hint: open it at a terminal first: `keyctl unlock`\n",
        4,
    );
    let wrong = ("/id`: ", "wrong\r");
    let screen = at_terminal(&sandbox, &["get", "A"], &[wrong, wrong, wrong]);
    assert!(
        screen.shown.contains("keyctl: the passphrase of `/sandbox/id` is wrong; the store stays closed\n"),
        "{}",
        screen.shown
    );
    let doctor = |said: &str| {
        let seen = sandbox.call(&["doctor"]).run().stdout();
        assert!(seen.contains(said), "{seen}");
    };
    doctor("good  SSH key            it is there, yours alone, and has a passphrase\n");
    doctor("good  store              closed: not looked into, because that would ask for a passphrase\n");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("chmod");
    doctor("bad   SSH key            other users may read or change `/sandbox/id`\n");
}

#[test]
fn an_ssh_key_that_age_cannot_use_is_refused_before_anything_is_changed() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let refused = |key: &str, said: &str| {
        let ran = sandbox.call(&["store", "keeper", "--to", "ssh", "--ssh-key", key]).run();
        assert!(ran.stderr().starts_with(&format!("keyctl: {said}")) && ran.code() != 0, "{}", ran.stderr());
    };
    let used = |name: &str, why: &str| format!("the SSH key `/sandbox/{name}` cannot be used: {why}\n");
    let ecdsa = ssh_key(&sandbox, "ecdsa", "ecdsa", "");
    refused(&ecdsa, &used("ecdsa", "it is neither an ssh-ed25519 nor an ssh-rsa key, and age takes no other"));
    refused(&format!("{ecdsa}.pub"), &used("ecdsa.pub", "it is the public half"));
    let text = sandbox.outside().join("text");
    fs::write(&text, "no key\n").expect("write");
    refused(text.to_str().expect("text"), &used("text", "it is not a private key as `ssh-keygen` writes it"));
    refused("/nowhere/id", "the SSH key `/nowhere/id` is not there\n");
    sandbox.call(&["store", "keeper", "--to", "ssh"]).run().says(
        "",
        "keyctl: it has to be said which SSH key shall open the store\n\
         keyctl: hint: name its private half: `--ssh-key ~/.ssh/id_ed25519`\n",
        2,
    );
    sandbox.call(&["store", "keeper", "--to", "file", "--ssh-key", &ecdsa]).run().says(
        "",
        "keyctl: `--ssh-key` is for the keeper `ssh`\n",
        2,
    );
    assert!(sandbox.data("identity.txt").exists() && wrapped(&sandbox).is_empty());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

/// Puts a store's identity into the keychain under a passphrase, for little work.
fn put_into_keychain(sandbox: &Sandbox, address: &str, identity: &str) {
    let mut recipient = age::scrypt::Recipient::new(PHRASE.into());
    recipient.set_work_factor(2);
    let armored = age::encrypt_and_armor(&recipient, format!("{identity}\n").as_bytes()).expect("wrapped");
    let base64: String = armored.lines().filter(|line| !line.starts_with('-')).collect();
    let service = format!("keyctl:{}", store_id(sandbox));
    let secret_tool = |words: &[&str]| {
        let mut tool = Command::new("secret-tool");
        tool.args(words).args(["service", &service]).env("DBUS_SESSION_BUS_ADDRESS", address).stdin(Stdio::piped());
        tool
    };
    let mut store = secret_tool(&["store", "--label=keyctl", "username", "wrapped-a"]).spawn().expect("secret-tool");
    write!(store.stdin.take().expect("piped"), "keyctl-wrapped 1 a {base64}").expect("write");
    assert!(store.wait().expect("wait").success());
    assert!(secret_tool(&["clear", "username", "identity"]).status().expect("secret-tool").success());
    let record = record(sandbox).replace("format = 1", "format = 2").replace("\"keychain\"", "\"keychain+passphrase\"");
    fs::write(sandbox.data("keeper.toml"), format!("{record}identity = \"wrapped-a\"\n")).expect("write");
}

#[test]
fn what_the_keychain_has_under_a_passphrase_opens_with_both_alone() {
    let (sandbox, keychain) = desktop();
    sandbox.secret(PHRASE);
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let service = format!("keyctl:{}", store_id(&sandbox));
    let item = |name: &str| keychain.lookup(&["service", &service, "username", name]).trim().to_owned();
    let identity = item("identity");
    sandbox.secret(&identity);
    put_into_keychain(&sandbox, &keychain.address, &identity);
    sandbox.call(&["get", "A"]).run().says("", CLOSED, 4);
    let typed = &[("passphrase: ", "correct horse battery\r")];
    at_terminal(&sandbox, USE, typed).says(&format!("{ASKED}first-secret"), 0);
    // Another passphrase: another item, as short as Windows' keychain needs it, and the former one is gone.
    let phrase = phrase_file(&sandbox, "another-phrase");
    let words = ["store", "keeper", "--to", "keychain+passphrase", "--passphrase-file", &phrase];
    let done = at_terminal(&sandbox, &words, typed);
    let said = "keyctl: the keychain under a passphrase keeps the identity now\nkeyctl: opening takes a while\n";
    assert!(without_cost(&done.shown).starts_with(&format!("{ASKED}{said}")) && done.code == 0, "{}", done.shown);
    let line = item("wrapped-b");
    assert!(line.starts_with("keyctl-wrapped 1 b ") && line.len() < 1280, "{} characters", line.len());
    assert_eq!([item("wrapped-a"), item("identity")], ["", ""]);
    assert!(item("anchor").starts_with("keyctl-anchor 1 ") && !sandbox.data("identity.txt").exists());
    keychain.lock();
    assert!(sandbox.call(&["get", "A"]).run().stderr().starts_with("keyctl: the keychain is locked\n"));
}

#[test]
fn a_store_under_a_passphrase_goes_into_the_keychain_with_it_and_out_again() {
    let (sandbox, keychain) = desktop();
    sandbox.call(&["store", "create", "--keeper", "file"]).run();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    put_under_passphrase(&sandbox, PHRASE);
    let service = format!("keyctl:{}", store_id(&sandbox));
    let items = || {
        ["identity", "wrapped-a", "wrapped-b", "anchor"]
            .map(|name| keychain.lookup(&["service", &service, "username", name]))
    };
    let typed = &[("passphrase: ", "correct horse battery\r")];
    at_terminal(&sandbox, &["store", "keeper", "--to", "keychain"], typed)
        .says(&format!("{ASKED}keyctl: the keychain keeps the identity now\n"), 0);
    assert!(wrapped(&sandbox).is_empty() && !sandbox.data("anchor.txt").exists());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let identity = items()[0].trim().to_owned();
    put_into_keychain(&sandbox, &keychain.address, &identity);
    at_terminal(&sandbox, &["store", "keeper", "--to", "file"], typed)
        .says(&format!("{ASKED}keyctl: `identity.txt` keeps the identity now\n"), 0);
    assert_eq!(items(), [""; 4]);
    sandbox.may_lie_in(&sandbox.data("identity.txt"));
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

/// A change of keeper that is killed: what it is, and the passphrases that are typed where one is asked for.
struct Change<'c> {
    sandbox: &'c Sandbox,
    words: &'c [&'c str],
    /// Of the store's own question, before and after.
    phrases: [&'c str; 2],
    /// The keeper afterwards, and whether a plain file has the identity then.
    to: (&'c str, bool),
}

impl Change<'_> {
    /// keyctl in a copy of the home, with a person at its terminal.
    fn call(&self, home: &Path, phrase: &str, before: &[&str], words: &[&str]) -> Screen {
        let mut command = Command::new(python());
        self.sandbox.environment(&mut command);
        command.env("KEYCTL_HOME", home).current_dir(self.sandbox.project());
        let typed = format!("{phrase}\r");
        answering(&mut command, &[before, &[KEYCTL], words].concat(), &[("passphrase: ", &typed)])
    }

    /// The passphrase of the home as it is.
    fn phrase(&self, home: &Path) -> &str {
        let of = |folder: &Path| fs::read_to_string(folder.join("keeper.toml")).expect("record");
        self.phrases[usize::from(of(home) != of(&self.sandbox.data("")))]
    }

    fn opens(&self, home: &Path, when: &str) {
        let screen = self.call(home, self.phrase(home), &[], USE);
        assert!(screen.code == 0 && screen.shown.ends_with("first-secret"), "{when}: {}", screen.shown);
    }

    /// Kills it at the calls that change something, in the long run at one in `step` of them; the next try ends it.
    fn killed_everywhere(&self, step: usize) {
        let copied = |name: &str| {
            let home = self.sandbox.outside().join(name);
            let copy = Command::new("cp").arg("-a").args([&self.sandbox.data(""), &home]).status();
            assert!(copy.expect("cp").success());
            home
        };
        let home = copied("counted");
        let trace = self.sandbox.outside().join("trace");
        // Without what was read: the passphrase is among it.
        let strace = ["strace", "-f", "-qq", "-s", "0", "-o", trace.to_str().expect("text"), "--"];
        let whole = self.call(&home, self.phrases[0], &strace, self.words);
        assert_eq!(whole.code, 0, "{}", whole.shown);
        let text = fs::read_to_string(&trace).expect("trace");
        let mut calls = std::collections::BTreeMap::<&str, usize>::new();
        for line in text.lines() {
            let call = line.split_whitespace().nth(1).and_then(|word| word.split_once('(')).map(|(call, _)| call);
            *calls.entry(call.unwrap_or_default()).or_default() += 1;
        }
        // What a commit tries is each file that is put in place: the record's is the one between old and new.
        let all = ["openat", "write", "fsync", "rename", "unlink", "flock", "sendmsg", "fchmod"];
        let changing: &[&str] = if faults::long() { &all } else { &["rename"] };
        let points: Vec<(&str, usize)> = calls
            .iter()
            .filter(|(call, _)| changing.contains(call))
            .flat_map(|(call, count)| (1..=*count).map(move |nth| (*call, nth)))
            .step_by(step)
            .collect();
        assert!(points.len() > 3, "{calls:?}");
        let mut cut = 0;
        for (call, nth) in &points {
            let (at, home) = (format!("after a kill at {call} {nth}"), copied(&format!("{call}-{nth}")));
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let killed = self.call(
                &home,
                self.phrases[0],
                &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject, "--"],
                self.words,
            );
            cut += usize::from(killed.code != 0);
            self.opens(&home, &at);
            let again = self.call(&home, self.phrase(&home), &[], self.words);
            assert_eq!(again.code, 0, "{at}: {}", again.shown);
            self.opens(&home, &format!("changed {at}"));
            let names: Vec<String> = fs::read_dir(&home)
                .expect("list")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            let files = names.iter().filter(|name| name.starts_with("identity-")).count();
            let places = (names.iter().any(|name| name == "identity.txt"), files);
            assert_eq!(places, (self.to.1, usize::from(!self.to.1)), "{at}: {names:?}");
            let record = fs::read_to_string(home.join("keeper.toml")).expect("record");
            assert!(record.contains(&format!("keeper = \"{}\"", self.to.0)), "{at}: {record}");
            fs::remove_dir_all(&home).expect("remove");
        }
        println!("{}: {} points, {cut} cut short", self.words.join(" "), points.len());
        assert!(cut * 2 > points.len(), "{cut} of {} were cut short", points.len());
        fs::remove_dir_all(&home).expect("remove");
    }
}

#[test]
fn a_kill_while_the_identity_goes_under_an_ssh_key_or_another_one_or_back_loses_nothing() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let (one, other) = (ssh_key(&sandbox, "one", "ed25519", ""), ssh_key(&sandbox, "other", "ed25519", ""));
    let keeper = |words: &[&str], to: (&str, bool)| {
        let words = [&["store", "keeper", "--to"], words].concat();
        Change { sandbox: &sandbox, words: &words, phrases: ["", ""], to }.killed_everywhere(1);
        assert_eq!(sandbox.call(&words).run().code(), 0);
    };
    keeper(&["ssh", "--ssh-key", &one], ("ssh", false));
    keeper(&["ssh", "--ssh-key", &other], ("ssh", false));
    keeper(&["file"], ("file", true));
}

#[test]
fn a_kill_while_the_identity_goes_from_under_a_passphrase_loses_nothing() {
    let sandbox = sandbox();
    let words = ["store", "keeper", "--to", "file"];
    Change { sandbox: &sandbox, words: &words, phrases: [PHRASE, ""], to: ("file", true) }.killed_everywhere(1);
}

#[test]
fn a_kill_while_a_passphrase_is_changed_leaves_the_old_or_the_new_one() {
    if !faults::long() {
        // What keyctl wraps itself takes it seconds; the way is the same as under an SSH key.
        return;
    }
    let sandbox = sandbox();
    let phrase = phrase_file(&sandbox, "another-phrase");
    let words = ["store", "keeper", "--to", "passphrase", "--passphrase-file", &phrase];
    let phrases = [PHRASE, "another-phrase"];
    Change { sandbox: &sandbox, words: &words, phrases, to: ("passphrase", false) }.killed_everywhere(4);
}

#[test]
fn a_kill_while_the_identity_in_the_keychain_goes_under_a_passphrase_loses_nothing() {
    if !faults::long() {
        return;
    }
    let (sandbox, keychain) = desktop();
    let phrase = phrase_file(&sandbox, PHRASE);
    let secret = sandbox.outside().join("secret");
    fs::write(&secret, "first-secret").expect("write");
    sandbox.may_lie_in(&secret);
    sandbox.secret("first-secret");
    let call = |home: &Path, before: &[&str], words: &[&str]| {
        let mut command = Command::new(python());
        sandbox.environment(&mut command);
        command.env("KEYCTL_HOME", home).current_dir(sandbox.project());
        let typed = format!("{PHRASE}\r");
        answering(&mut command, &[before, &[KEYCTL], words].concat(), &[("passphrase: ", &typed)])
    };
    let made = |name: &str| {
        let home = sandbox.outside().join(name);
        let from_file = format!("--from-file={}", secret.display());
        for words in [&["store", "create", "--keeper", "keychain"][..], &["set", "A", &from_file]] {
            let screen = call(&home, &[], words);
            assert_eq!(screen.code, 0, "{}", screen.shown);
        }
        home
    };
    let words = ["store", "keeper", "--to", "keychain+passphrase", "--passphrase-file", &phrase];
    let trace = sandbox.outside().join("trace");
    // Without what was read: the passphrase is among it.
    let strace = ["strace", "-f", "-qq", "-s", "0", "-o", trace.to_str().expect("text"), "--"];
    let whole = call(&made("counted"), &strace, &words);
    assert_eq!(whole.code, 0, "{}", whole.shown);
    let text = fs::read_to_string(&trace).expect("trace");
    let calls = text.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once('(')).map(|(call, _)| call);
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    calls.for_each(|call| *counts.entry(call).or_default() += 1);
    let (mut tried, mut cut) = (0, 0);
    for call_name in ["sendmsg", "sendto", "openat", "write", "rename", "unlink", "fsync"] {
        // Each third is enough of what takes ten seconds.
        for nth in (1..=counts.get(call_name).copied().unwrap_or_default()).step_by(3) {
            let home = made(&format!("{call_name}-{nth}"));
            let inject = format!("inject={call_name}:signal=KILL:when={nth}");
            let killed = call(&home, &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject, "--"], &words);
            cut += usize::from(killed.code != 0);
            let opens = |when: &str| {
                let screen = call(&home, &[], USE);
                let at = format!("{when} a kill at {call_name} {nth}");
                assert!(screen.code == 0 && screen.shown.ends_with("first-secret"), "{at}: {}", screen.shown);
            };
            opens("after");
            let again = call(&home, &[], &words);
            assert_eq!(again.code, 0, "after a kill at {call_name} {nth}: {}", again.shown);
            opens("once more after");
            let record = fs::read_to_string(home.join("keeper.toml")).expect("record");
            let id = record.lines().find_map(|line| line.strip_prefix("store = ")).expect("id").trim_matches('"');
            let service = format!("keyctl:{id}");
            let is_there = |name: &str| !keychain.lookup(&["service", &service, "username", name]).is_empty();
            assert_eq!(["identity", "anchor"].map(is_there), [false, true], "after a kill at {call_name} {nth}");
            assert!(is_there("wrapped-a") != is_there("wrapped-b"), "after a kill at {call_name} {nth}");
            tried += 1;
        }
    }
    println!("keychain to keychain+passphrase: {tried} points, {cut} cut short");
    assert!(cut > 10, "{cut} of {tried} were cut short");
}
