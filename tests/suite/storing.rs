//! The store's file in every bad state: rows S of what a bad input gets.
#![cfg(unix)]

use std::{
    fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    process::{Command, Stdio},
};

use crate::sandbox::{KEYCTL, Sandbox};

const BACK: &str = "keyctl: hint: put a good copy of `store.age` back; nothing was changed\n";
const DAMAGED: &str = "keyctl: `~/.local/share/keyctl/store.age` is damaged\n";

fn kept() -> Sandbox {
    Sandbox::with(&[("A", "first-secret")])
}

/// Every way of reading and of writing says the same of this file, and leaves it as it is.
#[track_caller]
fn refused(sandbox: &Sandbox, content: &[u8], said: &str, code: i32) {
    fs::write(sandbox.data("store.age"), content).expect("write");
    sandbox.call(&["get", "A"]).run().says("", said, code);
    sandbox.set("B", "second-secret").says("", said, code);
    let tagged = said.replacen('\n', &format!(" [E{code:02}]\n"), 1);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", &tagged, 125);
    assert!(fs::read(sandbox.data("store.age")).expect("there") == content, "the file was changed");
}

fn age(words: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("age");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("age: apt-get install age");
    child.stdin.take().expect("piped").write_all(input).expect("write");
    let output = child.wait_with_output().expect("age");
    assert!(output.status.success(), "age {words:?}");
    output.stdout
}

/// The text of a sandbox's store, by plain age, and the recipient it is for.
fn opened(sandbox: &Sandbox) -> (Vec<u8>, String) {
    let identity = sandbox.data("identity.txt");
    let text =
        age(&["-d", "-i", identity.to_str().expect("text"), sandbox.data("store.age").to_str().expect("text")], &[]);
    let recipient = Command::new("age-keygen").arg("-y").arg(identity).output().expect("age-keygen");
    (text, String::from_utf8_lossy(&recipient.stdout).trim().to_owned())
}

#[test]
fn an_empty_a_cut_a_flipped_and_a_lengthened_store_are_damaged() {
    let sandbox = kept();
    let good = fs::read(sandbox.data("store.age")).expect("read");
    refused(&sandbox, b"", &format!("keyctl: the store is empty\n{BACK}"), 5);
    refused(&sandbox, &good[..good.len() - 1], &format!("{DAMAGED}{BACK}"), 5);
    refused(&sandbox, &good[..good.len() / 2], &format!("{DAMAGED}{BACK}"), 5);
    let mut flipped = good.clone();
    flipped[good.len() - 40] ^= 4;
    refused(&sandbox, &flipped, &format!("{DAMAGED}{BACK}"), 5);
    for more in [&b"\n"[..], b"x", &[0; 100], &good] {
        refused(&sandbox, &[&good[..], more].concat(), &format!("{DAMAGED}{BACK}"), 5);
    }
    fs::write(sandbox.data("store.age"), &good).expect("write");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
}

#[test]
fn a_header_that_no_personal_store_has_is_refused_before_any_work() {
    let sandbox = kept();
    let (text, recipient) = opened(&sandbox);
    let editor = "keyctl: the store is no age file\n".to_owned()
        + BACK
        + "keyctl: hint: an editor or a sync tool may have changed it\n";
    let good = fs::read(sandbox.data("store.age")).expect("read");
    refused(&sandbox, &[&b"\xef\xbb\xbf"[..], &good].concat(), &editor, 5);
    refused(&sandbox, b"<<<<<<< HEAD\n", &editor, 5);
    let own = "keyctl: hint: put your own copy of `store.age` back\n";
    let scrypt = b"age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 30\nZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n";
    let started = std::time::Instant::now();
    refused(
        &sandbox,
        scrypt,
        &format!("keyctl: the store is protected in a way that a personal store never is\n{own}"),
        5,
    );
    assert!(started.elapsed().as_secs() < 3);
    for stanza in ["-> ssh-ed25519 AAAAAA BBBB\nCCCC\n", "-> piv-p256 AAAA BBBB\nCCCC\n", "-> a\n\n"] {
        let header = format!("age-encryption.org/v1\n{stanza}--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n");
        let said = format!("keyctl: the store is protected in a way that a personal store never is\n{own}");
        refused(&sandbox, header.as_bytes(), &said, 5);
    }
    let thousand = "-> X25519 AAAA\nBBBB\n".repeat(1_000);
    let header = format!("age-encryption.org/v1\n{thousand}--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n");
    let said = format!("keyctl: the store has 1000 recipients where a personal one has 1\n{own}");
    refused(&sandbox, header.as_bytes(), &said, 5);
    let (_, other) = opened(&kept());
    let two = age(&["-r", &recipient, "-r", &other], &text);
    let said = String::from_utf8_lossy(&two).matches("-> X25519").count();
    assert_eq!(said, 2);
    refused(&sandbox, &two, &format!("keyctl: the store has 2 recipients where a personal one has 1\n{own}"), 5);
}

