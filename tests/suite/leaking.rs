//! Where a secret goes: every system call that carries text, searched for the secret's bytes.
//!
//! `strace` shows each argument, each write and each environment. On the way that is meant a secret goes into the
//! environment of the one command it is for, or to the standard output of `get` and `env`, and nowhere else.
#![cfg(target_os = "linux")]

use crate::{
    pty::python,
    sandbox::{Call, KEYCTL, Ran, Sandbox},
};

/// A secret with no character that `strace` would escape.
const SECRET: &str = "sk-planted-3f9a71c2e8b04d56";
const CALLS: &str = "execve,openat,open,creat,rename,link,symlink,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,mkdir,unlink,prctl,memfd_create,setxattr";

/// A place where the secret was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// In the arguments of a program.
    Argument,
    /// In the environment of the program of this name.
    Environment(String),
    /// Written to standard output or standard error.
    Printed(u32),
    /// Written to a file in memory without a name, or in a folder in memory of this user's alone.
    InMemory,
    /// Written, sent or named anywhere else.
    Elsewhere(String),
}

/// Every place where a trace shows the secret.
fn places(trace: &str) -> Vec<Seen> {
    let mut places = Vec::new();
    for line in trace.lines().filter(|line| line.contains(SECRET)) {
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        if let Some(started) = call.strip_prefix("execve(\"") {
            let (program, rest) = started.split_once("\", [").expect("a path");
            let (arguments, environment) = rest.split_once("], [").expect("both");
            if arguments.contains(SECRET) {
                places.push(Seen::Argument);
            }
            if environment.contains(SECRET) {
                places.push(Seen::Environment(program.rsplit('/').next().unwrap_or_default().to_owned()));
            }
        } else if call.starts_with("write(1<") {
            places.push(Seen::Printed(1));
        } else if call.starts_with("write(2<") {
            places.push(Seen::Printed(2));
        } else if call.starts_with("write(")
            && (call.contains("</memfd:keyctl") || call.contains("</dev/shm/keyctl-files-"))
        {
            places.push(Seen::InMemory);
        } else {
            places.push(Seen::Elsewhere(call.split('(').next().unwrap_or_default().to_owned()));
        }
    }
    places
}

fn traced(call: Call<'_>) -> (Ran<'_>, Vec<Seen>) {
    let (ran, trace) = call.traced(CALLS);
    assert!(trace.contains("execve("), "nothing was traced");
    let places = places(&trace);
    (ran, places)
}

fn kept() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.secret(SECRET);
    let (ran, places) = traced(sandbox.call(&["set", "A"]).input(SECRET));
    assert_eq!((ran.code(), places), (0, vec![]), "{}", ran.stderr());
    sandbox
}

#[test]
fn keeping_replacing_renaming_and_removing_show_the_secret_to_nobody() {
    let sandbox = kept();
    let copy = sandbox.file("new.txt", SECRET);
    sandbox.may_lie_in(&copy);
    let calls: [&[&str]; 13] = [
        &["set", "A", "--replace", "--from-file", "new.txt"],
        &["set", "B", "--from-file", "new.txt", "--json"],
        &["rename", "B", "C"],
        &["show", "A"],
        &["list", "--json"],
        &["status"],
        &["doctor"],
        &["audit"],
        &["rotate", "C", "--dry-run"],
        &["rotate", "A", "--yes", "--generate"],
        &["rotate", "A", "--yes", "--from-file", "new.txt"],
        &["history", "--json"],
        &["remove", "C", "--yes"],
    ];
    for words in calls {
        let (ran, places) = traced(sandbox.call(words));
        assert!(ran.code() <= 1, "{words:?}: {}", ran.stderr());
        assert_eq!(places, [], "{words:?}");
    }
    let (_, places) = traced(sandbox.call(&["recovery", "create", "copy.age"]).input("recovery passphrase\n"));
    assert_eq!(places, []);
}

#[test]
fn get_and_env_print_the_secret_once_and_put_it_nowhere_else() {
    let sandbox = kept();
    for words in [&["get", "A"][..], &["env", "-k", "A"], &["env", "-k", "A", "--format", "json"]] {
        let (ran, places) = traced(sandbox.call(words));
        assert_eq!((ran.code(), places), (0, vec![Seen::Printed(1)]), "{words:?}");
    }
}

#[test]
fn run_gives_the_secret_to_the_one_command_it_is_for() {
    let sandbox = kept();
    let (ran, places) = traced(sandbox.call(&["run", "-k", "A", "--", "true"]));
    assert_eq!((ran.code(), places), (0, vec![Seen::Environment("true".into())]));
    sandbox.file("template", "token: {{ keyctl \"A\" }}\n");
    for options in [&["--file", "F=A"][..], &["--as", "fd", "--file", "F=A"], &["--as", "named-file", "--file", "F=A"]]
    {
        let (ran, places) = traced(sandbox.call(&[&["run"], options, &["--", "true"]].concat()));
        assert_eq!((ran.code(), places), (0, vec![Seen::InMemory]), "{options:?}");
    }
    let (ran, places) = traced(sandbox.call(&["run", "-k", "A", "--render", "F=template", "--", "true"]));
    // The page, and what a keyctl within the command is to look for.
    assert_eq!((ran.code(), places), (0, vec![Seen::InMemory, Seen::InMemory, Seen::Environment("true".into())]));
    let (ran, places) = traced(sandbox.call(&["render", "-k", "A", "template"]));
    assert_eq!((ran.code(), places), (0, vec![Seen::Printed(1)]));
    sandbox.file(".keyctl.toml", "[env]\nTOKEN = \"A\"\n");
    sandbox.allow();
    let (ran, places) = traced(sandbox.call(&["run", "--", "true"]));
    assert_eq!((ran.code(), places), (0, vec![Seen::Environment("true".into())]));
    for words in [
        &["run", "-k", "A", "--", "no-such-command"][..],
        &["run", "-k", "A", "-k", "NONE", "--", "true"],
        &["run", "-n", "--", "true"],
    ] {
        let (_, places) = traced(sandbox.call(words));
        assert_eq!(places, [], "{words:?}");
    }
}

