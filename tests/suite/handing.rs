//! Keys as files: without a name, as a descriptor, with a name; in real programs, and never on a disk.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{sandbox::Sandbox, tools};

const SECRET: &str = "sk-handed-5e8d71c2";

/// A folder in memory of the test's own, where named files go: other tests sweep the one that is everybody's.
fn memory(sandbox: &mut Sandbox) -> TempDir {
    let folder = tempfile::Builder::new().prefix("keyctl-test-").tempdir_in("/dev/shm").expect("/dev/shm");
    sandbox.variables.push(("XDG_RUNTIME_DIR".into(), folder.path().into()));
    folder
}

/// Keeps bytes that may be anything.
fn keep(sandbox: &Sandbox, name: &str, bytes: &[u8]) {
    sandbox.secret(bytes);
    let ran = sandbox.call(&["set", name, "--raw", "--binary", "--allow-empty", "-q"]).input(bytes).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
}

/// What a real program made for this test.
fn made(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_key_as_a_file_is_its_owners_alone_sealed_and_has_no_name() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    let look = "cat \"$F\"; stat -L -c ' %a %F' \"$F\"; readlink \"$F\"; cat \"$F\"; (echo x >>\"$F\") 2>/dev/null || echo; sh -c 'cat \"$F\"'";
    sandbox.call(&["run", "--file", "F=a", "--", "sh", "-c", look]).run().says(
        &format!("{SECRET} 600 regular file\n/memfd:keyctl (deleted)\n{SECRET}\n{SECRET}"),
        "",
        0,
    );
    // The command itself is what keyctl has become, and no other variable has the secret.
    let script = "printenv F; cat /proc/$$/comm; env | grep -c handed; ls /proc/self/fd";
    let ran = sandbox.call(&["run", "--file", "F=a", "--", "sh", "-c", script]).run();
    let said = ran.stdout();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..3], ["/proc/self/fd/64", "sh", "0"], "{said}");
    // Whoever runs the tests may have others open.
    let plain = sandbox.call(&["run", "-k", "F=a", "--", "sh", "-c", "ls /proc/self/fd"]).run().stdout();
    let more: Vec<&str> =
        lines[3..].iter().copied().filter(|number| !plain.lines().any(|open| open == *number)).collect();
    assert_eq!(more, ["64"], "{said}");
}

#[test]
fn every_value_comes_through_every_form_byte_for_byte() {
    let mut sandbox = Sandbox::with(&[("text", SECRET)]);
    let _memory = memory(&mut sandbox);
    let large: Vec<u8> = (0..1024 * 1024).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (name, bytes) in [
        ("nul", &b"a\0b\0"[..]),
        ("lines", b"-----BEGIN\r\nx\r\n-----END\r\n"),
        ("latin", b"caf\xe9 \xff"),
        ("empty", b""),
        ("large", &large),
    ] {
        keep(&sandbox, name, bytes);
        for (form, read) in [("file", "cat \"$F\""), ("fd", "cat <&$F"), ("named-file", "cat \"$F\"")] {
            let file = format!("F={name}");
            let ran = sandbox.call(&["run", "--as", form, "--file", &file, "--", "bash", "-c", read]).run();
            assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0), "{name} as {form}");
            assert!(ran.output.stdout == bytes, "{name} as {form}");
        }
    }
    sandbox.call(&["run", "-k", "F=nul", "--", "true"]).run().says(
        "",
        "keyctl: the secret for `F` has a NUL byte, which no environment can hold [E02]\nkeyctl: hint: give it as a file: `--file F=KEY`, or `as = \"file\"` in the profile\n",
        125,
    );
}

