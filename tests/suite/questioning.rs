//! What the history answers: which entries, how much use, by whom.

use std::{
    io::{BufRead, BufReader},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use keyctl::{
    history::{Action, Event},
    name::KeyName,
    terminal::{columns, printable},
};
use serde_json::{Value, json};

use crate::{
    clock::keep,
    paging::recorded,
    sandbox::{Sandbox, bend, copy_program},
    tools,
};

/// The moment at which most of these questions are asked.
const NOW: &str = "2026-11-25T10:00:00Z";

/// Gives a command a key, in a folder below the home, at a moment.
#[track_caller]
fn run(sandbox: &Sandbox, key: &str, folder: &str, command: &[&str], moment: &str) {
    let folder = sandbox.home().join(folder);
    std::fs::create_dir_all(&folder).expect("make");
    let key = format!("K={key}");
    let words = [&["run", "-k", &key, "--"], command].concat();
    sandbox.call(&words).inside(folder).at(moment).run().says("", "", 0);
}

/// Three keys, one of them not used for long and one never; seven entries.
fn some() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, "stripe/live", "2026-07-01T10:00:00Z", &[]);
    run(&sandbox, "stripe/live", "shop", &["true"], "2026-08-02T09:00:00Z");
    keep(&sandbox, "openai/dev", "2026-09-01T10:00:00Z", &[]);
    run(&sandbox, "openai/dev", "shop/api", &["true"], "2026-11-23T09:00:00Z");
    run(&sandbox, "openai/dev", "project", &["sleep", "0"], "2026-11-24T09:00:00Z");
    sandbox.call(&["get", "openai/dev"]).at("2026-11-24T09:30:00Z").run().says("sk-secret-of-openai/dev", "", 0);
    keep(&sandbox, "new", "2026-11-24T10:00:00Z", &[]);
    sandbox
}

/// The numbers of the entries that an answer has.
#[track_caller]
fn numbers(sandbox: &Sandbox, words: &[&str]) -> Vec<u64> {
    let ran = sandbox.call(&[&["history", "--json"], words].concat()).at(NOW).run();
    assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0), "{words:?}");
    let event = |line: &str| serde_json::from_str::<Value>(line).expect("json")["n"].as_u64().expect("number");
    ran.stdout().lines().map(event).collect()
}

#[test]
fn a_table_shows_when_what_which_key_by_whom_and_where() {
    let sandbox = some();
    sandbox.call(&["history"]).at(NOW).run().says(
        "#  WHEN              WHAT  KEYS         BY     WHERE\n\
         1  2026-07-01 10:00  set   stripe/live\n\
         2  2026-08-02 09:00  run   stripe/live  true   ~/shop\n\
         3  2026-09-01 10:00  set   openai/dev\n\
         4  2026-11-23 09:00  run   openai/dev   true   ~/shop/api\n\
         5  2026-11-24 09:00  run   openai/dev   sleep  ~/project\n\
         6  2026-11-24 09:30  get   openai/dev          ~/project\n\
         7  2026-11-24 10:00  set   new\n",
        "",
        0,
    );
    sandbox.call(&["history", "openai/dev", "--action", "run,get", "-n", "2"]).at(NOW).run().says(
        "#  WHEN              WHAT  KEYS        BY     WHERE\n\
         5  2026-11-24 09:00  run   openai/dev  sleep  ~/project\n\
         6  2026-11-24 09:30  get   openai/dev         ~/project\n",
        "",
        0,
    );
    let ran = sandbox.call(&["history", "--json", "-n", "1", "--action", "set"]).at(NOW).run();
    let (by, pid) = (&entry(&sandbox, 7)["by"], &entry(&sandbox, 7)["pid"]);
    let line = format!(
        "{{\"by\":{by},\"ev\":\"set\",\"n\":7,\"names\":[\"new\"],\"pid\":{pid},\"t\":\"2026-11-24T10:00:00Z\",\"tty\":false}}\n"
    );
    ran.says(&line, "", 0);
}

/// An entry as it was sealed.
fn entry(sandbox: &Sandbox, number: usize) -> Value {
    let lines = sandbox.call(&["history", "--json"]).run().stdout();
    serde_json::from_str::<Value>(lines.lines().nth(number - 1).expect("entry")).expect("json")
}

/// The programs above keyctl when an entry was made: the test's own.
fn above(sandbox: &Sandbox, number: usize, between: &str) -> String {
    let by = entry(sandbox, number)["by"].clone();
    let names: Vec<&str> = by.as_array().expect("a list").iter().map(|name| name.as_str().expect("text")).collect();
    let most = if between == " < " { 3 } else { names.len() };
    names[..names.len().min(most)].join(between)
}

