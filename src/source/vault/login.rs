//! How keyctl comes to a token: one that is kept, or one that a login gives.
//!
//! A login is made once for each run, by the first who needs it. Its token is given back at the end (`revoke-self`), and all that was
//! lent to it with it: a server keeps every token until it ends, and a login's default is 32 days.

use std::{path::PathBuf, time::Instant};

use crate::{
    failure::{Failure, Kind, Result, reason},
    json::writing::Writing,
    secret::Secret,
    source::account::Account,
};

use super::{
    document::{Granted, says},
    talk::{Asked, Talk},
};

/// The most bytes of a file with a token: 64 KiB.
const LARGEST_FILE: u64 = 64 * 1024;

/// How a token is come by.
pub(super) enum Login {
    /// It is kept.
    Token(Secret),
    /// It is kept since a person logged in, in the browser.
    Browser(Secret),
    /// `AppRole`: an id of the role, and a secret id unless the role goes without.
    AppRole {
        /// Where the method is mounted, below `auth/`.
        mount: String,
        /// The role's id.
        role: Secret,
        /// The secret half.
        secret: Option<Secret>,
    },
    /// `jwt` and `kubernetes`: a signed statement of who this is.
    Jwt {
        /// Where the method is mounted, below `auth/`.
        mount: String,
        /// The role's name; the server may have one that is usual.
        role: Option<String>,
        /// The statement.
        jwt: Jwt,
    },
    /// A user's name and password.
    Userpass {
        /// Where the method is mounted, below `auth/`.
        mount: String,
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// Where a signed statement is.
pub(super) enum Jwt {
    /// It is kept.
    Kept(Secret),
    /// In a file that something else writes anew, as Kubernetes does.
    File(PathBuf),
}

/// A token, and what is known of it.
pub(super) struct Session {
    pub(super) token: Secret,
    /// Whether a login gave it, so that it is this run's alone.
    pub(super) is_own: bool,
    pub(super) is_batch: bool,
}

impl Login {
    /// Whether it takes no login.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self, Self::Token(_) | Self::Browser(_))
    }

    /// The token, by a login if it takes one.
    ///
    /// # Errors
    /// `Remote` as the server has them, `Disk` for a file that cannot be read.
    pub(super) fn session(&self, talk: &Talk, until: Instant) -> Result<Session> {
        let (mount, body) = match self {
            Self::Token(token) | Self::Browser(token) => {
                return Ok(Session { token: token.copy(), is_own: false, is_batch: false });
            }
            Self::AppRole { mount, role, secret } => {
                let mut members = vec![("role_id", text(talk, role)?)];
                if let Some(secret) = secret {
                    members.push(("secret_id", text(talk, secret)?));
                }
                (mount, object(&members))
            }
            Self::Jwt { mount, role, jwt } => {
                let read;
                let jwt = match jwt {
                    Jwt::Kept(jwt) => jwt,
                    Jwt::File(path) => {
                        read = from_file(path, "JWT")?;
                        &read
                    }
                };
                let mut members = vec![("jwt", text(talk, jwt)?)];
                members.extend(role.iter().map(|role| ("role", &**role)));
                (mount, object(&members))
            }
            Self::Userpass { mount, password, .. } => (mount, object(&[("password", text(talk, password)?)])),
        };
        let mut path: Vec<&str> = ["auth"].into_iter().chain(mount.split('/')).chain(["login"]).collect();
        if let Self::Userpass { user, .. } = self {
            path.push(user);
        }
        let answer = talk.ask_with(None, Asked::post(&path, &body), until, true)?;
        if answer.status != 200 {
            return Err(self.refusal(talk, &answer, mount));
        }
        let granted = Granted::read(&answer.body).ok_or_else(|| {
            talk.failure("answers a login with no token").hint("a second factor is not supported here")
        })?;
        Ok(Session { token: granted.token, is_own: true, is_batch: granted.is_batch })
    }

    /// Adds whose it is. A statement that something else writes anew is another one then.
    ///
    /// # Errors
    /// `Disk` for a file that cannot be read.
    pub(super) fn add_to(&self, account: &mut Account) -> Result<()> {
        account.add(self.called().as_bytes());
        match self {
            Self::Token(token) | Self::Browser(token) => account.add_secret(token),
            Self::AppRole { role, secret, .. } => {
                account.add_secret(role);
                if let Some(secret) = secret {
                    account.add_secret(secret);
                }
            }
            Self::Jwt { jwt: Jwt::Kept(jwt), .. } => account.add_secret(jwt),
            Self::Jwt { jwt: Jwt::File(path), .. } => account.add_secret(&from_file(path, "JWT")?),
            Self::Userpass { user, password, .. } => {
                account.add(user.as_bytes());
                account.add_secret(password);
            }
        }
        Ok(())
    }

    /// What messages call it.
    pub(super) fn called(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Browser(_) => "OIDC",
            Self::AppRole { .. } => "AppRole",
            Self::Jwt { .. } => "JWT",
            Self::Userpass { .. } => "user and password",
        }
    }

