//! `run`: what the command gets, and what it does not.
#![cfg(unix)]

use crate::{
    pty::python,
    sandbox::{KEYCTL, Sandbox},
};

/// The environment of a command under `run`, sorted.
fn environment(sandbox: &Sandbox, options: &[&str]) -> Vec<String> {
    let call = [&["run"][..], options, &["--", "cat", "/proc/self/environ"]].concat();
    let ran = sandbox.call(&call).run();
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
    let mut all: Vec<String> =
        ran.stdout().split_terminator('\0').filter(|one| !one.starts_with("PATH=")).map(str::to_owned).collect();
    all.sort();
    all
}

#[test]
fn a_command_gets_its_keys_and_all_the_callers_variables_once() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("openai/dev", "second-secret")]);
    let usual = ["HOME=~", "KEYCTL_INJECTED=A,OPENAI_API_KEY", "LANG=C.UTF-8"];
    let keys = ["A=first-secret", "OPENAI_API_KEY=second-secret", "TZ=UTC"];
    assert_eq!(environment(&sandbox, &["-k", "A", "--key", "OPENAI_API_KEY=openai/dev"]), {
        let mut all = [usual, keys].concat();
        all.sort_unstable();
        all
    });
}

#[test]
fn a_variable_of_the_callers_is_replaced_and_said_or_kept_and_said() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("B", "second-secret")]);
    let show = ["--", "sh", "-c", "echo \"$A\"; cat /proc/self/environ | tr '\\0' '\\n' | grep -c ^A="];
    let call = |options: &[&str]| {
        let call = [&["run", "-k", "A", "-k", "B"][..], options, &show].concat();
        sandbox.call(&call).env("A", "the callers").env("B", "second-secret")
    };
    call(&[]).run().says(
        "first-secret\n1\n",
        "keyctl: replaced for the command: `A` (`--keep` leaves what is set)\n",
        0,
    );
    call(&["--keep"]).run().says("the callers\n1\n", "keyctl: left as it was set: `A`\n", 0);
    // What was not given was not used.
    let used = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(used.contains("\"names\":[\"B\"]"), "{used}");
    call(&["-q"]).run().says("first-secret\n1\n", "", 0);
}

#[test]
fn a_caller_that_has_a_variable_twice_leaves_the_command_one() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let twice = "import ctypes, os, sys
words = lambda *all: (ctypes.c_char_p * (len(all) + 1))(*all, None)
home = b'HOME=' + os.environb[b'HOME']
path = b'PATH=' + os.environb[b'PATH']
ctypes.CDLL(None).execve(sys.argv[1].encode(), words(*map(os.fsencode, sys.argv[1:])), words(home, path, b'A=older', b'A=oldest'))";
    let call = ["run", "-q", "-k", "A", "--", "cat", "/proc/self/environ"];
    let said = sandbox.call(&call).under(&[python(), "-c", twice]).run().stdout();
    let given: Vec<&str> = said.split('\0').filter(|one| one.starts_with("A=")).collect();
    assert_eq!(given, ["A=first-secret"]);
}

#[test]
fn a_pristine_environment_has_the_usual_few_and_the_keys() {
    let mut sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.variables.push(("AWS_PROFILE".into(), "work".into()));
    sandbox.variables.push(("LC_ALL".into(), "C".into()));
    let clean = ["A=first-secret", "HOME=~", "KEYCTL_INJECTED=A", "LANG=C.UTF-8", "LC_ALL=C", "TZ=UTC"];
    assert_eq!(environment(&sandbox, &["--clean", "-k", "A"]), clean);
}

#[test]
fn of_two_nested_runs_the_inner_wins_in_silence_and_no_lock_is_held() {
    let sandbox = Sandbox::with(&[("dev", "first-secret"), ("prod", "second-secret")]);
    let inner = "printf '%s %s\\n' \"$A\" \"$KEYCTL_INJECTED\"; printf third-secret | \"$0\" set other";
    sandbox.secret("third-secret");
    sandbox
        .call(&[
            "run", "-k", "A=dev", "--", KEYCTL, "run", "-k", "A=prod", "-k", "B=dev", "--", "sh", "-c", inner, KEYCTL,
        ])
        .run()
        .says("second-secret A,B\n", "keyctl: kept `other`\n", 0);
}

