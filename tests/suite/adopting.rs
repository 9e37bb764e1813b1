//! `scan --adopt`: keys that lie in the clear go into the store, and out of `.env` files and shell histories.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox},
};

const TOKEN: &str = "3Hq9ZbT7mWx2LcR5vYk8";
const MARK: &str = "[taken-out-by-keyctl]";

/// Made up, with nothing wrong in it but that nobody issued it.
fn stripe() -> String {
    ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat()
}

fn another_stripe() -> String {
    ["sk_li", "ve_", "Qp4Rk7Tn2Wm9Xb6Zd3Gf8Hj5"].concat()
}

/// A store with one key.
fn kept() -> Sandbox {
    let sandbox = Sandbox::with(&[("TOKEN", TOKEN)]);
    sandbox.secret(stripe());
    sandbox.secret(another_stripe());
    sandbox
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("read")
}

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let ran = sandbox.call(&["history", "--json"]).run();
    ran.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

fn git(sandbox: &Sandbox, words: &[&str]) {
    let mut command = Command::new("git");
    sandbox.environment(&mut command);
    let own = ["-c", "user.name=n", "-c", "user.email=e@x.test", "-c", "init.defaultBranch=main"];
    let ran = command.args(own).args(words).current_dir(sandbox.project()).output().expect("git");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn the_values_of_a_project_go_into_the_store_and_their_lines_out_of_its_file() {
    let sandbox = kept();
    let text = format!("# shop\nLOG=debug\nexport STRIPE_KEY='{}' # live\nTOKEN={TOKEN}\r\nPORT=80\n", stripe());
    let file = sandbox.file(".env", text);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY         FORM                     WHERE   THEN\n\
         STRIPE_KEY  like: Stripe secret key  .env:3  keep it, take it out\n\
         TOKEN       raw                      .env:4  take it out\n",
        "keyctl: `STRIPE_KEY` is kept now, and is out of `.env` (line 3)\n\
         keyctl: `TOKEN` was kept already, and is out of `.env` (line 4)\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `STRIPE_KEY = \"STRIPE_KEY\"`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `TOKEN = \"TOKEN\"`\n\
         keyctl: hint: if anybody else had these files: replace each: `keyctl rotate NAME`\n",
        0,
    );
    assert_eq!(read(&file), "# shop\nLOG=debug\n# live\nPORT=80\n");
    assert_eq!(fs::metadata(&file).expect("facts").mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(sandbox.project()).expect("list").count(), 1);
    sandbox.call(&["get", "STRIPE_KEY"]).run().says(&stripe(), "", 0);
    let said: Vec<Value> = events(&sandbox)
        .iter()
        .skip(1)
        .map(|event| json!([event["ev"], event["names"], event["outcome"], event["note"]]))
        .collect();
    let note = "adopted from `~/project/.env`";
    assert_eq!(
        said[..4],
        [
            json!(["scan", null, null, null]),
            json!(["scan", ["TOKEN"], "found 2 places", null]),
            json!(["import", ["STRIPE_KEY"], null, note]),
            json!(["scan", ["STRIPE_KEY", "TOKEN"], "taken out of 2 places", null]),
        ]
    );
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says("", "keyctl: nothing found to take over\n", 0);
    // Only the store's part can be taken back.
    sandbox.call(&["undo", "--yes"]).run().says("", "keyctl: took back: import of `STRIPE_KEY`\n", 0);
    assert_eq!(read(&file), "# shop\nLOG=debug\n# live\nPORT=80\n");
}

#[test]
fn what_git_ignores_is_adopted_too_and_the_first_key_makes_the_store() {
    let sandbox = Sandbox::new();
    sandbox.secret(stripe());
    git(&sandbox, &["init", "-q"]);
    sandbox.file(".gitignore", ".env\n");
    let file = sandbox.file("api/.env", format!("KEY=\"{}\"\n", stripe()));
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY  FORM                     WHERE       THEN\n\
         KEY  like: Stripe secret key  api/.env:1  keep it, take it out\n",
        &format!(
            "keyctl: no key is kept yet: looking only for what looks like a key\n\
             {NO_KEYCHAIN}keyctl: `KEY` is kept now, and is out of `api/.env` (line 1)\n\
             keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `KEY = \"KEY\"`\n\
             keyctl: hint: if anybody else had that file: replace it: `keyctl rotate KEY`\n"
        ),
        0,
    );
    assert_eq!(read(&file), "");
}

