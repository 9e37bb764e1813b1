//! Real repositories of git, for what looks through them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::sandbox::Sandbox;

/// A repository in a sandbox.
pub struct Repository<'s> {
    pub sandbox: &'s Sandbox,
    pub folder: PathBuf,
}

impl<'s> Repository<'s> {
    /// The sandbox's project as a repository without a commit.
    pub fn new(sandbox: &'s Sandbox) -> Self {
        let new = Self { sandbox, folder: sandbox.project() };
        new.git(&["init", "-q", "-b", "main"]);
        new
    }

    /// The same repository's worktree, or another repository.
    pub fn at(&self, folder: impl AsRef<Path>) -> Self {
        Self { sandbox: self.sandbox, folder: folder.as_ref().to_owned() }
    }

    /// A call of git, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("git");
        self.sandbox.environment(&mut command);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@t");
        }
        command.args(["-c", "protocol.file.allow=always"]).args(words).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Calls git, which must succeed, and gives what it prints.
    #[track_caller]
    pub fn git(&self, words: &[&str]) -> String {
        let output = self.tried(words);
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Calls git, however it ends. No secret comes out on standard error.
    pub fn tried(&self, words: &[&str]) -> Output {
        let output = self.command(words).output().expect("git");
        self.sandbox.no_secret_in(&output.stderr);
        output
    }

    /// Writes a file and stages it.
    pub fn stage(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, text);
        self.git(&["add", "--", name]);
        path
    }

    /// Writes a file; it may hold a secret.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
        std::fs::write(&path, text).expect("write");
        self.sandbox.may_lie_in(&path);
        path
    }

    /// Stages a file and commits it, unchecked.
    pub fn commit(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        self.stage(name, text);
        self.git(&["commit", "-q", "--no-verify", "-m", "more"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// `keyctl scan` with these words: the exit code, what was found, and what was said.
    #[track_caller]
    pub fn scan(&self, words: &[&str]) -> (i32, String, String) {
        let ran = self.sandbox.call(&[&["scan"], words].concat()).inside(&self.folder).run();
        self.sandbox.no_secret_in(&ran.output.stdout);
        (ran.code(), ran.stdout(), ran.stderr())
    }

    /// The same, of which only the places are wanted, in order: those of your own keys.
    #[track_caller]
    pub fn places(&self, words: &[&str]) -> Vec<String> {
        let ran = self.sandbox.call(&[&["scan", "--json", "--no-shapes"], words].concat()).inside(&self.folder).run();
        let said: serde_json::Value = serde_json::from_slice(&ran.output.stdout).unwrap_or_default();
        let findings = said["findings"].as_array().unwrap_or_else(|| panic!("{}", ran.stderr()));
        assert_eq!(ran.code(), i32::from(!findings.is_empty()), "{}", ran.stderr());
        let mut places: Vec<String> = findings.iter().map(place).collect();
        places.sort();
        places
    }
}

/// A finding's place in words, from its JSON.
fn place(finding: &serde_json::Value) -> String {
    let place = &finding["place"];
    let text = |name: &str| place[name].as_str().unwrap_or_default();
    let short = |name: &str| text(name).get(..12).unwrap_or_default().to_owned();
    let line = &finding["line"];
    match text("kind") {
        "commit" if text("path").is_empty() => format!("message of {}", short("commit")),
        "commit" => format!("{}:{}:{line}", short("commit"), text("path")),
        "object" => format!("object {} in no commit", short("object")),
        _ => format!("{}:{line}", text("path")),
    }
}