#[test]
fn every_missing_key_is_named_before_the_command_starts() {
    let sandbox = Sandbox::with(&[("A", "first-secret"), ("first-key", "second-secret")]);
    let call = ["run", "-k", "A", "-k", "X=none/x", "-k", "Y", "--", "touch", "started"];
    let said = "keyctl: no keys named `Y`, `none/x` [E03]\nkeyctl: hint: keep each with `keyctl set NAME`\n";
    sandbox.call(&call).run().says("", said, 125);
    assert!(!sandbox.project().join("started").exists());
    sandbox.call(&["run", "-k", "first_key", "--", "true"]).run().says(
        "",
        "keyctl: no key named `first_key` [E03]\nkeyctl: hint: did you mean `first-key`?\n",
        125,
    );
    let call = ["run", "--allow-missing", "-k", "A", "-k", "X=none/x", "--", "sh", "-c", "echo $A ${X-unset}"];
    sandbox.call(&call).run().says("first-secret unset\n", "keyctl: goes on without `none/x`\n", 0);
}

#[test]
fn an_optional_key_may_be_missing_and_that_is_said() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nA = \"a\"\nB = { key = \"b\", optional = true }\nLEVEL = { value = \"debug\" }\n",
    );
    sandbox.allow();
    sandbox.call(&["run", "--", "sh", "-c", "echo $A ${B-unset} $LEVEL"]).run().says(
        "first-secret unset debug\n",
        "keyctl: goes on without `b`\n",
        0,
    );
}

#[test]
fn only_gives_these_and_no_others_and_a_profile_comes_by_flag_or_variable() {
    let sandbox = Sandbox::with(&[("a", "first-secret"), ("b", "second-secret"), ("p", "third-secret")]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nA = \"a\"\nB = \"b\"\n[profiles.prod]\nextends = \"default\"\nenv = { A = \"p\" }\n",
    );
    sandbox.allow();
    let show = ["--", "sh", "-c", "echo ${A-unset} ${B-unset}"];
    let call = |options: &[&str]| sandbox.call(&[&["run"][..], options, &show].concat());
    call(&[]).run().says("first-secret second-secret\n", "", 0);
    call(&["--only", "B"]).run().says("unset second-secret\n", "", 0);
    call(&["--only", "A,B"]).run().says("first-secret second-secret\n", "", 0);
    call(&["-P", "prod"]).run().says("third-secret second-secret\n", "", 0);
    call(&[]).env("KEYCTL_PROFILE", "prod").run().says("third-secret second-secret\n", "", 0);
    call(&["-P", "default"]).env("KEYCTL_PROFILE", "prod").run().says("first-secret second-secret\n", "", 0);
    call(&["--only", "C"]).run().says(
        "",
        "keyctl: `--only` names `C`, which is not asked for [E03]\nkeyctl: hint: there are `A`, `B`\n",
        125,
    );
    call(&["-P", "test"]).run().says(
        "",
        "keyctl: there is no profile `test` [E03]\nkeyctl: hint: there are `default`, `prod`\n",
        125,
    );
    call(&["--no-project", "-k", "A=b"]).run().says("second-secret unset\n", "", 0);
}

#[test]
fn a_profiles_name_is_a_name_and_no_path() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    for name in ["../prod", "", "pröd", "a b"] {
        for ran in [
            sandbox.call(&["run", "-P", name, "-k", "A=a", "--", "true"]).run(),
            sandbox.call(&["run", "-k", "A=a", "--", "true"]).env("KEYCTL_PROFILE", name).run(),
        ] {
            // From the variable it is found later, as a failure of `run` itself.
            let said = ran.stderr();
            let by_option = said.starts_with("keyctl: `--profile`: a profile's name cannot") && ran.code() == 125;
            let by_variable =
                said.starts_with("keyctl: `KEYCTL_PROFILE`: a profile's name cannot") && ran.code() == 125;
            // An empty variable is none.
            let none = name.is_empty() && said.is_empty() && ran.code() == 0;
            assert!(by_option || by_variable || none, "{name}: {said}");
        }
    }
}

#[test]
fn two_keys_for_one_variable_and_a_variable_nobody_may_set_are_refused() {
    let sandbox = Sandbox::with(&[("a", "first-secret"), ("b", "second-secret")]);
    sandbox.call(&["run", "-k", "V=a", "-k", "V=b", "--", "true"]).run().says(
        "",
        "keyctl: `V` is to be both `a` and `b`, and can only be one [E02]\nkeyctl: hint: give each key a variable of its own\n",
        125,
    );
    for variable in ["PATH", "LD_PRELOAD", "BASH_ENV", "KEYCTL_HOME", "IFS"] {
        sandbox.call(&["run", "-k", &format!("{variable}=a"), "--", "true"]).run().says(
            "",
            &format!(
                "keyctl: `{variable}` decides what runs, so keyctl never sets it [E02]\nkeyctl: hint: give the key another variable\n"
            ),
            125,
        );
    }
}