/// The rows of `who`, each with the number of an entry that its last column comes from.
fn who(sandbox: &Sandbox, uses: &[([&str; 5], usize)]) -> String {
    let mut rows = vec![["TIMES", "LAST", "HOW", "PROGRAM", "WHERE", "STARTED BY"].map(str::to_owned).to_vec()];
    rows.extend(uses.iter().map(|(cells, number)| {
        let by = above(sandbox, *number, " < ");
        cells.iter().map(|cell| (*cell).to_owned()).chain([by]).collect()
    }));
    columns(&rows)
}

#[test]
fn dates_are_days_moments_and_periods_back_from_now() {
    let sandbox = some();
    for (words, expected) in [
        (&["--since", "2026-11-23"][..], &[4, 5, 6, 7][..]),
        (&["--until", "2026-11-23"], &[1, 2, 3, 4]),
        (&["--since", "yesterday"], &[5, 6, 7]),
        (&["--since", "yesterday", "--until", "yesterday"], &[5, 6, 7]),
        (&["--since", "2026-11-24", "--until", "2026-11-24 09:30"], &[5, 6]),
        (&["--since", "2026-11-24T09:30:00Z", "--until", "2026-11-24T09:30:00Z"], &[6]),
        (&["--since", "2d"], &[5, 6, 7]),
        (&["--until", "3mo"], &[1, 2]),
        (&["--since", "today"], &[]),
        (&["--since", "25 hours ago"], &[5, 6, 7]),
    ] {
        assert_eq!(numbers(&sandbox, words), expected, "{words:?}");
    }
    let none = "keyctl: no entry is like that\n";
    sandbox.call(&["history", "--since", "today"]).at(NOW).run().says("", none, 0);
    let forms = "keyctl: `--since`: write a date (`2026-11-24`), a moment (`2026-11-24T12:00:00Z`), a period back from now (`7d`, `12h`), `today` or `yesterday`\n";
    sandbox.call(&["history", "--since", "last week"]).run().says("", forms, 2);
    let swapped = "keyctl: `--since` is later than `--until`\n";
    sandbox.call(&["history", "--since", "today", "--until", "2d"]).run().says("", swapped, 2);
}

#[test]
fn entries_are_found_by_project_program_action_and_outcome() {
    let sandbox = some();
    without_alerts(&sandbox);
    sandbox.call(&["revoke", "new", "--yes"]).at("2026-11-25T09:00:00Z").run();
    let refused = sandbox.call(&["run", "-k", "K=new", "--", "true"]).at("2026-11-25T09:01:00Z").run();
    assert_eq!(refused.code(), 125, "{}", refused.stderr());
    let shop = sandbox.home().join("shop");
    let shop = shop.to_str().expect("text");
    for (words, expected) in [
        (&["--project", "shop"][..], &[2][..]),
        (&["--project", "api"], &[4]),
        (&["--project", "."], &[5, 6, 9]),
        (&["--project", "../shop"], &[2, 4]),
        (&["--project", "../sho"], &[]),
        (&["--project", shop], &[2, 4]),
        (&["--program", "true"], &[2, 4, 9]),
        (&["--program", "true", "openai/dev"], &[4]),
        (&["--action", "get"], &[6]),
        (&["--action", "get,set"], &[1, 3, 6, 7]),
        (&["--action", "get", "--action", "revoke"], &[6, 8]),
        (&["--outcome", "Refused"], &[9]),
        (&["--outcome", "failed"], &[9]),
        (&["--outcome", "revoked", "--action", "run"], &[]),
        (&["--agent"], &[]),
        (&["--agent=claude", "new"], &[]),
        (&["stripe/live"], &[1, 2]),
    ] {
        assert_eq!(numbers(&sandbox, words), expected, "{words:?}");
    }
    let ran = sandbox.call(&["history", "--action", "fly"]).run();
    assert!(
        ran.stderr().starts_with("keyctl: `--action` takes one of: run, get, copy, env, render, activate, set,"),
        "{}",
        ran.stderr()
    );
    assert_eq!(ran.code(), 2);
}

