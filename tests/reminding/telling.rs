//! `keyctl remind` itself: what is due is told on the desktop and to the user's own program, and nothing else is.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, process::Stdio, time::Duration};

use serde_json::{Value, json};

use crate::session::{Session, within};

const SECRET: &str = "told-to-nobody-0123456789";

impl Session {
    /// `keyctl` with these arguments: what it said, and its exit code.
    fn keyctl(&self, arguments: &[&str], input: &str) -> (String, i32) {
        let mut command = self.command(env!("CARGO_BIN_EXE_keyctl"));
        command.args(arguments).env("KEYCTL_HOME", self.path().join("kept"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("write");
        let output = child.wait_with_output().expect("wait");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains(SECRET));
        (said, output.status.code().unwrap_or(-1))
    }

    /// Keeps a key; each has another secret.
    fn keep(&self, name: &str, more: &[&str]) {
        let (said, code) = self.keyctl(&[&["set", name, "--quiet"][..], more].concat(), &format!("{SECRET}-{name}"));
        assert_eq!(code, 0, "{said}");
    }

    fn remind(&self, arguments: &[&str]) -> (String, i32) {
        self.keyctl(&[&["remind"][..], arguments].concat(), "")
    }

    /// A store in a file: these sessions have no keychain.
    fn with_store(self) -> Self {
        assert_eq!(self.keyctl(&["store", "create", "--keeper", "file", "--quiet"], "").1, 0);
        self
    }
}

fn said(line: &str) -> (String, i32) {
    (format!("keyctl: {line}\n"), 0)
}

#[test]
fn what_is_due_is_told_on_the_desktop_and_what_is_put_off_is_not() {
    let session = Session::with_dunst("").with_store();
    session.keep("fresh", &["--expires", "2y"]);
    assert_eq!(session.remind(&["now"]), said("there is nothing to remind of"));
    session.keep("soon", &["--expires", "2d"]);
    assert_eq!(session.remind(&["now"]), said("reminded: soon expires in 2 days"));
    session.keep("old", &["--expires", "2020-02-29"]);
    assert_eq!(session.remind(&["now"]), said("reminded: 2 API keys to replace"));
    // What ends soon counts as due, here too, and that it ends before it is told of again is said.
    let put_off = session.remind(&["snooze", "--all", "--for", "1y"]);
    assert!(
        put_off.0.contains("no reminder of `soon` until ")
            && put_off.0.contains(", when its issuer ends it\n")
            && put_off.1 == 0,
        "{put_off:?}"
    );
    assert_eq!(session.remind(&["now"]), said("there is nothing to remind of"));
    assert_eq!(session.remind(&["snooze", "--all"]), said("every key that is due is snoozed already"));
    // What the timer has told today it does not tell again, and there is nothing else.
    assert_eq!(session.remind(&["now", "--once"]), said("there is nothing to remind of"));
    session.keep("older", &["--expires", "2020-02-28"]);
    fs::write(session.path().join("kept/told"), "2020-03-01T00:00:00Z\n").expect("write");
    let reminded = session.remind(&["now", "--once"]);
    assert!(reminded.0.starts_with("keyctl: reminded: older expired ") && reminded.1 == 0, "{reminded:?}");
    assert_eq!(session.remind(&["now", "--once"]), said("it was told already"));
    // Of a key that comes after that, and ends soon from the start, it has told nothing.
    std::thread::sleep(Duration::from_millis(1_100));
    session.keep("late", &["--expires", "5d"]);
    assert_eq!(session.remind(&["now", "--once"]), said("reminded: late expires in 5 days"));
    let shown: Vec<String> =
        session.history().iter().map(|shown| shown["message"]["data"].as_str().expect("text").to_owned()).collect();
    let both = shown.iter().find(|text| text.starts_with("<b>2 API keys to replace</b>\nold expired ")).expect("shown");
    assert!(both.ends_with(" years ago\nsoon expires in 2 days\nkeyctl due"), "{both}");
    assert!(shown.contains(&"<b>soon expires in 2 days</b>\nkeyctl rotate soon".to_owned()), "{shown:?}");
    assert_eq!(shown.len(), 4);
}

#[test]
fn an_alert_arrives_on_the_desktop_by_itself() {
    let session = Session::with_dunst("").with_store();
    session.keep("stripe/prod", &[]);
    let config = |rest: &str| {
        let text = format!("[alerts]\nnotify = true\n[policy]\nrevoked = \"warn\"\n{rest}");
        fs::write(session.path().join("kept/config.toml"), text).expect("write");
    };
    config("");
    let trial = "keyctl: alert: this is a trial; nothing has happened\nkeyctl: the desktop shows it\n";
    assert_eq!(session.keyctl(&["alerts", "test"], ""), (trial.to_owned(), 0));
    assert_eq!(session.keyctl(&["revoke", "stripe/prod", "--yes", "--quiet"], "").1, 0);
    let call = ["run", "-k", "V=stripe/prod", "--", "true"];
    assert_eq!(session.keyctl(&call, "").1, 0);
    let displayed = || session.output("dunstctl", &["count", "displayed"]);
    within(Duration::from_secs(20), "the alert did not come", || (displayed().trim() == "2").then_some(()));
    // Once a day, and by no other way.
    assert_eq!(session.keyctl(&call, "").1, 0);
    let shown = session.history();
    let text: Vec<_> = shown.iter().map(|shown| shown["message"]["data"].as_str().expect("text")).collect();
    assert_eq!(shown.len(), 2, "{text:?}");
    assert!(text.contains(&"<b>keyctl: alert</b>\nthis is a trial; nothing has happened"), "{text:?}");
    assert!(text.contains(&"<b>keyctl: alert</b>\n`stripe/prod` was used though it is revoked"), "{text:?}");
}

#[test]
fn the_users_own_program_is_told_names_and_dates_and_is_enough() {
    let session = Session::bare().with_store();
    session.keep("openai/dev", &["--expires", "2020-02-29"]);
    let (told, program) = (session.path().join("told"), session.path().join("tell"));
    fs::write(&program, format!("#!/bin/sh\ncat > '{}'\necho \"arguments: $*\" >&2\n", told.display())).expect("write");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("allow");
    let config = |more: &str| {
        let text = format!("[reminders]\nprogram = [\"{}\", \"to me\"]\n{more}", program.display());
        fs::write(session.path().join("kept/config.toml"), text).expect("write");
    };
    config("json = true\n");
    let alone = "reminded by the program alone: cannot show a notification: there is no session bus";
    let (words, code) = session.remind(&["now"]);
    assert_eq!((words, code), (format!("arguments: to me\nkeyctl: {alone}\n"), 0));
    let news: Value = serde_json::from_slice(&fs::read(&told).expect("told")).expect("JSON");
    assert_eq!(news["keys"], json!([{ "name": "openai/dev", "state": "expired", "date": "2020-02-29T00:00:00Z" }]));
    config("");
    session.remind(&["now"]);
    let mail = fs::read_to_string(&told).expect("told");
    let dated = "\n\nopenai/dev expired on 2020-02-29\nkeyctl rotate openai/dev\n";
    assert!(mail.starts_with("openai/dev expired ") && mail.ends_with(dated), "{mail}");
    assert!(!mail.contains(SECRET));
    // A mail has room for all of them.
    for month in 1..9 {
        session.keep(&format!("key{month}"), &["--expires", &format!("2020-0{month}-02")]);
    }
    session.remind(&["now"]);
    let mail = fs::read_to_string(&told).expect("told");
    let lines: Vec<&str> = mail.lines().collect();
    assert_eq!(
        (lines[0], lines[2], lines.len()),
        ("9 API keys to replace", "key1 expired on 2020-01-02", 12),
        "{mail}"
    );
    assert_eq!(lines[10..], ["key8 expired on 2020-08-02", "keyctl due"], "{mail}");
    fs::write(&program, "#!/bin/sh\nexit 3\n").expect("write");
    let (words, code) = session.remind(&["now"]);
    assert_eq!(code, 10);
    assert!(words.contains("there is no session bus") && words.contains("ended with exit code 3"), "{words}");
}

#[test]
fn where_the_store_does_not_open_the_number_is_told_without_names() {
    let session = Session::with_dunst("").with_store();
    session.keep("openai/dev", &["--expires", "2020-02-29"]);
    let identity = session.path().join("kept/identity.txt");
    fs::rename(&identity, session.path().join("away")).expect("rename");
    let lost = "keyctl: store `personal`: `identity.txt` has no identity for this store any more: its keys were not looked at\n\
                keyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE --store personal`\n\
                keyctl: reminded: 1 key due\n\
                keyctl: the answer is without the store `personal`\n";
    assert_eq!(session.remind(&["now"]), (lost.to_owned(), 4));
    assert_eq!(session.history()[0]["message"]["data"], json!("<b>1 key due</b>\nsee which: keyctl due"));
    // Of several stores the names are told that can be, and of the others how many.
    assert_eq!(session.keyctl(&["store", "create", "team", "--keeper", "file", "--quiet"], "").1, 0);
    session.keep("team:npm", &["--expires", "2020-03-01"]);
    let (words, code) = session.remind(&["now"]);
    assert!(words.contains("keyctl: reminded: team:npm expired ") && code == 4, "{words}");
    let shown: Vec<String> = session.history().iter().map(|shown| shown["message"]["data"].to_string()).collect();
    let both =
        shown.iter().any(|text| text.contains("team:npm expired ") && text.ends_with("1 key due\\nkeyctl due\""));
    assert!(both, "{shown:?}");
    assert_eq!(session.remind(&["now", "--store", "team"]).1, 0);
    let put_off = session.remind(&["snooze", "--all", "--store", "team"]);
    assert!(put_off.0.starts_with("keyctl: no reminder of `team:npm` until ") && put_off.1 == 0, "{put_off:?}");
    let or_one = "keyctl: hint: for one store alone: `--store NAME`\n";
    assert_eq!(session.remind(&["now"]), (format!("{lost}{or_one}"), 4));
}

#[test]
fn that_reminders_are_not_installed_is_said_with_the_way_to_it() {
    let session = Session::bare().with_store();
    let (words, code) = session.remind(&["status"]);
    let hint = "keyctl: hint: a notification when a key is due: `keyctl remind install`\n";
    assert_eq!((words, code), (format!("reminders  not installed\n{hint}"), 0));
    let (words, _) = session.remind(&["status", "--json"]);
    let status: Value = serde_json::from_str(&words).expect("JSON");
    assert_eq!(status["state"], json!("absent"));
    assert_eq!(session.remind(&["uninstall"]), said("reminders were not installed"));
}
