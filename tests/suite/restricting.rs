//! What a key may be used for: where, by which programs, before whom; and that only a person at a terminal takes that back.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, put_program},
};

/// A home with one key, `a`, and two programs that print what they get of it: `mine` and `other`.
fn with_programs() -> Sandbox {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    for name in ["mine", "other"] {
        put_program(b"#!/bin/sh\necho \"${A-nothing} ${B-nothing}\"\n", &sandbox.project().join(name));
    }
    sandbox
}

/// Says what a key may be used for.
#[track_caller]
fn limit(sandbox: &Sandbox, name: &str, options: &[&str]) {
    let said = format!("keyctl: changed `{name}`\n");
    sandbox.call(&[&["edit", name], options].concat()).run().says("", &said, 0);
}

/// The last entry of the history that is no alert.
fn last_event(sandbox: &Sandbox) -> Value {
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    let events = history.lines().map(|line| serde_json::from_str::<Value>(line).expect("json"));
    let mut events = events.filter(|event| event["ev"] != "alert");
    events.next_back().expect("an event")
}

/// States how the last refusal stands in the history.
#[track_caller]
fn was_refused(sandbox: &Sandbox, why: &str, names: &[&str]) {
    let event = last_event(sandbox);
    let told = (&event["ev"], &event["outcome"], &event["names"]);
    assert_eq!(told, (&json!("failed"), &json!(format!("refused: {why}")), &json!(names)), "{event}");
}

const RUN: [&str; 5] = ["run", "-k", "A=a", "--", "./mine"];
const GIVEN: &str = "first-secret nothing\n";
const YOURSELF: &str = "keyctl: hint: do it yourself, at a terminal\n";

/// The way out that is said of a limit in the store.
fn way_out(options: &str) -> String {
    format!("keyctl: hint: to change that, at a terminal: `keyctl edit a {options}`\n")
}

#[test]
fn a_key_of_a_project_is_given_there_and_below_and_nowhere_else() {
    let sandbox = with_programs();
    let below = sandbox.project().join("api/deep");
    std::fs::create_dir_all(&below).expect("make");
    let beside = sandbox.home().join("project-2");
    std::fs::create_dir_all(&beside).expect("make");
    std::os::unix::fs::symlink(&below, sandbox.home().join("link")).expect("link");
    limit(&sandbox, "a", &["--only-project", "."]);
    for inside in [sandbox.project(), below, sandbox.home().join("link")] {
        sandbox.call(&["get", "a"]).inside(&inside).run().says("first-secret", "", 0);
    }
    sandbox.call(&RUN).run().says(GIVEN, "", 0);
    for (outside, shown) in [(beside, "~/project-2"), (sandbox.home(), "~"), (PathBuf::from("/"), "/")] {
        let refused = |tag: &str| {
            let why =
                format!("keyctl: not given: `a` is only for `~/project` and not for `{shown}`, as the store says");
            format!("{why}{tag}\n{}", way_out("--any-project"))
        };
        let run = ["run", "-k", "A=a", "--", "true"];
        sandbox.call(&run).inside(&outside).run().says("", &refused(" [E09]"), 125);
        was_refused(&sandbox, "project", &["a"]);
        for words in [&["get", "a"][..], &["env", "-k", "A=a"]] {
            sandbox.call(words).inside(&outside).run().says("", &refused(""), 9);
            was_refused(&sandbox, "project", &["a"]);
        }
    }
    // A folder that has become a link since is another one: whoever made it says where it leads.
    sandbox.set("b", "second-secret");
    let (own, other) = (sandbox.home().join("own"), sandbox.home().join("other"));
    for folder in [&own, &other] {
        std::fs::create_dir(folder).expect("make");
    }
    limit(&sandbox, "b", &["--only-project", "~/own"]);
    sandbox.call(&["get", "b"]).inside(&own).run().says("second-secret", "", 0);
    std::fs::remove_dir(&own).expect("remove");
    std::os::unix::fs::symlink(&other, &own).expect("link");
    for folder in [&own, &other] {
        let why = "keyctl: not given: `b` is only for `~/own` and not for `~/other`, as the store says\n";
        let way_out = way_out("--any-project").replace("edit a", "edit b");
        sandbox.call(&["get", "b"]).inside(folder).run().says("", &format!("{why}{way_out}"), 9);
    }
    // One more folder takes the place of the one before, as it was said; a folder that is none is a slip.
    let none = "keyctl: `--only-project`: `~/none` is no folder\n";
    sandbox.call(&["edit", "a", "--only-project", "~/none"]).run().says("", none, 2);
}

#[test]
fn a_key_of_a_program_is_given_to_that_file_alone_and_shown_to_nobody() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--only-program", "./mine"]);
    sandbox.call(&RUN).run().says(GIVEN, "", 0);
    let planted = sandbox.home().join("planted");
    std::fs::create_dir(&planted).expect("make");
    put_program(b"#!/bin/sh\necho stolen\n", &planted.join("mine"));
    // Along `PATH` and through a link it is the same file; another one of its name is not.
    let found = |folder: &Path| sandbox.call(&["run", "-k", "A=a", "--", "mine"]).env("PATH", folder).run();
    let only = "keyctl: not given: `a` is only for `~/project/mine`";
    let program = way_out("--any-program");
    let refused = |other: &str| format!("{only} and not for `{other}`, as the store says [E09]\n{program}");
    found(&planted).says("", &refused("~/planted/mine"), 125);
    std::fs::remove_file(planted.join("mine")).expect("remove");
    std::os::unix::fs::symlink(sandbox.project().join("mine"), planted.join("mine")).expect("link");
    assert_eq!(found(&planted).code(), 0);
    sandbox.call(&["run", "-k", "A=a", "--", "./other"]).run().says("", &refused("~/project/other"), 125);
    was_refused(&sandbox, "program", &["a"]);
    assert_eq!(last_event(&sandbox)["prog"], "other");
    for words in [&["get", "a"][..], &["get", "a", "--show"], &["env", "-k", "A=a"]] {
        let shown = format!("{only} and not to be shown, as the store says\n{program}");
        sandbox.call(words).run().says("", &shown, 9);
        was_refused(&sandbox, "program", &["a"]);
    }
    // What an update puts in its place is the same program.
    std::fs::remove_file(sandbox.project().join("mine")).expect("remove");
    put_program(b"#!/bin/sh\necho newer\n", &sandbox.project().join("mine"));
    sandbox.call(&RUN).run().says("newer\n", "", 0);
}

/// What is said of variables that are left out.
fn left_out(names: &str) -> String {
    let way = "(`edit --with-variable` lets one through)";
    format!("keyctl: left out, as a key is for certain programs alone: {names} {way}\n")
}

