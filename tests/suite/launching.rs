//! `run`: how a command starts and ends, and where it starts: rows E of what a bad input gets.
#![cfg(unix)]

use std::os::unix::{fs::PermissionsExt, process::ExitStatusExt};

use crate::{
    pty::python,
    sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox},
};

fn script(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.file(name, text);
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("set");
}

#[test]
fn what_cannot_be_started_is_told_apart_as_shells_do_it() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file("plain", "text");
    script(&sandbox, "lost", "#!/no/such/interpreter\n");
    script(&sandbox, "old", "echo ran by sh: $A\n");
    std::fs::create_dir(sandbox.project().join("folder")).expect("make");
    let run = |command: &str| sandbox.call(&["run", "-k", "A", "--", command]).run();
    run("no-such-command").says("", "keyctl: no command `no-such-command`\n", 127);
    run("./no-such-command").says("", "keyctl: no command `./no-such-command`\n", 127);
    run("").says("", "keyctl: no command ``\n", 127);
    run("./plain").says("", "keyctl: `./plain` is not executable\n", 126);
    run("./folder").says("", "keyctl: `./folder` is a folder\n", 126);
    run("./lost").says("", "keyctl: cannot start `./lost`: its `#!` program is not there\n", 126);
    run("./old").says("ran by sh: first-secret\n", "", 0);
    run("no\x1b[31m").says("", "keyctl: no command `no\\u{1b}[31m`\n", 127);
}

#[test]
fn a_launch_that_failed_stands_in_the_history_as_one_and_is_no_use() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    script(&sandbox, "lost", "#!/no/such/interpreter\n");
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    assert_eq!(sandbox.call(&["run", "-k", "A", "--reason", "try", "--", "./lost"]).run().code(), 126);
    let found = sandbox.call(&["history", "A", "--outcome", "not started", "--json"]).run().stdout();
    let failed: serde_json::Value = serde_json::from_str(&found).expect("one entry");
    let why = "not started: cannot start `./lost`: its `#!` program is not there";
    assert_eq!(
        [&failed["ev"], &failed["of"], &failed["prog"], &failed["reason"], &failed["outcome"]],
        [&"failed".into(), &serde_json::json!([3]), &"lost".into(), &"try".into(), &why.into()]
    );
    let csv = sandbox.call(&["history", "export", "--format", "csv", "--outcome", "failed"]).run().stdout();
    assert!(csv.lines().count() == 2 && csv.contains(why), "{csv}");
    let usage = sandbox.call(&["history", "usage", "--json"]).run().stdout();
    let usage: serde_json::Value = serde_json::from_str(&usage).expect("json");
    assert_eq!((&usage["items"][0]["uses"], &usage["items"][0]["programs"]), (&1.into(), &serde_json::json!(["true"])));
    let who = sandbox.call(&["history", "who", "A", "--json"]).run().stdout();
    assert!(!who.contains("lost"), "{who}");
    let page = sandbox.call(&["history", "report", "--html", "-"]).run().stdout();
    assert!(page.contains("not started: cannot start"), "the page tells of it");
}

#[test]
fn a_command_that_drops_variables_is_said_to_do_so() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for name in ["sudo", "doas"] {
        script(&sandbox, name, "#!/bin/sh\necho ran\n");
        let said =
            format!("keyctl: `{name}` drops variables that it is not told to keep (`--preserve-env=NAME` keeps one)\n");
        sandbox.call(&["run", "-k", "A", "--", &format!("./{name}"), "env"]).run().says("ran\n", &said, 0);
    }
    sandbox.file(".keyctl.toml", "[env]\nL = { value = \"x\" }\n");
    sandbox.allow();
    script(&sandbox, "other", "#!/bin/sh\necho ran\n");
    sandbox.call(&["run", "--", "./other"]).run().says("ran\n", "", 0);
}

#[test]
fn without_two_dashes_or_a_command_it_is_a_wrong_call() {
    let sandbox = Sandbox::new();
    for call in [&["run"][..], &["run", "--"], &["run", "true"], &["run", "-k", "A", "true", "x"]] {
        let ran = sandbox.call(call).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 125), "{}", ran.stderr());
        assert!(
            ran.stderr().contains(" [E02]\nkeyctl: hint: put the command after `--`: `keyctl run -- myapp`\n"),
            "{}",
            ran.stderr()
        );
    }
    let ran = sandbox.call(&["shell", "zsh"]).run();
    assert!(
        ran.stderr().contains("keyctl: hint: put the shell after `--`: `keyctl shell -- zsh`\n"),
        "{}",
        ran.stderr()
    );
    let said = "keyctl: `--as` is for what `--file` and `--render` give, and neither is here [E02]\nkeyctl: hint: how a project's key is given stands beside it: `{ key = \"…\", as = \"…\" }`\n";
    for form in ["fd", "file"] {
        sandbox.call(&["run", "--as", form, "--", "true"]).run().says("", said, 125);
    }
}

