//! A real keychain: a private session bus with a real gnome-keyring-daemon, in every state it can be in.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    faults,
    sandbox::{KEYCTL, Sandbox},
};

/// A session bus of its own and the keychain on it; both end with the test.
pub struct Keychain {
    bus: Child,
    daemon: Child,
    pub address: String,
    runtime: PathBuf,
    /// Its own file: in memory where that can be had, since it waits for the disk at each change and a test is no
    /// measure of the disk.
    _data: TempDir,
}

/// A home whose session has a keychain.
pub fn desktop() -> (Sandbox, Keychain) {
    let mut sandbox = Sandbox::new();
    let keychain = Keychain::start(&sandbox);
    sandbox.variables.push(("DBUS_SESSION_BUS_ADDRESS".into(), keychain.address.clone().into()));
    sandbox.variables.push(("XDG_RUNTIME_DIR".into(), keychain.runtime.clone().into()));
    (sandbox, keychain)
}

impl Keychain {
    fn start(sandbox: &Sandbox) -> Self {
        let runtime = sandbox.outside().join("runtime");
        std::fs::create_dir(&runtime).expect("make");
        let data = TempDir::with_prefix_in("keyctl-test-keychain-", "/dev/shm").or_else(|_| TempDir::new());
        let data = data.expect("folder");
        let mut bus = Command::new("dbus-daemon");
        sandbox.environment(&mut bus);
        let socket = format!("--address=unix:path={}", runtime.join("bus").display());
        bus.args(["--session", "--nofork", "--nopidfile", "--print-address", &socket]);
        // The bus starts the service again when it is asked for and gone: from the same file.
        bus.env("XDG_RUNTIME_DIR", &runtime).env("XDG_DATA_HOME", data.path());
        bus.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut bus = bus.spawn().expect("dbus-daemon: apt-get install dbus-daemon");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().expect("piped")).read_line(&mut address).expect("address");
        let address = address.trim().to_owned();
        let daemon = Self::daemon(sandbox, &runtime, data.path(), &address);
        Self { bus, daemon, address, runtime, _data: data }
    }

    fn daemon(sandbox: &Sandbox, runtime: &Path, data: &Path, address: &str) -> Child {
        let mut daemon = Command::new("gnome-keyring-daemon");
        sandbox.environment(&mut daemon);
        daemon.args(["--foreground", "--unlock", "--components=secrets"]);
        daemon.env("XDG_RUNTIME_DIR", runtime).env("DBUS_SESSION_BUS_ADDRESS", address).env("XDG_DATA_HOME", data);
        daemon.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().expect("gnome-keyring-daemon: apt-get install gnome-keyring");
        daemon.stdin.take().expect("piped").write_all(b"keychain-password").expect("password");
        let until = Instant::now() + Duration::from_secs(10);
        let ready = || {
            let arguments = [
                "--session",
                "--print-reply=literal",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
                "org.freedesktop.Secret.Service.ReadAlias",
                "string:default",
            ];
            let answer = Command::new("dbus-send")
                .args(arguments)
                .env("DBUS_SESSION_BUS_ADDRESS", address)
                .output()
                .expect("dbus-send");
            String::from_utf8_lossy(&answer.stdout).contains("/collection/")
        };
        // Asked for by name only once it owns the name: asking earlier would make the bus start a second one.
        while !Self::owned(address) || !ready() {
            assert!(Instant::now() < until, "no Secret Service after 10 s");
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }

    fn owned(address: &str) -> bool {
        let arguments = [
            "--session",
            "--print-reply=literal",
            "--dest=org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ];
        let answer = Command::new("dbus-send")
            .args(arguments)
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .output()
            .expect("dbus-send");
        String::from_utf8_lossy(&answer.stdout).contains("true")
    }

    pub fn lock(&self) {
        let arguments = [
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        ];
        let done = Command::new("dbus-send")
            .args(arguments)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .output()
            .expect("dbus-send");
        assert!(done.status.success());
    }

    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.daemon.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// What `secret-tool`, an independent client, finds.
    pub fn lookup(&self, attributes: &[&str]) -> String {
        let found = Command::new("secret-tool")
            .arg("lookup")
            .args(attributes)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .output()
            .expect("secret-tool");
        String::from_utf8_lossy(&found.stdout).into_owned()
    }
}

impl Drop for Keychain {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-CONT", &self.daemon.id().to_string()]).stderr(Stdio::null()).status();
        for child in [&mut self.daemon, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn store_id(sandbox: &Sandbox) -> String {
    let record = std::fs::read_to_string(sandbox.data("keeper.toml")).expect("record");
    record.lines().find_map(|line| line.strip_prefix("store = ")).expect("id").trim_matches('"').to_owned()
}

#[test]
fn where_a_keychain_answers_it_keeps_the_identity_and_no_file_has_it() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.call(&["run", "-k", "A", "--", "sh", "-c", "printf %s \"$A\""]).run().says("first-secret", "", 0);
    assert!(!sandbox.data("identity.txt").exists());
    let service = format!("keyctl:{}", store_id(&sandbox));
    let identity = keychain.lookup(&["service", &service, "username", "identity"]);
    assert!(identity.starts_with("AGE-SECRET-KEY-1"));
    sandbox.secret(identity.trim());
    assert!(keychain.lookup(&["service", &service, "username", "anchor"]).starts_with("keyctl-anchor 1 "));
}

#[test]
fn a_locked_keychain_is_called_locked_and_nothing_hangs_or_falls_back() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    keychain.lock();
    let hint = "keyctl: hint: unlock it in your desktop, or here: `gnome-keyring-daemon --unlock --replace --components=secrets`, then type its password and press Ctrl-D twice\n";
    let started = Instant::now();
    sandbox.call(&["get", "A"]).run().says("", &format!("keyctl: the keychain is locked\n{hint}"), 4);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says(
        "",
        &format!("keyctl: the keychain is locked [E04]\n{hint}"),
        125,
    );
    sandbox.set("B", "second-secret").says("", &format!("keyctl: the keychain is locked\n{hint}"), 4);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(!sandbox.data("identity.txt").exists());
}

#[test]
fn a_keychain_locked_before_the_first_key_is_no_reason_to_use_a_file() {
    let (sandbox, keychain) = desktop();
    keychain.lock();
    let said = "keyctl: the keychain is locked, so it cannot take the new store's identity\nkeyctl: hint: unlock it and try again, or keep the identity in a file: `keyctl store create --keeper file`\n";
    sandbox.set("A", "first-secret").says("", said, 4);
    sandbox.call(&["store", "create", "--keeper", "file"]).run().says(
        "",
        "keyctl: made the store; its identity is kept in `identity.txt`\n",
        0,
    );
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
}

#[test]
fn a_keychain_that_hangs_is_given_up_after_five_seconds() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    keychain.signal("STOP");
    let started = Instant::now();
    let said = "keyctl: the keychain did not answer within 5 s\nkeyctl: hint: a prompt of it may be waiting on the desktop; if it hangs, restart the keychain service\n";
    sandbox.call(&["get", "A"]).run().says("", said, 4);
    assert!((4..8).contains(&started.elapsed().as_secs()));
    keychain.signal("CONT");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn a_deleted_item_is_called_gone_and_the_recovery_copy_brings_it_back() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let made = sandbox.call(&["recovery", "create", "copy.age"]).input("recovery-passphrase\n").run();
    assert_eq!(made.code(), 0, "{}", made.stderr());
    let service = format!("keyctl:{}", store_id(&sandbox));
    let cleared = Command::new("secret-tool")
        .args(["clear", "service", &service, "username", "identity"])
        .env("DBUS_SESSION_BUS_ADDRESS", &keychain.address)
        .status()
        .expect("secret-tool");
    assert!(cleared.success());
    let said = "keyctl: the keychain has no identity for this store any more\nkeyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE`\n";
    sandbox.call(&["get", "A"]).run().says("", said, 4);
    sandbox.set("B", "second-secret").says("", said, 4);
    sandbox.call(&["recovery", "restore", "copy.age"]).input("recovery-passphrase\n").run().says(
        "",
        "keyctl: the store opens again: 1 key; its identity is kept in the keychain\n",
        0,
    );
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn without_its_bus_a_store_of_the_keychain_says_so_at_once() {
    let (sandbox, _keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let said = "keyctl: cannot reach the keychain that keeps this store's identity: there is no session bus\nkeyctl: hint: run in the desktop session, or under its bus (`DBUS_SESSION_BUS_ADDRESS`)\nkeyctl: hint: to open the store without it: `keyctl recovery restore FILE --keeper file`\n";
    let started = Instant::now();
    sandbox.call(&["get", "A"]).without("DBUS_SESSION_BUS_ADDRESS").without("XDG_RUNTIME_DIR").run().says("", said, 4);
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_keychain_that_went_away_and_came_back_locked_is_called_locked() {
    let (sandbox, mut keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    keychain.daemon.kill().expect("kill");
    keychain.daemon.wait().expect("wait");
    let ran = sandbox.call(&["get", "A"]).run();
    assert_eq!(ran.code(), 4, "{}", ran.stderr());
    assert!(!ran.stderr().contains("no identity"), "{}", ran.stderr());
}

#[test]
fn an_older_store_put_back_is_noticed() {
    let (sandbox, _keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let old = std::fs::read(sandbox.data("store.age")).expect("read");
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    std::fs::write(sandbox.data("store.age"), old).expect("write");
    let said = "keyctl: the store is an older copy: generation 1, but 2 was written before\nkeyctl: hint: put the newest copy of `store.age` back\nkeyctl: hint: if you want this older copy: `keyctl recovery restore FILE --accept-older`\n";
    sandbox.call(&["get", "A"]).run().says("", said, 5);
    sandbox.set("C", "third-secret").says("", said, 5);
}

#[test]
fn an_identity_moves_from_a_file_to_the_keychain_and_back() {
    let (sandbox, keychain) = desktop();
    sandbox.call(&["store", "create", "--keeper", "file"]).run().says(
        "",
        "keyctl: made the store; its identity is kept in `identity.txt`\n",
        0,
    );
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    sandbox.call(&["store", "keeper", "--to", "keychain"]).run().says(
        "",
        "keyctl: the keychain keeps the identity now\n",
        0,
    );
    assert!(!sandbox.data("identity.txt").exists());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.call(&["store", "keeper", "--to", "file"]).run().says(
        "",
        "keyctl: `identity.txt` keeps the identity now\n",
        0,
    );
    assert_eq!(keychain.lookup(&["service", &format!("keyctl:{}", store_id(&sandbox))]), "");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let events = sandbox.call(&["history", "--action", "store", "--json"]).run().stdout();
    let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("json");
    let notes: Vec<_> = events.lines().map(|line| event(line)["note"].as_str().expect("text").to_owned()).collect();
    assert_eq!(notes[notes.len() - 2..], ["identity moved to the keychain", "identity moved to the file"]);
    assert!(events.lines().all(|line| event(line)["pid"].is_u64()), "{events}");
}

/// One home of several that share a keychain, and a call of keyctl in it.
fn call_in(sandbox: &Sandbox, home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(KEYCTL);
    sandbox.environment(&mut command);
    command.args(words).env("KEYCTL_HOME", home).current_dir(sandbox.project()).stdin(Stdio::null());
    command
}

/// What a call in one of them ends with and says. After some kills gnome-keyring was seen to know no collection of its own: that
/// is waited for, as nothing that is held against such a call is about it.
fn said_in(sandbox: &Sandbox, home: &Path, words: &[&str]) -> (Option<i32>, String) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let output = call_in(sandbox, home, words).output().expect("start");
        sandbox.no_secret_in(&output.stderr);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if !text.contains("the keychain has no default collection") || Instant::now() > until {
            return (output.status.code(), text);
        }
    }
}

/// A kill anywhere while the identity moves leaves it with the old keeper or with the new one, and a second try finishes.
fn move_killed_everywhere(from: &str, to: &str) -> usize {
    let (sandbox, keychain) = desktop();
    sandbox.secret("kept-secret");
    let secret = sandbox.outside().join("secret");
    std::fs::write(&secret, "kept-secret").expect("write");
    sandbox.may_lie_in(&secret);
    let from_file = format!("--from-file={}", secret.display());
    let said = |home: &Path, words: &[&str]| said_in(&sandbox, home, words);
    let new_store = |name: &str| {
        let home = sandbox.outside().join(name);
        for words in [&["store", "create", "--keeper", from][..], &["set", "A", &from_file]] {
            let (code, text) = said(&home, words);
            assert_eq!(code, Some(0), "{words:?}: {text}");
        }
        home
    };
    let moving = ["store", "keeper", "--to", to];
    let counts = faults::calls(&mut call_in(&sandbox, &new_store("counted"), &moving), true);
    // What changes something outside of the process; the long sweep kills at every call.
    let changing =
        ["openat", "write", "pwrite64", "sendmsg", "sendto", "fsync", "rename", "unlink", "unlinkat", "flock"];
    let killed_at = |call: &&String| faults::long() || changing.contains(&call.as_str());
    let mut tried = 0;
    for call in counts.keys().filter(killed_at) {
        // A commit tries each third point.
        for nth in (1..=counts[call]).filter(|nth| faults::long() || nth % 3 == 1) {
            let home = new_store(&format!("{call}-{nth}"));
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let killed =
                faults::under_strace(&call_in(&sandbox, &home, &moving), true, &["-o", "/dev/null", "-e", &inject]);
            { killed }.output().expect("strace");
            let at = format!("{call} {nth}");
            assert_eq!(said(&home, &["get", "A"]), (Some(0), "kept-secret".into()), "after a kill at {at}");
            let again = said(&home, &moving);
            assert_eq!(again.0, Some(0), "the second try after a kill at {at}: {}", again.1);
            assert_eq!(said(&home, &["get", "A"]), (Some(0), "kept-secret".into()), "moved after a kill at {at}");
            let record = std::fs::read_to_string(home.join("keeper.toml")).expect("record");
            let id = record.lines().find_map(|line| line.strip_prefix("store = ")).expect("id").trim_matches('"');
            let in_keychain = keychain.lookup(&["service", &format!("keyctl:{id}"), "username", "identity"]);
            let places = (!in_keychain.is_empty(), home.join("identity.txt").exists());
            assert_eq!(places, (to == "keychain", to == "file"), "where the identity lies after a kill at {at}");
            tried += 1;
        }
    }
    tried
}

#[test]
fn a_kill_while_the_identity_moves_to_the_keychain_loses_nothing_and_a_second_try_finishes() {
    assert!(move_killed_everywhere("file", "keychain") > 12);
}

#[test]
fn a_kill_while_the_identity_moves_to_a_file_loses_nothing_and_a_second_try_finishes() {
    assert!(move_killed_everywhere("keychain", "file") > 12);
}

#[test]
fn a_store_of_the_keychain_gets_a_new_identity_which_no_file_has() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let service = format!("keyctl:{}", store_id(&sandbox));
    let item = |name: &str| keychain.lookup(&["service", &service, "username", name]).trim().to_owned();
    let (former, anchor) = (item("identity"), item("anchor"));
    sandbox.secret(&former);
    let said = sandbox.call(&["store", "rekey", "--yes"]).run();
    assert!(
        said.stderr().starts_with("keyctl: the store has a new identity; the keychain keeps it, and"),
        "{}",
        said.stderr()
    );
    let next = item("identity");
    sandbox.secret(&next);
    assert!(next.starts_with("AGE-SECRET-KEY-1") && next.len() == former.len() && next != former);
    let seal = |anchor: &str| anchor.split(' ').nth(3).expect("a seal").to_owned();
    assert_ne!(seal(&item("anchor")), seal(&anchor), "whoever read the former store knows its seal");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
    assert!(!sandbox.data("identity.txt").exists());
}

#[test]
fn what_a_move_to_the_keychain_left_in_a_file_is_gone_when_the_identity_was_changed() {
    let (sandbox, _keychain) = desktop();
    sandbox.call(&["store", "create", "--keeper", "file"]).run();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let files = ["identity.txt", "anchor.txt"].map(|name| (name, std::fs::read(sandbox.data(name)).expect("read")));
    assert_eq!(sandbox.call(&["store", "keeper", "--to", "keychain"]).run().code(), 0);
    for (name, bytes) in &files {
        let mut file = std::fs::File::create(sandbox.data(name)).expect("make");
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
        file.write_all(bytes).expect("write");
    }
    assert_eq!(sandbox.call(&["store", "rekey", "--yes"]).run().code(), 0);
    for (name, _) in &files {
        assert!(!sandbox.data(name).exists(), "{name}");
    }
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn a_kill_while_the_identity_in_the_keychain_changes_loses_nothing_and_a_second_try_finishes() {
    let (sandbox, keychain) = desktop();
    sandbox.secret("kept-secret");
    let secret = sandbox.outside().join("secret");
    std::fs::write(&secret, "kept-secret").expect("write");
    sandbox.may_lie_in(&secret);
    let from_file = format!("--from-file={}", secret.display());
    let said = |home: &Path, words: &[&str]| said_in(&sandbox, home, words);
    let identity = |home: &Path| {
        let record = std::fs::read_to_string(home.join("keeper.toml")).expect("record");
        let id =
            record.lines().find_map(|line| line.strip_prefix("store = ")).expect("id").trim_matches('"').to_owned();
        let look = || keychain.lookup(&["service", &format!("keyctl:{id}"), "username", "identity"]).trim().to_owned();
        // On a busy machine `secret-tool` gives up now and then.
        let patient = |_| {
            let found = look();
            if found.is_empty() {
                std::thread::sleep(Duration::from_millis(200));
            }
            found
        };
        (0..25).map(patient).find(|found| !found.is_empty()).expect("an identity in the keychain")
    };
    let new_store = |name: &str| {
        let home = sandbox.outside().join(name);
        // And where the keychain does not answer in time a new store has its identity in a file.
        for _ in 0..3 {
            let (code, words) = said(&home, &["set", "A", &from_file]);
            assert_eq!(code, Some(0), "{words}");
            if !home.join("identity.txt").exists() {
                break;
            }
            std::fs::remove_dir_all(&home).expect("remove");
        }
        let former = identity(&home);
        (home, former)
    };
    let changing_it = ["store", "rekey", "--yes"];
    let counts = faults::calls(&mut call_in(&sandbox, &new_store("counted").0, &changing_it), true);
    let seen = ["write", "sendmsg", "sendto", "fsync", "fdatasync", "rename", "unlink"];
    let (mut tried, mut cut_short) = (0, 0);
    for call in counts.keys().filter(|call| faults::long() || seen.contains(&call.as_str())) {
        for nth in (1..=counts[call]).step_by(if faults::long() { 1 } else { 3 }) {
            let (home, former) = new_store(&format!("{call}-{nth}"));
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let killed = faults::under_strace(
                &call_in(&sandbox, &home, &changing_it),
                true,
                &["-o", "/dev/null", "-e", &inject],
            );
            { killed }.output().expect("strace");
            let at = format!("{call} {nth}");
            let kept = identity(&home);
            assert!(kept.split(' ').count() <= 2, "at {at}");
            cut_short += usize::from(kept.contains(' '));
            assert_eq!(said(&home, &["get", "A"]), (Some(0), "kept-secret".into()), "after a kill at {at}");
            let again = said(&home, &changing_it);
            assert_eq!(again.0, Some(0), "the second try after a kill at {at}: {}", again.1);
            let next = identity(&home);
            assert!(next.starts_with("AGE-SECRET-KEY-1") && next != former, "at {at}");
            assert_eq!(next.len(), former.len(), "one identity, at {at}");
            assert_eq!(said(&home, &["get", "A"]), (Some(0), "kept-secret".into()), "changed after a kill at {at}");
            assert_eq!(said(&home, &["history", "verify"]).0, Some(0), "the history after a kill at {at}");
            tried += 1;
        }
    }
    let least = if faults::long() { (40, 10) } else { (12, 3) };
    assert!(tried > least.0 && cut_short > least.1, "{tried} kills, {cut_short} of them cut it short");
}

#[test]
fn what_is_no_identity_in_the_keychain_is_called_that_and_not_shown() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let service = format!("keyctl:{}", store_id(&sandbox));
    let good = keychain.lookup(&["service", &service, "username", "identity"]).trim().to_owned();
    let words = ["service", &service, "username", "identity"];
    let secret_tool = |verb: &[&str], input: &str| {
        let mut tool = Command::new("secret-tool");
        tool.args(verb).args(words).env("DBUS_SESSION_BUS_ADDRESS", &keychain.address).stdin(Stdio::piped());
        let mut tool = tool.spawn().expect("secret-tool");
        tool.stdin.take().expect("piped").write_all(input.as_bytes()).expect("write");
        assert!(tool.wait().expect("wait").success());
    };
    let no_identity = "keyctl: what is kept as the store's identity is no age identity\n";
    let none = "keyctl: the keychain has no identity for this store any more\n";
    let last = if good.ends_with('Q') { "P" } else { "Q" };
    for bad in [
        good.to_lowercase(),
        format!("{good} "),
        format!("{good}\r\n"),
        format!("{}{last}", &good[..73]),
        good[..40].into(),
    ] {
        sandbox.secret(&bad);
        secret_tool(&["clear"], "");
        secret_tool(&["store", "--label=x"], &bad);
        for call in [&["get", "A"][..], &["set", "B", "--generate"]] {
            let ran = sandbox.call(call).run();
            let said = if bad.starts_with("AGE-SECRET-KEY-1") { no_identity } else { none };
            assert!(ran.stderr().starts_with(said), "{}", ran.stderr());
            assert_eq!((ran.stdout().as_str(), ran.code()), ("", 4));
        }
    }
    secret_tool(&["clear"], "");
    secret_tool(&["store", "--label=x"], &good);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn an_item_that_another_program_made_is_not_taken_for_ours() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let service = format!("keyctl:{}", store_id(&sandbox));
    let mut planted = Command::new("secret-tool");
    planted
        .args(["store", "--label=x", "service", &service, "username", "identity", "planted", "yes"])
        .env("DBUS_SESSION_BUS_ADDRESS", &keychain.address)
        .stdin(Stdio::piped());
    let mut planted = planted.spawn().expect("secret-tool");
    planted.stdin.take().expect("piped").write_all(b"AGE-SECRET-KEY-1PLANTED").expect("write");
    assert!(planted.wait().expect("wait").success());
    let said = "keyctl: the keychain has more than one item for this store, and they differ\nkeyctl: hint: another program made one: remove the wrong `keyctl:` item with the desktop's keychain tool\n";
    sandbox.call(&["get", "A"]).run().says("", said, 4);
}

#[test]
fn a_whole_set_of_foreign_files_in_the_folder_is_noticed_before_anything_is_kept_in_it() {
    let (sandbox, _keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let stranger = Sandbox::with(&[("A", "strangers-secret")]);
    for file in ["store.age", "keeper.toml", "identity.txt", "anchor.txt", "history.log", "history.head"] {
        std::fs::copy(stranger.data(file), sandbox.data(file)).expect("copy");
    }
    let said = "keyctl: the keychain keeps another store for this folder than the one that lies here\nkeyctl: hint: someone may have put other files in the place of yours: put your own copy of the folder back\nkeyctl: hint: if you want the one that lies here: `keyctl recovery restore FILE`, with its identity file or recovery copy\n";
    sandbox.set("B", "second-secret").says("", said, 5);
    assert_eq!(sandbox.call(&["doctor"]).run().code(), 1);
}

#[test]
fn a_folder_that_lost_everything_is_not_taken_for_a_new_one() {
    let (sandbox, _keychain) = desktop();
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    std::fs::remove_dir_all(sandbox.data("")).expect("remove");
    let said = "keyctl: the keychain keeps the identity of a store for this folder, but the store's files are gone\nkeyctl: hint: put your copy of `store.age` and `keeper.toml` back\nkeyctl: hint: to begin with an empty store all the same: `keyctl store create --anew`\n";
    sandbox.set("B", "second-secret").says("", said, 5);
    sandbox.call(&["store", "create", "--anew"]).run().says(
        "",
        "keyctl: made the store; its identity is kept in the keychain\n",
        0,
    );
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
}
