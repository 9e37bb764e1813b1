//! The name: the kernel's `keyctl` beside this one, and this one under another name.
#![cfg(target_os = "linux")]

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox};

const FOR_THE_OTHER: &str =
    "keyctl: this is keyctl, the API-key store; the kernel's keyrings have another program of this name\n";

/// A folder with a program named `keyctl` that is not this one, and that must never be started.
fn another(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.outside().join("kernel");
    std::fs::create_dir_all(&folder).expect("make");
    let other = folder.join("keyctl");
    std::fs::write(&other, "#!/bin/sh\necho started >\"$(dirname \"$0\")/started\"\n").expect("write");
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o755)).expect("mode");
    folder
}

/// A folder with this program under a name.
fn linked(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.outside().join("bin");
    std::fs::create_dir_all(&folder).expect("make");
    symlink(KEYCTL, folder.join(name)).expect("link");
    folder
}

fn path(folders: &[&Path]) -> std::ffi::OsString {
    std::env::join_paths(folders).expect("path")
}

/// What a program says, by its own name and its path.
fn said(sandbox: &Sandbox, program: &Path, folders: &[&Path], words: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(program);
    sandbox.environment(&mut command);
    command.args(words).current_dir(sandbox.project()).env("PATH", path(folders));
    let output = command.output().expect("start");
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(&sandbox.home().display().to_string(), "~");
        let text = text.replace(&sandbox.outside().display().to_string(), "/sandbox");
        text.replace(KEYCTL, "/built/keyctl")
    };
    (shown(&output.stdout), shown(&output.stderr), output.status.code())
}

#[test]
fn a_call_for_the_kernels_keyctl_is_told_where_that_is_and_not_handed_over() {
    let sandbox = Sandbox::with(&[("A", "sk-first-secret")]);
    let (own, other) = (linked(&sandbox, "keyctl"), another(&sandbox));
    for words in [&["show", "@u"][..], &["padd", "user", "name", "@u"], &["new_session"], &["list", "12345"], &["show"]]
    {
        let expected = format!("{FOR_THE_OTHER}keyctl: hint: call that one by its path: `/sandbox/kernel/keyctl`\n");
        let found = said(&sandbox, &own.join("keyctl"), &[&own, &other], words);
        assert_eq!(found, (String::new(), expected, Some(2)), "{words:?}");
    }
    assert!(!other.join("started").exists(), "the other one was started");
}

#[test]
fn called_by_another_name_every_message_says_that_name() {
    let sandbox = Sandbox::new();
    let own = linked(&sandbox, "apikeyctl");
    let program = own.join("apikeyctl");
    let say = |words: &[&str]| said(&sandbox, &program, &[&own], words);
    let all = |text: &str| text.replace("keyctl", "apikeyctl");
    assert_eq!(
        say(&["list"]),
        (String::new(), all("keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n"), Some(3))
    );
    assert_eq!(
        say(&["set", "9"]).1,
        "apikeyctl: `<NAME>`: a key's name cannot begin with `9`; use a letter, then letters, digits, `_`, `-`, `.`, `/` or `+`\napikeyctl: hint: see `apikeyctl set --help`\n"
    );
    // What the store says once; the folder and the product keep their name.
    let kept = say(&["set", "A", "--generate"]).1;
    let once = NO_KEYCHAIN.replace("keyctl: ", "apikeyctl: ").replace("`keyctl ", "`apikeyctl ");
    assert_eq!(kept, format!("{once}apikeyctl: kept `A`\n"));
    assert!(say(&["show", "A"]).0.contains("`apikeyctl get A`"));
    let help = say(&["--help"]).0;
    assert!(help.contains("Usage: apikeyctl ") && help.contains("  apikeyctl set OPENAI_API_KEY\n"), "{help}");
    assert!(say(&["completions", "bash"]).0.contains("complete -F _apikeyctl"));
    assert!(say(&["completions", "bash", "--dynamic"]).0.ends_with("-F _apikeyctl_complete 'apikeyctl'\n"));
    assert!(say(&["man"]).0.contains("\n.TH apikeyctl 1 "));
}

#[test]
fn the_version_says_which_keyctl_this_is() {
    let sandbox = Sandbox::new();
    let version = format!("keyctl {} (API-key store)\n", env!("CARGO_PKG_VERSION"));
    sandbox.call(&["--version"]).run().says(&version, "", 0);
    let own = linked(&sandbox, "apikeyctl");
    assert_eq!(said(&sandbox, &own.join("apikeyctl"), &[&own], &["--version"]).0, version);
}

#[test]
fn doctor_reports_both_and_which_one_a_shell_finds() {
    let sandbox = Sandbox::new();
    let (own, other) = (linked(&sandbox, "keyctl"), another(&sandbox));
    // A machine with keyutils has one more, which is named after the first.
    let system = if Path::new("/usr/bin/keyctl").exists() { ", `/usr/bin/keyctl`" } else { "" };
    let nobody = sandbox.outside().join("nobody");
    for (folders, line) in [
        (
            &[&own, &other][..],
            "care  the name `keyctl`  a shell finds this one, `/built/keyctl`, before `/sandbox/kernel/keyctl`",
        ),
        (&[&other, &own], "care  the name `keyctl`  a shell finds `/sandbox/kernel/keyctl`, this is `/built/keyctl`"),
        (&[&nobody], "care  the name `keyctl`  a shell finds nothing, this is `/built/keyctl`"),
    ] {
        let folders: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
        let (report, _, code) = said(&sandbox, &own.join("keyctl"), &folders, &["doctor"]);
        assert_eq!(report.lines().next().map(|line| line.replace(system, "")).as_deref(), Some(line), "{report}");
        assert_eq!(code, Some(0));
    }
    symlink(KEYCTL, own.join("apikeyctl")).expect("link");
    let (report, _, _) = said(&sandbox, &own.join("apikeyctl"), &[&own, &other], &["doctor"]);
    let line =
        "good  the name `apikeyctl`  a shell finds this one, `/built/keyctl`; `keyctl` is `/sandbox/kernel/keyctl`";
    assert_eq!(report.lines().next().map(|line| line.replace(system, "")).as_deref(), Some(line));
}