#[test]
fn the_exit_code_is_the_commands_own_and_a_death_by_signal_is_one() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("exit 125", 125), ("exit 255", 255), ("exit 300", 44)] {
        sandbox.call(&["run", "-k", "A", "--", "bash", "-c", script]).run().says("", "", code);
    }
    for (signal, number) in [("KILL", 9), ("TERM", 15), ("SEGV", 11)] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let ran = sandbox.call(&["run", "-k", "A", "--", "sh", "-c", &script]).run();
        assert_eq!(ran.output.status.signal(), Some(number), "{}", ran.stderr());
    }
    let shell = format!("{KEYCTL} run -k A -- sh -c 'kill -KILL $$'; echo $?");
    let ran = sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell]).run();
    assert_eq!(ran.stdout(), "137\n");
}

#[test]
fn the_command_has_no_signal_ignored_or_blocked_and_keyctls_own_process_number() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    // From a shell, because glibc's own way to start a process ignores two of its internal signals.
    let shell = format!("{KEYCTL} run -k A -- grep -E '^Sig(Ign|Blk)' /proc/self/status");
    let ran = sandbox.call::<&str>(&[]).under(&[python(), "-c", "import os, signal, sys; [signal.signal(n, signal.SIG_DFL) for n in (13, 25)]; os.execvp('sh', ['sh', '-c', sys.argv[1]])", &shell]).run();
    let ignored =
        ran.stdout().lines().last().and_then(|line| u64::from_str_radix(line.strip_prefix("SigIgn:\t")?, 16).ok());
    assert_eq!(ignored.map(|mask| mask & 0x7fff_ffff), Some(0), "{}", ran.stdout());
    assert!(ran.stdout().starts_with("SigBlk:\t0000000000000000\n"), "{}", ran.stdout());
    let shell = format!("echo $$; exec {KEYCTL} run -k A -- sh -c 'echo $$'");
    let ran = sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell]).run();
    let said = ran.stdout();
    let (shell, command) = said.trim().split_once('\n').expect("two");
    assert_eq!(shell, command, "the process is replaced, so a container's first process stays the first");
}

#[test]
fn the_command_inherits_the_callers_files_and_none_of_keyctls() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let look = "-c 'import os; print(*(os.readlink(f\"/proc/self/fd/{fd}\") for fd in (0, 7)), *os.listdir(\"/proc/self/fd\"))'";
    let shell = |before: &str| {
        let shell = format!("exec 7</dev/zero; {before} {} {look}", python());
        sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell]).run().stdout()
    };
    let (without, with) = (shell(""), shell(&format!("{KEYCTL} run -k A --")));
    assert!(with.starts_with("/dev/null /dev/zero "), "{with}");
    assert_eq!(with, without);
}

#[test]
fn closed_standard_files_are_open_on_nothing_and_take_no_secret() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let look = "for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done >seen";
    let shell = format!("exec {KEYCTL} run -k A -- sh -c '{look}' <&- >&- 2>&-");
    sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell]).run().says("", "", 0);
    let seen = std::fs::read_to_string(sandbox.project().join("seen")).expect("seen");
    assert_eq!(seen.lines().next(), Some("/dev/null"));
    assert_eq!(seen.lines().last(), Some("/dev/null"));
    let shell = format!("{KEYCTL} get A <&- >&- 2>&-; {KEYCTL} list >&-; {KEYCTL} doctor <&- >&-");
    sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell]).run();
}

#[test]
fn a_command_starts_in_a_folder_that_was_deleted() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let shell = |words: &str| format!("mkdir gone; cd gone; rmdir ../gone; exec {KEYCTL} {words}");
    let ran = |words: &str| sandbox.call::<&str>(&[]).under(&["sh", "-c", &shell(words)]).run();
    ran("run --no-project -k A -- printenv A").says("first-secret\n", "", 0);
    ran("run -k A -- true").says("", "keyctl: cannot find the folder `.`: no such file or directory [E07]\n", 125);
    ran("get A").says("first-secret", "", 0);
}

#[test]
fn a_folder_whose_name_is_no_text_is_a_folder() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    let folder = sandbox.project().join(std::ffi::OsStr::from_bytes(b"\xff\n\x1b[31mname"));
    std::fs::create_dir(&folder).expect("make");
    std::fs::write(folder.join(".keyctl.toml"), "[env]\nA = \"a\"\n").expect("write");
    let ran = sandbox.call(&["run", "--", "true"]).inside(&folder).run();
    ran.says("", "keyctl: `~/project/\u{fffd}\\u{a}\\u{1b}[31mname/.keyctl.toml` is not allowed; it asks for 1 thing that nobody has allowed here [E06]\nkeyctl: hint: A <- key a\nkeyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n", 125);
    let hash = sandbox.call(&["allow", "--show-hash"]).inside(&folder).run().stdout();
    let ran = sandbox.call(&["allow", "--hash", hash.trim()]).inside(&folder).run();
    ran.says("", "keyctl: allowed: 1 grant in `~/project/\u{fffd}\\u{a}\\u{1b}[31mname`\n", 0);
    sandbox.call(&["run", "--", "printenv", "A"]).inside(&folder).run().says("first-secret\n", "", 0);
    sandbox.call(&["history", "-n", "1"]).inside(&folder).run();
}

