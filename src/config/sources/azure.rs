//! `[sources.NAME]` of `type = "azure-key-vault"`.
//!
//! ```toml
//! [sources.corp]
//! type = "azure-key-vault"
//! address = "https://corp.vault.azure.net"
//! # a service principal, whose secret the store keeps:
//! tenant = "00000000-0000-0000-0000-000000000000"
//! client = "00000000-0000-0000-0000-000000000000"
//! client_secret = { key = "azure/client-secret" }
//! # or what the machine gives: "managed-identity" (with `client`, where it has several), or "cli" (`az login`)
//! credentials = "managed-identity"
//! login = "https://login.microsoftonline.com"     # where the service principal logs in
//! resource = "https://vault.azure.net"            # what its tokens are for
//! identity = "http://127.0.0.1:8080"              # in the place of the machine's own address of managed identities
//! ca = "~/corp-ca.pem"                            # whose certificates count, and no others
//! ```
//!
//! `login` and `resource` are those of the cloud that the address is of. No answer of a vault decides where a credential goes.

use std::path::PathBuf;

use super::{aws::address, credential, file, plain};
use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
    web::address::Address,
};

/// Its own fields.
pub(super) const FIELDS: &[&str] =
    &["address", "tenant", "client", "client_secret", "credentials", "login", "resource", "identity", "ca"];

/// The clouds: what vaults' names end with, what tokens are for, and where to log in (Azure Key Vault, "DNS suffixes for object
/// identifiers"; Microsoft Entra, "National clouds").
const CLOUDS: [(&str, &str, &str); 3] = [
    ("vault.azure.net", "https://vault.azure.net", "https://login.microsoftonline.com"),
    ("vault.azure.cn", "https://vault.azure.cn", "https://login.chinacloudapi.cn"),
    ("vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net", "https://login.microsoftonline.us"),
];

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Azure {
    /// The vault.
    pub address: Address,
    /// Where its tokens come from.
    pub way: Way,
    /// What the tokens are for.
    pub resource: String,
    /// The file of authorities that count, and no others.
    pub ca: Option<PathBuf>,
}

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A service principal logs in with its secret.
    Client {
        /// The tenant's id or domain.
        tenant: String,
        /// The application's id.
        client: String,
        /// The key that holds its secret.
        secret: KeyPath,
        /// Where it logs in.
        login: Address,
    },
    /// What the machine is given.
    ManagedIdentity {
        /// Which one, where it has several.
        client: Option<String>,
        /// An address in the place of the machine's own.
        identity: Option<Address>,
    },
    /// Whoever has logged in with `az login`.
    Cli {
        /// In which tenant.
        tenant: Option<String>,
    },
}

impl Azure {
    /// The keys of stores that it needs itself.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        match &self.way {
            Way::Client { secret, .. } => vec![secret],
            _ => Vec::new(),
        }
    }
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Azure> {
    let Some(value) = fields.get("address") else {
        reader.wrong(at.span().start, "`address` has to be here, as in `https://NAME.vault.azure.net`");
        return None;
    };
    let place = address(reader, value)?;
    let host = place.host().split(':').next().unwrap_or_default();
    let cloud = CLOUDS.iter().find(|(suffix, ..)| host.strip_suffix(suffix).is_some_and(|name| name.ends_with('.')));
    let resource = fields.get("resource").map(|value| resource(reader, value));
    let login = fields.get("login").map(|value| address(reader, value));
    let resource = match (resource, cloud) {
        (Some(said), _) => said?,
        (None, Some((_, resource, _))) => (*resource).to_owned(),
        (None, None) => {
            let wanted = "the address is of no cloud that is known here, so `resource` has to say what tokens are for";
            reader.wrong(value.span().start, wanted);
            return None;
        }
    };
    let login = match login {
        Some(said) => Some(said?),
        None => cloud.and_then(|(.., login)| login.parse().ok()),
    };
    let way = way(reader, at, fields, login)?;
    let ca = fields.get("ca").and_then(|value| file(reader, value));
    Some(Azure { address: place, way, resource, ca })
}

fn way(reader: &mut Reader, at: &Value, fields: &Table, login: Option<Address>) -> Option<Way> {
    let secret = fields.get("client_secret").map(|value| credential(reader, value));
    let mut id = |name: &str| fields.get(name).and_then(|value| identifier(reader, value));
    let (tenant, client) = (id("tenant"), id("client"));
    let identity = fields.get("identity").and_then(|value| address(reader, value));
    let start = at.span().start;
    let word = match fields.get("credentials") {
        Some(value) => Some((reader.text(value)?, value.span().start)),
        None => None,
    };
    match word {
        None | Some(("client-secret", _)) => match (tenant, client, secret, login) {
            (_, _, Some(None), _) => None,
            (Some(tenant), Some(client), Some(Some(secret)), Some(login)) => {
                Some(Way::Client { tenant, client, secret, login })
            }
            (Some(_), Some(_), Some(_), None) => {
                reader.wrong(start, "`login` has to be here, for a cloud that is not known");
                None
            }
            _ => {
                let wanted = "`tenant`, `client` and `client_secret` have to be here, or `credentials` with \
                              `managed-identity` or `cli`";
                reader.wrong(start, wanted);
                None
            }
        },
        Some(("managed-identity", _)) => Some(Way::ManagedIdentity { client, identity }),
        Some(("cli", _)) => Some(Way::Cli { tenant }),
        Some((_, at)) => {
            reader.wrong(at, "this is `client-secret`, `managed-identity` or `cli`");
            None
        }
    }
}

/// A tenant or a client: letters, digits, `-` and `.`, as ids and domains have them.
fn identifier(reader: &mut Reader, value: &Value) -> Option<String> {
    let id = plain(reader, value)?;
    if id.starts_with(['-', '.']) || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        reader.wrong(value.span().start, "this is an id, such as `00000000-0000-0000-0000-000000000000`");
        return None;
    }
    Some(id)
}

fn resource(reader: &mut Reader, value: &Value) -> Option<String> {
    let resource = plain(reader, value)?;
    if !resource.starts_with("https://") || resource.ends_with('/') {
        reader.wrong(
            value.span().start,
            "this is an address such as `https://vault.azure.net`, without a `/` at its end",
        );
        return None;
    }
    Some(resource)
}
