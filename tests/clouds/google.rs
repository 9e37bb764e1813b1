//! Secret Manager of Google Cloud.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyctl::{date::Moment, source::Source};

use crate::server::{Front, fetched, open, open_at, read, reference, soon, value, write};

const RIGHTS: &str = "may secretmanager.versions.access secretmanager.versions.add";

fn table(front: &Front, credentials: &str) -> String {
    format!("type = \"gcp-secret-manager\"\nproject = \"project-1\"\nendpoint = \"{}\"\n{credentials}\n", front.http())
}

/// A project with its secrets, and a source of it with a service account.
pub fn project() -> (Front, Box<dyn Source>) {
    let front = Front::start();
    front.ask(RIGHTS);
    let source = of(&front);
    (front, source)
}

/// A source of it, with a service account.
pub fn of(front: &Front) -> Box<dyn Source> {
    let account = front.ask("account").to_string();
    open(&table(front, "service_account = { key = \"gcp/account\" }"), &[("gcp/account", &account)])
}

pub fn keep(front: &Front, name: &str, value: &[u8]) {
    front.ask(&format!("google {name} {}", STANDARD.encode(value)));
}

#[test]
fn a_secret_is_read_newest_or_in_a_version_whole_or_one_field() {
    let (front, source) = project();
    keep(&front, "db", br#"{"password":"p-1"}"#);
    keep(&front, "db", br#"{"password":"p-2"}"#);
    assert_eq!(fetched(&*source, "db#password"), Ok(("p-2".into(), "2".into())));
    assert_eq!(fetched(&*source, "db@1#password"), Ok(("p-1".into(), "1".into())));
    assert_eq!(fetched(&*source, "projects/project-1/secrets/db@latest#password"), Ok(("p-2".into(), "2".into())));
    front.ask("end google");
    assert_eq!(value(&*source, "db#password").as_deref(), Ok("p-2"), "a token that has run out is fetched again");
}

#[test]
fn what_is_refused_is_said_for_what_it_is() {
    let (front, source) = project();
    keep(&front, "db", b"v");
    keep(&front, "bytes", &[0, 255]);
    front.ask("google-state db 1 DISABLED");
    for (place, said) in [
        (
            "no_such",
            "source `corp` at `HOST` has no secret `no_such`, or no version of it (404); look whether the reference is right, and the source's `project`",
        ),
        (
            "db@7",
            "source `corp` at `HOST` has no secret `db` in version `7` (404); look whether the reference is right, and the source's `project`",
        ),
        (
            "db",
            "source `corp` at `HOST` will not read `db`: this version is disabled or destroyed; `gcloud secrets versions enable` brings back what is disabled",
        ),
        (
            "a/b",
            "source `corp`: `a/b` is no name of a secret of Google's; it has letters, digits, `-` and `_`; that of another project is `projects/PROJECT/secrets/NAME`",
        ),
        (
            "bytes",
            "source `corp`: what lies at `bytes` is binary and no text, which no variable can hold; keep it there as text, such as in base64, and let the program decode it",
        ),
        (
            "projects/other/secrets/db",
            "source `corp` at `HOST` does not let this credential read `projects/other/secrets/db` (403); it needs `secretmanager.versions.access`; `keyctl source test corp` says what it may do",
        ),
    ] {
        assert_eq!(value(&*source, place).expect_err(place), said);
    }
    keep(&front, "db", b"v");
    front.ask("deny google-sum");
    assert_eq!(
        value(&*source, "db").expect_err("wrong"),
        "source `corp` at `HOST` gives `db` with a checksum that is not its own; try again"
    );
    front.ask("may");
    assert!(value(&*source, "db").is_err_and(|said| said.contains("does not let this credential read `db` (403)")));
}

#[test]
fn a_service_account_signs_for_itself_and_what_is_none_is_not_quoted() {
    let (front, _source) = project();
    keep(&front, "db", b"v");
    let with = |account: &str, clock| {
        let source =
            open_at(&table(&front, "service_account = { key = \"gcp/account\" }"), &[("gcp/account", account)], clock);
        value(&*source, "db")
    };
    let account = front.ask("account").to_string();
    assert_eq!(with(&account, Moment::now).as_deref(), Ok("v"));
    // Whatever its file says, its statement goes to Google, or to what the table names.
    let elsewhere = account.replace("/token\"", "/elsewhere\"");
    assert_eq!(with(&elsewhere, Moment::now).as_deref(), Ok("v"));
    let of_nobody = account.replace("\"key-1\"", "\"key-2\"");
    let said = with(&of_nobody, Moment::now).expect_err("unknown");
    assert_eq!(
        said,
        "source `corp`: the login at `HOST` does not accept the service account; its key may have been deleted; look which key of the store holds its file"
    );
    let late = || Moment::from_seconds(Moment::now().seconds() - 3600);
    let said = with(&account, late).expect_err("too old");
    assert_eq!(
        said,
        "source `corp`: the login at `HOST` does not accept the service account: this machine's clock is 60 minutes behind; set the clock, then try again"
    );
    for (account, what) in [
        ("a-secret".to_owned(), "holds no JSON"),
        ("{\"client_email\":\"a-secret\"}".to_owned(), "lacks `client_email`, `private_key_id` or `private_key`"),
        (account.replace("PRIVATE KEY", "PUBLIC KEY"), "has a `private_key` that is none"),
    ] {
        let said = with(&account, Moment::now).expect_err(what);
        assert!(said.contains(what) && !said.contains("a-secret"), "{said}");
    }
}

#[test]
fn a_new_version_is_written_only_over_the_one_that_was_seen() {
    let (front, source) = project();
    keep(&front, "db", br#"{"user":"u","password":"p-1"}"#);
    assert_eq!(write(&*source, "db#password", "p-2", Some("1"), "1").as_deref(), Ok("2"));
    assert_eq!(value(&*source, "db").as_deref(), Ok(r#"{"user":"u","password":"p-2"}"#));
    assert!(
        write(&*source, "db", "x", Some("1"), "2")
            .is_err_and(|said| said.contains("there is version `2` and not version `1`"))
    );
    let said = write(&*source, "new", "v", None, "3").expect_err("it has to be made first");
    assert!(said.contains("has no such secret: it was to write `new` (404); make it first"), "{said}");
}

#[test]
fn the_account_of_the_machine_and_the_command_line_of_google_are_used_where_the_table_says_so() {
    let front = Front::start();
    front.ask(RIGHTS);
    keep(&front, "db", b"v");
    assert_eq!(value(&*open(&table(&front, "credentials = \"metadata\""), &[]), "db").as_deref(), Ok("v"));
    let bin = front.folder.path().join("bin");
    fs::create_dir_all(&bin).expect("make");
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = 'auth print-access-token' ] || exit 9\n\
         curl -s -H 'Metadata-Flavor: Google' {}/computeMetadata/v1/instance/service-accounts/default/token | sed 's/.*access_token\": \"\\([^\"]*\\).*/\\1/'\n",
        front.http()
    );
    fs::write(bin.join("gcloud"), script).expect("write");
    fs::set_permissions(bin.join("gcloud"), fs::Permissions::from_mode(0o700)).expect("mode");
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "--ignored", "--nocapture", "ways::call"]).env_clear();
    command.env("HOME", front.folder.path()).env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.env("CLOUDS_TABLE", table(&front, "credentials = \"cli\"")).env("CLOUDS_PLACE", "db");
    let output = command.output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("CAME TO: v\n"), "{said}");
}