#[test]
fn a_named_file_is_there_as_long_as_the_command_and_is_nobody_elses() {
    let mut sandbox = Sandbox::with(&[("a", SECRET), ("b", "second-secret")]);
    let memory = memory(&mut sandbox);
    let look = "stat -c '%a %F' \"$F\" \"${F%/*}\"; cat \"$F\" \"$G\"; basename \"$F\"; exit 7";
    let call = ["run", "--as", "named-file", "--file", "F=a", "--file", "G=b", "--", "sh", "-c", look];
    sandbox.call(&call).run().says(&format!("600 regular file\n700 directory\n{SECRET}second-secretF\n"), "", 7);
    let left = || fs::read_dir(memory.path()).expect("there").count();
    assert_eq!(left(), 0);
    for signal in ["TERM", "KILL", "SEGV"] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let ran = sandbox.call(&["run", "--as", "named-file", "--file", "F=a", "--", "sh", "-c", &script]).run();
        assert!(ran.output.status.signal().is_some() && left() == 0, "{signal}: {}", ran.stderr());
    }
    // What cannot be started leaves nothing either.
    let lost = sandbox.file("lost", "#!/no/such/interpreter\n");
    fs::set_permissions(lost, PermissionsExt::from_mode(0o755)).expect("set");
    let ran = sandbox.call(&["run", "--as", "named-file", "--file", "F=a", "--", "./lost"]).run();
    assert_eq!((ran.code(), left()), (126, 0));
}

/// Waits for something that another process does.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn e20_a_killed_keyctl_leaves_no_file_on_a_disk_and_the_next_one_takes_its_folder_away() {
    let mut sandbox = Sandbox::with(&[("a", SECRET)]);
    let memory = memory(&mut sandbox);
    let folders = || -> Vec<PathBuf> {
        fs::read_dir(memory.path()).expect("there").map(|entry| entry.expect("entry").path()).collect()
    };
    let ready = sandbox.project().join("ready");
    let wait = format!("echo $$ >{0}.part && mv {0}.part {0}; exec sleep 60", ready.display());
    let start = || {
        let mut call = sandbox.call(&["run", "--as", "named-file", "--file", "F=a", "--", "sh", "-c", &wait]);
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = call.command.spawn().expect("start");
        until("the command", || ready.exists());
        let command = fs::read_to_string(&ready).expect("read").trim().to_owned();
        fs::remove_file(&ready).expect("remove");
        (child, command)
    };
    let kill = |signal: &str, process: &str| {
        assert!(Command::new("kill").args([signal, process]).status().expect("kill").success());
    };
    // Asked to end, it takes its folder along.
    let (mut asked, _) = start();
    assert_eq!(folders().len(), 1);
    kill("-TERM", &asked.id().to_string());
    assert_eq!(asked.wait().expect("wait").signal(), Some(15));
    assert_eq!(folders().len(), 0);
    // Killed, it cannot; another that is alive keeps its own.
    let (mut killed, orphan) = start();
    let dead = folders();
    killed.kill().expect("kill");
    killed.wait().expect("wait");
    assert_eq!(folders(), dead);
    let (mut alive, _) = start();
    assert!(folders().len() == 1 && folders() != dead, "{:?}", folders());
    let before = folders();
    sandbox.call(&["run", "--as", "named-file", "--file", "F=a", "--", "true"]).run().says("", "", 0);
    assert_eq!(folders(), before);
    kill("-TERM", &alive.id().to_string());
    alive.wait().expect("wait");
    kill("-KILL", &orphan);
    assert_eq!(folders().len(), 0);
}

#[test]
fn openssl_reads_a_private_key_from_a_file_and_its_passphrase_from_a_descriptor() {
    let sandbox = Sandbox::with(&[("passphrase", SECRET)]);
    let pem = made("openssl", &["genpkey", "-algorithm", "ed25519"]);
    keep(&sandbox, "tls/key", &pem);
    let public = "openssl pkey -in \"$KEY\" -pubout";
    let shown = sandbox.call(&["run", "--file", "KEY=tls/key", "--", "sh", "-c", public]).run();
    assert!(shown.stdout().starts_with("-----BEGIN PUBLIC KEY-----") && shown.code() == 0, "{}", shown.stderr());
    // Sealed with the passphrase and opened with it again; each reading of a descriptor begins where the last one ended.
    let wrap = "openssl pkey -in \"$KEY\" -aes-256-cbc -passout file:\"$PASS\" -out wrapped.pem";
    let call = ["run", "--file", "KEY=tls/key", "--file", "PASS=passphrase", "--", "sh", "-c", wrap];
    sandbox.call(&call).run().says("", "", 0);
    let open = "openssl pkey -in wrapped.pem -passin fd:\"$PASS\" -pubout";
    let call = ["run", "--as", "fd", "--file", "PASS=passphrase", "--", "sh", "-c", open];
    assert_eq!(sandbox.call(&call).run().stdout(), shown.stdout());
}

