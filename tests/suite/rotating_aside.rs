//! What rotators gave and the store has not got: it is never lost without a word, and never taken without reason.

use crate::{
    pty::on_a_terminal,
    rotating::{GIVES, NEW, OLD, calls, configure, dateless, holds, says, script, unfinished, with_rotator},
    sandbox::{KEYCTL, Sandbox, bend},
};

/// Prints a line and fails, as long as nobody has mended it.
const FAILS: &str =
    "cat >/dev/null; [ -e \"$HOME/mended\" ] && echo then-new-\"\"secret && exit; echo Error: no such key; exit 1";
/// The end of the question about one line that lies aside, and of the one about several.
const ALONE: &str = "new secret? [y/N, s shows it] ";
const WHICH: &str = "Enter takes none] ";
/// Gives another secret with each call.
const COUNTS: &str = "cat >/dev/null; echo made-secret-$(wc -l <\"$HOME/calls\" | tr -d ' ')";

fn rotated(sandbox: &Sandbox) -> (String, i32) {
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run();
    (dateless(&ran.stderr()), ran.code())
}

fn touch(sandbox: &Sandbox, name: &str) {
    std::fs::write(sandbox.home().join(name), "").expect("write");
}

fn former(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let report = sandbox.call(&["versions", "shop/key", "--json"]).run().stdout();
    let report: serde_json::Value = serde_json::from_str(&report).expect("json");
    report["former"].as_array().expect("a list").clone()
}

fn history(sandbox: &Sandbox) -> String {
    sandbox.call(&["history"]).run().stdout()
}

#[test]
fn a_line_from_a_rotator_that_failed_is_never_taken_by_a_call_that_asks_nobody() {
    let sandbox = with_rotator(FAILS);
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01"]).run();
    assert_eq!(rotated(&sandbox).1, 10);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    // Nor is the issuer made to give one more each night.
    for _ in 0..2 {
        assert_eq!(rotated(&sandbox), (NOT_AGAIN.to_owned(), 1));
        let ran = sandbox.call(&["rotate", "--due", "--yes", "-q"]).run();
        assert!(dateless(&ran.stderr()).starts_with(NOT_AGAIN) && ran.code() == 1, "{}", ran.stderr());
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    }
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().stdout(), OLD);
    touch(&sandbox, "mended");
    sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(sandbox.call(&["rotate", "--due", "--yes", "-q"]).run().code(), 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    holds(&sandbox, NEW);
}

/// What is said where a doubtful line lies aside and nobody can be asked.
const NOT_AGAIN: &str = "keyctl: the rotator of `shop/key` printed a line on DATE before it went wrong, which may be the secret in force; it is not called again\n\
    keyctl: hint: to be asked about what it printed: `keyctl rotate shop/key` at a terminal\n\
    keyctl: hint: to drop that, and let the rotator make another one: `keyctl rotate shop/key --discard`\n";

/// Three lines of a rotator that fails lie aside: the check, which is away again, has taken none.
fn with_three_lines() -> Sandbox {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-$(wc -l <\"$HOME/calls\" | tr -d ' '); exit 3");
    configure(&sandbox, "check = [\"false\"]\n");
    for number in 1..=3 {
        // A line is dated to the second.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        sandbox.secret(format!("made-secret-{number}"));
        assert_eq!(rotated(&sandbox).1, 10);
    }
    configure(&sandbox, "");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (3, 3));
    sandbox
}

/// What is said of words that lie aside once the key has another secret; `when` says how many.
fn still(when: &str) -> String {
    format!(
        "keyctl: what the rotator of `shop/key` printed {when} before it went wrong still lies beside the store, sealed\n\
         keyctl: hint: to be asked about it: `keyctl rotate shop/key` at a terminal; to drop it: `keyctl rotate shop/key --discard`\n"
    )
}

#[test]
fn of_several_lines_that_lie_aside_each_is_asked_about_the_latest_first_and_none_is_dropped_unasked() {
    let words = [KEYCTL, "rotate", "shop/key"];
    // The latest one is taken: the others were not asked about.
    let sandbox = with_three_lines();
    let screen = on_a_terminal(&sandbox, &words, &[(WHICH, "1\r")]);
    let shown = dateless(&screen.shown);
    assert!(shown.contains(&still("2 times")) && !shown.contains("dropped") && screen.code == 0, "{shown}");
    assert_eq!(unfinished(&sandbox), 2);
    holds(&sandbox, "made-secret-3");
    // It was not the one in force after all: they are asked about again, and one is dropped by a word of its own.
    let drop = "drop what it printed on DATE for good? It may be a secret in force [y/N] ";
    let steps = [(WHICH, "d1\r"), ("in force [y/N] ", "y\r"), (ALONE, "y\r")];
    let screen = on_a_terminal(&sandbox, &words, &steps);
    assert!(dateless(&screen.shown).contains(drop) && screen.code == 0, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (3, 0));
    holds(&sandbox, "made-secret-1");
}

#[test]
fn several_lines_that_lie_aside_are_one_numbered_choice_and_shown_only_on_request() {
    // Made of two pieces, so that no file holds a key.
    let token = format!("ghp_{}", "16C7e42F292c6912E7710c838347Ae178B4a");
    let sandbox = with_rotator(
        "cat >/dev/null; echo ghp_\"\"16C7e42F292c6912E7710c838347Ae178B4a; echo made-secret-x; printf half-; exit 3",
    );
    sandbox.secret(&token);
    assert_eq!(rotated(&sandbox).1, 10);
    let words = [KEYCTL, "rotate", "shop/key"];
    let list = "keyctl: one of these lines, which the rotator of `shop/key` printed before it went wrong, may be the secret in force:\n\
         keyctl:   1  DATE  rotator  40 characters, GitHub personal access token (classic), with wrong check characters\n\
         keyctl:   2  DATE  rotator  13 characters\n\
         keyctl:   3  DATE  rotator  5 characters, without its end\n\
         keyctl: take which? [1-3; s1 shows 1; d1 drops it; Enter takes none] ";
    let steps = [(WHICH, "4\r"), (WHICH, "\r"), ("replace `shop/key`? [y/N] ", "n\r")];
    let screen = on_a_terminal(&sandbox, &words, &steps);
    let shown = dateless(&screen.shown);
    assert!(shown.contains(list) && !shown.contains(&token) && !shown.contains("made-secret"), "{shown}");
    assert!(shown.contains("] 4\nkeyctl: say the number of a line, as 1, s1 or d1\n") && screen.code == 1, "{shown}");
    assert_eq!(unfinished(&sandbox), 1);
    // One that is shown, and another one that is taken.
    let steps =
        [(WHICH, "s2\r"), ("line 2 is  made-secret-x  (Enter goes on) ", "\r"), (WHICH, "1\r"), ("[y/N] ", "y\r")];
    let screen = on_a_terminal(&sandbox, &words, &steps);
    assert!(screen.shown.contains("drop what was printed beside it, 2 lines? [y/N] y\n"), "{}", screen.shown);
    assert!(screen.code == 0 && !screen.shown.contains(&token), "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, &token);
}

#[test]
fn a_single_line_that_lies_aside_is_shown_to_whoever_asks_for_it() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    let steps = [(ALONE, "s\r"), ("it is  then-new-secret  (Enter goes on) ", "\r"), (ALONE, "y\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps);
    assert_eq!((screen.code, unfinished(&sandbox)), (0, 0), "{}", screen.shown);
    holds(&sandbox, NEW);
}

/// What is said where the line is gone that a person has said yes to.
const GONE: &str = "keyctl: what the rotator of `shop/key` had left, and was asked about, is gone; nothing was changed\n\
    keyctl: hint: look again: `keyctl rotate shop/key`\n";

#[test]
fn a_yes_to_a_line_that_is_dropped_meanwhile_does_not_call_the_rotator() {
    let meanwhile = format!("\0{KEYCTL} rotate shop/key --discard --yes -q");
    let words = [KEYCTL, "rotate", "shop/key"];
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    let screen = on_a_terminal(&sandbox, &words, &[(ALONE, &meanwhile), ("", "y\r")]);
    assert!(screen.shown.ends_with(GONE) && screen.code == 1, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    // The same with a secret that only the check did not take.
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    configure(&sandbox, "");
    let screen = on_a_terminal(&sandbox, &words, &[("gave on ", &meanwhile), ("[y/N] ", "y\r")]);
    assert!(screen.shown.ends_with(GONE) && screen.code == 1, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, OLD);
}

#[test]
fn what_lies_aside_is_asked_about_without_holding_others_up_and_dropped_only_if_it_is_the_same_by_then() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    let again = format!("\0{KEYCTL} rotate shop/key --discard --yes -q; {KEYCTL} rotate shop/key --yes -q");
    let words = [KEYCTL, "rotate", "shop/key", "--discard"];
    let screen = on_a_terminal(&sandbox, &words, &[("in force [y/N] ", &again), ("", "y\r")]);
    let said = "keyctl: what lies beside the store for `shop/key` was changed meanwhile; nothing was dropped\n\
                keyctl: hint: to be asked about what lies there now: `keyctl rotate shop/key --discard`\n";
    assert!(screen.shown.ends_with(said) && screen.code == 1, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 1));
}

#[test]
fn what_lies_aside_can_be_taken_where_no_rotator_is_named_any_more() {
    let words = [KEYCTL, "rotate", "shop/key"];
    let doubtful = || {
        let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
        assert_eq!(rotated(&sandbox).1, 10);
        sandbox
    };
    let sandbox = doubtful();
    sandbox.configure("");
    let screen = on_a_terminal(&sandbox, &words, &[(ALONE, "y\r")]);
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", screen.shown);
    holds(&sandbox, NEW);
    // By another name, for which none is named.
    let sandbox = doubtful();
    sandbox.call(&["rename", "shop/key", "other", "-q"]).run().says("", "", 0);
    assert_eq!(on_a_terminal(&sandbox, &[KEYCTL, "rotate", "other"], &[(ALONE, "y\r")]).code, 0);
    let status = sandbox.call(&["status"]).run().stdout();
    assert!(status.contains("last event     rotate other, just now\n"), "not by the name it had: {status}");
    sandbox.call(&["get", "other"]).run().says(NEW, "", 0);
    // What a check alone did not take, with a yes beforehand too, where nothing is piped in.
    for by_hand in [true, false] {
        let sandbox = with_rotator(GIVES);
        configure(&sandbox, "check = [\"false\"]\n");
        assert_eq!(rotated(&sandbox).1, 10);
        sandbox.configure("");
        if by_hand {
            let steps =
                [("gave on ", "n\r"), ("replace `shop/key`? [y/N] ", "y\r"), ("(not shown): ", "third-secret\r")];
            sandbox.secret("third-secret");
            assert_eq!(on_a_terminal(&sandbox, &words, &steps).code, 0);
            holds(&sandbox, "third-secret");
            assert_eq!((former(&sandbox).len(), unfinished(&sandbox)), (2, 0), "it is a former one");
        } else {
            assert_eq!(rotated(&sandbox).1, 0);
            holds(&sandbox, NEW);
        }
    }
}

#[test]
fn of_a_removed_key_only_what_belongs_to_its_last_secret_is_unfinished_and_nothing_is_lost() {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-x; exit 3");
    assert_eq!(rotated(&sandbox).1, 10);
    let said = |words: &[&str]| {
        let ran = sandbox.call(words).run();
        dateless(&(ran.stdout() + &ran.stderr()))
    };
    sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
    let hint = "hint: its key was removed; to go on, bring that back: `keyctl rollback shop/key`\n";
    assert!(said(&["doctor"]).contains(hint), "{}", said(&["doctor"]));
    let row = "rotation of `shop/key`, which was removed, of DATE: see `keyctl doctor`\n";
    assert!(said(&["status"]).contains(row), "{}", said(&["status"]));
    // Whoever has the name now is not asked to go on with it.
    sandbox.set("shop/key", "another-secret");
    let shown = said(&["doctor"]);
    assert!(!shown.contains("to go on with it") && shown.contains(RENAMES), "{shown}");
    assert!(said(&["status"]).contains(row), "{}", said(&["status"]));
    for _ in 0..2 {
        sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
    }
    holds(&sandbox, OLD);
    for secret in ["second-secret", "third-secret"] {
        sandbox.secret(secret);
        sandbox.call(&["rotate", "shop/key", "--by-hand", "--yes", "-q"]).input(secret).run();
    }
    assert!(said(&["status"]).contains("unfinished "), "the key is there, and so are its former secrets");
    sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
    assert!(!said(&["status"]).contains("unfinished "), "{}", said(&["status"]));
    assert!(!said(&["doctor"]).contains("is not finished"), "{}", said(&["doctor"]));
    assert_eq!(unfinished(&sandbox), 1);
    // Another identity could not open it: so it is said once more, and dropped by a word only.
    let ran = sandbox.call(&["store", "rekey", "--yes"]).run();
    assert!(
        ran.stderr().contains("to drop what it has made: `keyctl rotate shop/key --discard`\n"),
        "{}",
        ran.stderr()
    );
    assert_eq!((ran.code(), unfinished(&sandbox)), (1, 1));
    sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 0);
}

