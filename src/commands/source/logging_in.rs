//! `source login`: a person logs in to a source in the browser, and the token that comes of it is kept as the key that the
//! source's table names. The one that it had is of no more use, and goes.

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
    name::{KeyPath, SourceName},
    random,
    source::browser::{self, LoggedIn, Prompt},
    store::{journal::Deed, payload::Key},
    terminal::{Terminal, count},
};

use super::named;

/// How long a person may take; a server waits no longer either.
const PATIENCE: Duration = Duration::from_mins(10);

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
    keep(&store, path, name, &logged_in, terminal)?;
    let time = logged_in.lasts.map(in_words).unwrap_or_default();
    terminal.say(&format!("logged in to source `{name}`{time}; its token is kept as `{path}`"));
    Ok(())
}

/// How long a token is good for, as it is said.
fn in_words(lasts: Duration) -> String {
    let minutes = usize::try_from(lasts.as_secs() / 60).unwrap_or(usize::MAX);
    let words = if minutes < 120 { count(minutes, "minute") } else { count(minutes / 60, "hour") };
    format!(" for {words}")
}

fn keep(store: &Home, path: &KeyPath, source: &SourceName, came: &LoggedIn, terminal: &Terminal) -> Result<()> {
    let (now, name) = (Moment::now(), path.name());
    change_or_create(store, terminal, now, |payload| {
        if payload.keys.get(name).and_then(Key::remote).is_some() {
            let said = format!("`{path}` lies in a source, and cannot keep the token of source `{source}`");
            return Err(Failure::new(Kind::Usage, said)
                .hint(format!("let `[sources.{source}]` in `config.toml` name another key")));
        }
        let is_there = payload.keys.contains_key(name);
        payload.step(Deed::Set, now, |edit| {
            if is_there {
                edit.replace(name, came.token.copy(), Some(now))?;
            } else {
                edit.set(name, came.token.copy(), false)?;
            }
            // No end is noted: each run would say that it comes, and the server says itself when it has.
            edit.change(name, |facts| facts.expires = None).map(drop)
        })?;
        let event = Event::new(Action::Set, now).names([name]).note(format!("logged in to source `{source}`"));
        Ok(Outcome::changed((), event))
    })
}
