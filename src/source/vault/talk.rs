//! One request to Vault, and what its refusals mean. What a server says in its own words is read to tell them apart, and never
//! shown: it may repeat what it was given.

use std::time::Instant;

use crate::{
    failure::{Failure, Result},
    secret::Secret,
    web::http::{Answer, Request},
};

use super::{
    super::service::Service,
    document::{Gone, gone, says},
};

/// What speaks with one server.
pub(super) struct Talk {
    pub(super) service: Service,
    pub(super) namespace: Option<String>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Below `/v1`, each a segment of its own whatever is in it.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

impl<'a> Asked<'a> {
    pub(super) fn get(path: &'a [&'a str]) -> Self {
        Self { method: "GET", path, query: &[], body: &[] }
    }

    pub(super) fn post(path: &'a [&'a str], body: &'a [u8]) -> Self {
        Self { method: "POST", path, query: &[], body }
    }
}

impl Talk {
    /// Asks once; what changes nothing is asked again while the server is not ready.
    ///
    /// # Errors
    /// As the client has them; a refusal is an answer.
    pub(super) fn ask(&self, token: Option<&Secret>, asked: Asked, until: Instant) -> Result<Answer> {
        self.ask_with(token, asked, until, asked.method == "GET")
    }

    /// The same, where the caller says whether the request may be sent twice. A login may: it changes nothing of value.
    ///
    /// # Errors
    /// As [`Talk::ask`].
    pub(super) fn ask_with(&self, token: Option<&Secret>, asked: Asked, until: Instant, again: bool) -> Result<Answer> {
        let Asked { method, path, query, body } = asked;
        if Instant::now() >= until {
            return Err(self.failure("was not asked any more: the time for it is over"));
        }
        let address = self.service.below(&[&["v1"], path].concat(), query)?;
        // Without this one an agent that stands before a server may refuse: a page in a browser cannot send it.
        let mut headers = vec![("X-Vault-Request", "true")];
        if let Some(token) = token {
            let text = token.expose_text().ok_or_else(|| self.failure("was not asked: its token is no text"))?;
            headers.push(("X-Vault-Token", text));
        }
        headers.extend(self.namespace.iter().map(|namespace| ("X-Vault-Namespace", &**namespace)));
        headers.extend((!body.is_empty()).then_some(("Content-Type", "application/json")));
        let request = Request { method, address: &address, headers: &headers, body };
        let answer = if again { self.service.ask(&request, until) } else { self.service.send(&request, until) };
        answer.map_err(hint_at_standby)
    }

    /// A failure of this server.
    pub(super) fn failure(&self, what: &str) -> Failure {
        self.service.failure(what)
    }

    /// What an answer means that is none of the good ones, for what lies at `place`. What 403 means takes another question and is
    /// not asked here.
    pub(super) fn refusal(&self, answer: &Answer, place: &str) -> Failure {
        let body = &answer.body;
        match answer.status {
            404 if says(body, "namespace not found") => self
                .failure(&format!("has no namespace `{}`", self.namespace.as_deref().unwrap_or_default()))
                .hint("look at `namespace` of the source in `config.toml`"),
            404 => match gone(body) {
                Some(Gone::Deleted(version)) => self
                    .failure(&format!("has `{place}` no more: its version {version} was deleted"))
                    .hint("it can be brought back there (`vault kv undelete`, `bao kv undelete`); or write a new version: `keyctl rotate`"),
                Some(Gone::Destroyed(version)) => self
                    .failure(&format!("has `{place}` no more: its version {version} was destroyed"))
                    .hint("its secret is lost; write a new version, or name another one: `PATH#FIELD@VERSION`"),
                None => self
                    .failure(&format!("has nothing at `{place}`"))
                    .hint("look for it there: `vault kv list` or `bao kv list`; a version that was never written is nothing too"),
            },
            403 => self.failure(&format!("does not let this token at `{place}`")),
            405 => self
                .failure(&format!("cannot be read at `{place}`: what lies there answers to writing alone"))
                .hint("a reference is read with GET; look which path gives the secret"),
            429 => self.failure("has no time: it answers no more requests just now").hint("try again later"),
            412 | 472 | 473 => self.failure("is a standby that answers no such request").hint(ACTIVE),
            503 if says(body, "sealed") => {
                self.failure("is sealed").hint("somebody has to unseal it there (`vault operator unseal`, `bao operator unseal`)")
            }
            500.. => self.failure(&format!("fails with {}", answer.status)).hint("try again later, or look at its log"),
            status => self
                .failure(&format!("refuses what is asked of `{place}` ({status})"))
                .hint("look at the reference, and at the server's log"),
        }
    }
}

/// Where to find the one that answers.
const ACTIVE: &str = "let `address` be that of the active server, or of what stands before all of them";

/// A standby sends to the active server, which is another host: neither the token nor anything else goes there.
fn hint_at_standby(failure: Failure) -> Failure {
    if failure.message.contains("redirect") { failure.hint(format!("a standby does so: {ACTIVE}")) } else { failure }
}
