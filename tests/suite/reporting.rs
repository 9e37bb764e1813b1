//! What reports show to a person, and what they give a script.
#![cfg(unix)]

use serde_json::{Value, json};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox},
};

fn asked(sandbox: &Sandbox, words: &[&str]) -> Value {
    let ran = sandbox.call(words).run();
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
    serde_json::from_slice(&ran.output.stdout).expect("json")
}

/// What a terminal of 80 columns shows of a call.
fn narrow(sandbox: &mut Sandbox, words: &[&str]) -> String {
    sandbox.variables.push(("WIDTH".into(), "80".into()));
    let screen = on_a_terminal(sandbox, &[&[KEYCTL][..], words].concat(), &[]);
    sandbox.variables.pop();
    screen.shown
}

#[test]
fn status_says_what_is_kept_what_was_done_last_and_how_the_project_stands() {
    let sandbox = Sandbox::new();
    let status = |row: &str| {
        let shown = sandbox.call(&["status"]).run().stdout();
        let found = shown.lines().find_map(|line| line.strip_prefix(row)).map(str::trim).map(str::to_owned);
        found.unwrap_or_else(|| panic!("no `{row}` in\n{shown}"))
    };
    sandbox.call(&["status"]).run().says(
        "store    no key is kept yet\nproject  no `.keyctl.toml` here\n",
        "keyctl: hint: keep one with `keyctl set NAME`\n",
        0,
    );
    assert_eq!(sandbox.set("a", "first-secret").code(), 0);
    assert_eq!([status("store"), status("last event")], ["1 key; identity kept in `identity.txt`", "set a, just now"]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    assert_eq!(status("project"), "`~/project/.keyctl.toml`: 1 key, not allowed yet");
    sandbox.allow();
    assert_eq!(status("project"), "`~/project/.keyctl.toml`: 1 key, allowed");
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nB = \"b\"\n");
    assert_eq!(status("project"), "`~/project/.keyctl.toml`: 2 keys, changed since it was allowed");
    assert_eq!(status("missing"), "b");
    assert_eq!(sandbox.call(&["run", "--no-project", "-k", "A=a", "--", "true"]).run().code(), 0);
    assert_eq!(status("last event"), "run a by true, just now");
    let many = "k1=s-1\nk2=s-2\nk3=s-3\nk4=s-4\nk5=s-5\n";
    assert_eq!(sandbox.call(&["import", "-"]).input(many).run().code(), 0);
    assert_eq!(status("last event"), "import k1, k2, k3 and 2 more, just now");
}

