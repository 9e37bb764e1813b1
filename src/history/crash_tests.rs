//! What a kill or a power cut leaves is mended by the next append, and said; nothing that was acknowledged is lost.

use std::fs;

use super::{
    append::Writer,
    head::Found,
    tests::{event, events, history_of, intact, log_in, put},
    *,
};

#[test]
fn a_kill_at_any_byte_of_the_write_is_mended() {
    let (_folder, log, _) = history_of(3);
    let (bytes, head) = (fs::read(log.file("log")).unwrap(), fs::read(log.file("head")).unwrap());
    log.append(&event(4), false).unwrap();
    let after = fs::read(log.file("log")).unwrap();
    let line = &after[bytes.len()..];
    for written in 0..=line.len() {
        // Killed before the head was replaced.
        put(&log.file("log"), &[&bytes, &line[..written]].concat());
        put(&log.file("head"), &head);
        let _ = fs::remove_file(log.file("torn"));
        let added = log.append(&event(5), false).unwrap();
        let all = events(&log);
        assert_eq!(log.verify(None), intact(all.len() as u64));
        assert_eq!(all[..3], [event(1), event(2), event(3)]);
        assert_eq!(*all.last().unwrap(), event(5));
        if written == 0 {
            assert_eq!((all.len(), added.repaired), (4, None));
        } else if written == line.len() {
            assert_eq!((&all[3], all.len(), added.repaired), (&event(4), 5, None));
        } else {
            let said = format!("an unfinished entry of {written} bytes was moved to `history.torn`");
            assert_eq!((&all[3].action, all.len(), added.repaired.unwrap()), (&Action::Repair, 5, said.clone()));
            assert_eq!(all[3].note.as_ref(), Some(&said));
            assert_eq!(fs::read(log.file("torn")).unwrap(), line[..written]);
        }
    }
}

#[test]
fn before_it_is_mended_the_end_is_in_doubt() {
    let (_folder, log, marks) = history_of(3);
    let head = fs::read(log.file("head")).unwrap();
    log.append(&event(4), true).unwrap();
    put(&log.file("head"), &head);
    assert_eq!(
        log.verify(Some(marks[2])).to_string(),
        "not provable: 1 entry after the sealed end; the next one seals them"
    );
    let bytes = fs::read(log.file("log")).unwrap();
    put(&log.file("log"), &bytes[..bytes.len() - 1]);
    assert_eq!(
        log.verify(None).to_string(),
        "not provable: an unfinished entry stands at the end; the next one moves it aside"
    );
    assert_eq!(events(&log).len(), 3);
}

#[test]
fn a_kill_during_the_very_first_entry_is_mended() {
    let (_folder, log, _) = history_of(1);
    let line = fs::read(log.file("log")).unwrap();
    for state in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let fresh = log_in(folder.path());
        if state > 0 {
            put(&fresh.file("log"), b"");
        }
        if state > 1 {
            fresh.begin().unwrap();
        }
        if state > 2 {
            put(&fresh.file("log"), &line);
        }
        fresh.append(&event(2), true).unwrap();
        assert_eq!(fresh.verify(None), intact(if state > 2 { 2 } else { 1 }));
    }
}

#[test]
fn entries_that_a_power_cut_took_are_neither_forged_nor_forgotten() {
    let (_folder, log, marks) = history_of(2);
    for number in 3..=5 {
        log.append(&event(number), false).unwrap();
    }
    let (bytes, head) = (fs::read(log.file("log")).unwrap(), fs::read(log.file("head")).unwrap());
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (kept, extra) in [(2, 0), (3, 0), (3, 17), (4, 0), (4, 1)] {
        let length = lines[..kept].concat().len() + extra;
        put(&log.file("log"), &bytes[..length]);
        put(&log.file("head"), &head);
        let missing = 5 - kept as u64;
        let said = log.verify(Some(marks[1])).to_string();
        assert!(
            said.starts_with("not provable: the last ") && said.contains("lost in a power cut or cut off"),
            "{said}"
        );
        let repaired = log.append(&event(6), false).unwrap().repaired.unwrap();
        let are = if missing == 1 { "is" } else { "are" };
        assert!(repaired.contains(&format!("that the disk was not waited for {are} gone")), "{repaired}");
        assert_eq!(repaired.contains("history.torn"), extra > 0);
        let after = kept as u64;
        let loss = Loss { noted: after + 1, after, entries: Some(missing), moment: event(6).moment };
        assert_eq!(log.verify(Some(marks[1])), Verdict::Unaccepted { losses: vec![loss] });
        // Said yes to, it is no doubt any more; it stays noted.
        log.append(&Event::new(Action::Repair, event(7).moment.unwrap()).of(vec![after + 1]), true).unwrap();
        let entries = after + 3;
        let expected = Verdict::Intact {
            entries,
            pruned: None,
            anchored_at: None,
            lost: missing,
            lost_at_least: false,
            went_back: 0,
        };
        assert_eq!(log.verify(None), expected);
    }
    // One entry less, and it was surely on the disk.
    put(&log.file("log"), lines[0]);
    put(&log.file("head"), &head);
    assert_eq!(log.verify(None).to_string(), "tampered at #2: 4 entries missing");
    assert_eq!(log.append(&event(6), false).unwrap_err().message, "the history is shorter than its sealed end");
}

