//! More stores than one: each with an identity, a history and approvals of its own, and keys named `STORE:KEY`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{keychain::desktop, sandbox::Sandbox};

/// A home with a key in the personal store and one in `team`, whose age file lies in a repository.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", "personal-secret")]);
    fs::create_dir(sandbox.home().join("repo")).expect("make");
    sandbox.call(&["store", "create", "team", "--keeper", "file", "--path", "../repo/team.age"]).run().says(
        "",
        "keyctl: made the store `team` in `~/repo/team.age`; its identity is kept in `identity.txt`\n",
        0,
    );
    sandbox.set("team:stripe/test", "team-secret").says("", "keyctl: kept `team:stripe/test`\n", 0);
    sandbox
}

fn make(sandbox: &Sandbox, name: &str) {
    let said = format!("keyctl: made the store `{name}`; its identity is kept in `identity.txt`\n");
    sandbox.call(&["store", "create", name, "--keeper", "file"]).run().says("", &said, 0);
}

/// What lies in a store's folder.
fn team(sandbox: &Sandbox, name: &str) -> std::path::PathBuf {
    sandbox.data("stores/team").join(name)
}

/// The actions of a store's history, with the keys of each.
fn actions(sandbox: &Sandbox, store: &str) -> Vec<String> {
    let ran = sandbox.call(&["history", "--json", "--store", store]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let event = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).expect("json");
        let names: Vec<&str> =
            event["names"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        format!("{} {}", event["ev"].as_str().expect("text"), names.join(" ")).trim_end().to_owned()
    };
    ran.stdout().lines().map(event).collect()
}

#[test]
fn a_store_has_all_of_its_own_and_its_age_file_may_lie_in_a_repository() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    let listed = "NAME      KEEPER  FILE\npersonal  file    ~/.local/share/keyctl/store.age\n\
        ops       file    ~/.local/share/keyctl/stores/ops/store.age\nteam      file    ~/repo/team.age\n";
    sandbox.call(&["store", "list"]).run().says(listed, "", 0);
    assert!(!team(&sandbox, "store.age").exists() && sandbox.home().join("repo/team.age").exists());
    // Nothing of one store opens another.
    let identity = |store: &str| fs::read(sandbox.data(store).join("identity.txt")).expect("read");
    let (ours, theirs, others) = (identity(""), identity("stores/team"), identity("stores/ops"));
    assert!(ours != theirs && theirs != others && ours != others);
    assert_eq!(actions(&sandbox, "personal"), ["set A"]);
    assert_eq!(actions(&sandbox, "team"), ["store", "set stripe/test"]);
    assert_eq!(actions(&sandbox, "ops"), ["store"]);
    let files: Vec<_> = fs::read_dir(sandbox.home().join("repo")).expect("list").flatten().collect();
    assert_eq!(files.len(), 1, "nothing else lies in the repository");
    let json = sandbox.call(&["store", "list", "--json"]).run();
    let all: serde_json::Value = serde_json::from_str(&json.stdout()).expect("json");
    assert_eq!(all[2]["name"], "team");
    assert_eq!((&all[2]["path"], &all[2]["removing"]), (&"~/repo/team.age".into(), &false.into()));
    let shown = sandbox.call(&["store", "show", "team"]).run().stdout();
    assert!(shown.contains("\nidentity       kept in `identity.txt`\n"), "{shown}");
    assert!(shown.contains("\nkeys           1\nwritten        2 times, last just now\n"), "{shown}");
}

#[test]
fn a_file_that_lies_where_a_store_is_to_be_is_never_written_over() {
    let sandbox = sandbox();
    let file = sandbox.file("taken", "theirs");
    let create =
        |name: &str, path: &str| sandbox.call(&["store", "create", name, "--keeper", "file", "--path", path]).run();
    let said = "keyctl: `~/project/taken` exists already; nothing was made\n\
        keyctl: hint: a store is never put in the place of another file: name a new one\n";
    create("ops", "taken").says("", said, 1);
    assert_eq!(fs::read(&file).expect("read"), b"theirs");
    create("ops", "../repo/team.age").says("", &said.replace("project/taken", "repo/team.age"), 1);
    std::os::unix::fs::symlink("nowhere", sandbox.project().join("link")).expect("link");
    create("ops", "link").says("", &said.replace("taken", "link"), 1);
    create("ops", "gone/team.age").says(
        "",
        "keyctl: cannot find the folder of `gone/team.age`: no such file or directory\n",
        7,
    );
    create("personal", "new").says(
        "",
        "keyctl: the personal store lies in keyctl's own folder\n\
         keyctl: hint: `--path` is for a store beside it: `keyctl store create NAME --path FILE`\n",
        2,
    );
    let exists = "keyctl: the store `team` exists already\n\
        keyctl: hint: to let another keep its identity: `keyctl store keeper team --to keychain`\n";
    create("team", "new").says("", exists, 1);
    create("team", "../repo/team.age").says("", exists, 1);
    // Nor is what cannot be written.
    let ran = sandbox.call(&["store", "create", "ops", "--keeper", "file", "--path", "/proc/ops.age"]).run();
    assert!(ran.stderr().starts_with("keyctl: cannot write `/proc/ops.age`: ") && ran.code() == 7, "{}", ran.stderr());
    // Of what was refused nothing is left behind.
    assert!(!sandbox.data("stores/ops").exists() && !sandbox.project().join("new").exists());
    create("ops", "new").says(
        "",
        "keyctl: made the store `ops` in `~/project/new`; its identity is kept in `identity.txt`\n",
        0,
    );
}

