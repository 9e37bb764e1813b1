//! What a project file may have: rows D of what a bad input gets, where nobody sits at a terminal.
#![cfg(unix)]

use std::{os::unix::fs::PermissionsExt, process::Command};

use crate::sandbox::Sandbox;

const TWO: &str = "[env]\nA = \"a\"\nB = \"b\"\n";

fn sandbox() -> Sandbox {
    Sandbox::with(&[("a", "first-secret"), ("b", "second-secret"), ("c", "third-secret")])
}

/// What `run` says of a project that is not allowed.
fn refused(folder: &str, grants: &[&str]) -> String {
    let things = if grants.len() == 1 { "1 thing".to_owned() } else { format!("{} things", grants.len()) };
    let mut said = format!(
        "keyctl: `{folder}/.keyctl.toml` is not allowed; it asks for {things} that nobody has allowed here [E06]\n"
    );
    for grant in grants {
        said.extend(["keyctl: hint: ", grant, "\n"]);
    }
    said + "keyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n"
}

/// A mistake in the project file, as `run` says it.
fn mistake(what: &str) -> String {
    format!("keyctl: `~/project/.keyctl.toml`, {what} [E06]\n")
}

#[test]
fn what_nobody_has_allowed_gets_nothing_and_no_keychain_is_asked() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    // Only a keeper that is a file is asked, to seal the entry that says so.
    let record = sandbox.data("keeper.toml");
    let by_file = std::fs::read_to_string(&record).expect("read");
    std::fs::write(&record, by_file.replace("file", "keychain")).expect("write");
    let bus = format!("unix:path={}", sandbox.outside().join("bus").display());
    let call = sandbox.call(&["run", "--", "touch", "started"]).env("DBUS_SESSION_BUS_ADDRESS", bus);
    let (ran, trace) = call.traced("openat,connect,execve");
    ran.says("", &refused("~/project", &["A <- key a", "B <- key b"]), 125);
    for untouched in ["connect(", "identity.txt", "store.age", "anchor.txt", "history."] {
        assert!(!trace.contains(untouched), "{untouched}: {trace}");
    }
    std::fs::write(&record, by_file).expect("write");
    sandbox.call(&["run", "--", "touch", "started"]).run().says(
        "",
        &refused("~/project", &["A <- key a", "B <- key b"]),
        125,
    );
    assert!(!sandbox.project().join("started").exists());
    let said = refused("~/project", &["A <- key a", "B <- key b"]).replace(" [E06]", "");
    sandbox.call(&["env"]).run().says("", &said, 6);
}

#[test]
fn the_project_file_is_opened_once_and_never_through_a_link_or_a_pipe() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    sandbox.allow();
    let (ran, trace) =
        sandbox.call(&["run", "--", "true"]).traced("openat,open,openat2,stat,lstat,newfstatat,statx,access,readlink");
    ran.says("", "", 0);
    let touched: Vec<&str> = trace.lines().filter(|line| line.contains(".keyctl.toml\"")).collect();
    assert_eq!(touched.len(), 1, "{touched:?}");
    assert!(touched[0].contains("O_RDONLY|O_NONBLOCK|O_NOFOLLOW|O_CLOEXEC"), "{touched:?}");
    let project = sandbox.project().join(".keyctl.toml");
    std::fs::rename(&project, sandbox.project().join("real.toml")).expect("rename");
    std::os::unix::fs::symlink("real.toml", &project).expect("link");
    let said = "keyctl: `~/project/.keyctl.toml` is a symbolic link, so it could change without the project [E06]\nkeyctl: hint: put the file itself there\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
    std::fs::remove_file(&project).expect("remove");
    assert!(Command::new("mkfifo").arg(&project).status().expect("mkfifo").success());
    let said = "keyctl: `~/project/.keyctl.toml` is not a regular file [E06]\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
}

