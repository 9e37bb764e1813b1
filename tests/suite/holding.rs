//! What a member knows of a shared store holds until he says yes: against whoever forges its file, whoever puts an older one back,
//! and what git makes of two branches, also where his own machine has removed or replaced something in between.

use std::fs;

use crate::{
    pty::{Screen, on_a_terminal},
    sandbox::{KEYCTL, Ran},
    teams::{Person, forge, recipients, two, two_with_driver},
};

const ACCEPT: [&str; 4] = ["store", "recipients", "accept", "team"];

/// A call as an agent makes it: nobody is there.
fn alone<'p>(person: &'p Person, words: &[&str]) -> Ran<'p> {
    person.sandbox.call(words).under(&["setsid", "-w"]).run()
}

#[track_caller]
fn alone_does(person: &Person, words: &[&str]) {
    let ran = alone(person, words);
    assert_eq!(ran.code(), 0, "{words:?}: {}", ran.stderr());
}

/// Nobody gets the key's secret where nobody is there.
#[track_caller]
fn is_held_back(person: &Person, key: &str) {
    let ran = alone(person, &["run", "--no-project", "-k", &format!("X={key}"), "--", "printenv", "X"]);
    assert!(ran.stdout().is_empty() && ran.code() == 125, "{key} is given: {}", ran.stderr());
    let ran = alone(person, &["get", key]);
    // A person may look at what was revoked, to see what it was.
    let is_revoked = ran.stderr().contains("was revoked");
    assert!(is_revoked || ran.stdout().is_empty() && [5, 9].contains(&ran.code()), "{key} is shown: {}", ran.stderr());
}

#[track_caller]
fn needs_a_person(person: &Person, words: &[&str]) {
    let ran = alone(person, words);
    assert!(ran.code() == 9 && ran.stderr().contains("takes a yes at a terminal"), "{} {}", ran.code(), ran.stderr());
}

