//! A key's details, its former secrets, and taking changes back.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox, contains},
};

const FIRST: &str = "first-secret";
const SECOND: &str = "second-secret";

/// A store whose key has had two secrets.
fn replaced() -> Sandbox {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.secret(SECOND);
    sandbox.call(&["set", "A", "--replace"]).input(SECOND).run().says(
        "",
        "keyctl: replaced `A`; its former secret is kept\n",
        0,
    );
    sandbox
}

/// A report with `DATE` in the place of each minute that was now.
pub fn dateless(report: &str) -> String {
    let mut words = Vec::new();
    let mut parts = report.split(' ').peekable();
    while let Some(part) = parts.next() {
        let begins = part.get(..2) == Some("20") && part.len() == 10 && part.as_bytes()[4] == b'-';
        if begins && let Some(time) = parts.peek().copied().filter(|time| time.as_bytes().get(2) == Some(&b':')) {
            let seconds = time.as_bytes().get(5) == Some(&b':');
            words.push(format!("DATE{}", &time[if seconds { 8 } else { 5 }..]));
            parts.next();
        } else {
            words.push(part.to_owned());
        }
    }
    words.join(" ")
}

/// What plain age finds in the store, without the steps.
fn keys(sandbox: &Sandbox) -> String {
    let text = String::from_utf8(text(sandbox)).expect("text");
    text.split("[[step]]").next().expect("something").to_owned()
}

/// What plain age finds in the store.
pub fn text(sandbox: &Sandbox) -> Vec<u8> {
    let files = [sandbox.data("identity.txt"), sandbox.data("store.age")];
    let output = Command::new("age").args(["-d", "-i"]).args(files).output().expect("age: apt-get install age");
    assert!(output.status.success());
    output.stdout
}

#[track_caller]
fn holds(sandbox: &Sandbox, name: &str, secret: &str) {
    sandbox.call(&["get", name]).run().says(secret, "", 0);
}

#[test]
fn every_change_to_the_store_can_be_taken_back_one_after_the_other() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.secret(SECOND);
    sandbox.may_lie_in(&sandbox.file("keys.env", format!("B={SECOND}\nC=third-secret\n")));
    let done: &[(&[&str], &str)] = &[
        (
            &["import", "keys.env"],
            "keyctl: kept: 2 keys (`B`, `C`)\nkeyctl: hint: the keys are still readable in `keys.env`: `--delete` removes it\n",
        ),
        (&["rename", "B", "D"], "keyctl: renamed `B` to `D`\n"),
        (&["edit", "A", "--note", "of the old account"], "keyctl: changed `A`\n"),
        (
            &["revoke", "D", "--yes"],
            "keyctl: revoked `D`: `run` and `env` give it to nothing any more\nkeyctl: hint: end it at its issuer too; then `keyctl rotate D`\n",
        ),
        (
            &["remove", "A", "C", "--yes"],
            "keyctl: removed 2 keys: `A`, `C`; `keyctl undo` brings them back, `keyctl forget` wipes their secrets\n",
        ),
    ];
    for (call, said) in done {
        sandbox.call(call).run().says("", said, 0);
    }
    sandbox.call(&["undo", "--list"]).run().says(
        "WHEN      WHAT\n\
         just now  remove of 2 keys (`A`, `C`)\n\
         just now  revoke of `D`\n\
         just now  edit of `A` (note)\n\
         just now  rename of `B` to `D`\n\
         just now  import of 2 keys (`B`, `C`)\n\
         just now  set of the new key `A`\n",
        "",
        0,
    );
    let undo = |said: &str| sandbox.call(&["undo", "--yes"]).run().says("", &format!("keyctl: took back: {said}\n"), 0);
    undo("remove of 2 keys (`A`, `C`)");
    holds(&sandbox, "C", "third-secret");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "undo"], &[("[y/N] ", "y\r")]);
    assert!(screen.shown.ends_with("keyctl: took back: revoke of `D`\n") && screen.code == 0, "{}", screen.shown);
    undo("edit of `A` (note)");
    undo("rename of `B` to `D`");
    holds(&sandbox, "B", SECOND);
    undo("import of 2 keys (`B`, `C`)");
    undo("set of the new key `A`");
    sandbox.call(&["undo", "--yes"]).run().says(
        "",
        "keyctl: nothing was changed in the last 30 days that could be taken back\n",
        1,
    );
    // What was taken back is lost no more than what was removed.
    sandbox.call(&["rollback", "B", "--yes"]).run().says("", "keyctl: `B` is back\n", 0);
    holds(&sandbox, "B", SECOND);
    sandbox.call(&["history", "verify"]).run().says(
        "the history is intact (16 entries, end proven, anchored at #15)\n",
        "",
        0,
    );
}

