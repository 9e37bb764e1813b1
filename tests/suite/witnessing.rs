//! What an event says of who asked and why: the programs above keyctl, the agent that perhaps was among them, the reason.
#![cfg(unix)]

use std::collections::BTreeSet;

use clap::CommandFactory;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let ran = sandbox.call(&["history", "--json"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let events = ran.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect::<Vec<Value>>();
    // Alerts have a chapter of their own.
    events.into_iter().filter(|event| event["ev"] != "alert").collect()
}

fn last(sandbox: &Sandbox) -> Value {
    events(sandbox).pop().expect("an event")
}

const NEEDED: &str = "keyctl: hint: say why it is used, for the history: `--reason TEXT`\n";

#[cfg(target_os = "linux")]
#[test]
fn an_event_names_the_programs_above_keyctl_and_neither_their_folders_nor_their_arguments() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret("argument-secret");
    let script = sandbox.file("a name that is longer than linux keeps", "#!/bin/sh\n\"$@\"\ntrue\n");
    let words = ["env", "sh", "-c", "sh \"$0\" \"$@\"; true", script.to_str().expect("text")];
    // What is between the two shells goes by the name of its file, not of the script.
    sandbox.call(&["run", "-k", "A", "--", "true", "argument-secret"]).under(&words).run().says("", "", 0);
    let event = last(&sandbox);
    let by: Vec<&str> =
        event["by"].as_array().expect("a chain").iter().map(|name| name.as_str().expect("text")).collect();
    assert_eq!(by[..2], ["sh", "sh"], "{by:?}");
    assert!(by.len() <= 8 && by.iter().all(|name| !name.contains('/')), "{by:?}");
    let text = event.to_string();
    assert!(!text.contains("argument-secret") && !text.contains("longer"), "{text}");
    assert_eq!((&event["tty"], &event["prog"]), (&json!(false), &json!("true")));
    assert!(event["agent"].is_null());
    // A change says it too.
    sandbox.call(&["edit", "A", "--note", "x"]).under(&["sh", "-c", "\"$0\" \"$@\"; true"]).run();
    assert_eq!(last(&sandbox)["by"][0], "sh");
}

#[cfg(target_os = "linux")]
#[test]
fn one_small_read_is_made_for_each_program_above() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let (ran, trace) = sandbox.call(&["run", "-k", "A", "--", "true"]).traced("openat,readlink,read,execve");
    assert_eq!(ran.code(), 0);
    let own =
        trace.lines().take_while(|line| !line.contains("execve(") || line.contains("keyctl\", [")).collect::<Vec<_>>();
    let opened = own.iter().filter(|line| line.contains("openat(") && line.contains("/stat\"")).count();
    let read = own.iter().filter(|line| line.contains("read(") && line.contains("/stat>")).count();
    assert!(opened == read && (1..=9).contains(&opened), "{opened} opened, {read} read: {trace}");
    assert!(!trace.contains("/cmdline") && !trace.contains("/environ"), "{trace}");
}

#[test]
fn a_coding_agent_is_told_by_its_variable() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["get", "A"]).env("CLAUDECODE", "1").run().says("first-secret", "", 0);
    assert_eq!(last(&sandbox)["agent"], "Claude Code");
    sandbox.call(&["get", "A"]).env("AI_AGENT", "\u{1b}[31m").run().says("first-secret", "", 0);
    assert_eq!(last(&sandbox)["agent"], "an agent");
    // Set to nothing it is not set, as scripts take a variable away.
    sandbox.call(&["get", "A"]).env("AI_AGENT", "").run().says("first-secret", "", 0);
    assert!(last(&sandbox)["agent"].is_null());
    sandbox.configure("[policy]\nrequire_reason = \"agents\"\n");
    sandbox.call(&["get", "A"]).env("AI_AGENT", "").run().says("first-secret", "", 0);
}

