//! The Parameter Store of AWS Systems Manager (API version 2014-11-06): a parameter by its name or ARN, decrypted, in a version by its
//! number or its label.
//!
//! One parameter is asked for at a time: `GetParameters` takes ten, but does not say why it leaves one out.
//!
//! `PutParameter` has no check-and-set. What is replaced is looked at before, and after it versions have to have gone on by one.

use std::time::Instant;

use serde_json::json;

use super::{
    super::{
        Abilities, Fetched, Source, Version,
        editing::with_field,
        failure,
        fetched::fields_of_text,
        found::{Found, Written, in_text},
        writing::{changed, fixed, numbered},
    },
    calling::{Call, Caller},
    refusal::Refusal,
    rights,
};
use crate::{
    config::sources::{self as config, aws::Aws},
    failure::Result,
    json::writing::{Writing, room_for},
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    source::Means,
};

pub(in crate::source) struct Parameters {
    name: SourceName,
    caller: Caller,
}

struct Got {
    text: Secret,
    version: u64,
    arn: Option<String>,
}

impl Parameters {
    pub(in crate::source) fn new(source: &config::Source, setting: &Aws, means: &Means) -> Result<Self> {
        Ok(Self { name: source.name.clone(), caller: Caller::new(source, setting, means, "ssm", "AmazonSSM")? })
    }

    fn get(&self, path: &str, version: Option<&str>, until: Instant) -> std::result::Result<Got, Refusal> {
        let selected = version.map_or_else(|| path.to_owned(), |version| format!("{path}:{version}"));
        let body = json!({ "Name": selected, "WithDecryption": true }).to_string();
        let act = match version {
            Some(version) => format!("read `{path}` in version `{version}`"),
            None => format!("read `{path}`"),
        };
        let call = Call { action: "GetParameter", body: body.as_bytes(), act: &act, is_repeatable: true };
        let answer = self.caller.call(&call, until)?;
        let service = &self.caller.service;
        let members = service.members(&answer)?;
        let members = members.object("Parameter").ok_or_else(|| service.unreadable())?;
        let (Some(text), Some(version)) = (members.text("Value"), members.number("Version")) else {
            return Err(service.unreadable().into());
        };
        Ok(Got { text, version, arn: members.plain("ARN").filter(|arn| arn.starts_with("arn:")) })
    }

    fn put(&self, path: &str, text: &Secret, is_there: bool, until: Instant) -> Result<u64> {
        let text =
            text.expose_text().ok_or_else(|| failure(&self.name, "the value is no text, and is written as none"))?;
        // What is there keeps its type, and its key of KMS.
        let head = if is_there {
            json!({ "Name": path, "Overwrite": true })
        } else {
            json!({ "Name": path, "Type": "SecureString" })
        };
        let head = head.to_string();
        let mut body = Writing::with_room(head.len() + 12 + room_for(text.len()));
        body.raw(&head[..head.len() - 1]);
        body.raw(",\"Value\":");
        body.text(text);
        body.raw("}");
        let body = body.done();
        let act = format!("write `{path}`");
        let call = Call { action: "PutParameter", body: &body, act: &act, is_repeatable: false };
        let answer = self.caller.call(&call, until).map_err(Refusal::into_failure)?;
        let version = self.caller.service.members(&answer)?.number("Version");
        version.ok_or_else(|| self.caller.service.unreadable())
    }
}

impl Source for Parameters {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let got = self.get(&place.path, place.version.as_deref(), until).map_err(Refusal::into_failure)?;
        let values = fields_of_text(&self.name, place, got.text.expose(), fields);
        Ok(Fetched { values, version: Some(Version(got.version.to_string())), lease: None, expires: None })
    }

    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        match self.get(&place.path, None, until) {
            Ok(got) => Ok(Some(Version(got.version.to_string()))),
            Err(refusal) if refusal.code == "ParameterNotFound" => Ok(None),
            Err(refusal) => Err(refusal.failure),
        }
    }

    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        let (place, field) = (&reference.place, reference.field.as_deref());
        match self.get(&place.path, None, until) {
            Ok(got) => {
                let value = in_text(&self.name, place, got.text.expose(), field)?;
                Ok(Found { value, version: Some(Version(got.version.to_string())), lease: None, expires: None })
            }
            Err(refusal) if refusal.code == "ParameterNotFound" => Ok(Found::default()),
            Err(refusal) => Err(refusal.failure),
        }
    }

    fn write(
        &self,
        reference: &Reference,
        value: &Secret,
        expecting: Option<&Version>,
        _: &str,
        until: Instant,
    ) -> Result<Written> {
        let path = &reference.place.path;
        if let Some(version) = &reference.place.version {
            return Err(fixed(&self.name, reference, version));
        }
        let current = match self.get(path, None, until) {
            Ok(got) => Some(got),
            Err(refusal) if refusal.code == "ParameterNotFound" => None,
            Err(refusal) => return Err(refusal.failure),
        };
        let now = current.as_ref().map(|got| got.version.to_string());
        changed(&self.name, reference, expecting.map(|version| version.0.as_str()), now.as_deref())?;
        let text = with_field(&self.name, reference, value, current.as_ref().map(|got| got.text.expose()))?;
        let made = self.put(path, &text, current.is_some(), until)?;
        Ok(numbered(current.map(|got| got.version), made))
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        let look = |reference: &Reference| {
            let place = &reference.place;
            self.get(&place.path, place.version.as_deref(), until).map(|got| got.arn)
        };
        let actions = rights::Actions {
            read: "ssm:GetParameter",
            write: "ssm:PutParameter",
            more: &[
                ("ssm:GetParameter", "may read every parameter of the account"),
                ("ssm:PutParameter", "may write every parameter of the account"),
                ("ssm:DeleteParameter", "may delete every parameter of the account"),
                ("ssm:SendCommand", "may run commands on machines of the account"),
            ],
        };
        rights::of(&self.caller, references, &look, &actions, until)
    }

    fn name(&self) -> &SourceName {
        &self.name
    }
}
