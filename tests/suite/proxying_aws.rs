//! AWS's own library, which signs with placeholders: what it asks for is signed anew on the way, and moto holds the signature
//! against the key as AWS would.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use crate::{rotating_aws::AWS, sandbox::Sandbox, tools};

/// TLS in front of moto.
struct Front {
    folder: tempfile::TempDir,
    port: u16,
    _child: Child,
}

const REGION: &str = "eu-central-1";

static FRONT: LazyLock<Front> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("folder");
    let mut command = Command::new(tools::python());
    command.arg(tools::root().join("tests/suite/tls_front.py")).arg(folder.path());
    command.arg(AWS.address.trim_start_matches("http://").trim_end_matches('/'));
    command.args(["*.eu-central-1.amazonaws.com", "*.s3.eu-central-1.amazonaws.com", "other.test"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a port");
    Front { port: line.trim().parse().expect("a port"), folder, _child: child }
});

const PAIR: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// A store with what AWS gave out for a user or a role, and a rule for it with `more` in it.
fn sandbox(asked: &str, more: &str) -> Sandbox {
    let said = AWS.ask(asked);
    let text = |name: &str| said[name].as_str().expect("a text").to_owned();
    let sandbox = Sandbox::with(&[(PAIR[1], &text("secret"))]);
    let kind = if said["token"].is_string() { "AWS temporary access key id" } else { "AWS access key id" };
    sandbox.set(PAIR[0], &text("id")).says("", &format!("keyctl: kept `{}` ({kind})\n", PAIR[0]), 0);
    if said["token"].is_string() {
        sandbox.set("AWS_SESSION_TOKEN", &text("token")).says("", "keyctl: kept `AWS_SESSION_TOKEN`\n", 0);
    }
    rule(&sandbox, more);
    sandbox
}

fn rule(sandbox: &Sandbox, more: &str) {
    let ca = FRONT.folder.path().join("ca.pem");
    let there = format!("address = \"127.0.0.1:{}\"\nca = \"{}\"", FRONT.port, ca.display());
    sandbox.configure(&format!("[[proxy.rules]]\nsecret = \"AWS_*\"\npreset = \"aws\"\n{there}\n{more}\n"));
}

/// What a script of Python says that has these keys by the proxy.
#[track_caller]
fn said(sandbox: &Sandbox, keys: &[&str], script: &str) -> String {
    let begin = "import os, sys, boto3, botocore, urllib.request\nfrom botocore.config import Config\n\
                 session = boto3.session.Session(region_name='eu-central-1')\n\
                 once = Config(retries={'max_attempts': 0})\nclient = lambda name, **more: session.client(name, config=once, **more)\n\
                 def status(url, headers={}, data=None):\n    try:\n        return urllib.request.urlopen(urllib.request.Request(url, data, headers)).status\n    \
                 except urllib.error.HTTPError as error:\n        return f'{error.code} {error.read().decode().strip()}'\n";
    sandbox.file("use.py", format!("{begin}{script}"));
    let named: Vec<&str> = keys.iter().flat_map(|key| ["-k", key]).collect();
    let python = tools::python();
    let command = [python.to_str().expect("a path"), "use.py"];
    let words = [&["-q", "proxy", "run"], &named[..], &["--"], &command[..]].concat();
    let mut call = sandbox.call(&words);
    call = call.env("AWS_EC2_METADATA_DISABLED", "true");
    let ran = call.run();
    sandbox.no_secret_in(&ran.output.stdout);
    assert_eq!(ran.code(), 0, "{}\n{}", ran.stdout(), ran.stderr());
    ran.stdout()
}