#[test]
fn what_has_a_program_load_other_code_is_left_out_but_for_what_a_person_lets_through() {
    let sandbox = with_programs();
    put_program(b"#!/bin/sh\necho $A ${NODE_PATH-none} ${NODE_OPTIONS-none}\n", &sandbox.project().join("mine"));
    let run = |options: &str| {
        let words = [&["run"][..], &[options], &RUN[1..]].concat();
        let call = sandbox.call(words.strip_prefix(&["run", ""]).map_or(&words[..], |_| &RUN));
        call.env("NODE_PATH", "/planted").env("NODE_OPTIONS", "--use-openssl-ca").run()
    };
    let own = ["--with-variable", "NODE_OPTIONS"];
    let said = "keyctl: `--with-variable`: nothing is left out for `a`, which every program may have\nkeyctl: hint: say both, as in `--only-program /usr/bin/node --with-variable NODE_OPTIONS`\n";
    sandbox.call(&[&["edit", "a"], &own[..]].concat()).run().says("", said, 2);
    limit(&sandbox, "a", &["--only-program", "./mine"]);
    // It changes what the program does, so it is said to who wants to hear little.
    for quiet in ["", "-q"] {
        run(quiet).says("first-secret none none\n", &left_out("`NODE_OPTIONS`, `NODE_PATH`"), 0);
    }
    // To let one through is to allow more: of whoever calls it no word is enough.
    let alone = "keyctl: to use `a` for more takes a yes at a terminal; nothing was changed\n";
    let call = sandbox.call(&[&["edit", "a"], &own[..]].concat()).input("y\n");
    call.under(&["setsid", "-w"]).run().says("", &format!("{alone}{YOURSELF}"), 9);
    let lets = |variable: &str, words: &str| {
        let question = format!("keyctl: let `a` be used for more: with-variable {words}? [y/N] ");
        let screen = on_a_terminal(&sandbox, &[KEYCTL, "edit", "a", "--with-variable", variable], &[("[y/N] ", "y\r")]);
        screen.says(&format!("{question}y\nkeyctl: changed `a`\n"), 0);
    };
    // With a value it is let through with that one alone.
    lets("NODE_OPTIONS=--inspect", "none -> NODE_OPTIONS=--inspect");
    run("").says("first-secret none none\n", &left_out("`NODE_OPTIONS`, `NODE_PATH`"), 0);
    lets("NODE_OPTIONS", "NODE_OPTIONS=--inspect -> NODE_OPTIONS");
    run("").says("first-secret none --use-openssl-ca\n", &left_out("`NODE_PATH`"), 0);
    let shown = sandbox.call(&["show", "a"]).run().stdout();
    assert!(shown.contains("lets through `NODE_OPTIONS`"), "{shown}");
    // The strictest of all that is said of its programs counts; what says nothing of programs has no part in it.
    let mine = sandbox.project().join("mine").display().to_string();
    let entry = |variables: &str| {
        format!(
            "[[keys]]\nmatch = \"*\"\nprograms = [\"{mine}\"]\n{variables}\n[[keys]]\nmatch = \"a\"\nterminal = false\n"
        )
    };
    sandbox.configure(&entry(""));
    run("").says("first-secret none none\n", &left_out("`NODE_OPTIONS`, `NODE_PATH`"), 0);
    sandbox.configure(&entry("with_variables = [\"NODE_OPTIONS=--use-openssl-ca\", \"NODE_PATH\"]"));
    run("").says("first-secret none --use-openssl-ca\n", &left_out("`NODE_PATH`"), 0);
    sandbox.configure("");
    // Taken back without a word, and gone with the limit that it is an exception of.
    limit(&sandbox, "a", &["--without-variables"]);
    run("").says("first-secret none none\n", &left_out("`NODE_OPTIONS`, `NODE_PATH`"), 0);
}

#[test]
fn what_the_call_itself_gives_may_not_have_a_program_load_other_code_either() {
    let sandbox = with_programs();
    sandbox.secret("--require=/e.js");
    sandbox.set("evil", "--require=/e.js");
    limit(&sandbox, "a", &["--only-program", "./mine"]);
    let refused = |name: &str| {
        format!(
            "keyctl: not given, as a key is for certain programs alone: `{name}` can have one load other code [E09]\n\
             keyctl: hint: leave it out, or let it through, at a terminal: `keyctl edit KEY --with-variable {name}`\n"
        )
    };
    sandbox.configure(
        "[profiles.work]\nenv = { TCL_LIBRARY = { value = \"/planted\" }, LOG_LEVEL = { value = \"1\" } }\n",
    );
    for (words, name) in [
        (["-k", "NODE_OPTIONS=evil"], "NODE_OPTIONS"),
        (["-k", "R_HOME=evil"], "R_HOME"),
        (["--file", "GIT_CONFIG_GLOBAL=evil"], "GIT_CONFIG_GLOBAL"),
        (["-P", "work"], "TCL_LIBRARY"),
    ] {
        let words = [&["run"], &words[..], &RUN[1..]].concat();
        sandbox.call(&words).run().says("", &refused(name), 125);
        let names = if words[1] == "-P" { &["a"][..] } else { &["a", "evil"] };
        was_refused(&sandbox, "a variable that loads other code", names);
    }
    // Another key does not ask for that, nor do other variables; and its owner lets one through, be it with one value alone.
    sandbox.call(&["run", "-k", "PERL5LIB=evil", "--", "./mine"]).run().says("nothing nothing\n", "", 0);
    let lets = |variable: &str| {
        let screen = on_a_terminal(&sandbox, &[KEYCTL, "edit", "a", "--with-variable", variable], &[("[y/N] ", "y\r")]);
        assert_eq!(screen.code, 0, "{}", screen.shown);
    };
    lets("TCL_LIBRARY=/elsewhere");
    let work = [&["run", "-P", "work"], &RUN[1..]].concat();
    sandbox.call(&work).run().says("", &refused("TCL_LIBRARY"), 125);
    lets("TCL_LIBRARY=/planted");
    sandbox.call(&work).run().says(GIVEN, "", 0);
    lets("NODE_OPTIONS");
    sandbox.call(&["run", "-k", "NODE_OPTIONS=evil", "-k", "A=a", "--", "./mine"]).run().says(GIVEN, "", 0);
}

#[test]
fn of_a_script_that_env_starts_it_is_said_that_path_decides_by_what() {
    let sandbox = with_programs();
    put_program(b"#!/usr/bin/env sh\necho $A\n", &sandbox.project().join("mine"));
    let path = "keyctl: `~/project/mine` is run by the `sh` that is first on `PATH`: whoever starts it says which\n";
    let edit = ["edit", "a", "--only-program", "./mine"];
    sandbox.call(&edit).run().says("", &format!("{path}keyctl: changed `a`\n"), 0);
    sandbox.call(&RUN).run().says("first-secret\n", "", 0);
    // What is not plain is not guessed, and what lies in each folder anew is not started.
    let edit = |line: &str| {
        put_program(format!("{line}\necho $A\n").as_bytes(), &sandbox.project().join("mine"));
        sandbox.set("b", "first-secret");
        let said = sandbox.call(&["edit", "b", "--only-program", "./mine"]).run().stderr();
        sandbox.call(&["remove", "b", "--yes"]).run();
        said
    };
    for line in ["#!/usr/bin/env -iS sh", "#!/usr/bin/env -S -u FOO sh", "#!/usr/bin/env -S \"sh\""] {
        let said = "keyctl: `~/project/mine` is run by what `env` finds, which its first line does not say plainly: whoever starts it says which\n";
        assert_eq!(edit(line), format!("{said}keyctl: changed `b`\n"), "{line}");
    }
    let why = "what its first line names is another program in each folder";
    let said = edit("#!rel");
    assert!(said.starts_with(&format!("keyctl: `~/project/mine` cannot be started with this key: {why}\n")), "{said}");
    put_program(b"#!/bin/sh\necho \"stolen: $A\"\n", &sandbox.project().join("rel"));
    sandbox.call(&RUN).run().says("", &format!("keyctl: cannot start `./mine`: {why}\n"), 126);
}

#[test]
fn a_program_by_its_name_alone_is_refused_with_the_path_that_it_would_be() {
    let sandbox = with_programs();
    let folder = sandbox.project();
    let call = |name: &str| sandbox.call(&["edit", "a", "--only-program", name]).env("PATH", &folder).run();
    let said = "keyctl: `--only-program`: `mine` is a name, and a path has to stand here\nkeyctl: hint: it would be `--only-program ~/project/mine`\n";
    call("mine").says("", said, 2);
    let said = "keyctl: `--only-program`: `none` is a name, and a path has to stand here\nkeyctl: hint: such as `--only-program /usr/bin/gh`\n";
    call("none").says("", said, 2);
    call("./none").says("", "keyctl: `--only-program`: `./none` is no program\n", 2);
    call("./").says("", "keyctl: `--only-program`: `./` is no program\n", 2);
}

