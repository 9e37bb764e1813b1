//! Setting a history aside that cannot be continued, and reading it where it lies then.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Log, Mark};
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
    /// Puts a history that cannot be continued out of the way, into a folder named after this moment's seconds, and gives
    /// that. The caller then needs a new log id and a new anchor, so that the old one cannot be put back.
    ///
    /// # Errors
    /// When another keyctl holds the lock, or a file cannot be renamed.
    pub fn set_aside(&self, moment: Moment) -> Result<PathBuf> {
        let _lock = home::Lock::acquire(&self.file("lock"))?;
        let aside = self.folder.join(format!("history-{}", moment.seconds()));
        if aside.exists() {
            return Err(Failure::new(Kind::Disk, format!("`{}` is there already", aside.display())));
        }
        platform::create_private_folder(&aside).map_err(|error| Failure::disk("make the folder", &aside, &error))?;
        // The head last: without its log it still stops adding.
        let segments = self.segments().into_iter().map(|number| self.segment(number));
        for from in [self.file("log")].into_iter().chain(segments).chain([self.file("head")]) {
            match std::fs::rename(&from, aside.join(from.file_name().unwrap_or_default())) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::disk("rename", &from, &error));
                }
                _ => {}
            }
        }
        [&aside, &self.folder].into_iter().try_for_each(|folder| {
            platform::sync_folder(folder).map_err(|error| Failure::disk("sync", folder, &error))
        })?;
        Ok(aside)
    }

    /// What has to be kept of this history to read it once it lies in this folder: its keys, and how far it was vouched for.
    #[must_use]
    pub fn to_aside(&self, folder: String, retired: Vec<Retired>, known: Option<Mark>) -> Aside {
        let known = known.map(|mark| mark.to_string());
        Aside { folder, log: Id(self.id), known, key: self.key.to_kept(), retired }
    }

    /// The history of which that was kept, in this folder. `None` where its key is none.
    #[must_use]
    pub fn set_aside_in(folder: &Path, aside: &Aside) -> Option<Self> {
        let Aside { log, known, key, retired, .. } = aside;
        let key = SealKey::from_kept(key)?;
        let known = known.as_ref().and_then(|mark| mark.parse().ok());
        let (folder, former) = (folder.to_owned(), Vec::new());
        let longest = super::segment::LONGEST;
        let log = Self { folder, id: log.0, key, former, changing: false, known: None, longest };
        Some(log.with_retired(retired).expecting(known))
    }

    /// The same history in another folder, where nothing vouches for it.
    #[must_use]
    pub fn lying_in(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), known: None, ..self }
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
        matches!(self.find_head(), Ok(super::head::Found::Head(_))) || first()
    }
}
