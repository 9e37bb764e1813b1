//! Whatever bytes a command sends: the real server and gate, and hosts of the test's own behind them, which give back all that
//! they saw. No panic, no wait without an end, no key at another host than its own, and none on its way back. For as long as
//! `KEYCTL_TEST_FUZZ_SECONDS` says, else two seconds.

#![expect(clippy::print_stdout, reason = "how much was tried is the result")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::channel,
    },
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{
    config::proxy::{self as config, Proxy},
    proxy::{frozen, frozen::Frozen, gate::Guarded, inject::Secrets, rule},
    random::Repeatable as Random,
    seal::SealKey,
    secret::Secret,
};

/// The longest that one conversation may take.
const LONGEST: Duration = Duration::from_secs(10);
const KEYS: [(&str, &str, &str); 2] =
    [("A", "a.test", "real-secret-of-a-0123456789"), ("B", "b.test", "real-secret-of-b-9876543210")];

/// What a request is made of; `{…}` is replaced by what this run has for it.
const SEEDS: &[&str] = &[
    "GET /{TOKEN}/a.test/v1/x HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nAuthorization: Bearer {A}\r\n\r\n",
    "GET /{TOKEN}/b.test/v1/x?y=1 HTTP/1.1\r\nHost: localhost:{PORT}\r\nX-Api-Key: {B}\r\n\r\n",
    "POST /{TOKEN}/a.test/v1/x HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nX-Api-Key: {A}\r\nContent-Length: 5\r\n\r\nhello",
    "PUT /{TOKEN}/a.test/x HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nX-Api-Key: {A}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-After: {B}\r\n\r\n",
    "GET /v1/x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic {BASIC}\r\nConnection: keep-alive, x-api-key\r\n\r\n",
    "GET /v1/x HTTP/1.1\r\nHost: b.test\r\nX-Api-Key: {B}\r\nTE: trailers\r\n\r\nGET /v1/y HTTP/1.1\r\nHost: b.test\r\nX-Api-Key: {A}\r\n\r\n",
    "GET https://a.test/v1/x HTTP/1.1\r\nHost: b.test\r\nX-Api-Key: {A}\r\n\r\n",
    "GET http://127.0.0.1:{PLAIN}/x HTTP/1.1\r\nHost: 127.0.0.1:{PLAIN}\r\nProxy-Authorization: Basic {AUTH}\r\nX-Api-Key: {A}\r\n\r\n",
    "GET http://127.0.0.1:{PLAIN}/x HTTP/1.1\r\nHost: 127.0.0.1:{PLAIN}\r\nProxy-Authorization: Basic {AUTH}\r\n\r\n",
    "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic {AUTH}\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "GET /v1/ws HTTP/1.1\r\nHost: a.test\r\nX-Api-Key: {A}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0",
];
/// Pieces that somebody careless or wicked would put in.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "\0",
    ":",
    "/",
    "//",
    "..",
    "%2f",
    "%2e%2e/",
    "@",
    "b.test",
    "a.test",
    "evil.test",
    "a.test:443@b.test",
    "Host: b.test\r\n",
    "Host: a.test\r\n",
    "X-Api-Key: {A}\r\n",
    "X-Api-Key: {B}\r\n",
    "Authorization: Bearer {A}\r\n",
    "{A}",
    "{B}",
    "{A}{B}",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity, chunked\r\n",
    "0\r\n\r\n",
    "Expect: 100-continue\r\n",
    "Connection: host\r\n",
    "Connection: authorization\r\n",
    "http://",
    "https://b.test",
    "https://a.test",
    "{TOKEN}",
    "/{TOKEN}/a.test",
    "/{TOKEN}/b.test",
    "{PORT}",
    "?{A}",
    "Upgrade: h2c\r\n",
    "HTTP/1.0",
    "GET ",
    "CONNECT ",
    "OPTIONS * ",
    "Location: https://b.test/\r\n",
    "Accept-Encoding: gzip\r\n",
    "Basic {BASIC}",
];

