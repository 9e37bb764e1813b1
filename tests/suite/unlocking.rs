//! `unlock` and `lock`: a store that asks is opened once, for a while; by the kernel's keyring of this machine. The store is one
//! that a plugin opens with a PIN, as that is asked for quickly.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    keepers::put_store_under_passphrase,
    plugins::{PIN, Toy},
    pty::{Screen, on_a_terminal},
    sandbox::{KEYCTL, Ran, Sandbox},
    tools,
};

/// A store with a key that opens with a PIN from now on.
fn closed() -> Toy {
    let toy = Toy::with(&[("A", "first-secret")]);
    toy.faults("pin");
    toy
}

const ASKED: &str = "keyctl: `age-plugin-toy`: PIN of the device: ";
const CLOSED: &str = "keyctl: the plugin `age-plugin-toy` has a question, and there is no terminal to ask on\n\
                      keyctl: hint: open the store at a terminal first: `keyctl unlock`\n";
/// What is said where nothing tells of the screen.
const NO_BUS: &str = "keyctl: locking the screen does not end that here: there is no system bus\n\
                      keyctl: hint: to end it before its time: `keyctl lock`\n";

fn unlock(toy: &Toy, more: &[&str]) -> Screen {
    on_a_terminal(&toy.sandbox, &[&[KEYCTL, "unlock"], more].concat(), &[(ASKED, &format!("{PIN}\r"))])
}

/// The minute that a screen names, which a test cannot know beforehand.
fn without_its_minute(screen: &Screen) -> (String, String) {
    let (before, after) = screen.shown.split_once("is open until ").unwrap_or((&screen.shown, ""));
    let (minute, rest) = after.split_once('\n').unwrap_or_default();
    (format!("{before}is open until …\n{rest}"), minute.to_owned())
}

fn get(toy: &Toy) -> Ran<'_> {
    toy.sandbox.call(&["get", "A"]).run()
}

/// The store's id, as its record has it.
fn id(sandbox: &Sandbox) -> String {
    let record = std::fs::read_to_string(sandbox.data("keeper.toml")).expect("record");
    let line = record.lines().find_map(|line| line.strip_prefix("store = ")).expect("a store");
    line.trim_matches('"').to_owned()
}

/// What the kernel has for the store: flags, time left, rights.
fn in_the_kernel(sandbox: &Sandbox) -> Option<Vec<String>> {
    let name = format!("keyctl-unlocked:{}", id(sandbox));
    let keys = std::fs::read_to_string("/proc/keys").expect("a kernel with keyrings");
    let lines = keys.lines().filter(|line| line.contains(&name)).map(|line| line.split_whitespace());
    let mut valid = lines
        .map(|words| words.map(str::to_owned).collect::<Vec<_>>())
        .filter(|words| words[1] == "I--Q---" && words[3] != "expd");
    let found = valid.next();
    assert!(valid.next().is_none(), "two keys for a store");
    found
}

fn time_left(toy: &Toy) -> String {
    in_the_kernel(&toy.sandbox).expect("there").swap_remove(3)
}

