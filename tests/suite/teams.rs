//! A store of several: each member with an identity, a history and a keeper of his own, and one age file in a repository.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    keychain::desktop,
    pty::on_a_terminal,
    sandbox::{KEYCTL, Ran, Sandbox},
};

/// A repository without files, which people push to and pull from.
pub struct Remote(tempfile::TempDir);

impl Remote {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let made = Command::new("git").args(["init", "-q", "--bare", "-b", "main"]).arg(folder.path()).status();
        assert!(made.expect("git").success());
        Self(folder)
    }
}

/// Somebody with a home of his own and a clone of the repository in it.
pub struct Person {
    pub sandbox: Sandbox,
}

impl Person {
    pub fn new(name: &str, remote: &Remote) -> Self {
        Self::at_home(name, remote, Sandbox::new())
    }

    pub fn at_home(name: &str, remote: &Remote, sandbox: Sandbox) -> Self {
        let settings = format!("[user]\n\tname = {name}\n\temail = {name}@example.com\n[pull]\n\trebase = false\n");
        fs::write(sandbox.home().join(".gitconfig"), settings).expect("write");
        let person = Self { sandbox };
        person.git_in(&person.sandbox.home(), &["clone", "-q", remote.0.path().to_str().expect("text"), "repo"]);
        person
    }

    pub fn repo(&self) -> PathBuf {
        self.sandbox.home().join("repo")
    }

    pub fn file(&self) -> PathBuf {
        self.repo().join("team.age")
    }

    /// A git command in a folder; gives what was said and whether it went well.
    pub fn try_git(&self, folder: &Path, words: &[&str]) -> (bool, String) {
        let mut command = Command::new("git");
        self.sandbox.environment(&mut command);
        let output = command.args(words).current_dir(folder).stdin(Stdio::null()).output().expect("git");
        self.sandbox.no_secret_in(&output.stdout);
        self.sandbox.no_secret_in(&output.stderr);
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    #[track_caller]
    fn git_in(&self, folder: &Path, words: &[&str]) -> String {
        let (good, said) = self.try_git(folder, words);
        assert!(good, "git {words:?}: {said}");
        said
    }

    #[track_caller]
    pub fn git(&self, words: &[&str]) -> String {
        self.git_in(&self.repo(), words)
    }

    #[track_caller]
    pub fn push(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "keys"]);
        self.git(&["push", "-q", "origin", "HEAD:main"]);
    }

    #[track_caller]
    pub fn pull(&self) {
        self.git(&["pull", "-q", "origin", "main"]);
    }

    pub fn call(&self, words: &[&str]) -> Ran<'_> {
        self.sandbox.call(words).run()
    }

    /// A call that goes well, whatever it says.
    #[track_caller]
    pub fn does(&self, words: &[&str]) {
        let ran = self.call(words);
        assert_eq!(ran.code(), 0, "{words:?}: {}", ran.stderr());
    }

    #[track_caller]
    pub fn set(&self, name: &str, secret: &str) {
        self.sandbox.secret(secret);
        let ran = self.sandbox.call(&["set", name, "--replace"]).input(secret).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    }

    #[track_caller]
    pub fn has(&self, name: &str, secret: &str) {
        self.call(&["get", name]).says(secret, "", 0);
    }

    /// Begins to join, and gives the recipient.
    #[track_caller]
    pub fn asks_to_join(&self) -> String {
        let ran = self.call(&["store", "join", "team", "--path", "../repo/team.age", "--keeper", "file"]);
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        ran.stdout().trim().to_owned()
    }

    /// What lies in this person's folder for the store.
    pub fn own(&self, name: &str) -> PathBuf {
        self.sandbox.data("stores/team").join(name)
    }
}

/// Alice made the store, with a key in it, and it is pushed.
pub fn alice(remote: &Remote) -> Person {
    let alice = Person::new("alice", remote);
    alice.does(&["store", "create", "team", "--keeper", "file", "--path", "../repo/team.age"]);
    alice.set("team:A", "first-secret");
    alice.push();
    alice
}

/// Somebody else whom a member lets in; both have the newest file then.
pub fn joined(name: &str, remote: &Remote, member: &Person) -> Person {
    let person = Person::new(name, remote);
    let recipient = person.asks_to_join();
    member.does(&["store", "recipients", "add", "team", name, &recipient, "--yes"]);
    member.push();
    person.pull();
    person.does(&["store", "join", "team", "--yes"]);
    person
}

/// Alice and Bob, who share a store.
pub fn two() -> (Remote, Person, Person) {
    let remote = Remote::new();
    let alice = alice(&remote);
    let bob = joined("bob", &remote, &alice);
    (remote, alice, bob)
}

/// The last letters of a recipient.
fn ending(recipient: &str) -> &str {
    &recipient[recipient.len() - 8..]
}

#[test]
fn somebody_joins_a_store_once_a_member_has_added_him() {
    let remote = Remote::new();
    let alice = alice(&remote);
    let bob = Person::new("Bob Meier", &remote);
    let join = ["store", "join", "team", "--path", "../repo/team.age", "--keeper", "file"];
    let ran = bob.call(&join);
    let recipient = ran.stdout().trim().to_owned();
    let asked = format!(
        "keyctl: `~/repo/team.age` does not open for you yet; your recipient for the store `team` is\n\
         keyctl: hint: a member has to type: `keyctl store recipients add team bob-meier {recipient}`\n\
         keyctl: hint: and to hear from you, not by the same way, that it ends with `{}`\n\
         keyctl: hint: once you have the newest file: `keyctl store join team`\n",
        ending(&recipient)
    );
    ran.says(&format!("{recipient}\n"), &asked, 0);
    // What it waits for is not given up for a file that is none.
    bob.sandbox.file("no.age", "no store\n");
    let ran = bob.call(&["store", "join", "team", "--path", "no.age"]);
    assert!(ran.code() != 0 && ran.stderr().contains("no.age"), "{}", ran.stderr());
    // The same identity each time, and nothing opens before.
    bob.call(&["store", "join", "team"]).says(&format!("{recipient}\n"), &asked, 0);
    let not_yet = "keyctl: the store `team` is not joined yet\n\
        keyctl: hint: once a member has added you, and you have the newest file: `keyctl store join team`\n";
    bob.call(&["get", "team:A"]).says("", not_yet, 3);
    bob.sandbox.call(&["set", "team:B"]).input("lost-secret").run().says("", not_yet, 3);
    alice.call(&["store", "recipients", "list", "team"]).says(
        "",
        "keyctl: the store `team` opens for you alone; to let another in: `keyctl store recipients add team NAME RECIPIENT`\n",
        0,
    );
    let add = ["store", "recipients", "add", "team", "bob", &recipient];
    alice.call(&add).says(
        "",
        &format!(
            "keyctl: all keys of the store `team`, and their former secrets, will open for\n  `bob`\n  {recipient}\n\
             keyctl: adding a member needs a yes\nkeyctl: hint: without a terminal: `--yes`\n"
        ),
        2,
    );
    alice.call(&[&add[..], &["--yes"]].concat()).says(
        "",
        "keyctl: the store `team` opens for `bob` too: 2 members\n\
         keyctl: hint: what lets `bob` in is the file as it is now, `~/repo/team.age`: commit it, and push\n",
        0,
    );
    alice.call(&[&add[..], &["--yes"]].concat()).says("", "keyctl: this recipient is a member already\n", 1);
    alice.push();
    bob.pull();
    let asks = bob.call(&["store", "join", "team"]);
    assert!(
        asks.stderr().ends_with("keyctl: joining a store needs a yes\nkeyctl: hint: without a terminal: `--yes`\n")
    );
    let lines: Vec<String> = asks.stderr().lines().skip(1).take(1).map(str::to_owned).collect();
    assert!(lines[0].starts_with("  `alice` (…") && lines[0].ends_with("), who made it"), "{lines:?}");
    // What tells the store from one that somebody made for him, with others by the same names.
    let id = store_field(&alice, "id");
    let heard = format!(
        "keyctl: hint: hear from `alice`, not by the same way, that the recipient ends with `{}`, and the store's id with `{}`\n",
        ending(&recipients(&alice)[0]),
        ending(&id)
    );
    assert!(
        asks.stderr().contains(&format!("  `bob` (…{}), added by `alice`: that is you\n{heard}", ending(&recipient)))
    );
    bob.call(&["store", "join", "team", "--yes"]).says(
        "",
        &format!(
            "{heard}keyctl: joined the store `team` as `bob`; its keys are named `team:KEY`\n\
             keyctl: hint: see them: `keyctl list --store team`\nkeyctl: hint: so that git merges the store key by key, in each clone once: `keyctl store merge --install`\n"
        ),
        0,
    );
    bob.call(&["store", "join", "team", "--yes"]).says(
        "",
        "keyctl: the store `team` exists already\n\
         keyctl: hint: to join another one choose another name: what a store is called is each member's own affair\n",
        1,
    );
    assert!(!bob.own("joining").exists());
    bob.sandbox.secret("first-secret");
    bob.has("team:A", "first-secret");
}

