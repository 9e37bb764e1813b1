//! What is worth another try, and when: an answer that says "later", and a service that could not be reached at all.
//!
//! Only what changes nothing is asked again, and only while there is time: a deadline holds for all tries together.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::http::{Answer, Client, Request};
use crate::failure::Result;

/// The most tries of one request.
const TRIES: u32 = 4;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// What has to be left of the time for a try to make sense.
const LEAST: Duration = Duration::from_millis(100);

/// Sends a request that changes nothing, again where the answer is 429 or that the service is not ready (500, 502, 503, 504),
/// after the pause that the service wants. Else the last answer is the answer.
///
/// # Errors
/// As [`Client::send`] has them.
pub fn ask(client: &Client, request: &Request, until: Instant) -> Result<Answer> {
    ask_while(client, request, until, |status| [429, 500, 502, 503, 504].contains(&status))
}

/// The same, where other answers are worth another try.
///
/// # Errors
/// As [`Client::send`] has them.
pub fn ask_while(
    client: &Client,
    request: &Request,
    until: Instant,
    is_for_later: impl Fn(u16) -> bool,
) -> Result<Answer> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        let answer = client.send(request, until)?;
        if !is_for_later(answer.status) {
            return Ok(answer);
        }
        let wait = answer.retry_after.unwrap_or(pause);
        if wait + LEAST > until.saturating_duration_since(Instant::now()) {
            return Ok(answer);
        }
        sleep(wait);
        pause *= 2;
    }
    client.send(request, until)
}
