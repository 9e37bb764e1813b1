//! Tests of the approvals, beside their chapter for its length.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;
use crate::profile::{Form, Source};

const ME: &[u8] = b"AGE-SECRET-KEY-1ME";

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    (folder, home)
}

fn place(name: &str) -> Place {
    Place::folder(Path::new(name))
}

fn key(profile: &str, variable: &str, key: &str) -> Grant {
    let source = Source::key(key.parse().unwrap());
    Grant { profile: profile.parse().unwrap(), variable: variable.parse().unwrap(), source }
}

fn value(variable: &str, text: &str) -> Grant {
    Grant { source: Source::Value(text.into()), ..key("default", variable, "x") }
}

fn now() -> Moment {
    Moment::from_seconds(1_800_000_000)
}

fn allow(home: &Home, name: &str, grants: &[Grant]) {
    assert_eq!(add(home, &place(name), grants, &[], ME, now()).unwrap(), None);
}

fn read(home: &Home) -> Approvals {
    Approvals::read(home).unwrap()
}

#[test]
fn what_was_approved_is_approved_in_its_place_and_needs_no_identity_to_be_found() {
    let (_kept, home) = home();
    let grants = [key("default", "A", "a"), value("B", "b")];
    assert_eq!(read(&home).unapproved(&place("/p"), &grants), grants);
    allow(&home, "/p", &grants);
    let approvals = read(&home);
    assert!(approvals.unapproved(&place("/p"), &grants).is_empty());
    approvals.confirm(&place("/p"), &grants, &approvals.key(ME)).unwrap();
    assert_eq!(approvals.unapproved(&place("/copy"), &grants), grants, "the same file elsewhere");
    assert_eq!(approvals.of_place(&place("/p"), &approvals.key(ME)), grants);
    assert!(approvals.of_place(&place("/copy"), &approvals.key(ME)).is_empty());
    assert_eq!(approvals.note(), None);
}

#[test]
fn all_that_is_approved_is_told_with_its_moment_and_to_the_identity_alone() {
    let (_kept, home) = home();
    allow(&home, "/q", &[key("default", "A", "a")]);
    allow(&home, "/p", &[value("B", "b"), key("default", "A", "a")]);
    let exception = ["PYTHONPATH".parse().unwrap()];
    add(&home, &place("/p"), &[], &exception, ME, now()).unwrap();
    let approvals = read(&home);
    let all = approvals.all(&approvals.key(ME));
    let told: Vec<_> = all.iter().map(|one| (one.place.as_str(), one.grant.variable.as_str(), one.since)).collect();
    assert_eq!(told, [("/p", "A", now()), ("/p", "B", now()), ("/q", "A", now())]);
    assert!(approvals.all(&approvals.key(b"another")).is_empty());
}

#[test]
fn a_place_that_is_gone_loses_everything_and_no_other_place_does() {
    let (_kept, home) = home();
    for name in ["/p", "/p2"] {
        allow(&home, name, &[key("default", "A", "a"), value("B", "b")]);
    }
    let exception = ["PYTHONPATH".parse().unwrap()];
    add(&home, &place("/p"), &[], &exception, ME, now()).unwrap();
    assert_eq!(remove_gone(&home, "/p", b"another").unwrap(), 0);
    assert_eq!(remove_gone(&home, "/p", ME).unwrap(), 3);
    let approvals = read(&home);
    assert!(!approvals.excepts(&place("/p"), &exception[0]));
    let all = approvals.all(&approvals.key(ME));
    assert!(all.len() == 2 && all.iter().all(|one| one.place == "/p2"), "{all:?}");
    assert_eq!(remove_gone(&home, "/p", ME).unwrap(), 0);
}