#[test]
fn words_that_lie_aside_outlive_each_other_way_to_a_new_secret() {
    let sandbox = with_three_lines();
    sandbox.secret("third-secret");
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--by-hand"]).input("third-secret").run();
    says(&ran, &still("3 times"), 0);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--generate"]).run();
    says(&ran, &still("3 times"), 0);
    touch(&sandbox, "mended");
    script(&sandbox, "rotator", "cat >/dev/null; echo then-new-\"\"secret");
    says(&sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run(), &still("3 times"), 0);
    assert_eq!(unfinished(&sandbox), 3);
    holds(&sandbox, NEW);
    // Nor are they out of reach.
    let steps = [(WHICH, "1\r")];
    assert_eq!(on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps).code, 0);
    holds(&sandbox, "made-secret-3");
}

#[test]
fn words_that_lie_aside_go_with_the_key_they_are_of_and_with_no_other_of_its_name() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 3");
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.call(&["rename", "shop/key", "shop/two", "-q"]).run().says("", "", 0);
    sandbox.set("shop/key", "another-secret");
    sandbox.call(&["remove", "shop/key", "--forget", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 1, "it is the other key's");
    // A new key that has the name of one that is gone is not asked about what was of that.
    sandbox.call(&["rename", "shop/two", "shop/key", "-q"]).run().says("", "", 0);
    sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    let set = sandbox.call(&["set", "shop/key", "-q"]).at("2030-01-01T12:00:00Z");
    set.input("another-secret").run().says("", "", 0);
    let steps = [("replace `shop/key`? [y/N] ", "n\r")];
    assert_eq!(on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps).code, 1);
    holds(&sandbox, "another-secret");
}

#[test]
fn words_that_lie_aside_follow_the_key_to_its_new_name_and_not_the_name_to_another_key() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 3");
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.call(&["rename", "shop/key", "shop/two", "-q"]).run().says("", "", 0);
    sandbox.set("shop/key", "another-secret");
    script(&sandbox, "rotator", "cat >/dev/null; echo other-new-\"\"secret");
    sandbox.secret("other-new-secret");
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 1);
    let ran = sandbox.call(&["rotate", "shop/two", "--yes", "-q"]).run();
    assert_eq!((dateless(&ran.stderr()), ran.code()), (NOT_AGAIN.replace("shop/key", "shop/two"), 1));
    let ran = sandbox.call(&["doctor"]).run();
    assert!(ran.stdout().contains("that of `shop/two`, begun on "), "{}", ran.stdout());
    let steps = [(ALONE, "y\r")];
    assert_eq!(on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/two"], &steps).code, 0);
    assert_eq!(unfinished(&sandbox), 0);
    sandbox.call(&["get", "shop/two"]).run().says(NEW, "", 0);
    holds(&sandbox, "other-new-secret");
}

#[test]
fn what_was_printed_before_keyctl_was_killed_is_not_lost() {
    let sandbox = with_rotator("cat >/dev/null; printf then-new-\"\"; echo secret; sleep 1; kill -9 $PPID");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    assert_eq!(unfinished(&sandbox), 1);
    // Nothing went wrong with it.
    let ended = |said: &str| said.replace("it went wrong", "keyctl was ended");
    assert_eq!(rotated(&sandbox), (ended(NOT_AGAIN), 1));
    let said = dateless(&sandbox.call(&["doctor"]).run().stdout());
    assert!(said.contains("what its rotator printed before keyctl was ended lies beside the store, sealed"), "{said}");
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run"]).run();
    let line = "keyctl: what its rotator printed before keyctl was ended would be asked about at a terminal\n";
    assert!(ran.stderr().ends_with(line), "{}", ran.stderr());
    let ran = sandbox.call(&["rotate", "shop/key", "--generate", "--yes", "-q"]).run();
    says(&ran, &ended(&still("on DATE")), 0);
    sandbox.call(&["undo", "--yes", "-q"]).run();
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &[(ALONE, "y\r")]);
    let question =
        "keyctl: the rotator `rotator` of `shop/key` printed a line of 15 characters on DATE before keyctl was ended\n";
    let takes = "keyctl: going on with the line that the rotator printed on DATE before keyctl was ended\n";
    let shown = dateless(&screen.shown);
    assert!(shown.contains(question) && shown.contains(takes), "{shown}");
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", screen.shown);
    holds(&sandbox, NEW);
}

