//! Azure Key Vault, over TLS with an authority of its own.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use keyctl::source::Source;

use crate::server::{Front, fetched, open, read, reference, soon, value, write};

/// A vault, and a source of it with a service principal.
pub fn vault() -> (Front, Box<dyn Source>) {
    let front = Front::start();
    let source = of(&front);
    (front, source)
}

/// A source of its vault, with a service principal.
pub fn of(front: &Front) -> Box<dyn Source> {
    open(&table(front), &[("azure/secret", "a-client-secret")])
}

fn base(front: &Front) -> String {
    let (address, ca) = (front.talker.text("https"), front.talker.text("ca"));
    format!(
        "type = \"azure-key-vault\"\naddress = \"{address}\"\nresource = \"https://vault.azure.net\"\nca = \"{ca}\"\n"
    )
}

fn table(front: &Front) -> String {
    let said = |name: &str| front.talker.text(name);
    format!(
        "{}login = \"{}\"\ntenant = \"{}\"\nclient = \"{}\"\nclient_secret = {{ key = \"azure/secret\" }}\n",
        base(front),
        said("https"),
        said("tenant"),
        said("client")
    )
}

fn version(front: &Front, line: &str) -> String {
    front.ask(line)["version"].as_str().expect("text").to_owned()
}

#[test]
fn a_secret_is_read_newest_or_in_a_version_whole_or_one_field_with_one_login() {
    let (front, source) = vault();
    let first = version(&front, "azure db {\"user\":\"u\",\"password\":\"p-1\"}");
    let second = version(&front, "azure db {\"user\":\"u\",\"password\":\"p-2\"}");
    front.ask("log");
    assert_eq!(fetched(&*source, "db#password"), Ok(("p-2".into(), second)));
    assert_eq!(fetched(&*source, &format!("db@{first}#password")), Ok(("p-1".into(), first)));
    let asked = front.ask("log");
    let logins =
        asked.as_array().expect("a list").iter().filter(|line| line.as_str().is_some_and(|it| it.ends_with("/token")));
    assert_eq!(logins.count(), 1);
    front.ask("end azure");
    assert_eq!(value(&*source, "db#user").as_deref(), Ok("u"), "a token that has run out is fetched again");
}

#[test]
fn what_is_refused_is_said_for_what_it_is() {
    let (front, source) = vault();
    version(&front, "azure off v");
    front.ask("azure-state off disabled");
    version(&front, "azure gone v");
    front.ask("azure-state gone deleted");
    for (place, said) in [
        (
            "no-such",
            "source `corp` at `HOST` has no secret `no-such` (404); look whether the reference is right; a deleted one may be brought back by who may do that",
        ),
        ("off", "source `corp` at `HOST` will not read `off`: it is switched off; who may change it has to enable it"),
        (
            "a/b",
            "source `corp`: `a/b` is no name of a secret in a key vault; it has letters, digits and `-`, and at most 127 of them",
        ),
    ] {
        assert_eq!(value(&*source, place).expect_err(place), said);
    }
    assert!(
        write(&*source, "gone", "v", None, "1")
            .is_err_and(|said| said.contains("it was deleted, and can be brought back"))
    );
    let wrong = open(&table(&front), &[("azure/secret", "another-secret")]);
    let said = value(&*wrong, "off").expect_err("refused");
    assert_eq!(
        said,
        "source `corp`: the login at `HOST` does not accept the client's secret; it is the secret's value, and not its id; look which \
         key of the store holds it"
    );
    let other = table(&front).replace("11111111-2222", "99999999-2222");
    assert!(
        value(&*open(&other, &[("azure/secret", "a-client-secret")]), "off")
            .is_err_and(|said| said.contains("knows no such tenant"))
    );
    front.ask("fail 429 9 Throttled 90");
    assert_eq!(
        value(&*source, "db").expect_err("busy"),
        "source `corp` at `HOST` is asked too often just now (429); it wants to be asked again in 90 seconds"
    );
}

