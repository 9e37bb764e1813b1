//! A token that a cloud gives for a while, which the sources of Azure and Google show with each request: fetched once, by whichever
//! thread comes first, and once more where it is not accepted any longer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::failure;
use crate::{failure::Result, json::Members, name::SourceName, secret::Secret, subprocess::Program, web::http::Answer};

/// A token.
pub(super) struct Token {
    /// What goes into `authorization`.
    header: Zeroizing<String>,
}

impl Token {
    /// This one, of which the name says whose it is.
    ///
    /// # Errors
    /// `Remote` for what cannot be one.
    pub(super) fn new(name: &SourceName, token: &Secret) -> Result<Self> {
        let text = token
            .expose_text()
            .map(str::trim)
            .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()));
        let text = text.ok_or_else(|| failure(name, "what it was given for a token is none"))?;
        let mut header = Zeroizing::new(String::with_capacity(7 + text.len()));
        header.push_str("Bearer ");
        header.push_str(text);
        Ok(Self { header })
    }

    /// That of a login's answer (`access_token`, RFC 6749), or nothing where the answer has none.
    pub(super) fn of_answer(name: &SourceName, answer: &Answer) -> Option<Result<Self>> {
        let token = Members::read(&answer.body)?.text("access_token")?;
        Some(Self::new(name, &token))
    }

    /// The header's value.
    pub(super) fn header(&self) -> &str {
        &self.header
    }
}

/// The token that is in use.
#[derive(Default)]
pub(super) struct Held(Mutex<Option<Arc<Token>>>);

impl Held {
    /// The token, fetched where there is none yet. Whoever comes meanwhile waits for that.
    ///
    /// # Errors
    /// As fetching it has them.
    pub(super) fn get(&self, fetch: impl FnOnce() -> Result<Token>) -> Result<Arc<Token>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*held {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(fetch()?);
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Forgets a token that is not accepted.
    pub(super) fn forget(&self, refused: &Arc<Token>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|it| Arc::ptr_eq(it, refused)) {
            *held = None;
        }
    }
}

/// What a cloud's own command line prints: with nothing on its standard input, up to the deadline, and only what it ends well
/// with. It is found on the user's own `PATH`.
///
/// # Errors
/// `NotFound` without the program, `Remote` where it does not end well.
pub(super) fn printed(name: &SourceName, words: &[&str], until: Instant) -> Result<Zeroizing<Vec<u8>>> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let of_source = |mut failed: crate::failure::Failure| {
        failed.message = format!("source `{name}`: {}", failed.message);
        failed
    };
    let program = Program::find(&words, "program").map_err(of_source)?;
    let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    program.succeed(Zeroizing::default(), std::process::Stdio::piped(), left).map_err(of_source)
}