#[test]
fn a_key_is_found_under_every_name_it_had_and_after_it_was_removed() {
    let sandbox = some();
    let say = |words: &[&str], moment: &str| {
        let ran = sandbox.call(words).at(moment).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    say(&["rename", "openai/dev", "openai/test"], "2026-11-24T11:00:00Z");
    run(&sandbox, "openai/test", "shop", &["true"], "2026-11-24T12:00:00Z");
    keep(&sandbox, "openai/dev", "2026-11-24T13:00:00Z", &[]);
    say(&["remove", "openai/test", "--yes"], "2026-11-24T14:00:00Z");
    assert_eq!(numbers(&sandbox, &["openai/test"]), [3, 4, 5, 6, 8, 9, 11]);
    assert_eq!(numbers(&sandbox, &["openai/dev"]), [3, 4, 5, 6, 8, 9, 10, 11]);
    let uses = [
        (["1", "22 hours ago", "run", "true", "~/shop"], 9),
        (["1", "1 day ago", "get", "", "~/project"], 6),
        (["1", "1 day ago", "run", "sleep", "~/project"], 5),
        (["1", "2 days ago", "run", "true", "~/shop/api"], 4),
    ];
    sandbox.call(&["history", "who", "openai/test"]).at(NOW).run().says(
        &who(&sandbox, &uses),
        "keyctl: also as `openai/dev`, which is what it was or is called\n",
        0,
    );
    sandbox.call(&["history", "usage"]).at(NOW).run().says(
        "KEY          USES  FIRST       LAST          PROGRAMS  PROJECTS\n\
         new          0                 never\n\
         openai/dev   0                 never\n\
         stripe/live  1     2026-08-02  3 months ago  1         1\n\
         openai/test  4     2026-11-23  22 hours ago  2         3         removed\n",
        "keyctl: 1 key was not used for 90 days: `stripe/live`\nkeyctl: hint: `keyctl history usage --unused-for 90d` shows what may be removed\n",
        0,
    );
}

#[test]
fn a_removed_keys_uses_are_not_those_of_another_key_of_its_name() {
    let sandbox = some();
    let say = |words: &[&str], moment: &str| {
        let ran = sandbox.call(words).at(moment).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    };
    let of_dev = || {
        let usage = sandbox.call(&["history", "usage", "--json"]).at(NOW).run().stdout();
        let usage: Value = serde_json::from_str(&usage).expect("json");
        let items = usage["items"].as_array().expect("items").clone();
        let own = items.iter().filter(|item| item["name"] == "openai/dev");
        own.map(|item| (item["uses"].as_u64().expect("uses"), item["removed"] == true)).collect::<Vec<_>>()
    };
    assert_eq!(of_dev(), [(3, false)]);
    say(&["remove", "openai/dev", "--yes"], "2026-11-24T14:00:00Z");
    assert_eq!(of_dev(), [(3, true)]);
    keep(&sandbox, "openai/dev", "2026-11-24T15:00:00Z", &[]);
    assert_eq!(of_dev(), [(0, false), (3, true)]);
    let nobody = "keyctl: nobody used `openai/dev` yet\n";
    sandbox.call(&["history", "who", "openai/dev"]).at(NOW).run().says("", nobody, 0);
    // The history itself has both.
    assert_eq!(numbers(&sandbox, &["openai/dev"]), [3, 4, 5, 6, 8, 9]);
    let page = sandbox.call(&["history", "report", "--html", "-"]).at(NOW).run().stdout();
    assert!(page.contains("openai/dev (removed)"), "the page tells them apart");
    // What was removed comes back with its uses.
    say(&["undo", "--yes"], "2026-11-24T16:00:00Z");
    say(&["undo", "--yes"], "2026-11-24T16:00:00Z");
    assert_eq!(of_dev(), [(3, false)]);
    assert!(sandbox.call(&["history", "who", "openai/dev"]).at(NOW).run().stdout().contains("sleep"));
}

#[test]
fn a_name_that_nobody_knows_is_missing_and_a_close_one_is_suggested() {
    let sandbox = some();
    let close = "keyctl: no key named `openai/def`\nkeyctl: hint: did you mean `openai/dev`?\n";
    let none = "keyctl: no key named `verfy`\nkeyctl: hint: `keyctl list` shows the names, `keyctl history --help` what can be asked\n";
    for words in [&["history"][..], &["history", "--json"], &["history", "who"]] {
        sandbox.call(&[words, &["openai/def"]].concat()).run().says("", close, 3);
        sandbox.call(&[words, &["verfy"]].concat()).run().says("", none, 3);
        // A program, a field and an action of entries are no keys.
        for other in ["true", "names", "run"] {
            sandbox.call(&[words, &["--", other]].concat()).run().says("", &none.replace("verfy", other), 3);
        }
    }
    // A name that is one of the words for a command is one behind two dashes.
    keep(&sandbox, "verify", NOW, &[]);
    assert_eq!(numbers(&sandbox, &["--", "verify"]), [8]);
}

#[test]
fn usage_is_counted_by_key_by_program_and_by_project() {
    let sandbox = some();
    run(&sandbox, "openai/dev", "project", &["sleep", "0"], "2026-11-25T09:00:00Z");
    sandbox.call(&["history", "usage", "--by", "program"]).at(NOW).run().says(
        "PROGRAM  USES  FIRST       LAST        KEYS  PROJECTS\n\
         true     2     2026-08-02  2 days ago  2     2\n\
         sleep    2     2026-11-24  1 hour ago  1     1\n",
        "",
        0,
    );
    sandbox.call(&["history", "usage", "--by", "project", "--since", "2026-11-24"]).at(NOW).run().says(
        "PROJECT    USES  FIRST       LAST        KEYS  PROGRAMS\n\
         ~/project  3     2026-11-24  1 hour ago  1     1\n",
        "",
        0,
    );
    sandbox.call(&["history", "usage", "--unused-for", "90d"]).at(NOW).run().says(
        "KEY          KEPT          LAST USED     USES\n\
         stripe/live  4 months ago  3 months ago  1\n",
        "keyctl: 1 candidate for removal: remove with `keyctl remove NAME` what is not needed\n",
        0,
    );
    let none = "keyctl: no key has gone unused for 1 year\n";
    sandbox.call(&["history", "usage", "--unused-for", "1y"]).at(NOW).run().says("", none, 0);
    let ran = sandbox.call(&["history", "usage", "--json"]).at(NOW).run();
    let home = sandbox.home().display().to_string();
    let told: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    assert_eq!(
        told,
        json!({
            "by": "key", "cut": 0, "reaches_back_to": "2026-07-01T10:00:00Z", "unused_since": "2026-08-27T10:00:00Z",
            "items": [
                { "name": "new", "uses": 0, "first": null, "last": null, "programs": [], "projects": [],
                  "created": "2026-11-24T10:00:00Z", "removed": false, "unused": false },
                { "name": "stripe/live", "uses": 1, "first": "2026-08-02T09:00:00Z", "last": "2026-08-02T09:00:00Z",
                  "programs": ["true"], "projects": [format!("{home}/shop")],
                  "created": "2026-07-01T10:00:00Z", "removed": false, "unused": true },
                { "name": "openai/dev", "uses": 4, "first": "2026-11-23T09:00:00Z", "last": "2026-11-25T09:00:00Z",
                  "programs": ["sleep", "true"], "projects": [format!("{home}/project"), format!("{home}/shop/api")],
                  "created": "2026-09-01T10:00:00Z", "removed": false, "unused": false },
            ],
        })
    );
}

#[test]
fn where_the_history_began_later_than_the_key_that_is_said() {
    let sandbox = some();
    std::fs::remove_file(sandbox.data("history.head")).expect("remove");
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    bend(&mut log[3]);
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    let repaired = sandbox.call(&["history", "repair", "--yes"]).at("2026-11-24T20:00:00Z").run();
    assert_eq!(repaired.code(), 0, "{}", repaired.stderr());
    sandbox.call(&["history", "usage", "--unused-for", "30d"]).at(NOW).run().says(
        "KEY          KEPT          LAST USED  USES\n\
         stripe/live  4 months ago  never      0\n\
         openai/dev   2 months ago  never      0\n",
        "keyctl: 2 candidates for removal: remove with `keyctl remove NAME` what is not needed\nkeyctl: the history reaches back to 2026-11-24: uses before that are not known\n",
        0,
    );
}

#[test]
fn who_uses_a_key_is_told_with_how_often_and_when_last() {
    let sandbox = some();
    run(&sandbox, "openai/dev", "project", &["sleep", "0"], "2026-11-25T09:00:00Z");
    let uses = [
        (["2", "1 hour ago", "run", "sleep", "~/project"], 8),
        (["1", "1 day ago", "get", "", "~/project"], 6),
        (["1", "2 days ago", "run", "true", "~/shop/api"], 4),
    ];
    sandbox.call(&["history", "who", "openai/dev"]).at(NOW).run().says(&who(&sandbox, &uses), "", 0);
    sandbox.call(&["history", "who", "new"]).at(NOW).run().says("", "keyctl: nobody used `new` yet\n", 0);
    let ran = sandbox.call(&["history", "who", "stripe/live", "--json"]).at(NOW).run();
    let told: Value = serde_json::from_slice(&ran.output.stdout).expect("json");
    let (moment, folder) = ("2026-08-02T09:00:00Z", sandbox.home().join("shop").display().to_string());
    let only = json!({
        "action": "run", "program": "true", "folder": folder, "times": 1, "first": moment, "last": moment,
        "by": [entry(&sandbox, 2)["by"]], "agents": [],
    });
    assert_eq!(told, json!({ "key": "stripe/live", "other_names": [], "uses": [only], "cut": 0 }));
}

#[test]
fn what_is_printed_in_a_project_is_recorded_for_the_project_and_a_denial_for_the_whole_folder() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file(".keyctl.toml", "[env]\nA = \"A\"\n");
    sandbox.allow();
    let below = sandbox.project().join("src");
    std::fs::create_dir(&below).expect("make");
    sandbox.call(&["get", "A"]).inside(&below).run().says("first-secret", "", 0);
    sandbox.call(&["run", "--", "true"]).inside(&below).run().says("", "", 0);
    assert_eq!(sandbox.call(&["deny", "project"]).inside(sandbox.home()).run().code(), 0);
    for (number, action) in [(3, "get"), (4, "run"), (5, "deny")] {
        let told = entry(&sandbox, number);
        assert_eq!((&told["ev"], &told["cwd"], &told["project"]), (&json!(action), &json!("~/project"), &Value::Null));
    }
}

