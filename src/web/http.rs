//! HTTPS to a service: one request, one answer, no surprises.
//!
//! No redirect is followed, since what stands in a header or a body is for one host alone. Answers are capped and every
//! call ends by its deadline. The certificates that count are those the operating system trusts (and `SSL_CERT_FILE`), or
//! those of one file that the user names for a service and no others. Nothing is unpacked: what is said to be packed is not read.
//! Plain HTTP goes to this machine alone, and never through a proxy.

use std::{
    io::Read,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ureq::{
    http::{HeaderMap, HeaderValue, Request as Sent, Response},
    tls::{PemItem, RootCerts},
};
use zeroize::Zeroizing;

use super::address::Address;
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result, reason},
};

/// The most bytes of an answer's body: 1 MiB. What a service says about keys is a few KiB.
pub const LARGEST: usize = 1024 * 1024;
/// The most bytes of a file of certificates: 1 MiB, four times what a whole system trusts.
const LARGEST_FILE: u64 = 1024 * 1024;
/// The longest pause that a service is believed to want: a year. A longer one would be beyond what a clock can tell.
const LONGEST_PAUSE: Duration = Duration::from_hours(24 * 365);
/// How many connections to a host are kept for the next request.
const KEPT_OPEN: usize = 16;

/// What is asked of a service.
pub struct Request<'r> {
    /// `GET`, `POST`, `PUT`, `DELETE`, `LIST`, ...
    pub method: &'r str,
    /// Where.
    pub address: &'r Address,
    /// Names and values. `host` is set from the address and left out where it is here.
    pub headers: &'r [(&'r str, &'r str)],
    /// The body; none where it is empty and the method is one that usually has none.
    pub body: &'r [u8],
}

/// What a service said. The body may hold a secret: it is wiped on drop, and never shown.
pub struct Answer {
    /// The status, 200 to 299 or 400 and above.
    pub status: u16,
    /// The service's clock, from the `Date` header.
    pub date: Option<Moment>,
    /// How long to wait before the next try, from the `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The headers; none of them is to be shown unread.
    headers: HeaderMap,
    /// At most [`LARGEST`] bytes.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// A header by its name, where it is plain text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Whose certificates count.
#[derive(Clone)]
pub struct Authorities(RootCerts);

impl Authorities {
    /// Those that the operating system trusts.
    #[must_use]
    pub fn of_system() -> Self {
        Self(RootCerts::PlatformVerifier)
    }

    /// Those in a file in PEM, and no others.
    ///
    /// # Errors
    /// `Disk` for a file that cannot be read, `Usage` for one without a certificate.
    pub fn of_file(path: &Path) -> Result<Self> {
        let failed = |error| Failure::disk("read the certificates in", path, &error);
        let mut text = Vec::new();
        std::fs::File::open(path).and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut text)).map_err(failed)?;
        let items = ureq::tls::parse_pem(&text);
        let certificates: Vec<_> = items
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(Failure::new(Kind::Usage, format!("there is no certificate in PEM in `{}`", path.display()))
                .hint("it begins with `-----BEGIN CERTIFICATE-----`"));
        }
        Ok(Self(RootCerts::new_with_certs(&certificates)))
    }
}

/// Speaks with one service. Threads may share it: its connections are kept and used again.
pub struct Client {
    agent: ureq::Agent,
    service: String,
    deadline: Duration,
    is_own: bool,
}

impl Client {
    /// A client for what messages call `service`, each of whose calls ends by `deadline`. Nothing is opened yet.
    #[must_use]
    pub fn new(service: &str, address: &Address, deadline: Duration) -> Self {
        Self::trusting(service, address, deadline, Authorities::of_system())
    }