#[test]
fn import_shows_the_secret_to_nobody() {
    let sandbox = Sandbox::new();
    sandbox.secret(SECRET);
    let file = sandbox.file(".env", format!("A={SECRET}\n"));
    sandbox.may_lie_in(&file);
    let (ran, places) = traced(sandbox.call(&["import", ".env"]));
    assert_eq!((ran.code(), places), (0, vec![]), "{}", ran.stderr());
    let (ran, places) = traced(sandbox.call(&["import", ".env", "--delete"]));
    assert_eq!((ran.code(), places), (0, vec![]), "{}", ran.stderr());
    assert!(!file.exists());
}

#[test]
fn a_broken_import_and_a_broken_project_file_quote_nothing() {
    let sandbox = Sandbox::new();
    sandbox.secret(SECRET);
    for (name, text) in [
        ("a.env", format!("A={SECRET}\n{SECRET}\n")),
        ("b.env", format!("A='{SECRET}\n")),
        ("c.json", format!("{{\"A\": \"{SECRET}\", \"B\": [\"{SECRET}\"]}}")),
        ("d.json", format!("{{\"A\": \"{SECRET}")),
        ("e.env", format!("9{SECRET}=x\n")),
        (".keyctl.toml", format!("[env]\nA = {SECRET}\nB = \"{SECRET}=\"\n")),
    ] {
        let file = sandbox.file(name, text);
        sandbox.may_lie_in(&file);
        let call = if name.starts_with(".keyctl") { vec!["run", "--", "true"] } else { vec!["import", name] };
        let ran = sandbox.call(&call).run();
        assert!([1, 2, 7, 125].contains(&ran.code()) && ran.stdout().is_empty(), "{name}: {}", ran.stderr());
    }
}

#[test]
fn what_makes_programs_talkative_makes_this_one_no_more_so() {
    let mut sandbox = kept();
    for (name, value) in
        [("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace"), ("RUST_LIB_BACKTRACE", "1"), ("DEBUG", "1")]
    {
        sandbox.variables.push((name.into(), value.into()));
    }
    sandbox.call(&["show", "none"]).run().says(
        "",
        "keyctl: no key named `none`\nkeyctl: hint: keep it with `keyctl set none`\n",
        3,
    );
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    let whole = std::fs::read(sandbox.data("store.age")).expect("read");
    std::fs::write(sandbox.data("store.age"), &whole[..whole.len() - 20]).expect("write");
    let said = "keyctl: `~/.local/share/keyctl/store.age` is damaged\nkeyctl: hint: put a good copy of `store.age` back; nothing was changed\n";
    sandbox.call(&["get", "A"]).run().says("", said, 5);
}

#[test]
fn another_program_of_the_same_user_cannot_look_into_a_running_keyctl() {
    let sandbox = kept();
    // Waits for its standard input, while another process of an ordinary user looks.
    let look = "import os, subprocess, sys, time
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
waiting = subprocess.Popen([sys.argv[1], 'set', 'X'], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={'HOME': '/nonexistent', 'SEEN': 'yes'})
time.sleep(0.5)
for name in ('environ', 'maps', 'mem'):
    try:
        open(f'/proc/{waiting.pid}/{name}', 'rb').read(1)
        print(name, 'read')
    except OSError as error:
        print(name, error.strerror)
waiting.stdin.close()
waiting.wait()";
    let binary = sandbox.outside().join("keyctl");
    crate::sandbox::copy_program(KEYCTL, &binary);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(sandbox.outside(), open).expect("set");
    let script = [python(), "-c", look, binary.to_str().expect("text")];
    let ran = sandbox.call::<&str>(&[]).under(&script).run();
    ran.says("environ Permission denied\nmaps Permission denied\nmem Permission denied\n", "", 0);
}

#[test]
fn the_search_finds_what_is_planted() {
    let sandbox = kept();
    let leak = |script: &str| {
        let file = sandbox.outside().join("planted");
        let mut strace = std::process::Command::new("strace");
        sandbox.environment(&mut strace);
        strace.args(["-f", "-v", "-y", "-qq", "-s", "100000", "-e", &format!("trace={CALLS}"), "-o"]).arg(&file);
        strace.args([python(), "-c", script]).current_dir(sandbox.outside());
        strace.output().expect("strace");
        let found = places(&std::fs::read_to_string(&file).expect("trace"));
        std::fs::remove_file(&file).expect("remove");
        found
    };
    let part = "s = 'sk-planted-' + '3f9a71c2e8b04d56'; import os, subprocess; ";
    let planted = |code: &str| leak(&format!("{part}{code}"));
    assert_eq!(planted("pass"), []);
    assert!(planted("subprocess.run(['true', s])").contains(&Seen::Argument));
    assert!(planted("subprocess.run(['true'], env={'K': s})").contains(&Seen::Environment("true".into())));
    assert_eq!(planted("print(s)"), [Seen::Printed(1)]);
    assert_eq!(planted("os.write(2, s.encode())"), [Seen::Printed(2)]);
    assert_eq!(
        planted("f = open('x', 'w'); f.write('k=' + s); f.close(); os.remove('x')"),
        [Seen::Elsewhere("write".into())]
    );
    assert!(planted("os.mkdir(s); os.rmdir(s)").contains(&Seen::Elsewhere("mkdir".into())));
}
