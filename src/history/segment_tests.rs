//! A history in several files is one history: whatever is done to a file is found, and a kill while the files change is
//! mended by the next append.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    segment::Files,
    tests::{IDENTITY, event, events, log_in, put},
    *,
};

/// A history whose files are closed after a few entries.
pub(super) fn small(folder: &Path) -> Log {
    log_in(folder).closing_at(800)
}

/// Three files: entries 1 to 5 and 6 to 10, each the last of them a `segment` entry, and then 11 and 12.
pub(super) fn three_files() -> (tempfile::TempDir, Log, Vec<Mark>) {
    let folder = tempfile::tempdir().unwrap();
    let log = small(folder.path());
    let marks = (1..=10).map(|number| log.append(&event(number), true).unwrap().mark).collect();
    assert_eq!(log.segments(), [1, 2]);
    (folder, log, marks)
}

/// What every file of a history holds.
pub(super) type State = BTreeMap<PathBuf, Vec<u8>>;

pub(super) fn state(folder: &Path) -> State {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

pub(super) fn restore(folder: &Path, state: &State) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in state {
        put(path, bytes);
    }
}

pub(super) fn said(log: &Log) -> String {
    log.verify(None).to_string()
}

#[test]
fn a_long_history_goes_on_in_another_file_and_is_read_as_one() {
    let (folder, log, marks) = three_files();
    assert_eq!(said(&log), "intact (12 entries, end proven)");
    let all = events(&log);
    let told: Vec<_> = all.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(told, ["run", "run", "run", "run", "segment", "run", "run", "run", "run", "segment", "run", "run"]);
    let own: Vec<_> = all.into_iter().filter(|event| event.action == Action::Run).collect();
    assert_eq!(own, (1..=10).map(event).collect::<Vec<_>>());
    for mark in marks {
        let verdict = log.verify(Some(mark));
        assert!(matches!(verdict, Verdict::Intact { anchored_at: Some(seq), .. } if seq == mark.seq), "{verdict}");
    }
    assert!(state(folder.path()).keys().all(|path| is_for_its_owner_alone(path)));
    assert_eq!(log.append(&event(12), false).unwrap().mark.seq, 13);
    assert_eq!(said(&log), "intact (13 entries, end proven)");
}

#[cfg(unix)]
fn is_for_its_owner_alone(path: &Path) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777 == 0o600
}

/// There it is the folder that says who may read it.
#[cfg(not(unix))]
fn is_for_its_owner_alone(path: &Path) -> bool {
    path.is_file()
}

