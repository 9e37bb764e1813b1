//! When keys end and have to be replaced: what `due` says of it, at moments of the test's choosing.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::{
    clock::{self, keep},
    pty::on_a_terminal,
    sandbox::Sandbox,
    tools,
};

/// The day on which most of these tests look at their keys.
const NOW: &str = "2026-11-25T10:00:00Z";

/// One key in each state.
fn one_of_each() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, "stripe/live", "2026-08-01T10:00:00Z", &["--expires", "2026-11-22"]);
    keep(&sandbox, "aws/deploy", "2026-08-26T12:00:00Z", &["--rotate-every", "90d", "--tag", "prod"]);
    keep(&sandbox, "openai/dev", "2026-09-05T10:00:00Z", &["--rotate-every", "3mo"]);
    keep(&sandbox, "github/ci", "2026-09-05T10:00:00Z", &["--expires", "2026-12-08", "--rotate-every", "1y"]);
    keep(&sandbox, "npm/publish", "2026-09-05T10:00:00Z", &["--expires", "2026-12-01"]);
    keep(&sandbox, "later", "2026-11-20T10:00:00Z", &["--rotate-every", "1y"]);
    keep(&sandbox, "plain", "2025-01-05T10:00:00Z", &[]);
    keep(&sandbox, "new", NOW, &[]);
    let revoke = ["revoke", "npm/publish", "--reason", "leaked in a log", "--yes"];
    let revoked = sandbox.call(&revoke).at("2026-11-23T09:00:00Z").run();
    assert_eq!(revoked.code(), 0, "{}", revoked.stderr());
    sandbox
}

#[test]
fn due_lists_what_has_something_to_do_the_worst_first() {
    let sandbox = one_of_each();
    sandbox.call(&["due"]).at(NOW).run().says(
        "KEY          STATE      WHEN          DATE\n\
         npm/publish  revoked    2 days ago    2026-11-23\n\
         stripe/live  expired    3 days ago    2026-11-22\n\
         aws/deploy   due        22 hours ago  2026-11-24\n\
         openai/dev   due soon   in 10 days    2026-12-05\n\
         github/ci    ends soon  in 13 days    2026-12-08\n",
        "keyctl: 2 keys have no plan, 1 of them never replaced in more than a year: `keyctl due --all` shows them\n",
        0,
    );
    sandbox.call(&["due", "--all", "--quiet"]).at(NOW).run().says(
        "KEY          STATE      WHEN          DATE\n\
         npm/publish  revoked    2 days ago    2026-11-23  never replaced\n\
         stripe/live  expired    3 days ago    2026-11-22  never replaced\n\
         aws/deploy   due        22 hours ago  2026-11-24  never replaced\n\
         openai/dev   due soon   in 10 days    2026-12-05  never replaced\n\
         github/ci    ends soon  in 13 days    2026-12-08  never replaced\n\
         later        fresh      in 12 months  2027-11-20  never replaced\n\
         new          no plan                              kept just now\n\
         plain        no plan                              kept 22 months ago\n",
        "",
        0,
    );
}

#[test]
fn where_nothing_is_due_it_says_what_is_next() {
    let sandbox = Sandbox::new();
    let none = "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    sandbox.call(&["due"]).run().says("", none, 3);
    keep(&sandbox, "plain", NOW, &[]);
    let plain = "keyctl: 1 key has no plan: `keyctl due --all` shows it\n";
    sandbox.call(&["due"]).at(NOW).run().says("", &format!("keyctl: nothing is due\n{plain}"), 0);
    let year = "keyctl: nothing is due\nkeyctl: 1 key has no plan, and was never replaced in more than a year: `keyctl due --all` shows it\n";
    sandbox.call(&["due"]).at("2027-11-26T10:00:00Z").run().says("", year, 0);
    keep(&sandbox, "openai/dev", NOW, &["--rotate-every", "90d"]);
    let next = "keyctl: nothing is due; next is `openai/dev`, in 3 months\n";
    sandbox.call(&["due"]).at(NOW).run().says("", &format!("{next}{plain}"), 0);
    sandbox.call(&["due", "--quiet"]).at(NOW).run().says("", "", 0);
}

#[test]
fn the_users_settings_make_the_plan_of_a_key_that_has_none() {
    let sandbox = Sandbox::new();
    let config = "[rotation]\ndefault = \"30d\"\nsoon = \"1w\"\n[[keys]]\nmatch = \"prod/*\"\nrotate_every = \"7d\"\n";
    std::fs::create_dir_all(sandbox.home().join(".config/keyctl")).expect("make");
    std::fs::write(sandbox.home().join(".config/keyctl/config.toml"), config).expect("write");
    for (name, details) in [("a", &[][..]), ("prod/b", &[]), ("prod/c", &["--rotate-every", "1y"])] {
        keep(&sandbox, name, "2026-11-01T10:00:00Z", details);
    }
    sandbox.call(&["due", "--all"]).at(NOW).run().says(
        "KEY     STATE     WHEN          DATE\n\
         prod/b  due       17 days ago   2026-11-08  never replaced\n\
         a       due soon  in 6 days     2026-12-01  never replaced\n\
         prod/c  fresh     in 11 months  2027-11-01  never replaced\n",
        "",
        0,
    );
}

