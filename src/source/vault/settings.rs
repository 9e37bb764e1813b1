//! From the source's table, its credentials and, where the table says so, the environment, to a server that can be asked.

use std::{path::PathBuf, sync::OnceLock};

use super::{
    Vault,
    login::{self, Jwt, Login},
    mounts::Mounts,
    talk::Talk,
};
use crate::{
    config::sources::{
        self,
        vault::{Half, Login as Named, Statement, Vault as Setting},
    },
    failure::{Failure, Kind, Result},
    secret::Secret,
    source::{Means, account::Account, service::Service},
    web::address::Address,
};

/// The token that `vault login` and `bao login` keep, in the home folder.
const USUAL_FILE: &str = ".vault-token";

/// Opens a source; nothing is asked of it yet.
///
/// # Errors
/// `Usage` for what cannot be meant, `Disk` for a file that cannot be read, `Missing` for a credential.
pub(in crate::source) fn open(source: &sources::Source, setting: &Setting, means: &Means) -> Result<Vault> {
    Ok(Vault {
        name: source.name.clone(),
        talk: talk(source, setting)?,
        login: login(setting, means)?,
        renew: setting.renew,
        renewed: OnceLock::new(),
        session: OnceLock::new(),
        mounts: Mounts::of(setting.mount.as_ref()),
    })
}

/// What speaks with the server of a table; nothing is asked yet, and no credential is needed.
///
/// # Errors
/// As [`open`].
pub(super) fn talk(source: &sources::Source, setting: &Setting) -> Result<Talk> {
    let Server { address, namespace, authorities } = server(source, setting)?;
    let service = Service::new(&source.name, &address, authorities.as_deref(), source.timeout)?;
    Ok(Talk { service, namespace })
}

/// Adds which server this is, and whose token or login it would be shown.
///
/// # Errors
/// As [`open`].
pub(in crate::source) fn add_account(
    source: &sources::Source,
    setting: &Setting,
    means: &Means,
    account: &mut Account,
) -> Result<()> {
    let Server { address, namespace, authorities } = server(source, setting)?;
    account.add(address.to_string().as_bytes());
    account.add_if(namespace.as_deref());
    account.add_if(authorities.as_ref().map(|path| path.to_string_lossy()).as_deref());
    login(setting, means)?.add_to(account)
}

/// Where it is: what the table says with what it leaves to the environment.
struct Server {
    address: Address,
    namespace: Option<String>,
    authorities: Option<PathBuf>,
}

fn server(source: &sources::Source, setting: &Setting) -> Result<Server> {
    let environment = |name: &str| if setting.environment { variable(name) } else { None };
    let wrong = |what: &str| Failure::new(Kind::Usage, format!("source `{}`: {what}", source.name));
    let address = match (&setting.address, environment("ADDR")) {
        (Some(address), _) => address.clone(),
        (None, Some((name, text))) => {
            text.parse::<Address>().map_err(|why| wrong(&format!("what `{name}` says is no address: {why}")))?
        }
        (None, None) => {
            return Err(wrong("it has no `address`, and neither `BAO_ADDR` nor `VAULT_ADDR` is set")
                .hint("set one of them, or write `address` into its table in `config.toml`"));
        }
    };
    let namespace = setting.namespace.clone().or_else(|| Some(environment("NAMESPACE")?.1));
    let authorities = setting.ca.clone().or_else(|| Some(PathBuf::from(environment("CACERT")?.1)));
    Ok(Server { address, namespace, authorities })
}

/// How a token is come by.
fn login(setting: &Setting, means: &Means) -> Result<Login> {
    if let Some(login) = &setting.login {
        return of_table(login, means);
    }
    if let Some((_, token)) = variable("TOKEN").filter(|_| setting.environment) {
        return Ok(Login::Token(Secret::new(token.into_bytes())));
    }
    usual_token().map_err(|failure| {
        failure.hint("neither `BAO_TOKEN` nor `VAULT_TOKEN` is set; log in with `bao login` or `vault login`")
    })
}

/// `BAO_…`, else `VAULT_…`; an empty one is none.
fn variable(name: &str) -> Option<(String, String)> {
    let named = |prefix: &str| {
        let name = format!("{prefix}_{name}");
        let value = std::env::var(&name).ok().filter(|value| !value.is_empty())?;
        Some((name, value))
    };
    named("BAO").or_else(|| named("VAULT"))
}

fn usual_token() -> Result<Login> {
    let home = dirs::home_dir().ok_or_else(|| Failure::new(Kind::Disk, "there is no home folder"))?;
    login::from_file(&home.join(USUAL_FILE), "token").map(Login::Token)
}

fn of_table(named: &Named, means: &Means) -> Result<Login> {
    let kept = |key| means.credential(key).map(Secret::copy);
    Ok(match named {
        Named::Token(key) => Login::Token(kept(key)?),
        Named::Oidc { token, .. } => Login::Browser(kept(token)?),
        Named::TokenFile(path) => Login::Token(login::from_file(path, "token")?),
        Named::AppRole { mount, role, secret } => {
            let role = match role {
                Half::Plain(id) => Secret::new(id.clone().into_bytes()),
                Half::Key(key) => kept(key)?,
            };
            let secret = secret.as_ref().map(kept).transpose()?;
            Login::AppRole { mount: mount.clone(), role, secret }
        }
        Named::Jwt { mount, role, jwt } => {
            let jwt = match jwt {
                Statement::Key(key) => Jwt::Kept(kept(key)?),
                Statement::File(path) => Jwt::File(path.clone()),
            };
            Login::Jwt { mount: mount.clone(), role: role.clone(), jwt }
        }
        Named::Userpass { mount, user, password } => {
            Login::Userpass { mount: mount.clone(), user: user.clone(), password: kept(password)? }
        }
    })
}
