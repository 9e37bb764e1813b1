//! `keyctl allow` and `keyctl deny`: what a project may have, said by the user and by nobody else.

use std::{collections::BTreeSet, path::Path, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    cli,
    date::Moment,
    failure::{Failure, Kind, Result},
    hex,
    history::{Action, Event},
    home::Home,
    name::{KeyName, VariableName},
    profile::{self, Grant, Source},
    project::{
        place::{self, Place},
        trust::{self, Approvals, Changes},
    },
    terminal::{Terminal, count},
};

use super::{
    change::{self, Outcome},
    opening,
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
            let listed = project.approvals.unapproved(&project.file.place, &grants).is_empty();
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
        None if is_approved(&home, &project, &grants) => true,
        None => ask(&home, &project, &grants, terminal).map(|()| false)?,
    };
    if !known {
        approve(&home, &mut project, &grants, terminal)?;
    }
    if arguments.json {
        terminal.json(&as_json(&project, &hash, true))?;
        return Ok(ExitCode::SUCCESS);
    }
    if known {
        terminal.say(&format!("this project is allowed what it asks for: {}", count(grants.len(), "grant")));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.say(&format!("allowed: {} in `{}`", count(grants.len(), "grant"), project.file.folder.display()));
    if arguments.hash.is_none() {
        terminal.hint(&format!("for scripts and CI: `keyctl allow --hash {hash}`"));
    }
    say_missing(&home, &grants, terminal);
    Ok(ExitCode::SUCCESS)
}