#[test]
fn what_a_person_was_asked_about_is_what_is_started_or_nothing_is() {
    let sandbox = with_programs();
    put_program(b"#!/bin/sh\necho \"stolen: $A\"\n", &sandbox.project().join("other"));
    std::os::unix::fs::symlink("mine", sandbox.project().join("link")).expect("link");
    limit(&sandbox, "a", &["--ask"]);
    let question = "keyctl: give `a` to `~/project/mine` in `~/project`? [y/N] ";
    let run = |meanwhile: &str| {
        let meanwhile = format!("\0cd {} && {meanwhile}", sandbox.project().display());
        let steps = [("keyctl: give `a`", meanwhile.as_str()), ("[y/N] ", "y\r")];
        on_a_terminal(&sandbox, &[KEYCTL, "run", "-k", "A=a", "--", "./link"], &steps)
    };
    // A script is known, and knows itself, by where it lies: a link that anybody may turn meanwhile is not followed once more.
    put_program(b"#!/bin/sh\necho \"$0 $A\"\n", &sandbox.project().join("mine"));
    for meanwhile in ["true", "ln -sfn other link"] {
        run(meanwhile).says(&format!("{question}y\n~/project/mine first-secret\n"), 0);
        assert_eq!(last_event(&sandbox)["prog"], "mine");
    }
    std::fs::remove_file(sandbox.project().join("link")).expect("remove");
    std::os::unix::fs::symlink("mine", sandbox.project().join("link")).expect("link");
    // Nor one that lacks the line which says what runs it.
    put_program(b"echo \"$0 $A\"\n", &sandbox.project().join("mine"));
    run("ln -sfn other link").says(&format!("{question}y\n~/project/mine first-secret\n"), 0);
    std::fs::remove_file(sandbox.project().join("link")).expect("remove");
    std::os::unix::fs::symlink("mine", sandbox.project().join("link")).expect("link");
    let not = |why: &str| format!("{question}y\nkeyctl: cannot start `./link`: {why}\n");
    run("cp -p mine third && mv third mine").says(&not("another file lies in its place by now"), 126);
    run("cat other >mine").says(&not("it was changed meanwhile"), 126);
    assert_eq!(last_event(&sandbox)["ev"], "failed");
}

/// What a program of the settings gets of a key it writes to `got`.
fn with_named() -> Sandbox {
    let sandbox = with_programs();
    sandbox.secret("second-secret");
    put_program(b"#!/bin/sh\ncat >>\"$HOME/got\"; echo second-\"\"secret\n", &sandbox.home().join("rot"));
    put_program(b"#!/bin/sh\ncat >>\"$HOME/got\"\n", &sandbox.home().join("try"));
    sandbox.may_lie_in(&sandbox.home().join("got"));
    let named = ["rot", "try"].map(|name| sandbox.home().join(name).display().to_string());
    sandbox.configure(&format!("[[keys]]\nmatch = \"*\"\nrotator = [\"{}\"]\ncheck = [\"{}\"]\n", named[0], named[1]));
    sandbox
}

#[test]
fn a_program_that_replaces_or_tries_a_key_is_held_to_its_limits_too() {
    let sandbox = with_named();
    let got = || std::fs::read_to_string(sandbox.home().join("got")).unwrap_or_default();
    let alone = |words: &[&str]| sandbox.call(words).input("second-secret").under(&["setsid", "-w"]).run();
    let rotate = ["rotate", "a", "--yes"];
    let untouched = "keyctl: as far as keyctl knows nothing uses `a`\n";
    let by_hand = "keyctl: hint: to replace it by hand: `keyctl rotate a --by-hand`\n";
    let refused = |why: &str, hints: &str| {
        format!("{untouched}keyctl: not given: `a` {why}, as the store says\n{hints}{by_hand}")
    };
    let rotate_alone = || sandbox.call(&rotate).under(&["setsid", "-w"]).run();
    limit(&sandbox, "a", &["--only-program", "./mine"]);
    let only = "is only for `~/project/mine` and not for `~/rot`";
    rotate_alone().says("", &refused(only, &format!("{YOURSELF}{}", way_out("--any-program"))), 9);
    was_refused(&sandbox, "program", &["a"]);
    assert_eq!(last_event(&sandbox)["prog"], "rot");
    // Nor is the new secret tried, nor the one in force.
    let ran = alone(&["rotate", "a", "--yes", "--by-hand"]);
    assert!(ran.code() == 9 && ran.stderr().contains("and not for `~/try`, as the store says"), "{}", ran.stderr());
    let doctor = sandbox.call(&["doctor", "--online"]).run().stdout();
    assert!(doctor.contains("and not for `~/try`"), "{doctor}");
    assert_eq!(got(), "");
    // A person may let them have it.
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &rotate].concat(), &[("~/rot`? [y/N] ", "n\r")]);
    let question = |program: &str| {
        let only = only.replace("~/rot", program);
        format!("keyctl: give `a` to `{program}` in `~/project`, though it {only}? [y/N] ")
    };
    let touched = &screen.shown[..screen.shown.find("keyctl: give").expect("asked")];
    screen.says(&format!("{touched}{}n\nkeyctl: not given: you said no to `a`\n", question("~/rot")), 9);
    assert_eq!(got(), "");
    let steps = [("~/rot`? [y/N] ", "y\r"), ("~/try`? [y/N] ", "y\r")];
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &rotate].concat(), &steps);
    let asked = format!("{}y\n{}y\n", question("~/rot"), question("~/try"));
    screen.says(&format!("{touched}{asked}keyctl: replaced `a`; its former secret is kept\n"), 0);
    assert_eq!(got(), "first-secretsecond-secret");
}

