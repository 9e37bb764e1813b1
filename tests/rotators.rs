//! Keys replaced at AWS, as moto plays it with signatures and policies enforced, and servers that misbehave.
//!
//! moto is installed by `tests/run`; what is missing is an error, never a silent skip.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use keyctl::{
    date::Moment,
    failure::{Failure, Kind},
    rotator::{
        aws_iam::{AccessKey, Client},
        program::{Called, check},
    },
    secret::Secret,
    web::{address::Address, http::Client as Http},
};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(20);

/// A server of `tests/rotators.py`. It ends when its standard input closes, which is when this process does.
struct Server {
    said: Value,
    _child: Child,
}

fn serve(arguments: &[&str]) -> Server {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("KEYCTL_TEST_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
    let python = tools.join("python/bin/python");
    assert!(python.exists(), "`tests/run` installs {}", python.display());
    let mut child = Command::new(python)
        .arg(root.join("tests/rotators.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("read");
    Server { said: serde_json::from_str(&line).expect("`tests/run` installs moto"), _child: child }
}

impl Server {
    fn address(&self) -> Address {
        self.said["address"].as_str().expect("text").parse().expect("an address")
    }

    fn key(&self, user: &str) -> AccessKey {
        let text = |half| self.said["users"][user][half].as_str().expect("text").to_owned();
        AccessKey { id: text("id"), secret: Secret::new(text("secret").into_bytes()) }
    }

    fn client(&self, user: &str) -> Client {
        self.client_of(self.key(user))
    }

    fn client_of(&self, key: AccessKey) -> Client {
        client_at(&self.address(), key)
    }
}

static AWS: LazyLock<Server> = LazyLock::new(|| serve(&["moto"]));

fn client_at(address: &Address, key: AccessKey) -> Client {
    Client::new(key, "eu-central-1", Some(address), Moment::now, LONG).expect("a client")
}

/// A key that no server knows, for servers that do not ask.
fn any_key() -> AccessKey {
    AccessKey { id: "AKIAIOSFODNN7EXAMPLE".into(), secret: Secret::new(b"a-secret-half".to_vec()) }
}

#[track_caller]
fn refused<T>(ended: Result<T, Failure>) -> String {
    let failure = ended.map(drop).expect_err("it must fail");
    assert_eq!(failure.kind, Kind::Remote);
    let all = format!("{} {}", failure.message, failure.hints.join(" "));
    assert!(!all.contains("a-secret-half") && !all.contains("Signature="), "{all}");
    // Ports differ from run to run.
    let (start, end) = failure.message.split_once("at `127.0.0.1:").expect("the host is named");
    format!("{start}at it {}", end.split_once("` ").expect("closed").1)
}

fn not_made(client: &Client) -> Result<AccessKey, Failure> {
    client.create().map_err(|not_made| not_made.failure)
}

/// A server that sends these bytes to each caller, once it has the head of the request.
fn answer(bytes: Vec<u8>) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = format!("http://{}/", listener.local_addr().expect("address")).parse().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            read_request(&stream);
            let _ = (&stream).write_all(&bytes);
        }
    });
    address
}

fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        line.clear();
    }
    let _ = reader.read_exact(&mut vec![0; length]);
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn aws_error(code: &str, headers: &str) -> Vec<u8> {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>a-secret-half</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>"
    );
    http("403 Forbidden", headers, &body)
}

fn list_from(bytes: Vec<u8>) -> String {
    refused(client_at(&answer(bytes), any_key()).list())
}