#[test]
fn a_key_of_another_store_is_named_with_it_in_every_command_and_in_every_hint() {
    let sandbox = sandbox();
    let key = "team:stripe/test";
    sandbox.call(&["get", key]).run().says("team-secret", "", 0);
    sandbox.call(&["get", "stripe/test"]).run().says(
        "",
        "keyctl: no key named `stripe/test`\nkeyctl: hint: keep it with `keyctl set stripe/test`\n",
        3,
    );
    sandbox.call(&["get", "team:A"]).run().says(
        "",
        "keyctl: no key named `team:A`\nkeyctl: hint: keep it with `keyctl set team:A`\n",
        3,
    );
    sandbox.call(&["get", "personal:A"]).run().says("personal-secret", "", 0);
    sandbox.set(key, "team-secret-2").says(
        "",
        "keyctl: a key named `team:stripe/test` exists already\nkeyctl: hint: to replace its secret: `--replace`; the former one is kept\n",
        1,
    );
    sandbox.secret("team-secret-3");
    sandbox.call(&["rotate", key, "--yes"]).input("team-secret-3").run().says(
        "",
        "keyctl: replacing `team:stripe/test` touches:\nkeyctl:   used  ~/project  printed, just now\n\
         keyctl: replaced `team:stripe/test`; its former secret is kept\n",
        0,
    );
    sandbox.call(&["rename", key, "stripe/live"]).run().says(
        "",
        "keyctl: renamed `team:stripe/test` to `team:stripe/live`\n",
        0,
    );
    let key = "team:stripe/live";
    sandbox.call(&["rename", key, "team:stripe/prod"]).run().says(
        "",
        "keyctl: renamed `team:stripe/live` to `team:stripe/prod`\n",
        0,
    );
    let key = if key.is_empty() { key } else { "team:stripe/prod" };
    sandbox.call(&["rename", key, "personal:x"]).run().says(
        "",
        "keyctl: a key is renamed in its own store; nothing was renamed\n\
         keyctl: hint: to put it into the other one: `keyctl store move team:stripe/prod --to personal`\n",
        2,
    );
    sandbox.call(&["edit", key, "--note", "for tests"]).run().says("", "keyctl: changed `team:stripe/prod`\n", 0);
    sandbox.call(&["revoke", key, "--yes"]).run().says(
        "",
        "keyctl: revoking `team:stripe/prod` touches:\nkeyctl:   used  ~/project  printed, just now\n\
         keyctl: revoked `team:stripe/prod`: `run` and `env` give it to nothing any more\n\
         keyctl: hint: end it at its issuer too; then `keyctl rotate team:stripe/prod`\n",
        0,
    );
    let run = sandbox.call(&["run", "-k", "X=team:stripe/prod", "--", "true"]).run();
    let refused = "keyctl: not given: `team:stripe/prod` was revoked just now [E09]\n\
        keyctl: hint: replace it with `keyctl rotate team:stripe/prod`\n\
        keyctl: hint: if it may be used after all: `keyctl edit team:stripe/prod --not-revoked`\n";
    run.says("", refused, 125);
    sandbox.call(&["rollback", key, "--yes"]).run();
    sandbox.call(&["forget", key, "--yes"]).run().says(
        "",
        "keyctl: wiped 2 former secrets for good; the current ones stay\n\
         keyctl: hint: older copies of `team.age`, such as backups, still hold them\n",
        0,
    );
    sandbox.call(&["versions", "team:nothing"]).run().says(
        "",
        "keyctl: no key named `team:nothing`\nkeyctl: hint: keep it with `keyctl set team:nothing`\n",
        3,
    );
    sandbox.call(&["history", "who", "team:nothing"]).run().says(
        "",
        "keyctl: no key named `team:nothing`\nkeyctl: hint: `keyctl list --store team` shows the names, `keyctl history --help` what can be asked\n",
        3,
    );
    sandbox.call(&["list", "--store", "team"]).run().says(
        "NAME              CHANGED   FORMER\nteam:stripe/prod  just now\n",
        "",
        0,
    );
    sandbox.call(&["remove", key, "--yes"]).run().says(
        "",
        "keyctl: removed 1 key: `team:stripe/prod`; `keyctl undo --store team` brings it back, `keyctl forget` wipes its secret\n",
        0,
    );
    sandbox.call(&["undo", "--store", "team", "--yes"]).run();
    sandbox.call(&["get", key]).run().says("team-secret", "", 0);
    // The personal store had no part in any of it.
    assert_eq!(actions(&sandbox, "personal"), ["set A", "get A"]);
}

