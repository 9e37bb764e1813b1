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

    /// The host of its request, if it is of one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.other.get("host")?.as_str()
    }

    /// The status that was answered with.
    #[must_use]
    pub fn status(&self) -> Option<u64> {
        self.other.get("status")?.as_u64()
    }

    /// How many requests it is of.
    #[must_use]
    pub fn times_of(&self) -> u64 {
        self.other.get("times").and_then(Value::as_u64).unwrap_or(1)
    }

    /// So many of these.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        if times > 1 {
            self.note = self.note.map(|note| format!("{note}, {times} times"));
            self.other.insert("times".to_owned(), times.into());
        }
        self
    }
}
