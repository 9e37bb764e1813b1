//! Questions at a real terminal: what is typed is not shown, and the terminal is as before whatever ends the question.
#![cfg(unix)]

use crate::{
    pty::{Screen, on_a_terminal, python},
    sandbox::{KEYCTL, NO_KEYCHAIN, Sandbox},
};

const ASKED: &str = "keyctl: secret for `A` (not shown): ";

fn set(sandbox: &Sandbox, steps: &[(&str, &str)]) -> Screen {
    let screen = on_a_terminal(sandbox, &[KEYCTL, "set", "A"], steps);
    sandbox.no_secret_in(screen.shown.as_bytes());
    screen
}

#[test]
fn a_typed_secret_is_kept_and_not_shown() {
    let sandbox = Sandbox::new();
    sandbox.secret("typed-secret");
    let screen = set(&sandbox, &[("(not shown): ", "typed-secret\r")]);
    screen.says(&format!("{ASKED}\n{NO_KEYCHAIN}keyctl: kept `A`\n"), 0);
    sandbox.call(&["get", "A"]).run().says("typed-secret", "", 0);
}

#[test]
fn a_mistyped_secret_can_be_corrected_and_taken_back() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    sandbox.secret("typed-\u{fc}ber");
    set(&sandbox, &[("(not shown): ", "wrong\x15typed-\u{fc}bex\u{e9}\x7f\x7fr\r")])
        .says(&format!("{ASKED}\nkeyctl: kept `A`\n"), 0);
    sandbox.call(&["get", "A"]).run().says("typed-\u{fc}ber", "", 0);
}

#[test]
fn a_secret_longer_than_a_terminals_line_arrives_whole() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    let long: String = (0..20_000).map(|at| char::from(b'a' + u8::try_from(at % 23).expect("small"))).collect();
    sandbox.secret(&long);
    set(&sandbox, &[("(not shown): ", &format!("{long}\r"))]).says(&format!("{ASKED}\nkeyctl: kept `A`\n"), 0);
    sandbox.call(&["get", "A"]).run().says(&long, "", 0);
}

#[test]
fn whatever_ends_the_question_echo_is_back_and_nothing_typed_is_printed() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    sandbox.secret("half-typed");
    let script =
        format!("stty -a >before; {KEYCTL} set A; echo code $?; stty -a >after; cmp before after && echo same");
    for (typed, said, code) in [
        ("half-typed\x03", "keyctl: interrupted; nothing was changed\n", 130),
        ("\x04", "keyctl: the input ended before there was an answer; nothing was changed\n", 2),
        ("\r", "keyctl: the secret is empty; nothing was kept\nkeyctl: hint: if that is meant: `--allow-empty`\n", 2),
    ] {
        let screen = on_a_terminal(&sandbox, &["sh", "-c", &script], &[("(not shown): ", typed)]);
        screen.says(&format!("{ASKED}\n{said}code {code}\nsame\n"), 0);
    }
    sandbox.call(&["list"]).run().says("NAME  CHANGED   FORMER\nB     just now\n", "", 0);
}

#[test]
fn a_signal_at_a_question_ends_it_as_always_and_the_terminal_is_as_before() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    sandbox.secret("half-typed");
    for (signal, said, code) in [
        ("TERM", "Terminated\n", 143),
        ("HUP", "Hangup\n", 129),
        ("QUIT", "Quit\n", 131),
        ("INT", "keyctl: interrupted; nothing was changed\n", 130),
    ] {
        let ends = format!(
            "{{ until stty -a | grep -q -- ' -echo '; do sleep 0.02; done; sleep 0.2; kill -{signal} $(cat pid); }} </dev/tty &"
        );
        let asks = format!("sh -c 'echo $$ >pid; exec {KEYCTL} set A'; echo code $?");
        let script = format!("stty -a >before; {ends} {asks}; stty -a >after; cmp before after && echo same");
        let screen = on_a_terminal(&sandbox, &["sh", "-c", &script], &[("(not shown): ", "half-typed")]);
        screen.says(&format!("{ASKED}\n{said}code {code}\nsame\n"), 0);
    }
    let script =
        format!("stty -a >before; {KEYCTL} set A; echo code $?; stty -a >after; cmp before after && echo same");
    on_a_terminal(&sandbox, &["sh", "-c", &script], &[("(not shown): ", "half-typed\x1c")])
        .says(&format!("{ASKED}\nQuit\ncode 131\nsame\n"), 0);
}