#[test]
fn a_store_that_is_not_there_is_named_with_those_that_are() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    let said = "keyctl: there is no store `prod`\nkeyctl: hint: beside the personal one there are `ops`, `team`\n\
        keyctl: hint: make it with `keyctl store create prod`, or join it with `keyctl store join prod --path FILE`\n";
    for call in [
        &["get", "prod:x"][..],
        &["list", "--store", "prod"],
        &["due", "--store", "prod"],
        &["status", "--store", "prod"],
        &["doctor", "--store", "prod"],
        &["audit", "--store", "prod"],
        &["undo", "--list", "--store", "prod"],
        &["history", "--store", "prod"],
        &["history", "verify", "--store", "prod"],
        &["alerts", "list", "--store", "prod"],
        &["recovery", "verify", "x", "--store", "prod"],
        &["store", "show", "prod"],
        &["store", "keeper", "prod", "--to", "file"],
        &["store", "rekey", "prod", "--yes"],
        &["store", "remove", "prod", "--yes"],
        &["import", "x", "--store", "prod"],
    ] {
        sandbox.call(call).run().says("", said, 3);
    }
    sandbox.call(&["set", "prod:x"]).input("lost-secret").run().says("", said, 3);
    sandbox.call(&["run", "-k", "X=prod:x", "--", "true"]).run().says("", &said.replacen('\n', " [E03]\n", 1), 125);
    sandbox.call(&["get", "Prod:x"]).run().says(
        "",
        "keyctl: `<NAME>`: a store's name cannot hold `P`; use a lower-case letter, then lower-case letters, digits, `_` or `-`\n\
         keyctl: hint: see `keyctl get --help`\n",
        2,
    );
    assert!(!sandbox.data("stores/prod").exists(), "nothing is made by asking");
}

#[test]
fn keys_of_two_stores_are_not_changed_in_one_call() {
    let sandbox = sandbox();
    for verb in ["remove", "forget"] {
        sandbox.call(&[verb, "A", "team:stripe/test", "--yes"]).run().says(
            "",
            "keyctl: `A` and `team:stripe/test` are in two stores; nothing was done\n\
             keyctl: hint: name the keys of one store at a time\n",
            2,
        );
    }
    sandbox.call(&["history", "team:stripe/test", "--store", "ops"]).run().says(
        "",
        "keyctl: `team:stripe/test` is not in the store `ops`; say one of the two\n",
        2,
    );
}

#[test]
fn a_command_gets_keys_of_several_stores_and_each_history_has_its_own() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    sandbox.set("ops:A", "ops-secret").says("", "keyctl: kept `ops:A`\n", 0);
    let words = ["run", "-k", "A", "-k", "B=team:stripe/test", "-k", "C=ops:A", "--", "sh", "-c", "echo $A $B $C"];
    sandbox.call(&words).run().says("personal-secret team-secret ops-secret\n", "", 0);
    // Of a key of another store that stands alone, the variable is called as the key.
    sandbox.call(&["run", "-k", "ops:A", "--", "sh", "-c", "echo $A"]).run().says("ops-secret\n", "", 0);
    sandbox.call(&["env", "-k", "ops:A"]).run().says("A=ops-secret\n", "", 0);
    assert_eq!(actions(&sandbox, "personal"), ["set A", "run A"]);
    assert_eq!(actions(&sandbox, "team"), ["store", "set stripe/test", "run stripe/test"]);
    assert_eq!(actions(&sandbox, "ops"), ["store", "set A", "run A", "run A", "env A"]);
    // One that lacks keeps all back, and no history has a use.
    sandbox.call(&["run", "-k", "A", "-k", "B=team:gone", "-k", "C=ops:A", "--", "true"]).run().says(
        "",
        "keyctl: no key named `team:gone` [E03]\nkeyctl: hint: keep it with `keyctl set team:gone`\n",
        125,
    );
    sandbox.call(&["run", "-k", "A", "-k", "B=team:gone", "--allow-missing", "--", "true"]).run().says(
        "",
        "keyctl: goes on without `team:gone`\n",
        0,
    );
    assert_eq!(actions(&sandbox, "ops").len(), 5);
    assert_eq!(actions(&sandbox, "team").len(), 3);
    // The same name in two stores is two keys.
    sandbox.call(&["run", "-k", "X=A", "-k", "X=ops:A", "--", "true"]).run().says(
        "",
        "keyctl: `X` is to be both `A` and `ops:A`, and can only be one [E02]\n\
         keyctl: hint: give each key a variable of its own\n",
        125,
    );
}

