//! Where the stores beside the personal one live: each in a folder of its own, which has all that the personal one's has but
//! the user's settings. Only the age file may lie elsewhere.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Home, read, replace};
use crate::{
    failure::{Failure, Kind, Result},
    name::StoreName,
    platform,
};

/// The folder below that of the personal store which holds one for each other store.
pub(super) const STORES: &str = "stores";
/// The file in a store's folder that says where its age file lies, if that is elsewhere.
pub(super) const ELSEWHERE: &str = "path";
/// The file that a store's folder has from when its removal begins until it is over.
pub(super) const REMOVED: &str = "removed";
/// The most bytes of a path that is written down.
const LONGEST_PATH: usize = 16 * 1024;

impl Home {
    /// The home of a store: of the personal one, or of another that is there.
    ///
    /// # Errors
    /// As [`Home::find`]; `Missing` with the names that there are where there is none of this one.
    pub fn of(store: Option<&StoreName>) -> Result<Self> {
        let home = Self::named(store)?;
        if home.store.is_none() || (home.file("keeper.toml").exists() && !home.is_being_removed()) {
            return Ok(home);
        }
        let name = home.store.as_ref().map(ToString::to_string).unwrap_or_default();
        let failure = Failure::new(Kind::Missing, format!("there is no store `{name}`"));
        if home.is_being_removed() {
            return Err(failure.hint(format!("its removal was cut short; to end it: `keyctl store remove {name}`")));
        }
        let others: Vec<String> = Self::all()?.iter().map(|other| format!("`{other}`")).collect();
        let failure = match others.len() {
            0 => failure,
            1 => failure.hint(format!("beside the personal one there is {}", others.join(", "))),
            _ => failure.hint(format!("beside the personal one there are {}", others.join(", "))),
        };
        Err(failure.hint(format!(
            "make it with `keyctl store create {name}`, or join it with `keyctl store join {name} --path FILE`"
        )))
    }

    /// The home that a store of this name has or would have: nothing need be there.
    ///
    /// # Errors
    /// As [`Home::find`]; `Disk` or `Store` where it cannot be read where the store's age file lies.
    pub fn named(store: Option<&StoreName>) -> Result<Self> {
        let personal = Self::find()?;
        let Some(store) = store.and_then(|store| store.clone().other()) else { return Ok(personal) };
        let data = personal.data.join(STORES).join(store.as_str());
        let elsewhere = read_elsewhere(&data.join(ELSEWHERE))?;
        Ok(Self { data, config: personal.config, store: Some(Arc::new(store)), elsewhere })
    }

    /// The home whose folder this is, for what is known by its folder alone.
    ///
    /// # Errors
    /// As [`Home::find`].
    pub fn in_folder(folder: &Path) -> Result<Self> {
        Ok(Self { data: folder.to_owned(), ..Self::find()? })
    }

    /// The names of the stores that there are beside the personal one, sorted; also of those whose removal was cut short.
    ///
    /// # Errors
    /// As [`Home::find`].
    pub fn all() -> Result<Vec<StoreName>> {
        let folder = Self::find()?.file(STORES);
        let is_made = |name: &StoreName| {
            let folder = folder.join(name.as_str());
            folder.join("keeper.toml").exists() || folder.join(REMOVED).exists()
        };
        let names = platform::names_in(&folder).into_iter().filter_map(|name| name.to_str()?.parse().ok());
        let mut names: Vec<StoreName> = names.filter(is_made).collect();
        names.sort();
        Ok(names)
    }

    /// The folders of the stores beside the personal one, for what looks at one small file of each and must not wait: without
    /// those whose removal was cut short. Where there are none that is one call to the system.
    #[must_use]
    pub fn folders_beside(&self) -> Vec<PathBuf> {
        let folder = self.file(STORES);
        let names = platform::names_in(&folder);
        let stores = names.iter().filter(|name| name.to_str().is_some_and(|name| name.parse::<StoreName>().is_ok()));
        stores.map(|name| folder.join(name)).filter(|folder| !folder.join(REMOVED).exists()).collect()
    }

    /// The store's name; none for the personal one.
    #[must_use]
    pub fn store(&self) -> Option<&Arc<StoreName>> {
        self.store.as_ref()
    }

    /// The store's age file.
    #[must_use]
    pub fn store_file(&self) -> PathBuf {
        self.elsewhere.clone().unwrap_or_else(|| self.file("store.age"))
    }

