//! What an attack on the program found, and a way on after damage: each once tried against it.

use crate::sandbox::{Sandbox, bend};

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
    let said = "keyctl: sealed the end of the history anew; an entry in it says so\nkeyctl: hint: `verify` tells of what is missing until you say yes to it: `keyctl history repair --accept`\n";
    sandbox.call(&["history", "repair", "--yes"]).run().says("", said, 0);
    // Whether nothing was cut off before that nobody can know, so the proof stays open until its owner says yes.
    let doubt = "what was cut off after #1, if anything was, is not known (noted in #2)";
    let said = format!(
        "keyctl: the history is not provable: {doubt}\nkeyctl: hint: if you know of that, say yes to it: `keyctl history repair --accept`\n"
    );
    sandbox.call(&["history", "verify"]).run().says("", &said, 4);
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    for words in [&["history", "verify"][..], &["history", "repair"], &["history", "repair", "--yes"]] {
        sandbox.call(words).run().says("", &said, 4);
    }
    let needed = format!("keyctl: this needs a yes: {doubt}\nkeyctl: hint: without a terminal: `--accept --yes`\n");
    sandbox.call(&["history", "repair", "--accept"]).run().says("", &needed, 2);
    sandbox.call(&["history", "repair", "--accept", "--yes"]).run().says(
        "",
        &format!("keyctl: accepted: {doubt}\n"),
        0,
    );
    let whole = "the history is intact (5 entries, end proven, anchored at #4)\n";
    sandbox.call(&["history", "verify"]).run().says(whole, "", 0);
    // The next one is another.
    std::fs::remove_file(sandbox.data("history.head")).expect("remove");
    assert_eq!(sandbox.call(&["history", "repair", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 4);
}

#[test]
fn what_a_crash_leaves_is_mended_by_repair_without_a_question_and_nothing_is_set_aside() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let path = sandbox.data("history.log");
    let whole = std::fs::read(&path).expect("read");
    std::fs::write(&path, [&whole[..], b"1.2.torn"].concat()).expect("write");
    sandbox.call(&["history", "repair"]).run().says(
        "",
        "keyctl: the history was mended: an unfinished entry of 8 bytes was moved to `history.torn`\nkeyctl: nothing to repair: the history is intact (2 entries, end proven, anchored at #1)\n",
        0,
    );
}

#[test]
fn a_history_that_was_changed_is_set_aside_and_another_begins() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    bend(&mut log[30]);
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 1);
    let ran = sandbox.call(&["history", "repair", "--yes"]).run();
    assert!(
        ran.stderr().starts_with("keyctl: set the history aside in `~/.local/share/keyctl/history-"),
        "{}",
        ran.stderr()
    );
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 0));
    let name = ran.stderr().split_once("keyctl/").expect("a folder").1.split('`').next().expect("a name").to_owned();
    assert!(ran.stderr().contains(&format!("\nkeyctl: hint: to read it: `keyctl history --from {name}`\n")));
    let doubt = "it was begun anew, and the one before it was set aside (noted in #1)";
    let verified = sandbox.call(&["history", "verify"]).run();
    assert!(verified.stderr().starts_with(&format!("keyctl: the history is not provable: {doubt}\n")));
    let accepted = sandbox.call(&["history", "repair", "--accept", "--yes"]).run();
    accepted.says("", &format!("keyctl: accepted: {doubt}\n"), 0);
    let ran = sandbox.call(&["history", "verify"]).run();
    assert_eq!(
        (ran.stdout().as_str(), ran.code()),
        ("the history is intact (3 entries, end proven, anchored at #1)\n", 0),
        "the repair, the alert of what `verify` found, and the yes"
    );
    // What was set aside is read where it lies, also once the identity is another; and so is a copy of it elsewhere.
    let moved = sandbox.outside().join("moved");
    let files = || std::fs::read_dir(sandbox.data(&name)).expect("there").map(|file| file.expect("a file").path());
    std::fs::create_dir(&moved).expect("make");
    for file in files() {
        std::fs::copy(&file, moved.join(file.file_name().expect("a name"))).expect("copy");
    }
    let read_aside = |folder: &str| {
        let verified = sandbox.call(&["history", "verify", "--from", folder]).run();
        verified.says("", "keyctl: the history is tampered at #1: its chain value is wrong\n", 1);
        let ran = sandbox.call(&["history", "--from", folder]).run();
        assert!(ran.stderr().starts_with("keyctl: the history was changed at entry 1: "), "{}", ran.stderr());
    };
    read_aside(&name);
    assert_eq!(sandbox.call(&["store", "rekey", "--yes"]).run().code(), 0);
    for folder in [&name, moved.to_str().expect("text"), sandbox.data(&name).to_str().expect("text")] {
        read_aside(folder);
    }
    // What was changed there is found against what was known when it was set aside.
    let log = sandbox.data(&name).join("history.log");
    let mut bytes = std::fs::read(&log).expect("read");
    bend(&mut bytes[30]);
    std::fs::write(&log, &bytes).expect("write");
    sandbox.call(&["history", "verify", "--from", &name]).run().says(
        "the history is intact (2 entries, end proven, anchored at #2)\n",
        "",
        0,
    );
    let listed = sandbox.call(&["history", "--from", &name, "--json"]).run();
    assert_eq!((listed.stdout().lines().count(), listed.code()), (2, 0));
    std::fs::remove_file(sandbox.data(&name).join("history.head")).expect("remove");
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    std::fs::write(&log, &bytes[..end]).expect("cut");
    let said = "keyctl: the history is tampered at #2: 1 entry missing: the store knows #2\n";
    sandbox.call(&["history", "verify", "--from", &name]).run().says("", said, 1);
    sandbox.call(&["history", "--from", "nowhere"]).run().says(
        "",
        &format!("keyctl: no history of this store lies in `nowhere`\nkeyctl: hint: set aside were: `{name}`\n"),
        3,
    );
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let listed = sandbox.call(&["history"]).run().stdout();
    assert!(listed.contains("a new history; the former one was tampered at #1"), "{listed}");
}

#[test]
fn an_older_history_put_into_the_folder_of_one_that_was_set_aside_is_found_and_so_is_that_it_is_gone() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    let get = || sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    get();
    let files = ["history.log", "history.head"];
    let old = files.map(|file| std::fs::read(sandbox.data(file)).expect("read"));
    get();
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    bend(&mut log[30]);
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    let ran = sandbox.call(&["history", "repair", "--yes"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let name = ran.stderr().split_once("keyctl/").expect("a folder").1.split('`').next().expect("a name").to_owned();
    for (file, content) in files.iter().zip(old) {
        std::fs::write(sandbox.data(&name).join(file), content).expect("write");
    }
    let said = "keyctl: the history is tampered at #4: 1 entry missing: the store knows #4\n";
    sandbox.call(&["history", "verify", "--from", &name]).run().says("", said, 1);
    assert_eq!(sandbox.call(&["history", "repair", "--accept", "--yes"]).run().code(), 0);
    std::fs::remove_dir_all(sandbox.data(&name)).expect("remove");
    let missing = format!("the history that was set aside in `{name}` is not there any more");
    let ran = sandbox.call(&["history", "verify"]).run();
    assert_eq!((ran.stderr(), ran.code()), (format!("keyctl: {missing}\n"), 0));
    let ran = sandbox.call(&["history", "verify", "--json"]).run();
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("json");
    assert_eq!(answer["aside_missing"], serde_json::json!([name]));
    for words in ["doctor", "status"] {
        let ran = sandbox.call(&[words]).run();
        assert!(ran.stdout().contains(&missing), "{words}: {}", ran.stdout());
    }
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
