//! Where a service answers: an address that was checked once, and what lies below it.

use std::{fmt, str::FromStr};

use ureq::http::Uri;

use super::sigv4::encode;

/// Where a service answers: `https://host[:port][/path]`, or `http://` where the host is this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) uri: Uri,
    /// Whether nothing between here and there can be listened to: then it may be plain, and no proxy has a part in it.
    pub(super) is_near: bool,
}

/// The addresses that a cloud's machine finds its own metadata at, and a container its credentials: link-local, so never routed, and
/// plain by their makers' word (AWS: IMDS and the container endpoint; Azure and Google: the same address as AWS's IMDS).
const METADATA: [&str; 3] = ["169.254.169.254", "169.254.170.2", "169.254.170.23"];

impl Address {
    /// Host and port as the `Host` header has them, also for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// Whether it is this machine, or a cloud's own address on it.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.is_near
    }

    /// The path, at least `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query as it is sent, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// What lies below it. Each segment stays one, whatever is in it; names and values of the query are encoded too. A segment
    /// that a server would take for a step up or for nothing is refused.
    ///
    /// # Errors
    /// Such a segment, in words that go after a name.
    pub fn below(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Self, String> {
        use std::fmt::Write as _;

        let mut path = self.uri.path().trim_end_matches('/').to_owned();
        for segment in segments {
            if ["", ".", ".."].contains(segment) {
                return Err("has a part that is empty, `.` or `..`".into());
            }
            let _ = write!(path, "/{}", encode(segment));
        }
        for (at, (name, value)) in query.iter().enumerate() {
            let _ = write!(path, "{}{}={}", if at == 0 { '?' } else { '&' }, encode(name), encode(value));
        }
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| "is too long for an address".to_owned())?);
        let uri = Uri::from_parts(parts).map_err(|_| "is no part of an address".to_owned())?;
        Ok(Self { uri, is_near: self.is_near })
    }

    /// The same with a verb behind it, as Google's services have it: `…/secrets/a:addVersion`.
    ///
    /// # Errors
    /// As [`Address::below`]; never for a word of letters.
    pub fn verb(&self, verb: &str) -> Result<Self, String> {
        let path = format!("{}:{}", self.uri.path(), encode(verb));
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| "is too long for an address".to_owned())?);
        let uri = Uri::from_parts(parts).map_err(|_| "is no part of an address".to_owned())?;
        Ok(Self { uri, is_near: self.is_near })
    }

    /// One of the plain addresses at which a cloud's machine finds its own credentials, with the path; nothing else.
    #[must_use]
    pub fn of_metadata(host: &str, path: &str) -> Option<Self> {
        // A path that does not begin as one would go on with the host's name.
        let uri: Uri = path.starts_with('/').then(|| format!("http://{host}{path}").parse().ok())??;
        let is_its = METADATA.contains(&host) && uri.authority().is_some_and(|authority| authority.as_str() == host);
        is_its.then_some(Self { uri, is_near: true })
    }
}

impl FromStr for Address {
    type Err = String;

    /// A refused text is not quoted back: it may carry a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "it is no address like `https://host/path`".to_owned())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("it carries a user name".into());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("it goes on after the path".into());
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_near = bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => Ok(Self { uri, is_near }),
            Some("http") if is_near => Ok(Self { uri, is_near }),
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
    fn a_segment_stays_one_whatever_is_in_it() {
        let address: Address = "https://h:8200/base/".parse().expect("good");
        let below = |segments: &[&str], query: &[(&str, &str)]| address.below(segments, query).map(|it| it.to_string());
        for (segment, encoded) in [
            ("a/b", "a%2Fb"),
            ("a?b", "a%3Fb"),
            ("a#b", "a%23b"),
            ("%2e%2e", "%252e%252e"),
            ("a\nb", "a%0Ab"),
            ("ä", "%C3%A4"),
        ] {
            assert_eq!(below(&["v1", segment], &[]), Ok(format!("https://h:8200/base/v1/{encoded}")));
        }
        assert_eq!(below(&["a"], &[("v", "1 &"), ("w", "")]), Ok("https://h:8200/base/a?v=1%20%26&w=".into()));
        for bad in ["", ".", ".."] {
            assert!(below(&["v1", bad], &[]).is_err());
        }
    }

    #[test]
    fn only_a_machines_own_metadata_is_plain_elsewhere() {
        assert!(Address::of_metadata("169.254.169.254", "/latest/api/token").is_some());
        assert!(Address::of_metadata("169.254.1.1", "/").is_none());
        assert!("http://169.254.169.254/".parse::<Address>().is_err());
        for path in ["@example.com/", ".example.com/", ":80@example.com/", "", "x"] {
            assert!(Address::of_metadata("169.254.170.2", path).is_none(), "{path}");
        }
    }
}