#[test]
fn a_file_swapped_between_check_and_use_changes_nothing() {
    let sandbox = sandbox();
    let file = sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    sandbox.allow();
    let evil = sandbox.file("evil.toml", "[env]\nA = \"c\"\nB = \"b\"\n");
    let trusted = ("first-secret unset\n", String::new(), 0);
    // Held up before it is opened, the swapped file is the one that is read: it is not allowed. Later nothing counts.
    let swapped = ("", refused("~/project", &["A <- key c", "B <- key b"]), 125);
    for (held, (out, err, code)) in [
        ("openat:delay_enter", &swapped),
        ("openat:delay_exit", &trusted),
        ("read:delay_enter", &trusted),
        ("fstat,statx,newfstatat:delay_exit", &trusted),
    ] {
        std::fs::write(&file, "[env]\nA = \"a\"\n").expect("write");
        let inject = format!("inject={held}=600000:when=1");
        let options = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", file.to_str().expect("text"), "-e", &inject];
        let call = sandbox.call(&["run", "--", "sh", "-c", "echo $A ${B-unset}"]).under(&options);
        let swap = std::thread::spawn({
            let (file, evil) = (file.clone(), evil.clone());
            move || {
                std::thread::sleep(std::time::Duration::from_millis(350));
                let fresh = file.with_extension("new");
                std::fs::copy(evil, &fresh).and_then(|_| std::fs::rename(fresh, file)).expect("swap");
            }
        });
        let ran = call.run();
        swap.join().expect("swapped");
        ran.says(out, err, *code);
    }
}

#[test]
fn an_exact_hash_allows_and_any_other_does_not() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    let hash = sandbox.call(&["allow", "--show-hash"]).run().stdout();
    assert_eq!(hash.trim().len(), 64);
    let said = "keyctl: the hash is not the one of what this project asks for now; nothing was allowed\nkeyctl: hint: look at what changed, on a terminal: `keyctl allow`\n";
    for wrong in ["0".repeat(64), hash.trim()[..63].to_owned(), String::new()] {
        sandbox.call(&["allow", "--hash", &wrong]).run().says("", said, 6);
    }
    sandbox.call(&["allow", "--hash", hash.trim()]).run().says("", "keyctl: allowed: 2 grants in `~/project`\n", 0);
    sandbox.call(&["run", "--", "sh", "-c", "echo $A $B"]).run().says("first-secret second-secret\n", "", 0);
    sandbox.file("deep/er/file", "");
    sandbox.call(&["run", "--", "printenv", "A"]).inside(sandbox.project().join("deep/er")).run().says(
        "first-secret\n",
        "",
        0,
    );
}

#[test]
fn without_a_terminal_nobody_allows_by_accident() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    let said = "keyctl: allowing a project needs a yes on a terminal; nothing was allowed\nkeyctl: hint: scripts say exactly what they allow: `keyctl allow --hash HASH`, with what `--show-hash` prints\n";
    sandbox.call(&["allow"]).run().says("", said, 6);
    sandbox.call(&["allow"]).input("y\n").run().says("", said, 6);
    sandbox.call(&["allow", "--yes"]).run().says(
        "",
        "keyctl: there is no option `--yes` here\nkeyctl: hint: see `keyctl allow --help`\n",
        2,
    );
    assert!(!sandbox.data("allowed").exists());
}

#[test]
fn comments_order_and_less_do_not_ask_again_and_one_more_key_does() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    sandbox.allow();
    let show = ["run", "--", "sh", "-c", "echo $A $B"];
    for same in
        ["# why\n[env]\n\n  B='b'   # two\nA = { key = \"a\" }\n", "\u{feff}[env]\r\nA = \"a\"\r\nB = \"\\u0062\"\r\n"]
    {
        sandbox.file(".keyctl.toml", same);
        sandbox.call(&show).run().says("first-secret second-secret\n", "", 0);
    }
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    sandbox.call(&show).run().says("first-secret\n", "", 0);
    sandbox.file(".keyctl.toml", format!("{TWO}C = \"c\"\n"));
    sandbox.call(&show).run().says("", &refused("~/project", &["C <- key c"]), 125);
    sandbox.file(".keyctl.toml", "[env]\nA = \"b\"\nB = \"b\"\n");
    sandbox.call(&show).run().says("", &refused("~/project", &["A <- key b"]), 125);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\nX = { value = \"on\" }\n");
    sandbox.call(&show).run().says("", &refused("~/project", &["X <- the setting \"on\""]), 125);
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n[profiles.prod.env]\nA = \"c\"\n");
    sandbox.call(&["run", "-P", "prod", "--", "true"]).run().says(
        "",
        &refused("~/project", &["A <- key c  in profile prod"]),
        125,
    );
}

