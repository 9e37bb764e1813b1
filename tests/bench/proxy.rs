//! The two ends of the proxy's benchmark: a host over TLS, and whoever asks it, so often a second or for as many streams.
//! `tests/bench/proxy.sh` builds and runs it.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response, Uri,
    body::{Body, Bytes, Frame, Incoming},
    header,
    service::service_fn,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Sleep, sleep},
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

/// What the host answers: as long as a short answer of an API.
const ANSWER: usize = 1024;
/// What a stream says each second.
const EVENT: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match words[..] {
        ["host", folder, ref protocols @ ..] => runtime.block_on(host(Path::new(folder), protocols)),
        ["load", url, header, ca, proxy, rate, seconds] => {
            load(&runtime, &Asks::new(url, header, ca, proxy), number(rate), number(seconds));
        }
        ["most", url, header, ca, proxy, at_once, seconds] => {
            runtime.block_on(most(&Asks::new(url, header, ca, proxy), number(at_once), number(seconds).into()));
        }
        ["streams", url, header, ca, count, seconds, process] => {
            runtime.block_on(streams(&Asks::new(url, header, ca, ""), number(count), number(seconds).into(), process));
        }
        _ => panic!("tests/bench/proxy.sh knows how this is called"),
    }
}

// The host.

/// Speaks these protocols, the first of them the most willingly.
async fn host(folder: &Path, protocols: &[&str]) {
    let mut config = certified(folder);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    println!("{}", listener.local_addr().expect("a port").port());
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let mut server = auto::Builder::new(TokioExecutor::new());
            server.http1().timer(TokioTimer::new());
            server.http2().timer(TokioTimer::new());
            let _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

/// A certificate for the two names, and that of who vouches for it beside it.
fn certified(folder: &Path) -> ServerConfig {
    let made = || -> Result<_, rcgen::Error> {
        let mut authority = rcgen::CertificateParams::new(Vec::new())?;
        // nginx takes a certificate of one name for its own authority.
        authority.distinguished_name.push(rcgen::DnType::CommonName, "authority of the benchmark");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let (key, own) = (rcgen::KeyPair::generate()?, rcgen::KeyPair::generate()?);
        let pem = authority.self_signed(&key)?.pem();
        let names = vec!["api.test".to_owned(), "localhost".to_owned()];
        let issuer = rcgen::Issuer::new(authority, key);
        let certificate = rcgen::CertificateParams::new(names)?.signed_by(&own, &issuer)?;
        Ok((pem, certificate, own))
    };
    let (authority, certificate, key) = made().expect("a certificate");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
    write("ca.pem", &authority);
    write("host.pem", &certificate.pem());
    write("host.key", &key.serialize_pem());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    config.expect("a certificate")
}

async fn answer(request: Request<Incoming>) -> io::Result<Response<Said>> {
    let is_stream = request.uri().path().ends_with("/stream");
    let kind = if is_stream { "text/event-stream" } else { "application/json" };
    let said = if is_stream { Said::Stream(Box::pin(sleep(Duration::ZERO))) } else { Said::Once(Some(text())) };
    let response = Response::builder().header(header::CONTENT_TYPE, kind).body(said);
    response.map_err(io::Error::other)
}

fn text() -> Bytes {
    Bytes::from(format!("{{\"text\":\"{}\"}}", "word ".repeat(ANSWER / 5)))
}

/// What the host says: once, or something each second until nobody listens.
enum Said {
    Once(Option<Bytes>),
    Stream(Pin<Box<Sleep>>),
}

impl Body for Said {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Once(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Stream(pause) => {
                std::task::ready!(pause.as_mut().poll(context));
                pause.set(sleep(Duration::from_secs(1)));
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(EVENT)))))
            }
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Once(Some(text)) => hyper::body::SizeHint::with_exact(text.len() as u64),
            _ => hyper::body::SizeHint::default(),
        }
    }
}

// Whoever asks.

/// What is asked for, and by which way.
#[derive(Clone)]
struct Asks {
    url: Uri,
    header: String,
    client: Client<HttpsConnector<By>, Empty<Bytes>>,
}

impl Asks {
    fn new(url: &str, header: &str, ca: &str, proxy: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(ca).expect("certificates");
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new()).build(https.wrap_connector(By(proxy.parse().ok())));
        Self { url: url.parse().expect("an address"), header: header.to_owned(), client }
    }

    async fn ask(&self) -> Option<Incoming> {
        let request = Request::get(self.url.clone()).header("x-api-key", &self.header).body(Empty::new()).ok()?;
        let answer = self.client.request(request).await.ok()?;
        (answer.status() == 200).then(|| answer.into_body())
    }

    /// Asks once, for all of the answer.
    async fn whole(&self) -> Option<()> {
        self.ask().await?.collect().await.ok().map(drop)
    }
}

