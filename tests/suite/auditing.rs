//! What `audit` finds wrong with keys, projects and the store, what it mends, and that it tells no secret.

use std::{
    ffi::OsString,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use keyctl::{audit::Rule, home::Home};
use serde_json::{Value, json};

use crate::{
    clock::{self, keep},
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, path, put_program},
};

/// The day on which most of these tests look.
const NOW: &str = "2026-11-25T10:00:00Z";
const NAME: &str = "low     a shell finds `/sandbox/kernel/keyctl`, this is `/built/keyctl`\n        \
                    put this one's folder earlier on `PATH`, or call it by its path\n";
const IDENTITY: &str = "low     `identity.txt` keeps the identity: whoever copies the whole folder can open the store\n        \
                        there is no keychain here; where there is one: `keyctl store keeper --to keychain`\n";
const RECOVERY: &str = "medium  there is no recovery copy: if the identity is lost, so are the keys\n        \
                        `keyctl recovery create`\n";

/// A home in which a shell finds another `keyctl`, so that it is told of on every machine.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    let other = sandbox.outside().join("kernel");
    std::fs::create_dir(&other).expect("make");
    put_program(b"#!/bin/sh\n", &other.join("keyctl"));
    let usual = path();
    let folders = [other].into_iter().chain(std::env::split_paths(&usual));
    let folders = std::env::join_paths(folders).expect("path");
    sandbox.variables.push((OsString::from("PATH"), folders));
    sandbox
}

/// A page with the name of the program under test in the place of its path.
fn page(stdout: &str) -> String {
    let clock = clock::at(NOW).pop().expect("program");
    let real = |program: &str| Path::new(program).canonicalize().expect("program").display().to_string();
    stdout.replace(&real(&clock), "/built/keyctl").replace(&real(KEYCTL), "/built/keyctl")
}

/// A project that asks for these keys, each as a variable, and is allowed at a moment.
fn allowed(sandbox: &Sandbox, folder: &str, grants: &[(&str, &str)], moment: &str) -> PathBuf {
    let folder = sandbox.home().join(folder);
    std::fs::create_dir_all(&folder).expect("make");
    ask_for(&folder, grants);
    let shown = sandbox.call(&["allow", "--show-hash"]).inside(&folder).run().stdout();
    let ran = sandbox.call(&["allow", "--hash", shown.trim()]).inside(&folder).at(moment).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    folder
}

fn ask_for(folder: &Path, grants: &[(&str, &str)]) {
    let lines: Vec<String> = grants.iter().map(|(variable, key)| format!("{variable} = \"{key}\"\n")).collect();
    std::fs::write(folder.join(".keyctl.toml"), format!("[env]\n{}", lines.concat())).expect("write");
}

/// A key with this secret.
fn keep_as(sandbox: &Sandbox, name: &str, secret: &str, moment: &str, details: &[&str]) {
    let ran = sandbox.call(&[&["set", name][..], details].concat()).at(moment).input(secret).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
}

/// A store in which much is wrong.
fn neglected() -> Sandbox {
    let sandbox = sandbox();
    let plan = ["--rotate-every", "1y"];
    keep(&sandbox, "old/unused", "2026-05-01T10:00:00Z", &plan);
    keep(&sandbox, "stripe/live", "2026-05-01T10:01:00Z", &["--expires", "2026-11-22"]);
    let gone = allowed(&sandbox, "gone", &[("O", "old/unused")], "2026-06-01T10:00:00Z");
    allowed(&sandbox, "blog", &[("O", "old/unused")], "2026-06-01T10:01:00Z");
    keep(&sandbox, "aws/deploy", "2026-08-20T10:00:00Z", &["--rotate-every", "90d"]);
    keep(&sandbox, "openai/dev", "2026-09-05T10:00:00Z", &[]);
    keep_as(&sandbox, "openai/test", "sk-secret-of-openai/dev", "2026-09-05T10:01:00Z", &plan);
    keep(&sandbox, "npm/publish", "2026-09-05T10:02:00Z", &plan);
    keep_as(&sandbox, "db/password", "hunter2!", "2026-09-05T10:03:00Z", &plan);
    sandbox.secret("hunter2!");
    let project = allowed(&sandbox, "project", &[("A", "aws/deploy"), ("N", "npm/publish")], "2026-09-10T10:00:00Z");
    sandbox.call(&["run", "--only", "A", "--", "true"]).at("2026-11-01T10:00:00Z").run().says("", "", 0);
    let revoked = sandbox.call(&["revoke", "npm/publish", "--yes"]).at("2026-11-10T10:00:00Z").run();
    assert_eq!(revoked.code(), 0, "{}", revoked.stderr());
    std::fs::remove_dir_all(gone).expect("remove");
    ask_for(&project, &[("A", "aws/deploy"), ("N", "npm/publish"), ("D", "db/password")]);
    let leak = sandbox.file(".env", "# of the project\nA=sk-secret-of-aws/deploy\n");
    sandbox.may_lie_in(&leak);
    sandbox
}

