//! The ends of `run --mask`: what outlives the command, who does not read, and terminals that are not as they seem.
#![cfg(target_os = "linux")]

use std::{
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{
    sandbox::{KEYCTL, Sandbox},
    tools,
};

const KEY: &str = "sk-live-7Qd2/VnR4+pXc9Ts";

/// How a child ended, which it is to do soon.
fn ended(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().expect("wait") {
            return status;
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nobody_who_does_not_read_is_waited_for_once_keyctl_is_to_end() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let start = |script: &str| {
        let mut call = sandbox.call(&["run", "--mask", "-k", "K", "--", "sh", "-c", script]);
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("start")
    };
    let endless = "touch started; exec yes";
    // This one has ended by itself while most of what it printed waits.
    let ends = "head -c 300000 /dev/zero; touch ended; exit 3";
    let children = [("TERM", endless), ("INT", endless), ("HUP", ends)].map(|(name, script)| (name, start(script)));
    let there = |name: &str| sandbox.project().join(name).exists();
    let until = Instant::now() + Duration::from_secs(20);
    while !(there("started") && there("ended")) {
        assert!(Instant::now() < until, "they did not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    for (name, child) in &children {
        let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }
    let states = children.map(|(_, mut child)| ended(&mut child));
    assert_eq!(
        states.map(|state| (state.code(), state.signal())),
        [(None, Some(15)), (None, Some(2)), (Some(3), None)]
    );
}

#[test]
fn what_outlives_the_command_prints_on_and_is_masked_and_keyctl_ends_with_the_command() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let masked = |script| sandbox.call(&["run", "--mask", "-k", "K", "--", "bash", "-c", script]);
    // A secret that begins in the command and ends behind it is one.
    let script = "(sleep 0.3; echo Ts; echo to errors >&2; touch alive) & printf 'main %s' \"${K%Ts}\"; exit 3";
    masked(script).run().says("main [keyctl:K]\n", "to errors\n", 3);
    assert!(sandbox.project().join("alive").exists());
    let numbers = (1..=1000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
    masked("exec > >(sleep 0.3; cat); seq 1 1000").run().says(&numbers, "", 0);
    // Nobody waits for it: what comes next comes at once.
    let script = "(until [ -e go ]; do sleep 0.02; done; echo \"late $K\") & echo main";
    let next = "\"$@\" >out; cat out; touch go; until grep late out; do sleep 0.02; done";
    masked(script).under(&["timeout", "20", "sh", "-c", next, "sh"]).run().says("main\nlate [keyctl:K]\n", "", 0);
}

#[test]
fn what_masks_for_who_outlives_the_command_holds_nothing_of_the_callers() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    // The one that lives on has closed the lock, and waits until it is free.
    let script =
        "(exec 9>&-; for n in $(seq 250); do [ -e free ] && break; sleep 0.02; done; echo \"late $K\") & echo main";
    let free = "exec 9>lock; flock 9; \"$@\" >out; exec 9>&-
        for try in 1 2 3 4 5 6 7 8 9 10; do flock -n lock true && touch free && break; sleep 0.2; done
        until grep late out; do [ -e free ] || exit 5; sleep 0.02; done";
    let call = sandbox.call(&["run", "--mask", "-k", "K", "--", "bash", "-c", script]);
    call.under(&["timeout", "20", "sh", "-c", free, "sh"]).run().says("late [keyctl:K]\n", "", 0);
}

#[test]
fn a_terminal_is_left_to_who_has_it_and_each_stream_goes_where_it_went() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let mut command = Command::new(tools::python());
    sandbox.environment(&mut command);
    command.current_dir(sandbox.project()).env("TERM", "xterm");
    let output = command.args(["-c", include_str!("outliving.py"), KEYCTL]).output().expect("python");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}
