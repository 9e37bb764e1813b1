//! Access keys of AWS, replaced against moto with signatures enforced, and broken off everywhere.

#![expect(clippy::print_stdout, reason = "how many kill points were tried is the result")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use keyctl::{
    date::Moment,
    rotator::aws_iam::{AccessKey, Client},
    secret::Secret,
};
use serde_json::Value;

use crate::{
    faults,
    pty::{Screen, python, typed_into},
    sandbox::{KEYCTL, contains, path},
    tools,
};

/// moto, as `tests/rotators.py` starts it. It ends when its standard input closes, which is when this process does.
pub struct Aws {
    pub address: String,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    users: AtomicUsize,
    _child: Child,
}

pub static AWS: LazyLock<Aws> = LazyLock::new(|| {
    let mut child = Command::new(tools::python())
        .arg(tools::root().join("tests/rotators.py"))
        .arg("moto")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("read");
    let said: Value = serde_json::from_str(&line).expect("`tests/run` installs moto");
    Aws {
        address: said["address"].as_str().expect("text").to_owned(),
        pipes: Mutex::new((child.stdin.take().expect("piped"), output)),
        users: AtomicUsize::new(0),
        _child: child,
    }
});

impl Aws {
    pub fn ask(&self, line: &str) -> Value {
        let (input, output) = &mut *self.pipes.lock().expect("lock");
        writeln!(input, "{line}").expect("write");
        let mut answer = String::new();
        output.read_line(&mut answer).expect("read");
        serde_json::from_str(&answer).expect("json")
    }
}

/// A home whose store has an access key of a user of its own.
struct Bench {
    folder: tempfile::TempDir,
    user: String,
    /// The id that the store had at first.
    first: String,
}

impl Bench {
    fn new() -> Self {
        Self::with("iam:*", &AWS.address)
    }

    fn with(rights: &str, address: &str) -> Self {
        let user = format!("user-{}", AWS.users.fetch_add(1, Ordering::Relaxed));
        let key = AWS.ask(&format!("user {user} {rights}"));
        let folder = tempfile::Builder::new().prefix("keyctl-aws-").tempdir().expect("folder");
        let bench = Self { folder, user, first: key["id"].as_str().expect("text").to_owned() };
        bench.configure(address);
        for (name, half) in [("aws/id", "id"), ("aws/secret", "secret")] {
            let ran = bench.piped(&["set", name, "-q"], key[half].as_str().expect("text"));
            assert!(ran.status.success(), "{}", text(&ran.stderr));
        }
        bench
    }

    fn home(&self) -> &Path {
        self.folder.path()
    }

    fn kept(&self) -> PathBuf {
        self.home().join("kept")
    }

    fn configure(&self, address: &str) {
        std::fs::create_dir_all(self.kept()).expect("make");
        let pair = "[[aws_iam]]\nid = \"aws/id\"\nsecret = \"aws/secret\"\nregion = \"eu-central-1\"\n";
        std::fs::write(self.kept().join("config.toml"), format!("{pair}endpoint = \"{address}\"\n")).expect("write");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(KEYCTL);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .env("KEYCTL_HOME", self.kept())
            .env("PATH", path());
        command.env("TZ", "UTC").current_dir(self.home()).stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("start")
    }

    fn piped(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("write");
        child.wait_with_output().expect("wait")
    }

    /// States what a call says on standard error, with the ids and dates by their roles, and its exit code.
    #[track_caller]
    fn says(&self, arguments: &[&str], said: &str, code: i32) {
        let ran = self.call(arguments);
        let shown = self.shown(&text(&ran.stderr));
        assert!(
            (shown.as_str(), ran.status.code()) == (said, Some(code)),
            "expected {code}\n{said}got {:?}\n{shown}",
            ran.status.code()
        );
    }

    fn shown(&self, said: &str) -> String {
        let mut shown =
            crate::rotating::dateless(said).replace(&self.first, "FIRST").replace(&self.stored().0, "STORED");
        for id in self.listed().into_keys() {
            shown = shown.replace(&id, "OTHER");
        }
        shown
    }

    /// The same on a terminal.
    fn on_a_terminal(&self, arguments: &[&str], steps: &[(&str, &str)]) -> Screen {
        let mut python = Command::new(python());
        python.env_clear().env("HOME", self.home()).env("KEYCTL_HOME", self.kept()).env("PATH", path());
        let words = [&[KEYCTL], arguments].concat();
        let Screen { code, shown } = typed_into(python.env("TZ", "UTC").current_dir(self.home()), &words, steps);
        Screen { code, shown: self.shown(&shown) }
    }

    /// Both halves as somebody has replaced them by hand.
    fn set(&self, key: &Value) {
        for (name, half) in [("aws/id", "id"), ("aws/secret", "secret")] {
            let value = key[half].as_str().expect("text");
            assert!(self.piped(&["set", name, "--replace", "-q"], value).status.success());
        }
    }

    /// How many former secrets each half has.
    fn former(&self) -> [usize; 2] {
        ["aws/id", "aws/secret"].map(|name| {
            let versions: Value =
                serde_json::from_slice(&self.call(&["versions", name, "--json"]).stdout).expect("json");
            versions["former"].as_array().expect("a list").len()
        })
    }

    /// Id and secret that the store has.
    fn stored(&self) -> (String, String) {
        let get = |name| text(&self.call(&["get", name]).stdout);
        (get("aws/id"), get("aws/secret"))
    }

    /// The user's keys at AWS, and whether each is active.
    fn listed(&self) -> std::collections::BTreeMap<String, bool> {
        let listed = AWS.ask(&format!("list {}", self.user));
        listed.as_object().expect("object").iter().map(|(id, status)| (id.clone(), status == "Active")).collect()
    }