#[test]
fn one_page_tells_what_is_wrong_the_worst_first_each_with_the_command_that_mends_it() {
    let sandbox = neglected();
    let expected = format!(
        "high    `aws/deploy` lies in clear in `~/project/.env:2`\n        \
                 take it out of the file, and replace it: `keyctl rotate aws/deploy`\n\
         high    `npm/publish` is revoked and still allowed in `~/project`\n        \
                 replace it: `keyctl rotate npm/publish`\n\
         high    `stripe/live` expired 3 days ago\n        \
                 `keyctl rotate stripe/live`\n\
         medium  `aws/deploy` was to be replaced 7 days ago\n        \
                 `keyctl rotate aws/deploy`\n\
         medium  `db/password` is short enough to be guessed\n        \
                 replace it: `keyctl rotate db/password`\n\
         medium  `openai/dev` and `openai/test` hold the same secret: replacing one leaves the other behind\n        \
                 let projects ask for one name, then: `keyctl remove openai/test`\n\
         medium  `~/project` asks for 1 thing that you have not allowed\n        \
                 look at it: `keyctl allow ~/project`\n\
         {RECOVERY}{IDENTITY}\
         low     `openai/dev` has no plan to be replaced\n        \
                 `keyctl edit openai/dev --rotate-every 90d`\n\
         low     2 keys were not used for 90 days: `old/unused` and `stripe/live`\n        \
                 look at them: `keyctl history usage --unused-for 90d`\n\
         low     `~/blog` is allowed and has used none of its keys for 90 days\n        \
                 if it is not worked on: `keyctl deny ~/blog`\n\
         low     `~/gone` was allowed and is gone\n        \
                 take back what was allowed there: `keyctl audit --fix`\n\
         {NAME}"
    );
    let said = "keyctl: looked at 7 keys and 3 projects: found 3 high, 5 medium, 6 low\n";
    let audit = |words: &[&str]| sandbox.call(&[&["audit"], words].concat()).at(NOW).run();
    let ran = audit(&[]);
    assert_eq!((page(&ran.stdout()), ran.stderr(), ran.code()), (expected, said.to_owned(), 0));
    sandbox.no_secret_in(&ran.output.stdout);
    for (severity, number) in [("high", "3 findings are high"), ("medium", "8 findings are medium or worse")] {
        let ran = audit(&["-q", "--fail-on", severity]);
        assert_eq!((ran.stderr(), ran.code()), (format!("keyctl: {number}\n"), 1));
    }
}