#[test]
fn a_programs_arguments_are_recorded_for_the_keys_that_the_user_asks_that_for_and_no_secret_with_them() {
    let sandbox = Sandbox::with(&[("prod/A", "first-secret"), ("B", "second-secret"), ("SHORT", "xyz")]);
    let run = |keys: &[&str], words: &[&str]| {
        let keys: Vec<&str> = keys.iter().flat_map(|key| ["-k", key]).collect();
        let ran = sandbox.call(&[&["run"], &keys[..], &["--", "true"], words].concat()).run();
        ran.says("", "", 0);
        last(&sandbox)["args"].clone()
    };
    assert_eq!(run(&["A=prod/A"], &["deploy"]), Value::Null);
    sandbox.configure("[[keys]]\nmatch = \"prod/*\"\nrecord_arguments = true\n");
    assert_eq!(run(&["B"], &["deploy"]), Value::Null);
    assert_eq!(run(&["A=prod/A"], &[]), Value::Null);
    let words = [
        "deploy",
        "",
        "--token=first-secret",
        "second-secret",
        "-Hsecond-secret:",
        "third",
        "axyzb",
        "two\nlines\u{1b}[31m",
    ];
    let kept = json!(["deploy", "", "…", "…", "…", "third", "…", "two\nlines\u{1b}[31m"]);
    assert_eq!(run(&["A=prod/A", "B", "SHORT"], &words), kept);
    // Shown without what a terminal would act on, and as words.
    let shown = sandbox.call(&["history", "-n", "1"]).run().stdout();
    assert!(shown.lines().count() == 2 && !shown.contains('\u{1b}'), "{shown:?}");
    assert!(shown.contains("true deploy \"\" … … … third … "), "{shown:?}");
    let (many, long) = (vec!["x"; 100], "é".repeat(5_000));
    let kept = run(&["A=prod/A"], &many);
    assert!(kept.as_array().is_some_and(|kept| kept.len() == 33 && kept[32] == "…"), "{kept}");
    assert_eq!(run(&["A=prod/A"], &[&long]), json!([format!("{}…", "é".repeat(160))]));
    // An alert of such a use does not have them.
    sandbox.configure("[[keys]]\nmatch = \"*\"\nrecord_arguments = true\n[policy]\nrevoked = \"warn\"\n");
    assert_eq!(sandbox.call(&["revoke", "B", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["run", "-k", "B", "--", "true", "deploy"]).run().code(), 0);
    let all = sandbox.call(&["history", "--json"]).run().stdout();
    let alert: Value = serde_json::from_str(all.lines().last().expect("an entry")).expect("json");
    assert_eq!((&alert["ev"], &alert["args"]), (&json!("alert"), &Value::Null));
    assert_eq!(last(&sandbox)["args"], json!(["deploy"]));
    sandbox.configure("[[keys]]\nmatch = \"*\"\nrecord_arguments = \"yes\"\n");
    let ran = sandbox.call(&["run", "-k", "B", "--", "true"]).run();
    assert!(ran.stderr().contains("expected `true` or `false`, found a text"), "{}", ran.stderr());
}

#[test]
fn a_reason_stands_in_the_event_and_no_secret_can() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    sandbox.call(&["run", "-k", "A", "--reason", " deploy 12 ", "--", "true"]).run().says("", "", 0);
    assert_eq!(last(&sandbox)["reason"], "deploy 12");
    sandbox.call(&["env", "-k", "A", "--reason", "for make"]).run().says("A=first-secret\n", "", 0);
    assert_eq!(last(&sandbox)["reason"], "for make");
    sandbox.call(&["get", "A", "--reason", "look"]).run().says("first-secret", "", 0);
    assert_eq!(last(&sandbox)["reason"], "look");
    sandbox.secret("third-secret");
    let ran = sandbox.call(&["rotate", "A", "--yes", "--reason", "leaked"]).input("third-secret").run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert_eq!((&last(&sandbox)["ev"], &last(&sandbox)["reason"]), (&json!("rotate"), &json!("leaked")));
    let before = events(&sandbox).len();
    let refused = "keyctl: the secret of `A` itself stands in the reason; nothing was done\n\
                   keyctl: hint: reasons are shown; say it without the secret, and take that call out of the shell's history\n";
    sandbox.call(&["get", "A", "--reason", "is it third-secret?"]).run().says("", refused, 2);
    let ran = sandbox.call(&["run", "-k", "A", "--reason", "third-secret", "--", "true"]).run();
    ran.says("", &refused.replace("done\n", "done [E02]\n"), 125);
    let ran = sandbox.call(&["rotate", "A", "--yes", "--reason", "third-secret"]).input("fourth").run();
    ran.says("", refused, 2);
    for bad in ["", "two\nlines", "\u{1b}[31mred", &"x".repeat(201)] {
        let ran = sandbox.call(&["get", "A", "--reason", bad]).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2), "{bad:?}");
        assert!(ran.stderr().contains("a reason is one line of text with at most 200 characters"), "{}", ran.stderr());
    }
    assert_eq!(events(&sandbox).len(), before);
}

