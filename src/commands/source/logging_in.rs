//! `source login`: a person logs in to a source in the browser, and the token that comes of it is kept as the key that the
//! source's table names. The token of the login before is of no more use, and goes, here and there; any other secret that the
//! key had is somebody's, and is kept.

use std::time::{Duration, Instant};

use crate::{
    commands::{
        change::{Outcome, change_or_create},
        opening,
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    history::{Action, Event},
    home::Home,
    name::{KeyName, KeyPath, SourceName},
    random,
    secret::Secret,
    source::browser::{self, LoggedIn, Prompt},
    store::{
        journal::Deed,
        payload::{Key, Payload},
    },
    terminal::{Terminal, count},
};

use super::named;

/// How long a person may take; a server waits no longer either.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long giving a token back may take.
const GIVING_BACK: Duration = Duration::from_secs(2);

pub(super) fn log_in(home: &Home, name: &SourceName, terminal: &Terminal) -> Result<()> {
    let config = config::read(home)?;
    let source = named(&config, name)?;
    let path = source.log_in_for();
    // What cannot be kept is not asked for.
    let store = path.map(|path| Home::of(path.store())).transpose()?;
    store.as_ref().map_or(Ok(()), opening::ask_first)?;
    let show = |Prompt { address, code }: &Prompt| {
        terminal.warn(&format!("to log in to source `{name}` open this in a browser: {address}"));
        if let Some(code) = code {
            terminal.warn(&format!("it asks for this code: {code}"));
        }
    };
    let nonce = hex::encode(&random::bytes::<16>()?);
    let logged_in = browser::log_in(source, &nonce, &show, Instant::now() + PATIENCE)?;
    let (Some(path), Some(store)) = (path, store) else { return Ok(()) };
    let give_back = |token: &Secret, which: &str| {
        if let Err(failure) = browser::give_back(source, token, Instant::now() + GIVING_BACK) {
            terminal.warn(&format!("the token {which} was not given back: {}", failure.message));
            terminal.hint("it ends by itself, or by whoever runs the server");
        }
    };
    let before = keep(&store, path, name, &logged_in, terminal)
        // Nobody would have it, and it would live on.
        .inspect_err(|_| give_back(&logged_in.token, "could not be kept, and"))?;
    let time = logged_in.lasts.map(in_words).unwrap_or_default();
    terminal.say(&format!("logged in to source `{name}`{time}; its token is kept as `{path}`"));
    match before {
        Had::Nothing => {}
        Had::Token(former) => give_back(&former, "of the login before"),
        Had::Another => {
            terminal.say(&format!("`{path}` had a secret that came by no login; it is kept as a former one"));
            terminal.hint(&format!("to have it again: `keyctl rollback {path}`; to wipe it: `keyctl forget {path}`"));
        }
    }
    Ok(())
}

/// What the key had before.
enum Had {
    Nothing,
    /// The token of a login to this source.
    Token(Secret),
    /// What somebody else may need.
    Another,
}

impl Had {
    fn of(payload: &Payload, name: &KeyName, source: &SourceName) -> Self {
        match payload.keys.get(name) {
            None => Self::Nothing,
            Some(key) if key.facts.note == Some(note(source, &payload.fingerprint(&key.value))) => {
                Self::Token(key.value.copy())
            }
            Some(_) => Self::Another,
        }
    }
}

/// How the note begins by which a login's token is known.
const NOTE: &str = "token of the login to source ";

/// The note: another secret has another mark.
fn note(source: &SourceName, mark: &str) -> String {
    format!("{NOTE}`{source}`, mark {mark}")
}

/// How long a token is good for, as it is said.
fn in_words(lasts: Duration) -> String {
    let minutes = usize::try_from(lasts.as_secs() / 60).unwrap_or(usize::MAX);
    let words = if minutes < 120 { count(minutes, "minute") } else { count(minutes / 60, "hour") };
    format!(" for {words}")
}

fn keep(store: &Home, path: &KeyPath, source: &SourceName, came: &LoggedIn, terminal: &Terminal) -> Result<Had> {
    let (now, name) = (Moment::now(), path.name());
    change_or_create(store, terminal, now, |payload| {
        if payload.keys.get(name).and_then(Key::remote).is_some() {
            let said = format!("`{path}` lies in a source, and cannot keep the token of source `{source}`");
            return Err(Failure::new(Kind::Usage, said)
                .hint(format!("let `[sources.{source}]` in `config.toml` name another key")));
        }
        let had = Had::of(payload, name, source);
        let mark = payload.fingerprint(&came.token);
        payload.step(Deed::Set, now, |edit| {
            match &had {
                Had::Nothing => edit.set(name, came.token.copy(), false).map(drop)?,
                Had::Token(_) => edit.replace(name, came.token.copy(), Some(now))?,
                Had::Another => edit.replace(name, came.token.copy(), None)?,
            }
            edit.change(name, |facts| {
                // No end is noted: each run would say that it comes, and the server says itself when it has.
                facts.expires = None;
                // Somebody's own note stays, and then so does each former secret.
                if facts.note.as_ref().is_none_or(|note| note.starts_with(NOTE)) {
                    facts.note = Some(note(source, &mark));
                }
            })
            .map(drop)
        })?;
        let event = Event::new(Action::Set, now).names([name]).note(format!("logged in to source `{source}`"));
        Ok(Outcome::changed(had, event))
    })
}