/// What a project asks for, each grant with the profile it is of, and the hash that allows just this.
fn as_json(project: &Project, hash: &str, allowed: bool) -> Value {
    let grants: Vec<Value> = project
        .file
        .grants
        .iter()
        .map(|Grant { profile, variable, source }| match source {
            Source::Key { name, optional } => {
                json!({ "profile": profile.as_str(), "variable": variable.as_str(), "key": name.as_str(), "optional": optional })
            }
            Source::Value(text) => json!({ "profile": profile.as_str(), "variable": variable.as_str(), "value": text }),
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
        let unapproved = project.approvals.unapproved(&project.file.place, grants);
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
        return Err(failure.hint("to look at it and allow it, on a terminal: `keyctl allow`"));
    }
    if is_moved(project, grants) {
        terminal.say(MOVED);
    }
    let all = project.file.grants.clone();
    ask(home, project, &all, terminal)?;
    approve(home, project, &all, terminal)
}

/// What is said where the folder was allowed before git made it a part of a repository.
const MOVED: &str = "it was allowed before it was in a git repository; that is another place";

/// Whether all this was approved for the folder alone, and is asked for in a repository now.
fn is_moved(project: &Project, grants: &[Grant]) -> bool {
    let folder = Place::folder(&project.file.folder);
    folder != project.file.place && project.approvals.unapproved(&folder, grants).is_empty()
}

/// Shows each grant on a line of its own, with what has changed since the last yes, and asks.
fn ask(home: &Home, project: &Project, grants: &[Grant], terminal: &Terminal) -> Result<()> {
    if !terminal.can_ask() {
        return Err(Failure::new(Kind::Project, "allowing a project needs a yes on a terminal; nothing was allowed")
            .hint("scripts say exactly what they allow: `keyctl allow --hash HASH`, with what `--show-hash` prints"));
    }
    let before = approved_before(home, project);
    let Changes { added, removed, changed } = trust::changes(&before, grants);
    let is_new = |grant: &Grant| added.contains(grant) || changed.iter().any(|(_, now)| now == grant);
    let mark = |grant: &Grant| if !before.is_empty() && is_new(grant) { '+' } else { ' ' };
    let asked = grants.iter().map(|grant| format!("{} {}", mark(grant), describe(grant)));
    let gone =
        removed.iter().chain(changed.iter().map(|(before, _)| before)).map(|grant| format!("- {}", describe(grant)));
    let lines: Vec<String> = asked.chain(gone).collect();
    terminal
        .say_lines(&format!("`{}` asks for {}:", project.file.path.display(), count(grants.len(), "thing")), &lines);
    if terminal.confirm("allow exactly this, in this place?")? {
        return Ok(());
    }
    Err(Failure::new(Kind::Project, "nothing was allowed"))
}

/// Whether all of it is approved, and by the user: an approval that the identity does not open is asked for again.
fn is_approved(home: &Home, project: &Project, grants: &[Grant]) -> bool {
    let listed = project.approvals.unapproved(&project.file.place, grants).is_empty();
    listed && opening::identity(home).map_or(true, |kept| project.confirm(grants, &kept).is_ok())
}

/// What was approved here before, as far as the identity can be had just now.
fn approved_before(home: &Home, project: &Project) -> Vec<Grant> {
    let Ok(kept) = opening::identity(home) else { return Vec::new() };
    let key = project.approvals.key(kept.identity.line().expose());
    project.approvals.of_place(&project.file.place, &key)
}

/// Records the approval and writes it down, sealed with the store's identity; the store is made if there is none.
fn approve(home: &Home, project: &mut Project, grants: &[Grant], terminal: &Terminal) -> Result<()> {
    let now = Moment::now();
    let names = key_names(grants);
    change::change_or_create(home, terminal, now, None, |_| {
        Ok(Outcome::changed((), Event::new(Action::Allow, now).names(&names).folder(&project.file.folder)))
    })?;
    add(home, &project.file.place, grants, &[], now, terminal)?;
    project.approvals = Approvals::read(home)?;
    Ok(())
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

fn key_names(grants: &[Grant]) -> Vec<KeyName> {
    let mut names: Vec<KeyName> = grants
        .iter()
        .filter_map(|grant| match &grant.source {
            Source::Key { name, .. } => Some(name.clone()),
            Source::Value(_) => None,
        })
        .collect();
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
    change::change_or_create(home, terminal, now, None, |_| {
        Ok(Outcome::changed((), Event::new(Action::Allow, now).folder(&folder).note(format!("may set {listed}"))))
    })?;
    add(home, &project::place(arguments.folder.as_deref())?, &[], &arguments.variable, now, terminal)
}

fn found(home: &Home, folder: Option<&Path>, terminal: &Terminal) -> Result<Project> {
    project::find(home, folder, Some(terminal))?.ok_or_else(project::none_here)
}

fn say_missing(home: &Home, grants: &[Grant], terminal: &Terminal) {
    let Ok(kept) = opening::identity(home) else { return };
    let names = key_names(grants);
    let payload = opening::store(home, &kept, terminal).and_then(|text| text.pick(&names.iter().collect::<Vec<_>>()));
    let Ok(payload) = payload else { return };
    for name in payload.lacking(&names) {
        terminal.hint(&format!("`{name}` is not kept yet: `keyctl set {name}`"));
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
    let kept = opening::identity(&home).ok();
    let identity = kept.as_ref().map(|kept| kept.identity.line().expose());
    let mut removed = trust::remove_place(&home, &place, &asked, identity)?;
    // Before it became a git repository, or once it is none any more, the same folder is another place.
    let start = arguments.folder.as_ref().map_or_else(std::env::current_dir, |folder| folder.canonicalize())?;
    let folder = Place::folder(&start);
    if folder != place {
        removed += trust::remove_place(&home, &folder, &asked, identity)?;
    }
    if let Some(identity) = identity {
        for words in other_places(&home, identity, &start)? {
            removed += trust::remove_gone(&home, &words, identity)?;
        }
    }
    if removed == 0 {
        terminal.say("nothing was allowed here");
        return Ok(ExitCode::SUCCESS);
    }
    let (now, folder) = (Moment::now(), start);
    // What was taken back stays taken back, also where it cannot be recorded just now.
    if let Err(failure) = change::change(&home, terminal, now, |_| {
        Ok(Outcome::changed((), Event::new(Action::Deny, now).names(&key_names(&asked)).folder(&folder)))
    }) {
        terminal.warn(&format!("not recorded in the history: {}", failure.message));
    }
    terminal.say(&format!("took back {}", count(removed, "grant")));
    Ok(ExitCode::SUCCESS)
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