#[test]
fn a_rotator_that_is_among_a_keys_programs_is_asked_about_by_nobody_and_other_limits_hold() {
    let sandbox = with_named();
    sandbox.set("b", "second-secret");
    let got = || std::fs::read_to_string(sandbox.home().join("got")).unwrap_or_default();
    let rotate = |name: &str| sandbox.call(&["rotate", name, "--yes"]).under(&["setsid", "-w"]).run();
    for (options, why) in [
        (&["--proxy-only"][..], "is for the proxy alone"),
        (&["--no-proxy-only"], ""),
        (&["--ask"], "needs a yes at a terminal"),
    ] {
        if why.is_empty() {
            let words = [&[KEYCTL, "edit", "b"], options].concat();
            assert_eq!(on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")]).code, 0);
            continue;
        }
        limit(&sandbox, "b", options);
        let ran = rotate("b");
        assert!(ran.code() == 9 && ran.stderr().contains(&format!("not given: `b` {why}")), "{}", ran.stderr());
    }
    assert_eq!(got(), "");
    limit(&sandbox, "a", &["--only-program", "~/rot", "--only-program", "~/try"]);
    assert_eq!(rotate("a").code(), 0);
    assert_eq!(got(), "first-secretsecond-secret");
}

#[test]
fn another_way_into_a_store_with_keys_that_are_asked_for_takes_a_person() {
    let sandbox = with_programs();
    sandbox.call(&["store", "create", "team", "--keeper", "file"]).run();
    for (name, secret) in [("team:a", "second-secret"), ("team:b", "third-secret")] {
        sandbox.set(name, secret);
    }
    sandbox.call(&["edit", "team:a", "--only-program", "./mine"]).run();
    sandbox.file("words", "four words of mine\n");
    sandbox.may_lie_in(&sandbox.project().join("words"));
    let copy = ["recovery", "create", "copy.age", "--passphrase-file", "words", "--store", "team"];
    let recipient = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    let add = ["store", "recipients", "add", "team", "bob", recipient, "--me", "alice", "--yes"];
    let alone = |words: &[&str]| sandbox.call(words).under(&["setsid", "-w"]).run();
    // What is for one program takes a note, and goes on to the passphrase, of which there is none.
    let note = "keyctl: 1 key has limits, which do not bind whoever opens the copy: `team:a`\n";
    let ran = alone(&["recovery", "create", "copy.age", "--store", "team"]);
    assert!(ran.code() == 2 && ran.stderr().starts_with(note), "{}", ran.stderr());
    sandbox.call(&["edit", "team:b", "--ask"]).run();
    for (words, who, key, code) in [(&copy[..], "whoever opens the copy", "n\r", 1), (&add, "`bob`", "y\r", 0)] {
        let said = format!(
            "keyctl: 2 keys have limits, which do not bind {who}: `team:a`, `team:b`\n\
             keyctl: to use `team:b` for more takes a yes at a terminal; nothing was changed\n{YOURSELF}"
        );
        alone(words).says("", &said, 9);
        let question = format!("keyctl: let {who} read `team:b` all the same? [y/N] ");
        let screen = on_a_terminal(&sandbox, &[&[KEYCTL], words].concat(), &[(&question, key)]);
        assert_eq!(screen.code, code, "{}", screen.shown);
    }
    let alone_is_refused = |words: &[&str], who: &str| {
        let ran = alone(words);
        let is_said = ran.stderr().contains(who) && ran.stderr().contains("to use `team:b` for more takes a yes");
        assert!(is_said && ran.code() == 9, "{words:?}: {}", ran.stderr());
    };
    // The other store may have other keepers; what was removed is in the file, and `config.toml` says as much.
    alone_is_refused(&["store", "move", "team:b", "--to", "personal"], "whoever opens the store `personal`: `team:b`");
    // So is the place of its identity, but for one that asks for more than the clear.
    let key = sandbox.outside().join("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.expect("ssh-keygen").success());
    let key = key.to_str().expect("text");
    let ssh = ["store", "keeper", "team", "--to", "ssh", "--ssh-key", key];
    assert_eq!(alone(&ssh).code(), 0);
    let file = ["store", "keeper", "team", "--to", "file"];
    for words in [&file[..], &["store", "keeper", "team", "--to", "passphrase", "--passphrase-file", "words"], &ssh] {
        alone_is_refused(words, "whoever opens the new place of the identity: `team:a`, `team:b`");
    }
    let question = "keyctl: let whoever opens the new place of the identity read `team:b` all the same? [y/N] ";
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL], &file[..]].concat(), &[(question, "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    sandbox.call(&["remove", "team:b", "--yes"]).run();
    alone_is_refused(&copy, "whoever opens the copy: `team:a`, `team:b`");
    // Nor does it help to wipe it: older copies have it still, and what opens the store opens those.
    assert_eq!(sandbox.call(&["forget", "team:b", "--yes"]).run().code(), 0);
    let of_copies =
        "older copies of the store still have what it has no more, and the limits of that do not bind whoever opens";
    alone_is_refused(&copy, &format!("{of_copies} the copy: `team:b`"));
}

#[test]
fn a_merge_with_an_older_copy_brings_nothing_back_that_takes_a_person() {
    let sandbox = Sandbox::with(&[("k", "first-secret")]);
    let store = sandbox.data("store.age");
    let copy = |name: &str| std::fs::copy(&store, sandbox.project().join(name)).expect("copy");
    let words = |[base, ours, theirs]: [&str; 3]| {
        ["store", "merge", "--base", base, "--ours", ours, "--theirs", theirs].map(str::to_owned)
    };
    let merge = |files: [&str; 3]| sandbox.call(&words(files)).under(&["setsid", "-w"]).run();
    let whole = store.to_str().expect("text");
    let warned =
        "keyctl: by this merge keys may be used for more than is known here, or come from an older copy: `k`\n";
    let refused =
        format!("{warned}keyctl: to use `k` for more takes a yes at a terminal; nothing was changed\n{YOURSELF}");
    sandbox.file("empty", "");
    copy("free");
    limit(&sandbox, "k", &["--ask"]);
    copy("limited");
    // A person lifted it once, and not for good.
    let question = "keyctl: let `k` be used for more: ask on -> off? [y/N] ";
    let lifted = on_a_terminal(&sandbox, &[KEYCTL, "edit", "k", "--no-ask"], &[(question, "y\r")]);
    assert_eq!(lifted.code, 0, "{}", lifted.shown);
    copy("lifted");
    limit(&sandbox, "k", &["--ask"]);
    let before = std::fs::read(&store).expect("read");
    merge(["limited", whole, "lifted"]).says("", &refused, 9);
    was_refused(&sandbox, "nobody to ask", &["k"]);
    // What widens nothing is merged without a word of that.
    copy("ours");
    let ran = merge(["limited", "ours", "ours"]);
    assert!(ran.code() == 0 && ran.stderr().starts_with("keyctl: merged both versions"), "{}", ran.stderr());
    // Nor does what was removed come back, nor what was wiped for good.
    for verb in ["remove", "forget"] {
        assert_eq!(sandbox.call(&[verb, "k", "--yes"]).run().code(), 0);
        merge(["empty", whole, "free"]).says("", &refused, 9);
    }
    // What git merges for itself is no version of the store.
    let unseen = |ours| {
        let words = [&words(["empty", ours, "free"])[..], &["--unseen".to_owned()]].concat();
        sandbox.call(&words).run()
    };
    unseen(whole).says("", "keyctl: this side is the store itself: `--unseen` is for git's own files alone\n", 2);
    copy("ours");
    unseen("ours").says("", "", 0);
    let no_version = "a side counts no change: it is what git merged on the way, and no version of the store";
    merge(["free", whole, "ours"]).says("", &format!("keyctl: {no_version}\n"), 5);
    // And where two versions come from it none of them is older than what it was made of: what that lacks was not wiped since.
    let older = merge(["ours", whole, "free"]);
    assert!(
        older.stderr().starts_with("keyctl: the other side is an older copy than what both come from: generation ")
    );
    assert_eq!(older.code(), 5);
    let now = std::fs::read(&store).expect("read");
    assert!(now != before);
    std::fs::copy(sandbox.project().join("ours"), &store).expect("copy");
    let ran = sandbox.call(&["get", "k"]).run();
    assert!(ran.code() == 5 && ran.stderr().contains("an older copy: generation 0, but "), "{}", ran.stderr());
    // Nor does one get newer by merging it with itself.
    copy("raised");
    std::fs::copy(sandbox.project().join("free"), sandbox.project().join("raised")).expect("copy");
    let behind = "keyctl: neither version is the newest that this machine knows, so what they make is not either\n";
    std::fs::write(&store, &now).expect("write");
    for _ in 0..9 {
        let ran = merge(["empty", "raised", "free"]);
        assert!(ran.code() == 0 && ran.stderr().ends_with(behind), "{}", ran.stderr());
    }
    std::fs::copy(sandbox.project().join("raised"), &store).expect("copy");
    let ran = sandbox.call(&["get", "k"]).run();
    assert!(ran.code() == 5 && ran.stderr().contains("an older copy: generation "), "{}", ran.stderr());
    std::fs::write(&store, now).expect("write");
    // A person can have it all the same.
    let question = "keyctl: let `k` be used as the merged versions say? [y/N] ";
    let merge = words(["empty", whole, "free"]);
    let words: Vec<&str> = [KEYCTL].into_iter().chain(merge.iter().map(String::as_str)).collect();
    let screen = on_a_terminal(&sandbox, &words, &[(question, "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    sandbox.call(&["get", "k"]).run().says("first-secret", "", 0);
}

#[test]
fn a_merge_with_an_older_copy_brings_nothing_back_that_was_limited_and_wiped() {
    let sandbox = Sandbox::with(&[("k", "first-secret"), ("z", "free-secret")]);
    let store = sandbox.data("store.age");
    std::fs::copy(&store, sandbox.project().join("older")).expect("copy");
    sandbox.file("empty", "");
    let words = ["store", "merge", "--base", "empty", "--ours", store.to_str().expect("text"), "--theirs", "older"];
    let merge = || sandbox.call(&words).under(&["setsid", "-w"]).run();
    // What was never limited is nobody's concern.
    assert_eq!(sandbox.call(&["remove", "z", "--forget", "--yes"]).run().code(), 0);
    limit(&sandbox, "k", &["--only-program", "/bin/true"]);
    assert_eq!((merge().code(), sandbox.call(&["get", "z"]).run().code()), (0, 0));
    assert_eq!(sandbox.call(&["rename", "k", "j", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["remove", "j", "--forget", "--yes"]).run().code(), 0);
    let warned = "keyctl: by this merge keys may be used for more than is known here, or come from an older copy: `k`";
    let refused = "keyctl: to use `k` for more takes a yes at a terminal; nothing was changed";
    merge().says("", &format!("{warned}\n{refused}\n{YOURSELF}"), 9);
    // Another way into the store is asked for by what takes a person alone.
    sandbox.file("words", "four words of mine\n");
    sandbox.may_lie_in(&sandbox.project().join("words"));
    let copy = ["recovery", "create", "copy.age", "--passphrase-file", "words"];
    assert_eq!(sandbox.call(&copy).under(&["setsid", "-w"]).run().code(), 0);
}

#[test]
fn a_key_that_was_never_limited_does_not_bring_back_what_a_limited_one_had_that_is_wiped() {
    let sandbox = Sandbox::with(&[("k", "first-secret")]);
    let store = sandbox.data("store.age");
    std::fs::copy(&store, sandbox.project().join("older")).expect("copy");
    sandbox.file("empty", "");
    sandbox.call(&["remove", "k", "--yes"]).run();
    sandbox.set("k", "first-secret");
    limit(&sandbox, "k", &["--ask"]);
    let alone = |words: &[&str]| sandbox.call(words).under(&["setsid", "-w"]).run();
    assert_eq!(alone(&["rename", "k", "j"]).code(), 0);
    assert_eq!(alone(&["remove", "j", "--forget", "--yes"]).code(), 0);
    let warned = "keyctl: a key that was limited and is wiped for good had, or may have had, the secret that comes back as `k`\n";
    let refused = format!("{warned}keyctl: that takes a yes at a terminal; nothing was brought back\n{YOURSELF}");
    alone(&["rollback", "k", "--yes"]).says("", &refused, 9);
    // Nor by a copy in which it was in use, and there is no other way into the store.
    let whole = store.to_str().expect("text");
    let ran = alone(&["store", "merge", "--base", "empty", "--ours", whole, "--theirs", "older"]);
    assert!(ran.code() == 9 && ran.stderr().contains("or come from an older copy: `k`"), "{}", ran.stderr());
    sandbox.file("words", "four words of mine\n");
    sandbox.may_lie_in(&sandbox.project().join("words"));
    let ran = alone(&["recovery", "create", "copy.age", "--passphrase-file", "words"]);
    assert!(ran.code() == 9 && ran.stderr().contains("do not bind whoever opens the copy: `j`"), "{}", ran.stderr());
    // What a person has agreed to is not asked again.
    let question = "keyctl: bring `k` back all the same? [y/N] ";
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rollback", "k"], &[(question, "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    for words in [["remove", "k", "--yes"], ["rollback", "k", "--yes"]] {
        assert_eq!(alone(&words).code(), 0);
    }
    // As a former secret it goes to no other store, where nothing is known of that.
    sandbox.set("a", "first-secret");
    sandbox.secret("second-secret");
    assert_eq!(sandbox.call(&["set", "a", "--replace"]).input("second-secret").run().code(), 0);
    limit(&sandbox, "k", &["--ask"]);
    assert_eq!(sandbox.call(&["store", "create", "team", "--keeper", "file"]).run().code(), 0);
    for _ in 0..2 {
        let ran = alone(&["store", "move", "a", "--to", "team"]);
        assert!(ran.code() == 9 && ran.stderr().contains("do not bind whoever opens"), "{}", ran.stderr());
        alone(&["remove", "k", "--forget", "--yes"]);
    }
}

#[test]
fn a_wiped_limit_does_not_come_back_as_another_one_nor_is_it_left_behind_by_a_move() {
    let sandbox = Sandbox::with(&[("k", "first-secret")]);
    let alone = |words: &[&str]| sandbox.call(words).under(&["setsid", "-w"]).run();
    limit(&sandbox, "k", &["--only-project", "."]);
    sandbox.call(&["remove", "k", "--yes"]).run();
    sandbox.set("k", "first-secret");
    limit(&sandbox, "k", &["--only-program", "/bin/true"]);
    assert_eq!(alone(&["rename", "k", "j"]).code(), 0);
    assert_eq!(alone(&["remove", "j", "--forget", "--yes"]).code(), 0);
    let refused = "keyctl: that takes a yes at a terminal; nothing was brought back\n";
    let ran = alone(&["rollback", "k", "--yes"]);
    assert!(ran.code() == 9 && ran.stderr().contains(refused), "{}", ran.stderr());
    // What another key is limited to does not go along with a former secret either.
    sandbox.set("u", "second-secret");
    sandbox.secret("third-secret");
    assert_eq!(sandbox.call(&["set", "u", "--replace"]).input("third-secret").run().code(), 0);
    sandbox.set("l", "second-secret");
    limit(&sandbox, "l", &["--only-program", "/bin/true"]);
    assert_eq!(sandbox.call(&["store", "create", "team", "--keeper", "file"]).run().code(), 0);
    let ran = alone(&["store", "move", "u", "--to", "team"]);
    assert!(ran.code() == 9 && ran.stderr().contains("do not bind whoever opens"), "{}", ran.stderr());
    limit(&sandbox, "u", &["--only-program", "/bin/true"]);
    assert_eq!(alone(&["store", "move", "u", "--to", "team"]).code(), 0);
}

#[test]
fn what_stands_in_the_store_and_in_the_settings_counts_together() {
    let sandbox = with_programs();
    let [mine, other] = ["mine", "other"].map(|name| sandbox.project().join(name).display().to_string());
    sandbox.configure(&format!(
        "[[keys]]\nmatch = \"*\"\nprograms = [\"{mine}\", \"{other}\"]\n[[keys]]\nmatch = \"b*\"\nprograms = [\"{other}\"]\n"
    ));
    let run = |program: &str| sandbox.call(&["run", "-k", "A=a", "--", program]).run();
    assert_eq!((run("./mine").code(), run("./other").code()), (0, 0));
    let refused = "keyctl: not given: `a` is only for `~/project/mine`, `~/project/other` and not for `";
    let stands = "keyctl: hint: that stands in `config.toml`: `[[keys]] match = \"*\"`\n";
    let ran = run("true");
    assert!(ran.stderr().starts_with(refused), "{}", ran.stderr());
    assert!(ran.stderr().ends_with(&format!(", as `config.toml` says [E09]\n{stands}")), "{}", ran.stderr());
    limit(&sandbox, "a", &["--only-program", "./other"]);
    assert_eq!(run("./other").code(), 0);
    let own = format!(
        "keyctl: not given: `a` is only for `~/project/other` and not for `~/project/mine`, as the store says [E09]\n{}",
        way_out("--any-program")
    );
    run("./mine").says("", &own, 125);
    // Of two keys each is said with what keeps it back; nothing is given.
    sandbox.set("b", "second-secret");
    limit(&sandbox, "b", &["--proxy-only"]);
    let both = sandbox.call(&["run", "-k", "A=a", "-k", "B=b", "--", "./mine"]).run();
    both.says(
        "",
        "keyctl: not given: `a` is only for `~/project/other` and not for `~/project/mine`, as the store says; \
         `b` is for the proxy alone, as the store says; \
         `b` is only for `~/project/other` and not for `~/project/mine`, as `config.toml` says [E09]\n\
         keyctl: hint: to change that, at a terminal: `keyctl edit NAME`; see `keyctl edit --help`\n\
         keyctl: hint: that stands in `config.toml`: `[[keys]] match = \"b*\"`\n",
        125,
    );
    was_refused(&sandbox, "proxy only, program", &["a", "b"]);
}

#[test]
fn a_key_that_needs_a_terminal_is_given_where_one_is() {
    let sandbox = with_programs();
    sandbox.configure("[[keys]]\nmatch = \"a\"\nterminal = true\n");
    let stands = "keyctl: hint: that stands in `config.toml`: `[[keys]] match = \"a\"`\n";
    let said = format!("keyctl: not given: `a` needs a terminal, as `config.toml` says [E09]\n{YOURSELF}{stands}");
    sandbox.call(&RUN).under(&["setsid", "-w"]).run().says("", &said, 125);
    was_refused(&sandbox, "no terminal", &["a"]);
    on_a_terminal(&sandbox, &[&[KEYCTL][..], &RUN].concat(), &[]).says(GIVEN, 0);
}

#[test]
fn a_yes_is_asked_for_on_the_terminal_and_no_pipe_can_give_it() {
    let sandbox = with_programs();
    sandbox.set("b", "second-secret");
    for name in ["a", "b"] {
        limit(&sandbox, name, &["--ask"]);
    }
    let said = format!("keyctl: not given: `a` needs a yes at a terminal, as the store says [E09]\n{YOURSELF}");
    let said = format!("{said}{}", way_out("--no-ask"));
    sandbox.call(&RUN).input("y\n").under(&["setsid", "-w"]).run().says("", &said, 125);
    was_refused(&sandbox, "nobody to ask", &["a"]);
    // One question for both keys; what standard input holds is for the command, and no answer.
    let script = format!("printf 'y\\ny\\n' | {KEYCTL} run -k A=a -k B=b -- ./mine 2>/dev/null");
    let question = "keyctl: give `a`, `b` to `~/project/mine` in `~/project`? [y/N] ";
    let screen = on_a_terminal(&sandbox, &["sh", "-c", &script], &[("[y/N] ", "y\r")]);
    screen.says(&format!("{question}y\nfirst-secret second-secret\n"), 0);
    let event = last_event(&sandbox);
    let told = ["ev", "names", "note"].map(|field| event[field].to_string());
    assert_eq!(told, ["\"run\"", "[\"a\",\"b\"]", "\"asked for, with a yes\""]);
    for (keys, rest) in [("n\r", "n\n"), ("\r", "\n")] {
        let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &RUN].concat(), &[("[y/N] ", keys)]);
        let question = "keyctl: give `a` to `~/project/mine` in `~/project`? [y/N] ";
        screen.says(&format!("{question}{rest}keyctl: not given: you said no to `a` [E09]\n"), 125);
        was_refused(&sandbox, "answered no", &["a"]);
    }
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &RUN].concat(), &[("[y/N] ", "\u{3}")]);
    assert_eq!(screen.code, 130, "{}", screen.shown);
    was_refused(&sandbox, "no answer", &["a"]);
    // Taken out by its name it is asked for once, and the screen is meant by that.
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "get", "a"], &[("[y/N] ", "yes\r")]);
    screen.says("keyctl: show `a` in `~/project`? [y/N] yes\nfirst-secret\n", 0);
    assert_eq!(last_event(&sandbox)["note"], "asked for, with a yes");
    // Where more keeps it back than that there is nobody to ask, nobody is sent to a terminal for it.
    limit(&sandbox, "b", &["--only-program", "./mine"]);
    let said = "keyctl: not given: `b` is only for `~/project/mine` and not to be shown, needs a yes at a terminal, as the store says\n";
    let way_out = way_out("--any-program --no-ask").replace("edit a", "edit b");
    sandbox.call(&["get", "b"]).under(&["setsid", "-w"]).run().says("", &format!("{said}{way_out}"), 9);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "env", "-k", "A=a", "--show"], &[("[y/N] ", "y\r")]);
    screen.says("keyctl: show `a` in `~/project`? [y/N] y\nA=first-secret\n", 0);
    assert_eq!(last_event(&sandbox)["note"], "dotenv; asked for, with a yes");
}

