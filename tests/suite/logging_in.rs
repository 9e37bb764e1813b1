//! `source login`: a person says in the browser who they are, to a provider of identities that `OpenBao` trusts, and the token that
//! comes of it is a key.
#![cfg(feature = "sources")]

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::{
    sandbox::{Ran, Sandbox},
    vaulting::BAO,
};

/// A home whose source is logged in to with this role.
fn home(role: &str) -> Sandbox {
    BAO.line(&json!({ "oidc": "browser" }));
    let sandbox = Sandbox::with(&[("own", "own-secret-value")]);
    settings(&sandbox, role, "corp/token");
    BAO.put("app/browser", &json!({ "password": "behind-a-login" }));
    sandbox.secret("behind-a-login");
    sandbox
        .call(&["set", "db", "--source", "corp", "--ref", "secret/app/browser#password", "-q"])
        .run()
        .says("", "", 0);
    sandbox
}

fn settings(sandbox: &Sandbox, role: &str, key: &str) {
    sandbox.configure(&format!(
        "[sources.corp]\ntype = \"vault\"\naddress = \"{}\"\noidc = {{ role = \"{role}\", token = {{ key = \"{key}\" }} }}\n",
        BAO.address()
    ));
}

/// Begins a login; the code that it shows, and what goes on.
fn begin(sandbox: &Sandbox) -> (String, Child, BufReader<std::process::ChildStderr>) {
    let mut call = sandbox.call(&["source", "login", "corp"]);
    let mut child =
        call.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    let mut said = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = || {
        let mut line = String::new();
        said.read_line(&mut line).expect("read");
        line
    };
    let address = line();
    assert!(
        address.starts_with("keyctl: to log in to source `corp` open this in a browser: http://127.0.0.1:"),
        "{address}"
    );
    let asked = line();
    let code = asked
        .trim_end()
        .strip_prefix("keyctl: it asks for this code: ")
        .unwrap_or_else(|| panic!("{asked}"))
        .to_owned();
    (code, child, said)
}

/// What a person does there with a code, and what keyctl says then.
fn end(sandbox: &Sandbox, what: &str) -> (String, i32) {
    let (code, mut child, mut said) = begin(sandbox);
    BAO.line(&json!({ "oidc": code, "do": what }));
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("read");
    (rest, child.wait().expect("ended").code().expect("a code"))
}

fn get(sandbox: &Sandbox) -> Ran<'_> {
    sandbox.call(&["get", "db"]).run()
}

#[test]
fn whoever_has_logged_in_in_the_browser_fetches_with_that_until_it_is_over() {
    let sandbox = home("browser");
    let none = "keyctl: cannot fetch `db`: no key named `corp/token`, which is to be a credential of source `corp`\n\
                keyctl: hint: log in, and it is kept: `keyctl source login corp`\n";
    get(&sandbox).says("", none, 3);
    let (said, code) = end(&sandbox, "approve");
    assert!(
        code == 0
            && said
                .starts_with("keyctl: logged in to source `corp` for 20 minutes; its token is kept as `corp/token`\n"),
        "{said}"
    );
    let token = sandbox.call(&["get", "corp/token"]).run().stdout();
    sandbox.secret(&token);
    get(&sandbox).says("behind-a-login", "", 0);
    // What is refused changes nothing.
    let (said, code) = end(&sandbox, "deny");
    assert!(code == 10 && said.contains("was told that the login was refused"), "{said}");
    get(&sandbox).says("behind-a-login", "", 0);
    BAO.ask("POST", "auth/token/revoke", &json!({ "token": token }));
    let over = get(&sandbox);
    assert!(
        over.code() == 10 && over.stderr().contains("hint: log in again: `keyctl source login corp`"),
        "{}",
        over.stderr()
    );
    // Another login takes the place of the former one, of which nothing is kept.
    assert_eq!(end(&sandbox, "approve").1, 0);
    let other = sandbox.call(&["get", "corp/token"]).run().stdout();
    sandbox.secret(&other);
    assert_ne!(other, token);
    get(&sandbox).says("behind-a-login", "", 0);
    let versions = sandbox.call(&["versions", "corp/token", "--json"]).run().stdout();
    assert!(!versions.contains("\"number\":1") || versions.contains("wiped"), "{versions}");
    // What came by no login is somebody's.
    sandbox.call(&["set", "corp/token", "--replace", "-q"]).input("own-token-value").run().says("", "", 0);
    sandbox.secret("own-token-value");
    let (said, code) = end(&sandbox, "approve");
    assert!(code == 0 && said.contains("had a secret that came by no login; it is kept as a former one"), "{said}");
    sandbox.secret(sandbox.call(&["get", "corp/token"]).run().stdout());
    get(&sandbox).says("behind-a-login", "", 0);
    assert_eq!(sandbox.call(&["rollback", "corp/token", "--yes", "-q"]).run().code(), 0);
    sandbox.call(&["get", "corp/token"]).run().says("own-token-value", "", 0);
}

/// How many tokens the server has of logins with a role.
fn tokens(role: &str) -> usize {
    let listed = BAO.ask("LIST", "auth/token/accessors", &Value::Null);
    let accessors = listed["data"]["keys"].as_array().expect("a list").clone();
    let is_of_it = |accessor: &Value| {
        let asked = json!({ "method": "POST", "path": "auth/token/lookup-accessor", "body": { "accessor": accessor } });
        BAO.line(&asked).pointer("/body/data/meta/role").is_some_and(|of| of == role)
    };
    accessors.iter().filter(|accessor| is_of_it(accessor)).count()
}

#[test]
fn the_token_of_the_login_before_is_given_back() {
    let sandbox = home("leaving");
    BAO.line(&json!({ "oidc": "leaving" }));
    for _ in 0..2 {
        let (said, code) = end(&sandbox, "approve");
        assert!(code == 0 && !said.contains("given back"), "{said}");
        sandbox.secret(sandbox.call(&["get", "corp/token"]).run().stdout());
        assert_eq!(tokens("leaving"), 1);
        get(&sandbox).says("behind-a-login", "", 0);
    }
}

#[test]
fn a_token_that_cannot_be_kept_is_given_back() {
    let sandbox = home("unkept");
    BAO.line(&json!({ "oidc": "unkept" }));
    settings(&sandbox, "unkept", "db");
    let (said, code) = end(&sandbox, "approve");
    assert!(code == 2 && said.contains("`db` lies in a source, and cannot keep the token"), "{said}");
    assert!(tokens("unkept") == 0 && !said.contains("given back"), "{said}");
}

#[test]
fn a_login_that_cannot_be_is_said_before_anything_is_opened() {
    let sandbox = home("calling");
    let said = |sandbox: &Sandbox| {
        let ran = sandbox.call(&["source", "login", "corp"]).run();
        (ran.stderr(), ran.code())
    };
    let (calling, code) = said(&sandbox);
    assert!(code == 10 && calling.contains("has no login for this role that ends without a call back"), "{calling}");
    let (unknown, code) = said(&home("nobody"));
    assert!(code == 10 && unknown.contains("does not know the role (OIDC)"), "{unknown}");
    sandbox.configure("[sources.corp]\ntype = \"command\"\ncommand = [\"cat\", \"{path}\"]\n");
    sandbox.call(&["source", "login", "corp"]).run().says(
        "",
        "keyctl: source `corp` has no login in the browser in its table\n\
         keyctl: hint: a source of type `command` has none: log in with its own tools\n",
        2,
    );
}
