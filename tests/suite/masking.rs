//! `run --mask` and `run --watch`: what a command prints comes without its secrets, and the command is what it was.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    pty::{on_a_terminal, python},
    sandbox::{KEYCTL, Sandbox},
    tools,
};

const KEY: &str = "sk-live-3Hq9/ZbT7+mWx2Lc";

/// `keyctl run --mask -k K -- sh -c SCRIPT`.
fn masked<'s>(sandbox: &'s Sandbox, script: &str) -> crate::sandbox::Ran<'s> {
    sandbox.call(&["run", "--mask", "-k", "K", "--", "sh", "-c", script]).run()
}

/// The same, started and not waited for.
fn started(sandbox: &Sandbox, words: &[&str]) -> Child {
    let mut command = Command::new(KEYCTL);
    sandbox.environment(&mut command);
    command.args(words).current_dir(sandbox.project()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn secrets_come_out_as_their_variables_in_each_form_and_on_both_streams() {
    let sandbox = Sandbox::with(&[("K", KEY), ("short", "tiny")]);
    sandbox.secret("c2stbGl2ZS0zSHE5L1piVDcrbVd4Mkxj");
    let script =
        "echo \"<$K>\"; printf %s \"$K\" | base64; printf %s \"user:$K\" | base64 | cut -c 8-38; echo \"{$K}\" >&2
        printf %s \"$K\" | od -An -v -tx1 | tr -d ' \\n'; echo; exit 7";
    masked(&sandbox, script).says("<[keyctl:K]>\n[keyctl:K]\n[keyctl:K]\n[keyctl:K]\n", "{[keyctl:K]}\n", 7);
    let call = ["run", "--mask", "-k", "K", "-k", "S=short", "--", "sh", "-c", "echo $S"];
    sandbox.call(&call).run().says("tiny\n", "keyctl: `S`: a secret of fewer than 8 bytes, which is not masked\n", 0);
    // A plain setting is no secret.
    sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\nLEVEL = { value = \"debugging-level\" }\n");
    sandbox.allow();
    let call = ["run", "--mask", "--", "sh", "-c", "echo $LEVEL $K"];
    sandbox.call(&call).run().says("debugging-level [keyctl:K]\n", "", 0);
}

#[test]
fn what_a_filter_made_of_a_secret_is_masked_as_the_secret_is() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    sandbox.file(".keyctl.toml", "[env]\nURL = \"postgres://app:{{ K | url }}@localhost/app\"\n");
    sandbox.allow();
    let script = "echo \"$URL\"; printf %s \"$URL\" | base64; printf %s \"$URL\" | base64 -w 64
        printf %s \"$URL\" | od -An -v -tx1 | tr -d ' \\n'; echo; pass=${URL#*app:}; printf %s \"${pass%@*}\" | base64
        printf %s \"$URL\" | sed 's/%/%25/g; s/:/%3A/g'";
    sandbox.call(&["run", "--mask", "--", "sh", "-c", script]).run().says(
        "postgres://app:[keyctl:URL]@localhost/app\n[keyctl:URL]\n[keyctl:URL]\n[keyctl:URL]\n[keyctl:URL]w==\n\
         postgres%3A//app%3A[keyctl:URL]@localhost/app",
        "",
        0,
    );
}

#[test]
fn the_writes_in_which_output_comes_change_nothing() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let script = "import os, random, sys
random.seed(int(sys.argv[1]))
text = b''.join(random.choice([os.environb[b'K'], os.environb[b'K'][:9], b'sk', b'\\n', b'x' * 70000]) for _ in range(60))
while text:
    size = random.choice([1, 2, 5, 30, 4096, 65536])
    os.write(1, text[:size])
    text = text[size:]";
    let whole = |options: &[&str], seed: &str| {
        let words = [&["run", "-k", "K"][..], options, &["--", python(), "-c", script, seed]].concat();
        sandbox.call(&words).run().output.stdout
    };
    for seed in ["1", "2", "3"] {
        let plain = String::from_utf8(whole(&[], seed)).expect("text");
        let masked = String::from_utf8(whole(&["--mask"], seed)).expect("text");
        assert!(plain.contains(KEY) && masked == plain.replace(KEY, "[keyctl:K]"), "seed {seed}");
    }
}

