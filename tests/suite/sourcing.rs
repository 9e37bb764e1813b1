//! Keys whose secrets lie in a source: referred to, fetched when they are used, kept for a while where the user asks for it.
//! The source here is a program; what others do is in `tests/sources`, `tests/vault.rs` and `tests/clouds`.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{NO_KEYCHAIN, Ran, Sandbox, put_program};

/// A sandbox whose source is a program that says what lies in a folder, and notes that it was asked.
struct World {
    sandbox: Sandbox,
    program: PathBuf,
}

impl World {
    fn new(more: &str) -> Self {
        let sandbox = Sandbox::with(&[("own", "own-secret-value")]);
        let program = sandbox.outside().join("vault");
        std::fs::create_dir(sandbox.outside().join("secrets")).expect("make");
        let script = format!(
            "#!/bin/sh\necho \"$1\" >>{0}/asked\n[ -t 0 ] && exit 9\ncat {0}/secrets/\"$1\" 2>/dev/null || {{ echo prose for people; exit 1; }}\n",
            sandbox.outside().display()
        );
        put_program(script.as_bytes(), &program);
        let world = Self { sandbox, program };
        world.configure(more);
        world
    }

    fn configure(&self, more: &str) {
        let program = self.program.display();
        self.sandbox
            .configure(&format!("[sources.corp]\ntype = \"command\"\ncommand = [\"{program}\", \"{{path}}\"]\n{more}"));
    }

    /// What lies at a place of the source.
    fn put(&self, place: &str, secret: &str) {
        let path = self.sandbox.outside().join("secrets").join(place);
        std::fs::write(&path, secret).expect("write");
        self.sandbox.may_lie_in(&path);
        self.sandbox.secret(secret);
    }

    fn asked(&self) -> usize {
        std::fs::read_to_string(self.sandbox.outside().join("asked")).unwrap_or_default().lines().count()
    }

    fn refer(&self, name: &str, reference: &str) -> Ran<'_> {
        self.sandbox.call(&["set", name, "--source", "corp", "--ref", reference]).run()
    }

    fn run(&self, options: &[&str]) -> Ran<'_> {
        let shown = ["--", "sh", "-c", "echo ${#DB} ${OWN:-}"];
        self.sandbox.call(&[&["run", "-k", "DB=db"], options, &shown].concat()).run()
    }

    fn last(&self, action: &str) -> Value {
        let shown = self.sandbox.call(&["history", "--json"]).run();
        let events: Vec<Value> = shown.stdout().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        events.into_iter().rfind(|event| event["ev"] == action).unwrap_or_else(|| panic!("no {action}"))
    }
}

fn place(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_reference_is_kept_shown_and_fetched_when_it_is_used() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    world.refer("db", "database").says("", "keyctl: `db` refers to `database` in source `corp`\n", 0);
    assert_eq!(world.asked(), 0, "nothing is asked before it is used");
    world.run(&[]).says("14\n", "", 0);
    world.sandbox.call(&["get", "db"]).run().says("fetched-secret", "", 0);
    world.sandbox.call(&["env", "--format", "dotenv", "-k", "DB=db"]).run().says("DB=fetched-secret\n", "", 0);
    assert_eq!(world.asked(), 3);
    let shown = world.sandbox.call(&["show", "db"]).run().stdout();
    assert!(shown.contains("in source `corp`, at `database` (to print it: `keyctl get db`)"), "{shown}");
    let shown: Value =
        serde_json::from_str(&world.sandbox.call(&["show", "db", "--json"]).run().stdout()).expect("JSON");
    assert_eq!((&shown["source"], &shown["ref"], &shown["bytes"]), (&"corp".into(), &"database".into(), &Value::Null));
    let listed = world.sandbox.call(&["list"]).run().stdout();
    assert!(
        listed.contains("SOURCE") && listed.lines().any(|line| line.starts_with("db") && line.contains("corp")),
        "{listed}"
    );
    let event = world.last("run");
    assert_eq!((&event["names"][0], &event["sources"][0]["name"]), (&"db".into(), &"corp".into()), "{event}");
    assert_eq!(event["sources"][0].get("cached_s"), None);
    assert_eq!(world.asked(), 3, "nothing else asks");
}

