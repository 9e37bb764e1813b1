//! A signed call of one of AWS's JSON services (`application/x-amz-json-1.1`), tried again where that is safe.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    super::service::Service,
    credentials::{Chain, Credentials},
    refusal::{Refusal, Said, refusal},
};
use crate::{
    config::sources::{self as config, aws::Aws},
    date::Moment,
    failure::{Failure, Kind, Result},
    source::Means,
    web::{
        address::Address,
        aws,
        http::{Answer, Request as Sent},
        sigv4::{Request, Signer, canonical_path, stamp},
    },
};

/// The most tries of one call.
const TRIES: u32 = 4;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// What has to be left of the time for a try to make sense.
const LEAST: Duration = Duration::from_millis(100);

/// One of the services, and the credentials that it is called with.
pub(super) struct Caller {
    pub(super) service: Service,
    /// How it is signed for, as in `secretsmanager`.
    signed_as: &'static str,
    /// What its actions are of, as in `AmazonSSM`.
    target: &'static str,
    region: String,
    pub(super) chain: Chain,
    clock: fn() -> Moment,
    /// How many seconds this machine's clock is behind the service's; 0 as long as nothing said otherwise.
    behind: AtomicI64,
}

/// What is asked.
pub(super) struct Call<'c> {
    /// As in `GetSecretValue`.
    pub(super) action: &'c str,
    /// Its parameters, in JSON.
    pub(super) body: &'c [u8],
    /// What it is to do, as in "read `app/db`".
    pub(super) act: &'c str,
    /// Whether doing it twice is doing it once.
    pub(super) is_repeatable: bool,
}

impl Caller {
    /// For the service that is signed for and reached by these names.
    ///
    /// # Errors
    /// `Usage` or `Disk` for what the source's table has and cannot be used.
    pub(super) fn new(
        source: &config::Source,
        setting: &Aws,
        means: &Means,
        signed_as: &'static str,
        target: &'static str,
    ) -> Result<Self> {
        let own = || address_of(setting, &aws::host(signed_as, &setting.region));
        let address = setting.endpoint.clone().map_or_else(own, Ok)?;
        let service = Service::new(&source.name, &address, setting.ca.as_deref(), source.timeout)?;
        let chain = Chain::new(source, setting, means)?;
        let (region, clock) = (setting.region.clone(), means.clock);
        Ok(Self { service, signed_as, target, region, chain, clock, behind: AtomicI64::new(0) })
    }

    /// Calls. What AWS asks to be called less often for was not done, so it is called again; so is what may be done twice where
    /// the service failed. A clock that is off is put right once by the service's own, and credentials that have run out are
    /// fetched once more.
    pub(super) fn call(&self, call: &Call, until: Instant) -> std::result::Result<Answer, Refusal> {
        let (mut pause, mut is_renewed, mut is_set) = (FIRST_PAUSE, false, false);
        let mut tries = 1;
        loop {
            let credentials = self.chain.credentials(until)?;
            let at = self.now();
            let answer = self.send(call, &credentials, at, until)?;
            if answer.status == 200 {
                return Ok(answer);
            }
            let said = Said::read(&answer);
            if said.is_expired() && !is_renewed && self.chain.forget(&credentials) {
                is_renewed = true;
                continue;
            }
            if said.is_about_signature() && !is_set && aws::Skew::between(at, answer.date).is_some() {
                is_set = true;
                let off = answer.date.map_or(0, |there| there.seconds() - (self.clock)().seconds());
                self.behind.store(off, Ordering::Relaxed);
                continue;
            }
            let is_passing = said.is_throttling() || answer.status == 429 || call.is_repeatable && answer.status >= 500;
            let wait = answer.retry_after.unwrap_or(pause);
            if !is_passing || tries == TRIES || Instant::now() + wait + LEAST > until {
                let permission = format!("{}:{}", self.signed_as, call.action);
                return Err(refusal(&self.service, said, &answer, call.act, &permission, at));
            }
            sleep(wait);
            (pause, tries) = (pause * 2, tries + 1);
        }
    }

    /// The moment by the service's clock, as far as that is known.
    pub(super) fn now(&self) -> Moment {
        let now = (self.clock)();
        match self.behind.load(Ordering::Relaxed) {
            0 => now,
            off => Moment::from_seconds(now.seconds() + off),
        }
    }

    fn send(&self, call: &Call, credentials: &Credentials, at: Moment, until: Instant) -> Result<Answer> {
        let address = &self.service.address;
        let (date, target) = (stamp(at), format!("{}.{}", self.target, call.action));
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.1"),
            ("host", address.host()),
            ("x-amz-date", &date),
            ("x-amz-target", &target),
        ];
        if let Some(token) = credentials.token()? {
            headers.push(("x-amz-security-token", token));
        }
        let request = Request {
            method: "POST",
            path: &canonical_path(address.path()),
            query: &[],
            headers: &headers,
            body: call.body,
        };
        let signer = Signer {
            id: &credentials.id,
            secret: &credentials.secret,
            region: &self.region,
            service: self.signed_as,
            at,
        };
        let authorization = signer.authorize(&request);
        headers.push(("authorization", &authorization));
        self.service.send(&Sent { method: "POST", address, headers: &headers, body: call.body }, until)
    }
}

/// The address that the user has in the place of all of AWS's own: one of this machine, where something plays AWS. One elsewhere is in
/// the place of the source's own service alone, as the endpoints of a private network are.
pub(super) fn in_place_of_all(setting: &Aws) -> Option<&Address> {
    setting.endpoint.as_ref().filter(|address| address.is_near())
}

/// Where a host of AWS's answers, or what is in the place of all.
pub(super) fn address_of(setting: &Aws, host: &str) -> Result<Address> {
    if let Some(address) = in_place_of_all(setting) {
        return Ok(address.clone());
    }
    format!("https://{host}/").parse().map_err(|why| Failure::new(Kind::Usage, format!("`{host}` is no host: {why}")))
}