    fn unfinished(&self) -> usize {
        let names = std::fs::read_dir(self.kept()).expect("list").flatten();
        names.filter(|entry| entry.file_name().to_string_lossy().starts_with("unfinished-")).count()
    }

    /// Whether the store's access key works.
    fn works(&self) -> Result<(), String> {
        let (id, secret) = self.stored();
        let address = AWS.address.parse().expect("an address");
        let key = AccessKey { id, secret: Secret::new(secret.into_bytes()) };
        let client = Client::new(key, "eu-central-1", Some(&address), Moment::now, Duration::from_secs(20));
        let client = client.map_err(|failure| format!("the stored id is none: {failure}"))?;
        client.works(Duration::ZERO).map_err(|failure| format!("the stored key does not work: {failure}"))
    }

    /// The store has a new key that works and is the only active one; beside it there is at most the first one.
    fn is_replaced(&self) -> Result<(), String> {
        let (id, _) = self.stored();
        let listed = self.listed();
        let active: Vec<&String> = listed.iter().filter(|(_, active)| **active).map(|(id, _)| id).collect();
        let others = listed.keys().filter(|other| **other != id).all(|other| *other == self.first);
        if id == self.first || active != [&id] || !others {
            return Err(format!("the store has {id}, AWS lists {listed:?}, the first was {}", self.first));
        }
        self.works()
    }

    /// After a rotation was broken off: the stored key works, and the next call ends it.
    fn heals(&self) -> Result<(), String> {
        self.works()?;
        let was_done = self.is_replaced().is_ok() && self.unfinished() == 0;
        let (_, secret) = self.stored();
        let mut ran = self.call(&["rotate", "aws/secret", "--yes"]);
        if text(&ran.stderr).contains(UNPROVEN) {
            // Made, and its answer was lost: nobody but the owner can know that.
            let current = self.stored().0;
            let unknown =
                self.listed().into_keys().find(|id| *id != current).ok_or("it names a key that is not there")?;
            AWS.ask(&format!("delete {} {unknown}", self.user));
            ran = self.call(&["rotate", "aws/secret", "--yes"]);
        }
        let said = text(&ran.stderr);
        match ran.status.code() {
            Some(0) => {}
            Some(1) if was_done && said.contains("the old key is kept at AWS until") => {}
            code => return Err(format!("the next call ends with {code:?}: {said}")),
        }
        self.is_replaced().map_err(|why| format!("{why}, after {said}"))?;
        if self.unfinished() > 0 {
            return Err(format!("something is left unfinished after {said}"));
        }
        let halves = [secret, self.stored().1];
        for entry in std::fs::read_dir(self.kept()).map_err(|error| error.to_string())?.flatten() {
            let content = std::fs::read(entry.path()).unwrap_or_default();
            if halves.iter().any(|half| contains(&content, half.as_bytes())) {
                return Err(format!("a secret lies in {}", entry.path().display()));
            }
        }
        let verified = self.call(&["history", "verify"]);
        if verified.status.success() { Ok(()) } else { Err(text(&verified.stderr)) }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is said of a key that may have come of a rotation that was broken off.
const UNPROVEN: &str = "nothing proves that it came of that";
const REPLACED: &str = "keyctl: replaced `aws/id` and `aws/secret`; the old one is switched off, and `keyctl rotate --due` deletes it from DATE on\n";
const NOTHING: &str = "keyctl: as far as keyctl knows nothing uses `aws/secret`\n";
const USED: &str = "keyctl: replacing `aws/secret` touches:\nkeyctl:   used  ~  printed, just now\n";

#[test]
fn both_halves_are_replaced_in_one_step_and_the_old_key_is_deleted_after_the_overlap() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes"], &format!("{NOTHING}{REPLACED}"), 0);
    bench.is_replaced().expect("replaced");
    assert_eq!(bench.listed().get(&bench.first), Some(&false), "the old one is kept, switched off");
    let history = text(&bench.call(&["history"]).stdout);
    let squeezed = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains("rotate (at AWS) aws/id, aws/secret"), "{history}");
    let versions: Value =
        serde_json::from_slice(&bench.call(&["versions", "aws/secret", "--json"]).stdout).expect("json");
    let seconds = |field: &Value| field.as_str().expect("a date").parse::<Moment>().expect("a date").seconds();
    let former = &versions["former"][0];
    assert_eq!(seconds(&former["wiped_from"]) - seconds(&former["until"]), 7 * 86_400);
    // Within the overlap there is no place for a third key, and nothing is deleted.
    bench.says(&["rotate", "--due", "--yes"], "keyctl: nothing is due\n", 0);
    let kept = "keyctl: the old key is kept at AWS until DATE, and AWS lets nobody have three\nkeyctl: hint: to delete the old one now: `keyctl rotate aws/id --finish`\n";
    bench.says(&["rotate", "aws/id", "--yes", "-q"], kept, 1);
    assert_eq!((bench.listed().len(), bench.unfinished()), (2, 0));
    // As if the overlap were over.
    assert!(bench.call(&["forget", "aws/secret", "--yes"]).status.success());
    bench.says(
        &["rotate", "--due", "--yes"],
        "keyctl: 1 of 1: `aws/id`\nkeyctl: deleted the old key `FIRST` at AWS\n",
        0,
    );
    assert_eq!(bench.listed().len(), 1);
    bench.works().expect("works");
    bench.says(&["rotate", "--due", "--yes"], "keyctl: nothing is due\n", 0);
    bench.says(&["rotate", "aws/secret", "--yes"], &format!("{USED}{REPLACED}"), 0);
    bench.works().expect("works");
}

