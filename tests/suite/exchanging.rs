//! Taking keys over from other programs' files, and giving them to other programs.
#![cfg(unix)]

use std::process::Command;

use crate::sandbox::{NO_KEYCHAIN, Sandbox};

/// A file with secrets in it that the test itself writes.
fn plain(sandbox: &Sandbox, name: &str, text: impl AsRef<[u8]>, secrets: &[&str]) -> std::path::PathBuf {
    for secret in secrets {
        sandbox.secret(secret);
    }
    let file = sandbox.file(name, text);
    sandbox.may_lie_in(&file);
    file
}

fn get(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    let ran = sandbox.call(&["get", name]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    ran.output.stdout
}

const STILL: &str = "keyctl: hint: the keys are still readable in `.env`: `--delete` removes it\n";

#[test]
fn a_dotenv_file_is_taken_over_as_its_readers_read_it() {
    let sandbox = Sandbox::new();
    let text = "\u{feff}# keys\r\nexport PLAIN=plain-secret # not this\r\nSINGLE='single $HOME \\n secret'\r\nDOUBLE=\"double\\nsecret \\\" \"\r\n\r\nMULTI=\"-----BEGIN\nbody-secret\n-----END\"\nDOLLAR=$(touch started)${HOME}-secret\nHASH=abc#def-secret\nEMPTY=\n";
    plain(&sandbox, ".env", text, &["plain-secret", "body-secret", "def-secret", "$(touch started)"]);
    let kept = "keyctl: left out, because empty: `EMPTY`\n".to_owned()
        + NO_KEYCHAIN
        + "keyctl: kept: 6 keys (`PLAIN`, `SINGLE`, `DOUBLE`, `MULTI`, `DOLLAR`, `HASH`)\n"
        + STILL;
    sandbox.call(&["import", ".env"]).run().says("", &kept, 0);
    for (name, value) in [
        ("PLAIN", "plain-secret"),
        ("SINGLE", "single $HOME \\n secret"),
        ("DOUBLE", "double\nsecret \" "),
        ("MULTI", "-----BEGIN\nbody-secret\n-----END"),
        ("DOLLAR", "$(touch started)${HOME}-secret"),
        ("HASH", "abc#def-secret"),
    ] {
        assert_eq!(get(&sandbox, name), value.as_bytes(), "{name}");
    }
    sandbox.call(&["import", ".env"]).run().says(
        "",
        &format!("keyctl: left out, because empty: `EMPTY`\nkeyctl: already there: 6 keys (`PLAIN`, `SINGLE`, `DOUBLE`, `MULTI`, `DOLLAR`, `HASH`)\n{STILL}"),
        0,
    );
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn a_dry_run_of_an_import_finds_what_the_import_would() {
    let sandbox = Sandbox::with(&[("K", "first-secret")]);
    sandbox.secret("second-secret");
    let call = |words: &[&str]| sandbox.call(&[&["import", "-", "--format", "dotenv"], words].concat());
    let said = "keyctl: these keys exist already with other secrets: `K`; nothing was imported\n\
        keyctl: hint: to replace their secrets: `--replace`; the former ones are kept\n\
        keyctl: hint: to keep them apart: `--prefix PROJECT/`\n";
    call(&["-n"]).input("K=second-secret\n").run().says("", said, 1);
    call(&["-n", "--replace"]).input("K=second-secret\n").run().says("K\n", "", 0);
    plain(&sandbox, "keys.yaml", "K: second-secret\n", &[]);
    let ran = sandbox.call(&["import", "keys.yaml"]).run();
    assert!(
        ran.stderr()
            .ends_with("keyctl: hint: it was read as `NAME=value` lines: a YAML file is not read, one of JSON is\n")
    );
}

#[test]
fn what_a_dotenv_file_leaves_unclear_is_said_with_its_line_and_nothing_is_taken() {
    let sandbox = Sandbox::new();
    plain(
        &sandbox,
        ".env",
        "A=first-secret\nlonely-secret\n9B=x\nC='open-secret\n",
        &["first-secret", "lonely-secret", "open-secret"],
    );
    let ran = sandbox.call(&["import", ".env"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2), "{}", ran.stderr());
    for line in ["line 2", "line 3", "line 4"] {
        assert!(ran.stderr().contains(line), "{}", ran.stderr());
    }
    assert!(!sandbox.data("").exists());
    plain(&sandbox, ".env", "A=first-secret\nA=later-secret\n", &["later-secret"]);
    let said = format!(
        "keyctl: `A` is in the file more than once; the last one counts\n{NO_KEYCHAIN}keyctl: kept: 1 key (`A`)\n{STILL}"
    );
    sandbox.call(&["import", ".env"]).run().says("", &said, 0);
    assert_eq!(get(&sandbox, "A"), b"later-secret");
    plain(&sandbox, "bad", b"A=\xff\xfe", &[]);
    assert_eq!(sandbox.call(&["import", "bad"]).run().code(), 2);
    sandbox.call(&["import", "none"]).run().says("", "keyctl: there is no file `none`\n", 7);
}

#[test]
fn a_json_object_of_strings_is_taken_over_and_anything_else_is_not() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    let text = "{\"A\": \"json-secret\\n\\u00e9\", \"nested/name\": \"second-secret\"}";
    plain(&sandbox, "keys.json", text, &["json-secret", "second-secret"]);
    let hint = "keyctl: hint: the keys are still readable in `keys.json`: `--delete` removes it\n";
    sandbox.call(&["import", "keys.json"]).run().says(
        "",
        &format!("keyctl: kept: 2 keys (`A`, `nested/name`)\n{hint}"),
        0,
    );
    assert_eq!(get(&sandbox, "A"), "json-secret\n\u{e9}".as_bytes());
    sandbox.call(&["import", "-", "--format", "json"]).input("{\"P\": \"piped-secret\"}").run().says(
        "",
        "keyctl: kept: 1 key (`P`)\n",
        0,
    );
    sandbox.secret("piped-secret");
    for wrong in ["[]", "{\"A\": {\"b\": \"x\"}}", "{\"A\": \"x\"", "{\"A\": \"x\"} y", "{\"a b\": \"x\"}", "", "null"]
    {
        plain(&sandbox, "wrong.json", wrong, &[]);
        let ran = sandbox.call(&["import", "wrong.json"]).run();
        assert!([1, 2].contains(&ran.code()) && ran.stdout().is_empty(), "{wrong}: {}", ran.stderr());
    }
    assert_eq!(sandbox.call(&["list", "--json"]).run().stdout().matches("\"name\"").count(), 4);
}

#[test]
fn names_that_exist_are_replaced_all_or_none() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    plain(&sandbox, ".env", "NEW=new-secret\nA=other-secret\n", &["new-secret", "other-secret"]);
    let said = "keyctl: these keys exist already with other secrets: `A`; nothing was imported\nkeyctl: hint: to replace their secrets: `--replace`; the former ones are kept\nkeyctl: hint: to keep them apart: `--prefix PROJECT/`\n";
    sandbox.call(&["import", ".env"]).run().says("", said, 1);
    assert_eq!(sandbox.call(&["get", "NEW"]).run().code(), 3);
    sandbox.call(&["import", ".env", "--prefix", "web/", "--dry-run"]).run().says("web/NEW\nweb/A\n", "", 0);
    sandbox.call(&["import", ".env", "--prefix", "web/"]).run().says(
        "",
        &format!("keyctl: kept: 2 keys (`web/NEW`, `web/A`)\n{STILL}"),
        0,
    );
    assert_eq!(get(&sandbox, "A"), b"first-secret");
    sandbox.call(&["import", ".env", "--replace", "--json"]).run().says(
        "{\n  \"added\": [\n    \"NEW\"\n  ],\n  \"removed\": null,\n  \"replaced\": [\n    \"A\"\n  ],\n  \"same\": []\n}\n",
        "",
        0,
    );
    assert_eq!(get(&sandbox, "A"), b"other-secret");
    let ran = sandbox.call(&["import", ".env", "--prefix", "9/"]).run();
    assert_eq!((ran.code(), ran.stdout().as_str()), (2, ""), "{}", ran.stderr());
}

