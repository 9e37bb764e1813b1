//! An identity that each call is given, as in CI, in a container and in a service: no keeper, and nobody to ask.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Ran, Sandbox, contains},
};

const AS_IT_LIES: &str =
    "keyctl: the store is taken as it lies here, generation 1: nothing on this machine would tell an older copy\n";
const IN_FULL: &str = "keyctl: `KEYCTL_IDENTITY` holds no age identity, or one with a slip in it\n\
    keyctl: hint: it has to be the line that begins with `AGE-SECRET-KEY-1`, whole and without quotes\n";

/// An identity of no store here.
const OTHER: &str = "AGE-SECRET-KEY-184JMZMVQH3E6U0PSL869004Y3U2NYV7R30EU99CSEDNPH02YUVFSZW44VU";

/// A user with one key, and a machine that has nothing but a copy of the store.
struct Machine {
    sandbox: Sandbox,
    identity: String,
}

impl Machine {
    fn new() -> Self {
        let sandbox = Sandbox::with(&[("A", "sk-a-0123456789")]);
        let file = sandbox.data("identity.txt");
        let identity = fs::read_to_string(&file).expect("a file keeps it");
        let identity = identity.lines().find(|line| line.starts_with("AGE-")).expect("a line").to_owned();
        sandbox.secret(&identity);
        sandbox.may_lie_in(&file);
        let machine = Self { sandbox, identity };
        fs::create_dir(machine.folder()).expect("make");
        machine.copy_store();
        machine
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.home().join("machine")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn copy_store(&self) {
        fs::copy(self.sandbox.data("store.age"), self.file("store.age")).expect("copy");
    }

    /// The identity in a file that has these rights.
    fn identity_file(&self, mode: u32) -> String {
        let path = self.sandbox.home().join(format!("identity-{mode:o}"));
        fs::write(&path, format!("# of the store\n{}\n", self.identity)).expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        self.sandbox.may_lie_in(&path);
        path.to_str().expect("text").to_owned()
    }

    /// A call on this machine, with these variables.
    fn call(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran<'_> {
        let call = self.sandbox.call(words).env("KEYCTL_HOME", self.folder());
        variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run()
    }

    /// The same with the identity in the variable.
    fn given(&self, words: &[&str]) -> Ran<'_> {
        self.call(&[("KEYCTL_IDENTITY", &self.identity)], words)
    }
}

#[test]
fn a_store_alone_opens_with_the_identity_that_is_given_and_what_is_not_known_is_said_once() {
    let machine = Machine::new();
    machine.given(&["get", "A"]).says("sk-a-0123456789", AS_IT_LIES, 0);
    machine.given(&["get", "A"]).says("sk-a-0123456789", "", 0);
    machine.given(&["history", "verify"]).says(
        "the history is intact (2 entries, end proven, anchored at #1)\n",
        "",
        0,
    );
    let file = machine.identity_file(0o600);
    machine.call(&[("KEYCTL_IDENTITY_FILE", &file)], &["get", "A"]).says("sk-a-0123456789", "", 0);
    machine.call(&[("KEYCTL_IDENTITY_FILE", "~/identity-600")], &["get", "A"]).says("sk-a-0123456789", "", 0);
    // An empty variable is as good as none.
    let both = [("KEYCTL_IDENTITY", ""), ("KEYCTL_IDENTITY_FILE", file.as_str())];
    machine.call(&both, &["get", "A"]).says("sk-a-0123456789", "", 0);
}

