//! A command that keyctl stays beside, and signals: each one reaches it, once, and nothing is left whatever ends keyctl.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    pty::{on_a_terminal, python},
    sandbox::{KEYCTL, Sandbox},
};

/// What begins a command that has a file with a name.
const NAMED: [&str; 7] = ["run", "--no-project", "--as", "named-file", "--file", "F=a", "--"];
/// Linux's numbers of all signals that end a program which does not hear them, and are neither SIGKILL nor a crash:
/// HUP, INT, QUIT, ABRT, USR1, USR2, ALRM, TERM, STKFLT, XCPU, VTALRM, PROF, IO, PWR, and of the real-time ones two.
const ENDING: [i32; 16] = [1, 2, 3, 6, 10, 12, 14, 15, 16, 24, 26, 27, 29, 30, 34, 64];

/// Has a key, and a folder in memory of its own.
fn sandbox() -> (Sandbox, TempDir) {
    let mut sandbox = Sandbox::with(&[("a", "sk-attended-5e8d71c2")]);
    let folder = tempfile::Builder::new().prefix("keyctl-test-").tempdir_in("/dev/shm").expect("/dev/shm");
    sandbox.variables.push(("XDG_RUNTIME_DIR".into(), folder.path().into()));
    (sandbox, folder)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).expect("there").count()
}

/// Starts keyctl with these words, and a command.
fn started(sandbox: &Sandbox, words: &[&str], command: &[&str]) -> Child {
    let mut call = sandbox.call(&[words, command].concat());
    call.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("start")
}

fn send(signal: i32, child: &Child) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited for: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Prints the numbers of the signals that it hears.
const HEARS: &str = "import os, signal, sys
for number in map(int, sys.argv[1:]):
    signal.signal(number, lambda number, _: os.write(1, b'%d\\n' % number))
os.write(1, b'ready\\n')
while True: signal.pause()";

#[test]
fn what_is_sent_to_keyctl_alone_reaches_the_command() {
    let (sandbox, folder) = sandbox();
    // musl has 34 for itself.
    let ending = || ENDING.iter().filter(|signal| !cfg!(target_env = "musl") || **signal != 34);
    let numbers: Vec<String> = ending().map(ToString::to_string).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut child = started(&sandbox, &NAMED, &[&[python(), "-c", HEARS][..], &numbers].concat());
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    for (signal, number) in ending().zip(numbers) {
        send(*signal, &child);
        assert_eq!(lines.next().as_deref(), Some(number));
    }
    // What ends the command is seen from outside, and its file is gone.
    assert_eq!(count(folder.path()), 1);
    let process = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).expect("its command");
    assert!(Command::new("kill").args(["-KILL", process.trim()]).status().expect("kill").success());
    assert_eq!(child.wait().expect("wait").signal(), Some(9));
    assert_eq!(count(folder.path()), 0);
}

#[test]
fn a_command_that_a_signal_ends_takes_its_file_along_and_keyctl_ends_by_that_signal() {
    let (sandbox, folder) = sandbox();
    for signal in [2, 3, 14, 16, 24, 29, 30, 34, 64] {
        let mut child = started(&sandbox, &NAMED, &["sh", "-c", "ulimit -c 0; echo; exec sleep 60"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        send(signal, &child);
        let ended = child.wait().expect("wait");
        assert_eq!((ended.signal(), count(folder.path())), (Some(signal), 0), "{ended}");
    }
}

#[test]
fn whoever_ends_keyctl_before_the_command_is_there_gets_no_command() {
    let (sandbox, folder) = sandbox();
    let lock = File::options().append(true).create(true).open(sandbox.data("history.lock")).expect("open");
    let masked = [&["run", "--mask"][..], &NAMED[1..]].concat();
    let mut called_off = 0;
    for (words, signals) in [(&NAMED[..], &[1, 2, 3, 10, 14, 15, 34][..]), (&masked, &[2, 15])] {
        for signal in signals {
            lock.lock().expect("lock");
            let mut child = started(&sandbox, words, &["sh", "-c", "echo >started"]);
            until("its folder", || count(folder.path()) == 1);
            send(*signal, &child);
            lock.unlock().expect("unlock");
            let ended = child.wait().expect("wait");
            assert_eq!((ended.signal(), count(folder.path())), (Some(*signal), 0), "{ended}");
            assert!(!sandbox.project().join("started").exists(), "{signal}");
            called_off += 1;
        }
    }
    // What never ran is no use.
    let told = sandbox.call(&["history", "--outcome", "not started", "--json"]).run().stdout();
    assert_eq!(told.matches("not started: keyctl was asked to end").count(), called_off, "{told}");
}

#[test]
fn keys_of_the_terminal_reach_the_command_once() {
    let (sandbox, folder) = sandbox();
    let counts = "import signal, time
heard = []
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, lambda number, _: heard.append(number))
print('ready', flush=True)
until = time.monotonic() + 20
while len(set(heard)) < 2 and time.monotonic() < until: time.sleep(0.01)
time.sleep(0.1)
print('heard', *map(int, heard))";
    let words = [&[KEYCTL][..], &NAMED, &[python(), "-c", counts]].concat();
    let screen = on_a_terminal(&sandbox, &words, &[("ready", "\u{3}"), ("^C", "\u{1c}")]);
    assert_eq!((screen.code, screen.shown.as_str()), (0, "ready\n^C^\\heard 2 3\n"));
    assert_eq!(count(folder.path()), 0);
}

#[test]
fn what_the_command_tells_its_parent_is_not_told_to_itself() {
    let (sandbox, _folder) = sandbox();
    let tell = "kill -USR1 $PPID; sleep 0.1; echo here";
    sandbox.call(&[&NAMED[..], &["sh", "-c", tell]].concat()).run().says("here\n", "", 0);
}

#[test]
fn whoever_started_keyctl_with_signals_held_back_does_not_make_it_wait() {
    let (sandbox, folder) = sandbox();
    let hold = "import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execvp(sys.argv[1], sys.argv[1:])";
    let under = ["timeout", "-s", "KILL", "20", python(), "-c", hold];
    let ran = sandbox.call(&[&NAMED[..], &["sh", "-c", "grep SigBlk /proc/self/status"]].concat()).under(&under).run();
    ran.says("SigBlk:\t0000000000000000\n", "", 0);
    assert_eq!(count(folder.path()), 0);
}
