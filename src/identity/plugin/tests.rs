//! The conversation with a plugin that was written for it, and every way in which that can go wrong.

use std::{
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Patience, Plugin,
    kept::PluginPlace,
    name::{PluginLine, PluginName, To},
};
use crate::{
    failure::{Failure, Kind, Result},
    home::Home,
    identity::{
        asking::{Nobody, Person},
        record::FileName,
        wrapping::Wrapper,
    },
    secret::Secret,
};

/// What a test has time for.
const SHORT: Patience = Patience {
    answer: Duration::from_millis(1500),
    touch: Duration::from_millis(2500),
    whole: Duration::from_secs(20),
};

/// A person who answers as a test wants, and remembers what was said.
#[derive(Default)]
struct Somebody {
    answer: Mutex<Option<&'static str>>,
    interrupts: AtomicBool,
    is_away: AtomicBool,
    heard: Mutex<Vec<String>>,
}

impl Somebody {
    fn hear(&self, words: String) -> Result<&'static str> {
        self.heard.lock().expect("lock").push(words);
        if self.interrupts.load(Ordering::Relaxed) {
            return Err(Failure::new(Kind::Interrupted, "interrupted; nothing was changed"));
        }
        let answer = *self.answer.lock().expect("lock");
        answer.ok_or_else(|| Failure::new(Kind::Usage, "there is no terminal to ask on"))
    }

    fn answers(&self, answer: &'static str) {
        *self.answer.lock().expect("lock") = Some(answer);
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().expect("lock"))
    }
}

impl Person for Somebody {
    fn is_there(&self) -> bool {
        !self.is_away.load(Ordering::Relaxed)
    }
    fn passphrase(&self, question: &str) -> Result<Secret> {
        self.hear(format!("secret? {question}")).map(|answer| Secret::new(answer.as_bytes().to_vec()))
    }
    fn line(&self, question: &str) -> Result<String> {
        self.hear(format!("line? {question}")).map(str::to_owned)
    }
    fn choose(&self, words: &str, yes: &str, no: Option<&str>) -> Result<bool> {
        self.hear(format!("{words}: {yes} or {no:?}?")).map(|answer| answer == yes)
    }
    fn say(&self, words: &str) {
        let _ = self.hear(words.to_owned());
    }
}

/// A folder with the plugin in it.
struct Bench {
    folder: tempfile::TempDir,
    line: Secret,
    person: &'static Somebody,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("keyctl-plugin-").tempdir().expect("folder");
        let program = folder.path().join("age-plugin-toy");
        // By another process: what this one has open for writing cannot be executed while another thread starts a program.
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugin.py");
        assert!(std::process::Command::new("cp").arg(own).arg(&program).status().expect("cp").success());
        let made = std::process::Command::new(&program).arg("--generate").output().expect("python3");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // It outlives the test, as a real one does.
        let bench = Self { folder, line: Secret::new(made.stdout), person: Box::leak(Box::default()) };
        assert_eq!(bench.line().name, PluginName::parse("toy").expect("name"));
        bench
    }

    fn line(&self) -> PluginLine {
        PluginLine::read(&self.line).expect("an identity")
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("age-plugin-toy")
    }

    fn faults(&self, words: &str) -> &Self {
        std::fs::write(self.folder.path().join("faults"), words).expect("write");
        self
    }

    fn plugin(&self) -> Plugin {
        self.plugin_with(&self.line())
    }

    fn plugin_with(&self, line: &PluginLine) -> Plugin {
        let file = FileName::parse("identity-1a2b3c4d.age").expect("a name");
        let place = PluginPlace { file, name: line.name.clone(), program: self.program() };
        let home = Home::at(self.folder.path());
        place.write(&place.line_file(&home), line).expect("written");
        Plugin { patience: SHORT, person: self.person, ..Plugin::of(&home, &place) }
    }

    fn to_identity(&self) -> Plugin {
        self.plugin_with(&PluginLine { to: To::Identity, ..self.line() })
    }

    /// How each conversation began.
    fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn sealed(&self) -> Result<Vec<u8>> {
        seal(&self.plugin())
    }

    fn open(&self, file: &[u8]) -> Result<Vec<u8>> {
        open(&self.plugin(), file, self.person)
    }

    /// What comes of opening with these faults, and that it came in time.
    #[track_caller]
    fn fails(&self, file: &[u8], faults: &str, said: &str) {
        let begun = Instant::now();
        let failure = self.faults(faults).open(file).expect_err(faults);
        assert_eq!((failure.kind, failure.message.as_str()), (Kind::Keychain, said), "{faults}");
        assert!(begun.elapsed() < SHORT.touch + SHORT.touch, "{faults} took {:?}", begun.elapsed());
        #[cfg(target_os = "linux")]
        for number in std::fs::read_to_string(self.folder.path().join("numbers")).expect("numbers").lines() {
            assert!(!std::path::Path::new("/proc").join(number).exists(), "{faults}: it goes on");
        }
    }
}

