//! What an audit judges: the opened store, its history, what was allowed, and how all of it is kept.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use crate::{
    audit::{self, Approval, Facts, Installation, Key, Leak, Open, Project, Standing, UNUSED_FOR, Uses},
    commands::{
        alerts::watch,
        judging::{self, Clock},
        opening::{self, Kept},
        other_keyctl, project, record,
        set::looks_like_a_placeholder,
    },
    date::{Moment, zone},
    failure::Result,
    history::{Log, Verdict, started},
    home::Home,
    identity::{
        keeper::KeeperKind,
        keychain::{OsKeychain, Presence},
    },
    launch::program::Program,
    platform,
    profile::Grant,
    project::{
        place,
        trust::{self, Approved},
    },
    rotation::Settings,
    store::payload::Payload,
    terminal::Terminal,
};

/// All but what lies in files of projects.
pub struct Gathered {
    /// The projects that were allowed.
    pub projects: Vec<Project>,
    /// By which clock keys are judged.
    pub clock: Clock,
    /// What was not used from this moment on counts as unused.
    pub since: Moment,
    /// Whether the history knows what was not used since then.
    pub uses: Uses,
    settings: Settings,
    programs: BTreeMap<String, PathBuf>,
    installation: Installation,
}

impl Gathered {
    /// What is to be judged.
    pub fn facts<'f>(&'f self, payload: &'f Payload, leaks: &'f [Leak]) -> Facts<'f> {
        let judged = judging::all(payload, &self.settings, self.clock);
        let key = |judged: &judging::Judged<'f>| Key {
            name: judged.name.as_str(),
            state: judged.outlook.state,
            ends_soon: judged.outlook.ends_soon(),
            has_plan: !judged.outlook.is_without_plan(),
            moment: judged.moment(),
            created: judged.key.facts.created,
            is_for_programs: is_for_programs(judged, &self.settings),
            weakness: judged.key.secret().and_then(|value| audit::of_secret(value, looks_like_a_placeholder(value))),
        };
        Facts {
            now: self.clock.judged,
            since: self.since,
            keys: judged.iter().map(key).collect(),
            shared: shared(payload),
            uses: &self.uses,
            programs: &self.programs,
            projects: &self.projects,
            leaks,
            installation: self.installation.clone(),
        }
    }
}

/// Looks at all of it. A history that is not whole becomes an alert, as `doctor` makes it one.
///
/// # Errors
/// `Busy` where the identity was being changed meanwhile.
pub fn all(
    home: &Home,
    kept: &Kept,
    payload: &Payload,
    settings: &Settings,
    refused: Option<String>,
    terminal: &Terminal,
) -> Result<Gathered> {
    let clock = Clock::of(kept, payload, Moment::now());
    let since = UNUSED_FOR.before(clock.judged, &zone::here());
    let log = record::log(home, kept, payload);
    let verdict = log.verify(record::known(&kept.anchor));
    if !matches!(verdict, Verdict::Intact { .. }) && opening::is_superseded(home, kept) {
        return Err(opening::superseded());
    }
    watch::history_is(home, &log, &verdict, terminal);
    let in_file = kept.record.kind() == KeeperKind::File;
    let installation = Installation {
        open: open_to_others(home),
        identity_in_file: in_file.then(|| matches!(OsKeychain::presence(), Presence::Usable)),
        identity_twice: (!in_file && home.file("identity.txt").exists()).then(|| kept.record.kind()),
        recovery: if payload.members.len() > 1 {
            Some(true)
        } else {
            payload.recovery.map(|recovery| recovery.verified.is_some())
        },
        history: Some(verdict),
        settings: refused,
        name: misleading_name(terminal.program()),
    };
    let (projects, settings) = (projects(home, kept)?, settings.clone());
    let uses = uses(&log, since, terminal);
    let programs = found(&uses);
    Ok(Gathered { projects, clock, since, uses, settings, programs, installation })
}

/// Where the programs lie that keys were given to.
fn found(uses: &Uses) -> BTreeMap<String, PathBuf> {
    let search_path = std::env::var_os("PATH");
    let found = |name: &str| {
        let program = Program::find(&[name.into()], search_path.as_deref()).ok()?;
        Some((name.to_owned(), program.path().to_owned())).filter(|(_, path)| path.is_absolute())
    };
    uses.all_programs().into_iter().filter_map(found).collect()
}

/// Whether it is said for which programs a key is, by itself or in the settings.
fn is_for_programs(judged: &judging::Judged, settings: &Settings) -> bool {
    let facts = &judged.key.facts;
    let mut all = settings.limits_for(judged.name, facts).map(|(_, limits)| limits).chain([&facts.limits]);
    all.any(|limits| limits.programs.is_some() || limits.proxy_only)
}