#[test]
fn the_same_file_in_another_folder_asks_anew() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    sandbox.allow();
    sandbox.file("copy/.keyctl.toml", TWO);
    let ran = sandbox.call(&["run", "--", "true"]).inside(sandbox.project().join("copy")).run();
    ran.says("", &refused("~/project/copy", &["A <- key a", "B <- key b"]), 125);
    let moved = sandbox.home().join("moved");
    std::fs::rename(sandbox.project(), &moved).expect("rename");
    let ran = sandbox.call(&["run", "--", "true"]).inside(&moved).run();
    ran.says("", &refused("~/moved", &["A <- key a", "B <- key b"]), 125);
    std::fs::create_dir(sandbox.project()).expect("make");
}

#[test]
fn the_worktrees_of_a_repository_share_their_approval_and_a_pretender_does_not() {
    let sandbox = sandbox();
    let git = |folder: &std::path::Path, words: &[&str]| {
        let mut git = Command::new("git");
        sandbox.environment(&mut git);
        git.args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=main"]);
        let output = git.args(words).current_dir(folder).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let project = sandbox.project();
    sandbox.file(".keyctl.toml", TWO);
    sandbox.file("sub/.keyctl.toml", TWO);
    git(&project, &["init", "-q"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-qm", "first"]);
    sandbox.allow();
    git(&project, &["worktree", "add", "-q", "../tree"]);
    let tree = sandbox.home().join("tree");
    sandbox.call(&["run", "--", "printenv", "A"]).inside(&tree).run().says("first-secret\n", "", 0);
    let ran = sandbox.call(&["run", "--", "true"]).inside(tree.join("sub")).run();
    ran.says("", &refused("~/tree/sub", &["A <- key a", "B <- key b"]), 125);
    git(&project, &["clone", "-q", ".", "../clone"]);
    let ran = sandbox.call(&["run", "--", "true"]).inside(sandbox.home().join("clone")).run();
    ran.says("", &refused("~/clone", &["A <- key a", "B <- key b"]), 125);
    let pretender = sandbox.home().join("pretender");
    std::fs::create_dir(&pretender).expect("make");
    std::fs::copy(tree.join(".git"), pretender.join(".git")).expect("copy");
    std::fs::copy(tree.join(".keyctl.toml"), pretender.join(".keyctl.toml")).expect("copy");
    let ran = sandbox.call(&["run", "--", "true"]).inside(&pretender).run();
    ran.says("", &refused("~/pretender", &["A <- key a", "B <- key b"]), 125);
    sandbox.call(&["deny"]).inside(&tree).run().says("", "keyctl: took back 2 grants\n", 0);
    sandbox.call(&["run", "--", "true"]).run().says("", &refused("~/project", &["A <- key a", "B <- key b"]), 125);
}

#[test]
fn what_was_denied_is_not_allowed_any_more() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    sandbox.allow();
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    sandbox.call(&["deny"]).run().says("", "keyctl: took back 2 grants\n", 0);
    sandbox.call(&["deny"]).run().says("", "keyctl: nothing was allowed here\n", 0);
    sandbox.file(".keyctl.toml", TWO);
    sandbox.call(&["run", "--", "true"]).run().says("", &refused("~/project", &["A <- key a", "B <- key b"]), 125);
    std::fs::remove_file(sandbox.project().join(".keyctl.toml")).expect("remove");
    let none = "keyctl: there is no `.keyctl.toml` here or above, up to the repository's root\nkeyctl: hint: write one with `keyctl init`\n";
    sandbox.call(&["deny"]).run().says("", "keyctl: nothing was allowed here\n", 0);
    for call in [&["allow"][..], &["allow", "--show-hash"]] {
        sandbox.call(call).run().says("", none, 3);
    }
}

#[test]
fn a_variable_that_changes_what_runs_is_not_for_a_project() {
    let sandbox = sandbox();
    let exception = "keyctl: hint: if you know why this project needs it: `keyctl allow --variable NAME`\n";
    let why = "changes what a command runs or whom it trusts, so a project file cannot set it";
    for variable in
        ["NODE_OPTIONS", "OPENAI_BASE_URL", "https_proxy", "PYTHONPATH", "GIT_SSH_COMMAND", "AWS_ENDPOINT_URL", "HOME"]
    {
        for source in ["\"a\"", "{ value = \"x\" }"] {
            sandbox.file(".keyctl.toml", format!("[env]\n{variable} = {source}\n"));
            let said = mistake(&format!("line 2, column 1: `{variable}` {why}"));
            sandbox.call(&["run", "--", "true"]).run().says("", &(said + exception), 125);
        }
    }
    for variable in ["PATH", "LD_PRELOAD", "ENV", "KEYCTL_HOME"] {
        sandbox.file(".keyctl.toml", format!("[env]\n{variable} = \"a\"\n"));
        let said = mistake(&format!("line 2, column 1: `{variable}` decides what runs, so keyctl never sets it"));
        sandbox.call(&["run", "--", "true"]).run().says("", &said, 125);
        let said = said.replace(" [E06]", "");
        sandbox.call(&["allow", "--show-hash"]).run().says("", &said, 6);
    }
    sandbox.file(".keyctl.toml", "[env]\nNODE_OPTIONS = \"a\"\n");
    sandbox.call(&["allow", "--variable", "NODE_OPTIONS"]).run().says(
        "",
        "keyctl: letting a project set `NODE_OPTIONS` needs a yes on a terminal\n",
        6,
    );
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    let sandbox = sandbox();
    let said = |bytes: &[u8]| {
        sandbox.file(".keyctl.toml", bytes);
        let ran = sandbox.call(&["run", "--", "true"]).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 125));
        ran.stderr()
    };
    assert_eq!(
        said(b"version = 9\n[env]\nA = \"a\"\n"),
        mistake(
            "line 1, column 1: the field `version` is not known here, only `env`, `profiles`, `require_reason`, `mask`"
        )
    );
    for (text, place) in [
        (&b"[env]\nA = \"a\"\nA = \"b\"\n"[..], "line 3, column 1"),
        (b"[env]\nA = 5\n", "line 2, column 5"),
        (b"[env]\nA = { key = \"a\", }\nB = 1\n", "line 3, column 5"),
        (b"[env]\nA = \"*\"\n", "line 2, column 5"),
        (b"[env]\nA = { key = \"a\", command = \"id\" }\n", "line 2, column 18"),
        (b"[hooks]\nenter = \"id\"\n", "line 1, column"),
        (b"include = \"other.toml\"\n", "line 1, column 1"),
        (b"[env]\nA = \"a\0b\"\n", "line 2, column"),
        (b"[env]\nA = \"\xff\"\n", "line 2, column"),
        (b"\xff\xfe[\0e\0n\0v\0]\0", "line 1, column"),
        (b"[profiles.\"../prod\"]\n", "line 1, column 11"),
        (b"[profiles.\"\"]\n", "line 1, column 11"),
    ] {
        let said = said(text);
        assert!(said.starts_with(&format!("keyctl: `~/project/.keyctl.toml`, {place}")), "{said}");
        assert!(said.contains("[E06]\n"), "{said}");
    }
    let deep = ["[env]\nA = ".as_bytes(), "[".repeat(10_000).as_bytes()].concat();
    assert!(said(&deep).contains("[E06]\n"));
    let wide: String = (0..60_000).map(|_| "a.").collect();
    assert!(said(wide.as_bytes()).contains("[E06]\n"));
    assert_eq!(
        said("#".repeat(70_000).as_bytes()),
        "keyctl: `~/project/.keyctl.toml` is larger than 64 KiB, which no project file needs to be [E06]\n"
    );
}

