//! `keyctl store move`: a key goes to another store, with its former secrets and all that is known of it.
//!
//! It is in the other store, and was read back from there, before it leaves its own. Killed in between it is in both, and the
//! same call ends it.

use crate::{
    commands::{
        change::{self, Outcome},
        naming,
        narrowing::{self, Scene},
        opening,
        rotate::pending,
        unbound,
        versions::changed_meanwhile,
    },
    config,
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    name::{KeyName, KeyPath, StoreName},
    store::{journal::Deed, payload::Key},
    terminal::Terminal,
};

use super::list;

/// Moves a key.
///
/// # Errors
/// As both stores have them; `Negative` where the name is taken, or a rotation of the key is not finished; as
/// [`unbound::hold_one`].
pub fn move_key(path: &KeyPath, to: &StoreName, terminal: &Terminal) -> Result<()> {
    let (from, to) = (Home::of(path.store())?, Home::of(Some(to))?);
    let (name, there) = (path.name(), &path.name().clone().of(to.store()));
    if from.store() == to.store() {
        terminal.say(&format!("`{name}` is in that store already"));
        return Ok(());
    }
    let _turn = pending::turn(&from)?;
    pending::refuse_while_unfinished(&from, name, None, "nothing was moved", terminal)?;
    let kept = opening::identity(&from)?;
    let payload = opening::store(&from, &kept, terminal)?.read()?;
    let key = payload.key(name)?;
    if payload.held_on_for(name).is_some() {
        return Err(narrowing::yes_first(&from, name, "nothing was moved"));
    }
    let scene = Scene { home: &from, kept: &kept, payload: &payload, action: Action::Remove };
    unbound::hold_one(&scene, name, &format!("whoever opens the store `{}`", list::name(&to)), terminal)?;
    hold_to_settings(&scene, [name, there], key, terminal)?;
    hold_to_source(&scene, [name, there], &to, key, terminal)?;
    let now = Moment::now();
    take(&to, there, key, list::name(&from), now, terminal)?;
    let has_come = opening::anew(&to)?.keys.get(there).is_some_and(|come| come.is(key));
    if !has_come {
        return Err(Failure::new(Kind::Store, format!("`{there}` does not come back from its store as it was"))
            .hint(format!("`{name}` was left where it is; look at the other one: `keyctl versions {there}`")));
    }
    change::change(&from, terminal, now, |payload| {
        if !payload.key(name)?.is(key) {
            return Err(changed_meanwhile(name, &format!("it is in its store and, as it was, as `{there}`")));
        }
        payload.hand_over(name)?;
        let event = Event::new(Action::Remove, now).names([name]);
        Ok(Outcome::changed((), event.note(format!("moved to the store `{}`", list::name(&to)))))
    })?;
    terminal.say(&format!("moved `{name}` to `{there}`, with {}", former(key)));
    terminal.hint(&format!("what asks for `{name}`, in project files and profiles, has to ask for `{there}` now"));
    terminal.hint("older copies of the store it was in, such as backups, still hold it");
    Ok(())
}

/// Says what of `config.toml` holds no more for the key in its new store, and what newly holds; where it may be used for more by
/// that, a person has to want it.
fn hold_to_settings(scene: &Scene, [name, there]: [&KeyName; 2], key: &Key, terminal: &Terminal) -> Result<()> {
    let covered = config::read(scene.home)?.rotation.change((name, &key.facts), (there, &key.facts));
    narrowing::say(&covered, &format!("as `{there}` the key"), terminal);
    if covered.widens {
        narrowing::need_person(scene, &[name], &format!("move `{name}` all the same"), terminal)?;
    }
    Ok(())
}

/// Where the secret lies in a source: that is for some stores, and some of its places. A store that it is not for gets no reference
/// to it; and where it could not be fetched before and can be then, a person has to want it, as others may have written it.
fn hold_to_source(
    scene: &Scene,
    [name, there]: [&KeyName; 2],
    to: &Home,
    key: &Key,
    terminal: &Terminal,
) -> Result<()> {
    let Some(remote) = key.remote() else { return Ok(()) };
    let config = config::read(scene.home)?;
    let Some(source) = config.sources.get(&remote.source) else { return Ok(()) };
    let path = &remote.reference.place.path;
    let is_for = |home: &Home| {
        let store = home.store().map(AsRef::as_ref);
        source.serves(store) && source.serves_place(store, &remote.reference)
    };
    if !is_for(to) {
        let what = format!(
            "`{path}` of source `{}` is not for the store `{}`; nothing was moved",
            source.name,
            list::name(to)
        );
        return Err(Failure::new(Kind::Policy, what)
            .hint(format!("`stores` and `paths` in `[sources.{}]` of `config.toml` say what is", source.name)));
    }
    if is_for(scene.home) {
        return Ok(());
    }
    terminal.warn(&format!(
        "as `{there}` the key is fetched from `{path}` of source `{}`, which is not for the store `{}`",
        source.name,
        list::name(scene.home)
    ));
    narrowing::need_person(scene, &[name], &format!("move `{name}` all the same"), terminal)
}

/// Puts the key into the other store, if it is not there from a call that was cut short.
fn take(to: &Home, name: &KeyName, key: &Key, from: &str, now: Moment, terminal: &Terminal) -> Result<()> {
    change::change_or_create(to, terminal, now, |payload| {
        if payload.keys.get(name).is_some_and(|there| there.is(key)) {
            return Ok(Outcome::AsItWas(()));
        }
        naming::tell_apart(payload.keys.keys(), [name], terminal)?;
        payload.step(Deed::Set, now, |edit| edit.take_over(name, key.copy()))?;
        let event = Event::new(Action::Set, now).names([name]);
        Ok(Outcome::changed((), event.note(format!("moved from the store `{from}`"))))
    })
}

fn former(key: &Key) -> String {
    match key.former.len() {
        0 => "all that is known of it".to_owned(),
        1 => "its former secret and all that is known of it".to_owned(),
        more => format!("its {more} former secrets and all that is known of it"),
    }
}
