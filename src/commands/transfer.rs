//! `keyctl push` and `keyctl pull`: keys on their way between the store and a source. What is written is read back before anything
//! is said of it; nothing is taken away where it came from.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    process::ExitCode,
};

use crate::{
    cli::{Pull, Push},
    config::{self, Config},
    date::Moment,
    failure::{Failure, Kind, Result},
    history::{Action, Event, Fetch, Reason},
    home::Home,
    name::{KeyName, KeyPath, SourceName},
    reference::{Place, Reference, Remote},
    secret::Secret,
    store::journal::Deed,
    terminal::{Terminal, count},
};

use super::{
    change::{Outcome, change},
    limiting::{self, Taker},
    policy::{self, Why},
    sourcing::{
        self, Asking,
        writing::{Desk, Seen, Unwritten, refuse_pinned},
    },
    stores,
    using::{self, Used},
    versions::{changed_meanwhile, need_yes},
};

/// The field that a key is written to where none is said.
const FIELD: &str = "value";

/// One key on its way.
struct Item {
    name: KeyName,
    remote: Remote,
    /// What is there now.
    seen: Seen,
    /// What is there now, in a word.
    now: &'static str,
}

/// Writes keys to a source.
///
/// # Errors
/// As store and source have them; `Negative` where something else lies there; `Usage` without a yes.
pub fn push(arguments: &Push, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = stores::of_all(&arguments.names)?;
    let config = config::read(&home)?;
    let names: Vec<&KeyName> = arguments.names.iter().map(KeyPath::name).collect();
    let mut used = using::keys(&home, &names, terminal)?;
    let remotes = targets(arguments, &used)?;
    let fetch = Fetch { name: arguments.source.to_string(), cached_s: None, with: Vec::new() };
    let event = || {
        let event = Event::new(Action::Push, Moment::now()).names(names.iter().copied());
        event.reason(arguments.reason.as_ref()).sources(vec![fetch.clone()])
    };
    if arguments.refer {
        names.iter().try_for_each(|name| sourcing::refuse_credential(&config, &home, name))?;
        // What could not be fetched again is not written either.
        remotes.iter().try_for_each(|(name, remote)| sourcing::hold_to_store(&config, &home, name, remote))?;
    }
    hold(&mut used, &names, &config, arguments.reason.as_ref(), &event, terminal)?;
    let asking = Asking { config: &config, offline: false, event: &event, terminal };
    let (desk, items) = look(&arguments.source, remotes, &used, asking)
        .inspect_err(|failure| used.record_failure(event().not_given(None, &failure.message), terminal))?;
    show(&items, ["KEY", "TO", "NOW THERE"], terminal)?;
    refuse_others(&items, arguments)?;
    if arguments.dry_run {
        used.record(looked(&names, arguments.reason.as_ref(), vec![fetch]), &config, terminal)?;
        terminal.say("nothing was written");
        return Ok(ExitCode::SUCCESS);
    }
    let what = format!("{} to source `{}`", count(items.len(), "key"), arguments.source);
    need_yes(arguments.yes, terminal, &format!("writing {what}"), || format!("write {what}?"))?;
    let number = used.record(event(), &config, terminal)?;
    let written = write(&desk, &items, &used, terminal)
        .inspect_err(|failure| used.record_failure(event().not_given(number, &failure.message), terminal))?;
    terminal.say(&in_words(written, items.len() - written, &arguments.source));
    if arguments.refer {
        refer(&home, &items, &used, terminal)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where each key goes.
fn targets(arguments: &Push, used: &Used) -> Result<Vec<(KeyName, Remote)>> {
    if arguments.reference.is_some() && arguments.names.len() > 1 {
        return Err(Failure::new(Kind::Usage, "one reference is the place of one key")
            .hint("several go under a path, each by its own name: `--under PATH`"));
    }
    let target = |path: &KeyPath| {
        let name = path.name();
        if let Some(remote) = used.payload.key(name)?.remote() {
            let said = format!("the secret of `{name}` is not here: it lies in source `{}`", remote.source);
            return Err(
                Failure::new(Kind::Usage, said).hint(format!("bring it into the store first: `keyctl pull {name}`"))
            );
        }
        let reference = match (&arguments.reference, &arguments.under) {
            (Some(reference), _) => reference.clone(),
            (None, under) => under_path(under.as_deref().unwrap_or_default(), name)?,
        };
        let remote = Remote { source: arguments.source.clone(), reference };
        refuse_pinned(name, &remote)?;
        Ok((name.clone(), remote))
    };
    arguments.names.iter().map(target).collect()
}

fn under_path(path: &str, name: &KeyName) -> Result<Reference> {
    let place = Place { path: format!("{}/{name}", path.trim_end_matches('/')), version: None };
    let reference = Reference { place, field: Some(FIELD.into()) };
    // As it would be read, so that what is refused there is refused here.
    reference.to_string().parse().map_err(|why| Failure::new(Kind::Usage, format!("`--under`: {why}")))
}

/// That it was looked what a source has for these keys, for the history.
fn looked(names: &[&KeyName], reason: Option<&Reason>, fetches: Vec<Fetch>) -> Event {
    Event::new(Action::Check, Moment::now()).names(names.iter().copied()).reason(reason).sources(fetches)
}

/// Holds the keys to what they may be used for: what is written to a source can be read there, and what is brought from one is here.
fn hold(
    used: &mut Used,
    names: &[&KeyName],
    config: &Config,
    reason: Option<&Reason>,
    event: &impl Fn() -> Event,
    terminal: &Terminal,
) -> Result<()> {
    let names: Vec<KeyName> = names.iter().map(|name| (*name).clone()).collect();
    let why = Why { reason, here: crate::rotation::ReasonFrom::default() };
    why.hold(used, &names, config, event, terminal)?;
    policy::hold(used, &names, config, Moment::now(), event, terminal)?;
    let held = [(used.opened(), names)];
    limiting::hold(&held, Taker::Reader, config, event, terminal)?.ask(&held, config, event, terminal)?;
    Ok(())
}

/// Opens the source, and looks what lies where the keys go.
fn look(
    source: &SourceName,
    remotes: Vec<(KeyName, Remote)>,
    used: &Used,
    asking: Asking,
) -> Result<(Desk, Vec<Item>)> {
    let desk = Desk::open(source, asking)?;
    let item = |(name, remote): (KeyName, Remote)| {
        let seen = desk.look(&remote.reference)?;
        let value = &used.payload.key(&name)?.value;
        let now = match &seen.value {
            None => "nothing",
            Some(there) if there.same_as(value) => "the same",
            Some(_) => "another secret",
        };
        Ok(Item { name, remote, seen, now })
    };
    let items = remotes.into_iter().map(item).collect::<Result<_>>()?;
    Ok((desk, items))
}

fn show(items: &[Item], head: [&str; 3], terminal: &Terminal) -> Result<()> {
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(items.iter().map(|item| {
        let version = item.seen.version.as_ref().map(|version| format!(", version {}", version.0)).unwrap_or_default();
        vec![item.name.to_string(), item.remote.to_string(), format!("{}{version}", item.now)]
    }));
    terminal.table(&rows, &[])
}

/// What lies there already is somebody's.
fn refuse_others(items: &[Item], arguments: &Push) -> Result<()> {
    let others: Vec<String> = items
        .iter()
        .filter(|item| item.now == "another secret")
        .map(|item| format!("`{}`", item.remote.reference))
        .collect();
    if others.is_empty() || arguments.replace {
        return Ok(());
    }
    let said = format!("another secret lies at {}; nothing was written", others.join(", "));
    Err(Failure::new(Kind::Negative, said).hint("to write over it, as a new version where those are kept: `--replace`"))
}

/// Writes each that is not there yet, and reads it back.
fn write(desk: &Desk, items: &[Item], used: &Used, terminal: &Terminal) -> Result<usize> {
    let mut written = 0;
    for item in items {
        let value = &used.payload.key(&item.name)?.value;
        if item.now != "the same" {
            let wrote = desk.write(&item.remote.reference, value, &item.seen).map_err(Unwritten::failure).map_err(
                |failure| {
                    let failure = failure.hint("the store has every secret still");
                    if written == 0 {
                        failure
                    } else {
                        failure.hint(format!("{} before it was written", count(written, "key")))
                    }
                },
            )?;
            wrote.say_of_other(&item.remote, terminal);
            written += 1;
        }
    }
    Ok(written)
}

/// What was written, and what was there already.
fn in_words(written: usize, same: usize, source: &SourceName) -> String {
    let were = if same == 1 { "was" } else { "were" };
    let there = if same == 0 { String::new() } else { format!("; {same} {were} there already") };
    match written {
        0 => format!("source `{source}` has {} already; nothing was written", count(same, "key")),
        1 => format!("wrote 1 key to source `{source}` and read it back{there}"),
        _ => format!("wrote {} to source `{source}` and read them back{there}", count(written, "key")),
    }
}

/// Lets the keys refer to what was written and read back. Their secrets stay as former ones until somebody forgets them.
fn refer(home: &Home, items: &[Item], used: &Used, terminal: &Terminal) -> Result<()> {
    let now = Moment::now();
    change(home, terminal, now, |payload| {
        for item in items {
            let before = &used.payload.key(&item.name)?.value;
            if !payload.keys.get(&item.name).is_some_and(|key| key.value.same_as(before)) {
                return Err(changed_meanwhile(&item.name, "the source has what it was, and nothing refers to it"));
            }
        }
        payload.step(Deed::Set, now, |edit| {
            items.iter().try_for_each(|item| {
                let to = Secret::new(item.remote.text().into_bytes());
                edit.bring(&item.name, to, Some(item.remote.source.clone()))
            })
        })?;
        let event = Event::new(Action::Set, now).names(items.iter().map(|item| &item.name)).note("refers to a source");
        Ok(Outcome::changed((), event))
    })?;
    // What is the same as what lies there may have been another secret when it was fetched last.
    for item in items {
        sourcing::forget_source(&item.remote.source);
    }
    let names: Vec<String> = items.iter().map(|item| item.name.to_string()).collect();
    terminal.say(if items.len() == 1 {
        "it refers to the source now; its secret is kept as a former one"
    } else {
        "they refer to the source now; their secrets are kept as former ones"
    });
    terminal.hint(&format!("to wipe what is kept here: `keyctl forget {}`", names.join(" ")));
    Ok(())
}

/// Where these keys refer to, if that is for keys of this store.
fn remotes<'n>(used: &Used, config: &Config, names: &[&'n KeyName]) -> Result<Vec<(&'n KeyName, Remote)>> {
    let remote = |name: &&'n KeyName| {
        let remote = used.payload.key(name)?.remote();
        let remote = remote
            .ok_or_else(|| Failure::new(Kind::Usage, format!("the secret of `{name}` is in the store already")))?;
        sourcing::hold_to_store(config, &used.home, name, &remote)?;
        Ok((*name, remote))
    };
    names.iter().map(remote).collect()
}