#[test]
fn variables_are_taken_from_the_environment_by_name() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    for secret in ["environment-secret", "second-environment"] {
        sandbox.secret(secret);
    }
    let call =
        |words: &[&str]| sandbox.call(words).env("E_ONE", "environment-secret").env("E_TWO", "second-environment");
    call(&["import", "--env", "E_ONE", "NONE", "--env", "NEITHER"]).run().says(
        "",
        "keyctl: the environment has no `NONE`, `NEITHER`\n",
        3,
    );
    call(&["import", "--env", "E_ONE", "E_TWO"]).run().says("", "keyctl: kept: 2 keys (`E_ONE`, `E_TWO`)\n", 0);
    assert_eq!(get(&sandbox, "E_TWO"), b"second-environment");
    call(&["import"]).run().says("", "keyctl: missing: `<FILE>`\nkeyctl: hint: see `keyctl import --help`\n", 2);
    assert_eq!(call(&["import", "x", "--env", "E_ONE"]).run().code(), 2);
    assert_eq!(call(&["import", "--env", "E_ONE", "--delete"]).run().code(), 2);
}

#[test]
fn the_file_is_removed_only_after_every_key_came_back_from_the_store() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    let file = plain(&sandbox, ".env", "A=first-secret\nB=second-secret\n", &["first-secret", "second-secret"]);
    // The store cannot be read back: the file stays.
    let store = sandbox.data("store.age");
    let options = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        store.to_str().expect("text"),
        "-e",
        "inject=openat:error=EIO:when=2+",
    ];
    let ran = sandbox.call(&["import", ".env", "--delete"]).under(&options).run();
    assert_eq!(ran.code(), 7, "{}", ran.stderr());
    assert!(file.exists());
    let said = "keyctl: hint: the file's bytes may still be in backups, in git's history and on the disk; keys that were ever shared belong replaced\nkeyctl: already there: 2 keys (`A`, `B`)\nkeyctl: removed `.env` after reading every key back\n";
    sandbox.call(&["import", ".env", "--delete"]).run().says("", said, 0);
    assert!(!file.exists());
    assert_eq!(get(&sandbox, "B"), b"second-secret");
}

