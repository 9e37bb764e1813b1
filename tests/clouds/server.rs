//! The servers, and a source that is opened from a `config.toml` as a user writes it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyctl::{
    config,
    date::Moment,
    failure::Failure,
    home::Home,
    reference::Reference,
    secret::Secret,
    source::{self, Means, Source, Version},
};
use serde_json::Value;

/// A Python program that answers a line with a line. It ends when its standard input closes, which is when this process does.
pub struct Talker {
    pub said: Value,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _child: Child,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn tools() -> PathBuf {
    std::env::var_os("KEYCTL_TEST_TOOLS").map_or_else(|| root().join("target/tools"), PathBuf::from)
}

pub fn python() -> Command {
    let python = tools().join("python/bin/python");
    assert!(python.exists(), "`tests/run` installs {}", python.display());
    Command::new(python)
}

impl Talker {
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let mut command = python();
        command.arg(root().join("tests").join(script)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("start");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("read");
        let said = serde_json::from_str(&line).expect("`tests/run` installs what it needs");
        Self { said, pipes: Mutex::new((child.stdin.take().expect("piped"), output)), _child: child }
    }

    pub fn ask(&self, line: &str) -> Value {
        let (input, output) = &mut *self.pipes.lock().expect("lock");
        writeln!(input, "{line}").expect("write");
        let mut answer = String::new();
        output.read_line(&mut answer).expect("read");
        serde_json::from_str(&answer).expect("json")
    }

    pub fn text(&self, name: &str) -> String {
        self.said[name].as_str().expect("text").to_owned()
    }

    /// How often something was asked since the last time.
    pub fn count(&self, what: &str) -> usize {
        self.ask("log").as_array().expect("a list").iter().filter(|line| *line == what).count()
    }
}

/// AWS, for all tests.
pub static MOTO: LazyLock<Talker> = LazyLock::new(|| Talker::start("rotators.py", &["moto"]));

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A name that no other test has.
pub fn fresh(word: &str) -> String {
    format!("{word}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A secret of moto's, and its version.
pub fn keep(kind: &str, name: &str, value: &[u8]) -> String {
    let said = MOTO.ask(&format!("{kind} {name} {}", STANDARD.encode(value)));
    said["version"].as_str().expect("text").to_owned()
}

/// A user of AWS with these rights, as id and secret.
pub fn user(rights: &str) -> (String, String) {
    let said = MOTO.ask(&format!("user {} {rights}", fresh("user")));
    let half = |name: &str| said[name].as_str().expect("text").to_owned();
    (half("id"), half("secret"))
}

/// A server of `server.py`, with moto behind it.
pub struct Front {
    pub folder: tempfile::TempDir,
    pub talker: Talker,
}

impl Front {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("keyctl-clouds-").tempdir().expect("folder");
        let talker = Talker::start("clouds/server.py", &[folder.path().to_str().expect("text")]);
        Self { folder, talker }
    }

    /// One that AWS itself is behind.
    pub fn of_aws() -> Self {
        let front = Self::start();
        front.ask(&format!("forward {}", MOTO.text("address")));
        front
    }

    pub fn ask(&self, line: &str) -> Value {
        self.talker.ask(line)
    }

    /// All that a client may have to know of it.
    pub fn said(&self) -> Value {
        let mut said = self.talker.said.clone();
        said["account"] = self.ask("account");
        said
    }

    pub fn http(&self) -> String {
        self.talker.text("http")
    }
}

/// A source named `corp`, with what its table says and these keys of the store.
pub fn open(table: &str, keys: &[(&str, &str)]) -> Box<dyn Source> {
    open_at(table, keys, Moment::now)
}

pub fn open_at(table: &str, keys: &[(&str, &str)], clock: fn() -> Moment) -> Box<dyn Source> {
    let folder = tempfile::tempdir().expect("folder");
    let source = read(folder.path(), table).expect("a good table");
    let key = |(name, value): &(&str, &str)| (name.parse().expect("a name"), Secret::new(value.as_bytes().to_vec()));
    let credentials: BTreeMap<_, _> = keys.iter().map(key).collect();
    assert!(source.credentials().iter().all(|key| credentials.contains_key(*key)), "it names the keys that it needs");
    source::open(&source, &Means { credentials, clock }).map_err(|failure| failure.message).expect("opened")
}

/// What is wrong with a table, or the source that it is of.
pub fn read(folder: &Path, table: &str) -> Result<config::sources::Source, String> {
    std::fs::write(folder.join("config.toml"), format!("[sources.corp]\n{table}")).expect("write");
    let config = config::read(&Home::at(folder)).map_err(|failure| {
        let all = std::iter::once(failure.message).chain(failure.hints).collect::<Vec<_>>().join("\n");
        all.replace(&folder.join("config.toml").display().to_string(), "it")
    })?;
    Ok(config.sources["corp"].clone())
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

/// What a reference comes to: the secret and its version, or what is said.
pub fn fetched(source: &dyn Source, text: &str) -> Result<(String, String), String> {
    let reference = reference(text);
    let fetched = source.fetch(&reference.place, &[reference.field.as_deref()], soon());
    let mut fetched = fetched.map_err(|failure| said(&failure))?;
    let value = fetched.values.remove(0).map_err(|failure| said(&failure))?;
    let version = fetched.version.map_or_else(String::new, |version| version.0);
    Ok((value.expose_text().expect("text").to_owned(), version))
}

/// The secret alone.
pub fn value(source: &dyn Source, text: &str) -> Result<String, String> {
    fetched(source, text).map(|(value, _)| value)
}

/// Writes, and gives the new version or what is said.
pub fn write(
    source: &dyn Source,
    text: &str,
    value: &str,
    expecting: Option<&str>,
    number: &str,
) -> Result<String, String> {
    let expecting = expecting.map(|version| Version(version.to_owned()));
    let value = Secret::new(value.as_bytes().to_vec());
    let written = source.write(&reference(text), &value, expecting.as_ref(), number, soon());
    written.map(|written| written.version.0).map_err(|failure| said(&failure))
}

/// A failure's words, with ports left out, as they differ from run to run.
pub fn said(failure: &Failure) -> String {
    let all: Vec<&str> = std::iter::once(&failure.message).chain(&failure.hints).map(String::as_str).collect();
    let all = all.join("; ");
    let mut out = String::new();
    let mut rest = all.as_str();
    while let Some(at) = rest.find("127.0.0.1:") {
        out.push_str(&rest[..at]);
        out.push_str("HOST");
        rest = rest[at + 10..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}
