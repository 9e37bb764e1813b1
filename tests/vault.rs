//! A source of the type `vault`, against the own server of `OpenBao`, which `tests/run` installs; and what an engine
//! lends, against a `PostgreSQL` of the test's own.
#![cfg(all(unix, feature = "sources"))]

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::Command,
    sync::LazyLock,
    time::{Duration, Instant},
};

use keyctl::{
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    home::Home,
    name::KeyPath,
    reference::Reference,
    secret::Secret,
    source::{self, Means, Source, Version},
};
use serde_json::{Value, json};

#[path = "sources/conformance.rs"]
mod conformance;
#[path = "sources/openbao.rs"]
mod openbao;

use openbao::Server;

static BAO: LazyLock<Server> = LazyLock::new(|| Server::start(&[]));

impl Server {
    /// The source as a table says it, with these credentials.
    fn open(&self, table: &str, credentials: &[(&str, &str)]) -> Result<Box<dyn Source>> {
        let address = format!("address = \"{}\"\n", self.address());
        open(&format!("{}{table}", if table.contains("address") { "" } else { &address }), credentials)
    }

    fn with_token(&self, token: &str) -> Box<dyn Source> {
        self.open("token = { key = \"t\" }\n", &[("t", token)]).expect("opened")
    }
}

fn open(table: &str, credentials: &[(&str, &str)]) -> Result<Box<dyn Source>> {
    let folder = tempfile::tempdir().expect("folder");
    let home = Home::at(folder.path());
    std::fs::write(home.config_file(), format!("[sources.corp]\ntype = \"vault\"\n{table}")).expect("write");
    let config = config::read(&home)?;
    let kept = |(name, secret): &(&str, &str)| -> (KeyPath, Secret) {
        (name.parse().expect("a name"), Secret::new(secret.as_bytes().to_vec()))
    };
    let credentials: BTreeMap<KeyPath, Secret> = credentials.iter().map(kept).collect();
    source::open(config.sources.values().next().expect("one"), &Means { credentials, clock: Moment::now })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

/// What a reference comes to: its text, or why not.
fn got(source: &dyn Source, text: &str) -> std::result::Result<String, String> {
    let Reference { place, field } = reference(text);
    let fetched = source.fetch(&place, &[field.as_deref()], soon());
    let value = fetched.and_then(|mut fetched| fetched.values.remove(0));
    value.map(|value| value.expose_text().expect("text").to_owned()).map_err(|failure| said(&failure))
}

/// A failure's words without the port, which differs from run to run.
fn said(failure: &Failure) -> String {
    assert!([Kind::Remote, Kind::Usage, Kind::Disk].contains(&failure.kind), "{failure:?}");
    match failure.message.split_once("`127.0.0.1:") {
        Some((start, rest)) => format!("{start}it{}", rest.split_once('`').expect("closed").1),
        None => failure.message.clone(),
    }
}

fn refused<T>(ended: Result<T>) -> String {
    said(&ended.map(drop).expect_err("it must fail"))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn version(number: &str) -> Version {
    Version(number.to_owned())
}

#[test]
fn secrets_are_found_wherever_they_are_mounted() {
    BAO.put("app/found", &json!({ "password": "p1", "n": 5, "t": true }));
    BAO.put("app/found", &json!({ "password": "p\"2\u{e4}", "n": 6, "t": true }));
    BAO.ask("POST", "old/app/x", &json!({ "value": "of-kv-1", "other": "o" }));
    BAO.ask("POST", "team/kv/data/a/b/c", &json!({ "data": { "only": "deep" } }));
    BAO.ask("POST", "secret/data/app%2Fodd%3F%23", &json!({ "data": { "a b": "odd" } }));
    let root = BAO.with_token("root");
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(got(&*root, "secret/app/found#password"), ok("p\"2\u{e4}"));
    assert_eq!(got(&*root, "secret/app/found@1#password"), ok("p1"));
    assert_eq!(got(&*root, "/secret/app/found@1#n"), ok("5"));
    assert_eq!(got(&*root, "old/app/x"), ok("of-kv-1"), "the field called value");
    assert_eq!(got(&*root, "old/app/x#other"), ok("o"));
    assert_eq!(got(&*root, "team/kv/a/b/c"), ok("deep"), "the only field");
    assert_eq!(
        got(&*root, "secret/app/found"),
        Err("source `corp` at it has several fields at `secret/app/found`, and the reference names none".into())
    );
    assert_eq!(
        got(&*root, "secret/app/found#nix"),
        Err("source `corp`: there is no field `nix` at `secret/app/found`".into())
    );
    let place = reference("secret/app/found").place;
    assert_eq!(root.fetch(&place, &[], soon()).expect("fetched").version, Some(version("2")));
    // Without asking what is mounted.
    let table = "token = { key = \"t\" }\nmount = \"team/kv\"\nkv = 2\n";
    assert_eq!(got(&*BAO.open(table, &[("t", "root")]).expect("opened"), "team/kv/a/b/c#only"), ok("deep"));
    let reader = BAO.with_token(&BAO.token("reader"));
    assert_eq!(got(&*reader, "secret/app/found#n"), ok("6"), "with just what it takes");
}

/// What a place has whose token has nothing to do with it.
fn denied() -> Box<dyn Source> {
    BAO.with_token(&BAO.token("user"))
}

#[test]
fn kv_2_is_a_source_like_the_others() {
    BAO.ask("POST", "secret/data/list/whole", &json!({ "data": { "value": "a-whole-secret" } }));
    BAO.put("list/fields", &json!({ "user": "u", "password": "a-\u{fc} \"quoted\"", "number": 12 }));
    BAO.ask("POST", "secret/data/list/a%20b%3B%24%28id%29%3Fx%2523", &json!({ "data": { "value": "an-odd-one" } }));
    BAO.put("list/versions", &json!({ "password": "the-former-one", "other": "o" }));
    let source = BAO.with_token(&BAO.token("writer"));
    conformance::holds(&conformance::World {
        source: &*source,
        of_fields: &*source,
        whole: Some(("secret/list/whole", "a-whole-secret")),
        fields: ("secret/list/fields", &[("user", "u"), ("password", "a-\u{fc} \"quoted\""), ("number", "12")]),
        odd: Some(("secret/list/a b;$(id)?x%23", "an-odd-one")),
        // It keeps JSON, in which there are texts alone.
        bytes: None,
        missing: "secret/list/nothing-is-here",
        written: Some(("secret/list/versions#password", "the-former-one")),
        keeps_versions: true,
        denied: &denied,
    });
}

#[test]
fn kv_1_is_a_source_like_the_others() {
    let put = |path: &str, fields: &Value| drop(BAO.ask("POST", &format!("old/list/{path}"), fields));
    put("whole", &json!({ "value": "a-whole-secret" }));
    put("fields", &json!({ "user": "u", "password": "a-\u{fc} \"quoted\"", "number": 12 }));
    put("a%20b%3B%24%28id%29%3Fx%2523", &json!({ "value": "an-odd-one" }));
    put("written", &json!({ "password": "the-former-one", "other": "o" }));
    let source = BAO.with_token(&BAO.token("writer"));
    conformance::holds(&conformance::World {
        source: &*source,
        of_fields: &*source,
        whole: Some(("old/list/whole", "a-whole-secret")),
        fields: ("old/list/fields", &[("user", "u"), ("password", "a-\u{fc} \"quoted\""), ("number", "12")]),
        odd: Some(("old/list/a b;$(id)?x%23", "an-odd-one")),
        bytes: None,
        missing: "old/list/nothing-is-here",
        written: Some(("old/list/written#password", "the-former-one")),
        keeps_versions: false,
        denied: &denied,
    });
}

#[test]
fn each_way_to_have_nothing_has_its_own_words() {
    for number in 1..=4 {
        BAO.put("app/gone", &json!({ "password": number.to_string() }));
    }
    BAO.ask("POST", "secret/delete/app/gone", &json!({ "versions": [2] }));
    BAO.ask("PUT", "secret/destroy/app/gone", &json!({ "versions": [3] }));
    let reader = BAO.with_token(&BAO.token("reader"));
    let nothing = |text: &str| got(&*reader, text).expect_err(text);
    let lies = "source `corp` at it";
    assert_eq!(
        nothing("secret/app/gone@2#password"),
        format!("{lies} has `secret/app/gone@2` no more: its version 2 was deleted")
    );
    assert_eq!(
        nothing("secret/app/gone@3#password"),
        format!("{lies} has `secret/app/gone@3` no more: its version 3 was destroyed")
    );
    assert_eq!(nothing("secret/app/gone@9#password"), format!("{lies} has nothing at `secret/app/gone@9`"));
    assert_eq!(nothing("secret/app/nix#password"), format!("{lies} has nothing at `secret/app/nix`"));
    for bad in ["0", "-1x", "latest", "99999999999"] {
        let text = format!("secret/app/gone@{}#password", bad.trim_start_matches('-'));
        assert!(nothing(&text).contains("they are numbers from 1 on"), "{bad}");
    }
    let denied = |path: &str| format!("{lies} does not let this token at `{path}`, or has nothing there");
    assert_eq!(nothing("secret/other#a"), denied("secret/other"));
    assert_eq!(nothing("old/app/x"), denied("old/app/x"));
    assert_eq!(nothing("nowhere/x"), denied("nowhere/x"));
    assert_eq!(
        nothing("secret/app/%2e%2e/other"),
        format!("{lies} has nothing at `secret/app/%2e%2e/other`"),
        "one segment"
    );
    let root = BAO.with_token("root");
    assert_eq!(got(&*root, "old/app/gone@1"), Err(format!("{lies} keeps no versions of what lies at `old/app/gone`")));
}

#[test]
fn a_namespace_is_another_world() {
    let put = json!({ "method": "POST", "path": "kv/data/x", "namespace": "shop", "body": { "data": { "p": "of-the-shop" } } });
    assert_eq!(BAO.line(&put)["status"], 200);
    let open = |namespace: &str| {
        let table = format!("token = {{ key = \"t\" }}\nnamespace = \"{namespace}\"\n");
        BAO.open(&table, &[("t", "root")]).expect("opened")
    };
    assert_eq!(got(&*open("shop"), "kv/x#p"), Ok("of-the-shop".into()));
    assert_eq!(got(&*open("shop/"), "kv/x#p"), Ok("of-the-shop".into()));
    assert_eq!(got(&*open("nix"), "kv/x#p"), Err("source `corp` at it has no namespace `nix`".into()));
    assert_eq!(got(&*BAO.with_token("root"), "kv/x#p"), Err("source `corp` at it has nothing at `kv/x`".into()));
    // What is of the server is so in each; a KV may have paths of the same names.
    let kept = json!({ "method": "POST", "path": "cubbyhole/x", "namespace": "shop", "body": { "y": "of-a-token" } });
    assert!(BAO.line(&kept)["status"].as_u64().is_some_and(|status| status < 300));
    for own in [
        "shop/cubbyhole/x#y",
        "shop/sys/policy/default#rules",
        "shop/auth/token/lookup-self#id",
        "shop/identity/entity/id#keys",
    ] {
        let refused = got(&*BAO.with_token("root"), own).expect_err("of the server");
        assert!(refused.contains("that is of the server and its tokens"), "{own}: {refused}");
    }
    BAO.put("shop/auth/x", &json!({ "p": "of-a-kv" }));
    assert_eq!(got(&*BAO.with_token("root"), "secret/shop/auth/x#p"), Ok("of-a-kv".into()));
    assert_eq!(got(&*BAO.with_token("root"), "shop/kv/x#p"), Ok("of-the-shop".into()));
}

#[test]
fn a_token_that_is_none_any_more_is_told_from_one_that_may_not() {
    let unknown = "source `corp` at it does not know its token any more: it has expired, was revoked or is used up";
    assert_eq!(got(&*BAO.with_token("s.nobody-has-this-one"), "secret/app/x#a"), Err(unknown.into()));
    let made = BAO.ask("POST", "auth/token/create", &json!({ "policies": ["reader"], "ttl": "1s" }));
    let short = BAO.with_token(made["auth"]["client_token"].as_str().expect("text"));
    std::thread::sleep(Duration::from_millis(1300));
    assert_eq!(got(&*short, "secret/app/x#a"), Err(unknown.into()));
    let wrapped = || {
        let asked = json!({ "method": "POST", "path": "sys/wrapping/wrap", "body": { "a": "b" }, "wrap": "60s" });
        BAO.line(&asked)["body"]["wrap_info"]["token"].as_str().expect("text").to_owned()
    };
    assert_eq!(got(&*BAO.with_token(&wrapped()), "secret/app/x#a"), Err(unknown.into()), "used up");
    assert_eq!(
        refused(BAO.with_token(&wrapped()).abilities(&[], soon())),
        "source `corp` at it knows its token as a wrapping token: it holds another one, and opens nothing itself"
    );
    assert_eq!(
        got(&*BAO.with_token("s.with\nline"), "secret/app/x#a").map_err(|said| said.contains("X-Vault-Token")),
        Err(true)
    );
}

/// A name, a table's lines, and what the store keeps for it.
type Way<'w> = (&'w str, String, Vec<(&'w str, &'w str)>);

#[test]
fn a_login_gives_a_token_that_is_given_back() {
    BAO.put("app/login", &json!({ "a": "logged-in" }));
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("jwt");
    std::fs::write(&file, BAO.said("/jwt") + "\n").expect("write");
    let role = BAO.said("/approles/reader/role_id");
    let id = BAO.said("/approles/reader/secret_id");
    let jwt = BAO.said("/jwt");
    let file_table = format!("jwt = {{ role = \"ci\", file = \"{}\" }}\n", file.display());
    let ways: [Way; 5] = [
        (
            "id in the table",
            format!("approle = {{ role_id = \"{role}\", secret_id = {{ key = \"s\" }} }}\n"),
            vec![("s", &id)],
        ),
        (
            "both kept",
            "approle = { role_id = { key = \"r\" }, secret_id = { key = \"s\" } }\n".into(),
            vec![("r", &role), ("s", &id)],
        ),
        ("a JWT that is kept", "jwt = { role = \"ci\", key = \"j\" }\n".into(), vec![("j", &jwt)]),
        ("a JWT in a file", file_table, vec![]),
        (
            "a password",
            "userpass = { user = \"me\", password = { key = \"p\" } }\n".into(),
            vec![("p", "a-password-of-mine")],
        ),
    ];
    for (way, table, credentials) in ways {
        let source = BAO.open(&table, &credentials).expect(way);
        assert_eq!(got(&*source, "secret/app/login#a"), Ok("logged-in".into()), "{way}");
        assert!(got(&*source, "secret/other#a").is_err());
        source.close(soon());
        assert!(
            got(&*source, "secret/app/login#a").expect_err("given back").contains("does not know its token"),
            "{way}"
        );
    }
    let wrong = |table: &str, credentials: &[(&str, &str)]| {
        got(&*BAO.open(table, credentials).expect("opened"), "secret/app/login#a")
    };
    let approle = format!("approle = {{ role_id = \"{role}\", secret_id = {{ key = \"s\" }} }}\n");
    assert_eq!(
        wrong(&approle, &[("s", "nix")]),
        Err("source `corp` at it does not know this role id, or not this secret id (AppRole)".into())
    );
    let by_jwt = |role: &str, jwt: &str| wrong(&format!("jwt = {{ role = \"{role}\", key = \"j\" }}\n"), &[("j", jwt)]);
    assert_eq!(by_jwt("nix", &jwt), Err("source `corp` at it does not know the role (JWT)".into()));
    assert_eq!(
        by_jwt("ci", &BAO.said("/expired_jwt")),
        Err("source `corp` at it does not take the JWT: it has expired".into())
    );
    assert_eq!(by_jwt("ci", "a.b.c"), Err("source `corp` at it does not take this login (JWT at `auth/jwt`)".into()));
    let userpass = "userpass = { user = \"me\", password = { key = \"p\" } }\n";
    assert_eq!(
        wrong(userpass, &[("p", "a-wrong-one")]),
        Err("source `corp` at it does not take this login (user and password at `auth/userpass`)".into())
    );
    let elsewhere = "approle = { role_id = \"r\", mount = \"nix\" }\n";
    assert_eq!(
        wrong(elsewhere, &[]),
        Err("source `corp` at it does not take this login (AppRole at `auth/nix`)".into())
    );
    std::fs::remove_file(&file).expect("remove");
    let gone = format!("jwt = {{ role = \"ci\", file = \"{}\" }}\n", file.display());
    assert!(wrong(&gone, &[]).expect_err("gone").starts_with("cannot read the JWT in"));
}

#[test]
fn many_threads_log_in_once() {
    BAO.put("app/many", &json!({ "a": "x" }));
    let role = BAO.said("/approles/writer/role_id");
    let once = BAO.ask("POST", "auth/approle/role/writer/secret-id", &json!({ "num_uses": 1 }));
    let id = once["data"]["secret_id"].as_str().expect("text");
    let table = format!("approle = {{ role_id = \"{role}\", secret_id = {{ key = \"s\" }} }}\n");
    let source = BAO.open(&table, &[("s", id)]).expect("opened");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(got(&*source, "secret/app/many#a"), Ok("x".into())));
        }
    });
    source.close(soon());
}