#[test]
fn a_store_that_someone_made_with_the_public_recipient_is_forged() {
    let (sandbox, stranger) = (kept(), Sandbox::with(&[("A", "planted-secret")]));
    let (_, recipient) = opened(&sandbox);
    let (text, _) = opened(&stranger);
    let forged = age(&["-r", &recipient], &text);
    let said = "keyctl: the store was not written by its owner: its seal is not the one that is pinned\nkeyctl: hint: someone put another file in its place; put your own copy of `store.age` back\n";
    refused(&sandbox, &forged, said, 5);
    let ran = sandbox.call(&["doctor"]).run();
    assert!(ran.stdout().contains("the store was not written by its owner") && ran.code() == 1, "{}", ran.stdout());
    let text = b"not a store";
    let ran = {
        fs::write(sandbox.data("store.age"), age(&["-r", &recipient], text)).expect("write");
        sandbox.call(&["get", "A"]).run()
    };
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 5), "{}", ran.stderr());
}

#[test]
fn a_content_that_is_no_stores_is_refused_without_being_quoted_and_without_end() {
    let sandbox = kept();
    let (text, recipient) = opened(&sandbox);
    let text = String::from_utf8(text).expect("text");
    let at_end = |more: &str| format!("{}\n{more}", text.trim_end());
    let key = "created = \"2026-01-01T00:00:00Z\"\n";
    let table = |at: u32| format!("[key.\"K{at}\"]\nvalue = \"planted\"\n{key}");
    let many = (0..100_000).map(table).collect::<Vec<_>>().concat();
    for content in [
        String::new(),
        "{ \"format\": 1 }".into(),
        text.replacen("generation = 1", "generation = nan", 1),
        text.replacen("generation = 1", "generation = 1e999", 1),
        text.replacen("generation = 1", "generation = \"1\"", 1),
        text.replacen("generation = 1", "generation = 99999999999999999999", 1),
        at_end(&format!("[key.\"A\"]\nvalue = \"planted\"\n{key}")),
        at_end(&format!("[key.\"B\"]\nvalue = 1\n{key}")),
        at_end(&format!("[key.\"B\"]\n{key}")),
        at_end(&format!("[key.\"B\"]\nvalue = \"planted\"\nbase64 = \"AA==\"\n{key}")),
        at_end(&format!("[key.\"not a name\"]\nvalue = \"planted\"\n{key}")),
        at_end("[key.\"B\"]\nvalue = \"planted\"\ncreated = \"yesterday\"\n"),
        at_end(&format!("x = {}", "[".repeat(100_000))),
        at_end(&format!("{many}[key.\"K0\"]\nvalue = \"planted\"\n{key}")),
    ] {
        assert_ne!(content, text);
        let plain = sandbox.outside().join("plain");
        fs::write(&plain, content).expect("write");
        sandbox.may_lie_in(&plain);
        fs::remove_file(sandbox.data("store.age")).expect("remove");
        let store = sandbox.data("store.age");
        age(&["-r", &recipient, "-o", store.to_str().expect("text"), plain.to_str().expect("text")], &[]);
        fs::set_permissions(&store, PermissionsExt::from_mode(0o600)).expect("set");
        let bounded = ["prlimit", "--as=1073741824", "--cpu=60"];
        let ran = sandbox.call(&["list"]).under(&bounded).run();
        let said = ran.stderr();
        assert!(said.starts_with("keyctl: the store opens, but its content is not what keyctl writes"), "{said}");
        assert!(!said.contains("planted") && !said.contains("99999"), "{said}");
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 5));
    }
}

