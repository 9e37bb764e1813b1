//! What a machine does to keyctl: limits, masks, odd places, other users, and readers and writers at once. Rows E01, F, K15
//! and X of what a bad input gets; faults.rs has the errors of system calls.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox};

/// Everything of keyctl's, with its mode.
fn modes(sandbox: &Sandbox) -> Vec<(String, u32)> {
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    let mut modes: Vec<_> = fs::read_dir(sandbox.data(""))
        .expect("list")
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), mode(&entry.path())))
        .collect();
    modes.push((".".into(), mode(&sandbox.data(""))));
    modes.sort();
    modes
}

/// A copy of the program that every user may start, and a call of it as `nobody`, whose the whole sandbox becomes.
fn as_nobody<'s>(sandbox: &'s Sandbox, words: &[&str]) -> crate::sandbox::Call<'s> {
    let program = sandbox.outside().join("keyctl");
    if !program.exists() {
        crate::sandbox::copy_program(KEYCTL, &program);
    }
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(sandbox.outside()).status().expect("chown");
    assert!(owned.success(), "only an administrator can give files away");
    let mut call = sandbox.call(words);
    let mut command = Command::new(program);
    command.args(words).env_clear().current_dir(sandbox.project());
    command.envs(call.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    call.command = command;
    call.under(&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
}

fn is_administrator() -> bool {
    fs::metadata("/proc/self").is_ok_and(|facts| facts.uid() == 0)
}

#[test]
fn whatever_the_callers_mask_files_are_private_and_the_next_call_finds_them() {
    for mask in ["000", "077", "777"] {
        let sandbox = Sandbox::new();
        sandbox.secret("first-secret");
        let masked = ["sh", "-c", &format!("umask {mask}; exec \"$0\" \"$@\"")];
        // An administrator may enter any folder, so only another user shows that the next call can.
        let call = |words: &[&str]| if is_administrator() { as_nobody(&sandbox, words) } else { sandbox.call(words) };
        call(&["set", "A"]).under(&masked).input("first-secret").run().says(
            "",
            &format!("{NO_KEYCHAIN}keyctl: kept `A`\n"),
            0,
        );
        for (name, mode) in modes(&sandbox) {
            assert_eq!(mode, if name == "." { 0o700 } else { 0o600 }, "{name} under {mask}");
        }
        call(&["get", "A"]).run().says("first-secret", "", 0);
    }
}

#[test]
fn a_file_that_may_not_grow_is_said_or_ends_the_call_and_the_old_store_stays() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let before = fs::read(sandbox.data("store.age")).expect("read");
    let limit = before.len() / 2;
    sandbox.secret("second-secret");
    let set = |script: &str| {
        let words = ["prlimit", &format!("--fsize={limit}"), "sh", "-c", script];
        sandbox.call(&["set", "A", "--replace"]).under(&words).input("second-secret").run()
    };
    let ran = set("trap '' XFSZ; exec \"$0\" \"$@\"");
    let said = "keyctl: cannot write `~/.local/share/keyctl/store.age`: file too large\nkeyctl: hint: what was there before is still there\n";
    assert!(ran.stderr().ends_with(said), "{}", ran.stderr());
    assert_eq!(ran.code(), 7);
    assert_eq!(fs::read(sandbox.data("store.age")).expect("read"), before);
    let ran = set("exec \"$0\" \"$@\"");
    assert_ne!(ran.code(), 0);
    assert_eq!(fs::read(sandbox.data("store.age")).expect("read"), before);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.set("B", "third-secret").says("", "keyctl: kept `B`\n", 0);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn a_disk_that_is_read_only_is_read_and_not_written() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    let disk = sandbox.outside().join("disk");
    fs::create_dir(&disk).expect("make");
    let mount = |options: &str| {
        let words = ["-t", "tmpfs", "-o", options, "none"];
        Command::new("mount").args(words).arg(&disk).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if !mount("size=4m,mode=700") {
        return; // Only an administrator can mount; the sweep of faults covers the same error.
    }
    let call = |words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", &disk);
    sandbox.secret("disk-secret");
    let first = call(&["set", "A"]).input("disk-secret").run();
    assert!(mount("remount,ro"));
    let unrecorded =
        "keyctl: not recorded in the history: cannot lock `/sandbox/disk/history.lock`: read-only file system\n";
    let read = call(&["get", "A"]).run();
    let listed = call(&["list"]).run().code();
    let written = call(&["set", "B"]).input("disk-secret").run();
    assert!(Command::new("umount").arg(&disk).status().expect("umount").success());
    assert_eq!((first.code(), listed), (0, 0), "{}", first.stderr());
    read.says("disk-secret", unrecorded, 0);
    written.says("", "keyctl: cannot lock `/sandbox/disk/lock`: read-only file system\n", 7);
}

#[test]
fn a_file_system_without_locks_is_called_that() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for (error, words) in [("ENOLCK", "no locks available"), ("EOPNOTSUPP", "operation not supported")] {
        let inject = format!("inject=flock:error={error}");
        let options = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let said = format!(
            "keyctl: cannot lock `~/.local/share/keyctl/lock`: {words}\nkeyctl: hint: this file system may have no locks; set `KEYCTL_HOME` to a folder on a local disk\n"
        );
        sandbox.call(&["set", "B", "--generate"]).under(&options).run().says("", &said, 7);
    }
    sandbox.call(&["list"]).run().says("NAME  CHANGED   FORMER\nA     just now\n", "", 0);
}

