//! Keys that have ended, are revoked or have to be replaced, and are to be used all the same.

use serde_json::Value;

use keyctl::{commands::opening, home::Home, store::file};

use crate::{
    clock::keep,
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox},
};

const KEPT: &str = "2026-11-01T10:00:00Z";
const NOW: &str = "2026-11-25T10:00:00Z";
const REPLACE: &str = "keyctl: hint: replace it with `keyctl rotate";

/// What a command that prints a key's secret says on standard error, and its exit code.
#[track_caller]
fn run(sandbox: &Sandbox, moment: &str, names: &[&str], stderr: &str, code: i32) {
    let keys: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("-kV{at}={name}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let words = [&["run"][..], &keys, &["--", "printenv", "V0"]].concat();
    let stdout = if code == 0 { format!("sk-secret-of-{}\n", names[0]) } else { String::new() };
    sandbox.call(&words).at(moment).run().says(&stdout, stderr, code);
}

fn last_event(sandbox: &Sandbox) -> Value {
    let history = sandbox.call(&["history", "--json"]).run();
    let events = history.stdout().lines().map(|line| serde_json::from_str(line).expect("json")).collect::<Vec<Value>>();
    // That it was refused is followed by an alert the first time.
    events.into_iter().rfind(|event| event["ev"] != "alert").expect("an event")
}

#[test]
fn an_expired_key_is_given_and_each_time_that_is_said() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", KEPT, &["--expires", "2026-11-22"]);
    keep(&sandbox, "b", KEPT, &["--expires", "2026-11-25T10:00:01Z"]);
    keep(&sandbox, "c", KEPT, &[]);
    let said = "keyctl: `a` expired 3 days ago: replace it with `keyctl rotate a`\n";
    let soon = "keyctl: `b` expires in 1 minute: replace it with `keyctl rotate b`\n";
    run(&sandbox, NOW, &["a", "b", "c"], &format!("{said}{soon}"), 0);
    run(&sandbox, NOW, &["a"], said, 0);
    run(&sandbox, NOW, &["b", "c"], "", 0);
    let both = "keyctl: `a` expired 3 days ago, `b` expired just now: replace each with `keyctl rotate NAME`\n";
    run(&sandbox, "2026-11-25T10:00:01Z", &["a", "b", "c"], both, 0);
    sandbox.call(&["env", "-k", "A=a"]).at(NOW).run().says("A=sk-secret-of-a\n", said, 0);
    sandbox.call(&["get", "a"]).at(NOW).run().says("sk-secret-of-a", said, 0);
    sandbox.call(&["get", "a", "--quiet"]).at(NOW).run().says("sk-secret-of-a", said, 0);
    sandbox.call(&["get", "c"]).at(NOW).run().says("sk-secret-of-c", "", 0);
}

#[test]
fn a_policy_of_stop_gives_no_expired_key_and_the_history_says_so() {
    let sandbox = Sandbox::new();
    sandbox.configure("[policy]\nexpired = \"stop\"\n[[keys]]\nmatch = \"lax\"\nexpired = \"warn\"\n");
    for name in ["a", "lax"] {
        keep(&sandbox, name, KEPT, &["--expires", "2026-11-22"]);
    }
    keep(&sandbox, "c", KEPT, &[]);
    let hints = format!("{REPLACE} a`\nkeyctl: hint: to be warned only: `expired = \"warn\"` in `config.toml`\n");
    let refused = format!("keyctl: not given: `a` expired 3 days ago [E09]\n{hints}");
    let soon = "keyctl: `a` expires in 1 minute: replace it with `keyctl rotate a`\n";
    run(&sandbox, "2026-11-21T23:59:59Z", &["a"], soon, 0);
    run(&sandbox, NOW, &["c", "a", "lax"], &refused, 125);
    let event = last_event(&sandbox);
    let told = ["ev", "names", "prog", "outcome"].map(|field| event[field].to_string());
    assert_eq!(told, ["\"failed\"", "[\"a\"]", "\"printenv\"", "\"refused: expired\""]);
    run(&sandbox, NOW, &["lax"], "keyctl: `lax` expired 3 days ago: replace it with `keyctl rotate lax`\n", 0);
    sandbox.call(&["env", "-k", "A=a"]).at(NOW).run().says("", &refused.replace(" [E09]", ""), 9);
    // A person who takes it out by its name is told, and gets it.
    let told = "keyctl: `a` expired 3 days ago: replace it with `keyctl rotate a`\n";
    sandbox.call(&["get", "a"]).at(NOW).run().says("sk-secret-of-a", told, 0);
    let dry = sandbox.call(&["run", "-n", "-k", "A=a", "--", "true"]).at(NOW).run();
    assert_eq!(dry.code(), 0, "a dry run opens nothing, so it cannot know");
}

