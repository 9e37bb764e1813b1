//! `run --watch` where something goes wrong, and uses that came to nothing: what runs goes on, and the history says what was.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Lines},
    os::unix::process::ExitStatusExt,
    process::{Child, ChildStderr, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, contains},
};

const KEY: &str = "sk-live-3Hq9/ZbT7+mWx2Lc";

/// A command that is watched, and the lines that it and keyctl print.
struct Watched {
    child: Child,
    printed: Lines<BufReader<ChildStdout>>,
    said: Lines<BufReader<ChildStderr>>,
}

impl Watched {
    fn start(sandbox: &Sandbox, words: &[&str], script: &str) -> Self {
        let call = [&["run", "--watch"], words, &["--", "sh", "-c", script]].concat();
        let mut call = sandbox.call(&call);
        let command = call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start");
        let printed = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said = BufReader::new(child.stderr.take().expect("piped")).lines();
        Self { child, printed, said }
    }

    fn prints(&mut self) -> String {
        self.printed.next().expect("a line").expect("text")
    }

    fn says(&mut self) -> String {
        self.said.next().expect("a line").expect("text")
    }

    /// Asks keyctl to end. What is printed until then is given.
    fn end(mut self) -> Vec<String> {
        ask_to_end(&self.child);
        let rest: Vec<String> = self.printed.map_while(Result::ok).chain(self.said.map_while(Result::ok)).collect();
        assert_eq!(self.child.wait().expect("wait").signal(), Some(15));
        rest
    }
}

fn ask_to_end(child: &Child) {
    let sent = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

fn replace(sandbox: &Sandbox, name: &str, secret: &[u8]) {
    sandbox.secret(secret);
    let ran = sandbox.call(&["set", name, "--replace", "--binary"]).input(secret).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
}

/// What the history has of uses and of what failed: each entry's word, and the numbers that it is of.
fn uses(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let told = sandbox.call(&["history", "--action", "run", "--action", "failed", "--json"]).run().stdout();
    let events = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("json"));
    events.map(|event| (event["ev"].as_str().expect("a word").to_owned(), event["of"].clone())).collect()
}

#[test]
fn what_cannot_be_given_anew_leaves_the_command_as_it_is_and_is_tried_again_with_the_next_change() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    sandbox.file("page", "key: {{ keyctl \"K\" | json }}\n");
    let script = "cat \"$KEYCTL_RENDERED\"; trap 'exit 1' TERM; while :; do sleep 0.05; done";
    let mut watched = Watched::start(&sandbox, &["-k", "K", "--render", "page"], &format!("exec 2>&1; {script}"));
    assert_eq!(watched.prints(), format!("key: \"{KEY}\""));
    replace(&sandbox, "K", b"\xff\xfe-no-text-at-all");
    let runs_on = "keyctl: the command runs on with the keys it has:";
    assert_eq!(watched.says(), format!("{runs_on} `page`: `K` is no text, which `json` cannot carry"));
    replace(&sandbox, "K", b"with a NUL\0 in it");
    assert_eq!(watched.says(), format!("{runs_on} the secret for `K` has a NUL byte, which no environment can hold"));
    assert_eq!(uses(&sandbox).len(), 1, "it still is the one that was started");
    replace(&sandbox, "K", b"second-secret-of-K");
    assert_eq!(watched.says(), "keyctl: started anew with what is kept now: `K`");
    assert_eq!(watched.prints(), "key: \"second-secret-of-K\"");
    let rest = watched.child.kill().map(|()| watched.child.wait());
    assert!(rest.is_ok());
    assert_eq!(uses(&sandbox).len(), 2);
}

#[test]
fn a_start_anew_that_fails_is_said_of_that_start_and_not_of_the_first() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let program = sandbox.project().join("mine");
    crate::sandbox::put_program(b"#!/bin/sh\necho begun\nexec sleep 60\n", &program);
    let mut call = sandbox.call(&["run", "--watch", "-k", "K", "--", "./mine"]);
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut printed = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(printed.next().as_deref(), Some("begun"));
    std::fs::remove_file(&program).expect("remove");
    replace(&sandbox, "K", b"second-secret-of-K");
    let output = child.wait_with_output().expect("wait");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "keyctl: cannot start `./mine`: no such file or directory\n");
    assert_eq!(output.status.code(), Some(126));
    let uses = uses(&sandbox);
    let words: Vec<&str> = uses.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["run", "run", "failed"], "{uses:?}");
    let second = sandbox.call(&["history", "--action", "run", "--json"]).run().stdout();
    let second: Value = serde_json::from_str(second.lines().last().expect("two")).expect("json");
    assert_eq!(uses[2].1, serde_json::json!([second["n"]]));
}

