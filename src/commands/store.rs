//! `keyctl store`: make, join, list, show and remove stores, give an identity to another keeper, or a store another identity.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    cli::{self, StoreVerb},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::Home,
    identity::{
        anchor::Anchor,
        given,
        keeper::{Item, KeeperKind, Record},
        pin,
    },
    store::file,
    terminal::Terminal,
};

mod access;
mod driver;
mod joining;
pub mod keeper;
mod list;
mod merging;
mod moving;
mod placing;
mod removing;
mod show;

use super::{
    change::{self, Outcome},
    creating,
    keepers::Wish,
    opening, recipients, rekey,
};

/// Whether it is a merge that git is to give up where it fails.
#[must_use]
pub fn is_given_up_by_git(arguments: &cli::Store) -> bool {
    matches!(&arguments.verb, StoreVerb::Merge(arguments) if merging::is_given_up(arguments))
}

/// Does what the verb says.
///
/// # Errors
/// As keeper and store have them.
pub fn store(arguments: &cli::Store, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    match &arguments.verb {
        StoreVerb::Create { name, keeper, means, path, anew } => {
            let wish = Wish::new(*keeper, means)?;
            let home = Home::named(Some(name))?;
            if given::is_given() && (home.store().is_some() || keeper.is_some()) {
                return Err(given::refused("no store is made that has an identity of its own").into());
            }
            let is_begun = !matches!(Record::read(&home), Ok(None));
            let home = place(home, path.as_deref())?;
            create(&home, &wish, *anew, terminal).inspect_err(|failure| {
                leave_nothing_half(&home, failure);
                if !is_begun && failure.kind != Kind::Busy {
                    removing::take_back(&home, terminal);
                }
            })?;
        }
        StoreVerb::List(report) => list::list(report.json, terminal)?,
        StoreVerb::Show { name, json } => show::show(&Home::of(Some(name))?, *json, terminal)?,
        StoreVerb::Remove { name, yes } => removing::remove(&Home::named(Some(name))?, *yes, terminal)?,
        StoreVerb::Move { key, to } => moving::move_key(key, to, terminal)?,
        StoreVerb::Path { name, file } => placing::place(&Home::of(Some(name))?, file, terminal)?,
        StoreVerb::Join { name, path, keeper, means, me, yes } => {
            let keeper = Wish::new(*keeper, means)?;
            let wish = joining::Wish { path: path.as_deref(), keeper, name: me.as_ref(), yes: *yes };
            joining::join(Home::named(Some(name))?, &wish, terminal)?;
        }
        StoreVerb::Access(report) => access::access(report.json, terminal)?,
        StoreVerb::Merge(arguments) => return Ok(merging::merge(arguments, terminal)?),
        StoreVerb::Recipients(arguments) => recipients::recipients(&arguments.verb, terminal)?,
        StoreVerb::Keeper { .. } if given::is_given() => return Err(given::refused("it goes to no keeper").into()),
        StoreVerb::Rekey { .. } if given::is_given() => return Err(given::refused("it is not changed").into()),
        StoreVerb::Keeper { name, to, means } => {
            keeper::change(&Home::of(Some(name))?, *to, &Wish::new(Some(*to), means)?, terminal)?;
        }
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
    let whole = whole_path(path)?;
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

/// The path of a file, which need not be there, in a folder without links.
fn whole_path(path: &Path) -> Result<PathBuf> {
    let failed = |error: &std::io::Error| Failure::disk("find the folder of", path, error);
    let whole = std::path::absolute(path).map_err(|error| failed(&error))?;
    let (Some(folder), Some(file)) = (whole.parent(), whole.file_name()) else {
        return Err(Failure::new(Kind::Usage, "`--path` has to name a file"));
    };
    Ok(folder.canonicalize().map_err(|error| failed(&error))?.join(file))
}

/// What was not made shall not look as if it had been begun; the next call may want it elsewhere. What another keyctl is
/// making stays.
fn leave_nothing_half(home: &Home, failure: &Failure) {
    if failure.kind == Kind::Busy || !file::is_absent(home) {
        return;
    }
    creating::forget_unmade(home);
    if home.store().is_some() && matches!(Record::read(home), Ok(None)) {
        let _ = home.begin_removal().and_then(|()| home.end_removal());
    }
}

fn exists(home: &Home) -> Failure {
    let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
    let failure = Failure::new(Kind::Negative, format!("the store{which} exists already"));
    let Ok(Some(record)) = Record::read(home) else { return failure };
    let other = if record.kind() == KeeperKind::Keychain { KeeperKind::File } else { KeeperKind::Keychain };
    failure.hint(format!("to let another keep its identity: `keyctl store keeper --to {}`", other.word()))
}

fn create(home: &Home, wish: &Wish, anew: bool, terminal: &Terminal) -> Result<()> {
    if home.store().is_some() && home.file(opening::JOINING).exists() {
        return Err(opening::not_joined(home));
    }
    if !file::is_absent(home) {
        return Err(exists(home));
    }
    give_up_unfinished(home, wish, terminal)?;
    if anew && Record::read(home)?.is_none() {
        pin::remove(home)?;
    }
    let now = Moment::now();
    change::make(home, terminal, now, wish, |_| {
        Ok(Outcome::changed((), Event::new(Action::Store, now).note("created")))
    })?;
    if let Some(record) = Record::read(home)? {
        let which = home.store().map(|name| format!(" `{name}`")).unwrap_or_default();
        let path = home.store_file();
        let where_ = if home.is_elsewhere() { format!(" in `{}`", path.display()) } else { String::new() };
        terminal.say(&format!("made the store{which}{where_}; its identity is kept in {}", record.kind().place()));
        keeper::say_cost(&record, true, terminal);
        driver::say_how(home, terminal);
    }
    Ok(())
}

/// Where the making of a store was cut short and its keeper cannot be had after all, another may be chosen: no key was
/// kept yet, so nothing can be lost. A keeper that cannot be asked, or a history, says that there may have been keys.
fn give_up_unfinished(home: &Home, wish: &Wish, terminal: &Terminal) -> Result<()> {
    let other = |record: &Record| wish.kind.is_some_and(|kind| kind != record.kind());
    let Some(record) = Record::read(home)?.filter(other) else { return Ok(()) };
    let _lock = change::lock(home)?;
    let keeper = record.open(home);
    let acknowledged = match keeper.peek() {
        Ok(held) => held.anchor.as_ref().and_then(Anchor::parse).is_some_and(|anchor| anchor.generation > 0),
        Err(_) => home.file("history.log").exists() || home.file("history.head").exists(),
    };
    if acknowledged || !file::is_absent(home) {
        return Err(Failure::new(Kind::Store, "a store was here before, and its identity is still kept")
            .hint("put your copy of `store.age` back"));
    }
    wish.choose(terminal)?;
    if record.keeper.wrapped_in().is_some() {
        // With the record nothing would say any more whose it is.
        keeper.remove(Item::Identity).and_then(|()| keeper.remove(Item::Anchor))?;
    }
    record.remove(home)
}