#[test]
fn half_a_line_that_was_printed_before_keyctl_was_killed_is_named_as_such() {
    let sandbox = with_rotator("cat >/dev/null; printf then-new-; sleep 1; kill -9 $PPID");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    let steps = [(ALONE, "n\r"), ("in force [y/N] ", "n\r"), ("replace `shop/key`? [y/N] ", "n\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps);
    let said = "printed a line of 9 characters without its end on DATE before keyctl was ended\n\
        keyctl: take that line as the new secret? [y/N, s shows it] n\n";
    assert!(dateless(&screen.shown).contains(said) && screen.code == 1, "{}", screen.shown);
    assert_eq!(unfinished(&sandbox), 1);
    // Beside words of one that did go wrong.
    script(&sandbox, "rotator", "cat >/dev/null; echo made-secret-x; exit 3");
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    configure(&sandbox, "");
    let steps = [(WHICH, "\r"), ("replace `shop/key`? [y/N] ", "n\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps);
    let said = "keyctl: one of these lines, which the rotator of `shop/key` printed before it went wrong or keyctl was ended, may be the secret in force:\n";
    assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
}

/// What a rotator prints, by which it goes wrong though it ends well, and how a person gets the secret out of it.
#[test]
fn what_is_not_exactly_one_line_is_kept_and_shown_on_request() {
    let line = [(ALONE, "y\r")];
    let second = [(WHICH, "2\r"), ("take it, and drop what was printed beside it, 1 line? [y/N] ", "y\r")];
    for (prints, said, steps) in [
        ("printf 'then-new-%s\\n\\n' secret", "printed more than one line", &line[..]),
        ("echo created:; echo then-new-\"\"secret", "printed more than one line", &second),
        ("printf 'then-new-%s\\t\\n' secret", "printed what is no text", &line),
        ("printf '\\033[32mthen-new-%s\\033[0m' secret", "printed what is no text", &line),
        ("printf then-new-%s secret; exit 1", "ended with exit code 1", &line),
    ] {
        let sandbox = with_rotator(&format!("cat >/dev/null; {prints}"));
        let (stderr, code) = rotated(&sandbox);
        let first = format!("keyctl: the rotator `~/rotator` {said}\n");
        let hints = "keyctl: hint: what it printed lies beside the store, sealed; to be asked about it: `keyctl rotate shop/key` at a terminal\n\
                     keyctl: hint: to drop that: `keyctl rotate shop/key --discard`\n";
        assert!(stderr.starts_with(&first) && stderr.ends_with(hints) && code == 10, "{prints}: {stderr}");
        assert_eq!(unfinished(&sandbox), 1, "{prints}");
        let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], steps);
        assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{prints}: {}", screen.shown);
        holds(&sandbox, NEW);
    }
}

#[test]
fn what_comes_late_from_something_that_the_rotator_started_is_waited_for() {
    for prints in ["(printf then-new-; sleep 2; echo secret)& exit 0", "(sleep 1.5; echo then-new-\"\"secret)& exit 0"]
    {
        let sandbox = with_rotator(&format!("cat >/dev/null; {prints}"));
        assert_eq!(rotated(&sandbox), (String::new(), 0));
        holds(&sandbox, NEW);
    }
}

#[test]
fn what_is_no_text_is_shown_and_typed_by_hand() {
    let sandbox = with_rotator("cat >/dev/null; printf 'then\\007new\\nx\\377y\\n'");
    assert_eq!(rotated(&sandbox).1, 10);
    let steps = [
        (WHICH, "1\r"),
        (WHICH, "s1\r"),
        ("Enter goes on) ", "\r"),
        (WHICH, "\r"),
        ("replace `shop/key`? [y/N] ", "n\r"),
    ];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &steps);
    for said in [
        "that is no plain text; type what of it is the secret: `keyctl rotate shop/key --by-hand`\n",
        "line 1 is  then\\u{7}new  (Enter goes on) ",
    ] {
        assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    }
    assert_eq!(unfinished(&sandbox), 1);
}

#[test]
fn a_rotator_that_goes_wrong_again_and_again_is_not_called_for_ever() {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-$(wc -l <\"$HOME/calls\" | tr -d ' '); exit 3");
    configure(&sandbox, "check = [\"false\"]\n");
    for _ in 0..8 {
        assert_eq!(rotated(&sandbox).1, 10);
    }
    let (said, code) = rotated(&sandbox);
    let first =
        "keyctl: the rotator of `shop/key` printed other words 8 times before it went wrong; it is not called again\n";
    assert!(said.starts_with(first) && code == 1, "{said}");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (8, 8));
}

/// Puts the files of what is unfinished into `~/copy`, or back from there.
fn copy(sandbox: &Sandbox, back: bool) {
    let (data, copy) = (sandbox.home().join(".local/share/keyctl"), sandbox.home().join("copy"));
    std::fs::create_dir_all(&copy).expect("make");
    let (from, to) = if back { (&copy, &data) } else { (&data, &copy) };
    for entry in std::fs::read_dir(from).expect("list").flatten() {
        if entry.file_name().to_string_lossy().starts_with("unfinished-") {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copy");
        }
    }
}

const COPY: &str = "keyctl: removed a copy of what a rotation of `shop/key`, begun on DATE, had left: that one is over, and what was wiped or dropped stays so\n";

#[test]
fn a_copy_of_what_is_over_that_is_put_back_brings_no_secret_back_that_was_wiped() {
    let sandbox = with_rotator(COUNTS);
    configure(&sandbox, "check = [\"false\"]\n");
    sandbox.secret("made-secret-1");
    sandbox.secret("made-secret-2");
    assert_eq!(rotated(&sandbox).1, 10);
    copy(&sandbox, false);
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run().says("", "", 0);
    holds(&sandbox, "made-secret-1");
    sandbox.call(&["undo", "--yes", "-q"]).run();
    sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run();
    copy(&sandbox, true);
    assert_eq!(unfinished(&sandbox), 1);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run();
    says(&ran, COPY, 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    holds(&sandbox, "made-secret-2");
    // By hand, too: it is not kept as a former one.
    sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run();
    copy(&sandbox, true);
    sandbox.secret("third-secret");
    let by_hand = ["rotate", "shop/key", "--yes", "-q", "--by-hand", "--no-check"];
    says(&sandbox.call(&by_hand).input("third-secret").run(), COPY, 0);
    assert_eq!((former(&sandbox).len(), unfinished(&sandbox)), (1, 0));
}

#[test]
fn a_copy_of_what_was_dropped_that_is_put_back_is_not_taken() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    copy(&sandbox, false);
    sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().says("", "", 0);
    copy(&sandbox, true);
    let check = script(&sandbox, "check", "[ \"$(cat)\" = then-new-\"\"secret ]");
    configure(&sandbox, &format!("check = [\"{}\"]\n", check.display()));
    let (said, code) = rotated(&sandbox);
    assert!(said.starts_with(COPY) && code == 10, "{said}");
    holds(&sandbox, OLD);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 1));
}

/// Changes the first entry of the history.
fn change_history(sandbox: &Sandbox) {
    let path = sandbox.data("history.log");
    let mut bytes = std::fs::read(&path).expect("read");
    bend(&mut bytes[40]);
    std::fs::write(&path, bytes).expect("write");
}

/// What is said where the history does not tell whether what lies aside is over.
const UNTOLD: &str = "keyctl: whether what the rotator of `shop/key` gave on DATE is over cannot be told, so it is not taken: the history was changed at entry 1: ";

#[test]
fn of_what_lies_aside_nothing_is_taken_where_the_history_cannot_tell_whether_it_is_over() {
    let sandbox = with_rotator(COUNTS);
    configure(&sandbox, "check = [\"false\"]\n");
    sandbox.secret("made-secret-1");
    assert_eq!(rotated(&sandbox).1, 10);
    copy(&sandbox, false);
    sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run().says("", "", 0);
    sandbox.call(&["undo", "--yes", "-q"]).run();
    sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run();
    copy(&sandbox, true);
    change_history(&sandbox);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run();
    let (said, ways) = (
        dateless(&ran.stderr()),
        "keyctl: hint: to drop what it gave: `keyctl rotate shop/key --discard`\n\
        keyctl: hint: to give the key a secret of your own: `keyctl rotate shop/key --by-hand`\n",
    );
    assert!(said.starts_with(UNTOLD) && said.ends_with(ways) && ran.code() == 5, "{said}");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().stdout(), OLD);
    // By hand a new secret is taken, and what lies there does not come in with it.
    sandbox.secret("third-secret");
    let by_hand = ["rotate", "shop/key", "--yes", "-q", "--by-hand", "--no-check"];
    let ran = sandbox.call(&by_hand).input("third-secret").run();
    assert!(dateless(&ran.stderr()).contains(UNTOLD) && ran.code() == 0, "{}", ran.stderr());
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().stdout(), "third-secret");
    assert_eq!((former(&sandbox).len(), unfinished(&sandbox)), (1, 1));
}

#[test]
fn a_check_that_gives_no_answer_says_nothing_of_a_line_and_lets_no_rotator_be_called() {
    let sandbox = with_rotator(&format!("{COUNTS}; exit 3"));
    sandbox.secret("made-secret-1");
    sandbox.secret("made-secret-2");
    assert_eq!(rotated(&sandbox).1, 10);
    let killed = script(&sandbox, "killed", "cat >/dev/null; kill -9 $$");
    for (check, said, code) in [
        ("/nowhere/check", "keyctl: the check `/nowhere/check` is not found\n".to_owned(), 127),
        (killed.to_str().expect("text"), "keyctl: the check `~/killed` was killed by signal 9\n".to_owned(), 10),
    ] {
        configure(&sandbox, &format!("check = [\"{check}\"]\n"));
        let hints = "keyctl: hint: nothing was replaced, and the rotator of `shop/key` is not called again\n\
            keyctl: hint: to be asked about what it printed: `keyctl rotate shop/key` at a terminal\n\
            keyctl: hint: to drop that, and let the rotator make another one: `keyctl rotate shop/key --discard`\n";
        let (stderr, ended) = rotated(&sandbox);
        assert!(stderr.starts_with(&said) && stderr.ends_with(hints) && ended == code, "{stderr}");
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    }
    // A no is an answer.
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 2));
}