/// What hosts saw that was not for them.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());
static SEEN: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Answers with all that was asked, and looks for keys in it that are not for this host.
async fn reflect(place: usize, request: Request<Incoming>) -> std::result::Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let mut all = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    let mut answer = Response::builder();
    for (name, value) in &parts.headers {
        all.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        if *name == header::AUTHORIZATION || name.as_str().starts_with("x-") {
            answer = answer.header(name, value);
        }
    }
    let body = body.collect().await?;
    for (name, value) in body.trailers().into_iter().flatten() {
        all.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
    }
    all.extend_from_slice(&body.to_bytes());
    let own = KEYS.get(place).map(|(_, _, secret)| *secret);
    for (name, _, secret) in KEYS {
        let has = memmem::find(&all, secret.as_bytes()).is_some() || all_basic(&all, secret);
        if has && own == Some(secret) {
            SEEN[place].fetch_add(1, Ordering::Relaxed);
        } else if has {
            WRONG.lock().unwrap().push(format!("{name} at {place}: {}", String::from_utf8_lossy(&all)));
        }
    }
    SEEN[2].fetch_add(1, Ordering::Relaxed);
    let body = Full::new(Bytes::from(all));
    Ok(answer.body(body).unwrap_or_else(|_| Response::new(Full::default())))
}

/// Whether a secret stands within the base64 of Basic.
fn all_basic(all: &[u8], secret: &str) -> bool {
    let lower = all.to_ascii_lowercase();
    memmem::find_iter(&lower, b"basic ").any(|at| {
        let rest: Vec<u8> = all[at + 6..].iter().copied().take_while(|byte| !byte.is_ascii_whitespace()).collect();
        STANDARD.decode(rest).is_ok_and(|text| memmem::find(&text, secret.as_bytes()).is_some())
    })
}

/// A host of the test's own: with TLS and a name, or without both.
async fn host(place: usize, authority: Option<Arc<Authority>>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let config = authority.as_ref().map(|authority| authority.answer_as(KEYS[place].1).unwrap());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let service = service_fn(move |request| reflect(place, request));
                match config {
                    Some(config) => {
                        let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                        let _ = server.serve_connection(TokioIo::new(stream), service).await;
                    }
                    None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                }
            });
        }
    });
    address
}

/// The server's own, with key A for the one host and key B for the other.
async fn shared(folder: &Path, strict: bool) -> (Arc<Shared>, u16) {
    let authority = Arc::new(Authority::new().unwrap());
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let mut guarded = Vec::new();
    for (place, (name, domain, _)) in KEYS.into_iter().enumerate() {
        let entry = config::Rule {
            secret: "*".into(),
            domains: Some(vec![domain.parse().unwrap()]),
            ca: Some(ca.clone()),
            address: Some(host(place, Some(Arc::clone(&authority))).await),
            ..config::Rule::default()
        };
        let rules = rule::of_key(name, None, &Proxy { permissive: !strict, rules: vec![entry] }).unwrap();
        guarded.push(Guarded::new(name.parse().unwrap(), name.parse().unwrap(), rules).unwrap());
    }
    let secret = |(name, _, secret): (&str, &str, &str)| (name.parse().unwrap(), Some(Secret::new(secret.into())));
    let list = || {
        Arc::new(Frozen::of(
            folder.join(frozen::FILE),
            SealKey::derive(b"i", b"s", frozen::PURPOSE),
            frozen::News::default(),
        ))
    };
    let upstream = Upstream::new(guarded.iter().flat_map(|key| &key.rules)).unwrap();
    let gate = Gate::new(guarded, Secrets::of(KEYS.map(secret).into()), vec![list(), list()], strict).unwrap();
    let (done, over) = channel();
    let gate = Arc::new(gate);
    let counted = Arc::clone(&gate);
    // As whoever writes them down does.
    std::thread::spawn(move || over.iter().for_each(|_: Done| counted.waits(0, 1)));
    let port = 54_321;
    let shared = Shared { gate, authority: Authority::new().unwrap(), upstream, port, done };
    (Arc::new(shared), host(2, None).await.port())
}

