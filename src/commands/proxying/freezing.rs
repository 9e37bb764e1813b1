//! `proxy freeze` and `proxy unfreeze`: which keys no proxy may use. The store says it, and the news beside it (`proxy::frozen`).

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{Identity, anchor::Id},
    name::{KeyName, KeyPath},
    proxy::frozen::{self, Found, Frozen, News},
    seal::SealKey,
    store::{
        journal::Deed,
        payload::{Key, Payload},
    },
    terminal::Terminal,
};

use super::super::{
    change::{Outcome, change_as},
    narrowing::yes_first,
    opening::Kept,
};

/// What is known of a store's frozen keys, for its proxies.
#[must_use]
pub fn of(home: &Home, kept: &Kept, payload: &Payload) -> Frozen {
    sealed_by(home, &kept.identity, payload.id, said_by(payload))
}

/// What the store itself says, and what holds on though it does not; of the keys that were read of it.
#[must_use]
pub fn said_by(payload: &Payload) -> News {
    let is_frozen = |(name, key): &(&KeyName, &Key)| {
        key.facts.frozen || payload.held_on_for(name).is_some_and(|one| one.on(&key.facts).frozen)
    };
    let frozen = payload.keys.iter().filter(is_frozen);
    News { generation: payload.generation, names: frozen.map(|(name, _)| name.as_str().to_owned()).collect() }
}

fn sealed_by(home: &Home, identity: &Identity, store: Id, known: News) -> Frozen {
    Frozen::of(home.file(frozen::FILE), key_for(identity, store, frozen::PURPOSE), known)
}

/// What is sealed with that lies beside a store for its proxies.
#[must_use]
pub fn key_for(identity: &Identity, store: Id, purpose: &str) -> SealKey {
    SealKey::derive(identity.line().expose(), &store.0, purpose)
}

/// With its next identity nobody could open a store's news, which are old then; those that the former one has not written stay
/// as they are, and so all keys of the store stay frozen.
///
/// # Errors
/// As the disk has them.
pub fn forget(home: &Home, former: &Identity, store: Id) -> Result<()> {
    let list = sealed_by(home, former, store, News::default());
    if matches!(list.read(), Found::News(_)) { list.remove() } else { Ok(()) }
}

/// Lets no proxy use a key any more.
///
/// # Errors
/// As the store and the disk have them; `Missing` for a key that there is not.
pub fn freeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    alter(name, true, terminal, ("frozen", "is frozen already"))
}

/// Lets proxies use it again.
///
/// # Errors
/// As [`freeze`].
pub fn unfreeze(name: &KeyPath, terminal: &Terminal) -> Result<()> {
    alter(name, false, terminal, ("no longer frozen", "is not frozen"))
}

fn alter(name: &KeyPath, frozen: bool, terminal: &Terminal, (done, already): (&str, &str)) -> Result<()> {
    let (home, now) = (Home::of(name.store())?, Moment::now());
    let told = change_as(&home, terminal, now, |kept, payload| {
        let list = of(&home, kept, payload);
        if list.read() == Found::Unknown {
            return Err(not_ours(&home));
        }
        if !payload.step(Deed::Edit, now, |edit| edit.change(name.name(), |facts| facts.frozen = frozen))? {
            let holds_on = !frozen && said_by(payload).names.contains(name.name().as_str());
            return if holds_on {
                Err(yes_first(&home, name.name(), "it is frozen still"))
            } else {
                Ok(Outcome::AsItWas(None))
            };
        }
        let generation = payload.generation.max(kept.anchor.generation).saturating_add(1);
        let news = News { generation, ..said_by(payload) };
        if frozen {
            // Before the store: of a freeze that comes to nothing no key goes out.
            list.write(&news)?;
        }
        let event = Event::new(Action::Edit, now).names([name.name()]).note(format!("{done} for the proxy"));
        Ok(Outcome::changed(Some((list, news)), event))
    })?;
    let Some((list, news)) = told else {
        terminal.say(&format!("`{name}` {already}"));
        return Ok(());
    };
    if !frozen {
        list.write(&news)?;
    }
    terminal.say(&format!("`{name}` is {done} for the proxy, also for those that run"));
    Ok(())
}

fn not_ours(home: &Home) -> Failure {
    let what = format!("`{}` was not written by this store's owner, so all its keys are frozen", frozen::FILE);
    let way = format!("remove `{}`; what the store has frozen stays so", home.file(frozen::FILE).display());
    Failure::new(Kind::Store, what).hint(way)
}