#[test]
fn a_token_is_never_for_what_an_answer_asks() {
    let (front, _source) = vault();
    let other = table(&front).replace("https://vault.azure.net", "https://management.azure.com");
    let said = value(&*open(&other, &[("azure/secret", "a-client-secret")]), "db").expect_err("refused");
    assert!(said.starts_with("source `corp`: the login at `HOST` is refused (400)"), "{said}");
    let identity = format!("{}credentials = \"managed-identity\"\nidentity = \"{}\"\n", base(&front), front.http());
    front.ask("end azure");
    assert!(value(&*open(&identity, &[]), "db").is_err_and(|said| said.contains("has no secret `db`")));
}

#[test]
fn a_new_version_keeps_what_is_beside_it_and_is_written_only_over_the_one_that_was_seen() {
    let (front, source) = vault();
    let first = version(&front, "azure db {\"user\":\"u\",\"password\":\"p-1\"}");
    let second = write(&*source, "db#password", "p \"2\"", Some(&first), "1").expect("written");
    assert_eq!(fetched(&*source, "db#password"), Ok(("p \"2\"".into(), second.clone())));
    assert_eq!(value(&*source, "db#user").as_deref(), Ok("u"));
    let said = write(&*source, "db", "x", Some(&first), "2").expect_err("changed");
    assert!(
        said.contains(&format!("there is version `{second}` and not version `{first}`; nothing was written")),
        "{said}"
    );
    assert_eq!(source.newest(&reference("new").place, soon()).map_err(|failure| failure.message), Ok(None));
    let made = write(&*source, "new", "v", None, "3").expect("made");
    assert_eq!(fetched(&*source, "new"), Ok(("v".into(), made)));
}

#[test]
fn the_end_of_a_version_is_told_and_a_new_one_has_none() {
    let (front, source) = vault();
    let first = version(&front, "azure db v-1");
    let ends = || {
        let fetched = source.fetch(&reference("db").place, &[None], soon()).map_err(|failure| failure.message);
        let looked = source.look(&reference("db"), soon()).map_err(|failure| failure.message);
        let (fetched, looked) = (fetched.expect("fetched").expires, looked.expect("looked").expires);
        assert_eq!(fetched, looked);
        fetched.map(|end| end.seconds() - keyctl::date::Moment::now().seconds())
    };
    assert_eq!(ends(), None);
    front.ask("azure-ends db 259200");
    assert!(ends().is_some_and(|left| (259_190..=259_200).contains(&left)));
    // It is of that version: nobody has said when the new one ends.
    write(&*source, "db", "v-2", Some(&first), "1").expect("written");
    assert_eq!(ends(), None);
}

#[test]
fn the_identity_of_the_machine_and_the_command_line_of_azure_are_used_where_the_table_says_so() {
    let front = Front::start();
    version(&front, "azure db v");
    let identity = format!("{}credentials = \"managed-identity\"\nidentity = \"{}\"\n", base(&front), front.http());
    assert_eq!(value(&*open(&identity, &[]), "db").as_deref(), Ok("v"));
    let other = format!("{identity}client = \"another\"\n");
    let said = value(&*open(&other, &[]), "db").expect_err("none");
    assert_eq!(
        said,
        "source `corp`: the managed identity at `HOST` is not given out (400); look whether this machine has one, and which `client` it is"
    );
    let endpoint = format!("{}/msi/token", front.http());
    let given = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "an-identity-header")];
    let table = format!("{}credentials = \"managed-identity\"\n", base(&front));
    assert_eq!(called(&front, &table, &given), "v");
    let cli = format!("{}credentials = \"cli\"\n", base(&front));
    front.write_az();
    assert_eq!(called(&front, &cli, &[]), "v");
    let out = called(&front, &cli, &[("AZ_LOGGED_OUT", "1")]);
    assert_eq!(out, "source `corp`: the program `az` ended with exit code 1; log in: `az login`");
}

