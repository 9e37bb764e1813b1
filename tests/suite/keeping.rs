//! Keeping, showing and removing keys: rows N, V and T of what a bad input gets.

use crate::sandbox::{NO_KEYCHAIN, Sandbox};

#[test]
fn the_first_key_makes_the_store_and_says_once_where_its_identity_is() {
    let sandbox = Sandbox::new();
    sandbox.set("openai/dev", "sk-first-secret").says("", &format!("{NO_KEYCHAIN}keyctl: kept `openai/dev`\n"), 0);
    sandbox.set("stripe/test", "sk-second-secret").says("", "keyctl: kept `stripe/test`\n", 0);
    sandbox.call(&["get", "openai/dev"]).run().says("sk-first-secret", "", 0);
    for file in ["store.age", "keeper.toml", "identity.txt", "anchor.txt", "history.log", "history.head", "lock"] {
        assert_private(&sandbox.data(file));
    }
}

#[cfg(unix)]
fn assert_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", path.display());
}

#[test]
fn reading_before_anything_was_kept_makes_nothing() {
    let sandbox = Sandbox::new();
    let nothing = "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    for call in
        [&["get", "a"][..], &["list"], &["show", "a"], &["remove", "a", "--yes"], &["rename", "a", "b"], &["history"]]
    {
        sandbox.call(call).run().says("", nothing, 3);
    }
    assert!(
        !sandbox.data("store.age").exists()
            && !sandbox.data("keeper.toml").exists()
            && !sandbox.data("identity.txt").exists()
    );
}

#[test]
fn a_bad_name_is_refused_with_the_reason_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    for (name, why) in [
        ("", "a key's name cannot be empty"),
        ("a b", "a key's name cannot hold a space; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`"),
        ("9lives", "a key's name cannot begin with `9`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`"),
        ("a\x1b[31m", "a key's name cannot hold U+001B; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`"),
        ("a:b:c", "a key's name cannot hold `:`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`"),
        ("@u", "a key's name cannot hold `@`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`"),
    ] {
        sandbox.call(&["set", name]).input("value").run().says(
            "",
            &format!("keyctl: `<NAME>`: {why}\nkeyctl: hint: see `keyctl set --help`\n"),
            2,
        );
    }
    sandbox.call(&["set", "--", "--help"]).input("value").run().says("", "keyctl: `<NAME>`: a key's name cannot begin with `-`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\nkeyctl: hint: see `keyctl set --help`\n", 2);
    let long = "x".repeat(10_000);
    sandbox.call(&["set", &long]).input("value").run().says(
        "",
        "keyctl: `<NAME>`: a key's name has more than 128 characters\nkeyctl: hint: see `keyctl set --help`\n",
        2,
    );
    assert!(!sandbox.data("").exists());
}

#[test]
fn a_secret_in_the_arguments_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    sandbox.secret("sk-live-in-argv");
    for call in [&["set", "NAME", "sk-live-in-argv"][..], &["set", "NAME", "more", "sk-live-in-argv"]] {
        let ran = sandbox.call(call).run();
        assert!(ran.stderr().starts_with("keyctl: a secret never goes into the arguments: every program can see them and the shell keeps them; nothing was kept\n"), "{}", ran.stderr());
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2));
    }
    for call in [
        &["set", "NAME=sk-live-in-argv"][..],
        &["set", "--value=sk-live-in-argv", "NAME"],
        &["get", "NAME", "sk-live-in-argv"],
        &["run", "-k", "A=B=sk-live-in-argv", "--", "true"],
        &["sk-live-in-argv"],
    ] {
        assert!([2, 125].contains(&sandbox.call(call).run().code()), "{call:?}");
    }
    assert!(!sandbox.data("").exists());
}

#[test]
fn exactly_one_line_ending_is_taken_off_and_said() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let took = "keyctl: took one line ending off the secret's end (`--raw` keeps it)\n";
    for (input, kept) in
        [("secret-lf\n", "secret-lf"), ("secret-crlf\r\n", "secret-crlf"), ("secret-two\n\n", "secret-two\n")]
    {
        sandbox.secret(kept.trim());
        sandbox.call(&["set", "A", "--replace"]).input(input).run().says(
            "",
            &format!("{took}keyctl: replaced `A`; its former secret is kept\n"),
            0,
        );
        sandbox.call(&["get", "A"]).run().says(kept, "", 0);
    }
    sandbox.call(&["set", "A", "--replace", "--raw"]).input("secret-raw\n").run().says(
        "",
        "keyctl: replaced `A`; its former secret is kept\n",
        0,
    );
    sandbox.call(&["get", "A"]).run().says("secret-raw\n", "", 0);
}

