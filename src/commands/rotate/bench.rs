//! An access key of AWS on the bench: its two keys of the store, the store as it is, and who asks AWS with them.

use std::time::Duration;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    name::KeyName,
    rotation::AwsIam,
    rotator::{
        aws_iam::{AccessKey, Client},
        unfinished::Key,
    },
    secret::Secret,
    store::payload::Former,
    terminal::Terminal,
    web::address::Address,
};

use super::{Opened, Scene, leave};

/// How long one call may take.
const CALL: Duration = Duration::from_secs(20);

/// The pair, and the store as it is.
pub(super) struct Bench<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) pair: &'a AwsIam,
    pub(super) opened: &'a Opened,
    address: Option<Address>,
    pub(super) sealing: Key,
    /// The id in the store.
    pub(super) current: String,
}

impl<'a> Bench<'a> {
    pub(super) fn new(scene: &'a Scene, pair: &'a AwsIam, opened: &'a Opened) -> Result<Self> {
        let address = pair.endpoint.as_deref().map(str::parse::<Address>).transpose().map_err(|why| {
            Failure::new(Kind::Usage, format!("the `endpoint` of `{}` in `config.toml`: {why}", pair.id))
        })?;
        for name in [&pair.id, &pair.secret] {
            super::refuse_reference(name, opened.payload.key(name)?)?;
        }
        let id = &opened.payload.key(&pair.id)?.value;
        let current = id.expose_text().unwrap_or_default().to_owned();
        Ok(Self { scene, pair, opened, address, sealing: opened.unfinished_key(), current })
    }

    pub(super) fn names(&self) -> Vec<KeyName> {
        vec![self.pair.id.clone(), self.pair.secret.clone()]
    }

    pub(super) fn terminal(&self) -> &Terminal {
        self.scene.terminal
    }

    pub(super) fn client(&self, id: &str, secret: &Secret) -> Result<Client> {
        let key = AccessKey { id: id.to_owned(), secret: secret.copy() };
        Client::new(key, &self.pair.region, self.address.as_ref(), Moment::now, CALL)
    }

    /// Who asks with the store's own key, as its limits allow it.
    pub(super) fn client_of_store(&self) -> Result<Client> {
        leave::at_aws(self.scene, &self.names(), self.opened)?;
        self.client(&self.current, &self.opened.payload.key(&self.pair.secret)?.value)
    }

    /// The former id in the store, if it is one: the latest entry of it.
    pub(super) fn is_former(&self, id: &str) -> Option<&Former> {
        let former = &self.opened.payload.keys.get(&self.pair.id)?.former;
        former.iter().rev().find(|former| former.value.expose() == id.as_bytes())
    }
}
