//! `proxy freeze` and `proxy unfreeze`: which keys no proxy may use.

use std::collections::BTreeSet;

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{Identity, anchor::Id},
    name::{KeyName, KeyPath},
    proxy::frozen::{self, Frozen, Names},
    seal::SealKey,
    store::payload::Payload,
    terminal::Terminal,
};

use super::super::{
    change,
    opening::{self, Kept},
    record,
};

/// The list of a store.
#[must_use]
pub fn of(home: &Home, kept: &Kept, payload: &Payload) -> Frozen {
    sealed_by(home, &kept.identity, payload.id)
}

fn sealed_by(home: &Home, identity: &Identity, store: Id) -> Frozen {
    Frozen::of(home.file(frozen::FILE), key_for(identity, store, frozen::PURPOSE))
}

/// What is sealed with that lies beside a store for its proxies.
#[must_use]
pub fn key_for(identity: &Identity, store: Id, purpose: &str) -> SealKey {
    SealKey::derive(identity.line().expose(), &store.0, purpose)
}

/// Seals the list of a store with its next identity; one that the former one has not written stays as it is, and so all keys
/// of the store stay frozen. What is done already is not done again.
///
/// # Errors
/// As the disk has them.
pub fn reseal(home: &Home, former: &Identity, next: &Identity, store: Id) -> Result<()> {
    match sealed_by(home, former, store).read() {
        Names::Some(names) if !names.is_empty() => sealed_by(home, next, store).write(&names),
        _ => Ok(()),
    }
}

/// A key that is about to get another name stays frozen under that one. The caller holds the store's lock.
///
/// # Errors
/// As the disk has them.
pub fn follow(home: &Home, kept: &Kept, payload: &Payload, [old, new]: [&KeyName; 2]) -> Result<()> {
    let list = of(home, kept, payload);
    match list.read() {
        // The former name stays until the store has the new one: of two names too many none is used.
        Names::Some(mut names) if names.contains(old.as_str()) => {
            names.insert(new.as_str().to_owned());
            list.write(&names)
        }
        _ => Ok(()),
    }
}

/// Lets no proxy use a key any more.
///
/// # Errors
/// As the store and the disk have them; `Missing` for a key that there is not.
pub fn freeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    alter(name, terminal, |names| names.insert(name.as_str().to_owned()), ("frozen", "is frozen already"))
}

/// Lets proxies use it again.
///
/// # Errors
/// As [`freeze`].
pub fn unfreeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    alter(name, terminal, |names| names.remove(name.as_str()), ("no longer frozen", "is not frozen"))
}

fn alter(
    name: &KeyPath,
    terminal: &Terminal,
    change: impl FnOnce(&mut BTreeSet<String>) -> bool,
    (done, already): (&str, &str),
) -> Result<()> {
    let home = Home::of(name.store())?;
    opening::ask_first(&home)?;
    // Before it is opened: whoever changes its identity meanwhile would leave a list that nobody can open.
    let _lock = change::lock(&home)?;
    let kept = opening::identity(&home)?;
    let text = opening::store(&home, &kept, terminal)?;
    let payload = text.pick(&[name.name()])?;
    if !payload.keys.contains_key(name.name()) {
        return Err(text.read()?.missing(name.name()));
    }
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