#[test]
fn a_write_replaces_one_field_of_just_the_version_that_was_seen() {
    BAO.put("app/write", &json!({ "password": "one", "n": 1.50, "o": { "a": [1, 2] } }));
    let writer = BAO.with_token(&BAO.token("writer"));
    let at = reference("secret/app/write#password");
    let write = |value: &str, expecting: Option<&Version>| writer.write(&at, &secret(value), expecting, "1", soon());
    let changed = "source `corp` at it has changed at `secret/app/write` meanwhile";
    assert_eq!(writer.newest(&at.place, soon()).expect("asked"), Some(version("1")));
    assert_eq!(write("two", Some(&version("1"))).expect("written").version, version("2"));
    assert_eq!(
        refused(write("three", Some(&version("1")))),
        format!("{changed}; it has version 2 now; nothing was written")
    );
    assert_eq!(refused(write("three", None)), format!("{changed}; it has version 2 now; nothing was written"));
    let kept = BAO.ask("GET", "secret/data/app/write", &Value::Null);
    assert_eq!(kept["data"]["data"], json!({ "password": "two", "n": 1.50, "o": { "a": [1, 2] } }));
    // One that was deleted is the newest all the same.
    BAO.ask("DELETE", "secret/data/app/write", &Value::Null);
    assert_eq!(writer.newest(&at.place, soon()).expect("asked"), Some(version("2")));
    assert_eq!(write("three", Some(&version("2"))).expect("written").version, version("3"));
    // Nothing yet.
    let new = reference("secret/app/new#password");
    assert_eq!(writer.newest(&new.place, soon()).expect("asked"), None);
    assert_eq!(writer.write(&new, &secret("n1"), None, "1", soon()).expect("written").version, version("1"));
    assert!(
        refused(writer.write(&new, &secret("n2"), None, "1", soon()))
            .ends_with("it has version 1 now; nothing was written")
    );
    assert!(
        refused(writer.write(&reference("secret/app/none#a"), &secret("x"), Some(&version("4")), "1", soon()))
            .ends_with("there is nothing now; nothing was written")
    );
    // KV 1 keeps none.
    let old = reference("old/app/write#password");
    BAO.ask("POST", "old/app/write", &json!({ "password": "one", "user": "me" }));
    assert_eq!(writer.write(&old, &secret("two"), None, "1", soon()).expect("written").version, Version::none());
    assert_eq!(BAO.ask("GET", "old/app/write", &Value::Null)["data"], json!({ "password": "two", "user": "me" }));
    // What cannot be written.
    let pinned = reference("secret/app/write@1#password");
    assert_eq!(
        refused(writer.write(&pinned, &secret("x"), None, "1", soon())),
        "source `corp`: `secret/app/write@1` names one version, and a new one is another"
    );
    assert_eq!(
        refused(writer.write(&at, &Secret::new(vec![0xff]), Some(&version("3")), "1", soon())),
        "source `corp`: it keeps texts, and this secret is none (not UTF-8)"
    );
    let reader = BAO.with_token(&BAO.token("reader"));
    assert_eq!(
        refused(reader.write(&at, &secret("x"), Some(&version("3")), "1", soon())),
        "source `corp` at it does not let this token at `secret/app/write`, or has nothing there"
    );
}