#[test]
fn taking_back_asks_at_a_terminal_and_needs_a_yes_elsewhere() {
    let sandbox = replaced();
    sandbox.call(&["undo"]).run().says(
        "",
        "keyctl: taking a change back needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    let question = "keyctl: take back: set of `A`, just now? [y/N] ";
    let answer = |typed: &str| on_a_terminal(&sandbox, &[KEYCTL, "undo"], &[(question, typed)]);
    answer("n\r").says(&format!("{question}n\nkeyctl: nothing was changed\n"), 1);
    answer("y\r").says(&format!("{question}y\nkeyctl: took back: set of `A`\n"), 0);
    holds(&sandbox, "A", FIRST);
}

#[test]
fn a_former_secret_is_listed_by_its_dates_and_comes_back() {
    let sandbox = replaced();
    let versions = || dateless(&sandbox.call(&["versions", "A"]).run().stdout());
    let mark = |row: usize| {
        versions().lines().nth(row).and_then(|line| line.split_whitespace().nth(1).map(str::to_owned)).expect("a mark")
    };
    let (first, second) = (mark(2), mark(1));
    assert!(first.len() == 8 && first != second);
    let dates = "SINCE                UNTIL                REMARKS";
    let plain = "SINCE                UNTIL";
    assert_eq!(
        versions(),
        format!("VERSION  MARK      {plain}\ncurrent  {second}  DATE\n1        {first}  DATE  DATE\n")
    );
    sandbox.call(&["rollback", "A", "--to", "2", "--yes"]).run().says(
        "",
        "keyctl: `A` has no such former secret\nkeyctl: hint: see what there is: `keyctl versions A`\n",
        3,
    );
    let back = sandbox.call(&["rollback", "A", "--yes"]).run();
    assert_eq!(dateless(&back.stderr()), "keyctl: `A` has the secret again that was kept on DATE\n");
    holds(&sandbox, "A", FIRST);
    // The secret in between is kept too.
    assert_eq!(
        versions(),
        format!(
            "VERSION  MARK      {dates}\ncurrent  {first}  DATE\n\
             1        {second}  DATE  DATE\n2        {first}  DATE  DATE  in use as `A`\n"
        )
    );
    // The numbers have moved; the mark still says which is meant.
    sandbox.call(&["rollback", "A", "--to", "00000000", "--yes"]).run().says(
        "",
        "keyctl: `A` has no such former secret\nkeyctl: hint: see what there is: `keyctl versions A`\n",
        3,
    );
    assert_eq!(sandbox.call(&["rollback", "A", "--to", &second, "--yes"]).run().code(), 0);
    holds(&sandbox, "A", SECOND);
    let json = sandbox.call(&["versions", "A", "--json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.stdout()).expect("JSON");
    assert_eq!((json["name"].as_str(), json["former"].as_array().map(Vec::len)), (Some("A"), Some(3)));
}

#[test]
fn a_removed_key_comes_back_by_its_name_also_when_something_else_was_done_since() {
    let sandbox = Sandbox::with(&[("A", FIRST), ("B", SECOND)]);
    sandbox.call(&["remove", "A", "--yes"]).run();
    sandbox.call(&["rename", "B", "C"]).run();
    let gone = sandbox.call(&["versions", "A"]).run();
    assert_eq!(
        (dateless(&gone.stderr()).as_str(), gone.code()),
        ("keyctl: `A` was removed on DATE\nkeyctl: hint: bring it back: `keyctl rollback A`\n", 0)
    );
    let listed = gone.stdout();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines.len() == 2 && lines[1].starts_with("1  ") && lines[1].ends_with("  of the removed key"), "{listed}");
    let json = sandbox.call(&["versions", "A", "--json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.stdout()).expect("JSON");
    assert!(json["current"].is_null() && json["former"][0]["is_current"] == false, "{json}");
    sandbox.call(&["rollback", "A", "--yes"]).run().says("", "keyctl: `A` is back\n", 0);
    holds(&sandbox, "A", FIRST);
    sandbox.call(&["undo", "--yes"]).run().says("", "keyctl: took back: rollback of `A`\n", 0);
    sandbox.call(&["get", "A"]).run().says(
        "",
        "keyctl: no key named `A`\nkeyctl: hint: it was removed; bring it back: `keyctl rollback A`\n",
        3,
    );
}

#[test]
fn forgetting_wipes_former_secrets_out_of_the_store_for_good() {
    let sandbox = replaced();
    assert!(contains(&text(&sandbox), FIRST.as_bytes()));
    sandbox.call(&["forget", "A"]).run().says(
        "",
        "keyctl: wiping the former secrets of `A` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["forget", "A", "--yes"]).run().says(
        "",
        "keyctl: wiped 1 former secret for good; the current ones stay\n\
         keyctl: hint: older copies of `store.age`, such as backups, still hold them\n",
        0,
    );
    let left = text(&sandbox);
    assert!(!contains(&left, FIRST.as_bytes()) && contains(&left, SECOND.as_bytes()));
    sandbox.call(&["forget", "A", "--yes"]).run().says("", "keyctl: there are no former secrets\n", 0);
    sandbox.call(&["forget", "B", "--yes"]).run().says(
        "",
        "keyctl: no key named `B`\nkeyctl: hint: keep it with `keyctl set B`\n",
        3,
    );
    sandbox.call(&["remove", "A", "--yes"]).run();
    sandbox.call(&["forget", "--all", "--yes", "--json"]).run().says("{\n  \"wiped\": 1\n}\n", "", 0);
    assert!(!contains(&text(&sandbox), SECOND.as_bytes()));
    sandbox.call(&["undo", "--yes"]).run().says(
        "",
        "keyctl: nothing was changed in the last 30 days that could be taken back\n",
        1,
    );
}

#[test]
fn details_are_kept_beside_the_secret_and_changed_without_it() {
    let sandbox = Sandbox::new();
    sandbox.secret(FIRST);
    let details = [
        "--expires",
        "2099-01-31",
        "--rotate-every",
        "90d",
        "--url",
        "https://example.com/keys",
        "--note",
        "of the team",
        "--tag",
        "prod",
    ];
    let set = sandbox.call(&[&["set", "A", "--quiet"][..], &details].concat()).input(FIRST).run();
    assert_eq!(set.code(), 0);
    let field = |field: &str| {
        keys(&sandbox).lines().find_map(|line| line.strip_prefix(&format!("{field} = ")).map(str::to_owned))
    };
    assert_eq!(field("expires").as_deref(), Some("\"2099-01-31T00:00:00Z\""));
    assert_eq!(field("rotate_every").as_deref(), Some("\"90d\""));
    assert_eq!(field("tags").as_deref(), Some("[\"prod\"]"));
    sandbox.call(&["edit", "A", "--no-expires", "--no-tag", "prod", "--tag", "ci", "--rotate-every", "1y"]).run().says(
        "",
        "keyctl: changed `A`; to be replaced every 1 year\n",
        0,
    );
    assert_eq!((field("expires"), field("tags").as_deref()), (None, Some("[\"ci\"]")));
    sandbox.call(&["edit", "A", "--tag", "ci"]).run().says(
        "",
        "keyctl: nothing was changed: `A` is as you said already\n",
        0,
    );
    // The end belongs to the secret: the same secret keeps it, another one does not.
    sandbox.call(&["edit", "A", "--expires", "2099-01-31"]).run().says(
        "",
        "keyctl: changed `A`; expires 2099-01-31 00:00; to be replaced every 1 year\n",
        0,
    );
    sandbox.call(&["set", "A"]).input(FIRST).run().says(
        "",
        "keyctl: `A` holds this very secret already; expires 2099-01-31 00:00; to be replaced every 1 year\n",
        0,
    );
    sandbox.secret(SECOND);
    sandbox.call(&["set", "A", "--replace"]).input(SECOND).run().says(
        "",
        "keyctl: replaced `A`; its former secret is kept; to be replaced every 1 year\n\
         keyctl: hint: 2099-01-31 was the former secret's end; say when this one ends: `keyctl edit A --expires DATE`\n",
        0,
    );
    assert_eq!(field("note").as_deref(), Some("\"of the team\""));
}

#[test]
fn a_detail_that_cannot_be_meant_is_refused_before_anything_is_kept() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    let forms = "write a date (`2027-01-31`), a moment (`2027-01-31T12:00:00Z`) or a period (`90d`, `in 6 months`)";
    let line = "is one line of text with at most 1000 bytes";
    for (words, said) in [
        (&["--expires", "tomorrow"][..], format!("`--expires`: {forms}")),
        (&["--expires", "2027-02-29"], "`--expires`: there is no such day".into()),
        (
            &["--expires", "2027-01-01T24:00"],
            "`--expires`: a day has the hours 00 to 23, and a minute the seconds 00 to 59".into(),
        ),
        (&["--url", "http://example.com"], "`--url` takes the address of a page, `https://…`".into()),
        (&["--url", "https://-x"], "`--url` takes the address of a page, `https://…`".into()),
        (&["--url", "javascript:alert(1)"], "`--url` takes the address of a page, `https://…`".into()),
        (&["--note", "two\nlines"], format!("a note {line}")),
        (&["--note", ""], format!("a note {line}")),
    ] {
        let call = [&["edit", "A"][..], words].concat();
        sandbox.call(&call).run().says("", &format!("keyctl: {said}\n"), 2);
        let call = [&["set", "B"][..], words].concat();
        sandbox.call(&call).input("b-secret-value").run().says("", &format!("keyctl: {said}\n"), 2);
    }
    for (words, said) in [
        (&["--rotate-every", "0d"][..], "`--rotate-every`: a period of nothing cannot be meant"),
        (&["--rotate-every", "1000000000d"], "`--rotate-every`: a period has at most a hundred years"),
        (&["--tag", "a b"], "`--tag`: a tag cannot hold a space; use letters, digits, `_` or `-`"),
    ] {
        let call = [&["edit", "A"][..], words].concat();
        let said = format!("keyctl: {said}\nkeyctl: hint: see `keyctl edit --help`\n");
        sandbox.call(&call).run().says("", &said, 2);
    }
    sandbox.call(&["edit", "A"]).run().says(
        "",
        "keyctl: nothing was said that should change\nkeyctl: hint: say what, as in `keyctl edit A --expires 2027-01-31`\n",
        2,
    );
    sandbox.call(&["edit", "B", "--note", "x"]).run().says(
        "",
        "keyctl: no key named `B`\nkeyctl: hint: keep it with `keyctl set B`\n",
        3,
    );
}

#[test]
fn an_end_in_the_past_is_said_when_it_is_given() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.call(&["edit", "A", "--expires", "2020-02-29"]).run().says(
        "",
        "keyctl: `--expires` is in the past (2020-02-29 00:00): the key counts as expired\n\
         keyctl: changed `A`; expires 2020-02-29 00:00\n",
        0,
    );
}

#[test]
fn a_revoked_key_stays_revoked_until_it_is_replaced_or_that_is_taken_back() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.call(&["revoke", "A"]).run().says(
        "",
        "keyctl: revoking `A` needs a yes\nkeyctl: hint: without a terminal: `--yes`\n",
        2,
    );
    sandbox.call(&["revoke", "A", "--yes", "--reason", "seen in a log"]).run().says(
        "",
        "keyctl: revoked `A`: `run` and `env` give it to nothing any more\n\
         keyctl: hint: end it at its issuer too; then `keyctl rotate A`\n",
        0,
    );
    let again = sandbox.call(&["revoke", "A", "--yes", "--reason", "seen in a log"]).run();
    assert_eq!(dateless(&again.stderr()), "keyctl: `A` was revoked already on DATE (seen in a log)\n");
    assert!(contains(&text(&sandbox), b"reason = \"seen in a log\""));
    let question = "keyctl: let `A` be used for more: not revoked any more? [y/N] ";
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "edit", "A", "--not-revoked"], &[(question, "y\r")]);
    screen.says(&format!("{question}y\nkeyctl: changed `A`, which is not revoked any more\n"), 0);
    assert!(!keys(&sandbox).contains("revoked"));
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    let last = history.lines().last().expect("recorded");
    assert!(last.contains("\"ev\":\"edit\"") && last.contains("\"note\":\"not revoked any more\""), "{last}");
    let undoable = sandbox.call(&["undo", "--list"]).run().stdout();
    assert!(undoable.contains("edit of `A` (not revoked any more)\n"), "{undoable}");
}

