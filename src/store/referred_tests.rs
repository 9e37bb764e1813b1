//! What is said of a secret, where it is moved into a source and out of it.

use super::{
    facts::Revoked,
    journal::Deed,
    payload::Payload,
    tests::{at, empty, name, secret, set},
};

fn revoke(store: &mut Payload, key: &str, day: i64) {
    let revoked = Revoked { at: at(day), reason: None };
    store.step(Deed::Revoke, at(day), |edit| edit.revoke(&name(key), &revoked)).expect("revoke");
}

#[test]
fn a_secret_that_is_kept_elsewhere_stays_revoked_whichever_of_the_two_comes_back() {
    let there = || secret("corp:app/f#v");
    for to_source in [true, false] {
        let mut store = empty();
        let corp = || Some("corp".parse().expect("good"));
        if to_source {
            set(&mut store, "f", "here", 0);
            store.step(Deed::Set, at(1), |edit| edit.bring(&name("f"), there(), corp())).expect("pushed");
        } else {
            let remote = "corp:app/f#v".parse().expect("good");
            store.step(Deed::Set, at(0), |edit| edit.refer(&name("f"), &remote, false)).expect("new");
            store.step(Deed::Set, at(1), |edit| edit.bring(&name("f"), secret("here"), None)).expect("pulled");
        }
        revoke(&mut store, "f", 2);
        store.step(Deed::Rollback, at(3), |edit| edit.roll_back(&name("f"), 1)).expect("roll back");
        assert!(store.keys["f"].facts.revoked.is_some(), "to a source: {to_source}");
        // Another secret is not the same for having been there before.
        set(&mut store, "f", "another", 4);
        assert!(store.keys["f"].facts.revoked.is_none());
        revoke(&mut store, "f", 5);
        set(&mut store, "f", "third", 6);
        store.step(Deed::Rollback, at(7), |edit| edit.roll_back(&name("f"), 1)).expect("roll back");
        assert!(store.keys["f"].facts.revoked.is_some());
    }
}

#[test]
fn a_secret_of_a_source_is_not_revoked_with_another_that_the_key_had_since() {
    let mut store = empty();
    let remote = "corp:app/f#v".parse().expect("good");
    store.step(Deed::Set, at(0), |edit| edit.refer(&name("f"), &remote, false)).expect("new");
    set(&mut store, "f", "another", 1);
    revoke(&mut store, "f", 2);
    store.step(Deed::Rollback, at(3), |edit| edit.roll_back(&name("f"), 1)).expect("roll back");
    assert!(store.keys["f"].facts.revoked.is_none());
}