#[test]
fn a_command_gets_neither_the_identity_nor_where_it_lies() {
    let machine = Machine::new();
    machine.given(&["list", "--quiet"]);
    let look = ["run", "-k", "A", "--", "sh", "-c", "env; tr '\\0' '\\n' </proc/self/environ; ls -l /proc/self/fd"];
    let said = machine.given(&look).stdout();
    assert!(
        said.contains("A=sk-a-0123456789") && !said.contains("KEYCTL_IDENTITY") && !said.contains("AGE-"),
        "{said}"
    );
    // A descriptor of the shell's: the file, and a pipe.
    let file = machine.identity_file(0o600);
    let script = format!(
        "KEYCTL_IDENTITY_FILE=/dev/fd/7 exec {KEYCTL} run -k A -- sh -c 'env; cat <&7; ls -l /proc/self/fd' 7<{file}"
    );
    let script = machine.sandbox.file("descriptor.sh", script);
    let ran = machine.sandbox.call(&[""; 0]).env("KEYCTL_HOME", machine.folder());
    let ran = ran.under(&["sh", script.to_str().expect("text")]).run();
    let said = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(said.contains("A=sk-a-0123456789"), "{said}{}", ran.stderr());
    assert!(
        !said.contains("KEYCTL_IDENTITY_FILE") && !said.contains("AGE-") && !said.contains("identity-600"),
        "{said}"
    );
    let script = format!("printf '%s\\n' \"$ID\" | KEYCTL_IDENTITY_FILE=/dev/stdin {KEYCTL} get A");
    let script = machine.sandbox.file("pipe.sh", script);
    let ran = machine.sandbox.call(&[""; 0]).env("KEYCTL_HOME", machine.folder()).env("ID", &machine.identity);
    ran.under(&["sh", script.to_str().expect("text")]).run().says("sk-a-0123456789", "", 0);
}

#[test]
fn an_identity_on_standard_input_that_cannot_be_put_aside_is_no_commands() {
    let machine = Machine::new();
    let file = machine.identity_file(0o600);
    let inject = "strace -f -qq -o /dev/null -e trace=dup2 -e inject=dup2:error=EMFILE";
    let call = format!("KEYCTL_IDENTITY_FILE=/dev/stdin exec {inject} {KEYCTL} run -- cat <{file}");
    let script = machine.sandbox.file("call.sh", call);
    let ran = machine.sandbox.call(&[""; 0]).env("KEYCTL_HOME", machine.folder());
    ran.under(&["sh", script.to_str().expect("text")]).run().says(
        "",
        "keyctl: standard input gives the identity, and cannot be kept from what is started: too many open files [E07]\n",
        125,
    );
}

#[test]
fn a_descriptor_of_it_does_not_come_down_though_nothing_had_to_be_read_and_whatever_its_path() {
    let machine = Machine::new();
    let (file, link) = (machine.identity_file(0o600), machine.sandbox.home().join("link"));
    std::os::unix::fs::symlink("/dev/fd/7", &link).expect("link");
    let link = link.to_str().expect("text");
    machine.sandbox.file(".keyctl.toml", "[env]\nLEVEL = { value = \"debug\" }\n");
    machine.given(&["list", "--quiet"]);
    let hash = machine.given(&["allow", "--show-hash"]).stdout();
    assert_eq!(machine.given(&["allow", "--hash", hash.trim()]).code(), 0);
    let look = "cat <&7; cat; ls -l /proc/self/fd; echo through";
    for (path, from) in [
        ("/dev/fd/7", format!("7<{file}")),
        ("/dev/fd/../fd/7", format!("7<{file}")),
        (link, format!("7<{file}")),
        ("/dev/stdin", format!("<{file}")),
        ("/dev/fd/0", format!("<{file}")),
        (file.as_str(), format!("7<{file} <{file}")),
    ] {
        // With no key, so that nothing is read, and with one.
        for keys in ["", "-k A"] {
            let call = format!("KEYCTL_IDENTITY_FILE={path} exec {KEYCTL} run {keys} -- sh -c '{look}' {from}");
            let script = machine.sandbox.file("call.sh", call.clone());
            let ran = machine.sandbox.call(&[""; 0]).env("KEYCTL_HOME", machine.folder());
            let ran = ran.under(&["sh", script.to_str().expect("text")]).run();
            let said = String::from_utf8_lossy(&ran.output.stdout).into_owned();
            assert!(said.ends_with("through\n"), "{call}: {said}{}", ran.stderr());
            assert!(!said.contains("AGE-") && !said.contains("identity-600"), "{call}: {said}");
        }
    }
}