#[test]
fn who_else_may_write_the_file_or_its_folder_speaks_for_the_project() {
    let sandbox = sandbox();
    let file = sandbox.file(".keyctl.toml", TWO);
    sandbox.allow();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).expect("set");
    let said = "keyctl: `~/project/.keyctl.toml` can be changed by other users [E06]\nkeyctl: hint: look at what it says, then run: chmod go-w '~/project/.keyctl.toml'\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("set");
    std::fs::set_permissions(sandbox.project(), PermissionsExt::from_mode(0o777)).expect("set");
    let said = "keyctl: `~/project/.keyctl.toml` lies in a folder where other users can put another in its place [E06]\nkeyctl: hint: look at what it says, then run: chmod go-w '~/project'\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
    std::fs::set_permissions(sandbox.project(), PermissionsExt::from_mode(0o755)).expect("set");
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        return; // Only an administrator can give files away.
    }
    let said = "keyctl: `~/project/.keyctl.toml` belongs to another user [E06]\nkeyctl: hint: look at what it says; if that is what you want, copy it into a file of your own\n";
    sandbox.call(&["run", "--", "true"]).run().says("", said, 125);
}

#[test]
fn a_list_of_approvals_that_cannot_be_used_counts_as_empty_and_is_kept_aside() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", TWO);
    for (content, why) in [
        (&b"keyctl-allowed 9 x\n"[..], "a newer keyctl wrote it"),
        (b"", "it does not begin as one"),
        (b"\xff\xfe", "it is not text"),
    ] {
        sandbox.allow();
        std::fs::write(sandbox.data("allowed"), content).expect("write");
        let note = format!(
            "keyctl: the list of approvals cannot be used and counts as empty: {why}; the next approval keeps it aside as `allowed.unreadable`\n"
        );
        let said = format!("{note}{}", refused("~/project", &["A <- key a", "B <- key b"]));
        sandbox.call(&["run", "--", "true"]).run().says("", &said, 125);
        sandbox.allow();
        assert_eq!(std::fs::read(sandbox.data("allowed.unreadable")).expect("kept"), content);
        sandbox.call(&["run", "--", "printenv", "A"]).run().says("first-secret\n", "", 0);
    }
}