/// The text with what this run has in the places of `{…}`.
fn filled(text: &str, shared: &Shared, plain: u16) -> Vec<u8> {
    let [a, b] = [0, 1].map(|key| shared.gate.guarded[key].placeholder.clone());
    let auth = STANDARD.encode(format!("{USER}:{}", shared.gate.token));
    let pairs = [
        ("{TOKEN}", shared.gate.token.clone()),
        ("{PORT}", shared.port.to_string()),
        ("{PLAIN}", plain.to_string()),
        ("{BASIC}", STANDARD.encode(format!("me:{a}"))),
        ("{AUTH}", auth),
        ("{A}", a),
        ("{B}", b),
    ];
    pairs.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value)).into_bytes()
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, pieces: &[Vec<u8>], other: &[u8]) {
    let at = random.below(bytes.len() + 1);
    let to = (at + random.below(24)).min(bytes.len());
    match random.below(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 => drop(bytes.drain(at..to)),
        2 => bytes.truncate(at),
        3 => drop(bytes.splice(at..at, bytes[at..to].to_vec())),
        4 => {
            let from = random.below(other.len() + 1);
            drop(bytes.splice(at..to, other[from..].iter().copied().take(512)));
        }
        5 => {
            // At the beginning of a line, where headers stand.
            let lines: Vec<usize> = memmem::find_iter(bytes, b"\r\n").map(|at| at + 2).collect();
            if !lines.is_empty() {
                let at = *random.of(&lines);
                drop(bytes.splice(at..at, random.of(pieces).iter().copied()));
            }
        }
        _ => drop(bytes.splice(at..at, random.of(pieces).iter().copied())),
    }
}

/// Says so to the server, in a few goes, and hears all that it answers.
async fn converse(bytes: &[u8], cut: usize, shared: &Arc<Shared>, tunnel: Tunnel) -> Vec<u8> {
    let (ours, theirs) = duplex(64 * 1024);
    let serving = tokio::spawn(connection(TokioIo::new(theirs), Arc::clone(shared), tunnel, None));
    let (mut reader, mut writer) = tokio::io::split(ours);
    let (first, rest) = (bytes[..cut].to_vec(), bytes[cut..].to_vec());
    let saying = tokio::spawn(async move {
        let _ = writer.write_all(&first).await;
        tokio::task::yield_now().await;
        let _ = writer.write_all(&rest).await;
        let _ = writer.shutdown().await;
    });
    let mut answer = Vec::new();
    let _ = reader.read_to_end(&mut answer).await;
    saying.await.unwrap();
    serving.await.unwrap();
    answer
}

#[test]
fn no_request_makes_the_proxy_panic_or_wait_or_give_a_key_to_another() {
    let seconds = std::env::var("KEYCTL_TEST_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let until = Instant::now() + Duration::from_secs(seconds);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().unwrap();
    let first = std::env::var("KEYCTL_TEST_FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let first = first.unwrap_or_else(|| u64::from_ne_bytes(crate::random::bytes().unwrap()));
    let runs = runtime.block_on(async {
        let mut gates = Vec::new();
        for strict in [true, false] {
            let (shared, plain) = shared(folder.path(), strict).await;
            let fill = |all: &[&str]| -> Vec<Vec<u8>> { all.iter().map(|text| filled(text, &shared, plain)).collect() };
            gates.push((fill(SEEDS), fill(PIECES), shared));
        }
        let mut runs: u64 = 0;
        while Instant::now() < until {
            let seed = first.wrapping_add(runs).max(1);
            let mut random = Random(seed);
            random.number();
            let (seeds, pieces, shared) = random.of(&gates);
            let mut bytes = random.of(seeds).clone();
            for _ in 0..random.below(6) {
                let other = random.of(seeds).clone();
                mutate(&mut random, &mut bytes, pieces, &other);
            }
            let host = ["a.test", "b.test", "evil.test"][random.below(3)];
            let tunnel = (random.below(2) == 0).then(|| (host.to_owned(), HTTPS));
            let cut = random.below(bytes.len() + 1);
            let told = || format!("seed {seed}, {tunnel:?}: {:?}", String::from_utf8_lossy(&bytes));
            let said = tokio::time::timeout(LONGEST, converse(&bytes, cut, shared, tunnel.clone())).await;
            let said = said.unwrap_or_else(|_| panic!("no end: {}", told()));
            for (_, _, secret) in KEYS {
                assert!(memmem::find(&said, secret.as_bytes()).is_none(), "a secret comes back: {}", told());
            }
            assert!(WRONG.lock().unwrap().is_empty(), "{:?}: {}", WRONG.lock().unwrap(), told());
            runs += 1;
        }
        runs
    });
    let seen = [0, 1, 2].map(|place| SEEN[place].load(Ordering::Relaxed));
    println!("{runs} runs, {} requests at hosts, {} with A's key and {} with B's", seen[2], seen[0], seen[1]);
    // What lets nothing through would find nothing.
    assert!(runs < 200 || seen.iter().all(|count| *count > 0), "{runs} {seen:?}");
}