#[test]
fn a_project_names_the_stores_that_its_keys_are_of_and_each_approves_its_own() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\nLEVEL = { value = \"x\" }\nSTRIPE = \"team:stripe/test\"\n");
    let run = || sandbox.call(&["run", "--", "sh", "-c", "echo $A $LEVEL $STRIPE"]).run();
    run().says(
        "",
        "keyctl: `~/project/.keyctl.toml` is not allowed; it asks for 3 things that nobody has allowed here [E06]\n\
         keyctl: hint: A <- key A\nkeyctl: hint: LEVEL <- the setting \"x\"\n\
         keyctl: hint: STRIPE <- key team:stripe/test\n\
         keyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n",
        125,
    );
    sandbox.allow();
    run().says("personal-secret x team-secret\n", "", 0);
    let lines = |path: &Path| fs::read_to_string(path).expect("read").lines().count() - 1;
    assert_eq!((lines(&sandbox.data("allowed")), lines(&team(&sandbox, "allowed"))), (2, 1));
    assert_eq!(
        actions(&sandbox, "team")[2..],
        ["failed stripe/test", "alert stripe/test", "allow stripe/test", "run stripe/test"]
    );
    // A list that another identity wrote is none.
    let (ours, theirs) = (sandbox.data("allowed"), team(&sandbox, "allowed"));
    let good = fs::read(&theirs).expect("read");
    fs::write(&theirs, fs::read(&ours).expect("read")).expect("write");
    let refused = run();
    assert_eq!(refused.code(), 125);
    assert!(
        refused.stderr().contains("it asks for 1 thing that nobody has allowed here [E06]"),
        "{}",
        refused.stderr()
    );
    fs::write(&theirs, good).expect("write");
    run().says("personal-secret x team-secret\n", "", 0);
    // The same variable with the key of that name of another store is another grant.
    sandbox.file(".keyctl.toml", "[env]\nA = \"team:A\"\nSTRIPE = \"team:stripe/test\"\n");
    let refused = run();
    assert!(refused.stderr().contains("hint: A <- key team:A\n") && refused.code() == 125, "{}", refused.stderr());
    sandbox.call(&["deny"]).run().says("", "keyctl: took back 3 grants\n", 0);
    sandbox.call(&["deny"]).run().says("", "keyctl: nothing was allowed here\n", 0);
    assert_eq!((lines(&ours), lines(&theirs)), (0, 0));
}

#[test]
fn an_approval_that_was_planted_in_another_stores_list_is_found_out() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nSTRIPE = \"team:stripe/test\"\n");
    sandbox.allow();
    sandbox.call(&["run", "--", "true"]).run().says("", "", 0);
    // Whoever has the personal identity alone cannot write approvals of the team's.
    let (identity, list) = (team(&sandbox, "identity.txt"), team(&sandbox, "allowed"));
    let text = fs::read_to_string(&list).expect("read");
    let (head, sealed) = text.trim_end().rsplit_once(' ').expect("a line");
    let mut bytes = sealed.as_bytes().to_vec();
    crate::sandbox::bend(&mut bytes[40]);
    fs::write(&list, format!("{head} {}\n", String::from_utf8(bytes).expect("text"))).expect("write");
    let said = "keyctl: store `team`: the approval of `STRIPE` in `~/.local/share/keyctl/stores/team/allowed` was not written with your identity: it is forged [E05]\n\
        keyctl: hint: if you have a new identity since you approved it, that is why\n\
        keyctl: hint: look at what this project asks for with `keyctl allow`, and approve it anew\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
    assert!(identity.exists());
}

#[test]
fn a_store_that_does_not_open_hinders_only_who_needs_it() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    sandbox.set("ops:B", "ops-secret").says("", "keyctl: kept `ops:B`\n", 0);
    let gone = |store: &str| {
        fs::rename(sandbox.data(store).join("identity.txt"), sandbox.data(store).join("away")).expect("move");
    };
    gone("stores/ops");
    sandbox.call(&["run", "-k", "A", "-k", "X=team:stripe/test", "--", "sh", "-c", "echo $A $X"]).run().says(
        "personal-secret team-secret\n",
        "",
        0,
    );
    sandbox.call(&["run", "-k", "A", "-k", "ops:B", "--", "true"]).run().says(
        "",
        "keyctl: store `ops`: `identity.txt` has no identity for this store any more [E04]\n\
         keyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE --store ops`\n",
        125,
    );
    assert_eq!(actions(&sandbox, "personal"), ["set A", "run A"]);
    // A project that wants keys of one store alone opens that one alone.
    sandbox.file(".keyctl.toml", "[env]\nSTRIPE = \"team:stripe/test\"\n");
    sandbox.allow();
    gone("");
    sandbox.call(&["run", "--", "sh", "-c", "echo $STRIPE"]).run().says("team-secret\n", "", 0);
    let (ran, trace) = sandbox.call(&["run", "--", "true"]).traced("openat");
    assert_eq!(ran.code(), 0);
    let opened = |path: &str| trace.lines().any(|line| line.contains(&format!("{path}\"")));
    assert!(opened("/stores/team/identity.txt") && opened("/repo/team.age"), "{trace}");
    assert!(
        !opened("/keyctl/identity.txt") && !opened("/keyctl/store.age") && !trace.contains("/stores/ops"),
        "{trace}"
    );
}

