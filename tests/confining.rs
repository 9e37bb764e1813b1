//! `proxy run --sandbox` on macOS, on a real Mac: what the command must not do it tries, and what it must be able to do it does.
//! On Linux the suite has the same for what Linux has.
#![cfg(target_os = "macos")]

use std::{
    io::Write,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

const KEYCTL: &str = env!("CARGO_BIN_EXE_keyctl");
const SECRET: &str = "real-secret-0123456789-abcdefghij";
/// What the keychain keeps for the time of the test, as the service of this name.
const IN_KEYCHAIN: (&str, &str) = ("keyctl-confining-test", "in-the-keychain-0123456789");

/// A home with a key that a rule is for, whose host nobody answers for.
struct Home {
    folder: tempfile::TempDir,
    /// A port at which somebody listens who is not the proxy.
    other: TcpListener,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("keyctl-test-").tempdir().expect("folder");
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let home = Self { folder, other };
        for made in ["above", "project"] {
            std::fs::create_dir(home.path(made)).expect("folder");
        }
        said(home.call(&["store", "create", "--keeper", "file"]), 0);
        let mut call = home.call(&["set", "KEY"]);
        call.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = call.spawn().expect("keyctl");
        child.stdin.take().expect("piped").write_all(SECRET.as_bytes()).expect("write");
        assert!(child.wait().expect("wait").success());
        let rule = "[[proxy.rules]]\nsecret = \"KEY\"\ndomain = \"api.test\"\naddress = \"127.0.0.1:9\"\n\
                    base_url = { API = \"\" }\n";
        std::fs::write(home.data("config.toml"), rule).expect("write");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self, name: &str) -> PathBuf {
        self.path("above/keyctl").join(name)
    }

    fn call(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(KEYCTL);
        self.prepare(command.args(arguments));
        command
    }

    fn prepare(&self, command: &mut Command) {
        let facts = std::fs::metadata(self.data("identity.txt"));
        let by_number = facts.map(|facts| format!("/.vol/{}/{}", facts.dev(), facts.ino())).unwrap_or_default();
        command.current_dir(self.path("project")).env("KEYCTL_HOME", self.path("above/keyctl")).stdin(Stdio::null());
        command.env("KEYCTL", KEYCTL).env("BY_NUMBER", by_number).env("OUTSIDE", self.folder.path());
        command.env("OTHER", self.other.local_addr().expect("an address").port().to_string());
    }
}