#[test]
fn a_revoked_key_is_not_given_unless_the_policy_only_warns() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", KEPT, &[]);
    keep(&sandbox, "b", KEPT, &["--expires", "2026-11-22"]);
    let revoke = ["revoke", "a", "--reason", "leaked in a log", "--yes"];
    assert_eq!(sandbox.call(&revoke).at("2026-11-20T10:00:00Z").run().code(), 0);
    run(
        &sandbox,
        NOW,
        &["a", "b"],
        &format!(
            "keyctl: not given: `a` was revoked 5 days ago (leaked in a log) [E09]\n\
             {REPLACE} a`\n\
             keyctl: hint: if it may be used after all: `keyctl edit a --not-revoked`\n"
        ),
        125,
    );
    assert_eq!(last_event(&sandbox)["outcome"], "refused: revoked");
    let said = "keyctl: `a` was revoked 5 days ago (leaked in a log): replace it with `keyctl rotate a`\n";
    sandbox.call(&["get", "a"]).at(NOW).run().says("sk-secret-of-a", said, 0);
    sandbox.configure("[policy]\nrevoked = \"warn\"\n");
    run(&sandbox, NOW, &["a"], said, 0);
    sandbox.configure("[policy]\nexpired = \"stop\"\n");
    run(
        &sandbox,
        NOW,
        &["b", "a"],
        "keyctl: not given: `a` was revoked 5 days ago (leaked in a log), `b` expired 3 days ago [E09]\n\
         keyctl: hint: replace each with `keyctl rotate NAME`\n\
         keyctl: hint: if it may be used after all: `keyctl edit a --not-revoked`\n\
         keyctl: hint: to be warned only: `expired = \"warn\"` in `config.toml`\n",
        125,
    );
    assert_eq!(last_event(&sandbox)["outcome"], "refused: expired, revoked");
    // What keeps them back here is not for anybody to lift who can only call keyctl.
    for more in [&["edit", "a", "--not-revoked"][..], &["edit", "b", "--expires", "2030-01-01"]] {
        assert_eq!(sandbox.call(more).at(NOW).under(&["setsid", "-w"]).run().code(), 9, "{more:?}");
    }
}

#[test]
fn a_clock_that_was_put_back_gives_no_ended_key() {
    let sandbox = Sandbox::new();
    sandbox.configure("[policy]\nexpired = \"stop\"\n");
    keep(&sandbox, "a", KEPT, &["--expires", "2026-11-22"]);
    keep(&sandbox, "b", NOW, &[]);
    let behind = "keyctl: hint: the clock says 2026-11-02 10:00, but keyctl was used on 2026-11-25 10:00: judged by the later\n\
                  keyctl: hint: set the clock right; if it was wrong then, any change to the store sets this straight\n";
    let back = "2026-11-02T10:00:00Z";
    run(
        &sandbox,
        back,
        &["a"],
        &format!(
            "keyctl: not given: `a` expired 3 days ago [E09]\n{REPLACE} a`\n\
             keyctl: hint: to be warned only: `expired = \"warn\"` in `config.toml`\n{behind}"
        ),
        125,
    );
    sandbox.configure("");
    let said = "keyctl: `a` expired 3 days ago: replace it with `keyctl rotate a`\n";
    run(&sandbox, back, &["a"], &format!("{said}{behind}"), 0);
    run(&sandbox, back, &["b"], "", 0);
}

