//! Pruning takes whole files and leaves an entry; a kill in it is mended by the next append. And the marks that prove what
//! is left.

use std::fs;

use super::{
    segment::Files,
    segment_tests::{State, restore, said, state, three_files},
    tests::{ID, IDENTITY, event, log_in, put},
    *,
};

#[test]
fn what_was_pruned_is_gone_and_said_and_the_rest_is_proven() {
    let (folder, log, marks) = three_files();
    let before = state(folder.path());
    let files = log.closed_files().unwrap();
    let told: Vec<_> = files.iter().map(|file| (file.name(), file.first, file.last)).collect();
    assert_eq!(told, [("history-0001.log".to_owned(), 1, 5), ("history-0002.log".to_owned(), 6, 10)]);
    let moment = Moment::from_seconds(1_100_000_000);
    let mark = log.prune(&files[0], moment).unwrap().mark;
    assert_eq!((mark.seq, log.segments()), (13, vec![2]));
    let intact = format!("intact (8 entries, #6 to #13, earlier ones pruned on {}, end proven", moment.local_day());
    assert_eq!(said(&log), format!("{intact})"));
    assert_eq!(log.read().unwrap().next().unwrap().unwrap(), (6, event(5)));
    // A mark of what is left is compared; one of what is gone cannot be, and is a doubt only if it was asked for.
    assert_eq!(log.verify(Some(marks[5])).to_string(), format!("{intact}, anchored at #7)"));
    assert_eq!(log.verify(Some(marks[1])).to_string(), format!("{intact})"));
    assert_eq!(
        log.verify_against(None, &[marks[1]], &mut |_, _| {}).to_string(),
        format!("not provable: entry 2, which a mark that was kept knows, was pruned on {}", moment.local_day())
    );
    let forged = Mark { seq: 7, hash: [1; 32] };
    assert_eq!(
        log.verify_against(Some(mark), &[forged, mark], &mut |_, _| {}).to_string(),
        "tampered at #7: rewritten: a mark that was kept knows another entry of this number"
    );
    assert_eq!(log.prune(&files[0], moment).unwrap_err().message, "`history-0001.log` is not there any more");
    // It goes on, is pruned again, and its head may be lost.
    for number in 12..=20 {
        log.append(&event(number), false).unwrap();
    }
    // A file that nothing follows yet cannot be removed.
    while log.closed_files().unwrap().len() == log.segments().len() {
        log.append(&event(21), false).unwrap();
    }
    log.append(&event(22), false).unwrap();
    let files = log.closed_files().unwrap();
    let last = log.prune(files.last().unwrap(), moment).unwrap().mark;
    let whole = state(folder.path());
    let intact = said(&log);
    assert!(intact.starts_with("intact (") && log.segments().is_empty(), "{intact}");
    fs::remove_file(log.file("head")).unwrap();
    assert!(said(&log).starts_with("not provable: the end of "), "{}", said(&log));
    assert_eq!(log.reseal(moment).unwrap().unwrap().mark.seq, last.seq + 1);
    let doubt = format!("not provable: what was cut off after #{0}, if anything was, is not known", last.seq);
    assert!(log.verify(Some(last)).to_string().starts_with(&doubt), "{}", log.verify(Some(last)));
    log.append(&Event::new(Action::Repair, moment).of(vec![last.seq + 1]), true).unwrap();
    assert!(log.verify(Some(last)).to_string().starts_with("intact ("));
    // The files of before beside the new head, or the old head beside what is left.
    restore(folder.path(), &whole);
    put(&log.segment(1), &before[&log.segment(1)]);
    assert_eq!(said(&log), intact, "what was pruned does not count, wherever it comes from");
    put(&log.file("head"), &before[&log.file("head")]);
    assert!(matches!(log.verify(None), Verdict::Tampered { .. }));
    assert_eq!(log.append(&event(21), true).unwrap_err().kind, Kind::Store);
}