#[track_caller]
fn said(mut command: Command, code: i32) -> String {
    let output = command.output().expect("started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}\n{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("text")
}

fn security(words: &[&str]) -> Output {
    Command::new("/usr/bin/security").args(words).stdin(Stdio::null()).output().expect("security")
}

/// What is tried: a name for it, and what does it. All of it must fail.
const TRIES: [(&str, &str); 19] = [
    ("read", r#"cat "$KEYCTL_HOME/identity.txt""#),
    ("by another case", r#"cat "$OUTSIDE/ABOVE/KEYCTL/IDENTITY.TXT""#),
    ("by its volume", r#"cat "/System/Volumes/Data$(cd "$OUTSIDE" && pwd -P)/above/keyctl/identity.txt""#),
    ("by its number", r#"cat "$BY_NUMBER""#),
    ("list", r#"ls "$KEYCTL_HOME""#),
    ("write", r#"echo >> "$KEYCTL_HOME/config.toml""#),
    ("add", r#"echo > "$KEYCTL_HOME/new""#),
    ("move", r#"mv "$KEYCTL_HOME" "$OUTSIDE/moved""#),
    ("move above", r#"mv "$OUTSIDE/above" "$OUTSIDE/moved""#),
    ("link", r#"ln "$KEYCTL_HOME/identity.txt" "$OUTSIDE/linked""#),
    ("copy", r#"cp -c "$KEYCTL_HOME/identity.txt" "$OUTSIDE/copied""#),
    ("keyctl", r#""$KEYCTL" get KEY --show"#),
    ("keychain", "security find-generic-password -s keyctl-confining-test -w"),
    ("other port", r#"nc -z -w 2 127.0.0.1 "$OTHER""#),
    ("listen", r#"perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")'"#),
    ("signal", r#"kill -0 "$STARTER""#),
    ("launchd", r#"launchctl submit -l keyctl-confining-test -- /usr/bin/touch "$OUTSIDE/launched""#),
    ("open", "open -g -j -a TextEdit"),
    ("event", r#"osascript -e 'tell application "System Events" to get name of first process'"#),
];

#[test]
fn a_command_in_its_sandbox_reaches_the_proxy_and_nothing_beside_it() {
    let home = Home::new();
    let (service, secret) = IN_KEYCHAIN;
    let is_kept = security(&["add-generic-password", "-U", "-a", "test", "-s", service, "-w", secret]).status.success();
    let tries = TRIES.map(|(what, act)| format!("tries '{what}' <<'TRY'\n{act}\nTRY\n")).concat();
    let script = format!(
        r#"
        export STARTER=$PPID
        tries() {{ cat > try; if sh try > /dev/null 2>&1; then echo "$1: reached"; else echo "$1: kept"; fi; }}
        curl -sS --noproxy '*' -o /dev/null -w 'proxy: %{{http_code}}\n' "$API/x" -H "x-api-key: $KEY"
        {tries}
        echo text > here && cat here && git init -q repository && perl -e 'print "perl\n"' && id -un > /dev/null && echo user
        exit 7"#
    );
    let stdout = said(home.call(&["proxy", "run", "--sandbox", "-k", "KEY", "--", "sh", "-c", &script]), 7);
    std::thread::sleep(Duration::from_secs(2));
    let launched = home.path("launched").exists();
    let in_keychain = security(&["find-generic-password", "-s", service, "-w"]);
    let _ = security(&["delete-generic-password", "-s", service]);
    let _ = Command::new("launchctl").args(["remove", "keyctl-confining-test"]).output();
    let kept = TRIES.map(|(what, _)| format!("{what}: kept\n")).concat();
    // Nobody is behind the proxy: 502 is its own word.
    assert_eq!(stdout, format!("proxy: 502\n{kept}text\nperl\nuser\n"));
    assert!(!stdout.contains(SECRET) && !launched);
    // What was kept from the command was there to be had.
    assert!(!is_kept || String::from_utf8_lossy(&in_keychain.stdout).trim() == secret);
    for there in ["above/keyctl/identity.txt", "above/keyctl/store.age"] {
        assert!(home.path(there).exists(), "{there}");
    }
    for not_there in ["moved", "linked", "copied", "above/keyctl/new"] {
        assert!(!home.path(not_there).exists(), "{not_there}");
    }
}

#[test]
fn doctor_says_that_a_command_can_be_confined_as_it_was_tried() {
    let home = Home::new();
    let output = home.call(&["doctor"]).output().expect("started");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let row = stdout.lines().find(|line| line.contains(" sandbox ")).unwrap_or_default();
    let can = "`proxy run --sandbox` can confine a command: sandbox-exec, tried just now";
    assert!(row.ends_with(can), "{stdout}");
}

#[test]
fn where_a_profile_cannot_be_had_nothing_is_started() {
    let home = Home::new();
    let began = home.path("began");
    // A sandbox cannot be put around what is in one.
    let mut command = Command::new("/usr/bin/sandbox-exec");
    command.args([
        "-p",
        "(version 1) (allow default)",
        KEYCTL,
        "proxy",
        "run",
        "--sandbox",
        "-k",
        "KEY",
        "--",
        "touch",
    ]);
    home.prepare(command.arg(&began));
    let output = command.output().expect("started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("this system cannot confine a command, so none was started"), "{stderr}");
    assert_eq!(output.status.code(), Some(125), "{stderr}");
    assert!(!Path::new(&began).exists());
}
