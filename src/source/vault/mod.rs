//! Vault by `HashiCorp` and `OpenBao`, by their REST interface: KV 2 with versions, KV 1, and whatever else answers to reading, such as the
//! credentials that an engine makes for a time.
//!
//! `login` comes to a token, `browser` by a person, `talk` sends one request and knows what refusals mean, `document` reads answers, `mounts` finds out
//! what lies where, `writing` writes a new version, `leases` looks after what is lent, `abilities` asks what a token may do.

mod abilities;
mod browser;
mod document;
mod leases;
mod login;
mod mounts;
mod settings;
mod talk;
mod writing;

use std::{
    sync::OnceLock,
    thread::Builder,
    time::{Duration, Instant},
};

use self::{
    document::{Document, Lent, Shape, lease, usual_field},
    login::{Login, Session},
    mounts::{At, Mounts},
    talk::{Asked, Talk},
};
use super::{Abilities, Fetched, Found, Lease, Source, Version, Written, fetched::field_of};
use crate::{
    failure::{Failure, Result},
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    web::http::Answer,
};

pub(super) use browser::{give_back, log_in};
pub(super) use settings::{add_account, open};

/// What of a server is its own and that of its tokens: no secret of a key lies there.
const OWN: [&str; 4] = ["auth", "sys", "identity", "cubbyhole"];
/// Where tokens are told of, in whichever namespace.
const TOKENS: [&str; 2] = ["auth", "token"];
/// How long giving back may take where the time for the fetch is over.
const GIVING_BACK: Duration = Duration::from_secs(2);

/// A server, and what is known of it by now.
pub(super) struct Vault {
    name: SourceName,
    talk: Talk,
    login: Login,
    /// Whether the token is renewed by each run.
    renew: bool,
    renewed: OnceLock<()>,
    session: OnceLock<std::result::Result<Session, Failure>>,
    mounts: Mounts,
}

impl Vault {
    /// The token, for which the first who needs one logs in.
    fn session(&self, until: Instant) -> Result<&Session> {
        self.session.get_or_init(|| self.login.session(&self.talk, until)).as_ref().map_err(Failure::again)
    }

    /// Asks with the token.
    fn ask(&self, asked: Asked, until: Instant) -> Result<Answer> {
        self.talk.ask(Some(&self.session(until)?.token), asked, until)
    }

    /// What an answer means that is no good one. For "permission denied" the token itself is asked after: what expired, was revoked or
    /// is wrapped is refused just as what may not.
    fn refusal(&self, answer: &Answer, place: &str, until: Instant) -> Failure {
        if answer.status != 403 {
            return self.talk.refusal(answer, place);
        }
        let name = &self.name;
        let looked = self.ask(Asked::get(&["auth", "token", "lookup-self"]), until);
        match looked.map(|looked| looked.status) {
            Ok(403 | 401) if matches!(self.login, Login::Browser(_)) => self
                .talk
                .failure("does not know its token any more: it has expired, was revoked or is used up")
                .hint(format!("log in again: `keyctl source login {name}`")),
            Ok(403 | 401) => self
                .talk
                .failure("does not know its token any more: it has expired, was revoked or is used up")
                .hint(format!(
                    "a wrapping token is used up by its first use: `bao unwrap` or `vault unwrap` gives the one in it; \
                     for a new token: `keyctl source show {name}` says which key holds it, and `keyctl rotate` keeps another"
                )),
            _ => self
                .talk
                .failure(&format!("does not let this token at `{place}`, or has nothing there"))
                .hint(format!("`keyctl source test {name}` says what it may do; look at the path, too")),
        }
    }

    /// Reads what lies at a place: `at` says how.
    fn read(&self, place: &Place, at: &At, until: Instant) -> Result<Answer> {
        let path = at.path(place);
        let query: Vec<(&str, &str)> = match &place.version {
            Some(version) if at.keeps_versions() => vec![("version", version)],
            _ => Vec::new(),
        };
        self.ask(Asked { method: "GET", path: &path, query: &query, body: &[] }, until)
    }

