//! The git hooks that call keyctl: before a commit, for which git has three, and before a push.
//!
//! What is there already stays: a hook of somebody's own is put beside keyctl's, byte for byte and with its mode, is called
//! first, and comes back when keyctl's is taken away. The order of steps is such that at any moment either the old hook is
//! in force or the new one, which calls the old one. Hooks that a tool writes anew would be lost again with the next run of
//! that tool; those are told apart (`managers.rs`), and the user is told where keyctl belongs then.

mod files;
mod managers;
pub mod script;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, Kind, Result},
    platform,
    scan::git::Git,
};

use files::Found;
use managers::Manager;
pub use script::{Call, Event};

/// What a hook that was there is called while keyctl's is in its place.
const BEFORE: &str = ".before-keyctl";
/// How the folder of keyctl's own is called, where the user had none for all repositories.
pub const FOLDER: &str = "git-hooks";

/// Where hooks lie, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// For all of the user's repositories, in a folder that is keyctl's own: its hooks call those of each repository.
    pub dispatches: bool,
    /// The folder lies among the files of the project, which others get too.
    pub shared: bool,
    /// The folder is the one that the user's own settings name for all repositories.
    pub common: bool,
}

/// How one hook stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Absent,
    /// Another program's or the user's own.
    Foreign,
    /// keyctl's.
    Ours {
        /// What it calls.
        program: PathBuf,
        /// Whether that can be called.
        callable: bool,
        /// Whether git would start the hook.
        executable: bool,
        /// The hook that it calls first, if there is one.
        before: Option<PathBuf>,
    },
}

impl Place {
    /// Where git looks for the hooks of this repository; `own` is keyctl's folder for all repositories.
    ///
    /// # Errors
    /// As git has them.
    pub fn of(git: &Git, own_folder: &Path) -> Result<Self> {
        let top = git.top()?;
        // A relative path counts from where hooks are run.
        let folder = git.from_folder(&top).hooks_folder()?;
        let own = git.path(&["rev-parse", "--git-common-dir"])?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_in_git = real(&folder).starts_with(real(&own));
        let shared = !is_in_git && real(&folder).starts_with(real(&top));
        // A repository can name a folder that lies outside of it for itself alone.
        let is_set_for_all = || Ok::<bool, Failure>(git.global_hooks()?.is_some_and(|set| real(&set) == real(&folder)));
        let common = !is_in_git && !shared && is_set_for_all()?;
        Ok(Self { dispatches: folder == own_folder, common, folder, shared })
    }

    /// Where the repository's own hooks lie, whether git looks there or not.
    ///
    /// # Errors
    /// As git has them.
    pub fn of_repository(git: &Git) -> Result<Self> {
        let folder = git.path(&["rev-parse", "--git-common-dir"])?.join("hooks");
        Ok(Self { folder, dispatches: false, shared: false, common: false })
    }

    /// Where git looks for the hooks of all repositories of the user: a folder that he has set, or this one.
    ///
    /// # Errors
    /// As git has them.
    pub fn of_all(git: &Git, own: &Path) -> Result<Self> {
        let set = git.global_hooks()?;
        let folder = set.clone().unwrap_or_else(|| own.to_owned());
        Ok(Self { dispatches: folder == own, folder, shared: false, common: true })
    }

    /// The file of a hook.
    #[must_use]
    pub fn file(&self, event: Event) -> PathBuf {
        self.folder.join(event.name())
    }
}

/// Where keyctl's hook goes, and what has to be done for it.
struct Plan {
    file: PathBuf,
    before: PathBuf,
    found: Found,
}

impl Plan {
    /// Leaves what was there before, since another hook could not be put in; says so where that fails.
    fn take_back(&self, failure: Failure) -> Failure {
        let taken = match &self.found {
            Found::Ours(old) => files::write(&self.file, old),
            Found::Foreign(_) => files::undo(&self.before, &self.file),
            Found::Nothing => match fs::remove_file(&self.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Failure::disk("remove", &self.file, &error))
                }
                _ => Ok(()),
            },
        };
        match taken {
            Ok(()) => failure,
            Err(other) => failure.hint(format!("`{}` is not as it was: {}", self.file.display(), other.message)),
        }
    }
}