#[test]
fn a_key_is_made_tried_and_takes_the_old_ones_place() {
    let old = AWS.client("whole");
    old.works(LONG).expect("the old key works");
    let before = old.list().expect("listed");
    assert_eq!((before.len(), before[0].active), (1, true));
    assert!(before[0].created.seconds().abs_diff(Moment::now().seconds()) < 600);
    let made = old.create().map_err(|not_made| not_made.failure).expect("made");
    assert!(!old.was_used(&made.id).expect("known"), "nobody has it yet");
    assert!(old.was_used(&before[0].id).expect("known"));
    assert_eq!(made.secret.len(), 40);
    let new_id = made.id.clone();
    let new = AWS.client_of(made);
    new.works(LONG).expect("the new key works");
    new.set_active(&before[0].id, false).expect("switched off");
    let mut now = new.list().expect("listed");
    now.sort_by_key(|key| key.active);
    assert_eq!(
        now.iter().map(|key| (key.id.as_str(), key.active)).collect::<Vec<_>>(),
        [(before[0].id.as_str(), false), (new_id.as_str(), true)]
    );
    new.set_active(&before[0].id, true).expect("switched on");
    new.delete(&before[0].id).expect("deleted");
    assert_eq!(new.list().expect("listed").len(), 1);
    assert_eq!(
        refused(new.delete("AKIAIOSFODNN7EXAMPLE")),
        "AWS IAM at it has no such access key to do `DeleteAccessKey` with"
    );
    assert_eq!(refused(old.works(Duration::ZERO)), "AWS STS at it knows no active access key with this id");
}

#[test]
fn a_wrong_secret_an_unknown_id_and_a_policy_are_told_apart() {
    let id = AWS.key("wrong").id;
    let wrong = AWS.client_of(AccessKey { id, secret: Secret::new(b"a-secret-half".to_vec()) });
    assert_eq!(refused(wrong.list()), "AWS IAM at it does not accept the signature");
    let begun = Instant::now();
    assert_eq!(refused(wrong.works(LONG)), "AWS STS at it does not accept the signature");
    assert!(begun.elapsed() < Duration::from_secs(10), "waiting cannot help");
    assert_eq!(refused(AWS.client_of(any_key()).list()), "AWS IAM at it knows no active access key with this id");
    let reader = AWS.client("reader");
    assert_eq!(reader.list().map(|keys| keys.len()).map_err(|failure| failure.message), Ok(1));
    assert_eq!(refused(not_made(&reader)), "AWS IAM at it does not let this key's user call `CreateAccessKey`");
}

#[test]
fn a_third_key_is_not_made() {
    let full = AWS.client("full");
    assert_eq!(full.list().expect("listed").len(), 2);
    assert_eq!(refused(not_made(&full)), "AWS IAM at it makes no third access key: the user has two");
}

#[test]
fn a_key_that_aws_does_not_know_yet_is_tried_up_to_the_end_of_patience() {
    let client = AWS.client_of(any_key());
    let begun = Instant::now();
    assert_eq!(refused(client.works(Duration::from_secs(2))), "AWS STS at it knows no active access key with this id");
    assert!(begun.elapsed() >= Duration::from_millis(1400), "{:?}", begun.elapsed());
}

#[test]
fn what_is_called_too_often_is_tried_once_more_and_a_wrong_clock_is_named() {
    let begun = Instant::now();
    assert_eq!(list_from(aws_error("Throttling", "")), "AWS IAM at it asks to call less often");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    let skewed = |date: &str| list_from(aws_error("SignatureDoesNotMatch", &format!("Date: {date}\r\n")));
    let said = skewed("Sun, 06 Nov 1994 08:49:37 GMT");
    assert!(said.contains("this machine's clock is ") && said.ends_with(" minutes ahead"), "{said}");
    assert!(skewed("Sun, 06 Nov 2994 08:49:37 GMT").ends_with(" minutes behind"));
    assert_eq!(skewed("no date"), "AWS IAM at it does not accept the signature");
    assert_eq!(list_from(aws_error("SomethingNew", "")), "AWS IAM at it refuses `ListAccessKeys`: `SomethingNew`");
    assert_eq!(list_from(aws_error("a-secret-half", "")), "AWS IAM at it refuses `ListAccessKeys` with status 403");
}

#[test]
fn a_server_that_hangs_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address: Address = format!("http://{}", listener.local_addr().expect("address")).parse().expect("an address");
    let short = Duration::from_millis(500);
    let client = Client::new(any_key(), "us-east-1", Some(&address), Moment::now, short).expect("a client");
    let begun = Instant::now();
    assert_eq!(refused(not_made(&client)), "AWS IAM at it did not answer within 0.5 seconds");
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(listener);
    assert_eq!(refused(client.list()), "AWS IAM at it cannot be reached: connection refused");
}

