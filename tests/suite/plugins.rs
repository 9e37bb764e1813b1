//! A store whose identity an age plugin opens: the toy of `tests/plugin.py`, one of crates.io's that every machine can have, and
//! one of hardware, a TPM, where there is one in software.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    faults,
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, copy_program, path},
    tools,
};

/// What the toy's device has for a PIN.
pub const PIN: &str = "4711-toy";

/// A home with the toy plugin on the search path.
pub struct Toy {
    pub sandbox: Sandbox,
}

impl Toy {
    /// The plugin, and no store yet.
    pub fn new() -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.secret(PIN);
        let folder = sandbox.home().join("bin");
        std::fs::create_dir(&folder).expect("make");
        let program = folder.join("age-plugin-toy");
        copy_program(tools::root().join("tests/plugin.py"), &program);
        sandbox.may_lie_in(&program);
        let made = Command::new(&program).arg("--generate").output().expect("python3");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        sandbox.file("toy.txt", made.stdout);
        let usual = path();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&usual));
        sandbox.variables.push(("PATH".into(), std::env::join_paths(folders).expect("path")));
        Self { sandbox }
    }

    /// A store that it keeps, with these keys.
    pub fn with(keys: &[(&str, &str)]) -> Self {
        let toy = Self::new();
        toy.sandbox
            .call(&["store", "create", "--keeper", "plugin", "--plugin-identity", "toy.txt"])
            .run()
            .says("", MADE, 0);
        for (name, secret) in keys {
            toy.sandbox.set(name, secret).says("", &format!("keyctl: kept `{name}`\n"), 0);
        }
        toy
    }

    /// What the plugin does from now on beside what it should.
    pub fn faults(&self, words: &str) {
        std::fs::write(self.beside("faults"), words).expect("write");
    }

    pub fn beside(&self, name: &str) -> PathBuf {
        self.sandbox.home().join("bin").join(name)
    }

    /// How often it was started.
    pub fn calls(&self) -> usize {
        std::fs::read_to_string(self.beside("calls")).unwrap_or_default().lines().count()
    }

    /// The one file of keyctl's whose name begins and ends so.
    pub fn kept(&self, begin: &str, end: &str) -> PathBuf {
        let files = std::fs::read_dir(self.sandbox.data("")).expect("folder").flatten().map(|entry| entry.file_name());
        let is_it = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with(begin) && name.ends_with(end));
        let found: Vec<OsString> = files.filter(is_it).collect();
        assert_eq!(found.len(), 1, "{begin}*{end}: {found:?}");
        self.sandbox.data(found[0].to_str().expect("text"))
    }
}

const MADE: &str = "keyctl: the plugin is `~/bin/age-plugin-toy`; no other of this name is started, whatever comes first on `PATH`\n\
                    keyctl: made the store; its identity is kept in a file that a plugin opens\n\
                    keyctl: hint: if the device is lost, so are the keys: make a recovery copy, `keyctl recovery create`\n";

/// What `age` or `rage` says a file holds.
fn opened_by(program: &Path, sandbox: &Sandbox, identities: &Path, file: &Path) -> Vec<u8> {
    let mut command = Command::new(program);
    sandbox.environment(&mut command);
    let output = command.arg("-d").arg("-i").args([identities, file]).stdin(Stdio::null()).output().expect("start");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The store as another implementation of age opens it: the identity by the same plugin, and with that the store.
fn opens_with(program: &str, toy: &Toy) {
    let Some(program) = tools::program(program) else { panic!("{program}: run tests/run") };
    let identity = opened_by(&program, &toy.sandbox, &toy.kept("plugin-", ".txt"), &toy.kept("identity-", ".age"));
    assert!(identity.starts_with(b"# the age identity of keyctl's store"), "{}", String::from_utf8_lossy(&identity));
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), identity).expect("write");
    let store = opened_by(&program, &toy.sandbox, file.path(), &toy.sandbox.data("store.age"));
    assert!(String::from_utf8_lossy(&store).contains("first-secret"));
}