#[test]
fn a_mistyped_token_is_kept_and_said_and_a_tokens_own_end_is_read_off() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    // Made up, with the check characters that belong to it; in two pieces, so that nobody takes it for a leak.
    let token = ["ghp_abcdefghijklmnop", "qrstuvwxyz01232LolCm"].concat();
    sandbox.set("GITHUB", &token).says("", "keyctl: kept `GITHUB` (GitHub personal access token (classic))\n", 0);
    let shown = dateless(&sandbox.call(&["show", "GITHUB"]).run().stdout());
    let page = "\nkind        GitHub personal access token (classic); usually replaced every 90 days\npage        https://github.com/settings/tokens\n";
    assert!(shown.contains(page), "{shown}");
    sandbox.set("MISTYPED", &token.replace("abc", "acb")).says(
        "",
        "keyctl: `MISTYPED` looks like a GitHub personal access token (classic), but its check characters are wrong: mistyped, or cut short?\n\
         keyctl: kept `MISTYPED` (GitHub personal access token (classic))\n",
        0,
    );
    let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjaSIsImV4cCI6NDA3MDkwODgwMH0.c2lnbmF0dXJlLW9mLW5vdGhpbmctYXQtYWxs";
    let kept = sandbox.set("JWT", jwt).stderr();
    assert!(kept.ends_with("; expires 2099-01-01 00:00 (its own end, read off the secret)\n"), "{kept}");
    sandbox.secret(jwt);
    let earlier = sandbox.call(&["set", "OTHER", "--expires", "2098-01-01"]).input(jwt).run().stderr();
    assert!(earlier.ends_with("; expires 2098-01-01 00:00\n") && !earlier.contains("later"), "{earlier}");
    let later = sandbox.call(&["set", "LATER", "--expires", "2099-01-02"]).input(jwt).run().stderr();
    let said = "keyctl: `--expires` is later than the end that the secret says itself (2099-01-01 00:00)\n";
    assert!(later.starts_with(said) && later.ends_with("; expires 2099-01-02 00:00\n"), "{later}");
    let rotated = sandbox.call(&["rotate", "A", "--yes", "--expires", "2099-01-02"]).input(jwt).run().stderr();
    assert!(rotated.contains(said), "{rotated}");
    // `{"exp":1500000000}`.
    let ended = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE1MDAwMDAwMDB9.c2lnbmF0dXJlLW9mLW5vdGhpbmctYXQtYWxs";
    let ended = sandbox.set("ENDED", ended).stderr();
    assert!(
        ended.starts_with("keyctl: the secret of `ENDED` ended on 2017-07-14 02:40, as it says itself\n"),
        "{ended}"
    );
    sandbox.may_lie_in(&sandbox.file("keys.env", format!("FROM_FILE={jwt}\n")));
    sandbox.call(&["import", "keys.env", "--quiet"]).run();
    assert_eq!(keys(&sandbox).matches("expires = \"2099-01-01T00:00:00Z\"").count(), 2);
}

