//! Saying yes or no to a project at a real terminal, writing its file, and its profiles.
#![cfg(unix)]

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox},
};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(&[("a", "first-secret"), ("b", "second-secret"), ("c", "third-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nB = \"b\"\n");
    sandbox
}

const STAYS: &str = "keyctl: what has a `-` is not asked for any more; it stays allowed here until `keyctl deny`\n";
const ASKS: &str = "keyctl: `~/project/.keyctl.toml` asks for 2 things:\n    A <- key a\n    B <- key b\n";
const QUESTION: &str = "keyctl: allow exactly this, in this place? [y/N] ";

#[test]
fn a_yes_at_the_terminal_allows_what_was_shown() {
    let sandbox = sandbox();
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", "y\r")]);
    screen.says(
        &format!(
            "{ASKS}{QUESTION}y\nkeyctl: allowed: 2 grants in `~/project`\nkeyctl: hint: for scripts and CI: `keyctl allow --hash {}`\n",
            hash.trim()
        ),
        0,
    );
    sandbox.call(&["run", "--", "sh", "-c", "echo $A $B"]).run().says("first-secret second-secret\n", "", 0);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[]);
    screen.says("keyctl: this project is allowed what it asks for: 2 grants\n", 0);
}

#[test]
fn anything_but_a_yes_allows_nothing() {
    let sandbox = sandbox();
    for (typed, shown) in [("\r", ""), ("n\r", "n"), ("no\r", "no"), ("yess\r", "yess"), ("Yeah\r", "Yeah")] {
        let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", typed)]);
        screen.says(&format!("{ASKS}{QUESTION}{shown}\nkeyctl: nothing was allowed\n"), 6);
    }
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", "\x03")]);
    screen.says(&format!("{ASKS}{QUESTION}\nkeyctl: interrupted; nothing was changed\n"), 130);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", "\x04")]);
    screen.says(
        &format!("{ASKS}{QUESTION}\nkeyctl: the input ended before there was an answer; nothing was changed\n"),
        2,
    );
    assert!(!sandbox.data("allowed").exists());
}

#[test]
fn run_at_a_terminal_asks_and_goes_on_after_a_yes() {
    let sandbox = sandbox();
    let run = [KEYCTL, "run", "--", "sh", "-c", "test \"$A\" = first-secret && echo started"];
    let screen = on_a_terminal(&sandbox, &run, &[("[y/N] ", "n\r")]);
    screen.says(&format!("{ASKS}{QUESTION}n\nkeyctl: nothing was allowed [E06]\n"), 125);
    let screen = on_a_terminal(&sandbox, &run, &[("[y/N] ", "Y\r")]);
    screen.says(&format!("{ASKS}{QUESTION}Y\nstarted\n"), 0);
    on_a_terminal(&sandbox, &run, &[]).says("started\n", 0);
}

#[test]
fn what_changed_since_the_last_yes_is_shown() {
    let sandbox = sandbox();
    sandbox.allow();
    sandbox.file(".keyctl.toml", "[env]\nA = \"c\"\nC = \"c\"\n");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", "n\r")]);
    screen.says(
        &format!(
            "keyctl: `~/project/.keyctl.toml` asks for 2 things:\n  + A <- key c\n  + C <- key c\n  - B <- key b\n  - A <- key a\n{STAYS}{QUESTION}n\nkeyctl: nothing was allowed\n"
        ),
        6,
    );
}

#[test]
fn a_key_that_is_not_kept_yet_is_named_after_the_yes() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nX = \"x/y\"\n");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "allow"], &[("[y/N] ", "yes\r")]);
    assert!(screen.shown.ends_with("keyctl: hint: `x/y` is not kept yet: `keyctl set x/y`\n"), "{}", screen.shown);
    assert_eq!(screen.code, 0);
}

#[test]
fn what_would_hide_a_line_of_the_question_is_shown_as_what_it_is() {
    let sandbox = sandbox();
    let folder = sandbox.project().join("x\r\x1b[2K\u{202e}evil");
    std::fs::create_dir(&folder).expect("make");
    std::fs::write(folder.join(".keyctl.toml"), "[env]\nA = { value = \"\\u001b]52;c;eA==\\u0007\\r\\u202e\" }\n")
        .expect("write");
    let shell = format!("cd x*; exec {KEYCTL} allow");
    let screen = on_a_terminal(&sandbox, &["sh", "-c", &shell], &[("[y/N] ", "n\r")]);
    assert_eq!(
        screen.shown,
        format!(
            "keyctl: `~/project/x\\u{{d}}\\u{{1b}}[2K\\u{{202e}}evil/.keyctl.toml` asks for 1 thing:\n    A <- the setting \"\\u{{1b}}]52;c;eA==\\u{{7}}\\r\\u{{202e}}\"\n{QUESTION}n\nkeyctl: nothing was allowed\n"
        )
    );
}