#[test]
fn in_a_history_of_a_shell_only_the_secret_is_replaced() {
    let sandbox = kept();
    let (one, other, home) = (stripe(), another_stripe(), sandbox.home());
    let histories = [
        (
            ".bash_history",
            format!(
                "#1700000000\nexport STRIPE={one}\n#1700000001\ncurl -u \"{other}:\" x\ncurl -u {one}: \\\n x\nls\n"
            ),
            format!(
                "#1700000000\nexport STRIPE={MARK}\n#1700000001\ncurl -u \"{MARK}:\" x\ncurl -u {MARK}: \\\n x\nls\n"
            ),
        ),
        (
            ".zsh_history",
            format!(": 1700000000:0;echo \u{e4}; A={TOKEN} make\\\nb\n: 1700000001:2;ls\n"),
            format!(": 1700000000:0;echo \u{e4}; A={MARK} make\\\nb\n: 1700000001:2;ls\n"),
        ),
        (
            ".local/share/fish/fish_history",
            format!("- cmd: set -x OTHER {one}\\nls\n  when: 1700000000\n  paths:\n    - {TOKEN}\n"),
            format!("- cmd: set -x OTHER {MARK}\\nls\n  when: 1700000000\n  paths:\n    - {MARK}\n"),
        ),
    ];
    for (name, before, _) in &histories {
        fs::create_dir_all(home.join(name).parent().expect("parent")).expect("make");
        fs::write(home.join(name), before).expect("write");
        fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o600)).expect("mode");
    }
    let ran = sandbox.call(&["scan", "--adopt", "--home", "--yes"]).run();
    ran.says(
        "KEY     FORM                     WHERE                               THEN\n\
         STRIPE  like: Stripe secret key  ~/.bash_history:2                   keep it, take it out\n\
         STRIPE  like: Stripe secret key  ~/.bash_history:5                   keep it, take it out\n\
         stripe  like: Stripe secret key  ~/.bash_history:4                   keep it, take it out\n\
         STRIPE  like: Stripe secret key  ~/.local/share/fish/fish_history:1  keep it, take it out\n\
         TOKEN   raw                      ~/.local/share/fish/fish_history:4  take it out\n\
         TOKEN   raw                      ~/.zsh_history:1                    take it out\n",
        "keyctl: `stripe` and `STRIPE` differ only in case; they are two keys\n\
         keyctl: `STRIPE` is kept now, and is out of `~/.bash_history` (lines 2, 5)\n\
         keyctl: `stripe` is kept now, and is out of `~/.bash_history` (line 4)\n\
         keyctl: `STRIPE` is kept now, and is out of `~/.local/share/fish/fish_history` (line 1)\n\
         keyctl: `TOKEN` was kept already, and is out of `~/.local/share/fish/fish_history` (line 4)\n\
         keyctl: `TOKEN` was kept already, and is out of `~/.zsh_history` (line 1)\n\
         keyctl: marked as leaked until they are replaced: `STRIPE`, `TOKEN`, `stripe`\n\
         keyctl: hint: a shell that still runs may write its own history back at its end: look again after that\n\
         keyctl: hint: replace each that is marked: `keyctl rotate NAME`\n",
        0,
    );
    for (name, _, after) in &histories {
        assert_eq!(read(&home.join(name)), *after, "{name}");
        assert_eq!(fs::metadata(home.join(name)).expect("facts").mode() & 0o7777, 0o600);
    }
    let said = "keyctl: `stripe` was found in `~/.bash_history:4` just now: replace it with `keyctl rotate stripe`\n";
    sandbox.call(&["get", "stripe"]).run().says(&other, said, 0);
}

#[test]
fn without_a_yes_nothing_is_looked_at_and_standard_input_is_no_file() {
    let sandbox = kept();
    let file = sandbox.file(".env", format!("K={}\n", stripe()));
    sandbox.may_lie_in(&file);
    let before = events(&sandbox).len();
    sandbox.call(&["scan", "--adopt"]).run().says(
        "",
        "keyctl: taking keys out of files needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["scan", "--adopt", "--yes", "-"]).run().says(
        "",
        "keyctl: out of standard input nothing can be taken; name the file\n",
        2,
    );
    for words in [&["--yes"][..], &["--prefix", "x/"], &["--adopt", "--yes", "--staged"], &["--adopt", "--accept"]] {
        assert_eq!(sandbox.call(&[&["scan"], words].concat()).run().code(), 2, "{words:?}");
    }
    assert_eq!((events(&sandbox).len(), read(&file)), (before, format!("K={}\n", stripe())));
}

