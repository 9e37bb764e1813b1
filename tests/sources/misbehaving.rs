//! Servers that misbehave on purpose, and what every type of source that speaks HTTP says of them: slow, endless, wrong, too much,
//! packed, redirecting, with a certificate that does not count, not there at all. One table, and each type goes through all of it.
//!
//! A type is named here once, with a table that leads it to any address; a type that is not is an error.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::opened::{open, value};

/// What must not come out: the credentials, and what the servers say in their own words.
const SECRETS: [&str; 3] = ["a-secret-token", "a-secret-half", "said-by-the-server"];

/// A type, a table with `{address}` where it is to answer, its credentials, and a reference.
struct Type {
    word: &'static str,
    table: &'static str,
    credentials: &'static [(&'static str, &'static str)],
    reference: &'static str,
}

const TYPES: &[Type] = &[
    Type {
        word: "vault",
        table: "address = \"{address}\"\nmount = \"kv\"\nkv = 2\ntoken = { key = \"c/token\" }\n",
        credentials: &[("c/token", "a-secret-token")],
        reference: "kv/database/prod#password",
    },
    Type {
        word: "aws-secrets-manager",
        table: "region = \"eu-central-1\"\nendpoint = \"{address}\"\naccess_key = { key = \"c/id\" }\nsecret_key = { key = \"c/secret\" }\n",
        credentials: &[("c/id", "AKIAIOSFODNN7EXAMPLE"), ("c/secret", "a-secret-half")],
        reference: "database/prod#password",
    },
    Type {
        word: "aws-ssm",
        table: "region = \"eu-central-1\"\nendpoint = \"{address}\"\naccess_key = { key = \"c/id\" }\nsecret_key = { key = \"c/secret\" }\n",
        credentials: &[("c/id", "AKIAIOSFODNN7EXAMPLE"), ("c/secret", "a-secret-half")],
        reference: "/database/prod",
    },
    Type {
        word: "azure-key-vault",
        table: "address = \"{address}\"\nlogin = \"{address}\"\nresource = \"https://vault.azure.net\"\ntenant = \"00000000-0000-0000-0000-000000000000\"\nclient = \"00000000-0000-0000-0000-000000000001\"\nclient_secret = { key = \"c/secret\" }\n",
        credentials: &[("c/secret", "a-secret-half")],
        reference: "database-prod",
    },
    Type {
        word: "gcp-secret-manager",
        table: "project = \"my-project\"\nendpoint = \"{address}\"\ncredentials = \"metadata\"\n",
        credentials: &[],
        reference: "database-prod",
    },
    Type {
        word: "1password-connect",
        table: "address = \"{address}\"\ntoken = { key = \"c/token\" }\n",
        credentials: &[("c/token", "a-secret-token")],
        reference: "abcdefghijklmnopqrstuvwxyz/zyxwvutsrqponmlkjihgfedcba#password",
    },
];

fn types() -> Vec<&'static Type> {
    let there = keyctl::config::sources::types();
    let of = |word: &&str| {
        let known = TYPES.iter().find(|known| known.word == *word);
        known.unwrap_or_else(|| panic!("`{word}` does not go through this table"))
    };
    // A program speaks for itself.
    there.iter().filter(|word| **word != "command").map(of).collect()
}

/// A server that does this with each connection once it has the request.
fn serve(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = format!("http://{}", listener.local_addr().expect("address"));
    let (answer, asked) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
            thread::spawn(move || {
                read_request(&stream);
                count.fetch_add(1, Ordering::SeqCst);
                answer(&mut stream);
            });
        }
    });
    (address, asked)
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

fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Sends these bytes.
fn bytes(bytes: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    serve(move |stream| drop(stream.write_all(&bytes)))
}

