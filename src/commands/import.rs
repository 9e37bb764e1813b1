//! `keyctl import`: take keys over from a file, another manager or the environment, and a file away once they are safe.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;

use crate::{
    cli,
    date::Moment,
    exchange::{
        Entry,
        moved::{Moved, Moving},
    },
    failure::{Failure, Kind, Result},
    history::{Action, Event},
    home::{self, Home},
    identity::keeper::Record,
    name::{KeyName, may_be_a_secret},
    platform,
    project::find,
    secret::Secret,
    store::{editing::Set, facts::Facts, journal::Deed, payload::Payload},
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change_or_create_as},
    details,
    moving::{self, Found},
    naming,
    narrowing::{self, Scene},
    opening,
};

/// So many names are told one by one.
const TOLD: usize = 20;

/// What became of the keys.
#[derive(Default)]
pub(super) struct Done {
    added: Vec<KeyName>,
    replaced: Vec<KeyName>,
    same: Vec<KeyName>,
    /// Those whose former secret had an end, and whose new one has none.
    endless: Vec<(KeyName, Moment)>,
}

/// Takes all keys over in one write, or none.
///
/// # Errors
/// As file and store have them; `Negative` for names that exist, without `--replace`.
pub fn import(arguments: &cli::Import, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::of(arguments.within.store.as_ref())?;
    let now = Moment::now();
    let mut found = if arguments.env.is_empty() {
        let place = moving::place(arguments)?;
        if arguments.delete {
            check_deletable(&place)?;
        }
        moving::read(place, arguments, now, terminal)?
    } else {
        from_environment(arguments)?
    };
    check_loss(&found, arguments)?;
    if found.is_plain && found.place.is_file() {
        let settings = moving::settings::take_out(&mut found.moving.keys, &found.place);
        if !settings.is_empty() {
            terminal.say(&format!("left to `{}`, which sets the same: {}", find::NAME, settings.join(", ")));
        }
    }
    let mut keys = named(&mut found.moving, &arguments.prefix)?;
    for key in &mut keys {
        key.entry.name = key.entry.name.clone().of(home.store());
    }
    tell(&found.moving, terminal);
    let keys = without_empty(keys, terminal);
    if keys.is_empty() {
        return Err(Failure::new(Kind::Negative, "there is no key to import").into());
    }
    if arguments.dry_run {
        if let Some(payload) = there(&home, terminal)? {
            refuse_taken(&payload, &keys, arguments.replace)?;
        }
        let names: Vec<&str> = keys.iter().map(|key| key.entry.name.as_str()).collect();
        terminal.report(&names.join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = change_or_create_as(&home, terminal, now, |kept, payload| {
        let outcome = keep(payload, &keys, arguments.replace, now, terminal)?;
        // What stood in the file beside a secret must not lift what keeps its key back.
        if matches!(outcome, Outcome::Changed(..)) {
            narrowing::refuse_more(&Scene { home: &home, kept, payload, action: Action::Import }, terminal)?;
        }
        Ok(outcome)
    })?;
    let removed = if arguments.delete { Some(delete(&home, &found, &keys, terminal)?) } else { None };
    report(&done, removed.as_deref(), &found, arguments, terminal)?;
    done.endless.iter().for_each(|(name, end)| details::say_of_former_end(name, *end, terminal));
    Ok(ExitCode::SUCCESS)
}

/// What the store has; nothing where there is none yet.
fn there(home: &Home, terminal: &Terminal) -> Result<Option<Payload>> {
    if Record::read(home)?.is_none() {
        return Ok(None);
    }
    let kept = opening::identity(home)?;
    opening::store(home, &kept, terminal)?.read().map(Some)
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

/// What would be lost with the file is told before anything is taken over.
fn check_loss(found: &Found, arguments: &cli::Import) -> Result<()> {
    let Found { is_plain, moving, .. } = found;
    if !arguments.delete {
        return Ok(());
    }
    if !is_plain {
        return Err(Failure::new(Kind::Usage, "`--delete` removes files in which keys lie in clear; this is none"));
    }
    if let Some(name) = moving.repeated.first() {
        return Err(Failure::new(
            Kind::Usage,
            format!("`{name}` is in the file more than once; `--delete` would lose the first of them"),
        )
        .hint("take the line out that does not count, then try again"));
    }
    if !moving.left.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            format!("`--delete` would lose what has no place here: {}", left(moving)),
        )
        .hint("import without `--delete`, see to the rest, then remove the file"));
    }
    Ok(())
}

