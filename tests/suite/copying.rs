//! The clipboard, on a real X server with a real client beside.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::sandbox::Sandbox;

/// An X server without a screen, which ends with the test.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start(sandbox: &Sandbox) -> Self {
        let mut server = Command::new("Xvfb");
        sandbox.environment(&mut server);
        server.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "64x64x8"]);
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().expect("Xvfb: apt-get install xvfb");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("number");
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Self { server, name: format!(":{}", number.trim()) }
    }

    /// What another program gets when it pastes; `None` when there is nothing.
    fn paste(&self, target: &str) -> Option<String> {
        let mut xclip = Command::new("xclip");
        xclip.args(["-selection", "clipboard", "-o", "-t", target]).env("DISPLAY", &self.name);
        let output = xclip.output().expect("xclip: apt-get install xclip");
        output.status.success().then(|| String::from_utf8(output.stdout).expect("text"))
    }

    /// Another program puts something on the clipboard.
    fn copy(&self, text: &str) {
        let mut xclip = Command::new("xclip");
        xclip.args(["-selection", "clipboard", "-i"]).env("DISPLAY", &self.name);
        let mut xclip = xclip.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xclip");
        xclip.stdin.take().expect("piped").write_all(text.as_bytes()).expect("write");
        assert!(xclip.wait().expect("wait").success());
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The arguments of the holder that was told these seconds, if one runs.
fn holder(seconds: &str) -> Option<String> {
    let processes = std::fs::read_dir("/proc").expect("proc").flatten();
    let arguments = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let words = arguments.map(|words| String::from_utf8_lossy(&words).replace('\0', " "));
    words.into_iter().find(|words| words.trim_end().ends_with(&format!("hold-clipboard {seconds}")))
}

fn gone(seconds: &str, within: Duration) {
    let until = Instant::now() + within;
    while holder(seconds).is_some() {
        assert!(Instant::now() < until, "the holder of {seconds} s still runs");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_secret_is_on_the_clipboard_for_as_long_as_was_said_and_then_off_it() {
    let mut sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    let display = Display::start(&sandbox);
    sandbox.variables.push(("DISPLAY".into(), display.name.clone().into()));
    let begun = Instant::now();
    sandbox.call(&["copy", "A", "--for", "2"]).run().says("", "keyctl: `A` is on the clipboard for 2 s\n", 0);
    assert_eq!(display.paste("UTF8_STRING").as_deref(), Some("sk-first-secret"));
    // What KDE's and other clipboard managers look for before they keep anything.
    assert_eq!(display.paste("x-kde-passwordManagerHint").as_deref(), Some("secret"));
    assert!(display.paste("TARGETS").is_some_and(|targets| targets.contains("x-kde-passwordManagerHint")));
    let words = holder("2").expect("a holder");
    assert_eq!(words, format!("{} hold-clipboard 2 ", crate::sandbox::KEYCTL));
    gone("2", Duration::from_secs(5));
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(display.paste("UTF8_STRING"), None);
    let history = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(history.contains("\"copy\"") && history.contains("\"A\""), "{history}");
}

#[test]
fn what_was_copied_meanwhile_is_left_alone_and_the_holder_goes_at_once() {
    let mut sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    let display = Display::start(&sandbox);
    sandbox.variables.push(("DISPLAY".into(), display.name.clone().into()));
    sandbox.call(&["copy", "A", "--for", "61", "--json"]).run().says(
        "{\n  \"name\": \"A\",\n  \"seconds\": 61\n}\n",
        "",
        0,
    );
    assert!(holder("61").is_some());
    display.copy("something else");
    gone("61", Duration::from_secs(5));
    assert_eq!(display.paste("UTF8_STRING").as_deref(), Some("something else"));
}

#[test]
fn a_second_copy_takes_over_from_the_first() {
    let mut sandbox = Sandbox::with(&[("A", "sk-first-secret"), ("B", "sk-second-secret")]);
    let display = Display::start(&sandbox);
    sandbox.variables.push(("DISPLAY".into(), display.name.clone().into()));
    sandbox.call(&["copy", "A", "--for", "62"]).run().says("", "keyctl: `A` is on the clipboard for 62 s\n", 0);
    sandbox.call(&["copy", "B", "--for", "3"]).run().says("", "keyctl: `B` is on the clipboard for 3 s\n", 0);
    gone("62", Duration::from_secs(2));
    assert_eq!(display.paste("UTF8_STRING").as_deref(), Some("sk-second-secret"));
    gone("3", Duration::from_secs(6));
    assert_eq!(display.paste("UTF8_STRING"), None);
}

#[test]
fn where_there_is_no_clipboard_it_is_said_and_nothing_stays() {
    let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    sandbox.call(&["copy", "A"]).run().says(
        "",
        "keyctl: there is no clipboard here: neither `WAYLAND_DISPLAY` nor `DISPLAY` is set\n\
         keyctl: hint: print it instead: `keyctl get A`\n",
        2,
    );
    let unreachable = sandbox.call(&["copy", "A", "--for", "63"]).env("DISPLAY", ":4711").run();
    assert!(unreachable.stderr().starts_with("keyctl: cannot reach the clipboard: "), "{}", unreachable.stderr());
    assert_eq!((unreachable.stdout().as_str(), unreachable.code()), ("", 7));
    // The holder has said no and is about to end.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while holder("63").is_some() {
        assert!(std::time::Instant::now() < until, "the holder stays");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