#[test]
fn where_a_key_is_approved_is_known_to_the_identity_alone() {
    let (_kept, home) = home();
    allow(&home, "/q", &[key("default", "A", "a"), value("B", "a")]);
    allow(&home, "/p", &[key("prod", "C", "a"), key("default", "D", "b")]);
    let approvals = read(&home);
    let name = "a".parse().unwrap();
    assert_eq!(
        approvals.of_key(&name, &approvals.key(ME)),
        [("/p".to_owned(), key("prod", "C", "a")), ("/q".to_owned(), key("default", "A", "a"))]
    );
    assert_eq!(approvals.of_key(&name, &approvals.key(b"AGE-SECRET-KEY-1OTHER")), []);
}

#[test]
fn less_does_not_ask_again_and_anything_more_or_other_does() {
    let (_kept, home) = home();
    let a = key("default", "A", "a");
    allow(&home, "/p", &[a.clone(), value("B", "b")]);
    let approvals = read(&home);
    let asks = |grant: &Grant| !approvals.unapproved(&place("/p"), std::slice::from_ref(grant)).is_empty();
    assert!(!asks(&a));
    let optional =
        Grant { source: Source::Key { name: "a".parse().unwrap(), optional: true, form: Form::Variable }, ..a.clone() };
    assert!(!asks(&optional), "the same key, whether it has to be there or not");
    for other in [
        key("default", "A", "b"),
        key("default", "C", "a"),
        key("prod", "A", "a"),
        value("A", "a"),
        value("B", "c"),
        key("default", "B", "b"),
    ] {
        assert!(asks(&other), "{other:?}");
    }
}

#[test]
fn the_list_shows_no_name_and_no_place() {
    let (_kept, home) = home();
    allow(
        &home,
        "/home/me/secret-project",
        &[key("staging", "OPENAI_API_KEY", "openai/dev"), value("B", "debug-value")],
    );
    let text = fs::read_to_string(home.file(NAME)).unwrap();
    for name in ["secret-project", "staging", "OPENAI", "openai", "debug-value", "2027"] {
        assert!(!text.contains(name), "{name}");
    }
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("keyctl-allowed 1 "));
    let lengths: Vec<usize> = lines.map(str::len).collect();
    assert_eq!(lengths.len(), 2);
    assert_eq!(fs::read_dir(home.data()).unwrap().count(), 2, "the list and the lock");
}

#[test]
fn a_planted_line_is_found_out() {
    let (_kept, home) = home();
    let wanted = [key("default", "A", "stolen")];
    allow(&home, "/other", &[key("default", "B", "b")]);
    let honest = fs::read_to_string(home.file(NAME)).unwrap();
    let mut planted = read(&home);
    let hash = planted.finder(&place("/p")).hash(Item::Grant(&wanted[0]));
    let forger = planted.key(b"AGE-SECRET-KEY-1FORGER");
    let theirs = forger.seal(&hash, b"{}").unwrap();
    let moved = planted.lines[0].1.clone();
    for sealed in [theirs, moved, Vec::new()] {
        planted.lines = vec![(hash, sealed)];
        planted.write(&home).unwrap();
        let approvals = read(&home);
        assert!(approvals.unapproved(&place("/p"), &wanted).is_empty(), "without the identity it cannot be told");
        let failure = approvals.confirm(&place("/p"), &wanted, &approvals.key(ME)).unwrap_err();
        let path = home.file(NAME);
        assert_eq!(
            (failure.kind, failure.message),
            (
                Kind::Store,
                format!("the approval of `A` in `{}` was not written with your identity: it is forged", path.display())
            )
        );
    }
    // A new approval replaces the planted line, and what is not there at all is not confirmed either.
    allow(&home, "/p", &wanted);
    let approvals = read(&home);
    approvals.confirm(&place("/p"), &wanted, &approvals.key(ME)).unwrap();
    fs::write(home.file(NAME), honest).unwrap();
    let approvals = read(&home);
    let failure = approvals.confirm(&place("/p"), &wanted, &approvals.key(ME)).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (Kind::Project, "`A` is not approved here"));
}