fn uses(log: &Log, since: Moment, terminal: &Terminal) -> Uses {
    let mut uses = Uses::new(since);
    let mut progress = terminal.progress("reading the history");
    let mut watch = |done, total| progress.at(done, total);
    match log.read() {
        Ok(entries) => {
            for entry in started(entries.watched(&mut watch)) {
                match entry {
                    Ok((_, event)) => uses.add(&event),
                    Err(_) => uses.break_off(),
                }
            }
        }
        Err(_) => uses.break_off(),
    }
    uses
}

/// The names that hold one secret, where there are several. Compared by length first: no secret is written down for it.
fn shared(payload: &Payload) -> Vec<Vec<&str>> {
    let mut by_length: BTreeMap<usize, Vec<Vec<_>>> = BTreeMap::new();
    for (name, key) in payload.keys.iter().filter(|(_, key)| key.secret().is_some_and(|value| !value.is_empty())) {
        let groups = by_length.entry(key.value.len()).or_default();
        match groups.iter_mut().find(|group: &&mut Vec<(&str, _)>| key.value.same_as(group[0].1)) {
            Some(group) => group.push((name.as_str(), &key.value)),
            None => groups.push(vec![(name.as_str(), &key.value)]),
        }
    }
    let several = by_length.into_values().flatten().filter(|group| group.len() > 1);
    several.map(|group| group.into_iter().map(|(name, _)| name).collect()).collect()
}

/// What is wrong with the program that a shell finds by this name, and the way out.
fn misleading_name(name: &str) -> Option<(String, String)> {
    let (seen, hint) = other_keyctl::found_by(name);
    hint.map(|hint| (seen, hint.to_owned()))
}

/// What of keyctl's own, and of copies of it, other users may read or change.
pub fn open_to_others(home: &Home) -> Vec<Open> {
    let look = |path: &Path, own: bool| {
        let facts = std::fs::symlink_metadata(path).ok().filter(|facts| !facts.is_symlink())?;
        let (access, folder) = (platform::access(&facts), facts.is_dir());
        let is_open = access.writable_by_others || access.readable_by_others;
        let command = platform::how_to_make_private(path, folder);
        let open = || Open { path: path.to_owned(), folder, foreign: access.by_other, own, command };
        (access.by_other || is_open).then(open)
    };
    let mut names = platform::names_in(home.data());
    names.sort();
    // `KEYCTL_HOME` may name a folder in which something else lies too.
    let is_ours = |name: &OsString| Home::is_own(name) || Home::is_copy(name);
    let folder = look(home.data(), names.iter().all(is_ours));
    let inside = names.iter().filter(|name| is_ours(name));
    folder.into_iter().chain(inside.filter_map(|name| look(&home.data().join(name), Home::is_own(name)))).collect()
}

/// The projects that were allowed, by their places.
fn projects(home: &Home, kept: &Kept) -> Result<Vec<Project>> {
    let mut places: BTreeMap<String, Vec<Approved>> = BTreeMap::new();
    for approved in project::approved_anywhere(home, kept)? {
        places.entry(approved.place.clone()).or_default().push(approved);
    }
    Ok(places.into_iter().map(|(place, approved)| look_at(home, place, &approved)).collect())
}

fn look_at(home: &Home, place: String, approved: &[Approved]) -> Project {
    let found = place::folder_of(&place);
    let folder = found.clone().unwrap_or_else(|| place::gone_folder(&place));
    let standing = match found {
        None if is_gone(&folder) => Standing::Gone,
        None => Standing::Refused("its folder cannot be looked at".into()),
        Some(folder) => standing(home, &place, &folder, approved),
    };
    // A text may have several keys in it, and a plain setting has none.
    let approvals = |Approved { grant, since, .. }: &Approved| {
        let (variable, since) = (grant.variable.to_string(), *since);
        let keys: Vec<Option<String>> = grant.source.keys().into_iter().map(|name| Some(name.to_string())).collect();
        let keys = if keys.is_empty() { vec![None] } else { keys };
        keys.into_iter().map(move |key| Approval { variable: variable.clone(), key, since })
    };
    Project { place, folder, approved: approved.iter().flat_map(approvals).collect(), standing }
}

/// Whether nothing is at this path: what may not be looked at is not gone.
fn is_gone(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn standing(home: &Home, place: &str, folder: &Path, approved: &[Approved]) -> Standing {
    let project = match project::find(home, Some(folder), None) {
        Ok(Some(project)) if project.file.place.to_string() == place => project,
        Ok(Some(project)) if project.file.folder == folder => return Standing::OtherPlace,
        // What is found further up speaks for another place.
        Ok(_) => return Standing::WithoutFile,
        Err(failure) => return Standing::Refused(failure.message),
    };
    let more = project.approvals.unapproved(&project.file.place, &project.file.grants).len();
    let before: Vec<Grant> = approved.iter().map(|approved| approved.grant.clone()).collect();
    let changes = trust::changes(&before, &project.file.grants);
    let former = changes.changed.iter().map(|(before, _)| before);
    let mut stale: Vec<String> = changes.removed.iter().chain(former).map(|grant| grant.variable.to_string()).collect();
    stale.sort();
    stale.dedup();
    Standing::Asks { more, stale }
}
