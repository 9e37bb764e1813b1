//! What the history promises while nobody touches its files.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::{
    chain::{Chain, LONGEST_LINE, LONGEST_PLAIN, Position},
    event::ACTIONS,
    head::Head,
    segment::Files,
    *,
};

pub(super) const ID: LogId = [7; 16];
pub(super) const IDENTITY: &[u8] = b"AGE-SECRET-KEY-1EXAMPLE";

pub(super) fn log_in(folder: &Path) -> Log {
    Log::new(folder, ID, IDENTITY)
}

pub(super) fn event(number: i64) -> Event {
    Event::new(Action::Run, Moment::from_seconds(1_000_000_000 + number)).process(u32::try_from(number).unwrap())
}

/// A history of so many entries, each on the disk.
pub(super) fn history_of(entries: i64) -> (TempDir, Log, Vec<Mark>) {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(folder.path());
    let marks = (1..=entries).map(|number| log.append(&event(number), true).unwrap().mark).collect();
    (folder, log, marks)
}

pub(super) fn events(log: &Log) -> Vec<Event> {
    log.read().unwrap().map(|entry| entry.unwrap().1).collect()
}

/// Puts a file into a state. A new file each time: ext4 syncs one that was cut and written again.
pub(super) fn put(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

pub(super) fn intact(entries: u64) -> Verdict {
    Verdict::Intact { entries, pruned: None, anchored_at: None, lost: 0, lost_at_least: false, went_back: 0 }
}

#[test]
fn entries_come_back_in_order_and_the_end_is_proven() {
    let (folder, log, marks) = history_of(12);
    let read: Vec<_> = log.read().unwrap().map(Result::unwrap).collect();
    assert_eq!(read, (1..=12_i64).map(|number| (number.unsigned_abs(), event(number))).collect::<Vec<_>>());
    assert_eq!(log.verify(None).to_string(), "intact (12 entries, end proven)");
    assert_eq!(log.verify(Some(marks[9])).to_string(), "intact (12 entries, end proven, anchored at #10)");
    assert_eq!(marks[9].to_string().parse(), Ok(marks[9]));
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(["log", "head", "lock"].contains(&path.extension().unwrap().to_str().unwrap()), "{}", path.display());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777, 0o600);
    }
}

#[test]
fn reading_and_verifying_need_no_lock_and_write_nothing() {
    let (folder, log, _) = history_of(2);
    fs::remove_file(folder.path().join("history.lock")).unwrap();
    let list = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<HashSet<_>>();
    let before = list();
    assert_eq!(log.verify(None), intact(2));
    assert_eq!(events(&log).len(), 2);
    assert_eq!(list(), before);
}

/// Going over these takes longer than adding one.
#[test]
fn a_history_is_proven_however_fast_others_add_to_it() {
    let (folder, log, _) = history_of(1_500);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = log_in(folder.path());
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                other.append(&event(1), false).unwrap();
            }
        });
        let verdicts: Vec<Verdict> = (0..8).map(|_| log.verify(None)).collect();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        for verdict in verdicts {
            assert!(matches!(verdict, Verdict::Intact { entries: 1_500.., .. }), "{verdict}");
        }
    });
}

#[test]
fn where_there_is_no_history_nothing_is_proven_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(folder.path());
    assert_eq!(log.verify(None).to_string(), "not provable: there is no history");
    assert_eq!(events(&log), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_history_that_the_anchor_knows_is_not_begun_anew() {
    let (folder, log, marks) = history_of(3);
    let log = log.expecting(Some(marks[1]));
    log.append(&event(4), true).unwrap();
    for file in ["history.log", "history.head"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    let failure = log.append(&event(5), true).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (Kind::Store, "the history is gone, but 2 entries are known"));
    assert!(!folder.path().join("history.log").exists());
    assert_eq!(log.verify(Some(marks[1])).to_string(), "tampered at #1: 2 entries missing: the anchor knows #2");
}

#[test]
fn another_identity_or_another_log_id_opens_nothing() {
    let (folder, _, _) = history_of(2);
    for log in [Log::new(folder.path(), ID, b"AGE-SECRET-KEY-1OTHER"), Log::new(folder.path(), [8; 16], IDENTITY)] {
        assert!(matches!(log.verify(None), Verdict::Tampered { at: 1, .. }));
        assert_eq!(log.read().unwrap().next().unwrap().unwrap_err().kind, Kind::Store);
        assert_eq!(log.append(&event(3), true).unwrap_err().kind, Kind::Store);
        assert_eq!(log.reseal(Moment::from_seconds(0)).unwrap_err().kind, Kind::Store);
    }
}

#[test]
fn entries_that_belong_together_are_added_in_one_write_or_not_at_all() {
    let (folder, log, _) = history_of(1);
    let (one, other) = (event(2), event(3));
    let held = crate::home::Lock::acquire(&folder.path().join("history.lock")).unwrap();
    let refused = log.append_all(&[&one, &other], false, Duration::ZERO).unwrap_err();
    assert_eq!((refused.kind, events(&log).len()), (Kind::Busy, 1));
    drop(held);
    assert_eq!(log.append_all(&[&one, &other], false, Duration::ZERO).unwrap().mark.seq, 3);
    assert_eq!(events(&log)[1..], [one, other]);
    assert_eq!(log.verify(None).to_string(), "intact (3 entries, end proven)");
}

/// The 9,999 entries before the last become a hole: an append that read any of it could not go on.
#[test]
fn an_entry_is_added_without_reading_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(folder.path());
    let mut chain = log.chain(log.start());
    let mut before_last = 0;
    for number in 1..=10_000 {
        before_last = chain.at.offset;
        let line = chain.seal(&event(number).to_json(LONGEST_PLAIN)).unwrap();
        if number == 10_000 {
            fs::write(log.file("log"), [vec![0; usize::try_from(before_last).unwrap()], line].concat()).unwrap();
        }
    }
    let end = Head { end: chain.at, synced: chain.at, lost: 0, files: Files::first(log.start()) };
    fs::write(log.file("head"), head::seal(&end, &log.key).unwrap()).unwrap();
    assert_eq!(log.append(&event(10_001), false).unwrap().mark.seq, 10_001);
    let bytes = fs::read(log.file("log")).unwrap();
    assert!(
        bytes.len() as u64 > chain.at.offset && bytes[..usize::try_from(before_last).unwrap()].iter().all(|b| *b == 0)
    );
    assert!(matches!(log.verify(None), Verdict::Tampered { at: 1, .. }));
}