    /// The same that believes these authorities.
    #[must_use]
    pub fn trusting(service: &str, address: &Address, deadline: Duration, authorities: Authorities) -> Self {
        let is_own = matches!(authorities.0, RootCerts::Specific(_));
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(authorities.0)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .https_only(!address.is_near)
            .proxy(if address.is_near { None } else { ureq::Proxy::try_from_env() })
            .timeout_global(Some(deadline))
            .max_idle_connections_per_host(KEPT_OPEN)
            .max_idle_connections(KEPT_OPEN)
            .max_response_header_size(64 * 1024)
            .user_agent(concat!("keyctl/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), service: service.to_owned(), deadline, is_own }
    }

    /// What messages call the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Asks for an address.
    ///
    /// # Errors
    /// `Remote`, as for [`Client::send`].
    pub fn get(&self, address: &Address, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send(&Request { method: "GET", address, headers, body: &[] }, Instant::now() + self.deadline)
    }

    /// Sends a body.
    ///
    /// # Errors
    /// `Remote`, as for [`Client::send`].
    pub fn post(&self, address: &Address, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        self.send(&Request { method: "POST", address, headers, body }, Instant::now() + self.deadline)
    }

    /// Sends a request once; its answer is there by `until`, or by the client's own deadline if that comes first.
    ///
    /// # Errors
    /// `Remote` when the service cannot be reached, cannot prove who it is, is late, redirects or says too much.
    pub fn send(&self, request: &Request, until: Instant) -> Result<Answer> {
        let Request { method, address, headers, body } = *request;
        let left = until.saturating_duration_since(Instant::now()).min(self.deadline);
        // What is near may answer within any time that there still is; none is none.
        if left.is_zero() {
            return Err(self.explain(address, ureq::Error::Timeout(ureq::Timeout::Global), left));
        }
        let allowed = Duration::from_secs_f32(left.as_secs_f32().max(0.001));
        let mut sent = Sent::builder().method(method).uri(address.uri.clone());
        for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
            // Nothing that logs headers may show one: many of them are credentials.
            let mut value = HeaderValue::from_str(value).map_err(|_| self.unsendable(address, name))?;
            value.set_sensitive(true);
            sent = sent.header(*name, value);
        }
        let failed = |error| self.explain(address, error, left);
        let is_bare = body.is_empty() && !["POST", "PUT", "PATCH"].contains(&method);
        let response = if is_bare {
            let sent = sent.body(()).map_err(ureq::Error::from);
            sent.and_then(|sent| self.agent.run(self.within(sent, allowed)))
        } else {
            let sent = sent.body(body).map_err(ureq::Error::from);
            sent.and_then(|sent| self.agent.run(self.within(sent, allowed)))
        };
        self.read(address, response.map_err(failed)?, left)
    }

    fn within<B: ureq::AsSendBody>(&self, sent: Sent<B>, allowed: Duration) -> Sent<B> {
        let config = self.agent.configure_request(sent).timeout_global(Some(allowed));
        config.allow_non_standard_methods(true).build()
    }

    /// A header that cannot be one: a token that was kept with a line ending, say.
    fn unsendable(&self, address: &Address, header: &str) -> Failure {
        self.failure(
            address,
            &format!("was not asked: what should go into `{header}` has letters that no header may have"),
        )
        .hint("look whether the credential was kept with a line ending, or is another one than it should be")
    }

    fn read(&self, address: &Address, mut response: Response<ureq::Body>, allowed: Duration) -> Result<Answer> {
        let status = response.status().as_u16();
        if !(200..300).contains(&status) && status < 400 {
            return Err(self
                .failure(address, "answers with a redirect, which is not followed")
                .hint("look whether the address is the right one"));
        }
        let date = response.headers().get("date").and_then(|date| date.to_str().ok()).and_then(read_date);
        // As much room as it may need from the start: a vector that grows leaves what it held behind.
        let announced = response.body().content_length().and_then(|length| usize::try_from(length).ok());
        let room = announced.unwrap_or(LARGEST).min(LARGEST) + 1;
        let mut body = Zeroizing::new(Vec::with_capacity(room));
        let limit = u64::try_from(room).unwrap_or(u64::MAX);
        let read = response.body_mut().as_reader().take(limit).read_to_end(&mut body);
        read.map_err(|error| self.explain(address, error.into(), allowed))?;
        if body.len() > LARGEST || announced.is_some_and(|length| length > LARGEST) {
            return Err(self.failure(address, "answers with more than 1 MiB"));
        }
        let (parts, _) = response.into_parts();
        let retry_after = parts.headers.get("retry-after").and_then(|said| read_pause(said.to_str().ok()?, date));
        Ok(Answer { status, date, retry_after, headers: parts.headers, body })
    }

    /// A failure that names the service and its host.
    #[must_use]
    pub fn failure(&self, address: &Address, what: &str) -> Failure {
        Failure::new(Kind::Remote, format!("{} at `{}` {what}", self.service, address.host()))
    }

    /// What went wrong, with the service and its host; never a header or a body.
    fn explain(&self, address: &Address, error: ureq::Error, allowed: Duration) -> Failure {
        use ureq::Error;
        let unreached = |why: &str| self.failure(address, &format!("cannot be reached: {why}"));
        match error {
            Error::Timeout(_) => self
                .failure(address, &format!("did not answer within {}", in_seconds(allowed)))
                .hint("try again; what was asked for may have been done all the same"),
            Error::HostNotFound => self.explain_lookup(address),
            Error::Io(error) if is_lookup(&error) => self.explain_lookup(address),
            Error::Rustls(error) => self.explain_tls(address, &error),
            Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => self.explain_tls(address, error),
                None => unreached(&reason(&error)),
            },
            Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::Http(_) => self
                .failure(address, "does not answer as HTTP wants it")
                .hint("look whether the address is the right one"),
            Error::InvalidProxyUrl | Error::ConnectProxyFailed(_) => {
                unreached("the proxy does not connect").hint("look at `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`")
            }
            // What is left says nothing that a user could act on, and might quote what it read.
            _ => unreached("the connection failed"),
        }
    }

