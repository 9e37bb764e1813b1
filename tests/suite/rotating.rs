//! Replacing keys: what that touches, by hand, and by programs of the user's.

use std::path::PathBuf;

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Ran, Sandbox},
};

pub const OLD: &str = "first-old-secret";
pub const NEW: &str = "then-new-secret";

/// A text with `DATE` in the place of each minute.
pub fn dateless(text: &str) -> String {
    let is_date = |at: usize| {
        let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
        text.get(at..at + 16).is_some_and(|part| part.chars().map(shape).eq("0000-00-00 00:00".chars()))
    };
    let (mut out, mut at) = (String::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        if is_date(at) {
            out.push_str("DATE");
            at += 16;
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

/// States what was said, with `DATE` for each minute, and the exit code.
#[track_caller]
pub fn says(ran: &Ran, stderr: &str, code: i32) {
    let (out, said) = (ran.stdout(), dateless(&ran.stderr()));
    assert!(
        (out.as_str(), said.as_str(), ran.code()) == ("", stderr, code),
        "expected {code}\n{stderr}\ngot {}\n{said}{out}",
        ran.code()
    );
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(&[("shop/key", OLD)]);
    sandbox.secret(NEW);
    sandbox
}

#[track_caller]
pub fn holds(sandbox: &Sandbox, secret: &str) {
    sandbox.call(&["get", "shop/key"]).run().says(secret, "", 0);
}

/// An executable script of the user's.
pub fn script(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = sandbox.home().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("write");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    path
}

/// The user's own settings.
/// What the tests' own looking at the secret leaves.
const USED: &str = "keyctl: replacing `shop/key` touches:\nkeyctl:   used  ~/project  printed, just now\n";
const NOTHING: &str = "keyctl: as far as keyctl knows nothing uses `shop/key`\n";
const REPLACED: &str = "keyctl: replaced `shop/key`; its former secret is kept\n";

#[test]
fn what_replacing_a_key_touches_is_shown_before_anything_is_done() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nSHOP_KEY = \"shop/key\"\n[profiles.prod]\nextends = \"default\"\nenv = { X = \"shop/key\", Y = \"other\" }\n");
    sandbox.allow();
    sandbox.configure("[profiles.work]\nenv = { S = \"shop/key\" }\n[profiles.home]\nenv = { T = \"other\" }\n");
    sandbox.may_lie_in(&sandbox.file(".env", format!("A=1\nSHOP_KEY={OLD}\n")));
    sandbox.may_lie_in(&sandbox.file("deep/er/notes.txt", format!("the key is {OLD}!\n")));
    sandbox.may_lie_in(&sandbox.file("node_modules/x/left-out", OLD));
    sandbox.may_lie_in(&sandbox.file(".git-is-not-here", "nothing"));
    sandbox.call(&["run", "--only", "SHOP_KEY", "--", "true"]).run().says("", "", 0);
    sandbox.call(&["run", "--only", "SHOP_KEY", "--", "sh", "-c", ":"]).run().says("", "", 0);
    sandbox.call(&["run", "--only", "SHOP_KEY", "--", "true"]).run().says("", "", 0);
    let table = "\
WHAT     WHERE                          HOW
profile  ~/.config/keyctl/config.toml   as S in work
profile  ~/project/.keyctl.toml         as SHOP_KEY in default, prod; as X in prod
allowed  ~/project                      as SHOP_KEY in default, prod; as X in prod
used     ~/project                      by true, just now
used     ~/project                      by sh, just now
copy     ~/project/.env:2               holds the secret in clear
copy     ~/project/deep/er/notes.txt:1  holds the secret in clear
";
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run"]).run();
    assert_eq!((squeezed(&ran.stdout()), ran.stderr(), ran.code()), (squeezed(table), String::new(), 0));
    // The same from elsewhere, but for the project's own file: what was allowed is known everywhere.
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run"]).inside(sandbox.home()).run();
    let elsewhere: Vec<&str> = table.lines().filter(|line| !line.contains(".keyctl.toml")).collect();
    assert_eq!(squeezed(&ran.stdout()), squeezed(&elsewhere.join("\n")));
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run", "--json"]).run();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("json");
    assert_eq!(
        json["copies"],
        serde_json::json!([{ "file": "~/project/.env", "form": "raw", "line": 2 }, { "file": "~/project/deep/er/notes.txt", "form": "raw", "line": 1 }])
    );
    assert_eq!((&json["by"], json["uses"].as_array().map(Vec::len)), (&"hand".into(), Some(2)));
    holds(&sandbox, OLD);
}

#[test]
fn a_piped_secret_takes_the_old_ones_place_and_the_files_that_hold_the_old_one_are_named() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nSHOP_KEY = \"shop/key\"\n");
    sandbox.may_lie_in(&sandbox.file(".env", format!("SHOP_KEY={OLD}\n")));
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input(format!("{NEW}\n")).run();
    says(&ran, "keyctl: files that still hold the former secret:\n  ~/project/.env:1\n", 0);
    holds(&sandbox, NEW);
    sandbox.call(&["rollback", "shop/key", "--yes"]).run();
    holds(&sandbox, OLD);
    let verified = sandbox.call(&["history", "verify"]).run();
    assert_eq!((verified.stderr().as_str(), verified.code()), ("", 0));
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    let rotated = history.lines().find(|line| line.contains("\"rotate\"")).expect("recorded");
    assert!(rotated.contains("shop/key"), "{rotated}");
}