#[test]
fn what_is_kept_because_something_of_the_rotator_still_works_is_not_said_to_be_over() {
    let stays = "if [ $(wc -l <\"$HOME/calls\") = 2 ]; then (n=0; until [ -e \"$HOME/go\" ] || [ $n = 600 ]; do n=$((n+1)); sleep 0.05; done) >/dev/null 2>&1 & fi";
    let sandbox = with_rotator(&format!("cat >/dev/null; {stays}; echo made-secret-x; exit 3"));
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    // The same words once more.
    assert_eq!(rotated(&sandbox).1, 10);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 2));
    touch(&sandbox, "go");
    let (said, code) = rotated(&sandbox);
    assert!(!said.contains("removed a copy") && code == 10, "{said}");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (3, 2));
}

#[test]
fn a_former_secret_that_a_rotator_went_back_to_is_not_wiped_at_the_end_of_its_overlap() {
    let sandbox = with_rotator(
        "cat >/dev/null; [ -e \"$HOME/mended\" ] && echo first-old-\"\"secret || echo then-new-\"\"secret",
    );
    configure(&sandbox, "overlap = \"1d\"\n");
    assert_eq!(rotated(&sandbox), (String::new(), 0));
    assert!(!former(&sandbox)[0]["wiped_from"].is_null());
    touch(&sandbox, "mended");
    let said = "keyctl: this is the former secret of `shop/key` that was replaced on DATE; nothing was replaced\n\
                keyctl: hint: if it shall be used again: `keyctl rollback shop/key`\n\
                keyctl: hint: that former secret is not wiped any more at the end of its overlap\n";
    assert_eq!(rotated(&sandbox), (said.to_owned(), 1));
    assert!(former(&sandbox)[0]["wiped_from"].is_null());
    assert_eq!(unfinished(&sandbox), 0);
    holds(&sandbox, NEW);
}

#[test]
fn a_person_is_asked_about_a_line_from_a_rotator_that_failed_and_no_is_the_usual_answer() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    let words = [KEYCTL, "rotate", "shop/key"];
    let question = "keyctl: the rotator `rotator` of `shop/key` printed a line of 15 characters on DATE before it went wrong\nkeyctl: take that line as the new secret? [y/N, s shows it] ";
    let screen = on_a_terminal(
        &sandbox,
        &words,
        &[(ALONE, "\r"), ("in force [y/N] ", "\r"), ("replace `shop/key`? [y/N] ", "n\r")],
    );
    assert!(dateless(&screen.shown).contains(question) && screen.code == 1, "{}", screen.shown);
    holds(&sandbox, OLD);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    let screen = on_a_terminal(&sandbox, &words, &[(ALONE, "y\r")]);
    assert!(!screen.shown.contains("let `") && screen.code == 0, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
    assert_eq!(sandbox.call(&["undo", "--yes"]).run().code(), 0);
    holds(&sandbox, OLD);
}

#[test]
fn a_line_from_a_rotator_that_failed_is_taken_unasked_where_the_check_says_that_it_works() {
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    let check = script(&sandbox, "check", "[ \"$(cat)\" = then-new-\"\"secret ]");
    configure(&sandbox, &format!("check = [\"{}\"]\n", check.display()));
    assert_eq!(rotated(&sandbox).1, 10);
    let said = "keyctl: going on with the line that the rotator printed on DATE before it went wrong\n";
    assert_eq!(rotated(&sandbox), (said.to_owned(), 0));
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
}

#[test]
fn what_lies_aside_is_dropped_on_demand() {
    let sandbox = with_rotator(FAILS);
    assert_eq!(rotated(&sandbox).1, 10);
    let ran = sandbox.call(&["rotate", "shop/key", "--discard"]).run();
    let said = "keyctl: dropping what the rotator of `shop/key` left beside the store (DATE) needs a yes\nkeyctl: hint: without a terminal: `--yes`\n";
    says(&ran, said, 2);
    holds(&sandbox, OLD);
    let ran = sandbox.call(&["rotate", "shop/key", "--discard", "--yes"]).run();
    says(&ran, "keyctl: dropped what the rotator of `shop/key` left beside the store\n", 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    let ran = sandbox.call(&["rotate", "shop/key", "--discard", "--yes"]).run();
    says(&ran, "keyctl: nothing lies beside the store for `shop/key`\n", 0);
    let history = history(&sandbox);
    assert!(history.contains("forget (what its rotator left) "), "{history}");
}

#[test]
fn what_a_check_never_takes_can_be_dropped_so_that_the_rotator_makes_another_one() {
    let sandbox = with_rotator(COUNTS);
    let check = script(&sandbox, "check", "[ \"$(cat)\" = made-secret-2 ]");
    configure(&sandbox, &format!("check = [\"{}\"]\n", check.display()));
    let (said, code) = rotated(&sandbox);
    let hint = "keyctl: hint: to drop it, and let the rotator make another one: `keyctl rotate shop/key --discard`\n";
    assert!(said.ends_with(hint) && code == 10, "{said}");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &[("[y/N] ", "n\r")]);
    let question = "keyctl: go on with the secret that the rotator of `shop/key` gave on DATE? [y/N] n\n";
    assert!(dateless(&screen.shown).contains(question), "{}", screen.shown);
    let ran = sandbox.call(&["rotate", "shop/key", "--dry-run"]).run();
    let line = "keyctl: it would go on with the secret that the rotator gave on DATE\n";
    assert!(dateless(&ran.stderr()).ends_with(line), "{}", ran.stderr());
    sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(rotated(&sandbox), (String::new(), 0));
    assert_eq!(calls(&sandbox), 2);
}

#[test]
fn what_was_set_while_the_rotator_worked_stays_and_the_rotators_secret_lies_aside() {
    let sandbox =
        with_rotator("cat >/dev/null; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo then-new-\"\"secret");
    configure(&sandbox, "overlap = \"1d\"\n");
    sandbox.secret("third-secret");
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| rotated(&sandbox));
        while calls(&sandbox) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("third-secret").run().says("", "", 0);
        touch(&sandbox, "go");
        let said = "keyctl: `shop/key` was replaced by another keyctl meanwhile; nothing was changed\n\
                    keyctl: hint: the rotator's new secret lies beside the store, sealed; the next `keyctl rotate shop/key` keeps it as a former one\n\
                    keyctl: hint: if it is the one in force: `keyctl undo`, then `keyctl rotate shop/key`\n";
        assert_eq!(rotation.join().expect("ended"), (said.to_owned(), 1));
    });
    holds(&sandbox, "third-secret");
    let before = former(&sandbox);
    assert!(before.len() == 1 && before[0]["wiped_from"].is_null(), "{before:?}");
    assert_eq!(unfinished(&sandbox), 1);
    sandbox.call(&["undo", "--yes", "-q"]).run();
    assert_eq!(rotated(&sandbox).1, 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
    holds(&sandbox, NEW);
}

#[test]
fn of_all_that_is_due_a_key_that_was_set_while_its_rotator_worked_has_failed() {
    let sandbox = with_rotator(WAITS);
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    sandbox.secret("third-secret");
    std::thread::scope(|scope| {
        let due = scope.spawn(|| {
            let ran = sandbox.call(&["rotate", "--due", "--yes", "--json", "-q"]).run();
            (ran.stdout(), dateless(&ran.stderr()), ran.code())
        });
        wait_for("the call", || calls(&sandbox) == 1);
        assert_eq!(sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("third-secret").run().code(), 0);
        touch(&sandbox, "go");
        let (report, said, code) = due.join().expect("ended");
        let first = "keyctl: `shop/key` was replaced by another keyctl meanwhile; nothing was changed\n\
                     keyctl: hint: the rotator's new secret lies beside the store, sealed; the next `keyctl rotate shop/key` keeps it as a former one\n";
        assert!(said.starts_with(first) && said.contains("not replaced: `shop/key`") && code == 1, "{said}");
        let report: serde_json::Value = serde_json::from_str(&report).expect("json");
        assert_eq!(report[0]["done"], "failed", "{report}");
    });
    assert_eq!(unfinished(&sandbox), 1);
    holds(&sandbox, "third-secret");
}

