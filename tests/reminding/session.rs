//! A session bus of its own for each test, and what is started on it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A program that ends with the test.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        Self(command.spawn().unwrap_or_else(|error| panic!("`tests/run` installs {name}: {error}")))
    }

    /// Its first line of output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().expect("piped")).read_line(&mut line).expect("read");
        line.trim().to_owned()
    }

    pub fn signal(&self, name: &str) {
        signal(&self.0.id().to_string(), name);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever waits for its input to close has something to clear away.
        if self.0.stdin.take().is_some() {
            let until = Instant::now() + Duration::from_secs(10);
            while self.0.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < until {
                thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn signal(process: &str, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), process]).status().expect("kill").success());
}

/// A session bus of its own in a folder of its own.
pub struct Session {
    /// The bus, and what was started on it.
    pub running: Vec<Running>,
    /// What clients are told.
    pub address: String,
    folder: tempfile::TempDir,
}

impl Session {
    /// A session without a bus.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let address = format!("unix:path={}", folder.path().join("bus").display());
        Self { running: Vec::new(), address, folder }
    }

    pub fn start() -> Self {
        let mut session = Self::bare();
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

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command of this session, with nothing of the surrounding one.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("a path")).env("HOME", self.path());
        command.env("XDG_RUNTIME_DIR", self.path()).env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.env("XDG_CONFIG_HOME", self.path().join("config")).env("TZ", "UTC");
        command.stdin(Stdio::null());
        command
    }

    pub fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().expect(program);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether someone on the bus has this name; asking its owner would have the bus start one.
    pub fn owned(&self, name: &str) -> bool {
        let question = ["--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
        let mut command = self.command("dbus-send");
        command.args(["--session", "--print-reply=literal"]).args(question).arg(format!("string:{name}"));
        String::from_utf8_lossy(&command.output().expect("dbus-send").stdout).contains("true")
    }
}

/// What a part of these tests, run in a process of its own, printed after `said: `.
pub fn said(command: &mut Command) -> Option<Value> {
    let output = command.output().expect("start");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| line.split_once("said: ")).expect("it says how it ended").1;
    serde_json::from_str::<Option<Value>>(line).expect("JSON")
}

pub fn within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}