#[test]
fn what_needs_no_source_asks_none_and_reads_nothing_more() {
    let world = World::new("");
    world.refer("db", "database");
    world.sandbox.call(&["run", "-k", "OWN=own", "--", "true"]).run().says("", "", 0);
    for call in [&["list"][..], &["show", "db"], &["due"], &["status"], &["versions", "db"]] {
        world.sandbox.call(call).run();
    }
    let scanned = world.sandbox.call(&["scan", "."]).run().stderr();
    assert!(
        scanned.contains("keyctl: not looked at: 1 key whose secret lies in a source, which is not asked\n"),
        "{scanned}"
    );
    assert_eq!(world.asked(), 0);
}

#[test]
fn all_that_cannot_be_fetched_is_told_and_no_command_starts() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    for (name, at) in [("db", "database"), ("x", "nothing"), ("y", "neither")] {
        world.refer(name, at);
    }
    let call = ["run", "-k", "DB=db", "-k", "X=x", "-k", "Y=y", "--", "sh", "-c", "echo started"];
    let program = place(&world.program).replace(&place(world.sandbox.outside()), "/sandbox");
    let failed =
        format!("cannot fetch `x`, `y`: source `corp`: the program of the source `{program}` ended with exit code 1");
    world.sandbox.call(&call).run().says("", &format!("keyctl: {failed} [E10]\n"), 125);
    // The source was asked with the user's credential, so the history has it.
    let event = world.last("failed");
    assert_eq!((&event["names"], &event["sources"][0]["name"]), (&serde_json::json!(["db", "x", "y"]), &"corp".into()));
    assert!(
        event["outcome"].as_str().is_some_and(|said| said.starts_with("not given: cannot fetch `x`, `y`")),
        "{event}"
    );
    assert_eq!(world.sandbox.call(&["get", "x"]).run().code(), 10);
    assert_eq!(world.last("failed")["names"], serde_json::json!(["x"]));
}

#[test]
fn what_fails_at_one_source_hides_nothing_of_another() {
    let world = World::new(
        "[sources.other]\ntype = \"vault\"\naddress = \"http://127.0.0.1:9\"\ntoken = { key = \"no/token\" }\n",
    );
    world.refer("db", "nothing");
    world.sandbox.call(&["set", "api", "--source", "other", "--ref", "secret/a#b", "-q"]).run();
    let call = ["run", "-k", "DB=db", "-k", "API=api", "--", "true"];
    let said = world.sandbox.call(&call).run().stderr();
    assert!(
        said.starts_with(
            "keyctl: cannot fetch `api`: no key named `no/token`, which is to be a credential of source `other`"
        ) && said.contains("keyctl: hint: also: cannot fetch `db`: source `corp`: the program of the source"),
        "{said}"
    );
    world.sandbox.configure("");
    let said = world.sandbox.call(&call).run().stderr();
    assert!(
        said.contains("there is no source `corp`, where the secret of `db` should lie")
            && said.contains("hint: also: there is no source `other`, where the secret of `api` should lie"),
        "{said}"
    );
}

#[test]
fn a_source_that_is_not_there_is_said_with_the_way_to_have_it() {
    let world = World::new("");
    world.refer("db", "database");
    world.sandbox.call(&["set", "z", "--source", "other", "--ref", "a"]).run().says(
        "",
        "keyctl: there is no source `other`; nothing was kept\nkeyctl: hint: set it up: `keyctl source add other --type TYPE`\n",
        3,
    );
    world.sandbox.configure("");
    world.sandbox.call(&["get", "db"]).run().says(
        "",
        "keyctl: there is no source `corp`, where the secret of `db` should lie\nkeyctl: hint: set it up: `keyctl source add corp --type TYPE`\n",
        3,
    );
}