#[test]
fn what_no_kernel_carries_is_said_with_the_numbers_before_the_launch() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let limit = 131_069;
    let keep = |name: &str, length: usize| {
        let secret = "x".repeat(length);
        let ran = sandbox.call(&["set", name, "--replace"]).input(&secret).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    keep("largest", limit);
    keep("larger", limit + 1);
    sandbox.call(&["run", "-k", "L=largest", "--", "sh", "-c", "echo ${#L}"]).run().says("131069\n", "", 0);
    sandbox.call(&["run", "-k", "L=larger", "--", "touch", "started"]).run().says(
        "",
        "keyctl: `L` has 131073 bytes with its name; the system carries 131072 in one variable [E02]\nkeyctl: hint: give it as a file: `--file L=KEY`, or `as = \"file\"` in the profile\n",
        125,
    );
    keep("hundred", 100_000);
    let many = |count: usize| {
        let keys: Vec<String> = (0..count).map(|at| format!("-kV{at:02}=hundred")).collect();
        let words = ["run", "--clean"].into_iter().chain(keys.iter().map(String::as_str));
        let words: Vec<&str> = words.chain(["--", "sh", "-c", "echo ${#V00} ${#V19}"]).collect();
        sandbox.call(&words).env("PATH", "/usr/bin:/bin").under(&["prlimit", "--stack=8388608"]).run()
    };
    many(20).says("100000 100000\n", "", 0);
    let ran = many(21);
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 125));
    let said = ran.stderr();
    assert!(said.starts_with("keyctl: the environment has 21004"), "{said}");
    assert!(said.contains("; the system carries 2097152 together [E02]\nkeyctl: hint: give the command fewer keys: `--only VARIABLE,...`, or start from `--clean`\n"), "{said}");
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn odd_bytes_arrive_as_they_are_and_nothing_is_expanded() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for secret in [&b"\xff\xfe-not-text"[..], b"line\nline\n", b"$(touch started)`touch started`%PATH%", b"-n @x = ="] {
        sandbox.secret(secret);
        assert_eq!(sandbox.call(&["set", "A", "--replace", "--raw"]).input(secret).run().code(), 0);
        let ran = sandbox.call(&["run", "-k", "A", "--", "printenv", "A"]).run();
        assert_eq!(ran.output.stdout, [secret, b"\n"].concat());
    }
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn a_dry_run_says_what_would_be_given_and_opens_nothing() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nB = { key = \"b\", optional = true }\nL = { value = \"x\" }\n");
    let table = "VARIABLE  FROM\nA         key a\nB         key b (optional)\nL         setting x\n";
    for flag in ["-n", "--dry-run"] {
        let (ran, trace) =
            sandbox.call(&["run", flag, "--", "sh", "-c", "echo hidden"]).traced("openat,connect,execve");
        ran.says(table, "keyctl: would run `sh`; what the store has was not looked at\n", 0);
        for untouched in ["connect(", "identity.txt", "store.age", "anchor.txt", "history."] {
            assert!(!trace.contains(untouched), "{untouched}: {trace}");
        }
        assert_eq!(trace.matches("execve(").count(), 1, "{trace}");
    }
}

#[test]
fn a_command_that_needs_no_key_touches_neither_keychain_nor_store() {
    let sandbox = Sandbox::with(&[("a", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nL = { value = \"x\" }\n");
    sandbox.allow();
    let bus = sandbox.outside().join("bus");
    let _listening = std::os::unix::net::UnixListener::bind(&bus).expect("bind");
    let address = format!("unix:path={}", bus.display());
    let call = |words: &[&str]| sandbox.call(words).env("DBUS_SESSION_BUS_ADDRESS", &address).traced("openat,connect");
    let (ran, mut trace) = call(&["run", "--", "printenv", "L"]);
    ran.says("x\n", "", 0);
    let others: [&[&str]; 5] =
        [&["--help"], &["--version"], &["profile", "list"], &["profile", "show"], &["completions", "bash"]];
    for words in others {
        trace += &call(words).1;
    }
    for untouched in ["connect(", "identity.txt", "store.age", "anchor.txt"] {
        assert!(!trace.contains(untouched), "{untouched}: {trace}");
    }
}

#[test]
fn who_installs_packages_is_told_that_their_scripts_see_the_keys() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let npm = sandbox.file("bin/npm", "#!/bin/sh\necho $1\n");
    std::os::unix::fs::PermissionsExt::set_mode(&mut npm.metadata().expect("there").permissions(), 0o755);
    std::fs::set_permissions(&npm, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    let npm = npm.to_str().expect("text");
    let said = "keyctl: the install scripts of every package will see these keys: `A`\nkeyctl: hint: install without keys, or say `--yes`\n";
    sandbox.call(&["run", "-k", "A", "--", npm, "install", "x"]).run().says("install\n", said, 0);
    sandbox.call(&["run", "-y", "-k", "A", "--", npm, "install", "x"]).run().says("install\n", "", 0);
    sandbox.call(&["run", "-k", "A", "--", npm, "test"]).run().says("test\n", "", 0);
}