#[test]
fn of_two_writers_one_is_told() {
    BAO.put("app/race", &json!({ "a": "0" }));
    let writer = BAO.with_token(&BAO.token("writer"));
    let at = reference("secret/app/race#a");
    let seen = writer.newest(&at.place, soon()).expect("asked");
    let ended: Vec<bool> = std::thread::scope(|scope| {
        let one = |number: u32| {
            let (writer, at, seen) = (&writer, &at, &seen);
            scope.spawn(move || writer.write(at, &secret(&number.to_string()), seen.as_ref(), "1", soon()).is_ok())
        };
        let all: Vec<_> = (0..6).map(one).collect();
        all.into_iter().map(|thread| thread.join().expect("ended")).collect()
    });
    assert_eq!(ended.iter().filter(|done| **done).count(), 1, "{ended:?}");
}

#[test]
fn what_a_token_may_do_is_said() {
    let all = ["secret/app/x#a", "secret/other#a", "old/y"].map(reference);
    let all: Vec<&Reference> = all.iter().collect();
    let of = |token: &str| BAO.with_token(token).abilities(&all, soon()).expect("asked");
    let reader = of(&BAO.token("reader"));
    let who = reader.who.expect("known");
    assert!(
        who.starts_with("a token with the policies `default`, `reader`, which ends in ")
            && who.ends_with(" minutes unless it is renewed"),
        "{who}"
    );
    let can: Vec<_> = reader.of.iter().map(|of| (of.read, of.write)).collect();
    assert_eq!(can, [(Some(true), Some(false)), (Some(false), Some(false)), (Some(false), Some(false))]);
    assert!(reader.more.is_empty(), "{:?}", reader.more);
    let fields = "whether the fields are there: what the token may do is asked, and no secret is read";
    let mounts = "what is mounted at `old/`: the server does not say, and KV 2 is taken for it";
    assert_eq!(reader.unknown, [fields, mounts]);
    let writer = of(&BAO.token("writer"));
    assert_eq!(writer.more, ["may read all that lies in `old/`", "may read all that lies in `secret/`"]);
    assert!(writer.of.iter().all(|of| (of.read, of.write) == (Some(true), Some(true))));
    let root = of("root");
    assert_eq!(
        (root.more, root.who),
        (
            vec!["may do everything: it is a root token".to_owned()],
            Some("a token with the policy `root`, which never ends".to_owned())
        )
    );
}