#[test]
fn any_bytes_come_back_as_they_were() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let pem = "-----BEGIN KEY-----\nline \"two\" \\ $HOME `x` %PATH%\n\tthree\r\n-----END KEY-----";
    let binary: Vec<u8> = (1..=255).collect();
    for secret in [
        pem.as_bytes(),
        "-starts".as_bytes(),
        b"@file",
        b"$(id)",
        "\u{1F511} key \u{0}".trim_end_matches('\0').as_bytes(),
        &binary,
    ] {
        sandbox.secret(secret);
        let ran = sandbox.call(&["set", "A", "--replace"]).input(secret).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert_eq!(sandbox.call(&["get", "A"]).run().output.stdout, secret);
    }
    sandbox.call(&["set", "B"]).input(b"nul\0inside").run().says("", "keyctl: the secret has a NUL byte, which no environment can hold; nothing was kept\nkeyctl: hint: if that is meant: `--binary`\n", 2);
    sandbox.call(&["set", "B", "--binary"]).input(b"nul\0inside").run().says("", "keyctl: kept `B`\n", 0);
    sandbox.call(&["run", "-k", "B", "--", "true"]).run().says(
        "",
        "keyctl: the secret for `B` has a NUL byte, which no environment can hold [E02]\nkeyctl: hint: give it as a file: `--file B=KEY`, or `as = \"file\"` in the profile\n",
        125,
    );
}

#[test]
fn an_empty_and_a_too_large_secret_are_refused() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["set", "B"]).input("").run().says(
        "",
        "keyctl: the secret is empty; nothing was kept\nkeyctl: hint: if that is meant: `--allow-empty`\n",
        2,
    );
    sandbox.call(&["set", "B"]).run().says(
        "",
        "keyctl: the secret is empty; nothing was kept\nkeyctl: hint: if that is meant: `--allow-empty`\n",
        2,
    );
    sandbox.call(&["set", "B", "--allow-empty"]).input("").run().says("", "keyctl: kept `B`\n", 0);
    sandbox.call(&["set", "C"]).input(vec![b'x'; 10_000_000]).run().says(
        "",
        "keyctl: standard input has more than 1 MiB (1,048,576 bytes), the most a secret may have; nothing was kept\n",
        2,
    );
    let listed = sandbox.call(&["list"]).run().stdout();
    assert_eq!(listed, "NAME  CHANGED   FORMER\nA     just now\nB     just now\n", "what was refused is not kept");
}

#[test]
fn a_name_that_exists_is_not_replaced_without_a_word() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.set("A", "second-secret").says("", "keyctl: a key named `A` exists already\nkeyctl: hint: to replace its secret: `--replace`; the former one is kept\n", 1);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.set("A", "first-secret").says("", "keyctl: `A` holds this very secret already\n", 0);
    sandbox.call(&["set", "A", "--replace", "--json"]).input("second-secret").run().says(
        "{\n  \"bytes\": 13,\n  \"done\": \"replaced\",\n  \"expires\": null,\n  \"kind\": null,\n  \"name\": \"A\"\n}\n",
        "",
        0,
    );
}

#[test]
fn what_looks_odd_is_kept_and_said() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.set("B", "first-secret").says("", "keyctl: `A` holds the same secret\nkeyctl: kept `B`\n", 0);
    sandbox.set("a", "other-secret").says(
        "",
        "keyctl: `a` and `A` differ only in case; they are two keys\nkeyctl: kept `a`\n",
        0,
    );
    sandbox.call(&["set", "C"]).input("changeme").run().says(
        "",
        "keyctl: this looks like a placeholder, not like a secret; kept as `C` all the same\nkeyctl: kept `C`\n",
        0,
    );
}

#[test]
fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
    let sandbox = Sandbox::with(&[("GITHUB_TOKEN", "ghp-secret")]);
    let said = "keyctl: no key named `GITHUB_TOKE`\nkeyctl: hint: did you mean `GITHUB_TOKEN`?\n";
    for call in [
        &["get", "GITHUB_TOKE"][..],
        &["show", "GITHUB_TOKE"],
        &["rename", "GITHUB_TOKE", "X"],
        &["remove", "-y", "GITHUB_TOKE"],
    ] {
        sandbox.call(call).run().says("", said, 3);
    }
}

#[test]
fn a_removed_key_is_gone_from_the_list_and_a_forgotten_one_from_the_store() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    sandbox.call(&["remove", "A"]).run().says(
        "",
        "keyctl: removing `A` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["rm", "A", "C", "--yes"]).run().says(
        "",
        "keyctl: no key named `C`\nkeyctl: hint: did you mean `B`?\n"
            .replace("did you mean `B`?", "keep it with `keyctl set C`")
            .as_str(),
        3,
    );
    sandbox.call(&["rm", "A", "--yes"]).run().says(
        "",
        "keyctl: removed 1 key: `A`; `keyctl undo` brings it back, `keyctl forget` wipes its secret\n",
        0,
    );
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: no key named `A`\nkeyctl: hint: it was removed; bring it back: `keyctl rollback A`\n",
        3,
    );
    sandbox.call(&["remove", "A", "--yes", "--forget"]).run().says("", "keyctl: removed `A` for good\n", 0);
    sandbox.call(&["rename", "B", "C"]).run().says("", "keyctl: renamed `B` to `C`\n", 0);
    sandbox.call(&["get", "C"]).run().says("second-secret", "", 0);
}

