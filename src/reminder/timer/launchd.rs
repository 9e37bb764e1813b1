//! macOS: an agent of the user's (launchd.plist(5)), which `launchctl` is told of.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use super::{
    Call, HOUR, Installed, MARK, Runs, State, Uninstalled,
    files::{self, Found},
    xml,
};
use crate::{failure::Result, subprocess::Program};

/// The agent's name for launchd.
pub const LABEL: &str = "keyctl.remind";
/// How long `launchctl` may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// The user's agents, and the program that tells launchd of them.
pub struct Launchd {
    folder: PathBuf,
    launchctl: PathBuf,
    user: u32,
}

/// The agent: each day, or when the Mac wakes after that hour, and at each log-in, for a Mac that was off then.
///
/// # Errors
/// `Usage` for a path that launchd cannot call.
pub fn agent(call: &Call) -> Result<String> {
    let words = call.words(&[], &[])?;
    let string = |text: &str| format!("    <string>{}</string>\n", xml::escaped(text));
    let mut arguments = string(words.program);
    words.arguments.iter().for_each(|word| arguments.push_str(&string(word)));
    let home = words.home.map_or_else(String::new, |home| {
        format!("  <key>EnvironmentVariables</key>\n  <dict>\n    <key>KEYCTL_HOME</key>\n{}  </dict>\n", string(home))
    });
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {MARK} -->\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20 <key>Label</key>\n  <string>{LABEL}</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{arguments}  </array>\n{home}\
         \x20 <key>StartCalendarInterval</key>\n  <dict>\n\
         \x20   <key>Hour</key>\n    <integer>{HOUR}</integer>\n    <key>Minute</key>\n    <integer>0</integer>\n  </dict>\n\
         \x20 <key>RunAtLoad</key>\n  <true/>\n\
         \x20 <key>ProcessType</key>\n  <string>Background</string>\n\
         \x20 <key>LimitLoadToSessionType</key>\n  <string>Aqua</string>\n\
         \x20 <key>Umask</key>\n  <integer>63</integer>\n\
         </dict>\n</plist>\n"
    ))
}

/// What an agent that [`agent`] wrote calls: the program, and the folder it gives as `KEYCTL_HOME`.
#[must_use]
pub fn read(agent: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let program = xml::content(agent, "<key>ProgramArguments</key>", "string")?;
    let home = xml::content(agent, "<key>KEYCTL_HOME</key>", "string");
    Some((program.into(), home.map(PathBuf::from)))
}

impl Launchd {
    /// The agents of this user: `~/Library/LaunchAgents`.
    ///
    /// # Errors
    /// `Disk` where there is no home folder.
    #[cfg(target_os = "macos")]
    pub fn find() -> Result<Self> {
        use crate::failure::{Failure, Kind};
        let Some(home) = dirs::home_dir().filter(|home| home.is_absolute()) else {
            return Err(Failure::new(Kind::Disk, "there is no home folder to put a timer in").hint("set `HOME`"));
        };
        let user = rustix::process::getuid().as_raw();
        Ok(Self::at(home.join("Library/LaunchAgents"), "/bin/launchctl".into(), user))
    }

    /// Agents in another folder, told of through another program, for the user with this number.
    #[must_use]
    pub fn at(folder: PathBuf, launchctl: PathBuf, user: u32) -> Self {
        Self { folder, launchctl, user }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("{LABEL}.plist"))
    }

    /// Writes the agent and lets launchd load it.
    ///
    /// # Errors
    /// See [`super::install`].
    pub fn install(&self, call: &Call) -> Result<Installed> {
        let file = self.file();
        let changed = files::write(&[(file.clone(), agent(call)?.into())])?;
        if !changed && self.is_loaded()? {
            return Ok(Installed { changed, remains: None });
        }
        self.tell(&["bootout".as_ref(), self.target().as_ref()])?;
        // Someone may have disabled it once; launchd would not load it then.
        self.tell(&["enable".as_ref(), self.target().as_ref()])?;
        let begun = Instant::now();
        while !self.tell(&["bootstrap".as_ref(), self.domain().as_ref(), file.as_os_str()])? {
            // The one before may still be on its way out.
            if begun.elapsed() > Duration::from_secs(2) {
                let remains = "it begins when you next log in on the Mac's own screen: launchd did not load it now";
                return Ok(Installed { changed, remains: Some(remains.into()) });
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(Installed { changed, remains: None })
    }

    /// Lets launchd forget the agent, and removes it.
    ///
    /// # Errors
    /// See [`super::uninstall`].
    pub fn uninstall(&self) -> Result<Uninstalled> {
        let file = self.file();
        files::refuse_foreign([&file])?;
        let removed = files::remove(&file)?;
        let mut remains = None;
        if removed && self.is_loaded()? && !self.tell(&["bootout".as_ref(), self.target().as_ref()])? {
            remains = Some(format!("launchd still has it, so run `launchctl bootout {}`", self.target()));
        }
        Ok(Uninstalled { removed, remains })
    }

    /// What the file says, and whether launchd has loaded it.
    ///
    /// # Errors
    /// See [`super::status`].
    pub fn status(&self) -> Result<State> {
        let file = self.file();
        let text = match files::look(&file)? {
            Found::Nothing => return Ok(State::Absent),
            Found::Foreign => return Ok(State::Foreign(file)),
            Found::Ours(text) => text,
        };
        let Some((program, home)) = read(&text) else { return Ok(State::Foreign(file)) };
        // launchd does not say when in a form for programs.
        let runs = if self.is_loaded()? { Runs::Waiting(None) } else { Runs::AtLogin };
        Ok(State::present(program, home, runs))
    }

    /// The user's session on the screen.
    fn domain(&self) -> String {
        format!("gui/{}", self.user)
    }

    fn target(&self) -> String {
        format!("{}/{LABEL}", self.domain())
    }

    fn is_loaded(&self) -> Result<bool> {
        self.tell(&["print".as_ref(), self.target().as_ref()])
    }

    /// Whether `launchctl` did what it was told.
    fn tell(&self, arguments: &[&OsStr]) -> Result<bool> {
        let program = Program::of_system(Path::new(&self.launchctl), arguments);
        Ok(program.run(Vec::new().into(), Stdio::null(), DEADLINE)?.status.success())
    }
}