#[test]
fn a_question_that_was_stopped_is_asked_again_and_not_shown_either() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    sandbox.secret("half-typed");
    sandbox.secret("typed-secret");
    sandbox.file("rc", "PS1='ready> '\n");
    let set = format!("stty -a >before; {KEYCTL} set A\r");
    let screen = on_a_terminal(
        &sandbox,
        &["bash", "--noediting", "--rcfile", "rc", "-i"],
        &[
            ("ready> ", &set),
            ("(not shown): ", "half-typed\x1a"),
            ("Stopped", ""),
            ("ready> ", "stty -a | cmp - before && echo echo is back\r"),
            ("\r\necho is back", ""),
            ("ready> ", "fg\r"),
            ("(not shown): ", "typed-secret\r"),
            ("kept `A`", ""),
            ("ready> ", "exit\r"),
        ],
    );
    sandbox.no_secret_in(screen.shown.as_bytes());
    sandbox.call(&["get", "A"]).run().says("typed-secret", "", 0);
}

#[test]
fn nobody_types_a_secret_for_a_store_that_does_not_open() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    std::fs::rename(sandbox.data("identity.txt"), sandbox.data("away")).expect("rename");
    let screen = set(&sandbox, &[]);
    assert!(!screen.shown.contains("(not shown)"), "it asks: {}", screen.shown);
    assert!(screen.shown.contains("keyctl recovery restore"), "{}", screen.shown);
    std::fs::rename(sandbox.data("away"), sandbox.data("identity.txt")).expect("rename");
    sandbox.secret("typed-secret");
    set(&sandbox, &[("(not shown): ", "typed-secret\r")]).says(&format!("{ASKED}\nkeyctl: kept `A`\n"), 0);
}

#[test]
fn a_call_whose_standard_input_is_closed_keeps_nothing() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    let script = format!("{KEYCTL} set A <&-; echo code $?");
    let empty = "keyctl: the secret is empty; nothing was kept\nkeyctl: hint: if that is meant: `--allow-empty`\n";
    on_a_terminal(&sandbox, &["sh", "-c", &script], &[]).says(&format!("{empty}code 2\n"), 0);
    sandbox.call(&["list"]).run().says("NAME  CHANGED   FORMER\nB     just now\n", "", 0);
}

#[test]
fn a_key_that_exists_is_replaced_at_the_terminal_only_with_a_yes() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.secret("typed-secret");
    let ask = "keyctl: `A` exists; replace its secret? The former one is kept [y/N] ";
    // Nobody types a secret only to hear then that the name is taken.
    set(&sandbox, &[("[y/N] ", "n\r")]).says(
        &format!(
            "{ask}n\nkeyctl: nothing was changed\nkeyctl: hint: to keep it under another name: `keyctl set OTHER`\n"
        ),
        1,
    );
    sandbox.call(&["get", "A"]).run().says("first-secret", "", 0);
    set(&sandbox, &[("[y/N] ", "y\r"), ("(not shown): ", "typed-secret\r")])
        .says(&format!("{ask}y\n{ASKED}\nkeyctl: replaced `A`; its former secret is kept\n"), 0);
    sandbox.call(&["get", "A"]).run().says("typed-secret", "", 0);
    // The yes was for that secret, and nobody is held up while a person thinks.
    sandbox.secret("third-secret");
    let meanwhile = format!("\0printf third-secret | {KEYCTL} set A --replace -q");
    let screen = set(&sandbox, &[("[y/N] ", &meanwhile), ("", "y\r"), ("(not shown): ", "fourth-secret\r")]);
    let replaced = "keyctl: `A` was replaced by another keyctl meanwhile; nothing was kept\nkeyctl: hint: look again: `keyctl undo --list`\n";
    assert!(screen.shown.ends_with(replaced) && screen.code == 1, "{}", screen.shown);
    sandbox.call(&["get", "A"]).run().says("third-secret", "", 0);
}

#[test]
fn a_secret_from_a_pipe_is_data_also_at_a_terminal() {
    let sandbox = Sandbox::with(&[("B", "first-secret")]);
    sandbox.secret("piped-secret");
    let script = format!("printf piped-%s secret | {KEYCTL} set A");
    on_a_terminal(&sandbox, &["sh", "-c", &script], &[]).says("keyctl: kept `A`\n", 0);
}