#[test]
fn an_exception_counts_for_one_variable_in_one_place_and_only_if_the_user_made_it() {
    let (_kept, home) = home();
    let variable: VariableName = "PYTHONPATH".parse().unwrap();
    let wanted = [value("PYTHONPATH", "src")];
    allow(&home, "/p", &wanted);
    assert_eq!(read(&home).unapproved(&place("/p"), &wanted), wanted, "the grant without the exception");
    add(&home, &place("/p"), &[], std::slice::from_ref(&variable), ME, now()).unwrap();
    let approvals = read(&home);
    assert!(approvals.excepts(&place("/p"), &variable) && !approvals.excepts(&place("/q"), &variable));
    assert!(!approvals.excepts(&place("/p"), &"PIP_INDEX_URL".parse().unwrap()));
    approvals.confirm(&place("/p"), &wanted, &approvals.key(ME)).unwrap();
    assert_eq!(approvals.of_place(&place("/p"), &approvals.key(ME)), wanted);
    let mut planted = read(&home);
    let hash = planted.finder(&place("/p")).hash(Item::Exception(&variable));
    planted.lines.retain(|(listed, _)| *listed != hash);
    planted.lines.push((hash, vec![0; 64]));
    assert_eq!(planted.confirm(&place("/p"), &wanted, &planted.key(ME)).unwrap_err().kind, Kind::Store);
    let never = add(&home, &place("/p"), &[], &["LD_PRELOAD".parse().unwrap()], ME, now()).unwrap_err();
    assert_eq!(
        (never.kind, never.message.as_str()),
        (Kind::Usage, "`LD_PRELOAD` decides what runs, so keyctl never sets it")
    );
}

#[test]
fn a_list_that_cannot_be_read_counts_as_empty_is_said_and_is_kept_aside() {
    let head = format!("{HEAD}{}\n", "0".repeat(32));
    for (bytes, why) in [
        (&b""[..], "it does not begin as one"),
        (b"\xff", "it is not text"),
        (b"keyctl-allowed 2 xyz\n", "a newer keyctl wrote it"),
        (b"keyctl-allowed 1 00\n", "its first line is damaged"),
        (format!("{head}zz AAAA\n").as_bytes(), "its line 2 is damaged"),
        (format!("{head}{} !\n", "0".repeat(64)).as_bytes(), "its line 2 is damaged"),
        (head.replace('\n', "\r\n").as_bytes(), "its first line is damaged"),
    ] {
        let (_kept, home) = home();
        fs::write(home.file(NAME), bytes).unwrap();
        let note = format!(
            "the list of approvals cannot be used and counts as empty: {why}; \
             the next approval keeps it aside as `allowed.unreadable`"
        );
        let grants = [key("default", "A", "a")];
        assert_eq!(read(&home).note().as_ref(), Some(&note));
        assert_eq!(read(&home).unapproved(&place("/p"), &grants), grants);
        assert_eq!(fs::read(home.file(NAME)).unwrap(), bytes, "reading changes nothing");
        assert_eq!(add(&home, &place("/p"), &grants, &[], ME, now()).unwrap(), Some(note));
        assert_eq!(fs::read(home.file(UNREADABLE)).unwrap(), bytes);
        assert_eq!(read(&home).note(), None);
        assert!(read(&home).unapproved(&place("/p"), &grants).is_empty());
    }
    let (_kept, home) = home();
    fs::create_dir(home.file(NAME)).unwrap();
    // Windows says no more than that access is denied.
    let note = read(&home).note().unwrap();
    assert!(cfg!(windows) || note.contains("is not a regular file"), "{note}");
}

#[test]
fn denying_takes_back_what_is_of_the_place_and_nothing_else() {
    let (_kept, home) = home();
    let (a, b) = (key("default", "A", "a"), key("default", "B", "b"));
    assert_eq!(remove_place(&home, &place("/p"), std::slice::from_ref(&a), Some(ME)).unwrap(), 0);
    assert!(!home.file(NAME).exists(), "denying makes no list");
    allow(&home, "/p", &[a.clone(), b.clone()]);
    allow(&home, "/q", std::slice::from_ref(&a));
    // Without the identity, what is asked for today; with it, all of the place.
    assert_eq!(remove_place(&home, &place("/p"), std::slice::from_ref(&a), None).unwrap(), 1);
    assert_eq!(read(&home).unapproved(&place("/p"), &[a.clone(), b.clone()]), std::slice::from_ref(&a));
    assert_eq!(remove_place(&home, &place("/p"), &[], Some(ME)).unwrap(), 1);
    assert_eq!(read(&home).unapproved(&place("/p"), std::slice::from_ref(&b)), [b]);
    assert!(read(&home).unapproved(&place("/q"), &[a]).is_empty());
}

