//! The makers' own clients against the servers that play the makers: what Microsoft's, Google's and Amazon's code for Python takes for
//! the service is what keyctl is tested against.

use crate::server::{Front, MOTO, fresh, keep, python, root};

fn client(front: &Front, what: &str, arguments: &[&str]) {
    let mut command = python();
    command.arg(root().join("tests/clouds/clients.py")).arg(what).arg(front.said().to_string()).args(arguments);
    let path = format!("{}:/usr/bin:/bin", front.folder.path().join("bin").display());
    command.env_clear().env("HOME", front.folder.path()).env("PATH", path);
    let output = command.output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said == "as it should be\n",
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn microsofts_own_client_takes_the_server_for_a_vault() {
    let front = Front::start();
    front.write_az();
    client(&front, "azure", &[]);
}

#[test]
fn googles_own_client_takes_the_server_for_its_secret_manager() {
    let front = Front::start();
    front.ask("may secretmanager.versions.access secretmanager.versions.add");
    front.ask("google db cC0x");
    client(&front, "google", &[]);
}

#[test]
fn onepasswords_own_client_takes_the_server_for_a_connect_server() {
    let front = Front::start();
    let kept = front.ask(&format!("connect {}", crate::connect::database("Shop", "Data base")));
    let ids = ["vault", "item"].map(|id| kept[id].as_str().expect("text").to_owned());
    client(&front, "connect", &ids.each_ref().map(String::as_str));
}

#[test]
fn amazons_own_client_takes_the_server_for_its_ways_to_credentials() {
    let front = Front::of_aws();
    let (role, secret) = (fresh("role"), fresh("app/db"));
    MOTO.ask(&format!("role {role} secretsmanager:GetSecretValue"));
    keep("secret", &secret, b"a-value");
    let session = MOTO.ask(&format!("session {role}"));
    let lent = ["id", "secret", "token"].map(|half| session[half].as_str().expect("text"));
    front.ask(&format!("lend {}", lent.join(" ")));
    front.ask("may iam:SimulatePrincipalPolicy sts:AssumeRole");
    client(&front, "aws", &[&secret]);
}