#[test]
fn of_a_key_that_is_due_run_speaks_once_a_day() {
    let sandbox = Sandbox::new();
    sandbox.configure("[alerts]\nnew_program = false\n");
    keep(&sandbox, "a", KEPT, &["--rotate-every", "20d"]);
    keep(&sandbox, "b", KEPT, &["--rotate-every", "20d"]);
    let said = |name: &str, days: u8| {
        format!("keyctl: `{name}` was to be replaced {days} days ago: replace it with `keyctl rotate {name}`\n")
    };
    run(&sandbox, "2026-11-21T09:59:59Z", &["a"], "", 0);
    assert!(!sandbox.data("reminded").exists(), "nothing was due, and nothing was written");
    run(&sandbox, NOW, &["a"], &said("a", 4), 0);
    run(&sandbox, NOW, &["a"], "", 0);
    run(&sandbox, NOW, &["a", "b"], &said("b", 4), 0);
    run(&sandbox, "2026-11-25T23:59:59Z", &["a", "b"], "", 0);
    let both = "keyctl: `a` was to be replaced 4 days ago, `b` was to be replaced 4 days ago: replace each with `keyctl rotate NAME`\n";
    run(&sandbox, "2026-11-26T00:00:00Z", &["a", "b"], both, 0);
    run(&sandbox, "2026-11-26T10:00:00Z", &["b"], "", 0);
    // The day is the one of the place: in Tokyo the next one has begun.
    let tokyo = sandbox.call(&["run", "-kA=a", "--", "true"]).at("2026-11-26T20:00:00Z").env("TZ", "Asia/Tokyo");
    tokyo.run().says("", &said("a", 5), 0);
    sandbox.call(&["get", "a"]).at("2026-11-28T10:00:00Z").run().says("sk-secret-of-a", "", 0);
    let quiet = sandbox.call(&["run", "-q", "-kA=a", "--", "true"]).at("2026-11-28T10:00:00Z");
    quiet.run().says("", "", 0);
}

/// Puts reminders of a key off, as `remind` does.
fn snooze(sandbox: &Sandbox, name: &str, until: &str) {
    let home = Home::at(sandbox.data("store.age").parent().expect("a folder"));
    let kept = opening::identity(&home).expect("an identity");
    let sealed = file::SealedFile::read(&home).expect("read").expect("a store");
    let mut payload = sealed.open(&kept.identity, &kept.anchor).expect("open").read().expect("a payload");
    let key = payload.keys.get_mut(name).expect("a key");
    key.facts.snoozed = Some(until.parse().expect("a moment"));
    file::write(&home, &payload, &kept.identity, None).expect("write");
}

#[test]
fn of_a_key_whose_reminders_are_put_off_nobody_speaks_until_then() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", KEPT, &["--rotate-every", "20d"]);
    keep(&sandbox, "b", KEPT, &["--expires", "2026-11-22"]);
    for name in ["a", "b"] {
        snooze(&sandbox, name, "2026-11-27T10:00:00Z");
    }
    run(&sandbox, NOW, &["a"], "", 0);
    assert!(!sandbox.data("reminded").exists());
    // That a key has ended is no reminder: the command is about to fail.
    run(&sandbox, NOW, &["b"], "keyctl: `b` expired 3 days ago: replace it with `keyctl rotate b`\n", 0);
    sandbox.call(&["due"]).at(NOW).run().says(
        "KEY  STATE    WHEN        DATE\n\
         b    expired  3 days ago  2026-11-22  snoozed until 2026-11-27\n\
         a    due      4 days ago  2026-11-21  snoozed until 2026-11-27\n",
        "",
        0,
    );
    sandbox.call(&["due", "--prompt"]).at(NOW).run().says("", "", 0);
    assert_eq!(sandbox.call(&["due", "--fail-on", "due"]).at(NOW).run().code(), 1);
    let awake = "2026-11-27T10:00:00Z";
    sandbox.call(&["due", "--prompt"]).at(awake).run().says("at least 1 key due\n", "", 0);
    let said = "keyctl: `a` was to be replaced 6 days ago: replace it with `keyctl rotate a`\n";
    run(&sandbox, awake, &["a"], said, 0);
}