#[test]
fn approvals_are_handed_over_to_another_identity_and_are_good_all_along() {
    const NEXT: &[u8] = b"AGE-SECRET-KEY-1NEXT";
    let (_kept, home) = home();
    let (grants, here) = ([key("default", "A", "a"), value("B", "b")], place("/p"));
    allow(&home, "/p", &grants);
    allow(&home, "/q", &[key("default", "C", "c")]);
    // One that neither wrote is of no use to either, and stays found out.
    let planted = key("default", "P", "p");
    let mut list = read(&home);
    let hash = list.finder(&here).hash(Item::Grant(&planted));
    list.lines.push((hash, list.key(b"AGE-SECRET-KEY-1FORGER").seal(&hash, b"{}").unwrap()));
    list.write(&home).unwrap();
    let good_for = |identity: &[u8]| read(&home).confirm(&here, &grants, &read(&home).key(identity)).is_ok();
    let lines = || read(&home).lines.len();
    hand_over(&home, ME, NEXT, Reseal::ForBoth).unwrap();
    assert!(good_for(ME) && good_for(NEXT));
    assert_eq!((lines(), read(&home).of_place(&here, &read(&home).key(NEXT))), (7, grants.to_vec()));
    let before = fs::read(home.file(NAME)).unwrap();
    hand_over(&home, ME, NEXT, Reseal::ForBoth).unwrap();
    assert!(fs::read(home.file(NAME)).unwrap() == before, "once more changes nothing");
    // What is taken back meanwhile is taken back for both, and does not come again.
    assert_eq!(remove_place(&home, &place("/q"), &[], Some(ME)).unwrap(), 1);
    assert_eq!(lines(), 5);
    // What is approved meanwhile, by who knows of the former one alone, is handed over too.
    let late = [key("default", "D", "d")];
    allow(&home, "/p", &late);
    hand_over(&home, ME, NEXT, Reseal::ForOne).unwrap();
    assert!(good_for(NEXT) && !good_for(ME));
    read(&home).confirm(&here, &late, &read(&home).key(NEXT)).unwrap();
    assert!(read(&home).of_place(&place("/q"), &read(&home).key(NEXT)).is_empty());
    let failure = read(&home).confirm(&here, &[planted], &read(&home).key(NEXT)).unwrap_err();
    assert_eq!((failure.kind, lines()), (Kind::Store, 4));
}

#[test]
fn what_changed_is_told_apart() {
    let before = [key("default", "A", "a"), key("default", "B", "b"), key("default", "C", "c")];
    let now = [key("default", "A", "a"), key("default", "B", "other"), key("default", "D", "d")];
    assert_eq!(
        changes(&before, &now),
        Changes {
            added: vec![key("default", "D", "d")],
            removed: vec![key("default", "C", "c")],
            changed: vec![(key("default", "B", "b"), key("default", "B", "other"))],
        }
    );
    assert_eq!(changes(&before, &before), Changes::default());
}

#[test]
fn two_who_approve_at_once_lose_nothing() {
    let (_kept, home) = home();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for at in 0..5 {
                    allow(home, "/p", &[key("default", &format!("V{writer}_{at}"), "k")]);
                }
            });
        }
    });
    let approvals = read(&home);
    assert_eq!(approvals.of_place(&place("/p"), &approvals.key(ME)).len(), 20);
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes: Vec<u8>, text in "keyctl-allowed 1 [0-9a-f]{32}\n([0-9a-f]{64} [A-Za-z0-9+/=]{0,9}\n){0,3}") {
        let _ = understand(&bytes);
        let _ = understand(text.as_bytes());
    }
}