#[test]
fn deleting_loses_nothing_that_was_not_taken_over() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    let text = "# how to get these: ask Kim\nA=first-secret\nEMPTY=\n";
    let file = plain(&sandbox, ".env", text, &["first-secret"]);
    sandbox.call(&["import", ".env", "--dry-run", "--delete"]).run().says(
        "A\n",
        "keyctl: left out, because empty: `EMPTY`\n",
        0,
    );
    assert!(file.exists());
    let link = sandbox.project().join("link.env");
    std::os::unix::fs::symlink(".env", &link).expect("link");
    let ran = sandbox.call(&["import", "link.env", "--delete"]).run();
    ran.says("", "keyctl: `link.env` is a symbolic link: `--delete` would remove the link and leave the keys\nkeyctl: hint: name the file itself\n", 2);
    assert!(file.exists() && link.exists());
    sandbox.file("-", "not this file");
    let ran = sandbox.call(&["import", "-", "--delete"]).input("A=first-secret\n").run();
    ran.says("", "keyctl: standard input is no file that `--delete` could remove\n", 2);
    assert!(sandbox.project().join("-").exists());
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 3);
}

#[test]
fn what_a_shell_evaluates_is_the_secret_byte_for_byte() {
    let sandbox = Sandbox::new();
    let nasty = "it's \"x\" $(touch started) `id` \\ !! \n\t# %PATH% \u{e9}";
    sandbox.secret(nasty);
    assert_eq!(sandbox.call(&["set", "A", "--raw"]).input(nasty).run().code(), 0);
    let keyctl = crate::sandbox::KEYCTL;
    for (shell, format, script) in [
        ("bash", "bash", format!("eval \"$({keyctl} env -k A --format bash)\"; printenv A")),
        ("sh", "sh", format!("eval \"$({keyctl} env -k A --format sh)\"; printenv A")),
        ("zsh", "zsh", format!("eval \"$({keyctl} env -k A --format zsh)\"; printenv A")),
        ("fish", "fish", format!("{keyctl} env -k A --format fish | source; printenv A")),
    ] {
        let mut command = Command::new(shell);
        sandbox.environment(&mut command);
        let output = command.args(["-c", &script]).current_dir(sandbox.project()).output().expect("the shell");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{nasty}\n"),
            "{format}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let ran = sandbox.call(&["env", "-k", "A", "--format", "json"]).run();
    let json: serde_json::Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    assert_eq!(json["A"], nasty);
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn each_format_says_the_same_and_what_it_cannot_carry_is_refused_with_one_that_can() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("L", "line\nsecret")]);
    for (format, said) in [
        ("dotenv", "A=first-secret\n"),
        ("sh", "export A='first-secret'\n"),
        ("bash", "export A='first-secret'\n"),
        ("zsh", "export A='first-secret'\n"),
        ("fish", "set -gx A 'first-secret';\n"),
        ("powershell", "$env:A = 'first-secret'\n"),
        ("json", "{\n  \"A\": \"first-secret\"\n}\n"),
        ("yaml", "\"A\": \"first-secret\"\n"),
        ("docker", "A=first-secret\n"),
    ] {
        sandbox.call(&["env", "-k", "A", "--format", format]).run().says(said, "", 0);
    }
    sandbox.call(&["env", "-k", "A"]).run().says("A=first-secret\n", "", 0);
    let github = sandbox.call(&["env", "-k", "L", "--format", "github"]).run().stdout();
    let mark = github.lines().next().and_then(|line| line.strip_prefix("L<<")).expect("a mark");
    assert_eq!(github, format!("L<<{mark}\nline\nsecret\n{mark}\n"));
    let ran = sandbox.call(&["env", "-k", "A", "-k", "L", "--format", "docker"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2));
    assert!(ran.stderr().starts_with("keyctl: cannot write `L` as docker: "), "{}", ran.stderr());
    assert!(ran.stderr().ends_with("\nkeyctl: hint: `--format json` can carry it\n"), "{}", ran.stderr());
    let ran = sandbox.call(&["env", "-k", "A", "--format", "xml"]).run();
    ran.says("", "keyctl: `--format` takes one of: dotenv, sh, bash, zsh, fish, powershell, json, yaml, docker, github\nkeyctl: hint: see `keyctl env --help`\n", 2);
}