#[test]
fn what_run_remembers_says_no_name_and_breaks_nothing() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "openai/dev", KEPT, &["--rotate-every", "20d"]);
    let said = "keyctl: `openai/dev` was to be replaced 4 days ago: replace it with `keyctl rotate openai/dev`\n";
    run(&sandbox, NOW, &["openai/dev"], said, 0);
    let file = sandbox.data("reminded");
    let text = std::fs::read_to_string(&file).expect("read");
    let mark = text.strip_prefix("keyctl-reminded 1 2026-11-25 ").expect("a day").trim_end();
    assert!(mark.len() == 32 && mark.bytes().all(|digit| digit.is_ascii_hexdigit()), "{text}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
    // The same name in another store has another mark.
    let other = Sandbox::new();
    keep(&other, "openai/dev", KEPT, &["--rotate-every", "20d"]);
    run(&other, NOW, &["openai/dev"], said, 0);
    assert_ne!(std::fs::read_to_string(other.data("reminded")).expect("read"), text);
    for broken in
        ["", "keyctl-reminded 1 2026-11-24 \n", "keyctl-reminded 1 2026-11-25 \x1b[2J zz\n", &"x".repeat(100_000)]
    {
        std::fs::write(&file, broken).expect("write");
        run(&sandbox, NOW, &["openai/dev"], said, 0);
        run(&sandbox, NOW, &["openai/dev"], "", 0);
    }
    std::fs::remove_file(&file).expect("remove");
    std::fs::create_dir(&file).expect("make");
    run(&sandbox, NOW, &["openai/dev"], said, 0);
}

#[test]
fn a_run_whose_keys_are_not_due_opens_no_file_more_than_before() {
    let sandbox = Sandbox::new();
    // Long from now, whenever the tests are run.
    keep(&sandbox, "a", NOW, &["--rotate-every", "100y", "--expires", "2990-01-01"]);
    keep(&sandbox, "b", NOW, &["--expires", "2026-11-26"]);
    let opened = |trace: &str| {
        let lines = trace.lines().filter(|line| line.contains("openat(") && !line.contains("ENOENT"));
        let paths = lines.filter_map(|line| line.split('"').nth(1).map(str::to_owned));
        paths.filter(|path| path.contains("/keyctl/") || path.contains("zoneinfo")).collect::<Vec<_>>()
    };
    let first = sandbox.call(&["run", "-kA=a", "--", "true"]).run();
    assert_eq!((first.stderr().as_str(), first.code()), ("", 0));
    let (ran, trace) = sandbox.call(&["run", "-kA=a", "--", "true"]).traced("openat,rename,connect");
    ran.says("", "", 0);
    let names: Vec<_> = opened(&trace).iter().map(|path| path.rsplit('/').next().expect("name").to_owned()).collect();
    let wanted = ["keeper.toml", "identity.txt", "anchor.txt", "store.age", "history.log"];
    assert!(wanted.iter().all(|name| names.iter().any(|opened| opened == name)), "{names:?}");
    for name in ["reminded", "due.txt", "zoneinfo", "UTC"] {
        assert!(!names.iter().any(|opened| opened == name), "{names:?}");
    }
}

