//! Sources, whatever they are: one list of checks that runs identically on each (`conformance`), and servers that misbehave on purpose,
//! against every type that speaks HTTP (`misbehaving`).
//!
//! `tests/run` installs what this needs; what is missing is an error, never a silent skip.
#![cfg(all(unix, feature = "sources"))]

mod conformance;
mod misbehaving;
mod opened;

use conformance::World;
use opened::open;

/// A program that has a world of secrets, as the list of checks wants it: the first source that it runs on.
#[test]
fn a_program_is_a_source_like_the_others() {
    let folder = tempfile::tempdir().expect("folder");
    let place = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("write");
    place("plain", "a-plain-secret");
    place("object", r#"{"user":"u","password":"a-\u00fcmlaut \"quoted\"","number":12345678901234567890123}"#);
    place("a b;$(id)#c", "an-odd-one");
    let cat = format!("[\"sh\", \"-c\", \"exec cat -- \\\"{}/$1\\\"\", \"sh\", \"{{path}}\"]", folder.path().display());
    let plain = open(&format!("type = \"command\"\ncommand = {cat}\n"), &[]).expect("opened");
    let json = open(&format!("type = \"command\"\ncommand = {cat}\njson = true\n"), &[]).expect("opened");
    conformance::holds(&World {
        source: &*plain,
        of_fields: &*json,
        whole: Some(("plain", "a-plain-secret")),
        fields: (
            "object",
            &[("user", "u"), ("password", "a-\u{fc}mlaut \"quoted\""), ("number", "12345678901234567890123")],
        ),
        odd: Some(("a b;$(id)##c", "an-odd-one")),
        bytes: None,
        missing: "nothing-is-here",
        written: None,
        keeps_versions: false,
        denied: &|| open("type = \"command\"\ncommand = [\"false\", \"{path}\"]\njson = true\n", &[]).expect("opened"),
    });
}