#[test]
fn an_exception_for_a_variable_needs_a_yes_of_its_own() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nNODE_OPTIONS = { value = \"--inspect\" }\n");
    let ask =
        "keyctl: such variables can redirect a program or what it trusts; let this project set `NODE_OPTIONS`? [y/N] ";
    let allow = [KEYCTL, "allow", "--variable", "NODE_OPTIONS"];
    let screen = on_a_terminal(&sandbox, &allow, &[("[y/N] ", "n\r")]);
    screen.says(&format!("{ask}n\nkeyctl: nothing was allowed\n"), 6);
    let screen =
        on_a_terminal(&sandbox, &allow, &[("project set", ""), ("[y/N] ", "y\r"), ("in this place? [y/N] ", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    sandbox.call(&["run", "--", "printenv", "NODE_OPTIONS"]).run().says("--inspect\n", "", 0);
    sandbox.file(".keyctl.toml", "[env]\nNODE_PATH = { value = \"x\" }\n");
    assert_eq!(sandbox.call(&["run", "--", "true"]).run().code(), 125);
}

#[test]
fn init_writes_names_and_plain_settings_and_never_a_secret() {
    let sandbox = Sandbox::new();
    let env = "# secrets\nexport OPENAI_API_KEY=\"sk-live-in-dotenv\"\nPORT=3000\nLOG_LEVEL=debug\nNODE_OPTIONS=--inspect\nEMPTY=\n";
    sandbox.secret("sk-live-in-dotenv");
    sandbox.may_lie_in(&sandbox.file(".env", env));
    let said = "keyctl: wrote `.keyctl.toml` from `.env`: 2 keys, 2 plain settings\nkeyctl: left out, because a project file cannot set them: `NODE_OPTIONS`\nkeyctl: hint: keep their secrets: `keyctl import .env`, then `keyctl allow`\n";
    sandbox.call(&["init"]).run().says("", said, 0);
    let written = std::fs::read_to_string(sandbox.project().join(".keyctl.toml")).expect("written");
    assert!(written.contains("OPENAI_API_KEY = \"OPENAI_API_KEY\"\n"), "{written}");
    sandbox.call(&["profile", "show"]).run().says(
        "VARIABLE        IS                    FROM\nEMPTY           key EMPTY (optional)  project\nLOG_LEVEL       setting debug         project\nOPENAI_API_KEY  key OPENAI_API_KEY    project\nPORT            setting 3000          project\n",
        "",
        0,
    );
    sandbox.call(&["init", "A"]).run().says(
        "",
        "keyctl: `.keyctl.toml` exists already\nkeyctl: hint: change it with an editor; it holds no secret\n",
        1,
    );
    // What became a setting is no key as well.
    sandbox.file(".env", env.replace("PORT=3000", "PORT=3001"));
    let ran = sandbox.call(&["import", ".env"]).run();
    let said = ran.stderr();
    assert!(said.starts_with("keyctl: left to `.keyctl.toml`, which sets the same: `LOG_LEVEL`\n"), "{said}");
    assert!(said.contains("keyctl: kept: 3 keys (`OPENAI_API_KEY`, `PORT`, `NODE_OPTIONS`)\n"), "{said}");
}

#[test]
fn what_still_asks_for_a_renamed_key_is_told() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    sandbox.configure("[profiles.work]\nenv = { B = \"A\" }\n");
    sandbox.call(&["rename", "A", "C"]).run().says(
        "",
        "keyctl: renamed `A` to `C`\nkeyctl: hint: what still asks for `A`: `~/.config/keyctl/config.toml`, `~/project`\n",
        0,
    );
}

#[test]
fn init_takes_the_example_first_or_names_or_asks() {
    let sandbox = Sandbox::new();
    let file = sandbox.project().join(".keyctl.toml");
    let said = "keyctl: there is no `.env.example` and no `.env` here to take variables from\nkeyctl: hint: name them: `keyctl init OPENAI_API_KEY STRIPE_API_KEY`\n";
    sandbox.call(&["init"]).run().says("", said, 2);
    sandbox.call(&["init", "--prefix", "web/", "A_KEY", "B_KEY"]).run().says(
        "",
        "keyctl: wrote `.keyctl.toml`: 2 keys, 0 plain settings\nkeyctl: hint: keep each secret with `keyctl set NAME`, then `keyctl allow`\n",
        0,
    );
    let written = std::fs::read_to_string(&file).expect("written");
    assert!(written.contains("A_KEY = \"web/A_KEY\"\nB_KEY = \"web/B_KEY\"\n"), "{written}");
    std::fs::remove_file(&file).expect("remove");
    sandbox.file(".env.example", "STRIPE_KEY=\n");
    sandbox.file(".env", "OTHER=\n");
    assert_eq!(sandbox.call(&["init"]).run().code(), 0);
    assert!(std::fs::read_to_string(&file).expect("written").contains("STRIPE_KEY = \"STRIPE_KEY\"\n"));
    for name in [".keyctl.toml", ".env", ".env.example"] {
        std::fs::remove_file(sandbox.project().join(name)).expect("remove");
    }
    let ask = "a variable this project needs (empty: that is all): ";
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "init"], &[(ask, "MY_KEY\r"), (ask, "9x\r"), (ask, "\r")]);
    screen.says(&format!("keyctl: {ask}MY_KEY\nkeyctl: {ask}9x\nkeyctl: a variable's name cannot begin with `9`; use letters, digits and `_`\nkeyctl: {ask}\nkeyctl: wrote `.keyctl.toml`: 1 key, 0 plain settings\nkeyctl: hint: keep each secret with `keyctl set NAME`, then `keyctl allow`\n"), 0);
}

