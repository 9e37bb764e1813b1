//! What `scan` looks through beside files: what is staged, a repository's history, what a push would send, and what running
//! programs carry. Each gives findings with their places, and says what it did not look at.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    failure::{Failure, Kind, Result},
    launch::environment,
    platform::processes,
    scan::{
        engine::Engine,
        finding::{Finding, Hit, Place, path_within},
        git::{
            Git,
            batch::Type,
            history::Holder,
            pushing::{Outgoing, Push},
        },
        home,
        names::{self, Names},
        tree::{self, Seen},
    },
    terminal::count,
};

use super::objects::{Found, Kept, Objects};

/// How long a home folder's projects are looked for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What was looked through and found.
#[derive(Debug, Default)]
pub struct Looked {
    /// What was found.
    pub findings: Vec<Finding>,
    /// What `keyctl run` gave to programs that still run: no leak.
    pub given: Vec<Finding>,
    /// How much was looked through.
    pub seen: Seen,
    /// In how many pieces, where these are no files: `3 staged files`.
    pub pieces: Option<String>,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
}

impl From<(Vec<Finding>, Seen)> for Looked {
    fn from((findings, seen): (Vec<Finding>, Seen)) -> Self {
        Self { findings, seen, ..Self::default() }
    }
}

impl Looked {
    /// Looks at the names in these paths too.
    fn with_names<'p>(
        mut self,
        engine: &Engine,
        paths: impl IntoIterator<Item = (&'p Path, &'p str)>,
        place: impl Fn(&Path, &str) -> Place,
    ) -> Self {
        let mut names = Names::new(engine);
        for (path, of) in paths {
            names.look(path, &mut |part, hit| {
                self.seen.keep(Finding::new(place(part, of), hit), &mut self.findings);
            });
        }
        self.findings.sort();
        self.findings.dedup();
        self
    }

    /// Looks at the names of references too.
    fn with_references(mut self, engine: &Engine, references: impl IntoIterator<Item = String>) -> Self {
        for name in references {
            names::look(engine, OsStr::new(&name), &mut |hit| {
                self.seen.keep(Finding::new(Place::Reference(name.clone()), hit), &mut self.findings);
            });
        }
        self.findings.sort();
        self.findings.dedup();
        self
    }

    /// What was found in names of a repository's trees, with the paths that end with them.
    fn add_names(&mut self, git: &Git, names: &BTreeMap<Vec<u8>, (String, Vec<Hit>)>) -> Result<()> {
        let holders = git.named(&names.keys().map(Vec::as_slice).collect())?;
        let mut told = BTreeSet::new();
        let mut keep = |place: Place, hits: &[Hit]| {
            for hit in hits {
                self.seen.keep(Finding::new(place.clone(), hit.clone()), &mut self.findings);
            }
        };
        for Holder { commit, path, pushed } in holders {
            let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
            if let Some((name, (_, hits))) = names.get_key_value(name) {
                told.insert(name);
                keep(Place::Object { commit, path, pushed }, hits);
            }
        }
        for (_, (tree, hits)) in names.iter().filter(|(name, _)| !told.contains(name)) {
            keep(Place::Loose(tree.clone()), hits);
        }
        self.findings.sort();
        self.findings.dedup();
        Ok(())
    }

    /// Of a repository: what was found, each in all of its places.
    fn in_git(
        number: usize,
        pieces: String,
        objects: Objects<'_>,
        notes: Vec<String>,
        places: impl Fn(&str, Type) -> Vec<Place>,
    ) -> Self {
        let mut looked = Self { pieces: Some(pieces), notes, ..Self::default() };
        let Objects {
            kept: Kept { hits, again, more, .. }, unread, bytes, entries, more_unread: more_unreadable, ..
        } = objects;
        looked.seen = Seen { files: number as u64, bytes, more, entries, more_unreadable, ..Seen::default() };
        for (index, Found { id, is, names, hit }) in hits.into_iter().enumerate() {
            let times = 1 + again.get(&index).copied().unwrap_or_default();
            for place in places(&id, is) {
                looked.seen.keep_all(Finding::new(place.within(&names), hit.clone()), times, &mut looked.findings);
            }
        }
        for (id, names, why) in unread {
            // One of its places is enough to find it.
            let place = places(&id, Type::Blob).into_iter().next().unwrap_or(Place::Loose(id));
            looked.seen.fail(&path_within(Path::new(&place.to_string()), &names), why);
        }
        looked.findings.sort();
        looked.findings.dedup();
        looked
    }
}

