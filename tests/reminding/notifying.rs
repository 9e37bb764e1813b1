//! Notifications, on a real daemon and where there is none.

use std::{
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

use keyctl::{failure::Kind, reminder::notification};
use serde_json::{Value, json};

use crate::session::{Running, Session, said, within};

impl Session {
    /// Starts dunst on a screen of its own and waits until it owns its name.
    pub fn with_dunst(settings: &str) -> Self {
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

    /// What dunst has shown and closed, oldest last.
    pub fn history(&self) -> Vec<Value> {
        assert!(self.command("dunstctl").arg("close-all").status().expect("dunstctl").success());
        let history: Value = serde_json::from_str(&self.output("dunstctl", &["history"])).expect("JSON");
        history["data"][0].as_array().expect("a list").clone()
    }

    /// Shows a notification in a process that has this session's environment, and gives what failed.
    fn show(&self, title: &str, body: &str) -> Option<Value> {
        let mut command = self.command(std::env::current_exe().expect("this test"));
        command.args(["--exact", "--ignored", "notifying::show_call"]);
        said(command.env("REMINDING", json!([title, body]).to_string()))
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