fn events(sandbox: &Sandbox) -> Vec<(String, Option<String>)> {
    let ran = sandbox.call(&["history", "--json"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lines = ran.stdout();
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("json"));
    events.map(|event| (text(&event["ev"]).expect("an action"), text(&event["note"]))).collect()
}

#[test]
fn a_store_that_asks_is_asked_for_once_and_open_for_all_until_it_is_locked() {
    let toy = closed();
    get(&toy).says("", CLOSED, 4);
    toy.sandbox.call(&["run", "-k", "A", "--", "true"]).run().says(
        "",
        &CLOSED.replace("ask on\n", "ask on [E04]\n"),
        125,
    );
    let screen = unlock(&toy, &[]);
    let (shown, minute) = without_its_minute(&screen);
    assert_eq!((shown.as_str(), screen.code), (&*format!("{ASKED}\nkeyctl: the store is open until …\n{NO_BUS}"), 0));
    assert!(minute.len() == 5 || minute.len() == 16, "{minute}");
    let key = in_the_kernel(&toy.sandbox).expect("there");
    assert!(["14m", "15m"].contains(&key[3].as_str()) && key[4] == "1b0b0000", "{key:?}");
    let calls = toy.calls();
    get(&toy).says("first-secret", "", 0);
    toy.sandbox.call(&["run", "-k", "A", "--", "sh", "-c", "echo $A"]).run().says("first-secret\n", "", 0);
    toy.sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert_eq!(toy.calls(), calls, "the plugin is not started");
    let status = toy.sandbox.call(&["status"]).run().stdout();
    assert!(status.contains(&format!("open           until {minute}: `keyctl lock`\n")), "{status}");
    let list = toy.sandbox.call(&["store", "list"]).run().stdout();
    assert!(list.contains(&format!("personal  plugin, open until {minute}  ~/.local")), "{list}");
    let until = |words: &[&str], at: &str| {
        let shown: Value = serde_json::from_str(&toy.sandbox.call(words).run().stdout()).expect("json");
        shown.pointer(at).expect("said").clone()
    };
    let open = until(&["status", "--json"], "/store/unlocked_until");
    assert!(open.is_string());
    assert_eq!(until(&["store", "list", "--json"], "/0/unlocked_until"), open);
    toy.sandbox.call(&["lock", "personal"]).run().says("", "keyctl: closed: the store `personal`\n", 0);
    assert_eq!(in_the_kernel(&toy.sandbox), None);
    get(&toy).says("", CLOSED, 4);
    assert_eq!(until(&["store", "list", "--json"], "/0/unlocked_until"), Value::Null);
    toy.sandbox.call(&["lock", "personal"]).run().says("", "keyctl: the store was not open\n", 0);
    toy.faults("");
    let told: Vec<_> = events(&toy.sandbox).into_iter().filter(|(action, _)| action.ends_with("lock")).collect();
    assert_eq!(told, [("unlock".to_owned(), Some("for 15 minutes".to_owned())), ("lock".to_owned(), None)]);
    // And nothing of it is on the disk: the sandbox looks for the identity too.
}

#[test]
fn the_time_that_was_given_ends_it_and_asking_again_begins_it_anew() {
    let toy = closed();
    assert_eq!(unlock(&toy, &["--for", "2s"]).code, 0);
    get(&toy).says("first-secret", "", 0);
    let until = Instant::now() + Duration::from_secs(8);
    while get(&toy).code() == 0 {
        assert!(Instant::now() < until, "still open");
        sleep(Duration::from_millis(200));
    }
    get(&toy).says("", CLOSED, 4);
    assert_eq!(unlock(&toy, &["--for", "1h"]).code, 0);
    assert!(["59m", "1h"].contains(&time_left(&toy).as_str()));
    // Asked is again, and who gets it wrong extends nothing.
    let wrong = on_a_terminal(&toy.sandbox, &[KEYCTL, "unlock", "--for", "12h"], &[(ASKED, "0000\r")]);
    wrong.says(&format!("{ASKED}\nkeyctl: the plugin `age-plugin-toy` fails: wrong PIN\n"), 4);
    assert!(["59m", "1h"].contains(&time_left(&toy).as_str()));
    assert_eq!(unlock(&toy, &["--for", "12h"]).code, 0);
    assert!(["11h", "12h"].contains(&time_left(&toy).as_str()));
    assert_eq!(toy.sandbox.call(&["lock", "personal"]).run().code(), 0);
    let ran = toy.sandbox.call(&["unlock", "--for", "13h"]).run();
    assert!(ran.code() == 2 && ran.stderr().contains("a store can be opened for at most 12 hours"), "{}", ran.stderr());
    // Without a terminal nobody can open it.
    toy.sandbox.call(&["unlock"]).run().says("", CLOSED, 4);
}

#[test]
fn another_wrapping_or_another_identity_makes_it_void() {
    let toy = closed();
    assert_eq!(unlock(&toy, &[]).code, 0);
    let words = ["store", "keeper", "--to", "plugin", "--plugin-identity", "toy.txt"];
    toy.faults("");
    let ran = toy.sandbox.call(&words).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    toy.faults("pin");
    assert_eq!(in_the_kernel(&toy.sandbox), None);
    get(&toy).says("", CLOSED, 4);
    assert_eq!(unlock(&toy, &[]).code, 0);
    // Somebody puts the former file back in its place: what is open is bound to the very bytes.
    let file = toy.kept("identity-", ".age");
    let mut bytes = std::fs::read(&file).expect("read");
    bytes.push(b'\n');
    std::fs::write(&file, &bytes).expect("write");
    assert_eq!(get(&toy).code(), 4);
    assert_eq!(toy.sandbox.call(&["lock", "personal"]).run().code(), 0);
    assert_eq!(in_the_kernel(&toy.sandbox), None);
}

/// In a user namespace, which has a keyring of its own: what is open of whoever runs the tests stays so.
#[test]
fn lock_closes_all_that_is_open_also_of_a_store_that_is_gone_or_cannot_be_read() {
    if !std::process::Command::new("unshare").args(["-r", "true"]).status().is_ok_and(|status| status.success()) {
        return;
    }
    let toy = closed();
    let words = ["store", "create", "team", "--keeper", "plugin", "--plugin-identity", "toy.txt"];
    toy.faults("");
    assert_eq!(toy.sandbox.call(&words).run().code(), 0);
    toy.faults("pin");
    let script = format!(
        "{KEYCTL} unlock; {KEYCTL} unlock team; {KEYCTL} get A --show
         mv {0} kept; rm -r {1}; {KEYCTL} lock; echo $?; mv kept {0}
         {KEYCTL} get A 2>&1 </dev/null | head -n1; {KEYCTL} lock",
        toy.sandbox.data("keeper.toml").display(),
        toy.sandbox.data("stores/team").display()
    );
    let pin = format!("{PIN}\r");
    let words = ["unshare", "-r", "sh", "-c", &script];
    let screen = on_a_terminal(&toy.sandbox, &words, &[(ASKED, &pin), (ASKED, &pin)]);
    let end = "first-secret\n\
               keyctl: closed: 2 stores that cannot be told any more from here\n0\n\
               keyctl: the plugin `age-plugin-toy` has a question, and there is no terminal to ask on\n\
               keyctl: no store was open\n";
    assert!(screen.shown.ends_with(end), "{}", screen.shown);
}

#[test]
fn a_store_that_asks_nobody_is_neither_unlocked_nor_looked_for_in_the_kernel() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let refused = "keyctl: the store asks nobody: its identity is kept in `identity.txt`; there is nothing to unlock\n\
                   keyctl: hint: for one that asks: `keyctl store keeper --to passphrase`\n";
    sandbox.call(&["unlock"]).run().says("", refused, 1);
    let (ran, trace) = sandbox.call(&["run", "-k", "A", "--", "true"]).traced("keyctl,add_key,request_key");
    assert_eq!((ran.code(), trace.as_str()), (0, ""));
}