#[test]
fn what_may_not_be_given_any_more_when_the_command_has_ended_is_not_given() {
    for (take_away, why, code) in [
        (&["deny"][..], "`~/project/.keyctl.toml` is not allowed any more", 6),
        (&["revoke", "K", "--yes"], "revoked: `K`", 9),
        (&["remove", "K", "--yes"], "gone from the store: `K`", 3),
    ] {
        let sandbox = Sandbox::with(&[("K", KEY)]);
        sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\n");
        sandbox.allow();
        let waits = "while [ ! -e go ]; do sleep 0.05; done; exit 0";
        let script = format!("trap 'echo ends; {waits}' TERM; echo \"has $K\"; while :; do sleep 0.05; done");
        let mut watched = Watched::start(&sandbox, &[], &script);
        assert_eq!(watched.prints(), format!("has {KEY}"));
        replace(&sandbox, "K", b"second-secret-of-K");
        assert_eq!(watched.prints(), "ends");
        let ran = sandbox.call(take_away).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        sandbox.file("go", "");
        let said = watched.says();
        assert!(said.starts_with(&format!("keyctl: the command is not started anew: {why} [E0{code}]")), "{said}");
        assert_eq!(
            (watched.printed.next().map(Result::unwrap), watched.child.wait().expect("wait").code()),
            (None, Some(125))
        );
        let runs = sandbox.call(&["history", "--action", "run", "--json"]).run().stdout();
        assert_eq!(runs.lines().count(), 1, "{runs}");
        let refused = sandbox.call(&["history", "--outcome", "refused", "--json"]).run().stdout();
        assert_eq!(refused.lines().count(), usize::from(code == 6), "{refused}");
    }
}

#[test]
fn a_secret_that_is_replaced_again_while_the_command_ends_is_started_with_once() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let waits = "while [ ! -e go ]; do sleep 0.05; done; exit 0";
    let script = format!("trap 'echo ends; {waits}' TERM; echo \"has $K\"; while :; do sleep 0.05; done");
    let mut watched = Watched::start(&sandbox, &["-k", "K"], &script);
    assert_eq!(watched.prints(), format!("has {KEY}"));
    replace(&sandbox, "K", b"second-secret-of-K");
    assert_eq!(watched.prints(), "ends");
    replace(&sandbox, "K", b"third-secret-of-K");
    std::thread::sleep(Duration::from_millis(1100));
    sandbox.file("go", "");
    assert_eq!(watched.prints(), "has third-secret-of-K");
    let of = |action: &str| {
        let told = sandbox.call(&["history", "--action", action, "-n", "1", "--json"]).run().stdout();
        serde_json::from_str::<Value>(&told).expect("json")["t"].clone()
    };
    let (used, set) = (of("run"), of("set"));
    assert!(used.as_str() > set.as_str(), "it is dated when it was started: {used}, {set}");
    ask_to_end(&watched.child);
    assert_eq!(watched.prints(), "ends");
    assert_eq!(watched.says(), "keyctl: started anew with what is kept now: `K`");
    assert_eq!(watched.child.wait().expect("wait").code(), Some(0));
}

#[test]
fn what_filters_made_of_a_former_secret_stays_masked() {
    let sandbox = Sandbox::with(&[("pw", KEY)]);
    sandbox.file("page", "{{ keyctl \"pw\" | url | base64 }}\n");
    sandbox.may_lie_in(&sandbox.project().join("seen"));
    let script = "cat \"$KEYCTL_RENDERED\" >>seen; cat seen; echo so far; exec sleep 60";
    let mut watched = Watched::start(&sandbox, &["--mask", "-k", "pw", "--render", "page"], script);
    let mask = "[keyctl:KEYCTL_RENDERED]";
    assert_eq!([watched.prints(), watched.prints()], [mask, "so far"]);
    replace(&sandbox, "pw", b"another/secret+of it");
    assert_eq!([watched.prints(), watched.prints(), watched.prints()], [mask, mask, "so far"]);
    watched.end();
}

#[test]
fn where_nothing_could_be_started_every_use_is_followed_by_its_failure() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let (mut begun, mut failed, mut unsaid) = (false, 0, 0);
    for most in 4..40 {
        let script = format!("ulimit -n {most}; exec {KEYCTL} run --mask -k K -- sh -c 'echo ran'");
        let ran = sandbox.call(&[""; 0]).under(&["sh", "-c", &script]).run();
        let has_run = ran.output.stdout == b"ran\n";
        failed += u32::from(!has_run && contains(&ran.output.stderr, b"cannot pass on what `sh` prints"));
        // With so few descriptors the history cannot always be written either, and that is said.
        unsaid += u32::from(ran.stderr().matches("keyctl: not recorded").count() == 1);
        begun = has_run;
        if begun {
            break;
        }
    }
    assert!(begun && failed > 0, "neither end was reached: {begun}, {failed}");
    let started = sandbox.call(&["history", "usage", "--json"]).run().stdout();
    let started: Value = serde_json::from_str(&started).expect("json");
    assert_eq!(started["items"][0]["uses"], 1 + unsaid, "{started}\n{:?}", uses(&sandbox));
}

