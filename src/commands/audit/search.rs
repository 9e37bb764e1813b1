//! Looking through the projects that were allowed, for a bounded time: for what is kept, wherever it lies; and in files that
//! hold variables also for what looks like an issuer's key.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    audit::{Leak, Leaked, Project},
    commands::{
        opening::Kept,
        scan::Search,
        several::{self, Homes, LeftOut, Stores},
    },
    config::Config,
    failure::Result,
    home::Home,
    scan::{
        finding::{Finding, Place, What},
        home::project_files,
        needles::{Form, Which},
        taking_out::{self, Sort},
        tree::{self, Bounds},
        untold,
    },
    store::payload::Payload,
    terminal::Terminal,
};

/// How long projects are looked through, all together.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long files that hold variables are looked for in one of them.
const NAMES_PATIENCE: Duration = Duration::from_secs(2);

/// What was found, and how much was looked through.
#[derive(Default)]
pub struct Searched {
    /// What lies in clear.
    pub leaks: Vec<Leak>,
    /// Whether the time did not suffice.
    pub cut_short: bool,
    /// How many files could not be read.
    pub unreadable: usize,
    /// Of how many repositories git does not say what it keeps though it is ignored.
    pub unasked: usize,
    /// The stores whose keys were not looked for.
    pub left_out: Vec<LeftOut>,
}

/// Looks through the projects' folders, where there are any, for what is kept in the store that is audited and in the others
/// that open without asking; that it looks is written down as for `scan`.
///
/// # Errors
/// Only where the user's config requires a history and there is none to be had.
pub fn search(
    (home, kept, payload): (&Home, Kept, &Payload),
    others: Homes,
    config: Config,
    projects: &[Project],
    terminal: &Terminal,
) -> Result<Searched> {
    let folders: BTreeSet<&Path> =
        projects.iter().map(|project| project.folder.as_path()).filter(|folder| folder.is_dir()).collect();
    if folders.is_empty() {
        return Ok(Searched::default());
    }
    let until = Instant::now() + PATIENCE;
    let Stores { open, left_out } = others.quietly(terminal);
    let (mut opened, mut payloads) = (vec![(home.clone(), kept)], Vec::new());
    for several::Opened { home, kept, payload } in open {
        opened.push((home, kept));
        payloads.push(payload);
    }
    let payloads: Vec<&Payload> = [payload].into_iter().chain(&payloads).collect();
    let search = Search::of(opened, &payloads, config, true, terminal)?.minding_accepted(false, terminal)?;
    // A folder within another is looked through with that.
    let is_within = |folder: &Path| folder.ancestors().skip(1).any(|above| folders.contains(above));
    let tops: Vec<&Path> = folders.iter().copied().filter(|folder| !is_within(folder)).collect();
    let mut files = BTreeSet::new();
    let mut cut_short = false;
    for top in &tops {
        let (found, is_cut) = project_files(top, NAMES_PATIENCE.min(until.saturating_duration_since(Instant::now())));
        files.extend(found);
        cut_short |= is_cut;
    }
    // git ignores files of variables, and they are what is looked for.
    let paths: Vec<PathBuf> = files.iter().cloned().chain(tops.iter().map(|top| (*top).to_owned())).collect();
    let bounds = Bounds { until: Some(until), ..Bounds::default() };
    let (mut findings, mut seen) = tree::look_within(&search.engine, &paths, bounds);
    search.tell_rest(&mut findings, &mut seen);
    let (_, findings) = search.split(findings);
    let (findings, leaks): (Vec<Finding>, Vec<Leak>) = findings
        .into_iter()
        .filter_map(|finding| {
            let leak = leak(home, &finding, &folders, &files)?;
            let told = untold::path(&search.engine, &leak.file);
            // What cannot be named cannot be typed either.
            let can_adopt = leak.can_adopt && told == leak.file;
            let leak = Leak { file: told, can_adopt, ..leak };
            Some((finding, leak))
        })
        .unzip();
    search.record(&findings, seen.more, terminal)?;
    let unreadable = seen.unreadable.len() + usize::try_from(seen.more_unreadable).unwrap_or(usize::MAX);
    let cut_short = cut_short || seen.cut_short;
    Ok(Searched { leaks, cut_short, unreadable, unasked: seen.unasked.len(), left_out })
}

/// What counts of what was found: whole secrets that may be in use. Parts, and words that are short enough to mean something
/// else, are for `scan` to tell.
fn leak(home: &Home, finding: &Finding, folders: &BTreeSet<&Path>, files: &BTreeSet<PathBuf>) -> Option<Leak> {
    let Place::File(file) = &finding.place else { return None };
    // Which store is audited is said for all of it.
    let own = home.store().map(|store| format!("{store}:")).unwrap_or_default();
    let said = |name: &str| name.strip_prefix(&own).unwrap_or(name).to_owned();
    let what = match &finding.what {
        What::Key { form: Form::Word, .. }
        | What::Key { partial: Some(_), .. }
        | What::Key { which: Which::Revoked, .. } => return None,
        What::Key { name, which: Which::Current, .. } => Leaked::Current(said(name)),
        What::Key { name, which: Which::Former | Which::Removed, .. } => Leaked::Former(said(name)),
        What::Shape { kind, .. } => files.contains(file).then_some(Leaked::Unkept(kind))?,
    };
    let project = file.ancestors().find(|above| folders.contains(above))?.to_owned();
    let can_adopt = taking_out::sort_of(file, None) == Some(Sort::Variables);
    Some(Leak { file: file.clone(), line: finding.line, project, what, can_adopt })
}
