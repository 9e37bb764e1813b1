//! `keyctl scan --adopt`: takes keys that lie in the clear into the store, and out of `.env` files and shell histories.
//!
//! A file is written anew only when the store, opened anew from the disk, has given every one of its secrets back, and only
//! if it is still what was looked through; so whatever is cut short, a secret is in the file, in the store, or in both. The
//! temporary file has none of them. Between the last look at a file and the rename another program could still write to it:
//! no system call does both at once.
//!
//! Every other file is told and left: taking a line out of code or settings can break them, and what they need in its place
//! only their reader knows. A key is marked as leaked for a history, which shells hand on, for a file that git keeps, and for
//! what is left where it was found; not for a `.env` file of one's own that it is taken out of, as with `import --delete`.

mod names;
mod opened;
mod plan;
mod spots;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    cli,
    commands::{
        change::{self, change_or_create},
        import, opening,
    },
    date::Moment,
    failure::{Failure, Kind, Result, reason},
    home::Home,
    name::StoreName,
    scan::{
        finding::{Finding, Place, What},
        needles::{Form, Which},
        taking_out::{self, Sort},
        untold,
    },
    secret::Secret,
    store::payload::Payload,
    terminal::{Terminal, count},
};

use super::{Search, sources::Looked};
use names::Names;
use opened::Opened;
use plan::{Left, Plan};
use telling::Told;

/// What a yes is needed for.
pub const DOING: &str = "taking keys out of files";
const OTHER_FILES: &str = "keyctl rewrites only `.env` files and shell histories";
const ARCHIVE: &str = "it lies in an archive, and none is ever rewritten: make that anew without it";
const TELLING_NAME: &str = "its own path holds a secret: rename that first";

/// Takes what was found into the store and out of the files, after a yes for each file.
///
/// # Errors
/// As store and files have them; what was done before that is told.
pub fn adopt(
    arguments: &cli::Scan,
    home: &Home,
    search: &Search,
    looked: Looked,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let Looked { findings, seen, notes, .. } = looked;
    let (_, findings) = search.split(findings);
    search.record(&findings, seen.more, terminal)?;
    let (plans, left) = plans(arguments, home, search, findings, terminal)?;
    let mut told = Told { left, ..Told::default() };
    if !arguments.json {
        telling::table(search, &plans, &told.left, terminal)?;
    }
    let seen = untold::seen(&search.engine, seen);
    telling::say_what_was_not_seen(search, &seen, &notes, terminal);
    let agreed = agreed(arguments, plans, &mut told, terminal)?;
    let (failed, undone) = carry_out_all(agreed, home, search, &mut told, terminal);
    if !arguments.no_mark {
        mark_leaked(search, &mut told, terminal);
    }
    told.left.extend(undone);
    told.give(arguments.json, search, &seen, terminal)?;
    match failed {
        Some(failure) => Err(failure),
        None => Ok(told.exit_code(search, &seen)),
    }
}

/// What goes out of which file, and what stays.
fn plans(
    arguments: &cli::Scan,
    home: &Home,
    search: &Search,
    findings: Vec<Finding>,
    terminal: &Terminal,
) -> Result<(Vec<Plan>, Vec<Left>)> {
    let mut files: BTreeMap<PathBuf, Vec<Finding>> = BTreeMap::new();
    let (mut plans, mut left) = (Vec::new(), Vec::new());
    for finding in findings {
        match &finding.place {
            Place::File(path) => files.entry(path.clone()).or_default().push(finding),
            Place::Within { .. } => left.push((finding, ARCHIVE.to_owned())),
            _ => {}
        }
    }
    let asked = (!arguments.yes).then_some(terminal);
    let payload = search.payload(home.store().map(Arc::as_ref));
    let mut names = Names::new(home.store(), payload, &arguments.prefix, asked);
    let history_file = std::env::var_os("HISTFILE").map(PathBuf::from);
    for (path, findings) in files {
        let planned = match openable(&path, history_file.as_deref(), search) {
            Ok((sort, opened)) => Plan::of(path, sort, opened, search, &mut names)?,
            Err(why) => Err(why),
        };
        match planned {
            Ok(plan) if plan.taken.is_empty() => left.extend(plan.left),
            Ok(plan) => plans.push(plan),
            Err(why) => left.extend(findings.into_iter().map(|finding| (finding, why.clone()))),
        }
    }
    Ok((plans, left))
}

