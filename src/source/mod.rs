//! Sources: remote places a secret is fetched from when it is used. keyctl keeps a reference, the secrets manager the secret.
//!
//! Each provider fills [`Source`], in a chapter of its own: `command` is a program of the user's. `service` is what the
//! providers that speak HTTP share, `fetched` what comes back, `abilities` what a credential may do there, `browser` how a person logs in, `fetching` asks for all
//! that a run needs at once. Nothing here reads a store, a file of keyctl's or the terminal: the credentials are given, and so is the time.

use std::{collections::BTreeMap, time::Instant};

use crate::{
    config::sources::{self as config, Setting},
    date::Moment,
    failure::{Failure, Kind, Result},
    name::{KeyPath, SourceName},
    reference::{Place, Reference},
    secret::Secret,
};

pub mod abilities;
mod account;
mod aws;
mod azure;
mod bearer;
pub mod browser;
pub mod cache;
mod command;
mod connect;
mod editing;
pub mod fetched;
pub mod fetching;
mod form;
pub mod found;
mod gcp;
pub mod leasing;
mod service;
mod vault;
mod writing;

pub use abilities::Abilities;
pub use fetched::{Fetched, Lease, Version};
pub use found::{Found, Written};

/// What a source needs to be opened: its credentials, by the keys that hold them, and the clock.
pub struct Means {
    /// The secrets of the keys that the source's table names.
    pub credentials: BTreeMap<KeyPath, Secret>,
    /// Now; never asked for but through this.
    pub clock: fn() -> Moment,
}

impl Means {
    /// A credential.
    ///
    /// # Errors
    /// `Missing` where it was not given, which is a mistake of the caller's.
    pub fn credential(&self, key: &KeyPath) -> Result<&Secret> {
        self.credentials.get(key).ok_or_else(|| Failure::new(Kind::Missing, format!("no key named `{key}`")))
    }
}

/// One source that is open. Threads share it. Every call ends by `until`, with a failure of kind `Remote` that names the source
/// and its host, and never a token, a value or what a service said in its own words.
pub trait Source: Send + Sync {
    /// Fetches what lies at a place, once, and these fields of it, in their order; `None` is the whole. A field that is not
    /// there fails alone.
    ///
    /// # Errors
    /// `Remote`: not reached, refused, nothing there, not understood.
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched>;

    /// The version that a writer would replace; none where there is nothing yet or the source has no versions.
    ///
    /// # Errors
    /// As [`Source::fetch`].
    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        self.fetch(place, &[], until).map(|fetched| fetched.version)
    }

    /// What a writer would replace at a reference to the newest version. Nothing is there only where the source says so itself.
    ///
    /// # Errors
    /// As [`Source::fetch`], and for what lies there and is no secret of a key.
    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        found::by_fetching(self, reference, until)
    }

    /// Writes a new version, in which this field is another and all others are as they were. `expecting` is the version that it
    /// replaces, `None` where there may be nothing yet: where the source has another by now, nothing is written. `number` is the same for
    /// each try of one change, so that a source that knows such tokens writes it once.
    ///
    /// A source that cannot hold a write to what it replaces says afterwards that somebody was in between.
    ///
    /// # Errors
    /// `Remote` as for fetching, and where the source has changed meanwhile; `Usage` where this source cannot be written to.
    fn write(
        &self,
        reference: &Reference,
        value: &Secret,
        expecting: Option<&Version>,
        number: &str,
        until: Instant,
    ) -> Result<Written> {
        let _ = (reference, value, expecting, number, until);
        Err(Failure::new(Kind::Usage, format!("source `{}` cannot be written to", self.name()))
            .hint("change the secret where it lies; the reference stays as it is"))
    }

    /// Whether asking for a place may make something that stays there unless it is given back: a lease, or the token of a login.
    fn may_lend(&self, place: &Place) -> bool {
        let _ = place;
        false
    }

    /// What the credential may do, as far as the source tells without being changed.
    ///
    /// # Errors
    /// Where not even that is answered.
    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities>;

    /// Makes a lease last longer.
    ///
    /// # Errors
    /// As the source has it.
    fn renew(&self, lease: &Lease, until: Instant) -> Result<Lease> {
        let _ = until;
        Ok(lease.clone())
    }

    /// Ends a lease, and with it what was fetched.
    ///
    /// # Errors
    /// As the source has it.
    fn revoke(&self, lease: &Lease, until: Instant) -> Result<()> {
        let _ = (lease, until);
        Ok(())
    }

    /// Gives back what was taken for the time it is open, such as a token that it logged in for. What fails here is nobody's.
    fn close(&self, until: Instant) {
        let _ = until;
    }

    /// Its name in the user's `config.toml`.
    fn name(&self) -> &SourceName;
}

/// Opens a source. Nothing is asked of it yet.
///
/// # Errors
/// `Usage` or `Disk` where its table names what cannot be used, such as a file of certificates that is not there.
pub fn open(source: &config::Source, means: &Means) -> Result<Box<dyn Source>> {
    match &source.setting {
        Setting::Command(setting) => Ok(Box::new(command::CommandSource::new(source, setting))),
        Setting::Vault(setting) => Ok(Box::new(vault::open(source, setting, means)?)),
        Setting::AwsSecretsManager(setting) => Ok(Box::new(aws::Secrets::new(source, setting, means)?)),
        Setting::AwsSsm(setting) => Ok(Box::new(aws::Parameters::new(source, setting, means)?)),
        Setting::AzureKeyVault(setting) => Ok(Box::new(azure::KeyVault::new(source, setting, means)?)),
        Setting::Connect(setting) => Ok(Box::new(connect::Connect::new(source, setting, means)?)),
        Setting::GcpSecretManager(setting) => Ok(Box::new(gcp::SecretManager::new(source, setting, means)?)),
    }
}

/// A failure of a source that speaks to no host: "source `corp`: …".
pub(crate) fn failure(name: &SourceName, what: &str) -> Failure {
    Failure::new(Kind::Remote, format!("source `{name}`: {what}"))
}