#[test]
fn a_store_of_another_identity_is_called_that_and_no_new_identity_is_made() {
    let (sandbox, other) = (kept(), kept());
    let identity = fs::read(sandbox.data("identity.txt")).expect("read");
    let foreign = fs::read(other.data("store.age")).expect("read");
    fs::write(sandbox.data("store.age"), foreign).expect("write");
    let ran = sandbox.call(&["get", "A"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 5));
    assert!(
        ran.stderr().starts_with("keyctl: the store was made for another identity than the one that is kept ("),
        "{}",
        ran.stderr()
    );
    assert_eq!(sandbox.set("B", "second-secret").code(), 5);
    assert_eq!(fs::read(sandbox.data("identity.txt")).expect("read"), identity);
}

#[test]
fn a_store_that_age_armored_opens_and_one_of_a_newer_keyctl_does_not() {
    let sandbox = kept();
    let (text, recipient) = opened(&sandbox);
    fs::write(sandbox.data("store.age"), age(&["-a", "-r", &recipient], &text)).expect("write");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    let (text, _) = opened(&sandbox);
    let text = String::from_utf8(text).expect("text");
    for (from, to) in [("format = 2", "format = 8"), ("\n[key.", "future = 1\n[key.")] {
        assert!(text.contains(from), "the store's text has no `{from}`");
        let newer = age(&["-r", &recipient], text.replacen(from, to, 1).as_bytes());
        fs::write(sandbox.data("store.age"), &newer).expect("write");
        for ran in [
            sandbox.call(&["get", "A"]).run(),
            sandbox.call(&["set", "C"]).input("third-secret").run(),
            sandbox.call(&["list"]).run(),
        ] {
            assert_eq!((ran.stdout().as_str(), ran.code()), ("", 5), "{to}: {}", ran.stderr());
        }
        assert_eq!(fs::read(sandbox.data("store.age")).expect("read"), newer, "never rewritten");
    }
}

#[test]
fn a_store_that_others_may_read_is_read_with_a_warning_and_not_written() {
    let sandbox = kept();
    fs::set_permissions(sandbox.data("store.age"), PermissionsExt::from_mode(0o644)).expect("set");
    let said = "keyctl: `~/.local/share/keyctl/store.age` is open to other users\nkeyctl: hint: chmod 600 '~/.local/share/keyctl/store.age'\n";
    sandbox.call(&["get", "A"]).run().says("first-secret", said, 0);
    sandbox.set("B", "second-secret").says("", said, 7);
    fs::set_permissions(sandbox.data("store.age"), PermissionsExt::from_mode(0o600)).expect("set");
    fs::set_permissions(sandbox.data(""), PermissionsExt::from_mode(0o777)).expect("set");
    let said = "keyctl: other users may change the folder `~/.local/share/keyctl`\nkeyctl: hint: chmod 700 '~/.local/share/keyctl'\n";
    sandbox.set("B", "second-secret").says("", said, 7);
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    let ran = sandbox.call(&["doctor"]).run();
    assert!(ran.stdout().contains("is open to other users") && ran.code() == 1, "{}", ran.stdout());
}

#[test]
fn a_store_of_another_user_is_read_with_a_warning_and_neither_written_nor_followed_to() {
    let sandbox = kept();
    let store = sandbox.data("store.age");
    if std::os::unix::fs::chown(&store, Some(65_534), None).is_err() {
        return; // Only an administrator can give files away.
    }
    let said = "keyctl: `~/.local/share/keyctl/store.age` belongs to another user\nkeyctl: hint: if its content is what you want, copy it into a file of your own\n";
    sandbox.call(&["get", "A"]).run().says("first-secret", said, 0);
    sandbox.set("B", "second-secret").says("", said, 7);
    // Behind a link that is the user's own: the file of somebody else is not replaced either.
    let elsewhere = sandbox.outside().join("theirs");
    fs::create_dir(&elsewhere).expect("make");
    fs::rename(&store, elsewhere.join("store.age")).expect("move");
    symlink(elsewhere.join("store.age"), &store).expect("link");
    sandbox.set("B", "second-secret").says("", said, 7);
    std::os::unix::fs::chown(elsewhere.join("store.age"), Some(0), None).expect("give back");
    std::os::unix::fs::chown(&elsewhere, Some(65_534), None).expect("give away");
    let before = fs::read(elsewhere.join("store.age")).expect("read");
    let ran = sandbox.set("B", "second-secret");
    assert_eq!(ran.code(), 7, "{}", ran.stderr());
    assert!(
        ran.stderr().contains("cannot write `~/.local/share/keyctl/store.age`: it links to what is not yours"),
        "{}",
        ran.stderr()
    );
    assert_eq!(fs::read(elsewhere.join("store.age")).expect("read"), before);
}