#[test]
fn aws_takes_what_its_library_signed_with_placeholders_as_it_is_signed_anew() {
    let sandbox = sandbox("user proxied *", "");
    let out = said(
        &sandbox,
        &PAIR,
        r#"
print(os.environ["AWS_ACCESS_KEY_ID"][:6], os.environ["AWS_SECRET_ACCESS_KEY"][:6])
print(client("sts").get_caller_identity()["Arn"])
s3, key = client("s3"), "a b/ü+(1)~.txt"
s3.create_bucket(Bucket="proxied", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
s3.put_object(Bucket="proxied", Key=key, Body=b"x" * 3_000_000, Metadata={"a": "b  c"})
print(len(s3.get_object(Bucket="proxied", Key=key)["Body"].read()), [one["Key"] for one in s3.list_objects_v2(Bucket="proxied", Prefix="a b/")["Contents"]])
table = client("dynamodb")
table.create_table(TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
table.put_item(TableName="t", Item={"k": {"S": "x"}, "v": {"S": "y" * 100_000}})
print(table.scan(TableName="t")["Count"])
"#,
    );
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "keyctl keyctl");
    assert!(lines[1].ends_with(":user/proxied"), "{out}");
    assert_eq!(lines[2..], ["3000000 ['a b/ü+(1)~.txt']", "1"], "{out}");
    let history = sandbox.call(&["history", "--json"]).run().stdout();
    let event = history.lines().find(|line| line.contains("dynamodb")).expect("an entry");
    assert!(event.contains(PAIR[0]) && event.contains(PAIR[1]), "both parts were used: {event}");
}

#[test]
fn the_library_is_led_by_its_own_variable_to_one_host_of_aws() {
    let sandbox = sandbox(
        "user led *",
        "domain = \"sts.eu-central-1.amazonaws.com\"\nbase_url = { AWS_ENDPOINT_URL_STS = \"\" }",
    );
    let out = said(
        &sandbox,
        &PAIR,
        r#"
print(os.environ["AWS_ENDPOINT_URL_STS"].startswith("http://127.0.0.1:"), client("sts").get_caller_identity()["Arn"])
try:
    client("s3").list_buckets()
except botocore.exceptions.ClientError as error:
    print(error.response["ResponseMetadata"]["HTTPStatusCode"])
"#,
    );
    assert!(out.starts_with("True arn:aws:iam::") && out.ends_with(":user/led\n403\n"), "{out}");
}

#[test]
fn what_cannot_be_signed_anew_is_refused_with_words_and_no_part_goes_where_it_does_not_belong() {
    let sandbox = sandbox("user held *", "");
    let host = format!("https://sts.{REGION}.amazonaws.com/");
    let out = said(
        &sandbox,
        &PAIR,
        &format!(
            r#"
id, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
print(status(client("s3").generate_presigned_url("get_object", Params={{"Bucket": "b", "Key": "k"}})))
own = f"AWS4-HMAC-SHA256 Credential={{id}}/20260101/eu-central-1/sts/aws4_request, SignedHeaders=host, Signature=00"
print(status("{host}", {{"authorization": own, "x-amz-date": "20260101T000000Z", "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}}))
print(status("{host}", {{"authorization": own.replace(id, "AKIAIOSFODNN7EXAMPLE")}}))
print(status("{host}", {{"authorization": own.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")}}))
print(status("{host}", {{"authorization": "Bearer " + id}}))
print(status("{host}", {{"authorization": "Bearer " + secret}}))
print(status("{host}", {{"authorization": own, "x-amz-meta-x": secret}}))
print(status("{host}", {{"x-id": id}}))
print(status("https://other.test/", {{"authorization": own}}))
print(status("{host}", {{"authorization": own, "x-amz-date": "20260101T000000Z"}}, b"x" * 17_000_000))
"#
        ),
    );
    let refused = |what: &str| format!("403 keyctl: refused: {what}");
    let header = refused("header");
    assert_eq!(
        out.lines().collect::<Vec<_>>(),
        [
            &*refused("cannot be signed anew; a signature is made for a header, not for an address"),
            &*refused("cannot be signed anew; a body that is signed in pieces is not signed anew"),
            &*refused("a key that is not of this run"),
            &*refused("cannot be signed anew; it is no signature of version 4"),
            &*refused("cannot be signed anew; it is no signature of version 4"),
            &*header,
            &*header,
            &*header,
            &*refused("a host that the key is not for; nothing was sent, and this is noted"),
            "413 keyctl: refused: too large",
        ]
    );
}

#[test]
fn credentials_that_are_lent_go_with_their_token_and_end_with_it() {
    AWS.ask("role proxied-role *");
    let sandbox = sandbox("session proxied-role", "");
    let keys = [PAIR[0], PAIR[1], "AWS_SESSION_TOKEN"];
    let ask = r#"
try:
    print(client("sts").get_caller_identity()["Arn"], os.environ["AWS_SESSION_TOKEN"][:6])
except botocore.exceptions.ClientError as error:
    print(error.response["Error"]["Code"])
"#;
    let out = said(&sandbox, &keys, ask);
    assert!(out.contains(":assumed-role/proxied-role/test keyctl"), "{out}");
    // Another session's token, as after the end of this one.
    sandbox.secret("another-token-of-another-session");
    let ran = sandbox.call(&["-q", "set", keys[2], "--replace"]).input("another-token-of-another-session").run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(said(&sandbox, &keys, ask).contains("InvalidClientTokenId"));
    // The token alone, and with the key of nobody.
    let lone = format!(
        "print(status('https://sts.{REGION}.amazonaws.com/', {{'x-amz-security-token': os.environ['AWS_SESSION_TOKEN']}}))\n"
    );
    assert_eq!(
        said(&sandbox, &keys, &lone),
        "403 keyctl: refused: cannot be signed anew; one key signs, and its own token goes with it\n"
    );
}

#[test]
fn half_a_pair_signs_nothing_and_a_frozen_half_stops_the_other() {
    let sandbox = sandbox("user half *", "");
    sandbox.call(&["proxy", "run", "-k", PAIR[0], "--", "true"]).run().says(
        "",
        "keyctl: `AWS_ACCESS_KEY_ID` signs requests to AWS with `AWS_SECRET_ACCESS_KEY`, which is not kept back [E02]\nkeyctl: hint: both have to go by the proxy, or neither\n",
        125,
    );
    let name = format!("OTHER={}", PAIR[0]);
    sandbox.call(&["proxy", "run", "-k", &name, "--", "true"]).run().says(
        "",
        "keyctl: `OTHER` signs requests to AWS, and its name does not say how [E02]\nkeyctl: hint: call it `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` or `AWS_SESSION_TOKEN`, as AWS's programs do\n",
        125,
    );
    sandbox.call(&["-q", "proxy", "freeze", PAIR[1]]).run().says("", "", 0);
    let out = said(
        &sandbox,
        &PAIR,
        "try:\n    client('sts').get_caller_identity()\nexcept Exception as error:\n    print('keyctl: refused: frozen' in str(error))\n",
    );
    assert_eq!(out, "True\n");
}
