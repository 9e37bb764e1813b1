//! A login in the browser: OIDC by the device flow (RFC 8628), which the server leads. It says which address a person is to open,
//! and answers with a token once that is done; nothing on this machine is called back. `OpenBao` does so for roles with
//! `callback_mode = "device"`.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::{
    document::{self, Granted, says},
    login::object,
    settings,
    talk::{Asked, Talk},
};
use crate::{
    config::sources::{
        self,
        vault::{Login as Named, Vault as Setting},
    },
    failure::{Failure, Result},
    secret::Secret,
    source::browser::{LoggedIn, Prompt, no_login},
    web::http::Answer,
};

/// How long is waited between two questions where the server says nothing.
const PAUSE: u64 = 5;
/// The longest such pause.
const LONGEST_PAUSE: u64 = 60;
/// How much longer it gets where the server wants that (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// So many questions in a row may get no answer: a login takes minutes, in which a network may be away for a moment.
const MOST_UNANSWERED: u32 = 3;
/// The longest address that is shown.
const LONGEST_ADDRESS: usize = 2000;

/// What the server says of a login that has begun.
#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    auth_url: String,
    #[serde(default)]
    user_code: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    poll_interval: Option<String>,
}

/// Has a person log in, and gives the token.
///
/// # Errors
/// `Usage` where the table has no such login; `Remote` where nobody logs in by `until`, or it is refused.
pub(in crate::source) fn log_in(
    source: &sources::Source,
    setting: &Setting,
    nonce: &str,
    show: &dyn Fn(&Prompt),
    until: Instant,
) -> Result<LoggedIn> {
    let Some(Named::Oidc { mount, role, .. }) = &setting.login else { return Err(no_login(source)) };
    let talk = settings::talk(source, setting)?;
    let mut members = vec![("client_nonce", nonce)];
    members.extend(role.iter().map(|role| ("role", &**role)));
    let answer = talk.ask(None, Asked::post(&path(mount, "auth_url"), &object(&members)), until)?;
    if answer.status != 200 {
        return Err(unbegun(&talk, &answer, mount));
    }
    let begun: Option<Begun> = document::data(&answer.body);
    let begun = begun.ok_or_else(|| talk.service.unreadable())?;
    show(&prompt(&begun).ok_or_else(|| talk.failure("begins no login: it names no address that could be opened"))?);
    wait(&talk, mount, &begun, nonce, until)
}

/// Gives the token of a login back.
///
/// # Errors
/// `Remote` where the server does not take it, and it may live on.
pub(in crate::source) fn give_back(
    source: &sources::Source,
    setting: &Setting,
    token: &Secret,
    until: Instant,
) -> Result<()> {
    let talk = settings::talk(source, setting)?;
    let answer = talk.ask(Some(token), Asked::post(&["auth", "token", "revoke-self"], b"{}"), until)?;
    match answer.status {
        200 | 204 => Ok(()),
        _ => Err(talk.refusal(&answer, "auth/token/revoke-self")),
    }
}

fn path<'p>(mount: &'p str, word: &'p str) -> Vec<&'p str> {
    ["auth"].into_iter().chain(mount.split('/')).chain(["oidc", word]).collect()
}

