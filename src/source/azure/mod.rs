//! Azure Key Vault: a secret by its name, in a version by its id, and a field of one that is a JSON object. The version of the API is
//! pinned to one that every cloud of Azure's has.
//!
//! Setting a secret makes a new version, and there is no check-and-set: the version that is replaced is looked at just before. Who
//! writes between the two is not seen; his version stays in the vault, as all do. The end that a version has is that version's: a new
//! one has none, until somebody says when it ends.

mod login;

use std::{sync::Arc, time::Instant};

use self::login::Login;
use super::{
    Abilities, Fetched, Means, Source, Version,
    abilities::Ability,
    bearer::{Held, Token},
    editing::with_field,
    failure,
    fetched::fields_of_text,
    found::{Found, Written, in_text},
    service::Service,
    writing::{changed, fixed},
};
use crate::{
    config::sources::{self as config, azure::Azure},
    date::Moment,
    failure::{Failure, Result},
    json::{
        Members,
        writing::{Writing, room_for},
    },
    name::SourceName,
    reference::{Place, Reference},
    secret::Secret,
    web::{
        address::Address,
        http::{Answer, Request},
    },
};

/// The version of the REST API.
const API: (&str, &str) = ("api-version", "7.4");

pub(super) struct KeyVault {
    service: Service,
    login: Login,
    held: Held,
    resource: String,
}

/// A version of a secret.
struct Got {
    text: Secret,
    version: String,
    /// What a new version is to have too: its kind and its tags, as they stand in the answer.
    kept: Vec<(&'static str, String)>,
    /// When it ends, where somebody has said so: the vault gives it all the same.
    expires: Option<Moment>,
}

impl KeyVault {
    pub(super) fn new(source: &config::Source, setting: &Azure, means: &Means) -> Result<Self> {
        let service = Service::new(&source.name, &setting.address, setting.ca.as_deref(), source.timeout)?;
        let login = Login::new(source, setting, means)?;
        Ok(Self { service, login, held: Held::default(), resource: setting.resource.clone() })
    }

    /// A secret; nothing where there is none, or none in this version.
    fn get(&self, path: &str, version: Option<&str>, until: Instant) -> Result<Option<Got>> {
        let name = self.secret_name(path)?;
        let segments: Vec<&str> = ["secrets", name].into_iter().chain(version).collect();
        let answer = self.ask("GET", &self.service.below(&segments, &[API])?, &[], until)?;
        if answer.status == 404 {
            return Ok(None);
        }
        let act = format!("read `{path}`");
        let answer = self.judge(answer, &act)?;
        let members = self.service.members(&answer)?;
        let (Some(text), Some(version)) = (members.text("value"), version_of(&members)) else {
            return Err(self.service.unreadable());
        };
        let kept =
            ["contentType", "tags"].into_iter().filter_map(|name| Some((name, members.get(name)?.get().to_owned())));
        let expires = members.object("attributes").and_then(|attributes| attributes.number("exp"));
        let expires = expires.and_then(|end| Some(Moment::from_seconds(i64::try_from(end).ok()?)));
        Ok(Some(Got { text, version, kept: kept.collect(), expires }))
    }

    /// A secret that has to be there.
    fn found(&self, place: &Place, until: Instant) -> Result<Got> {
        self.get(&place.path, place.version.as_deref(), until)?.ok_or_else(|| {
            let what = match &place.version {
                Some(version) => format!("has no secret `{}` in version `{version}` (404)", place.path),
                None => format!("has no secret `{}` (404)", place.path),
            };
            self.service
                .failure(&what)
                .hint("look whether the reference is right; a deleted one may be brought back by who may do that")
        })
    }