#[test]
fn another_key_with_the_same_secret_is_named_before_and_after() {
    let sandbox = sandbox();
    sandbox.set("twin", OLD);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes"]).input(NEW).run();
    let said = "keyctl: replacing `shop/key` touches:\nkeyctl:   key  twin  holds the same secret\n";
    says(&ran, &format!("{said}{REPLACED}keyctl: `twin` still holds the former secret\n"), 0);
    let ran = sandbox.call(&["rotate", "twin", "--yes", "-q"]).input(NEW).run();
    says(&ran, "keyctl: `shop/key` holds the same secret\n", 0);
}

#[test]
fn a_rotation_begins_the_keys_dates_anew_and_keeps_the_former_secret_for_the_overlap() {
    let sandbox = sandbox();
    sandbox.configure("[rotation]\noverlap = \"2d\"\n");
    sandbox.call(&["edit", "shop/key", "--expires", "2026-12-31", "--rotate-every", "90d"]).run();
    let ran = sandbox.call(&["rotate", "shop/key", "--yes"]).input(NEW).run();
    says(
        &ran,
        &format!(
            "{NOTHING}keyctl: replaced `shop/key`; its former secret is kept until DATE; to be replaced again by DATE\n\
             keyctl: hint: 2026-12-31 was the former secret's end; say when this one ends: `keyctl edit shop/key --expires DATE`\n"
        ),
        0,
    );
    let report = |arguments: &[&str], input: &str| -> serde_json::Value {
        sandbox.secret(input);
        let ran = sandbox.call(arguments).input(input).run();
        serde_json::from_str(&ran.stdout()).unwrap_or_else(|_| panic!("{}", ran.stderr()))
    };
    let days = |from: &serde_json::Value, to: &serde_json::Value| {
        let read = |value: &serde_json::Value| {
            value.as_str().expect("a date").parse::<keyctl::date::Moment>().expect("a date").seconds()
        };
        (read(to) - read(from)) / 86_400
    };
    let json = report(&["rotate", "shop/key", "--yes", "--json", "-q"], "third-secret");
    assert_eq!(json["expires"], serde_json::Value::Null, "the end belonged to the former secret");
    assert_eq!(
        (days(&json["changed"], &json["former_kept_until"]), days(&json["changed"], &json["rotate_by"])),
        (2, 90)
    );
    let json = report(
        &["rotate", "shop/key", "--yes", "--json", "-q", "--overlap", "1w", "--expires", "2030-01-31"],
        "fourth-secret",
    );
    assert_eq!(
        (days(&json["changed"], &json["former_kept_until"]), json["expires"].as_str()),
        (7, Some("2030-01-31T00:00:00Z"))
    );
}

#[test]
fn what_cannot_be_meant_as_the_new_secret_is_refused_and_the_old_one_stays() {
    let sandbox = sandbox();
    let refused = |input: &str, said: &str, code| {
        says(&sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input(input).run(), said, code);
        holds(&sandbox, OLD);
    };
    refused(
        OLD,
        "keyctl: `shop/key` holds this very secret already; nothing was replaced\nkeyctl: hint: make a new one at its issuer first\n",
        1,
    );
    let empty = "keyctl: the new secret is empty; nothing was replaced\nkeyctl: hint: pipe it in, or enter it when asked: `keyctl rotate shop/key`\n";
    refused("", empty, 2);
    refused("\n", empty, 2);
    refused(
        "a\0b",
        "keyctl: the new secret has a NUL byte, which no environment can hold; nothing was kept\nkeyctl: hint: keep such bytes one by one: `keyctl set NAME --binary`\n",
        2,
    );
    let ran = sandbox.call(&["rotate", "shop/key"]).input(NEW).run();
    says(&ran, "keyctl: replacing `shop/key` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n", 2);
    let ran = sandbox.call(&["rotate", "shop/key", NEW]).env("SHELL", "/bin/bash").run();
    let argument = "keyctl: a secret never goes into the arguments: every program can see them and the shell keeps them; nothing was kept\n\
                    keyctl: hint: type `keyctl rotate shop/key` and enter it when asked, or pipe it in\n\
                    keyctl: hint: take this line out of the shell's history: `history -d $((HISTCMD-1)); history -w`\n\
                    keyctl: hint: if it was a live key, replace it at its issuer\n";
    says(&ran, argument, 2);
    let ran = sandbox.call(&["rotate", "shop/kee", "--yes"]).input(NEW).run();
    says(&ran, "keyctl: no key named `shop/kee`\nkeyctl: hint: did you mean `shop/key`?\n", 3);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input(NEW).run();
    says(&ran, "", 0);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input(OLD).run();
    says(
        &ran,
        "keyctl: this is the former secret of `shop/key` that was replaced on DATE; nothing was replaced\nkeyctl: hint: if it shall be used again: `keyctl rollback shop/key`\n",
        1,
    );
    holds(&sandbox, NEW);
}

#[test]
fn a_secret_comes_from_a_file_or_is_made_here() {
    let sandbox = sandbox();
    let file = sandbox.file("new", format!("{NEW}\n"));
    sandbox.may_lie_in(&file);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "--from-file", "new"]).run();
    says(&ran, &format!("{NOTHING}keyctl: took one line ending off the secret's end\n{REPLACED}"), 0);
    holds(&sandbox, NEW);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "--generate=40"]).run();
    says(&ran, &format!("{USED}{REPLACED}"), 0);
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().output.stdout.len(), 40);
}