#[test]
fn a_prompt_is_there_at_once_and_what_may_begin_a_secret_a_moment_later() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let words = ["run", "--mask", "-k", "K", "--", "sh", "-c", "printf 'name: s'; sleep 30"];
    let mut child = started(&sandbox, &words);
    let (since, mut read) = (Instant::now(), [0; 7]);
    child.stdout.take().expect("piped").read_exact(&mut read).expect("read");
    assert!(&read == b"name: s" && since.elapsed() < Duration::from_secs(20));
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("wait").signal(), Some(15));
}

#[test]
fn a_command_ends_and_hears_signals_as_without_masking() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    for (script, code) in [("exit 0", 0), ("exit 9", 9), ("exit 300", 44)] {
        masked(&sandbox, script).says("", "", code);
    }
    for (name, number) in [("TERM", 15), ("KILL", 9), ("INT", 2), ("PIPE", 13)] {
        let ran = masked(&sandbox, &format!("echo out; kill -{name} $$"));
        assert_eq!((ran.stdout().as_str(), ran.output.status.signal()), ("out\n", Some(number)), "{name}");
    }
    // What is sent to keyctl is for the command.
    for name in ["TERM", "HUP", "USR1", "USR2"] {
        let script = format!("trap 'echo heard; exit 3' {name}; echo ready; while :; do sleep 0.05; done");
        let mut child = started(&sandbox, &["run", "--mask", "-k", "K", "--", "sh", "-c", &script]);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("ready"));
        signal(&child, name);
        assert_eq!((lines.next().as_deref(), child.wait().expect("wait").code()), (Some("heard"), Some(3)), "{name}");
    }
    let states = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status";
    if cfg!(target_os = "linux") {
        let plain = sandbox.call(&["run", "-k", "K", "--", "sh", "-c", states]).run().stdout();
        assert_eq!(without_glibcs_own(&masked(&sandbox, states).stdout()), without_glibcs_own(&plain));
    }
    sandbox.file("old", "echo by the shell: $K\n");
    let call = ["run", "--mask", "-k", "K", "--", "sh", "-c", "chmod 755 old"];
    sandbox.call(&call).run().says("", "", 0);
    sandbox.call(&["run", "--mask", "-k", "K", "--", "./old"]).run().says("by the shell: [keyctl:K]\n", "", 0);
}

/// Lines of `/proc/PID/status` without signals 32 and 33, which glibc keeps for its threads: whether what its `posix_spawn(3)`
/// starts ignores them differs by version.
fn without_glibcs_own(states: &str) -> String {
    let line = |line: &str| {
        let (name, mask) = line.split_once(":\t").expect("a mask");
        format!("{name} {:016x}\n", u64::from_str_radix(mask, 16).expect("hex") & !(3 << 31))
    };
    states.lines().map(line).collect()
}

#[test]
fn a_stop_of_the_command_stops_keyctl_and_both_go_on() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let script = "echo $$; read x; kill -STOP $$; echo again";
    let mut command = Command::new(KEYCTL);
    sandbox.environment(&mut command);
    command.args(["run", "--mask", "-k", "K", "--", "sh", "-c", script]).current_dir(sandbox.project());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    lines.next().expect("its number");
    drop(child.stdin.take());
    let is_stopped = |pid: u32| {
        let ps = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().expect("ps");
        ps.stdout.starts_with(b"T")
    };
    let until = Instant::now() + Duration::from_secs(20);
    while !is_stopped(child.id()) {
        assert!(Instant::now() < until, "keyctl did not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "CONT");
    assert_eq!((lines.next().as_deref(), child.wait().expect("wait").code()), (Some("again"), Some(0)));
}

#[test]
fn whoever_does_not_read_or_cannot_write_is_told_as_ever() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let call = ["run", "--mask", "-k", "K", "--", "yes"];
    let ran = sandbox.call(&call).under(&["sh", "-c", "\"$@\" | head -n 1; echo ${PIPESTATUS:-}", "sh"]).run();
    assert_eq!((ran.stdout().as_str(), ran.stderr().as_str()), ("y\n\n", ""));
    let call = ["run", "--mask", "-k", "K", "--", "echo", "x"];
    let full = sandbox.call(&call).under(&["sh", "-c", "\"$@\" >/dev/full", "sh"]).run();
    full.says("", "keyctl: cannot pass on what `echo` prints: no space left on device [E07]\n", 125);
    // Output and errors to one place keep their order.
    let both = "i=0; while [ $i -lt 100 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
    let call = ["run", "--mask", "-k", "K", "--", "sh", "-c", both];
    let ran = sandbox.call(&call).under(&["sh", "-c", "\"$@\" 2>&1", "sh"]).run().stdout();
    let wanted = (0..100).map(|at| format!("o{at}\ne{at}\n")).collect::<Vec<_>>().concat();
    assert_eq!(ran, wanted);
}