#[test]
fn other_files_and_parts_of_values_are_told_and_left() {
    let sandbox = kept();
    let files = [
        ("config.json", format!("{{\"key\": \"{TOKEN}\"}}\n")),
        (".npmrc", format!("//x.test/:_authToken={TOKEN}\n")),
        (".envrc", format!("export A={TOKEN}\n")),
        (".env", format!("URL=https://me:{TOKEN}@x.test/\n# OLD={TOKEN}\n")),
        ("broken.env", format!("this is no line\nA={TOKEN}\n")),
    ];
    for (name, text) in &files {
        sandbox.may_lie_in(&sandbox.file(name, text));
    }
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY    FORM  WHERE          THEN\n\
         TOKEN  raw   .env:1         leave it\n\
         TOKEN  raw   .env:2         leave it\n\
         TOKEN  raw   .envrc:1       leave it\n\
         TOKEN  raw   .npmrc:1       leave it\n\
         TOKEN  raw   broken.env:2   leave it\n\
         TOKEN  raw   config.json:1  leave it\n",
        "keyctl: left as it is: `.env`: only whole values of a `.env` file are taken out\n\
         keyctl: left as it is: `.envrc`: keyctl rewrites only `.env` files and shell histories\n\
         keyctl: left as it is: `.npmrc`: keyctl rewrites only `.env` files and shell histories\n\
         keyctl: left as it is: `broken.env`: it cannot be read as a `.env` file: line 1: there is no `=`, and this is no comment\n\
         keyctl: left as it is: `config.json`: keyctl rewrites only `.env` files and shell histories\n\
         keyctl: marked as leaked until it is replaced: `TOKEN`\n\
         keyctl: hint: replace it: `keyctl rotate TOKEN`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    for (name, text) in &files {
        assert_eq!(read(&sandbox.project().join(name)), *text);
    }
}

#[test]
fn adopting_ends_as_a_scan_does_where_not_all_could_be_seen() {
    let sandbox = kept();
    git(&sandbox, &["init", "-q"]);
    sandbox.file(".gitignore", "logs\n");
    std::fs::create_dir(sandbox.project().join("logs")).expect("make");
    sandbox.file("logs/one", "nothing\n");
    for words in [&["scan"][..], &["scan", "--adopt", "--yes"]] {
        let ran = sandbox.call(words).env("PATH", "/nowhere").run();
        assert!(ran.stderr().contains("not looked at: what git keeps in "), "{}", ran.stderr());
        assert_eq!(ran.code(), 7, "{words:?}");
    }
}

#[test]
fn thousands_of_lines_that_stay_are_told_in_a_moment() {
    let sandbox = kept();
    let line = format!("A={TOKEN}\n");
    let file = sandbox.file(".env", line.repeat(20_000));
    sandbox.may_lie_in(&file);
    let since = std::time::Instant::now();
    let ran = sandbox.call(&["scan", "--adopt", "--yes", "--json"]).run();
    assert_eq!(ran.code(), 1);
    let told: Value = serde_json::from_str(&ran.stdout()).expect("json");
    assert_eq!(told["left"].as_array().map(Vec::len), Some(20_000));
    // The square of it takes minutes.
    assert!(since.elapsed() < std::time::Duration::from_secs(20), "{:?}", since.elapsed());
}