#[test]
fn the_overlap_can_be_ended_at_once() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--finish", "--yes"], "keyctl: there is no old key at AWS\n", 0);
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    bench.says(
        &["rotate", "aws/id", "--finish"],
        "keyctl: deleting the old key at AWS needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    bench.says(&["rotate", "aws/secret", "--finish", "--yes"], "keyctl: deleted the old key `FIRST` at AWS\n", 0);
    assert_eq!(bench.listed().len(), 1);
    bench.works().expect("works");
    let versions: Value =
        serde_json::from_slice(&bench.call(&["versions", "aws/secret", "--json"]).stdout).expect("json");
    assert_eq!(versions["former"], serde_json::json!([]), "what AWS knows no more is wiped");
}

#[test]
fn a_pair_that_is_due_is_replaced_once() {
    let bench = Bench::new();
    for name in ["aws/id", "aws/secret"] {
        bench.call(&["edit", name, "--expires", "2020-01-01"]);
    }
    bench.says(&["rotate", "--due", "--yes"], &format!("keyctl: 1 of 1: `aws/id`\n{REPLACED}"), 0);
    bench.is_replaced().expect("replaced");
}

#[test]
fn a_pair_of_which_one_half_alone_is_due_is_replaced() {
    for name in ["aws/id", "aws/secret"] {
        let bench = Bench::new();
        assert!(bench.call(&["edit", name, "--expires", "2020-01-01"]).status.success());
        bench.says(&["rotate", "--due", "--yes"], &format!("keyctl: 1 of 1: `aws/id`\n{REPLACED}"), 0);
        bench.is_replaced().expect("replaced");
        bench.says(&["rotate", "--due", "--yes"], "keyctl: nothing is due\n", 0);
    }
}

#[test]
fn a_pair_of_which_one_half_alone_has_a_plan_is_replaced_by_it() {
    for name in ["aws/id", "aws/secret"] {
        let bench = Bench::new();
        assert!(bench.call(&["edit", name, "--rotate-every", "30d"]).status.success());
        let later = Moment::from_seconds(Moment::now().seconds() + 40 * 86_400).to_string();
        let words = crate::clock::at(&later);
        let command = bench.command(&["rotate", "--due", "--yes"]);
        let mut then = Command::new(&words[0]);
        then.args(&words[1..]).args(command.get_args()).env_clear().stdin(Stdio::null()).current_dir(bench.home());
        let ran =
            then.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).output().expect("start");
        let replaced = REPLACED.replace(" on\n", " on; to be replaced again by DATE\n");
        assert_eq!(bench.shown(&text(&ran.stderr)), format!("keyctl: 1 of 1: `aws/id`\n{replaced}"), "{name}");
        bench.is_replaced().expect("replaced");
    }
}

#[test]
fn former_secrets_that_have_nothing_to_do_with_an_old_key_at_aws_are_not_wiped() {
    let bench = Bench::new();
    for number in ["one", "two"] {
        bench.set(&serde_json::json!({ "id": format!("AKIA{number}"), "secret": format!("secret-{number}") }));
    }
    let (id, secret) = (bench.first.clone(), AWS.ask(&format!("replace {} {}", bench.user, bench.first)));
    bench.set(&secret);
    assert_eq!(bench.former(), [3, 3]);
    bench.says(&["rotate", "aws/id", "--finish", "--yes"], "keyctl: there is no old key at AWS\n", 0);
    assert_eq!(bench.former(), [3, 3], "nothing was deleted, so nothing is wiped; {id} is gone, and not by keyctl");
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    assert_eq!(bench.former(), [4, 4]);
    assert!(bench.call(&["rotate", "aws/id", "--finish", "--yes", "-q"]).status.success());
    assert_eq!((bench.former(), bench.listed().len()), ([3, 3], 1));
}

#[test]
fn doctor_online_says_whether_aws_still_knows_the_key() {
    let bench = Bench::new();
    let about_key = || {
        let ran = bench.call(&["doctor", "--online", "--json"]);
        let said: Value = serde_json::from_slice(&ran.stdout).expect("json");
        let checks = said["checks"].as_array().expect("a list").clone();
        let check = checks.into_iter().find(|check| check["about"] == "key aws/secret").expect("asked");
        let seen = check["seen"].as_str().expect("text").split(", as of").next().expect("text").to_owned();
        (check["grade"].as_str().expect("text").to_owned(), seen)
    };
    assert_eq!(about_key(), ("good".into(), "works".into()));
    AWS.ask(&format!("status {} {} Inactive", bench.user, bench.first));
    assert_eq!(about_key(), ("bad".into(), "does not work".into()));
    bench.configure("http://127.0.0.1:1/");
    let (grade, seen) = about_key();
    assert_eq!((grade.as_str(), seen.contains("127.0.0.1:1")), ("care", true), "{seen}");
}