#[test]
fn garbage_too_much_and_redirects_are_refused() {
    let unreadable = "AWS IAM at it answers `ListAccessKeys` with status 200 and what cannot be read";
    for body in ["", "a-secret-half", "<a>a-secret-half</a>", "<html><body><br></body></html>", "{\"a\": 1}"] {
        assert_eq!(list_from(http("200 OK", "", body)), unreadable, "{body}");
    }
    assert_eq!(list_from(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()), "AWS IAM at it does not answer as HTTP wants it");
    let large = "x".repeat(10 * 1024 * 1024);
    assert_eq!(list_from(http("200 OK", "", &large)), "AWS IAM at it answers with more than 1 MiB");
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{large}").into_bytes();
    assert_eq!(list_from(endless), "AWS IAM at it answers with more than 1 MiB");
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let moved = http(status, &format!("Location: {}\r\n", AWS.address()), "");
        assert_eq!(list_from(moved), "AWS IAM at it answers with a redirect, which is not followed", "{status}");
    }
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<a>".to_vec();
    assert!(list_from(cut).starts_with("AWS IAM at it "));
}

#[test]
fn a_name_is_looked_up_and_one_that_does_not_exist_is_said() {
    let port = answer(http("200 OK", "", "hello")).host().split_once(':').expect("a port").1.to_owned();
    let local: Address = format!("http://localhost:{port}/").parse().expect("an address");
    let found = Http::new("the service", &local, LONG).get(&local, &[]).map_err(|failure| failure.message);
    assert!(found.is_ok_and(|answer| answer.body.as_slice() == b"hello"));
    // `.invalid` never exists (RFC 2606). A proxy would be asked instead, so the call has an environment without one.
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "--ignored", "tls_call"]).env("ROTATORS_TLS", "https://keyctl.invalid/");
    for proxy in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"] {
        command.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    let output = command.output().expect("start");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let wanted = "the service at `keyctl.invalid` cannot be reached: the host's name cannot be looked up\n";
    assert!(said.contains(wanted), "{said}");
}

#[test]
#[ignore = "a part of the next test"]
fn check_call() {
    let command = ["sh", "-c", "cat >/dev/null; echo from-the-\"\"check"].map(str::to_owned);
    let key = "stripe/test".parse().expect("a name");
    let called = Called { words: &command, judged: None };
    check(called, &key, &Secret::new(b"a-secret-half".to_vec()), LONG).0.expect("good");
}

#[test]
fn what_a_check_prints_goes_to_standard_error() {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    let output = command.args(["--exact", "--ignored", "check_call"]).output().expect("start");
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{warned}");
    assert!(warned.contains("from-the-check") && !said.contains("from-the-check"), "{said}{warned}");
}

/// Says how the call to the address in `ROTATORS_TLS` ends; called below in a process with an environment of its own.
#[test]
#[ignore = "a part of other tests"]
fn tls_call() {
    let address: Address = std::env::var("ROTATORS_TLS").expect("an address").parse().expect("an address");
    let ended = Http::new("the service", &address, LONG).get(&address, &[("x-token", "a-secret-half")]);
    match ended {
        Ok(answer) => assert!(answer.body.as_slice() == b"hello" && answer.date.is_some()),
        Err(failure) if address.host() == "keyctl.invalid" => panic!("{failure}"),
        ended => panic!("{}", refused(ended)),
    }
}

#[test]
fn a_certificate_counts_only_when_the_system_trusts_it() {
    let folder = tempfile::tempdir().expect("folder");
    let certificate = folder.path().join("certificate.pem");
    let server = serve(&["tls", certificate.to_str().expect("text")]);
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("write");
    let call = |trusted: Option<&PathBuf>| {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "--ignored", "tls_call"]).env("ROTATORS_TLS", server.address().to_string());
        command.env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
        if let Some(path) = trusted {
            command.env("SSL_CERT_FILE", path);
        }
        let output = command.output().expect("start");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (good, said) = call(Some(&certificate));
    assert!(good, "{said}");
    let none = "the service at it cannot prove who it is: this system trusts no certificate authority at all";
    let unknown =
        "the service at it shows a certificate that does not count: it is signed by nobody this system trusts";
    for (trusted, wanted) in [(None, unknown), (Some(&empty), none)] {
        let (good, said) = call(trusted);
        assert!(!good && said.contains(wanted), "{said}");
    }
}
