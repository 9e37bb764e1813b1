//! Variables that are composed of a text and keys: what they come to, and who has to say yes to them.

use crate::sandbox::Sandbox;

const SECRET: &str = "p@ss/word:5e8d71c2";
const FORBIDDEN: &str = "is not allowed; it asks for 1 thing that nobody has allowed here [E06]";

fn history(sandbox: &Sandbox, store: &[&str]) -> serde_json::Value {
    let said = sandbox.call(&[&["history", "-n", "1", "--json"][..], store].concat()).run().stdout();
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn keys_stand_in_a_text_each_as_its_filter_writes_it() {
    let sandbox = Sandbox::with(&[("db/password", SECRET), ("db/user", "app-user-1")]);
    sandbox.file(
        ".keyctl.toml",
        "[env]\nDATABASE_URL = \"postgres://{{ db/user }}:{{ db/password | url }}@localhost/app\"\n\
         BASIC = \"Basic {{db/password|base64}}\"\nJSON = \"{ \\\"p\\\": {{ db/password | json }} }\"\nPLAIN = { value = \"{{ db/user }}\" }\n",
    );
    sandbox.allow();
    let show = "printf '%s\\n' \"$DATABASE_URL\" \"$BASIC\" \"$JSON\" \"$PLAIN\"";
    sandbox.call(&["run", "--", "sh", "-c", show]).run().says(
        "postgres://app-user-1:p%40ss%2Fword%3A5e8d71c2@localhost/app\nBasic cEBzcy93b3JkOjVlOGQ3MWMy\n{ \"p\": \"p@ss/word:5e8d71c2\" }\n{{ db/user }}\n",
        "",
        0,
    );
    // Every key that went into a text was used.
    assert_eq!(history(&sandbox, &[])["names"], serde_json::json!(["db/password", "db/user"]));
    sandbox.call(&["run", "--only", "BASIC", "--", "true"]).run().says("", "", 0);
    assert_eq!(history(&sandbox, &[])["names"], serde_json::json!(["db/password"]));
    sandbox.call(&["run", "-n", "--only", "DATABASE_URL", "--", "true"]).run().says(
        "VARIABLE      FROM\nDATABASE_URL  text postgres://{{ db/user }}:{{ db/password | url }}@localhost/app\n",
        "keyctl: would run `true`; what the store has was not looked at\n",
        0,
    );
    // Printing it is printing its text.
    sandbox.call(&["env", "--only", "BASIC"]).run().says("BASIC='Basic cEBzcy93b3JkOjVlOGQ3MWMy'\n", "", 0);
    let status = sandbox.call(&["status"]).run().stdout();
    assert!(status.contains("project        `~/project/.keyctl.toml`: 2 keys, allowed\n"), "{status}");
}

#[test]
fn a_text_that_changes_is_asked_for_anew_and_shown_as_it_is() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    let write = |text: &str| sandbox.file(".keyctl.toml", format!("[env]\nU = \"{text}\"\n"));
    let refused = |shown: &str| {
        let said = format!(
            "keyctl: `~/project/.keyctl.toml` {FORBIDDEN}\nkeyctl: hint: U <- the text {shown}\nkeyctl: hint: to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`\n"
        );
        sandbox.call(&["run", "--", "true"]).run().says("", &said, 125);
    };
    write("https://good.example/?k={{ a }}");
    refused("\"https://good.example/?k={{ a }}\"");
    sandbox.allow();
    sandbox.call(&["run", "--", "true"]).run().says("", "", 0);
    // The same key at another place is another thing to say yes to.
    write("https://evil.example/?k={{ a }}");
    refused("\"https://evil.example/?k={{ a }}\"");
    write("https://good.example/?k={{ a | url }}");
    refused("\"https://good.example/?k={{ a | url }}\"");
    write("x\\u001b[2K\\r{{ a }}");
    refused("\"x\\u{1b}[2K\\r{{ a }}\"");
    write("https://good.example/?k={{ a }}");
    sandbox.call(&["run", "--", "true"]).run().says("", "", 0);
    sandbox.call(&["allow", "--show-hash", "--json"]).run();
    let shown = sandbox.call(&["allow", "--show-hash", "--json"]).run().stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        shown["grants"],
        serde_json::json!([{ "profile": "default", "variable": "U", "text": "https://good.example/?k={{ a }}", "keys": ["a"] }])
    );
}