#[test]
fn a_folder_may_have_any_name_that_fits_and_one_that_does_not_is_said() {
    let sandbox = Sandbox::with(&[("Z", "other-secret")]);
    sandbox.secret("first-secret");
    for name in ["with spaces", "line\nbreak", "quote'\"`$(x)", "-dash", "\u{fc}ber"] {
        let folder = sandbox.outside().join(name);
        let call = |words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", &folder);
        call(&["set", "A"]).input("first-secret").run().says("", &format!("{NO_KEYCHAIN}keyctl: kept `A`\n"), 0);
        call(&["run", "-k", "A", "--", "printenv", "A"]).run().says("first-secret\n", "", 0);
        let doctor = call(&["doctor"]).run();
        assert_eq!(doctor.code(), 0, "{}", doctor.stdout());
        assert!(!doctor.stdout().contains("line\nbreak"), "{}", doctor.stdout());
    }
    // The kernel takes paths of up to 4,095 bytes (`PATH_MAX`).
    let long = |parts: usize| sandbox.outside().join(vec!["x".repeat(199); parts].join("/"));
    let call = |parts: usize, words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", long(parts));
    assert_eq!(call(19, &["set", "A"]).input("first-secret").run().code(), 0);
    call(19, &["get", "A"]).run().says("first-secret", "", 0);
    let ran = call(21, &["set", "A"]).input("first-secret").run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 7), "{}", ran.stderr());
    assert!(ran.stderr().ends_with("`: file name too long\n"), "{}", ran.stderr());
}

#[test]
fn under_sudo_nothing_is_made_in_the_home_of_another_user() {
    if !is_administrator() {
        return; // Only an administrator can be in this place.
    }
    let sandbox = Sandbox::new();
    assert_eq!(as_nobody(&sandbox, &["list"]).run().code(), 3);
    let said = "keyctl: `~` belongs to another user\nkeyctl: hint: run keyctl as the user whose keys these are (not through `sudo`), or set `KEYCTL_HOME`\n";
    sandbox.set("A", "first-secret").says("", said, 7);
    assert_eq!(fs::read_dir(sandbox.home()).expect("list").count(), 1, "the project and nothing else");
    // Neither is a store that the user has made already written by the administrator.
    let made = as_nobody(&sandbox, &["set", "A"]).input("first-secret").run();
    assert_eq!(made.code(), 0, "{}", made.stderr());
    let said = said.replace("`~`", "`~/.local/share/keyctl`");
    sandbox.set("B", "second-secret").says("", &said, 7);
    for entry in fs::read_dir(sandbox.data("")).expect("list").flatten() {
        assert_eq!(entry.metadata().expect("there").uid(), 65_534, "{:?}", entry.file_name());
    }
}

#[test]
fn who_reads_while_the_store_is_replaced_gets_the_old_or_the_new_secret() {
    let sandbox = Sandbox::with(&[("A", "secret-number-1")]);
    sandbox.secret("secret-number-2");
    // So many uses within a minute are unusual, and would be told.
    let config = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&config).expect("make");
    std::fs::write(config.join("config.toml"), "[alerts]\nburst = false\n").expect("write");
    let done = AtomicBool::new(false);
    let read = |words: &[&str]| {
        let mut command = Command::new(KEYCTL);
        sandbox.environment(&mut command);
        let output = command.args(words).current_dir(sandbox.project()).output().expect("start");
        (
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    std::thread::scope(|scope| {
        let readers = [&["get", "A"][..], &["run", "-k", "A", "--", "printenv", "A"]].map(|words| {
            let (read, done) = (&read, &done);
            scope.spawn(move || {
                let mut seen = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    seen.push(read(words));
                }
                seen
            })
        });
        for turn in 0..40 {
            let secret = format!("secret-number-{}", 1 + turn % 2);
            let ran = sandbox.call(&["set", "A", "--replace"]).input(secret).run();
            assert_eq!(ran.code(), 0, "{}", ran.stderr());
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            let seen = reader.join().expect("reader");
            let good = |(secret, said): &&(String, String)| {
                ["secret-number-1", "secret-number-2"].contains(&secret.as_str()) && said.is_empty()
            };
            assert_eq!(seen.iter().find(|read| !good(read)), None);
            assert!(seen.iter().any(|read| read.0.ends_with('1')) && seen.iter().any(|read| read.0.ends_with('2')));
        }
    });
}

#[test]
fn the_lock_of_a_process_that_was_killed_is_free_at_once() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let mut holder = Command::new("flock");
    holder.arg(sandbox.data("lock")).args(["sh", "-c", "echo held; sleep 60"]).stdout(Stdio::piped());
    let mut holder = std::os::unix::process::CommandExt::process_group(&mut holder, 0).spawn().expect("flock");
    let mut held = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().expect("piped"), &mut held).expect("held");
    let group = format!("-{}", holder.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().expect("kill").success());
    holder.wait().expect("wait");
    let started = std::time::Instant::now();
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
