//! Tokens for a key vault: a service principal's own login, the identity of the machine, or the command line of Azure. Where one is asked
//! for is in the source's table or is the machine's own; no answer of a vault decides it.

use std::time::{Duration, Instant};

use super::super::{
    bearer::{Token, printed},
    failure,
    form::{FORM, form},
};
use crate::{
    config::sources::{
        self as config,
        azure::{Azure, Way},
    },
    failure::{Failure, Kind, Result},
    json::Members,
    name::SourceName,
    secret::Secret,
    source::Means,
    web::{
        address::Address,
        http::{Answer, Authorities, Client, Request},
        trying,
    },
};

/// Where a machine of Azure's asks (Azure Instance Metadata Service).
const MACHINE: &str = "169.254.169.254";
/// How long the machine's own answer may take: it is near, or not there at all.
const NEAR: Duration = Duration::from_secs(3);

pub(super) struct Login {
    name: SourceName,
    way: Way,
    secret: Option<Secret>,
    client: Option<Client>,
    timeout: Duration,
}

impl Login {
    pub(super) fn new(source: &config::Source, setting: &Azure, means: &Means) -> Result<Self> {
        let (secret, client) = match &setting.way {
            Way::Client { secret, login, .. } => {
                let authorities =
                    setting.ca.as_deref().map_or_else(|| Ok(Authorities::of_system()), Authorities::of_file)?;
                let role = format!("source `{}`: the login", source.name);
                let client = Client::trusting(&role, login, source.timeout, authorities);
                (Some(means.credential(secret)?.copy()), Some(client))
            }
            _ => (None, None),
        };
        Ok(Self { name: source.name.clone(), way: setting.way.clone(), secret, client, timeout: source.timeout })
    }

    /// The tenant that the table names.
    pub(super) fn tenant(&self) -> Option<&str> {
        match &self.way {
            Way::Client { tenant, .. } => Some(tenant),
            Way::Cli { tenant } => tenant.as_deref(),
            Way::ManagedIdentity { .. } => None,
        }
    }

    /// Whose the tokens are.
    pub(super) fn who(&self) -> String {
        match &self.way {
            Way::Client { tenant, client, .. } => format!("the application `{client}` of the tenant `{tenant}`"),
            Way::ManagedIdentity { client: Some(client), .. } => format!("the managed identity `{client}`"),
            Way::ManagedIdentity { client: None, .. } => "the managed identity of this machine".into(),
            Way::Cli { .. } => "who has logged in with `az login`".into(),
        }
    }

    /// A token for a resource.
    ///
    /// # Errors
    /// `Remote` and others where there is none to be had.
    pub(super) fn token(&self, resource: &str, until: Instant) -> Result<Token> {
        match &self.way {
            Way::Client { tenant, client, login, .. } => self.of_client(tenant, client, login, resource, until),
            Way::ManagedIdentity { client, identity } => {
                self.of_machine(client.as_deref(), identity.as_ref(), resource, until)
            }
            Way::Cli { tenant } => self.of_cli(tenant.as_deref(), resource, until),
        }
    }

    /// The client credentials grant (Microsoft identity platform, "OAuth 2.0 client credentials flow").
    fn of_client(&self, tenant: &str, id: &str, login: &Address, resource: &str, until: Instant) -> Result<Token> {
        let (Some(secret), Some(client)) = (&self.secret, &self.client) else {
            return Err(failure(&self.name, "the client's secret was not given"));
        };
        let text =
            secret.expose_text().map(str::trim).ok_or_else(|| failure(&self.name, "the client's secret is no text"))?;
        let scope = format!("{resource}/.default");
        let body = form(&[
            ("client_id", id),
            ("client_secret", text),
            ("grant_type", "client_credentials"),
            ("scope", &scope),
        ]);
        let below = login.below(&[tenant, "oauth2", "v2.0", "token"], &[]);
        let address = below.map_err(|why| failure(&self.name, &format!("the tenant {why}")))?;
        let request = Request { method: "POST", address: &address, headers: &[FORM], body: body.as_bytes() };
        let answer = trying::ask(client, &request, until)?;
        if answer.status != 200 {
            return Err(refused(client, &address, &answer));
        }
        let token = Token::of_answer(&self.name, &answer);
        token.unwrap_or_else(|| Err(client.failure(&address, "answers with something else than a login does")))
    }

