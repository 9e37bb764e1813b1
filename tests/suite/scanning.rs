//! `scan`: where keys lie in files, what else looks like a key, and what is said of it; never a secret.
#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::sandbox::Sandbox;

const TOKEN: &str = "3Hq9ZbT7mWx2LcR5vYk8";
const OTHER: &str = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2bC3d";

fn kept() -> Sandbox {
    Sandbox::with(&[("TOKEN", TOKEN), ("app/other", OTHER)])
}

/// Puts a file there that holds a secret on purpose.
fn plant(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.file(name, text);
    sandbox.may_lie_in(&path);
}

/// Made up, with nothing wrong in it but that nobody issued it.
fn stripe() -> String {
    ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat()
}

#[test]
fn every_form_of_a_key_is_named_with_its_place_and_never_shown() {
    let sandbox = kept();
    plant(&sandbox, "src/config.py", &format!("import os\nKEY = \"{TOKEN}\"\nHALF = \"{}\"\n", &OTHER[..20]));
    let basic = STANDARD.encode(format!("me:{OTHER}"));
    plant(&sandbox, ".env", &format!("AUTH=Basic {basic}\n"));
    let hex = keyctl::hex::encode(TOKEN.as_bytes());
    plant(&sandbox, "dump", &format!("{hex}\n"));
    plant(&sandbox, "shop.js", &format!("\n\nstripe('{}')\n", stripe()));
    let ran = sandbox.call(&["scan"]).run();
    ran.says(
        "KEY        FORM                     WHERE\n\
         app/other  base64                   .env:1\n\
         TOKEN      hex                      dump:1\n\
         ?          like: Stripe secret key  shop.js:3\n\
         TOKEN      raw                      src/config.py:2\n\
         app/other  partial (20 of 40)       src/config.py:3\n",
        "keyctl: found 2 keys in 4 places, and 1 text that looks like a key; 4 files, 227 bytes scanned\n\
         keyctl: marked as leaked until they are replaced: `TOKEN`, `app/other`\n\
         keyctl: hint: replace each first: `keyctl rotate NAME`; then take it out of there\n\
         keyctl: hint: if one that looks like a key is yours: replace it, and keep the new one with `keyctl set NAME`\n",
        1,
    );
    sandbox.no_secret_in(&ran.output.stdout);
    sandbox.call(&["scan", "--no-shapes", "-q", "src", "src/config.py"]).run().says(
        "KEY        FORM                WHERE\n\
         TOKEN      raw                 src/config.py:2\n\
         app/other  partial (20 of 40)  src/config.py:3\n",
        "keyctl: hint: replace each first: `keyctl rotate NAME`; then take it out of there\n",
        1,
    );
}

#[test]
fn nothing_found_is_said_with_how_much_was_looked_at() {
    let sandbox = kept();
    sandbox.call(&["scan"]).run().says("", "keyctl: nothing to look at; 0 bytes scanned\n", 0);
    sandbox.file("a", "nothing here\n");
    sandbox.call(&["scan", "."]).run().says("", "keyctl: nothing found; 1 file, 13 bytes scanned\n", 0);
    sandbox.call(&["scan", "-q"]).run().says("", "", 0);
    sandbox.call(&["scan", "-"]).input("also nothing").run().says("", "keyctl: nothing found; 12 bytes scanned\n", 0);
}

#[test]
fn what_comes_in_by_standard_input_is_looked_through_without_being_kept() {
    let sandbox = kept();
    let text = format!("{}\nkey: {TOKEN}\n", "x\n".repeat(2_000_000));
    sandbox.call(&["scan", "-"]).input(&text).run().says(
        "KEY    FORM  WHERE\nTOKEN  raw   standard input:2000002\n",
        "keyctl: found 1 key in 1 place; 4.0 MB scanned\n\
         keyctl: hint: replace it first: `keyctl rotate TOKEN`; then take it out of there\n",
        1,
    );
    sandbox.call(&["scan", "-", "src"]).run().says("", "keyctl: `-`, standard input, stands alone\n", 2);
}

#[test]
fn a_secret_that_is_not_in_use_any_more_is_found_too_and_said_to_be_that() {
    let sandbox = kept();
    sandbox.secret("5vYk8Pf4Gd6Jn1Rb3Xt7");
    sandbox.call(&["set", "TOKEN", "--replace"]).input("5vYk8Pf4Gd6Jn1Rb3Xt7").run();
    assert_eq!(sandbox.call(&["remove", "app/other", "--yes"]).run().code(), 0);
    plant(&sandbox, "old", &format!("{TOKEN}\n{OTHER}\n"));
    sandbox.call(&["scan"]).run().says(
        "KEY                  FORM  WHERE\n\
         TOKEN (former)       raw   old:1\n\
         app/other (removed)  raw   old:2\n",
        "keyctl: found 2 keys in 2 places; 1 file, 62 bytes scanned\n\
         keyctl: hint: one that is not in use any more may still be taken by its issuer: end it there\n",
        1,
    );
}