#[test]
fn as_json_each_finding_has_its_id_a_section_of_owasp_and_an_aim_and_no_secret() {
    let sandbox = neglected();
    let ran = sandbox.call(&["audit", "--json"]).at(NOW).run();
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
    sandbox.no_secret_in(&ran.output.stdout);
    let said: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    assert_eq!(said["now"], NOW);
    assert_eq!(said["summary"], json!({ "high": 3, "medium": 5, "low": 6 }));
    assert_eq!(said["looked_at"], json!({ "projects": 3, "unreadable": 0, "complete": true, "left_out": [] }));
    assert_eq!((&said["use_is_known"], &said["mended"]), (&json!(true), &json!([])));
    let findings = said["findings"].as_array().expect("a list");
    let file = sandbox.project().join(".env").display().to_string();
    let first = json!({
        "id": "secret-in-file",
        "severity": "high",
        "what": format!("`aws/deploy` lies in clear in `{file}:2`"),
        "keys": ["aws/deploy"],
        "places": [format!("{file}:2")],
        "mend": "take it out of the file, and replace it: `keyctl rotate aws/deploy`",
        "command": "keyctl rotate aws/deploy",
        "fixable": false,
        "owasp": "9.2 Remediation",
        "aim": "fewer keys in the clear",
    });
    assert_eq!(findings[0], first);
    for finding in findings {
        let rule = Rule::ALL.iter().find(|rule| finding["id"] == rule.id()).expect("a known id");
        assert_eq!((&finding["owasp"], &finding["aim"]), (&json!(rule.section()), &json!(rule.aim().words())));
        let fields: Vec<&String> = finding.as_object().expect("an object").keys().collect();
        assert_eq!(fields, first.as_object().expect("an object").keys().collect::<Vec<_>>());
    }
    let help = sandbox.call(&["audit", "--help"]).run().stdout();
    assert!(Rule::ALL.iter().all(|rule| help.contains(&format!("  {} ", rule.id()))), "{help}");
}

#[test]
fn where_nothing_is_wrong_that_a_person_can_mend_here_only_that_is_said() {
    let sandbox = sandbox();
    let none = "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    sandbox.call(&["audit"]).run().says("", none, 3);
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let ran = sandbox.call(&["audit", "--fail-on", "high"]).at(NOW).run();
    let said = "keyctl: looked at 1 key and 0 projects: found 1 medium, 2 low\n";
    assert_eq!(
        (page(&ran.stdout()), ran.stderr(), ran.code()),
        (format!("{RECOVERY}{IDENTITY}{NAME}"), said.into(), 0)
    );
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    assert_eq!(history.lines().count(), 1, "nothing was looked through, so nothing is recorded: {history}");
    let usage = sandbox.call(&["audit", "--fail-on", "severe"]).run();
    assert_eq!(
        (usage.stderr().as_str(), usage.code()),
        ("keyctl: `--fail-on`: this is either `low`, `medium` or `high`\nkeyctl: hint: see `keyctl audit --help`\n", 2)
    );
}

#[test]
fn fix_closes_files_and_takes_back_what_is_gone_after_a_yes_and_the_history_has_it() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let gone = allowed(&sandbox, "it's gone", &[("A", "a")], "2026-11-20T10:01:00Z");
    let kept = allowed(&sandbox, "kept", &[("A", "a")], "2026-11-20T10:02:00Z");
    std::fs::remove_dir_all(&gone).expect("remove");
    let store = sandbox.data("store.age");
    std::fs::set_permissions(&store, PermissionsExt::from_mode(0o644)).expect("mode");
    let open = "high    `~/.local/share/keyctl/store.age` is open to other users\n        \
                `chmod 600 '/sandbox/home/.local/share/keyctl/store.age'`\n";
    let lost = "low     `~/it's gone` was allowed and is gone\n        \
                take back what was allowed there: `keyctl audit --fix`\n";
    let audit = |words: &[&str]| {
        let ran = sandbox.call(&[&["audit"], words].concat()).at(NOW).run();
        let stdout = ran.stdout().replace("'~/.local", "'/sandbox/home/.local");
        (page(&stdout), ran.stderr(), ran.code())
    };
    let looked = |projects: &str, found: &str| format!("keyctl: looked at 1 key and {projects}: found {found}\n");
    let before = format!("{open}{RECOVERY}{IDENTITY}{lost}{NAME}");
    assert_eq!(audit(&[]), (before, looked("2 projects", "1 high, 1 medium, 3 low"), 0));
    let asks = "keyctl: mending needs a yes\nkeyctl: hint: without a terminal: `--yes`\n";
    assert_eq!(audit(&["--fix"]), (String::new(), asks.into(), 2));
    let rest = format!("{RECOVERY}{IDENTITY}{NAME}");
    let done = "keyctl: closed `~/.local/share/keyctl/store.age` to other users\n\
                keyctl: took back 1 grant in `~/it's gone`, which is gone\n";
    let said = format!("{done}{}", looked("2 projects", "1 medium, 2 low"));
    assert_eq!(audit(&["--fix", "--yes"]), (rest.clone(), said, 0));
    let mode = std::fs::metadata(&store).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let history = sandbox.call(&["history", "--json", "--action", "deny"]).run().stdout();
    let event: Value = serde_json::from_str(history.trim()).expect("one entry");
    assert_eq!((&event["names"], &event["cwd"]), (&json!(["a"]), &json!("~/it's gone")));
    let nothing = "keyctl: there is nothing that can be mended without a decision of yours\n";
    assert_eq!(audit(&["--fix"]), (rest, format!("{nothing}{}", looked("1 project", "1 medium, 2 low")), 0));
    // What is still there keeps what it was allowed.
    let ran = sandbox.call(&["run", "--", "printenv", "A"]).inside(kept).at(NOW).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("sk-secret-of-a\n", 0));
}