/// What a file is and the file itself, or what keeps it from being written anew.
fn openable(path: &Path, history_file: Option<&Path>, search: &Search) -> std::result::Result<(Sort, Opened), String> {
    let whole = std::path::absolute(path).map_err(|error| reason(&error))?;
    let sort = taking_out::sort_of(&whole, history_file).ok_or(OTHER_FILES)?;
    if untold::path(&search.engine, &whole) != whole {
        return Err(TELLING_NAME.into());
    }
    Ok((sort, Opened::open(path)?))
}

/// Those that the user says yes to. All is asked before anything is done.
fn agreed(arguments: &cli::Scan, plans: Vec<Plan>, told: &mut Told, terminal: &Terminal) -> Result<Vec<Plan>> {
    let mut agreed = Vec::new();
    for mut plan in plans {
        if plan.is_tracked {
            let path = plan.path.display();
            terminal.warn(&format!("git keeps `{path}`: what was committed of it stays in git's history"));
        }
        if arguments.yes || terminal.confirm(&question(&plan))? {
            told.left.append(&mut plan.left);
            agreed.push(plan);
        } else {
            told.left.extend(plan.staying("you did not say yes"));
            told.left.append(&mut plan.left);
        }
    }
    Ok(agreed)
}

fn question(plan: &Plan) -> String {
    let names = plan.names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (path, places) = (plan.path.display(), plan.places());
    let them = if places == 1 { "it" } else { "them" };
    match plan.sort {
        Sort::Variables => {
            format!("take {} out of `{path}` ({names}), once the store has {them}?", count(places, "value"))
        }
        Sort::History => format!(
            "put `{}` in the place of {} in `{path}` ({names}), once the store has {them}? A shell that still runs may \
             write its history back at its end",
            taking_out::MARK,
            count(places, "secret")
        ),
    }
}

/// Carries out one after the other, up to one that fails. Gives the failure, and what was not done because of it.
fn carry_out_all(
    plans: Vec<Plan>,
    home: &Home,
    search: &Search,
    told: &mut Told,
    terminal: &Terminal,
) -> (Option<Failure>, Vec<Left>) {
    let (mut failed, mut undone) = (None, Vec::new());
    for plan in plans {
        if failed.is_some() {
            undone.extend(plan.staying("it was not tried, since another file failed before"));
            continue;
        }
        match carry_out(&plan, home, search, told, terminal) {
            Ok(true) => told.done.push(plan),
            Ok(false) => told.left.extend(plan.staying("it was changed meanwhile; do the same once more")),
            Err(failure) => {
                // A folder that is not on the disk yet can have the new file.
                if plan.opened.is_unchanged(&plan.path).unwrap_or(false) {
                    undone.extend(plan.staying("that failed, as is told at the end"));
                }
                failed = Some(failure);
            }
        }
    }
    (failed, undone)
}

/// Keeps what is new, reads all back, and then writes the file anew. Says whether it was still the same file.
fn carry_out(plan: &Plan, home: &Home, search: &Search, told: &mut Told, terminal: &Terminal) -> Result<bool> {
    // Else keys would be kept that stay where they lie.
    let is_unchanged = plan.opened.is_unchanged(&plan.path);
    if !is_unchanged.map_err(|error| Failure::disk("read", &plan.path, &error))? {
        return Ok(false);
    }
    keep(plan, home, terminal)?;
    let taken_out = take_out(plan, search, terminal);
    if !matches!(taken_out, Ok((_, true))) {
        told.kept.extend(plan.new_keys().into_iter().map(|(name, _)| (name.into(), plan.path.clone())));
    }
    let (payloads, is_replaced) = taken_out?;
    told.payloads.extend(payloads);
    Ok(is_replaced)
}