#[test]
fn a_linked_store_stays_a_link_and_a_hard_link_keeps_the_old_one() {
    let sandbox = kept();
    let elsewhere = sandbox.home().join("synced");
    fs::create_dir(&elsewhere).expect("make");
    fs::rename(sandbox.data("store.age"), elsewhere.join("store.age")).expect("move");
    symlink(elsewhere.join("store.age"), sandbox.data("store.age")).expect("link");
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert!(sandbox.data("store.age").symlink_metadata().expect("there").is_symlink());
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    let spare = sandbox.home().join("spare.age");
    fs::hard_link(elsewhere.join("store.age"), &spare).expect("link");
    let before = fs::read(&spare).expect("read");
    sandbox.set("C", "third-secret").says(
        "",
        "keyctl: `~/.local/share/keyctl/store.age` had another name too (a hard link); that one keeps the older content from now on\nkeyctl: kept `C`\n",
        0,
    );
    sandbox.set("D", "fourth-secret").says("", "keyctl: kept `D`\n", 0);
    assert_eq!(fs::read(&spare).expect("read"), before);
    sandbox.call(&["get", "C"]).run().says("third-secret", "", 0);
}

#[test]
fn a_store_that_is_gone_or_too_large_or_no_file_is_called_that() {
    let sandbox = kept();
    let store = sandbox.data("store.age");
    let good = fs::read(&store).expect("read");
    fs::remove_file(&store).expect("remove");
    let said = "keyctl: the store is gone: `~/.local/share/keyctl/store.age` was written once and is not there\nkeyctl: hint: put your newest copy of `store.age` back; the identity that opens it is still kept\n";
    sandbox.call(&["get", "A"]).run().says("", said, 5);
    sandbox.set("B", "second-secret").says("", said, 5);
    assert!(!store.exists());
    fs::write(&store, &good).expect("write");
    fs::OpenOptions::new().write(true).open(&store).expect("open").set_len(100 << 20).expect("lengthen");
    let said = "keyctl: `~/.local/share/keyctl/store.age` is larger than 67108864 bytes\n";
    sandbox.call(&["get", "A"]).run().says("", said, 7);
    fs::remove_file(&store).expect("remove");
    fs::create_dir(&store).expect("make");
    let ran = sandbox.call(&["get", "A"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 7), "{}", ran.stderr());
}

#[test]
fn what_a_sync_tool_leaves_beside_the_store_is_named_by_doctor() {
    let sandbox = kept();
    for name in ["store (1).age", "store.sync-conflict-20260101.age", ".store.age.0123456789abcdef.tmp"] {
        fs::write(sandbox.data(name), "x").expect("write");
        fs::set_permissions(sandbox.data(name), PermissionsExt::from_mode(0o600)).expect("set");
    }
    let ran = sandbox.call(&["doctor"]).run();
    assert!(ran.stdout().contains("beside the store lie `store"), "{}", ran.stdout());
    assert!(!ran.stdout().contains("0123456789abcdef.tmp"), "{}", ran.stdout());
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    // A day later the next writer takes the leftover away.
    let old =
        Command::new("touch").args(["-d", "2 days ago"]).arg(sandbox.data(".store.age.0123456789abcdef.tmp")).status();
    assert!(old.expect("touch").success());
    sandbox.set("B", "second-secret").says("", "keyctl: kept `B`\n", 0);
    assert!(!sandbox.data(".store.age.0123456789abcdef.tmp").exists() && sandbox.data("store (1).age").exists());
}

