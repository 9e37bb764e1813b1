//! The way to the hosts: HTTPS alone, with a certificate that somebody trusted vouches for, over HTTP/2 where the host has it.
//! Variables such as `HTTPS_PROXY` are not heeded: whoever set one would read every key.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Request, Response, Uri, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tower_service::Service;

use crate::failure::{Failure, Kind, Result, reason};

use super::{body::Upload, refusal::Refusal, rule::Rule};

/// How long a host is waited for.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take to begin: a model may think for minutes.
const ANSWER: Duration = Duration::from_mins(15);
/// So many requests there are at a time on a connection of HTTP/2, as every host takes them (RFC 9113, 6.5.2): those beyond it
/// would wait for the end of others, which a stream may never have.
const AT_ONCE: usize = 100;
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_mins(1);

type Https = Client<HttpsConnector<To>, Upload>;
/// Who vouches for a host, and where it is.
type Route = (Option<PathBuf>, Option<SocketAddr>);

/// Clients for all hosts.
pub struct Upstream {
    by_route: HashMap<Route, Clients>,
    /// For what goes out in the clear, which no key does.
    plain: Client<HttpConnector, Upload>,
}

struct Clients {
    any: Lanes,
    /// For what is upgraded, which only HTTP/1.1 can be.
    first: Https,
}

impl Upstream {
    /// For these rules, and for hosts without one.
    ///
    /// # Errors
    /// Where certificates cannot be read.
    pub fn new<'r>(rules: impl Iterator<Item = &'r Rule>) -> Result<Self> {
        let mut by_route: HashMap<Route, Clients> = HashMap::new();
        let routes = rules.map(|rule| (rule.ca.clone(), rule.address)).chain([(None, None)]);
        for route in routes {
            if let Entry::Vacant(place) = by_route.entry(route) {
                let clients = Clients::new(place.key())?;
                place.insert(clients);
            }
        }
        Ok(Self { by_route, plain: builder().build(http(false)) })
    }

    /// Sends a request to a host of this rule, or of none. What comes with the answer is kept until that is over.
    ///
    /// # Errors
    /// What whoever asked is told; why is told to nobody, as it could quote what was sent.
    pub async fn send(
        &self,
        request: Request<Upload>,
        rule: Option<&Rule>,
        is_upgrade: bool,
    ) -> std::result::Result<(Response<Incoming>, Option<Lane>), Refusal> {
        let route = (rule.and_then(|rule| rule.ca.clone()), rule.and_then(|rule| rule.address));
        let clients = self.by_route.get(&route).ok_or(Refusal::Upstream)?;
        if is_upgrade {
            return in_time(clients.first.request(request)).await.map(|answer| (answer, None));
        }
        let (client, lane) = clients.any.take();
        in_time(client.request(request)).await.map(|answer| (answer, Some(lane)))
    }

    /// Sends a request in the clear.
    ///
    /// # Errors
    /// As [`Upstream::send`].
    pub async fn send_plain(&self, request: Request<Upload>) -> std::result::Result<Response<Incoming>, Refusal> {
        in_time(self.plain.request(request)).await
    }
}

async fn in_time<E>(
    answer: impl Future<Output = std::result::Result<Response<Incoming>, E>>,
) -> std::result::Result<Response<Incoming>, Refusal> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(|_| Refusal::Upstream),
        Err(_) => Err(Refusal::TooLate),
    }
}

impl Clients {
    fn new((ca, address): &Route) -> Result<Self> {
        let config = trust(ca.as_deref())?;
        let to = || To { http: http(true), address: *address };
        let begin = || HttpsConnectorBuilder::new().with_tls_config(config.clone()).https_only();
        let any = Lanes::new(begin().enable_http1().enable_http2().wrap_connector(to()));
        let first = builder().build(begin().enable_http1().wrap_connector(to()));
        Ok(Self { any, first })
    }
}

/// Connections of which each has room for one more request, as many as that takes.
struct Lanes {
    connector: HttpsConnector<To>,
    all: Mutex<Vec<(Arc<Https>, Arc<AtomicUsize>)>>,
}

/// A place on a connection, until it is dropped.
pub struct Lane(Arc<AtomicUsize>);

impl Lanes {
    fn new(connector: HttpsConnector<To>) -> Self {
        Self { connector, all: Mutex::default() }
    }

    fn take(&self) -> (Arc<Https>, Lane) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let free = all.iter().position(|(_, busy)| busy.load(Ordering::Relaxed) < AT_ONCE);
        let at = free.unwrap_or_else(|| {
            all.push((Arc::new(builder().build(self.connector.clone())), Arc::default()));
            all.len() - 1
        });
        let (client, busy) = &all[at];
        busy.fetch_add(1, Ordering::Relaxed);
        (Arc::clone(client), Lane(Arc::clone(busy)))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn builder() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    builder
}

fn http(is_wrapped: bool) -> HttpConnector {
    let mut http = HttpConnector::new();
    http.enforce_http(!is_wrapped);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http
}

/// TLS as the system trusts it, or as a file says.
fn trust(ca: Option<&Path>) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| untrusted(&error))?;
    let Some(path) = ca else {
        let builder = builder.with_platform_verifier().map_err(|error| untrusted(&error))?;
        return Ok(builder.with_no_client_auth());
    };
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot read `{}`: {}", path.display(), reason(&error))))?;
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bytes).filter_map(std::result::Result::ok));
    if added == 0 {
        return Err(Failure::new(Kind::Usage, format!("`{}` has no certificate in it", path.display())));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn untrusted(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Disk, format!("cannot tell which certificates this system trusts: {error}"))
}

/// Connects to a host, or to where it is said to be; which of both is judged by its certificate all the same.
#[derive(Clone)]
struct To {
    http: HttpConnector,
    address: Option<SocketAddr>,
}

impl Service<Uri> for To {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        self.http.poll_ready(context)
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        let there = self.address.and_then(|address| format!("https://{address}/").parse().ok()).unwrap_or(host);
        Box::pin(self.http.call(there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_a_hundred_at_a_time_and_another_is_made_for_more() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, super::super::authority::Authority::new().unwrap().pem()).unwrap();
        let lanes = Clients::new(&(Some(ca), None)).unwrap().any;
        let count = || lanes.all.lock().unwrap().len();
        let mut taken: Vec<Lane> = (0..AT_ONCE).map(|_| lanes.take().1).collect();
        assert_eq!(count(), 1);
        taken.extend((0..=AT_ONCE).map(|_| lanes.take().1));
        assert_eq!(count(), 3);
        drop(taken);
        let again: Vec<Lane> = (0..3 * AT_ONCE).map(|_| lanes.take().1).collect();
        assert_eq!((count(), again.len()), (3, 3 * AT_ONCE), "what is free is taken again");
    }
}
