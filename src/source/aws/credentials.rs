//! What requests are signed with, from where the source's table says, in its order. A way that has nothing is passed over; one that
//! fails is a failure, so that nobody's other credentials are used unawares.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{machine, profile::Profiles, sts::Sts};
use crate::{
    config::sources::{
        self as config,
        aws::{Aws, Role, Way},
    },
    date::Moment,
    failure::{Failure, Result},
    json::Members,
    name::SourceName,
    secret::Secret,
    source::{Means, failure},
    web::aws::is_key_id,
};

/// Credentials that end sooner than this count as ended.
const SHORTEST: Duration = Duration::from_mins(1);

/// What a request is signed with.
pub(super) struct Credentials {
    /// The access key's public half.
    pub(super) id: String,
    pub(super) secret: Secret,
    token: Option<Secret>,
    ends: Option<Moment>,
}

impl Credentials {
    /// These.
    ///
    /// # Errors
    /// `Remote` where the id is none, or something cannot go into a header.
    pub(super) fn new(
        name: &SourceName,
        id: &Secret,
        secret: Secret,
        token: Option<Secret>,
        ends: Option<Moment>,
    ) -> Result<Self> {
        let id = id.expose_text().map(str::trim).filter(|id| is_key_id(id)).map(str::to_owned);
        let id = id.ok_or_else(|| {
            failure(name, "what should be the id of an AWS access key is none")
                .hint("it is the half that begins with `AKIA`, or `ASIA` where it is for a time")
        })?;
        Ok(Self { id, secret, token: token.filter(|token| !token.is_empty()), ends })
    }

    /// Those of a JSON object, by the names of its members for id, secret, token and end.
    pub(super) fn of_json(name: &SourceName, members: &Members, names: [&str; 4]) -> Result<Option<Self>> {
        let [id, secret, token, ends] = names;
        let (Some(id), Some(secret)) = (members.text(id), members.text(secret)) else { return Ok(None) };
        let ends = members.plain(ends).and_then(|text| text.parse().ok());
        Self::new(name, &id, secret, members.text(token), ends).map(Some)
    }

    /// What goes into `x-amz-security-token`.
    pub(super) fn token(&self) -> Result<Option<&str>> {
        let Some(token) = &self.token else { return Ok(None) };
        let text = token.expose_text().map(str::trim).ok_or_else(|| {
            Failure::new(crate::failure::Kind::Usage, "the session token of the AWS access key is no text")
        })?;
        Ok(Some(text))
    }

    fn has_ended(&self, now: Moment) -> bool {
        let least = i64::try_from(SHORTEST.as_secs()).unwrap_or(0);
        self.ends.is_some_and(|ends| ends.seconds() < now.seconds() + least)
    }
}

/// Where credentials come from, and those that were found.
pub(super) struct Chain {
    name: SourceName,
    ways: Vec<Way>,
    role: Option<Role>,
    /// Those of the store, where the table names some.
    kept: Option<Kept>,
    home: Option<PathBuf>,
    pub(super) sts: Sts,
    setting: Aws,
    timeout: Duration,
    clock: fn() -> Moment,
    found: Mutex<Option<Arc<Credentials>>>,
}

struct Kept {
    id: Secret,
    secret: Secret,
    token: Option<Secret>,
}

impl Chain {
    pub(super) fn new(source: &config::Source, setting: &Aws, means: &Means) -> Result<Self> {
        let mut kept = None;
        for way in &setting.ways {
            if let Way::Keys { id, secret, token } = way {
                let copy = |key| means.credential(key).map(Secret::copy);
                kept =
                    Some(Kept { id: copy(id)?, secret: copy(secret)?, token: token.as_ref().map(copy).transpose()? });
            }
        }
        Ok(Self {
            name: source.name.clone(),
            ways: setting.ways.clone(),
            role: setting.role.clone(),
            kept,
            home: dirs::home_dir(),
            sts: Sts::new(source, setting, means)?,
            setting: setting.clone(),
            timeout: source.timeout,
            clock: means.clock,
            found: Mutex::new(None),
        })
    }

    /// The credentials. Whoever comes while they are fetched waits for that: they are fetched once.
    ///
    /// # Errors
    /// `Remote` where there are none, or where they cannot be had.
    pub(super) fn credentials(&self, until: Instant) -> Result<Arc<Credentials>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(credentials) = found.as_ref().filter(|it| !it.has_ended((self.clock)())) {
            return Ok(Arc::clone(credentials));
        }
        let credentials = Arc::new(self.find(until)?);
        *found = Some(Arc::clone(&credentials));
        Ok(credentials)
    }

    /// Forgets credentials that have run out. Says whether others can be had.
    pub(super) fn forget(&self, ended: &Arc<Credentials>) -> bool {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_some_and(|it| Arc::ptr_eq(it, ended)) {
            *found = None;
        }
        ended.ends.is_some()
    }

    fn find(&self, until: Instant) -> Result<Credentials> {
        for way in &self.ways {
            let Some(credentials) = self.by(way, until)? else { continue };
            return match &self.role {
                Some(role) => self.sts.assume(&credentials, &role.arn, role.external_id.as_deref(), None, None, until),
                None => Ok(credentials),
            };
        }
        let ways: Vec<String> = self.ways.iter().map(|way| format!("`{}`", word(way))).collect();
        Err(failure(&self.name, &format!("no AWS credentials are found by {}", ways.join(" or ")))
            .hint("its table in `config.toml` says where they come from"))
    }

    fn by(&self, way: &Way, until: Instant) -> Result<Option<Credentials>> {
        let machine = machine::Machine { name: &self.name, setting: &self.setting, timeout: self.timeout, until };
        match way {
            Way::Keys { .. } => {
                let Some(Kept { id, secret, token }) = &self.kept else { return Ok(None) };
                let token = token.as_ref().map(Secret::copy);
                Credentials::new(&self.name, id, secret.copy(), token, None).map(Some)
            }
            Way::Profile(profile) => {
                let Some(home) = &self.home else { return Ok(None) };
                let profiles = Profiles::read(&self.name, home)?;
                super::profile::Finding {
                    profiles: &profiles,
                    sts: &self.sts,
                    machine: &machine,
                    home,
                    now: (self.clock)(),
                }
                .credentials(profile)
            }
            Way::Environment => self.of_environment(),
            Way::Container => machine.container(),
            Way::Instance => machine.instance(),
        }
    }

    fn of_environment(&self) -> Result<Option<Credentials>> {
        let variable = |name: &str| {
            std::env::var(name).ok().filter(|text| !text.is_empty()).map(|text| Secret::new(text.into_bytes()))
        };
        let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) else {
            return Ok(None);
        };
        Credentials::new(&self.name, &id, secret, variable("AWS_SESSION_TOKEN"), None).map(Some)
    }
}

fn word(way: &Way) -> &'static str {
    match way {
        Way::Keys { .. } => "keys",
        Way::Profile(_) => "profile",
        Way::Environment => "environment",
        Way::Container => "container",
        Way::Instance => "instance",
    }
}