fn seal(plugin: &Plugin) -> Result<Vec<u8>> {
    let recipient = plugin.recipient()?;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient.as_ref()))
        .map_err(|_| plugin.trouble().expect("it is said why"))?;
    let mut file = Vec::new();
    let mut writer = encryptor.wrap_output(&mut file).expect("header");
    writer.write_all(b"text").and_then(|()| writer.finish().map(drop)).expect("written");
    Ok(file)
}

fn open(plugin: &Plugin, file: &[u8], person: &dyn Person) -> Result<Vec<u8>> {
    let identity = plugin.identity(person)?;
    let opened = age::Decryptor::new_buffered(file).expect("header");
    let opened = opened.decrypt(std::iter::once(identity.as_ref()));
    let mut reader = opened.map_err(|_| plugin.trouble().expect("it is said why"))?;
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("read");
    Ok(text)
}

#[test]
fn what_a_plugin_wraps_it_unwraps_whatever_else_it_says() {
    let bench = Bench::new();
    let file = bench.sealed().expect("made");
    assert_eq!(bench.open(&file).expect("opened"), b"text");
    for (answer, faults, heard) in [
        ("", "grease noise slow leaves-a-child", vec![]),
        ("", "touch", vec!["`age-plugin-toy`: touch the device"]),
        ("4711-toy", "pin", vec!["secret? `age-plugin-toy`: PIN of the device: "]),
        ("7", "public", vec!["line? `age-plugin-toy`: number of the device: "]),
        ("use it", "confirm", vec!["`age-plugin-toy`: is it the blue one: use it or Some(\"skip it\")?"]),
    ] {
        bench.person.answers(answer);
        assert_eq!(bench.faults(faults).open(&file).expect(faults), b"text");
        assert_eq!(bench.person.heard(), heard);
    }
    bench.person.answers("skip it");
    bench.fails(&file, "confirm", "the plugin `age-plugin-toy` fails: skipped: ok no");
    bench.fails(&file, "pin", "the plugin `age-plugin-toy` fails: wrong PIN");
    // To an identity and to a recipient, also for a plugin that knows but one of them.
    let to_identity = || seal(&bench.to_identity());
    assert!(matches!(bench.line().to, To::Recipient(_)));
    bench.faults("no-identities labels").sealed().expect("to the recipient");
    let refused = to_identity().expect_err("refused");
    assert_eq!(refused.message, "the plugin `age-plugin-toy` fails: no identities");
    let refused = bench.faults("no-recipients").sealed().expect_err("refused");
    assert_eq!(refused.message, "the plugin `age-plugin-toy` fails: no recipients");
    let file = to_identity().expect("to the identity");
    assert_eq!(bench.faults("").open(&file).expect("opens"), b"text");
}

#[test]
fn a_plugin_that_fails_is_named_with_why_and_in_time() {
    let bench = Bench::new();
    let file = bench.sealed().expect("made");
    for (faults, said) in [
        ("before-silent", "did not answer within 1.5 s, and was stopped"),
        ("half", "did not answer within 1.5 s, and was stopped"),
        ("touch silent", "did not go on within 2.5 s of its message, and was stopped"),
        ("closed", "closed its output before it was done, and was stopped"),
        ("dies", "ended with exit code 3 before it was done: no \u{1b}[31mdevice\u{1b}[0m here"),
        ("before-dies", "ended with exit code 3 before it was done: no \u{1b}[31mdevice\u{1b}[0m here"),
        ("noise killed", "was killed by signal 9 before it was done: last words"),
        ("garbage", "says what no plugin says, and was stopped"),
        ("bad-confirm", "says what no plugin says, and was stopped"),
        ("endless", "says what no plugin says, and was stopped"),
        ("endless-line", "says more than any plugin has to say, and was stopped"),
        ("grease-for-ever", "asks for ever, and was stopped"),
        ("asks-for-ever", "asks for ever, and was stopped"),
        ("says-for-ever", "asks for ever, and was stopped"),
        ("short-key", "gives what is no key of a file, and was stopped"),
        ("other-file", "answers for a file that it was not asked about, and was stopped"),
        ("two-keys", "gives two keys for one file, and was stopped"),
        ("unanswered", "fails, and does not say why"),
        ("complains-and-dies", "fails: no such key"),
        ("wrong-key", "gives a key that does not open the identity: it is a wrong one, or the file is damaged"),
        ("nothing", "has no key that opens the identity: another device may have it"),
    ] {
        bench.fails(&file, faults, &format!("the plugin `age-plugin-toy` {said}"));
    }
    let whole = Patience { whole: Duration::from_secs(1), ..SHORT };
    bench.faults("touch slow touch slow touch slow touch");
    let late = open(&Plugin { patience: whole, ..bench.plugin() }, &file, bench.person).expect_err("late");
    assert_eq!(late.message, "the plugin `age-plugin-toy` took longer than 1 s, and was stopped");
    bench.fails(&file, "removed", "the plugin `age-plugin-toy` fails: the device was removed");
    for (faults, said) in [
        ("wraps-nothing", "wraps nothing"),
        ("wraps-for-ever", "wraps one key for ever, and was stopped"),
        ("labels-twice", "says twice what its keys may stand beside, and was stopped"),
        ("other-file", "answers for a file that it was not asked about, and was stopped"),
    ] {
        std::fs::write(bench.folder.path().join("device"), "another").expect("write");
        let failure = bench.faults(faults).sealed().expect_err(faults);
        assert_eq!(failure.message, format!("the plugin `age-plugin-toy` {said}"));
    }
}

