//! AWS Secrets Manager (API version 2017-10-17): a secret by its name or ARN, in a version by its id or by a stage such as
//! `AWSPREVIOUS`, and a field of one that is a JSON object.
//!
//! Its batch call is not used: it takes one permission more, costs the same, and all places are asked for at once anyway.
//!
//! `PutSecretValue` has no check-and-set. What is replaced is looked at before, and again after, by what AWS then calls the
//! previous version: somebody who wrote in between is not undone unseen.

use std::time::Instant;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    super::{
        Abilities, Fetched, Source, Version,
        editing::with_field,
        failure,
        fetched::fields_of_text,
        found::{Found, Written, in_text},
        writing::{changed, fixed},
    },
    calling::{Call, Caller},
    refusal::Refusal,
    rights,
};
use crate::{
    config::sources::{self as config, aws::Aws},
    failure::Result,
    hex,
    json::Members,
    json::writing::{Writing, room_for},
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    source::Means,
};

/// The stage of the one before.
const PREVIOUS: &str = "AWSPREVIOUS";

pub(in crate::source) struct Secrets {
    name: SourceName,
    caller: Caller,
}

/// A version of a secret.
struct Got {
    text: Secret,
    version: String,
    arn: Option<String>,
}

impl Secrets {
    pub(in crate::source) fn new(source: &config::Source, setting: &Aws, means: &Means) -> Result<Self> {
        let caller = Caller::new(source, setting, means, "secretsmanager", "secretsmanager")?;
        Ok(Self { name: source.name.clone(), caller })
    }

    fn get(&self, path: &str, version: Option<&str>, until: Instant) -> std::result::Result<Got, Refusal> {
        let mut asked = json!({ "SecretId": path });
        if let Some(version) = version {
            asked[if is_version_id(version) { "VersionId" } else { "VersionStage" }] = version.into();
        }
        let act = match version {
            Some(version) => format!("read `{path}` in version `{version}`"),
            None => format!("read `{path}`"),
        };
        let body = asked.to_string();
        let call = Call { action: "GetSecretValue", body: body.as_bytes(), act: &act, is_repeatable: true };
        let answer = self.caller.call(&call, until)?;
        let members = self.caller.service.members(&answer)?;
        let version = members.plain("VersionId").filter(|id| is_version_id(id));
        let version = version.ok_or_else(|| self.caller.service.unreadable())?;
        let text = self.text(path, &members)?;
        Ok(Got { text, version, arn: members.plain("ARN").filter(|arn| arn.starts_with("arn:")) })
    }

    /// The text, or the bytes where they are one.
    fn text(&self, path: &str, members: &Members) -> Result<Secret> {
        if let Some(text) = members.text("SecretString") {
            return Ok(text);
        }
        let binary = members.text("SecretBinary").ok_or_else(|| self.caller.service.unreadable())?;
        // As much room as it takes: a vector that grows leaves what it held behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(binary.len()));
        STANDARD.decode_vec(binary.expose(), &mut bytes).map_err(|_| self.caller.service.unreadable())?;
        let secret = Secret::new(std::mem::take(&mut *bytes));
        if !secret.is_text() {
            return Err(failure(
                &self.name,
                &format!("what lies at `{path}` is binary and no text, which no variable can hold"),
            )
            .hint("keep it there as text, such as in base64, and let the program decode it"));
        }
        Ok(secret)
    }

    fn put(&self, path: &str, text: &Secret, is_there: bool, token: &str, until: Instant) -> Result<Version> {
        let text =
            text.expose_text().ok_or_else(|| failure(&self.name, "the value is no text, and is written as none"))?;
        let (action, id) = if is_there { ("PutSecretValue", "SecretId") } else { ("CreateSecret", "Name") };
        let head = json!({ id: path, "ClientRequestToken": token }).to_string();
        let mut body = Writing::with_room(head.len() + 20 + room_for(text.len()));
        body.raw(&head[..head.len() - 1]);
        body.raw(",\"SecretString\":");
        body.text(text);
        body.raw("}");
        let body = body.done();
        // The token makes a second try the same one.
        let act = format!("write `{path}`");
        let call = Call { action, body: &body, act: &act, is_repeatable: true };
        let answer = self.caller.call(&call, until).map_err(Refusal::into_failure)?;
        let members = self.caller.service.members(&answer)?;
        let version = members.plain("VersionId").filter(|id| is_version_id(id));
        version.map(Version).ok_or_else(|| self.caller.service.unreadable())
    }
}

