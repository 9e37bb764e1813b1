//! Slips of the hand: each is named for what it is, and none makes a secret come out.

use std::process::Command;

use crate::{
    pty::on_a_terminal,
    sandbox::{KEYCTL, Sandbox},
};

const SECRET: &str = "first-secret";

#[test]
fn a_mistyped_option_is_named_and_not_taken_for_a_secret() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let wrong = |words: &[&str], said: &str| sandbox.call(words).input("typed-secret").run().says("", said, 2);
    let none = |option: &str, meant: &str| {
        format!("keyctl: there is no option `{option}` here\nkeyctl: hint: did you mean `{meant}`?\n")
    };
    wrong(&["set", "typo", "--expire", "90d"], &none("--expire", "--expires"));
    wrong(&["set", "typo", "--rotate", "90d"], &none("--rotate", "--rotate-every"));
    wrong(&["set", "typo", "--tags", "a"], &none("--tags", "--tag"));
    wrong(&["set", "typo", "--tags=a"], &none("--tags", "--tag"));
    wrong(&["rotate", "A", "--overlaps", "7d"], &none("--overlaps", "--overlap"));
    wrong(
        &["set", "typo", "--frobnicate"],
        "keyctl: there is no option `--frobnicate` here\nkeyctl: hint: see `keyctl set --help`\n",
    );
    wrong(
        &["set", "typo", "--expires", "in", "6", "months"],
        "keyctl: a date of several words goes in quotes; nothing was kept\n\
         keyctl: hint: write `--expires \"in 6 months\"`\n",
    );
    for secret in
        [&["set", "typo", "sk-live-abc"][..], &["set", "typo", "--sk-live-abc1"], &["set", "typo", "6", "months"]]
    {
        let ran = sandbox.call(secret).input("x").run();
        assert!(ran.stderr().starts_with("keyctl: a secret never goes into the arguments"), "{}", ran.stderr());
        assert_eq!(ran.code(), 2);
    }
    sandbox.call(&["list"]).run();
    assert_eq!(sandbox.call(&["show", "typo"]).run().code(), 3, "nothing was kept");
}

#[test]
fn the_secret_itself_is_no_name() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let said = "keyctl: the secret itself stands in the key's name; nothing was changed\n\
                keyctl: hint: names are shown everywhere: choose another\n\
                keyctl: hint: take this line out of the shell's history, and replace the secret at its issuer if it was a live one\n";
    sandbox.call(&["set", "hunter2-hunter2"]).input("hunter2-hunter2").run().says("", said, 2);
    sandbox.call(&["rename", "A", SECRET]).run().says("", said, 2);
    sandbox.file("keys.env", "HUNTER2_2=HUNTER2_2\n");
    let said = "keyctl: the secret itself stands in the key's name; nothing was changed\n\
                keyctl: hint: names are shown everywhere: give it another one where it comes from, and replace the secret if it is a live one\n\
                keyctl: hint: it is the one of line 1\n";
    sandbox.call(&["import", "keys.env"]).run().says("", said, 2);
    let listed = sandbox.call(&["list"]).run().stdout();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    sandbox.call(&["rename", "A", "A"]).run().says("", "keyctl: `A` is called so already\n", 0);
    sandbox.call(&["rename", "B", "B"]).run().says(
        "",
        "keyctl: no key named `B`\nkeyctl: hint: keep it with `keyctl set B`\n",
        3,
    );
}

#[test]
fn a_secret_that_was_typed_for_a_name_a_profile_or_a_file_is_not_said_back() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let typed = ["sk-live-", "51Habcdefghijkl"].concat();
    for words in [
        &["forget", "S"][..],
        &["forget", "S", "--yes"],
        &["remove", "S"],
        &["remove", "S", "--yes"],
        &["revoke", "S"],
        &["rollback", "S"],
        &["rotate", "S"],
        &["run", "-P", "S", "--", "true"],
        &["run", "--profile=S", "--", "true"],
        &["run", "-PS", "--", "true"],
        &["env", "-P", "S"],
        &["profile", "show", "S"],
        &["import", "S"],
        &["init", "--from", "S"],
        &["allow", "S"],
        &["deny", "S"],
    ] {
        let words: Vec<String> = words.iter().map(|word| word.replace('S', &typed)).collect();
        let ran = sandbox.call(&words).run();
        let said = format!("{}{}", ran.stdout(), ran.stderr());
        assert!(!said.contains(&typed) && said.contains("looks like a secret"), "{words:?}: {said}");
        assert_ne!(ran.code(), 0, "{words:?}");
    }
    // Nobody is asked about what is not there.
    for verb in ["forget", "remove"] {
        let said = "keyctl: no key named `nosuch`\nkeyctl: hint: keep it with `keyctl set nosuch`\n";
        on_a_terminal(&sandbox, &[KEYCTL, verb, "nosuch"], &[]).says(said, 3);
    }
    // A name that is one is said.
    sandbox.call(&["remove", "npm", "--yes"]).run().says(
        "",
        "keyctl: no key named `npm`\nkeyctl: hint: keep it with `keyctl set npm`\n",
        3,
    );
}