#[test]
fn limits_and_policy_are_judged_before_anything_is_asked() {
    let world = World::new("[policy]\nexpired = \"stop\"\n");
    world.put("database", "fetched-secret");
    world.sandbox.call(&["set", "db", "--source", "corp", "--ref", "database", "--expires", "2020-01-01"]).run();
    assert_eq!(world.run(&[]).code(), 125);
    assert_eq!(world.asked(), 0);
    // What can only be judged with the secret is judged once it is there: no reason holds it.
    world.sandbox.call(&["edit", "db", "--no-expires"]).run();
    let ran = world.sandbox.call(&["get", "db", "--reason", "for the database"]).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("fetched-secret", 0));
}

#[test]
fn what_is_said_of_a_secret_holds_for_its_place_however_that_is_written() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    world.refer("db", "database");
    world.sandbox.call(&["edit", "db", "--expires", "2035-01-01"]).run();
    world.sandbox.call(&["revoke", "db", "--yes"]).run();
    assert_eq!(world.run(&[]).code(), 125);
    assert_eq!(world.sandbox.call(&["pull", "db", "--yes"]).run().code(), 9);
    for reference in ["/database", "database@1", "database#field"] {
        let ran = world.sandbox.call(&["set", "db", "--source", "corp", "--ref", reference, "--replace", "-q"]).run();
        assert_eq!((ran.code(), world.run(&[]).code()), (0, 125), "{reference}");
    }
    let shown = world.sandbox.call(&["show", "db", "--json"]).run().stdout();
    assert!(shown.contains("2035-01-01"), "{shown}");
    world.refer("other", "/database");
    assert_eq!(world.sandbox.call(&["run", "-k", "DB=other", "--", "true"]).run().code(), 125);
    world.sandbox.call(&["set", "db", "--source", "corp", "--ref", "elsewhere", "--replace", "-q"]).run();
    world.put("elsewhere", "secret-of-two");
    world.run(&[]).says("13\n", "", 0);
    assert_eq!(world.asked(), 1, "nothing else was asked");
}

#[test]
fn bringing_a_secret_into_the_store_asks_its_limits_first_and_is_recorded() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    world.refer("db", "database");
    world.sandbox.call(&["edit", "db", "--ask", "--expires", "2035-01-01"]).run();
    for more in ["--dry-run", "--yes"] {
        assert_eq!((world.sandbox.call(&["pull", "db", more]).run().code(), world.asked()), (9, 0), "{more}");
    }
    world.refer("free", "database");
    world.sandbox.call(&["edit", "free", "--expires", "2035-01-01"]).run();
    assert_eq!(world.sandbox.call(&["pull", "free", "--dry-run"]).run().code(), 0);
    let event = world.last("check");
    assert_eq!((&event["names"][0], &event["sources"][0]["name"]), (&"free".into(), &"corp".into()), "{event}");
    assert_eq!(world.sandbox.call(&["pull", "free", "--yes"]).run().code(), 0);
    let shown = world.sandbox.call(&["show", "free", "--json"]).run().stdout();
    assert!(shown.contains("2035-01-01"), "{shown}");
}