#[test]
fn a_change_is_made_and_an_older_copy_is_known_from_then_on() {
    let machine = Machine::new();
    let set = machine.sandbox.call(&["set", "B"]).env("KEYCTL_HOME", machine.folder());
    machine.sandbox.secret("sk-b-0123456789");
    let set = set.env("KEYCTL_IDENTITY", &machine.identity).input("sk-b-0123456789").run();
    set.says("", &format!("{AS_IT_LIES}keyctl: kept `B`\n"), 0);
    let newer = fs::read(machine.file("store.age")).expect("read");
    machine.copy_store();
    machine.given(&["list"]).says(
        "",
        "keyctl: the store is an older copy: generation 1, but 2 was written before\n\
         keyctl: hint: put the newest copy of `store.age` back\n\
         keyctl: hint: if you want this older copy: remove `anchor.txt` beside it\n",
        5,
    );
    // Its user goes on with what the machine wrote, and with a history of their own.
    fs::write(machine.sandbox.data("store.age"), newer).expect("write");
    machine.sandbox.call(&["get", "B"]).run().says("sk-b-0123456789", "", 0);
    let verified = machine.sandbox.call(&["history", "verify"]).run();
    verified.says("the history is intact (2 entries, end proven, anchored at #1)\n", "", 0);
}

#[test]
fn what_cannot_be_an_identity_is_named_and_nothing_else_is_asked() {
    let machine = Machine::new();
    let wrong = |variables: &[(&str, &str)], said: &str, code: i32| {
        machine.call(variables, &["get", "A"]).says("", said, code);
    };
    wrong(&[("KEYCTL_IDENTITY", "sk-live-abc")], IN_FULL, 2);
    wrong(&[("KEYCTL_IDENTITY", &machine.identity[..60])], IN_FULL, 2);
    wrong(
        &[("KEYCTL_IDENTITY", &machine.identity), ("KEYCTL_IDENTITY_FILE", "x")],
        "keyctl: both `KEYCTL_IDENTITY` and `KEYCTL_IDENTITY_FILE` are set\nkeyctl: hint: keep the one that is meant, and unset the other\n",
        2,
    );
    wrong(
        &[("KEYCTL_IDENTITY_FILE", "/none")],
        "keyctl: `KEYCTL_IDENTITY_FILE` names `/none`, which is not there\n",
        7,
    );
    let open = machine.identity_file(0o644);
    wrong(
        &[("KEYCTL_IDENTITY_FILE", &open)],
        "keyctl: other users may read or change `~/identity-644`\nkeyctl: hint: chmod 600 '~/identity-644'\n",
        7,
    );
    // As container runtimes put it there: nobody writes it.
    let read_only = machine.identity_file(0o444);
    machine.call(&[("KEYCTL_IDENTITY_FILE", &read_only)], &["get", "A"]).says("sk-a-0123456789", AS_IT_LIES, 0);
    wrong(
        &[("KEYCTL_IDENTITY", OTHER)],
        "keyctl: the store was made for another identity than the one that `KEYCTL_IDENTITY` gives (b9b3ae8a)\nkeyctl: hint: give the identity that it is made for, or put the matching `store.age` back\n",
        5,
    );
}

#[test]
fn an_empty_variable_is_named_where_nothing_opens() {
    let machine = Machine::new();
    let ran = machine.call(&[("KEYCTL_IDENTITY", "")], &["get", "A"]);
    let said = ran.stderr();
    assert!(said.ends_with("keyctl: hint: `KEYCTL_IDENTITY` is set and empty: the secret did not arrive, as in CI for a pull request of a fork\n"), "{said}");
    assert_eq!(ran.code(), 5);
}

