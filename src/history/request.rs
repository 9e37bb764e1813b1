//! What an entry has of a request that went through the proxy: where, what, and how it ended; never a header or a body.

use serde_json::Value;

use super::Event;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The host, with its port where that is not the usual one.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, without what only this request has.
    pub path: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The bytes of the request's body.
    pub sent: u64,
    /// The bytes of the answer's.
    pub received: u64,
}

impl Event {
    /// With a request.
    #[must_use]
    pub fn request(mut self, request: &Request) -> Self {
        let Request { host, method, path, status, sent, received } = request;
        self.note = Some(format!("{method} {host}{path}"));
        let texts = [("host", host), ("method", method), ("path", path)];
        self.other.extend(texts.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))));
        self.other.extend(status.map(|status| ("status".to_owned(), status.into())));
        self.other
            .extend([("sent", sent), ("received", received)].map(|(name, bytes)| (name.to_owned(), (*bytes).into())));
        self
    }

    /// The host of its request, where that was answered.
    #[must_use]
    pub fn answered_by(&self) -> Option<&str> {
        self.other.get("status")?;
        self.other.get("host")?.as_str()
    }
}
