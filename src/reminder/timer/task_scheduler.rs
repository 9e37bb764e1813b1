//! Windows: a task of the user's in the Task Scheduler (Task Scheduler Schema, version 1.2), which `schtasks` is told of.
//!
//! The task's text lies beside keyctl's data as well: `schtasks` reads it from there, and it says later what was
//! installed, which `schtasks` itself prints in the console's code page only.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use super::{
    Call, HOUR, Installed, MARK, Runs, State, Uninstalled,
    files::{self, Found},
    xml,
};
use crate::{date::Moment, failure::Result, subprocess::Program};

/// How its setting begins.
const HOME: &str = "KEYCTL_HOME=";
/// The file with the task's text.
pub const FILE: &str = "remind-task.xml";
/// How long `schtasks` and PowerShell may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The Task Scheduler and `cmd` both replace variables, whose names stand between two `%`, in quotes or not.
const NEVER: &[char] = &['%', '"'];
/// Asks for the task's next run and whether it is enabled. The name comes on standard input.
pub const QUESTION: &str = "$ErrorActionPreference = 'Stop'
$task = Get-ScheduledTask -TaskPath '\\' -TaskName ([Console]::In.ReadLine())
$next = (Get-ScheduledTaskInfo -InputObject $task).NextRunTime
if ($task.State -eq 'Disabled') { 'off' }
elseif ($next) { $next.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') }
else { 'on' }
";

/// The Task Scheduler as one user has it.
pub struct TaskScheduler {
    folder: PathBuf,
    system: PathBuf,
    task: String,
}

/// The task: each day, or as soon as it can be when the machine was off. No window is needed, so none of a shell's is
/// opened but where `KEYCTL_HOME` must be set: a task has no variables of its own.
///
/// # Errors
/// `Usage` for a path that a task cannot call.
pub fn task(call: &Call, system: &Path) -> Result<String> {
    let words = call.words(NEVER, NEVER)?;
    let arguments = words.arguments.join(" ");
    let (command, arguments) = match words.home {
        None => (words.program.to_owned(), arguments),
        Some(home) => (
            system.join("cmd.exe").display().to_string(),
            format!("/d /s /c \"set \"{HOME}{home}\"&& \"{}\" {arguments}\"", words.program),
        ),
    };
    let (command, arguments) = (xml::escaped(&command), xml::escaped(&arguments));
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n\
         <Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n\
         \x20 <RegistrationInfo>\r\n    <Description>Reminder of API keys that are due. {MARK}</Description>\r\n  </RegistrationInfo>\r\n\
         \x20 <Triggers>\r\n    <CalendarTrigger>\r\n\
         \x20     <StartBoundary>2026-01-01T{HOUR:02}:00:00</StartBoundary>\r\n\
         \x20     <RandomDelay>PT30M</RandomDelay>\r\n\
         \x20     <ScheduleByDay>\r\n        <DaysInterval>1</DaysInterval>\r\n      </ScheduleByDay>\r\n\
         \x20   </CalendarTrigger>\r\n  </Triggers>\r\n\
         \x20 <Principals>\r\n    <Principal id=\"Author\">\r\n\
         \x20     <LogonType>InteractiveToken</LogonType>\r\n      <RunLevel>LeastPrivilege</RunLevel>\r\n\
         \x20   </Principal>\r\n  </Principals>\r\n\
         \x20 <Settings>\r\n\
         \x20   <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\r\n\
         \x20   <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\r\n\
         \x20   <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\r\n\
         \x20   <StartWhenAvailable>true</StartWhenAvailable>\r\n\
         \x20   <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>\r\n\
         \x20 </Settings>\r\n\
         \x20 <Actions Context=\"Author\">\r\n    <Exec>\r\n\
         \x20     <Command>{command}</Command>\r\n      <Arguments>{arguments}</Arguments>\r\n\
         \x20   </Exec>\r\n  </Actions>\r\n</Task>\r\n"
    ))
}

/// What a task that [`task`] wrote calls: the program, and the folder it gives as `KEYCTL_HOME`.
#[must_use]
pub fn read(task: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let command = xml::content(task, "<Exec>", "Command")?;
    let arguments = xml::content(task, "<Exec>", "Arguments")?;
    let Some((_, rest)) = arguments.split_once(&format!("set \"{HOME}")) else { return Some((command.into(), None)) };
    let (home, rest) = rest.split_once("\"&& \"")?;
    Some((rest.split_once('"')?.0.into(), Some(home.into())))
}