#[test]
fn lists_can_be_of_the_keys_with_one_tag() {
    let sandbox = Sandbox::new();
    for (name, details) in [
        ("a", &["--tag", "prod", "--tag", "shop", "--expires", "2026-11-20"][..]),
        ("b", &["--tag", "prod"]),
        ("c", &["--expires", "2026-11-20"]),
    ] {
        keep(&sandbox, name, "2026-11-01T10:00:00Z", details);
    }
    let list = |tag: &str| sandbox.call(&["list", "--tag", tag]).at(NOW).run();
    list("shop").says("NAME  CHANGED      DUE                 FORMER\na     24 days ago  expired 5 days ago\n", "", 0);
    list("prod").says(
        "NAME  CHANGED      DUE                 FORMER\na     24 days ago  expired 5 days ago\nb     24 days ago\n",
        "",
        0,
    );
    let none = "keyctl: no key has the tag `prd`\nkeyctl: hint: give it: `keyctl edit NAME --tag TAG`\n";
    list("prd").says("", none, 3);
    let due = sandbox.call(&["due", "--tag", "prod", "--fail-on", "expired"]).at(NOW).run();
    let said = "keyctl: 1 key has no plan: `keyctl due --all` shows it\nkeyctl: 1 key expired\n";
    due.says("KEY  STATE    WHEN        DATE\na    expired  5 days ago  2026-11-20\n", said, 1);
    assert_eq!(sandbox.call(&["due", "--tag", "prd"]).at(NOW).run().code(), 3);
}

#[test]
fn an_end_that_is_exactly_now_has_come_and_a_second_before_it_has_not() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "end", "2026-11-01T10:00:00Z", &["--expires", "2026-11-25T10:00:00Z"]);
    let head = "KEY  STATE";
    for (moment, rest) in [
        ("2026-11-25T09:59:59Z", "      WHEN         DATE\nend  ends soon  in 1 minute  2026-11-25\n"),
        ("2026-11-25T10:00:00Z", "    WHEN      DATE\nend  expired  just now  2026-11-25\n"),
        ("2026-11-25T10:00:01Z", "    WHEN      DATE\nend  expired  just now  2026-11-25\n"),
    ] {
        sandbox.call(&["due"]).at(moment).run().says(&format!("{head}{rest}"), "", 0);
    }
}

#[test]
fn a_plan_that_ends_on_a_day_that_is_not_there_ends_on_the_months_last_one() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a-leap-day", "2028-02-29T23:59:59Z", &["--rotate-every", "1y"]);
    keep(&sandbox, "last-of-may", "2028-05-31T12:00:00Z", &["--rotate-every", "6mo"]);
    sandbox.call(&["due", "--all"]).at("2028-06-01T00:00:00Z").run().says(
        "KEY          STATE  WHEN         DATE\n\
         last-of-may  fresh  in 6 months  2028-11-30  never replaced\n\
         a-leap-day   fresh  in 9 months  2029-02-28  never replaced\n",
        "",
        0,
    );
    keep(&sandbox, "the-year-before", "2027-02-28T23:59:59Z", &["--rotate-every", "1y"]);
    let on_the_leap_day = sandbox.call(&["due"]).at("2028-02-29T23:59:59Z").run();
    assert!(on_the_leap_day.stdout().contains("the-year-before  due "), "{}", on_the_leap_day.stdout());
}

#[test]
fn dates_are_days_of_the_place_where_they_are_read_also_when_its_clocks_change() {
    let sandbox = Sandbox::new();
    // In Berlin clocks went back on 25 October 2026, and go forward on 28 March 2027.
    for (name, moment, end) in [
        ("back", "2026-10-24T10:00:00Z", "1d"),
        ("forward", "2027-03-27T11:00:00Z", "1d"),
        ("midnight", "2027-03-27T11:00:00Z", "2027-03-29"),
    ] {
        let call = sandbox.call(&["set", name, "--expires", end]).at(moment).env("TZ", "Europe/Berlin");
        let kept = call.input(format!("sk-secret-of-{name}")).run();
        assert_eq!(kept.code(), 0, "{}", kept.stderr());
    }
    let report = sandbox.call(&["due", "--json"]).at("2027-03-27T12:00:00Z").run();
    let report: Value = serde_json::from_str(&report.stdout()).expect("json");
    let ends: Vec<_> = report["keys"].as_array().expect("keys").iter().map(|key| key["expires"].clone()).collect();
    // Noon is noon a day later, 25 and 23 hours on; and midnight is where it is.
    assert_eq!(ends, [json!("2026-10-25T11:00:00Z"), json!("2027-03-28T10:00:00Z"), json!("2027-03-28T22:00:00Z")]);
    for (zone, day) in [("Europe/Berlin", "2027-03-29"), ("UTC", "2027-03-28"), ("No/Where", "2027-03-28")] {
        let shown = sandbox.call(&["due", "--quiet"]).at("2027-03-27T22:30:00Z").env("TZ", zone).run();
        assert_eq!((shown.stderr().as_str(), shown.code()), ("", 0), "{zone}");
        let last = shown.stdout().lines().last().expect("lines").to_owned();
        assert_eq!(last, format!("midnight  ends soon  in 24 hours   {day}"), "{zone}");
    }
}