#[test]
fn a_run_renews_its_token_where_the_table_says_so() {
    BAO.put("app/renew", &json!({ "a": "x" }));
    let made = BAO.ask("POST", "auth/token/create", &json!({ "policies": ["reader"], "ttl": "30s" }));
    let token = made["auth"]["client_token"].as_str().expect("text");
    let left =
        || BAO.ask("POST", "auth/token/lookup", &json!({ "token": token }))["data"]["ttl"].as_u64().expect("a number");
    std::thread::sleep(Duration::from_millis(2100));
    assert!(left() <= 28);
    let open = |renew: &str| BAO.open(&format!("token = {{ key = \"t\" }}\n{renew}"), &[("t", token)]).expect("opened");
    assert_eq!(got(&*open(""), "secret/app/renew#a"), Ok("x".into()));
    assert!(left() <= 28);
    assert_eq!(got(&*open("renew = true\n"), "secret/app/renew#a"), Ok("x".into()));
    assert!(left() >= 29);
}

fn can_log_in(port: u64, user: &str, password: &str) -> bool {
    let connection = format!("host=127.0.0.1 port={port} user={user} dbname=postgres");
    let psql = Command::new("psql")
        .args(["-X", "-w", "-q", "-c", "select 1", &connection])
        .env("PGPASSWORD", password)
        .output();
    psql.expect("psql").status.success()
}