#[test]
fn that_nothing_is_to_be_asked_does_not_hide_the_terminal_from_the_mask() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    for forbidden in ["", "1"] {
        let call =
            format!("KEYCTL_NO_PROMPT={forbidden} {KEYCTL} run --mask -k K -- sh -c 'echo $K >/dev/tty' </dev/null");
        let screen = on_a_terminal(&sandbox, &["sh", "-c", &call], &[]);
        assert_eq!((screen.code, screen.shown.as_str()), (0, "[keyctl:K]\n"), "{call}");
    }
}

#[test]
fn a_page_that_means_no_good_costs_no_time() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    sandbox.file("mistakes", "{{keyctl".repeat(100_000));
    let names: Vec<String> = (0..40_000).map(|name| format!("{{{{ keyctl \"n{name}\" }}}}\n")).collect();
    sandbox.file("names", names.concat());
    sandbox.file("filters", format!("{{{{ keyctl \"K\" {}}}}}", "| hex ".repeat(40)));
    let begun = Instant::now();
    let ran = sandbox.call(&["render", "-k", "K", "mistakes"]).run();
    let said = ran.stderr();
    assert!(said.starts_with("keyctl: `mistakes`, line 1, column 1: `{{ keyctl` is not closed"), "{said}");
    let said = sandbox.call(&["render", "-k", "K", "names"]).run().stderr();
    assert!(said.starts_with("keyctl: `names`, line 1, column 1: `n0` is neither"), "{said}");
    assert!(said.contains("also line 16, column 1: `n15`") && said.contains("\nkeyctl: hint: and more\n"), "{said}");
    sandbox.call(&["render", "-k", "K", "filters"]).run().says(
        "",
        "keyctl: `filters`, line 1, column 1: a place has 4 filters at most\n",
        2,
    );
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn nobody_is_asked_while_a_command_is_watched() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    sandbox.secret("second-secret-of-K");
    let limit = format!("\0{KEYCTL} edit K --ask && printf second-secret-of-K | {KEYCTL} set K --replace");
    let words = [KEYCTL, "run", "--watch", "-k", "K", "--", "sh", "-c", "echo begun; exec sleep 60"];
    let screen = on_a_terminal(&sandbox, &words, &[("begun", &limit), ("at each use", "\u{3}")]);
    let said = "begun\nkeyctl: the command runs on with the keys it has: `K` needs a yes at each use\n^C";
    assert_eq!((screen.code, screen.shown.as_str()), (-2, said));
}

#[test]
fn what_could_not_be_started_on_a_terminal_of_its_own_is_said_once_and_is_no_use() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    crate::sandbox::put_program(b"#!/no/such/interpreter\n", &sandbox.project().join("lost"));
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "run", "--mask", "-k", "K", "--", "./lost"], &[]);
    let said = "keyctl: cannot start `./lost`: its `#!` program is not there\n";
    assert_eq!((screen.code, screen.shown.as_str()), (126, said));
    let words: Vec<String> = uses(&sandbox).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["run", "failed"]);
    // What ends as that would have is one, and has nothing by which it could say otherwise.
    let look = ["bash", "-c", "set -- /proc/$$/fd/*; echo $#; exit 126"];
    let without = on_a_terminal(&sandbox, &look, &[]);
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL, "run", "--mask", "-k", "K", "--"], &look[..]].concat(), &[]);
    assert_eq!((screen.code, screen.shown), (126, without.shown));
    assert_eq!(uses(&sandbox).len(), 3);
}

#[test]
fn what_an_outer_keyctl_gave_is_masked_too() {
    let sandbox = Sandbox::with(&[("K", KEY), ("outer", "sk-outer-4711-0815"), ("file", "sk-in-a-file-0123456789")]);
    sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\nLEVEL = { value = \"debugging-level\" }\n");
    sandbox.allow();
    for form in ["file", "fd", "named-file"] {
        let look = if form == "fd" { "cat /proc/self/fd/$F" } else { "cat $F" };
        let inner = format!("{KEYCTL} run --mask -- sh -c 'echo $O $K $LEVEL; {look}; echo'");
        let words = ["run", "-k", "O=outer", "--as", form, "--file", "F=file", "--", "bash", "-c", &inner];
        sandbox.call(&words).run().says("[keyctl:O] [keyctl:K] debugging-level\n[keyctl:F]\n", "", 0);
    }
}