#[test]
fn a_clock_that_was_put_back_makes_no_key_fresh_again() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-11-01T10:00:00Z", &["--expires", "2026-11-10"]);
    keep(&sandbox, "b", "2026-11-25T10:00:00Z", &[]);
    let table = "KEY  STATE    WHEN         DATE\na    expired  15 days ago  2026-11-10\n";
    for (moment, said) in [("2026-11-01T12:00:00Z", "2026-11-01 12:00"), ("1969-12-31T23:00:00Z", "1969-12-31 23:00")] {
        sandbox.call(&["due"]).at(moment).run().says(
            table,
            &format!(
                "keyctl: the clock says {said}, but keyctl was used on 2026-11-25 10:00: judged by the later\n\
                 keyctl: hint: set the clock right; if it was wrong then, any change to the store sets this straight\n\
                 keyctl: 1 key has no plan: `keyctl due --all` shows it\n"
            ),
            0,
        );
    }
    // A clock that is only set right by some seconds is not worth a word.
    let set_right = sandbox.call(&["due", "--quiet"]).at("2026-11-25T09:59:30Z").run();
    set_right.says(table, "", 0);
    // The clock was wrong in November; a change at the right time says so.
    assert_eq!(sandbox.call(&["edit", "b", "--note", "right"]).at("2026-11-02T10:00:00Z").run().code(), 0);
    sandbox.call(&["due", "--quiet"]).at("2026-11-02T10:00:00Z").run().says(
        "KEY  STATE      WHEN       DATE\na    ends soon  in 8 days  2026-11-10\n",
        "",
        0,
    );
}

#[test]
fn in_2099_everything_has_ended_and_nothing_is_lost() {
    let sandbox = one_of_each();
    let before = std::fs::read(sandbox.data("store.age")).expect("read");
    let far = "2099-01-01T00:00:00Z";
    sandbox.call(&["due"]).at(far).run().says(
        "KEY          STATE    WHEN          DATE\n\
         npm/publish  revoked  72 years ago  2026-11-23\n\
         stripe/live  expired  72 years ago  2026-11-22\n\
         github/ci    expired  72 years ago  2026-12-08\n\
         aws/deploy   due      72 years ago  2026-11-24\n\
         openai/dev   due      72 years ago  2026-12-05\n\
         later        due      71 years ago  2027-11-20\n",
        "keyctl: the clock says 2099-01-01 00:00, and keyctl was last used on 2026-11-23\n\
         keyctl: hint: if that is not today, set the clock right: nothing is wiped on its word before tomorrow\n\
         keyctl: 2 keys have no plan, 2 of them never replaced in more than a year: `keyctl due --all` shows them\n",
        0,
    );
    assert_eq!(std::fs::read(sandbox.data("store.age")).expect("read"), before);
    let back = sandbox.call(&["due", "--quiet"]).at(NOW).run();
    assert_eq!((back.stdout().lines().count(), back.stderr()), (6, String::new()), "looking changes nothing");
    // A use of a key is remembered, and so is when it was: until a change to the store says otherwise.
    sandbox.call(&["get", "plain"]).at(far).run().says("sk-secret-of-plain", "", 0);
    let behind = sandbox.call(&["due", "--quiet"]).at(NOW).run();
    assert!(
        behind.stderr().starts_with("keyctl: the clock says 2026-11-25 10:00, but keyctl was used on 2099-01-01 00:00")
    );
    assert_eq!(sandbox.call(&["edit", "plain", "--note", "now"]).at(NOW).run().code(), 0);
    assert_eq!(sandbox.call(&["due", "--quiet"]).at(NOW).run().stdout(), back.stdout());
}