#[test]
fn a_call_for_keys_of_the_personal_store_looks_at_no_other() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    let (ran, trace) = sandbox.call(&["run", "--", "true"]).traced("%file");
    assert_eq!(ran.code(), 0);
    assert!(!trace.contains("/keyctl/stores") && !trace.contains("/keyctl/path"), "{trace}");
}

#[test]
fn a_store_in_a_repository_may_be_read_by_others_and_not_changed_by_them() {
    let sandbox = sandbox();
    let file = sandbox.home().join("repo/team.age");
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("chmod");
    mode(0o644);
    sandbox.call(&["get", "team:stripe/test"]).run().says("team-secret", "", 0);
    sandbox.set("team:B", "other-secret").says("", "keyctl: kept `team:B`\n", 0);
    mode(0o666);
    let said = "keyctl: `~/repo/team.age` is open to other users\nkeyctl: hint: chmod 600 '~/repo/team.age'\n";
    sandbox.call(&["get", "team:stripe/test"]).run().says("team-secret", said, 0);
    sandbox.set("team:C", "third-secret").says("", said, 7);
}

#[test]
fn what_is_said_of_a_whole_store_is_said_of_the_one_that_was_meant() {
    let sandbox = sandbox();
    let status = sandbox.call(&["status", "--store", "team"]).run();
    assert!(
        status.stdout().starts_with("store          1 key; identity kept in `identity.txt`\n"),
        "{}",
        status.stdout()
    );
    assert_eq!(status.stderr(), "keyctl: hint: make a recovery copy: `keyctl recovery create --store team`\n");
    let due = sandbox.call(&["due", "--all", "--store", "team"]).run().stdout();
    assert!(due.contains("\nteam:stripe/test  no plan "), "{due}");
    let audit = sandbox.call(&["audit", "--store", "team"]).run().stdout();
    assert!(audit.contains("`keyctl edit team:stripe/test --rotate-every 90d`"), "{audit}");
    assert!(audit.contains("`keyctl recovery create --store team`"), "{audit}");
    let audit = sandbox.call(&["audit", "--store", "team", "--json"]).run().stdout();
    assert!(audit.contains("\"command\": \"keyctl edit team:stripe/test --rotate-every 90d\""), "{audit}");
    let file = sandbox.file("more.env", "NPM=npm-secret-1\n");
    sandbox.may_lie_in(&file);
    sandbox.secret("npm-secret-1");
    let import = sandbox.call(&["import", "more.env", "--store", "team"]).run();
    assert_eq!(import.code(), 0, "{}", import.stderr());
    sandbox.call(&["get", "team:NPM"]).run().says("npm-secret-1", "", 0);
    sandbox.call(&["history", "verify", "--store", "team"]).run();
    let phrase = sandbox.file("phrase", "a long enough passphrase of many words\n");
    let phrase = ["--passphrase-file", phrase.to_str().expect("text")];
    let recovery = |words: &[&str]| sandbox.call(&[&["recovery"], words, &phrase, &["--store", "team"]].concat()).run();
    let made = recovery(&["create", "copy.age"]);
    assert_eq!(made.code(), 0, "{}", made.stderr());
    crate::recovering::make_cheap(&sandbox, "stores/team", "copy.age", "a long enough passphrase of many words");
    // The identity is lost, and comes back with the copy.
    fs::remove_file(team(&sandbox, "identity.txt")).expect("remove");
    assert_eq!(sandbox.call(&["get", "team:NPM"]).run().code(), 4);
    let back = recovery(&["restore", "copy.age"]);
    assert_eq!(back.code(), 0, "{}", back.stderr());
    sandbox.call(&["get", "team:NPM"]).run().says("npm-secret-1", "", 0);
    sandbox.call(&["store", "rekey", "team", "--yes"]).run();
    sandbox.call(&["get", "team:NPM"]).run().says("npm-secret-1", "", 0);
    sandbox.call(&["get", "A"]).run().says("personal-secret", "", 0);
}

