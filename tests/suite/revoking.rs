//! That a secret is revoked is asked of the secret, whichever name it is kept under.

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, contains},
    undoing::{dateless, text},
};

const LEAKED: &str = "leaked-secret";
const OTHER: &str = "other-secret";

/// Whether `run` gives a key, or refuses it as revoked.
#[track_caller]
fn is_given(sandbox: &Sandbox, name: &str) -> bool {
    let ran = sandbox.call(&["run", "-k", &format!("V={name}"), "--", "printenv", "V"]).run();
    match ran.code() {
        0 => true,
        125 if ran.stderr().contains("was revoked") => false,
        _ => panic!("{}", ran.stderr()),
    }
}

fn revoke(sandbox: &Sandbox, name: &str) -> String {
    let ran = sandbox.call(&["revoke", name, "--yes"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    ran.stderr()
}

/// Says yes on a terminal to what lets keys be used again.
#[track_caller]
fn yes(sandbox: &Sandbox, words: &[&str], said: &str) {
    let screen = on_a_terminal(sandbox, &[&[KEYCTL], words].concat(), &[("[y/N] ", "y\r")]);
    assert!(screen.shown.ends_with(said) && screen.code == 0, "{}", screen.shown);
}

fn replace(sandbox: &Sandbox, name: &str, secret: &str) {
    sandbox.secret(secret);
    assert_eq!(sandbox.call(&["set", name, "--replace", "--quiet"]).input(secret).run().code(), 0);
}

#[test]
fn another_name_that_holds_the_secret_already_is_revoked_with_it() {
    let sandbox = Sandbox::with(&[("ra", LEAKED)]);
    assert_eq!(sandbox.call(&["set", "rb", "--quiet"]).input(LEAKED).run().code(), 0);
    assert_eq!(
        revoke(&sandbox, "ra"),
        "keyctl: revoking `ra` touches:\n\
         keyctl:   key  rb  holds the same secret\n\
         keyctl: revoked `ra`: `run` and `env` give it to nothing any more\n\
         keyctl: `rb` holds the same secret and is revoked with it\n\
         keyctl: hint: end it at its issuer too; then `keyctl rotate ra`\n"
    );
    assert!(!is_given(&sandbox, "ra") && !is_given(&sandbox, "rb"));
    let got = sandbox.call(&["get", "rb"]).run();
    assert!(got.stderr().starts_with("keyctl: `rb` was revoked just now"), "{}", got.stderr());
    // It is one change, and taken back as one.
    assert_eq!(sandbox.call(&["undo", "--yes"]).under(&["setsid", "-w"]).run().code(), 9);
    yes(&sandbox, &["undo"], "keyctl: took back: revoke of 2 keys (`ra`, `rb`)\n");
    assert!(is_given(&sandbox, "ra") && is_given(&sandbox, "rb"));
    revoke(&sandbox, "rb");
    let said = "keyctl: changed `ra`, which is not revoked any more\nkeyctl: `rb` holds the same secret and is not revoked any more either\n";
    yes(&sandbox, &["edit", "ra", "--not-revoked"], said);
    assert!(is_given(&sandbox, "ra") && is_given(&sandbox, "rb"));
}

#[test]
fn a_former_secret_or_a_removed_key_comes_back_revoked() {
    let sandbox = Sandbox::with(&[("a", LEAKED), ("b", OTHER)]);
    replace(&sandbox, "a", "newer-secret");
    replace(&sandbox, "removed", LEAKED);
    assert_eq!(sandbox.call(&["remove", "removed", "--yes"]).run().code(), 0);
    replace(&sandbox, "b", LEAKED);
    revoke(&sandbox, "b");
    assert!(is_given(&sandbox, "a"));
    let back = sandbox.call(&["rollback", "a", "--yes"]).run();
    assert!(back.stderr().starts_with("keyctl: this secret of `a` is revoked\n"), "{}", back.stderr());
    sandbox.call(&["rollback", "removed", "--yes"]).run();
    assert!(!is_given(&sandbox, "a") && !is_given(&sandbox, "removed"));
}

#[test]
fn a_revoked_secret_is_known_when_it_comes_again_after_it_was_wiped() {
    let sandbox = Sandbox::with(&[("a", LEAKED), ("b", OTHER), ("c", "third-secret")]);
    revoke(&sandbox, "a");
    replace(&sandbox, "a", "newer-secret");
    assert_eq!(sandbox.call(&["forget", "a", "--yes"]).run().code(), 0);
    revoke(&sandbox, "c");
    assert_eq!(sandbox.call(&["remove", "c", "--forget", "--yes"]).run().code(), 0);
    let left = text(&sandbox);
    assert!(!contains(&left, LEAKED.as_bytes()) && contains(&left, b"\n[[revoked]]\nmark = "));
    let again = sandbox.call(&["set", "again"]).input(LEAKED).run().stderr();
    assert!(again.contains("this secret was revoked on "), "{again}");
    sandbox.may_lie_in(&sandbox.file("keys.env", "from_file=third-secret\n"));
    let imported = sandbox.call(&["import", "keys.env"]).run().stderr();
    assert!(imported.starts_with("keyctl: `from_file` holds a revoked secret\n"), "{imported}");
    assert!(!is_given(&sandbox, "again") && !is_given(&sandbox, "from_file") && is_given(&sandbox, "a"));
    yes(&sandbox, &["edit", "again", "--not-revoked"], "keyctl: changed `again`, which is not revoked any more\n");
    assert!(is_given(&sandbox, "again"));
}

#[test]
fn a_second_word_leaves_the_first_one_as_it_was() {
    let sandbox = Sandbox::with(&[("a", OTHER)]);
    let say = |reason: &str| sandbox.call(&["revoke", "a", "--yes", "--reason", reason]).run();
    assert_eq!(say("seen in a log").code(), 0);
    let again = say("for another reason");
    let shown = dateless(&again.stderr());
    assert_eq!(
        shown,
        "keyctl: `a` was revoked already on DATE (seen in a log)\n\
         keyctl: hint: that stands; to say it anew: `keyctl edit a --not-revoked` first\n"
    );
    assert_eq!(again.code(), 0);
    assert!(contains(&text(&sandbox), b"seen in a log"));
    assert!(!contains(&text(&sandbox), b"for another reason"));
}

#[test]
fn who_will_notice_is_said_before_a_key_is_revoked() {
    let sandbox = Sandbox::with(&[("shop/key", LEAKED)]);
    sandbox.file(".keyctl.toml", "[env]\nSHOP_KEY = \"shop/key\"\n");
    sandbox.allow();
    let folder = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&folder).expect("make");
    std::fs::write(folder.join("config.toml"), "[profiles.work]\nenv = { S = \"shop/key\" }\n").expect("write");
    sandbox.call(&["run", "--only", "SHOP_KEY", "--", "true"]).run().says("", "", 0);
    let ran = sandbox.call(&["revoke", "shop/key", "--yes"]).run();
    let squeezed: Vec<String> =
        ran.stderr().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        squeezed,
        [
            "keyctl: revoking `shop/key` touches:",
            "keyctl: profile ~/.config/keyctl/config.toml as S in work",
            "keyctl: profile ~/project/.keyctl.toml as SHOP_KEY",
            "keyctl: allowed ~/project as SHOP_KEY",
            "keyctl: used ~/project by true, just now",
            "keyctl: revoked `shop/key`: `run` and `env` give it to nothing any more",
            "keyctl: hint: end it at its issuer too; then `keyctl rotate shop/key`",
        ]
    );
}

#[test]
fn another_key_with_the_same_secret_that_is_given_all_the_same_is_named() {
    let sandbox = Sandbox::with(&[("a", LEAKED)]);
    assert_eq!(sandbox.call(&["set", "b", "--quiet"]).input(LEAKED).run().code(), 0);
    let folder = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&folder).expect("make");
    std::fs::write(folder.join("config.toml"), "[[keys]]\nmatch = \"b\"\nrevoked = \"warn\"\n").expect("write");
    let said = revoke(&sandbox, "a");
    let warned = "keyctl: commands still get `b`, the same secret, with a warning, as `config.toml` says\n";
    assert!(said.contains(warned), "{said}");
    // Nor may the words for it be another key's secret.
    sandbox.set("c", OTHER);
    let ran = sandbox.call(&["revoke", "c", "--yes", "--reason", &format!("as {LEAKED} was")]).run();
    assert_eq!(ran.code(), 2);
    assert_eq!(sandbox.call(&["edit", "c", "--note", &format!("not {LEAKED}")]).run().code(), 2);
}