#[test]
fn what_nobody_took_becomes_a_former_secret_once_the_key_has_another_one() {
    let sandbox = with_rotator(COUNTS);
    configure(&sandbox, "check = [\"false\"]\n");
    sandbox.secret("third-secret");
    sandbox.secret("made-secret-1");
    sandbox.secret("made-secret-2");
    assert_eq!(rotated(&sandbox).1, 10);
    // Within the same second, too.
    sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("third-secret").run().says("", "", 0);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run();
    let said = "keyctl: a secret of `shop/key` that its rotator gave on DATE and nobody took is kept as a former one\n";
    says(&ran, said, 0);
    holds(&sandbox, "made-secret-2");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    assert_eq!(former(&sandbox).len(), 3);
    sandbox.call(&["rollback", "shop/key", "--yes", "-q"]).run().says("", "", 0);
    holds(&sandbox, "third-secret");
    sandbox.call(&["rollback", "shop/key", "--to", "3", "--yes", "-q"]).run().says("", "", 0);
    holds(&sandbox, "made-secret-1");
}

#[test]
fn a_clock_that_was_wrong_takes_nothing_away_that_lies_aside() {
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "check = [\"false\"]\n");
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).at("2026-01-01T12:00:00Z").run();
    assert_eq!((ran.code(), unfinished(&sandbox)), (10, 1), "{}", ran.stderr());
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run();
    assert_eq!((ran.code(), calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", ran.stderr());
    holds(&sandbox, NEW);
}

#[test]
fn the_history_knows_who_got_a_secret_also_where_keyctl_was_killed_or_the_check_said_no() {
    let sandbox = with_rotator("cat >/dev/null; kill -9 $PPID");
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    let shown = history(&sandbox);
    assert!(shown.contains("rotate (begun)  shop/key  rotator"), "{shown}");
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    // What became of it has an entry of its own, with how long it took.
    let shown = history(&sandbox).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(" check shop/key false ") && shown.contains(" check (does not work: "), "{shown}");
    assert!(shown.ends_with(" ms, exit code 1) shop/key false"), "{shown}");
    let json = sandbox.call(&["history", "--action", "check", "--json"]).run().stdout();
    let told: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    assert_eq!((&told[1]["of"][0], &told[1]["exit"]), (&told[0]["n"], &1.into()));
    assert!(told[1]["took_ms"].is_u64() && told[0]["took_ms"].is_null(), "{json}");
}

#[test]
fn no_rotator_is_called_where_a_history_is_required_and_cannot_be_written() {
    let sandbox = with_rotator(GIVES);
    configure(&sandbox, "[history]\nrequired = true\n");
    let log = sandbox.data("history.log");
    std::fs::remove_file(&log).expect("remove");
    std::fs::create_dir(&log).expect("make");
    let (said, code) = rotated(&sandbox);
    assert!(said.ends_with("keyctl: hint: `history.required` in `config.toml` asks for it\n") && code != 0, "{said}");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (0, 0));
}

#[test]
fn a_machine_that_has_no_thread_to_spare_calls_no_rotator_and_holds_no_lock() {
    let sandbox = with_rotator(GIVES);
    for nth in 1..=3 {
        let inject = format!("inject=clone3:error=EAGAIN:when={nth}");
        let call = ["timeout", "60", "strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&call).run();
        let said = ran.stderr();
        assert!(
            said.starts_with("keyctl: no thread can be started: ") && ran.code() == 7,
            "{nth}: {} {said}",
            ran.code()
        );
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (0, 0), "{nth}");
    }
    holds(&sandbox, OLD);
    assert_eq!(rotated(&sandbox), (String::new(), 0));
}

#[test]
fn a_file_that_does_not_open_is_named_and_left_where_it_is() {
    let sandbox = with_rotator(COUNTS);
    configure(&sandbox, "check = [\"false\"]\n");
    assert_eq!(rotated(&sandbox).1, 10);
    let folder = sandbox.home().join(".local/share/keyctl");
    let is_aside = |name: &str| name.starts_with("unfinished-");
    let names = std::fs::read_dir(&folder).expect("list").flatten();
    let name = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).find(|name| is_aside(name));
    let name = name.expect("a file");
    let mut bytes = std::fs::read(folder.join(&name)).expect("read");
    // Both rooms: what it printed, and that it ended well.
    bytes[40_000] ^= 1;
    bytes[110_000] ^= 1;
    std::fs::write(folder.join(&name), &bytes).expect("write");
    std::fs::write(folder.join("unfinished-foreign"), "keyctl-unfinished 1\n").expect("write");
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q", "--no-check"]).run();
    let said = format!(
        "keyctl: `unfinished-foreign` is damaged or of another store; it may hold a rotator's new secret\n\
         keyctl: what the rotator of `shop/key` gave on DATE is damaged: `{name}`\n\
         keyctl: hint: to drop it: `keyctl rotate shop/key --discard`\n"
    );
    says(&ran, &said, 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 2));
    let ran = sandbox.call(&["doctor"]).run();
    for line in [
        format!("`{name}`, which held its new secret, is damaged"),
        "`unfinished-foreign` is damaged or of another store".into(),
    ] {
        assert!(ran.stdout().contains(&line), "{}", ran.stdout());
    }
    sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 1);
}

fn killed_at(sandbox: &Sandbox, call: &str, nth: u32) {
    let inject = format!("inject={call}:signal=KILL:when={nth}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
    sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).under(&strace).run();
}

#[test]
fn a_key_that_is_due_again_is_replaced_though_its_last_rotation_left_a_file() {
    let sandbox = with_rotator(COUNTS);
    sandbox.secret("made-secret-1");
    sandbox.secret("made-secret-2");
    killed_at(&sandbox, "unlink", 1);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    holds(&sandbox, "made-secret-1");
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    let ran = sandbox.call(&["rotate", "--due", "--yes"]).run();
    assert!(!ran.stderr().contains("holds the secret already") && ran.code() == 0, "{}", ran.stderr());
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    holds(&sandbox, "made-secret-2");
}

#[test]
fn a_secret_that_was_wiped_for_good_does_not_come_back_from_beside_the_store() {
    let sandbox = with_rotator(COUNTS);
    sandbox.secret("made-secret-1");
    sandbox.secret("third-secret");
    // The second rename is the store's: what was made is not marked as kept yet.
    killed_at(&sandbox, "rename", 3);
    holds(&sandbox, "made-secret-1");
    assert_eq!(unfinished(&sandbox), 1);
    sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("third-secret").run().says("", "", 0);
    sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run();
    assert_eq!(unfinished(&sandbox), 0);
    assert_eq!(former(&sandbox).len(), 0);
}

#[test]
fn a_word_for_nothing_or_a_key_that_was_cut_short_is_no_new_secret_though_the_rotator_ends_well() {
    let texts = [
        "null",
        "<token>",
        "n",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "{\"token\":\"abcdefgh1\"}",
        "Error: expired",
    ];
    for text in texts {
        let sandbox = with_rotator(&format!("cat >/dev/null; echo '{text}'"));
        let (said, code) = rotated(&sandbox);
        let first = "keyctl: the rotator `~/rotator` printed what looks like no secret\n";
        assert!(said.starts_with(first) && code == 10, "{text}: {said}");
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1), "{text}");
        holds(&sandbox, OLD);
    }
}

/// Waits until a condition holds, for as long as a busy machine may take.
#[track_caller]
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !holds() {
        assert!(std::time::Instant::now() < until, "{what} never came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn the_second_signal_says_what_holds_and_the_third_one_stops_the_rotator() {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::ExitStatusExt,
        process::{Command, Stdio},
    };
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; sleep 100");
    let mut call = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]);
    call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = call.command.spawn().expect("start");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    wait_for("the rotator", || calls(&sandbox) == 1);
    let mut next = |count: usize| {
        let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(kill.expect("kill").success());
        lines.by_ref().take(count).map(|line| line + "\n").collect::<String>()
    };
    let said =
        "keyctl: waiting for the rotator of `shop/key`, so that its new secret is not lost; at most 120 seconds\n";
    assert_eq!(next(1), said);
    let said = "keyctl: still waiting; the store has the old secret of `shop/key`\n\
                keyctl: hint: once more stops the rotator: a new secret that it has not printed by then is lost\n";
    assert_eq!(next(2), said);
    let said = next(10);
    assert!(said.starts_with("keyctl: the rotator `~/rotator` was stopped\n"), "{said}");
    assert_eq!(child.wait().expect("ended").signal(), Some(15));
    // What it had printed is not lost after all.
    assert_eq!(unfinished(&sandbox), 1);
    holds(&sandbox, OLD);
}

#[test]
fn of_all_that_is_due_none_waits_again_for_a_lock_that_is_busy() {
    let sandbox = with_rotator(GIVES);
    for name in ["shop/key", "shop/two", "shop/three"] {
        if name != "shop/key" {
            sandbox.set(name, "another-secret");
        }
        sandbox.call(&["edit", name, "--expires", "2020-01-01", "-q"]).run();
    }
    let lock = std::fs::File::create(sandbox.data("rotate.lock")).expect("create");
    lock.lock().expect("free");
    let ran = sandbox.call(&["rotate", "--due", "--yes"]).run();
    let said = ran.stderr();
    assert!(said.starts_with("keyctl: 1 of 3: ") && !said.contains("2 of 3") && ran.code() == 8, "{said}");
    assert_eq!(calls(&sandbox), 0);
}

