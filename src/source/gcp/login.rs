//! Tokens for Google Cloud: a service account signs for itself with its private key (RFC 7523, RS256), a machine of Google's is given
//! one, or the command line of Google's prints one. Where a service account's statement is sent does not stand in its file: that may
//! name any address.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
};
use serde_json::json;
use zeroize::Zeroize as _;

use super::super::{
    bearer::{Token, printed},
    failure,
    form::{FORM, form},
};
use crate::{
    config::sources::{
        self as config,
        gcp::{Gcp, Way},
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    json::Members,
    name::SourceName,
    secret::Secret,
    source::Means,
    web::{
        address::Address,
        aws::Skew,
        http::{Answer, Authorities, Client, Request},
        trying,
    },
};

/// Where a service account's statement is exchanged for a token.
const TOKENS: &str = "https://oauth2.googleapis.com/";
/// Whom the statement is for. Google's own clients name this one too when they send it elsewhere.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// Where a machine of Google's asks.
const MACHINE: &str = "169.254.169.254";
/// The path there.
const MACHINE_PATH: [&str; 6] = ["computeMetadata", "v1", "instance", "service-accounts", "default", "token"];
/// What tokens are for. Secret Manager has no narrower scope.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long a statement is good for: it is used at once.
const STATEMENT_SECONDS: i64 = 300;
/// How long the machine's own answer may take: it is near, or not there at all.
const NEAR: Duration = Duration::from_secs(3);

pub(super) struct Login {
    name: SourceName,
    way: Way,
    /// The file of a service account.
    account: Option<Secret>,
    client: Client,
    address: Address,
    clock: fn() -> Moment,
}

impl Login {
    pub(super) fn new(source: &config::Source, setting: &Gcp, means: &Means) -> Result<Self> {
        let account = match &setting.way {
            Way::ServiceAccount(key) => Some(means.credential(key)?.copy()),
            _ => None,
        };
        let own = match &setting.way {
            Way::Metadata => Address::of_metadata(MACHINE, "/").ok_or("it is none".to_owned()),
            _ => TOKENS.parse(),
        };
        // An address elsewhere is that of the secrets alone, as those of a private network are.
        let address = setting.endpoint.clone().filter(Address::is_near).map_or(own, Ok);
        let address =
            address.map_err(|why| Failure::new(Kind::Usage, format!("that is no address of Google's: {why}")))?;
        let authorities = setting.ca.as_deref().map_or_else(|| Ok(Authorities::of_system()), Authorities::of_file)?;
        let role = match setting.way {
            Way::Metadata => "the metadata of this machine",
            _ => "the login",
        };
        let client =
            Client::trusting(&format!("source `{}`: {role}", source.name), &address, source.timeout, authorities);
        Ok(Self { name: source.name.clone(), way: setting.way.clone(), account, client, address, clock: means.clock })
    }

    /// Whose the tokens are.
    pub(super) fn who(&self) -> String {
        let email = || {
            let account = self.account.as_ref()?;
            let email = Members::read(account.expose())?.plain("client_email")?;
            (email.len() <= 200 && email.bytes().all(|b| b.is_ascii_graphic() && b != b'`')).then_some(email)
        };
        match &self.way {
            Way::ServiceAccount(_) => email().unwrap_or_else(|| "the service account".into()),
            Way::Metadata => "the service account of this machine".into(),
            Way::Cli => "who has logged in with `gcloud auth login`".into(),
        }
    }

    /// A token.
    ///
    /// # Errors
    /// `Remote` and others where there is none to be had.
    pub(super) fn token(&self, until: Instant) -> Result<Token> {
        match &self.way {
            Way::ServiceAccount(_) => self.of_account(until),
            Way::Metadata => self.of_machine(until),
            Way::Cli => {
                let output = printed(&self.name, &["gcloud", "auth", "print-access-token"], until);
                let output = output.map_err(|failure| match failure.kind {
                    Kind::Remote => failure.hint("log in: `gcloud auth login`"),
                    _ => failure,
                })?;
                Token::new(&self.name, &Secret::new(output.to_vec()))
            }
        }
    }

    fn of_account(&self, until: Instant) -> Result<Token> {
        let address = self.below(&["token"])?;
        let now = (self.clock)();
        let statement = self.statement(now)?;
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let statement = statement.expose_text().unwrap_or_default();
        let body = form(&[("grant_type", grant), ("assertion", statement)]);
        let request = Request { method: "POST", address: &address, headers: &[FORM], body: body.as_bytes() };
        let answer = trying::ask(&self.client, &request, until)?;
        self.read(&address, &answer, now)
    }

    fn of_machine(&self, until: Instant) -> Result<Token> {
        let address = self.below(&MACHINE_PATH)?;
        let headers = [("metadata-flavor", "Google")];
        let request = Request { method: "GET", address: &address, headers: &headers, body: &[] };
        let answer = trying::ask(&self.client, &request, until.min(Instant::now() + NEAR))
            .map_err(|failure| failure.hint("only what runs at Google has a service account of its own"))?;
        if answer.header("metadata-flavor") != Some("Google") {
            return Err(self
                .client
                .failure(&address, "answers with something else than that of a machine of Google's"));
        }
        self.read(&address, &answer, (self.clock)())
    }

    fn read(&self, address: &Address, answer: &Answer, now: Moment) -> Result<Token> {
        let failure = |what: &str| self.client.failure(address, what);
        match answer.status {
            200 => {
                let token = Token::of_answer(&self.name, answer);
                token.unwrap_or_else(|| Err(failure("answers with something else than a login does")))
            }
            400 | 401 => Err(match Skew::between(now, answer.date) {
                Some(skew) => failure(&format!("does not accept the service account: {skew}"))
                    .hint("set the clock, then try again"),
                None => failure("does not accept the service account")
                    .hint("its key may have been deleted; look which key of the store holds its file"),
            }),
            404 => Err(failure("has no service account (404)")),
            429 => Err(failure("is asked too often just now (429)").hint("try again in a minute")),
            status => Err(failure(&format!("cannot answer just now ({status})")).hint("try again in a minute")),
        }
    }

    fn below(&self, segments: &[&str]) -> Result<Address> {
        self.address.below(segments, &[]).map_err(|why| failure(&self.name, &format!("the path {why}")))
    }

    /// What the account says of itself, for one audience and for a few minutes, signed.
    fn statement(&self, now: Moment) -> Result<Secret> {
        let wrong = |what: &str| {
            failure(&self.name, &format!("the key that should hold the file of a service account {what}"))
                .hint("it is the JSON file that Google gives out for a key of a service account, all of it")
        };
        let account = self.account.as_ref().ok_or_else(|| wrong("was not given"))?;
        let members = Members::read(account.expose()).ok_or_else(|| wrong("holds no JSON"))?;
        let (Some(email), Some(id), Some(pem)) =
            (members.plain("client_email"), members.plain("private_key_id"), members.text("private_key"))
        else {
            return Err(wrong("lacks `client_email`, `private_key_id` or `private_key`"));
        };
        let mut key =
            PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| wrong("has a `private_key` that is none"))?;
        let signing = any_supported_type(&key);
        key.zeroize();
        let signer = signing.ok().and_then(|key| key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]));
        let signer = signer.ok_or_else(|| wrong("has a `private_key` that is not of RSA"))?;
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": id }).to_string();
        let (iat, exp) = (now.seconds(), now.seconds() + STATEMENT_SECONDS);
        let claims = json!({ "iss": email, "scope": SCOPE, "aud": AUDIENCE, "iat": iat, "exp": exp }).to_string();
        let mut statement = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let signature =
            signer.sign(statement.as_bytes()).map_err(|_| wrong("has a `private_key` that does not sign"))?;
        statement.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut statement);
        Ok(Secret::new(statement.into_bytes()))
    }
}