#[test]
fn show_says_what_is_known_of_a_key_and_where_its_plan_comes_from() {
    let sandbox = Sandbox::new();
    sandbox.configure("[rotation]\ndefault = \"30d\"\n");
    let details =
        ["--expires", "2026-12-04", "--rotate-every", "90d", "--tag", "prod", "--tag", "eu", "--note", "of the demo"];
    keep(&sandbox, "a", KEPT, &[&details[..], &["--url", "https://example.com/keys"]].concat());
    keep(&sandbox, "b", KEPT, &[]);
    let head = |name: &str| {
        format!(
            "name        {name}\nsecret      14 bytes, text (to print it: `keyctl get {name}`)\nkept since  2026-11-01 10:00 (24 days ago)\n"
        )
    };
    sandbox.call(&["show", "a"]).at(NOW).run().says(
        &(head("a")
            + "state       ends soon\n\
               expires     2026-12-04 00:00 (in 9 days)\n\
               replace     every 90 days: 2027-01-30 10:00 (in 2 months)\n\
               page        https://example.com/keys\n\
               note        of the demo\n\
               tags        eu, prod\n"),
        "",
        0,
    );
    sandbox.call(&["show", "b"]).at("2026-11-10T10:00:00Z").run().says(
        &(head("b").replace("24 days", "9 days")
            + "replace     every 30 days, as `config.toml` says: 2026-12-01 10:00 (in 21 days)\n"),
        "",
        0,
    );
    for at in 1..=5 {
        let secret = format!("sk-secret-{at}");
        sandbox.secret(&secret);
        let moment = format!("2026-11-{}T10:00:00Z", 10 + at);
        assert_eq!(sandbox.call(&["set", "b", "--replace"]).at(&moment).input(secret).run().code(), 0);
    }
    assert_eq!(
        sandbox.call(&["revoke", "b", "--reason", "leaked", "--yes"]).at("2026-11-20T10:00:00Z").run().code(),
        0
    );
    sandbox.call(&["show", "b"]).at(NOW).run().says(
        &(head("b").replace("14 bytes", "11 bytes")
            + "changed     2026-11-15 10:00 (10 days ago)\n\
               state       revoked\n\
               revoked     2026-11-20 10:00 (5 days ago): leaked\n\
               replace     every 30 days, as `config.toml` says: 2026-12-15 10:00 (in 20 days)\n\
               former 1    2026-11-14 10:00 to 2026-11-15 10:00\n\
               former 2    2026-11-13 10:00 to 2026-11-14 10:00\n\
               former 3    2026-11-12 10:00 to 2026-11-13 10:00\n            \
                           and 2 more: `keyctl versions b`\n"),
        "",
        0,
    );
    let json = sandbox.call(&["show", "b", "--json"]).at(NOW).run();
    let json: Value = serde_json::from_str(&json.stdout()).expect("json");
    let told = ["state", "rotate_every", "rotate_every_of", "bytes"].map(|field| json[field].to_string());
    assert_eq!(told, ["\"revoked\"", "\"30d\"", "\"config\"", "11"]);
    assert_eq!(json["former"][0]["until"], "2026-11-11T10:00:00Z");
    let list = sandbox.call(&["list", "--json"]).at(NOW).run();
    let list: Value = serde_json::from_str(&list.stdout()).expect("json");
    assert_eq!(list[1], json, "a list says of each key what is shown of it");
}

