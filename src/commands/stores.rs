//! Which store a command is about. Most are about one: that of the key they name, or the one that `--store` says.

use std::sync::Arc;

use crate::{
    cli::{History, HistoryVerb, RecipientsVerb, RemindVerb, StoreVerb, Verb},
    failure::{Failure, Kind, Result},
    home::Home,
    name::{KeyPath, StoreName},
};

/// The store that a command is about, if that is another than the personal one and the only one.
#[must_use]
pub fn meant(verb: &Verb) -> Option<Arc<StoreName>> {
    let store = match verb {
        Verb::Set(arguments) => arguments.name.store(),
        Verb::Get(arguments) => arguments.name.store(),
        Verb::Show(arguments) => arguments.name.store(),
        Verb::Remove(arguments) => arguments.names.first().and_then(KeyPath::store),
        Verb::Rename(arguments) => arguments.old.store(),
        Verb::Copy(arguments) => arguments.name.store(),
        Verb::Edit(arguments) => arguments.name.store(),
        Verb::Revoke(arguments) => arguments.name.store(),
        Verb::Versions(arguments) => arguments.name.store(),
        Verb::Rollback(arguments) => arguments.name.store(),
        Verb::Forget(arguments) => arguments.names.first().and_then(KeyPath::store),
        Verb::Rotate(arguments) => arguments.name.as_ref().and_then(KeyPath::store).or(arguments.store.as_ref()),
        Verb::Remind(arguments) => match &arguments.verb {
            RemindVerb::Now { within, .. } => within.store.as_ref(),
            RemindVerb::Snooze { names, store, .. } => names.first().and_then(KeyPath::store).or(store.as_ref()),
            _ => None,
        },
        Verb::Scan(arguments) => arguments.within.store.as_ref(),
        Verb::History(arguments) => of_history(arguments),
        Verb::List(arguments) => arguments.within.store.as_ref(),
        Verb::Due(arguments) => arguments.within.store.as_ref(),
        Verb::Undo(arguments) => arguments.within.store.as_ref(),
        Verb::Import(arguments) => arguments.within.store.as_ref(),
        Verb::Status(arguments) => arguments.within.store.as_ref(),
        Verb::Doctor(arguments) => arguments.within.store.as_ref(),
        Verb::Audit(arguments) => arguments.within.store.as_ref(),
        Verb::Unlock(arguments) => arguments.store.as_ref(),
        Verb::Alerts(arguments) => arguments.store.as_ref(),
        Verb::Recovery(arguments) => arguments.store.as_ref(),
        Verb::Store(arguments) => match &arguments.verb {
            StoreVerb::Create { name, .. }
            | StoreVerb::Show { name, .. }
            | StoreVerb::Remove { name, .. }
            | StoreVerb::Keeper { name, .. }
            | StoreVerb::Join { name, .. }
            | StoreVerb::Path { name, .. }
            | StoreVerb::Rekey { name, .. } => Some(name),
            StoreVerb::Recipients(arguments) => match &arguments.verb {
                RecipientsVerb::Add { store, .. }
                | RecipientsVerb::List { store, .. }
                | RecipientsVerb::Remove { store, .. }
                | RecipientsVerb::Accept { store, .. } => Some(store),
            },
            StoreVerb::List(_) | StoreVerb::Access(_) | StoreVerb::Move { .. } | StoreVerb::Merge(_) => None,
        },
        _ => None,
    };
    store.and_then(|store| store.clone().other()).map(Arc::new)
}

/// The store whose history is asked: that of the key, or the one that was said.
#[must_use]
pub fn of_history(arguments: &History) -> Option<&StoreName> {
    key_of_history(arguments).and_then(KeyPath::store).or(arguments.store.as_ref())
}

/// Makes sure that a key that the history is asked about and a store that was said agree.
///
/// # Errors
/// `Usage`.
pub fn agree(arguments: &History) -> Result<()> {
    let Some(said) = &arguments.store else { return Ok(()) };
    match key_of_history(arguments) {
        Some(key) if key.store().is_some_and(|store| store != said) => {
            Err(Failure::new(Kind::Usage, format!("`{key}` is not in the store `{said}`; say one of the two")))
        }
        _ => Ok(()),
    }
}

fn key_of_history(arguments: &History) -> Option<&KeyPath> {
    match &arguments.verb {
        Some(HistoryVerb::Who(arguments)) => Some(&arguments.name),
        _ => arguments.name.as_ref(),
    }
}

/// The home of the one store that all these keys are in: what is done to them is done to all or to none, in one change.
///
/// # Errors
/// `Usage` for keys of several stores; as [`Home::of`].
pub fn of_all(paths: &[KeyPath]) -> Result<Home> {
    let Some(first) = paths.first() else { return Home::find() };
    if let Some(other) = paths.iter().find(|path| path.store() != first.store()) {
        let said = format!("`{first}` and `{other}` are in two stores; nothing was done");
        return Err(Failure::new(Kind::Usage, said).hint("name the keys of one store at a time"));
    }
    Home::of(first.store())
}
