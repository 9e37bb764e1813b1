//! A history that was set aside, the one that begins after it, and what vouches for either.

use super::{
    Action, Event, Log, Mark,
    tests::{IDENTITY, event, events, history_of, intact, log_in},
};
use crate::{date::Moment, failure::Kind};

#[test]
fn a_history_set_aside_leaves_room_for_another() {
    let (folder, log, _) = history_of(2);
    let moment = Moment::from_seconds(5);
    assert_eq!(log.free_name(moment, &[]), "history-5");
    let aside = folder.path().join("history-5");
    log.set_aside(&aside).unwrap();
    // What was broken off is gone on with.
    log.set_aside(&aside).unwrap();
    assert!(["log", "head"].iter().all(|ending| folder.path().join(format!("history-5/history.{ending}")).exists()));
    let log = Log::new(folder.path(), [9; 16], IDENTITY);
    log.append(&event(1), true).unwrap();
    assert_eq!(log.verify(None), intact(1));
    assert_eq!(log.set_aside(&aside).unwrap_err().kind, Kind::Disk);
    assert_eq!(log.free_name(moment, &[]), "history-5-2");
    let taken = log.to_aside("history-5-2".into(), Vec::new());
    assert_eq!(log.free_name(moment, &[taken]), "history-5-3");
}

#[test]
fn a_history_that_takes_the_place_of_another_says_so_first_whoever_begins_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = || log_in(folder.path()).beginning_with(Some(Event::beginning_anew("anew".into())));
    let doubt = "not provable: it was begun anew, and the one before it was set aside";
    assert_eq!(log().verify(None).to_string(), format!("{doubt}; nothing is recorded yet"));
    log().begin().unwrap();
    assert_eq!(log().verify(None).to_string(), format!("{doubt}; nothing is recorded yet"));
    log().append(&event(1), true).unwrap();
    log().append(&event(2), true).unwrap();
    assert_eq!(log().verify(None).to_string(), format!("{doubt} (noted in #1)"));
    let all = events(&log());
    assert_eq!((all.len(), &all[0].action, all[0].moment), (3, &Action::Repair, all[1].moment));
    let other = tempfile::tempdir().unwrap();
    let log = log_in(other.path()).beginning_with(Some(Event::beginning_anew("anew".into())));
    assert_eq!(log.settle(Moment::from_seconds(5)).unwrap().map(|settled| settled.mark.seq), Some(1));
}

#[test]
fn what_the_store_knows_counts_where_the_anchor_knows_less_or_something_else() {
    let (_folder, log, marks) = history_of(3);
    let said = |log: Log| log.verify(log.known()).to_string();
    let lower = log.expecting(Some(marks[1])).known_to_the_store(Some(Mark { seq: 5, hash: [1; 32] }));
    assert_eq!(said(lower), "tampered at #4: 2 entries missing: the store knows #5");
    let (_folder, log, marks) = history_of(3);
    let higher = log.expecting(Some(marks[2])).known_to_the_store(Some(marks[0]));
    assert_eq!(said(higher), "intact (3 entries, end proven, anchored at #3)");
    let (_folder, log, marks) = history_of(3);
    let other = log.expecting(Some(marks[2])).known_to_the_store(Some(Mark { seq: 3, hash: [1; 32] }));
    assert_eq!(said(other), "tampered at #3: rewritten: the store knows another entry of this number");
}