#[test]
fn a_file_that_is_missing_swapped_doubled_cut_or_too_many_is_found_and_named() {
    let (folder, log, _) = three_files();
    let whole = state(folder.path());
    let (one, two, last) = (log.segment(1), log.segment(2), log.file("log"));
    let lines = |path: &Path| -> Vec<Vec<u8>> {
        whole[path].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let out_of_place = |at: u64, name: &str| {
        format!(
            "tampered at #{at}: `{name}` does not go on from the entry before; a segment is missing, doubled or in another's place"
        )
    };
    let changes: Vec<(Box<dyn Fn() + '_>, String)> = vec![
        (
            Box::new(|| fs::remove_file(&one).unwrap()),
            "tampered at #1: its segment `history-0001.log` is missing".into(),
        ),
        (
            Box::new(|| fs::remove_file(&two).unwrap()),
            "tampered at #6: its segment `history-0002.log` is missing".into(),
        ),
        (
            Box::new(|| [(&one, &two), (&two, &one)].iter().for_each(|(to, from)| put(to, &whole[*from]))),
            out_of_place(1, "history-0001.log"),
        ),
        (Box::new(|| put(&two, &whole[&one])), out_of_place(6, "history-0002.log")),
        (Box::new(|| put(&last, &whole[&two])), out_of_place(11, "history.log")),
        (Box::new(|| put(&log.segment(3), &whole[&one])), out_of_place(11, "history-0003.log")),
        (
            Box::new(|| put(&log.segment(3), &whole[&last])),
            "tampered at #13: it is missing, in `history-0003.log`".into(),
        ),
        (
            Box::new(|| put(&log.segment(7), &whole[&one])),
            "tampered at #13: `history-0007.log` is none of its segments".into(),
        ),
        (
            Box::new(|| put(&one, &lines(&one)[..4].concat())),
            "tampered at #5: it is missing, in `history-0001.log`".into(),
        ),
        (
            Box::new(|| put(&one, &whole[&one][..whole[&one].len() - 9])),
            "tampered at #5: it is unfinished, in `history-0001.log`".into(),
        ),
        (
            Box::new(|| put(&one, &[&whole[&one][..], &lines(&two)[0]].concat())),
            "tampered at #6: it stands behind the end of its segment, in `history-0001.log`".into(),
        ),
        (Box::new(|| put(&one, b"")), "tampered at #1: it is missing, in `history-0001.log`".into()),
        (
            Box::new(|| fs::rename(&two, log.segment(9)).unwrap()),
            "tampered at #6: its segment `history-0002.log` is missing".into(),
        ),
        (Box::new(|| put(&last, &lines(&last)[1..].concat())), out_of_place(11, "history.log")),
        (Box::new(|| fs::remove_file(&last).unwrap()), "tampered at #11: 2 entries missing".into()),
    ];
    for (change, expected) in changes {
        restore(folder.path(), &whole);
        change();
        assert_eq!(said(&log), expected);
        let failed = log.read().unwrap().any(|entry| entry.is_err());
        assert_eq!(failed, !expected.ends_with("none of its segments"), "{expected}");
    }
    restore(folder.path(), &whole);
    assert_eq!(said(&log), "intact (12 entries, end proven)");
}

/// Log, head and all files put back together are found by the anchor only, also over a change of files.
#[test]
fn files_put_back_together_are_found_with_the_anchor() {
    let folder = tempfile::tempdir().unwrap();
    let log = small(folder.path());
    for number in 1..=3 {
        log.append(&event(number), true).unwrap();
    }
    let old = state(folder.path());
    let [.., mark] = [4, 5, 6, 7, 8, 9, 10, 11].map(|number| log.append(&event(number), true).unwrap().mark);
    restore(folder.path(), &old);
    assert_eq!(said(&log), "intact (3 entries, end proven)");
    assert_eq!(log.verify(Some(mark)).to_string(), "tampered at #4: 10 entries missing: the anchor knows #13");
}

/// Kills and power cuts at each step of the closing of a file: the states that the steps of append.rs leave.
#[test]
fn a_kill_at_any_step_of_the_closing_of_a_file_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let log = small(folder.path());
    for number in 1..=3 {
        log.append(&event(number), true).unwrap();
    }
    // The fourth entry makes the file long enough, and the closing is broken off before it begins.
    let open = log_in(folder.path()).closing_at(u64::MAX);
    open.append(&event(4), true).unwrap();
    let before = state(folder.path());
    let (path, head) = (log.file("log"), log.file("head"));
    let Found::Head(old) = log.find_head().unwrap() else { panic!("no head") };
    let mut chain = log.chain(old.end);
    let line = chain.seal(&segment::closing(1, Moment::from_seconds(7)).to_json(4096)).unwrap();
    let whole = [&before[&path][..], &line].concat();
    let closed = head::Head { end: chain.at, synced: chain.at, files: Files { closed: true, ..old.files }, ..old };
    let sealed = head::seal(&closed, &log.key).unwrap();
    let begun = {
        let end = chain::Position { offset: 0, ..closed.end };
        let files = Files { closed: false, current: 2, ..closed.files };
        head::seal(&head::Head { end, synced: end, files, ..closed }, &log.key).unwrap()
    };
    let with = |changes: &[(&Path, &[u8])], without: &[&Path]| {
        let mut state = before.clone();
        state.extend(changes.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())));
        state.retain(|path, _| !without.contains(&path.as_path()));
        state
    };
    let numbered = log.segment(1);
    let mut states: Vec<State> =
        (0..=line.len()).map(|written| with(&[(&path, &whole[..whole.len() - line.len() + written])], &[])).collect();
    states.extend([
        with(&[(&path, &whole), (&head, &sealed)], &[]),
        with(&[(&numbered, &whole), (&head, &sealed)], &[&path]),
        with(&[(&numbered, &whole), (&head, &sealed), (&path, b"")], &[]),
        with(&[(&numbered, &whole), (&head, &begun), (&path, b"")], &[]),
    ]);
    for (at, state) in states.iter().enumerate() {
        restore(folder.path(), state);
        let verdict = log.verify(None);
        assert!(!matches!(verdict, Verdict::Tampered { .. }), "{at}: {verdict}");
        assert_eq!(events(&log)[..4], (1..=4).map(event).collect::<Vec<_>>(), "{at}");
        log.append(&event(5), at % 2 == 0).unwrap_or_else(|failure| panic!("{at}: {failure}"));
        let all = events(&log);
        let told: Vec<_> = all.iter().filter(|event| event.action == Action::Run).cloned().collect();
        assert_eq!(told, (1..=5).map(event).collect::<Vec<_>>(), "{at}");
        assert_eq!(all.iter().filter(|event| event.action == Action::Segment).count(), 1, "{at}");
        assert_eq!(log.segments(), [1], "{at}");
        let verdict = log.verify(None);
        assert!(matches!(verdict, Verdict::Intact { .. }), "{at}: {verdict}");
    }
    // What no kill leaves stops.
    for state in [
        with(&[(&path, &whole[..whole.len() - 1]), (&head, &sealed)], &[]),
        with(&[(&numbered, &whole[1..]), (&head, &sealed)], &[&path]),
        with(&[(&numbered, &whole), (&path, &whole), (&head, &sealed)], &[]),
        with(&[(&head, &sealed)], &[&path]),
        with(&[(&numbered, &before[&path])], &[&path, &head]),
    ] {
        restore(folder.path(), &state);
        assert_eq!(log.append(&event(5), true).unwrap_err().kind, Kind::Store);
        assert!(!matches!(log.verify(None), Verdict::Intact { .. }));
    }
}