#[test]
fn what_could_not_be_read_is_named_and_is_no_clean_bill() {
    let sandbox = kept();
    sandbox.file("a", "x");
    sandbox.call(&["scan", "a", "gone"]).run().says(
        "",
        "keyctl: cannot read `gone`: no such file or directory\nkeyctl: nothing found; 1 file, 1 byte scanned\n",
        7,
    );
    // The administrator reads everything.
    if !rustix_is_root() {
        let closed = sandbox.file("closed", "y");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("mode");
        sandbox.call(&["scan"]).run().says(
            "",
            "keyctl: cannot read `./closed`: permission denied\nkeyctl: nothing found; 1 file, 1 byte scanned\n",
            7,
        );
    }
}

fn rustix_is_root() -> bool {
    fs::read("/proc/self/status").is_ok_and(|status| String::from_utf8_lossy(&status).contains("\nUid:\t0\t"))
}

#[test]
fn the_name_of_a_file_cannot_write_on_the_terminal() {
    let sandbox = kept();
    plant(&sandbox, "a\n\u{1b}[2Jb", TOKEN);
    let ran = sandbox.call(&["scan"]).run();
    assert!(!ran.output.stdout.contains(&0x1b) && ran.stdout().lines().count() == 2, "{}", ran.stdout());
    assert_eq!(ran.code(), 1);
}

#[test]
fn the_name_of_a_file_is_told_without_the_secret_in_it() {
    let sandbox = kept();
    let name = format!("{TOKEN}.d/{}", stripe());
    plant(&sandbox, &name, &format!("\n{OTHER}\n"));
    let ran = sandbox.call(&["scan", ".", &format!("gone/{TOKEN}")]).run();
    ran.says(
        "KEY        FORM                     WHERE\n\
         TOKEN      raw                      [secret of TOKEN].d (its name)\n\
         ?          like: Stripe secret key  [secret of TOKEN].d/[like: Stripe secret key] (its name)\n\
         app/other  raw                      [secret of TOKEN].d/[like: Stripe secret key]:2\n",
        "keyctl: cannot read `gone/[secret of TOKEN]`: no such file or directory\n\
         keyctl: found 2 keys in 2 places, and 1 text that looks like a key; 1 file, 42 bytes scanned\n\
         keyctl: marked as leaked until they are replaced: `TOKEN`, `app/other`\n\
         keyctl: hint: replace each first: `keyctl rotate NAME`; then take it out of there\n\
         keyctl: hint: if one that looks like a key is yours: replace it, and keep the new one with `keyctl set NAME`\n",
        1,
    );
    let json = sandbox.call(&["scan", "-q", "--json"]).run();
    let report: serde_json::Value = serde_json::from_str(&json.stdout()).expect("json");
    let places = report["findings"].as_array().expect("a list").iter();
    let places: Vec<_> = places.map(|finding| (finding["place"]["path"].as_str(), finding["line"].as_u64())).collect();
    let (folder, file) = (Some("[secret of TOKEN].d"), Some("[secret of TOKEN].d/[like: Stripe secret key]"));
    assert_eq!(places, [(folder, Some(0)), (file, Some(0)), (file, Some(2))]);
    let sarif = sandbox.call(&["scan", "-q", "--sarif"]).run();
    assert!(sarif.stdout().contains("%5Bsecret%20of%20TOKEN%5D.d/%5Blike%3A%20Stripe"), "{}", sarif.stdout());
    let results: serde_json::Value = serde_json::from_str(&sarif.stdout()).expect("json");
    let region =
        |at: usize| results["runs"][0]["results"][at]["locations"][0]["physicalLocation"].get("region").is_some();
    assert_eq!([0, 1, 2].map(region), [false, false, true]);
    let adopt = sandbox.call(&["scan", "--adopt", "--yes"]).run();
    let audit = sandbox.call(&["audit"]).run();
    // It is still known again by its name.
    let accept = sandbox.call(&["scan", "--accept", "--yes"]).run();
    let all = sandbox.call(&["scan", "--all"]).run();
    for row in [
        "TOKEN (accepted)      raw                      [secret of TOKEN].d (its name)\n",
        "app/other (accepted)  raw                      [secret of TOKEN].d/[like: Stripe secret key]:2\n",
    ] {
        assert!(all.stdout().contains(row), "{}", all.stdout());
    }
    for ran in [ran, json, sarif, adopt, audit, accept, all] {
        for secret in [TOKEN, &stripe()] {
            assert!(!ran.stdout().contains(secret) && !ran.stderr().contains(secret), "{}", ran.stdout());
        }
    }
}

