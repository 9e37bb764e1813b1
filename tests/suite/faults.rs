//! Killed at every system call, and every system call failing: the store is the old one or the new one, what was
//! acknowledged is the new one, and the next call works.
//!
//! `strace` injects one fault a run. The counter of its `when=` is per system call, so a first run lists the calls.
//! `KEYCTL_TEST_LONG=1` kills at every call and gives each that may fail every error. A commit kills only before what can be
//! seen from outside, takes the errors in turn, and of most commands a sample of these points.

#![expect(clippy::print_stdout, reason = "how many faults were tried is the result")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    sandbox::{KEYCTL, Sandbox, bend, contains},
    segmenting,
};

/// Calls that change nothing which another process can see: to die before one is to die before the next that does.
const DULL: &[&str] = &[
    "mmap",
    "munmap",
    "mprotect",
    "brk",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "getrlimit",
    "poll",
    "getpid",
    "gettid",
    "exit_group",
    "execve",
    "madvise",
    "uname",
    "readlink",
    "prctl",
    "read",
    "pread64",
    "lseek",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat2",
    "getdents64",
    "getcwd",
    "getrandom",
    "geteuid",
    "getuid",
    "ioctl",
    "fcntl",
    "sched_getaffinity",
];
/// Errors that a disk gives, and the calls that give them.
const ERRORS: &[&str] = &["ENOSPC", "EIO", "EROFS"];
const FAILING: &[&str] = &[
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "fchmod",
    "mkdir",
    "unlink",
    "flock",
    "close",
    "read",
    "fstat",
    "statx",
    "lseek",
];

/// What else a system may answer, and which calls it then is. A commit tries half of these on `set`; the disk's errors on all.
const RARER: &[(&str, &[&str])] = &[
    ("EDQUOT", &["openat", "write", "fsync", "rename"]),
    ("EINTR", &["openat", "read", "write", "flock", "fsync"]),
    ("EMFILE", &["openat"]),
    ("ENFILE", &["openat"]),
    ("ELOOP", &["openat"]),
    ("ENAMETOOLONG", &["openat"]),
    ("EACCES", &["openat", "rename", "fchmod"]),
    ("ENOLCK", &["flock"]),
    ("EOPNOTSUPP", &["flock", "fchmod"]),
];

/// One fault: which call, which of them, and what happens.
#[derive(Debug, Clone)]
struct Point {
    call: String,
    nth: usize,
    fault: String,
}

pub fn long() -> bool {
    std::env::var_os("KEYCTL_TEST_LONG").is_some()
}

/// The calls that a command makes, with how often.
pub fn calls(command: &mut Command, follow: bool) -> BTreeMap<String, usize> {
    let trace = tempfile::NamedTempFile::new().expect("trace");
    let mut traced = under_strace(command, follow, &["-o", trace.path().to_str().expect("text")]);
    assert!(traced.output().expect("strace").status.success(), "the command fails without a fault");
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(trace.path()).expect("trace").lines() {
        // With the processes that it starts, each line begins with a process's number.
        let call = line
            .split_whitespace()
            .nth(usize::from(follow))
            .and_then(|word| word.split_once('('))
            .map(|(call, _)| call);
        if let Some(call) = call.filter(|call| call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) {
            *counts.entry(call.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

fn points(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    let point = |call: &str, nth, fault: &str| Point { call: call.to_owned(), nth, fault: fault.to_owned() };
    let mut errors = ERRORS.iter().cycle();
    let mut points = Vec::new();
    for (call, &count) in calls {
        for nth in 1..=count {
            if long() || !DULL.contains(&call.as_str()) {
                points.push(point(call, nth, "signal=KILL"));
            }
            if FAILING.contains(&call.as_str()) {
                let of_it = errors.by_ref().take(if long() { ERRORS.len() } else { 1 });
                points.extend(of_it.map(|error| point(call, nth, &format!("error={error}"))));
            }
        }
    }
    points
}

/// Of `set` a commit tries every third point: an odd number, as a kill and an error take turns.
fn points_of_set(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    points(calls).into_iter().step_by(if long() { 1 } else { 3 }).collect()
}

/// For what saves as `set` does: of that a commit tries every eleventh one.
fn points_of_another(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    points(calls).into_iter().step_by(if long() { 1 } else { 11 }).collect()
}

/// Without the calls that only look: for commands that look at much before they change anything. They also take long, so a
/// commit gets each seventeenth.
fn points_of_writing(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    let looks = ["read", "close", "fstat", "statx", "lseek", "newfstatat", "fcntl", "getdents64", "ioctl"];
    let writing = points(calls).into_iter().filter(|point| long() || !looks.contains(&point.call.as_str()));
    writing.step_by(if long() { 1 } else { 17 }).collect()
}

/// Whether a fault is one that there can be. A call that is made to fail is not made at all, and a `close` that is not made keeps
/// a pipe open by which a program's start or its end is told: who starts one, such as git, would wait for ever. A real one gives
/// the pipe free also where it fails.
fn is_real(point: &Point) -> bool {
    point.call != "close" || point.fault.starts_with("signal")
}

/// The same for commands that start programs and take so long that a commit gets one of so many.
fn points_of_few(step: usize) -> impl Fn(&BTreeMap<String, usize>) -> Vec<Point> {
    let looks = ["read", "close", "fstat", "statx", "lseek", "newfstatat", "fcntl", "getdents64", "ioctl"];
    move |calls| {
        let is_tried = |point: &Point| is_real(point) && (long() || !looks.contains(&point.call.as_str()));
        points(calls).into_iter().filter(is_tried).step_by(if long() { 1 } else { step }).collect()
    }
}

fn rarer_points(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    let point = |call: &str, nth, error| Point { call: call.to_owned(), nth, fault: format!("error={error}") };
    let counted = |call: &str| 1..=calls.get(call).copied().unwrap_or_default();
    let of_error = |(error, names): &(&'static str, &'static [&'static str])| {
        let error = *error;
        names.iter().flat_map(move |call| counted(call).map(move |nth| point(call, nth, error))).collect::<Vec<_>>()
    };
    RARER.iter().flat_map(of_error).step_by(if long() { 1 } else { 5 }).collect()
}

/// `strace OPTIONS COMMAND`, with the command's folder, input and environment; `follow` is for what it starts, too.
pub fn under_strace(command: &Command, follow: bool, options: &[&str]) -> Command {
    let mut traced = Command::new("strace");
    traced
        .args(follow.then_some("-f"))
        .arg("-qq")
        .args(options)
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args());
    traced.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    traced.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    traced
}

/// Runs the command once for each kill and each of the disk's errors, and gives what `judge` has against it.
fn sweep(
    template: &Path,
    command: &(dyn Fn(&Path) -> Command + Sync),
    judge: &(dyn Fn(&Path, &Output) -> Result<(), String> + Sync),
) -> (usize, Vec<String>) {
    sweep_points(template, true, command, judge, points_of_another)
}

/// Runs the command once for each point, each time on a copy of `template`; with `follow` also for the calls of every
/// process that it starts.
fn sweep_points(
    template: &Path,
    follow: bool,
    command: &(dyn Fn(&Path) -> Command + Sync),
    judge: &(dyn Fn(&Path, &Output) -> Result<(), String> + Sync),
    choose: impl Fn(&BTreeMap<String, usize>) -> Vec<Point>,
) -> (usize, Vec<String>) {
    let first = copy(template);
    let traced = calls(&mut command(first.path()), follow);
    let made: usize = traced.values().sum();
    let points = choose(&traced);
    assert!(made > 40 && points.len() > 5, "{} points of {made} calls: the trace was not read", points.len());
    let (next, bad) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = copy(template);
                    let inject = format!("inject={}:{}:when={}", point.call, point.fault, point.nth);
                    let output = under_strace(&command(folder.path()), follow, &["-o", "/dev/null", "-e", &inject])
                        .output()
                        .expect("strace");
                    let refused = contains(&output.stderr, b"strace: ");
                    assert!(!refused, "{point:?}: {}", String::from_utf8_lossy(&output.stderr));
                    if let Err(why) = judge(folder.path(), &output) {
                        let said = String::from_utf8_lossy(&output.stderr).into_owned();
                        bad.lock()
                            .expect("lock")
                            .push(format!("{point:?}: {why} (code {:?}, said {said:?})", output.status.code()));
                    }
                }
            });
        }
    });
    (points.len(), bad.into_inner().expect("lock"))
}

