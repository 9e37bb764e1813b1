//! What an attack on the program found, and a way on after damage: each once tried against it.

use crate::sandbox::Sandbox;

#[test]
fn a_history_whose_sealed_end_is_lost_is_sealed_anew_and_goes_on() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["history", "repair"]).run().says(
        "",
        "keyctl: nothing to repair: the history is intact (1 entry, end proven, anchored at #1)\n",
        0,
    );
    std::fs::remove_file(sandbox.data("history.head")).expect("remove");
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 4);
    sandbox.call(&["history", "repair"]).run().says(
        "",
        "keyctl: repairing the history needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    let said = "keyctl: sealed the end of the history anew; an entry in it says so\n";
    sandbox.call(&["history", "repair", "--yes"]).run().says("", said, 0);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
}

#[test]
fn a_history_that_was_changed_is_set_aside_and_another_begins() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    log[30] ^= 1;
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 1);
    let ran = sandbox.call(&["history", "repair", "--yes"]).run();
    assert!(
        ran.stderr().starts_with("keyctl: set the history aside in `~/.local/share/keyctl/history-"),
        "{}",
        ran.stderr()
    );
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 0));
    let ran = sandbox.call(&["history", "verify"]).run();
    assert_eq!(
        (ran.stdout().as_str(), ran.code()),
        ("the history is intact (2 entries, end proven, anchored at #1)\n", 0),
        "the repair and the alert of what `verify` found"
    );
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let listed = sandbox.call(&["history"]).run().stdout();
    assert!(listed.contains("a new history; the former one was tampered at #1"), "{listed}");
}

#[test]
fn a_new_identity_is_never_made_where_anything_of_a_store_is_left() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let identity = std::fs::read(sandbox.data("identity.txt")).expect("read");
    let store = std::fs::read(sandbox.data("store.age")).expect("read");
    for file in ["store.age", "keeper.toml"] {
        std::fs::remove_file(sandbox.data(file)).expect("remove");
    }
    let said = "keyctl: a store was here before, and left in `~/.local/share/keyctl`: `identity.txt`, `anchor.txt`, `history.log`, `history.head`\nkeyctl: hint: put your copy of `store.age` and `keeper.toml` back, or only `store.age` and then `keyctl recovery restore FILE`\nkeyctl: hint: to begin anew, move what is left away first\n";
    sandbox.set("B", "second-secret").says("", said, 5);
    assert!(std::fs::read(sandbox.data("identity.txt")).expect("read") == identity);
    std::fs::write(sandbox.data("store.age"), store).expect("write");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(sandbox.data("store.age"), private).expect("chmod");
    let restored = sandbox.call(&["recovery", "restore", sandbox.data("identity.txt").to_str().expect("text")]).run();
    assert_eq!(restored.code(), 0, "{}", restored.stderr());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[cfg(unix)]
#[test]
fn a_store_on_a_disk_that_is_not_mounted_is_not_taken_for_none() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let identity = std::fs::read(sandbox.data("identity.txt")).expect("read");
    std::fs::remove_file(sandbox.data("store.age")).expect("remove");
    std::fs::remove_file(sandbox.data("keeper.toml")).expect("remove");
    std::os::unix::fs::symlink("/nowhere/store.age", sandbox.data("store.age")).expect("link");
    assert_ne!(sandbox.set("B", "second-secret").code(), 0);
    assert!(std::fs::read(sandbox.data("identity.txt")).expect("read") == identity);
}

#[test]
fn delete_takes_no_file_away_that_says_a_name_twice() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let file = sandbox.file("twice.env", "X=lost-secret-1\nX=kept-secret-2\n");
    sandbox.may_lie_in(&file);
    sandbox.call(&["import", "twice.env", "--delete"]).run().says(
        "",
        "keyctl: `X` is in the file more than once; `--delete` would lose the first of them\nkeyctl: hint: take the line out that does not count, then try again\n",
        2,
    );
    assert!(file.exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_of_ours_is_not_waited_for() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let folder = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&folder).expect("make");
    assert!(std::process::Command::new("mkfifo").arg(folder.join("config.toml")).status().expect("mkfifo").success());
    let said = "keyctl: `~/.config/keyctl/config.toml` is not a regular file [E07]\n";
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", said, 125);

    // What is only remembered, as the alerts' state, keeps no command from running.
    std::fs::remove_file(folder.join("config.toml")).expect("remove");
    let state = sandbox.data("alerts.state");
    let _ = std::fs::remove_file(&state);
    assert!(std::process::Command::new("mkfifo").arg(&state).status().expect("mkfifo").success());
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert!(std::fs::metadata(&state).expect("there").is_file());
}

#[test]
fn a_secret_where_a_name_belongs_is_not_said_back() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret("sk-live-pasted-0123456789");
    for call in [
        &["run", "-k", "X=sk-live-pasted-0123456789", "--", "true"][..],
        &["get", "sk-live-pasted-0123456789"],
        &["set", "X=sk-live-pasted-0123456789"],
    ] {
        assert_ne!(sandbox.call(call).run().code(), 0);
    }
}