#[test]
fn an_overlap_that_another_rotation_began_meanwhile_is_not_ended() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    let second = bench.stored().0;
    assert!(bench.call(&["forget", "aws/secret", "--yes"]).status.success());
    // The store as it is now, while another keyctl goes on with it.
    let (before, after) = (bench.home().join("before"), bench.home().join("after"));
    let names = |from: &Path| {
        let names = std::fs::read_dir(from).expect("list").flatten().map(|entry| entry.file_name());
        names.filter(|name| !name.to_string_lossy().ends_with("lock")).collect::<Vec<_>>()
    };
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).expect("make");
        for name in names(from) {
            std::fs::copy(from.join(&name), to.join(&name)).expect("copy");
        }
    };
    copy(&bench.kept(), &before);
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    copy(&bench.kept(), &after);
    copy(&before, &bench.kept());
    let lock = std::fs::File::options().write(true).open(bench.kept().join("rotate.lock")).expect("open");
    lock.lock().expect("lock");
    let mut command = bench.command(&["rotate", "--due", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut said = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("read");
    assert_eq!(line, "keyctl: 1 of 1: `aws/id`\n");
    // It waits for the lock by now.
    thread::sleep(Duration::from_secs(1));
    copy(&after, &bench.kept());
    drop(lock);
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("read");
    assert_eq!((rest.as_str(), child.wait().expect("wait").code()), ("keyctl: nothing is left to do here\n", Some(0)));
    assert_eq!(bench.listed().get(&second), Some(&false), "its overlap has only just begun");
}

#[test]
fn a_rotation_that_was_taken_back_is_not_done_again() {
    let bench = Bench::new();
    let (ran, _) = broken_off(&bench, Some(Cut { request: 4, is_done: false }));
    let new = bench.stored().0;
    assert_eq!((ran.status.code(), bench.unfinished(), new == bench.first), (None, 1, false));
    assert!(bench.call(&["undo", "--yes", "-q"]).status.success());
    assert_eq!(bench.stored().0, bench.first);
    let said = "keyctl: 1 of 1: `aws/id`\n\
                keyctl: `OTHER`, made on DATE, was in the store and is not any more; it is left at AWS\n\
                keyctl: nothing is left to do here\n";
    bench.says(&["rotate", "--due", "--yes"], said, 0);
    assert_eq!((bench.stored().0, bench.unfinished()), (bench.first.clone(), 0));
    assert_eq!(bench.listed().get(&new), Some(&true), "it may be in use");
}

#[test]
fn a_rotation_that_was_taken_back_and_forgotten_is_not_done_again_either() {
    let bench = Bench::new();
    let (ran, _) = broken_off(&bench, Some(Cut { request: 4, is_done: false }));
    let new = bench.stored().0;
    assert_eq!((ran.status.code(), bench.unfinished()), (None, 1));
    assert!(bench.call(&["undo", "--yes", "-q"]).status.success());
    assert!(bench.call(&["forget", "aws/id", "aws/secret", "--yes", "-q"]).status.success());
    assert!(bench.call(&["rotate", "--due", "--yes", "-q"]).status.success());
    assert_eq!((bench.stored().0, bench.unfinished()), (bench.first.clone(), 0));
    assert_eq!(bench.listed().get(&new), Some(&true), "what was in the store is not deleted");
}

#[test]
fn the_question_names_what_is_deleted_at_aws_and_what_is_still_switched_on() {
    let bench = Bench::new();
    let finish = ["rotate", "aws/id", "--finish"];
    assert_eq!(bench.on_a_terminal(&finish, &[]).shown, "keyctl: there is no old key at AWS\n");
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    let no = "keyctl: delete the old key of `aws/id` at AWS, `FIRST`? [y/N] n\nkeyctl: nothing was changed\n";
    let screen = bench.on_a_terminal(&finish, &[("[y/N] ", "n\r")]);
    assert_eq!((screen.shown.as_str(), screen.code), (no, 1));
    AWS.ask(&format!("status {} {} Active", bench.user, bench.first));
    let yes = "keyctl: delete the old key of `aws/id` at AWS, `FIRST`, which is still switched on? [y/N] y\n\
               keyctl: deleted the old key `FIRST` at AWS, which was still switched on\n";
    let screen = bench.on_a_terminal(&finish, &[("[y/N] ", "y\r")]);
    assert_eq!((screen.shown.as_str(), screen.code), (yes, 0));
    assert_eq!(bench.listed().len(), 1);
}

#[test]
fn what_only_deletes_an_old_key_is_asked_for_as_such() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    assert!(bench.call(&["forget", "aws/secret", "--yes"]).status.success());
    let said = "keyctl: delete the old key at AWS of `aws/id`? [y/N] y\n\
                keyctl: 1 of 1: `aws/id`\n\
                keyctl: deleted the old key `FIRST` at AWS\n";
    let screen = bench.on_a_terminal(&["rotate", "--due"], &[("[y/N] ", "y\r")]);
    assert_eq!((screen.shown.as_str(), screen.code), (said, 0));
}

#[test]
fn a_second_key_that_is_not_of_this_store_is_left_alone() {
    let bench = Bench::new();
    let other = AWS.ask(&format!("key {}", bench.user))["id"].as_str().expect("text").to_owned();
    let said = "keyctl: the user has a second access key at AWS, `OTHER`, which is not of this store; AWS lets nobody have three\n\
                keyctl: hint: if nobody uses it: `aws iam delete-access-key --access-key-id OTHER`\n";
    bench.says(&["rotate", "aws/id", "--yes", "-q"], said, 1);
    assert_eq!(bench.listed().get(&other), Some(&true));
    assert_eq!((bench.listed().len(), bench.stored().0.as_str(), bench.unfinished()), (2, bench.first.as_str(), 0));
}

#[test]
fn an_old_key_that_somebody_switched_on_again_is_not_deleted() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    AWS.ask(&format!("status {} {} Active", bench.user, bench.first));
    assert!(bench.call(&["forget", "aws/secret", "--yes"]).status.success());
    let said = "keyctl: the old key `FIRST` is switched on at AWS, so somebody may use it; it is not deleted\n\
                keyctl: hint: if nobody does: `keyctl rotate aws/id --finish`\n";
    bench.says(&["rotate", "aws/id", "--yes", "-q"], said, 1);
    assert_eq!(bench.listed().get(&bench.first), Some(&true));
}

#[test]
fn what_aws_does_not_allow_leaves_the_old_key_in_force() {
    let bench = Bench::with("iam:ListAccessKeys", &AWS.address);
    let ran = bench.call(&["rotate", "aws/id", "--yes", "-q"]);
    let said = text(&ran.stderr);
    assert!(
        said.contains("does not let this key's user call `CreateAccessKey`") && ran.status.code() == Some(10),
        "{said}"
    );
    assert_eq!((bench.listed().len(), bench.unfinished()), (1, 0));
    bench.works().expect("works");
    bench.configure("http://example.com/");
    bench.says(
        &["rotate", "aws/id", "--yes", "-q"],
        "keyctl: the `endpoint` of `aws/id` in `config.toml`: plain `http` is for this machine alone\n",
        2,
    );
}