#[test]
fn a_text_with_keys_of_two_stores_needs_the_word_of_both_and_is_used_in_both() {
    let sandbox = Sandbox::with(&[("user", "app-user-1")]);
    let made = sandbox.call(&["store", "create", "team", "--keeper", "file", "-q"]).run();
    assert_eq!(made.code(), 0, "{}", made.stderr());
    sandbox.set("team:password", SECRET).says("", "keyctl: kept `team:password`\n", 0);
    sandbox.file(".keyctl.toml", "[env]\nU = \"{{ user }}:{{ team:password }}\"\n");
    let run = || sandbox.call(&["run", "--", "printenv", "U"]).run();
    assert!(run().stderr().contains(FORBIDDEN), "{}", run().stderr());
    sandbox.allow();
    run().says(&format!("app-user-1:{SECRET}\n"), "", 0);
    assert_eq!(history(&sandbox, &[])["names"], serde_json::json!(["user"]));
    assert_eq!(history(&sandbox, &["--store", "team"])["names"], serde_json::json!(["password"]));
    // Either list alone is not enough.
    for list in ["allowed", "stores/team/allowed"] {
        let path = sandbox.data(list);
        let before = std::fs::read(&path).expect("list");
        std::fs::remove_file(&path).expect("remove");
        let refused = run();
        assert!(refused.code() == 125 && refused.stderr().contains(FORBIDDEN), "{list}: {}", refused.stderr());
        std::fs::write(&path, before).expect("write");
    }
    run().says(&format!("app-user-1:{SECRET}\n"), "", 0);
    let shown = sandbox.call(&["show", "user", "--json"]).run().stdout();
    assert!(!shown.contains("app-user-1"), "{shown}");
}

#[test]
fn a_text_whose_key_is_missing_keeps_the_command_from_starting_or_is_left_out() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    sandbox.file(".keyctl.toml", "[env]\nU = \"{{ a }}-{{ none }}\"\nA = { key = \"none\", optional = true }\n");
    sandbox.allow();
    sandbox.call(&["run", "--", "true"]).run().says(
        "",
        "keyctl: no key named `none` [E03]\nkeyctl: hint: keep it with `keyctl set none`\n",
        125,
    );
    let call = ["run", "--allow-missing", "--", "sh", "-c", "echo ${U-unset}"];
    sandbox.call(&call).run().says("unset\n", "keyctl: goes on without `none`\n", 0);
}

#[test]
fn what_a_filter_or_a_variable_cannot_carry_is_said_without_the_secret() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    sandbox.secret(b"sk-\xff\xfe-binary");
    let ran = sandbox.call(&["set", "binary", "-q"]).input(b"sk-\xff\xfe-binary").run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    sandbox.configure(
        "[profiles.p]\nenv = { J = \"{{ binary | json }}\" }\n[profiles.q]\nenv = { B = \"{{ binary }}.\" }\n",
    );
    sandbox.call(&["run", "-P", "p", "--", "true"]).run().says(
        "",
        "keyctl: `J`: `binary` is no text, which `json` cannot carry [E02]\nkeyctl: hint: `base64` and `hex` carry every byte\n",
        125,
    );
    let ran = sandbox.call(&["run", "-P", "q", "--", "printenv", "B"]).run();
    assert_eq!(ran.output.stdout, b"sk-\xff\xfe-binary.\n");
}

#[test]
fn a_mistake_in_a_text_refuses_the_file_before_anything_is_opened() {
    let sandbox = Sandbox::with(&[("a", SECRET)]);
    sandbox.file(".keyctl.toml", "[env]\nU = \"x {{ a | ulr }}\"\n");
    let (ran, trace) = sandbox.call(&["run", "--", "true"]).traced("openat");
    ran.says("", "keyctl: `~/project/.keyctl.toml`, line 2, column 5: at character 3 of the text: there is no filter `ulr`; did you mean `url`? [E06]\n", 125);
    assert!(!trace.contains("store.age") && !trace.contains("identity.txt"), "{trace}");
}
