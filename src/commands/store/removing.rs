//! `keyctl store remove`: a store goes, with its keys, its identity and its history.
//!
//! The order makes a kill at any point harmless: once it is written down that the store is being removed it is not there any
//! more for anybody, and whoever removes it again does what is left. What says which identity is whose goes last.

use crate::{
    commands::{
        change::{self, Outcome},
        rotate::pending,
        versions::need_yes,
    },
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        given,
        keeper::{Item, Record},
        pin,
    },
    store::file,
    terminal::{Terminal, count},
};

use super::show;

/// Removes a store beside the personal one.
///
/// # Errors
/// `Usage` for the personal one, and without a yes for one that may have keys; `Missing`, `Busy`, `Disk`.
pub fn remove(home: &Home, yes: bool, terminal: &Terminal) -> Result<()> {
    let Some(name) = home.store() else {
        return Err(Failure::new(Kind::Usage, "the personal store cannot be removed")
            .hint("to remove keys of it, with all their former secrets: `keyctl remove NAME --forget`"));
    };
    if home.is_being_removed() {
        terminal.say(&format!("ending the removal of the store `{name}`, which was cut short"));
        return end(home, false, terminal);
    }
    Home::of(Some(name))?;
    let found = show::open(home).map(|payload| (payload.keys.len(), payload.members.len() > 1));
    let (is_empty, is_shared) = (matches!(found, Ok((0, _))), matches!(found, Ok((_, true))));
    let doing = format!("removing the store `{name}`");
    let has = match &found {
        Ok((keys, _)) => count(*keys, "key"),
        Err(failure) => format!("nobody knows how many keys ({})", failure.message),
    };
    if !is_empty && !yes {
        let file = if home.is_elsewhere() {
            format!("`{}` stays, and nothing here opens it any more", home.store_file().display())
        } else {
            format!("`{}` is removed", home.store_file().display())
        };
        let lines = ["its identity, its history and what projects were allowed of it are removed".to_owned(), file];
        terminal.say_lines(&format!("the store `{name}` has {has}:"), &lines);
    }
    need_yes(yes || is_empty, terminal, &doing, || format!("remove the store `{name}` for good?"))?;
    {
        // A rotator that is at work comes to its end first.
        let _turn = pending::turn(home)?;
        // Nobody is told of a removal that waits for another change and then gives up.
        let _lock = change::lock(home)?;
        record(name.as_str(), terminal)?;
        home.begin_removal()?;
    }
    end(home, is_shared, terminal)
}

/// The event stands in the personal store's history: the store's own goes with it.
fn record(name: &str, terminal: &Terminal) -> Result<()> {
    let personal = Home::find()?;
    if Record::read(&personal)?.is_none() {
        return Ok(());
    }
    let now = Moment::now();
    let event = Event::new(Action::Store, now).note(format!("removed the store `{name}`"));
    if let Err(failure) = change::change(&personal, terminal, now, |_| Ok(Outcome::changed((), event))) {
        terminal.warn(&format!("not recorded in the personal store's history: {}", failure.message));
    }
    Ok(())
}

/// Takes back what there is of a store that was to be made just now, and whose age file could not be written: nothing was kept in
/// it, and it shall not look as if it were there.
pub fn take_back(home: &Home, terminal: &Terminal) {
    if home.store().is_none() || !matches!(Record::read(home), Ok(Some(_))) {
        return;
    }
    // Whoever has had the lock meanwhile may have ended what was begun.
    let Ok(_lock) = change::lock(home) else { return };
    if !file::is_absent(home) {
        return;
    }
    if let Err(failure) = home.begin_removal().and_then(|()| take_away(home, terminal)) {
        terminal.warn(&format!("what was begun of the store is not taken back: {}", failure.message));
    }
}

/// Ends a removal, and says it.
fn end(home: &Home, is_shared: bool, terminal: &Terminal) -> Result<()> {
    let name = home.store().map(ToString::to_string).unwrap_or_default();
    let (file, stays) = (home.store_file(), home.is_elsewhere());
    take_away(home, terminal)?;
    let (removed, how) = match given::giver() {
        None => (", its identity and its history".to_owned(), "with a recovery copy only".to_owned()),
        Some(giver) => (format!(" and its history; {giver} still gives its identity"), "with that identity".to_owned()),
    };
    terminal.say(&format!("removed the store `{name}`{removed}"));
    if stays && file.exists() {
        terminal.hint(&format!("`{}` stays where it is; you open it {how}", file.display()));
        if is_shared {
            terminal
                .hint("its other members open it as before, and write it for you too until one of them removes you");
        }
    }
    Ok(())
}

/// Takes away what is there of a store that is being removed: first what opens it.
fn take_away(home: &Home, terminal: &Terminal) -> Result<()> {
    if let Some(record) = Record::read(home)? {
        let keeper = record.open(home);
        let removed = keeper.remove(Item::Identity).and_then(|()| keeper.remove(Item::Anchor));
        let removed = removed.and_then(|()| if record.kind().uses_keychain() { pin::remove(home) } else { Ok(()) });
        if let Err(failure) = removed {
            terminal.warn(&format!("{} still has the identity: {}", record.kind().place(), failure.message));
            terminal.hint(&format!("to take it away there, remove the items of `keyctl:{}`", record.store));
        }
    }
    home.end_removal()
}