#[test]
fn a_new_key_that_cannot_be_written_down_is_deleted_again() {
    let bench = Bench::new();
    // The third sync is the new key's; those before are of what is about to be done.
    let ran = under_strace(&bench.command(&["rotate", "aws/id", "--yes", "-q"]), "inject=fsync:error=ENOSPC:when=3");
    let said = bench.shown(&text(&ran.stderr));
    assert!(
        said.contains("no space left on device")
            && said.ends_with("which AWS had made, is deleted again; the old key stays in force\n"),
        "{said}"
    );
    assert_eq!((ran.status.code(), bench.unfinished()), (Some(7), 0));
    assert_eq!(bench.listed().into_iter().collect::<Vec<_>>(), [(bench.first.clone(), true)]);
    bench.works().expect("works");
}

#[test]
fn a_disk_that_is_full_after_the_new_key_was_made_loses_nothing() {
    let bench = Bench::new();
    let ran = under_strace(&bench.command(&["rotate", "aws/id", "--yes", "-q"]), "inject=rename:error=ENOSPC:when=2");
    let said = text(&ran.stderr);
    assert!(said.ends_with("the new key lies beside the store, sealed; to go on: `keyctl rotate aws/id`\n"), "{said}");
    assert_eq!((ran.status.code(), bench.unfinished(), bench.listed().len()), (Some(7), 1, 2));
    bench.heals().expect("heals");
}

/// Where a call is broken off: at which of its requests, and whether AWS has done what it asks for by then.
#[derive(Debug, Clone, Copy)]
struct Cut {
    request: usize,
    is_done: bool,
}

/// Stands between keyctl and moto, and kills keyctl at one of its requests.
struct Proxy {
    address: String,
    requests: Arc<AtomicUsize>,
    /// Whom to kill; 0 is nobody yet.
    process: Arc<AtomicU32>,
}

impl Proxy {
    fn start(cut: Option<Cut>) -> Self {
        Self::answering(cut, None)
    }

    fn answering(cut: Option<Cut>, instead: Option<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = format!("http://{}/", listener.local_addr().expect("address"));
        let (requests, process) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU32::new(0)));
        let (counter, victim) = (requests.clone(), process.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                while let Some(request) = message(&client) {
                    let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
                    if let Some(Answer { status, body, .. }) =
                        instead.filter(|other| text(&request).contains(other.action))
                    {
                        let length = body.len();
                        let _ = write!(&client, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
                        continue;
                    }
                    let kill = cut.filter(|cut| cut.request == number);
                    if kill.is_some_and(|cut| !cut.is_done) {
                        end_process(&victim);
                        return;
                    }
                    let host = AWS.address.trim_start_matches("http://").trim_end_matches('/');
                    let server = TcpStream::connect(host).expect("moto");
                    (&server).write_all(&request).expect("send");
                    let answer = message(&server).expect("an answer");
                    if kill.is_some() {
                        end_process(&victim);
                        return;
                    }
                    let _ = (&client).write_all(&answer);
                }
            }
        });
        Self { address, requests, process }
    }
}

/// One message of HTTP, head and body. Nothing when the other side has closed.
fn message(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&line);
        let line = text(&line).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    bytes.extend_from_slice(&body);
    Some(bytes)
}

fn end_process(process: &AtomicU32) {
    while process.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let number = process.load(Ordering::SeqCst).to_string();
    assert!(Command::new("kill").args(["-9", &number]).status().expect("kill").success());
}

/// Runs a rotation through a proxy that breaks it off.
fn broken_off(bench: &Bench, cut: Option<Cut>) -> (Output, usize) {
    broken_off_of(bench, &["rotate", "aws/id", "--yes", "-q"], cut)
}

