//! A history whose identity was changed is one history; and whoever has the former identity can add nothing to it, change
//! nothing and take nothing away.

use std::fs;

use super::{
    head::{self, Head},
    segment_tests::{State, restore, said, state},
    tests::{ID, IDENTITY, event, events, history_of, intact, log_in, put},
    *,
};

const NEXT: &[u8] = b"AGE-SECRET-KEY-1NEXT";
const THIRD: &[u8] = b"AGE-SECRET-KEY-1THIRD";

/// So many seconds after the first entries, whose numbers are seconds too.
fn at(second: i64) -> Moment {
    Moment::from_seconds(1_000_000_000 + second)
}

fn rekeyed(second: i64) -> Event {
    Event::new(Action::Rekey, at(second))
}

/// The history for another identity, as the store keeps what is retired.
fn next(log: &Log, identity: &[u8], retired: &[Retired]) -> Log {
    Log::new(&log.folder, ID, identity).with_retired(retired).closing_at(log.longest)
}

/// Changes the identity: from the closing of the file to the sealing of the end.
fn change(log: &Log, identity: &[u8], retired: &mut Vec<Retired>, second: i64) -> Log {
    let handover = log.hand_over(&rekeyed(second)).unwrap();
    handover.retire(log, retired);
    handover.to(&next(log, identity, retired).changing(true)).1.unwrap();
    next(log, identity, retired)
}

/// Entries 1 to 3, 4 and 5 that end the former identity's part, 6 and 7 of the next one.
struct Changed {
    folder: tempfile::TempDir,
    former: Log,
    log: Log,
    retired: Vec<Retired>,
    /// What the files were when the identity was changed.
    at_change: State,
    whole: State,
    marks: Vec<Mark>,
}

fn changed() -> Changed {
    let (folder, former, mut marks) = history_of(3);
    let mut retired = Vec::new();
    let handover = former.hand_over(&rekeyed(4)).unwrap();
    handover.retire(&former, &mut retired);
    let at_change = state(folder.path());
    handover.to(&next(&former, NEXT, &retired).changing(true)).1.unwrap();
    let log = next(&former, NEXT, &retired);
    marks.extend([6, 7].map(|number| log.append(&event(number), true).unwrap().mark));
    let whole = state(folder.path());
    Changed { folder, former, log, retired, at_change, whole, marks }
}

impl Changed {
    fn end(&self) -> Head {
        let Found::Head(head) = self.log.find_head().unwrap() else { panic!("no head") };
        head
    }

    /// No reader and no writer takes it for whole.
    #[track_caller]
    fn is_found(&self, expected: &str) {
        assert_eq!(said(&self.log), expected);
        assert_eq!(self.log.append(&event(9), true).unwrap_err().kind, Kind::Store);
        restore(self.folder.path(), &self.whole);
    }
}

#[test]
fn entries_of_a_former_identity_are_read_and_proven_with_those_of_the_next() {
    let Changed { folder: _folder, log, marks, former, .. } = changed();
    assert_eq!(log.segments(), [1]);
    let told: Vec<_> = events(&log).iter().map(|event| event.action.as_str().to_owned()).collect();
    assert_eq!(told, ["run", "run", "run", "rekey", "segment", "run", "run"]);
    assert_eq!(log.verify(None), intact(7));
    for mark in marks {
        let verdict = log.verify(Some(mark));
        assert!(matches!(verdict, Verdict::Intact { anchored_at: Some(seq), .. } if seq == mark.seq), "{verdict}");
    }
    assert_eq!(log.last(1_000).len(), 1, "the first entry of a file has none before it in it");
    assert!(log.moment_before(0).is_some());
    let failure = former.append(&event(8), true).unwrap_err();
    assert_eq!(failure.message, "the sealed end of the history does not open");
}