#[test]
fn no_store_and_no_identity_is_made_for_it_and_none_is_given_away() {
    let machine = Machine::new();
    let none = "keyctl: `KEYCTL_IDENTITY` gives an identity, but there is no store here to open with it\n\
        keyctl: hint: put its age file there: `~/machine/store.age`\n\
        keyctl: hint: or join one that lies elsewhere: `keyctl store join NAME --path FILE`; none is ever made for it\n";
    fs::remove_file(machine.file("store.age")).expect("remove");
    for words in [&["get", "A"][..], &["set", "B", "--generate"], &["store", "create"], &["list"]] {
        machine.given(words).says("", none, 3);
    }
    let made: Vec<PathBuf> =
        machine.sandbox.files().into_iter().filter(|file| file.starts_with(machine.folder())).collect();
    assert_eq!(made, [machine.file("lock")]);
    machine.copy_store();
    for (words, what) in [
        (&["store", "keeper", "--to", "file"][..], "it goes to no keeper"),
        (&["store", "rekey", "--yes"], "it is not changed"),
        (&["store", "create", "x"], "no store is made that has an identity of its own"),
        (&["unlock"], "nothing has to be opened for a while"),
        (&["recovery", "restore", "copy"], "it is given to no keeper"),
        (&["store", "join", "team", "--path", "x", "--keeper", "file"], "no keeper is chosen for it"),
    ] {
        let said = format!(
            "keyctl: `KEYCTL_IDENTITY` gives the store's identity, so {what}\n\
            keyctl: hint: to work with what is kept here, call keyctl without it\n"
        );
        machine.given(words).says("", &said, 2);
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_enough_to_run_from() {
    let machine = Machine::new();
    let script =
        "mount --bind \"$KEYCTL_HOME\" \"$KEYCTL_HOME\" && mount -o remount,ro,bind \"$KEYCTL_HOME\" && exec \"$@\"";
    let run = machine.sandbox.call(&["run", "-k", "A", "--", "sh", "-c", "printf %s \"$A\""]);
    let run = run.env("KEYCTL_HOME", machine.folder()).env("KEYCTL_IDENTITY", &machine.identity);
    let ran = run.under(&["unshare", "--mount", "sh", "-c", script, "sh"]).run();
    ran.says(
        "sk-a-0123456789",
        &format!(
            "{AS_IT_LIES}keyctl: nor will it later: cannot write `~/machine/anchor.txt`: read-only file system\n\
            keyctl: not recorded in the history: cannot lock `~/machine/history.lock`: read-only file system\n"
        ),
        0,
    );
}

#[test]
fn a_service_has_it_as_a_credential() {
    let machine = Machine::new();
    let folder = machine.sandbox.home().join("credentials");
    fs::create_dir(&folder).expect("make");
    let service = [("CREDENTIALS_DIRECTORY", folder.to_str().expect("text"))];
    // A service without this one credential has whatever keeper there is.
    assert_eq!(machine.call(&service, &["get", "A"]).code(), 5);
    fs::rename(machine.identity_file(0o400), folder.join("keyctl-identity")).expect("move");
    machine.sandbox.may_lie_in(&folder.join("keyctl-identity"));
    machine.call(&service, &["get", "A"]).says("sk-a-0123456789", AS_IT_LIES, 0);
    let said = machine.call(&service, &["status"]).stdout();
    assert!(said.contains("1 key; identity given by the credential `keyctl-identity`"), "{said}");
}

#[test]
fn a_build_joins_the_store_in_its_repository_and_needs_no_terminal() {
    let sandbox = Sandbox::new();
    let path = sandbox.project().join("team.age");
    let path = path.to_str().expect("text");
    sandbox.call(&["store", "create", "team", "--keeper", "file", "--path", path]).run();
    sandbox.set("team:deploy", "sk-deploy-0123456789");
    // The build's own member, made on its user's machine.
    let build = sandbox.home().join("build");
    let made = sandbox.call(&["store", "join", "team", "--path", path, "--keeper", "file", "--as", "ci"]);
    let recipient = made.env("KEYCTL_HOME", &build).run().stdout();
    let file = build.join("stores/team/identity.txt");
    let identity = fs::read_to_string(&file).expect("made");
    let identity = identity.lines().last().expect("a line");
    sandbox.secret(identity);
    sandbox.may_lie_in(&file);
    sandbox.call(&["store", "recipients", "add", "team", "ci", recipient.trim(), "--me", "boss", "--yes"]).run();
    sandbox.file(".keyctl.toml", "[env]\nTOKEN = \"team:deploy\"\n");
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    // The build's machine has nothing but the repository.
    let machine = sandbox.home().join("runner");
    let ci = |words: &[&str]| {
        let call = sandbox.call(words).env("KEYCTL_HOME", &machine).env("KEYCTL_NO_PROMPT", "1");
        call.env("KEYCTL_IDENTITY", identity).run()
    };
    let join = ["store", "join", "team", "--path", path, "--yes"];
    // A secret that did not arrive is no reason to make an identity on the build's machine.
    let empty = sandbox.call(&join).env("KEYCTL_HOME", &machine).env("KEYCTL_IDENTITY", "").run();
    let said = "keyctl: `KEYCTL_IDENTITY` is set and empty: the secret did not arrive, as in CI for a pull request of a fork\n\
        keyctl: hint: to make an identity for this machine, unset it\n";
    empty.says("", said, 2);
    assert!(!machine.join("stores/team").exists());
    // The identity of another store is none here, and no build goes on after it.
    let other = |words: &[&str]| {
        let call = sandbox.call(words).env("KEYCTL_HOME", &machine).env("KEYCTL_NO_PROMPT", "1");
        call.env("KEYCTL_IDENTITY", OTHER).run()
    };
    let refused = other(&join);
    let said = "keyctl: `~/project/team.age` does not open with the identity that `KEYCTL_IDENTITY` gives\n\
        keyctl: hint: if it is the one of another store, give the one that was added here\n\
        keyctl: hint: or a member lets it in: `keyctl store recipients add team ";
    assert!(refused.stderr().starts_with(said) && refused.code() == 5, "{}", refused.stderr());
    assert!(refused.stdout().is_empty() && !machine.join("stores/team").exists());
    let joined = ci(&join);
    assert!(joined.stderr().contains("joined the store `team` as `ci`") && joined.code() == 0, "{}", joined.stderr());
    let refused = ci(&["run", "--", "true"]);
    assert!(refused.stderr().contains("[E06]") && refused.code() == 125, "{}", refused.stderr());
    ci(&["allow", "--hash", hash.trim()]).says("", "keyctl: allowed: 1 grant in `~/project`\n", 0);
    ci(&["run", "--", "sh", "-c", "printf %s \"$TOKEN\""]).says("sk-deploy-0123456789", "", 0);
    // A machine that keeps its home joins once more, and what the wrong identity cannot prove is not called forged.
    ci(&join).says("", "keyctl: the store `team` is joined already, with this file\n", 0);
    let another = "the store was made for another identity than the one that `KEYCTL_IDENTITY` gives (b9b3ae8a)";
    let refused = other(&join);
    assert!(refused.stderr().contains(another) && refused.code() == 5, "{}", refused.stderr());
    let refused = other(&["run", "--", "true"]);
    let said = format!("keyctl: store `team`: {another} [E05]\n");
    assert!(refused.stderr().starts_with(&said) && refused.code() == 125, "{}", refused.stderr());
    ci(&["history", "verify", "--store", "team"]).says(
        "the history is intact (3 entries, end proven, anchored at #2)\n",
        "",
        0,
    );
    let files = sandbox.files().into_iter().filter(|file| file.starts_with(&machine));
    assert!(files.map(|file| fs::read(file).expect("read")).all(|text| !contains(&text, identity.as_bytes())));
    // Without the variable the store says what it lacks.
    sandbox.call(&["run", "--", "true"]).env("KEYCTL_HOME", &machine).run().says(
        "",
        "keyctl: store `team`: this store's identity is kept nowhere here: each call is given it, and this one was not [E04]\n\
         keyctl: hint: set `KEYCTL_IDENTITY_FILE` to its file, or `KEYCTL_IDENTITY` to what is in it\n",
        125,
    );
}

#[test]
fn nothing_is_asked_where_that_is_forbidden_also_at_a_terminal() {
    let mut sandbox = Sandbox::with(&[("A", "sk-a-0123456789")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.variables.push(("KEYCTL_NO_PROMPT".into(), "1".into()));
    let forbidden = "keyctl: `KEYCTL_NO_PROMPT` is set, so nothing is asked\n\
        keyctl: hint: say beforehand what is wanted, with an option (`--help`) or on standard input; or unset it\n";
    for (words, said, code) in [
        (&["set", "B"][..], forbidden, 2),
        (&["env", "-k", "A", "--no-project"], forbidden, 2),
        (&["remove", "A"], "keyctl: removing `A` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n", 2),
        (
            &["allow"],
            "keyctl: allowing a project needs a yes on a terminal; nothing was allowed\n\
            keyctl: hint: scripts say exactly what they allow: `keyctl allow --hash HASH`, with what `--show-hash` prints\n",
            6,
        ),
    ] {
        let words: Vec<&str> = std::iter::once(KEYCTL).chain(words.iter().copied()).chain(["--no-color"]).collect();
        let screen = on_a_terminal(&sandbox, &words, &[]);
        assert!(screen.shown.ends_with(said) && screen.code == code, "{words:?} {}\n{}", screen.code, screen.shown);
    }
}