/// The same with another call.
fn broken_off_of(bench: &Bench, arguments: &[&str], cut: Option<Cut>) -> (Output, usize) {
    let proxy = Proxy::start(cut);
    bench.configure(&proxy.address);
    let mut command = bench.command(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    proxy.process.store(child.id(), Ordering::SeqCst);
    let ran = child.wait_with_output().expect("wait");
    bench.configure(&AWS.address);
    (ran, proxy.requests.load(Ordering::SeqCst))
}

#[test]
fn a_rotation_that_is_killed_at_any_request_leaves_a_key_that_works_and_the_next_one_ends_it() {
    let (ran, requests) = broken_off(&Bench::new(), None);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert_eq!(requests, 5, "list, create, try, list, switch off");
    for request in 1..=requests {
        // Of those that make no key a commit tries one of both.
        let is_tried = |is_done: &bool| faults::long() || request == 2 || *is_done == (request % 2 == 0);
        for is_done in [false, true].into_iter().filter(is_tried) {
            let cut = Cut { request, is_done };
            let bench = Bench::new();
            let (ran, _) = broken_off(&bench, Some(cut));
            assert_eq!(ran.status.code(), None, "{cut:?}: it was not killed: {}", text(&ran.stderr));
            bench.heals().unwrap_or_else(|why| panic!("{cut:?}: {why}"));
        }
    }
}

/// What is said of a key that may have come of a rotation that was broken off.
fn unproven(used: &str) -> String {
    format!(
        "keyctl: `OTHER` was made at AWS when a rotation was broken off on DATE, and was {used}; {UNPROVEN}, so it is not deleted\n\
         keyctl: hint: if it is nobody's: `aws iam delete-access-key --access-key-id OTHER`, then go on: `keyctl rotate aws/id`\n"
    )
}

#[test]
fn a_key_that_somebody_else_made_when_a_rotation_was_broken_off_is_not_deleted() {
    let bench = Bench::new();
    // The request for a new one never arrived.
    let (ran, _) = broken_off(&bench, Some(Cut { request: 2, is_done: false }));
    assert_eq!((ran.status.code(), bench.unfinished(), bench.listed().len()), (None, 1, 1));
    let other = AWS.ask(&format!("key {}", bench.user))["id"].as_str().expect("text").to_owned();
    for words in [&["rotate", "aws/id", "--yes", "-q"][..], &["rotate", "aws/secret", "--yes", "-q"]] {
        bench.says(words, &unproven("not used so far"), 1);
    }
    assert!(bench.call(&["rotate", "--due", "--yes"]).status.code() == Some(1));
    assert_eq!(bench.listed().get(&other), Some(&true));
    assert_eq!((bench.listed().len(), bench.unfinished()), (2, 1));
    bench.works().expect("works");
    AWS.ask(&format!("delete {} {other}", bench.user));
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    bench.is_replaced().expect("replaced");
    assert_eq!(bench.unfinished(), 0);
}

#[test]
fn a_key_that_was_made_unseen_and_was_used_since_is_not_deleted() {
    let bench = Bench::new();
    let (ran, _) = broken_off(&bench, Some(Cut { request: 2, is_done: true }));
    assert_eq!((ran.status.code(), bench.listed().len()), (None, 2));
    let unseen = bench.listed().into_keys().find(|id| *id != bench.first).expect("made");
    AWS.ask(&format!("used {unseen}"));
    bench.says(&["rotate", "aws/id", "--yes", "-q"], &unproven("used since"), 1);
    assert_eq!(bench.listed().get(&unseen), Some(&true));
    bench.works().expect("works");
}

/// What stands in the place of AWS's answer to one action.
#[derive(Clone, Copy)]
struct Answer {
    action: &'static str,
    status: &'static str,
    body: &'static str,
}

/// Calls keyctl with this in the place of AWS's answer.
fn answered(bench: &Bench, answer: Answer, arguments: &[&str]) -> Output {
    let proxy = Proxy::answering(None, Some(answer));
    bench.configure(&proxy.address);
    let ran = bench.call(arguments);
    bench.configure(&AWS.address);
    ran
}

#[test]
fn a_list_that_lacks_the_very_key_that_asks_is_not_believed() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    let (before, listed) = (bench.former(), bench.listed());
    let empty = Answer {
        action: "ListAccessKeys",
        status: "200 OK",
        body: "<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata/><IsTruncated>false</IsTruncated>\
               </ListAccessKeysResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ListAccessKeysResponse>",
    };
    for words in [["rotate", "aws/id", "--finish", "--yes"], ["rotate", "aws/id", "--yes", "-q"]] {
        let ran = answered(&bench, empty, &words);
        let said = bench.shown(&text(&ran.stderr));
        assert!(said.contains("does not list `STORED`, by which it was asked; that list is not believed"), "{said}");
        assert_eq!((ran.status.code(), bench.former(), bench.listed()), (Some(10), before, listed.clone()));
    }
    bench.is_replaced().expect("replaced");
}

#[test]
fn whoever_takes_a_rotation_back_that_had_not_come_to_its_end_does_not_hear_that_the_old_key_is_off() {
    let bench = Bench::new();
    let fails = Answer { action: "UpdateAccessKey", status: "500 Internal Server Error", body: "oops" };
    let ran = answered(&bench, fails, &["rotate", "aws/id", "--yes", "-q"]);
    assert_eq!((ran.status.code(), bench.unfinished()), (Some(10), 1), "{}", text(&ran.stderr));
    assert_eq!(bench.listed().get(&bench.first), Some(&true));
    let said = bench.shown(&text(&bench.call(&["undo", "--yes"]).stderr));
    let perhaps = "keyctl: the rotation at AWS was not finished: `FIRST` is perhaps still switched on there\n";
    assert!(said.contains(perhaps) && !said.contains("switched off at AWS"), "{said}");
    bench.works().expect("works");
}

/// A pair that was replaced, and how the old key is deleted: at once, or once its overlap is over.
fn replaced(arguments: &[&str]) -> Bench {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    if arguments.contains(&"--due") {
        assert!(bench.call(&["forget", "aws/secret", "--yes", "-q"]).status.success());
    }
    bench
}

/// After the deletion of the old key was broken off: the stored key works, and the next call ends it.
fn ends(bench: &Bench, arguments: &[&str]) -> Result<(), String> {
    let id = bench.stored().0;
    bench.works()?;
    let ran = bench.call(arguments);
    let said = text(&ran.stderr);
    if !ran.status.success() {
        return Err(format!("the next call ends with {:?}: {said}", ran.status.code()));
    }
    let (stored, listed) = (bench.stored().0, bench.listed());
    if stored != id || listed.into_iter().collect::<Vec<_>>() != [(id.clone(), true)] {
        return Err(format!("the store has {stored} and had {id}, AWS lists {:?}: {said}", bench.listed()));
    }
    if bench.former() != [0, 0] {
        return Err(format!("what AWS knows no more is still kept: {:?} {said}", bench.former()));
    }
    bench.works()?;
    let verified = bench.call(&["history", "verify"]);
    if verified.status.success() { Ok(()) } else { Err(text(&verified.stderr)) }
}

/// Another key takes the place of one half.
fn swap(half: &str) -> String {
    format!("\0{KEYCTL} remove {half} --yes -q && printf another-half | {KEYCTL} set {half} -q")
}

/// What is said where a yes was for another key.
fn no_more(half: &str) -> String {
    format!("keyctl: `{half}` is not the key any more that was asked about; this one did nothing\n")
}