#[test]
fn a_command_whose_keyctl_is_killed_goes_on_and_hears_that_nobody_reads() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let script = "import os, sys, time
print('ready', flush=True)
try:
    while True:
        os.write(1, os.environb[b'K'] + b'\\n')
        time.sleep(0.01)
except BrokenPipeError:
    open('told', 'w').close()";
    let mut child = started(&sandbox, &["run", "--mask", "-k", "K", "--", python(), "-c", script]);
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    child.kill().expect("kill");
    child.wait().expect("wait");
    assert!(lines.all(|line| "[keyctl:K]".starts_with(&line)));
    let (told, until) = (sandbox.project().join("told"), Instant::now() + Duration::from_secs(20));
    while !told.exists() {
        assert!(Instant::now() < until, "the command was not told");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_profile_asks_for_masking_and_a_project_takes_it_from_no_profile_of_the_users() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let project = |text: &str| {
        sandbox.file(".keyctl.toml", text);
        sandbox.allow();
    };
    let shows = |options: &[&str]| {
        let words = [&["run"][..], options, &["--", "sh", "-c", "echo $K"]].concat();
        let shown = sandbox.call(&words).run().stdout();
        assert!([format!("{KEY}\n"), "[keyctl:K]\n".to_owned()].contains(&shown), "{shown}");
        shown.starts_with(KEY)
    };
    project(
        "mask = true\n[env]\nK = \"K\"\n[profiles.loud]\nextends = \"default\"\nmask = false\n[profiles.same]\nextends = \"default\"\n",
    );
    assert!(!shows(&[]) && !shows(&["-P", "same"]) && shows(&["-P", "loud"]));
    assert!(shows(&["--no-mask"]) && !shows(&["-P", "loud", "--mask"]));
    // Nobody has to approve that a project asks for it.
    sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\n[profiles.base]\nmask = false\nenv = { K = \"K\" }\n");
    sandbox.allow();
    sandbox.file(".keyctl.toml", "mask = true\n[env]\nK = \"K\"\n[profiles.base]\nmask = false\nenv = { K = \"K\" }\n");
    assert!(!shows(&[]));
    sandbox.configure(
        "[profiles.mine]\nextends = \"base\"\nmask = true\n[profiles.default]\nmask = true\nenv = { K = \"K\" }\n",
    );
    assert!(!shows(&["-P", "mine"]) && !shows(&[]));
    sandbox.file(".keyctl.toml", "mask = 1\n");
    let wrong = sandbox.call(&["run", "--", "true"]).run().stderr();
    assert!(wrong.contains("line 1, column 8: expected `true` or `false`, found a number"), "{wrong}");
}

