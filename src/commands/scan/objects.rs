//! Objects of a repository on their way through the engine: each is looked through once, wherever it lies.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::PathBuf,
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    scan::{
        archive::{self, Told},
        engine::{Buffer, Engine},
        finding::{Hit, What},
        git::batch::{Counts, Object, Type},
        names,
        rest::Room,
        tree::MOST,
    },
    terminal::count,
};

/// What is larger is looked through in pieces.
const WHOLE: u64 = 1024 * 1024;
/// A pointer to a file that git-lfs keeps elsewhere begins like this, and has fewer bytes than that.
const LFS: (&[u8], u64) = (b"version https://git-lfs.github.com/spec/v1", 1024);

/// What was found in an object of a repository.
pub struct Found {
    /// The object.
    pub id: String,
    /// What that is.
    pub is: Type,
    /// The names of the entry, where the object is an archive.
    pub names: Vec<PathBuf>,
    /// What.
    pub hit: Hit,
}

/// What was found in objects, as much of it as anybody reads.
#[derive(Default)]
pub struct Kept {
    /// What.
    pub hits: Vec<Found>,
    /// How often some of these texts, by their numbers, come again in the same object.
    pub again: BTreeMap<usize, u64>,
    /// How many finds are not kept.
    pub more: u64,
    left: Room,
    /// The number that stands for each text of the object that is being looked through, once there is no room for all.
    here: BTreeMap<(What, Option<[u8; 16]>), usize>,
}

impl Kept {
    /// Takes it as it comes, so that an object full of copies needs no room for all of them.
    fn keep(&mut self, found: Found) {
        let number = self.hits.len();
        if number < MOST {
            self.hits.push(found);
            return;
        }
        // Of what nobody reads to its end each text is kept once, so that it is not hidden, and counted.
        let text = (found.hit.what.clone(), found.hit.mark);
        if let Some(first) = self.here.get(&text) {
            *self.again.entry(*first).or_default() += 1;
        } else if self.left.take(&found.hit.what, false) {
            self.here.insert(text, number);
            self.hits.push(found);
        } else {
            self.more += 1;
        }
    }
}

/// Objects of a repository on their way through the engine.
pub struct Objects<'e> {
    engine: &'e Engine,
    room: Zeroizing<Vec<u8>>,
    /// Room for what lies in archives.
    buffer: Buffer,
    /// What was found.
    pub kept: Kept,
    /// Archives, and what in them could not be looked at, and why.
    pub unread: Vec<(String, Vec<PathBuf>, String)>,
    /// How many more there are.
    pub more_unread: u64,
    /// How many entries of archives were looked at.
    pub entries: u64,
    /// Names of files and folders with a secret in them, each with a tree that has it.
    pub names: BTreeMap<Vec<u8>, (String, Vec<Hit>)>,
    /// How many bytes there were.
    pub bytes: u64,
    pointers: usize,
}

impl<'e> Objects<'e> {
    /// None was looked at yet.
    pub fn new(engine: &'e Engine) -> Self {
        let room = Zeroizing::new(Vec::with_capacity(usize::try_from(WHOLE).unwrap_or_default()));
        let (kept, buffer, unread, names) = (Kept::default(), Buffer::default(), Vec::new(), BTreeMap::new());
        Self { engine, room, buffer, kept, unread, more_unread: 0, entries: 0, names, bytes: 0, pointers: 0 }
    }