/// What a yes at the terminal is asked for.
#[track_caller]
fn says_yes(person: &Person) -> Screen {
    let screen = on_a_terminal(&person.sandbox, &[&[KEYCTL], &ACCEPT[..]].concat(), &[("[y/N] ", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    screen
}

#[test]
fn a_store_that_had_members_opens_never_as_one_without_and_no_merge_makes_it_one() {
    let (_remote, alice, bob) = two_with_driver();
    alice.does(&["edit", "team:A", "--ask"]);
    alice.push();
    bob.pull();
    bob.sandbox.secret("first-secret");
    let own = recipients(&alice);
    // He takes the list and the limits out, and encrypts it for her alone.
    let without = |text: String| {
        let is_left = |line: &&str| !line.starts_with("recipients = ") && !line.starts_with("limits = ");
        let lines: Vec<&str> = text.lines().filter(is_left).collect();
        lines.join("\n").replacen("generation = ", "generation = 9", 1) + "\n"
    };
    let forged = forge(&bob, without, &[own[0].as_str()]);
    let (good, file) = (fs::read(alice.file()).expect("read"), alice.file());
    fs::write(&file, &forged).expect("write");
    let said = "the store `team` names no members any more, and keyctl writes no such file of one that had some";
    let own_copy = "put your own copy of `~/repo/team.age` back\n";
    let refused = format!(
        "keyctl: {said}\nkeyctl: hint: somebody put another file in its place: ask whoever pushed it\n\
         keyctl: hint: {own_copy}"
    );
    alone(&alice, &["get", "team:A"]).says("", &refused, 5);
    alone(&alice, &["remove", "team:A", "--yes"]).says("", &refused, 5);
    alone(&alice, &[&ACCEPT[..], &["--older", "--yes"]].concat()).says("", &refused, 5);
    is_held_back(&alice, "team:A");
    // Nor where what she said yes to is gone, and only what she has seen is left.
    let members = fs::read(alice.own("members")).expect("read");
    fs::remove_file(alice.own("members")).expect("remove");
    for words in [&["get", "team:A"][..], &[&ACCEPT[..], &["--older", "--yes"]].concat()] {
        alone(&alice, words).says("", &refused, 5);
    }
    fs::write(alice.own("members"), members).expect("write");
    // Where git merges it with what she has.
    fs::write(&file, &good).expect("write");
    alice.set("team:B", "second-secret");
    alice.push();
    fs::write(bob.file(), forged).expect("write");
    bob.git(&["commit", "-q", "-a", "-m", "forged"]);
    bob.git(&["push", "-q", "origin", "HEAD:forged"]);
    let (good, said) = alice.try_git(&alice.repo(), &["pull", "-q", "--no-rebase", "origin", "forged"]);
    assert!(!good && said.contains("the other side names no members any more"), "{said}");
    // Nothing waits to be committed.
    assert_eq!(alice.git(&["status", "--porcelain"]), "");
    assert!(!alice.repo().join(".git/MERGE_HEAD").exists());
    is_held_back(&alice, "team:A");
}

#[test]
fn what_its_user_removes_replaces_or_renames_does_not_come_back_without_what_held_it() {
    let (_remote, alice, bob) = two();
    for key in ["R", "G", "N"] {
        alice.set(&format!("team:{key}"), &format!("secret-of-{key}"));
    }
    let before = fs::read(alice.file()).expect("read");
    let limited: [&[&str]; 4] = [
        &["edit", "team:A", "--ask"],
        &["revoke", "team:R", "--yes"],
        &["revoke", "team:G", "--yes"],
        &["edit", "team:N", "--ask"],
    ];
    for words in &limited {
        alone_does(&alice, words);
    }
    // Removed, replaced, renamed and then replaced; and all of it with more behind it.
    alone_does(&alice, &["remove", "team:A", "--yes"]);
    alice.set("team:R", "another-of-R");
    alone_does(&alice, &["remove", "team:G", "--yes"]);
    alone_does(&alice, &["rename", "team:N", "team:M"]);
    alice.set("team:M", "another-of-N");
    alone_does(&alice, &["remove", "team:M", "--yes"]);
    fs::write(alice.file(), before).expect("write");
    needs_a_person(&alice, &[&ACCEPT[..], &["--older", "--yes"]].concat());
    // Written more often than what was seen, it is taken without a yes, and counts for nothing.
    let all = recipients(&bob);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let newer = forge(&alice, |text| text.replacen("generation = ", "generation = 9", 1), &all);
    fs::write(alice.file(), newer).expect("write");
    for key in ["A", "R", "G", "N"] {
        is_held_back(&alice, &format!("team:{key}"));
    }
    let screen = says_yes(&alice);
    for said in [
        "`team:A` may be used for more than you said yes to: ask on -> off",
        "`team:R` may be used for more than you said yes to: not revoked any more",
    ] {
        assert!(screen.shown.contains(said), "{}", screen.shown);
    }
    alice.sandbox.secret("first-secret");
    alice.has("team:A", "first-secret");
    alice.has("team:N", "secret-of-N");
}

#[test]
fn a_key_that_a_merge_keeps_against_its_removal_keeps_the_limits_that_it_had_there() {
    let (_remote, alice, bob) = two_with_driver();
    bob.does(&["edit", "team:A", "--note", "of the shop"]);
    bob.git(&["commit", "-q", "-a", "-m", "note"]);
    bob.git(&["push", "-q", "origin", "HEAD:side"]);
    alone_does(&alice, &["edit", "team:A", "--ask"]);
    alone_does(&alice, &["remove", "team:A", "--yes"]);
    alice.git(&["commit", "-q", "-a", "-m", "removed"]);
    let (_, said) = alice.try_git(&alice.repo(), &["pull", "-q", "--no-rebase", "origin", "side"]);
    assert!(said.contains("it is kept"), "{said}");
    is_held_back(&alice, "team:A");
    // It stands in the file, for whoever knew nothing of it too.
    alice.git(&["commit", "-q", "-a", "-m", "merged"]);
    alice.git(&["push", "-q", "origin", "HEAD:main"]);
    bob.pull();
    is_held_back(&bob, "team:A");
    let shown = bob.call(&["show", "team:A", "--json"]).stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("json");
    assert_eq!(shown["limits"][0]["ask"], true, "{shown}");
}

#[test]
fn what_widens_when_its_user_does_it_widens_when_another_member_does_it_and_the_yes_names_it() {
    let (_remote, alice, bob) = two();
    for key in ["tagged", "prod/x", "ends"] {
        alice.set(&format!("team:{key}"), &format!("secret-of-{key}"));
    }
    alice.sandbox.configure("[[keys]]\nmatch = \"prod/*\"\nask = true\n[[keys]]\ntag = \"prod\"\nask = true\n");
    alice.does(&["edit", "team:tagged", "--tag", "prod"]);
    alice.does(&["edit", "team:ends", "--expires", "2026-01-01", "--stop-expired"]);
    alice.does(&["edit", "team:A", "--ask", "--only-program", "/bin/true", "--only-program", "/bin/sh"]);
    alice.push();
    bob.pull();
    for key in ["A", "tagged", "prod/x", "ends"] {
        is_held_back(&alice, &format!("team:{key}"));
    }
    bob.does(&["edit", "team:tagged", "--no-tag", "prod"]);
    bob.does(&["rename", "team:prod/x", "team:pz"]);
    for words in [["--expires", "2990-01-01"], ["--no-ask", "--any-program"]] {
        let key = if words[0] == "--expires" { "team:ends" } else { "team:A" };
        let words = [&[KEYCTL, "edit", key][..], &words].concat();
        let screen = on_a_terminal(&bob.sandbox, &words, &[("[y/N] ", "y\r")]);
        assert_eq!(screen.code, 0, "{}", screen.shown);
    }
    bob.set("team:A", "another-of-A");
    bob.push();
    alice.pull();
    // Whatever opens it first, and however often.
    for _ in 0..2 {
        for key in ["A", "tagged", "pz", "ends"] {
            is_held_back(&alice, &format!("team:{key}"));
        }
        needs_a_person(&alice, &[&ACCEPT[..], &["--yes"]].concat());
    }
    let shown = says_yes(&alice).shown;
    let lines = "what is new with the store `team`:\n  \
        another secret than you had before: `team:A`\n  new: `team:pz`\n  gone: `prod/x`\n  \
        `team:A` may be used for more than you said yes to: only-program /bin/sh /bin/true -> any, ask on -> off\n  \
        `team:ends` may be used for more than you said yes to: end 2026-01-01 00:00 -> 2990-01-01 00:00\n  \
        `team:pz` may be used for more than you said yes to: ask on -> off\n  \
        `team:tagged` may be used for more than you said yes to: ask on -> off\n";
    assert!(shown.contains(lines), "{shown}");
    alice.sandbox.secret("another-of-A");
    alice.has("team:A", "another-of-A");
    alice.has("team:pz", "secret-of-prod/x");
    alice.has("team:tagged", "secret-of-tagged");
    alice.has("team:ends", "secret-of-ends");
}

#[test]
fn what_git_has_merged_here_is_known_once_it_was_looked_at_and_a_number_that_was_made_up_is_refused() {
    let (_remote, alice, bob) = two_with_driver();
    bob.does(&["edit", "team:A", "--ask"]);
    bob.git(&["commit", "-q", "-a", "-m", "ask"]);
    bob.git(&["push", "-q", "origin", "HEAD:side"]);
    alice.set("team:B", "second-secret");
    alice.git(&["commit", "-q", "-a", "-m", "key"]);
    alice.git(&["pull", "-q", "--no-rebase", "origin", "side"]);
    let known = "keyctl: nothing to say yes to: the store `team` is as you know it\n";
    alone(&alice, &ACCEPT).says("", known, 0);
    alice.git(&["reset", "-q", "--hard", "HEAD~1"]);
    is_held_back(&alice, "team:A");
    alice.git(&["reset", "-q", "--hard", "ORIG_HEAD"]);
    alice.has("team:B", "second-secret");
    // Every later file would be an older one for good.
    let all = recipients(&alice);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let made_up = |text: String| {
        let line = text.lines().find(|line| line.starts_with("generation = ")).expect("there").to_owned();
        text.replacen(&line, "generation = 18446744073709551615", 1)
    };
    let forged = forge(&bob, made_up, &all);
    let good = fs::read(alice.file()).expect("read");
    fs::write(alice.file(), forged).expect("write");
    for words in [&["get", "team:B"][..], &[&ACCEPT[..], &["--older", "--yes"]].concat()] {
        let ran = alice.call(words);
        let said = "keyctl: the store counts more changes than anybody can have made since generation ";
        assert!(ran.stderr().starts_with(said) && ran.code() == 5, "{}", ran.stderr());
    }
    fs::write(alice.file(), good).expect("write");
    alice.has("team:B", "second-secret");
}

#[test]
fn what_was_done_before_anybody_else_has_seen_it_holds_back_what_an_older_copy_has_in_use() {
    let (_remote, alice, bob) = two();
    alice.set("team:R", "secret-of-R");
    let without = fs::read(alice.file()).expect("read");
    alice.set("team:D", "secret-of-D");
    alice.push();
    bob.pull();
    let before = fs::read(alice.file()).expect("read");
    bob.does(&["revoke", "team:R", "--yes"]);
    bob.set("team:R", "another-of-R");
    bob.does(&["edit", "team:D", "--ask"]);
    bob.does(&["remove", "team:D", "--yes"]);
    fs::copy(bob.file(), alice.file()).expect("copy");
    alone_does(&alice, &["list", "--store", "team"]);
    // Who goes back has to be a person; and a newer version that has them again says less than was known.
    fs::write(alice.file(), &before).expect("write");
    needs_a_person(&alice, &[&ACCEPT[..], &["--older", "--yes"]].concat());
    let all = recipients(&bob);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let newer = forge(&alice, |text| text.replacen("generation = ", "generation = 9", 1), &all);
    fs::write(alice.file(), newer).expect("write");
    is_held_back(&alice, "team:R");
    is_held_back(&alice, "team:D");
    // Without them nobody gets another way in who would find them in the older copy.
    fs::write(alice.file(), &without).expect("write");
    let newer = forge(&alice, |text| text.replacen("generation = ", "generation = 99", 1), &all);
    fs::write(alice.file(), newer).expect("write");
    alone_does(&alice, &["list", "--store", "team"]);
    let eve = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    needs_a_person(&alice, &["store", "recipients", "add", "team", "eve", eve, "--yes"]);
}

#[test]
fn what_settings_ask_for_waits_for_a_key_that_was_removed_and_so_does_what_is_left_of_a_wiped_one() {
    let (_remote, alice, bob) = two();
    alice.sandbox.configure("[[keys]]\nmatch = \"prod/*\"\nask = true\n");
    alice.set("team:pe", "secret-of-pe");
    alice.set("team:R", "secret-of-R");
    alice.set("team:G", "secret-of-G");
    fs::copy(alice.file(), bob.file()).expect("copy");
    let before = fs::read(alice.file()).expect("read");
    alice.does(&["rename", "team:pe", "team:prod/x", "--yes"]);
    alone_does(&alice, &["remove", "team:prod/x", "--forget", "--yes"]);
    // Bob revokes a secret and wipes it, and wipes a key that he has asked for, before she looks.
    fs::copy(alice.file(), bob.file()).expect("copy");
    bob.does(&["revoke", "team:R", "--yes"]);
    bob.does(&["edit", "team:G", "--ask"]);
    for key in ["team:R", "team:G"] {
        bob.does(&["remove", key, "--forget", "--yes"]);
    }
    fs::copy(bob.file(), alice.file()).expect("copy");
    alone_does(&alice, &["list", "--store", "team"]);
    let here = fs::read(alice.file()).expect("read");
    // Merged with itself an older copy gets no newer.
    let older = alice.sandbox.project().join("older");
    fs::write(&older, &before).expect("write");
    alice.sandbox.file("raised", "");
    fs::write(alice.sandbox.project().join("raised"), &before).expect("write");
    alice.sandbox.file("empty", "");
    for _ in 0..12 {
        alone_does(&alice, &["store", "merge", "--base", "empty", "--ours", "raised", "--theirs", "older"]);
    }
    fs::copy(alice.sandbox.project().join("raised"), alice.file()).expect("copy");
    let ran = alone(&alice, &["get", "team:pe"]);
    assert!(ran.code() == 5 && ran.stderr().contains("but another of generation "), "{}", ran.stderr());
    // Where another member has made it newer what was known holds on.
    fs::write(alice.file(), &before).expect("write");
    let all = recipients(&bob);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let newer = forge(&alice, |text| text.replacen("generation = ", "generation = 9", 1), &all);
    fs::write(alice.file(), newer).expect("write");
    for key in ["team:pe", "team:R", "team:G"] {
        is_held_back(&alice, key);
    }
    let eve = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    let ran = alone(&alice, &["store", "recipients", "add", "team", "eve", eve, "--yes"]);
    assert!(ran.code() == 9 && ran.stderr().contains("`team:G`"), "{}", ran.stderr());
    fs::write(alice.file(), here).expect("write");
}

#[test]
fn a_yes_to_what_others_have_lifted_is_one_for_the_former_secrets_of_the_key_too() {
    let (_remote, alice, bob) = two();
    alice.does(&["edit", "team:A", "--ask"]);
    fs::copy(alice.file(), bob.file()).expect("copy");
    bob.set("team:A", "second-secret");
    alice.sandbox.secret("second-secret");
    fs::copy(bob.file(), alice.file()).expect("copy");
    alone_does(&alice, &["list", "--store", "team"]);
    let words = [KEYCTL, "edit", "team:A", "--no-ask"];
    assert_eq!(on_a_terminal(&bob.sandbox, &words, &[("[y/N] ", "y\r")]).code, 0);
    fs::copy(bob.file(), alice.file()).expect("copy");
    says_yes(&alice);
    // Nothing was wiped, so nothing is asked of another way into the store.
    alice.sandbox.file("words", "four words of mine\n");
    alice.sandbox.may_lie_in(&alice.sandbox.project().join("words"));
    alone_does(&alice, &["recovery", "create", "copy.age", "--passphrase-file", "words", "--store", "team"]);
}

#[test]
fn what_holds_on_is_said_by_the_first_command_also_where_it_writes_and_by_no_merge_again() {
    let (_remote, alice, bob) = two_with_driver();
    alice.does(&["edit", "team:A", "--ask"]);
    alice.push();
    bob.pull();
    let screen = on_a_terminal(&bob.sandbox, &[KEYCTL, "edit", "team:A", "--no-ask"], &[("[y/N] ", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    bob.push();
    alice.pull();
    alice.sandbox.secret("secret-of-B");
    let ran = alice.sandbox.call(&["set", "team:B"]).input("secret-of-B").run();
    let said = "and what you knew of holds on: `A`\n";
    assert!(ran.stderr().contains(said) && ran.stderr().ends_with("keyctl: kept `team:B`\n"), "{}", ran.stderr());
    alice.git(&["commit", "-qam", "a key"]);
    bob.set("team:C", "secret-of-C");
    bob.push();
    let (good, said) = alice.try_git(&alice.repo(), &["pull", "-q", "--no-rebase", "--no-edit", "origin", "main"]);
    assert!(good && !said.contains("for more"), "{said}");
    is_held_back(&alice, "team:A");
}

#[test]
fn what_stops_a_key_by_its_tag_goes_with_a_yes_alone() {
    let (_remote, alice, bob) = two();
    let config = "[[keys]]\ntag = \"prod\"\nleaked = \"stop\"\nexpired = \"stop\"\n";
    alice.sandbox.configure(config);
    alice.does(&["edit", "team:A", "--tag", "prod", "--expires", "2020-01-01"]);
    is_held_back_in_a_run(&alice, "team:A");
    needs_a_person(&alice, &["edit", "team:A", "--no-tag", "prod"]);
    // Nor does it go when another takes the tag away.
    fs::copy(alice.file(), bob.file()).expect("copy");
    bob.does(&["edit", "team:A", "--no-tag", "prod"]);
    fs::copy(bob.file(), alice.file()).expect("copy");
    is_held_back_in_a_run(&alice, "team:A");
    alone_does(&alice, &["edit", "team:A", "--note", "mine"]);
    is_held_back_in_a_run(&alice, "team:A");
    assert!(says_yes(&alice).shown.contains("`team:A` may be used for more than you said yes to"));
    bob.sandbox.secret("first-secret");
    let ran = alone(&alice, &["run", "--no-project", "-k", "X=team:A", "--", "printenv", "X"]);
    assert_eq!(ran.stdout(), "first-secret\n", "{}", ran.stderr());
}

/// No command gets the key's secret.
#[track_caller]
fn is_held_back_in_a_run(person: &Person, key: &str) {
    let ran = alone(person, &["run", "--no-project", "-k", &format!("X={key}"), "--", "printenv", "X"]);
    assert!(ran.stdout().is_empty() && ran.code() == 125, "{key} is given: {}", ran.stderr());
}

#[test]
fn what_is_said_of_a_key_that_is_held_on_is_true_and_a_yes_comes_before_an_edit() {
    let (_remote, alice, bob) = two();
    alice.set("team:R", "secret-of-R");
    alice.does(&["edit", "team:A", "--ask"]);
    alice.does(&["revoke", "team:R", "--yes"]);
    alice.push();
    bob.pull();
    for words in [["team:A", "--no-ask"], ["team:R", "--not-revoked"]] {
        let screen = on_a_terminal(&bob.sandbox, &[&[KEYCTL, "edit"][..], &words].concat(), &[("[y/N] ", "y\r")]);
        assert_eq!(screen.code, 0, "{}", screen.shown);
    }
    bob.push();
    alice.pull();
    let held = "keyctl: in the store `team` keys may be used for more than you said yes to, and what you knew of holds on: `A`, `R`\n\
        keyctl: hint: if that is meant, say yes at a terminal: `keyctl store recipients accept team`\n";
    let hint = "keyctl: hint: its store says less by now; if that is meant, say yes at a terminal: `keyctl store recipients accept team`\n";
    let said = alone(&alice, &["run", "-k", "A=team:A", "--", "true"]).stderr();
    let why = "keyctl: not given: `team:A` needs a yes at a terminal, as it did when you last said yes [E09]\n";
    assert_eq!(said, format!("{held}{why}keyctl: hint: do it yourself, at a terminal\n{hint}"));
    let said = alone(&alice, &["run", "-k", "R=team:R", "--", "true"]).stderr();
    assert!(said.ends_with(hint) && !said.contains("--not-revoked"), "{said}");
    // Nobody is asked for a yes that would not count.
    for (key, option) in [("A", "--no-ask"), ("A", "--any-program"), ("R", "--not-revoked")] {
        let name = format!("team:{key}");
        let screen = on_a_terminal(&alice.sandbox, &[KEYCTL, "edit", &name, option], &[]);
        if option == "--any-program" {
            assert!(
                screen.code == 0 && screen.shown.ends_with("`team:A` is as you said already\n"),
                "{}",
                screen.shown
            );
            continue;
        }
        let said = format!(
            "{held}keyctl: in its store `{name}` may be used for more than you said yes to; nothing was changed\n\
            keyctl: hint: say yes to that first, at a terminal: `keyctl store recipients accept team`\n"
        );
        assert_eq!((screen.shown, screen.code), (said, 5));
    }
    // What uses it for no more goes on, and can be taken back.
    alice.does(&["edit", "team:A", "--note", "of the shop"]);
    alice.does(&["undo", "--store", "team", "--yes"]);
    is_held_back(&alice, "team:A");
    says_yes(&alice);
    alice.sandbox.secret("first-secret");
    alice.has("team:A", "first-secret");
}

#[test]
fn a_freeze_holds_on_whoever_takes_it_away_and_is_named_where_a_yes_gives_it_up() {
    let (_remote, alice, bob) = two();
    let before = fs::read(alice.file()).expect("read");
    let is_frozen = |person: &Person| person.call(&["show", "team:A"]).stdout().contains("for the proxy: none uses it");
    alice.does(&["proxy", "freeze", "team:A"]);
    alice.push();
    bob.pull();
    bob.does(&["proxy", "unfreeze", "team:A"]);
    bob.push();
    alice.pull();
    assert!(is_frozen(&alice) && !is_frozen(&bob));
    let ran = alone(&alice, &["proxy", "unfreeze", "team:A"]);
    let said = "keyctl: in its store `team:A` may be used for more than you said yes to; it is frozen still\n";
    assert!(ran.code() == 5 && ran.stderr().contains(said), "{}", ran.stderr());
    needs_a_person(&alice, &[&ACCEPT[..], &["--yes"]].concat());
    // Nor by an older version.
    fs::write(alice.file(), before).expect("write");
    needs_a_person(&alice, &[&ACCEPT[..], &["--older", "--yes"]].concat());
    alice.git(&["checkout", "-q", "--", "team.age"]);
    let shown = says_yes(&alice).shown;
    let said = "`team:A` may be used for more than you said yes to: no longer frozen for the proxy";
    assert!(shown.contains(said), "{shown}");
    assert!(!is_frozen(&alice));
    // What she takes away herself waits for nobody.
    alice.does(&["proxy", "freeze", "team:A"]);
    alice.does(&["proxy", "unfreeze", "team:A"]);
    assert!(!is_frozen(&alice));
}
