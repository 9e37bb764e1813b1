//! `keyctl allow` and `keyctl deny`: what a project may have, said by the user and by nobody else.

use std::{collections::BTreeSet, path::Path, process::ExitCode, sync::Arc};

use serde_json::{Value, json};

use crate::{
    cli,
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    history::{Action, Event},
    home::Home,
    name::{KeyName, VariableName},
    profile::{self, Grant},
    project::{
        place::{self, Place},
        trust::{self, Approvals, Changes, needs_exception},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{self, Outcome},
    opening::{self, Kept},
    project::{self, Project, describe},
};

/// Shows what the project asks for, and approves it with a yes or with its exact hash.
///
/// # Errors
/// `Project` without a yes.
pub fn allow(arguments: &cli::Allow, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    if !arguments.variable.is_empty() {
        allow_variables(&home, arguments, terminal)?;
    }
    let mut project = found(&home, arguments.folder.as_deref(), terminal)?;
    let grants = project.file.grants.clone();
    let hash = hex::encode(&profile::digest(&grants));
    if arguments.show_hash {
        if arguments.json {
            let listed = project.unapproved(&grants).is_empty();
            terminal.json(&as_json(&project, &hash, listed))?;
        } else {
            terminal.report(&hash)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let known = match &arguments.hash {
        Some(given) if *given == hash => false,
        Some(_) => {
            return Err(Failure::new(
                Kind::Project,
                "the hash is not the one of what this project asks for now; nothing was allowed",
            )
            .hint("look at what changed, on a terminal: `keyctl allow`")
            .into());
        }
        None if is_approved(&project, &grants)? => true,
        None => ask(&project, &grants, terminal).map(|()| false)?,
    };
    let approved = if known { grants.len() } else { approve(&home, &mut project, &grants, terminal)? };
    if arguments.json {
        terminal.json(&as_json(&project, &hash, approved == grants.len()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if known {
        terminal.say(&format!("this project is allowed what it asks for: {}", count(grants.len(), "grant")));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.say(&format!("allowed: {} in `{}`", count(approved, "grant"), project.file.folder.display()));
    if arguments.hash.is_none() {
        terminal.hint(&format!("for scripts and CI: `keyctl allow --hash {hash}`"));
    }
    say_missing(&grants, terminal);
    Ok(ExitCode::SUCCESS)
}

/// What a project asks for, each grant with the profile it is of, and the hash that allows just this.
fn as_json(project: &Project, hash: &str, allowed: bool) -> Value {
    let grants: Vec<Value> = project
        .file
        .grants
        .iter()
        .map(|Grant { profile, variable, source }| {
            let mut grant = project::as_json(source);
            grant["profile"] = profile.as_str().into();
            grant["variable"] = variable.as_str().into();
            grant
        })
        .collect();
    json!({ "file": project.file.path.to_string_lossy(), "hash": hash, "allowed": allowed, "grants": grants })
}

/// What `run` does with grants that nobody approved: asks where a person is at the terminal, else refuses.
///
/// # Errors
/// `Project` without a yes.
pub fn ask_or_refuse(home: &Home, project: &mut Project, grants: &[Grant], terminal: &Terminal) -> Result<()> {
    if !terminal.can_ask() {
        let unapproved = project.unapproved(grants);
        let failure = Failure::new(
            Kind::Project,
            format!(
                "`{}` is not allowed; it asks for {} that nobody has allowed here",
                project.file.path.display(),
                count(unapproved.len(), "thing")
            ),
        );
        let failure = unapproved.iter().take(20).fold(failure, |failure, grant| failure.hint(describe(grant)));
        let failure = if is_moved(project, grants) { failure.hint(MOVED) } else { failure };
        return Err(failure
            .hint("to look at it and allow it, on a terminal: `keyctl allow`; in CI: `keyctl allow --hash HASH`"));
    }
    if is_moved(project, grants) {
        terminal.say(MOVED);
    }
    let all = project.file.grants.clone();
    ask(project, &all, terminal)?;
    approve(home, project, &all, terminal).map(drop)
}

/// What is said where the folder was allowed before git made it a part of a repository.
const MOVED: &str = "it was allowed before it was in a git repository; that is another place";

/// Whether all this was approved for the folder alone, and is asked for in a repository now.
fn is_moved(project: &Project, grants: &[Grant]) -> bool {
    let folder = Place::folder(&project.file.folder);
    folder != project.file.place && project.unapproved_in(&folder, grants).is_empty()
}

/// Shows each grant on a line of its own, with what has changed since the last yes, and asks.
fn ask(project: &Project, grants: &[Grant], terminal: &Terminal) -> Result<()> {
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Project, "allowing a project needs a yes on a terminal; nothing was allowed")
            .hint("scripts say exactly what they allow: `keyctl allow --hash HASH`, with what `--show-hash` prints"));
    }
    let before = project.approved_before(&opened(grants));
    let Changes { added, removed, changed } = trust::changes(&before, grants);
    let is_new = |grant: &Grant| added.contains(grant) || changed.iter().any(|(_, now)| now == grant);
    let mark = |grant: &Grant| if !before.is_empty() && is_new(grant) { '+' } else { ' ' };
    let asked = grants.iter().map(|grant| format!("{} {}", mark(grant), describe(grant)));
    let gone = || removed.iter().chain(changed.iter().map(|(before, _)| before));
    let lines: Vec<String> = asked.chain(gone().map(|grant| format!("- {}", describe(grant)))).collect();
    terminal
        .say_lines(&format!("`{}` asks for {}:", project.file.path.display(), count(grants.len(), "thing")), &lines);
    if gone().next().is_some() {
        terminal.say("what has a `-` is not asked for any more; it stays allowed here until `keyctl deny`");
    }
    if terminal.confirm("allow exactly this, in this place?")? {
        return Ok(());
    }
    Err(Failure::new(Kind::Project, "nothing was allowed"))
}

/// Whether all of it is approved, and by the user: an approval that the identity does not open is asked for again.
fn is_approved(project: &Project, grants: &[Grant]) -> Result<bool> {
    if !project.unapproved(grants).is_empty() {
        return Ok(false);
    }
    let is_own =
        |home: &Home| opening::identity(home).map_or(true, |kept| project.confirm(grants, home, &kept).is_ok());
    Ok(homes(grants)?.iter().all(is_own))
}

/// The homes of the stores whose lists these grants stand in, as far as they are there: a profile may be for those alone who
/// have its store. The personal one has what is of no other.
fn homes(grants: &[Grant]) -> Result<Vec<Home>> {
    let is_there = |home: &Result<Home>| !home.as_ref().is_err_and(|failure| failure.kind == Kind::Missing);
    let others = project::stores_of(grants).into_iter().map(|store| Home::of(Some(store))).filter(is_there);
    let is_personal = |grant: &Grant| grant.source.is_of(None) || needs_exception(grant);
    let personal = (grants.is_empty() || grants.iter().any(is_personal)).then(Home::find);
    personal.into_iter().chain(others).collect()
}

/// Those of these stores that can be opened just now.
fn opened(grants: &[Grant]) -> Vec<(Home, Kept)> {
    let homes = homes(grants).unwrap_or_default();
    homes.into_iter().filter_map(|home| opening::identity(&home).ok().map(|kept| (home, kept))).collect()
}

/// Records the approval and writes it down, in each store what is of its keys, sealed with its identity; the personal store
/// is made if there is none. Says how many of them that were: of a store that is not there nothing can be approved.
fn approve(home: &Home, project: &mut Project, grants: &[Grant], terminal: &Terminal) -> Result<usize> {
    let now = Moment::now();
    let mut approved = grants.len();
    for store in project::stores_of(grants) {
        let Err(failure) = Home::of(Some(store)) else { continue };
        let of_store = grants.iter().filter(|grant| grant.source.is_of(Some(store))).count();
        approved = approved.saturating_sub(of_store);
        if failure.kind != Kind::Missing || approved == 0 {
            return Err(failure);
        }
        terminal.warn(&format!("not allowed: {}; {}", count(of_store, "grant"), failure.message));
    }
    for home in homes(grants)? {
        let names = key_names(grants, &home);
        let event = Event::new(Action::Allow, now).names(&names).folder(&project.file.folder);
        change::change_or_create(&home, terminal, now, |_| Ok(Outcome::changed((), event)))?;
        add(&home, &project.file.place, grants, &[], now, terminal)?;
    }
    project.approvals = Approvals::read(home)?;
    Ok(approved)
}

fn add(
    home: &Home,
    place: &Place,
    grants: &[Grant],
    exceptions: &[VariableName],
    now: Moment,
    terminal: &Terminal,
) -> Result<()> {
    let kept = opening::identity(home)?;
    if let Some(note) = trust::add(home, place, grants, exceptions, kept.identity.line().expose(), now)? {
        terminal.warn(&note);
    }
    Ok(())
}

/// The names of those of the keys that are of this home's store.
fn key_names(grants: &[Grant], home: &Home) -> Vec<KeyName> {
    let of_store = grants.iter().flat_map(|grant| grant.source.keys());
    let of_store = of_store.filter(|name| name.store() == home.store().map(Arc::as_ref));
    let mut names: Vec<KeyName> = of_store.map(|name| name.name().clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn allow_variables(home: &Home, arguments: &cli::Allow, terminal: &Terminal) -> Result<()> {
    let listed =
        arguments.variable.iter().map(|name: &VariableName| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Project, format!("letting a project set {listed} needs a yes on a terminal")));
    }
    if !terminal
        .confirm(&format!("such variables can redirect a program or what it trusts; let this project set {listed}?"))?
    {
        return Err(Failure::new(Kind::Project, "nothing was allowed"));
    }
    let now = Moment::now();
    let folder = arguments.folder.as_ref().map_or_else(std::env::current_dir, |folder| folder.canonicalize());
    let folder = folder.unwrap_or_default();
    change::change_or_create(home, terminal, now, |_| {
        Ok(Outcome::changed((), Event::new(Action::Allow, now).folder(&folder).note(format!("may set {listed}"))))
    })?;
    add(home, &project::place(arguments.folder.as_deref())?, &[], &arguments.variable, now, terminal)
}

fn found(home: &Home, folder: Option<&Path>, terminal: &Terminal) -> Result<Project> {
    project::find(home, folder, Some(terminal))?.ok_or_else(project::none_here)
}

fn say_missing(grants: &[Grant], terminal: &Terminal) {
    for (home, kept) in opened(grants) {
        let names = key_names(grants, &home);
        let text = opening::store(&home, &kept, terminal);
        let payload = text.and_then(|text| text.pick(&names.iter().collect::<Vec<_>>()));
        for name in payload.iter().flat_map(|payload| payload.lacking(&names)) {
            terminal.hint(&format!("`{name}` is not kept yet: `keyctl set {name}`"));
        }
    }
}

/// Takes back everything that was approved in this place.
///
/// # Errors
/// As the store has them.
pub fn deny(arguments: &cli::Deny, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let place = project::place(arguments.folder.as_deref())?;
    // A locked keychain must not keep anyone from saying no: what the project asks for today is found without it.
    let asked = project::find(&home, arguments.folder.as_deref(), None)
        .ok()
        .flatten()
        .map(|project| project.file.grants)
        .unwrap_or_default();
    let now = Moment::now();
    let start = arguments.folder.as_ref().map_or_else(std::env::current_dir, |folder| folder.canonicalize())?;
    let mut taken_back = 0;
    // Every store that has a list of its own may have something allowed here.
    let others = Home::all()?.into_iter().filter_map(|store| Home::of(Some(&store)).ok());
    for home in [home].into_iter().chain(others.filter(|home| home.file(trust::NAME).exists())) {
        let removed = take_back(&home, &place, &start, &asked)?;
        taken_back += removed;
        if removed == 0 {
            continue;
        }
        let event = Event::new(Action::Deny, now).names(&key_names(&asked, &home)).folder(&start);
        // What was taken back stays taken back, also where it cannot be recorded just now.
        if let Err(failure) = change::change(&home, terminal, now, |_| Ok(Outcome::changed((), event))) {
            terminal.warn(&format!("not recorded in the history: {}", failure.message));
        }
    }
    if taken_back == 0 {
        terminal.say("nothing was allowed here");
    } else {
        terminal.say(&format!("took back {}", count(taken_back, "grant")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back what one store's list has of this place, and says how much that was.
fn take_back(home: &Home, place: &Place, start: &Path, asked: &[Grant]) -> Result<usize> {
    let kept = opening::identity(home).ok();
    let identity = kept.as_ref().map(|kept| kept.identity.line().expose());
    let mut removed = trust::remove_place(home, place, asked, identity)?;
    // Before it became a git repository, or once it is none any more, the same folder is another place.
    let folder = Place::folder(start);
    if folder != *place {
        removed += trust::remove_place(home, &folder, asked, identity)?;
    }
    if let Some(identity) = identity {
        for words in other_places(home, identity, start)? {
            removed += trust::remove_gone(home, &words, identity)?;
        }
    }
    Ok(removed)
}

/// The places, in words, that stand for this folder and have something approved.
fn other_places(home: &Home, identity: &[u8], folder: &Path) -> Result<BTreeSet<String>> {
    let approvals = Approvals::read(home)?;
    let all = approvals.all(&approvals.key(identity)).into_iter().map(|approved| approved.place);
    let is_here =
        |words: &String| place::folder_of(words).as_deref() == Some(folder) || place::gone_folder(words) == folder;
    Ok(all.filter(is_here).collect())
}

/// Takes back what was allowed in a place that is not there any more, with the keys that it may have had.
///
/// # Errors
/// As the store has them.
pub(super) fn deny_gone(
    home: &Home,
    place: &str,
    folder: &Path,
    names: &[KeyName],
    terminal: &Terminal,
) -> Result<usize> {
    let kept = opening::identity(home)?;
    let removed = trust::remove_gone(home, place, kept.identity.line().expose())?;
    let now = Moment::now();
    if removed > 0
        && let Err(failure) = change::change(home, terminal, now, |_| {
            Ok(Outcome::changed((), Event::new(Action::Deny, now).names(names).folder(folder)))
        })
    {
        terminal.warn(&format!("not recorded in the history: {}", failure.message));
    }
    Ok(removed)
}