#[test]
fn the_proxy_keeps_no_key_that_lies_in_a_source_and_one_that_is_for_it_alone_is_given_to_nobody() {
    let world = World::new("[[proxy.rules]]\nsecret = \"*\"\ndomain = \"api.test\"\n");
    world.put("database", "fetched-secret");
    world.refer("db", "database").says("", "keyctl: `db` refers to `database` in source `corp`\n", 0);
    let run = |options: &[&str]| {
        let shown = ["--", "sh", "-c", "echo ${#DB} ${#OWN}"];
        world.sandbox.call(&[&["proxy", "run", "-k", "DB=db"], options, &shown].concat()).run()
    };
    run(&[]).says(
        "",
        "keyctl: the proxy cannot keep `DB`: it lies in a source [E09]\nkeyctl: hint: leave it out with `--only`, or give it as it is: `--unprotected`\n",
        125,
    );
    assert_eq!(world.asked(), 0);
    let own = "keyctl: `OWN` is kept back and goes to `api.test` alone (CONNECT)\n";
    let bare = "keyctl: given as it is, as it lies in a source: `DB`\n";
    run(&["-k", "OWN=own", "--unprotected"]).says("14 38\n", &format!("{bare}{own}"), 0);
    assert_eq!(world.asked(), 1);
    world.sandbox.call(&["-q", "edit", "db", "--proxy-only"]).run().says("", "", 0);
    let refused = "keyctl: not given: `db` is for the proxy alone, as the store says [E09]\nkeyctl: hint: to change that, at a terminal: `keyctl edit db --no-proxy-only`\n";
    world.run(&[]).says("", refused, 125);
    run(&["--unprotected"]).says("", &format!("{bare}{refused}"), 125);
    assert_eq!(world.asked(), 1, "what is refused is not fetched");
}

#[test]
fn references_have_versions_like_secrets_and_can_be_taken_back() {
    let world = World::new("");
    world.put("one", "secret-of-one");
    world.put("two", "secret-of-two");
    let get = || world.sandbox.call(&["get", "db"]).run().stdout();
    world.refer("db", "one");
    assert_eq!(world.refer("db", "two").code(), 1, "it exists");
    world.sandbox.call(&["set", "db", "--source", "corp", "--ref", "two", "--replace"]).run().says(
        "",
        "keyctl: `db` refers to `two` in source `corp` now; its former secret is kept\n",
        0,
    );
    assert_eq!(get(), "secret-of-two");
    assert_eq!(world.sandbox.call(&["undo", "--yes"]).run().code(), 0);
    assert_eq!(get(), "secret-of-one");
    world.sandbox.secret("a-literal-one");
    world.sandbox.call(&["set", "db", "--replace"]).input("a-literal-one").run();
    assert_eq!(get(), "a-literal-one");
    assert_eq!(world.sandbox.call(&["rollback", "db", "--yes"]).run().code(), 0);
    assert_eq!(get(), "secret-of-one");
    assert_eq!(world.sandbox.call(&["rename", "db", "database"]).run().code(), 0);
    world.sandbox.call(&["get", "database"]).run().says("secret-of-one", "", 0);
    let copied = world.sandbox.call(&["rotate", "database", "--yes"]).input("new").run();
    assert_eq!(copied.code(), 2, "{}", copied.stderr());
}

#[test]
fn what_is_kept_is_sealed_has_an_age_and_a_limit_and_goes_with_its_key() {
    let world = World::new("cache = \"1h\"\n");
    world.put("database", "fetched-secret");
    world.refer("db", "database");
    world.run(&["--offline"]).says(
        "",
        "keyctl: nothing that is new enough is kept of `db` [E10]\nkeyctl: hint: run it once without `--offline`\n",
        125,
    );
    world.run(&[]).says("14\n", "", 0);
    let cache = world.sandbox.data("sources.cache");
    assert!(cache.exists() && world.asked() == 1);
    let again = world.run(&[]);
    assert_eq!((again.stdout().as_str(), world.asked()), ("14\n", 1));
    assert!(
        again.stderr().starts_with("keyctl: `db` from source `corp` as fetched ")
            && again.stderr().ends_with(" seconds ago\n")
            || again.stderr().ends_with(" second ago\n"),
        "{}",
        again.stderr()
    );
    assert!(world.last("run")["sources"][0]["cached_s"].is_u64());
    // Another program is another source: nobody gets what this one gave.
    let other = world.sandbox.outside().join("other");
    put_program(b"#!/bin/sh\necho other-secret\n", &other);
    world.sandbox.may_lie_in(&other);
    world.sandbox.secret("other-secret");
    world.sandbox.configure(&format!(
        "[sources.corp]\ntype = \"command\"\ncommand = [\"{}\", \"{{path}}\"]\ncache = \"1h\"\n",
        place(&other)
    ));
    world.run(&[]).says("12\n", "", 0);
    world.configure("cache = \"1h\"\n");
    let now = world.run(&["--offline"]);
    assert_eq!((now.stdout().as_str(), now.code()), ("14\n", 0), "{}", now.stderr());
    // A key that goes takes along what was kept for it.
    world.sandbox.call(&["remove", "db", "--yes"]).run();
    assert!(!cache.exists());
    world.sandbox.call(&["rollback", "db", "--yes"]).run();
    world.run(&[]);
    assert!(cache.exists());
    world.sandbox.call(&["source", "forget-cache"]).run().says("", "keyctl: let go what was kept of all sources\n", 0);
    assert!(!cache.exists());
}