#[test]
fn scripts_get_an_exit_code_for_what_has_come() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-08-26T12:00:00Z", &["--rotate-every", "90d"]);
    keep(&sandbox, "b", "2026-08-26T12:00:00Z", &["--expires", "2026-12-01"]);
    let soon = "KEY  STATE      WHEN          DATE\n\
                a    due        22 hours ago  2026-11-24\n\
                b    ends soon  in 6 days     2026-12-01\n";
    sandbox.call(&["due", "--fail-on", "expired"]).at(NOW).run().says(soon, "", 0);
    sandbox.call(&["due", "--fail-on", "due"]).at(NOW).run().says(soon, "keyctl: 1 key due, 1 key ends soon\n", 1);
    let later = "2026-12-01T00:00:00Z";
    let json = sandbox.call(&["due", "--json", "--fail-on", "due"]).at(later).run();
    assert_eq!((json.stderr().as_str(), json.code()), ("keyctl: 1 key expired, 1 key due\n", 1));
    let expired = sandbox.call(&["due", "--fail-on", "expired"]).at(later).run();
    assert_eq!((expired.stderr().as_str(), expired.code()), ("keyctl: 1 key expired\n", 1));
    // A revoked key does not count: that it is not to be used was its owner's own word.
    for name in ["a", "b"] {
        assert_eq!(sandbox.call(&["revoke", name, "--yes"]).at(later).run().code(), 0);
    }
    assert_eq!(sandbox.call(&["due", "--fail-on", "due"]).at(later).run().code(), 0);
    sandbox.call(&["due", "--fail-on", "soon"]).run().says(
        "",
        "keyctl: `--fail-on` takes one of: due, expired\nkeyctl: hint: see `keyctl due --help`\n",
        2,
    );
}