#[test]
fn a_key_that_needs_a_reason_is_not_given_without_one_and_the_history_says_so() {
    let sandbox = Sandbox::with(&[("a/prod", "first-secret"), ("b", "second-secret")]);
    sandbox.configure("[[keys]]\nmatch = \"*/prod\"\nrequire_reason = \"always\"\n");
    let refused = format!("keyctl: not given: `a/prod` needs a reason\n{NEEDED}");
    sandbox.call(&["get", "a/prod"]).run().says("", &refused, 9);
    let event = last(&sandbox);
    assert_eq!(
        [&event["ev"], &event["names"], &event["outcome"]],
        [&json!("failed"), &json!(["a/prod"]), &json!("refused: no reason")]
    );
    let run =
        |more: &[&str]| sandbox.call(&[&["run", "-k", "A=a/prod", "-k", "B=b"], more, &["--", "true"]].concat()).run();
    run(&[]).says("", &refused.replace("reason\n", "reason [E09]\n"), 125);
    assert_eq!((&last(&sandbox)["names"], &last(&sandbox)["prog"]), (&json!(["a/prod"]), &json!("true")));
    run(&["--reason", "release"]).says("", "", 0);
    sandbox.call(&["env", "-k", "A=a/prod"]).run().says("", &refused, 9);
    sandbox.call(&["get", "b"]).run().says("second-secret", "", 0);
    let ran = sandbox.call(&["rotate", "a/prod", "--yes"]).input("third-secret").run();
    ran.says("", &refused.replace("given", "replaced"), 9);
    assert_eq!(last(&sandbox)["outcome"], "refused: no reason");
}

#[test]
fn an_agent_needs_a_reason_where_a_person_needs_none() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("dev/B", "second-secret")]);
    sandbox
        .configure("[policy]\nrequire_reason = \"agents\"\n[[keys]]\nmatch = \"dev/*\"\nrequire_reason = \"never\"\n");
    let refused = format!("keyctl: not given: `A` needs a reason (perhaps Codex asks for it)\n{NEEDED}");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.call(&["get", "A"]).env("CODEX_SANDBOX", "seatbelt").run().says("", &refused, 9);
    assert_eq!(last(&sandbox)["agent"], "Codex");
    sandbox.call(&["get", "A", "--reason", "x"]).env("CODEX_SANDBOX", "seatbelt").run().says("first-secret", "", 0);
    sandbox.call(&["get", "dev/B"]).env("CODEX_SANDBOX", "seatbelt").run().says("second-secret", "", 0);
}