#[test]
fn what_delete_could_not_take_away_is_refused_before_anything_is_taken() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let made = Command::new("mkfifo").arg(sandbox.project().join("pipe")).status().expect("mkfifo");
    assert!(made.success());
    sandbox.call(&["import", "pipe", "--delete"]).run().says(
        "",
        "keyctl: `pipe` is no regular file that `--delete` could remove\n",
        2,
    );
    let file = sandbox.file("keys.env", "B=second-secret\n");
    let other = sandbox.project().join("other.env");
    std::fs::hard_link(&file, &other).expect("link");
    sandbox.secret("second-secret");
    sandbox.may_lie_in(&other);
    let ran = sandbox.call(&["import", "keys.env", "--delete"]).run();
    assert!(
        ran.stderr()
            .contains("keyctl: `keys.env` had another name too (a hard link); the keys are still in that one\n"),
        "{}",
        ran.stderr()
    );
    assert!(!file.exists() && other.exists());
}

#[test]
fn a_date_that_is_none_is_told_why() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let write = "write a date as `2026-12-31`: the year, the month, the day";
    for (date, why) in
        [("31.12.2026", write), ("12/31/2026", write), ("20270105", write), ("2026-02-30", "there is no such day")]
    {
        let said = format!("keyctl: `--expires`: {why}\n");
        sandbox.call(&["edit", "A", "--expires", date]).run().says("", &said, 2);
    }
    let never = "keyctl: `--expires`: that is no date; what never ends has none: leave it out, or take it away with `--no-expires`\n";
    for date in ["9999-12-31", "never"] {
        sandbox.call(&["edit", "A", "--expires", date]).run().says("", never, 2);
    }
    assert_eq!(sandbox.call(&["edit", "A", "--expires", "In 2 Weeks"]).run().code(), 0);
}

#[test]
fn a_number_that_is_none_is_asked_for() {
    let sandbox = Sandbox::new();
    let wrong = |words: &[&str], of: &str, help: &str| {
        let said = format!("keyctl: `{of}` takes a whole number\nkeyctl: hint: see `keyctl {help} --help`\n");
        sandbox.call(words).run().says("", &said, 2);
    };
    for count in ["x", "-1", "1.5", "99999999999999999999"] {
        wrong(&["history", "-n", count], "-n", "history");
    }
    wrong(&["history", "prune", "--keep-segments", "some"], "--keep-segments", "history prune");
    wrong(&["alerts", "ack", "first"], "NUMBER", "alerts ack");
}

#[test]
fn a_key_that_is_missing_under_two_variables_is_said_once() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let words = ["run", "--allow-missing", "-k", "X=gone", "-k", "Y=gone", "--", "true"];
    sandbox.call(&words).run().says("", "keyctl: goes on without `gone`\n", 0);
}

#[test]
fn a_program_that_is_named_by_its_path_and_not_there_is_to_be_put_there() {
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let folder = sandbox.home().join(".config/keyctl");
    std::fs::create_dir_all(&folder).expect("make");
    let settings = "[[keys]]\nmatch = \"A\"\ncheck = [\"/no/such/check\"]\n";
    std::fs::write(folder.join("config.toml"), settings).expect("write");
    let said = sandbox.call(&["doctor"]).run().stderr();
    assert!(said.contains("hint: put the program there, or name another in `config.toml`\n"), "{said}");
    assert!(!said.contains("by its absolute path"), "{said}");
}