#[test]
fn a_plugin_keeps_a_store_from_its_making_on_and_another_age_with_the_same_plugin_opens_it() {
    use std::os::unix::fs::PermissionsExt;
    let toy = Toy::with(&[("A", "first-secret")]);
    let line = std::fs::read_to_string(toy.sandbox.project().join("toy.txt")).expect("read");
    let line = line.lines().find(|line| line.starts_with("AGE-PLUGIN-TOY-1")).expect("a line");
    let kept = toy.kept("plugin-", ".txt");
    assert!(std::fs::read_to_string(&kept).expect("read").contains(line));
    for file in [kept.clone(), toy.kept("identity-", ".age"), toy.sandbox.data("keeper.toml")] {
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let record = std::fs::read_to_string(toy.sandbox.data("keeper.toml")).expect("read");
    let program = toy.beside("age-plugin-toy");
    let said = format!(
        "keeper = \"plugin\"\nidentity = \"{}\"\nplugin = \"toy\"\nprogram = \"{}\"\n",
        toy.kept("identity-", ".age").file_name().expect("name").to_string_lossy(),
        program.display()
    );
    assert!(record.contains("format = 2\n") && record.ends_with(&said), "{record}");
    assert!(!toy.sandbox.data("identity.txt").exists());
    toy.sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    toy.sandbox.call(&["run", "-k", "A", "--", "sh", "-c", "echo $A"]).run().says("first-secret\n", "", 0);
    opens_with("rage", &toy);
    let list = toy.sandbox.call(&["store", "list"]).run().stdout();
    assert!(list.contains("personal  plugin  ~/.local/share/keyctl/store.age\n"), "{list}");
    let show = toy.sandbox.call(&["store", "show"]).run().stdout();
    assert!(show.contains("kept in a file that a plugin opens"), "{show}");
    // The device alone opens it: with another one it stays closed.
    std::fs::write(toy.beside("device"), "another device").expect("write");
    let said = "keyctl: the plugin `age-plugin-toy` gives a key that does not open the identity: it is a wrong one, or the file is damaged\n";
    toy.sandbox.call(&["get", "A"]).run().says("", said, 4);
    std::fs::remove_file(toy.beside("device")).expect("remove");
    let said = "keyctl: the plugin `age-plugin-toy` fails: the device was removed\n";
    toy.sandbox.call(&["get", "A"]).run().says("", said, 4);
    let said = said.replace("removed\n", "removed [E04]\n");
    toy.sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", &said, 125);
}

#[test]
fn a_pin_is_asked_for_unseen_on_the_terminal_and_reaches_the_plugin_alone() {
    let toy = Toy::with(&[("A", "first-secret")]);
    toy.faults("pin touch");
    let asked = "keyctl: `age-plugin-toy`: PIN of the device: ";
    let typed =
        |pin: &str| on_a_terminal(&toy.sandbox, &[KEYCTL, "get", "A", "--show"], &[(asked, &format!("{pin}\r"))]);
    typed(PIN).says(&format!("{asked}\nkeyctl: `age-plugin-toy`: touch the device\nfirst-secret\n"), 0);
    typed("0000").says(&format!("{asked}\nkeyctl: the plugin `age-plugin-toy` fails: wrong PIN\n"), 4);
    let asked = "keyctl: `age-plugin-toy`: is it the blue one (1: use it, 2: skip it) ";
    toy.faults("confirm");
    let chosen =
        |answer: &str| on_a_terminal(&toy.sandbox, &[KEYCTL, "get", "A", "--show"], &[(asked, &format!("{answer}\r"))]);
    chosen("1").says(&format!("{asked}1\nfirst-secret\n"), 0);
    chosen("2").says(&format!("{asked}2\nkeyctl: the plugin `age-plugin-toy` fails: skipped: ok no\n"), 4);
    let (ran, trace) = toy.sandbox.call(&["get", "A"]).traced("execve");
    assert_eq!(ran.code(), 4);
    assert!(trace.contains("age-plugin-toy\", \"--age-plugin=identity-v1\"]"), "{trace}");
}

#[test]
fn a_program_of_its_name_that_comes_first_later_is_not_started_and_doctor_says_what_is_odd() {
    use std::os::unix::fs::PermissionsExt;
    let mut toy = Toy::with(&[("A", "first-secret")]);
    let good = toy.sandbox.call(&["doctor"]).run().stdout();
    assert!(
        good.contains("good  keeper") && good.contains("the plugin `~/bin/age-plugin-toy` opens the identity"),
        "{good}"
    );
    let planted = toy.sandbox.home().join("planted");
    std::fs::create_dir(&planted).expect("make");
    std::os::unix::fs::symlink("/bin/false", planted.join("age-plugin-toy")).expect("link");
    let folders = std::env::join_paths(
        [planted, toy.sandbox.home().join("bin")].into_iter().chain(std::env::split_paths(&path())),
    );
    toy.sandbox.variables.push(("PATH".into(), folders.expect("path")));
    toy.sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let odd = toy.sandbox.call(&["doctor"]).run();
    let said = "another `age-plugin-toy` comes first on `PATH`: `~/planted/age-plugin-toy`; it is not started";
    assert!(odd.stdout().contains(said), "{}", odd.stdout());
    // Who may exchange it is nobody else; and where it is gone that is said.
    let folder = toy.beside("");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("mode");
    let open = "keyctl: others than you may put another program in the place of the plugin `~/bin/age-plugin-toy`: `~/bin` is open to them\n\
                keyctl: hint: if it is yours: `chmod go-w '~/bin'`; else install the plugin elsewhere\n";
    let ran = toy.sandbox.call(&["get", "A"]).run();
    assert_eq!((ran.stderr().replace("~/bin/'", "~/bin'").as_str(), ran.code()), (open, 4));
    assert!(toy.sandbox.call(&["doctor"]).run().stdout().contains("is open to them"));
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("mode");
    std::fs::remove_file(toy.beside("age-plugin-toy")).expect("remove");
    let gone = "keyctl: the plugin `~/bin/age-plugin-toy` is gone\n\
                keyctl: hint: install it there again, or bring the identity back with the recovery copy: `keyctl recovery restore FILE`\n";
    toy.sandbox.call(&["get", "A"]).run().says("", gone, 4);
    let odd = toy.sandbox.call(&["doctor"]).run();
    assert!(odd.code() == 1 && odd.stdout().contains("the plugin `~/bin/age-plugin-toy` is gone"), "{}", odd.stdout());
}

#[test]
fn what_is_no_identity_of_a_plugin_or_has_a_name_that_leads_elsewhere_makes_no_store() {
    let toy = Toy::new();
    let create =
        |file: &str| toy.sandbox.call(&["store", "create", "--keeper", "plugin", "--plugin-identity", file]).run();
    toy.sandbox.file("none.txt", "# nothing\n");
    let line = |name: &str| {
        let python = format!(
            "import sys; sys.argv = ['x', 'y']; exec(open({:?}).read().rsplit('main()', 1)[0]); print(bech32('age-plugin-{name}-', b'abcd').upper())",
            tools::root().join("tests/plugin.py")
        );
        let output = Command::new("/usr/bin/python3").args(["-c", &python]).output().expect("python3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    toy.sandbox.file("slash.txt", line("../../bin/toy"));
    toy.sandbox.file("absent.txt", line("absent"));
    for (file, said, code) in [
        ("none.txt", "the file of the plugin's identity has no identity\n", 2),
        ("slash.txt", "the file of the plugin's identity has no identity of a plugin, or a damaged one\n", 2),
        ("absent.txt", "there is no program `age-plugin-absent` on `PATH`\n", 4),
    ] {
        let ran = create(file);
        assert!(ran.code() == code && ran.stderr().starts_with(&format!("keyctl: {said}")), "{}", ran.stderr());
        assert!(!toy.sandbox.data("keeper.toml").exists() && !toy.sandbox.data("store.age").exists());
    }
    assert_eq!(toy.calls(), 0);
    let ran = toy.sandbox.call(&["store", "create", "--keeper", "plugin"]).run();
    let said = "keyctl: a plugin needs its identity\n\
                keyctl: hint: make one with `age-plugin-NAME --generate`, and give its file: `--plugin-identity FILE`\n";
    ran.says("", said, 2);
    // A device that fails makes no store, and leaves nothing behind.
    toy.faults("removed");
    let ran = create("toy.txt");
    assert!(ran.code() == 4 && ran.stderr().contains("the device was removed"), "{}", ran.stderr());
    let left: Vec<_> = std::fs::read_dir(toy.sandbox.data("")).expect("folder").flatten().collect();
    assert!(left.iter().all(|entry| entry.file_name() == "lock" || entry.path().is_dir()), "{left:?}");
    // The same call makes it once the device is there.
    toy.faults("");
    std::fs::write(toy.beside("device"), "the device").expect("write");
    let ran = create("toy.txt");
    assert_eq!((ran.stderr().lines().last(), ran.code()), (MADE.lines().last(), 0), "{}", ran.stderr());
    toy.sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
}

#[test]
fn a_store_whose_making_was_cut_short_is_called_that_until_it_is_made() {
    let toy = Toy::with(&[]);
    // As a kill leaves it between the record and the identity.
    let keep = |name: &OsString| name != "keeper.toml" && name != "lock";
    let names = std::fs::read_dir(toy.sandbox.data("")).expect("folder").flatten().map(|entry| entry.file_name());
    for name in names.filter(keep) {
        let path = toy.sandbox.data(name.to_str().expect("text"));
        if path.is_file() {
            std::fs::remove_file(path).expect("remove");
        }
    }
    let said = "keyctl: the making of the store was begun with `age-plugin-toy`, and not ended\n\
                keyctl: hint: do it again: `keyctl store create --keeper plugin --plugin-identity FILE`\n";
    toy.sandbox.secret("first-secret");
    toy.sandbox.call(&["set", "A"]).input("first-secret").run().says("", said, 1);
    let doctor = toy.sandbox.call(&["doctor"]).run().stdout();
    assert!(doctor.contains("bad   keeper") && doctor.contains("was begun with `age-plugin-toy`"), "{doctor}");
    let words = ["store", "create", "--keeper", "plugin", "--plugin-identity", "toy.txt"];
    let ran = toy.sandbox.call(&words).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    toy.sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
}

#[test]
fn what_ends_keyctl_ends_its_plugin_first() {
    let toy = Toy::with(&[("A", "first-secret")]);
    toy.faults("touch silent");
    let caller = format!("\0kill -TERM $(ps -o ppid= -p $(tail -n1 {}))", toy.beside("numbers").display());
    for (keys, signal) in [("\u{3}", 2), (&caller, 15)] {
        let touch = "keyctl: `age-plugin-toy`: touch the device\n";
        let screen = on_a_terminal(&toy.sandbox, &[KEYCTL, "get", "A", "--show"], &[("touch the device", keys)]);
        assert_eq!((screen.shown.replace("^C", "").as_str(), screen.code), (touch, -signal));
        let numbers = std::fs::read_to_string(toy.beside("numbers")).expect("numbers");
        let plugin = Path::new("/proc").join(numbers.lines().last().expect("started"));
        assert!(!plugin.exists(), "it goes on");
    }
}

#[test]
fn a_plugin_that_hangs_is_ended_within_its_time_and_the_command_says_so() {
    let toy = Toy::with(&[("A", "first-secret")]);
    toy.faults("before-silent");
    let begun = std::time::Instant::now();
    let said = "keyctl: the plugin `age-plugin-toy` did not answer within 10 s, and was stopped [E04]\n";
    toy.sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", said, 125);
    assert!(begun.elapsed().as_secs() < 13, "{:?}", begun.elapsed());
}

#[test]
fn a_store_goes_to_a_plugin_from_one_to_another_and_away_from_it() {
    let toy = Toy::new();
    toy.sandbox.call(&["store", "create", "--keeper", "file"]).run();
    toy.sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    let plugin = ["store", "keeper", "--to", "plugin", "--plugin-identity", "toy.txt"];
    let said = "keyctl: the plugin is `~/bin/age-plugin-toy`; no other of this name is started, whatever comes first on `PATH`\n\
                keyctl: a file that a plugin opens keeps the identity now\n";
    let ran = toy.sandbox.call(&plugin).run();
    assert!(ran.code() == 0 && ran.stderr().starts_with(said), "{}", ran.stderr());
    assert!(!toy.sandbox.data("identity.txt").exists());
    let first = (toy.kept("plugin-", ".txt"), toy.kept("identity-", ".age"));
    assert_eq!(toy.sandbox.call(&plugin).run().code(), 0);
    let second = (toy.kept("plugin-", ".txt"), toy.kept("identity-", ".age"));
    assert!(first.0 != second.0 && first.1 != second.1 && !first.0.exists());
    assert_eq!(toy.sandbox.call(&["store", "rekey", "--yes"]).run().code(), 0);
    toy.sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let ran = toy.sandbox.call(&["store", "keeper", "--to", "file"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let left: Vec<_> =
        std::fs::read_dir(toy.sandbox.data("")).expect("folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().starts_with("plugin-")
                && !name.to_string_lossy().starts_with("identity-")),
        "{left:?}"
    );
    toy.sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

/// A home with this folder on the search path, behind that of the tests.
fn with_on_path(folder: &Path) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let usual = path();
    let folders = std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&usual)));
    sandbox.variables.push(("PATH".into(), folders.expect("path")));
    sandbox
}

fn made_by(sandbox: &Sandbox, words: &[&str]) -> Vec<u8> {
    let mut command = Command::new(words[0]);
    sandbox.environment(&mut command);
    let output =
        command.args(&words[1..]).env("AGE_TPM_PIN", PIN).current_dir(sandbox.project()).output().expect(words[0]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
#[ignore = "`tests/run --long` installs the plugin, which takes a minute"]
fn a_plugin_that_every_machine_can_have_keeps_a_store() {
    let program = tools::program("age-plugin-xwing").expect("cargo install age-plugin-xwing");
    let sandbox = with_on_path(program.parent().expect("folder"));
    // This one keeps its key in the identity itself.
    sandbox.may_lie_in(&sandbox.file("xwing.txt", made_by(&sandbox, &["age-plugin-xwing"])));
    let words = ["store", "create", "--keeper", "plugin", "--plugin-identity", "xwing.txt"];
    let ran = sandbox.call(&words).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    sandbox.set("A", "first-secret").says("", "keyctl: kept `A`\n", 0);
    sandbox.call(&["run", "-k", "A", "--", "sh", "-c", "echo $A"]).run().says("first-secret\n", "", 0);
    let toy = Toy { sandbox };
    opens_with("rage", &toy);
    assert_eq!(toy.sandbox.call(&["store", "rekey", "--yes"]).run().code(), 0);
    opens_with("rage", &toy);
    // Another key of the same plugin.
    let line = toy.kept("plugin-", ".txt");
    let own = std::fs::read(&line).expect("read");
    std::fs::write(&line, made_by(&toy.sandbox, &["age-plugin-xwing"])).expect("write");
    let ran = toy.sandbox.call(&["get", "A"]).run();
    assert_eq!((ran.stderr().as_str(), ran.code()), ("keyctl: the plugin `age-plugin-xwing` fails: aead::Error\n", 4));
    std::fs::write(&line, own).expect("write");
    toy.sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

/// A TPM in software, at the place of the machine's own.
struct Tpm(std::process::Child);

impl Tpm {
    fn start(state: &Path) -> Self {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(tools::root().join("tests/tpm.py")).arg(state).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut tpm = command.spawn().expect("python3");
        let mut ready = String::new();
        let output = tpm.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut ready).expect("read");
        assert_eq!(ready, "ready\n", "apt-get install swtpm, and run it as root");
        Self(tpm)
    }
}

impl Drop for Tpm {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "`tests/run --long` has the plugin and a TPM in software"]
fn a_key_in_a_tpm_keeps_a_store_and_neither_a_wrong_pin_nor_another_tpm_opens_it() {
    let folder = std::env::var_os("KEYCTL_TEST_TPM").expect("the folder of age-plugin-tpm: see tests/hardware");
    let sandbox = with_on_path(Path::new(&folder));
    sandbox.secret(PIN);
    let (own, stranger) = (sandbox.outside().join("tpm"), sandbox.outside().join("stranger"));
    let tpm = Tpm::start(&own);
    for (file, more) in [("plain.txt", &[][..]), ("pin.txt", &["--pin"][..])] {
        made_by(&sandbox, &[&["age-plugin-tpm", "--generate", "-o", file], more].concat());
    }
    let create = |name: &'static str, file: &'static str| {
        ["store", "create", name, "--keeper", "plugin", "--plugin-identity", file]
    };
    // Without a PIN nobody is asked, also where there is no terminal.
    let ran = sandbox.call(&create("plain", "plain.txt")).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    sandbox.set("plain:A", "first-secret").says("", "keyctl: kept `plain:A`\n", 0);
    sandbox.call(&["run", "-k", "A=plain:A", "--", "sh", "-c", "echo $A"]).run().says("first-secret\n", "", 0);
    // With one it is asked for on the terminal.
    let asked = "keyctl: `age-plugin-tpm`: Please enter the PIN for the key: ";
    let typed = |words: &[&str], pin: &str| {
        on_a_terminal(&sandbox, &[&[KEYCTL], words].concat(), &[(asked, &format!("{pin}\r"))])
    };
    let screen = typed(&create("personal", "pin.txt"), PIN);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    sandbox.secret("second-secret");
    sandbox.file("secret", "second-secret");
    sandbox.may_lie_in(&sandbox.project().join("secret"));
    assert_eq!(typed(&["set", "B", "--from-file", "secret"], PIN).code, 0);
    typed(&["get", "B", "--show"], PIN).says(&format!("{asked}\nsecond-secret\n"), 0);
    let wrong = typed(&["get", "B", "--show"], "0000");
    assert!(wrong.code == 4 && wrong.shown.contains("the plugin `age-plugin-tpm` fails: "), "{}", wrong.shown);
    let ran = sandbox.call(&["get", "B"]).run();
    let said = "keyctl: the plugin `age-plugin-tpm` has a question, and there is no terminal to ask on\n\
                keyctl: hint: open the store at a terminal first: `keyctl unlock`\n";
    ran.says("", said, 4);
    // Opened once it asks no more.
    let screen = typed(&["unlock", "--for", "1m"], PIN);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    assert_eq!(sandbox.call(&["lock"]).run().code(), 0);
    // age itself, with the same plugin.
    let toy = Toy { sandbox };
    let identity = made_by(
        &toy.sandbox,
        &[
            "age",
            "-d",
            "-i",
            toy.kept("plugin-", ".txt").to_str().expect("text"),
            toy.kept("identity-", ".age").to_str().expect("text"),
        ],
    );
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), identity).expect("write");
    let store = made_by(
        &toy.sandbox,
        &[
            "age",
            "-d",
            "-i",
            file.path().to_str().expect("text"),
            toy.sandbox.data("store.age").to_str().expect("text"),
        ],
    );
    assert!(String::from_utf8_lossy(&store).contains("second-secret"));
    // A stranger's TPM, and none.
    drop(tpm);
    let fails = |why: &str| {
        let ran = toy.sandbox.call(&["get", "plain:A"]).run();
        let is_named = ran.stderr().starts_with("keyctl: the plugin `age-plugin-tpm` ") && ran.stderr().contains(why);
        assert!(ran.code() == 4 && is_named, "{}", ran.stderr());
    };
    let tpm = Tpm::start(&stranger);
    fails("fails: failed to unwrap file key: unable to acquire SRK matching name specified by identity");
    drop(tpm);
    fails("ended with exit code 1 before it was done: ");
    let _tpm = Tpm::start(&own);
    toy.sandbox.call(&["get", "plain:A"]).run().says("first-secret", "", 0);
}

/// A kill before any call that changes something leaves the store with its old keeper or with the new one, and the same call
/// ends what was begun.
#[test]
fn a_kill_anywhere_while_an_identity_goes_to_a_plugin_or_away_from_it_loses_nothing() {
    let toy = Toy::new();
    let template = toy.sandbox.outside().join("template");
    let to_plugin = ["store", "keeper", "--to", "plugin", "--plugin-identity", "toy.txt"];
    let call = |home: &Path, words: &[&str]| {
        let mut command = Command::new(KEYCTL);
        toy.sandbox.environment(&mut command);
        command.env("KEYCTL_HOME", home).args(words).current_dir(toy.sandbox.project());
        command
    };
    let done = |home: &Path, words: &[&str]| {
        let output = call(home, words).stdin(Stdio::null()).output().expect("start");
        toy.sandbox.no_secret_in(&output.stderr);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    toy.sandbox.secret("first-secret");
    toy.sandbox.may_lie_in(&toy.sandbox.file("secret", "first-secret"));
    let changing =
        ["openat", "write", "pwrite64", "rename", "unlink", "fsync", "fdatasync", "fchmod", "ftruncate", "mkdir"];
    let (mut points, mut bad) = (0, Vec::new());
    for (from, words) in [
        (&["store", "create", "--keeper", "file"][..], &to_plugin[..]),
        (&[], &to_plugin),
        (&[], &["store", "keeper", "--to", "file"]),
    ] {
        // The first goes to a plugin, the second to another place at it, the third away from it.
        if from.is_empty() {
            assert_eq!(done(&template, &to_plugin).0, Some(0));
        } else {
            assert_eq!(done(&template, from).0, Some(0));
            assert_eq!(done(&template, &["set", "A", "--from-file", "secret"]).0, Some(0));
        }
        let copy = |name: &str| {
            let home = toy.sandbox.outside().join(name);
            let _ = std::fs::remove_dir_all(&home);
            assert!(Command::new("cp").arg("-a").args([&template, &home]).status().expect("cp").success());
            home
        };
        let counts = faults::calls(&mut call(&copy("counted"), words), false);
        let all = changing
            .iter()
            .flat_map(|name| (1..=counts.get(*name).copied().unwrap_or_default()).map(move |nth| (*name, nth)));
        for (name, nth) in all.step_by(if faults::long() { 1 } else { 60 }) {
            let home = copy("killed");
            let inject = format!("inject={name}:signal=KILL:when={nth}");
            let killed = faults::under_strace(&call(&home, words), false, &["-o", "/dev/null", "-e", &inject]).output();
            drop(killed.expect("strace"));
            points += 1;
            let opens = done(&home, &["get", "A"]);
            let again = done(&home, words);
            let still = done(&home, &["get", "A"]);
            let left = std::fs::read_dir(&home)
                .expect("folder")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned());
            let mut left: Vec<String> =
                left.filter(|name| name.starts_with("identity") || name.starts_with("plugin")).collect();
            left.sort();
            let is_clean = if words.contains(&"file") {
                left == ["identity.txt"]
            } else {
                left.len() == 2 && left[0].starts_with("identity-")
            };
            if opens.1 != "first-secret" || again.0 != Some(0) || still.1 != "first-secret" || !is_clean {
                bad.push(format!("{words:?} {name} {nth}: {opens:?} {again:?} {still:?} {left:?}"));
            }
        }
    }
    assert!(bad.is_empty() && points > 5, "{points} kills: {bad:#?}");
    for name in ["template", "counted", "killed"] {
        let _ = std::fs::remove_dir_all(toy.sandbox.outside().join(name));
    }
}