    /// What lies at a place. Where nobody knows yet what is mounted there, that is asked while the most likely thing is tried.
    fn document(&self, place: &Place, until: Instant) -> Result<Document> {
        self.check_place(place)?;
        self.check_version(place)?;
        let (at, answer) = match self.mounts.known(place) {
            Some(at) => {
                self.check_keeps(place, &at)?;
                let answer = self.read(place, &at, until)?;
                (at, answer)
            }
            None => self.find_out(place, until)?,
        };
        if let Err(failure) = self.check_keeps(place, &at) {
            return Err(self.unlent(lease(&answer.body).as_ref(), failure, until));
        }
        if answer.status != 200 {
            return Err(self.refusal(&answer, &place.to_string(), until));
        }
        let shape = if at.keeps_versions() { Shape::Versioned } else { Shape::Plain };
        let lent = lease(&answer.body);
        Document::read(answer.body, shape)
            .map_err(|_| self.unlent(lent.as_ref(), self.talk.service.unreadable(), until))
    }

    /// The failure of what is not given after all. What was lent for it is given back; that it is not is said with it.
    fn unlent(&self, lent: Option<&Lent>, failure: Failure, until: Instant) -> Failure {
        let Some(lent) = lent else { return failure };
        let lease = Lease { id: lent.id.clone(), lasts: Duration::from_secs(lent.seconds), is_renewable: false };
        match self.revoke_lease(&lease, until.max(Instant::now() + GIVING_BACK)) {
            Ok(()) => failure,
            Err(kept) => failure.hint(format!("what it lent for this was not given back: {}", kept.message)),
        }
    }

    /// A secret is no part of the server itself. There the token would tell of itself, to whoever chose the reference.
    fn check_place(&self, place: &Place) -> Result<()> {
        let parts: Vec<&str> = place.segments().collect();
        let is_own =
            parts.first().is_some_and(|first| OWN.contains(first)) || parts.windows(2).any(|two| two == TOKENS);
        if is_own { Err(self.of_the_server(place)) } else { Ok(()) }
    }

    fn of_the_server(&self, place: &Place) -> Failure {
        let failure =
            self.talk.failure(&format!("is not asked for `{}`: that is of the server and its tokens", place.path));
        failure.hint(format!("a secret lies below none of {}", OWN.map(|own| format!("`{own}/`")).join(", ")))
    }

    /// Makes sure that there are versions where one is named.
    fn check_keeps(&self, place: &Place, at: &At) -> Result<()> {
        if place.version.is_none() || at.keeps_versions() {
            return Ok(());
        }
        let failure = self.talk.failure(&format!("keeps no versions of what lies at `{}`", place.path));
        Err(failure.hint("leave `@VERSION` out"))
    }

    /// Versions are numbers; 0 would be the newest, whatever that is.
    fn check_version(&self, place: &Place) -> Result<()> {
        let is_number = |version: &str| version.len() <= 10 && version.parse::<u64>().is_ok_and(|number| number > 0);
        match &place.version {
            Some(version) if !is_number(version) => Err(self
                .talk
                .failure(&format!("has no version `{version}`: they are numbers from 1 on"))
                .hint("name one as in `PATH@3#FIELD`, or leave it out for the newest")),
            _ => Ok(()),
        }
    }