    /// What the machine is given: by App Service and its like at an address that its variables tell, else by the machine's metadata.
    fn of_machine(
        &self,
        client_id: Option<&str>,
        identity: Option<&Address>,
        resource: &str,
        until: Instant,
    ) -> Result<Token> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let id = client_id.map(|id| ("client_id", id));
        let (address, header, value, version) =
            match (identity, variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
                (None, Some(endpoint), Some(value)) => {
                    (endpoint.parse().ok(), "x-identity-header", value, "2019-08-01")
                }
                (Some(address), ..) => (Some(address.clone()), "metadata", "true".into(), "2018-02-01"),
                _ => (Address::of_metadata(MACHINE, "/"), "metadata", "true".into(), "2018-02-01"),
            };
        let usage = |what: &str| Failure::new(Kind::Usage, format!("source `{}`: {what}", self.name));
        let address: Address = address.ok_or_else(|| {
            usage("`IDENTITY_ENDPOINT` is no address of this machine, nor one that begins with `https://`")
        })?;
        let path: &[&str] = if header == "metadata" { &["metadata", "identity", "oauth2", "token"] } else { &[] };
        let query: Vec<(&str, &str)> =
            [("api-version", version), ("resource", resource)].into_iter().chain(id).collect();
        let address =
            address.below(path, &query).map_err(|why| usage(&format!("the address of managed identities {why}")))?;
        let client = Client::new(&format!("source `{}`: the managed identity", self.name), &address, self.timeout);
        let request = Request { method: "GET", address: &address, headers: &[(header, &value)], body: &[] };
        let answer = trying::ask(&client, &request, until.min(Instant::now() + NEAR))
            .map_err(|failure| failure.hint("only what runs at Azure has a managed identity"))?;
        if answer.status != 200 {
            let what = format!("is not given out ({})", answer.status);
            return Err(client
                .failure(&address, &what)
                .hint("look whether this machine has one, and which `client` it is"));
        }
        let token = Token::of_answer(&self.name, &answer);
        token.unwrap_or_else(|| Err(client.failure(&address, "comes without a token")))
    }

    fn of_cli(&self, tenant: Option<&str>, resource: &str, until: Instant) -> Result<Token> {
        let mut words = vec!["az", "account", "get-access-token", "--output", "json", "--resource", resource];
        words.extend(tenant.map(|tenant| ["--tenant", tenant]).into_iter().flatten());
        let output = printed(&self.name, &words, until).map_err(|failure| match failure.kind {
            Kind::Remote => failure.hint("log in: `az login`"),
            _ => failure,
        })?;
        let token = Members::read(&output).and_then(|members| members.text("accessToken"));
        let token = token.ok_or_else(|| failure(&self.name, "`az account get-access-token` prints no token"))?;
        Token::new(&self.name, &token)
    }
}

/// Why nobody was logged in, by the number that Entra gives each reason.
fn refused(client: &Client, address: &Address, answer: &Answer) -> Failure {
    let members = Members::read(&answer.body);
    let codes = members
        .as_ref()
        .and_then(|members| members.get("error_codes"))
        .map(|raw| raw.get().to_owned())
        .unwrap_or_default();
    let has = |number: &str| codes.trim_matches(['[', ']']).split(',').any(|code| code.trim() == number);
    let failure = |what: &str| client.failure(address, what);
    match () {
        () if has("7000215") => failure("does not accept the client's secret")
            .hint("it is the secret's value, and not its id; look which key of the store holds it"),
        () if has("7000222") => failure("does not accept the client's secret: it has expired")
            .hint("make a new one at Azure, and put it into the store with `keyctl rotate`"),
        () if has("700016") => failure("knows no such client in this tenant"),
        () if has("90002") => failure("knows no such tenant"),
        () if answer.status == 429 => failure("is asked too often just now (429)").hint("try again in a minute"),
        () if answer.status >= 500 => {
            failure(&format!("cannot answer just now ({})", answer.status)).hint("try again in a minute")
        }
        () => failure(&format!("is refused ({})", answer.status)).hint("look whether `tenant` and `client` are right"),
    }
}