#[test]
fn names_that_differ_only_in_case_are_two_keys_however_they_come_and_it_is_said() {
    let sandbox = Sandbox::with(&[("Key", "first-secret"), ("other", "second-secret")]);
    let both = |new: &str, old: &str| format!("keyctl: `{new}` and `{old}` differ only in case; they are two keys\n");
    sandbox.call(&["rename", "other", "KEY"]).run().says(
        "",
        &format!("{}keyctl: renamed `other` to `KEY`\n", both("KEY", "Key")),
        0,
    );
    // A key that changes its own case is no second one.
    sandbox.call(&["remove", "Key", "--yes"]).run().says(
        "",
        "keyctl: removed 1 key: `Key`; `keyctl undo` brings it back, `keyctl forget` wipes its secret\n",
        0,
    );
    sandbox.call(&["rename", "KEY", "key"]).run().says("", "keyctl: renamed `KEY` to `key`\n", 0);
    for secret in ["third-secret", "fourth-secret", "fifth-secret"] {
        sandbox.secret(secret);
    }
    let text = "KEY=third-secret\nnew=fourth-secret\nNEW=fifth-secret\n";
    let said = [both("KEY", "key"), both("NEW", "new"), "keyctl: kept: 3 keys (`KEY`, `new`, `NEW`)\n".to_owned()];
    sandbox.call(&["import", "-"]).input(text).run().says("", &said.concat(), 0);
    sandbox.call(&["import", "-"]).input(text).run().says(
        "",
        "keyctl: already there: 3 keys (`KEY`, `new`, `NEW`)\n",
        0,
    );
    for (name, secret) in
        [("key", "second-secret"), ("KEY", "third-secret"), ("new", "fourth-secret"), ("NEW", "fifth-secret")]
    {
        sandbox.call(&["get", name]).run().says(secret, "", 0);
    }
}

#[test]
fn a_generated_secret_has_the_length_that_was_asked_for_and_is_never_the_same() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["set", "B", "--generate"]).run().says("", "keyctl: kept `B`\n", 0);
    sandbox.call(&["set", "C", "--generate=64"]).run().says("", "keyctl: kept `C`\n", 0);
    let (b, c) = (sandbox.call(&["get", "B"]).run().stdout(), sandbox.call(&["get", "C"]).run().stdout());
    assert_eq!((b.len(), c.len()), (32, 64));
    assert!(c.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !c.starts_with(&b));
}

#[test]
fn a_secret_from_a_file_is_kept_and_the_file_is_the_users() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let file = sandbox.file("key.pem", "-----BEGIN-----\nbody\n-----END-----\n");
    sandbox.call(&["set", "PEM", "--from-file", "key.pem"]).run().says(
        "",
        "keyctl: took one line ending off the secret's end (`--raw` keeps it)\nkeyctl: kept `PEM`\n",
        0,
    );
    sandbox.call(&["get", "PEM"]).run().says("-----BEGIN-----\nbody\n-----END-----", "", 0);
    // OpenSSH reads no private key without its last line ending.
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nbody\n-----END OPENSSH PRIVATE KEY-----\n";
    let made = sandbox.call(&["set", "ssh/deploy"]).input(key).run();
    assert!(!made.stderr().contains("line ending"), "{}", made.stderr());
    sandbox.call(&["get", "ssh/deploy"]).run().says(key, "", 0);
    sandbox.call(&["set", "NO", "--from-file", "none.pem"]).run().says("", "keyctl: there is no file `none.pem`\n", 7);
    assert!(file.exists());
}

#[test]
fn a_list_is_one_name_a_line_and_json_is_json() {
    let sandbox = Sandbox::with(&[("b/key", "first-secret"), ("A", "second-secret")]);
    sandbox.call(&["list"]).run().says("NAME   CHANGED   FORMER\nA      just now\nb/key  just now\n", "", 0);
    let json: serde_json::Value =
        serde_json::from_slice(&sandbox.call(&["ls", "--json"]).run().output.stdout).expect("json");
    assert_eq!(json[1]["name"], "b/key");
    assert_eq!(json[1]["bytes"], 12);
    let shown = sandbox.call(&["show", "A"]).run().stdout();
    assert!(
        shown.starts_with("name        A\nsecret      13 bytes, text (to print it: `keyctl get A`)\nkept since  "),
        "{shown}"
    );
}

#[test]
fn a_reader_that_goes_away_and_a_full_device_are_told_apart() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let mut command = std::process::Command::new("sh");
    sandbox.environment(&mut command);
    let script = format!("{0} list >/dev/full; echo $?; {0} get A >&-; echo $?", crate::sandbox::KEYCTL);
    let output = command.args(["-c", &script]).output().expect("sh");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("7\n"), "{said}");
    assert!(said.contains("cannot write to standard output: no space left on device"), "{said}");
    assert!(!said.contains("panicked"));
}