/// The way to a host: straight, or by a proxy's CONNECT.
#[derive(Clone)]
struct By(Option<Uri>);

impl Service<Uri> for By {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        let proxy = self.0.clone();
        Box::pin(async move {
            let there = proxy.as_ref().unwrap_or(&host);
            let port = there.port_u16().ok_or(io::ErrorKind::InvalidInput)?;
            let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
            stream.set_nodelay(true)?;
            if let Some(proxy) = &proxy {
                let name = proxy
                    .authority()
                    .map_or("", hyper::http::uri::Authority::as_str)
                    .split('@')
                    .next()
                    .unwrap_or_default();
                let (host, token) = (host.host().unwrap_or_default(), STANDARD.encode(name));
                let asked = format!(
                    "CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\nProxy-Authorization: Basic {token}\r\n\r\n"
                );
                stream.write_all(asked.as_bytes()).await?;
                let mut said = Vec::new();
                while !said.ends_with(b"\r\n\r\n") {
                    said.push(stream.read_u8().await?);
                }
                if !said.starts_with(b"HTTP/1.1 200") {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
            }
            Ok(TokioIo::new(stream))
        })
    }
}

/// So many requests a second, whatever became of those before; each is counted from the moment when it was due.
fn load(runtime: &tokio::runtime::Runtime, asks: &Asks, rate: u32, seconds: u32) {
    let (sender, took) = mpsc::channel();
    let handle = runtime.handle().clone();
    let (count, pause) = (rate * seconds, Duration::from_secs(1) / rate);
    let asked = asks.clone();
    // A clock of its own: the runtime's counts in whole milliseconds.
    let clock = std::thread::spawn(move || {
        let began = Instant::now();
        for number in 0..count {
            let due = began + pause * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (asks, sender) = (asked.clone(), sender.clone());
            handle.spawn(async move {
                let ended = asks.whole().await;
                let _ = sender.send(ended.map(|()| due.elapsed()));
            });
        }
    });
    runtime.block_on(async {
        while !clock.is_finished() {
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_secs(1)).await;
    });
    let all: Vec<Option<Duration>> = took.try_iter().collect();
    // The first second is for connections to be made.
    let mut times: Vec<Duration> = all.iter().skip(rate as usize).flatten().copied().collect();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 1000).map_or(0, Duration::as_micros);
    println!("{} {} {} {}", at(500), at(990), at(999), count as usize - all.iter().flatten().count());
}

/// As many as there can be, so many at a time.
async fn most(asks: &Asks, at_once: u32, seconds: u64) {
    let (done, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + Duration::from_secs(seconds));
    let one = |asks: Asks, done: Arc<AtomicU64>| async move {
        while Instant::now() < end {
            if asks.whole().await.is_some() {
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let all: Vec<_> = (0..at_once).map(|_| tokio::spawn(one(asks.clone(), Arc::clone(&done)))).collect();
    for each in all {
        let _ = each.await;
    }
    println!("{}", done.load(Ordering::Relaxed) / seconds);
}

/// So many streams at a time, and what that takes of a process's memory.
async fn streams(asks: &Asks, count: u32, seconds: u64, process: &str) {
    let before = memory(process);
    let (open, events) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for number in 0..count {
        let (asks, open, events) = (asks.clone(), Arc::clone(&open), Arc::clone(&events));
        tokio::spawn(async move {
            let Some(mut body) = asks.ask().await else { return };
            open.fetch_add(1, Ordering::Relaxed);
            while let Some(Ok(frame)) = body.frame().await {
                events.fetch_add(u64::from(frame.is_data()), Ordering::Relaxed);
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
        if number % 50 == 49 {
            sleep(Duration::from_millis(20)).await;
        }
    }
    let began = Instant::now();
    while open.load(Ordering::Relaxed) < u64::from(count) && began.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(50)).await;
    }
    let (all_open, early, counted) = (open.load(Ordering::Relaxed), memory(process), events.load(Ordering::Relaxed));
    sleep(Duration::from_secs(seconds)).await;
    let still = open.load(Ordering::Relaxed);
    let a_second = (events.load(Ordering::Relaxed) - counted) / seconds;
    println!("{all_open} {still} {a_second} {before} {early} {}", memory(process));
}

/// What a process has in memory, in KiB.
fn memory(process: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