#[test]
fn github_actions_is_told_what_to_mask_and_nobody_else() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let call = ["run", "--mask", "-k", "K", "--", "echo", "x"];
    let in_actions = || sandbox.call(&call).env("GITHUB_ACTIONS", "true");
    let told = in_actions().under(&["sh", "-c", "\"$@\" 2>&1 | cat", "sh"]).run();
    told.says(&format!("::add-mask::{KEY}\nx\n"), "", 0);
    // What a step keeps in a variable or a file is what the command prints.
    in_actions().under(&["sh", "-c", "\"$@\" 2>/dev/null", "sh"]).run().says("x\n", "", 0);
    let kept = in_actions().under(&["sh", "-c", "\"$@\" 2>told; cat told", "sh"]).run();
    kept.says("x\nkeyctl: GitHub is not told what to mask, as standard error goes to a file\n", "", 0);
    sandbox.call(&call).env("GITHUB_ACTIONS", "").run().says("x\n", "", 0);
    let plain = ["run", "-k", "K", "--", "echo", "x"];
    sandbox.call(&plain).env("GITHUB_ACTIONS", "true").run().says("x\n", "", 0);
    // A screen is no runner's, and neither is what a keyctl has said so to: a project's file would print every secret.
    let words = ["env", "GITHUB_ACTIONS=true", KEYCTL, "run", "--mask", "-k", "K", "--", "echo", "x"];
    on_a_terminal(&sandbox, &words, &[]).says("x\n", 0);
    let given = in_actions().env("KEYCTL_INJECTED", "A,GITHUB_ACTIONS").under(&["sh", "-c", "\"$@\" 2>&1 | cat", "sh"]);
    given.run().says("x\n", "", 0);
    sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\nGITHUB_ACTIONS = { value = \"true\" }\n");
    let refused = sandbox.call(&["run", "--mask", "--", "true"]).run().stderr();
    let said = "`GITHUB_ACTIONS` changes what a command runs or whom it trusts, so a project file cannot set it";
    assert!(refused.contains(said), "{refused}");
}