impl Source for Secrets {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let got = self.get(&place.path, place.version.as_deref(), until).map_err(Refusal::into_failure)?;
        let values = fields_of_text(&self.name, place, got.text.expose(), fields);
        Ok(Fetched { values, version: Some(Version(got.version)), lease: None, expires: None })
    }

    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        match self.get(&place.path, None, until) {
            Ok(got) => Ok(Some(Version(got.version))),
            Err(refusal) if refusal.code == "ResourceNotFoundException" => Ok(None),
            Err(refusal) => Err(refusal.failure),
        }
    }

    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        let (place, field) = (&reference.place, reference.field.as_deref());
        match self.get(&place.path, None, until) {
            Ok(got) => {
                let value = in_text(&self.name, place, got.text.expose(), field)?;
                Ok(Found { value, version: Some(Version(got.version)), lease: None, expires: None })
            }
            Err(refusal) if refusal.code == "ResourceNotFoundException" => Ok(Found::default()),
            Err(refusal) => Err(refusal.failure),
        }
    }

    fn write(
        &self,
        reference: &Reference,
        value: &Secret,
        expecting: Option<&Version>,
        number: &str,
        until: Instant,
    ) -> Result<Written> {
        let path = &reference.place.path;
        if let Some(version) = &reference.place.version {
            return Err(fixed(&self.name, reference, version));
        }
        let token = token(path, number);
        let current = match self.get(path, None, until) {
            Ok(got) => Some(got),
            Err(refusal) if refusal.code == "ResourceNotFoundException" => None,
            Err(refusal) => return Err(refusal.failure),
        };
        let now = current.as_ref().map(|got| got.version.as_str());
        // An earlier try of the same change came through.
        if now == Some(&*token) {
            return Ok(Version(token).into());
        }
        changed(&self.name, reference, expecting.map(|version| version.0.as_str()), now)?;
        let text = with_field(&self.name, reference, value, current.as_ref().map(|got| got.text.expose()))?;
        let made = self.put(path, &text, current.is_some(), &token, until)?;
        let Some(expected) = expecting else { return Ok(made.into()) };
        let previous = self.get(path, Some(PREVIOUS), until).ok().map(|before| Version(before.version));
        Ok(Written { version: made, overtaken: previous.filter(|previous| previous != expected) })
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        let look = |reference: &Reference| {
            let place = &reference.place;
            self.get(&place.path, place.version.as_deref(), until).map(|got| got.arn)
        };
        let actions = rights::Actions {
            read: "secretsmanager:GetSecretValue",
            write: "secretsmanager:PutSecretValue",
            more: &[
                ("secretsmanager:GetSecretValue", "may read every secret of the account"),
                ("secretsmanager:PutSecretValue", "may write every secret of the account"),
                ("secretsmanager:DeleteSecret", "may delete every secret of the account"),
                ("iam:CreateAccessKey", "may make access keys for users of the account"),
            ],
        };
        rights::of(&self.caller, references, &look, &actions, until)
    }

    fn name(&self) -> &SourceName {
        &self.name
    }
}

/// Whether it is a version's id, which has 32 to 64 characters and is a UUID where AWS or its tools made it; else it is a stage.
fn is_version_id(text: &str) -> bool {
    (32..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The token of a change, which becomes the version's id: the same for each try, and of the form that AWS's own tools use.
fn token(path: &str, number: &str) -> String {
    let digest = Sha256::new().chain_update(number).chain_update([0]).chain_update(path).finalize();
    let text = hex::encode(&digest[..16]);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_an_id_or_a_stage() {
        assert!(is_version_id("a1b2c3d4-5678-90ab-cdef-EXAMPLE11111".replace("EXAMPLE", "0000000").as_str()));
        assert!(is_version_id(&token("app/db", "7")) && token("app/db", "7") == token("app/db", "7"));
        assert_ne!(token("app/db", "7"), token("app/db", "8"));
        assert!(["AWSCURRENT", PREVIOUS, "AWSPENDING", "blue"].into_iter().all(|stage| !is_version_id(stage)));
    }
}