#[test]
fn an_approval_that_another_identity_wrote_is_forged() {
    let (sandbox, other) = (sandbox(), self::sandbox());
    sandbox.file(".keyctl.toml", TWO);
    // The attacker allows the very same place with an identity of its own, and plants the list.
    let attack = other.call(&["allow", "--show-hash"]).inside(sandbox.project()).run().stdout();
    assert_eq!(other.call(&["allow", "--hash", attack.trim()]).inside(sandbox.project()).run().code(), 0);
    std::fs::copy(other.data("allowed"), sandbox.data("allowed")).expect("plant");
    let ran = sandbox.call(&["run", "--", "touch", "started"]).run();
    assert_eq!(ran.code(), 125);
    assert!(ran.stderr().starts_with("keyctl: the approval of `A` in `~/.local/share/keyctl/allowed` was not written with your identity: it is forged [E05]\n"), "{}", ran.stderr());
    assert!(!sandbox.project().join("started").exists());
}

#[test]
fn a_project_file_that_cannot_be_read_is_a_failure_and_not_the_absence_of_one() {
    let sandbox = sandbox();
    let file = sandbox.file(".keyctl.toml", TWO);
    for (error, words) in [("EACCES", "permission denied"), ("EIO", "input/output error")] {
        let inject = format!("inject=openat:error={error}");
        let options = ["strace", "-qq", "-o", "/dev/null", "-P", file.to_str().expect("text"), "-e", &inject];
        let ran = sandbox.call(&["run", "-k", "A=a", "--", "true"]).under(&options).run();
        ran.says("", &format!("keyctl: cannot read the project file `~/project/.keyctl.toml`: {words} [E07]\n"), 125);
    }
}

#[test]
fn a_folder_that_becomes_a_git_repository_is_asked_for_again_and_denied_as_both() {
    let sandbox = sandbox();
    sandbox.file(".keyctl.toml", "[env]\nA = \"a\"\n");
    sandbox.allow();
    let run = || sandbox.call(&["run", "--", "true"]).run();
    run().says("", "", 0);
    crate::repository::Repository::new(&sandbox);
    let moved = "keyctl: hint: it was allowed before it was in a git repository; that is another place\n";
    let way =
        "keyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n";
    let said = refused("~/project", &["A <- key a"]).replace(way, &format!("{moved}{way}"));
    run().says("", &said, 125);
    let audit = || sandbox.call(&["audit"]).run().stdout();
    let other = "was allowed before it was, or while it was, a git repository: another place";
    // On a screen it may be broken into lines.
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(audit()).contains(other), "{}", audit());
    sandbox.allow();
    run().says("", "", 0);
    sandbox.call(&["deny"]).run().says("", "keyctl: took back 2 grants\n", 0);
    run().says("", &refused("~/project", &["A <- key a"]), 125);
    assert!(!words(audit()).contains(other), "{}", audit());
    std::fs::rename(sandbox.project().join(".git"), sandbox.project().join("former")).expect("rename");
    run().says("", &refused("~/project", &["A <- key a"]), 125);
}
