//! Secret Manager of Google Cloud (version 1 of its REST API): a secret of the source's project by its name, or of another by
//! `projects/PROJECT/secrets/NAME`, in a version by its number or its alias, and a field of one that is a JSON object.
//!
//! The checksum that comes with a secret is looked at, as Google asks of its clients. Adding a version has no check-and-set: what is
//! replaced is looked at before, and after it versions have to have gone on by one.

mod checksum;
mod login;

use std::{sync::Arc, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use zeroize::Zeroizing;

use self::{checksum::crc32c, login::Login};
use super::{
    Abilities, Fetched, Means, Source, Version,
    abilities::Ability,
    bearer::{Held, Token},
    editing::with_field,
    failure,
    fetched::fields_of_text,
    found::{Found, Written, in_text},
    service::Service,
    writing::{changed, fixed, numbered},
};
use crate::{
    config::sources::{self as config, gcp::Gcp},
    failure::{Failure, Kind, Result},
    json::Members,
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    web::{
        address::Address,
        http::{Answer, Request},
    },
};

/// Where it answers.
const HOST: &str = "https://secretmanager.googleapis.com/";
/// What it takes to read a version.
const READ: &str = "secretmanager.versions.access";
/// What it takes to add one.
const WRITE: &str = "secretmanager.versions.add";
/// What nobody needs to read what is referenced, and what it means.
const MORE: [(&str, &str); 2] = [
    ("secretmanager.secrets.delete", "may delete"),
    ("secretmanager.secrets.setIamPolicy", "may say who else may read"),
];

pub(super) struct SecretManager {
    service: Service,
    login: Login,
    held: Held,
    project: String,
}

/// A version of a secret.
struct Got {
    text: Secret,
    version: u64,
}

impl SecretManager {
    pub(super) fn new(source: &config::Source, setting: &Gcp, means: &Means) -> Result<Self> {
        let address = match &setting.endpoint {
            Some(address) => address.clone(),
            None => HOST.parse().map_err(|why| Failure::new(Kind::Usage, format!("`{HOST}` is no address: {why}")))?,
        };
        let service = Service::new(&source.name, &address, setting.ca.as_deref(), source.timeout)?;
        let login = Login::new(source, setting, means)?;
        Ok(Self { service, login, held: Held::default(), project: setting.project.clone() })
    }

    /// Project and name of a secret.
    fn secret<'p>(&'p self, path: &'p str) -> Result<(&'p str, &'p str)> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let found = match segments[..] {
            [name] => Some((self.project.as_str(), name)),
            ["projects", project, "secrets", name] => Some((project, name)),
            _ => None,
        };
        let is_name = |name: &str| {
            (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        found.filter(|(_, name)| is_name(name)).ok_or_else(|| {
            failure(self.name(), &format!("`{path}` is no name of a secret of Google's"))
                .hint("it has letters, digits, `-` and `_`; that of another project is `projects/PROJECT/secrets/NAME`")
        })
    }

    fn address(&self, path: &str, version: Option<&str>, verb: &str) -> Result<Address> {
        let (project, name) = self.secret(path)?;
        let secret = ["v1", "projects", project, "secrets", name];
        let segments: Vec<&str> = match version {
            Some(version) => [&secret[..], &["versions", version]].concat(),
            None => secret.to_vec(),
        };
        let address = self.service.below(&segments, &[])?.verb(verb);
        address.map_err(|why| failure(self.name(), &format!("the path {why}")))
    }

    /// A version; nothing where there is none.
    fn get(&self, path: &str, version: Option<&str>, until: Instant) -> Result<Option<Got>> {
        let address = self.address(path, Some(version.unwrap_or("latest")), "access")?;
        let answer = self.ask("GET", &address, &[], until)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let answer = self.judge(answer, &format!("read `{path}`"), READ)?;
        let members = self.service.members(&answer)?;
        let payload = members.object("payload").ok_or_else(|| self.service.unreadable())?;
        let version = version_of(&members).ok_or_else(|| self.service.unreadable())?;
        Ok(Some(Got { text: self.text(path, &payload)?, version }))
    }

    /// What a payload holds, if it is what it was when it was put there.
    fn text(&self, path: &str, payload: &Members) -> Result<Secret> {
        // No data is an empty secret: what is empty is left out of Google's JSON.
        let data = payload.text("data").unwrap_or_else(|| Secret::new(Vec::new()));
        let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
        STANDARD.decode_vec(data.expose(), &mut bytes).map_err(|_| self.service.unreadable())?;
        let sum = payload.text("dataCrc32c").and_then(|sum| sum.expose_text()?.parse::<u32>().ok());
        if sum.is_some_and(|sum| sum != crc32c(&bytes)) {
            return Err(self
                .service
                .failure(&format!("gives `{path}` with a checksum that is not its own"))
                .hint("try again"));
        }
        let secret = Secret::new(std::mem::take(&mut *bytes));
        if !secret.is_text() {
            return Err(failure(
                self.name(),
                &format!("what lies at `{path}` is binary and no text, which no variable can hold"),
            )
            .hint("keep it there as text, such as in base64, and let the program decode it"));
        }
        Ok(secret)
    }

    /// Sends with the token. One that is not accepted is fetched once more, as it may have run out.
    fn ask(&self, method: &str, address: &Address, body: &[u8], until: Instant) -> Result<Answer> {
        let mut is_renewed = false;
        loop {
            let token = self.token(until)?;
            let headers = [("authorization", token.header()), ("content-type", "application/json")];
            let headers = if body.is_empty() { &headers[..1] } else { &headers[..] };
            let request = Request { method, address, headers, body };
            let answer = if body.is_empty() {
                self.service.ask(&request, until)?
            } else {
                self.service.send(&request, until)?
            };
            if answer.status != 401 || is_renewed {
                return Ok(answer);
            }
            self.held.forget(&token);
            is_renewed = true;
        }
    }

    fn token(&self, until: Instant) -> Result<Arc<Token>> {
        self.held.get(|| self.login.token(until))
    }

    /// What a status means here, by the word that is in the answer.
    fn judge(&self, answer: Answer, act: &str, permission: &str) -> Result<Answer> {
        let failure = |what: &str| self.service.failure(what);
        Err(match (answer.status, word_of(&answer).as_str()) {
            (403, _) => failure(&format!("does not let this credential {act} (403)"))
                .hint(format!("it needs `{permission}`; `keyctl source test {}` says what it may do", self.name())),
            (400, "FAILED_PRECONDITION") => failure(&format!("will not {act}: this version is disabled or destroyed"))
                .hint("`gcloud secrets versions enable` brings back what is disabled"),
            (404, _) => failure(&format!("has no such secret: it was to {act} (404)"))
                .hint("make it first, with `gcloud secrets create`, or look whether the reference is right"),
            _ => return self.service.judge(answer, act),
        })
    }
}

impl Source for SecretManager {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let got = self.get(&place.path, place.version.as_deref(), until)?.ok_or_else(|| {
            let what = match &place.version {
                Some(version) => format!("has no secret `{}` in version `{version}` (404)", place.path),
                None => format!("has no secret `{}`, or no version of it (404)", place.path),
            };
            self.service.failure(&what).hint("look whether the reference is right, and the source's `project`")
        })?;
        let values = fields_of_text(self.name(), place, got.text.expose(), fields);
        Ok(Fetched { values, version: Some(Version(got.version.to_string())), lease: None, expires: None })
    }

    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        Ok(self.get(&place.path, None, until)?.map(|got| Version(got.version.to_string())))
    }

    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        let (place, field) = (&reference.place, reference.field.as_deref());
        let Some(got) = self.get(&place.path, None, until)? else { return Ok(Found::default()) };
        let value = in_text(self.name(), place, got.text.expose(), field)?;
        Ok(Found { value, version: Some(Version(got.version.to_string())), lease: None, expires: None })
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
            return Err(fixed(self.name(), reference, version));
        }
        let current = self.get(path, None, until)?;
        let now = current.as_ref().map(|got| got.version.to_string());
        changed(self.name(), reference, expecting.map(|version| version.0.as_str()), now.as_deref())?;
        let text = with_field(self.name(), reference, value, current.as_ref().map(|got| got.text.expose()))?;
        let (head, middle, end) = ("{\"payload\":{\"data\":\"", "\",\"dataCrc32c\":\"", "\"}}");
        let sum = crc32c(text.expose()).to_string();
        let room = head.len() + middle.len() + end.len() + sum.len() + 4 * text.len().div_ceil(3);
        let mut body = Zeroizing::new(String::with_capacity(room));
        body.push_str(head);
        STANDARD.encode_string(text.expose(), &mut body);
        for part in [middle, &sum, end] {
            body.push_str(part);
        }
        let answer = self.ask("POST", &self.address(path, None, "addVersion")?, body.as_bytes(), until)?;
        let answer = self.judge(answer, &format!("write `{path}`"), WRITE)?;
        let made = version_of(&self.service.members(&answer)?).ok_or_else(|| self.service.unreadable())?;
        Ok(numbered(current.map(|got| got.version), made))
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        self.token(until)?;
        let mut abilities = Abilities { who: Some(self.login.who()), ..Abilities::default() };
        let asked: Vec<&str> = [READ, WRITE].into_iter().chain(MORE.iter().map(|(right, _)| *right)).collect();
        let body = json!({ "permissions": asked }).to_string();
        for reference in references {
            let path = &reference.place.path;
            let address = self.address(path, None, "testIamPermissions")?;
            let answer = self.ask("POST", &address, body.as_bytes(), until)?;
            let answer = self.judge(answer, &format!("say what it may do with `{path}`"), READ)?;
            let members = self.service.members(&answer)?;
            let rights: Vec<String> =
                members.get("permissions").and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
            let may = |right: &str| rights.iter().any(|it| it == right);
            let (read, write) = (Some(may(READ)), Some(may(WRITE)));
            abilities.of.push(Ability { reference: (*reference).clone(), read, write });
            let more = MORE.iter().filter(|(right, _)| may(right)).map(|(_, meaning)| format!("{meaning} `{path}`"));
            abilities.more.extend(more);
        }
        let beyond = format!(
            "what it may do with other secrets: Google is asked about what is referenced alone; to read it `{READ}` is enough"
        );
        abilities.unknown.push(beyond);
        Ok(abilities)
    }

    fn name(&self) -> &SourceName {
        &self.service.name
    }
}

/// The number in a version's name: `projects/NUMBER/secrets/NAME/versions/3`.
fn version_of(members: &Members) -> Option<u64> {
    members.plain("name")?.rsplit('/').next()?.parse().ok()
}

/// Google's word for what went wrong.
fn word_of(answer: &Answer) -> String {
    let word = || Members::read(&answer.body)?.object("error")?.plain("status");
    word().unwrap_or_default()
}