#[test]
fn the_secrets_of_a_removed_key_are_reached_also_after_its_name_was_used_again() {
    let sandbox = Sandbox::with(&[("d", FIRST)]);
    sandbox.call(&["remove", "d", "--yes"]).run();
    sandbox.set("d", SECOND).says("", "keyctl: kept `d`\n", 0);
    let shown = dateless(&sandbox.call(&["versions", "d"]).run().stdout());
    let is_mark = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let marks: Vec<String> = shown.split(' ').filter(is_mark).map(str::to_owned).collect();
    assert_eq!(
        marks.iter().fold(shown, |shown, mark| shown.replace(mark, "MARK")),
        format!(
            "VERSION  MARK      SINCE                UNTIL                REMARKS\ncurrent  MARK  DATE\n1        MARK  DATE  DATE  of the removed key\n"
        )
    );
    assert_eq!(sandbox.call(&["rollback", "d", "--to", "1", "--yes"]).run().code(), 0);
    holds(&sandbox, "d", FIRST);
    sandbox.call(&["undo", "--yes"]).run().says("", "keyctl: took back: rollback of `d`\n", 0);
    holds(&sandbox, "d", SECOND);
    assert_eq!(sandbox.call(&["rollback", "d", "--yes"]).run().code(), 0);
    holds(&sandbox, "d", FIRST);
}

#[test]
fn what_is_wiped_lies_in_no_file_of_a_killed_writer_either() {
    for words in [&["forget", "A", "--yes"][..], &["remove", "A", "--forget", "--yes"]] {
        let sandbox = replaced();
        let left = sandbox.data(".store.age.0123456789abcdef.tmp");
        std::fs::copy(sandbox.data("store.age"), &left).expect("copy");
        // What no keyctl has made stays.
        let other = sandbox.data(".store.age.mine.tmp");
        std::fs::write(&other, "x").expect("write");
        assert_eq!(sandbox.call(words).run().code(), 0);
        assert!(!left.exists() && other.exists(), "{words:?}");
    }
}

#[test]
fn what_an_edit_changed_is_listed_and_what_stands_with_a_change_is_counted() {
    let sandbox = replaced();
    sandbox.call(&["edit", "A", "--note", "of-mine", "--tag", "ci"]).run();
    sandbox.call(&["edit", "A", "--expires", "2099-01-31"]).run();
    sandbox.call(&["edit", "A", "--expires", "2098-01-31", "--rotate-every", "90d"]).run();
    sandbox.call(&["remind", "snooze", "A"]).run();
    sandbox.call(&["remind", "snooze", "A", "--off"]).run().says("", "keyctl: `A` is reminded of again\n", 0);
    let listed = sandbox.call(&["undo", "--list"]).run().stdout();
    assert_eq!(
        dateless(&listed.replace("(none", "( none").replace("(20", "( 20").replace(')', " )")),
        "WHEN      WHAT\n\
         just now  snooze of `A` ( DATE -> none )\n\
         just now  snooze of `A` ( none -> DATE )\n\
         just now  edit of `A` (end DATE -> DATE, plan none -> 90 days )\n\
         just now  edit of `A` (end none -> DATE )\n\
         just now  edit of `A` (note, tags )\n\
         just now  set of `A`\n\
         just now  set of the new key `A`\n"
    );
    assert!(listed.contains("(end 2099-01-31 00:00 -> 2098-01-31 00:00, plan none -> 90 days)"), "{listed}");
    // The history says as much, and never what a note says.
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    for note in
        ["note, tags", "end none -> 2099-01-31 00:00", "end 2099-01-31 00:00 -> 2098-01-31 00:00, plan none -> 90 days"]
    {
        assert!(history.contains(&format!("\"note\":\"{note}\"")), "{note}: {history}");
    }
    assert!(!history.contains("of-mine"));
    sandbox.call(&["undo", "--skip", "--yes"]).run();
    let json = sandbox.call(&["undo", "--list", "--json"]).run().stdout();
    assert_eq!(json.trim(), "[]", "all that was done to it before stands too");
}

