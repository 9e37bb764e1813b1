//! `keyctl import`: take keys over from a file or the environment, and the file away once they are safe.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;

use crate::{
    cli::{self, ImportFormat},
    date::Moment,
    exchange::{self, Entry},
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    name::KeyName,
    platform,
    secret::Secret,
    store::{editing::Set, journal::Deed, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change_or_create},
    details, naming, opening,
};

/// The most bytes a file to import may have: 16 MiB.
const LARGEST: usize = 16 * 1024 * 1024;

/// What became of the keys.
#[derive(Default)]
pub(super) struct Done {
    added: Vec<KeyName>,
    replaced: Vec<KeyName>,
    same: Vec<KeyName>,
}

/// Takes all keys over in one write, or none.
///
/// # Errors
/// As file and store have them; `Negative` for names that exist, without `--replace`.
pub fn import(arguments: &cli::Import, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let now = Moment::now();
    if let Some(file) = arguments.file.as_deref().filter(|_| arguments.delete) {
        check_deletable(file)?;
    }
    let (source, entries) = read(arguments, terminal)?;
    let keys = named(entries, &arguments.prefix)?.into_iter().map(|(name, secret)| (name.of(home.store()), secret));
    let keys: Vec<_> = keys.collect();
    let keys = without_empty(keys, terminal);
    if keys.is_empty() {
        return Err(Failure::new(Kind::Negative, "there is no key to import").into());
    }
    if arguments.dry_run {
        let names: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
        terminal.report(&names.join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = change_or_create(&home, terminal, now, |payload| {
        keep_all(payload, &keys, arguments.replace, None, now, terminal)
    })?;
    let removed = match &arguments.file {
        Some(file) if arguments.delete => Some(delete(&home, file, &source, &keys, terminal)?),
        _ => None,
    };
    report(&done, removed.as_deref(), arguments, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// What `--delete` could not take away is refused before anything is taken over.
fn check_deletable(file: &Path) -> Result<()> {
    if file.as_os_str() == "-" {
        return Err(Failure::new(Kind::Usage, "standard input is no file that `--delete` could remove"));
    }
    let facts = file.symlink_metadata();
    let shown = file.display();
    if facts.as_ref().is_ok_and(|facts| !facts.is_file() && !facts.is_symlink()) {
        return Err(Failure::new(Kind::Usage, format!("`{shown}` is no regular file that `--delete` could remove")));
    }
    if facts.is_ok_and(|facts| facts.is_symlink()) {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{shown}` is a symbolic link: `--delete` would remove the link and leave the keys"),
        )
        .hint("name the file itself"));
    }
    Ok(())
}

/// The file's bytes, to know it again, and what they hold.
fn read(arguments: &cli::Import, terminal: &Terminal) -> Result<(Secret, Vec<Entry>)> {
    let Some(file) = &arguments.file else { return Ok((Secret::new(Vec::new()), from_environment(arguments)?)) };
    let bytes = if file.as_os_str() == "-" {
        super::set::from_standard_input()?
    } else {
        match home::read_named(file, LARGEST)? {
            Some((bytes, _)) => Secret::new(bytes),
            None => return Err(Failure::new(Kind::Disk, format!("there is no file `{}`", file.display()))),
        }
    };
    let by_name =
        || if file.extension() == Some(OsStr::new("json")) { ImportFormat::Json } else { ImportFormat::Dotenv };
    let reading = match arguments.format.unwrap_or_else(by_name) {
        ImportFormat::Dotenv => exchange::dotenv::read(bytes.expose())?,
        ImportFormat::Json => exchange::json::read(bytes.expose())?,
    };
    if let Some(name) = reading.repeated.first().filter(|_| arguments.delete) {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{name}` is in the file more than once; `--delete` would lose the first of them"),
        )
        .hint("take the line out that does not count, then try again"));
    }
    for name in &reading.repeated {
        terminal.warn(&format!("`{name}` is in the file more than once; the last one counts"));
    }
    Ok((bytes, reading.entries))
}

fn from_environment(arguments: &cli::Import) -> Result<Vec<Entry>> {
    let missing: Vec<String> = arguments
        .env
        .iter()
        .filter(|name| std::env::var_os(name.as_str()).is_none())
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        return Err(Failure::new(Kind::Missing, format!("the environment has no {}", missing.join(", "))));
    }
    let entry = |name: &crate::name::VariableName| {
        let value = std::env::var_os(name.as_str()).unwrap_or_default();
        Entry { name: name.clone().into(), value: Secret::new(platform::value_bytes(&value)), line: 0 }
    };
    Ok(arguments.env.iter().map(entry).collect())
}

fn named(entries: Vec<Entry>, prefix: &str) -> Result<Vec<(KeyName, Secret)>> {
    let name = |entry: Entry| -> Result<(KeyName, Secret)> {
        super::set::refuse_unfit(&entry.value, &format!("the secret of `{}`", entry.name))?;
        let name: KeyName = format!("{prefix}{}", entry.name)
            .parse()
            .map_err(|why| Failure::new(Kind::Usage, format!("with this prefix {why}")))?;
        details::refuse_as_name(&entry.value, &name)?;
        Ok((name, entry.value))
    };
    entries.into_iter().map(name).collect()
}

fn without_empty(keys: Vec<(KeyName, Secret)>, terminal: &Terminal) -> Vec<(KeyName, Secret)> {
    let (empty, keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, value)| value.is_empty());
    if !empty.is_empty() {
        let names: Vec<String> = empty.iter().map(|(name, _)| format!("`{name}`")).collect();
        terminal.warn(&format!("left out, because empty: {}", names.join(", ")));
    }
    keys
}