#[test]
fn a_yes_to_the_end_of_an_overlap_is_for_the_keys_that_were_asked_about() {
    for half in ["aws/id", "aws/secret"] {
        let bench = Bench::new();
        bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
        let listed = bench.listed();
        let screen = bench.on_a_terminal(&["rotate", "aws/id", "--finish"], &[("[y/N] ", &swap(half)), ("", "y\r")]);
        assert!(screen.shown.contains(&no_more(half)) && screen.code == 1, "{half}: {}", screen.shown);
        assert_eq!(bench.listed(), listed, "{half}");
    }
    // Of all that is due, too.
    let bench = replaced(&["--due"]);
    let listed = bench.listed();
    let screen = bench.on_a_terminal(&["rotate", "--due"], &[("[y/N] ", &swap("aws/secret")), ("", "y\r")]);
    assert!(screen.shown.contains(&no_more("aws/secret")) && screen.code == 1, "{}", screen.shown);
    assert_eq!(bench.listed(), listed);
}

#[test]
fn what_was_broken_off_is_gone_on_with_only_for_the_keys_that_were_asked_about() {
    for words in [&["rotate", "--due"][..], &["rotate", "aws/id", "--finish"], &["rotate", "aws/id"]] {
        let bench = Bench::new();
        let (ran, _) = broken_off(&bench, Some(Cut { request: 3, is_done: false }));
        let listed = bench.listed();
        assert_eq!((ran.status.code(), bench.unfinished(), listed.len()), (None, 1, 2));
        let screen = bench.on_a_terminal(words, &[("[y/N] ", &swap("aws/id")), ("", "y\r")]);
        assert!(screen.shown.contains(&no_more("aws/id")) && screen.code == 1, "{words:?}: {}", screen.shown);
        assert_eq!((bench.unfinished(), bench.listed()), (1, listed), "{words:?}: nothing is given up at AWS");
        for _ in 0..2 {
            assert!(bench.call(&["undo", "--yes", "-q"]).status.success());
        }
        bench.heals().unwrap_or_else(|why| panic!("{words:?}: {why}"));
    }
}

#[test]
fn what_another_call_has_gone_on_with_meanwhile_is_done_for_all_that_is_due() {
    let bench = Bench::new();
    let (ran, _) = broken_off(&bench, Some(Cut { request: 3, is_done: false }));
    assert_eq!((ran.status.code(), bench.unfinished()), (None, 1));
    let other = format!("\0{KEYCTL} rotate aws/id --yes -q");
    let screen = bench.on_a_terminal(&["rotate", "--due"], &[("[y/N] ", &other), ("", "y\r")]);
    assert!(screen.shown.ends_with("keyctl: nothing is left to do here\n") && screen.code == 0, "{}", screen.shown);
    bench.is_replaced().expect("replaced");
    // It is not where another key has the name by then, or where the key has another secret and nothing was gone on with.
    let by_hand = format!("\0printf another-half | {KEYCTL} set aws/id --replace -q");
    let replaced = "keyctl: `aws/id` was replaced by another keyctl meanwhile; this one did nothing\n";
    let ended_and_swapped = format!("{other}; {}", &swap("aws/id")[1..]);
    for (meanwhile, said) in [(by_hand, replaced), (ended_and_swapped, no_more("aws/id").as_str())] {
        let bench = Bench::new();
        let (ran, _) = broken_off(&bench, Some(Cut { request: 3, is_done: false }));
        assert_eq!((ran.status.code(), bench.unfinished()), (None, 1));
        let screen = bench.on_a_terminal(&["rotate", "--due"], &[("[y/N] ", &meanwhile), ("", "y\r")]);
        assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    }
}

const ENDINGS: [&[&str]; 2] = [&["rotate", "aws/id", "--finish", "--yes"], &["rotate", "--due", "--yes"]];

#[test]
fn a_deletion_of_the_old_key_that_is_killed_at_any_request_leaves_a_key_that_works_and_the_next_one_ends_it() {
    for ending in ENDINGS {
        let (ran, requests) = broken_off_of(&replaced(ending), ending, None);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        assert_eq!(requests, 2, "list, delete");
        for request in 1..=requests {
            for is_done in [false, true] {
                let (bench, cut) = (replaced(ending), Cut { request, is_done });
                let (ran, _) = broken_off_of(&bench, ending, Some(cut));
                assert_eq!(ran.status.code(), None, "{cut:?}: it was not killed: {}", text(&ran.stderr));
                ends(&bench, ending).unwrap_or_else(|why| panic!("{ending:?} {cut:?}: {why}"));
            }
        }
    }
}

#[test]
fn a_deletion_of_the_old_key_that_is_killed_at_any_call_leaves_a_key_that_works_and_the_next_one_ends_it() {
    for ending in ENDINGS {
        killed_at_any_call(ending, &|| replaced(ending), &|bench| ends(bench, ending));
    }
}

