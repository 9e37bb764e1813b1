//! Plain age and rage open what keyctl keeps, and keyctl refuses what they make without its owner.
#![cfg(unix)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{sandbox::Sandbox, tools};

const PASSPHRASE: &str = "correct horse battery staple";
const FORGED: &str = "keyctl: the store was not written by its owner: its seal is not the one that is pinned\n\
                      keyctl: hint: someone put another file in its place; put your own copy of `store.age` back\n";

/// age and rage, where they are.
fn both() -> [PathBuf; 2] {
    ["age", "rage"].map(|name| tools::program(name).unwrap_or_else(|| panic!("needs {name}: tests/run installs it")))
}

fn run(sandbox: &Sandbox, program: &Path, words: &[&str], files: &[&Path]) -> Vec<u8> {
    let mut command = Command::new(program);
    sandbox.environment(&mut command);
    let output = command.args(words).args(files).output().expect("start");
    assert!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What the owner gets with plain age: the text of the store.
fn text(sandbox: &Sandbox) -> String {
    let (identity, store) = (sandbox.data("identity.txt"), sandbox.data("store.age"));
    String::from_utf8(run(sandbox, &both()[0], &["-d", "-i"], &[&identity, &store])).expect("text")
}

/// Puts a file in the store's place that somebody who knows the recipient has made with age.
fn replace(sandbox: &Sandbox, program: &Path, more: &[&str], text: &str) {
    let keygen = tools::program("age-keygen").expect("age-keygen: apt-get install age");
    let recipient = run(sandbox, &keygen, &["-y"], &[&sandbox.data("identity.txt")]);
    let recipient = String::from_utf8(recipient).expect("text");
    let plain = sandbox.outside().join("plain.toml");
    std::fs::write(&plain, text).expect("write");
    let store = sandbox.data("store.age");
    std::fs::remove_file(&store).expect("remove");
    let words = [more, &["-r", recipient.trim(), "-o", store.to_str().expect("text")]].concat();
    run(sandbox, program, &words, &[&plain]);
    std::fs::remove_file(plain).expect("remove");
    let private: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(store, private).expect("mode");
}

#[test]
fn age_and_rage_open_the_store_with_the_identity_file() {
    let sandbox = Sandbox::with(&[("openai/dev", "sk-first-secret"), ("B", "with \"quotes\" and \\")]);
    for program in both() {
        let (identity, store) = (sandbox.data("identity.txt"), sandbox.data("store.age"));
        let text = String::from_utf8(run(&sandbox, &program, &["-d", "-i"], &[&identity, &store])).expect("text");
        let table: toml::Table = text.parse().expect("toml");
        assert_eq!(table["key"]["openai/dev"]["value"].as_str(), Some("sk-first-secret"));
        assert_eq!(table["key"]["B"]["value"].as_str(), Some("with \"quotes\" and \\"));
    }
}

#[test]
fn age_and_rage_open_the_store_with_the_recovery_copy_and_its_passphrase() {
    let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    sandbox.secret(PASSPHRASE);
    let copy = sandbox.outside().join("recovery.age");
    let words = ["recovery".as_ref(), "create".as_ref(), copy.as_os_str()];
    sandbox.call(&words).input(PASSPHRASE).run().says(
        "",
        "keyctl: wrote the recovery copy to `/sandbox/recovery.age`\n\
         keyctl: hint: keep it off this machine, and its passphrase apart from it\n\
         keyctl: hint: it opens the store and does not hold it: back up `~/.local/share/keyctl/store.age` too\n\
         keyctl: hint: prove it from where you keep it: `keyctl recovery verify /sandbox/recovery.age`\n",
        0,
    );
    for program in both() {
        for (passphrase, opens) in [(PASSPHRASE, true), ("another phrase", false)] {
            let out = sandbox.outside().join("out.toml");
            let mut answer = tools::script(&sandbox, "answer.py");
            // rage asks through pinentry where there is one.
            answer.env("PINENTRY_PROGRAM", "/nonexistent");
            answer.args(["assphrase", passphrase]).arg(&program).arg("-d").arg("-i").arg(&copy);
            let ran = answer.arg("-o").arg(&out).arg(sandbox.data("store.age")).output().expect("python3");
            let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
            assert_eq!(ran.status.success(), opens, "{}: {said}", program.display());
            if opens {
                let text = std::fs::read_to_string(&out).expect("read");
                assert!(text.contains("value = \"sk-first-secret\"\n"), "{}", program.display());
                std::fs::remove_file(out).expect("remove");
            }
        }
    }
}

#[test]
fn a_file_that_was_made_with_the_public_recipient_is_refused() {
    let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    let own = text(&sandbox);
    let seal = own.lines().find(|line| line.starts_with("seal = ")).expect("seal");
    let forged = own.replace(seal, "seal = \"00000000000000000000000000000000\"").replace("first", "forged");
    for program in both() {
        for more in [&[][..], &["-a"]] {
            replace(&sandbox, &program, more, &forged);
            for call in [&["get", "A"][..], &["list"], &["set", "B", "--generate"]] {
                sandbox.call(call).run().says("", FORGED, 5);
            }
            sandbox.call(&["run", "-k", "A", "--", "true"]).run().says(
                "",
                &FORGED.replacen("pinned\n", "pinned [E05]\n", 1),
                125,
            );
        }
        replace(&sandbox, &program, &[], "[key.\"A\"]\nvalue = \"sk-forged-secret\"\n");
        let refused = sandbox.call(&["get", "A"]).run();
        assert_eq!((refused.stdout().as_str(), refused.code()), ("", 5), "{}", refused.stderr());
        assert!(!refused.stderr().contains("forged"), "{}", refused.stderr());
    }
    // The owner's own text, back in its place, is accepted again.
    replace(&sandbox, &both()[0], &[], &own);
    sandbox.call(&["get", "A"]).run().says("sk-first-secret", "", 0);
}

#[test]
fn what_the_owner_edits_by_hand_and_encrypts_again_is_accepted() {
    for (program, more) in both().iter().zip([&[][..], &["-a"]]) {
        let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
        let edited = text(&sandbox).replace("sk-first-secret", "sk-edited-secret");
        replace(&sandbox, program, more, &format!("{edited}\n# a remark\n"));
        sandbox.secret("sk-edited-secret");
        sandbox.call(&["get", "A"]).run().says("sk-edited-secret", "", 0);
        sandbox.set("B", "sk-second-secret").says("", "keyctl: kept `B`\n", 0);
        sandbox.call(&["get", "A"]).run().says("sk-edited-secret", "", 0);
        sandbox.call(&["history", "verify"]).run().says(
            "the history is intact (4 entries, end proven, anchored at #3)\n",
            "",
            0,
        );
    }
}

#[test]
fn names_complete_without_a_look_at_any_value() {
    let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    // A value that no reader of values would accept.
    replace(&sandbox, &both()[0], &[], &text(&sandbox).replace("\"sk-first-secret\"", "no TOML at all"));
    assert_eq!(sandbox.call(&["get", "A"]).run().code(), 5);
    let call = sandbox.call(&["--", "keyctl", "get", "A"]).env("KEYCTL_COMPLETE", "fish");
    call.run().says("A\n", "", 0);
}