#[test]
fn at_80_columns_what_was_done_goes_on_in_the_next_line_and_no_word_is_cut() {
    let mut sandbox = Sandbox::with(&[("A", "first-secret")]);
    let log = sandbox.data("history.log");
    let whole = std::fs::read(&log).expect("read");
    std::fs::write(&log, [&whole[..], b"1.2.unfinished"].concat()).expect("write");
    let deep = sandbox.project().join("a-folder-with-a-long-name/and-another-one-below-it");
    std::fs::create_dir_all(&deep).expect("make");
    assert_eq!(sandbox.call(&["run", "-k", "A", "--", "true"]).inside(&deep).run().code(), 0);
    let shown = narrow(&mut sandbox, &["history"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.len() > 4 && lines.iter().all(|line| line.chars().count() <= 80), "{shown}");
    let cells = |line: &&str| line.get(21..).unwrap_or_default().split("  ").next().unwrap_or_default().to_owned();
    let what: Vec<String> = lines[2..].iter().map(cells).collect();
    assert!(
        what.join(" ").starts_with("repair (an unfinished entry of 14 bytes was moved to `history.torn`)"),
        "{shown}"
    );
}

#[test]
fn a_path_in_the_home_folder_is_shown_with_a_tilde_and_taken_with_one() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let home = sandbox.home().display().to_string();
    let raw = |words: &[&str]| {
        let ran = sandbox.call(words).run();
        String::from_utf8([ran.output.stdout.clone(), ran.output.stderr.clone()].concat()).expect("text")
    };
    assert!(raw(&["doctor"]).contains("`~/.local/share/keyctl` is yours alone"));
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    assert!(raw(&["status"]).contains("`~/project/.keyctl.toml`"));
    assert!(raw(&["allow"]).contains("keyctl: allowing a project needs"));
    assert!(!raw(&["run", "--", "true"]).contains(&home) && !raw(&["doctor"]).contains(&home));
    // JSON is for programs, and quotes keep a shell from reading a tilde.
    assert!(raw(&["status", "--json"]).contains(&format!("{home}/project/.keyctl.toml")));
    std::fs::set_permissions(sandbox.data("store.age"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .expect("set");
    let said = raw(&["get", "A"]);
    assert!(said.contains("`~/.local/share/keyctl/store.age` is open to other users"), "{said}");
    assert!(said.contains(&format!("chmod 600 '{home}/.local/share/keyctl/store.age'")), "{said}");
    std::fs::set_permissions(sandbox.data("store.age"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("set");
    sandbox.secret("second-secret");
    std::fs::write(sandbox.home().join("key"), "second-secret").expect("write");
    sandbox.may_lie_in(&sandbox.home().join("key"));
    sandbox.call(&["set", "B", "--from-file=~/key"]).run().says("", "keyctl: kept `B`\n", 0);
    sandbox.call(&["set", "C", "--from-file=./~/key"]).run().says("", "keyctl: there is no file `./~/key`\n", 7);
    let elsewhere = sandbox.call(&["set", "A"]).env("KEYCTL_HOME", "~/elsewhere").input("first-secret").run();
    elsewhere.says("", &format!("{NO_KEYCHAIN}keyctl: kept `A`\n"), 0);
    assert!(sandbox.home().join("elsewhere/store.age").exists());
}

#[test]
fn reports_and_hints_fit_a_terminal_of_80_columns_and_a_pipe_gets_whole_lines() {
    let mut sandbox = Sandbox::new();
    let key = "a-long/name-of-a-key/for-the-staging-environment";
    assert_eq!(sandbox.set(key, "first-secret").code(), 0);
    let folder = sandbox.project().join("somewhere/deep/down/in/a/tree/of/folders");
    std::fs::create_dir_all(&folder).expect("make");
    let run = ["run", "-k", &format!("A={key}"), "--", "/bin/true"];
    assert_eq!(sandbox.call(&run).inside(&folder).run().code(), 0);
    let whole = sandbox.call(&["history"]).run().stdout();
    assert!(whole.contains(key) && whole.contains("~/project/somewhere/deep/down/in/a/tree/of/folders\n"), "{whole}");
    let shown = narrow(&mut sandbox, &["history"]);
    assert_eq!(shown.lines().count(), 3, "{shown}");
    let last = shown.lines().last().expect("a line");
    assert_eq!(last.chars().count(), 80, "{shown}");
    assert!(last.ends_with("  run   a-long/name…environment  true  ~/project/…/of/folders"), "{shown}");
    let shown = narrow(&mut sandbox, &["doctor"]);
    assert!(
        shown.contains("\ncare  keeper             `identity.txt` keeps the identity: whoever copies the\n                         whole folder can open the store, and putting all of it\n                         back to an older state would go unnoticed\n"),
        "{shown}"
    );
    let commands = ["`keyctl store keeper --to keychain`", "`keyctl recovery create`"];
    assert!(commands.iter().all(|command| shown.contains(command)), "a command is broken in two:\n{shown}");
    let shown = narrow(&mut sandbox, &["store", "create"]);
    assert_eq!(
        shown,
        "keyctl: the store exists already\nkeyctl: hint: to let another keep its identity:\n  `keyctl store keeper --to keychain`\n"
    );
    sandbox.call(&["store", "create"]).run().says(
        "",
        "keyctl: the store exists already\nkeyctl: hint: to let another keep its identity: `keyctl store keeper --to keychain`\n",
        1,
    );
}

#[test]
fn only_a_terminal_gets_colour_and_not_one_that_was_told_no() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let shown = |variables: &[&str], words: &[&str]| {
        let env = [&["env", "TERM=xterm"][..], variables, &[KEYCTL], words].concat();
        on_a_terminal(&sandbox, &env, &[]).shown
    };
    let (plain, words) = ("keyctl: no key named `B`\nkeyctl: hint: keep it with `keyctl set B`\n", ["get", "B"]);
    let coloured = "\x1b[31mkeyctl:\x1b[0m no key named `B`\n\x1b[2mkeyctl:\x1b[0m hint: keep it with `keyctl set B`\n";
    assert_eq!(shown(&[], &words), coloured);
    assert_eq!(shown(&["NO_COLOR="], &words), coloured, "an empty variable is none (no-color.org)");
    assert_eq!(shown(&["NO_COLOR=1"], &words), plain);
    assert_eq!(shown(&["TERM=dumb"], &words), plain);
    assert_eq!(shown(&[], &["--no-color", "get", "B"]), plain);
    assert!(shown(&[], &["--help"]).contains("\x1b[") && !shown(&["NO_COLOR=1"], &["--help"]).contains('\x1b'));
    sandbox.call(&words).env("TERM", "xterm").env("CLICOLOR_FORCE", "1").run().says("", plain, 3);
}

#[test]
fn json_is_json_whatever_a_folder_or_a_program_is_called() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let unsafe_ones = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    for name in
        ["quote\"back\\slash", "\u{1b}]52;c;eA==\u{7}", "new\nline\ttab", "\u{202e}turned", "\u{1f511}", "\u{7f}\u{9b}"]
    {
        let folder = sandbox.project().join(name);
        std::fs::create_dir(&folder).expect("make");
        std::fs::write(folder.join(".keyctl.toml"), "[env]\nA = \"A\"\n").expect("write");
        let program = folder.join(format!("run {name}"));
        crate::sandbox::copy_program("/bin/true", &program);
        let call = |words: &[&str]| {
            let ran = sandbox.call(words).inside(&folder).run();
            assert!(ran.code() < 2, "{words:?}: {}", ran.stderr());
            let text = String::from_utf8(ran.output.stdout.clone()).expect("text");
            assert!(!text.contains(unsafe_ones), "{text:?}");
            text
        };
        let run = sandbox.call(&["run", "--no-project", "-k", "A", "--", program.to_str().expect("text")]);
        assert_eq!(run.inside(&folder).run().code(), 0);
        let parsed = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}")) };
        assert_eq!(parsed(&call(&["status", "--json"]))["project"]["file"], json!(folder.join(".keyctl.toml")));
        assert_eq!(parsed(&call(&["allow", "--show-hash", "--json"]))["file"], json!(folder.join(".keyctl.toml")));
        let history = call(&["history", "--json", "-n", "1"]);
        assert_eq!(parsed(&history)["prog"], json!(format!("run {name}")), "{history}");
        for words in [&["status"][..], &["history"], &["history", "verify"], &["run", "-k", "NONE", "--", "true"]] {
            let ran = sandbox.call(words).inside(&folder).run();
            let said = [&ran.output.stdout[..], &ran.output.stderr].concat();
            assert!(!String::from_utf8(said).expect("text").contains(unsafe_ones), "{words:?}");
        }
        for words in [&["list", "--json"][..], &["doctor", "--json"], &["profile", "show", "--json"]] {
            parsed(&call(words));
        }
    }
}

#[test]
fn doctor_gives_a_script_each_check_with_its_grade_and_the_way_out() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let told = asked(&sandbox, &["doctor", "--json"]);
    assert_eq!(told["good"], true);
    let check = |told: &Value, about: &str| {
        let checks = told["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["about"] == about).unwrap_or_else(|| panic!("no {about}: {told}")).clone()
    };
    for (about, grade, seen) in [
        (
            "data folder",
            "good",
            format!("`{}` is yours alone", sandbox.data("").display().to_string().trim_end_matches('/')),
        ),
        ("keychain", "care", "there is no session bus".to_owned()),
        ("store", "good", "opens: 1 key, generation 1, no older copy".to_owned()),
        ("recovery copy", "care", "none: if the identity is lost, so are the keys".to_owned()),
        ("history", "good", "intact (1 entry, end proven, anchored at #1)".to_owned()),
    ] {
        let found = check(&told, about);
        assert_eq!((&found["grade"], &found["seen"]), (&json!(grade), &json!(seen)));
    }
    assert_eq!(check(&told, "recovery copy")["hints"], json!(["make a recovery copy: `keyctl recovery create`"]));
    let store = std::fs::read(sandbox.data("store.age")).expect("read");
    std::fs::write(sandbox.data("store.age"), &store[1..]).expect("write");
    let ran = sandbox.call(&["doctor", "--json"]).run();
    assert_eq!((ran.code(), ran.stderr().as_str()), (1, "keyctl: 1 fault found\n"));
    let told: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    assert_eq!((&told["good"], &check(&told, "store")["grade"]), (&json!(false), &json!("bad")));
}

#[test]
fn a_script_learns_from_allow_what_is_asked_for_and_what_came_of_it() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nA = { key = \"a\", optional = true }\nLEVEL = { value = \"debug\" }\n[profiles.p]\nenv = { A = \"b\" }\n",
    );
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    let told = |allowed: bool| {
        json!({
            "file": sandbox.project().join(".keyctl.toml"), "hash": hash.trim(), "allowed": allowed,
            "grants": [
                { "profile": "default", "variable": "A", "key": "a", "optional": true },
                { "profile": "default", "variable": "LEVEL", "value": "debug" },
                { "profile": "p", "variable": "A", "key": "b", "optional": false },
            ],
        })
    };
    assert_eq!(asked(&sandbox, &["allow", "--show-hash", "--json"]), told(false));
    let refused = sandbox.call(&["allow", "--json"]).run();
    assert_eq!((refused.code(), refused.stdout().as_str()), (6, ""));
    let wrong = sandbox.call(&["allow", "--hash", &"0".repeat(64), "--json"]).run();
    assert_eq!((wrong.code(), wrong.stdout().as_str()), (6, ""));
    assert_eq!(asked(&sandbox, &["allow", "--show-hash", "--json"]), told(false));
    assert_eq!(asked(&sandbox, &["allow", "--hash", hash.trim(), "--json"]), told(true));
    assert_eq!(asked(&sandbox, &["allow", "--json"]), told(true));
    assert_eq!(asked(&sandbox, &["allow", "--show-hash", "--json"]), told(true));
}

