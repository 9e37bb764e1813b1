//! The whole way, as a user goes it: a source is set up, a key refers to it, a command gets what lies there.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::server::{Front, fresh, keep, user};

fn keyctl(home: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyctl"));
    command.args(arguments).env_clear().env("HOME", home).env("KEYCTL_HOME", home.join("kept")).current_dir(home);
    command.env("PATH", "/usr/bin:/bin").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("write");
    child.wait_with_output().expect("ended")
}

/// What a call prints; it must end well.
#[track_caller]
fn good(home: &Path, arguments: &[&str], input: &str) -> String {
    let Output { status, stdout, stderr } = keyctl(home, arguments, input);
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}

fn nowhere_below(folder: &Path, secret: &str) {
    for entry in fs::read_dir(folder).expect("list").flatten() {
        let path = entry.path();
        if path.is_dir() {
            nowhere_below(&path, secret);
        } else {
            let bytes = fs::read(&path).expect("read");
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn a_command_gets_what_lies_at_aws_with_a_request_a_secret_and_nothing_of_it_stays_here() {
    let folder = tempfile::tempdir().expect("folder");
    let home = folder.path();
    let (front, (id, secret)) = (Front::of_aws(), user("secretsmanager:GetSecretValue"));
    good(home, &["set", "aws/id"], &id);
    good(home, &["set", "aws/secret"], &secret);
    let endpoint = front.http();
    let add =
        ["source", "add", "corp", "--type", "aws-secrets-manager", "--region", "eu-central-1", "--endpoint", &endpoint];
    let credentials = ["--credential", "access_key=aws/id", "--credential", "secret_key=aws/secret"];
    good(home, &[&add[..], &credentials].concat(), "");
    let mut run = vec!["run".to_owned()];
    for at in 0..20 {
        let place = fresh("app/db");
        keep("secret", &place, format!("{{\"password\":\"fetched-{at}\"}}").as_bytes());
        good(home, &["set", &format!("db/{at}"), "--source", "corp", "--ref", &format!("{place}#password")], "");
        run.extend(["-k".to_owned(), format!("DB_{at}=db/{at}")]);
    }
    run.extend(["--", "sh", "-c", "printf '%s %s' \"$DB_0\" \"$DB_19\""].map(str::to_owned));
    front.ask("log");
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    assert_eq!(good(home, &run, ""), "fetched-0 fetched-19");
    assert_eq!(front.talker.count("POST /"), 20);
    assert_eq!(good(home, &["get", "db/7"], ""), "fetched-7");
    nowhere_below(home, "fetched-7");
    nowhere_below(home, &secret);
    let tested = keyctl(home, &["source", "test", "corp"], "");
    let said = String::from_utf8_lossy(&[tested.stdout, tested.stderr].concat()).into_owned();
    assert!(
        said.contains("arn:aws:iam::123456789012:user/user-") && said.contains("iam:SimulatePrincipalPolicy"),
        "{said}"
    );
    // A plain run asks nobody.
    front.ask("log");
    good(home, &["run", "-k", "ID=aws/id", "--", "true"], "");
    assert_eq!(front.ask("log").as_array().map(Vec::len), Some(0));
}

#[test]
fn a_command_gets_nothing_where_one_place_cannot_be_read() {
    let folder = tempfile::tempdir().expect("folder");
    let home = folder.path();
    let front = Front::start();
    front.ask("may secretmanager.versions.access");
    front.ask("google db dg==");
    good(home, &["set", "gcp/account"], &front.ask("account").to_string());
    let config = format!(
        "[sources.corp]\ntype = \"gcp-secret-manager\"\nproject = \"project-1\"\nendpoint = \"{}\"\n\
         service_account = {{ key = \"gcp/account\" }}\n",
        front.http()
    );
    fs::write(home.join("kept/config.toml"), config).expect("write");
    for (key, place) in [("good", "db"), ("gone", "no_such"), ("old", "db@9")] {
        good(home, &["set", key, "--source", "corp", "--ref", place], "");
    }
    assert_eq!(good(home, &["run", "-k", "A=good", "--", "sh", "-c", "printf %s \"$A\""], ""), "v");
    let ran =
        keyctl(home, &["run", "-k", "A=good", "-k", "B=gone", "-k", "C=old", "--", "sh", "-c", "echo started"], "");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(125), 0), "{said}");
    assert!(
        said.contains("has no secret `no_such`") && said.contains("`db` in version `9`") && said.contains("[E10]"),
        "{said}"
    );
}