#[test]
fn what_is_due_is_gone_on_with_by_the_next_call_where_keyctl_was_killed_between_two_keys() {
    let rotator = |end: &str| {
        let kill =
            format!("[ \"$KEYCTL_KEY\" = shop/two ] && [ ! -e \"$HOME/again\" ] && touch \"$HOME/again\" && {end}");
        format!("cat >/dev/null; {kill}; echo \"$KEYCTL_KEY\" >>\"$HOME/names\"; echo \"new-of-$KEYCTL_KEY\"")
    };
    // While the rotator of the second one works, before it has done anything and after it has printed.
    for (end, asks) in
        [("kill -9 $PPID && exit", false), ("echo half-of-two && sleep 1 && kill -9 $PPID && exit", true)]
    {
        let sandbox = with_rotator(&rotator(end));
        let names = ["shop/key", "shop/two", "shop/three"];
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                sandbox.set(name, &format!("old-of-{name}"));
            }
            sandbox.call(&["edit", name, "--expires", &format!("202{at}-01-01"), "-q"]).run();
        }
        let due = ["rotate", "--due", "--yes"];
        let ran = sandbox.call(&due).run();
        assert_eq!(ran.output.status.code(), None, "it was not killed: {}", ran.stderr());
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 1));
        // The first one is not done again; a person judges what the second one has left, if anything.
        let ran = sandbox.call(&due).run();
        let said = ran.stderr();
        assert!(said.starts_with("keyctl: 1 of 2: `shop/two`\n") && !said.contains("`shop/key`"), "{said}");
        assert_eq!(ran.code(), i32::from(asks), "{said}");
        if asks {
            sandbox.call(&["rotate", "shop/two", "--discard", "--yes", "-q"]).run().says("", "", 0);
            assert!(sandbox.call(&due).run().stderr().starts_with("keyctl: 1 of 1: `shop/two`\n"));
        }
        for name in names {
            assert_eq!(sandbox.call(&["get", name]).run().stdout(), format!("new-of-{name}"));
        }
        let done = std::fs::read_to_string(sandbox.home().join("names")).expect("read");
        assert_eq!((done.lines().count(), unfinished(&sandbox)), (names.len(), 0), "each once: {done}");
        assert_eq!(sandbox.call(&["history", "verify"]).run().code(), 0);
    }
}

#[test]
fn keyctl_killed_at_each_rename_and_each_removal_while_it_replaces_all_that_is_due_does_none_twice() {
    let due = |sandbox: &Sandbox| {
        for (at, name) in ["shop/key", "shop/two"].into_iter().enumerate() {
            if at > 0 {
                sandbox.set(name, "old-of-two");
            }
            sandbox.call(&["edit", name, "--expires", &format!("202{at}-01-01"), "-q"]).run();
        }
    };
    let text = "cat >/dev/null; echo \"$KEYCTL_KEY\" >>\"$HOME/names\"; echo \"new-of-$KEYCTL_KEY-$(wc -l <\"$HOME/names\" | tr -d ' ')\"";
    // Of each of the two keys: what is begun, the store and the anchor; and the end of what was begun.
    let points = (1..=6).map(|nth| ("rename", nth)).chain((1..=2).map(|nth| ("unlink", nth)));
    let mut killed = 0;
    for (call, nth) in points {
        let sandbox = with_rotator(text);
        due(&sandbox);
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let ran = sandbox.call(&["rotate", "--due", "--yes", "-q"]).under(&strace).run();
        killed += usize::from(ran.output.status.code().is_none());
        let ran = sandbox.call(&["rotate", "--due", "--yes", "-q"]).run();
        assert_eq!(ran.code(), 0, "{call} {nth}: {}", ran.stderr());
        let done = std::fs::read_to_string(sandbox.home().join("names")).expect("read");
        let last = |name: &str| done.lines().enumerate().filter(|(_, one)| *one == name).last().map(|(at, _)| at + 1);
        for name in ["shop/key", "shop/two"] {
            let held = sandbox.call(&["get", name]).run().stdout();
            let newest = last(name).map(|at| format!("new-of-{name}-{at}"));
            assert_eq!(Some(held), newest, "{call} {nth}: {done}");
        }
        assert_eq!(done.lines().count(), 2, "{call} {nth}: each once: {done}");
        // What is left of one that is done is nothing to go on with, and the next rotation of it clears it away.
        let said = sandbox.call(&["doctor"]).run().stdout();
        assert!(unfinished(&sandbox) <= 1 && !said.contains("is not finished"), "{call} {nth}: {said}");
    }
    assert_eq!(killed, 8);
}

/// As with Ctrl-Z and `fg`, or on a machine that slept. The deadline is two minutes, so this one takes as long; the same in
/// short stands beside the code.
#[test]
#[ignore = "takes two minutes"]
fn what_was_printed_while_keyctl_was_stopped_past_the_deadline_is_taken_whole() {
    use std::process::{Command, Stdio};
    let sandbox = with_rotator("cat >/dev/null; sleep 3; head -c 60000 /dev/zero | tr '\\0' a; echo END");
    let mut call = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]);
    call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = call.command.spawn().expect("start");
    wait_for("the rotator", || calls(&sandbox) == 1);
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill").success());
    };
    signal("-STOP");
    std::thread::sleep(std::time::Duration::from_secs(130));
    signal("-CONT");
    let ran = child.wait_with_output().expect("wait");
    assert_eq!((String::from_utf8_lossy(&ran.stderr).as_ref(), ran.status.code()), ("", Some(0)));
    let held = sandbox.call(&["get", "shop/key"]).run().stdout();
    assert!(held.len() == 60_003 && held.ends_with("aEND"), "{} bytes", held.len());
}

#[test]
fn what_lies_aside_is_of_the_key_that_was_renamed_and_not_of_one_that_once_had_its_secret() {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-x; exit 3");
    sandbox.call(&["set", "a/twin", "-q"]).input(OLD).run();
    sandbox.secret("third-secret");
    sandbox.call(&["set", "a/twin", "--replace", "-q"]).input("third-secret").run().says("", "", 0);
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.call(&["rename", "shop/key", "shop/two", "-q"]).run().says("", "", 0);
    let shown = sandbox.call(&["doctor"]).run().stdout();
    assert!(shown.contains("that of `shop/two`, begun on "), "{shown}");
    let ran = sandbox.call(&["rotate", "shop/two", "--yes", "-q"]).run();
    assert_eq!((dateless(&ran.stderr()), ran.code()), (NOT_AGAIN.replace("shop/key", "shop/two"), 1));
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
}

#[test]
fn what_was_given_for_a_removed_key_is_put_into_no_other_that_had_its_secret() {
    let sandbox = with_rotator(COUNTS);
    configure(&sandbox, "check = [\"false\"]\n");
    sandbox.call(&["set", "shop/a", "-q"]).input(OLD).run();
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
    configure(&sandbox, "");
    sandbox.secret("made-secret-2");
    assert_eq!(sandbox.call(&["rotate", "shop/a", "--yes", "-q"]).run().code(), 0);
    sandbox.call(&["get", "shop/a"]).run().says("made-secret-2", "", 0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 1));
}

#[test]
fn where_nothing_tells_whose_it_is_what_lies_aside_no_rotator_is_called() {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-x; exit 3");
    sandbox.may_lie_in(&sandbox.file("keys.env", "K_ONE=a-twins-secret\nK_TWO=a-twins-secret\n"));
    sandbox.call(&["import", "keys.env", "-q"]).run();
    let rotator = sandbox.home().join("rotator");
    sandbox.configure(&format!("[[keys]]\nmatch = \"K_*\"\nrotator = [\"{}\"]\n", rotator.display()));
    assert_eq!(sandbox.call(&["rotate", "K_ONE", "--yes", "-q"]).run().code(), 10);
    sandbox.call(&["rename", "K_ONE", "K_SIX", "-q"]).run();
    sandbox.call(&["undo", "--skip", "--yes", "-q"]).run().says("", "", 0);
    for name in ["K_SIX", "K_TWO"] {
        let said = format!(
            "keyctl: what a rotator gave on DATE is of `K_SIX` or `K_TWO`, which had the same secret; no rotator of these is called\n\
             keyctl: hint: to give one of them a secret of your own: `keyctl rotate {name} --by-hand`\n\
             keyctl: hint: to drop what was given: `keyctl rotate K_ONE --discard`\n"
        );
        says(&sandbox.call(&["rotate", name, "--yes", "-q"]).run(), &said, 1);
    }
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    sandbox.call(&["rotate", "K_ONE", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 0);
}

#[test]
fn a_rotator_that_outlives_keyctl_is_waited_for_and_no_second_one_is_called_beside_it() {
    let kills = "exec 2>/dev/null; cat >/dev/null; [ -e \"$HOME/again\" ] || { touch \"$HOME/again\"; kill -9 $PPID; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; }";
    let sandbox = with_rotator(&format!("{kills}; echo then-new-\"\"secret"));
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    // Longer than a rotator may take.
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).at("2090-01-01T12:00:00Z").run();
    let said = dateless(&ran.stderr());
    let first = "keyctl: the rotator of `shop/key` that was called on DATE is still at work, as process ";
    if !said.contains(first) {
        touch(&sandbox, "go");
    }
    assert!(said.contains(first) && ran.code() == 1, "{said}");
    // Nor is another secret brought beside it.
    let by_hand = ["rotate", "shop/key", "--generate", "--yes", "-q"];
    let ran = sandbox.call(&by_hand).at("2090-01-01T12:00:00Z").run();
    if ran.code() != 1 {
        touch(&sandbox, "go");
    }
    assert!(dateless(&ran.stderr()).contains(first) && ran.code() == 1, "{}", ran.stderr());
    // Nor is what it has not printed yet dropped.
    let ran = sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run();
    let said = dateless(&ran.stderr());
    assert!(said.contains(first) && said.contains("; nothing was dropped\n") && ran.code() == 1, "{said}");
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    let ran = std::thread::scope(|scope| {
        let rotation = scope.spawn(|| rotated(&sandbox));
        std::thread::sleep(std::time::Duration::from_millis(700));
        assert_eq!(calls(&sandbox), 1, "it waits");
        touch(&sandbox, "go");
        rotation.join().expect("ended")
    });
    assert_eq!(ran.1, 0, "{}", ran.0);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (2, 0));
    holds(&sandbox, NEW);
}