/// What lies there.
fn lying(
    remotes: Vec<(&KeyName, Remote)>,
    config: &Config,
    event: &impl Fn() -> Event,
    terminal: &Terminal,
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    // One login for each source.
    let mut desks: BTreeMap<SourceName, Desk> = BTreeMap::new();
    for (name, remote) in remotes {
        let asking = Asking { config, offline: false, event, terminal };
        let desk = match desks.entry(remote.source.clone()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(Desk::open(&remote.source, asking)?),
        };
        let seen = desk.look(&remote.reference)?;
        if seen.value.is_none() {
            let said = format!("source `{}` has nothing at `{}`", remote.source, remote.reference);
            return Err(Failure::new(Kind::Remote, said));
        }
        items.push(Item { name: name.clone(), remote, seen, now: "a secret" });
    }
    Ok(items)
}

/// Brings keys that refer to a source into the store.
///
/// # Errors
/// As store and source have them; `Usage` without a yes.
pub fn pull(arguments: &Pull, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = stores::of_all(&arguments.names)?;
    let config = config::read(&home)?;
    let names: Vec<&KeyName> = arguments.names.iter().map(KeyPath::name).collect();
    let mut used = using::keys(&home, &names, terminal)?;
    let remotes = remotes(&used, &config, &names)?;
    let mut fetches: Vec<Fetch> = Vec::new();
    for (_, remote) in &remotes {
        let name = remote.source.to_string();
        if fetches.iter().all(|fetch| fetch.name != name) {
            fetches.push(Fetch { name, cached_s: None, with: Vec::new() });
        }
    }
    let event = || looked(&names, arguments.reason.as_ref(), fetches.clone());
    hold(&mut used, &names, &config, arguments.reason.as_ref(), &event, terminal)?;
    let number = used.record(event(), &config, terminal)?;
    let items = lying(remotes, &config, &event, terminal)
        .inspect_err(|failure| used.record_failure(event().not_given(number, &failure.message), terminal))?;
    show(&items, ["KEY", "FROM", "NOW THERE"], terminal)?;
    if arguments.dry_run {
        terminal.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    let what = count(items.len(), "key");
    need_yes(arguments.yes, terminal, "bringing secrets into the store", || {
        format!("keep the secret of {what} in the store?")
    })?;
    let now = Moment::now();
    change(&home, terminal, now, |payload| {
        for item in &items {
            if payload.keys.get(&item.name).and_then(crate::store::payload::Key::remote).as_ref() != Some(&item.remote)
            {
                return Err(changed_meanwhile(&item.name, "nothing was brought"));
            }
        }
        payload.step(Deed::Set, now, |edit| {
            for Item { name, seen, .. } in &items {
                let value = seen.value.as_ref().map_or_else(|| Secret::new(Vec::new()), Secret::copy);
                edit.bring(name, value, None)?;
                if let Some(end) = seen.expires {
                    edit.change(name, |facts| facts.expires = Some(facts.expires.map_or(end, |own| own.min(end))))?;
                }
            }
            Ok(())
        })?;
        let event =
            Event::new(Action::Set, now).names(items.iter().map(|item| &item.name)).note("brought from a source");
        Ok(Outcome::changed((), event.reason(arguments.reason.as_ref()).sources(fetches.clone())))
    })?;
    terminal.say(&format!("{what} of the source {} in the store now", if items.len() == 1 { "is" } else { "are" }));
    terminal.hint("the source has what it had; `keyctl rollback NAME` refers to it again");
    Ok(ExitCode::SUCCESS)
}