/// Looks through what is staged.
///
/// # Errors
/// As git has them.
pub fn staged(git: &Git, engine: &Engine) -> Result<Looked> {
    let staged = git.staged()?;
    let mut objects = Objects::new(engine);
    let ids: Vec<&str> = staged.contents.keys().map(String::as_str).collect();
    let counts = git.contents(&ids, &mut |object, reader| objects.look(object, reader))?;
    let notes = objects.notes(counts, staged.submodules);
    let (number, pieces) = (staged.files(), count(staged.files(), "staged file"));
    let looked = Looked::in_git(number, pieces, objects, notes, |id, _| {
        staged.contents.get(id).into_iter().flatten().cloned().map(Place::Staged).collect()
    });
    let paths = staged.contents.values().flatten().map(|path| (path.as_path(), ""));
    Ok(looked.with_names(engine, paths, |path, _| Place::Staged(path.to_owned())))
}

/// Looks through every object of a repository, and finds the commits that hold what was found.
///
/// # Errors
/// As git has them.
pub fn history(git: &Git, engine: &Engine) -> Result<Looked> {
    let gaps = git.gaps()?;
    let mut objects = Objects::new(engine);
    let counts = git.all_objects(&mut |object, reader| objects.look(object, reader))?;
    let mut notes = objects.notes(counts, 0);
    if gaps.partial {
        notes.push("what this partial clone has not fetched yet".into());
    }
    if gaps.shallow {
        notes.push("the commits that this shallow clone does not have".into());
    }
    let of = |wanted: Type| -> BTreeSet<String> {
        objects.kept.hits.iter().filter(|found| found.is == wanted).map(|found| found.id.clone()).collect()
    };
    let (mut blobs, mut commits) = (of(Type::Blob), of(Type::Commit));
    blobs.extend(objects.unread.iter().map(|(id, ..)| id.clone()));
    // git keeps no word on whether a tag was pushed; it goes with its commit mostly.
    let mut tagged = BTreeMap::new();
    for tag in of(Type::Tag) {
        if let Some(commit) = git.tagged(&tag)? {
            commits.insert(commit.clone());
            tagged.insert(tag, commit);
        }
    }
    let holders = git.holders(&blobs)?;
    let local = git.local(&commits)?;
    let loose: BTreeSet<String> = blobs.into_iter().filter(|id| !holders.contains_key(id)).collect();
    let staged = if loose.is_empty() { BTreeMap::new() } else { git.in_index(&loose).unwrap_or_default() };
    let number = usize::try_from(counts.objects).unwrap_or(usize::MAX);
    let pieces = format!("{} of the history", count(number, "object"));
    let names = std::mem::take(&mut objects.names);
    let mut looked = Looked::in_git(number, pieces, objects, notes, |id, is| {
        let message = |pushed| vec![Place::Object { commit: id.to_owned(), path: PathBuf::new(), pushed }];
        match (is, holders.get(id), staged.get(id)) {
            (Type::Commit, ..) => message(!local.contains(id)),
            (Type::Tag, ..) => message(tagged.get(id).is_some_and(|commit| !local.contains(commit))),
            (_, Some(holders), _) => holders
                .iter()
                .map(|Holder { commit, path, pushed }| Place::Object {
                    commit: commit.clone(),
                    path: path.clone(),
                    pushed: *pushed,
                })
                .collect(),
            (_, None, Some(path)) => vec![Place::Staged(path.clone())],
            (_, None, None) => vec![Place::Loose(id.to_owned())],
        }
    });
    looked.add_names(git, &names)?;
    Ok(looked.with_references(engine, git.references()?))
}

/// Looks through what this push would send.
///
/// # Errors
/// As git has them.
pub fn pushing(git: &Git, engine: &Engine, push: &Push) -> Result<Looked> {
    let outgoing = git.outgoing(push)?;
    let mut objects = Objects::new(engine);
    let ids: Vec<&str> = outgoing.contents.iter().map(|(id, ..)| id.as_str()).collect();
    let counts = git.contents(&ids, &mut |object, reader| objects.look(object, reader))?;
    let mut notes = objects.notes(counts, outgoing.submodules);
    if push.of_framework {
        notes
            .push("other references of this push: pre-commit tells of one alone (`scan install-hook` sees all)".into());
    }
    let places: BTreeMap<&str, _> =
        outgoing.contents.iter().map(|(id, commit, path)| (id.as_str(), (commit, path))).collect();
    let number = outgoing.commits + outgoing.tags + outgoing.loose;
    let looked = Looked::in_git(number, to_push(&outgoing), objects, notes, |id, _| {
        let place = |(commit, path): &(&String, &PathBuf)| {
            if commit.is_empty() {
                return Place::Loose(id.to_owned());
            }
            Place::Object { commit: (*commit).clone(), path: (*path).clone(), pushed: false }
        };
        places.get(id).map(place).into_iter().collect()
    });
    let paths = outgoing.paths.iter().map(|(path, commit)| (path.as_path(), commit.as_str()));
    let looked = looked.with_names(engine, paths, |path, commit| Place::Object {
        commit: commit.to_owned(),
        path: path.to_owned(),
        pushed: false,
    });
    Ok(looked.with_references(engine, push.updates.iter().map(|update| update.reference.clone())))
}