#[test]
fn what_keeps_a_store_from_being_removed_keeps_that_out_of_the_history() {
    let sandbox = sandbox();
    let lock = team(&sandbox, "lock");
    let _ = fs::remove_file(&lock);
    fs::create_dir(&lock).expect("make");
    let ran = sandbox.call(&["store", "remove", "team", "--yes"]).run();
    assert_eq!(ran.code(), 7, "{}", ran.stderr());
    let told = sandbox.call(&["history", "--action", "store", "--json"]).run().stdout();
    assert!(!told.contains("removed the store"), "{told}");
    fs::remove_dir(&lock).expect("remove");
    assert_eq!(sandbox.call(&["list", "--store", "team"]).run().code(), 0);
}

#[test]
fn a_store_is_removed_after_a_yes_with_all_but_its_file_elsewhere() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    sandbox.call(&["store", "remove", "team"]).run().says(
        "",
        "keyctl: the store `team` has 1 key:\n  its identity, its history and what projects were allowed of it are removed\n  `~/repo/team.age` stays, and nothing here opens it any more\n\
         keyctl: removing the store `team` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["get", "team:stripe/test"]).run().says("team-secret", "", 0);
    sandbox.call(&["store", "remove", "team", "--yes"]).run().says(
        "",
        "keyctl: removed the store `team`, its identity and its history\n\
         keyctl: hint: `~/repo/team.age` stays where it is; you open it with a recovery copy only\n",
        0,
    );
    assert!(!sandbox.data("stores/team").exists() && sandbox.home().join("repo/team.age").exists());
    // An empty one goes without a question.
    sandbox.call(&["store", "remove", "ops"]).run().says(
        "",
        "keyctl: removed the store `ops`, its identity and its history\n",
        0,
    );
    sandbox.call(&["store", "list"]).run().says(
        "NAME      KEEPER  FILE\npersonal  file    ~/.local/share/keyctl/store.age\n",
        "",
        0,
    );
    sandbox.call(&["store", "remove", "personal", "--yes"]).run().says(
        "",
        "keyctl: the personal store cannot be removed\n\
         keyctl: hint: to remove keys of it, with all their former secrets: `keyctl remove NAME --forget`\n",
        2,
    );
    assert_eq!(actions(&sandbox, "personal"), ["set A", "store", "store"]);
}

#[test]
fn a_removal_that_was_cut_short_is_ended_by_the_next_one() {
    let sandbox = sandbox();
    fs::write(team(&sandbox, "removed"), "").expect("write");
    sandbox.call(&["get", "team:stripe/test"]).run().says(
        "",
        "keyctl: there is no store `team`\nkeyctl: hint: its removal was cut short; to end it: `keyctl store remove team`\n",
        3,
    );
    sandbox.call(&["store", "create", "team", "--keeper", "file"]).run().says(
        "",
        "keyctl: the removal of the store `team` was cut short\nkeyctl: hint: end it first: `keyctl store remove team`\n",
        1,
    );
    let listed = sandbox.call(&["store", "list"]).run().stdout();
    assert!(listed.ends_with("team      being removed  ~/repo/team.age\n"), "{listed}");
    sandbox.call(&["store", "remove", "team"]).run().says(
        "",
        "keyctl: ending the removal of the store `team`, which was cut short\n\
         keyctl: removed the store `team`, its identity and its history\n\
         keyctl: hint: `~/repo/team.age` stays where it is; you open it with a recovery copy only\n",
        0,
    );
    assert!(!sandbox.data("stores/team").exists());
}

#[test]
fn where_the_age_file_lies_is_read_from_the_stores_folder() {
    let sandbox = sandbox();
    fs::write(team(&sandbox, "path"), "repo/team.age\n").expect("write");
    let said = "keyctl: `~/.local/share/keyctl/stores/team/path` does not say where the store lies\n\
        keyctl: hint: write the absolute path of the store's age file into it, and nothing else\n";
    sandbox.call(&["get", "team:stripe/test"]).run().says("", said, 5);
    let listed = sandbox.call(&["store", "list"]).run();
    assert_eq!(listed.code(), 0, "{}", listed.stderr());
    // The repository was moved.
    fs::rename(sandbox.home().join("repo"), sandbox.home().join("moved")).expect("move");
    let path = sandbox.home().join("moved/team.age");
    fs::write(team(&sandbox, "path"), format!("{}\n", path.display())).expect("write");
    sandbox.call(&["get", "team:stripe/test"]).run().says("team-secret", "", 0);
    sandbox.call(&["get", "A"]).run().says("personal-secret", "", 0);
}

