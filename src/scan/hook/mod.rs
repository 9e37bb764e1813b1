//! The git hooks that call keyctl: before a commit, and before a push.
//!
//! What is there already stays: a hook of somebody's own is put beside keyctl's, byte for byte and with its mode, is called
//! first, and comes back when keyctl's is taken away. The order of steps is such that at any moment either the old hook is
//! in force or the new one, which calls the old one. Hooks that a tool writes anew would be lost again with the next run of
//! that tool; those are told apart (`managers.rs`), and the user is told where keyctl belongs then.

mod files;
mod managers;
pub mod script;

use std::{
    fs,
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
    /// The folder belongs to no single repository.
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
        Ok(Self { dispatches: folder == own_folder, common: !is_in_git && !shared, folder, shared })
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
        return Err(Failure::new(
            Kind::Usage,
            format!("the hook `{}` asks under which name it was called, so it cannot be put aside", file.display()),
        )
        .hint(format!("put this line into it, near the top: {}", event.line())));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Plan { before: place.folder.join(format!("{name}{BEFORE}")), file, found })
}

/// Whether a hook does one thing or another by the name it is called by.
fn asks_for_its_name(text: &[u8]) -> bool {
    [&b"basename"[..], b"##*/", b"PROGRAM_NAME"].iter().any(|mark| memchr::memmem::find(text, mark).is_some())
}

/// Puts keyctl's hooks in; says which of them were written. Nothing is written where one of them cannot be.
///
/// # Errors
/// `Usage` where another tool writes the hooks, or a path cannot stand in a hook; `Disk` for what cannot be written.
pub fn install(place: &Place, events: &[Event], call: &Call) -> Result<Vec<Event>> {
    let plans = events.iter().map(|event| Ok((*event, plan(place, *event)?))).collect::<Result<Vec<_>>>()?;
    let texts = events.iter().map(|event| script::hook(*event, call, place.dispatches)).collect::<Result<Vec<_>>>()?;
    // Among keyctl's own files nothing is open to others.
    let make =
        |path: &Path| if place.dispatches { platform::create_private_folder(path) } else { fs::create_dir_all(path) };
    make(&place.folder).map_err(|error| Failure::disk("make the folder", &place.folder, &error))?;
    let mut written = Vec::new();
    for ((event, plan), text) in plans.into_iter().zip(texts) {
        let text = text.replace(script::BEFORE_MARK, &plan.before.file_name().unwrap_or_default().to_string_lossy());
        match plan.found {
            Found::Ours(old) if old == text && files::is_executable(&plan.file) => continue,
            Found::Foreign(_) => files::keep(&plan.file, &plan.before)?,
            _ => {}
        }
        files::write(&plan.file, &text)?;
        written.push(event);
    }
    if place.dispatches {
        for name in script::OTHERS {
            let file = place.folder.join(name);
            let text = script::dispatcher(name);
            match files::look(&file)? {
                Found::Nothing => files::write(&file, &text)?,
                Found::Ours(old) if old != text => files::write(&file, &text)?,
                _ => {}
            }
        }
    }
    Ok(written)
}

/// Takes keyctl's hooks out and puts back what was there; says which were there.
///
/// # Errors
/// `Disk` for what cannot be removed.
pub fn uninstall(place: &Place, events: &[Event]) -> Result<Vec<Event>> {
    let mut removed = Vec::new();
    for event in events {
        for name in [event.name().to_owned(), format!("{}.legacy", event.name())] {
            let file = place.folder.join(&name);
            if matches!(files::look(&file)?, Found::Ours(_)) {
                files::put_back(&place.folder.join(format!("{name}{BEFORE}")), &file)?;
                removed.push(*event);
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
    for name in [event.name().to_owned(), format!("{}.legacy", event.name())] {
        let file = place.folder.join(&name);
        match files::look(&file)? {
            Found::Ours(text) => {
                let program = script::program(&text).unwrap_or_default();
                let before = Some(place.folder.join(format!("{name}{BEFORE}"))).filter(|path| path.exists());
                let callable = program.is_file() && crate::platform::is_executable(&program);
                return Ok(State::Ours { program, callable, executable: files::is_executable(&file), before });
            }
            Found::Foreign(_) if state == State::Absent && !name.ends_with(".legacy") => state = State::Foreign,
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
    for name in [event.name().to_owned(), format!("{}.legacy", event.name())] {
        let file = place.folder.join(name);
        if matches!(files::look(&file)?, Found::Ours(_)) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}