/// What is pushed, counted.
fn to_push(outgoing: &Outgoing) -> String {
    let Outgoing { commits, tags, loose, .. } = *outgoing;
    let mut parts = vec![(commits, "commit"), (tags, "tag"), (loose, "object")];
    parts.retain(|(number, _)| *number > 0);
    if parts.is_empty() {
        parts.push((0, "commit"));
    }
    let parts: Vec<String> = parts.into_iter().map(|(number, what)| count(number, what)).collect();
    format!("{} to push", parts.join(" and "))
}

/// Looks where keys come to lie in the user's home folder, and through the other worktrees of the repository that this is.
///
/// # Errors
/// `Disk` where there is no home folder.
pub fn home(git: Option<&Git>, engine: &Engine) -> Result<Looked> {
    let bases =
        home::Bases::of_user().ok_or_else(|| Failure::new(Kind::Disk, "there is no home folder").hint("set `HOME`"))?;
    let (projects, mut is_cut_short) = home::project_files(&bases.home, PATIENCE);
    let history_file = std::env::var_os("HISTFILE").map(PathBuf::from);
    let mut paths: Vec<PathBuf> = home::places(&bases, history_file).into_iter().chain(projects).collect();
    // Outside of a repository there are none, and one that git refuses is none to look at.
    let own = git.and_then(|git| git.top().ok());
    let mut trees = git.and_then(|git| git.worktrees().ok()).unwrap_or_default();
    trees.retain(|tree| own.as_ref() != Some(tree) && tree.is_dir());
    // Of what git ignores in a worktree only the files that hold variables: the rest is what compilers have made.
    let (variables, is_also) = variables_in(&trees, PATIENCE);
    paths.extend(variables);
    is_cut_short |= is_also;
    paths.sort();
    paths.dedup();
    let (mut findings, mut seen) = tree::look(engine, &paths, true);
    let (more, also_seen) = tree::look(engine, &trees, false);
    findings.extend(more);
    findings.sort();
    findings.dedup();
    seen.add(also_seen);
    let mut looked = Looked { findings, seen, ..Looked::default() };
    looked.notes.extend(is_cut_short.then(cut_short));
    Ok(looked)
}

/// What is said where the time did not suffice to see all projects.
#[must_use]
pub fn cut_short() -> String {
    format!("projects that were not come to within {} seconds", PATIENCE.as_secs())
}

/// The files below these folders that hold variables, also those that git ignores, and whether the time for a folder did not
/// suffice to see all.
#[must_use]
pub fn variables_in(paths: &[PathBuf], time: Duration) -> (Vec<PathBuf>, bool) {
    let (mut found, mut is_cut_short) = (Vec::new(), false);
    for folder in paths.iter().filter(|path| path.is_dir()) {
        let (files, is_cut) = home::project_files(folder, time);
        found.extend(files);
        is_cut_short |= is_cut;
    }
    (found, is_cut_short)
}

/// Looks through what the user's running programs carry.
///
/// # Errors
/// `Disk` where the system does not show it.
pub fn running(engine: &Engine) -> Result<Looked> {
    if !processes::SHOWN {
        return Err(Failure::new(Kind::Disk, "this system does not show what running programs carry")
            .hint("only Linux does; look through files instead: `keyctl scan --home`"));
    }
    let mut looked = Looked::default();
    let seen = processes::each(environment::MARKER, &mut |carried| {
        engine.look(carried.value, &mut |hit| {
            let (program, variable) = (carried.program.to_owned(), carried.variable.to_owned());
            let finding = Finding::new(Place::Process { pid: carried.process, program, variable }, hit);
            if carried.given {
                looked.given.push(finding);
            } else {
                looked.seen.keep(finding, &mut looked.findings);
            }
        });
    });
    looked.pieces = Some(count(seen.programs, "running program"));
    (looked.seen.files, looked.seen.bytes) = (seen.programs as u64, seen.bytes);
    if seen.closed > 0 {
        looked.notes.push(format!("{}, which lets nobody look", count(seen.closed, "program")));
    }
    Ok(looked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_time_did_not_suffice_for_one_of_several_folders_that_is_told() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join(".env");
        std::fs::write(&file, "").expect("write");
        let paths = [folder.path().to_owned(), file.clone()];
        assert_eq!(variables_in(&paths, PATIENCE), (vec![file], false));
        assert_eq!(variables_in(&paths, Duration::ZERO), (Vec::new(), true));
    }
}
