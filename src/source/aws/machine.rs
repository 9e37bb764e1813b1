//! The credentials that a machine of EC2 or a container of ECS or EKS is given: by a plain address that is link-local, so that nothing
//! beyond the machine can answer there or listen, and that no proxy is asked for.
//!
//! Of EC2 it is version 2 alone, which wants a token first (EC2 User Guide, "Use IMDS"). The variables that tell a container where its
//! credentials are come from whoever started it; they may name such an address or this machine, and no other: a file that they name
//! would be sent there.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{calling::in_place_of_all, credentials::Credentials, sts::NEAR};
use crate::{
    config::sources::aws::Aws,
    failure::{Failure, Kind, Result},
    home,
    json::Members,
    name::SourceName,
    secret::Secret,
    source::failure,
    web::{
        address::Address,
        http::{Answer, Client, Request},
    },
};

/// Where a machine of EC2 asks.
const INSTANCE: &str = "169.254.169.254";
/// Where a container of ECS asks.
const CONTAINER: &str = "169.254.170.2";
/// How long the token of a machine is for, in seconds: it is used at once.
const TOKEN_SECONDS: &str = "60";
/// The most bytes of a file with a token.
const LARGEST: usize = 64 * 1024;

pub(super) struct Machine<'m> {
    pub(super) name: &'m SourceName,
    pub(super) setting: &'m Aws,
    pub(super) timeout: Duration,
    pub(super) until: Instant,
}

impl Machine<'_> {
    /// The credentials of the machine's role; none where this is no machine of EC2, or it has no role.
    ///
    /// # Errors
    /// `Remote` where something answers there, and not with credentials.
    pub(super) fn instance(&self) -> Result<Option<Credentials>> {
        let address = |path: &[&str], end: &str| self.near(INSTANCE, path, end);
        let root = address(&["latest", "api", "token"], "")?;
        let client = Client::new(&format!("source `{}`: the metadata of this machine", self.name), &root, self.timeout);
        let lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS)];
        let request = Request { method: "PUT", address: &root, headers: &lifetime, body: &[] };
        // Nothing answers there but on a machine of EC2.
        let Ok(answer) = client.send(&request, self.until.min(Instant::now() + NEAR)) else { return Ok(None) };
        if answer.status != 200 {
            return Err(client.failure(&root, &format!("gives no token ({})", answer.status)));
        }
        let token = Secret::new(answer.body.to_vec());
        let headers = [("x-aws-ec2-metadata-token", token.expose_text().unwrap_or_default())];
        let get = |address: &Address| -> Result<Answer> {
            let request = Request { method: "GET", address, headers: &headers, body: &[] };
            client.send(&request, self.until.min(Instant::now() + NEAR))
        };
        let folder = ["latest", "meta-data", "iam", "security-credentials"];
        let list = address(&folder, "/")?;
        let roles = get(&list)?;
        if roles.status == 404 {
            return Ok(None);
        }
        let role =
            std::str::from_utf8(&roles.body).ok().and_then(|text| text.lines().next()).unwrap_or_default().trim();
        if roles.status != 200 || role.is_empty() {
            return Err(client.failure(&list, &format!("names no role ({})", roles.status)));
        }
        let place = address(&[&folder[..], &[role]].concat(), "")?;
        let answer = get(&place)?;
        self.read(&answer).map(Some)
    }

    /// The credentials of the container; none where it was given none.
    ///
    /// # Errors
    /// `Remote` where they cannot be had, `Usage` where the address is one that such credentials do not come from.
    pub(super) fn container(&self) -> Result<Option<Credentials>> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let address = match (
            variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ) {
            (Some(path), _) => Address::of_metadata(CONTAINER, &path),
            (None, Some(whole)) => of_container(&whole),
            (None, None) => return Ok(None),
        };
        let address = address.ok_or_else(|| {
            Failure::new(
                Kind::Usage,
                format!(
                    "source `{}`: a container's credentials cannot come from the address that its variable names",
                    self.name
                ),
            )
            .hint("it has to be this machine, or the container's own address")
        })?;
        let client = Client::new(
            &format!("source `{}`: what gives this container credentials", self.name),
            &address,
            self.timeout,
        );
        let token = match variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(path) => Some(self.token_file(Path::new(&path))?),
            None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|text| Secret::new(text.into_bytes())),
        };
        let token = token.as_ref().and_then(Secret::expose_text).map(str::trim);
        let headers: Vec<(&str, &str)> = token.map(|token| ("authorization", token)).into_iter().collect();
        let request = Request { method: "GET", address: &address, headers: &headers, body: &[] };
        let answer = client.send(&request, self.until.min(Instant::now() + NEAR))?;
        if answer.status != 200 {
            return Err(client.failure(&address, &format!("gives none ({})", answer.status)));
        }
        self.read(&answer).map(Some)
    }

    fn read(&self, answer: &Answer) -> Result<Credentials> {
        let members = Members::read(&answer.body).filter(|_| answer.status == 200);
        let names = ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"];
        let found = members.map(|members| Credentials::of_json(self.name, &members, names)).transpose()?.flatten();
        found.ok_or_else(|| failure(self.name, "the credentials that this machine is given cannot be read"))
    }

    /// The address of the machine's own, or what the user has in the place of all of AWS's.
    fn near(&self, host: &str, segments: &[&str], end: &str) -> Result<Address> {
        let path = format!("/{}{end}", segments.join("/"));
        let address = match in_place_of_all(self.setting) {
            Some(endpoint) => format!("{}{path}", endpoint.to_string().trim_end_matches('/')).parse().ok(),
            None => Address::of_metadata(host, &path),
        };
        address.ok_or_else(|| failure(self.name, "the metadata of this machine has no such address"))
    }

    /// A file with a token, by its whole path: another would be one of whatever folder this is.
    ///
    /// # Errors
    /// `Disk`.
    pub(super) fn token_file(&self, path: &Path) -> Result<Secret> {
        if !path.is_absolute() {
            let what = format!("source `{}`: `{}` is no whole path of a token's file", self.name, path.display());
            return Err(Failure::new(Kind::Disk, what));
        }
        let read = home::read(path, LARGEST)?;
        let missing = || Failure::new(Kind::Disk, format!("source `{}`: there is no `{}`", self.name, path.display()));
        read.map(|(bytes, _)| Secret::new(bytes)).ok_or_else(missing)
    }
}

/// A container's whole address: this machine's, or the plain ones of ECS and EKS.
fn of_container(whole: &str) -> Option<Address> {
    if let Some(address) = whole.parse::<Address>().ok().filter(Address::is_near) {
        return Some(address);
    }
    let (host, path) = whole.strip_prefix("http://")?.split_once('/')?;
    Address::of_metadata(host, &format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_credentials_come_from_near_alone() {
        for good in [
            "http://127.0.0.1:51679/v2/credentials",
            "http://localhost/x",
            "https://127.0.0.1:51679/x",
            "http://169.254.170.2/v2/x",
            "http://169.254.170.23/v1/credentials",
        ] {
            assert!(of_container(good).is_some(), "{good}");
        }
        for bad in [
            "http://example.com/x",
            "https://example.com/x",
            "http://169.254.169.253/x",
            "http://169.254.170.2.example.com/x",
            "ftp://127.0.0.1/",
            "",
        ] {
            assert!(of_container(bad).is_none(), "{bad}");
        }
    }
}