#[test]
fn an_engines_credentials_are_lent_once_renewed_and_given_back() {
    let port = BAO.line(&json!({ "postgres": true }))["port"].as_u64().expect("a number");
    let place = reference("database/creds/app").place;
    let lend = |source: &dyn Source| {
        let fetched = source.fetch(&place, &[Some("username"), Some("password")], soon()).expect("fetched");
        let text = |at: usize| fetched.values[at].as_ref().expect("there").expose_text().expect("text").to_owned();
        (text(0), text(1), fetched.lease.clone().expect("a lease"))
    };
    // By a login: the run's own token ends, and all with it, though the policy has no word of leases.
    let (role, id) = (BAO.said("/approles/user/role_id"), BAO.said("/approles/user/secret_id"));
    let table = format!("approle = {{ role_id = \"{role}\", secret_id = {{ key = \"s\" }} }}\n");
    let source = BAO.open(&table, &[("s", &id)]).expect("opened");
    let (user, password, lease) = lend(&*source);
    assert!(can_log_in(port, &user, &password));
    assert!(lease.is_renewable && lease.lasts == Duration::from_secs(5));
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(source.renew(&lease, soon()).expect("renewed").lasts, Duration::from_secs(5));
    source.revoke(&lease, soon()).expect("its own token does it");
    source.close(soon());
    let until = Instant::now() + Duration::from_secs(3);
    while can_log_in(port, &user, &password) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!can_log_in(port, &user, &password), "before the lease would have ended by itself");
    // By a kept token that may.
    let root = BAO.with_token("root");
    let (user, password, lease) = lend(&*root);
    assert!(can_log_in(port, &user, &password));
    root.revoke(&lease, soon()).expect("revoked");
    assert!(!can_log_in(port, &user, &password));
    root.revoke(&lease, soon()).expect("it is over");
    assert_eq!(refused(root.renew(&lease, soon())), "source `corp` at it has ended a lease before its time");
    // By one that may not.
    let user = BAO.with_token(&BAO.token("user"));
    let (.., lease) = lend(&*user);
    assert_eq!(
        refused(user.revoke(&lease, soon())),
        "source `corp` at it does not let this token end what it was lent; that ends by itself"
    );
    assert_eq!(
        refused(root.write(&reference("database/creds/app#password"), &secret("x"), None, "1", soon())),
        "source `corp`: what lies at `database/creds/app` is made by the server, and cannot be written"
    );
}