fn copy(template: &Path) -> tempfile::TempDir {
    copy_in(&std::env::temp_dir(), template)
}

fn copy_in(place: &Path, template: &Path) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("keyctl-fault-").tempdir_in(place).expect("folder");
    let copied = Command::new("cp").arg("-a").arg(template.join(".")).arg(folder.path()).status().expect("cp");
    assert!(copied.success());
    folder
}

fn keyctl(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(KEYCTL);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("KEYCTL_HOME", home.join("kept"))
        .env("PATH", crate::sandbox::path());
    command.current_dir(home);
    command
}

fn answer(home: &Path, arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let output = keyctl(home, arguments).stdin(Stdio::null()).output().expect("start");
    (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A store with two keys, files to read secrets from, and a project.
fn template() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let home = folder.path();
    for (file, text) in [("one", "old-secret-1"), ("two", "old-secret-2"), ("new", "new-secret-3")] {
        std::fs::write(home.join(file), text).expect("write");
    }
    std::fs::write(home.join("many.env"), "A=new-secret-3\nC=new-secret-4\n").expect("write");
    std::fs::create_dir(home.join("project")).expect("make");
    std::fs::write(home.join("project/.keyctl.toml"), "[env]\nA = \"A\"\n").expect("write");
    for (name, file) in [("A", "one"), ("B", "two")] {
        assert_eq!(answer(home, &["set", name, "--from-file", file]).0, Some(0));
    }
    folder
}

/// What a home holds, for comparing: each key's secret, and the names.
fn state(home: &Path) -> Result<String, String> {
    let mut text = String::new();
    for name in ["A", "B", "C", "Z"] {
        let (code, secret, said) = answer(home, &["get", name]);
        match code {
            Some(0) => writeln!(text, "{name}={}", String::from_utf8_lossy(&secret)).expect("write"),
            Some(3) => {}
            _ => return Err(format!("the store does not open: {said}")),
        }
    }
    Ok(text)
}

/// Sweeps one call of keyctl: old or new, acknowledged means new, the next call heals.
fn sweep_call(arguments: &[&str]) {
    sweep_call_at(&template(), arguments, points_of_another);
}

/// The same on a store whose key has a former secret.
fn sweep_call_after_replacing(arguments: &[&str]) {
    let template = template();
    assert_eq!(answer(template.path(), &["set", "A", "--replace", "--from-file", "new"]).0, Some(0));
    sweep_call_at(&template, arguments, points_of_another);
}

fn sweep_call_at(
    template: &tempfile::TempDir,
    arguments: &[&str],
    choose: impl Fn(&BTreeMap<String, usize>) -> Vec<Point>,
) {
    let old = state(template.path()).expect("old");
    let done = copy(template.path());
    assert_eq!(answer(done.path(), arguments).0, Some(0), "{}", answer(done.path(), arguments).2);
    let new = state(done.path()).expect("new");
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let acknowledged = output.status.success();
        let now = state(home)?;
        if now != old && now != new {
            return Err(format!("neither old nor new: {now:?}"));
        }
        if acknowledged && now != new {
            return Err("acknowledged, and old".into());
        }
        if !acknowledged && output.status.code().is_some_and(|code| code < 128) && output.stderr.is_empty() {
            return Err("failed without a word".into());
        }
        if output.status.code() == Some(101) {
            return Err("panicked".into());
        }
        heals(home)?;
        no_secret_in_the_clear(home)
    };
    let (count, bad) = sweep_points(template.path(), true, &|home| keyctl(home, arguments), &judge, choose);
    println!("{arguments:?}: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// The next write works, and the history is whole or says what it lacks, but was not tampered with.
fn heals(home: &Path) -> Result<(), String> {
    let (code, _, said) = answer(home, &["set", "NEXT", "--generate"]);
    if code != Some(0) {
        return Err(format!("the next call fails: {said}"));
    }
    let (code, out, said) = answer(home, &["history", "verify"]);
    if code != Some(0) {
        return Err(format!("the history: {} {said}", String::from_utf8_lossy(&out)));
    }
    Ok(())
}

fn no_secret_in_the_clear(home: &Path) -> Result<(), String> {
    for entry in std::fs::read_dir(home.join("kept")).map_err(|error| error.to_string())?.flatten() {
        let content = std::fs::read(entry.path()).unwrap_or_default();
        if contains(&content, b"-secret-") {
            return Err(format!("a secret lies in {}", entry.path().display()));
        }
    }
    Ok(())
}

#[test]
fn a_fault_anywhere_in_set_leaves_the_old_or_the_new_secret() {
    sweep_call_at(&template(), &["set", "A", "--replace", "--from-file", "new"], points_of_set);
}

#[test]
fn whatever_else_the_system_answers_set_keeps_the_old_or_the_new_secret() {
    sweep_call_at(&template(), &["set", "A", "--replace", "--from-file", "new"], rarer_points);
}

#[test]
fn a_fault_anywhere_in_rotate_leaves_the_old_or_the_new_secret() {
    sweep_call(&["rotate", "A", "--yes", "--from-file", "new"]);
}

/// The rotator is the issuer too: it notes each secret that it gives, so what is lost on the way shows. Faults are keyctl's
/// alone.
#[test]
fn a_fault_anywhere_in_a_rotation_by_a_program_leaves_a_secret_that_was_issued_and_the_next_one_ends_it() {
    let template = template();
    let rotator = "cat >/dev/null; echo line >>\"$HOME/issued\"; echo issued-\"\"secret-$(wc -l <\"$HOME/issued\")";
    let config = format!("[[keys]]\nmatch = \"A\"\nrotator = [\"sh\", \"-c\", '{rotator}']\n");
    std::fs::write(template.path().join("kept/config.toml"), &config).expect("write");
    let arguments = ["rotate", "A", "--yes"];
    let issued = |home: &Path| std::fs::read_to_string(home.join("issued")).map_or(0, |text| text.lines().count());
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let now = state(home)?;
        let last = format!("A=issued-secret-{}\n", issued(home));
        if output.status.success() && !now.contains(&last) {
            return Err(format!("acknowledged, and not the last secret: {now:?}"));
        }
        if !now.contains("A=old-secret-1\n") && !now.contains(&last) {
            return Err(format!("neither old nor new: {now:?}"));
        }
        if output.status.code().is_some_and(|code| code != 0 && code < 128) && output.stderr.is_empty() {
            return Err("failed without a word".into());
        }
        no_secret_in_the_clear(home)?;
        let (mut code, _, mut said) = answer(home, &arguments);
        if said.contains("may be the secret in force; it is not called again") {
            // It was printed, and keyctl ended before the rotator did. Nothing is lost: a check takes it.
            let before = issued(home);
            std::fs::write(home.join("kept/config.toml"), format!("{config}check = [\"true\"]\n"))
                .map_err(|error| error.to_string())?;
            (code, _, said) = answer(home, &arguments);
            if issued(home) != before {
                return Err(format!("the rotator was called again: {said}"));
            }
        }
        let last = format!("A=issued-secret-{}\n", issued(home));
        if code != Some(0) || !state(home)?.contains(&last) {
            return Err(format!("the next one does not end it: {code:?} {said}"));
        }
        let left = std::fs::read_dir(home.join("kept")).map_err(|error| error.to_string())?.flatten();
        if left.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("unfinished-")) {
            return Err("something is left unfinished".into());
        }
        heals(home)
    };
    let (count, bad) =
        sweep_points(template.path(), false, &|home| keyctl(home, &arguments), &judge, points_of_writing);
    println!("rotate by a program: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_remove_leaves_the_key_or_not() {
    sweep_call(&["remove", "A", "--yes"]);
}

#[test]
fn a_fault_anywhere_in_rename_leaves_one_name_or_the_other() {
    sweep_call(&["rename", "A", "Z"]);
}

#[test]
fn a_fault_anywhere_in_undo_leaves_the_change_or_takes_it_back() {
    sweep_call_after_replacing(&["undo", "--yes"]);
}

#[test]
fn a_fault_anywhere_in_rollback_leaves_the_current_or_the_former_secret() {
    sweep_call_after_replacing(&["rollback", "A", "--yes"]);
}

#[test]
fn a_fault_anywhere_in_import_leaves_all_keys_or_none() {
    sweep_call(&["import", "many.env", "--replace"]);
}

#[test]
fn a_fault_anywhere_in_import_with_delete_never_loses_a_key() {
    let template = template();
    let arguments = ["import", "many.env", "--replace", "--delete"];
    let judge = |home: &Path, _: &Output| -> Result<(), String> {
        let kept = state(home)?.contains("A=new-secret-3");
        if kept || home.join("many.env").exists() {
            Ok(())
        } else {
            Err("the file is gone and its keys are not kept".into())
        }
    };
    let (count, bad) = sweep(template.path(), &|home| keyctl(home, &arguments), &judge);
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// A project's file with one secret that is kept already, one that is not, and a setting.
fn template_with_variables() -> tempfile::TempDir {
    let template = template();
    let text = format!("B=old-secret-2\nLOG=debug\nC={}\n", like_a_key());
    std::fs::write(template.path().join("project/.env"), text).expect("write");
    template
}

/// Made up.
fn like_a_key() -> String {
    ["sk_li", "ve_", "9aZ3bY7cX1dW5eV2fU8gT4hS"].concat()
}

/// What is against a home in which `project/.env` was adopted, or was about to be: a secret in neither place, or in one that
/// it was never in.
fn adopted_wrongly(home: &Path, acknowledged: bool) -> Result<(), String> {
    let file = std::fs::read(home.join("project/.env")).map_err(|error| error.to_string())?;
    let secrets = [("B", "old-secret-2".to_owned()), ("C", like_a_key())];
    let kept = state(home)?;
    for (name, secret) in &secrets {
        let is_kept = kept.contains(&format!("{name}={secret}\n"));
        let is_there = contains(&file, secret.as_bytes());
        match (is_kept, is_there) {
            (false, false) => return Err(format!("{name} is in neither")),
            (true, false) => {}
            _ if acknowledged => return Err(format!("acknowledged, and {name} is kept: {is_kept}, there: {is_there}")),
            _ => {}
        }
    }
    if !contains(&file, b"LOG=debug\n") {
        return Err("the other line is gone".into());
    }
    for entry in std::fs::read_dir(home.join("project")).map_err(|error| error.to_string())?.flatten() {
        let content = std::fs::read(entry.path()).unwrap_or_default();
        let holds = secrets.iter().any(|(_, secret)| contains(&content, secret.as_bytes()));
        if holds && entry.file_name() != ".env" {
            return Err(format!("a secret lies in {}", entry.path().display()));
        }
    }
    no_secret_in_the_clear(home)
}

/// Git is asked whether it keeps the file.
fn points_of_adopting(calls: &BTreeMap<String, usize>) -> Vec<Point> {
    points_of_writing(calls).into_iter().filter(is_real).collect()
}

#[test]
fn a_fault_anywhere_in_adopting_leaves_each_secret_in_the_file_or_in_the_store() {
    let template = template_with_variables();
    let arguments = ["scan", "--adopt", "--yes", "project/.env"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        adopted_wrongly(home, output.status.success())?;
        if output.status.code().is_some_and(|code| code != 0 && code < 128) && output.stderr.is_empty() {
            return Err("failed without a word".into());
        }
        if output.status.code() == Some(101) {
            return Err("panicked".into());
        }
        let (code, _, said) = answer(home, &arguments);
        if code != Some(0) {
            return Err(format!("the next one does not end it: {code:?} {said}"));
        }
        adopted_wrongly(home, true)?;
        let names = std::fs::read_dir(home.join("project")).map_err(|error| error.to_string())?.flatten();
        let left: Vec<_> = names.map(|entry| entry.file_name()).filter(|name| name != ".env").collect();
        if left != [".keyctl.toml"] {
            return Err(format!("left over: {left:?}"));
        }
        heals(home)
    };
    let (count, bad) =
        sweep_points(template.path(), false, &|home| keyctl(home, &arguments), &judge, points_of_adopting);
    println!("scan --adopt: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn the_sweep_finds_that_a_naive_adoption_writes_the_file_first() {
    let template = template_with_variables();
    let naive = |home: &Path| {
        let secret = like_a_key();
        let script = format!(
            "grep -v '^C=' project/.env >project/new; mv project/new project/.env; \
             printf %s {secret} | \"$0\" set C"
        );
        let mut command = keyctl(home, &[]);
        let environment: Vec<_> =
            command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        command = Command::new("sh");
        command.args(["-c", &script, KEYCTL]).env_clear().envs(environment).current_dir(home);
        command
    };
    let is_lost = |home: &Path, _: &Output| adopted_wrongly(home, false);
    let (count, bad) = sweep_points(template.path(), true, &naive, &is_lost, points_of_adopting);
    assert!(bad.iter().any(|why| why.contains("C is in neither")), "nothing is found in {count} faults: {bad:#?}");
}

/// The order, read from a trace: the store is on the disk and was read back before the file is written anew.
#[test]
fn a_file_is_written_anew_only_after_the_store_was_read_back_from_the_disk() {
    let home = template_with_variables();
    let trace = home.path().join("trace");
    let command = keyctl(home.path(), &["scan", "--adopt", "--yes", "project/.env"]);
    let output = under_strace(&command, false, &["-y", "-o", trace.to_str().expect("text")]).output().expect("strace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&trace).expect("trace");
    let lines: Vec<&str> = text.lines().collect();
    let after = |from: usize, what: &str, parts: &[&str]| {
        let at = lines[from..].iter().position(|line| parts.iter().all(|part| line.contains(part)));
        from + at.unwrap_or_else(|| panic!("not {what} after line {from} of\n{text}"))
    };
    let stored = after(0, "stored", &["rename", "store.age"]);
    let synced = after(stored, "synced", &["fsync(", "/kept>"]);
    let read_back = after(synced, "read back", &["openat(", "/kept/store.age\""]);
    // Until it is whole it has no name, where the file system can do that.
    let is_unnamed = text.contains("O_TMPFILE, 0600) = ");
    let (made, its) = if is_unnamed { ("O_TMPFILE", "/project/#") } else { ("O_EXCL", "project/..env.") };
    let made = after(read_back, "made", &["open", "project", made, "0600"]);
    let written = after(made, "synced", &["fsync(", its]);
    let looked = after(written, "looked at again", &["openat(", "project/.env\"", "O_NOFOLLOW"]);
    // Until then what a kill leaves lying is for nobody else.
    let opened = after(looked, "given its modes", &["fchmod(", its, "0644"]);
    assert!(!lines[..looked].iter().any(|line| line.contains("fchmod(") && line.contains("0644")), "{text}");
    assert!(!is_unnamed || !lines[..opened].iter().any(|line| line.contains("project/..env.")), "{text}");
    let renamed = after(opened, "renamed", &["rename", "project/..env."]);
    after(renamed, "synced", &["fsync(", "/project>"]);
    assert_eq!(
        lines[..renamed].iter().filter(|line| line.contains("rename") && line.contains("project/.env")).count(),
        0
    );
}

#[test]
fn a_fault_anywhere_in_the_first_set_leaves_no_store_or_a_whole_one() {
    let template = tempfile::tempdir().expect("folder");
    std::fs::write(template.path().join("new"), "new-secret-3").expect("write");
    let arguments = ["set", "A", "--from-file", "new"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let (code, secret, said) = answer(home, &["get", "A"]);
        match code {
            Some(0) if secret == b"new-secret-3" => {}
            Some(3) if !output.status.success() => {}
            _ => return Err(format!("code {code:?}: {said}")),
        }
        let (code, _, said) = answer(home, &["set", "A", "--replace", "--from-file", "new"]);
        if code != Some(0) {
            return Err(format!("the next set fails: {said}"));
        }
        let (code, out, said) = answer(home, &["history", "verify"]);
        if code != Some(0) {
            return Err(format!("the history: {} {said}", String::from_utf8_lossy(&out)));
        }
        no_secret_in_the_clear(home)
    };
    let (count, bad) = sweep(template.path(), &|home| keyctl(home, &arguments), &judge);
    println!("the first set: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_run_starts_the_command_with_its_key_or_says_why_not() {
    let template = template();
    let arguments = ["run", "-k", "A", "--", "/bin/sh", "-c", "printf %s \"$A\""];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        if output.status.success() && output.stdout != b"old-secret-1" {
            return Err("the command ran without its key".into());
        }
        state(home)?;
        heals(home)?;
        no_secret_in_the_clear(home)
    };
    let (count, bad) = sweep(template.path(), &|home| keyctl(home, &arguments), &judge);
    println!("run: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// The entry of this run fills the file, so that it is closed and another is begun.
#[test]
fn a_fault_anywhere_in_the_closing_of_a_file_of_the_history_loses_no_entry() {
    let template = template();
    segmenting::fill(&template.path().join("kept"), 4 * 1024 * 1024);
    let arguments = ["run", "-k", "A", "--", "/bin/sh", "-c", "printf %s \"$A\""];
    let closed = |home: &Path| home.join("kept/history-0001.log").exists();
    let done = copy(template.path());
    assert!(!closed(done.path()));
    assert_eq!(answer(done.path(), &arguments).0, Some(0));
    assert!(closed(done.path()), "the run does not close the file");
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        heals(home)?;
        if !closed(home) {
            return Err("the file was not closed".into());
        }
        // Whatever was not recorded was said.
        let [runs, closings] = events(home, ["run", "segment"])?;
        if output.status.success() && output.stderr.is_empty() && runs != 1 {
            return Err(format!("{runs} entries of one run"));
        }
        if closings != 1 {
            return Err("not closed just once".into());
        }
        no_secret_in_the_clear(home)
    };
    let (count, bad) = sweep_points(template.path(), true, &|home| keyctl(home, &arguments), &judge, points_of_writing);
    println!("the closing of a file of the history: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_pruning_leaves_the_files_or_an_entry_that_says_that_they_are_gone() {
    let template = template();
    let kept = template.path().join("kept");
    segmenting::close_some(&kept, 3);
    assert_eq!(answer(template.path(), &["get", "A"]).0, Some(0));
    let arguments = ["history", "prune", "--keep-segments", "1", "--yes"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let said = !output.stderr.is_empty();
        if output.status.code().is_some_and(|code| code != 0 && code < 128) && !said {
            return Err("failed without a word".into());
        }
        heals(home)?;
        let there = [1, 2, 3].map(|number| home.join(format!("kept/history-000{number}.log")).exists());
        let [entries] = events(home, ["prune"])?;
        match (there, entries) {
            ([true, true, true], 0) if !output.status.success() => Ok(()),
            ([false, false, true], 1) => Ok(()),
            _ => Err(format!("{there:?} with {entries} entries")),
        }
    };
    let (count, bad) = sweep_points(template.path(), true, &|home| keyctl(home, &arguments), &judge, points_of_writing);
    println!("history prune: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_repair_never_makes_a_changed_history_a_whole_one() {
    repairs(template().path(), keyctl, "personal");
}

/// Where another machine may have the store too, its history goes on under the id that the store has.
#[test]
fn a_fault_anywhere_in_repair_on_one_of_two_machines_never_makes_a_changed_history_a_whole_one() {
    repairs(template_with_team().path(), keyctl_with_team, "team");
}

fn repairs(template: &Path, call: fn(&Path, &[&str]) -> Command, store: &str) {
    let is_personal = store == "personal";
    let (folder, key) = if is_personal { ("kept", "B") } else { ("kept/stores/team", "team:U") };
    let log = template.join(folder).join("history.log");
    let of_store = |words: &[&'static str]| {
        let store: &[&str] = if is_personal { &[] } else { &["--store", "team"] };
        [words, store].concat()
    };
    let answer = |home: &Path, words: &[&str]| {
        let output = call(home, words).stdin(Stdio::null()).output().expect("start");
        (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let mut bytes = std::fs::read(&log).expect("read");
    bend(&mut bytes[30]);
    std::fs::write(&log, bytes).expect("write");
    let arguments = of_store(&["history", "repair", "--yes"]);
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        if output.status.code() == Some(101) {
            return Err("panicked".into());
        }
        let verify = |when: &str, codes: &[i32]| {
            let (code, out, said) = answer(home, &of_store(&["history", "verify"]));
            let is_right = code.is_some_and(|code| codes.contains(&code));
            if is_right { Ok(()) } else { Err(format!("{when}: {code:?} {} {said}", String::from_utf8_lossy(&out))) }
        };
        verify("right afterwards", if output.status.success() { &[4] } else { &[1, 4] })?;
        let (code, secret, said) = answer(home, &["get", key]);
        if (code, secret.as_slice()) != (Some(0), b"old-secret-2") {
            return Err(format!("the store does not open: {code:?} {said}"));
        }
        verify("after a use", &[1, 4])?;
        let again = answer(home, &arguments);
        if !matches!(again.0, Some(0 | 4)) {
            return Err(format!("another repair: {again:?}"));
        }
        verify("after another repair", &[4])?;
        let accepted = answer(home, &of_store(&["history", "repair", "--accept", "--yes"]));
        if accepted.0 != Some(0) {
            return Err(format!("not accepted: {accepted:?}"));
        }
        heals(home)?;
        no_secret_in_the_clear(home)
    };
    let (count, bad) = sweep_points(template, true, &|home| call(home, &arguments), &judge, points_of_writing);
    println!("history repair of {store}: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// How many of the last entries are of these actions.
fn events<const N: usize>(home: &Path, actions: [&str; N]) -> Result<[usize; N], String> {
    let (code, out, said) = answer(home, &["history", "-n", "12", "--json"]);
    if code != Some(0) {
        return Err(format!("the history cannot be read: {said}"));
    }
    let out = String::from_utf8_lossy(&out);
    Ok(actions.map(|action| out.matches(&format!("\"ev\":\"{action}\"")).count()))
}

#[test]
fn a_fault_anywhere_in_allow_allows_the_project_or_not() {
    let template = template();
    let mut shown = keyctl(template.path(), &["allow", "--show-hash"]);
    let shown = shown.current_dir(template.path().join("project")).output().expect("start").stdout;
    let hash = String::from_utf8(shown).expect("text").trim().to_owned();
    assert_eq!(hash.len(), 64, "{hash:?}");
    let call = |home: &Path| {
        let mut command = keyctl(home, &["allow", "--hash", &hash]);
        command.current_dir(home.join("project"));
        command
    };
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let mut command = keyctl(home, &["run", "--", "/bin/sh", "-c", "printf %s \"$A\""]);
        let ran = command.current_dir(home.join("project")).output().map_err(|error| error.to_string())?;
        match ran.status.code() {
            Some(0) if ran.stdout == b"old-secret-1" => {}
            Some(125) if !output.status.success() => {}
            code => return Err(format!("run answers {code:?}: {}", String::from_utf8_lossy(&ran.stderr))),
        }
        if !call(home).output().is_ok_and(|again| again.status.success()) {
            return Err("allowing again fails".into());
        }
        heals(home)
    };
    let (count, bad) = sweep(template.path(), &call, &judge);
    println!("allow: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// Whichever identity it comes to be: the store opens, the approved project runs, and the next change ends what was begun.
#[test]
fn a_fault_anywhere_in_a_change_of_identity_leaves_the_former_or_the_next_one_and_the_next_call_ends_it() {
    let template = template();
    // An approval is one of a place, so all copies of the store share one project.
    let project = template.path().join("project");
    let shown = |home: &Path, arguments: &[&str]| {
        let mut command = keyctl(home, arguments);
        command.current_dir(&project).stdin(Stdio::null()).output().expect("start")
    };
    let hash = String::from_utf8(shown(template.path(), &["allow", "--show-hash"]).stdout).expect("text");
    assert!(shown(template.path(), &["allow", "--hash", hash.trim()]).status.success());
    let identities = |home: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(home.join("kept/identity.txt")).expect("an identity");
        text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1")).map(str::to_owned).collect()
    };
    let former = identities(template.path());
    let arguments = ["store", "rekey", "--yes"];
    let runs = |home: &Path, when: &str| -> Result<(), String> {
        let ran = shown(home, &["run", "--", "/bin/sh", "-c", "printf %s \"$A\""]);
        if ran.status.code() == Some(0) && ran.stdout == b"old-secret-1" {
            return Ok(());
        }
        Err(format!("run {when}: {:?} {}", ran.status.code(), String::from_utf8_lossy(&ran.stderr)))
    };
    let (told, changed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        if output.status.code().is_some_and(|code| code != 0 && code < 128) && output.stderr.is_empty() {
            return Err("failed without a word".into());
        }
        if output.status.code() == Some(101) {
            return Err("panicked".into());
        }
        if output.status.success() && identities(home).iter().any(|line| former.contains(line)) {
            return Err("acknowledged, and the former identity is there".into());
        }
        runs(home, "right afterwards")?;
        let (code, secret, said) = answer(home, &["get", "B"]);
        if (code, secret.as_slice()) != (Some(0), b"old-secret-2") {
            return Err(format!("the store does not open: {code:?} {said}"));
        }
        let two = identities(home).len() == 2;
        let (code, _, said) = answer(home, &["set", "ENDS", "--generate"]);
        if code != Some(0) || two != said.contains("was cut short") {
            return Err(format!("the next call: {code:?} {said}"));
        }
        if answer(home, &["history", "verify"]).0 != Some(0) {
            return Err("the history is not whole".into());
        }
        let left = identities(home);
        if left.len() != 1 {
            return Err(format!("{} identities are left", left.len()));
        }
        told.fetch_add(usize::from(two), Ordering::Relaxed);
        changed.fetch_add(usize::from(left != former), Ordering::Relaxed);
        let listed = answer(home, &["history", "--action", "set", "--json"]).1;
        if String::from_utf8_lossy(&listed).lines().count() < 3 {
            return Err("earlier entries are gone".into());
        }
        let (code, _, said) = answer(home, &arguments);
        if code != Some(0) || identities(home).iter().any(|line| *line == left[0] || former.contains(line)) {
            return Err(format!("another change: {code:?} {said}"));
        }
        runs(home, "after another change")?;
        heals(home)?;
        no_secret_in_the_clear(home)
    };
    // So many that a commit, too, meets some of each kind whichever calls the strides fall on.
    let (count, bad) = sweep_points(template.path(), true, &|home| keyctl(home, &arguments), &judge, points_of_few(7));
    let (told, changed) = (told.into_inner(), changed.into_inner());
    println!("store rekey: {count} faults, {told} cut short, {changed} changed all the same, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
    let least = if long() { 20 } else { 5 };
    assert!(told > least && changed > least && changed < count, "{count} faults, {told} cut short, {changed} changed");
}

#[test]
fn the_sweep_finds_the_faults_of_a_naive_save() {
    let template = tempfile::tempdir().expect("folder");
    std::fs::write(template.path().join("store"), "old").expect("write");
    let naive = |home: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", "printf new > store"]).env_clear().env("PATH", crate::sandbox::path()).current_dir(home);
        command
    };
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let text = std::fs::read_to_string(home.join("store")).map_err(|error| error.to_string())?;
        match text.as_str() {
            "new" => Ok(()),
            "old" if !output.status.success() => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    let (count, bad) = sweep_points(template.path(), true, &naive, &judge, points);
    assert!(!bad.is_empty(), "the harness finds nothing in {count} faults of a save in place");
}

/// The order of a good save, read from a trace: synced before the rename, the folder synced after it.
#[test]
fn the_store_is_synced_before_it_is_renamed_and_its_folder_before_anything_is_said() {
    let template = template();
    let home = copy(template.path());
    let trace = home.path().join("trace");
    let command = keyctl(home.path(), &["set", "A", "--replace", "--from-file", "new"]);
    let output = under_strace(&command, true, &["-y", "-o", trace.to_str().expect("text")]).output().expect("strace");
    assert!(output.status.success());
    let lines: Vec<String> = std::fs::read_to_string(&trace).expect("trace").lines().map(str::to_owned).collect();
    let at = |what: &dyn Fn(&str) -> bool| lines.iter().position(|line| what(line));
    let temporary = |line: &str| line.contains("/.store.age.");
    let opened =
        at(&|line| line.contains("openat(") && temporary(line) && line.contains("O_EXCL") && line.contains("0600"))
            .expect("a new private file");
    let written = lines.iter().rposition(|line| line.contains(" write(") && temporary(line)).expect("written");
    let synced = at(&|line| line.contains("fsync(") && temporary(line)).expect("synced");
    let renamed = at(&|line| line.contains("rename") && temporary(line)).expect("renamed");
    let folder = lines
        .iter()
        .enumerate()
        .skip(renamed)
        .position(|(_, line)| line.contains("fsync(") && line.contains("/kept>"))
        .expect("folder synced")
        + renamed;
    let said = at(&|line| line.contains("write(2") && line.contains("replaced")).expect("said");
    assert!(
        opened < written && written < synced && synced < renamed && renamed < folder && folder < said,
        "{opened} {written} {synced} {renamed} {folder} {said}"
    );
    assert!(!lines.iter().any(|line| line.contains("store.age\"") && line.contains("O_TRUNC")));
}

/// Eight writers at once lose nothing.
#[test]
fn eight_writers_with_a_hundred_updates_each_keep_all_eight_hundred() {
    let updates = 100;
    // In memory: what is asked is that they take turns, and a disk has each of them wait for most of the time.
    let copied = copy_in(Path::new("/dev/shm"), template().path());
    let home = copied.path();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                for update in 0..updates {
                    let name = format!("W{writer}_{update}");
                    // On a busy machine one may wait in vain for ten seconds, which it says.
                    let set = || answer(home, &["set", &name, "--generate=8"]);
                    let (code, _, said) =
                        std::iter::repeat_with(set).find(|(code, ..)| *code != Some(8)).expect("ends");
                    assert_eq!(code, Some(0), "{said}");
                }
            });
        }
    });
    let (_, list, _) = answer(home, &["list", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&list).expect("json");
    assert_eq!(list.as_array().expect("list").len(), 8 * updates + 2);
    assert_eq!(answer(home, &["history", "verify"]).0, Some(0));
}

#[test]
fn a_writer_waits_for_a_stopped_one_and_then_names_it() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["store", "create", "team", "--keeper", "file"]).run();
    let of_team =
        std::fs::OpenOptions::new().read(true).write(true).open(sandbox.data("stores/team/lock")).expect("open");
    of_team.lock().expect("lock");
    let lock: PathBuf = sandbox.data("lock");
    let held = std::fs::OpenOptions::new().read(true).write(true).open(&lock).expect("open");
    held.lock().expect("lock");
    let own = std::process::id();
    std::fs::write(&lock, format!("{own}\n")).expect("write");
    let started = std::time::Instant::now();
    let mut removing = Command::new(KEYCTL);
    sandbox.environment(&mut removing);
    removing.args(["store", "remove", "team", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let removing = removing.spawn().expect("keyctl");
    sandbox.set("B", "second-secret").says("", &format!("keyctl: another keyctl (process {own}) holds the lock `~/.local/share/keyctl/lock`; waited 10 s\nkeyctl: hint: let it finish, or end it; the lock frees itself then\n"), 8);
    assert!((10..13).contains(&started.elapsed().as_secs()));
    // A removal that cannot begin is none, and is written down nowhere.
    assert_eq!(removing.wait_with_output().expect("ended").status.code(), Some(8));
    drop((held, of_team));
    assert!(!sandbox.call(&["history"]).run().stdout().contains("removed the store"));
    assert!(sandbox.data("stores/team/keeper.toml").exists());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

/// The same for a store beside the personal one, whose age file lies elsewhere.
fn template_with_team() -> tempfile::TempDir {
    let template = template();
    let (code, _, said) =
        answer(template.path(), &["store", "create", "team", "--keeper", "file", "--path", "team.age"]);
    assert_eq!(code, Some(0), "{said}");
    for (name, file) in [("team:T", "one"), ("team:U", "two")] {
        assert_eq!(answer(template.path(), &["set", name, "--from-file", file]).0, Some(0));
    }
    assert_eq!(answer(template.path(), &["set", "team:T", "--replace", "--from-file", "new"]).0, Some(0));
    template
}

/// A call in a copy of that, whose age file lies beside the copy and not beside what was copied.
fn keyctl_with_team(home: &Path, arguments: &[&str]) -> Command {
    let (path, file) = (home.join("kept/stores/team/path"), home.join("team.age"));
    std::fs::write(path, format!("{}\n", file.display())).expect("write");
    keyctl(home, arguments)
}

/// A key's secret, or nothing where there is no such key or store.
fn secret_of(home: &Path, name: &str) -> Result<Option<String>, String> {
    match answer(home, &["get", name]) {
        (Some(0), secret, _) => Ok(Some(String::from_utf8_lossy(&secret).into_owned())),
        (Some(3), ..) => Ok(None),
        (code, _, said) => Err(format!("`{name}`: {code:?} {said}")),
    }
}

/// The store opens, takes another key, and its history is whole.
fn team_works(home: &Path) -> Result<(), String> {
    for arguments in [&["set", "team:NEXT", "--generate"][..], &["history", "verify", "--store", "team"]] {
        let (code, out, said) = answer(home, arguments);
        if code != Some(0) {
            return Err(format!("{arguments:?}: {code:?} {} {said}", String::from_utf8_lossy(&out)));
        }
    }
    Ok(())
}

fn said_something(output: &Output) -> Result<(), String> {
    match output.status.code() {
        Some(101) => Err("panicked".into()),
        Some(code) if code != 0 && code < 128 && output.stderr.is_empty() => Err("failed without a word".into()),
        _ => Ok(()),
    }
}

#[test]
fn a_fault_anywhere_in_making_another_store_leaves_none_or_one_and_the_next_call_ends_it() {
    let template = template();
    let personal = state(template.path()).expect("personal");
    let arguments = ["store", "create", "team", "--keeper", "file", "--path", "team.age"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        said_something(output)?;
        let again = answer(home, &arguments);
        match (output.status.success(), again.0) {
            (true, Some(1)) | (false, Some(0 | 1)) => {}
            (_, code) => return Err(format!("the next call: {code:?} {}", again.2)),
        }
        team_works(home)?;
        if !home.join("team.age").exists() || home.join("kept/stores/team/store.age").exists() {
            return Err("it lies elsewhere".into());
        }
        if state(home)? != personal {
            return Err("the personal store was changed".into());
        }
        heals(home)
    };
    let (count, bad) = sweep_points(template.path(), true, &|home| keyctl(home, &arguments), &judge, points_of_another);
    println!("{arguments:?}: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_removing_a_store_leaves_it_whole_or_gone_and_the_next_call_ends_it() {
    let template = template_with_team();
    let personal = state(template.path()).expect("personal");
    let arguments = ["store", "remove", "team", "--yes"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        said_something(output)?;
        let secret = secret_of(home, "team:T")?;
        if output.status.success() && secret.is_some() {
            return Err("acknowledged, and there".into());
        }
        if secret.as_deref().is_some_and(|secret| secret != "new-secret-3") {
            return Err(format!("another secret: {secret:?}"));
        }
        if secret.is_some() {
            team_works(home)?;
        }
        let (code, _, said) = answer(home, &arguments);
        if !matches!((secret.is_some(), code), (true, Some(0)) | (false, Some(0 | 3))) {
            return Err(format!("the next call: {code:?} {said}"));
        }
        let left = std::fs::read_dir(home.join("kept/stores/team")).into_iter().flatten().count();
        if left > 0 || !home.join("team.age").exists() {
            return Err(format!("{left} files are left, or the one elsewhere is gone"));
        }
        if state(home)? != personal {
            return Err("the personal store was changed".into());
        }
        let (code, _, said) = answer(home, &["store", "create", "team", "--keeper", "file"]);
        if code != Some(0) {
            return Err(format!("no other one can be made: {said}"));
        }
        heals(home)
    };
    let (count, bad) =
        sweep_points(template.path(), true, &|home| keyctl_with_team(home, &arguments), &judge, points_of_writing);
    println!("{arguments:?}: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

#[test]
fn a_fault_anywhere_in_moving_a_key_leaves_it_in_one_store_or_in_both_and_the_next_call_ends_it() {
    let template = template_with_team();
    let arguments = ["store", "move", "team:T", "--to", "personal"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        said_something(output)?;
        let (from, to) = (secret_of(home, "team:T")?, secret_of(home, "T")?);
        let secrets: Vec<&String> = from.iter().chain(&to).collect();
        if secrets.is_empty() || secrets.iter().any(|secret| *secret != "new-secret-3") {
            return Err(format!("{from:?} and {to:?}"));
        }
        if output.status.success() && (from.is_some() || to.is_none()) {
            return Err("acknowledged, and not moved".into());
        }
        let (code, _, said) = answer(home, &arguments);
        if code != Some(if from.is_some() { 0 } else { 3 }) {
            return Err(format!("the next call: {code:?} {said}"));
        }
        // With its former secret, in one store alone.
        if secret_of(home, "team:T")?.is_some() || secret_of(home, "T")?.as_deref() != Some("new-secret-3") {
            return Err("it was not moved by the next call".into());
        }
        if answer(home, &["rollback", "T", "--yes"]).0 != Some(0)
            || secret_of(home, "T")?.as_deref() != Some("old-secret-1")
        {
            return Err("its former secret did not come with it".into());
        }
        if secret_of(home, "team:U")?.as_deref() != Some("old-secret-2") {
            return Err("another key was changed".into());
        }
        team_works(home)?;
        heals(home)?;
        no_secret_in_the_clear(home)
    };
    let (count, bad) =
        sweep_points(template.path(), true, &|home| keyctl_with_team(home, &arguments), &judge, points_of_writing);
    println!("{arguments:?}: {count} faults, {} bad", bad.len());
    assert!(bad.is_empty(), "{} of {count} faults: {bad:#?}", bad.len());
}

/// Alice's home is `kept`, Bob's `other`; they share `team.age` beside these. The file is named by its whole path.
fn team(home: &Path, whose: &str, arguments: &[&str]) -> Command {
    let path = home.join("team.age");
    for folder in
        ["kept", "other"].map(|folder| home.join(folder).join("stores/team")).iter().filter(|folder| folder.exists())
    {
        std::fs::write(folder.join("path"), format!("{}\n", path.display())).expect("write");
    }
    member(home, whose, arguments)
}

/// The same where the file lies as the last call has said.
fn member(home: &Path, whose: &str, arguments: &[&str]) -> Command {
    let mut command = keyctl(home, arguments);
    command.env("KEYCTL_HOME", home.join(whose)).env("USER", if whose == "kept" { "alice" } else { "bob" });
    command
}

fn as_team(home: &Path, whose: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = team(home, whose, arguments).stdin(Stdio::null()).output().expect("start");
    let [said, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), said, told)
}

/// Alice has the store and Bob has asked to join it; gives his recipient.
fn team_template() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("folder");
    let home = folder.path();
    std::fs::write(home.join("one"), "old-secret-1").expect("write");
    let does = |whose: &str, words: &[&str]| {
        let (code, said, told) = as_team(home, whose, words);
        assert_eq!(code, Some(0), "{words:?}: {told}");
        said.trim().to_owned()
    };
    does("kept", &["store", "create", "team", "--keeper", "file", "--path", "team.age"]);
    does("kept", &["set", "team:A", "--from-file", "one"]);
    let recipient = does("other", &["store", "join", "team", "--keeper", "file", "--path", "team.age"]);
    (folder, recipient)
}

/// Alice opens the store and changes it, whatever befell the call before, without being asked to say yes to anything.
fn alice_goes_on(home: &Path) -> Result<(), String> {
    for words in [
        &["get", "team:A"][..],
        &["set", "team:B", "--replace", "--from-file", "one"],
        &["history", "verify", "--store", "team"],
    ] {
        let (code, _, told) = as_team(home, "kept", words);
        let healed = words[0] == "history" && told.contains("not provable");
        if code != Some(0) && !healed {
            return Err(format!("{words:?}: {told}"));
        }
        if told.contains("say yes") {
            return Err(format!("{words:?} asks: {told}"));
        }
    }
    Ok(())
}

/// Whether Bob can open the store, who has asked to.
fn opens_for_bob(home: &Path) -> bool {
    as_team(home, "other", &["store", "join", "team", "--yes"]).2.contains("joined the store")
}

/// Two homes on one file, which no lock of either home is for.
#[test]
fn two_homes_that_write_one_file_at_once_keep_everything_that_was_acknowledged() {
    let (template, recipient) = team_template();
    let home = template.path();
    let add = ["store", "recipients", "add", "team", "bob", &recipient, "--yes"];
    assert_eq!(as_team(home, "kept", &add).0, Some(0));
    assert!(opens_for_bob(home));
    let writes = if long() { 20 } else { 6 };
    std::thread::scope(|scope| {
        for whose in ["kept", "other"] {
            scope.spawn(move || {
                for at in 0..writes {
                    let name = format!("team:{whose}{at}");
                    let output = member(home, whose, &["set", &name, "--generate=8"]).output().expect("start");
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                }
            });
        }
    });
    let (_, listed, told) = as_team(home, "kept", &["list", "--store", "team", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("json");
    assert_eq!(listed.as_array().expect("list").len(), 2 * writes + 1, "{told}");
    let beside: Vec<_> = std::fs::read_dir(home).expect("list").flatten().map(|entry| entry.file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().starts_with(".team.age")), "{beside:?}");
}

#[test]
fn killed_or_failing_while_a_member_is_added_the_store_opens_as_before_or_after_and_asks_nobody() {
    let (template, recipient) = team_template();
    let add = ["store", "recipients", "add", "team", "bob", &recipient, "--yes"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        alice_goes_on(home)?;
        let again = as_team(home, "kept", &add);
        if !matches!(again.0, Some(0 | 1)) {
            return Err(format!("not added by the next call: {}", again.2));
        }
        if output.status.success() && !opens_for_bob(home) {
            return Err("acknowledged, and Bob is out".into());
        }
        Ok(())
    };
    let (added, bad) =
        sweep_points(template.path(), false, &|home| team(home, "kept", &add), &judge, points_of_few(14));
    println!("{added} faults of an addition");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn killed_or_failing_while_a_member_is_removed_the_store_opens_as_before_or_after_and_asks_nobody() {
    let (template, recipient) = team_template();
    let add = ["store", "recipients", "add", "team", "bob", &recipient, "--yes"];
    assert_eq!(as_team(template.path(), "kept", &add).0, Some(0));
    assert!(opens_for_bob(template.path()));
    let remove = ["store", "recipients", "remove", "team", "bob", "--yes"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        alice_goes_on(home)?;
        let again = as_team(home, "kept", &remove);
        if !matches!(again.0, Some(0 | 3)) {
            return Err(format!("not removed by the next call: {}", again.2));
        }
        if output.status.success() && again.0 == Some(0) {
            return Err("acknowledged, and Bob was in".into());
        }
        alice_goes_on(home)?;
        let (code, _, told) = as_team(home, "other", &["get", "team:A"]);
        if code == Some(5) && told.contains("another identity") { Ok(()) } else { Err(format!("Bob reads on: {told}")) }
    };
    let (removed, bad) =
        sweep_points(template.path(), false, &|home| team(home, "kept", &remove), &judge, points_of_few(14));
    println!("{removed} faults of a removal");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn killed_or_failing_while_a_store_is_joined_the_next_call_joins_it() {
    let (template, recipient) = team_template();
    let add = ["store", "recipients", "add", "team", "bob", &recipient, "--yes"];
    assert_eq!(as_team(template.path(), "kept", &add).0, Some(0));
    let join = ["store", "join", "team", "--yes"];
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let again = as_team(home, "other", &join);
        let exists = again.0 == Some(1) && again.2.contains("exists already");
        if again.0 != Some(0) && !exists {
            return Err(format!("not joined by the next call: {}", again.2));
        }
        if output.status.success() && !exists {
            return Err("acknowledged, and not joined".into());
        }
        let (code, secret, told) = as_team(home, "other", &["get", "team:A"]);
        if (code, secret.as_str()) != (Some(0), "old-secret-1") || told.contains("say yes") {
            return Err(format!("does not open: {told}"));
        }
        let (_, entries, _) = as_team(home, "other", &["history", "--json", "--store", "team"]);
        // What the history itself could not take is a gap in it.
        let is_gap = entries.contains("\"ev\":\"gap\"");
        if entries.matches("joined as `bob`").count() != usize::from(!is_gap) {
            return Err(format!("the history says otherwise: {entries}"));
        }
        if home.join("other/stores/team/joining").exists() { Err("still joining".into()) } else { Ok(()) }
    };
    let (joined, bad) =
        sweep_points(template.path(), false, &|home| team(home, "other", &join), &judge, points_of_few(12));
    println!("{joined} faults of joining");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn killed_or_failing_while_somebody_asks_to_join_the_next_call_asks_with_one_identity() {
    let (template, _) = team_template();
    let ask = ["store", "join", "team", "--keeper", "file", "--path", "team.age"];
    std::fs::remove_dir_all(template.path().join("other")).expect("remove");
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let (code, recipient, told) = as_team(home, "other", &ask);
        if code != Some(0) || !recipient.starts_with("age1") {
            return Err(format!("cannot begin again: {told}"));
        }
        let before = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && before != recipient { Err("another identity".into()) } else { Ok(()) }
    };
    let (begun, bad) =
        sweep_points(template.path(), false, &|home| team(home, "other", &ask), &judge, points_of_few(12));
    println!("{begun} faults of asking to join");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn killed_or_failing_while_two_versions_are_merged_ours_is_as_it_was_or_has_everything() {
    let (template, _) = team_template();
    let home = template.path();
    let does = |words: &[&str]| assert_eq!(as_team(home, "kept", words).0, Some(0), "{words:?}");
    let copy_to = |name: &str| std::fs::copy(home.join("team.age"), home.join(name)).expect("copy");
    copy_to("base");
    does(&["set", "team:B", "--from-file", "one"]);
    copy_to("theirs");
    std::fs::copy(home.join("base"), home.join("team.age")).expect("copy");
    let merge = ["store", "merge", "--base", "base", "--ours", "team.age", "--theirs", "theirs", "--path", "team.age"];
    let old = std::fs::read(home.join("team.age")).expect("read");
    let judge = |home: &Path, output: &Output| -> Result<(), String> {
        let is_old = std::fs::read(home.join("team.age")).expect("read") == old;
        if output.status.success() && is_old {
            return Err("acknowledged, and not merged".into());
        }
        let again = as_team(home, "kept", &merge);
        if again.0 != Some(0) {
            return Err(format!("not merged by the next call: {}", again.2));
        }
        for key in ["team:A", "team:B"] {
            let (code, secret, told) = as_team(home, "kept", &["get", key]);
            if (code, secret.as_str()) != (Some(0), "old-secret-1") {
                return Err(format!("{key}: {told}"));
            }
        }
        alice_goes_on(home)
    };
    let (merged, bad) = sweep_points(home, false, &|home| team(home, "kept", &merge), &judge, points_of_few(8));
    println!("{merged} faults of a merge");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