#[test]
fn an_agent_is_named_in_the_question_and_is_shown_nothing_that_needs_one() {
    let mut sandbox = with_programs();
    limit(&sandbox, "a", &["--ask"]);
    sandbox.variables.push(("CLAUDECODE".into(), "1".into()));
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &RUN].concat(), &[("[y/N] ", "y\r")]);
    let question = "keyctl: give `a` to `~/project/mine` in `~/project`, perhaps for Claude Code? [y/N] ";
    screen.says(&format!("{question}y\n{GIVEN}"), 0);
    let said =
        "keyctl: not given: `a` is shown to a person alone, and perhaps Claude Code asks for it, as the store says\n";
    let said = format!("{said}{YOURSELF}{}", way_out("--no-ask"));
    on_a_terminal(&sandbox, &[KEYCTL, "get", "a", "--show"], &[]).says(&said, 9);
    was_refused(&sandbox, "agent", &["a"]);
    on_a_terminal(&sandbox, &[KEYCTL, "env", "-k", "A=a", "--show"], &[]).says(&said, 9);
}

#[test]
fn what_the_store_says_is_narrowed_without_a_word_and_widened_by_a_person_alone() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--only-program", "./mine", "--ask"]);
    limit(&sandbox, "a", &["--needs-terminal", "--only-project", "."]);
    let alone = "keyctl: to use `a` for more takes a yes at a terminal; nothing was changed\n";
    let alone = format!("{alone}{YOURSELF}");
    std::os::unix::fs::symlink("/", sandbox.project().join("everywhere")).expect("link");
    for options in [
        &["--any-program"][..],
        &["--only-project", "everywhere"],
        &["--only-program", "./mine", "--only-program", "./other"],
        &["--only-program", "./other"],
        &["--any-project"],
        &["--only-project", ".."],
        &["--no-ask", "--note", "and a note"],
        &["--no-needs-terminal"],
    ] {
        let call = sandbox.call(&[&["edit", "a"], options].concat()).input("y\n");
        call.under(&["setsid", "-w"]).run().says("", &alone, 9);
        was_refused(&sandbox, "nobody to ask", &["a"]);
    }
    let undo = sandbox.call(&["undo", "--yes"]).under(&["setsid", "-w"]).run();
    undo.says("", &alone, 9);
    assert_eq!(last_event(&sandbox)["outcome"], "refused: nobody to ask");
    // What does not widen takes no yes, whatever else it says.
    let same = ["--only-program", "./mine", "--only-project", ".", "--ask", "--no-proxy-only"];
    let said = "keyctl: nothing was changed: `a` is as you said already\n";
    sandbox.call(&[&["edit", "a"], &same[..]].concat()).run().says("", said, 0);
    let words = [KEYCTL, "edit", "a", "--any-program", "--no-ask"];
    let question = "keyctl: let `a` be used for more: only-program ~/project/mine -> any, ask on -> off? [y/N] ";
    on_a_terminal(&sandbox, &words, &[("[y/N] ", "n\r")])
        .says(&format!("{question}n\nkeyctl: nothing was changed\n"), 1);
    was_refused(&sandbox, "answered no", &["a"]);
    on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")]).says(&format!("{question}y\nkeyctl: changed `a`\n"), 0);
    let event = last_event(&sandbox);
    assert_eq!(event["note"], "only-program ~/project/mine -> any, ask on -> off");
    // Taking that back narrows, and taking back what narrowed widens.
    let took = "keyctl: took back: edit of `a` (only-program ~/project/mine -> any, ask on -> off)\n";
    sandbox.call(&["undo", "--yes"]).run().says("", took, 0);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "undo", "--yes"], &[("[y/N] ", "y\r")]);
    screen.says(
        "keyctl: take back: edit of `a` (only-project any -> ~/project, needs-terminal off -> on), just now? [y/N] y\n\
         keyctl: took back: edit of `a` (only-project any -> ~/project, needs-terminal off -> on)\n",
        0,
    );
}