#[test]
fn a_key_moves_to_another_store_with_its_former_secrets_and_its_facts() {
    let sandbox = sandbox();
    sandbox.secret("second-secret");
    sandbox
        .call(&["set", "A", "--replace", "--note", "for tests", "--rotate-every", "90d"])
        .input("second-secret")
        .run();
    let said = "keyctl: moved `A` to `team:A`, with its former secret and all that is known of it\n\
        keyctl: hint: what asks for `A`, in project files and profiles, has to ask for `team:A` now\n\
        keyctl: hint: older copies of the store it was in, such as backups, still hold it\n";
    sandbox.call(&["store", "move", "A", "--to", "team"]).run().says("", said, 0);
    let gone = "keyctl: no key named `A`\nkeyctl: hint: keep it with `keyctl set A`\n";
    sandbox.call(&["get", "A"]).run().says("", gone, 3);
    sandbox.call(&["versions", "A"]).run().says("", gone, 3);
    sandbox.call(&["get", "team:A"]).run().says("second-secret", "", 0);
    let shown = sandbox.call(&["show", "team:A"]).run().stdout();
    assert!(shown.contains("\nnote        for tests\n") && shown.contains("\nreplace     every 90 days"), "{shown}");
    assert_eq!(sandbox.call(&["rollback", "team:A", "--yes"]).run().code(), 0);
    sandbox.call(&["get", "team:A"]).run().says("personal-secret", "", 0);
    assert_eq!(actions(&sandbox, "personal"), ["set A", "set A", "remove A"]);
    let notes = sandbox.call(&["history"]).run().stdout();
    assert!(notes.contains("remove (moved to the store `team`)"), "{notes}");
    let notes = sandbox.call(&["history", "team:A"]).run().stdout();
    assert!(notes.contains("set (moved from the store `personal`)"), "{notes}");
    // Where another key has the name it stays where it is.
    sandbox.set("stripe/test", "other-secret").says("", "keyctl: kept `stripe/test`\n", 0);
    sandbox.call(&["store", "move", "stripe/test", "--to", "team"]).run().says(
        "",
        "keyctl: a key named `team:stripe/test` exists already\n\
         keyctl: hint: give that one another name first: `keyctl rename team:stripe/test OTHER`\n",
        1,
    );
    sandbox.call(&["get", "stripe/test"]).run().says("other-secret", "", 0);
    sandbox.call(&["store", "move", "team:A", "--to", "team"]).run().says(
        "",
        "keyctl: `team:A` is in that store already\n",
        0,
    );
    sandbox.call(&["store", "move", "team:A", "--to", "personal"]).run();
    sandbox.call(&["get", "A"]).run().says("personal-secret", "", 0);
}

#[test]
fn who_lists_the_personal_store_is_told_of_the_others() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    let other = "keyctl: other stores: `ops`, `team`; see `keyctl list --store NAME`\n";
    sandbox.call(&["list"]).run().says("NAME  CHANGED   FORMER\nA     just now\n", other, 0);
    sandbox.call(&["list", "--quiet"]).run().says("NAME  CHANGED   FORMER\nA     just now\n", "", 0);
    sandbox.call(&["list", "--store", "ops"]).run().says("", "keyctl: no key is kept\n", 0);
    let json = sandbox.call(&["list", "--json"]).run();
    assert_eq!((json.stderr().as_str(), json.code()), ("", 0));
}