#[test]
fn a_wrong_call_is_told_the_help_of_the_command_below_and_what_was_most_likely_meant() {
    let sandbox = Sandbox::with(&[("shop/a", SECRET), ("shop/b", "second-secret")]);
    let said = |words: &[&str]| {
        let ran = sandbox.call(words).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2), "{words:?}");
        ran.stderr()
    };
    for (words, help) in [
        (&["history", "export"][..], "history export"),
        (&["history", "prune", "--before"], "history prune"),
        (&["remind", "snooze"], "remind snooze"),
        (&["ls", "--frobnicate"], "list"),
        (&["--frobnicate"], ""),
    ] {
        let help = format!("see `keyctl {help} --help`\n").replace("  ", " ");
        let said = said(words);
        assert!(said.ends_with(&help), "{words:?}: {said}");
    }
    let snooze = said(&["remind", "snooze", "shop/a", "3d"]);
    assert!(snooze.contains("keyctl: hint: for how long goes with `--for`: `--for 3d`\n"), "{snooze}");
    assert!(said(&["rotat"]).ends_with("keyctl: hint: did you mean `rotate`?\n"));
    assert!(said(&["histroy"]).ends_with("keyctl: hint: did you mean `history`?\n"));
    // What other programs call it, and nothing that keyctl only says to itself.
    assert!(said(&["export"]).ends_with("keyctl: hint: did you mean `env`?\n"));
    assert!(said(&["generate"]).ends_with("keyctl: hint: did you mean `set NAME --generate`?\n"));
    assert!(said(&["add", "shop/a"]).contains("keyctl: hint: here that is `keyctl set`\n"));
    assert!(!said(&["add", "user", "k", "v", "@u"]).contains("here that is"));
    assert!(said(&["confin"]).ends_with("keyctl: hint: see `keyctl --help`\n"));
    assert!(said(&["env", "-k", "shop/a"]).contains("; write `SHOP_A=shop/a`\n"));
    assert_eq!(said(&["rotate", "shop/a", "--generate", "40"]), "keyctl: the length goes with `=`: `--generate=40`\n");
    for words in [
        &["rotate", "shop/a", "shop/b"][..],
        &["rotate", "shop/a", "shop/b", "--yes", "--overlap", "7d"],
        &["rotate", "OPENAI_API_KEY", "STRIPE_API_KEY"],
    ] {
        assert_eq!(
            said(words),
            "keyctl: `rotate` replaces one key with each call\n\
             keyctl: hint: each by itself, or all that are due: `keyctl rotate --due`\n"
        );
    }
    for secret in ["-secret-of-shop-a", "SECRET", "SK_LIVE_0123456789ABCDEF"] {
        let said = said(&["rotate", "shop/a", secret, "--yes"]);
        assert!(said.starts_with("keyctl: a secret never goes into the arguments: "), "{said}");
    }
    sandbox.call(&["rename", "shop/a", "shop/c", "-q"]).run();
    sandbox.call(&["rename", "shop/c", "pay/live", "-q"]).run();
    let words = ["run", "-k", "A=shop/a", "--", "true"];
    let gone = "keyctl: no key named `shop/a` [E03]\nkeyctl: hint: it was renamed, and is `pay/live` now\n";
    sandbox.call(&words).run().says("", gone, 125);
}

#[test]
fn what_an_option_of_set_says_is_no_secret_in_the_arguments() {
    let sandbox = Sandbox::with(&[("A", "one-that-was-kept")]);
    let page = "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/security_credentials";
    let words = ["set", "aws", "--url", page, "--note", "role=deploy", "--tag", "a"];
    sandbox.secret(SECRET);
    sandbox.call(&words).input(SECRET).run().says("", "keyctl: kept `aws`\n", 0);
    sandbox.may_lie_in(&sandbox.file("a=b.txt", SECRET));
    sandbox.call(&["set", "b", "--from-file", "a=b.txt", "-q"]).run();
    let named = |name: &str| format!("keyctl: hint: type `keyctl set {name}` and enter it when asked, or pipe it in\n");
    for words in [&["set", "--note", "role=deploy", "C=other-secret"][..], &["set", "aws", "C=other-secret"]] {
        let refused = sandbox.call(words).run();
        assert!(refused.stderr().contains(&named("C")) && refused.code() == 2, "{}", refused.stderr());
    }
    assert_eq!(sandbox.call(&["list", "--json"]).run().stdout().matches("\"name\"").count(), 3);
}

#[test]
fn what_was_imported_from_no_file_is_not_said_to_lie_in_one() {
    let sandbox = Sandbox::new();
    sandbox.secret("first-imported");
    let shell = format!("printf 'A=first-%s\\n' imported | {KEYCTL} import /dev/stdin -q");
    let mut command = Command::new("sh");
    sandbox.environment(&mut command);
    let ran = command.args(["-c", &shell]).current_dir(sandbox.project()).output().expect("sh");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success() && !said.contains("still readable"), "{said}");
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_no_text_is_called_that() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::with(&[("A", SECRET)]);
    let words = ["get".as_ref(), "A".as_ref(), "--reason".as_ref(), std::ffi::OsStr::from_bytes(b"\xff")];
    let said = "keyctl: an argument is no text: it is not valid UTF-8\nkeyctl: hint: see `keyctl get --help`\n";
    sandbox.call(&words).run().says("", said, 2);
}