#[test]
fn what_the_settings_say_of_a_name_or_a_tag_is_lifted_by_a_person_alone() {
    let sandbox = with_programs();
    sandbox.configure("[[keys]]\nmatch = \"prod/*\"\nask = true\n[[keys]]\ntag = \"prod\"\nterminal = true\n");
    sandbox.set("prod/b", "second-secret");
    let alone = |name: &str| {
        format!("keyctl: to use `{name}` for more takes a yes at a terminal; nothing was changed\n{YOURSELF}")
    };
    let no_longer = "keyctl: as `b` the key is no longer covered by `[[keys]] match = \"prod/*\"`: ask = true\n";
    let call = |words: &[&str]| sandbox.call(words).input("y\n").under(&["setsid", "-w"]).run();
    call(&["rename", "prod/b", "b", "--yes"]).says("", &format!("{no_longer}{}", alone("prod/b")), 9);
    was_refused(&sandbox, "nobody to ask", &["prod/b"]);
    // A name that is limited as much takes nothing away.
    call(&["rename", "prod/b", "prod/c"]).says("", "keyctl: renamed `prod/b` to `prod/c`\n", 0);
    limit(&sandbox, "a", &["--tag", "prod"]);
    let untag = ["edit", "a", "--no-tag", "prod", "--note", "of the shop"];
    let no_longer = "keyctl: `a` is no longer covered by `[[keys]] tag = \"prod\"`: terminal = true\n";
    call(&untag).says("", &format!("{no_longer}{}", alone("a")), 9);
    call(&["undo", "--yes"]).says("", &alone("a"), 9);
    was_refused(&sandbox, "nobody to ask", &["a"]);
    let words = [&[KEYCTL][..], &untag].concat();
    on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")])
        .says(&format!("{no_longer}keyctl: let `a` be used for more: tags? [y/N] y\nkeyctl: changed `a`\n"), 0);
    // Of another store it may not say the same.
    sandbox.call(&["store", "create", "team", "--keeper", "file"]).run();
    sandbox.configure("[[keys]]\ntag = \"live\"\nstore = \"team\"\nprograms = [\"/bin/true\"]\n");
    sandbox.call(&["set", "team:live", "--tag", "live"]).input("second-secret").run();
    let no_longer =
        "keyctl: as `live` the key is no longer covered by `[[keys]] tag = \"live\"`: programs = [\"/bin/true\"]\n";
    let away = ["store", "move", "team:live", "--to", "personal"];
    let said = call(&away).stderr();
    assert!(said.ends_with(&format!("{no_longer}{}", alone("team:live"))), "{said}");
    let history = sandbox.call(&["history", "--store", "team", "--json"]).run().stdout();
    assert!(history.lines().last().is_some_and(|last| last.contains("refused: nobody to ask")), "{history}");
    let steps = [("keyctl: move `team:live` all the same? [y/N] ", "y\r")];
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &away].concat(), &steps);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    assert_eq!(sandbox.call(&["get", "live"]).run().stdout(), "second-secret");
}