#[test]
fn what_an_agent_does_with_a_key_is_told_apart_from_what_its_user_does() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let run = || sandbox.call(&["run", "-k", "A", "--", "true"]);
    run().env("CLAUDECODE", "1").run().says("", "", 0);
    (0..3).for_each(|_| run().run().says("", "", 0));
    let table = sandbox.call(&["history", "who", "A"]).run().stdout();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert!(rows[0].starts_with("3 ") && !rows[0].contains("perhaps"), "{table}");
    assert!(rows[1].starts_with("1 ") && rows[1].ends_with(" (perhaps Claude Code)"), "{table}");
    let told = sandbox.call(&["history", "who", "A", "--json"]).run().stdout();
    let told: Value = serde_json::from_str(&told).expect("json");
    let of = |at: usize| (told["uses"][at]["times"].clone(), told["uses"][at]["agents"].clone());
    assert_eq!((of(0), of(1)), ((json!(3), json!([])), (json!(1), json!(["Claude Code"]))));
}

#[test]
fn a_following_reader_gets_each_new_entry_and_ends_when_nobody_reads() {
    let sandbox = some();
    let mut call = sandbox.call(&["history", "--follow", "-n", "1", "--action", "set,get"]);
    let mut child = call.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    assert_eq!(lines.next().as_deref(), Some("#     WHEN              WHAT    KEYS            BY       WHERE"));
    assert_eq!(lines.next().as_deref(), Some("7     2026-11-24 10:00  set     new"));
    run(&sandbox, "new", "project", &["true"], "2026-11-25T08:00:00Z");
    sandbox.call(&["get", "new"]).at("2026-11-25T09:00:00Z").run().says("sk-secret-of-new", "", 0);
    assert_eq!(lines.next().as_deref(), Some("9     2026-11-25 09:00  get     new                      ~/project"));
    keep(&sandbox, "later", "2026-11-25T09:10:00Z", &[]);
    assert_eq!(lines.next().as_deref(), Some("10    2026-11-25 09:10  set     later"));
    drop(lines);
    keep(&sandbox, "last", "2026-11-25T09:20:00Z", &[]);
    let begun = Instant::now();
    while child.try_wait().expect("wait").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it goes on though nobody reads");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().expect("wait").code(), Some(0));
}

