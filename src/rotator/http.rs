//! HTTPS to the services that issue keys: one request, one answer, no surprises.
//!
//! No redirect is followed, since what stands in a header or a body is for one host alone. Answers are capped and every
//! call ends by its deadline. The certificates that count are those the operating system trusts (and `SSL_CERT_FILE`).
//! Plain HTTP goes to this machine alone, and never through a proxy.

use std::{fmt, io::Read, str::FromStr, sync::Arc, time::Duration};

use ureq::http::{Request, Response, Uri};
use zeroize::Zeroizing;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result, reason},
};

/// The most bytes of an answer's body: 1 MiB. What a service says about keys is a few KiB.
pub const LARGEST: usize = 1024 * 1024;

/// Where a service answers: `https://host[:port][/path]`, or `http://` where the host is this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    loopback: bool,
}

impl Address {
    /// Host and port as the `Host` header has them, also for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The path, at least `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }
}

impl FromStr for Address {
    type Err = String;

    /// A refused text is not quoted back: it may carry a password.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "it is no address like `https://host/path`".to_owned())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("it carries a user name".into());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("it goes on after the path".into());
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => Ok(Self { uri, loopback }),
            Some("http") if loopback => Ok(Self { uri, loopback }),
            Some("http") => Err("plain `http` is for this machine alone".into()),
            _ => Err("it does not begin with `https://`".into()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// What a service said. The body may hold a secret: it is wiped on drop, and never shown.
pub struct Answer {
    /// The status, 200 to 299 or 400 and above.
    pub status: u16,
    /// The service's clock, from the `Date` header.
    pub date: Option<Moment>,
    /// At most [`LARGEST`] bytes.
    pub body: Zeroizing<Vec<u8>>,
}

/// Speaks with one service.
pub struct Client {
    agent: ureq::Agent,
    service: String,
    deadline: Duration,
}

impl Client {
    /// A client for what messages call `service`, each of whose calls ends by `deadline`. Nothing is opened yet.
    #[must_use]
    pub fn new(service: &str, address: &Address, deadline: Duration) -> Self {
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .https_only(!address.loopback)
            .proxy(if address.loopback { None } else { ureq::Proxy::try_from_env() })
            .timeout_global(Some(deadline))
            .max_response_header_size(64 * 1024)
            .user_agent(concat!("keyctl/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), service: service.to_owned(), deadline }
    }

    /// Asks for an address.
    ///
    /// # Errors
    /// `Remote`, as for [`Client::post`].
    pub fn get(&self, address: &Address, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send("GET", address, headers, &[])
    }

    /// Sends a body. `host` is set from the address and left out where `headers` has it.
    ///
    /// # Errors
    /// `Remote` when the service cannot be reached, cannot prove who it is, is late, redirects or says too much.
    pub fn post(&self, address: &Address, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        self.send("POST", address, headers, body)
    }

    fn send(&self, method: &str, address: &Address, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(address.uri.clone());
        for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
            request = request.header(*name, *value);
        }
        let failed = |error| self.explain(address, error);
        let response = if method == "GET" {
            request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        } else {
            request.body(body).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        };
        self.read(address, response.map_err(failed)?)
    }

    fn read(&self, address: &Address, mut response: Response<ureq::Body>) -> Result<Answer> {
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
        read.map_err(|error| self.explain(address, error.into()))?;
        if body.len() > LARGEST || announced.is_some_and(|length| length > LARGEST) {
            return Err(self.failure(address, "answers with more than 1 MiB"));
        }
        Ok(Answer { status, date, body })
    }

    fn failure(&self, address: &Address, what: &str) -> Failure {
        Failure::new(Kind::Remote, format!("{} at `{}` {what}", self.service, address.host()))
    }

    /// What went wrong, with the service and its host; never a header or a body.
    fn explain(&self, address: &Address, error: ureq::Error) -> Failure {
        use ureq::Error;
        let unreached = |why: &str| self.failure(address, &format!("cannot be reached: {why}"));
        match error {
            Error::Timeout(_) => {
                let seconds = self.deadline.as_secs_f32();
                self.failure(address, &format!("did not answer within {seconds} seconds"))
                    .hint("try again; what was asked for may have been done all the same")
            }
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
        self.failure(address, &format!("shows a certificate that does not count: {what}"))
            .hint("nothing was sent; for a private authority let the system trust it, or name it in `SSL_CERT_FILE`")
    }
}

/// Whether a name could not be looked up. `std` has no kind for that: on Unix its text begins so, and Windows has
/// numbers for it, `WSAHOST_NOT_FOUND` to `WSANO_DATA` (Windows Sockets Error Codes).
fn is_lookup(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
        || cfg!(windows) && error.raw_os_error().is_some_and(|code| (11_001..=11_004).contains(&code))
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
    fn only_https_and_this_machine_are_addresses() {
        for good in [
            "https://iam.amazonaws.com/",
            "https://h:8443/v1",
            "http://127.0.0.1:5000/",
            "http://[::1]:5",
            "http://localhost",
        ] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for bad in [
            "http://iam.amazonaws.com/",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://h/",
            "h",
            "/path",
            "",
            "https://u:p@h/",
            "https://h/?q=1",
            "https://h/#f",
            "https://",
            "http://0.0.0.0/",
        ] {
            let said = bad.parse::<Address>().expect_err(bad);
            assert!(!said.contains("u:p") && !said.contains("example"), "{said}");
        }
        assert_eq!(
            "https://h:8443".parse::<Address>().map(|a| (a.host().to_owned(), a.path().to_owned())),
            Ok(("h:8443".into(), "/".into()))
        );
    }

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