#[test]
fn what_is_too_short_to_look_for_is_said() {
    let sandbox = Sandbox::with(&[("PIN", "1234"), ("WORD", "hunter2x")]);
    sandbox.file("a", "1234\n");
    plant(&sandbox, "b", "hunter2x9\npassword: hunter2x\n");
    sandbox.call(&["scan", "b"]).run().says(
        "KEY   FORM               WHERE\nWORD  short word (weak)  b:2\n",
        "keyctl: too short to look for: `PIN`\n\
         keyctl: found 1 key in 1 place; 1 file, 29 bytes scanned\n\
         keyctl: hint: replace it first: `keyctl rotate WORD`; then take it out of there\n",
        1,
    );
    sandbox.may_lie_in(&sandbox.project().join("a"));
}

#[test]
fn a_scan_and_what_it_found_stand_in_the_history() {
    let sandbox = kept();
    plant(&sandbox, "a", TOKEN);
    assert_eq!(sandbox.call(&["scan", "-q"]).run().code(), 1);
    let listed = sandbox.call(&["history", "--json", "--action", "scan"]).run();
    let events: Vec<serde_json::Value> =
        listed.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    assert_eq!(events.len(), 2);
    assert_eq!((&events[0]["names"], &events[0]["outcome"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!((&events[1]["names"], &events[1]["outcome"]), (&serde_json::json!(["TOKEN"]), &"found 1 place".into()));
}

#[test]
fn without_a_store_what_looks_like_a_key_is_found_all_the_same() {
    let sandbox = Sandbox::new();
    sandbox.file("a", stripe());
    sandbox.call(&["scan"]).run().says(
        "KEY  FORM                     WHERE\n?    like: Stripe secret key  a:1\n",
        "keyctl: no key is kept yet: looking only for what looks like a key\n\
         keyctl: found 1 text that looks like a key; 1 file, 32 bytes scanned\n\
         keyctl: hint: if one that looks like a key is yours: replace it, and keep the new one with `keyctl set NAME`\n",
        1,
    );
    let ran = sandbox.call(&["scan", "--no-shapes"]).run();
    ran.says("", "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n", 3);
}

#[test]
fn programs_read_the_same_as_json() {
    let sandbox = kept();
    plant(&sandbox, "a", &format!("\n{}", &OTHER[..30]));
    sandbox.file("b", stripe());
    let ran = sandbox.call(&["scan", "-q", "--json", "a", "b", "gone"]).run();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("json");
    assert_eq!(
        report,
        serde_json::json!({
            "findings": [
                {
                    "what": { "kind": "key", "key": "app/other", "secret": "current", "form": "raw", "partial": { "bytes": 30, "of": 40 } },
                    "place": { "kind": "file", "path": "a" },
                    "line": 2,
                },
                {
                    "what": { "kind": "shape", "issuer_kind": "stripe", "issuer_name": "Stripe secret key" },
                    "place": { "kind": "file", "path": "b" },
                    "line": 1,
                },
            ],
            "accepted": [], "marked": [], "more": 0, "files": 2, "bytes": 63, "keys_known": true, "too_short": [],
            "unreadable": [{ "path": "gone", "reason": "no such file or directory" }],
            "more_unreadable": 0, "no_files": 0, "not_entered": [], "given": [], "not_looked_at": [], "left_out": [],
        })
    );
    assert_eq!(ran.code(), 1);
}

#[test]
fn code_hosts_read_it_as_sarif() {
    let sandbox = kept();
    plant(&sandbox, "a b.py", &format!("\nkey = '{TOKEN}'\n"));
    sandbox.file("b", stripe());
    let ran = sandbox.call(&["scan", "-q", "--sarif"]).run();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("json");
    let run = &report["runs"][0];
    assert_eq!((&report["version"], &run["tool"]["driver"]["name"]), (&"2.1.0".into(), &"keyctl".into()));
    assert_eq!(
        run["results"][0],
        serde_json::json!({
            "ruleId": "kept-key", "level": "error",
            "message": { "text": "The key TOKEN lies here (raw); replace it, then take it out." },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "a%20b.py" }, "region": { "startLine": 2 } } }],
        })
    );
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter_map(|rule| rule["id"].as_str())
        .collect();
    assert_eq!(rules, ["kept-key", "stripe"]);
    assert_eq!((run["results"].as_array().map(Vec::len), ran.code()), (Some(2), 1));
    let ran = sandbox.call(&["scan", "--sarif", "--json"]).run();
    assert_eq!(ran.code(), 2, "{}", ran.stderr());
}