/// What each type says of an address, and how long that took.
fn all_say(address: &str, within: Duration) -> Vec<(&'static str, String, Duration)> {
    let say = |kind: &&'static Type| {
        let table = format!("type = \"{}\"\n{}", kind.word, kind.table.replace("{address}", address));
        let source = open(&table, kind.credentials).unwrap_or_else(|failure| panic!("{}: {failure}", kind.word));
        let begun = Instant::now();
        let said = value(&*source, kind.reference, within).expect_err(kind.word);
        (kind.word, said, begun.elapsed())
    };
    let types = types();
    let said: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = types.iter().map(|kind| scope.spawn(move || say(kind))).collect();
        asked.into_iter().map(|one| one.join().expect("ended")).collect()
    });
    for (word, said, _) in &said {
        assert!(said.contains("source `corp`") && said.contains("127.0.0.1:"), "{word}: {said}");
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{word}: {said}");
        assert!(!said.contains('\u{1b}'), "{word}: {said}");
    }
    said
}

#[track_caller]
fn each_says(address: &str, wanted: &[&str]) {
    for (word, said, took) in all_say(address, Duration::from_secs(5)) {
        assert!(wanted.iter().any(|wanted| said.contains(wanted)), "{word} says: {said}\nnot one of {wanted:?}");
        assert!(took < Duration::from_secs(6), "{word} took {took:?}");
    }
}

const UNREADABLE: &[&str] = &["something else", "what cannot be read", "cannot be read", "not JSON", "no JSON"];

#[test]
fn what_hangs_or_drips_is_left_at_the_deadline() {
    let (hangs, _) = serve(|_| thread::sleep(Duration::from_secs(9)));
    let (drips, _) = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    for address in [hangs, drips] {
        for (word, said, took) in all_say(&address, Duration::from_millis(400)) {
            assert!(said.contains("did not answer within 0.4 seconds"), "{word}: {said}");
            assert!(took < Duration::from_secs(2), "{word} took {took:?}");
        }
    }
}

#[test]
fn what_is_too_much_or_packed_is_not_read() {
    let large = vec![b'x'; 10 * 1024 * 1024];
    each_says(&bytes(http("200 OK", "", &large)).0, &["more than 1 MiB"]);
    let (endless, _) = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 8192]).is_ok() {}
    });
    each_says(&endless, &["more than 1 MiB"]);
    // 10 MB of zeros are 10 kB in gzip; nobody unpacks them.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&large).expect("packed");
    let zipped = packer.finish().expect("packed");
    assert!(zipped.len() < 100_000);
    each_says(
        &bytes(http("200 OK", "Content-Encoding: gzip\r\nContent-Type: application/json\r\n", &zipped)).0,
        UNREADABLE,
    );
}

#[test]
fn what_is_no_answer_of_its_kind_is_said() {
    for body in [
        &b""[..],
        b"said-by-the-server",
        b"<html>said-by-the-server</html>",
        b"[]",
        b"null",
        b"{\"data\":",
        b"{}",
        b"{\"data\":{\"data\":[]},\"SecretString\":[],\"Parameters\":1,\"value\":1,\"access_token\":[]}",
        b"\xff\xfe{}",
    ] {
        let (address, _) = bytes(http("200 OK", "Content-Type: application/json\r\n", body));
        let said = all_say(&address, Duration::from_secs(5));
        assert!(said.iter().all(|(_, _, took)| *took < Duration::from_secs(6)));
    }
    each_says(&bytes(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()).0, &["does not answer as HTTP wants it"]);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\"".to_vec();
    all_say(&bytes(cut).0, Duration::from_secs(5));
}

#[test]
fn no_redirect_is_followed_and_nothing_goes_to_the_other_host() {
    let (other, asked) = bytes(http("200 OK", "", b"{}"));
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let (address, _) = bytes(http(status, &format!("Location: {other}/v1/x\r\n"), b""));
        each_says(&address, &["answers with a redirect, which is not followed"]);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "somebody went there");
}