#[test]
fn json_has_every_key_with_all_its_dates() {
    let sandbox = Sandbox::new();
    let empty = sandbox.call(&["due", "--json"]).at(NOW).run();
    let none = json!({ "now": NOW, "judged_at": NOW, "due": 0, "next": null, "keys": [], "left_out": [] });
    assert_eq!((serde_json::from_str::<Value>(&empty.stdout()).expect("json"), empty.stderr()), (none, String::new()));
    let details = ["--rotate-every", "90d", "--expires", "2026-12-01", "--tag", "prod", "--note", "of the demo"];
    keep(&sandbox, "a", "2026-11-01T10:00:00Z", &[&details[..], &["--url", "https://example.com/keys"]].concat());
    keep(&sandbox, "b", "2026-11-01T10:00:00Z", &[]);
    let revoked = sandbox.call(&["revoke", "b", "--reason", "leaked", "--yes"]).at("2026-11-02T10:00:00Z").run();
    assert_eq!(revoked.code(), 0);
    let report = sandbox.call(&["due", "--json"]).at(NOW).run();
    assert_eq!((report.stderr().as_str(), report.code()), ("", 0));
    let expected = json!({
        "now": NOW, "judged_at": NOW, "due": 1, "next": null, "left_out": [],
        "keys": [
            {
                "name": "a", "state": "soon", "has_plan": true, "page": "https://example.com/keys", "created": "2026-11-01T10:00:00Z", "changed": "2026-11-01T10:00:00Z",
                "never_rotated": true, "expires": "2026-12-01T00:00:00Z", "rotate_every": "90d", "rotate_every_of": "key",
                "rotate_by": "2027-01-30T10:00:00Z", "soon_from": "2026-11-17T00:00:00Z", "snoozed": null,
                "revoked": null, "leaked": null, "left_with": null, "url": "https://example.com/keys", "note": "of the demo", "tags": ["prod"],
            },
            {
                "name": "b", "state": "revoked", "has_plan": false, "page": null, "created": "2026-11-01T10:00:00Z", "changed": "2026-11-01T10:00:00Z",
                "never_rotated": true, "expires": null, "rotate_every": null, "rotate_every_of": null,
                "rotate_by": null, "soon_from": null, "snoozed": null,
                "revoked": { "at": "2026-11-02T10:00:00Z", "reason": "leaked" }, "leaked": null, "left_with": null, "url": null, "note": null, "tags": [],
            },
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&report.stdout()).expect("json"), expected);
}

/// What a terminal of so many columns shows.
fn screen(sandbox: &Sandbox, columns: u16, terminal: &str, words: &str) -> String {
    let program = clock::at(NOW).join(" ");
    let line = format!("stty cols {columns}; TERM={terminal} exec {program} due {words}");
    let screen = on_a_terminal(sandbox, &["sh", "-c", &line], &[]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    screen.shown
}

#[test]
fn a_terminal_shows_how_much_of_the_time_is_over_in_what_room_there_is() {
    let sandbox = one_of_each();
    assert_eq!(
        screen(&sandbox, 80, "dumb", "--quiet"),
        "KEY          STATE      WHEN          DATE        ELAPSED\n\
         npm/publish  revoked    2 days ago    2026-11-23\n\
         stripe/live  expired    3 days ago    2026-11-22  ████████████\n\
         aws/deploy   due        22 hours ago  2026-11-24  ████████████\n\
         openai/dev   due soon   in 10 days    2026-12-05  ██████████░░\n\
         github/ci    ends soon  in 13 days    2026-12-08  ██████████░░\n"
    );
    assert_eq!(
        screen(&sandbox, 80, "dumb", "--quiet --all"),
        "KEY          STATE      WHEN          DATE        ELAPSED\n\
         npm/publish  revoked    2 days ago    2026-11-23              never replaced\n\
         stripe/live  expired    3 days ago    2026-11-22  ██████████  never replaced\n\
         aws/deploy   due        22 hours ago  2026-11-24  ██████████  never replaced\n\
         openai/dev   due soon   in 10 days    2026-12-05  ████████░░  never replaced\n\
         github/ci    ends soon  in 13 days    2026-12-08  ████████░░  never replaced\n\
         later        fresh      in 12 months  2027-11-20  ░░░░░░░░░░  never replaced\n\
         new          no plan                                          kept just now\n\
         plain        no plan                                          kept 22 months ago\n"
    );
    // A long name gives way, and every line fits.
    let long = Sandbox::new();
    keep(&long, "stripe/live-with-a-rather-long-name/of-the-second-team", NOW, &["--expires", "2026-12-01"]);
    assert_eq!(
        screen(&long, 80, "dumb", "--all"),
        "KEY                             STATE      WHEN       DATE\n\
         stripe/live-wi…the-second-team  ends soon  in 6 days  2026-12-01  never replaced\n"
    );
    let narrow = screen(&sandbox, 53, "dumb", "--quiet");
    assert!(!narrow.contains("ELAPSED") && !narrow.contains('█'), "{narrow}");
}

#[test]
fn a_terminal_gets_colours_unless_it_was_told_otherwise() {
    let sandbox = one_of_each();
    let row = |state: &str, bar: &str| format!("stripe/live  {state}    3 days ago    2026-11-22  {bar}\n");
    let (red, plain) = (row("\x1b[31mexpired\x1b[0m", "\x1b[31m████████████\x1b[0m"), row("expired", "████████████"));
    assert!(screen(&sandbox, 80, "xterm", "").contains(&red));
    assert!(screen(&sandbox, 80, "xterm", "--no-color").contains(&plain));
    assert!(screen(&sandbox, 80, "dumb", "").contains(&plain));
    let mut told = one_of_each();
    told.variables.push(("NO_COLOR".into(), "1".into()));
    let shown = screen(&told, 80, "xterm", "");
    assert!(shown.contains(&plain) && !shown.contains('\x1b'), "{shown}");
}

#[test]
fn calendar_programs_read_the_calendar() {
    let sandbox = one_of_each();
    let url = ["edit", "openai/dev", "--url", "https://platform.openai.com/api-keys"];
    assert_eq!(sandbox.call(&url).at(NOW).run().code(), 0);
    let long = "a-key-with-a-name-so-long-that-a-line-of-the-calendar-has-no-room-for-it-and-is-folded";
    keep(&sandbox, long, NOW, &["--expires", "2027-05-01T12:30:00Z"]);
    let calendar = |zone: &str, moment: &str| {
        let ran = sandbox.call(&["due", "--ics"]).at(moment).env("TZ", zone).run();
        assert_eq!((ran.stderr().as_str(), ran.code()), ("", 0));
        ran.output.stdout
    };
    let seen = |zone: &str| {
        let mut reader = tools::script(&sandbox, "read_calendar.py");
        let mut reader = reader.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
        std::io::Write::write_all(&mut reader.stdin.take().expect("piped"), &calendar(zone, NOW)).expect("write");
        let output = reader.wait_with_output().expect("wait");
        assert!(output.status.success());
        serde_json::from_slice::<Value>(&output.stdout).expect("json")
    };
    let page = "https://platform.openai.com/api-keys";
    let morning = "-14 days, 9:00:00";
    // What is near already is told of on the morning after the last change.
    assert_eq!(
        seen("UTC"),
        json!([
            [format!("{long} expires"), "2027-05-01T12:30:00+00:00", "-14 days, 0:00:00", ""],
            ["Replace aws/deploy", "2026-11-24", morning, ""],
            ["Replace github/ci", "2027-09-05", morning, ""],
            ["github/ci expires", "2026-12-08", "-12 days, 9:00:00", ""],
            ["Replace later", "2027-11-20", morning, ""],
            ["Replace openai/dev", "2026-12-05", "-9 days, 9:00:00", page],
            ["stripe/live expires", "2026-11-22", morning, ""],
        ])
    );
    // A midnight of elsewhere is a moment here, and a plan's day is the day here.
    assert_eq!(
        seen("Asia/Tokyo")[3],
        json!(["github/ci expires", "2026-12-08T00:00:00+00:00", "-13 days, 10:00:00", ""])
    );
    assert_eq!(calendar("UTC", NOW), calendar("UTC", "2026-11-27T10:00:00Z"), "the same store, the same calendar");
    let none = Sandbox::with(&[("A", "sk-first-secret")]);
    none.call(&["due", "--ics"]).run().says(
        "",
        "keyctl: no key has a date, and a calendar without an entry is none\n\
         keyctl: hint: give one: `keyctl edit NAME --expires 2027-01-31` or `--rotate-every 90d`\n",
        1,
    );
}

#[test]
fn what_its_issuer_ends_soon_is_said_also_where_a_plan_comes_a_little_earlier() {
    let sandbox = Sandbox::new();
    let kept = "2026-11-01T12:00:00Z";
    keep(&sandbox, "A", kept, &["--expires", "13d", "--rotate-every", "12d"]);
    let said = "KEY  STATE      WHEN        DATE\nA    ends soon  in 13 days  2026-11-14\n";
    sandbox.call(&["due"]).at(kept).run().says(said, "", 0);
    sandbox.call(&["due", "--fail-on", "due"]).at(kept).run().says(said, "keyctl: 1 key ends soon\n", 1);
    prompt(&sandbox, kept, "1 key due\n");
    // Its plan is a word of its owner, and the earlier of the two.
    let said = "KEY  STATE  WHEN      DATE\nA    due    just now  2026-11-13\n";
    sandbox.call(&["due"]).at("2026-11-13T12:00:00Z").run().says(said, "", 0);
}

/// What the prompt says at a moment.
#[track_caller]
fn prompt(sandbox: &Sandbox, moment: &str, says: &str) {
    sandbox.call(&["due", "--prompt"]).at(moment).run().says(says, "", 0);
}

#[test]
fn a_prompt_says_how_many_keys_are_due_and_nothing_when_none_is() {
    let sandbox = Sandbox::new();
    let file = sandbox.data("due.txt");
    prompt(&sandbox, NOW, "");
    keep(&sandbox, "plain", NOW, &[]);
    prompt(&sandbox, NOW, "");
    assert!(!file.exists(), "no key has a date");
    // What its issuer ends is spoken of a fortnight before that.
    keep(&sandbox, "a", NOW, &["--expires", "2026-12-15"]);
    keep(&sandbox, "b", NOW, &["--rotate-every", "30d"]);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "keyctl-due 1 0 2026-12-01T00:00:00Z\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600);
    prompt(&sandbox, "2026-11-30T23:59:59Z", "");
    // The file does not know when the one after the next is, so it says that there may be more.
    prompt(&sandbox, "2026-12-01T00:00:00Z", "at least 1 key due\n");
    prompt(&sandbox, "2027-01-01T00:00:00Z", "at least 1 key due\n");
    assert_eq!(sandbox.call(&["due"]).at("2026-12-01T00:00:00Z").run().code(), 0);
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "keyctl-due 1 1 2026-12-25T10:00:00Z\n");
    prompt(&sandbox, "2026-12-01T00:00:01Z", "1 key due\n");
    prompt(&sandbox, "2027-01-01T00:00:00Z", "at least 2 keys due\n");
    assert_eq!(sandbox.call(&["due", "--json"]).at("2027-01-01T00:00:00Z").run().code(), 0);
    prompt(&sandbox, "2027-01-01T00:00:00Z", "2 keys due\n");
    let with_more = sandbox.call(&["--no-color", "due", "--prompt", "--quiet"]).at("2027-01-01T00:00:00Z");
    with_more.run().says("2 keys due\n", "", 0);
    // A change to the store leaves it anew.
    for name in ["a", "b"] {
        assert_eq!(sandbox.call(&["remove", name, "--yes"]).at("2027-01-01T00:00:00Z").run().code(), 0);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "keyctl-due 1 0 -\n");
    prompt(&sandbox, "2027-01-01T00:00:00Z", "");
}

#[test]
fn a_prompt_never_breaks_whatever_lies_in_its_files_place() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", NOW, &["--expires", "2026-11-26"]);
    prompt(&sandbox, "2026-12-01T00:00:00Z", "1 key due\n");
    let file = sandbox.data("due.txt");
    for broken in
        ["", "\n", "keyctl-due 1 \x1b[31m -\n", "keyctl-due 2 1 -\n", "keyctl-due 1 1 -\nmore", &"9".repeat(100)]
    {
        std::fs::write(&file, broken).expect("write");
        prompt(&sandbox, "2026-12-01T00:00:00Z", "");
    }
    std::fs::remove_file(&file).expect("remove");
    assert!(std::process::Command::new("mkfifo").arg(&file).status().expect("mkfifo").success());
    prompt(&sandbox, "2026-12-01T00:00:00Z", "");
    std::fs::remove_file(&file).expect("remove");
    std::fs::create_dir(&file).expect("make");
    prompt(&sandbox, "2026-12-01T00:00:00Z", "");
    for (name, value) in [("HOME", ""), ("HOME", "/nonexistent"), ("KEYCTL_HOME", "relative")] {
        sandbox.call(&["due", "--prompt"]).env(name, value).run().says("", "", 0);
    }
    // A look at the keys still works, and mends what can be mended.
    assert_eq!(sandbox.call(&["due"]).at(NOW).run().code(), 0);
    std::fs::remove_dir(&file).expect("remove");
    assert_eq!(sandbox.call(&["due"]).at(NOW).run().code(), 0);
    prompt(&sandbox, "2026-12-01T00:00:00Z", "1 key due\n");
}