#[test]
fn an_end_that_stops_a_key_is_put_off_by_a_person_or_with_a_new_secret() {
    let sandbox = with_programs();
    let stops = ["edit", "a", "--expires", "2990-01-01", "--stop-expired"];
    sandbox.call(&stops).run().says("", "keyctl: changed `a`; expires 2990-01-01 00:00\n", 0);
    let alone = "keyctl: to use `a` for more takes a yes at a terminal; nothing was changed\n";
    for later in [&["--expires", "2990-01-02"][..], &["--no-expires"]] {
        let call = sandbox.call(&[&["edit", "a"], later].concat()).under(&["setsid", "-w"]).run();
        call.says("", &format!("{alone}{YOURSELF}"), 9);
    }
    let set = |secret: &str| sandbox.call(&["set", "a", "--replace", "--expires", "2991-01-01"]).input(secret).run();
    let by_itself = "keyctl: hint: say that by itself, at a terminal: `keyctl edit a`\n";
    set("first-secret").says("", &format!("{alone}{by_itself}"), 9);
    was_refused(&sandbox, "nobody was asked", &["a"]);
    let words = [KEYCTL, "edit", "a", "--expires", "2990-01-02"];
    on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")]).says(
        "keyctl: let `a` be used for more: end 2990-01-01 00:00 -> 2990-01-02 00:00? [y/N] y\n\
         keyctl: changed `a`; expires 2990-01-02 00:00\n",
        0,
    );
    sandbox.call(&["edit", "a", "--expires", "2980-01-01"]).run();
    sandbox.secret("second-secret");
    let said = "keyctl: replaced `a`; its former secret is kept; expires 2991-01-01 00:00\n";
    set("second-secret").says("", said, 0);
}

#[test]
fn a_yes_counts_for_the_limits_that_were_seen_then() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--ask"]);
    let narrower = format!("\0{KEYCTL} edit a -q --only-program ./mine");
    let words = [KEYCTL, "edit", "a", "--no-ask"];
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", &narrower), ("", "y\r")]);
    screen.says(
        "keyctl: let `a` be used for more: ask on -> off? [y/N] y\n\
         keyctl: `a` was changed meanwhile; nothing was changed\n\
         keyctl: hint: look again: `keyctl show a`\n",
        1,
    );
    assert!(sandbox.call(&["show", "a"]).run().stdout().contains("needs a yes each time"));
}

#[test]
fn nobody_is_waited_for_longer_than_two_minutes() {
    // They pass in a real clock.
    if std::env::var_os("KEYCTL_TEST_LONG").is_none() {
        return;
    }
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--ask"]);
    let wait = [("[y/N] ", "\0sleep 115")];
    let screen = on_a_terminal(&sandbox, &[&[KEYCTL][..], &RUN].concat(), &wait);
    let question = "keyctl: give `a` to `~/project/mine` in `~/project`? [y/N] ";
    screen.says(&format!("{question}\nkeyctl: nobody answered within 2 minutes [E09]\n"), 125);
    was_refused(&sandbox, "no answer", &["a"]);
}

#[test]
fn a_new_secret_has_the_limits_of_its_key_and_a_new_key_those_of_none() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--only-program", "./mine"]);
    let is_limited = || sandbox.call(&["get", "a"]).run().code() == 9;
    sandbox.secret("second-secret");
    sandbox.call(&["set", "a", "--replace"]).input("second-secret").run();
    assert!(is_limited());
    sandbox.secret("third-secret");
    let rotated = sandbox.call(&["rotate", "a", "--yes"]).input("third-secret").run();
    assert!(rotated.code() == 0 && is_limited(), "{}", rotated.stderr());
    sandbox.call(&["rollback", "a", "--yes"]).run();
    assert!(is_limited());
    sandbox.call(&["rename", "a", "b"]).run();
    sandbox.call(&["rename", "b", "a"]).run();
    assert!(is_limited());
    sandbox.call(&["remove", "a", "--yes"]).run();
    sandbox.call(&["set", "a"]).input("third-secret").run().says(
        "",
        "keyctl: the removed key `a` had limits of its use, and this one has none\n\
         keyctl: hint: to limit it too: `keyctl edit a` with `--only-program` and the like\n\
         keyctl: kept `a`\n",
        0,
    );
    assert!(!is_limited());
    // What the removed one held comes back with what was said of it.
    let back = sandbox.call(&["rollback", "a", "--yes"]).run();
    assert!(back.code() == 0 && is_limited(), "{}", back.stderr());
    let undo = sandbox.call(&["undo", "--yes"]).under(&["setsid", "-w"]).run();
    assert_eq!((undo.code(), is_limited()), (9, true), "{}", undo.stderr());
}