#[test]
fn a_note_that_holds_the_secret_is_said_when_that_is_kept_or_comes_back() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.call(&["edit", "A", "--note", "not second-secret"]).run().says("", "keyctl: changed `A`\n", 0);
    let said = "keyctl: the note of `A` holds the secret itself; reports show it: `keyctl edit A --no-note`\n";
    let kept = sandbox.call(&["set", "A", "--replace"]).input(SECOND).run().stderr();
    assert!(kept.starts_with(said), "{kept}");
    sandbox.call(&["rollback", "A", "--yes"]).run();
    let back = sandbox.call(&["rollback", "A", "--yes"]).run().stderr();
    assert!(back.starts_with(said), "{back}");
    // Also under another name.
    let other = sandbox.set("B", SECOND).stderr();
    assert!(other.contains(said), "{other}");
}

#[test]
fn a_yes_counts_for_what_was_asked_about_and_not_for_what_has_that_name_by_then() {
    let sandbox = Sandbox::with(&[("A", FIRST), ("B", "other-secret")]);
    sandbox.secret(SECOND);
    let set = |value: &str| sandbox.call(&["set", "A", "--replace", "-q"]).input(value).run();
    set(SECOND);
    let keyctl = |words: &str| format!("{KEYCTL} {words} -q");
    let meanwhile = |asked: &[&str], done: &str, said: &str| {
        let command = format!("\0{done}");
        let words = [&[KEYCTL], asked].concat();
        let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", &command), ("", "y\r")]);
        assert!(screen.shown.ends_with(said) && screen.code == 1, "{asked:?}: {}", screen.shown);
    };
    let swap = [keyctl("rename A C"), keyctl("rename B A")].join(" && ");
    let back = [keyctl("rename A B"), keyctl("rename C A")].join(" && ");
    let look = "keyctl: hint: look again: `keyctl versions A`";
    let revoked = format!(
        "keyctl: `A` was changed meanwhile and has another secret now; nothing was revoked\n{look}, and `keyctl undo --list`\n"
    );
    meanwhile(&["revoke", "A"], &swap, &revoked);
    let ran = Command::new("sh").args(["-c", &back]).env("HOME", sandbox.home()).status().expect("sh");
    assert!(ran.success());
    for asked in [&["remove", "A"][..], &["remove", "A", "--forget"]] {
        meanwhile(asked, &swap, &format!("keyctl: `A` was changed meanwhile; nothing was removed\n{look}\n"));
        let ran = Command::new("sh").args(["-c", &back]).env("HOME", sandbox.home()).status().expect("sh");
        assert!(ran.success());
    }
    let more = format!("printf third-secret | {KEYCTL} set A --replace -q");
    sandbox.secret("third-secret");
    meanwhile(
        &["rollback", "A"],
        &more,
        &format!("keyctl: `A` was changed meanwhile; nothing was brought back\n{look}\n"),
    );
    holds(&sandbox, "A", "third-secret");
    let more = format!("printf fourth-secret | {KEYCTL} set A --replace -q");
    sandbox.secret("fourth-secret");
    meanwhile(&["forget", "A"], &more, &format!("keyctl: `A` was changed meanwhile; nothing was wiped\n{look}\n"));
    let versions: serde_json::Value =
        serde_json::from_str(&sandbox.call(&["versions", "A", "--json"]).run().stdout()).expect("JSON");
    assert_eq!(versions["former"].as_array().map(Vec::len), Some(3));
    // Whoever says yes beforehand means the name.
    assert_eq!(sandbox.call(&["forget", "A", "--yes", "-q"]).run().code(), 0);
}

#[test]
fn the_question_says_which_secret_comes_back_and_that_it_is_of_no_use() {
    let sandbox = replaced();
    sandbox.call(&["rollback", "A", "--yes", "-q"]).run();
    sandbox.call(&["edit", "A", "--expires", "2020-01-01", "-q"]).run();
    sandbox.call(&["revoke", "A", "--yes", "-q"]).run();
    let current = dateless(&sandbox.call(&["versions", "A"]).run().stdout());
    assert!(
        current.lines().nth(1).expect("current").ends_with("  revoked, expired 2020-01-01 00:00")
            || current.contains("revoked, expired DATE"),
        "{current}"
    );
    sandbox.call(&["rollback", "A", "--yes", "-q"]).run();
    let shown = on_a_terminal(&sandbox, &[KEYCTL, "rollback", "A"], &[("[y/N] ", "n\r")]).shown;
    let shown = dateless(&shown);
    assert!(shown.starts_with("keyctl: use secret 1 of `A` again, `"), "{shown}");
    assert!(
        shown.contains("`, which it had from DATE to DATE (revoked, expired DATE)? The current one is kept"),
        "{shown}"
    );
    sandbox.set("B", "another-secret");
    sandbox.call(&["rollback", "B", "--yes"]).run().says(
        "",
        "keyctl: `B` has no former secret\nkeyctl: hint: keep another one: `keyctl rotate B`\n",
        3,
    );
}

#[test]
fn of_a_key_whose_former_secrets_were_wiped_nobody_says_that_it_never_had_one() {
    let sandbox = Sandbox::new();
    crate::clock::keep(&sandbox, "A", "2026-01-01T12:00:00Z", &[]);
    sandbox.secret(SECOND);
    sandbox.call(&["set", "A", "--replace", "-q"]).input(SECOND).run().says("", "", 0);
    assert_eq!(sandbox.call(&["forget", "A", "--yes", "-q"]).run().code(), 0);
    sandbox.call(&["rollback", "A", "--yes"]).run().says(
        "",
        "keyctl: `A` has no former secret any more: it was wiped\nkeyctl: hint: keep another one: `keyctl rotate A`\n",
        3,
    );
}

