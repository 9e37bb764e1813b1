//! One request on its way through: judged, given its keys, sent, and its answer given back without them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Uri, Version,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;

use crate::config::proxy::HTTPS;

use super::{
    body::{Download, Rest, Upload},
    gate::{Asked, Pass, Untaken, Way},
    inject::{Secrets, is_name_alone},
    path,
    refusal::Refusal,
    server::{self, Shared},
    signing::{self, Sent},
    tally::Tally,
};

/// Headers that are for one connection (RFC 9110, 7.6.1), and those that are for a proxy.
const FOR_ONE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
/// What holds no text: it is passed on as it is.
const NO_TEXT: &[&str] = &[
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/octet-stream",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/vnd.npm.install-v1+tar",
    "application/pdf",
    "application/grpc",
];

/// Where a request goes.
pub struct Target {
    /// The way it came.
    pub way: Way,
    /// The host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The path there.
    pub path: String,
    /// What stands before that path in the proxy's own address.
    pub own: Option<String>,
    /// In the clear.
    pub is_plain: bool,
}

impl Target {
    /// The whole address, with what stands behind the path.
    fn address(&self, query: &str) -> String {
        let Self { host, port, path, .. } = self;
        let before =
            if self.is_plain { format!("http://{host}:{port}") } else { format!("https://{}", named(host, *port)) };
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{before}{path}{mark}{query}")
    }
}

/// A host with its port, where that is not the usual one.
#[must_use]
pub fn named(host: &str, port: u16) -> String {
    if port == HTTPS { host.to_owned() } else { format!("{host}:{port}") }
}

/// Lets a request through, or not.
pub async fn pass(mut request: Request<Incoming>, target: Target, shared: &Arc<Shared>) -> Response<Download> {
    // A tunnel within a tunnel would lead on to whatever its far end likes.
    // And what is no path, as in `OPTIONS *`, would run into the port before it.
    if request.method() == Method::CONNECT || !target.path.starts_with('/') {
        return server::refuse(shared, request, Refusal::NotThere).await;
    }
    request.headers_mut().remove(header::PROXY_AUTHORIZATION);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let asked = Asked {
        way: target.way,
        host: &target.host,
        port: target.port,
        method: request.method().as_str(),
        path: &target.path,
        query: &query,
        length: length(request.headers()),
        is_plain: target.is_plain,
    };
    let (keys, judged) = shared.gate.judge(&asked, request.headers());
    let (host, method) = (named(&target.host, target.port), request.method().to_string());
    let template = path::template(&target.path);
    let mut tally = Tally::begin(keys, host, method, template, &shared.done, &shared.gate);
    let (is_head, version) = (request.method() == Method::HEAD, request.version());
    let waits = request.headers().contains_key(header::EXPECT);
    let sent = match judged {
        Ok(pass) => send(request, &target, &query, pass, &mut tally, shared).await,
        Err(why) => Err(Turned { why, rest: Rest::of(request.into_body(), version, waits) }),
    };
    match sent {
        Ok((answer, secrets, upgraded)) => give_back(answer, &target, is_head, secrets, upgraded, tally),
        Err(Turned { why, rest }) => {
            tally.refused(why);
            server::turned_away(why, rest).await
        }
    }
}

/// Why a request is turned away, and what is not read of it yet, if that is to be heard.
struct Turned {
    why: Refusal,
    rest: Rest,
}

impl From<Refusal> for Turned {
    fn from(why: Refusal) -> Self {
        Self { why, rest: Rest::Nothing }
    }
}

/// Takes what it uses up, and writes down that it goes out.
async fn take(pass: &Pass, tally: &mut Tally, shared: &Shared) -> Result<(), Refusal> {
    let begun = Instant::now();
    let host = tally.host().to_owned();
    loop {
        match shared.gate.take(pass, &host) {
            Ok(()) => break,
            Err(Untaken::Refused(why)) => return Err(why),
            Err(Untaken::Busy) if begun.elapsed() > BUSY => return Err(Refusal::Unrecorded),
            Err(Untaken::Busy) => tokio::time::sleep(MOMENT).await,
        }
    }
    tally.goes_out(&pass.keys, &shared.gate)
}

/// How long other runs are waited for that take something from the same budget, and after what time it is tried again.
const BUSY: Duration = Duration::from_secs(2);
const MOMENT: Duration = Duration::from_millis(1);

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What may not come back: the secrets as they were when the request went out.
type Gone = Option<Arc<Secrets>>;

