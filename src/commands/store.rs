//! `keyctl store`: make the store by hand, give its identity to another keeper, or give it another identity.

use std::process::ExitCode;

use crate::{
    cli::{self, StoreVerb},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        anchor::Anchor,
        keeper::{Item, KeeperKind, Record, write_and_read_back},
        pin,
    },
    store::file,
    terminal::Terminal,
};

use super::{
    change::{self, Outcome},
    creating, opening, rekey,
};

/// Does what the verb says.
///
/// # Errors
/// As keeper and store have them.
pub fn store(arguments: &cli::Store, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    match &arguments.verb {
        StoreVerb::Create { keeper, anew, .. } => create(&home, *keeper, *anew, terminal)?,
        StoreVerb::Keeper { to, .. } => move_identity(&home, *to, terminal)?,
        StoreVerb::Rekey { yes, .. } => rekey::rekey(&home, *yes, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn create(home: &Home, keeper: Option<KeeperKind>, anew: bool, terminal: &Terminal) -> Result<()> {
    if !file::is_absent(home) {
        let failure = Failure::new(Kind::Negative, "the store exists already");
        let Some(record) = Record::read(home)? else { return Err(failure) };
        let other = if record.keeper == KeeperKind::File { KeeperKind::Keychain } else { KeeperKind::File };
        let to = other.word();
        return Err(failure.hint(format!("to let another keep its identity: `keyctl store keeper --to {to}`")));
    }
    give_up_unfinished(home, keeper, terminal)?;
    if anew && Record::read(home)?.is_none() {
        pin::remove(home)?;
    }
    let now = Moment::now();
    change::change_or_create(home, terminal, now, keeper, |_| {
        Ok(Outcome::changed((), Event::new(Action::Store, now).note("created")))
    })?;
    if let Some(record) = Record::read(home)? {
        terminal.say(&format!("made the store; its identity is kept in {}", record.keeper.place()));
    }
    Ok(())
}

/// Where the making of a store was cut short and its keeper cannot be had after all, another may be chosen: no key was
/// kept yet, so nothing can be lost. A keeper that cannot be asked, or a history, says that there may have been keys.
fn give_up_unfinished(home: &Home, keeper: Option<KeeperKind>, terminal: &Terminal) -> Result<()> {
    let other = |record: &Record| keeper.is_some_and(|wish| wish != record.keeper);
    let Some(record) = Record::read(home)?.filter(other) else { return Ok(()) };
    let _lock = change::lock(home)?;
    let acknowledged = match record.open(home).read() {
        Ok(held) => held.anchor.as_ref().and_then(Anchor::parse).is_some_and(|anchor| anchor.generation > 0),
        Err(_) => home.file("history.log").exists() || home.file("history.head").exists(),
    };
    if acknowledged || !file::is_absent(home) {
        return Err(Failure::new(Kind::Store, "a store was here before, and its identity is still kept")
            .hint("put your copy of `store.age` back"));
    }
    if let Some(wish) = keeper {
        creating::choose(Some(wish), terminal)?;
    }
    let path = home.file("keeper.toml");
    std::fs::remove_file(&path).map_err(|error| Failure::disk("remove", &path, &error))
}

/// What a move that was cut short has left: a pin that is missing or not taken back, and the identity with both keepers.
fn finish_the_move(home: &Home, kept: &opening::Kept) -> Result<()> {
    match kept.record.keeper {
        KeeperKind::File => drop(pin::remove(home)),
        KeeperKind::Keychain => pin::write(home, kept.record.store)?,
    }
    clear_former_keeper(home, kept)
}

/// Takes the identity away from the keeper that is not the store's any more, where a move was cut short.
///
/// # Errors
/// As the keepers have them.
pub fn clear_former_keeper(home: &Home, kept: &opening::Kept) -> Result<()> {
    let former = match kept.record.keeper {
        KeeperKind::File => KeeperKind::Keychain,
        KeeperKind::Keychain => KeeperKind::File,
    };
    let former = Record { keeper: former, ..kept.record }.open(home);
    let left = match kept.record.keeper {
        // Where no keychain can be reached there is nothing to take back.
        KeeperKind::File => former.read_quietly().unwrap_or_default(),
        KeeperKind::Keychain => former.read()?,
    };
    let there = left.identity.is_some() || left.anchor.is_some();
    if there && left.identity.is_none_or(|line| line.same_as(kept.identity.line())) {
        former.remove(Item::Identity)?;
        former.remove(Item::Anchor)?;
    }
    Ok(())
}

/// Old and new keeper both open the store until the record, the last step but one, names the new one.
fn move_identity(home: &Home, to: KeeperKind, terminal: &Terminal) -> Result<()> {
    let now = Moment::now();
    {
        let _lock = change::lock(home)?;
        let kept = opening::identity(home)?;
        let payload = opening::store(home, &kept, terminal)?.read()?;
        let kept = rekey::settle(home, kept, &payload, terminal)?;
        if kept.record.keeper == to {
            finish_the_move(home, &kept)?;
            terminal.say(&format!("{} keeps the identity already", to.place()));
            return Ok(());
        }
        let keeper = creating::choose(Some(to), terminal)?;
        let record = Record { keeper, ..kept.record };
        let place = record.open(home);
        write_and_read_back(place.as_ref(), Item::Identity, kept.identity.line())?;
        write_and_read_back(place.as_ref(), Item::Anchor, &kept.anchor.line())?;
        // The pin stands whenever the record says keychain: before it does, and until it no longer does.
        if to == KeeperKind::Keychain {
            pin::write(home, record.store)?;
        }
        record.write(home)?;
        if to == KeeperKind::File {
            pin::remove(home)?;
        }
        for item in [Item::Identity, Item::Anchor] {
            if let Err(failure) = kept.keeper.remove(item) {
                terminal.warn(&format!(
                    "{} still has the {}: {}",
                    kept.record.keeper.place(),
                    item.name(),
                    failure.message
                ));
            }
        }
    }
    change::change(home, terminal, now, |_| {
        Ok(Outcome::changed((), Event::new(Action::Store, now).note(format!("identity moved to the {}", to.word()))))
    })?;
    terminal.say(&format!("{} keeps the identity now", to.place()));
    Ok(())
}