/// The second kill comes while the loss of the first is being noted.
#[test]
fn a_loss_is_noted_even_if_noting_it_is_broken_off() {
    let (_folder, log, _) = history_of(2);
    for number in 3..=5 {
        log.append(&event(number), false).unwrap();
    }
    let bytes = fs::read(log.file("log")).unwrap();
    let kept = bytes.split_inclusive(|byte| *byte == b'\n').take(3).collect::<Vec<_>>().concat();
    put(&log.file("log"), &kept);
    // Killed after the head was replaced, before the first byte of the `repair` entry.
    drop(Writer::open(&log).unwrap());
    assert_eq!(
        log.verify(None).to_string(),
        "not provable: 2 entries lost in a power cut or cut off; the next one notes it"
    );
    let head = fs::read(log.file("head")).unwrap();
    log.append(&event(6), false).unwrap();
    let after = fs::read(log.file("log")).unwrap();
    let repair = after[kept.len()..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in kept.len()..=after.len() {
        put(&log.file("log"), &after[..length]);
        put(&log.file("head"), &head);
        log.append(&event(7), false).unwrap();
        let Verdict::Unaccepted { losses } = log.verify(None) else { panic!("{length}: {}", log.verify(None)) };
        let lost: u64 = losses.iter().filter_map(|loss| loss.entries).sum();
        assert_eq!(lost, if length < kept.len() + repair { 2 } else { 4 }, "rather twice than never");
        assert_eq!(events(&log)[..3], [event(1), event(2), event(3)]);
    }
}

/// Or a second cut would leave the few entries since the first as all that is missing.
#[test]
fn the_entry_that_notes_a_loss_cannot_go_missing_the_same_way() {
    let (_folder, log, _) = history_of(2);
    for number in 3..=40 {
        log.append(&event(number), false).unwrap();
    }
    let bytes = fs::read(log.file("log")).unwrap();
    let kept = bytes.split_inclusive(|byte| *byte == b'\n').take(2).collect::<Vec<_>>().concat();
    put(&log.file("log"), &kept);
    log.append(&event(41), false).unwrap();
    assert_eq!(log.verify(None).to_string(), "not provable: 38 entries after #2 are gone (noted in #3)");
    put(&log.file("log"), &kept);
    assert_eq!(log.verify(None).to_string(), "tampered at #3: 2 entries missing");
    assert_eq!(log.append(&event(42), false).unwrap_err().kind, Kind::Store);
}

#[test]
fn never_more_than_64_entries_are_unsure_to_be_on_the_disk() {
    let (_folder, log, _) = history_of(1);
    let synced = || match log.find_head().unwrap() {
        Found::Head(head) => head.synced.seq,
        other => panic!("{other:?}"),
    };
    let seen: Vec<u64> = (2..=130)
        .map(|number| {
            log.append(&event(number), false).unwrap();
            synced()
        })
        .collect();
    assert_eq!((seen[0], seen[62], seen[63], seen[127], seen[128]), (1, 1, 65, 129, 129));
}

#[test]
#[cfg(unix)]
fn a_link_in_the_logs_place_is_not_followed() {
    let (folder, log, _) = history_of(2);
    fs::rename(log.file("log"), folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), log.file("log")).unwrap();
    assert_eq!(log.append(&event(3), false).unwrap_err().kind, Kind::Disk);
    assert!(matches!(log.verify(None), Verdict::NotProvable { .. }));
}

#[test]
fn what_is_settled_is_mended_as_by_an_entry_and_said_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_in(folder.path());
    let now = event(9).moment.unwrap();
    assert!(log.settle(now).unwrap().is_none() && !log.has_begun().unwrap());
    let expecting = log_in(folder.path()).expecting(Some(Mark { seq: 2, hash: [1; 32] }));
    assert_eq!(expecting.settle(now).unwrap_err().message, "the history is gone, but 2 entries are known");
    let (folder, log, marks) = history_of(2);
    let settled = log.settle(now).unwrap().unwrap();
    assert_eq!((settled.mark, settled.repaired), (marks[1], None));
    let path = folder.path().join("history.log");
    let whole = fs::read(&path).unwrap();
    put(&path, &[&whole[..], b"1.3.unfinished"].concat());
    log.note_gap();
    let settled = log.settle(now).unwrap().unwrap();
    let repaired = "an unfinished entry of 14 bytes was moved to `history.torn`";
    assert_eq!((settled.mark.seq, settled.repaired.as_deref()), (3, Some(repaired)));
    let last = events(&log).pop().unwrap();
    assert_eq!((last.action, last.note.as_deref(), last.moment), (Action::Repair, Some(repaired), Some(now)));
    assert!(matches!(log.verify(Some(settled.mark)), Verdict::Intact { anchored_at: Some(3), .. }));
    // Between two files of a history, or without one of its two, there is one.
    fs::remove_file(&path).unwrap();
    assert!(log.has_begun().unwrap());
    assert_eq!(log.settle(now).unwrap_err().kind, Kind::Store);
}