/// The two ends of an upgrade, once both sides have said yes.
type Upgrade = Option<hyper::upgrade::OnUpgrade>;

async fn send(
    mut request: Request<Incoming>,
    target: &Target,
    query: &str,
    pass: Pass,
    tally: &mut Tally,
    shared: &Arc<Shared>,
) -> Result<(Response<Incoming>, Gone, Upgrade), Turned> {
    let upgrade = wanted_upgrade(request.headers())?;
    let ours = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let (mut headers, version) = (parts.headers, parts.version);
    let waits = headers.contains_key(header::EXPECT);
    let rule = pass.by.and_then(|by| shared.gate.rule(by));
    // A host may say to a request without a key what it was sent with another.
    let secrets = rule.is_some().then(|| shared.gate.secrets());
    fit(&mut headers, secrets.as_deref(), &pass, shared)?;
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
    let there = target.address(query);
    let of = (target, query, &parts.method);
    let mut upload = upload(body, &mut headers, of, &pass, secrets.as_deref(), (tally, shared)).await?;
    let rest = upload.coming_back(version);
    let mut out = Request::new(upload);
    *out.method_mut() = parts.method;
    *out.uri_mut() = there.parse::<Uri>().map_err(|_| Refusal::NotThere)?;
    *out.version_mut() = Version::HTTP_11;
    *out.headers_mut() = headers;
    if let Err(why) = take(&pass, tally, shared).await {
        return Err(Turned { why, rest: out.into_body().rest(version, waits) });
    }
    let sent = if target.is_plain {
        shared.upstream.send_plain(out).await.map(|answer| (answer, None))
    } else {
        shared.upstream.send(out, rule, ours.is_some()).await
    };
    let went = tally.sent().load(Ordering::Relaxed);
    let is_over = pass.max_body.is_some_and(|most| went > most);
    let (answer, lane) = match sent {
        Ok(sent) => sent,
        Err(why) => {
            let was_told = went > 0 || !waits || version == Version::HTTP_2;
            let rest = if was_told { rest } else { Rest::Nothing };
            return Err(Turned { why: if is_over { Refusal::TooLarge } else { why }, rest });
        }
    };
    tally.keeps(lane);
    tally.answered(answer.status().as_u16());
    Ok((answer, secrets, ours))
}

/// Makes the headers those that go out: with keys in the place of what stands for them.
fn fit(headers: &mut HeaderMap, secrets: Option<&Secrets>, pass: &Pass, shared: &Shared) -> Result<(), Refusal> {
    clear(headers);
    for name in [header::HOST, header::EXPECT] {
        headers.remove(name);
    }
    if let Some(secrets) = secrets {
        // So that a secret that comes back can be seen.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        secrets.put(headers, &shared.gate.placeholders(), &pass.keys).ok_or(Refusal::Unfit)?;
    }
    // It goes to nobody in a strict run: it may be a key without a name as well.
    if shared.gate.is_strict()
        && headers.get(header::AUTHORIZATION).is_some_and(|value| is_name_alone(value.as_bytes()))
    {
        headers.remove(header::AUTHORIZATION);
    }
    Ok(())
}

/// The body as it goes out. Where requests are signed, this one is, anew; and its body is read as a whole only where nothing
/// stands for it in the signature.
async fn upload(
    body: Incoming,
    headers: &mut HeaderMap,
    (target, query, method): (&Target, &str, &Method),
    pass: &Pass,
    secrets: Option<&Secrets>,
    (tally, shared): (&Tally, &Shared),
) -> Result<Upload, Refusal> {
    let Some(key) = signing::signer(&shared.gate.guarded, &pass.keys) else {
        return Ok(Upload::new(body, tally.sent(), pass.max_body));
    };
    let secret = secrets.and_then(|secrets| secrets.get(key)).ok_or(Refusal::Unfit)?;
    let (payload, upload) = if let Some(payload) = signing::payload(headers)? {
        (payload, Upload::new(body, tally.sent(), pass.max_body))
    } else {
        let most = pass.max_body.and_then(|most| usize::try_from(most).ok());
        let read = Limited::new(body, most.unwrap_or(signing::LONGEST).min(signing::LONGEST)).collect().await;
        let body = read.map_err(|_| Refusal::TooLarge)?.to_bytes();
        (signing::hash(&body), Upload::whole(body, tally.sent()))
    };
    let host = named(&target.host, target.port);
    let sent = Sent { method: method.as_str(), host: &host, path: &target.path, query, payload: &payload };
    signing::sign(headers, &sent, secret)?;
    Ok(upload)
}