#[test]
fn at_a_terminal_a_person_says_yes_and_types_the_new_secret_unseen() {
    let sandbox = sandbox();
    sandbox.call(&["edit", "shop/key", "--url", "https://issuer.example/keys"]).run();
    let words = [KEYCTL, "rotate", "shop/key"];
    let page = "keyctl: the page where it is replaced: https://issuer.example/keys\n";
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r"), ("(not shown): ", &format!("{NEW}\r"))]);
    let asked = format!(
        "{NOTHING}{page}keyctl: replace `shop/key`? [y/N] y\nkeyctl: new secret for `shop/key` (not shown): \n{REPLACED}"
    );
    screen.says(&asked, 0);
    holds(&sandbox, NEW);
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "n\r")]);
    screen.says(&format!("{USED}{page}keyctl: replace `shop/key`? [y/N] n\nkeyctl: nothing was changed\n"), 1);
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r"), ("(not shown): ", "\u{3}")]);
    screen.says(&format!("{USED}{page}keyctl: replace `shop/key`? [y/N] y\nkeyctl: new secret for `shop/key` (not shown): \nkeyctl: interrupted; nothing was changed\n"), 130);
    holds(&sandbox, NEW);
}

#[test]
fn the_issuers_page_is_opened_by_the_desktops_program_and_only_when_asked_for() {
    let sandbox = sandbox();
    let folder = sandbox.home().join("bin");
    std::fs::create_dir(&folder).expect("make");
    script(
        &sandbox,
        "bin/xdg-open",
        "printf '%s\\n' \"$#\" \"$@\" >\"$HOME/opened.part\"; mv \"$HOME/opened.part\" \"$HOME/opened\"",
    );
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&crate::sandbox::path())))
        .expect("path");
    let call = |arguments: &[&str]| sandbox.call(arguments).env("PATH", &path).input(NEW).run();
    says(
        &call(&["rotate", "shop/key", "--yes", "--open"]),
        &format!(
            "{NOTHING}keyctl: no page is known for `shop/key`\nkeyctl: hint: say which it is: `keyctl edit shop/key --url https://...`\n"
        ),
        3,
    );
    let address = "https://issuer.example/keys?a=1&b=$(id)#new";
    sandbox.call(&["edit", "shop/key", "--url", address]).run();
    says(
        &call(&["rotate", "shop/key", "--yes", "--open"]),
        &format!("{NOTHING}keyctl: the page where it is replaced: {address}\n{REPLACED}"),
        0,
    );
    let opened = sandbox.home().join("opened");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !opened.exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_to_string(&opened).expect("opened"), format!("1\n{address}\n"));
}

/// A store whose key has a rotator, which counts its calls in `~/calls`.
pub fn with_rotator(text: &str) -> Sandbox {
    let sandbox = sandbox();
    script(&sandbox, "rotator", &format!("echo call >>\"$HOME/calls\"\n{text}"));
    configure(&sandbox, "");
    sandbox
}

pub fn configure(sandbox: &Sandbox, more: &str) {
    let rotator = sandbox.home().join("rotator");
    sandbox.configure(&format!("[[keys]]\nmatch = \"shop/*\"\nrotator = [\"{}\"]\n{more}", rotator.display()));
}

pub fn calls(sandbox: &Sandbox) -> usize {
    std::fs::read_to_string(sandbox.home().join("calls")).map_or(0, |text| text.lines().count())
}

/// What lies beside the store, of rotations that were broken off.
pub fn unfinished(sandbox: &Sandbox) -> usize {
    let names = std::fs::read_dir(sandbox.home().join(".local/share/keyctl")).expect("list").flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().starts_with("unfinished-")).count()
}

/// Prints the new secret, in two pieces so that no file holds it, if the old one comes in.
pub const GIVES: &str = "[ \"$(cat)\" = first-old-\"\"secret ] && echo then-new-\"\"secret";

#[test]
fn a_rotator_gets_the_old_secret_and_its_new_one_goes_into_the_store() {
    let sandbox = with_rotator(GIVES);
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run"]).run();
    says(&ran, &format!("{NOTHING}keyctl: its rotator `~/rotator` would replace it\n"), 0);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes"]).run();
    says(&ran, &format!("{NOTHING}{REPLACED}"), 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
    let history = sandbox.call(&["history"]).run().stdout();
    let took = last_event(&sandbox, "rotate")["took_ms"].to_string();
    let squeezed = history.split_whitespace().collect::<Vec<_>>().join(" ");
    let ended = format!("rotate ({took} ms, exit code 0) shop/key rotator");
    for said in ["rotate (begun) shop/key rotator", &ended, "rotate (finished) shop/key"] {
        assert!(squeezed.contains(said), "{said}: {history}");
    }
    // By hand all the same.
    sandbox.secret("third-secret");
    sandbox.call(&["rotate", "shop/key", "--yes", "--by-hand", "-q"]).input("third-secret").run().says("", "", 0);
    assert_eq!(calls(&sandbox), 1);
    holds(&sandbox, "third-secret");
}

#[test]
fn a_rotator_that_fails_leaves_the_old_secret_in_force_and_its_call_in_the_history() {
    for (text, said, exit) in [
        ("cat >/dev/null; exit 7", "ended with exit code 7", Some(7)),
        ("cat >/dev/null; kill -9 $$", "was killed by signal 9", None),
        ("cat", "printed the old secret", Some(0)),
        ("true", "printed no new secret", Some(0)),
        ("echo; echo", "printed no new secret", Some(0)),
    ] {
        let sandbox = with_rotator(text);
        let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
        let (stderr, first) = (ran.stderr(), format!("keyctl: the rotator `~/rotator` {said}\n"));
        assert!(stderr.starts_with(&first) && ran.code() == 10, "{stderr}");
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0), "{text}");
        holds(&sandbox, OLD);
        let event = last_event(&sandbox, "failed");
        assert_eq!([&event["outcome"], &event["prog"]], ["not replaced", "rotator"]);
        assert!(event["took_ms"].is_u64() && event["exit"].as_i64() == exit, "{event}");
        let history = sandbox.call(&["history"]).run().stdout();
        let code = exit.map(|code| format!(", exit code {code}")).unwrap_or_default();
        let shown = format!("failed (not replaced: {} ms{code})  shop/key  rotator", event["took_ms"]);
        assert!(history.contains(&shown), "{shown}: {history}");
    }
}

