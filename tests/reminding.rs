//! Reminders on real services: a notification daemon on a bus of its own, and systemd's user manager.
//!
//! What they need is installed by `tests/run`; what is missing is an error, never a silent skip.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use keyctl::{failure::Kind, reminder::notification};
use serde_json::{Value, json};

/// A program that ends with the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        Self(command.spawn().unwrap_or_else(|error| panic!("`tests/run` installs {name}: {error}")))
    }

    /// Its first line of output.
    fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        line.trim().to_owned()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session bus of its own in a folder of its own.
struct Session {
    folder: tempfile::TempDir,
    address: String,
    running: Vec<Running>,
}

impl Session {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let address = format!("unix:path={}", folder.path().join("bus").display());
        let mut session = Self { folder, address, running: Vec::new() };
        let mut bus = session.command("dbus-daemon");
        bus.args([
            "--session",
            "--nofork",
            "--nopidfile",
            "--print-address",
            &format!("--address={}", session.address),
        ]);
        let mut bus = Running::start(bus.stdout(Stdio::piped()).stderr(Stdio::null()));
        assert!(bus.line().starts_with("unix:"), "the bus did not start");
        session.running.push(bus);
        session
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command of this session, with nothing of the surrounding one.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("a path")).env("HOME", self.path());
        command.env("XDG_RUNTIME_DIR", self.path()).env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.stdin(Stdio::null());
        command
    }

    /// Starts dunst on a screen of its own and waits until it owns its name.
    fn with_dunst(settings: &str) -> Self {
        let mut session = Self::start();
        let mut screen = session.command("Xvfb");
        screen.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "640x480x24"]);
        let mut screen = Running::start(screen.stdout(Stdio::piped()).stderr(Stdio::null()));
        let display = format!(":{}", screen.line());
        session.running.push(screen);
        let config = session.path().join("dunstrc");
        std::fs::write(&config, format!("[global]\n{settings}\n")).expect("write");
        let mut dunst = session.command("dunst");
        dunst.arg("-config").arg(config).env("DISPLAY", display).stdout(Stdio::null()).stderr(Stdio::null());
        session.running.push(Running::start(&mut dunst));
        within(Duration::from_secs(10), "no notification service", || {
            session.owned("org.freedesktop.Notifications").then_some(())
        });
        session
    }

    fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().expect(program);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether someone on the bus has this name; asking its owner would have the bus start one.
    fn owned(&self, name: &str) -> bool {
        let question = ["--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
        let mut command = self.command("dbus-send");
        command.args(["--session", "--print-reply=literal"]).args(question).arg(format!("string:{name}"));
        String::from_utf8_lossy(&command.output().expect("dbus-send").stdout).contains("true")
    }

    /// What dunst has shown and closed, oldest last.
    fn history(&self) -> Vec<Value> {
        assert!(self.command("dunstctl").arg("close-all").status().expect("dunstctl").success());
        let history: Value = serde_json::from_str(&self.output("dunstctl", &["history"])).expect("JSON");
        history["data"][0].as_array().expect("a list").clone()
    }

    /// Shows a notification in a process that has this session's environment, and gives what failed.
    fn show(&self, title: &str, body: &str) -> Option<Value> {
        let mut command = self.command(std::env::current_exe().expect("this test"));
        command.args(["--exact", "--ignored", "show_call"]);
        said(command.env("REMINDING", json!([title, body]).to_string()))
    }
}

/// What a part of this file, run in a process of its own, printed after `said: `.
fn said(command: &mut Command) -> Option<Value> {
    let output = command.output().expect("start");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| line.split_once("said: ")).expect("it says how it ended").1;
    serde_json::from_str::<Option<Value>>(line).expect("JSON")
}

fn within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "a part of other tests, in an environment of its own"]
fn show_call() {
    let text = std::env::var("REMINDING").expect("a text");
    let [title, body]: [String; 2] = serde_json::from_str(&text).expect("JSON");
    let ended = notification::show(&title, &body).map_err(|failure| {
        assert_eq!(failure.kind, Kind::Remote);
        json!(failure.message)
    });
    writeln!(std::io::stdout(), "said: {}", json!(ended.err())).expect("write");
}

#[test]
fn a_notification_is_shown_as_it_was_written() {
    let body = "`openai/dev` expired 3 days ago\n<b>&amp; \"due\" ключ 🔑";
    // What dunst gives to the text's renderer, which reads markup.
    let rendered = "<b>2 keys &lt;are&gt; due</b>\n`openai/dev` expired 3 days ago\n&lt;b&gt;&amp;amp; \"due\" ключ 🔑";
    for settings in ["markup = full", "markup = no"] {
        let session = Session::with_dunst(settings);
        assert_eq!(session.show("2 keys <are> due", body), None);
        assert_eq!(session.output("dunstctl", &["count", "displayed"]).trim(), "1");
        let shown = session.history();
        let field = |name: &str| shown[0][name]["data"].clone();
        assert_eq!((shown.len(), field("appname"), field("summary")), (1, json!("keyctl"), json!("2 keys <are> due")));
        let message = field("message").as_str().expect("text").replace("&quot;", "\"");
        assert_eq!(message, rendered, "{settings}");
        // Ten seconds are what dunst gives to those of normal urgency.
        assert_eq!(field("timeout"), json!(10_000_000));
    }
}

#[test]
fn a_second_notification_does_not_take_the_firsts_place() {
    let session = Session::with_dunst("");
    assert_eq!(session.show("one", "first"), None);
    assert_eq!(session.show("two\nlines", "second\u{1b}[0m"), None);
    assert_eq!(session.output("dunstctl", &["count", "displayed"]).trim(), "2");
    let mut shown: Vec<_> = session.history().iter().map(|shown| shown["message"]["data"].clone()).collect();
    shown.sort_by_key(ToString::to_string);
    assert_eq!(shown, [json!("<b>one</b>\nfirst"), json!("<b>two lines</b>\nsecond\u{fffd}[0m")]);
}

#[test]
fn where_nothing_can_show_it_that_is_said_at_once() {
    let session = Session::start();
    let begun = Instant::now();
    let said = |what: &str| Some(json!(format!("cannot show a notification: {what}")));
    assert_eq!(session.show("a", "b"), said("no notification service is on the session bus"));
    for address in ["unix:path=/nowhere/bus", "tcp:host=localhost,port=1", "autolaunch:"] {
        let mut session = Session::start();
        session.address = address.to_owned();
        assert_eq!(session.show("a", "b"), said("there is no session bus"));
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_service_and_a_bus_that_never_answer_are_left_at_the_deadline() {
    let said = Some(json!("cannot show a notification: the service did not answer within 5 s"));
    let session = Session::with_dunst("");
    for hanging in [2, 0] {
        session.running[hanging].signal("STOP");
        let begun = Instant::now();
        assert_eq!(session.show("a", "b"), said);
        let took = begun.elapsed();
        assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(8), "{took:?}");
        session.running[hanging].signal("CONT");
    }
    assert_eq!(session.show("a", "b"), None);
}