#[test]
fn a_history_that_is_set_aside_is_followed_by_the_one_that_was_begun() {
    let sandbox = some();
    let mut call = sandbox.call(&["history", "--follow", "-n", "1", "--json"]);
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    let mut told = lines.map(|line| {
        let entry: Value = serde_json::from_str(&line).expect("json");
        (entry["n"].as_u64().expect("number"), entry["ev"].as_str().expect("text").to_owned())
    });
    assert_eq!(told.next(), Some((7, "set".into())));
    // Of a history without its end, one that is another is begun once it is damaged too.
    std::fs::remove_file(sandbox.data("history.head")).expect("remove");
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    bend(&mut log[3]);
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    assert_eq!(sandbox.call(&["history", "repair", "--yes"]).run().code(), 0);
    assert_eq!(told.next(), Some((1, "repair".into())));
    keep(&sandbox, "later", NOW, &[]);
    assert_eq!(told.next(), Some((2, "set".into())));
    drop(told);
    keep(&sandbox, "last", NOW, &[]);
    let ended = child.wait_with_output().expect("wait");
    let said = "keyctl: the history was set aside; here is the one that was begun\n";
    assert_eq!((String::from_utf8_lossy(&ended.stderr).as_ref(), ended.status.code()), (said, Some(0)));
}