#[test]
fn a_secret_is_shown_on_a_screen_only_to_who_says_so() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let ask = "keyctl: show the secret of `A` on this screen? [y/N] ";
    let get = [KEYCTL, "get", "A"];
    on_a_terminal(&sandbox, &get, &[("[y/N] ", "\r")])
        .says(&format!("{ask}\nkeyctl: not shown\nkeyctl: hint: on the clipboard instead: `keyctl copy A`\n"), 1);
    on_a_terminal(&sandbox, &get, &[("[y/N] ", "y\r")]).says(&format!("{ask}y\nfirst-secret\n"), 0);
    on_a_terminal(&sandbox, &[KEYCTL, "get", "--show", "A"], &[]).says("first-secret\n", 0);
    let script = format!("{KEYCTL} get A | tr a-z A-Z");
    on_a_terminal(&sandbox, &["sh", "-c", &script], &[]).says("FIRST-SECRET", 0);
}

#[test]
fn a_key_is_removed_at_the_terminal_only_with_a_yes() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "remove", "A"], &[("[y/N] ", "n\r")]);
    assert_eq!(screen.code, 1, "{}", screen.shown);
    let screen = on_a_terminal(&sandbox, &[KEYCTL, "remove", "A"], &[("[y/N] ", "y\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
}

#[test]
fn a_command_under_run_is_stopped_continued_and_interrupted_like_any_other() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.file("rc", "PS1='ready> '\n");
    let waits = "from signal import *; from time import sleep; from os import write; signal(SIGINT, SIG_DFL); signal(SIGCONT, lambda *_: write(1, b\"went on\\n\")); write(1, b\"begun\\n\")\nwhile True: sleep(0.02)";
    sandbox.file("waits.py", waits);
    let run = format!("{KEYCTL} run -k A -- {} waits.py\r", python());
    on_a_terminal(
        &sandbox,
        &["bash", "--noediting", "--rcfile", "rc", "-i"],
        &[
            ("ready> ", &run),
            ("\r\nbegun", "\x1a"),
            ("Stopped", ""),
            ("ready> ", "jobs\r"),
            ("Stopped", ""),
            ("ready> ", "fg\r"),
            ("\r\nwent on", "\x03"),
            ("ready> ", "echo code $?\r"),
            ("code 130", "exit\r"),
        ],
    );
}

#[test]
fn a_recovery_copy_made_at_the_terminal_asks_twice_or_makes_its_own_passphrase() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let create =
        |file: &str, steps: &[(&str, &str)]| on_a_terminal(&sandbox, &[KEYCTL, "recovery", "create", file], steps);
    let screen = create("one.age", &[("made for you): ", "typed phrase\r"), ("once more: ", "typed phrasE\r")]);
    assert!(screen.shown.ends_with("keyctl: the two passphrases differ; nothing was written\n"), "{}", screen.shown);
    assert_eq!(screen.code, 2);
    assert!(!sandbox.project().join("one.age").exists());
    for short in ["k", "eleven char", "\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}\u{fc}"] {
        sandbox.secret(short);
        create("one.age", &[("made for you): ", &format!("{short}\r"))]).says(
            "keyctl: a passphrase for the recovery copy (empty: one is made for you): \nkeyctl: the passphrase has fewer than 12 characters; nothing was written\nkeyctl: hint: whoever finds the copy can try passphrases day and night, and it stands between them and every key\nkeyctl: hint: take four words that have nothing to do with each other, or leave it empty and have one made\n",
            2,
        );
    }
    let screen = create("three.age", &[("made for you): ", "twelve chars\r"), ("once more: ", "twelve chars\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let screen = create("two.age", &[("made for you): ", "\r"), ("press Enter ", "\r")]);
    assert_eq!(screen.code, 0, "{}", screen.shown);
    let phrase =
        screen.shown.split("the passphrase is  ").nth(1).and_then(|rest| rest.split(' ').next()).expect("shown");
    assert_eq!(phrase.len(), 23, "{phrase}");
    let ran = sandbox.call(&["recovery", "verify", "two.age"]).input(format!("{phrase}\n")).run();
    ran.says("the recovery copy opens this store without its keeper: 1 key\n", "", 0);
}