#[test]
fn a_key_that_was_refused_is_told_of_with_how_often_and_to_whom() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    sandbox.call(&["edit", "a", "--only-program", "/bin/sh"]).at("2026-11-20T10:00:00Z").run();
    for words in [&["run", "-kA=a", "--", "true"][..], &["run", "-kA=a", "--", "true"], &["get", "a"]] {
        assert_ne!(sandbox.call(words).at("2026-11-23T10:00:00Z").run().code(), 0);
    }
    let ran = sandbox.call(&["audit"]).at(NOW).run();
    let refused = "low     `a` was refused 3 times in 90 days, last 2 days ago: to `true` (2), to be shown or widened (1)\n        \
                           who asked for it, and why it was refused: `keyctl history a --outcome refused`\n";
    let said = "keyctl: looked at 1 key and 0 projects: found 1 medium, 3 low\n";
    let (shown, stderr) = (page(&ran.stdout()), ran.stderr());
    assert!(shown.contains(refused) && stderr == said, "{shown}{stderr}");
    let ran = sandbox.call(&["audit", "--json"]).at(NOW).run();
    let json: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    let programs = json!([{ "program": null, "times": 1 }, { "program": "true", "times": 2 }]);
    let refused =
        json!({ "key": "a", "times": 3, "last": "2026-11-23T10:00:00Z", "programs": programs, "why": ["program"] });
    assert_eq!(json["refused"], json!([refused]));
    let listed = sandbox.call(&["history", "a", "--outcome", "refused", "--json"]).run().stdout();
    assert_eq!(listed.lines().count(), 3, "what it says to type shows them: {listed}");
}

#[test]
fn looking_through_projects_is_recorded_as_a_scan_is_and_with_what_was_found() {
    let sandbox = neglected();
    let entries = || {
        let history = sandbox.call(&["history", "--json", "--action", "scan"]).run().stdout();
        history.lines().map(|line| serde_json::from_str(line).expect("json")).collect::<Vec<Value>>()
    };
    assert!(entries().is_empty());
    sandbox.call(&["audit", "-q"]).at(NOW).run();
    let told: Vec<_> = entries().iter().map(|event| [event["names"].clone(), event["outcome"].clone()]).collect();
    assert_eq!(told, [[Value::Null, Value::Null], [json!(["aws/deploy"]), json!("found 1 place")]]);
}