    fn refusal(&self, talk: &Talk, answer: &crate::web::http::Answer, mount: &str) -> Failure {
        let called = self.called();
        match answer.status {
            400 if says(&answer.body, "invalid role or secret ID") => {
                talk.failure("does not know this role id, or not this secret id (AppRole)").hint(
                    "a secret id ends after its time or its uses: make a new one there, and keep it: `keyctl rotate`",
                )
            }
            400 if says(&answer.body, "could not be found") => {
                talk.failure("does not know the role (JWT)").hint("look at `role` of the source in `config.toml`")
            }
            400 if says(&answer.body, "expired") => {
                talk.failure("does not take the JWT: it has expired").hint("get a new one; they live for minutes")
            }
            400 | 401 | 403 => talk
                .failure(&format!("does not take this login ({called} at `auth/{mount}`)"))
                .hint("look whether the method is mounted there, and what the role asks for"),
            _ => talk.refusal(answer, &format!("auth/{mount}")),
        }
    }
}

fn text<'s>(talk: &Talk, secret: &'s Secret) -> Result<&'s str> {
    secret.expose_text().ok_or_else(|| talk.failure("was not asked: what it logs in with is no text"))
}

/// A JSON object of texts.
pub(super) fn object(members: &[(&str, &str)]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut json = Writing::with_room(256);
    for (at, (name, value)) in members.iter().enumerate() {
        json.raw(if at == 0 { "{" } else { "," });
        json.text(name);
        json.raw(":");
        json.text(value);
    }
    json.raw("}");
    json.done()
}

/// What is in a file that something else keeps a credential in, which messages call `what`.
///
/// # Errors
/// `Disk`.
pub(super) fn from_file(path: &std::path::Path, what: &str) -> Result<Secret> {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(usize::try_from(LARGEST_FILE).unwrap_or_default() + 1);
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    let mut secret = Secret::new(bytes);
    let failed = |why: &str| Failure::new(Kind::Disk, format!("cannot read the {what} in `{}`: {why}", path.display()));
    read.map_err(|error| failed(&reason(&error)))?;
    if secret.len() as u64 > LARGEST_FILE {
        return Err(failed("it is larger than 64 KiB"));
    }
    while secret.trim_line_ending() {}
    if secret.is_empty() { Err(failed("it is empty")) } else { Ok(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_carries_just_what_it_is_made_of() {
        assert_eq!(*object(&[("role_id", "r\""), ("secret_id", "s")]), br#"{"role_id":"r\"","secret_id":"s"}"#);
    }

    #[test]
    fn a_statement_is_read_anew_without_its_line_ending() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "a.b.c\n").expect("write");
        assert!(from_file(&path, "JWT").expect("read").same_as(&Secret::new(b"a.b.c".to_vec())));
        std::fs::write(&path, "\n").expect("write");
        assert_eq!(
            from_file(&path, "JWT").map(|_| ()).unwrap_err().message,
            format!("cannot read the JWT in `{}`: it is empty", path.display())
        );
        assert_eq!(from_file(folder.path(), "JWT").map(|_| ()).unwrap_err().kind, Kind::Disk);
    }
}