#[test]
fn what_a_run_in_flight_fetched_is_not_kept_for_a_key_that_has_gone_meanwhile() {
    let world = World::new("cache = \"1h\"\n");
    let slow = world.sandbox.outside().join("slow");
    put_program(b"#!/bin/sh\ntouch \"$0.begun\"\nsleep 1\necho slow-secret\n", &slow);
    world.sandbox.may_lie_in(&slow);
    world.sandbox.secret("slow-secret");
    world.sandbox.configure(&format!(
        "[sources.corp]\ntype = \"command\"\ncommand = [\"{}\", \"{{path}}\"]\ncache = \"1h\"\n",
        place(&slow)
    ));
    world.refer("db", "database");
    let mut call = world.sandbox.call(&["run", "-k", "DB=db", "--", "true"]);
    let mut child = call.command.stdin(std::process::Stdio::null()).spawn().expect("start");
    while !world.sandbox.outside().join("slow.begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    world.sandbox.call(&["remove", "db", "--yes"]).run();
    assert!(child.wait().expect("ended").success());
    assert!(!world.sandbox.data("sources.cache").exists());
}

#[test]
fn a_source_without_a_cache_keeps_nothing() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    world.refer("db", "database");
    world.run(&[]).says("14\n", "", 0);
    assert!(!world.sandbox.data("sources.cache").exists());
    world.run(&["--offline"]).says(
        "",
        "keyctl: nothing that is new enough is kept of `db` [E10]\nkeyctl: hint: source `corp` keeps nothing; have it do so with `cache = \"1h\"` in `[sources.corp]`\n",
        125,
    );
}

#[test]
fn a_project_never_chooses_a_source_and_gets_what_its_key_refers_to() {
    let world = World::new("");
    world.put("database", "fetched-secret");
    world.refer("db", "database");
    world.sandbox.file(".keyctl.toml", "[env]\nDB = \"db\"\nOWN = \"own\"\n");
    world.sandbox.allow();
    let ran = world.sandbox.call(&["run", "--mask", "--", "sh", "-c", "echo $DB; echo $OWN"]).run();
    assert_eq!(ran.stdout(), "[keyctl:DB]\n[keyctl:OWN]\n", "{}", ran.stderr());
    world.sandbox.file(".keyctl.toml", "[sources.corp]\ntype = \"command\"\ncommand = [\"x\", \"{path}\"]\n");
    let refused = world.sandbox.call(&["run", "--", "true"]).run();
    assert_eq!(refused.code(), 125);
    assert!(refused.stderr().contains("the field `sources` is not known here"), "{}", refused.stderr());
}

