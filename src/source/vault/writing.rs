//! Writing one field of a secret. The others stay as they are, byte for byte, so what is there is read first; that nobody wrote
//! in between is the server's to say where versions are kept (check-and-set). KV 1 has no such thing: what was written between the
//! two requests is lost there, as with every other program that writes to it.

use std::time::{Duration, Instant};

use super::{
    Vault,
    document::{Document, Gone, Lent, Shape, gone, only_field, says, usual_field, written},
    mounts::At,
    talk::Asked,
};
use crate::{
    failure::{Failure, Kind, Result},
    json::writing::Writing,
    reference::{Place, Reference},
    secret::Secret,
    source::{
        Lease, Version,
        found::{Found, by_fetching, in_members},
    },
};

/// What is there before a write.
struct Before {
    at: At,
    document: Option<Document>,
    /// The newest version, also one that was deleted; 0 for none.
    version: u64,
}

impl Vault {
    /// The newest version of what lies at a place; one that was deleted is one.
    pub(super) fn newest_version(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        let before = self.before(place, until)?;
        Ok((before.version > 0).then(|| Version(before.version.to_string())))
    }

    /// What a write would replace.
    pub(super) fn look_at(&self, reference: &Reference, until: Instant) -> Result<Found> {
        let place = &reference.place;
        if self.mounts.known(place) == Some(At::Made) {
            return by_fetching(self, reference, until);
        }
        let before = self.before(place, until)?;
        let version = (before.version > 0).then(|| Version(before.version.to_string()));
        let Some(document) = before.document else { return Ok(Found { version, ..Found::default() }) };
        if let Some(Lent { id, seconds, renewable }) = document.lease {
            let lease = Lease { id, lasts: Duration::from_secs(seconds), is_renewable: renewable };
            return Ok(Found { lease: Some(lease), ..Found::default() });
        }
        let members = document.fields().map_err(|_| self.talk.service.unreadable())?;
        let field = reference.field.as_deref().or_else(|| usual_field(&members));
        let field = field.ok_or_else(|| self.names_no_field(place))?;
        let value = in_members(&self.name, place, &members, field)?;
        Ok(Found { value, version, lease: None, expires: document.expires })
    }

    fn names_no_field(&self, place: &Place) -> Failure {
        let failure = self.talk.failure(&format!("has several fields at `{place}`, and the reference names none"));
        failure.hint(format!("name one: `{place}#FIELD`"))
    }

    pub(super) fn write_field(
        &self,
        reference: &Reference,
        value: &Secret,
        expecting: Option<&Version>,
        until: Instant,
    ) -> Result<Version> {
        let place = &reference.place;
        let wrong = |what: &str| Failure::new(Kind::Usage, format!("source `{}`: {what}", self.name));
        if place.version.is_some() {
            return Err(wrong(&format!("`{place}` names one version, and a new one is another"))
                .hint("leave `@VERSION` out of the reference"));
        }
        let value = value.expose_text().ok_or_else(|| wrong("it keeps texts, and this secret is none (not UTF-8)"))?;
        let before = self.before(place, until)?;
        if before.at == At::Made {
            return Err(wrong(&format!("what lies at `{place}` is made by the server, and cannot be written"))
                .hint("each use gets one of its own; there is nothing to replace"));
        }
        let expected = expecting.and_then(|version| version.0.parse().ok()).unwrap_or(0);
        if before.at.keeps_versions() && before.version != expected {
            return Err(self.has_changed(place, Some(before.version)));
        }
        let fields = self.fields_with(place, &before, reference.field.as_deref(), value)?;
        self.put(place, &before, &fields, until)
    }

    /// What is there now.
    fn before(&self, place: &Place, until: Instant) -> Result<Before> {
        self.check_place(place)?;
        let (at, answer) = match self.mounts.known(place) {
            Some(at) if at == At::Made => return Ok(Before { at, document: None, version: 0 }),
            Some(at) => {
                let answer = self.read(place, &at, until)?;
                (at, answer)
            }
            None => self.find_out(place, until)?,
        };
        let shape = if at.keeps_versions() { Shape::Versioned } else { Shape::Plain };
        match answer.status {
            200 => {
                let document = Document::read(answer.body, shape).map_err(|_| self.talk.service.unreadable())?;
                let version = document.version.unwrap_or(0);
                Ok(Before { at, document: Some(document), version })
            }
            404 if !says(&answer.body, "namespace not found") && !says(&answer.body, "no handler for route") => {
                let version = match gone(&answer.body) {
                    Some(Gone::Deleted(version) | Gone::Destroyed(version)) => version,
                    None => 0,
                };
                Ok(Before { at, document: None, version })
            }
            _ => Err(self.refusal(&answer, &place.to_string(), until)),
        }
    }

    fn fields_with(
        &self,
        place: &Place,
        before: &Before,
        field: Option<&str>,
        value: &str,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let Some(document) = &before.document else { return Ok(only_field(field.unwrap_or("value"), value)) };
        let unreadable = |_| self.talk.service.unreadable();
        let members = document.fields().map_err(unreadable)?;
        let name = field.or_else(|| usual_field(&members)).ok_or_else(|| self.names_no_field(place))?;
        document.with(name, value).map_err(unreadable)
    }

    /// Writes, once: whether a write whose answer was lost has happened, the caller reads back.
    fn put(&self, place: &Place, before: &Before, fields: &[u8], until: Instant) -> Result<Version> {
        let fields = std::str::from_utf8(fields).map_err(|_| self.talk.service.unreadable())?;
        let mut body = Writing::with_room(fields.len() + 64);
        if before.at.keeps_versions() {
            body.raw("{\"data\":");
            body.raw(fields);
            body.raw(&format!(",\"options\":{{\"cas\":{}}}}}", before.version));
        } else {
            body.raw(fields);
        }
        let path = before.at.path(place);
        let answer = self.ask(Asked::post(&path, &body.done()), until)?;
        match answer.status {
            200 | 204 if before.at.keeps_versions() => {
                let version = written(&answer.body).ok_or_else(|| self.talk.service.unreadable())?;
                Ok(Version(version.to_string()))
            }
            200 | 204 => Ok(Version::none()),
            400 if says(&answer.body, "check-and-set") => Err(self.has_changed(place, None)),
            403 => {
                let failure = self.refusal(&answer, &place.to_string(), until);
                Err(failure.hint("writing takes `create` and `update` in the token's policy, beside `read`"))
            }
            _ => Err(self.refusal(&answer, &place.to_string(), until)),
        }
    }

    fn has_changed(&self, place: &Place, version: Option<u64>) -> Failure {
        let now = match version {
            Some(0) => "; there is nothing now".to_owned(),
            Some(version) => format!("; it has version {version} now"),
            None => String::new(),
        };
        self.talk
            .failure(&format!("has changed at `{place}` meanwhile{now}; nothing was written"))
            .hint("somebody else has written there: look at it, then try again")
    }
}