#[test]
fn its_own_authorities_count_and_no_others_and_a_sealed_server_says_so() {
    let tls = Server::start(&["tls"]);
    tls.put("x", &json!({ "a": "over-tls" }));
    let ca = tls.said("/ca");
    let open = |more: &str| tls.open(&format!("token = {{ key = \"t\" }}\n{more}"), &[("t", "root")]);
    let own = open(&format!("ca = \"{ca}\"\n")).expect("opened");
    assert_eq!(got(&*own, "secret/x#a"), Ok("over-tls".into()));
    let of_system = got(&*open("").expect("opened"), "secret/x#a").expect_err("signed by nobody");
    assert!(of_system.starts_with("source `corp` at it shows a certificate that does not count"), "{of_system}");
    let folder = tempfile::tempdir().expect("folder");
    let other = folder.path().join("other.pem");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=other",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(&other)
        .output()
        .expect("openssl");
    assert!(made.status.success());
    let by_other = got(&*open(&format!("ca = \"{}\"\n", other.display())).expect("opened"), "secret/x#a");
    assert!(by_other.expect_err("another").contains("it is signed by none of the authorities that were named for it"));
    std::fs::write(&other, "nothing").expect("write");
    assert!(open(&format!("ca = \"{}\"\n", other.display())).is_err());
    tls.ask("PUT", "sys/seal", &Value::Null);
    assert_eq!(got(&*own, "secret/x#a"), Err("source `corp` at it is sealed".into()));
}