#[test]
fn a_project_may_ask_for_a_reason_and_cannot_take_the_users_word_back() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let refused = format!("keyctl: not given: `A` needs a reason [E09]\n{NEEDED}");
    let run = |more: &[&str]| sandbox.call(&[&["run"], more, &["--", "true"]].concat()).run();
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    run(&[]).says("", "", 0);
    // It asks for more from now on, and nobody has to allow that.
    sandbox.file(".keyctl.toml", "require_reason = \"always\"\n[env]\nA = \"A\"\n");
    run(&[]).says("", &refused, 125);
    run(&["--reason", "x"]).says("", "", 0);
    sandbox.file(".keyctl.toml", "require_reason = \"never\"\n[env]\nA = \"A\"\n");
    run(&[]).says("", "", 0);
    sandbox.configure("[[projects]]\nfolder = \"~/project\"\nrequire_reason = \"always\"\n");
    run(&[]).says("", &refused, 125);
    assert_eq!(last(&sandbox)["cwd"], "~/project");
    sandbox.file(".keyctl.toml", "require_reason = \"perhaps\"\n[env]\nA = \"A\"\n");
    let ran = run(&[]);
    assert!(
        ran.stderr().contains("line 1, column 18: this is either `never`, `agents` or `always`"),
        "{}",
        ran.stderr()
    );
}

#[test]
fn a_project_that_is_not_allowed_is_recorded_where_no_keychain_is_asked() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nSTOLEN = \"A\"\n");
    let ran = sandbox.call(&["run", "--", "true"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 125));
    let event = last(&sandbox);
    assert_eq!(
        [&event["ev"], &event["names"], &event["outcome"]],
        [&json!("failed"), &json!(["A"]), &json!("refused: not allowed")]
    );
    assert_eq!((&event["prog"], &event["cwd"]), (&json!("true"), &json!("~/project")));
    assert_eq!(sandbox.call(&["env"]).run().code(), 6);
    assert_eq!(last(&sandbox)["outcome"], "refused: not allowed");
    assert_eq!(events(&sandbox).len(), 3);
    // Where no key was ever kept there is nothing to tell, and none is made.
    let empty = Sandbox::new();
    empty.file(".keyctl.toml", "[env]\nSTOLEN = \"A\"\n");
    assert_eq!(empty.call(&["run", "--", "true"]).run().code(), 125);
    assert!(!empty.data("history.log").exists() && !empty.data("identity.txt").exists());
}

#[test]
fn a_worktree_says_which_project_it_belongs_to() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(sandbox.project()).args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(words);
        sandbox.environment(&mut command);
        assert!(command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git").status.success(), "{words:?}");
    };
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "x"]);
    git(&["worktree", "add", "-q", "../other"]);
    sandbox.allow();
    sandbox.call(&["run", "--", "true"]).run().says("", "", 0);
    assert_eq!((&last(&sandbox)["cwd"], &last(&sandbox)["project"]), (&json!("~/project"), &Value::Null));
    let other = sandbox.home().join("other");
    sandbox.call(&["run", "--", "true"]).inside(&other).run().says("", "", 0);
    assert_eq!((&last(&sandbox)["cwd"], &last(&sandbox)["project"]), (&json!("~/other"), &json!("~/project")));
}

/// Commands that use or change nothing that is kept, so that there is nothing to record.
const LEAVE_NONE: &[&str] = &[
    "show",
    "list",
    "versions",
    "due",
    "init",
    "profile",
    "history",
    "status",
    "doctor",
    "schema",
    "completions",
    "man",
    // What it has run leaves one.
    "mcp",
    // An agent's own settings, outside of the store.
    "agent",
    // What a shell loads once; what it calls then leaves one.
    "activate",
    // The part of `copy` that stays, which `copy` has recorded.
    "hold-clipboard",
    // The part of `unlock` that stays, which `unlock` has recorded.
    "close-on-lock",
    // The head of a command's session, which `run` has recorded.
    "lead-session",
    // What is printed after its end.
    "mask-rest",
    // What `proxy run --sandbox` has recorded, before it becomes the command.
    "confine",
    // A table of `config.toml`; what a key is then fetched for leaves one.
    "source",
    // The part of an alert that goes on by itself.
    "deliver-alert",
];