#[test]
fn a_mark_never_brings_another_secret_back_because_the_key_changed_while_the_lock_was_waited_for() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    let set = |value: &str| {
        sandbox.secret(value);
        sandbox.call(&["set", "A", "--replace", "-q"]).input(value).run().says("", "", 0);
    };
    set(SECOND);
    set("third-secret");
    let json = sandbox.call(&["versions", "A", "--json"]).run().stdout();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let mark = json["former"][1]["mark"].as_str().expect("a mark").to_owned();
    let folder = || -> Vec<(PathBuf, Vec<u8>)> {
        let kept = sandbox.files().into_iter().filter(|file| file.starts_with(sandbox.data("")));
        kept.map(|file| (file.clone(), std::fs::read(file).expect("read"))).collect()
    };
    let put = |files: &[(PathBuf, Vec<u8>)]| {
        for (file, bytes) in files {
            std::fs::write(file, bytes).expect("write");
        }
    };
    let before = folder();
    set("fourth-secret");
    let after = folder();
    put(&before);
    // Nobody but this test writes until it has seen that the call has looked and waits for the lock.
    let path = sandbox.data("lock");
    let lock = std::fs::File::open(&path).expect("open");
    lock.lock().expect("lock");
    let mut call = sandbox.call(&["rollback", "A", "--to", &mark, "--yes"]).command;
    let child = call.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("start");
    let waits = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("runs").flatten();
        open.into_iter().any(|file| std::fs::read_link(file.path()).is_ok_and(|file| file == path))
    };
    let started = Instant::now();
    while !waits() {
        assert!(started.elapsed() < Duration::from_mins(1), "it does not wait for the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    put(&after);
    drop(lock);
    let ran = child.wait_with_output().expect("ends");
    assert_eq!(
        (String::from_utf8_lossy(&ran.stderr).as_ref(), ran.status.code()),
        (
            "keyctl: `A` was changed meanwhile; nothing was brought back\nkeyctl: hint: look again: `keyctl versions A`\n",
            Some(1)
        )
    );
    holds(&sandbox, "A", "fourth-secret");
}

#[test]
fn letting_a_change_stand_says_how_many_stand_with_it_also_under_the_name_before() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.secret(SECOND);
    sandbox.call(&["set", "A", "--replace", "-q"]).input(SECOND).run();
    sandbox.call(&["rename", "A", "B", "-q"]).run();
    sandbox.call(&["edit", "B", "--note", "n", "-q"]).run();
    let said = "keyctl: stands for good: edit of `B` (note), and 3 changes before it\n";
    sandbox.call(&["undo", "--skip", "--yes"]).run().says("", said, 0);
    let nothing = "keyctl: nothing was changed in the last 30 days that could be taken back\n";
    sandbox.call(&["undo", "--list"]).run().says("", nothing, 0);
}

#[test]
fn what_a_write_wipes_after_its_overlap_is_said() {
    let sandbox = Sandbox::new();
    crate::clock::keep(&sandbox, "A", "2026-01-01T12:00:00Z", &[]);
    sandbox.secret(SECOND);
    let words = ["rotate", "A", "--yes", "-q", "--overlap", "1d"];
    sandbox.call(&words).at("2026-01-02T12:00:00Z").input(SECOND).run().says("", "", 0);
    let edit = |note: &str, moment: &str| sandbox.call(&["edit", "A", "--note", note]).at(moment).run();
    edit("x", "2026-01-03T11:59:59Z").says("", "keyctl: changed `A`\n", 0);
    edit("y", "2026-01-03T12:00:00Z").says(
        "",
        "keyctl: wiped 1 former secret whose overlap has ended\nkeyctl: changed `A`\n",
        0,
    );
}

#[test]
fn a_clock_that_leaps_or_was_behind_wipes_nothing_too_early_and_nothing_for_years_too_late() {
    let sandbox = Sandbox::new();
    let noon = |day: &str, words: &[&str]| sandbox.call(words).at(&format!("{day}T12:00:00Z"));
    let former = |day: &str| noon(day, &["versions", "A", "--json"]).run().stdout().matches("\"until\"").count();
    crate::clock::keep(&sandbox, "A", "2026-01-01T12:00:00Z", &[]);
    sandbox.secret(SECOND);
    noon("2026-01-01", &["rotate", "A", "--yes", "-q", "--overlap", "60d"]).input(SECOND).run().says("", "", 0);
    for note in ["x", "y"] {
        noon("2026-04-01", &["edit", "A", "--note", note]).run().says("", "keyctl: changed `A`\n", 0);
    }
    assert_eq!(former("2026-01-02"), 1);
    let listed = noon("2026-01-02", &["undo", "--list"]).run().stdout();
    assert!(listed.contains("rotate of `A`"), "{listed}");
    // Years ago, once; with the clock right again the end of an overlap is the end.
    assert_eq!(noon("2018-01-01", &["edit", "A", "--note", "z"]).run().code(), 0);
    assert_eq!((noon("2026-01-02", &["edit", "A", "--note", "z z"]).run().code(), former("2026-01-02")), (0, 1));
    let wiped = "keyctl: wiped 1 former secret whose overlap has ended\nkeyctl: changed `A`\n";
    // Left alone for sixty days: the second day of changes believes the clock.
    noon("2026-03-03", &["edit", "A", "--note", "a"]).run().says("", "keyctl: changed `A`\n", 0);
    noon("2026-03-04", &["edit", "A", "--note", "b"]).run().says("", wiped, 0);
    assert_eq!(former("2026-03-04"), 0);
}