#[test]
fn members_use_and_change_the_store_each_with_a_history_of_his_own() {
    let (_remote, alice, bob) = two();
    bob.set("team:B", "second-secret");
    bob.push();
    alice.pull();
    alice.sandbox.secret("second-secret");
    alice.has("team:B", "second-secret");
    alice.set("team:A", "third-secret");
    alice.push();
    bob.pull();
    bob.has("team:A", "third-secret");
    bob.sandbox.call(&["run", "-k", "team:A", "--", "sh", "-c", "echo $A"]).run().says("third-secret\n", "", 0);
    bob.call(&["undo", "--store", "team", "--yes"]).says("", "keyctl: took back: set of `team:A`\n", 0);
    bob.has("team:A", "first-secret");
    for (person, number) in [(&alice, 5), (&bob, 6)] {
        let verified = person.call(&["history", "verify", "--store", "team"]);
        assert!(
            verified.stdout().starts_with("the history is intact (") && verified.code() == 0,
            "{}{}",
            verified.stdout(),
            verified.stderr()
        );
        let events = person.call(&["history", "--json", "--store", "team"]).stdout();
        assert_eq!(events.lines().count(), number, "{events}");
        assert!(!events.contains("failed"), "{events}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&bob.call(&["store", "recipients", "list", "team", "--json"]).stdout()).expect("json");
    let told: Vec<_> = json
        .as_array()
        .expect("list")
        .iter()
        .map(|one| (&one["name"], &one["founder"], &one["you"], &one["by"], &one["accepted"]))
        .collect();
    let yes = serde_json::Value::Bool(true);
    let no = serde_json::Value::Bool(false);
    assert_eq!(told[0], (&"alice".into(), &yes, &no, &serde_json::Value::Null, &yes));
    assert_eq!(told[1], (&"bob".into(), &no, &yes, &"alice".into(), &yes));
    // age itself opens it with either identity.
    for person in [&alice, &bob] {
        let opened = Command::new("age").arg("-d").arg("-i").arg(person.own("identity.txt")).arg(bob.file()).output();
        let opened = opened.expect("age");
        assert!(
            opened.status.success()
                && String::from_utf8_lossy(&opened.stdout).contains("recipients = [{ name = \"alice\"")
        );
    }
    alice.call(&["store", "rekey", "team", "--yes"]).says(
        "",
        "keyctl: the identity of one member of several is not changed: leave, and join anew\n\
         keyctl: hint: have another member remove you: `keyctl store recipients remove team YOU`\n\
         keyctl: hint: then `keyctl store remove team`, and join again: `keyctl store join team --path FILE`\n",
        2,
    );
}

#[test]
fn a_new_member_is_told_by_name_and_nothing_is_written_for_him_before_a_yes() {
    let (remote, alice, bob) = two();
    let carol = joined("carol", &remote, &bob);
    let recipient = serde_json::from_str::<serde_json::Value>(
        &carol.call(&["store", "recipients", "list", "team", "--json"]).stdout(),
    )
    .expect("json")[2]["recipient"]
        .as_str()
        .expect("text")
        .to_owned();
    alice.pull();
    let unaccepted = format!(
        "keyctl: members of the store `team` that you did not say yes to: `carol` (…{}) is new, added by `bob`\n\
         keyctl: hint: nothing is written for them until you do: `keyctl store recipients accept team`\n",
        ending(&recipient)
    );
    alice.call(&["get", "team:A"]).says("first-secret", &unaccepted, 0);
    alice.sandbox.secret("second-secret");
    alice.sandbox.call(&["set", "team:B"]).input("second-secret").run().says("", &unaccepted, 5);
    let listed = alice.call(&["store", "recipients", "list", "team"]);
    let rows: Vec<String> =
        listed.stdout().lines().map(|line| line.split_whitespace().last().expect("a word").to_owned()).collect();
    assert_eq!(rows, ["BY", "you", "alice", "accepted"], "{}", listed.stdout());
    let new = format!(
        "keyctl: what is new with the store `team`:\n  `carol` (…{}) is new, added by `bob`\n",
        ending(&recipient)
    );
    alice.call(&["store", "recipients", "accept", "team"]).says(
        "",
        &format!("{new}keyctl: saying yes to other members needs a yes\nkeyctl: hint: without a terminal: `--yes`\n"),
        2,
    );
    alice.call(&["store", "recipients", "accept", "team", "--yes"]).says(
        "",
        "keyctl: the store `team` opens again as it is now: 3 members\n",
        0,
    );
    alice.call(&["store", "recipients", "accept", "team", "--yes"]).says(
        "",
        "keyctl: nothing to say yes to: the store `team` is as you know it\n",
        0,
    );
    alice.set("team:B", "second-secret");
    alice.push();
    carol.pull();
    carol.has("team:B", "second-secret");
    // What was accepted is gone: nobody knows whom to believe.
    fs::remove_file(carol.own("members")).expect("remove");
    let refused = carol.call(&["get", "team:B"]);
    assert!(
        refused.stderr().starts_with("keyctl: the members of the store `team` are not those that you said yes to: nobody said yes to its members on this machine yet; `alice` (…"),
        "{}", refused.stderr()
    );
    assert_eq!((refused.code(), refused.stdout().as_str()), (5, ""));
    carol.does(&["store", "recipients", "accept", "team", "--yes"]);
    carol.has("team:B", "second-secret");
}

#[test]
fn who_is_removed_gets_no_new_keys_and_what_he_has_is_due_until_it_is_replaced() {
    let (_remote, alice, bob) = two();
    alice.set("team:B", "old-secret");
    alice.set("team:B", "second-secret");
    alice.push();
    bob.pull();
    bob.sandbox.secret("second-secret");
    let kept = fs::read(bob.file()).expect("read");
    alice.call(&["store", "recipients", "remove", "team", "bob"]).says(
        "",
        "keyctl: `bob` goes on having what there is until now:\n  `team:A`\n  `team:B`, and 1 former secret\n\
         keyctl: removing a member needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    let removed = alice.call(&["store", "recipients", "remove", "team", "bob", "--yes"]);
    removed.says(
        "",
        "keyctl: removed `bob`: what is written from now on does not open for that identity\n\
         keyctl: hint: copies of the file from before go on opening for `bob`, with what was in them\n\
         keyctl: hint: 2 keys left with `bob`; to see and replace them: `keyctl due --store team`\n\
         keyctl: hint: a recovery copy of before proves the former seal, so make a new one\n",
        0,
    );
    alice.push();
    alice.call(&["due", "--store", "team"]).says(
        "KEY     STATE  WHEN      DATE\nteam:A  due    just now  DAY  left with bob\nteam:B  due    just now  DAY  left with bob\n"
            .replace("DAY", &today(&alice)).as_str(),
        "",
        0,
    );
    let said = "keyctl: `team:A` left with `bob` just now: replace it with `keyctl rotate team:A`\n";
    alice.sandbox.call(&["run", "-k", "team:A", "--", "true"]).run().says("", said, 0);
    let status = alice.call(&["status", "--store", "team"]).stdout();
    assert!(status.contains("\ndue            2 keys due: `keyctl due --store team`\n"), "{status}");
    alice.set("team:A", "third-secret");
    alice.sandbox.secret("fourth-secret");
    let rotated = alice.sandbox.call(&["rotate", "team:B", "--yes"]).input("fourth-secret").run();
    assert_eq!(rotated.code(), 0, "{}", rotated.stderr());
    alice.set("team:C", "fifth-secret");
    alice.call(&["due", "--store", "team"]).says(
        "",
        "keyctl: nothing is due\nkeyctl: 3 keys have no plan: `keyctl due --all --store team` shows them\n",
        0,
    );
    // A secret that he has is due again wherever it comes back, and no other is.
    alice.does(&["rollback", "team:A", "--yes"]);
    let due = alice.call(&["due", "--store", "team"]).stdout();
    assert!(due.contains("team:A") && !due.contains("team:B"), "{due}");
    alice.does(&["undo", "--store", "team", "--yes"]);
    assert!(!alice.call(&["due", "--store", "team"]).stdout().contains("team:A"));
    alice.push();
    // His copy of before opens with what was in it, the new one does not.
    bob.has("team:B", "second-secret");
    bob.pull();
    let refused = bob.call(&["get", "team:C"]);
    assert!(
        refused.stderr().starts_with("keyctl: the store was made for another identity than the one that is kept"),
        "{}",
        refused.stderr()
    );
    assert_eq!((refused.code(), refused.stdout().as_str()), (5, ""));
    let opened =
        Command::new("age").arg("-d").arg("-i").arg(bob.own("identity.txt")).arg(bob.file()).output().expect("age");
    assert!(!opened.status.success());
    // The old copy, put back by anybody, is not taken.
    fs::write(alice.file(), kept).expect("write");
    let older = alice.call(&["get", "team:A"]);
    assert!(older.stderr().starts_with("keyctl: the store is an older copy: generation "), "{}", older.stderr());
    assert_eq!(older.code(), 5);
    alice.git(&["checkout", "-q", "team.age"]);
    alice.call(&["store", "recipients", "remove", "team", "alice", "--yes"]).says(
        "",
        "keyctl: `alice` is the last member; nobody could open the store any more\n\
         keyctl: hint: to give it up: `keyctl store remove team`\n",
        1,
    );
    let alone = "keyctl: `alice` is the store's only member, and a member's identity is not changed: become a second one with another\n\
         keyctl: hint: under other names: `keyctl store join OTHER --path ~/repo/team.age --as NAME`, and as it says\n\
         keyctl: hint: then `keyctl store recipients remove OTHER alice`, and `keyctl store remove team`\n";
    alice.call(&["store", "rekey", "team", "--yes"]).says("", alone, 2);
    alice.call(&["store", "recipients", "remove", "team", "carol", "--yes"]).says(
        "",
        "keyctl: there is no member `carol`\nkeyctl: hint: its members are `alice`\n",
        3,
    );
}

/// What `store show` tells of the store.
fn store_field(person: &Person, field: &str) -> String {
    let shown = person.call(&["store", "show", "team", "--json"]).stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("json");
    shown[field].as_str().expect("text").to_owned()
}

fn today(person: &Person) -> String {
    let json: serde_json::Value =
        serde_json::from_str(&person.call(&["due", "--json", "--store", "team"]).stdout()).expect("json");
    json["now"].as_str().expect("text")[..10].to_owned()
}

#[test]
fn that_somebody_was_removed_is_told_by_name_and_nothing_is_read_before_a_yes() {
    let (remote, alice, bob) = two();
    let carol = joined("carol", &remote, &alice);
    bob.pull();
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    alice.does(&["store", "recipients", "remove", "team", "carol", "--yes"]);
    alice.set("team:C", "third-secret");
    alice.push();
    bob.pull();
    let heard = format!(
        "keyctl: hint: hear from whoever removed a member, not by the same way, that the new seal's fingerprint is `{}`\n",
        store_field(&alice, "seal_fingerprint")
    );
    let new = "`carol` is not a member any more; it has a new seal, as it gets when a member is removed";
    let said = format!(
        "keyctl: the members of the store `team` are not those that you said yes to: {new}\n{heard}\
         keyctl: hint: ask the others whether that is so; then say yes to it: `keyctl store recipients accept team`\n\
         keyctl: hint: if nobody knows of it, somebody else wrote the file: put your own copy of `~/repo/team.age` back\n"
    );
    bob.sandbox.secret("first-secret");
    bob.call(&["get", "team:A"]).says("", &said, 5);
    bob.sandbox.call(&["set", "team:B"]).input("other-secret").run().says("", &said, 5);
    bob.call(&["store", "recipients", "accept", "team"]).says(
        "",
        &format!(
            "keyctl: what is new with the store `team`:\n  {}\n  new: `team:C`\n{heard}\
             keyctl: saying yes to other members needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
            new.replace("; ", "\n  ")
        ),
        2,
    );
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    bob.has("team:A", "first-secret");
    // Somebody who leaves by himself.
    bob.call(&["store", "recipients", "remove", "team", "bob", "--yes"]).says(
        "",
        "keyctl: that is you: this machine does not open the store `team` any more then\n\
         keyctl: removed `bob`: what is written from now on does not open for that identity\n\
         keyctl: hint: copies of the file from before go on opening for `bob`, with what was in them\n",
        0,
    );
    assert_eq!(bob.call(&["get", "team:A"]).code(), 5);
    drop(carol);
}

/// The text of the store, opened with the real program, and sealed again with it.
pub fn forge(person: &Person, change: impl Fn(String) -> String, recipients: &[&str]) -> Vec<u8> {
    let opened = Command::new("age")
        .arg("-d")
        .arg("-i")
        .arg(person.own("identity.txt"))
        .arg(person.file())
        .output()
        .expect("age");
    assert!(opened.status.success());
    let text = change(String::from_utf8(opened.stdout).expect("text"));
    let mut command = Command::new("age");
    command.args(recipients.iter().flat_map(|recipient| ["-r", *recipient]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("age");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), text.as_bytes()).expect("write");
    child.wait_with_output().expect("age").stdout
}

/// The members' recipients, by the list in the store.
pub fn recipients(person: &Person) -> Vec<String> {
    let json = person.call(&["store", "recipients", "list", "team", "--json"]).stdout();
    let json: serde_json::Value = serde_json::from_str(&json).expect("json");
    json.as_array().expect("list").iter().map(|one| one["recipient"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn recipients_that_were_appended_or_swapped_are_noticed_and_so_is_what_an_ex_member_writes() {
    let (remote, alice, bob) = two();
    let carol = joined("carol", &remote, &alice);
    bob.pull();
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    let all = recipients(&alice);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let stranger = Person::new("mallory", &remote).asks_to_join();
    let refused = |person: &Person, file: &[u8], said: &str| {
        let good = fs::read(person.file()).expect("read");
        fs::write(person.file(), file).expect("write");
        for call in [&["get", "team:A"][..], &["list", "--store", "team"], &["remove", "team:A", "--yes"]] {
            let ran = person.call(call);
            assert!(ran.stderr().starts_with(&format!("keyctl: {said}")), "{}", ran.stderr());
            assert_eq!((ran.code(), ran.stdout().as_str()), (5, ""));
        }
        fs::write(person.file(), good).expect("write");
    };
    // One more can read it, and the list does not say so.
    let appended = forge(&carol, |text| text, &[&all[..], &[stranger.as_str()]].concat());
    refused(&alice, &appended, "the store opens for 4 identities, and names 3: somebody put another file in its place");
    refused(&alice, &forge(&carol, |text| text, &all[..2]), "the store opens for 2 identities, and names 3");
    // The list says that Bob is somebody else, or that somebody is in it by another name.
    let known = "the members of the store `team` are not those that you said yes to: ";
    let swapped = forge(&carol, |text| text.replace(all[1], &stranger), &[all[0], &stranger, all[2]]);
    refused(&alice, &swapped, &format!("{known}`bob` has another recipient than before\n"));
    let renamed = forge(&carol, |text| text.replace("name = \"bob\"", "name = \"bert\""), &all);
    refused(
        &alice,
        &renamed,
        &format!("{known}`bob` is not a member any more; `bert` (…{}) is new, added by `alice`\n", ending(all[1])),
    );
    let founder = forge(
        &carol,
        |text| text.replace(", founder = true", "").replace("by = \"alice\" }]", "by = \"alice\", founder = true }]"),
        &all,
    );
    refused(&alice, &founder, &format!("{known}another member than before is said to have made the store\n"));
    // Carol is removed, and writes as she could before: with the seal that she knows, for all whom she knows.
    let old = fs::read(carol.file()).expect("read");
    alice.does(&["store", "recipients", "remove", "team", "carol", "--yes"]);
    alice.push();
    bob.pull();
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    fs::write(carol.file(), old).expect("write");
    let later = |text: String| {
        let generation = text.lines().find(|line| line.starts_with("generation = ")).expect("there").to_owned();
        text.replace(&generation, "generation = 99")
    };
    let former = "its seal is one of before: whoever was removed since knows it\n";
    for person in [&alice, &bob] {
        refused(
            person,
            &forge(&carol, later, &all),
            &format!("{known}`carol` (…{}) is new, added by `alice`; {former}", ending(all[2])),
        );
        let without = |text: String| {
            let from = text.find(", { name = \"carol\"").expect("there");
            let to = from + text[from..].find('}').expect("there") + 1;
            later(format!("{}{}", &text[..from], &text[to..]))
        };
        let forged = forge(&carol, without, &all[..2]);
        refused(person, &forged, &format!("{known}{former}"));
        fs::write(person.file(), &forged).expect("write");
        person.call(&["store", "recipients", "accept", "team", "--yes"]).says(
            "",
            "keyctl: the store has a seal of before: whoever was removed since could have written it\n\
             keyctl: hint: if it comes from a branch that does not know of a removal: merge it with the newest one\n\
             keyctl: hint: if you took a removal of your own back, with git: `keyctl store recipients accept team --older`\n",
            5,
        );
        // Nor as a removal of herself, with a seal of her own: it does not follow on the one that she does not know.
        let own_seal = |text: String| {
            let seal = text.lines().find(|line| line.starts_with("seal = ")).expect("there").to_owned();
            without(text).replace(&seal, "seal = \"0123456789abcdef0123456789abcdef\"")
        };
        let forged = forge(&carol, own_seal, &all[..2]);
        fs::write(person.file(), &forged).expect("write");
        let strange = person.call(&["store", "recipients", "accept", "team", "--yes"]);
        let said =
            "keyctl: the store has a seal that does not follow on yours: whoever was removed could have written it\n";
        assert!(strange.stderr().starts_with(said) && strange.code() == 5, "{}", strange.stderr());
        person.git(&["checkout", "-q", "team.age"]);
        person.sandbox.secret("first-secret");
        person.has("team:A", "first-secret");
    }
    // A list without an end, and what everybody could open, are none.
    let open = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzzq42m";
    let ran = alice.call(&["store", "recipients", "add", "team", "dave", open, "--yes"]);
    assert!(ran.code() == 2 && ran.stderr().starts_with("keyctl: `<RECIPIENT>`: "), "{}", ran.stderr());
    let identity = fs::read_to_string(alice.own("identity.txt")).expect("read");
    let line = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("there");
    alice.call(&["store", "recipients", "add", "team", "dave", line, "--yes"]).says(
        "",
        "keyctl: `<RECIPIENT>`: this is the private half; give nobody that, but the line that begins with `age1`\n\
         keyctl: hint: see `keyctl store recipients add --help`\n",
        2,
    );
}

/// Alice and Bob with the driver installed in both clones.
pub fn two_with_driver() -> (Remote, Person, Person) {
    let (remote, alice, bob) = two();
    for person in [&alice, &bob] {
        let ran = person.sandbox.call(&["store", "merge", "--install"]).inside(person.repo()).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
        assert!(!person.repo().join(".merge_file").exists());
    }
    assert_eq!(
        fs::read_to_string(alice.repo().join(".gitattributes")).expect("read"),
        "/team.age -text -diff merge=keyctl\n"
    );
    alice.push();
    bob.git(&["checkout", "-q", "--", "."]);
    fs::remove_file(bob.repo().join(".gitattributes")).expect("remove");
    bob.pull();
    (remote, alice, bob)
}

fn value(person: &Person, key: &str) -> String {
    let ran = person.call(&["get", key]);
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0), "{key}");
    ran.stdout()
}

#[test]
fn a_merge_that_git_could_not_end_is_found() {
    let (_remote, alice, bob) = two();
    let hint =
        "keyctl: hint: so that git merges the store key by key, in each clone once: `keyctl store merge --install`\n";
    let made = alice.call(&["store", "create", "other", "--keeper", "file", "--path", "../repo/other.age"]);
    assert!(made.stderr().ends_with(hint), "{}", made.stderr());
    alice.set("team:X", "second-secret");
    bob.set("team:Y", "third-secret");
    alice.push();
    bob.git(&["commit", "-qam", "keys"]);
    let doctor = || bob.call(&["doctor", "--store", "team"]);
    assert!(!doctor().stdout().contains("could not merge"));
    let (good, said) = bob.try_git(&bob.repo(), &["pull", "-q", "--no-rebase", "origin", "main"]);
    assert!(!good && said.contains("team.age"), "{said}");
    let found = doctor();
    let line = "git could not merge `~/repo/team.age`, which has the keys of one side alone\n";
    assert!(found.stdout().contains(line) && found.code() == 1, "{}", found.stdout());
    bob.git(&["merge", "--abort"]);
    assert!(!doctor().stdout().contains("could not merge"));
}

#[test]
fn git_merges_what_two_people_changed_key_by_key_in_both_directions() {
    let (_remote, alice, bob) = two_with_driver();
    for secret in ["first-secret", "second-secret", "third-secret", "fourth-secret", "alices-secret", "bobs-secret"] {
        alice.sandbox.secret(secret);
        bob.sandbox.secret(secret);
    }
    // Each keeps a key of his own, and Bob replaces one: nothing to look at.
    alice.set("team:X", "second-secret");
    bob.set("team:Y", "third-secret");
    bob.set("team:A", "fourth-secret");
    alice.push();
    bob.git(&["commit", "-qam", "keys"]);
    let said = bob.git(&["pull", "-q", "origin", "main"]);
    assert!(said.contains("keyctl: merged both versions of the store `team`\n"), "{said}");
    // Who looks at a merge later has git make it once more, and nothing is merged by that.
    assert!(!bob.git(&["log", "-2", "--remerge-diff", "--format=%h"]).contains("keyctl"));
    bob.git(&["push", "-q", "origin", "HEAD:main"]);
    alice.pull();
    for person in [&alice, &bob] {
        assert_eq!(
            ["team:A", "team:X", "team:Y"].map(|key| value(person, key)),
            ["fourth-secret", "second-secret", "third-secret"]
        );
        person.call(&["undo", "--store", "team", "--yes"]).says(
            "",
            "keyctl: nothing was changed in the last 30 days that could be taken back\n",
            1,
        );
    }
    // The same key on both sides, and one that was removed here and changed there: it is merged all the same, and told of.
    // In another second than before, and than what follows: the later ones are told by that.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    bob.set("team:A", "bobs-secret");
    bob.set("team:Y", "bobs-secret");
    bob.push();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    alice.set("team:A", "alices-secret");
    alice.does(&["remove", "team:Y", "--yes"]);
    alice.git(&["commit", "-qam", "keys"]);
    let (good, said) = alice.try_git(&alice.repo(), &["pull", "-q", "origin", "main"]);
    assert!(!good && said.contains("CONFLICT (content): Merge conflict in team.age"), "{said}");
    let told = "keyctl: merged both versions of the store `team`\n\
        keyctl: `team:A` has another secret on both sides: the later one is in use, the other among its former ones\n\
        keyctl: hint: to see them: `keyctl versions team:A`; to use the other one: `keyctl rollback team:A`\n\
        keyctl: `team:Y` was changed on the other side and removed, or renamed, on this one: it is kept\n\
        keyctl: hint: if it is to go: `keyctl remove team:Y`\n\
        keyctl: `keyctl undo --store team` goes no further back than this; `keyctl rollback team:NAME` has all former secrets\n";
    assert!(said.contains(told), "{said}");
    assert_eq!((value(&alice, "team:A"), value(&alice, "team:Y")), ("alices-secret".into(), "bobs-secret".into()));
    assert!(!alice.call(&["doctor", "--store", "team"]).stdout().contains("could not merge"));
    alice.git(&["add", "team.age"]);
    alice.git(&["commit", "-qm", "merged"]);
    alice.git(&["push", "-q", "origin", "HEAD:main"]);
    bob.pull();
    bob.does(&["rollback", "team:A", "--yes"]);
    assert_eq!(value(&bob, "team:A"), "bobs-secret");
    bob.does(&["undo", "--store", "team", "--yes"]);
    assert_eq!(value(&bob, "team:A"), "alices-secret");
    for person in [&alice, &bob] {
        let verified = person.call(&["history", "verify", "--store", "team"]);
        assert!(verified.stdout().starts_with("the history is intact ("), "{}{}", verified.stdout(), verified.stderr());
        assert!(!person.call(&["history", "--json", "--store", "team"]).stdout().contains("\"failed\""));
    }
}

#[test]
fn a_merge_that_cannot_be_made_leaves_this_side_as_it_was() {
    let (remote, alice, bob) = two();
    let of_before = ["anchor.txt", "members", "seen"].map(|name| (name, fs::read(bob.own(name)).expect("read")));
    let files = alice.sandbox.home().join("files");
    fs::create_dir(&files).expect("make");
    let good = fs::read(alice.file()).expect("read");
    let put = |name: &str, bytes: &[u8]| {
        let path = files.join(name);
        fs::write(&path, bytes).expect("write");
        path.to_str().expect("text").to_owned()
    };
    let merge = |base: &[u8], theirs: &[u8], path: &str| {
        let [base, ours, theirs] =
            [("base", base), ("ours", &good[..]), ("theirs", theirs)].map(|(name, bytes)| put(name, bytes));
        let words = ["store", "merge", "--base", &base, "--ours", &ours, "--theirs", &theirs, "--path", path];
        let ran = alice.sandbox.call(&words).inside(alice.repo()).run();
        (ran.code(), ran.stderr(), fs::read(files.join("ours")).expect("read"))
    };
    let damaged = [&good[..good.len() - 1], &[good[good.len() - 1] ^ 1]].concat();
    let strangers = Command::new("age")
        .args(["-r", "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"])
        .arg(bob.file())
        .output();
    let strangers = strangers.expect("age").stdout;
    for (theirs, said) in [
        (&damaged[..], "keyctl: the other side: `~/files/theirs` is damaged [E05]\n"),
        (b"<<<<<<< HEAD\n", "keyctl: the other side: the store is no age file [E05]\n"),
        (b"", "keyctl: the other side: the store is empty [E05]\n"),
        (&strangers, "keyctl: the other side: the store was made for another identity than the one that is kept ("),
    ] {
        let (code, told, ours) = merge(&good, theirs, "team.age");
        assert!(told.starts_with(said) && code == 129 && ours == good, "{code}: {told}");
        assert!(told.contains("\nkeyctl: hint: git gave this merge up with nothing changed: "), "{told}");
    }
    // By its path, or else by who opens it; from nothing in common, too.
    for (base, path) in [(&good[..], "team.age"), (&good, "nowhere.age"), (b"", "team.age")] {
        let (code, told, ours) = merge(base, &good, path);
        assert!(
            code == 0
                && told
                    == "keyctl: merged both versions of the store `team`\nkeyctl: `keyctl undo --store team` goes no further back than this; `keyctl rollback team:NAME` has all former secrets\n"
                && ours != good,
            "{told}"
        );
    }
    let (code, told, _) = merge(&strangers, &good, "team.age");
    assert!(code == 1 && told.contains("what both come from is from before you were a member"), "{told}");
    // Whom the other side let in is told of, and git does not commit it by itself.
    let carol = joined("carol", &remote, &bob);
    let (code, told, _) = merge(&good, &fs::read(carol.file()).expect("read"), "team.age");
    assert!(code == 1 && told.contains("keyctl: its members are not those that you said yes to: `carol` (…"), "{told}");
    assert!(
        told.ends_with(", added by `bob`\nkeyctl: hint: before you commit it: `keyctl store recipients accept team`\n"),
        "{told}"
    );
    // Bob goes back to where he was.
    fs::copy(alice.file(), bob.file()).expect("copy");
    for (name, bytes) in of_before {
        fs::write(bob.own(name), bytes).expect("write");
    }
    // An old copy, which somebody puts back in a commit, takes nothing back.
    alice.set("team:B", "second-secret");
    let newer = fs::read(alice.file()).expect("read");
    let (code, told, ours) = merge(&newer, &good, "team.age");
    assert!(
        told.starts_with("keyctl: this side is an older copy than what both come from: ")
            && code == 129
            && ours == good,
        "{told}"
    );
    assert!(told.contains("\nkeyctl: hint: git revert and cherry-pick ask for that, "), "{told}");
    // Who was removed and goes on writing is told of by what he changed.
    alice.git(&["checkout", "-q", "team.age"]);
    drop((remote, newer));
    bob.set("team:Z", "second-secret");
    bob.set("team:Z", "third-secret");
    let bobs = fs::read(bob.file()).expect("read");
    fs::copy(bob.file(), alice.file()).expect("copy");
    alice.does(&["store", "recipients", "remove", "team", "bob", "--yes"]);
    let ours = put("ours", &fs::read(alice.file()).expect("read"));
    bob.set("team:A", "planted-secret");
    let (base, theirs) = (put("base", &bobs), put("theirs", &fs::read(bob.file()).expect("read")));
    let words = ["store", "merge", "--base", &base, "--ours", &ours, "--theirs", &theirs, "--path", "team.age"];
    let ran = alice.sandbox.call(&words).inside(alice.repo()).run();
    let warned = "keyctl: one side did not know yet that `bob` is removed, or is by `bob`; it changed `team:A`\n\
        keyctl: hint: look at these before you use them; what was kept there left with whoever was removed\n";
    assert!(ran.stderr().contains(warned) && ran.code() == 1, "{}", ran.stderr());
    fs::copy(&ours, alice.file()).expect("copy");
    let due = alice.call(&["due", "--store", "team"]).stdout();
    assert!(due.contains("team:A  due    just now") && due.matches("left with bob").count() == 2, "{due}");
    let refused = bob.sandbox.call(&["store", "merge"]).run();
    refused.says(
        "",
        "keyctl: a merge takes three files: `--base`, `--ours` and `--theirs`\n\
         keyctl: hint: to have git call it: `keyctl store merge --install`\n",
        2,
    );
}

#[test]
fn git_is_told_who_merges_a_store_and_forgets_it_again() {
    let remote = Remote::new();
    let alice = alice(&remote);
    let call = |word: &str| alice.sandbox.call(&["store", "merge", word]).inside(alice.repo()).run();
    fs::write(alice.repo().join(".gitattributes"), "*.sh text").expect("write");
    let program = fs::canonicalize(crate::sandbox::KEYCTL).expect("there");
    let driver = format!("'{}' store merge --base %O --ours %A --theirs %B --path %P", program.display());
    let said = format!(
        "keyctl: `~/repo/.gitattributes` has\n  /team.age -text -diff merge=keyctl\nkeyctl: and the settings of this clone\n  \
         merge.keyctl.driver = {driver}\nkeyctl: hint: commit the first; each member calls this once in a clone of his own\n"
    );
    call("--install").says("", &said, 0);
    call("--install").says("", &said, 0);
    let attributes = || fs::read_to_string(alice.repo().join(".gitattributes")).expect("read");
    assert_eq!(attributes(), "*.sh text\n/team.age -text -diff merge=keyctl\n");
    assert_eq!(alice.git(&["config", "merge.keyctl.driver"]).trim(), driver);
    // What two versions come from is merged without a word.
    assert_eq!(alice.git(&["config", "merge.keyctl.recursive"]).trim(), "keyctl-base");
    assert_eq!(alice.git(&["config", "merge.keyctl-base.driver"]).trim(), format!("{driver} --unseen"));
    let entries = || alice.call(&["history", "--json", "--store", "team"]).stdout().lines().count();
    let before = (fs::read(alice.file()).expect("read"), entries());
    // In files of its own, as it gives them.
    let ours = alice.repo().join(".merge_file_ours");
    fs::copy(alice.file(), &ours).expect("copy");
    let words =
        ["--base", "team.age", "--ours", ".merge_file_ours", "--theirs", "team.age", "--path", "team.age", "--unseen"];
    let merged = alice.sandbox.call(&[&["store", "merge"], &words[..]].concat()).inside(alice.repo()).run();
    merged.says("", "", 0);
    assert!(before.0 != fs::read(&ours).expect("read") && before.1 == entries());
    fs::remove_file(&ours).expect("remove");
    call("--uninstall").says("", "keyctl: git merges stores here by itself again, as it merges any file\n", 0);
    call("--uninstall").says("", "keyctl: nothing was installed here\n", 0);
    assert_eq!(attributes(), "*.sh text\n");
    assert!(!alice.try_git(&alice.repo(), &["config", "--get-regexp", "^merge\\.keyctl"]).0);
    let none = alice.sandbox.call(&["store", "merge", "--install"]).run();
    assert!(none.code() != 0 && !none.stderr().is_empty());
}

#[test]
fn who_can_open_which_store_is_read_from_the_stores() {
    let (_remote, alice, bob) = two();
    alice.does(&["store", "create", "ops", "--keeper", "file"]);
    alice.call(&["store", "access"]).says(
        "STORE  WHO         KEEPER HERE  OPENING ASKS FOR\nops    you alone   file         nothing\nteam   alice, bob  file         nothing\n",
        "",
        0,
    );
    let json: serde_json::Value =
        serde_json::from_str(&alice.call(&["store", "access", "--json"]).stdout()).expect("json");
    assert_eq!(
        (&json[1]["store"], &json[1]["members"], &json[1]["keys"]),
        (&"team".into(), &serde_json::json!(["alice", "bob"]), &1.into())
    );
    fs::remove_file(bob.own("identity.txt")).expect("remove");
    let shown = bob.call(&["store", "access"]).stdout();
    assert!(shown.contains("not known: `identity.txt` has no identity for this store any more"), "{shown}");
    let shown = alice.call(&["store", "show", "team"]).stdout();
    assert!(
        shown.contains("\nmembers        alice, bob\nrecovery copy  not needed: another member can let you in anew\n"),
        "{shown}"
    );
    // What is said of a store's file says what it is called here.
    let aside = alice.repo().join("aside.age");
    fs::rename(alice.file(), &aside).expect("rename");
    let gone = alice.call(&["get", "team:A"]).stderr();
    assert!(gone.contains("keyctl: hint: put your newest copy of `team.age` back; "), "{gone}");
    fs::rename(aside, alice.file()).expect("rename");
    alice.call(&["store", "remove", "team", "--yes"]).says(
        "",
        "keyctl: removed the store `team`, its identity and its history\n\
         keyctl: hint: `~/repo/team.age` stays where it is; you open it with a recovery copy only\n\
         keyctl: hint: its other members open it as before, and write it for you too until one of them removes you\n",
        0,
    );
}

#[test]
fn an_identity_in_the_keychain_goes_over_to_the_stores_id_when_the_store_is_joined() {
    let remote = Remote::new();
    let alice = alice(&remote);
    let (sandbox, keychain) = desktop();
    let bob = Person::at_home("bob", &remote, sandbox);
    let asked = bob.call(&["store", "join", "team", "--path", "../repo/team.age"]);
    let id = || {
        let record = fs::read_to_string(bob.own("keeper.toml")).expect("record");
        record.lines().find_map(|line| line.strip_prefix("store = ")).expect("id").trim_matches('"').to_owned()
    };
    let kept = |id: &str, item: &str| keychain.lookup(&["service", &format!("keyctl:{id}"), "username", item]);
    let before = id();
    let identity = kept(&before, "identity");
    assert!(identity.starts_with("AGE-SECRET-KEY-1") && kept(&before, "anchor").is_empty());
    bob.sandbox.secret(identity.trim());
    alice.does(&["store", "recipients", "add", "team", "bob", asked.stdout().trim(), "--yes"]);
    alice.push();
    bob.pull();
    bob.does(&["store", "join", "team", "--yes"]);
    let after = id();
    assert!(after != before && kept(&before, "identity").is_empty() && kept(&after, "identity") == identity);
    assert!(
        kept(&after, "anchor").starts_with(&format!("keyctl-anchor 1 {after} ")) && !bob.own("identity.txt").exists()
    );
    bob.sandbox.secret("first-secret");
    bob.has("team:A", "first-secret");
    bob.set("team:B", "second-secret");
    bob.git(&["commit", "-qam", "another key"]);
    keychain.lock();
    let locked = bob.call(&["get", "team:A"]);
    assert!(
        locked.stderr().starts_with("keyctl: the keychain is locked\n") && locked.code() == 4,
        "{}",
        locked.stderr()
    );
    let [ours, theirs] = ["ours", "theirs"].map(|name| {
        let path = bob.sandbox.home().join(name);
        fs::copy(bob.file(), &path).expect("copy");
        path.to_str().expect("text").to_owned()
    });
    let words = ["store", "merge", "--base", &theirs, "--ours", &ours, "--theirs", &theirs, "--path", "team.age"];
    let merged = bob.sandbox.call(&words).inside(bob.repo()).run();
    assert!(
        merged.stderr().starts_with("keyctl: store `team`: the keychain is locked [E04]\n") && merged.code() == 129,
        "{}",
        merged.stderr()
    );
}

#[test]
fn a_member_has_a_recovery_copy_of_his_own_until_somebody_is_removed() {
    let (remote, alice, bob) = two();
    let phrase = "correct horse battery staple nine";
    let recovery = |words: &[&str]| {
        let ran = bob.sandbox.call(&[&["recovery"], words, &["--store", "team"]].concat()).input(phrase).run();
        (ran.code(), ran.stderr())
    };
    assert_eq!(recovery(&["create", "copy.age"]).0, 0);
    crate::recovering::make_cheap(&bob.sandbox, "stores/team", "copy.age", phrase);
    fs::remove_file(bob.own("identity.txt")).expect("remove");
    assert_eq!(bob.call(&["get", "team:A"]).code(), 4);
    let (code, told) = recovery(&["restore", "copy.age", "--keeper", "file"]);
    assert_eq!(code, 0, "{told}");
    bob.sandbox.secret("first-secret");
    bob.has("team:A", "first-secret");
    // On a new machine it is said what is left to do, and the copy that it took for that gives way to the clone.
    let anew = Person::new("bob", &remote);
    fs::create_dir_all(anew.sandbox.data("stores/team")).expect("make");
    fs::copy(anew.file(), anew.own("store.age")).expect("copy");
    fs::set_permissions(anew.own("store.age"), fs::Permissions::from_mode(0o600)).expect("mode");
    fs::copy(bob.sandbox.project().join("copy.age"), anew.sandbox.project().join("copy.age")).expect("copy");
    let words = ["recovery", "restore", "copy.age", "--keeper", "file", "--store", "team"];
    anew.sandbox.secret("first-secret");
    let ran = anew.sandbox.call(&words).input(phrase).run();
    assert!(
        ran.stderr().contains("the identity is restored, and the store does not open with it yet: "),
        "{}",
        ran.stderr()
    );
    assert!(ran.code() == 5 && ran.stderr().contains("`keyctl store recipients accept team`"), "{}", ran.stderr());
    anew.does(&["store", "recipients", "accept", "team", "--yes"]);
    let said = "keyctl: the store `team` lies in `~/repo/team.age` from now on\n\
        keyctl: hint: `~/.local/share/keyctl/stores/team/store.age` is not used any more\n";
    anew.call(&["store", "path", "team", "../repo/team.age"]).says("", said, 0);
    anew.has("team:A", "first-secret");
    let carol = joined("carol", &remote, &bob);
    bob.does(&["store", "recipients", "remove", "team", "carol", "--yes"]);
    let (code, told) = recovery(&["verify", "copy.age"]);
    assert!(code == 5 && told.contains("its seal differs"), "{told}");
    // The founder's own is what it was: others write nothing of it.
    bob.push();
    alice.pull();
    alice.does(&["store", "recipients", "accept", "team", "--yes"]);
    let verified = alice.call(&["history", "verify", "--store", "team"]);
    assert!(verified.stdout().starts_with("the history is intact ("), "{}", verified.stdout());
    drop(carol);
}

#[test]
fn an_older_copy_is_known_to_whoever_has_only_read_and_nobody_is_blamed_for_what_git_does() {
    let (_remote, alice, bob) = two();
    alice.sandbox.secret("first-secret");
    let old = fs::read(alice.file()).expect("read");
    alice.set("team:A", "second-secret");
    alice.push();
    bob.pull();
    bob.sandbox.secret("second-secret");
    // Where it cannot be noted it is read all the same, and nothing is said.
    let seen = fs::read(bob.own("seen")).expect("noted when he joined");
    fs::remove_file(bob.own("seen")).expect("remove");
    fs::create_dir(bob.own("seen")).expect("make");
    bob.has("team:A", "second-secret");
    fs::remove_dir(bob.own("seen")).expect("remove");
    fs::write(bob.own("seen"), seen).expect("write");
    let used = bob.sandbox.call(&["run", "-k", "team:A", "--", "sh", "-c", "echo $A"]).run();
    used.says("second-secret\n", "", 0);
    let noted = fs::read(bob.own("seen")).expect("read");
    bob.has("team:A", "second-secret");
    assert!(fs::read(bob.own("seen")).expect("read") == noted, "noted once more, and nothing was new");
    // Whoever may push puts the copy of before back.
    fs::write(bob.file(), &old).expect("write");
    let ways = "keyctl: hint: git checkout, revert, reset and stash put such a file there, and so does whoever puts an older copy back\n\
        keyctl: hint: get the newest back: from the branch that has it (or merge that), from a stash (`git stash pop`), or in a conflict from its other side (`git checkout --theirs`)\n\
        keyctl: hint: if you know of it and want this one: `keyctl store recipients accept team --older`\n";
    let older = "keyctl: the store is an older copy: generation 3, but 4 was written before\n";
    bob.call(&["get", "team:A"]).says("", &format!("{older}{ways}"), 5);
    bob.sandbox.call(&["set", "team:B"]).input("other-secret").run().says("", &format!("{older}{ways}"), 5);
    let refused = bob.call(&["store", "recipients", "accept", "team", "--yes"]);
    assert!(refused.stderr().starts_with(older) && refused.code() == 5, "{}", refused.stderr());
    // Going back takes a person, and no option stands for that.
    let going_back = ["store", "recipients", "accept", "team", "--older", "--yes"];
    let ran = bob.sandbox.call(&going_back).under(&["setsid", "-w"]).run();
    let refused =
        "to go back to an older version of the store `team` takes a yes at a terminal; nothing was accepted\n";
    assert!(ran.code() == 9 && ran.stderr().contains(refused), "{}", ran.stderr());
    let screen = on_a_terminal(
        &bob.sandbox,
        &[&[KEYCTL], &going_back[..]].concat(),
        &[("go on with the store `team` as it is now? [y/N] ", "y\r")],
    );
    assert!(screen.code == 0 && screen.shown.contains("opens again as it is now: 2 members"), "{}", screen.shown);
    bob.sandbox.secret("first-secret");
    bob.has("team:A", "first-secret");
    // What he writes from there is of Alice's generation, and without her change: she is told.
    bob.set("team:B", "third-secret");
    fs::copy(bob.file(), alice.file()).expect("copy");
    let another = "keyctl: the store is not the one that you had, but another of generation 4\n";
    alice.call(&["get", "team:A"]).says("", &format!("{another}{ways}"), 5);
    alice.sandbox.call(&going_back[..5]).under(&["setsid", "-w"]).run().says(
        "",
        "keyctl: what is new with the store `team`:\n  the store is not the one that you had, but another of generation 4\n  \
         another secret than you had before: `team:A`\n  new: `team:B`\n\
         keyctl: to go back to an older version of the store `team` takes a yes at a terminal; nothing was accepted\n\
         keyctl: hint: do it yourself, at a terminal\n",
        9,
    );
}

#[test]
fn what_two_who_both_removed_somebody_have_is_merged_and_merged_again() {
    let (_remote, alice, bob) = two();
    let dave = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    alice.does(&["store", "recipients", "add", "team", "dave", dave, "--yes"]);
    fs::copy(alice.file(), bob.file()).expect("copy");
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    let files = alice.sandbox.home().join("files");
    fs::create_dir(&files).expect("make");
    let kept = |person: &Person, name: &str| {
        let path = files.join(name);
        fs::copy(person.file(), &path).expect("copy");
        path
    };
    let base = kept(&alice, "base");
    for person in [&alice, &bob] {
        person.does(&["store", "recipients", "remove", "team", "dave", "--yes"]);
    }
    bob.set("team:X", "third-secret");
    let (of_alice, of_bob) = (kept(&alice, "alice"), kept(&bob, "bob"));
    let merge = |person: &Person, base: &Path, theirs: &Path| {
        let (ours, path) = (kept(person, "ours"), person.file());
        let words = [base, &ours, theirs].map(|path| path.to_str().expect("text").to_owned());
        let words =
            ["store", "merge", "--base", &words[0], "--ours", &words[1], "--theirs", &words[2], "--path", "team.age"];
        let ran = person.sandbox.call(&words).inside(person.repo()).run();
        fs::copy(ours, path).expect("copy");
        (ran.code(), ran.stderr())
    };
    let fingerprint =
        |told: &str| told.split("the new seal's fingerprint is `").nth(1).map(|rest| rest[..19].to_owned());
    let new =
        "it has a new seal, though nobody left of those you know: one was removed and added again, or two removed one";
    let (code, told) = merge(&bob, &base, &of_alice);
    let both = "keyctl: both sides removed `dave`, or one of them is by `dave`; since then they changed `team:X`\n";
    assert!(code == 1 && told.contains(both) && told.contains(new), "{told}");
    let joined = fingerprint(&told).expect("said");
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    bob.sandbox.secret("third-secret");
    bob.has("team:X", "third-secret");
    // Whoever merges the same two comes to the same seal.
    assert_eq!(fingerprint(&merge(&alice, &base, &of_bob).1), Some(joined.clone()));
    // Alice has gone on from hers meanwhile, and merges what Bob has made of both.
    fs::copy(of_alice, alice.file()).expect("copy");
    alice.set("team:Y", "fourth-secret");
    let (code, told) = merge(&alice, &files.join("alice"), &kept(&bob, "merged"));
    assert!(code == 1 && fingerprint(&told) == Some(joined) && told.contains(new), "{told}");
    alice.does(&["store", "recipients", "accept", "team", "--yes"]);
    alice.sandbox.secret("third-secret");
    assert_eq!([value_of(&alice, "team:X"), value_of(&alice, "team:Y")], ["third-secret", "fourth-secret"]);
}

fn value_of(person: &Person, key: &str) -> String {
    person.call(&["get", key]).stdout()
}

#[test]
fn a_clone_that_was_moved_is_told_to_its_store_and_what_is_known_of_it_still_holds() {
    let (_remote, alice, _bob) = two();
    let old = fs::read(alice.file()).expect("read");
    alice.set("team:A", "second-secret");
    let clone = alice.sandbox.home().join("clone");
    fs::rename(alice.repo(), &clone).expect("move");
    let ran = alice.call(&["get", "team:A"]);
    let hint = "keyctl: hint: if it lies elsewhere now: `keyctl store path team FILE`\n";
    assert!(ran.stderr().contains(hint) && ran.code() == 5, "{}", ran.stderr());
    // Another store and none are what they were at the place before. Where the newest is gone an older copy is better than
    // none, and still it opens for nobody who has not said yes to it.
    let place = |name: &str| ["store", "path", "team", name].map(str::to_owned);
    let path = |name: &str| {
        let words = place(name);
        alice.call(&words.each_ref().map(String::as_str))
    };
    fs::create_dir(alice.sandbox.home().join("other")).expect("make");
    let other = alice.sandbox.home().join("other/team.age");
    fs::write(&other, old).expect("write");
    let bad = alice.sandbox.home().join("other/bad.age");
    fs::write(&bad, b"x").expect("write");
    assert_eq!(path("../other/bad.age").code(), 5);
    let ran = path("../other/team.age");
    let said = "keyctl: the store `team` lies in `~/other/team.age` from now on\nkeyctl: the store is an older copy: ";
    assert!(ran.stderr().starts_with(said) && ran.code() == 0, "{}", ran.stderr());
    assert!(ran.stderr().ends_with("`keyctl store recipients accept team --older`\n"), "{}", ran.stderr());
    path("../clone/none.age").says("", "keyctl: there is no file `~/clone/none.age`\n", 3);
    assert_eq!(alice.call(&["get", "team:A"]).code(), 5);
    // While one is there no older one takes its place.
    let older = alice.sandbox.home().join("other/older.age");
    fs::copy(&other, &older).expect("copy");
    assert_eq!(path("../other/older.age").code(), 5);
    path("../clone/team.age").says("", "keyctl: the store `team` lies in `~/clone/team.age` from now on\n", 0);
    alice.has("team:A", "second-secret");
    path("../clone/team.age").says("", "keyctl: the store `team` lies there already, as far as keyctl knows\n", 0);
    let history = alice.call(&["history", "--store", "team"]).stdout();
    assert!(history.contains("its age file lies elsewhere now"), "{history}");
    let said = "keyctl: changed `team:A`\n";
    let members = "keyctl: that holds for all 2 members of the store, each on his own machine\n";
    alice.call(&["edit", "team:A", "--ask"]).says("", &format!("{members}{said}"), 0);
    alice.call(&["edit", "team:A", "--note", "of the shop"]).says("", said, 0);
}

#[test]
fn in_a_rebase_over_a_removal_it_is_said_when_the_yes_is_to_be_given() {
    let (_remote, alice, bob) = two_with_driver();
    let dave = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    alice.does(&["store", "recipients", "add", "team", "dave", dave, "--yes"]);
    alice.push();
    bob.pull();
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    alice.does(&["store", "recipients", "remove", "team", "dave", "--yes"]);
    alice.push();
    for (name, secret) in [("team:X", "second-secret"), ("team:Y", "third-secret")] {
        bob.set(name, secret);
        bob.git(&["commit", "-qam", name]);
    }
    let (good, said) = bob.try_git(&bob.repo(), &["pull", "-q", "--rebase", "origin", "main"]);
    let later =
        "it is not the newest yet: in a rebase go on, and before you push: `keyctl store recipients accept team`";
    assert!(!good && said.contains(later) && !said.contains("neither version is the newest"), "{said}");
    assert_eq!(bob.call(&["store", "recipients", "accept", "team", "--yes"]).code(), 5);
    bob.git(&["add", "team.age"]);
    let (good, said) = bob.try_git(&bob.repo(), &["-c", "core.editor=true", "rebase", "--continue"]);
    assert!(!good && said.contains("before you commit it: `keyctl store recipients accept team`"), "{said}");
    bob.does(&["store", "recipients", "accept", "team", "--yes"]);
    bob.git(&["add", "team.age"]);
    bob.git(&["-c", "core.editor=true", "rebase", "--continue"]);
    bob.has("team:X", "second-secret");
    bob.has("team:Y", "third-secret");
}

#[test]
fn what_holds_a_key_back_is_given_up_by_a_person_alone_whatever_git_brings() {
    let (_remote, alice, bob) = two();
    alice.set("team:B", "second-secret");
    alice.push();
    bob.pull();
    alice.sandbox.secret("third-secret");
    for at in 0..4 {
        bob.set(&format!("team:X{at}"), "third-secret");
    }
    alice.does(&["edit", "team:A", "--ask"]);
    alice.does(&["revoke", "team:B", "--yes"]);
    let limited = fs::read(alice.file()).expect("read");
    let run = || {
        let words = ["run", "-k", "A=team:A", "-k", "B=team:B", "--", "printenv", "A", "B"];
        let call = alice.sandbox.call(&words).under(&["setsid", "-w"]).run();
        (call.stdout(), call.stderr(), call.code())
    };
    let is_held_on = |why: &str| {
        let (given, said, code) = run();
        assert!(given.is_empty() && code == 125 && said.contains("[E09]"), "{why}: {code} {said}");
        said.contains("holds on: `A`, `B`")
    };
    assert!(!is_held_on("as it is"));
    // A branch that does not know of it has been written more often, so its file is the newer one.
    fs::copy(bob.file(), alice.file()).expect("copy");
    assert!(is_held_on("a newer one") && is_held_on("once more"));
    // Nor does it go with what is written here, nor with a yes that no person gives.
    alice.set("team:Y", "third-secret");
    assert!(is_held_on("written"));
    let accept = ["store", "recipients", "accept", "team"];
    let alone = |words: &[&str]| alice.sandbox.call(words).under(&["setsid", "-w"]).run();
    let ran = alone(&[&accept[..], &["--yes"]].concat());
    let alone_is_refused =
        "keyctl: to use `team:A`, `team:B` for more takes a yes at a terminal; nothing was changed\n";
    assert!(ran.code() == 9 && ran.stderr().contains(alone_is_refused), "{}", ran.stderr());
    let ran = alone(&["store", "move", "team:A", "--to", "personal"]);
    assert!(ran.code() == 5 && ran.stderr().contains("nothing was moved"), "{}", ran.stderr());
    // A merge that is told of another base, and an older copy, are no way round either.
    let files = ["base", "ours", "theirs"].map(|name| alice.sandbox.home().join(name));
    for (file, content) in files.iter().zip([&limited, &limited, &fs::read(bob.file()).expect("read")]) {
        fs::write(file, content).expect("write");
    }
    let [base, ours, theirs] = files.each_ref().map(|file| file.to_str().expect("text"));
    let path = alice.file();
    let merge =
        ["store", "merge", "--base", base, "--ours", ours, "--theirs", theirs, "--path", path.to_str().expect("text")];
    let ran = alice.call(&merge);
    let said = "neither version is the newest that this machine knows, so what they make is not either";
    assert!(ran.code() == 0 && ran.stderr().contains(said), "{}", ran.stderr());
    fs::copy(ours, &path).expect("copy");
    assert_eq!(run().0, "");
    alice.git(&["checkout", "-q", "--", "team.age"]);
    let ran = alone(&[&accept[..], &["--older", "--yes"]].concat());
    assert!(ran.code() == 9 && ran.stderr().contains("takes a yes at a terminal"), "{}", ran.stderr());
    fs::copy(bob.file(), alice.file()).expect("copy");
    bob.set("team:Y1", "third-secret");
    bob.set("team:Y2", "third-secret");
    fs::copy(bob.file(), alice.file()).expect("copy");
    let question = "go on with the store `team` as it is now, and let `team:A`, `team:B` be used for more? [y/N] ";
    let words = [&[KEYCTL], &accept[..]].concat();
    let screen = on_a_terminal(&alice.sandbox, &words, &[(question, "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let (given, said, code) = run();
    assert_eq!((given.as_str(), said.as_str(), code), ("first-secret\nsecond-secret\n", "", 0));
}
