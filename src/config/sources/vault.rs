//! `[sources.NAME]` of `type = "vault"`: Vault by `HashiCorp`, and `OpenBao`.
//!
//! ```toml
//! [sources.corp]
//! type = "vault"
//! address = "https://vault.example.com:8200"
//! namespace = "shop"                        # where the server has such
//! ca = "~/corp-ca.pem"                      # the authorities that count there; without it those of the system do
//! mount = "team/kv"                         # what a reference's path begins with; found out with one more request if it is not said
//! kv = 2                                    # 1 or 2, where `mount` is said
//! token = { key = "corp/token" }            # or one of the logins:
//! approle = { role_id = "…", secret_id = { key = "corp/secret-id" } }
//! jwt = { role = "ci", file = "/run/id-token" }         # or `key = "NAME"`
//! kubernetes = { role = "app" }                         # with the pod's own service account
//! userpass = { user = "me", password = { key = "corp/password" } }
//! oidc = { role = "dev", token = { key = "corp/token" } }    # in the browser, by `keyctl source login`; the token is kept there
//! token_file = "~/.vault-token"             # what `vault login` and `bao login` keep
//! environment = true                        # `VAULT_ADDR`, `VAULT_TOKEN`, … or `BAO_…` count where the table says nothing
//! renew = true                              # the token is renewed by each run
//! ```
//!
//! Variables count only where the table says so: a repository may set them, and a token would go where it says.

use std::path::PathBuf;

use super::{credential, file, plain};
use crate::{
    name::KeyPath,
    profile::table::{Reader, Table, Value},
    web::address::Address,
};

/// Its own fields.
pub(super) const FIELDS: &[&str] = &[
    "address",
    "namespace",
    "ca",
    "mount",
    "kv",
    "token",
    "token_file",
    "approle",
    "jwt",
    "kubernetes",
    "userpass",
    "oidc",
    "environment",
    "renew",
];

/// The ways to come by a token.
const LOGINS: [&str; 7] = ["token", "token_file", "approle", "jwt", "kubernetes", "userpass", "oidc"];
/// Where Kubernetes puts a pod's own token.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    /// Where it answers; the environment says so where there is none.
    pub address: Option<Address>,
    /// The namespace in it.
    pub namespace: Option<String>,
    /// The authorities that count there.
    pub ca: Option<PathBuf>,
    /// What a reference's path begins with, and whether versions are kept there.
    pub mount: Option<Mount>,
    /// How a token is come by; the environment has it where nothing is said.
    pub login: Option<Login>,
    /// Whether variables count where nothing is said.
    pub environment: bool,
    /// Whether each run renews the token.
    pub renew: bool,
}

/// Where an engine is mounted, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its path, without `/` at the end.
    pub path: String,
    /// Whether versions are kept there: `kv = 2`.
    pub keeps_versions: bool,
}

/// How a token is come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// It is a key.
    Token(KeyPath),
    /// It lies in a file.
    TokenFile(PathBuf),
    /// `AppRole`.
    AppRole {
        /// Below `auth/`.
        mount: String,
        /// The id of the role.
        role: Half,
        /// The secret id.
        secret: Option<KeyPath>,
    },
    /// A signed statement, as `jwt` and `kubernetes` take it.
    Jwt {
        /// Below `auth/`.
        mount: String,
        /// The role.
        role: Option<String>,
        /// The statement.
        jwt: Statement,
    },
    /// A user and a password.
    Userpass {
        /// Below `auth/`.
        mount: String,
        /// The user.
        user: String,
        /// The password.
        password: KeyPath,
    },
    /// A person logs in, in the browser, now and then.
    Oidc {
        /// Below `auth/`.
        mount: String,
        /// The role; the server may have one that is usual.
        role: Option<String>,
        /// The key that its token is kept in.
        token: KeyPath,
    },
}

/// What is no secret by itself, and may be kept as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Half {
    /// It stands here.
    Plain(String),
    /// It is a key.
    Key(KeyPath),
}

/// Where a signed statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// It is a key.
    Key(KeyPath),
    /// In a file.
    File(PathBuf),
}

impl Vault {
    /// The keys of stores that it needs itself.
    #[must_use]
    pub fn credentials(&self) -> Vec<&KeyPath> {
        match &self.login {
            Some(Login::Token(key) | Login::Jwt { jwt: Statement::Key(key), .. } | Login::Oidc { token: key, .. }) => {
                vec![key]
            }
            Some(Login::AppRole { role, secret, .. }) => {
                let role = if let Half::Key(key) = role { Some(key) } else { None };
                role.into_iter().chain(secret).collect()
            }
            Some(Login::Userpass { password, .. }) => vec![password],
            Some(Login::TokenFile(_) | Login::Jwt { .. }) | None => Vec::new(),
        }
    }
}

