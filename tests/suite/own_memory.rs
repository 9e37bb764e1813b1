//! keyctl's own memory, looked at from outside: what it holds while it waits, and what of it reaches nobody.
//!
//! That no other process of the same user may look is another chapter's (leaking.rs). Here it is let in on purpose: `strace`
//! answers the call by which a process closes itself, and the looker is the process that started both.

use std::process::Command;

use keyctl::hex;
use serde_json::Value;

use crate::{
    pty::{on_a_terminal, python},
    sandbox::{KEYCTL, Sandbox, copy_program},
};

/// Starts a program and, once there is a file of that name, looks through all that its descendant `keyctl` has written to
/// memory: how often each text is in it, and how much is locked.
const LOOKER: &str = r"
import glob, json, os, subprocess, sys, time
trigger, out, texts = sys.argv[1], sys.argv[2], [bytes.fromhex(text) for text in sys.argv[3].split(',')]
started = subprocess.Popen(sys.argv[4:])
until = time.monotonic() + 20
while not os.path.exists(trigger) and started.poll() is None and time.monotonic() < until:
    time.sleep(0.02)
for status in glob.glob('/proc/[0-9]*/status'):
    try:
        facts = dict(line.split(':', 1) for line in open(status).read().splitlines())
    except OSError:
        continue
    if facts['Name'].strip() == 'keyctl' and int(facts['PPid']) == started.pid:
        process = os.path.dirname(status)
        found = [0] * len(texts)
        with open(process + '/mem', 'rb', 0) as memory:
            for line in open(process + '/maps'):
                place, rights = line.split()[:2]
                start, end = (int(at, 16) for at in place.split('-'))
                if 'w' in rights and '[v' not in line:
                    memory.seek(start)
                    content = memory.read(end - start)
                    found = [known + content.count(text) for known, text in zip(found, texts)]
        with open(out + '.new', 'w') as file:
            json.dump({'found': found, 'locked': int(facts['VmLck'].split()[0])}, file)
        os.rename(out + '.new', out)
sys.exit(started.wait())
";

#[test]
fn while_it_waits_it_holds_the_keys_that_are_asked_for_and_nothing_else_of_the_store() {
    let (asked, other, note) = ("asked-for-8d1f0c", "not-asked-for-77b2", "a-note-beside-it-5c");
    let sandbox = Sandbox::with(&[("a", asked), ("b", other)]);
    sandbox.call(&["edit", "b", "--note", note]).run();
    sandbox.call(&["edit", "a", "--ask"]).run();
    let [trigger, out] = ["trigger", "found"].map(|name| sandbox.outside().join(name).display().to_string());
    let texts = [asked, other, note, "AGE-SECRET-KEY-1"].map(|text| hex::encode(text.as_bytes())).join(",");
    let looker = [python(), "-c", LOOKER, &trigger, &out, &texts];
    let open = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=prctl", "-e", "inject=prctl:retval=0"];
    let words = [&looker[..], &open, &[KEYCTL, "run", "-k", "A=a", "--", "true"]].concat();
    let wait = format!("\0touch '{trigger}'; for i in $(seq 200); do [ -e '{out}' ] || sleep 0.05; done");
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", &wait), ("", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let told: Value = serde_json::from_slice(&std::fs::read(&out).expect("looked")).expect("json");
    // Once in the store's key and once for the command's environment; the identity to record the use with.
    assert_eq!(told["found"], serde_json::json!([2, 0, 0, 1]), "{told}");
    assert!(told["locked"].as_u64().is_some_and(|locked| locked >= 4), "{told}");
}

#[test]
fn two_calls_lock_what_must_not_be_swapped_out_and_a_limit_is_no_failure() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    let (ran, trace) =
        sandbox.call(&["run", "-k", "A=a", "--", "true"]).traced("mlock,munlock,mlockall,madvise,execve");
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let locked = trace.lines().filter(|line| line.contains(" mlock(")).count();
    let others = ["munlock", "mlockall", "madvise"].iter().filter(|call| trace.contains(*call)).count();
    assert_eq!((locked, others), (2, 0), "{trace}");
    let full = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=mlock", "-e", "inject=mlock:error=ENOMEM"];
    sandbox.call(&["run", "-k", "A=a", "--", "printenv", "A"]).under(&full).run().says("first-secret\n", "", 0);
    sandbox.call(&["set", "b"]).input("second-secret").under(&full).run().says("", "keyctl: kept `b`\n", 0);
    sandbox.secret("second-secret");
}

#[test]
fn no_core_is_written_and_a_command_has_the_limits_of_its_caller() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    // Quits a program that waits for its input, with no limit for cores, and says whether one was written.
    let quit = "import os, resource, signal, subprocess, sys, time
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
limit = lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
waiting = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=limit)
time.sleep(0.3)
os.kill(waiting.pid, signal.SIGQUIT)
print(os.WCOREDUMP(os.waitpid(waiting.pid, 0)[1]))";
    let binary = sandbox.outside().join("keyctl");
    copy_program(KEYCTL, &binary);
    let wrote = |words: &[&str]| {
        let mut command = Command::new(python());
        sandbox.environment(&mut command);
        let said = command.args(["-c", quit]).args(words).current_dir(sandbox.outside()).output().expect("python");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).trim() == "True"
    };
    assert!(!wrote(&[binary.to_str().expect("text"), "set", "b"]));
    let show = "import ctypes, resource; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_MEMLOCK))";
    let alone = Command::new(python()).args(["-c", show]).output().expect("python").stdout;
    let alone = String::from_utf8_lossy(&alone).into_owned();
    assert!(alone.starts_with("1 ("), "{alone}");
    sandbox.call(&["run", "-k", "A=a", "--", python(), "-c", show]).run().says(&alone, "", 0);
}