#[test]
fn each_refusal_has_its_own_words_and_only_what_is_for_later_is_tried_again() {
    let body = b"{\"errors\":[\"said-by-the-server \x1b]0;x\x07\"],\"message\":\"said-by-the-server\"}";
    let said_of = |status: &str, headers: &str| {
        let (address, asked) = bytes(http(status, headers, body));
        let said = all_say(&address, Duration::from_secs(2));
        (said, asked.load(Ordering::SeqCst))
    };
    let count = types().len();
    let mut words: Vec<Vec<String>> = Vec::new();
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found"] {
        let (said, asked) = said_of(status, "");
        assert!(asked <= count * 2, "{status} was asked {asked} times");
        words.push(
            said.into_iter()
                .map(|(_, said, _)| said.split("127.0.0.1").next().unwrap_or_default().len().to_string() + &said)
                .collect(),
        );
    }
    for (at, first) in words.iter().enumerate() {
        for second in &words[at + 1..] {
            assert!(first.iter().zip(second).all(|(one, other)| one != other), "{first:?}");
        }
    }
    for status in ["429 Too Many Requests", "500 Internal", "503 Unavailable"] {
        let (_, asked) = said_of(status, "");
        assert!(asked >= count * 2, "{status} was asked {asked} times");
    }
    // A pause that is longer than there is time for is not waited for.
    for pause in ["3600", "18446744073709551615"] {
        let (said, _) = said_of("429 Too Many Requests", &format!("Retry-After: {pause}\r\n"));
        assert!(said.iter().all(|(_, _, took)| *took < Duration::from_secs(2)), "{said:?}");
    }
}

/// When each request came to a server of a type's own that answers so.
fn asked_at(kind: &Type, headers: &'static str, within: Duration) -> Vec<Instant> {
    let at = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&at);
    let (address, _) = serve(move |stream| {
        noted.lock().expect("lock").push(Instant::now());
        let _ = stream.write_all(&http("429 Too Many Requests", headers, b"{}"));
    });
    let source =
        open(&format!("type = \"{}\"\n{}", kind.word, kind.table.replace("{address}", &address)), kind.credentials);
    let source = source.unwrap_or_else(|failure| panic!("{}: {failure}", kind.word));
    value(&*source, kind.reference, within).expect_err(kind.word);
    at.lock().expect("lock").clone()
}

#[test]
fn what_is_for_later_is_asked_again_after_pauses_that_grow_or_that_it_wants() {
    thread::scope(|scope| {
        for kind in types() {
            scope.spawn(move || {
                let gaps = |at: Vec<Instant>| at.windows(2).map(|two| two[1] - two[0]).collect::<Vec<_>>();
                let growing = gaps(asked_at(kind, "", Duration::from_secs(5)));
                let least = [200, 400, 800].map(Duration::from_millis);
                let is_later = |(gap, least): (&Duration, &Duration)| *gap + Duration::from_millis(20) >= *least;
                assert!(growing.len() >= 3 && growing.iter().zip(&least).all(is_later), "{}: {growing:?}", kind.word);
                // One that is wanted counts instead, and none begins that could not be waited for.
                let wanted = gaps(asked_at(kind, "Retry-After: 1\r\n", Duration::from_millis(1700)));
                assert!(matches!(wanted[..], [one] if one >= Duration::from_millis(980)), "{}: {wanted:?}", kind.word);
            });
        }
    });
}

#[test]
fn what_cannot_be_read_is_never_nothing() {
    // Else it would be written over.
    for answer in
        [http("403 Forbidden", "", b"{}"), http("500 Internal", "", b""), b"HTTP/1.1 200 OK\r\n".to_vec(), Vec::new()]
    {
        let (address, _) = bytes(answer);
        for kind in types() {
            let table = format!("type = \"{}\"\n{}", kind.word, kind.table.replace("{address}", &address));
            let source = open(&table, kind.credentials).unwrap_or_else(|failure| panic!("{}: {failure}", kind.word));
            let reference = kind.reference.parse().expect("a reference");
            let looked = source.look(&reference, std::time::Instant::now() + Duration::from_millis(300));
            assert!(looked.is_err(), "{}: nothing is there", kind.word);
        }
    }
}

#[test]
fn what_cannot_be_reached_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = format!("http://{}", listener.local_addr().expect("address"));
    drop(listener);
    each_says(&address, &["cannot be reached: connection refused"]);
}