    /// A secret's name, which is one segment of letters, digits and hyphens.
    fn secret_name<'p>(&self, path: &'p str) -> Result<&'p str> {
        let name = path.strip_prefix('/').unwrap_or(path);
        let is_name = (1..=127).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_name.then_some(name).ok_or_else(|| {
            failure(self.name(), &format!("`{path}` is no name of a secret in a key vault"))
                .hint("it has letters, digits and `-`, and at most 127 of them")
        })
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
            if answer.status != 401 {
                return Ok(answer);
            }
            self.held.forget(&token);
            if is_renewed {
                return Err(self.not_accepted(&answer));
            }
            is_renewed = true;
        }
    }

    fn token(&self, until: Instant) -> Result<Arc<Token>> {
        self.held.get(|| self.login.token(&self.resource, until))
    }

    /// Why the vault takes no token, by what it says it wants: that is said, and never done.
    fn not_accepted(&self, answer: &Answer) -> Failure {
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        let failure = self.service.failure("does not accept the token (401)");
        let wanted = parameter(challenge, "resource").or_else(|| parameter(challenge, "scope"));
        if let Some(wanted) = wanted.filter(|wanted| wanted.trim_end_matches("/.default") != self.resource) {
            let host = self.service.address.host();
            let is_its = wanted.strip_prefix("https://").is_some_and(|domain| host.ends_with(&format!(".{domain}")));
            return if is_its {
                failure.hint(format!("it wants one for `{wanted}`: write that as `resource` into the source's table"))
            } else {
                failure.hint(
                    "it wants one for another service than a key vault; look whether the address is the right one",
                )
            };
        }
        let authority = parameter(challenge, "authorization").or_else(|| parameter(challenge, "authorization_uri"));
        let tenant = authority.and_then(|address| address.trim_end_matches('/').rsplit('/').next().map(str::to_owned));
        match (tenant, self.login.tenant()) {
            (Some(theirs), Some(ours)) if !theirs.eq_ignore_ascii_case(ours) => {
                failure.hint(format!("the vault is of the tenant `{theirs}`, and the source's table names `{ours}`"))
            }
            _ => failure.hint("look whether the identity is of the vault's own tenant"),
        }
    }

    /// What a status means here, by the code that is in the answer.
    fn judge(&self, answer: Answer, act: &str) -> Result<Answer> {
        let said = code_of(&answer);
        let failure = |what: &str| self.service.failure(what);
        let test = format!("`keyctl source test {}` says what it may do", self.name());
        Err(match (answer.status, said.as_str()) {
            (403, "SecretDisabled") => {
                failure(&format!("will not {act}: it is switched off")).hint("who may change it has to enable it")
            }
            (403, "ForbiddenByFirewall" | "ForbiddenByConnection") => {
                failure(&format!("will not {act} from here: its firewall lets this network not in"))
            }
            (403, _) => failure(&format!("does not let this credential {act} (403)"))
                .hint(format!("it needs the role `Key Vault Secrets User`, or the permission `get`; {test}")),
            (409, "ObjectIsDeletedButRecoverable" | "ObjectIsBeingDeleted") => {
                failure(&format!("will not {act}: it was deleted, and can be brought back"))
                    .hint("`az keyvault secret recover` does that, for who may")
            }
            (409, _) => failure(&format!("will not {act}: it is just being changed")).hint("try again"),
            _ => return self.service.judge(answer, act),
        })
    }
}

impl Source for KeyVault {
    fn fetch(&self, place: &Place, fields: &[Option<&str>], until: Instant) -> Result<Fetched> {
        let got = self.found(place, until)?;
        let values = fields_of_text(self.name(), place, got.text.expose(), fields);
        Ok(Fetched { values, version: Some(Version(got.version)), lease: None, expires: got.expires })
    }

    fn newest(&self, place: &Place, until: Instant) -> Result<Option<Version>> {
        Ok(self.get(&place.path, None, until)?.map(|got| Version(got.version)))
    }