/// So early that the eight below close a file now and then.
const CLOSED_AT: u64 = 20_000;

/// Not a test of its own: what each process of the next one does.
#[test]
#[ignore = "called by another test in processes of their own"]
fn worker() {
    let Some(folder) = std::env::var_os("KEYCTL_TEST_HISTORY") else { return };
    let count: i64 = std::env::var("KEYCTL_TEST_COUNT").unwrap().parse().unwrap();
    let durable = std::env::var_os("KEYCTL_TEST_DURABLE").is_some();
    let log = log_in(Path::new(&folder)).closing_at(CLOSED_AT);
    for number in 1..=count {
        log.append(&event(number).process(std::process::id()), durable).unwrap();
    }
}

#[test]
fn eight_processes_adding_at_once_lose_nothing_and_a_reader_sees_no_flaw() {
    let each = if std::env::var_os("KEYCTL_TEST_LONG").is_some() { 1000 } else { 100 };
    let folder = tempfile::tempdir().unwrap();
    let workers: Vec<_> = (0..8)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "history::tests::worker", "--ignored"])
                .env("KEYCTL_TEST_HISTORY", folder.path())
                .env("KEYCTL_TEST_COUNT", each.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let log = log_in(folder.path());
    for _ in 0..20 {
        let verdict = log.verify(None);
        assert!(!matches!(verdict, Verdict::Tampered { .. }), "{verdict}");
    }
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    let all: Vec<_> = log.read().unwrap().map(Result::unwrap).collect();
    assert!(all.iter().zip(1..).all(|((number, _), expected)| *number == expected));
    let (closings, all): (Vec<_>, Vec<_>) =
        all.into_iter().map(|(_, event)| event).partition(|event| event.action == Action::Segment);
    assert_eq!(all.len(), 8 * each);
    assert!(closings.len() >= each / 20 && closings.len() == log.segments().len(), "{}", closings.len());
    assert_eq!(log.verify(None), intact((all.len() + closings.len()) as u64));
    let processes: HashSet<_> = all.iter().map(|event| event.process).collect();
    assert_eq!(processes.len(), 8);
    for process in processes {
        let own: Vec<_> = all.iter().filter(|event| event.process == process).map(|event| event.moment).collect();
        assert!(own.len() == each && own.is_sorted());
    }
}

#[test]
fn an_entry_says_the_programs_name_and_never_its_folder() {
    let moment = Moment::from_seconds(1_000_000_000);
    let names: Vec<crate::name::KeyName> = vec!["A".parse().unwrap(), "b/c".parse().unwrap()];
    let event = Event::new(Action::Run, moment)
        .names(&names)
        .profile(Some(&"prod".parse().unwrap()))
        .program(OsStr::new("/usr/bin/npm"))
        .by(vec!["zsh".into(), "claude".into()])
        .agent(Some("Claude Code".into()))
        .folder(Path::new("/home/u/shop"))
        .project(Path::new("/home/u/main"))
        .terminal(true)
        .process(42)
        .reason(Some(&"deploy".parse().unwrap()))
        .outcome("started")
        .rule("burst")
        .of(vec![3, 4]);
    assert_eq!(
        event.to_value(),
        json!({"t": "2001-09-09T01:46:40Z", "ev": "run", "names": ["A", "b/c"], "profile": "prod", "prog": "npm",
            "by": ["zsh", "claude"], "agent": "Claude Code", "cwd": "/home/u/shop", "project": "/home/u/main", "tty": true,
            "pid": 42, "reason": "deploy", "outcome": "started", "rule": "burst", "of": [3, 4]})
    );
    let same = Event::new(Action::Run, moment).folder(Path::new("/home/u/shop")).project(Path::new("/home/u/shop"));
    assert_eq!(same.project, None, "what is said already is not said twice");
}