#[test]
fn list_and_status_say_what_is_due_and_doctor_that_the_clock_is_behind() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", KEPT, &["--expires", "2026-11-22"]);
    keep(&sandbox, "b", KEPT, &["--rotate-every", "20d"]);
    keep(&sandbox, "c", KEPT, &["--rotate-every", "1mo"]);
    keep(&sandbox, "d", KEPT, &[]);
    keep(&sandbox, "e", NOW, &[]);
    assert_eq!(sandbox.call(&["revoke", "e", "--yes"]).at(NOW).run().code(), 0);
    sandbox.call(&["list"]).at(NOW).run().says(
        "NAME  CHANGED      DUE                 FORMER\n\
         a     24 days ago  expired 3 days ago\n\
         b     24 days ago  4 days ago\n\
         c     24 days ago  in 6 days\n\
         d     24 days ago\n\
         e     just now     revoked\n",
        "",
        0,
    );
    let line = |call: &str, about: &str, moment: &str| {
        let ran = sandbox.call(&[call]).at(moment).run();
        ran.stdout().lines().find(|line| line.contains(about)).map(str::to_owned)
    };
    let due = "due            1 key revoked, 1 key expired, 1 key due, 1 key due soon: `keyctl due`";
    assert_eq!(line("status", "keyctl due", NOW).as_deref(), Some(due));
    let status = sandbox.call(&["status", "--json"]).at(NOW).run();
    let status: Value = serde_json::from_str(&status.stdout()).expect("json");
    let next = "2026-12-01T10:00:00Z";
    assert_eq!(
        status["due"],
        serde_json::json!({ "revoked": 1, "expired": 1, "leaked": 0, "due": 1, "soon": 1, "next": next })
    );
    assert_eq!(
        line("doctor", " clock  ", NOW).as_deref(),
        Some("good  clock              is not behind what keyctl has seen")
    );
    let behind = "care  clock              the clock says 2026-11-02 10:00, but keyctl was used on 2026-11-25 10:00: judged by the later";
    assert_eq!(line("doctor", " clock  ", "2026-11-02T10:00:00Z").as_deref(), Some(behind));
    sandbox.configure("[policy]\nexpired = 1\n");
    let config = line("status", "config", NOW).expect("a row");
    assert!(config.ends_with("line 2, column 11: expected a text in quotes, found a number"), "{config}");
    let plain = Sandbox::with(&[("A", "first-secret")]);
    assert!(!plain.call(&["status"]).run().stdout().contains("due"));
}

#[test]
fn doctor_online_asks_each_check_whether_its_key_still_works_and_records_that_first() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c", "d", "e"] {
        keep(&sandbox, name, NOW, &[]);
    }
    assert_eq!(sandbox.call(&["revoke", "e", "--yes"]).at(NOW).run().code(), 0);
    sandbox.configure(
        "[[keys]]\nmatch = \"a\"\ncheck = [\"sh\", \"-c\", \"test $(wc -c) = 14\"]\n\
         [[keys]]\nmatch = \"b\"\ncheck = [\"sh\", \"-c\", \"cat > /dev/null; exit 3\"]\n\
         [[keys]]\nmatch = \"c\"\ncheck = [\"sh\", \"-c\", \"kill -9 $$\"]\n\
         [[keys]]\nmatch = \"e\"\ncheck = [\"sh\", \"-c\", \"touch was-asked\"]\n",
    );
    let ran = sandbox.call(&["doctor", "--online"]).at(NOW).run();
    let about_keys: Vec<_> = ran
        .stdout()
        .lines()
        .filter(|line| line.get(6..).is_some_and(|rest| rest.starts_with("key ") || rest.starts_with("keys ")))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        about_keys,
        [
            "good  key a              works, as of 2026-11-25 10:00, says sh",
            "bad   key b              does not work, as of 2026-11-25 10:00, says sh",
            "care  key c              the check `sh` was killed",
            "good  keys               1 key not tried: no `check` is set for it",
        ]
    );
    assert!(ran.stderr().contains("`keyctl rotate b` replaces it, `keyctl revoke b` keeps it from being used"));
    assert_eq!(ran.code(), 1);
    assert!(!sandbox.project().join("was-asked").exists(), "a key that is revoked anyway is given to nobody");
    let history = sandbox.call(&["history", "-n", "6", "--json"]).at(NOW).run().stdout();
    let told: Vec<serde_json::Value> = history.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    let asked: Vec<_> = told
        .iter()
        .map(|told| [&told["ev"], &told["names"][0], &told["prog"], &told["outcome"], &told["exit"]])
        .collect();
    let null = serde_json::Value::Null;
    let entry = |key: &str, outcome: &str, exit: Option<i32>| {
        let outcome = if outcome.is_empty() { null.clone() } else { outcome.into() };
        ["check".into(), key.into(), "sh".into(), outcome, exit.map_or(null.clone(), Into::into)]
    };
    let expected = [
        entry("a", "", None),
        entry("a", "works", Some(0)),
        entry("b", "", None),
        entry("b", "does not work", Some(3)),
        entry("c", "", None),
        entry("c", "no answer: the check `sh` was killed", None),
    ];
    assert_eq!(asked, expected.each_ref().map(<[_; 5]>::each_ref));
    for pair in told.chunks(2) {
        assert_eq!((&pair[1]["of"][0], pair[1]["took_ms"].is_u64(), &pair[0]["took_ms"]), (&pair[0]["n"], true, &null));
    }
    let unasked = sandbox.call(&["doctor"]).at(NOW).run();
    assert!(!unasked.stdout().contains("key a"), "nothing is asked of anybody without `--online`");
    assert_eq!(unasked.code(), 0);
}

