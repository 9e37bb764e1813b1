//! `[sources.NAME]` of `type = "aws-secrets-manager"` and `"aws-ssm"`.
//!
//! ```toml
//! [sources.corp]
//! type = "aws-secrets-manager"
//! region = "eu-central-1"
//! profile = "work"                                # of ~/.aws/config and ~/.aws/credentials
//! # or an access key that the store keeps:
//! access_key = { key = "aws/id" }
//! secret_key = { key = "aws/secret" }
//! session_token = { key = "aws/token" }           # where the access key is one for a time
//! # or what the machine gives: "environment", "container", "instance"; several are tried in this order
//! credentials = ["container", "instance"]
//! role = "arn:aws:iam::123456789012:role/reader"  # assumed with what was found
//! external_id = "..."                             # where the role asks for one
//! endpoint = "https://vpce-1.example.com"         # the service's address; one of this machine is for all of AWS
//! ca = "~/corp-ca.pem"                            # whose certificates count there, and no others
//! ```
//!
//! What is not said here is not looked for: neither `AWS_PROFILE` nor `AWS_ENDPOINT_URL` is read, which a repository may set.

use std::path::PathBuf;

use super::{credential, file, plain};
use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
    web::{address::Address, aws},
};

/// Its own fields.
pub(super) const FIELDS: &[&str] = &[
    "region",
    "profile",
    "access_key",
    "secret_key",
    "session_token",
    "credentials",
    "role",
    "external_id",
    "endpoint",
    "ca",
];

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// As in `eu-central-1`.
    pub region: String,
    /// Where its credentials come from, in the order in which that is tried.
    pub ways: Vec<Way>,
    /// A role that is assumed with them.
    pub role: Option<Role>,
    /// An address in the place of the service's own; of all of AWS's, where it is this machine.
    pub endpoint: Option<Address>,
    /// The file of authorities that count, and no others.
    pub ca: Option<PathBuf>,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Keys of a store.
    Keys {
        /// The access key's public half.
        id: KeyPath,
        /// Its secret half.
        secret: KeyPath,
        /// What an access key for a time has beside.
        token: Option<KeyPath>,
    },
    /// A profile of the user's AWS files.
    Profile(String),
    /// The variables of AWS's own tools.
    Environment,
    /// What a container is given (ECS, EKS).
    Container,
    /// What a machine of EC2 is given.
    Instance,
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy may ask for.
    pub external_id: Option<String>,
}

impl Aws {
    /// The keys of stores that it needs itself.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        let keys = self.ways.iter().filter_map(|way| match way {
            Way::Keys { id, secret, token } => Some([Some(id), Some(secret), token.as_ref()]),
            _ => None,
        });
        keys.flatten().flatten().collect()
    }
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Aws> {
    let region = region(reader, at, fields)?;
    let keys = keys(reader, at, fields);
    let profile = fields.get("profile").and_then(|value| plain(reader, value)).map(Way::Profile);
    let role = fields.get("role").and_then(|value| role_arn(reader, value));
    let external_id = fields.get("external_id").and_then(|value| plain(reader, value));
    let endpoint = fields.get("endpoint").and_then(|value| address(reader, value));
    let ca = fields.get("ca").and_then(|value| file(reader, value));
    let ways = ways(reader, at, fields, keys, profile)?;
    let role = role.map(|arn| Role { arn, external_id });
    Some(Aws { region, ways, role, endpoint, ca })
}

fn region(reader: &mut Reader, at: &Value, fields: &Table) -> Option<String> {
    let Some(value) = fields.get("region") else {
        reader.wrong(at.span().start, "`region` has to be here, as in `eu-central-1`");
        return None;
    };
    let region = reader.text(value)?;
    if !aws::is_region(region) {
        reader.wrong(value.span().start, "that is no AWS region; write it as in `eu-central-1`");
        return None;
    }
    Some(region.to_owned())
}

fn keys(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Way> {
    let mut named = |name: &str| fields.get(name).and_then(|value| credential(reader, value));
    let (id, secret, token) = (named("access_key"), named("secret_key"), named("session_token"));
    if let (Some(id), Some(secret)) = (id, secret) {
        return Some(Way::Keys { id, secret, token });
    }
    let is_there = |name: &str| fields.contains_key(name);
    let is_whole = is_there("access_key") && is_there("secret_key");
    // Where both are there, what is wrong with one was said.
    if !is_whole && (is_there("access_key") || is_there("secret_key") || is_there("session_token")) {
        reader.wrong(at.span().start, "`access_key` and `secret_key` belong together");
    }
    None
}

/// Where credentials come from: as the list says, and where there is none as the one field does that says it.
fn ways(reader: &mut Reader, at: &Value, fields: &Table, keys: Option<Way>, profile: Option<Way>) -> Option<Vec<Way>> {
    let Some(value) = fields.get("credentials") else {
        let said: Vec<Way> = keys.into_iter().chain(profile).collect();
        return match said.len() {
            1 => Some(said),
            0 if ["access_key", "secret_key", "profile"].iter().any(|name| fields.contains_key(*name)) => None,
            0 => {
                let wanted = "it says nowhere what its credentials are: `profile`, `access_key` with `secret_key`, or \
                              `credentials` with `environment`, `container` or `instance`";
                reader.wrong(at.span().start, wanted);
                None
            }
            _ => {
                reader
                    .wrong(at.span().start, "`credentials` has to say in which order, as in `[\"keys\", \"profile\"]`");
                None
            }
        };
    };
    let is_list = value.get_ref().as_array().is_some();
    let words: Vec<&Value> = if is_list { reader.list(value).iter().collect() } else { vec![value] };
    let mut ways = Vec::new();
    for word in words {
        let way = match reader.text(word)? {
            "keys" => keys.clone().ok_or("`access_key` and `secret_key` have to be here for that"),
            "profile" => profile.clone().ok_or("`profile` has to be here for that"),
            "environment" => Ok(Way::Environment),
            "container" => Ok(Way::Container),
            "instance" => Ok(Way::Instance),
            _ => Err("this is `keys`, `profile`, `environment`, `container` or `instance`"),
        };
        match way {
            Ok(way) if !ways.contains(&way) => ways.push(way),
            Ok(_) => reader.wrong(word.span().start, "it is there already"),
            Err(why) => reader.wrong(word.span().start, why),
        }
    }
    (!ways.is_empty()).then_some(ways)
}

fn role_arn(reader: &mut Reader, value: &Value) -> Option<String> {
    let arn = plain(reader, value)?;
    if !(arn.starts_with("arn:") && arn.contains(":role/")) {
        reader.wrong(value.span().start, "this is no role's ARN, such as `arn:aws:iam::123456789012:role/reader`");
        return None;
    }
    Some(arn)
}

/// An address that the user has in the place of a service's own.
pub(super) fn address(reader: &mut Reader, value: &Value) -> Option<Address> {
    let address = reader.text(value)?.parse::<Address>();
    address.map_err(|why| reader.wrong(value.span().start, format!("this is no address: {why}"))).ok()
}