/// The newest entry of a kind, as JSON.
fn last_event(sandbox: &Sandbox, action: &str) -> serde_json::Value {
    let ran = sandbox.call(&["history", "--action", action, "--json"]).run().stdout();
    // What says that nothing is left to do comes after it.
    let is_meant = |line: &&str| !line.contains("\"outcome\":\"finished\"");
    serde_json::from_str(ran.lines().rfind(is_meant).expect("an entry")).expect("json")
}

#[test]
fn how_long_a_rotator_took_and_how_it_ended_stands_in_the_entry_after_it() {
    let sandbox = with_rotator("cat >/dev/null; sleep 0.2; echo then-new-\"\"secret");
    sandbox.secret("then-new-secret");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().code(), 0);
    let event = last_event(&sandbox, "rotate");
    assert!(event["took_ms"].as_u64().is_some_and(|took| took >= 200) && event["exit"] == 0, "{event}");
    // The entry before the call knows nothing of that, and neither does one of a use.
    let all = sandbox.call(&["history", "--json"]).run().stdout();
    assert_eq!(all.matches("took_ms").count(), 1, "{all}");
}

#[test]
fn what_a_rotator_printed_before_it_failed_is_kept_aside_and_taken_by_nobody_but_who_wants_it() {
    for (end, said) in [("exit 7", "ended with exit code 7"), ("kill -9 $$", "was killed by signal 9")] {
        let sandbox = with_rotator(&format!("cat >/dev/null; echo then-new-\"\"secret; {end}"));
        let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
        says(
            &ran,
            &format!(
                "keyctl: the rotator `~/rotator` {said}\n\
                 keyctl: hint: the old secret stays in force; a new one may exist outside\n\
                 keyctl: hint: what it printed lies beside the store, sealed; to be asked about it: `keyctl rotate shop/key` at a terminal\n\
                 keyctl: hint: to drop that: `keyctl rotate shop/key --discard`\n"
            ),
            10,
        );
        holds(&sandbox, OLD);
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    }
}

#[test]
fn a_check_that_says_no_leaves_the_old_secret_in_force() {
    let sandbox = sandbox();
    let check = script(&sandbox, "check", "[ \"$(cat)$KEYCTL_KEY\" = then-new-\"\"secretshop/key ]");
    sandbox.configure(&format!("[[keys]]\nmatch = \"*\"\ncheck = [\"{}\"]\n", check.display()));
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input("another-secret").run();
    let no = "keyctl: the check `~/check` ended with exit code 1\n\
              keyctl: hint: nothing was replaced; the old secret stays in force\n";
    let again = "keyctl: hint: to take it untried, give it once more: `keyctl rotate shop/key --no-check`\n";
    says(&ran, &format!("{no}{again}"), 10);
    holds(&sandbox, OLD);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--generate=40"]).run();
    let gone = "keyctl: hint: that secret is kept nowhere; to make another one, and take it untried: `keyctl rotate shop/key --generate=40 --no-check`\n";
    says(&ran, &format!("{no}{gone}"), 10);
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).input(NEW).run().says("", "", 0);
    holds(&sandbox, NEW);
    sandbox.secret("another-secret");
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).input("another-secret").run().says("", "", 0);
    holds(&sandbox, "another-secret");
}

#[test]
fn what_a_rotator_gave_and_the_check_refused_is_kept_aside_and_tried_again() {
    let sandbox = with_rotator(GIVES);
    let check = script(&sandbox, "check", "cat >/dev/null; [ -e \"$HOME/good\" ]");
    configure(&sandbox, &format!("check = [\"{}\"]\n", check.display()));
    for _ in 0..2 {
        let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
        let last = "keyctl: hint: the new secret lies beside the store, sealed; to go on: `keyctl rotate shop/key`\n\
                    keyctl: hint: to drop it, and let the rotator make another one: `keyctl rotate shop/key --discard`\n";
        assert!(ran.stderr().ends_with(last) && ran.code() == 10, "{}", ran.stderr());
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1), "the rotator is not called again");
        holds(&sandbox, OLD);
    }
    std::fs::write(sandbox.home().join("good"), "").expect("write");
    let ran = sandbox.call(&["rotate", "shop/key", "--yes"]).run();
    says(&ran, &format!("{USED}keyctl: going on with the secret that the rotator gave on DATE\n{REPLACED}"), 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
}

#[test]
fn what_nobody_took_is_kept_as_a_former_secret_once_the_key_has_another_secret() {
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "check = [\"false\"]\n");
    sandbox.secret("third-secret");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().code(), 10);
    let ran =
        sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--by-hand", "--no-check"]).input("third-secret").run();
    let said = "keyctl: a secret of `shop/key` that its rotator gave on DATE and nobody took is kept as a former one\n";
    says(&ran, said, 0);
    assert_eq!(unfinished(&sandbox), 0);
    holds(&sandbox, "third-secret");
    sandbox.call(&["rollback", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    holds(&sandbox, OLD);
    sandbox.call(&["rollback", "shop/key", "--to", "3", "--yes", "-q"]).run().says("", "", 0);
    holds(&sandbox, NEW);
}

/// The call with the nth call of the system to this function failing, and all after it if `n` says so.
fn failing(call: &str, error: &str, nth: &str) -> Vec<String> {
    let inject = format!("inject={call}:error={error}:when={nth}");
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject].map(str::to_owned).to_vec()
}