#[test]
fn where_the_time_went_back_that_is_marked_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-11-25T10:00:00Z", &[]);
    run(&sandbox, "a", "shop", &["true"], "2026-11-25T09:56:00Z");
    run(&sandbox, "a", "shop", &["true"], "2026-11-25T08:50:00Z");
    run(&sandbox, "a", "shop", &["true"], "2026-11-25T08:51:00Z");
    sandbox.call(&["history", "-n", "3"]).at(NOW).run().says(
        "#  WHEN              WHAT                  KEYS  BY    WHERE\n\
         2  2026-11-25 09:56  run                   a     true  ~/shop\n\
         3  2026-11-25 08:50  run (time went back)  a     true  ~/shop\n\
         4  2026-11-25 08:51  run                   a     true  ~/shop\n",
        "",
        0,
    );
    assert_eq!(entry(&sandbox, 3)["went_back"], 3_960);
    assert_eq!([1, 2, 4].map(|number| entry(&sandbox, number).get("went_back").cloned()), [None, None, None]);
    for words in [&["-n", "2"][..], &["--program", "true"]] {
        let ran = sandbox.call(&[&["history", "--json"], words].concat()).run();
        assert_eq!(ran.stdout().matches("\"went_back\":3960}\n").count(), 1, "{words:?}: {}", ran.stdout());
    }
    let verified = sandbox.call(&["history", "verify"]).at(NOW).run();
    verified.says("the history is intact (4 entries, end proven, anchored at #1, the time went back once)\n", "", 0);
    let verified = sandbox.call(&["history", "verify", "--json"]).at(NOW).run();
    assert!(verified.code() == 0 && verified.stdout().contains("\"went_back\": 1\n"), "{}", verified.stdout());
    let page = sandbox.call(&["history", "report", "--html", "-"]).at(NOW).run().stdout();
    assert!(page.contains("<caption>Entries dated before the one before them</caption>"), "{page}");
    assert!(page.contains("the time went back by 1 hour"), "{page}");
}

#[test]
fn a_key_that_an_entry_had_no_room_for_may_be_used_and_that_is_said() {
    let sandbox = some();
    let moment = NOW.parse().expect("good");
    let event =
        Event { more: 9, ..Event::new(Action::Run, moment).names(&["stripe/live".parse::<KeyName>().expect("good")]) };
    recorded(&sandbox, [event]);
    let said = "keyctl: no key has gone unused for 90 days\nkeyctl: 1 use was of more keys than an entry names, and counted for those alone\n";
    sandbox.call(&["history", "usage", "--unused-for", "90d"]).at(NOW).run().says("", said, 0);
    let ran = sandbox.call(&["history", "usage", "--json"]).at(NOW).run();
    assert!(ran.stdout().contains("\"cut\": 1,\n"), "{}", ran.stdout());
}

#[test]
fn the_page_has_a_renamed_key_once_by_its_new_name() {
    let sandbox = some();
    let rename = sandbox.call(&["rename", "openai/dev", "openai/prod"]).at("2026-11-25T09:00:00Z").run();
    assert_eq!(rename.code(), 0, "{}", rename.stderr());
    let page = sandbox.call(&["history", "report", "--html", "-"]).at(NOW).run().stdout();
    assert!(page.contains("<bdi>openai/prod</bdi>") && !page.contains("openai/dev"), "{page}");
}

#[test]
fn the_history_takes_nothing_from_outside() {
    let sandbox = some();
    for words in [&["history", "import"][..], &["history", "import", "--format", "jsonl", "file"]] {
        sandbox.call(words).run().says("", "keyctl: the history takes no entries from outside: they are only ever made, by what is done\nkeyctl: hint: `keyctl history export` writes them for other programs\n", 2);
    }
}

/// Entries whose programs and folders try to break out of whatever they are written in.
fn hostile() -> Sandbox {
    let sandbox = some();
    let program = "=1+1|a\\b\"c]d,e=f\n<110>1 - - evil\r\x1b[31m\u{202e}\u{85}ü\\";
    let folder = std::ffi::OsStr::from_bytes(b"project/ a|b=c\\\"d\"]\n\xff, e\t");
    std::fs::create_dir_all(sandbox.home().join(folder)).expect("make");
    let path = sandbox.home().join(folder).join(program);
    copy_program("/bin/true", &path);
    let words = ["run", "-k", "K=openai/dev", "--"].map(std::ffi::OsString::from);
    let words = [&words[..], &[path.into_os_string()]].concat();
    sandbox.call(&words).inside(sandbox.home().join(folder)).at("2026-11-25T09:00:00Z").run().says("", "", 0);
    sandbox
}

/// An export as the program reads it that it is meant for.
fn read_back(sandbox: &Sandbox, form: &str) -> Value {
    let exported = sandbox.call(&["history", "export", "--format", form]).run();
    assert_eq!((exported.stderr().as_str(), exported.code()), ("", 0));
    let mut reader = tools::script(sandbox, "questioning.py");
    let file = sandbox.outside().join(form);
    std::fs::write(&file, &exported.output.stdout).expect("write");
    reader.arg(form).stdin(std::fs::File::open(file).expect("open"));
    serde_json::from_str(&tools::output(&mut reader)).expect("json")
}