#[test]
fn keys_of_another_store_refer_only_to_sources_that_are_for_it() {
    let world = World::new("stores = [\"team\"]\n");
    world.put("database", "fetched-secret");
    world.put("private", "private-secret");
    let made = world.sandbox.call(&["store", "create", "team", "--keeper", "file"]).run();
    assert_eq!(made.code(), 0, "{}", made.stderr());
    let up = [("team:version", "database@../private"), ("team:field", "database#x/../../private")];
    for (name, at) in [("team:db", "database"), ("team:private", "private")].into_iter().chain(up) {
        assert_eq!(world.refer(name, at).code(), 0);
    }
    world.sandbox.call(&["get", "team:db"]).run().says("fetched-secret", "", 0);
    world.configure("stores = [\"team\"]\npaths = [\"data*\"]\n");
    world.sandbox.call(&["get", "team:db"]).run().says("fetched-secret", "", 0);
    // By a version or a field, which a program may put behind the path, nothing leads elsewhere either.
    for name in ["team:private", "team:version", "team:field"] {
        let said = format!(
            "keyctl: `{name}` refers to a place of source `corp` that is not for the store `team`\nkeyctl: hint: `paths` in `[sources.corp]` of `config.toml` says which are\n"
        );
        world.sandbox.call(&["get", name]).run().says("", &said, 9);
    }
    world.refer("team:other", "private").says(
        "",
        "keyctl: `private` of source `corp` is not for the store `team`; nothing was kept\nkeyctl: hint: `paths` in `[sources.corp]` of `config.toml` says what is\n",
        9,
    );
    // A key that others have written is not fetched from there by being moved, nor is one's own for them.
    let moved = world.sandbox.call(&["store", "move", "team:private", "--to", "personal"]).run();
    assert!(
        moved.code() == 9
            && moved.stderr().contains(
                "as `private` the key is fetched from `private` of source `corp`, which is not for the store `team`"
            ),
        "{}",
        moved.stderr()
    );
    world.refer("mine", "private");
    let moved = world.sandbox.call(&["store", "move", "mine", "--to", "team"]).run();
    assert!(
        moved.code() == 9
            && moved.stderr().contains("`private` of source `corp` is not for the store `team`; nothing was moved"),
        "{}",
        moved.stderr()
    );
    world.configure("");
    let asked = world.asked();
    world.sandbox.call(&["get", "team:db"]).run().says(
        "",
        "keyctl: source `corp` is not for keys of the store `team`, which `team:db` is of\nkeyctl: hint: others may write into that store; if they may have you fetch from it: `stores = [\"team\"]` in `[sources.corp]`\n",
        9,
    );
    assert_eq!(world.asked(), asked);
}