/// The protocol that is asked for, where that is the one that is passed on.
fn wanted_upgrade(headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
    let Some(protocol) = headers.get(header::UPGRADE) else { return Ok(None) };
    match protocol.as_bytes().eq_ignore_ascii_case(b"websocket") {
        true => Ok(Some(protocol.clone())),
        // curl asks whether HTTP/2 may follow, and goes on without.
        false if protocol.as_bytes().starts_with(b"h2c") => Ok(None),
        false => Err(Refusal::NotThere),
    }
}

/// Takes the headers off that are for one connection; that trailers are understood is passed on, as gRPC needs it.
fn clear(headers: &mut HeaderMap) {
    let trailers = headers.get(header::TE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in FOR_ONE_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
}

fn give_back(
    mut answer: Response<Incoming>,
    target: &Target,
    is_head: bool,
    secrets: Gone,
    ours: Upgrade,
    tally: Tally,
) -> Response<Download> {
    if let (Some(ours), StatusCode::SWITCHING_PROTOCOLS) = (ours, answer.status()) {
        return upgraded(answer, ours, secrets, tally);
    }
    clear(answer.headers_mut());
    // Another way to the same host would not lead through here.
    answer.headers_mut().remove(header::ALT_SVC);
    lead_back(answer.headers_mut(), target);
    let mut masks = None;
    if let Some(secrets) = &secrets {
        secrets.take_out(answer.headers_mut());
        // Where only the length of a body is said, there is none to be looked into.
        let has_body = !is_head && answer.status() != StatusCode::NOT_MODIFIED;
        if has_body && may_hold_text(answer.headers()) {
            // What stands for a secret has another length.
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            masks = Some(secrets.masker().stream());
        }
    }
    let (parts, body) = answer.into_parts();
    let mut response = Response::new(Download::passed(body, secrets, masks, tally));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}

/// Whether a secret could be seen in a body: it is text, as it is.
fn may_hold_text(headers: &HeaderMap) -> bool {
    let is_encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    !is_encoded && !NO_TEXT.iter().any(|beginning| kind.starts_with(beginning)) && length(headers) != Some(0)
}

/// Where the host sends the command on to itself, that leads by the proxy's own address again; to another host it does not,
/// and no key goes there.
fn lead_back(headers: &mut HeaderMap, target: &Target) {
    let Some(own) = &target.own else { return };
    let Some(text) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else { return };
    let Ok(uri) = text.parse::<Uri>() else { return };
    let is_same = uri.authority().is_none_or(|named| {
        named.host().eq_ignore_ascii_case(&target.host) && named.port_u16().unwrap_or(HTTPS) == target.port
    });
    let is_secure = uri.scheme_str().is_none_or(|scheme| scheme == "https");
    if is_same && is_secure && uri.path().starts_with('/') && !text.starts_with("//") {
        let rest = uri.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
        if let Ok(value) = HeaderValue::from_str(&format!("{own}{rest}")) {
            headers.insert(header::LOCATION, value);
        }
    }
}

/// Both sides have agreed on another protocol: what they say is passed on, and not looked into.
fn upgraded(
    mut answer: Response<Incoming>,
    ours: hyper::upgrade::OnUpgrade,
    secrets: Gone,
    mut tally: Tally,
) -> Response<Download> {
    let theirs = hyper::upgrade::on(&mut answer);
    let mut response = Response::new(Download::own(""));
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    if let Some(secrets) = secrets {
        secrets.take_out(response.headers_mut());
    }
    tokio::spawn(async move {
        let (Ok(ours), Ok(theirs)) = (ours.await, theirs.await) else { return };
        let (mut ours, mut theirs) = (TokioIo::new(ours), TokioIo::new(theirs));
        if let Ok((sent, received)) = tokio::io::copy_bidirectional(&mut ours, &mut theirs).await {
            tally.sent().fetch_add(sent, Ordering::Relaxed);
            tally.received(usize::try_from(received).unwrap_or(usize::MAX));
            tally.is_whole();
        }
    });
    response
}