/// What the readers have to find, from the lines of JSON.
fn expected(sandbox: &Sandbox, shown: fn(&str) -> String) -> Value {
    let names = [
        ("prog", "program"),
        ("cwd", "folder"),
        ("tty", "terminal"),
        ("names", "keys"),
        ("t", "time"),
        ("ev", "action"),
        ("by", "started_by"),
    ];
    let text = |value: &Value| match value {
        Value::Array(list) => list.iter().map(|item| item.as_str().expect("text")).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let lines = sandbox.call(&["history", "export", "--format", "jsonl"]).run();
    let entry = |line: &str| {
        let entry: serde_json::Map<String, Value> = serde_json::from_str(line).expect("json");
        let field = |(name, value): (&String, &Value)| {
            let known = names.iter().find(|(sealed, _)| sealed == name);
            (known.map_or(name.as_str(), |(_, name)| name).to_owned(), Value::from(shown(&text(value))))
        };
        Value::Object(entry.iter().map(field).collect())
    };
    String::from_utf8(lines.output.stdout).expect("text").lines().map(entry).collect()
}

#[test]
fn what_other_programs_read_is_what_was_recorded() {
    let sandbox = hostile();
    for form in ["csv", "syslog", "cef"] {
        assert_eq!(read_back(&sandbox, form), expected(&sandbox, |text| printable(text).into_owned()), "{form}");
    }
    assert_eq!(read_back(&sandbox, "otel"), expected(&sandbox, str::to_owned));
    let exported = sandbox.call(&["history", "export", "--format", "jsonl"]).run();
    let listed = sandbox.call(&["history", "--json"]).run();
    assert_eq!(exported.output.stdout, listed.output.stdout);
    let file = sandbox.outside().join("jsonl");
    std::fs::write(&file, &exported.output.stdout).expect("write");
    let mut jq = Command::new("jq");
    jq.args(["-r", "select(.n == 8).prog"]).arg(file);
    let program = "=1+1|a\\b\"c]d,e=f\n<110>1 - - evil\r\x1b[31m\u{202e}\u{85}ü\\\n";
    assert_eq!(tools::output(&mut jq), program);
}

#[test]
fn no_export_has_a_control_character_or_one_line_more_than_entries() {
    let sandbox = hostile();
    for (form, head) in [("jsonl", 0), ("csv", 1), ("syslog", 0), ("cef", 0), ("otel", 0)] {
        let exported = sandbox.call(&["history", "export", "--format", form]).run();
        let text = String::from_utf8(exported.output.stdout.clone()).expect("text");
        assert_eq!(text.lines().count(), 8 + head, "{form}");
        assert!(!text.replace("\r\n", "").contains(|c: char| c != '\n' && c.is_control()), "{form}: {text}");
        assert!(!text.contains('\u{202e}'), "{form}");
    }
}

#[test]
fn an_export_to_a_file_is_new_private_and_filtered() {
    let sandbox = some();
    let words = ["history", "export", "--format", "csv", "--since", "2026-11-23", "--action", "run", "-o", "out.csv"];
    sandbox.call(&words).at(NOW).run().says("", "keyctl: wrote 2 entries to `out.csv`\n", 0);
    let path = sandbox.project().join("out.csv");
    let home = sandbox.home().display().to_string();
    let text = std::fs::read_to_string(&path).expect("read");
    let [first, second] = [4, 5].map(|number| (above(&sandbox, number, ", "), entry(&sandbox, number)["pid"].clone()));
    assert_eq!(
        text,
        format!(
            "n,time,action,keys,more,profile,program,started_by,agent,folder,project,terminal,pid,reason,outcome,note,lost,rule,alerts,other,went_back,arguments,took_ms,exit,sources\r\n\
             4,2026-11-23T09:00:00Z,run,openai/dev,,,true,\"{}\",,{home}/shop/api,,false,{},,,,,,,,,,,,\r\n\
             5,2026-11-24T09:00:00Z,run,openai/dev,,,sleep,\"{}\",,{home}/project,,false,{},,,,,,,,,,,,\r\n",
            first.0, first.1, second.0, second.1
        )
    );
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let exists = "keyctl: `out.csv` exists already; nothing was written\nkeyctl: hint: name a new file\n";
    sandbox.call(&words).at(NOW).run().says("", exists, 1);
    assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
    let mut log = std::fs::read(sandbox.data("history.log")).expect("read");
    let end = log.len();
    bend(&mut log[end - 30]);
    std::fs::write(sandbox.data("history.log"), log).expect("write");
    let ran = sandbox.call(&["history", "export", "--format", "otel", "-o", "part"]).run();
    let changed = "keyctl: the history was changed at entry 7: its chain value is wrong\nkeyctl: hint: `keyctl history verify` says what can still be relied on\n";
    ran.says("", changed, 5);
    assert!(!sandbox.project().join("part").exists(), "a part would pass for the whole");
    let forms = "keyctl: `--format` takes one of: jsonl, csv, syslog, cef, otel\nkeyctl: hint: see `keyctl history export --help`\n";
    sandbox.call(&["history", "export", "--format", "xml"]).run().says("", forms, 2);
}

/// Alerts are entries too, and these are not what is asked about here.
fn without_alerts(sandbox: &Sandbox) {
    let folder = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&folder).expect("make");
    std::fs::write(folder.join("config.toml"), "[alerts]\nagent = false\nended = false\nrefused = false\n")
        .expect("write");
}