#[test]
fn a_script_learns_from_recovery_what_was_made_proven_and_brought_back() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let phrase = "correct horse battery";
    sandbox.secret(phrase);
    let asked = |words: &[&str]| -> Value {
        let ran = sandbox.call(&[&["recovery"][..], words, &["--json"]].concat()).input(phrase).run();
        assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
        serde_json::from_slice(&ran.output.stdout).expect("json")
    };
    let made = asked(&["create", "copy.age"]);
    assert_eq!(made["file"], json!(sandbox.project().join("copy.age")));
    assert!(made["created"].as_str().is_some_and(|moment| moment.ends_with('Z')), "{made}");
    crate::recovering::make_cheap(&sandbox, "", "copy.age", phrase);
    assert_eq!(asked(&["verify", "copy.age"]), json!({ "opens": true, "keys": 1 }));
    std::fs::remove_file(sandbox.data("identity.txt")).expect("lose");
    assert_eq!(asked(&["restore", "copy.age"]), json!({ "opens": true, "keys": 1, "keeper": "file" }));
    let both = sandbox.call(&["recovery", "create", "--print", "--json"]).input(phrase).run();
    assert_eq!((both.code(), both.stdout().as_str()), (2, ""));
    let wrong = sandbox.call(&["recovery", "verify", "copy.age", "--json"]).input("wrong").run();
    assert_eq!((wrong.code(), wrong.stdout().as_str()), (2, ""));
}