#[test]
fn where_the_kernel_has_no_keyring_that_is_said_before_anybody_is_asked() {
    let toy = closed();
    let none = |why: &str| {
        format!(
            "keyctl: nothing can be kept open here: {why}\nkeyctl: hint: each command asks anew; keyctl writes what is open to no disk\n"
        )
    };
    for (error, said) in [
        ("ENOSYS", none("this kernel has no keyring")),
        ("EPERM", none("the kernel's keyring is closed to programs, as in most containers")),
        (
            "EDQUOT",
            "keyctl: the kernel's keyring has no room left for this user\nkeyctl: hint: see what fills it: `/proc/key-users`, `/proc/keys`\n".into(),
        ),
    ] {
        let inject = format!("inject=keyctl,add_key:error={error}");
        let under = ["strace", "-qq", "-o", "/dev/null", "-e", &inject];
        toy.sandbox.call(&["unlock"]).under(&under).run().says("", &said, 4);
        // Commands go on as if there were none.
        toy.faults("");
        toy.sandbox.call(&["get", "A"]).under(&under).run().says("first-secret", "", 0);
        toy.faults("pin");
    }
}

/// systemd-logind as python3-dbusmock plays it.
struct Logind {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Logind {
    fn start() -> Self {
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(tools::root().join("tests/suite/logind.py"))
            .args([user(), 1000.max(user() + 1)].map(|user| user.to_string()));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
        let (input, output) = (process.stdin.take(), process.stdout.take().expect("piped"));
        let mut logind = Self { process, input, output: BufReader::new(output), address: String::new() };
        logind.address = logind.answer();
        assert!(logind.address.starts_with("unix:"), "apt-get install python3-dbusmock: {}", logind.address);
        logind
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("read");
        line.trim().to_owned()
    }