#[test]
fn a_secret_that_is_in_use_again_does_not_go_at_the_end_of_its_overlap_and_no_step_loses_it() {
    for is_changed_meanwhile in [false, true] {
        let sandbox = Sandbox::new();
        let call = |time: &str, words: &[&str]| sandbox.call(words).at(&format!("2026-01-01T{time}:00Z"));
        let done = |time: &str, words: &[&str], said: &str| call(time, words).run().says("", said, 0);
        let has = |time: &str, secret: &str| call(time, &["get", "A"]).run().says(secret, "", 0);
        crate::clock::keep(&sandbox, "A", "2026-01-01T12:00:00Z", &[]);
        sandbox.secret(SECOND);
        let rotate = ["rotate", "A", "--yes", "-q", "--overlap", "1h"];
        call("12:01", &rotate).input(SECOND).run().says("", "", 0);
        done("12:02", &["rollback", "A", "--yes", "-q"], "");
        if is_changed_meanwhile {
            done("14:00", &["edit", "A", "--note", "x"], "keyctl: changed `A`\n");
            done("14:01", &["undo", "--yes"], "keyctl: took back: edit of `A` (note)\n");
        }
        // What was in use until now is a former one, for good.
        done("14:02", &["undo", "--yes"], "keyctl: took back: rollback of `A`\n");
        has("14:02", SECOND);
        done("14:03", &["rollback", "A", "--yes", "-q"], "");
        has("14:03", "sk-secret-of-A");
        done("14:04", &["undo", "--yes", "-q"], "");
        let issuer =
            "keyctl: hint: this changes nothing at the issuer: make sure that the former secret still works there\n";
        done("14:05", &["undo", "--yes", "-q"], issuer);
        has("14:05", "sk-secret-of-A");
    }
}

#[test]
fn where_a_name_was_used_again_the_list_says_which_key_a_step_was_about_and_undo_leaves_the_other_alone() {
    let sandbox = Sandbox::with(&[("d", FIRST)]);
    sandbox.secret("third-secret");
    sandbox.call(&["edit", "d", "--note", "of the first"]).run();
    sandbox.call(&["remove", "d", "--yes"]).run();
    sandbox.set("d", SECOND);
    sandbox.call(&["rename", "d", "e"]).run();
    sandbox.set("d", "third-secret");
    let listed = dateless(&sandbox.call(&["undo", "--list"]).run().stdout());
    assert_eq!(
        listed,
        "WHEN      WHAT\n\
         just now  set of the new key `d`\n\
         just now  rename of `d` to `e`\n\
         just now  set of the new key `d`, now `e`\n\
         just now  remove of `d`, the one removed on DATE\n\
         just now  edit of `d` (note), the one removed on DATE\n\
         just now  set of the new key `d`, the one removed on DATE\n"
    );
    let json = sandbox.call(&["undo", "--list", "--json"]).run().stdout();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let now: Vec<&serde_json::Value> = json.as_array().expect("a list").iter().map(|step| &step["names_now"]).collect();
    assert_eq!(serde_json::json!(now), serde_json::json!([["d"], ["e"], ["e"], [null], [null], [null]]));
    let undo = || sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
    let names = || sandbox.call(&["list", "--json"]).run().stdout().matches("\"name\"").count();
    undo();
    assert_eq!(names(), 1);
    holds(&sandbox, "e", SECOND);
    undo();
    holds(&sandbox, "d", SECOND);
    // That one goes, and the first comes back with what was known of it.
    undo();
    assert_eq!(names(), 0);
    undo();
    holds(&sandbox, "d", FIRST);
    assert!(sandbox.call(&["show", "d"]).run().stdout().contains("of the first"));
}

#[test]
fn nobody_is_asked_about_wiping_what_is_not_there() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    let nothing = "keyctl: there are no former secrets\n";
    for words in [&[KEYCTL, "forget", "A"][..], &[KEYCTL, "forget", "--all"]] {
        on_a_terminal(&sandbox, words, &[]).says(nothing, 0);
    }
    sandbox.call(&["remove", "A", "--yes", "-q"]).run();
    let wiped = "keyctl: wiped 1 former secret for good\nkeyctl: hint: older copies of `store.age`, such as backups, still hold them\n";
    sandbox.call(&["forget", "A", "--yes"]).run().says("", wiped, 0);
    sandbox.set("B", SECOND);
    sandbox.call(&["remind", "snooze", "B", "--off"]).run().says("", "keyctl: `B` was not snoozed\n", 0);
}