/// Where this hook belongs here.
fn plan(place: &Place, event: Event) -> Result<Plan> {
    let mut file = place.file(event);
    let mut found = files::look(&file)?;
    let manager = match &found {
        Found::Foreign(text) => Manager::of(place, text),
        _ => Manager::of(place, b""),
    };
    match manager {
        // It calls what it found there when it came, under this name, and leaves it alone when it is installed again.
        Some(Manager::PreCommit) => {
            file = place.folder.join(format!("{}.legacy", event.name()));
            found = files::look(&file)?;
        }
        Some(manager) => return Err(manager.refusal(event)),
        None => {}
    }
    if let Found::Foreign(text) = &found
        && asks_for_its_name(text)
    {
        let failure = Failure::new(
            Kind::Usage,
            format!("the hook `{}` asks under which name it was called, so it cannot be put aside", file.display()),
        );
        return Err(managers::with_lines(failure, "it", event));
    }
    let before = match &found {
        Found::Ours(text) => called_first(place, event, &file, text)?,
        _ => before(&file),
    };
    Ok(Plan { file, before, found })
}

/// Where a hook that was there is put.
fn before(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(BEFORE);
    file.with_file_name(name)
}

/// The files in which an event's hook may be: its own, and the one that the pre-commit framework calls first.
fn files_of(place: &Place, event: Event) -> [PathBuf; 2] {
    [place.file(event), place.folder.join(format!("{}.legacy", event.name()))]
}

/// The hook that one of keyctl's calls first. The pre-commit framework gives hooks that it finds another name, and their own
/// back: what they call stays where it is.
///
/// # Errors
/// `Usage` where keyctl's hook has become somebody else's too.
fn called_first(place: &Place, event: Event, file: &Path, text: &str) -> Result<PathBuf> {
    let names = [before(file)].into_iter().chain(files_of(place, event).map(|file| before(&file)));
    let is_called = |before: &PathBuf| {
        script::is_as_written(text, event, &before.file_name().unwrap_or_default().to_string_lossy())
    };
    names.into_iter().find(is_called).ok_or_else(|| changed(place, file))
}

fn changed(place: &Place, file: &Path) -> Failure {
    let what = format!("keyctl's hook `{}` was changed, by hand or by another program", file.display());
    let hint = if place.dispatches {
        "move what was added into the hooks of the repositories that need it, or take it out; then try again".to_owned()
    } else {
        format!(
            "move what was added into `{}`, which is called first, or take it out; then try again",
            before(file).display()
        )
    };
    Failure::new(Kind::Usage, what).hint(hint)
}

/// Whether a hook does one thing or another by the name it is called by. In a script any word for that name counts; what
/// is no text has those two letters by chance.
fn asks_for_its_name(text: &[u8]) -> bool {
    const ANYWHERE: &[&[u8]] = &[b"basename", b"##*/", b"PROGRAM_NAME"];
    const IN_SCRIPTS: &[&[u8]] = &[
        b"$0",
        b"${0",
        b"BASH_SOURCE",
        b"BASH_ARGV0",
        b"ZSH_ARGZERO",
        b"%0",
        b"%~",
        b"argv[0]",
        b"process.argv[1]",
        b"__file__",
        b"__FILE__",
        b"__filename",
    ];
    let has = |marks: &[&[u8]]| marks.iter().any(|mark| memchr::memmem::find(text, mark).is_some());
    has(ANYWHERE) || (!text.contains(&0) && has(IN_SCRIPTS))
}

/// Puts keyctl's hooks in; says which of them were written. Where one of them cannot be, those before it go again.
///
/// # Errors
/// `Usage` where another tool writes the hooks or has changed keyctl's, or a path cannot stand in a hook; `Disk` for what
/// cannot be written.
pub fn install(place: &Place, events: &[Event], call: &Call) -> Result<Vec<Event>> {
    refuse_if_changed(place, &[])?;
    let plans = events.iter().map(|event| Ok((*event, plan(place, *event)?))).collect::<Result<Vec<_>>>()?;
    let texts = events.iter().map(|event| script::hook(*event, call, place.dispatches)).collect::<Result<Vec<_>>>()?;
    // Among keyctl's own files nothing is open to others.
    let make =
        |path: &Path| if place.dispatches { platform::create_private_folder(path) } else { fs::create_dir_all(path) };
    make(&place.folder).map_err(|error| Failure::disk("make the folder", &place.folder, &error))?;
    let mut written: Vec<(Event, Plan)> = Vec::new();
    let put_in = |(event, plan): (Event, Plan), text: &str, written: &mut Vec<(Event, Plan)>| {
        let text = text.replace(script::BEFORE_MARK, &plan.before.file_name().unwrap_or_default().to_string_lossy());
        match &plan.found {
            Found::Ours(old) if *old == text && files::is_executable(&plan.file) => return Ok(()),
            Found::Foreign(_) => files::keep(&plan.file, &plan.before)?,
            _ => {}
        }
        let file = plan.file.clone();
        written.push((event, plan));
        files::write(&file, &text)
    };
    let mut put = plans.into_iter().zip(&texts).try_for_each(|(plan, text)| put_in(plan, text, &mut written));
    if place.dispatches && put.is_ok() {
        put = put_in_others(place);
    }
    put.map_err(|failure| written.iter().rev().fold(failure, |failure, (_, plan)| plan.take_back(failure)))?;
    Ok(written.into_iter().map(|(event, _)| event).collect())
}