#[test]
fn where_nobody_can_be_asked_that_is_said_and_who_interrupts_is_heard() {
    let bench = Bench::new();
    let file = bench.sealed().expect("made");
    let said = "the plugin `age-plugin-toy` has a question, and there is no terminal to ask on";
    bench.fails(&file, "pin", said);
    bench.fails(&file, "confirm", said);
    // Who does not see what is said is not asked either.
    bench.person.answers("4711-toy");
    bench.person.is_away.store(true, Ordering::Relaxed);
    bench.person.heard();
    bench.fails(&file, "pin", said);
    assert!(bench.person.heard().is_empty());
    bench.person.is_away.store(false, Ordering::Relaxed);
    bench.person.interrupts.store(true, Ordering::Relaxed);
    let failure = bench.faults("pin").open(&file).expect_err("interrupted");
    assert_eq!(failure.kind, Kind::Interrupted);
    // A plugin's words are one line, and say whose they are.
    bench.person.heard();
    assert_eq!(bench.faults("hostile").open(&file).expect("opened"), b"text");
    let heard = bench.person.heard();
    assert!(heard[0].starts_with("`age-plugin-toy`: touch \u{1b}]0;keyctl\u{7} `keyctl`: itxxx"), "{heard:?}");
    assert!(heard[0].chars().count() < 330 && heard[0].ends_with('…'), "{heard:?}");
    // Where nobody is to be made to wait it is not even started.
    let calls = bench.calls();
    let closed = open(&bench.plugin(), &file, &Nobody).expect_err("closed");
    assert_eq!(closed.message, "the store is closed: a plugin opens it, and nobody is to be asked now");
    assert_eq!(bench.calls(), calls);
}

#[test]
fn a_program_that_is_gone_or_open_to_others_is_not_started() {
    let bench = Bench::new();
    let file = bench.sealed().expect("made");
    let before = bench.calls().len();
    std::fs::set_permissions(bench.folder.path(), std::fs::Permissions::from_mode(0o757)).expect("mode");
    let folder = bench.folder.path().display();
    let said = format!(
        "others than you may put another program in the place of the plugin `{folder}/age-plugin-toy`: `{folder}` is open to them"
    );
    bench.fails(&file, "", &said);
    std::fs::set_permissions(bench.folder.path(), std::fs::Permissions::from_mode(0o700)).expect("mode");
    assert_eq!(bench.open(&file).expect("opened"), b"text");
    assert_eq!(bench.calls().len(), before + 1);
    std::fs::remove_file(bench.program()).expect("remove");
    bench.fails(&file, "", &format!("the plugin `{folder}/age-plugin-toy` is gone"));
}

/// Not a test of its own: another one starts it with `AGEDEBUG` set.
#[test]
#[ignore = "another test starts it"]
fn a_caller_with_agedebug() {
    let bench = Bench::new();
    let file = bench.sealed().expect("made");
    assert_eq!(bench.open(&file).expect("opened"), b"text");
    assert_eq!(bench.calls(), ["--age-plugin=recipient-v1 AGEDEBUG=None", "--age-plugin=identity-v1 AGEDEBUG=None"]);
}

#[test]
fn agedebug_reaches_neither_the_plugin_nor_this_process() {
    let mut command = std::process::Command::new(std::env::current_exe().expect("path"));
    command.args(["--exact", "identity::plugin::tests::a_caller_with_agedebug", "--ignored", "--nocapture"]);
    let output = command.env("AGEDEBUG", "plugin").output().expect("start");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains("file-key") && !said.contains("AGE-PLUGIN"), "{said}");
}