#[test]
fn a_secret_that_is_typed_is_for_the_key_that_was_asked_about() {
    let sandbox = Sandbox::with(&[("A", FIRST), ("B", "other-secret")]);
    let swap = format!("\0{KEYCTL} rename A C -q && {KEYCTL} rename B A -q");
    let more = format!("\0printf {SECOND} | {KEYCTL} set A --replace -q");
    let typed = |words: &[&str], meanwhile: &str, said: &str| {
        let screen = on_a_terminal(
            &sandbox,
            &[&[KEYCTL], words].concat(),
            &[("(not shown): ", meanwhile), ("", "typed-by-a-person\r")],
        );
        let said = format!("keyctl: `A` {said}\nkeyctl: hint: look again: `keyctl undo --list`\n");
        assert!(screen.shown.ends_with(&said) && screen.code == 1, "{words:?}: {}", screen.shown);
    };
    let back = || {
        sandbox.call(&["undo", "--yes", "-q"]).run();
        sandbox.call(&["undo", "--yes", "-q"]).run();
        holds(&sandbox, "A", FIRST);
    };
    typed(&["rotate", "A", "--yes"], &swap, "is not the key any more that was asked about; this one did nothing");
    holds(&sandbox, "A", "other-secret");
    back();
    typed(&["set", "A", "--replace"], &swap, "is not the key any more that was asked about; nothing was kept");
    holds(&sandbox, "A", "other-secret");
    back();
    typed(&["set", "A", "--replace"], &more, "was replaced by another keyctl meanwhile; nothing was kept");
    holds(&sandbox, "A", SECOND);
    sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
    // Whoever was asked whether it may be replaced, too.
    let steps = [("[y/N] ", "y\r"), ("(not shown): ", &swap), ("", "typed-by-a-person\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "set", "A"], &steps);
    let said = "keyctl: `A` is not the key any more that was asked about; nothing was kept\n\
                keyctl: hint: look again: `keyctl undo --list`\n";
    assert!(screen.shown.ends_with(said) && screen.code == 1, "{}", screen.shown);
    holds(&sandbox, "A", "other-secret");
    back();
    let rename = format!("\0{KEYCTL} rename A C -q");
    typed(&["set", "A", "--replace"], &rename, "was renamed or removed meanwhile; nothing was kept");
    // The other key has the same secret, and was made later.
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    sandbox.call(&["set", "B", "-q"]).input(FIRST).run();
    let steps = [("(not shown): ", swap.as_str()), ("", "typed-by-a-person\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "set", "A", "--replace"], &steps);
    assert!(screen.shown.ends_with(said) && screen.code == 1, "{}", screen.shown);
    holds(&sandbox, "A", FIRST);
    // Where there was none.
    let kept = format!("\0printf {SECOND} | {KEYCTL} set N -q");
    let steps = [("(not shown): ", kept.as_str()), ("", "typed-by-a-person\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "set", "N", "--replace"], &steps);
    let said = "keyctl: `N` was kept by another keyctl meanwhile; nothing was kept\n";
    assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    holds(&sandbox, "N", SECOND);
}

#[test]
fn a_yes_is_for_one_change_and_not_for_another_one_with_its_number_in_the_same_second() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    for secret in [SECOND, "third-secret"] {
        sandbox.secret(secret);
    }
    let moment = "2030-01-01T12:00:00Z";
    sandbox.call(&["set", "A", "--replace", "-q"]).at(moment).input(SECOND).run().says("", "", 0);
    let at = crate::clock::at(moment);
    let clock = at.join(" ");
    let meanwhile = format!("\0{clock} undo --yes -q && printf third-secret | {clock} set A --replace -q");
    for (more, nothing) in [(&[][..], "nothing was taken back"), (&["--skip"], "nothing was changed")] {
        let mut words: Vec<&str> = at.iter().map(String::as_str).chain(["undo"]).collect();
        words.extend(more);
        let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", &meanwhile), ("", "y\r")]);
        let said = format!(
            "keyctl: the store was changed meanwhile; {nothing}\nkeyctl: hint: look again: `keyctl undo --list`\n"
        );
        assert!(screen.shown.ends_with(&said) && screen.code == 1, "{}", screen.shown);
        holds(&sandbox, "A", "third-secret");
        sandbox.call(&["undo", "--yes", "-q"]).at(moment).run();
        sandbox.call(&["set", "A", "--replace", "-q"]).at(moment).input(SECOND).run().says("", "", 0);
    }
    // Nor for one that came after it.
    let later = format!("\0printf third-secret | {KEYCTL} set B -q");
    for (words, nothing) in
        [(&[KEYCTL, "undo"][..], "nothing was taken back"), (&[KEYCTL, "undo", "--skip"], "nothing was changed")]
    {
        let screen = on_a_terminal(&sandbox, words, &[("[y/N] ", &later), ("", "y\r")]);
        let said = format!("keyctl: the store was changed meanwhile; {nothing}\n");
        assert!(screen.shown.contains(&said) && screen.code == 1, "{}", screen.shown);
        sandbox.call(&["get", "B"]).run().says("third-secret", "", 0);
        sandbox.call(&["remove", "B", "--forget", "--yes", "-q"]).run();
    }
}

#[test]
fn a_yes_to_bringing_a_removed_key_back_is_for_the_secret_that_it_had_then() {
    let sandbox = Sandbox::with(&[("A", FIRST)]);
    sandbox.secret("third-secret");
    let moment = "2030-01-01T12:00:00Z";
    sandbox.call(&["undo", "--skip", "--yes", "-q"]).run().says("", "", 0);
    sandbox.call(&["remove", "A", "--yes", "-q"]).at(moment).run();
    let at = crate::clock::at(moment);
    let clock = at.join(" ");
    // The same change with the same number in the same second, of a key with another secret.
    let calls = ["undo --yes -q", "undo --skip --yes -q", "forget A --yes -q", "remove A --yes -q"];
    let [undo, skip, forget, remove] = calls.map(|call| format!("{clock} {call}"));
    let set = format!("printf third-secret | {clock} set A --replace -q");
    let meanwhile = format!("\0{undo}; {set}; {skip}; {forget}; {remove}");
    let words: Vec<&str> = at.iter().map(String::as_str).chain(["undo"]).collect();
    let screen = on_a_terminal(&sandbox, &words, &[("[y/N] ", &meanwhile), ("", "y\r")]);
    let said = "keyctl: the store was changed meanwhile; nothing was taken back\n";
    assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    sandbox.call(&["undo", "--yes", "-q"]).at(moment).run();
    holds(&sandbox, "A", "third-secret");
}

#[test]
fn what_was_removed_comes_back_for_no_more_than_its_secret_is_used_for_under_another_name() {
    let sandbox = Sandbox::with(&[("k", FIRST)]);
    let done = |words: &[&str], input: &str| assert_eq!(sandbox.call(words).input(input).run().code(), 0, "{words:?}");
    done(&["remove", "k", "--yes"], "");
    done(&["set", "k"], FIRST);
    done(&["edit", "k", "--ask"], "");
    done(&["rename", "k", "j"], "");
    let back = sandbox.call(&["rollback", "k", "--yes"]).under(&["setsid", "-w"]).run();
    let said = "keyctl: by coming back `k` may be used for more than `j`, which has or had the same secret\n\
         keyctl: that takes a yes at a terminal; nothing was brought back";
    assert!(back.stderr().starts_with(said) && back.code() == 9, "{}", back.stderr());
    assert_ne!(sandbox.call(&["show", "k"]).run().code(), 0);
    // A person may want it; and what is used for no more comes back as ever.
    on_a_terminal(&sandbox, &[KEYCTL, "rollback", "k", "--yes"], &[("[y/N] ", "y\r")]);
    done(&["show", "k"], "");
    done(&["edit", "k", "--ask"], "");
    done(&["remove", "k", "--yes"], "");
    done(&["rollback", "k", "--yes"], "");
}
