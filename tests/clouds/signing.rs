//! AWS Signature Version 4 against Amazon's published vectors and against two other signers.
//!
//! The vectors are the signing test suite of the AWS Common Runtime, which Amazon ships with its crate `aws-sigv4` (Apache-2.0);
//! `tests/run` fetches that crate and takes the suite out of it. Here the headers are signed, so its vectors for signed queries do not
//! count. The other signers are curl's and botocore's, each of which chooses what it signs.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use keyctl::{
    date::Moment,
    secret::Secret,
    web::sigv4::{Request, Signer, canonical_path, encode},
};
use serde_json::{Value, json};

use crate::server::{python, root, tools};

/// AWS's own example key, which the published vectors are made with.
const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A request as it stands in a file.
struct Raw {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: String,
}

impl Raw {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().expect("a first line");
        let (method, rest) = first.split_once(' ').expect("a method");
        let target = rest.strip_suffix(" HTTP/1.1").unwrap_or(rest);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                _ if line.starts_with(' ') => headers.last_mut().expect("a header").1.push_str(line),
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => {}
            }
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self { method: method.into(), path: path.into(), query: pairs.collect(), headers, body: body.into() }
    }

    fn signature(&self, path: &str, region: &str, service: &str, at: Moment) -> String {
        let pairs = |all: &[(String, String)]| all.to_vec();
        let (query, headers) = (pairs(&self.query), pairs(&self.headers));
        let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request =
            Request { method: &self.method, path, query: &query, headers: &headers, body: self.body.as_bytes() };
        let secret = Secret::new(SECRET.as_bytes().to_vec());
        let made = Signer { id: ID, secret: &secret, region, service, at }.authorize(&request);
        made.split_once("Signature=").expect("a signature").1.to_owned()
    }
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).expect("text")
}

fn moment(text: &str) -> Moment {
    let part = |from: usize, to: usize| &text[from..to];
    let (day, time) = (
        format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8)),
        format!("{}:{}:{}", part(9, 11), part(11, 13), part(13, 15)),
    );
    format!("{day}T{time}Z").parse().expect("a moment")
}

fn file(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

#[test]
fn every_published_vector_gets_its_published_signature() {
    let suite = tools().join("sigv4/v4");
    let folders = fs::read_dir(&suite).unwrap_or_else(|_| panic!("`tests/run` fetches {}", suite.display()));
    let mut tried = BTreeSet::new();
    for folder in folders.flatten().map(|entry| entry.path()) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let (Some(context), Some(wanted)) = (file(&folder, "context.json"), file(&folder, "header-signature.txt"))
        else {
            continue;
        };
        let context: Value = serde_json::from_str(&context).expect("json");
        let mut request = Raw::read(&file(&folder, "request.txt").expect("there"));
        let at: Moment = context["timestamp"].as_str().expect("text").parse().expect("a moment");
        request.headers.push(("X-Amz-Date".into(), keyctl::web::sigv4::stamp(at)));
        let token = context["credentials"]["token"].as_str().filter(|_| context["omit_session_token"] != true);
        request.headers.extend(token.map(|token| ("X-Amz-Security-Token".to_owned(), token.to_owned())));
        if context["sign_body"] == true {
            let canonical = file(&folder, "header-canonical-request.txt").expect("there");
            let sum = canonical.lines().last().expect("a sum").to_owned();
            request.headers.push(("x-amz-content-sha256".into(), sum));
        }
        // The suite encodes paths once, as they were before anybody encoded them; S3 alone takes them as they are sent.
        let plain = decoded(&request.path);
        let as_sent = || plain.split('/').map(encode).collect::<Vec<_>>().join("/");
        let path = if context["normalize"] == true { canonical_path(&plain) } else { as_sent() };
        let text = |name: &str| context[name].as_str().expect("text").to_owned();
        assert_eq!(request.signature(&path, &text("region"), &text("service"), at), wanted.trim(), "{name}");
        tried.insert(name);
    }
    assert_eq!(tried.len(), 38, "{tried:?}");
}

#[test]
fn a_path_is_encoded_twice_as_published() {
    let suite = tools().join("sigv4/v4");
    let folder = suite.join("double-url-encode");
    let request = Raw::read(&file(&folder, "request.txt").expect("there"));
    let signed = file(&folder, "header-signed-request.txt").expect("there");
    let wanted = signed.split_once("Signature=").expect("a signature").1.trim();
    let path = canonical_path(&request.path);
    assert_eq!(request.signature(&path, "us-east-2", "lambda", moment("20210511T154045Z")), wanted);
    for name in ["double-url-encode", "double-encode-path"] {
        let request = Raw::read(&file(&suite.join(name), "request.txt").expect("there"));
        let canonical = file(&suite.join(name), "header-canonical-request.txt").expect("there");
        assert_eq!(Some(&*canonical_path(&request.path)), canonical.lines().nth(1), "{name}");
    }
}