#[test]
fn on_a_folder_nobody_may_write_all_reading_works() {
    let sandbox = kept();
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let binary = sandbox.outside().join("keyctl");
    fs::copy(KEYCTL, &binary).expect("copy");
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(sandbox.outside()).status().expect("chown");
    if !owned.success() {
        return; // Only an administrator can give files away.
    }
    fs::set_permissions(sandbox.data(""), PermissionsExt::from_mode(0o500)).expect("set");
    for file in ["lock", "history.lock", "history.log"] {
        fs::set_permissions(sandbox.data(file), PermissionsExt::from_mode(0o400)).expect("set");
    }
    let call = |words: &[&str]| {
        let mut call = sandbox.call(words);
        let mut command = Command::new(&binary);
        command.args(words).env_clear().current_dir(sandbox.project());
        command.envs(call.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        call.command = command;
        call.under(&nobody)
    };
    let unrecorded =
        "keyctl: not recorded in the history: cannot lock `~/.local/share/keyctl/history.lock`: permission denied\n";
    call(&["get", "A"]).run().says("first-secret", unrecorded, 0);
    call(&["run", "--", "printenv", "A"]).run().says("first-secret\n", unrecorded, 0);
    for words in [&["list"][..], &["show", "A"], &["history"], &["status"], &["profile", "list"]] {
        let ran = call(words).run();
        assert_eq!(ran.code(), 0, "{words:?}: {}", ran.stderr());
    }
    let ran = call(&["history", "verify"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let ran = call(&["set", "B"]).input("second-secret").run();
    ran.says("", "keyctl: cannot lock `~/.local/share/keyctl/lock`: permission denied\n", 7);
}

#[test]
fn an_anchor_that_could_not_be_renewed_is_said_and_takes_nothing_back() {
    let sandbox = kept();
    let anchor = sandbox.data("anchor.txt");
    let before = fs::read(&anchor).expect("read");
    // The second rename of a change is the anchor's.
    let options = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=rename:error=EIO:when=2"];
    sandbox.secret("second-secret");
    let ran = sandbox.call(&["set", "B"]).input("second-secret").under(&options).run();
    let said = "keyctl: kept, but the anchor was not renewed: cannot write `~/.local/share/keyctl/anchor.txt`: input/output error\nkeyctl: kept `B`\n";
    ran.says("", said, 0);
    assert_eq!(fs::read(&anchor).expect("read"), before);
    sandbox.call(&["get", "B"]).run().says("second-secret", "", 0);
    sandbox.set("C", "third-secret").says("", "keyctl: kept `C`\n", 0);
    assert_ne!(fs::read(&anchor).expect("read"), before);
    assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
}

#[test]
fn a_full_disk_is_said_and_the_old_store_stays() {
    let sandbox = kept();
    let small = sandbox.outside().join("small");
    fs::create_dir(&small).expect("make");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=96k,mode=700", "none"])
        .arg(&small)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return; // Only an administrator can mount; the sweep of faults covers the same errors.
    }
    let call = |words: &[&str]| sandbox.call(words).env("KEYCTL_HOME", &small);
    sandbox.secret("small-secret");
    let first = call(&["set", "A"]).input("small-secret").run();
    let large = "L".repeat(90_000);
    sandbox.secret(&large);
    let ran = call(&["set", "B"]).input(&large).run();
    let (said, code) = (ran.stderr(), ran.code());
    let kept = call(&["get", "A"]).run().stdout();
    let after = call(&["set", "C"]).input("after-secret").run();
    let (after, left) = (
        after.code(),
        fs::read_dir(&small)
            .expect("list")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(".tmp"))
            .count(),
    );
    assert!(Command::new("umount").arg(&small).status().expect("umount").success());
    assert_eq!(first.code(), 0, "{}", first.stderr());
    assert_eq!(
        said,
        "keyctl: cannot write `/sandbox/small/store.age`: no space left on device\nkeyctl: hint: what was there before is still there\n"
    );
    assert_eq!((code, kept.as_str(), after, left), (7, "small-secret", 0, 0));
}
