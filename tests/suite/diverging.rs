//! One store on two machines of one person, whose versions git joins: what it is told where they are not to be merged.

use std::{
    fs::{self, DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    process::{Command, Stdio},
};

use crate::{
    pty::on_a_terminal,
    teams::{Person, Remote, alice},
};

/// The same store on two machines, each with a clone of its own and the driver in it; one key of it asks.
fn two_machines() -> (Remote, Person, Person) {
    let remote = Remote::new();
    let one = alice(&remote);
    one.does(&["edit", "team:A", "--ask"]);
    let install = |person: &Person| {
        let ran = person.sandbox.call(&["store", "merge", "--install"]).inside(person.repo()).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    install(&one);
    one.push();
    let other = Person::new("alice", &remote);
    let [from, to] = [&one, &other].map(|person| person.sandbox.data(""));
    fs::create_dir_all(to.parent().expect("in another")).expect("make");
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp").success());
    other.does(&["store", "path", "team", "../repo/team.age"]);
    install(&other);
    for person in [&one, &other] {
        for secret in ["first-secret", "second-secret", "third-secret"] {
            person.sandbox.secret(secret);
        }
    }
    (remote, one, other)
}

/// git as a script or an editor calls it: nobody is there.
fn alone(person: &Person, words: &[&str]) -> (bool, String) {
    let mut command = Command::new("setsid");
    person.sandbox.environment(&mut command);
    let output = command.args(["-w", "git"]).args(words).current_dir(person.repo()).stdin(Stdio::null()).output();
    let output = output.expect("setsid: util-linux");
    person.sandbox.no_secret_in(&output.stderr);
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_merge_that_is_refused_leaves_nothing_that_could_be_committed() {
    let (_remote, one, other) = two_machines();
    other.set("team:B", "second-secret");
    other.push();
    one.set("team:C", "third-secret");
    // Twice, so that what comes counts fewer changes than are known here.
    one.does(&["edit", "team:C", "--note", "of the shop"]);
    one.git(&["commit", "-qam", "a key"]);
    let head = one.git(&["rev-parse", "HEAD"]);
    let is_as_it_was = |why: &str| {
        assert_eq!(one.git(&["status", "--porcelain"]), "", "{why}");
        assert_eq!(one.git(&["rev-parse", "HEAD"]), head, "{why}");
    };
    let (good, said) = alone(&one, &["pull", "-q", "--no-rebase", "origin", "main"]);
    let why = "keyctl: to use `team:B` for more takes a yes at a terminal; nothing was changed [E09]\n";
    let hint = "keyctl: hint: git gave this merge up with nothing changed: once that is settled, merge again (in a rebase `git rebase --continue`, or `--abort`)\n";
    assert!(!good && said.contains(why) && said.contains(hint) && !said.contains("CONFLICT"), "{said}");
    is_as_it_was("a merge");
    assert!(!one.repo().join(".git/MERGE_HEAD").exists());
    // What people do after a conflict of keyctl's, whose file is whole.
    assert!(!alone(&one, &["commit", "-qam", "merged"]).0);
    assert!(!alone(&one, &["push", "-q", "origin", "HEAD:main"]).0);
    // In a rebase the commit is to be picked still.
    let (good, said) = alone(&one, &["pull", "-q", "--rebase", "origin", "main"]);
    assert!(!good && said.contains("nothing was changed [E09]"), "{said}");
    assert_eq!(one.git(&["status", "--porcelain"]), "");
    one.git(&["rebase", "--abort"]);
    is_as_it_was("a rebase");
    // Once somebody is there all of it is. The history came along with the folder, and parts: that may be said beside it.
    let secret = |person: &Person, key: &str| person.call(&["get", key]).stdout();
    let repo = one.repo();
    let pull = ["git", "-C", repo.to_str().expect("text"), "pull", "-q", "--no-rebase", "--no-edit", "origin", "main"];
    let screen = on_a_terminal(&one.sandbox, &pull, &[("[y/N] ", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    one.git(&["push", "-q", "origin", "HEAD:main"]);
    assert_eq!(secret(&one, "team:B"), "second-secret");
    assert_eq!(secret(&one, "team:C"), "third-secret");
    // To take one of two versions whole, git is told for once that it cannot merge them.
    other.set("team:D", "third-secret");
    other.git(&["commit", "-qam", "another key"]);
    let by_hand = ["-c", "merge.keyctl.driver=false", "pull", "-q", "--no-rebase", "origin", "main"];
    let (good, said) = alone(&other, &by_hand);
    assert!(!good && said.contains("CONFLICT"), "{said}");
    let found = || other.call(&["doctor", "--store", "team"]).stdout().contains("could not merge");
    assert!(found());
    other.git(&["checkout", "-q", "--theirs", "team.age"]);
    assert_eq!(secret(&other, "team:C"), "third-secret");
    other.git(&["merge", "--abort"]);
    assert!(!found());
}

#[test]
fn what_was_not_committed_is_in_the_conflict_where_git_is_on_its_way_to_another_branch() {
    let (_remote, one, _other) = two_machines();
    one.git(&["branch", "-q", "older"]);
    one.set("team:B", "second-secret");
    one.git(&["commit", "-qam", "a key"]);
    one.set("team:C", "third-secret");
    let (_, said) = alone(&one, &["switch", "-q", "-m", "older"]);
    assert!(said.contains("older copy than what both come from"), "{said}");
    let hint = "keyctl: hint: git calls that a conflict, and the file is one version alone: `git checkout --theirs -- team.age` has the other\n";
    assert!(said.contains(hint) && !said.contains("gave this merge up"), "{said}");
    one.git(&["checkout", "-q", "--theirs", "--", "team.age"]);
    assert_eq!(one.call(&["get", "team:C"]).stdout(), "third-secret");
}

#[test]
fn of_several_commits_that_are_picked_none_is_left_out_where_a_merge_is_refused() {
    let (_remote, one, other) = two_machines();
    other.set("team:B", "second-secret");
    fs::write(other.repo().join("notes.txt"), "of the commit").expect("write");
    other.git(&["add", "notes.txt"]);
    other.git(&["commit", "-qam", "a key and notes"]);
    other.does(&["edit", "team:B", "--note", "of the shop"]);
    other.git(&["commit", "-qam", "a note"]);
    other.git(&["push", "-q", "origin", "HEAD:side"]);
    one.set("team:C", "third-secret");
    for note in ["one", "two", "three"] {
        one.does(&["edit", "team:C", "--note", note]);
    }
    one.git(&["commit", "-qam", "another key"]);
    one.git(&["fetch", "-q", "origin", "side"]);
    let (good, said) = alone(&one, &["cherry-pick", "FETCH_HEAD~1", "FETCH_HEAD"]);
    assert!(!good && said.contains("a terminal; nothing was changed\n") && said.contains("CONFLICT"), "{said}");
    assert!(!said.contains("gave this merge up"), "{said}");
    assert!(said.contains("`git checkout -m -- team.age` merges them, once that is settled\n"), "{said}");
    // The commit is under way, and its other files are there.
    assert!(one.repo().join(".git/CHERRY_PICK_HEAD").exists() && one.repo().join("notes.txt").exists());
    one.git(&["cherry-pick", "--abort"]);
    assert_eq!(one.git(&["status", "--porcelain"]), "");
}

#[test]
fn each_machine_has_a_history_that_is_whole_whichever_wrote_the_store_last() {
    let remote = Remote::new();
    let one = alice(&remote);
    let phrase = "correct horse battery staple nine";
    let recovery = |person: &Person, words: &[&str]| {
        let words = [&["recovery"], words, &["--store", "team"]].concat();
        let ran = person.sandbox.call(&words).input(phrase).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    recovery(&one, &["create", "copy.age"]);
    crate::recovering::make_cheap(&one.sandbox, "stores/team", "copy.age", phrase);
    one.push();
    let other = Person::new("alice", &remote);
    DirBuilder::new().recursive(true).mode(0o700).create(other.own("")).expect("make");
    fs::copy(other.file(), other.own("store.age")).expect("copy");
    fs::set_permissions(other.own("store.age"), Permissions::from_mode(0o600)).expect("set");
    fs::copy(one.sandbox.project().join("copy.age"), other.sandbox.project().join("copy.age")).expect("copy");
    recovery(&other, &["restore", "copy.age", "--keeper", "file"]);
    let behind = "keyctl: the store is an older copy: generation 3, but 4 was written before\n\
        keyctl: hint: if nobody has changed that file since you copied it: `cp '~/.local/share/keyctl/stores/team/store.age' '~/repo/team.age'`, and this once more\n";
    other.call(&["store", "path", "team", "../repo/team.age"]).says("", behind, 5);
    fs::copy(other.own("store.age"), other.file()).expect("copy");
    other.does(&["store", "path", "team", "../repo/team.age"]);
    other.push();
    one.pull();
    let is_whole = |person: &Person| {
        let verified = person.call(&["history", "verify", "--store", "team"]);
        assert!(verified.stdout().starts_with("the history is intact ("), "{}{}", verified.stdout(), verified.stderr());
        let history = person.call(&["history", "--store", "team"]).stdout();
        assert!(!history.contains("failed"), "{history}");
    };
    for round in 0..2 {
        for (at, (person, peer)) in [(&one, &other), (&other, &one)].into_iter().enumerate() {
            is_whole(person);
            for of_round in 0..=at {
                let name = format!("team:K{round}{at}{of_round}");
                let secret = format!("secret-of-{round}{at}{of_round}");
                person.sandbox.secret(&secret);
                let ran = person.sandbox.call(&["set", &name]).input(secret).run();
                ran.says("", &format!("keyctl: kept `{name}`\n"), 0);
            }
            is_whole(person);
            person.push();
            peer.pull();
        }
    }
    // One that mends its own leaves that of the other as it is.
    for (person, peer) in [(&other, &one), (&one, &other)] {
        let mut log = fs::read(person.own("history.log")).expect("read");
        let middle = log.len() / 2;
        log[middle] ^= 1;
        fs::write(person.own("history.log"), log).expect("write");
        for how in [&["--yes"][..], &["--accept", "--yes"]] {
            let ran = person.call(&[&["history", "repair", "--store", "team"], how].concat());
            assert_eq!(ran.code(), 0, "{}", ran.stderr());
        }
        is_whole(person);
        person.push();
        peer.pull();
        for person in [person, peer] {
            is_whole(person);
            let checked = person.call(&["doctor", "--store", "team"]).stdout();
            assert!(checked.lines().all(|line| !line.contains("history") || line.starts_with("good")), "{checked}");
        }
        let aside = fs::read_dir(person.own("")).expect("read").flatten().map(|entry| entry.file_name());
        let aside = aside.map(|name| name.to_string_lossy().into_owned()).find(|name| name.starts_with("history-"));
        let ran = person.call(&["history", "verify", "--from", &aside.expect("there"), "--store", "team"]);
        assert!(ran.stderr().contains("tampered at #"), "{}{}", ran.stdout(), ran.stderr());
    }
    one.set("team:M", "third-secret");
    is_whole(&one);
    one.push();
    other.pull();
    // What this machine wrote itself is known to the store, also where its anchor is put back with the history.
    let of_before =
        ["anchor.txt", "history.log", "history.head"].map(|name| (name, fs::read(one.own(name)).expect(name)));
    one.set("team:L", "second-secret");
    for (name, bytes) in of_before {
        fs::write(one.own(name), bytes).expect("write");
    }
    let verified = one.call(&["history", "verify", "--store", "team"]);
    assert!(verified.code() != 0 && verified.stderr().contains("the store knows #"), "{}", verified.stderr());
    // And where what says whose it is was taken away.
    fs::remove_file(one.own("machine")).expect("there");
    let again = one.call(&["history", "verify", "--store", "team"]);
    assert!(again.code() == verified.code() && again.stderr().ends_with(&verified.stderr()), "{}", again.stderr());
}
