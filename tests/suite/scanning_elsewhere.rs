//! What `scan` finds where keys come to lie without anybody's meaning to: in the home folder, and in running programs.

use std::process::{Child, Command, Stdio};

use crate::{repository::Repository, sandbox::Sandbox};

const SECRET: &str = "sk-planted-3f9a71c2e8b04d56";

fn kept() -> Sandbox {
    Sandbox::with(&[("A", SECRET)])
}

/// The places of what was found, and what was said.
#[track_caller]
fn found(sandbox: &Sandbox, words: &[&str]) -> (Vec<serde_json::Value>, String) {
    let ran = sandbox.call(&[&["scan", "--json", "--no-shapes"], words].concat()).run();
    sandbox.no_secret_in(&ran.output.stdout);
    let said: serde_json::Value = serde_json::from_slice(&ran.output.stdout).unwrap_or_default();
    let findings = said["findings"].as_array().unwrap_or_else(|| panic!("{}", ran.stderr()));
    (findings.iter().map(|finding| finding["place"].clone()).collect(), ran.stderr())
}

#[test]
fn a_home_folder_is_looked_through_where_keys_come_to_lie() {
    let sandbox = kept();
    let repository = Repository::new(&sandbox);
    repository.commit("first", "1\n");
    let tree = sandbox.home().join("other tree");
    repository.git(&["worktree", "add", "-q", "-b", "other", tree.to_str().expect("text")]);
    std::fs::write(tree.join(".gitignore"), ".env*\nmade/\n").expect("write");
    let mut expected = vec![];
    for name in [
        ".bash_history",
        ".config/fish/fish_variables",
        ".local/share/fish/fish_history",
        ".npmrc",
        ".pypirc",
        ".netrc",
        ".docker/config.json",
        ".aws/credentials",
        ".kube/config",
        ".claude/projects/-home-me/session.jsonl",
        ".codex/history.jsonl",
        ".config/Code/User/settings.json",
        "work/shop/.env.local",
        "other tree/deep/notes.txt",
        "other tree/deep/.env.local",
        "project/.env",
        // Nobody's place, and what tools have made.
        "other tree/made/large",
        "Documents/letter.txt",
        "work/shop/node_modules/x/.env",
    ] {
        let path = sandbox.home().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("make");
        std::fs::write(&path, format!("first\nexport A={SECRET}\n")).expect("write");
        sandbox.may_lie_in(&path);
        expected.push(path.to_str().expect("text").to_owned());
    }
    expected.truncate(expected.len() - 3);
    expected.sort();
    let (places, said) = found(&sandbox, &["--home"]);
    let mut paths: Vec<_> = places.iter().filter_map(|place| place["path"].as_str().map(str::to_owned)).collect();
    paths.sort();
    assert_eq!(paths, expected, "{said}");
    // An empty home is no failure.
    let other = sandbox.home().join("empty");
    std::fs::create_dir(&other).expect("make");
    let call = sandbox.call(&["scan", "--home"]).inside("/").env("HOME", &other).env("KEYCTL_HOME", sandbox.data(""));
    let ran = call.run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
}

/// A program with this in its environment, until the test is over.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start");
        // It says something as soon as it is the program that was meant.
        let mut said = [0; 3];
        std::io::Read::read_exact(child.stdout.as_mut().expect("piped"), &mut said).expect("ready");
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

const WAITS: [&str; 3] = ["sh", "-c", "echo ok; read line"];

#[test]
fn running_programs_are_looked_at_and_what_keyctl_gave_is_no_leak() {
    let sandbox = kept();
    let mut plain = Command::new(WAITS[0]);
    sandbox.environment(&mut plain);
    plain.args(&WAITS[1..]).env("TOKEN", SECRET);
    let plain = Running::start(plain);
    let mut typed = Command::new(WAITS[0]);
    sandbox.environment(&mut typed);
    typed.args([WAITS[1], WAITS[2], "--token", SECRET]);
    let typed = Running::start(typed);
    let given = Running::start(sandbox.call(&[&["run", "-k", "A", "--"], &WAITS[..]].concat()).command);
    let (places, _) = found(&sandbox, &["--running"]);
    let own = [&plain, &typed, &given].map(|running| u64::from(running.0.id()));
    let of = |at: usize| -> Vec<&str> {
        let places = places.iter().filter(|place| place["pid"].as_u64() == Some(own[at]));
        places.filter_map(|place| place["variable"].as_str()).collect()
    };
    assert_eq!((of(0), of(1), of(2)), (vec!["TOKEN"], vec!["(arguments)"], vec![]));
    let ran = sandbox.call(&["scan", "--running", "--no-shapes"]).run();
    let line = format!("keyctl: `A` in sh ({}): A was given by `keyctl run`\n", own[2]);
    assert!(ran.stderr().contains(&line), "{}", ran.stderr());
    assert!(ran.stdout().contains(&format!("sh ({}): TOKEN\n", own[0])), "{}", ran.stdout());
}
