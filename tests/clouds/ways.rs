//! Where AWS's credentials come from: as the source's table says, and from nowhere else. Each source is opened in a process of its
//! own, with a home and variables of its own.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, sync::LazyLock};

use crate::server::{Front, MOTO, fresh, keep, open, user, value};

/// A role that may read secrets, one of its secrets, and credentials of it that are for a time.
struct Role {
    arn: String,
    secret: String,
    lent: [String; 3],
}

static ROLE: LazyLock<Role> = LazyLock::new(|| {
    let (role, secret) = (fresh("role"), fresh("app/db"));
    let arn = MOTO.ask(&format!("role {role} secretsmanager:GetSecretValue"))["arn"].as_str().expect("text").to_owned();
    keep("secret", &secret, b"a-value");
    let session = MOTO.ask(&format!("session {role}"));
    let lent = ["id", "secret", "token"].map(|half| session[half].as_str().expect("text").to_owned());
    Role { arn, secret, lent }
});

/// AWS and its ways to the role's credentials.
fn front() -> Front {
    let front = Front::of_aws();
    front.ask(&format!("lend {}", ROLE.lent.join(" ")));
    fs::create_dir_all(front.folder.path().join(".aws/sso/cache")).expect("make");
    front
}

fn table(front: &Front, more: &str) -> String {
    format!("type = \"aws-secrets-manager\"\nregion = \"eu-central-1\"\nendpoint = \"{}\"\n{more}", front.http())
}

/// What the source comes to in a process with this home and these variables alone.
fn called(front: &Front, more: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "--ignored", "--nocapture", "ways::call"]).env_clear();
    command.env("HOME", front.folder.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("KEYCTL_TEST_TOOLS", crate::server::tools()).envs(variables.iter().copied());
    command.env("CLOUDS_TABLE", table(front, more)).env("CLOUDS_PLACE", &ROLE.secret);
    let output = command.output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = said.lines().find_map(|line| line.split_once("CAME TO: "));
    found.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr))).1.to_owned()
}

#[test]
#[ignore = "a part of the other tests"]
#[expect(clippy::print_stdout, reason = "another process reads it")]
fn call() {
    let of = |name: &str| std::env::var(name).expect("set");
    let came = value(&*open(&of("CLOUDS_TABLE"), &[]), &of("CLOUDS_PLACE"));
    println!("CAME TO: {}", came.unwrap_or_else(|said| said));
}

fn write(front: &Front, file: &str, text: &str) {
    let path = front.folder.path().join(file);
    fs::write(&path, text).expect("write");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
}