    fn happens(&mut self, words: &str) {
        let input = self.input.as_mut().expect("open");
        input.write_all(format!("{words}\n").as_bytes()).expect("write");
        assert_eq!(self.answer(), "done", "{words}");
    }
}

impl Drop for Logind {
    fn drop(&mut self) {
        // The end of its input ends it, and all that it started.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

fn user() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").expect("proc").uid()
}

/// The processes that wait for a store's screen to be locked.
fn watchers(sandbox: &Sandbox) -> Vec<u32> {
    let wanted = format!("close-on-lock\0{}\0", id(sandbox));
    let numbers = std::fs::read_dir("/proc")
        .expect("proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_one = |number: &u32| {
        std::fs::read_to_string(format!("/proc/{number}/cmdline")).is_ok_and(|line| line.contains(&wanted))
    };
    numbers.filter(is_one).collect()
}

fn soon(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(5);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_locked_screen_and_a_sleeping_machine_close_it_and_others_screens_do_not() {
    let mut logind = Logind::start();
    let mut toy = closed();
    toy.sandbox.variables.push(("DBUS_SYSTEM_BUS_ADDRESS".into(), logind.address.clone().into()));
    let (own, other) = (user(), 1000.max(user() + 1));
    for ends in [format!("lock {own}"), format!("hint {own}"), "sleep".to_owned()] {
        let screen = unlock(&toy, &["--for", "1m"]);
        let (shown, _) = without_its_minute(&screen);
        assert_eq!((shown, screen.code), (format!("{ASKED}\nkeyctl: the store is open until …\n"), 0));
        let watchers = watchers(&toy.sandbox);
        assert_eq!(watchers.len(), 1, "one waits");
        // It has nothing of the caller's, and no secret.
        let at = |name: &str| format!("/proc/{}/{name}", watchers[0]);
        assert_eq!(std::fs::read_link(at("cwd")).expect("cwd"), Path::new("/"));
        toy.sandbox.no_secret_in(&std::fs::read(at("environ")).expect("environ"));
        for goes_on in [format!("lock {other}"), format!("hint {other}"), format!("unhint {own}"), "wake".to_owned()] {
            logind.happens(&goes_on);
        }
        sleep(Duration::from_millis(150));
        assert!(in_the_kernel(&toy.sandbox).is_some(), "{ends}");
        logind.happens(&ends);
        soon("it is closed", || in_the_kernel(&toy.sandbox).is_none());
        soon("nobody waits any more", || self::watchers(&toy.sandbox).is_empty());
        get(&toy).says("", CLOSED, 4);
    }
}

#[test]
fn status_tells_of_other_stores_that_are_open_and_a_new_identity_takes_who_opens_them_all_the_same() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    assert_eq!(sandbox.call(&["store", "create", "team", "--keeper", "file"]).run().code(), 0);
    put_store_under_passphrase(&sandbox, "stores/team", "correct horse battery");
    let typed = [("the store `team`: ", "correct horse battery\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "unlock", "team"], &typed);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let (_, minute) = without_its_minute(&screen);
    let status = || sandbox.call(&["status"]).run().stdout();
    let row = format!("\nopen           `team`, until {minute}: `keyctl lock team`\n");
    assert!(status().contains(&row), "{}", status());
    let json: Value = serde_json::from_str(&sandbox.call(&["status", "--json"]).run().stdout()).expect("json");
    assert_eq!((&json["others_open"][0]["name"], &json["store"]["unlocked_until"]), (&"team".into(), &Value::Null));
    let ran = sandbox.call(&["store", "rekey", "team", "--yes"]).under(&["setsid", "-w"]).run();
    let said = "that the store is open for a while does not do for this: a passphrase opens it anew, ";
    assert!(ran.code() == 4 && ran.stderr().contains(said), "{}: {}", ran.code(), ran.stderr());
    assert!(ran.stderr().contains("keyctl: hint: do it yourself, at a terminal\n"), "{}", ran.stderr());
    assert_eq!(sandbox.call(&["lock", "team"]).run().code(), 0);
    assert!(!status().contains("`team`, until"), "{}", status());
}