#[test]
fn a_disk_that_is_full_once_the_rotator_has_worked_loses_nothing() {
    let sandbox = with_rotator(GIVES);
    // The first rename puts down what is about to be done, the second one is the store's.
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&failing("rename", "ENOSPC", "2")).run();
    let said = "keyctl: cannot write `~/.local/share/keyctl/store.age`: no space left on device\n\
                keyctl: hint: what was there before is still there\n\
                keyctl: hint: the new secret lies beside the store, sealed; to go on: `keyctl rotate shop/key`\n";
    says(&ran, said, 7);
    holds(&sandbox, OLD);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    says(&ran, "", 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
}

#[test]
fn a_disk_that_is_full_before_the_rotator_is_called_keeps_it_from_being_called() {
    let sandbox = with_rotator(GIVES);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&failing("rename", "ENOSPC", "1")).run();
    assert!(ran.stderr().contains("no space left on device") && ran.code() == 7, "{}", ran.stderr());
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (0, 0));
    holds(&sandbox, OLD);
}

#[test]
fn where_nothing_can_be_written_any_more_the_new_secret_is_shown_to_who_says_yes() {
    let sandbox = with_rotator(GIVES);
    let mut words = failing("fsync", "EIO", "3+");
    words.extend([KEYCTL, "rotate", "shop/key", "--yes", "-q"].map(str::to_owned));
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r"), (NEW, "\r")]);
    let question =
        "keyctl: the new secret of `shop/key` can be kept nowhere; show it here, so that it is not lost? [y/N] y\n";
    assert!(screen.shown.contains(question) && screen.shown.contains(&format!("keyctl: {NEW} ")), "{}", screen.shown);
    let last = "keyctl: hint: keep it as soon as the disk can be written: `keyctl rotate shop/key --by-hand`\n";
    assert!(screen.shown.ends_with(last) && screen.code == 7, "{}", screen.shown);
    let failed = screen.shown.matches("cannot write `~/.local/share/keyctl/store.age`").count();
    assert_eq!(failed, 1, "once is enough: {}", screen.shown);
    holds(&sandbox, OLD);
}

#[test]
fn where_nothing_can_be_written_any_more_what_a_rotator_printed_that_failed_is_shown_too() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    let mut words = failing("fsync", "EIO", "3+");
    words.extend([KEYCTL, "rotate", "shop/key", "--yes", "-q"].map(str::to_owned));
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r"), (NEW, "\r")]);
    let question =
        "keyctl: the new secret of `shop/key` can be kept nowhere; show it here, so that it is not lost? [y/N] y\n";
    let shown = format!("keyctl: {NEW} (Enter clears nothing");
    assert!(screen.shown.contains(question) && screen.shown.contains(&shown), "{}", screen.shown);
    let last = "keyctl: hint: keep it as soon as the disk can be written: `keyctl rotate shop/key --by-hand`\n";
    assert!(screen.shown.ends_with(last) && screen.code == 10, "{}", screen.shown);
    assert!(!screen.shown.contains("lies beside the store"), "{}", screen.shown);
    holds(&sandbox, OLD);
}

#[test]
fn a_rotation_that_was_killed_while_its_rotator_worked_is_told_of_by_the_next() {
    let sandbox = with_rotator(
        "cat >/dev/null; [ -e \"$HOME/again\" ] || { touch \"$HOME/again\"; kill -9 $PPID; }; echo then-new-\"\"secret",
    );
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    assert_eq!(unfinished(&sandbox), 1);
    holds(&sandbox, OLD);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    says(
        &ran,
        "keyctl: on DATE keyctl was ended before the rotator of `shop/key` had printed anything: if it made a new secret, that is lost\n",
        0,
    );
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    holds(&sandbox, NEW);
}

#[test]
fn a_rotation_that_was_killed_after_the_store_was_written_is_not_done_again() {
    let sandbox = with_rotator(GIVES);
    let kill = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=unlink:signal=KILL:when=1"];
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&kill).run();
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    holds(&sandbox, NEW);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes"]).run();
    let known = "keyctl: `shop/key` holds the secret already that its rotator gave on DATE; it is not called again\n";
    says(&ran, &format!("{USED}{known}{REPLACED}"), 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
}

/// Calls the rotation of a slow rotator, and sends it a signal while the rotator works.
fn signalled(call: crate::sandbox::Call, sandbox: &Sandbox, name: &str) -> std::process::Output {
    use std::process::Stdio;
    let mut call = call;
    call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = call.command.spawn().expect("start");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while calls(sandbox) == 0 && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(calls(sandbox) > 0, "the rotator was not called");
    let kill = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    child.wait_with_output().expect("wait")
}

#[test]
fn a_signal_while_the_rotator_works_ends_keyctl_only_when_the_new_secret_lies_aside() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let sandbox = with_rotator(&format!("sleep 1; {GIVES}"));
        let ran = signalled(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]), &sandbox, name);
        let said = "keyctl: waiting for the rotator of `shop/key`, so that its new secret is not lost; at most 120 seconds\n\
                    keyctl: the new secret of `shop/key` lies beside the store, sealed\n\
                    keyctl: hint: to go on: `keyctl rotate shop/key`\n";
        assert_eq!(
            (String::from_utf8_lossy(&ran.stderr).as_ref(), ran.status.signal()),
            (said, Some(number)),
            "{name}"
        );
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
        holds(&sandbox, OLD);
        sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().says("", "", 0);
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0), "it went on with what lay aside");
        holds(&sandbox, NEW);
    }
}