#[test]
fn a_file_of_variables_that_git_ignores_is_looked_at_and_what_is_not_kept_is_told_of_there_alone() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let project = allowed(&sandbox, "project", &[("A", "a")], "2026-11-20T10:01:00Z");
    let secret = ["ghp", "_", "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0"].concat();
    let shaped = ["AK", "IAQ3EXB4LK5WZ7R2TN"].concat();
    std::fs::create_dir(project.join(".git")).expect("make");
    std::fs::write(project.join(".gitignore"), ".env\n").expect("write");
    for (name, text) in
        [(".env", format!("A=sk-secret-of-a\nID={shaped}\n")), ("notes.txt", format!("{shaped} {secret}\n"))]
    {
        sandbox.may_lie_in(&sandbox.file(name, text));
    }
    let ran = sandbox.call(&["audit", "--json"]).at(NOW).run();
    let said: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    let told = |id: &str| -> Vec<Value> {
        let findings = said["findings"].as_array().expect("a list").iter();
        findings.filter(|finding| finding["id"] == id).map(|finding| finding["places"].clone()).collect()
    };
    let place = |line: u8| json!([format!("{}:{line}", project.join(".env").display())]);
    assert_eq!((told("secret-in-file"), told("unkept-in-file")), (vec![place(1)], vec![place(2)]));
    let out = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(!out.contains(&shaped) && !out.contains(&secret), "{out}");
}

#[test]
fn a_history_that_was_changed_and_settings_that_are_refused_are_told_of_and_the_rest_too() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    sandbox.call(&["get", "a"]).at("2026-11-20T10:01:00Z").run();
    let log = sandbox.data("history.log");
    let text = std::fs::read_to_string(&log).expect("read");
    std::fs::write(&log, text.replacen("1.1.", "1.9.", 1)).expect("write");
    sandbox.configure("colour = 1\n");
    let ran = sandbox.call(&["audit", "--json"]).at(NOW).run();
    let said: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    let ids: Vec<&str> =
        said["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["id"].as_str()).collect();
    assert_eq!(
        ids,
        ["history-tampered", "recovery-none", "settings-refused", "identity-in-file", "name-on-path"],
        "{}",
        ran.stderr()
    );
    assert_eq!(said["use_is_known"], false);
}

#[test]
fn on_a_terminal_of_80_columns_every_line_fits_and_a_hostile_name_is_escaped() {
    let mut sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let gone = allowed(&sandbox, "\u{1b}[31mred", &[("A", "a")], "2026-11-20T10:01:00Z");
    std::fs::remove_dir_all(gone).expect("remove");
    let piped = sandbox.call(&["audit"]).run();
    assert!(piped.stdout().contains("~/\\u{1b}[31mred` was allowed and is gone"), "{}", piped.stdout());
    assert!(!piped.output.stdout.contains(&0x1b));
    sandbox.variables.push(("WIDTH".into(), "80".into()));
    let shown = on_a_terminal(&sandbox, &[KEYCTL, "audit"], &[]).shown;
    let fitted = "low     `identity.txt` keeps the identity: whoever copies the whole folder can\n        \
                          open the store\n        \
                          there is no keychain here; where there is one:\n        \
                          `keyctl store keeper --to keychain`\n";
    assert!(shown.contains(fitted), "{shown}");
    assert!(!shown.contains("\u{1b}[31m"), "{shown}");
    for line in shown.lines().filter(|line| !line.contains('/')) {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
}

/// The ways to mend what the audit finds by a rule, and where that is.
fn mends(sandbox: &Sandbox, id: &str) -> Vec<(Value, Value)> {
    let ran = sandbox.call(&["audit", "--json"]).at(NOW).run();
    let said: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    let findings = said["findings"].as_array().expect("a list").iter().filter(|finding| finding["id"] == id);
    findings.map(|finding| (finding["mend"].clone(), finding["command"].clone())).collect()
}

#[test]
fn no_advice_takes_a_file_of_settings_away_and_what_was_accepted_is_not_told() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let project = allowed(&sandbox, "project", &[("A", "a")], "2026-11-20T10:01:00Z");
    let shaped = ["AK", "IAQ3EXB4LK5WZ7R2TN"].concat();
    sandbox.file(".env", format!("ID={shaped}\n"));
    let settings = sandbox.file("secrets.toml", format!("port = 8080\nid = \"{shaped}\"\na = \"sk-secret-of-a\"\n"));
    sandbox.may_lie_in(&settings);
    let adopt = format!("keyctl scan --adopt {}", project.join(".env").display());
    let by_hand = "keep it with `keyctl set NAME`, then take it out of there by hand";
    assert_eq!(
        mends(&sandbox, "unkept-in-file"),
        [(json!(format!("keep it here instead: `{adopt}`")), json!(adopt)), (json!(by_hand), Value::Null)]
    );
    assert_eq!(mends(&sandbox, "secret-in-file").len(), 1);
    let accepted = sandbox.call(&["scan", "--accept", "--yes"]).at(NOW).run();
    assert_eq!(accepted.code(), 0, "{}", accepted.stderr());
    assert_eq!([mends(&sandbox, "unkept-in-file"), mends(&sandbox, "secret-in-file")], [[], []]);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("mode");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn fix_closes_an_identity_that_is_not_used_while_it_is_open() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let identity = sandbox.data("identity.txt");
    set_mode(&identity, 0o644);
    let ran = sandbox.call(&["audit"]).at(NOW).run();
    assert_eq!(ran.code(), 7);
    assert!(ran.stderr().ends_with("keyctl: hint: or let keyctl close it: `keyctl audit --fix`\n"), "{}", ran.stderr());
    assert_eq!(sandbox.call(&["audit", "--fix"]).at(NOW).run().code(), 2);
    assert_eq!(mode(&identity), 0o644);
    let ran = sandbox.call(&["audit", "--fix", "--yes"]).at(NOW).run();
    let said = "keyctl: closed `~/.local/share/keyctl/identity.txt` to other users\n\
                keyctl: looked at 1 key and 0 projects: found 1 medium, 2 low\n";
    let rest = format!("{RECOVERY}{IDENTITY}{NAME}");
    assert_eq!((page(&ran.stdout()), ran.stderr().as_str(), ran.code()), (rest, said, 0));
    assert_eq!(mode(&identity), 0o600);
}

