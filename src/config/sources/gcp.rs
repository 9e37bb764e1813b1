//! `[sources.NAME]` of `type = "gcp-secret-manager"`.
//!
//! ```toml
//! [sources.corp]
//! type = "gcp-secret-manager"
//! project = "my-project"
//! service_account = { key = "gcp/service-account" }  # the JSON file that Google gives out, kept in the store
//! # or what the machine gives: "metadata" (the account of a machine of Google's), or "cli" (`gcloud auth login`)
//! credentials = "metadata"
//! endpoint = "https://private.example.com"           # the service's address; one of this machine is for all of Google
//! ca = "~/corp-ca.pem"                               # whose certificates count there, and no others
//! ```

use std::path::PathBuf;

use super::{aws::address, credential, file, plain};
use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
    web::address::Address,
};

/// Its own fields.
pub(super) const FIELDS: &[&str] = &["project", "service_account", "credentials", "endpoint", "ca"];

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gcp {
    /// The project whose secrets they are.
    pub project: String,
    /// Where its tokens come from.
    pub way: Way,
    /// An address in the place of the service's own; of all of Google's, where it is this machine.
    pub endpoint: Option<Address>,
    /// The file of authorities that count, and no others.
    pub ca: Option<PathBuf>,
}

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A service account signs for itself with its private key.
    ServiceAccount(KeyPath),
    /// The account that a machine of Google's has.
    Metadata,
    /// Whoever has logged in with `gcloud auth login`.
    Cli,
}

impl Gcp {
    /// The keys of stores that it needs itself.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        match &self.way {
            Way::ServiceAccount(key) => vec![key],
            _ => Vec::new(),
        }
    }
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Gcp> {
    let Some(value) = fields.get("project") else {
        reader.wrong(at.span().start, "`project` has to be here: its id or its number");
        return None;
    };
    let project = plain(reader, value)?;
    // Resource Manager: lower-case letters, digits and hyphens; of a domain's own projects also `.` and `:`.
    if !project.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b)) {
        reader.wrong(value.span().start, "that is no project's id or number");
        return None;
    }
    let account = fields.get("service_account").map(|value| credential(reader, value));
    let word = match fields.get("credentials") {
        Some(value) => Some((reader.text(value)?, value.span().start)),
        None => None,
    };
    let way = match (word, account) {
        (_, Some(None)) => return None,
        (None | Some(("service-account", _)), Some(Some(key))) => Way::ServiceAccount(key),
        (Some(("metadata", _)), None) => Way::Metadata,
        (Some(("cli", _)), None) => Way::Cli,
        (Some(("metadata" | "cli", start)), Some(_)) => {
            reader.wrong(start, "either this or `service_account` says what its credentials are");
            return None;
        }
        (Some((word, start)), _) if word != "service-account" => {
            reader.wrong(start, "this is `service-account`, `metadata` or `cli`");
            return None;
        }
        _ => {
            let wanted = "`service_account` has to be here, or `credentials` with `metadata` or `cli`";
            reader.wrong(at.span().start, wanted);
            return None;
        }
    };
    let endpoint = fields.get("endpoint").and_then(|value| address(reader, value));
    let ca = fields.get("ca").and_then(|value| file(reader, value));
    Some(Gcp { project, way, endpoint, ca })
}
