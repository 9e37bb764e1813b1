//! `proxy freeze` and `proxy unfreeze`: which keys no proxy may use.

use std::collections::BTreeSet;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{Home, Lock},
    name::KeyPath,
    proxy::frozen::{self, Frozen, Names},
    seal::SealKey,
    store::payload::Payload,
    terminal::Terminal,
};

use super::super::{
    opening::{self, Kept},
    record,
};

const LOCK: &str = "lock";

/// The list of a store.
#[must_use]
pub fn of(home: &Home, kept: &Kept, payload: &Payload) -> Frozen {
    let key = SealKey::derive(kept.identity.line().expose(), &payload.id.0, frozen::PURPOSE);
    Frozen::of(home.file(frozen::FILE), key)
}

/// The keys of a store that are frozen.
#[must_use]
pub fn list(home: &Home, kept: &Kept, payload: &Payload) -> Names {
    of(home, kept, payload).read()
}

/// Lets no proxy use a key any more.
///
/// # Errors
/// As the store and the disk have them; `Missing` for a key that there is not.
pub fn freeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    change(name, terminal, |names| names.insert(name.as_str().to_owned()), ("frozen", "is frozen already"))
}

/// Lets proxies use it again.
///
/// # Errors
/// As [`freeze`].
pub fn unfreeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    change(name, terminal, |names| names.remove(name.as_str()), ("no longer frozen", "is not frozen"))
}

fn change(
    name: &KeyPath,
    terminal: &Terminal,
    change: impl FnOnce(&mut BTreeSet<String>) -> bool,
    (done, already): (&str, &str),
) -> Result<()> {
    let home = Home::of(name.store())?;
    let kept = opening::identity(&home)?;
    let text = opening::store(&home, &kept, terminal)?;
    let payload = text.pick(&[name.name()])?;
    if !payload.keys.contains_key(name.name()) {
        return Err(text.read()?.missing(name.name()));
    }
    let _lock = Lock::acquire(&home.file(LOCK))?;
    let list = of(&home, &kept, &payload);
    let mut names = match list.read() {
        Names::Some(names) => names,
        Names::Unknown => {
            return Err(Failure::new(
                Kind::Store,
                format!("`{}` was not written by this store's owner, so all its keys are frozen", frozen::FILE),
            )
            .hint(format!(
                "to freeze none, remove `{}`; then freeze again what shall be",
                home.file(frozen::FILE).display()
            )));
        }
    };
    if !change(&mut names) {
        terminal.say(&format!("`{name}` {already}"));
        return Ok(());
    }
    list.write(&names)?;
    let event = Event::new(Action::Edit, Moment::now()).names([name.name()]).note(format!("{done} for the proxy"));
    record::change(&record::log(&home, &kept, &payload), &event, terminal);
    terminal.say(&format!("`{name}` is {done} for the proxy, also for those that run"));
    Ok(())
}
