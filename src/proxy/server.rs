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
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::net::TcpListener;

use crate::config::proxy::HTTPS;

use super::{
    authority::Authority,
    body::{Download, Rest},
    connections::{Connection, Strangers},
    gate::{Gate, Way},
    pass::{self, Target},
    path,
    refusal::Refusal,
    tally::{Done, Tally},
    tunnel,
    upstream::Upstream,
};

/// How long a request's head may take.
pub const HEAD: std::time::Duration = std::time::Duration::from_secs(30);
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
pub type Tunnel = Option<(String, u16)>;

/// Takes connections until the runtime ends.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let strangers = Strangers::default();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            strangers.make_room(FULL);
            tokio::time::sleep(FULL).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, one) = (Arc::clone(&shared), strangers.take_in());
        tokio::spawn(async move {
            one.serve(connection(TokioIo::new(stream), shared, None, Some(Arc::clone(&one)))).await;
        });
    }
}

/// Answers the requests of one connection: of whoever it is to the proxy, or of the command within a tunnel to a host.
pub async fn connection<I>(io: I, shared: Arc<Shared>, tunnel: Tunnel, own: Option<Arc<Connection>>)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).half_close(true);
    server.http2().timer(TokioTimer::new());
    let service = service_fn(move |request| {
        let (shared, tunnel, own) = (Arc::clone(&shared), tunnel.clone(), own.clone());
        async move { Ok::<_, std::convert::Infallible>(answer(request, &shared, tunnel, own.as_deref()).await) }
    });
    // How a connection ends is of no interest: its requests are counted one by one.
    let _ = server.serve_connection_with_upgrades(io, service).await;
}

async fn answer(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    tunnel: Tunnel,
    own: Option<&Connection>,
) -> Response<Download> {
    if let Some((host, port)) = tunnel {
        return within_tunnel(request, shared, host, port).await;
    }
    let is_by_address = request.method() != Method::CONNECT && is_for_proxy_itself(request.uri(), shared.port);
    let (token, _, _) = parts(request.uri().path());
    let has_token = if is_by_address { shared.gate.is_token(token) } else { has_token(request.headers(), shared) };
    if let Some(own) = own.filter(|_| has_token) {
        own.is_ours();
    }
    match has_token {
        _ if is_by_address => by_own_address(request, shared).await,
        false => ask_for_token(shared, request).await,
        true if request.method() == Method::CONNECT => match tunnel::end(request.uri()) {
            Some(end) => tunnel::connect(request, end, shared),
            None => refuse(shared, request, Refusal::NotThere).await,
        },
        true => in_the_clear(request, shared).await,
    }
}

/// An address of the proxy's own: the token, the rule, and the path at the host without the slash before it.
fn parts(path: &str) -> (&str, &str, &str) {
    let mut parts = path.splitn(4, '/').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
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
    let is_ours = |value: &HeaderValue| {
        let uri = value.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
        uri.is_some_and(|uri| uri.authority().is_some_and(|named| is_own(named, shared.port)))
    };
    // A web page may have its own name lead here, and asks for that. Some libraries say where they ask to be where they are.
    let is_of_a_page = request.headers().get_all(header::ORIGIN).iter().any(|origin| !is_ours(origin));
    if is_of_a_page || !named.is_some_and(|named| is_own(named, shared.port)) {
        return refuse(shared, request, Refusal::Rebound).await;
    }
    let text = request.uri().path().to_owned();
    let (token, route, rest) = parts(&text);
    if !shared.gate.is_token(token) {
        return refuse(shared, request, Refusal::Stranger).await;
    }
    let place = shared.gate.route(route);
    let place = place.and_then(|(key, rule)| Some((key, rule, shared.gate.guarded[key].rules[rule].host()?)));
    let Some((key, rule, (host, port))) = place else { return refuse(shared, request, Refusal::Host).await };
    let target = Target {
        way: Way::Base(key, rule),
        host: host.to_owned(),
        port,
        path: format!("/{rest}"),
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
        return refuse(shared, request, Refusal::Fronted).await;
    }
    let path = request.uri().path().to_owned();
    let target = Target { way: Way::Connect, host, port, path, own: None, is_plain: false };
    pass::pass(request, target, shared).await
}

/// `http://` through the proxy: no key goes there, and in a strict run nothing does.
async fn in_the_clear(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Download> {
    let uri = request.uri();
    let (Some(host), Some("http")) = (uri.host(), uri.scheme_str()) else {
        return refuse(shared, request, Refusal::NotThere).await;
    };
    let (host, port, path) = (host.to_owned(), uri.port_u16().unwrap_or(80), uri.path().to_owned());
    let target = Target { way: Way::Connect, host, port, path, own: None, is_plain: true };
    pass::pass(request, target, shared).await
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
async fn ask_for_token(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Download> {
    let is_wrong = request.headers().contains_key(header::PROXY_AUTHORIZATION);
    let mut response = if is_wrong { refuse(shared, request, Refusal::Stranger).await } else { own(Refusal::Stranger) };
    *response.status_mut() = hyper::StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    response.headers_mut().insert(header::PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"keyctl\""));
    response
}

/// Notes a refusal of what was asked of the proxy itself, and says so.
pub async fn refuse(shared: &Arc<Shared>, request: Request<Incoming>, why: Refusal) -> Response<Download> {
    // What a stranger asks for is not for the history: it may be anything.
    let text = path::template(request.uri().path());
    let path = if matches!(why, Refusal::Stranger | Refusal::Rebound) { "/" } else { &text };
    drop(noted(shared, Vec::new(), "127.0.0.1", shared.port, request.method().as_str(), path, why));
    let version = request.version();
    let waits = request.headers().contains_key(header::EXPECT);
    turned_away(why, Rest::of(request.into_body(), version, waits)).await
}

/// Notes a refusal.
pub fn noted(
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

/// The proxy's own answer to a request of which this is the rest.
pub async fn turned_away(why: Refusal, mut rest: Rest) -> Response<Download> {
    let mut response = own(why);
    rest.hear_a_little().await;
    if !rest.is_over() {
        *response.body_mut() = Download::after(why.words(), rest);
    }
    response
}

/// The proxy's own answer to what it does not let through.
fn own(why: Refusal) -> Response<Download> {
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