#[test]
fn stores_and_their_keys_are_completed() {
    let sandbox = sandbox();
    make(&sandbox, "ops");
    let complete = |words: &[&str]| {
        let typed = words.len().saturating_sub(1).to_string();
        let call = sandbox.call(&[&["--"], words].concat()).env("KEYCTL_COMPLETE", "bash");
        let told = call.env("_CLAP_COMPLETE_INDEX", &typed).env("_CLAP_IFS", "\n").run().stdout();
        told.lines().filter(|word| !word.starts_with('-')).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(complete(&["keyctl", "get", ""]), "A\nteam:stripe/test");
    assert_eq!(complete(&["keyctl", "get", "team:s"]), "team:stripe/test");
    assert_eq!(complete(&["keyctl", "get", "A"]), "A");
    assert_eq!(complete(&["keyctl", "run", "-k", "X=team:"]), "X=team:stripe/test");
    assert_eq!(complete(&["keyctl", "store", "show", ""]), "personal\nops\nteam");
    assert_eq!(complete(&["keyctl", "store", "remove", "t"]), "team");
    assert_eq!(complete(&["keyctl", "store", "create", "t"]), "");
    assert_eq!(complete(&["keyctl", "list", "--store", "o"]), "ops");
    assert_eq!(complete(&["keyctl", "store", "move", "A", "--to", "te"]), "team");
}

#[test]
fn a_profile_whose_store_is_not_here_keeps_nobody_from_allowing_and_using_the_others() {
    let sandbox = sandbox();
    sandbox.file(
        ".keyctl.toml",
        "[env]\nSTRIPE = \"team:stripe/test\"\n\n[profiles.prod]\nenv = { STRIPE = \"prod:stripe\" }\n",
    );
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    sandbox.call(&["allow", "--hash", hash.trim()]).run().says(
        "",
        "keyctl: not allowed: 1 grant; there is no store `prod`\nkeyctl: allowed: 1 grant in `~/project`\n",
        0,
    );
    sandbox.call(&["run", "--", "sh", "-c", "echo $STRIPE"]).run().says("team-secret\n", "", 0);
    let said = "keyctl: there is no store `prod` [E03]\nkeyctl: hint: beside the personal one there is `team`\n\
        keyctl: hint: make it with `keyctl store create prod`, or join it with `keyctl store join prod --path FILE`\n";
    sandbox.call(&["run", "-P", "prod", "--", "true"]).run().says("", said, 125);
    // Of what is of that store alone nothing can be allowed.
    sandbox.file(".keyctl.toml", "[env]\nSTRIPE = \"prod:stripe\"\n");
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    sandbox.call(&["allow", "--hash", hash.trim()]).run().says("", &said.replace(" [E03]", ""), 3);
}

#[test]
fn a_store_in_the_keychain_has_an_identity_of_its_own_there_which_goes_with_it() {
    let (sandbox, keychain) = desktop();
    sandbox.set("A", "personal-secret").says("", "keyctl: kept `A`\n", 0);
    let create = || sandbox.call(&["store", "create", "team"]).run();
    let made = "keyctl: made the store `team`; its identity is kept in the keychain\n";
    create().says("", made, 0);
    sandbox.set("team:T", "team-secret").says("", "keyctl: kept `team:T`\n", 0);
    assert!(!team(&sandbox, "identity.txt").exists());
    sandbox.call(&["run", "-k", "A", "-k", "team:T", "--", "sh", "-c", "echo $A $T"]).run().says(
        "personal-secret team-secret\n",
        "",
        0,
    );
    let kept = ["keeper.toml", "store.age"].map(|name| (name, fs::read(team(&sandbox, name)).expect("read")));
    let removed = "keyctl: removed the store `team`, its identity and its history\n";
    sandbox.call(&["store", "remove", "team", "--yes"]).run().says("", removed, 0);
    // With its files put back nothing opens it: the keychain has its identity no more.
    fs::create_dir(sandbox.data("stores/team")).expect("make");
    for (name, bytes) in kept {
        fs::write(team(&sandbox, name), bytes).expect("write");
    }
    fs::set_permissions(team(&sandbox, "store.age"), fs::Permissions::from_mode(0o600)).expect("chmod");
    let said = "keyctl: the keychain has no identity for this store any more\n\
        keyctl: hint: the store itself is untouched; bring the identity back: `keyctl recovery restore FILE --store team`\n";
    sandbox.call(&["get", "team:T"]).run().says("", said, 4);
    fs::remove_dir_all(sandbox.data("stores/team")).expect("remove");
    // And does not take the folder for one that lost its store.
    create().says("", made, 0);
    make(&sandbox, "ops");
    sandbox.set("ops:B", "ops-secret").says("", "keyctl: kept `ops:B`\n", 0);
    keychain.lock();
    sandbox.call(&["run", "-k", "ops:B", "--", "sh", "-c", "echo $B"]).run().says("ops-secret\n", "", 0);
    let refused = sandbox.call(&["run", "-k", "ops:B", "-k", "team:T", "--", "true"]).run();
    assert!(
        refused.stderr().starts_with("keyctl: store `team`: the keychain is locked [E04]\n"),
        "{}",
        refused.stderr()
    );
    assert_eq!(sandbox.call(&["store", "list"]).run().code(), 0);
    let shown = sandbox.call(&["store", "show", "team"]).run();
    assert!(shown.stdout().contains("not known: the keychain is locked") && shown.code() == 0, "{}", shown.stdout());
}

#[test]
fn an_older_copy_of_a_store_of_one_person_is_not_accepted_as_if_it_were_the_one_that_he_knows() {
    let sandbox = sandbox();
    let path = sandbox.home().join("repo/team.age");
    let older = fs::read(&path).expect("read");
    sandbox.set("team:B", "second-secret");
    fs::write(&path, older).expect("write");
    for words in
        [&["store", "recipients", "accept", "team", "--older", "--yes"][..], &["store", "recipients", "accept", "team"]]
    {
        let ran = sandbox.call(words).run();
        assert!(
            ran.stderr().starts_with("keyctl: the store is an older copy: ") && ran.code() == 5,
            "{}",
            ran.stderr()
        );
        let way = "if you want this one: `keyctl recovery restore FILE --accept-older --store team`\n";
        assert!(ran.stderr().ends_with(way), "{}", ran.stderr());
    }
}