#[test]
fn a_key_may_need_a_reason_and_stop_at_its_end_by_itself() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--require-reason", "--stop-expired"]);
    let said = "keyctl: not given: `a` needs a reason [E09]\nkeyctl: hint: say why it is used, for the history: `--reason TEXT`\n";
    sandbox.call(&RUN).run().says("", said, 125);
    let run = ["run", "-k", "A=a", "--reason", "a test", "--", "./mine"];
    sandbox.call(&run).run().says(GIVEN, "", 0);
    sandbox.call(&["edit", "a", "--expires", "2020-01-01"]).run();
    let ran = sandbox.call(&run).run();
    assert!(ran.stderr().starts_with("keyctl: not given: `a` expired ") && ran.code() == 125, "{}", ran.stderr());
    let hints = "keyctl: hint: replace it with `keyctl rotate a`\nkeyctl: hint: to be warned only: `keyctl edit a --no-stop-expired`\n";
    assert!(ran.stderr().ends_with(hints), "{}", ran.stderr());
    let got = sandbox.call(&["get", "a", "--reason", "a test"]).run();
    assert!(got.stderr().ends_with(hints) && got.code() == 9, "{}", got.stderr());
    was_refused(&sandbox, "expired", &["a"]);
}

#[test]
fn show_list_and_a_dry_run_say_what_a_key_may_be_used_for() {
    let sandbox = with_programs();
    sandbox.configure("[[keys]]\nmatch = \"a\"\nprojects = [\"~/project\"]\n[policy]\nrequire_reason = \"agents\"\n");
    sandbox.set("b", "second-secret");
    limit(&sandbox, "a", &["--only-program", "./mine", "--ask", "--stop-expired"]);
    let shown = sandbox.call(&["show", "a"]).run().stdout();
    let limits: Vec<&str> = shown.lines().skip(3).collect();
    assert_eq!(
        limits.join("\n"),
        "limits      only for `~/project/mine`\n            \
                     needs a yes each time\n            \
                     not given once it has ended\n            \
                     only in `~/project`, as `config.toml` says\n            \
                     needs a reason of agents, as `config.toml` says"
    );
    let json: Value = serde_json::from_str(&sandbox.call(&["show", "a", "--json"]).run().stdout()).expect("json");
    let of_config = json!({ "of": "config", "entry": "[[keys]] match = \"a\"", "projects": ["~/project"], "programs": null, "with_variables": [], "terminal": false, "ask": false, "proxy_only": false, "require_reason": false, "stop_expired": false, "hide_from_agents": false });
    assert_eq!(json["limits"][1], of_config);
    assert_eq!((&json["limits"][0]["of"], &json["limits"][0]["ask"]), (&json!("key"), &json!(true)));
    sandbox.call(&["list"]).run().says(
        "NAME  CHANGED   FORMER  LIMITS\n\
         a     just now          projects, programs, ask, until its end\n\
         b     just now\n",
        "",
        0,
    );
    sandbox.call(&["run", "-n", "-k", "A=a", "-k", "B=b", "--", "./mine"]).run().says(
        "VARIABLE  FROM   LIMITS\n\
         A         key a  projects\n\
         B         key b\n",
        "keyctl: would run `./mine`; what the store has was not looked at\n",
        0,
    );
    let listed = sandbox.call(&["undo", "--list"]).run().stdout();
    assert!(
        listed.contains("edit of `a` (only-program any -> ~/project/mine, ask off -> on, stop-expired off -> on)"),
        "{listed}"
    );
}

#[test]
fn a_project_file_says_nothing_of_what_a_key_may_be_used_for() {
    let sandbox = with_programs();
    for (text, field) in [
        ("[[keys]]\nmatch = \"a\"\nask = true\n", "keys"),
        ("[env]\nA = { key = \"a\", ask = false }\n", "ask"),
        ("[env]\nA = { key = \"a\", programs = [\"/bin/sh\"] }\n", "programs"),
        ("[env]\nA = { key = \"a\", projects = [\"/\"] }\n", "projects"),
    ] {
        sandbox.file(".keyctl.toml", text);
        let ran = sandbox.call(&["run", "--", "./mine"]).run();
        let is_refused = ran.stderr().contains(&format!("the field `{field}` is not known here, only "));
        assert!(is_refused && ran.code() == 125 && ran.stderr().contains("[E06]"), "{}", ran.stderr());
    }
}

#[test]
fn keys_of_two_stores_are_asked_for_in_one_question() {
    let sandbox = with_programs();
    sandbox.call(&["store", "create", "team", "--keeper", "file"]).run();
    sandbox.set("team:b", "second-secret");
    limit(&sandbox, "a", &["--ask"]);
    sandbox.call(&["edit", "team:b", "--ask"]).run();
    let words = [KEYCTL, "run", "-k", "A=a", "-k", "B=team:b", "--", "./mine"];
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")]);
    let question = "keyctl: give `a`, `team:b` to `~/project/mine` in `~/project`? [y/N] ";
    screen.says(&format!("{question}y\nfirst-secret second-secret\n"), 0);
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "n\r")]);
    screen.says(&format!("{question}n\nkeyctl: not given: you said no to `a`, `team:b` [E09]\n"), 125);
    was_refused(&sandbox, "answered no", &["a"]);
}

#[test]
fn for_keys_without_limits_nothing_more_is_looked_at() {
    let sandbox = with_programs();
    let calls = |sandbox: &Sandbox| {
        let (ran, trace) = sandbox.call(&RUN).traced("%file,%desc,%process,%memory");
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        let own = trace.lines().take_while(|line| !line.contains("execve(\"./mine\""));
        let own: Vec<String> = own.map(|line| line.split_whitespace().nth(1).unwrap_or_default().to_owned()).collect();
        let names = own.iter().map(|line| line.split('(').next().unwrap_or_default().to_owned());
        (names.collect::<Vec<_>>(), trace.contains("/dev/tty"))
    };
    // The first run of a program tells of it.
    sandbox.call(&RUN).run();
    let (before, asks) = calls(&sandbox);
    sandbox.set("b", "second-secret");
    limit(&sandbox, "b", &["--ask", "--only-program", "./mine", "--only-project", "."]);
    let (after, _) = calls(&sandbox);
    let count = |calls: &[String], name: &str| calls.iter().filter(|call| *call == name).count();
    for name in ["openat", "readlink", "readlinkat", "getcwd", "statx", "newfstatat", "ioctl"] {
        assert_eq!(count(&before, name), count(&after, name), "{name}");
    }
    assert!(!asks && before.len() > 10);
}

#[test]
fn who_has_forbidden_to_ask_is_told_that_and_not_to_go_where_they_are() {
    let sandbox = with_programs();
    limit(&sandbox, "a", &["--needs-terminal"]);
    let call = format!("KEYCTL_NO_PROMPT=1 {KEYCTL} run -k A=a -- true; {KEYCTL} run -k A=a -- echo given");
    let screen = on_a_terminal(&sandbox, &["sh", "-c", &call], &[]);
    let why = "keyctl: not given: `a` needs a terminal, as the store says [E09]\n\
        keyctl: hint: `KEYCTL_NO_PROMPT` is set, so nothing is asked: unset it, and do it yourself at a terminal\n";
    assert_eq!(screen.shown, format!("{why}{}given\n", way_out("--no-needs-terminal")));
}