fn keep(plan: &Plan, home: &Home, terminal: &Terminal) -> Result<()> {
    let (now, new) = (Moment::now(), plan.new_keys());
    if new.is_empty() {
        return Ok(());
    }
    let path = std::path::absolute(&plan.path).unwrap_or_else(|_| plan.path.clone());
    let note = format!("adopted from `{}`", path.display());
    change_or_create(home, terminal, now, |payload| {
        let store = home.store().map(Arc::as_ref);
        refuse_lost(plan, payload, |taken| !taken.is_new && taken.name.store() == store)?;
        import::keep_all(payload, &new, false, Some(&note), now, terminal)
    })
    .map(drop)
}

/// The stores as they lie on the disk.
type Payloads = BTreeMap<Option<StoreName>, Payload>;

fn take_out(plan: &Plan, search: &Search, terminal: &Terminal) -> Result<(Payloads, bool)> {
    let (names, places) = (plan.names(), count(plan.places(), "place"));
    // As every use it is written down before it is done, so that nothing is done unrecorded.
    search.record_taken_out(&names, &format!("taken out of {places}"), terminal)?;
    let replaced = replace(plan);
    if !matches!(replaced, Ok((_, true))) {
        search.record_taken_out(&names, &format!("not taken out of {places} after all"), terminal)?;
    }
    replaced
}

/// Only this takes a secret away, and only one that its store has just given back.
fn replace(plan: &Plan) -> Result<(Payloads, bool)> {
    let stores: BTreeSet<Option<&StoreName>> = plan.taken.iter().map(|taken| taken.name.store()).collect();
    let (mut locks, mut payloads) = (Vec::new(), Payloads::new());
    for store in stores {
        let home = Home::of(store)?;
        // Nobody forgets a key meanwhile, or sweeps the temporary file away.
        let lock = change::lock(&home)?;
        let payload = opening::anew(&home)?;
        refuse_lost(plan, &payload, |taken| taken.name.store() == store)?;
        home.sweep_beside(&plan.path, &lock);
        locks.push(lock);
        payloads.insert(store.cloned(), payload);
    }
    let is_replaced = plan.opened.replace(&plan.path, &plan.after)?;
    Ok((payloads, is_replaced))
}

/// Refuses a plan of whose secrets the store has not each in use under its name.
fn refuse_lost(plan: &Plan, payload: &Payload, is_meant: impl Fn(&plan::Taken) -> bool) -> Result<()> {
    let has =
        |taken: &plan::Taken| payload.keys.get(taken.name.name()).is_some_and(|key| key.value.same_as(&taken.secret));
    let Some(lost) = plan.taken.iter().find(|taken| is_meant(taken) && !has(taken)) else { return Ok(()) };
    let (name, path) = (&lost.name, plan.path.display());
    let message = format!("`{name}` does not come back from the store as it was; `{path}` is left alone");
    Err(Failure::new(Kind::Store, message))
}

/// Marks what others may have: what lay in a history or in a file that git keeps, and what still lies somewhere.
fn mark_leaked(search: &Search, told: &mut Told, terminal: &Terminal) {
    let mut findings: Vec<Finding> = told.left.iter().map(|(finding, _)| finding.clone()).collect();
    for plan in told.done.iter().filter(|plan| plan.sort == Sort::History || plan.is_tracked) {
        for taken in &plan.taken {
            let name = taken.name.to_string().as_str().into();
            let what = What::Key { name, which: Which::Current, form: Form::Raw, partial: None };
            let key = told.payloads.get(&taken.name.store().cloned()).and_then(|all| all.keys.get(taken.name.name()));
            let is_current = key.is_some_and(|key| key.value.same_as(&taken.secret));
            let first = taken.findings.first().filter(|_| is_current);
            findings.extend(first.map(|first| Finding { what, ..first.clone() }));
        }
    }
    told.marked = search.mark_leaked_in(&told.payloads, &findings, terminal);
}

/// The files that lie beside those that were written anew and hold the same still.
fn backups(done: &[Plan]) -> Vec<PathBuf> {
    let of_plan = |plan: &Plan| {
        let secrets: Vec<&Secret> = plan.taken.iter().map(|taken| &taken.secret).collect();
        opened::backups(&plan.path, &secrets)
    };
    done.iter().flat_map(of_plan).collect()
}