#[test]
fn doctor_finds_settings_that_cannot_be_read_and_programs_that_are_not_there() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let settings = |text: &str| {
        let folder = sandbox.home().join(".config/keyctl");
        std::fs::create_dir_all(&folder).expect("make");
        std::fs::write(folder.join("config.toml"), text).expect("write");
        let said = sandbox.call(&["doctor"]).run();
        let rows: Vec<String> =
            said.stdout().lines().filter(|row| row.contains("settings")).map(str::to_owned).collect();
        (rows, said.code())
    };
    let missing = "[[keys]]\nmatch = \"A\"\nrotator = [\"/nowhere/rotator\"]\ncheck = [\"true\"]\n";
    let (rows, code) = settings(missing);
    assert_eq!((rows.len(), code), (1, 0), "{rows:?}");
    assert!(rows[0].starts_with("care  settings ") && rows[0].ends_with("the rotator `/nowhere/rotator` is not found"));
    let (rows, code) = settings("[rotation]\ndefault = \"30\"\n");
    assert_eq!((rows.len(), code), (1, 1), "{rows:?}");
    assert!(rows[0].starts_with("bad   settings ") && rows[0].contains("line 2, column 11: "), "{}", rows[0]);
    assert_eq!(settings("[rotation]\ndefault = \"30d\"\n"), (Vec::new(), 0));
}

#[test]
fn a_mistake_in_an_argument_names_that_argument() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for (call, said) in [
        (
            &["rollback", "A", "--to", "current"][..],
            "`--to`: takes a number from 1 on or a mark, as `keyctl versions` lists them",
        ),
        (
            &["rollback", "A", "--to", "0"],
            "`--to`: takes a number from 1 on or a mark, as `keyctl versions` lists them",
        ),
        (
            &["rotate", "a*"],
            "`NAME`: a key's name cannot hold `*`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`",
        ),
    ] {
        let said = format!("keyctl: {said}\nkeyctl: hint: see `keyctl {} --help`\n", call[0]);
        sandbox.call(call).run().says("", &said, 2);
    }
}