#[test]
fn a_key_that_was_never_in_the_store_is_deleted_when_the_store_has_another_one() {
    let bench = Bench::new();
    let (ran, _) = broken_off(&bench, Some(Cut { request: 3, is_done: true }));
    assert_eq!((ran.status.code(), bench.unfinished()), (None, 1));
    // Somebody replaces the pair by hand meanwhile.
    let unused = bench.listed().into_keys().find(|id| *id != bench.first).expect("made");
    let other = AWS.ask(&format!("replace {} {}", bench.user, bench.first));
    bench.set(&other);
    bench.works().expect("works");
    let ran = bench.call(&["rotate", "aws/id", "--yes", "-q"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert!(!bench.listed().contains_key(&unused) && bench.unfinished() == 0);
    bench.works().expect("works");
    // What never came into the store is not finished.
    let history = text(&bench.call(&["history", "--action", "rotate"]).stdout);
    assert_eq!(history.matches("rotate (given up)").count(), 1, "{history}");
}

fn under_strace(command: &Command, inject: &str) -> Output {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", inject, "--"]);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.current_dir(command.get_current_dir().expect("set")).stdin(Stdio::null());
    traced.output().expect("strace")
}

/// The calls that change something outside the process; with `KEYCTL_TEST_LONG=1` more of those that it waits for.
fn changing() -> &'static [&'static str] {
    if std::env::var_os("KEYCTL_TEST_LONG").is_some() {
        &[
            "write",
            "pwrite64",
            "fsync",
            "fdatasync",
            "rename",
            "unlink",
            "sendto",
            "connect",
            "recvfrom",
            "openat",
            "close",
            "flock",
        ]
    } else {
        &["write", "fsync", "fdatasync", "rename", "unlink", "sendto", "connect"]
    }
}

#[test]
fn a_rotation_that_is_killed_at_any_call_of_the_system_leaves_a_key_that_works_and_the_next_one_ends_it() {
    killed_at_any_call(&["rotate", "aws/id", "--yes", "-q"], &Bench::new, &Bench::heals);
}

/// Kills a call at each of those that it makes of the system, each time on a bench of its own, which is judged then.
fn killed_at_any_call(
    arguments: &[&str],
    bench: &(dyn Fn() -> Bench + Sync),
    judge: &(dyn Fn(&Bench) -> Result<(), String> + Sync),
) {
    let whole = bench();
    let trace = whole.home().join("trace");
    let command = whole.command(arguments);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o"]).arg(&trace).arg("--").arg(command.get_program()).args(command.get_args());
    traced.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(traced.current_dir(whole.home()).stdin(Stdio::null()).output().expect("strace").status.success());
    let trace = std::fs::read_to_string(&trace).expect("trace");
    let count = |call: &str| {
        let mark = format!(" {call}(");
        trace.lines().filter(|line| line.contains(&mark)).count()
    };
    let points: Vec<(&str, usize)> =
        changing().iter().flat_map(|call| (1..=count(call)).map(move |nth| (*call, nth))).collect();
    assert!(points.len() > 10, "only {} points: the trace was not read", points.len());
    // A commit tries each fifth one.
    let points: Vec<_> = points.into_iter().step_by(if faults::long() { 1 } else { 5 }).collect();
    let (next, bad) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((call, nth)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bench = bench();
                    under_strace(&bench.command(arguments), &format!("inject={call}:signal=KILL:when={nth}"));
                    if let Err(why) = judge(&bench) {
                        bad.lock().expect("lock").push(format!("{call} {nth}: {why}"));
                    }
                }
            });
        }
    });
    let bad = bad.into_inner().expect("lock");
    println!("{arguments:?}: {} kill points, {} bad", points.len(), bad.len());
    assert!(bad.is_empty(), "{} of {} kill points: {bad:#?}", bad.len(), points.len());
}

#[test]
fn nothing_that_is_made_here_becomes_half_of_an_access_key() {
    let bench = Bench::new();
    for name in ["aws/id", "aws/secret"] {
        let said = format!(
            "keyctl: `{name}` is half of an access key of AWS, which AWS alone can make; nothing was replaced\n\
             keyctl: hint: to let AWS make a new one: `keyctl rotate aws/id`\n"
        );
        bench.says(&["rotate", name, "--generate", "--yes", "-q"], &said, 2);
    }
    bench.works().expect("works");
}

#[test]
fn at_aws_too_a_half_is_used_as_its_limits_allow_and_that_is_recorded_first() {
    let bench = Bench::new();
    assert!(bench.call(&["edit", "aws/secret", "--ask", "-q"]).status.success());
    let command = bench.command(&["rotate", "aws/id", "--yes", "-q"]);
    let mut alone = Command::new("setsid");
    alone.arg("-w").arg(command.get_program()).args(command.get_args());
    alone.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = alone.current_dir(bench.home()).stdin(Stdio::null()).output().expect("start");
    let said = "keyctl: not given: `aws/secret` needs a yes at a terminal, as the store says\n";
    assert!(text(&ran.stderr).starts_with(said) && ran.status.code() == Some(9), "{}", text(&ran.stderr));
    let online = text(&bench.call(&["doctor", "--online"]).stdout);
    assert!(online.contains("`aws/secret` needs a yes at a terminal"), "{online}");
    let rotate = ["rotate", "aws/id", "--yes", "-q"];
    let screen = bench.on_a_terminal(&rotate, &[("keyctl: give `aws/secret` to `AWS` in ", "y\r")]);
    assert!(screen.code == 0 && screen.shown.matches("[y/N]").count() == 1, "{}", screen.shown);
    let history = text(&bench.call(&["history", "--action", "rotate", "--json"]).stdout);
    let entries: Vec<Value> = history.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    let told: Vec<_> = entries.iter().map(|entry| (entry["outcome"].as_str(), entry["note"].as_str())).collect();
    assert_eq!(told[..2], [(Some("begun"), Some("asked for, with a yes")), (None, Some("at AWS"))], "{history}");
}

#[test]
fn whoever_takes_a_rotation_at_aws_back_hears_that_the_old_key_is_switched_off() {
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    let off = format!(
        "keyctl: `{0}` is switched off at AWS, so it does not work\n\
         keyctl: hint: to switch it on: `aws iam update-access-key --access-key-id {0} --status Active`\n",
        bench.first
    );
    let said = text(&bench.call(&["undo", "--yes"]).stderr);
    assert!(said.contains(&off), "{said}");
    let (before, ran) = (bench.listed(), bench.call(&["rotate", "aws/id", "--finish", "--yes"]));
    let (said, hint) =
        (text(&ran.stderr), off.lines().last().expect("a hint").replace("to switch it on", "if it is switched off"));
    assert!(said.contains("knows no active access key with this id") && said.ends_with(&format!("{hint}\n")), "{said}");
    assert_eq!((ran.status.code(), bench.listed()), (Some(10), before), "the only one that works is left");
    let bench = Bench::new();
    bench.says(&["rotate", "aws/id", "--yes", "-q"], "", 0);
    let said = text(&bench.call(&["rollback", "aws/secret", "--yes"]).stderr);
    assert!(
        said.contains(&format!("keyctl: `{}` is switched off at AWS, so it does not work\n", bench.first)),
        "{said}"
    );
}
