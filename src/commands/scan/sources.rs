//! What `scan` looks through beside files: what is staged, a repository's history, what a push would send, and what running
//! programs carry. Each gives findings with their places, and says what it did not look at.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    launch::environment,
    scan::{
        engine::Engine,
        finding::{Finding, Hit, Place},
        git::{
            Git,
            batch::{Counts, Object, Type},
            pushing::{self, Update},
        },
        processes,
    },
    terminal::count,
};

/// What is larger is looked through in pieces.
const WHOLE: u64 = 1024 * 1024;
/// A pointer to a file that git-lfs keeps elsewhere begins like this, and has fewer bytes than that.
const LFS: (&[u8], u64) = (b"version https://git-lfs.github.com/spec/v1", 1024);

/// What was looked through and found.
#[derive(Debug, Default)]
pub struct Looked {
    /// What was found.
    pub findings: Vec<Finding>,
    /// What `keyctl run` gave to programs that still run: no leak.
    pub given: Vec<Finding>,
    /// In how many pieces, and what they are called: `3 staged files`.
    pub pieces: String,
    /// How many bytes.
    pub bytes: u64,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
}

/// Objects of a repository on their way through the engine.
struct Objects<'e> {
    engine: &'e Engine,
    room: Zeroizing<Vec<u8>>,
    hits: Vec<(String, Type, Hit)>,
    bytes: u64,
    pointers: usize,
}

impl<'e> Objects<'e> {
    fn new(engine: &'e Engine) -> Self {
        let room = Zeroizing::new(Vec::with_capacity(usize::try_from(WHOLE).unwrap_or_default()));
        Self { engine, room, hits: Vec::new(), bytes: 0, pointers: 0 }
    }

    fn look(&mut self, object: Object<'_>, reader: &mut dyn Read) -> Result<()> {
        // A list of names has none of a file's content.
        if object.is == Type::Tree {
            return Ok(());
        }
        let mut hits = Vec::new();
        let failed = |error| Failure::new(Kind::Disk, format!("git's answer cannot be read: {}", reason(&error)));
        if object.size > WHOLE {
            self.engine.look_through(reader, &mut |hit| hits.push(hit)).map_err(failed)?;
        } else {
            self.room.clear();
            reader.read_to_end(&mut self.room).map_err(failed)?;
            self.engine.look(&self.room, &mut |hit| hits.push(hit));
            self.pointers += usize::from(object.size < LFS.1 && self.room.starts_with(LFS.0));
        }
        self.bytes += object.size;
        self.hits.extend(hits.into_iter().map(|hit| (object.id.to_owned(), object.is, hit)));
        Ok(())
    }

    fn notes(&self, counts: Counts, submodules: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if counts.missing > 0 {
            let missing = usize::try_from(counts.missing).unwrap_or(usize::MAX);
            notes.push(format!("{}, not here and not fetched", count(missing, "object")));
        }
        if submodules > 0 {
            notes.push(format!("{}, in a repository of its own", count(submodules, "submodule")));
        }
        if self.pointers > 0 {
            notes.push(format!("{} in git-lfs, of which only the pointer is here", count(self.pointers, "file")));
        }
        notes
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
    let places = |(id, _, hit): (String, Type, Hit)| {
        let paths = staged.contents.get(&id).into_iter().flatten();
        paths.map(|path| Finding::new(Place::Staged(path.clone()), hit.clone())).collect::<Vec<_>>()
    };
    let findings = objects.hits.into_iter().flat_map(places).collect();
    let pieces = count(staged.files(), "staged file");
    Ok(Looked { findings, pieces, bytes: objects.bytes, notes, ..Looked::default() })
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
        objects.hits.iter().filter(|(_, is, _)| *is == wanted).map(|(id, ..)| id.clone()).collect()
    };
    let (blobs, commits) = (of(Type::Blob), of(Type::Commit));
    let holders = git.holders(&blobs)?;
    let local = git.local(&commits)?;
    let loose: BTreeSet<String> = blobs.into_iter().filter(|id| !holders.contains_key(id)).collect();
    let staged = if loose.is_empty() { BTreeMap::new() } else { git.in_index(&loose).unwrap_or_default() };
    let places = |(id, is, hit): (String, Type, Hit)| {
        let message = |pushed| Place::Object { commit: id.clone(), path: "".into(), pushed };
        let places = match is {
            Type::Commit => vec![message(!local.contains(&id))],
            Type::Tag => vec![message(false)],
            _ => match (holders.get(&id), staged.get(&id)) {
                (Some(holders), _) => holders
                    .iter()
                    .map(|holder| Place::Object {
                        commit: holder.commit.clone(),
                        path: holder.path.clone(),
                        pushed: holder.pushed,
                    })
                    .collect(),
                (None, Some(path)) => vec![Place::Staged(path.clone())],
                (None, None) => vec![Place::Loose(id.clone())],
            },
        };
        places.into_iter().map(|place| Finding::new(place, hit.clone())).collect::<Vec<_>>()
    };
    let findings = objects.hits.into_iter().flat_map(places).collect();
    let number = usize::try_from(counts.objects).unwrap_or(usize::MAX);
    let pieces = format!("{} of the history", count(number, "object"));
    Ok(Looked { findings, pieces, bytes: objects.bytes, notes, ..Looked::default() })
}

/// Looks through what a push to this remote would send; `lines` is what git told the hook.
///
/// # Errors
/// As git has them; `Usage` for lines that are none of git's.
pub fn pushing(git: &Git, engine: &Engine, remote: &str, lines: &str) -> Result<Looked> {
    let mut updates = pushing::updates(lines)?;
    if updates.is_empty() {
        updates.extend(Update::of_framework(|name| std::env::var(name).ok()));
    }
    let outgoing = git.outgoing(&updates, remote)?;
    let mut objects = Objects::new(engine);
    let ids: Vec<&str> = outgoing.contents.iter().map(|(id, ..)| id.as_str()).collect();
    let counts = git.contents(&ids, &mut |object, reader| objects.look(object, reader))?;
    let notes = objects.notes(counts, outgoing.submodules);
    let places: BTreeMap<&str, _> =
        outgoing.contents.iter().map(|(id, commit, path)| (id.as_str(), (commit, path))).collect();
    let place = |(id, _, hit): (String, Type, Hit)| {
        let (commit, path) = places.get(id.as_str())?;
        let place = Place::Object { commit: (*commit).clone(), path: (*path).clone(), pushed: false };
        Some(Finding::new(place, hit))
    };
    let findings = objects.hits.into_iter().filter_map(place).collect();
    let pieces = format!("{} to push", count(outgoing.commits, "commit"));
    Ok(Looked { findings, pieces, bytes: objects.bytes, notes, ..Looked::default() })
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
            if carried.given { looked.given.push(finding) } else { looked.findings.push(finding) }
        });
    });
    looked.pieces = count(seen.programs, "running program");
    looked.bytes = seen.bytes;
    if seen.closed > 0 {
        looked.notes.push(format!("{}, which lets nobody look", count(seen.closed, "program")));
    }
    Ok(looked)
}