#[test]
fn a_signal_while_a_rotator_works_that_fails_then_ends_keyctl_too() {
    use std::os::unix::process::ExitStatusExt;
    let sandbox = with_rotator("sleep 1; exit 7");
    let ran = signalled(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]), &sandbox, "TERM");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("rotator` ended with exit code 7\n") && ran.status.signal() == Some(15), "{said}");
    assert_eq!(unfinished(&sandbox), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_was_switched_off_for_keyctl_stays_so() {
    let sandbox = with_rotator(&format!("sleep 1; {GIVES}"));
    let call =
        sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    let ran = signalled(call, &sandbox, "HUP");
    assert_eq!((String::from_utf8_lossy(&ran.stderr).as_ref(), ran.status.code()), ("", Some(0)));
    holds(&sandbox, NEW);
}

#[test]
fn a_secret_by_hand_waits_for_the_rotator_that_is_at_work_and_takes_nothing_from_it() {
    let sandbox = with_rotator(&format!("sleep 2; {GIVES}"));
    sandbox.secret("third-secret");
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| {
            let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
            (ran.stderr(), ran.code())
        });
        while calls(&sandbox) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--by-hand"]).input("third-secret").run();
        says(
            &ran,
            "keyctl: `shop/key` was replaced by another keyctl meanwhile; that secret is kept as a former one\n",
            0,
        );
        assert_eq!(rotation.join().expect("ended"), (String::new(), 0));
    });
    holds(&sandbox, "third-secret");
    sandbox.call(&["rollback", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    holds(&sandbox, NEW);
}

/// A store whose rotator has worked, and whose check refuses the new secret.
fn with_a_secret_aside() -> Sandbox {
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().code(), 10);
    assert_eq!(unfinished(&sandbox), 1);
    sandbox
}

#[test]
fn all_that_is_due_and_one_key_are_not_asked_for_at_once() {
    let said = "keyctl: `--due` cannot stand beside `NAME`\nkeyctl: hint: see `keyctl rotate --help`\n";
    sandbox().call(&["rotate", "--due", "shop/key"]).run().says("", said, 2);
}

#[test]
fn a_key_is_not_renamed_away_from_its_unfinished_rotation() {
    let sandbox = with_a_secret_aside();
    let said = "keyctl: a rotation of `shop/key`, begun on DATE, is not finished; nothing was renamed\n";
    says(
        &sandbox.call(&["rename", "shop/key", "shop/other"]).run(),
        &format!(
            "{said}keyctl: hint: to go on with it: `keyctl rotate shop/key`\n\
             keyctl: hint: to drop what it has made: `keyctl rotate shop/key --discard`\n"
        ),
        1,
    );
    // Nor does another one get the name for which a secret lies aside.
    sandbox.set("third", "third-secret");
    sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    let ran = sandbox.call(&["rename", "third", "shop/key"]).run();
    says(&ran, &format!("{said}keyctl: hint: choose another name\n"), 1);
    sandbox.call(&["undo", "--yes", "-q"]).run();
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run().says("", "", 0);
    holds(&sandbox, NEW);
    assert_eq!(calls(&sandbox), 1);
    sandbox.call(&["rename", "shop/key", "shop/other", "-q"]).run().says("", "", 0);
}

#[test]
fn what_is_removed_for_good_takes_its_unfinished_rotation_along() {
    let sandbox = with_a_secret_aside();
    let ran = sandbox.call(&["remove", "shop/key", "--forget", "--yes", "-q"]).run();
    says(&ran, "keyctl: forgot the new secret too that a rotation of `shop/key` had made on DATE\n", 0);
    assert_eq!(unfinished(&sandbox), 0);
}

#[test]
fn the_doctor_names_a_rotation_that_is_not_finished() {
    let sandbox = with_a_secret_aside();
    let status = dateless(&sandbox.call(&["status"]).run().stdout());
    assert!(status.contains("unfinished     rotation of DATE, to go on: `keyctl rotate shop/key`\n"), "{status}");
    let ran = sandbox.call(&["doctor"]).run();
    let line = "care rotation that of `shop/key`, begun on DATE, is not finished; its new secret lies beside the store, sealed";
    let shown = dateless(&ran.stdout());
    let lines: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(lines.iter().any(|one| one == line), "{shown}");
    assert!(ran.stderr().contains("hint: to go on with it: `keyctl rotate shop/key`\n"), "{}", ran.stderr());
}

#[test]
fn a_check_that_never_says_yes_can_be_passed_over() {
    let sandbox = with_a_secret_aside();
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    let said = "keyctl: the check `false` ended with exit code 1\n\
                keyctl: hint: the old secret stays in force; a new one may exist outside\n\
                keyctl: hint: nothing was replaced in the store; to take the new secret untried: `keyctl rotate shop/key --no-check`\n\
                keyctl: hint: the new secret lies beside the store, sealed; to go on: `keyctl rotate shop/key`\n\
                keyctl: hint: to drop it, and let the rotator make another one: `keyctl rotate shop/key --discard`\n";
    says(&ran, said, 10);
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run().says("", "", 0);
    holds(&sandbox, NEW);
}

#[test]
fn the_file_of_a_new_secret_may_lie_at_home() {
    let sandbox = sandbox();
    let file = sandbox.home().join("new");
    std::fs::write(&file, NEW).expect("write");
    sandbox.may_lie_in(&file);
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--from-file=~/new"]).run().says("", "", 0);
    holds(&sandbox, NEW);
}