#[test]
fn a_prompt_opens_one_small_file_and_asks_nobody() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-01-01T00:00:00Z", &["--expires", "2026-02-01"]);
    let (ran, trace) = sandbox.call(&["due", "--prompt"]).traced("%file,%network,%process,read,write");
    assert_eq!((ran.stdout().as_str(), ran.code()), ("at least 1 key due\n", 0), "the tests are run after that day");
    let opened: Vec<&str> =
        trace.lines().filter(|line| line.contains("open") && line.contains(".local/share")).collect();
    // And sees that there are no other stores.
    let is_one = |line: &str| line.contains("/due.txt\"") || line.contains("/stores\"") && line.contains("ENOENT");
    assert!(opened.len() == 2 && opened.iter().all(|line| is_one(line)), "{opened:#?}");
    for untouched in [
        "socket(",
        "connect(",
        "store.age",
        "identity.txt",
        "anchor.txt",
        "keeper.toml",
        "config.toml",
        "history",
        "zoneinfo",
    ] {
        assert!(!trace.contains(untouched), "{untouched}\n{trace}");
    }
}

#[test]
fn what_a_prompt_reads_is_written_only_when_it_says_something_else() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", NOW, &["--expires", "2026-12-01"]);
    let inode = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(sandbox.data("due.txt")).expect("there"));
    let before = inode();
    assert_eq!(sandbox.call(&["due"]).at(NOW).run().code(), 0);
    keep(&sandbox, "plain", NOW, &[]);
    assert_eq!(inode(), before);
    keep(&sandbox, "b", NOW, &["--expires", "2026-11-30"]);
    assert_ne!(inode(), before);
}