    /// Asks what is mounted, and reads beside that as if it were KV 2 at the first part of the path, which it most often is: so nothing
    /// waits. What came is taken only if that is what is mounted.
    fn find_out(&self, place: &Place, until: Instant) -> Result<(At, Answer)> {
        // Both need it, and one login is enough.
        self.session(until)?;
        // What is of the server in a namespace has that before it: so nothing is tried before it is known to be no such thing.
        if place.segments().any(|part| OWN.contains(&part)) {
            let at = self.mounts.ask(self, place, until)?.ok_or_else(|| {
                self.of_the_server(place).hint(format!(
                    "if a KV lies there that the server does not tell of: `mount` in `[sources.{}]` of `config.toml`",
                    self.name
                ))
            })?;
            let answer = self.read(place, &at, until)?;
            return Ok((at, answer));
        }
        let guess = At::guess(place);
        let (asked, tried) = std::thread::scope(|scope| {
            let ask = || self.mounts.ask(self, place, until);
            let asked = Builder::new().spawn_scoped(scope, ask);
            let tried = self.read(place, &guess, until);
            let failed = || self.talk.failure("was not asked: a thread of keyctl's ended");
            // Without a thread to be had one comes after the other.
            (asked.map_or_else(|_| ask(), |asked| asked.join().unwrap_or_else(|_| Err(failed()))), tried)
        });
        let (at, tried) = match asked? {
            Some(at) => (at, tried?),
            // It does not say: then what answers is what is there.
            None => match tried? {
                answer if answer.status == 200 || document::gone(&answer.body).is_some() => return Ok((guess, answer)),
                answer => {
                    let plain = At::plain();
                    let other = self.read(place, &plain, until)?;
                    return Ok(if other.status == 200 { (plain, other) } else { (guess, answer) });
                }
            },
        };
        if at == guess {
            return Ok((at, tried));
        }
        self.check_keeps(place, &at)?;
        let answer = self.read(place, &at, until)?;
        Ok((at, answer))
    }

    /// The values of these fields.
    fn values(&self, place: &Place, document: &Document, fields: &[Option<&str>]) -> Result<Vec<Result<Secret>>> {
        let members = document.fields().map_err(|_| self.talk.service.unreadable())?;
        let value = |field: Option<&str>| {
            let Some(field) = field.or_else(|| usual_field(&members)) else {
                let failure =
                    self.talk.failure(&format!("has several fields at `{place}`, and the reference names none"));
                return Err(failure.hint(format!("name one: `{place}#FIELD`")));
            };
            field_of(&self.name, place, &members, field)
        };
        Ok(fields.iter().copied().map(value).collect())
    }
}

impl Source for Vault {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let document = if self.renew {
            std::thread::scope(|scope| {
                // Beside the fetching: nothing waits for it but the first thread's end.
                let renewing = Builder::new().spawn_scoped(scope, || self.renew_token(until));
                let document = self.document(place, until);
                let _ = renewing.map_or_else(|_| self.renew_token(until), |renewing| renewing.join().unwrap_or(Ok(())));
                document
            })?
        } else {
            self.document(place, until)?
        };
        let values = self.values(place, &document, fields)?;
        let version = document.version.map(|version| Version(version.to_string()));
        let lease = document.lease.map(|lent| Lease {
            id: lent.id,
            lasts: Duration::from_secs(lent.seconds),
            is_renewable: lent.renewable,
        });
        Ok(Fetched { values, version, lease, expires: document.expires })
    }

    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        self.newest_version(place, until)
    }

    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        self.look_at(reference, until)
    }

    fn write(
        &self,
        reference: &Reference,
        value: &Secret,
        expecting: Option<&Version>,
        _: &str,
        until: Instant,
    ) -> Result<Written> {
        self.write_field(reference, value, expecting, until).map(Written::from)
    }

    fn may_lend(&self, place: &Place) -> bool {
        !self.login.is_kept() || self.mounts.known(place).is_none_or(|at| !at.keeps())
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        self.able(references, until)
    }

    fn renew(&self, lease: &Lease, until: Instant) -> Result<Lease> {
        self.renew_lease(lease, until)
    }

    fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        self.revoke_lease(lease, until)
    }

    fn close(&self, until: Instant) {
        self.give_token_back(until);
    }

    fn name(&self) -> &SourceName {
        &self.name
    }
}