#[test]
fn a_rotator_that_outlives_keyctl_is_waited_for_though_it_has_printed_something() {
    let prints = "exec 2>/dev/null; cat >/dev/null; printf then-; sleep 1; kill -9 $PPID; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done";
    let sandbox = with_rotator(prints);
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).run().output.status.code(), None);
    let ran = sandbox.call(&["rotate", "shop/key", "--yes", "-q"]).at("2090-01-01T12:00:00Z").run();
    touch(&sandbox, "go");
    let first = "keyctl: the rotator of `shop/key` that was called on DATE is still at work, as process ";
    assert!(dateless(&ran.stderr()).contains(first) && ran.code() == 1, "{}", ran.stderr());
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
}

#[test]
fn a_rotator_that_was_called_while_a_secret_is_typed_comes_to_its_end_before_that_is_taken() {
    let outlives = "exec 2>/dev/null; cat >/dev/null; kill -9 $PPID; n=0; until [ -e \"$HOME/go\" ] || [ $n = 600 ]; do n=$((n+1)); sleep 0.05; done; touch \"$HOME/ended\"";
    let sandbox = with_rotator(outlives);
    sandbox.secret("third-secret");
    let meanwhile = format!("\0{KEYCTL} rotate shop/key --yes -q");
    let steps = [
        ("replace `shop/key`? [y/N] ", "y\r"),
        ("(not shown): ", &meanwhile),
        ("", "third-secret\r"),
        ("keyctl: waiting for the rotator of `shop/key` that was called on ", "\0touch \"$HOME/go\""),
    ];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key", "--by-hand"], &steps);
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", screen.shown);
    assert!(sandbox.home().join("ended").exists(), "it was still at work");
    holds(&sandbox, "third-secret");
}

#[test]
fn of_all_that_is_due_a_yes_is_for_the_key_that_was_asked_about() {
    let sandbox = with_rotator(COUNTS);
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    sandbox.secret("other-secret");
    sandbox.call(&["set", "b", "--expires", "2020-01-01", "-q"]).input("other-secret").run();
    let swap = format!("\0{KEYCTL} rename shop/key a -q && {KEYCTL} rename b shop/key -q");
    let steps = [("replace 1 key: `shop/key`? [y/N] ", swap.as_str()), ("", "y\r")];
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &steps);
    let said = "keyctl: `shop/key` is not the key any more that was asked about; this one did nothing\n";
    assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    assert_eq!(calls(&sandbox), 0);
    assert_eq!(sandbox.call(&["get", "shop/key"]).run().stdout(), "other-secret");
    // Nor is it done where what has the name is not due.
    let sandbox = with_rotator(COUNTS);
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    sandbox.set("b", "other-secret");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &steps);
    assert!(screen.shown.contains(said) && screen.code == 1, "{}", screen.shown);
    // Though the other key has the same secret, or had it: it was made later.
    for had in [false, true] {
        let sandbox = with_rotator(COUNTS);
        sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        sandbox.call(&["set", "b", "-q"]).input(OLD).run();
        if had {
            sandbox.secret("other-secret");
            sandbox.call(&["set", "b", "--replace", "-q"]).input("other-secret").run().says("", "", 0);
        }
        sandbox.call(&["edit", "b", "--expires", "2020-01-01", "-q"]).run();
        let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &steps);
        assert!(screen.shown.contains(said) && screen.code == 1, "{had}: {}", screen.shown);
        assert_eq!(calls(&sandbox), 0, "{had}");
    }
}

#[test]
fn what_lies_aside_for_a_removed_key_is_dropped_by_the_name_that_it_had_at_last() {
    let sandbox = with_rotator("cat >/dev/null; echo made-secret-x; exit 3");
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.call(&["rename", "shop/key", "shop/two", "-q"]).run().says("", "", 0);
    sandbox.call(&["remove", "shop/two", "--yes", "-q"]).run();
    assert_eq!(sandbox.call(&["rotate", "shop/key", "--discard", "--yes", "-q"]).run().code(), 3);
    assert_eq!(unfinished(&sandbox), 1);
    sandbox.call(&["rotate", "shop/two", "--discard", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!(unfinished(&sandbox), 0);
}

#[test]
fn what_another_call_has_replaced_meanwhile_is_done_for_all_that_is_due() {
    let sandbox =
        with_rotator("cat >/dev/null; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo then-new-\"\"secret");
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    let due = || sandbox.call(&["rotate", "--due", "--yes", "-q"]).run().code();
    std::thread::scope(|scope| {
        let both = [scope.spawn(due), scope.spawn(due)];
        wait_for("the call", || calls(&sandbox) == 1);
        std::thread::sleep(std::time::Duration::from_secs(2));
        touch(&sandbox, "go");
        assert_eq!(both.map(|one| one.join().expect("ended")), [0, 0]);
    });
    assert_eq!(calls(&sandbox), 1);
    // Before it was this one's turn, too.
    let sandbox = with_rotator(GIVES);
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    let other = format!("\0{KEYCTL} rotate shop/key --yes -q");
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "--due"], &[("[y/N] ", &other), ("", "y\r")]);
    assert!(screen.shown.ends_with("keyctl: nothing is left to do here\n") && screen.code == 0, "{}", screen.shown);
    assert_eq!(calls(&sandbox), 1);
}

#[test]
fn forgetting_wipes_no_secret_that_was_in_force_when_it_was_asked_for() {
    let sandbox =
        with_rotator("cat >/dev/null; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo then-new-\"\"secret");
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| rotated(&sandbox));
        wait_for("the call", || calls(&sandbox) == 1);
        let forgetting = scope.spawn(|| {
            let ran = sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run();
            (ran.stderr(), ran.code())
        });
        std::thread::sleep(std::time::Duration::from_secs(3));
        touch(&sandbox, "go");
        assert_eq!(rotation.join().expect("ended"), (String::new(), 0));
        let said = "keyctl: `shop/key` was changed meanwhile; nothing was wiped\n\
                    keyctl: hint: look again: `keyctl versions shop/key`\n";
        assert_eq!(forgetting.join().expect("ended"), (said.to_owned(), 1));
    });
    assert_eq!(former(&sandbox).len(), 1);
    assert_eq!(sandbox.call(&["forget", "shop/key", "--yes", "-q"]).run().code(), 0);
}

/// How what a rotator gave for a removed key comes into use where another key has its name.
const RENAMES: &str = "hint: its key was removed; to go on, bring that back: `keyctl rename shop/key OTHER`, `keyctl rollback shop/key`, then `keyctl rotate shop/key`\n";

/// Does `meanwhile` while the rotator works, and gives what is said at its end.
fn rotated_while(sandbox: &Sandbox, meanwhile: impl FnOnce()) -> (String, i32) {
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| rotated(sandbox));
        wait_for("the call", || calls(sandbox) > 0);
        meanwhile();
        touch(sandbox, "go");
        rotation.join().expect("ended")
    })
}

const WAITS: &str = "cat >/dev/null; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; echo then-new-\"\"secret";

#[test]
fn what_was_given_for_a_key_that_was_removed_meanwhile_comes_into_use_by_the_calls_that_are_named() {
    // With its very secret, too.
    for (by_undo, secret) in [(false, "another-secret"), (true, "another-secret"), (false, OLD)] {
        let sandbox = with_rotator(WAITS);
        let said = rotated_while(&sandbox, || {
            sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
            std::thread::sleep(std::time::Duration::from_millis(1100));
            sandbox.set("shop/key", secret);
        });
        let expected = format!(
            "keyctl: `shop/key` is not the key any more that its rotator was called for; nothing was changed\n\
             keyctl: hint: the rotator's new secret lies beside the store, sealed\nkeyctl: {RENAMES}"
        );
        assert_eq!(said, (expected, 1));
        let shown = sandbox.call(&["doctor"]).run().stderr();
        assert!(shown.contains(RENAMES) && !shown.contains("gone"), "{shown}");
        if by_undo {
            for _ in 0..2 {
                sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
            }
        } else {
            let rename = || sandbox.call(&["rename", "shop/key", "other", "-q"]).run().says("", "", 0);
            rename();
            sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
            rename();
            sandbox.call(&["rollback", "shop/key", "--yes", "-q"]).run().says("", "", 0);
        }
        let said = if secret == OLD { "keyctl: `other` still holds the former secret\n" } else { "" };
        assert_eq!(rotated(&sandbox), (said.to_owned(), 0));
        assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 0));
        holds(&sandbox, NEW);
    }
}