/// Keeps all of these, or none; the note stands in the event.
///
/// # Errors
/// `Negative` for names that exist with other secrets, unless these may be replaced.
pub(super) fn keep_all(
    payload: &mut Payload,
    keys: &[(KeyName, Secret)],
    replace: bool,
    note: Option<&str>,
    now: Moment,
    terminal: &Terminal,
) -> Result<Outcome<Done>> {
    let taken =
        |(name, value): &&(KeyName, Secret)| payload.keys.get(name).is_some_and(|key| !key.value.same_as(value));
    let taken: Vec<String> = keys.iter().filter(taken).map(|(name, _)| format!("`{name}`")).collect();
    if !replace && !taken.is_empty() {
        return Err(Failure::new(
            Kind::Negative,
            format!("these keys exist already with other secrets: {}; nothing was imported", taken.join(", ")),
        )
        .hint("to replace their secrets: `--replace`; the former ones are kept")
        .hint("to keep them apart: `--prefix PROJECT/`"));
    }
    naming::tell_apart(payload.keys.keys(), keys.iter().map(|(name, _)| name), terminal)?;
    let mut done = Done::default();
    let mut dated = false;
    payload.step(Deed::Import, now, |edit| {
        for (name, value) in keys {
            let list = match edit.set(name, value.copy(), replace)? {
                Set::Added => &mut done.added,
                Set::Replaced => &mut done.replaced,
                Set::Same => &mut done.same,
            };
            list.push(name.clone());
            let own_end = details::of_secret(name, value, terminal);
            details::warn_of_texts(value, edit.payload(), terminal);
            if edit.payload().keys.get(name).is_some_and(|key| key.facts.revoked.is_some()) {
                terminal.warn(&format!("`{name}` holds a revoked secret"));
            }
            if edit.payload().keys.get(name).is_some_and(|key| key.facts.leaked.is_some()) {
                terminal.warn(&format!("`{name}` holds a secret that was found leaked: `keyctl rotate {name}`"));
            }
            dated |= edit.change(name, |facts| facts.expires = facts.expires.or(own_end))?;
        }
        Ok(())
    })?;
    if done.added.is_empty() && done.replaced.is_empty() {
        let event = Event::new(Action::Edit, now).names(&done.same);
        return Ok(if dated { Outcome::changed(done, event) } else { Outcome::AsItWas(done) });
    }
    let event = Event::new(Action::Import, now).names(done.added.iter().chain(&done.replaced));
    let event = note.into_iter().fold(event, Event::note);
    Ok(Outcome::changed(done, event))
}

/// Removes the file, after every key was read back from the store as it lies on the disk.
fn delete(home: &Home, file: &Path, read: &Secret, keys: &[(KeyName, Secret)], terminal: &Terminal) -> Result<PathBuf> {
    let payload = opening::anew(home)?;
    let lost = keys.iter().find(|(name, value)| !payload.keys.get(name).is_some_and(|key| key.value.same_as(value)));
    if let Some((name, _)) = lost {
        return Err(Failure::new(
            Kind::Store,
            format!("`{name}` does not come back from the store as it was; `{}` is left alone", file.display()),
        ));
    }
    // Somebody may have written to it while the store was.
    let unchanged = home::read_named(file, LARGEST)?.is_some_and(|(now, _)| Secret::new(now).same_as(read));
    if !unchanged {
        return Err(Failure::new(
            Kind::Negative,
            format!("`{}` has changed meanwhile and is left alone", file.display()),
        )
        .hint("import it again"));
    }
    let linked = file.symlink_metadata().is_ok_and(|facts| platform::access(&facts).linked_elsewhere);
    std::fs::remove_file(file).map_err(|error| Failure::disk("remove", file, &error))?;
    if linked {
        terminal
            .warn(&format!("`{}` had another name too (a hard link); the keys are still in that one", file.display()));
    }
    terminal.hint("the file's bytes may still be in backups, in git's history and on the disk; keys that were ever shared belong replaced");
    Ok(file.to_owned())
}

fn report(done: &Done, removed: Option<&Path>, arguments: &cli::Import, terminal: &Terminal) -> Result<()> {
    if arguments.json {
        let names =
            |names: &[KeyName]| names.iter().map(|name| name.as_str().into()).collect::<Vec<serde_json::Value>>();
        return terminal.json(&json!({
            "added": names(&done.added), "replaced": names(&done.replaced), "same": names(&done.same),
            "removed": removed.map(|file| file.to_string_lossy()),
        }));
    }
    let said = [("kept", &done.added), ("replaced", &done.replaced), ("already there", &done.same)];
    for (word, names) in said.into_iter().filter(|(_, names)| !names.is_empty()) {
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        terminal.say(&format!("{word}: {} ({})", count(names.len(), "key"), listed.join(", ")));
    }
    match (removed, &arguments.file) {
        (Some(file), _) => terminal.say(&format!("removed `{}` after reading every key back", file.display())),
        (None, Some(file)) if file.symlink_metadata().is_ok_and(|facts| facts.is_file()) => {
            terminal.hint(&format!("the keys are still readable in `{}`: `--delete` removes it", file.display()));
        }
        _ => {}
    }
    Ok(())
}