    /// Whether the age file lies elsewhere than in the store's folder: in a repository, for one.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// A text that speaks of a store's age file, which is `store.age` elsewhere, said of this one's.
    #[must_use]
    pub fn said_of_file<'t>(&self, text: &'t str) -> Cow<'t, str> {
        const SAID: [&str; 2] = ["`store.age`", "IDENTITY store.age`"];
        let name = self.elsewhere.as_deref().and_then(Path::file_name).map(OsStr::to_string_lossy);
        let Some(name) = name.filter(|_| SAID.iter().any(|said| text.contains(said))) else { return text.into() };
        let of_it = |text: String, said: &&str| text.replace(said, &said.replace("store.age", &name));
        SAID.iter().fold(text.to_owned(), of_it).into()
    }

    /// The same home with its age file at this absolute path, which is written down.
    ///
    /// # Errors
    /// `Usage` for a path that is no text; `Disk`.
    pub fn move_elsewhere(self, path: PathBuf) -> Result<Self> {
        let Some(text) = path.to_str().filter(|text| !text.contains(['\n', '\r'])) else {
            return Err(Failure::new(Kind::Usage, "the path of a store has to be text on one line"));
        };
        replace(&self.file(ELSEWHERE), format!("{text}\n").as_bytes())?;
        Ok(Self { elsewhere: Some(path), ..self })
    }

    /// Whether the store's removal has begun, and not ended.
    #[must_use]
    pub fn is_being_removed(&self) -> bool {
        self.file(REMOVED).exists()
    }

    /// Makes the store one that is not there any more, whatever of it is still to be taken away.
    ///
    /// # Errors
    /// `Disk`.
    pub fn begin_removal(&self) -> Result<()> {
        replace(&self.file(REMOVED), b"this store is being removed\n")
    }

    /// Takes away the folder of a store whose removal has begun, and everything in it: what says which store it was goes behind
    /// what that is needed for, and that it is being removed goes last.
    ///
    /// # Errors
    /// `Disk`, and `Usage` for the personal store.
    pub fn end_removal(&self) -> Result<()> {
        if self.store.is_none() {
            return Err(Failure::new(Kind::Usage, "the personal store is never removed"));
        }
        let gone = |path: &Path, removed: io::Result<()>| match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::disk("remove", path, &error)),
            _ => Ok(()),
        };
        let unread = || Failure::new(Kind::Disk, format!("cannot read the folder `{}`", self.data.display()));
        let names = platform::names_in(&self.data);
        // A folder that cannot be read has no names either.
        if !names.iter().any(|name| name == REMOVED) {
            return if self.data.exists() { Err(unread()) } else { Ok(()) };
        }
        let last = ["keeper.toml", "lock"].map(OsString::from);
        for name in names.iter().filter(|name| !last.contains(name) && *name != REMOVED).chain(&last) {
            let path = self.data.join(name);
            let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_dir());
            gone(&path, if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) })?;
        }
        if platform::names_in(&self.data) != [REMOVED] {
            return Err(unread());
        }
        let path = self.file(REMOVED);
        gone(&path, std::fs::remove_file(&path))?;
        // An empty folder is no store.
        let _ = std::fs::remove_dir(&self.data);
        let _ = platform::sync_folder(self.data.parent().unwrap_or(Path::new(".")));
        Ok(())
    }
}

/// Where a store's age file lies, if that is written down.
fn read_elsewhere(file: &Path) -> Result<Option<PathBuf>> {
    let Some((bytes, _)) = read(file, LONGEST_PATH)? else { return Ok(None) };
    let text = std::str::from_utf8(&bytes).ok().map(|text| text.trim_end_matches(['\n', '\r']));
    match text.map(Path::new).filter(|path| path.is_absolute()) {
        Some(path) => Ok(Some(path.to_owned())),
        None => Err(Failure::new(Kind::Store, format!("`{}` does not say where the store lies", file.display()))
            .hint("write the absolute path of the store's age file into it, and nothing else")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(folder: &Path) -> Home {
        let store = Some(Arc::new("team".parse().expect("good")));
        Home { data: folder.join("stores/team"), config: folder.to_owned(), store, elsewhere: None }
    }

    #[test]
    fn where_the_age_file_lies_is_read_back_and_what_is_no_path_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let home = team(folder.path());
        home.prepare().expect("made");
        let file = home.file(ELSEWHERE);
        assert_eq!(read_elsewhere(&file).expect("none"), None);
        let path = folder.path().join("repo/a store.age");
        assert_eq!(home.move_elsewhere(path.clone()).expect("written").store_file(), path);
        assert_eq!(read_elsewhere(&file).expect("there"), Some(path));
        let hint = "see `age -d -i IDENTITY store.age`, or put `store.age` of `/a/store.age` back";
        assert_eq!(team(folder.path()).said_of_file(hint), hint);
        let said =
            team(folder.path()).move_elsewhere("/r/team.age".into()).expect("written").said_of_file(hint).into_owned();
        assert_eq!(said, "see `age -d -i IDENTITY team.age`, or put `team.age` of `/a/store.age` back");
        for bad in ["", "store.age", "\n", "\u{0}"] {
            std::fs::write(&file, bad).expect("write");
            assert_eq!(read_elsewhere(&file).expect_err(bad).kind, Kind::Store);
        }
        let lines = team(folder.path()).move_elsewhere("/a\nb".into()).expect_err("two lines");
        assert_eq!(lines.kind, Kind::Usage);
    }

    #[test]
    fn the_folders_beside_are_those_of_stores_that_are_not_being_removed() {
        let folder = tempfile::tempdir().expect("folder");
        let personal = Home::at(folder.path());
        assert!(personal.folders_beside().is_empty());
        for name in ["stores/team", "stores/gone", "stores/No store"] {
            std::fs::create_dir_all(personal.file(name)).expect("made");
        }
        std::fs::write(personal.file("stores/gone/removed"), "").expect("write");
        assert_eq!(personal.folders_beside(), [personal.file("stores/team")]);
    }

    #[test]
    fn a_removed_store_leaves_nothing_and_the_personal_one_is_never_removed() {
        let folder = tempfile::tempdir().expect("folder");
        let home = team(folder.path());
        home.prepare().expect("made");
        std::fs::create_dir(home.file("history-set-aside")).expect("made");
        for name in ["keeper.toml", "store.age", "lock", "history-set-aside/history.log"] {
            std::fs::write(home.file(name), "x").expect("write");
        }
        home.begin_removal().expect("begun");
        assert!(home.is_being_removed());
        home.end_removal().expect("ended");
        assert!(!home.data().exists() && folder.path().join("stores").exists());
        home.end_removal().expect("once more is no failure");
        assert_eq!(Home::at(folder.path()).end_removal().expect_err("refused").kind, Kind::Usage);
    }
}