impl TaskScheduler {
    /// This user's tasks.
    ///
    /// # Errors
    /// `Disk` where there is no folder for local data.
    #[cfg(windows)]
    pub fn find() -> Result<Self> {
        use crate::failure::{Failure, Kind};
        let Some(folder) = dirs::data_local_dir().filter(|folder| folder.is_absolute()) else {
            return Err(Failure::new(Kind::Disk, "there is no folder for local data to keep a timer's text in"));
        };
        let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| "C:\\Windows".into());
        let user = std::env::var("USERNAME").unwrap_or_default();
        Ok(Self::at(folder.join("keyctl"), PathBuf::from(windows).join("System32"), &user))
    }

    /// A task whose text lies in this folder, told of through the programs of this `System32`, for this user: all users
    /// share the names of tasks.
    #[must_use]
    pub fn at(folder: PathBuf, system: PathBuf, user: &str) -> Self {
        let user: String = user.chars().filter(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
        Self { folder, system, task: format!("keyctl-remind-{user}") }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Writes the task's text and registers the task.
    ///
    /// # Errors
    /// See [`super::install`].
    pub fn install(&self, call: &Call) -> Result<Installed> {
        let file = self.file();
        let text = files::encode_utf16(&task(call, &self.system)?);
        let changed = files::write(&[(file.clone(), text)])?;
        if !changed && self.is_registered()? {
            return Ok(Installed { changed, remains: None });
        }
        let words = ["/create", "/f", "/tn", &self.task, "/xml"].map(OsStr::new);
        let create = self.schtasks(&[&words[..], &[file.as_os_str()]].concat());
        create.succeed(Vec::new().into(), Stdio::null(), DEADLINE).inspect_err(|_| {
            // What is not registered is not installed.
            let _ = files::remove(&file);
        })?;
        Ok(Installed { changed: true, remains: None })
    }

    /// Removes the task and its text.
    ///
    /// # Errors
    /// See [`super::uninstall`].
    pub fn uninstall(&self) -> Result<Uninstalled> {
        let file = self.file();
        files::refuse_foreign([&file])?;
        if matches!(files::look(&file)?, Found::Nothing) {
            return Ok(Uninstalled { removed: false, remains: None });
        }
        if self.is_registered()? {
            let delete = self.schtasks(&["/delete", "/f", "/tn", &self.task].map(OsStr::new));
            delete.succeed(Vec::new().into(), Stdio::null(), DEADLINE)?;
        }
        files::remove(&file)?;
        Ok(Uninstalled { removed: true, remains: None })
    }

    /// What the text says, and the Task Scheduler of the task.
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
        let runs = if self.is_registered()? { self.runs() } else { Runs::Off };
        Ok(State::present(program, home, runs))
    }

    fn schtasks(&self, arguments: &[&OsStr]) -> Program {
        Program::of_system(&self.system.join("schtasks.exe"), arguments)
    }

    fn is_registered(&self) -> Result<bool> {
        let query = self.schtasks(&["/query", "/tn", &self.task].map(OsStr::new));
        Ok(query.run(Vec::new().into(), Stdio::null(), DEADLINE)?.status.success())
    }

    /// When the task runs next, which `schtasks` says in the user's own language only.
    fn runs(&self) -> Runs {
        let powershell = self.system.join("WindowsPowerShell\\v1.0\\powershell.exe");
        let arguments = ["-NoProfile", "-NonInteractive", "-Command", QUESTION].map(OsStr::new);
        let program = Program::of_system(&powershell, &arguments);
        let answer = program.succeed(format!("{}\n", self.task).into_bytes().into(), Stdio::piped(), DEADLINE);
        match answer.as_deref().map(|text| String::from_utf8_lossy(text).trim().to_owned()) {
            Ok(text) if text == "off" => Runs::Off,
            Ok(text) => Runs::Waiting(text.parse::<Moment>().ok()),
            Err(_) => Runs::Waiting(None),
        }
    }
}
