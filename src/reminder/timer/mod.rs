//! A timer of the system's own that calls keyctl once a day, so that nothing of keyctl has to keep running.
//!
//! It belongs to the user and needs no administrator. What keyctl wrote carries a mark; a file of the same name without
//! it is somebody else's and is never touched. The texts and what is done with them are the same code on every system,
//! so that all of it is tested on one.

mod files;
pub mod launchd;
#[cfg(target_os = "linux")]
pub mod systemd;
pub mod task_scheduler;
pub mod unit;
mod xml;

#[cfg(target_os = "macos")]
use launchd::Launchd as Platform;
#[cfg(target_os = "linux")]
use systemd::Systemd as Platform;
#[cfg(windows)]
use task_scheduler::TaskScheduler as Platform;

use std::path::{Path, PathBuf};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
};

/// What every file that keyctl writes for a timer says of itself.
pub const MARK: &str = "Written by `keyctl remind install`; `keyctl remind uninstall` removes it.";
/// The hour of the local day at which keyctl is called.
const HOUR: u8 = 10;

/// What the timer calls each day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The absolute path of the program.
    pub program: PathBuf,
    /// Its arguments: words of keyctl's own, without spaces or quotes.
    pub arguments: Vec<String>,
    /// The folder that `KEYCTL_HOME` names, if it is set now; the timer sets it then.
    pub home: Option<PathBuf>,
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Whether anything had to be written; if not, it was installed just so.
    pub changed: bool,
    /// What is left for the user to do or to wait for, where the system could not be told.
    pub remains: Option<String>,
}

/// What an uninstallation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninstalled {
    /// Whether there was anything to remove.
    pub removed: bool,
    /// What is left for the user to do, where the system could not be told.
    pub remains: Option<String>,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is no timer.
    Absent,
    /// A file of the timer's name was not written by keyctl, or was changed so that it can no longer be read.
    Foreign(PathBuf),
    /// A part is missing, which another installation puts back.
    Incomplete(PathBuf),
    /// There is a timer.
    Present {
        /// The program it calls.
        program: PathBuf,
        /// The folder that it gives as `KEYCTL_HOME`.
        home: Option<PathBuf>,
        /// Whether that program is still there to be called.
        callable: bool,
        /// Whether it will be called.
        runs: Runs,
    },
}

/// Whether a timer that is there will call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// It will, and next at this moment, as far as the system says when.
    Waiting(Option<Moment>),
    /// It begins when the user logs in; nothing of the system that could be asked runs now.
    AtLogin,
    /// Someone switched it off.
    Off,
}

/// Installs the timer, or puts it right if another call or an older keyctl installed it.
///
/// # Errors
/// `Usage` for a path that the system's timer cannot call, or where there is no timer to install; `Disk` for a file of
/// somebody else's in the place, or one that cannot be written; `Remote` when the system refuses the timer.
pub fn install(call: &Call) -> Result<Installed> {
    Platform::find()?.install(call)
}

/// Removes what [`install`] wrote, and nothing else.
///
/// # Errors
/// `Disk` for a file of somebody else's in the place, or one that cannot be removed.
pub fn uninstall() -> Result<Uninstalled> {
    Platform::find()?.uninstall()
}

/// How things stand; nothing is changed.
///
/// # Errors
/// `Disk` for what cannot be read.
pub fn status() -> Result<State> {
    Platform::find()?.status()
}

/// A call whose words a timer's file can hold.
struct Words<'c> {
    program: &'c str,
    arguments: &'c [String],
    home: Option<&'c str>,
}

impl Call {
    /// The words, if all are text, without control characters and without those that the system's timer cannot have in
    /// the program's path and in the folder's.
    fn words(&self, not_in_program: &[char], not_in_home: &[char]) -> Result<Words<'_>> {
        let program = word(&self.program, "the program", not_in_program)?;
        let home = match &self.home {
            Some(home) => Some(word(home, "`KEYCTL_HOME`", not_in_home)?),
            None => None,
        };
        Ok(Words { program, arguments: &self.arguments, home })
    }
}

fn word<'p>(path: &'p Path, what: &str, never: &[char]) -> Result<&'p str> {
    let refused =
        |why: &str| Failure::new(Kind::Usage, format!("a timer cannot have {what} `{}`: {why}", path.display()));
    let text = path.to_str().ok_or_else(|| refused("its path is no text"))?;
    if let Some(bad) = text.chars().find(|c| c.is_control() || never.contains(c)) {
        return Err(refused(&format!("its path has the character {bad:?}"))
            .hint("put it where no folder's name has such a character"));
    }
    if !path.is_absolute() {
        return Err(refused("its path is not absolute"));
    }
    Ok(text)
}

impl State {
    fn present(program: PathBuf, home: Option<PathBuf>, runs: Runs) -> Self {
        let callable = program.is_file() && crate::platform::is_executable(&program);
        Self::Present { program, home, callable, runs }
    }
}