#[test]
fn profiles_of_the_project_and_of_the_user_are_listed_and_extend() {
    let sandbox = sandbox();
    let config = sandbox.home().join(".config/keyctl/config.toml");
    std::fs::create_dir_all(config.parent().expect("parent")).expect("make");
    std::fs::write(&config, "[profiles.mine]\nextends = \"default\"\nenv = { A = \"c\", EXTRA = \"b\" }\n")
        .expect("write");
    sandbox.file(
        ".keyctl.toml",
        "[env]\nA = \"a\"\nB = \"b\"\n[profiles.prod]\nextends = \"default\"\nenv = { B = { value = \"on\" } }\n",
    );
    sandbox.call(&["profile", "list"]).run().says(
        "PROFILE  FROM     ITS OWN\ndefault  project  2 variables\nmine     config   2 variables\nprod     project  1 variable\n",
        "",
        0,
    );
    sandbox.call(&["profile", "show", "prod"]).run().says(
        "VARIABLE  IS          FROM\nA         key a       project\nB         setting on  project\n",
        "",
        0,
    );
    let json: serde_json::Value =
        serde_json::from_slice(&sandbox.call(&["profile", "show", "mine", "--json"]).run().output.stdout)
            .expect("json");
    assert_eq!(json[0], serde_json::json!({ "variable": "A", "key": "c", "optional": false, "from": "config" }));
    assert_eq!(json[1]["from"], "project");
    sandbox.allow();
    let show = ["run", "-P", "mine", "--", "sh", "-c", "echo $A $B $EXTRA"];
    sandbox.call(&show).run().says("third-secret second-secret second-secret\n", "", 0);
    // The user's own profile needs no approval outside of a project.
    std::fs::write(&config, "[profiles.default]\nenv = { EXTRA = \"b\" }\n").expect("write");
    let bare = sandbox.home().join("bare");
    std::fs::create_dir(&bare).expect("make");
    sandbox.call(&["run", "--", "printenv", "EXTRA"]).inside(&bare).run().says("second-secret\n", "", 0);
    std::fs::write(&config, "[profiles.x]\nenv = { PATH = \"b\" }\n").expect("write");
    let ran = sandbox.call(&["run", "-P", "x", "--", "true"]).inside(&bare).run();
    assert!(ran.stderr().contains("`PATH` decides what runs, so keyctl never sets it"), "{}", ran.stderr());
    assert_eq!(ran.code(), 125);
}