/// What is shown: an address that a terminal and a browser take for nothing else, and a code that can be typed.
fn prompt(begun: &Begun) -> Option<Prompt> {
    let address = &begun.auth_url;
    // With a `\\` browsers and standards do not agree where the server's name ends.
    let is_plain =
        address.len() <= LONGEST_ADDRESS && address.bytes().all(|b| b.is_ascii_graphic() && !b"`\\".contains(&b));
    let is_code = |code: &&String| {
        code.len() <= 40 && !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let code = match &begun.user_code {
        Some(code) if !code.is_empty() => Some(Some(code).filter(is_code)?.clone()),
        _ => None,
    };
    (is_web(address) && is_plain && !begun.state.is_empty()).then(|| Prompt { address: address.clone(), code })
}

/// Whether it is a website's, or this very machine's. What is before an `@` looks like the server's name, and is none.
fn is_web(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let server = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if server.is_empty() || server.contains('@') {
        return false;
    }
    let here = |name: &str| server.strip_prefix(name).is_some_and(|port| port.parse::<u16>().is_ok());
    scheme == "https" || scheme == "http" && (here("127.0.0.1:") || here("localhost:"))
}

/// Asks until the person is done.
fn wait(talk: &Talk, mount: &str, begun: &Begun, nonce: &str, until: Instant) -> Result<LoggedIn> {
    let said = begun.poll_interval.as_ref().and_then(|seconds| seconds.parse().ok());
    let mut pause = Duration::from_secs(said.unwrap_or(PAUSE).clamp(1, LONGEST_PAUSE));
    let body = object(&[("client_nonce", nonce), ("state", &begun.state)]);
    let mut unanswered = 0;
    loop {
        if Instant::now() + pause >= until {
            return Err(talk
                .failure("was told by nobody who this is: the time for the login is over")
                .hint("try again"));
        }
        sleep(pause);
        let answer = match talk.ask(None, Asked::post(&path(mount, "poll"), &body), until) {
            Ok(answer) => answer,
            Err(_) if unanswered + 1 < MOST_UNANSWERED => {
                unanswered += 1;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        unanswered = 0;
        match answer.status {
            200 => {
                let granted = Granted::read(&answer.body);
                let Granted { token, seconds, .. } =
                    granted.ok_or_else(|| talk.failure("answers the login with no token that could be sent"))?;
                return Ok(LoggedIn { token, lasts: (seconds > 0).then(|| Duration::from_secs(seconds)) });
            }
            400 if says(&answer.body, "authorization_pending") => {}
            400 if says(&answer.body, "slow_down") => pause += SLOWER,
            429 | 500.. if pause < SLOWER * 4 => pause += SLOWER,
            _ => return Err(refused(talk, &answer, mount)),
        }
    }
}

/// Why a login did not begin.
fn unbegun(talk: &Talk, answer: &Answer, mount: &str) -> Failure {
    let body = &answer.body;
    match answer.status {
        400 if says(body, "missing redirect_uri") => talk
            .failure("has no login for this role that ends without a call back to this machine")
            .hint("OpenBao has one for roles with `callback_mode = \"device\"`")
            .hint("else log in with `bao login` or `vault login`, and let `token_file` name what that keeps"),
        400 if says(body, "could not be found") || says(body, "missing role") => {
            talk.failure("does not know the role (OIDC)").hint("look at `role` of the source in `config.toml`")
        }
        400 | 403 | 404 => talk
            .failure(&format!("has no login in the browser at `auth/{mount}`"))
            .hint("look whether OIDC is mounted there; `mount` in the source's `oidc` names another place"),
        _ => talk.refusal(answer, &format!("auth/{mount}")),
    }
}

/// Why a login that had begun came to nothing.
fn refused(talk: &Talk, answer: &Answer, mount: &str) -> Failure {
    let body = &answer.body;
    match answer.status {
        400 if says(body, "access_denied") => talk.failure("was told that the login was refused"),
        400 if says(body, "expired") || says(body, "Expired") => {
            talk.failure("waits for this login no more").hint("try again")
        }
        400 | 403 => talk
            .failure(&format!("does not let whoever has logged in have a token (`auth/{mount}`)"))
            .hint("what the role asks for is for whoever runs the server to say"),
        _ => talk.refusal(answer, &format!("auth/{mount}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_opened_and_typed_is_shown() {
        let begun = |address: &str, code: Option<&str>| Begun {
            auth_url: address.into(),
            user_code: code.map(str::to_owned),
            state: "s".into(),
            poll_interval: None,
        };
        let good = prompt(&begun("https://id.example.com/device?x=1", Some("ABCD-1234"))).expect("good");
        assert_eq!(
            (good.address.as_str(), good.code.as_deref()),
            ("https://id.example.com/device?x=1", Some("ABCD-1234"))
        );
        assert_eq!(prompt(&begun("https://id.example.com", None)).expect("good").code, None);
        assert!(prompt(&begun("http://127.0.0.1:8080/device", None)).is_some());
        assert!(prompt(&begun("https://id.example.com/@me", None)).is_some());
        for bad in [
            "",
            "http://id.example.com",
            "file:///etc/passwd",
            "javascript:x",
            "https://h/\u{1b}[2J",
            "https://h/a b",
            "http://127.0.0.1:80@evil.example/device",
            "https://id.example.com@evil.example/",
            "https://evil.example\\@id.example.com/",
            "http://localhost:",
            "https://",
        ] {
            assert_eq!(prompt(&begun(bad, None)), None, "{bad}");
        }
        assert_eq!(prompt(&begun("https://id.example.com", Some("\u{1b}[31m"))), None);
    }
}
