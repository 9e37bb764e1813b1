//! A source that answers over HTTP: one client for all threads, its name in every message, and one meaning for each status.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Result},
    json::Members,
    name::SourceName,
    web::{
        address::Address,
        http::{Answer, Authorities, Client, Request},
        trying,
    },
};

/// A service that a source speaks to.
pub(super) struct Service {
    /// The source's name.
    pub(super) name: SourceName,
    /// Where it is.
    pub(super) address: Address,
    client: Client,
}

impl Service {
    /// A service; `authorities` is a file of those that count there and no others. Nothing is asked yet.
    ///
    /// # Errors
    /// `Disk` or `Usage` for a file that cannot be used.
    pub(super) fn new(
        name: &SourceName,
        address: &Address,
        authorities: Option<&Path>,
        deadline: Duration,
    ) -> Result<Self> {
        let authorities = authorities.map_or_else(|| Ok(Authorities::of_system()), Authorities::of_file)?;
        let client = Client::trusting(&format!("source `{name}`"), address, deadline, authorities);
        Ok(Self { name: name.clone(), address: address.clone(), client })
    }

    /// What lies below its address.
    ///
    /// # Errors
    /// `Remote` for a path that is none.
    pub(super) fn below(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Address> {
        self.address.below(segments, query).map_err(|why| super::failure(&self.name, &format!("the path {why}")))
    }

    /// Asks for what changes nothing, again where that is worth it.
    ///
    /// # Errors
    /// `Remote`, as [`Client::send`].
    pub(super) fn ask(&self, request: &Request, until: Instant) -> Result<Answer> {
        trying::ask(&self.client, request, until)
    }

    /// Sends what may change something, once.
    ///
    /// # Errors
    /// `Remote`, as [`Client::send`].
    pub(super) fn send(&self, request: &Request, until: Instant) -> Result<Answer> {
        self.client.send(request, until)
    }

    /// A failure: "source `corp` at `host` …".
    pub(super) fn failure(&self, what: &str) -> Failure {
        self.client.failure(&self.address, what)
    }

    /// The answer, if it is good; else what its status means. `what` is what was to be done, as in "read `database/prod`".
    ///
    /// # Errors
    /// `Remote`; a provider that knows more of a status looks at it first.
    pub(super) fn judge(&self, answer: Answer, what: &str) -> Result<Answer> {
        let name = &self.name;
        let failure = match answer.status {
            200..=299 => return Ok(answer),
            401 => self.failure("does not accept the credential (401)").hint(format!(
                "it may have expired or been revoked; `keyctl source show {name}` says which key holds it"
            )),
            403 => self
                .failure(&format!("does not let this credential {what} (403)"))
                .hint(format!("`keyctl source test {name}` says what it may do")),
            404 => self
                .failure(&format!("has nothing there: it was to {what} (404)"))
                .hint("look whether the reference is right"),
            429 => {
                let failure = self.failure("is asked too often just now (429)");
                match answer.retry_after {
                    Some(pause) => failure.hint(format!("it wants to be asked again in {} seconds", pause.as_secs())),
                    None => failure.hint("try again in a minute"),
                }
            }
            status @ 500..=599 => {
                self.failure(&format!("cannot answer just now ({status})")).hint("try again in a minute")
            }
            status => self.failure(&format!("would not {what} ({status})")),
        };
        Err(failure)
    }

    /// The answer's body as a JSON object.
    ///
    /// # Errors
    /// `Remote` where it is none.
    pub(super) fn members<'a>(&self, answer: &'a Answer) -> Result<Members<'a>> {
        Members::read(&answer.body).ok_or_else(|| self.unreadable())
    }

    /// The failure of an answer that is not what this type of service gives.
    pub(super) fn unreadable(&self) -> Failure {
        self.failure("answers with something else than this type of source does")
            .hint("look whether its address is the right one")
    }
}