#[test]
fn of_what_is_due_the_page_of_an_issuer_that_is_known_is_shown() {
    let sandbox = sandbox();
    let old = format!("ghp_{}", "A".repeat(36));
    sandbox.set("hub", &old);
    sandbox.call(&["edit", "hub", "--expires", "2020-01-01"]).run();
    let shown = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "hub"], &[("[y/N] ", "n\r")]).shown;
    let page = shown.lines().find(|line| line.contains("the page where it is replaced: https://")).expect("a page");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &[("leaves it as it is): ", "\r")]);
    assert!(screen.shown.lines().any(|line| line == page), "{}", screen.shown);
}

#[test]
fn what_is_due_by_the_last_day_on_which_keyctl_was_used_is_replaced_by_a_clock_that_was_put_back_too() {
    let sandbox = Sandbox::new();
    crate::clock::keep(&sandbox, "shop", "2026-01-01T12:00:00Z", &["--rotate-every", "2y"]);
    // So far ahead that the store does not believe it; the anchor has the day all the same.
    sandbox.call(&["edit", "shop", "--note", "x", "-q"]).at("2028-06-01T12:00:00Z").run();
    let ran = sandbox.call(&["rotate", "--due", "--dry-run"]).at("2026-06-01T12:00:00Z").run();
    assert_eq!(ran.stdout().split_whitespace().collect::<Vec<_>>().join(" "), "KEY WHY BY shop due hand");
    let ran = sandbox.call(&["due"]).at("2026-06-01T12:00:00Z").run();
    assert!(ran.stdout().contains("shop  due"), "as `due` has it: {}", ran.stdout());
}

#[test]
fn of_two_at_once_one_replaces_the_key_and_the_other_one_does_nothing() {
    let sandbox = with_rotator("cat >/dev/null; sleep 1; echo \"new-secret-$$\"");
    let codes: Vec<(i32, String)> = std::thread::scope(|scope| {
        let call = || {
            let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
            (ran.code(), ran.stderr())
        };
        let both = [scope.spawn(call), scope.spawn(call)];
        both.map(|thread| thread.join().expect("ended")).to_vec()
    });
    let said = "keyctl: `shop/key` was replaced by another keyctl meanwhile; this one did nothing\n".to_owned();
    assert!(codes.contains(&(0, String::new())) && codes.contains(&(1, said)), "{codes:?}");
    assert_eq!(calls(&sandbox), 1);
}

#[test]
fn all_that_is_due_is_replaced_one_after_the_other_and_what_failed_is_named() {
    let sandbox =
        with_rotator("cat >/dev/null; case $KEYCTL_KEY in shop/bad) exit 3;; *) echo \"new-of-$KEYCTL_KEY\";; esac");
    let expired = |name: &str, date: &str| {
        sandbox.secret(format!("old-of-{name}"));
        sandbox.call(&["set", name, "-q", "--expires", date]).input(format!("old-of-{name}")).run();
    };
    for (name, date) in [
        ("shop/bad", "2020-01-01"),
        ("shop/one", "2021-01-01"),
        ("other/hand", "2022-01-01"),
        ("shop/later", "2090-01-01"),
    ] {
        expired(name, date);
    }
    let ran = sandbox.call(&["rotate", "--due", "--dry-run"]).run();
    let table = "KEY WHY BY shop/bad expired ~/rotator shop/one expired ~/rotator other/hand expired hand";
    assert_eq!(ran.stdout().split_whitespace().collect::<Vec<_>>().join(" "), table);
    let ran = sandbox.call(&["rotate", "--due"]).run();
    says(&ran, "keyctl: replacing what is due needs a yes\nkeyctl: hint: without a terminal: `--yes`\n", 2);
    let ran = sandbox.call(&["rotate", "--due", "--yes"]).run();
    let said: Vec<String> =
        dateless(&ran.stderr()).lines().filter(|line| !line.contains("old secret stays")).map(str::to_owned).collect();
    assert_eq!(
        said,
        [
            "keyctl: 1 of 3: `shop/bad`",
            "keyctl: the rotator `~/rotator` ended with exit code 3",
            "keyctl: 2 of 3: `shop/one`",
            "keyctl: replaced `shop/one`; its former secret is kept",
            "keyctl: hint: 2021-01-01 was the former secret's end; say when this one ends: `keyctl edit shop/one --expires DATE`",
            "keyctl: 3 of 3: `other/hand`",
            "keyctl: left for you, having no rotator: `other/hand`",
            "keyctl: hint: one after the other at a terminal, or each by itself: `keyctl rotate other/hand`",
            "keyctl: 1 of 3 not replaced: `shop/bad`",
            "keyctl: hint: to try what is left again: `keyctl rotate --due`",
        ]
    );
    assert_eq!(ran.code(), 10);
    sandbox.call(&["get", "shop/one"]).run().says("new-of-shop/one", "", 0);
    // The next call goes on with what is left; at a terminal a person is asked for what has no rotator.
    script(&sandbox, "rotator", "cat >/dev/null; echo \"new-of-$KEYCTL_KEY\"");
    let steps = [("[y/N] ", "y\r"), ("leaves it as it is): ", &format!("{NEW}\r"))];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &steps);
    screen.says(
        "\
keyctl: let their rotators replace 1 key: `shop/bad`? [y/N] y
keyctl: 1 of 2: `shop/bad`
keyctl: replaced `shop/bad`; its former secret is kept
keyctl: hint: 2020-01-01 was the former secret's end; say when this one ends: `keyctl edit shop/bad --expires DATE`
keyctl: 2 of 2: `other/hand`
keyctl: as far as keyctl knows nothing uses `other/hand`
keyctl: new secret for `other/hand` (not shown; Enter alone leaves it as it is):\x20
keyctl: replaced `other/hand`; its former secret is kept
keyctl: hint: 2022-01-01 was the former secret's end; say when this one ends: `keyctl edit other/hand --expires DATE`
",
        0,
    );
    sandbox.call(&["rotate", "--due", "--yes"]).run().says("", "keyctl: nothing is due\n", 0);
    sandbox.call(&["rotate", "--due", "--json"]).run().says("[]\n", "keyctl: nothing is due\n", 0);
}

