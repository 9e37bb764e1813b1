//! `keyctl store path`: a store's age file lies elsewhere now, since the clone that it is in was moved, or made anew.
//!
//! Nothing is moved or copied: the file lies there already. It has to be this store's, to open with the identity that is kept for
//! it, and to be no older than what was seen last, as at the place before. Only then it is written down where it lies.

use std::path::Path;

use crate::{
    commands::{change, opening, recipients, record},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    terminal::Terminal,
};

/// Says where the age file of a store lies from now on.
///
/// # Errors
/// `Usage` for a store that lies in keyctl's own folder; as keeper and store have them, for the file at the new place.
pub fn place(home: &Home, path: &Path, terminal: &Terminal) -> Result<()> {
    let Some(name) = home.store() else { return Err(recipients::personal()) };
    if !home.is_elsewhere() {
        return Err(Failure::new(
            Kind::Usage,
            format!("the age file of the store `{name}` lies in keyctl's own folder"),
        )
        .hint("to have a store in a repository, make it there: `keyctl store create NAME --path FILE`"));
    }
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
    let payload = opening::store(&there, &kept, terminal)?.read()?;
    let there = there.move_elsewhere(whole.clone())?;
    let event = Event::new(Action::Store, Moment::now()).note("its age file lies elsewhere now");
    record::change(&record::log(&there, &kept, &payload), &event, terminal);
    terminal.say(&format!("the store `{name}` lies in `{}` from now on", whole.display()));
    Ok(())
}