#[test]
fn a_store_without_a_key_fails_no_ci() {
    let sandbox = Sandbox::new();
    sandbox.call(&["due", "--fail-on", "due"]).run().says(
        "",
        "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n",
        0,
    );
}

#[test]
fn what_was_read_is_not_written_over_what_another_keyctl_may_be_writing() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["edit", "A", "--expires", "2020-01-01", "--quiet"]).run();
    let path = sandbox.data("due.txt");
    let right = std::fs::read_to_string(&path).expect("there");
    std::fs::write(&path, "keyctl-due 1 7 -\n").expect("write");
    let lock = sandbox.data("lock");
    let held = std::fs::File::open(&lock).expect("lock");
    held.try_lock().expect("free");
    sandbox.call(&["due", "--json"]).run();
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "keyctl-due 1 7 -\n");
    drop(held);
    sandbox.call(&["due", "--json"]).run();
    assert_eq!(std::fs::read_to_string(&path).expect("there"), right);
}

#[test]
fn what_its_issuer_ends_soon_is_due_soon_in_all_that_speaks_of_keys_and_before_it_is_too_late() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-08-01T12:00:00Z", &["--expires", "2026-12-01"]);
    // What its owner plans for soon has time until then.
    keep(&sandbox, "b", "2026-08-27T12:00:00Z", &["--rotate-every", "91d"]);
    let before = "2026-11-16T23:59:59Z";
    prompt(&sandbox, before, "");
    assert_eq!(sandbox.call(&["due", "--fail-on", "due"]).at(before).run().code(), 0);
    sandbox.call(&["rotate", "--due", "--dry-run"]).at(before).run().says("", "keyctl: nothing is due\n", 0);
    prompt(&sandbox, NOW, "at least 1 key due\n");
    let table = "KEY  STATE      WHEN       DATE\na    ends soon  in 6 days  2026-12-01\nb    due soon   in 1 day   2026-11-26\n";
    let ran = sandbox.call(&["due", "--fail-on", "due"]).at(NOW).run();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!((lines(&ran.stdout()), ran.stderr().as_str()), (lines(table), "keyctl: 1 key ends soon\n"));
    assert_eq!(ran.code(), 1);
    prompt(&sandbox, NOW, "1 key due\n");
    let said = "keyctl: `a` expires in 6 days: replace it with `keyctl rotate a`\n";
    let run = || sandbox.call(&["run", "-kA=a", "-kB=b", "--", "true"]).at(NOW).run();
    run().says("", said, 0);
    run().says("", "", 0);
    let ran = sandbox.call(&["rotate", "--due", "--dry-run"]).at(NOW).run();
    assert_eq!(ran.stdout(), "KEY  WHY        BY\na    ends soon  hand\n");
    let json = sandbox.call(&["due", "--json"]).at(NOW).run().stdout();
    assert!(json.contains("\"due\": 1,"), "{json}");
    let status = sandbox.call(&["status"]).at(NOW).run().stdout();
    assert!(status.contains("1 key ends soon, 1 key due soon: `keyctl due`"), "{status}");
    // Put off for longer than it has, it is put off until its end, which is said then.
    let ran = sandbox.call(&["remind", "snooze", "a"]).at(NOW).run();
    let said = "keyctl: no reminder of `a` until 2026-12-01 00:00, when its issuer ends it\n";
    ran.says("", said, 0);
    prompt(&sandbox, NOW, "");
    sandbox.call(&["rotate", "--due", "--dry-run"]).at(NOW).run().says(
        "",
        "keyctl: left out, being snoozed: `a`\nkeyctl: hint: to replace one all the same: `keyctl rotate a`\nkeyctl: nothing is due\n",
        0,
    );
}

