//! The server on loopback: takes connections, tells the two ways in apart, and hands each request to the gate.
//!
//! An address of the proxy's own, `http://127.0.0.1:PORT/TOKEN/RULE/path`, is for libraries that can be told where their API is:
//! no certificate is needed. For all else the command is told of a proxy (`HTTPS_PROXY`): what it asks of a host by CONNECT is
//! answered here in the host's place, with a certificate of this run's authority. Both ways lead through [`pass`].

use std::sync::{Arc, mpsc::Sender};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{
    HeaderMap, Method, Request, Response, Uri, Version,
    body::Incoming,
    header::{self, HeaderValue},
    http::uri::Authority as Named,
    service::service_fn,
    upgrade::Upgraded,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::config::proxy::HTTPS;

use super::{
    authority::Authority,
    body::Download,
    gate::{Gate, Way},
    pass::{self, Target},
    path,
    refusal::Refusal,
    tally::{Done, Tally},
    upstream::Upstream,
};

/// How long a request's head may take.
const HEAD: std::time::Duration = std::time::Duration::from_secs(30);
/// How long to wait where the system has no more descriptors.
const FULL: std::time::Duration = std::time::Duration::from_millis(50);
/// The name that the command's token goes by.
pub const USER: &str = "keyctl";

/// What every connection needs.
pub struct Shared {
    /// Decides.
    pub gate: Arc<Gate>,
    /// Vouches for hosts, toward the command.
    pub authority: Authority,
    /// The way out.
    pub upstream: Upstream,
    /// Where the server listens.
    pub port: u16,
    /// Who writes down what was done.
    pub done: Sender<Done>,
}

/// A host as the command asked for it by CONNECT, if it did.
type Tunnel = Option<(String, u16)>;

/// Takes connections until the runtime ends.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(TokioIo::new(stream), Arc::clone(&shared), None));
            }
            Err(_) => tokio::time::sleep(FULL).await,
        }
    }
}

/// Answers the requests of one connection: of the command to the proxy, or within a tunnel to a host.
async fn connection<I>(io: I, shared: Arc<Shared>, tunnel: Tunnel)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).half_close(true);
    server.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| {
        let (shared, tunnel) = (Arc::clone(&shared), tunnel.clone());
        async move { Ok::<_, std::convert::Infallible>(answer(request, &shared, tunnel).await) }
    });
    // How a connection ends is of no interest: its requests are counted one by one.
    let _ = server.serve_connection_with_upgrades(io, service).await;
}

async fn answer(request: Request<Incoming>, shared: &Arc<Shared>, tunnel: Tunnel) -> Response<Download> {
    match tunnel {
        Some((host, port)) => within_tunnel(request, shared, host, port).await,
        None if request.method() == Method::CONNECT => connect(request, shared),
        None if is_for_proxy_itself(request.uri(), shared.port) => by_own_address(request, shared).await,
        None => in_the_clear(request, shared).await,
    }
}

/// Whether a request is for the proxy, and not through it. HTTP/2 says the host in each.
fn is_for_proxy_itself(uri: &Uri, port: u16) -> bool {
    uri.authority().is_none_or(|named| is_own(named, port))
}

fn is_own(named: &Named, port: u16) -> bool {
    ["127.0.0.1", "localhost"].contains(&named.host()) && named.port_u16() == Some(port)
}

/// By an address of the proxy's own: token, rule, and the path at the host.
async fn by_own_address(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Download> {
    let said = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse::<Named>().ok());
    let named = request.uri().authority().or(said.as_ref());
    // A web page may have its own name lead here, and asks for that.
    if request.headers().contains_key(header::ORIGIN) || !named.is_some_and(|named| is_own(named, shared.port)) {
        return refuse(shared, &request, Refusal::Rebound);
    }
    let text = request.uri().path().to_owned();
    let mut parts = text.splitn(4, '/').skip(1);
    let (token, route) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !shared.gate.is_token(token) {
        return refuse(shared, &request, Refusal::Stranger);
    }
    let place = shared.gate.route(route);
    let place = place.and_then(|(key, rule)| Some((key, rule, shared.gate.guarded[key].rules[rule].host()?)));
    let Some((key, rule, (host, port))) = place else { return refuse(shared, &request, Refusal::Host) };
    let target = Target {
        way: Way::Base(key, rule),
        host: host.to_owned(),
        port,
        path: format!("/{}", parts.next().unwrap_or_default()),
        own: Some(format!("/{token}/{route}")),
        is_plain: false,
    };
    pass::pass(request, target, shared).await
}

/// Within a tunnel, where the proxy answers in the host's place.
async fn within_tunnel(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    host: String,
    port: u16,
) -> Response<Download> {
    let said = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.parse::<Named>().ok());
    let named = request.uri().authority().or(said.as_ref());
    let is_same = |named: &Named| named.host().eq_ignore_ascii_case(&host) && named.port_u16().unwrap_or(HTTPS) == port;
    if !named.is_some_and(is_same) {
        return refuse(shared, &request, Refusal::Fronted);
    }
    let path = request.uri().path().to_owned();
    let target = Target { way: Way::Connect, host, port, path, own: None, is_plain: false };
    pass::pass(request, target, shared).await
}

