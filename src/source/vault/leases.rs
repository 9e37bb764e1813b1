//! What is lent: credentials that an engine makes, and the token itself.

use std::time::{Duration, Instant};

use super::{
    Vault,
    document::{lease, says},
    talk::Asked,
};
use crate::{failure::Result, json::writing::Writing, source::Lease};

impl Vault {
    /// Renews the token, once for each run, and whatever comes of it: a token that cannot be renewed is good until it ends, and
    /// `source test` says when.
    pub(super) fn renew_token(&self, until: Instant) -> Result<()> {
        let token = &self.session(until)?.token;
        self.renewed.get_or_init(|| {
            let _ = self.talk.ask(Some(token), Asked::post(&["auth", "token", "renew-self"], b"{}"), until);
        });
        Ok(())
    }

    /// Makes a lease last longer, and the token with it: what a token was lent ends when the token ends.
    pub(super) fn renew_lease(&self, held: &Lease, until: Instant) -> Result<Lease> {
        let session = self.session(until)?;
        let _ = self.talk.ask(Some(&session.token), Asked::post(&["auth", "token", "renew-self"], b"{}"), until);
        let mut body = of_lease(&held.id);
        body.raw(&format!(",\"increment\":{}}}", held.lasts.as_secs()));
        let path = ["sys", "leases", "renew"];
        // A second renewal is no other than the first.
        let answer = self.talk.ask_with(Some(&session.token), Asked::post(&path, &body.done()), until, true)?;
        match answer.status {
            200 => {
                let lent = lease(&answer.body).ok_or_else(|| self.talk.service.unreadable())?;
                Ok(Lease {
                    id: held.id.clone(),
                    lasts: Duration::from_secs(lent.seconds),
                    is_renewable: lent.renewable,
                })
            }
            400 if says(&answer.body, "lease not found") => Err(self.talk.failure("has ended a lease before its time")),
            _ => Err(self.refusal(&answer, "sys/leases/renew", until)),
        }
    }

    /// Ends a lease. Where the token may not, but is this run's own, all that it was lent ends with it.
    pub(super) fn revoke_lease(&self, held: &Lease, until: Instant) -> Result<()> {
        let session = self.session(until)?;
        let mut body = of_lease(&held.id);
        // So that the credentials are gone when the answer is there.
        body.raw(",\"sync\":true}");
        let path = ["sys", "leases", "revoke"];
        let answer = self.talk.ask_with(Some(&session.token), Asked::post(&path, &body.done()), until, true)?;
        match answer.status {
            200 | 204 => Ok(()),
            // It is over.
            400 if says(&answer.body, "lease not found") => Ok(()),
            403 if session.is_own && !session.is_batch => Ok(()),
            403 => Err(self
                .talk
                .failure("does not let this token end what it was lent; that ends by itself")
                .hint("its policy needs `update` on `sys/leases/revoke`; or let the source log in, as with `approle`: then the run's own token is given back")),
            _ => Err(self.refusal(&answer, "sys/leases/revoke", until)),
        }
    }

    /// Gives back the token of a login, and with it all that it was lent. A kept one stays.
    pub(super) fn give_token_back(&self, until: Instant) {
        if let Some(Ok(session)) = self.session.get()
            && session.is_own
            && !session.is_batch
        {
            let path = ["auth", "token", "revoke-self"];
            let _ = self.talk.ask(Some(&session.token), Asked::post(&path, b"{}"), until);
        }
    }
}

fn of_lease(id: &str) -> Writing {
    let mut body = Writing::with_room(256);
    body.raw("{\"lease_id\":");
    body.text(id);
    body
}