#[test]
fn sources_are_added_listed_tested_and_removed() {
    let sandbox = Sandbox::new();
    sandbox.call(&["source", "list"]).run().says(
        "",
        "keyctl: there is no source\nkeyctl: hint: set one up: `keyctl source add NAME --type TYPE`\n",
        0,
    );
    sandbox.configure("# mine\n[history]\nsync = true\n");
    sandbox.call(&["source", "add", "local", "--type", "command", "--cache", "2h", "--", "printf", "%s", "of-{path}"]).run().says(
        "",
        "keyctl: source `local` stands in `~/.config/keyctl/config.toml`\nkeyctl: hint: try it: `keyctl source test local`; refer to it: `keyctl set NAME --source local --ref REF`\n",
        0,
    );
    let config = std::fs::read_to_string(sandbox.home().join(".config/keyctl/config.toml")).expect("read");
    assert_eq!(
        config,
        "# mine\n[history]\nsync = true\n\n[sources.local]\ntype = \"command\"\ncommand = [\"printf\", \"%s\", \"of-{path}\"]\ncache = \"2h\"\n"
    );
    sandbox.call(&["source", "list"]).run().says(
        "NAME   TYPE     KEPT FOR  STORES\nlocal  command  2 hours   personal\n",
        "",
        0,
    );
    sandbox.call(&["source", "list", "--json"]).run();
    sandbox.call(&["set", "db", "--source", "local", "--ref", "a"]).run().says(
        "",
        &format!("{NO_KEYCHAIN}keyctl: `db` refers to `a` in source `local`\n"),
        0,
    );
    sandbox.call(&["source", "show", "local", "--json"]).run();
    sandbox.call(&["source", "test", "local"]).run().says(
        "KEY  REFERENCE  READ  WRITE\ndb   a          yes   unknown\n",
        "keyctl: source `local` answers\nkeyctl: not known: what else the program's own credential may do\n",
        0,
    );
    sandbox.call(&["source", "test", "local", "--json"]).run();
    sandbox.call(&["set", "gone", "--source", "local", "--ref", "b", "-q"]).run();
    sandbox.call(&["revoke", "gone", "--yes", "-q"]).run();
    sandbox.call(&["source", "test", "local"]).run().says(
        "KEY  REFERENCE  READ  WRITE\ndb   a          yes   unknown\n",
        "keyctl: `gone` was revoked, and is not looked for\nkeyctl: source `local` answers\nkeyctl: not known: what else the program's own credential may do\n",
        0,
    );
    sandbox.call(&["remove", "gone", "--yes", "-q"]).run();
    sandbox.call(&["source", "remove", "local"]).run().says(
        "",
        "keyctl: `db` refers to source `local` still\nkeyctl: hint: remove them first, or say `--yes`: they stay and cannot be fetched then\n",
        1,
    );
    assert_eq!(sandbox.call(&["source", "remove", "local", "--yes"]).run().code(), 0);
    let config = std::fs::read_to_string(sandbox.home().join(".config/keyctl/config.toml")).expect("read");
    assert_eq!(config, "# mine\n[history]\nsync = true\n\n");
    for (call, said) in [
        (&["source", "add", "x", "--type", "command"][..], "`command` has to be here: a program and its arguments"),
        (
            &["source", "add", "x", "--type", "command", "--", "cat"],
            "`{path}` has to be in one of the arguments: it is where the secret lies",
        ),
        (
            &["source", "add", "x", "--type", "command", "--field", "colour=red", "--", "cat", "{path}"],
            "the field `colour` is not known here",
        ),
    ] {
        let ran = sandbox.call(call).run();
        assert!(ran.code() == 2 && ran.stderr().contains(said), "{}", ran.stderr());
    }
}

#[test]
fn a_credential_never_stands_in_the_settings() {
    let sandbox = Sandbox::new();
    for (text, said) in [
        ("[sources.a]\n", "`type` has to be here"),
        ("[sources.a]\ntype = \"nothing\"\n", "there is no such type of source"),
        ("[sources.A]\ntype = \"command\"\n", "a source's name"),
        (
            "[sources.a]\ntype = \"command\"\ncommand = [\"x\", \"{path}\"]\ntimeout = \"2h\"\n",
            "this is a time from `1s` to `60s`",
        ),
        (
            "[sources.a]\ntype = \"command\"\ncommand = [\"x\", \"{path}\"]\ncache = \"10s\"\n",
            "this is a time from `1m` to `7d`",
        ),
        ("[sources.a]\ntype = \"command\"\ncommand = [\"{path}\"]\n", "a reference does not choose the program"),
        (
            "[sources.a]\ntype = \"gcp-secret-manager\"\nproject = \"p\"\ncredentials = \"cli\"\ncache = \"1h\"\n",
            "with `cli` nothing is kept: whose account that is, is known only once it is asked",
        ),
        (
            "[sources.a]\ntype = \"command\"\ncommand = [\"x\", \"{path}\"]\nstores = [\"personal\"]\n",
            "may always refer to a source",
        ),
    ] {
        sandbox.configure(text);
        let ran = sandbox.call(&["source", "list"]).run();
        assert!(ran.code() == 2 && ran.stderr().contains(said), "{text}{}", ran.stderr());
    }
}