    /// Looks through one.
    ///
    /// # Errors
    /// `Disk` when it cannot be read.
    pub fn look(&mut self, object: Object<'_>, reader: &mut dyn Read) -> Result<()> {
        // A list of names has none of a file's content.
        if object.is == Type::Tree {
            return self.look_at_names(object, reader).map_err(unread);
        }
        self.kept.here.clear();
        let (engine, kept) = (self.engine, &mut self.kept);
        let mut keep = |names, hit| kept.keep(Found { id: object.id.to_owned(), is: object.is, names, hit });
        let is_deep = engine.is_deep() && object.is == Type::Blob;
        if object.size > WHOLE {
            if is_deep {
                self.look_into(object, reader)?;
            } else {
                engine.look_through(reader, &mut |hit| keep(Vec::new(), hit)).map_err(unread)?;
            }
        } else {
            let mut room = std::mem::take(&mut self.room);
            room.clear();
            reader.read_to_end(&mut room).map_err(unread)?;
            if is_deep {
                self.look_into(object, &mut room.as_slice())?;
            } else {
                engine.look(&room, &mut |hit| keep(Vec::new(), hit));
            }
            self.pointers += usize::from(object.size < LFS.1 && room.starts_with(LFS.0));
            self.room = room;
        }
        self.bytes += object.size;
        Ok(())
    }

    /// Looks through a content, and into it where it is an archive.
    fn look_into(&mut self, object: Object<'_>, reader: &mut dyn Read) -> Result<()> {
        let kept = &mut self.kept;
        let mut tell = |names: &[PathBuf], told| match told {
            Told::Found(hit) => {
                kept.keep(Found { id: object.id.to_owned(), is: object.is, names: names.to_owned(), hit });
            }
            Told::Unread(why) if self.unread.len() < MOST => {
                self.unread.push((object.id.to_owned(), names.to_owned(), why));
            }
            Told::Unread(_) => self.more_unread += 1,
        };
        let looked = archive::look_through(self.engine, &mut self.buffer, reader, &mut tell);
        self.entries += looked.map_err(unread)?.entries;
        Ok(())
    }

    /// Looks at a tree as a whole, as nearly all have nothing in them, and then at each of its names.
    fn look_at_names(&mut self, object: Object<'_>, reader: &mut dyn Read) -> io::Result<()> {
        self.room.clear();
        let mut large = Zeroizing::new(Vec::new());
        let bytes = if object.size > WHOLE { &mut *large } else { &mut *self.room };
        bytes.reserve_exact(usize::try_from(object.size).unwrap_or_default());
        reader.read_to_end(bytes)?;
        let mut is_found = false;
        self.engine.look(bytes, &mut |_| is_found = true);
        if !is_found {
            return Ok(());
        }
        for name in names::of_tree(bytes, object.id.len() / 2) {
            let mut hits = Vec::new();
            names::look_at(self.engine, name, &mut |hit| hits.push(hit));
            if !hits.is_empty() {
                self.names.entry(name.to_owned()).or_insert_with(|| (object.id.to_owned(), hits));
            }
        }
        Ok(())
    }

    /// What was not looked at.
    pub fn notes(&self, counts: Counts, submodules: usize) -> Vec<String> {
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

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn unread(error: io::Error) -> Failure {
    Failure::new(Kind::Disk, format!("git's answer cannot be read: {}", reason(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_full_of_copies_of_one_text_needs_no_room_for_all_of_them() {
        const COPIES: u64 = 200_000;
        let mut kept = Kept::default();
        let found = |at, mark| Found {
            id: "1".into(),
            is: Type::Blob,
            names: Vec::new(),
            hit: Hit { at, length: 1, line: at, what: What::Shape { kind: "a", id: "a" }, mark: Some([mark; 16]) },
        };
        for at in 0..COPIES {
            kept.keep(found(at, 1));
        }
        // The first ones, and one that stands for all that come after these.
        assert_eq!((kept.hits.len(), kept.again.len(), kept.here.len()), (MOST + 1, 1, 1));
        assert_eq!(kept.again[&MOST], COPIES - 1 - MOST as u64);
        kept.keep(found(COPIES, 2));
        assert_eq!((kept.hits.len(), kept.more), (MOST + 2, 0));
        for mark in 3..=255 {
            for again in 0..100 {
                kept.keep(found(again, mark));
            }
        }
        assert!(kept.hits.len() <= 2 * MOST + 300 && kept.again.len() <= 300, "{}", kept.hits.len());
    }
}