    fn explain_lookup(&self, address: &Address) -> Failure {
        self.failure(address, "cannot be reached: the host's name cannot be looked up")
            .hint("look after the network and the address")
    }

    fn explain_tls(&self, address: &Address, error: &rustls::Error) -> Failure {
        use rustls::{CertificateError, Error};
        let what = match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) if self.is_own => {
                "it is signed by none of the authorities that were named for it"
            }
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => "it is signed by nobody this system trusts",
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                "it has expired"
            }
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => "it is for another host",
            Error::InvalidCertificate(_) => "it is not valid",
            // The verifier's word for an empty list of authorities.
            Error::General(_) => {
                return self
                    .failure(address, "cannot prove who it is: this system trusts no certificate authority at all")
                    .hint("install `ca-certificates`, or name a file of certificates in `SSL_CERT_FILE`");
            }
            _ => return self.failure(address, "cannot be reached: TLS was not agreed on"),
        };
        let failure = self.failure(address, &format!("shows a certificate that does not count: {what}"));
        if self.is_own {
            return failure
                .hint("nothing was sent; look whether the address and the file of authorities are the right ones");
        }
        failure.hint("nothing was sent; for a private authority let the system trust it, or name it in `SSL_CERT_FILE`")
    }
}

/// Whether a name could not be looked up. `std` has no kind for that: on Unix its text begins so, and Windows has
/// numbers for it, `WSAHOST_NOT_FOUND` to `WSANO_DATA` (Windows Sockets Error Codes).
fn is_lookup(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
        || cfg!(windows) && error.raw_os_error().is_some_and(|code| (11_001..=11_004).contains(&code))
}

/// A time in words: seconds, and tenths where it is short.
fn in_seconds(time: Duration) -> String {
    let seconds = time.as_secs_f32();
    if seconds < 9.95 && (seconds - seconds.round()).abs() > 0.05 {
        return format!("{seconds:.1} seconds");
    }
    let whole = format!("{} seconds", seconds.round());
    if whole == "1 seconds" { "1 second".into() } else { whole }
}

/// How long to wait, as `Retry-After` has it: seconds, or a moment, which counts from the service's own clock.
fn read_pause(text: &str, now: Option<Moment>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_PAUSE));
    }
    let (at, now) = (read_date(text)?.seconds(), now?.seconds());
    Some(Duration::from_secs(u64::try_from(at - now).unwrap_or(0)).min(LONGEST_PAUSE))
}

/// A moment as HTTP has it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn read_date(text: &str) -> Option<Moment> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, text) = text.split_once(", ")?;
    let mut parts = text.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    (parts.next() == Some("GMT")).then(|| format!("{year}-{month:02}-{day}T{time}Z").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_is_read_or_left() {
        let moment = read_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(moment.map(|moment| moment.to_string()).as_deref(), Some("1994-11-06T08:49:37Z"));
        for bad in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nix 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(read_date(bad), None, "{bad}");
        }
    }
}