/// What the source comes to in a process with these variables alone.
fn called(front: &Front, table: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "--ignored", "--nocapture", "ways::call"]).env_clear();
    let path = format!("{}:/usr/bin:/bin", front.folder.path().join("bin").display());
    command.env("HOME", front.folder.path()).env("PATH", path).env("CLOUDS_TABLE", table).env("CLOUDS_PLACE", "db");
    let output = command.envs(variables.iter().copied()).output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().find_map(|line| line.split_once("CAME TO: ")).unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

impl Front {
    /// A command line of Azure that takes just what Microsoft's own client calls it with, and gets its token from the server.
    pub fn write_az(&self) {
        let bin = self.folder.path().join("bin");
        fs::create_dir_all(&bin).expect("make");
        let script = format!(
            "#!/bin/sh\n[ -z \"$AZ_LOGGED_OUT\" ] || {{ echo 'Please run az login' >&2; exit 1; }}\n[ -z \"$(cat)\" ] || exit 8\n\
             case \"$*\" in\n'account get-access-token --output json --resource https://vault.azure.net'*) ;;\n*) exit 9 ;;\nesac\n\
             case \"$7\" in '' | --tenant) ;; *) exit 9 ;; esac\n\
             curl -s -H 'Metadata: true' '{}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net' |\n\
             sed 's/\"access_token\"/\"accessToken\"/; s/\"expires_on\": \"\\([0-9]*\\)\"/\"expires_on\": \\1/'\n",
            self.http()
        );
        fs::write(bin.join("az"), script).expect("write");
        fs::set_permissions(bin.join("az"), fs::Permissions::from_mode(0o700)).expect("mode");
    }
}

#[test]
fn the_rights_of_an_identity_are_told_as_far_as_azure_tells_them() {
    let (front, source) = vault();
    version(&front, "azure db v");
    let there = reference("db");
    let told = source.abilities(&[&there], soon()).map_err(|failure| failure.message).expect("told");
    assert!(told.who.is_some_and(|who| who.starts_with("the application `66666666-")));
    assert_eq!((told.of[0].read, told.of[0].write), (Some(true), None));
    assert_eq!(told.more, ["may list the names of all secrets of the vault"]);
    front.ask("deny azure-list");
    let told = source.abilities(&[&there], soon()).map_err(|failure| failure.message).expect("told");
    assert!(told.more.is_empty() && told.unknown.len() == 1);
}

#[test]
fn what_a_table_cannot_mean_is_said_with_its_place() {
    let folder = tempfile::tempdir().expect("folder");
    let said = |more: &str| read(folder.path(), &format!("type = \"azure-key-vault\"\n{more}")).expect_err(more);
    for (more, what) in [
        ("", "`address` has to be here"),
        (
            "address = \"https://x.example.com\"\ncredentials = \"cli\"\n",
            "so `resource` has to say what tokens are for",
        ),
        ("address = \"https://vault.azure.net\"\ncredentials = \"cli\"\n", "so `resource` has to say"),
        ("address = \"https://x.vault.azure.net\"\n", "`tenant`, `client` and `client_secret` have to be here"),
        ("address = \"https://x.vault.azure.net\"\nclient_secret = \"abc~secret\"\n", "no secret stands in this file"),
        (
            "address = \"https://x.vault.azure.net\"\ncredentials = \"login\"\n",
            "this is `client-secret`, `managed-identity` or `cli`",
        ),
        ("address = \"https://x.vault.azure.net\"\ncredentials = \"cli\"\ntenant = \"-x\"\n", "this is an id"),
        (
            "address = \"https://x.vault.azure.net\"\ncredentials = \"cli\"\nresource = \"http://x\"\n",
            "this is an address such as",
        ),
    ] {
        let said = said(more);
        assert!(said.contains(what) && !said.contains("abc~secret"), "{more}: {said}");
    }
}