/// Says what was read otherwise than it stands there, and what was not taken at all.
fn tell(moving: &Moving, terminal: &Terminal) {
    for name in &moving.repeated {
        terminal.warn(&format!("`{name}` is in the file more than once; the last one counts"));
    }
    for (was, name) in moving.renamed.iter().take(TOLD) {
        // What stands where a name should may be a secret.
        let was = if may_be_a_secret(was) || was.is_empty() { "one".to_owned() } else { format!("`{was}`") };
        terminal.say(&format!("{was} is kept as `{name}`"));
    }
    if moving.renamed.len() > TOLD {
        terminal.say(&format!("and {} more got another name", moving.renamed.len() - TOLD));
    }
    if !moving.left.is_empty() {
        terminal.warn(&format!("not taken along: {}", left(moving)));
    }
}

fn left(moving: &Moving) -> String {
    moving.left.iter().map(|(what, times)| counted(*times, what)).collect::<Vec<_>>().join(", ")
}

/// A count with words of which the first is the noun: `2 notes that may hold a secret`.
fn counted(times: usize, what: &str) -> String {
    let (noun, rest) = what.find(" that ").or_else(|| what.find(" of ")).map_or((what, ""), |at| what.split_at(at));
    format!("{}{rest}", count(times, noun))
}

fn from_environment(arguments: &cli::Import) -> Result<Found> {
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
        Moved::from(Entry { name: name.clone().into(), value: Secret::new(platform::value_bytes(&value)), line: 0 })
    };
    let mut moving = Moving::default();
    moving.keys.extend(arguments.env.iter().map(entry));
    Ok(Found { place: PathBuf::new(), source: Secret::new(Vec::new()), is_plain: true, moving })
}

fn named(moving: &mut Moving, prefix: &str) -> Result<Vec<Moved>> {
    let counted = if moving.by_items { "item" } else { "line" };
    let name = |mut key: Moved| -> Result<Moved> {
        let Entry { name, value, line } = &mut key.entry;
        super::set::refuse_unfit(value, &format!("the secret of `{name}`"))?;
        *name = format!("{prefix}{name}")
            .parse()
            .map_err(|why| Failure::new(Kind::Usage, format!("with this prefix {why}")))?;
        // Before any name is said: what stands in this one may be said nowhere.
        details::refuse_as_name(value, name).map_err(|failure| {
            let hint = "names are shown everywhere: give it another one where it comes from, and replace the secret if it is a live one";
            let failure = Failure { hints: vec![hint.to_owned()], ..failure };
            if *line > 0 { failure.hint(format!("it is the one of {counted} {line}")) } else { failure }
        })?;
        Ok(key)
    };
    std::mem::take(&mut moving.keys).into_iter().map(name).collect()
}

fn without_empty(keys: Vec<Moved>, terminal: &Terminal) -> Vec<Moved> {
    let (empty, keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.entry.value.is_empty());
    if !empty.is_empty() {
        let names: Vec<String> = empty.iter().map(|key| format!("`{}`", key.entry.name)).collect();
        terminal.warn(&format!("left out, because empty: {}", names.join(", ")));
    }
    keys
}

/// Keeps secrets of which nothing else is known, all or none; the note stands in the event.
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
    let entry = |(name, value): &(KeyName, Secret)| Entry { name: name.clone(), value: value.copy(), line: 0 };
    let keys: Vec<Moved> = keys.iter().map(|key| Moved::from(entry(key))).collect();
    Ok(match keep(payload, &keys, replace, now, terminal)? {
        Outcome::Changed(done, event) => Outcome::changed(done, note.into_iter().fold(*event, Event::note)),
        same @ Outcome::AsItWas(_) => same,
    })
}