#[test]
fn a_clock_that_was_put_back_gives_no_ended_key_after_the_history_was_looked_at_either() {
    let sandbox = Sandbox::new();
    sandbox.configure("[policy]\nexpired = \"stop\"\n");
    keep(&sandbox, "a", KEPT, &["--expires", "2026-11-22"]);
    keep(&sandbox, "b", KEPT, &[]);
    // The day on which keyctl was used stands in the anchor alone: nothing was written to the store.
    run(&sandbox, NOW, &["b"], "", 0);
    let back = "2026-11-02T10:00:00Z";
    let is_refused = |after: &str| {
        let ran = sandbox.call(&["run", "-kA=a", "--", "true"]).at(back).run();
        assert!(
            ran.stderr().starts_with("keyctl: not given: `a` expired") && ran.code() == 125,
            "{after}: {}",
            ran.stderr()
        );
    };
    is_refused("run");
    for words in
        [&["history", "verify"][..], &["history", "prune", "--keep-segments", "0", "--yes"], &["history", "anchor"]]
    {
        sandbox.call(words).at(back).run();
        is_refused(&words.join(" "));
    }
}

#[test]
fn a_key_that_has_ended_is_not_given_by_being_revoked() {
    let sandbox = Sandbox::new();
    sandbox.configure("[policy]\nexpired = \"stop\"\nrevoked = \"warn\"\n");
    keep(&sandbox, "a", KEPT, &["--expires", "2026-11-22"]);
    sandbox.call(&["revoke", "a", "--yes", "-q"]).at("2026-11-24T10:00:00Z").run();
    run(
        &sandbox,
        NOW,
        &["a"],
        &format!(
            "keyctl: not given: `a` was revoked 1 day ago and expired 3 days ago [E09]\n{REPLACE} a`\n\
             keyctl: hint: to be warned only: `expired = \"warn\"` in `config.toml`\n"
        ),
        125,
    );
}

#[test]
fn where_the_clock_is_years_ahead_of_the_last_use_it_is_said_what_day_it_takes_for_today() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", KEPT, &["--expires", "2030-01-01"]);
    keep(&sandbox, "b", KEPT, &[]);
    let ahead = "2099-06-01T10:00:00Z";
    let said = "keyctl: `a` expired 69 years ago: replace it with `keyctl rotate a`\n\
                keyctl: hint: the clock says 2099-06-01 10:00, and keyctl was last used on 2026-11-01\n\
                keyctl: hint: if that is not today, set the clock right: nothing is wiped on its word before tomorrow\n";
    run(&sandbox, ahead, &["a"], said, 0);
    // From then on it was used then.
    run(&sandbox, ahead, &["a"], "keyctl: `a` expired 69 years ago: replace it with `keyctl rotate a`\n", 0);
    run(&sandbox, "2101-06-01T10:00:00Z", &["b"], "", 0);
}

