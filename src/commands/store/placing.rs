//! `keyctl store path`: a store's age file lies elsewhere now, since the clone that it is in was moved, or made anew.
//!
//! Nothing is moved or copied: the file lies there already. It has to be this store's, to open with the identity that is kept for
//! it, and to be no older than what was seen last, as at the place before. Only then it is written down where it lies.
//!
//! Where the file at the place before is gone an older one is better than none: it is written down where that lies, and it opens
//! once a person has said yes to its being older, as always.

use std::path::Path;

use crate::{
    commands::{
        change,
        opening::{self, Kept},
        recipients, record,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    plain::shell_word,
    store::{
        file::{self, SealedFile},
        payload::Payload,
        seen::{self, Seen},
    },
    terminal::Terminal,
};

/// Says where the age file of a store lies from now on.
///
/// # Errors
/// `Usage` for the personal store; as keeper and store have them, for the file at the new place.
pub fn place(home: &Home, path: &Path, terminal: &Terminal) -> Result<()> {
    let Some(name) = home.store() else { return Err(recipients::personal()) };
    let whole = super::whole_path(path)?;
    if whole == home.store_file() {
        terminal.say(&format!("the store `{name}` lies there already, as far as keyctl knows"));
        return Ok(());
    }
    let there = home.clone().as_if_at(whole.clone());
    opening::ask_first(&there)?;
    let _lock = change::lock(&there)?;
    let kept = opening::identity(&there)?;
    if std::fs::symlink_metadata(&whole).is_err() {
        return Err(Failure::new(Kind::Missing, format!("there is no file `{}`", whole.display())));
    }
    let opened = opening::store(&there, &kept, terminal).and_then(|text| text.read());
    let (payload, older) = match opened {
        Ok(payload) => (payload, None),
        Err(failure) if file::is_absent(home) => match older(&there, &kept)? {
            Some(payload) => (payload, Some(failure)),
            None => return Err(failure),
        },
        Err(failure) => return Err(behind_own(home, &there, &kept, failure)),
    };
    let there = there.move_elsewhere(whole.clone())?;
    let event = Event::new(Action::Store, Moment::now()).note("its age file lies elsewhere now");
    record::change(&record::log(&there, &kept, &payload), &event, terminal);
    terminal.say(&format!("the store `{name}` lies in `{}` from now on", whole.display()));
    if let Some(older) = older {
        terminal.warn(&older.message);
        older.hints.iter().for_each(|hint| terminal.hint(hint));
    } else if !home.is_elsewhere() {
        terminal.hint(&format!("`{}` is not used any more", home.store_file().display()));
    }
    Ok(())
}

/// The failure for a file that the copy in keyctl's own folder was taken of, and which that has gone beyond: the new place is to
/// have what keyctl has.
fn behind_own(home: &Home, there: &Home, kept: &Kept, failure: Failure) -> Failure {
    if home.is_elsewhere() || !older(there, kept).is_ok_and(|older| older.is_some()) {
        return failure;
    }
    let [own, new] = [home, there].map(|home| shell_word(&home.store_file().display().to_string()));
    Failure::new(failure.kind, failure.message)
        .hint(format!("if nobody has changed that file since you copied it: `cp {own} {new}`, and this once more"))
}

/// What is in a file that is this store's, and made by its members, and keeps from opening only by being an older one.
fn older(there: &Home, kept: &Kept) -> Result<Option<Payload>> {
    let Some(sealed) = SealedFile::read(there)? else { return Ok(None) };
    let text = sealed.open_unpinned(&kept.identity)?;
    let payload = text.read()?;
    let seen = Seen::read(&there.file(seen::NAME), &kept.identity, payload.id).map(|seen| seen.version);
    let is_older =
        file::older(payload.generation, seen, &kept.anchor).or_else(|| file::another(text.version(&payload), seen));
    let is_own = if payload.members.is_empty() {
        payload.seal == kept.anchor.seal
    } else {
        payload.member_of(&kept.identity).is_some()
    };
    let is_it = payload.id == kept.anchor.store && is_own && is_older.is_some();
    Ok(is_it.then_some(payload))
}