/// `http://` through the proxy: no key goes there, and in a strict run nothing does.
async fn in_the_clear(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Download> {
    if !has_token(request.headers(), shared) {
        return ask_for_token(shared, &request);
    }
    let uri = request.uri();
    let (Some(host), Some("http")) = (uri.host(), uri.scheme_str()) else {
        return refuse(shared, &request, Refusal::NotThere);
    };
    let (host, port, path) = (host.to_owned(), uri.port_u16().unwrap_or(80), uri.path().to_owned());
    let target = Target { way: Way::Connect, host, port, path, own: None, is_plain: true };
    pass::pass(request, target, shared).await
}

/// Opens a tunnel: answered here, but for ports where no HTTPS is spoken and that may be reached all the same.
fn connect(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Download> {
    if !has_token(request.headers(), shared) {
        return ask_for_token(shared, &request);
    }
    let named = request.uri().authority();
    let Some((host, port)) = named.and_then(|named| Some((named.host().to_ascii_lowercase(), named.port_u16()?)))
    else {
        return refuse(shared, &request, Refusal::NotThere);
    };
    let is_looked_into = port == HTTPS || shared.gate.rule_for(&host, port).is_some() || shared.gate.is_strict();
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let Ok(tunnel) = hyper::upgrade::on(request).await else { return };
        if is_looked_into {
            look_into(tunnel, shared, host, port).await;
        } else {
            let _ = carry(tunnel, &host, port, &shared).await;
        }
    });
    Response::new(Download::own(""))
}

/// Answers in the host's place. In a strict run that is done for hosts without a rule too, and leads nowhere: so what was to be
/// sent there is known, and an alert if it was a placeholder.
async fn look_into(tunnel: Upgraded, shared: Arc<Shared>, host: String, port: u16) {
    let answers = shared.authority.answer_as(&host);
    let accepted = match answers {
        Ok(config) => TlsAcceptor::from(config).accept(TokioIo::new(tunnel)).await.ok(),
        Err(_) => None,
    };
    match accepted {
        Some(stream) => connection(TokioIo::new(stream), shared, Some((host, port))).await,
        // A program that trusts its own list of authorities alone, or that speaks something else.
        None => drop(noted(&shared, Vec::new(), &host, port, "CONNECT", "/", Refusal::NotThere)),
    }
}

/// Passes on what nobody looks into.
async fn carry(tunnel: Upgraded, host: &str, port: u16, shared: &Arc<Shared>) -> std::io::Result<()> {
    let named = format!("{host}:{port}");
    let mut tally = Tally::begin(Vec::new(), named, "CONNECT".into(), "/".into(), &shared.done, &shared.gate);
    let mut out = TcpStream::connect((host, port)).await.inspect_err(|_| tally.refused(Refusal::Upstream))?;
    let (sent, received) = tokio::io::copy_bidirectional(&mut TokioIo::new(tunnel), &mut out).await?;
    tally.sent().store(sent, std::sync::atomic::Ordering::Relaxed);
    tally.received(usize::try_from(received).unwrap_or(usize::MAX));
    tally.is_whole();
    Ok(())
}

/// Whether it has the token of this run as the proxy's password.
fn has_token(headers: &HeaderMap, shared: &Shared) -> bool {
    let value = headers.get(header::PROXY_AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let Some((scheme, rest)) = value.split_at_checked(6) else { return false };
    let text = STANDARD.decode(rest.trim_ascii()).unwrap_or_default();
    let token = std::str::from_utf8(&text).ok().and_then(|text| text.strip_prefix(USER)?.strip_prefix(':'));
    scheme.eq_ignore_ascii_case(b"basic ") && token.is_some_and(|token| shared.gate.is_token(token))
}

/// Some clients send the password only once they were asked.
fn ask_for_token(shared: &Arc<Shared>, request: &Request<Incoming>) -> Response<Download> {
    let is_wrong = request.headers().contains_key(header::PROXY_AUTHORIZATION);
    let mut response = if is_wrong { refuse(shared, request, Refusal::Stranger) } else { own(Refusal::Stranger) };
    *response.status_mut() = hyper::StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    response.headers_mut().insert(header::PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"keyctl\""));
    response
}

/// Notes a refusal of what was asked of the proxy itself, and says so.
pub fn refuse(shared: &Arc<Shared>, request: &Request<Incoming>, why: Refusal) -> Response<Download> {
    // What a stranger asks for is not for the history: it may be anything.
    let text = path::template(request.uri().path());
    let path = if matches!(why, Refusal::Stranger | Refusal::Rebound) { "/" } else { &text };
    drop(noted(shared, Vec::new(), "127.0.0.1", shared.port, request.method().as_str(), path, why));
    own(why)
}

fn noted(
    shared: &Arc<Shared>,
    keys: Vec<usize>,
    host: &str,
    port: u16,
    method: &str,
    path: &str,
    why: Refusal,
) -> Tally {
    let named = pass::named(host, port);
    let mut tally = Tally::begin(keys, named, method.to_owned(), path.to_owned(), &shared.done, &shared.gate);
    tally.refused(why);
    tally
}

/// The proxy's own answer to what it does not let through.
#[must_use]
pub fn own(why: Refusal) -> Response<Download> {
    let mut response = Response::new(Download::own(why.words()));
    *response.status_mut() = why.status();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Refusal::Limit(wait) = why {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    *response.version_mut() = Version::HTTP_11;
    response
}

#[cfg(test)]
#[path = "fuzz_tests.rs"]
mod fuzz_tests;