#[test]
fn a_table_says_what_is_wrong_with_it_and_never_what_it_holds() {
    let wrong = |table: &str| refused(open(table, &[]));
    for (table, part) in [
        ("token = { key = \"t\" }\n", "`address` has to be here"),
        ("address = \"http://vault.example.com\"\ntoken = { key = \"t\" }\n", "plain `http` is for this machine alone"),
        ("address = \"https://v\"\n", "a way to come by a token has to be here"),
        ("address = \"https://v\"\ntoken = \"s.a-secret-token\"\n", "no secret stands in this file"),
        (
            "address = \"https://v\"\ntoken = { key = \"t\" }\napprole = { role_id = \"r\" }\n",
            "one way to come by a token is enough",
        ),
        ("address = \"https://v\"\ntoken = { key = \"t\" }\nkv = 2\n", "`mount`, which is not named"),
        ("address = \"https://v\"\ntoken = { key = \"t\" }\nmount = \"a\"\nkv = 3\n", "either `1` or `2`"),
        ("address = \"https://v\"\njwt = { role = \"r\" }\n", "either `file` or `key` has to be here"),
        ("address = \"https://v\"\nkubernetes = { }\n", "`role` has to be here"),
        ("address = \"https://v\"\nuserpass = { user = \"u\" }\n", "`user` and `password` has to be here"),
        ("address = \"https://v\"\napprole = { secret_id = { key = \"s\" } }\n", "`role_id` has to be here"),
    ] {
        let said = wrong(table);
        assert!(said.contains(part) && !said.contains("a-secret-token"), "{table}: {said}");
    }
}

