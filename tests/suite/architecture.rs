//! The shape of the source: imports point one way, secrets are opened in few rooms, and one door is one door.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The rows of modules, from the top. A module may use rows below its own, never its own row or one above.
const ROWS: &[&[&str]] = &[
    &["commands"],
    &["cli", "terminal"],
    &["activation"],
    &["launch", "exchange", "rotator", "reminder", "report", "scan", "audit", "mcp", "agents", "source", "proxy"],
    &["project", "config"],
    &["profile", "rotation", "policy", "issuer", "alert"],
    &["history", "store"],
    &["identity"],
    &["home", "seal", "subprocess", "template", "web"],
    &["json", "mask", "platform", "random", "reference", "session_bus"],
    &["secret", "name", "date", "failure", "forms", "hex", "plain", "schema"],
];

/// Where a row's module may look sideways or up after all, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Who may open a secret with `expose`, and what for.
const MAY_EXPOSE: &[&str] = &[
    "secret.rs",                      // the door itself
    "activation/answer.rs",           // a shell's variables, as data
    "activation/state.rs",            // a mark of 16 bits of each that a shell was given
    "audit/weakness.rs",              // telling what is weak about one
    "seal.rs",                        // a key that was kept in the store
    "identity/anchor.rs",             // its own line
    "identity/file.rs",               // the identity file
    "identity/foreign.rs",            // reading what other programs keep with age
    "identity/given.rs",              // reading what the caller gives
    "identity/keychain.rs",           // the line for the keychain
    "identity/mod.rs",                // reading an identity
    "identity/passphrase.rs",         // telling that nothing was typed
    "identity/plugin/kept.rs",        // writing its line down
    "identity/plugin/machine.rs",     // a PIN, and the key of a file
    "identity/plugin/mod.rs",         // the line that leads a plugin to its key
    "identity/plugin/name.rs",        // reading that line
    "identity/unlocked/kernel.rs",    // the line for the kernel's keyring
    "identity/unlocked/lease.rs",     // the line with its end
    "identity/recovery.rs",           // wrapping it with a passphrase
    "identity/ssh.rs",                // reading a private key's file
    "identity/secret_service.rs",     // telling identity and anchor apart
    "identity/wrapped_item.rs",       // the keychain's item of an identity that is wrapped
    "identity/wrapped_file.rs",       // the file of an identity that is wrapped
    "identity/wrapping.rs",           // wrapping it
    "issuer/mod.rs",                  // telling whose key it is
    "store/payload.rs",               // reading the reference that stands in a secret's place
    "store/noted.rs",                 // deriving the key of what is noted
    "store/text/value.rs",            // decoding what is no text
    "store/text/reading.rs",          // decoding what is no text
    "store/text/writing.rs",          // writing a key down, inside the encryption
    "store/revoking.rs",              // telling a revoked one when it comes again
    "launch/environment.rs",          // a command's variables
    "launch/files.rs",                // a command's files
    "template/mod.rs",                // a text with keys in their places
    "mask/github.rs",                 // telling GitHub Actions what to mask
    "mask/left.rs",                   // leaving what to look for to a keyctl within the command
    "mask/mod.rs",                    // looking for them in what a command prints
    "exchange/bitwarden.rs",          // telling its columns apart
    "exchange/dotenv.rs",             // leaving comments where they were
    "exchange/moved.rs",              // telling notes from secrets
    "exchange/onepassword.rs",        // telling its columns apart
    "exchange/pass.rs",               // taking the first line of an entry
    "exchange/rows.rs",               // the names of columns
    "exchange/export.rs",             // other programs' forms
    "proxy/inject.rs",                // putting it into a request's headers, and taking it out of an answer's
    "rotator/program.rs",             // a rotator's standard input
    "rotator/unfinished.rs",          // sealing a new one beside the store
    "source/account.rs",              // a mark of whose it is, by which what is kept is found
    "source/cache.rs",                // sealing what is kept of a source
    "source/command.rs",              // reading what a program printed
    "source/vault/abilities.rs",      // asking whether a token is a wrapping one
    "source/vault/login.rs",          // logging in with it
    "source/vault/talk.rs",           // showing the token to its server
    "source/vault/writing.rs",        // writing a new version
    "scan/needles.rs",                // looking for all of them
    "commands/copy.rs",               // the clipboard's holder
    "commands/scan/accepting.rs",     // deriving the key of the marks
    "commands/scan/adopting/plan.rs", // finding it in what was read
    "commands/get.rs",                // printing it
    "commands/moving/mod.rs",         // reading other managers' files
    "commands/init.rs",               // telling settings from secrets
    "commands/keepers.rs",            // telling whether a passphrase is short
    "commands/proxying/freezing.rs",  // deriving the keys of what lies beside a store for its proxies
    "commands/record.rs",             // deriving the history's key
    "commands/reminded.rs",           // deriving the key of the marks
    "commands/online.rs",             // asking AWS with it
    "commands/mending.rs",            // deriving the new history's key
    "commands/project.rs",            // deriving the approvals' key
    "commands/allow.rs",              // deriving the approvals' key
    "commands/recovery/copy.rs",      // reading a copy
    "commands/render.rs",             // printing what a template comes to, or writing it where the user says
    "commands/rotate/asking.rs",      // showing what a rotator printed to who wants it, or it is lost
    "commands/rekey.rs",              // sealing the approvals anew
    "commands/rotate/aws.rs",         // both halves of an access key
    "commands/rotate/bench.rs",       // the public half of an access key
    "commands/rotate/fitness.rs",     // telling an answer from a secret
    "commands/rotate/mod.rs",         // deriving the key of what is unfinished
    "commands/rotate/old_key.rs",     // telling by its id which access key is gone
    "commands/rotate/touched.rs",     // deriving the approvals' key
    "commands/set.rs",                // judging what was typed
    "web/sigv4.rs",                   // deriving the key that signs
    "source/aws/credentials.rs",      // an access key's id, and the token that goes with one
    "source/aws/machine.rs",          // a token of the machine's own
    "source/aws/parameters.rs",       // the text of a parameter, and its fields
    "source/aws/secrets.rs",          // the text of a secret of AWS, and its fields
    "source/aws/sso.rs",              // the token of a login
    "source/aws/sts.rs",              // a token for a role
    "source/azure/login.rs",          // a client's secret, for its login
    "source/azure/mod.rs",            // the text of a secret of Azure, and its fields
    "source/bearer.rs",               // the header of a token
    "source/editing.rs",              // one field of a secret, which becomes another
    "source/gcp/login.rs",            // a service account's private key, which signs
    "source/gcp/mod.rs",              // the text of a secret of Google's, and its checksum
    "terminal.rs",                    // visible answers are read by the same reader
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("inside")
        .to_string_lossy()
        .replace('\\', "/")
}