#[test]
fn a_secret_whose_issuer_gives_it_a_few_days_is_not_replaced_again_with_each_call() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", NOW, &["--expires", "2026-12-02T10:00:00Z"]);
    let said = "keyctl: left out, being new though they end soon: `a`\n\
                keyctl: hint: to replace one all the same: `keyctl rotate a`\n";
    let call = |moment: &str| sandbox.call(&["rotate", "--due", "--dry-run"]).at(moment).run();
    call("2026-11-28T21:59:59Z").says("", &format!("{said}keyctl: nothing is due\n"), 0);
    call("2026-11-28T22:00:00Z").says("KEY  WHY        BY\na    ends soon  hand\n", "", 0);
    // A day before its end there is no time to lose.
    keep(&sandbox, "b", "2026-12-01T00:00:00Z", &["--expires", "2026-12-01T20:00:00Z"]);
    assert!(call("2026-12-01T00:00:00Z").stdout().contains("b    ends soon"));
}

#[test]
fn a_clock_at_the_end_of_the_calendar_breaks_nothing() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", NOW, &["--expires", "2026-12-01"]);
    for words in [
        &["due"][..],
        &["due", "--prompt"],
        &["status"],
        &["list"],
        &["show", "a"],
        &["get", "a"],
        &["run", "-kA=a", "--", "true"],
        &["edit", "a", "--note", "x"],
        &["history"],
        &["undo", "--list"],
    ] {
        // The first second that the calendar does not carry, and one that no calendar does.
        for seconds in [253_402_207_200_i64, 300_000_000_000] {
            let ran = sandbox.call(words).at_second(seconds).run();
            assert_eq!(ran.code(), 0, "{words:?} {seconds}: {}", ran.stderr());
        }
    }
}

#[test]
fn what_is_put_off_past_its_end_is_put_off_until_its_end_and_reminded_of_then() {
    let sandbox = Sandbox::new();
    keep(&sandbox, "a", "2026-08-01T12:00:00Z", &["--expires", "2026-12-01"]);
    keep(&sandbox, "b", "2026-08-01T12:00:00Z", &["--rotate-every", "90d"]);
    let ran = sandbox.call(&["remind", "snooze", "a", "b", "--for", "30d"]).at(NOW).run();
    let said = "keyctl: no reminder of `b` until 2026-12-25 10:00\nkeyctl: no reminder of `a` until 2026-12-01 00:00, when its issuer ends it\n";
    ran.says("", said, 0);
    let before = "2026-11-30T23:59:59Z";
    prompt(&sandbox, before, "");
    prompt(&sandbox, "2026-12-01T00:00:00Z", "at least 1 key due\n");
    sandbox.call(&["due"]).at("2026-12-01T00:00:00Z").run().says(
        "KEY  STATE    WHEN         DATE\n\
         a    expired  just now     2026-12-01\n\
         b    due      31 days ago  2026-10-30  snoozed until 2026-12-25\n",
        "",
        0,
    );
    // What has ended is put off for as long as was said; and a nearer end that is given later counts too.
    let ran = sandbox.call(&["remind", "snooze", "a"]).at("2026-12-02T00:00:00Z").run();
    ran.says("", "keyctl: no reminder of `a` until 2026-12-09 00:00\n", 0);
    sandbox.call(&["edit", "b", "--expires", "2026-12-10", "-q"]).at("2026-12-02T00:00:00Z").run();
    let json = sandbox.call(&["show", "b", "--json"]).at("2026-12-02T00:00:00Z").run().stdout();
    assert!(json.contains("\"snoozed\": \"2026-12-10T00:00:00Z\""), "{json}");
}

#[test]
fn the_help_says_what_the_bars_mean() {
    let help = Sandbox::new().call(&["due", "--help"]).run().stdout();
    assert!(help.contains("the bar under ELAPSED says how much of a key's time is over"), "{help}");
}