#[test]
fn fix_changes_nothing_but_what_is_keyctls_own() {
    let sandbox = sandbox();
    keep(&sandbox, "a", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    let (folder, hooks) = (sandbox.data(""), sandbox.data("git-hooks"));
    std::fs::create_dir(&hooks).expect("make");
    let (script, copy) = (sandbox.data("deploy.sh"), sandbox.data("store.age.bak"));
    put_program(b"#!/bin/sh\n", &script);
    std::fs::write(&copy, "x").expect("write");
    for (path, mode) in [(&hooks, 0o755), (&script, 0o755), (&copy, 0o644), (&folder, 0o755)] {
        set_mode(path, mode);
    }
    let ran = sandbox.call(&["audit", "--fix", "--yes"]).at(NOW).run();
    assert!(
        ran.stderr().starts_with("keyctl: closed `~/.local/share/keyctl/git-hooks` to other users\n"),
        "{}",
        ran.stderr()
    );
    assert_eq!([&hooks, &script, &copy, &folder].map(|path| mode(path)), [0o700, 0o755, 0o644, 0o755]);
    let told = ran.stdout();
    assert!(told.contains("keyctl/store.age.bak` is open to other users") && !told.contains("deploy.sh"), "{told}");
    // Without it the folder is keyctl's alone.
    std::fs::remove_file(&script).expect("remove");
    assert_eq!(sandbox.call(&["audit", "--fix", "--yes"]).at(NOW).run().code(), 0);
    assert_eq!(mode(&folder), 0o700);
}

#[test]
fn everything_that_keyctl_puts_into_its_folder_is_known_as_its_own() {
    let sandbox = neglected();
    sandbox.call(&["audit", "--fix", "--yes"]).at(NOW).run();
    sandbox.call(&["scan", "--accept", "--yes"]).at(NOW).run();
    sandbox.call(&["scan", "install-hook", "--global"]).run();
    sandbox.call(&["history", "prune", "--keep", "1", "--yes"]).run();
    let names = std::fs::read_dir(sandbox.data("")).expect("a folder").flatten().map(|entry| entry.file_name());
    let foreign: Vec<OsString> = names.filter(|name| !Home::is_own(name)).collect();
    assert_eq!(foreign, [""; 0]);
}
