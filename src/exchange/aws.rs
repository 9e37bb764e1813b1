//! Reading AWS's `credentials` file: profiles, each with an access key and perhaps the token of a session.
//!
//! The form is that of AWS's own readers ("Configuration and credential file settings", AWS CLI user guide): `[profile]`, then
//! `name = value`, comments at the beginning of a line or behind a space. Where these readers differ or would guess, the
//! file is refused: a profile or a value that comes twice, a line that is neither, a value before any profile. The end of a
//! session is not AWS's own entry: it is what the tools that write sessions there call it.

use std::collections::HashSet;

use super::{
    Broken, as_text,
    moved::{Beside, Moving},
    unreadable,
};
use crate::{date::Moment, failure::Result, secret::Secret};

/// What holds a secret, and what the key is called.
const SECRETS: &[(&str, &str)] = &[
    ("aws_access_key_id", "access_key_id"),
    ("aws_secret_access_key", "secret_access_key"),
    ("aws_session_token", "session_token"),
    ("aws_security_token", "session_token"),
];
/// How tools call the end of a session.
const ENDS: &[&str] = &[
    "aws_expiration",
    "aws_session_expiration",
    "aws_credential_expiration",
    "x_security_token_expires",
    "expiration",
];

/// One profile in the making.
#[derive(Default)]
struct Profile {
    name: String,
    secrets: Vec<(&'static str, Secret, usize)>,
    end: Option<Moment>,
}

/// Whether a text is such a file.
#[must_use]
pub fn is_one(text: &[u8]) -> bool {
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let has = |begin: &str| lines().any(|line| line.to_ascii_lowercase().starts_with(begin.as_bytes()));
    has("[") && has("aws_access_key_id")
}

/// Reads a whole file.
///
/// # Errors
/// When the text is not UTF-8, or lines are broken: all of them are told, none is quoted.
pub fn read(text: &[u8]) -> Result<Moving> {
    let text = as_text(text)?;
    let (mut moving, mut broken) = (Moving::default(), Vec::new());
    let (mut profile, mut known) = (None, HashSet::new());
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let content = line.trim();
        let mut wrong = |reason: &str| broken.push(Broken { line: number, reason: reason.to_owned() });
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = content.strip_prefix('[') {
            let Some(name) = name.split_once(']').map(|(name, _)| name.trim()).filter(|name| !name.is_empty()) else {
                wrong("this is no name of a profile in brackets");
                continue;
            };
            if !known.insert(name.to_owned()) {
                wrong("this profile is there already");
            }
            let next = Profile { name: name.to_owned(), ..Profile::default() };
            finish(profile.replace(next), &mut moving);
            continue;
        }
        let Some(profile) = profile.as_mut() else {
            wrong("this stands before the first profile");
            continue;
        };
        if let Err(reason) = setting(line, number, profile, &mut moving) {
            wrong(reason);
        }
    }
    finish(profile, &mut moving);
    if broken.is_empty() { Ok(moving) } else { Err(unreadable(&broken)) }
}

/// One line of a profile.
fn setting(
    line: &str,
    number: usize,
    profile: &mut Profile,
    moving: &mut Moving,
) -> std::result::Result<(), &'static str> {
    if line.starts_with([' ', '\t']) {
        // What is nested below a setting is a setting of a service, never a key.
        moving.left_out("setting", 1);
        return Ok(());
    }
    let (name, value) = line.split_once('=').ok_or("there is no `=`")?;
    let name = name.trim().to_ascii_lowercase();
    let value = value.trim();
    if let Some((_, key)) = SECRETS.iter().find(|(secret, _)| *secret == name) {
        if profile.secrets.iter().any(|(other, ..)| other == key) {
            return Err("the profile has this already");
        }
        profile.secrets.push((key, Secret::new(value.as_bytes().to_vec()), number));
    } else if ENDS.contains(&name.as_str()) {
        profile.end = Some(value.parse().map_err(|_| "this is no moment, as in `2026-12-31T12:00:00Z`")?);
    } else {
        moving.left_out("setting", 1);
    }
    Ok(())
}

/// The keys of a profile. The end of a session is that of its token and of the two beside it.
fn finish(profile: Option<Profile>, moving: &mut Moving) {
    let Some(Profile { name, secrets, end }) = profile else { return };
    for (key, value, line) in secrets {
        moving.take(&["aws", &name, key], value, Beside { expires: end, ..Beside::default() }, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, String, Option<String>)> {
        let moving = read(text.as_bytes()).unwrap_or_else(|failure| panic!("{failure:?}"));
        let one = |key: &super::super::moved::Moved| {
            let value = key.entry.value.expose_text().expect("text").to_owned();
            (key.entry.name.to_string(), value, key.expires.map(|end| end.to_string()))
        };
        moving.keys.iter().map(one).collect()
    }

    #[test]
    fn each_profile_becomes_keys_of_its_own() {
        let own = |name: &str, value: &str, end: Option<&str>| (name.into(), value.into(), end.map(str::to_owned));
        let text = "# mine\r\n[default]\r\naws_access_key_id = AKIDONE\r\nAWS_SECRET_ACCESS_KEY=a/b+c=\r\nregion = eu-central-1\r\n\n\
                    [ci dev]\naws_access_key_id=ASIATWO\naws_secret_access_key=two\naws_session_token=tok==\n\
                    aws_expiration = 2026-12-31T12:00:00Z\ns3 =\n  max_concurrent_requests = 20\n";
        let end = Some("2026-12-31T12:00:00Z");
        assert_eq!(
            keys(text),
            [
                own("aws/default/access_key_id", "AKIDONE", None),
                own("aws/default/secret_access_key", "a/b+c=", None),
                own("aws/ci-dev/access_key_id", "ASIATWO", end),
                own("aws/ci-dev/secret_access_key", "two", end),
                own("aws/ci-dev/session_token", "tok==", end),
            ]
        );
        assert_eq!(read(text.as_bytes()).expect("read").left["setting"], 3);
        assert!(is_one(text.as_bytes()) && !is_one(b"aws_access_key_id=1\n") && !is_one(b"[a]\nb=1\n"));
    }

    #[test]
    fn what_readers_would_guess_at_is_refused_with_its_line_and_without_its_text() {
        for (text, said) in [
            ("aws_access_key_id=SECRET\n[a]", "line 1: this stands before the first profile"),
            ("[a]\nSECRET\n", "line 2: there is no `=`"),
            ("[a]\n[a]\n", "line 2: this profile is there already"),
            ("[SECRET\n", "line 1: this is no name of a profile in brackets"),
            ("[]\n", "line 1: this is no name of a profile in brackets"),
            ("[a]\naws_session_token=SECRET\naws_security_token=SECRET\n", "line 3: the profile has this already"),
            ("[a]\nexpiration=SECRET\n", "line 2: this is no moment, as in `2026-12-31T12:00:00Z`"),
            ("[a]\nx=\u{0}\n\n[b]\nSECRET", "line 5: there is no `=`"),
        ] {
            let failure = read(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is read"));
            assert_eq!(failure.message, said);
            assert!(!format!("{failure:?}").contains("SECRET"));
        }
    }
}