fn keep(
    payload: &mut Payload,
    keys: &[Moved],
    replace: bool,
    now: Moment,
    terminal: &Terminal,
) -> Result<Outcome<Done>> {
    refuse_taken(payload, keys, replace)?;
    naming::tell_apart(payload.keys.keys(), keys.iter().map(|key| &key.entry.name), terminal)?;
    let mut done = Done::default();
    let mut dated = false;
    payload.step(Deed::Import, now, |edit| {
        for key in keys {
            let Entry { name, value, .. } = &key.entry;
            let former_end = edit.payload().keys.get(name).and_then(|key| key.facts.expires);
            let list = match edit.set(name, value.copy(), replace)? {
                Set::Added => {
                    key.former.iter().for_each(|(value, until)| edit.add_former(name, value.copy(), *until));
                    &mut done.added
                }
                Set::Replaced => &mut done.replaced,
                Set::Same => &mut done.same,
            };
            list.push(name.clone());
            let own_end = details::of_secret(name, value, terminal);
            dated |= edit.change(name, |facts| put(key, facts, own_end))?;
            details::warn_of_texts(value, edit.payload(), terminal);
            if edit.payload().keys.get(name).is_some_and(|key| key.facts.revoked.is_some()) {
                terminal.warn(&format!("`{name}` holds a revoked secret"));
            }
            if edit.payload().keys.get(name).is_some_and(|key| key.facts.leaked.is_some()) {
                terminal.warn(&format!("`{name}` holds a secret that was found leaked: `keyctl rotate {name}`"));
            }
            let end = edit.payload().keys.get(name).and_then(|key| key.facts.expires);
            if let Some(former_end) = former_end.filter(|_| end.is_none()) {
                done.endless.push((name.clone(), former_end));
            }
        }
        Ok(())
    })?;
    if done.added.is_empty() && done.replaced.is_empty() {
        let event = Event::new(Action::Edit, now).names(&done.same);
        return Ok(if dated { Outcome::changed(done, event) } else { Outcome::AsItWas(done) });
    }
    let event = Event::new(Action::Import, now).names(done.added.iter().chain(&done.replaced));
    Ok(Outcome::changed(done, event))
}

/// Puts what was known elsewhere among the facts; what is known here already stays.
fn put(key: &Moved, facts: &mut Facts, own_end: Option<Moment>) {
    facts.expires = facts.expires.or(key.expires).or(own_end);
    facts.url = facts.url.take().or_else(|| key.url.clone());
    facts.note = facts.note.take().or_else(|| key.note.clone());
    facts.tags.extend(key.tags.iter().cloned());
}

fn refuse_taken(payload: &Payload, keys: &[Moved], replace: bool) -> Result<()> {
    let is_taken =
        |Entry { name, value, .. }: &Entry| payload.keys.get(name).is_some_and(|key| !key.value.same_as(value));
    let taken = keys.iter().filter(|key| is_taken(&key.entry)).map(|key| format!("`{}`", key.entry.name));
    let taken: Vec<String> = taken.collect();
    if replace || taken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Negative,
        format!("these keys exist already with other secrets: {}; nothing was imported", taken.join(", ")),
    )
    .hint("to replace their secrets: `--replace`; the former ones are kept")
    .hint("to keep them apart: `--prefix PROJECT/`"))
}

/// Removes the file, after every key was read back from the store as it lies on the disk.
fn delete(home: &Home, found: &Found, keys: &[Moved], terminal: &Terminal) -> Result<PathBuf> {
    let (payload, file) = (opening::anew(home)?, &found.place);
    let is_lost =
        |Entry { name, value, .. }: &&Entry| !payload.keys.get(name).is_some_and(|key| key.value.same_as(value));
    if let Some(Entry { name, .. }) = keys.iter().map(|key| &key.entry).find(is_lost) {
        return Err(Failure::new(
            Kind::Store,
            format!("`{name}` does not come back from the store as it was; `{}` is left alone", file.display()),
        ));
    }
    // Somebody may have written to it while the store was.
    let unchanged =
        home::read_named(file, moving::most(file))?.is_some_and(|(now, _)| Secret::new(now).same_as(&found.source));
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

fn report(
    done: &Done,
    removed: Option<&Path>,
    found: &Found,
    arguments: &cli::Import,
    terminal: &Terminal,
) -> Result<()> {
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
    let Found { place, is_plain, moving, .. } = found;
    if let Some(file) = removed {
        terminal.say(&format!("removed `{}` after reading every key back", file.display()));
    } else if *is_plain && place.symlink_metadata().is_ok_and(|facts| facts.is_file()) {
        let way = if moving.left.is_empty() { "`--delete` removes it" } else { "remove it once the rest is safe" };
        terminal.hint(&format!("the keys are still readable in `{}`: {way}", place.display()));
    }
    Ok(())
}
