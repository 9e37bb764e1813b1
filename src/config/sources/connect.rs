//! `[sources.NAME]` of `type = "1password-connect"`.
//!
//! ```toml
//! [sources.corp]
//! type = "1password-connect"
//! address = "https://connect.example.com"  # the Connect server, which runs in the team's own network
//! token = { key = "connect/token" }        # a token of Connect's, for certain vaults
//! ca = "~/corp-ca.pem"                     # whose certificates count there, and no others
//! ```

use std::path::PathBuf;

use super::{aws::address, credential, file};
use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
    web::address::Address,
};

/// Its own fields.
pub(super) const FIELDS: &[&str] = &["address", "token", "ca"];

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Where the server is.
    pub address: Address,
    /// The key that holds its token.
    pub token: KeyPath,
    /// The file of authorities that count, and no others.
    pub ca: Option<PathBuf>,
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Connect> {
    for name in ["address", "token"] {
        if !fields.contains_key(name) {
            reader.wrong(at.span().start, format!("`{name}` has to be here"));
            return None;
        }
    }
    let (where_it_is, token) = (fields.get("address")?, fields.get("token")?);
    let (address, token) = (address(reader, where_it_is), credential(reader, token));
    let ca = fields.get("ca").and_then(|value| file(reader, value));
    Some(Connect { address: address?, token: token?, ca })
}