#[test]
fn each_of_several_changes_is_gone_over_and_a_key_of_what_was_pruned_is_kept_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let (one, mut retired) = (log_in(folder.path()).closing_at(800), Vec::new());
    (1..=6).for_each(|number| drop(one.append(&event(number), true).unwrap()));
    let two = change(&one, NEXT, &mut retired, 10);
    (11..=16).for_each(|number| drop(two.append(&event(number), true).unwrap()));
    let three = change(&two, THIRD, &mut retired, 20);
    (21..=26).for_each(|number| drop(three.append(&event(number), true).unwrap()));
    let entries = events(&three).len() as u64;
    assert_eq!(events(&three).iter().filter(|event| event.action == Action::Run).count(), 18);
    assert_eq!(three.verify(None), intact(entries));
    assert_eq!(retired.len(), 2);
    for few in [&retired[..1], &retired[1..], &[]] {
        let verdict = next(&three, THIRD, few).verify(None);
        assert!(matches!(verdict, Verdict::Tampered { .. }), "{verdict}");
    }
    // All files of the first identity and one of the second's go; what is left is read, and the first key is not needed.
    let last = retired[0].last;
    let closed = three.closed_files().unwrap();
    let through = closed.iter().find(|segment| segment.last > last).unwrap();
    three.prune(through, at(27)).unwrap();
    let left = |log: &Log| {
        format!(
            "intact ({} entries, #{} to #{}, earlier ones pruned on ",
            entries + 1 - through.last,
            through.last + 1,
            entries + 1
        ) == said(log).split("2001").next().unwrap()
    };
    assert!(left(&three) && left(&next(&three, THIRD, &retired[1..])), "{}", said(&three));
    let four = change(&three, IDENTITY, &mut retired, 30);
    assert_eq!(retired.len(), 2, "the first key is left out, the third comes in");
    assert!(retired[0].last > last);
    assert!(matches!(four.verify(None), Verdict::Intact { .. }));
    assert!(four.read().unwrap().all(|entry| entry.is_ok()));
    // The last file that the second identity sealed is pruned too.
    let closed = four.closed_files().unwrap();
    four.prune(closed.last().unwrap(), at(31)).unwrap();
    four.append(&event(32), true).unwrap();
    assert!(matches!(four.verify(None), Verdict::Intact { .. }), "{}", said(&four));
}

#[test]
fn every_bit_of_a_history_counts_whichever_key_sealed_it() {
    let changed = changed();
    for path in [changed.log.segment(1), changed.log.file("log")] {
        let bytes = &changed.whole[&path];
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            put(&path, &bent);
            let verdict = changed.log.verify(None);
            assert!(matches!(verdict, Verdict::Tampered { .. }), "bit {bit}: {verdict}");
        }
        for length in 0..bytes.len() {
            put(&path, &bytes[..length]);
            let verdict = changed.log.verify(None);
            assert!(matches!(verdict, Verdict::Tampered { .. }), "{length} bytes: {verdict}");
        }
        put(&path, bytes);
    }
    let head = &changed.whole[&changed.log.file("head")];
    for bit in (0..head.len() * 8).step_by(307) {
        let mut bent = head.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        put(&changed.log.file("head"), &bent);
        assert_eq!(said(&changed.log), "tampered at #7: the sealed end was changed", "bit {bit}");
    }
    put(&changed.log.file("head"), head);
    assert_eq!(changed.log.verify(None), intact(7));
}