/// What a forger who holds no identity might do in the name of pruning.
#[test]
fn files_that_are_removed_without_an_entry_are_missing() {
    let (folder, log, _) = three_files();
    for (kept, expected) in [
        (2, "tampered at #1: its segment `history-0001.log` is missing"),
        (3, "tampered at #1: its segment `history-0001.log` is missing"),
    ] {
        (1..kept).for_each(|number| drop(fs::remove_file(log.segment(number))));
        assert_eq!(said(&log), expected);
    }
    let head = fs::read(log.file("head")).unwrap();
    fs::remove_file(log.file("head")).unwrap();
    assert!(matches!(log.verify(None), Verdict::Tampered { .. }));
    assert_eq!(log.reseal(Moment::from_seconds(0)).unwrap_err().kind, Kind::Store);
    put(&log.file("head"), &head);
    // By way of a head that says so, which only who holds the identity can seal.
    let Found::Head(head) = log.find_head().unwrap() else { panic!("no head") };
    let mut walk = Walk::new(&log, &Files { pruned: 2, base: head.files.base, ..head.files });
    assert!(matches!(walk.step().unwrap(), read::Step::File));
    assert!(matches!(walk.step().unwrap(), read::Step::Flaw(_)));
    drop(folder);
}

#[test]
fn a_kill_at_any_step_of_pruning_is_mended() {
    let (folder, log, _) = three_files();
    let before = state(folder.path());
    let files = log.closed_files().unwrap();
    log.prune(&files[1], Moment::from_seconds(1_100_000_000)).unwrap();
    let after = state(folder.path());
    let (path, head) = (log.file("log"), log.file("head"));
    let entry = after[&path].len() - before[&path].len();
    let Found::Head(done) = log.find_head().unwrap() else { panic!("no head") };
    let noted = head::Head { files: Files { left: 1, ..done.files }, ..done };
    let noted = head::seal(&noted, &log.key).unwrap();
    let mut states: Vec<State> = (0..=entry)
        .map(|written| {
            let mut state = before.clone();
            state.insert(path.clone(), after[&path][..before[&path].len() + written].to_vec());
            state
        })
        .collect();
    for gone in [&[][..], &[1], &[2], &[1, 2]] {
        let mut state = before.clone();
        state.insert(path.clone(), after[&path].clone());
        state.insert(head.clone(), noted.clone());
        state.retain(|path, _| !gone.iter().any(|number| *path == log.segment(*number)));
        states.push(state);
    }
    for (at, state) in states.iter().enumerate() {
        restore(folder.path(), state);
        let verdict = log.verify(None);
        assert!(!matches!(verdict, Verdict::Tampered { .. }), "{at}: {verdict}");
        let open = log_in(folder.path()).closing_at(u64::MAX);
        open.append(&event(12), false).unwrap_or_else(|failure| panic!("{at}: {failure}"));
        let verdict = log.verify(None).to_string();
        let (kept, expected) = if at < entry {
            (vec![1, 2], format!("intact ({} entries, end proven)", if at == 0 { 13 } else { 14 }))
        } else {
            (vec![], "intact (4 entries, #11 to #14, earlier ones pruned on ".to_owned())
        };
        assert!(verdict.starts_with(&expected), "{at}: {verdict}");
        assert_eq!(log.segments(), kept, "{at}");
    }
}

#[test]
fn a_mark_that_was_put_away_says_which_log_it_is_of() {
    let (folder, log, marks) = three_files();
    let kept = log.written(&marks[2]);
    assert_eq!(kept, format!("{}.3.{}", log.name(), crate::hex::encode(&marks[2].hash)));
    assert!(kept.len() < 80);
    let several = format!("# kept on paper\n\n  {kept}\r\n{}\n", log.written(&marks[4]));
    assert_eq!(log.marks(&several).unwrap(), Ok(vec![marks[2], marks[4]]));
    let other = Log::new(folder.path(), [9; 16], IDENTITY);
    assert_eq!(other.marks(&kept).unwrap(), Err(log.name()));
    assert_ne!(log_in(folder.path()).name(), other.name());
    assert_eq!(Log::new(folder.path(), ID, b"AGE-SECRET-KEY-1OTHER").name(), log.name());
    for bad in [
        "",
        "#",
        "1.2",
        "3.00",
        &marks[2].to_string(),
        &kept[1..],
        &kept[..kept.len() - 1],
        &format!("{kept} x"),
        &kept.to_uppercase(),
    ] {
        assert_eq!(log.marks(bad).unwrap_err().kind, Kind::Usage, "{bad}");
    }
}