#[test]
fn a_home_that_is_none_is_said_and_nothing_is_made_in_the_current_folder() {
    let sandbox = Sandbox::new();
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    std::fs::set_permissions(sandbox.outside(), PermissionsExt::from_mode(0o777)).expect("set");
    std::fs::set_permissions(sandbox.project(), PermissionsExt::from_mode(0o777)).expect("set");
    let binary = sandbox.outside().join("keyctl");
    crate::sandbox::copy_program(KEYCTL, &binary);
    let set = |home: Option<&str>| {
        let mut call = sandbox.call(&["set", "A"]).input("first-secret");
        call = match home {
            Some(home) => call.env("HOME", home),
            None => call.without("HOME"),
        };
        let mut command = std::process::Command::new(&binary);
        command.args(["set", "A"]).env_clear().current_dir(sandbox.project());
        command.envs(call.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        call.command = command;
        call.under(&nobody).run()
    };
    sandbox.secret("first-secret");
    // Without a usable `HOME` the password file's word counts: nobody's is `/nonexistent`.
    let refused = "keyctl: cannot make the folder `/nonexistent/.local/share/keyctl`: permission denied\n";
    set(None).says("", refused, 7);
    set(Some("")).says("", refused, 7);
    set(Some("/")).says("", "keyctl: cannot make the folder `/.local/share/keyctl`: permission denied\n", 7);
    set(Some("/proc/nowhere")).says(
        "",
        "keyctl: cannot make the folder `/proc/nowhere/.local/share/keyctl`: no such file or directory\n",
        7,
    );
    set(Some("relative")).says(
        "",
        "keyctl: there is no home folder to keep keys in\nkeyctl: hint: set `HOME`, or `KEYCTL_HOME` to a folder of your own\n",
        7,
    );
    assert_eq!(std::fs::read_dir(sandbox.project()).expect("list").count(), 0);
}

#[test]
fn folders_that_are_not_absolute_are_not_used() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let get = || sandbox.call(&["get", "A"]);
    get().env("XDG_DATA_HOME", "relative").env("XDG_CONFIG_HOME", "relative").run().says("first-secret", "", 0);
    get().env("KEYCTL_HOME", "relative").run().says(
        "",
        "keyctl: `KEYCTL_HOME` is not an absolute path\nkeyctl: hint: give the whole path, from the root\n",
        7,
    );
    assert_eq!(std::fs::read_dir(sandbox.project()).expect("list").count(), 0);
}

#[test]
fn a_relative_folder_variable_is_said_where_it_would_have_mattered() {
    let sandbox = Sandbox::new();
    let ignored = |name: &str| format!("`{name}` is not an absolute path and is ignored");
    let said = format!("keyctl: {}\nkeyctl: {}\n", ignored("XDG_DATA_HOME"), ignored("XDG_CONFIG_HOME"));
    let hints = said.replace("keyctl: ", "keyctl: hint: ");
    let call = |words: &[&str]| sandbox.call(words).env("XDG_DATA_HOME", "data").env("XDG_CONFIG_HOME", "./config");
    let nothing = format!("keyctl: no key is kept yet\n{hints}keyctl: hint: keep one with `keyctl set NAME`\n");
    call(&["get", "A"]).run().says("", &nothing, 3);
    sandbox.secret("first-secret");
    let once = format!("{said}{NO_KEYCHAIN}keyctl: kept `A`\n");
    call(&["set", "A"]).input("first-secret").run().says("", &once, 0);
    sandbox.secret("second-secret");
    call(&["set", "B"]).input("second-secret").run().says("", "keyctl: kept `B`\n", 0);
    call(&["run", "-k", "A", "--", "printenv", "A"]).run().says("first-secret\n", "", 0);
    let missing =
        format!("keyctl: there is no profile `work` [E03]\nkeyctl: hint: there are no profiles here\n{hints}");
    call(&["run", "-P", "work", "--", "true"]).run().says("", &missing, 125);
    let status = call(&["status"]).run();
    assert!(status.stderr().starts_with(&said), "{}", status.stderr());
    let doctor = call(&["doctor"]).run().stdout();
    assert!(doctor.contains(&format!("care  folders            {}\n", ignored("XDG_DATA_HOME"))), "{doctor}");
    // Where another variable decides, these do not matter.
    let home = sandbox.outside().join("elsewhere");
    let elsewhere = call(&["list"]).env("KEYCTL_HOME", &home).run();
    elsewhere.says("", "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n", 3);
    assert_eq!(std::fs::read_dir(sandbox.project()).expect("list").count(), 0);
}

#[test]
fn keyctl_home_moves_everything() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.outside().join("else where");
    let moved = |words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", elsewhere.to_str().expect("text"));
    sandbox.secret("first-secret");
    assert_eq!(moved(&["set", "A"]).input("first-secret").run().code(), 0);
    moved(&["run", "-k", "A", "--", "printenv", "A"]).run().says("first-secret\n", "", 0);
    assert!(elsewhere.join("store.age").exists());
    assert_eq!(sandbox.files().into_iter().filter(|file| !file.starts_with(&elsewhere)).count(), 0);
}
