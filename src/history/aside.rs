//! Setting a history aside that cannot be continued, and reading it where it lies then.

use std::path::{Path, PathBuf};

use super::{
    Log, Mark, ends,
    head::Found,
    read::{Step, Walk},
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    home,
    identity::{
        anchor::Id,
        retired::{Aside, Retired},
    },
    platform,
    seal::SealKey,
};

impl Log {
    /// The files that it has here. The head last: without its log it still stops adding.
    fn own_files(&self) -> Vec<PathBuf> {
        let segments = self.segments().into_iter().map(|number| self.segment(number));
        let files = [self.file("log")].into_iter().chain(segments).chain([self.file("head")]);
        files.filter(|file| std::fs::symlink_metadata(file).is_ok()).collect()
    }

    /// Whether what is here can go to this folder without taking the place of what lies there.
    #[must_use]
    pub fn fits_into(&self, aside: &Path) -> bool {
        let is_there = |file: &PathBuf| std::fs::symlink_metadata(beside(aside, file)).is_ok();
        !self.own_files().iter().any(is_there)
    }

    /// A name that no folder has yet, for what is set aside at this moment.
    #[must_use]
    pub fn free_name(&self, moment: Moment, taken: &[Aside]) -> String {
        let first = format!("history-{}", moment.seconds());
        let others = (2_u64..).map(|number| format!("{first}-{number}"));
        let is_free = |name: &String| {
            taken.iter().all(|aside| aside.folder != *name)
                && std::fs::symlink_metadata(self.folder.join(name)).is_err()
        };
        [first.clone()].into_iter().chain(others).find(is_free).unwrap_or(first)
    }

    /// Puts a history that cannot be continued out of the way, into this folder. The store has to have another log id by
    /// then, so that the old one cannot be put back. What was broken off is gone on with.
    ///
    /// # Errors
    /// When another keyctl holds the lock, or a file cannot be renamed.
    pub fn set_aside(&self, aside: &Path) -> Result<()> {
        let _lock = self.lock(home::LOCK_DEADLINE)?;
        if !self.fits_into(aside) {
            return Err(Failure::new(Kind::Disk, format!("another history lies in `{}` already", aside.display())));
        }
        if !aside.is_dir() {
            platform::create_private_folder(aside).map_err(|error| Failure::disk("make the folder", aside, &error))?;
        }
        for from in self.own_files() {
            platform::rename(&from, &beside(aside, &from)).map_err(|error| Failure::disk("rename", &from, &error))?;
        }
        [aside, &self.folder]
            .into_iter()
            .try_for_each(|folder| platform::sync_folder(folder).map_err(|error| Failure::disk("sync", folder, &error)))
    }

    /// What has to be kept of this history to read it once it lies in this folder: its keys, and the last entry that is
    /// known of: to whoever vouched for it, to its sealed end, or as it can be read.
    #[must_use]
    pub fn to_aside(&self, folder: String, retired: Vec<Retired>) -> Aside {
        let head = || match self.find_head() {
            Ok(Found::Head(head)) => Some(Mark { seq: head.end.seq, hash: head.end.hash }),
            _ => None,
        };
        // Where nothing is here, nothing will be missing there.
        let is_here = !self.own_files().is_empty();
        let marks = is_here.then(|| [self.readable(), head(), self.known].into_iter().flatten());
        let known = marks.and_then(|marks| marks.filter(|mark| mark.seq > 0).max_by_key(|mark| mark.seq));
        let known = known.map(|mark| mark.to_string());
        Aside { folder, log: Id(self.id), machine: None, known, key: self.key.to_kept(), retired }
    }

    /// The last entry that can be read.
    fn readable(&self) -> Option<Mark> {
        let mut walk = Walk::new(self, &self.beginning(&self.find_head().ok()?).ok()?);
        let mut last = None;
        while let Ok(step @ (Step::Entry | Step::File)) = walk.step() {
            if let Step::Entry = step {
                last = Some(Mark { seq: walk.chain.at.seq, hash: walk.chain.at.hash });
            }
        }
        last
    }

    /// The history of which that was kept, in this folder. `None` where its key is none.
    #[must_use]
    pub fn set_aside_in(folder: &Path, aside: &Aside) -> Option<Self> {
        let Aside { log, known, key, retired, .. } = aside;
        let key = SealKey::from_kept(key)?;
        let known = known.as_ref().and_then(|mark| mark.parse().ok());
        let (folder, former, longest) = (folder.to_owned(), Vec::new(), super::segment::LONGEST);
        let (knower, first) = (ends::STORE, None);
        let log = Self { folder, id: log.0, key, former, changing: false, known, knower, first, longest };
        Some(log.with_retired(retired))
    }

    /// The same history in another folder, where nothing vouches for it.
    #[must_use]
    pub fn lying_in(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), known: None, first: None, ..self }
    }

    /// Whether it is opened with the same identity as that one.
    #[must_use]
    pub fn is_sealed_as(&self, other: &Self) -> bool {
        self.former.last().map(|former| former.last) == other.former.last().map(|former| former.last)
    }

    /// What vouches for it.
    #[must_use]
    pub fn known(&self) -> Option<Mark> {
        self.known
    }

    /// Whether what lies in its folder was sealed with its keys: its end opens, or the first of its entries.
    #[must_use]
    pub fn opens(&self) -> bool {
        let first = || self.read().is_ok_and(|mut reader| matches!(reader.advance(), Some(Ok(_))));
        matches!(self.find_head(), Ok(Found::Head(_))) || first()
    }
}

/// Where a file comes to lie in a folder.
fn beside(folder: &Path, file: &Path) -> PathBuf {
    folder.join(file.file_name().unwrap_or_default())
}