#[test]
fn a_profile_leads_to_a_key_a_role_a_program_or_a_login() {
    let front = front();
    let (id, secret) = user("sts:AssumeRole");
    let [lent_id, lent_secret, lent_token] = &ROLE.lent;
    let program = front.folder.path().join("give credentials");
    write(
        &front,
        "give credentials",
        &format!(
            "#!/bin/sh\n[ \"$1\" = 'a b' ] && [ ! -t 0 ] && [ -z \"$(cat)\" ] || exit 9\n\
         echo '{{\"Version\":1,\"AccessKeyId\":\"{lent_id}\",\"SecretAccessKey\":\"{lent_secret}\",\"SessionToken\":\"{lent_token}\"}}'\n"
        ),
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("mode");
    write(
        &front,
        ".aws/credentials",
        &format!(
            "[base]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n\
         [lent]\naws_access_key_id = {lent_id}\naws_secret_access_key = {lent_secret}\naws_session_token = {lent_token}\n"
        ),
    );
    let arn = &ROLE.arn;
    write(
        &front,
        ".aws/config",
        &format!(
            "[profile work]\nrole_arn = {arn}\nsource_profile = base\nexternal_id = outside\n\
         [profile stranger]\nrole_arn = {arn}\nsource_profile = base\nexternal_id = inside\n\
         [profile program]\ncredential_process = '{}' 'a b'\n\
         [profile broken]\ncredential_process = /bin/echo {{}}\n\
         [profile relative]\ncredential_process = bin/give\n\
         [profile login]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = a-role\n\
         [profile other-role]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = another\n\
         [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n\
         [profile one]\nrole_arn = {arn}\nsource_profile = two\n[profile two]\nrole_arn = {arn}\nsource_profile = one\n\
         [profile code]\nrole_arn = {arn}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n\
         [profile variables]\nrole_arn = {arn}\ncredential_source = Environment\n[profile nothing]\nregion = x\n",
            program.display()
        ),
    );
    let of = |profile: &str| called(&front, &format!("profile = \"{profile}\"\n"), &[]);
    for profile in ["work", "lent", "program"] {
        assert_eq!(of(profile), "a-value", "{profile}");
    }
    let needs = "source `corp`: the AWS profile `login` needs a login that";
    assert_eq!(of("login"), format!("{needs} is not there; log in: `aws sso login --profile login`"));
    let login = |token: &str, ends: &str| {
        write(
            &front,
            ".aws/sso/cache/1f.json",
            &format!(
                "{{\"startUrl\":\"https://corp.awsapps.com/start\",\"region\":\"eu-west-1\",\"accessToken\":\"{token}\",\"expiresAt\":\"{ends}\"}}"
            ),
        );
    };
    login("an-sso-token", "2020-01-01T00:00:00Z");
    assert_eq!(of("login"), format!("{needs} has run out; log in: `aws sso login --profile login`"));
    login("an-sso-token", "2999-01-01T00:00:00Z");
    assert_eq!(of("login"), "a-value");
    assert_eq!(
        of("other-role"),
        "source `corp` at `HOST` does not let this login use the role `another` of `123456789012`"
    );
    login("a-wrong-token", "2999-01-01T00:00:00Z");
    assert_eq!(
        of("login"),
        "source `corp` at `HOST` does not accept the login any more; log in: `aws sso login --profile login`"
    );
    for (profile, said) in [
        ("one", "source `corp`: the AWS profile `two` leads in a circle, or through too many profiles"),
        ("nothing", "source `corp`: the AWS profile `nothing` names no credentials"),
        (
            "broken",
            "source `corp`: the AWS profile `broken` has a `credential_process` that prints no credentials of `\"Version\": 1`",
        ),
        (
            "none",
            "source `corp`: no AWS credentials are found by `profile`; its table in `config.toml` says where they come from",
        ),
    ] {
        assert_eq!(of(profile), said);
    }
    for (profile, part) in [
        ("relative", "`bin/give` is a relative path"),
        ("code", "with a code of a second factor, which nobody can be asked for here"),
        ("variables", "takes credentials from the environment, which a repository may set"),
        ("stranger", "does not let this credential assume the role"),
    ] {
        let said = of(profile);
        assert!(said.contains(part), "{profile}: {said}");
    }
    fs::set_permissions(front.folder.path().join(".aws/config"), fs::Permissions::from_mode(0o606)).expect("mode");
    assert!(of("work").starts_with("source `corp`: other users may change `"), "{}", of("work"));
}

#[test]
fn what_a_machine_and_a_container_are_given_is_used_where_the_table_says_so() {
    let front = front();
    assert_eq!(called(&front, "credentials = \"instance\"\n", &[]), "a-value");
    let whole = format!("{}/v2/credentials/a-task", front.http());
    let token = front.folder.path().join("token");
    fs::write(&token, "a-container-token\n").expect("write");
    let container = |variables: &[(&str, &str)]| {
        let uri = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", whole.as_str())];
        called(&front, "credentials = \"container\"\n", &[&uri, variables].concat())
    };
    assert_eq!(container(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a-container-token")]), "a-value");
    assert_eq!(container(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().expect("text"))]), "a-value");
    assert_eq!(container(&[]), "source `corp`: what gives this container credentials at `HOST` gives none (401)");
    let far = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/v2")];
    assert!(
        called(&front, "credentials = \"container\"\n", &far)
            .contains("cannot come from the address that its variable names")
    );
    assert_eq!(called(&front, "credentials = [\"environment\", \"container\", \"instance\"]\n", &[]), "a-value");
    let none = called(&front, "credentials = [\"environment\", \"container\"]\n", &[]);
    assert!(
        none.starts_with("source `corp`: no AWS credentials are found by `environment` or `container`; "),
        "{none}"
    );
}

#[test]
fn variables_count_only_where_the_table_says_so() {
    let front = front();
    let [id, secret, token] = &ROLE.lent;
    let good = [("AWS_ACCESS_KEY_ID", id.as_str()), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_SESSION_TOKEN", token)];
    assert_eq!(called(&front, "credentials = \"environment\"\n", &good), "a-value");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    listener.set_nonblocking(true).expect("set");
    let elsewhere = format!("http://{}", listener.local_addr().expect("address"));
    write(
        &front,
        ".aws/credentials",
        &format!("[lent]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\naws_session_token = {token}\n"),
    );
    let planted = [
        ("AWS_PROFILE", "planted"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
        ("AWS_ENDPOINT_URL", &elsewhere),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &elsewhere),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &elsewhere),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &elsewhere),
        ("AWS_CONFIG_FILE", "/nowhere"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
        ("AWS_REGION", "us-west-2"),
        ("HTTP_PROXY", &elsewhere),
        ("ALL_PROXY", &elsewhere),
    ];
    assert_eq!(called(&front, "profile = \"lent\"\n", &planted), "a-value");
    assert_eq!(called(&front, "credentials = \"instance\"\n", &planted), "a-value");
    assert!(listener.accept().is_err(), "nobody was asked that the table does not name");
}

#[test]
fn a_role_that_the_table_names_is_assumed_with_a_key_of_the_store() {
    let (id, secret) = user("sts:AssumeRole");
    let keys = [("aws/id", id.as_str()), ("aws/secret", &secret)];
    let table = |external: &str| {
        format!(
            "type = \"aws-secrets-manager\"\nregion = \"eu-central-1\"\nendpoint = \"{}\"\naccess_key = {{ key = \"aws/id\" }}\n\
             secret_key = {{ key = \"aws/secret\" }}\nrole = \"{}\"\nexternal_id = \"{external}\"\n",
            MOTO.text("address"),
            ROLE.arn
        )
    };
    assert_eq!(value(&*open(&table("outside"), &keys), &ROLE.secret).as_deref(), Ok("a-value"));
    let said = value(&*open(&table("inside"), &keys), &ROLE.secret).expect_err("another");
    assert!(said.contains(&format!("does not let this credential assume the role `{}`", ROLE.arn)), "{said}");
}

#[test]
fn what_a_table_cannot_mean_is_said_with_its_place() {
    let folder = tempfile::tempdir().expect("folder");
    let said = |table: &str| crate::server::read(Path::new(folder.path()), table).expect_err(table);
    let head = "type = \"aws-ssm\"\nregion = \"eu-central-1\"\n";
    let nowhere = "it says nowhere what its credentials are: `profile`, `access_key` with `secret_key`, or `credentials` with \
                   `environment`, `container` or `instance`";
    for (more, what) in [
        ("", nowhere),
        ("access_key = { key = \"a\" }\n", "`access_key` and `secret_key` belong together"),
        ("access_key = \"AKIAIOSFODNN7EXAMPLE\"\nsecret_key = { key = \"a\" }\n", "no secret stands in this file"),
        (
            "profile = \"x\"\naccess_key = { key = \"a\" }\nsecret_key = { key = \"b\" }\n",
            "`credentials` has to say in which order",
        ),
        ("credentials = \"keys\"\n", "`access_key` and `secret_key` have to be here for that"),
        ("credentials = [\"instance\", \"instance\"]\n", "it is there already"),
        ("credentials = \"ec2\"\n", "this is `keys`, `profile`, `environment`, `container` or `instance`"),
        ("profile = \"x\"\nrole = \"reader\"\n", "this is no role's ARN"),
        ("profile = \"x\"\nendpoint = \"http://example.com\"\n", "plain `http` is for this machine alone"),
        ("profile = \"x\"\nca = \"ca.pem\"\n", "this is no file by its whole path"),
    ] {
        let said = said(&format!("{head}{more}"));
        assert!(said.contains(what) && !said.contains("AKIA"), "{more}: {said}");
    }
    assert!(said("type = \"aws-ssm\"\nprofile = \"x\"\n").contains("`region` has to be here"));
    assert!(said("type = \"aws-ssm\"\nprofile = \"x\"\nregion = \"EU\"\n").contains("that is no AWS region"));
}