#[test]
fn lines_swapped_doubled_or_dropped_over_the_change_are_found() {
    let changed = changed();
    let (before, after) = (changed.log.segment(1), changed.log.file("log"));
    let lines = |path: &Path| -> Vec<Vec<u8>> {
        changed.whole[path].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let (old, new) = (lines(&before), lines(&after));
    for (what, old, new) in [
        ("the last line of the former identity is moved over", old[..4].concat(), [&old[4..], &new].concat().concat()),
        ("the first line of the next one is moved over", [&old[..], &new[..1]].concat().concat(), new[1..].concat()),
        ("the last line of the former identity is dropped", old[..4].concat(), new.concat()),
        ("the first line of the next one is dropped", old.concat(), new[1..].concat()),
        ("a line is doubled", old.concat(), [&new[..1], &new[..]].concat().concat()),
        ("the files are exchanged", new.concat(), old.concat()),
    ] {
        put(&before, &old);
        put(&after, &new);
        let verdict = changed.log.verify(None);
        assert!(matches!(verdict, Verdict::Tampered { .. }), "{what}: {verdict}");
    }
}

#[test]
fn whoever_has_the_former_identity_adds_no_entry_after_the_change() {
    let changed = changed();
    let head = changed.end();
    let mut chain = changed.former.chain(head.end);
    let line = chain.seal(&event(8).to_json(4096)).unwrap();
    put(&changed.log.file("log"), &[&changed.whole[&changed.log.file("log")], &line[..]].concat());
    changed.is_found("tampered at #8: its seal does not open, in `history.log`");
    // With a head to it, and the former identity's own file in which the next one's was.
    let end = Head { end: chain.at, synced: chain.at, ..head };
    put(&changed.log.file("log"), &[&changed.whole[&changed.log.file("log")], &line[..]].concat());
    put(&changed.log.file("head"), &head::seal(&end, &changed.former.key).unwrap());
    changed.is_found("tampered at #8: its seal does not open, in `history.log`");
    restore(changed.folder.path(), &changed.at_change);
    for number in [6, 7] {
        changed.former.append(&event(number), true).unwrap();
    }
    changed.is_found("tampered at #6: its seal does not open, in `history.log`");
}

#[test]
fn whoever_has_the_former_identity_cuts_nothing_off_and_writes_no_head() {
    let changed = changed();
    // All as it was at the change, end and all: for whoever does not know that it is done it is whole.
    restore(changed.folder.path(), &changed.at_change);
    assert_eq!(next(&changed.log, NEXT, &changed.retired).changing(true).verify(None), intact(5));
    changed.is_found("tampered at #5: the sealed end was changed");
    let end = changed.end();
    put(&changed.log.file("head"), &head::seal(&end, &changed.former.key).unwrap());
    changed.is_found("tampered at #7: the sealed end was changed");
    for (keep, expected) in [
        (1, "not provable: the end of 6 entries is not sealed"),
        (0, "not provable: the end of 5 entries is not sealed"),
    ] {
        let log = &changed.whole[&changed.log.file("log")];
        put(
            &changed.log.file("log"),
            &log.split_inclusive(|byte| *byte == b'\n').take(keep).collect::<Vec<_>>().concat(),
        );
        fs::remove_file(changed.log.file("head")).unwrap();
        changed.is_found(expected);
    }
    // What the former identity's part lacks, the store knows even without a head.
    let part: Vec<u8> = changed.whole[&changed.log.segment(1)]
        .split_inclusive(|byte| *byte == b'\n')
        .take(3)
        .collect::<Vec<_>>()
        .concat();
    let cut = || {
        fs::remove_file(changed.log.segment(1)).unwrap();
        fs::remove_file(changed.log.file("head")).unwrap();
        put(&changed.log.file("log"), &part);
    };
    let expected = "tampered at #4: 2 entries missing: the store knows that the identity was changed after #5";
    cut();
    let failure = changed.log.reseal(Moment::from_seconds(0)).unwrap_err();
    assert_eq!(failure.message, "the history ends 2 entries before one that is known");
    changed.is_found(expected);
    for path in changed.whole.keys() {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(
        changed.log.append(&event(9), true).unwrap_err().message,
        "the history is gone, but 5 entries are known"
    );
}

#[test]
fn whoever_has_the_former_identity_rewrites_no_entry_from_before_the_change() {
    let changed = changed();
    // The same entries but one, sealed with the right key, in a chain of their own and closed at the same number.
    let folder = tempfile::tempdir().unwrap();
    let other = log_in(folder.path());
    for number in [1, 2, 33] {
        other.append(&event(number), true).unwrap();
    }
    drop(other.hand_over(&rekeyed(4)).unwrap());
    let forged = fs::read(other.segment(1)).unwrap();
    put(&changed.log.segment(1), &forged);
    // Adding an entry looks at the end alone; reading and verifying find it.
    assert_eq!(said(&changed.log), format!("tampered at #5: {}, in `history-0001.log`", chain::NOT_THE_LAST));
    assert!(changed.log.read().unwrap().any(|entry| entry.is_err()));
    // With the whole history in the former identity's hand, and the head too.
    let forgery = state(folder.path())
        .into_iter()
        .map(|(path, bytes)| (changed.folder.path().join(path.file_name().unwrap()), bytes))
        .collect();
    restore(changed.folder.path(), &forgery);
    changed.is_found(&format!("tampered at #5: {}, in `history-0001.log`", chain::NOT_THE_LAST));
}

#[test]
fn a_change_that_was_cut_short_leaves_a_history_of_the_one_or_the_other_identity() {
    let (folder, former, _) = history_of(3);
    let mut retired = Vec::new();
    // Before the store is replaced: the former identity's still, with a file more.
    drop(former.hand_over(&rekeyed(4)).unwrap());
    assert_eq!(former.verify(None), intact(5));
    former.append(&event(6), false).unwrap();
    assert_eq!(former.verify(None), intact(6));
    // After it was, and before the end is sealed anew.
    let handover = former.hand_over(&rekeyed(7)).unwrap();
    handover.retire(&former, &mut retired);
    let mark = handover.mark();
    drop(handover);
    let log = next(&former, NEXT, &retired).changing(true).expecting(Some(mark));
    let cut_short = state(folder.path());
    assert_eq!(log.verify(Some(mark)).to_string(), "intact (8 entries, end proven, anchored at #8)");
    for take_over_first in [true, false] {
        restore(folder.path(), &cut_short);
        if take_over_first {
            log.take_over().unwrap();
            log.take_over().unwrap();
        }
        log.append(&event(9), false).unwrap();
        log.take_over().unwrap();
        let done = next(&former, NEXT, &retired);
        assert_eq!(done.verify(Some(mark)).to_string(), "intact (9 entries, end proven, anchored at #8)");
    }
    // The former identity's entry behind its own end is none, and so is its end.
    restore(folder.path(), &cut_short);
    former.append(&event(9), true).unwrap();
    assert!(matches!(log.verify(None), Verdict::Tampered { at: 9, .. }));
    assert_eq!(log.append(&event(10), true).unwrap_err().kind, Kind::Store);
}

#[test]
fn what_lies_beside_is_opened_with_the_former_key_while_the_change_is_not_done() {
    let Changed { folder: _folder, former, log, retired, .. } = changed();
    let sealed = former.seal_beside("x", b"text").unwrap();
    assert!(log.open_beside("x", &sealed).is_none());
    let changing = next(&log, NEXT, &retired).changing(true);
    assert_eq!(changing.open_beside("x", &sealed).unwrap()[..], b"text"[..]);
    assert_eq!(changing.open_beside("x", &log.seal_beside("x", b"new").unwrap()).unwrap()[..], b"new"[..]);
}

#[test]
fn an_empty_history_and_one_that_was_just_closed_are_handed_over() {
    let folder = tempfile::tempdir().unwrap();
    let former = log_in(folder.path());
    let mut retired = Vec::new();
    let log = change(&former, NEXT, &mut retired, 1);
    assert_eq!(log.verify(None), intact(2));
    let again = change(&log, THIRD, &mut retired, 2);
    assert_eq!(again.verify(None), intact(4));
    assert_eq!(again.segments(), [1, 2]);
}