    fn look(&self, reference: &Reference, until: Instant) -> Result<Found> {
        let (place, field) = (&reference.place, reference.field.as_deref());
        let Some(got) = self.get(&place.path, None, until)? else { return Ok(Found::default()) };
        let value = in_text(self.name(), place, got.text.expose(), field)?;
        Ok(Found { value, version: Some(Version(got.version)), lease: None, expires: got.expires })
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
        let now = current.as_ref().map(|got| got.version.as_str());
        changed(self.name(), reference, expecting.map(|version| version.0.as_str()), now)?;
        let text = with_field(self.name(), reference, value, current.as_ref().map(|got| got.text.expose()))?;
        let text =
            text.expose_text().ok_or_else(|| failure(self.name(), "the value is no text, which a key vault needs"))?;
        let kept = current.as_ref().map(|got| got.kept.as_slice()).unwrap_or_default();
        let room = room_for(text.len()) + 20 + kept.iter().map(|(name, raw)| name.len() + raw.len() + 4).sum::<usize>();
        let mut body = Writing::with_room(room);
        body.raw("{\"value\":");
        body.text(text);
        for (name, raw) in kept {
            body.raw(&format!(",\"{name}\":{raw}"));
        }
        body.raw("}");
        let body = body.done();
        let address = self.service.below(&["secrets", self.secret_name(path)?], &[API])?;
        let answer = self.ask("PUT", &address, &body, until)?;
        let answer = self.judge(answer, &format!("write `{path}`"))?;
        let version = version_of(&self.service.members(&answer)?);
        version.map(|version| Version(version).into()).ok_or_else(|| self.service.unreadable())
    }

    fn abilities(&self, references: &[&Reference], until: Instant) -> Result<Abilities> {
        self.token(until)?;
        let mut abilities = Abilities { who: Some(self.login.who()), ..Abilities::default() };
        for reference in references {
            let place = &reference.place;
            let name = self.secret_name(&place.path)?;
            let segments: Vec<&str> = ["secrets", name].into_iter().chain(place.version.as_deref()).collect();
            let answer = self.ask("GET", &self.service.below(&segments, &[API])?, &[], until)?;
            let read = match (answer.status, code_of(&answer).as_str()) {
                (200, _) | (403, "SecretDisabled") => Some(true),
                (403, _) => Some(false),
                _ => None,
            };
            abilities.of.push(Ability { reference: (*reference).clone(), read, write: None });
        }
        let list = self.ask("GET", &self.service.below(&["secrets"], &[API, ("maxresults", "1")])?, &[], until)?;
        if list.status == 200 {
            abilities.more.push("may list the names of all secrets of the vault".into());
        }
        let write = "whether it may write or delete: Azure tells that to nobody who does not do it; to read what is referenced the role \
                     `Key Vault Secrets User` is enough";
        abilities.unknown.push(write.into());
        Ok(abilities)
    }

    fn name(&self) -> &SourceName {
        &self.service.name
    }
}

/// The version in a secret's identifier: `https://VAULT/secrets/NAME/VERSION`.
fn version_of(members: &Members) -> Option<String> {
    let id = members.plain("id")?;
    let version = id.rsplit('/').next()?;
    let is_version = version.len() == 32 && version.bytes().all(|b| b.is_ascii_hexdigit());
    is_version.then(|| version.to_owned())
}

/// The innermost code of a refusal that says something.
fn code_of(answer: &Answer) -> String {
    let code = || {
        let members = Members::read(&answer.body)?;
        let error = members.object("error")?;
        error.object("innererror").and_then(|inner| inner.plain("code")).or_else(|| error.plain("code"))
    };
    code().unwrap_or_default()
}

/// A parameter of a challenge, as in `Bearer authorization="…", resource="…"`; only such as can be shown.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let rest = challenge.strip_prefix("Bearer ")?;
    let value = rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.trim_start().strip_prefix('='))?;
    let value = value.trim().trim_matches('"');
    let is_plain = value.len() <= 200 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/".contains(&b));
    (is_plain && !value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn a_challenge_is_read_and_nothing_that_could_not_be_shown() {
        let challenge = "Bearer authorization=\"https://login.windows.net/t-1\", resource=\"https://vault.azure.net\"";
        assert_eq!(parameter(challenge, "resource").as_deref(), Some("https://vault.azure.net"));
        assert_eq!(parameter(challenge, "authorization").as_deref(), Some("https://login.windows.net/t-1"));
        assert_eq!(parameter(challenge, "scope"), None);
        assert_eq!(parameter("Bearer resource=\"https://x/\u{1b}[31m\"", "resource"), None);
        assert_eq!(parameter("Basic realm=x", "realm"), None);
    }
}
