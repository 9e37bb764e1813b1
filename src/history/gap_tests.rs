//! What could not be recorded leaves a mark each, and the next entry says how many there were.

use std::{fs, time::SystemTime};

use super::{
    tests::{event, events, history_of, log_in},
    *,
};

fn exactly(entries: u64) -> Unrecorded {
    Unrecorded { entries, and_more: false }
}

fn at_least(entries: u64) -> Unrecorded {
    Unrecorded { entries, and_more: true }
}

#[test]
fn what_could_not_be_recorded_is_a_gap_before_the_next_entry() {
    let (folder, log, _) = history_of(1);
    log.note_gap();
    log.note_gap();
    assert_eq!(log.append(&event(2), false).unwrap().mark.seq, 3);
    log.append(&event(3), false).unwrap();
    let all = events(&log);
    assert_eq!((all.len(), &all[1].action, all[1].lost), (4, &Action::Gap, Some(2)));
    assert_eq!(log.verify(None).to_string(), "intact (4 entries, end proven, 2 noted as lost)");
    assert!(!folder.path().join("history.gap").exists());
}

#[test]
fn what_is_marked_while_a_gap_is_noted_is_not_lost() {
    const MARKS: u64 = 2_000;
    let (folder, log, _) = history_of(1);
    std::thread::scope(|scope| {
        let marks = scope.spawn(|| (0..MARKS).for_each(|_| log_in(folder.path()).note_gap()));
        while !marks.is_finished() {
            log.append(&event(2), false).unwrap();
        }
    });
    log.append(&event(3), false).unwrap();
    let noted: u64 = events(&log).iter().filter_map(|event| event.lost).sum();
    assert!((MARKS..2 * MARKS).contains(&noted), "{noted}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_counts_nothing_and_is_moved_out_of_the_way() {
    let (folder, log, _) = history_of(1);
    let (gap, torn) = (folder.path().join("history.gap"), folder.path().join("history.torn"));
    fs::create_dir(&gap).unwrap();
    std::os::unix::fs::symlink("nowhere", &torn).unwrap();
    assert_eq!(log.append(&event(2), false).unwrap().gap, None);
    // Nor where another lies there already.
    fs::create_dir(folder.path().join("history.gap.other")).unwrap();
    fs::write(folder.path().join("history.gap.other/file"), "").unwrap();
    log.note_gap();
    assert!(gap.is_file() && folder.path().join("history.gap.other-2").is_dir());
    let path = folder.path().join("history.log");
    fs::write(&path, [&fs::read(&path).unwrap()[..], b"1.2.torn"].concat()).unwrap();
    let appended = log.append(&event(3), false).unwrap();
    assert!(appended.gap == Some(exactly(1)) && appended.repaired.is_some() && torn.is_file());
    // Nobody believes any number.
    fs::File::create(&gap).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(log.append(&event(4), false).unwrap().gap, Some(at_least(100_000)));
    assert_eq!(log.append(&event(5), false).unwrap().gap, None);
}

#[test]
fn marks_of_a_gap_stay_until_an_entry_says_so() {
    let (folder, log, _) = history_of(1);
    log.note_gap();
    let head = folder.path().join("history.head");
    let kept = fs::read(&head).unwrap();
    fs::write(&head, "garbage").unwrap();
    log.append(&event(2), false).unwrap_err();
    fs::write(&head, kept).unwrap();
    log.note_gap();
    // What a kill left behind was noted before.
    fs::write(folder.path().join("history.gap.noted"), ".").unwrap();
    assert_eq!(log.append(&event(3), false).unwrap().gap, Some(exactly(2)));
    assert_eq!(log.append(&event(4), false).unwrap().gap, None);
    assert!(["gap", "gap.noted"].iter().all(|ending| !folder.path().join(format!("history.{ending}")).exists()));
}

#[test]
fn where_marks_could_not_be_made_nobody_claims_to_know_how_many_there_were() {
    let (folder, log, _) = history_of(1);
    let gap = folder.path().join("history.gap");
    let refused = || fs::File::create(&gap).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    refused();
    let said = "at least 1 event could not be recorded, how many is not known";
    assert_eq!(log.gap().unwrap().to_string(), said);
    let appended = log.append(&event(2), false).unwrap();
    assert_eq!(appended.gap, Some(at_least(1)));
    let said = "intact (3 entries, end proven, at least 1 noted as lost, how many is not known)";
    assert_eq!(log.verify(None).to_string(), said);
    let json = events(&log)[1].to_value();
    assert_eq!((&json["lost"], &json["at_least"]), (&1.into(), &true.into()));
    // One that can be made later takes nothing back of that, also among others; and with nothing before it, it counts.
    refused();
    log.note_gap();
    assert_eq!(log.append(&event(3), false).unwrap().gap, Some(at_least(2)));
    log.note_gap();
    fs::write(&gap, "..+.").unwrap();
    assert_eq!(log.append(&event(4), false).unwrap().gap, Some(at_least(4)));
    log.note_gap();
    assert_eq!(log.append(&event(5), false).unwrap().gap, Some(exactly(1)));
    assert_eq!(events(&log).last().unwrap().unrecorded(), None);
}

#[test]
fn what_lies_where_noted_marks_go_does_not_keep_them_for_ever() {
    let (folder, log, _) = history_of(1);
    let noted = folder.path().join("history.gap.noted");
    fs::create_dir(&noted).unwrap();
    fs::write(noted.join("file"), "").unwrap();
    log.note_gap();
    assert_eq!(log.append(&event(2), false).unwrap().gap, Some(exactly(1)));
    assert_eq!(log.append(&event(3), false).unwrap().gap, None);
    assert!(folder.path().join("history.gap.noted.other/file").exists() && !noted.exists());
}