/// Signs what somebody else has signed, with the headers that he chose, and compares.
fn compare(mut request: Raw, region: &str, service: &str) {
    let of = |request: &Raw, name: &str| {
        let found = request.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name}")).1.trim().to_owned()
    };
    let (authorization, at) = (of(&request, "authorization"), moment(&of(&request, "x-amz-date")));
    let signed =
        authorization.split_once("SignedHeaders=").expect("signed").1.split(',').next().expect("names").to_owned();
    request.headers.retain(|(name, _)| signed.split(';').any(|it| it.eq_ignore_ascii_case(name)));
    let wanted = authorization.split_once("Signature=").expect("a signature").1;
    let made = request.signature(&canonical_path(&request.path), region, service, at);
    assert_eq!(made, wanted, "{} {} {:?}", request.method, request.path, request.headers);
}

#[test]
fn curl_signs_alike() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = format!("http://{}/", listener.local_addr().expect("address"));
    for (body, service, token) in [
        (r#"{"SecretId":"app/db"}"#, "secretsmanager", None),
        (r#"{"Name":"/a/ü","WithDecryption":true}"#, "ssm", Some("AQoDYXdzEPT//////////wEXAMPLE+/==")),
    ] {
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "--noproxy",
            "*",
            "--aws-sigv4",
            &format!("aws:amz:eu-central-1:{service}"),
            "--user",
            &format!("{ID}:{SECRET}"),
        ]);
        curl.args(["-H", "Content-Type: application/x-amz-json-1.1", "-H", "X-Amz-Target: x.GetSecretValue"]);
        curl.args(token.map(|token| ["-H".to_owned(), format!("X-Amz-Security-Token: {token}")]).into_iter().flatten());
        let mut child = curl.args(["--data-binary", body, &address]).stdout(Stdio::null()).spawn().expect("curl");
        let (stream, _) = listener.accept().expect("curl comes");
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
        let mut read = vec![0; body.len()];
        reader.read_exact(&mut read).expect("a body");
        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("write");
        child.wait().expect("ended");
        let head = head.replace("\r\n", "\n");
        compare(
            Raw::read(&format!("{}\n\n{}", head.trim_end(), String::from_utf8(read).expect("text"))),
            "eu-central-1",
            service,
        );
    }
}

#[test]
fn botocore_signs_alike() {
    let case = |method: &str, url: &str, headers: Value, body: &str, token: Option<&str>| json!({ "method": method, "url": url, "headers": headers, "body": body, "token": token, "id": ID, "secret": SECRET });
    let json_type = json!({ "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "x.Y" });
    let cases = json!([
        case(
            "POST",
            "https://secretsmanager.eu-central-1.amazonaws.com/",
            json_type.clone(),
            "{\"SecretId\":\"a\"}",
            None
        ),
        case("POST", "https://ssm.eu-central-1.amazonaws.com/", json_type, "{\"Name\":\"/ü\"}", Some("a/token+==")),
        case(
            "POST",
            "http://127.0.0.1:5000/",
            json!({ "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" }),
            "Action=A&B=%20",
            None
        ),
        case("GET", "https://h.example.com/a/./b/../c//d%20e/~f/", json!({}), "", None),
        case(
            "GET",
            "https://h.example.com/x?b=2&a=%2F&a=1&c=&d-e=~",
            json!({ "My-Header": "  a   b  " }),
            "",
            Some("t")
        ),
        case("PUT", "https://h.example.com/%E1%88%B4/..%2Fx", json!({}), "body", None),
        case("GET", "https://h.example.com/p/a%2Fb%20c/%C3%BC%27%28%29%2A+@:$,=~/%25", json!({}), "", None),
        case("DELETE", "https://h.example.com/a/..", json!({}), "", None),
    ]);
    let mut child = python()
        .arg(root().join("tests/clouds/clients.py"))
        .arg("sign")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    child.stdin.take().expect("piped").write_all(cases.to_string().as_bytes()).expect("write");
    let output = child.wait_with_output().expect("ended");
    let signed: Vec<Value> = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!(signed.len(), cases.as_array().map_or(0, Vec::len));
    for (case, signed) in cases.as_array().expect("a list").iter().zip(signed) {
        let text = |name: &str| case[name].as_str().expect("text");
        let (host, target) = text("url").split_once("//").expect("a scheme").1.split_once('/').expect("a path");
        let headers = signed.as_object().expect("headers").iter();
        let headers: Vec<String> =
            headers.map(|(name, value)| format!("{name}:{}", value.as_str().expect("text"))).collect();
        let head = format!("{} /{target} HTTP/1.1\nHost:{host}\n{}", text("method"), headers.join("\n"));
        compare(Raw::read(&format!("{head}\n\n{}", text("body"))), "eu-central-1", "service");
    }
}