#[test]
fn what_was_exported_is_imported_again_as_it_was() {
    let (from, to) = (Sandbox::with(&[("A", "the \"first\"\nsecret")]), Sandbox::with(&[("Z", "other-secret")]));
    for format in ["dotenv", "json"] {
        let exported = from.call(&["env", "-k", "A", "--format", format]).run();
        assert_eq!(exported.code(), 0, "{}", exported.stderr());
        let text = exported.output.stdout;
        to.secret("the \"first\"\nsecret");
        let ran = to.call(&["import", "-", "--format", format, "--replace"]).input(text).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert_eq!(get(&to, "A"), b"the \"first\"\nsecret");
    }
}

#[test]
fn an_end_that_a_replaced_secret_had_is_said_to_be_its_own_alone() {
    let sandbox = Sandbox::with(&[("B", "fourth-secret")]);
    sandbox.secret("first-secret");
    let ends = ["set", "A", "--expires", "2099-01-31", "-q"];
    sandbox.call(&ends).input("first-secret").run().says("", "", 0);
    plain(&sandbox, ".env", "A=second-secret\nB=third-secret\n", &["second-secret", "third-secret"]);
    let said = "keyctl: replaced: 2 keys (`A`, `B`)\n";
    let end = "keyctl: hint: 2099-01-31 was the former secret's end; say when this one ends: `keyctl edit A --expires DATE`\n";
    sandbox.call(&["import", ".env", "--replace"]).run().says("", &format!("{said}{STILL}{end}"), 0);
    let again = format!("keyctl: already there: 2 keys (`A`, `B`)\n{STILL}");
    sandbox.call(&["import", ".env", "--replace"]).run().says("", &again, 0);
}