/// A source without its tests and comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("read");
    // Tests in a file of their own are only named here; those written here stand at the end.
    let written_here = |at: &usize| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{'));
    let marks = ["#[cfg(test)]\nmod", "#[cfg(test)]\npub(crate) mod", "#[cfg(all(test"];
    let cut = marks.iter().flat_map(|mark| text.match_indices(mark)).map(|(at, _)| at).filter(written_here).min();
    let text = &text[..cut.unwrap_or(text.len())];
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs")
}

fn module(path: &str) -> String {
    path.split(['/', '.']).next().unwrap_or_default().to_owned()
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// The modules of ours that a source names: `crate::x` and `crate::{x, y::z}`.
fn used(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + 7..];
        if !rest.starts_with('{') {
            names.insert(
                rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default().to_owned(),
            );
            continue;
        }
        let mut depth = 0;
        let mut word = String::new();
        for c in rest.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 1 && (c.is_ascii_lowercase() || c == '_') {
                word.push(c);
            } else if depth <= 2 && !word.is_empty() && (c == ',' || c == ':' || depth == 0) {
                names.insert(std::mem::take(&mut word));
            }
            if depth == 1 && (c == ',' || c == '{') {
                word.clear();
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn every_module_uses_only_the_rows_below_its_own() {
    let mut wrong = Vec::new();
    for path in sources() {
        let name = relative(&path);
        let own = module(&name);
        if ["main", "lib"].contains(&own.as_str()) || is_test(&name) {
            continue;
        }
        let Some(own_row) = row(&own) else { panic!("{own} stands in no row") };
        for other in used(&code(&path)).into_iter().filter(|other| *other != own && row(other).is_some()) {
            let excepted = EXCEPTIONS.contains(&(own.as_str(), other.as_str()));
            if row(&other) <= Some(own_row) && !excepted {
                wrong.push(format!("{name} uses {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_use_across_the_rows_would_be_found() {
    assert_eq!(used("use crate::{a, b::{c, d}, e};").into_iter().collect::<Vec<_>>(), ["a", "b", "e"]);
    assert_eq!(used("use crate::home::Home; crate::store::x()").into_iter().collect::<Vec<_>>(), ["home", "store"]);
    assert!(row("history") < row("identity") && row("store") == row("history"));
}

#[test]
fn secrets_are_opened_in_the_named_rooms_only_and_each_of_these_opens_one() {
    let opens = |path: &PathBuf| {
        let code = code(path);
        [".expose(", ".expose_text(", "::expose", ".expose_secret("].iter().any(|call| code.contains(call))
    };
    let found: BTreeSet<String> =
        sources().iter().filter(|path| opens(path)).map(|path| relative(path)).filter(|name| !is_test(name)).collect();
    let named: BTreeSet<String> = MAY_EXPOSE.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(MAY_EXPOSE.len(), named.len(), "a room is named twice");
    assert_eq!(found, named, "left: what opens a secret; right: what may");
}

#[test]
fn the_keychain_crate_is_used_in_one_file() {
    for path in sources() {
        let name = relative(&path);
        assert!(
            !["keyring::", "keyring_core::"].iter().any(|used| code(&path).contains(used))
                || name == "identity/keychain.rs",
            "{name} uses keyring"
        );
    }
}

#[test]
fn no_file_is_longer_than_a_chapter_and_nothing_exits_below_main() {
    for path in sources() {
        let name = relative(&path);
        let code = code(&path);
        // A table of data is as long as it has rows.
        let is_table = path.extension().is_some_and(|extension| extension == "toml" || extension == "json");
        assert!(is_table || code.lines().count() <= 400, "{name} has {} lines of code", code.lines().count());
        assert!(!code.contains("process::exit") || name == "platform/windows.rs", "{name} exits");
        let may_be_unsafe =
            ["platform/memory.rs", "platform/windows.rs", "platform/windows/folders.rs"].contains(&name.as_str());
        assert!(!code.contains("unsafe {") || may_be_unsafe, "{name} is unsafe");
    }
}