#[test]
fn a_lost_head_is_sealed_anew_over_all_files() {
    let (folder, log, marks) = three_files();
    fs::remove_file(log.file("head")).unwrap();
    assert_eq!(said(&log), "not provable: the end of 12 entries is not sealed");
    assert_eq!(
        log.append(&event(12), true).unwrap_err().message,
        "the end of the history is not sealed: `history.head` is missing"
    );
    // Not even without its last file is it taken for one that was never begun.
    let whole = state(folder.path());
    fs::remove_file(log.file("log")).unwrap();
    assert_eq!(log.append(&event(12), true).unwrap_err().kind, Kind::Store);
    restore(folder.path(), &whole);
    assert_eq!(log.reseal(Moment::from_seconds(1_000_000_100)).unwrap().unwrap().mark.seq, 13);
    assert_eq!(
        log.verify(marks.last().copied()).to_string(),
        "not provable: what was cut off after #12, if anything was, is not known (noted in #13)"
    );
    let yes = Event::new(Action::Repair, Moment::from_seconds(1_000_000_200)).of(vec![13]);
    log.append(&yes, true).unwrap();
    assert_eq!(log.verify(marks.last().copied()).to_string(), "intact (15 entries, end proven, anchored at #12)");
    fs::remove_file(log.file("head")).unwrap();
    fs::remove_file(log.segment(1)).unwrap();
    assert_eq!(log.reseal(Moment::from_seconds(0)).unwrap_err().kind, Kind::Store);
}

/// Without a head a log's first line is asked for its number before anything is proven.
#[test]
fn a_number_that_no_entry_has_is_no_place_to_begin() {
    let (_folder, log, _) = super::tests::history_of(3);
    fs::remove_file(log.file("head")).unwrap();
    let whole = fs::read(log.file("log")).unwrap();
    for number in [0, 2, 9, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
        put(&log.file("log"), &[b"1.", number.to_string().as_bytes(), &whole[3..]].concat());
        assert_eq!(said(&log), "tampered at #1: its number is not the next one", "{number}");
        assert!(log.read().unwrap().next().unwrap().is_err());
        assert_eq!(log.reseal(Moment::from_seconds(0)).unwrap_err().kind, Kind::Store);
    }
}

#[test]
fn a_head_from_before_there_were_segments_is_read() {
    let (_folder, log, _) = super::tests::history_of(3);
    let Found::Head(head) = log.find_head().unwrap() else { panic!("no head") };
    let one = |at: chain::Position| format!("{} {} {}", at.seq, at.offset, crate::hex::encode(&at.hash));
    let text = format!("{:<256}", format!("{} {} 0", one(head.end), one(head.synced)));
    put(&log.file("head"), &log.key.seal(b"keyctl-history-head-v1", text.as_bytes()).unwrap());
    assert_eq!(log.find_head().unwrap(), Found::Head(head));
    assert_eq!(said(&log), "intact (3 entries, end proven)");
    log.append(&event(4), false).unwrap();
    assert_eq!(said(&log), "intact (4 entries, end proven)");
}

#[test]
fn a_history_of_several_files_is_set_aside_whole() {
    let (folder, log, _) = three_files();
    let whole = state(folder.path());
    let aside = folder.path().join("history-5");
    log.set_aside(&aside).unwrap();
    let left: Vec<_> = state(folder.path()).into_keys().collect();
    assert_eq!(left, [log.file("lock")]);
    assert_eq!(small(&aside).verify(None).to_string(), "intact (12 entries, end proven)");
    assert_eq!(state(&aside).len() + 1, whole.len());
    let other = Log::new(folder.path(), [9; 16], IDENTITY).closing_at(800);
    other.append(&event(1), true).unwrap();
    assert_eq!(other.verify(None).to_string(), "intact (1 entry, end proven)");
}

/// Readers never see a flaw while files are closed and pruned under them.
#[test]
fn a_reader_sees_no_flaw_while_files_change() {
    let folder = tempfile::tempdir().unwrap();
    let log = small(folder.path());
    log.append(&event(0), false).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let log = small(folder.path());
            for number in 1..=60 {
                log.append(&event(number), false).unwrap();
                if number % 20 == 0 {
                    log.prune(log.closed_files().unwrap().last().unwrap(), Moment::from_seconds(0)).unwrap();
                }
            }
        });
        // Not until all are added: one that cannot be must not have this wait for ever.
        while !writer.is_finished() {
            let verdict = log.verify(None);
            assert!(!matches!(verdict, Verdict::Tampered { .. }), "{verdict}");
        }
    });
    assert!(matches!(log.verify(None), Verdict::Intact { .. }));
}