/// Puts in what calls the hooks of each repository that are none of keyctl's.
fn put_in_others(place: &Place) -> Result<()> {
    for name in script::OTHERS.iter().copied().chain(Event::ALL.map(Event::name)) {
        let file = place.folder.join(name);
        if matches!(files::look(&file)?, Found::Nothing) {
            files::write(&file, &script::dispatcher(name))?;
        }
    }
    Ok(())
}

/// Refuses what is about to be done where one of keyctl's hooks was changed since it was written.
///
/// # Errors
/// `Usage` where one was, and `Disk` for what cannot be read.
pub fn refuse_if_changed(place: &Place, events: &[Event]) -> Result<()> {
    for event in events {
        for file in files_of(place, *event) {
            if let Found::Ours(text) = files::look(&file)? {
                called_first(place, *event, &file, &text)?;
            }
        }
    }
    for name in script::OTHERS.iter().filter(|_| place.dispatches) {
        let file = place.folder.join(name);
        match files::look(&file)? {
            Found::Ours(text) if text != script::dispatcher(name) => return Err(changed(place, &file)),
            _ => {}
        }
    }
    Ok(())
}

/// Takes keyctl's hooks out and puts back what was there; says which were there.
///
/// # Errors
/// As [`refuse_if_changed`], with nothing done; `Disk` for what cannot be removed.
pub fn uninstall(place: &Place, events: &[Event]) -> Result<Vec<Event>> {
    refuse_if_changed(place, events)?;
    let mut removed = Vec::new();
    for event in events {
        for file in files_of(place, *event) {
            if let Found::Ours(text) = files::look(&file)? {
                files::put_back(&called_first(place, *event, &file, &text)?, &file)?;
                if !script::is_dispatcher(&text, event.name()) {
                    removed.push(*event);
                }
            }
        }
    }
    if place.dispatches {
        for name in script::OTHERS {
            let file = place.folder.join(name);
            if matches!(files::look(&file)?, Found::Ours(_)) {
                files::put_back(&place.folder.join(format!("{name}{BEFORE}")), &file)?;
            }
        }
        // Only if nothing of the user's own came into it since.
        let _ = std::fs::remove_dir(&place.folder);
    }
    Ok(removed)
}

/// How a hook stands.
///
/// # Errors
/// `Disk` for what cannot be read.
pub fn status(place: &Place, event: Event) -> Result<State> {
    let mut state = State::Absent;
    for file in files_of(place, event) {
        match files::look(&file)? {
            Found::Ours(text) if script::is_dispatcher(&text, event.name()) => {}
            Found::Ours(text) => {
                let program = script::program(&text).unwrap_or_default();
                let before = called_first(place, event, &file, &text).unwrap_or_else(|_| before(&file));
                let before = Some(before).filter(|path| path.exists());
                let callable = program.is_file() && crate::platform::is_executable(&program);
                return Ok(State::Ours { program, callable, executable: files::is_executable(&file), before });
            }
            Found::Foreign(_) if state == State::Absent && file == place.file(event) => state = State::Foreign,
            _ => {}
        }
    }
    Ok(state)
}

/// The file that holds keyctl's hook for this event, if there is one: its own, or the one that the pre-commit framework
/// calls.
///
/// # Errors
/// `Disk` for what cannot be read.
pub fn file_of(place: &Place, event: Event) -> Result<Option<PathBuf>> {
    for file in files_of(place, event) {
        match files::look(&file)? {
            Found::Ours(text) if !script::is_dispatcher(&text, event.name()) => return Ok(Some(file)),
            _ => {}
        }
    }
    Ok(None)
}