#[test]
fn every_command_that_uses_or_changes_something_leaves_an_event() {
    let sandbox = Sandbox::new();
    sandbox.may_lie_in(&sandbox.file(".env", "FROM_FILE=file-secret\n"));
    for secret in ["first-secret", "second-secret", "third-secret", "file-secret"] {
        sandbox.secret(secret);
    }
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.file("template", "{{ keyctl \"A\" }}\n");
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    let phrase = "correct horse battery staple nine";
    sandbox.secret(phrase);
    let calls: &[(&[&str], &str, &str, &str)] = &[
        (&["store", "create", "--keeper", "file"], "", "store", "created"),
        (&["set", "A"], "first-secret", "set", ""),
        (&["import", ".env"], "", "import", ""),
        (&["edit", "A", "--note", "x"], "", "edit", ""),
        (&["allow", "--hash", hash.trim()], "", "allow", ""),
        (&["run", "--", "true"], "", "run", ""),
        (&["env"], "", "env", "dotenv"),
        (&["shell", "--", "true"], "", "run", ""),
        (&["hook-env", "bash"], "", "activate", ""),
        (&["render", "template"], "", "render", "template"),
        (&["get", "A"], "", "get", ""),
        (&["scan", ".keyctl.toml"], "", "scan", ""),
        (&["audit"], "", "scan", ""),
        (&["deny"], "", "deny", ""),
        (&["rotate", "A", "--yes"], "second-secret", "rotate", ""),
        (&["rollback", "A", "--yes"], "", "rollback", ""),
        (&["undo", "--yes"], "", "undo", ""),
        (&["forget", "A", "--yes"], "", "forget", ""),
        (&["remind", "snooze", "A"], "", "edit", "snoozed"),
        (&["rename", "FROM_FILE", "B"], "", "rename", ""),
        (&["revoke", "B", "--yes"], "", "revoke", ""),
        (&["remove", "B", "--yes"], "", "remove", ""),
        (&["recovery", "create", "copy.age"], phrase, "recovery", "created"),
        (&["recovery", "verify", "copy.age"], phrase, "recovery", "verified"),
        (&["recovery", "restore", "copy.age"], phrase, "recovery", "restored"),
    ];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (words, input, action, note) in calls {
        let before = if *action == "store" { 0 } else { events(&sandbox).len() };
        let ran = sandbox.call(words).input(input).run();
        assert_eq!(ran.code(), 0, "{words:?}: {}", ran.stderr());
        if words.starts_with(&["recovery", "create"]) {
            crate::recovering::make_cheap(&sandbox, "", "copy.age", phrase);
        }
        let events = events(&sandbox);
        assert!(events.len() > before, "{words:?} leaves no event");
        let event = &events[before..].iter().find(|event| event["ev"] == **action);
        let event = event.unwrap_or_else(|| panic!("{words:?}: {events:?}"));
        assert!(note.is_empty() || event["note"].as_str().is_some_and(|found| found.contains(note)), "{event}");
        assert!(event["pid"].is_u64() && event["tty"].is_boolean() && event["t"].is_string(), "{event}");
        seen.insert(words[0].to_owned());
    }
    // These need a clipboard, an alert, a store that asks, a source or a host, and have their events in the chapters about them.
    seen.extend(["copy", "alerts", "unlock", "lock", "push", "pull", "proxy"].map(str::to_owned));
    let verbs = keyctl::cli::Cli::command();
    let verbs: BTreeSet<String> = verbs.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let none: BTreeSet<String> = LEAVE_NONE.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        seen.union(&none).cloned().collect::<BTreeSet<_>>(),
        verbs,
        "each command either leaves an event or is named here"
    );
}