#[test]
fn a_removed_key_that_another_one_of_its_name_followed_is_brought_back_step_by_step() {
    let sandbox = with_rotator(WAITS);
    rotated_while(&sandbox, || {
        sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
        sandbox.set("shop/key", "another-secret");
        sandbox.call(&["remove", "shop/key", "--yes", "-q"]).run();
    });
    let shown = sandbox.call(&["doctor"]).run().stderr();
    let hint = "hint: its key was removed, and another `shop/key` after it; to go on, bring that back: `keyctl undo` as often as needed\n";
    assert!(shown.contains(hint), "{shown}");
    for _ in 0..3 {
        sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
    }
    assert_eq!((rotated(&sandbox), calls(&sandbox)), ((String::new(), 0), 1));
    holds(&sandbox, NEW);
}

#[test]
fn the_way_back_to_the_secret_that_a_rotator_was_given_counts_what_came_after_it() {
    let sandbox = with_rotator(WAITS);
    let (said, code) = rotated_while(&sandbox, || {
        for secret in ["second-secret", "third-secret"] {
            sandbox.secret(secret);
            sandbox.call(&["set", "shop/key", "--replace", "-q"]).input(secret).run().says("", "", 0);
        }
    });
    let hint =
        "keyctl: hint: if it is the one in force: `keyctl rollback shop/key --to 2`, then `keyctl rotate shop/key`\n";
    assert!(said.ends_with(hint) && code == 1, "{said}");
    let status = sandbox.call(&["status"]).run().stdout();
    let row = "rotation of `shop/key`, which has another secret by now, of ";
    assert!(status.contains(row) && status.contains(": see `keyctl doctor`\n"), "{status}");
    assert!(!status.contains("to go on"), "{status}");
    sandbox.call(&["rollback", "shop/key", "--to", "2", "--yes", "-q"]).run().says("", "", 0);
    assert_eq!((rotated(&sandbox), calls(&sandbox)), ((String::new(), 0), 1));
    holds(&sandbox, NEW);
    // Where something else was changed last, undoing that would not help.
    let sandbox = with_rotator(WAITS);
    let (said, code) = rotated_while(&sandbox, || {
        sandbox.secret("second-secret");
        sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("second-secret").run().says("", "", 0);
        sandbox.set("shop/two", "third-secret");
    });
    assert!(said.ends_with(&hint.replace("--to 2", "--to 1")) && code == 1, "{said}");
}

#[test]
fn a_new_secret_that_another_key_holds_already_is_taken_with_a_word() {
    let sandbox = with_rotator(GIVES);
    sandbox.set("shop/two", NEW);
    assert_eq!(rotated(&sandbox), ("keyctl: `shop/two` holds the same secret\n".to_owned(), 0));
    holds(&sandbox, NEW);
    // One that lay aside, and one that is typed.
    let sandbox = with_rotator("cat >/dev/null; echo then-new-\"\"secret; exit 7");
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox.set("shop/two", NEW);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "rotate", "shop/key"], &[(ALONE, "y\r")]);
    assert!(
        screen.shown.contains("keyctl: `shop/two` holds the same secret\n") && screen.code == 0,
        "{}",
        screen.shown
    );
    sandbox.set("shop/three", "third-secret");
    let words = [KEYCTL, "rotate", "shop/key", "--by-hand"];
    let steps = [("replace `shop/key`? [y/N] ", "y\r"), ("(not shown): ", "third-secret\r")];
    let screen = on_a_terminal(&sandbox, &words, &steps);
    assert!(
        screen.shown.contains("keyctl: `shop/three` holds the same secret\n") && screen.code == 0,
        "{}",
        screen.shown
    );
}

/// A key is due, and a doubtful line lies aside for it.
fn due_and_doubtful() -> Sandbox {
    let mended = "[ -e \"$HOME/mended\" ] && echo made-secret-\"\"2 && exit";
    let sandbox = with_rotator(&format!("cat >/dev/null; {mended}; echo then-new-\"\"secret; exit 3"));
    sandbox.call(&["edit", "shop/key", "--expires", "2020-01-01", "-q"]).run();
    assert_eq!(rotated(&sandbox).1, 10);
    sandbox
}

#[test]
fn of_all_that_is_due_a_person_is_asked_about_a_line_that_lies_aside() {
    let (words, yes) = ([KEYCTL, "rotate", "--due"], ("replace 1 key: `shop/key`? [y/N] ", "y\r"));
    let sandbox = due_and_doubtful();
    let screen = on_a_terminal(&sandbox, &words, &[yes, (ALONE, "y\r")]);
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", screen.shown);
    holds(&sandbox, NEW);
    // Whoever wants none of it may let the rotator give another one, or not.
    let none = [yes, (ALONE, "n\r"), ("in force [y/N] ", "n\r")];
    let again = "replace `shop/key`? [y/N] ";
    let sandbox = due_and_doubtful();
    let screen = on_a_terminal(&sandbox, &words, &[&none[..], &[(again, "n\r")]].concat());
    assert!(screen.shown.ends_with("keyctl: left as it is\n") && screen.code == 0, "{}", screen.shown);
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
    touch(&sandbox, "mended");
    let screen = on_a_terminal(&sandbox, &words, &[&none[..], &[(again, "y\r")]].concat());
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 2, 1), "{}", screen.shown);
    holds(&sandbox, "made-secret-2");
    // With a yes beforehand, or `/dev/null` for a terminal, nobody is asked, and the call that asks is named.
    let hint = "keyctl: hint: to be asked about what it printed: `keyctl rotate shop/key` at a terminal\n";
    let from_nothing = format!("{KEYCTL} rotate --due </dev/null");
    for (words, steps) in
        [(&[KEYCTL, "rotate", "--due", "--yes"][..], &[][..]), (&["sh", "-c", &from_nothing], &[yes][..])]
    {
        let sandbox = due_and_doubtful();
        let screen = on_a_terminal(&sandbox, words, steps);
        assert!(screen.shown.contains(hint) && screen.code == 1, "{}", screen.shown);
    }
    // Where a check can tell, it does.
    let sandbox = due_and_doubtful();
    let check = script(&sandbox, "check", "[ \"$(cat)\" = then-new-\"\"secret ]");
    configure(&sandbox, &format!("check = [\"{}\"]\n", check.display()));
    let screen = on_a_terminal(&sandbox, &words, &[yes]);
    assert_eq!((screen.code, calls(&sandbox), unfinished(&sandbox)), (0, 1, 0), "{}", screen.shown);
}

#[test]
fn a_call_that_brings_no_secret_says_what_lies_aside_where_no_rotator_is_named() {
    let sandbox = due_and_doubtful();
    sandbox.configure("");
    let said = "keyctl: the new secret is empty; nothing was replaced\n\
                keyctl: hint: pipe it in, or enter it when asked: `keyctl rotate shop/key`\n\
                keyctl: hint: what its rotator printed on DATE before it went wrong lies beside the store, sealed\n\
                keyctl: hint: to be asked about that: `keyctl rotate shop/key` at a terminal\n";
    assert_eq!(rotated(&sandbox), (said.to_owned(), 2));
    assert_eq!((calls(&sandbox), unfinished(&sandbox)), (1, 1));
}

#[test]
fn where_the_key_got_another_secret_the_doctor_says_what_the_next_rotation_does() {
    let waits = "while [ ! -e \"$HOME/go\" ]; do sleep 0.02; done";
    let sandbox = with_rotator(&format!("cat >/dev/null; {waits}; echo then-new-\"\"secret"));
    sandbox.secret("typed-secret-x");
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| rotated(&sandbox));
        while calls(&sandbox) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        sandbox.call(&["set", "shop/key", "--replace", "-q"]).input("typed-secret-x").run().says("", "", 0);
        touch(&sandbox, "go");
        assert_eq!(rotation.join().expect("ended").1, 1);
    });
    let doctor = sandbox.call(&["doctor"]).run().stderr();
    for line in [
        "the rotator's new secret lies beside the store, sealed; the next `keyctl rotate shop/key` keeps it as a former one",
        "if it is the one in force: `keyctl undo`, then `keyctl rotate shop/key`",
        "to drop what it has made: `keyctl rotate shop/key --discard`",
    ] {
        assert!(doctor.contains(line), "{doctor}");
    }
    assert!(!doctor.contains("to go on with it"), "{doctor}");
    sandbox.call(&["undo", "--yes", "-q"]).run().says("", "", 0);
    let doctor = sandbox.call(&["doctor"]).run().stderr();
    assert!(doctor.contains("to go on with it: `keyctl rotate shop/key`"), "{doctor}");
    assert_eq!(rotated(&sandbox).1, 0);
    holds(&sandbox, NEW);
}