pub(super) fn look(reader: &mut Reader, at: &Value, fields: &Table) -> Option<Vault> {
    let mut truth = |name: &str| fields.get(name).is_some_and(|value| reader.truth(value));
    let (environment, renew) = (truth("environment"), truth("renew"));
    let address = fields.get("address").and_then(|value| reader.parsed::<Address>(value));
    if fields.get("address").is_none() && !environment {
        reader.wrong(at.span().start, "`address` has to be here, such as `https://vault.example.com:8200`");
    }
    let namespace = fields.get("namespace").and_then(|value| plain(reader, value));
    let namespace = namespace.map(|namespace| namespace.trim_matches('/').to_owned());
    let ca = fields.get("ca").and_then(|value| file(reader, value));
    let mount = mount(reader, fields);
    let named: Vec<&Value> = LOGINS.iter().filter_map(|name| fields.get(*name)).collect();
    if let Some(second) = named.get(1) {
        reader.wrong(second.span().start, "one way to come by a token is enough");
    }
    if named.is_empty() && !environment {
        reader.wrong(
            at.span().start,
            "a way to come by a token has to be here: keep it with `keyctl set NAME`, and write `token = { key = \"NAME\" }`; \
             or `approle`, `jwt`, `kubernetes`, `userpass`, `oidc`, `token_file`",
        );
    }
    let login = LOGINS.iter().find_map(|name| Some((*name, fields.get(*name)?)));
    let login = login.and_then(|(name, value)| login_of(reader, name, value));
    let is_whole = environment || address.is_some() && login.is_some();
    is_whole.then_some(Vault { address, namespace, ca, mount, login, environment, renew })
}

fn mount(reader: &mut Reader, fields: &Table) -> Option<Mount> {
    let kv =
        fields.get("kv").map(|value| (value, value.get_ref().as_integer().map(|number| number.as_str().to_owned())));
    let keeps_versions = match &kv {
        Some((_, Some(number))) if number == "2" => true,
        Some((_, Some(number))) if number == "1" => false,
        Some((value, _)) => {
            reader.wrong(value.span().start, "this is either `1` or `2`");
            true
        }
        None => true,
    };
    match (fields.get("mount"), kv) {
        (Some(value), _) => {
            let path = plain(reader, value)?.trim_matches('/').to_owned();
            Some(Mount { path, keeps_versions })
        }
        (None, Some((value, _))) => {
            reader.wrong(value.span().start, "this is of what is mounted at `mount`, which is not named");
            None
        }
        (None, None) => None,
    }
}

fn login_of(reader: &mut Reader, name: &str, value: &Value) -> Option<Login> {
    match name {
        "token" => credential(reader, value).map(Login::Token),
        "token_file" => file(reader, value).map(Login::TokenFile),
        "approle" => {
            let fields = reader.table(value, &["role_id", "secret_id", "mount"])?;
            let mount = place(reader, fields, "approle");
            let secret = fields.get("secret_id").map(|value| credential(reader, value));
            let Some(role) = fields.get("role_id") else {
                lacks(reader, value, "role_id");
                return None;
            };
            let role = if role.get_ref().is_table() {
                Half::Key(credential(reader, role)?)
            } else {
                Half::Plain(plain(reader, role)?)
            };
            let secret = if let Some(secret) = secret { Some(secret?) } else { None };
            Some(Login::AppRole { mount, role, secret })
        }
        "jwt" => jwt(reader, value),
        "kubernetes" => kubernetes(reader, value),
        "oidc" => {
            let fields = reader.table(value, &["role", "mount", "token"])?;
            let mount = place(reader, fields, "oidc");
            let role = fields.get("role").and_then(|value| plain(reader, value));
            let Some(token) = fields.get("token") else {
                lacks(reader, value, "token");
                return None;
            };
            Some(Login::Oidc { mount, role, token: credential(reader, token)? })
        }
        _ => {
            let fields = reader.table(value, &["user", "password", "mount"])?;
            let mount = place(reader, fields, "userpass");
            let (Some(user), Some(password)) = (fields.get("user"), fields.get("password")) else {
                lacks(reader, value, "user` and `password");
                return None;
            };
            let user = plain(reader, user)?;
            Some(Login::Userpass { mount, user, password: credential(reader, password)? })
        }
    }
}

fn jwt(reader: &mut Reader, value: &Value) -> Option<Login> {
    let fields = reader.table(value, &["role", "file", "key", "mount"])?;
    let mount = place(reader, fields, "jwt");
    let role = fields.get("role").and_then(|value| plain(reader, value));
    let jwt = match (fields.get("file"), fields.get("key")) {
        (Some(path), None) => Statement::File(file(reader, path)?),
        (None, Some(key)) => Statement::Key(reader.parsed(key)?),
        _ => {
            reader.wrong(value.span().start, "either `file` or `key` has to be here: where the JWT is");
            return None;
        }
    };
    Some(Login::Jwt { mount, role, jwt })
}

fn kubernetes(reader: &mut Reader, value: &Value) -> Option<Login> {
    let fields = reader.table(value, &["role", "file", "mount"])?;
    let mount = place(reader, fields, "kubernetes");
    let Some(role) = fields.get("role") else {
        lacks(reader, value, "role");
        return None;
    };
    let role = Some(plain(reader, role)?);
    let path = match fields.get("file") {
        Some(path) => file(reader, path)?,
        None => POD_TOKEN.into(),
    };
    Some(Login::Jwt { mount, role, jwt: Statement::File(path) })
}

/// Where a method is mounted.
fn place(reader: &mut Reader, fields: &Table, usual: &str) -> String {
    let named = fields.get("mount").and_then(|value| plain(reader, value));
    named.map_or_else(|| usual.to_owned(), |mount| mount.trim_matches('/').to_owned())
}

fn lacks(reader: &mut Reader, value: &Value, field: &str) {
    reader.wrong(value.span().start, format!("`{field}` has to be here"));
}