#[test]
fn the_agent_that_perhaps_asked_and_the_reason_are_shown_and_found() {
    let sandbox = some();
    without_alerts(&sandbox);
    let words = ["run", "-k", "K=new", "--reason", "deploy | 12", "--", "true"];
    sandbox.call(&words).env("CLAUDECODE", "1").at("2026-11-25T09:00:00Z").run().says("", "", 0);
    sandbox.call(&["history", "--agent"]).at(NOW).run().says(
        "#  WHEN              WHAT              KEYS  BY                          WHERE\n\
         8  2026-11-25 09:00  run: deploy | 12  new   true (perhaps Claude Code)  ~/project\n",
        "",
        0,
    );
    for (words, expected) in
        [(&["--agent=claude"][..], &[8][..]), (&["--agent=cursor"], &[]), (&["--agent", "new"], &[8])]
    {
        assert_eq!(numbers(&sandbox, words), expected, "{words:?}");
    }
    let ran = sandbox.call(&["history", "who", "new"]).at(NOW).run();
    assert!(ran.stdout().contains(" (perhaps Claude Code)\n"), "{}", ran.stdout());
    assert_eq!(read_back(&sandbox, "cef")[7]["reason"], "deploy | 12");
    assert_eq!(read_back(&sandbox, "otel")[7]["agent"], "Claude Code");
}

#[test]
fn who_follows_a_key_sees_it_under_its_new_name_and_with_the_stores_new_identity() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let mut call = sandbox.call(&["history", "A", "--follow", "-n", "1", "--json"]).under(&["timeout", "120"]);
    let mut child = call.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || {
        let line = lines.next().expect("a line").expect("text");
        let event = serde_json::from_str::<Value>(&line).expect("json");
        format!("{} {}", event["n"], event["ev"].as_str().expect("text"))
    };
    let say = |words: &[&str]| assert_eq!(sandbox.call(words).run().code(), 0, "{words:?}");
    assert_eq!(next(), "1 set");
    say(&["rename", "A", "Z"]);
    assert_eq!(next(), "2 rename");
    say(&["get", "Z"]);
    assert_eq!(next(), "3 get");
    say(&["store", "rekey", "--yes"]);
    say(&["get", "Z"]);
    assert_eq!(next(), "6 get");
    drop(lines);
    say(&["get", "Z"]);
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[test]
fn uses_of_more_keys_than_an_entry_names_are_told_of_where_a_key_is_asked_for() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..400).map(|number| format!("PROD_SERVICE_KEY_{number:03}")).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name}=secret-of-{name}\n")).collect();
    let path = sandbox.file("keys.env", lines.concat());
    sandbox.may_lie_in(&path);
    assert_eq!(sandbox.call(&["import", "keys.env"]).run().code(), 0);
    let mut words = vec!["run"];
    words.extend(names.iter().flat_map(|name| ["-k", name.as_str()]));
    words.extend(["--", "true"]);
    assert_eq!(sandbox.call(&words).run().code(), 0);
    let last = "PROD_SERVICE_KEY_399";
    let cut = "1 use was of more keys than an entry names; this one may be among those";
    let who = sandbox.call(&["history", "who", last]).run();
    who.says("", &format!("keyctl: {cut}\nkeyctl: no entry names `{last}` as used\n"), 0);
    assert!(sandbox.call(&["history", "who", last, "--json"]).run().stdout().contains("\"cut\": 1,"));
    assert!(sandbox.call(&["history", last]).run().stderr().contains(cut));
    let dry = sandbox.call(&["rotate", last, "--dry-run"]).run();
    assert!(format!("{}{}", dry.stdout(), dry.stderr()).contains(cut), "{}", dry.stderr());
    assert!(!sandbox.call(&["history", "who", &names[0]]).run().stderr().contains("more keys"));
}