#[test]
fn a_file_that_cannot_be_written_anew_without_harm_is_left() {
    let sandbox = kept();
    let text = format!("A={TOKEN}\n");
    let plant = |name: &str| {
        let path = sandbox.file(name, &text);
        sandbox.may_lie_in(&path);
        path
    };
    let real = plant("real/target");
    symlink(&real, sandbox.project().join("linked.env")).expect("link");
    let first = plant("first.env");
    fs::hard_link(&first, sandbox.project().join("second.env")).expect("link");
    sandbox.may_lie_in(&sandbox.project().join("second.env"));
    fs::set_permissions(plant("closed.env"), fs::Permissions::from_mode(0o400)).expect("mode");
    plant(".env");
    plant(&format!("{TOKEN}.env"));
    sandbox.file(".env.swp", "x");
    let ran = sandbox
        .call(&["scan", "--adopt", "--yes", "linked.env", "first.env", "closed.env", ".env", &format!("{TOKEN}.env")])
        .run();
    ran.says(
        "KEY    FORM  WHERE                             THEN\n\
         TOKEN  raw   .env:1                            leave it\n\
         TOKEN  raw   [secret of TOKEN].env (its name)  leave it\n\
         TOKEN  raw   [secret of TOKEN].env:1           leave it\n\
         TOKEN  raw   closed.env:1                      leave it\n\
         TOKEN  raw   first.env:1                       leave it\n\
         TOKEN  raw   linked.env:1                      leave it\n",
        "keyctl: left as it is: `.env`: an editor has it open, as `.env.swp` says; close it there first\n\
         keyctl: left as it is: `[secret of TOKEN].env`: its own path holds a secret: rename that first\n\
         keyctl: left as it is: `closed.env`: it is read-only\n\
         keyctl: left as it is: `first.env`: it has another name too (a hard link), which would keep it\n\
         keyctl: left as it is: `linked.env`: it is a symbolic link; name the file itself\n\
         keyctl: marked as leaked until it is replaced: `TOKEN`\n\
         keyctl: hint: replace it: `keyctl rotate TOKEN`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    for name in ["real/target", "first.env", "second.env", "closed.env", ".env"] {
        assert_eq!(read(&sandbox.project().join(name)), text);
    }
}

#[test]
fn a_key_that_git_keeps_is_marked_as_leaked_and_that_is_said() {
    let sandbox = kept();
    git(&sandbox, &["init", "-q"]);
    let file = sandbox.file(".env", format!("K={}\n", stripe()));
    git(&sandbox, &["add", ".env"]);
    git(&sandbox, &["commit", "-qm", "x"]);
    sandbox.file(".env~", format!("K={}\n", stripe()));
    sandbox.file("old/.env", "");
    let ran = sandbox.call(&["scan", "--adopt", "--yes", ".env"]).run();
    ran.says(
        "KEY  FORM                     WHERE   THEN\n\
         K    like: Stripe secret key  .env:1  keep it, take it out\n",
        "keyctl: git keeps `.env`: what was committed of it stays in git's history\n\
         keyctl: `K` is kept now, and is out of `.env` (line 1)\n\
         keyctl: `.env~` holds the same still\n\
         keyctl: marked as leaked until it is replaced: `K`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `K = \"K\"`\n\
         keyctl: hint: replace it: `keyctl rotate K`\n",
        0,
    );
    assert_eq!(read(&file), "");
    sandbox.may_lie_in(&sandbox.project().join(".env~"));
    let shown = sandbox.call(&["show", "K", "--json"]).run().stdout();
    assert!(shown.contains("\"leaked\":") && shown.contains(".env:1"), "{shown}");
    let unmarked = kept();
    unmarked.file(".env", format!("K={}\n", stripe()));
    assert_eq!(unmarked.call(&["scan", "--adopt", "--yes"]).run().code(), 0);
    let shown: Value = serde_json::from_str(&unmarked.call(&["show", "K", "--json"]).run().stdout()).expect("json");
    assert_eq!(shown["leaked"], Value::Null);
}

