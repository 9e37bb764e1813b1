//! `keyctl store`: make, join, list, show and remove stores, give an identity to another keeper, or a store another identity.

use std::{path::Path, process::ExitCode};

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

mod access;
mod driver;
mod joining;
mod list;
mod merging;
mod moving;
mod removing;
mod show;

use super::{
    change::{self, Outcome},
    creating, opening, recipients, rekey,
};
use joining::Wish;

/// Does what the verb says.
///
/// # Errors
/// As keeper and store have them.
pub fn store(arguments: &cli::Store, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match &arguments.verb {
        StoreVerb::Create { name, keeper, path, anew } => {
            let home = place(Home::named(Some(name))?, path.as_deref())?;
            create(&home, *keeper, *anew, terminal).inspect_err(|failure| leave_nothing_half(&home, failure))?;
        }
        StoreVerb::List(report) => list::list(report.json, terminal)?,
        StoreVerb::Show { name, json } => show::show(&Home::of(Some(name))?, *json, terminal)?,
        StoreVerb::Remove { name, yes } => removing::remove(&Home::named(Some(name))?, *yes, terminal)?,
        StoreVerb::Move { key, to } => moving::move_key(key, to, terminal)?,
        StoreVerb::Join { name, path, keeper, me, yes } => {
            let wish = Wish { path: path.as_deref(), keeper: *keeper, name: me.as_ref(), yes: *yes };
            joining::join(Home::named(Some(name))?, &wish, terminal)?;
        }
        StoreVerb::Access(report) => access::access(report.json, terminal)?,
        StoreVerb::Merge(arguments) => return Ok(merging::merge(arguments, terminal)?),
        StoreVerb::Recipients(arguments) => recipients::recipients(&arguments.verb, terminal)?,
        StoreVerb::Keeper { name, to } => move_identity(&Home::of(Some(name))?, *to, terminal)?,
        StoreVerb::Rekey { name, yes } => rekey::rekey(&Home::of(Some(name))?, *yes, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The home of a store that is to be made, with its age file where the user wants it: never where a file lies already.
fn place(home: Home, path: Option<&Path>) -> Result<Home> {
    if home.is_being_removed() {
        let name = home.store().map(ToString::to_string).unwrap_or_default();
        return Err(Failure::new(Kind::Negative, format!("the removal of the store `{name}` was cut short"))
            .hint(format!("end it first: `keyctl store remove {name}`")));
    }
    let Some(path) = path else { return Ok(home) };
    if home.store().is_none() {
        return Err(Failure::new(Kind::Usage, "the personal store lies in keyctl's own folder")
            .hint("`--path` is for a store beside it: `keyctl store create NAME --path FILE`"));
    }
    let failed = |error: &std::io::Error| Failure::disk("find the folder of", path, error);
    let whole = std::path::absolute(path).map_err(|error| failed(&error))?;
    let (Some(folder), Some(file)) = (whole.parent(), whole.file_name()) else {
        return Err(Failure::new(Kind::Usage, "`--path` has to name a file"));
    };
    let whole = folder.canonicalize().map_err(|error| failed(&error))?.join(file);
    let _lock = change::lock(&home)?;
    if Record::read(&home)?.is_some() {
        // Begun before, and perhaps done: where it lies was said then.
        return if home.store_file() == whole { Ok(home) } else { Err(exists(&home)) };
    }
    if std::fs::symlink_metadata(&whole).is_ok() {
        let failure = Failure::new(Kind::Negative, format!("`{}` exists already; nothing was made", whole.display()));
        let failure = failure.hint("a store is never put in the place of another file: name a new one");
        leave_nothing_half(&home, &failure);
        return Err(failure);
    }
    home.move_elsewhere(whole)
}

/// What was not made shall not look as if it had been begun; the next call may want it elsewhere. What another keyctl is
/// making stays.
fn leave_nothing_half(home: &Home, failure: &Failure) {
    if failure.kind != Kind::Busy
        && home.store().is_some()
        && file::is_absent(home)
        && matches!(Record::read(home), Ok(None))
    {
        let _ = home.begin_removal().and_then(|()| home.end_removal());
    }
}

fn exists(home: &Home) -> Failure {
    let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
    let failure = Failure::new(Kind::Negative, format!("the store{which} exists already"));
    let Ok(Some(record)) = Record::read(home) else { return failure };
    let other = if record.keeper == KeeperKind::File { KeeperKind::Keychain } else { KeeperKind::File };
    failure.hint(format!("to let another keep its identity: `keyctl store keeper --to {}`", other.word()))
}

fn create(home: &Home, keeper: Option<KeeperKind>, anew: bool, terminal: &Terminal) -> Result<()> {
    if home.store().is_some() && home.file(opening::JOINING).exists() {
        return Err(opening::not_joined(home));
    }
    if !file::is_absent(home) {
        return Err(exists(home));
    }
    give_up_unfinished(home, keeper, terminal)?;
    if anew && Record::read(home)?.is_none() {
        pin::remove(home)?;
    }
    let now = Moment::now();
    change::make(home, terminal, now, keeper, |_| {
        Ok(Outcome::changed((), Event::new(Action::Store, now).note("created")))
    })?;
    if let Some(record) = Record::read(home)? {
        let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
        let path = home.store_file();
        let where_ = if home.is_elsewhere() { format!(" in `{}`", path.display()) } else { String::new() };
        terminal.say(&format!("made the store{which}{where_}; its identity is kept in {}", record.keeper.place()));
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