#[test]
fn entries_of_other_versions_stay_readable() {
    let read = |value: &serde_json::Value| Event::from_json(value.to_string().as_bytes());
    let newer =
        json!({"t": 5, "ev": "teleport", "names": {"new": ["A"]}, "by": "zsh", "of": [-1], "pid": -1, "via": 7});
    assert_eq!(read(&newer).action, Action::Other("teleport".into()));
    assert_eq!(read(&newer).to_value(), newer);
    assert_eq!(Event::from_json(b"5").action, Action::Other("?".into()));
    for action in ACTIONS {
        assert_eq!(Action::from(action.as_str()), *action);
    }
}

#[test]
fn an_entry_that_is_too_long_is_cut_and_says_how_much() {
    let names: Vec<crate::name::KeyName> = (0..2_000).map(|n| format!("KEY_{n}").parse().unwrap()).collect();
    let too_long = event(1)
        .names(&names)
        .program(OsStr::new(&"\u{1b}".repeat(5_000)))
        .folder(Path::new(&"ü/".repeat(9_000)))
        .by(vec!["x".repeat(64); 8]);
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(folder.path());
    log.append(&event(2).names(&names), false).unwrap();
    log.append(&too_long, false).unwrap();
    assert_eq!(log.verify(None), intact(2));
    let all = events(&log);
    assert!(all[0].names.len() > 400 && all[0].names.len() as u64 + all[0].more == 2_000);
    // What else there is to say leaves few less of them.
    assert!(all[1].names.len() > 350 && all[1].names.len() as u64 + all[1].more == 2_000);
    assert!(all[1].program.as_ref().unwrap().ends_with('…') && all[1].folder.as_ref().unwrap().starts_with("ü/ü/"));
    let longest = fs::read(log.file("log")).unwrap().split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest.unwrap() < LONGEST_LINE);
}

/// A key must not vanish from the history because it was used far down.
#[test]
fn a_long_folder_is_cut_before_a_name_is() {
    let name: crate::name::KeyName = "openai".parse().unwrap();
    let deep = "\u{1}".repeat(3_500);
    let used = event(1).names([&name]).folder(Path::new(&deep)).project(Path::new(&format!("{deep}2")));
    let json = used.to_json(LONGEST_PLAIN);
    let kept = Event::from_json(&json);
    assert_eq!((kept.names, kept.more), (vec!["openai".to_owned()], 0));
    assert!(kept.folder.unwrap().ends_with('…'));
}

fn any_event() -> impl Strategy<Value = Event> {
    let text = || proptest::option::of(any::<String>());
    let named = (proptest::collection::vec(any::<String>(), 0..4), text(), text(), text(), text());
    let newer = (proptest::collection::vec(any::<String>(), 0..4), text(), text(), text(), text(), any::<Vec<u64>>());
    let rest = (
        -62_000_000_000_i64..253_000_000_000,
        0..=ACTIONS.len(),
        any::<Option<bool>>(),
        any::<Option<u32>>(),
        any::<Option<u64>>(),
        any::<u64>(),
    );
    (named, newer, rest).prop_map(|((names, profile, program, folder, outcome), newer, rest)| {
        let (by, agent, project, reason, rule, of) = newer;
        let (seconds, action, terminal, process, lost, more) = rest;
        let action = ACTIONS.get(action).cloned().unwrap_or(Action::Other("later\n\u{1b}[2J\"".into()));
        Event {
            names,
            more,
            profile,
            program,
            by,
            agent,
            folder,
            project,
            terminal,
            process,
            reason,
            outcome,
            lost,
            rule,
            of,
            ..Event::new(action, Moment::from_seconds(seconds))
        }
    })
}

proptest! {
    #[test]
    fn every_entry_comes_back_from_its_line(event in any_event(), seq in 0..u64::MAX, hash: [u8; 32]) {
        let key = SealKey::derive(IDENTITY, &ID, PURPOSE);
        let at = Position { seq, offset: 0, hash };
        let mut chain = Chain::new(&key, &[], &ID, at);
        let line = chain.seal(&event.to_json(LONGEST_PLAIN)).unwrap();
        prop_assert!(line.len() <= LONGEST_LINE && line.iter().position(|byte| *byte == b'\n') == Some(line.len() - 1));
        let mut again = Chain::new(&key, &[], &ID, at);
        again.open(line.strip_suffix(b"\n").unwrap()).unwrap();
        let json = again.json();
        prop_assert_eq!(Event::from_json(json), event);
        prop_assert_eq!(again.at, chain.at);
        prop_assert_eq!(json.len() % 64, 0);
    }

    #[test]
    fn no_bytes_make_reading_fail_in_another_way(bytes: Vec<u8>) {
        let _ = Event::from_json(&bytes);
        let _ = String::from_utf8_lossy(&bytes).parse::<Mark>();
        let key = SealKey::derive(IDENTITY, &ID, PURPOSE);
        prop_assert!(Chain::new(&key, &[], &ID, Position::start(&ID)).open(&bytes).is_err());
    }
}