#[test]
fn a_name_that_another_secret_has_is_refused_or_asked_for_or_set_apart_by_a_prefix() {
    let sandbox = kept();
    let text = format!("TOKEN={}\nB={}\n", stripe(), another_stripe());
    let file = sandbox.file(".env", &text);
    sandbox.may_lie_in(&file);
    let ran = sandbox.call(&["scan", "--adopt", "--yes"]).run();
    ran.says(
        "KEY  FORM                     WHERE   THEN\n\
         B    like: Stripe secret key  .env:2  keep it, take it out\n\
         ?    like: Stripe secret key  .env:1  leave it\n",
        "keyctl: `B` is kept now, and is out of `.env` (line 2)\n\
         keyctl: left as it is: `.env`: a key named `TOKEN` has another secret; to keep them apart: `--prefix PROJECT/`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `B = \"B\"`\n\
         keyctl: hint: if anybody else had that file: replace it: `keyctl rotate B`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!(read(&file), format!("TOKEN={}\n", stripe()));
    let screen = on_a_terminal(
        &sandbox,
        &[KEYCTL, "scan", "--adopt"],
        &[("leave it there): ", "a b\r"), ("leave it there): ", "shop/token\r"), ("[y/N] ", "y\r")],
    );
    sandbox.no_secret_in(screen.shown.as_bytes());
    assert!(
        screen.code == 0 && screen.shown.contains("`shop/token` is kept now, and is out of `.env` (line 1)"),
        "{}",
        screen.shown
    );
    assert!(screen.shown.contains("`TOKEN = \"shop/token\"`"), "{}", screen.shown);
    assert_eq!(read(&file), "");
    fs::write(&file, format!("TOKEN={}\n", ["sk_li", "ve_", "Lz6Vc1Nq8Bs5Md2Fk9Jw4Px7"].concat())).expect("write");
    let ran = sandbox.call(&["scan", "--adopt", "--yes", "--prefix", "web/"]).run();
    assert!(ran.stderr().starts_with("keyctl: `web/TOKEN` is kept now"), "{}", ran.stderr());
}

#[test]
fn each_file_is_asked_for_once_and_a_no_leaves_it() {
    let sandbox = kept();
    let text = format!("A={}\nB={TOKEN}\n", stripe());
    let (one, two) = (sandbox.file("one/.env", &text), sandbox.file("two/.env", &text));
    sandbox.may_lie_in(&two);
    let words = [KEYCTL, "scan", "--adopt", "one", "two"];
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r"), ("[y/N] ", "\r")]);
    screen.says(
        "KEY    FORM                     WHERE       THEN\n\
         A      like: Stripe secret key  one/.env:1  keep it, take it out\n\
         TOKEN  raw                      one/.env:2  take it out\n\
         A      like: Stripe secret key  two/.env:1  keep it, take it out\n\
         TOKEN  raw                      two/.env:2  take it out\n\
         keyctl: take 2 values out of `one/.env` (`A`, `TOKEN`), once the store has them? [y/N] y\n\
         keyctl: take 2 values out of `two/.env` (`A`, `TOKEN`), once the store has them? [y/N] \n\
         keyctl: `A` is kept now, and is out of `one/.env` (line 1)\n\
         keyctl: `TOKEN` was kept already, and is out of `one/.env` (line 2)\n\
         keyctl: left as it is: `two/.env`: you did not say yes\n\
         keyctl: marked as leaked until it is replaced: `TOKEN`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `A = \"A\"`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `B = \"TOKEN\"`\n\
         keyctl: hint: replace it: `keyctl rotate TOKEN`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!((read(&one), read(&two)), (String::new(), text));
}

#[test]
fn a_file_that_changes_while_its_user_is_asked_is_left_and_nothing_is_kept() {
    let sandbox = kept();
    let file = sandbox.file(".env", format!("A={}\n", stripe()));
    sandbox.may_lie_in(&file);
    let change = "\0echo NEW=1 >>.env";
    let steps = [("[y/N] ", change), ("", "y\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "scan", "--adopt"], &steps);
    let said = "left as it is: `.env`: it was changed meanwhile; do the same once more\n";
    assert!(screen.code == 1 && screen.shown.contains(said), "{}", screen.shown);
    assert_eq!(read(&file), format!("A={}\nNEW=1\n", stripe()));
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 3);
    assert!(!events(&sandbox).iter().any(|event| event["ev"] == "import"));
    assert_eq!(sandbox.call(&["scan", "--adopt", "--yes"]).run().code(), 0);
    assert_eq!(read(&file), "NEW=1\n");
}

#[test]
fn programs_read_what_was_done_as_json() {
    let sandbox = kept();
    sandbox.file(".env", format!("A={}\nB={TOKEN}\n", stripe()));
    sandbox.may_lie_in(&sandbox.file("b.json", TOKEN));
    let ran = sandbox.call(&["scan", "--adopt", "--yes", "--json", "-q", "--no-mark"]).run();
    let report: Value = serde_json::from_str(&ran.stdout()).expect("json");
    assert_eq!(
        report,
        json!({
            "adopted": [{
                "path": ".env", "kind": "variables", "tracked": false,
                "keys": [
                    { "key": "A", "added": true, "variable": "A", "lines": [1] },
                    { "key": "TOKEN", "added": false, "variable": "B", "lines": [2] },
                ],
                "project_lines": ["A = \"A\"", "B = \"TOKEN\""],
            }],
            "left": [{
                "what": { "kind": "key", "key": "TOKEN", "secret": "current", "form": "raw", "partial": null },
                "place": { "kind": "file", "path": "b.json" }, "line": 1,
                "reason": "keyctl rewrites only `.env` files and shell histories",
            }],
            "kept": [], "marked": [], "backups": [], "unreadable": [], "left_out": [],
        })
    );
    assert_eq!(ran.code(), 1);
}

#[test]
fn what_is_accepted_stays_where_it_is() {
    let sandbox = kept();
    let text = format!("A={TOKEN}\n");
    let file = sandbox.file(".env", &text);
    sandbox.may_lie_in(&file);
    assert_eq!(sandbox.call(&["scan", "--accept", "--yes"]).run().code(), 0);
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says("", "keyctl: nothing found to take over\n", 0);
    assert_eq!(read(&file), text);
    fs::write(&file, format!("{text}B={}\n", stripe())).expect("write");
    let ran = sandbox.call(&["scan", "--adopt", "--yes"]).run();
    assert!(ran.stderr().starts_with("keyctl: `B` is kept now, and is out of `.env` (line 2)\n"), "{}", ran.stderr());
    assert_eq!((read(&file), ran.code()), (text, 0));
}

#[test]
fn what_is_a_part_of_a_longer_word_in_a_history_is_left_and_the_longest_of_several_is_what_stands_there() {
    let (short, long) = ("Abc-def-ghi-jkl", "Abc-def-ghi-jkl-mno-pqr");
    let sandbox = Sandbox::with(&[("a", short), ("b", long), ("db/pass", "Winter-2025-horse")]);
    let file = sandbox.file(
        ".bash_history",
        format!("export DB_PASS=Winter-2025-horse-2\nx {long}\nmysql -pWinter-2025-horse 'x'\nx {short}'-2'\n"),
    );
    sandbox.may_lie_in(&file);
    sandbox.call(&["scan", "--adopt", "--yes", ".bash_history"]).run().says(
        "KEY      FORM  WHERE            THEN\n\
         b        raw   .bash_history:2  take it out\n\
         a        raw   .bash_history:2  take it out\n\
         db/pass  raw   .bash_history:3  take it out\n\
         db/pass  raw   .bash_history:1  leave it\n\
         a        raw   .bash_history:4  leave it\n",
        "keyctl: `b` was kept already, and is out of `.bash_history` (line 2)\n\
         keyctl: `a` was kept already, and is out of `.bash_history` (line 2)\n\
         keyctl: `db/pass` was kept already, and is out of `.bash_history` (line 3)\n\
         keyctl: left as it is: `.bash_history`: it is a part of a longer word there, which may be another secret\n\
         keyctl: marked as leaked until they are replaced: `a`, `b`, `db/pass`\n\
         keyctl: hint: a shell that still runs may write its own history back at its end: look again after that\n\
         keyctl: hint: replace each that is marked: `keyctl rotate NAME`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!(
        read(&file),
        format!("export DB_PASS=Winter-2025-horse-2\nx {MARK}\nmysql -p{MARK} 'x'\nx {short}'-2'\n")
    );
}

#[test]
fn a_comment_behind_a_value_stays_and_one_with_a_secret_keeps_its_line_where_it_is() {
    let sandbox = kept();
    let text =
        format!("\u{feff}A={}\nB={} # before: {TOKEN}\nTOKEN='{TOKEN}' # owner: anna\n", stripe(), another_stripe());
    let file = sandbox.file(".env", text);
    sandbox.may_lie_in(&file);
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY    FORM                     WHERE   THEN\n\
         A      like: Stripe secret key  .env:1  keep it, take it out\n\
         TOKEN  raw                      .env:3  take it out\n\
         ?      like: Stripe secret key  .env:2  leave it\n\
         TOKEN  raw                      .env:2  leave it\n",
        "keyctl: `A` is kept now, and is out of `.env` (line 1)\n\
         keyctl: `TOKEN` was kept already, and is out of `.env` (line 3)\n\
         keyctl: left as it is: `.env`: only whole values of a `.env` file are taken out\n\
         keyctl: left as it is: `.env`: the comment behind the value holds a secret too; take that out first\n\
         keyctl: marked as leaked until it is replaced: `TOKEN`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `A = \"A\"`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `TOKEN = \"TOKEN\"`\n\
         keyctl: hint: replace it: `keyctl rotate TOKEN`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!(read(&file), format!("\u{feff}B={} # before: {TOKEN}\n# owner: anna\n", another_stripe()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_with_an_access_list_or_attributes_is_left_and_a_list_of_its_folder_gives_a_new_file_no_rights() {
    use rustix::fs::{XattrFlags, listxattr, setxattr};
    let sandbox = kept();
    let text = format!("A={}\nLOG=debug\n", stripe());
    let [listed, noted, plain] = ["listed/.env", "noted/.env", "plain/.env"].map(|name| {
        let file = sandbox.file(name, &text);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
        sandbox.may_lie_in(&file);
        file
    });
    // acl(5) as the kernel has it: version 2, then tag, rights and id of the owner, a user, the group, the mask, all others.
    let entries = [(1_u16, 6_u16, u32::MAX), (2, 4, 65534), (4, 0, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let plain_folder = plain.parent().expect("folder");
    let set = [
        setxattr(&listed, "system.posix_acl_access", &list, XattrFlags::empty()),
        setxattr(plain_folder, "system.posix_acl_default", &list, XattrFlags::empty()),
        setxattr(&noted, "user.note", b"x", XattrFlags::empty()),
    ];
    if set.contains(&Err(rustix::io::Errno::NOTSUP)) {
        // This file system has none.
        return;
    }
    for done in set {
        done.expect("set");
    }
    let ran = sandbox.call(&["scan", "--adopt", "--yes"]).run();
    ran.says(
        "KEY  FORM                     WHERE          THEN\n\
         A    like: Stripe secret key  plain/.env:1   keep it, take it out\n\
         ?    like: Stripe secret key  listed/.env:1  leave it\n\
         ?    like: Stripe secret key  noted/.env:1   leave it\n",
        "keyctl: `A` is kept now, and is out of `plain/.env` (line 1)\n\
         keyctl: left as it is: `listed/.env`: it has an access list (ACL), which a new file in its place would not have\n\
         keyctl: left as it is: `noted/.env`: it has extended attributes, which a new file in its place would not have\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `A = \"A\"`\n\
         keyctl: hint: if anybody else had that file: replace it: `keyctl rotate A`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!((read(&listed), read(&noted), read(&plain)), (text.clone(), text, "LOG=debug\n".to_owned()));
    assert_eq!(fs::metadata(&plain).expect("facts").mode() & 0o7777, 0o640);
    let mut names = [0_u8; 1000];
    assert_eq!(listxattr(&plain, &mut names[..]).expect("list"), 0, "{}", String::from_utf8_lossy(&names));
}

#[test]
fn a_variable_that_stands_twice_is_left_and_each_secret_of_a_kind_is_told() {
    let sandbox = kept();
    let third = ["sk_li", "ve_", "Lz6Vc1Nq8Bs5Md2Fk9Jw4Px7"].concat();
    let fourth = ["sk_li", "ve_", "Hg5Tr8Zm2Vb6Yc9Kd3Wf7Sn4"].concat();
    let text =
        format!("TOKEN={TOKEN}\nA={}\nA={}\nURL=https://x.test/?k={third}\nB={fourth}\n", stripe(), another_stripe());
    let file = sandbox.file(".env", text);
    sandbox.may_lie_in(&file);
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY    FORM                     WHERE   THEN\n\
         TOKEN  raw                      .env:1  take it out\n\
         B      like: Stripe secret key  .env:5  keep it, take it out\n\
         ?      like: Stripe secret key  .env:2  leave it\n\
         ?      like: Stripe secret key  .env:3  leave it\n\
         ?      like: Stripe secret key  .env:4  leave it\n",
        "keyctl: `TOKEN` was kept already, and is out of `.env` (line 1)\n\
         keyctl: `B` is kept now, and is out of `.env` (line 5)\n\
         keyctl: left as it is: `.env`: its variable stands there more than once, and which one counts only its readers know; leave one\n\
         keyctl: left as it is: `.env`: only whole values of a `.env` file are taken out\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `TOKEN = \"TOKEN\"`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `B = \"B\"`\n\
         keyctl: hint: if anybody else had these files: replace each: `keyctl rotate NAME`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    let stays = format!("A={}\nA={}\nURL=https://x.test/?k={third}\n", stripe(), another_stripe());
    assert_eq!(read(&file), stays);
}

#[test]
fn a_secret_that_no_key_has_in_use_any_more_is_left_with_the_call_that_brings_it_back() {
    let (removed, former, revoked) =
        ("correct-Horse-7battery-staple", "Old-Horse-8battery-staple", "Bad-Horse-9battery-staple");
    let sandbox = Sandbox::with(&[("db/pass", removed), ("api", former), ("bad", revoked)]);
    sandbox.secret("New-Horse-1battery-staple");
    for words in [&["remove", "db/pass", "--yes"][..], &["revoke", "bad", "--yes"]] {
        assert_eq!(sandbox.call(words).run().code(), 0, "{words:?}");
    }
    let ran = sandbox.call(&["set", "api", "--replace"]).input("New-Horse-1battery-staple").run();
    assert_eq!(ran.code(), 0);
    let text = format!("DB_PASS={removed}\nAPI={former}\nBAD={revoked}\n");
    let (file, history) = (sandbox.file(".env", &text), sandbox.file(".bash_history", format!("x {removed}\n")));
    sandbox.may_lie_in(&file);
    sandbox.may_lie_in(&history);
    sandbox.call(&["scan", "--adopt", "--yes", ".env", ".bash_history"]).run().says(
        "KEY                FORM  WHERE            THEN\n\
         db/pass (removed)  raw   .bash_history:1  leave it\n\
         db/pass (removed)  raw   .env:1           leave it\n\
         api (former)       raw   .env:2           leave it\n\
         bad (revoked)      raw   .env:3           leave it\n",
        "keyctl: left as it is: `.bash_history`: the store has it only as a secret of `db/pass`, which was removed; to have it back: `keyctl rollback db/pass`\n\
         keyctl: left as it is: `.env`: the store has it only as a former secret of `api`; to use it again: `keyctl rollback api`\n\
         keyctl: left as it is: `.env`: the store has it only as a revoked secret of `bad`, which nothing may use any more\n\
         keyctl: left as it is: `.env`: the store has it only as a secret of `db/pass`, which was removed; to have it back: `keyctl rollback db/pass`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!(read(&file), text);
    assert_eq!(sandbox.call(&["rollback", "db/pass", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["scan", "--adopt", "--yes", ".env"]).run().code(), 1);
    assert_eq!(read(&file), format!("API={former}\nBAD={revoked}\n"));
}

#[test]
fn blanks_within_quotes_leave_their_line_alone_and_no_other() {
    let sandbox = kept();
    let text = format!("TOKEN=\"{TOKEN} \"\nA='{}'\nB=' {}'\n", stripe(), another_stripe());
    let file = sandbox.file(".env", text);
    sandbox.may_lie_in(&file);
    sandbox.call(&["scan", "--adopt", "--yes"]).run().says(
        "KEY    FORM                     WHERE   THEN\n\
         A      like: Stripe secret key  .env:2  keep it, take it out\n\
         TOKEN  raw                      .env:1  leave it\n\
         ?      like: Stripe secret key  .env:3  leave it\n",
        "keyctl: `A` is kept now, and is out of `.env` (line 2)\n\
         keyctl: left as it is: `.env`: blanks stand within its quotes, at an end of the value; take them out first\n\
         keyctl: marked as leaked until it is replaced: `TOKEN`\n\
         keyctl: hint: for `keyctl run`, below `[env]` in `.keyctl.toml`: `A = \"A\"`\n\
         keyctl: hint: replace it: `keyctl rotate TOKEN`\n\
         keyctl: hint: take what is left out by hand; keep what is yours with `keyctl set NAME`\n",
        1,
    );
    assert_eq!(read(&file), format!("TOKEN=\"{TOKEN} \"\nB=' {}'\n", another_stripe()));
}

#[test]
fn a_file_that_cannot_be_written_hides_no_key_that_was_kept_and_no_file_that_was_not_tried() {
    let sandbox = kept();
    // A temporary file beside it would have a longer name than there can be.
    let name = format!("{}.env", "a".repeat(240));
    let text = format!("LONG={}\n", stripe());
    let (file, next) = (sandbox.file(&name, &text), sandbox.file("z.env", format!("Z={}\n", another_stripe())));
    sandbox.may_lie_in(&file);
    sandbox.may_lie_in(&next);
    let ran = sandbox.call(&["scan", "--adopt", "--yes"]).run();
    let said = ran.stderr();
    let begins = format!(
        "keyctl: `LONG` is kept now, and lies in `{name}` still\n\
         keyctl: left as it is: `{name}`: that failed, as is told at the end\n\
         keyctl: left as it is: `z.env`: it was not tried, since another file failed before\n"
    );
    assert!(said.starts_with(&begins), "{said}");
    assert!(said.contains(&format!("keyctl: cannot write `{name}")), "{said}");
    assert_eq!((read(&file), ran.code()), (text, 7));
    sandbox.call(&["get", "LONG"]).run().says(&stripe(), "", 0);
    assert_eq!(sandbox.call(&["get", "Z"]).run().code(), 3);
}