#[test]
fn ssh_needs_a_file_with_a_name_and_is_said_to() {
    let mut sandbox = Sandbox::with(&[("a", SECRET)]);
    let _memory = memory(&mut sandbox);
    let folder = tempfile::tempdir_in("/dev/shm").expect("folder");
    let path = folder.path().join("key");
    made("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path.to_str().expect("text")]);
    keep(&sandbox, "ssh/deploy", &fs::read(&path).expect("key"));
    let public = fs::read_to_string(path.with_extension("pub")).expect("public");
    // ssh-keygen closes nothing, and refuses a key that others could read.
    let print = "ssh-keygen -y -f \"$KEY\"";
    for form in ["file", "named-file"] {
        let call = ["run", "--as", form, "--file", "KEY=ssh/deploy", "--", "sh", "-c", print];
        sandbox.call(&call).run().says(&public, "", 0);
    }
    // ssh closes what it did not open: type -1 is a key that could not be read, 3 is an Ed25519 key.
    let connect = "ssh -v -F none -o ProxyCommand=false -i \"$KEY\" nowhere 2>&1 | tr -d '\\r' | sed -n 's/.*identity file .* type //p' | head -1";
    for (form, kind) in [("file", "-1\n"), ("named-file", "3\n")] {
        let call = ["run", "--as", form, "--file", "KEY=ssh/deploy", "--", "sh", "-c", connect];
        sandbox.call(&call).run().says(kind, "", 0);
    }
    let ran = sandbox.call(&["run", "--file", "KEY=ssh/deploy", "--", "ssh", "-V"]).run();
    assert!(
        ran.stderr().starts_with("keyctl: `ssh` closes the files that it did not open itself, and these with them\nkeyctl: hint: give them a name: `--as named-file`, or `as = \"named-file\"` in the profile\n"),
        "{}",
        ran.stderr()
    );
}

/// A server that speaks as much of psql's protocol as asking for a password takes, and runs a command against itself.
const POSTGRES: &str = r#"
import os, socket, struct, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
os.environ["PGPORT"] = str(server.getsockname()[1])
# As Python closes what a child is not told to keep.
client = subprocess.Popen(sys.argv[1:], close_fds=False)
server.settimeout(20)
talk = server.accept()[0]
def message(kind):
    head = talk.recv(5 if kind else 4, socket.MSG_WAITALL)
    return talk.recv(struct.unpack("!I", head[-4:])[0] - 4, socket.MSG_WAITALL)
message(False)
talk.sendall(b"R" + struct.pack("!II", 8, 3))
print("password of", len(message(True).rstrip(b"\0")), "bytes", flush=True)
talk.sendall(b"R" + struct.pack("!II", 8, 0) + b"Z" + struct.pack("!I", 5) + b"I")
message(True)
talk.sendall(b"I" + struct.pack("!I", 4) + b"Z" + struct.pack("!I", 5) + b"I")
sys.exit(client.wait())
"#;

#[test]
fn psql_takes_its_password_from_a_passfile_that_is_composed() {
    let sandbox = Sandbox::with(&[("db/password", SECRET)]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nPGPASSFILE = { text = \"127.0.0.1:*:app:me:{{ db/password }}\\n\", as = \"file\" }\n",
    );
    sandbox.allow();
    let psql =
        ["psql", "-w", "-X", "-q", "-c", ";", "host=127.0.0.1 user=me dbname=app sslmode=disable gssencmode=disable"];
    let call = [&["run", "--", crate::pty::python(), "-c", POSTGRES][..], &psql].concat();
    sandbox.call(&call).run().says(&format!("password of {} bytes\n", SECRET.len()), "", 0);
}

#[test]
fn google_auth_loads_its_credentials_from_a_file() {
    let sandbox = Sandbox::new();
    let text = format!(
        "{{\"type\":\"authorized_user\",\"client_id\":\"x\",\"client_secret\":\"{SECRET}\",\"refresh_token\":\"y\"}}"
    );
    keep(&sandbox, "gcp/sa", text.as_bytes());
    let load = format!("import google.auth; print(google.auth.default()[0].client_secret == {SECRET:?})");
    let python = tools::python();
    let python = python.to_str().expect("text");
    let file = "GOOGLE_APPLICATION_CREDENTIALS=gcp/sa";
    let ran = sandbox.call(&["run", "--file", file, "--", python, "-W", "ignore", "-c", &load]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("True\n", 0), "{}", ran.stderr());
}

#[test]
fn a_project_asks_for_a_form_and_another_form_is_asked_for_anew() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    let write = |form: &str| sandbox.file(".keyctl.toml", format!("[env]\nF = {{ key = \"a\"{form} }}\n"));
    write("");
    sandbox.allow();
    sandbox.call(&["run", "--", "printenv", "F"]).run().says(&format!("{SECRET}\n"), "", 0);
    for (form, words) in [("file", "as a file"), ("fd", "as a descriptor"), ("named-file", "as a named file")] {
        write(&format!(", as = \"{form}\""));
        sandbox.call(&["run", "--", "true"]).run().says("", &format!("keyctl: `~/project/.keyctl.toml` is not allowed; it asks for 1 thing that nobody has allowed here [E06]\nkeyctl: hint: F <- key a ({words})\nkeyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n"), 125);
    }
    write(", as = \"file\", optional = true");
    sandbox.allow();
    sandbox.call(&["run", "--", "sh", "-c", "cat \"$F\""]).run().says(SECRET, "", 0);
    sandbox.call(&["run", "-n", "--", "true"]).run().says(
        "VARIABLE  FROM\nF         key a (as a file, optional)\n",
        "keyctl: would run `true`; what the store has was not looked at\n",
        0,
    );
    let shown = sandbox.call(&["profile", "show", "--json"]).run().stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let wanted =
        serde_json::json!([{ "variable": "F", "key": "a", "optional": true, "as": "file", "from": "project" }]);
    assert_eq!(shown, wanted);
    sandbox.call(&["env"]).run().says(
        "",
        "keyctl: `F` is given as a file, which cannot be printed\nkeyctl: hint: print the others with `--only VARIABLE,...`, or give it to a command: `keyctl run -- myapp`\n",
        2,
    );
    // What the caller has is left, and nothing is made in its place.
    let keep = ["run", "--keep", "--", "sh", "-c", "echo \"$F\"; ls /proc/self/fd | grep -c 64"];
    sandbox.call(&keep).env("F", "mine").run().says("mine\n0\n", "keyctl: left as it was set: `F`\n", 1);
    let used = sandbox.call(&["history", "-n", "1", "--json"]).run().stdout();
    assert!(used.contains("\"ev\":\"run\"") && used.contains("\"names\":[\"a\"]"), "{used}");
}

#[test]
fn one_variable_cannot_be_a_key_and_its_file() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    sandbox.call(&["run", "-k", "F=a", "--file", "F=a", "--", "true"]).run().says(
        "",
        "keyctl: `F` is to be both `a` and `a` (as a file), and can only be one [E02]\nkeyctl: hint: give each key a variable of its own\n",
        125,
    );
    sandbox.call(&["run", "--file", "LD_PRELOAD=a", "--", "true"]).run().says(
        "",
        "keyctl: `LD_PRELOAD` decides what runs, so keyctl never sets it [E02]\nkeyctl: hint: give the key another variable\n",
        125,
    );
    assert!(Path::new("/dev/shm").is_dir());
}
