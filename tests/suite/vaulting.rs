//! Keys that lie in `OpenBao`'s own server: replaced there and brought back, moved there and back, and lent for as long as a command runs.

use std::{
    process::{Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};

#[path = "../sources/openbao.rs"]
pub mod openbao;

use openbao::Server;

pub static BAO: LazyLock<Server> = LazyLock::new(|| Server::start(&[]));

/// A home with a source `corp`, whose token may read and write, and a key that refers to a place of its own.
fn home(place: &str) -> Sandbox {
    let sandbox = Sandbox::with(&[("corp/token", &BAO.token("writer"))]);
    at(&sandbox, BAO.address());
    BAO.put(place, &json!({ "password": "the-first-secret", "user": "me" }));
    for secret in ["the-first-secret", "the-second-secret", "the-third-secret"] {
        sandbox.secret(secret);
    }
    let reference = format!("secret/{place}#password");
    sandbox.call(&["set", "db", "--source", "corp", "--ref", &reference]).run().says(
        "",
        &format!("keyctl: `db` refers to `{reference}` in source `corp`\n"),
        0,
    );
    sandbox
}

fn at(sandbox: &Sandbox, address: &str) {
    sandbox.configure(&format!(
        "[sources.corp]\ntype = \"vault\"\naddress = \"{address}\"\ntoken = {{ key = \"corp/token\" }}\n"
    ));
}

fn given(sandbox: &Sandbox) -> String {
    sandbox.call(&["run", "-k", "DB=db", "--", "sh", "-c", "printf %s \"$DB\""]).run().stdout()
}

fn there(place: &str) -> Value {
    BAO.ask("GET", &format!("secret/data/{place}"), &Value::Null)["data"].clone()
}

/// What was said, without what the key touches, which the time is in.
fn said(ran: &Ran) -> String {
    let is_of_it = |line: &&str| !line.starts_with("keyctl:   ") && !line.ends_with("touches:");
    ran.stderr().split_inclusive('\n').filter(|line| is_of_it(&line.trim_end())).collect()
}

/// Waits for a line that a server says by itself.
fn next(server: &Server) -> Value {
    let mut line = String::new();
    std::io::BufRead::read_line(&mut server.pipes.lock().expect("lock").1, &mut line).expect("read");
    serde_json::from_str(&line).expect("json")
}

/// The port without which an address is the same in all runs.
fn portless(text: &str) -> String {
    let port = BAO.address().rsplit(':').next().expect("a port");
    text.replace(port, "PORT")
}

#[test]
fn a_secret_is_replaced_in_its_source_and_brought_back_there() {
    let sandbox = home("app/rotate");
    let rotate = |new: &str| sandbox.call(&["rotate", "db", "--yes"]).input(new).run();
    let ran = rotate("the-second-secret");
    assert_eq!(
        said(&ran),
        "keyctl: as far as keyctl knows nothing uses `db`\nkeyctl: source `corp` has the new secret of `db`, version 2\nkeyctl: replaced `db`; its former secret is kept\n"
    );
    assert_eq!(given(&sandbox), "the-second-secret");
    assert_eq!(there("app/rotate")["data"], json!({ "password": "the-second-secret", "user": "me" }));
    // What is there already is nothing new, and the store knows no better than the source.
    let again = rotate("the-second-secret");
    assert_eq!(
        (said(&again), again.code()),
        ("keyctl: source `corp` has this very secret already; nothing was replaced\n".into(), 1)
    );
    sandbox.call(&["undo", "--yes"]).run().says(
        "",
        "keyctl: the secret of `db` was replaced in its source, which `undo` does not change\n\
         keyctl: hint: to write the former one there again, as the newest: `keyctl rollback db`\n\
         keyctl: hint: to let the change stand: `keyctl undo --skip`\n",
        1,
    );
    let versions = sandbox.call(&["versions", "db"]).run().stdout();
    assert!(versions.lines().nth(2).expect("a former one").ends_with("version 1 in source `corp`"), "{versions}");
    sandbox.call(&["rollback", "db", "--yes"]).run().says(
        "",
        "keyctl: source `corp` has version 1 of `db` again, as version 3\n",
        0,
    );
    assert_eq!(
        (given(&sandbox).as_str(), &there("app/rotate")["metadata"]["version"]),
        ("the-first-secret", &json!(3))
    );
    sandbox.call(&["rollback", "db", "--yes", "--json"]).run();
    assert_eq!(given(&sandbox), "the-second-secret");
    // Somebody else has destroyed what was to come back.
    BAO.ask("PUT", "secret/destroy/app/rotate", &json!({ "versions": [3] }));
    let gone = sandbox.call(&["rollback", "db", "--yes"]).run();
    assert_eq!(
        (gone.stderr().contains("has `secret/app/rotate@3` no more: its version 3 was destroyed"), gone.code()),
        (true, 10),
        "{}",
        gone.stderr()
    );
    assert_eq!(given(&sandbox), "the-second-secret");
}

#[test]
fn a_teams_key_leads_nobodys_credential_to_a_place_that_is_not_for_the_team() {
    let sandbox = home("app/team");
    assert_eq!(sandbox.call(&["store", "create", "team", "--keeper", "file", "-q"]).run().code(), 0);
    // While it was for the team, somebody has referred to a place of it.
    let table = std::fs::read_to_string(sandbox.home().join(".config/keyctl/config.toml")).expect("read");
    sandbox.configure(&format!("{table}stores = [\"team\"]\n"));
    let set = ["set", "team:db", "--source", "corp", "--ref", "secret/app/team#password", "-q"];
    assert_eq!(sandbox.call(&set).run().code(), 0);
    sandbox.configure(&table);
    for words in [&["rotate", "team:db", "--yes"][..], &["pull", "team:db", "--yes"]] {
        let ran = sandbox.call(words).input("the-second-secret").run();
        let said = ran.stderr();
        assert!(
            ran.code() == 9 && said.contains("source `corp` is not for keys of the store `team`"),
            "{words:?}: {said}"
        );
    }
    assert_eq!(there("app/team")["metadata"]["version"], json!(1));
    // Nor does a key of the team come to refer to one: nothing is written, and the history says that it was tried.
    sandbox.call(&["set", "team:own", "-q"]).input("secret-of-the-team").run().says("", "", 0);
    sandbox.secret("secret-of-the-team");
    let push = ["push", "team:own", "--source", "corp", "--ref", "secret/app/pushed#value", "--refer", "--yes"];
    let ran = sandbox.call(&push).run();
    let said = ran.stderr();
    assert!(
        ran.code() == 9 && said.contains("source `corp` is not for keys of the store `team`"),
        "{}: {said}",
        ran.code()
    );
    let nothing = BAO.line(&json!({ "method": "GET", "path": "secret/data/app/pushed" }));
    assert_eq!(nothing["status"], 404);
    sandbox.configure(&format!("{table}stores = [\"team\"]\n"));
    let ran = sandbox.call(&push).run();
    assert!(ran.stderr().contains("`keyctl forget team:own`"), "{}", ran.stderr());
    assert_eq!(sandbox.call(&["rotate", "team:own", "--yes"]).input("another-of-the-team").run().code(), 0);
    sandbox.secret("another-of-the-team");
    sandbox.configure("[sources.corp]\ntype = \"vault\"\naddress = \"http://127.0.0.1:9\"\ntoken = { key = \"corp/token\" }\nstores = [\"team\"]\n");
    assert_eq!(sandbox.call(&["rotate", "team:own", "--yes"]).input("third-of-the-team").run().code(), 10);
    let history = sandbox.call(&["history", "--store", "team", "--json"]).run().stdout();
    assert!(history.contains("\"failed\""), "{history}");
}

#[test]
fn what_may_not_be_written_is_not_and_leaves_nothing_behind() {
    let sandbox = home("app/denied");
    let reader = BAO.token("reader");
    sandbox.secret(&reader);
    sandbox.call(&["set", "corp/token", "--replace", "-q"]).input(&reader).run();
    let ran = sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    assert_eq!(
        (portless(&said(&ran)), ran.code()),
        (
            "keyctl: as far as keyctl knows nothing uses `db`\n\
             keyctl: source `corp` at `127.0.0.1:PORT` does not let this token at `secret/app/denied`, or has nothing there\n\
             keyctl: hint: `keyctl source test corp` says what it may do; look at the path, too\n\
             keyctl: hint: writing takes `create` and `update` in the token's policy, beside `read`\n\
             keyctl: hint: `db` has the secret still that it had\n"
                .into(),
            10
        )
    );
    let left = sandbox.files().iter().any(|file| file.to_string_lossy().contains("unfinished-"));
    assert_eq!((left, given(&sandbox).as_str()), (false, "the-first-secret"));
    let tested = sandbox.call(&["source", "test", "corp"]).run();
    assert_eq!(
        tested.stdout(),
        "KEY  REFERENCE                   READ  WRITE\ndb   secret/app/denied#password  yes   no\n"
    );
    assert!(
        tested.stderr().contains("a token with the policies `default`, `reader`, which ends in "),
        "{}",
        tested.stderr()
    );
    assert!(!tested.stderr().contains("more than is needed"));
}

#[test]
fn a_rotation_that_was_broken_off_is_told_from_the_source_by_the_next_one() {
    let sandbox = home("app/broken");
    let lost = Server::start(&["lose", BAO.address()]);
    at(&sandbox, lost.address());
    let broken_off = || {
        let mut call = sandbox.call(&["rotate", "db", "--yes"]);
        let file = sandbox.file("new", "the-second-secret");
        sandbox.may_lie_in(&file);
        call.command.stdin(std::fs::File::open(&file).expect("open")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut rotating = call.command.spawn().expect("start");
        assert_eq!(next(&lost), json!({ "wrote": "/v1/secret/data/app/broken" }));
        rotating.kill().expect("kill");
        rotating.wait().expect("ended");
    };
    let unfinished = || sandbox.files().iter().filter(|file| file.to_string_lossy().contains("unfinished-")).count();
    broken_off();
    assert_eq!((unfinished(), there("app/broken")["metadata"]["version"].as_u64()), (1, Some(2)));
    at(&sandbox, BAO.address());
    // The same secret again, as whoever saw no answer tries: it is there, and only its note was missing.
    let ran = sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    let begun = "went on with the rotation of `db` that was begun on ";
    assert!(ran.code() == 0 && ran.stderr().contains(begun) && ran.stderr().contains("version 2"), "{}", ran.stderr());
    assert_eq!((unfinished(), there("app/broken")["metadata"]["version"].as_u64()), (0, Some(2)));
    sandbox.call(&["rollback", "db", "--yes"]).run().says(
        "",
        "keyctl: source `corp` has version 1 of `db` again, as version 3\n",
        0,
    );
    // Another secret: what was broken off is noted, and this one is written over it.
    at(&sandbox, lost.address());
    broken_off();
    at(&sandbox, BAO.address());
    let ran = sandbox.call(&["rotate", "db", "--yes"]).input("the-third-secret").run();
    assert!(ran.code() == 0 && ran.stderr().contains(begun) && ran.stderr().contains("version 5"), "{}", ran.stderr());
    assert_eq!((unfinished(), given(&sandbox).as_str()), (0, "the-third-secret"));
    // And where somebody has written over it, nothing of it is taken.
    at(&sandbox, lost.address());
    broken_off();
    at(&sandbox, BAO.address());
    BAO.put("app/broken", &json!({ "password": "of-somebody-else" }));
    sandbox.secret("of-somebody-else");
    let ran = sandbox.call(&["rotate", "db", "--yes"]).input("the-first-secret").run();
    assert!(ran.code() == 0 && ran.stderr().contains("its secret is dropped"), "{}", ran.stderr());
    assert_eq!((unfinished(), given(&sandbox).as_str()), (0, "the-first-secret"));
}

#[test]
fn keys_move_to_a_source_and_back_and_nothing_is_lost_on_the_way() {
    let sandbox = home("app/moving");
    for (name, secret) in [("api/one", "secret-of-one"), ("api/two", "secret-of-two")] {
        sandbox.set(name, secret);
    }
    let push = |more: &[&str]| {
        let words = [&["push", "api/one", "api/two", "--source", "corp", "--under", "secret/app/moved"], more].concat();
        sandbox.call(&words).run()
    };
    let table = "KEY      TO                                   NOW THERE\n\
                 api/one  corp:secret/app/moved/api/one#value  nothing\n\
                 api/two  corp:secret/app/moved/api/two#value  nothing\n";
    push(&["-n"]).says(table, "keyctl: nothing was written\n", 0);
    push(&[]).says(
        table,
        "keyctl: writing 2 keys to source `corp` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    let nothing = BAO.line(&json!({ "method": "GET", "path": "secret/data/app/moved/api/one" }));
    assert_eq!(nothing["status"], 404);
    push(&["--yes", "--refer"]).says(
        table,
        "keyctl: wrote 2 keys to source `corp` and read them back\n\
         keyctl: they refer to the source now; their secrets are kept as former ones\n\
         keyctl: hint: to wipe what is kept here: `keyctl forget api/one api/two`\n",
        0,
    );
    sandbox.call(&["run", "-k", "ONE=api/one", "--", "sh", "-c", "printf %s \"$ONE\""]).run().says(
        "secret-of-one",
        "",
        0,
    );
    // Another secret in the way is somebody's.
    BAO.put("app/moved/api/one", &json!({ "value": "secret-of-somebody" }));
    sandbox.set("api/three", "secret-of-three");
    let over = ["push", "api/three", "--source", "corp", "--ref", "secret/app/moved/api/one#value", "--yes"];
    let table = "KEY        TO                                   NOW THERE\napi/three  corp:secret/app/moved/api/one#value  another secret, version 2\n";
    sandbox.call(&over).run().says(
        table,
        "keyctl: another secret lies at `secret/app/moved/api/one#value`; nothing was written\n\
         keyctl: hint: to write over it, as a new version where those are kept: `--replace`\n",
        1,
    );
    // Back again, as the source has it by now.
    sandbox.secret("secret-of-somebody");
    sandbox.call(&["pull", "api/one", "--yes"]).run().says(
        "KEY      FROM                                 NOW THERE\napi/one  corp:secret/app/moved/api/one#value  a secret, version 2\n",
        "keyctl: 1 key of the source is in the store now\n\
         keyctl: hint: the source has what it had; `keyctl rollback NAME` refers to it again\n",
        0,
    );
    sandbox.call(&["get", "api/one"]).run().says("secret-of-somebody", "", 0);
    sandbox.call(&["pull", "api/one", "--yes"]).run().says(
        "",
        "keyctl: the secret of `api/one` is in the store already\n",
        2,
    );
}

fn can_log_in(port: u64, credentials: &str) -> bool {
    let (user, password) = credentials.trim().split_once(' ').expect("two");
    let connection = format!("host=127.0.0.1 port={port} user={user} dbname=postgres");
    let psql = Command::new("psql")
        .args(["-X", "-w", "-q", "-c", "select 1", &connection])
        .env("PGPASSWORD", password)
        .output();
    psql.expect("psql").status.success()
}

fn is_refused_soon(port: u64, credentials: &str) -> bool {
    // Less than the lease would have lasted by itself.
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        if !can_log_in(port, credentials) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// How many leases the server has.
fn leases() -> usize {
    let asked = json!({ "method": "GET", "path": "sys/leases/lookup/database/creds/app?list=true" });
    BAO.line(&asked).pointer("/body/data/keys").and_then(Value::as_array).map_or(0, Vec::len)
}

#[test]
fn where_no_versions_are_kept_the_store_keeps_the_former_secret() {
    let sandbox = home("app/other");
    BAO.ask("POST", "old/app/one", &json!({ "password": "the-first-secret", "user": "me" }));
    sandbox.call(&["set", "old", "--source", "corp", "--ref", "old/app/one#password", "-q"]).run().says("", "", 0);
    let ran = sandbox.call(&["rotate", "old", "--yes"]).input("the-second-secret").run();
    assert!(ran.stderr().contains("keyctl: source `corp` has the new secret of `old`\n"), "{}", ran.stderr());
    assert_eq!(
        BAO.ask("GET", "old/app/one", &Value::Null)["data"],
        json!({ "password": "the-second-secret", "user": "me" })
    );
    sandbox.call(&["rollback", "old", "--yes"]).run();
    sandbox.call(&["get", "old"]).run().says("the-first-secret", "", 0);
}

#[test]
fn where_no_versions_are_kept_a_write_without_an_answer_loses_nothing() {
    let sandbox = home("app/other-lost");
    let lost = Server::start(&["lose", BAO.address()]);
    let kept = || BAO.ask("POST", "old/app/lost", &json!({ "password": "the-first-secret" }));
    kept();
    sandbox.call(&["set", "old", "--source", "corp", "--ref", "old/app/lost#password", "-q"]).run().says("", "", 0);
    let broken_off = || {
        at(&sandbox, lost.address());
        let mut call = sandbox.call(&["rotate", "old", "--yes"]);
        let file = sandbox.file("new", "the-second-secret");
        sandbox.may_lie_in(&file);
        call.command.stdin(std::fs::File::open(&file).expect("open")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut rotating = call.command.spawn().expect("start");
        assert_eq!(next(&lost), json!({ "wrote": "/v1/old/app/lost" }));
        rotating.kill().expect("kill");
        rotating.wait().expect("ended");
        at(&sandbox, BAO.address());
    };
    broken_off();
    let ran = sandbox.call(&["rotate", "old", "--yes"]).input("the-second-secret").run();
    assert!(ran.code() == 0 && ran.stderr().contains("went on with the rotation of `old`"), "{}", ran.stderr());
    sandbox.call(&["rollback", "old", "--yes"]).run();
    sandbox.call(&["get", "old"]).run().says("the-first-secret", "", 0);
    // Where somebody has written over it, both are kept.
    BAO.ask("POST", "old/app/lost", &json!({ "password": "lies-nowhere-else" }));
    sandbox.secret("lies-nowhere-else");
    sandbox.call(&["set", "old", "--source", "corp", "--ref", "old/app/lost#password", "--replace", "-q"]).run();
    broken_off();
    BAO.ask("POST", "old/app/lost", &json!({ "password": "of-somebody-else" }));
    sandbox.secret("of-somebody-else");
    let ran = sandbox.call(&["rotate", "old", "--yes"]).input("the-third-secret").run();
    assert!(ran.code() == 0 && ran.stderr().contains("are kept as former ones"), "{}", ran.stderr());
    let former = |number: &str| {
        sandbox.call(&["rollback", "old", "--to", number, "--yes"]).run();
        sandbox.call(&["get", "old"]).run().stdout()
    };
    let all: Vec<String> = ["1", "4", "4", "4", "4"].into_iter().map(former).collect();
    assert!(all[0] == "of-somebody-else" && all.iter().any(|one| one == "lies-nowhere-else"), "{all:?}");
}

#[test]
fn what_is_there_already_is_not_written_and_not_counted() {
    let sandbox = home("app/counted");
    sandbox.set("api/six", "secret-of-six");
    let push = |names: &[&str]| {
        let words = [&["push"], names, &["--source", "corp", "--under", "secret/app/counted", "--yes"]].concat();
        sandbox.call(&words).run().stderr()
    };
    assert_eq!(push(&["api/six"]), "keyctl: wrote 1 key to source `corp` and read it back\n");
    assert_eq!(push(&["api/six"]), "keyctl: source `corp` has 1 key already; nothing was written\n");
    sandbox.set("api/seven", "secret-of-seven");
    assert_eq!(
        push(&["api/six", "api/seven"]),
        "keyctl: wrote 1 key to source `corp` and read it back; 1 was there already\n"
    );
    assert_eq!(there("app/counted/api/six")["metadata"]["version"], json!(1));
}

#[test]
fn what_cannot_be_given_is_not_nothing_and_is_not_written_over() {
    let sandbox = home("app/object");
    sandbox.set("api/own", "secret-of-mine");
    let lying = json!({ "cfg": { "a": "of-somebody" } });
    BAO.ask("POST", "old/app/object", &lying);
    BAO.put("app/object", &lying);
    for reference in ["old/app/object#cfg", "secret/app/object#cfg"] {
        let ran = sandbox.call(&["push", "api/own", "--source", "corp", "--ref", reference, "--yes"]).run();
        let place = reference.trim_end_matches("#cfg");
        ran.says(
            "",
            &format!("keyctl: source `corp`: the field `cfg` of `{place}` is neither a text nor a number\n"),
            10,
        );
    }
    assert_eq!(BAO.ask("GET", "old/app/object", &Value::Null)["data"], lying);
    assert_eq!(there("app/object")["data"], lying);
}

#[test]
fn a_new_secret_is_not_revoked_and_a_former_one_that_comes_back_is() {
    let sandbox = home("app/said");
    sandbox.call(&["set", "twin", "--source", "corp", "--ref", "/secret/app/said#password", "-q"]).run();
    sandbox.call(&["revoke", "db", "--yes"]).run();
    assert_eq!(sandbox.call(&["run", "-k", "DB=db", "--", "true"]).run().code(), 125);
    let ran = sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    assert_eq!((ran.code(), given(&sandbox).as_str()), (0, "the-second-secret"), "{}", ran.stderr());
    sandbox.call(&["get", "twin"]).run().says("the-second-secret", "", 0);
    assert_eq!(sandbox.call(&["rollback", "db", "--yes"]).run().code(), 0);
    assert_eq!(sandbox.call(&["run", "-k", "DB=db", "--", "true"]).run().code(), 125);
}

#[test]
fn the_credential_of_a_source_never_lies_in_one() {
    let sandbox = home("app/credential");
    let said = "keyctl: `corp/token` is the credential of source `corp`, and cannot lie in a source itself\n\
                keyctl: hint: let `[sources.corp]` in `config.toml` name another key first\n";
    let reference = "secret/app/credential#token";
    let push = ["push", "corp/token", "--source", "corp", "--ref", reference, "--refer", "--yes"];
    sandbox.call(&push).run().says("", said, 2);
    let set = ["set", "corp/token", "--source", "corp", "--ref", reference, "--replace"];
    sandbox.call(&set).run().says("", said, 2);
    assert_eq!(given(&sandbox), "the-first-secret");
    let ran = sandbox.call(&["remove", "corp/token", "--yes"]).run();
    assert!(ran.stderr().contains("source `corp` has `corp/token` as its credential"), "{}", ran.stderr());
}

#[test]
fn what_is_kept_goes_before_another_secret_is_written() {
    let sandbox = home("app/kept");
    let with_cache = |more: &str| {
        sandbox.configure(&format!(
            "[sources.corp]\ntype = \"vault\"\naddress = \"{}\"\ntoken = {{ key = \"corp/token\" }}\ncache = \"1h\"\n{more}",
            BAO.address()
        ));
    };
    with_cache("");
    for _ in 0..2 {
        assert_eq!(given(&sandbox), "the-first-secret");
    }
    sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    assert_eq!(given(&sandbox), "the-second-secret");
    let kept = sandbox.call(&["run", "--offline", "-k", "DB=db", "--", "sh", "-c", "printf %s \"$DB\""]).run();
    assert_eq!((kept.stdout().as_str(), kept.code()), ("the-second-secret", 0));
    with_cache("namespace = \"other\"\n");
    let other = sandbox.call(&["run", "--offline", "-k", "DB=db", "--", "true"]).run();
    assert!(other.code() == 125 && other.stderr().contains("nothing that is new enough is kept"), "{}", other.stderr());
}

#[test]
fn a_token_tells_nothing_of_itself_to_whoever_writes_a_reference() {
    let sandbox = home("app/own");
    for reference in ["auth/token/lookup-self#id", "/sys/mounts#x", "cubbyhole/a#b", "shop/auth/token/lookup-self#id"] {
        sandbox.call(&["set", "own", "--source", "corp", "--ref", reference, "--replace", "-q"]).run();
        let ran = sandbox.call(&["get", "own"]).run();
        assert!(
            ran.code() == 10
                && ran.stderr().contains("that is of the server and its tokens")
                && ran.stdout().is_empty(),
            "{}",
            ran.stderr()
        );
    }
}

#[test]
fn a_watched_command_gets_what_was_written_to_its_source() {
    let sandbox = home("app/watched");
    let mut call = sandbox.call(&["run", "--watch", "-k", "DB=db", "--", "sh", "-c", "echo $DB; exec sleep 30"]);
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut printed = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
    assert_eq!(printed.next().expect("a line").expect("text"), "the-first-secret");
    sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    let second = printed.next();
    assert_eq!(second.expect("a line").expect("text"), "the-second-secret");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill").success());
    let said = child.wait_with_output().expect("ended").stderr;
    assert_eq!(String::from_utf8_lossy(&said), "keyctl: started anew with what is kept now: `DB`\n");
}

#[test]
fn what_an_engine_makes_for_a_command_lives_as_long_as_that() {
    let port = BAO.line(&json!({ "postgres": true }))["port"].as_u64().expect("a number");
    let id = BAO.said("/approles/user/secret_id");
    let sandbox = Sandbox::with(&[("corp/id", &id)]);
    let role = BAO.said("/approles/user/role_id");
    sandbox.configure(&format!(
        "[sources.corp]\ntype = \"vault\"\naddress = \"{}\"\napprole = {{ role_id = \"{role}\", secret_id = {{ key = \"corp/id\" }} }}\n",
        BAO.address()
    ));
    for (name, field) in [("user", "username"), ("password", "password")] {
        let reference = format!("database/creds/app#{field}");
        sandbox.call(&["set", name, "--source", "corp", "--ref", &reference, "-q"]).run().says("", "", 0);
    }
    let run = |script: &str| sandbox.call(&["run", "-k", "U=user", "-k", "P=password", "--", "sh", "-c", script]);
    // The lease is for 5 seconds, and the command takes 6.
    let ran = run(
        "echo $U $P; sleep 6; exec psql -X -w -q -c 'select 1' \"host=127.0.0.1 port=$0 user=$U password=$P dbname=postgres\" >/dev/null",
    );
    let mut ran = ran;
    ran.command.arg(port.to_string());
    let ran = ran.run();
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
    assert!(is_refused_soon(port, &ran.stdout()), "after its end");
    // Its exit code is the command's, and a signal for keyctl is for the command.
    let mut call = run("echo $U $P; exec sleep 30");
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().expect("piped")), &mut line)
        .expect("read");
    assert!(can_log_in(port, &line));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill").success());
    let ended = child.wait().expect("ended");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(15));
    assert!(is_refused_soon(port, &line), "after a signal");
    // What cannot be started has nothing for longer either.
    let bad = sandbox.file("bad", "#!/no/such/interpreter\n");
    std::fs::set_permissions(&bad, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
    let before = leases();
    let ran = sandbox.call(&["run", "-k", "P=password", "--", "./bad"]).run();
    assert!([126, 127].contains(&ran.code()), "{}", ran.stderr());
    let until = Instant::now() + Duration::from_secs(2);
    while leases() > before && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(leases() <= before);
    // Nor has a reference that cannot be meant.
    sandbox.call(&["set", "pinned", "--source", "corp", "--ref", "database/creds/app@1#password", "-q"]).run();
    let before = leases();
    let pinned = sandbox.call(&["get", "pinned"]).run();
    assert!(pinned.code() == 10 && pinned.stderr().contains("keeps no versions"), "{}", pinned.stderr());
    assert!(leases() <= before, "nothing was made");
    // Whoever prints it has it for its time.
    let printed = sandbox.call(&["get", "password"]).run();
    assert_eq!(printed.stderr(), "keyctl: source `corp` made `password` for 5 seconds, and nobody renews it\n");
    // Whoever could not be given it has it for no time.
    let before = leases();
    let mut full = sandbox.call(&["get", "password"]);
    full.command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").expect("open"));
    let failed = full.command.stdin(Stdio::null()).output().expect("start");
    assert!(!failed.status.success() && !String::from_utf8_lossy(&failed.stderr).contains("nobody renews it"));
    let until = Instant::now() + Duration::from_secs(2);
    while leases() > before && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(leases() <= before, "it is given back");
    let wrong = sandbox.call(&["rotate", "password", "--yes"]).input("the-second-secret").run();
    assert!(
        wrong.code() == 2 && wrong.stderr().contains("is made anew for each use; there is nothing to replace"),
        "{}",
        wrong.stderr()
    );
}

/// A home whose key is lent by an engine, with a kept token that may give back what it is lent, at a server that answers late.
fn lent_late(name: &str, milliseconds: &str) -> (Sandbox, Server) {
    BAO.line(&json!({ "postgres": true }));
    let policy = "path \"database/creds/*\" { capabilities = [\"read\"] }\n\
                  path \"sys/leases/revoke\" { capabilities = [\"update\"] }\npath \"secret/data/*\" { capabilities = [\"read\"] }";
    BAO.ask("PUT", &format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
    let made = BAO.ask("POST", "auth/token/create", &json!({ "policies": [name], "ttl": "20m", "no_parent": true }));
    let sandbox = Sandbox::with(&[("corp/token", made["auth"]["client_token"].as_str().expect("text"))]);
    let late = Server::start(&["delay", milliseconds, BAO.address()]);
    // A role of its own: how many leases there are of it is nobody else's doing.
    let role = BAO.ask("GET", "database/roles/app", &Value::Null)["data"].clone();
    let role = json!({ "db_name": role["db_name"], "default_ttl": "2m", "max_ttl": "5m", "creation_statements": role["creation_statements"] });
    BAO.ask("POST", &format!("database/roles/{name}"), &role);
    at(&sandbox, late.address());
    let reference = format!("database/creds/{name}#password");
    sandbox.call(&["set", "password", "--source", "corp", "--ref", &reference, "-q"]).run().says("", "", 0);
    (sandbox, late)
}

fn leases_of(role: &str) -> usize {
    let asked = json!({ "method": "GET", "path": format!("sys/leases/lookup/database/creds/{role}?list=true") });
    BAO.line(&asked).pointer("/body/data/keys").and_then(Value::as_array).map_or(0, Vec::len)
}

/// Waits until a role has so many leases.
#[track_caller]
fn comes_to(role: &str, count: usize) {
    let until = Instant::now() + Duration::from_secs(8);
    while leases_of(role) != count {
        assert!(Instant::now() < until, "{} leases", leases_of(role));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a call, and sends it these signals once its lease is there and its answer is not.
fn interrupted(sandbox: &Sandbox, role: &str, words: &[&str], signals: &[&str]) -> (Option<i32>, String) {
    let mut call = sandbox.call(words);
    let child = call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    comes_to(role, 1);
    for signal in signals {
        assert!(Command::new("kill").args([*signal, &child.id().to_string()]).status().expect("kill").success());
        std::thread::sleep(Duration::from_millis(200));
    }
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.stdout, b"", "nothing was given");
    (std::os::unix::process::ExitStatusExt::signal(&ended.status), String::from_utf8(ended.stderr).expect("text"))
}

#[test]
fn what_was_lent_to_whoever_is_interrupted_meanwhile_is_given_back() {
    let (sandbox, _late) = lent_late("waiting", "600");
    let run: &[&str] = &["run", "-k", "P=password", "--", "echo", "started"];
    let get: &[&str] = &["get", "password"];
    let waiting = "keyctl: waiting for source `corp` to give back what is being made; at most 3 seconds\n";
    for (words, signal, number) in [(run, "-INT", 2), (run, "-TERM", 15), (get, "-HUP", 1)] {
        let (ended, said) = interrupted(&sandbox, "waiting", words, &[signal]);
        assert_eq!((ended, said.as_str()), (Some(number), waiting), "{words:?}");
        comes_to("waiting", 0);
        let history = sandbox.call(&["history", "--json"]).run().stdout();
        let last: Value = serde_json::from_str(history.lines().last().expect("a line")).expect("JSON");
        assert!(last["names"] == json!(["password"]) && last.to_string().contains("interrupted by a signal"), "{last}");
    }
    // Whoever insists does not wait, and is told what stays.
    let (ended, said) = interrupted(&sandbox, "waiting", run, &["-INT", "-INT"]);
    let stays = "keyctl: source `corp` had not answered: if it makes something all the same, that ends by itself\n";
    assert_eq!((ended, said), (Some(2), format!("{waiting}{stays}")));
}

#[test]
fn what_was_lent_beside_what_cannot_be_fetched_is_given_back() {
    let (sandbox, _late) = lent_late("beside", "0");
    BAO.put("app/beside", &json!({ "a": "b" }));
    sandbox.call(&["set", "gone", "--source", "corp", "--ref", "secret/app/beside#nix", "-q"]).run().says("", "", 0);
    let ran = sandbox.call(&["run", "-k", "P=password", "-k", "G=gone", "--", "echo", "started"]).run();
    assert!(ran.code() == 125 && ran.stdout().is_empty(), "{}", ran.stderr());
    assert!(
        ran.stderr().contains("there is no field `nix`") && !ran.stderr().contains("given back"),
        "{}",
        ran.stderr()
    );
    comes_to("beside", 0);
    // It was there: the same alone is lent.
    assert_eq!(sandbox.call(&["get", "password"]).run().code(), 0);
    comes_to("beside", 1);
}

#[test]
fn a_source_that_could_not_even_be_looked_at_is_in_the_history() {
    let sandbox = home("app/dead");
    sandbox.set("own", "own-secret-value");
    sandbox.call(&["rotate", "db", "--yes"]).input("the-second-secret").run();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("listen").local_addr().expect("address");
    at(&sandbox, &format!("http://{closed}"));
    for (words, name, action) in [
        (&["rotate", "db", "--yes"][..], "db", "rotate"),
        (&["rollback", "db", "--yes"], "db", "rollback"),
        (&["push", "own", "--source", "corp", "--ref", "secret/app/dead2#v", "--yes"], "own", "push"),
        (&["pull", "db", "--yes"], "db", "check"),
        (&["get", "db"], "db", "get"),
    ] {
        let ran = sandbox.call(words).input("the-third-secret").run();
        assert_eq!(ran.code(), 10, "{words:?}: {}", ran.stderr());
        let history = sandbox.call(&["history", "--json"]).run().stdout();
        let last: Value = serde_json::from_str(history.lines().last().expect("a line")).expect("JSON");
        assert!(last["ev"] == "failed" || last["ev"] == action, "{last}");
        assert!(last["names"] == json!([name]) && last.to_string().contains("connection refused"), "{words:?}: {last}");
    }
}