/// What `config.toml` says of the keys of production.
const PROD: &str = "[[keys]]\nmatch = \"prod/*\"\nexpired = \"stop\"\nrequire_reason = \"always\"\nrotate_every = \"30d\"\n\n[[keys]]\nmatch = \"test/*\"\nrotate_every = \"1y\"\n";
const NO_LONGER: &str = "keyctl: as `test/a` the key is no longer covered by `[[keys]] match = \"prod/*\"`: rotate_every = \"30d\", expired = \"stop\", require_reason = \"always\"\nkeyctl: as `test/a` the key is newly covered by `[[keys]] match = \"test/*\"`: rotate_every = \"1y\"\n";

#[test]
fn a_name_that_takes_a_protection_away_needs_a_yes_and_any_other_says_what_it_changes() {
    let sandbox = Sandbox::with(&[("prod/a", "first-secret"), ("prod/b", "second-secret")]);
    sandbox.configure(PROD);
    sandbox.call(&["rename", "prod/b", "prod/c"]).run().says("", "keyctl: renamed `prod/b` to `prod/c`\n", 0);
    // No yes beforehand takes away that a reason is asked for.
    let person = "keyctl: to use `prod/a` for more takes a yes at a terminal; nothing was changed\nkeyctl: hint: do it yourself, at a terminal\n";
    let alone = sandbox.call(&["rename", "prod/a", "test/a", "--yes"]).under(&["setsid", "-w"]).run();
    alone.says("", &format!("{NO_LONGER}{person}"), 9);
    let words = [KEYCTL, "rename", "prod/a", "test/a"];
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "\r")]);
    screen.says(&format!("{NO_LONGER}keyctl: rename it all the same? [y/N] \nkeyctl: nothing was changed\n"), 1);
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", "y\r")]);
    let renamed = "keyctl: renamed `prod/a` to `test/a`\n";
    screen.says(&format!("{NO_LONGER}keyctl: rename it all the same? [y/N] y\n{renamed}"), 0);
    // Back it gains them, which is said and not asked.
    let back = NO_LONGER
        .replace("test/a", "prod/a")
        .replace("is no longer", "is LESS")
        .replace("is newly", "is no longer")
        .replace("is LESS", "is newly");
    let gained: Vec<&str> = back.lines().collect();
    let ran = sandbox.call(&["undo", "--yes"]).run();
    assert_eq!(
        ran.stderr(),
        format!("{}\n{}\nkeyctl: took back: rename of `prod/a` to `test/a`\n", gained[0], gained[1])
    );
    sandbox.configure(&PROD.replace("require_reason = \"always\"\n", ""));
    let no_longer = NO_LONGER.replace(", require_reason = \"always\"", "");
    let yes = "keyctl: renaming `prod/a` to `test/a` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n";
    sandbox.call(&["rename", "prod/a", "test/a"]).run().says("", &format!("{no_longer}{yes}"), 2);
    let ran = sandbox.call(&["rename", "prod/a", "test/a", "--yes", "--json"]).run();
    let json: Value = serde_json::from_str(&ran.stdout()).expect("JSON");
    assert_eq!(
        (&json["no_longer_covered_by"], &json["newly_covered_by"]),
        (&serde_json::json!(["[[keys]] match = \"prod/*\""]), &serde_json::json!(["[[keys]] match = \"test/*\""]))
    );
    assert_eq!((ran.stderr(), ran.code()), (no_longer, 0));
}

#[test]
fn a_yes_to_a_name_counts_for_what_was_said_of_the_key_then() {
    let sandbox = Sandbox::with(&[("prod/a", "first-secret"), ("prod/b", "second-secret")]);
    sandbox.configure(PROD);
    let swap = format!("\0{KEYCTL} rename prod/a prod/c -q && {KEYCTL} rename prod/b prod/a -q");
    let words = [KEYCTL, "rename", "prod/a", "test/a"];
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", swap.as_str()), ("", "y\r")]);
    let said = "keyctl: `prod/a` was changed meanwhile; nothing was renamed\nkeyctl: hint: look again: `keyctl versions prod/a`\n";
    assert!(screen.shown.ends_with(said) && screen.code == 1, "{}", screen.shown);
}