#[test]
fn variables_count_only_where_the_table_says_so() {
    // In a process of its own: the environment is one for all threads.
    let run = |table: &str, variables: &[(&str, &str)]| {
        let mut again = Command::new(std::env::current_exe().expect("own"));
        again.args(["--exact", "in_another_environment", "--ignored", "--nocapture"]).env("KEYCTL_TEST_TABLE", table);
        for name in ["VAULT_ADDR", "BAO_ADDR", "VAULT_TOKEN", "BAO_TOKEN", "VAULT_NAMESPACE", "BAO_NAMESPACE"] {
            again.env_remove(name);
        }
        let output = again.envs(variables.iter().copied()).output().expect("start");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().find_map(|line| line.split_once("came to: ").map(|(_, said)| said.to_owned())).expect("said")
    };
    BAO.put("app/environment", &json!({ "a": "the-value" }));
    let (address, token) = (BAO.address(), BAO.token("reader"));
    assert_eq!(run("environment = true\n", &[("VAULT_ADDR", address), ("VAULT_TOKEN", &token)]), "the-value");
    assert_eq!(
        run("environment = true\n", &[("BAO_ADDR", address), ("BAO_TOKEN", &token), ("VAULT_TOKEN", "s.no")]),
        "the-value"
    );
    assert!(
        run("environment = true\n", &[("VAULT_TOKEN", "s.x")]).contains("neither `BAO_ADDR` nor `VAULT_ADDR` is set")
    );
    let own = format!("address = \"{address}\"\ntoken_file = \"FILE\"\n");
    assert_eq!(
        run(
            &own,
            &[
                ("VAULT_ADDR", "https://evil.example.com"),
                ("VAULT_TOKEN", "s.evil"),
                ("VAULT_NAMESPACE", "evil"),
                ("TOKEN", &token)
            ]
        ),
        "the-value"
    );
}

#[test]
#[ignore = "a part of the test above"]
fn in_another_environment() {
    use std::io::stdout;
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("token");
    std::fs::write(&file, std::env::var("TOKEN").unwrap_or_default() + "\n").expect("write");
    let table = std::env::var("KEYCTL_TEST_TABLE").expect("set").replace("FILE", path(&file));
    let came = open(&table, &[])
        .map_err(|failure| said(&failure))
        .and_then(|source| got(&*source, "secret/app/environment#a"));
    writeln!(stdout(), "\ncame to: {}", came.unwrap_or_else(|said| said)).expect("write");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}