#[test]
fn a_secret_that_is_piped_in_beside_a_rotator_is_refused_however_late_it_comes() {
    use std::process::Stdio;
    let sandbox = with_rotator(GIVES);
    let piped = |command: &str| {
        let shell = format!("({command}) | \"$@\"");
        let call = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&["sh", "-c", &shell, "sh"]);
        call.run()
    };
    let hints = "keyctl: hint: to take what is piped in: `keyctl rotate shop/key --by-hand`\n\
                 keyctl: hint: to let it be replaced, with nothing piped in: `keyctl rotate shop/key </dev/null`\n";
    let but = "but `config.toml` names what replaces `shop/key`; nothing was replaced\n";
    says(&piped("sleep 0.3; printf x"), &format!("keyctl: a secret is piped in, {but}{hints}"), 2);
    let open = "standard input is a pipe that is still open, so a secret may come";
    says(&piped("sleep 3; printf x"), &format!("keyctl: {open}, {but}{hints}"), 2);
    // A socket is a pipe as well.
    let (own, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
    let mut call = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]);
    call.command.stdin(Stdio::from(std::os::fd::OwnedFd::from(other)));
    let ran = call.command.output().expect("start");
    assert_eq!(dateless(&String::from_utf8_lossy(&ran.stderr)), format!("keyctl: {open}, {but}{hints}"));
    drop(own);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (0, 0));
    holds(&sandbox, OLD);
    says(&piped("sleep 0.3"), "", 0);
    holds(&sandbox, NEW);
}

#[test]
fn one_secret_that_is_piped_in_is_not_for_all_that_is_due() {
    let sandbox = sandbox();
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    let said = "keyctl: a secret is piped in, but `--due` is for many keys; nothing was replaced\n\
                keyctl: hint: to replace one key by it: `keyctl rotate NAME`\n\
                keyctl: hint: to replace all that is due, with nothing piped in: `keyctl rotate --due </dev/null`\n";
    says(&sandbox.call(&["rotate", "--due", "--yes"]).input(NEW).run(), said, 2);
    // Also where a person could type.
    let shell = format!("printf x | {KEYCTL} rotate --due --yes");
    on_a_terminal(&sandbox, &["sh", "-c", &shell], &[]).says(said, 2);
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().stdout(), OLD);
}

#[test]
fn what_is_due_is_gone_on_with_wherever_keyctl_was_killed_and_nothing_is_replaced_twice() {
    let names = ["shop/a", "shop/b", "shop/c"];
    // A commit tries each second one.
    let (mut points, step) = (0, if crate::faults::long() { 1 } else { 2 });
    loop {
        let sandbox = with_rotator("cat >/dev/null; echo $KEYCTL_KEY >>\"$HOME/names\"; echo \"new-of-$KEYCTL_KEY\"");
        for name in names {
            sandbox.secret(format!("old-of-{name}"));
            sandbox.secret(format!("new-of-{name}"));
            let words = ["set", name, "-q", "--expires", "2020-01-01"];
            sandbox.call(&words).input(format!("old-of-{name}")).run();
        }
        let inject = format!("inject=rename:signal=KILL:when={}", points + 1);
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ran = sandbox.call(&["rotate", "--due", "--yes", "-q"]).under(&strace).run();
        let was_killed = ran.code() != 0;
        if was_killed {
            points += step;
            let ran = sandbox.call(&["rotate", "--due", "--yes", "-q"]).run();
            assert_eq!(ran.code(), 0, "{points}: {}", ran.stderr());
        }
        let called = std::fs::read_to_string(sandbox.home().join("names")).expect("called");
        for name in names {
            assert_eq!(sandbox.call(&["get", name, "-q"]).run().stdout(), format!("new-of-{name}"), "{points}");
            let times = called.lines().filter(|line| *line == name).count();
            assert_eq!(times, 1, "{points}: `{name}` was replaced more than once");
        }
        assert_eq!(unfinished(&sandbox), 0, "{points}");
        if !was_killed {
            break;
        }
    }
    assert!(points >= 6, "only {points} points: nothing was killed");
}

#[test]
fn an_overlap_is_counted_from_the_last_change_where_the_clock_is_behind_that() {
    let sandbox = Sandbox::new();
    crate::clock::keep(&sandbox, "a", "2031-05-10T12:00:00Z", &[]);
    let ran = sandbox.call(&["rotate", "a", "--generate", "--yes", "--overlap", "7d"]).at("2031-05-02T12:00:00Z").run();
    let said = ran.stderr();
    assert!(said.contains("; its former secret is kept until 2031-05-17"), "{said}");
    let doubt =
        "keyctl: the clock says 2031-05-02 12:00, but keyctl was used on 2031-05-10 12:00: judged by the later\n";
    assert!(said.contains(doubt), "{said}");
    sandbox.call(&["edit", "a", "--note", "x", "-q"]).at("2031-05-10T13:00:00Z").run().says("", "", 0);
    sandbox.call(&["rollback", "a", "--yes", "-q"]).at("2031-05-10T14:00:00Z").run().says("", "", 0);
    sandbox.call(&["get", "a"]).run().says("sk-secret-of-a", "", 0);
}