#[test]
fn the_rights_of_an_account_are_told() {
    let (front, source) = project();
    keep(&front, "db", b"v");
    let there = reference("db");
    let told = || source.abilities(&[&there], soon()).map_err(|failure| failure.message).expect("told");
    let may = told();
    assert_eq!(may.who.as_deref(), Some("keyctl@project-1.iam.gserviceaccount.com"));
    assert_eq!((may.of[0].read, may.of[0].write, may.more.len()), (Some(true), Some(true), 0));
    front.ask("may secretmanager.versions.access secretmanager.secrets.delete");
    let may = told();
    assert_eq!((may.of[0].write, may.more), (Some(false), vec!["may delete `db`".to_owned()]));
}

#[test]
fn what_a_table_cannot_mean_is_said_with_its_place() {
    let folder = tempfile::tempdir().expect("folder");
    for (more, what) in [
        ("", "`project` has to be here"),
        ("project = \"A/b\"\n", "that is no project's id or number"),
        ("project = \"p\"\n", "`service_account` has to be here"),
        ("project = \"p\"\nservice_account = \"{}\"\n", "no secret stands in this file"),
        ("project = \"p\"\ncredentials = \"adc\"\n", "this is `service-account`, `metadata` or `cli`"),
        (
            "project = \"p\"\ncredentials = \"cli\"\nservice_account = { key = \"a\" }\n",
            "either this or `service_account`",
        ),
    ] {
        let said = read(folder.path(), &format!("type = \"gcp-secret-manager\"\n{more}")).expect_err(more);
        assert!(said.contains(what), "{more}: {said}");
    }
}
