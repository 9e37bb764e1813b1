//! A real terminal: a program on a pseudo-terminal of its own, and someone who types when the right words appear.

use std::{ffi::OsStr, process::Command};

use crate::sandbox::Sandbox;

/// Who types: waits for a text, types the answer, and at last says how the program ended and what the screen showed.
/// Python, because a session with a controlling terminal cannot be made in Rust without `unsafe`.
const TYPIST: &str = r#"
import fcntl, json, os, pty, select, struct, subprocess, sys, termios, time
steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, int(os.environ.pop("WIDTH", 2000)), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
shown, mark = b"", 0
def look(seconds):
    global shown
    if not select.select([terminal], [], [], seconds)[0]:
        return True
    try:
        read = os.read(terminal, 65536)
    except OSError:
        read = b""
    shown += read
    return bool(read)
def type_in(keys):
    while keys:
        keys = keys[os.write(terminal, keys[:1024]):]
for text, keys in steps:
    text, until = text.encode(), time.monotonic() + 20
    while text not in shown[mark:]:
        if time.monotonic() > until or not look(0.1):
            sys.stdout.buffer.write(b"waited for %r\n" % text + shown)
            sys.exit(99)
    mark = shown.index(text, mark) + len(text)
    if keys.startswith("\0"):
        subprocess.run(keys[1:], shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    else:
        type_in(keys.encode())
until = time.monotonic() + 60
while look(1):
    # A question that nobody expected.
    if time.monotonic() > until:
        os.kill(pid, 9)
        sys.stdout.buffer.write(b"still at it\n" + shown)
        sys.exit(99)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(b"%d\n" % code + shown)
"#;

/// Debian's own Python where it is: wrappers of version managers take their time and change the environment.
pub fn python() -> &'static str {
    if std::path::Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

/// What a program on a terminal came to.
pub struct Screen {
    /// Its exit code, or minus the signal that ended it.
    pub code: i32,
    /// All that the terminal showed, with `\n` for its line ends.
    pub shown: String,
}

/// Runs a program on a terminal that is as wide as the sandbox's `WIDTH`, else too wide to matter; each step is a text to wait for and what is typed then, or after a NUL a command for the shell that runs meanwhile.
#[track_caller]
pub fn on_a_terminal<S: AsRef<OsStr>>(sandbox: &Sandbox, words: &[S], steps: &[(&str, &str)]) -> Screen {
    let mut command = Command::new(python());
    sandbox.environment(&mut command);
    let Screen { code, shown } = typed_into(command.current_dir(sandbox.project()), words, steps);
    let shown = shown.replace(&sandbox.home().display().to_string(), "~");
    Screen { code, shown: shown.replace(&sandbox.outside().display().to_string(), "/sandbox") }
}

/// The same with an environment that is set already: `command` is [`python`].
#[track_caller]
pub fn typed_into<S: AsRef<OsStr>>(command: &mut Command, words: &[S], steps: &[(&str, &str)]) -> Screen {
    command.env("TERM", "dumb");
    command.args(["-c", TYPIST, &serde_json::to_string(steps).expect("json")]).args(words);
    let output = command.output().expect("python3: apt-get install python3");
    let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (code, shown) = text.split_once('\n').expect("a code");
    Screen { code: code.parse().expect("a number"), shown: shown.to_owned() }
}

/// Who has one answer to every question that ends with a text, and types it each time. `-c`, this, answers, the program.
const ANSWERER: &str = r#"
import json, os, pty, sys
answers = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, mark = b"", 0
while True:
    try:
        read = os.read(terminal, 65536)
    except OSError:
        read = b""
    if not read:
        break
    shown += read
    for text, keys in answers:
        if shown[mark:].endswith(text.encode()):
            mark = len(shown)
            os.write(terminal, keys.encode())
            break
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(b"%d\n" % code + shown)
"#;

/// Runs a program on a terminal whose user answers whatever is asked, however often; `command` is [`python`] with an
/// environment. Each answer is the end of a question and what is typed then.
#[track_caller]
pub fn answering<S: AsRef<OsStr>>(command: &mut Command, words: &[S], answers: &[(&str, &str)]) -> Screen {
    command.env("TERM", "dumb");
    command.args(["-c", ANSWERER, &serde_json::to_string(answers).expect("json")]).args(words);
    let output = command.output().expect("python3: apt-get install python3");
    let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let (code, shown) = text.split_once('\n').expect("a code");
    Screen { code: code.parse().expect("a number"), shown: shown.to_owned() }
}

impl Screen {
    /// States the whole screen and the exit code.
    #[track_caller]
    pub fn says(&self, shown: &str, code: i32) {
        assert!(
            (self.shown.as_str(), self.code) == (shown, code),
            "expected {code}\n{shown}\ngot {}\n{}",
            self.code,
            self.shown
        );
    }
}
