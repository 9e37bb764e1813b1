//! A login that a person does in the browser. keyctl never sees what is typed there: it is given an address to show, and asks
//! the source until the person is done. The token that comes of it is the caller's to keep.

use std::time::{Duration, Instant};

use super::vault;
use crate::{
    config::sources::{self as config, Setting},
    failure::{Failure, Kind, Result},
    secret::Secret,
};

/// What a person is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The address to open: plain text, that of a website.
    pub address: String,
    /// What to type there; nothing where the address has it.
    pub code: Option<String>,
}

/// What came of it.
pub struct LoggedIn {
    /// The token.
    pub token: Secret,
    /// For how long; nothing where it does not end.
    pub lasts: Option<Duration>,
}

/// Logs in; `nonce` is nobody else's, and `show` is called once, when there is something to open.
///
/// # Errors
/// `Usage` for a source that has no such login; `Remote` where nobody logs in by `until`, or it is refused.
pub fn log_in(source: &config::Source, nonce: &str, show: &dyn Fn(&Prompt), until: Instant) -> Result<LoggedIn> {
    match &source.setting {
        Setting::Vault(setting) => vault::log_in(source, setting, nonce, show, until),
        _ => Err(no_login(source)),
    }
}

/// Gives a login's token back that nobody has: a server keeps each for its whole time.
///
/// # Errors
/// As the server has them.
pub fn give_back(source: &config::Source, token: &Secret, until: Instant) -> Result<()> {
    match &source.setting {
        Setting::Vault(setting) => vault::give_back(source, setting, token, until),
        _ => Ok(()),
    }
}

/// The failure of a source that no person logs in to.
pub(super) fn no_login(source: &config::Source) -> Failure {
    let (name, kind) = (&source.name, source.kind());
    let failure = Failure::new(Kind::Usage, format!("source `{name}` has no login in the browser in its table"));
    if kind == "vault" {
        return failure.hint(format!(
            "`oidc = {{ role = \"ROLE\", token = {{ key = \"NAME\" }} }}` in `[sources.{name}]` of `config.toml` is one"
        ));
    }
    failure.hint(format!("a source of type `{kind}` has none: log in with its own tools"))
}