#[test]
fn the_texts_in_a_secret_that_is_json_are_masked_as_a_program_prints_them() {
    let pem =
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj12345678\n-----END PRIVATE KEY-----\n";
    let account = serde_json::json!({ "type": "service", "private_key": pem }).to_string();
    let sandbox = Sandbox::with(&[("gcp/sa", account.as_str())]);
    for line in pem.lines().filter(|line| !line.starts_with('-')) {
        sandbox.secret(line);
    }
    let read = "import json,os,sys; key = json.load(open(os.environ['G']))['private_key']";
    for (print, out) in [
        ("sys.stdout.write(key)", "[keyctl:G]"),
        ("print([key])", "['[keyctl:G]']\n"),
        ("print(json.dumps({'key': key}, indent=2))", "{\n  \"key\": \"[keyctl:G]\"\n}\n"),
        (
            "print(*(f'{at} {line}' for at, line in enumerate(key.splitlines()[1:3])), sep='\\n')",
            "0 [keyctl:G]\n1 [keyctl:G]\n",
        ),
    ] {
        let script = format!("{read}; {print}");
        let call = ["run", "--mask", "--file", "G=gcp/sa", "--", "python3", "-c", &script];
        sandbox.call(&call).run().says(out, "", 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_is_in_no_call_but_the_launch_and_the_commands_own_writes() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    let call = ["run", "--mask", "-k", "K", "--", "sh", "-c", "echo $K"];
    let (ran, trace) = sandbox.call(&call).traced("execve,open,openat,creat,write,writev,pwrite64,sendto,sendmsg");
    ran.says("[keyctl:K]\n", "", 0);
    let own = trace.split_whitespace().next().expect("a process");
    let with_it: Vec<&str> = trace.lines().filter(|line| line.contains(KEY)).collect();
    let is_fine = |line: &&str| {
        line.contains("execve(") && line.contains(&format!("\"K={KEY}\""))
            || !line.starts_with(own) && line.contains("write(1<pipe:")
    };
    assert!(with_it.len() >= 2 && with_it.iter().all(is_fine), "{with_it:#?}");
    assert!(!with_it.iter().any(|line| line.contains(&format!("[\"sh\", \"-c\", \"echo {KEY}"))));
}

#[test]
fn programs_on_a_terminal_are_what_they_were() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    sandbox.file("page", (0..200).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat());
    let mut command = Command::new(tools::python());
    sandbox.environment(&mut command);
    command.current_dir(sandbox.project()).env("TERM", "xterm");
    let output = command.args(["-c", include_str!("masking.py"), KEYCTL]).output().expect("python");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_command_is_started_anew_when_one_of_its_keys_is_replaced() {
    let sandbox = Sandbox::with(&[("K", KEY), ("other", "other-secret-1")]);
    let script = "echo \"has $K\"; trap 'echo ends; exit 0' TERM; while :; do sleep 0.05; done";
    let mut child = started(&sandbox, &["run", "--watch", "-k", "K", "--", "sh", "-c", script]);
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(lines.next(), Some(format!("has {KEY}")));
    let replace = |name: &str, secret: &str| {
        sandbox.secret(secret);
        assert_eq!(sandbox.call(&["set", name, "--replace"]).input(secret).run().code(), 0);
    };
    // What the command does not have is nothing to it.
    replace("other", "other-secret-2");
    std::thread::sleep(Duration::from_millis(1200));
    replace("K", "second-secret-of-K");
    assert_eq!(lines.next().as_deref(), Some("ends"));
    assert_eq!(lines.next().as_deref(), Some("has second-secret-of-K"));
    assert_eq!(sandbox.call(&["remove", "K", "--yes"]).run().code(), 0);
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert_eq!(said.next().as_deref(), Some("keyctl: started anew with what is kept now: `K`"));
    let gone = "keyctl: the command runs on with the keys it has: gone from the store: `K`";
    assert_eq!(said.next().as_deref(), Some(gone));
    signal(&child, "TERM");
    assert_eq!((lines.next().as_deref(), lines.next()), (Some("ends"), None));
    assert_eq!(child.wait().expect("wait").code(), Some(0));
    assert_eq!(said.next(), None);
    let runs = sandbox.call(&["history", "K", "--action", "run", "--json"]).run().stdout();
    assert_eq!(runs.lines().count(), 2, "{runs}");
}

#[test]
fn a_command_whose_project_is_denied_or_whose_key_is_revoked_runs_on_with_what_it_has() {
    let sandbox = Sandbox::with(&[("K", KEY), ("other", "other-secret-1")]);
    sandbox.file(".keyctl.toml", "[env]\nK = \"K\"\n");
    sandbox.allow();
    let script = "echo \"$K$O\"; exec sleep 60";
    let start = |words: &[&str], has: &str| {
        let mut child = started(&sandbox, &[&["run", "--watch"], words, &["--", "sh", "-c", script]].concat());
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some(has));
        let said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        (child, lines, said)
    };
    let refusals = || sandbox.call(&["history", "K", "--outcome", "refused", "--json"]).run().stdout();
    let mut denied = start(&[], KEY);
    let mut revoked = start(&["--no-project", "-k", "O=other"], "other-secret-1");
    sandbox.call(&["deny"]).run().says("", "keyctl: took back 1 grant\n", 0);
    sandbox.secret("second-secret-of-K");
    assert_eq!(sandbox.call(&["set", "K", "--replace"]).input("second-secret-of-K").run().code(), 0);
    assert_eq!(sandbox.call(&["revoke", "other", "--yes"]).run().code(), 0);
    for ((child, lines, said), why) in
        [(&mut denied, "`~/project/.keyctl.toml` is not allowed any more"), (&mut revoked, "revoked: `other`")]
    {
        let runs_on = format!("keyctl: the command runs on with the keys it has: {why}");
        assert_eq!(said.next(), Some(runs_on));
        signal(child, "TERM");
        assert_eq!((lines.next(), said.next()), (None, None));
        assert_eq!(child.wait().expect("wait").signal(), Some(15));
    }
    let refusals = refusals();
    assert!(refusals.lines().count() == 1 && refusals.contains("refused: not allowed"), "{refusals}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_is_started_anew_has_none_of_the_files_before() {
    let sandbox = Sandbox::with(&[("K", KEY)]);
    for (form, count) in [
        ("file", "ls -l /proc/self/fd | grep -c memfd"),
        ("named-file", "[ -e \"$(cat old 2>/dev/null)\" ]; echo $?; echo \"$F\" >old"),
    ] {
        let script = format!("cat \"$F\"; echo; {count}; exec sleep 60");
        let mut child =
            started(&sandbox, &["run", "--watch", "--as", form, "--file", "F=K", "--", "sh", "-c", &script]);
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let first = lines.next().expect("a secret");
        let had = lines.next();
        let secret = format!("{form}-secret-of-K");
        sandbox.secret(&secret);
        assert_eq!(sandbox.call(&["set", "K", "--replace"]).input(&secret).run().code(), 0);
        assert_eq!(lines.next(), Some(secret), "{form}, after {first}");
        assert!(had.is_some() && lines.next() == had, "{form}");
        signal(&child, "TERM");
        assert_eq!(child.wait().expect("wait").signal(), Some(15));
    }
}
